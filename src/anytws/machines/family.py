"""Families of orders: what a bracket is made of, what a group is called, and whether the end of a member breaks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, unique
from itertools import pairwise
from typing import Any, Final

import attrs

from anytws.machines.order_state import Left, OrderOutcome, TradeState
from anytws.messages.base import replace
from anytws.messages.contract import Action
from anytws.messages.order import Order
from anytws.messages.order_types import LimitOrder, MarketOrder, Price, Quantity, StopOrder
from anytws.messages.order_words import OcaType, TimeInForce

PROFIT: Final = "profit"
STOP: Final = "stop"
"""What stands behind the reference of a bracket in those of its children: ``ref/profit``, ``ref/stop``."""

_INHERITED: Final = (
    "account",
    "model_code",
    "fa_group",
    "fa_method",
    "fa_percentage",
    "customer_account",
    "professional_customer",
    "clearing_account",
    "clearing_intent",
    "settling_firm",
    "origin",
    "external_operator",
    "manual_order_indicator",
    "outside_rth",
    "include_overnight",
    "good_till_date",
)
"""What a child that is made from a price takes over from its parent: whose it is, and when it works."""
_LASTING: Final = (TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCELLED, TimeInForce.GOOD_TILL_DATE, None)


@unique
class Kind(Enum):
    """What holds a family together."""

    BRACKET = "bracket"
    """The first is the parent of the others, and the last transmits them all."""
    GROUP = "group"
    """They are equals: one cancels all. Each of them works as soon as TWS has it."""


@attrs.frozen
class BracketOrders:
    """The orders of a bracket, before they have ids."""

    parent: Order
    profit_taker: Order | None
    stop_loss: Order | None

    @property
    def all(self) -> tuple[tuple[str, Order], ...]:
        """All there are, each with what it is to the parent: the parent first, the stop loss last."""
        named = (("", self.parent), (PROFIT, self.profit_taker), (STOP, self.stop_loss))
        return tuple((role, order) for role, order in named if order is not None)


def bracket_orders(
    entry: Action | str | Order,
    quantity: Quantity | None,
    limit_price: Price | None,
    profit: Order | Price | None,
    stop: Order | Price | None,
    fields: Mapping[str, Any],
) -> BracketOrders:
    """Put a bracket together: of orders, of prices, or of both.

    Raises `ValueError` for what cannot be one: without a child, a child of the same side, prices in the wrong order.
    """
    shared: dict[str, Any] = dict(fields)
    if isinstance(entry, Order):
        if quantity is not None or limit_price is not None or shared:
            raise ValueError("an order that is given whole has its quantity, its price and its fields in itself")
        parent = entry
        shared = {name: getattr(entry, name) for name in _INHERITED}
        lasts = entry.time_in_force in _LASTING
        # A child outlives an entry that is for a moment alone, such as an IOC order.
        shared["time_in_force"] = entry.time_in_force if lasts else TimeInForce.DAY
        if shared["time_in_force"] is not TimeInForce.GOOD_TILL_DATE:
            del shared["good_till_date"]
    elif limit_price is None:
        parent = MarketOrder(entry, quantity, **shared)
    else:
        parent = LimitOrder(entry, quantity, limit_price, **shared)
    end = Action.SELL if parent.action is Action.BUY else Action.BUY
    size = parent.total_quantity
    if (profit is None and stop is None) or size is None:
        raise ValueError("a bracket needs a quantity, and a profit taker, a stop loss, or both")
    taker = profit if isinstance(profit, Order) or profit is None else LimitOrder(end, size, profit, **shared)
    loss = stop if isinstance(stop, Order) or stop is None else StopOrder(end, size, stop, **shared)
    orders = BracketOrders(parent, taker, loss)
    for role, order in orders.all:
        _check_member(role, order, end)
    if not orders.all[-1][1].transmit:
        raise ValueError("a bracket is transmitted as a whole, when TWS has it, by its last order: leave transmit=True")
    _check_prices(orders, is_profit_price=taker is not profit, is_stop_price=loss is not stop)
    return orders


def _check_member(role: str, order: Order, end: Action) -> None:
    name = role or "parent"
    if role and order.action is not end:
        raise ValueError(f"the {name} of this bracket has to {end.value}: it ends what the parent begins")
    if order.parent_id:
        raise ValueError(f"the {name} of a bracket has parent_id {order.parent_id}, and gets the right one by itself")
    if order.what_if:
        raise ValueError("a bracket is placed, and no question: what_if has to stay away")


def _check_prices(orders: BracketOrders, *, is_profit_price: bool, is_stop_price: bool) -> None:
    """Raise `ValueError` for a child, given by its price alone, that would trade at once."""
    stop = orders.stop_loss.aux_price if orders.stop_loss is not None and is_stop_price else None
    profit = orders.profit_taker.limit_price if orders.profit_taker is not None and is_profit_price else None
    named = [("stop_price", stop), ("limit_price", orders.parent.limit_price), ("profit_price", profit)]
    if orders.parent.action is not Action.BUY:
        named.reverse()
    prices = [price for _, price in named if price is not None]
    if any(low >= high for low, high in pairwise(prices)):
        told = ", ".join(f"{name} {price}" for name, price in named if price is not None)
        wanted = " < ".join(name for name, price in named if price is not None)
        raise ValueError(f"{told}: for {orders.parent.action.value} it has to be {wanted}, or a child trades at once")


def named(order: Order, ref: str, role: str) -> Order:
    """Give *order* with its reference: its own if it has one, else that of its family and its *role* in it."""
    if order.order_reference or not ref:
        return order
    named_order: Order = replace(order, order_reference=f"{ref}/{role}" if role else ref)
    return named_order


def group_name(ref: str, client_id: int, order_id: int) -> str:
    """Give a name for a group that no other group of this TWS has had: of the order id of its first member."""
    return f"{ref or 'oca'}-{client_id}-{order_id}"


def broken_by(kind: Kind, members: Sequence[TradeState]) -> int | None:
    """Tell which of the *members* has broken its family by how it ended; None while none has.

    A member that was refused does. So does a child of a bracket that is cancelled while its parent lives or has filled:
    what it was there for is gone. But a child ends in order when its sibling fills, or its parent ends unfilled; and
    the members of a group do when one of them has filled, also one that came too late for that and was refused (201).
    """
    if kind is Kind.GROUP and any(_has_spent(state) for state in members):
        return None
    for place, state in enumerate(members):
        if state.status is OrderOutcome.REJECTED:
            return place
    if kind is Kind.GROUP or not members:
        return None
    parent, children = members[0], members[1:]
    is_over = parent.status is OrderOutcome.CANCELLED and not parent.filled
    if is_over or any(child.filled for child in children):
        return None
    for place, child in enumerate(children, start=1):
        if child.status is OrderOutcome.CANCELLED:
            return place
    return None


def _has_spent(state: TradeState) -> bool:
    return state.status is OrderOutcome.FILLED


def all_left(parts: Sequence[Left]) -> Left:
    """Tell how much of a family has left this process, by how much of each member has."""
    kinds = set(parts)
    return parts[0] if len(kinds) == 1 else Left.SOME


def grouped(order: Order, group: str, oca_type: OcaType) -> Order:
    """Give *order* as a member of the group that is called *group*."""
    member: Order = replace(order, oca_group=group, oca_type=oca_type)
    return member
