"""The byte streams of the simulated TWS, of which those in memory behave as sockets do."""

from __future__ import annotations

import errno
import socket

import anyio
import anyio.lowlevel
import pytest

from anytws.simulator import HangUp, World
from anytws.simulator.serve import CAPACITY, memory_pair, serve
from tests.test_serve import PATIENCE, hear_out, until


async def test_a_bare_socket_gets_a_true_rst():
    """Not through AnyIO: the system's own word."""
    world = World()
    async with serve(world) as tws:
        with socket.create_connection((tws.host, tws.port)) as raw:
            raw.setblocking(False)
            await until(lambda: world.links)
            world.die(HangUp.RESET)
            with anyio.fail_after(PATIENCE):
                await anyio.wait_readable(raw)
            with pytest.raises(ConnectionResetError):
                raw.recv(1)


async def test_an_end_that_comes_after_a_reset_is_told_as_one(monkeypatch):
    """The client tears the connection in the moment in which TWS hangs up."""
    world = World()
    async with serve(world) as tws, await anyio.connect_tcp(tws.host, tws.port) as stream:
        await until(lambda: world.links)

        def torn(raw: socket.socket, how: int) -> None:
            raise OSError(errno.ENOTCONN, "torn")

        monkeypatch.setattr(socket.socket, "shutdown", torn)
        world.links[0].die()
        assert (await hear_out(stream))[1] == "eof"


async def test_memory_carries_bytes_both_ways():
    here, there = memory_pair()
    await here.send(b"abc")
    await here.send(b"def")
    await there.send(b"xyz")
    assert [await there.receive(4), await there.receive(4)] == [b"abcd", b"ef"]
    assert await here.receive() == b"xyz"


async def test_memory_says_the_end_after_what_was_said():
    here, there = memory_pair()
    await here.send(b"last")
    await here.send_eof()
    await there.send(b"the other way still works")
    assert await hear_out(there) == (b"last", "eof")
    assert await here.receive()
    with pytest.raises(anyio.ClosedResourceError):
        await here.send(b"more")


async def test_memory_closes_both_ways():
    here, there = memory_pair()
    await here.send(b"last")
    await there.send(b"unread")
    await here.aclose()
    await here.aclose()
    assert await hear_out(there) == (b"last", "eof")
    with pytest.raises(anyio.BrokenResourceError):
        await there.send(b"anybody?")
    with pytest.raises(anyio.ClosedResourceError):
        await here.receive()
    with pytest.raises(anyio.ClosedResourceError):
        await here.send(b"x")


async def test_memory_is_torn_both_ways():
    here, there = memory_pair()
    await here.send(b"last ")
    here.reset(b"words")
    here.reset(b"no more")
    assert await hear_out(there) == (b"last words", "reset")
    with pytest.raises(anyio.BrokenResourceError):
        await there.send(b"x")
    with pytest.raises(anyio.ClosedResourceError):
        await here.receive()


@pytest.mark.parametrize("ending", ["aclose", "reset"])
async def test_memory_wakes_a_waiting_sender_when_the_other_end_goes(ending):
    here, there = memory_pair()
    seen = []

    async def send_too_much() -> None:
        try:
            await here.send(bytes(CAPACITY + 1))
        except anyio.BrokenResourceError as error:
            seen.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send_too_much)
        await anyio.wait_all_tasks_blocked()
        assert not seen
        there.reset() if ending == "reset" else await there.aclose()
    assert len(seen) == 1


async def test_memory_is_bounded():
    here, there = memory_pair()
    await here.send(bytes(CAPACITY))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(here.send, b"one more")
        await anyio.wait_all_tasks_blocked()
        assert len(await there.receive(2 * CAPACITY)) == CAPACITY
        assert await there.receive() == b"one more"


async def test_memory_has_one_reader_and_one_writer():
    here, _ = memory_pair()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(here.receive)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(anyio.BusyResourceError):
            await here.receive()
        tasks.cancel_scope.cancel()
