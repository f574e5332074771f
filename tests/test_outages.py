"""How outages stand in a mailbox, and how those that nobody has read become one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from anytws import Dropped, Gap, Reset, Resumed
from anytws import messages as m
from anytws.machines.mailbox import Mailbox
from anytws.machines.outages import MOST_OUTAGES, Told, join_all, joined, without_fetched

NOON = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
GAPS = [Gap(NOON + timedelta(hours=hour), f"outage {hour}") for hour in range(4)]
RESUMED = [Resumed(gap, gap.since + timedelta(minutes=5)) for gap in GAPS]
LAST = " (the last of several with nothing in between, since nobody has read of them)"


def test_two_gaps_are_one_however_often() -> None:
    once = joined(GAPS[0], GAPS[1])
    assert once == Gap(NOON, f"outage 1{LAST}")
    assert joined(joined(GAPS[0], GAPS[1]), GAPS[2]) == Gap(NOON, f"outage 2{LAST}")
    assert joined(GAPS[0], joined(GAPS[1], GAPS[2])) == Gap(NOON, f"outage 2{LAST}")


def test_outages_with_nothing_in_between_are_one() -> None:
    items = [1, GAPS[0], RESUMED[0], GAPS[1], RESUMED[1], Dropped(3), GAPS[2], RESUMED[2], 2, GAPS[3]]
    gap = Gap(NOON, f"outage 2{LAST}")
    assert join_all(items) == [1, Dropped(3), gap, Resumed(gap, RESUMED[2].until), 2, GAPS[3]]
    fetched = Resumed(GAPS[0], NOON, (1,))
    assert join_all([GAPS[0], fetched, GAPS[1]]) == [GAPS[0], fetched, GAPS[1]]


def test_what_was_fetched_is_as_old_as_what_is_dropped() -> None:
    assert without_fetched(GAPS[0]) == (GAPS[0], 0)
    assert without_fetched(RESUMED[0]) == (RESUMED[0], 0)
    mark, count = without_fetched(Resumed(GAPS[0], NOON, (1, 2), "some"))
    assert (count, mark) == (2, Resumed(
        GAPS[0], NOON, (), "some; 2 items were fetched, and dropped since the stream was full"
    ))  # fmt: skip


def test_a_reader_who_never_comes_is_kept_a_bounded_number_of_outages() -> None:
    mailbox: Any = Mailbox()
    gap = GAPS[0]
    for hour in range(3 * MOST_OUTAGES):
        gap = Gap(NOON + timedelta(hours=hour), f"outage {hour}")
        mailbox.lose(gap)
        if hour < 3 * MOST_OUTAGES - 1:
            mailbox.resume(Resumed(gap, NOON))
    assert mailbox.gap is not None
    assert len(mailbox._waiting) <= 2 * MOST_OUTAGES
    mailbox.resume(Resumed(gap, NOON))
    items = mailbox.take()
    assert isinstance(items[0], Gap)
    assert items[0].since == NOON
    assert [type(item) for item in items] == [Gap, Resumed] * (len(items) // 2)
    assert all(resumed.gap == gap for gap, resumed in zip(items[::2], items[1::2], strict=True))


def test_a_reset_and_gaps_keep_their_order_when_the_rest_is_dropped() -> None:
    reset = Reset(m.ErrorMessage(1, 317, "reset"))
    mailbox: Mailbox[Any] = Mailbox(2, "drop_oldest")
    mailbox.extend([1, reset, 2])
    mailbox.lose(GAPS[0])
    mailbox.resume(RESUMED[0])
    mailbox.extend([3, reset, 4, 5, 6])
    assert mailbox.take() == [Dropped(3), GAPS[0], RESUMED[0], Dropped(1), reset, Dropped(2), 6]


def test_what_is_told_as_a_value() -> None:
    told = Told()
    assert (told.gap, told.is_news, told.take()) == (None, False, None)
    told.lose(GAPS[0])
    assert (told.gap, told.is_news, told.take()) == (GAPS[0], True, None)
    told.resume(RESUMED[0])
    assert (told.gap, told.look(), told.take(), told.look()) == (None, RESUMED[0], RESUMED[0], None)
    for gap, resumed in zip(GAPS, RESUMED, strict=True):
        told.lose(gap)
        told.resume(resumed)
    assert told.take() == Resumed(Gap(NOON, f"outage 3{LAST}"), RESUMED[3].until)
