"""A connection lives in one thread: used in another, it says so, stays as it is, and names the way."""

from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import anyio
import pytest
from anyio import from_thread, to_thread

import anytws
from anytws import (
    AnytwsError,
    EventStream,
    HandshakeOptions,
    SlowConsumer,
    State,
    StreamInUse,
    Tws,
    WrongTask,
    WrongThread,
)
from anytws.messages import CurrentTimeRequest, IdsRequest, ManagedAccountsRequest, PositionsRequest
from anytws.simulator import World
from anytws.simulator.serve import serve_memory
from tests.misbehaving_tws import until


@asynccontextmanager
async def connected(world: World, **options: Any) -> AsyncGenerator[Tws]:
    async with serve_memory(world) as tws, anytws.connect_stream(await tws.connect(), **options) as client:
        yield client


def begun(work: Coroutine[Any, Any, object]) -> object:
    """Begin *work* as an event loop of this thread would, to its first wait."""
    try:
        return work.send(None)
    finally:
        work.close()


Use = Callable[[Tws, EventStream], object]

WAITING: dict[str, Use] = {
    "Tws.current_time": lambda tws, _: begun(tws.current_time()),
    "Tws.ask": lambda tws, _: begun(tws.ask(ManagedAccountsRequest())),
    "Tws.ready": lambda tws, _: begun(tws.ready()),
    "Tws.closed": lambda tws, _: begun(tws.closed()),
    "Tws.health.until": lambda tws, _: begun(tws.health.until(lambda health: True)),
    "EventStream.__anext__": lambda _, events: begun(events.__anext__()),
}
ACTING: dict[str, Use] = {
    "Tws.send": lambda tws, _: tws.send(IdsRequest()),
    "Tws.events": lambda tws, _: tws.events(),
    "Tws.stream": lambda tws, _: tws.stream(PositionsRequest()),
    "Tws.start_api": lambda tws, _: tws.start_api(),
    "Tws.statistics": lambda tws, _: tws.statistics(),
    "Tws.health.now": lambda tws, _: tws.health.now,
    "Tws.health.changes": lambda tws, _: tws.health.changes(),
    "EventStream.statistics": lambda _, events: events.statistics(),
    "EventStream.close": lambda _, events: events.close(),
}


@pytest.mark.parametrize("method", [*WAITING, *ACTING])
async def test_another_thread_is_refused(method: str) -> None:
    """Every method that acts or waits raises one error, which names it and the way; the connection is unharmed."""
    waits = method in WAITING
    use = WAITING[method] if waits else ACTING[method]
    world = World()
    async with connected(world) as tws:
        events = tws.events()
        with pytest.raises(WrongThread, match=f"{method} was called in another thread") as caught:
            await to_thread.run_sync(use, tws, events)
        assert (caught.value.method, caught.value.waits) == (method, waits)
        assert f"anyio.from_thread.{'run' if waits else 'run_sync'}," in str(caught.value)
        assert (await tws.current_time()).tzinfo is UTC
        assert not events.is_closed
        assert not tws.is_watched
        await anext(events)
    assert [type(heard.message) for heard in world.heard] == [CurrentTimeRequest]


async def test_a_start_by_hand_in_another_thread_is_refused() -> None:
    """Nothing is sent, and the start can still be made where it belongs."""
    async with connected(World(), options=HandshakeOptions(start_api_by_hand=True)) as tws:
        with pytest.raises(WrongThread):
            await to_thread.run_sync(tws.start_api)
        assert tws.state is State.HANDSHAKING
        tws.start_api()
        await tws.ready()


async def test_the_way_from_another_thread() -> None:
    """What the error says works: for what waits, for what does not, and for a stream of events."""
    world = World()
    async with connected(world) as tws:

        def work() -> None:
            assert from_thread.run(tws.current_time).tzinfo is UTC
            from_thread.run_sync(tws.send, IdsRequest())
            events = from_thread.run_sync(tws.events)
            from_thread.run(events.__anext__)
            from_thread.run_sync(events.close)
            assert events.is_closed

        await to_thread.run_sync(work)
        await until(lambda: len(world.heard) == 2)


async def test_what_is_known_may_be_read_in_another_thread() -> None:
    """A property only looks."""
    async with connected(World()) as tws:
        events = tws.events()

        def look() -> tuple[object, ...]:
            return (
                tws.state,
                tws.server_version,
                tws.connection_time,
                tws.client_id,
                tws.accounts_named,
                tws.next_valid_id,
                events.is_closed,
            )

        assert await to_thread.run_sync(look) == look()


async def test_a_block_that_is_left_in_another_thread_is_refused() -> None:
    """It can still be left where it belongs."""
    async with serve_memory(World()) as server:
        block = anytws.connect_stream(await server.connect())
        async with block as tws:
            with pytest.raises(WrongThread):
                await to_thread.run_sync(lambda: begun(block.__aexit__(None, None, None)))
            await tws.current_time()


@pytest.mark.parametrize(
    "error",
    [WrongThread("Tws.send", waits=False), WrongTask(), StreamInUse(), SlowConsumer(7, "bytes", 3, 30.0)],
    ids=lambda error: type(error).__name__,
)
def test_the_errors_of_misuse_reach_another_process_as_they_are(error: AnytwsError) -> None:
    """As all errors do (test_errors.py)."""
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 (our own bytes)
        assert type(again) is type(error)
        assert (str(again), vars(again)) == (str(error), vars(error))


async def test_two_threads_at_the_same_time() -> None:
    """Threads that go the documented way share the connection as tasks do."""
    world = World()
    async with connected(world) as tws, anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(to_thread.run_sync, from_thread.run, tws.current_time)
    assert {type(heard.message) for heard in world.heard} == {CurrentTimeRequest}
