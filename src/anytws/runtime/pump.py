"""Moves bytes and wakes tasks. It decides nothing: what anything means is the core's business.

The handshake is done in the caller's task. Then there are three: one reads, one writes, one keeps the core's deadlines.
All feed the same core and then do the same with what came out (`Pump.settle`). None of them raises; they end when the
connection has ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

import anyio
from anyio.abc import ByteStream

from anytws.core.connection import Connection
from anytws.core.events import Event
from anytws.core.requests import Requests
from anytws.core.state import State
from anytws.errors import RequestTimedOut
from anytws.messages.base import Asks, Message, ToClient
from anytws.runtime import transport
from anytws.runtime.event_stream import EventStream, WhenFull
from anytws.runtime.transport import StreamFailure

_R = TypeVar("_R", bound=ToClient)

BACKLOG: Final = 10_000
"""Events that are kept for the first stream to be opened, from the first state change on."""
_FIRST_CHUNK: Final = 64
"""Bytes asked for in the first read. Accounts and next id are short; what TWS says after them waits until the program
runs. Each read asks for twice as much, so that a TWS that says a lot before them is read as quickly as any.
"""
_LAST_READ: Final = 1.0
"""Seconds in which the reader may still find out why a write failed."""


class Pump:
    """One connection at work over one byte stream."""

    def __init__(self, stream: ByteStream, connection: Connection) -> None:
        self.connection: Connection = connection
        self.requests: Requests = Requests(connection)
        self.stream: ByteStream = stream
        self._backlog: deque[Event] | None = deque()
        self._backlog_dropped = 0
        self._streams: list[EventStream] = []
        self._outgoing = bytearray()
        self._is_sending = False
        self._can_write = True
        self._asking: set[anyio.Event] = set()
        self._armed_for: float | None = None
        self._state: State | None = None
        # Each of these is there only while somebody waits for it.
        self._changed: anyio.Event | None = None
        self._to_write: anyio.Event | None = None
        self._flushed: anyio.Event | None = None
        self._rearm: anyio.Event | None = None

    # --- the handshake -------------------------------------------------------------------------------------------

    async def handshake(self, reached: Callable[[], bool]) -> None:
        """Talk until *reached* holds, or the connection has ended.

        In the caller's own task: until then there is nothing to do at the same time, and handing bytes from task to
        task took longer than everything else in a connect.
        """
        connection = self.connection
        while connection.closed is None and not reached():
            with anyio.CancelScope() as patience:
                await self._talk(reached, patience)
            self.wake()

    async def _talk(self, reached: Callable[[], bool], patience: anyio.CancelScope) -> None:
        connection = self.connection
        chunk = _FIRST_CHUNK
        while True:
            data = connection.data_to_send()
            failure = await transport.send(self.stream, data) if data else None
            if failure is not None:
                await self._hear_last_words(failure)
            if connection.closed is not None or reached():
                return
            wake_at = connection.wake_at()
            # A deadline that is put off meanwhile may wake us too early; then `handshake` calls again.
            if wake_at is not None and wake_at < patience.deadline:
                patience.deadline = wake_at
            await transport.receive(self.stream, connection, chunk)
            chunk = min(2 * chunk, transport.CHUNK)

    async def _hear_last_words(self, failure: StreamFailure) -> None:
        # TWS says why it hangs up before it does; what it said may still wait to be read, and tells more than EPIPE.
        with anyio.move_on_after(_LAST_READ):
            while self.connection.closed is None:
                await transport.receive(self.stream, self.connection)
        self._end_by(failure)

    def _end_by(self, failure: StreamFailure) -> None:
        self.wake()
        if failure.is_silence:
            failure.tell(self.connection)
        self.give_up(failure.detail)

    # --- the three tasks -----------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Feed what comes to the core until the connection has ended."""
        while self.connection.closed is None:
            await transport.receive(self.stream, self.connection)
            self.settle()
            for stream in self._streams:
                while not stream.has_room and self.connection.closed is None:
                    await stream.moved()

    async def write(self) -> None:
        """Send what has been given to `put` until the connection has ended and nothing is left."""
        while True:
            if self._outgoing:
                data = bytes(self._outgoing)
                self._outgoing.clear()
                self._is_sending = True
                failure = await transport.send(self.stream, data)
                self._is_sending = False
                if failure is not None:
                    await self._stop_writing(failure)
                    return
            else:
                _set(self._flushed)
                if self.connection.closed is not None:
                    return
                self._to_write = anyio.Event()
                await self._to_write.wait()

    async def keep_time(self) -> None:
        """Call the core when it wants to be woken, until the connection has ended."""
        while self.connection.closed is None:
            rearm = self._rearm = anyio.Event()
            self._armed_for = self._wake_at()
            pause = None if self._armed_for is None else max(0.0, self._armed_for - anyio.current_time())
            with anyio.move_on_after(pause):
                await rearm.wait()
                continue
            self.wake()
            self.put(self.requests.wake(anyio.current_time()))

    async def _stop_writing(self, failure: StreamFailure) -> None:
        self._can_write = False
        _set(self._flushed)
        if not failure.is_silence:
            # The reader may still find out why, see `_hear_last_words`.
            with anyio.move_on_after(_LAST_READ):
                await self.until_closed()
        self._end_by(failure)

    # --- inputs of our own side ----------------------------------------------------------------------------------

    def wake(self) -> None:
        """Tell the core the time; every input of ours comes after this."""
        self.connection.wake(anyio.current_time())
        self.settle()

    def give_up(self, detail: str) -> None:
        """End the connection, because bytes could not be sent."""
        self.wake()
        self.connection.send_failed(detail)
        self.settle()

    def hang_up(self) -> None:
        """End the connection, if it has not ended."""
        self.wake()
        self.connection.close()
        self.settle()

    def start_api(self) -> None:
        """Open the session by hand. Raises `LocalProtocolError` if it is not the time, `ConnectionClosed` after it."""
        self.wake()
        self.raise_if_closed()
        self.connection.start_api()
        self.settle()

    # --- what all of them do -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Do what an input has made necessary: send, deliver, tell, and set the clock."""
        connection = self.connection
        self.put(connection.data_to_send())
        events = connection.events()
        if events:
            self._deliver(events)
        wake_at = self._wake_at()
        if wake_at != self._armed_for or connection.closed is not None:
            _set(self._rearm)

    def put(self, data: bytes) -> None:
        """Have *data* sent, after all that was given before."""
        if data and self._can_write:
            self._outgoing += data
            _set(self._to_write)

    async def flush(self) -> None:
        """Wait until all that was given to `put` has been sent, or cannot be."""
        if self._can_write and (self._outgoing or self._is_sending):
            self._flushed = anyio.Event()
            await self._flushed.wait()

    def _deliver(self, events: list[Event]) -> None:
        self.requests.hear(events)
        if self._backlog is not None:
            self._keep(self._backlog, events)
        for stream in self._streams:
            for event in events:
                stream.put(event)
        if self.connection.state is self._state:
            return
        self._state = self.connection.state
        _set(self._changed)
        if self._state is State.CLOSED:
            _set(self._to_write)
            for answered in self._asking:
                answered.set()

    def _wake_at(self) -> float | None:
        times = [at for at in (self.connection.wake_at(), self.requests.wake_at()) if at is not None]
        return min(times, default=None)

    # --- streams of events ---------------------------------------------------------------------------------------

    def open_stream(self, capacity: int, when_full: WhenFull) -> EventStream:
        """Open a stream of events; the first one also gets all that has happened so far."""
        backlog, self._backlog = self._backlog, None
        if backlog is None and self.connection.closed is not None:
            backlog = deque([self.connection.closed])
        stream = EventStream(capacity, when_full)
        stream.preload(backlog or (), self._backlog_dropped)
        self._backlog_dropped = 0
        self._streams = [other for other in self._streams if not other.is_closed]
        self._streams.append(stream)
        return stream

    async def drained(self) -> None:
        """Wait until everybody who reads a stream of events has come to its end."""
        for stream in self._streams:
            while stream.is_being_read:
                await stream.moved()

    def _keep(self, backlog: deque[Event], events: list[Event]) -> None:
        backlog.extend(events)
        while len(backlog) > BACKLOG:
            backlog.popleft()
            self._backlog_dropped += 1

    # --- requests ------------------------------------------------------------------------------------------------

    async def ask(self, request: Asks[_R], timeout: float) -> _R:
        """Send *request* and give its answer.

        Raises `LocalProtocolError` if it may not be asked now, `RequestTimedOut` after *timeout* seconds, and
        `ConnectionClosed` when the connection ends first.
        """
        self.wake()
        self.raise_if_closed()
        answers: list[ToClient] = []
        answered = anyio.Event()

        def waiter(answer: ToClient) -> None:
            answers.append(answer)
            answered.set()

        self.put(self.requests.ask(request, waiter, anyio.current_time()))
        self.settle()
        self._asking.add(answered)
        try:
            with anyio.move_on_after(timeout):
                await answered.wait()
        finally:
            self._asking.discard(answered)
            self.requests.forget(waiter)
        if answers:
            return answers[0]  # type: ignore[return-value]  # the table says that it is the request's answer
        self.raise_if_closed()
        raise RequestTimedOut(request, timeout)

    def send(self, message: Message) -> None:
        """Have *message* sent. Raises `LocalProtocolError`, or `ConnectionClosed` after the end."""
        self.wake()
        self.raise_if_closed()
        self.put(self.connection.send(message))
        self.settle()

    def raise_if_closed(self) -> None:
        """Raise the connection's `ConnectionClosed` if it has ended."""
        if self.connection.closed is not None:
            raise self.connection.closed.again()

    async def until(self, state: State) -> None:
        """Wait until the connection is in *state*, or has ended."""
        while self.connection.state not in (state, State.CLOSED):
            if self._changed is None or self._changed.is_set():
                self._changed = anyio.Event()
            await self._changed.wait()

    async def until_closed(self) -> None:
        """Wait until the connection has ended."""
        await self.until(State.CLOSED)


def _set(event: anyio.Event | None) -> None:
    if event is not None:
        event.set()
