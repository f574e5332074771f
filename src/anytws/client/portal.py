"""An event loop in a thread of its own, and the way of all other threads into it: what `anytws.sync` stands on.

Each call is a task of that loop, and the thread that calls waits for it. Whatever ends the waiting (Ctrl-C above all)
cancels the task first, and waits until it has undone what it began: so nothing is left behind, and a second Ctrl-C ends
that waiting too.

Each connection has a loop and a thread of its own. One for all would cost a thread less, and let what one program hands
in (a hook, a predicate that takes its time) hold up the connections of all others; and a loop that is over with its
connection needs nobody who knows when the last one has gone. It is asyncio, which everybody has.
"""

from __future__ import annotations

import asyncio  # noqa: TID251 (the one place where the loop is chosen, and spoken to from outside)
import atexit
import os
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from functools import partial
from pathlib import Path
from threading import Lock, Thread, get_ident
from types import TracebackType
from typing import Any, Final, Generic, TypeVar, cast
from weakref import WeakSet, WeakValueDictionary

import anyio
from anyio.abc import TaskGroup, TaskStatus

from anytws.client.latch import SLICE, Latch
from anytws.client.stay import Stay
from anytws.errors import AnytwsError
from anytws.runtime.pump import is_cancellation

_T = TypeVar("_T")

UNDOING_SECONDS: Final = 5.0
"""How long is waited for a call that was given up, or for a thread that ends: undoing takes a second at the most."""
_OWN_THREAD: Final = (
    "this was called in the thread of the connection's own event loop (by a hook, by on_waiting, by what an until() "
    "was given, by a gate), which would wait for itself for ever: hand it to a thread of your own"
)


class Call(Generic[_T]):
    """One piece of work for the loop, and a thread that waits for it."""

    __slots__ = ("_done", "_scope", "_undo", "_value", "_work", "failure")

    def __init__(self, work: Callable[[], Coroutine[Any, Any, _T]], undo: Callable[[], object] | None = None) -> None:
        self._work = work
        self._undo = undo
        self._done = Latch()
        self._scope: anyio.CancelScope | None = None
        self._value: _T | None = None
        self.failure: BaseException | None = None
        """What it raised."""

    # --- in the loop ---------------------------------------------------------------------------------------------

    def begin(self, tasks: TaskGroup) -> None:
        """Have it done, by a task of its own."""
        tasks.start_soon(self._run, tasks)

    async def _run(self, tasks: TaskGroup) -> None:
        if self._done.is_set:
            return
        try:
            with anyio.CancelScope() as self._scope:
                self._value = await self._work()
        except BaseException as problem:
            if is_cancellation(problem) and tasks.cancel_scope.cancel_called:
                # The loop ends, and tells all who wait how.
                raise
            # Also what would end the loop, such as the SystemExit of a predicate: it is the caller's.
            self.failure = problem
        self.finish()

    def leave(self) -> None:
        """Cancel it, since nobody wants it any more."""
        if self._undo is not None:
            self._undo()
        if self._scope is not None:
            self._scope.cancel()
        else:
            self.finish()

    def finish(self, failure: BaseException | None = None) -> None:
        """Let the thread that waits go on."""
        if not self._done.is_set:
            self.failure = self.failure if failure is None else failure
            self._done.set()

    # --- in the thread that waits --------------------------------------------------------------------------------

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it is over, or for so many *seconds*."""
        self._done.wait(seconds)

    @property
    def value(self) -> _T:
        """What came of it."""
        return cast("_T", self._value)


def _trimmed(problem: BaseException) -> TracebackType | None:
    """Give where *problem* was raised, for people: nothing of ours that only carried it.

    An error of the library is a sentence, and what counts is the caller's own line; so for those that it came from.
    """
    if isinstance(problem, AnytwsError):
        came_from = problem.__cause__ or problem.__context__
        while isinstance(came_from, AnytwsError):
            came_from.__traceback__ = None
            came_from = came_from.__cause__ or came_from.__context__
        return None
    trace = problem.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_CARRIERS):
        trace = trace.tb_next
    return trace


_CARRIERS: Final = (
    *(str(Path(file).parent) for file in (anyio.__file__, asyncio.__file__)),
    *(str(Path(__file__).with_name(name)) for name in ("portal.py", "proxies.py", "stay.py", "sync_streams.py")),
)
"""Where the files are that carry calls from thread to thread."""


class _Loop:
    """The loop, and all that lives in its thread. The thread holds this alone: `Portal` may be forgotten meanwhile."""

    def __init__(self) -> None:
        self.tasks: TaskGroup | None = None
        self.is_ready: Final = Latch()
        """Set when it can be spoken to, or will never be."""
        self.lock: Final = Lock()
        self.calls: Final[set[Call[Any]]] = set()
        """What some thread waits for."""
        self.is_over = False
        self.ended: Final = Latch()
        """Set when the thread has nothing more to do."""
        self.stay: Stay[Any] | None = None
        """The block that it is for."""
        self.is_kept = False
        """Whether the thread goes on though its work is done: at the end of the interpreter, which ends it."""
        self.gone: Callable[[], Exception] = lambda: RuntimeError("the event loop of this connection never began")
        """Makes what is raised when the loop is over."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context: Context | None = None
        self._stopping: anyio.Event | None = None
        self._is_stopped = False

    def run(self) -> None:
        """Live, to the end."""
        try:
            # On a new thread with nothing in its context: who started it may be inside of another loop.
            Context().run(partial(anyio.run, self._main, backend="asyncio"))
        finally:
            with self.lock:
                self.is_over = True
                left = [*self.calls]
            for call in left:
                call.finish(self.gone())
            self.is_ready.set()
            self.ended.set()

    async def _main(self) -> None:
        self._stopping = anyio.Event()
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        async with anyio.create_task_group() as self.tasks:
            self.is_ready.set()
            if not self._is_stopped:
                await self._stopping.wait()
            self.tasks.cancel_scope.cancel()

    def take(self, call: Call[Any]) -> None:
        """Have the work of *call* done, from whichever thread. Raises what there is to say when all is over."""
        with self.lock:
            is_over = self.is_over or self.is_kept
            if not is_over:
                self.calls.add(call)
        if is_over or not self.soon(self._begin, call):
            raise self.gone()

    def _begin(self, call: Call[Any]) -> None:
        assert self.tasks is not None, "it is there before anybody is told of it"
        call.begin(self.tasks)

    async def live(
        self,
        stay: Stay[_T],
        end_of: Callable[[_T], Coroutine[Any, Any, Callable[[], Exception]]],
        *,
        task_status: TaskStatus[_T] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Live in the block that this loop is for, and end the loop behind it."""
        try:
            inside = await stay.live(task_status=task_status)
        except BaseException:
            if stay.left.is_set:
                # Interrupted as it had been entered: nobody has it, and nobody will say that it is to end.
                self.stop()
            raise
        self.gone = await end_of(inside)
        self.stop()

    def end(self) -> None:
        """Have the block left that it is for, and the loop end with it."""
        if self.stay is not None and self.stay.is_entered:
            self.stay.let_go()
        else:
            self.stop()

    def stop(self) -> None:
        """End it, in its own thread: all that is under way is cancelled."""
        self._is_stopped = True
        if self._stopping is not None and not self.is_kept:
            self._stopping.set()

    def soon(self, work: Callable[..., object], *values: object) -> bool:
        """Have *work* called in the loop, from whichever thread; tell whether there still is one."""
        if self._loop is None:
            return False
        try:
            self._loop.call_soon_threadsafe(work, *values, context=self._context)
        except RuntimeError:
            # So asyncio says that it is closed.
            return False
        return True


class Portal:
    """The way into a loop in a thread of its own, which is there for one block. Forgotten, it has the block left."""

    def __init__(self, name: str) -> None:
        self._loop: Final = _Loop()
        self._thread: Final = Thread(target=self._loop.run, name=name, daemon=True)
        self._process: Final = os.getpid()
        # What lives in the loop is an object, and compared as one; so is what stands for it.
        self._stand_ins: Final[WeakValueDictionary[int, Any]] = WeakValueDictionary()
        self._standing: Final = Lock()

    def __del__(self) -> None:
        # What never began has nothing to end; and a fork has nothing of all that.
        if hasattr(self, "_process") and self.is_ours:
            self._loop.soon(self._loop.end)

    @property
    def is_ours(self) -> bool:
        """Whether this is the process in which it was opened, and no fork of it."""
        return os.getpid() == self._process

    @property
    def is_inside(self) -> bool:
        """Whether this is asked in the thread of the loop itself."""
        return get_ident() == self._thread.ident

    @property
    def is_over(self) -> bool:
        """Whether there is no loop any more."""
        return self._loop.is_over

    def open(self, stay: Stay[_T], end_of: Callable[[_T], Coroutine[Any, Any, Callable[[], Exception]]]) -> _T:
        """Start the thread, and enter the block that it is for; give what is inside. The loop ends with it.

        *end_of* is awaited when the block has been left, and gives what makes the error that calls raise from then on.
        Raises what entering raises; then, and after Ctrl-C, nothing is left.
        """
        loop = self._loop
        loop.stay = stay

        async def live() -> _T:
            assert loop.tasks is not None, "it is there before anybody is told of it"
            inside: _T = await loop.tasks.start(partial(loop.live, stay, end_of))
            return inside

        _LIVE.add(self)
        try:
            self._thread.start()
            loop.is_ready.wait()
            return self.call(live, undo=stay.let_go)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Have the block left, and wait until the thread has ended. Never hangs."""
        if not self.is_ours:
            return
        if not self._loop.soon(self._loop.end):
            # Before the loop has begun it cannot be told in another way.
            self._loop.stop()
        self.join()

    def join(self) -> None:
        """Wait for the end of the thread, for some seconds at the most."""
        # Not by the thread's own means alone, which an interrupt can break.
        if not self.is_inside and self._thread.is_alive() and self._loop.ended.wait(UNDOING_SECONDS):
            self._thread.join(UNDOING_SECONDS)

    def let_go_at_exit(self) -> None:
        """Have the block left, and the thread stay: where the interpreter ends, a loop cannot close in order.

        That thread will soon get no turn any more, so from here on nobody waits for it.
        """
        self._loop.is_kept = True
        self.soon(self._loop.end)

    def wait_at_exit(self) -> None:
        """Wait until the block has been left, for some seconds at the most."""
        if self._loop.stay is not None and self._loop.stay.is_entered:
            self._loop.stay.left.wait(UNDOING_SECONDS)

    def call(self, work: Callable[[], Coroutine[Any, Any, _T]], undo: Callable[[], object] | None = None) -> _T:
        """Do *work* in the loop, and give what comes of it. Where it is given up, it is cancelled, behind *undo*.

        That is for who enters a block: an old AnyIO (4.7) cancels a task that is being started once, and that once can
        be lost in what the block does to be entered. Raises what *work* raises, `RuntimeError` in the loop's own thread
        and in a fork, and when all is over what `open` was told. Ctrl-C, or whatever else is raised while it waits,
        gives it up, and waits until it is undone.
        """
        if get_ident() == self._thread.ident:
            raise RuntimeError(_OWN_THREAD)
        if os.getpid() != self._process:
            raise RuntimeError(
                f"this connection lives in process {self._process}, of which this one is a fork: its thread is not "
                "here. Connect anew after the fork"
            )
        loop, call = self._loop, Call(work, undo)
        try:
            loop.take(call)
            call.wait()
        except BaseException:
            if loop.soon(call.leave):
                call.wait(UNDOING_SECONDS)
            raise
        finally:
            loop.calls.discard(call)
        failure = call.failure
        if failure is None:
            return call.value
        try:
            raise failure.with_traceback(_trimmed(failure))
        finally:
            # The traceback holds this frame, which must not hold the traceback.
            del failure, call

    def stand_in(self, inner: Any, made: Callable[[Portal, Any], Any]) -> Any:  # noqa: ANN401 (of any class)
        """Give what stands for *inner* in other threads: the same as before as long as somebody holds it, or *made*.

        *made* is to hold *inner*.
        """
        with self._standing:
            found = self._stand_ins.get(id(inner))
            if found is None:
                found = self._stand_ins[id(inner)] = made(self, inner)
            return found

    def soon(self, work: Callable[..., object], *values: object) -> None:
        """Have *work* called in the loop, and wait for nothing. After the end, and in a fork, it is not called."""
        if self.is_ours:
            self._loop.soon(work, *values)

    def leave(self, stay: Stay[Any], failure: BaseException | None = None) -> BaseException | None:
        """Have *stay* left, with *failure* if there was one, and wait for that; give what leaves it then.

        In the loop's own thread, where the collector may have found a generator, it waits for nothing; and nothing is
        done after the end, or in a fork.
        """
        if not self.is_ours or not stay.is_entered:
            return failure
        self.soon(stay.let_go, failure)
        if self.is_inside:
            return failure
        while not stay.left.wait(SLICE):
            if self.is_over or self._loop.is_kept:
                return failure
        return stay.outcome

    async def enter(self, stay: Stay[_T]) -> _T:
        """Enter one more block, in the loop; give what is inside."""
        assert self._loop.tasks is not None, "it is there before anybody is told of it"
        inside: _T = await self._loop.tasks.start(stay.live)
        return inside


_LIVE: Final[WeakSet[Portal]] = WeakSet()
"""What is to be closed when the interpreter ends."""


@atexit.register
def _close_all() -> None:
    """Close what a script has left open. Whoever hangs meanwhile hangs in a thread that ends with the interpreter."""
    left = [portal for portal in _LIVE if portal.is_ours and not portal.is_over]
    for portal in left:
        portal.let_go_at_exit()
    for portal in left:
        portal.wait_at_exit()
