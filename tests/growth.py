"""How the time that something takes grows with its input: the one kind of timed assertion that the suite has.

Ratios of processor time within one test, with room for a busy machine: what grows with the square of its input is
sixteen times slower where it may be four times slower, and three times as much is allowed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SMALL = 1_000
"""Of the three inputs the least, in characters or items; the others are four and sixteen times as large."""
_UNSUSPICIOUS = 0.004
"""Seconds. What takes no longer for the largest input has not grown with the square of 16,000."""
_LEAST = 0.0002
"""Seconds that are too few to be measured."""
_ALLOWED = 3.0
_TRIES = 4


def spent(run: Callable[[int], object], size: int) -> float:
    """Give the processor time that *run* takes for an input of *size*."""
    began = time.process_time()
    run(size)
    return time.process_time() - began


def growth(run: Callable[[int], object], small: int = SMALL) -> float:
    """Give how many times more than in proportion *run* takes for four times the input, at the worst."""
    times = [max(_LEAST, min(spent(run, small * factor) for _ in range(2))) for factor in (1, 4, 16)]
    return max(times[1] / times[0], times[2] / times[1]) / 4


def assert_linear(run: Callable[[int], object], what: object, small: int = SMALL) -> None:
    """Fail if *run*, given an input size, takes more than three times as long as in proportion to it."""
    if spent(run, 16 * small) < _UNSUSPICIOUS:
        return
    found = [growth(run, small)]
    # A busy machine can slow down one of the three; it does not slow down the same one each time.
    while found[-1] > _ALLOWED and len(found) < _TRIES:
        found.append(growth(run, small))
    assert min(found) <= _ALLOWED, (
        f"{what} takes {min(found):.1f} times more than four times as long for four times as much"
    )
