"""What an order waits for."""

from __future__ import annotations

import attrs

from anytws.messages.base import record
from anytws.messages.order_words import TriggerMethod
from anytws.messages.times import Moment


@record
class OrderCondition:
    """What has to come true before an order works, or is cancelled. One of the classes below."""

    is_conjunction: bool = attrs.field(default=True, kw_only=True)
    """How it is joined to the condition behind it: True is "and", False is "or"."""


@record
class PriceCondition(OrderCondition):
    """A contract trades at a price."""

    is_more: bool
    """At the price or above; False is at the price or below."""
    price: float
    """The price, in the currency of the contract."""
    contract_id: int
    """The vendor's number of the contract whose price counts."""
    exchange: str
    """Whose prices count, such as ``SMART``."""
    trigger_method: TriggerMethod = TriggerMethod.DEFAULT
    """Which price counts: trades, quotes, or two of them in a row."""


@record
class TimeCondition(OrderCondition):
    """A time has come."""

    is_more: bool
    """After the time; False is before it."""
    time: Moment
    """The time."""


@record
class MarginCondition(OrderCondition):
    """The account's margin cushion has a size."""

    is_more: bool
    """That size or more; False is that size or less."""
    percent: int
    """Of the account's equity with loan."""


@record
class ExecutionCondition(OrderCondition):
    """There is a trade in a symbol, on this account."""

    security_type: str
    """The sort of instrument, such as ``STK``."""
    exchange: str
    """``ANY`` for all."""
    symbol: str
    """The symbol that has to be traded."""


@record
class VolumeCondition(OrderCondition):
    """A contract's volume of the day has a size."""

    is_more: bool
    """That size or more; False is that size or less."""
    volume: int
    """The size, in the unit of TWS's volumes for the contract: shares, lots or contracts."""
    contract_id: int
    """The vendor's number of the contract whose volume counts."""
    exchange: str
    """Where the volume is counted, such as ``SMART``."""


@record
class PercentChangeCondition(OrderCondition):
    """A contract's price has changed since the last close."""

    is_more: bool
    """By that much or more; False is by that much or less."""
    change_percent: float
    """How much, in per cent: 2.5 is two and a half per cent; below zero is a fall."""
    contract_id: int
    """The vendor's number of the contract whose price counts."""
    exchange: str
    """Whose prices count, such as ``SMART``."""
