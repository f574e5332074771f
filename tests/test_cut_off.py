"""What is cut off is passed over unread, counted, and nothing else: other ids, other messages, errors and ends come."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import anytws
from anytws.core import CloseReason, Connection, Event, HandshakeOptions, Side, State
from anytws.core.cut_off import MOST_PREFIXES
from anytws.machines import Asked, Mailbox, Streamed
from anytws.machines.conversation import _make_plan
from anytws.machines.conversations import CUT_OFF, DRAIN
from anytws.machines.saying import SAY_AGAIN
from anytws.messages import (
    BarSize,
    CancelMarketData,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    ContractDetails,
    CurrentTimeRequest,
    ErrorMessage,
    ExecutionDetails,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataRequest,
    ManagedAccounts,
    MarketDataRequest,
    MatchingSymbolsRequest,
    Message,
    NextValidId,
    OrderStatus,
    RerouteMarketDataRequest,
    StartApiRequest,
    Stock,
    SymbolSamples,
    TickPrice,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
    ToClient,
    ToTws,
    WshMetaData,
    WshMetaDataRequest,
)
from anytws.simulator import ANSWERS, Answer, World
from anytws.simulator.serve import connect_memory
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.codec import shared_codec
from anytws.wire.conversation import Key
from anytws.wire.frames import frame
from anytws.wire.routing import fronts_of
from anytws.wire.versions import MAX_VERSION, MIN_VERSION
from tests.conversing import CLOCK, Line, number_of
from tests.misbehaving_tws import until
from tests.test_memory import BOUNDS, held
from tests.test_transcripts import accounts, next_id, version_reply

VERSIONS = (MIN_VERSION, 178, 203, MAX_VERSION)
"""All text with ids of two forms, text and protobuf mixed, all protobuf."""
OURS, OTHER = 1_000_000_000, 1_000_000_001
STOCK = Stock("AAPL")
MARKET_DATA = MarketDataRequest(STOCK)


def ready(version: int = MAX_VERSION) -> Connection:
    """Give a client that is ready."""
    client = Connection(Side.CLIENT)
    client.opened()
    client.receive_data(version_reply(version) + accounts(version) + next_id(version))
    client.events()
    assert client.state is State.READY
    return client


def size(number: int, amount: int = 1) -> TickSize:
    """Give a tick."""
    return TickSize(number, TickType.BID_SIZE, Decimal(amount))


def body_of(message: ToClient, version: int = MAX_VERSION) -> bytes:
    """Give the body in which TWS says *message*."""
    return shared_codec(Side.TWS, version).encode(message)


# --- the core ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_cut_off_is_counted_and_not_told(version: int) -> None:
    client = ready(version)
    before = client.take_cut_off()
    said = [size(OURS), size(OTHER), TickSnapshotEnd(OURS), size(OURS, 2), ErrorMessage(OURS, 200, "no")]
    assert client.cut_off(OURS, (TickSize, TickPrice))
    client.receive_data(b"".join([frame(body_of(message, version)) for message in said]))
    assert [type(event) for event in client.events()] == [TickSize, TickSnapshotEnd, ErrorMessage]
    assert client.take_cut_off() == {TickSize: 2}
    assert client.take_cut_off() == before == {}
    client.take_again(OURS, (TickSize,))
    client.receive_data(frame(body_of(size(OURS), version)))
    assert client.events() == [size(OURS)]
    client.cut_off(OURS, (TickSize,))
    client.take_all_again()
    client.receive_data(frame(body_of(size(OURS), version)))
    assert client.events() == [size(OURS)]
    assert client.take_cut_off() == {}


def test_both_forms_are_cut_off_where_both_are_understood() -> None:
    client = ready(203)
    assert client.cut_off(OURS, (TickSize,))
    client.receive_data(frame(body_of(size(OURS), MAX_VERSION)) + frame(body_of(size(OURS), 203)))
    assert client.events() == []
    assert client.take_cut_off() == {TickSize: 2}


def test_what_cannot_be_known_by_its_beginning_is_told_as_it_was() -> None:
    """The rest of what is said in one call is cut off all the same."""
    client = ready()
    assert not client.cut_off(OURS, (OrderStatus, TickSize, ExecutionDetails))
    status = OrderStatus(OURS, "Filled", Decimal(1), Decimal(0), 1.0, 1, 0, 1.0, 0, "", 0.0)
    client.receive_data(frame(body_of(size(OURS))) + frame(body_of(status)))
    assert [type(event) for event in client.events()] == [OrderStatus]
    for number in (7, 0, -1, 2**31 - 1):
        assert not client.cut_off(number, (TickSize,))
        client.take_again(number, (TickSize,))


def test_ids_of_one_connection_have_one_length() -> None:
    """Where they have not, what cannot be looked for is read: no look at each message takes longer for it."""
    client = ready(178)
    assert client.cut_off(OURS, (TickSize,))
    assert not client.cut_off(300_000_000, (TickSize,))
    client.receive_data(b"".join([frame(body_of(size(number), 178)) for number in (OURS, 300_000_000)]))
    assert client.events() == [size(300_000_000)]
    client.take_all_again()
    assert client.cut_off(300_000_000, (TickSize,))


@pytest.mark.parametrize("kind", [ErrorMessage, NextValidId, ManagedAccounts, MarketDataRequest, StartApiRequest])
def test_what_means_something_to_the_connection_is_never_cut_off(kind: type[Message]) -> None:
    client = ready()
    with pytest.raises(TypeError, match=f"{kind.__name__} is no data of the TWS side"):
        client.cut_off(OURS, (TickSize, kind))
    client.receive_data(frame(body_of(size(OURS))))
    assert client.events() == [size(OURS)]


def test_it_is_for_what_is_ready() -> None:
    """In any other state the law has to be asked, and with a new state everything is read again."""
    client = Connection(Side.CLIENT)
    seen = [client.cut_off(OURS, (TickSize,))]
    client.opened()
    seen.append(client.cut_off(OURS, (TickSize,)))
    client.receive_data(version_reply(178))
    seen.append(client.cut_off(OURS, (TickSize,)))
    client.take_again(OURS, (TickSize,))
    client.receive_data(accounts(178) + next_id(178))
    assert client.cut_off(OURS, (TickSize,))
    client.close()
    assert [*seen, client.cut_off(OURS, (TickSize,))] == [False] * 4
    assert not client._cut_off.kinds


def test_a_body_that_could_not_be_read_is_not_seen_when_it_is_cut_off() -> None:
    client = ready(178)
    bad = b"2\x006\x001000000000\x00what?\0"
    client.receive_data(frame(bad))
    assert len(client.events()) == 1
    client.cut_off(OURS, (TickSize,))
    client.receive_data(frame(bad))
    assert client.events() == []
    assert client.take_cut_off() == {TickSize: 1}


def test_a_frame_that_is_too_long_ends_the_connection_all_the_same() -> None:
    client = ready()
    client.cut_off(OURS, (TickSize,))
    client.receive_data(frame(body_of(size(OURS))) + b"\x7f\xff\xff\xff" + body_of(size(OURS)))
    assert client.closed is not None
    assert client.closed.reason is CloseReason.PROTOCOL_ERROR
    assert client.take_cut_off() == {TickSize: 1}


def test_what_came_behind_the_end_is_not_counted() -> None:
    """A TWS whose client starts twice: what ends the connection drops what came behind it, cut off or not."""
    tws, client = Connection(Side.TWS), Connection(Side.CLIENT, HandshakeOptions(client_id=7))
    tws.opened()
    client.opened()
    tws.receive_data(client.data_to_send())
    tws.accept_version(178, CLOCK)
    client.receive_data(tws.data_to_send())
    tws.receive_data(client.data_to_send())
    client.receive_data(tws.send(ManagedAccounts(("DU1",))) + tws.send(NextValidId(1)))
    assert tws.cut_off(OURS, (CancelMarketData,))
    cancel = client.send(CancelMarketData(OURS))
    start = frame(shared_codec(Side.CLIENT, 178).encode(StartApiRequest(7, "")))
    tws.events()
    tws.receive_data(cancel + client.send(CurrentTimeRequest()) + cancel + start + cancel)
    assert type(tws.next_event()) is CurrentTimeRequest
    assert tws.closed is not None
    assert tws.take_cut_off() == {CancelMarketData: 2}


def test_the_oldest_give_way() -> None:
    """What they were for is read again. In protobuf and in text there are two beginnings for one kind and id."""
    client = ready()
    for place in range(MOST_PREFIXES // 2 + 1):
        assert client.cut_off(OURS + place, (TickSize,))
    assert len(client._cut_off.kinds) == MOST_PREFIXES
    client.receive_data(b"".join([frame(body_of(size(OURS + place))) for place in (0, 1, MOST_PREFIXES // 2)]))
    assert client.events() == [size(OURS)]
    assert client.take_cut_off() == {TickSize: 2}


def test_what_is_looked_for_has_its_bound_in_bytes() -> None:
    client = ready(178)

    def fill() -> object:
        for place in range(MOST_PREFIXES + 500):
            client.cut_off(OURS + place, (TickSize,))
        return client

    assert held(fill) <= BOUNDS["core.cut_off.CutOff.kinds"]


# Whatever comes, in whatever pieces


class Said(NamedTuple):
    """One body, and which kind of message it begins like, under which id; None where it is no data of a request."""

    body: bytes
    kind: type[Message] | None
    number: int


KINDS: dict[type[Message], Callable[[int], ToClient]] = {
    TickSize: size,
    TickPrice: lambda number: TickPrice(number, TickType.BID, 1.5, Decimal(1)),
    TickString: lambda number: TickString(number, TickType.LAST_TIMESTAMP, "x"),
    TickSnapshotEnd: TickSnapshotEnd,
    HistoricalData: lambda number: HistoricalData(number, bars=()),
    ContractDataEnd: ContractDataEnd,
}
NUMBERS = (OURS, OTHER, 1_000_000_128, 7)
SELECTED = st.lists(st.sampled_from([*KINDS]), min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def said(draw: st.DrawFn, version: int) -> Said:
    """Draw what TWS may say, in order or not."""
    number = draw(st.sampled_from(NUMBERS))
    what = draw(st.sampled_from(["data", "data", "data", "spoiled", "error", "order", "unknown", "rubbish"]))
    if what in ("data", "spoiled"):
        kind = draw(st.sampled_from([*KINDS]))
        body = body_of(KINDS[kind](number), version)
        if what == "spoiled":
            front = next(each for each in fronts_of(entry_for(kind), version) if body.startswith(each.constant))
            # Behind the id, so that it is still known whose it is.
            length = len(front.with_id(number) or body)
            body = body[:length] + draw(st.binary(max_size=6))
        return Said(body, kind, number)
    if what == "error":
        code = draw(st.sampled_from([200, 300, 2104, 10167]))
        return Said(body_of(ErrorMessage(number, code, "so"), version), None, 0)
    if what == "order":
        status = OrderStatus(number, "Filled", Decimal(1), Decimal(0), 1.0, 1, 0, 1.0, 0, "", 0.0)
        return Said(body_of(status, version), None, 0)
    if what == "unknown":
        return Said((9_999).to_bytes(4, "big") + b"x" if version > 200 else b"150\0x\0", None, 0)
    return Said(b"\xff" + draw(st.binary(max_size=9)), None, 0)


Step = tuple[Any, ...]


@st.composite
def scripts(draw: st.DrawFn) -> tuple[int, list[Step]]:
    """Draw a version, and what is said, cut off and taken again in turn."""
    version = draw(st.sampled_from(VERSIONS))
    speaking = st.tuples(st.just("say"), st.lists(said(version), max_size=8), st.integers(0, 60), st.integers(1, 90))
    ruling = st.tuples(st.sampled_from(["cut_off", "take_again"]), st.sampled_from(NUMBERS), SELECTED)
    return version, draw(st.lists(speaking | ruling | ruling | st.just(("take_all_again",)), max_size=12))


@given(scripts())
def test_nothing_else_is_cut_off_however_it_comes(script: tuple[int, list[Step]]) -> None:
    """Beside a connection that is fed only what is not to be cut off: the same events, in the same order."""
    version, steps = script
    client, other = ready(version), ready(version)
    wanted: set[tuple[type[Message] | None, int]] = set()
    waiting: list[Said] = []
    pending = b""
    for step in steps:
        if step[0] == "say":
            _, bodies, held_back, most = step
            waiting += bodies
            pending += b"".join([frame(each.body) for each in bodies])
            now, pending = pending[: max(0, len(pending) - held_back)], pending[max(0, len(pending) - held_back) :]
            for start in range(0, len(now), most):
                client.receive_data(now[start : start + most])
            cut: Counter[type[Message]] = Counter()
            come, left = [], len(pending)
            for each in reversed(waiting):
                if left <= 0:
                    come.insert(0, each)
                left -= len(each.body) + 4
            waiting = waiting[len(come) :]
            for each in come:
                if each.kind is not None and (each.kind, each.number) in wanted:
                    cut[each.kind] += 1
                else:
                    other.receive_data(frame(each.body))
            assert client.take_cut_off() == cut
            assert client.events() == other.events()
        elif step[0] == "take_all_again":
            client.take_all_again()
            wanted.clear()
        else:
            _, number, kinds = step
            pairs = {(kind, number) for kind in kinds if number >= OURS}
            done = getattr(client, step[0])(number, kinds)
            assert done is (None if step[0] == "take_again" else number >= OURS)
            wanted = wanted | pairs if step[0] == "cut_off" else wanted - pairs
    assert (client.state, client.closed, client.last_error) == (other.state, other.closed, other.last_error)


# --- conversations ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=VERSIONS)
def line(request: pytest.FixtureRequest) -> Line:
    return Line(request.param)


def cut(line: Line) -> int:
    """Give how many messages were passed over unread."""
    return line.session.statistics().cut_off


def details(number: int) -> ContractData:
    """Give an answer of a run."""
    return ContractData(number, STOCK, ContractDetails())


def test_a_stream_that_was_left_is_not_read_any_more(line: Line) -> None:
    """What TWS says until it has read the cancel, and whatever it says after that."""
    stream, other = line.stream(MARKET_DATA), line.stream(MARKET_DATA)
    gone, here = number_of(stream), number_of(other)
    line.say(size(gone), size(here))
    line.leave(stream)
    line.say(size(gone), size(here), TickPrice(gone, TickType.BID, 1.5, Decimal(1)), size(gone, 2))
    line.fail(gone, 300, "cannot find it")
    assert other.take() == [size(here), size(here)]
    assert line.session.statistics().late == {"TickSize": 2, "TickPrice": 1, "ErrorMessage": 1}
    assert cut(line) == 3
    assert line.is_empty() is False
    line.leave(other)
    assert line.is_empty()


def test_an_answer_that_comes_too_late_is_not_read(line: Line) -> None:
    """Five thousand bars, or what could not even be read: it is late, and counted."""
    asked = line.ask(ContractDataRequest(STOCK), timeout=1.0)
    number = number_of(asked)
    line.pass_time(1.0)
    line.say(details(number), details(number), ContractDataEnd(number))
    assert line.session.statistics().late == {"ContractData": 2, "ContractDataEnd": 1}
    assert cut(line) == 2, "an end is read"
    assert line.is_empty()


def test_data_behind_a_failure_are_not_read(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.say(size(number))
    line.fail(number, 354, "not subscribed")
    line.say(size(number))
    assert stream.take() == [size(number)]
    assert cut(line) == 1


def test_what_is_lost_with_the_link_is_not_read(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.say(size(number))
    line.fail(-1, 1101, "data lost")
    line.say(size(number))
    assert (line.session.statistics().late, cut(line)) == ({"TickSize": 1}, 1)


def test_of_two_sayings_the_one_that_was_given_up_is_not_read() -> None:
    line = Line(is_settled=False)
    asked = line.ask(MatchingSymbolsRequest("a"))
    first = number_of(asked)
    line.pass_time(SAY_AGAIN)
    second = number_of(asked)
    line.say(SymbolSamples(second))
    line.say(SymbolSamples(first))
    assert asked.take() == SymbolSamples(second)
    assert (line.session.statistics().late, cut(line)) == ({"SymbolSamples": 1}, 1)


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_what_drains_is_read_since_it_frees_the_slot(version: int) -> None:
    line = Line(version)
    first = line.ask(WshMetaDataRequest(), timeout=1.0)
    line.pass_time(1.0)
    second = line.ask(WshMetaDataRequest(), timeout=5.0)
    line.take()
    line.say(WshMetaData(number_of(first), "{}"))
    assert [type(message) for message in line.take()] == [WshMetaDataRequest]
    line.say(WshMetaData(number_of(second), "{}"))
    assert second.take() == WshMetaData(number_of(second), "{}")
    assert cut(line) == 0
    third = line.ask(WshMetaDataRequest(), timeout=1.0)
    line.pass_time(1.0 + DRAIN)
    line.say(WshMetaData(number_of(third), "{}"))
    assert (cut(line), line.session.statistics().late) == (1, {"WshMetaData": 2})


def test_what_ended_well_is_read_as_before(line: Line) -> None:
    """Nothing more is due, so that nothing is to be looked for: a question costs nothing more than it did."""
    asked = line.ask(MatchingSymbolsRequest("a"))
    line.say(SymbolSamples(number_of(asked)))
    run = line.ask(ContractDataRequest(STOCK))
    line.say(ContractDataEnd(number_of(run)))
    taken_back = Line()
    taken_back.is_writing = False
    taken_back.leave(taken_back.stream(MARKET_DATA))
    for each in (line, taken_back):
        assert not each.session.connection._cut_off.kinds


def test_whoever_listens_to_all_events_is_told_all(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.leave(stream)
    line.say(size(number))
    mailbox = line.session.listen()
    told: list[Any] = mailbox.take()
    # From the question on nothing is kept: what has been cut off is among what is told to be gone.
    assert told[-1].count == 1
    line.say(size(number, 2))
    another = line.stream(MARKET_DATA)
    line.leave(another)
    line.say(size(number_of(another), 3))
    assert mailbox.take() == [size(number, 2), size(number_of(another), 3)]
    assert (cut(line), line.session.statistics().late) == (1, {"TickSize": 3})
    mailbox.close()
    line.say(size(number))
    last = line.stream(MARKET_DATA)
    line.leave(last)
    line.say(size(number_of(last)), size(number))
    assert (cut(line), line.session.statistics().late) == (2, {"TickSize": 6})


def test_one_of_two_listeners_is_enough(line: Line) -> None:
    gone, slow = line.session.listen(), line.session.listen(Mailbox(5))
    gone.close()
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.leave(stream)
    line.say(size(number))
    assert slow.take()[-1] == size(number)
    line.say(*[size(number)] * 6)
    assert slow.has_failed
    other = line.stream(MARKET_DATA)
    line.leave(other)
    line.say(size(number_of(other)))
    assert cut(line) == 1


def test_it_is_looked_for_as_long_as_it_comes_and_a_minute_more(line: Line) -> None:
    """To look costs all that is said a little, and a TWS that has read the cancel says no more of it."""
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.leave(stream)
    kinds = line.session.connection._cut_off.kinds
    for _ in range(3):
        line.pass_time(CUT_OFF - 1)
        line.say(size(number))
    assert cut(line) == 3
    line.pass_time(CUT_OFF)
    assert not kinds
    line.say(size(number))
    assert (cut(line), line.session.statistics().late) == (3, {"TickSize": 4})
    assert line.session.conversations._read_all_at == math.inf
    assert line.session.wake_at() is None, "nobody is woken for that"


def test_a_read_of_nothing_else_brings_nothing_to_anybody(line: Line) -> None:
    """Whoever was about to be too slow after the last read is not after this one, as when it is read and dropped."""
    gone, slow = line.stream(MARKET_DATA), line.stream(MARKET_DATA, mailbox=Mailbox(4))
    line.leave(gone)
    line.say(*[size(number_of(slow))] * 3)
    assert line.session.is_pressed
    line.say(size(number_of(gone)))
    assert cut(line) == 1
    assert not line.session.is_pressed


def test_nothing_is_cut_off_after_the_end(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    line.stream(MARKET_DATA)
    line.session.close(line.now)
    line.leave(stream)
    assert not line.session.connection._cut_off.kinds


def test_only_data_of_requests_with_an_id_is_ever_cut_off() -> None:
    """No end, no error, no news of an order; and no kind of message that is given to anybody for want of an id."""
    shared: set[type[Message]] = set()
    found: set[type[Message]] = set()
    for entry in CATALOGUE:
        row = entry.conversation
        for variant in (None, *range(len(row.variants))) if row is not None else ():
            assert row is not None
            plan = _make_plan(row, variant, False, False)
            if row.key is Key.REQUEST_ID:
                assert plan.end not in plan.cut_off
                found |= {*plan.cut_off}
            else:
                shared |= {*plan.heard}
    assert not found & shared
    assert RerouteMarketDataRequest not in found
    known = {kind for kind in found if fronts_of(entry_for(kind), MAX_VERSION)}
    # Executions are those of orders too, which have the same message: they are read.
    assert found - known == {ExecutionDetails, *_only_in_text(found)}
    assert ErrorMessage not in found
    assert {entry_for(kind).said_by for kind in found} == {Side.TWS}


def _only_in_text(kinds: set[type[Message]]) -> Iterator[type[Message]]:
    return (kind for kind in kinds if entry_for(kind).protobuf_since is None and not fronts_of(entry_for(kind), 226))


async def test_a_tws_that_keeps_ticking_after_the_cancel_is_not_read(anyio_backend: object) -> None:
    """Through the whole of it, over a byte stream: counted, and nobody woken; and who listens then is told all."""
    world = World(answers={**ANSWERS, MarketDataRequest: Answer(lambda _client, _request: ())})
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        async with tws.stream(MARKET_DATA) as stream:
            number: Any = stream.request.request_id
            world.links[0].say(size(number))
            assert await anext(stream) == size(number)
        for amount in range(7):
            world.links[0].say(size(number, amount))
        await until(lambda: tws.statistics().late.get("TickSize") == 7)
        assert tws.statistics().cut_off == 7
        events = tws.events()
        world.links[0].say(size(number, 8))
        async for event in events:
            if event == size(number, 8):
                break
        assert tws.statistics().cut_off == 7
        assert tws.statistics().late["TickSize"] == 8


# A session that cuts off beside one that reads all

BARS = HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1)


class Twins:
    """Two lines to which the same happens. One of them reads whatever comes, as if somebody listened."""

    def __init__(self, version: int, is_settled: bool) -> None:
        self.lines = [Line(version, is_settled=is_settled) for _ in range(2)]
        self.lines[1].session.conversations.is_overheard = True
        self.held: list[list[Asked[Any] | Streamed[Any]]] = [[], []]

    def do(self, step: Step) -> None:
        """Do *step* on both, and see that nobody could tell one from the other."""
        for line, theirs in zip(self.lines, self.held, strict=True):
            self._do_on(line, theirs, step)
        left, right = (self._seen(*pair) for pair in zip(self.lines, self.held, strict=True))
        assert left == right
        assert cut(self.lines[1]) == 0

    def _do_on(self, line: Line, held: list[Any], step: Step) -> None:
        match step:
            case ("stream", capacity, when_full):
                held.append(line.stream(MARKET_DATA, mailbox=Mailbox(capacity, when_full)))
            case ("ask", request):
                held.append(line.ask(request, timeout=4.0))
            case ("time", seconds):
                line.pass_time(seconds)
            case ("lost",):
                line.fail(-1, 1101, "data lost")
            case ("leave", place) if held:
                line.leave(held[place % len(held)])
            case ("say", sayings) if held:
                line.say(*[message for saying in sayings for message in self._message(held, saying)])

    def _message(self, held: list[Any], saying: tuple[Any, ...]) -> Iterator[ToClient]:
        place, choice, is_other, is_first, times = saying
        about = held[place % len(held)]
        makers = ANYTHING if is_other else DATA[type(about.request)]
        # The first of the two ids of what was said twice is the one before, if it is not another's.
        number = number_of(about) - (1 if is_first else 0)
        yield from [makers[choice % len(makers)](number)] * times

    def _seen(self, line: Line, held: list[Any]) -> tuple[Any, ...]:
        session = line.session
        statistics = session.statistics()
        return (
            [held.index(each) for each in session.news() if each in held],
            [_taken(each) for each in held],
            [each.is_over for each in held],
            [(type(message), getattr(message, "request_id", None)) for message in line.take()],
            (statistics.late, statistics.open_conversations, statistics.unsent_messages, session.is_pressed),
            (session.wake_at(), session.state, line.is_empty(), session.connection.last_error),
        )


def _taken(held: Asked[Any] | Streamed[Any]) -> tuple[Any, ...]:
    if isinstance(held, Streamed):
        statistics = held.statistics()
        if statistics.waiting < 6 and not held.is_over:
            return ("waits", statistics)
    try:
        return ("given", held.take())
    except Exception as failure:
        return (type(failure), str(failure))


DATA: dict[type[ToTws], list[Callable[[int], ToClient]]] = {
    MarketDataRequest: [size, KINDS[TickPrice], KINDS[TickString]],
    HistoricalDataRequest: [lambda number: HistoricalData(number, bars=())],
    ContractDataRequest: [details],
    MatchingSymbolsRequest: [SymbolSamples],
    WshMetaDataRequest: [lambda number: WshMetaData(number, "{}")],
}
ANYTHING: list[Callable[[int], ToClient]] = [
    size,
    details,
    HistoricalDataEnd,
    ContractDataEnd,
    SymbolSamples,
    TickSnapshotEnd,
    lambda number: RerouteMarketDataRequest(number, 1, "X"),
    lambda number: ErrorMessage(number, 300, "not found"),
    lambda number: ErrorMessage(number, 354, "not subscribed"),
    lambda number: ErrorMessage(number, 10167, "delayed"),
    lambda number: ErrorMessage(number, 162, "cancelled"),
]
REQUESTS = [BARS, ContractDataRequest(STOCK), MatchingSymbolsRequest("a"), WshMetaDataRequest()]
SMALL = st.integers(0, 9)
SAYINGS = st.tuples(SMALL, SMALL, st.booleans(), st.booleans(), st.sampled_from([1, 1, 2, 8]))
SPEAKING = st.tuples(st.just("say"), st.lists(SAYINGS, min_size=1, max_size=4))
OPENING = st.tuples(st.just("stream"), st.sampled_from([10, 1000]), st.sampled_from(["fail", "drop_oldest"]))
STEPS = st.one_of(
    OPENING,
    SPEAKING,
    SPEAKING,
    SPEAKING,
    st.tuples(st.just("ask"), st.sampled_from(REQUESTS)),
    st.tuples(st.just("leave"), SMALL),
    st.tuples(st.just("time"), st.sampled_from([0.5, 3.0, 5.0, 11.0, 70.0])),
    st.just(("lost",)),
)


@given(st.sampled_from([200, MAX_VERSION]), st.booleans(), st.lists(STEPS, min_size=5, max_size=30))
def test_nobody_could_tell_that_something_is_cut_off(version: int, is_settled: bool, steps: list[Step]) -> None:
    """Not callers, not TWS, not the clock; and who listens from now on is told of as many events that are gone."""
    twins = Twins(version, is_settled)
    # One that is gone already, of which most of the rest is said.
    for step in [("stream", 1000, "fail"), ("say", [(0, 0, False, False, 1)]), ("leave", 0), *steps]:
        twins.do(step)
    told: list[list[Event | Any]] = [line.session.listen().take() for line in twins.lines]
    assert told[0] == told[1]
