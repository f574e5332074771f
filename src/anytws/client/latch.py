"""What one thread waits for and another one does, once: an event that an interrupt cannot break."""

from __future__ import annotations

from threading import Lock
from typing import Final

SLICE: Final = 0.2
"""Seconds after which a wait looks for Ctrl-C, and whether it is over. Mostly it is woken; on Windows Ctrl-C does not
wake it, nor where the system has told another thread, nor in the moment in which the wait begins.
"""


class Latch:
    """Set once, and for all.

    A `threading.Event` is no good here: Ctrl-C amid its wait can leave its lock in disorder, which is then raised in
    the thread that sets it.
    """

    __slots__ = ("_lock", "is_set")

    def __init__(self) -> None:
        self._lock = Lock()
        self._lock.acquire()
        self.is_set: bool = False
        """Whether it has been."""

    def set(self) -> None:
        """Let all go on that wait. For one thread, which may do it again."""
        if not self.is_set:
            self.is_set = True
            self._lock.release()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is set, or for so many *seconds*; tell whether it is."""
        slices = 0
        # Not by the lock alone: an interrupt may come in the moment in which it was had, and it is had once.
        while not self.is_set and not self._lock.acquire(timeout=SLICE):
            slices += 1
            if seconds is not None and slices * SLICE >= seconds:
                break
        return self.is_set
