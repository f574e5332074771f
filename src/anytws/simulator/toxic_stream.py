"""A byte stream with faults: what toxiproxy is between a client and a server, this is in front of a simulated TWS.

How bytes are late, few or lost is `anytws.simulator.faults.lane`; here they are moved when they are due.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from anytws.simulator.carrier import Carrier, open_tasks
from anytws.simulator.faults.director import Director
from anytws.simulator.faults.lane import Lane
from anytws.simulator.faults.words import Way
from anytws.simulator.link import Link
from anytws.simulator.pace import Pace
from anytws.simulator.settings import HangUp
from anytws.simulator.streams import ResettableStream

_LOST: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError)


class ToxicStream(ResettableStream):
    """The end of *stream* that TWS has, with what two lanes make of its bytes, while `run` runs.

    It does not close *stream*: who made both does, when nobody uses it any more, as `torn` says.
    """

    def __init__(self, stream: ResettableStream, up: Lane, down: Lane, pace: Pace, linger_seconds: float) -> None:
        self._stream = stream
        self._up = up
        self._down = down
        self._pace = pace
        self._linger_seconds = linger_seconds
        self._changed = anyio.Event()
        self._rest = b""
        self._end: HangUp | None = None
        self._has_said_end = False
        self._is_over = False
        self._sending: anyio.CancelScope | None = None
        self.torn: bytes | None = None
        """The last words, if it is to be torn; None: it is to be closed."""

    async def run(self) -> None:
        """Move the bytes."""
        async with open_tasks() as tasks:
            tasks.start_soon(self._hear)
            await self._deliver()
            # What the client says is heard until nobody listens any more.
            await anyio.sleep_forever()

    def attend(self) -> None:
        """Look again at what is to be done: a fault has begun or ended, say."""
        self._changed.set()
        self._changed = anyio.Event()

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        """Give the next bytes of the client that have come through."""
        await checkpoint()
        while not self._rest:
            if self._end is None:
                passed = self._up.take(self._now())
                if isinstance(passed, bytes):
                    self._rest = passed
                    self.attend()
                    continue
                if passed is not None:
                    self._finish(passed)
            if self._end is HangUp.EOF:
                raise anyio.EndOfStream
            if self._end is HangUp.RESET:
                raise anyio.BrokenResourceError
            await self._wait(self._up)
        data, self._rest = self._rest[:max_bytes], self._rest[max_bytes:]
        return data

    async def send(self, item: bytes) -> None:
        """Take all of *item*, to be delivered when it is due."""
        await checkpoint()
        while self._down.is_full and not self._is_over:
            await self._changed.wait()
        if self._end is HangUp.RESET:
            raise anyio.BrokenResourceError
        self._down.put(item, self._now())
        self.attend()

    async def send_eof(self) -> None:
        """Say that no more will be sent, when that is due."""
        await checkpoint()
        self._has_said_end = True
        self._down.end(HangUp.EOF, self._now())
        self.attend()

    async def aclose(self) -> None:
        """Say no more, and wait until what is on its way has come through."""
        if not self._has_said_end:
            await self.send_eof()
        if self._sending is not None:
            self._sending.deadline = min(self._sending.deadline, anyio.current_time() + self._linger_seconds)
        while not self._is_over and not (self._down.is_empty and self._sending is None):
            await self._changed.wait()

    def reset(self, last_words: bytes = b"") -> None:
        """Tear both directions at once, whatever is on its way."""
        self.torn, self._is_over = last_words, True
        self.attend()

    def _now(self) -> float:
        return self._pace.world_time(anyio.current_time())

    def _finish(self, how: HangUp) -> None:
        """Take notice that the connection is over, by the client or by a fault: both ends see it the same way."""
        self._end = self._end or how
        if how is HangUp.RESET:
            self._is_over = True
            self.torn = b"" if self.torn is None else self.torn
        self.attend()

    async def _wait(self, lane: Lane) -> None:
        changed = self._changed
        with anyio.CancelScope(deadline=self._pace.deadline(lane.wake_at())):
            await changed.wait()

    async def _hear(self) -> None:
        while True:
            while self._up.is_full:
                await self._changed.wait()
            try:
                data = await self._stream.receive()
            except anyio.EndOfStream:
                self._up.end(HangUp.EOF, self._now())
                break
            except _LOST:
                self._up.end(HangUp.RESET, self._now())
                break
            self._up.put(data, self._now())
            self.attend()
        self.attend()

    async def _deliver(self) -> None:
        while not self._is_over:
            passed = self._down.take(self._now())
            if isinstance(passed, bytes):
                await self._send(passed)
            elif passed is None:
                await self._wait(self._down)
            else:
                if not self._has_said_end or passed is HangUp.RESET:
                    self._finish(passed)
                if passed is HangUp.EOF:
                    with suppress(*_LOST):
                        await self._stream.send_eof()
                self._is_over = True
                self.attend()

    async def _send(self, data: bytes) -> None:
        deadline = anyio.current_time() + self._linger_seconds if self._has_said_end else math.inf
        with anyio.CancelScope(deadline=deadline) as self._sending:
            try:
                await self._stream.send(data)
            except _LOST:
                self._finish(HangUp.RESET)
        self._sending = None
        self.attend()


async def carry_meddled(
    link: Link, stream: ResettableStream, linger_seconds: float, pace: Pace, director: Director
) -> None:
    """Carry the bytes of *link* on *stream*, with the byte faults that *director* has. Closes the stream."""
    up, down = (_lane(link, director, way, pace) for way in (Way.UPSTREAM, Way.DOWNSTREAM))
    toxic = ToxicStream(stream, up, down, pace, linger_seconds)
    stop_watching = link.watch(toxic.attend)
    try:
        async with open_tasks() as tasks:
            tasks.start_soon(toxic.run)
            await Carrier(link, toxic, linger_seconds, pace).run()
        if toxic.torn is None:
            await _part(stream, linger_seconds)
    finally:
        stop_watching()
        if toxic.torn is not None:
            stream.reset(toxic.torn)
        await stream.aclose()


def _lane(link: Link, director: Director, way: Way, pace: Pace) -> Lane:
    seed, number = director.seed, 2 * director.number_of(link) + (way is Way.UPSTREAM)
    return Lane(lambda: director.active_on(link, way), seed, number, pace.world_time(anyio.current_time()))


async def _part(stream: ResettableStream, linger_seconds: float) -> None:
    """Hear the client out, so that a close with bytes unread does not overtake what was said last."""
    with anyio.move_on_after(linger_seconds), suppress(anyio.EndOfStream, *_LOST):
        await stream.send_eof()
        while True:
            await stream.receive()
