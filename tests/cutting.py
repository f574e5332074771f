"""A byte stream that is cut after so many bytes, in either direction; and an event loop of asyncio whose time jumps."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from enum import Enum, unique
from typing import Any, Final

import anyio
import attrs
import trio
from anyio.abc import ByteStream
from trio.testing import MockClock

from anytws.simulator.serve import ResettableStream


@unique
class Way(Enum):
    """Which way bytes go."""

    UP = "up"
    """What the client says."""
    DOWN = "down"
    """What TWS says."""


@unique
class End(Enum):
    """How the client learns that its line was cut."""

    AT_WRITE = "at write"
    """The write fails in which it happens."""
    RESET = "reset"
    """The system had taken the bytes; what is read next is the reset."""
    EOF = "eof"
    """Likewise, and it looks like an end in order."""


@attrs.frozen
class Cut:
    """Where a line is cut: *at* bytes of *way* come through, the next one does not."""

    way: Way
    at: int
    end: End = End.RESET

    def __str__(self) -> str:
        return f"{self.way.value}:{self.at}:{self.end.value}"


class CutLine(ByteStream):
    """The client's end of *inner*, until it is cut. Bytes are counted from `arm` on."""

    def __init__(self, inner: ResettableStream) -> None:
        self._inner = inner
        self._cut: Cut | None = None
        self.is_cut = False
        self.up = bytearray()
        """What TWS got."""
        self.down = bytearray()
        """What the client got."""
        self.wanted = bytearray()
        """What the client said, whether or not TWS got it."""

    def arm(self, cut: Cut | None) -> None:
        """Count from here, and cut there."""
        self._cut = cut
        for each in (self.up, self.down, self.wanted):
            each.clear()

    async def send(self, item: bytes) -> None:
        """Give *item* to TWS, or what of it comes through."""
        if self.is_cut:
            raise anyio.BrokenResourceError
        self.wanted += item
        room = self._room(Way.UP, len(self.up))
        if len(item) <= room:
            await self._inner.send(item)
            self.up += item
            return
        if room:
            await self._inner.send(item[:room])
            self.up += item[:room]
        self._tear()
        if self._end is End.AT_WRITE:
            raise anyio.BrokenResourceError

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        """Give what comes from TWS, or what of it comes through."""
        room = self._room(Way.DOWN, len(self.down))
        data = b""
        if not self.is_cut:
            try:
                data = await self._inner.receive(max_bytes)
            except anyio.ClosedResourceError:
                if not self.is_cut:
                    raise
        room = self._room(Way.DOWN, len(self.down))
        if not self.is_cut and len(data) <= room:
            self.down += data
            return data
        if not self.is_cut:
            self._tear()
            if room:
                self.down += data[:room]
                return data[:room]
        if self._end is End.EOF:
            raise anyio.EndOfStream
        raise anyio.BrokenResourceError

    def _room(self, way: Way, passed: int) -> int:
        cut = self._cut
        return 2**40 if cut is None or cut.way is not way else cut.at - passed

    @property
    def _end(self) -> End:
        return End.RESET if self._cut is None else self._cut.end

    def _tear(self) -> None:
        self.is_cut = True
        self._inner.reset()

    async def send_eof(self) -> None:
        """Say that no more will be said."""
        if not self.is_cut:
            await self._inner.send_eof()

    async def aclose(self) -> None:
        """Close both directions."""
        await self._inner.aclose()


def ends_of(data: bytes) -> list[int]:
    """Give where the whole messages of *data* end."""
    ends, place = [0], 0
    while place + 4 <= len(data):
        place += 4 + int.from_bytes(data[place : place + 4], "big")
        if place <= len(data):
            ends.append(place)
    return ends


# --- time that jumps -------------------------------------------------------------------------------------------------


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop of asyncio whose clock jumps to the next deadline as soon as everybody waits."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_JumpingSelector(self.jump))

    def time(self) -> float:
        """Seconds since it began."""
        return self._now

    def jump(self, seconds: float | None) -> None:
        """Have so many *seconds* pass."""
        if seconds is None:
            raise RuntimeError("everybody waits, and there is nothing to wait for")
        self._now += seconds


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, jump: Callable[[float | None], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout != 0:
            self._jump(timeout)
        return ready


BACKENDS: Final = ("asyncio", "trio")


def run_jumping(work: Callable[[], Coroutine[Any, Any, Any]], backend: str) -> Any:
    """Run *work* to its end on *backend*, with a clock that jumps."""
    if backend == "trio":
        # Not by AnyIO: 4.7 leaves out the options of trio, and the clock is the real one then.
        return trio.run(work, clock=MockClock(autojump_threshold=0))
    return anyio.run(work, backend=backend, backend_options={"loop_factory": JumpingLoop})
