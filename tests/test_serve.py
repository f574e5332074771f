"""The simulated TWS on real sockets and on streams in memory: what a client sees of each way to hang up."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal

import anyio
import anyio.lowlevel
import pytest
import trio
from anyio.abc import ByteStream

from anytws.core.connection import Connection
from anytws.core.events import CloseReason
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.messages.base import Side
from anytws.messages.session import CurrentTime, CurrentTimeRequest, ErrorMessage, IdsRequest, NextValidId
from anytws.simulator import Dialog, HangUp, World, WorldSettings
from anytws.simulator.serve import TcpTws, serve, serve_memory
from anytws.simulator.settings import EPOCH

GREETING = b"API\0\0\0\0\x09v157..226"
HERE = "127.0.0.1"
PATIENCE = 10.0
"""Seconds after which a test fails instead of hanging. Nothing waits for them."""

Ending = Literal["eof", "reset"]


async def hear_out(stream: ByteStream) -> tuple[bytes, Ending]:
    """Give everything that comes, and how it ends."""
    heard = bytearray()
    with anyio.fail_after(PATIENCE):
        while True:
            try:
                heard += await stream.receive()
            except anyio.EndOfStream:
                return bytes(heard), "eof"
            except anyio.BrokenResourceError:
                return bytes(heard), "reset"


async def become_ready(stream: ByteStream, **options: object) -> Connection:
    """Give a client core that is ready on *stream*."""
    core = Connection(Side.CLIENT, HandshakeOptions(**options))
    core.opened()
    with anyio.fail_after(PATIENCE):
        while core.state is not State.READY:
            if data := core.data_to_send():
                await stream.send(data)
            core.receive_data(await stream.receive())
            assert core.closed is None
    core.events()
    return core


async def ask(stream: ByteStream, core: Connection, request, kind):
    """Give the first answer of one kind."""
    with anyio.fail_after(PATIENCE):
        await stream.send(core.send(request))
        while True:
            for event in core.events():
                if isinstance(event, kind):
                    return event
            core.receive_data(await stream.receive())


async def until(condition: Callable[[], object]) -> None:
    """Let other tasks and the network have their turns until *condition* holds."""
    with anyio.fail_after(PATIENCE):
        while not condition():
            await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def over_tcp(world: World):
    """Serve *world*; give the function to connect with."""
    async with serve(world) as tws:
        yield lambda: anyio.connect_tcp(tws.host, tws.port)


@asynccontextmanager
async def over_memory(world: World):
    async with serve_memory(world) as tws:
        yield tws.connect


@pytest.fixture(params=[over_tcp, over_memory])
def way(request: pytest.FixtureRequest):
    """Serve a world in either way: no test that asks for it may see a difference."""
    return request.param


# A session


async def test_a_client_becomes_ready_and_is_answered(way):
    world = World()
    async with way(world) as connect, await connect() as stream:
        core = await become_ready(stream, client_id=7)
        assert (await ask(stream, core, IdsRequest(), NextValidId)) == NextValidId(1)
        (link,) = world.links
        assert (link.client_id, link.state, link.address) == (7, State.READY, HERE)


async def test_the_clock_is_that_of_this_machine(way):
    async with way(World()) as connect, await connect() as stream:
        core = await become_ready(stream)
        answer = await ask(stream, core, CurrentTimeRequest(), CurrentTime)
        assert abs(datetime.now(UTC) - answer.time) < timedelta(seconds=PATIENCE)


async def test_many_clients_at_once(way):
    world = World()
    async with way(world) as connect, anyio.create_task_group() as clients:

        async def one(client_id: int) -> None:
            async with await connect() as stream:
                core = await become_ready(stream, client_id=client_id)
                await ask(stream, core, CurrentTimeRequest(), CurrentTime)

        for client_id in range(20):
            clients.start_soon(one, client_id)
    assert len(world.heard) == 20


async def test_one_byte_at_a_time(way):
    async with way(World()) as connect, await connect() as stream:
        for byte in GREETING:
            await stream.send(bytes([byte]))
        assert (await stream.receive())[4:].startswith(b"226\0")


async def test_a_test_speaks_through_the_link_while_the_client_waits(way):
    world = World()
    async with way(world) as connect, await connect() as stream:
        core = await become_ready(stream)
        world.links[0].say(ErrorMessage(None, 1100, "Connectivity lost"))
        with anyio.fail_after(PATIENCE):
            core.receive_data(await stream.receive())
        assert core.events()[-1].code == 1100


# How a connection ends, as the client sees it


@pytest.mark.parametrize(
    "settings",
    [
        WorldSettings(api_enabled=False),
        WorldSettings(max_clients=0),
        WorldSettings(trusted_addresses=(), dialog=Dialog.REJECT),
        WorldSettings(die_after_bytes=0),
    ],
    ids=["API off", "too many", "rejected", "dead"],
)
async def test_a_refused_client_sees_an_end_and_not_a_byte(settings, way):
    async with way(World(settings)) as connect, await connect() as stream:
        await stream.send(GREETING)
        assert await hear_out(stream) == (b"", "eof")


async def test_a_redirect_is_said_and_then_the_end(way):
    async with way(World(WorldSettings(redirect=("example", 7)))) as connect, await connect() as stream:
        await stream.send(GREETING)
        assert await hear_out(stream) == (b"\0\0\0\x0d-1\0example:7\0", "eof")


async def test_error_326_arrives_even_if_the_client_goes_on_talking(way):
    """Bytes that nobody reads must not turn the end into a reset, which could overtake the error."""
    world = World()
    async with way(world) as connect, await connect() as first, await connect() as second:
        await become_ready(first, client_id=7)
        core = Connection(Side.CLIENT, HandshakeOptions(client_id=7))
        core.opened()
        await second.send(core.data_to_send())
        core.receive_data(await second.receive())
        await second.send(core.data_to_send())
        await until(lambda: world.ended)
        await second.send(bytes(1000))
        heard, ending = await hear_out(second)
        core.receive_data(heard)
        assert [event.error_code for event in core.events() if isinstance(event, ErrorMessage)] == [326]
        assert ending == "eof"
        assert len(world.links) == 1


@pytest.mark.parametrize("how", HangUp)
@pytest.mark.parametrize("count", [3, 40, 200])
async def test_death_after_some_bytes(count, how, way):
    async with way(World(WorldSettings(die_after_bytes=count, die_by=how))) as connect, await connect() as stream:
        await stream.send(GREETING)
        # START_API can be written before its turn only by one who knows the version already.
        heard = b"" if count < 30 else await stream.receive()
        if heard:
            await stream.send(b"\0\0\0\x06\0\0\x01\x0f\x08\x07")
        rest, ending = await hear_out(stream)
        assert (len(heard + rest), ending) == (count, how.value)


@pytest.mark.parametrize("how", HangUp)
async def test_a_connection_is_killed_while_the_client_waits(how, way):
    world = World()
    async with way(world) as connect, await connect() as victim, await connect() as other:
        await become_ready(victim, client_id=1)
        core = await become_ready(other, client_id=2)
        world.links[0].die(how)
        assert (await hear_out(victim))[1] == how.value
        await ask(other, core, CurrentTimeRequest(), CurrentTime)


@pytest.mark.parametrize("how", HangUp)
async def test_the_whole_tws_is_killed(how, way):
    world = World()
    async with way(world) as connect, await connect() as one, await connect() as two:
        await become_ready(one, client_id=1)
        await become_ready(two, client_id=2)
        world.die(how)
        assert (await hear_out(one))[1] == (await hear_out(two))[1] == how.value
        with pytest.raises(OSError, match=r".*"):
            await connect()
        world.restart()
        await until_connected(connect)


async def until_connected(connect: Callable[[], Awaitable[ByteStream]]) -> None:
    with anyio.fail_after(PATIENCE):
        while True:
            await anyio.lowlevel.checkpoint()
            try:
                stream = await connect()
            except OSError:
                continue
            async with stream:
                await become_ready(stream)
            return


async def test_tws_dies_between_the_accept_and_the_first_look():
    class Dying(World):
        def connect(self, address, now):
            self.die()
            return super().connect(address, now)

    async with serve(Dying()) as tws, await anyio.connect_tcp(tws.host, tws.port) as stream:
        assert await hear_out(stream) == (b"", "reset")


async def test_a_client_that_came_and_went_before_the_accept(monkeypatch):
    accept = socket.socket.accept
    failures = [ConnectionAbortedError()]

    def accept_second(listener: socket.socket):
        if failures:
            raise failures.pop()
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", accept_second)
    async with serve(World()) as tws, await anyio.connect_tcp(tws.host, tws.port) as stream:
        await become_ready(stream)
    assert not failures


# Nothing outlives the block


async def test_leaving_the_block_ends_every_connection(way):
    world = World()
    async with way(world) as connect:
        streams = [await connect() for _ in range(3)]
        for client_id, stream in enumerate(streams):
            await become_ready(stream, client_id=client_id)
    assert world.links == ()
    assert {link.closed.reason for link in world.ended} == {CloseReason.LOCAL}
    for stream in streams:
        assert (await hear_out(stream))[1] == "eof"
        await stream.aclose()
    assert world.is_running
    assert len(world._watchers) == 0
    assert {len(link._watchers) for link in world.ended} == {0}, "no link holds on to a task that is gone"


async def test_leaving_the_block_frees_the_port():
    async with serve(World()) as tws:
        port = tws.port
    with pytest.raises(OSError, match=r".*"):
        await anyio.connect_tcp(HERE, port)
    async with serve(World(), port=port) as tws:
        assert tws.port == port


async def test_leaving_the_block_while_dead():
    world = World()
    async with serve(world) as tws:
        world.die()
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(OSError, match=r".*"):
            await anyio.connect_tcp(tws.host, tws.port)


async def test_a_world_that_is_not_running_is_served_when_it_starts():
    world = World()
    world.die()
    async with serve(world) as tws:
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(OSError, match=r".*"):
            await anyio.connect_tcp(tws.host, tws.port)
        world.restart()
        await until_connected(lambda: anyio.connect_tcp(tws.host, tws.port))


async def test_cancelling_the_block_ends_it(way):
    world = World()
    with anyio.move_on_after(PATIENCE) as scope:
        async with way(world) as connect, await connect() as stream:
            await become_ready(stream)
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert world.links == ()


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()])
async def test_an_error_of_the_block_leaves_it_bare(error, way):
    cause = LookupError("why")
    with pytest.raises(type(error)) as caught:
        async with way(World()):
            raise error from cause
    assert caught.value is error
    assert error.__cause__ is cause


async def test_two_errors_leave_it_in_a_group(monkeypatch):
    def broken(listener: socket.socket):
        raise OSError(errno.EBADF, "gone")

    with pytest.raises(ExceptionGroup) as caught:
        async with serve(World()):
            monkeypatch.setattr(socket.socket, "accept", broken)
            try:
                await anyio.sleep_forever()
            finally:
                raise ValueError("mine")
    assert {type(error) for error in caught.value.exceptions} == {ValueError, OSError}


async def test_a_port_that_is_taken_is_an_error_of_the_system():
    async with serve(World()) as tws:
        with pytest.raises(OSError, match=r".*"):
            async with serve(World(), port=tws.port):
                pytest.fail("two on one port")


async def test_two_ways_into_one_world():
    world = World()
    async with over_tcp(world) as tcp, over_memory(world) as memory, await tcp() as one, await memory() as two:
        await become_ready(one, client_id=1)
        await become_ready(two, client_id=2)
        assert [link.client_id for link in world.links] == [1, 2]


async def test_ipv6():
    try:
        probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    probe.close()
    world = World()
    async with serve(world, "::1") as tws:
        async with await anyio.connect_tcp(tws.host, tws.port) as stream:
            await become_ready(stream)
            assert world.links[0].address == "::1"
        world.die()
        await anyio.wait_all_tasks_blocked()
        world.restart()
        await until_connected(lambda: anyio.connect_tcp(tws.host, tws.port))


def test_no_task_and_no_socket_is_left(anyio_backend):
    async def main() -> int:
        async with serve(World()) as tws:
            stream = await anyio.connect_tcp(tws.host, tws.port)
            await become_ready(stream)
        left = living_tasks()
        await stream.aclose()
        return left

    def living_tasks() -> int:
        if anyio_backend == "asyncio":
            return len(asyncio.all_tasks())
        return trio.lowlevel.current_statistics().tasks_living

    async def nothing() -> int:
        return living_tasks()

    assert anyio.run(main, backend=anyio_backend) == anyio.run(nothing, backend=anyio_backend)
    # A socket that was not closed would warn here, and warnings are errors.
    gc.collect()


# By the short way


async def test_it_can_be_called_where_the_simulator_is() -> None:
    """``from anytws.simulator import serve``: the module has the name of its function, and is one."""
    from anytws import simulator
    from anytws.simulator import serve as short

    assert simulator.__getattr__("serve") is simulator.serve is short
    assert short.serve is serve
    assert set(simulator.__all__) >= {"World", "serve"}
    async with short(World(), linger_seconds=0.0) as tws:
        assert isinstance(tws, TcpTws)
        assert repr(tws) == f"<TcpTws at 127.0.0.1:{tws.port}, {tws.world!r}>"
    with pytest.raises(AttributeError, match="no attribute 'sserve'"):
        simulator.sserve  # noqa: B018


async def test_the_clock_begins_where_the_settings_say_whatever_the_loop_calls_it():
    world = World(WorldSettings(starts_at=EPOCH))
    async with serve_memory(world):
        assert timedelta(0) <= world.utc(anyio.current_time()) - EPOCH < timedelta(seconds=30)
