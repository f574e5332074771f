"""When something is traded: sessions, holidays, half days, nights on which the clock is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, TypeAlias

import attrs

from anytws.simulator.universe.holidays import NEVER, Calendar
from anytws.wire.connection_time import zone_called

MOST_DAYS: Final = 16_384
"""How many days are remembered of each market, in each of its four memories: then it starts anew."""

_DAY_SECONDS: Final = 86_400
_1970: Final = date(1970, 1, 1).toordinal()
_DAY: Final = timedelta(days=1)
_A_MONTH: Final = 30
_FAR: Final = -(2**62)


@attrs.frozen
class Session:
    """One session of a market."""

    day: date
    """The trading day that it counts for: of an overnight session the day on which it ends."""
    begin: int
    """When it begins, in seconds since 1970."""
    end: int
    """When it is over, in seconds since 1970: the first second that is no longer in it."""


@attrs.frozen
class Span:
    """From when to when a session lasts, in minutes of the wall clock since the midnight with which its day begins."""

    begin: int
    """Below zero: on the day before."""
    end: int


Spans: TypeAlias = tuple[Span, ...]


@attrs.frozen(kw_only=True)
class Plan:
    """The sessions of usual days, of half days, and of days of the week that differ."""

    trading: Spans
    liquid: Spans
    half_trading: Spans | None = None
    """Of a day on which the market closes early; None: that is a day as any other."""
    half_liquid: Spans | None = None
    monday: Spans | None = None
    """The trading of Mondays, where it differs; None: it does not."""
    weekdays: frozenset[int] = frozenset(range(5))
    """The days of the week that are trading days; Monday is 0."""

    def of(self, day: date, calendar: Calendar, *, liquid: bool) -> Spans:
        """Give the sessions of *day*."""
        weekday = day.weekday()
        if weekday not in self.weekdays or calendar.is_closed(day):
            return ()
        half = self.half_liquid if liquid else self.half_trading
        if half is not None and calendar.is_half(day):
            return half
        if self.monday is not None and weekday == 0 and (not liquid or self.liquid == self.trading):
            return self.monday
        return self.liquid if liquid else self.trading


class _Memory:
    """What is remembered of the trading, or of the liquid trading, of one market."""

    __slots__ = ("by_day", "by_utc_day", "newest")

    def __init__(self) -> None:
        self.by_day: dict[date, tuple[Session, ...]] = {}
        self.by_utc_day: dict[int, tuple[Session, ...]] = {}
        self.newest = Session(date.min, _FAR, _FAR)


class Hours:
    """The sessions of a market, for every day that there was and will be.

    It is as if they had always been those of today: a market that had other hours in 1990 has those of today there.
    """

    def __init__(self, name: str, zone: str, plan: Plan, calendar: Calendar = NEVER) -> None:
        """Take the *zone* as TWS calls it, such as ``MET``. Raises `LookupError` for a name that is no zone."""
        self.name: Final = name
        self.zone: Final = zone
        """What TWS calls its zone, such as ``US/Eastern``."""
        self.plan: Final = plan
        self.calendar: Final = calendar
        self.tzinfo: Final[tzinfo] = zone_of(zone)
        self._trading = _Memory()
        self._liquid = _Memory()

    def __repr__(self) -> str:
        return f"<hours {self.name} in {self.zone}>"

    def day_of(self, second: int) -> date:
        """Give the day that the wall calendar of the market shows at *second*."""
        return datetime.fromtimestamp(second, UTC).astimezone(self.tzinfo).date()

    def midnight_after(self, day: date) -> int:
        """Give the second since 1970 at which *day* is over by its wall clock."""
        return second_of(day, 1440, self.tzinfo)

    def of_day(self, day: date, *, liquid: bool) -> Sequence[Session]:
        """Give the sessions that count for trading day *day*: none on a holiday. Liquid: the regular ones alone."""
        memory = self._liquid if liquid else self._trading
        found = memory.by_day.get(day)
        if found is None:
            if len(memory.by_day) >= MOST_DAYS:
                memory.by_day.clear()
            found = memory.by_day[day] = tuple(
                Session(day, second_of(day, span.begin, self.tzinfo), second_of(day, span.end, self.tzinfo))
                for span in self.plan.of(day, self.calendar, liquid=liquid)
            )
        return found

    def between(self, begin: int, end: int, *, liquid: bool) -> Sequence[Session]:
        """Give the sessions that have a part in the seconds from *begin* up to *end*, oldest first."""
        if begin >= end:
            return ()
        # A zone is less than a day from UTC, and a session begins at most a day before its trading day.
        first = _1970 + begin // _DAY_SECONDS - 1
        last = _1970 + end // _DAY_SECONDS + 2
        return tuple(
            session
            for ordinal in range(first, last + 1)
            for session in self.of_day(date.fromordinal(ordinal), liquid=liquid)
            if session.begin < end and session.end > begin
        )

    def at(self, second: int, *, liquid: bool) -> Session | None:
        """Give the session in which *second* lies; None: the market is closed then."""
        memory = self._liquid if liquid else self._trading
        newest = memory.newest
        if newest.begin <= second < newest.end:
            return newest
        for session in self._of_utc_day(memory, second // _DAY_SECONDS, liquid):
            if session.begin <= second < session.end:
                memory.newest = session
                return session
        return None

    def _of_utc_day(self, memory: _Memory, number: int, liquid: bool) -> tuple[Session, ...]:
        found = memory.by_utc_day.get(number)
        if found is None:
            if len(memory.by_utc_day) >= MOST_DAYS:
                memory.by_utc_day.clear()
            begin = number * _DAY_SECONDS
            found = memory.by_utc_day[number] = tuple(self.between(begin, begin + _DAY_SECONDS, liquid=liquid))
        return found

    def last_before(self, second: int, *, liquid: bool) -> Session | None:
        """Give the newest session that is over at *second*; None: there was none in 30 days."""
        day = self.day_of(second)
        for back in range(-1, _A_MONTH + 1):
            for session in reversed(self.of_day(day - back * _DAY, liquid=liquid)):
                if session.end <= second:
                    return session
        return None

    def next_after(self, second: int, *, liquid: bool) -> Session | None:
        """Give the first session that begins after *second*; None: there is none in 30 days."""
        day = self.day_of(second)
        for ahead in range(-1, _A_MONTH + 2):
            for session in self.of_day(day + ahead * _DAY, liquid=liquid):
                if session.begin > second:
                    return session
        return None


def second_of(day: date, minutes: int, zone: tzinfo) -> int:
    """Give the second since 1970 at which a wall clock in *zone* shows *minutes* after the midnight of *day*."""
    days, minute = divmod(minutes, 1440)
    there = day + days * _DAY
    wall = datetime(there.year, there.month, there.day, *divmod(minute, 60), tzinfo=zone)
    return int(wall.timestamp())


@lru_cache(64)
def zone_of(name: str) -> tzinfo:
    """Give the zone that TWS calls *name*. Raises `LookupError` for a name that is no zone."""
    zone = zone_called(name)
    if zone is None:
        raise LookupError(f"a zone is a name such as 'US/Eastern' or 'Japan' that this machine knows, and not {name!r}")
    return zone
