"""The byte streams of the simulated TWS: a TCP socket, and a pair in memory that behaves as one does.

Both can be torn, which is what they are for: how a connection ends is what a test wants to see.
"""

from __future__ import annotations

import socket
import struct
import sys
from abc import abstractmethod
from contextlib import suppress
from typing import Final

import anyio
from anyio.abc import ByteStream
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled

CAPACITY: Final = 65_536
"""How many bytes a stream in memory holds in each direction before `send` waits."""

_CHUNK: Final = 65_536


class ResettableStream(ByteStream):
    """A byte stream that can also be torn."""

    @abstractmethod
    def reset(self, last_words: bytes = b"") -> None:
        """Close at once and in disorder: the peer's `receive` raises `anyio.BrokenResourceError`.

        As much of *last_words* goes out before that as can without waiting.
        """


class MemoryStream(ResettableStream):
    """One end of a connection in memory. It behaves as a socket does.

    * after the peer's `send_eof` or `aclose`, `receive` gives what is left and then raises `anyio.EndOfStream`;
    * after the peer's `reset`, `receive` gives what is left and then raises `anyio.BrokenResourceError`;
    * `send` waits while `CAPACITY` bytes are unread, and raises `anyio.BrokenResourceError` when the peer is gone.

    One thing is kinder than a socket: to close with bytes unread is an end here, not a reset.
    """

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._closed = False
        self._receiving = anyio.ResourceGuard("receiving from")
        self._sending = anyio.ResourceGuard("sending to")

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """Give the next bytes, at least one and at most *max_bytes*."""
        with self._receiving:
            await checkpoint()
            while True:
                if self._closed:
                    raise anyio.ClosedResourceError
                data = self._incoming.take(max_bytes)
                if data:
                    return data
                if self._incoming.torn:
                    raise anyio.BrokenResourceError
                if self._incoming.ended:
                    raise anyio.EndOfStream
                await self._incoming.change()

    async def send(self, item: bytes) -> None:
        """Send all of *item*."""
        with self._sending:
            await checkpoint()
            rest = memoryview(item)
            while True:
                if self._closed or self._outgoing.ended:
                    raise anyio.ClosedResourceError
                if self._outgoing.torn or self._outgoing.unwanted:
                    raise anyio.BrokenResourceError
                rest = rest[self._outgoing.put(rest) :]
                if not rest:
                    return
                await self._outgoing.change()

    async def send_eof(self) -> None:
        """Say that no more will be sent; receiving goes on."""
        self._outgoing.end()

    async def aclose(self) -> None:
        """Close both directions."""
        if not self._closed:
            self._closed = True
            self._outgoing.end()
            self._incoming.abandon()
        await cancel_shielded_checkpoint()

    def reset(self, last_words: bytes = b"") -> None:
        """Tear both directions."""
        if not self._closed:
            self._closed = True
            self._outgoing.put(memoryview(last_words))
            self._outgoing.tear()
            self._incoming.tear()


class _Pipe:
    """One direction of a `MemoryStream`."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._changed = anyio.Event()
        self.ended: bool = False
        """The sender will send no more."""
        self.torn: bool = False
        """The connection was reset."""
        self.unwanted: bool = False
        """The receiver is gone."""

    def put(self, data: memoryview) -> int:
        """Take in what there is room for; give how much that was."""
        taken = data[: CAPACITY - len(self._bytes)]
        self._bytes += taken
        self._note_change()
        return len(taken)

    def take(self, max_bytes: int) -> bytes:
        """Give what there is, up to *max_bytes*."""
        data = bytes(self._bytes[:max_bytes])
        del self._bytes[:max_bytes]
        if data:
            self._note_change()
        return data

    def end(self) -> None:
        self.ended = True
        self._note_change()

    def tear(self) -> None:
        self.torn = True
        self._note_change()

    def abandon(self) -> None:
        self.unwanted = True
        self._bytes.clear()
        self._note_change()

    async def change(self) -> None:
        """Wait until something is different."""
        await self._changed.wait()

    def _note_change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def memory_pair() -> tuple[MemoryStream, MemoryStream]:
    """Give the two ends of a connection in memory."""
    there, back = _Pipe(), _Pipe()
    return MemoryStream(back, there), MemoryStream(there, back)


class SocketStream(ResettableStream):
    """A TCP connection, on a bare socket.

    AnyIO's own streams would do for everything but dying: what `aclose` does with bytes that are still to be sent, and
    whether a FIN or an RST goes out, differs between its backends and versions. Here the way a connection ends is the
    point.
    """

    def __init__(self, raw: socket.socket) -> None:
        raw.setblocking(False)
        # A TWS answers in small frames; held back until the last one is acknowledged, each would cost up to 40 ms.
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = raw

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """Give the next bytes, at least one and at most *max_bytes*."""
        await checkpoint()
        while True:
            try:
                data = self._socket.recv(max_bytes)
            except BlockingIOError:
                await anyio.wait_readable(self._socket)
            except OSError as error:
                raise anyio.BrokenResourceError from error
            else:
                if not data:
                    raise anyio.EndOfStream
                return data

    async def send(self, item: bytes) -> None:
        """Send all of *item*."""
        await checkpoint_if_cancelled()
        rest = memoryview(item)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._socket)
            except OSError as error:
                raise anyio.BrokenResourceError from error

    async def send_eof(self) -> None:
        """Say that no more will be sent; receiving goes on."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        """Close both directions."""
        self._socket.close()

    def reset(self, last_words: bytes = b"") -> None:
        """Tear both directions, with a true RST."""
        with suppress(OSError):
            self._socket.send(last_words)
        # With a linger time of zero, close() sends an RST. Windows has its own layout for the two numbers.
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        # Some systems refuse this for a socket whose other end has torn it already.
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()
