"""One order, as TWS holds it."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, unique
from typing import Final

import attrs

from anytws.messages.contract import Action, Contract
from anytws.messages.order import Order
from anytws.messages.order_words import OrderStatusWord, OrderType
from anytws.simulator.universe.instrument import Instrument

_LIVE: Final = frozenset(
    {OrderStatusWord.PRE_SUBMITTED, OrderStatusWord.SUBMITTED, OrderStatusWord.PENDING_CANCEL, OrderStatusWord.INACTIVE}
)
_STOPS: Final = frozenset(
    {
        *(OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT),
        *(OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED),
    }
)
TRAILING: Final = frozenset({OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT})
"""Types whose stop follows the price."""
ON_CLOSE: Final = frozenset({OrderType.MARKET_ON_CLOSE, OrderType.LIMIT_ON_CLOSE})
"""Types that are filled when the session ends, or not at all."""
LIMITED: Final = frozenset(
    {
        *(OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED, OrderType.LIMIT_ON_CLOSE),
        OrderType.TRAILING_STOP_LIMIT,
    }
)
"""Types that have a limit price."""


@unique
class Part(Enum):
    """What of an order an execution is of."""

    WHOLE = "whole"
    """Of the order itself."""
    LEG = "leg"
    """Of one leg of a combination."""
    ALLOCATION = "allocation"
    """Of one account of an advisor's group."""


@attrs.frozen(kw_only=True)
class Fill:
    """One execution of an order."""

    execution_id: str
    at: int
    """Milliseconds since 1970."""
    account: str
    contract: Contract
    shares: Decimal
    """Below zero: sold."""
    price: Decimal
    venue: str
    cumulative: Decimal
    """What the order had filled by then."""
    average: Decimal
    """Its average price by then."""
    commission: Decimal
    currency: str
    realized: Decimal | None
    """What it earned by closing a position, with the commissions of both sides; None: it closed nothing."""
    adds_liquidity: bool
    part: Part = Part.WHOLE


@attrs.define(eq=False, kw_only=True)
class HeldOrder:
    """An order that TWS has, from when it was taken until long after its end."""

    client_id: int
    """Whose it is; 0 also for those that were made by hand."""
    order_id: int
    """The id that its client gave it; 0: made by hand and not bound, below zero: bound."""
    permanent_id: int
    instrument: Instrument
    contract: Contract
    """As TWS tells of it."""
    order: Order
    """Its terms, with what TWS has filled in."""
    account: str
    placed_at: int
    """Milliseconds since 1970, as all times here."""
    parent: HeldOrder | None = None
    is_transmitted: bool = True
    is_accepted: bool = False
    """Whether IB has taken it: before that nothing was said of it."""
    is_triggered: bool = False
    """Of a stop: whether its price was reached."""
    is_located: bool = True
    """Of a short sale: whether there are shares to sell."""
    stop: Decimal | None = None
    """Where the stop of a trailing order is, as of `followed_until`."""
    followed_until: int = 0
    """Up to when it has followed the price."""
    expires_at: int | None = None
    """When its time is over; None: it has no end of its own."""
    ends: int = 0
    """Goes up whenever `expires_at` gets another one."""
    status: OrderStatusWord | None = None
    """The word that TWS tells; None: nothing was told yet."""
    filled: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    """The sum of price times shares of its fills."""
    last_price: Decimal = Decimal(0)
    fills: list[Fill] = attrs.field(factory=list[Fill])
    told_commission: Decimal = Decimal(0)
    """The sum of what its fills cost, as far as it was told."""
    is_cancelling: bool = False
    is_swept: bool = False
    """Whether a global cancel has met it already."""
    is_changing: bool = False
    ended_at: int | None = None
    completed_status: str = ""
    weight: int = 0
    """About how many bytes it keeps, as far as they are counted (`OrderBook`)."""
    turn: int = 0
    """Goes up with each change, so that what was planned for an older state is not done any more."""

    @property
    def is_live(self) -> bool:
        """Whether it may still be filled, changed and cancelled."""
        return self.ended_at is None

    @property
    def is_by_hand(self) -> bool:
        """Whether a person made it, in TWS."""
        return self.order_id <= 0

    @property
    def total(self) -> Decimal:
        """Its whole quantity, what is filled included."""
        return self.order.total_quantity or Decimal(0)

    @property
    def remaining(self) -> Decimal:
        """What is not filled."""
        return max(self.total - self.filled, Decimal(0))

    @property
    def average(self) -> Decimal:
        """The average price of its fills; 0: there are none."""
        return self.value / self.filled if self.filled else Decimal(0)

    @property
    def commission(self) -> Decimal:
        """The sum of what its fills cost."""
        return sum((fill.commission for fill in self.fills if fill.part is not Part.ALLOCATION), Decimal(0))

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.order.action is Action.BUY

    @property
    def signed(self) -> int:
        """1 for a purchase, -1 for a sale."""
        return 1 if self.is_buy else -1

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a price before it works."""
        return self.order.order_type in _STOPS and not self.is_triggered

    @property
    def is_child_waiting(self) -> bool:
        """Whether it waits for its parent to be filled."""
        return self.parent is not None and self.parent.is_live and not self.parent.filled

    @property
    def limit(self) -> Decimal | None:
        """The worst price that it takes; None: any."""
        if self.order.order_type not in LIMITED and self.order.order_type is not OrderType.MARKET_TO_LIMIT:
            return None
        return None if self.order.limit_price is None else Decimal(str(self.order.limit_price))

    @property
    def why_held(self) -> str:
        """Why it does not work, in the words of TWS (recorded); empty: it works, or waits for its market."""
        reasons = []
        if not self.is_located:
            reasons.append("locate")
        if self.is_child_waiting:
            reasons.append("child")
        if self.is_stop:
            reasons.append("trigger")
        return ",".join(reasons)
