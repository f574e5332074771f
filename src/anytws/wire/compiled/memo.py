"""Values by what was read on the wire."""

from __future__ import annotations

from typing import Any, Final

from anytws.wire.compiled.bet import Read

REMEMBERED: Final = 2048
"""Values of one kind; of all kinds together the values that a process really sees are some thousands."""
LONGEST: Final = 64
"""Characters."""


class Memo(dict[Any, Any]):
    """Values by what was read on the wire; what is new is asked of the strict parser, and kept if it is small.

    Values are immutable, so one may stand in many messages. The peer chooses what is remembered, so there are bounds.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Read) -> None:
        self._read = read

    def __missing__(self, seen: Any) -> Any:
        value = self._read(seen)
        if len(self) >= REMEMBERED:
            self.clear()
        if not isinstance(seen, str) or len(seen) <= LONGEST:
            self[seen] = value
        return value
