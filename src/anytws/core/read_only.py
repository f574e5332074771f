"""What a connection that only reads does not say: whatever changes something at TWS, or may.

It is asked of the row of the message, of its fields and of the client's id, and never of a list of names: a message
that comes into the catalogue tomorrow is judged by its own row.
"""

from __future__ import annotations

import attrs

from anytws.errors import ReadOnly
from anytws.messages.base import Message
from anytws.messages.session import StartApiRequest
from anytws.wire.catalogue import entry_of
from anytws.wire.conversation import ConversationRow

_CHANGES = "it changes something at TWS"
_REGULATORY = "regulatory_snapshot"


@attrs.frozen
class Change:
    """Why a message is not for who only reads."""

    why: str
    """In words."""
    field: str | None = None
    """The field of the message that decides, if one does."""


def change_by(message: Message, client_id: int) -> Change | None:
    """Give what *message* of client *client_id* changes at TWS; None: nothing.

    Raises `TypeError` for what is no message. What TWS says changes nothing there.
    """
    entry = entry_of(message)
    row = entry.conversation
    if row is None or isinstance(message, StartApiRequest):
        # To open the session is no change: without it there is nothing to read.
        return None
    if row.forbidden:
        return Change(f"what it does there is not known: {row.forbidden}")
    if row.changes_state_as_client_0 and client_id == 0:
        return Change("as client 0 it takes over the orders that were entered by hand: use another client id")
    return _change_by_fields(row, message, entry.changes_state if row.changes_state is None else row.changes_state)


def _change_by_fields(row: ConversationRow, message: Message, usual: bool) -> Change | None:
    """Give what *message* changes by how it is used; *usual* is whether any way that is not named changes something."""
    for variant in row.variants:
        if variant.holds(message):
            changes = usual if variant.changes_state is None else variant.changes_state
            costs = variant.field == _REGULATORY
            return Change("each one costs money" if costs else _CHANGES, variant.field) if changes else None
    harmless = next((variant for variant in row.variants if variant.changes_state is False), None)
    if usual and harmless is not None:
        return Change(f"{_CHANGES} unless it is said with {harmless.when}", harmless.field)
    return Change(_CHANGES) if usual else None


def refuse_change(message: Message, client_id: int) -> None:
    """Raise `ReadOnly` if *message* of client *client_id* changes something at TWS, or may."""
    change = change_by(message, client_id)
    if change is not None:
        raise ReadOnly(type(message).__name__, change.why, change.field)
