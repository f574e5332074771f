"""A socket as a byte stream: what the system takes at once, what it keeps waiting, and that nothing is left open."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketAttribute

from anytws.runtime.tcp import TcpFailure, TcpStream, open_tcp
from anytws.simulator import World
from anytws.simulator.serve import serve
from tests.misbehaving_tws import LOCALHOST, PATIENCE, open_files, until


@asynccontextmanager
async def pair() -> AsyncGenerator[tuple[TcpStream, socket.socket]]:
    """Give a stream, and the bare socket at its other end."""
    listener = socket.create_server((LOCALHOST, 0))
    try:
        stream = await open_tcp(LOCALHOST, listener.getsockname()[1], 5.0)
        other, _ = listener.accept()
        other.setblocking(False)
        with other:
            yield stream, other
        await stream.aclose()
    finally:
        listener.close()


async def hear(other: socket.socket, count: int) -> bytes:
    """Take *count* bytes at the other end."""
    heard = b""
    with anyio.fail_after(PATIENCE):
        while len(heard) < count:
            await anyio.wait_readable(other)
            heard += other.recv(count - len(heard))
    return heard


def raw_socket(stream: TcpStream) -> socket.socket:
    raw: socket.socket = stream.extra_attributes[SocketAttribute.raw_socket]()
    return raw


async def test_a_dead_line_is_noticed() -> None:
    """Keep-alive is on, since the protocol has no heartbeat."""
    async with serve(World()) as server:
        stream = await open_tcp(server.host, server.port, 5.0)
        raw = raw_socket(stream)
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_KEEPIDLE"):
            assert 0 < raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 60
        await stream.aclose()


async def test_small_messages_are_not_held_back() -> None:
    """Nagle's algorithm is off: a request does not wait for the acknowledgement of the one before."""
    async with serve(World()) as server:
        stream = await open_tcp(server.host, server.port, 5.0)
        assert raw_socket(stream).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert stream.extra_attributes[SocketAttribute.remote_address]() == (server.host, server.port)
        assert stream.extra_attributes[SocketAttribute.local_address]() == raw_socket(stream).getsockname()
        await stream.aclose()


async def test_the_system_says_how_much_it_takes() -> None:
    """`send_some` never waits: all, a part, or nothing while the other end reads nothing; and then there is room."""
    async with pair() as (stream, other):
        assert stream.send_some(b"hello") == 5
        data = bytes(2**20)
        taken = 5
        while count := stream.send_some(data):
            taken += count
        with anyio.move_on_after(0) as scope:
            await stream.wait_for_room()
        assert scope.cancelled_caught
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hear, other, taken)
            with anyio.fail_after(PATIENCE):
                await stream.wait_for_room()
            assert stream.send_some(b"more") == 4


async def test_send_waits_until_all_is_taken() -> None:
    """As the byte streams of AnyIO do."""
    data = bytes(range(256)) * 2**15
    async with pair() as (stream, other):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.send, data)
            assert await hear(other, len(data)) == data


async def test_receive_gives_what_there_is() -> None:
    """Not more than was asked for; and the end is the end."""
    async with pair() as (stream, other):
        other.send(b"hello")
        assert await stream.receive(2) == b"he"
        assert await stream.receive() == b"llo"
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(anyio.EndOfStream):
            await stream.receive()


async def test_a_torn_connection_has_the_systems_reason() -> None:
    """For what is received, for what is sent, and for what is sent at once."""
    async with pair() as (stream, other):
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        other.close()
        with pytest.raises(anyio.BrokenResourceError) as caught:
            await stream.receive()
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        with pytest.raises(anyio.BrokenResourceError) as caught:
            await stream.send(b"hello")
        assert isinstance(caught.value.__cause__, OSError)
        with pytest.raises(BrokenPipeError):
            stream.send_some(b"hello")


async def test_to_close_with_bytes_unread_is_no_reset() -> None:
    """TWS takes a reset for a crash, and keeps the client id for a while."""
    async with pair() as (stream, other):
        other.send(bytes(100_000))
        await anyio.wait_readable(raw_socket(stream))
        await stream.aclose()
        await anyio.wait_readable(other)
        assert other.recv(1) == b""


async def test_an_end_of_sending_leaves_receiving() -> None:
    """Half of a connection may be closed."""
    async with pair() as (stream, other):
        await stream.send_eof()
        await anyio.wait_readable(other)
        assert other.recv(1) == b""
        other.send(b"still here")
        assert await stream.receive() == b"still here"


async def test_a_connect_that_is_cancelled_leaves_no_socket() -> None:
    """Wherever it waits."""
    before = open_files()
    for turns in range(4):
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:

                async def cancel(turns: int = turns, scope: anyio.CancelScope = scope) -> None:
                    for _ in range(turns):
                        await anyio.lowlevel.checkpoint()
                    scope.cancel()

                tasks.start_soon(cancel)
                with socket.create_server((LOCALHOST, 0)) as listener:
                    stream = await open_tcp(LOCALHOST, listener.getsockname()[1], 5.0)
                    await stream.aclose()
    await until(lambda: open_files() == before)


async def test_nobody_listens() -> None:
    """The system's word, and no socket left."""
    before = open_files()
    with socket.create_server((LOCALHOST, 0)) as gone:
        host, port = gone.getsockname()
    with pytest.raises(TcpFailure, match="refused") as caught:
        await open_tcp(host, port, 5.0)
    assert not caught.value.was_taken
    assert open_files() == before


async def test_who_does_not_receive_makes_the_other_wait() -> None:
    """On asyncio the loop reads ahead, and by itself: one chunk, and no more until that is taken."""
    async with pair() as (stream, other):
        other.send(b"first")
        assert await stream.receive() == b"first"
        sent, is_stopped = 0, 0
        with anyio.fail_after(PATIENCE):
            # Stopped for good, and not only until the loop has its next turn.
            while is_stopped < 50:
                try:
                    sent, is_stopped = sent + other.send(bytes(65_536)), 0
                except BlockingIOError:
                    is_stopped += 1
                await anyio.lowlevel.checkpoint()
            taken = 0
            while taken < sent:
                taken += len(await stream.receive())
    assert taken == sent


async def test_nobody_is_given_more_than_asked_for_and_nothing_is_lost() -> None:
    """Also of what was read ahead for somebody who had asked for more."""
    data = bytes(range(256)) * 20
    async with pair() as (stream, other):
        other.send(data[:1000])
        heard = await stream.receive()
        other.send(data[1000:])
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        for most in (1, 7, 100, 3, 65_536):
            chunk = await stream.receive(most)
            assert 0 < len(chunk) <= most
            heard += chunk
        while len(heard) < len(data):
            heard += await stream.receive(11)
    assert heard == data


async def test_a_closed_stream_gives_nothing_and_listens_to_nobody_else() -> None:
    """Its number may belong to another socket by now."""
    async with pair() as (stream, other):
        other.send(b"x")
        assert await stream.receive() == b"x"
        await stream.aclose()
        async with pair() as (next_stream, next_other):
            next_other.send(b"for the next one")
            with pytest.raises(anyio.ClosedResourceError), anyio.fail_after(PATIENCE):
                await stream.receive()
            assert await next_stream.receive() == b"for the next one"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_who_waits_hears_of_a_close() -> None:
    """By the pump nobody does: it cancels its reader first. On trio AnyIO's own wait is not told of it."""
    async with pair() as (stream, _), anyio.create_task_group() as tasks:

        async def close() -> None:
            await anyio.lowlevel.checkpoint()
            await stream.aclose()

        tasks.start_soon(close)
        with pytest.raises(anyio.BrokenResourceError), anyio.fail_after(PATIENCE):
            await stream.receive()


class LoopWithoutReaders:
    """As Windows' own loop is."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_loop_that_keeps_nothing_registered_will_do() -> None:
    async with pair() as (stream, other):
        stream._loop = LoopWithoutReaders()  # type: ignore[assignment]
        for data in (b"one", b"two"):
            other.send(data)
            with anyio.fail_after(PATIENCE):
                assert await stream.receive() == data
