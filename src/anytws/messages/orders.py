"""Orders: what is placed, what TWS says about it, and what it waits for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from anytws.messages.base import Asks, TagValue, ToClient, ToTws, message, record
from anytws.messages.contracts import Action, Contract, ShortSaleSlot
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

    # As TWS and traders say it.
    MKT = MARKET
    LMT = LIMIT
    STP = STOP
    STP_LMT = STOP_LIMIT
    REL = RELATIVE
    TRAIL = TRAILING_STOP
    TRAIL_LIMIT = TRAILING_STOP_LIMIT
    VOL = VOLATILITY
    MIT = MARKET_IF_TOUCHED
    LIT = LIMIT_IF_TOUCHED
    MOC = MARKET_ON_CLOSE
    LOC = LIMIT_ON_CLOSE
    MTL = MARKET_TO_LIMIT
    MKT_PRT = MARKET_WITH_PROTECTION
    STP_PRT = STOP_WITH_PROTECTION
    PEG_MKT = PEGGED_TO_MARKET
    PEG_STK = PEGGED_TO_STOCK
    PEG_MID = PEGGED_TO_MIDPOINT
    PEGMID = PEGGED_TO_MIDPOINT_ONE_WORD
    PEG_BEST = PEGGED_TO_BEST
    PEGBEST = PEGGED_TO_BEST_ONE_WORD
    PEG_BENCH = PEGGED_TO_BENCHMARK
    PEGBENCH = PEGGED_TO_BENCHMARK_ONE_WORD
    PASSV_REL = PASSIVE_RELATIVE
    SNAP_MKT = SNAP_TO_MARKET
    SNAP_MID = SNAP_TO_MIDPOINT
    SNAP_PRIM = SNAP_TO_PRIMARY
    REL_LMT = RELATIVE_AND_LIMIT
    REL_MKT = RELATIVE_AND_MARKET
    LMT_MKT = LIMIT_AND_MARKET
    RPI = RETAIL_PRICE_IMPROVEMENT

    @classmethod
    def closest(cls, word: str) -> OrderType | None:
        """Give the known member that was obviously meant; None for ``NONE``, which TWS takes as well."""
        return None if word == "NONE" else super().closest(word)


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

    # As TWS and traders say it.
    GTC = GOOD_TILL_CANCELLED
    IOC = IMMEDIATE_OR_CANCEL
    GTD = GOOD_TILL_DATE
    OPG = AT_THE_OPENING
    FOK = FILL_OR_KILL
    DTC = DAY_TILL_CANCELLED
    AUC = AUCTION
    GTX = GOOD_TILL_CROSSING
    OVERNIGHT_DAY = OVERNIGHT_AND_DAY
    OND = OVERNIGHT_OR_DAY


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


# --- the order ---------------------------------------------------------------------------------------------------


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


@record
class Order:
    """Everything that an order can say, in one class: what is placed, and what TWS reports as open or completed.

    Prices are in the currency of the contract, None where they are not set. What only TWS says is marked so: leave it
    at its default in an order that you place. `anytws.messages.order_types.placeable` does that for an order that TWS
    has reported.
    """

    action: Action
    """Whether it buys or sells."""
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
    """The id that its client gave it; said by TWS in protobuf, beside the id in the message. None in text."""
    client_id: int = 0
    """The client that placed it; said by TWS. A completed order has none in text, which is 0 as well."""
    permanent_id: int = 0
    """The id that stays the same over sessions; said by TWS."""
    parent_id: int = 0
    """The order id of the parent in a bracket or hedge; 0: none."""
    parent_permanent_id: int | None = None
    """The permanent id of the parent in a bracket or hedge, None for none; said by TWS."""
    order_reference: str = ""
    """A text of your own that TWS repeats."""
    transmit: bool = True
    """Whether TWS sends it on at once; False keeps it in TWS until a person or a related order sends it."""
    what_if: bool = False
    """Whether only to compute margin and commission, as `OrderState`, without placing it."""
    what_if_type: int | None = None
    """Which computation ``what_if`` is; the numbers are the vendor's and not known here. None is the usual one. From
    server version 217."""
    submitter: str = ""
    """Who placed it, as TWS names the user; said by TWS. From server version 198."""
    model_code: str = ""
    """The model portfolio that it is for."""

    # When
    outside_rth: bool = False
    """Whether it also works outside of regular trading hours."""
    good_after_time: Moment | None = None
    """When it begins to work; None is at once."""
    good_till_date: Moment | None = None
    """When it ends, for `TimeInForce.GOOD_TILL_DATE`."""
    active_start_time: Moment | None = None
    """The first time at which a good-till-cancelled order works on a day."""
    active_stop_time: Moment | None = None
    """The last time at which a good-till-cancelled order works on a day."""
    duration: int | None = None
    """Seconds that it works. From server version 158."""
    auto_cancel_date: Moment | None = None
    """When a good-till-cancelled order ends by itself; said by TWS. None where it does not."""
    manual_order_time: Moment | None = None
    """When a person gave the order. From server version 169."""

    # How it works
    oca_group: str = ""
    """The name that orders share of which one fill cancels or reduces the rest."""
    oca_type: OcaType = OcaType.NONE
    """What a fill does to the other orders of ``oca_group``. TWS reports `OcaType.REDUCE_WITHOUT_BLOCK` of orders
    that said nothing."""
    trigger_method: TriggerMethod = TriggerMethod.DEFAULT
    """Which price sets off a stop: trades, quotes, or two of them in a row."""
    display_size: int = 0
    """How much of it others see (an iceberg order); 0 is all."""
    hidden: bool = False
    """Whether nobody sees it, where the exchange offers that."""
    all_or_none: bool = False
    """Whether it fills whole or not at all."""
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
    """Whether the limit price is as far as the discretion goes; for orders pegged or relative, as the vendor has it."""
    percent_offset: float | None = None
    """The offset of a relative order, as a fraction: 0.01 is one percent."""
    override_percentage_constraints: bool = False
    """Whether to pass over TWS's check against mistyped prices."""
    opt_out_smart_routing: bool = False
    """Whether the router SMART is left out, for orders that go to ASX."""
    solicited: bool = False
    """Whether the adviser has proposed it."""
    randomize_size: bool = False
    """Whether the size is changed by chance, for volatility and pegged-to-volatility orders."""
    randomize_price: bool = False
    """As ``randomize_size``, of the price."""
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
    """Whether it may work before the opening; told by its name alone, not tried. From server version 216."""
    ignore_open_auction: bool = False
    """Whether it stays out of the opening auction; told by its name alone, not tried. From server version 216."""
    route_marketable_to_bbo: bool | None = None
    """Whether it goes to the exchange with the best price, if it can trade at once. From server version 217."""
    seek_price_improvement: bool | None = None
    """Whether the router looks for better prices than those that are shown; None leaves it to TWS. From server
    version 217."""

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
    """The price at which the order becomes ``adjusted_order_type``."""
    adjusted_stop_price: float | None = None
    """The stop price from then on."""
    adjusted_stop_limit_price: float | None = None
    """The limit price from then on, of a stop limit."""
    adjusted_trailing_amount: float | None = None
    """How far it trails from then on, in ``adjustable_trailing_unit``."""
    adjustable_trailing_unit: AdjustableTrailingUnit = AdjustableTrailingUnit.AMOUNT
    """Whether ``adjusted_trailing_amount`` is a difference of prices or in per cent."""

    # Conditions
    conditions: tuple[OrderCondition, ...] = ()
    """What has to come true before it works, or is cancelled; empty for nothing."""
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
    """The parameters of ``algo_strategy``, by the vendor's names."""
    algo_id: str = ""
    """The vendor's id of an algorithm that was set up for the user."""

    # Short sales
    short_sale_slot: ShortSaleSlot = ShortSaleSlot.NONE
    """Where the shares of a short sale are; for institutions, all others leave it."""
    designated_location: str = ""
    """Where the shares are, for `ShortSaleSlot.THIRD_PARTY`."""
    exempt_code: int = -1
    """-1: not set."""

    # Advisers, firms and clearing
    fa_group: str = ""
    """The advisor's group of accounts that it is divided among; empty for none."""
    fa_method: FaMethod | None = None
    """How it is divided among ``fa_group``; None leaves it to the group."""
    fa_percentage: str = ""
    """How much to change a position by, in percent, for `FaMethod.PERCENT_CHANGE`."""
    shares_allocation: str = ""
    """How the shares are divided among accounts; said by TWS only, in text."""
    open_close: OpenClose | None = None
    """Whether it opens or closes a position; for institutions, None leaves it out."""
    origin: Origin = Origin.CUSTOMER
    """Whose order it is; for institutions, all others leave it."""
    rule_80a: Rule80A | None = None
    """In which capacity it is given; for institutions, None leaves it out."""
    settling_firm: str = ""
    """The firm that settles it, where that is another; for institutions."""
    clearing_account: str = ""
    """Where a trade goes that is cleared away."""
    clearing_intent: ClearingIntent | None = None
    """Where the trade is cleared; for institutions, None leaves it out."""
    soft_dollar_tier: SoftDollarTier = SoftDollarTier()
    """The tier of commissions that pay for services; empty for none."""
    customer_account: str = ""
    """The customer's account, for brokers who act for others. From server version 183."""
    professional_customer: bool = False
    """Whether the customer is a professional, as exchanges define it. From server version 184."""
    bond_accrued_interest: str = ""
    """The interest that has accrued on a bond, as a text; said by TWS from server version 185."""
    external_operator: str = ""
    """Who gave the order, for exchanges that ask; TWS repeats it from server version 193."""
    manual_order_indicator: int | None = None
    """1: given by a person, 0: by a program (CME). From server version 192; TWS repeats it from 193."""
    mifid2_decision_maker: str = ""
    """Who decided to invest, by the short code that was agreed with the broker; for firms under the European rules
    (MiFID II)."""
    mifid2_decision_algo: str = ""
    """The algorithm that decided to invest, in the same way."""
    mifid2_execution_trader: str = ""
    """Who is responsible for how it is traded, in the same way."""
    mifid2_execution_algo: str = ""
    """The algorithm that trades it, in the same way."""
    is_oms_container: bool = False
    """Whether it comes from an order management system and is worked by people there."""
    shareholder: str = ""
    """Whose shares they are, at markets that ask for it; said by TWS, and not seen filled."""

    # Scale orders
    scale_initial_level_size: int | None = None
    """The size of the first part."""
    scale_subsequent_level_size: int | None = None
    """The size of the other parts."""
    scale_price_increment: float | None = None
    """The distance between two parts. The seven fields behind it count only if it is above zero."""
    scale_price_adjust_value: float | None = None
    """How much the first price is moved every ``scale_price_adjust_interval``."""
    scale_price_adjust_interval: int | None = None
    """The seconds between two moves of the first price."""
    scale_profit_offset: float | None = None
    """How far from its fill each part is closed again, with a profit, in the currency of the contract."""
    scale_auto_reset: bool = False
    """Whether a part that was closed with its profit is placed again."""
    scale_initial_position: int | None = None
    """The position that the scale counts as held at its start."""
    scale_initial_fill_quantity: int | None = None
    """How much of the first part counts as filled at its start."""
    scale_random_percent: bool = False
    """Whether the sizes of the parts are changed by chance."""
    scale_table: str = ""
    """A table of the parts in place of sizes and increments, in the vendor's form."""

    # Hedges
    hedge_type: HedgeType | None = None
    """What this child order hedges of its parent; None for no hedge."""
    hedge_param: str = ""
    """The beta or the ratio of the hedge, as a text such as ``beta=0.5`` or ``ratio=2``."""
    hedge_max_size: int | None = None
    """The largest size of the hedge; None for no limit. From server version 223."""
    dont_use_auto_price_for_hedge: bool = False
    """Whether the price of the hedge is not computed by TWS."""

    # BOX, pegged to stock, volatility
    auction_strategy: AuctionStrategy = AuctionStrategy.NONE
    """For the BOX exchange. In text only: below server version 203."""
    starting_price: float | None = None
    """The price that it begins at, of an order pegged to stock or at BOX."""
    stock_reference_price: float | None = None
    """The stock's price that ``starting_price`` belongs to. None leaves it to TWS."""
    delta: float | None = None
    """How the option's price follows the stock's, for an order pegged to stock."""
    stock_range_lower: float | None = None
    """The stock's price below which the order is cancelled."""
    stock_range_upper: float | None = None
    """The stock's price above which the order is cancelled."""
    volatility: float | None = None
    """The volatility that the price is computed from, in per cent over the span of ``volatility_type``; for
    volatility orders."""
    volatility_type: VolatilityType | None = None
    """The span that ``volatility`` is about. `VolatilityType.NONE` from TWS where there is none."""
    continuous_update: bool = False
    """Whether the price follows the stock's."""
    reference_price_type: ReferencePriceType | None = None
    """The stock's price that it computes with. `ReferencePriceType.NONE` from TWS where there is none."""
    delta_neutral_order_type: OrderType | None = None
    """The type of the order that hedges the delta; the fields behind it count only with it. `OrderType.NONE` from TWS
    where there is none."""
    delta_neutral_aux_price: float | None = None
    """The ``aux_price`` of the hedging order."""
    delta_neutral_contract_id: int = 0
    """The vendor's number of what the hedging order trades; 0: none."""
    delta_neutral_settling_firm: str = ""
    """The ``settling_firm`` of the hedging order."""
    delta_neutral_clearing_account: str = ""
    """The ``clearing_account`` of the hedging order."""
    delta_neutral_clearing_intent: ClearingIntent | None = None
    """The ``clearing_intent`` of the hedging order."""
    delta_neutral_open_close: OpenClose | None = None
    """The ``open_close`` of the hedging order."""
    delta_neutral_short_sale: bool = False
    """Whether the hedging order is a short sale."""
    delta_neutral_short_sale_slot: ShortSaleSlot = ShortSaleSlot.NONE
    """The ``short_sale_slot`` of the hedging order."""
    delta_neutral_designated_location: str = ""
    """The ``designated_location`` of the hedging order."""

    # Pegged to benchmark
    reference_contract_id: int = 0
    """The contract whose price it follows."""
    is_pegged_change_amount_decrease: bool = False
    """Whether its price falls when the reference rises."""
    pegged_change_amount: float = 0.0
    """How much its price moves for each `reference_change_amount`."""
    reference_change_amount: float = 0.0
    """The move of the reference that moves its price by ``pegged_change_amount``."""
    reference_exchange_id: str = ""
    """The exchange whose price of the reference counts."""

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
    """The vendor's number of a future that it refers to; said by TWS, and not seen filled."""

    order_misc_options: tuple[TagValue, ...] = ()
    """The vendor's own switches."""


@record
class OrderAllocation:
    """One account's share of an order that is previewed. From server version 195."""

    account: str = ""
    """The account."""
    position: Decimal | None = None
    """Held now."""
    position_desired: Decimal | None = None
    """What is wanted after the order."""
    position_after: Decimal | None = None
    """What is held after the order, if it fills."""
    desired_allocation_quantity: Decimal | None = None
    """How much of the order the account would get."""
    allowed_allocation_quantity: Decimal | None = None
    """How much of it the account may have."""
    is_monetary: bool = False
    """Whether the quantities are money."""


@record
class OrderState:
    """What TWS knows about an order beyond the order itself; for `Order.what_if` margin and commission."""

    status: OrderStatusWord | None = None
    """Where the order is in its life; None where TWS does not say it."""
    initial_margin_before: Decimal | None = None
    """The account's initial margin now. This and the eight below are None where TWS computed none."""
    maintenance_margin_before: Decimal | None = None
    """The account's maintenance margin now."""
    equity_with_loan_before: Decimal | None = None
    """The account's equity with loan value now."""
    initial_margin_change: Decimal | None = None
    """How the order changes the initial margin."""
    maintenance_margin_change: Decimal | None = None
    """How the order changes the maintenance margin."""
    equity_with_loan_change: Decimal | None = None
    """How the order changes the equity with loan value."""
    initial_margin_after: Decimal | None = None
    """The account's initial margin if the order is filled. All margins are in the currency of the account."""
    maintenance_margin_after: Decimal | None = None
    """The maintenance margin if the order is filled."""
    equity_with_loan_after: Decimal | None = None
    """The equity with loan value if the order is filled."""
    commission_and_fees: float | None = None
    """What it costs, in ``commission_and_fees_currency``; of an order that fills in parts, the sum so far. None
    where TWS does not say it."""
    min_commission_and_fees: float | None = None
    """The least that it may be, where it is not one number."""
    max_commission_and_fees: float | None = None
    """The most that it may be, where it is not one number."""
    commission_and_fees_currency: str = ""
    """The currency of the three amounts above; empty where there is none."""
    margin_currency: str = ""
    """The currency of the margins below. From server version 195, as the fields down to the allocations."""
    initial_margin_before_outside_rth: float | None = None
    """This and the eight below: as those of the same names above, outside of regular trading hours."""
    maintenance_margin_before_outside_rth: float | None = None
    """The maintenance margin now."""
    equity_with_loan_before_outside_rth: float | None = None
    """The equity with loan value now."""
    initial_margin_change_outside_rth: float | None = None
    """How the order changes the initial margin."""
    maintenance_margin_change_outside_rth: float | None = None
    """How the order changes the maintenance margin."""
    equity_with_loan_change_outside_rth: float | None = None
    """How the order changes the equity with loan value."""
    initial_margin_after_outside_rth: float | None = None
    """The initial margin if the order is filled."""
    maintenance_margin_after_outside_rth: float | None = None
    """The maintenance margin if the order is filled."""
    equity_with_loan_after_outside_rth: float | None = None
    """The equity with loan value if the order is filled."""
    suggested_size: Decimal | None = None
    """What the account could carry, where the order is too large."""
    reject_reason: str = ""
    """Why a preview was refused, for people; empty where it was not."""
    order_allocations: tuple[OrderAllocation, ...] = ()
    """How an advisor's order would be divided, one for each account."""
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
