"""Orders by what they are: one function for each usual type, that fills in what the type needs.

They give a plain `Order`. Whatever else an order can say is given by name, and checked by a type checker::

    >>> from anytws.messages import TimeInForce
    >>> order = LimitOrder("BUY", 100, "10.05", time_in_force=TimeInForce.GOOD_TILL_CANCELLED)
    >>> order.total_quantity, order.limit_price
    (Decimal('100'), 10.05)

A quantity is a whole number, a `Decimal` or a text, and no float: TWS counts in exact decimals, and ``0.1 + 0.2``
shares would be 0.30000000000000004 of them. Prices are floats to TWS as well, so they may be given as whatever is a
number.
"""

# ruff: noqa: N802 (the functions read as the things that they make)

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, TypeAlias, TypedDict, Unpack, cast

import attrs

from anytws.messages.base import TagValue
from anytws.messages.contract import Action, ShortSaleSlot
from anytws.messages.order import Order
from anytws.messages.order_conditions import OrderCondition
from anytws.messages.order_parts import SoftDollarTier
from anytws.messages.order_words import (
    AdjustableTrailingUnit,
    AuctionStrategy,
    ClearingIntent,
    FaMethod,
    HedgeType,
    OcaType,
    OpenClose,
    OrderType,
    Origin,
    ReferencePriceType,
    Rule80A,
    TimeInForce,
    TriggerMethod,
    VolatilityType,
)
from anytws.messages.times import Moment

__all__ = [
    "Bracket",
    "LimitIfTouchedOrder",
    "LimitOnCloseOrder",
    "LimitOnOpenOrder",
    "LimitOrder",
    "MarketIfTouchedOrder",
    "MarketOnCloseOrder",
    "MarketOnOpenOrder",
    "MarketOrder",
    "MarketToLimitOrder",
    "MidpriceOrder",
    "OrderFields",
    "PeggedToMarketOrder",
    "PeggedToMidpointOrder",
    "Price",
    "Quantity",
    "RelativeOrder",
    "SharedFields",
    "StopLimitOrder",
    "StopOrder",
    "TrailingStopLimitOrder",
    "TrailingStopOrder",
    "bracket",
    "placeable",
]

Quantity: TypeAlias = int | str | Decimal
"""How much, in units of the contract. Not a float."""
Price: TypeAlias = float | Decimal | str
"""A price, or a difference of prices, in the currency of the contract. Whole numbers are floats to a type checker."""


class SharedFields(TypedDict, total=False):
    """What the orders of a bracket may say besides their type; see `Order` for the meanings."""

    time_in_force: TimeInForce | None
    account: str
    order_reference: str
    what_if: bool
    what_if_type: int | None
    model_code: str
    outside_rth: bool
    good_after_time: Moment | None
    good_till_date: Moment | None
    active_start_time: Moment | None
    active_stop_time: Moment | None
    duration: int | None
    manual_order_time: Moment | None
    oca_group: str
    oca_type: OcaType
    trigger_method: TriggerMethod
    display_size: int
    hidden: bool
    all_or_none: bool
    min_quantity: int | None
    block_order: bool
    sweep_to_fill: bool
    not_held: bool
    discretionary_amount: float
    discretionary_up_to_limit_price: bool
    override_percentage_constraints: bool
    opt_out_smart_routing: bool
    solicited: bool
    randomize_size: bool
    randomize_price: bool
    cash_quantity: float | None
    use_price_management_algo: bool | None
    post_to_ats: int | None
    auto_cancel_parent: bool
    advanced_error_override: str
    include_overnight: bool
    imbalance_only: bool
    deactivate: bool
    post_only: bool
    allow_pre_open: bool
    ignore_open_auction: bool
    route_marketable_to_bbo: bool | None
    seek_price_improvement: bool | None
    adjusted_order_type: OrderType | None
    trigger_price: float | None
    adjusted_stop_price: float | None
    adjusted_stop_limit_price: float | None
    adjusted_trailing_amount: float | None
    adjustable_trailing_unit: AdjustableTrailingUnit
    conditions: tuple[OrderCondition, ...]
    conditions_cancel_order: bool
    conditions_ignore_rth: bool
    conditions_include_overnight: bool
    smart_combo_routing_params: tuple[TagValue, ...]
    algo_strategy: str
    algo_params: tuple[TagValue, ...]
    algo_id: str
    short_sale_slot: ShortSaleSlot
    designated_location: str
    exempt_code: int
    fa_group: str
    fa_method: FaMethod | None
    fa_percentage: str
    open_close: OpenClose | None
    origin: Origin
    rule_80a: Rule80A | None
    settling_firm: str
    clearing_account: str
    clearing_intent: ClearingIntent | None
    soft_dollar_tier: SoftDollarTier
    customer_account: str
    professional_customer: bool
    external_operator: str
    manual_order_indicator: int | None
    mifid2_decision_maker: str
    mifid2_decision_algo: str
    mifid2_execution_trader: str
    mifid2_execution_algo: str
    is_oms_container: bool
    scale_initial_level_size: int | None
    scale_subsequent_level_size: int | None
    scale_price_increment: float | None
    scale_price_adjust_value: float | None
    scale_price_adjust_interval: int | None
    scale_profit_offset: float | None
    scale_auto_reset: bool
    scale_initial_position: int | None
    scale_initial_fill_quantity: int | None
    scale_random_percent: bool
    scale_table: str
    hedge_type: HedgeType | None
    hedge_param: str
    hedge_max_size: int | None
    dont_use_auto_price_for_hedge: bool
    auction_strategy: AuctionStrategy
    starting_price: float | None
    stock_reference_price: float | None
    delta: float | None
    stock_range_lower: float | None
    stock_range_upper: float | None
    volatility: float | None
    volatility_type: VolatilityType | None
    continuous_update: bool
    reference_price_type: ReferencePriceType | None
    delta_neutral_order_type: OrderType | None
    delta_neutral_aux_price: float | None
    delta_neutral_contract_id: int
    delta_neutral_settling_firm: str
    delta_neutral_clearing_account: str
    delta_neutral_clearing_intent: ClearingIntent | None
    delta_neutral_open_close: OpenClose | None
    delta_neutral_short_sale: bool
    delta_neutral_short_sale_slot: ShortSaleSlot
    delta_neutral_designated_location: str
    reference_contract_id: int
    is_pegged_change_amount_decrease: bool
    pegged_change_amount: float
    reference_change_amount: float
    reference_exchange_id: str
    min_trade_quantity: int | None
    min_compete_size: int | None
    compete_against_best_offset: float | None
    mid_offset_at_whole: float | None
    mid_offset_at_half: float | None
    order_misc_options: tuple[TagValue, ...]


class OrderFields(SharedFields, total=False):
    """What an order may say besides its type; see `Order` for the meanings."""

    parent_id: int
    transmit: bool


# --- what the arguments may be -----------------------------------------------------------------------------------


def _quantity(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, float):
        raise TypeError(
            f"a quantity is exact, and the float {value!r} is not: give a whole number, or Decimal({str(value)!r})"
        )
    try:
        number = Decimal(value) if isinstance(value, (int, str, Decimal)) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise ValueError(f"a quantity is a number of at least zero, such as 100 or '0.5', and not {value!r}")
    return number


def _price(value: object, what: str) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, Decimal, str)) and value is not True else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if value is False or not math.isfinite(number):
        raise ValueError(f"{what} is a finite number, such as 10.05 or '10.05', and not {value!r}")
    return number


def _maybe_price(value: object, what: str) -> float | None:
    return None if value is None else _price(value, what)


def _action(value: object) -> Action:
    if not isinstance(value, str) or value.upper() not in set(Action):
        raise ValueError(f"an action is one of {', '.join(Action)}, and not {value!r}")
    return Action(value.upper())


def _order_id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"the parent of a bracket needs an order id above zero, and not {value!r}")
    return value


def _either(amount: object, percent: object, names: str) -> None:
    if (amount is None) == (percent is None):
        raise ValueError(f"one of {names} is needed, and not {'both' if percent is not None else 'neither'}")


# --- at the market -----------------------------------------------------------------------------------------------


def MarketOrder(action: Action | str, quantity: Quantity | None, **fields: Unpack[OrderFields]) -> Order:
    """Give an order that trades at once, at whatever price there is.

    For one by money instead of units, *quantity* is None and ``cash_quantity`` says how much.

    >>> MarketOrder("BUY", 100).order_type
    <OrderType.MARKET: 'MKT'>
    """
    return Order(_action(action), OrderType.MARKET, _quantity(quantity), **fields)


def MarketOnCloseOrder(action: Action | str, quantity: Quantity | None, **fields: Unpack[OrderFields]) -> Order:
    """Give an order that trades in the closing auction.

    >>> MarketOnCloseOrder("SELL", 100).order_type
    <OrderType.MARKET_ON_CLOSE: 'MOC'>
    """
    return Order(_action(action), OrderType.MARKET_ON_CLOSE, _quantity(quantity), **fields)


def MarketOnOpenOrder(action: Action | str, quantity: Quantity | None, **fields: Unpack[OrderFields]) -> Order:
    """Give an order that trades in the opening auction. It says its own ``time_in_force``.

    >>> MarketOnOpenOrder("BUY", 100).time_in_force
    <TimeInForce.AT_THE_OPENING: 'OPG'>
    """
    _no_time_in_force(fields)
    fields["time_in_force"] = TimeInForce.AT_THE_OPENING
    return Order(_action(action), OrderType.MARKET, _quantity(quantity), **fields)


def MarketToLimitOrder(action: Action | str, quantity: Quantity | None, **fields: Unpack[OrderFields]) -> Order:
    """Give a market order of which the rest becomes a limit order, at the price of the first fill.

    >>> MarketToLimitOrder("BUY", 100).order_type
    <OrderType.MARKET_TO_LIMIT: 'MTL'>
    """
    return Order(_action(action), OrderType.MARKET_TO_LIMIT, _quantity(quantity), **fields)


def MarketIfTouchedOrder(
    action: Action | str, quantity: Quantity | None, touch_price: Price, **fields: Unpack[OrderFields]
) -> Order:
    """Give a market order that is placed when the market comes to a better price, *touch_price*.

    >>> MarketIfTouchedOrder("BUY", 100, 9.5).aux_price
    9.5
    """
    return Order(
        _action(action),
        OrderType.MARKET_IF_TOUCHED,
        _quantity(quantity),
        aux_price=_price(touch_price, "a touch price"),
        **fields,
    )


# --- with a limit ------------------------------------------------------------------------------------------------


def LimitOrder(
    action: Action | str, quantity: Quantity | None, limit_price: Price, **fields: Unpack[OrderFields]
) -> Order:
    """Give an order that trades at *limit_price* or better.

    >>> LimitOrder("BUY", "0.5", 10).total_quantity
    Decimal('0.5')
    """
    return Order(_action(action), OrderType.LIMIT, _quantity(quantity), _price(limit_price, "a limit price"), **fields)


def LimitOnCloseOrder(
    action: Action | str, quantity: Quantity | None, limit_price: Price, **fields: Unpack[OrderFields]
) -> Order:
    """Give an order that trades in the closing auction, at *limit_price* or better.

    >>> LimitOnCloseOrder("BUY", 100, 10).order_type
    <OrderType.LIMIT_ON_CLOSE: 'LOC'>
    """
    return Order(
        _action(action), OrderType.LIMIT_ON_CLOSE, _quantity(quantity), _price(limit_price, "a limit price"), **fields
    )


def LimitOnOpenOrder(
    action: Action | str, quantity: Quantity | None, limit_price: Price, **fields: Unpack[OrderFields]
) -> Order:
    """Give an order that trades in the opening auction, at *limit_price* or better. It says its own ``time_in_force``.

    >>> LimitOnOpenOrder("BUY", 100, 10).time_in_force
    <TimeInForce.AT_THE_OPENING: 'OPG'>
    """
    _no_time_in_force(fields)
    fields["time_in_force"] = TimeInForce.AT_THE_OPENING
    return LimitOrder(action, quantity, limit_price, **fields)


def LimitIfTouchedOrder(
    action: Action | str,
    quantity: Quantity | None,
    limit_price: Price,
    touch_price: Price,
    **fields: Unpack[OrderFields],
) -> Order:
    """Give a limit order that is placed when the market comes to a better price, *touch_price*.

    >>> LimitIfTouchedOrder("BUY", 100, 9.6, 9.5).aux_price
    9.5
    """
    return Order(
        _action(action),
        OrderType.LIMIT_IF_TOUCHED,
        _quantity(quantity),
        _price(limit_price, "a limit price"),
        _price(touch_price, "a touch price"),
        **fields,
    )


# --- stops -------------------------------------------------------------------------------------------------------


def StopOrder(
    action: Action | str, quantity: Quantity | None, stop_price: Price, **fields: Unpack[OrderFields]
) -> Order:
    """Give a market order that is placed when the market comes to a worse price, *stop_price*.

    >>> StopOrder("SELL", 100, 9).aux_price
    9.0
    """
    return Order(
        _action(action),
        OrderType.STOP,
        _quantity(quantity),
        aux_price=_price(stop_price, "a stop price"),
        **fields,
    )


def StopLimitOrder(
    action: Action | str,
    quantity: Quantity | None,
    limit_price: Price,
    stop_price: Price,
    **fields: Unpack[OrderFields],
) -> Order:
    """Give a limit order that is placed when the market comes to a worse price, *stop_price*.

    >>> StopLimitOrder("SELL", 100, 8.9, 9).limit_price
    8.9
    """
    return Order(
        _action(action),
        OrderType.STOP_LIMIT,
        _quantity(quantity),
        _price(limit_price, "a limit price"),
        _price(stop_price, "a stop price"),
        **fields,
    )


def TrailingStopOrder(
    action: Action | str,
    quantity: Quantity | None,
    *,
    trailing_amount: Price | None = None,
    trailing_percent: Price | None = None,
    stop_price: Price | None = None,
    **fields: Unpack[OrderFields],
) -> Order:
    """Give a stop that follows the market, at a distance of *trailing_amount* or *trailing_percent*.

    *stop_price* is where it begins; without one, TWS begins at that distance from the market.

    >>> TrailingStopOrder("SELL", 100, trailing_percent=5).trailing_percent
    5.0
    """
    _either(trailing_amount, trailing_percent, "trailing_amount and trailing_percent")
    return Order(
        _action(action),
        OrderType.TRAILING_STOP,
        _quantity(quantity),
        aux_price=_maybe_price(trailing_amount, "a trailing amount"),
        trailing_percent=_maybe_price(trailing_percent, "a trailing percentage"),
        trail_stop_price=_maybe_price(stop_price, "a stop price"),
        **fields,
    )


def TrailingStopLimitOrder(
    action: Action | str,
    quantity: Quantity | None,
    stop_price: Price,
    limit_price_offset: Price,
    *,
    trailing_amount: Price | None = None,
    trailing_percent: Price | None = None,
    **fields: Unpack[OrderFields],
) -> Order:
    """Give a trailing stop that places a limit order, *limit_price_offset* worse than the stop.

    *stop_price* is where the stop begins.

    >>> TrailingStopLimitOrder("SELL", 100, 9, 0.05, trailing_amount=1).limit_price_offset
    0.05
    """
    _either(trailing_amount, trailing_percent, "trailing_amount and trailing_percent")
    return Order(
        _action(action),
        OrderType.TRAILING_STOP_LIMIT,
        _quantity(quantity),
        aux_price=_maybe_price(trailing_amount, "a trailing amount"),
        trailing_percent=_maybe_price(trailing_percent, "a trailing percentage"),
        trail_stop_price=_price(stop_price, "a stop price"),
        limit_price_offset=_price(limit_price_offset, "the offset of a limit price"),
        **fields,
    )


# --- that follow the market --------------------------------------------------------------------------------------


def MidpriceOrder(
    action: Action | str,
    quantity: Quantity | None,
    price_cap: Price | None = None,
    **fields: Unpack[OrderFields],
) -> Order:
    """Give an order that tries to trade between bid and ask, and never worse than *price_cap*.

    >>> MidpriceOrder("BUY", 100, 10).limit_price
    10.0
    """
    return Order(
        _action(action), OrderType.MIDPRICE, _quantity(quantity), _maybe_price(price_cap, "a price cap"), **fields
    )


def PeggedToMidpointOrder(
    action: Action | str,
    quantity: Quantity | None,
    limit_price: Price | None = None,
    offset: Price | None = None,
    **fields: Unpack[OrderFields],
) -> Order:
    """Give an order whose price stays *offset* from the midpoint of bid and ask, and never worse than *limit_price*.

    >>> PeggedToMidpointOrder("BUY", 100, 10, 0.02).aux_price
    0.02
    """
    return Order(
        _action(action),
        OrderType.PEGGED_TO_MIDPOINT,
        _quantity(quantity),
        _maybe_price(limit_price, "a limit price"),
        _maybe_price(offset, "an offset"),
        **fields,
    )


def PeggedToMarketOrder(
    action: Action | str, quantity: Quantity | None, offset: Price, **fields: Unpack[OrderFields]
) -> Order:
    """Give an order whose price stays *offset* from the other side of the market: the ask of a purchase.

    >>> PeggedToMarketOrder("BUY", 100, 0.01).aux_price
    0.01
    """
    return Order(
        _action(action),
        OrderType.PEGGED_TO_MARKET,
        _quantity(quantity),
        aux_price=_price(offset, "an offset"),
        **fields,
    )


def RelativeOrder(
    action: Action | str,
    quantity: Quantity | None,
    *,
    offset: Price | None = None,
    percent_offset: Price | None = None,
    price_cap: Price | None = None,
    **fields: Unpack[OrderFields],
) -> Order:
    """Give an order whose price stays better than its own side of the market, and never worse than *price_cap*.

    The distance is *offset*, or *percent_offset*, a fraction: 0.01 is one percent.

    >>> RelativeOrder("BUY", 100, offset="0.01", price_cap=10).limit_price
    10.0
    """
    _either(offset, percent_offset, "offset and percent_offset")
    return Order(
        _action(action),
        OrderType.RELATIVE,
        _quantity(quantity),
        _maybe_price(price_cap, "a price cap"),
        _maybe_price(offset, "an offset"),
        percent_offset=_maybe_price(percent_offset, "an offset"),
        **fields,
    )


# --- several together --------------------------------------------------------------------------------------------


class Bracket(NamedTuple):
    """An order and the two that end what it begins, in the order in which they are placed."""

    parent: Order
    """The order that begins: a limit order that is not transmitted by itself."""
    profit_taker: Order
    """The limit order of the other side at the price of the profit."""
    stop_loss: Order
    """The stop order of the other side; it transmits all three."""


def bracket(
    parent_order_id: int,
    action: Action | str,
    quantity: Quantity,
    limit_price: Price,
    *,
    profit_price: Price,
    stop_price: Price,
    **fields: Unpack[SharedFields],
) -> Bracket:
    """Give a limit order, a limit order that takes its profit, and a stop order that ends its loss.

    The first is placed under the id *parent_order_id*, the others under any ids, say the next two. Only the last one is
    transmitted, and takes the others along: nothing works before all three are in TWS. The fill of one child cancels
    the other, without an OCA group. ``tws.orders.bracket`` (`anytws.client.orders.Orders.bracket`) places three such
    orders, sees to it that none of them works without the others, and needs no id.

    >>> placed = bracket(7, "BUY", 100, 10, profit_price=11, stop_price=9)
    >>> [(order.order_type.value, order.parent_id, order.transmit) for order in placed]
    [('LMT', 0, False), ('LMT', 7, False), ('STP', 7, True)]
    """
    parent_id = _order_id(parent_order_id)
    limit = _price(limit_price, "a limit price")
    profit = _price(profit_price, "a profit price")
    stop = _price(stop_price, "a stop price")
    begin = _action(action)
    end = Action.SELL if begin is Action.BUY else Action.BUY
    if not (stop < limit < profit if begin is Action.BUY else profit < limit < stop):
        names = ("stop_price", "limit_price", "profit_price")
        wanted = " < ".join(names if begin is Action.BUY else reversed(names))
        raise ValueError(
            f"stop_price {stop}, limit_price {limit} and profit_price {profit}: for {begin} it has to be {wanted},"
            " or a child would trade at once"
        )
    return Bracket(
        LimitOrder(begin, quantity, limit, transmit=False, **fields),
        LimitOrder(end, quantity, profit, parent_id=parent_id, transmit=False, **fields),
        StopOrder(end, quantity, stop, parent_id=parent_id, transmit=True, **fields),
    )


# --- again -------------------------------------------------------------------------------------------------------

_FIELDS: Final[tuple[Any, ...]] = attrs.fields(cast("type[Any]", Order))
_SAID_BY_TWS: Final = (
    "order_id",
    "client_id",
    "permanent_id",
    "parent_permanent_id",
    "filled_quantity",
    "reference_futures_contract_id",
    "shareholder",
    "shares_allocation",
    "auto_cancel_date",
    "basis_points",
    "basis_points_type",
    "bond_accrued_interest",
    "submitter",
)
_NOTHINGS: Final = (OrderType.NONE, OpenClose.NOT_SAID, VolatilityType.NONE, ReferencePriceType.NONE)
_TRAILING: Final = (OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT)
_TO_BEST: Final = (OrderType.PEGGED_TO_BEST, OrderType.PEGGED_TO_BEST_ONE_WORD)
_TO_MIDPOINT: Final = (OrderType.PEGGED_TO_MIDPOINT, OrderType.PEGGED_TO_MIDPOINT_ONE_WORD)


def placeable(order: Order) -> Order:
    """Give an order that TWS has reported as one that can be placed: without what only TWS says.

    This is the way to change an open order. Placed under the id that it has, it takes the place of the old one.

    ::

        changed = replace(placeable(open_order.order), limit_price=10.1)
        PlaceOrderRequest(open_order.contract, changed, order_id=open_order.order_id)

    >>> placeable(Order(Action.BUY, OrderType.MARKET, Decimal(1), permanent_id=9000, filled_quantity=Decimal(1)))
    ... # doctest: +ELLIPSIS
    Order(action=Action.BUY, order_type=OrderType.MARKET, total_quantity=Decimal('1'))
    """
    defaults = {field.name: field.default for field in _FIELDS if field.default is not attrs.NOTHING}
    cleared = {*_SAID_BY_TWS} | {name for name in defaults if _says_nothing(getattr(order, name))}
    if order.delta_neutral_order_type in (None, OrderType.NONE):
        cleared |= {name for name in defaults if name.startswith("delta_neutral_")}
    # TWS says False of every order, also where nobody has said anything and the version could not carry it.
    cleared |= {name for name in ("route_marketable_to_bbo", "seek_price_improvement") if not getattr(order, name)}
    if order.order_type not in _TRAILING:
        cleared.add("trail_stop_price")
    if order.order_type not in _TO_BEST:
        cleared |= {"min_compete_size", "compete_against_best_offset"}
        if order.order_type not in _TO_MIDPOINT:
            cleared |= {"mid_offset_at_whole", "mid_offset_at_half"}
    kept: dict[str, Any] = {name: getattr(order, name) for name in defaults if name not in cleared}
    kept["soft_dollar_tier"] = SoftDollarTier(order.soft_dollar_tier.name, order.soft_dollar_tier.value)
    return Order(order.action, order.order_type, **kept)


def _says_nothing(value: object) -> bool:
    # Compared by class as well: numbers of different enumerations are equal to each other.
    return any(type(value) is type(nothing) and value == nothing for nothing in _NOTHINGS)


def _no_time_in_force(fields: OrderFields) -> None:
    if "time_in_force" in fields:
        raise TypeError("an order for the opening auction has a time_in_force of its own")
