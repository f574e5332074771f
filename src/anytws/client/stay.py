"""A block that is entered and left by one task of its own, whoever wants it entered and left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Generic, TypeVar

import anyio
from anyio.abc import TaskStatus

from anytws.client.latch import Latch

_T = TypeVar("_T")


class Stay(Generic[_T]):
    """The task that enters a block, stays in it, and leaves it when it is told to: a block may not change its task."""

    def __init__(
        self,
        opening: Callable[[], AbstractAsyncContextManager[_T, Any]],
        *,
        is_shielded: bool = False,
    ) -> None:
        self._opening = opening
        self._is_shielded = is_shielded
        """Whether what cancels the block is heard of only when it is left."""
        self._leaving: anyio.Event | None = None
        self._failure: BaseException | None = None
        self.is_entered: bool = False
        """Whether somebody is in it."""
        self.outcome: BaseException | None = None
        """What has left the block; None: nothing, what it was left with included."""
        self.left: Final = Latch()
        """Set, for all threads, when it has been left."""

    async def live(self, *, task_status: TaskStatus[_T] = anyio.TASK_STATUS_IGNORED) -> _T:
        """Enter it, stay, and leave it; give what was inside."""
        assert self._leaving is None, "a block is entered once"
        self._leaving = anyio.Event()
        block = self._opening()
        inside = await block.__aenter__()
        self.is_entered = True
        task_status.started(inside)
        try:
            with anyio.CancelScope(shield=self._is_shielded):
                await self._leaving.wait()
        except BaseException as problem:
            await self._leave(block, problem)
            raise
        await self._leave(block, self._failure)
        return inside

    async def _leave(self, block: AbstractAsyncContextManager[_T, Any], failure: BaseException | None) -> None:
        kind, trace = (None, None) if failure is None else (type(failure), failure.__traceback__)
        try:
            if not await block.__aexit__(kind, failure, trace):
                self.outcome = failure
        except BaseException as problem:  # noqa: BLE001 (raised in the thread that has left it)
            self.outcome = problem
        finally:
            self.is_entered = False
            self.left.set()

    def let_go(self, failure: BaseException | None = None) -> None:
        """Have the block left, with *failure* if there was one. Once; called in the loop."""
        if self._leaving is not None and not self._leaving.is_set():
            self._failure = failure
            self._leaving.set()
