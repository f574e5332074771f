"""Bytes on their way: in order, whole, no more of them than needed, and none while nothing happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trio

import anytws
from anytws import CloseReason, ConnectionClosed, EventsDropped, RequestTimedOut, Tws
from anytws.core import Ready
from anytws.messages import (
    CurrentTime,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    NextValidId,
    SetServerLogLevelRequest,
)
from anytws.runtime.pump import BACKLOG
from anytws.simulator import ANSWERS, Answer, World
from anytws.simulator.serve import CAPACITY, serve_memory
from tests.misbehaving_tws import READY, OddStream, Say, error, misbehaving_in_memory, text, until


@asynccontextmanager
async def connected(world: World, **options: Any) -> AsyncGenerator[Tws]:
    async with serve_memory(world) as tws:
        stream = await tws.connect()
        async with anytws.connect_stream(stream, **options) as client:
            yield client


async def test_what_is_sent_arrives_in_order() -> None:
    """However much is sent at once, all of it arrives, and each after the one before."""
    world = World()
    async with connected(world) as tws:
        for level in range(2000):
            tws.send(SetServerLogLevelRequest(level))
        await tws.current_time()
    assert [heard.message for heard in world.heard] == [
        *map(SetServerLogLevelRequest, range(2000)),
        CurrentTimeRequest(),
    ]


async def test_what_is_sent_last_leaves_before_the_block_is_through() -> None:
    """More than the stream holds at once, and no answer to wait for: all of it leaves."""
    world = World()
    count = CAPACITY // 10 + 100
    async with connected(world) as tws:
        for level in range(count):
            tws.send(SetServerLogLevelRequest(level))
    assert len(world.heard) == min(count, world.settings.memory)
    assert world.heard[-1].message == SetServerLogLevelRequest(count - 1)


async def test_many_small_messages_are_one_write() -> None:
    """What is said without waiting in between leaves together."""
    world = World()
    writes: list[int] = []

    class Counting(OddStream):
        async def send(self, item: bytes) -> None:
            writes.append(len(item))
            await super().send(item)

    async with serve_memory(world) as server:
        async with anytws.connect_stream(Counting(await server.connect())) as tws:
            await tws.current_time()
            writes.clear()
            for _ in range(100):
                tws.send(IdsRequest())
            await tws.current_time()
    assert len(writes) <= 2


async def test_senders_do_not_interleave() -> None:
    """Frames of several tasks stay whole on a stream that takes only part of them at a time."""
    world = World()
    async with connected(world) as tws, anyio.create_task_group() as tasks:

        async def say() -> None:
            for _ in range(2000):
                tws.send(IdsRequest())
                await anyio.lowlevel.checkpoint()

        for _ in range(5):
            tasks.start_soon(say)
    assert len(world.heard) == 10_000


@pytest.mark.virtual_time
async def test_an_idle_connection_does_nothing() -> None:
    """While nothing happens no task of a connection runs: an hour costs as much as a second."""
    steps = 0

    class Count(trio.abc.Instrument):
        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            nonlocal steps
            steps += 1

    async with connected(World()) as tws:
        await tws.current_time()
        await anyio.sleep(60)
        counter = Count()
        trio.lowlevel.add_instrument(counter)
        await anyio.sleep(3600)
        trio.lowlevel.remove_instrument(counter)
    # The step in which the test itself wakes up.
    assert steps == 1


async def test_the_past_is_kept_up_to_a_bound() -> None:
    """Events that nobody reads are kept for the first reader, the newest of them; it is told how many are gone."""
    past = 8 + 25 * 500 + 1
    async with misbehaving_in_memory((*READY, *[Say(text(9, 1, 42) * 500)] * 25, Say(text(9, 1, 43)))) as (_, stream):
        async with anytws.connect_stream(stream) as tws:
            await until(lambda: tws.next_valid_id == 43)
            events = tws.events()
    heard = [event async for event in events]
    assert heard[0] == EventsDropped(past - BACKLOG)
    assert len(heard) == 1 + BACKLOG + 2
    assert isinstance(heard[-1], ConnectionClosed)


async def test_many_frames_in_one_piece_are_all_delivered() -> None:
    """A reader that is behind gets many frames at once, and cuts them all."""
    async with misbehaving_in_memory((*READY, Say(text(9, 1, 42) * 1000 + text(49, 1, 1)))) as (_, stream):
        async with anytws.connect_stream(stream) as tws:
            count = 0
            async for event in tws.events():
                count += isinstance(event, NextValidId)
                if isinstance(event, CurrentTime):
                    break
    assert count == 1001


@pytest.mark.virtual_time
async def test_an_old_error_does_not_explain_a_failed_send() -> None:
    """The clock of the core runs on while nothing is heard: an error of an hour ago is not why a send fails now."""
    world = World()
    async with serve_memory(world) as server:
        stream = OddStream(await server.connect())
        with pytest.raises(ConnectionClosed) as caught:
            async with anytws.connect_stream(stream) as tws:
                world.links[0].say(ErrorMessage(None, 100, "Max rate of messages per second has been exceeded"))
                async for event in tws.events():
                    if isinstance(event, ErrorMessage):
                        break
                await anyio.sleep(3600)
                stream.fail(send=BrokenPipeError("broken pipe"))
                await tws.current_time(timeout=60)
    assert caught.value.reason is CloseReason.SEND_FAILED
    assert caught.value.last_error is not None


@pytest.mark.virtual_time
async def test_an_error_just_before_does_explain_a_failed_send() -> None:
    """The other side of the same rule."""
    async with misbehaving_in_memory((*READY, Say(error(100, "Max rate")))) as (_, inner):
        stream = OddStream(inner)
        with pytest.raises(ConnectionClosed) as caught:
            async with anytws.connect_stream(stream) as tws:
                async for event in tws.events():
                    if isinstance(event, ErrorMessage):
                        break
                stream.fail(send=BrokenPipeError("broken pipe"))
                await tws.current_time(timeout=60)
    assert caught.value.reason is CloseReason.PACING_VIOLATION


@pytest.mark.virtual_time
async def test_a_request_that_is_sent_again_comes_after_what_was_said_before() -> None:
    """The second sending of a request keeps its place behind other messages, and does not disturb the frames."""
    world = World(answers={**ANSWERS, CurrentTimeRequest: Answer(lambda _link, _request: ())})
    async with connected(world) as tws:
        with anyio.move_on_after(0.5):
            await tws.current_time()
        tws.send(IdsRequest())
        with pytest.raises(RequestTimedOut):
            await tws.current_time(timeout=3)
    assert [type(heard.message) for heard in world.heard] == [
        CurrentTimeRequest,
        IdsRequest,
        CurrentTimeRequest,
        CurrentTimeRequest,
    ]


async def test_nothing_is_said_after_the_end() -> None:
    """When TWS has hung up, what is still asked is refused and not sent into the void."""
    world = World()
    async with connected(world) as tws:
        events = tws.events()
        async for event in events:
            if isinstance(event, Ready):
                break
        world.links[0].die()
        await tws.closed()
        with pytest.raises(ConnectionClosed):
            tws.send(IdsRequest())
    await until(lambda: not world.links)
    assert not world.heard
