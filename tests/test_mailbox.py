"""What waits for one reader: in its bounds, in its order, and never lost without a word."""

from __future__ import annotations

import time
from decimal import Decimal
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from anytws.core.remembered import MOST_BYTES, weigh
from anytws.errors import SlowConsumer
from anytws.machines.mailbox import CAPACITY, Mailbox, WhenFull
from anytws.machines.records import Dropped, Reset
from anytws.messages import ErrorMessage

POLICIES: tuple[WhenFull, ...] = get_args(WhenFull)
RESET = Reset(ErrorMessage(1, 317, "the book is to be emptied"))


def taken_of(mailbox: Mailbox[Any]) -> list[Any]:
    """Give what a reader gets who takes one by one, until nothing is left."""
    taken = []
    while mailbox.hand or mailbox.refill():
        taken.append(mailbox.hand.pop())
    return taken


def has_room(mailbox: Mailbox[Any]) -> bool:
    return mailbox.has_room


def has_failed(mailbox: Mailbox[Any]) -> bool:
    return mailbox.has_failed


# --- examples ----------------------------------------------------------------------------------------------------


def test_what_comes_is_taken_in_its_order() -> None:
    mailbox: Mailbox[int] = Mailbox()
    seen = [mailbox.has_news]
    mailbox.extend([1, 2])
    mailbox.extend([3])
    assert [*seen, mailbox.has_news] == [False, True]
    assert mailbox.take() == [1, 2, 3]
    assert mailbox.take() == []
    assert not mailbox.is_over


@pytest.mark.parametrize("policy", POLICIES)
def test_taking_one_by_one_and_all_at_once_may_be_mixed(policy: WhenFull) -> None:
    mailbox: Mailbox[int] = Mailbox(100, policy)
    mailbox.preload([1, 2])
    mailbox.extend([3, 4])
    assert mailbox.refill()
    assert mailbox.hand.pop() == 1
    mailbox.extend([5])
    assert mailbox.take() == [2, 3, 4, 5]
    mailbox.extend([6])
    assert taken_of(mailbox) == [6]


def test_fail_gives_the_backlog_up_at_once_and_says_how_much() -> None:
    """The reader hears of its loss before what it no longer wants."""
    mailbox: Mailbox[int] = Mailbox(3)
    mailbox.extend([1, 2, 3])
    assert not has_failed(mailbox)
    mailbox.extend([4, 5])
    assert has_failed(mailbox)
    assert mailbox.is_over
    assert mailbox.is_finished
    for _ in range(2):
        with pytest.raises(SlowConsumer) as caught:
            mailbox.take()
        assert (caught.value.lost, caught.value.capacity, caught.value.unit) == (5, 3, "items")
    with pytest.raises(SlowConsumer):
        mailbox.refill()
    mailbox.extend([6])
    mailbox.finish(ValueError("later"))
    mailbox.fail()
    with pytest.raises(SlowConsumer) as caught:
        mailbox.take()
    assert caught.value.lost == 5
    statistics = mailbox.statistics()
    assert (statistics.waiting, statistics.received, statistics.dropped) == (0, 5, 5)


def test_fail_by_weight() -> None:
    mailbox: Mailbox[str] = Mailbox(100, capacity_bytes=1000)
    mailbox.extend(["x" * 5000])
    assert not has_failed(mailbox), "one item may be as heavy as it likes"
    mailbox.extend(["y"])
    with pytest.raises(SlowConsumer) as caught:
        mailbox.take()
    assert (caught.value.lost, caught.value.capacity, caught.value.unit) == (2, 1000, "bytes")


def test_drop_oldest_says_in_its_place_how_many_are_gone() -> None:
    mailbox: Mailbox[int] = Mailbox(3, "drop_oldest")
    mailbox.extend([1, 2, 3, 4, 5])
    mailbox.extend([6])
    assert mailbox.take() == [Dropped(3), 4, 5, 6]
    mailbox.extend([7])
    assert mailbox.take() == [7]


def test_what_was_read_makes_room() -> None:
    """By weight as well: what has been taken out of the hand is not waited for any more."""
    weight = weigh("x" * 500)
    mailbox: Mailbox[str] = Mailbox(100, "drop_oldest", capacity_bytes=4 * weight)
    mailbox.extend(["x" * 500] * 4)
    mailbox.refill()
    for _ in range(3):
        mailbox.hand.pop()
    mailbox.extend(["y" * 500] * 3)
    assert mailbox.statistics().dropped == 0
    mailbox.extend(["z" * 500])
    assert mailbox.take() == [Dropped(1), *["y" * 500] * 3, "z" * 500]


def test_a_dropped_takes_no_place_and_merges_with_its_neighbour() -> None:
    mailbox: Mailbox[int] = Mailbox(2, "drop_oldest")
    for number in range(10):
        mailbox.extend([number])
    assert mailbox.refill()
    mailbox.extend([10])
    assert mailbox.take() == [Dropped(9), 9, 10]


def test_dropping_goes_on_behind_what_the_reader_has_in_hand() -> None:
    mailbox: Mailbox[int] = Mailbox(3, "drop_oldest")
    mailbox.extend([1, 2, 3])
    mailbox.refill()
    assert mailbox.hand.pop() == 1
    mailbox.extend([4, 5, 6, 7])
    assert mailbox.take() == [Dropped(3), 5, 6, 7]


def test_what_is_never_dropped_stays_with_its_place() -> None:
    """Without it, what comes after it means something else."""
    mailbox: Mailbox[Any] = Mailbox(3, "drop_oldest")
    mailbox.extend([1, RESET, 2, 3, 4])
    assert mailbox.take() == [Dropped(1), RESET, Dropped(1), 3, 4]


def test_of_several_resets_in_what_is_dropped_the_last_stays() -> None:
    """Or a TWS that says nothing else would fill the memory."""
    mailbox: Mailbox[Any] = Mailbox(2, "drop_oldest")
    mailbox.extend([1, RESET, 2, RESET])
    mailbox.extend([3, 4])
    assert mailbox.take() == [Dropped(3), RESET, Dropped(1), 4]
    mailbox.extend([RESET] * 1000)
    assert len(mailbox.take()) <= 4


def test_what_was_there_before_counts_against_no_bound_and_is_not_dropped() -> None:
    for policy in POLICIES:
        mailbox: Mailbox[int] = Mailbox(2, policy)
        mailbox.preload(list(range(10)))
        mailbox.extend([10, 11])
        assert taken_of(mailbox) == list(range(12))
    dropping: Mailbox[int] = Mailbox(2, "drop_oldest")
    dropping.preload([0, 1, 2])
    dropping.refill()
    dropping.extend([3, 4, 5])
    assert taken_of(dropping) == [0, 1, 2, Dropped(1), 4, 5]
    failing: Mailbox[int] = Mailbox(2)
    failing.preload([0, 1, 2])
    failing.extend([3, 4, 5])
    with pytest.raises(SlowConsumer) as caught:
        failing.take()
    assert caught.value.lost == 6


def test_block_has_no_room_and_loses_nothing() -> None:
    mailbox: Mailbox[int] = Mailbox(2, "block")
    mailbox.extend([1])
    assert has_room(mailbox)
    mailbox.extend([2, 3, 4])
    assert not has_room(mailbox)
    assert not mailbox.is_pressed
    assert mailbox.take() == [1, 2, 3, 4]
    assert has_room(mailbox)
    mailbox.extend([5, 6])
    mailbox.fail(30.0)
    with pytest.raises(SlowConsumer) as caught:
        mailbox.take()
    assert (caught.value.lost, caught.value.unread_seconds) == (2, 30.0)
    assert has_room(mailbox), "nobody waits for a reader that is gone"


def test_block_counts_bytes_too() -> None:
    mailbox: Mailbox[str] = Mailbox(100, "block", capacity_bytes=1000)
    mailbox.extend(["x" * 2000])
    assert not has_room(mailbox)
    mailbox.refill()
    assert not has_room(mailbox)
    mailbox.hand.pop()
    assert has_room(mailbox)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_end_comes_after_all_that_waits(policy: WhenFull) -> None:
    mailbox: Mailbox[int] = Mailbox(10, policy)
    mailbox.extend([1])
    mailbox.finish(ValueError("over"))
    mailbox.extend([2])
    mailbox.finish(TypeError("again"))
    before = (mailbox.is_finished, mailbox.is_over)
    assert mailbox.take() == [1]
    assert (before, mailbox.is_over) == ((True, False), True)
    for take in (mailbox.take, mailbox.refill):
        with pytest.raises(ValueError, match="over"):
            take()


@pytest.mark.parametrize("policy", POLICIES)
def test_the_last_item_has_always_room(policy: WhenFull) -> None:
    mailbox: Mailbox[int] = Mailbox(2, policy)
    mailbox.extend([1, 2])
    mailbox.finish(last=3)
    assert taken_of(mailbox) == [1, 2, 3]
    assert mailbox.is_over
    assert mailbox.take() == []


def test_who_does_not_read_any_more_gets_nothing() -> None:
    mailbox: Mailbox[int] = Mailbox(2)
    mailbox.extend([1])
    mailbox.close()
    mailbox.extend([2, 3, 4])
    mailbox.finish(last=5)
    mailbox.fail()
    assert (mailbox.is_closed, mailbox.is_over, mailbox.has_failed) == (True, True, False)
    assert mailbox.statistics().waiting == 0


def test_it_is_pressed_when_it_is_half_full_and_would_fail() -> None:
    for policy in POLICIES:
        mailbox: Mailbox[int] = Mailbox(4, policy)
        mailbox.extend([1, 2])
        assert not mailbox.is_pressed
        mailbox.extend([3])
        assert mailbox.is_pressed is (policy == "fail")
    heavy: Mailbox[str] = Mailbox(100, capacity_bytes=1000)
    heavy.extend(["x" * 600])
    assert heavy.is_pressed


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"capacity": 0}, ValueError),
        ({"capacity": 1.5}, TypeError),
        ({"capacity_bytes": 0}, ValueError),
        ({"capacity_bytes": True}, TypeError),
        ({"when_full": "drop_newest"}, ValueError),
    ],
)
def test_what_is_no_bound_is_refused(wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(wrong))):
        Mailbox(**wrong)


def test_it_says_how_it_does() -> None:
    mailbox: Mailbox[int] = Mailbox(3, "drop_oldest")
    mailbox.extend([1, 2, 3, 4])
    statistics = mailbox.statistics()
    assert (statistics.waiting, statistics.received, statistics.dropped) == (3, 4, 1)
    assert (statistics.capacity, statistics.capacity_bytes) == (3, MOST_BYTES)
    assert statistics.waiting_bytes == 3 * weigh(1)
    assert "open, waiting: 3, dropped: 1" in repr(mailbox)
    mailbox.finish()
    assert "over" in repr(mailbox)
    mailbox.close()
    assert "closed" in repr(mailbox)
    assert CAPACITY == 10_000


def test_a_full_mailbox_costs_no_more_than_an_empty_one() -> None:
    """A reader that is slow for hours must not make each read of the connection dear."""

    def seconds_of(capacity: int) -> float:
        mailbox: Mailbox[Decimal] = Mailbox(capacity, "drop_oldest")
        item = Decimal(1)
        mailbox.extend([item] * capacity)
        mailbox.refill()
        began = time.process_time()
        for _ in range(2_000):
            mailbox.extend([item])
        return time.process_time() - began

    small = min(seconds_of(100) for _ in range(3))
    assert min(seconds_of(6_400) for _ in range(3)) < 10 * small + 0.01


# --- a model -----------------------------------------------------------------------------------------------------


def is_past(item: object) -> bool:
    return isinstance(item, tuple) and item[0] == "past"


class Reading(RuleBasedStateMachine):
    """Whatever comes, and however it is read: received is taken and dropped and waiting, in order, within bounds."""

    @initialize(
        policy=st.sampled_from(POLICIES),
        capacity=st.integers(1, 8),
        capacity_bytes=st.sampled_from([400, 1500, MOST_BYTES]),
        past=st.integers(0, 4),
    )
    def begin(self, policy: WhenFull, capacity: int, capacity_bytes: int, past: int) -> None:
        self.mailbox: Mailbox[Any] = Mailbox(capacity, policy, capacity_bytes)
        self.policy, self.capacity, self.capacity_bytes = policy, capacity, capacity_bytes
        self.said: list[Any] = [("past", number) for number in range(past)]
        """All that was to be read, in order."""
        self.mailbox.preload(list(self.said))
        self.past = past
        self.read: list[Any] = []
        self.received = 0
        self.serial = 0
        self.is_over = self.is_closed = False

    def items_waiting(self) -> list[Any]:
        mailbox = self.mailbox
        return [*reversed(mailbox.hand), *mailbox._past, *mailbox._waiting]

    @rule(weights=st.lists(st.sampled_from([0, 0, 0, 300, 900]), max_size=6), resets=st.sets(st.integers(0, 5)))
    def come(self, weights: list[int], resets: set[int]) -> None:
        items: list[Any] = []
        for place, weight in enumerate(weights):
            self.serial += 1
            items.append(Reset(ErrorMessage(self.serial, 317, "")) if place in resets else (self.serial, "x" * weight))
        is_taken = not (self.is_over or self.is_closed or self.mailbox.has_failed)
        had_room = self.mailbox.has_room
        if self.policy == "block" and not had_room:
            return
        self.mailbox.extend(items)
        if is_taken:
            self.said += items
            self.received += len(items)

    @rule(count=st.integers(1, 4))
    def take_some(self, count: int) -> None:
        if self.is_closed or self.mailbox.has_failed:
            return
        for _ in range(count):
            if not self.mailbox.hand and not self.mailbox.refill():
                return
            self.read.append(self.mailbox.hand.pop())

    @rule()
    def take_all(self) -> None:
        if not self.is_closed and not self.mailbox.has_failed:
            self.read += self.mailbox.take()

    @precondition(lambda self: self.serial > 10)
    @rule(has_last=st.booleans())
    def finish(self, has_last: bool) -> None:
        is_taken = not (self.is_over or self.is_closed or self.mailbox.has_failed)
        self.mailbox.finish(last="last" if has_last else None)
        self.is_over = True
        if is_taken and has_last:
            self.said.append("last")
            self.received += 1

    @precondition(lambda self: self.serial > 15)
    @rule()
    def close(self) -> None:
        self.mailbox.close()
        self.is_closed = True

    @invariant()
    def nothing_is_lost_without_a_word(self) -> None:
        statistics = self.mailbox.statistics()
        assert statistics.received == self.received
        if self.is_closed:
            return
        told = sum(item.count for item in [*self.read, *self.items_waiting()] if isinstance(item, Dropped))
        taken = sum(not isinstance(item, Dropped) for item in self.read)
        assert self.past + self.received == taken + statistics.dropped + statistics.waiting
        if not self.mailbox.has_failed:
            assert told == statistics.dropped

    @invariant()
    def all_is_in_its_order_and_a_word_stands_where_something_is_gone(self) -> None:
        if self.is_closed:
            return
        place = 0
        seen = [*self.read, *([] if self.mailbox.has_failed else self.items_waiting())]
        for item in seen:
            if isinstance(item, Dropped):
                place += item.count
            else:
                assert self.said[place] is item or self.said[place] == item
                place += 1
        if not self.mailbox.has_failed:
            assert place == len(self.said)
        waiting = self.items_waiting()
        assert not any(isinstance(a, Dropped) and isinstance(b, Dropped) for a, b in pairwise(waiting)), "they merge"

    @invariant()
    def it_stays_in_its_bounds(self) -> None:
        waiting = [
            item for item in self.items_waiting() if not isinstance(item, Dropped) and not is_past(item)
        ] if not self.is_closed else []  # fmt: skip
        if self.policy == "block" or "last" in waiting:
            return
        resets = sum(isinstance(item, Reset) for item in waiting)
        # One reset may stay beyond the bound: without it the rest would mean something else.
        assert len(waiting) <= self.capacity + min(1, resets)
        weight = sum(map(weigh, waiting))
        assert len(waiting) <= 1 + min(1, resets) or weight <= self.capacity_bytes + min(1, resets) * weigh(RESET)

    @invariant()
    def nothing_is_dropped_that_had_room(self) -> None:
        """It drops no more than it has to, and fails only when it is full."""
        if self.is_closed or self.policy != "drop_oldest":
            return
        waiting = self.items_waiting()
        if any(isinstance(item, Dropped) for item in waiting):
            present = [item for item in waiting if not isinstance(item, Dropped) and not is_past(item)]
            assert present, "the newest stays"

    @invariant()
    def it_knows_its_weight(self) -> None:
        mailbox = self.mailbox
        counted = [item for item in mailbox._waiting if not isinstance(item, Dropped)]
        if not self.is_over:
            assert mailbox._waiting_bytes == sum(map(weigh, counted))
        hand = [] if mailbox._hand_is_past else [item for item in mailbox.hand if not isinstance(item, Dropped)]
        mailbox._weigh_hand()
        assert mailbox._hand_bytes == sum(map(weigh, hand))


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=settings().max_examples, stateful_step_count=30)
