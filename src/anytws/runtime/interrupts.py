"""Ctrl-C while our own code runs: it waits until the program's own code goes on, and is raised there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

_P = ParamSpec("_P")
_R = TypeVar("_R")


def uninterrupted(work: Callable[_P, Coroutine[Any, Any, _R]]) -> Callable[_P, Coroutine[Any, Any, _R]]:
    """Give *work* such that trio raises no `KeyboardInterrupt` inside of it, but in the main task where that waits.

    On trio a signal is raised wherever Python happens to be: between two lines of an exit that then closes nothing, or
    in a task of ours, out of which it comes as a group. asyncio cancels its main task instead, and needs nothing.
    """
    # Not imported: who runs on trio has done so, and who does not may not have it.
    trio = sys.modules.get("trio")
    if trio is None:
        return work
    return cast("Callable[_P, Coroutine[Any, Any, _R]]", trio.lowlevel.enable_ki_protection(work))
