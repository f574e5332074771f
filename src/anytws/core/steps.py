"""The deadline of the step that a handshake is in. Time is an argument; there is no clock here."""

from __future__ import annotations

import math
from enum import Enum, auto, unique


@unique
class Step(Enum):
    """What is being waited for."""

    VERSION = auto()
    """The version reply, or on the TWS side the greeting."""
    START = auto()
    """nextValidId, or on the TWS side START_API."""
    ACCOUNTS = auto()
    """managedAccounts, after nextValidId; the session goes on without them."""


class StepClock:
    """The time as it was last told, and the one deadline that runs."""

    __slots__ = ("_at", "_step", "now")

    def __init__(self) -> None:
        # Before it is told the time, any time is later.
        self.now: float = -math.inf
        self._at: float | None = None
        self._step = Step.VERSION

    @property
    def wake_at(self) -> float | None:
        """When the deadline is; None if none runs."""
        return self._at

    def start(self, step: Step, seconds: float | None) -> None:
        """Wait for *step*, *seconds* from now; None waits for ever. A deadline that ran before is forgotten."""
        self._at = None if seconds is None else self.now + seconds
        self._step = step

    def waits_for(self, step: Step) -> bool:
        """Tell whether a deadline for *step* runs."""
        return self._at is not None and self._step is step

    def shorten(self, step: Step, seconds: float) -> None:
        """Wait for *step* no longer than *seconds* from now."""
        soon = self.now + seconds
        self._at = soon if self._at is None else min(self._at, soon)
        self._step = step

    def stop(self) -> None:
        """Wait for nothing."""
        self._at = None

    def advance(self, now: float) -> Step | None:
        """Note the time, which never goes back; give the step whose deadline has passed, once."""
        self.now = max(self.now, now)
        if self._at is None or self.now < self._at:
            return None
        self._at = None
        return self._step
