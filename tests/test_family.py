"""What a family is made of, and whose end breaks it: all by values."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from anytws.machines.family import Kind, all_left, bracket_orders, broken_by, group_name, grouped, named
from anytws.machines.order_state import Left, OrderOutcome, TradeState
from anytws.messages import Action, OcaType, OrderType, TimeInForce
from anytws.messages.order_types import LimitOrder, MarketOrder, StopOrder

UNKNOWN, OPEN, FILLED = OrderOutcome.UNKNOWN, OrderOutcome.OPEN, OrderOutcome.FILLED
CANCELLED, REJECTED = OrderOutcome.CANCELLED, OrderOutcome.REJECTED
LIVE = (UNKNOWN, OPEN)


def states(*members: OrderOutcome | tuple[OrderOutcome, int]) -> list[TradeState]:
    """Give states: an outcome each, with how much is filled."""
    pairs = [each if isinstance(each, tuple) else (each, 100 if each is FILLED else 0) for each in members]
    return [TradeState(status=status, filled=Decimal(filled)) for status, filled in pairs]


def test_who_was_refused_breaks_a_bracket() -> None:
    for others in product((*LIVE, FILLED, CANCELLED), repeat=2):
        for place in range(3):
            members = [*others]
            members.insert(place, REJECTED)
            assert broken_by(Kind.BRACKET, states(*members)) == place


def test_a_bracket_in_order_is_not_broken() -> None:
    for parent, profit, stop in product((*LIVE, FILLED), LIVE, LIVE):
        assert broken_by(Kind.BRACKET, states(parent, profit, stop)) is None
    assert broken_by(Kind.BRACKET, states(FILLED, FILLED, CANCELLED)) is None
    assert broken_by(Kind.BRACKET, states(FILLED, CANCELLED, FILLED)) is None
    assert broken_by(Kind.BRACKET, states(FILLED, (OPEN, 40), CANCELLED)) is None
    assert broken_by(Kind.BRACKET, states(CANCELLED, CANCELLED, CANCELLED)) is None
    assert broken_by(Kind.BRACKET, states((CANCELLED, 40), OPEN, OPEN)) is None


def test_a_child_that_is_gone_while_it_is_needed_breaks_a_bracket() -> None:
    for parent in (UNKNOWN, OPEN, FILLED, (CANCELLED, 40)):
        assert broken_by(Kind.BRACKET, states(parent, OPEN, CANCELLED)) == 2
        assert broken_by(Kind.BRACKET, states(parent, CANCELLED)) == 1


def test_a_group_is_broken_by_a_refusal_and_not_when_a_member_has_filled() -> None:
    assert broken_by(Kind.GROUP, states(OPEN, REJECTED, UNKNOWN)) == 1
    assert broken_by(Kind.GROUP, states(FILLED, REJECTED, CANCELLED)) is None
    assert broken_by(Kind.GROUP, states((OPEN, 40), REJECTED)) == 1
    assert broken_by(Kind.GROUP, states(OPEN, CANCELLED)) is None


def test_what_has_left_of_a_family() -> None:
    assert all_left([Left.ALL, Left.ALL]) is Left.ALL
    assert all_left([Left.NONE, Left.NONE]) is Left.NONE
    assert all_left([Left.ALL, Left.NONE]) is all_left([Left.SOME, Left.ALL]) is Left.SOME


def test_names_of_members_and_of_groups() -> None:
    order = MarketOrder("BUY", 1)
    assert named(order, "x", "").order_reference == "x"
    assert named(order, "x", "stop").order_reference == "x/stop"
    assert named(order, "", "stop").order_reference == ""
    assert named(MarketOrder("BUY", 1, order_reference="own"), "x", "stop").order_reference == "own"
    assert (group_name("x", 3, 7), group_name("", 3, 7)) == ("x-3-7", "oca-3-7")
    member = grouped(order, "g", OcaType.REDUCE_WITH_BLOCK)
    assert (member.oca_group, member.oca_type) == ("g", OcaType.REDUCE_WITH_BLOCK)


def test_children_made_from_prices_take_over_whose_the_order_is_and_when_it_works() -> None:
    entry = LimitOrder(
        "SELL", 5, 10, account="DU1", time_in_force=TimeInForce.GOOD_TILL_CANCELLED, outside_rth=True, display_size=3
    )
    orders = bracket_orders(entry, None, None, 9, "11", {})
    assert orders.parent is entry
    profit, stop = orders.profit_taker, orders.stop_loss
    assert profit is not None
    assert stop is not None
    for child in (profit, stop):
        assert (child.action, child.total_quantity, child.account) == (Action.BUY, 5, "DU1")
        assert (child.time_in_force, child.outside_rth) == (TimeInForce.GOOD_TILL_CANCELLED, True)
        assert child.display_size == 0
    assert (profit.limit_price, stop.aux_price) == (9, 11)
    assert [role for role, _ in orders.all] == ["", "profit", "stop"]


def test_fields_are_those_of_all_members() -> None:
    orders = bracket_orders("BUY", "0.5", None, None, 9, {"outside_rth": True})
    assert orders.parent.order_type is OrderType.MARKET
    assert [order.outside_rth for _, order in orders.all] == [True, True]
    assert orders.profit_taker is None
    assert [role for role, _ in orders.all] == ["", "stop"]


@pytest.mark.parametrize(
    "action, prices, is_right",
    [
        ("BUY", (9, 10, 11), True),
        ("BUY", (10, 10, 11), False),
        ("BUY", (9, None, 11), True),
        ("BUY", (11, None, 9), False),
        ("SELL", (11, 10, 9), True),
        ("SELL", (9, 10, 11), False),
        ("BUY", (None, 10, 9), False),
    ],
)
def test_a_child_that_would_trade_at_once_is_no_child(
    action: str, prices: tuple[float | None, ...], is_right: bool
) -> None:
    stop, limit, profit = prices
    if is_right:
        bracket_orders(action, 1, limit, profit, stop, {})
    else:
        with pytest.raises(ValueError, match="trades at once"):
            bracket_orders(action, 1, limit, profit, stop, {})
    # Whoever builds an order knows what it is for.
    if stop is not None:
        end = "SELL" if action == "BUY" else "BUY"
        bracket_orders(action, 1, limit, None, StopOrder(end, 1, stop), {})
