"""What every client in Python tells of its session: a line of JSON for each step, on its standard output.

It stands alone: the environment that runs it has the client and nothing of ours.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Seen: TypeAlias = Any
"""What a step decoded, as JSON has it."""

PATIENCE = 10.0
"""Seconds after which a step has failed."""


class NotOfferedError(Exception):
    """The client has no way to ask this, or no way to know it."""


def tell(step: str, outcome: str, seen: Seen = None, why: str = "") -> None:
    """Tell how *step* went: ok, failed or not offered, what was *seen*, and *why* it failed."""
    line = json.dumps({"step": step, "outcome": outcome, "seen": seen, "why": why}, default=str)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def told(step: str, act: Callable[[], Seen]) -> None:
    """Do *step* and tell how it went."""
    try:
        tell(step, "ok", act())
    except NotOfferedError as problem:
        tell(step, "not offered", why=str(problem))
    except Exception as problem:
        traceback.print_exc(file=sys.stderr)
        tell(step, "failed", why=f"{type(problem).__name__}: {problem}")


async def told_async(step: str, act: Callable[[], Awaitable[Seen]]) -> None:
    """Do *step*, which waits, and tell how it went."""
    import asyncio

    try:
        tell(step, "ok", await asyncio.wait_for(act(), PATIENCE))
    except NotOfferedError as problem:
        tell(step, "not offered", why=str(problem))
    except Exception as problem:
        traceback.print_exc(file=sys.stderr)
        tell(step, "failed", why=f"{type(problem).__name__}: {problem}")
