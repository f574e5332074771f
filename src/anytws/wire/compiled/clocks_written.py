"""Times to what stands for them: the days, hours, minutes and zones that come again and again are written once.

Each function here takes a time in a form that is usual, and asks the strict writer for all others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Final, TypeAlias

from anytws.messages.times import EPOCH_SECONDS
from anytws.wire.characters import is_printable
from anytws.wire.compiled.memo import REMEMBERED
from anytws.wire.kinds import MILLISECONDS, SECONDS
from anytws.wire.times import DAY, INSTANT, MOMENT, TIME

Write: TypeAlias = Callable[[Any], str]

_TWO: Final = [f"{number:02}" for number in range(60)]
_SECONDS_OF_A_DAY: Final = 86_400
_MOST_ZONES: Final = 64
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
# Nine to eleven digits: what is read as seconds since the epoch.
_LEAST_EPOCH, _END_EPOCH = 10**8, 10**11

_WITH_CLOCK: Final = frozenset({TIME.write_text, INSTANT.write_text, MOMENT.write_text})
_WITH_DAYS: Final = frozenset({TIME.write_text, DAY.write_text, MOMENT.write_text})
# A microsecond is no whole millisecond.
_UNITS: Final = {1_000_000: SECONDS, 1_000: MILLISECONDS}


class _Days(dict[int, str]):
    """Days by their number: ``20240131``."""

    __slots__ = ()

    def __missing__(self, ordinal: int) -> str:
        day = date.fromordinal(ordinal)
        if len(self) >= REMEMBERED:
            self.clear()
        written = self[ordinal] = f"{day.year:04}{day.month:02}{day.day:02}"
        return written


_DAYS: Final = _Days()


class _Zones(dict[Any, tuple[str, str]]):
    """What stands between day and clock, and behind the clock, for a zone of the standard library, UTC, or none."""

    __slots__ = ()

    def __missing__(self, zone: tzinfo | None) -> tuple[str, str]:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 (takes milliseconds; whoever has such a zone has it loaded)

        if zone is not None and zone is not UTC and type(zone) is not ZoneInfo:
            raise ValueError(zone)
        # The strict writer says what they are.
        text = TIME.write_text(datetime(2000, 10, 20, 10, 30, 40, tzinfo=zone))
        gap, _, tail = text.removeprefix("20001020").partition("10:30:40")
        if not is_printable(tail):
            raise ValueError(zone)
        if len(self) >= _MOST_ZONES:
            self.clear()
        self[zone] = gap, tail
        return gap, tail


_ZONES: Final = _Zones()


def _clock(when: datetime) -> str:
    """Write *when* as the strict writer does. Raises `ValueError` for a form that is seldom."""
    if when.microsecond:
        raise ValueError(when)
    zone = when.tzinfo
    if zone is EPOCH_SECONDS:
        seconds = seconds_of(when)
        if not _LEAST_EPOCH <= seconds < _END_EPOCH:
            raise ValueError(when)
        return str(seconds)
    gap, tail = _ZONES[zone]
    return f"{_DAYS[when.toordinal()]}{gap}{_TWO[when.hour]}:{_TWO[when.minute]}:{_TWO[when.second]}{tail}"


def seconds_of(when: datetime) -> int:
    """Give the whole seconds from 1970 on, of a time in UTC, under whichever name."""
    days = when.toordinal() - _EPOCH_DAY
    return days * _SECONDS_OF_A_DAY + when.hour * 3600 + when.minute * 60 + when.second


def quick_time(base: Any, strict: Write, around: Write) -> Write | None:
    """Give a quicker *strict* for times that are written as text, with *around* around it; None for another *base*."""
    has_clock, has_days = base in _WITH_CLOCK, base in _WITH_DAYS
    if not has_clock and not has_days:
        return None

    def write(value: Any) -> str:
        try:
            if value.__class__ is datetime and has_clock:
                return around(_clock(value))
            if value.__class__ is date and has_days:
                return around(_DAYS[value.toordinal()])
        except (ValueError, TypeError):
            # A zone that cannot be looked up, too.
            return strict(value)
        return strict(value)

    return write


def quick_count(base: Any, strict: Write, around: Write) -> Write | None:
    """Give a quicker *strict* for times that are written as a count since 1970, as `quick_time` does."""
    for unit, kind in _UNITS.items():
        plain = kind.with_sentinels or kind
        if base in (kind.write_text, kind.write_protobuf, plain.write_text, plain.write_protobuf):
            return _counting(unit, strict, around)
    return None


def _counting(unit: int, strict: Write, around: Write) -> Write:
    per_second = 1_000_000 // unit

    def write(value: Any) -> str:
        if value.__class__ is datetime and value.tzinfo is UTC and not value.microsecond % unit:
            return around(seconds_of(value) * per_second + value.microsecond // unit)
        return strict(value)

    return write
