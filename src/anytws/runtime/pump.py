"""Moves bytes and wakes tasks. It decides nothing: what anything means is the core's business.

The handshake is done in the caller's task. Then there are three: one reads, one writes, one keeps the core's deadlines.
All feed the same core and then do the same with what came out (`Pump.settle`). None of them raises; they end when the
connection has ended. A stream that raises what no stream should ends it too, and is heard of at the end of the block
(`Pump.bug`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from threading import get_ident
from typing import Any, Final, TypeAlias, TypeVar

import anyio
from anyio.abc import ByteStream, TaskGroup
from anyio.lowlevel import checkpoint

from anytws.core.connection import Connection
from anytws.core.events import Event, OddValue, StillWaiting, UndecodableFrame
from anytws.core.remembered import Remembered, weigh
from anytws.core.requests import Answer, Requests
from anytws.core.state import State
from anytws.errors import DecodeError, RequestTimedOut, WrongThread, in_a_sentence
from anytws.messages.base import Asks, ToClient, ToTws
from anytws.runtime import transport
from anytws.runtime.event_stream import EventStream, WhenFull
from anytws.runtime.interrupts import uninterrupted
from anytws.runtime.tcp import TcpStream
from anytws.runtime.transport import StreamFailure

_R = TypeVar("_R", bound=ToClient)

OnWaiting: TypeAlias = Callable[[StillWaiting], object]
"""Told what lets one wait while connecting."""
Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""What one task does for a connection."""

BACKLOG: Final = 10_000
"""Events that are kept for the first stream to be opened, from the first state change on."""
UNREAD_SECONDS: Final = 30.0
"""Seconds that a full stream makes TWS wait for a reader that takes nothing; then the stream fails, and we read on."""
_FIRST_CHUNK: Final = 64
"""Bytes asked for in the first read. Accounts and next id are short; what TWS says after them waits until the program
runs. Each read asks for twice as much, so that a TWS that says a lot before them is read as quickly as any.
"""
_LAST_READ: Final = 1.0
"""Seconds in which the reader may still find out why a write failed."""


class Pump:
    """One connection at work over one byte stream."""

    def __init__(
        self,
        stream: ByteStream,
        connection: Connection,
        address: str = "the given stream",
        on_waiting: OnWaiting | None = None,
    ) -> None:
        self.connection: Connection = connection
        self.address: str = address
        """Where it goes, for people."""
        self.requests: Requests = Requests(connection)
        self.stream: ByteStream = stream
        self.thread: Final = get_ident()
        """The thread that it lives in, and the only one that may use it."""
        self.bug: BaseException | None = None
        """What ended the connection and is no input of the core: the byte stream raised what none should raise."""
        self.over: Final = anyio.Event()
        """Set when all work is done and the byte stream is closed."""
        self._at_work = 0
        self._at_stream: list[anyio.CancelScope] = []
        # A byte stream may give what it has without waiting; ours does not, and need not wait twice.
        self._has_to_wait = not isinstance(stream, TcpStream)
        self._backlog: Remembered[Event] | None = Remembered(BACKLOG)
        self._streams: list[EventStream] = []
        self._outgoing = bytearray()
        self._is_sending = False
        self._can_write = True
        self._given = 0
        """Bytes that were given to be sent."""
        self._sent = 0
        """How many of these have left."""
        self._asking: dict[anyio.Event, tuple[Asks[Any], int]] = {}
        """Who waits for an answer: to what, and how many bytes are given when its last one is."""
        # Until it is ready: whoever has a block has its events.
        self._on_waiting = on_waiting
        self._armed_for: float | None = None
        self._state: State | None = None
        # Each of these is there only while somebody waits for it.
        self._changed: anyio.Event | None = None
        self._to_write: anyio.Event | None = None
        self._flushed: anyio.Event | None = None
        self._rearm: anyio.Event | None = None

    def __repr__(self) -> str:
        return f"<Pump of {self.connection!r}>"

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
        self._on_waiting = None

    async def _talk(self, reached: Callable[[], bool], patience: anyio.CancelScope) -> None:
        connection = self.connection
        chunk = _FIRST_CHUNK
        while True:
            # A deadline that has passed may have left something for the writer, who does not work yet.
            data = bytes(self._outgoing) + connection.data_to_send()
            self._sent += len(self._outgoing)
            self._outgoing.clear()
            failure = await transport.send(self.stream, data) if data else None
            if failure is not None:
                await self._hear_last_words(failure)
            if connection.closed is not None or reached():
                return
            wake_at = connection.wake_at()
            # A deadline that is put off meanwhile may wake us too early; then `handshake` calls again.
            if wake_at is not None and wake_at < patience.deadline:
                patience.deadline = wake_at
            transport.tell(connection, await self._listen(chunk))
            # At once, not at the end: what TWS says before it is ready has no bound but that of the backlog.
            self._take_events()
            chunk = min(2 * chunk, transport.CHUNK)

    async def _hear_last_words(self, failure: StreamFailure) -> None:
        # TWS says why it hangs up before it does; what it said may still wait to be read, and tells more than EPIPE.
        with anyio.move_on_after(_LAST_READ):
            while self.connection.closed is None:
                transport.tell(self.connection, await self._listen())
                self._take_events()
        self._end_by(failure)

    def _end_by(self, failure: StreamFailure) -> None:
        self.wake()
        if failure.is_silence:
            failure.tell(self.connection)
        self.give_up(failure.detail)

    async def _listen(self, chunk: int = transport.CHUNK) -> bytes | StreamFailure:
        if self._has_to_wait:
            # Nobody else would ever run, nor a deadline hold. Before and not after: what was received is not lost then.
            await checkpoint()
        return await transport.listen(self.stream, chunk)

    # --- the three tasks -----------------------------------------------------------------------------------------

    def start(self, tasks: TaskGroup, *others: Work) -> None:
        """Have *tasks* do the work, and the *others* with it. When the last of them is done, the stream is closed."""
        at_stream: list[Work] = [partial(self._use_stream, self.write), partial(self._use_stream, self.read)]
        works = (*at_stream, self.keep_time, *others)
        self._at_work = len(works)
        do = uninterrupted(self._do)
        for work in works:
            tasks.start_soon(do, work)

    def stop(self) -> None:
        """Hang up and end all work, from whichever task. Whoever waits for that waits for `over`."""
        self.hang_up()
        for scope in self._at_stream:
            scope.cancel()

    async def _use_stream(self, work: Work) -> None:
        # Who waits for the stream may wait for ever; the others learn of the end.
        with anyio.CancelScope() as scope:
            self._at_stream.append(scope)
            await work()

    async def _do(self, work: Work) -> None:
        try:
            await work()
        except BaseException as problem:
            if is_cancellation(problem):
                raise
            self.bug = problem if self.bug is None else self.bug
            self.wake()
            self.connection.receive_reset(f"{type(problem).__name__}: {in_a_sentence(str(problem))}")
            self.settle()
        finally:
            self._at_work -= 1
            if self._at_work == 0:
                await self.close()

    async def close(self) -> None:
        """Hang up and close the byte stream. Nothing may be at work."""
        self.hang_up()
        bug = await transport.close(self.stream)
        self.bug = bug if self.bug is None else self.bug
        self.over.set()

    async def read(self) -> None:
        """Feed what comes to the core until the connection has ended."""
        while self.connection.closed is None:
            heard = await self._listen()
            # The end of the byte stream needs no room, and whoever is told of it must not wait for some.
            if heard and not isinstance(heard, StreamFailure):
                await self._make_room()
            transport.tell(self.connection, heard)
            self.settle()

    async def _make_room(self) -> None:
        """Wait until every stream has room. One from which nothing is taken meanwhile has to fail in the end.

        What has been received waits here, and what comes after it in the socket, the end of the connection perhaps.
        """
        for stream in self._streams:
            while not stream.has_room and self.connection.closed is None:
                with anyio.move_on_after(UNREAD_SECONDS) as patience:
                    await stream.moved()
                if patience.cancelled_caught:
                    stream.give_up(UNREAD_SECONDS)

    async def write(self) -> None:
        """Send what has been given to `put` until the connection has ended and nothing is left."""
        while True:
            if self._outgoing:
                data = bytes(self._outgoing)
                self._outgoing.clear()
                self._is_sending = True
                failure = await transport.send(self.stream, data)
                self._is_sending = False
                self._sent += len(data) if failure is None else 0
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

    def require_thread(self, method: str, *, waits: bool) -> None:
        """Raise `WrongThread` unless *method* is called in the connection's own thread."""
        if get_ident() != self.thread:
            raise WrongThread(method, waits)

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
        self._take_events()
        wake_at = self._wake_at()
        if wake_at != self._armed_for or connection.closed is not None:
            _set(self._rearm)

    def put(self, data: bytes) -> None:
        """Have *data* sent, after all that was given before."""
        if data and self._can_write:
            self._outgoing += data
            self._given += len(data)
            _set(self._to_write)

    async def flush(self) -> None:
        """Wait until all that was given to `put` has been sent, or cannot be."""
        if self._can_write and (self._outgoing or self._is_sending):
            self._flushed = anyio.Event()
            await self._flushed.wait()

    def _take_events(self) -> None:
        events = self.connection.events()
        if events:
            self._deliver(events)

    def _deliver(self, events: list[Event]) -> None:
        self.requests.hear(events)
        if self._on_waiting is not None:
            _tell_of_waiting(events, self._on_waiting)
        if self._backlog is not None:
            self._backlog.extend(events)
        elif self._streams:
            for event in events:
                # Once, and not in each stream: it is a good part of what a delivery takes.
                weight = weigh(event)
                for stream in self._streams:
                    stream.put(event, weight)
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

    def open_stream(self, capacity: int, when_full: WhenFull, capacity_bytes: int) -> EventStream:
        """Open a stream of events; the first one also gets all that has happened so far."""
        stream = EventStream(capacity, when_full, capacity_bytes)
        if self._backlog is not None:
            stream.preload(self._backlog, self._backlog.dropped)
            self._backlog = None
        elif self.connection.closed is not None:
            stream.preload((self.connection.closed,), 0)
        self._streams = [other for other in self._streams if not other.is_closed]
        self._streams.append(stream)
        return stream

    async def drained(self) -> None:
        """Wait until everybody who reads a stream of events has come to its end."""
        for stream in self._streams:
            while stream.is_being_read:
                await stream.moved()

    # --- requests ------------------------------------------------------------------------------------------------

    async def ask(self, request: Asks[_R], timeout: float) -> _R:
        """Send *request* and give its answer.

        Raises `LocalProtocolError` if it may not be asked now, `RequestTimedOut` after *timeout* seconds,
        `DecodeError` for an answer that cannot be read, and `ConnectionClosed` when the connection ends first.
        """
        self.wake()
        self.raise_if_closed()
        answers: list[Answer] = []
        answered = anyio.Event()

        def waiter(answer: Answer) -> None:
            answers.append(answer)
            answered.set()

        data = self.requests.ask(request, waiter, anyio.current_time())
        self.put(data)
        # Where the same is asked already, its bytes are those of whoever asked first.
        place = self._given if data else min(place for asked, place in self._asking.values() if asked == request)
        self.settle()
        self._asking[answered] = request, place
        try:
            with anyio.move_on_after(timeout):
                await answered.wait()
        finally:
            del self._asking[answered]
            self.requests.forget(waiter)
        if answers:
            answer = answers[0]
            if isinstance(answer, (OddValue, UndecodableFrame)):
                raise DecodeError(answer.message, answer.field, answer.seen, answer.wanted)
            return answer  # type: ignore[return-value]  # the table says that it is the request's answer
        self.raise_if_closed()
        raise RequestTimedOut(request, timeout, has_left=self._sent >= place)

    def send(self, message: ToTws) -> None:
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


def _tell_of_waiting(events: list[Event], on_waiting: OnWaiting) -> None:
    for event in events:
        if isinstance(event, StillWaiting):
            on_waiting(event)


def _set(event: anyio.Event | None) -> None:
    if event is not None:
        event.set()


def is_cancellation(problem: BaseException) -> bool:
    """Whether *problem* is a cancellation, or has one in it: trio's nurseries make groups of them."""
    cancelled = anyio.get_cancelled_exc_class()
    if isinstance(problem, BaseExceptionGroup):
        return problem.subgroup(cancelled) is not None
    return isinstance(problem, cancelled)
