"""What the market does: ticks, the order book, trade by trade, and the prices of options."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import IntFlag
from typing import TypeAlias

from anytws.messages.base import Asks, Streams, TagValue, ToClient, ToTws, message, record
from anytws.messages.contract import Contract, DeltaNeutralContract, SecurityType
from anytws.messages.enumerations import Number, Word


class TickType(Number):
    """What a tick is about, by the vendor's names. Those with ``DELAYED`` are some 15 minutes old.

    A type whose number has no name here is a newer one: see `anytws.messages.enumerations`.
    """

    BID_SIZE = 0
    BID = 1
    ASK = 2
    ASK_SIZE = 3
    LAST = 4
    LAST_SIZE = 5
    HIGH = 6
    LOW = 7
    VOLUME = 8
    CLOSE = 9
    BID_OPTION_COMPUTATION = 10
    ASK_OPTION_COMPUTATION = 11
    LAST_OPTION_COMPUTATION = 12
    MODEL_OPTION = 13
    OPEN = 14
    LOW_13_WEEK = 15
    HIGH_13_WEEK = 16
    LOW_26_WEEK = 17
    HIGH_26_WEEK = 18
    LOW_52_WEEK = 19
    HIGH_52_WEEK = 20
    AVG_VOLUME = 21
    OPEN_INTEREST = 22
    OPTION_HISTORICAL_VOL = 23
    OPTION_IMPLIED_VOL = 24
    OPTION_BID_EXCH = 25
    OPTION_ASK_EXCH = 26
    OPTION_CALL_OPEN_INTEREST = 27
    OPTION_PUT_OPEN_INTEREST = 28
    OPTION_CALL_VOLUME = 29
    OPTION_PUT_VOLUME = 30
    INDEX_FUTURE_PREMIUM = 31
    BID_EXCH = 32
    ASK_EXCH = 33
    AUCTION_VOLUME = 34
    AUCTION_PRICE = 35
    AUCTION_IMBALANCE = 36
    MARK_PRICE = 37
    BID_EFP_COMPUTATION = 38
    ASK_EFP_COMPUTATION = 39
    LAST_EFP_COMPUTATION = 40
    OPEN_EFP_COMPUTATION = 41
    HIGH_EFP_COMPUTATION = 42
    LOW_EFP_COMPUTATION = 43
    CLOSE_EFP_COMPUTATION = 44
    LAST_TIMESTAMP = 45
    SHORTABLE = 46
    FUNDAMENTAL_RATIOS = 47
    """The vendor has taken its name away since: the service is gone."""
    RT_VOLUME = 48
    HALTED = 49
    BID_YIELD = 50
    ASK_YIELD = 51
    LAST_YIELD = 52
    CUST_OPTION_COMPUTATION = 53
    TRADE_COUNT = 54
    TRADE_RATE = 55
    VOLUME_RATE = 56
    LAST_RTH_TRADE = 57
    RT_HISTORICAL_VOL = 58
    IB_DIVIDENDS = 59
    BOND_FACTOR_MULTIPLIER = 60
    REGULATORY_IMBALANCE = 61
    NEWS_TICK = 62
    SHORT_TERM_VOLUME_3_MIN = 63
    SHORT_TERM_VOLUME_5_MIN = 64
    SHORT_TERM_VOLUME_10_MIN = 65
    DELAYED_BID = 66
    DELAYED_ASK = 67
    DELAYED_LAST = 68
    DELAYED_BID_SIZE = 69
    DELAYED_ASK_SIZE = 70
    DELAYED_LAST_SIZE = 71
    DELAYED_HIGH = 72
    DELAYED_LOW = 73
    DELAYED_VOLUME = 74
    DELAYED_CLOSE = 75
    DELAYED_OPEN = 76
    RT_TRD_VOLUME = 77
    CREDITMAN_MARK_PRICE = 78
    CREDITMAN_SLOW_MARK_PRICE = 79
    DELAYED_BID_OPTION = 80
    DELAYED_ASK_OPTION = 81
    DELAYED_LAST_OPTION = 82
    DELAYED_MODEL_OPTION = 83
    LAST_EXCH = 84
    LAST_REG_TIME = 85
    FUTURES_OPEN_INTEREST = 86
    AVG_OPT_VOLUME = 87
    DELAYED_LAST_TIMESTAMP = 88
    SHORTABLE_SHARES = 89
    DELAYED_HALTED = 90
    REUTERS_2_MUTUAL_FUNDS = 91
    ETF_NAV_CLOSE = 92
    ETF_NAV_PRIOR_CLOSE = 93
    ETF_NAV_BID = 94
    ETF_NAV_ASK = 95
    ETF_NAV_LAST = 96
    ETF_FROZEN_NAV_LAST = 97
    ETF_NAV_HIGH = 98
    ETF_NAV_LOW = 99
    SOCIAL_MARKET_ANALYTICS = 100
    ESTIMATED_IPO_MIDPOINT = 101
    FINAL_IPO_LAST = 102
    DELAYED_YIELD_BID = 103
    DELAYED_YIELD_ASK = 104
    ODD_LOT_BID = 105
    ODD_LOT_ASK = 106
    ODD_LOT_BID_SIZE = 107
    ODD_LOT_ASK_SIZE = 108
    ODD_LOT_BID_EXCH = 109
    ODD_LOT_ASK_EXCH = 110


class TickAttributes(IntFlag):
    """What else is true of a price."""

    CAN_AUTO_EXECUTE = 1
    """An order at this price can be filled automatically."""
    PAST_LIMIT = 2
    """The price is beyond the day's limit of the exchange."""
    PRE_OPEN = 4
    """The price is from before the opening. From server version 132."""


class MarketDataMode(Number):
    """How fresh market data is."""

    REAL_TIME = 1
    FROZEN = 2
    """The last values of the session before, while the market is closed."""
    DELAYED = 3
    """Some 15 minutes old, for what one has not subscribed to."""
    DELAYED_FROZEN = 4


class MarketDepthOperation(Number):
    """What happens to a row of the book."""

    INSERT = 0
    """The row comes in; those from its position on move one down."""
    UPDATE = 1
    DELETE = 2
    """The row goes; those behind it move one up."""


class MarketDepthSide(Number):
    """The side of the book."""

    ASK = 0
    BID = 1


class OptionComputationBasis(Number):
    """What the option model is based on."""

    RETURN = 0
    PRICE = 1


class TickByTickType(Word):
    """Which ticks are asked for, one by one."""

    LAST = "Last"
    """Trades, without those that do not set the last price."""
    ALL_LAST = "AllLast"
    """All trades: combos, derivatives, average prices and the like too."""
    BID_ASK = "BidAsk"
    MID_POINT = "MidPoint"


class TickByTickKind(Number):
    """Which tick an answer holds: TWS answers the words of `TickByTickType` with numbers."""

    NONE = 0
    LAST = 1
    ALL_LAST = 2
    BID_ASK = 3
    MID_POINT = 4


# --- single ticks of the tape, live and historical -----------------------------------------------------------------


@record
class TickAttribLast:
    """What else is true of a trade."""

    past_limit: bool = False
    """The price is beyond the day's limit of the exchange."""
    unreported: bool = False
    """The trade is not reported on the tape, such as one of an odd lot."""
    unknown_bits: int = 0
    """Bits of the vendor's mask that we have no name for, in their places; 0 where it is no mask (protobuf)."""


@record
class TickAttribBidAsk:
    """What else is true of a quote."""

    bid_past_low: bool = False
    """The bid is below the lowest of the day."""
    ask_past_high: bool = False
    """The ask is above the highest of the day."""
    unknown_bits: int = 0
    """Bits of the vendor's mask that we have no name for, in their places; 0 where it is no mask (protobuf)."""


@record
class HistoricalTick:
    """A midpoint, live or from the past."""

    time: datetime
    """UTC, whole seconds."""
    price: float
    """The midpoint of bid and ask."""
    size: Decimal | None = None
    """Zero for a midpoint of the past; live ones have none."""


@record
class HistoricalTickBidAsk:
    """A quote, live or from the past."""

    time: datetime
    """UTC, whole seconds."""
    price_bid: float
    """The best bid."""
    price_ask: float
    """The best ask."""
    size_bid: Decimal | None
    """How much is bid for at ``price_bid``. None where TWS does not say it."""
    size_ask: Decimal | None
    """How much is asked at ``price_ask``. None where TWS does not say it."""
    attributes: TickAttribBidAsk = TickAttribBidAsk()
    """What else is true of the quote."""


@record
class HistoricalTickLast:
    """A trade, live or from the past."""

    time: datetime
    """UTC, whole seconds."""
    price: float
    """The price of the trade; 0 with a size of 0 at a halt."""
    size: Decimal | None
    """How much was traded, in shares or contracts. None where TWS does not say it."""
    exchange: str = ""
    """Where it was traded; ``FINRA`` for US trades off the exchanges."""
    special_conditions: str = ""
    """The sale conditions as letters of the tape, blanks included."""
    attributes: TickAttribLast = TickAttribLast()
    """What else is true of the trade."""


# --- ticks ---------------------------------------------------------------------------------------------------------


@message
class TickPrice(ToClient):
    """A price has changed."""

    request_id: int
    """The request that it answers, by its number."""
    tick_type: TickType
    """Which price it is: bid, ask, last, the day's high and so on."""
    price: float
    """-1: there is no such price at the moment, no bid for instance."""
    size: Decimal | None = None
    """Of `TickType.BID`, ``ASK``, ``LAST`` and their delayed twins: the size at this price. Else zero or None."""
    attributes: TickAttributes = TickAttributes(0)
    """What else is true of the price."""


@message
class TickSize(ToClient):
    """A size or a volume has changed."""

    request_id: int
    """The request that it answers, by its number."""
    tick_type: TickType
    """Which size it is: of the bid, of the last trade, the day's volume and so on."""
    size: Decimal | None
    """In shares, lots or contracts, as TWS is set up. May be a fraction."""


@message
class TickGeneric(ToClient):
    """A number that is no price and no size has changed."""

    request_id: int
    """The request that it answers, by its number."""
    tick_type: TickType
    """What the number is about: a volatility, whether trading is halted (1 and 2, 0 is not), a count of trades."""
    value: float | None
    """None where TWS does not say it."""


@message
class TickString(ToClient):
    """A text has changed: a time of the last trade, the exchanges of a quote, a tape of trades."""

    request_id: int
    """The request that it answers, by its number."""
    tick_type: TickType
    """What the text is about, and so its form."""
    value: str
    """In the form of ``tick_type``: seconds since the epoch, letters of exchanges, fields with ``;`` between them."""


@message
class TickEfp(ToClient):
    """A computation about an exchange for physicals. No protobuf: TWS always says it as text."""

    request_id: int
    """The request that it answers, by its number."""
    tick_type: TickType
    """What it is computed from: the bid, the ask, the last trade and so on."""
    basis_points: float | None
    """Annualized; None where it was not computed, as with the other numbers."""
    formatted_basis_points: str
    """The same for people, with a percent sign."""
    implied_futures_price: float | None
    """Called ``totalDividends`` by some of the vendor's clients."""
    hold_days: int | None
    """Days until the last trade date of the future."""
    future_last_trade_date: str
    """``YYYYMMDD``."""
    dividend_impact: float | None
    """The effect of dividends on the rate."""
    dividends_to_last_trade_date: float | None
    """Expected per share until the last trade date."""


@message
class TickOptionComputation(ToClient):
    """An option's price, volatility and greeks, by the vendor's model. None: not computed."""

    request_id: int
    """The request that it answers, by its number."""
    tick_type: TickType
    """Which price they are computed from; ``CUST_OPTION_COMPUTATION`` answers the client's own calculations."""
    tick_attribute: OptionComputationBasis | None = None
    """From server version 156."""
    implied_volatility: float | None = None
    """A year's, 0.25 is 25 percent."""
    delta: float | None = None
    """How much the option's price moves when the underlying's moves by one: -1 to 1."""
    option_price: float | None = None
    """The option's price that belongs to the other numbers, in the currency of the contract."""
    pv_dividend: float | None = None
    """The present value of the dividends expected until the option expires."""
    gamma: float | None = None
    """How much ``delta`` changes when the underlying's price moves by one."""
    vega: float | None = None
    """For a change of the volatility by one percent point."""
    theta: float | None = None
    """Per day."""
    underlying_price: float | None = None
    """The underlying's price that the numbers were computed with."""


@message
class TickSnapshotEnd(ToClient):
    """A snapshot is complete: no more ticks come for it."""

    request_id: int
    """The request that it answers, by its number."""


@message
class MarketDataType(ToClient):
    """How fresh the ticks of a request are from here on."""

    request_id: int
    """The request that it answers, by its number."""
    market_data_type: MarketDataMode
    """How fresh they are."""


@message
class TickReqParams(ToClient):
    """What the ticks of a request look like. Comes before the first of them."""

    request_id: int
    """The request that it answers, by its number."""
    min_tick: Decimal | None = None
    """The smallest step of the price."""
    bbo_exchange: str = ""
    """A key for `SmartComponentsRequest`: which exchanges the letters of the best bid and offer stand for."""
    snapshot_permissions: int | None = None
    """The vendor's number for what snapshots one may ask for."""
    last_price_precision: Decimal | None = None
    """The step of the last price. In protobuf only, from server version 206, where TWS is new enough to say it."""
    last_size_precision: Decimal | None = None
    """The step of the last size. As ``last_price_precision``."""


@message
class TickNews(ToClient):
    """A headline about a contract whose market data the client reads with the generic tick 292."""

    request_id: int
    """Of the request for market data."""
    timestamp: datetime | None
    """UTC, to the millisecond; None where TWS does not say it."""
    provider_code: str
    """Whose headline it is, such as ``DJ-N``."""
    article_id: str
    """What `NewsArticleRequest` finds the article by."""
    headline: str
    """As the provider wrote it; some put tags in braces in front, for whom the news is and how good it is."""
    extra_data: str = ""
    """Such tags, where they do not stand in the headline: ``K:1.00``."""


@message
class DeltaNeutralValidation(ToClient):
    """The answer to a request for quotes with a delta-neutral contract: what TWS makes of it."""

    request_id: int
    """The request that it answers, by its number."""
    delta_neutral_contract: DeltaNeutralContract
    """The underlying, with the delta and the price that TWS uses."""


@message
class RerouteMarketDataRequest(ToClient):
    """Ask again for ticks, with another contract: that of the underlying, for a CFD."""

    request_id: int
    """The request that gets no data."""
    contract_id: int
    """To ask with, together with ``exchange``."""
    exchange: str
    """The exchange to ask with."""


MarketDataAnswer: TypeAlias = (
    MarketDataType
    | TickReqParams
    | TickPrice
    | TickSize
    | TickString
    | TickGeneric
    | TickOptionComputation
    | TickEfp
    | TickNews
    | DeltaNeutralValidation
    | RerouteMarketDataRequest
)
"""What answers a `MarketDataRequest`."""


@message
class MarketDataRequest(Asks[tuple[MarketDataAnswer, ...]], Streams[MarketDataAnswer]):
    """Ask for ticks."""

    contract: Contract
    """What the ticks are of. It has to mean one contract only, or the answer is error 200."""
    generic_tick_list: str = ""
    """More ticks than the usual ones: the vendor's numbers with commas between, such as ``233,236``."""
    snapshot: bool = False
    """Each tick once, and no updates; `TickSnapshotEnd` says when they are through. Not with a generic tick list."""
    regulatory_snapshot: bool = False
    """A snapshot of the whole market, for which a fee is charged each time."""
    market_data_options: tuple[TagValue, ...] = ()
    """Reserved by the vendor. In protobuf only, from server version 206."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelMarketData(ToTws):
    """No more ticks."""

    request_id: int
    """The number of the request that it ends."""


@message
class MarketDataTypeRequest(ToTws):
    """Choose how fresh ticks may be. Holds for all later requests of the session."""

    market_data_type: MarketDataMode
    """The best that may come: with `MarketDataMode.DELAYED`, what one has a subscription for still comes live."""


@message
class CalculateImpliedVolatilityRequest(Asks[TickOptionComputation]):
    """Ask what volatility an option's price implies. `TickOptionComputation` answers."""

    contract: Contract
    """The option."""
    option_price: float
    """The price of the option, in its currency."""
    underlying_price: float
    """The price of its underlying."""
    implied_volatility_options: tuple[TagValue, ...] = ()
    """Reserved by the vendor. In protobuf only, from server version 211."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelCalculateImpliedVolatility(ToTws):
    """No more answers to a `CalculateImpliedVolatilityRequest`."""

    request_id: int
    """The number of the request that it ends."""


@message
class CalculateOptionPriceRequest(Asks[TickOptionComputation]):
    """Ask for the price of an option at a volatility. `TickOptionComputation` answers."""

    contract: Contract
    """The option."""
    volatility: float
    """A year's, 0.25 is 25 percent."""
    underlying_price: float
    """The price of its underlying."""
    option_price_options: tuple[TagValue, ...] = ()
    """Reserved by the vendor. In protobuf only, from server version 211."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelCalculateOptionPrice(ToTws):
    """No more answers to a `CalculateOptionPriceRequest`."""

    request_id: int
    """The number of the request that it ends."""


# --- the letters of exchanges --------------------------------------------------------------------------------------


@record
class SmartComponent:
    """One exchange behind SMART, and its letter."""

    bit_number: int
    """Its bit in the masks of the vendor."""
    exchange: str
    """The exchange's name, such as ``NASDAQ``."""
    exchange_letter: str
    """As the exchanges of a bid, an ask or a trade are written in `TickString`."""


@message
class SmartComponents(ToClient):
    """The exchanges behind SMART."""

    request_id: int
    """The request that it answers, by its number."""
    smart_components: tuple[SmartComponent, ...] = ()
    """One for each exchange, in no order."""


@message
class SmartComponentsRequest(Asks[SmartComponents]):
    """Ask which exchanges the letters of a best bid and offer stand for. `SmartComponents` answers."""

    bbo_exchange: str
    """The key that `TickReqParams` gave."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


# --- the book ------------------------------------------------------------------------------------------------------


@record
class MarketDepthData:
    """A row of the book, and what happens to it."""

    position: int
    """From 0, the best price, on each side."""
    operation: MarketDepthOperation
    """Whether the row comes in, changes or goes."""
    side: MarketDepthSide
    """Whether it is on the side of the bids or of the asks."""
    price: float | None
    """None where TWS does not say it, as of a row that goes; so is ``size``."""
    size: Decimal | None
    """How much is bid or asked in this row. None where TWS does not say it."""
    market_maker: str = ""
    """The market maker; the exchange, with smart depth. In `MarketDepthL2` only."""
    is_smart_depth: bool = False
    """Whether the book is put together of several exchanges. In `MarketDepthL2` only, from server version 146."""


@message
class MarketDepth(ToClient):
    """The book has changed, where it says nothing about who stands behind a row."""

    request_id: int
    """The request that it answers, by its number."""
    row: MarketDepthData
    """The row, and what happens to it."""


@message
class MarketDepthL2(ToClient):
    """The book has changed, where each row says who stands behind it."""

    request_id: int
    """The request that it answers, by its number."""
    row: MarketDepthData
    """The row, and what happens to it."""


@message
class RerouteMarketDepthRequest(ToClient):
    """Ask again for the book, with another contract: that of the underlying, for a CFD."""

    request_id: int
    """The request that gets no data."""
    contract_id: int
    """To ask with, together with ``exchange``."""
    exchange: str
    """The exchange to ask with."""


@message
class MarketDepthRequest(Streams[MarketDepth | MarketDepthL2 | RerouteMarketDepthRequest]):
    """Ask for the book."""

    contract: Contract
    """Whose book it is."""
    number_of_rows: int
    """On each side."""
    is_smart_depth: bool = False
    """Put together the books of all exchanges."""
    market_depth_options: tuple[TagValue, ...] = ()
    """Reserved by the vendor. In protobuf only, from server version 206."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelMarketDepth(ToTws):
    """No more of the book."""

    request_id: int
    """The number of the request that it ends."""
    is_smart_depth: bool = False
    """As in the request."""


@record
class DepthMarketDataDescription:
    """An exchange that has a book for one sort of instrument."""

    exchange: str
    """The exchange's name, as `MarketDepthRequest` wants it in its contract."""
    security_type: SecurityType | None = None
    """The sort of instrument; None where TWS does not say it."""
    listing_exchange: str = ""
    """The exchange that the instruments are listed at; empty where TWS does not say it."""
    service_data_type: str = ""
    """``Deep``: rows without names behind them, ``Deep2``: with names."""
    aggregate_group: int | None = None
    """The exchanges of one group can be put together in a smart depth."""


@message
class MarketDepthExchanges(ToClient):
    """The exchanges that have a book."""

    depth_market_data_descriptions: tuple[DepthMarketDataDescription, ...] = ()
    """One for each exchange and sort of instrument, some hundreds."""


@message
class MarketDepthExchangesRequest(Asks[MarketDepthExchanges]):
    """Ask for the exchanges that have a book."""


# --- tick by tick --------------------------------------------------------------------------------------------------


@message
class HistoricalTicks(ToClient):
    """Midpoints of the past, oldest first."""

    request_id: int
    """The request that it answers, by its number."""
    ticks: tuple[HistoricalTick, ...]
    """The midpoints, oldest first; may be empty."""
    is_done: bool
    """Whether no more messages answer this request."""


@message
class HistoricalTicksBidAsk(ToClient):
    """Quotes of the past, oldest first."""

    request_id: int
    """The request that it answers, by its number."""
    ticks: tuple[HistoricalTickBidAsk, ...]
    """The quotes, oldest first; may be empty."""
    is_done: bool
    """Whether no more messages answer this request."""


@message
class HistoricalTicksLast(ToClient):
    """Trades of the past, oldest first."""

    request_id: int
    """The request that it answers, by its number."""
    ticks: tuple[HistoricalTickLast, ...]
    """The trades, oldest first; may be empty."""
    is_done: bool
    """Whether no more messages answer this request."""


@message
class TickByTickData(ToClient):
    """One tick of the tape. The field that ``tick_type`` speaks of holds it, the others are None."""

    request_id: int
    """The request that it answers, by its number."""
    tick_type: TickByTickKind
    """Which tick it is, and so which of the fields below holds it."""
    last: HistoricalTickLast | None = None
    """A trade, of the types ``LAST`` and ``ALL_LAST``."""
    bid_ask: HistoricalTickBidAsk | None = None
    """A quote, of the type ``BID_ASK``."""
    mid_point: HistoricalTick | None = None
    """A midpoint, of the type ``MID_POINT``."""


@message
class TickByTickRequest(Streams[HistoricalTicks | HistoricalTicksBidAsk | HistoricalTicksLast | TickByTickData]):
    """Ask for the ticks of the tape, none left out."""

    contract: Contract
    """Whose ticks."""
    tick_type: TickByTickType
    """Which ticks."""
    number_of_ticks: int = 0
    """How many of the past come first, at most 1000."""
    ignore_size: bool = False
    """Say nothing of quotes where only a size has changed."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelTickByTick(ToTws):
    """No more ticks of the tape."""

    request_id: int
    """The number of the request that it ends."""
