"""Brackets and groups at the simulated TWS, and what a test, a person or an advisor does to orders."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from anytws.messages import (
    Action,
    Contract,
    ExerciseAction,
    ExerciseOptionsRequest,
    OcaType,
    Order,
    OrderStatusWord,
    OrderType,
    SecurityType,
    TimeInForce,
)
from anytws.messages.contract import ComboLeg
from anytws.messages.executions import CommissionAndFeesReport, ExecutionDetails
from anytws.messages.order_words import FaMethod
from anytws.messages.orders import AutoOpenOrdersRequest, OpenOrder, OpenOrdersRequest, OrderBound, OrderStatus
from anytws.messages.session import ErrorMessage
from anytws.simulator.advisors import AdvisorGroup
from anytws.simulator.exchange.models import AT_ONCE, Habits, Progress
from tests.trading import AAPL, Floor, Trader, limit, market, stock, stop

DAY, GTC = TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCELLED
CANCELLED = ["OS(Cancelled 0/10)", "ERR(202)"]


def by_hand(**settings: object) -> Floor:
    """Give a world in which nothing is filled unless a test says so, and all is answered at once."""
    return Floor(progress=Progress.BY_HAND, latency=AT_ONCE, **settings)


def bracket(trader: Trader, entry: Order | None = None) -> tuple[int, int, int]:
    """Place a bracket; give the ids of the parent, of the profit taker and of the stop loss."""
    entry = entry or limit(300.0, quantity=10, time_in_force=GTC, transmit=False)
    parent = trader.place(entry)
    profit = trader.place(limit(400.0, "SELL", 10, time_in_force=GTC, parent_id=parent, transmit=False))
    loss = trader.place(stop(200.0, quantity=10, time_in_force=GTC, parent_id=parent))
    return parent, profit, loss


@pytest.mark.card("orders.bracket")
def test_a_bracket_is_told_of_as_recorded() -> None:
    trader = (floor := Floor()).trader()
    parent, profit, loss = bracket(trader)
    assert trader.story(parent) == []
    floor.wait(1)
    assert trader.story(parent) == ["OO(Submitted)", "OS(Submitted 0/10)"]
    assert trader.story(profit) == trader.story(loss) == ["OO(PreSubmitted)", "OS(PreSubmitted 0/10)"]
    held = {message.order_id: message for message in trader.heard if isinstance(message, OrderStatus)}
    assert [held[order_id].why_held for order_id in (parent, profit, loss)] == ["", "child", "child,trigger"]
    assert held[profit].parent_id == parent
    orders = {message.order_id: message.order for message in trader.heard if isinstance(message, OpenOrder)}
    permanent_id = orders[parent].permanent_id
    assert [orders[order_id].oca_group for order_id in (profit, loss)] == [str(permanent_id)] * 2
    assert [orders[order_id].oca_type for order_id in (profit, loss)] == [OcaType.REDUCE_WITHOUT_BLOCK] * 2
    assert orders[loss].parent_permanent_id == permanent_id


@pytest.mark.card("orders.bracket")
def test_a_filled_parent_lets_its_children_work_and_one_of_them_cancels_the_other() -> None:
    trader = (floor := Floor()).trader()
    parent, profit, loss = bracket(trader, market(quantity=10, time_in_force=DAY, transmit=False))
    floor.wait(5)
    assert trader.held(parent).filled == 10
    assert (trader.held(profit).why_held, trader.held(loss).why_held) == ("", "trigger")
    assert trader.story(profit)[-2:] == ["OO(Submitted)", "OS(Submitted 0/10)"]
    floor.move(401.0)
    floor.wait(5)
    assert trader.held(profit).filled == 10
    assert trader.story(loss)[-2:] == CANCELLED


@pytest.mark.card("orders.bracket")
def test_both_children_may_be_filled_in_the_time_that_a_cancel_takes() -> None:
    trader = (floor := Floor(progress=Progress.BY_HAND)).trader()
    parent, profit, loss = bracket(trader)
    floor.wait(1)
    hands = floor.world.exchange.hands
    hands.fill(trader.held(parent))
    floor.wait(1)
    hands.fill(trader.held(profit))
    hands.fill(trader.held(loss))
    floor.wait(1)
    assert [trader.held(order_id).filled for order_id in (parent, profit, loss)] == [10, 10, 10]


@pytest.mark.card("orders.bracket")
def test_children_work_for_as_much_as_their_parent_has_filled() -> None:
    trader = (floor := Floor(progress=Progress.AT_ONCE, latency=AT_ONCE)).trader()
    floor.world.settings = by_hand().world.settings
    parent, profit, _ = bracket(trader)
    hands = floor.world.exchange.hands
    hands.fill(trader.held(parent), Decimal(4))
    floor.world.exchange.filling.by_market(trader.held(profit), only_shown=False)
    assert trader.held(profit).filled == 4


@pytest.mark.card("orders.family_ends")
def test_children_go_with_their_parent_and_siblings_with_a_child() -> None:
    trader = (floor := Floor()).trader()
    parent, profit, loss = bracket(trader)
    floor.wait(1)
    trader.cancel(parent)
    floor.wait(1)
    assert [trader.story(order_id)[-2:] for order_id in (parent, profit, loss)] == [CANCELLED] * 3
    parent, profit, loss = bracket(trader)
    floor.wait(1)
    trader.cancel(profit)
    floor.wait(1)
    assert trader.held(parent).is_live
    assert trader.story(loss)[-2:] == CANCELLED


@pytest.mark.card("orders.transmit")
def test_an_order_that_is_held_back_is_told_of_when_it_is_sent_on() -> None:
    trader = (floor := Floor()).trader()
    order_id = trader.place(limit(10.0, time_in_force=DAY, transmit=False))
    floor.wait(60)
    assert trader.story(order_id) == []
    trader.send(OpenOrdersRequest())
    assert trader.story(order_id) == []
    trader.place(limit(11.0, time_in_force=DAY), order_id=order_id)
    floor.wait(1)
    assert trader.story(order_id) == ["OO(Submitted)", "OS(Submitted 0/100)"]
    assert trader.held(order_id).limit == 11


@pytest.mark.card("orders.transmit")
def test_older_builds_call_it_inactive() -> None:
    trader = (floor := Floor(habits=Habits(inactive_when_held_back=True))).trader()
    order_id = trader.place(limit(10.0, time_in_force=DAY, transmit=False))
    floor.wait(1)
    assert trader.story(order_id) == ["OO(Inactive)", "OS(Inactive 0/100)"]


@pytest.mark.card("orders.transmit")
def test_a_last_child_that_is_refused_leaves_the_family_held_back() -> None:
    trader = (floor := Floor()).trader()
    parent = trader.place(market(quantity=10, time_in_force=DAY, transmit=False))
    profit = trader.place(limit(400.0, "SELL", 10, time_in_force=DAY, parent_id=parent, transmit=False))
    trailing = Order(
        Action.SELL, OrderType.TRAILING_STOP, Decimal(10), aux_price=1.0, time_in_force=DAY, parent_id=parent
    )
    loss = trader.place(trailing)
    floor.wait(60)
    assert trader.story(loss) == ["ERR(328)"]
    assert trader.story(parent) == trader.story(profit) == []
    assert trader.held(parent).is_live


# Groups


@pytest.mark.card("orders.group")
@pytest.mark.parametrize(
    "kind, left",
    [(OcaType.CANCEL_WITH_BLOCK, None), (OcaType.REDUCE_WITH_BLOCK, 6), (OcaType.REDUCE_WITHOUT_BLOCK, 6)],
)
def test_a_fill_cancels_or_reduces_the_others_of_its_group(kind: OcaType, left: int | None) -> None:
    trader = (floor := by_hand()).trader()
    first, second = (
        trader.place(limit(price, quantity=10, time_in_force=GTC, oca_group="either", oca_type=kind))
        for price in (10.0, 11.0)
    )
    floor.world.exchange.hands.fill(trader.held(first), Decimal(4))
    floor.wait(1)
    other = trader.held(second)
    assert (other.remaining if other.is_live else None) == left
    if other.is_live:
        floor.world.exchange.hands.fill(trader.held(first))
        floor.wait(1)
        assert not other.is_live
    late = trader.place(limit(12.0, quantity=10, time_in_force=GTC, oca_group="either", oca_type=kind))
    floor.wait(1)
    assert ("ERR(201)" in trader.story(late)) is (left is not None)


@pytest.mark.card("orders.group")
def test_with_block_one_member_of_a_group_works_at_a_time() -> None:
    trader = (floor := Floor()).trader()
    first, second = (
        trader.place(
            limit(price, quantity=10, time_in_force=GTC, oca_group="either", oca_type=OcaType.CANCEL_WITH_BLOCK)
        )
        for price in (10.0, 500.0)
    )
    floor.wait(60)
    assert [trader.held(order_id).status for order_id in (first, second)] == [
        OrderStatusWord.SUBMITTED,
        OrderStatusWord.PRE_SUBMITTED,
    ]
    trader.cancel(first)
    floor.wait(5)
    assert trader.held(second).filled == 10


# People


@pytest.mark.card("orders.by_hand")
def test_client_0_binds_what_a_person_has_made() -> None:
    floor = by_hand()
    zero, other = floor.trader(0), floor.trader(1)
    hands = floor.world.exchange.hands
    early = hands.enter(AAPL, limit(10.0, quantity=1, time_in_force=DAY))
    assert zero.story(0) == []
    other.send(OpenOrdersRequest())
    assert other.story(0) == []
    zero.send(OpenOrdersRequest())
    assert early.order_id == -2
    assert [m.order_id for m in zero.heard if isinstance(m, OrderBound)] == [-2]
    assert zero.story(-2) == ["OO(Submitted)", "OS(Submitted 0/1)"]
    zero.send(AutoOpenOrdersRequest(True))
    late = hands.enter(AAPL, limit(10.0, quantity=1, time_in_force=DAY))
    zero.carry()
    assert zero.story(late.order_id) == ["OO(Submitted)", "OS(Submitted 0/1)"]
    zero.cancel(late.order_id)
    assert not late.is_live
    other.send(AutoOpenOrdersRequest(True))
    assert [m.error_code for m in other.heard if isinstance(m, ErrorMessage)] == [327]


def test_a_person_cannot_make_an_order_in_what_there_is_not() -> None:
    with pytest.raises(LookupError, match="security definition"):
        by_hand().world.exchange.hands.enter(stock("ZZZZNONE"), limit(10.0))


@pytest.mark.card("orders.correction")
def test_a_correction_takes_the_place_of_an_execution() -> None:
    trader = (floor := by_hand(positions=())).trader()
    order_id = trader.place(limit(10.0, quantity=10, time_in_force=DAY))
    held, hands = trader.held(order_id), floor.world.exchange.hands
    fill = hands.fill(held, Decimal(10), Decimal(10))
    better = hands.correct(held, fill, shares=Decimal(8), price=Decimal("9.5"))
    trader.carry()
    told = [message.execution for message in trader.heard if isinstance(message, ExecutionDetails)]
    assert [execution.execution_id for execution in told] == [fill.execution_id, fill.execution_id[:-1] + "2"]
    assert (better.shares, held.filled, held.average) == (8, 8, Decimal("9.5"))
    assert floor.world.accounts.position(held.account, floor.instrument().contract_id) == 8


def test_what_is_not_left_cannot_be_filled() -> None:
    trader = (floor := by_hand()).trader()
    held = trader.held(trader.place(limit(10.0, quantity=10, time_in_force=DAY)))
    with pytest.raises(ValueError, match="10 is left"):
        floor.world.exchange.hands.fill(held, Decimal(11))
    floor.world.exchange.hands.reject(held, reason="Not today.")
    with pytest.raises(ValueError, match="cannot be filled"):
        floor.world.exchange.hands.fill(held, Decimal(1))
    with pytest.raises(LookupError, match="no order 99"):
        floor.world.exchange.hands.find(99)


def test_an_order_is_found_by_its_reference_and_told_of_again() -> None:
    trader = (floor := by_hand()).trader()
    order_id = trader.place(limit(10.0, time_in_force=DAY, order_reference="mine"))
    hands = floor.world.exchange.hands
    held = hands.find(reference="mine")
    assert held.order_id == order_id
    trader.take()
    hands.say_again(held)
    trader.carry()
    assert trader.story(order_id) == ["OO(Submitted)", "OS(Submitted 0/100)"]
    hands.cancel(held, "By a person.")
    trader.carry()
    assert trader.story(order_id)[-1] == "ERR(202)"


# Several accounts, several legs, options


@pytest.mark.card("orders.allocation")
def test_an_order_for_a_group_is_divided_among_its_accounts() -> None:
    group = AdvisorGroup("both", ("DU1", "DU2"), FaMethod.RATIO, (Decimal(3), Decimal(1)))
    floor = by_hand(accounts=("DF1", "DU1", "DU2"), advisor_groups=(group,), positions=())
    trader = floor.trader()
    order_id = trader.place(limit(10.0, quantity=8, time_in_force=DAY, fa_group="both"))
    floor.world.exchange.hands.fill(trader.held(order_id))
    trader.carry()
    told = [message.execution for message in trader.heard if isinstance(message, ExecutionDetails)]
    assert [(execution.account, execution.shares) for execution in told] == [("DF1", 8), ("DU1", 6), ("DU2", 2)]
    number = floor.instrument().contract_id
    assert [floor.world.accounts.position(name, number) for name in ("DF1", "DU1", "DU2")] == [0, 6, 2]
    unknown = trader.place(limit(10.0, quantity=8, time_in_force=DAY, fa_group="neither"))
    nobody = trader.place(limit(10.0, quantity=8, time_in_force=DAY))
    assert (trader.story(unknown), trader.story(nobody)) == (["ERR(321)"], ["ERR(435)"])


def option(floor: Floor, strike: float, right: str = "C") -> Contract:
    """Give an option of AAPL that there is."""
    found = floor.world.universe.find(
        Contract(
            symbol="AAPL",
            security_type=SecurityType.OPTION,
            exchange="SMART",
            currency="USD",
            strike=strike,
            right=right,  # type: ignore[arg-type]
            last_trade_date_or_contract_month="20260116",
        )
    )
    return found[0].instrument.contract


@pytest.mark.card("orders.combo")
def test_a_combination_is_filled_whole_and_its_legs_add_up() -> None:
    trader = (floor := by_hand(positions=())).trader()
    low, high = option(floor, 330.0), option(floor, 340.0)
    legs = (ComboLeg(low.contract_id, 1, Action.BUY, "SMART"), ComboLeg(high.contract_id, 1, Action.SELL, "SMART"))
    spread = Contract(
        symbol="AAPL", security_type=SecurityType.COMBO, exchange="SMART", currency="USD", combo_legs=legs
    )
    order_id = trader.place(limit(4.5, quantity=2, time_in_force=DAY), spread)
    floor.world.exchange.hands.fill(trader.held(order_id), price=Decimal("4.5"))
    trader.carry()
    told = [message for message in trader.heard if isinstance(message, ExecutionDetails)]
    assert [message.contract.security_type for message in told] == [
        SecurityType.COMBO,
        SecurityType.OPTION,
        SecurityType.OPTION,
    ]
    whole, bought, sold = (message.execution for message in told)
    assert (whole.price, bought.shares, sold.shares) == (4.5, 2, 2)
    assert len(bought.execution_id.split(".")) == 5
    assert bought.price is not None
    assert sold.price is not None
    assert round(bought.price - sold.price, 6) == 4.5
    costs = [message.execution_id for message in trader.heard if isinstance(message, CommissionAndFeesReport)]
    assert costs == [bought.execution_id, sold.execution_id]
    account = trader.held(order_id).account
    assert [floor.world.accounts.position(account, leg.contract_id) for leg in (low, high)] == [2, -2]


@pytest.mark.card("orders.exercise")
def test_an_exercise_is_an_order_that_is_over_with_the_day() -> None:
    trader = (floor := by_hand(positions=())).trader()
    call = option(floor, 330.0)
    bought = trader.place(limit(5.0, quantity=1, time_in_force=DAY), call)
    floor.world.exchange.hands.fill(trader.held(bought))
    order_id, trader.next_id = trader.next_id, trader.next_id + 1
    trader.send(ExerciseOptionsRequest(call, ExerciseAction.EXERCISE, 1, order_id=order_id))
    assert trader.story(order_id) == ["ERR(10349)", "OO(PreSubmitted)", "OS(PreSubmitted 0/1)"]
    floor.until(datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
    account = trader.held(bought).account
    positions = [floor.world.accounts.position(account, number) for number in (call.contract_id, 265598)]
    assert positions == [0, 100]
    late, trader.next_id = trader.next_id, trader.next_id + 1
    trader.send(ExerciseOptionsRequest(call, ExerciseAction.EXERCISE, 1, order_id=late))
    assert trader.story(late) == ["ERR(322)"]


@pytest.mark.card("orders.cash_quantity")
def test_an_order_by_cash_gets_its_quantity_from_the_price() -> None:
    trader = (floor := by_hand()).trader()
    order = Order(Action.BUY, OrderType.MARKET, cash_quantity=1000.0, time_in_force=DAY)
    order_id = trader.place(order)
    held = trader.held(order_id)
    price = held.instrument.price_of(floor.world.market.mark(held.instrument, floor.world.ms()))
    assert held.total <= 1000 / price < held.total + held.instrument.size_unit
    no_cash = trader.place(order, option(floor, 330.0))
    assert trader.story(no_cash) == ["ERR(10244)"]
