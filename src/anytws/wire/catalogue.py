"""Every message there is, and how to find its entry."""

from __future__ import annotations

from typing import Final

from anytws.messages.base import Message, Side
from anytws.wire.rows import Entry
from anytws.wire.tables.session import SESSION

CATALOGUE: Final[tuple[Entry, ...]] = (*SESSION,)
"""All entries. A message that is not here does not exist."""

BY_CLASS: Final[dict[type[Message], Entry]] = {entry.cls: entry for entry in CATALOGUE}
"""The entry of a class."""

BY_ID: Final[dict[Side, dict[int, Entry]]] = {
    side: {entry.id: entry for entry in CATALOGUE if entry.said_by is side} for side in Side
}
"""The entries that one side says, by message id."""

if sum(map(len, BY_ID.values())) != len(CATALOGUE) or len(BY_CLASS) != len(CATALOGUE):
    raise TypeError("two entries of the catalogue share a class, or an id in one direction")


def entry_of(message: Message) -> Entry:
    """Give the entry of *message*. Raises `TypeError` for what is no message of the catalogue."""
    try:
        return BY_CLASS[type(message)]
    except KeyError:
        raise TypeError(f"{type(message).__name__} is not a message of the catalogue") from None
