"""A byte stream that notes when each frame passed, so that what the core tells afterwards can be told with its time.

Events carry no time, since the core has no clock; and those of the connect wait for the first reader, who comes when it
is over. But each event that TWS caused came with one frame, in the same order.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Final

import attrs
from anyio.abc import ByteStream

from anytws.messages.base import Side
from anytws.wire.frames import FrameBuffer
from anytws.wire.handshake import PREFIX


@attrs.frozen
class Passage:
    """One frame, and when it passed."""

    elapsed: float
    """Seconds since the beginning."""
    body: bytes


class Tape(ByteStream):
    """Everything that goes over *stream*, and when: in seconds since *began*, a time of `time.perf_counter`."""

    def __init__(self, stream: ByteStream, began: float) -> None:
        self.heard: Final[deque[Passage]] = deque()
        """Frames of TWS, as they came whole."""
        self.said: Final[deque[Passage]] = deque()
        """Frames of the client, as they were handed over. The first is its greeting."""
        self._stream = stream
        self._began = began
        self.opened: Final = self.elapsed
        """When the stream was there."""
        self._prefix_seen = False
        self._buffers = {Side.CLIENT: FrameBuffer(), Side.TWS: FrameBuffer()}
        self._runs = True

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._began

    def stop(self) -> None:
        """Note nothing more: from now on bytes pass as if there were no tape."""
        self._runs = False

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """Give the next bytes of the stream."""
        data = await self._stream.receive(max_bytes)
        if self._runs:
            self._note(Side.TWS, data)
        return data

    async def send(self, item: bytes) -> None:
        """Send all of *item*."""
        if self._runs:
            self._note(Side.CLIENT, item)
        await self._stream.send(item)

    async def send_eof(self) -> None:
        """Say that no more will be sent."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    def _note(self, side: Side, data: bytes) -> None:
        buffer = self._buffers[side]
        buffer.feed(data)
        if side is Side.CLIENT and not self._prefix_seen:
            self._prefix_seen = buffer.take(len(PREFIX)) is not None
        while (body := buffer.next_frame()) is not None:
            (self.said if side is Side.CLIENT else self.heard).append(Passage(self.elapsed, body))
