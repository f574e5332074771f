"""Runs the async part of a verb, and makes Ctrl-C an orderly end of it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Literal, TypeAlias

import anyio

from anytws.cli import INTERRUPTED

Backend: TypeAlias = Literal["trio", "asyncio"]
"""The event loops to choose from."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def run_interruptible(
    function: Callable[[], Awaitable[int]], *, backend: Backend = "trio", when_interrupted: int = INTERRUPTED
) -> int:
    """Run *function* to its exit code. Ctrl-C or SIGTERM cancels it, and then the exit code is *when_interrupted*.

    It is cancelled as by any cancel scope: every ``finally`` runs, sockets are closed, nothing is left. Python's own
    way, a `KeyboardInterrupt` out of whatever line happens to run, bare or in a group, promises none of that.
    """
    return anyio.run(_supervise, function, when_interrupted, backend=backend)


async def _supervise(function: Callable[[], Awaitable[int]], when_interrupted: int) -> int:
    with contextlib.ExitStack() as stack:
        try:
            # Also where SIGINT is ignored, as in the background of a script: a TWS that was started there for the
            # script's sake is to end with it.
            signals = stack.enter_context(anyio.open_signal_receiver(*_SIGNALS))
        except NotImplementedError:
            # asyncio on Windows.
            return await function()
        code = when_interrupted
        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_on_signal, signals, tasks.cancel_scope)
            try:
                code = await function()
            except Exception as problem:  # noqa: BLE001  # carried out of the task group, which would wrap it
                failure = problem
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return code


async def _cancel_on_signal(signals: AsyncIterator[signal.Signals], scope: anyio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
