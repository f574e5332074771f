"""Which time an answer about history covers: durations in session time or by the calendar, bars on their grid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum, unique
from typing import Final

import attrs

from anytws.simulator.answers.historical_times import earlier
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.universe.hours import Hours, Session
from anytws.simulator.universe.instrument import Instrument
from anytws.wire.times import zone_named

DAY: Final = 86_400
"""Seconds."""

_SLAB: Final = 14 * DAY
_MOST_SLAB: Final = 365 * DAY
_LONGEST_SESSION: Final = 8 * DAY
_YEAR_DAYS: Final = 366


@unique
class Period(Enum):
    """What bars of a day or more go by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def first_day(self, day: date) -> date:
        """Give the first day of the period that *day* lies in."""
        match self:
            case Period.DAY:
                return day
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)
            case Period.QUARTER:
                return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            case Period.YEAR:
                return date(day.year, 1, 1)


@attrs.frozen
class Length:
    """How long a bar is."""

    seconds: int
    """Of a day or more: about."""
    period: Period | None = None
    """Of bars of a day or more."""


@attrs.frozen
class Duration:
    """How far back a request goes."""

    count: int
    unit: str
    """S, D, W, M or Y."""


def newest_first(hours: Hours, end: int, first: int, *, liquid: bool) -> Iterator[Session]:
    """Give the sessions that begin before *end* and are not over by *first*, newest first; seconds since 1970."""
    slab = _SLAB
    while end > first - _LONGEST_SESSION:
        begin = max(end - slab, first - _LONGEST_SESSION)
        for session in reversed(hours.between(begin, end, liquid=liquid)):
            # One that began before is of the next slab.
            if begin <= session.begin < end and session.end > first:
                yield session
        end, slab = begin, min(2 * slab, _MOST_SLAB)


def begin_of(instrument: Instrument, end: int, duration: Duration, *, liquid: bool) -> int:
    """Give the second at which history begins that reaches *duration* back from *end*.

    S counts seconds of sessions, D counts trading days, the running one among them; W, M and Y go by the calendar.
    """
    first, count = instrument.first_second, duration.count
    if duration.unit == "S":
        return max(_begin_of_seconds(instrument.hours, end, first, count, liquid), first)
    if duration.unit == "D":
        return max(_begin_of_days(instrument.hours, end, first, count, liquid), first)
    local = datetime.fromtimestamp(end, UTC).astimezone(zone_of(instrument))
    return max(int(earlier(local, count, duration.unit).timestamp()), first)


def _begin_of_seconds(hours: Hours, end: int, first: int, seconds: int, liquid: bool) -> int:
    for session in newest_first(hours, end, first, liquid=liquid):
        until = min(session.end, end)
        if until - session.begin >= seconds:
            return until - seconds
        seconds -= until - session.begin
    return first


def _begin_of_days(hours: Hours, end: int, first: int, days: int, liquid: bool) -> int:
    begin, newest = first, None
    for session in newest_first(hours, end, first, liquid=liquid):
        if session.day != newest:
            newest, days = session.day, days - 1
            if days < 0:
                return begin
        begin = session.begin
    return first


def zone_of(instrument: Instrument) -> tzinfo:
    """Give the zone of the exchange of *instrument*."""
    return zone_named(instrument.hours.zone)


def on_grid(instrument: Instrument, second: int, size: int, *, liquid: bool) -> tuple[int, int] | None:
    """Give begin and end of the bar of *size* seconds in which *second* lies; None: the market is closed then.

    Bars lie on multiples of their size since midnight on the wall clock of the exchange. They begin with the session,
    and end with it: the first and the last may be short.
    """
    session = instrument.hours.at(second, liquid=liquid)
    if session is None:
        return None
    begin, end = _on_wall(zone_of(instrument), second, size)
    return max(begin, session.begin), min(end, session.end)


def _on_wall(zone: tzinfo, second: int, size: int) -> tuple[int, int]:
    since = _on_clock(zone, second) % size
    begin, end = second - since, second - since + size
    if _offset(zone, begin) != _offset(zone, second):
        begin = _past_change(zone, second, begin, size)
    if _offset(zone, end - 1) != _offset(zone, second):
        end = _past_change(zone, second, end - 1, size) + 1
    return begin, end


def _past_change(zone: tzinfo, second: int, edge: int, size: int) -> int:
    """Give the last second of a bar on the side of *edge*, where the clock is changed between *second* and there."""
    near, far = second, edge
    while abs(far - near) > 1:
        middle = (near + far) // 2
        if _offset(zone, middle) == _offset(zone, second):
            near = middle
        else:
            far = middle
    if _on_clock(zone, far) // size != _on_clock(zone, second) // size:
        return near
    # The bar goes on behind the change.
    since = _on_clock(zone, far) % size
    return far - since if edge < second else far - since + size - 1


def _offset(zone: tzinfo, second: int) -> timedelta | None:
    return datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()


def _on_clock(zone: tzinfo, second: int) -> int:
    """Give what the clock of *zone* shows at *second*, in seconds of its own."""
    return second + (_offset(zone, second) or timedelta(0)) // timedelta(seconds=1)


def trading_days(instrument: Instrument, begin: int, end: int, *, liquid: bool) -> list[list[Session]]:
    """Give the sessions that have a part in the seconds from *begin* up to *end*, those of one trading day together.

    A day that has a part in them is there with all its sessions that begin before *end*.
    """
    hours, days = instrument.hours, list[list[Session]]()
    seen: date | None = None
    for session in hours.between(begin, end, liquid=liquid):
        if session.day != seen:
            seen = session.day
            days.append([item for item in hours.of_day(session.day, liquid=liquid) if item.begin < end])
    return days


def begin_of_period(instrument: Instrument, begin: int, period: Period, *, liquid: bool) -> int:
    """Give the second at which the *period* begins that has a part after *begin*: bars are never cut at their start."""
    hours = instrument.hours
    session = hours.at(begin, liquid=liquid) or hours.next_after(begin, liquid=liquid)
    if session is None:
        return begin
    first = period.first_day(session.day)
    for number in range(_YEAR_DAYS):
        sessions = hours.of_day(first + timedelta(days=number), liquid=liquid)
        if sessions:
            return max(sessions[0].begin, instrument.first_second)
    return begin


CARDS: Final = (
    Card(
        "historical.session_time",
        "Durations in S count seconds of sessions: 3600 S at 04:56 before the open has the last four minutes of the "
        "day before. D counts trading days, the running one among them: 1 D with useRTH before the open is the day "
        "before.",
        Evidence.RECORDED,
        "historical.md 2.2, a Gateway",
    ),
    Card(
        "historical.calendar_time",
        "Durations in W, M and Y go back by the calendar of the exchange's zone; the bar in which they begin is whole.",
        Evidence.RECORDED,
        "historical.md 2.2: M by a Gateway, W and Y by inference",
        "That weekly and monthly bars begin with their week or month is chosen.",
    ),
    Card(
        "historical.grid",
        "Bars lie on multiples of their size since midnight of the exchange's zone, and only in sessions: the first of "
        "a session begins with it and may be short. On the night of a clock change they follow the wall clock.",
        Evidence.RECORDED,
        "historical.md 2.2, a Gateway; the clock change by pyfutures",
    ),
    Card(
        "historical.weeks_and_months",
        "A bar of a day has its trading day, one of a week or a month the last trading day in it so far.",
        Evidence.CHOSEN,
        "historical.md 2.1, inferred there",
        "Bars of 3 months and a year are taken as well.",
    ),
)
