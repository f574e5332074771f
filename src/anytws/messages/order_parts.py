"""Records that orders and cancels carry, or that come with them."""

from __future__ import annotations

from anytws.messages.base import record
from anytws.messages.times import Moment


@record
class SoftDollarTier:
    """A tier of commissions that pay for services."""

    name: str = ""
    """The tier's name, as `SoftDollarTiers` has it."""
    value: str = ""
    """The tier's value, as `SoftDollarTiers` has it."""
    display_name: str = ""
    """For people; said by TWS."""


@record
class OrderCancel:
    """What rules ask to be said with a cancel."""

    manual_order_cancel_time: Moment | None = None
    """When a person gave the cancel. From server version 169."""
    external_operator: str = ""
    """Who gave it, for exchanges that ask. From server version 192."""
    manual_order_indicator: int | None = None
    """1: given by a person, 0: by a program (CME). From server version 192."""


@record
class AttachedOrders:
    """A stop loss and a profit taker that TWS makes itself, after its presets. From server version 218."""

    stop_loss_order_id: int | None = None
    """The order id of the stop loss: one that no other order has. None for no stop loss."""
    stop_loss_order_type: str = ""
    """The type of the stop loss, by the words of `OrderType`; empty for no stop loss."""
    profit_taker_order_id: int | None = None
    """The order id of the profit taker: one that no other order has. None for no profit taker."""
    profit_taker_order_type: str = ""
    """The type of the profit taker, by the words of `OrderType`; empty for no profit taker."""
