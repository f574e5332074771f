"""Waiting for a client id: TWS keeps that of a client which has vanished for a while, and refuses the next with 326."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import anyio

from anytws.runtime.connect_errors import ClientIdInUse

_T = TypeVar("_T")

FIRST_PAUSE: Final = 0.5
"""Seconds before the second attempt. Each pause is twice the one before, since attempts that come quickly are borne
badly (reported), up to `LONGEST_PAUSE`. Both are chosen.
"""
LONGEST_PAUSE: Final = 5.0


async def within(seconds: float, attempt: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Do *attempt*, and again while it raises `ClientIdInUse`: the last time when so many *seconds* are over.

    Raises what the last attempt raises, with a note of how many there were, and at once whatever else is raised.
    """
    deadline = anyio.current_time() + seconds
    pause, attempts = FIRST_PAUSE, 1
    while True:
        try:
            return await attempt()
        except ClientIdInUse as refusal:
            left = deadline - anyio.current_time()
            if left <= 0:
                if attempts > 1:
                    refusal.add_note(f"the last of {attempts} attempts in {seconds:g} s (id_wait)")
                raise
        # A deadline that float arithmetic misses by a hair would be one more attempt at once.
        await anyio.sleep(left if left < 1.5 * pause else pause)
        pause, attempts = min(2 * pause, LONGEST_PAUSE), attempts + 1
