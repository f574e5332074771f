"""What a stream has to say besides data: in band, in its place."""

from __future__ import annotations

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


InBand: TypeAlias = Notice | OddValue | Dropped | Reset
"""What may stand between the messages of a stream, beside data: a remark of TWS, values of the next message that could
not be read, items that are gone, an order to begin anew. ``isinstance(item, InBand)`` tells."""
