"""How many messages a client may send in a second, and what TWS does about more of them."""

from __future__ import annotations

from collections import deque
from typing import Final

MOST_BREACHES: Final = 3
"""The breach of the limit that ends the connection (documented)."""

_SECOND: Final = 1.0


class MessageRate:
    """Counts the messages of one client. *most*: how many it may send in a second; 0: any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: Final[deque[float]] = deque(maxlen=max(most, 1))
        self.breaches: int = 0
        """How often it was too fast."""

    def opens_at(self, now: float) -> float:
        """Give when the next message may be taken: *now*, unless too many came in the second before."""
        if not self._most or len(self._times) < self._most:
            return now
        return max(now, self._times[0] + _SECOND)

    def note(self, now: float) -> bool:
        """Note a message at *now*; tell whether it is one too many. Then it does not count."""
        if self.opens_at(now) > now:
            self.breaches += 1
            return True
        if self._most:
            self._times.append(now)
        return False
