"""The rows of market data (`anytws.messages.market_data`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from anytws.messages.contracts import SecurityType
from anytws.messages.market_data import (
    CalculateImpliedVolatilityRequest,
    CalculateOptionPriceRequest,
    CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice,
    CancelMarketData,
    CancelMarketDepth,
    CancelTickByTick,
    DepthMarketDataDescription,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
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
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from anytws.wire import versions as v
from anytws.wire.kinds import (
    DECIMAL,
    DOUBLE,
    ESCAPED_TEXT,
    FLAG,
    INT,
    SECONDS,
    TEXT,
    Kind,
    blank,
    flags_of,
    marked,
    maybe,
    number_of,
    omitting,
    word_of,
)
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, Tags, When
from anytws.wire.tables.contracts import (
    COMBO_LEG_BRIEF,
    COMMON,
    CONTRACT,
    DELTA_NEUTRAL_CONTRACT,
    as_asked,
    contract_rows,
)

# --- single ticks of the tape, which historical data has as well -------------------------------------------------

_BITS = blank(INT, 0)
# In messages whose fields the official client counts, an empty number loses it the message: None is a number there too.
_COUNTED_DOUBLE = marked(DOUBLE, "1.7976931348623157E308")
_COUNTED_INT = marked(INT, "2147483647")


def _mask(name: str, cls: type[Any], *flags: str) -> Kind:
    """Give the kind that is a mask in text; *flags* are its bits from the lowest on. Protobuf has a record.

    Bits that we have no name for are kept, and told by nobody else: protobuf has no place for them.
    """
    count = len(flags)

    def read(text: str) -> Any:
        bits = _BITS.read(text)
        if bits < 0:
            raise ValueError(text)
        known = {flag: bool(bits >> place & 1) for place, flag in enumerate(flags)}
        return cls(**known, unknown_bits=bits >> count << count)

    def write(value: Any) -> str:
        if not isinstance(value, cls) or not _are_beyond(value.unknown_bits, count):
            raise ValueError(value)
        return _BITS.write(value.unknown_bits + sum(getattr(value, flag) << place for place, flag in enumerate(flags)))

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
        Row("aggregate_group", marked(INT, "2147483647"), 5, "aggGroup", since=v.SERVICE_DATA_TYPE),
        Filler("0", until=v.SERVICE_DATA_TYPE),
    ),
)

SMART_COMPONENT = Layout(
    SmartComponent,
    (
        # TWS leaves bit 0 out of protobuf, unlike its other zeros.
        Row("bit_number", omitting(INT, 0), 1),
        Row("exchange", TEXT, 2),
        Row("exchange_letter", TEXT, 3),
    ),
)


def _computed(marker: str, also: Callable[[float], bool] | None = None) -> Kind:
    """Give the kind of a number of the option model, with the *marker* of TWS for one that it did not compute."""
    kind = marked(DOUBLE, marker, also=also)

    def dump(value: float | None) -> Any:
        # TWS was recorded writing the marker in protobuf as well, where it could have left the field out.
        return float(marker) if value is None or kind.dump is None else kind.dump(value)

    return attrs.evolve(kind, dump=dump)


_TRADES = frozenset({TickByTickKind.LAST, TickByTickKind.ALL_LAST})
_KNOWN = _TRADES | {TickByTickKind.BID_ASK, TickByTickKind.MID_POINT}

# --- the messages ------------------------------------------------------------------------------------------------

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
    ),
    Entry(
        Layout(CancelMarketData, (Filler("2"), Row("request_id", INT, 1, "reqId"))),
        id=2,
        vendor_name="cancelMktData",
        protobuf_since=v.PROTOBUF_MARKET_DATA,
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
                Row("attributes", blank(flags_of(TickAttributes), TickAttributes(0)), 5, "attrMask"),
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
                Row("implied_volatility", _computed("-1", also=lambda value: value < 0), 4, "impliedVol"),
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
    ),
    Entry(
        Layout(CancelCalculateImpliedVolatility, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=56,
        vendor_name="cancelCalculateImpliedVolatility",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
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
    ),
    Entry(
        Layout(CancelCalculateOptionPrice, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=57,
        vendor_name="cancelCalculateOptionPrice",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
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
    ),
    Entry(
        Layout(CancelTickByTick, (Row("request_id", INT, 1, "reqId"),)),
        id=98,
        vendor_name="cancelTickByTickData",
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
