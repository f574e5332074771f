"""Answers about history: bars of trades, which agree with the ticks, and where history begins.

There are bars of seconds up to a day, up to `MOST_BARS` of them, and the market never closes (chosen). All other data
are refused in the words recorded of a real TWS that has none of the kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Final

import attrs

from anytws.messages.base import ToClient
from anytws.messages.historical import (
    BarSize,
    CancelHeadTimestamp,
    CancelHistoricalData,
    FormatDate,
    HeadTimestamp,
    HeadTimestampRequest,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    UpdatedBar,
    WhatToShow,
)
from anytws.messages.session import ErrorMessage
from anytws.messages.times import EPOCH_SECONDS
from anytws.simulator.answers.answer import Answer, Answers, id_of, say_nothing
from anytws.simulator.answers.contracts import the_one
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.old_listings import Listing
from anytws.simulator.old_market import DAY, MINUTE, money, span, traded
from anytws.simulator.settings import FarmKind
from anytws.wire.versions import HISTORICAL_DATA_END, HMDS_MARKET_DATA_IN_SHARES

BARS: Final = "bars"
"""The kind of these streams in `Client.streams`."""

MOST_BARS: Final = 2_000
"""The most bars that one request gets (chosen)."""

MOST_SECONDS: Final = 30 * DAY
"""The longest time that one request may ask for (chosen)."""

MOST_STREAMS: Final = 50
"""How many requests may be open (documented)."""

_SERVICE: Final = "Historical Market Data Service error message:"
_NO_DATA: Final = 162
_NOT_OPEN: Final = 366
_BAD_DATE: Final = 10314
_UPDATE_SECONDS: Final = 5.0
_SHARES_PER_TRADE: Final = 150
_DURATION: Final = re.compile(r"([0-9]{1,9})(?: ([SDWMY]))?", re.IGNORECASE)
_LONGEST: Final = {
    "S": (1, 86_400, "greater than 86400 seconds rejected."),
    "D": (DAY, 365, "durations longer than 365 days must be made in years."),
    "W": (7 * DAY, 52, "durations longer than 52 weeks must be made in years."),
    "M": (30 * DAY, 12, "durations longer than 12 months must be made in years."),
    "Y": (365 * DAY, 10**9, ""),
}
"""By unit: its seconds, how many may be asked for, and how TWS says that these are more."""
_SHORTEST: Final = 30
_SECONDS: Final = {
    BarSize.SECOND_1: 1,
    BarSize.SECONDS_5: 5,
    BarSize.SECONDS_10: 10,
    BarSize.SECONDS_15: 15,
    BarSize.SECONDS_30: 30,
    BarSize.MINUTE_1: MINUTE,
    BarSize.MINUTES_2: 2 * MINUTE,
    BarSize.MINUTES_3: 3 * MINUTE,
    BarSize.MINUTES_5: 5 * MINUTE,
    BarSize.MINUTES_10: 10 * MINUTE,
    BarSize.MINUTES_15: 15 * MINUTE,
    BarSize.MINUTES_20: 20 * MINUTE,
    BarSize.MINUTES_30: 30 * MINUTE,
    BarSize.HOUR_1: 60 * MINUTE,
    BarSize.HOURS_2: 120 * MINUTE,
    BarSize.HOURS_3: 180 * MINUTE,
    BarSize.HOURS_4: 240 * MINUTE,
    BarSize.HOURS_8: 480 * MINUTE,
    BarSize.DAY_1: DAY,
}
_DATE_WANTED: Final = (
    "End Date/Time: The date, time, or time-zone entered is invalid.\n"
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx\n"
    "where yyyymmdd and xx/xxxx are optional."
)
"""The beginning of what was recorded."""


@attrs.frozen
class _Bars:
    """What a request for bars asks for."""

    listing: Listing
    size: int
    """Seconds."""
    begin: int
    end: int
    duration: int
    in_shares: bool
    zone: tzinfo
    """Tells how times are written: as seconds, or as the wall clock of UTC."""

    def starts(self) -> range:
        """Give when its bars start. They are multiples of their size, and none is older than the stock's history."""
        begin = max(self.begin, self.listing.first_day)
        return range(-(-begin // self.size) * self.size, self.end, self.size)


def tell_bars(client: Client, request: HistoricalDataRequest) -> Iterable[ToClient]:
    """Give bars and the end, and with ``keep_up_to_date`` the running bar every five seconds (recorded)."""
    asked = _asked(client, request)
    if isinstance(asked, ErrorMessage):
        yield asked
        return
    request_id, seed = id_of(request), client.world.settings.seed
    bars = tuple([_bar(seed, asked, start, asked.end) for start in asked.starts()])
    if not bars:
        # Recorded: never an empty message, and no end.
        text = f"HMDS query returned no data: {asked.listing.symbol}@{request.contract.exchange} Trades"
        yield complaint(client.world, _NO_DATA, _SERVICE + text, request)
        return
    end = datetime.fromtimestamp(asked.end, UTC)
    # Recorded: the calendar's duration, whatever the bars cover.
    span_ = (end - timedelta(seconds=asked.duration), end)
    if (client.server_version or 0) >= HISTORICAL_DATA_END:
        yield HistoricalData(request_id, bars=bars)
        yield HistoricalDataEnd(request_id, *span_)
    else:
        yield HistoricalData(request_id, *span_, bars)
    if request.keep_up_to_date:
        stream = _RunningBar(client, request_id, asked)
        client.streams[BARS, request_id] = stream
        yield from stream.update(client.world.now)


class _RunningBar(Stream):
    """Repeats the bar that is not over yet."""

    def __init__(self, client: Client, request_id: int, asked: _Bars) -> None:
        self._client = client
        self._request_id = request_id
        self._asked = asked
        self._next = client.world.now + _UPDATE_SECONDS

    @property
    def wake_at(self) -> float:
        return self._next

    def wake(self) -> Iterable[ToClient]:
        now = self._next
        self._next += _UPDATE_SECONDS
        return self.update(now)

    def skip(self, now: float) -> None:
        self._next += max(0, math.floor((now - self._next) / _UPDATE_SECONDS) + 1) * _UPDATE_SECONDS

    def update(self, now: float) -> Iterator[ToClient]:
        """Give the bar as it is at *now*."""
        end = math.floor(self._client.world.utc(now).timestamp()) + 1
        start = (end - 1) // self._asked.size * self._asked.size
        bar = _bar(self._client.world.settings.seed, self._asked, start, end)
        yield HistoricalDataUpdate(
            self._request_id,
            UpdatedBar(bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.bar_count),
        )


def end_bars(client: Client, request: CancelHistoricalData) -> Iterable[ToClient]:
    """Say that what went on is cancelled, or that nothing does under the id (both recorded)."""
    if client.streams.pop((BARS, request.request_id), None) is None:
        yield complaint(
            client.world, _NOT_OPEN, f"No historical data query found for ticker id:{request.request_id}", request
        )
    else:
        text = f"{_SERVICE}API historical data query cancelled: {request.request_id}"
        yield complaint(client.world, _NO_DATA, text, request)


def tell_head_timestamp(client: Client, request: HeadTimestampRequest) -> Iterable[ToClient]:
    """Give the time at which history begins (recorded for AAPL). It takes no place that a cancel frees (chosen)."""
    meant = the_one(client, request, request.contract)
    if isinstance(meant, tuple):
        first = datetime.fromtimestamp(meant[0].first_day, UTC)
        yield HeadTimestamp(id_of(request), first.replace(tzinfo=_zone_of(request)))
    else:
        yield meant


def _asked(client: Client, request: HistoricalDataRequest) -> _Bars | ErrorMessage:
    """Give what is asked for, or the error of the first check that fails, in the order reported."""
    world = client.world
    if (BARS, request.request_id) in client.streams:
        return not_done(world, request, "Duplicate ticker id")
    end = _end_of(client, request)
    if end is None:
        return complaint(world, _BAD_DATE, _DATE_WANTED, request)
    duration = _duration(client, request)
    if not isinstance(duration, int):
        return duration
    problem = _problem(request)
    if problem is not None:
        return not_valid(world, request, problem)
    meant = the_one(client, request, request.contract)
    if not isinstance(meant, tuple):
        return meant
    if request.keep_up_to_date and client.count(BARS) >= MOST_STREAMS:
        return not_done(world, request, f"Max number ({MOST_STREAMS}) of historical data requests has been reached")
    size = _SECONDS.get(request.bar_size_setting, 0)
    if request.what_to_show is not WhatToShow.TRADES or not size:
        of = f"{meant[0].symbol}/STK@{meant[1]} {request.what_to_show.value} {size}"
        return complaint(world, _NO_DATA, f"{_SERVICE}No historical market data for {of}", request)
    in_shares = (client.server_version or 0) >= HMDS_MARKET_DATA_IN_SHARES
    asked = _Bars(meant[0], size, end - duration, end, duration, in_shares, _zone_of(request))
    if duration > MOST_SECONDS or len(asked.starts()) > MOST_BARS:
        return complaint(world, _NO_DATA, f"{_SERVICE}Time length exceed max.", request)
    return asked


def _duration(client: Client, request: HistoricalDataRequest) -> int | ErrorMessage:
    world = client.world
    if not request.duration:
        return not_valid(world, request, "Historical data request duration not specified.")
    match = _DURATION.fullmatch(request.duration)
    if match is None:
        cause = "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."
        return not_valid(world, request, cause)
    count, unit = int(match[1]), (match[2] or "S").upper()
    seconds, most, complaint_ = _LONGEST[unit]
    if count < (_SHORTEST if unit == "S" else 1):
        return not_valid(world, request, "Historical data requested duration is invalid.")
    if count > most:
        return not_valid(world, request, f"Historical data request for {complaint_}")
    return count * seconds


def _end_of(client: Client, request: HistoricalDataRequest) -> int | None:
    """Give the end that is asked for, in seconds since 1970, now at the latest; None: no such time."""
    end, now = request.end_date_time, client.world.utc()
    if end is None:
        return math.floor(now.timestamp())
    if isinstance(end, str):
        return None
    if not isinstance(end, datetime):
        end = datetime.combine(end, time())
    if end.utcoffset() is None:
        # A clock without a zone is that of TWS.
        end = end.replace(tzinfo=client.world.settings.wall_zone)
    return math.floor(min(end, now).timestamp())


def _zone_of(request: HistoricalDataRequest | HeadTimestampRequest) -> tzinfo:
    return EPOCH_SECONDS if request.format_date is FormatDate.EPOCH_SECONDS else UTC


def _problem(request: HistoricalDataRequest) -> str | None:
    if request.bar_size_setting not in BarSize:
        legal = ", ".join(size.value for size in BarSize)
        return f"Historical data bar size setting is invalid. Legal ones are: {legal}"
    if not request.keep_up_to_date:
        return None
    if request.end_date_time is not None:
        return "End date not supported with live updates"
    if request.what_to_show in (WhatToShow.TRADES, WhatToShow.MIDPOINT, WhatToShow.BID, WhatToShow.ASK):
        return None
    return "Source price not supported with live updates"


def _bar(seed: int, asked: _Bars, start: int, now: int) -> HistoricalDataBar:
    end = min(start + asked.size, now)
    prices, listing = span(seed, asked.listing, start, end), asked.listing
    volume = traded(listing, start, end)
    four = prices.open + prices.high + prices.low + prices.close
    return HistoricalDataBar(
        _time_of(start, asked),
        money(prices.open),
        money(prices.high),
        money(prices.low),
        money(prices.close),
        Decimal(volume if asked.in_shares else volume // listing.lot),
        (Decimal(four) / 400).quantize(Decimal("0.001")),
        max(volume // _SHARES_PER_TRADE, 1),
    )


def _time_of(start: int, asked: _Bars) -> datetime | date:
    moment = datetime.fromtimestamp(start, UTC)
    return moment.date() if asked.size >= DAY else moment.replace(tzinfo=asked.zone)


ANSWERS: Final[Answers] = {
    HistoricalDataRequest: Answer(tell_bars, farm=FarmKind.HISTORICAL),
    CancelHistoricalData: Answer(end_bars),
    HeadTimestampRequest: Answer(tell_head_timestamp, farm=FarmKind.HISTORICAL),
    CancelHeadTimestamp: Answer(say_nothing),
}
