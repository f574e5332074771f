"""Times: as moments in the zone that all of a column have, as wall clocks where none has one, else as text."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from anytws.arrow.arrays import Array, Values
from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WALL: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (a wall clock)
_MICROSECOND: Final = timedelta(microseconds=1)
_UNITS: Final = {"s": 1_000_000, "m": 1_000, "u": 1}
"""Microseconds of each unit that is no finer than ours."""
_NANO: Final = 1_000
_LARGEST: Final = 2**63 - 1


def moments(values: Values, wanted: str | None = None) -> Array | None:
    """Lay out datetimes, in the unit and the zone *wanted* where that loses nothing.

    None where they are no times of one sort: some with a zone and some without, a zone that this machine does not know,
    an hour that comes twice and nobody said which (`UnclearZone`). Those are text.
    """
    zones = {item.tzinfo for item in values.items if item is not None}
    if zones == {None}:
        walls = [(item - _EPOCH_WALL) // _MICROSECOND for item in values.filled(_EPOCH_WALL)]
        return _in_unit(values, walls, "", wanted)
    if None in zones or any(_is_odd(zone) for zone in zones):
        return None
    numbers = [(item - _EPOCH) // _MICROSECOND for item in values.filled(_EPOCH)]
    return _in_unit(values, numbers, _zone_of(zones), wanted)


def _is_odd(zone: tzinfo | None) -> bool:
    return isinstance(zone, UnclearZone) or (isinstance(zone, NamedZone) and zone.zone is None)


def _zone_of(zones: set[tzinfo | None]) -> str:
    """Give the name of the zone that all are in, ``UTC`` where they are in several, or in one that has no name."""
    names = {_name_of(zone) for zone in zones}
    return names.pop() if len(names) == 1 else "UTC"


def _name_of(zone: tzinfo | None) -> str:
    if zone is UTC or zone is EPOCH_SECONDS:
        return "UTC"
    key = getattr(zone.zone if isinstance(zone, NamedZone) else zone, "key", None)
    return key if isinstance(key, str) else "UTC"


def _in_unit(values: Values, numbers: list[int], zone: str, wanted: str | None) -> Array:
    unit = "u"
    if wanted is not None and wanted.startswith("ts") and wanted[3:4] == ":" and bool(wanted[4:]) == bool(zone):
        # A zone that was asked for is another way to show the same moments.
        zone = wanted[4:]
        converted = _converted(numbers, wanted[2])
        numbers, unit = (numbers, unit) if converted is None else (converted, wanted[2])
    return values.array(f"ts{unit}:{zone}", array("q", numbers))


def _converted(numbers: list[int], unit: str) -> list[int] | None:
    """Give microseconds in another *unit*; None where that is not exact, or too large."""
    if unit == "n":
        fits = max(map(abs, numbers), default=0) * _NANO <= _LARGEST
        return [number * _NANO for number in numbers] if fits else None
    size = _UNITS.get(unit)
    if size is None or any(number % size for number in numbers):
        return None
    return [number // size for number in numbers]


def spans(values: Values) -> Array:
    """Lay out spans of time. Raises `OverflowError` for one of more than 292,000 years."""
    return values.array("tDu", array("q", [item // _MICROSECOND for item in values.filled(timedelta(0))]))


def text_of_moment(moment: datetime) -> str:
    """Give *moment* as text: the wall clock, the offset if it is known, and the name of the zone in brackets."""
    zone = moment.tzinfo
    offset = None if isinstance(zone, UnclearZone) else moment.utcoffset()
    wall = moment.replace(tzinfo=None if offset is None else timezone(offset), fold=0).isoformat()
    name = zone.name if isinstance(zone, NamedZone) else getattr(zone, "key", None)
    return wall if name is None else f"{wall}[{name}]"
