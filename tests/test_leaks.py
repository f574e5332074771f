"""Two hundred connections leave what none leaves: no file, no task, no object of ours."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest
import trio

import anytws
import anytws.wire.codec
from anytws import ConnectError, ConnectionClosed, HandshakeOptions, Tws
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import TcpTws, serve
from tests.misbehaving_tws import open_files, until

CONNECTIONS: Final = 200


@pytest.fixture(autouse=True)
def _compile_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled stays, and is no leak: let it be there before the counting begins."""
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", 0)
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING_WRITER", 0)


Life = Callable[[World, TcpTws], Awaitable[None]]
"""One whole connection, from before it to after it."""


async def live_well(_: World, server: TcpTws) -> None:
    async with anytws.connect(server.host, server.port) as tws:
        await tws.current_time()


async def read_events(_world: World, server: TcpTws) -> None:
    async with anytws.connect(server.host, server.port) as tws:
        events = tws.events()
        await anext(events)
    async for _ in events:
        continue


async def be_refused(world: World, server: TcpTws) -> None:
    world.settings = WorldSettings(memory=1, api_enabled=False)
    with pytest.raises(ConnectError):
        async with anytws.connect(server.host, server.port):
            raise AssertionError("the block was entered")


async def time_out(world: World, server: TcpTws) -> None:
    world.settings = WorldSettings(memory=1, opening=())
    with pytest.raises(ConnectError):
        async with anytws.connect(server.host, server.port, options=HandshakeOptions(start_timeout=0)):
            raise AssertionError("the block was entered")


async def be_cut_off(world: World, server: TcpTws) -> None:
    with pytest.raises(ConnectionClosed):
        async with anytws.connect(server.host, server.port):
            world.links[0].die()
            await anyio.sleep_forever()


async def fail(_: World, server: TcpTws) -> None:
    with pytest.raises(ValueError, match="mine"):
        async with anytws.connect(server.host, server.port):
            raise ValueError("mine")


async def be_cancelled(_: World, server: TcpTws) -> None:
    with anyio.CancelScope() as scope:
        async with anytws.connect(server.host, server.port):
            scope.cancel()
            await anyio.sleep_forever()


async def give_up_asking(_: World, server: TcpTws) -> None:
    async with anytws.connect(server.host, server.port) as tws:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await tws.current_time()


LIVES: Final = (live_well, read_events, be_refused, time_out, be_cut_off, fail, be_cancelled, give_up_asking)


def ours() -> Counter[str]:
    """How many objects of each class of ours there are."""
    gc.collect()
    kinds = (type(thing) for thing in gc.get_objects())
    return Counter(kind.__qualname__ for kind in kinds if str(kind.__module__).partition(".")[0] == "anytws")


def tasks() -> int:
    """How many tasks there are."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return trio.lowlevel.current_statistics().tasks_living


async def settle(world: World) -> None:
    """Let everything end that is about to."""
    await until(lambda: not world.links)
    for _ in range(20):
        await anyio.lowlevel.checkpoint()
    # What a world remembers of its links is no leak.
    world.heard.clear()
    world.ended.clear()


@pytest.mark.parametrize("life", LIVES)
async def test_connections_in_a_row_leave_nothing(life: Life) -> None:
    """Whatever kind of life they had, the two hundredth leaves no more than the first."""
    world = World(WorldSettings(memory=1))
    async with serve(world) as server:
        # The first ones fill caches: the codec's, the event loop's.
        for _ in range(3):
            await life(world, server)
        await settle(world)
        before = (open_files(), tasks(), ours())
        for _ in range(CONNECTIONS if life is live_well else CONNECTIONS // 4):
            await life(world, server)
        await settle(world)
        await until(lambda: (open_files(), tasks()) == before[:2])
        left = ours() - before[2]
        assert not left, f"left over: {left}"


async def test_connections_beside_each_other_leave_nothing() -> None:
    """As many at once as TWS takes, and none of them is left."""
    world = World(WorldSettings(memory=1))
    async with serve(world) as server:
        await live_well(world, server)
        await settle(world)
        before = (open_files(), tasks(), ours())

        async def live(client_id: int) -> None:
            async with anytws.connect(server.host, server.port, client_id=client_id) as tws:
                await tws.current_time()

        async with anyio.create_task_group() as group:
            for client_id in range(world.settings.max_clients):
                group.start_soon(live, client_id)
        await settle(world)
        await until(lambda: (open_files(), tasks()) == before[:2])
        left = ours() - before[2]
        assert not left, f"left over: {left}"


async def test_a_connection_goes_with_its_last_name() -> None:
    """Nothing of ours holds on to a connection that is over."""
    world = World()
    async with serve(world) as server:
        gone: list[weakref.ref[Any]] = []

        async def live() -> None:
            async with anytws.connect(server.host, server.port) as tws:
                events = tws.events()
                gone.extend(map(weakref.ref, (tws, events)))
                await tws.current_time()

        await live()
        await settle(world)
        gc.collect()
        assert [ref() for ref in gone] == [None, None]


async def test_an_error_holds_no_connection() -> None:
    """An exception that a program keeps, without its traceback, keeps no connection alive."""
    world = World()
    async with serve(world) as server:
        gone: list[weakref.ref[Tws]] = []

        async def live() -> ConnectionClosed:
            try:
                async with anytws.connect(server.host, server.port) as tws:
                    gone.append(weakref.ref(tws))
                    world.links[0].die()
                    await anyio.sleep_forever()
            except ConnectionClosed as end:
                return end.with_traceback(None)
            raise AssertionError("it did not end")

        kept = await live()
        kept.__context__ = None
        await settle(world)
        gc.collect()
        assert kept.hint
        assert [ref() for ref in gone] == [None]
