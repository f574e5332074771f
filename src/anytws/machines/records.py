"""What a stream has to say besides data: in band, in its place."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from anytws.core.events import Notice, OddValue
from anytws.messages.base import record
from anytws.messages.session import ErrorMessage


@record
class Dropped:
    """In the place of items that were dropped because the stream was full (``when_full="drop_oldest"``)."""

    count: int


@record
class Reset:
    """The book is to be emptied, both sides; its rows come anew after this (code 317)."""

    message: ErrorMessage
    """What TWS said."""


@record
class Gap:
    """From here on nothing comes, until `Resumed`: the connection is gone, or TWS has lost the data of the stream.

    What happened meanwhile the stream does not say by itself.
    """

    since: datetime
    """When the last byte of the old connection came, or TWS said that the data are lost: aware, UTC."""
    reason: str
    """Why, in words."""


@record
class Resumed:
    """The stream goes on: what comes after this is new."""

    gap: Gap
    """What is over."""
    until: datetime
    """When it was over, as what asks for the stream left this process, or TWS said so (1102): aware, UTC."""
    fetched: tuple[object, ...] = ()
    """What was missed and has been asked for since, the oldest first: bars, executions. Of what TWS keeps no record
    (quotes, ticks of a tape that nobody asked for, books) there is nothing to fetch."""
    not_fetched: str = ""
    """What could not be fetched, and why, in words; empty: nothing is known to be missing that can be asked for."""


InBand: TypeAlias = Notice | OddValue | Dropped | Reset | Gap | Resumed
"""What may stand between the messages of a stream, beside data: a remark of TWS, values of the next message that could
not be read, items that are gone, an order to begin anew, and under ``keep_connected`` the begin and the end of a gap.
``isinstance(item, InBand)`` tells."""
