"""How fast the time of a world runs, against that of the event loop that runs it."""

from __future__ import annotations

import math
from typing import Final


class Pace:
    """A world whose time runs *speed* times as fast as that of the event loop, from *begin* on.

    At *begin* both are the same. Raises `ValueError` for a speed that is not above 0.
    """

    def __init__(self, speed: float = 1.0, begin: float = 0.0) -> None:
        if not 0 < speed < math.inf:
            raise ValueError(f"speed is {speed!r}, and has to be a number above 0")
        self.speed: Final = speed
        """Seconds of the world for each second of the loop."""
        self.begin: Final = begin
        """The time at which both are the same."""

    def world_time(self, time: float) -> float:
        """Give the time of the world when it is *time* in the loop."""
        return time if self.speed == 1.0 else self.begin + (time - self.begin) * self.speed

    def deadline(self, world_time: float | None) -> float:
        """Give the time of the loop at which it is *world_time* in the world, or a hair later; None: never."""
        if world_time is None:
            return math.inf
        if self.speed == 1.0 or world_time == math.inf:
            return world_time
        time = self.begin + (world_time - self.begin) / self.speed
        # Too early by a bit that got lost, and whoever waits would wake up and find nothing to do, for ever.
        while self.world_time(time) < world_time:
            time = math.nextafter(time, math.inf)
        return time


REAL_TIME: Final = Pace()
"""One second in a second."""
