"""What a program does with orders, and a judge that compares what is said of them with the world."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any, Final, TypeAlias

import anyio
import attrs

import anytws
from anytws import Tws
from anytws.client.order_errors import AlreadyPlaced, OrderRejected, OrderUnknown
from anytws.machines.fate import Fate, FateOutcome
from anytws.machines.order_state import Left, OrderOutcome, TradeState
from anytws.messages import LimitOrder, MarketOrder, PlaceOrderRequest, Stock, StopOrder, TimeInForce
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator import World
from anytws.simulator.exchange.order import HeldOrder
from tests.cutting import CutLine, ends_of

APPLE: Final = Stock("AAPL")
LONG: Final = 3600.0
Do: TypeAlias = Callable[[Tws, str], Awaitable[object]]
F = FateOutcome


# --- what a program does ---------------------------------------------------------------------------------------------


@attrs.frozen
class Deed:
    """What is done over the line that is cut."""

    name: str
    do: Do
    before: Do | None = None
    """What is done before, while nothing is cut yet."""
    members: tuple[str, ...] = ("",)
    """What is behind the reference, of each order."""
    said: int = 1
    """How often each is told to TWS at the most: once, and once more if it is changed."""
    waits: bool = True
    """Whether what it gives has been acknowledged. Of what is not to be transmitted TWS says nothing."""


def _placing(order: Callable[[], Any], **options: Any) -> Do:
    async def do(tws: Tws, ref: str) -> object:
        return await tws.orders.place(APPLE, order(), ref=ref, **options)

    return do


async def _filled(tws: Tws, ref: str) -> object:
    trade = await tws.orders.place(APPLE, MarketOrder("BUY", 5), ref=ref)
    return await trade.until(lambda state: state.is_done, timeout=LONG)


async def _modify(tws: Tws, ref: str) -> object:
    trade = tws.orders.trade(ref)
    assert trade is not None
    return await trade.modify(limit_price=9)


async def _cancel(tws: Tws, ref: str) -> object:
    trade = tws.orders.trade(ref)
    assert trade is not None
    return await trade.cancel()


async def _modify_and_cancel(tws: Tws, ref: str) -> object:
    """A change, and a cancel right behind it."""
    trade = tws.orders.trade(ref)
    assert trade is not None
    problems: list[Exception] = []

    async def use(pause: float, verb: Callable[[], Awaitable[object]]) -> None:
        await anyio.sleep(pause)
        try:
            await verb()
        except anytws.AnytwsError as problem:
            problems.append(problem)

    # Where the line is cut the block is cancelled, and both are to say what they know.
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(use, 0, lambda: trade.modify(limit_price=9))
            tasks.start_soon(use, 0.01, trade.cancel)
    for problem in problems:
        if isinstance(problem, OrderUnknown):
            raise problem
    return trade


async def _bracket(tws: Tws, ref: str) -> object:
    return await tws.orders.bracket(APPLE, "BUY", 100, 10, profit_price=20, stop_price=5, ref=ref)


async def _group(tws: Tws, ref: str) -> object:
    orders = [(APPLE, LimitOrder("BUY", 100, price)) for price in (10, 9)]
    return await tws.orders.one_cancels_all(orders, ref=ref)


async def _held_back(tws: Tws, ref: str) -> object:
    """Kept back by TWS, and sent on."""
    trade = await tws.orders.place(APPLE, LimitOrder("BUY", 100, 10, transmit=False), ref=ref)
    return await trade.modify(transmit=True)


_LIMIT: Final = _placing(lambda: LimitOrder("BUY", 100, 10))
DEEDS: Final = {
    deed.name: deed
    for deed in (
        Deed("limit", _LIMIT),
        Deed("filled", _filled),
        Deed("stop", _placing(lambda: StopOrder("SELL", 100, 5))),
        Deed("ioc", _placing(lambda: LimitOrder("BUY", 100, 10, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL))),
        Deed("off_tick", _placing(lambda: LimitOrder("BUY", 100, 10.001))),
        Deed("too_large", _placing(lambda: MarketOrder("BUY", 1_000_000))),
        Deed("modify", _modify, _LIMIT, said=2),
        Deed("cancel", _cancel, _LIMIT),
        Deed("modify_and_cancel", _modify_and_cancel, _LIMIT, said=2),
        Deed("held_back", _held_back, said=2, waits=False),
        Deed("bracket", _bracket, members=("", "/profit", "/stop")),
        Deed("group", _group, members=("/1", "/2")),
    )
}


# --- the truth -------------------------------------------------------------------------------------------------------


class Wrong(AssertionError):
    """What was said and is not so."""


class Judge:
    """Compares what is said of the orders of one deed with the world."""

    def __init__(self, world: World, deed: Deed, ref: str) -> None:
        self.world = world
        self.deed = deed
        self.ref = ref
        self.refs = [ref + member for member in deed.members]
        self._never: set[str] = set()

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return self.world.ms()

    def held(self, ref: str) -> HeldOrder | None:
        """Give what TWS holds as *ref*. There must not be two."""
        orders = self.world.exchange.orders
        found = [held for held in (*orders.ended, *orders.live) if held.order.order_reference == ref]
        self.require(len(found) <= 1, f"TWS has {len(found)} orders {ref}")
        return found[0] if found else None

    def times_heard(self, ref: str) -> int:
        """Tell how often TWS heard of *ref*."""
        messages = [heard.message for heard in self.world.heard]
        return sum(isinstance(each, PlaceOrderRequest) and each.order.order_reference == ref for each in messages)

    def require(self, holds: object, what: str) -> None:
        """Raise unless it *holds*."""
        if not holds:
            raise Wrong(f"{self.ref}: {what}")

    def check_told(self, problem: BaseException | None, line: CutLine, *, is_alone: bool = True) -> None:
        """Compare what the caller was told at once."""
        for ref in self.refs:
            self.require(self.times_heard(ref) <= self.deed.said, f"{ref} was said {self.times_heard(ref)} times")
        if isinstance(problem, OrderUnknown):
            for member in problem.members or (problem,):
                self._check_left(member, line, is_alone=is_alone and not problem.members)
            return
        is_over = isinstance(problem, (anytws.ConnectionClosed, anytws.NotConnected))
        if is_over:
            # What it was about had been answered before.
            self.require(line.is_cut, f"nobody had cut the line: {problem}")
        if self.deed.waits and (problem is None or is_over):
            for ref in self.refs:
                self.require(self.held(ref), f"{ref} was acknowledged, and TWS has it not")
        if isinstance(problem, OrderRejected):
            for ref in self.refs:
                held = self.held(ref)
                self.require(held is None or not held.is_live, f"{ref} was called rejected, and lives")

    def _check_left(self, unknown: OrderUnknown, line: CutLine, *, is_alone: bool) -> None:
        if unknown.left is not Left.NONE:
            return
        if is_alone:
            self.require(not line.up, f"none is said to have left, and TWS got {len(line.up)} bytes")
        else:
            ends = ends_of(bytes(line.wanted))
            begun = [bytes(line.wanted[at:end]) for at, end in pairwise(ends) if at < len(line.up)]
            is_in = re.compile(re.escape(unknown.ref.encode()) + rb"(?![!-~])").search
            self.require(not any(map(is_in, begun)), f"{unknown.ref}: none is said to have left, and some has")
        if self.deed.before is None:
            self.require(not self.times_heard(unknown.ref), f"{unknown.ref}: none is said to have left, and TWS has it")

    def check_fate(self, ref: str, fate: Fate, began: int) -> None:
        """Compare what was found out with what is."""
        held, outcome = self.held(ref), fate.outcome
        if held is None:
            # What it refuses on sight TWS has had, and never tells of again.
            right = (F.STILL_UNKNOWN, F.DONE) if self.times_heard(ref) else (F.NEVER_ARRIVED,)
        elif not held.is_transmitted:
            right = (F.STILL_UNKNOWN, F.LIVE) if held.is_live else (F.STILL_UNKNOWN, F.DONE)
        elif held.is_live:
            right = (F.LIVE,)
        elif (held.ended_at or 0) >= began:
            right = (F.LIVE, F.DONE)
        else:
            right = (F.DONE,)
        self.require(outcome in right, f"{ref} is called {outcome.value}, and is {_shown(held)}: {fate.evidence}")
        if outcome is F.NEVER_ARRIVED:
            self._never.add(ref)

    def check_beliefs(self, tws: Tws, fates: dict[str, Fate] | None = None) -> None:
        """Compare all that is believed of the orders, when all has been said."""
        fates = fates or {}
        for ref in self.refs:
            held, trade, fate = self.held(ref), tws.orders.trade(ref), fates.get(ref)
            if trade is None:
                is_doubted = fate is not None and fate.outcome in (F.STILL_UNKNOWN, F.NEVER_ARRIVED)
                is_hidden = held is None or not held.is_transmitted
                self.require(is_doubted or is_hidden, f"{ref} is {_shown(held)}, and nobody knows of it")
                continue
            self.require(fate is None or fate.trade in (None, trade), f"{ref} has two trades")
            self._check_state(ref, held, trade, is_doubted=fate is not None and fate.outcome is F.STILL_UNKNOWN)

    def _check_state(self, ref: str, held: HeldOrder | None, trade: anytws.Trade, *, is_doubted: bool) -> None:
        state = trade.state
        said = f"{ref} is believed {_told(state)}, and is {_shown(held)}"
        if held is None:
            is_taken_back = state.status is OrderOutcome.CANCELLED and trade.left is Left.NONE
            is_right = is_taken_back or state.status is OrderOutcome.REJECTED
            self.require(is_right or (state.status is OrderOutcome.UNKNOWN and state.is_unsure), said)
            return
        if not held.is_transmitted:
            is_right = state.is_untransmitted or state.is_unsure or state.status is OrderOutcome.CANCELLED
            self.require(is_right and not state.filled, said)
            return
        self.require(not is_doubted, said)
        self.require(state.status in _outcomes(held), said)
        self.require(state.permanent_id == held.permanent_id, said)
        self.require(not state.is_unsure, said)
        self.require(state.filled == held.filled, said)
        if state.filled and held.average:
            average = state.average_fill_price
            self.require(average is not None and abs(float(average) - float(held.average)) < 1e-6, said)
        if held.is_live:
            self.require(state.remaining == held.remaining, said)
            order = trade.order
            is_right = order is not None and (held.limit is None or order.limit_price == held.order.limit_price)
            self.require(is_right, f"{said}: {order}")

    async def check_again(self, tws: Tws, fates: dict[str, Fate]) -> None:
        """Place again what never arrived: then there is one."""
        if self.deed.name not in ("limit", "filled") or self.ref not in self._never:
            return
        fate = fates[self.ref]
        if fate.trade is not None:
            try:
                await tws.orders.place(APPLE, LimitOrder("BUY", 100, 10), ref=self.ref)
            except AlreadyPlaced:
                pass
            else:
                raise Wrong(f"{self.ref} was placed again, unasked")
        await tws.orders.place(APPLE, LimitOrder("BUY", 100, 10), ref=self.ref, again=True)
        held = self.held(self.ref)
        self.require(held is not None and held.is_live, "what was placed again is not there")

    def clear_up(self) -> None:
        """End what lives: only so many may work at a time."""
        for held in self.world.exchange.orders.live:
            self.world.exchange.hands.cancel(held)


def _outcomes(held: HeldOrder) -> tuple[OrderOutcome, ...]:
    if held.is_live:
        return (OrderOutcome.OPEN,)
    if held.status is OrderStatusWord.FILLED:
        return (OrderOutcome.FILLED,)
    # Completed orders list a refused one as cancelled.
    refused = held.status is OrderStatusWord.INACTIVE
    return (OrderOutcome.REJECTED, OrderOutcome.CANCELLED) if refused else (OrderOutcome.CANCELLED,)


def _shown(held: HeldOrder | None) -> str:
    if held is None:
        return "not there"
    word = None if held.status is None else held.status.value
    kept = "" if held.is_transmitted else ", not transmitted"
    return f"{'live' if held.is_live else 'over'} ({word}{kept}, {held.filled} of {held.total} filled)"


def _told(state: TradeState) -> str:
    unsure = ", unsure" if state.is_unsure else ""
    return f"{state.status.value} ({state.word}{unsure}, {state.filled} filled, permanent id {state.permanent_id})"
