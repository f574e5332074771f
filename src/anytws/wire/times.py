"""Times in text, in the forms that TWS writes: a kind reads all of them and writes the one that the value came from.

====================================== ================================================================
text                                   value
====================================== ================================================================
``20240131``                           a `date`
``20240131 10:30:00 US/Eastern``       a datetime in that zone, under that name
``20240131-10:30:00``, with a ``Z``    a datetime in `datetime.UTC`
``20240131-10:30:00 PST``              a datetime in that zone: completed orders of 2020 had it so
``1706697000``                         a datetime in `EPOCH_SECONDS`, which is UTC too
``20240131  10:30:00``                 a naive datetime: the wall clock of TWS, whose zone it did not say
====================================== ================================================================

A datetime of another zone (a fixed offset, say) is written as the UTC of its moment. The wire has whole seconds; a
fraction is refused and not cut off.

A time of day that the clock of its zone shows twice, or never, comes in an `UnclearZone`. In a list whose times only
ever go forward, one that goes back is in the second hour, and those before it were in the first: `decided`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final

from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone, moments_of
from anytws.wire.connection_time import zone_called
from anytws.wire.kinds import STRING, Kind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})").fullmatch
_SECONDS: Final = re.compile(r"[0-9]{9,11}").fullmatch
_CLOCK: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(-| {1,2})([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:(Z)| (\S.*))?"
).fullmatch
_NAME: Final = re.compile(r"\S[^\n\0]*").fullmatch
_NEWS: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?"
).fullmatch


LONGEST_ZONE: Final = 128
"""Characters. The longest names that Java and Windows have are half as long; what is kept of a peer has a bound."""


@lru_cache(256)
def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 (takes milliseconds; for times with a zone only)

    zone = zone_called(name)
    # A ZoneInfo under the name that TWS wrote is written so again; any other one needs its name kept beside it.
    return zone if isinstance(zone, ZoneInfo) and zone.key == name else NamedZone(STRING.read_text(name), zone)


def zone_named(name: str) -> tzinfo:
    """Give the zone that a time has which TWS wrote with the zone's *name*."""
    return _zone(name)


def _name_of(zone: tzinfo) -> str | None:
    if isinstance(zone, NamedZone):
        return zone.name
    key = getattr(zone, "key", None)
    return key if isinstance(key, str) else None


def read_time(text: str) -> datetime | date:
    """Read any of the forms. Raises `ValueError` for a text that has none of them."""
    match = _CLOCK(text)
    if match is None:
        if _SECONDS(text):
            return (_EPOCH + timedelta(seconds=int(text))).replace(tzinfo=EPOCH_SECONDS)
        return read_day(text)
    year, month, day, gap, hour, minute, second, z, name = match.groups()
    if z or (gap == "-" and name is None):
        zone: tzinfo | None = UTC
    else:
        if name is not None and len(name) > LONGEST_ZONE:
            raise ValueError(text)
        zone = None if name is None else _zone(name)
    when = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)
    return when if zone is None or zone is UTC else clear_or_not(when)


def clear_or_not(when: datetime) -> datetime:
    """Give *when* as it is read: in an `UnclearZone` where its clock shows that time twice, or never."""
    zone = when.tzinfo
    if zone is None or when.utcoffset() == when.replace(fold=1 - when.fold).utcoffset():
        return when
    name, inner = (zone.name, zone.zone) if isinstance(zone, NamedZone) else (_name_of(zone), zone)
    return when if name is None else when.replace(tzinfo=UnclearZone(name, inner), fold=0)


# Within one night: no clock was ever turned back by more.
_ONE_NIGHT: Final = timedelta(hours=3)


def decided(times: Sequence[datetime | date]) -> list[datetime | date]:
    """Give *times*, which only ever go forward, with those clear that their order makes clear.

    Where one is not later on the clock than the one before it, the clock was turned back between the two.
    """
    found = [*times]
    for start, end in _unclear_runs(found):
        walls = [_wall(time) for time in found[start:end]]
        backward = [place for place in range(1, len(walls)) if walls[place] <= walls[place - 1]]
        # Turned back more than once: that is no such list.
        if len(backward) == 1:
            turn = start + backward[0]
            found[start:end] = [_folded(found[place], int(place >= turn)) for place in range(start, end)]
    return found


def _unclear_runs(times: Sequence[datetime | date]) -> list[tuple[int, int]]:
    """Give the places, first and behind the last, of the unclear times of each night."""
    runs: list[tuple[int, int]] = []
    for place, time in enumerate(times):
        if not (isinstance(time, datetime) and isinstance(time.tzinfo, UnclearZone) and moments_of(time)):
            continue
        before = times[place - 1] if runs and runs[-1][1] == place else None
        if before is not None and abs(_wall(time) - _wall(before)) < _ONE_NIGHT:
            runs[-1] = runs[-1][0], place + 1
        else:
            runs.append((place, place + 1))
    return runs


def _wall(time: Any) -> datetime:
    wall: datetime = time.replace(tzinfo=None)
    return wall


def _folded(time: Any, fold: int) -> datetime:
    folded: datetime = time.replace(tzinfo=_zone(time.tzinfo.name), fold=fold)
    return folded


def read_day(text: str) -> date:
    """Read ``20240131``. Raises `ValueError` for anything else."""
    match = _DAY(text)
    if match is None:
        raise ValueError(text)
    return date(*map(int, match.groups()))


def _write_day(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(value)
    return f"{value.year:04}{value.month:02}{value.day:02}"


def _clock(value: datetime, gap: str) -> str:
    if value.microsecond:
        raise ValueError(value)
    day = f"{value.year:04}{value.month:02}{value.day:02}"
    return f"{day}{gap}{value.hour:02}:{value.minute:02}:{value.second:02}"


def _write_clock(value: object) -> str:
    if not isinstance(value, datetime):
        raise ValueError(value)
    zone = value.tzinfo
    if zone is None:
        return _clock(value, "  ")
    if zone is EPOCH_SECONDS:
        if value.microsecond or not 10**8 <= (seconds := (value - _EPOCH) // timedelta(seconds=1)) < 10**11:
            raise ValueError(value)
        return str(seconds)
    name = _name_of(zone)
    if name is not None and zone is not UTC:
        if len(name) > LONGEST_ZONE or not _NAME(name):
            raise ValueError(value)
        return f"{_clock(value, ' ')} {name}"
    return _clock(value.astimezone(UTC), "-")


def write_time(value: object) -> str:
    """Write *value* in its form. Raises `ValueError` for what has none."""
    return _write_clock(value) if isinstance(value, datetime) else _write_day(value)


def _read_instant(text: str) -> datetime:
    value = read_time(text)
    if not isinstance(value, datetime):
        raise ValueError(text)
    return value


def _read_moment(text: str) -> datetime | date | str:
    try:
        return read_time(text)
    except ValueError:
        return str(STRING.read_text(text))


def _write_moment(value: Any) -> str:
    return STRING.write_text(value) if isinstance(value, str) else write_time(value)


def _read_wall_clock(text: str) -> datetime:
    match = _CLOCK(text)
    if match is None or match[8] or match[9]:
        raise ValueError(text)
    return _read_instant(text).replace(tzinfo=None)


def _write_wall_clock(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise ValueError(value)
    return _clock(value, "-")


def _read_news_time(text: str) -> datetime:
    match = _NEWS(text)
    if match is None:
        raise ValueError(text)
    *numbers, fraction = match.groups()
    return datetime(*map(int, numbers), int((fraction or "0").ljust(6, "0")), tzinfo=UTC)  # type: ignore[arg-type,misc]


def _write_news_time(value: object) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError(value)
    value = value.astimezone(UTC)
    fraction = f"{value.microsecond:06}".rstrip("0") or "0"
    day = f"{value.year:04}-{value.month:02}-{value.day:02}"
    return f"{day} {value.hour:02}:{value.minute:02}:{value.second:02}.{fraction}"


def _text_kind(name: str, read: Any, write: Any) -> Kind:
    return Kind(name, read, write, "string", read, write)


TIME: Final = _text_kind("TIME", read_time, write_time)
"""A datetime or a day, in any of the forms."""
INSTANT: Final = _text_kind("INSTANT", _read_instant, _write_clock)
"""A datetime, in any of the forms but a day."""
DAY: Final = _text_kind("DAY", read_day, _write_day)
"""A day."""
MOMENT: Final = _text_kind("MOMENT", _read_moment, _write_moment)
"""A datetime or a day, or the text itself where it has none of the forms: for what people typed into an order."""
WALL_CLOCK: Final = _text_kind("WALL_CLOCK", _read_wall_clock, _write_wall_clock)
"""A naive datetime in the form ``20240131-09:30:00``, or with blanks, whose zone another field of the message says."""
NEWS_TIME: Final = _text_kind("NEWS_TIME", _read_news_time, _write_news_time)
"""A datetime in UTC in the form ``2024-01-31 10:30:00.0``."""
