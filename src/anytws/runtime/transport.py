"""The one place where what happens to a byte stream becomes an input of the core."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import Final, cast

import anyio
import attrs
from anyio.abc import ByteStream

from anytws.core.connection import Connection

CHUNK: Final = 65536
"""Bytes asked for in one read. A reader that is behind gets many frames at once, and cuts them in one go."""

_CLOSING: Final = 1.0
"""Seconds that a stream has to close; TLS says goodbye, and may wait for an answer."""
_SILENT: Final = (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN)
_STREAM_ERRORS: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


@attrs.frozen
class StreamFailure:
    """Why a byte stream does not go on."""

    detail: str
    """The system's own word for it."""
    is_silence: bool
    """Whether it means that the peer's machine no longer answers."""

    @classmethod
    def of(cls, problem: BaseException) -> StreamFailure:
        """Make it from what was raised: the system's word is wrapped in what a library said about it."""
        inner = problem.__cause__
        if inner is None and isinstance(problem, BaseExceptionGroup):
            inner = cast("BaseException", problem.exceptions[0])
        if inner is not None:
            return cls.of(inner)
        number = _system_number(problem)
        # Without the address that asyncio and trio put in front, each in its own way: the caller knows it.
        detail = str(problem) or type(problem).__name__ if number is None else os.strerror(number)
        return cls(detail, number in _SILENT or isinstance(problem, TimeoutError))

    def tell(self, connection: Connection) -> None:
        """Make it an input of *connection*."""
        if self.is_silence:
            connection.receive_silence(self.detail)
        else:
            connection.receive_reset(self.detail)


def _system_number(problem: BaseException) -> int | None:
    # TLS and the resolver have numbers of their own, which mean something else to the system.
    if isinstance(problem, OSError) and not isinstance(problem, (ssl.SSLError, socket.gaierror)):
        return problem.errno
    return None


async def listen(stream: ByteStream, chunk: int = CHUNK) -> bytes | StreamFailure:
    """Wait for what comes next from *stream*, at most *chunk* bytes. No bytes are its end."""
    try:
        # A stream that gives nothing has nothing more to give; to ask it again would be a busy loop.
        return await stream.receive(chunk)
    except anyio.EndOfStream:
        return b""
    except _STREAM_ERRORS as problem:
        return StreamFailure.of(problem)


def tell(connection: Connection, heard: bytes | StreamFailure) -> None:
    """Make what `listen` gave an input of *connection*: bytes, end or failure."""
    connection.wake(anyio.current_time())
    if isinstance(heard, StreamFailure):
        heard.tell(connection)
    elif heard:
        connection.receive_data(heard)
    else:
        connection.receive_eof()


async def send(stream: ByteStream, data: bytes) -> StreamFailure | None:
    """Send all of *data*; give what went wrong, if something did."""
    try:
        await stream.send(data)
    except _STREAM_ERRORS as problem:
        return StreamFailure.of(problem)
    return None


async def close(stream: ByteStream) -> Exception | None:
    """Close *stream*, whatever is cancelled: no socket is left behind. Give what it raised and no stream should raise.

    That a stream is closed or broken already is no news to anybody.
    """
    with anyio.move_on_after(_CLOSING, shield=True):
        try:
            await stream.aclose()
        except (*_STREAM_ERRORS, anyio.EndOfStream):
            return None
        except Exception as problem:  # noqa: BLE001 (raised by the caller, if nothing else is to be)
            return problem
    return None
