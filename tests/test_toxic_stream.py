"""Byte faults, restarts and speed where bytes are really carried: in memory with a virtual clock, and on TCP."""

from __future__ import annotations

import anyio
import pytest
import trio

from anytws.core.events import CloseReason
from anytws.messages.session import CurrentTime, CurrentTimeRequest, IdsRequest, NextValidId
from anytws.simulator import HangUp, World, WorldSettings
from anytws.simulator.faults import (
    AcceptAndHangUp,
    AfterConnections,
    At,
    Bandwidth,
    CutConnection,
    Event,
    Latency,
    LimitData,
    NightlyRestart,
    On,
    ResetPeer,
    Script,
    Slicer,
    SlowClose,
    Timeout,
    Way,
    Wedged,
)
from anytws.simulator.serve import serve, serve_memory
from anytws.simulator.toxic_stream import ToxicStream
from tests.test_serve import GREETING, ask, become_ready, hear_out, over_memory, over_tcp, until


@pytest.fixture(params=[over_tcp, over_memory])
def way(request: pytest.FixtureRequest):
    """Each way to serve a world."""
    return request.param


def world_of(*events: Event, **settings: object) -> World:
    return World(WorldSettings(**settings), script=Script(events))


# Byte faults


@pytest.mark.virtual_time
@pytest.mark.card("faults.latency")
async def test_latency_each_way():
    world = world_of(
        Event(At(10), Latency(latency=2000)), Event(At(10), Latency(latency=500, stream=Way.UPSTREAM, lasts=100.0))
    )
    async with serve_memory(world) as tws, await tws.connect() as stream:
        core = await become_ready(stream)
        assert trio.current_time() == 0
        await trio.sleep(20)
        await ask(stream, core, CurrentTimeRequest(), CurrentTime)
        assert trio.current_time() == pytest.approx(22.5)
        (heard,) = world.heard
        assert heard.now == pytest.approx(20.5)
        await trio.sleep(200)
        begin = trio.current_time()
        await ask(stream, core, CurrentTimeRequest(), CurrentTime)
        assert trio.current_time() == pytest.approx(begin + 2.0)


@pytest.mark.card("faults.slicer")
async def test_sliced_bytes_are_understood(way):
    world = world_of(
        Event(AfterConnections(1), Slicer(average_size=3, size_variation=2)),
        Event(AfterConnections(1), Slicer(average_size=1, stream=Way.UPSTREAM)),
    )
    async with way(world) as connect, await connect() as stream:
        core = await become_ready(stream)
        for _ in range(3):
            assert await ask(stream, core, IdsRequest(), NextValidId) == NextValidId(1)


@pytest.mark.virtual_time
@pytest.mark.card("faults.bandwidth")
async def test_a_line_with_little_bandwidth():
    world = world_of(Event(At(0), Bandwidth(rate=1)))
    async with serve_memory(world) as tws, await tws.connect() as stream:
        await stream.send(GREETING)
        await until(lambda: world.links)
        world.links[0].say_bytes(bytes(10_000))
        world.links[0].die()
        heard, ending = await hear_out_slowly(stream)
        assert ending == "eof"
        assert len(heard) >= 10_000
        assert trio.current_time() == pytest.approx(len(heard) / 1000)


async def hear_out_slowly(stream):
    """Give all that comes and how it ends, however long it takes."""
    heard = bytearray()
    while True:
        try:
            heard += await stream.receive()
        except anyio.EndOfStream:
            return bytes(heard), "eof"


@pytest.mark.card("faults.limit_data")
async def test_the_connection_ends_in_the_middle_of_a_message(way):
    world = world_of(Event(AfterConnections(1), LimitData(10)))
    async with way(world) as connect:
        async with await connect() as stream:
            await stream.send(GREETING)
            heard, ending = await hear_out(stream)
        assert (len(heard), ending) == (10, "eof")
        await until(lambda: not world.links)
        assert world.ended[0].closed.reason is CloseReason.EOF
        async with await connect() as stream:
            await become_ready(stream)


@pytest.mark.card("faults.reset_peer")
async def test_both_ends_are_torn(way):
    world = world_of(Event(On("CurrentTimeRequest"), ResetPeer(), clients=(7,)))
    async with way(world) as connect:
        async with await connect() as stream:
            core = await become_ready(stream, client_id=7)
            await stream.send(core.send(CurrentTimeRequest()))
            _, ending = await hear_out(stream)
        assert ending == "reset"
        await until(lambda: not world.links)
        assert world.ended[0].closed.reason is CloseReason.RESET


@pytest.mark.virtual_time
@pytest.mark.card("faults.timeout")
async def test_a_silent_line_that_is_closed_in_the_end():
    world = world_of(Event(At(10), Timeout(30_000)))
    async with serve_memory(world) as tws, await tws.connect() as stream:
        core = await become_ready(stream)
        await trio.sleep(15)
        await stream.send(core.send(CurrentTimeRequest()))
        with pytest.raises(anyio.EndOfStream):
            await stream.receive()
        assert trio.current_time() == pytest.approx(40, abs=0.002)
        assert len(world.heard) == 1, "upstream nothing is wrong"


@pytest.mark.virtual_time
@pytest.mark.card("faults.timeout")
async def test_requests_that_never_arrive():
    world = world_of(Event(At(10), Timeout(0, stream=Way.UPSTREAM, lasts=50.0)))
    async with serve_memory(world) as tws, await tws.connect() as stream:
        core = await become_ready(stream)
        await trio.sleep(15)
        await stream.send(core.send(CurrentTimeRequest()))
        await trio.sleep(60)
        assert len(world.heard) == 0
        await ask(stream, core, CurrentTimeRequest(), CurrentTime)


@pytest.mark.virtual_time
@pytest.mark.card("faults.slow_close")
async def test_an_end_that_is_told_late():
    world = world_of(Event(At(0), SlowClose(5000)), Event(At(10), CutConnection()))
    async with serve_memory(world) as tws, await tws.connect() as stream:
        await become_ready(stream)
        _, ending = await hear_out_slowly(stream)
        assert ending == "eof"
        assert trio.current_time() == pytest.approx(15, abs=0.002)


async def test_a_client_that_goes_is_gone_behind_byte_faults_too(way):
    world = world_of(Event(AfterConnections(1, every=True), Latency(latency=1)), stale_seconds=100)
    async with way(world) as connect:
        async with await connect() as stream:
            await become_ready(stream, client_id=7)
        await until(lambda: not world.links)
        assert world.ended[0].closed.reason is CloseReason.EOF


async def test_leaving_the_block_leaves_nothing_behind(way):
    world = world_of(Event(AfterConnections(1, every=True), Latency(latency=1_000_000)))
    async with way(world) as connect:
        stream = await connect()
        await stream.send(GREETING)
    await stream.aclose()
    assert world.links == ()


async def test_a_world_that_is_torn_behind_byte_faults(way):
    world = world_of(Event(AfterConnections(1, every=True), Slicer(average_size=10)))
    async with way(world) as connect, await connect() as stream:
        await become_ready(stream)
        world.die(HangUp.RESET)
        assert (await hear_out(stream))[1] == "reset"


async def test_without_byte_faults_no_stream_is_in_between(way, monkeypatch):
    made = []
    monkeypatch.setattr(ToxicStream, "__init__", lambda *_: made.append(1))
    async with way(world_of(Event(At(1000), Wedged()))) as connect, await connect() as stream:
        await become_ready(stream)
    assert made == []


# Restarts, and what nobody is connected to


@pytest.mark.virtual_time
@pytest.mark.card("faults.nightly_restart")
async def test_the_nightly_restart_in_memory():
    world = world_of(Event(At(100), NightlyRestart(refused_seconds=80.0, stale_seconds=20.0)))
    async with serve_memory(world) as tws:
        async with await tws.connect() as stream:
            await become_ready(stream, client_id=7)
            with pytest.raises(anyio.BrokenResourceError):
                while True:
                    await stream.receive()
        assert trio.current_time() == pytest.approx(100, abs=0.002)
        # It comes back by itself: nobody has to tell it the time.
        while trio.current_time() < 179:
            with pytest.raises(ConnectionRefusedError):
                await tws.connect()
            await trio.sleep(1)
        await trio.sleep(2)
        assert world.is_running


@pytest.mark.card("faults.nightly_restart")
async def test_the_nightly_restart_on_tcp():
    # A hundred seconds of the world are a tenth of one.
    world = world_of(Event(On("CurrentTimeRequest"), NightlyRestart(refused_seconds=100.0)))
    async with serve(world, speed=1000.0) as tws:
        async with await anyio.connect_tcp(tws.host, tws.port) as stream:
            core = await become_ready(stream)
            await stream.send(core.send(CurrentTimeRequest()))
            assert (await hear_out(stream))[1] == "reset"
        refused = 0
        with anyio.fail_after(10):
            while True:
                try:
                    stream = await anyio.connect_tcp(tws.host, tws.port)
                except OSError:
                    refused += 1
                    await anyio.sleep(0.01)
                else:
                    break
        async with stream:
            await become_ready(stream)
        assert refused > 0


@pytest.mark.card("faults.accept_and_hang_up")
async def test_a_forwarder_on_tcp(way):
    world = world_of(Event(At(0), AcceptAndHangUp(None)))
    async with way(world) as connect:
        async with await connect() as stream:
            assert await hear_out(stream) == (b"", "eof")
        world.director.stop()
        async with await connect() as stream:
            await become_ready(stream)


@pytest.mark.card("faults.nightly_restart")
async def test_a_restart_behind_a_forwarder_on_tcp(way):
    world = world_of(Event(On("CurrentTimeRequest"), NightlyRestart(None, forwarded=True)))
    async with way(world) as connect:
        async with await connect() as stream:
            core = await become_ready(stream)
            await stream.send(core.send(CurrentTimeRequest()))
            await hear_out(stream)
        async with await connect() as stream:
            assert await hear_out(stream) == (b"", "eof")
        world.director.stop()
        async with await connect() as stream:
            await become_ready(stream)


@pytest.mark.virtual_time
@pytest.mark.card("faults.wedged")
async def test_a_gateway_that_hangs_reads_nothing():
    world = world_of(Event(At(10), Wedged(50.0)))
    async with serve_memory(world) as tws, await tws.connect() as stream:
        core = await become_ready(stream)
        await trio.sleep(20)
        async with await tws.connect() as second:
            await second.send(GREETING)
            with trio.move_on_after(30):
                await second.receive()
                raise AssertionError
        assert trio.current_time() == pytest.approx(50, abs=0.002)
        await stream.send(core.send(CurrentTimeRequest()) * 10_000)
        with trio.move_on_after(5):
            await stream.send(bytes(200_000))
            raise AssertionError
        await ask_nothing(stream, core)
        assert trio.current_time() == pytest.approx(60, abs=0.002)


async def ask_nothing(stream, core):
    """Wait for the next answer."""
    while True:
        for event in core.events():
            if isinstance(event, CurrentTime):
                return
        core.receive_data(await stream.receive())


@pytest.mark.virtual_time
async def test_a_world_is_driven_though_nobody_is_connected():
    world = World()
    async with serve_memory(world):
        done = []
        begin = world.ms()
        world.do_at(begin + 5000, lambda: done.append(trio.current_time()))
        world.do_at(begin + 2000, lambda: done.append(trio.current_time()))
        world.do_at(begin + 3000, lambda: 1 / 0)
        await trio.sleep(10)
        assert done == [pytest.approx(2, abs=0.01), pytest.approx(5, abs=0.01)]


@pytest.mark.virtual_time
async def test_the_time_of_a_world_may_run_faster():
    world = World()
    async with serve_memory(world, speed=60.0) as tws, await tws.connect() as stream:
        core = await become_ready(stream)
        first = await ask(stream, core, CurrentTimeRequest(), CurrentTime)
        await trio.sleep(10)
        second = await ask(stream, core, CurrentTimeRequest(), CurrentTime)
        assert (second.time - first.time).total_seconds() == 600
        done = []
        world.do_at(world.ms() + 60_000, lambda: done.append(trio.current_time()))
        await trio.sleep(2)
        assert done == [pytest.approx(11, abs=0.01)]


@pytest.mark.parametrize("speed", [0.0, -1.0, float("inf"), float("nan")])
async def test_a_speed_is_above_zero(speed):
    with pytest.raises(ValueError, match="speed"):
        async with serve_memory(World(), speed=speed):
            pass


@pytest.mark.virtual_time
async def test_what_the_world_does_wakes_only_whom_it_concerns():
    """Of 32 clients each would be woken by each order of any other one."""
    world = World()
    async with serve_memory(world) as tws, await tws.connect() as stream:
        await become_ready(stream)
        (link,) = world.links
        woken = []
        wake = link.wake
        link.wake = lambda now: (woken.append(now), wake(now))  # type: ignore[method-assign]
        begin = world.ms()
        for second in range(1, 100):
            world.do_at(begin + second * 1000, lambda: None)
        await trio.sleep(200)
        assert woken == []
        world.do_at(world.ms() + 1000, lambda: link.push(NextValidId(77)))
        await trio.sleep(2)
        assert await stream.receive()
