"""One connection, without the IO: bytes, the end of bytes, and time go in; events and bytes come out.

`Connection` is the same class for both sides. It owns what belongs together (`StateMachine`, `FrameBuffer`, `Codec`,
`StepClock`, `Session`) and decides three things only: what a frame means in the present state, what the machine says by
itself, and when a step has taken too long. Whether something may happen at all is the law's business
(`anytws.core.state`); why it ended is put into words by `anytws.core.closing`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from anytws.core import closing
from anytws.core.codes import CLIENT_ID_IN_USE, CODES, CodeTable
from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    FrameDiscarded,
    GreetingReceived,
    OddValue,
    Ready,
    StateChanged,
    StillWaiting,
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
from anytws.core.strangers import BEGINNING, Stranger, stranger_of
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
from anytws.wire.odd import Odd
from anytws.wire.text import Surplus
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF


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
        self._beginning = b""
        """The first of them, by which is known who speaks."""
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
        self._telling: frozenset[type[object]] = frozenset({*self._notes, ErrorMessage, UnknownId, Surplus, Odd})
        """What means something to the core, and is no data."""
        self._data: set[type[object]] = set()
        """The kinds of data that have come."""
        self._lets_data_pass = False
        """Whether the law takes any message of the peer now, and stays where it is."""

    def __repr__(self) -> str:
        return f"<Connection of {self._side.name}, {self.described()}>"

    def described(self) -> str:
        """Give its state, server version and client id, as far as they are known, for a ``repr``."""
        end = f" ({self._closed.reason.value})" if self._closed else ""
        version = f", server version {self.server_version}" if self._codec else ""
        client = f", client id {self.client_id}" if self.client_id is not None else ""
        return f"{self.state.value}{end}{version}{client}"

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
        self._clock.start(Step.VERSION, self._options.version_timeout, self._remark_after)

    def connect_failed(self, detail: str, hint: str = "") -> None:
        """Note that the byte stream could not be had; *detail* says why, *hint* what to do, where that is known."""
        self._require(Side.CLIENT, Signal.CONNECT_FAILED, "connect_failed()")
        self._end(Side.CLIENT, Signal.CONNECT_FAILED, CloseReason.CONNECT_FAILED, detail, hint=hint)

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
                self._beginning += bytes(data[: BEGINNING - len(self._beginning)])
            # The property, though it says the same: mypy would not believe that a frame can end the connection.
            while self.closed is None and (body := next_frame()) is not None:
                self._receive_frame(body)
            self._check_early()
            if self._clock.waits_for(Step.STRANGER) and len(self._beginning) >= _ENOUGH:
                self._end_late()
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
        if self._clock.waits_for(Step.STRANGER):
            self._end_late()
            return
        detail = f"the {self._peer.name} side ended the byte stream"
        reason = CloseReason.EOF
        if len(self._buffer):
            reason = CloseReason.EOF_MID_FRAME
            detail += f" inside a frame, of which {len(self._buffer)} bytes had come: {self._buffer.peek()!r}"
        elif self._side is Side.CLIENT and self._codec is None:
            reason = CloseReason.REFUSED
            detail = _HUNG_UP
        if self.state is not State.READY:
            detail += self._oddities.told()
        self._end(self._peer, Signal.EOF, reason, detail)

    def receive_reset(self, detail: str = "") -> None:
        """Note that the byte stream broke; *detail* is the system's word for it. After the end it is ignored."""
        if self._clock.waits_for(Step.STRANGER):
            self._end_late()
            return
        detail = detail or "the byte stream was reset"
        reason = CloseReason.RESET
        if self._side is Side.CLIENT and self.state is State.HANDSHAKING and self._codec is None and not self._buffer:
            # Who hangs up with our greeting unread sends a reset or an end, as chance has it: it is the same refusal.
            reason = CloseReason.REFUSED
            detail = f"{_HUNG_UP} ({detail}){self._oddities.told()}"
        self._end(self._peer, Signal.RESET, reason, detail)

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
        elif step is Step.VERSION and self._side is Side.CLIENT and not self._early and self._options.stranger_grace:
            self._outgoing.append(_QUESTION)
            self._clock.start(Step.STRANGER, self._options.stranger_grace)
        elif step is Step.STRANGER:
            self._end_late()
        elif step is not None:
            self._end(self._peer, Signal.TIMEOUT, CloseReason.HANDSHAKE_TIMEOUT, self._overdue(step))
        elif (step := self._clock.overlong()) is not None:
            self._remark(step)

    def _end_late(self, but: str = "") -> None:
        # Whatever came after the deadline is no answer, and an end then is one to our question, not to the greeting.
        reason = CloseReason.HANDSHAKE_TIMEOUT
        hint = closing.hint_for(reason, self.state, heard=False) if but else ""
        self._outgoing.clear()
        self._end(self._peer, Signal.TIMEOUT, reason, self._overdue(Step.VERSION) + but, hint=hint)

    def _remark(self, step: Step) -> None:
        """Say that *step* takes long, while a person can still do something about it."""
        seconds = round(self._clock.now - self._clock.began, 1)
        hint = closing.hint_for(
            CloseReason.HANDSHAKE_TIMEOUT, self.state, heard=self._early > 0, stranger=self._stranger
        )
        self._events.append(StillWaiting(self.state, seconds, self._clock.left, self._overdue(step, seconds), hint))

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
        if reply is not None and self._clock.waits_for(Step.STRANGER):
            self._end_late("; one came just after that")
        elif reply is None:
            self._receive_early(body)
        elif isinstance(reply, RedirectReply):
            self._redirect(reply)
        elif self._offered is not None and self._accept(reply, self._offered) and not self._options.start_api_by_hand:
            self.start_api()

    def _receive_early(self, body: bytes) -> None:
        """Take a frame that came before the version: an error or a remark as what it is, all else as it came."""
        said = self._early_word(body)
        if said is None:
            self._receive_oddity(FrameDiscarded(body))
            return
        self._require_of_peer(Signal.MESSAGE, said)
        self._fire(self._peer, Signal.MESSAGE)
        self._receive_error(said)
        if self.last_error is not said:
            # An error has its place in the end; a remark would be forgotten there.
            self._oddities.note_word(said)

    def _early_word(self, body: bytes) -> ErrorMessage | None:
        # How it is written, only the version would tell; so each of the ways is tried.
        for beginning, version in _EARLY_WORDS:
            if body.startswith(beginning):
                with suppress(DecodeError):
                    said = shared_codec(self._side, version, self._limits).decode(body)
                    said = said.message if isinstance(said, Surplus) else said
                    if isinstance(said, ErrorMessage):
                        return said
        return None

    def _receive_message(self, codec: Codec, body: bytes) -> None:
        try:
            message: Any = codec.decode(body)
        except DecodeError as problem:
            self._receive_oddity(
                UndecodableFrame(
                    body, problem.message, problem.field, problem.seen, problem.wanted, request_id=problem.request_id
                )
            )
            return
        if self._lets_data_pass and type(message) in self._data:
            # Data: nearly all that is ever heard. It means nothing to the core, so it must not wait for the law.
            self._events.append(message)
            return
        if isinstance(message, UnknownId):
            self._receive_oddity(UnknownMessage(message.message_id, body))
            return
        odd = message if isinstance(message, Odd) else None
        message = self._plain(codec, body, message)
        signal = Signal.START_API if isinstance(message, StartApiRequest) else Signal.MESSAGE
        self._require_of_peer(signal, message)
        if odd is not None:
            self._events.append(OddValue.of(odd))
        if isinstance(message, ErrorMessage):
            self._receive_error(message)
        else:
            self._events.append(message)
        self._fire(self._peer, signal)
        self._note(message)

    def _plain(self, codec: Codec, body: bytes, decoded: Message | Surplus | Odd) -> Message:
        """Give the message in *decoded*; tell what a newer TWS says beyond it."""
        if isinstance(decoded, Odd):
            message: Message = decoded.message
            return message
        if isinstance(decoded, Surplus):
            return self._tell_surplus(decoded)
        if type(decoded) not in self._heard:
            self._heard.add(type(decoded))
            if type(decoded) not in self._telling:
                self._data.add(type(decoded))
            # Protobuf passes over fields that it does not know; to look for them costs more than to read the others.
            if fields := codec.unknown_fields(body, decoded):
                self._tell_surplus(Surplus(decoded, fields))
        return decoded

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
        if message.error_code == CLIENT_ID_IN_USE and self.state is not State.READY:
            # Do not wait for a start that TWS has refused: it closes at once, and if it does not, we do.
            self._clock.shorten(Step.VERSION if self._codec is None else Step.START, self._options.refusal_grace)

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
        patience = self._options.start_timeout if self._side is Side.CLIENT else None
        self._clock.start(Step.START, patience, self._remark_after)
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

    @property
    def _remark_after(self) -> float | None:
        # The words of a remark are for whoever waits for TWS.
        return self._options.remark_after if self._side is Side.CLIENT else None

    @property
    def _stranger(self) -> Stranger | None:
        return stranger_of(self._beginning) if self._side is Side.CLIENT and self._codec is None else None

    def _overdue(self, step: Step, seconds: float | None = None) -> str:
        """Say what did not come within *seconds*, by default the time that it had, and what came instead."""
        if step is Step.VERSION:
            waited = f"no {'version reply' if self._side is Side.CLIENT else 'greeting'} came"
            seconds = self._options.version_timeout if seconds is None else seconds
        else:
            waited = "no nextValidId came" if self._side is Side.CLIENT else "no START_API came"
            seconds = self._options.start_timeout if seconds is None else seconds
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
        hint: str = "",
    ) -> None:
        """Follow *signal* to CLOSED, and say so once."""
        if self._closed is not None:
            return
        self._require(side, signal, f"{signal.value} of {side.name}")
        for text in (detail, hint):
            if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"the detail of an end is a text, and so is its hint, and not {shown(text)}")
        closed = closing.describe(
            reason,
            self.state,
            detail,
            self._session,
            self._clock.now,
            code=code,
            redirect=redirect,
            hint=hint,
            heard=self._early > 0,
            beginning=self._beginning if self._side is Side.CLIENT and self._codec is None else b"",
        )
        self._fire(side, signal)
        self._clock.stop()
        # Nobody will cut what waits there, and it may be 16 MB.
        self._buffer.clear()
        self._closed = closed
        self._events.append(closed)


_QUESTION: Final = b"\r\n\r\n"
"""What is said to who says nothing, when all is over otherwise."""
_ENOUGH: Final = 4
"""Bytes of an answer to it by which most strangers are known."""
_HUNG_UP: Final = "the TWS side ended the byte stream before it named its version"
_EARLY_WORDS: Final = (
    (b"4\0", MIN_VERSION),
    (b"4\0", PROTOBUF - 1),
    (b"\0\0\0\x04", MAX_VERSION),
    (b"\0\0\0\xcc", MAX_VERSION),
)
"""How an error or a remark begins, in text of two kinds, in text behind a number and in protobuf; and a version that
writes it so."""
_ADVICE: Final = {
    State.DISCONNECTED: "call opened() when the byte stream is up",
    State.SOCKET_OPEN: "the handshake comes first",
    State.HANDSHAKING: "wait for READY: TWS cuts a client that asks earlier",
    State.AWAITING_NEXT_VALID_ID: "wait for READY: TWS cuts a client that asks earlier",
    State.READY: "the handshake is over",
    State.CLOSED: "it is over; make a new connection",
}
