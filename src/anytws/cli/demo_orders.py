"""The part of `anytws demo` about orders: one that is filled, and one that is in flight when TWS dies."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import anyio
import attrs

from anytws import (
    AlreadyPlaced,
    ConnectionClosed,
    FateOutcome,
    Gap,
    NotConnected,
    OrderOutcome,
    OrderUnknown,
    Presence,
    PresenceState,
    Resumed,
    Trade,
    TradeState,
    Tws,
)
from anytws.cli.demo_market import SYMBOL, Expect, TellFact
from anytws.cli.gaps import length_text
from anytws.cli.output import Output, counted
from anytws.cli.quote_rows import amount_text, price_text
from anytws.core.events import CloseReason
from anytws.core.state import State
from anytws.machines.quotes import Quote
from anytws.messages.instruments import Stock
from anytws.messages.order import Order
from anytws.messages.order_types import MarketOrder
from anytws.runtime.stream import Feed
from anytws.simulator import World
from anytws.simulator.faults import CutUnanswered, Event, On, Script

FILLED: Final = "demo-1"
IN_FLIGHT: Final = "demo-2"
_QUANTITIES: Final = {FILLED: 100, IN_FLIGHT: 50}
_PATIENCE: Final = 30.0
"""Seconds that each chapter may take. It should be a moment, and the time for which TWS is away."""
_AWAY: Final = 3.0
"""Seconds for which TWS is away, where a person is looking."""
_SHORTLY: Final = 0.15
"""The same, where nobody does."""

TROUBLE: Final = Script(
    [Event(On("PlaceOrderRequest", where={"order.order_reference": IN_FLIGHT}, nth=1), CutUnanswered())]
)
"""TWS takes the second order, and is gone before it has said a word of it."""


@attrs.frozen
class OrderShow:
    """Three chapters. *expect* is told what should have been and was not."""

    output: Output
    world: World
    tell_fact: TellFact
    expect: Expect

    async def perform(self, tws: Tws) -> None:
        """Show them."""
        had = self._held()
        for chapter in (self._tell_filled, self._tell_in_flight):
            with anyio.move_on_after(_PATIENCE) as scope:
                await chapter(tws)
            self.expect(not scope.cancelled_caught, f"orders took longer than {_PATIENCE:g} s")
            if scope.cancelled_caught:
                return
        bought, wanted = self._held() - had, sum(_QUANTITIES.values())
        await self.tell_fact("what is there", f"{amount_text(bought)} bought in all, once each: its exchange says so")
        self.expect(bought == wanted, f"{bought} were bought, and not {wanted}")

    def _held(self) -> Decimal:
        """Give what the exchange and the ledger of the simulated TWS say is held."""
        world = self.world
        contract_id = world.universe.by_symbol(SYMBOL).contract.contract_id
        return world.accounts.position(world.settings.accounts[0], contract_id)

    def _order(self, quantity: int) -> Order:
        # Where there are several accounts an order has to name one.
        return MarketOrder("BUY", quantity, account=self.world.settings.accounts[0])

    # --- an order that is filled -------------------------------------------------------------------------------------

    async def _tell_filled(self, tws: Tws) -> None:
        self.output.title("An order")
        quantity = _QUANTITIES[FILLED]
        await self.tell_fact("place", f"BUY {quantity} {SYMBOL} at the market, with the reference {FILLED!r}")
        # Opened before it is placed, so that no change is missed.
        async with tws.orders.follow_open() as changes:
            trade = await tws.orders.place(Stock(SYMBOL), self._order(quantity), ref=FILLED)
            told = ""
            async for change in changes:
                if isinstance(change, (Gap, Resumed)) or change.trade is not trade:
                    continue
                text = _stands(change.state)
                if text != told:
                    because = change.because if isinstance(change.because, str) else type(change.because).__name__
                    await self.tell_fact("" if told else "it is", f"{text:<32} {because}")
                told = text
                if change.state.is_done:
                    break
        state = await trade.until(lambda state: state.commission_and_fees is not None)
        await self.tell_fact("costs", f"{amount_text(state.commission_and_fees, 2)} {state.currency}")
        self.expect(state.status is OrderOutcome.FILLED, f"the order is {state.status.value}, not filled")
        self.expect(state.filled == quantity, f"{state.filled} are filled, not {quantity}")

    # --- an order in flight ------------------------------------------------------------------------------------------

    async def _tell_in_flight(self, tws: Tws) -> None:
        self.output.title("TWS dies, with an order in flight")
        unknown: OrderUnknown | None = None
        async with tws.market_data.quotes(Stock(SYMBOL)) as quotes, anyio.create_task_group() as tasks:
            await _quote(quotes, lambda quote: quote.bid is not None)
            unknown = await self._place_in_flight(tws)
            # What is there is gone: the port, too.
            self.world.die()
            gap = (await _quote(quotes, lambda quote: quote.gap is not None)).gap
            await self._tell_gap(tws, gap)
            tasks.start_soon(self._restart)
            self.output.title("It comes back, at a time of its own")
            await self._tell_way_back(tws)
            await self._tell_resumed(quotes)
        if unknown is not None:
            await self._tell_fate(tws, unknown)

    async def _place_in_flight(self, tws: Tws) -> OrderUnknown | None:
        quantity = _QUANTITIES[IN_FLIGHT]
        await self.tell_fact("place", f"BUY {quantity} {SYMBOL} at the market, with the reference {IN_FLIGHT!r}")
        try:
            trade = await tws.orders.place(Stock(SYMBOL), self._order(quantity), ref=IN_FLIGHT)
        except OrderUnknown as unknown:
            await self.tell_fact("OrderUnknown", unknown.why)
            await self.tell_fact("", f"bytes that have left: {unknown.left.value}. That is no refusal, and no fill")
            return unknown
        self.expect(False, f"the order in flight is {trade.state.status.value}, and should not be known")
        return None

    async def _tell_gap(self, tws: Tws, gap: Gap | None) -> None:
        end = tws.presence.now.last_end
        self.expect(gap is not None and end is not None, "nobody was told that the connection has ended")
        if gap is None or end is None:
            return
        await self.tell_fact("ConnectionClosed", f"{end.reason.name}, while {end.state.name}: {end.detail}")
        await self.tell_fact("quotes", f"a gap since {gap.since:%H:%M:%S}: no price is shown that may be old")
        try:
            await tws.orders.place(Stock(SYMBOL), self._order(1), ref="demo-3")
        except NotConnected:
            await self.tell_fact("one more order", "NotConnected: nothing was sent")
        else:
            self.expect(False, "an order was placed while there was no connection")
        self.expect(end.reason is CloseReason.EOF, f"the end has the reason {end.reason.name}, not EOF")
        self.expect(end.state is State.READY, f"the end came while {end.state.name}, not while READY")
        self.expect(bool(end.hint), "the end comes without a hint")

    async def _restart(self) -> None:
        await anyio.sleep(_AWAY if self.output.is_terminal else _SHORTLY)
        self.world.restart()

    async def _tell_way_back(self, tws: Tws) -> None:
        async for presence in tws.presence.changes():
            await self.tell_fact(presence.state.value, _where(presence))
            if presence.state is PresenceState.PRESENT:
                return

    async def _tell_resumed(self, quotes: Feed[Quote]) -> None:
        quote = await _quote(quotes, lambda quote: quote.resumed is not None)
        if quote.resumed is not None:
            seconds = (quote.resumed.until - quote.resumed.gap.since).total_seconds()
            await self.tell_fact("quotes", f"go on after {length_text(seconds)}: the same stream, opened anew")
        quote = await _quote(quotes, lambda quote: quote.bid is not None)
        await self.tell_fact("", f"bid {price_text(quote.bid)}, ask {price_text(quote.ask)}")

    async def _tell_fate(self, tws: Tws, unknown: OrderUnknown) -> None:
        self.output.title(f"What became of {IN_FLIGHT!r}")
        fate = await unknown.resolve(tws, timeout=_PATIENCE)
        trade: Trade | None = fate.trade
        told = "no order" if trade is None else _stands(trade.state)
        await self.tell_fact("it is", f"{fate.outcome.value}: {told}")
        for number, line in enumerate(fate.evidence):
            await self.tell_fact("evidence" if not number else "", line)
        self.expect(fate.outcome is FateOutcome.DONE, f"what became of the order is {fate.outcome.value}, not done")
        filled = None if trade is None else trade.state.filled
        self.expect(filled == _QUANTITIES[IN_FLIGHT], f"{filled} of the order in flight are filled")
        try:
            await tws.orders.place(Stock(SYMBOL), self._order(_QUANTITIES[IN_FLIGHT]), ref=IN_FLIGHT)
        except AlreadyPlaced:
            await self.tell_fact("place it again", "AlreadyPlaced: nothing was sent")
        else:
            self.expect(False, "the order was placed twice")


async def _quote(quotes: Feed[Quote], holds: Callable[[Quote], bool]) -> Quote:
    async for quote in quotes:
        if holds(quote):
            return quote
    raise ConnectionClosed(CloseReason.EOF, State.CLOSED, "the quotes have come to an end")


def _stands(state: TradeState) -> str:
    price = "" if state.average_fill_price is None else f" at {price_text(state.average_fill_price, digits=7)}"
    return f"{state.status.value}, {amount_text(state.filled) or '0'} of {amount_text(state.total_quantity)}{price}"


def _where(presence: Presence) -> str:
    match presence.state:
        case PresenceState.WAITING:
            tried = f"{counted(presence.attempts, 'attempt')} failed; " if presence.attempts else ""
            return f"{tried}{presence.why}"
        case PresenceState.CONNECTING:
            return "tries again, with the same client id"
        case PresenceState.RETURNING:
            return "connected; settings, orders and streams are brought up to date, in this order"
        case _:
            return "all that was there before is there again"
