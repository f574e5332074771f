"""Orders: what is placed, what TWS says about it, and what it waits for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from anytws.messages.base import TagValue, ToClient, ToTws, message, record
from anytws.messages.contracts import Action, Contract, DeltaNeutralContract, ShortSaleSlot
from anytws.messages.enumerations import Number, Word
from anytws.messages.times import Moment


class OrderType(Word):
    """How an order finds its price. `anytws.messages.order_types` has a constructor for the usual ones."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    RELATIVE = "REL"
    TRAILING_STOP = "TRAIL"
    TRAILING_STOP_LIMIT = "TRAIL LIMIT"
    VOLATILITY = "VOL"
    MARKET_IF_TOUCHED = "MIT"
    LIMIT_IF_TOUCHED = "LIT"
    MARKET_ON_CLOSE = "MOC"
    LIMIT_ON_CLOSE = "LOC"
    MARKET_TO_LIMIT = "MTL"
    MARKET_WITH_PROTECTION = "MKT PRT"
    STOP_WITH_PROTECTION = "STP PRT"
    MIDPRICE = "MIDPRICE"
    BOX_TOP = "BOX TOP"
    PEGGED_TO_MARKET = "PEG MKT"
    PEGGED_TO_STOCK = "PEG STK"
    PEGGED_TO_MIDPOINT = "PEG MID"
    PEGGED_TO_MIDPOINT_ONE_WORD = "PEGMID"
    PEGGED_TO_BEST = "PEG BEST"
    PEGGED_TO_BEST_ONE_WORD = "PEGBEST"
    PEGGED_TO_BENCHMARK = "PEG BENCH"
    PEGGED_TO_BENCHMARK_ONE_WORD = "PEGBENCH"
    PASSIVE_RELATIVE = "PASSV REL"
    SNAP_TO_MARKET = "SNAP MKT"
    SNAP_TO_MIDPOINT = "SNAP MID"
    SNAP_TO_PRIMARY = "SNAP PRIM"
    RELATIVE_AND_LIMIT = "REL + LMT"
    RELATIVE_AND_MARKET = "REL + MKT"
    LIMIT_AND_MARKET = "LMT + MKT"
    RETAIL_PRICE_IMPROVEMENT = "RPI"
    QUOTE = "QUOTE"
    GUARANTEED_VWAP = "GUARANTEED VWAP"
    COMBO = "COMBO"
    NONE = "None"
    """Said by TWS of an order that is not adjusted, or has no order for its delta."""


class TimeInForce(Word):
    """How long an order works."""

    DAY = "DAY"
    GOOD_TILL_CANCELLED = "GTC"
    IMMEDIATE_OR_CANCEL = "IOC"
    GOOD_TILL_DATE = "GTD"
    """Until `Order.good_till_date`."""
    AT_THE_OPENING = "OPG"
    FILL_OR_KILL = "FOK"
    DAY_TILL_CANCELLED = "DTC"
    AUCTION = "AUC"
    GOOD_TILL_CROSSING = "GTX"
    OVERNIGHT = "OVERNIGHT"
    OVERNIGHT_AND_DAY = "OVERNIGHT + DAY"
    OVERNIGHT_OR_DAY = "OND"


class OrderStatusWord(Word):
    """Where an order is in its life."""

    API_PENDING = "ApiPending"
    """TWS has it, and waits for something before it goes on."""
    PENDING_SUBMIT = "PendingSubmit"
    """Sent, and not yet accepted."""
    PENDING_CANCEL = "PendingCancel"
    """The cancel was sent, and is not yet accepted: the order may still be filled."""
    PRE_SUBMITTED = "PreSubmitted"
    """Accepted, and held by the broker until it may work: a stop, a child, a condition."""
    SUBMITTED = "Submitted"
    """Working."""
    API_CANCELLED = "ApiCancelled"
    """Cancelled by a client before it was accepted."""
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"
    """Rejected, or not working for another reason that an error says."""


class OcaType(Number):
    """What a fill does to the other orders of the same one-cancels-all group."""

    NONE = 0
    CANCEL_WITH_BLOCK = 1
    """They are cancelled; one order works at a time, so nothing is overfilled."""
    REDUCE_WITH_BLOCK = 2
    """They are made smaller; one order works at a time, so nothing is overfilled."""
    REDUCE_WITHOUT_BLOCK = 3
    """They are made smaller, and may be overfilled meanwhile."""


class TriggerMethod(Number):
    """Which price sets off a stop, or fulfils a condition."""

    DEFAULT = 0
    DOUBLE_BID_ASK = 1
    """Two bids or asks in a row."""
    LAST = 2
    DOUBLE_LAST = 3
    """Two trades in a row."""
    BID_ASK = 4
    LAST_OR_BID_ASK = 7
    MIDPOINT = 8


class Origin(Number):
    """Whose order it is."""

    CUSTOMER = 0
    FIRM = 1
    UNKNOWN = 2


class OpenClose(Word):
    """Whether an order opens or closes a position; for institutions."""

    OPEN = "O"
    CLOSE = "C"
    NOT_SAID = "?"
    """Said by TWS."""


class Rule80A(Word):
    """The capacity in which an order is given, after the exchange's rule 80A. PT: program trade, A: index arbitrage."""

    INDIVIDUAL = "I"
    AGENCY = "A"
    AGENT_FOR_OTHER_MEMBER = "W"
    INDIVIDUAL_PTIA = "J"
    AGENCY_PTIA = "U"
    AGENT_FOR_OTHER_MEMBER_PTIA = "M"
    INDIVIDUAL_PT = "K"
    AGENCY_PT = "Y"
    AGENT_FOR_OTHER_MEMBER_PT = "N"


class AuctionStrategy(Number):
    """The auction of the BOX exchange."""

    NONE = 0
    MATCH = 1
    IMPROVEMENT = 2
    TRANSPARENT = 3


class VolatilityType(Number):
    """The span that `Order.volatility` is about."""

    NONE = 0
    """Said by TWS of an order without volatility."""
    DAILY = 1
    ANNUAL = 2


class ReferencePriceType(Number):
    """The price of the stock that a volatility order computes with."""

    NONE = 0
    """Said by TWS of an order without volatility."""
    AVERAGE_OF_BID_AND_ASK = 1
    BID_OR_ASK = 2


class HedgeType(Word):
    """What a child order hedges of its parent."""

    DELTA = "D"
    BETA = "B"
    """`Order.hedge_param` is the beta."""
    FX = "F"
    PAIR = "P"
    """`Order.hedge_param` is the ratio."""


class ClearingIntent(Word):
    """Where the trade is cleared."""

    IB = "IB"
    AWAY = "Away"
    POST_TRADE_ALLOCATION = "PTA"


class FaMethod(Word):
    """How an advisor's order is divided among the accounts of a group."""

    EQUAL_QUANTITY = "EqualQuantity"
    NET_LIQUIDATION = "NetLiq"
    AVAILABLE_EQUITY = "AvailableEquity"
    PERCENT_CHANGE = "PctChange"
    CONTRACTS_OR_SHARES = "ContractsOrShares"
    RATIO = "Ratio"
    PERCENT = "Percent"
    MONETARY_AMOUNT = "MonetaryAmount"


class AdjustableTrailingUnit(Number):
    """The unit of `Order.adjusted_trailing_amount`."""

    AMOUNT = 0
    PERCENT = 1
    PERCENT_AS_100 = 100
    """What some of the vendor's material says for percent."""


# --- what an order waits for -------------------------------------------------------------------------------------


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
    contract_id: int
    exchange: str
    """Whose prices count, such as ``SMART``."""
    trigger_method: TriggerMethod = TriggerMethod.DEFAULT


@record
class TimeCondition(OrderCondition):
    """A time has come."""

    is_more: bool
    """After the time; False is before it."""
    time: Moment


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
    exchange: str
    """``ANY`` for all."""
    symbol: str


@record
class VolumeCondition(OrderCondition):
    """A contract's volume of the day has a size."""

    is_more: bool
    """That size or more; False is that size or less."""
    volume: int
    contract_id: int
    exchange: str


@record
class PercentChangeCondition(OrderCondition):
    """A contract's price has changed since the last close."""

    is_more: bool
    """By that much or more; False is by that much or less."""
    change_percent: float
    contract_id: int
    exchange: str


# --- the order ---------------------------------------------------------------------------------------------------


@record
class SoftDollarTier:
    """A tier of commissions that pay for services."""

    name: str = ""
    value: str = ""
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
    stop_loss_order_type: str = ""
    profit_taker_order_id: int | None = None
    profit_taker_order_type: str = ""


@record
class Order:
    """Everything that an order can say, in one class: what is placed, and what TWS reports as open or completed.

    Prices are in the currency of the contract, None where they are not set. What only TWS says is marked so: leave it
    at its default in an order that you place. `anytws.messages.order_types.placeable` does that for an order that TWS
    has reported.
    """

    action: Action
    order_type: OrderType | None
    """None only where TWS does not say it: a client has to."""
    total_quantity: Decimal | None = None
    """In units of the contract: shares, contracts. None for an order by `cash_quantity`."""
    limit_price: float | None = None
    """The worst price to trade at. For a combination it may be zero or negative."""
    aux_price: float | None = None
    """The stop price of a stop, the amount that a trailing stop trails by, the offset of a pegged or relative order."""
    time_in_force: TimeInForce | None = None
    """None leaves it to TWS, whose preset is normally `TimeInForce.DAY`."""

    # Who and where
    account: str = ""
    """Needed where the session has several accounts."""
    order_id: int | None = None
    """Said by TWS in protobuf, beside the id in the message."""
    client_id: int = 0
    """The client that placed it; said by TWS. A completed order has none in text, which is 0 as well."""
    permanent_id: int = 0
    """The id that stays the same over sessions; said by TWS."""
    parent_id: int = 0
    """The order id of the parent in a bracket or hedge; 0: none."""
    parent_permanent_id: int | None = None
    """Said by TWS."""
    order_reference: str = ""
    """A text of your own that TWS repeats."""
    transmit: bool = True
    """Whether TWS sends it on at once; False keeps it in TWS until a person or a related order sends it."""
    what_if: bool = False
    """Whether only to compute margin and commission, as `OrderState`, without placing it."""
    what_if_type: int | None = None
    """From server version 217."""
    submitter: str = ""
    """Who placed it. From server version 198."""
    model_code: str = ""
    """The model portfolio that it is for."""

    # When
    outside_rth: bool = False
    """Whether it also works outside of regular trading hours."""
    good_after_time: Moment | None = None
    good_till_date: Moment | None = None
    """For `TimeInForce.GOOD_TILL_DATE`."""
    active_start_time: Moment | None = None
    """The first time at which a good-till-cancelled order works on a day."""
    active_stop_time: Moment | None = None
    duration: int | None = None
    """Seconds that it works. From server version 158."""
    auto_cancel_date: Moment | None = None
    """When a good-till-cancelled order ends by itself; said by TWS."""
    manual_order_time: Moment | None = None
    """When a person gave the order. From server version 169."""

    # How it works
    oca_group: str = ""
    """The name that orders share of which one fill cancels or reduces the rest."""
    oca_type: OcaType = OcaType.NONE
    trigger_method: TriggerMethod = TriggerMethod.DEFAULT
    display_size: int = 0
    """How much of it others see (an iceberg order); 0 is all."""
    hidden: bool = False
    """Whether nobody sees it, where the exchange offers that."""
    all_or_none: bool = False
    min_quantity: int | None = None
    """The least that may trade at once."""
    block_order: bool = False
    """For large option orders on ISE."""
    sweep_to_fill: bool = False
    """Whether to take the best prices of all exchanges at once."""
    not_held: bool = False
    """Whether the broker may use discretion, for IBDARK."""
    discretionary_amount: float = 0.0
    """How much worse than the limit price it may trade, without showing it."""
    discretionary_up_to_limit_price: bool = False
    percent_offset: float | None = None
    """The offset of a relative order, as a fraction: 0.01 is one percent."""
    override_percentage_constraints: bool = False
    """Whether to pass over TWS's check against mistyped prices."""
    opt_out_smart_routing: bool = False
    """For orders routed to ASX."""
    solicited: bool = False
    """Whether the adviser has proposed it."""
    randomize_size: bool = False
    """For volatility and pegged-to-volatility orders."""
    randomize_price: bool = False
    cash_quantity: float | None = None
    """The size in money, in place of `total_quantity`."""
    use_price_management_algo: bool | None = None
    """Whether TWS caps prices that are far off the market; None leaves it to TWS."""
    post_to_ats: int | None = None
    """How long it waits in the vendor's own market first, in seconds. From server version 160."""
    auto_cancel_parent: bool = False
    """Whether the parent goes when this one is cancelled. From server version 162."""
    advanced_error_override: str = ""
    """The codes of rejects to pass over, with commas, as ``8229,8230``. From server version 166."""
    include_overnight: bool = False
    """Whether it also works in the overnight session. From server version 189."""
    imbalance_only: bool = False
    """Whether it trades only against the imbalance of the closing auction. From server version 199."""
    deactivate: bool = False
    """Whether TWS keeps it without working it. From server version 216."""
    post_only: bool = False
    """Whether it may only add liquidity. From server version 216."""
    allow_pre_open: bool = False
    """From server version 216."""
    ignore_open_auction: bool = False
    """From server version 216."""
    route_marketable_to_bbo: bool | None = None
    """Whether it goes to the exchange with the best price, if it can trade at once. From server version 217."""
    seek_price_improvement: bool | None = None
    """From server version 217."""

    # Trailing, and orders that change when a price is reached
    trail_stop_price: float | None = None
    """Where the stop of a trailing order is. TWS gives a number for other orders, too, which means nothing."""
    trailing_percent: float | None = None
    """The distance that it trails by, in percent, in place of `aux_price`."""
    limit_price_offset: float | None = None
    """The limit price of a trailing stop limit, as its distance from the stop."""
    adjusted_order_type: OrderType | None = None
    """What the order becomes at `trigger_price`. `OrderType.NONE` from TWS where it stays what it is."""
    trigger_price: float | None = None
    adjusted_stop_price: float | None = None
    adjusted_stop_limit_price: float | None = None
    adjusted_trailing_amount: float | None = None
    adjustable_trailing_unit: AdjustableTrailingUnit = AdjustableTrailingUnit.AMOUNT

    # Conditions
    conditions: tuple[OrderCondition, ...] = ()
    conditions_cancel_order: bool = False
    """Whether the conditions cancel the order; False: they start it."""
    conditions_ignore_rth: bool = False
    """Whether they also count outside of regular trading hours."""
    conditions_include_overnight: bool = False
    """Whether they also count in the overnight session. From server version 226."""

    # Combinations
    smart_combo_routing_params: tuple[TagValue, ...] = ()
    """Such as ``NonGuaranteed=1``. The prices of the legs are in the contract's `ComboLeg.per_leg_price`."""
    basis_points: float | None = None
    """For EFP orders; said by TWS in text."""
    basis_points_type: int | None = None
    """For EFP orders; said by TWS in text."""

    # Algorithms
    algo_strategy: str = ""
    """The vendor's name of an algorithm, such as ``Adaptive`` or ``Vwap``."""
    algo_params: tuple[TagValue, ...] = ()
    algo_id: str = ""

    # Short sales
    short_sale_slot: ShortSaleSlot = ShortSaleSlot.NONE
    designated_location: str = ""
    """Where the shares are, for `ShortSaleSlot.THIRD_PARTY`."""
    exempt_code: int = -1
    """-1: not set."""

    # Advisers, firms and clearing
    fa_group: str = ""
    fa_method: FaMethod | None = None
    fa_percentage: str = ""
    """How much to change a position by, in percent, for `FaMethod.PERCENT_CHANGE`."""
    shares_allocation: str = ""
    """How the shares are divided among accounts; said by TWS only, in text."""
    open_close: OpenClose | None = None
    origin: Origin = Origin.CUSTOMER
    rule_80a: Rule80A | None = None
    settling_firm: str = ""
    clearing_account: str = ""
    """Where a trade goes that is cleared away."""
    clearing_intent: ClearingIntent | None = None
    soft_dollar_tier: SoftDollarTier = SoftDollarTier()
    customer_account: str = ""
    """From server version 183."""
    professional_customer: bool = False
    """From server version 184."""
    bond_accrued_interest: str = ""
    """Said by TWS from server version 185."""
    external_operator: str = ""
    """Who gave the order, for exchanges that ask; TWS repeats it from server version 193."""
    manual_order_indicator: int | None = None
    """1: given by a person, 0: by a program (CME). From server version 192; TWS repeats it from 193."""
    mifid2_decision_maker: str = ""
    mifid2_decision_algo: str = ""
    mifid2_execution_trader: str = ""
    mifid2_execution_algo: str = ""
    is_oms_container: bool = False
    """Whether it comes from an order management system and is worked by people there."""
    shareholder: str = ""
    """Said by TWS."""

    # Scale orders
    scale_initial_level_size: int | None = None
    """The size of the first part."""
    scale_subsequent_level_size: int | None = None
    """The size of the other parts."""
    scale_price_increment: float | None = None
    """The distance between two parts. The seven fields behind it count only if it is above zero."""
    scale_price_adjust_value: float | None = None
    scale_price_adjust_interval: int | None = None
    """Seconds."""
    scale_profit_offset: float | None = None
    scale_auto_reset: bool = False
    scale_initial_position: int | None = None
    scale_initial_fill_quantity: int | None = None
    scale_random_percent: bool = False
    scale_table: str = ""

    # Hedges
    hedge_type: HedgeType | None = None
    hedge_param: str = ""
    hedge_max_size: int | None = None
    """From server version 223."""
    dont_use_auto_price_for_hedge: bool = False

    # BOX, pegged to stock, volatility
    auction_strategy: AuctionStrategy = AuctionStrategy.NONE
    """For the BOX exchange. In text only: below server version 203."""
    starting_price: float | None = None
    stock_reference_price: float | None = None
    delta: float | None = None
    """How the option's price follows the stock's, for an order pegged to stock."""
    stock_range_lower: float | None = None
    """The stock's price below which the order is cancelled."""
    stock_range_upper: float | None = None
    volatility: float | None = None
    """In percent."""
    volatility_type: VolatilityType | None = None
    continuous_update: bool = False
    """Whether the price follows the stock's."""
    reference_price_type: ReferencePriceType | None = None
    delta_neutral_order_type: OrderType | None = None
    """The type of the order that hedges the delta; the fields behind it count only with it. `OrderType.NONE` from TWS
    where there is none."""
    delta_neutral_aux_price: float | None = None
    delta_neutral_contract_id: int = 0
    delta_neutral_settling_firm: str = ""
    delta_neutral_clearing_account: str = ""
    delta_neutral_clearing_intent: ClearingIntent | None = None
    delta_neutral_open_close: OpenClose | None = None
    delta_neutral_short_sale: bool = False
    delta_neutral_short_sale_slot: ShortSaleSlot = ShortSaleSlot.NONE
    delta_neutral_designated_location: str = ""

    # Pegged to benchmark
    reference_contract_id: int = 0
    """The contract whose price it follows."""
    is_pegged_change_amount_decrease: bool = False
    """Whether its price falls when the reference rises."""
    pegged_change_amount: float = 0.0
    """How much its price moves for each `reference_change_amount`."""
    reference_change_amount: float = 0.0
    reference_exchange_id: str = ""

    # Pegged to best, pegged to midpoint
    min_trade_quantity: int | None = None
    """For orders to IBKRATS. From server version 170, as the four below."""
    min_compete_size: int | None = None
    """The least size that it competes with."""
    compete_against_best_offset: float | None = None
    """How much better it is than the best price; infinity: up to the midpoint."""
    mid_offset_at_whole: float | None = None
    """The distance from a midpoint that is a whole cent."""
    mid_offset_at_half: float | None = None
    """The distance from a midpoint that is half a cent."""

    # What has become of it
    filled_quantity: Decimal | None = None
    """Said by TWS: of completed orders in text, of all in protobuf."""
    reference_futures_contract_id: int | None = None
    """Said by TWS."""

    order_misc_options: tuple[TagValue, ...] = ()
    """The vendor's own switches."""


@record
class OrderAllocation:
    """One account's share of an order that is previewed. From server version 195."""

    account: str = ""
    position: Decimal | None = None
    """Held now."""
    position_desired: Decimal | None = None
    position_after: Decimal | None = None
    desired_allocation_quantity: Decimal | None = None
    allowed_allocation_quantity: Decimal | None = None
    is_monetary: bool = False
    """Whether the quantities are money."""


@record
class OrderState:
    """What TWS knows about an order beyond the order itself; for `Order.what_if` margin and commission."""

    status: OrderStatusWord | None = None
    initial_margin_before: Decimal | None = None
    maintenance_margin_before: Decimal | None = None
    equity_with_loan_before: Decimal | None = None
    initial_margin_change: Decimal | None = None
    maintenance_margin_change: Decimal | None = None
    equity_with_loan_change: Decimal | None = None
    initial_margin_after: Decimal | None = None
    """The account's initial margin if the order is filled. All margins are in the currency of the account."""
    maintenance_margin_after: Decimal | None = None
    equity_with_loan_after: Decimal | None = None
    commission_and_fees: float | None = None
    min_commission_and_fees: float | None = None
    """The least that it may be, where it is not one number."""
    max_commission_and_fees: float | None = None
    commission_and_fees_currency: str = ""
    margin_currency: str = ""
    """From server version 195, as the fields below down to the allocations."""
    initial_margin_before_outside_rth: float | None = None
    maintenance_margin_before_outside_rth: float | None = None
    equity_with_loan_before_outside_rth: float | None = None
    initial_margin_change_outside_rth: float | None = None
    maintenance_margin_change_outside_rth: float | None = None
    equity_with_loan_change_outside_rth: float | None = None
    initial_margin_after_outside_rth: float | None = None
    maintenance_margin_after_outside_rth: float | None = None
    equity_with_loan_after_outside_rth: float | None = None
    suggested_size: Decimal | None = None
    """What the account could carry, where the order is too large."""
    reject_reason: str = ""
    order_allocations: tuple[OrderAllocation, ...] = ()
    warning_text: str = ""
    """For people."""
    completed_time: datetime | None = None
    """When it came to its end; of completed orders."""
    completed_status: str = ""
    """How, for people: ``Cancelled by Trader``, ``Filled Size: 1``."""


# --- messages ----------------------------------------------------------------------------------------------------


@message
class OrderStatus(ToClient):
    """An order has moved. TWS repeats itself: the same status may come several times."""

    order_id: int
    status: OrderStatusWord | None
    """None where TWS does not say it."""
    filled: Decimal | None
    remaining: Decimal | None
    average_fill_price: float | None
    """Zero before the first fill; None where TWS does not say it."""
    permanent_id: int
    """Zero where there is none yet."""
    parent_id: int
    """Zero without a parent."""
    last_fill_price: float | None
    """Like ``average_fill_price``."""
    client_id: int
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
    order: Order
    order_state: OrderState


@message
class OpenOrdersEnd(ToClient):
    """All open orders have been said."""


@message
class OrderBound(ToClient):
    """An order of TWS itself has got an order id, so that this client can change it."""

    permanent_id: int
    client_id: int
    order_id: int


@message
class CompletedOrder(ToClient):
    """An order that was filled or cancelled today."""

    contract: Contract
    order: Order
    order_state: OrderState


@message
class CompletedOrdersEnd(ToClient):
    """All completed orders have been said."""


@message
class DeltaNeutralValidation(ToClient):
    """The answer to a request for quotes with a delta-neutral contract: what TWS makes of it."""

    request_id: int
    delta_neutral_contract: DeltaNeutralContract


@message
class PlaceOrderRequest(ToTws):
    """Place an order; with the id of one that is open, change it."""

    order_id: int
    """From `NextValidId`, and one more with each order."""
    contract: Contract
    order: Order
    attached_orders: AttachedOrders = AttachedOrders()


@message
class CancelOrderRequest(ToTws):
    """Cancel one order."""

    order_id: int
    order_cancel: OrderCancel = OrderCancel()


@message
class GlobalCancelRequest(ToTws):
    """Cancel all orders of the session: of all clients, and those that people gave in TWS."""

    order_cancel: OrderCancel = OrderCancel()
    """`OrderCancel.manual_order_cancel_time` from server version 203 only."""


@message
class OpenOrdersRequest(ToTws):
    """Ask for the open orders of this client; client 0 also gets those of TWS itself."""


@message
class AllOpenOrdersRequest(ToTws):
    """Ask for the open orders of all clients and of TWS itself."""


@message
class AutoOpenOrdersRequest(ToTws):
    """Let orders that are given in TWS from now on be reported to this client. Client 0 only."""

    auto_bind: bool
    """Whether they also get an order id, so that the client can change them."""


@message
class CompletedOrdersRequest(ToTws):
    """Ask for the orders that were completed today."""

    api_only: bool
    """Whether to leave out those that were given in TWS."""
