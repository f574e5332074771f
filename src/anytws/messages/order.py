"""The order: how something is traded."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import TagValue, record
from anytws.messages.contract import Action, ShortSaleSlot
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
