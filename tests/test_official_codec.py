"""The official client (package ``ibapi-latest``) as an oracle: it reads what our TWS side writes, and writes as we do.

A round trip through our own codec cannot see a wrong row of the table, since both ends agree on the mistake. Here the
other end is the vendor's. It is only run: its reader, message loop and decoder get frames from `FakeSocket` instead of
a real one, and its requests are caught there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, TypeAlias

import ibapi.client
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.reader import EReader
from ibapi.server_versions import MAX_CLIENT_VER, MIN_CLIENT_VER
from ibapi.wrapper import EWrapper

from anytws.core.connection import Connection
from anytws.core.options import HandshakeOptions
from anytws.errors import INVALID_SYMBOL, UPDATE_TWS, LocalProtocolError
from anytws.messages.base import Message, Side, ToClient
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
    StartApiRequest,
)
from anytws.wire import versions as v
from anytws.wire.catalogue import BY_CLASS
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.handshake import Greeting, VersionReply, write_greeting, write_version_reply
from anytws.wire.rows import Entry, When, leaves
from anytws.wire.tables.session import SESSION

Call: TypeAlias = tuple[Any, ...]
"""A callback of the official wrapper: its name, then its arguments."""

PATIENCE: Final = 10.0
"""Seconds after which a test fails instead of hanging. Nothing waits for them."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RecordingWrapper(EWrapper):  # type: ignore[misc]  # the official client has no types
    """Notes every callback, and can be waited on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._called = threading.Condition()

    def note(self, name: str, arguments: Call) -> None:
        with self._called:
            self.calls.append((name, *arguments))
            self._called.notify_all()

    def named(self, name: str) -> list[Call]:
        """Give the calls of one callback."""
        return [call for call in self.calls if call[0] == name]

    def wait_for(self, name: str, count: int = 1) -> None:
        """Wait until *name* has been called *count* times. Fails after `PATIENCE` seconds."""
        with self._called:
            came = self._called.wait_for(lambda: len(self.named(name)) >= count, PATIENCE)
        assert came, f"{name} did not come {count} times; these came: {self.calls}"


def _callback(name: str) -> Any:
    return lambda self, *arguments: self.note(name, arguments)


# Every callback there is, not only those that a test expects: one too many is a finding as well.
for _name in [name for name in dir(EWrapper) if not name.startswith("_")]:
    setattr(RecordingWrapper, _name, _callback(_name))


class FakeSocket:
    """What the official client takes for its connection: gives it frames, and keeps what it sends."""

    def __init__(self, *frames: bytes, stays_open: bool = False) -> None:
        self.sent: list[bytes] = []
        self._frames = list(frames)
        self._stays_open = stays_open
        self._hung_up = threading.Event()

    def connect(self) -> None:
        # It looks whether there is one.
        self.socket = object()

    def disconnect(self) -> None:
        self._hung_up.set()

    def isConnected(self) -> bool:  # noqa: N802 (the official client's name)
        return not self._hung_up.is_set()

    def sendMsg(self, data: bytes) -> int:  # noqa: N802 (the official client's name)
        self.sent.append(bytes(data))
        return len(data)

    def recvMsg(self) -> bytes:  # noqa: N802 (the official client's name)
        if self._frames:
            return self._frames.pop(0)
        if not self._stays_open or self._hung_up.wait(PATIENCE):
            self._hung_up.set()
        return b""


@cache
def official_decoder(version: int) -> tuple[RecordingWrapper, Decoder]:
    """Give an official decoder and the wrapper that it tells: to make one takes as long as hundreds of messages."""
    wrapper = RecordingWrapper()
    return wrapper, Decoder(wrapper, version)


def connected_client(version: int, socket: FakeSocket) -> tuple[EClient, RecordingWrapper]:
    """Give an official client that has agreed on *version* over *socket*."""
    wrapper, decoder = official_decoder(version)
    wrapper.calls.clear()
    client = EClient(wrapper)
    client.serverVersion_ = version
    client.decoder = decoder
    client.conn = socket
    client.setConnState(EClient.CONNECTED)
    return client, wrapper


def official_reading(version: int, *bodies: bytes) -> list[Call]:
    """Give the callbacks with which the official client delivers the bodies of frames, its reader and loop included."""
    socket = FakeSocket(*map(frame, bodies))
    client, wrapper = connected_client(version, socket)
    EReader(socket, client.msg_queue).run()
    client.run()
    *calls, last = wrapper.calls
    assert last == ("connectionClosed",)
    return calls


# The versions that matter: where a row begins or ends, and one before


def _turns(entry: Entry) -> Iterator[int | None]:
    yield from (entry.since, entry.protobuf_since)
    for row in leaves(entry.layout.text_rows):
        assert not isinstance(row, When), "leaves gives none"
        yield from (row.since, row.until)


def _bands() -> list[int]:
    turns = {v.MIN_VERSION, v.PROTOBUF} | {turn for entry in SESSION for turn in _turns(entry) if turn}
    around = {version for turn in turns for version in (turn - 1, turn)}
    return sorted({v.MAX_VERSION} | {version for version in around if version >= v.MIN_VERSION})


BANDS: Final = _bands()


# What TWS says


INT32: Final = st.integers(-(2**31), 2**31 - 2)
CHARACTERS: Final = st.characters(exclude_categories=["Cs"])
# Text that looks like an escape must come through as it is, too.
TEXTS: Final = st.text(CHARACTERS) | st.text(st.sampled_from("\\uUx01dDnr'\"\0\n"))
ACCOUNT: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=","), min_size=1)
LAST_SECOND: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1)
FIRST_SECOND: Final = (datetime.min.replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1)
SECONDS: Final = st.integers(FIRST_SECOND, LAST_SECOND)
MILLISECONDS: Final = st.integers(FIRST_SECOND * 1000, LAST_SECOND * 1000)


def at(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def read_by_the_official_client(message: ToClient, version: int) -> list[Call]:
    """Have *message* written by our TWS side and read by the official client; check that the encoding is the right one.

    The official client tells of a protobuf frame twice: as the parsed message, then as its plain callback.
    """
    calls = official_reading(version, Codec(Side.TWS, version).encode(message))
    protobuf_since = BY_CLASS[type(message)].protobuf_since
    assert protobuf_since is not None
    in_protobuf = [call for call in calls if call[0].endswith("ProtoBuf")]
    assert len(in_protobuf) == (version >= protobuf_since)
    return [call for call in calls if call not in in_protobuf]


def versions_of(cls: type[Message]) -> list[int]:
    return [version for version in BANDS if version >= BY_CLASS[cls].since]


def test_the_versions_that_matter_are_swept() -> None:
    assert {157, 165, 166, 193, 194, 200, 201, 206, 207, 212, 213, 226} <= set(BANDS)
    assert MAX_CLIENT_VER >= v.MAX_VERSION


@pytest.mark.parametrize("version", versions_of(NextValidId))
@given(order_id=INT32)
def test_next_valid_id(version: int, order_id: int) -> None:
    calls = read_by_the_official_client(NextValidId(order_id), version)
    assert calls == [("nextValidId", order_id)]


@pytest.mark.parametrize("version", versions_of(ManagedAccounts))
@given(accounts=st.lists(ACCOUNT).map(tuple))
@example(accounts=("DU1234567", "DU7654321"))
@example(accounts=())
def test_managed_accounts(version: int, accounts: tuple[str, ...]) -> None:
    calls = read_by_the_official_client(ManagedAccounts(accounts), version)
    assert calls == [("managedAccounts", ",".join(accounts))]


@pytest.mark.parametrize("version", versions_of(CurrentTime))
@given(seconds=SECONDS)
def test_current_time(version: int, seconds: int) -> None:
    calls = read_by_the_official_client(CurrentTime(at(seconds * 1000)), version)
    assert calls == [("currentTime", seconds)]


@pytest.mark.parametrize("version", versions_of(CurrentTimeInMillis))
@given(milliseconds=MILLISECONDS)
def test_current_time_in_millis(version: int, milliseconds: int) -> None:
    calls = read_by_the_official_client(CurrentTimeInMillis(at(milliseconds)), version)
    assert calls == [("currentTimeInMillis", milliseconds)]


@pytest.mark.parametrize("version", versions_of(ErrorMessage))
@given(
    request_id=st.none() | INT32.filter(lambda number: number not in (-1, 2**31 - 1)),
    code=INT32,
    text=TEXTS,
    reject=st.none() | TEXTS.filter(bool),
    milliseconds=st.none() | MILLISECONDS,
)
@example(request_id=None, code=2104, text="Market data farm connection is OK:usfarm", reject=None, milliseconds=None)
@example(request_id=0, code=201, text="Order rejected", reject='{"a": "\\u4e2d"}', milliseconds=1)
def test_error(
    version: int, request_id: int | None, code: int, text: str, reject: str | None, milliseconds: int | None
) -> None:
    time = None if milliseconds is None else at(milliseconds)
    calls = read_by_the_official_client(ErrorMessage(request_id, code, text, reject, time), version)
    # An absent time is 0 and an absent text is empty in its callback.
    seen_reject = reject or "" if version >= v.ADVANCED_ORDER_REJECT else ""
    seen_time = milliseconds or 0 if version >= v.ERROR_TIME else 0
    assert calls == [("error", -1 if request_id is None else request_id, seen_time, code, text, seen_reject)]


# What the client says


# The official client takes the largest number for "not set" and leaves such a protobuf field out. To us it is a number.
NUMBERS: Final = INT32.filter(lambda number: number != 2**31 - 1)
PRINTABLE: Final = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("\t\r\n"))


def official_writing(version: int, method: str, *arguments: object) -> tuple[bytes, list[Call]]:
    """Give what the official client sends for one of its methods, and the callbacks with which it complains."""
    socket = FakeSocket()
    client, wrapper = connected_client(version, socket)
    getattr(client, method)(*arguments)
    return b"".join(socket.sent), [*wrapper.calls]


def our_writing(version: int, message: Message) -> bytes:
    return frame(Codec(Side.CLIENT, version).encode(message))


@pytest.mark.parametrize("version", BANDS)
@pytest.mark.parametrize("request_type", [CurrentTimeRequest, ManagedAccountsRequest, CurrentTimeInMillisRequest])
def test_requests_without_fields(version: int, request_type: type[Message]) -> None:
    sent, complaints = official_writing(version, BY_CLASS[request_type].vendor_name)
    if version < BY_CLASS[request_type].since:
        with pytest.raises(LocalProtocolError) as refused:
            our_writing(version, request_type())
        ((_, _, _, code, _),) = complaints
        assert (sent, code) == (b"", refused.value.code) == (b"", UPDATE_TWS)
    else:
        assert (sent, complaints) == (our_writing(version, request_type()), [])


@pytest.mark.parametrize("version", BANDS)
@given(number=NUMBERS)
@example(number=1)
def test_requests_with_a_number(version: int, number: int) -> None:
    for message in (IdsRequest(number), SetServerLogLevelRequest(number)):
        sent, complaints = official_writing(version, BY_CLASS[type(message)].vendor_name, number)
        assert (sent, complaints) == (our_writing(version, message), [])


def official_start_api(version: int, client_id: int, capabilities: str) -> tuple[bytes, list[Call]]:
    socket = FakeSocket()
    client, wrapper = connected_client(version, socket)
    client.clientId = client_id
    # The setter checks the characters; what is asked here is what a method sends.
    client.optCapab = capabilities
    client.startApi()
    return b"".join(socket.sent), [*wrapper.calls]


@pytest.mark.parametrize("version", BANDS)
@given(client_id=NUMBERS, capabilities=PRINTABLE)
@example(client_id=0, capabilities="")
def test_start_api(version: int, client_id: int, capabilities: str) -> None:
    sent, complaints = official_start_api(version, client_id, capabilities)
    assert (sent, complaints) == (our_writing(version, StartApiRequest(client_id, capabilities)), [])


@pytest.mark.parametrize("version", [version for version in BANDS if version < v.PROTOBUF_REST_MESSAGES_3])
@given(capabilities=st.text(CHARACTERS))
@example(capabilities="\x7f")
@example(capabilities="\0")
def test_characters_that_the_text_form_refuses(version: int, capabilities: str) -> None:
    sent, complaints = official_start_api(version, 1, capabilities)
    try:
        ours = our_writing(version, StartApiRequest(1, capabilities))
    except LocalProtocolError as problem:
        ours = b""
        assert problem.code == INVALID_SYMBOL
    assert ours == sent
    assert [call[3] for call in complaints] == ([] if sent else [INVALID_SYMBOL])


# The handshake


@pytest.mark.parametrize("version", BANDS)
@pytest.mark.parametrize("options", ["", "+PACEAPI", "+PACEAPI +MORE"])
@pytest.mark.parametrize("capabilities", ["", "abc"])
def test_handshake(monkeypatch: pytest.MonkeyPatch, version: int, options: str, capabilities: str) -> None:
    connection_time = b"20260105 14:30:00 Greenwich Mean Time"
    reply = write_version_reply(VersionReply(version, connection_time))
    socket = FakeSocket(reply, stays_open=True)
    monkeypatch.setattr(ibapi.client, "Connection", lambda _host, _port: socket)
    wrapper = RecordingWrapper()
    client = EClient(wrapper)
    client.setConnectOptions(options)
    client.setOptionalCapabilities(capabilities)
    client.connect("127.0.0.1", 7497, 7)
    reader = client.reader
    assert client.serverVersion() == version
    assert client.twsConnectionTime() == connection_time
    client.disconnect()
    reader.join(PATIENCE)
    assert not reader.is_alive()
    assert wrapper.calls == [("connectAck",), ("connectionClosed",)]

    greeting, start_api = socket.sent
    # The lowest and the highest version are the one difference (ADR 0002).
    assert greeting == write_greeting(Greeting(MIN_CLIENT_VER, MAX_CLIENT_VER, options))
    ours = Connection(
        Side.CLIENT, HandshakeOptions(client_id=7, connect_options=options, optional_capabilities=capabilities)
    )
    ours.opened()
    assert ours.data_to_send() == write_greeting(Greeting(v.MIN_VERSION, v.MAX_VERSION, options))
    ours.receive_data(reply)
    assert ours.data_to_send() == start_api
