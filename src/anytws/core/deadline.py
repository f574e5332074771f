"""How long the present step of a handshake may take. Time is an argument; there is no clock here."""

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
    STRANGER = auto()
    """After the deadline of the version: whatever gives away that it is no TWS."""
    ACCOUNTS = auto()
    """managedAccounts, after nextValidId; the session goes on without them."""


class Deadline:
    """The time as it was last told, the one deadline that runs, and when its step is worth a remark."""

    __slots__ = ("_at", "_remark_at", "_step", "began", "now")

    def __init__(self) -> None:
        # Before it is told the time, any time is later.
        self.now: float = -math.inf
        self.began: float = self.now
        """When the step began."""
        self._at: float | None = None
        self._remark_at: float | None = None
        self._step = Step.VERSION

    @property
    def wake_at(self) -> float | None:
        """When there is something to do; None if there is nothing."""
        if self._remark_at is None:
            return self._at
        return self._remark_at if self._at is None else min(self._at, self._remark_at)

    @property
    def left(self) -> float | None:
        """Seconds until the deadline; None if none runs."""
        return None if self._at is None else self._at - self.now

    def start(self, step: Step, seconds: float | None, remark_after: float | None = None) -> None:
        """Wait for *step*, *seconds* from now; None waits for ever. A deadline that ran before is forgotten.

        After *remark_after* seconds it is worth a remark, unless it is over by then; None: never.
        """
        self.began, self._step = self.now, step
        self._at = None if seconds is None else self.now + seconds
        self._remark_at = None
        if remark_after is not None and (seconds is None or remark_after < seconds):
            self._remark_at = self.now + remark_after

    def waits_for(self, step: Step) -> bool:
        """Tell whether a deadline for *step* runs."""
        return self._at is not None and self._step is step

    def shorten(self, step: Step, seconds: float) -> None:
        """Wait for *step* no longer than *seconds* from now."""
        soon = self.now + seconds
        self._at = soon if self._at is None else min(self._at, soon)
        self._step, self._remark_at = step, None

    def stop(self) -> None:
        """Wait for nothing."""
        self._at = self._remark_at = None

    def advance(self, now: float) -> Step | None:
        """Note the time, which never goes back; give the step whose deadline has passed, once."""
        self.now = max(self.now, now)
        if self._at is None or self.now < self._at:
            return None
        self.stop()
        return self._step

    def overlong(self) -> Step | None:
        """Give the step that has taken so long that it is worth a remark, once."""
        if self._remark_at is None or self.now < self._remark_at:
            return None
        self._remark_at = None
        return self._step
