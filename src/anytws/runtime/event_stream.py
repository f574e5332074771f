"""Events on their way from the core to whoever reads them, and what happens when they are not read fast enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, Self, TypeAlias, get_args

import anyio
import attrs
from anyio.lowlevel import checkpoint_if_cancelled

from anytws.core.events import ConnectionClosed, Event
from anytws.errors import SlowConsumer

WhenFull: TypeAlias = Literal["fail", "drop_oldest", "block"]
"""What a full stream does: end with `SlowConsumer`, drop the oldest and say how many, or make TWS wait."""


@attrs.frozen
class EventsDropped:
    """In the place of events that were dropped because the stream was full."""

    count: int


class EventStream:
    """An async iterator over the events of a connection, from the moment it was made. The last is `ConnectionClosed`.

    With ``fail``, what is waiting is still delivered, and then `SlowConsumer` is raised: nothing is missing without a
    word. Leaving the loop early leaves the stream open; close it, or use it as ``with tws.events() as events``.
    """

    def __init__(self, capacity: int, when_full: WhenFull) -> None:
        if capacity < 1:
            raise ValueError(f"a stream of {capacity} events can hold none: the capacity is at least 1")
        if when_full not in get_args(WhenFull):
            raise ValueError(f"when_full is {when_full!r}, and not one of {', '.join(get_args(WhenFull))}")
        self._capacity = capacity
        self._when_full = when_full
        self._waiting: deque[Event] = deque()
        self._preloaded = 0
        self._dropped = 0
        self._overflowed = False
        self._ended = False
        self._is_read = False
        self._is_closed = False
        self._moved = anyio.Event()

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
        return self._when_full != "block" or self._is_closed or not self._is_full

    @property
    def is_being_read(self) -> bool:
        """Whether somebody reads it and has not come to its end yet."""
        return self._is_read and not self._is_closed and not self._ended

    @property
    def _is_full(self) -> bool:
        # What happened before the stream was opened is nobody's slowness.
        return len(self._waiting) - self._preloaded >= self._capacity

    def preload(self, events: Iterable[Event], dropped: int) -> None:
        """Begin with *events* of the past, after *dropped* that are no longer known (called by the runtime)."""
        self._waiting.extend(events)
        self._preloaded = len(self._waiting)
        self._dropped = dropped

    def put(self, event: Event) -> None:
        """Take the next event (called by the runtime)."""
        if self._overflowed or self._is_closed:
            return
        # The last event has to arrive, whatever the stream does when it is full.
        if self._is_full and not isinstance(event, ConnectionClosed) and self._when_full != "block":
            if self._when_full == "fail":
                self._overflowed = True
                self._move()
                return
            while self._is_full:
                self._take()
                self._dropped += 1
        self._waiting.append(event)
        self._move()

    async def moved(self) -> None:
        """Wait until an event has been put or taken, or the stream was closed."""
        await self._moved.wait()

    def close(self) -> None:
        """Stop: take no more events, and forget those that wait."""
        self._is_closed = True
        self._waiting.clear()
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
            if self._overflowed:
                self.close()
                raise SlowConsumer(self._capacity)
            await self._moved.wait()

    def _take(self) -> Event:
        self._preloaded = max(0, self._preloaded - 1)
        return self._waiting.popleft()

    def _move(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()
