"""The kinds of streams about accounts, under which they are in `Client.streams`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from anytws.simulator.complaints import not_done

if TYPE_CHECKING:
    from anytws.messages.base import ToTws
    from anytws.messages.session import ErrorMessage
    from anytws.simulator.client import Client

ACCOUNT_DATA: Final = "account data"
ACCOUNT_SUMMARY: Final = "account summary"
ACCOUNT_UPDATES: Final = "account updates"
POSITIONS: Final = "positions"
POSITIONS_MULTI: Final = "positions of one"
PNL: Final = "profit and loss"
PNL_SINGLE: Final = "profit and loss of one"

ACCOUNT_KINDS: Final = (ACCOUNT_DATA, ACCOUNT_SUMMARY, ACCOUNT_UPDATES, POSITIONS, POSITIONS_MULTI, PNL, PNL_SINGLE)
"""All that may have something to say after a booking: the world touches them then."""

THREE_MINUTES: Final = 180.0
"""Seconds from one batch of changed values to the next (documented)."""

MOST_OPEN: Final = 1_000
"""How many streams of each kind a client may have open (chosen: the vendor names no limit of theirs)."""


def no_place(client: Client, kind: str, request: ToTws, request_id: int) -> ErrorMessage | None:
    """Give why *request* cannot open a stream of *kind*: its id is open, or too many are; None: it can."""
    if (kind, request_id) in client.streams:
        return not_done(client.world, request, "Duplicate ticker id")
    if client.count(kind) >= MOST_OPEN:
        return not_done(client.world, request, "Maximum number of requests exceeded")
    return None
