"""The past: bars, ticks, histograms, trading sessions, and the bars that are being made right now."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from anytws.messages.base import Asks, Streams, TagValue, ToClient, ToTws, message, record
from anytws.messages.contract import Contract
from anytws.messages.enumerations import Number, Word
from anytws.messages.market_data import HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast
from anytws.messages.times import Moment


class BarSize(Word):
    """How much time one bar covers."""

    SECOND_1 = "1 secs"
    SECONDS_5 = "5 secs"
    SECONDS_10 = "10 secs"
    SECONDS_15 = "15 secs"
    SECONDS_30 = "30 secs"
    MINUTE_1 = "1 min"
    MINUTES_2 = "2 mins"
    MINUTES_3 = "3 mins"
    MINUTES_5 = "5 mins"
    MINUTES_10 = "10 mins"
    MINUTES_15 = "15 mins"
    MINUTES_20 = "20 mins"
    MINUTES_30 = "30 mins"
    HOUR_1 = "1 hour"
    HOURS_2 = "2 hours"
    HOURS_3 = "3 hours"
    HOURS_4 = "4 hours"
    HOURS_8 = "8 hours"
    DAY_1 = "1 day"
    WEEK_1 = "1 week"
    MONTH_1 = "1 month"


class WhatToShow(Word):
    """What bars are made of."""

    TRADES = "TRADES"
    MIDPOINT = "MIDPOINT"
    BID = "BID"
    ASK = "ASK"
    BID_ASK = "BID_ASK"
    """Open: average bid; high: highest ask; low: lowest bid; close: average ask."""
    HISTORICAL_VOLATILITY = "HISTORICAL_VOLATILITY"
    OPTION_IMPLIED_VOLATILITY = "OPTION_IMPLIED_VOLATILITY"
    SCHEDULE = "SCHEDULE"
    """No bars at all but the trading sessions: `HistoricalSchedule`. From server version 165."""
    ADJUSTED_LAST = "ADJUSTED_LAST"
    """Trades, adjusted for splits and dividends."""
    FEE_RATE = "FEE_RATE"
    YIELD_BID = "YIELD_BID"
    YIELD_ASK = "YIELD_ASK"
    YIELD_BID_ASK = "YIELD_BID_ASK"
    YIELD_LAST = "YIELD_LAST"
    AGGREGATED_TRADES = "AGGTRADES"
    """The trades of crypto."""


class RealTimeWhatToShow(Word):
    """What the bars of five seconds are made of."""

    TRADES = "TRADES"
    BID = "BID"
    ASK = "ASK"
    MIDPOINT = "MIDPOINT"


class TicksWhatToShow(Word):
    """Which ticks of the past to send: it decides which message answers."""

    TRADES = "TRADES"
    """Answered by `HistoricalTicksLast`."""
    BID_ASK = "BID_ASK"
    """Answered by `HistoricalTicksBidAsk`."""
    MIDPOINT = "MIDPOINT"
    """Answered by `HistoricalTicks`."""


class FormatDate(Number):
    """How TWS is to write the times of an answer. Bars of a day or more have a date either way."""

    TEXT = 1
    """As a clock shows it: in the time zone of TWS or of the instrument, or in UTC, as its settings and age have it."""
    EPOCH_SECONDS = 2
    """As seconds, which mean the same everywhere."""


@record
class HistoricalDataBar:
    """One bar."""

    time: datetime | date
    """When it begins; a date for bars of a day or more."""
    open: float
    """The first price."""
    high: float
    """The highest price."""
    low: float
    """The lowest price."""
    close: float
    """The last price so far."""
    volume: Decimal | None = None
    """In shares, contracts or units; None for what is not made of trades (-1 on the wire)."""
    wap: Decimal | None = None
    """The average price, weighted by volume; None for what is not made of trades (-1 on the wire)."""
    bar_count: int | None = None
    """How many trades; None for what is not made of trades (-1 on the wire)."""


@record
class UpdatedBar:
    """The newest bar, which is not over: a `HistoricalDataBar` of which TWS may say only the time.

    It writes the four prices empty where nothing has been traded in it yet (seen at server version 151).
    """

    time: datetime | date
    """When it begins; a date for bars of a day or more."""
    open: float | None = None
    """The first price; None where TWS says none yet, as of the other three."""
    high: float | None = None
    """The highest price."""
    low: float | None = None
    """The lowest price."""
    close: float | None = None
    """The last price."""
    volume: Decimal | None = None
    """In shares, contracts or units; None for what is not made of trades (-1 on the wire)."""
    wap: Decimal | None = None
    """The average price, weighted by volume; None for what is not made of trades (-1 on the wire)."""
    bar_count: int | None = None
    """How many trades; None for what is not made of trades (-1 on the wire)."""


@record
class HistoricalSession:
    """When an instrument trades on one day."""

    start_date_time: datetime
    """Naive: the wall clock of the schedule's time zone."""
    end_date_time: datetime
    """Naive: the wall clock of the schedule's time zone."""
    ref_date: date
    """The day that the session counts for: it may begin the evening before."""


@record
class HistogramDataEntry:
    """How much traded at one price."""

    price: float
    """The price, in the currency of the contract."""
    size: Decimal | None = None
    """How much traded at it, in shares or contracts. None where TWS does not say it."""


@message
class HistoricalData(ToClient):
    """The bars that were asked for, oldest first."""

    request_id: int
    """The request that it answers, by its number."""
    start: datetime | None = None
    """Where the answer begins; naive where TWS does not say in which zone. None from server version 196: it is in
    `HistoricalDataEnd` then."""
    end: datetime | None = None
    """Where the answer ends; like ``start``."""
    bars: tuple[HistoricalDataBar, ...] = ()
    """The bars, oldest first. TWS says error 162 and not an empty list where there are none."""


@message
class HistoricalDataEnd(ToClient):
    """All bars of a request have come. From server version 196."""

    request_id: int
    """The request that it answers, by its number."""
    start: datetime | None = None
    """Where the answer begins; naive where TWS does not say in which zone."""
    end: datetime | None = None
    """Where the answer ends; like ``start``."""


@message
class HistoricalDataUpdate(ToClient):
    """The newest bar, as it now is: the same ``time`` again, or the next one."""

    request_id: int
    """The request that it answers, by its number."""
    bar: UpdatedBar
    """The bar as it is now."""


@message
class HistoricalSchedule(ToClient):
    """The trading sessions that were asked for with `WhatToShow.SCHEDULE`. From server version 165."""

    request_id: int
    """The request that it answers, by its number."""
    start_date_time: datetime
    """Naive: the wall clock of ``time_zone``."""
    end_date_time: datetime
    """Naive: the wall clock of ``time_zone``."""
    time_zone: str
    """The zone of all times in the message, such as ``US/Eastern``."""
    sessions: tuple[HistoricalSession, ...] = ()
    """The sessions, oldest first; days without one are left out."""


@message
class HistoricalDataRequest(
    Asks[HistoricalData | HistoricalSchedule], Streams[HistoricalData | HistoricalDataEnd | HistoricalDataUpdate]
):
    """Ask for bars, or with `WhatToShow.SCHEDULE` for trading sessions.

    The bars come in one `HistoricalData` (and a `HistoricalDataEnd`, from server version 196), the sessions in one
    `HistoricalSchedule`.
    """

    contract: Contract
    """What the bars are of."""
    duration: str
    """How far to go back: a number, a blank, and ``S``, ``D``, ``W``, ``M`` or ``Y``: ``2 D``."""
    bar_size_setting: BarSize
    """How much time one bar covers."""
    what_to_show: WhatToShow = WhatToShow.TRADES
    """What the bars are made of. Not every instrument has everything: currencies have no trades."""
    end_date_time: Moment | None = None
    """Where the last bar ends; None is now."""
    use_rth: bool = False
    """Whether to leave out what happened outside of regular trading hours."""
    format_date: FormatDate = FormatDate.EPOCH_SECONDS
    """How TWS writes the times; they arrive as aware datetimes with `FormatDate.EPOCH_SECONDS`."""
    keep_up_to_date: bool = False
    """Whether to go on with `HistoricalDataUpdate` until `CancelHistoricalData`; needs ``end_date_time`` None."""
    chart_options: tuple[TagValue, ...] = ()
    """For the vendor's own use."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelHistoricalData(ToTws):
    """Give up a `HistoricalDataRequest`, or end its updates."""

    request_id: int
    """The number of the request that it ends."""


@message
class HeadTimestamp(ToClient):
    """When the data of a contract begins."""

    request_id: int
    """The request that it answers, by its number."""
    head_timestamp: datetime | None
    """Naive where TWS does not say in which zone; None where it knows none."""


@message
class HeadTimestampRequest(Asks[HeadTimestamp]):
    """Ask how far back the data of a contract goes."""

    contract: Contract
    """Which contract's data."""
    what_to_show: WhatToShow = WhatToShow.TRADES
    """Which data: trades go back further than quotes."""
    use_rth: bool = False
    """Whether to leave out what happened outside of regular trading hours."""
    format_date: FormatDate = FormatDate.EPOCH_SECONDS
    """How TWS writes the time."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelHeadTimestamp(ToTws):
    """End a `HeadTimestampRequest`: the vendor counts it as running until then, answered or not."""

    request_id: int
    """The number of the request that it ends."""


@message
class HistogramData(ToClient):
    """How much of a contract traded at which price."""

    request_id: int
    """The request that it answers, by its number."""
    entries: tuple[HistogramDataEntry, ...] = ()
    """One for each price, in no order."""


@message
class HistogramDataRequest(Asks[HistogramData]):
    """Ask how much of a contract traded at which price."""

    contract: Contract
    """Which contract's trades."""
    time_period: str
    """How far to go back: a number, a blank and a unit in words: ``3 days``."""
    use_rth: bool = False
    """Whether to leave out what happened outside of regular trading hours."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelHistogramData(ToTws):
    """Give up a `HistogramDataRequest`."""

    request_id: int
    """The number of the request that it ends."""


@message
class HistoricalTicksRequest(Asks[tuple[HistoricalTicks | HistoricalTicksBidAsk | HistoricalTicksLast, ...]]):
    """Ask for single ticks of the past, from one end: give ``start_date_time`` or ``end_date_time``, and not both."""

    contract: Contract
    """Which contract's ticks."""
    start_date_time: Moment | None = None
    """Go forward from here."""
    end_date_time: Moment | None = None
    """Go back from here."""
    number_of_ticks: int = 1000
    """1000 at most. More may come, so that the last second is whole."""
    what_to_show: TicksWhatToShow = TicksWhatToShow.TRADES
    """Which ticks: it decides which message answers."""
    use_rth: bool = False
    """Whether to leave out what happened outside of regular trading hours."""
    ignore_size: bool = False
    """Whether to leave out quotes in which only a size changed; for `TicksWhatToShow.BID_ASK` only."""
    misc_options: tuple[TagValue, ...] = ()
    """For the vendor's own use."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelHistoricalTicks(ToTws):
    """Give up a `HistoricalTicksRequest`. From server version 215."""

    request_id: int
    """The number of the request that it ends."""


@message
class RealTimeBarTick(ToClient):
    """A bar of five seconds, when they are over."""

    request_id: int
    """The request that it answers, by its number."""
    time: datetime
    """When it begins, in UTC."""
    open: float
    """The first price."""
    high: float
    """The highest price."""
    low: float
    """The lowest price."""
    close: float
    """The last price."""
    volume: Decimal | None = None
    """In shares, contracts or units; None for what is not made of trades (-1 on the wire)."""
    wap: Decimal | None = None
    """The average price, weighted by volume; None for what is not made of trades (-1 on the wire)."""
    count: int | None = None
    """How many trades; None for what is not made of trades (-1 on the wire)."""


@message
class RealTimeBarsRequest(Streams[RealTimeBarTick]):
    """Subscribe to a bar every five seconds; they come until `CancelRealTimeBars`."""

    contract: Contract
    """What the bars are of."""
    bar_size: int = 5
    """In seconds; TWS makes bars of 5 only."""
    what_to_show: RealTimeWhatToShow = RealTimeWhatToShow.TRADES
    """What they are made of."""
    use_rth: bool = False
    """Whether to leave out what happens outside of regular trading hours."""
    real_time_bars_options: tuple[TagValue, ...] = ()
    """For the vendor's own use."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelRealTimeBars(ToTws):
    """End a subscription to bars of five seconds."""

    request_id: int
    """The number of the request that it ends."""
