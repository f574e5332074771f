"""Moves bytes and wakes tasks. It decides nothing: what anything means is the session's business.

The handshake is done in the caller's task. Then there are three: one reads, one writes what the system did not take at
once, one keeps the session's deadlines. All feed the same session and then do the same with what came out
(`Pump.turn`). None of them raises; they end when the connection has ended. A byte stream that raises what none should
raise ends it too, and is heard of at the end of the block (`Pump.bug`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import partial
from threading import get_ident
from typing import Any, Final, TypeAlias, TypeVar

import anyio
from anyio.abc import ByteStream, TaskGroup
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint

from anytws.core.connection import Connection
from anytws.core.events import Event, StillWaiting
from anytws.core.state import State
from anytws.errors import WrongThread, in_a_sentence
from anytws.machines.conversation import Asked, Streamed
from anytws.machines.health import Health, HealthChanged, Latest
from anytws.machines.mailbox import Mailbox
from anytws.machines.outbox import Parcel, Place
from anytws.machines.session import ClientSession
from anytws.messages.base import Asks, Streams, ToTws
from anytws.runtime import transport
from anytws.runtime.bells import Bells
from anytws.runtime.failure import StreamFailure
from anytws.runtime.hook import Hook, SeenRequest
from anytws.runtime.interrupts import uninterrupted
from anytws.runtime.sending import Sent
from anytws.runtime.sight import Sight
from anytws.runtime.stream import EventStream, Reader
from anytws.runtime.tcp import TcpStream

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ToTws)

OnWaiting: TypeAlias = Callable[[StillWaiting], object]
"""Told what lets one wait while connecting."""
Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""What one task does for a connection."""

UNREAD_SECONDS: Final = 30.0
"""Seconds that a full stream makes TWS wait for a reader that takes nothing; then the stream fails, and we read on."""
_FIRST_CHUNK: Final = 64
"""Bytes asked for in the first read. Accounts and next id are short; what TWS says after them waits until the program
runs. Each read asks for twice as much, so that a TWS that says a lot before them is read as quickly as any.
"""
_SMALL_CHUNK: Final = 4096
"""Bytes asked for in one read while a reader is about to be too slow."""
_LARGE_CHUNK: Final = 4 * transport.CHUNK
_BYTES_OF_A_TICK: Final = 64
"""Bytes asked for while quotes come so quickly that of a full read at least one tick in so many bytes was passed over.
More in one read takes no longer than a usual read then, since most of it is not decoded.
"""
_PATIENCE: Final = 0.001
_TURNS_TO_GIVE: Final = 5
"""So many times, and so many seconds each, such a reader is let go first before the next read."""
_SLICE: Final = 4096
"""Bytes given at once to a byte stream that does not tell how many it has taken."""
_LAST_READ: Final = 1.0
"""Seconds in which the reader may still find out why a write failed."""


class Pump:
    """One connection at work over one byte stream."""

    def __init__(
        self,
        byte_stream: ByteStream,
        session: ClientSession,
        address: str = "the given stream",
        on_waiting: OnWaiting | None = None,
        hook: Hook | None = None,
        bells: Bells | None = None,
    ) -> None:
        self.session: ClientSession = session
        self.bells: Bells = Bells() if bells is None else bells
        """Who waits for news of an order."""
        self.sight: Sight = Sight(session, address, hook)
        self.connection: Connection = session.connection
        self.address: str = address
        """Where it goes, for people."""
        self.byte_stream: ByteStream = byte_stream
        self.thread: Final = get_ident()
        """The thread that it lives in, and the only one that may use it."""
        self.bug: BaseException | None = None
        """What ended the connection and is no input of the core: the byte stream raised what none should raise."""
        self.over: Final = anyio.Event()
        """Set when all work is done and the byte stream is closed."""
        self._at_work = 0
        self._tasks: TaskGroup | None = None
        self._start_work = uninterrupted(self._do)
        self._has_writer = self._has_clock = False
        self._at_stream: list[anyio.CancelScope] = []
        # Ours writes what the system takes without waiting, and waits by itself before it reads.
        self._tcp = byte_stream if isinstance(byte_stream, TcpStream) else None
        self._listen = self._listen_patiently if self._tcp is None else partial(transport.listen, byte_stream)
        self._waking: dict[Any, Reader[Any] | anyio.Event] = {}
        """Whom to wake when there is news for a holder of the session: a reader, or who waits for an answer."""
        self._event_streams: dict[Mailbox[Event], EventStream] = {}
        self._seen: dict[Any, SeenRequest] = {}
        """Streams that somebody looks on at."""
        self._is_writing = False
        """Whether the writer is at it: then nobody writes at once."""
        self._rest = b""
        """What of the bytes that were written at once the system did not take."""
        self._write_failure: StreamFailure | None = None
        self._can_write = True
        # Until it is ready: whoever has a block has its events.
        self._on_waiting = on_waiting
        self._watching: Mailbox[Event] | None = None
        self._armed_for: float | None = None
        self._state: State | None = None
        # Each of these is there only while somebody waits for it.
        self._changed: anyio.Event | None = None
        self._to_write: anyio.Event | None = None
        self._moved: anyio.Event | None = None
        self._rearm: anyio.Event | None = None

    def __repr__(self) -> str:
        return f"<Pump of {self.connection!r}>"

    # --- the handshake -------------------------------------------------------------------------------------------

    async def handshake(self, reached: Callable[[], bool], meanwhile: Iterable[None] = ()) -> None:
        """Talk until *reached* holds, or the connection has ended; do *meanwhile* before TWS is heard the first time.

        In the caller's own task: until then there is nothing to do at the same time, and handing bytes from task to
        task took longer than everything else in a connect.
        """
        connection, pieces = self.connection, iter(meanwhile)
        while connection.closed is None and not reached():
            with anyio.CancelScope() as patience:
                await self._talk(reached, patience, pieces)
            self.wake()
            self._tell_of_waiting()
        self._on_waiting = None

    async def _talk(self, reached: Callable[[], bool], patience: anyio.CancelScope, pieces: Iterator[None]) -> None:
        connection, session = self.connection, self.session
        chunk = _FIRST_CHUNK
        while True:
            patience.deadline = math.inf
            failure = await self._write_in_time()
            if failure is not None:
                await self._hear_last_words(failure)
            if connection.closed is not None or reached():
                return
            # TWS has our greeting, and takes its time.
            for _ in pieces:
                await checkpoint()
            wake_at = session.wake_at()
            # A deadline that is put off meanwhile may wake us too early; then `handshake` calls again.
            if wake_at is not None and wake_at < patience.deadline:
                patience.deadline = wake_at
            self._feed(await self._listen(chunk), anyio.current_time())
            # At once, not at the end: what TWS says before it is ready has no bound but that of the backlog.
            self._tell_of_waiting()
            chunk = min(2 * chunk, transport.CHUNK)

    async def _write_in_time(self) -> StreamFailure | None:
        """Send what waits, while the clock of the session goes on; give what went wrong, if something did.

        A deadline need not be the end, but may be a remark: none may cut a frame in two. So there is another task for
        it, wherever the system does not take all at once.
        """
        self._write_now(anyio.current_time())
        # The outbox counts what was given to the system in part.
        if self._write_failure is not None or not self.session.outbox.frames:
            return self._write_failure
        failure: StreamFailure | None = None
        problem: BaseException | None = None
        async with anyio.create_task_group() as tasks:

            async def keep_time() -> None:
                nonlocal problem
                try:
                    await self._keep_time_while_writing()
                except BaseException as raised:
                    if is_cancellation(raised):
                        raise
                    # Raised below: the group would wrap it.
                    problem = raised
                tasks.cancel_scope.cancel()

            tasks.start_soon(keep_time)
            try:
                failure = await self._write_all()
            except BaseException as raised:
                if is_cancellation(raised):
                    raise
                problem = raised
            tasks.cancel_scope.cancel()
        if problem is not None:
            raise problem
        return failure

    async def _keep_time_while_writing(self) -> None:
        while self.connection.closed is None:
            wake_at = self.session.wake_at()
            await anyio.sleep_until(math.inf if wake_at is None else wake_at)
            self.wake()
            self._tell_of_waiting()

    def _tell_of_waiting(self) -> None:
        for remark in self.session.take_remarks():
            if self._on_waiting is not None:
                self._on_waiting(remark)

    async def _hear_last_words(self, failure: StreamFailure) -> None:
        # TWS says why it hangs up before it does; what it said may still wait to be read, and tells more than EPIPE.
        with anyio.move_on_after(_LAST_READ):
            while self.connection.closed is None:
                self._feed(await self._listen(), anyio.current_time())
        self._end_by(failure)

    def _feed(self, heard: bytes | StreamFailure, now: float) -> None:
        if heard and not isinstance(heard, StreamFailure):
            self.sight.received(heard)
        transport.feed_from(heard, self.session, now)
        # At once: what a peer says in a handshake has no bound.
        if self.session.remarks:
            self.sight.look()

    def _end_by(self, failure: StreamFailure) -> None:
        if failure.is_silence:
            failure.tell(self.session, anyio.current_time())
        self.give_up(failure.detail)

    async def _listen_patiently(self, chunk: int = transport.CHUNK) -> bytes | StreamFailure:
        # A byte stream may give what it has without waiting: nobody else would ever run, nor a deadline hold.
        # Before and not after: what was received is not lost then.
        await checkpoint()
        return await transport.listen(self.byte_stream, chunk)

    # --- the three tasks -----------------------------------------------------------------------------------------

    def start(self, tasks: TaskGroup, *others: Work) -> None:
        """Have *tasks* do the work, and the *others* with it. When the last of them is done, the stream is closed."""
        self._tasks = tasks
        works: tuple[Work, ...] = (partial(self._use_stream, self.read), *others)
        # Also where it has ended already, as it became ready: somebody has to tell the block.
        for work in works:
            self._launch(tasks, work)
        self.turn(anyio.current_time())

    def _start(self, work: Work) -> None:
        """Start one more task. Two of them begin when there is something for them to do, which may be never."""
        if self._tasks is not None and self.connection.closed is None:
            self._launch(self._tasks, work)

    def _launch(self, tasks: TaskGroup, work: Work) -> None:
        self._at_work += 1
        tasks.start_soon(self._start_work, work)

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
            now = anyio.current_time()
            self.session.receive_reset(now, f"{type(problem).__name__}: {in_a_sentence(str(problem))}")
            self.turn(now)
        finally:
            self._at_work -= 1
            if self._at_work == 0:
                await self.close()

    async def close(self) -> None:
        """Hang up and close the byte stream. Nothing may be at work."""
        self.hang_up()
        bug = await transport.close(self.byte_stream)
        self.bug = bug if self.bug is None else self.bug
        self.over.set()

    async def read(self) -> None:
        """Feed what comes to the session until the connection has ended."""
        chunk = transport.CHUNK
        while self.connection.closed is None:
            heard = await self._listen(chunk)
            # The end of the byte stream needs no room, and whoever is told of it must not wait for some.
            if self._event_streams and heard and not isinstance(heard, StreamFailure):
                await self._make_room()
            now, overtaken = anyio.current_time(), self.connection.overtaken
            self._feed(heard, now)
            self.turn(now)
            if self.session.is_pressed:
                chunk = await self._give_way()
            else:
                chunk = _chunk_after(heard, self.connection.overtaken - overtaken)

    async def _make_room(self) -> None:
        """Wait until every stream has room. One from which nothing is taken meanwhile has to fail in the end.

        What has been received waits here, and what comes after it in the socket, the end of the connection perhaps.
        """
        for stream in list(self._event_streams.values()):
            while not stream.has_room and self.connection.closed is None:
                # What TWS says meanwhile waits in the socket, and its silence is ours.
                self.session.is_reading = False
                with anyio.move_on_after(UNREAD_SECONDS) as patience:
                    await stream.wait_for_move()
                if patience.cancelled_caught:
                    stream.give_up(UNREAD_SECONDS)
        self.session.is_reading = True

    async def _give_way(self) -> int:
        """Let a reader go first that is about to be too slow; give how many bytes to ask for then.

        TWS is read on all the same, if slowly: about 800 kB a second, which is more than it says on a bad day. So a
        flood alone makes no reader fail that is quicker than that, and order events are never stopped by a slow one.
        """
        for _ in [None] * _TURNS_TO_GIVE:
            await anyio.sleep(_PATIENCE)
            if not self.session.is_pressed:
                return transport.CHUNK
        return _SMALL_CHUNK

    async def write(self) -> None:
        """Send what waits, as soon as the byte stream takes it, until the connection has ended and nothing is left."""
        while True:
            failure = self._write_failure or await self._write_all()
            if failure is not None:
                await self._stop_writing(failure)
                return
            if self.connection.closed is not None:
                self._can_write = False
                self._note_moved()
                return
            self._to_write = anyio.Event()
            await self._to_write.wait()
            self._to_write = None

    async def _write_all(self) -> StreamFailure | None:
        """Send all that waits; give what went wrong, if something did."""
        session = self.session
        while data := self._rest or self._said(session.data_to_send(anyio.current_time())):
            self._rest = b""
            self._is_writing = True
            failure = await transport.send(self.byte_stream, data, _SLICE, self._note_sent)
            if failure is not None:
                self._can_write = False
                return failure
            self._is_writing = False
        # There may be more, for which it is too early.
        self._arm()
        return None

    def _said(self, data: bytes) -> bytes:
        if data:
            self.sight.says(data)
        return data

    def _note_sent(self, count: int, now: float | None = None) -> None:
        self.sight.sent(count)
        self.session.sent(count, anyio.current_time() if now is None else now)
        self._note_moved()

    def _note_moved(self) -> None:
        if self._moved is not None:
            self._moved.set()

    def _write_now(self, now: float) -> None:
        """Write what waits as far as the system takes it without waiting; for the rest, wake the writer.

        That is a third of the time through a second task, and nearly always all of it.
        """
        tcp, session = self._tcp, self.session
        if self._is_writing or self._rest or not self._can_write or not session.outbox.may_give(now):
            return
        if tcp is None:
            self._have_written()
            return
        while data := self._said(session.data_to_send(now)):
            try:
                count = tcp.send_some(data)
            except OSError as problem:
                self._write_failure, self._can_write = StreamFailure.of(problem), False
                self._have_written()
                return
            self._note_sent(count, now)
            if count < len(data):
                self._rest = data[count:]
                self._have_written()
                return

    def _have_written(self) -> None:
        """Have the writer write what waits; it is started the first time."""
        _set(self._to_write)
        if not self._has_writer and self._tasks is not None:
            self._has_writer = True
            self._start(partial(self._use_stream, self.write))

    async def keep_time(self) -> None:
        """Call the session when it wants to be woken, until the connection has ended."""
        while self.connection.closed is None:
            rearm = self._rearm = anyio.Event()
            self._armed_for = self.session.wake_at()
            pause = None if self._armed_for is None else max(0.0, self._armed_for - anyio.current_time())
            with anyio.move_on_after(pause):
                await rearm.wait()
                continue
            self.wake()

    async def _stop_writing(self, failure: StreamFailure) -> None:
        self._can_write = False
        self._note_moved()
        if not failure.is_silence:
            # The reader may still find out why, see `_hear_last_words`.
            with anyio.move_on_after(_LAST_READ):
                await self.until_closed()
        self._end_by(failure)

    def require_thread(self, method: str, *, waits: bool) -> None:
        """Raise `WrongThread` unless *method* is called in the connection's own thread."""
        if get_ident() != self.thread:
            raise WrongThread(method, waits)

    async def go_through(self, pieces: Iterable[None]) -> None:
        """Do *pieces* of work while the connection lasts, and let others run after each."""
        for _ in pieces:
            await checkpoint()
            if self.connection.closed is not None:
                return

    # --- inputs of our own side ----------------------------------------------------------------------------------

    def wake(self) -> None:
        """Tell the session the time."""
        now = anyio.current_time()
        self.session.wake(now)
        self.turn(now)

    def give_up(self, detail: str) -> None:
        """End the connection, because bytes could not be sent."""
        now = anyio.current_time()
        self.session.send_failed(now, detail)
        self.turn(now)

    def hang_up(self) -> None:
        """End the connection, if it has not ended."""
        now = anyio.current_time()
        self.session.close(now)
        self.turn(now)

    def start_api(self) -> None:
        """Open the session by hand. Raises `LocalProtocolError` if it is not the time, `ConnectionClosed` after it."""
        now = anyio.current_time()
        self.session.start_api(now)
        self.turn(now)

    # --- what all of them do -------------------------------------------------------------------------------------

    def turn(self, now: float) -> None:
        """Do what an input at the time *now* has made necessary: send, wake whom it concerns, set the clock."""
        session, connection = self.session, self.connection
        self._write_now(now)
        for holder in session.news():
            sleeper = self._waking.get(holder)
            if isinstance(sleeper, Reader):
                sleeper.wake()
            elif sleeper is not None:
                sleeper.set()
        if session.has_order_news:
            self.bells.ring(session.take_order_news())
        self._arm()
        if connection.state is not self._state:
            self.sight.look()
            self._state = connection.state
            _set(self._changed)
            if self._state is State.CLOSED:
                _set(self._to_write)
                _set(self._rearm)
                self._note_moved()

    def _arm(self) -> None:
        """See to it that the session is woken in time."""
        wake_at = self.session.wake_at()
        # An alarm that goes off too early costs less than one that is set anew for each request.
        if wake_at is not None and (self._armed_for is None or wake_at < self._armed_for):
            _set(self._rearm)
            if not self._has_clock and self._tasks is not None:
                self._has_clock = True
                self._start(self.keep_time)

    async def flush(self) -> None:
        """Wait until all that was said has left, or cannot, or need not: to hang up cancels what was asked."""
        while self._can_write and self.session.outbox.is_owing:
            await self._wait_for_writer()

    async def _wait_for_writer(self) -> None:
        if self._moved is None or self._moved.is_set():
            self._moved = anyio.Event()
        await self._moved.wait()

    # --- streams of events ---------------------------------------------------------------------------------------

    def listen(self, mailbox: Mailbox[Event]) -> EventStream:
        """Open a stream of events; the first one also gets what has happened so far."""
        stream = EventStream(mailbox, self.forget_events)
        self.listen_on(mailbox, stream)
        return stream

    def listen_on(self, mailbox: Mailbox[Event], stream: EventStream) -> None:
        """Put all events into *mailbox*, which *stream* reads: it may have come from an earlier connection."""
        self.session.listen(mailbox)
        self._waking[mailbox] = stream
        if self.connection.closed is None:
            # Those that were too slow, perhaps, and nobody came back to hear of it.
            for other in [box for box, stream in self._event_streams.items() if stream.is_finished]:
                self.forget_events(other)
            self._event_streams[mailbox] = stream

    def forget_events(self, mailbox: Mailbox[Event]) -> None:
        """Note that nobody reads it any more."""
        self._waking.pop(mailbox, None)
        self._event_streams.pop(mailbox, None)

    def health(self) -> Health:
        """How all is at this moment, layer by layer."""
        return self.session.health(anyio.current_time())

    def health_mailbox(self) -> Latest[HealthChanged]:
        """Give a mailbox for `watch_health`."""
        return Latest()

    def watch_health(self, mailbox: Latest[HealthChanged], reader: Reader[Any]) -> None:
        """Wake *reader* whenever a layer of the connection has changed."""
        self._waking[self.session.watch_health(mailbox)] = reader

    def unwatch_health(self, mailbox: Latest[HealthChanged]) -> None:
        """Note that nobody reads it any more."""
        self._waking.pop(mailbox, None)

    async def drained(self) -> None:
        """Wait until everybody who reads a stream has come to its end."""
        for reader in list(self._waking.values()):
            while isinstance(reader, Reader) and reader.is_being_read:
                await reader.wait_for_move()
        for reader in list(self.bells.readers):
            # Of those who read changes of orders, only who has no more to come: orders may outlive this connection.
            while reader.is_finished and reader.is_being_read:
                await reader.wait_for_move()

    # --- conversations -------------------------------------------------------------------------------------------

    async def ask(self, request: Asks[_T], timeout: float | None) -> _T:
        """Ask *request* and give its answer; raise why there is none (`ClientSession.ask`, `Asked.take`)."""
        return (await self.have_answered(request, timeout)).hand_over()

    async def have_answered(self, request: Asks[_T], timeout: float | None) -> Asked[_T]:
        """Ask *request*, and give what is over then: answered or not. Raises as `ClientSession.ask` does."""
        now = anyio.current_time()
        return await self._wait_for(self.session.ask(request, now, timeout), now)

    async def fence(self, timeout: float | None) -> None:
        """Wait until TWS has read every order that was sent before (`ClientSession.fence`)."""
        now = anyio.current_time()
        (await self._wait_for(self.session.fence(now, timeout), now)).hand_over()

    async def _wait_for(self, asked: Asked[_T], now: float) -> Asked[_T]:
        seen = self.sight.begin(asked, now)
        answered = anyio.Event()
        self._waking[asked] = answered
        self.turn(now)
        try:
            if asked.is_over:
                await checkpoint()
            else:
                await answered.wait()
        finally:
            del self._waking[asked]
            if not asked.is_over:
                now = anyio.current_time()
                self.session.leave(asked, now)
                self.turn(now)
            if seen is not None:
                self.sight.end(seen, anyio.current_time())
        return asked

    def open_stream(
        self, request: Streams[_T], timeout: float | None, mailbox: Mailbox[_T], reader: Reader[Any]
    ) -> Streamed[_T]:
        """Open a conversation that goes on, and wake *reader* whenever there is news."""
        now = anyio.current_time()
        streamed = self.session.stream(request, now, timeout, mailbox)
        seen = self.sight.begin(streamed, now)
        if seen is not None:
            self._seen[streamed] = seen
        self._waking[streamed] = reader
        self.turn(now)
        return streamed

    def leave_stream(self, conversation: Streamed[Any]) -> None:
        """Note that nobody reads it any more."""
        self._waking.pop(conversation, None)
        now = anyio.current_time()
        self.session.leave(conversation, now)
        self.turn(now)
        self._end_seen(conversation, now)

    def _end_seen(self, conversation: Streamed[Any], now: float) -> None:
        seen = self._seen.pop(conversation, None) if self._seen else None
        if seen is not None:
            self.sight.end(seen, now)

    def forget_stream(self, conversation: Streamed[Any]) -> None:
        """Wake nobody for it any more: it is over, and another one goes on into its mailbox."""
        self._waking.pop(conversation, None)
        self._end_seen(conversation, anyio.current_time())

    def send(self, message: _M) -> Sent[_M]:
        """Have *message* sent (`ClientSession.send`)."""
        now = anyio.current_time()
        said, parcel = self.session.queue(message, now)
        # The bytes leave first; what is believed of an order is told of that right after.
        self.turn(now)
        return Sent(said, parcel, self._wait_until_left, self.take_back)

    def take_back(self, parcel: Parcel) -> bool:
        """Take back what `send` has queued (`ClientSession.take_back`); tell whether that was done."""
        is_back = self.session.take_back(parcel)
        self.turn(anyio.current_time())
        self._note_moved()
        return is_back

    async def _wait_until_left(self, parcel: Parcel) -> None:
        # What has left cannot be taken back, so a cancellation has to wait for the next chance.
        await cancel_shielded_checkpoint()
        while parcel.is_on_its_way:
            await self._wait_for_writer()
        if parcel.place is not Place.LEFT:
            self.raise_if_closed()

    def raise_if_closed(self) -> None:
        """Raise the connection's `ConnectionClosed` if it has ended."""
        self.session.raise_if_closed()

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


def is_cancellation(problem: BaseException) -> bool:
    """Whether *problem* is a cancellation, or has one in it: trio's nurseries make groups of them."""
    cancelled = anyio.get_cancelled_exc_class()
    if isinstance(problem, BaseExceptionGroup):
        return problem.subgroup(cancelled) is not None
    return isinstance(problem, cancelled)


def _chunk_after(heard: bytes | StreamFailure, overtaken: int) -> int:
    """Give how many bytes to ask for after *heard*, of which so many ticks were *overtaken*."""
    if isinstance(heard, StreamFailure) or len(heard) < transport.CHUNK:
        return transport.CHUNK
    return _LARGE_CHUNK if overtaken * _BYTES_OF_A_TICK >= len(heard) else transport.CHUNK
