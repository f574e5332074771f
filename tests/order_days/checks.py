"""What must be true on every day, at each moment, and when all is quiet again."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import isclose
from typing import Protocol

from anytws.machines.fate import Fate, FateOutcome
from anytws.machines.order import OrderLife
from anytws.machines.order_fills import correction_of
from anytws.machines.order_state import OrderOutcome, Owner
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator.exchange.order import HeldOrder, Part
from tests.order_days.house import Wrong
from tests.order_days.process import CLIENT_ID, Process

_O = OrderOutcome
_TOLERANCE = 1e-9


class Truth(Protocol):
    """What is true of all orders."""

    @property
    def held(self) -> dict[int, HeldOrder]:
        """Every order that there ever was, by its permanent id."""

    @property
    def doubles(self) -> set[int]:
        """Permanent ids of orders that TWS has made of a change."""

    @property
    def most_filled(self) -> dict[int, Decimal]:
        """How much each was ever said to be filled."""


class Checks:
    """Looks at a process, and at the truth."""

    def __init__(self, house: Truth) -> None:
        self._house = house
        self._fills: dict[OrderLife, int] = {}
        self._never: list[tuple[str, int | None]] = []
        """Orders of which it was said that they never arrived: reference and order id."""

    # --- at each moment ------------------------------------------------------------------------------------------

    def look(self, news: Iterable[OrderLife]) -> None:
        """Look at the orders of which something was heard: TWS is ahead of the program, and never behind it."""
        for life in news:
            state = life.state
            count = len(life.fills)
            if count < self._fills.get(life, 0):
                raise Wrong(f"a fill was lost: {life!r} had {self._fills[life]}, and has {count}: {state}")
            if count:
                self._fills[life] = count
            held = self._house.held.get(life.permanent_id)
            if held is None:
                self._look_at_unnamed(life)
                continue
            most = self._house.most_filled.get(held.permanent_id, Decimal(0))
            if state.filled > most:
                raise Wrong(f"more is believed filled than ever was ({most}): {state}")
            if state.is_done and held.ended_at is None:
                raise Wrong(f"it is believed to be over, and lives: {state}; {shown(held)}")

    def _look_at_unnamed(self, life: OrderLife) -> None:
        state = life.state
        if state.status is _O.REJECTED or (state.status is _O.CANCELLED and not life.is_withdrawn):
            for held in self._house.held.values():
                if is_it(life, held) and held.is_live:
                    raise Wrong(f"it is believed to be over, and lives: {state}; {shown(held)}")

    def note_fate(self, life: OrderLife, fate: Fate) -> None:
        """Look at what was found out about *life*."""
        if fate.outcome is FateOutcome.NEVER_ARRIVED:
            self._never.append((life.ref, life.order_id))
        found = fate.trade
        if fate.outcome is FateOutcome.DONE and found is not None:
            held = self._house.held.get(found.permanent_id)
            if held is not None and held.is_live:
                raise Wrong(f"it is said to be done, and lives: {fate}; {shown(held)}")

    # --- at rest -------------------------------------------------------------------------------------------------

    def at_rest(self, process: Process) -> None:
        """Compare all that is believed with all that is true."""
        known, matched = process.known, set[OrderLife]()
        for held in self._house.held.values():
            life = known.by_permanent_id(held.permanent_id)
            if held.status is None:
                self._compare_silent(held, life)
                matched |= {life} if life is not None else set()
                continue
            if life is None:
                raise Wrong(f"it is not known at all: {shown(held)}")
            matched.add(life)
            self.compare(life, held)
        for life in known.lives:
            if life not in matched:
                self._compare_absent(life)
        for ref, order_id in self._never:
            if any(_has_names(held, ref, order_id) for held in self._house.held.values()):
                raise Wrong(f"it was said never to have arrived, and did: {ref!r}, {order_id}")

    def compare(self, life: OrderLife, held: HeldOrder, *, all_costs: bool = True) -> None:
        """Compare what is believed of *life* with what is true; *all_costs*: whether TWS has told all of them."""
        state, problems = life.state, list[str]()
        wanted = _outcomes(held)
        if state.status not in wanted:
            problems.append(f"status is not {' or '.join(each.value for each in wanted)}")
        if state.filled != held.filled:
            problems.append("filled")
        remaining = Decimal(0) if state.status is _O.FILLED else held.remaining
        if state.remaining != remaining and not (state.remaining is None and state.total_quantity is None):
            # A completed row that was filled has lost its quantity.
            problems.append("remaining")
        if state.total_quantity is None and (held.is_live or life.asked is not None or life.openings):
            problems.append("no quantity")
        if state.is_unsure or state.is_contested:
            problems.append("it is unsure")
        is_named = held.is_live or state.order_id or held.client_id == CLIENT_ID
        if held.order_id and is_named and (state.order_id, state.client_id) != (held.order_id, held.client_id):
            # In a completed row of another's order both may be missing.
            problems.append("ids")
        if life.ref != held.order.order_reference:
            problems.append("reference")
        problems += _terms(life, held) if held.is_live else []
        problems += _executions(life, held, all_costs=all_costs)
        if problems:
            raise Wrong(f"{', '.join(problems)}: {state}; fills {_fills_of(life)}; truly {shown(held)}")

    def _compare_silent(self, held: HeldOrder, life: OrderLife | None) -> None:
        """Look at an order of which TWS says nothing to anybody: held back, and never transmitted."""
        if life is not None and life.state.status is _O.FILLED:
            raise Wrong(f"believed filled: {life.state}; truly {shown(held)}")

    def _compare_absent(self, life: OrderLife) -> None:
        state = life.state
        if life.is_withdrawn and any(is_it(life, held) for held in self._house.held.values()):
            raise Wrong(f"it was taken back, and TWS has it: {state}")
        is_nothing = life.is_withdrawn or state.status in (_O.REJECTED, _O.UNKNOWN)
        is_held_back = any(is_it(life, held) for held in self._house.held.values() if held.status is None)
        discarded = state.status in (_O.CANCELLED, _O.OPEN) and is_held_back
        if not is_nothing and not discarded:
            raise Wrong(f"there is no such order: {state}")
        if life.fills or state.filled:
            raise Wrong(f"it was never filled: {state}")

    def one_order_for_one_intent(self) -> None:
        """See to it that no intent of ours has become two orders, save where TWS itself has made them."""
        by_ref: dict[str, HeldOrder] = {}
        for held in self._house.held.values():
            ref = held.order.order_reference
            if not ref or held.client_id != CLIENT_ID or held.permanent_id in self._house.doubles:
                continue
            if _is_refused(held):
                continue
            if ref in by_ref:
                raise Wrong(f"one intent has become two orders: {shown(by_ref[ref])} and {shown(held)}")
            by_ref[ref] = held


def _outcomes(held: HeldOrder) -> tuple[OrderOutcome, ...]:
    if held.ended_at is None:
        return (_O.OPEN,)
    if _is_refused(held):
        # TWS lists what it has refused as cancelled.
        return (_O.REJECTED, _O.CANCELLED)
    if held.status is OrderStatusWord.FILLED:
        return (_O.FILLED,)
    if held.filled and not held.remaining:
        # Its group has made it as small as what was filled of it, and then it was cancelled: both are true.
        return (_O.CANCELLED, _O.FILLED)
    return (_O.CANCELLED,)


def _is_refused(held: HeldOrder) -> bool:
    # The word may be a live one: what was refused while TWS told of it was told of to the end.
    return held.ended_at is not None and held.completed_status.startswith("Rejected")


def _terms(life: OrderLife, held: HeldOrder) -> list[str]:
    order = life.order
    if order is None:
        return ["no terms"]
    wrong = []
    if (order.limit_price or None) != (held.order.limit_price or None):
        wrong.append(f"limit price {order.limit_price}, truly {held.order.limit_price}")
    if order.total_quantity != held.total:
        wrong.append(f"quantity {order.total_quantity}, truly {held.total}")
    return wrong


def _executions(life: OrderLife, held: HeldOrder, *, all_costs: bool) -> list[str]:
    fills = [fill for fill in held.fills if fill.part is Part.WHOLE]
    wrong = []
    if {correction_of(fill.execution_id)[0] for fill in fills} != set(life.fills):
        wrong.append("executions are missing, or there are too many")
    costs = float(sum((fill.commission for fill in fills), Decimal(0)))
    told = life.state.commission_and_fees or 0.0
    if told > costs + _TOLERANCE or (all_costs and not isclose(costs, told, abs_tol=_TOLERANCE)):
        wrong.append(f"costs {told}, truly {costs}")
    if held.filled and not isclose(life.state.average_fill_price or 0.0, float(held.average), rel_tol=_TOLERANCE):
        wrong.append(f"average {life.state.average_fill_price}, truly {held.average}")
    return wrong


def _has_names(held: HeldOrder, ref: str, order_id: int | None) -> bool:
    return held.client_id == CLIENT_ID and held.order_id == order_id and held.order.order_reference == ref


def is_it(life: OrderLife, held: HeldOrder) -> bool:
    """Tell whether *life* is *held*, by what the program has called it."""
    return life.owner is Owner.OURS and _has_names(held, life.ref, life.order_id)


def _fills_of(life: OrderLife) -> list[str]:
    return [f"{fill.execution.execution_id}: {fill.execution.shares}" for fill in life.fills.values()]


def shown(held: HeldOrder) -> str:
    """Give *held* for people."""
    word = None if held.status is None else held.status.value
    over = "live" if held.is_live else "over"
    return (
        f"<{over} {word}, {held.filled}/{held.total}, order {held.order_id} of {held.client_id}, permanent "
        f"{held.permanent_id}, ref {held.order.order_reference!r}, limit {held.order.limit_price}, "
        f"transmitted {held.is_transmitted}, {len(held.fills)} fills>"
    )
