"""The contract of the core, point by point, for both sides.

What whole handshakes look like in any slicing is in ``test_transcripts``, two connections back to back in
``test_connection_machine``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core import (
    CODES,
    CloseReason,
    CodeKind,
    Connection,
    ConnectionClosed,
    Event,
    FrameDiscarded,
    GreetingReceived,
    HandshakeOptions,
    Notice,
    Ready,
    Side,
    State,
    StateChanged,
    StillWaiting,
    SurplusFields,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.errors import BAD_LENGTH, BAD_MESSAGE, INVALID_SYMBOL, NOT_CONNECTED, UPDATE_TWS, LocalProtocolError
from anytws.messages import (
    ContractDataRequest,
    CurrentTime,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    HistoricalData,
    IdsRequest,
    LimitOrder,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketOrder,
    Message,
    NextValidId,
    OpenOrder,
    OrderState,
    PlaceOrderRequest,
    SetServerLogLevelRequest,
    StartApiRequest,
    Stock,
    TickSize,
    TickType,
)
from anytws.wire.catalogue import entry_for
from anytws.wire.codec import Codec
from anytws.wire.frames import MAX_FRAME
from anytws.wire.limits import DEFAULT_LIMITS
from anytws.wire.protobuf_descriptors import message_class
from tests.test_transcripts import (
    GREETING,
    accounts,
    error,
    framed,
    next_id,
    proto,
    start_api,
    text,
    version_reply,
)

CLIENT, TWS = Side.CLIENT, Side.TWS
S, R = State, CloseReason
TIME = b"20250323 22:21:01 Greenwich Mean Time"
VERSION = 176


def client_in(state: State, options: HandshakeOptions | None = None, version: int = VERSION) -> Connection:
    """Give a client in *state*, reached as in real life, its events and bytes taken."""
    client = Connection(CLIENT, options)
    if state is S.DISCONNECTED:
        return client
    client.opened()
    if state is not S.HANDSHAKING:
        client.receive_data(version_reply(version))
    if state is S.READY:
        client.receive_data(accounts(version) + next_id(version))
    if state is S.CLOSED:
        client.close()
    drain(client)
    assert client.state is state
    return client


def tws_in(state: State, version: int = VERSION) -> Connection:
    """Give a TWS in *state*, its events and bytes taken."""
    tws = Connection(TWS)
    if state is S.DISCONNECTED:
        return tws
    tws.opened()
    if state is not S.SOCKET_OPEN:
        tws.receive_data(GREETING)
    if state in (S.AWAITING_NEXT_VALID_ID, S.READY):
        tws.accept_version(version, TIME)
        tws.receive_data(start_api(version, 3))
    if state is S.READY:
        tws.send(ManagedAccounts(("DU1",)))
        tws.send(NextValidId(5))
    if state is S.CLOSED:
        tws.close()
    drain(tws)
    assert tws.state is state
    return tws


def drain(connection: Connection) -> list[Event]:
    """Take events and bytes."""
    connection.data_to_send()
    return connection.events()


def seen(connection: Connection) -> tuple[object, ...]:
    """Give all that can be seen of *connection* without changing it."""
    return (
        connection.state, connection.server_version, connection.connection_time, connection.accounts,
        connection.next_valid_id, connection.client_id, connection.closed, connection.last_error,
        connection.wake_at(), connection.side,
    )  # fmt: skip


def closed_with(connection: Connection) -> ConnectionClosed:
    """Take the events: the last, and only the last, is the end."""
    events = connection.events()
    assert [isinstance(event, ConnectionClosed) for event in events] == [False] * (len(events) - 1) + [True]
    end = events[-1]
    assert isinstance(end, ConnectionClosed)
    assert connection.closed == end
    assert connection.state is S.CLOSED
    assert connection.wake_at() is None
    return end


CLIENT_STATES = [state for state in S if state is not S.SOCKET_OPEN]
BOTH = [
    *(pytest.param(client_in, state, id=f"client {state.value}") for state in CLIENT_STATES),
    *(pytest.param(tws_in, state, id=f"tws {state.value}") for state in S),
]
OPEN = [case for case in BOTH if case.values[1] not in (S.DISCONNECTED, S.CLOSED)]
MakeConnection = Callable[[State], Connection]


class TestOpening:
    """The byte stream comes up, or does not."""

    def test_a_client_greets_at_once(self) -> None:
        """With the range, and in one write."""
        client = Connection(CLIENT)
        client.opened()
        assert client.data_to_send() == bytes.fromhex("4150490000000009") + b"v157..226"
        assert client.data_to_send() == b""
        assert client.events() == [
            StateChanged(S.DISCONNECTED, S.SOCKET_OPEN),
            StateChanged(S.SOCKET_OPEN, S.HANDSHAKING),
        ]

    def test_the_options_are_in_the_greeting(self) -> None:
        """A narrower range, and the vendor's connect options after a blank."""
        options = HandshakeOptions(minimum_version=176, maximum_version=178, connect_options="+PACEAPI")
        client = Connection(CLIENT, options)
        client.opened()
        assert client.data_to_send() == b"API\0\0\0\0\x12v176..178 +PACEAPI"

    def test_tws_says_nothing_until_it_is_greeted(self) -> None:
        """It cannot know the versions before."""
        tws = Connection(TWS)
        tws.opened()
        assert tws.data_to_send() == b""
        assert tws.events() == [StateChanged(S.DISCONNECTED, S.SOCKET_OPEN)]

    @pytest.mark.parametrize("side", Side)
    def test_a_stream_that_could_not_be_had(self, side: Side) -> None:
        """502, with what the system said, and a hint with the four ports."""
        connection = Connection(side)
        connection.connect_failed("[Errno 111] Connection refused")
        end = closed_with(connection)
        assert (end.reason, end.state, end.code) == (R.CONNECT_FAILED, S.DISCONNECTED, 502)
        assert end.detail == "[Errno 111] Connection refused"
        assert "7497" in end.hint

    @pytest.mark.parametrize("make, state", [case for case in BOTH if case.values[1] is not S.DISCONNECTED])
    def test_it_opens_once(self, make: MakeConnection, state: State) -> None:
        """Anything else is a mistake of the program; nothing changes."""
        connection = make(state)
        before = seen(connection)
        with pytest.raises(LocalProtocolError):
            connection.opened()
        with pytest.raises(LocalProtocolError):
            connection.connect_failed("no")
        assert seen(connection) == before
        assert drain(connection) == []

    @pytest.mark.parametrize("side", Side)
    @pytest.mark.parametrize(
        "early",
        [
            lambda connection: connection.receive_data(b"x"),
            lambda connection: connection.receive_data(b""),
            lambda connection: connection.receive_eof(),
            lambda connection: connection.receive_reset("x"),
            lambda connection: connection.receive_silence("x"),
            lambda connection: connection.send_failed("x"),
            lambda connection: connection.send(CurrentTimeRequest()),
            lambda connection: connection.send(NextValidId(1)),
            lambda connection: connection.start_api(),
            lambda connection: connection.accept_version(176, TIME),
            lambda connection: connection.redirect("host"),
        ],
        ids=["data", "no data", "eof", "reset", "silence", "send failed", "send", "say", "start", "accept", "redirect"],
    )
    def test_nothing_comes_before_the_stream(self, early: Callable[[Connection], object], side: Side) -> None:
        """A stream that is not there cannot end: a mistake of the program, and the connection can still be opened."""
        connection = Connection(side)
        before = seen(connection)
        with pytest.raises(LocalProtocolError):
            early(connection)
        assert seen(connection) == before
        assert connection.events() == []
        connection.opened()
        connection.receive_eof()
        assert closed_with(connection).state is not S.DISCONNECTED

    def test_a_connection_that_was_never_opened_can_be_closed(self) -> None:
        """Cancelled while the name was looked up: it ends like any other."""
        for side in Side:
            connection = Connection(side)
            connection.close()
            assert closed_with(connection).reason is R.LOCAL
            with pytest.raises(LocalProtocolError):
                connection.opened()


class TestOptions:
    """What makes no handshake is refused before there is one."""

    @pytest.mark.parametrize(
        "low, high", [(156, 226), (157, 227), (200, 199), (0, 10), (-1, 200), (2**40, 2**41), (157, 2**40)]
    )
    def test_a_range_that_we_do_not_speak(self, low: int, high: int) -> None:
        """157 to 226, and not upside down."""
        with pytest.raises(ValueError, match=f"{low}..{high}"):
            HandshakeOptions(minimum_version=low, maximum_version=high)

    @pytest.mark.parametrize("client_id", [2**31, 2**31 - 1, -1, -(2**31) - 1, "7", None, 1.5, True, 7.0])
    def test_a_client_id_that_no_wire_takes(self, client_id: Any) -> None:
        """Found out now, and not in the middle of the handshake, out of `receive_data`."""
        with pytest.raises((ValueError, TypeError)):
            HandshakeOptions(client_id=client_id)

    @pytest.mark.parametrize("client_id", [0, 7, 2**31 - 2])
    @pytest.mark.parametrize("version", [200, 212, 213])
    def test_every_client_id_goes_out(self, client_id: int, version: int) -> None:
        """From the least to the largest."""
        client = client_in(S.HANDSHAKING, HandshakeOptions(client_id=client_id))
        client.receive_data(version_reply(version))
        assert client.data_to_send() == start_api(version, client_id)

    @pytest.mark.parametrize(
        "name",
        ["version_timeout", "start_timeout", "accounts_grace", "refusal_grace", "remark_after", "stranger_grace"],
    )
    @pytest.mark.parametrize("seconds", [-1, -0.001, math.nan])
    def test_a_time_that_is_none(self, name: str, seconds: float) -> None:
        """Negative, or not a number."""
        with pytest.raises(ValueError, match=name):
            HandshakeOptions(**{name: seconds})  # type: ignore[arg-type]

    @pytest.mark.parametrize("name", ["connect_options", "optional_capabilities"])
    @pytest.mark.parametrize("words", ["é", "\0", "\x7f", "\ud800"])
    def test_text_that_tws_does_not_take(self, name: str, words: str) -> None:
        """579, before anything is opened, as in the official client."""
        with pytest.raises(LocalProtocolError) as caught:
            HandshakeOptions(**{name: words})  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.field) == (INVALID_SYMBOL, name)


class TestVersions:
    """The server version: inside the range that was offered, or the end."""

    @pytest.mark.parametrize(
        "low, high, version, code",
        [
            (157, 226, 156, 503), (157, 226, 227, 506), (157, 226, 0, 503), (157, 226, 999999999, 506),
            (200, 210, 199, 503), (200, 210, 211, 506), (200, 210, 157, 503), (200, 210, 226, 506),
            (176, 176, 175, 503), (176, 176, 177, 506), (157, 226, 100, 503),
        ],
    )  # fmt: skip
    def test_a_version_that_was_not_offered(self, low: int, high: int, version: int, code: int) -> None:
        """503 too old, 506 too new; nothing goes out after it."""
        client = client_in(S.HANDSHAKING, HandshakeOptions(minimum_version=low, maximum_version=high))
        client.receive_data(version_reply(version) + next_id(200))
        end = closed_with(client)
        assert (end.reason, end.state, end.code) == (R.UNSUPPORTED_SERVER_VERSION, S.HANDSHAKING, code)
        assert str(version) in end.detail
        assert f"{low}..{high}" in end.detail
        assert client.data_to_send() == b""
        assert client.server_version is None

    @pytest.mark.parametrize("version", [b"9999999999", b"227" + b"0" * 20])
    def test_a_version_of_many_digits_was_not_offered_either(self, version: bytes) -> None:
        """It is a number, and so the reply: waiting for another one would end as a mere timeout."""
        client = client_in(S.HANDSHAKING)
        client.receive_data(framed(version + b"\0" + TIME + b"\0"))
        assert closed_with(client).reason is R.UNSUPPORTED_SERVER_VERSION

    @pytest.mark.parametrize("low, high, version", [(157, 226, 157), (157, 226, 226), (176, 176, 176), (200, 210, 210)])
    def test_the_edges_of_the_range_belong_to_it(self, low: int, high: int, version: int) -> None:
        """Both of them."""
        client = client_in(S.HANDSHAKING, HandshakeOptions(minimum_version=low, maximum_version=high))
        client.receive_data(version_reply(version))
        assert client.server_version == version
        assert client.state is S.AWAITING_NEXT_VALID_ID

    def test_tws_keeps_to_what_the_client_offers(self) -> None:
        """A version outside of the offer ends it on this side too: by the same law."""
        for version in (156, 227):
            tws = tws_in(S.HANDSHAKING)
            tws.accept_version(version, TIME)
            assert closed_with(tws).reason is R.UNSUPPORTED_SERVER_VERSION

    @pytest.mark.parametrize(
        "greeting, minimum, maximum, options",
        [
            (b"v157..226", 157, 226, ""),
            (b"v176", 176, 176, ""),
            (b"v100..200 +PACEAPI", 100, 200, "+PACEAPI"),
            (b"v157..178", 157, 178, ""),
        ],
    )
    def test_tws_is_told_what_the_client_offers(
        self, greeting: bytes, minimum: int, maximum: int, options: str
    ) -> None:
        """Also by clients that are not ours."""
        tws = tws_in(S.SOCKET_OPEN)
        tws.receive_data(b"API\0" + framed(greeting))
        assert tws.events() == [
            StateChanged(S.SOCKET_OPEN, S.HANDSHAKING),
            GreetingReceived(minimum, maximum, options),
        ]
        tws.accept_version(maximum, TIME)
        assert tws.data_to_send() == version_reply(maximum, TIME)
        assert isinstance(tws.next_event(), VersionAgreed)
        assert tws.next_event() is None

    @pytest.mark.parametrize("greeting", [b"GET / HTTP/1.1\r\n", b"API\0" + framed(b"66"), b"API\0\0\0\0\0", b"66\0\0"])
    def test_what_is_no_greeting_ends_it(self, greeting: bytes) -> None:
        """A browser, a client of the old kind, nothing at all."""
        tws = tws_in(S.SOCKET_OPEN)
        tws.receive_data(greeting)
        end = closed_with(tws)
        assert (end.reason, end.code) == (R.PROTOCOL_ERROR, BAD_MESSAGE)

    def test_a_client_that_does_not_wait_for_the_version_ends_it(self) -> None:
        """It cannot know the form of what it says."""
        for extra in (GREETING[4:], start_api(176)):
            tws = tws_in(S.SOCKET_OPEN)
            tws.receive_data(GREETING + extra)
            assert closed_with(tws).reason is R.PROTOCOL_ERROR

    def test_a_version_is_accepted_once_and_by_tws_alone(self) -> None:
        """Anything else is a mistake of the program, and changes nothing."""
        for connection in (tws_in(S.AWAITING_NEXT_VALID_ID), client_in(S.HANDSHAKING), tws_in(S.SOCKET_OPEN)):
            before = seen(connection)
            with pytest.raises(LocalProtocolError):
                connection.accept_version(200, TIME)
            with pytest.raises(LocalProtocolError):
                connection.redirect("gw")
            assert seen(connection) == before
            assert connection.data_to_send() == b""
            assert connection.events() == []

    @pytest.mark.parametrize("time", [b"a\0b", b"\0"])
    def test_tws_does_not_say_a_time_that_would_break_its_reply(self, time: bytes) -> None:
        """Three fields are no reply: the client would wait for another one."""
        tws = tws_in(S.HANDSHAKING)
        before = seen(tws)
        with pytest.raises(LocalProtocolError):
            tws.accept_version(176, time)
        assert seen(tws) == before
        assert tws.data_to_send() == b""

    @pytest.mark.parametrize(
        "time, local, aware",
        [
            (b"20250323 22:21:01 GMT", "2025-03-23T22:21:01", "2025-03-23T22:21:01+00:00"),
            (b"20260405 23:49:26 Central European Standard Time", "2026-04-05T23:49:26", "2026-04-05T23:49:26+02:00"),
            ("20230405 22:20:39 中国标准时间".encode(), "2023-04-05T22:20:39", "2023-04-05T22:20:39+08:00"),
            ("20230405 22:20:39 中国标准时间".encode("gbk"), "2023-04-05T22:20:39", "2023-04-05T22:20:39+08:00"),
            (b"20250922 12:34:56", "2025-09-22T12:34:56", None),
            (b"20250922 12:34:56 Nowhere Standard Time", "2025-09-22T12:34:56", None),
            (b"20250922 12:34:56 \xff\xfe", "2025-09-22T12:34:56", None),
            (b"20250931 12:34:56 GMT", None, None),
            (b"", None, None),
            (b"soon", None, None),
        ],
    )
    def test_the_connection_time_in_every_form(self, time: bytes, local: str | None, aware: str | None) -> None:
        """Beside the raw bytes; none of them keeps the connection from going on."""
        client = client_in(S.HANDSHAKING)
        client.receive_data(version_reply(VERSION, time))
        known = client.connection_time
        assert known is not None
        assert known.raw == time
        assert known.local == (None if local is None else datetime.fromisoformat(local))
        assert known.aware == (None if aware is None else datetime.fromisoformat(aware))
        assert client.state is S.AWAITING_NEXT_VALID_ID
        assert VersionAgreed(VERSION, known.raw) in client.events()


class TestRedirect:
    """TWS names another address instead of a version."""

    @pytest.mark.parametrize("host, port", [("gw.example", 4002), ("10.0.0.7", None), ("2001:db8::7", 4001)])
    def test_both_sides_end_with_the_address(self, host: str, port: int | None) -> None:
        """The reply still has to leave; and the same end is told on both sides."""
        tws, client = tws_in(S.HANDSHAKING), client_in(S.HANDSHAKING)
        tws.redirect(host, port)
        reply = tws.data_to_send()
        assert reply
        client.receive_data(reply)
        for connection in (tws, client):
            end = closed_with(connection)
            assert (end.reason, end.state, end.redirect) == (R.REDIRECTED, S.HANDSHAKING, (host, port))
            assert host in end.detail

    @pytest.mark.parametrize(
        "host, port", [("", None), ("a b", None), ("a\0b", None), ("gwé", None), ("gw", 0), ("gw", 65536), ("gw", -1)]
    )
    def test_tws_does_not_send_a_client_nowhere(self, host: str, port: int | None) -> None:
        """What no client could read is not said, and the program can still accept."""
        tws = tws_in(S.HANDSHAKING)
        before = seen(tws)
        with pytest.raises(LocalProtocolError):
            tws.redirect(host, port)
        assert seen(tws) == before
        assert tws.data_to_send() == b""
        tws.accept_version(176, TIME)
        assert tws.server_version == 176


class TestStart:
    """START_API, and what makes a session ready."""

    @pytest.mark.parametrize(
        "version, written",
        [
            (157, "00000008 3731 00 32 00 37 00 00"),
            (200, "00000008 3731 00 32 00 37 00 00"),
            (201, "00000009 00000047 32 00 37 00 00"),
            (212, "00000009 00000047 32 00 37 00 00"),
            (213, "00000006 0000010f 0807"),
            (226, "00000006 0000010f 0807"),
        ],
    )
    def test_the_bytes_of_start_api(self, version: int, written: str) -> None:
        """As the facts give them in hexadecimal, for client id 7; sent at once."""
        client = client_in(S.HANDSHAKING, HandshakeOptions(client_id=7))
        client.receive_data(version_reply(version))
        assert client.data_to_send() == bytes.fromhex(written)
        assert client.client_id == 7

    @pytest.mark.parametrize(
        "version, written",
        [(200, b"71\x002\x000\0abc\0"), (212, b"\0\0\0\x472\x000\0abc\0"), (213, b"\0\0\x01\x0f\x08\x00\x12\x03abc")],
    )
    def test_capabilities_go_with_it(self, version: int, written: bytes) -> None:
        """In each of the three forms."""
        client = client_in(S.HANDSHAKING, HandshakeOptions(optional_capabilities="abc"))
        client.receive_data(version_reply(version))
        assert client.data_to_send() == framed(written)

    def test_by_hand_the_application_starts(self) -> None:
        """The vendor's deprecated AsyncEConnect: nothing goes out before, and we do not time out on ourselves."""
        options = HandshakeOptions(start_api_by_hand=True, client_id=7, remark_after=None)
        client = client_in(S.HANDSHAKING, options)
        with pytest.raises(LocalProtocolError):
            client.start_api()
        client.receive_data(version_reply(200))
        assert (client.state, client.data_to_send(), client.wake_at()) == (S.HANDSHAKING, b"", None)
        client.wake(1e6)
        client.start_api()
        assert client.data_to_send() == start_api(200, 7)
        assert client.state is S.AWAITING_NEXT_VALID_ID
        assert client.wake_at() == 1e6 + 15.0

    def test_by_hand_it_may_be_said_like_any_message(self) -> None:
        """With another client id, too: what was said counts."""
        client = client_in(S.HANDSHAKING, HandshakeOptions(start_api_by_hand=True, client_id=7))
        with pytest.raises(LocalProtocolError):
            client.send(StartApiRequest(8))
        client.receive_data(version_reply(200))
        assert client.send(StartApiRequest(8)) == start_api(200, 8)
        assert (client.client_id, client.state) == (8, S.AWAITING_NEXT_VALID_ID)

    def test_it_is_started_once(self) -> None:
        """And by the client alone."""
        for connection in (client_in(S.AWAITING_NEXT_VALID_ID), client_in(S.READY), tws_in(S.HANDSHAKING)):
            before = seen(connection)
            with pytest.raises(LocalProtocolError):
                connection.start_api()
            with pytest.raises(LocalProtocolError):
                connection.send(StartApiRequest(1))
            assert seen(connection) == before
            assert drain(connection) == []

    def test_by_hand_an_id_that_came_before_the_start_counts(self) -> None:
        """A TWS that does not wait: nothing that it said is asked for again."""
        client = client_in(S.HANDSHAKING, HandshakeOptions(start_api_by_hand=True))
        client.receive_data(version_reply(VERSION) + next_id(VERSION) + accounts(VERSION))
        assert client.events()[-2:] == [NextValidId(5), ManagedAccounts(("DU1", "DU2"))]
        client.start_api()
        assert client.state is S.READY

    @pytest.mark.parametrize("first", ["accounts", "id"])
    def test_ready_is_both_in_any_order(self, first: str) -> None:
        """Once, with both in the event."""
        client = client_in(S.AWAITING_NEXT_VALID_ID)
        said = [accounts(VERSION), next_id(VERSION, 17)]
        for frame in said if first == "accounts" else reversed(said):
            assert client.state is S.AWAITING_NEXT_VALID_ID
            client.receive_data(frame)
        assert client.state is S.READY
        told = client.events()
        assert told[-2:] == [StateChanged(S.AWAITING_NEXT_VALID_ID, S.READY), Ready(17, ("DU1", "DU2"))]
        assert (client.accounts, client.next_valid_id, client.wake_at()) == (("DU1", "DU2"), 17, None)
        client.receive_data(said[0] + said[1])
        assert [type(event) for event in client.events()] == [ManagedAccounts, NextValidId]

    def test_no_accounts_are_accounts(self) -> None:
        """An empty list was said; it is not waited for any longer."""
        client = client_in(S.AWAITING_NEXT_VALID_ID)
        client.receive_data(next_id(VERSION) + text(VERSION, 15, 1, ""))
        assert (client.state, client.accounts) == (S.READY, ())

    def test_order_ids_only_go_up(self) -> None:
        """Whatever a later message says."""
        client = client_in(S.READY)
        client.receive_data(next_id(VERSION, 50) + next_id(VERSION, 10))
        assert client.next_valid_id == 50

    def test_what_comes_before_ready_is_delivered(self) -> None:
        """Orders and account values may, from a TWS that replays them; none is an error."""
        client = client_in(S.AWAITING_NEXT_VALID_ID)
        client.receive_data(text(VERSION, 49, 1, 1752606307) + text(VERSION, 150, "open", "order"))
        assert [type(event) for event in client.events()] == [CurrentTime, UnknownMessage]
        assert client.state is S.AWAITING_NEXT_VALID_ID

    def test_tws_is_told_who_has_started_and_is_ready_by_saying_both(self) -> None:
        """Its own words make it ready, in any order."""
        for first, second in [
            (NextValidId(5), ManagedAccounts(("DU1",))),
            (ManagedAccounts(("DU1",)), NextValidId(5)),
        ]:
            tws = tws_in(S.HANDSHAKING)
            tws.accept_version(VERSION, TIME)
            drain(tws)
            tws.receive_data(start_api(VERSION, 3))
            assert tws.client_id == 3
            assert tws.events() == [StartApiRequest(3), StateChanged(S.HANDSHAKING, S.AWAITING_NEXT_VALID_ID)]
            assert tws.send(first)
            assert tws.state is S.AWAITING_NEXT_VALID_ID
            assert tws.send(second)
            assert tws.events() == [
                StateChanged(S.AWAITING_NEXT_VALID_ID, S.READY),
                Ready(5, ("DU1",)),
            ]


class TestRefusalAfterAnId:
    """TWS has said the next id, and then that the client id is taken."""

    def test_a_refusal_is_not_put_off_by_what_had_come_before_it(self) -> None:
        """Nor does the session become ready in the meantime: the wait for the accounts is over."""
        client = client_in(S.AWAITING_NEXT_VALID_ID)
        client.wake(10.0)
        client.receive_data(next_id(VERSION))
        assert client.wake_at() == 12.0
        client.receive_data(error(VERSION, 326, "in use"))
        assert client.wake_at() == 11.0
        client.wake(11.0)
        assert closed_with(client).reason is R.CLIENT_ID_IN_USE


class TestDeadlines:
    """Each step has one, and no byte but the right one puts it off."""

    OPTIONS = HandshakeOptions(
        version_timeout=10, start_timeout=20, accounts_grace=3, refusal_grace=1, remark_after=None
    )

    def client(self, now: float = 100.0) -> Connection:
        """Give a client that opened at *now*."""
        client = Connection(CLIENT, self.OPTIONS)
        client.opened(now)
        drain(client)
        return client

    def started(self) -> Connection:
        """Give one that has started at 105."""
        client = self.client()
        client.wake(105.0)
        client.receive_data(version_reply(VERSION))
        drain(client)
        return client

    def test_no_version(self) -> None:
        """Not a moment before, and with a hint at the accept dialog."""
        client = self.client()
        assert client.wake_at() == 110.0
        client.wake(109.999)
        assert client.events() == []
        client.wake(110.0)
        end = closed_with(client)
        assert (end.reason, end.state) == (R.HANDSHAKE_TIMEOUT, S.HANDSHAKING)
        assert "10 s" in end.detail
        assert "dialog" in end.hint

    def test_no_next_valid_id(self) -> None:
        """From START_API on, not from the start; the accounts alone are told."""
        client = self.started()
        assert client.wake_at() == 125.0
        client.wake(110.0)
        client.receive_data(accounts(VERSION))
        assert client.wake_at() == 125.0
        drain(client)
        client.wake(124.9)
        assert client.events() == []
        client.wake(125.0)
        end = closed_with(client)
        assert (end.reason, end.state) == (R.HANDSHAKE_TIMEOUT, S.AWAITING_NEXT_VALID_ID)
        assert "20 s" in end.detail
        assert "managedAccounts did" in end.detail

    def test_no_accounts(self) -> None:
        """The session goes on without them, after a while, and says so; when they come late they are told."""
        client = self.started()
        client.wake(110.0)
        client.receive_data(next_id(VERSION))
        assert client.wake_at() == 113.0
        client.wake(112.9)
        assert client.events()[-1] == NextValidId(5)
        client.wake(113.0)
        assert client.state is S.READY
        assert client.events()[-1] == Ready(5, None)
        assert client.wake_at() is None
        client.receive_data(accounts(VERSION))
        assert client.accounts == ("DU1", "DU2")

    def test_the_same_id_again_does_not_put_off_ready(self) -> None:
        """A TWS that repeats nextValidId for ever would keep the client waiting for ever."""
        client = self.started()
        client.receive_data(next_id(VERSION))
        for now in (106.0, 107.0, 107.9):
            client.wake(now)
            client.receive_data(next_id(VERSION))
        assert client.wake_at() == 108.0
        client.wake(108.0)
        assert client.state is S.READY

    def test_326_without_a_close(self) -> None:
        """TWS closes at once; if it does not, we do, a moment later and with its word for it."""
        client = self.started()
        client.receive_data(error(VERSION, 326, "client id is already in use"))
        assert client.wake_at() == 106.0
        client.wake(105.5)
        client.receive_data(error(VERSION, 326, "client id is already in use"))
        assert client.wake_at() == 106.0
        drain(client)
        client.wake(106.0)
        end = closed_with(client)
        assert (end.reason, end.code, end.state) == (R.CLIENT_ID_IN_USE, 326, S.AWAITING_NEXT_VALID_ID)
        assert end.last_error is not None
        assert "client id is already in use" in end.detail

    def test_bytes_that_are_not_the_reply_put_nothing_off(self) -> None:
        """Drop by drop, a frame that never ends, and frames that are something else."""
        client = self.client()
        for place, byte in enumerate(framed(b"x" * 50)[:40]):
            client.wake(100.0 + place / 5)
            client.receive_data(bytes((byte,)))
            assert client.wake_at() == 110.0
        client.wake(110.0)
        end = closed_with(client)
        assert end.reason is R.HANDSHAKE_TIMEOUT
        assert "40 bytes" in end.detail
        client = self.client()
        for second in range(10):
            client.wake(100.0 + second)
            client.receive_data(framed(b"news\0"))
            assert client.wake_at() == 110.0
        drain(client)
        client.wake(110.0)
        assert "10 other frames" in closed_with(client).detail

    def test_notices_put_nothing_off(self) -> None:
        """A TWS that only ever talks about its farms never becomes ready."""
        client = self.started()
        for second in range(19):
            client.wake(106.0 + second)
            client.receive_data(error(VERSION, 2104, "ok:usfarm") + text(VERSION, 199, "x"))
            assert client.wake_at() == 125.0
        drain(client)
        client.wake(125.0)
        assert closed_with(client).reason is R.HANDSHAKE_TIMEOUT

    def test_time_does_not_go_back(self) -> None:
        """A smaller time is an old one; a jump far ahead is late for everything."""
        client = self.client()
        client.wake(109.0)
        client.wake(50.0)
        client.wake(109.9)
        assert client.state is S.HANDSHAKING
        client.wake(1e12)
        assert closed_with(client).reason is R.HANDSHAKE_TIMEOUT

    def test_a_late_answer_is_too_late(self) -> None:
        """Who calls `wake` first, as the contract says, does not take an answer after the deadline."""
        client = self.client()
        client.wake(111.0)
        client.receive_data(version_reply(VERSION))
        assert closed_with(client).reason is R.HANDSHAKE_TIMEOUT
        assert client.server_version is None

    @pytest.mark.parametrize("state", CLIENT_STATES)
    def test_none_waits_for_ever(self, state: State) -> None:
        """No deadline runs in any state then."""
        options = HandshakeOptions(version_timeout=None, start_timeout=None, remark_after=None)
        client = client_in(state, options)
        assert client.wake_at() is None
        client.wake(1e15)
        assert client.events() == []

    def test_tws_waits_for_the_client_in_the_same_way(self) -> None:
        """For its greeting, then for START_API; never for itself."""
        tws = Connection(TWS, self.OPTIONS)
        tws.opened(100.0)
        assert tws.wake_at() == 110.0
        tws.wake(105.0)
        tws.receive_data(b"API\0\0\0")
        assert tws.wake_at() == 110.0
        tws.receive_data(GREETING[6:])
        assert tws.wake_at() is None
        tws.accept_version(VERSION, TIME)
        assert tws.wake_at() == 125.0
        drain(tws)
        tws.wake(125.0)
        end = closed_with(tws)
        assert (end.reason, end.state) == (R.HANDSHAKE_TIMEOUT, S.HANDSHAKING)
        assert "START_API" in end.detail

    def test_nothing_runs_once_it_is_ready(self) -> None:
        """Idle means idle."""
        for connection in (client_in(S.READY), tws_in(S.READY)):
            assert connection.wake_at() is None


class TestRemarks:
    """What takes long is told in time, once a step, and waited for all the same."""

    def client(self, **options: Any) -> Connection:
        """Give a client that opened at 100."""
        client = Connection(CLIENT, HandshakeOptions(**options))
        client.opened(100.0)
        drain(client)
        return client

    def remark_at(self, client: Connection, now: float) -> StillWaiting:
        """Wake it at *now*: that it says so is all that happens."""
        assert client.wake_at() == now
        state = client.state
        client.wake(now)
        (remark,) = client.events()
        assert isinstance(remark, StillWaiting)
        assert (remark.state, client.state) == (state, state)
        client.wake(now + 0.5)
        assert client.events() == []
        return remark

    def test_a_mute_peer(self) -> None:
        """The dialog and the restart that helps, while somebody can still click; then the deadline as ever."""
        client = self.client()
        remark = self.remark_at(client, 104.0)
        assert (remark.seconds, remark.seconds_left) == (4.0, 11.0)
        assert remark.detail == "no version reply came within 4 s"
        assert "dialog" in remark.hint
        assert "restart" in remark.hint
        assert str(remark) == f"{remark.detail}. {remark.hint}"
        assert client.wake_at() == 115.0
        client.wake(115.0)
        assert closed_with(client).hint == remark.hint

    def test_a_peer_that_said_something_else(self) -> None:
        """No dialog is open where a frame came, or a part of one."""
        for said, word in ((framed(b"news\0"), "1 other frame"), (b"\0\0", "2 bytes of an unfinished frame")):
            client = self.client()
            client.receive_data(said)
            drain(client)
            remark = self.remark_at(client, 104.0)
            assert word in remark.detail
            assert "dialog" not in remark.hint
            client.wake(115.0)
            assert "dialog" not in closed_with(client).hint

    def test_a_step_of_its_own(self) -> None:
        """Each step has its own; and the accounts, for which nobody waits long, have none."""
        client = self.client()
        self.remark_at(client, 104.0)
        client.wake(105.0)
        client.receive_data(version_reply(VERSION))
        drain(client)
        remark = self.remark_at(client, 109.0)
        assert (remark.state, remark.detail) == (S.AWAITING_NEXT_VALID_ID, "no nextValidId came within 4 s")
        assert "logging in" in remark.hint
        client.receive_data(next_id(VERSION))
        drain(client)
        assert client.wake_at() == 111.5
        client.wake(111.5)
        assert client.state is S.READY
        assert not [event for event in client.events() if isinstance(event, StillWaiting)]

    def test_what_comes_in_time_is_not_remarked_on(self) -> None:
        client = self.client()
        client.wake(103.9)
        client.receive_data(version_reply(VERSION) + accounts(VERSION) + next_id(VERSION))
        assert client.state is S.READY
        client.wake(1e6)
        assert not [event for event in client.events() if isinstance(event, StillWaiting)]

    def test_who_waits_for_ever_is_told_as_well(self) -> None:
        remark = self.remark_at(self.client(version_timeout=None), 104.0)
        assert remark.seconds_left is None

    @pytest.mark.parametrize("options", [{"version_timeout": 4.0}, {"version_timeout": 3.0}, {"remark_after": None}])
    def test_who_does_not_wait_so_long_is_not(self, options: dict[str, float | None]) -> None:
        """The end says it."""
        client = self.client(**options)
        client.wake(1e6)
        assert closed_with(client).reason is R.HANDSHAKE_TIMEOUT

    def test_who_sleeps_over_both_hears_the_end(self) -> None:
        client = self.client()
        client.wake(200.0)
        assert closed_with(client).reason is R.HANDSHAKE_TIMEOUT

    def test_tws_makes_none(self) -> None:
        """Its words would be about TWS."""
        tws = Connection(TWS)
        tws.opened(100.0)
        tws.wake(114.0)
        assert drain(tws) == [StateChanged(S.DISCONNECTED, S.SOCKET_OPEN)]


class TestStrangers:
    """Who has said nothing at all is asked, when all is over otherwise, so that he gives himself away."""

    QUESTION = b"\r\n\r\n"

    def asked(self) -> Connection:
        """Give a client that has waited for a version in vain, and has just asked."""
        client = Connection(CLIENT, HandshakeOptions(version_timeout=10.0, stranger_grace=0.5, remark_after=None))
        client.opened(100.0)
        drain(client)
        client.wake(109.9)
        assert (client.events(), client.data_to_send()) == ([], b"")
        client.wake(110.0)
        assert (client.events(), client.data_to_send()) == ([], self.QUESTION)
        assert client.wake_at() == 110.5
        return client

    def test_a_web_server_that_waits_for_a_line(self) -> None:
        client = self.asked()
        client.receive_data(b"HTTP/1.0 400 Bad request syntax\r\n")
        end = closed_with(client)
        assert (end.reason, end.state) == (R.PROTOCOL_ERROR, S.HANDSHAKING)
        assert "An HTTP server answers at this port" in end.hint

    @pytest.mark.parametrize("rest", ["wake", "receive_eof", "receive_reset"])
    def test_tws_has_nothing_to_say_to_it(self, rest: str) -> None:
        """It is the deadline that has passed: an end is the answer to our question, and no refusal."""
        client = self.asked()
        client.wake(110.5) if rest == "wake" else getattr(client, rest)()
        end = closed_with(client)
        assert (end.reason, end.detail) == (R.HANDSHAKE_TIMEOUT, "no version reply came within 10 s")
        assert "dialog" in end.hint

    def test_a_version_is_too_late(self) -> None:
        """And is said to have come: more time would have helped."""
        client = self.asked()
        client.receive_data(version_reply(VERSION))
        end = closed_with(client)
        assert end.reason is R.HANDSHAKE_TIMEOUT
        assert end.detail == "no version reply came within 10 s; one came just after that"
        assert "dialog" in end.hint
        assert (client.server_version, client.data_to_send()) == (None, b"")

    def test_what_nobody_knows_is_no_dialog(self) -> None:
        client = self.asked()
        client.receive_data(b"\0\0\0\x09what")
        end = closed_with(client)
        assert end.reason is R.HANDSHAKE_TIMEOUT
        assert "8 bytes of an unfinished frame" in end.detail
        assert "dialog" not in end.hint

    def test_who_has_said_something_is_not_asked(self) -> None:
        client = Connection(CLIENT, HandshakeOptions(version_timeout=10.0, stranger_grace=0.5))
        client.opened(100.0)
        drain(client)
        client.receive_data(framed(b"news\0"))
        drain(client)
        client.wake(110.0)
        assert closed_with(client).reason is R.HANDSHAKE_TIMEOUT
        assert client.data_to_send() == b""

    def test_nobody_is_unless_it_is_wanted(self) -> None:
        client = Connection(CLIENT)
        client.opened(100.0)
        drain(client)
        client.wake(115.0)
        assert closed_with(client).reason is R.HANDSHAKE_TIMEOUT
        assert client.data_to_send() == b""


class TestEarlyWords:
    """An error or a remark that comes before the version is what it is, however it is written."""

    @pytest.mark.parametrize("version", [157, 176, 200, 201, 226])
    def test_a_remark(self, version: int) -> None:
        client = client_in(S.HANDSHAKING)
        client.receive_data(error(version, 2110, "Connectivity between TWS and server is broken."))
        (notice,) = client.events()
        assert isinstance(notice, Notice)
        assert (notice.code, notice.text) == (2110, "Connectivity between TWS and server is broken.")
        client.receive_eof()
        end = closed_with(client)
        assert end.reason is R.REFUSED
        assert "TWS said: Connectivity between TWS and server is broken. (2110)" in end.detail

    @pytest.mark.parametrize("version", [157, 176, 200, 201, 226])
    def test_an_error_is_its_last_word(self, version: int) -> None:
        """What TWS refuses with explains that it hangs up."""
        client = client_in(S.HANDSHAKING)
        client.receive_data(error(version, 326, "client id is in use"))
        (told,) = client.events()
        assert isinstance(told, ErrorMessage)
        client.receive_eof()
        end = closed_with(client)
        assert (end.reason, end.code, end.last_error) == (R.CLIENT_ID_IN_USE, 326, told)

    def test_326_without_a_close(self) -> None:
        """As after START_API, a moment is enough."""
        client = client_in(S.HANDSHAKING)
        client.receive_data(error(176, 326, "client id is in use"))
        drain(client)
        assert client.wake_at() == HandshakeOptions().refusal_grace
        client.wake(2.0)
        assert closed_with(client).reason is R.CLIENT_ID_IN_USE

    def test_a_version_after_all(self) -> None:
        client = client_in(S.HANDSHAKING)
        client.receive_data(error(176, 2104, "ok:usfarm") + version_reply(VERSION))
        assert client.state is S.AWAITING_NEXT_VALID_ID
        assert [type(event) for event in client.events()] == [Notice, VersionAgreed, StateChanged]

    @pytest.mark.parametrize(
        "body", [b"4\0", b"4\0" + b"two\0" * 3, b"\0\0\0\x04", b"\0\0\0\xcc\xff", b"4\x002\0-1\0", b"4"]
    )
    def test_what_only_looks_like_one(self, body: bytes) -> None:
        client = client_in(S.HANDSHAKING)
        client.receive_data(framed(body))
        assert client.events() == [FrameDiscarded(body)]


class TestSaying:
    """What may be said now gives bytes; anything else changes nothing."""

    @pytest.mark.parametrize("state", [state for state in CLIENT_STATES if state is not S.READY])
    @pytest.mark.parametrize("request_", [CurrentTimeRequest(), ManagedAccountsRequest(), IdsRequest()], ids=repr)
    def test_a_client_asks_nothing_before_ready(self, request_: Message, state: State) -> None:
        """TWS closes the connection on it. 504, no bytes, no event, and nothing is different afterwards."""
        client = client_in(state)
        before = seen(client)
        with pytest.raises(LocalProtocolError) as caught:
            client.send(request_)
        assert caught.value.code == NOT_CONNECTED
        assert state.value in str(caught.value)
        assert seen(client) == before
        assert client.data_to_send() == b""
        assert client.events() == []

    @pytest.mark.parametrize("version", [157, 200, 201, 212, 213, 226])
    def test_when_ready_it_asks(self, version: int) -> None:
        """In the form of the version."""
        client = client_in(S.READY, version=version)
        asked = proto(49) if version >= 213 else text(version, 49, 1)
        assert client.send(CurrentTimeRequest()) == asked
        assert client.events() == []

    @pytest.mark.parametrize(
        "wrong, code, field",
        [
            (SetServerLogLevelRequest(2**31), None, "log_level"),
            (SetServerLogLevelRequest(True), None, "log_level"),
            (CurrentTimeInMillisRequest(), UPDATE_TWS, None),
            # What has not been given its id.
            (ContractDataRequest(Stock("AAPL")), None, "request_id"),
            (PlaceOrderRequest(Stock("AAPL"), LimitOrder("BUY", 1, 10)), None, "order_id"),
        ],
    )
    def test_what_cannot_be_written_changes_nothing(self, wrong: Message, code: int | None, field: str | None) -> None:
        """With message and field, and the next message goes out."""
        client = client_in(S.READY)
        before = seen(client)
        with pytest.raises(LocalProtocolError) as caught:
            client.send(wrong)
        assert (caught.value.message, caught.value.field, caught.value.code) == (type(wrong).__name__, field, code)
        assert seen(client) == before
        assert drain(client) == []
        assert client.send(CurrentTimeRequest())

    def test_a_frame_that_nobody_would_take_changes_nothing(self) -> None:
        """507, at home."""
        tws = tws_in(S.READY)
        before = seen(tws)
        with pytest.raises(LocalProtocolError) as caught:
            tws.send(ErrorMessage(1, 200, "x" * MAX_FRAME))
        assert caught.value.code == BAD_LENGTH
        assert seen(tws) == before

    @pytest.mark.parametrize("wrong", [NextValidId(1), ErrorMessage(None, 1, "x"), object(), None, NextValidId])
    def test_the_words_of_the_other_side_are_no_words(self, wrong: Any) -> None:
        """A `TypeError` when it is otherwise our turn, and nothing changes."""
        client = client_in(S.READY)
        before = seen(client)
        with pytest.raises(TypeError):
            client.send(wrong)
        assert seen(client) == before
        assert drain(client) == []

    @pytest.mark.parametrize("state", [S.SOCKET_OPEN, S.HANDSHAKING, S.CLOSED])
    def test_tws_says_nothing_before_there_is_a_version(self, state: State) -> None:
        """It would not know the form."""
        tws = tws_in(state)
        before = seen(tws)
        with pytest.raises(LocalProtocolError) as caught:
            tws.send(ErrorMessage(None, 2104, "ok"))
        assert caught.value.code == NOT_CONNECTED
        assert seen(tws) == before

    @pytest.mark.parametrize("state", [S.HANDSHAKING, S.AWAITING_NEXT_VALID_ID])
    @pytest.mark.parametrize(
        "said", [text(VERSION, 49, 1), text(VERSION, 14, 1, 5), text(VERSION, 99, 1), framed(b"x")]
    )
    def test_tws_closes_on_a_client_that_asks_before_ready(self, state: State, said: bytes) -> None:
        """As the real one does; the request is not delivered."""
        tws = tws_in(S.HANDSHAKING)
        tws.accept_version(VERSION, TIME)
        if state is S.AWAITING_NEXT_VALID_ID:
            tws.receive_data(start_api(VERSION))
        drain(tws)
        tws.receive_data(said)
        end = closed_with(tws)
        assert (end.reason, end.state) == (R.PROTOCOL_ERROR, state)
        assert state.value in end.detail

    def test_tws_closes_on_a_second_start(self) -> None:
        """Before and after READY."""
        for state in (S.AWAITING_NEXT_VALID_ID, S.READY):
            tws = tws_in(state)
            tws.receive_data(start_api(VERSION, 9))
            assert closed_with(tws).reason is R.PROTOCOL_ERROR
            assert tws.client_id == 3


class TestHearing:
    """Frames that are fine, odd, or nothing at all."""

    def test_an_unknown_id_is_one_event_and_it_goes_on(self) -> None:
        """505, with the frame for those who know more."""
        client = client_in(S.READY)
        client.receive_data(text(VERSION, 150, "a") + next_id(VERSION, 9))
        told = client.events()
        assert told == [UnknownMessage(150, b"150\0a\0", 505), NextValidId(9)]
        assert isinstance(told[0], UnknownMessage)
        assert (told[0].protobuf_id, told[0].told_id) == (None, "150")

    def test_text_fields_of_a_newer_tws_are_told_once_for_each_kind(self) -> None:
        """Behind those that we know; the messages themselves are delivered as ever."""
        client = client_in(S.READY)
        size = b"2\x006\x001\x000\x00100\x00new\x00newer\x00"
        client.receive_data(framed(size) * 2)
        told, first, second = client.events()
        assert told == SurplusFields("TickSize", ("new", "newer"))
        assert first == second == TickSize(1, TickType.BID_SIZE, Decimal(100))

    def test_protobuf_fields_of_a_newer_tws_are_told_in_the_first_message_of_a_kind(self) -> None:
        """Also in a record within: field 99 of the order, a varint."""
        client = client_in(S.READY, version=226)
        placed = OpenOrder(7, Stock("AAPL"), MarketOrder("BUY", 1), OrderState())
        parsed = message_class(entry_for(OpenOrder).layout).FromString(Codec(Side.TWS, 226).encode(placed)[4:])
        parsed.order.MergeFromString(b"\xb8\x3f\x05")
        body = (205).to_bytes(4, "big") + parsed.SerializeToString()
        client.receive_data(framed(body) * 2)
        told, first, second = client.events()
        assert told == SurplusFields("OpenOrder", ("order.field 1015 = 5",))
        assert first == second == placed

    def test_protobuf_fields_of_a_newer_tws_are_told_in_an_error_too(self) -> None:
        """A kind of message that the core itself listens to is no exception."""
        client = client_in(S.READY, version=226)
        error = ErrorMessage(7, 200, "No security definition has been found")
        body = Codec(Side.TWS, 226).encode(error) + b"\xb8\x3f\x05"
        client.receive_data(framed(body) * 2)
        assert client.events() == [SurplusFields("ErrorMessage", ("field 1015 = 5",)), error, error]

    def test_a_protobuf_field_of_many_records_is_told_once(self) -> None:
        """A new field of a bar comes with each of ten thousand bars, and is one field; its first value is shown."""
        client = client_in(S.READY, version=226)
        history = message_class(entry_for(HistoricalData).layout)(reqId=7)
        for number in range(10_000):
            bar = history.historicalDataBars.add(
                date="20240131", open=1, high=1, low=1, close=1, volume="1", WAP="1", barCount=1
            )
            bar.MergeFromString(b"\xb8\x3f" + bytes([number % 100]))
        body = (entry_for(HistoricalData).id + 200).to_bytes(4, "big") + history.SerializeToString()
        client.receive_data(framed(body))
        told, message = client.events()
        assert told == SurplusFields("HistoricalData", ("historicalDataBars.field 1015 = 0",))
        assert type(message) is HistoricalData

    def test_an_undecodable_frame_is_one_event_and_it_goes_on(self) -> None:
        """508, with message, field, what was seen and what was wanted."""
        client = client_in(S.READY)
        client.receive_data(text(VERSION, 9, 1, "x") + next_id(VERSION, 9))
        odd, good = client.events()
        assert odd == UndecodableFrame(b"9\x001\0x\0", "NextValidId", "order_id", "'x'", "INT")
        assert isinstance(odd, UndecodableFrame)
        assert (odd.code, good) == (508, NextValidId(9))

    @pytest.mark.parametrize("version", [200, 226])
    def test_an_empty_frame_is_one_event_and_it_goes_on(self, version: int) -> None:
        """It has no id."""
        client = client_in(S.READY, version=version)
        client.receive_data(framed(b"") + next_id(version, 9))
        odd, good = client.events()
        assert isinstance(odd, UndecodableFrame)
        assert (odd.frame, odd.message, good) == (b"", None, NextValidId(9))

    def test_tws_goes_on_after_odd_frames_of_a_ready_client(self) -> None:
        """The same rule for both sides."""
        tws = tws_in(S.READY)
        tws.receive_data(text(VERSION, 4, 1, "x") + text(VERSION, 150, 1) + text(VERSION, 49, 1))
        assert [type(event) for event in tws.events()] == [UndecodableFrame, UnknownMessage, CurrentTimeRequest]
        assert tws.state is S.READY

    @pytest.mark.parametrize("state", [S.HANDSHAKING, S.AWAITING_NEXT_VALID_ID, S.READY])
    def test_a_frame_that_is_too_long_ends_it(self, state: State) -> None:
        """507 as soon as the length is there; the longest one that is allowed is waited for."""
        longest = DEFAULT_LIMITS.before_version if state is S.HANDSHAKING else MAX_FRAME
        client = client_in(state)
        client.receive_data((longest + 1).to_bytes(4, "big"))
        end = closed_with(client)
        assert (end.reason, end.state, end.code) == (R.PROTOCOL_ERROR, state, BAD_LENGTH)
        client = client_in(state)
        client.receive_data(longest.to_bytes(4, "big"))
        assert client.state is state

    @pytest.mark.parametrize("data", [6, "text", None, [1, 2], 2.0])
    def test_what_is_no_bytes_is_a_mistake_of_ours(self, data: object) -> None:
        """To Python, six is a way to say six NULs."""
        client = client_in(S.READY)
        with pytest.raises(TypeError, match="bytes"):
            client.receive_data(data)  # type: ignore[arg-type]
        assert client.state is S.READY

    @pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
    def test_any_kind_of_bytes_will_do(self, make: Callable[[bytes], Any]) -> None:
        client = client_in(S.READY)
        client.receive_data(make(text(VERSION, 49, 1, 1700000000)[:7]))
        client.receive_data(make(text(VERSION, 49, 1, 1700000000)[7:]))
        assert [type(event) for event in client.events()] == [CurrentTime]

    @pytest.mark.parametrize("version", [100, 156, 227])
    def test_tws_cannot_agree_on_what_we_do_not_speak(self, version: int) -> None:
        """Whatever the client offers."""
        tws = Connection(TWS)
        tws.opened()
        tws.receive_data(b"API\0" + framed(b"v100..300"))
        tws.accept_version(version, TIME)
        end = closed_with(tws)
        assert (end.reason, end.state) == (R.UNSUPPORTED_SERVER_VERSION, S.HANDSHAKING)
        assert tws.data_to_send() == framed(b"%d\0%b\0" % (version, TIME))

    def test_the_longest_frame_is_delivered(self) -> None:
        """Exactly 0xFFFFFF bytes."""
        client = client_in(S.READY)
        body = b"150\0" + b"x" * (MAX_FRAME - 5) + b"\0"
        client.receive_data(framed(body))
        assert client.events() == [UnknownMessage(150, body)]

    @pytest.mark.parametrize("number, listed, told", [(950, 750, "950 (750 in protobuf)"), (199, None, "199")])
    def test_an_unknown_protobuf_id_is_told_as_the_vendor_lists_it(
        self, number: int, listed: int | None, told: str
    ) -> None:
        """On the wire 200 are added to it; up to 200 it is no protobuf. The words of an end have both."""
        client = client_in(S.AWAITING_NEXT_VALID_ID, version=226)
        client.receive_data(framed(number.to_bytes(4, "big") + b"x"))
        (unknown,) = client.events()
        assert isinstance(unknown, UnknownMessage)
        assert (unknown.message_id, unknown.protobuf_id, unknown.told_id) == (number, listed, told)
        client.receive_eof()
        assert f"id {told}" in closed_with(client).detail

    @pytest.mark.parametrize("code", [2100, 2104, 2106, 2107, 2108, 2110, 2119, 2158, 1100, 1101, 1102])
    def test_a_notice_is_no_error(self, code: int) -> None:
        """Its kind and its text are values; the message is inside, and it is not the last error."""
        client = client_in(S.READY)
        client.receive_data(error(VERSION, code, "text:usfarm"))
        message = ErrorMessage(None, code, "text:usfarm")
        assert client.events() == [Notice(code, "text:usfarm", CODES.kind_of(code), None, None, message)]
        assert client.last_error is None

    @pytest.mark.parametrize("code", [200, 201, 321, 326, 502, 1300])
    def test_an_error_is_no_notice(self, code: int) -> None:
        """It comes as it is, and is the last one."""
        client = client_in(S.READY)
        client.receive_data(error(VERSION, code, "no", 7))
        assert client.events() == [ErrorMessage(7, code, "no")]
        assert client.last_error == ErrorMessage(7, code, "no")

    def test_an_unknown_code_is_a_notice(self) -> None:
        """Never the end of an order; but it may be TWS's last word."""
        client = client_in(S.READY)
        client.receive_data(error(VERSION, 987654, "something new", 7))
        (told,) = client.events()
        assert isinstance(told, Notice)
        assert (told.kind, told.request_id) == (CodeKind.NOTICE, 7)
        client.receive_eof()
        assert closed_with(client).last_error == ErrorMessage(7, 987654, "something new")

    def test_the_application_knows_better(self) -> None:
        """One code, another kind."""
        client = Connection(CLIENT, codes=CODES.with_kinds({200: CodeKind.NOTICE}))
        client.opened()
        client.receive_data(version_reply(VERSION) + error(VERSION, 200, "no", 7))
        assert isinstance(client.events()[-1], Notice)


TICK = text(VERSION, 2, 6, 1, 0, 100)
MANY: dict[str, bytes] = {
    "data": TICK,
    "other data": text(VERSION, 49, 1, 1_700_000_000),
    "meaningful": next_id(VERSION, 9),
    "error": error(VERSION, 200, "no such contract", 7),
    "remark": error(VERSION, 2104, "Market data farm connection is OK:usfarm"),
    "unknown": text(VERSION, 150, "a"),
    "undecodable": text(VERSION, 9, 1, "x"),
    "odd": text(VERSION, 49, 1, "x"),
    "surplus": framed(b"2\x006\x001\x000\x00100\x00new\x00"),
    "oversized": b"\x7f\xff\xff\xff" + bytes(28),
}


class TestManyAtOnce:
    """One read brings many frames, and means what they mean one by one."""

    @given(said=st.lists(st.sampled_from([*MANY]), max_size=12), state=st.sampled_from([S.READY, S.HANDSHAKING]))
    def test_a_read_of_many_tells_what_its_frames_tell(self, said: list[str], state: State) -> None:
        """In the same order, up to the same end; also where the start of the session is among them."""
        start = version_reply(VERSION) + accounts(VERSION) + next_id(VERSION) if state is S.HANDSHAKING else b""
        at_once, one_by_one = client_in(state), client_in(state)
        at_once.receive_data(start + b"".join(MANY[name] for name in said))
        one_by_one.receive_data(start)
        for name in said:
            one_by_one.receive_data(MANY[name])
        assert at_once.events() == one_by_one.events()
        assert seen(at_once) == seen(one_by_one)
        assert (at_once.closed is not None) is ("oversized" in said)

    def test_what_comes_behind_the_end_is_dropped(self) -> None:
        """Whether a length ends it, or a frame that may not be said."""
        client, tws = client_in(S.READY), tws_in(S.READY)
        client.receive_data(TICK * 2 + MANY["oversized"] + TICK)
        tick = TickSize(1, TickType.BID_SIZE, Decimal(100))
        *said, changed, end = client.events()
        assert (said, type(changed), type(end)) == ([tick, tick], StateChanged, ConnectionClosed)
        asked, again = text(VERSION, 49, 1), start_api(VERSION, 3)
        tws.receive_data(asked + again + asked)
        *asks, changed, end = tws.events()
        assert (asks, type(changed), type(end)) == ([CurrentTimeRequest()], StateChanged, ConnectionClosed)

    def test_data_of_one_state_does_not_pass_in_the_next_unasked(self) -> None:
        """What the law lets pass it says for one state."""
        client = client_in(S.AWAITING_NEXT_VALID_ID)
        client.receive_data(TICK)
        assert client._passing == {TickSize}
        client.receive_data(accounts(VERSION) + next_id(VERSION))
        assert client._passing == set()
        client.receive_data(TICK * 2 + next_id(VERSION))
        assert client._passing == {TickSize}


class TestEnds:
    """Every way in which it ends, in every state, once."""

    @pytest.mark.parametrize("make, state", OPEN)
    @pytest.mark.parametrize(
        "end, reason",
        [
            (lambda connection: connection.close("enough"), R.LOCAL),
            (lambda connection: connection.receive_reset("enough"), R.RESET),
            (lambda connection: connection.receive_silence("enough"), R.UNRESPONSIVE),
            (lambda connection: connection.send_failed("enough"), R.SEND_FAILED),
        ],
        ids=["close", "reset", "silence", "send failed"],
    )
    def test_each_end_in_each_state(
        self, make: MakeConnection, state: State, end: Callable[[Connection], None], reason: CloseReason
    ) -> None:
        """The reason, the state in which it happened, and the words that were given."""
        connection = make(state)
        is_refused = reason is R.RESET and make is client_in and state is S.HANDSHAKING
        end(connection)
        assert (connection.state, connection.closed is not None) == (S.CLOSED, True)
        told = connection.events()
        assert told[0] == StateChanged(state, S.CLOSED)
        (closed,) = told[1:]
        assert isinstance(closed, ConnectionClosed)
        assert (closed.reason, closed.state) == (R.REFUSED if is_refused else reason, state)
        assert closed.detail == "enough" or (is_refused and closed.detail.endswith("(enough)"))
        assert connection.wake_at() is None
        for again in (connection.close, connection.receive_eof, connection.receive_reset, connection.send_failed):
            again()
        connection.receive_data(GREETING + version_reply(VERSION))
        connection.wake(1e9)
        assert connection.events() == []
        assert connection.closed == closed

    @pytest.mark.parametrize("make, state", OPEN)
    def test_an_end_of_the_stream_in_each_state(self, make: MakeConnection, state: State) -> None:
        """Before the version a client was refused; later, and for TWS, the peer has gone."""
        connection = make(state)
        connection.receive_eof()
        closed = closed_with(connection)
        refused = connection.side is CLIENT and state is S.HANDSHAKING
        assert (closed.reason, closed.state) == (R.REFUSED if refused else R.EOF, state)
        assert closed.code == (502 if refused else None)

    @pytest.mark.parametrize("make, state", OPEN)
    def test_an_end_inside_a_frame_is_told_apart(self, make: MakeConnection, state: State) -> None:
        """With how many bytes of it had come."""
        connection = make(state)
        connection.receive_data(b"\0\0\0" if state is not S.SOCKET_OPEN else b"API")
        connection.receive_eof()
        closed = closed_with(connection)
        assert (closed.reason, closed.state) == (R.EOF_MID_FRAME, state)
        assert "3 bytes" in closed.detail

    def test_what_came_before_the_end_is_told_first(self) -> None:
        """In order, and the end is last."""
        client = client_in(S.READY)
        client.receive_data(next_id(VERSION, 9) + error(VERSION, 200, "no", 7))
        client.receive_eof()
        told = client.events()
        assert [type(event) for event in told] == [NextValidId, ErrorMessage, StateChanged, ConnectionClosed]

    def test_the_end_is_given_once_one_by_one_too(self) -> None:
        """`next_event` and `events` empty the same box."""
        client = client_in(S.READY)
        client.receive_eof()
        assert isinstance(client.next_event(), StateChanged)
        assert isinstance(client.next_event(), ConnectionClosed)
        assert client.next_event() is None
        assert client.events() == []

    def test_data_after_the_end_is_not_kept(self) -> None:
        """A peer that goes on sending must not fill the memory of who has hung up."""
        client = client_in(S.CLOSED)
        for _ in range(3):
            client.receive_data(bytes(1000))
        assert len(client._buffer) == 0

    def test_after_a_local_close_nothing_is_left_to_send(self) -> None:
        """All writes stop at the end."""
        client = Connection(CLIENT)
        client.opened()
        client.close()
        assert client.data_to_send() == b""

    @pytest.mark.parametrize("make, state", BOTH)
    def test_nobody_sets_what_is_there_to_be_read(self, make: MakeConnection, state: State) -> None:
        """State, side and version are the core's own."""
        connection = make(state)
        for name in ("state", "side", "server_version", "closed", "accounts", "next_valid_id", "connection_time"):
            with pytest.raises(AttributeError):
                setattr(connection, name, None)


def test_two_of_them_back_to_back() -> None:
    """The first test: a client and a TWS, and nothing else, come to READY, talk, and end with one end each."""
    client, tws = Connection(CLIENT, HandshakeOptions(client_id=7)), Connection(TWS)
    client.opened()
    tws.opened()
    tws.receive_data(client.data_to_send())
    tws.accept_version(226, TIME)
    client.receive_data(tws.data_to_send())
    tws.receive_data(client.data_to_send())
    client.receive_data(tws.send(ManagedAccounts(("DU1",))) + tws.send(NextValidId(5)))
    assert (client.state, tws.state) == (S.READY, S.READY)
    assert (client.client_id, tws.client_id, client.server_version, tws.server_version) == (7, 7, 226, 226)
    drain(tws)
    tws.receive_data(client.send(CurrentTimeRequest()))
    assert tws.events() == [CurrentTimeRequest()]
    client.close()
    tws.receive_eof()
    assert closed_with(client).reason is R.LOCAL
    assert closed_with(tws).reason is R.EOF


@pytest.mark.parametrize("detail", [-1, [b""], b"text", {}])
@pytest.mark.parametrize("end", ["connect_failed", "receive_reset", "receive_silence", "send_failed", "close"])
def test_a_detail_that_is_no_text_leaves_no_half_of_an_end(end: str, detail: object) -> None:
    """It is a mistake of ours, and changes nothing: the end can still be told, once."""
    client = client_in(S.DISCONNECTED if end == "connect_failed" else S.READY)
    if detail or end == "connect_failed":
        before = seen(client)
        with pytest.raises(TypeError, match="detail"):
            getattr(client, end)(detail)
        assert seen(client) == before
    getattr(client, end)("told")
    assert closed_with(client).detail == "told"


@pytest.mark.parametrize("version", [176, 226])
def test_many_messages_are_sent_as_each_of_them_is(version: int) -> None:
    time = CurrentTime(datetime(2026, 1, 5, tzinfo=UTC))
    said = [time, ManagedAccounts(("DU1",)), time, NextValidId(9)]
    one_by_one, at_once = tws_in(State.READY, version), tws_in(State.READY, version)
    assert at_once.send_all(said) == b"".join(one_by_one.send(message) for message in said)
    assert at_once.next_valid_id == one_by_one.next_valid_id == 9
    assert at_once.send_all(()) == b""


def test_of_many_messages_with_one_that_cannot_be_said_none_is() -> None:
    tws = tws_in(State.READY)
    with pytest.raises(TypeError):
        tws.send_all([CurrentTime(datetime(2026, 1, 5, tzinfo=UTC)), CurrentTimeRequest()])
    tws.close()
    with pytest.raises(LocalProtocolError):
        tws.send_all([CurrentTime(datetime(2026, 1, 5, tzinfo=UTC))])
