"""How many messages may leave now, so that TWS never gets more in a second than it takes.

A log of when the last ones left, and no bucket of tokens: a bucket that is full gives its tokens at once and new ones
in the same second, which is twice as many as TWS takes. Nor even steps: a burst that is allowed need not wait.
"""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW: Final = 1.1
"""Seconds that a place is taken for. TWS counts when it reads, and what leaves a second apart may be read in less: with
a tenth more it is 45 a second that arrive for long, which is what others found to be safe."""
RESERVED: Final = 10
"""One place of so many is kept for what is urgent."""


class MessageRate:
    """At most *most* messages in `WINDOW` seconds, of which some are for urgent ones alone."""

    __slots__ = ("_bulk", "_times", "most")

    def __init__(self, most: int) -> None:
        self.most: Final = most
        # A single place cannot be shared.
        self._bulk = most - max(1, most // RESERVED) if most > 1 else most
        self._times: deque[float] = deque(maxlen=most)

    def room(self, now: float) -> tuple[int, int]:
        """Give how many messages may leave at *now*, and how many of them may be bulk."""
        times = self._times
        while times and times[0] + WINDOW <= now:
            times.popleft()
        used = len(times)
        return self.most - used, self._bulk - used

    def note(self, now: float) -> None:
        """Note that one has left."""
        self._times.append(now)

    def opens_at(self, now: float, *, urgent: bool) -> float:
        """Give when the next one may leave: *now*, or later."""
        all_room, bulk_room = self.room(now)
        if (all_room if urgent else bulk_room) > 0:
            return now
        most = self.most if urgent else self._bulk
        return self._times[len(self._times) - most] + WINDOW
