"""What answers say of one order: live, done, never arrived, or still unknown, and never more than they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.fate import Fate, FateOutcome, family_outcome, judge
from anytws.machines.sightings import Answers, Asking, Sought, Survey
from anytws.messages.base import replace
from tests.order_world import TrueOrder, W

ASKING = Asking(client_id=1, next_valid_id=5, first_order_id=9)
LOST = TrueOrder(order_id=7, ref="a", is_lost=True)
F = FateOutcome


def answers(first: TrueOrder | None = None, second: TrueOrder | None = None, **more: Any) -> Answers:
    """Give answers with these open orders, and *more*."""
    rows = [[] if each is None else each.open_rows() for each in (first, second)]
    return attrs.evolve(Answers(rows[0], [], [], rows[1]), **more)


def outcome(sought: Sought, said: Answers, asking: Asking = ASKING) -> FateOutcome:
    """Give what *said* says of *sought*."""
    return judge(sought, Survey(said), asking).outcome


ORDER = TrueOrder(ref="a")


def test_live_is_what_is_in_the_newest_list() -> None:
    assert outcome(ORDER.sought, answers(ORDER, ORDER)) is F.LIVE
    assert outcome(ORDER.sought, answers(None, ORDER)) is F.LIVE
    gone = judge(ORDER.sought, Survey(answers(ORDER, None)), ASKING)
    assert (gone.outcome, gone.is_racing) == (F.STILL_UNKNOWN, True)


def test_done_is_what_is_completed_or_executed_whole() -> None:
    cancelled = TrueOrder(ref="a", word=W.CANCELLED)
    for is_old in (False, True):
        said = answers(ORDER, completed=[cancelled.completed_row(is_old=is_old)])
        assert outcome(ORDER.sought, said) is F.DONE
    filled = TrueOrder(ref="a")
    filled.fill(Decimal(60))
    part = judge(ORDER.sought, Survey(answers(executions=filled.execution_rows())), ASKING)
    assert (part.outcome, part.is_racing) == (F.STILL_UNKNOWN, True)
    assert "the rest" in part.evidence[-1]
    filled.fill(Decimal(40))
    assert outcome(ORDER.sought, answers(executions=filled.execution_rows())) is F.DONE
    # Also where the lists of open orders, or of completed ones, cannot be had.
    for name in ("open_before", "open_after", "completed"):
        assert outcome(ORDER.sought, answers(executions=filled.execution_rows(), **{name: None})) is F.DONE


def test_an_intent_that_has_become_two_orders_is_over_when_both_are() -> None:
    """A change that was sent while TWS had no link may become a second order under the same ids (reported)."""
    twin = TrueOrder(ref="a", permanent_id=101)
    cancelled = TrueOrder(ref="a", word=W.CANCELLED)
    said = answers(twin, twin, completed=[cancelled.completed_row()])
    found = judge(ORDER.sought, Survey(said), ASKING)
    assert found.outcome is F.LIVE
    assert "it has become 2 orders" in found.evidence
    # Where the permanent id is known, it alone is asked for, and the other one is its twin.
    known = attrs.evolve(ORDER.sought, permanent_ids=(100,))
    assert outcome(known, said) is F.DONE
    assert [seen.permanent_id for seen in Survey(said).twins(known)] == [101]
    assert Survey(said).twins(ORDER.sought) == []


def test_a_word_that_ends_it_in_the_open_orders_ends_it() -> None:
    assert outcome(ORDER.sought, answers(ORDER, TrueOrder(ref="a", word=W.CANCELLED))) is F.DONE


def test_never_arrived_needs_all_of_it() -> None:
    sought = LOST.sought
    found = judge(sought, Survey(answers()), ASKING)
    assert found.outcome is F.NEVER_ARRIVED
    assert "gives out 5 next" in found.evidence[-1]
    for name in ("open_before", "executions", "completed", "open_after"):
        assert outcome(sought, answers(**{name: None})) is F.STILL_UNKNOWN


KEPT_BACK = attrs.evolve(LOST.sought, order=replace(LOST.terms, transmit=False, permanent_id=0))


def test_what_was_not_to_be_transmitted_never_arrived_where_its_id_is_free_after_the_last_look() -> None:
    asking = attrs.evolve(ASKING, newest_valid_id=5)
    assert outcome(KEPT_BACK, answers(), asking) is F.NEVER_ARRIVED
    # An order of this connection has raised the next id: that says nothing of one that would be in a list.
    assert outcome(LOST.sought, answers(), attrs.evolve(ASKING, newest_valid_id=12)) is F.NEVER_ARRIVED


@pytest.mark.parametrize(
    "sought, asking, why",
    [
        (attrs.evolve(LOST.sought, permanent_ids=(3,)), ASKING, "permanent id"),
        (attrs.evolve(LOST.sought, order_id=None), ASKING, "which ids"),
        (LOST.sought, attrs.evolve(ASKING, client_id=2), "only the client that placed it (1)"),
        (LOST.sought, attrs.evolve(ASKING, next_valid_id=None), "not said"),
        (LOST.sought, attrs.evolve(ASKING, next_valid_id=8), "TWS has had its order id"),
        (attrs.evolve(LOST.sought, next_valid_id=6), ASKING, "gone back"),
        # It was read late, after TWS had said the first id of this connection.
        (LOST.sought, attrs.evolve(ASKING, newest_valid_id=8), "meanwhile"),
        # What is not to be transmitted is in no list.
        (KEPT_BACK, ASKING, "not said again"),
        (KEPT_BACK, attrs.evolve(ASKING, newest_valid_id=8), "meanwhile"),
        (KEPT_BACK, attrs.evolve(ASKING, newest_valid_id=12), "meanwhile"),
        # Sent over the connection that is asked: the id that this began with says nothing.
        (attrs.evolve(LOST.sought, is_of_this_connection=True), ASKING, "not said since"),
        (
            attrs.evolve(LOST.sought, is_of_this_connection=True),
            attrs.evolve(ASKING, newest_valid_id=8),
            "TWS has had its order id",
        ),
    ],
)
def test_absence_proves_nothing(sought: Sought, asking: Asking, why: str) -> None:
    found = judge(sought, Survey(answers()), asking)
    assert found.outcome is F.STILL_UNKNOWN
    assert why in found.evidence[-1]


def test_never_arrived_over_the_same_connection_by_the_newest_id() -> None:
    sought = attrs.evolve(LOST.sought, is_of_this_connection=True)
    assert outcome(sought, answers(), attrs.evolve(ASKING, newest_valid_id=7)) is F.NEVER_ARRIVED


def test_a_sequence_that_contradicts_itself_is_no_evidence() -> None:
    """TWS gives an id out again though an order above it works: its next valid id says nothing of what arrived."""
    other = TrueOrder(order_id=8, ref="b")
    assert outcome(LOST.sought, answers(other, other)) is F.STILL_UNKNOWN
    # Also where it is known from before, and in no list any more.
    assert outcome(LOST.sought, answers(), attrs.evolve(ASKING, proven_before=8)) is F.STILL_UNKNOWN
    sent = attrs.evolve(LOST.sought, is_of_this_connection=True)
    assert outcome(sent, answers(), attrs.evolve(ASKING, newest_valid_id=7, proven=7)) is F.STILL_UNKNOWN
    # One that this connection has placed itself is none: TWS had said the id before.
    later = TrueOrder(order_id=9, ref="b")
    assert outcome(LOST.sought, answers(later, later)) is F.NEVER_ARRIVED
    # Nor is another client's.
    foreign = TrueOrder(order_id=8, ref="b", client_id=2)
    assert outcome(LOST.sought, answers(foreign, foreign)) is F.NEVER_ARRIVED


def test_the_same_id_again_is_another_order() -> None:
    again = TrueOrder(order_id=7, ref="b")
    asking = attrs.evolve(ASKING, first_order_id=7)
    assert outcome(LOST.sought, answers(again, again), asking) is F.NEVER_ARRIVED
    # Without references nobody can tell.
    nameless = TrueOrder(order_id=7)
    found = judge(nameless.sought, Survey(answers(nameless, nameless)), asking)
    assert found.outcome is F.STILL_UNKNOWN
    assert "cannot be told" in found.evidence[0]


def test_the_same_reference_of_others_is_not_ours() -> None:
    for client_id, order_id in ((2, 7), (0, 0)):
        other = TrueOrder(client_id=client_id, order_id=order_id, ref="a")
        assert outcome(LOST.sought, answers(other, other)) is F.NEVER_ARRIVED


def test_a_family_is_as_unknown_as_its_most_unknown_member() -> None:
    assert family_outcome([F.DONE, F.STILL_UNKNOWN, F.LIVE]) is F.STILL_UNKNOWN
    assert family_outcome([F.DONE, F.NEVER_ARRIVED, F.LIVE]) is F.LIVE
    assert family_outcome([F.DONE, F.NEVER_ARRIVED]) is F.DONE
    assert family_outcome([F.NEVER_ARRIVED]) is F.NEVER_ARRIVED


def test_a_fate_is_a_value() -> None:
    fate = Fate(F.LIVE, None, ("it is there",))
    assert fate == replace(fate)
    assert "it is there" in repr(fate)


@given(
    fills=st.lists(st.integers(1, 60), max_size=3),
    cancels=st.booleans(),
    is_lost=st.booleans(),
    next_valid_id=st.integers(1, 12),
    hides=st.sets(st.sampled_from(["open_before", "executions", "completed", "open_after"])),
    has_ref=st.booleans(),
    is_old=st.booleans(),
    reused=st.booleans(),
)
def test_no_verdict_is_ever_wrong(
    fills: list[int],
    cancels: bool,
    is_lost: bool,
    next_valid_id: int,
    hides: set[str],
    has_ref: bool,
    is_old: bool,
    reused: bool,
) -> None:
    """Whatever TWS leaves out, and whatever it gives out again, what is said is true."""
    # What arrived, TWS has counted.
    order = TrueOrder(order_id=7, ref="a" if has_ref else "", is_lost=is_lost)
    if not is_lost:
        next_valid_id = max(next_valid_id, 8)
    there = [] if is_lost else [order]
    if reused and is_lost and next_valid_id <= 7:
        there.append(TrueOrder(order_id=7, permanent_id=101, ref="b" if has_ref else ""))
    opened = [row for each in there for row in each.open_rows()]
    for shares in fills:
        order.fill(Decimal(shares))
    if cancels:
        order.cancel()
    said = Answers(
        opened,
        [] if is_lost else order.execution_rows(),
        [each.completed_row(is_old=is_old) for each in there if not each.is_open],
        [row for each in there if each.is_open for row in each.open_rows()],
    )
    said = attrs.evolve(said, **dict.fromkeys(hides, None))
    asking = Asking(1, next_valid_id, None, max(next_valid_id, 8))
    found = outcome(order.sought, said, asking)
    if found is F.NEVER_ARRIVED:
        assert is_lost
    elif found is F.LIVE:
        assert not is_lost
        assert order.is_open
    elif found is F.DONE:
        assert not is_lost
        assert not order.is_open
    elif not hides and not is_lost and (has_ref or not is_old):
        raise AssertionError("all was told of it")
