"""Bars that go on: what each message of TWS makes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import Dropped, Notice, OddValue, SlowConsumer
from anytws.core import CodeKind
from anytws.machines.bars import Bar
from anytws.machines.updating_bars import CaughtUp, UpdatingBars, UpdatingItem, UpdatingMailbox
from anytws.messages import (
    BarSize,
    ErrorMessage,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataUpdate,
    UpdatedBar,
)
from anytws.messages.times import EPOCH_SECONDS

OPEN: Final = datetime(2026, 3, 2, 14, 30, tzinfo=EPOCH_SECONDS)
MINUTE: Final = timedelta(minutes=1)


def at(minute: float) -> datetime:
    """The moment so many minutes after the open, as TWS says it."""
    return OPEN + MINUTE * minute


def past(*times: date) -> HistoricalData:
    """Bars of the past, each with a close that is its place."""
    return HistoricalData(9, bars=tuple([HistoricalDataBar(time, 1, 9, 0, n) for n, time in enumerate(times)]))


def update(time: date, close: float = 5.0) -> HistoricalDataUpdate:
    """The running bar, as it now is."""
    return HistoricalDataUpdate(9, UpdatedBar(time, 1.0, 9.0, 0.0, close, Decimal(3), Decimal("1.5"), 2))


def remark() -> Notice:
    """What stands in a stream where TWS has remarked something."""
    return Notice(2174, "zone", CodeKind.NOTICE, 9, None, ErrorMessage(9, 2174, "zone"))


def told(items: list[UpdatingItem]) -> list[tuple[Any, float, bool | None] | object]:
    """Of each bar its name, its close, and whether it is over; what is no bar as it is."""
    return [(item.time, item.close, item.is_over) if isinstance(item, Bar) else item for item in items]


def minutes(*, has_end: bool = True) -> UpdatingBars:
    """Bars of a minute."""
    return UpdatingBars(BarSize.MINUTE_1, has_end=has_end)


def test_the_past_then_the_mark_then_what_is_new() -> None:
    """The usual run of things, with the end as a message of its own."""
    bars = minutes()
    end = HistoricalDataEnd(9, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    assert told(bars.fold([past(at(0), at(1), at(2)), end, update(at(2), 7.0)])) == [
        (at(0), 0, True),
        (at(1), 1, True),
        (at(2), 2, False),
        CaughtUp(3, end.start, end.end),
        (at(2), 7.0, False),
    ]
    assert told(bars.fold([update(at(2), 8.0), update(at(3), 9.0)])) == [
        (at(2), 8.0, False),
        (at(2), 8.0, True),
        (at(3), 9.0, False),
    ]


def test_below_196_the_bars_are_the_end() -> None:
    """There is one message, which says from when to when."""
    answer = HistoricalData(9, at(0), at(9), past(at(0)).bars)
    assert told(minutes(has_end=False).fold([answer])) == [(at(0), 0, False), CaughtUp(1, at(0), at(9))]


def test_no_bars_at_all_yet() -> None:
    """An empty answer has been reported; then the first update begins."""
    bars = minutes()
    assert bars.fold([past(), HistoricalDataEnd(9)]) == [CaughtUp(0)]
    assert told(bars.fold([update(at(0))])) == [(at(0), 5.0, False)]


def test_an_update_has_all_values() -> None:
    """As an answer has them."""
    (bar,) = minutes().fold([update(at(0))])
    assert bar == Bar(at(0), at(1), 1.0, 9.0, 0.0, 5.0, Decimal(3), Decimal("1.5"), 2, False)
    assert isinstance(bar, Bar)
    assert bar.begin is not None
    assert bar.begin.tzinfo is UTC


def test_bars_that_tws_leaves_out() -> None:
    """Over a gap, the one before it is over as well; nothing is made up in between."""
    bars = minutes()
    bars.fold([update(at(0))])
    assert told(bars.fold([update(at(30))])) == [(at(0), 5.0, True), (at(30), 5.0, False)]


def test_a_short_bar_ends_where_the_next_one_begins() -> None:
    """The first hour of a session of New York has half an hour."""
    bars = UpdatingBars(BarSize.HOUR_1, has_end=True)
    bars.fold([update(at(0))])
    over, running = bars.fold([update(at(30))])
    assert isinstance(over, Bar)
    assert isinstance(running, Bar)
    assert (over.end, running.begin, running.end) == (at(30), at(30), at(90))


def test_a_late_word_about_an_older_bar() -> None:
    """It is told as over, in its place, and the running one runs on."""
    bars = minutes()
    bars.fold([past(at(0), at(1))])
    assert told(bars.fold([update(at(0), 4.0)])) == [(at(0), 4.0, True)]
    assert told(bars.fold([update(at(1), 6.0)])) == [(at(1), 6.0, False)]


def test_the_past_twice() -> None:
    """No TWS was seen to do that. What is older is told as over, and nothing is lost."""
    bars = minutes()
    bars.fold([past(at(0), at(1))])
    assert told(bars.fold([past(at(0), at(1), at(2))])) == [
        (at(0), 0, True),
        (at(1), 1, False),
        (at(1), 1, True),
        (at(2), 2, False),
    ]


def test_days() -> None:
    """A later trading day ends the one before."""
    bars = UpdatingBars(BarSize.DAY_1, has_end=True)
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    assert told(bars.fold([past(monday), update(monday), update(tuesday)])) == [
        (monday, 0, False),
        (monday, 5.0, False),
        (monday, 5.0, True),
        (tuesday, 5.0, False),
    ]


def test_a_week_has_another_day_each_day() -> None:
    """It is named by its last day so far, and stays one bar until the next week."""
    bars = UpdatingBars(BarSize.WEEK_1, has_end=True)
    days = [date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 9)]
    assert told(bars.fold([update(day) for day in days])) == [
        (days[0], 5.0, False),
        (days[1], 5.0, False),
        (days[1], 5.0, True),
        (days[2], 5.0, False),
    ]


def test_a_bar_without_prices_ends_the_one_before() -> None:
    """Old versions were seen to leave them empty while nothing is traded: the bar comes when it has some."""
    bars = minutes()
    bars.fold([update(at(0))])
    assert told(bars.fold([HistoricalDataUpdate(9, UpdatedBar(at(1)))])) == [(at(0), 5.0, True)]
    assert told(bars.fold([update(at(1))])) == [(at(1), 5.0, False)]


def test_what_is_no_bar_stays_in_its_place() -> None:
    """Remarks, and values that could not be read."""
    notice = remark()
    odd = OddValue("HistoricalDataUpdate", "bar.open", "'x'", "a number")
    assert told(minutes().fold([notice, update(at(0)), odd, update(at(0))])) == [
        notice,
        (at(0), 5.0, False),
        odd,
        (at(0), 5.0, False),
    ]


@pytest.mark.parametrize(
    "size, time, wanted",
    [
        (BarSize.MINUTE_1, datetime.fromisoformat("2026-03-02 09:30"), "a moment"),
        (BarSize.MINUTE_1, date(2026, 3, 2), "a moment"),
        (BarSize.DAY_1, OPEN, "a day"),
    ],
)
def test_a_time_that_cannot_be_used_is_told_in_its_place(size: BarSize, time: date, wanted: str) -> None:
    """A fold raises nothing: the connection is that of everybody."""
    bars = UpdatingBars(size, has_end=True)
    (odd,) = bars.fold([update(time)])
    assert isinstance(odd, OddValue)
    assert (odd.message, odd.field, odd.wanted[: len(wanted)]) == ("HistoricalDataUpdate", "bar.time", wanted)
    (odd,) = bars.fold([past(time)])
    assert isinstance(odd, OddValue)
    assert (odd.message, odd.field) == ("HistoricalData", "bars[0].time")
    # One that could not be read at all stands in front of it already.
    assert bars.fold([update(None)]) == []  # type: ignore[arg-type]


STEPS = st.lists(st.tuples(st.integers(0, 2), st.floats(1, 9)), max_size=40)


@given(steps=STEPS, cuts=st.lists(st.integers(0, 40), max_size=5), first=st.integers(0, 3))
def test_every_bar_is_over_once_with_its_last_word(steps: list[tuple[int, float]], cuts: list[int], first: int) -> None:
    """However the updates come in reads: each bar but the running one is over once, in order, as it was said last."""
    bars, minute = minutes(), max(first - 1, 0)
    last = {at(number): float(number) for number in range(first)}
    messages: list[Any] = [past(*last)]
    for step, close in steps:
        minute += step
        last[at(minute)] = close
        messages.append(update(at(minute), close))
    found: list[UpdatingItem] = []
    places = [0, *sorted(cuts), len(messages)]
    for begin, end in pairwise(places):
        found += bars.fold(messages[begin:end])
    over = [(item.begin, item.close) for item in found if isinstance(item, Bar) and item.is_over]
    assert over == sorted(last.items())[:-1]
    running = [item for item in found if isinstance(item, Bar) and not item.is_over]
    assert not last or running[-1].close == max(last.items())[1]


# What waits


def test_the_past_counts_against_no_bound() -> None:
    """It comes all at once: no reader can be too slow for it. What comes later does count."""
    mailbox = UpdatingMailbox(minutes(), capacity=2)
    notice = remark()
    mailbox.extend([notice])
    mailbox.extend([past(*[at(minute) for minute in range(5)])])
    mailbox.extend([HistoricalDataEnd(9)])
    assert mailbox.statistics().received == 7
    assert [type(item).__name__ for item in mailbox.take()] == ["Notice", *["Bar"] * 5, "CaughtUp"]
    for minute in range(5, 8):
        mailbox.extend([update(at(minute))])
    with pytest.raises(SlowConsumer):
        mailbox.take()
    mailbox.extend([past(at(9))])
    assert mailbox.is_over


def test_the_past_counts_once_only() -> None:
    """A TWS that says it again and again fills no memory with it."""
    mailbox = UpdatingMailbox(minutes(), capacity=3)
    for _ in range(3):
        mailbox.extend([past(at(0), at(1))])
    assert mailbox.has_failed


def test_what_is_dropped_is_told() -> None:
    """With ``drop_oldest`` the newest stay."""
    mailbox = UpdatingMailbox(minutes(), capacity=2, when_full="drop_oldest")
    mailbox.extend([past(at(0))])
    mailbox.take()
    mailbox.extend([update(at(minute)) for minute in range(1, 4)])
    dropped, *rest = mailbox.take()
    assert dropped == Dropped(4)
    assert told(rest) == [(at(2), 5.0, True), (at(3), 5.0, False)]  # type: ignore[arg-type]
