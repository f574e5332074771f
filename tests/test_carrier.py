"""How the bytes of a link are carried: who ends whom, who does not read, and what time does."""

from __future__ import annotations

import socket
import struct

import anyio
import anyio.lowlevel
import pytest
import trio

from anytws.core.events import CloseReason
from anytws.messages.session import CurrentTime, CurrentTimeRequest
from anytws.simulator import Dialog, HangUp, World, WorldSettings
from anytws.simulator.serve import CAPACITY, connect_memory, serve, serve_memory
from anytws.simulator.streams import SocketStream
from tests.test_serve import GREETING, PATIENCE, become_ready, hear_out, over_memory, over_tcp, until


@pytest.fixture(params=[over_tcp, over_memory])
def way(request: pytest.FixtureRequest):
    """Each way to serve a world."""
    return request.param


async def test_a_client_that_closes_frees_its_id(way):
    world = World(WorldSettings(stale_seconds=1000))
    async with way(world) as connect:
        for _ in range(2):
            async with await connect() as stream:
                await become_ready(stream, client_id=7)
            await until(lambda: not world.links)
        assert [link.closed.reason for link in world.ended] == [CloseReason.EOF] * 2


async def test_a_client_that_resets_leaves_its_id_in_use():
    world = World(WorldSettings(stale_seconds=1000))
    async with serve(world) as tws:
        # What AnyIO's own streams send when they are closed, FIN or RST, differs between its versions.
        stream = SocketStream(socket.create_connection((tws.host, tws.port)))
        await become_ready(stream, client_id=7)
        stream.reset()
        await until(lambda: not world.links)
        assert world.ended[0].closed.reason is CloseReason.RESET
        assert not world.claim(7, world.ended[0])


async def test_a_client_that_resets_instead_of_reading():
    world = World()
    async with serve(world) as tws:
        with socket.create_connection((tws.host, tws.port)) as raw:
            await until(lambda: world.links)
            world.links[0].say_bytes(bytes(20_000_000))
            await anyio.wait_all_tasks_blocked()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await until(lambda: not world.links)
        assert world.ended[0].closed.reason is CloseReason.RESET


async def test_a_client_in_memory_that_resets():
    world = World()
    async with serve_memory(world) as tws:
        stream = await tws.connect()
        await become_ready(stream)
        stream.reset()
        await until(lambda: not world.links)
        assert world.ended[0].closed.reason is CloseReason.RESET


async def test_a_client_that_half_closes_gets_its_answer_and_the_end(way):
    async with way(World()) as connect, await connect() as stream:
        core = await become_ready(stream)
        await stream.send(core.send(CurrentTimeRequest()))
        await stream.send_eof()
        heard, ending = await hear_out(stream)
        core.receive_data(heard)
        assert any(isinstance(event, CurrentTime) for event in core.events())
        assert ending == "eof"


async def test_who_does_not_read_is_not_listened_to():
    """Answers do not pile up: what a client may ask without reading is bounded by what the streams hold."""
    world = World()
    async with connect_memory(world) as stream:
        core = await become_ready(stream)
        request = core.send(CurrentTimeRequest())
        with anyio.move_on_after(PATIENCE) as scope:
            async with anyio.create_task_group() as tasks:

                async def ask_for_ever() -> None:
                    while True:
                        await stream.send(request * 1000)

                tasks.start_soon(ask_for_ever)
                heard = -1
                while heard != len(world.heard):
                    heard = len(world.heard)
                    await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
        assert not scope.cancelled_caught
        assert 0 < heard * len(request) < 20 * CAPACITY


@pytest.mark.parametrize("how", HangUp)
async def test_who_does_not_read_does_not_keep_tws_from_dying(how):
    world = World()
    async with serve_memory(world, linger_seconds=0.0) as tws:
        stream = await tws.connect()
        await become_ready(stream)
        (link,) = world.links
        link.say_bytes(bytes(CAPACITY))
        link.say_bytes(bytes(CAPACITY))
        await anyio.wait_all_tasks_blocked()
        link.die(how)
        await anyio.wait_all_tasks_blocked()
        heard, ending = await hear_out(stream)
        assert CAPACITY <= len(heard) < 2 * CAPACITY
        assert ending == how.value


async def test_more_than_a_socket_holds_is_delivered_as_it_is_read():
    world = World()
    async with serve(world) as tws, await anyio.connect_tcp(tws.host, tws.port) as stream:
        await until(lambda: world.links)
        world.links[0].say_bytes(bytes(20_000_000))
        world.links[0].die()
        await anyio.wait_all_tasks_blocked()
        heard, ending = await hear_out(stream)
        assert (len(heard), ending) == (20_000_000, "eof")


@pytest.mark.virtual_time
async def test_who_does_not_hang_up_is_left_after_a_while():
    async with serve_memory(World(WorldSettings(api_enabled=False)), linger_seconds=3.0) as tws:
        stream = await tws.connect()
        assert await hear_out(stream) == (b"", "eof")
        await anyio.sleep(2.9)
        await stream.send(b"still there?")
        await anyio.sleep(0.2)
        with pytest.raises(anyio.BrokenResourceError):
            await stream.send(b"still there?")


@pytest.mark.virtual_time
@pytest.mark.parametrize("answer", [Dialog.ACCEPT, Dialog.REJECT])
async def test_the_dialog_is_answered_when_its_time_has_come(answer):
    world = World(WorldSettings(trusted_addresses=(), dialog=answer, dialog_seconds=8.0))
    async with connect_memory(world) as stream:
        await stream.send(GREETING)
        with anyio.fail_after(9.0):
            if answer is Dialog.ACCEPT:
                assert await stream.receive()
            else:
                assert await hear_out(stream) == (b"", "eof")
        assert anyio.current_time() == 8.0


@pytest.mark.virtual_time
async def test_idle_it_does_nothing_at_all():
    """Whatever runs in between would show: virtual time stops for it."""
    times = set()

    class Watch(trio.abc.Instrument):
        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            times.add(trio.current_time())

    async with connect_memory(World()) as stream:
        await become_ready(stream)
        trio.lowlevel.add_instrument(watch := Watch())
        await anyio.sleep(10_000)
        trio.lowlevel.remove_instrument(watch)
    assert times == {0, 10_000}
