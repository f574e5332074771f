"""One end of a connection as it stands: its state, what is known of it, what it tells, and how it ends.

No bytes are read or written here: that is the business of `anytws.core.connection`.
"""

from __future__ import annotations

from collections import deque

from anytws.core import closing
from anytws.core.before_version import BeforeVersion
from anytws.core.cut_off import CutOff
from anytws.core.deadline import Deadline
from anytws.core.events import CloseReason, ConnectionClosed, Event, StateChanged, VersionAgreed
from anytws.core.options import HandshakeOptions
from anytws.core.overtaken import Overtaken
from anytws.core.passed_over import PassedOver
from anytws.core.session_facts import SessionFacts
from anytws.core.state import Signal, State, StateMachine
from anytws.errors import BAD_MESSAGE, LocalProtocolError, RemoteProtocolError, shown
from anytws.messages.base import Side
from anytws.messages.connection_time import ConnectionTime
from anytws.messages.session import ErrorMessage
from anytws.wire.codec import Codec
from anytws.wire.frames import FrameBuffer
from anytws.wire.limits import Limits


class Endpoint:
    """The part of a `anytws.core.Connection` that is the same whatever is said."""

    def __init__(self, side: Side, options: HandshakeOptions, limits: Limits) -> None:
        self._side = side
        self._peer = side.peer
        self._options = options
        self._machine = StateMachine()
        self._early = BeforeVersion(side, limits)
        # Until the version is agreed, whatever is at the other end is not known to be TWS, or a client of it.
        self._buffer = FrameBuffer(limits.before_version)
        self._agreed: VersionAgreed | None = None
        self._codec: Codec | None = None
        self._deadline = Deadline()
        self._facts = SessionFacts(options.client_id if side is Side.CLIENT else None)
        self._passed_over = PassedOver()
        self._passing: set[type[object]] = set()
        """The kinds of data that the law has let pass in this state. Data is what means nothing to the core."""
        self._cut_off = CutOff()
        self._overtaken = Overtaken()
        self._events: list[Event] = []
        self._events_ahead: deque[Event] = deque()
        """Events that came before those, which `next_event` gives one by one."""
        self._closed: ConnectionClosed | None = None

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
        return self._facts.accounts

    @property
    def next_valid_id(self) -> int | None:
        """The highest next valid order id that TWS has said; None if it has not."""
        return self._facts.next_valid_id

    @property
    def client_id(self) -> int | None:
        """The client's id; on the TWS side None until START_API."""
        return self._facts.client_id

    @property
    def ready_at(self) -> float | None:
        """When it became READY, as `wake` had told the time; None if it has not."""
        return self._facts.ready_at

    @property
    def last_error(self) -> ErrorMessage | None:
        """The last error that TWS sent, remarks not counted."""
        return self._facts.last_error

    @property
    def closed(self) -> ConnectionClosed | None:
        """How it ended; None while it has not."""
        return self._closed

    # --- what happened -------------------------------------------------------------------------------------------

    def next_event(self) -> Event | None:
        """Give the next event, or None while there is none."""
        if not self._events_ahead:
            self._events_ahead.extend(self.events())
        return self._events_ahead.popleft() if self._events_ahead else None

    def events(self) -> list[Event]:
        """Give all events that have not been given yet."""
        events, self._events = self._events, []
        if self._events_ahead:
            events = [*self._events_ahead, *events]
            self._events_ahead.clear()
        return events

    # --- state and the end ---------------------------------------------------------------------------------

    def _fire(self, side: Side, signal: Signal) -> None:
        machine = self._machine
        before = machine.state
        if machine.fire(side, signal) and machine.state is not before:
            self._passing.clear()
            self._cut_off.clear()
            self._events.append(StateChanged(before, machine.state))

    def _require(self, side: Side, signal: Signal, what: str) -> None:
        if not self._machine.may(side, signal):
            raise LocalProtocolError.not_now(what, self.state.value, closing.ADVICE[self.state])

    def _require_of_peer(self, signal: Signal, what: Event) -> None:
        if not self._machine.may(self._peer, signal):
            raise RemoteProtocolError(
                f"the {self._peer.name} side sent {type(what).__name__} while {self.state.value}", code=BAD_MESSAGE
            )

    def _seen(self) -> closing.Seen:
        return closing.Seen(
            self.state,
            self._deadline.now,
            self._options,
            self._facts,
            self._early,
            self._passed_over,
            self._codec is not None,
            len(self._buffer),
            self._buffer.peek(),
        )

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
        closed = closing.describe(self._seen(), reason, detail, code=code, redirect=redirect, hint=hint)
        self._fire(side, signal)
        self._deadline.stop()
        # Nobody will cut what waits there, and it may be 16 MB.
        self._buffer.clear()
        self._closed = closed
        self._events.append(closed)
