"""One connection, without the IO: bytes, the end of bytes, and time go in; events and bytes come out.

`Connection` is the same class for both sides. It decides three things only: what a frame means in the present state,
what the machine says by itself, and when a step has taken too long. Whether something may happen at all is the law's
business (`anytws.core.state`); what is known, and told, is that of `anytws.core.endpoint`; why it ended is put into
words by `anytws.core.closing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from anytws.core import closing
from anytws.core.before_version import Word
from anytws.core.codes import CLIENT_ID_IN_USE, CODES, CodeTable
from anytws.core.deadline import Step
from anytws.core.events import (
    CloseReason,
    FrameDiscarded,
    GreetingReceived,
    OddValue,
    Ready,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.core.newer_fields import NewerFields
from anytws.core.options import HandshakeOptions
from anytws.core.paper import not_paper
from anytws.core.read_only import refuse_change
from anytws.core.state import Signal, State
from anytws.core.unread import MEANINGFUL, STARTING, Unread
from anytws.errors import UNSUPPORTED_VERSION, UPDATE_TWS, DecodeError, LocalProtocolError, RemoteProtocolError, shown
from anytws.messages.base import Message, Side
from anytws.messages.session import ErrorMessage, ManagedAccounts, StartApiRequest
from anytws.wire.codec import Codec, UnknownId, shared_codec
from anytws.wire.frames import frame
from anytws.wire.handshake import (
    Greeting,
    RedirectReply,
    VersionReply,
    write_greeting,
    write_redirect,
    write_version_reply,
)
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from anytws.wire.odd import Odd
from anytws.wire.text import Surplus
from anytws.wire.versions import MAX_VERSION, MIN_VERSION


class Connection(Unread):
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
        read_only: bool = False,
        paper_only: bool = False,
    ) -> None:
        """Make one end; *read_only* and *paper_only* are guards of a client (``docs/guards.md``).

        Raises `ValueError` for a TWS side with one of them.
        """
        if side is Side.TWS and (read_only or paper_only):
            raise ValueError("read_only and paper_only guard what a client says: the TWS side has neither")
        super().__init__(side, options or HandshakeOptions(), limits)
        self._read_only = read_only
        self._paper_only = paper_only
        self._codes = codes
        self._limits = limits
        self._offered: Greeting | None = None
        self._newer_fields = NewerFields()
        self._outgoing: list[bytes] = []

    # --- what comes in -------------------------------------------------------------------------------------------

    def opened(self, now: float = 0.0) -> None:
        """Note that the byte stream is up; a client greets at once (`data_to_send`)."""
        self._require(Side.CLIENT, Signal.OPENED, "opened()")
        self._deadline.advance(now)
        self._fire(Side.CLIENT, Signal.OPENED)
        if self._side is Side.CLIENT:
            self._offered = Greeting(
                self._options.minimum_version, self._options.maximum_version, self._options.connect_options
            )
            self._outgoing.append(write_greeting(self._offered))
            self._fire(Side.CLIENT, Signal.GREETING)
        self._deadline.start(Step.VERSION, self._options.version_timeout, self._remark_after)

    def connect_failed(self, detail: str, hint: str = "") -> None:
        """Note that the byte stream could not be had; *detail* says why, *hint* what to do, where that is known."""
        self._require(Side.CLIENT, Signal.CONNECT_FAILED, "connect_failed()")
        self._end(Side.CLIENT, Signal.CONNECT_FAILED, CloseReason.CONNECT_FAILED, detail, hint=hint)

    def receive_data(self, data: bytes) -> None:
        """Take bytes of the peer, in any slices. After the end they are ignored."""
        if not isinstance(data, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
            # A whole number would be taken for so many NULs.
            raise TypeError(f"receive_data takes bytes, and was given {shown(data)}")
        if self._closed is not None:
            return
        if self._machine.state is State.DISCONNECTED:
            raise LocalProtocolError.not_now("received data", self.state.value, "call opened() first")
        self._buffer.feed(data)
        try:
            if self._codec is None:
                self._receive_handshake(data)
            if self._codec is not None:
                self._receive_messages(self._codec)
        except RemoteProtocolError as problem:
            self._end(self._peer, Signal.FAULT, CloseReason.PROTOCOL_ERROR, problem.problem, code=problem.code)

    def compile_writers(self, classes: Iterable[type[Message]]) -> Iterator[None]:
        """Make the quick writers of messages of *classes* ready before they are said; give control back now and then.

        Without it the first few messages of a kind are written slowly. Before the version is agreed it does nothing.
        """
        for cls in classes:
            if self._codec is not None:
                yield from self._codec.compile_writer(cls)

    def receive_eof(self) -> None:
        """Note that the peer will send no more bytes. After the end it is ignored."""
        self._stream_ended(Signal.EOF, CloseReason.EOF, f"the {self._peer.name} side ended the byte stream")

    def receive_reset(self, detail: str = "") -> None:
        """Note that the byte stream broke; *detail* is the system's word for it. After the end it is ignored."""
        self._stream_ended(Signal.RESET, CloseReason.RESET, detail or "the byte stream was reset")

    def _stream_ended(self, signal: Signal, reason: CloseReason, detail: str) -> None:
        if self._deadline.waits_for(Step.STRANGER):
            self._end_late()
        else:
            self._end(self._peer, signal, reason, detail)

    def receive_silence(self, detail: str = "") -> None:
        """Note that the peer's machine no longer answers (a keep-alive failed). After the end it is ignored."""
        self._end(self._peer, Signal.TIMEOUT, CloseReason.UNRESPONSIVE, detail or "the peer no longer answers")

    def wake_at(self) -> float | None:
        """Give the time at which `wake` has to be called at the latest; None if no deadline runs."""
        return self._deadline.wake_at

    def wake(self, now: float) -> None:
        """Note the time, in seconds of a clock that only goes up, and end what has taken too long."""
        step = self._deadline.advance(now)
        if step is Step.ACCOUNTS:
            self._complete_start()
        elif step is Step.STRANGER:
            self._end_late()
        elif step is Step.VERSION and self._may_be_a_stranger():
            self._outgoing.append(_QUESTION)
            self._deadline.start(Step.STRANGER, self._options.stranger_grace)
        elif step is not None:
            detail = closing.overdue(self._seen(), step)
            self._end(self._peer, Signal.TIMEOUT, CloseReason.HANDSHAKE_TIMEOUT, detail)
        elif (step := self._deadline.overlong()) is not None:
            self._events.append(closing.remark(self._seen(), step, self._deadline))

    def _may_be_a_stranger(self) -> bool:
        return self._side is Side.CLIENT and not self._early.count and self._options.stranger_grace > 0

    def _end_late(self, but: str = "") -> None:
        # Whatever came after the deadline is no answer, and an end then is one to our question, not to the greeting.
        reason = CloseReason.HANDSHAKE_TIMEOUT
        hint = closing.hint_for(reason, self.state, heard=False) if but else ""
        self._outgoing.clear()
        detail = closing.overdue(self._seen(), Step.VERSION) + but
        self._end(self._peer, Signal.TIMEOUT, reason, detail, hint=hint)

    # --- what goes out -------------------------------------------------------------------------------------------

    def data_to_send(self) -> bytes:
        """Give, once, the bytes that the machine itself wants sent, in order and before those of a later `send`."""
        if not self._outgoing:
            return b""
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        return data

    def send(self, message: Message) -> bytes:
        """Give the bytes that carry *message*, and note that it was said.

        Raises `LocalProtocolError`, and changes nothing, if our side may not say this now or the wire cannot carry
        it; `TypeError` for what is not a message of our side. If the bytes cannot be delivered, call `send_failed`.
        With ``read_only`` it raises `ReadOnly`, which is a `LocalProtocolError`, for what changes something at TWS.
        """
        self.refuse_if_read_only(message)
        signal = Signal.START_API if isinstance(message, StartApiRequest) else Signal.MESSAGE
        what = type(message).__name__
        self._require(self._side, signal, what)
        if self._codec is None:
            raise LocalProtocolError.not_now(what, self.state.value, "the server version is not agreed yet")
        data = frame(self._codec.encode(message))
        self._fire(self._side, signal)
        self._note(message)
        return data

    def send_all(self, messages: Iterable[Message]) -> bytes:
        """Give the bytes that carry *messages*, in order, as `send` gives those of each.

        Raises what `send` raises for the first that may not be said, or cannot; then none of them is. For streams: in
        READY it is asked once, and not for each, whether they may be said.
        """
        if self.state is not State.READY or self._codec is None:
            return b"".join([self.send(message) for message in messages])
        messages, encode = list(messages), self._codec.encode
        for message in messages if self._read_only else ():
            self.refuse_if_read_only(message)
        # In READY only these change anything.
        return b"".join(
            [self.send(message) if type(message) in STARTING else frame(encode(message)) for message in messages]
        )

    def refuse_if_read_only(self, message: Message) -> None:
        """Raise `ReadOnly` if our side only reads and *message* changes something at TWS, or may."""
        if self._read_only:
            refuse_change(message, self.client_id or 0)

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

    def _require_greeting(self, what: str) -> Greeting:
        self._require(Side.TWS, Signal.VERSION_ACCEPTED, what)
        if self._side is not Side.TWS or self._codec is not None or self._offered is None:
            raise LocalProtocolError.not_now(what, self.state.value, "it answers a client's greeting, once")
        return self._offered

    def close(self, detail: str = "") -> None:
        """Hang up. After the end it is ignored."""
        has_ended = self._closed is not None
        self._end(self._side, Signal.CLOSE, CloseReason.LOCAL, detail or "closed by us")
        if not has_ended:
            # What has not been fetched by now is not to be said any more. After the end it is: TWS's refusal, say.
            self._outgoing.clear()

    # --- frames --------------------------------------------------------------------------------------------------

    def _receive_handshake(self, data: bytes) -> None:
        """Take the frames of *data* until the version is agreed. What comes behind it is left in the buffer."""
        self._early.note(data)
        # The property, though it says the same: mypy would not believe that a frame can end the connection.
        while self._codec is None and self.closed is None:
            word = self._early.next_word(self._buffer, self._offered)
            if word is None:
                break
            self._receive_word(word)
        if self._codec is None:
            self._early.check(self._passed_over.in_words())
        if self._deadline.waits_for(Step.STRANGER) and self._early.tells_who:
            self._end_late()

    def _receive_word(self, word: Word) -> None:
        match word:
            case Greeting():
                self._receive_greeting(word)
            case ErrorMessage():
                self._receive_early_error(word)
            case FrameDiscarded():
                self._pass_over(word)
            case _ if self._deadline.waits_for(Step.STRANGER):
                self._end_late("; one came just after that")
            case RedirectReply():
                self._redirect(word)
            case VersionReply():
                is_accepted = self._offered is not None and self._accept(word, self._offered)
                if is_accepted and not self._options.start_api_by_hand:
                    self.start_api()

    def _receive_greeting(self, greeting: Greeting) -> None:
        self._offered = greeting
        self._fire(Side.CLIENT, Signal.GREETING)
        self._events.append(
            GreetingReceived(greeting.minimum_version, greeting.maximum_version, greeting.connect_options)
        )
        self._deadline.stop()

    def _receive_early_error(self, said: ErrorMessage) -> None:
        self._require_of_peer(Signal.MESSAGE, said)
        self._fire(self._peer, Signal.MESSAGE)
        self._receive_error(said)
        if self.last_error is not said:
            # An error has its place in the end; a remark would be forgotten there.
            self._passed_over.note_word(said)

    def _receive_messages(self, codec: Codec) -> None:
        """Take all frames that are there. What ends the connection raises, and drops what came behind it."""
        decode, passing, tell, cut_off = codec.decode, self._passing, self._events.append, self._cut_off
        while bodies := self._buffer.frames():
            if self._overtaken.is_worth(bodies):
                bodies = self._overtaken.newest_of(bodies)
            for body in cut_off.rest_of(bodies) if cut_off.kinds else bodies:
                try:
                    decoded = decode(body)
                except DecodeError as problem:
                    self._pass_over(UndecodableFrame.of(body, problem))
                    if problem.message == ManagedAccounts.__name__:
                        self._guard_paper(is_readable=False)
                    if self._closed is not None:
                        return
                    continue
                if type(decoded) in passing:
                    # Fast path. The core does not act on data; the law was asked at the first message of this kind.
                    tell(decoded)  # type: ignore[arg-type]  # only messages are in there
                else:
                    self._receive_message(codec, body, decoded)
                    if self._closed is not None:
                        # A guard of ours has ended it: what came behind it is not heard any more.
                        return

    def _receive_message(self, codec: Codec, body: bytes, decoded: Message | UnknownId | Surplus | Odd) -> None:
        """Take what means something to the core, or is of a kind that the law was not asked about in this state."""
        if isinstance(decoded, UnknownId):
            self._pass_over(UnknownMessage(decoded.message_id, body))
            return
        message: Message = decoded.message if isinstance(decoded, (Odd, Surplus)) else decoded
        if not isinstance(decoded, Odd) and (news := self._newer_fields.of(codec, body, decoded)) is not None:
            self._events.append(news)
        signal = Signal.START_API if isinstance(message, StartApiRequest) else Signal.MESSAGE
        self._require_of_peer(signal, message)
        if isinstance(decoded, Odd):
            self._events.append(OddValue.of(decoded))
        if isinstance(message, ErrorMessage):
            self._receive_error(message)
        else:
            self._events.append(message)
        if decoded is message and type(message) not in MEANINGFUL:
            self._passing.add(type(message))
        # Where it leads to another state, the law has to be asked again.
        self._fire(self._peer, signal)
        self._note(message)

    def _pass_over(self, event: FrameDiscarded | UndecodableFrame | UnknownMessage) -> None:
        self._require_of_peer(Signal.MESSAGE, event)
        self._fire(self._peer, Signal.MESSAGE)
        self._events.append(event)
        self._passed_over.note(event)

    def _receive_error(self, message: ErrorMessage) -> None:
        self._events.append(self._facts.classify(message, self._codes, self._deadline.now))
        if message.error_code == CLIENT_ID_IN_USE and self.state is not State.READY:
            # Do not wait for a start that TWS has refused: it closes at once, and if it does not, we do.
            self._deadline.shorten(Step.VERSION if self._codec is None else Step.START, self._options.refusal_grace)

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
            self._deadline.start(Step.START, self._options.start_timeout if self._side is Side.TWS else None)
            return True
        self._end(
            Side.TWS,
            Signal.VERSION_REFUSED,
            CloseReason.UNSUPPORTED_SERVER_VERSION,
            f"server version {version} is outside of {lowest}..{highest}",
            code=UPDATE_TWS if version < lowest else UNSUPPORTED_VERSION,
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
        """Act on what *message*, of either side, means to the start of the session."""
        if type(message) not in STARTING:
            return
        self._facts.note(message)
        if isinstance(message, ManagedAccounts):
            self._guard_paper()
        if isinstance(message, StartApiRequest):
            patience = self._options.start_timeout if self._side is Side.CLIENT else None
            self._deadline.start(Step.START, patience, self._remark_after)
        self._advance_start()

    def _guard_paper(self, *, is_readable: bool = True) -> None:
        """Hang up, if that was asked for, unless every account is known to be a paper account."""
        if not self._paper_only:
            return
        why = not_paper(self.accounts) if is_readable else "TWS has named its accounts, in a way that cannot be read"
        if why is not None:
            self._end(self._side, Signal.CLOSE, CloseReason.NOT_PAPER, why)

    def _advance_start(self) -> None:
        """Complete the start, or wait for what is missing: the two come in any order (ADR 0004)."""
        if self.state is not State.AWAITING_NEXT_VALID_ID or self.next_valid_id is None:
            return
        if self.accounts is not None:
            self._complete_start()
        elif not self._deadline.waits_for(Step.ACCOUNTS):
            # Said once more, the id does not put off READY.
            self._deadline.start(Step.ACCOUNTS, self._options.accounts_grace)

    def _complete_start(self) -> None:
        self._deadline.stop()
        self._guard_paper()
        if self._closed is not None:
            return
        self._facts.note_ready(self._deadline.now)
        self._fire(Side.TWS, Signal.START_COMPLETED)
        if self.next_valid_id is not None:
            self._events.append(Ready(self.next_valid_id, self.accounts))

    @property
    def _remark_after(self) -> float | None:
        # The words of a remark are for whoever waits for TWS.
        return self._options.remark_after if self._side is Side.CLIENT else None


_QUESTION: Final = b"\r\n\r\n"
"""What is said to who says nothing, when all is over otherwise."""
