"""What markets, people and the exchange do by script."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws.messages import (
    CancelOrderRequest,
    ErrorMessage,
    ExecutionDetails,
    LimitOrder,
    MarketOrder,
    OpenOrder,
    OpenOrdersRequest,
    OrderStatus,
    PlaceOrderRequest,
    Stock,
)
from anytws.messages.contract import Action
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import Progress
from anytws.simulator.faults import (
    At,
    CancelOrder,
    CorrectExecution,
    Event,
    FillOrder,
    HaltTrading,
    ManualOrder,
    MoveTo,
    On,
    RejectOrder,
    ResumeTrading,
    Script,
    ShiftMarket,
)
from anytws.simulator.market.words import Halt
from tests.test_world import Client

AAPL = Stock("AAPL")


def rest(order_id: int = 1, reference: str = "") -> PlaceOrderRequest:
    """Give a request for an order that is far from the market."""
    return PlaceOrderRequest(AAPL, LimitOrder("BUY", 10, 1.0, order_reference=reference), order_id=order_id)


def client_of(*events: Event, **settings: object) -> Client:
    """Give a client 0 of a world in which *events* happen."""
    return Client(World(WorldSettings(**settings), script=Script(events)), client_id=0)


def price(client: Client, now: float) -> Decimal:
    world = client.link.world
    instrument = world.universe.by_symbol("AAPL")
    return world.market.mark(instrument, world.ms(now)) * instrument.tick


@pytest.mark.card("faults.move_to")
def test_the_market_moves_to_a_price():
    client = client_of(Event(At(10), MoveTo("AAPL", Decimal(500))), Event(At(20), MoveTo("265598", Decimal(100))))
    client.go(10.0)
    assert abs(price(client, 10.5) - 500) < 5
    client.go(20.0)
    assert abs(price(client, 20.5) - 100) < 5


@pytest.mark.card("faults.move_to")
def test_an_order_is_filled_when_the_market_comes_to_it():
    client = client_of(Event(At(10), MoveTo("AAPL", Decimal(99))))
    client.ask(PlaceOrderRequest(AAPL, LimitOrder("BUY", 10, 100.0), order_id=1))
    client.go(9.0)
    assert client.heard(ExecutionDetails) == []
    for tenth in range(90, 200):
        client.go(tenth / 10)
    assert client.heard(ExecutionDetails)


@pytest.mark.card("faults.shift_market")
def test_the_market_moves_by_ticks():
    client, plain = client_of(Event(At(10), ShiftMarket("AAPL", -500))), client_of()
    for each in (client, plain):
        each.go(10.0)
    assert price(plain, 11.0) - price(client, 11.0) == Decimal("5.00")


@pytest.mark.card("faults.halt_trading", "faults.resume_trading")
def test_trading_is_halted_and_goes_on():
    client = client_of(
        Event(At(10), HaltTrading("AAPL", seconds=5.0)),
        Event(At(20), HaltTrading("AAPL", Halt.GENERAL, seconds=None)),
        Event(At(30), ResumeTrading("AAPL")),
    )
    world = client.link.world
    apple = world.universe.by_symbol("AAPL")
    seen = []
    for now in (9.0, 10.0, 15.0, 20.0, 29.0, 30.0):
        client.go(now)
        seen.append(world.market.halt_at(apple, world.ms()))
    assert seen == [Halt.NONE, Halt.VOLATILITY, Halt.NONE, Halt.GENERAL, Halt.GENERAL, Halt.NONE]


@pytest.mark.card("faults.fill_order")
def test_orders_are_filled_by_hand():
    client = client_of(
        Event(At(10), FillOrder(Decimal(3), Decimal("1.5"))),
        Event(At(20), FillOrder(Decimal(100), reference="mine")),
        Event(At(30), FillOrder(order_id=99)),
        progress=Progress.BY_HAND,
    )
    client.ask(rest(1))
    client.ask(rest(2, "mine"))
    client.ask(rest(3))
    for now in (1.0, 10.0, 11.0, 20.0, 21.0, 30.0):
        client.go(now)
    fills = [
        (each.execution.order_id, each.execution.shares, each.execution.price)
        for each in client.heard(ExecutionDetails)
    ]
    assert fills == [(3, Decimal(3), 1.5), (2, Decimal(10), 1.0)]
    assert [told.text for told in client.link.world.director.told] == [
        "FillOrder: order 3",
        "FillOrder: order 2",
        "FillOrder: there is no such order",
    ]


@pytest.mark.card("faults.fill_order")
def test_an_order_is_filled_when_its_cancel_is_asked_for():
    client = client_of(Event(On("CancelOrderRequest"), FillOrder()), progress=Progress.BY_HAND)
    client.ask(rest(1))
    client.ask(rest(2))
    client.go(1.0)

    client.ask(CancelOrderRequest(1), now=2.0)
    client.go(3.0)
    assert [each.execution.order_id for each in client.heard(ExecutionDetails)] == [1]


@pytest.mark.card("faults.reject_order")
def test_an_order_is_refused_by_ib():
    client = client_of(Event(At(10), RejectOrder(text="too much")))
    client.ask(rest(1))
    for now in (1.0, 10.0, 11.0):
        client.go(now)
    (error,) = client.heard(ErrorMessage)
    assert (error.request_id, error.error_code, error.error_message) == (1, 201, "Order rejected - reason:too much")
    assert client.link.world.exchange.orders.find(0, 1).is_live is False


@pytest.mark.card("faults.cancel_order")
def test_an_order_is_cancelled_by_somebody():
    client = client_of(Event(At(10), CancelOrder("out of range", order_id=1)), Event(At(11), CancelOrder(order_id=1)))
    client.ask(rest(1))
    client.ask(rest(2))
    for now in (1.0, 10.0, 11.0, 12.0):
        client.go(now)
    assert [(each.request_id, each.error_code) for each in client.heard(ErrorMessage)] == [(1, 202)]
    assert "out of range" in client.heard(ErrorMessage)[0].error_message
    assert client.heard(OrderStatus)[-1].status is OrderStatusWord.CANCELLED


@pytest.mark.card("faults.correct_execution")
def test_an_execution_is_corrected():
    client = client_of(
        Event(At(1), CorrectExecution(price=Decimal(1))), Event(At(10), CorrectExecution(price=Decimal("123.45")))
    )
    client.go(1.0)
    client.ask(PlaceOrderRequest(AAPL, MarketOrder("BUY", 10), order_id=1), now=2.0)
    for now in (3.0, 5.0, 10.0, 11.0):
        client.go(now)
    first, second = (each.execution for each in client.heard(ExecutionDetails))
    assert first.execution_id.rpartition(".")[0] == second.execution_id.rpartition(".")[0]
    assert (second.price, second.shares) == (123.45, first.shares)


@pytest.mark.card("faults.manual_order")
def test_a_person_makes_an_order():
    client = client_of(
        Event(At(10), ManualOrder("AAPL", Action.BUY, Decimal(5), limit_price=Decimal("1.25"))),
        Event(At(20), ManualOrder("AAPL", Action.SELL, Decimal(5))),
    )
    for now in (10.0, 11.0, 20.0, 25.0):
        client.go(now)
    assert [held.order.action for held in client.link.world.exchange.orders.ended] == [Action.SELL]
    client.ask(OpenOrdersRequest(), now=30.0)
    by_hand = client.heard(OpenOrder)[-1]
    assert (by_hand.order.limit_price, by_hand.order.total_quantity) == (1.25, Decimal(5))
    assert by_hand.order_id <= 0


def test_a_symbol_that_there_is_not():
    with pytest.raises(ValueError, match="event 1 of the script"):
        client_of(Event(At(1), MoveTo("NOSUCH", Decimal(1))))
