"""What TWS looks at before it takes an order, and with which words it refuses one on sight."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from anytws.messages.contract import SecurityType
from anytws.messages.order import Order
from anytws.messages.order_words import HedgeType, OrderType, TimeInForce
from anytws.simulator.exchange.order import LIMITED, ON_CLOSE, TRAILING, HeldOrder
from anytws.simulator.exchange.sessions import moment_ms
from anytws.simulator.ground import Ground
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.universe import Trouble


class Refused(NamedTuple):
    """Why an order is not taken: what the error says."""

    code: int
    text: str


def not_meant(trouble: Trouble) -> Refused:
    """Give the refusal of an order whose contract means nothing here, or more than one thing."""
    if trouble.code == _INVALID:
        return Refused(_INVALID, f"Error validating request.-'PlaceOrderRequest' : cause - {trouble.text}")
    return Refused(trouble.code, trouble.text)


SUPPORTED: Final = frozenset(
    {
        *(OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP),
        *(OrderType.TRAILING_STOP_LIMIT, OrderType.MARKET_ON_CLOSE, OrderType.LIMIT_ON_CLOSE),
        *(OrderType.MARKET_TO_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED),
    }
)
"""Order types that are simulated. The others are refused as TWS refuses one that an exchange does not have."""

_HAS_STOP: Final = frozenset(
    {OrderType.STOP, OrderType.STOP_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED}
)
_TIMES: Final = frozenset(
    {
        *(TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCELLED, TimeInForce.IMMEDIATE_OR_CANCEL),
        *(TimeInForce.GOOD_TILL_DATE, TimeInForce.AT_THE_OPENING, TimeInForce.FILL_OR_KILL),
    }
)
_ADAPTIVE: Final = "Adaptive"
"""The one algorithm that is taken: it works as its order would without it."""
_NOT_TRADED: Final = frozenset({SecurityType.INDEX, SecurityType.NEWS, SecurityType.CONTINUOUS_FUTURE})
_NO_FRACTIONS: Final = frozenset({SecurityType.OPTION, SecurityType.FUTURE, SecurityType.FUTURES_OPTION})
_INVALID: Final = 321
_WORKING_MOST: Final = 20
_MOST: Final = 10**12
"""The most that an order may be for, in units or in money, and the highest price (chosen, to have a bound)."""

# Texts without a recording are the vendor's documented ones; where even these are not known they are chosen.
_BAD_TYPE: Final = "Invalid order type was entered"
_NO_TICK: Final = "The price does not conform to the minimum price variation for this contract."
_TOO_LARGE: Final = "The size of the order exceeds the Size Limit."
_BAD_SIZE: Final = "The order size cannot be zero."
_NO_FRACTION: Final = "Fractional-sized order cannot be placed via API. Please use desktop version to place this order."
_UNSUPPORTED: Final = "Unsupported order type for this exchange and security type."
_TRAIL_CHILD: Final = "Trailing stop orders can be attached to limit or stop-limit orders only."
_NO_ACCOUNT: Final = "You must specify an account."
_CASH_QUANTITY: Final = "Cash Quantity cannot be used for this order."


NOT_SIMULATED: Final = Refused(387, _UNSUPPORTED)
"""How an order is refused that wants what is not simulated: as one that an exchange does not have."""


NO_SIZE: Final = Refused(105, _BAD_SIZE)
"""How an order is refused that is for nothing."""


TOO_MANY: Final = Refused(201, "Order rejected - reason:There are too many orders.")
"""How an order is refused that would be more than a TWS can hold."""


def problem_of(ground: Ground, instrument: Instrument, order: Order, parent: HeldOrder | None) -> Refused | None:
    """Give why TWS itself refuses *order*, without asking IB; None: it does not."""
    checks = (
        _type_problem(order, instrument),
        _account_problem(ground, order),
        _size_problem(order, instrument),
        _price_problem(order, instrument),
        _time_problem(ground, order),
        _family_problem(order, parent),
    )
    return next((problem for problem in checks if problem is not None), None)


def _type_problem(order: Order, instrument: Instrument) -> Refused | None:
    kind = order.order_type
    if kind is None or kind not in OrderType:
        return Refused(321, f"Error validating request.-'PlaceOrderRequest' : cause - {_BAD_TYPE}")
    if order.algo_strategy and order.display_size:
        # Recorded.
        return Refused(10255, "The 'Display Size' order attribute may not be specified for this order.")
    if kind not in SUPPORTED or _is_beyond(order):
        return NOT_SIMULATED
    if instrument.contract.security_type in _NOT_TRADED:
        return Refused(201, "Order rejected - reason:The contract is not available for trading.")
    if order.hedge_type is not None and order.hedge_type not in HedgeType:
        return Refused(10007, "Hedge order type is unknown.")
    return None


def _is_beyond(order: Order) -> bool:
    """Tell whether *order* wants what is not simulated: an algorithm, a scale, conditions, a change of type."""
    return bool(
        order.algo_strategy not in ("", _ADAPTIVE)
        or order.scale_price_increment
        or order.conditions
        or order.adjusted_order_type not in (None, OrderType.NONE)
        or order.delta_neutral_order_type not in (None, OrderType.NONE)
    )


def _account_problem(ground: Ground, order: Order) -> Refused | None:
    accounts = ground.settings.accounts
    if order.fa_group and ground.desk.group(order.fa_group) is None:
        return Refused(321, f"Error validating request.-'PlaceOrderRequest' : cause - Unknown group '{order.fa_group}'")
    if not order.account and not order.fa_group and len(accounts) > 1:
        return Refused(435, _NO_ACCOUNT)
    if order.account and order.account not in accounts:
        return Refused(321, "Error validating request.-'PlaceOrderRequest' : cause - Invalid account code")
    return None


def _size_problem(order: Order, instrument: Instrument) -> Refused | None:
    size, cash = order.total_quantity, order.cash_quantity
    # Written so that what is no number fails as well: that compares with nothing.
    if (size is not None and not -_MOST <= size <= _MOST) or (cash and not abs(cash) <= _MOST):
        return Refused(383, _TOO_LARGE)
    if size is not None and size < 0:
        return NO_SIZE
    if cash:
        if cash < 0:
            return Refused(10244, _CASH_QUANTITY)
        if instrument.contract.security_type in (SecurityType.FOREX, SecurityType.CRYPTO, SecurityType.STOCK):
            return None
        return Refused(10244, _CASH_QUANTITY)
    if size is None or size <= 0:
        # A hedge gets its size from its parent.
        return None if order.hedge_type is not None else NO_SIZE
    if size != size.to_integral_value() and instrument.contract.security_type in _NO_FRACTIONS:
        return Refused(10243, _NO_FRACTION)
    if size % instrument.size_unit:
        return Refused(10318, "Order size does not conform to the minimum size increment for this contract.")
    return None


def _price_problem(order: Order, instrument: Instrument) -> Refused | None:
    kind = order.order_type
    if kind in LIMITED and order.limit_price is None and order.limit_price_offset is None:
        return Refused(321, "Error validating request.-'PlaceOrderRequest' : cause - Missing limit price")
    if kind in _HAS_STOP and not order.aux_price:
        return Refused(321, "Error validating request.-'PlaceOrderRequest' : cause - Missing stop price")
    if kind in TRAILING and not order.aux_price and not order.trailing_percent:
        return Refused(321, "Error validating request.-'PlaceOrderRequest' : cause - Missing trailing amount")
    numbers = (order.limit_price, order.aux_price, order.trail_stop_price, order.limit_price_offset)
    if any(number is not None and not abs(number) <= _MOST for number in (*numbers, order.trailing_percent)):
        return Refused(110, _NO_TICK)
    prices = [order.limit_price if kind in LIMITED else None, order.aux_price if kind in _HAS_STOP else None]
    if any(price is not None and not instrument.is_legal_price(Decimal(str(price))) for price in prices):
        return Refused(110, _NO_TICK)
    return None


def _time_problem(ground: Ground, order: Order) -> Refused | None:
    limit = order.time_in_force
    if limit is not None and limit not in _TIMES:
        return Refused(201, f"Order rejected - reason:Invalid time in force:{limit.value}")
    if order.order_type in ON_CLOSE and limit not in (None, TimeInForce.DAY):
        return Refused(113, "The Time-In-Force should be DAY for MOC orders.")
    if limit is TimeInForce.AT_THE_OPENING and order.order_type not in (OrderType.MARKET, OrderType.LIMIT):
        return Refused(387, _UNSUPPORTED)
    for moment in (order.good_after_time, order.good_till_date):
        if moment is not None and moment_ms(moment, ground.settings.wall_zone) is None:
            return Refused(391, f"The time or time-zone entered is invalid. {moment}")
    if limit is TimeInForce.GOOD_TILL_DATE and order.good_till_date is None:
        return Refused(391, "The time or time-zone entered is invalid.")
    return None


def _family_problem(order: Order, parent: HeldOrder | None) -> Refused | None:
    if order.parent_id and parent is None:
        return Refused(135, f"Can't find order with id ={order.parent_id}")
    if parent is not None and order.order_type in TRAILING and parent.order.order_type not in LIMITED:
        # Recorded.
        return Refused(328, _TRAIL_CHILD)
    return None


def refusal_by_ib(ground: Ground, held: HeldOrder, working: int) -> str | None:
    """Give why IB refuses *held* with 201; None: it takes it. *working*: how many orders work on that side already."""
    order = held.order
    if order.time_in_force is TimeInForce.FILL_OR_KILL and held.instrument.contract.security_type is SecurityType.STOCK:
        # Recorded, of a US stock through SMART in a paper account.
        return "The time-in-force FOK is invalid for this combination of exchange and security type."
    if held.parent is not None and held.parent.is_cancelling:
        return "Parent order is being cancelled."
    if working >= _WORKING_MOST:
        return f"Only {_WORKING_MOST} working orders are allowed on either side of a contract."
    if order.parent_id:
        # What its parent brings is counted there.
        return None
    price = price_for(ground, held)
    margin = ground.accounts.margin(held.account, ground.ms(), held.instrument, held.signed * held.remaining, price)
    if margin.is_enough or margin.initial_after <= margin.initial_before:
        return None
    currency = ground.settings.base_currency
    return (
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE"
        f" [{margin.equity_after:.2f} {currency}] MUST EXCEED THE INITIAL MARGIN"
        f" [{margin.initial_after:.2f} {currency}]"
    )


def price_for(ground: Ground, held: HeldOrder) -> Decimal:
    """Give the price that *held* is counted with: its limit, or what its instrument is worth now."""
    limit = held.limit
    return held.instrument.price_of(ground.market.mark(held.instrument, ground.ms())) if limit is None else limit
