"""Programs as users write them, against the whole of `tws.orders` and `keep_connected`: what is tried on whole days."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Final

import anyio

import anytws
from anytws import (
    AlreadyPlaced,
    BracketBroken,
    CancelFailed,
    ConnectionClosed,
    ModificationRefused,
    NotConnected,
    OrderRejected,
    OrderUnknown,
    Tws,
)
from anytws.client.trade import Trade
from anytws.machines.fate import FateOutcome
from anytws.messages import LimitOrder, Stock
from anytws.testing.days import KeepConnected
from tests.order_days.process import MemoryJournal

APPLE: Final = Stock("AAPL")
MOST_TRIES: Final = 6


class Program:
    """What all of them have: a journal that outlives their connections, and what became of what they sent."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.tws: Tws | None = None
        self.journal: MemoryJournal = MemoryJournal()
        self.seen: list[str] = []
        """What happened to it."""
        self.never: list[tuple[str, int | None]] = []
        """Orders of which it was told that they never arrived."""
        self.wrong: list[str] = []
        """What must not have been."""

    async def run(self, keep_connected: KeepConnected) -> None:
        """Live through the day."""
        async with keep_connected(client_id=1, journal=self.journal) as tws:
            self.tws = tws
            await self.trade(tws)
            await anyio.sleep_forever()

    async def trade(self, tws: Tws) -> None:
        """Do what it is for."""
        raise NotImplementedError

    async def there(self, tws: Tws) -> None:
        """Wait until TWS is there."""
        await tws.presence.until(lambda presence: presence.is_here)

    async def fate_of(self, tws: Tws, unknown: OrderUnknown) -> anytws.Fate:
        """Find out what became of what nobody knows."""
        self.seen.append(f"unknown, {unknown.left.value} left")
        while True:
            await self.there(tws)
            try:
                fate = await unknown.resolve(tws)
            except (ConnectionClosed, NotConnected, anytws.AnswerLost):
                continue
            self.seen.append(f"resolved: {fate.outcome.value}")
            self.never += [
                (each.ref, each.order_id)
                for each, what in zip(unknown.members or (unknown,), fate.members or (fate,), strict=True)
                if what.outcome is FateOutcome.NEVER_ARRIVED
            ]
            if fate.outcome is not FateOutcome.STILL_UNKNOWN:
                return fate
            await anyio.sleep(20)

    async def place(self, tws: Tws, order: LimitOrder, ref: str) -> Trade | None:
        """Place it once, whatever happens, and give its trade; None: it was refused."""
        again = False
        for _ in range(MOST_TRIES):
            try:
                return await tws.orders.place(APPLE, order, ref=ref, again=again)
            except AlreadyPlaced as already:
                self.seen.append("already placed")
                return already.trade
            except OrderRejected:
                self.seen.append("rejected")
                return None
            except NotConnected:
                self.seen.append("not connected")
                await self.there(tws)
            except OrderUnknown as unknown:
                fate = await self.fate_of(tws, unknown)
                if fate.outcome is not FateOutcome.NEVER_ARRIVED:
                    return tws.orders.trade(ref)
                again = True
        return None


class Webhook(Program):
    """Gets the same signal again and again, and places one order for it."""

    name = "webhook"

    async def trade(self, tws: Tws) -> None:
        """Place what each signal asks for, from several tasks at once."""
        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(self.place, tws, LimitOrder("BUY", 10, 1.5), f"signal-{number % 2}")
                await anyio.sleep(number * 7)


class BracketBot(Program):
    """Brackets, shrinks its stop to what the first fill gave, and cancels the rest of the entry."""

    name = "bracket"

    async def trade(self, tws: Tws) -> None:
        """Place the bracket, and protect exactly what is filled."""
        try:
            bracket = await tws.orders.bracket(APPLE, "BUY", 10, 400, profit_price=500, stop_price=100, ref="entry")
            entry, children = bracket.parent, bracket.children
        except BracketBroken:
            self.seen.append("bracket broken")
            return
        except NotConnected:
            self.seen.append("not connected")
            return
        except OrderUnknown as unknown:
            fate = await self.fate_of_family(tws, unknown)
            found = [tws.orders.trade(ref) for ref in ("entry", "entry/profit", "entry/stop")]
            if fate is None or any(trade is None or trade.state.is_done for trade in found):
                return
            entry, *rest = [trade for trade in found if trade is not None]
            children = tuple(rest)
        await entry.until(lambda state: state.filled > 0 or state.is_done)
        self.seen.append("the entry is filled, a part at least")
        await self.end(tws, entry)
        for child in children:
            await self.shrink(tws, child, entry)

    async def fate_of_family(self, tws: Tws, unknown: OrderUnknown) -> anytws.Fate | None:
        """Find out what became of the three; None: they do not stand whole."""
        self.seen.append("a family unknown")
        await self.there(tws)
        try:
            fate = await unknown.resolve(tws)
        except (ConnectionClosed, NotConnected, anytws.AnswerLost):
            return None
        for each, what in zip(unknown.members, fate.members, strict=True):
            if what.outcome is FateOutcome.NEVER_ARRIVED:
                self.never.append((each.ref, each.order_id))
        return fate if all(what.outcome is FateOutcome.LIVE for what in fate.members) else None

    async def end(self, tws: Tws, entry: Trade) -> None:
        """Cancel what is left of the entry."""
        while not entry.state.is_done:
            try:
                await entry.cancel()
            except OrderUnknown as unknown:
                await self.fate_of(tws, unknown)
            except CancelFailed:
                self.seen.append("cancel failed")
                await anyio.sleep(10)
            except NotConnected:
                await self.there(tws)

    async def shrink(self, tws: Tws, child: Trade, entry: Trade) -> None:
        """Make *child* as large as what is filled."""
        for _ in range(MOST_TRIES):
            filled = entry.state.filled
            if child.state.is_done or child.state.total_quantity == filled or not filled:
                return
            try:
                await child.modify(total_quantity=filled)
                self.seen.append("the stop is shrunk")
            except ModificationRefused:
                self.seen.append("a change refused")
                await anyio.sleep(5)
            except OrderUnknown as unknown:
                await self.fate_of(tws, unknown)
            except NotConnected:
                await self.there(tws)


class Rebalancer(Program):
    """Every minute it looks at what it holds and has ordered, and orders what is missing; never more."""

    name = "rebalancer"
    target: ClassVar[Decimal] = Decimal(30)

    async def trade(self, tws: Tws) -> None:
        """Come as near to the target as TWS lets it."""
        for number in range(12):
            await self.there(tws)
            try:
                picture = await tws.orders.reconcile()
            except (anytws.ReconcileIncomplete, ConnectionClosed, NotConnected, anytws.AnswerLost):
                self.seen.append("no picture")
                await anyio.sleep(30)
                continue
            held = sum([row.position or 0 for row in picture.positions if row.contract.symbol == "AAPL"], Decimal(0))
            open_ = [trade for trade in picture.open if trade.contract is not None and trade.contract.symbol == "AAPL"]
            coming = sum([trade.state.remaining or 0 for trade in open_], Decimal(0))
            if not picture.unknown and held + coming < self.target:
                order = LimitOrder("BUY", min(Decimal(10), self.target - held - coming), 400.0)
                await self.place(tws, order, f"rebalance-{number}")
                self.seen.append("rebalanced")
            await anyio.sleep(60)


class Recorder(Program):
    """Records quotes and executions, and trades a little: every gap is told once, and every execution."""

    name = "recorder"

    async def trade(self, tws: Tws) -> None:
        """Record, and place one order a while."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.record_quotes, tws)
            tasks.start_soon(self.record_executions, tws)
            for number in range(4):
                await self.place(tws, LimitOrder("BUY", 10, 400.0), f"recorded-{number}")
                await anyio.sleep(40)

    async def record_quotes(self, tws: Tws) -> None:
        """See to it that no quote says a price while it is not known."""
        async with tws.market_data.quotes(APPLE) as quotes:
            async for quote in quotes:
                if quote.gap is not None:
                    self.seen.append("a gap in the quotes")
                    if quote.bid is not None or quote.ask is not None:
                        self.wrong.append(f"a price in a gap: {quote}")

    async def record_executions(self, tws: Tws) -> None:
        """See to it that gaps of executions are told in pairs."""
        gap: anytws.Gap | None = None
        async with tws.orders.follow_executions() as executions:
            async for item in executions:
                if isinstance(item, anytws.Gap):
                    if gap is not None:
                        self.wrong.append(f"a gap in a gap: {item}, {gap}")
                    gap = item
                    self.seen.append("a gap in the executions")
                elif isinstance(item, anytws.Resumed):
                    if item.gap != gap:
                        self.wrong.append(f"resumed from {item.gap}, and not from {gap}")
                    gap = None


PROGRAMS: Final[tuple[type[Program], ...]] = (Webhook, BracketBot, Rebalancer, Recorder)
