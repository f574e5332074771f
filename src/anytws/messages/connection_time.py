"""The clock of the machine that TWS runs on, as its handshake reply gives it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from anytws.messages.base import record


@record
class ConnectionTime:
    """When TWS says that the connection was made, as far as that can be read.

    TWS names its time zone in free text. What cannot be read is None, and never an error: no connection fails on it.
    """

    raw: bytes
    """What TWS sent."""
    text: str
    """The same, decoded as UTF-8; a byte that cannot be decoded shows as ``\\xd6``."""
    zone: str
    """What follows the time in ``text``: the zone's name, in any language, perhaps empty. Empty too without a time."""
    local: datetime | None
    """The wall clock of that machine, to the second: a naive datetime. None where TWS sent no date and time."""
    aware: datetime | None
    """The same moment with its offset from UTC. None unless the zone's name leaves exactly one offset possible."""


@record
class SessionOffset:
    """How far the clock of the machine that TWS runs on is from UTC, as `session_offset` has found it."""

    offset: timedelta
    """What that clock shows, less UTC: -5 hours in New York in winter. It is that of the moment of the connection."""
    doubt: timedelta | None
    """How far the two clocks were from a whole quarter of an hour; None where the name of the zone alone tells.

    A second or two is the time that the answers took. More is a clock that is wrong, or a time that was measured badly.
    """


_QUARTER: Final = timedelta(minutes=15)
# Half of a quarter of an hour leads to the next offset. No clock of a machine that trades is wrong by more than this.
_MOST_DOUBT: Final = timedelta(minutes=3)
_FURTHEST: Final = timedelta(hours=14)


def session_offset(told: ConnectionTime, utc: datetime, elapsed: timedelta = timedelta(0)) -> SessionOffset | None:
    """Find the offset of TWS's wall clock from UTC, also where the name of its zone does not tell.

    *told* is the time of the connection, *utc* what TWS answered to a `CurrentTimeRequest`, and *elapsed* how long
    after the connection that was (some seconds more or less make no difference). Every offset in use is a whole number
    of quarters of an hour, so the difference of the two clocks, rounded, is the offset.

    None where *told* has no time, or where the difference is more than three minutes away from any offset and the name
    of the zone does not tell either. Where name and difference contradict each other the difference is right: two zones
    may have one name, but a clock shows what it shows. Raises `ValueError` if *utc* has no offset of its own.

    >>> from datetime import UTC
    >>> told = ConnectionTime(b"", "", "Central Standard Time", datetime(2026, 7, 6, 10, 0, 0), None)
    >>> found = session_offset(told, datetime(2026, 7, 6, 15, 0, 2, tzinfo=UTC), elapsed=timedelta(seconds=1.5))
    >>> found.offset / timedelta(hours=1), found.doubt.total_seconds()
    (-5.0, 0.5)
    """
    offset_of_utc = utc.utcoffset()
    if offset_of_utc is None:
        raise ValueError(f"{utc!r} has no offset from UTC: take the time of a CurrentTime, which has one")
    if told.local is None:
        return None
    difference = told.local - (utc - offset_of_utc - elapsed).replace(tzinfo=None)
    offset = round(difference / _QUARTER) * _QUARTER
    doubt = abs(difference - offset)
    if doubt <= _MOST_DOUBT and abs(offset) <= _FURTHEST:
        return SessionOffset(offset, doubt)
    by_name = None if told.aware is None else told.aware.utcoffset()
    return None if by_name is None else SessionOffset(by_name, None)
