"""The windows that a download is cut into, and how TWS is asked for each of them.

A bar belongs to the window that it begins in; one of a day, a week or a month begins at midnight UTC of its first day.
So each bar belongs to one window, however they are cut. TWS, though, is asked by an end and a duration, and its
durations are not what they seem (facts: recordings of gateways, and the vendor's pages; W and Y are inferred):

* ``S`` counts seconds of sessions, so it reaches back at least as far as the clock does;
* ``D`` counts trading days, that of the end among them. As many as could lie in a window, and one more, cover it;
* ``W``, ``M`` and ``Y`` go by the calendar of the exchange's zone, which nobody knows here. When a clock is put
  forward such a week is an hour short. So the windows are a day shorter than the whole weeks that are asked for.

A window is therefore covered by its answer, whatever the zone, the hours and the holidays of the contract are; what the
answer has besides is cut off. The end that is asked is one bar later than that of the window: TWS cuts a bar in two
where an end falls into it, which for bars of hours and days is nearly every end (inferred).

Windows lie on one grid for each size of bars, counted from Monday, 5 January 1970, in UTC, whatever is asked for. So
two runs agree about them, and what one has the other need not ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple

import attrs

from anytws.errors import shown
from anytws.machines.bars import LENGTHS, Bar, first_day_of, is_daily
from anytws.messages.historical import BarSize

ANCHOR: Final = datetime(1970, 1, 5, tzinfo=UTC)
"""Where the grid begins: the first Monday of the clock."""
_SECOND: Final = timedelta(seconds=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)

WINDOWS: Final[Mapping[BarSize, timedelta]] = MappingProxyType(
    {
        BarSize.SECOND_1: timedelta(minutes=30),
        BarSize.SECONDS_5: timedelta(hours=4),
        BarSize.SECONDS_10: timedelta(hours=8),
        BarSize.SECONDS_15: timedelta(hours=12),
        BarSize.SECONDS_30: timedelta(days=1),
        BarSize.MINUTE_1: timedelta(days=6),
        BarSize.MINUTES_2: timedelta(days=13),
        BarSize.MINUTES_3: timedelta(days=20),
        BarSize.MINUTES_5: timedelta(days=27),
        BarSize.MINUTES_10: timedelta(days=48),
        BarSize.MINUTES_15: timedelta(days=90),
        BarSize.MINUTES_20: timedelta(days=90),
        BarSize.MINUTES_30: timedelta(days=181),
        BarSize.HOUR_1: timedelta(days=363),
        BarSize.HOURS_2: timedelta(days=363),
        BarSize.HOURS_3: timedelta(days=363),
        BarSize.HOURS_4: timedelta(days=363),
        BarSize.HOURS_8: timedelta(days=363),
        BarSize.DAY_1: timedelta(days=1820),
        BarSize.WEEK_1: timedelta(days=3640),
        BarSize.MONTH_1: timedelta(days=3598),
    }
)
"""How long a window is. Chosen inside of the vendor's table of durations, for at most some 9,000 bars an answer."""

_MARGINS: Final = {
    BarSize.DAY_1: timedelta(days=1, hours=12),
    BarSize.WEEK_1: timedelta(days=7, hours=12),
    BarSize.MONTH_1: timedelta(days=31, hours=12),
}
"""After which time a bar that began at midnight UTC is over, in every zone."""

_MONTHS: Final = (28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334, 365)
"""The fewest days that one, two, three ... months can have."""
_MOST_SECONDS: Final = 86_400
_LEAST_SECONDS: Final = 30
_MOST_SINGLE_SECONDS: Final = 2000
_LARGEST_BY_SECONDS: Final = timedelta(minutes=1)
_LARGEST_BY_WEEKS: Final = timedelta(hours=4)
_SMALLEST: Final = {"D": timedelta(seconds=5), "W": timedelta(seconds=10), "M": timedelta(seconds=30), "Y": _HOUR / 60}
_MOST: Final = {"D": 365, "W": 52, "M": 12, "Y": 68}


class Window(NamedTuple):
    """A length of time: what begins in it belongs to it. It is a pair, as ``have=`` takes them."""

    begin: datetime
    """The first moment, in UTC."""
    end: datetime
    """The first moment after it, in UTC."""


def moment_of(name: str, value: object) -> datetime:
    """Give *value* as a moment in UTC; a day is its midnight there.

    Raises `TypeError` for what is neither, `ValueError` for a datetime without a zone.
    """
    if not isinstance(value, date):
        raise TypeError(f"{name} is {shown(value)}, and has to be an aware datetime, or a date for midnight UTC")
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    if value.utcoffset() is None:
        raise ValueError(f"{name} is {shown(value)}, which names no zone: say it, such as tzinfo=datetime.UTC")
    return value.astimezone(UTC)


def begin_of(bar: Bar) -> datetime:
    """Give the moment by which *bar* belongs to a window."""
    if bar.begin is not None:
        return bar.begin
    assert bar.first_day is not None, "a bar has the one or the other"
    return datetime.combine(bar.first_day, time(), UTC)


def margin_of(bar_size: BarSize) -> timedelta:
    """Give how long after it began a bar is over for certain."""
    length = LENGTHS.get(bar_size)
    if length is None:
        return _MARGINS[bar_size]
    # One of two hours or more is an hour longer when a clock is put back in it.
    return length if length <= _HOUR else length + _HOUR


def complete_until(bar_size: BarSize, now: datetime) -> datetime:
    """Give up to where bars are over at *now*, the clock of TWS: all that begin before that are."""
    if not is_daily(bar_size):
        return (now - margin_of(bar_size)).replace(microsecond=0)
    # Here and there it is already, or still, another day: what counts is where it ends last.
    running = first_day_of((now - timedelta(hours=12)).astimezone(UTC).date(), bar_size)
    return datetime.combine(running, time(), UTC)


def duration_for(bar_size: BarSize, need: timedelta) -> str | None:
    """Give the shortest duration by which TWS goes back *need* at least; None: there is none for such bars."""
    length = LENGTHS.get(bar_size, _DAY)
    seconds = -(-need // _SECOND)
    if length <= _LARGEST_BY_SECONDS and seconds <= _MOST_SECONDS:
        is_too_long = length <= _SECOND and seconds > _MOST_SINGLE_SECONDS
        return None if is_too_long else f"{max(seconds, _LEAST_SECONDS)} S"
    fitting = [
        (days, count, unit)
        for days, count, unit in _by_calendar(need + _HOUR)
        if count <= _MOST[unit] and length >= _SMALLEST[unit] and _is_small_enough(length, unit)
    ]
    if not fitting:
        return None
    _, count, unit = min(fitting)
    return f"{count} {unit}"


def _by_calendar(need: timedelta) -> Iterator[tuple[int, int, str]]:
    """Give by how many days, weeks, months and years *need* is covered; each with about how many days that are."""
    days = -(-need // _DAY)
    yield days + 1, days + 1, "D"
    weeks = -(-days // 7)
    yield 7 * weeks, weeks, "W"
    months = next((count for count, fewest in enumerate(_MONTHS, 1) if fewest >= days), None)
    if months is not None:
        yield 31 * months, months, "M"
    years = -(-days // 365)
    yield 366 * years, years, "Y"


def _is_small_enough(length: timedelta, unit: str) -> bool:
    largest = {"D": _HOUR, "W": _LARGEST_BY_WEEKS}.get(unit)
    return largest is None or length <= largest


@attrs.frozen
class Saying:
    """How TWS is asked for a window."""

    end: datetime
    """The end that is asked, in UTC and whole seconds."""
    duration: str
    """How far back from there, in the words of TWS."""


@attrs.frozen
class Grid:
    """How time is cut into windows for one size of bars, whatever part of it is wanted."""

    bar_size: BarSize
    length: timedelta

    @classmethod
    def of(cls, bar_size: BarSize, window: timedelta | None = None) -> Grid:
        """Give the grid of *bar_size*, of windows as long as *window*, or as `WINDOWS` has them.

        Raises `ValueError` where TWS has no duration for such windows, or they are no whole days for bars of days.
        """
        length = WINDOWS[bar_size] if window is None else window
        least = LENGTHS.get(bar_size, _DAY)
        if length < least:
            raise ValueError(f"window is {length}, and bars of {bar_size.value} need one of at least {least}")
        if is_daily(bar_size) and length % _DAY:
            raise ValueError(f"window is {length}, and has to be whole days, since a bar of {bar_size.value} is")
        if duration_for(bar_size, length + margin_of(bar_size)) is None:
            raise ValueError(
                f"window is {length}: TWS has no duration for so much time in bars of {bar_size.value}; "
                f"usual is {WINDOWS[bar_size]}"
            )
        return cls(bar_size, length)

    def count(self, begin: datetime, end: datetime) -> int:
        """Tell how many windows have a part of the time from *begin* to *end*."""
        return -((ANCHOR - end) // self.length) - (begin - ANCHOR) // self.length

    def cut(self, begin: datetime, end: datetime, *, newest_first: bool) -> Iterator[Window]:
        """Give the parts of the time from *begin* to *end*, cut at the edges of the grid."""
        first = (begin - ANCHOR) // self.length
        numbers = range(first, first + self.count(begin, end))
        for number in reversed(numbers) if newest_first else numbers:
            edge = ANCHOR + number * self.length if number > first else begin
            yield Window(edge, end if number == numbers[-1] else ANCHOR + (number + 1) * self.length)

    def saying_for(self, window: Window, now: datetime) -> Saying:
        """Give how TWS is asked for *window*, all bars of which are over *now*."""
        end = min(window.end + margin_of(self.bar_size), now)
        # TWS knows whole seconds only; one that is begun has to be in.
        end = -((_FIRST - end) // _SECOND) * _SECOND + _FIRST
        duration = duration_for(self.bar_size, end - window.begin)
        assert duration is not None, "a grid is made of windows that can be asked for"
        return Saying(end, duration)


def missing(begin: datetime, end: datetime, have: Iterable[Window]) -> Sequence[Window]:
    """Give what of the time from *begin* to *end* is in none of *have*, oldest first."""
    missed: list[Window] = []
    for since, until in sorted(have):
        if since >= end:
            break
        if until == since:
            continue
        if since > begin:
            missed.append(Window(begin, since))
        begin = max(begin, until)
    if begin < end:
        missed.append(Window(begin, end))
    return missed


def pairs(have: Iterable[tuple[date, date]]) -> Iterator[Window]:
    """Give the pairs of a begin and an end in *have* as windows.

    Raises as `moment_of` does, `TypeError` for what is no pair, and `ValueError` for one that ends before it begins.
    """
    for pair in have:
        try:
            first, last = pair
        except (TypeError, ValueError):
            raise TypeError(f"have holds {shown(pair)}, and has to hold pairs of a begin and an end") from None
        begin, end = moment_of("a begin in have", first), moment_of("an end in have", last)
        if end < begin:
            raise ValueError(f"have holds {shown(pair)}, which ends before it begins")
        yield Window(begin, end)


@attrs.frozen
class Plan:
    """What is wanted of a download."""

    grid: Grid
    begin: datetime
    end: datetime
    have: tuple[Window, ...] = ()
    newest_first: bool = False

    def pieces(self, now: datetime) -> Sequence[Window]:
        """Give what is not had and is over *now*, in the order in which it is wanted."""
        end = min(self.end, complete_until(self.grid.bar_size, now))
        found = missing(self.begin, end, self.have) if self.begin < end else ()
        return found[::-1] if self.newest_first else found

    def windows(self, pieces: Sequence[Window]) -> Iterator[Window]:
        """Give the windows of *pieces*, in the order in which they are wanted."""
        return chain.from_iterable(self.grid.cut(*piece, newest_first=self.newest_first) for piece in pieces)
