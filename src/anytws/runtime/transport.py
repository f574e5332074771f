"""The one place where what happens to a byte stream becomes an input of the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
from anyio.abc import ByteStream

from anytws.machines.session import ClientSession
from anytws.runtime.failure import StreamFailure
from anytws.runtime.tcp import TcpStream

CHUNK: Final = 65536
"""Bytes asked for in one read. A reader that is behind gets many frames at once, and cuts them in one go."""

_CLOSING: Final = 1.0
"""Seconds that a stream has to close; TLS says goodbye, and may wait for an answer."""
_STREAM_ERRORS: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


async def listen(stream: ByteStream, chunk: int = CHUNK) -> bytes | StreamFailure:
    """Wait for what comes next from *stream*, at most *chunk* bytes. No bytes are its end."""
    try:
        # A stream that gives nothing has nothing more to give; to ask it again would be a busy loop.
        return await stream.receive(chunk)
    except anyio.EndOfStream:
        return b""
    except _STREAM_ERRORS as problem:
        return StreamFailure.of(problem)


def feed_from(heard: bytes | StreamFailure, session: ClientSession, now: float) -> None:
    """Make what `listen` gave an input of *session* at the time *now*: bytes, end or failure."""
    if isinstance(heard, StreamFailure):
        heard.tell(session, now)
    elif heard:
        session.receive_data(heard, now)
    else:
        session.receive_eof(now)


async def send(stream: ByteStream, data: bytes, piece: int, note_sent: Callable[[int], None]) -> StreamFailure | None:
    """Send all of *data*, and tell *note_sent* how many bytes more have left; give what went wrong, if something did.

    A stream that is not ours takes a *piece* at a time, and has taken all of it or is broken.
    """
    try:
        rest = memoryview(data)
        while rest:
            if isinstance(stream, TcpStream):
                count = stream.send_some(rest)
                if not count:
                    await stream.wait_for_room()
            else:
                await stream.send(bytes(rest[:piece]))
                count = len(rest[:piece])
            note_sent(count)
            rest = rest[count:]
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
