"""Zones as TWS writes them: in words, which this machine may or may not know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from datetime import date as _date
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

Moment: TypeAlias = datetime | _date | str
"""A time as people type it into an order: a datetime, a day, or the text itself where it has no form that we know."""


class _EpochSeconds(tzinfo):
    __slots__ = ()

    def utcoffset(self, dt: datetime | None, /) -> timedelta:  # noqa: ARG002 (always)
        return timedelta(0)

    def dst(self, dt: datetime | None, /) -> timedelta:  # noqa: ARG002 (always)
        return timedelta(0)

    def tzname(self, dt: datetime | None, /) -> str:  # noqa: ARG002 (always)
        return "UTC"

    def fromutc(self, dt: datetime, /) -> datetime:
        return dt

    def __repr__(self) -> str:
        return "EPOCH_SECONDS"

    def __reduce__(self) -> str:
        # There is one, also after a copy: what it marks is told by identity.
        return "EPOCH_SECONDS"


EPOCH_SECONDS: Final[tzinfo] = _EpochSeconds()
"""UTC, for a time that was written as seconds since the epoch; a datetime that has it is written so again."""


class NamedZone(tzinfo):
    """A zone under a name of TWS's own: ``GMT+01:00``, ``Central European Standard Time``, ``CST``.

    Where the name could be several zones (``CST``: Chicago or Shanghai) or is unknown to this machine, ``zone`` is None
    and a datetime with it is *naive* (its `utcoffset()` is None): the wall clock is known, the moment is not.
    """

    __slots__ = ("name", "zone")

    def __init__(self, name: str, zone: tzinfo | None = None) -> None:
        self.name: str = name
        self.zone: tzinfo | None = zone

    def utcoffset(self, dt: datetime | None, /) -> timedelta | None:
        """Give the offset of the zone, None where it is not known which zone it is."""
        return None if self.zone is None else self.zone.utcoffset(_moved(dt, self.zone))

    def dst(self, dt: datetime | None, /) -> timedelta | None:
        """Give the summer time's part of the offset, None where it is not known."""
        return None if self.zone is None else self.zone.dst(_moved(dt, self.zone))

    def tzname(self, dt: datetime | None, /) -> str:  # noqa: ARG002 (one name all year)
        """Give the name as TWS wrote it."""
        return self.name

    def fromutc(self, dt: datetime, /) -> datetime:
        """Give the wall clock at the moment *dt*. Raises `ValueError` where it is not known which zone it is."""
        if self.zone is None:
            raise ValueError(f"which zone {self.name!r} is is not known, so no moment can be moved there")
        return self.zone.fromutc(dt.replace(tzinfo=self.zone)).replace(tzinfo=self)

    def __eq__(self, other: object) -> bool:
        # The same zone loaded twice is not equal to itself, but has one name.
        return (
            isinstance(other, NamedZone)
            and type(self) is type(other)
            and (self.name, str(self.zone)) == (other.name, str(other.zone))
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.zone!r})"

    def __reduce__(self) -> tuple[type[NamedZone], tuple[str, tzinfo | None]]:
        return type(self), (self.name, self.zone)


class UnclearZone(NamedZone):
    """The zone of a time of day that its clock shows twice, or never, and of which nothing says which one was meant.

    That is the hour that comes again in the night in which summer time ends, or is left out when it begins. The time is
    the wall clock that TWS wrote. As a moment it passes for the first of the two, as Python has it (its ``fold`` is 0),
    and is equal to no time of another zone; `moments_of` gives both. Where the order of a list decides, as that of the
    bars of `HistoricalData` does, the times are in their plain zone, with the ``fold`` that is right.
    """

    __slots__ = ("__weakref__",)

    def __new__(cls, name: str, zone: tzinfo | None = None) -> UnclearZone:  # noqa: PYI034 (there is one class of it)
        """Give the one zone of this sort for *name* and *zone*."""
        # One, because Python compares such times to be equal only within one zone, and by identity.
        found = _UNCLEAR.get((name, zone))
        if found is None:
            found = _UNCLEAR[name, zone] = super().__new__(cls)
        return found


_UNCLEAR: Final[WeakValueDictionary[tuple[str, tzinfo | None], UnclearZone]] = WeakValueDictionary()


def moments_of(when: datetime) -> tuple[datetime, ...]:
    """Give the moments, in UTC, that the time *when* may be.

    One for a time that is clear; two for one in an `UnclearZone` that its clock shows twice, the earlier one first;
    none for one that its clock never shows, for one of an unknown zone, and for one without a zone.

    >>> from zoneinfo import ZoneInfo
    >>> twice = datetime(2025, 11, 2, 1, 30, tzinfo=UnclearZone("US/Eastern", ZoneInfo("US/Eastern")))
    >>> [f"{moment:%H:%M}" for moment in moments_of(twice)]
    ['05:30', '06:30']
    """
    if when.utcoffset() is None:
        return ()
    if not isinstance(when.tzinfo, UnclearZone):
        return (when.astimezone(UTC),)
    wall = when.replace(tzinfo=None, fold=0)
    # What the clock really shows at the moment of a time that it never shows is another time.
    both = {when.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(
        sorted(moment for moment in both if moment.astimezone(when.tzinfo).replace(tzinfo=None, fold=0) == wall)
    )


def _moved(dt: datetime | None, zone: tzinfo) -> datetime | None:
    return None if dt is None else dt.replace(tzinfo=zone)
