"""Whether TWS still lives: any byte is life, and where none comes TWS is asked to say something.

There is no heartbeat in the protocol, and a TWS of which nothing is wanted may be silent for hours. So after some
seconds of silence it is asked for its clock, which costs it nothing; after as long again once more; and after as long
again the connection is over. A TWS that hangs, or a network that swallows all, is found out that way, and no other.

Sans-IO: `Liveness` is told the time and says what to do (`Act`).
"""

from __future__ import annotations

import math
from enum import Enum, unique
from typing import Final

from anytws.core.arguments import check_seconds

CLOCK_DISTANCE: Final = 5.0
"""Seconds between a request for the clock by somebody else and a probe: TWS ignores the second of two that are close
to each other, without a word."""
BETWEEN_PROBES: Final = 1.5
"""Seconds between two probes at least, for the same reason."""
LATE: Final = 1.0
"""Seconds by which whoever drives this may be late. Beyond it he was held up himself, and what TWS has said meanwhile
may wait to be read: then there is as much time once more."""
PROBES: Final = 2
"""How many times TWS is asked before the end."""


@unique
class Act(Enum):
    """What is to be done now."""

    NOTHING = "nothing"
    PROBE = "probe"
    """Ask TWS for its clock."""
    GIVE_UP = "give_up"
    """End the connection: TWS has answered no probe."""


class Liveness:
    """The silence of one TWS.

    From its last byte to the end three times *seconds* pass at the most, and `CLOCK_DISTANCE` more where somebody had
    asked for the clock just before. Raises `TypeError` and `ValueError` for what is no time to wait.
    """

    __slots__ = ("_asked", "_is_excused", "_quiet_since", "heard_at", "seconds", "wake_at")

    def __init__(self, seconds: float) -> None:
        check_seconds("liveness", seconds, example=30)
        if seconds == 0:
            raise ValueError("liveness is 0, and has to be above zero, such as 30; None never asks")
        self.seconds: Final = seconds
        self.wake_at: float | None = None
        """When `step` has something to do at the latest. It may turn out to be nothing."""
        self.heard_at: float | None = None
        """When a byte came, since this was last looked at. Whoever reads writes it: one assignment a read."""
        self._quiet_since = 0.0
        self._asked = 0
        """How many probes TWS has not answered."""
        self._is_excused = False

    def __repr__(self) -> str:
        return f"<Liveness of {self.seconds:g} s, {self._asked} probes unanswered>"

    def begin(self, now: float) -> None:
        """Look from *now* on. Before the session is ready, the handshake has deadlines of its own."""
        self._quiet_since = now
        self.wake_at = now + self.seconds

    def step(self, now: float, *, is_read: bool, clock_said_at: float | None, is_clock_asked: bool) -> Act:
        """Say what to do at the time *now*.

        *is_read* is whether TWS is being read: where it is not, its silence is ours. *clock_said_at* is when somebody
        asked for its clock last, *is_clock_asked* whether an answer to that is waited for.
        """
        if self.wake_at is None or now < self.wake_at:
            return Act.NOTHING
        if not is_read:
            self._quiet_since, self._asked = now, 0
            self.wake_at = now + self.seconds
            return Act.NOTHING
        if self.heard_at is not None:
            self._quiet_since, self.heard_at, self._asked = self.heard_at, None, 0
            self._is_excused = False
        due = self._quiet_since + self.seconds
        if self._asked == 0 and now < due:
            self.wake_at = due
            return Act.NOTHING
        if self._asked and not self._is_excused and now > self.wake_at + LATE:
            self._is_excused = True
            self.wake_at = now + LATE
            return Act.NOTHING
        return self._act(now, clock_said_at, is_clock_asked)

    def verdict(self, now: float) -> str:
        """Say what was seen at the end, *now*."""
        silence = round(now - self._quiet_since, 1)
        return (
            f"TWS has said nothing for {silence:g} s, and has not answered {PROBES} requests for its clock, "
            f"{self.seconds:g} s each (liveness)"
        )

    def _act(self, now: float, clock_said_at: float | None, is_clock_asked: bool) -> Act:
        if self._asked >= PROBES:
            self.wake_at = None
            return Act.GIVE_UP
        said_at = -math.inf if clock_said_at is None else clock_said_at
        # What somebody has asked since the last byte is a probe as good as ours: TWS owes an answer to it.
        is_counted = self._asked == 0 and (is_clock_asked or said_at > self._quiet_since)
        if self._asked == 0 and not is_counted and now < said_at + CLOCK_DISTANCE:
            self.wake_at = said_at + CLOCK_DISTANCE
            return Act.NOTHING
        self._asked += 1
        self._is_excused = False
        self.wake_at = now + max(self.seconds, BETWEEN_PROBES if self._asked < PROBES else 0.0)
        if is_counted:
            # The next one keeps its distance from that.
            self.wake_at = max(self.wake_at, said_at + CLOCK_DISTANCE)
            return Act.NOTHING
        return Act.PROBE
