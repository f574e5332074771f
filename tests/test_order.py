"""One order, told of in tables of scenarios, and what must hold of any: the set of what was heard decides."""

from __future__ import annotations

import gc
import pickle
from decimal import Decimal
from itertools import permutations
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from anytws.core.code_words import Outstanding
from anytws.machines.mailbox import Mailbox
from anytws.machines.order_codes import MOST_REMARKS
from anytws.machines.order_outcome import may_follow
from anytws.machines.order_state import Change, Left, OrderOutcome, Owner
from anytws.messages import CommissionAndFeesReport, ErrorMessage
from anytws.messages.base import replace
from tests.growth import assert_linear
from tests.order_deck import (
    COMBO,
    STOCK,
    Told,
    brief,
    error,
    execution,
    message_of,
    new,
    open_order,
    order,
    status,
    working,
)

O = OrderOutcome  # noqa: E741 (as in the tables)

# --- the set decides -------------------------------------------------------------------------------------------------

WORDS: Final = ("PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "Inactive", "Cancelled", "Filled", "Odd")
QUANTITIES: Final = ("0", "40", "100", "150")
statuses = st.builds(
    lambda word, filled, rest: f"os {word} {filled}/{rest}",
    st.sampled_from(WORDS),
    st.sampled_from(QUANTITIES),
    st.sampled_from(QUANTITIES),
)
openings = st.builds("oo {} {}@{}".format, st.sampled_from(("-", *WORDS)), st.sampled_from(QUANTITIES), st.just("10"))
executions = st.builds(
    "ex {}.0{} {}@{}".format,
    st.sampled_from("abc"),
    st.integers(1, 2),
    st.sampled_from(("0", "40", "60", "100", "-")),
    st.sampled_from(("10", "10.1", "0.3")),
)
costs = st.builds("cr {}.0{} 0.{}".format, st.sampled_from("abc"), st.integers(1, 2), st.integers(1, 3))
codes = st.builds("err {}".format, st.sampled_from((201, 202, 110, 104, 399, 161, 10147, 135, 200, 321, 1100)))
SENDS: Final = ("new", "change 150", "change 40", "keep", "cancel", "cut", "down", "up", "sure")
stages = st.tuples(
    st.sampled_from(SENDS),
    st.lists(statuses, max_size=3),
    st.lists(openings, max_size=2),
    st.lists(executions, max_size=3, unique_by=lambda step: step.split()[1]),
    st.lists(costs, max_size=2, unique_by=lambda step: step.split()[1]),
    st.lists(codes, max_size=2),
)


def interleaved(data: st.DataObject, lanes: list[list[str]]) -> list[str]:
    """Draw an order of all steps in which each lane keeps its own."""
    lanes = [list(reversed(lane)) for lane in lanes if lane]
    told: list[str] = []
    while lanes:
        at = data.draw(st.integers(0, len(lanes) - 1))
        told.append(lanes[at].pop())
        if not lanes[at]:
            del lanes[at]
    return told


@settings(max_examples=150)
@given(st.lists(stages, min_size=1, max_size=4), st.data())
def test_the_belief_does_not_depend_on_the_order_of_arrival_or_on_repeats(
    life: list[tuple[str, list[str], list[str], list[str], list[str], list[str]]], data: st.DataObject
) -> None:
    """Only statuses among themselves keep their order, and open orders, and codes: TCP sees to that."""
    one, other = Told(), Told()
    for send, told_statuses, told_openings, told_executions, told_costs, told_codes in life:
        # By 1100 nothing is answered, and a second cancel of an order is heard of by nobody but the first.
        for each in (one, other):
            each.tell(send)
        plain = [*told_executions, *told_costs]
        for step in [*told_statuses, *told_openings, *plain, *told_codes]:
            one.tell(step)
        shuffled = data.draw(st.permutations(plain))
        for step in interleaved(data, [told_statuses, told_openings, *([step] for step in shuffled), told_codes]):
            other.tell(step)
            other.tell(step)
        assert one.state == other.state
        assert dict(one.life.fills) == dict(other.life.fills)


@settings(max_examples=80)
@given(st.lists(st.one_of(executions, costs), max_size=8), st.data())
def test_fills_and_costs_are_counted_once_in_any_order(steps: list[str], data: st.DataObject) -> None:
    told, other = Told(), Told()
    for step in steps:
        told.tell(step)
    for step in data.draw(st.permutations(steps)):
        other.tell(step)
    assert other.state == told.state
    assert dict(other.life.fills) == dict(told.life.fills)
    assert set(told.life.fills) == {step.split()[1].partition(".")[0] for step in steps if step.startswith("ex")}
    before = told.state
    assert not any(told.hear(message_of(step)) for step in steps if steps.count(step) == 1 and is_newest(step, steps))
    for step in steps:
        told.tell(step)
    assert told.state == before


def is_newest(step: str, steps: list[str]) -> bool:
    """Tell whether no other says something else of the same execution."""
    kind, name, *_ = step.split()
    return not any(
        each != step and each.split()[0] == kind and each.split()[1].partition(".")[0] == name.partition(".")[0]
        for each in steps
    )


# --- what is not in tables -------------------------------------------------------------------------------------------


def test_what_is_taken_back_before_it_left_never_was() -> None:
    told = Told()
    parcel = told.place(order(), leaves=False)
    assert told.life.left is Left.NONE
    assert told.life.note_taken_back(parcel)
    assert told.life.is_withdrawn
    assert brief(told.state) == "cancelled 0/?"


def test_a_change_and_a_cancel_that_are_taken_back_leave_the_order_as_it_was() -> None:
    told = working()
    before = told.state
    for send in (lambda: told.place(order("200"), leaves=False), lambda: told.cancel(leaves=False)):
        parcel = send()
        assert told.state.pending is not Outstanding.IDLE
        assert told.life.note_taken_back(parcel)
        assert not told.life.note_taken_back(parcel), "it is forgotten"
        assert told.state == before
        assert not told.life.is_withdrawn
    assert told.life.left is Left.ALL
    told.hear(error(201))
    assert told.state.status is O.REJECTED, "no change was sent"


def test_a_kept_order_whose_transmission_is_taken_back_is_kept_again() -> None:
    told = Told()
    told.tell("keep")
    parcel = told.place(order(), leaves=False)
    assert not told.state.is_untransmitted
    told.life.note_taken_back(parcel)
    assert told.state.is_untransmitted
    assert not told.life.is_withdrawn


def test_combinations_count_themselves_or_their_legs_and_never_both() -> None:
    legs = [
        execution("c.01.01", "3", 1.0, contract=replace(STOCK, contract_id=11)),
        execution("d.01.01", "6", 2.0, contract=replace(STOCK, contract_id=12)),
    ]
    own = execution("b.01", "3", 5.0, "3", contract=COMBO)
    for heard in permutations([own, *legs]):
        told = Told()
        told.hear(replace(open_order("Submitted", "5"), contract=COMBO))
        for message in heard:
            told.hear(message)
        assert (told.state.filled, told.state.average_fill_price) == (3, 5.0)
        assert len(told.life.fills) == 3
    told = Told()
    told.hear(replace(open_order("Submitted", "5"), contract=COMBO))
    told.hear(legs[0])
    assert told.state.filled == 0, "one leg is no combination"
    told.hear(legs[1])
    assert (told.state.filled, told.state.average_fill_price) == (3, None)
    told = Told()
    for message in legs:
        told.hear(message)
    assert told.state.filled == 0, "legs of nobody knows what"
    told.hear(own)
    assert told.state.filled == 3


def test_the_fills_of_an_advisors_accounts_are_not_counted_on_top_of_the_whole() -> None:
    told = working()
    for name, shares, account in (("w.01", "60", "F1"), ("x.01", "40", "DU2"), ("y.01", "20", "DU3")):
        told.hear(execution(name, shares, account=account))
    assert told.state.filled == 60
    told.hear(execution("z.01", "10", account=""))
    assert told.state.filled == 70, "what names no account is not lost"


def test_odd_values_lose_no_fill() -> None:
    told = working()
    odd = execution("a.01", "NaN", float("inf"), "NaN")
    told.hear(odd)
    told.hear(replace(odd, execution=replace(odd.execution, execution_id="", shares=Decimal(5), permanent_id=None)))
    told.hear(replace(status("Submitted"), filled=None, remaining=None, permanent_id=None, why_held=None))
    assert len(told.life.fills) == 2
    assert (told.state.filled, told.state.is_contested) == (5, True)
    told.hear(execution("a.01", "7", 10.0, "7"))
    assert (told.state.filled, told.state.is_contested) == (12, False)
    told.hear(execution("a.01", None, None, None))
    assert told.state.filled == 12, "the form that leaves things out does not take the place of the whole one"


def test_prices_and_costs_are_exact_and_not_made_up() -> None:
    told = working()
    for name, shares, price in (("a.01", "40", 292.18), ("b.01", "40", 292.19), ("c.01", "20", 292.23)):
        told.hear(execution(name, shares, price))
    assert told.state.average_fill_price == 292.194
    for name, fee in (("a.01", 1.00012), ("b.01", 0.00012), ("c.01", 0.00006)):
        told.hear(CommissionAndFeesReport(name, fee, "USD", realized_pnl=0.1))
    assert (told.state.commission_and_fees, told.state.currency, told.state.realized_pnl) == (1.0003, "USD", 0.3)
    told.hear(CommissionAndFeesReport("c.02", 1.0, "EUR"))
    assert (told.state.commission_and_fees, told.state.currency) == (None, ""), "two currencies make no sum"
    told.hear(execution("d.01", "1", None))
    assert told.state.average_fill_price is None


def test_a_twin_makes_it_contested_and_keeps_its_own_name() -> None:
    told = Told()
    told.life.note_twin(5)
    assert told.life.permanent_id == 0
    told.tell("oo Submitted")
    assert told.life.permanent_id == told.state.permanent_ids[0] == open_order("-").order.permanent_id
    assert told.state.permanent_ids[1:] == (5,)
    assert (told.state.is_contested, told.state.is_unsure) == (True, True)
    for number in range(100):
        told.life.note_twin(1000 + number)
    assert len(told.state.permanent_ids) == 16
    told.life.note_sure("asked")
    assert (told.state.is_contested, told.state.is_unsure) == (False, False)


def test_what_an_earlier_run_wrote_down_is_known_again() -> None:
    told, asked = Told(), working().life.asked
    assert asked is not None
    told.life.note_remembered(asked, "journal", permanent_ids=(4, 5), filled=Decimal(10))
    assert brief(told.state) == "unknown 10/90 contested unsure"
    assert (told.life.ref, told.life.left, told.state.permanent_ids) == ("mine", Left.SOME, (4, 5))
    told.place(order("50"))
    assert told.life.last_sent is Outstanding.MODIFY
    done = Told()
    done.life.note_remembered(asked, "journal", outcome=O.CANCELLED)
    assert brief(done.state) == "cancelled 0/100"
    done.tell("os Submitted 0/100")
    assert brief(done.state) == "open 0/100", "a live word belies what was only remembered"


def test_two_names_of_one_order_become_one() -> None:
    nameless, named = Told(Owner.MANUAL), new()
    for step in ("ex a.02 40@10", "cr a.02 1.0", "os Submitted 40/60", "ex b.01 10"):
        nameless.tell(step)
    named.tell("ex a.01 50@10")
    assert named.life.absorb(nameless.life)
    assert brief(named.state) == "open 50/50"
    assert (named.state.taken_back, named.state.commission_and_fees) == (10, 1.0)
    assert named.life.owner is Owner.OURS


def test_who_watches_gets_each_change_once_and_no_repeat() -> None:
    told = new()
    mailbox: Mailbox[Change] = Watching()
    told.life.watchers.add(mailbox)
    for step in ("os Submitted 0/100", "os Submitted 0/100", "ex a.01 40", "ex a.01 40", "oo Submitted", "err 399"):
        told.tell(step)
    changes = mailbox.take()
    assert [brief(change.state) for change in changes] == ["open 0/100", "open 40/60", "open 40/60"]
    assert [change.before for change in changes[1:]] == [change.state for change in changes[:-1]]
    assert all(change.before != change.state for change in changes)
    del mailbox, changes
    gc.collect()
    assert not told.life.watchers


class Watching(Mailbox[Change]):
    """A mailbox that can be forgotten."""


# --- growth ----------------------------------------------------------------------------------------------------------


def test_what_a_peer_says_of_one_order_does_not_fill_the_memory_but_for_fills() -> None:
    told = working()
    for number in range(5_000):
        told.hear(ErrorMessage(7, 1_000_000 + number, f"text {number}"))
        told.hear(replace(status(f"Word{number}"), why_held=f"why {number}"))
    assert len(told.life.remarks) == MOST_REMARKS
    assert told.life.remarks[0].code == 1_000_000
    assert told.life.remarks[-1].code == 1_004_999
    for _ in range(3_000):
        told.cancel()
    assert len(told.life.sent) < 20
    for number in range(2_000):
        told.hear(CommissionAndFeesReport(f"none{number}.01", 1.0, "USD"))
        told.hear(execution(f"{number}.01", "1"))
    assert len(told.life.fills) == 2_000
    assert told.state.filled == 2_000


def test_the_time_that_fills_take_grows_with_their_number_alone() -> None:
    def hear(count: int) -> None:
        told = Told()
        told.tell("oo Submitted 1000000")
        for number in range(count):
            told.hear(execution(f"{number}.01", "1"))
            told.hear(CommissionAndFeesReport(f"{number}.01", 0.01, "USD"))
            assert told.state.filled == number + 1

    assert_linear(hear, "an order", 50)


# --- any life --------------------------------------------------------------------------------------------------------


class AnyLife(RuleBasedStateMachine):
    """An order of which anything is said, in any order, by a TWS that has lost its mind."""

    def __init__(self) -> None:
        super().__init__()
        self.told = Told()
        self.before = self.told.state

    @rule(step=st.one_of(statuses, openings, executions, costs, codes, st.sampled_from(SENDS)))
    def happens(self, step: str) -> None:
        before = self.before = self.told.state
        knew = len(self.told.life.fills)
        self.told.tell(step)
        state = self.told.state
        is_correction = step.startswith("ex ")
        assert state.filled >= before.filled or (is_correction and state.taken_back > before.taken_back)
        assert len(self.told.life.fills) >= knew
        assert state.status is before.status or may_follow(before.status, state.status), step
        if before.status is O.FILLED and state.status is not O.FILLED:
            # Only a greater quantity, or a query that found it alive.
            assert step.startswith(("oo", "os", "sure"))
        if not step.startswith(("oo", "os")) and step not in SENDS:
            self.told.tell(step)
            assert self.told.state == state, "a repeat says nothing"

    @invariant()
    def is_sound(self) -> None:
        state = self.told.state
        assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301
        assert state.is_done is not state.is_live
        if state.status.is_done:
            assert state.pending is Outstanding.IDLE
            assert not any((state.is_unsure, state.is_held, state.is_untransmitted))
        if state.status is O.REJECTED:
            assert self.told.life.refusal is not None
        if state.status is O.FILLED:
            assert state.remaining == 0
        assert repr(state).startswith("TradeState(")


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
