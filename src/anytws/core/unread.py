"""What need not be read: late data of what is over, and ticks that are old when they come."""

from __future__ import annotations

from functools import cache
from typing import Final

from anytws.core.endpoint import Endpoint
from anytws.core.overtaken import borders_at, tick_fronts_at
from anytws.core.state import State
from anytws.messages.base import Message, Side
from anytws.messages.session import ErrorMessage, ManagedAccounts, NextValidId, StartApiRequest
from anytws.wire.catalogue import entry_for
from anytws.wire.routing import Front, fronts_of

STARTING: Final = frozenset({NextValidId, ManagedAccounts, StartApiRequest})
"""The kinds of message that a session starts with."""
MEANINGFUL: Final = STARTING | {ErrorMessage}
"""The kinds of message that mean something to the core. All others are data."""


class Unread(Endpoint):
    """The part of a `anytws.core.Connection` that says what of the peer's data is passed over, and counts it."""

    # --- what is passed over unread ------------------------------------------------------------------------------

    def cut_off(self, request_id: int, kinds: tuple[type[Message], ...]) -> bool:
        """Pass over from now on, unread, what comes under *request_id* of *kinds*; tell whether that is all of it.

        It is in READY, if a body of each kind says in front whose it is (`anytws.wire.routing.front_of`), and the id is
        as long as those that are cut off already. Nothing is told of what is cut off, even where it could not have
        been read: it is counted (`take_cut_off`). Of `anytws.core.cut_off.MOST_PREFIXES` beginnings the oldest give
        way, and what they were for is read again. Raises `TypeError` for what is no data of the peer.
        """
        if self._codec is None or self.state is not State.READY:
            return False
        fronts = _fronts_of(kinds, self._peer, self._codec.version)
        return self._cut_off.add(request_id, fronts) and {front.cls for front in fronts} >= {*kinds}

    def take_again(self, request_id: int, kinds: tuple[type[Message], ...]) -> None:
        """Read again what comes under *request_id* of *kinds*. Raises as `cut_off` does."""
        if self._codec is not None:
            self._cut_off.discard(request_id, _fronts_of(kinds, self._peer, self._codec.version))

    def take_all_again(self) -> None:
        """Read everything again. In a new state that happens by itself."""
        self._cut_off.clear()

    def take_cut_off(self) -> dict[type[Message], int]:
        """Give, once, how many messages were cut off, by kind."""
        return self._cut_off.take_counts()

    # --- what is passed over because it is old already -----------------------------------------------------------

    def newest_alone(self, request_id: int) -> None:
        """Pass over from now on, unread, each tick of *request_id* that is overtaken in the same read.

        Nothing is told of it, even where it could not have been read (``core/overtaken``).
        """
        if self._codec is not None and self._side is Side.CLIENT:
            version = self._codec.version
            self._overtaken.borders = borders_at(version)
            self._overtaken.add(request_id, tick_fronts_at(version))

    def each_again(self, request_id: int) -> None:
        """Read each tick of *request_id* again."""
        if self._codec is not None:
            self._overtaken.discard(request_id, tick_fronts_at(self._codec.version))

    @property
    def reads_all(self) -> bool:
        """Whether no tick is passed over because it is overtaken, whatever `newest_alone` was told."""
        return self._overtaken.is_paused

    @reads_all.setter
    def reads_all(self, choice: bool) -> None:
        self._overtaken.is_paused = choice

    @property
    def overtaken(self) -> int:
        """How many ticks were passed over because they were overtaken."""
        return self._overtaken.count


@cache
def _fronts_of(kinds: tuple[type[Message], ...], peer: Side, version: int) -> tuple[Front, ...]:
    entries = [entry_for(kind) for kind in kinds]
    for entry in entries:
        if entry.said_by is not peer or entry.cls in MEANINGFUL:
            raise TypeError(f"{entry.name} is no data of the {peer.name} side, and is never cut off")
    return tuple([front for entry in entries for front in fronts_of(entry, version)])
