"""Runs the client's own coroutines of reconciliation without an event loop: whoever drives a day says what they get.

`Orders.reconcile` and `Orders.resolve` ask, sleep, and wait for news of an order. Here each of these is handed to the
driver of the day, so that it is the code which programs use that is tried, and not a copy of it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

import attrs

from anytws.client import order_search, reconciling
from anytws.machines.order import OrderLife
from anytws.messages.base import Asks


@attrs.frozen
class Ask:
    """It waits for the answer to a question."""

    request: Asks[Any]
    timeout: float | None


@attrs.frozen
class Sleep:
    """It waits for a time."""

    until: float


@attrs.frozen
class News:
    """It waits for news of an order."""

    life: OrderLife


@types.coroutine
def hand_over(what: Ask | Sleep | News) -> Generator[Ask | Sleep | News, Any, Any]:
    """Have the driver of the day do *what*, and give what it gives."""
    return (yield what)


class _Left(BaseException):
    """A scope's time is over."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope


class Scope:
    """What stands for ``anyio.move_on_after``."""

    def __init__(self, until: float) -> None:
        self.until: float = until

    def __enter__(self) -> Self:
        _Running.scopes.append(self)
        return self

    def __exit__(self, _: object, problem: BaseException | None, __: object) -> bool:
        _Running.scopes.remove(self)
        return isinstance(problem, _Left) and problem.scope is self


class _Running:
    """Which coroutine runs now."""

    scopes: list[Scope]
    now: Callable[[], float]


class _Lock:
    """What stands for ``anyio.Lock``: no two reconciliations are begun at once on these days."""

    def acquire_nowait(self) -> None:
        return

    def release(self) -> None:
        return

    def statistics(self) -> Any:
        return types.SimpleNamespace(tasks_waiting=0)


def _now() -> float:
    return _Running.now()


async def _sleep(seconds: float) -> None:
    await hand_over(Sleep(_Running.now() + seconds))


async def _checkpoint() -> None:
    return


_STANDS_FOR_ANYIO: Final = types.SimpleNamespace(
    Lock=_Lock,
    current_time=_now,
    lowlevel=types.SimpleNamespace(checkpoint=_checkpoint),
    move_on_after=lambda seconds: Scope(_Running.now() + seconds),
    sleep=_sleep,
)


@contextmanager
def without_a_loop() -> Iterator[None]:
    """Have the client's reconciliation run without an event loop."""
    modules: tuple[Any, ...] = (reconciling, order_search)
    kept = [module.anyio for module in modules]
    for module in modules:
        module.anyio = _STANDS_FOR_ANYIO
    try:
        yield
    finally:
        for module, anyio in zip(modules, kept, strict=True):
            module.anyio = anyio


class Task:
    """One coroutine. After each step it is over, or waits for something."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], now: Callable[[], float]) -> None:
        self.result: Any = None
        self.failure: Exception | None = None
        self.is_over: bool = False
        self.waits_for: Ask | Sleep | News | None = None
        self._coroutine = coroutine
        self._now = now
        self._scopes: list[Scope] = []
        self.send(None)

    @property
    def wake_at(self) -> float | None:
        """When it is to be looked at again at the latest."""
        times = [scope.until for scope in self._scopes]
        if isinstance(self.waits_for, Sleep):
            times.append(self.waits_for.until)
        return min(times, default=None)

    def send(self, value: object) -> None:
        """Have it go on with what it has waited for."""
        self._step(lambda: self._coroutine.send(value))

    def throw(self, problem: BaseException) -> None:
        """Have it go on with a failure."""
        self._step(lambda: self._coroutine.throw(problem))

    def wake(self) -> bool:
        """Have it go on if its time has come; tell whether it did."""
        now = self._now()
        scope = next((scope for scope in self._scopes if scope.until <= now), None)
        if scope is not None:
            self.throw(_Left(scope))
        elif isinstance(self.waits_for, Sleep) and self.waits_for.until <= now:
            self.send(None)
        else:
            return False
        return True

    def drop(self) -> None:
        """End it, as the end of its process does."""
        self.is_over = True
        _Running.scopes, _Running.now = self._scopes, self._now
        self._coroutine.close()

    def _step(self, go_on: Callable[[], Any]) -> None:
        _Running.scopes, _Running.now = self._scopes, self._now
        try:
            self.waits_for = go_on()
        except StopIteration as end:
            self.result, self.is_over, self.waits_for = end.value, True, None
        except Exception as problem:
            self.failure, self.is_over, self.waits_for = problem, True, None
