"""Events on their way from the core to whoever reads them, and what happens when they are not read fast enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import get_ident
from types import TracebackType
from typing import Literal, Self, TypeAlias, get_args

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from anytws.core.arguments import check_whole_number
from anytws.core.events import ConnectionClosed, Event
from anytws.core.remembered import MOST_BYTES
from anytws.errors import SlowConsumer, StreamInUse, WrongThread, shown
from anytws.messages.base import record

WhenFull: TypeAlias = Literal["fail", "drop_oldest", "block"]
"""What a full stream does: end with `SlowConsumer`, drop the oldest and say how many, or make TWS wait.

While TWS waits (``block``) nothing is read from it: no other stream and no request hears anything, and the end of the
connection is heard only where nothing else stands before it. So that it arrives all the same, a full stream from which
nobody takes an event for `anytws.runtime.pump.UNREAD_SECONDS` fails as with ``fail``.
"""


@record
class EventsDropped:
    """In the place of events that were dropped because the stream was full."""

    count: int


class EventStream:
    """An async iterator over the events of a connection, from the moment it was made. The last is `ConnectionClosed`.

    With ``fail``, what is waiting is still delivered, and then `SlowConsumer` is raised: nothing is missing without a
    word. Leaving the loop early leaves the stream open; close it, or use it as ``with tws.events() as events``.

    It is for one reader at a time: a second one is refused with `StreamInUse`. Used in another thread than the one that
    it was made in, it raises `WrongThread`.
    """

    def __init__(self, capacity: int, when_full: WhenFull, capacity_bytes: int = MOST_BYTES) -> None:
        check_whole_number("capacity", capacity, least=1, example=10_000)
        check_whole_number("capacity_bytes", capacity_bytes, least=1, example=MOST_BYTES)
        if when_full not in get_args(WhenFull):
            raise ValueError(f"when_full is {shown(when_full)}, and has to be one of {', '.join(get_args(WhenFull))}")
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._when_full = when_full
        self._thread = get_ident()
        self._waiting: deque[Event] = deque()
        # What happened before the stream was opened is nobody's slowness: the first so many of those that wait have no
        # weight, and all others have theirs here.
        self._preloaded = 0
        self._weights: deque[int] = deque()
        self._held_bytes = 0
        self._dropped = 0
        self._failure: SlowConsumer | None = None
        self._ended = False
        self._is_read = False
        self._is_awaited = False
        self._is_closed = False
        # There only while somebody waits for it: to make one for each event was two fifths of all that an event takes.
        self._moved: anyio.Event | None = None

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "failed" if self._failure is not None else "open"
        full = f"when_full={self._when_full!r}, capacity={self._capacity}"
        return f"<EventStream {state}, waiting: {len(self._waiting)}, dropped: {self._dropped}, {full}>"

    @property
    def dropped(self) -> int:
        """How many events were dropped and not yet reported by an `EventsDropped`."""
        return self._dropped

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more events."""
        return self._is_closed

    @property
    def has_room(self) -> bool:
        """Whether the reader of the connection may go on: only a full stream that blocks has none."""
        return (
            self._when_full != "block"
            or self._is_closed
            or self._failure is not None
            or (len(self._weights) < self._capacity and self._held_bytes < self._capacity_bytes)
        )

    @property
    def is_being_read(self) -> bool:
        """Whether somebody reads it and has not come to its end yet."""
        return self._is_read and not self._is_closed and not self._ended

    def preload(self, events: Iterable[Event], dropped: int) -> None:
        """Begin with *events* of the past, after *dropped* that are no longer known (called by the runtime)."""
        self._waiting.extend(events)
        self._preloaded = len(self._waiting)
        self._dropped = dropped

    def put(self, event: Event, weight: int) -> None:
        """Take the next event, which keeps *weight* bytes (called by the runtime)."""
        if self._failure is not None or self._is_closed:
            return
        # The last event has to arrive, whatever the stream does when it is full.
        if self._when_full != "block" and self._is_too_much(weight) and not isinstance(event, ConnectionClosed):
            if self._when_full == "fail":
                self._fail()
                return
            while self._is_too_much(weight):
                self._take()
                self._dropped += 1
        self._waiting.append(event)
        self._weights.append(weight)
        self._held_bytes += weight
        self._move()

    def give_up(self, seconds: float) -> None:
        """Fail, since nobody took an event for so many *seconds* while it was full (called by the runtime)."""
        self._fail(seconds)

    async def moved(self) -> None:
        """Wait until an event has been put or taken, or the stream was closed. Raises `WrongThread`."""
        if get_ident() != self._thread:
            raise WrongThread("EventStream.moved", waits=True)
        if self._moved is None:
            self._moved = anyio.Event()
        await self._moved.wait()

    def close(self) -> None:
        """Stop: take no more events, and forget those that wait. Raises `WrongThread`."""
        if get_ident() != self._thread:
            raise WrongThread("EventStream.close", waits=False)
        self._is_closed = True
        self._waiting.clear()
        self._weights.clear()
        self._preloaded = self._held_bytes = 0
        self._move()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | EventsDropped:
        if get_ident() != self._thread:
            raise WrongThread("EventStream.__anext__", waits=True)
        if self._is_awaited:
            raise StreamInUse
        self._is_read = True
        await checkpoint_if_cancelled()
        while True:
            if self._is_closed or self._ended:
                self.close()
                raise StopAsyncIteration
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                return EventsDropped(dropped)
            if self._waiting:
                event = self._take()
                self._ended = isinstance(event, ConnectionClosed)
                self._move()
                return event
            if self._failure is not None:
                self.close()
                raise self._failure
            self._is_awaited = True
            try:
                await self.moved()
            finally:
                self._is_awaited = False

    def _is_too_much(self, weight: int) -> bool:
        """Whether an event of *weight* is more than the bounds allow. One alone may be as heavy as it likes."""
        waiting = len(self._weights)
        return waiting >= self._capacity or (waiting > 0 and self._held_bytes + weight > self._capacity_bytes)

    def _fail(self, seconds: float | None = None) -> None:
        is_count = len(self._weights) >= self._capacity
        capacity = self._capacity if is_count else self._capacity_bytes
        self._failure = SlowConsumer(capacity, "events" if is_count else "bytes", seconds)
        self._move()

    def _take(self) -> Event:
        if self._preloaded:
            self._preloaded -= 1
        else:
            self._held_bytes -= self._weights.popleft()
        return self._waiting.popleft()

    def _move(self) -> None:
        if self._moved is not None:
            moved, self._moved = self._moved, None
            moved.set()
