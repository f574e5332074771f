"""Intents and relays without the IO: what a reader sees, whatever comes when; and what an end means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import (
    ConnectionClosed,
    DataLost,
    DecodeError,
    Dropped,
    Gap,
    Quote,
    RequestFailed,
    RequestTimedOut,
    Resumed,
)
from anytws import messages as m
from anytws.core.events import CloseReason
from anytws.core.remembered import weigh
from anytws.core.state import State
from anytws.errors import SlowConsumer
from anytws.machines.accounts import PositionsPainter
from anytws.machines.conversation import Streamed
from anytws.machines.kept import (
    MOST_DOUBTED,
    MOST_HELD,
    SILENT_SECONDS,
    End,
    Intent,
    Relay,
    again,
    end_of,
    is_lost_with_link,
    not_fetched_of,
    resumed_for,
)
from anytws.machines.mailbox import Mailbox
from anytws.machines.outages import MOST_OUTAGES
from anytws.machines.pictures import Pictures
from anytws.machines.quoting import Quoting
from anytws.machines.watching import Watching
from tests.every_verb import APPLE

NOON = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
TICKS = m.TickByTickRequest(APPLE, m.TickByTickType.LAST, 10)
CLOSED = ConnectionClosed(CloseReason.EOF, State.READY)


def gap_of(number: int) -> Gap:
    """Give the outage of that number."""
    return Gap(NOON + timedelta(hours=number), f"outage {number}")


# --- what a reader sees, whatever comes when -----------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("data"), st.integers(1, 4)),
        st.tuples(st.just("read"), st.integers(1, 5)),
        st.tuples(st.just("cut"), st.just(0)),
        st.tuples(st.just("back"), st.just(0)),
    ),
    max_size=40,
)


class Line:
    """One stream through connections that come and go; a reader that takes some now and then."""

    def __init__(self, mailbox: Mailbox[Any]) -> None:
        self.mailbox = mailbox
        self.said: list[Any] = []
        """All that a reader has to be told, in its order."""
        self.read: list[Any] = []
        self.data = 0
        self.outages = 0
        self.old: list[Relay] = []
        self.relay: Relay | None = self._open()

    def _open(self) -> Relay:
        return Relay(self.mailbox, lambda end: not isinstance(end, ConnectionClosed), is_first=not self.said)

    def step(self, what: str, count: int) -> None:
        """Have that happen."""
        if what == "data" and self.relay is not None:
            items = [*range(self.data, self.data + count)]
            self.data += count
            self.relay.extend(items)
            self.said += items
        elif what == "cut" and self.relay is not None:
            gap = gap_of(self.outages)
            self.outages += 1
            self.relay.finish(CLOSED)
            self.relay.shut()
            self.old.append(self.relay)
            self.relay = None
            self.mailbox.lose(gap)
            self.said.append(gap)
        elif what == "back" and self.relay is None:
            self.relay = self._open()
            resumed = Resumed(gap_of(self.outages - 1), NOON)
            self.mailbox.resume(resumed)
            self.said.append(resumed)
        elif what == "read":
            self.take(count)
        for relay in self.old:
            # What is of an older connection reaches nobody.
            relay.extend(["old"])
            relay.finish(DecodeError("a", "b", "c", "d"))

    def take(self, most: int) -> None:
        """Read so many, as `anytws.runtime.stream.Reader` does."""
        for _ in range(most):
            if not self.mailbox.hand and not self.mailbox.refill():
                return
            self.read.append(self.mailbox.hand.pop())


@settings(max_examples=150)
@given(STEPS)
def test_data_in_order_and_each_gap_once_in_its_place(steps: list[tuple[str, int]]) -> None:
    line = Line(Mailbox())
    for what, count in steps:
        line.step(what, count)
    line.take(10_000)
    assert line.read == line.said


@settings(max_examples=300)
@given(STEPS, st.integers(1, 5))
def test_what_is_dropped_is_counted_in_its_place_and_no_gap_is_dropped(
    steps: list[tuple[str, int]], capacity: int
) -> None:
    line = Line(Mailbox(capacity, "drop_oldest"))
    for what, count in steps:
        line.step(what, count)
        waiting = line.mailbox.statistics().waiting
        assert waiting <= capacity
    line.take(10_000)
    said = iter(line.said)
    for item in line.read:
        if isinstance(item, Dropped):
            assert all(isinstance(next(said), int) for _ in range(item.count)), "data alone, and those in its place"
        else:
            assert next(said) == item
    assert next(said, None) is None


@settings(max_examples=150)
@given(STEPS, st.integers(1, 5))
def test_nobody_is_too_slow_by_gaps(steps: list[tuple[str, int]], capacity: int) -> None:
    line = Line(Mailbox(capacity))
    unread: list[Any] = []
    for what, count in steps:
        if what == "read":
            before = len(line.read)
            line.step(what, count)
            del unread[: len(line.read) - before]
            continue
        before = len(line.said)
        line.step(what, count)
        unread += line.said[before:]
        if sum(isinstance(item, int) for item in unread) > capacity:
            assert line.mailbox.has_failed
            with pytest.raises(SlowConsumer):
                line.mailbox.take()
            return
        assert not line.mailbox.has_failed


# --- what an end means ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end, known, unknown",
    [
        (CLOSED, End.CUT, End.CUT),
        (DataLost(TICKS), End.LOST, End.LOST),
        (RequestFailed(1100, "no link", TICKS), End.AGAIN, End.AGAIN),
        (RequestFailed(10182, "disconnected", TICKS), End.AGAIN, End.OVER),
        (RequestFailed(10190, "no place", TICKS), End.AGAIN, End.OVER),
        (RequestFailed(200, "no such contract", TICKS, link_was_down=True), End.AGAIN, End.OVER),
        (RequestFailed(200, "no such contract", TICKS), End.AGAIN, End.OVER),
        (RequestFailed(354, "not subscribed", TICKS), End.OVER, End.OVER),
        (RequestTimedOut(TICKS, 1.0, True, (), ""), End.AGAIN, End.OVER),
        (DecodeError("a", "b", "c", "d"), End.OVER, End.OVER),
        (None, End.OVER, End.OVER),
    ],
    ids=str,
)
def test_what_an_end_means(end: Exception | None, known: End, unknown: End) -> None:
    assert end_of(end, is_known=True) is known
    assert end_of(end, is_known=False) is unknown


def test_that_there_is_no_such_contract_is_doubted_for_a_while() -> None:
    end = RequestFailed(200, "no such contract", TICKS)
    assert end_of(end, is_known=True, doubted=MOST_DOUBTED - 1) is End.AGAIN
    assert end_of(end, is_known=True, doubted=MOST_DOUBTED) is End.OVER
    while_down = RequestFailed(200, "no such contract", TICKS, link_was_down=True)
    assert end_of(while_down, is_known=True, doubted=MOST_DOUBTED) is End.AGAIN


def test_what_is_said_a_second_time() -> None:
    assert again(TICKS) == m.TickByTickRequest(APPLE, m.TickByTickType.LAST)
    assert again(m.NewsBulletinsRequest(all_messages=True)) == m.NewsBulletinsRequest()
    for request in (m.PositionsRequest(), m.NewsBulletinsRequest(), again(TICKS)):
        assert again(request) is request


def test_what_is_not_asked_for_is_said() -> None:
    resumed = Resumed(gap_of(0), NOON, (), "orders: no answer")
    assert "tws.historical.ticks" in not_fetched_of(TICKS)
    assert resumed_for(TICKS, resumed).not_fetched == f"orders: no answer; {not_fetched_of(TICKS)}"
    assert resumed_for(m.PositionsRequest(), resumed) is resumed


def test_silence_is_bounded_for_all_that_tws_loses_with_its_link() -> None:
    kinds = [m.MarketDataRequest, m.MarketDepthRequest, m.TickByTickRequest, m.RealTimeBarsRequest, m.PnLRequest,
             m.PnLSingleRequest, m.HistoricalDataRequest, m.ScannerSubscriptionRequest]  # fmt: skip
    assert {kind.__name__ for kind in kinds} == {*SILENT_SECONDS}
    assert is_lost_with_link(TICKS)
    assert not is_lost_with_link(m.PositionsRequest())


# --- the relay -----------------------------------------------------------------------------------------------------


def relay_to(mailbox: Mailbox[Any], ended: Callable[[Exception | None], bool] = lambda _: True) -> Relay:
    """Give a relay behind a gap."""
    return Relay(mailbox, ended, is_first=False)


def test_what_is_held_back_comes_behind_the_word_that_it_goes_on() -> None:
    mailbox: Mailbox[Any] = Mailbox()
    relay = relay_to(mailbox)
    mailbox.lose(gap_of(0))
    relay.hold()
    relay.preload([1])
    relay.extend([2])
    assert (mailbox.take(), relay.wants_newest, relay.has_heard) == ([gap_of(0)], False, True)
    resumed = Resumed(gap_of(0), NOON)
    mailbox.resume(resumed)
    relay.release()
    relay.extend([3])
    assert mailbox.take() == [resumed, 1, 2, 3]


def test_what_is_held_back_is_bounded_and_counted() -> None:
    mailbox: Mailbox[Any] = Mailbox()
    relay = relay_to(mailbox)
    relay.hold()
    for number in range(3 * MOST_HELD):
        relay.extend([number])
    relay.release()
    first, *rest = mailbox.take()
    assert isinstance(first, Dropped)
    assert first.count + len(rest) == 3 * MOST_HELD
    assert rest[-1] == 3 * MOST_HELD - 1


def test_a_relay_tells_of_the_end_if_it_is_the_readers() -> None:
    mailbox: Mailbox[Any] = Mailbox()
    relay = relay_to(mailbox, lambda _: False)
    relay.finish(CLOSED)
    relay.finish(CLOSED)
    assert (mailbox.is_finished, relay.is_over, relay.failure, relay.has_ended) == (False, True, CLOSED, True)
    failure = RequestFailed(200, "none", TICKS)
    relay = relay_to(mailbox)
    relay.hold()
    relay.extend([1])
    relay.finish(failure)
    assert mailbox.take() == [1]
    assert mailbox.failure is failure


def test_a_relay_is_as_slow_as_its_reader() -> None:
    mailbox: Mailbox[Any] = Mailbox(2)
    relay = Relay(mailbox, lambda _: True)
    relay.preload([0])
    relay.extend([1, 2])
    assert (relay.is_pressed, relay.has_failed, relay.statistics().waiting) == (True, False, 3)
    relay.extend([3])
    assert (relay.has_failed, relay.has_ended) == (True, True)
    assert isinstance(relay.failure, SlowConsumer)


def test_an_intent_has_the_request_of_now() -> None:
    intent = Intent(TICKS, 5.0, Mailbox())
    assert (intent.request, intent.waiting, intent.was_sent, intent.is_open) == (TICKS, None, False, False)
    intent.relay = Relay(intent.mailbox, lambda _: True)
    opened: Streamed[Any] = Streamed(
        m.TickByTickRequest(APPLE, m.TickByTickType.LAST, request_id=7), None, None, intent.relay
    )
    intent.note_opened(opened)
    assert (intent.request, intent.opened, intent.is_known) == (opened.request, opened, False)
    intent.relay.extend([Decimal(1)])
    assert intent.is_known
    assert intent.shut() is opened
    assert (intent.request, intent.opened, intent.shut()) == (TICKS, None, None)
    # It was cut before it was open: nothing is noted but that it was tried.
    intent.note_opened(opened)
    assert (intent.opened, intent.is_known) == (None, True)


# --- what is told as a whole value ---------------------------------------------------------------------------------

POSITIONS = m.PositionsRequest()
OWN, ALL, BACK = Gap(NOON, "its own"), gap_of(0), NOON + timedelta(minutes=5)


def position(symbol: str, size: int) -> m.Position:
    """Give a position."""
    return m.Position("DU1", m.Contract(symbol=symbol), Decimal(size), 9.0)


def pictures() -> Any:
    """Give what waits for who follows positions."""
    return Pictures(PositionsPainter(m.Position), POSITIONS)


def test_a_picture_that_was_never_whole_is_not_shown() -> None:
    mailbox = pictures()
    mailbox.extend([position("A", 1)])
    mailbox.lose(ALL)
    assert mailbox.take() == []
    mailbox.resume(Resumed(ALL, BACK))
    mailbox.extend([position("B", 1)])
    assert (mailbox.take(), mailbox.gap) == ([], ALL)
    mailbox.extend([m.PositionEnd()])
    (picture,) = mailbox.take()
    assert (picture.held, picture.resumed, picture.gap, mailbox.gap) == (
        (position("B", 1),), Resumed(ALL, BACK), None, None,
    )  # fmt: skip


def test_a_cut_while_all_is_said_anew_is_the_same_gap() -> None:
    mailbox = pictures()
    mailbox.extend([position("A", 1), position("B", 2), m.PositionEnd()])
    mailbox.take()
    mailbox.lose(ALL)
    (old,) = mailbox.take()
    mailbox.resume(Resumed(ALL, NOON))
    mailbox.extend([position("A", 3)])
    mailbox.lose(gap_of(1))
    assert mailbox.take() == [], "it is told once"
    mailbox.resume(Resumed(gap_of(1), BACK))
    mailbox.extend([position("B", 2), m.PositionEnd()])
    (picture,) = mailbox.take()
    assert old.held == (position("A", 1), position("B", 2))
    assert (picture.held, picture.changed, picture.resumed) == ((position("B", 2),), (), Resumed(ALL, BACK))


def test_what_changed_and_was_not_read_before_a_gap_is_told_behind_it() -> None:
    mailbox = pictures()
    mailbox.extend([position("A", 1), m.PositionEnd()])
    mailbox.take()
    mailbox.extend([position("A", 2)])
    mailbox.lose(ALL)
    mailbox.resume(Resumed(ALL, BACK))
    mailbox.extend([position("A", 2), m.PositionEnd()])
    (picture,) = mailbox.take()
    assert (picture.changed, picture.resumed) == ((position("A", 2),), Resumed(ALL, BACK))
    mailbox.extend([position("A", 3)])
    mailbox.extend([position("A", 4)])
    (picture,) = mailbox.take()
    assert (picture.changed, picture.resumed) == ((position("A", 4),), None)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 3)), max_size=12), st.data())
def test_a_picture_behind_a_gap_is_what_tws_says_behind_it(said: list[tuple[str, int]], data: st.DataObject) -> None:
    mailbox, fresh = pictures(), pictures()
    mailbox.extend([*[position(*each) for each in said], m.PositionEnd()])
    if data.draw(st.booleans()):
        mailbox.take()
    mailbox.lose(ALL)
    mailbox.resume(Resumed(ALL, BACK))
    again_said = [position(*each) for each in data.draw(st.lists(st.sampled_from([("A", 1), ("B", 2), ("C", 0)])))]
    for each in (mailbox, fresh):
        each.extend([*again_said, m.PositionEnd()])
    (got,), (wanted,) = mailbox.take(), fresh.take()
    assert (got.held, got.gap, got.resumed) == (wanted.held, None, Resumed(ALL, BACK))
    assert mailbox._painter.rows.weight == fresh._painter.rows.weight + sum(weigh(row) for row in got.changed) - sum(
        weigh(row) for row in wanted.changed
    )


def price(bid: float) -> m.TickPrice:
    """Give a tick."""
    return m.TickPrice(1, m.TickType.BID, bid, Decimal(1))


def watched_of(names: str) -> tuple[Any, list[Any]]:
    """Watch some, with a quote of each waiting; give what waits for the reader, and the mailbox of each."""
    watching: Watching[str, Quote] = Watching()
    for name in names:
        watching.add(name, m.MarketDataRequest(APPLE), Quoting())
    lines = [line for line, _ in watching.take_wishes()]
    for line in lines:
        line.extend([price(10.0)])
    return watching, lines


def test_one_contract_may_be_in_a_gap_alone() -> None:
    watching, (a, b) = watched_of("ab")
    a.lose(OWN, alone=True)
    assert [(each.contract, each.item) for each in watching.take() if isinstance(each.item, Gap)] == [("a", OWN)]
    for line in (a, b):
        line.lose(ALL)
    resumed = Resumed(ALL, BACK)
    for line in (b, a):
        line.resume(resumed)
        line.extend([price(11.0)])
    told = watching.take()
    assert [(each.contract, type(each.item).__name__) for each in told] == [
        (None, "Gap"), (None, "Resumed"), ("a", "Resumed"), ("b", "Quote"),
    ]  # fmt: skip
    assert told[2].item == Resumed(OWN, BACK)
    assert [(each.contract, each.item.bid) for each in watching.take()] == [("a", 11.0)]


def test_no_quote_of_before_the_gap_comes_behind_it() -> None:
    watching, lines = watched_of("abc")
    assert watching.refill()
    lines[2].finish(RequestFailed(200, "none", TICKS))
    for line in lines:
        line.lose(ALL)
    told = watching.take()
    assert [(each.contract, type(each.item).__name__) for each in told] == [(None, "Gap"), ("c", "RequestFailed")]


def test_who_watches_and_never_reads_keeps_a_bounded_number_of_outages() -> None:
    watching, lines = watched_of("a")
    for number in range(3 * MOST_OUTAGES):
        lines[0].lose(gap_of(number % 100), alone=number % 2 == 0)
        lines[0].resume(Resumed(gap_of(number % 100), BACK))
    assert len(watching._told) <= 2 * MOST_OUTAGES + 1
    assert len(lines[0]._told) <= 2 * MOST_OUTAGES + 1
