"""Zones as TWS writes them: in words, which this machine may or may not know."""

from __future__ import annotations

from datetime import date as _date
from datetime import datetime, timedelta, tzinfo
from typing import Final, TypeAlias

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
        return isinstance(other, NamedZone) and (self.name, str(self.zone)) == (other.name, str(other.zone))

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"NamedZone({self.name!r}, {self.zone!r})"

    def __reduce__(self) -> tuple[type[NamedZone], tuple[str, tzinfo | None]]:
        return NamedZone, (self.name, self.zone)


def _moved(dt: datetime | None, zone: tzinfo) -> datetime | None:
    return None if dt is None else dt.replace(tzinfo=zone)
