"""One connection, without the IO: bytes, the end of bytes, and time go in; events and bytes come out.

`Connection` is the same class for both sides. It owns what belongs together (`StateMachine`, `FrameBuffer`, `Codec`,
`StepClock`, `Session`) and decides three things only: what a frame means in the present state, what the machine says by
itself, and when a step has taken too long. Whether something may happen at all is the law's business
(`anytws.core.state`); why it ended is put into words by `anytws.core.closing`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from anytws.core import closing
from anytws.core.codes import CLIENT_ID_IN_USE, CODES, CodeTable
from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    FrameDiscarded,
    GreetingReceived,
    Ready,
    StateChanged,
    SurplusFields,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.core.oddities import Oddities
from anytws.core.options import HandshakeOptions
from anytws.core.session import Session
from anytws.core.state import Signal, State, StateMachine
from anytws.core.steps import Step, StepClock
from anytws.errors import (
    BAD_LENGTH,
    BAD_MESSAGE,
    UNSUPPORTED_VERSION,
    UPDATE_TWS,
    DecodeError,
    LocalProtocolError,
    RemoteProtocolError,
    shown,
)
from anytws.messages.base import Message, Side
from anytws.messages.connection_time import ConnectionTime
from anytws.messages.session import ErrorMessage, ManagedAccounts, NextValidId, StartApiRequest
from anytws.wire.codec import Codec, UnknownId, shared_codec
from anytws.wire.frames import FrameBuffer, frame
from anytws.wire.handshake import (
    PREFIX,
    Greeting,
    RedirectReply,
    VersionReply,
    read_greeting,
    read_reply,
    write_greeting,
    write_redirect,
    write_version_reply,
)
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from anytws.wire.text import Surplus
from anytws.wire.versions import MAX_VERSION, MIN_VERSION


class Connection:
    """One end of a connection between a client and TWS.

    Call `wake` with the present time before each input, if deadlines matter; then feed `receive_data`,
    `receive_eof` or `receive_reset`; then send what `data_to_send` gives; then take `events`; then ask `wake_at`
    when to call `wake` again at the latest. No method raises because of what the peer did.
    """

    def __init__(
        self,
        side: Side,
        options: HandshakeOptions | None = None,
        *,
        codes: CodeTable = CODES,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._side = side
        self._peer = side.peer
        self._options = options or HandshakeOptions()
        self._codes = codes
        self._machine = StateMachine()
        self._limits = limits
        # Until the version is agreed, whatever is at the other end is not known to be TWS, or a client of it.
        self._buffer = FrameBuffer(limits.before_version)
        self._early = 0
        """Bytes that came before the version was agreed."""
        self._codec: Codec | None = None
        self._offered: Greeting | None = None
        self._agreed: VersionAgreed | None = None
        self._prefix_seen = side is Side.CLIENT
        self._outgoing: list[bytes] = []
        self._events: deque[Event] = deque()
        self._clock = StepClock()
        self._session = Session(self._options.client_id if side is Side.CLIENT else None)
        self._oddities = Oddities()
        self._heard: set[type[object]] = set()
        """The kinds of message that have come, and were looked at for fields that we do not know."""
        self._surplus_told: set[type[Message]] = set()
        self._closed: ConnectionClosed | None = None
        self._notes: dict[type[Message], Callable[..., None]] = {
            NextValidId: self._note_next_valid_id,
            ManagedAccounts: self._note_accounts,
            StartApiRequest: self._note_start_api,
        }
        self._telling: frozenset[type[object]] = frozenset({*self._notes, ErrorMessage, UnknownId, Surplus})
        """What means something to the core, and is no data."""
        self._data: set[type[object]] = set()
        """The kinds of data that have come."""
        self._lets_data_pass = False
        """Whether the law takes any message of the peer now, and stays where it is."""

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def side(self) -> Side:
        """The side that this end is."""
        return self._side

    @property
    def state(self) -> State:
        """The state now."""
        return self._machine.state

    @property
    def server_version(self) -> int | None:
        """The version that was agreed; None before that."""
        return self._codec.version if self._codec else None

    @property
    def connection_time(self) -> ConnectionTime | None:
        """The clock of TWS when it accepted, as it was sent; None before that."""
        return self._agreed.connection_time if self._agreed else None

    @property
    def accounts(self) -> tuple[str, ...] | None:
        """The managed accounts as TWS last said them; None if it has not."""
        return self._session.accounts

    @property
    def next_valid_id(self) -> int | None:
        """The highest next valid order id that TWS has said; None if it has not."""
        return self._session.next_valid_id

    @property
    def client_id(self) -> int | None:
        """The client's id; on the TWS side None until START_API."""
        return self._session.client_id

    @property
    def ready_at(self) -> float | None:
        """When it became READY, as `wake` had told the time; None if it has not."""
        return self._session.ready_at

    @property
    def last_error(self) -> ErrorMessage | None:
        """The last error that TWS sent, remarks not counted."""
        return self._session.last_error

    @property
    def closed(self) -> ConnectionClosed | None:
        """How it ended; None while it has not."""
        return self._closed

    # --- what comes in -------------------------------------------------------------------------------------------

    def opened(self, now: float = 0.0) -> None:
        """Note that the byte stream is up; a client greets at once (`data_to_send`)."""
        self._require(Side.CLIENT, Signal.OPENED, "opened()")
        self._clock.advance(now)
        self._fire(Side.CLIENT, Signal.OPENED)
        if self._side is Side.CLIENT:
            self._offered = Greeting(
                self._options.minimum_version, self._options.maximum_version, self._options.connect_options
            )
            self._outgoing.append(write_greeting(self._offered))
            self._fire(Side.CLIENT, Signal.GREETING)
        self._clock.start(Step.VERSION, self._options.version_timeout)

    def connect_failed(self, detail: str) -> None:
        """Note that the byte stream could not be had; *detail* says why."""
        self._require(Side.CLIENT, Signal.CONNECT_FAILED, "connect_failed()")
        self._end(Side.CLIENT, Signal.CONNECT_FAILED, CloseReason.CONNECT_FAILED, detail)

    def receive_data(self, data: bytes) -> None:
        """Take bytes of the peer, in any slices. After the end they are ignored."""
        if not isinstance(data, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
            # A whole number would be taken for so many NULs.
            raise TypeError(f"receive_data takes bytes, and was given {shown(data)}")
        if self.state is State.DISCONNECTED:
            raise LocalProtocolError.not_now("received data", self.state.value, "call opened() first")
        if self._closed is not None:
            return
        self._buffer.feed(data)
        next_frame = self._buffer.next_frame if self._prefix_seen else self._next_frame
        try:
            if self._codec is None:
                self._early += len(data)
            # The property, though it says the same: mypy would not believe that a frame can end the connection.
            while self.closed is None and (body := next_frame()) is not None:
                self._receive_frame(body)
            self._check_early()
        except RemoteProtocolError as problem:
            self._end(self._peer, Signal.FAULT, CloseReason.PROTOCOL_ERROR, problem.problem, code=problem.code)

    def _check_early(self) -> None:
        most = self._limits.before_version
        if self._codec is None and self._early > most:
            raise RemoteProtocolError(
                f"{self._early} bytes came before the server version was agreed, and {most} are enough for a handshake "
                f"(Limits.before_version){self._oddities.told()}",
                code=BAD_LENGTH,
            )

    def receive_eof(self) -> None:
        """Note that the peer will send no more bytes. After the end it is ignored."""
        if self._closed is not None:
            return
        detail = f"the {self._peer.name} side ended the byte stream"
        reason = CloseReason.EOF
        if len(self._buffer):
            reason = CloseReason.EOF_MID_FRAME
            detail += f" inside a frame, of which {len(self._buffer)} bytes had come: {self._buffer.peek()!r}"
        elif self._side is Side.CLIENT and self._codec is None:
            reason = CloseReason.REFUSED
            detail += " before it named its version"
        if self.state is not State.READY:
            detail += self._oddities.told()
        self._end(self._peer, Signal.EOF, reason, detail)

    def receive_reset(self, detail: str = "") -> None:
        """Note that the byte stream broke; *detail* is the system's word for it. After the end it is ignored."""
        self._end(self._peer, Signal.RESET, CloseReason.RESET, detail or "the byte stream was reset")

    def receive_silence(self, detail: str = "") -> None:
        """Note that the peer's machine no longer answers (a keep-alive failed). After the end it is ignored."""
        self._end(self._peer, Signal.TIMEOUT, CloseReason.UNRESPONSIVE, detail or "the peer no longer answers")

    def wake_at(self) -> float | None:
        """Give the time at which `wake` has to be called at the latest; None if no deadline runs."""
        return self._clock.wake_at

    def wake(self, now: float) -> None:
        """Note the time, in seconds of a clock that only goes up, and end what has taken too long."""
        step = self._clock.advance(now)
        if step is Step.ACCOUNTS:
            self._complete_start()
        elif step is not None:
            self._end(self._peer, Signal.TIMEOUT, CloseReason.HANDSHAKE_TIMEOUT, self._overdue(step))

    # --- what goes out -------------------------------------------------------------------------------------------

    def data_to_send(self) -> bytes:
        """Give, once, the bytes that the machine itself wants sent, in order and before those of a later `send`."""
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        return data

    def send(self, message: Message) -> bytes:
        """Give the bytes that carry *message*, and note that it was said.

        Raises `LocalProtocolError`, and changes nothing, if our side may not say this now or the wire cannot carry
        it; `TypeError` for what is not a message of our side. If the bytes cannot be delivered, call `send_failed`.
        """
        signal = Signal.START_API if isinstance(message, StartApiRequest) else Signal.MESSAGE
        what = type(message).__name__
        self._require(self._side, signal, what)
        if self._codec is None:
            raise LocalProtocolError.not_now(what, self.state.value, "the server version is not agreed yet")
        data = frame(self._codec.encode(message))
        self._fire(self._side, signal)
        self._note(message)
        return data

    def send_failed(self, detail: str = "") -> None:
        """Note that bytes which `send` or `data_to_send` gave did not leave.

        It ends the connection: how much of a frame did leave is not known, and half a frame cannot be taken back.
        """
        self._end(self._side, Signal.RESET, CloseReason.SEND_FAILED, detail or "bytes could not be sent")
        self._outgoing.clear()

    def start_api(self) -> None:
        """Open the session, where `HandshakeOptions.start_api_by_hand` leaves it to the application."""
        request = StartApiRequest(self._options.client_id, self._options.optional_capabilities)
        self._outgoing.append(self.send(request))

    def accept_version(self, server_version: int, connection_time: bytes) -> None:
        """Answer a greeting (TWS side) with a version and the local time as text.

        A version that the client did not offer ends the connection by the law, as it does on the client's side.
        """
        offered = self._require_greeting("the version reply")
        self._outgoing.append(write_version_reply(VersionReply(server_version, connection_time)))
        self._accept(VersionReply(server_version, connection_time), offered)

    def redirect(self, host: str, port: int | None = None) -> None:
        """Answer a greeting (TWS side) with another address."""
        self._require_greeting("a redirect")
        reply = RedirectReply(host, port)
        self._outgoing.append(write_redirect(reply))
        self._redirect(reply)

    def close(self, detail: str = "") -> None:
        """Hang up. After the end it is ignored."""
        has_ended = self._closed is not None
        self._end(self._side, Signal.CLOSE, CloseReason.LOCAL, detail or "closed by us")
        if not has_ended:
            # What has not been fetched by now is not to be said any more. After the end it is: TWS's refusal, say.
            self._outgoing.clear()

    # --- what happened -------------------------------------------------------------------------------------------

    def next_event(self) -> Event | None:
        """Give the next event, or None while there is none."""
        return self._events.popleft() if self._events else None

    def events(self) -> list[Event]:
        """Give all events that have not been given yet."""
        events = list(self._events)
        self._events.clear()
        return events

    # --- frames --------------------------------------------------------------------------------------------------

    def _next_frame(self) -> bytes | None:
        if not self._prefix_seen:
            prefix = self._buffer.take(len(PREFIX))
            if prefix is None:
                return None
            if prefix != PREFIX:
                raise RemoteProtocolError(f"the client began with {prefix!r}, not with {PREFIX!r}", code=BAD_MESSAGE)
            self._prefix_seen = True
        return self._buffer.next_frame()

    def _receive_frame(self, body: bytes) -> None:
        if self._codec is not None:
            self._receive_message(self._codec, body)
        elif self._side is Side.CLIENT:
            self._receive_reply(body)
        else:
            self._receive_greeting(body)

    def _receive_greeting(self, body: bytes) -> None:
        if self._offered is not None:
            raise RemoteProtocolError(f"the client sent {shown(body)} before the version reply", code=BAD_MESSAGE)
        self._offered = read_greeting(body)
        self._fire(Side.CLIENT, Signal.GREETING)
        self._events.append(
            GreetingReceived(
                self._offered.minimum_version, self._offered.maximum_version, self._offered.connect_options
            )
        )
        self._clock.stop()

    def _receive_reply(self, body: bytes) -> None:
        reply = read_reply(body)
        if reply is None:
            self._receive_oddity(FrameDiscarded(body))
        elif isinstance(reply, RedirectReply):
            self._redirect(reply)
        elif self._offered is not None and self._accept(reply, self._offered) and not self._options.start_api_by_hand:
            self.start_api()

    def _receive_message(self, codec: Codec, body: bytes) -> None:
        try:
            message: Any = codec.decode(body)
        except DecodeError as problem:
            self._receive_oddity(UndecodableFrame(body, problem.message, problem.field, problem.seen, problem.wanted))
            return
        if self._lets_data_pass and type(message) in self._data:
            # Data: nearly all that is ever heard. It means nothing to the core, so it must not wait for the law.
            self._events.append(message)
            return
        if isinstance(message, UnknownId):
            self._receive_oddity(UnknownMessage(message.message_id, body))
            return
        if isinstance(message, Surplus):
            message = self._tell_surplus(message)
        elif type(message) not in self._heard:
            self._heard.add(type(message))
            if type(message) not in self._telling:
                self._data.add(type(message))
            # Protobuf passes over fields that it does not know; to look for them costs more than to read the others.
            if fields := codec.unknown_fields(body, message):
                self._tell_surplus(Surplus(message, fields))
        signal = Signal.START_API if isinstance(message, StartApiRequest) else Signal.MESSAGE
        self._require_of_peer(signal, message)
        if isinstance(message, ErrorMessage):
            self._receive_error(message)
        else:
            self._events.append(message)
        self._fire(self._peer, signal)
        self._note(message)

    def _tell_surplus(self, surplus: Surplus) -> Message:
        message: Message = surplus.message
        if type(message) not in self._surplus_told:
            self._surplus_told.add(type(message))
            self._events.append(SurplusFields.of(message, surplus.fields))
        return message

    def _receive_oddity(self, event: FrameDiscarded | UndecodableFrame | UnknownMessage) -> None:
        self._require_of_peer(Signal.MESSAGE, event)
        self._fire(self._peer, Signal.MESSAGE)
        self._events.append(event)
        self._oddities.note(event)

    def _receive_error(self, message: ErrorMessage) -> None:
        self._events.append(self._session.sort_out(message, self._codes, self._clock.now))
        if message.error_code == CLIENT_ID_IN_USE and self.state is State.AWAITING_NEXT_VALID_ID:
            # Do not wait for a start that TWS has refused: it closes at once, and if it does not, we do.
            self._clock.shorten(Step.START, self._options.refusal_grace)

    # --- steps of the handshake, the same for whoever says them and whoever hears them -----------------------------

    def _accept(self, reply: VersionReply, offered: Greeting) -> bool:
        version = reply.server_version
        # A client may offer older versions than we speak, and then it is our TWS that is of no use to it.
        lowest, highest = max(offered.minimum_version, MIN_VERSION), min(offered.maximum_version, MAX_VERSION)
        if lowest <= version <= highest:
            self._codec = shared_codec(self._side, version, self._limits)
            self._buffer.limit = self._limits.frame
            self._agreed = VersionAgreed(version, reply.connection_time)
            self._fire(Side.TWS, Signal.VERSION_ACCEPTED)
            self._events.append(self._agreed)
            # Now it is the client that has to say something, and a client does not wait for itself.
            self._clock.start(Step.START, self._options.start_timeout if self._side is Side.TWS else None)
            return True
        too_old = version < lowest
        self._end(
            Side.TWS,
            Signal.VERSION_REFUSED,
            CloseReason.UNSUPPORTED_SERVER_VERSION,
            f"server version {version} is outside of {lowest}..{highest}",
            code=UPDATE_TWS if too_old else UNSUPPORTED_VERSION,
        )
        return False

    def _redirect(self, reply: RedirectReply) -> None:
        address = reply.host if reply.port is None else f"{reply.host}:{reply.port}"
        self._end(
            Side.TWS,
            Signal.REDIRECT,
            CloseReason.REDIRECTED,
            f"TWS asks to connect to {address} instead",
            redirect=(reply.host, reply.port),
        )

    def _note(self, message: Message) -> None:
        note = self._notes.get(type(message))
        if note is not None:
            note(message)

    def _note_start_api(self, message: StartApiRequest) -> None:
        self._session.client_id = message.client_id
        self._clock.start(Step.START, self._options.start_timeout if self._side is Side.CLIENT else None)
        self._advance_start()

    def _note_next_valid_id(self, message: NextValidId) -> None:
        self._session.raise_next_valid_id(message.order_id)
        self._advance_start()

    def _note_accounts(self, message: ManagedAccounts) -> None:
        self._session.accounts = message.accounts
        self._advance_start()

    def _advance_start(self) -> None:
        """Complete the start, or wait for what is missing: the two come in any order (ADR 0004)."""
        if self.state is not State.AWAITING_NEXT_VALID_ID or self.next_valid_id is None:
            return
        if self.accounts is not None:
            self._complete_start()
        elif not self._clock.waits_for(Step.ACCOUNTS):
            # Said once more, the id does not put off READY.
            self._clock.start(Step.ACCOUNTS, self._options.accounts_grace)

    def _complete_start(self) -> None:
        self._clock.stop()
        self._session.ready_at = self._clock.now
        farewell = self._session.farewell
        if farewell is not None and farewell.error_code == CLIENT_ID_IN_USE:
            # TWS has taken this client after all: its refusal explains nothing that comes now.
            self._session.farewell = None
        self._fire(Side.TWS, Signal.START_COMPLETED)
        if self.next_valid_id is not None:
            self._events.append(Ready(self.next_valid_id, self.accounts))

    # --- state, time and the end ---------------------------------------------------------------------------------

    def _fire(self, side: Side, signal: Signal) -> None:
        machine = self._machine
        before = machine.state
        if machine.fire(side, signal) and machine.state is not before:
            self._lets_data_pass = machine.stays(self._peer, Signal.MESSAGE)
            self._events.append(StateChanged(before, machine.state))

    def _require(self, side: Side, signal: Signal, what: str) -> None:
        if not self._machine.may(side, signal):
            raise LocalProtocolError.not_now(what, self.state.value, _ADVICE[self.state])

    def _require_of_peer(self, signal: Signal, what: Event) -> None:
        if not self._machine.may(self._peer, signal):
            raise RemoteProtocolError(
                f"the {self._peer.name} side sent {type(what).__name__} while {self.state.value}", code=BAD_MESSAGE
            )

    def _require_greeting(self, what: str) -> Greeting:
        self._require(Side.TWS, Signal.VERSION_ACCEPTED, what)
        if self._side is not Side.TWS or self._codec is not None or self._offered is None:
            raise LocalProtocolError.not_now(what, self.state.value, "it answers a client's greeting, once")
        return self._offered

    def _overdue(self, step: Step) -> str:
        if step is Step.VERSION:
            waited = f"no {'version reply' if self._side is Side.CLIENT else 'greeting'} came"
            seconds = self._options.version_timeout
        else:
            waited = "no nextValidId came" if self._side is Side.CLIENT else "no START_API came"
            seconds = self._options.start_timeout
        text = f"{waited} within {seconds:g} s" if seconds is not None else waited
        if self.accounts is not None:
            text += ", though managedAccounts did"
        text += self._oddities.told()
        if len(self._buffer):
            text += f"; {len(self._buffer)} bytes of an unfinished frame came: {self._buffer.peek()!r}"
        return text

    def _end(
        self,
        side: Side,
        signal: Signal,
        reason: CloseReason,
        detail: str,
        *,
        code: int | None = None,
        redirect: tuple[str, int | None] | None = None,
    ) -> None:
        """Follow *signal* to CLOSED, and say so once."""
        if self._closed is not None:
            return
        self._require(side, signal, f"{signal.value} of {side.name}")
        if not isinstance(detail, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"the detail of an end is a text, and not {shown(detail)}")
        closed = closing.describe(
            reason, self.state, detail, self._session, self._clock.now, code=code, redirect=redirect
        )
        self._fire(side, signal)
        self._clock.stop()
        # Nobody will cut what waits there, and it may be 16 MB.
        self._buffer.clear()
        self._closed = closed
        self._events.append(closed)


_ADVICE: Final = {
    State.DISCONNECTED: "call opened() when the byte stream is up",
    State.SOCKET_OPEN: "the handshake comes first",
    State.HANDSHAKING: "wait for READY: TWS cuts a client that asks earlier",
    State.AWAITING_NEXT_VALID_ID: "wait for READY: TWS cuts a client that asks earlier",
    State.READY: "the handshake is over",
    State.CLOSED: "it is over; make a new connection",
}
