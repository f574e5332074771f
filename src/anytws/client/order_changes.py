"""Changes of an order that works: what may be changed, and the whole order in which a change is said to TWS.

TWS takes a change as the whole order anew, contract included. It is made from what TWS last said of the order, so that
what somebody changed by hand stays; what TWS fills in by itself and would take amiss, or take seriously, is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

import attrs

from anytws.errors import shown
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order import OrderLife
from anytws.messages.base import replace
from anytws.messages.contract import Action
from anytws.messages.order import Order
from anytws.messages.order_types import Price, Quantity, SharedFields, placeable
from anytws.messages.order_words import OcaType, OrderStatusWord, OrderType
from anytws.messages.orders import PlaceOrderRequest


class OrderChanges(SharedFields, total=False):
    """What may be changed of an order that works; see `Order` for the meanings.

    Account, reference and what-if are no such things: they make another order of it.
    """

    action: Action
    order_type: OrderType
    total_quantity: Quantity
    limit_price: Price | None
    aux_price: Price | None
    trail_stop_price: Price | None
    trailing_percent: Price | None
    limit_price_offset: Price | None
    percent_offset: Price | None
    parent_id: int
    transmit: bool


_FIELDS: Final = frozenset([field.name for field in attrs.fields(cast("type[Any]", Order))])
_FIXED: Final = frozenset(
    {
        "account", "auto_cancel_date", "client_id", "filled_quantity", "order_id", "order_reference",
        "parent_permanent_id", "permanent_id", "shares_allocation", "submitter", "what_if", "what_if_type",
    }
)  # fmt: skip
_PRICES: Final = frozenset(
    {
        "adjusted_stop_limit_price", "adjusted_stop_price", "aux_price", "limit_price", "limit_price_offset",
        "percent_offset", "trail_stop_price", "trailing_percent", "trigger_price",
    }
)  # fmt: skip
_WITHOUT_LIMIT: Final = frozenset(
    {
        OrderType.MARKET, OrderType.MARKET_IF_TOUCHED, OrderType.MARKET_ON_CLOSE, OrderType.MARKET_TO_LIMIT,
        OrderType.STOP, OrderType.TRAILING_STOP,
    }
)  # fmt: skip
"""Types without a limit price. Of a stop TWS may say a made-up one at first, and 0 later; of a market order, too."""
_WITHOUT_AUX: Final = frozenset(
    {OrderType.MARKET, OrderType.LIMIT, OrderType.MARKET_ON_CLOSE, OrderType.LIMIT_ON_CLOSE}
)
_HELD_AS_CHILD: Final = "child"


def checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give *fields* of an order as it holds them. Raises `TypeError` and `ValueError` for what no change is made of."""
    if not fields:
        raise TypeError("nothing is to be changed: give fields of the order by name, such as limit_price=10.05")
    made: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in _FIELDS:
            raise TypeError(f"an Order has no field {name!r}: the keywords are those of anytws.messages.Order")
        if name in _FIXED:
            raise TypeError(f"{name} of an order stays what it is: cancel the order, and place another")
        made[name] = value
        if value is not None and name in _PRICES:
            made[name] = _price(name, value)
        elif name == "total_quantity":
            made[name] = _quantity(value)
    return made


def changed_order(life: OrderLife, book: KnownOrders, fields: Mapping[str, Any]) -> Order:
    """Give the order of *life* with *fields* changed, as it may be said to TWS."""
    told, asked = life.order, life.asked.order if isinstance(life.asked, PlaceOrderRequest) else None
    assert told is not None, "an order that is open has been said"
    if told is asked:
        # TWS has not said a word of it: what was asked for holds.
        return _with(told, fields)
    order = placeable(told)
    cleared: dict[str, Any] = {}
    if order.oca_group == "":
        cleared["oca_type"] = OcaType.NONE
    if _is_parent_gone(life, told, book):
        cleared["parent_id"] = 0
    elif told.parent_id and _is_group_of_bracket(told, asked, book, life):
        # TWS has made the group, and makes it again.
        cleared |= {"oca_group": "", "oca_type": OcaType.NONE}
    if asked is not None and "parent_id" not in cleared and _has_quantity_of_entry(life, told, book):
        cleared["total_quantity"] = asked.total_quantity
    if order.order_type is OrderType.TRAILING_STOP_LIMIT and order.limit_price_offset is not None:
        cleared["limit_price"] = None if asked is None else asked.limit_price
    if order.order_type in _WITHOUT_AUX and not order.aux_price:
        cleared["aux_price"] = None
    return _with(replace(order, **cleared), fields)


def _with(order: Order, fields: Mapping[str, Any]) -> Order:
    changed = replace(order, **fields)
    if changed.order_type in _WITHOUT_LIMIT and "limit_price" not in fields:
        changed = replace(changed, limit_price=None)
    return changed


def _is_parent_gone(life: OrderLife, told: Order, book: KnownOrders) -> bool:
    """Tell whether the parent of a child is at its end: with its id in the change, TWS refuses that (135)."""
    if not told.parent_id:
        return False
    parent = book.by_order_id(told.parent_id, life.client_id)
    if parent is not None and not parent.state.is_unsure:
        return parent.state.is_done
    state = life.state
    # A child of an entry that is not filled is held as such. Where that is not known the id stays: the worst is a
    # refusal.
    if state.why_held:
        return _HELD_AS_CHILD not in state.why_held.split(",")
    return state.word is OrderStatusWord.SUBMITTED


def _has_quantity_of_entry(life: OrderLife, told: Order, book: KnownOrders) -> bool:
    """Tell whether the quantity is not the own one: TWS gives a child that of an entry that is filled in part, or 0."""
    parent = book.by_order_id(told.parent_id, life.client_id) if told.parent_id else None
    return not told.total_quantity or (parent is not None and parent.state.filled > 0 and not parent.state.is_done)


def _is_group_of_bracket(told: Order, asked: Order | None, book: KnownOrders, life: OrderLife) -> bool:
    if asked is not None and asked.oca_group:
        return False
    parent = book.by_order_id(told.parent_id, life.client_id)
    numbers = {told.parent_permanent_id or 0, 0 if parent is None else parent.permanent_id} - {0}
    return asked is not None or told.oca_group in {str(number) for number in numbers}


def _price(name: str, value: object) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, Decimal, str)) and value is not True else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if value is False or not math.isfinite(number):
        raise ValueError(f"{name} is {shown(value)}, and has to be a finite number, such as 10.05 or '10.05'")
    return number


def _quantity(value: object) -> Decimal:
    if isinstance(value, float):
        raise TypeError(f"a quantity is exact, and the float {value!r} is not: give a whole number, or a Decimal")
    try:
        number = Decimal(value) if isinstance(value, (int, str, Decimal)) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number <= 0:
        raise ValueError(f"total_quantity is {shown(value)}, and has to be a number above zero: to end it, cancel it")
    return number
