"""Whatever clients and markets do, what TWS tells of orders adds up: fills, positions, words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.messages import Action, Order, OrderStatusWord, OrderType, TimeInForce
from anytws.messages.base import replace
from anytws.messages.executions import CommissionAndFeesReport, ExecutionDetails
from anytws.messages.orders import OpenOrder, OrderStatus
from anytws.messages.session import ErrorMessage
from anytws.simulator.exchange.models import AT_ONCE, Habits, Latency, Pieces, Progress
from anytws.simulator.exchange.order import Part
from tests.trading import Floor, Trader

OVER = {OrderStatusWord.FILLED, OrderStatusWord.CANCELLED}
KINDS = (
    OrderType.MARKET,
    OrderType.LIMIT,
    OrderType.STOP,
    OrderType.TRAILING_STOP,
    OrderType.MARKET_IF_TOUCHED,
    OrderType.STOP_LIMIT,
)
# In cents around the price at the start.
DISTANCES = st.integers(-300, 300)

ORDERS = st.tuples(
    st.just("place"),
    st.sampled_from(KINDS),
    st.sampled_from((Action.BUY, Action.SELL)),
    st.integers(1, 50),
    DISTANCES,
    st.sampled_from((TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC)),
)
STEPS = st.lists(
    ORDERS
    | st.tuples(st.just("cancel"), st.integers(0, 9))
    | st.tuples(st.just("change"), st.integers(0, 9), st.integers(1, 60), DISTANCES)
    | st.tuples(st.just("wait"), st.sampled_from((0.01, 0.1, 0.3, 2.0, 90.0)))
    | st.tuples(st.just("move"), DISTANCES),
    max_size=14,
)
WORLDS = st.fixed_dictionaries(
    {
        "pieces": st.sampled_from(Pieces),
        "progress": st.sampled_from((Progress.BY_MARKET, Progress.AT_ONCE)),
        "latency": st.sampled_from((AT_ONCE, Latency(), Latency(acknowledge=1.0, family=0.5))),
        "habits": st.builds(Habits, repeats=st.integers(1, 2), says_status_first=st.booleans()),
        "seed": st.integers(0, 3),
    }
)


def play(steps: list[tuple[Any, ...]], world: dict[str, Any]) -> Trader:
    """Do *steps* in a world, and wait until nothing is under way."""
    floor = Floor(positions=(), **world)
    trader = floor.trader()
    start = floor.bid()
    ids: list[int] = []
    for step in steps:
        match step:
            case ("place", kind, action, quantity, cents, time):
                price = float(start + Decimal(cents) / 100)
                order = Order(action, kind, Decimal(quantity), price, price, time_in_force=time)
                if kind is OrderType.TRAILING_STOP:
                    order = replace(order, limit_price=None, aux_price=abs(cents) / 100 + 0.01)
                ids.append(trader.place(order))
            case ("cancel", number) if ids:
                trader.cancel(ids[number % len(ids)])
            case ("change", number, quantity, cents) if ids:
                order_id = ids[number % len(ids)]
                price = float(start + Decimal(cents) / 100)
                order = replace(trader.held(order_id).order, total_quantity=Decimal(quantity))
                if order.order_type is OrderType.LIMIT:
                    order = replace(order, limit_price=price)
                trader.place(order, order_id=order_id)
            case ("wait", seconds):
                floor.wait(seconds)
            case ("move", cents):
                floor.move(float(start + Decimal(cents) / 100))
    floor.wait(30)
    return trader


@pytest.mark.card("orders.pieces", "orders.changed", "orders.resting")
@given(steps=STEPS, world=WORLDS)
@settings(max_examples=40)
def test_what_is_told_of_orders_adds_up(steps: list[tuple[Any, ...]], world: dict[str, Any]) -> None:
    trader = play(steps, world)
    exchange, accounts = trader.floor.world.exchange, trader.floor.world.accounts
    every = [*exchange.orders.ended, *exchange.orders.live]
    for held in every:
        whole = [fill for fill in held.fills if fill.part is Part.WHOLE]
        assert held.filled == sum(abs(fill.shares) for fill in whole) <= held.total
        assert held.value == sum(abs(fill.shares) * fill.price for fill in whole)
        assert (held.ended_at is None) is (held in exchange.orders.live)
        if not held.remaining:
            assert held.status is OrderStatusWord.FILLED
    number = trader.floor.instrument().contract_id
    bought = sum((fill.shares for held in every for fill in held.fills), Decimal(0))
    assert accounts.position("DU1234567", number) == bought
    check_messages(trader)


def check_messages(trader: Trader) -> None:
    """See that what *trader* was told of each order never goes back, and that each execution was told with its cost."""
    filled: dict[int, Decimal] = {}
    words: dict[int, OrderStatusWord] = {}
    executions: dict[str, Decimal] = {}
    costs: list[str] = []
    for message in trader.heard:
        match message:
            case OrderStatus(order_id=order_id, filled=Decimal() as now, status=OrderStatusWord() as word):
                assert now >= filled.get(order_id, 0)
                assert words.get(order_id) not in OVER or word is words[order_id]
                filled[order_id], words[order_id] = now, word
            case ExecutionDetails(execution=execution):
                assert execution.execution_id not in executions
                assert execution.shares is not None
                executions[execution.execution_id] = execution.shares
            case CommissionAndFeesReport(execution_id=execution_id):
                assert execution_id in executions
                costs.append(execution_id)
            case OpenOrder(order_id=order_id) | ErrorMessage(request_id=int() as order_id):
                words.setdefault(order_id, OrderStatusWord.PENDING_SUBMIT)
    assert sorted(costs) == sorted(executions)
    for held in trader.floor.world.exchange.orders.live:
        if held.filled:
            assert filled[held.order_id] == held.filled
    assert {*words} == {*range(trader.floor.world.settings.first_order_id, trader.next_id)}


@given(steps=STEPS, world=WORLDS)
@settings(max_examples=10)
def test_the_same_steps_are_told_in_the_same_words(steps: list[tuple[Any, ...]], world: dict[str, Any]) -> None:
    assert play(steps, world).heard == play(steps, world).heard
