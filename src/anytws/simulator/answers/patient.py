"""A stream whose words are no samples: what a client that does not read cannot take now, it is told later."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Final

from anytws.simulator.client import Stream

RETRY_SECONDS: Final = 0.25
"""How long it waits for room."""


class PatientStream(Stream):
    """A stream that keeps what it has to say until it can be said."""

    def __init__(self) -> None:
        self._held_until = -math.inf

    @property
    @abstractmethod
    def due_at(self) -> float:
        """The time at which there is something to say; infinity: never, until `Streams.touch`."""

    @property
    def wake_at(self) -> float:
        """That time, or a little later where there was no room."""
        return max(self.due_at, self._held_until)

    def skip(self, now: float) -> None:
        """Keep it, and try again a little later."""
        self._held_until = now + RETRY_SECONDS
