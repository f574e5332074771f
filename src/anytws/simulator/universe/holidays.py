"""The days on which a market is closed, or closes early: by rule, for every year.

The US calendars are those that the exchanges publish; the rules of the other ones are written down from common
knowledge of their countries (chosen): what the moon decides in Hong Kong is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs

_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6
_DAY: Final = timedelta(days=1)

Days: TypeAlias = frozenset[date]

_MOURNING: Final = frozenset(
    {
        *(date(2001, 9, day) for day in (11, 12, 13, 14)),
        *(date(2004, 6, 11), date(2007, 1, 2), date(2012, 10, 29), date(2012, 10, 30)),
        *(date(2018, 12, 5), date(2025, 1, 9)),
    }
)
"""Days on which US stocks were not traded for what had happened: attacks, storms, presidents who had died."""


@attrs.frozen
class Calendar:
    """On which days a market is closed, and on which it closes early. Weekends are not its matter."""

    name: str
    closed_in: Callable[[int], Days]
    """Gives the days of a year on which it is closed."""
    half_in: Callable[[int], Days]
    """Gives the days of a year on which it closes early."""

    def is_closed(self, day: date) -> bool:
        """Whether *day* is a holiday."""
        return day in _days_of(self.closed_in, day.year)

    def is_half(self, day: date) -> bool:
        """Whether the market closes early on *day*."""
        return day in _days_of(self.half_in, day.year)


@lru_cache(2_048)
def _days_of(rule: Callable[[int], Days], year: int) -> Days:
    return rule(year)


def easter(year: int) -> date:
    """Give Easter Sunday of *year*, in the Gregorian calendar (the anonymous rule of 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)


def nth(year: int, month: int, weekday: int, count: int) -> date:
    """Give the *count*-th *weekday* (Monday is 0) of a month; -1 is the last one."""
    if count > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - _DAY
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _observed(day: date) -> date:
    """Give the weekday on which a holiday is kept: Friday for Saturday, Monday for Sunday."""
    return day + {_SATURDAY: -_DAY, _SUNDAY: _DAY}.get(day.weekday(), timedelta())


def _new_year(year: int) -> set[date]:
    # US exchanges do not close in the old year for a New Year's Day on Saturday.
    day = date(year, 1, 1)
    return set() if day.weekday() == _SATURDAY else {_observed(day)}


def _us_civil(year: int) -> set[date]:
    """Give the holidays on which US stocks rest and futures on them close early."""
    days = {
        nth(year, 2, _MONDAY, 3),
        nth(year, 5, _MONDAY, -1),
        _observed(date(year, 7, 4)),
        nth(year, 9, _MONDAY, 1),
        nth(year, 11, _THURSDAY, 4),
    }
    if year >= 1998:
        days.add(nth(year, 1, _MONDAY, 3))
    if year >= 2022:
        days.add(_observed(date(year, 6, 19)))
    return days


def _great(year: int) -> set[date]:
    return {*_new_year(year), easter(year) - 2 * _DAY, _observed(date(year, 12, 25))}


def _us_closed(year: int) -> Days:
    mourning = {day for day in _MOURNING if day.year == year}
    return frozenset(_great(year) | _us_civil(year) | mourning)


def _us_half(year: int) -> Days:
    days = {nth(year, 11, _THURSDAY, 4) + _DAY, date(year, 12, 24)}
    if _MONDAY < date(year, 7, 4).weekday() < _SATURDAY:
        days.add(date(year, 7, 3))
    return frozenset(days - _us_closed(year))


def _cme_closed(year: int) -> Days:
    return frozenset(_great(year))


def _cme_half(year: int) -> Days:
    return frozenset((_us_civil(year) | _us_half(year)) - _cme_closed(year))


def _bond_closed(year: int) -> Days:
    return frozenset({*_us_closed(year), nth(year, 10, _MONDAY, 2), _observed(date(year, 11, 11))})


def _forex_closed(year: int) -> Days:
    return frozenset({date(year, 1, 1), date(year, 12, 25)})


def _german_closed(year: int) -> Days:
    sunday = easter(year)
    fixed = {date(year, month, day) for month, day in ((1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31))}
    return frozenset({*fixed, sunday - 2 * _DAY, sunday + _DAY})


def _next_free(day: date, taken: set[date]) -> date:
    while day.weekday() >= _SATURDAY or day in taken:
        day += _DAY
    return day


def _british_closed(year: int) -> Days:
    sunday = easter(year)
    days = {
        *(sunday - 2 * _DAY, sunday + _DAY),
        *(nth(year, 5, _MONDAY, 1), nth(year, 5, _MONDAY, -1), nth(year, 8, _MONDAY, -1)),
    }
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        days.add(_next_free(fixed, days))
    return frozenset(days)


def _british_half(year: int) -> Days:
    return frozenset({date(year, 12, 24), date(year, 12, 31)} - _british_closed(year))


def _equinox(year: int, march_or_september: int) -> date:
    # The usual formula for 1980 to 2099.
    start = 20.8431 if march_or_september == 3 else 23.2488
    return date(year, march_or_september, int(start + 0.242194 * (year - 1980)) - (year - 1980) // 4)


def _japanese_closed(year: int) -> Days:
    fixed = ((1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23))
    days = {date(year, month, day) for month, day in fixed}
    days |= {nth(year, 1, _MONDAY, 2), nth(year, 7, _MONDAY, 3), nth(year, 9, _MONDAY, 3), nth(year, 10, _MONDAY, 2)}
    days |= {_equinox(year, 3), _equinox(year, 9)}
    # A day between two holidays is one, and so is the next free day after one that falls on a Sunday.
    days |= {day + _DAY for day in days if day + 2 * _DAY in days and (day + _DAY).weekday() != _SUNDAY}
    for day in sorted(days):
        if day.weekday() == _SUNDAY:
            days.add(_next_free(day, days))
    # The exchange rests longer around the New Year.
    return frozenset({*days, date(year, 1, 2), date(year, 1, 3), date(year, 12, 31)})


def _hong_kong_closed(year: int) -> Days:
    sunday = easter(year)
    fixed = {date(year, month, day) for month, day in ((1, 1), (5, 1), (7, 1), (10, 1), (12, 25), (12, 26))}
    return frozenset({*fixed, sunday - 2 * _DAY, sunday + _DAY})


def _hong_kong_half(year: int) -> Days:
    return frozenset({date(year, 12, 24), date(year, 12, 31)})


def _none(_: int) -> Days:
    return frozenset()


NEVER: Final = Calendar("never", _none, _none)
"""No holidays."""
CALENDARS: Final = MappingProxyType(
    {
        calendar.name: calendar
        for calendar in (
            NEVER,
            Calendar("us_stock", _us_closed, _us_half),
            Calendar("cme", _cme_closed, _cme_half),
            Calendar("us_bond", _bond_closed, _none),
            Calendar("forex", _forex_closed, _none),
            Calendar("german", _german_closed, _none),
            Calendar("british", _british_closed, _british_half),
            Calendar("japanese", _japanese_closed, _none),
            Calendar("hong_kong", _hong_kong_closed, _hong_kong_half),
        )
    }
)
"""Every calendar, by its name."""
