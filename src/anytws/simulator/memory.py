"""What a world remembers for those who look, bounded in bytes: clients choose how much they say, and how large."""

from __future__ import annotations

from typing import Final, NamedTuple

from anytws.core.remembered import Remembered
from anytws.messages.base import ToTws
from anytws.simulator.link import Link
from anytws.simulator.settings import WorldSettings


class Heard(NamedTuple):
    """One request that a client made and TWS took."""

    link: Link
    message: ToTws
    now: float


class Memory:
    """The requests and the links of the past, together in half of `WorldSettings.memory_bytes`.

    The other half is for the links that are open, which have their shares themselves. A link that is over keeps what
    is remembered of it until newer ones need the room; then it forgets that, and the requests that were heard on it go.
    """

    def __init__(self, settings: WorldSettings) -> None:
        self._most_bytes = settings.memory_bytes // 4
        self.heard: Final[Remembered[Heard]] = Remembered(settings.memory, self._most_bytes)
        """Every request that was taken."""
        self.ended: Final[Remembered[Link]] = Remembered(settings.memory)
        """Links that are over."""
        # No less than they keep: who reads may take from them, and nobody tells it.
        self._held_bytes = 0
        self._forgotten = 0

    def note_end(self, link: Link) -> None:
        """Remember *link*, which is over, and forget those for which there is no room beside it."""
        while len(self.ended) >= self.ended.most:
            self._forget_oldest()
        self.ended.append(link)
        self._held_bytes += link.held_bytes
        if self._held_bytes > self._most_bytes:
            self._make_room()

    def _make_room(self) -> None:
        # To three quarters, so that the sum, which takes a millisecond, is not made again for the next link.
        self._held_bytes = sum([link.held_bytes for link in self.ended])
        while self._held_bytes > self._most_bytes * 3 // 4 and len(self.ended) > 1:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        link = self.ended.popleft()
        self._held_bytes -= link.held_bytes
        link.forget()
        self._forgotten += 1
        if self._forgotten > len(self.ended):
            # Not each time: all that was heard is gone through.
            self._forgotten = 0
            kept = [heard for heard in self.heard if not heard.link.is_forgotten]
            self.heard.clear()
            self.heard.extend(kept)
