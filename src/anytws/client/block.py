"""The block that a program writes: what lives in it, and who leaves it when that ends."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any, Final, NoReturn, Protocol

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from anytws.client import later
from anytws.client.door import Door
from anytws.client.reaching import note
from anytws.client.tws import Tws
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.errors import WrongTask, in_a_sentence
from anytws.runtime.interrupts import uninterrupted
from anytws.runtime.pump import Pump, Work, is_cancellation
from anytws.wire import loading

GOODBYE: Final = 1.0
"""Seconds that what was sent last has to leave, and that a reader of events has to take the last of them."""
_TURNS_TO_TELL: Final = 8
"""Turns of the event loop that whoever waits for TWS has to run to its next wait, before the block is cancelled."""
_FORGOTTEN: Final = "{0}() gives no connection but a block: write `async with anytws.{0}(...) as tws:`"


class Life(Protocol):
    """What lives in a block: one connection, or many, one after the other."""

    @property
    def tws(self) -> Tws:
        """What the program holds."""
        ...

    @property
    def end(self) -> ConnectionClosed | None:
        """How all has ended; None while it has not."""
        ...

    @property
    def bug(self) -> BaseException | None:
        """What has ended it and should never have happened: the byte stream raised what none should raise."""
        ...

    def start(self, tasks: TaskGroup, tell: Work) -> None:
        """Have *tasks* do the work, and *tell* with it."""
        ...

    async def until_end(self) -> None:
        """Wait until all has ended."""
        ...

    async def drained(self) -> None:
        """Wait until everybody who reads a stream has come to its end."""
        ...

    async def say_goodbye(self) -> None:
        """Send what was said last, or find that it cannot be; a second at most."""
        ...

    def stop(self) -> None:
        """End all work, from whichever task."""
        ...

    async def until_over(self) -> None:
        """Wait until all work is done and nothing is open."""
        ...

    async def close(self) -> None:
        """Close what is still open. Nothing may be at work."""
        ...


class OneConnection:
    """The life of one connection: its end is the end of all."""

    def __init__(self, pump: Pump, intake: Door) -> None:
        self._pump = pump
        self._intake = intake
        connection = pump.connection
        if intake.guards:
            intake.begin(pump.session.orders, connection.client_id or 0, connection.accounts)
        self.tws: Tws = Tws(pump, intake)
        """What the program holds."""

    @property
    def end(self) -> ConnectionClosed | None:
        """How it ended; None while it has not."""
        return self._pump.connection.closed

    @property
    def bug(self) -> BaseException | None:
        """What the byte stream raised and should not have."""
        return self._pump.bug

    def start(self, tasks: TaskGroup, tell: Work) -> None:
        """Have *tasks* do the work of the connection, and *tell* with it."""
        self._pump.start(tasks, tell, *works_beside(self._pump))

    async def until_end(self) -> None:
        """Wait until it has ended."""
        await self._pump.until_closed()

    async def drained(self) -> None:
        """Wait until everybody who reads a stream has come to its end."""
        await self._pump.drained()

    async def say_goodbye(self) -> None:
        """Send what was said last, or find that it cannot be; a second at most."""
        await say_goodbye(self._pump)

    def stop(self) -> None:
        """Hang up and end all work, from whichever task."""
        self._pump.stop()

    async def until_over(self) -> None:
        """Wait until all work is done and the byte stream is closed."""
        await self._pump.over.wait()

    async def close(self) -> None:
        """Close the byte stream, if it is still open, and the journal."""
        try:
            if not self._pump.over.is_set():
                await self._pump.close()
        finally:
            self._intake.close()


def works_beside(pump: Pump) -> tuple[Work, ...]:
    """Give what is to be done beside the work of *pump*, which is ready: what need not be loaded before."""
    version = pump.connection.server_version or 0
    said = loading.urgent()
    if loading.is_through(version) and not said and later.has_orders(placed=False):
        return ()
    first, last = loading.after_start(version), pump.connection.compile_writers(said)
    return (partial(pump.go_through, chain(first, later.orders(placed=bool(said)), last)),)


async def say_goodbye(pump: Pump) -> None:
    """Send what was said last, or find that it cannot be; a second at most."""
    if pump.connection.closed is None:
        with anyio.move_on_after(GOODBYE) as patience:
            await pump.flush()
        if patience.cancelled_caught:
            kept_back = pump.session.outbox.kept_back
            paced = f": {kept_back} messages had to wait for their turn (pacing=)" if kept_back else ""
            pump.give_up(f"what was sent last could not be sent within {GOODBYE:g} s{paced}")


class Block(AbstractAsyncContextManager[Tws]):
    """The block of one life: from where *opening* has begun it to where nothing is left of it.

    A class and no generator, so that a block that is left in another task is noticed before any scope is touched.
    """

    def __init__(self, opening: Callable[[], Coroutine[Any, Any, Life]], address: str, name: str) -> None:
        self._opening = opening
        self._address = address
        self._name = name
        """That of the function that gives it."""
        self._is_used = False
        self._is_left = False
        self._ended_before: ConnectionClosed | None = None
        """How all had ended before the block was left. What ends it while it is left is no news."""
        self._goodbye: anyio.CancelScope | None = None
        # A trio that marks the code itself minds it from the first instruction on. Else a signal between there and
        # `_leave` leaves the block open, which 3 of 1,000 did; with an older trio they still do.
        uninterrupted(Block.__aenter__)
        uninterrupted(Block.__aexit__)

    def __repr__(self) -> str:
        entered = "entered" if self._is_used else "not entered"
        return f"<{self._name}() to {in_a_sentence(self._address, 200)}, {entered}>"

    def __await__(self) -> NoReturn:
        self._is_used = True
        raise TypeError(_FORGOTTEN.format(self._name))

    def __enter__(self) -> NoReturn:
        self._is_used = True
        raise TypeError(_FORGOTTEN.format(self._name))

    def __exit__(self, *_: object) -> None:
        """Never called; Python asks for it before `__enter__`."""

    def __getattr__(self, name: str) -> NoReturn:
        # Without its own attributes, as it is while it is made, it has no name.
        forgotten = _FORGOTTEN.format(self.__dict__.get("_name", "connect"))
        raise AttributeError(f"{name}: {forgotten}" if hasattr(Tws, name) else name)

    def __del__(self) -> None:
        # A coroutine that nobody awaits says so too; a line that connects to nothing must not look as if it did.
        # Not by its dict, which is made when it is first asked for: that would keep all of it for one more collection.
        if not getattr(self, "_is_used", True):
            forgotten = _FORGOTTEN.format(self._name)
            warnings.warn(f"nothing was connected: {forgotten}", RuntimeWarning, stacklevel=2)

    async def __aenter__(self) -> Tws:
        return await uninterrupted(self._enter)()

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return await uninterrupted(self._leave)(failure)

    async def _enter(self) -> Tws:
        if self._is_used:
            raise RuntimeError(f"a {self._name}() is for one block: call it again for the next")
        self._is_used = True
        self._life = await self._opening()
        self._tws = self._life.tws
        # As long as the scopes below hold on to this task, no other can get its number.
        self._task = anyio.get_current_task().id
        self._block = anyio.CancelScope()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._block.__enter__()
        self._life.start(self._tasks, self._tell_the_end)
        return self._tws

    async def _tell_the_end(self) -> None:
        """Cancel the block when all has ended. Who reads its events has had the last ones by then."""
        life = self._life
        await life.until_end()
        if life.bug is None and not self._is_left:
            with anyio.move_on_after(GOODBYE) as self._goodbye:
                await life.drained()
        if life.bug is None:
            # What asks with tasks of its own (a download, many contracts) is to raise the end too, and has to be told
            # by them first.
            for _ in range(_TURNS_TO_TELL):
                await checkpoint()
        # A block that is being left need not be told, and one that is left from another task must not.
        if not self._is_left and (life.bug is not None or not self._tws.is_watched):
            self._block.cancel()

    async def _leave(self, failure: BaseException | None) -> bool:
        """Close the connection; raise what leaves the block, or tell whether its *failure* is to be forgotten."""
        life = self._life
        self._tws.require_thread(f"the end of the block of {self._name}()", waits=True)
        self._is_left = True
        self._ended_before = life.end
        if anyio.get_current_task().id != self._task:
            await self._end_from_elsewhere()
            raise WrongTask
        # What goes wrong in the block is the block's own: it goes past the task group, which would wrap it into a group
        # that no `except ValueError` of the caller's would catch.
        own = _left_by(self._block, failure)
        trouble: BaseException | None = None
        try:
            await life.say_goodbye()
        except BaseException as problem:  # noqa: BLE001 (raised below)
            trouble = problem
        self._stop()
        try:
            await self._tasks.__aexit__(None, None, None)
        except BaseException as problem:  # noqa: BLE001 (raised below)
            trouble = _single(problem)
        await life.close()
        if trouble is not None and not is_cancellation(trouble):
            # An interrupt. Whatever else there is to say, it must not be lost.
            raise trouble
        own = self._outcome(own, trouble)
        if own is None or own is failure:
            return own is None
        # What was being handled is the cancellation of the block, of which nobody need hear.
        raise own from own.__cause__

    def _outcome(self, own: BaseException | None, trouble: BaseException | None) -> BaseException | None:
        """Give what leaves the block: its *own* failure, what was the *trouble* when it was left, or the end."""
        bug, end = self._life.bug, self._life.end
        if end is not None and isinstance(own, BaseExceptionGroup) and _is_only(own, end):
            # The groups that the block's own task groups have made of it.
            own = end.again()
        if bug is not None:
            if own is None or own == end or isinstance(own, GeneratorExit) or is_cancellation(own):
                return bug
            note(own, bug)
        if own is not None and not isinstance(own, GeneratorExit):
            return own
        if trouble is not None:
            return trouble
        if end is not None and end.reason is not CloseReason.SEND_FAILED:
            # That what was said last has not left is told in any case.
            end = self._ended_before
        if end is not None and end.reason is not CloseReason.LOCAL and not self._tws.is_watched:
            # Also for an async generator that is being closed: nobody but its consumer is there to be told.
            return end.again()
        return own

    async def _end_from_elsewhere(self) -> None:
        """End the life, and let be the scopes of the task that entered: nobody else can leave them."""
        with anyio.CancelScope(shield=True):
            await self._life.say_goodbye()
            self._stop()
            with anyio.move_on_after(GOODBYE):
                await self._life.until_over()
            await self._life.close()

    def _stop(self) -> None:
        # Not by the scope of the group, of which the task that entered is a part.
        self._life.stop()
        if self._goodbye is not None:
            self._goodbye.cancel()


def _left_by(scope: anyio.CancelScope, failure: BaseException | None) -> BaseException | None:
    """Leave *scope* with *failure*; give what is left of that when the scope has taken its own cancellation out."""
    trace = None if failure is None else failure.__traceback__
    try:
        is_caught = scope.__exit__(None if failure is None else type(failure), failure, trace)
    except BaseException as problem:  # noqa: BLE001 (it is the caller's to raise)
        return problem
    return None if is_caught else failure


def _is_only(group: BaseExceptionGroup[BaseException], end: ConnectionClosed) -> bool:
    def is_the_end(problem: BaseException) -> bool:
        return problem == end

    return group.split(is_the_end)[1] is None


def _single(problem: BaseException) -> BaseException:
    """Take *problem* out of the groups that our own task groups have made of it."""
    if isinstance(problem, BaseExceptionGroup):
        _, rest = problem.split(anyio.get_cancelled_exc_class())
        while isinstance(rest, BaseExceptionGroup) and len(rest.exceptions) == 1:
            (rest,) = rest.exceptions
        return problem if rest is None else rest
    return problem
