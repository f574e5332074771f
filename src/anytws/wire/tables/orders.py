"""The rows of `anytws.messages.orders`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from anytws.messages.contract import Action, SecurityType, ShortSaleSlot
from anytws.messages.enumerations import Number
from anytws.messages.order import Order
from anytws.messages.order_conditions import (
    ExecutionCondition,
    MarginCondition,
    OrderCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from anytws.messages.order_parts import AttachedOrders, OrderCancel, SoftDollarTier
from anytws.messages.order_state import OrderAllocation, OrderState
from anytws.messages.order_words import (
    AdjustableTrailingUnit,
    AuctionStrategy,
    ClearingIntent,
    FaMethod,
    HedgeType,
    OcaType,
    OpenClose,
    OrderStatusWord,
    OrderType,
    Origin,
    ReferencePriceType,
    Rule80A,
    TimeInForce,
    TriggerMethod,
    VolatilityType,
)
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    CancelOrderRequest,
    CompletedOrder,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    GlobalCancelRequest,
    OpenOrder,
    OpenOrdersEnd,
    OpenOrdersRequest,
    OrderBound,
    OrderStatus,
    PlaceOrderRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Pace, Resend, Shape, Variant
from anytws.wire.kinds import BOOL, DECIMAL, DECIMAL_AS_DOUBLE, DOUBLE, INT, LONG, Kind, number_of, word_of
from anytws.wire.optional_kinds import FLAG, TEXT, empty_means, left_out_when, maybe, nothing_is
from anytws.wire.rows import AnyRow, Choice, Column, Entry, Filler, Layout, Many, Part, Row, Tags, When
from anytws.wire.tables.contract import COMBO_LEG, COMMON, CONTRACT, DELTA_NEUTRAL_CONTRACT, as_asked, contract_rows
from anytws.wire.times import INSTANT, MOMENT

# --- kinds -------------------------------------------------------------------------------------------------------

_LARGEST_OF_TWS: Final = "1.7976931348623157E308"
_LARGEST_OF_CLIENTS: Final = "1.7976931348623157e+308"
_LARGEST_INT: Final = "2147483647"
_LARGEST_LONG: Final = "9223372036854775807"
_SMALLEST_LONG: Final = "-9223372036854775808"
_LARGEST_DECIMAL: Final = "170141183460469231731687303715884105727"

_MAYBE_INT: Final = maybe(INT)
_MAYBE_DOUBLE: Final = maybe(DOUBLE)
_MAYBE_DECIMAL: Final = maybe(DECIMAL)
_MAYBE_MOMENT: Final = maybe(MOMENT)
_COUNT: Final = empty_means(INT, 0)
"""A number of TWS's older messages, in which an empty field is zero."""


def _short_zero(kind: Kind) -> Kind:
    """Write zero without decimals: what TWS and the official client do with a number that nobody has set."""

    def write(value: Any) -> str:
        text = kind.write_text(value)
        return "0" if text in ("0.0", "-0.0") else text

    return attrs.evolve(kind, write_text=write)


def _display_size_of_tws() -> Kind:
    """Give the kind of a display size as TWS writes it: unset, where the client says zero. Both show all."""
    unset = nothing_is(INT, _LARGEST_INT)

    def read(text: str) -> int:
        size: int | None = unset.read_text(text)
        return size or 0

    def write(value: Any) -> str:
        return unset.write_text(None) if INT.write_text(value) == "0" else INT.write_text(value)

    return attrs.evolve(left_out_when(INT, 0), read_text=read, write_text=write)


def _tri_state() -> Kind:
    """Give the kind of a truth value that may be left to TWS: empty, 0 or 1 in text, and a number in protobuf."""
    flag = maybe(BOOL)

    def write_protobuf(value: Any) -> int | None:
        return None if value is None else int(BOOL.write_text(value))

    return attrs.evolve(flag, protobuf="int32", read_protobuf=bool, write_protobuf=write_protobuf)


def _maybe_number(enumeration: type[Number]) -> Kind:
    """Give the kind of an enumeration that is a number or nothing: empty, or the largest number."""
    kind = maybe(number_of(enumeration))
    read_any = kind.read_protobuf or enumeration

    def read(text: str) -> Any:
        return None if text == _LARGEST_INT else kind.read_text(text)

    def read_protobuf(value: Any) -> Any:
        return None if value == int(_LARGEST_INT) else read_any(value)

    return attrs.evolve(kind, read_text=read, read_protobuf=read_protobuf)


def _whole_percent() -> Kind:
    """Give the kind of a percentage without decimals, which TWS may write with some (``10.0``)."""

    def read(text: str) -> int:
        number: float = DOUBLE.read_text(text)
        if not number.is_integer():
            raise ValueError(text)
        whole: int = INT.read_text(str(int(number)))
        return whole

    return attrs.evolve(INT, read_text=read)


def _zero_if_absent(kind: Kind) -> Kind:
    """Take the want of a number for zero, as the official client does; we write it all the same."""
    return attrs.evolve(empty_means(kind, 0), absent=0)


def _connector() -> Kind:
    """Give the kind of what joins two conditions: in text ``a`` for "and", ``o`` for "or".

    The official client takes any other text for "or"; an order whose conditions are guessed at is no order.
    """

    def read(text: str) -> bool:
        if text not in ("a", "o"):
            raise ValueError(text)
        return text == "a"

    def write(value: Any) -> str:
        return "a" if BOOL.write_text(value) == "1" else "o"

    return attrs.evolve(BOOL, read_text=read, write_text=write)


_DOUBLE: Final = _short_zero(DOUBLE)
_FILL_PRICE: Final = _short_zero(_MAYBE_DOUBLE)
_PRICE_OF_TWS: Final = nothing_is(DOUBLE, _LARGEST_OF_TWS)
_PRICE_OF_CLIENTS: Final = nothing_is(DOUBLE, _LARGEST_OF_CLIENTS)
_SIZE_OF_TWS: Final = nothing_is(INT, _LARGEST_INT)
_MARGIN: Final = nothing_is(DECIMAL_AS_DOUBLE, _LARGEST_OF_TWS)
_DISPLAY_SIZE_OF_TWS: Final = _display_size_of_tws()
_CASH_OF_TWS: Final = nothing_is(DOUBLE, "0", is_unset=lambda cash: cash == 0)
_TRI_STATE: Final = _tri_state()
_PERCENT: Final = _whole_percent()
# Always there when we write it; should TWS leave out what is false, as it does elsewhere, it is that.
_IS_MORE: Final = attrs.evolve(empty_means(BOOL, False), absent=False)
_CONNECTOR: Final = _connector()

_ACTION: Final = word_of(Action)
_ORDER_TYPE: Final = word_of(OrderType)
_MAYBE_ORDER_TYPE: Final = maybe(_ORDER_TYPE)
_TIME_IN_FORCE: Final = maybe(word_of(TimeInForce))
_STATUS: Final = word_of(OrderStatusWord)
_OCA_TYPE: Final = empty_means(number_of(OcaType), OcaType.NONE)
_TRIGGER_METHOD: Final = empty_means(number_of(TriggerMethod), TriggerMethod.DEFAULT)
_ORIGIN: Final = empty_means(number_of(Origin), Origin.CUSTOMER)
_SHORT_SALE_SLOT: Final = empty_means(number_of(ShortSaleSlot), ShortSaleSlot.NONE)
_AUCTION_STRATEGY: Final = empty_means(number_of(AuctionStrategy), AuctionStrategy.NONE)
_TRAILING_UNIT: Final = empty_means(number_of(AdjustableTrailingUnit), AdjustableTrailingUnit.AMOUNT)
_OPEN_CLOSE: Final = maybe(word_of(OpenClose))
_RULE_80A: Final = maybe(word_of(Rule80A))
_VOLATILITY_TYPE: Final = _maybe_number(VolatilityType)
_REFERENCE_PRICE_TYPE: Final = _maybe_number(ReferencePriceType)
_HEDGE_TYPE: Final = maybe(word_of(HedgeType))
_CLEARING_INTENT: Final = maybe(word_of(ClearingIntent))
_FA_METHOD: Final = maybe(word_of(FaMethod))

# --- records -----------------------------------------------------------------------------------------------------

_IS_CONJUNCTION = Row("is_conjunction", _CONNECTOR, 2, "isConjunctionConnection")
_IS_MORE_ROW = Row("is_more", _IS_MORE, 3)
_WATCHED = (Row("contract_id", INT, 4, "conId"), Row("exchange", TEXT, 5))

CONDITION = Choice(
    OrderCondition,
    "type",
    1,
    "OrderCondition",
    {
        1: Layout(
            PriceCondition,
            (
                _IS_CONJUNCTION,
                _IS_MORE_ROW,
                Row("price", DOUBLE, 10),
                *_WATCHED,
                Row("trigger_method", _TRIGGER_METHOD, 11),
            ),
        ),
        3: Layout(TimeCondition, (_IS_CONJUNCTION, _IS_MORE_ROW, Row("time", MOMENT, 12))),
        4: Layout(MarginCondition, (_IS_CONJUNCTION, _IS_MORE_ROW, Row("percent", _PERCENT, 8))),
        5: Layout(
            ExecutionCondition,
            (
                _IS_CONJUNCTION,
                Row("security_type", TEXT, 7, "secType"),
                Row("exchange", TEXT, 5),
                Row("symbol", TEXT, 6),
            ),
        ),
        6: Layout(VolumeCondition, (_IS_CONJUNCTION, _IS_MORE_ROW, Row("volume", INT, 13), *_WATCHED)),
        7: Layout(PercentChangeCondition, (_IS_CONJUNCTION, _IS_MORE_ROW, Row("change_percent", DOUBLE, 9), *_WATCHED)),
    },
)

SOFT_DOLLAR_TIER = Layout(
    SoftDollarTier,
    (Row("name", TEXT, 1), Row("value", TEXT, 2), Row("display_name", TEXT, 3)),
)

ORDER_CANCEL = Layout(
    OrderCancel,
    text=(),
    protobuf=(
        Row("manual_order_cancel_time", _MAYBE_MOMENT, 1),
        Row("external_operator", TEXT, 2, "extOperator"),
        Row("manual_order_indicator", _MAYBE_INT, 3),
    ),
)

ATTACHED_ORDERS = Layout(
    AttachedOrders,
    text=(),
    protobuf=(
        Row("stop_loss_order_id", _MAYBE_INT, 1, "slOrderId", protobuf_since=v.ATTACHED_ORDERS),
        Row("stop_loss_order_type", TEXT, 2, "slOrderType", protobuf_since=v.ATTACHED_ORDERS),
        Row("profit_taker_order_id", _MAYBE_INT, 3, "ptOrderId", protobuf_since=v.ATTACHED_ORDERS),
        Row("profit_taker_order_type", TEXT, 4, "ptOrderType", protobuf_since=v.ATTACHED_ORDERS),
    ),
)

ORDER_ALLOCATION = Layout(
    OrderAllocation,
    (
        Row("account", TEXT, 1),
        Row("position", _MAYBE_DECIMAL, 2),
        Row("position_desired", _MAYBE_DECIMAL, 3),
        Row("position_after", _MAYBE_DECIMAL, 4),
        Row("desired_allocation_quantity", _MAYBE_DECIMAL, 5, "desiredAllocQty"),
        Row("allowed_allocation_quantity", _MAYBE_DECIMAL, 6, "allowedAllocQty"),
        Row("is_monetary", FLAG, 7),
    ),
)

ORDER_STATE = Layout(
    OrderState,
    text=(),
    protobuf=(
        Row("status", maybe(_STATUS), 1),
        Row("initial_margin_before", _MARGIN, 2, "initMarginBefore"),
        Row("maintenance_margin_before", _MARGIN, 3, "maintMarginBefore"),
        Row("equity_with_loan_before", _MARGIN, 4),
        Row("initial_margin_change", _MARGIN, 5, "initMarginChange"),
        Row("maintenance_margin_change", _MARGIN, 6, "maintMarginChange"),
        Row("equity_with_loan_change", _MARGIN, 7),
        Row("initial_margin_after", _MARGIN, 8, "initMarginAfter"),
        Row("maintenance_margin_after", _MARGIN, 9, "maintMarginAfter"),
        Row("equity_with_loan_after", _MARGIN, 10),
        Row("commission_and_fees", _MAYBE_DOUBLE, 11),
        Row("min_commission_and_fees", _MAYBE_DOUBLE, 12),
        Row("max_commission_and_fees", _MAYBE_DOUBLE, 13),
        Row("commission_and_fees_currency", TEXT, 14),
        Row("margin_currency", TEXT, 15),
        Row("initial_margin_before_outside_rth", _PRICE_OF_TWS, 16, "initMarginBeforeOutsideRTH"),
        Row("maintenance_margin_before_outside_rth", _PRICE_OF_TWS, 17, "maintMarginBeforeOutsideRTH"),
        Row("equity_with_loan_before_outside_rth", _PRICE_OF_TWS, 18, "equityWithLoanBeforeOutsideRTH"),
        Row("initial_margin_change_outside_rth", _PRICE_OF_TWS, 19, "initMarginChangeOutsideRTH"),
        Row("maintenance_margin_change_outside_rth", _PRICE_OF_TWS, 20, "maintMarginChangeOutsideRTH"),
        Row("equity_with_loan_change_outside_rth", _PRICE_OF_TWS, 21, "equityWithLoanChangeOutsideRTH"),
        Row("initial_margin_after_outside_rth", _PRICE_OF_TWS, 22, "initMarginAfterOutsideRTH"),
        Row("maintenance_margin_after_outside_rth", _PRICE_OF_TWS, 23, "maintMarginAfterOutsideRTH"),
        Row("equity_with_loan_after_outside_rth", _PRICE_OF_TWS, 24, "equityWithLoanAfterOutsideRTH"),
        Row("suggested_size", _MAYBE_DECIMAL, 25),
        Row("reject_reason", TEXT, 26),
        Many("order_allocations", ORDER_ALLOCATION, 27),
        Row("warning_text", TEXT, 28),
        Row("completed_time", maybe(INSTANT), 29),
        Row("completed_status", TEXT, 30),
    ),
)


def _order_layout(*, by_tws: bool) -> Layout:
    """Give the protobuf form of an order, which TWS fills in otherwise than a client.

    Both write most zeros out; of some, TWS writes nothing. A client says ``transmit`` by its presence; TWS does not say
    it of an order that it has.
    """

    def zero(kind: Kind, value: float) -> Kind:
        # What other clients leave empty in text is read as what nobody has set; so it is here.
        return left_out_when(empty_means(kind, value), value) if by_tws else empty_means(kind, value)

    def number(kind: Kind, unset: int = 0) -> Kind:
        return empty_means(kind, 0 if by_tws else unset)

    rows = (
        Row("client_id", number(INT), 1),
        Row("order_id", _MAYBE_INT, 2),
        Row("permanent_id", number(LONG), 3, "permId"),
        Row("parent_id", number(INT), 4),
        Row("action", _ACTION, 5),
        Row("total_quantity", _MAYBE_DECIMAL, 6),
        Row("display_size", zero(INT, 0), 7),
        Row("order_type", _MAYBE_ORDER_TYPE if by_tws else _ORDER_TYPE, 8),
        Row("limit_price", _MAYBE_DOUBLE, 9, "lmtPrice"),
        Row("aux_price", _MAYBE_DOUBLE, 10),
        Row("time_in_force", _TIME_IN_FORCE, 11, "tif"),
        Row("account", TEXT, 12),
        Row("settling_firm", TEXT, 13),
        Row("clearing_account", TEXT, 14),
        Row("clearing_intent", _CLEARING_INTENT, 15),
        Row("all_or_none", FLAG, 16),
        Row("block_order", FLAG, 17),
        Row("hidden", FLAG, 18),
        Row("outside_rth", FLAG, 19),
        Row("sweep_to_fill", FLAG, 20),
        Row("percent_offset", _MAYBE_DOUBLE, 21),
        Row("trailing_percent", _MAYBE_DOUBLE, 22),
        Row("trail_stop_price", _MAYBE_DOUBLE, 23),
        Row("min_quantity", _MAYBE_INT, 24, "minQty"),
        Row("good_after_time", _MAYBE_MOMENT, 25),
        Row("good_till_date", _MAYBE_MOMENT, 26),
        Row("oca_group", TEXT, 27),
        Row("order_reference", TEXT, 28, "orderRef"),
        Row("rule_80a", _RULE_80A, 29, "rule80A"),
        Row("oca_type", _OCA_TYPE, 30),
        Row("trigger_method", _TRIGGER_METHOD, 31),
        Row("active_start_time", _MAYBE_MOMENT, 32),
        Row("active_stop_time", _MAYBE_MOMENT, 33),
        Row("fa_group", TEXT, 34),
        Row("fa_method", _FA_METHOD, 35),
        Row("fa_percentage", TEXT, 36),
        Row("volatility", _MAYBE_DOUBLE, 37),
        Row("volatility_type", _VOLATILITY_TYPE, 38),
        Row("continuous_update", FLAG, 39),
        Row("reference_price_type", _REFERENCE_PRICE_TYPE, 40),
        Row("delta_neutral_order_type", _MAYBE_ORDER_TYPE, 41),
        Row("delta_neutral_aux_price", _MAYBE_DOUBLE, 42),
        Row("delta_neutral_contract_id", zero(INT, 0), 43, "deltaNeutralConId"),
        Row("delta_neutral_open_close", _OPEN_CLOSE, 44),
        Row("delta_neutral_short_sale", FLAG, 45),
        Row("delta_neutral_short_sale_slot", _SHORT_SALE_SLOT, 46),
        Row("delta_neutral_designated_location", TEXT, 47),
        Row("scale_initial_level_size", _MAYBE_INT, 48, "scaleInitLevelSize"),
        Row("scale_subsequent_level_size", _MAYBE_INT, 49, "scaleSubsLevelSize"),
        Row("scale_price_increment", _MAYBE_DOUBLE, 50),
        Row("scale_price_adjust_value", _MAYBE_DOUBLE, 51),
        Row("scale_price_adjust_interval", _MAYBE_INT, 52),
        Row("scale_profit_offset", _MAYBE_DOUBLE, 53),
        Row("scale_auto_reset", FLAG, 54),
        Row("scale_initial_position", _MAYBE_INT, 55, "scaleInitPosition"),
        Row("scale_initial_fill_quantity", _MAYBE_INT, 56, "scaleInitFillQty"),
        Row("scale_random_percent", FLAG, 57),
        Row("scale_table", TEXT, 58),
        Row("hedge_type", _HEDGE_TYPE, 59),
        Row("hedge_param", TEXT, 60),
        Row("algo_strategy", TEXT, 61),
        Tags("algo_params", 62),
        Row("algo_id", TEXT, 63),
        Tags("smart_combo_routing_params", 64),
        Row("what_if", FLAG, 65),
        Row("transmit", left_out_when(BOOL, True) if by_tws else FLAG, 66),
        Row("override_percentage_constraints", FLAG, 67),
        Row("open_close", _OPEN_CLOSE, 68),
        Row("origin", _ORIGIN, 69),
        Row("short_sale_slot", _SHORT_SALE_SLOT, 70),
        Row("designated_location", TEXT, 71),
        Row("exempt_code", number(INT, -1), 72),
        Row("delta_neutral_settling_firm", TEXT, 73),
        Row("delta_neutral_clearing_account", TEXT, 74),
        Row("delta_neutral_clearing_intent", _CLEARING_INTENT, 75),
        Row("discretionary_amount", zero(DOUBLE, 0.0), 76, "discretionaryAmt"),
        Row("opt_out_smart_routing", FLAG, 77),
        Row("starting_price", _MAYBE_DOUBLE, 78),
        Row("stock_reference_price", _MAYBE_DOUBLE, 79, "stockRefPrice"),
        Row("delta", _MAYBE_DOUBLE, 80),
        Row("stock_range_lower", _MAYBE_DOUBLE, 81),
        Row("stock_range_upper", _MAYBE_DOUBLE, 82),
        Row("not_held", FLAG, 83),
        Tags("order_misc_options", 84),
        Row("solicited", FLAG, 85),
        Row("randomize_size", FLAG, 86),
        Row("randomize_price", FLAG, 87),
        Row("reference_contract_id", zero(INT, 0), 88),
        Row("pegged_change_amount", zero(DOUBLE, 0.0), 89),
        Row("is_pegged_change_amount_decrease", FLAG, 90),
        Row("reference_change_amount", zero(DOUBLE, 0.0), 91),
        Row("reference_exchange_id", TEXT, 92),
        Row("adjusted_order_type", _MAYBE_ORDER_TYPE, 93),
        Row("trigger_price", _MAYBE_DOUBLE, 94),
        Row("adjusted_stop_price", _MAYBE_DOUBLE, 95),
        Row("adjusted_stop_limit_price", _MAYBE_DOUBLE, 96),
        Row("adjusted_trailing_amount", _MAYBE_DOUBLE, 97),
        Row("adjustable_trailing_unit", _TRAILING_UNIT, 98),
        Row("limit_price_offset", _MAYBE_DOUBLE, 99, "lmtPriceOffset"),
        Many("conditions", CONDITION, 100),
        Row("conditions_cancel_order", FLAG, 101),
        Row("conditions_ignore_rth", FLAG, 102),
        Row("model_code", TEXT, 103),
        Row("external_operator", TEXT, 104, "extOperator"),
        Part("soft_dollar_tier", SOFT_DOLLAR_TIER, 105, omitted=by_tws),
        Row("cash_quantity", _CASH_OF_TWS if by_tws else _MAYBE_DOUBLE, 106, "cashQty"),
        Row("mifid2_decision_maker", TEXT, 107),
        Row("mifid2_decision_algo", TEXT, 108),
        Row("mifid2_execution_trader", TEXT, 109),
        Row("mifid2_execution_algo", TEXT, 110),
        Row("dont_use_auto_price_for_hedge", FLAG, 111),
        Row("is_oms_container", FLAG, 112),
        Row("discretionary_up_to_limit_price", FLAG, 113),
        Row("auto_cancel_date", _MAYBE_MOMENT, 114),
        Row("filled_quantity", _MAYBE_DECIMAL, 115),
        Row("reference_futures_contract_id", _MAYBE_INT, 116, "refFuturesConId"),
        Row("auto_cancel_parent", FLAG, 117),
        Row("shareholder", TEXT, 118),
        Row("imbalance_only", FLAG, 119),
        Row("route_marketable_to_bbo", _TRI_STATE, 120, protobuf_since=v.ADDITIONAL_ORDER_PARAMS_2),
        Row("parent_permanent_id", maybe(LONG), 121, "parentPermId"),
        Row("use_price_management_algo", _TRI_STATE, 122, "usePriceMgmtAlgo"),
        Row("duration", _MAYBE_INT, 123),
        Row("post_to_ats", _MAYBE_INT, 124),
        Row("advanced_error_override", TEXT, 125),
        Row("manual_order_time", _MAYBE_MOMENT, 126),
        Row("min_trade_quantity", _MAYBE_INT, 127, "minTradeQty"),
        Row("min_compete_size", _MAYBE_INT, 128),
        Row("compete_against_best_offset", _MAYBE_DOUBLE, 129),
        Row("mid_offset_at_whole", _MAYBE_DOUBLE, 130),
        Row("mid_offset_at_half", _MAYBE_DOUBLE, 131),
        Row("customer_account", TEXT, 132),
        Row("professional_customer", FLAG, 133),
        Row("bond_accrued_interest", TEXT, 134),
        Row("include_overnight", FLAG, 135),
        Row("manual_order_indicator", _MAYBE_INT, 136),
        Row("submitter", TEXT, 137),
        Row("deactivate", FLAG, 138, protobuf_since=v.ADDITIONAL_ORDER_PARAMS_1),
        Row("post_only", FLAG, 139, protobuf_since=v.ADDITIONAL_ORDER_PARAMS_1),
        Row("allow_pre_open", FLAG, 140, protobuf_since=v.ADDITIONAL_ORDER_PARAMS_1),
        Row("ignore_open_auction", FLAG, 141, protobuf_since=v.ADDITIONAL_ORDER_PARAMS_1),
        Row("seek_price_improvement", _TRI_STATE, 142, protobuf_since=v.ADDITIONAL_ORDER_PARAMS_2),
        Row("what_if_type", _MAYBE_INT, 143, protobuf_since=v.ADDITIONAL_ORDER_PARAMS_2),
        Row("hedge_max_size", _MAYBE_INT, 144, protobuf_since=v.HEDGE_MAX_SIZE),
        Row("conditions_include_overnight", FLAG, 145, protobuf_since=v.CONDITIONS_INCLUDE_OVERNIGHT),
    )
    return Layout(Order, text=(), protobuf=rows)


ORDER_OF_TWS = _order_layout(by_tws=True)
"""An order as TWS says it in protobuf. In text, each message has its own rows."""
ORDER_OF_CLIENT = _order_layout(by_tws=False)
"""An order as a client says it in protobuf."""

# --- what several text forms share -------------------------------------------------------------------------------

_Condition = Callable[[Any], bool]


def _order_type_is(*words: str) -> _Condition:
    return lambda message: message.order.order_type in words


def _is_set(name: str) -> _Condition:
    return lambda message: bool(getattr(message.order, name))


def _scales(message: Any) -> bool:
    increment = message.order.scale_price_increment
    return increment is not None and increment > 0


_PEGGED_TO_BENCHMARK = _order_type_is("PEG BENCH", "PEGBENCH")
_PEGGED_TO_BEST = _order_type_is("PEG BEST", "PEGBEST")
_PEGGED_TO_MIDPOINT = _order_type_is("PEG MID", "PEGMID")
_TRAILS = _order_type_is("TRAIL", "TRAIL LIMIT")


def _is_combination(message: Any) -> bool:
    return bool(message.contract.security_type == SecurityType.COMBO)


def _goes_to_ats(message: Any) -> bool:
    return bool(message.contract.exchange == "IBKRATS")


def _has_mid_offsets(message: Any) -> bool:
    up_to_mid = message.order.compete_against_best_offset == float("inf")
    return _PEGGED_TO_MIDPOINT(message) or (_PEGGED_TO_BEST(message) and up_to_mid)


_SCALE_DETAILS = When(
    _scales,
    (
        Row("order.scale_price_adjust_value", _MAYBE_DOUBLE),
        Row("order.scale_price_adjust_interval", _MAYBE_INT),
        Row("order.scale_profit_offset", _MAYBE_DOUBLE),
        Row("order.scale_auto_reset", FLAG),
        Row("order.scale_initial_position", _MAYBE_INT),
        Row("order.scale_initial_fill_quantity", _MAYBE_INT),
        Row("order.scale_random_percent", FLAG),
    ),
)

_LEGS = (
    Many("contract.combo_legs", COMBO_LEG),
    Column("contract.combo_legs", "per_leg_price", _MAYBE_DOUBLE),
    Tags("order.smart_combo_routing_params"),
)

_HEDGE = (
    Row("order.hedge_type", _HEDGE_TYPE),
    When(_is_set("hedge_type"), (Row("order.hedge_param", TEXT),)),
)

_DELTA_NEUTRAL_CONTRACT = Part("contract.delta_neutral_contract", DELTA_NEUTRAL_CONTRACT, optional=True)

_ALGORITHM = (
    Row("order.algo_strategy", TEXT),
    When(_is_set("algo_strategy"), (Tags("order.algo_params"),)),
)

_BENCHMARK = When(
    _PEGGED_TO_BENCHMARK,
    (
        Row("order.reference_contract_id", _COUNT),
        Row("order.is_pegged_change_amount_decrease", FLAG),
        Row("order.pegged_change_amount", empty_means(DOUBLE, 0.0)),
        Row("order.reference_change_amount", empty_means(DOUBLE, 0.0)),
        Row("order.reference_exchange_id", TEXT),
    ),
)

_CONDITIONS = (
    Many("order.conditions", CONDITION),
    When(
        _is_set("conditions"),
        (
            Row("order.conditions_ignore_rth", FLAG),
            Row("order.conditions_cancel_order", FLAG),
        ),
    ),
)

_DELTA_NEUTRAL_ORDER = When(
    _is_set("delta_neutral_order_type"),
    (
        Row("order.delta_neutral_contract_id", _COUNT),
        Row("order.delta_neutral_settling_firm", TEXT),
        Row("order.delta_neutral_clearing_account", TEXT),
        Row("order.delta_neutral_clearing_intent", _CLEARING_INTENT),
        Row("order.delta_neutral_open_close", _OPEN_CLOSE),
        Row("order.delta_neutral_short_sale", FLAG),
        Row("order.delta_neutral_short_sale_slot", _SHORT_SALE_SLOT),
        Row("order.delta_neutral_designated_location", TEXT),
    ),
)

_CONTRACT_OF_TWS = (
    *contract_rows("contract_id", "symbol", "security_type", "last_trade_date_or_contract_month"),
    Row("contract.strike", _short_zero(_MAYBE_DOUBLE)),
    *contract_rows("right", "multiplier", "exchange", "currency", "local_symbol", "trading_class"),
)

_TERMS_OF_TWS = (
    Row("order.action", _ACTION),
    Row("order.total_quantity", _MAYBE_DECIMAL),
    Row("order.order_type", _MAYBE_ORDER_TYPE),
    Row("order.limit_price", _MAYBE_DOUBLE),
    Row("order.aux_price", _MAYBE_DOUBLE),
    Row("order.time_in_force", _TIME_IN_FORCE),
    Row("order.oca_group", TEXT),
    Row("order.account", TEXT),
    Row("order.open_close", _OPEN_CLOSE),
    Row("order.origin", _ORIGIN),
    Row("order.order_reference", TEXT),
)

_ADVISER_OF_TWS = (
    Row("order.fa_group", TEXT),
    Row("order.fa_method", _FA_METHOD),
    Row("order.fa_percentage", TEXT),
    Filler("", until=v.FA_PROFILE_DESUPPORT),
    Row("order.model_code", TEXT, since=v.MODELS_SUPPORT),
    Row("order.good_till_date", _MAYBE_MOMENT),
    Row("order.rule_80a", _RULE_80A),
    Row("order.percent_offset", _MAYBE_DOUBLE),
    Row("order.settling_firm", TEXT),
    Row("order.short_sale_slot", _SHORT_SALE_SLOT),
    Row("order.designated_location", TEXT),
    Row("order.exempt_code", _COUNT),
)

_RANGES = (
    Row("order.starting_price", _MAYBE_DOUBLE),
    Row("order.stock_reference_price", _MAYBE_DOUBLE),
    Row("order.delta", _MAYBE_DOUBLE),
    Row("order.stock_range_lower", _MAYBE_DOUBLE),
    Row("order.stock_range_upper", _MAYBE_DOUBLE),
)

# The stop of a trailing order stands in two places. The one behind the conditions is there for all orders, and counts.
_FIRST_TRAIL_STOP_PRICE: tuple[AnyRow, ...] = (
    When(_TRAILS, (Row("order.trail_stop_price", _MAYBE_DOUBLE),)),
    When(lambda message: not _TRAILS(message), (Filler(""),)),
)

_SCALE_OF_TWS = (
    Row("order.scale_initial_level_size", _SIZE_OF_TWS),
    Row("order.scale_subsequent_level_size", _SIZE_OF_TWS),
    Row("order.scale_price_increment", _MAYBE_DOUBLE),
    _SCALE_DETAILS,
)

_PEGGED_OF_TWS = (
    Row("order.min_trade_quantity", _MAYBE_INT, since=v.PEGBEST_PEGMID_OFFSETS),
    Row("order.min_compete_size", _MAYBE_INT, since=v.PEGBEST_PEGMID_OFFSETS),
    Row("order.compete_against_best_offset", _MAYBE_DOUBLE, since=v.PEGBEST_PEGMID_OFFSETS),
    Row("order.mid_offset_at_whole", _MAYBE_DOUBLE, since=v.PEGBEST_PEGMID_OFFSETS),
    Row("order.mid_offset_at_half", _MAYBE_DOUBLE, since=v.PEGBEST_PEGMID_OFFSETS),
    Row("order.customer_account", TEXT, since=v.CUSTOMER_ACCOUNT),
    Row("order.professional_customer", FLAG, since=v.PROFESSIONAL_CUSTOMER),
)

_OPEN_ORDER_TEXT: tuple[AnyRow, ...] = (
    Filler("34", minimum=34, until=v.ORDER_CONTAINER),
    Row("order_id", INT),
    *_CONTRACT_OF_TWS,
    *_TERMS_OF_TWS,
    Row("order.client_id", _COUNT),
    Row("order.permanent_id", empty_means(LONG, 0)),
    Row("order.outside_rth", FLAG),
    Row("order.hidden", FLAG),
    Row("order.discretionary_amount", empty_means(_DOUBLE, 0.0)),
    Row("order.good_after_time", _MAYBE_MOMENT),
    Row("order.shares_allocation", TEXT),
    *_ADVISER_OF_TWS,
    Row("order.auction_strategy", _AUCTION_STRATEGY),
    *_RANGES,
    Row("order.display_size", _DISPLAY_SIZE_OF_TWS),
    Row("order.block_order", FLAG),
    Row("order.sweep_to_fill", FLAG),
    Row("order.all_or_none", FLAG),
    Row("order.min_quantity", _MAYBE_INT),
    Row("order.oca_type", _OCA_TYPE),
    Filler("0"),
    Filler("0"),
    Filler(""),
    Row("order.parent_id", _COUNT),
    Row("order.trigger_method", _TRIGGER_METHOD),
    Row("order.volatility", _MAYBE_DOUBLE),
    Row("order.volatility_type", _VOLATILITY_TYPE),
    Row("order.delta_neutral_order_type", _MAYBE_ORDER_TYPE),
    Row("order.delta_neutral_aux_price", _MAYBE_DOUBLE),
    _DELTA_NEUTRAL_ORDER,
    Row("order.continuous_update", FLAG),
    Row("order.reference_price_type", _REFERENCE_PRICE_TYPE),
    *_FIRST_TRAIL_STOP_PRICE,
    Row("order.trailing_percent", _MAYBE_DOUBLE),
    Row("order.basis_points", _MAYBE_DOUBLE),
    Row("order.basis_points_type", _MAYBE_INT),
    Row("contract.combo_legs_description", TEXT),
    *_LEGS,
    *_SCALE_OF_TWS,
    *_HEDGE,
    Row("order.opt_out_smart_routing", FLAG),
    Row("order.clearing_account", TEXT),
    Row("order.clearing_intent", _CLEARING_INTENT),
    Row("order.not_held", FLAG),
    _DELTA_NEUTRAL_CONTRACT,
    *_ALGORITHM,
    Row("order.solicited", FLAG),
    Row("order.what_if", FLAG),
    Row("order_state.status", maybe(_STATUS)),
    Row("order_state.initial_margin_before", _MARGIN, since=v.WHAT_IF_EXT_FIELDS),
    Row("order_state.maintenance_margin_before", _MARGIN, since=v.WHAT_IF_EXT_FIELDS),
    Row("order_state.equity_with_loan_before", _MARGIN, since=v.WHAT_IF_EXT_FIELDS),
    Row("order_state.initial_margin_change", _MARGIN, since=v.WHAT_IF_EXT_FIELDS),
    Row("order_state.maintenance_margin_change", _MARGIN, since=v.WHAT_IF_EXT_FIELDS),
    Row("order_state.equity_with_loan_change", _MARGIN, since=v.WHAT_IF_EXT_FIELDS),
    Row("order_state.initial_margin_after", _MARGIN),
    Row("order_state.maintenance_margin_after", _MARGIN),
    Row("order_state.equity_with_loan_after", _MARGIN),
    Row("order_state.commission_and_fees", _MAYBE_DOUBLE),
    Row("order_state.min_commission_and_fees", _MAYBE_DOUBLE),
    Row("order_state.max_commission_and_fees", _MAYBE_DOUBLE),
    Row("order_state.commission_and_fees_currency", TEXT),
    Row("order_state.margin_currency", TEXT, since=v.FULL_ORDER_PREVIEW_FIELDS),
    *[
        Row(f"order_state.{name}_outside_rth", _PRICE_OF_TWS, since=v.FULL_ORDER_PREVIEW_FIELDS)
        for name in (
            "initial_margin_before",
            "maintenance_margin_before",
            "equity_with_loan_before",
            "initial_margin_change",
            "maintenance_margin_change",
            "equity_with_loan_change",
            "initial_margin_after",
            "maintenance_margin_after",
            "equity_with_loan_after",
        )
    ],
    Row("order_state.suggested_size", nothing_is(DECIMAL, _SMALLEST_LONG), since=v.FULL_ORDER_PREVIEW_FIELDS),
    Row("order_state.reject_reason", TEXT, since=v.FULL_ORDER_PREVIEW_FIELDS),
    Many("order_state.order_allocations", ORDER_ALLOCATION, since=v.FULL_ORDER_PREVIEW_FIELDS),
    Row("order_state.warning_text", TEXT),
    Row("order.randomize_size", FLAG),
    Row("order.randomize_price", FLAG),
    _BENCHMARK,
    *_CONDITIONS,
    Row("order.adjusted_order_type", _MAYBE_ORDER_TYPE),
    Row("order.trigger_price", _PRICE_OF_TWS),
    Row("order.trail_stop_price", _PRICE_OF_TWS),
    Row("order.limit_price_offset", _PRICE_OF_TWS),
    Row("order.adjusted_stop_price", _PRICE_OF_TWS),
    Row("order.adjusted_stop_limit_price", _PRICE_OF_TWS),
    Row("order.adjusted_trailing_amount", _PRICE_OF_TWS),
    Row("order.adjustable_trailing_unit", _TRAILING_UNIT),
    Row("order.soft_dollar_tier.name", TEXT, since=v.SOFT_DOLLAR_TIER),
    Row("order.soft_dollar_tier.value", TEXT, since=v.SOFT_DOLLAR_TIER),
    Row("order.soft_dollar_tier.display_name", TEXT, since=v.SOFT_DOLLAR_TIER),
    Row("order.cash_quantity", _CASH_OF_TWS, since=v.CASH_QTY),
    Row("order.dont_use_auto_price_for_hedge", FLAG, since=v.AUTO_PRICE_FOR_HEDGE),
    Row("order.is_oms_container", FLAG, since=v.ORDER_CONTAINER),
    Row("order.discretionary_up_to_limit_price", FLAG, since=v.D_PEG_ORDERS),
    Row("order.use_price_management_algo", _TRI_STATE, since=v.PRICE_MGMT_ALGO),
    Row("order.duration", _MAYBE_INT, since=v.DURATION),
    Row("order.post_to_ats", _MAYBE_INT, since=v.POST_TO_ATS),
    Row("order.auto_cancel_parent", FLAG, since=v.AUTO_CANCEL_PARENT),
    *_PEGGED_OF_TWS,
    Row("order.bond_accrued_interest", TEXT, since=v.BOND_ACCRUED_INTEREST),
    Row("order.include_overnight", FLAG, since=v.INCLUDE_OVERNIGHT),
    Row("order.external_operator", TEXT, since=v.CME_TAGGING_FIELDS_IN_OPEN_ORDER),
    Row("order.manual_order_indicator", _SIZE_OF_TWS, since=v.CME_TAGGING_FIELDS_IN_OPEN_ORDER),
    Row("order.submitter", TEXT, since=v.SUBMITTER),
    Row("order.imbalance_only", FLAG, since=v.IMBALANCE_ONLY),
)

_COMPLETED_ORDER_TEXT: tuple[AnyRow, ...] = (
    *_CONTRACT_OF_TWS,
    *_TERMS_OF_TWS,
    Row("order.permanent_id", empty_means(LONG, 0)),
    Row("order.outside_rth", FLAG),
    Row("order.hidden", FLAG),
    Row("order.discretionary_amount", empty_means(_DOUBLE, 0.0)),
    Row("order.good_after_time", _MAYBE_MOMENT),
    *_ADVISER_OF_TWS,
    *_RANGES,
    Row("order.display_size", _DISPLAY_SIZE_OF_TWS),
    Row("order.sweep_to_fill", FLAG),
    Row("order.all_or_none", FLAG),
    Row("order.min_quantity", _MAYBE_INT),
    Row("order.oca_type", _OCA_TYPE),
    Row("order.trigger_method", _TRIGGER_METHOD),
    Row("order.volatility", _MAYBE_DOUBLE),
    Row("order.volatility_type", _VOLATILITY_TYPE),
    Row("order.delta_neutral_order_type", _MAYBE_ORDER_TYPE),
    Row("order.delta_neutral_aux_price", _MAYBE_DOUBLE),
    When(
        _is_set("delta_neutral_order_type"),
        (
            Row("order.delta_neutral_contract_id", _COUNT),
            Row("order.delta_neutral_short_sale", FLAG),
            Row("order.delta_neutral_short_sale_slot", _SHORT_SALE_SLOT),
            Row("order.delta_neutral_designated_location", TEXT),
        ),
    ),
    Row("order.continuous_update", FLAG),
    Row("order.reference_price_type", _REFERENCE_PRICE_TYPE),
    *_FIRST_TRAIL_STOP_PRICE,
    Row("order.trailing_percent", _MAYBE_DOUBLE),
    Row("contract.combo_legs_description", TEXT),
    *_LEGS,
    *_SCALE_OF_TWS,
    *_HEDGE,
    Row("order.clearing_account", TEXT),
    Row("order.clearing_intent", _CLEARING_INTENT),
    Row("order.not_held", FLAG),
    _DELTA_NEUTRAL_CONTRACT,
    *_ALGORITHM,
    Row("order.solicited", FLAG),
    Row("order_state.status", maybe(_STATUS)),
    Row("order.randomize_size", FLAG),
    Row("order.randomize_price", FLAG),
    _BENCHMARK,
    *_CONDITIONS,
    Row("order.trail_stop_price", _PRICE_OF_TWS),
    Row("order.limit_price_offset", _PRICE_OF_TWS),
    Row("order.cash_quantity", _CASH_OF_TWS, since=v.CASH_QTY),
    Row("order.dont_use_auto_price_for_hedge", FLAG, since=v.AUTO_PRICE_FOR_HEDGE),
    Row("order.is_oms_container", FLAG, since=v.ORDER_CONTAINER),
    Row("order.auto_cancel_date", _MAYBE_MOMENT),
    Row("order.filled_quantity", _MAYBE_DECIMAL),
    Row("order.reference_futures_contract_id", _SIZE_OF_TWS),
    Row("order.auto_cancel_parent", FLAG),
    Row("order.shareholder", TEXT),
    Row("order.imbalance_only", FLAG),
    Row("order.route_marketable_to_bbo", _TRI_STATE),
    Row("order.parent_permanent_id", nothing_is(LONG, _LARGEST_LONG)),
    Row("order_state.completed_time", maybe(INSTANT)),
    Row("order_state.completed_status", TEXT),
    *_PEGGED_OF_TWS,
    Row("order.submitter", TEXT, since=v.SUBMITTER),
)

_PLACE_ORDER_TEXT: tuple[AnyRow, ...] = (
    Row("order_id", INT),
    *contract_rows(*COMMON, "security_id_type", "security_id"),
    Row("order.action", _ACTION),
    Row("order.total_quantity", nothing_is(DECIMAL, _LARGEST_DECIMAL)),
    Row("order.order_type", _ORDER_TYPE),
    Row("order.limit_price", _MAYBE_DOUBLE),
    Row("order.aux_price", _MAYBE_DOUBLE),
    Row("order.time_in_force", _TIME_IN_FORCE),
    Row("order.oca_group", TEXT),
    Row("order.account", TEXT),
    Row("order.open_close", _OPEN_CLOSE),
    Row("order.origin", _ORIGIN),
    Row("order.order_reference", TEXT),
    Row("order.transmit", BOOL),
    Row("order.parent_id", _COUNT),
    Row("order.block_order", FLAG),
    Row("order.sweep_to_fill", FLAG),
    Row("order.display_size", _COUNT),
    Row("order.trigger_method", _TRIGGER_METHOD),
    Row("order.outside_rth", FLAG),
    Row("order.hidden", FLAG),
    When(_is_combination, _LEGS),
    Filler(""),
    Row("order.discretionary_amount", empty_means(_DOUBLE, 0.0)),
    Row("order.good_after_time", _MAYBE_MOMENT),
    Row("order.good_till_date", _MAYBE_MOMENT),
    Row("order.fa_group", TEXT),
    Row("order.fa_method", _FA_METHOD),
    Row("order.fa_percentage", TEXT),
    Filler("", until=v.FA_PROFILE_DESUPPORT),
    Row("order.model_code", TEXT),
    Row("order.short_sale_slot", _SHORT_SALE_SLOT),
    Row("order.designated_location", TEXT),
    Row("order.exempt_code", empty_means(INT, -1)),
    Row("order.oca_type", _OCA_TYPE),
    Row("order.rule_80a", _RULE_80A),
    Row("order.settling_firm", TEXT),
    Row("order.all_or_none", FLAG),
    Row("order.min_quantity", _MAYBE_INT),
    Row("order.percent_offset", _MAYBE_DOUBLE),
    Filler("0"),
    Filler("0"),
    Filler(""),
    Row("order.auction_strategy", _AUCTION_STRATEGY),
    *_RANGES,
    Row("order.override_percentage_constraints", FLAG),
    Row("order.volatility", _MAYBE_DOUBLE),
    Row("order.volatility_type", _VOLATILITY_TYPE),
    Row("order.delta_neutral_order_type", _MAYBE_ORDER_TYPE),
    Row("order.delta_neutral_aux_price", _MAYBE_DOUBLE),
    _DELTA_NEUTRAL_ORDER,
    Row("order.continuous_update", FLAG),
    Row("order.reference_price_type", _REFERENCE_PRICE_TYPE),
    Row("order.trail_stop_price", _MAYBE_DOUBLE),
    Row("order.trailing_percent", _MAYBE_DOUBLE),
    Row("order.scale_initial_level_size", _MAYBE_INT),
    Row("order.scale_subsequent_level_size", _MAYBE_INT),
    Row("order.scale_price_increment", _MAYBE_DOUBLE),
    _SCALE_DETAILS,
    Row("order.scale_table", TEXT),
    Row("order.active_start_time", _MAYBE_MOMENT),
    Row("order.active_stop_time", _MAYBE_MOMENT),
    *_HEDGE,
    Row("order.opt_out_smart_routing", FLAG),
    Row("order.clearing_account", TEXT),
    Row("order.clearing_intent", _CLEARING_INTENT),
    Row("order.not_held", FLAG),
    _DELTA_NEUTRAL_CONTRACT,
    *_ALGORITHM,
    Row("order.algo_id", TEXT),
    Row("order.what_if", FLAG),
    Tags("order.order_misc_options", joined=True),
    Row("order.solicited", FLAG),
    Row("order.randomize_size", FLAG),
    Row("order.randomize_price", FLAG),
    _BENCHMARK,
    *_CONDITIONS,
    Row("order.adjusted_order_type", _MAYBE_ORDER_TYPE),
    Row("order.trigger_price", _PRICE_OF_CLIENTS),
    Row("order.limit_price_offset", _PRICE_OF_CLIENTS),
    Row("order.adjusted_stop_price", _PRICE_OF_CLIENTS),
    Row("order.adjusted_stop_limit_price", _PRICE_OF_CLIENTS),
    Row("order.adjusted_trailing_amount", _PRICE_OF_CLIENTS),
    Row("order.adjustable_trailing_unit", _TRAILING_UNIT),
    Row("order.external_operator", TEXT),
    Row("order.soft_dollar_tier.name", TEXT),
    Row("order.soft_dollar_tier.value", TEXT),
    Row("order.cash_quantity", _PRICE_OF_CLIENTS),
    Row("order.mifid2_decision_maker", TEXT),
    Row("order.mifid2_decision_algo", TEXT),
    Row("order.mifid2_execution_trader", TEXT),
    Row("order.mifid2_execution_algo", TEXT),
    Row("order.dont_use_auto_price_for_hedge", FLAG),
    Row("order.is_oms_container", FLAG),
    Row("order.discretionary_up_to_limit_price", FLAG),
    Row("order.use_price_management_algo", _TRI_STATE),
    Row("order.duration", _SIZE_OF_TWS, since=v.DURATION),
    Row("order.post_to_ats", _SIZE_OF_TWS, since=v.POST_TO_ATS),
    Row("order.auto_cancel_parent", FLAG, since=v.AUTO_CANCEL_PARENT),
    Row("order.advanced_error_override", TEXT, since=v.ADVANCED_ORDER_REJECT),
    Row("order.manual_order_time", _MAYBE_MOMENT, since=v.MANUAL_ORDER_TIME),
    When(_goes_to_ats, (Row("order.min_trade_quantity", _MAYBE_INT, since=v.PEGBEST_PEGMID_OFFSETS),)),
    When(
        _PEGGED_TO_BEST,
        (
            Row("order.min_compete_size", _MAYBE_INT, since=v.PEGBEST_PEGMID_OFFSETS),
            Row("order.compete_against_best_offset", _MAYBE_DOUBLE, since=v.PEGBEST_PEGMID_OFFSETS),
        ),
    ),
    When(
        _has_mid_offsets,
        (
            Row("order.mid_offset_at_whole", _MAYBE_DOUBLE, since=v.PEGBEST_PEGMID_OFFSETS),
            Row("order.mid_offset_at_half", _MAYBE_DOUBLE, since=v.PEGBEST_PEGMID_OFFSETS),
        ),
    ),
    Row("order.customer_account", TEXT, since=v.CUSTOMER_ACCOUNT),
    Row("order.professional_customer", FLAG, since=v.PROFESSIONAL_CUSTOMER),
    Filler("", since=v.RFQ_FIELDS, until=v.UNDO_RFQ_FIELDS),
    Filler(_LARGEST_INT, since=v.RFQ_FIELDS, until=v.UNDO_RFQ_FIELDS),
    Row("order.include_overnight", FLAG, since=v.INCLUDE_OVERNIGHT),
    Row("order.manual_order_indicator", _SIZE_OF_TWS, since=v.CME_TAGGING_FIELDS),
    Row("order.imbalance_only", FLAG, since=v.IMBALANCE_ONLY),
)

_CANCEL_TEXT = (
    Row("order_cancel.external_operator", TEXT, since=v.CME_TAGGING_FIELDS),
    Row("order_cancel.manual_order_indicator", _SIZE_OF_TWS, since=v.CME_TAGGING_FIELDS),
)

# --- messages ----------------------------------------------------------------------------------------------------

ORDERS: tuple[Entry, ...] = (
    Entry(
        Layout(
            OrderStatus,
            (
                Filler("6", minimum=6, until=v.MARKET_CAP_PRICE),
                Row("order_id", INT, 1),
                Row("status", maybe(_STATUS), 2),
                Row("filled", _MAYBE_DECIMAL, 3),
                Row("remaining", _MAYBE_DECIMAL, 4),
                Row("average_fill_price", _FILL_PRICE, 5, "avgFillPrice"),
                Row("permanent_id", _zero_if_absent(LONG), 6, "permId"),
                Row("parent_id", _zero_if_absent(INT), 7),
                Row("last_fill_price", _FILL_PRICE, 8),
                Row("client_id", _zero_if_absent(INT), 9),
                Row("why_held", TEXT, 10),
                Row("market_cap_price", _short_zero(_MAYBE_DOUBLE), 11, "mktCapPrice", since=v.MARKET_CAP_PRICE),
            ),
        ),
        id=3,
        vendor_name="orderStatus",
        protobuf_since=v.PROTOBUF_PLACE_ORDER,
    ),
    Entry(
        Layout(
            OpenOrder,
            text=_OPEN_ORDER_TEXT,
            protobuf=(
                Row("order_id", INT, 1),
                Part("contract", CONTRACT, 2),
                Part("order", ORDER_OF_TWS, 3),
                Part("order_state", ORDER_STATE, 4),
            ),
        ),
        id=5,
        vendor_name="openOrder",
        protobuf_since=v.PROTOBUF_PLACE_ORDER,
    ),
    Entry(
        Layout(OpenOrdersEnd, (Filler("1"),)),
        id=53,
        vendor_name="openOrderEnd",
        protobuf_since=v.PROTOBUF_PLACE_ORDER,
    ),
    Entry(
        Layout(
            OrderBound,
            (
                Row("permanent_id", LONG, 1, "permId"),
                Row("client_id", INT, 2),
                Row("order_id", INT, 3),
            ),
        ),
        id=100,
        vendor_name="orderBound",
        protobuf_since=v.PROTOBUF_COMPLETED_ORDER,
    ),
    Entry(
        Layout(
            CompletedOrder,
            text=_COMPLETED_ORDER_TEXT,
            protobuf=(
                Part("contract", CONTRACT, 1),
                Part("order", ORDER_OF_TWS, 2),
                Part("order_state", ORDER_STATE, 3),
            ),
        ),
        id=101,
        vendor_name="completedOrder",
        protobuf_since=v.PROTOBUF_COMPLETED_ORDER,
    ),
    Entry(
        Layout(CompletedOrdersEnd),
        id=102,
        vendor_name="completedOrdersEnd",
        protobuf_since=v.PROTOBUF_COMPLETED_ORDER,
    ),
    Entry(
        Layout(
            PlaceOrderRequest,
            text=_PLACE_ORDER_TEXT,
            protobuf=(
                Row("order_id", INT, 1),
                Part("contract", CONTRACT, 2),
                Part("order", ORDER_OF_CLIENT, 3),
                Part("attached_orders", ATTACHED_ORDERS, 4),
            ),
        ),
        id=3,
        said_as=as_asked,
        vendor_name="placeOrder",
        protobuf_since=v.PROTOBUF_PLACE_ORDER,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.ORDER_ID,
            variants=(
                Variant(
                    when="what_if",
                    field="order.what_if",
                    holds=lambda request: request.order.what_if,
                    shape=Shape.ONE,
                    answers=(OpenOrder,),
                    changes_state=False,
                    resend=Resend.NEW_ID,
                    deadline=30.0,
                    pace=Pace.WHAT_IF,
                    no_cancel=True,
                ),
            ),
            cancel=Cancel(by=CancelOrderRequest, receipt=202, harmless=frozenset({161, 10147, 10148})),
            cancelled_with_caller=False,
            ends=frozenset(
                {103, 106, 107, 109, 110, 111, 113, 133, 200, 201, 202, 203, 387, 388}
                | {10006, 10052, 10149, 10243, 10255, 10289}
            ),
            comments=frozenset({399, 404, 434, 2109, 2137, 2148, 2161, 2168, 2169, 10233, 10311, 10349}),
            unclear=frozenset({1100}),
            source="D, C cap, ins, asy, lean",
            doubts="What became of a change after 201 is not settled. Whether an order said at 1100 is kept or dropped "
            "depends on a setting of TWS. A what-if may be answered twice, and the documentation advises to "
            "cancel it.",
        ),
    ),
    Entry(
        Layout(
            CancelOrderRequest,
            text=(
                Filler("1", until=v.CME_TAGGING_FIELDS),
                Row("order_id", INT),
                Row("order_cancel.manual_order_cancel_time", _MAYBE_MOMENT, since=v.MANUAL_ORDER_TIME),
                Filler("", since=v.RFQ_FIELDS, until=v.UNDO_RFQ_FIELDS),
                Filler("", since=v.RFQ_FIELDS, until=v.UNDO_RFQ_FIELDS),
                Filler(_LARGEST_INT, since=v.RFQ_FIELDS, until=v.UNDO_RFQ_FIELDS),
                *_CANCEL_TEXT,
            ),
            protobuf=(
                Row("order_id", INT, 1),
                Part("order_cancel", ORDER_CANCEL, 2),
            ),
        ),
        id=4,
        vendor_name="cancelOrder",
        protobuf_since=v.PROTOBUF_PLACE_ORDER,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.ORDER_ID,
            ends=frozenset({135, 136, 161, 202, 10147, 10148}),
            source="D, C cap",
            doubts="An older Gateway cancelled the orders of other clients too; newer ones say 10147.",
        ),
    ),
    Entry(
        Layout(
            GlobalCancelRequest,
            text=(Filler("1", until=v.CME_TAGGING_FIELDS), *_CANCEL_TEXT),
            protobuf=(Part("order_cancel", ORDER_CANCEL, 1),),
        ),
        id=58,
        vendor_name="reqGlobalCancel",
        protobuf_since=v.PROTOBUF_PLACE_ORDER,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            ends=frozenset({161, 202, 10148}),
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(OpenOrdersRequest, (Filler("1"),)),
        id=5,
        vendor_name="reqOpenOrders",
        protobuf_since=v.PROTOBUF_COMPLETED_ORDER,
        conversation=ConversationRow(
            shape=Shape.RUN,
            # Orders of this client whose state changes meanwhile come in between, and cannot be told from an answer.
            answers=(OpenOrder, OrderStatus),
            end=OpenOrdersEnd,
            slot="open_orders",
            ends=frozenset({321}),
            changes_state_as_client_0=True,
            resend=Resend.YES,
            settles=True,
            deadline=30.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(AutoOpenOrdersRequest, (Filler("1"), Row("auto_bind", FLAG, 1))),
        id=15,
        vendor_name="reqAutoOpenOrders",
        protobuf_since=v.PROTOBUF_COMPLETED_ORDER,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            cancel=Cancel(by=AutoOpenOrdersRequest, sets=(("auto_bind", False),)),
            cancelled_with_caller=False,
            ends=frozenset({327}),
            source="D, C cap",
            confidence="medium",
            doubts="That it goes on after 1102, and has to be said again after a reconnection, is inferred.",
        ),
    ),
    Entry(
        Layout(AllOpenOrdersRequest, (Filler("1"),)),
        id=16,
        vendor_name="reqAllOpenOrders",
        protobuf_since=v.PROTOBUF_COMPLETED_ORDER,
        conversation=ConversationRow(
            shape=Shape.RUN,
            answers=(OpenOrder, OrderStatus),
            end=OpenOrdersEnd,
            slot="open_orders",
            ends=frozenset({321}),
            resend=Resend.YES,
            settles=True,
            deadline=30.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(CompletedOrdersRequest, (Row("api_only", FLAG, 1),)),
        id=99,
        vendor_name="reqCompletedOrders",
        protobuf_since=v.PROTOBUF_COMPLETED_ORDER,
        conversation=ConversationRow(
            shape=Shape.RUN,
            answers=(CompletedOrder,),
            end=CompletedOrdersEnd,
            slot="completed_orders",
            ends=frozenset({321, 322}),
            resend=Resend.YES,
            # A second one, while TWS works at the first, is refused with an error that has no id.
            settles=False,
            deadline=30.0,
            source="D, C cap, ins",
            confidence="medium",
            doubts="It has been left without an answer, too, by a TWS that lets clients only read, and in other "
            "states.",
        ),
    ),
)
