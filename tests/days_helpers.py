"""Programs that live through days, for the tests of `anytws.testing.days`; those are skipped where trio is too old."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from anytws.messages import (
    ExecutionDetails,
    ExecutionFilter,
    ExecutionRequest,
    MarketOrder,
    OpenOrdersRequest,
    PlaceOrderRequest,
    Stock,
)
from anytws.simulator.faults import Event, Script

if tuple(map(int, version("trio").split(".")[:2])) < (0, 35):
    pytest.skip("anytws.testing.days needs trio 0.35", allow_module_level=True)

from anytws.testing.days.plan import Plan

BUY, HEDGE = "entry-1", "hedge-1"


class Hedger:
    """Buys once, and sells as much of something else when that is filled. A planted bug: it may sell twice."""

    def __init__(self) -> None:
        self.has_bought = False
        self.has_hedged = False

    async def run(self, tws) -> None:
        with tws.events() as events:
            if not self.has_bought:
                self.has_bought = True
                await tws.send(PlaceOrderRequest(Stock("AAPL"), MarketOrder("BUY", 100, order_reference=BUY)))
            for done in await tws.ask(ExecutionRequest(ExecutionFilter())):
                await self.note(tws, done)
            async for event in events:
                if isinstance(event, ExecutionDetails):
                    await self.note(tws, event)

    async def note(self, tws, done: ExecutionDetails) -> None:
        if done.execution.order_reference == BUY and not self.has_hedged:
            await tws.send(PlaceOrderRequest(Stock("MSFT"), MarketOrder("SELL", 100, order_reference=HEDGE)))
            await tws.ask(OpenOrdersRequest())
            # Here is the bug: if the connection ends before the answer, this is not noted.
            self.has_hedged = True


async def idle(tws) -> None:
    """Is connected, and wants nothing."""
    await tws.closed()
    raise await tws.closed()


def plan(*events: Event, seconds: float = 60.0, **options) -> Plan:
    """A short day with these faults."""
    return Plan(script=Script(events), seconds=seconds, **options)
