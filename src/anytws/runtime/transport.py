"""Byte streams: opening one to TWS, and the one place where the system's errors become inputs of the core."""

from __future__ import annotations

import errno
import socket
from typing import Final, cast

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketStream

from anytws.core.connection import Connection

CHUNK: Final = 65536
"""Bytes asked for in one read. A reader that is behind gets many frames at once, and cuts them in one go."""

# The protocol has no heartbeat: without these, a TWS whose machine lost its power stays "connected" for ever.
_IDLE_SECONDS: Final = 30
_PROBE_SECONDS: Final = 10
_PROBES: Final = 3

_SILENT: Final = (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN)
_STREAM_ERRORS: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


class TcpFailure(Exception):
    """No byte stream could be had; the text says why."""


async def open_tcp(host: str, port: int, timeout: float | None) -> ByteStream:
    """Open a TCP connection, within *timeout* seconds. Raises `TcpFailure`."""
    try:
        with anyio.fail_after(timeout):
            stream = await anyio.connect_tcp(host or "127.0.0.1", port)
    except TimeoutError:
        raise TcpFailure(f"nothing answered within {timeout:g} s") from None
    except (OSError, UnicodeError, OverflowError) as problem:
        raise TcpFailure(_innermost(problem)) from problem
    _keep_alive(stream)
    return stream


def _keep_alive(stream: SocketStream) -> None:
    sock: socket.socket = stream.extra_attributes[SocketAttribute.raw_socket]()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", _IDLE_SECONDS), ("TCP_KEEPINTVL", _PROBE_SECONDS), ("TCP_KEEPCNT", _PROBES)):
        # Not every system has all three; the switch above is what matters.
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


async def receive(stream: ByteStream, connection: Connection) -> bytes:
    """Give the next bytes of *stream*, or none after telling *connection* that there will be no more."""
    try:
        return await stream.receive(CHUNK)
    except anyio.EndOfStream:
        connection.wake(anyio.current_time())
        connection.receive_eof()
    except _STREAM_ERRORS as problem:
        connection.wake(anyio.current_time())
        if _number(problem) in _SILENT:
            connection.receive_silence(_innermost(problem))
        else:
            connection.receive_reset(_innermost(problem))
    return b""


async def send(stream: ByteStream, data: bytes) -> str | None:
    """Send all of *data*; give the system's word for it if that failed, else None."""
    try:
        await stream.send(data)
    except _STREAM_ERRORS as problem:
        return _innermost(problem) or "the byte stream was closed"
    return None


def _number(problem: BaseException | None) -> int | None:
    while problem is not None:
        if isinstance(problem, OSError) and problem.errno is not None:
            return problem.errno
        problem = problem.__cause__
    return None


def _innermost(problem: BaseException) -> str:
    """Give the system's own word: what it said is wrapped, some layers deep, in what a library said about it."""
    inner = problem.__cause__
    if inner is None and isinstance(problem, BaseExceptionGroup):
        inner = cast("BaseException", problem.exceptions[0])
    return (str(problem) or type(problem).__name__) if inner is None else _innermost(inner)
