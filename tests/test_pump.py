"""Bytes on their way: in order, whole, no more of them than needed, and none while nothing happens."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trio
from anyio.abc import ByteStream

import anytws
from anytws import (
    CloseReason,
    ConnectionClosed,
    Dropped,
    EventStream,
    HandshakeOptions,
    Notice,
    RequestTimedOut,
    SlowConsumer,
    State,
    Tws,
)
from anytws.core import Ready
from anytws.core.events import UnknownMessage
from anytws.core.remembered import MOST_BYTES
from anytws.machines.saying import SAY_AGAIN
from anytws.machines.session import BACKLOG
from anytws.messages import (
    CurrentTime,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    NextValidId,
    SetServerLogLevelRequest,
    Stock,
)
from anytws.runtime.pump import UNREAD_SECONDS
from anytws.simulator import ANSWERS, Answer, HangUp, Opening, World, WorldSettings
from anytws.simulator.serve import CAPACITY, serve_memory
from tests.misbehaving_tws import (
    OPENING,
    PATIENCE,
    READY,
    REPLY,
    OddStream,
    Say,
    error,
    misbehaving_in_memory,
    text,
    until,
)


@asynccontextmanager
async def connected(world: World, **options: Any) -> AsyncGenerator[Tws]:
    async with serve_memory(world) as tws:
        stream = await tws.connect()
        async with anytws.connect_stream(stream, **options) as client:
            yield client


async def test_what_is_sent_arrives_in_order() -> None:
    """However much is sent at once, all of it arrives, and each after the one before."""
    world = World()
    async with connected(world, pacing=None) as tws:
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
    async with connected(world, pacing=None) as tws:
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
        async with anytws.connect_stream(Counting(await server.connect()), pacing=None) as tws:
            writes.clear()
            for _ in range(100):
                tws.send(IdsRequest())
            await tws.current_time()
    assert len(writes) <= 2


async def test_senders_do_not_interleave() -> None:
    """Frames of several tasks stay whole on a stream that takes only part of them at a time."""
    world = World(WorldSettings(memory=20_000))
    async with connected(world, pacing=None) as tws:

        async def say() -> None:
            for _ in range(2000):
                tws.send(IdsRequest())
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(say)
        # A TWS whose answers nobody reads any more hears nothing more either.
        await tws.current_time()
    assert len(world.heard) == 10_000 + 1


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
    assert heard[0] == Dropped(past - BACKLOG)
    assert len(heard) == 1 + BACKLOG + 2
    assert isinstance(heard[-1], ConnectionClosed)


async def test_nothing_is_kept_where_nobody_listens() -> None:
    """A program that asks has no use for the past, so that does not grow; whoever listens later is told of the gap."""
    world = quiet()
    async with connected(world) as tws:
        await tws.current_time()
        for number in range(100):
            world.links[0].say(NextValidId(100 + number))
        await until(lambda: tws.next_valid_id == 199)
        with tws.events() as first, tws.events() as second:
            world.links[0].say(NextValidId(200))
            assert await anext(second) == NextValidId(200)
            heard = [await anext(first) for _ in range(10)]
    # Until the request: the start. Since then: its answer, and the hundred.
    assert isinstance(heard[7], Ready)
    assert heard[8:] == [Dropped(101), NextValidId(200)]


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
    async with connected(world) as tws, anyio.create_task_group() as tasks:

        async def ask_in_vain() -> None:
            with pytest.raises(RequestTimedOut) as caught:
                await tws.current_time(timeout=SAY_AGAIN + 1)
            assert caught.value.sent

        tasks.start_soon(ask_in_vain)
        await anyio.sleep(SAY_AGAIN - 0.5)
        tws.send(IdsRequest())
    assert [type(heard.message) for heard in world.heard] == [CurrentTimeRequest, IdsRequest, CurrentTimeRequest]


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


# A full stream that blocks, and the end behind it


def quiet() -> World:
    """A TWS that says nothing by itself after it is ready."""
    return World(WorldSettings(opening=(Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID)))


async def past(tws: Tws) -> None:
    """Read what has happened so far, so that the next stream begins empty."""
    with tws.events() as events:
        async for event in events:
            if isinstance(event, Ready):
                return


async def filled(world: World, tws: Tws, capacity: int) -> EventStream:
    """Give a stream that blocks and is full, with nothing of TWS behind it."""
    await past(tws)
    stream = tws.events(capacity=capacity, when_full="block")
    for number in range(capacity):
        world.links[0].say(NextValidId(100 + number))
        await until(lambda: tws.next_valid_id == 100 + number)  # noqa: B023 (it is called at once)
    assert not stream.has_room
    return stream


async def test_the_end_is_heard_though_a_stream_is_full() -> None:
    """Only what comes before the end needs room; the end itself is told at once, and waits behind what waits."""
    world = quiet()
    async with connected(world) as tws:
        stream = await filled(world, tws, 3)
        world.links[0].die()
        with anyio.fail_after(PATIENCE):
            end = await tws.closed()
            heard = [event async for event in stream]
    assert end.reason is CloseReason.EOF
    assert heard[:3] == [NextValidId(100 + number) for number in range(3)]
    assert heard[-1] == end


async def test_a_reset_is_heard_though_a_stream_is_full() -> None:
    """The same for a byte stream that breaks; and the block, which waits for something else, is told."""
    world = quiet()
    with pytest.raises(ConnectionClosed) as caught, anyio.fail_after(PATIENCE):
        async with connected(world) as tws:
            await filled(world, tws, 1)
            world.links[0].die(HangUp.RESET)
            await anyio.sleep_forever()
    assert caught.value.reason is CloseReason.RESET


@pytest.mark.virtual_time
async def test_a_full_stream_that_nobody_reads_hides_the_end_for_a_while_only() -> None:
    """With more of TWS before the end, the stream fails after its time, and then the end is heard."""
    world = quiet()
    async with connected(world) as tws:
        stream = await filled(world, tws, 1)
        began = anyio.current_time()
        for number in range(10):
            world.links[0].say(NextValidId(200 + number))
        world.links[0].die()
        with anyio.fail_after(10 * UNREAD_SECONDS):
            await tws.closed()
        assert anyio.current_time() - began == pytest.approx(UNREAD_SECONDS)
        with pytest.raises(SlowConsumer) as caught:
            await anext(stream)
    assert (caught.value.unread_seconds, caught.value.lost) == (UNREAD_SECONDS, 1)


@pytest.mark.virtual_time
async def test_a_slow_reader_of_a_full_stream_is_waited_for() -> None:
    """The time counts from the last event that was taken: a reader that goes on reading loses nothing, ever."""
    world = quiet()
    async with connected(world) as tws:
        stream = await filled(world, tws, 1)
        for number in range(1, 10):
            world.links[0].say(NextValidId(100 + number))
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
        world.links[0].die()
        heard = []
        async with anyio.create_task_group() as tasks:
            # So that the block is not cancelled when the end comes.
            tasks.start_soon(tws.closed)
            async for event in stream:
                heard.append(event)
                await anyio.sleep(UNREAD_SECONDS - 1)
    assert heard[:10] == [NextValidId(100 + number) for number in range(10)]
    assert isinstance(heard[-1], ConnectionClosed)


@pytest.mark.virtual_time
async def test_deadlines_hold_though_a_stream_is_full() -> None:
    """The core's clock does not wait for a reader: a start that TWS never completes ends when it should."""
    world = World(WorldSettings(opening=(Opening.MANAGED_ACCOUNTS,)))
    with pytest.raises(ConnectionClosed) as caught:
        async with connected(world, options=HandshakeOptions(start_api_by_hand=True, start_timeout=20)) as tws:
            async for event in tws.events():
                if getattr(event, "after", None) is State.HANDSHAKING:
                    break
            tws.events(capacity=1, when_full="block")
            began = anyio.current_time()
            tws.start_api()
            await anyio.sleep_forever()
    assert caught.value.reason is CloseReason.HANDSHAKE_TIMEOUT
    assert anyio.current_time() - began == pytest.approx(20, abs=2)


# Bounds in bytes


class Canned(ByteStream):
    """A TWS that says what it is given, piece by piece, and never waits. Then it says nothing more."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        piece = next(self.pieces, None)
        if piece is None:
            await anyio.sleep_forever()
        assert piece is not None
        return piece

    async def send(self, item: bytes) -> None:
        return

    async def send_eof(self) -> None:
        return

    async def aclose(self) -> None:
        return


UNKNOWN = text(250, "x" * 2**20)
"""A frame of a mebibyte whose id nobody knows."""


async def test_a_flood_while_connecting_is_bounded() -> None:
    """What TWS says before it is ready is kept for the first stream, up to the bound; it is not all kept until then."""

    def pieces() -> Iterator[bytes]:
        yield REPLY
        for _ in range(2 * MOST_BYTES // len(UNKNOWN)):
            yield UNKNOWN
        yield OPENING

    # Counting memory is slow, and a busy machine is no bug.
    patient = anytws.HandshakeOptions(version_timeout=None, start_timeout=None)
    tracemalloc.start()
    try:
        async with anytws.connect_stream(Canned(pieces()), options=patient) as tws:
            _, most = tracemalloc.get_traced_memory()
            events = tws.events()
    finally:
        tracemalloc.stop()
    assert most < MOST_BYTES + 16 * len(UNKNOWN)
    dropped = await anext(events)
    kept = [event async for event in events if isinstance(event, UnknownMessage)]
    assert isinstance(dropped, Dropped)
    # Also dropped: the beginning, which is three changes of the state and the version.
    assert dropped.count - 4 + len(kept) == 2 * MOST_BYTES // len(UNKNOWN)
    assert sum(len(event.frame) for event in kept) <= MOST_BYTES


async def test_what_nobody_reads_is_bounded_in_bytes() -> None:
    """The default stream fails by weight, long before ten thousand events."""

    def pieces() -> Iterator[bytes]:
        yield REPLY
        yield OPENING
        for _ in range(2 * MOST_BYTES // len(UNKNOWN)):
            yield UNKNOWN
        yield text(49, 1, 1_735_725_600)

    async with anytws.connect_stream(Canned(pieces())) as tws:
        events = tws.events()
        await tws.current_time()
        assert events.statistics().waiting_bytes == 0
        with pytest.raises(SlowConsumer) as caught:
            await anext(events)
    assert (caught.value.unit, caught.value.capacity) == ("bytes", MOST_BYTES)
    assert caught.value.lost > MOST_BYTES // len(UNKNOWN)


# A flood, and readers that are quick enough


@pytest.mark.parametrize("in_batches", [False, True])
async def test_a_flood_does_not_fail_a_reader_that_is_quick_enough(in_batches: bool) -> None:
    """TWS says more at once than a stream may hold, without a pause: a reader that only takes has all of it."""
    count = 40_000
    # The shortest frames that come in numbers have about 20 bytes.
    flood = error(2104, "ok") * count + text(49, 1, 1)

    class Flooding(Canned):
        """Gives as much as it is asked for, as a socket does."""

        def __init__(self) -> None:
            super().__init__(iter((REPLY, OPENING)))
            self.place = 0

        async def receive(self, max_bytes: int = 65_536) -> bytes:
            piece = next(self.pieces, b"") or flood[self.place : self.place + max_bytes]
            if not piece:
                await anyio.sleep_forever()
            self.place += len(piece) * (piece not in (REPLY, OPENING))
            return piece

    async with anytws.connect_stream(Flooding()) as tws:
        heard = 0
        with tws.events() as events, anyio.fail_after(PATIENCE):
            if in_batches:
                async for batch in events.batches():
                    heard += sum(isinstance(event, Notice) for event in batch)
                    if isinstance(batch[-1], CurrentTime):
                        break
            else:
                async for event in events:
                    heard += isinstance(event, Notice)
                    if isinstance(event, CurrentTime):
                        break
    assert heard == count


async def test_a_flood_of_quotes_alone_is_read_in_larger_pieces() -> None:
    """Most of it is passed over, so it takes no longer. As soon as it is anything else, the pieces are small again."""
    usual, asked = 65_536, list[int]()
    tick, last = text(1, 6, 10**9, 1, 5.0, 7, 1), text(1, 6, 10**9, 4, 5.5, 7, 1)

    class Flooding(Canned):
        def __init__(self) -> None:
            super().__init__(iter((REPLY, OPENING)))
            self.rest = tick * (4 * usual // len(tick)) + last + error(2104, "ok") * (12 * usual // 20)
            self.subscribed = anyio.Event()

        async def send(self, item: bytes) -> None:
            if b"AAPL" in item:
                self.subscribed.set()

        async def receive(self, max_bytes: int = 65_536) -> bytes:
            if piece := next(self.pieces, b""):
                return piece
            await self.subscribed.wait()
            if not self.rest:
                await anyio.sleep_forever()
            # The first tick by itself: before it nothing is known to be overtaken.
            count = max_bytes if asked else len(tick)
            asked.append(max_bytes)
            piece, self.rest = self.rest[:count], self.rest[count:]
            return piece

    stream = Flooding()
    async with anytws.connect_stream(stream) as tws, tws.market_data.quotes(Stock("AAPL")) as quotes:
        with anyio.fail_after(PATIENCE):
            async for quote in quotes:
                if quote.last == 5.5:
                    break
            await until(lambda: not stream.rest)
            assert quote.bid == 5.0
        assert tws.statistics().overtaken > 4 * usual // len(tick) - 10
    assert asked[:3] == [usual, usual, 4 * usual]
    assert asked[-1] == usual
    assert {*asked} == {usual, 4 * usual}


@pytest.mark.virtual_time
async def test_a_stuck_reader_costs_the_others_little() -> None:
    """While it is about to be too slow, TWS is read 4 kB at a time, each 5 ms; once it has failed, as before."""
    frame = text(9, 1, 42)
    piece = frame * (2000 // len(frame))

    def pieces() -> Iterator[bytes]:
        yield REPLY
        yield OPENING
        for _ in range(20):
            yield piece

    async with anytws.connect_stream(Canned(pieces())) as tws:
        await past(tws)
        stuck = tws.events(capacity=15 * (len(piece) // len(frame)))
        began = anyio.current_time()
        heard = 0
        async for event in tws.events(capacity=10**6):
            heard += isinstance(event, NextValidId)
            if heard == 20 * (len(piece) // len(frame)):
                break
        # Eight reads of twenty find it more than half full, and not yet failed.
        assert 0.03 < anyio.current_time() - began < 0.05
        with pytest.raises(SlowConsumer):
            await anext(stuck)


async def test_a_stream_that_has_failed_is_forgotten() -> None:
    """Also if nobody comes back to hear of it: a program that opens one after the other keeps none of them."""
    world = quiet()
    async with connected(world) as tws:
        await past(tws)
        for number in range(20):
            tws.events(capacity=1)
            for place in (0, 1):
                world.links[0].say(NextValidId(100 + 2 * number + place))
            await until(lambda: tws.next_valid_id == 101 + 2 * number)  # noqa: B023 (it is called at once)
        tws.events()
        assert len(tws._pump._waking) == len(tws._pump._event_streams) == 1
        assert len(tws._pump.session.listeners) == 1


@pytest.mark.virtual_time
async def test_a_reader_that_takes_little_by_little_is_not_given_up() -> None:
    """One event in a while is enough, though many wait: the time counts from the last one that was taken."""
    world = quiet()
    async with connected(world) as tws:
        stream = await filled(world, tws, 40)
        for number in range(20):
            world.links[0].say(NextValidId(200 + number))
        heard = []
        for _ in range(60):
            heard.append(await anext(stream))
            await anyio.sleep(UNREAD_SECONDS - 1)
        stream.close()
    assert heard == [NextValidId(number) for number in (*range(100, 140), *range(200, 220))]
