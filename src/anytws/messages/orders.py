"""What is said about orders: they are placed, changed and cancelled, and TWS says how they stand."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import Asks, ToClient, ToTws, message
from anytws.messages.contract import Contract
from anytws.messages.order import Order
from anytws.messages.order_parts import AttachedOrders, OrderCancel
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord


@message
class OrderStatus(ToClient):
    """An order has moved. TWS repeats itself: the same status may come several times."""

    order_id: int
    """The id that its client gave it; 0 or below zero for an order from TWS itself."""
    status: OrderStatusWord | None
    """None where TWS does not say it."""
    filled: Decimal | None
    """How much has been filled in all, in units of the contract. None where TWS does not say it."""
    remaining: Decimal | None
    """How much is not filled yet; of a cancelled order, what was never filled. None where TWS does not say it."""
    average_fill_price: float | None
    """Zero before the first fill; None where TWS does not say it."""
    permanent_id: int
    """Zero where there is none yet."""
    parent_id: int
    """Zero without a parent."""
    last_fill_price: float | None
    """Like ``average_fill_price``."""
    client_id: int
    """The client that placed it."""
    why_held: str = ""
    """Why it is held: ``locate`` while shares are looked for, ``child``, ``trigger``."""
    market_cap_price: float | None = None
    """The price that TWS has capped the order at; zero where it has not."""


@message
class OpenOrder(ToClient):
    """An open order: after it was placed or changed, and when open orders are asked for."""

    order_id: int
    """The id that its client gave it; of an order from TWS itself 0, or a negative one when it was bound."""
    contract: Contract
    """What it trades."""
    order: Order
    """The order as TWS has it: what was left open is filled in."""
    order_state: OrderState
    """Its status, margin and commission."""


@message
class OpenOrdersEnd(ToClient):
    """All open orders have been said."""


@message
class OrderBound(ToClient):
    """An order of TWS itself has got an order id, so that this client can change it."""

    permanent_id: int
    """The id that stays the same over sessions."""
    client_id: int
    """The client that it is bound to."""
    order_id: int
    """Its new order id."""


@message
class CompletedOrder(ToClient):
    """An order that was filled or cancelled today."""

    contract: Contract
    """What it traded."""
    order: Order
    """The order. ``total_quantity`` is 0 in what TWS says of filled ones; ``filled_quantity`` has the number."""
    order_state: OrderState
    """How it came to its end, and when."""


@message
class CompletedOrdersEnd(ToClient):
    """All completed orders have been said."""


@message
class PlaceOrderRequest(Asks[OpenOrder]):
    """Place an order; with the id of one that is open, change it."""

    contract: Contract
    """What to trade. To change an order, the one that TWS said in `OpenOrder`."""
    order: Order
    """The order, whole: also where only one field of an open one is changed."""
    attached_orders: AttachedOrders = AttachedOrders()
    """A stop loss and a profit taker that TWS makes itself; none by default."""
    order_id: int | None = None
    """None for a new order, which is given the next id of the lane of orders. One given by hand means a change of
    that order."""


@message
class CancelOrderRequest(ToTws):
    """Cancel one order."""

    order_id: int
    """The id of the order, which this client has placed."""
    order_cancel: OrderCancel = OrderCancel()
    """What rules ask to be said with it; normally nothing."""


@message
class GlobalCancelRequest(ToTws):
    """Cancel all orders of the session: of all clients, and those that people gave in TWS."""

    order_cancel: OrderCancel = OrderCancel()
    """`OrderCancel.manual_order_cancel_time` from server version 203 only."""


@message
class OpenOrdersRequest(Asks[tuple[OpenOrder | OrderStatus, ...]]):
    """Ask for the open orders of this client; client 0 also gets those of TWS itself."""


@message
class AllOpenOrdersRequest(Asks[tuple[OpenOrder | OrderStatus, ...]]):
    """Ask for the open orders of all clients and of TWS itself."""


@message
class AutoOpenOrdersRequest(ToTws):
    """Let orders that are given in TWS from now on be reported to this client. Client 0 only."""

    auto_bind: bool
    """Whether they also get an order id, so that the client can change them."""


@message
class CompletedOrdersRequest(Asks[tuple[CompletedOrder, ...]]):
    """Ask for the orders that were completed today."""

    api_only: bool
    """Whether to leave out those that were given in TWS."""
