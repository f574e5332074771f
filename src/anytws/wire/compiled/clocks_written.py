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


class _Zones(dict[Any, tuple[str, str] | None]):
    """What stands between day and clock, and behind the clock, for a zone of the standard library, UTC, or none."""

    __slots__ = ()

    def __missing__(self, zone: tzinfo | None) -> tuple[str, str] | None:
        if len(self) >= _MOST_ZONES:
            self.clear()
        found = self[zone] = ("  ", "") if zone is None else ("-", "") if zone is UTC else _named(zone)
        return found


def _named(zone: tzinfo) -> tuple[str, str] | None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 (takes milliseconds; whoever has such a zone has it loaded)

    # One that was read from a file may have no name, and is written as UTC.
    if type(zone) is not ZoneInfo or type(zone.key) is not str:
        return None
    try:
        text = TIME.write_text(datetime(2000, 10, 20, 10, 30, 40, tzinfo=zone))
    except ValueError:
        return None
    tail = f" {zone.key}"
    return (" ", tail) if text == f"20001020 10:30:40{tail}" and is_printable(tail) else None


_ZONES: Final = _Zones()
_EPOCHS: Final = {zone: datetime(1970, 1, 1, tzinfo=zone) for zone in (UTC, EPOCH_SECONDS)}


def quick_time(base: Any, strict: Write, around: Write | None) -> Write | None:
    """Give a quicker *strict* for times that are written as text, with *around* around it; None for another *base*."""
    if base in _WITH_CLOCK:
        return _clock_writer(strict, around, has_days=base in _WITH_DAYS)
    return _day_writer(strict, around) if base in _WITH_DAYS else None


def _clock_writer(strict: Write, around: Write | None, *, has_days: bool) -> Write:
    other, zones, days, two = _day_writer(strict, around) if has_days else strict, _ZONES, _DAYS, _TWO
    first = _EPOCHS[EPOCH_SECONDS]

    def write(value: Any) -> str:
        if type(value) is not datetime:
            return other(value)
        zone = value.tzinfo
        if value.microsecond:
            return strict(value)
        if zone is EPOCH_SECONDS:
            # Both are in one zone, which is not asked then.
            since = value - first
            seconds = since.days * _SECONDS_OF_A_DAY + since.seconds
            if not _LEAST_EPOCH <= seconds < _END_EPOCH:
                return strict(value)
            text = str(seconds)
        else:
            known = zones[zone]
            if known is None:
                return strict(value)
            gap, tail = known
            clock = f"{two[value.hour]}:{two[value.minute]}:{two[value.second]}"
            text = f"{days[value.toordinal()]}{gap}{clock}{tail}"
        return text if around is None else around(text)

    return write


def _day_writer(strict: Write, around: Write | None) -> Write:
    def write(value: Any) -> str:
        if type(value) is not date:
            return strict(value)
        text = value.isoformat().replace("-", "")
        return text if around is None else around(text)

    return write


def quick_count(base: Any, strict: Write, around: Write) -> Write | None:
    """Give a quicker *strict* for times that are written as a count since 1970, as `quick_time` does."""
    for unit, kind in _UNITS.items():
        plain = kind.with_sentinels or kind
        if base in (kind.write_text, kind.write_protobuf, plain.write_text, plain.write_protobuf):
            return _counting(unit, strict, around)
    return None


def _counting(unit: int, strict: Write, around: Write) -> Write:
    per_second, first = 1_000_000 // unit, _EPOCHS[UTC]

    def write(value: Any) -> str:
        if type(value) is not datetime or value.tzinfo is not UTC or value.microsecond % unit:
            return strict(value)
        since = value - first
        seconds = since.days * _SECONDS_OF_A_DAY + since.seconds
        return around(seconds * per_second + since.microseconds // unit)

    return write
