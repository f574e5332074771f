"""What is to be done later: a heap of deadlines. Time is an argument; there is no clock here."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any, Final, TypeAlias

Act: TypeAlias = Callable[[Any, float], None]
"""What is done to a subject when it is time."""

_STALE: Final = 1000
"""Entries of what is over that may be kept, besides one for everything that is open."""


class Timers:
    """Deadlines in their order.

    Nobody takes an entry out when it is no longer needed: that would cost more than to find nothing to do. The entries
    of what is over are swept out when they are many.
    """

    def __init__(self, is_open: Callable[[Any], bool]) -> None:
        self._is_open = is_open
        """Tells of a subject whether anything can still be due to it."""
        self._heap: list[tuple[float, int, Act, Any]] = []
        self._order = count()
        self._sweep_at = _STALE

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def wake_at(self) -> float | None:
        """When there is something to do at the latest; None if there is not. It may turn out to be nothing."""
        return self._heap[0][0] if self._heap else None

    def start(self, at: float, act: Act, subject: Any) -> None:
        """Have *act* called with *subject* at the time *at*."""
        if len(self._heap) >= self._sweep_at:
            self._heap = [entry for entry in self._heap if self._is_open(entry[3])]
            heapq.heapify(self._heap)
            self._sweep_at = 2 * len(self._heap) + _STALE
        heapq.heappush(self._heap, (at, next(self._order), act, subject))

    def run(self, now: float) -> None:
        """Do what is due."""
        while self._heap and self._heap[0][0] <= now:
            _, _, act, subject = heapq.heappop(self._heap)
            act(subject, now)

    def clear(self) -> None:
        """Forget all."""
        self._heap.clear()
