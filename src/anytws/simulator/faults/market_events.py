"""What markets, people and the exchange do by script: moves, halts, fills by hand, refusals, orders of a person.

An instrument is meant by its symbol (the most usual one of that symbol, as `Universe.by_symbol` finds it) or by its
contract id, as a text. An order is meant by its reference, or by its id; with neither it is the order of the message at
which this happens, and otherwise the newest that works.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.contract import Action
from anytws.messages.order import Order
from anytws.messages.order_words import OrderType
from anytws.simulator.cards import Evidence
from anytws.simulator.faults.words import Deed, Refused, number, of_type, text, whole
from anytws.simulator.market.words import Halt


def _reference() -> str:
    reference: str = attrs.field(default="", validator=of_type(str), kw_only=True)
    return reference


def _order_id() -> int | None:
    order_id: int | None = attrs.field(default=None, validator=whole(-(2**31), 2**31, optional=True), kw_only=True)
    return order_id


def _is_amount(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not (isinstance(value, Decimal) and value.is_finite() and value > 0):
        raise Refused(field.name, value, "a decimal number above 0")


# --- markets ----------------------------------------------------------------------------------------------------------


@attrs.frozen
class MoveTo(Deed):
    """The market of an instrument is at a price, from now on; then it goes on from there."""

    symbol: str = attrs.field(validator=text)
    """Its symbol, or its contract id."""
    price: Decimal = attrs.field(validator=_is_amount)
    """The price, in its currency."""

    evidence = Evidence.CHOSEN
    source = "the tester's hand on the market"


@attrs.frozen
class ShiftMarket(Deed):
    """All prices of an instrument move by some ticks, from now on."""

    symbol: str = attrs.field(validator=text)
    """Its symbol, or its contract id."""
    ticks: int = attrs.field(validator=whole(-(10**9), 10**9))
    """By how many of its smallest steps; negative: down."""

    evidence = Evidence.CHOSEN
    source = "the tester's hand on the market"


@attrs.frozen
class HaltTrading(Deed):
    """Trading in an instrument is halted: tick 49 says so, and nothing is traded."""

    symbol: str = attrs.field(validator=text)
    """Its symbol, or its contract id."""
    kind: Halt = attrs.field(default=Halt.VOLATILITY, validator=of_type(Halt))
    """Why."""
    seconds: float | None = attrs.field(default=300.0, validator=number(optional=True, unit="seconds"))
    """How long; None: until `ResumeTrading`."""

    evidence = Evidence.DOCUMENTED
    source = "market_data.md: tick 49"


@attrs.frozen
class ResumeTrading(Deed):
    """Trading in an instrument goes on."""

    symbol: str = attrs.field(validator=text)
    """Its symbol, or its contract id."""

    evidence = Evidence.DOCUMENTED
    source = "market_data.md: tick 49"


# --- orders -----------------------------------------------------------------------------------------------------------


@attrs.frozen
class FillOrder(Deed):
    """An order is filled, whole or in part."""

    shares: Decimal | None = attrs.field(default=None, validator=_is_amount)
    """How much; None: all that is left."""
    price: Decimal | None = attrs.field(default=None, validator=_is_amount)
    """At which price; None: its limit, or what the market says."""
    reference: str = _reference()
    """Its reference; empty: see above."""
    order_id: int | None = _order_id()
    """Its id; None: see above."""

    evidence = Evidence.CHOSEN
    source = "the tester's hand on the exchange"


@attrs.frozen
class RejectOrder(Deed):
    """IB refuses an order after TWS has taken it."""

    code: int = attrs.field(default=201, validator=whole(-1, 2**31 - 1))
    """The code."""
    text: str = attrs.field(default="Order rejected by the exchange.", validator=of_type(str))
    """The reason; of 201 what stands behind the words of TWS."""
    reference: str = _reference()
    """Its reference; empty: see above."""
    order_id: int | None = _order_id()
    """Its id; None: see above."""

    evidence = Evidence.RECORDED
    source = "orders.md 3.11, trace ioc_cancelled_and_fok_rejected"


@attrs.frozen
class CancelOrder(Deed):
    """IB or a person cancels an order: 202, with a reason if there is one."""

    text: str = attrs.field(default="", validator=of_type(str))
    """The reason."""
    reference: str = _reference()
    """Its reference; empty: see above."""
    order_id: int | None = _order_id()
    """Its id; None: see above."""

    evidence = Evidence.RECORDED
    source = "orders.md 3.11: 202 with a reason"


@attrs.frozen
class CorrectExecution(Deed):
    """The last execution of an order is corrected: told again, its id one higher behind the last dot."""

    shares: Decimal | None = attrs.field(default=None, validator=_is_amount)
    """How much it was; None: as before."""
    price: Decimal | None = attrs.field(default=None, validator=_is_amount)
    """At which price; None: as before."""
    reference: str = _reference()
    """Its reference; empty: see above."""
    order_id: int | None = _order_id()
    """Its id; None: see above."""

    evidence = Evidence.DOCUMENTED
    source = "orders.md 3.13"


@attrs.frozen
class ManualOrder(Deed):
    """A person makes an order in TWS."""

    symbol: str = attrs.field(validator=text)
    """The instrument."""
    action: Action = attrs.field(validator=of_type(Action))
    """``BUY`` or ``SELL``."""
    quantity: Decimal = attrs.field(validator=_is_amount)
    """How much."""
    limit_price: Decimal | None = attrs.field(default=None, validator=_is_amount)
    """The limit; None: a market order."""
    account: str = attrs.field(default="", validator=of_type(str))
    """The account; empty: the first."""

    evidence = Evidence.RECORDED
    source = "trace unbound_manual_brackets_seen_by_query"

    def order(self, account: str) -> Order:
        """Give the order that the person makes, for *account*."""
        if self.limit_price is None:
            return Order(self.action, OrderType.MARKET, self.quantity, account=account)
        limit = float(self.limit_price)
        return Order(self.action, OrderType.LIMIT, self.quantity, limit_price=limit, account=account)


AnyMarketEvent: TypeAlias = (
    MoveTo
    | ShiftMarket
    | HaltTrading
    | ResumeTrading
    | FillOrder
    | RejectOrder
    | CancelOrder
    | CorrectExecution
    | ManualOrder
)

MARKET_EVENTS: Final[tuple[type[Deed], ...]] = (
    MoveTo,
    ShiftMarket,
    HaltTrading,
    ResumeTrading,
    FillOrder,
    RejectOrder,
    CancelOrder,
    CorrectExecution,
    ManualOrder,
)
"""All of them."""
