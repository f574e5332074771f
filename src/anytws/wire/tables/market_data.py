"""The rows of market data (`anytws.messages.market_data`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anytws.messages.contract import SecurityType
from anytws.messages.market_data import (
    CalculateImpliedVolatilityRequest,
    CalculateOptionPriceRequest,
    CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice,
    CancelMarketData,
    CancelMarketDepth,
    CancelTickByTick,
    DeltaNeutralValidation,
    DepthMarketDataDescription,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    MarketDataTypeRequest,
    MarketDepth,
    MarketDepthData,
    MarketDepthExchanges,
    MarketDepthExchangesRequest,
    MarketDepthL2,
    MarketDepthOperation,
    MarketDepthRequest,
    MarketDepthSide,
    OptionComputationBasis,
    RerouteMarketDataRequest,
    RerouteMarketDepthRequest,
    SmartComponent,
    SmartComponents,
    SmartComponentsRequest,
    TickAttribBidAsk,
    TickAttribLast,
    TickAttributes,
    TickByTickData,
    TickByTickKind,
    TickByTickRequest,
    TickByTickType,
    TickEfp,
    TickGeneric,
    TickNews,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Pace, Resend, Shape, Variant
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, MILLISECONDS, SECONDS, Kind, flags_of, number_of, word_of
from anytws.wire.optional_kinds import (
    ESCAPED_TEXT,
    FLAG,
    TEXT,
    empty_means,
    left_out_when,
    maybe,
    never_left_out,
    nothing_is,
)
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, Tags, When
from anytws.wire.tables.contract import (
    COMBO_LEG_BRIEF,
    COMMON,
    CONTRACT,
    DELTA_NEUTRAL_CONTRACT,
    as_asked,
    contract_rows,
)

# --- single ticks of the tape, which historical data has as well -------------------------------------------------

_BITS = empty_means(INT, 0)
# In messages whose fields the official client counts, an empty number loses it the message: None is a number there too.
_COUNTED_DOUBLE = nothing_is(DOUBLE, "1.7976931348623157E308")
_COUNTED_INT = nothing_is(INT, "2147483647")


def _mask(name: str, cls: type[Any], *flags: str) -> Kind:
    """Give the kind that is a mask in text; *flags* are its bits from the lowest on. Protobuf has a record.

    Bits that we have no name for are kept, and told by nobody else: protobuf has no place for them.
    """
    count = len(flags)

    def read(text: str) -> Any:
        bits = _BITS.read_text(text)
        if bits < 0:
            raise ValueError(text)
        known = {flag: bool(bits >> place & 1) for place, flag in enumerate(flags)}
        return cls(**known, unknown_bits=bits >> count << count)

    def write(value: Any) -> str:
        if not isinstance(value, cls) or not _are_beyond(value.unknown_bits, count):
            raise ValueError(value)
        return _BITS.write_text(
            value.unknown_bits + sum(getattr(value, flag) << place for place, flag in enumerate(flags))
        )

    return Kind(name, read, write, _BITS.protobuf)


def _are_beyond(bits: Any, count: int) -> bool:
    """Tell whether *bits* is a number without the lowest *count* bits, which have fields of their own."""
    return type(bits) is int and bits >= 0 and not bits % 2**count


_LAST_MASK = _mask("LAST_MASK", TickAttribLast, "past_limit", "unreported")
# TWS itself swaps the bits of quotes between historical data and tick by tick.
_HISTORICAL_BID_ASK_MASK = _mask("BID_ASK_MASK", TickAttribBidAsk, "ask_past_high", "bid_past_low")
_LIVE_BID_ASK_MASK = _mask("BID_ASK_MASK", TickAttribBidAsk, "bid_past_low", "ask_past_high")

TICK_ATTRIB_LAST = Layout(
    TickAttribLast,
    text=(),
    protobuf=(
        Row("past_limit", FLAG, 1),
        Row("unreported", FLAG, 2),
    ),
)
TICK_ATTRIB_BID_ASK = Layout(
    TickAttribBidAsk,
    text=(),
    protobuf=(
        Row("bid_past_low", FLAG, 1),
        Row("ask_past_high", FLAG, 2),
    ),
)

HISTORICAL_TICK = Layout(
    HistoricalTick,
    (
        Row("time", SECONDS, 1),
        # Where its two siblings have a mask.
        Filler("0"),
        Row("price", DOUBLE, 2),
        Row("size", maybe(DECIMAL), 3),
    ),
)
"""A midpoint, in text as historical data has it."""
HISTORICAL_TICK_BID_ASK = Layout(
    HistoricalTickBidAsk,
    text=(
        Row("time", SECONDS),
        Row("attributes", _HISTORICAL_BID_ASK_MASK),
        Row("price_bid", DOUBLE),
        Row("price_ask", DOUBLE),
        Row("size_bid", maybe(DECIMAL)),
        Row("size_ask", maybe(DECIMAL)),
    ),
    protobuf=(
        Row("time", SECONDS, 1),
        Part("attributes", TICK_ATTRIB_BID_ASK, 2, "tickAttribBidAsk"),
        Row("price_bid", DOUBLE, 3),
        Row("price_ask", DOUBLE, 4),
        Row("size_bid", maybe(DECIMAL), 5),
        Row("size_ask", maybe(DECIMAL), 6),
    ),
)
"""A quote, in text as historical data has it."""
HISTORICAL_TICK_LAST = Layout(
    HistoricalTickLast,
    text=(
        Row("time", SECONDS),
        Row("attributes", _LAST_MASK),
        Row("price", DOUBLE),
        Row("size", maybe(DECIMAL)),
        Row("exchange", TEXT),
        Row("special_conditions", TEXT),
    ),
    protobuf=(
        Row("time", SECONDS, 1),
        Part("attributes", TICK_ATTRIB_LAST, 2, "tickAttribLast"),
        Row("price", DOUBLE, 3),
        Row("size", maybe(DECIMAL), 4),
        Row("exchange", TEXT, 5),
        Row("special_conditions", TEXT, 6),
    ),
)
"""A trade, in text as historical data has it."""

_LIVE_LAST = Layout(
    HistoricalTickLast,
    text=(
        Row("time", SECONDS),
        Row("price", DOUBLE),
        Row("size", maybe(DECIMAL)),
        Row("attributes", _LAST_MASK),
        Row("exchange", TEXT),
        Row("special_conditions", TEXT),
    ),
    protobuf=(),
)
_LIVE_BID_ASK = Layout(
    HistoricalTickBidAsk,
    text=(
        Row("time", SECONDS),
        Row("price_bid", DOUBLE),
        Row("price_ask", DOUBLE),
        Row("size_bid", maybe(DECIMAL)),
        Row("size_ask", maybe(DECIMAL)),
        Row("attributes", _LIVE_BID_ASK_MASK),
    ),
    protobuf=(),
)
_LIVE_MID_POINT = Layout(HistoricalTick, text=(Row("time", SECONDS), Row("price", DOUBLE)), protobuf=())

# --- nested records ----------------------------------------------------------------------------------------------

_POSITION = Row("position", INT, 1)
_CHANGE = (
    Row("operation", number_of(MarketDepthOperation), 2),
    Row("side", number_of(MarketDepthSide), 3),
    Row("price", maybe(DOUBLE), 4),
    Row("size", maybe(DECIMAL), 5),
)
_MARKET_MAKER = Row("market_maker", TEXT, 6)
_IS_SMART_DEPTH = Row("is_smart_depth", FLAG, 7, since=v.SMART_DEPTH)
_DEPTH_IN_PROTOBUF = (_POSITION, *_CHANGE, _MARKET_MAKER, _IS_SMART_DEPTH)

MARKET_DEPTH_DATA = Layout(MarketDepthData, text=(_POSITION, *_CHANGE), protobuf=_DEPTH_IN_PROTOBUF)
"""A row of the book, in text without who stands behind it."""
MARKET_DEPTH_DATA_L2 = Layout(
    MarketDepthData,
    text=(_POSITION, _MARKET_MAKER, *_CHANGE, _IS_SMART_DEPTH),
    protobuf=_DEPTH_IN_PROTOBUF,
)
"""A row of the book, with who stands behind it."""

DEPTH_MARKET_DATA_DESCRIPTION = Layout(
    DepthMarketDataDescription,
    (
        Row("exchange", TEXT, 1),
        Row("security_type", maybe(word_of(SecurityType)), 2, "secType"),
        Row("listing_exchange", TEXT, 3, "listingExch", since=v.SERVICE_DATA_TYPE),
        Row("service_data_type", TEXT, 4, since=v.SERVICE_DATA_TYPE),
        Row("aggregate_group", nothing_is(INT, "2147483647"), 5, "aggGroup", since=v.SERVICE_DATA_TYPE),
        Filler("0", until=v.SERVICE_DATA_TYPE),
    ),
)

SMART_COMPONENT = Layout(
    SmartComponent,
    (
        # TWS leaves bit 0 out of protobuf, unlike its other zeros.
        Row("bit_number", left_out_when(INT, 0), 1),
        Row("exchange", TEXT, 2),
        Row("exchange_letter", TEXT, 3),
    ),
)


def _computed(marker: str, is_unset: Callable[[float], bool] | None = None) -> Kind:
    """Give the kind of a number of the option model, with the *marker* of TWS for one that it did not compute."""
    # TWS was recorded writing the marker in protobuf as well, where it could have left the field out.
    return never_left_out(nothing_is(DOUBLE, marker, is_unset=is_unset), float(marker))


_TRADES = frozenset({TickByTickKind.LAST, TickByTickKind.ALL_LAST})
_KNOWN = _TRADES | {TickByTickKind.BID_ASK, TickByTickKind.MID_POINT}

# --- the messages ------------------------------------------------------------------------------------------------


def _is_calculated(message: Any) -> bool:
    """Tell whether *message* answers a calculation. Its id says so too; a quote's computation never has this type."""
    is_calculated: bool = message.tick_type is TickType.CUST_OPTION_COMPUTATION
    return is_calculated


MARKET_DATA = (
    Entry(
        Layout(
            MarketDataRequest,
            text=(
                Filler("11"),
                Row("request_id", INT),
                *contract_rows(*COMMON),
                When(
                    lambda request: request.contract.security_type == SecurityType.COMBO,
                    (Many("contract.combo_legs", COMBO_LEG_BRIEF),),
                ),
                Part("contract.delta_neutral_contract", DELTA_NEUTRAL_CONTRACT, optional=True),
                Row("generic_tick_list", TEXT),
                Row("snapshot", FLAG),
                Row("regulatory_snapshot", FLAG),
                Filler(""),
            ),
            protobuf=(
                Row("request_id", INT, 1, "reqId"),
                Part("contract", CONTRACT, 2),
                Row("generic_tick_list", TEXT, 3),
                Row("snapshot", FLAG, 4),
                Row("regulatory_snapshot", FLAG, 5),
                Tags("market_data_options", 6),
            ),
        ),
        id=1,
        said_as=as_asked,
        vendor_name="reqMktData",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(
                MarketDataType,
                TickReqParams,
                TickPrice,
                TickSize,
                TickString,
                TickGeneric,
                TickOptionComputation,
                TickEfp,
                TickNews,
                DeltaNeutralValidation,
                RerouteMarketDataRequest,
            ),
            ends_after=(RerouteMarketDataRequest,),
            variants=(
                Variant(
                    when="regulatory_snapshot",
                    field="regulatory_snapshot",
                    holds=lambda request: request.regulatory_snapshot,
                    shape=Shape.RUN,
                    end=TickSnapshotEnd,
                    changes_state=True,
                    resend=Resend.NEVER,
                    settles=False,
                    deadline=15.0,
                    pace=Pace.REGULATORY_SNAPSHOT,
                ),
                Variant(
                    when="snapshot",
                    field="snapshot",
                    holds=lambda request: request.snapshot,
                    shape=Shape.RUN,
                    end=TickSnapshotEnd,
                    deadline=15.0,
                ),
            ),
            cancel=Cancel(by=CancelMarketData, harmless=frozenset({300})),
            lost_with_link=True,
            ends=frozenset({101, 102, 200, 354, 414, 10168, 10186, 10197, 10346, 10358}),
            comments=frozenset({2104, 2108, 2119, 2129, 2187, 10090, 10091, 10167}),
            unclear=frozenset({10089}),
            resend=Resend.NEW_ID,
            settles=True,
            pace=Pace.MARKET_DATA,
            source="D, C cap, sto, rust, lean, osa",
            doubts="After 10089 nothing came in recordings, and delayed data by other reports. That there is no mark "
            "for the end of the first values is sure; that they come within a second is not.",
        ),
    ),
    Entry(
        Layout(CancelMarketData, (Filler("2"), Row("request_id", INT, 1, "reqId"))),
        id=2,
        vendor_name="cancelMktData",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({300}),
            resend=Resend.YES,
            source="C cap, sto, rust, lean",
        ),
    ),
    Entry(
        Layout(
            TickPrice,
            (
                Filler("6"),
                Row("request_id", INT, 1, "reqId"),
                Row("tick_type", number_of(TickType), 2),
                Row("price", DOUBLE, 3),
                Row("size", maybe(DECIMAL), 4),
                Row("attributes", empty_means(flags_of(TickAttributes), TickAttributes(0)), 5, "attrMask"),
            ),
        ),
        id=1,
        vendor_name="tickPrice",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            TickSize,
            (
                Filler("6"),
                Row("request_id", INT, 1, "reqId"),
                Row("tick_type", number_of(TickType), 2),
                Row("size", maybe(DECIMAL), 3),
            ),
        ),
        id=2,
        vendor_name="tickSize",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            TickGeneric,
            (
                Filler("6"),
                Row("request_id", INT, 1, "reqId"),
                Row("tick_type", number_of(TickType), 2),
                Row("value", _COUNTED_DOUBLE, 3),
            ),
        ),
        id=45,
        vendor_name="tickGeneric",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            TickString,
            (
                Filler("6"),
                Row("request_id", INT, 1, "reqId"),
                Row("tick_type", number_of(TickType), 2),
                Row("value", ESCAPED_TEXT, 3),
            ),
        ),
        id=46,
        vendor_name="tickString",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            TickEfp,
            (
                Filler("6"),
                Row("request_id", INT),
                Row("tick_type", number_of(TickType)),
                Row("basis_points", _COUNTED_DOUBLE),
                Row("formatted_basis_points", ESCAPED_TEXT),
                Row("implied_futures_price", _COUNTED_DOUBLE),
                Row("hold_days", _COUNTED_INT),
                Row("future_last_trade_date", ESCAPED_TEXT),
                Row("dividend_impact", _COUNTED_DOUBLE),
                Row("dividends_to_last_trade_date", _COUNTED_DOUBLE),
            ),
        ),
        id=47,
        vendor_name="tickEFP",
    ),
    Entry(
        Layout(
            TickOptionComputation,
            (
                Filler("6", until=v.PRICE_BASED_VOLATILITY),
                Row("request_id", INT, 1, "reqId"),
                Row("tick_type", number_of(TickType), 2),
                Row(
                    "tick_attribute",
                    maybe(number_of(OptionComputationBasis)),
                    3,
                    "tickAttrib",
                    since=v.PRICE_BASED_VOLATILITY,
                ),
                Row("implied_volatility", _computed("-1", is_unset=lambda value: value < 0), 4, "impliedVol"),
                Row("delta", _computed("-2"), 5),
                Row("option_price", _computed("-1"), 6, "optPrice"),
                Row("pv_dividend", _computed("-1"), 7),
                Row("gamma", _computed("-2"), 8),
                Row("vega", _computed("-2"), 9),
                Row("theta", _computed("-2"), 10),
                Row("underlying_price", _computed("-1"), 11, "undPrice"),
            ),
        ),
        id=21,
        vendor_name="tickOptionComputation",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(TickSnapshotEnd, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=57,
        vendor_name="tickSnapshotEnd",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            MarketDataType,
            (
                Filler("1"),
                Row("request_id", INT, 1, "reqId"),
                Row("market_data_type", number_of(MarketDataMode), 2),
            ),
        ),
        id=58,
        vendor_name="marketDataType",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            MarketDataTypeRequest,
            (
                Filler("1"),
                Row("market_data_type", number_of(MarketDataMode), 1),
            ),
        ),
        id=59,
        vendor_name="reqMarketDataType",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            resend=Resend.YES,
            source="D, C cap",
            doubts="It is meant for later requests; running ones were seen to change too, without a word.",
        ),
    ),
    Entry(
        Layout(
            TickReqParams,
            text=(
                Row("request_id", INT),
                Row("min_tick", maybe(DECIMAL)),
                Row("bbo_exchange", TEXT),
                Row("snapshot_permissions", maybe(INT)),
            ),
            protobuf=(
                Row("request_id", INT, 1, "reqId"),
                Row("min_tick", maybe(DECIMAL), 2),
                Row("bbo_exchange", TEXT, 3),
                Row("snapshot_permissions", maybe(INT), 4),
                Row("last_price_precision", maybe(DECIMAL), 5),
                Row("last_size_precision", maybe(DECIMAL), 6),
            ),
        ),
        id=81,
        vendor_name="tickReqParams",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            TickNews,
            (
                Row("request_id", INT, 1, "reqId"),
                Row("timestamp", maybe(MILLISECONDS), 2),
                Row("provider_code", TEXT, 3),
                Row("article_id", TEXT, 4),
                Row("headline", TEXT, 5),
                Row("extra_data", TEXT, 6),
            ),
        ),
        id=84,
        vendor_name="tickNews",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
    ),
    Entry(
        Layout(
            DeltaNeutralValidation,
            (
                Filler("1"),
                Row("request_id", INT),
                Part("delta_neutral_contract", DELTA_NEUTRAL_CONTRACT),
            ),
        ),
        id=56,
        vendor_name="deltaNeutralValidation",
    ),
    Entry(
        Layout(
            RerouteMarketDataRequest,
            (
                Row("request_id", INT, 1, "reqId"),
                Row("contract_id", INT, 2, "conId"),
                Row("exchange", TEXT, 3),
            ),
        ),
        id=91,
        vendor_name="rerouteMktDataReq",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            CalculateImpliedVolatilityRequest,
            text=(
                Filler("3"),
                Row("request_id", INT),
                *contract_rows(*COMMON),
                Row("option_price", DOUBLE),
                Row("underlying_price", DOUBLE),
                Filler(""),
            ),
            protobuf=(
                Row("request_id", INT, 1, "reqId"),
                Part("contract", CONTRACT, 2),
                Row("option_price", DOUBLE, 3),
                Row("underlying_price", DOUBLE, 4, "underPrice"),
                Tags("implied_volatility_options", 5),
            ),
        ),
        id=54,
        said_as=as_asked,
        vendor_name="calculateImpliedVolatility",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(TickOptionComputation,),
            is_answer=_is_calculated,
            cancel=Cancel(by=CancelCalculateImpliedVolatility),
            ends=frozenset({200, 354}),
            comments=frozenset({2104, 2119, 10091}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="C cap, D",
            confidence="medium",
            doubts="Nothing seems to come where the underlying has no price. What TWS says to the cancel of an unknown "
            "id is not known.",
        ),
    ),
    Entry(
        Layout(CancelCalculateImpliedVolatility, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=56,
        vendor_name="cancelCalculateImpliedVolatility",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="C cap",
            confidence="medium",
        ),
    ),
    Entry(
        Layout(
            CalculateOptionPriceRequest,
            text=(
                Filler("3"),
                Row("request_id", INT),
                *contract_rows(*COMMON),
                Row("volatility", DOUBLE),
                Row("underlying_price", DOUBLE),
                Filler(""),
            ),
            protobuf=(
                Row("request_id", INT, 1, "reqId"),
                Part("contract", CONTRACT, 2),
                Row("volatility", DOUBLE, 3),
                Row("underlying_price", DOUBLE, 4, "underPrice"),
                Tags("option_price_options", 5),
            ),
        ),
        id=55,
        said_as=as_asked,
        vendor_name="calculateOptionPrice",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(TickOptionComputation,),
            is_answer=_is_calculated,
            cancel=Cancel(by=CancelCalculateOptionPrice),
            ends=frozenset({200, 354}),
            comments=frozenset({2104, 2119, 10091}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="C cap, D",
            confidence="medium",
            doubts="As of `CalculateImpliedVolatilityRequest`.",
        ),
    ),
    Entry(
        Layout(CancelCalculateOptionPrice, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=57,
        vendor_name="cancelCalculateOptionPrice",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="C cap",
            confidence="medium",
        ),
    ),
    Entry(
        Layout(
            SmartComponentsRequest,
            (
                Row("request_id", INT, 1, "reqId"),
                Row("bbo_exchange", TEXT, 2),
            ),
        ),
        id=83,
        vendor_name="reqSmartComponents",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(SmartComponents,),
            ends=frozenset({321}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=10.0,
            source="D, C cap",
            confidence="medium",
            doubts="While the market is closed the answer is empty, or does not come.",
        ),
    ),
    Entry(
        Layout(
            SmartComponents,
            (
                Row("request_id", INT, 1, "reqId"),
                Many("smart_components", SMART_COMPONENT, 2),
            ),
        ),
        id=82,
        vendor_name="smartComponents",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
    ),
    Entry(
        Layout(
            MarketDepthRequest,
            text=(
                Filler("5"),
                Row("request_id", INT),
                *contract_rows(*COMMON),
                Row("number_of_rows", INT),
                Row("is_smart_depth", FLAG),
                Filler(""),
            ),
            protobuf=(
                Row("request_id", INT, 1, "reqId"),
                Part("contract", CONTRACT, 2),
                Row("number_of_rows", INT, 3, "numRows"),
                Row("is_smart_depth", FLAG, 4),
                Tags("market_depth_options", 5),
            ),
        ),
        id=10,
        said_as=as_asked,
        vendor_name="reqMktDepth",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(MarketDepth, MarketDepthL2, RerouteMarketDepthRequest),
            ends_after=(RerouteMarketDepthRequest,),
            cancel=Cancel(by=CancelMarketDepth, copies=("is_smart_depth",), harmless=frozenset({310})),
            lost_with_link=True,
            ends=frozenset({200, 309, 316, 354, 10089, 10092, 10197}),
            comments=frozenset({317, 2152}),
            resend=Resend.NEW_ID,
            pace=Pace.DEPTH,
            source="D, C cap, rust, ins",
            doubts="2152 names the exchanges without permission. Where no other is left nothing comes, and no error "
            "either, by one report.",
        ),
    ),
    Entry(
        Layout(
            CancelMarketDepth,
            (
                Filler("1"),
                Row("request_id", INT, 1, "reqId"),
                Row("is_smart_depth", FLAG, 2),
            ),
        ),
        id=11,
        vendor_name="cancelMktDepth",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({310}),
            resend=Resend.YES,
            source="D, C rust",
        ),
    ),
    Entry(
        Layout(
            MarketDepth,
            (
                Filler("1"),
                Row("request_id", INT, 1, "reqId"),
                Part("row", MARKET_DEPTH_DATA, 2, "marketDepthData"),
            ),
        ),
        id=12,
        vendor_name="updateMktDepth",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            MarketDepthL2,
            (
                Filler("1"),
                Row("request_id", INT, 1, "reqId"),
                Part("row", MARKET_DEPTH_DATA_L2, 2, "marketDepthData"),
            ),
        ),
        id=13,
        vendor_name="updateMktDepthL2",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(
            RerouteMarketDepthRequest,
            (
                Row("request_id", INT, 1, "reqId"),
                Row("contract_id", INT, 2, "conId"),
                Row("exchange", TEXT, 3),
            ),
        ),
        id=92,
        vendor_name="rerouteMktDepthReq",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
    ),
    Entry(
        Layout(MarketDepthExchangesRequest),
        id=82,
        vendor_name="reqMktDepthExchanges",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(MarketDepthExchanges,),
            slot="depth_exchanges",
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(
            MarketDepthExchanges,
            (Many("depth_market_data_descriptions", DEPTH_MARKET_DATA_DESCRIPTION, 1),),
        ),
        id=80,
        vendor_name="mktDepthExchanges",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
    ),
    Entry(
        Layout(
            TickByTickRequest,
            text=(
                Row("request_id", INT),
                *contract_rows(*COMMON),
                Row("tick_type", word_of(TickByTickType)),
                Row("number_of_ticks", INT),
                Row("ignore_size", FLAG),
            ),
            protobuf=(
                Row("request_id", INT, 1, "reqId"),
                Part("contract", CONTRACT, 2),
                Row("tick_type", word_of(TickByTickType), 3),
                Row("number_of_ticks", INT, 4),
                Row("ignore_size", FLAG, 5),
            ),
        ),
        id=97,
        said_as=as_asked,
        vendor_name="reqTickByTickData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(TickByTickData,),
            # A tick that has just happened may come in between.
            ends_when=lambda answer: type(answer) is not TickByTickData and answer.is_done,
            first_run=(HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast),
            variants=(
                Variant(
                    when="number_of_ticks > 0",
                    field="number_of_ticks",
                    holds=lambda request: request.number_of_ticks > 0,
                    shape=Shape.RUN_THEN_STREAM,
                    answers=(HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast, TickByTickData),
                    deadline=60.0,
                ),
            ),
            cancel=Cancel(by=CancelTickByTick, harmless=frozenset({300})),
            lost_with_link=True,
            ends=frozenset({200, 354, 10089, 10189, 10190, 10197}),
            resend=Resend.NEW_ID,
            pace=Pace.TICK_BY_TICK,
            source="D, C cap",
            confidence="medium",
            doubts="Midpoint ticks may come without the ticks of the past that were asked for, where there are none. "
            "What TWS says to an id in use is not known.",
        ),
    ),
    Entry(
        Layout(CancelTickByTick, (Row("request_id", INT, 1, "reqId"),)),
        id=98,
        vendor_name="cancelTickByTickData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({300}),
            resend=Resend.YES,
            source="C rust",
            confidence="medium",
        ),
    ),
    Entry(
        Layout(
            HistoricalTicks,
            (
                Row("request_id", INT, 1, "reqId"),
                Many("ticks", HISTORICAL_TICK, 2, "historicalTicks"),
                Row("is_done", FLAG, 3),
            ),
        ),
        id=96,
        vendor_name="historicalTicks",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
    Entry(
        Layout(
            HistoricalTicksBidAsk,
            (
                Row("request_id", INT, 1, "reqId"),
                Many("ticks", HISTORICAL_TICK_BID_ASK, 2, "historicalTicksBidAsk"),
                Row("is_done", FLAG, 3),
            ),
        ),
        id=97,
        vendor_name="historicalTicksBidAsk",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
    Entry(
        Layout(
            HistoricalTicksLast,
            (
                Row("request_id", INT, 1, "reqId"),
                Many("ticks", HISTORICAL_TICK_LAST, 2, "historicalTicksLast"),
                Row("is_done", FLAG, 3),
            ),
        ),
        id=98,
        vendor_name="historicalTicksLast",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
    Entry(
        Layout(
            TickByTickData,
            text=(
                Row("request_id", INT),
                Row("tick_type", number_of(TickByTickKind)),
                When(lambda data: data.tick_type in _TRADES, (Part("last", _LIVE_LAST),)),
                When(lambda data: data.tick_type == TickByTickKind.BID_ASK, (Part("bid_ask", _LIVE_BID_ASK),)),
                When(lambda data: data.tick_type == TickByTickKind.MID_POINT, (Part("mid_point", _LIVE_MID_POINT),)),
                # The time of a tick of a newer kind, whose form we do not know.
                When(lambda data: data.tick_type not in _KNOWN, (Filler("0"),)),
            ),
            protobuf=(
                Row("request_id", INT, 1, "reqId"),
                Row("tick_type", number_of(TickByTickKind), 2),
                Part("last", HISTORICAL_TICK_LAST, 3, "historicalTickLast", optional=True, oneof="tick"),
                Part("bid_ask", HISTORICAL_TICK_BID_ASK, 4, "historicalTickBidAsk", optional=True, oneof="tick"),
                Part("mid_point", HISTORICAL_TICK, 5, "historicalTickMidPoint", optional=True, oneof="tick"),
            ),
        ),
        id=99,
        vendor_name="tickByTickAllLast",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
)
