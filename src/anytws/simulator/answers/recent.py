"""What a client has asked for of late, for limits by the second."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient
from anytws.simulator.client import Client, Stream

MOST_RECENT: Final = 1000
"""How many requests are remembered at the most; the oldest go first."""


class Recent(Stream):
    """The times of a client's last requests of one kind, in a place of its streams: it goes when the client goes.

    It is a stream that never says anything.
    """

    def __init__(self) -> None:
        self._asked: deque[tuple[float, int]] = deque(maxlen=MOST_RECENT)

    @classmethod
    def of(cls, client: Client, kind: str) -> Recent:
        """Give what *client* has asked for of *kind*."""
        found = client.streams.get((kind, 0))
        if not isinstance(found, cls):
            found = cls()
            client.streams[kind, 0] = found
        return found

    def is_full(self, now: float, *, most: int, seconds: float, what: int = 0) -> bool:
        """Tell whether *what* was asked for *most* times in *seconds*; if not, note that it is once more at *now*."""
        asked = self._asked
        while asked and now - asked[0][0] >= seconds:
            asked.popleft()
        if sum(1 for _, each in asked if each == what) >= most:
            return True
        asked.append((now, what))
        return False

    @property
    def wake_at(self) -> float:
        """Never."""
        return math.inf

    def wake(self) -> Iterable[ToClient]:
        """Give nothing."""
        return ()

    def skip(self, now: float) -> None:
        """Do nothing: there is nothing to pass over."""
