"""Floods of orders: what an exchange keeps has a bound, whatever clients do, and their trouble is their own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from anytws.messages import Order, OrderStatusWord, TimeInForce
from anytws.messages.base import Side
from anytws.messages.orders import GlobalCancelRequest, OrderStatus, PlaceOrderRequest
from anytws.messages.session import ErrorMessage
from anytws.simulator.exchange import book
from anytws.simulator.exchange.models import AT_ONCE, Progress
from anytws.simulator.exchange.order import HeldOrder
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from tests.trading import AAPL, Floor, Trader, limit, market, stop

GTD, GTC = TimeInForce.GOOD_TILL_DATE, TimeInForce.GOOD_TILL_CANCELLED
FAR_AWAY = date(9999, 12, 31)


def quiet(**settings: Any) -> Floor:
    """Give a world in which orders only wait, and nobody is too fast."""
    return Floor(progress=Progress.BY_HAND, latency=AT_ONCE, messages_per_second=0, **settings)


def errors(trader: Trader) -> list[int]:
    return [message.error_code for message in trader.take() if isinstance(message, ErrorMessage)]


def test_an_order_that_is_changed_for_ever_leaves_nothing_on_the_agenda() -> None:
    trader = (floor := quiet()).trader()
    order_id = trader.place(limit(100.0, time_in_force=GTC))
    for number in range(400):
        until = datetime(9990 + number % 2, 1, 1, tzinfo=UTC)
        trader.place(limit(100.0, time_in_force=GTD, good_till_date=until), order_id=order_id)
    assert trader.held(order_id).is_live
    assert floor.world.waiting <= 2 * 64


def test_orders_that_would_end_in_the_year_9999_are_forgotten_when_they_end() -> None:
    trader = (floor := quiet()).trader()
    for _ in range(400):
        trader.cancel(trader.place(limit(100.0, time_in_force=GTD, good_till_date=FAR_AWAY)))
    assert floor.world.waiting <= 2 * 64


def test_a_change_of_mind_about_the_end_of_an_order_ends_it_once() -> None:
    trader = (floor := quiet()).trader()
    ends = [datetime(2026, 1, 5, 16, minute, tzinfo=UTC) for minute in (0, 30, 0)]
    order_id = trader.place(limit(100.0, time_in_force=GTD, good_till_date=ends[0]))
    for end in ends[1:]:
        trader.place(limit(100.0, time_in_force=GTD, good_till_date=end), order_id=order_id)
    trader.take()
    floor.until(datetime(2026, 1, 5, 18, 0, tzinfo=UTC))
    told = [message.status for message in trader.take() if isinstance(message, OrderStatus)]
    assert told.count(OrderStatusWord.CANCELLED) == 1


def test_orders_that_are_not_over_have_a_bound_in_number_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_LIVE", 3)
    trader = quiet().trader()
    for price in (1.0, 2.0, 3.0):
        trader.place(limit(price))
    trader.take()
    trader.place(limit(4.0))
    assert errors(trader) == [201]
    monkeypatch.setattr(book, "MOST_LIVE", 1000)
    monkeypatch.setattr(book, "MOST_BYTES", 1_000_000)
    for _ in range(5):
        trader.place(limit(5.0, order_reference="x" * 150_000))
    assert errors(trader).count(201) == 2
    trader.place(limit(3.0, order_reference="x" * 150_000), order_id=1)
    assert errors(trader) == [201], "nor does a change make room"


def test_what_is_remembered_of_orders_and_fills_has_a_bound_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_BYTES", 1_000_000)
    trader = (floor := quiet()).trader()
    exchange = floor.world.exchange
    for _ in range(30):
        order_id = trader.place(limit(150.0, order_reference="x" * 100_000))
        exchange.hands.fill(trader.held(order_id))
    assert len(exchange.orders.ended) <= 5
    assert len(exchange.orders.fills) <= 7
    assert exchange.orders.held_bytes <= 1_000_000


def test_a_family_without_end_is_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_ENDED", 4)
    trader = (floor := quiet()).trader()
    parent = trader.place(limit(100.0, time_in_force=GTC))
    for _ in range(20):
        child = trader.place(limit(100.0, time_in_force=GTC, parent_id=parent))
        trader.cancel(parent)
        parent = child
    depth, held = 0, floor.world.exchange.orders.ended[-1]
    while held.parent is not None:
        depth, held = depth + 1, held.parent
    assert depth <= 5


def test_thousands_of_orders_are_cancelled_at_once_in_no_time() -> None:
    trader = (floor := quiet()).trader()
    for number in range(1500):
        trader.place(limit(1.0 + number % 50, quantity=1))
    trader.send(GlobalCancelRequest())
    assert not floor.world.exchange.orders.live


@pytest.mark.parametrize("quantity", ["1e300", "-1", "1000000000001"])
def test_an_order_of_no_size_is_refused(quantity: str) -> None:
    trader = quiet().trader()
    trader.place(limit(100.0, quantity=quantity))
    assert errors(trader) == [105 if quantity == "-1" else 383]


@pytest.mark.parametrize("cash, code", [(-1000.0, 10244), (1e300, 383), (0.0001, 105)])
def test_an_order_of_no_money_is_refused(cash: float, code: int) -> None:
    trader = quiet().trader()
    trader.place(Order(market().action, market().order_type, None, cash_quantity=cash))
    assert errors(trader) == [code]


def test_no_cash_quantity_is_one_of_zero() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(market(quantity=1, cash_quantity=0.0))
    floor.wait(5)
    assert trader.story(order_id)[-1] == "CR"


def test_an_order_that_is_held_back_is_looked_at_again_when_it_is_sent_on() -> None:
    trader = quiet().trader()
    order_id = trader.place(limit(100.0, transmit=False))
    trader.take()
    trader.place(limit(100.0, quantity="1e300"), order_id=order_id)
    assert errors(trader) == [383]
    assert not trader.held(order_id).is_transmitted


MARK = 7_654_321.25
ODD = (b"nan", b"inf", b"-inf", b"1e300", b"1E6144", b"sNaN", b"0x1p3", b"1_000", b"9" * 400, b"-0.0", b"")


@pytest.mark.parametrize("number", ODD)
@pytest.mark.parametrize("field", ["limit_price", "aux_price", "trail_stop_price", "cash_quantity", "total_quantity"])
def test_no_number_of_an_order_is_a_failure_of_tws(field: str, number: bytes) -> None:
    trader = (floor := Floor(server_version=200)).trader()
    marked: dict[str, Any] = {field: Decimal(str(MARK)) if field == "total_quantity" else MARK}
    order = stop(90.0, **marked) if field not in ("aux_price", "total_quantity") else limit(90.0, quantity=100)
    if field in ("aux_price", "total_quantity"):
        fields = {"quantity": marked[field]} if field == "total_quantity" else marked
        order = limit(90.0, **fields)
    body = Codec(Side.CLIENT, 200).encode(PlaceOrderRequest(AAPL, order, order_id=1))
    assert str(MARK).encode() in body
    trader.link.receive_data(frame(body.replace(str(MARK).encode(), number)), 0.0)
    floor.wait(3600.0)
    assert trader.link.failure is None


def test_what_fails_of_an_order_ends_the_connection_of_its_client_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor()
    owner, bystander = floor.trader(1), floor.trader(2)

    def fail(_: HeldOrder, __: int) -> None:
        raise RuntimeError("a mistake")

    owner.place(limit(1.0))
    monkeypatch.setattr(floor.world.exchange.floor, "word", fail)
    bystander.link.wake(10.0)
    assert owner.link.failure is not None
    assert bystander.link.failure is None
    assert floor.world.links == (bystander.link,)


def test_a_group_of_hundreds_is_no_more_work_than_as_many_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    trader = (floor := Floor(messages_per_second=0)).trader()
    looks: list[HeldOrder] = []
    look = floor.world.exchange.floor.look

    def count(held: HeldOrder, after: float = 0.0) -> None:
        looks.append(held)
        look(held, after)

    monkeypatch.setattr(floor.world.exchange.floor, "look", count)
    for number in range(300):
        trader.place(limit(1.0 + number % 50, quantity=1, oca_group="one"))
    floor.wait(2)
    assert len(floor.world.exchange.orders.live) == 20, "all others are refused"
    assert len(looks) < 300
