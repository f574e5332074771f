"""Whole handshakes, delivered whole, byte by byte and in random slices, cut at every byte, and damaged.

The bytes are written by hand here, from the facts and from recorded sessions, and not by our own encoder: what TWS says
and what a client has to answer are then two opinions. A `Script` knows what each of its frames is, so the right end for
a cut at any byte can be told without asking the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core import (
    CloseReason,
    Connection,
    ConnectionClosed,
    Event,
    FrameDiscarded,
    HandshakeOptions,
    Notice,
    Ready,
    Side,
    State,
    StateChanged,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.messages import ErrorMessage, ManagedAccounts, NextValidId
from anytws.testing.strategies import mutations_of, slices_of

PROTOBUF_SESSION, FOUR_BYTE_IDS = 213, 201

# --- bytes, by hand ----------------------------------------------------------------------------------------------


def framed(body: bytes) -> bytes:
    """Put the length in front."""
    return len(body).to_bytes(4, "big") + body


def varint(number: int) -> bytes:
    """Write a number as protobuf does."""
    number &= 2**64 - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def proto(message_id: int, **fields: int | bytes) -> bytes:
    """Write a protobuf body; ``f1=…`` is field 1."""
    body = (message_id + 200).to_bytes(4, "big")
    for name, value in fields.items():
        number = int(name[1:])
        if isinstance(value, int):
            body += varint(number << 3) + varint(value)
        else:
            body += varint(number << 3 | 2) + varint(len(value)) + value
    return framed(body)


def text(version: int, message_id: int, *fields: object) -> bytes:
    """Write a text body with the id as that version has it."""
    head = message_id.to_bytes(4, "big") if version >= FOUR_BYTE_IDS else b"%d\0" % message_id
    return framed(head + b"".join(str(field).encode() + b"\0" for field in fields))


def version_reply(version: int, time: bytes = b"20250323 22:21:01 Greenwich Mean Time") -> bytes:
    """Write the reply to the greeting."""
    return framed(b"%d\0%b\0" % (version, time))


def accounts(version: int) -> bytes:
    """Say the accounts, as that version does."""
    return proto(15, f1=b"DU1,DU2") if version >= 207 else text(version, 15, 1, "DU1,DU2")


def next_id(version: int, number: int = 5) -> bytes:
    """Say the next valid id, as that version does."""
    return proto(9, f1=number) if version >= PROTOBUF_SESSION else text(version, 9, 1, number)


def error(version: int, code: int, words: str, request_id: int = -1) -> bytes:
    """Say an error or a notice, as that version does."""
    if version >= PROTOBUF_SESSION:
        return proto(4, f1=request_id, f2=1783641780497, f3=code, f4=words.encode())
    late = [1783641780497] if version >= 194 else []
    head = [] if version >= 194 else [2]
    reject = [""] if version >= 166 else []
    return text(version, 4, *head, request_id, code, words, *reject, *late)


def start_api(version: int, client_id: int = 0) -> bytes:
    """Give what a client has to answer to the version."""
    if version >= PROTOBUF_SESSION:
        return proto(71, f1=client_id)
    return text(version, 71, 2, client_id, "")


GREETING: Final = b"API\0" + framed(b"v157..226")

DEFAULTS: Final = HandshakeOptions()

# --- scripts -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Script:
    """What TWS says in one session, frame by frame, with what each frame is."""

    name: str
    version: int
    frames: tuple[tuple[str, bytes], ...]
    options: HandshakeOptions = DEFAULTS
    ends: CloseReason | None = None
    """The reason with which the connection ends by what is said, if it does."""
    reaches: State = State.READY

    @property
    def data(self) -> bytes:
        """All bytes of TWS."""
        return b"".join(said for _, said in self.frames)

    def whole_before(self, cut: int) -> tuple[list[str], bool]:
        """Give what the frames were that came whole in the first *cut* bytes, and whether a part of one did."""
        kinds: list[str] = []
        end = 0
        for kind, said in self.frames:
            if end + len(said) > cut:
                return kinds, cut > end
            kinds.append(kind)
            end += len(said)
        return kinds, False


NEWS: Final = text(157, 14, 1, 7, 1, "headline", "DJ")
BY_HAND: Final = HandshakeOptions(start_api_by_hand=True)


def scripts_of(version: int) -> Iterable[Script]:
    """Give all scripts at one server version."""
    reply = ("version", version_reply(version))
    mine, number = ("accounts", accounts(version)), ("id", next_id(version))
    farm = [
        ("notice", error(version, code, f"farm connection is OK:{farm}"))
        for code, farm in ((2104, "usfarm"), (2106, "ushmds"), (2158, "secdefnj"))
    ]
    news = ("early", NEWS)
    unknown, broken = ("other", text(version, 199, "what", "ever")), ("other", text(version, 9, 1, "x"))
    ready = (reply, mine, number)
    yield Script(f"{version} accounts, id, farms", version, (*ready, *farm))
    yield Script(f"{version} id, accounts", version, (reply, number, mine, *farm))
    yield Script(f"{version} farms, id, farms, accounts, id", version, (reply, *farm, number, *farm, mine, number))
    yield Script(f"{version} news first", version, (news, ("early", framed(b"")), news, *ready))
    yield Script(f"{version} unknown and broken", version, (reply, unknown, broken, mine, unknown, number, broken))
    yield Script(f"{version} by hand", version, ready, BY_HAND)
    yield Script(f"{version} id without accounts", version, (reply, number), reaches=State.AWAITING_NEXT_VALID_ID)
    yield Script(f"{version} accounts without id", version, (reply, mine), reaches=State.AWAITING_NEXT_VALID_ID)
    in_use = ("326", error(version, 326, "Unable to connect as the client id is already in use"))
    yield Script(f"{version} 326", version, (reply, in_use), reaches=State.AWAITING_NEXT_VALID_ID)
    moved = ("1300", error(version, 1300, "Socket port has been reset: reconnect on the new port - 7498"))
    yield Script(f"{version} 1300", version, (*ready, moved))


def ending(name: str, reply: bytes, reason: CloseReason, low: int = 157, high: int = 226) -> Script:
    """Give a script that ends with the reply to the greeting; what follows is for nobody."""
    after = ("other", next_id(200))
    return Script(
        name,
        0,
        (("early", NEWS), ("end", reply), after),
        HandshakeOptions(minimum_version=low, maximum_version=high),
        reason,
        State.CLOSED,
    )


SCRIPTS: Final = [
    *(script for version in (157, 200, 201, 212, 213, 226) for script in scripts_of(version)),
    ending("redirect", framed(b"-1\0gw.example:4002\0"), CloseReason.REDIRECTED),
    ending("156", version_reply(156), CloseReason.UNSUPPORTED_SERVER_VERSION),
    ending("227", version_reply(227), CloseReason.UNSUPPORTED_SERVER_VERSION),
    ending("176 of 177..226", version_reply(176), CloseReason.UNSUPPORTED_SERVER_VERSION, low=177),
    ending("178 of 157..177", version_reply(178), CloseReason.UNSUPPORTED_SERVER_VERSION, high=177),
    ending("not TWS", b"HTTP/1.1 400 Bad Request\r\n\r\n", CloseReason.PROTOCOL_ERROR),
    ending("a redirect to nowhere", framed(b"-1\0\0"), CloseReason.PROTOCOL_ERROR),
]
each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)


class Player:
    """A client that hears a script; it starts by hand where the script says so."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connection = Connection(Side.CLIENT, script.options)
        self.connection.opened()
        self.events = self.connection.events()
        self.sent = self.connection.data_to_send()

    def hear(self, data: bytes) -> None:
        """Feed *data* and do what an application would."""
        self.connection.receive_data(data)
        waits = self.connection.state is State.HANDSHAKING and self.connection.server_version is not None
        if waits and self.script.options.start_api_by_hand:
            self.connection.start_api()
        self.sent += self.connection.data_to_send()
        self.events += self.connection.events()

    def hear_all(self, slices: Iterable[bytes]) -> Player:
        """Feed all of them."""
        for data in slices:
            self.hear(data)
        return self


def deliveries(script: Script) -> bytes:
    """Give the bytes that are TWS's to send at once.

    A TWS does not speak before START_API: with `by hand`, everything after the version waits for it.
    """
    return script.data[len(script.frames[0][1]) :] if script.options.start_api_by_hand else script.data


def played(script: Script, slices: Callable[[bytes], Iterable[bytes]]) -> Player:
    """Play *script*, sliced."""
    player = Player(script)
    rest = deliveries(script)
    player.hear_all(slices(script.data[: len(script.data) - len(rest)]))
    return player.hear_all(slices(rest))


def whole(data: bytes) -> list[bytes]:
    """Give *data* in one piece."""
    return [data]


def single_bytes(data: bytes) -> list[bytes]:
    """Give *data* byte by byte."""
    return [data[place : place + 1] for place in range(len(data))]


def ends_of(events: list[Event]) -> list[ConnectionClosed]:
    """Give the ends among *events*."""
    return [event for event in events if isinstance(event, ConnectionClosed)]


def told(player: Player) -> list[Event]:
    """Give its events; of bytes that are no frame, an end shows as many as had come, which is the slicing's choice."""
    return [attrs.evolve(event, detail="") if isinstance(event, ConnectionClosed) else event for event in player.events]


# --- whole, byte by byte, in slices ------------------------------------------------------------------------------


TOLD_AS: Final[dict[str, type[object]]] = {
    "version": VersionAgreed,
    "accounts": ManagedAccounts,
    "id": NextValidId,
    "notice": Notice,
    "early": FrameDiscarded,
    "326": ErrorMessage,
    "1300": ErrorMessage,
    "end": ConnectionClosed,
}


@each_script
def test_a_script_tells_what_it_says(script: Script) -> None:
    """Every frame becomes the event that it is, in order, and the states follow."""
    player = played(script, whole)
    assert player.connection.state is script.reaches
    told = [TOLD_AS[kind] for kind, _ in script.frames if kind in TOLD_AS]
    skipped = (StateChanged, Ready, UnknownMessage, UndecodableFrame)
    assert [type(event) for event in player.events if not isinstance(event, skipped)] == told
    others = [event for event in player.events if isinstance(event, (UnknownMessage, UndecodableFrame))]
    expected = [505 if b"ever" in said else 508 for kind, said in script.frames if kind == "other"]
    assert [event.code for event in others] == (expected if script.ends is None else [])
    assert len([event for event in player.events if isinstance(event, Ready)]) == (script.reaches is State.READY)


@each_script
def test_the_client_answers_with_the_bytes_of_the_facts(script: Script) -> None:
    """Greeting, then START_API in the form of the version, and nothing else."""
    player = played(script, whole)
    low, high = script.options.minimum_version, script.options.maximum_version
    greeting = b"API\0" + framed(b"v%d..%d" % (low, high))
    assert player.sent == greeting + (b"" if script.ends else start_api(script.version))


@each_script
def test_byte_by_byte_is_the_same(script: Script) -> None:
    """The same events and the same bytes sent as when delivered whole."""
    at_once, slowly = played(script, whole), played(script, single_bytes)
    assert told(slowly) == told(at_once)
    assert slowly.sent == at_once.sent
    assert slowly.connection.state is at_once.connection.state


@given(script=st.sampled_from(SCRIPTS), data=st.data())
def test_any_slicing_is_the_same(script: Script, data: st.DataObject) -> None:
    """Wherever TCP cuts, and whatever comes together."""
    at_once = played(script, whole)
    sliced = played(script, lambda said: data.draw(slices_of(said)))
    assert told(sliced) == told(at_once)
    assert sliced.sent == at_once.sent


# --- cut at every byte -------------------------------------------------------------------------------------------

EXPLAINED: Final = {"326": CloseReason.CLIENT_ID_IN_USE, "1300": CloseReason.PORT_CHANGED}


def right_end(script: Script, cut: int, plain: CloseReason) -> tuple[CloseReason, State]:
    """Tell how a script ends that is cut after *cut* bytes, and in which state."""
    kinds, torn = script.whole_before(cut)
    if "end" in kinds and script.ends is not None:
        return script.ends, State.HANDSHAKING
    state = State.HANDSHAKING
    if "version" in kinds:
        state = State.READY if {"accounts", "id"} <= {*kinds} else State.AWAITING_NEXT_VALID_ID
    for kind in kinds:
        if kind in EXPLAINED:
            return EXPLAINED[kind], state
    if plain is CloseReason.EOF and torn:
        plain = CloseReason.EOF_MID_FRAME
    if not torn and "version" not in kinds:
        plain = CloseReason.REFUSED
    return plain, state


@each_script
@pytest.mark.parametrize("plain", [CloseReason.EOF, CloseReason.RESET])
def test_cut_at_every_byte_there_is_one_end_with_the_right_reason(script: Script, plain: CloseReason) -> None:
    """By an end of the stream and by a reset; what came whole before is delivered first."""
    first = len(script.data) - len(deliveries(script))
    for cut in range(len(script.data) + 1):
        player = Player(script)
        player.hear(script.data[: min(cut, first)])
        player.hear(script.data[first : max(cut, first)])
        # What is no frame at all ends the connection as soon as its length is there, before its "frame" is whole.
        early = player.connection.closed
        before = list(player.events)
        if plain is CloseReason.EOF:
            player.connection.receive_eof()
        else:
            player.connection.receive_reset("connection reset by peer")
        player.hear(b"")
        ends = ends_of(player.events)
        assert len(ends) == 1
        assert player.events[-1] is ends[0]
        assert player.connection.closed == ends[0]
        assert player.connection.state is State.CLOSED
        assert player.connection.wake_at() is None
        if early is not None and script.ends is not None:
            assert (ends[0].reason, ends[0].state) == (script.ends, State.HANDSHAKING)
            assert player.events == before
        else:
            assert (ends[0].reason, ends[0].state) == right_end(script, cut, plain), cut


@each_script
def test_after_the_end_nothing_more_is_told(script: Script) -> None:
    """Data, ends, time and the application's own close change nothing any more."""
    player = played(script, whole)
    player.connection.receive_eof()
    player.hear(b"")
    closed, told = player.connection.closed, len(player.events)
    calls: list[Callable[[], None]] = [
        lambda: player.hear(script.data),
        player.connection.receive_eof,
        player.connection.receive_reset,
        player.connection.receive_silence,
        player.connection.close,
        player.connection.send_failed,
        lambda: player.connection.wake(1e9),
    ]
    for again in calls:
        again()
        player.hear(b"\0")
        assert len(player.events) == told
        assert player.connection.closed == closed
        assert player.connection.state is State.CLOSED
        assert player.connection.wake_at() is None


def test_1300_names_the_new_port() -> None:
    """At every version, from the text."""
    for script in SCRIPTS:
        if script.name.endswith("1300"):
            player = played(script, whole)
            player.connection.receive_eof()
            closed = player.connection.closed
            assert closed is not None
            assert (closed.reason, closed.code, closed.new_port) == (CloseReason.PORT_CHANGED, 1300, 7498)


def test_a_redirect_names_the_address() -> None:
    """Host and port, as values."""
    script = next(script for script in SCRIPTS if script.name == "redirect")
    closed = played(script, whole).connection.closed
    assert closed is not None
    assert closed.redirect == ("gw.example", 4002)


# --- damaged, and arbitrary --------------------------------------------------------------------------------------


def survives(connection: Connection, slices: Iterable[bytes]) -> None:
    """Feed *slices* and the end of the stream: nothing is raised, and there is one end, the last event."""
    connection.opened()
    for data in slices:
        connection.receive_data(data)
        if connection.side is Side.TWS and connection.state is State.HANDSHAKING and connection.server_version is None:
            connection.accept_version(200, b"20250323 22:21:01 GMT")
        connection.data_to_send()
    connection.receive_eof()
    events = connection.events()
    assert len(ends_of(events)) == 1
    assert isinstance(events[-1], ConnectionClosed)
    assert connection.state is State.CLOSED
    assert connection.wake_at() is None
    assert repr(events)
    assert str(connection.closed)


@given(script=st.sampled_from(SCRIPTS), data=st.data())
def test_a_damaged_session_of_tws_never_raises_in_the_client(script: Script, data: st.DataObject) -> None:
    """Bytes changed, lost, doubled or put in, in any slices."""
    damaged = data.draw(mutations_of(script.data))
    survives(Connection(Side.CLIENT, script.options), data.draw(slices_of(damaged, most=4)))


@pytest.mark.parametrize("side", Side)
@given(data=st.data())
def test_arbitrary_bytes_never_raise(side: Side, data: st.DataObject) -> None:
    """From nothing, after the handshake's words, and after a whole handshake."""
    version = data.draw(st.sampled_from([157, 200, 201, 226]))
    starts = (
        [b"", version_reply(version), version_reply(version) + accounts(version) + next_id(version)]
        if side is Side.CLIENT
        else [b"", b"API\0", GREETING]
    )
    bodies = st.lists(st.binary(max_size=20).map(framed), max_size=5).map(b"".join)
    slices = [data.draw(st.sampled_from(starts)), data.draw(bodies), data.draw(st.binary(max_size=40))]
    survives(Connection(side), slices)


@given(client=st.sampled_from([157, 200, 226]), data=st.data())
def test_a_damaged_session_of_a_client_never_raises_in_tws(client: int, data: st.DataObject) -> None:
    """The other side has enemies too."""
    asked = text(200, 49, 1) + text(200, 17, 1) + text(200, 8, 1, 1) + text(200, 14, 1, 5)
    said = b"API\0" + framed(b"v157..%d" % max(client, 200)) + start_api(200) + asked
    damaged = data.draw(mutations_of(said))
    survives(Connection(Side.TWS), data.draw(slices_of(damaged, most=4)))


@given(version=st.sampled_from([157, 176, 200, 201, 212, 213, 226]), data=st.data())
def test_arbitrary_fields_of_known_messages_never_raise(version: int, data: st.DataObject) -> None:
    """The ids are right, and nothing else is."""
    ids = st.sampled_from([4, 9, 15, 49, 109])
    words = st.sampled_from(["", "-1", "0", "2147483648", "9" * 30, "1e400", "x", "\\ud800", "\\u", "é", "NaN", ","])
    texts = st.builds(lambda number, fields: text(version, number, *fields), ids, st.lists(words, max_size=8))
    values = st.sampled_from([0, 1, -1, 2**31 - 1, 2**63 - 1, -(2**63), b"", b"\xff", b"x", b"1,2"])
    protos = st.builds(
        lambda number, fields: proto(number, **{f"f{place}": value for place, value in fields.items()}),
        ids,
        st.dictionaries(st.integers(1, 5), values),
    )
    said = b"".join(data.draw(st.lists(texts | protos, max_size=6)))
    survives(Connection(Side.CLIENT), [version_reply(version) + said])


@given(time=st.binary(max_size=60))
def test_no_connection_time_keeps_a_connection_from_being_made(time: bytes) -> None:
    """Zones are free text in any encoding; a NUL would be another field."""
    time = time.replace(b"\0", b"?")
    player = Player(SCRIPTS[0])
    player.hear(version_reply(176, time) + accounts(176) + next_id(176))
    assert player.connection.state is State.READY
    assert player.connection.connection_time is not None
    assert player.connection.connection_time.raw == time
