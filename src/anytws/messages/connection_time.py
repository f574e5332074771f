"""The clock of the machine that TWS runs on, as its handshake reply gives it."""

from __future__ import annotations

from datetime import datetime

import attrs


@attrs.frozen
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
