"""Each situation that has a name is reached by a day that leads there, and by no quiet one."""

from __future__ import annotations

from decimal import Decimal

import anyio
import pytest

from anytws.messages import CancelOrderRequest, GlobalCancelRequest, LimitOrder, PlaceOrderRequest, Stock
from anytws.simulator.faults import (
    At,
    ConnectionLost,
    CutConnection,
    CutUnanswered,
    ErrorInstead,
    Event,
    FillOrder,
    HoldUntil,
    On,
    Repeat,
)
from anytws.testing.days.running import live
from anytws.testing.days.situations import SITUATIONS, situations
from tests.days_helpers import Hedger, idle, plan


class Resting:
    """Leaves an order in the book, and cancels it after a while."""

    def __init__(self) -> None:
        self.has_placed = False

    async def run(self, tws) -> None:
        if not self.has_placed:
            self.has_placed = True
            order = LimitOrder("BUY", 10, 1.0, order_reference="low")
            await tws.send(PlaceOrderRequest(Stock("AAPL"), order))
            await anyio.sleep(30)
            await tws.send(CancelOrderRequest(1))
        await idle(tws)


async def cancels_all(tws) -> None:
    order = LimitOrder("BUY", 10, 1.0, order_reference="low")
    await tws.send(PlaceOrderRequest(Stock("AAPL"), order))
    await anyio.sleep(30)
    await tws.send(GlobalCancelRequest())
    await idle(tws)


async def cancels_nothing(tws) -> None:
    await tws.send(CancelOrderRequest(17))
    await idle(tws)


FILL = FillOrder(reference="low")

REACHED = {
    "filled while a cancel was pending": (Resting, plan(Event(At(30.05), FILL))),
    "partly filled": (Resting, plan(Event(At(20.0), FillOrder(Decimal(3), reference="low")))),
    "an order was rejected": (Resting, plan(Event(On("PlaceOrderRequest"), ErrorInstead(201)))),
    "a cancel was refused": (cancels_nothing, plan()),
    "cut off before the acknowledgement": (Resting, plan(Event(On("PlaceOrderRequest"), CutUnanswered()))),
    "cut off with an order open": (Resting, plan(Event(At(10.0), CutConnection()))),
    "filled while disconnected": (Resting, plan(Event(At(10.0), CutConnection()), Event(At(12.0), FILL))),
    "told of a fill twice": (Hedger, plan(Event(On("ExecutionDetails", nth=1), Repeat()))),
    "executed before it was acknowledged": (
        Hedger,
        plan(
            *[Event(On(name, nth=1), HoldUntil("ExecutionDetails")) for name in ("OpenOrder", "OrderStatus")],
        ),
    ),
    "the connection was lost": (Resting, plan(Event(At(10.0), CutConnection()))),
    "connected again": (Resting, plan(Event(At(10.0), CutConnection()))),
    "the link to IB was down": (Resting, plan(Event(At(10.0), ConnectionLost(5.0)))),
}


def test_each_is_tried():
    assert {*REACHED} == {*SITUATIONS}


@pytest.mark.parametrize("name", REACHED)
def test_a_day_reaches_it(name: str):
    program, day = REACHED[name]
    assert SITUATIONS[name](live(day, program))


@pytest.fixture(scope="module")
def quiet():
    return [live(plan(), program) for program in (Resting, Hedger, idle)]


@pytest.mark.parametrize("name", REACHED)
def test_a_quiet_day_does_not(name: str, quiet):
    assert not any(SITUATIONS[name](day) for day in quiet)


def test_a_global_cancel_is_pending_for_all():
    day = plan(Event(At(30.05), FILL))
    assert SITUATIONS["filled while a cancel was pending"](live(day, cancels_all))


def test_names_and_functions_may_be_wanted():
    assert [*situations("partly filled")] == ["partly filled"]
    assert [*situations(["partly filled", "connected again"])] == ["partly filled", "connected again"]
    assert situations({"mine": bool}) == {"mine": bool}
    with pytest.raises(ValueError, match="'rainy' is no situation that has a name; these have: 'filled while a cancel"):
        situations(["rainy"])
