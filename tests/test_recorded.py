"""Frames recorded from real TWS and Gateway sessions: they mean what they are known to mean, and we write the same.

They are in ``tests/data/session_frames.jsonl``; where each comes from stands there, and what the columns are in the
README beside it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from anytws.core.connection import Connection
from anytws.core.events import Event, Notice, VersionAgreed
from anytws.core.state import State
from anytws.errors import DecodeError
from anytws.messages.base import Message, Side
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    StartApiRequest,
)
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.handshake import VersionReply, read_reply, write_version_reply
from anytws.wire.tables.session import SESSION

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DATA: Final = Path(__file__).parent / "data" / "session_frames.jsonl"

CUT_SHORT: Final = {
    "out-71-173-1": "optional_capabilities",
}
"""Frames that lost a field where they were written down, and which one: the source dropped a trailing empty text.

The list may only shrink: a frame that can be read has to leave it.
"""

NOT_CANONICAL: Final[frozenset[str]] = frozenset()
"""Frames that mean what we read but that we write otherwise. The list may only shrink, too."""


@attrs.frozen
class Recorded:
    """One line of the data."""

    name: str
    said_by: Side
    version: int
    body: bytes
    expected: list[Any]

    @classmethod
    def of_line(cls, line: dict[str, Any]) -> Recorded:
        return cls(
            line["vector"],
            Side.TWS if line["direction"] == "in" else Side.CLIENT,
            line.get("read_at", line["server_version"]),
            bytes.fromhex(line["raw_hex"]),
            line["expected"],
        )


RECORDED: Final = [Recorded.of_line(json.loads(line)) for line in DATA.read_text("utf-8").splitlines()]
REPLIES: Final = [recorded for recorded in RECORDED if recorded.expected[0] == "versionReply"]
MESSAGES: Final = [recorded for recorded in RECORDED if recorded not in REPLIES and recorded.name not in CUT_SHORT]


def meaning(expected: list[Any]) -> Message:
    """Give the message that a frame is known to mean. Whatever tells it, tells it in the vendor's words."""
    match expected:
        case ["managedAccounts", accounts]:
            return ManagedAccounts(tuple(accounts.split(",")))
        case ["nextValidId", order_id]:
            return NextValidId(order_id)
        case ["currentTime", seconds]:
            return CurrentTime(EPOCH + timedelta(seconds=seconds))
        case ["currentTimeInMillis", milliseconds]:
            return CurrentTimeInMillis(EPOCH + timedelta(milliseconds=milliseconds))
        case ["error", request_id, milliseconds, code, text, reject]:
            time = EPOCH + timedelta(milliseconds=milliseconds) if milliseconds else None
            return ErrorMessage(None if request_id == -1 else request_id, code, text, reject or None, time)
        case ["startApi", {"clientId": client_id}]:
            return StartApiRequest(client_id)
    requests = {
        "reqManagedAccts": ManagedAccountsRequest(),
        "reqCurrentTime": CurrentTimeRequest(),
        "reqCurrentTimeInMillis": CurrentTimeInMillisRequest(),
    }
    return requests[expected[0]]


def named(recorded: Recorded) -> str:
    return recorded.name


def handshaken(version: int) -> tuple[Connection, Connection]:
    """Give a client and a TWS that have agreed on *version* and said nothing else; START_API has not arrived."""
    client, tws = Connection(Side.CLIENT), Connection(Side.TWS)
    for end in (client, tws):
        end.opened()
    tws.receive_data(client.data_to_send())
    tws.accept_version(version, b"20260105 14:30:00 GMT")
    client.receive_data(tws.data_to_send())
    for end in (client, tws):
        end.events()
    return client, tws


def ready(version: int) -> tuple[Connection, Connection]:
    """Give the two when both are ready."""
    client, tws = handshaken(version)
    tws.receive_data(client.data_to_send())
    client.receive_data(tws.send(ManagedAccounts(("DU1234567",))) + tws.send(NextValidId(1)))
    for end in (client, tws):
        assert end.state is State.READY
        end.events()
    return client, tws


def as_message(event: Event | None) -> Event | None:
    return event.message if isinstance(event, Notice) else event


def test_the_session_is_covered() -> None:
    """Nothing recorded is there for two requests: nobody who recorded a session has sent them."""
    entries = {type(meaning(recorded.expected)) for recorded in MESSAGES}
    assert {entry.name for entry in SESSION if entry.cls not in entries} <= {"IdsRequest", "SetServerLogLevelRequest"}


@pytest.mark.parametrize("recorded", REPLIES, ids=named)
def test_a_version_reply_is_read_and_written(recorded: Recorded) -> None:
    _, version, time = recorded.expected
    assert version == recorded.version
    reply = read_reply(recorded.body)
    assert reply == VersionReply(version, time.encode())
    assert write_version_reply(reply) == frame(recorded.body)


@pytest.mark.parametrize("recorded", REPLIES, ids=named)
def test_a_version_reply_is_taken_by_a_connection(recorded: Recorded) -> None:
    _, version, time = recorded.expected
    client = Connection(Side.CLIENT)
    client.opened()
    client.events()
    client.receive_data(frame(recorded.body))
    agreed, _ = client.events()
    assert isinstance(agreed, VersionAgreed)
    assert (agreed.server_version, agreed.connection_time.raw) == (version, time.encode())
    assert agreed.connection_time.local == datetime.strptime(time[:17], "%Y%m%d %H:%M:%S")  # noqa: DTZ007
    assert client.state is State.AWAITING_NEXT_VALID_ID


@pytest.mark.parametrize("recorded", MESSAGES, ids=named)
def test_a_frame_is_read_by_the_codec(recorded: Recorded) -> None:
    assert Codec(recorded.said_by.peer, recorded.version).decode(recorded.body) == meaning(recorded.expected)


@pytest.mark.parametrize("recorded", MESSAGES, ids=named)
def test_a_frame_is_written_by_the_codec(recorded: Recorded) -> None:
    written = Codec(recorded.said_by, recorded.version).encode(meaning(recorded.expected))
    assert (written != recorded.body) == (recorded.name in NOT_CANONICAL)


@pytest.mark.parametrize("recorded", [it for it in MESSAGES if it.said_by is Side.TWS], ids=named)
def test_what_tws_said_arrives_through_a_connection(recorded: Recorded) -> None:
    starting, _ = handshaken(recorded.version)
    starting.receive_data(frame(recorded.body))
    assert as_message(starting.next_event()) == meaning(recorded.expected)

    client, _ = ready(recorded.version)
    client.receive_data(frame(recorded.body))
    assert [as_message(event) for event in client.events()] == [meaning(recorded.expected)]
    assert client.state is State.READY


@pytest.mark.parametrize("recorded", [it for it in MESSAGES if it.said_by is Side.CLIENT], ids=named)
def test_what_a_client_said_arrives_through_a_connection(recorded: Recorded) -> None:
    message = meaning(recorded.expected)
    _, tws = handshaken(recorded.version) if isinstance(message, StartApiRequest) else ready(recorded.version)
    tws.receive_data(frame(recorded.body))
    assert tws.next_event() == message
    assert tws.closed is None


@pytest.mark.parametrize("recorded", [it for it in RECORDED if it.name in CUT_SHORT], ids=named)
def test_a_frame_that_lost_a_field_is_told_by_that_field(recorded: Recorded) -> None:
    with pytest.raises(DecodeError) as problem:
        Codec(recorded.said_by.peer, recorded.version).decode(recorded.body)
    assert (problem.value.message, problem.value.field) == (
        type(meaning(recorded.expected)).__name__,
        CUT_SHORT[recorded.name],
    )
