"""The loop in a thread of its own, and the way into it: calls, what interrupts them, and how it ends in every case."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import anyio
import pytest

from anytws.client import latch
from anytws.client import portal as portals
from anytws.client.portal import Portal
from anytws.client.stay import Stay
from tests.sync_programs import connected


class Room:
    """What a block is, and what became of it."""

    def __init__(self) -> None:
        self.entered: list[int] = []
        self.left: list[BaseException | None] = []
        self.trouble: Exception | None = None

    @asynccontextmanager
    async def block(self) -> AsyncGenerator[Room]:
        self.entered.append(threading.get_ident())
        try:
            yield self
        except BaseException as problem:
            self.left.append(problem)
            raise
        else:
            self.left.append(None)
        if self.trouble is not None:
            raise self.trouble


async def end_of(_: Room) -> object:
    return lambda: LookupError("it is over")


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def portal(room: Room) -> Iterator[Portal]:
    portal = Portal("a portal")
    assert portal.open(Stay(room.block, is_shielded=True), end_of) is room
    yield portal
    portal.close()
    assert portal.is_over


async def sleep() -> None:
    await anyio.sleep_forever()


async def ident() -> int:
    return threading.get_ident()


# --- calls ----------------------------------------------------------------------------------------------------------


def test_a_call_is_done_in_the_thread_of_the_block(portal, room):
    assert portal.call(ident) == room.entered[0] != threading.get_ident()
    assert not portal.is_inside


def test_what_a_call_raises_is_raised_and_the_loop_goes_on(portal):
    async def fail(problem: BaseException) -> None:
        raise problem

    for kind in (ValueError, KeyboardInterrupt, SystemExit, StopAsyncIteration):
        with pytest.raises(kind):
            portal.call(lambda kind=kind: fail(kind()))
    assert portal.call(ident)


def test_calls_of_many_threads_run_beside_each_other(portal):
    met = threading.Barrier(4)

    async def meet() -> int:
        await anyio.to_thread.run_sync(met.wait)
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: portal.call(meet), range(4))) == 4


def test_a_call_from_within_is_refused(portal):
    async def work() -> None:
        assert portal.is_inside
        portal.call(ident)

    with pytest.raises(RuntimeError, match="would wait for itself for ever"):
        portal.call(work)


def test_an_interrupt_cancels_the_work_and_waits_for_that(portal, monkeypatch):
    """Whatever it is that is raised while a thread waits."""
    undone: list[bool] = []
    begun = threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            undone.append(True)

    wait = portals.Call.wait

    def interrupted(self: portals.Call[None], seconds: float | None = None) -> None:
        if seconds is None:
            begun.wait()
            raise KeyboardInterrupt
        wait(self, seconds)

    monkeypatch.setattr(portals.Call, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        portal.call(work)
    assert undone == [True]


def test_an_interrupt_before_the_work_has_begun_has_it_never_begun(portal, monkeypatch):
    begun: list[bool] = []

    async def work() -> None:
        begun.append(True)

    def interrupted(call: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(portal._loop, "take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        portal.call(work)
    monkeypatch.undo()
    portal.call(ident)
    assert begun == []


def test_a_wait_looks_up_now_and_then(monkeypatch):
    """Where a signal does not wake it. A wait with an end comes to it."""
    monkeypatch.setattr(latch, "SLICE", 0.001)
    call: portals.Call[None] = portals.Call(sleep)
    before = time.perf_counter()
    call.wait(0.003)
    assert time.perf_counter() - before >= 0.003
    threading.Timer(0.01, call.finish).start()
    call.wait()
    call.finish()


def test_a_wait_that_was_interrupted_as_it_was_over_is_over():
    """The lock had been had when the interrupt came; whoever waits then for the undoing must not wait for it again."""
    call: portals.Call[None] = portals.Call(sleep)
    call.finish()
    assert call._done._lock.acquire(timeout=0)
    before = time.perf_counter()
    call.wait(5)
    assert time.perf_counter() - before < 5


# --- the end --------------------------------------------------------------------------------------------------------


def test_the_loop_ends_with_its_block(portal, room):
    portal.close()
    assert room.left == [None]
    assert portal.is_over
    with pytest.raises(LookupError):
        portal.call(ident)
    portal.close()
    portal.soon(ident)


def test_a_call_that_waits_when_all_ends_is_told_so(portal):
    begun = threading.Event()

    async def work() -> None:
        begun.set()
        await anyio.sleep_forever()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(portal.call, work)
        begun.wait()
        portal.close()
        with pytest.raises(LookupError):
            waiting.result()


def test_what_is_raised_on_the_way_in_leaves_no_thread():
    @asynccontextmanager
    async def locked() -> AsyncGenerator[None]:
        raise ValueError("locked")
        yield

    portal = Portal("a portal")
    with pytest.raises(ValueError, match="locked"):
        portal.open(Stay(locked), end_of)
    assert portal.is_over
    with pytest.raises(RuntimeError, match="never began"):
        portal.call(ident)


def test_a_block_is_left_with_what_it_is_left_for(portal, room):
    stay = portal._loop.stay
    problem = ValueError("mine")
    assert portal.leave(stay, problem) is problem
    assert room.left == [problem]
    # Once.
    assert portal.leave(stay, None) is None


def test_a_block_may_raise_something_else(portal, room):
    room.trouble = LookupError("the room's")
    assert portal.leave(portal._loop.stay) is room.trouble


def test_a_second_block_is_left_when_the_first_one_ends(portal):
    other = Room()

    async def enter() -> Room:
        return await portal.enter(Stay(other.block))

    assert portal.call(enter) is other
    portal.close()
    assert len(other.left) == 1
    assert other.left != [None]


def test_a_block_that_the_collector_leaves_in_the_loops_own_thread_is_not_waited_for(portal):
    other = Room()
    stay = Stay(other.block)

    async def work() -> None:
        await portal.enter(stay)
        portal.leave(stay)

    portal.call(work)
    assert stay.left.wait(5)
    assert other.left == [None]


def test_a_portal_that_is_forgotten_has_its_block_left(room):
    portal = Portal("a portal")
    stay = Stay(room.block, is_shielded=True)
    portal.open(stay, end_of)
    thread = portal._thread
    del portal
    gc.collect()
    thread.join(5)
    assert room.left == [None]


def test_one_that_was_never_opened_has_nothing_to_close():
    portal = Portal("a portal")
    portal.close()
    del portal
    gc.collect()


def test_a_thread_that_hangs_is_not_waited_for_for_ever(portal, monkeypatch):
    monkeypatch.setattr(portals, "UNDOING_SECONDS", 0.01)
    begun, release = threading.Event(), threading.Event()

    async def hang() -> None:
        begun.set()
        release.wait()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(portal.call, hang)
        begun.wait()
        portal.close()
        assert not portal.is_over
        release.set()
        waiting.result()


def test_at_the_end_of_the_interpreter_blocks_are_left_and_nobody_waits_for_the_thread(portal, room):
    begun = portals._LIVE
    assert portal in begun
    portals._close_all()
    assert room.left == [None]
    # From then on its thread may have stopped for good.
    with pytest.raises(LookupError):
        portal.call(ident)
    stay = Stay(Room().block)
    stay.is_entered = True
    assert portal.leave(stay) is None
    assert not portal.is_over
    portal._loop.is_kept = False


# --- a fork ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_is_refused_and_closes_nothing():
    with connected() as tws:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            told = "nothing"
            try:
                tws.current_time()
            except RuntimeError as problem:
                told = str(problem)
            tws.close()
            portals._close_all()
            os.write(write, told.encode())
            os._exit(0)
        os.waitpid(child, 0)
        told = os.read(read, 1000).decode()
        os.close(read)
        os.close(write)
        assert "of which this one is a fork" in told
        assert tws.current_time()


def test_a_block_in_which_a_cancellation_is_lost_is_left_all_the_same(monkeypatch):
    """Interrupted while it is being entered, where what it does for that takes the one cancellation of an old AnyIO."""
    entering, left = threading.Event(), threading.Event()

    @asynccontextmanager
    async def block() -> AsyncGenerator[str]:
        with anyio.CancelScope() as lost:
            entering.set()
            try:
                await anyio.sleep_forever()
            except anyio.get_cancelled_exc_class():
                lost.cancel()
        try:
            yield "inside"
        finally:
            left.set()

    wait = portals.Call.wait

    def interrupted(call: portals.Call[str], seconds: float | None = None) -> None:
        if seconds is None:
            entering.wait(5)
            raise KeyboardInterrupt
        wait(call, seconds)
        undone.append(call._done.is_set)

    undone: list[bool] = []
    monkeypatch.setattr(portals.Call, "wait", interrupted)
    portal = Portal("an interrupted one")
    with pytest.raises(KeyboardInterrupt):
        portal.open(Stay(block), end_of)
    assert undone == [True], "nobody waits for the undoing until it is too long"
    assert left.is_set()
    assert portal.is_over
