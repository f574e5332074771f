"""Bars that say what they cover: made of the bars of TWS, which say one time each.

What that time is depends on the size of the bars (facts: recordings of several gateways, and the vendor's pages):

* of less than a day it is when the bar begins. Asked for in seconds since 1970 (`FormatDate.EPOCH_SECONDS`) it is the
  same everywhere, in the nights too in which a clock is turned;
* of a day it is the trading day: that in which the session ends, by the calendar of the exchange. It is no midnight, in
  no zone, so it is a `date` here, and `Bar.begin` and `Bar.end` are None: `Historical.schedule` tells the sessions;
* of a week or a month it is the **last** trading day in it so far (inferred, not recorded).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from operator import attrgetter, sub
from types import MappingProxyType
from typing import Any, Final

from anytws.errors import DecodeError, shown
from anytws.messages.base import record, replace
from anytws.messages.historical import BarSize, HistoricalData, HistoricalDataBar
from anytws.messages.times import EPOCH_SECONDS, moments_of
from anytws.wire.compiled.twins import twin_of

_DAILY: Final = frozenset({BarSize.DAY_1, BarSize.WEEK_1, BarSize.MONTH_1})
_MOMENTS_ONLY: Final[set[type]] = {datetime}
_SECONDS_ONLY: Final = {EPOCH_SECONDS}
_zone_of: Final = attrgetter("tzinfo")
_NO_TIME: Final = timedelta(0)
_UNITS: Final = {"secs": 1, "min": 60, "mins": 60, "hour": 3600, "hours": 3600}


def _length(size: BarSize) -> timedelta:
    count, unit = size.value.split()
    return timedelta(seconds=int(count) * _UNITS[unit])


LENGTHS: Final[Mapping[BarSize, timedelta]] = MappingProxyType(
    {size: _length(size) for size in BarSize if size not in _DAILY}
)
"""How long the bars of less than a day are. The others go by the calendar, and are not here."""


@record
class Bar:
    """What happened in a length of time. Prices are in the currency of the contract."""

    begin: datetime | None
    """When it begins, in UTC. None for bars of a day or more: they have a ``day``."""
    end: datetime | None
    """When it ends at the latest, in UTC: one length after ``begin``, or where the next one begins, if that is sooner
    (the first of a session is short where the session does not begin on the grid). A session that ends inside of it is
    not seen here, nor that a bar of two hours or more is an hour longer in the night in which a clock is turned back.
    None for bars of a day or more."""
    open: float
    """The first price."""
    high: float
    """The highest price."""
    low: float
    """The lowest price."""
    close: float
    """The last price; so far, if it is not over."""
    volume: Decimal | None = None
    """In shares, contracts or units; None for what is not made of trades."""
    average: Decimal | None = None
    """The average price, weighted by volume (TWS calls it WAP); None for what is not made of trades."""
    count: int | None = None
    """How many trades; None for what is not made of trades."""
    is_over: bool | None = None
    """Whether nothing is added to it any more: True where there is a later one, False where it is being made, None
    where TWS does not say it, as of the last one of every answer. What is over may be corrected by TWS all the same."""
    day: date | None = None
    """Of a bar of a day the trading day: that in which the session ends, by the exchange's calendar. Of a bar of a week
    or a month the last trading day in it so far, by which TWS names it. None for bars of less than a day."""
    first_day: date | None = None
    """Where what ``day`` is the last day of begins, by the calendar: the day itself, the Monday of the week, the first
    of the month, be there trading on it or not. None for bars of less than a day."""

    @property
    def time(self) -> datetime | date:
        """What it is named by: ``begin``, or ``day`` for bars of a day or more. One answer has each of them once."""
        named = self.day if self.begin is None else self.begin
        assert named is not None, "a bar has the one or the other"
        return named


_Twin: Final[Any] = twin_of(Bar)


A_MOMENT: Final = "a moment, which is what bars of less than a day were asked for by"
A_DAY: Final = "a day, which is what bars of a day or more have"


def is_daily(bar_size: BarSize) -> bool:
    """Tell whether bars of *bar_size* go by the calendar: a day, a week, a month."""
    return bar_size in _DAILY


def first_day_of(day: date, bar_size: BarSize) -> date:
    """Give the first day, by the calendar, of the bar of *bar_size* that *day* lies in."""
    if bar_size is BarSize.WEEK_1:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if bar_size is BarSize.MONTH_1 else day


def moment_of(time: object) -> datetime | None:
    """Give in UTC the moment that *time*, of a bar, is; None if it could be several, or none, or is a day."""
    moments = moments_of(time) if isinstance(time, datetime) else ()
    return moments[0] if len(moments) == 1 else None


def day_of(time: object) -> date | None:
    """Give the day that *time*, of a bar, is; None if it is no day."""
    return time if isinstance(time, date) and not isinstance(time, datetime) else None


def bars_of(answer: HistoricalData, bar_size: BarSize) -> tuple[Bar, ...]:
    """Give the bars of *answer*, which were asked for in *bar_size* and with `FormatDate.EPOCH_SECONDS`.

    All but the last one are over; of that one it is not known. Raises `DecodeError` where TWS has named a bar by what
    is no clear moment (or, of a day or more, no day).
    """
    bars = answer.bars
    if not bars:
        return ()
    if bar_size in _DAILY:
        days = _days(answer)
        made = [_daily(bar, day, bar_size) for bar, day in zip(bars, days, strict=True)]
    else:
        begins, steps = _moments(answer)
        # The loop of most programs that ask for history: nothing in it is called that need not be.
        made = []
        for bar, begin, end in zip(bars, begins, _ends(begins, steps, LENGTHS[bar_size]), strict=True):
            # A frozen object takes four times as long to make as a plain one that becomes it (docs/compiled.md).
            one = _Twin()
            one.begin = begin
            one.end = end
            one.open = bar.open
            one.high = bar.high
            one.low = bar.low
            one.close = bar.close
            one.volume = bar.volume
            one.average = bar.wap
            one.count = bar.bar_count
            one.is_over = True
            one.day = None
            one.first_day = None
            one.__class__ = Bar
            made.append(one)
    made[-1] = replace(made[-1], is_over=None)
    return tuple(made)


def _moments(answer: HistoricalData) -> tuple[list[datetime], list[timedelta]]:
    """Give when the bars begin, in UTC, and how long it is from each to the next one."""
    times: list[Any] = [bar.time for bar in answer.bars]
    if set(map(type, times)) == _MOMENTS_ONLY and set(map(_zone_of, times)) == _SECONDS_ONLY:
        steps = [*map(sub, times[1:], times)]
        # To put another zone into each of them takes several times as long as to count from one to the next.
        return [*accumulate(steps, initial=times[0].replace(tzinfo=UTC))], steps
    moments = [_moment(time, place, answer.request_id) for place, time in enumerate(times)]
    return moments, [*map(sub, moments[1:], moments)]


def _moment(time: object, place: int, request_id: int) -> datetime:
    moment = moment_of(time)
    if moment is None:
        raise _odd(time, place, request_id, A_MOMENT)
    return moment


def _days(answer: HistoricalData) -> list[date]:
    days = [day_of(bar.time) for bar in answer.bars]
    if None in days:
        place = days.index(None)
        raise _odd(answer.bars[place].time, place, answer.request_id, A_DAY)
    return days  # type: ignore[return-value]  # none of them is None


def _daily(bar: HistoricalDataBar, day: date, bar_size: BarSize) -> Bar:
    prices = (bar.open, bar.high, bar.low, bar.close)
    return Bar(None, None, *prices, bar.volume, bar.wap, bar.bar_count, True, day, first_day_of(day, bar_size))


def _odd(time: object, place: int, request_id: int, wanted: str) -> DecodeError:
    return DecodeError("HistoricalData", f"bars[{place}].time", shown(time), wanted, request_id)


def _ends(begins: list[datetime], steps: list[timedelta], length: timedelta) -> list[datetime]:
    """Give the end of each bar of *length*: the next one begins no sooner than this one ends."""
    last = begins[-1] + length
    if steps.count(length) == len(steps):
        return [*begins[1:], last]
    ends = [
        following if _NO_TIME < step <= length else begin + length
        for begin, following, step in zip(begins, begins[1:], steps, strict=False)
    ]
    return [*ends, last]
