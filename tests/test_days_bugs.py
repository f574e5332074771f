"""Programs with bugs of several kinds: days find each of them, within as many days as Hypothesis has by default."""

from __future__ import annotations

from decimal import Decimal

import anyio
import pytest
from hypothesis import settings

import anytws
from anytws import testing
from anytws.messages import (
    CancelOrderRequest,
    ErrorMessage,
    ExecutionDetails,
    ExecutionFilter,
    ExecutionRequest,
    LimitOrder,
    MarketOrder,
    OpenOrder,
    OpenOrdersRequest,
    OrderStatus,
    OrderStatusWord,
    PlaceOrderRequest,
    Stock,
)
from anytws.testing.days.decorator import days_of
from tests.days_helpers import Hedger

ERRORS = (anytws.RequestFailed, anytws.RequestTimedOut)
APPLE, MICROSOFT = Stock("AAPL"), Stock("MSFT")


class Base:
    """Buys Apple once, and looks at all events; what it does with an execution is the business of each."""

    def __init__(self) -> None:
        self.has_bought = False
        self.seen: set[str] = set()

    def entry(self):
        return MarketOrder("BUY", 100, order_reference="entry")

    async def run(self, tws) -> None:
        with tws.events() as events:
            if not self.has_bought:
                self.has_bought = True
                await tws.send(PlaceOrderRequest(APPLE, self.entry()))
            for done in await tws.ask(ExecutionRequest(ExecutionFilter())):
                await self.note(tws, done)
            async for event in events:
                await self.hear(tws, event)

    async def hear(self, tws, event) -> None:
        if isinstance(event, ExecutionDetails):
            await self.note(tws, event)

    async def note(self, tws, done: ExecutionDetails) -> None:
        """Hear of an execution."""

    async def sell(self, tws, shares: Decimal) -> None:
        await tws.send(PlaceOrderRequest(MICROSOFT, MarketOrder("SELL", shares, order_reference="hedge")))


class CountsRepeats(Base):
    """Hedges each time that it is told of an execution, though TWS tells some twice."""

    async def note(self, tws, done) -> None:
        if done.execution.order_reference == "entry":
            await self.sell(tws, done.execution.shares)


class HedgesWhole(Base):
    """Hedges the whole order at the first of its fills."""

    def entry(self):
        return LimitOrder("BUY", 100, 1.0, order_reference="entry")

    async def note(self, tws, done) -> None:
        if done.execution.order_reference == "entry" and "entry" not in self.seen:
            self.seen.add("entry")
            await self.sell(tws, Decimal(100))


class ForgetsWhatItMissed(Base):
    """Does not ask for executions after a connection has ended."""

    async def run(self, tws) -> None:
        with tws.events() as events:
            if not self.has_bought:
                self.has_bought = True
                await tws.send(PlaceOrderRequest(APPLE, self.entry()))
            async for event in events:
                await self.hear(tws, event)

    async def note(self, tws, done) -> None:
        if done.execution.order_reference == "entry" and done.execution.execution_id not in self.seen:
            self.seen.add(done.execution.execution_id)
            await self.sell(tws, done.execution.shares)


class BelievesInItsHedge(ForgetsWhatItMissed):
    """Takes it that a hedge that was sent is done, whatever TWS says of it."""

    async def run(self, tws) -> None:
        await Base.run(self, tws)


class BelievesInItsCancel(Base):
    """Takes it that what it has cancelled is not filled any more, and buys elsewhere."""

    def entry(self):
        return LimitOrder("BUY", 100, 1.0, order_reference="entry")

    async def run(self, tws) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(super().run, tws)
            await anyio.sleep(30)
            if "instead" not in self.seen:
                self.seen.add("instead")
                await tws.send(CancelOrderRequest(1))
                await tws.send(PlaceOrderRequest(MICROSOFT, MarketOrder("BUY", 100, order_reference="instead")))


class DiesOfAnError(Base):
    """Raises what it does not understand."""

    async def hear(self, tws, event) -> None:
        if isinstance(event, ErrorMessage) and event.error_code == 201:
            raise LookupError(event.error_message)


class TrustsTheFirstStatus(Base):
    """Reads a fill out of each status, and adds them up."""

    filled = Decimal(0)

    async def hear(self, tws, event) -> None:
        if isinstance(event, OrderStatus) and event.status is OrderStatusWord.FILLED and event.order_id == 1:
            await self.sell(tws, event.filled)


def never_oversold(day: testing.Day) -> None:
    assert -day.position("MSFT") <= day.position("AAPL")


def hedged_at_rest(day: testing.Day) -> None:
    if day.is_at_rest:
        assert day.position("MSFT") == -day.position("AAPL")


def one_of_them(day: testing.Day) -> None:
    assert day.position("AAPL") + day.position("MSFT") <= 100


BUGS = [
    (CountsRepeats, never_oversold, AssertionError),
    (HedgesWhole, never_oversold, AssertionError),
    (ForgetsWhatItMissed, hedged_at_rest, AssertionError),
    (BelievesInItsHedge, hedged_at_rest, AssertionError),
    (BelievesInItsCancel, one_of_them, AssertionError),
    (DiesOfAnError, never_oversold, LookupError),
    (TrustsTheFirstStatus, never_oversold, AssertionError),
    (Hedger, never_oversold, AssertionError),
]


@pytest.mark.parametrize("program, check, failure", BUGS, ids=[program.__name__ for program, *_ in BUGS])
def test_it_is_found(program, check, failure: type[Exception]):
    test = settings(max_examples=100, database=None)(testing.days(program=program, restart_on=ERRORS)(check))
    with pytest.raises(failure) as caught:
        test()
    found = days_of(test).failed
    assert found is not None
    assert len(found.script.events) <= 2
    assert found.token in "".join(caught.value.__notes__)
    with pytest.raises(failure):
        testing.run_days(program, check, days=1, tokens=[found.token], restart_on=ERRORS)


class Careful:
    """Asks TWS before it sends anything, and sells what is missing, until nothing is."""

    def __init__(self) -> None:
        self.has_bought = False

    async def run(self, tws) -> None:
        await anyio.sleep(2.0)
        if not self.has_bought:
            self.has_bought = True
            await tws.send(PlaceOrderRequest(APPLE, MarketOrder("BUY", 100, order_reference="entry")))
        while True:
            await self.look(tws)
            await anyio.sleep(20.0)

    async def look(self, tws) -> None:
        orders = await tws.ask(OpenOrdersRequest())
        if any(isinstance(each, OpenOrder) for each in orders):
            return
        executions = await tws.ask(ExecutionRequest(ExecutionFilter()))
        held = {"entry": Decimal(0), "hedge": Decimal(0)}
        for done in {each.execution.execution_id: each.execution for each in executions}.values():
            held[done.order_reference] += done.shares
        if missing := held["entry"] - held["hedge"]:
            await tws.send(PlaceOrderRequest(MICROSOFT, MarketOrder("SELL", missing, order_reference="hedge")))


@pytest.mark.parametrize("check", [never_oversold, hedged_at_rest])
def test_a_careful_one_gets_through(check):
    """No day is one on which nobody could be right."""
    options = {"program": Careful, "restart_on": ERRORS, "reaching": ["connected again"]}
    settings(max_examples=max(25, settings().max_examples // 4), database=None)(testing.days(**options)(check))()
