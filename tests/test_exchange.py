"""Lives of orders at the simulated TWS, held against what real sessions have shown (orders.md, traces)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from anytws.messages import (
    Action,
    Contract,
    Order,
    OrderStatusWord,
    OrderType,
    PlaceOrderRequest,
    SecurityType,
    TimeInForce,
    TriggerMethod,
)
from anytws.messages.base import TagValue, replace
from anytws.messages.executions import (
    CommissionAndFeesReport,
    ExecutionDetails,
    ExecutionDetailsEnd,
    ExecutionFilter,
    ExecutionRequest,
)
from anytws.messages.order_conditions import TimeCondition
from anytws.messages.order_parts import AttachedOrders
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    CompletedOrder,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    GlobalCancelRequest,
    OpenOrder,
    OpenOrdersEnd,
    OpenOrdersRequest,
    OrderStatus,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.exchange.models import (
    AT_ONCE,
    MARKET_ORDERS_SAY_NOTHING,
    Habits,
    Latency,
    Pieces,
    Progress,
    Refusal,
)
from tests.trading import AAPL, Floor, limit, market, stock, stop

DAY, GTC, IOC = TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCELLED, TimeInForce.IMMEDIATE_OR_CANCEL
BEFORE_THE_BELL = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def by_hand(**settings: object) -> Floor:
    """Give a world in which nothing is filled unless a test says so, and all is answered at once."""
    return Floor(progress=Progress.BY_HAND, latency=AT_ONCE, **settings)


@pytest.mark.card("orders.filled_at_once")
@pytest.mark.parametrize("version", [176, 200, 226])
def test_a_market_order_is_told_of_as_recorded(version: int) -> None:
    trader = (floor := Floor(server_version=version)).trader()
    order_id = trader.place(market(quantity=1, time_in_force=DAY))
    floor.wait(5)
    assert trader.story(order_id) == [
        "OO(Submitted)",
        "OS(Submitted 0/1)",
        "EX(1)",
        "OO(Filled)",
        "OS(Filled 1/0)",
        "OO(Filled)",
        "OS(Filled 1/0)",
        "CR",
    ]


@pytest.mark.card("orders.resting")
def test_a_limit_order_rests_and_is_filled_when_the_market_comes() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(limit(300.0, time_in_force=DAY))
    floor.wait(60)
    assert trader.story(order_id) == ["OO(Submitted)", "OS(Submitted 0/100)"]
    floor.move(299.0)
    floor.wait(5)
    assert trader.story(order_id)[-1] == "CR"
    (fill,) = trader.held(order_id).fills
    assert fill.price <= 300


def test_a_limit_order_is_never_filled_beyond_its_limit() -> None:
    trader = (floor := Floor()).trader()
    ids = [
        trader.place(limit(float(floor.bid() + Decimal(cents) / 100), time_in_force=DAY))
        for cents in (-30, -5, 0, 5, 300)
    ]
    ids += [
        trader.place(limit(float(floor.bid() + Decimal(cents) / 100), "SELL", time_in_force=DAY))
        for cents in (-300, -5, 1, 40)
    ]
    floor.wait(900)
    fills = [(trader.held(order_id), fill) for order_id in ids for fill in trader.held(order_id).fills]
    assert fills
    for held, fill in fills:
        assert held.limit is not None
        assert (fill.price - held.limit) * held.signed <= 0


@pytest.mark.card("orders.cancelled")
def test_a_cancel_is_confirmed_by_a_status_and_202() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(limit(10.0, time_in_force=GTC))
    floor.wait(1)
    trader.cancel(order_id)
    floor.wait(1)
    assert trader.story(order_id)[2:] == ["OS(Cancelled 0/100)", "ERR(202)"]
    told = [message for message in trader.heard if isinstance(message, ErrorMessage) and message.error_code == 202]
    assert [message.error_message for message in told] == ["Order Canceled - reason:"]


@pytest.mark.card("orders.cancel_too_late")
def test_a_cancel_that_comes_too_late_says_so() -> None:
    trader = (floor := by_hand(habits=Habits(forgets_after=60))).trader()
    order_id = trader.place(limit(10.0, quantity=5, time_in_force=DAY))
    floor.world.exchange.hands.fill(trader.held(order_id))
    trader.cancel(order_id)
    trader.carry()
    error = next(message for message in trader.heard if isinstance(message, ErrorMessage))
    assert error.error_code == 10148
    assert error.error_message == f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: Filled."
    floor.wait(100)
    trader.cancel(order_id)
    assert trader.story(order_id)[-1] == "ERR(10147)"


@pytest.mark.card("orders.cancel_too_late")
def test_a_cancel_that_loses_the_race_leaves_the_order_filled() -> None:
    trader = (floor := Floor(progress=Progress.BY_HAND)).trader()
    order_id = trader.place(limit(10.0, quantity=5, time_in_force=DAY))
    floor.wait(1)
    trader.cancel(order_id)
    floor.world.exchange.hands.fill(trader.held(order_id))
    floor.wait(1)
    assert trader.story(order_id)[-1] == "ERR(10148)"
    assert trader.held(order_id).status is OrderStatusWord.FILLED


@pytest.mark.card("orders.foreign_cancel")
def test_an_order_of_another_client_cannot_be_cancelled() -> None:
    floor = by_hand()
    first, second = floor.trader(1), floor.trader(2)
    order_id = first.place(limit(10.0, time_in_force=DAY))
    second.cancel(order_id)
    assert second.story(order_id) == ["ERR(10147)"]
    assert first.held(order_id).is_live


@pytest.mark.card("orders.pieces")
def test_pieces_are_told_one_by_one_and_the_minimum_is_paid_once() -> None:
    trader = (floor := by_hand()).trader()
    order_id = trader.place(limit(292.2, quantity=100, time_in_force=DAY))
    for shares, price in ((40, "292.18"), (40, "292.20"), (20, "292.21")):
        floor.world.exchange.hands.fill(trader.held(order_id), Decimal(shares), Decimal(price))
    trader.carry()
    costs = [message for message in trader.heard if isinstance(message, CommissionAndFeesReport)]
    # The figures of the trace market_order_in_three_fills.
    assert [message.commission_and_fees for message in costs] == [1.00012, 0.00012, 0.00006]
    told = [message for message in trader.heard if isinstance(message, OrderStatus)]
    assert [message.filled for message in told if message.filled] == [40, 40, 80, 80, 100, 100]
    assert [str(message.average_fill_price) for message in told][-1] == "292.194"
    words = [message.status for message in told]
    assert words.count(OrderStatusWord.FILLED) == 2


@pytest.mark.card("orders.commission_us_stock")
def test_a_purchase_and_a_sale_cost_and_earn_what_was_recorded() -> None:
    trader = (floor := by_hand(positions=())).trader()
    for action, price in (("BUY", "309.16"), ("SELL", "309.15")):
        order_id = trader.place(market(action, 1, time_in_force=DAY))
        floor.world.exchange.hands.fill(trader.held(order_id), price=Decimal(price))
    trader.carry()
    costs = [message for message in trader.heard if isinstance(message, CommissionAndFeesReport)]
    assert [message.commission_and_fees for message in costs] == [1.000003, 1.006566]
    assert [message.realized_pnl for message in costs] == [None, -2.016569]


@pytest.mark.card("orders.pieces")
def test_an_order_may_be_filled_by_the_size_that_is_shown() -> None:
    trader = (floor := Floor(pieces=Pieces.SHOWN, cash=Decimal(10**8))).trader()
    order_id = trader.place(market(quantity=5000, time_in_force=DAY), stock("AMD"))
    floor.wait(600)
    fills = trader.held(order_id).fills
    assert len(fills) > 1
    assert sum(fill.shares for fill in fills) == trader.held(order_id).filled
    assert [fill.cumulative for fill in fills] == sorted(fill.cumulative for fill in fills)


# Stops


@pytest.mark.card("orders.stop")
def test_a_stop_waits_is_triggered_and_filled() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(stop(320.0, time_in_force=GTC))
    floor.wait(1)
    held = [message for message in trader.heard if isinstance(message, OrderStatus)]
    assert [(message.status, message.why_held) for message in held] == [(OrderStatusWord.PRE_SUBMITTED, "trigger")]
    trader.take()
    floor.move(319.0)
    floor.wait(5)
    story = trader.story(order_id)
    assert story[:3] == ["OO(Submitted)", "OS(Submitted 0/100)", "EX(100)"]
    assert next(message.why_held for message in trader.heard if isinstance(message, OrderStatus)) == ""


@pytest.mark.parametrize("method", [TriggerMethod.DEFAULT, TriggerMethod.BID_ASK])
@pytest.mark.card("orders.stop")
def test_a_trailing_stop_follows_the_price_and_never_goes_back(method: TriggerMethod) -> None:
    trader = (floor := Floor()).trader()
    order = Order(
        Action.SELL,
        OrderType.TRAILING_STOP,
        Decimal(10),
        aux_price=5.0,
        time_in_force=GTC,
        trigger_method=method,
    )
    order_id = trader.place(order)
    floor.wait(2)
    floor.move(360.0)
    floor.wait(5)
    held = trader.held(order_id)
    assert not held.is_triggered
    floor.move(356.0)
    floor.wait(120)
    assert held.stop is not None
    assert Decimal(354) < held.stop < Decimal(356)
    floor.move(353.5)
    floor.wait(5)
    assert held.is_triggered
    assert held.status is OrderStatusWord.FILLED


def test_a_trailing_stop_knows_nothing_of_prices_that_never_came() -> None:
    trader = (floor := Floor()).trader()
    order = Order(Action.SELL, OrderType.TRAILING_STOP, Decimal(10), trailing_percent=1.0, time_in_force=GTC)
    held = trader.held(trader.place(order))
    floor.wait(1)
    start = floor.bid()
    # Whatever it would have done in this hour: it does not happen.
    floor.move(float(start))
    floor.wait(1)
    assert held.stop is not None
    assert abs(held.stop - start * Decimal("0.99")) < Decimal("0.5")


@pytest.mark.card("orders.at_the_opening")
def test_an_order_for_the_opening_is_filled_there_or_not_at_all() -> None:
    trader = (floor := Floor(BEFORE_THE_BELL)).trader()
    good, far = (trader.place(limit(price, quantity=1, time_in_force=TimeInForce.OPG)) for price in (900.0, 10.0))
    floor.until(datetime(2026, 1, 5, 14, 29, tzinfo=UTC))
    assert "EX(1)" not in trader.story(good)
    floor.until(datetime(2026, 1, 5, 14, 31, tzinfo=UTC))
    assert trader.held(good).filled == 1
    assert trader.story(far)[-2:] == ["OS(Cancelled 0/1)", "ERR(202)"]
    late = trader.place(limit(900.0, quantity=1, time_in_force=TimeInForce.OPG))
    floor.until(datetime(2026, 1, 6, 14, 29, tzinfo=UTC))
    assert trader.held(late).is_live
    floor.until(datetime(2026, 1, 6, 14, 31, tzinfo=UTC))
    assert trader.held(late).filled == 1


def test_a_trailing_stop_limit_is_a_limit_order_from_its_stop_on() -> None:
    trader = (floor := Floor()).trader()
    order = Order(
        Action.SELL,
        OrderType.TRAILING_STOP_LIMIT,
        Decimal(10),
        aux_price=2.0,
        limit_price_offset=0.5,
        trail_stop_price=330.0,
        time_in_force=GTC,
    )
    order_id = trader.place(order)
    floor.wait(2)
    floor.move(320.0)
    floor.wait(2)
    held = trader.held(order_id)
    assert held.is_triggered
    assert held.is_live
    assert held.limit is not None
    assert held.limit > Decimal(325)


@pytest.mark.parametrize("kind, is_filled", [(OrderType.MARKET_IF_TOUCHED, True), (OrderType.LIMIT_IF_TOUCHED, False)])
def test_an_order_if_touched_waits_for_the_other_side(kind: OrderType, is_filled: bool) -> None:
    trader = (floor := Floor()).trader()
    price = 300.0 if kind is OrderType.LIMIT_IF_TOUCHED else None
    order = Order(Action.BUY, kind, Decimal(10), aux_price=320.0, limit_price=price, time_in_force=GTC)
    order_id = trader.place(order)
    floor.wait(2)
    assert trader.held(order_id).why_held == "trigger"
    floor.move(319.0)
    floor.wait(5)
    held = trader.held(order_id)
    assert held.is_triggered
    assert (held.filled > 0) is is_filled


# Time in force


@pytest.mark.card("orders.ioc")
def test_what_an_ioc_order_does_not_get_at_once_is_cancelled_by_ib() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(limit(240.0, quantity=1, time_in_force=IOC))
    floor.wait(5)
    assert trader.story(order_id) == [
        "OO(Submitted)",
        "OS(Submitted 0/1)",
        "OO(PendingCancel)",
        "OS(PendingCancel 0/1)",
        "OS(Cancelled 0/1)",
        "ERR(202)",
    ]


@pytest.mark.card("orders.refused_by_ib")
@pytest.mark.parametrize(
    "refusal, story",
    [
        (
            Refusal.INACTIVE_CODE_INACTIVE,
            ["OO(Inactive)", "OS(Inactive 0/1)", "ERR(201)", "OO(Inactive)", "OS(Inactive 0/1)"],
        ),
        (Refusal.CODE_INACTIVE, ["ERR(201)", "OO(Inactive)", "OS(Inactive 0/1)"]),
        (
            Refusal.LIVE_CODE_INACTIVE,
            ["OO(PreSubmitted)", "OS(PreSubmitted 0/1)", "ERR(201)", "OO(Inactive)", "OS(Inactive 0/1)"],
        ),
        (Refusal.CODE_ALONE, ["ERR(201)"]),
    ],
)
def test_a_refusal_by_ib_is_said_as_the_habits_have_it(refusal: Refusal, story: list[str]) -> None:
    trader = (floor := Floor(habits=Habits(refusal=refusal))).trader()
    order_id = trader.place(limit(240.0, quantity=1, time_in_force=TimeInForce.FILL_OR_KILL))
    floor.wait(5)
    assert trader.story(order_id) == story
    assert not trader.held(order_id).is_live


@pytest.mark.card("orders.waits_for_the_opening")
def test_a_day_order_before_the_opening_is_warned_of_waits_and_works_then() -> None:
    trader = (floor := Floor(BEFORE_THE_BELL)).trader()
    order_id = trader.place(market(quantity=1, time_in_force=DAY))
    floor.wait(60)
    assert trader.story(order_id) == ["ERR(399)", "OO(PreSubmitted)", "OS(PreSubmitted 0/1)"]
    told = next(message for message in trader.heard if isinstance(message, ErrorMessage))
    assert "Your order will not be placed at the exchange until 2026-01-05 09:30:00 US/Eastern." in told.error_message
    floor.until(datetime(2026, 1, 5, 14, 31, tzinfo=UTC))
    assert trader.story(order_id)[3:6] == ["OO(Submitted)", "OS(Submitted 0/1)", "EX(1)"]


@pytest.mark.card("orders.waits_for_the_opening")
def test_a_limit_order_may_work_before_the_opening_if_it_is_told_to() -> None:
    trader = (floor := Floor(BEFORE_THE_BELL)).trader()
    order_id = trader.place(limit(500.0, quantity=1, time_in_force=DAY, outside_rth=True))
    floor.wait(120)
    assert trader.held(order_id).filled == 1


@pytest.mark.card("orders.expiry")
def test_a_day_order_ends_with_its_day_and_a_gtc_order_does_not() -> None:
    trader = (floor := Floor()).trader()
    day, gtc = (trader.place(limit(10.0, quantity=1, time_in_force=word)) for word in (DAY, GTC))
    floor.until(datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
    assert trader.story(day)[-2:] == ["OS(Cancelled 0/1)", "ERR(202)"]
    assert trader.held(gtc).is_live
    assert trader.held(day).ended_at == int(datetime(2026, 1, 5, 21, 0, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.card("orders.expiry")
def test_a_gtd_order_ends_at_its_time_and_one_in_the_past_is_refused() -> None:
    trader = (floor := Floor()).trader()
    when = floor.world.utc(0.0)
    good, late = (
        trader.place(
            limit(
                10.0, quantity=1, time_in_force=TimeInForce.GOOD_TILL_DATE, good_till_date=when + timedelta(hours=hours)
            )
        )
        for hours in (1, -1)
    )
    floor.wait(3700)
    assert trader.held(good).ended_at == int((when + timedelta(hours=1)).timestamp()) * 1000
    assert trader.story(late)[-3:] == ["ERR(201)", "OO(Inactive)", "OS(Inactive 0/1)"]


@pytest.mark.card("orders.on_close")
def test_an_order_on_close_is_filled_when_the_session_ends() -> None:
    trader = (floor := Floor()).trader()
    moc, loc = (
        trader.place(Order(Action.BUY, kind, Decimal(1), limit_price=price, time_in_force=DAY))
        for kind, price in ((OrderType.MARKET_ON_CLOSE, None), (OrderType.LIMIT_ON_CLOSE, 10.0))
    )
    floor.until(datetime(2026, 1, 5, 20, 0, tzinfo=UTC))
    assert trader.story(moc) == ["OO(Submitted)", "OS(Submitted 0/1)"]
    floor.until(datetime(2026, 1, 5, 21, 1, tzinfo=UTC))
    assert trader.held(moc).filled == 1
    assert trader.story(loc)[-2:] == ["OS(Cancelled 0/1)", "ERR(202)"]


# Changes


@pytest.mark.card("orders.changed")
def test_a_change_is_told_by_its_new_terms_alone() -> None:
    trader = (floor := Floor()).trader()
    order = limit(10.0, quantity=5, time_in_force=GTC)
    order_id = trader.place(order)
    floor.wait(1)
    trader.take()
    trader.place(replace(order, limit_price=11.0, total_quantity=Decimal(7)), order_id=order_id)
    floor.wait(1)
    assert trader.story(order_id) == ["OO(Submitted)", "OS(Submitted 0/7)"]
    (told,) = (message for message in trader.heard if isinstance(message, OpenOrder))
    assert (told.order.limit_price, told.order.total_quantity) == (11.0, 7)


@pytest.mark.card("orders.change_refused")
def test_a_change_that_cannot_be_is_refused_and_the_order_lives_on() -> None:
    trader = (floor := Floor()).trader()
    order = limit(10.0, quantity=5, time_in_force=GTC)
    order_id = trader.place(order)
    floor.wait(1)
    for changed, code in (
        (replace(order, limit_price=10.001), 110),
        (replace(order, action=Action.SELL), 105),
        (replace(order, parent_id=999), 135),
    ):
        trader.take()
        trader.place(changed, order_id=order_id)
        assert trader.story(order_id) == [f"ERR({code})"]
    trader.take()
    trader.place(replace(order, limit_price=12.0), order_id=order_id)
    trader.place(replace(order, limit_price=13.0), order_id=order_id)
    assert trader.story(order_id) == ["ERR(2102)"]
    floor.wait(1)
    held = trader.held(order_id)
    assert held.is_live
    assert held.limit == 12


@pytest.mark.card("orders.change_refused")
def test_a_filled_order_and_a_dead_one_are_not_changed() -> None:
    trader = (floor := by_hand()).trader()
    order = limit(10.0, quantity=5, time_in_force=GTC)
    filled, dead = trader.place(order), trader.place(order)
    floor.world.exchange.hands.fill(trader.held(filled))
    trader.cancel(dead)
    trader.take()
    trader.place(order, order_id=filled)
    trader.place(order, order_id=dead)
    assert trader.story(filled) == ["ERR(104)"]
    assert trader.story(dead) == ["ERR(103)"]


def test_a_change_that_crosses_the_fill_is_told_that_it_came_too_late() -> None:
    trader = (floor := Floor(progress=Progress.BY_HAND)).trader()
    order = limit(10.0, quantity=5, time_in_force=GTC)
    order_id = trader.place(order)
    floor.wait(1)
    trader.place(replace(order, limit_price=11.0), order_id=order_id)
    floor.world.exchange.hands.fill(trader.held(order_id))
    floor.wait(1)
    assert trader.story(order_id)[-1] == "ERR(104)"


def test_an_order_made_as_small_as_what_is_filled_is_filled() -> None:
    trader = (floor := Floor(progress=Progress.BY_HAND)).trader()
    order = limit(10.0, quantity=5, time_in_force=GTC)
    order_id = trader.place(order)
    floor.wait(1)
    floor.world.exchange.hands.fill(trader.held(order_id), Decimal(3))
    trader.place(replace(order, total_quantity=Decimal(3)), order_id=order_id)
    floor.wait(1)
    assert trader.held(order_id).status is OrderStatusWord.FILLED


# Ids and refusals on sight


@pytest.mark.card("orders.ids")
def test_ids_only_go_up_and_each_is_used_once() -> None:
    trader = (floor := Floor(first_order_id=40)).trader()
    trader.place(limit(10.0, time_in_force=DAY), order_id=45)
    floor.wait(1)
    trader.place(limit(10.0, time_in_force=DAY), order_id=44)
    assert trader.story(44) == ["ERR(103)"]
    again = floor.trader(2)
    assert again.next_id == 40
    trader.link.die()
    floor.wait(1)
    floor.traders.remove(trader)
    assert floor.trader(1).next_id == 46


@pytest.mark.card("orders.refused_on_sight")
@pytest.mark.parametrize(
    "order, contract, code",
    [
        (limit(10.0), stock("ZZZZNONE"), 200),
        (limit(10.005), AAPL, 110),
        (limit(10.0, quantity=0), AAPL, 105),
        (Order(Action.BUY, OrderType("FEELINGS"), Decimal(1), limit_price=10.0), AAPL, 321),
        (Order(Action.BUY, OrderType.PEGGED_TO_MIDPOINT, Decimal(1)), AAPL, 387),
        (limit(10.0, account="U999"), AAPL, 321),
        (limit(10.0, parent_id=77), AAPL, 135),
        (limit(10.0, time_in_force=TimeInForce.GOOD_TILL_DATE), AAPL, 391),
        (Order(Action.BUY, OrderType.MARKET_ON_CLOSE, Decimal(1), time_in_force=GTC), AAPL, 113),
        (Order(Action.BUY, OrderType.LIMIT, Decimal(1)), AAPL, 321),
        (Order(Action.BUY, OrderType.STOP, Decimal(1)), AAPL, 321),
        (market(), Contract(symbol="SPX", security_type=SecurityType.INDEX, exchange="CBOE", currency="USD"), 201),
    ],
)
def test_what_is_wrong_on_sight_is_refused_by_one_error(order: Order, contract: Contract, code: int) -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(order, contract)
    floor.wait(5)
    assert trader.story(order_id) == [f"ERR({code})"]
    # The id is used up all the same.
    trader.place(limit(10.0), order_id=order_id)
    assert trader.story(order_id)[-1] == "ERR(103)"


@pytest.mark.card("orders.margin")
def test_an_order_beyond_the_means_of_the_account_is_refused() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(market(quantity=1_000_000, time_in_force=DAY))
    floor.wait(1)
    assert "ERR(201)" in trader.story(order_id)
    text = next(message.error_message for message in trader.heard if isinstance(message, ErrorMessage))
    assert "EQUITY WITH LOAN VALUE" in text


@pytest.mark.card("orders.most_working")
def test_more_than_twenty_orders_on_a_side_are_refused() -> None:
    trader = (floor := Floor()).trader()
    ids = [trader.place(limit(10.0, quantity=1, time_in_force=DAY)) for _ in "x" * 21]
    floor.wait(1)
    assert [order_id for order_id in ids if "ERR(201)" in trader.story(order_id)] == [ids[-1]]


@pytest.mark.card("orders.preset")
def test_an_order_without_a_time_gets_the_preset_and_a_remark() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(limit(10.0))
    floor.wait(1)
    assert trader.story(order_id)[0] == "ERR(10349)"
    told = next(message for message in trader.heard if isinstance(message, OpenOrder))
    assert told.order.time_in_force is DAY


@pytest.mark.card("orders.located")
def test_a_short_sale_may_be_held_until_shares_are_found() -> None:
    trader = (floor := Floor(hard_to_borrow="MSFT")).trader()
    order_id = trader.place(market("SELL", 10, time_in_force=DAY), stock("MSFT"))
    floor.wait(60)
    assert trader.story(order_id) == ["ERR(404)", "OO(PreSubmitted)", "OS(PreSubmitted 0/10)"]
    assert trader.held(order_id).why_held == "locate"
    floor.world.exchange.hands.locate(trader.held(order_id))
    floor.wait(5)
    assert trader.held(order_id).status is OrderStatusWord.FILLED


# What-if, and what is not told


@pytest.mark.card("orders.what_if")
@pytest.mark.parametrize("version", [176, 226])
def test_a_what_if_is_one_open_order_with_margins_and_nothing_else(version: int) -> None:
    trader = (floor := Floor(server_version=version)).trader()
    order_id = trader.place(market(quantity=100, time_in_force=DAY, what_if=True))
    floor.wait(5)
    assert trader.story(order_id) == ["OO(PreSubmitted)"]
    state = next(message for message in trader.heard if isinstance(message, OpenOrder)).order_state
    assert state.initial_margin_change
    assert state.initial_margin_change > 0
    assert state.commission_and_fees == 1.0003
    assert not floor.world.exchange.orders.live
    assert trader.place(market(quantity=1, time_in_force=DAY)) == order_id + 1


@pytest.mark.card("orders.silent_market_orders")
def test_a_market_order_may_have_no_status_at_all() -> None:
    trader = (floor := Floor(habits=MARKET_ORDERS_SAY_NOTHING)).trader()
    order_id = trader.place(market(quantity=1, time_in_force=DAY))
    floor.wait(5)
    assert trader.story(order_id) == ["EX(1)", "CR"]


@pytest.mark.card("orders.repeats")
@pytest.mark.parametrize(
    "habits, start",
    [
        (Habits(repeats=2), ["OO(Submitted)", "OS(Submitted 0/1)", "OO(Submitted)", "OS(Submitted 0/1)"]),
        (Habits(first_word=OrderStatusWord.PRE_SUBMITTED), ["OO(PreSubmitted)", "OS(PreSubmitted 0/1)"]),
        (Habits(says_status_first=True), ["OS(Submitted 0/1)", "OO(Submitted)"]),
        (
            Habits(says_status_before_execution=True),
            ["OO(Submitted)", "OS(Submitted 0/1)", "OO(Filled)", "OS(Filled 1/0)", "EX(1)"],
        ),
        (Habits(says_filled=False), ["OO(Submitted)", "OS(Submitted 0/1)", "EX(1)", "CR"]),
        (
            Habits(says_fill_twice=False),
            ["OO(Submitted)", "OS(Submitted 0/1)", "EX(1)", "OO(Filled)", "OS(Filled 1/0)", "CR"],
        ),
    ],
)
def test_what_tws_may_say_in_one_way_or_another_is_a_habit(habits: Habits, start: list[str]) -> None:
    trader = (floor := Floor(habits=habits)).trader()
    order_id = trader.place(market(quantity=1, time_in_force=DAY))
    floor.wait(5)
    assert trader.story(order_id)[: len(start)] == start


# Lists


@pytest.mark.card("orders.lists")
def test_open_orders_are_those_of_the_client_and_all_open_orders_of_everybody() -> None:
    floor = by_hand()
    first, second = floor.trader(1), floor.trader(2)
    mine, theirs = first.place(limit(10.0, time_in_force=DAY)), second.place(limit(11.0, time_in_force=DAY))
    by_person = floor.world.exchange.hands.enter(AAPL, limit(12.0, time_in_force=DAY))
    first.take()
    first.send(OpenOrdersRequest())
    assert [message.order_id for message in first.take() if isinstance(message, OpenOrder)] == [mine]
    first.send(AllOpenOrdersRequest())
    heard = first.take()
    assert [message.order_id for message in heard if isinstance(message, OpenOrder)] == [mine, theirs, 0]
    assert isinstance(heard[-1], OpenOrdersEnd)
    assert by_person.permanent_id in [message.permanent_id for message in heard if isinstance(message, OrderStatus)]


@pytest.mark.card("orders.lists")
def test_completed_orders_are_a_status_each_and_then_the_rows() -> None:
    trader = (floor := by_hand()).trader()
    filled, dead = (trader.place(limit(10.0, quantity=2, time_in_force=DAY)) for _ in "xx")
    floor.world.exchange.hands.fill(trader.held(filled))
    trader.cancel(dead)
    trader.take()
    trader.send(CompletedOrdersRequest(False))
    heard = trader.take()
    kinds = [type(message) for message in heard]
    assert kinds == [OrderStatus, OrderStatus, CompletedOrder, CompletedOrder, CompletedOrdersEnd]
    rows = [message for message in heard if isinstance(message, CompletedOrder)]
    assert [row.order_state.completed_status for row in rows] == ["Filled Size: 2", "Cancelled by Trader"]
    assert [row.order.filled_quantity for row in rows] == [2, 0]


def test_what_was_refused_is_listed_as_cancelled_and_only_a_text_tells() -> None:
    """Trace completed_orders_query."""
    trader = (floor := by_hand()).trader()
    refused = trader.place(limit(10.0, quantity=2, time_in_force=DAY))
    floor.world.exchange.hands.reject(trader.held(refused))
    floor.wait()
    trader.take()
    trader.send(CompletedOrdersRequest(False))
    status, row, _ = trader.take()
    assert isinstance(status, OrderStatus)
    assert isinstance(row, CompletedOrder)
    assert (status.status, row.order_state.status) == (OrderStatusWord.CANCELLED, OrderStatusWord.CANCELLED)
    assert row.order_state.completed_status.startswith("Rejected by System")
    assert row.order_state.completed_time is not None


def test_what_is_held_back_is_not_told_of_as_such_once_it_has_ended() -> None:
    """Found by a ruined day: Filled, and Inactive after it."""
    trader = (floor := Floor(progress=Progress.BY_HAND, habits=Habits(inactive_when_held_back=True))).trader()
    held = trader.held(trader.place(limit(10.0, quantity=3, time_in_force=DAY, transmit=False)))
    floor.world.exchange.hands.fill(held)
    floor.wait(1.0)
    assert held.status is OrderStatusWord.FILLED


def test_an_execution_may_be_told_after_the_cancel() -> None:
    trader = (floor := by_hand()).trader()
    order_id = trader.place(limit(10.0, quantity=3, time_in_force=DAY))
    hands, held = floor.world.exchange.hands, trader.held(order_id)
    with pytest.raises(ValueError, match="filled late"):
        hands.fill_late(held, Decimal(1))
    trader.cancel(order_id)
    trader.take()
    hands.fill_late(held, Decimal(1))
    floor.wait()
    assert [type(message) for message in trader.take()] == [ExecutionDetails, CommissionAndFeesReport]
    assert (held.filled, held.status) == (1, OrderStatusWord.CANCELLED)
    hands.fill_late(held, Decimal(2))
    assert (held.remaining, held.status) == (0, OrderStatusWord.FILLED)
    with pytest.raises(ValueError, match="filled late"):
        hands.fill_late(held, Decimal(1))


def test_a_change_may_become_a_second_order_under_the_same_id() -> None:
    trader = (floor := by_hand()).trader()
    order_id = trader.place(limit(10.0, quantity=3, time_in_force=DAY))
    hands, held = floor.world.exchange.hands, trader.held(order_id)
    trader.take()
    second = hands.double(held, replace(held.order, limit_price=11.0))
    floor.wait(1.0)
    told = [message for message in trader.take() if isinstance(message, OpenOrder)]
    assert {(message.order_id, message.order.permanent_id) for message in told} == {(order_id, second.permanent_id)}
    assert second.permanent_id != held.permanent_id
    trader.cancel(order_id)
    assert (held.is_live, second.is_live) == (True, False)


@pytest.mark.card("orders.executions")
def test_executions_come_first_then_what_they_cost_then_the_end() -> None:
    floor = by_hand()
    first, second = floor.trader(1), floor.trader(2)
    for trader, symbol in ((first, "AAPL"), (second, "MSFT")):
        order_id = trader.place(limit(10.0, quantity=2, time_in_force=DAY), stock(symbol))
        floor.world.exchange.hands.fill(trader.held(order_id))
    floor.wait()
    first.take()
    first.send(ExecutionRequest(request_id=9))
    kinds = [type(message) for message in first.take()]
    assert kinds == [ExecutionDetails] * 2 + [CommissionAndFeesReport] * 2 + [ExecutionDetailsEnd]
    first.send(ExecutionRequest(ExecutionFilter(symbol="MSFT"), request_id=10))
    assert [type(message) for message in first.take()] == [
        ExecutionDetails,
        CommissionAndFeesReport,
        ExecutionDetailsEnd,
    ]
    first.send(ExecutionRequest(ExecutionFilter(client_id=1, side=Action.SELL), request_id=11))
    assert [type(message) for message in first.take()] == [ExecutionDetailsEnd]
    floor.wait(86_400)
    first.send(ExecutionRequest(request_id=12))
    assert [type(message) for message in first.take()] == [ExecutionDetailsEnd]
    first.send(ExecutionRequest(ExecutionFilter(last_n_days=2), request_id=13))
    assert len(first.take()) == 5


@pytest.mark.card("orders.on_connect")
def test_working_orders_may_be_told_of_before_anything_else() -> None:
    floor = by_hand(habits=Habits(says_orders_on_connect=True))
    trader = floor.trader()
    order_id = trader.place(limit(10.0, time_in_force=GTC))
    trader.link.die()
    floor.wait(1)
    floor.traders.clear()
    kinds = [type(message).__name__ for message in floor.trader().heard]
    assert kinds[:4] == ["OpenOrder", "OrderStatus", "OpenOrdersEnd", "ManagedAccounts"]
    assert order_id


@pytest.mark.card("orders.global_cancel")
def test_a_global_cancel_ends_the_orders_of_everybody() -> None:
    floor = by_hand()
    first, second = floor.trader(1), floor.trader(2)
    mine, theirs = first.place(limit(10.0, time_in_force=DAY)), second.place(limit(11.0, time_in_force=DAY))
    by_person = floor.world.exchange.hands.enter(AAPL, limit(12.0, time_in_force=DAY))
    held_back = first.place(limit(12.0, time_in_force=DAY, transmit=False))
    first.send(GlobalCancelRequest())
    second.carry()
    assert not floor.world.exchange.orders.live
    assert first.story(mine)[-2:] == ["OS(Cancelled 0/100)", "ERR(202)"]
    assert second.story(theirs)[-2:] == ["OS(Cancelled 0/100)", "ERR(202)"]
    assert by_person.status is OrderStatusWord.CANCELLED
    text = next(m.error_message for m in first.heard if isinstance(m, ErrorMessage) and m.request_id == held_back)
    assert text == "Order Canceled - reason:Order was discarded."


@pytest.mark.card("orders.away")
def test_orders_live_on_while_their_client_is_away() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(limit(300.0, time_in_force=GTC))
    floor.wait(1)
    trader.link.die()
    floor.traders.clear()
    floor.move(290.0)
    floor.wait(60)
    again = floor.trader()
    assert again.story(order_id) == []
    again.send(ExecutionRequest(request_id=1))
    assert "EX(100)" in again.story(order_id)


@pytest.mark.card("orders.master")
def test_the_master_client_hears_of_all_orders() -> None:
    floor = by_hand(master_client=9)
    master, trader = floor.trader(9), floor.trader(1)
    order_id = trader.place(limit(10.0, time_in_force=DAY))
    master.carry()
    assert master.story(order_id) == ["OO(Submitted)", "OS(Submitted 0/100)"]


def test_progress_at_once_waits_for_no_market() -> None:
    trader = (floor := Floor(progress=Progress.AT_ONCE, latency=AT_ONCE)).trader()
    order_id = trader.place(limit(10.0, quantity=3, time_in_force=DAY))
    floor.wait()
    assert trader.story(order_id)[-1] == "CR"
    assert trader.held(order_id).fills[0].price == 10


def test_progress_at_once_leaves_stops_to_the_market() -> None:
    trader = (floor := Floor(progress=Progress.AT_ONCE, latency=AT_ONCE)).trader()
    order_id = trader.place(stop(100.0, quantity=3, time_in_force=GTC))
    floor.wait(60)
    assert trader.held(order_id).status is OrderStatusWord.PRE_SUBMITTED


def test_a_slow_tws_answers_late() -> None:
    trader = (floor := Floor(latency=Latency(acknowledge=30.0))).trader()
    order_id = trader.place(limit(10.0, time_in_force=DAY))
    floor.wait(29)
    assert trader.story(order_id) == []
    floor.wait(2)
    assert trader.story(order_id) == ["OO(Submitted)", "OS(Submitted 0/100)"]


def test_an_order_needs_an_id_of_its_own_and_of_its_client() -> None:
    floor = Floor()
    trader = floor.trader()
    with pytest.raises(ValueError, match="order id"):
        floor.world.exchange.place(trader.link, PlaceOrderRequest(AAPL, market()))


def test_orders_that_wait_for_ever_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anytws.simulator.exchange.book.MOST_LIVE", 5)
    trader = Floor().trader()
    ids = [trader.place(limit(10.0, quantity=1, time_in_force=GTC, transmit=False)) for _ in "x" * 6]
    assert [order_id for order_id in ids if trader.story(order_id) == ["ERR(201)"]] == [ids[-1]]


def test_what_is_remembered_of_ended_orders_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anytws.simulator.exchange.book.MOST_ENDED", 3)
    trader = (floor := by_hand()).trader()
    for _ in "x" * 6:
        trader.cancel(trader.place(limit(10.0, quantity=1, time_in_force=GTC)))
    assert len(floor.world.exchange.orders.ended) == 3
    trader.take()
    trader.cancel(1)
    assert trader.story(1) == ["ERR(10147)"]


@pytest.mark.parametrize("order_id", [-1, 0])
def test_a_cancel_of_what_is_no_id_is_answered(order_id: int) -> None:
    trader = (floor := Floor()).trader()
    trader.cancel(order_id)
    floor.wait(1)
    assert [message.error_code for message in trader.heard if isinstance(message, ErrorMessage)] == [10147]


@pytest.mark.card("orders.not_simulated")
@pytest.mark.parametrize(
    "more",
    [
        {"algo_strategy": "Vwap"},
        {"scale_price_increment": 0.1},
        {"conditions": (TimeCondition(True, datetime(2026, 1, 5, 15, tzinfo=UTC)),)},
        {"adjusted_order_type": OrderType.TRAILING_STOP},
    ],
)
def test_what_is_not_simulated_is_refused_and_never_taken(more: dict[str, Any]) -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(limit(10.0, time_in_force=DAY, **more))
    floor.wait(5)
    assert trader.story(order_id) == ["ERR(387)"]


@pytest.mark.card("orders.not_simulated")
def test_orders_that_are_attached_are_refused_whole() -> None:
    trader = (floor := Floor()).trader()
    attached = AttachedOrders(stop_loss_order_id=2, stop_loss_order_type="PRESET")
    trader.send(PlaceOrderRequest(AAPL, limit(10.0, time_in_force=DAY), attached, order_id=1))
    floor.wait(5)
    assert trader.story(1) == ["ERR(387)"]


@pytest.mark.card("orders.not_simulated")
def test_an_adaptive_order_works_as_it_would_without() -> None:
    trader = (floor := Floor()).trader()
    priority = (TagValue("adaptivePriority", "Normal"),)
    order_id = trader.place(market(quantity=1, time_in_force=DAY, algo_strategy="Adaptive", algo_params=priority))
    floor.wait(5)
    assert trader.held(order_id).filled == 1
