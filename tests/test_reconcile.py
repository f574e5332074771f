"""What is asked for a picture of all orders, in which order, and that the picture is the world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.fate import SETTLING, FateOutcome
from anytws.machines.reconcile import (
    MOST_RACES,
    Missing,
    Pause,
    PositionDifference,
    Query,
    Reconciliation,
    is_near_midnight,
    position_differences,
)
from anytws.machines.sightings import Asking
from anytws.messages import SecurityType
from anytws.messages.accounts import Position
from tests.order_world import APPLE, TrueOrder, TrueWorld

ASKING = Asking(client_id=1, next_valid_id=7, first_order_id=9)
WHOLE = [Query.OPEN_ORDERS, Query.EXECUTIONS, Query.COMPLETED_ORDERS, Query.OPEN_ORDERS_AGAIN, Query.POSITIONS]


def nothing(step: int) -> None:
    """Happen."""


def run(
    world: TrueWorld, reconciliation: Reconciliation[Any], happens: Callable[[int], None] = nothing
) -> list[Query | Pause]:
    """Ask *world* until the machine is content, with what *happens* before each question; give what was done."""
    done: list[Query | Pause] = []
    while (step := reconciliation.next()) is not None:
        happens(len(done))
        done.append(step)
        if isinstance(step, Pause):
            reconciliation.waited()
        else:
            reconciliation.answer(step, world.answer(step))
    return done


def test_five_questions_where_all_is_plain() -> None:
    order = TrueOrder(ref="a")
    machine = Reconciliation({"a": order.sought}, ASKING)
    assert machine.still_to_come == 4
    assert run(TrueWorld([order]), machine) == WHOLE
    assert machine.judge(order.sought).outcome is FateOutcome.LIVE


def test_what_ends_between_the_questions_is_asked_for_again() -> None:
    """Another client's order ends after the completed orders were told: it is in no answer of the first round."""
    order = TrueOrder(client_id=2, ref="b")
    machine: Reconciliation[str] = Reconciliation({}, ASKING)

    def end(step: int) -> None:
        if step == 3:
            order.cancel()

    done = run(TrueWorld([order]), machine, end)
    assert done == [*WHOLE, *WHOLE[1:]]
    assert machine.judge(attrs.evolve(order.sought, permanent_ids=(100,))).outcome is FateOutcome.DONE


def test_the_window_is_not_closed_for_ever() -> None:
    """An order that is gone and nowhere (no executions, not completed) is unknown, and not asked for without end."""
    order = TrueOrder(ref="a")
    world = TrueWorld([order])

    def vanish(step: int) -> None:
        order.is_lost = step >= 3

    sought = attrs.evolve(order.sought, permanent_ids=(100,))
    machine = Reconciliation({"a": sought}, ASKING)
    done = run(world, machine, vanish)
    assert done.count(Query.EXECUTIONS) == 3
    assert [step for step in done if isinstance(step, Pause)] == [Pause(SETTLING)]
    assert machine.judge(sought).outcome is FateOutcome.STILL_UNKNOWN
    assert MOST_RACES >= 2


def test_never_arrived_is_said_after_two_looks_only() -> None:
    lost = TrueOrder(order_id=8, ref="a", is_lost=True)
    machine = Reconciliation({"a": lost.sought}, ASKING)
    world = TrueWorld([lost])
    for query in WHOLE:
        assert machine.next() is query
        machine.answer(query, world.answer(query))
        assert machine.judge(lost.sought).outcome is FateOutcome.STILL_UNKNOWN
    assert machine.next() == Pause(SETTLING)
    machine.waited()
    assert run(world, machine) == WHOLE
    assert machine.judge(lost.sought).outcome is FateOutcome.NEVER_ARRIVED


def test_what_arrives_late_is_found_by_the_second_look() -> None:
    lost = TrueOrder(order_id=8, ref="a", is_lost=True)
    machine = Reconciliation({"a": lost.sought}, ASKING)

    def arrive(step: int) -> None:
        lost.is_lost = step < 5

    run(TrueWorld([lost]), machine, arrive)
    assert machine.judge(lost.sought).outcome is FateOutcome.LIVE


def test_without_time_for_a_second_look_it_is_unknown() -> None:
    lost = TrueOrder(order_id=8, ref="a", is_lost=True)
    machine = Reconciliation({"a": lost.sought}, ASKING)
    world = TrueWorld([lost])
    for query in WHOLE:
        machine.answer(query, world.answer(query))
    assert machine.next() == Pause(SETTLING)
    machine.stop()
    assert machine.next() is None
    assert machine.judge(lost.sought).outcome is FateOutcome.STILL_UNKNOWN


def test_what_is_on_its_way_over_this_connection_is_not_waited_for() -> None:
    sent = attrs.evolve(TrueOrder(order_id=9, is_lost=True).sought, is_of_this_connection=True)
    machine = Reconciliation({"a": sent}, ASKING)
    assert run(TrueWorld(), machine) == WHOLE
    assert machine.judge(sent).outcome is FateOutcome.STILL_UNKNOWN


def test_what_was_told_meanwhile_needs_no_question() -> None:
    lost = TrueOrder(order_id=8, ref="a", is_lost=True)
    machine = Reconciliation({"a": lost.sought}, ASKING)
    machine.note_done("a")
    machine.note_done("a")
    assert run(TrueWorld([lost]), machine) == WHOLE


@pytest.mark.parametrize("query", WHOLE)
def test_a_question_that_failed_is_not_an_empty_answer(query: Query) -> None:
    lost, live = TrueOrder(order_id=8, ref="a", is_lost=True), TrueOrder(ref="b", permanent_id=101)
    world = TrueWorld([lost, live])
    machine = Reconciliation({"a": lost.sought, "b": live.sought}, ASKING)
    asked = []
    while (step := machine.next()) is not None:
        assert isinstance(step, Query), "what has failed is not waited for"
        asked.append(step)
        if step is query:
            machine.fail(step, "321")
        else:
            machine.answer(step, world.answer(step))
    assert asked == WHOLE
    assert machine.missing == [Missing(query.value, "321")]
    assert machine.judge(lost.sought).outcome is FateOutcome.STILL_UNKNOWN
    found = machine.judge(live.sought).outcome
    assert found is (FateOutcome.STILL_UNKNOWN if query is Query.OPEN_ORDERS_AGAIN else FateOutcome.LIVE)
    assert (machine.positions is None) is (query is Query.POSITIONS)


def order_of(client_id: int, order_id: int, has_ref: bool, is_lost: bool) -> TrueOrder:
    return TrueOrder(
        client_id=client_id,
        order_id=order_id,
        ref=f"ref-{client_id}-{order_id}" if has_ref else "",
        permanent_id=100 * client_id + order_id,
        is_lost=is_lost and client_id == 1 and order_id >= 7,
    )


ORDERS = st.builds(order_of, st.sampled_from([1, 1, 2]), st.integers(3, 8), st.booleans(), st.booleans())
HAPPENS = st.tuples(st.integers(0, 3), st.integers(0, 4), st.sampled_from(["fill", "part", "cancel"]))


@given(
    orders=st.lists(ORDERS, max_size=5, unique_by=lambda order: (order.client_id, order.order_id)),
    happens=st.lists(HAPPENS, max_size=6),
    is_old=st.booleans(),
)
def test_the_picture_is_the_world(orders: list[TrueOrder], happens: list[tuple[int, int, str]], is_old: bool) -> None:
    """Whatever happens between the questions of the first round, the verdicts are what is true at the end.

    What was lost is not below TWS's next valid id, and all else is: so TWS gives ids out as it was recorded to do.
    """
    orders = [order for order in orders if order.is_lost or order.client_id != 1 or order.order_id < 7]
    world = TrueWorld(orders, is_old=is_old)
    # Of others' orders a client knows the permanent id: it has heard of them by such a list. Of its own that is told.
    sought = {
        order.permanent_id: order.sought
        if order.client_id == 1
        else attrs.evolve(order.sought, permanent_ids=(order.permanent_id,))
        for order in orders
    }
    machine = Reconciliation(sought, ASKING)

    def happen(step: int) -> None:
        for at, which, what in happens:
            if at == step and which < len(orders) and not orders[which].is_lost:
                order = orders[which]
                if what == "cancel":
                    order.cancel()
                else:
                    order.fill(order.total if what == "fill" else Decimal(30))

    done = run(world, machine, happen)
    assert len(done) <= 30
    for order in orders:
        judgement = machine.judge(sought[order.permanent_id])
        true = FateOutcome.NEVER_ARRIVED if order.is_lost else FateOutcome.LIVE if order.is_open else FateOutcome.DONE
        if not order.ref and order.client_id == 1 and judgement.outcome is FateOutcome.STILL_UNKNOWN:
            # Without a reference a completed row has no name that is known: nobody can tell that it is it.
            assert not order.is_open
            continue
        assert judgement.outcome is true, judgement


def position(held: int, account: str = "DU1") -> Position:
    return Position(account, APPLE, Decimal(held))


def test_positions_against_executions() -> None:
    order = TrueOrder()
    order.fill(Decimal(40))
    order.fill(Decimal(60))
    executed = [(row.contract, row.execution) for row in order.execution_rows()]
    assert position_differences([position(10)], executed, [position(110)]) == ()
    assert position_differences([], executed, [position(100)]) == ()
    assert position_differences([position(-100)], executed, []) == ()
    assert position_differences([position(10)], executed[:1], [position(110)]) == (
        PositionDifference("DU1", APPLE, Decimal(50), Decimal(110)),
    )
    forex = attrs.evolve(APPLE, security_type=SecurityType.FOREX)
    assert position_differences([], [(forex, executed[0][1])], []) == ()


@pytest.mark.parametrize(
    "clock, expected",
    [("23:44:59", False), ("23:45:00", True), ("00:00:00", True), ("00:15:00", True), ("00:15:01", False)],
)
def test_the_window_at_midnight(clock: str, expected: bool) -> None:
    assert is_near_midnight(datetime.fromisoformat(f"2026-03-02 {clock}")) is expected
