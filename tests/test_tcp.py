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
