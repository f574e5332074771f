"""A client's end of one connection, whole and without the IO: one input, one exit, and everybody's own news.

`ClientSession` puts together the connection (`anytws.core`), the conversations, the queue of what is to be sent and the
mailboxes of those who listen. AnyIO's pump drives it, and a blocking socket can (`anytws.machines.drive`)::

    session = ClientSession(HandshakeOptions(client_id=7))
    session.opened(now)                      # the byte stream is up
    data = session.data_to_send(now)         # write it, and say how much has left:
    session.sent(len(data), now)
    session.receive_data(data, now)          # also receive_eof, receive_reset, receive_silence
    asked = session.ask(CurrentTimeRequest(), now)
    for holder in session.news(): ...        # who has something new: an Asked, a Streamed, a Mailbox of events
    session.wake_at(); session.wake(now)

No method raises because of what the peer did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import attrs

from anytws.core.codes import CODES, CodeTable
from anytws.core.connection import Connection
from anytws.core.events import (
    ConnectionClosed,
    Event,
    Notice,
    OddValue,
    StillWaiting,
    SurplusFields,
    UndecodableFrame,
    UnknownMessage,
)
from anytws.core.options import HandshakeOptions
from anytws.core.remembered import Remembered
from anytws.core.state import State
from anytws.errors import LocalProtocolError, SendQueueFull
from anytws.machines.conversation import Asked, Conversation, Streamed
from anytws.machines.conversations import Conversations
from anytws.machines.health import Health, HealthChanged, Latest, has_market_data
from anytws.machines.ids import refuse_order_id
from anytws.machines.liveness import Act, Liveness
from anytws.machines.mailbox import Mailbox
from anytws.machines.order_desk import OrderDesk
from anytws.machines.outbox import UNSENT_SECONDS, Outbox, Parcel
from anytws.machines.pacing import Pacing, PacingStatistics
from anytws.machines.records import Dropped
from anytws.messages.base import Asks, Message, Side, Streams, ToTws
from anytws.messages.session import CurrentTimeInMillisRequest, CurrentTimeRequest, ManagedAccounts
from anytws.wire.catalogue import entry_of
from anytws.wire.conversation import Key, Shape
from anytws.wire.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from anytws.machines.intent import Guard
    from anytws.machines.known_orders import KnownOrders
    from anytws.machines.order import OrderLife

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ToTws)

BACKLOG: Final = 1000
"""Events from the beginning that are kept for the first who listens."""
NO_BLOCKING: Final = (
    "when_full is 'block', which is for raw events alone (Tws.events): to stop reading for a stream would stop the "
    "news of orders; choose 'fail' or 'drop_oldest'"
)
_REMARKS: Final = (Notice, OddValue, StillWaiting, SurplusFields, UndecodableFrame, UnknownMessage)
_CANCEL: Final = "CancelOrderRequest"
_CANCEL_ALL: Final = "GlobalCancelRequest"
_CLOCK_REQUESTS: Final = (CurrentTimeRequest, CurrentTimeInMillisRequest)
Holder: TypeAlias = "Conversation[Any] | Mailbox[Any]"
"""What a caller holds, and is told of by `ClientSession.news`."""


@attrs.frozen
class SessionStatistics:
    """How a connection does."""

    open_conversations: int
    """Questions and streams on the wire, or waiting for their turn; with what nobody waits for but may still come."""
    late: dict[str, int]
    """Messages that came for conversations that were over, by kind."""
    cut_off: int
    """How many of those were passed over unread: data of what was left or has failed."""
    overtaken: int
    """Ticks for readers of quotes that were passed over unread, since a newer one of the same kind came with them."""
    unsent_messages: int
    """Messages that have not left this process."""
    unsent_bytes: int
    pacing: PacingStatistics | None = None
    """What pacing has done; None: there is none."""


class ClientSession:
    """All that a client knows of one connection. Times are seconds of a clock that only goes up."""

    def __init__(
        self,
        options: HandshakeOptions | None = None,
        *,
        codes: CodeTable = CODES,
        limits: Limits = DEFAULT_LIMITS,
        timeout_factor: float = 1.0,
        pacing: Pacing | None = None,
        read_only: bool = False,
        paper_only: bool = False,
        liveness: float | None = None,
        orders: KnownOrders | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.pacing: Final = pacing
        if pacing is not None and pacing.by_tws:
            options = pacing.asked_for(HandshakeOptions() if options is None else options)
        self.connection: Final = Connection(
            Side.CLIENT, options, codes=codes, limits=limits, read_only=read_only, paper_only=paper_only
        )
        self.outbox: Final = Outbox()
        self._orders = OrderDesk(codes, orders)
        self.guard: Final = guard
        """What every order has to pass before it leaves: a gate, a journal."""
        self.conversations: Final = Conversations(
            self.connection, self.outbox, codes, timeout_factor, pacing, self._orders
        )
        self._listeners: list[Mailbox[Event]] = []
        self._backlog: Remembered[Event] | None = Remembered(BACKLOG)
        self._seen_at = 0.0
        """When the last input came."""
        self._unkept = 0
        """Events that were not kept, since a program that asks and streams does not need them."""
        self._is_asking = False
        self._next_valid_id: int | None = None
        self._has_begun = False
        """Whether the orders know of this connection."""
        self._remarks: list[StillWaiting] = []
        self.remarks: list[Event] | None = None
        """What TWS says besides answers and data, and what of it cannot be read, for who looks on and takes it away;
        None: nobody does."""
        self._news: dict[Mailbox[Any], None] = {}
        self._layers = self.conversations.layers
        self._liveness = None if liveness is None else Liveness(liveness)
        self._clock_said_at: float | None = None
        """When the clock of TWS was asked for by hand."""
        self.is_reading: bool = True
        """Whether bytes of TWS are read as they come. Whoever drives this and waits for something else meanwhile says
        so: then the silence of TWS is none (``machines/liveness``)."""

    def __repr__(self) -> str:
        return f"<ClientSession {self.connection.described()}>"

    @property
    def state(self) -> State:
        """The state of the connection."""
        return self.connection.state

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended; None while it has not."""
        return self.connection.closed

    # --- what comes in -------------------------------------------------------------------------------------------

    def opened(self, now: float) -> None:
        """Note that the byte stream is up; the greeting is to be sent then."""
        self.connection.opened(now)
        self._settle(now)

    def connect_failed(self, now: float, detail: str, hint: str = "") -> None:
        """Note that the byte stream could not be had."""
        self.connection.wake(now)
        self.connection.connect_failed(detail, hint)
        self._settle(now)

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes of TWS, in any slices."""
        self._layers.heard_at = now
        if self._liveness is not None:
            self._liveness.heard_at = now
        self.connection.wake(now)
        self.connection.receive_data(data)
        self._settle(now)

    def receive_eof(self, now: float) -> None:
        """Note that TWS will send no more bytes."""
        self.connection.wake(now)
        self.connection.receive_eof()
        self._settle(now)

    def receive_reset(self, now: float, detail: str = "") -> None:
        """Note that the byte stream broke."""
        self.connection.wake(now)
        self.connection.receive_reset(detail)
        self._settle(now)

    def receive_silence(self, now: float, detail: str = "") -> None:
        """Note that the machine of TWS no longer answers."""
        self.connection.wake(now)
        self.connection.receive_silence(detail)
        self._settle(now)

    def close(self, now: float) -> None:
        """Hang up. After the end it is ignored."""
        self.connection.wake(now)
        self.connection.close()
        self._settle(now)

    def wake_at(self) -> float | None:
        """Give the time at which `wake` has to be called at the latest; None if nothing is due."""
        # By hand: it is asked after every input.
        wake_at = self.conversations.wake_at
        alive_at = None if self._liveness is None else self._liveness.wake_at
        for at in (self.connection.wake_at(), self.outbox.stuck_at, self.outbox.opens_at, alive_at):
            if at is not None and (wake_at is None or at < wake_at):
                wake_at = at
        return wake_at

    def wake(self, now: float) -> None:
        """Note the time, and do what is due."""
        self.connection.wake(now)
        self.outbox.wake(now)
        stuck_at = self.outbox.stuck_at
        if stuck_at is not None and stuck_at <= now:
            self.connection.receive_silence(
                f"TWS, or what is between, has taken no byte for {UNSENT_SECONDS:g} s, and {self.outbox.size} wait to "
                "be sent"
            )
        if self._liveness is not None:
            self._look_for_life(self._liveness, now)
        self._settle(now)

    # --- what goes out -------------------------------------------------------------------------------------------

    def data_to_send(self, now: float) -> bytes:
        """Give the bytes to be sent at the time *now*, once.

        Nothing while those given before have not been reported by `sent`, nor more messages in a second than `Pacing`
        allows: `wake_at` says when there is more.
        """
        return self.outbox.data_to_send(now)

    def sent(self, count: int, now: float) -> None:
        """Note that *count* bytes more of what `data_to_send` gave have left this process."""
        self.outbox.sent(count, now)
        self.conversations.note_left(now)

    def send_failed(self, now: float, detail: str = "") -> None:
        """Note that what `data_to_send` gave cannot leave whole. That ends the connection."""
        self.connection.wake(now)
        self.connection.send_failed(detail)
        self._settle(now)

    def start_api(self, now: float) -> None:
        """Open the session by hand. Raises `LocalProtocolError` if it is not the time, `ConnectionClosed` after it."""
        self.connection.wake(now)
        self.raise_if_closed()
        self.connection.start_api()
        self._settle(now)

    def send(self, message: _M, now: float) -> tuple[_M, Parcel]:
        """Have *message* sent; give it as it is said, with the id of a new order, and where its bytes are.

        Raises `LocalProtocolError`, and changes nothing, for what may not be said now or like this; `SendQueueFull`
        where TWS does not read; `ConnectionClosed` after the end.
        """
        queued = self.queue(message, now)
        self._orders.settle()
        return queued

    def queue(self, message: _M, now: float) -> tuple[_M, Parcel]:
        """Do as `send`; but what is believed of an order is told of it only when `orders` is looked at, or at an input.

        For who has its bytes leave at once, and keeps them waiting for nothing.
        """
        self.raise_if_closed()
        self.connection.refuse_if_read_only(message)
        urgent = is_urgent(message)
        if urgent:
            # What was said before is noted by now, and its id is used.
            self._orders.settle()
        if urgent and (parcel := self._vanish(message, now)) is not None:
            return message, parcel
        if self.conversations.is_full_for(urgent=urgent):
            raise SendQueueFull(self.outbox.frames, self.outbox.size)
        guard = self.guard if urgent else None
        if guard is not None:
            guard.check(message)
        said, data = self._encode(message)
        if guard is not None:
            guard.note(said, data, self.connection.server_version or 0)
        if isinstance(message, _CLOCK_REQUESTS):
            self._clock_said_at = now
        parcel = self.outbox.put(data, now, urgent=urgent, promised=True)
        if urgent:
            self._orders.note_sent(said, parcel)
        return said, parcel

    @property
    def orders(self) -> KnownOrders:
        """What is believed of orders. Who connects again hands it on: an order lives longer than a connection."""
        return self._orders.known

    @property
    def has_order_news(self) -> bool:
        """Whether `take_order_news` gives something."""
        return self._orders.has_news

    def take_order_news(self) -> list[OrderLife]:
        """Give, once, the orders of which something is new; what guards them has been told."""
        news = self._orders.take_news()
        if self.guard is not None:
            self.guard.hear(news)
        return news

    def _vanish(self, message: ToTws, now: float) -> Parcel | None:
        """Where *message* cancels an order that has not left, have neither leave, and give what was withdrawn."""
        if type(message).__name__ != _CANCEL:
            return None
        order_id: int = message.order_id  # type: ignore[attr-defined]  # of this one it is
        if not self._orders.is_queued(order_id):
            return None
        _, data = self._encode(message)
        if not self.orders.vanishes(order_id, self.outbox.withdraw):
            return None
        parcel = self.outbox.put(data, now, urgent=True)
        self.outbox.withdraw(parcel)
        return parcel

    def take_back(self, parcel: Parcel) -> bool:
        """Take back what `send` has queued, and what was sent since for the same order; tell whether that was done.

        It cannot be once the bytes were given to whoever writes. An order that is taken back never was.
        """
        return self._orders.take_back(parcel, self.outbox.withdraw)

    def _encode(self, message: _M) -> tuple[_M, bytes]:
        entry = entry_of(message)
        row = entry.conversation
        key = Key.NOTHING if row is None else row.key
        if key is Key.ORDER_ID and row is not None and row.cancel is not None:
            return self._encode_order(message)
        number: int | None = getattr(message, "request_id", None)
        if key is Key.REQUEST_ID and number is not None and self.conversations.register.request_ids.is_ours(number):
            is_about_stream = row is not None and row.shape is Shape.COMMAND and entry.changes_state
            if not is_about_stream:
                first = self.conversations.register.request_ids.first
                raise LocalProtocolError(
                    f"{entry.name}.request_id is {number}, and ids from {first} on are given by conversations: ask it, "
                    "open it as a stream (and leave it, to cancel), or choose a lower id",
                    message=entry.name,
                    field="request_id",
                )
        return message, self.connection.send(message)

    def _encode_order(self, message: _M) -> tuple[_M, bytes]:
        """Give a new order its id, on entering the one lane in which new orders keep their order."""
        ids = self.conversations.register.order_ids
        number: int | None = getattr(message, "order_id", None)
        if number is None:
            number = ids.next
            message = _with_order_id(message, number)
        else:
            refuse_order_id(number, self.conversations.register.request_ids, type(message).__name__)
        data = self.connection.send(message)
        ids.note_used(number)
        return message, data

    # --- conversations -------------------------------------------------------------------------------------------

    def ask(self, request: Asks[_T], now: float, timeout: float | None = None) -> Asked[_T]:
        """Ask what has an answer; *timeout* in seconds, as the catalogue says by default, ``math.inf`` for ever.

        Raises `LocalProtocolError` for what may not be asked now or like this, `TypeError` for what has no answer,
        `ConnectionClosed` after the end. All else is told by what it gives.
        """
        self.raise_if_closed()
        self.connection.refuse_if_read_only(request)
        asked = self.conversations.ask(request, now, timeout)
        self._is_asking = True
        return asked

    def fence(self, now: float, timeout: float | None = None) -> Asked[ManagedAccounts]:
        """Ask, behind every order that was sent before, what TWS answers at once: then it has read them all.

        What it refuses on sight it has refused by then, as it answers in the order in which it reads. Raises as `ask`.
        """
        self.raise_if_closed()
        asked = self.conversations.fence(now, timeout)
        self._is_asking = True
        return asked

    def stream(
        self,
        request: Streams[_T],
        now: float,
        timeout: float | None = None,
        mailbox: Mailbox[_T] | None = None,
    ) -> Streamed[_T]:
        """Open what goes on; *timeout* is for its first message, where the catalogue says that one is due.

        What comes waits in *mailbox*, by default one for 10,000 items. Raises as `ask` does, and `ValueError` for a
        mailbox that makes TWS wait: to stop reading for a stream would stop the news of orders.
        """
        self.raise_if_closed()
        self.connection.refuse_if_read_only(request)
        mailbox = Mailbox() if mailbox is None else mailbox
        if mailbox.when_full == "block":
            raise ValueError(NO_BLOCKING)
        streamed = self.conversations.stream(request, now, timeout, mailbox)
        self._is_asking = True
        return streamed

    def leave(self, conversation: Conversation[Any], now: float) -> None:
        """Note that nobody wants what comes of *conversation* any more; it is cancelled, if it can be."""
        self.conversations.leave(conversation, now)

    # --- news ----------------------------------------------------------------------------------------------------

    def listen(self, mailbox: Mailbox[Event] | None = None) -> Mailbox[Event]:
        """Put all events into *mailbox*, messages included, and give it; the last one is `ConnectionClosed`.

        The first one begins with what has happened so far. Close it when nobody reads it any more.
        """
        mailbox = Mailbox() if mailbox is None else mailbox
        if self._backlog is not None:
            backlog, self._backlog = self._backlog, None
            before = [Dropped(backlog.dropped)] if backlog.dropped else []
            # The end is told in any case.
            is_unkept_end = self.closed is not None and self._unkept > 0
            unkept = self._unkept - is_unkept_end
            after: list[Event | Dropped] = [Dropped(unkept)] if unkept else []
            if is_unkept_end and self.closed is not None:
                after.append(self.closed)
            mailbox.preload([*before, *backlog, *after])
        elif self.closed is not None:
            mailbox.preload([self.closed])
        if self.closed is not None:
            mailbox.finish()
        else:
            self._listeners.append(mailbox)
            # Whoever listens to all events is told of those, too, that are nobody's.
            self.conversations.is_overheard = True
            self.connection.take_all_again()
        return mailbox

    def health(self, now: float) -> Health:
        """Give how all is at the time *now*, layer by layer."""
        return self._layers.health(self.closed, now)

    def watch_health(self, mailbox: Latest[HealthChanged] | None = None) -> Latest[HealthChanged]:
        """Put something into *mailbox* at once, and whenever a layer has changed, until the end; give the mailbox.

        What the health is, `health` tells. Close the mailbox when nobody reads it any more.
        """
        mailbox = Latest() if mailbox is None else mailbox
        self._layers.watch(mailbox, self.closed)
        return mailbox

    @property
    def listeners(self) -> list[Mailbox[Event]]:
        """The mailboxes of events that are read."""
        return [mailbox for mailbox in self._listeners if not mailbox.is_closed]

    def take_remarks(self) -> list[StillWaiting]:
        """Give, once, what was said while TWS lets one wait before it is ready."""
        remarks, self._remarks = self._remarks, []
        return remarks

    def news(self) -> list[Holder]:
        """Give, once, those for whom something has come, or that are over."""
        news: list[Holder] = [*self._news, *self.conversations.news()]
        self._news.clear()
        return news

    @property
    def is_pressed(self) -> bool:
        """Whether somebody who must miss nothing is about to be too slow: reading on at full speed would end that."""
        if self.conversations.is_pressed:
            return True
        return bool(self._listeners) and any(mailbox.is_pressed for mailbox in self._listeners)

    def statistics(self) -> SessionStatistics:
        """Tell how it does."""
        return SessionStatistics(
            self.conversations.open,
            dict(self.conversations.register.late),
            self.conversations.register.cut_off,
            self.connection.overtaken,
            self.outbox.frames,
            self.outbox.size,
            self._pacing_statistics(),
        )

    def _pacing_statistics(self) -> PacingStatistics | None:
        pacer, tally, outbox = self.conversations.pacer, self.outbox.tally, self.outbox
        if pacer is None:
            return None
        waiting = pacer.waiting() | ({"messages": outbox.kept_back} if outbox.kept_back else {})
        limits = pacer.limits(self._seen_at)
        return PacingStatistics(
            waiting, dict(tally.held), dict(tally.seconds), dict(tally.refused), tally.longest, limits
        )

    def raise_if_closed(self) -> None:
        """Raise the connection's `ConnectionClosed` if it has ended."""
        if self.connection.closed is not None:
            raise self.connection.closed.again()

    # --- within --------------------------------------------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """Pass on what an input has brought, and queue what the connection says by itself."""
        self._seen_at = now
        connection = self.connection
        if not self._has_begun and connection.state in (State.AWAITING_NEXT_VALID_ID, State.READY):
            # Before it is ready TWS may say already which orders there are, and they are those of this client id.
            self._has_begun = True
            self._orders.connect(connection.client_id or 0)
        data = connection.data_to_send()
        if data:
            self.outbox.put(data, now)
        events, cut_off = connection.events(), connection.take_cut_off()
        if cut_off:
            self._note_cut_off(cut_off, now)
        if events or cut_off:
            if connection.next_valid_id is not self._next_valid_id:
                self._note_next_valid_id(connection.next_valid_id, now)
            self.conversations.hear(events, now)
            if self.conversations.of_orders:
                of_orders, self.conversations.of_orders = self.conversations.of_orders, []
                self._orders.hear(of_orders)
            if connection.closed is not None:
                self._orders.cut(connection.closed)
            self._publish(events)
            self._note_health(events, now)
        self.conversations.wake(now)
        if connection.closed is not None:
            self.outbox.give_up()
            self._liveness = None

    def _note_health(self, events: list[Event], now: float) -> None:
        """See what *events* are to the layers: market data, news of one of them, or the end."""
        layers = self._layers
        if events and has_market_data(events):
            layers.data_at = now
        if layers.state is not self.state:
            layers.enter(self.state)
            if self._liveness is not None and self.state is State.READY:
                self._liveness.begin(now)
        for mailbox in layers.tell(self.closed):
            self._news[mailbox] = None

    def _look_for_life(self, liveness: Liveness, now: float) -> None:
        asked = [at for at in (self.conversations.clock_said_at, self._clock_said_at) if at is not None]
        act = liveness.step(
            now,
            is_read=self.is_reading,
            clock_said_at=max(asked, default=None),
            is_clock_asked=self.conversations.is_clock_asked,
        )
        if self.closed is not None or act is Act.NOTHING:
            return
        if act is Act.PROBE:
            self.conversations.probe(now)
        else:
            self.connection.receive_silence(liveness.verdict(now))

    def _note_cut_off(self, counts: dict[type[Message], int], now: float) -> None:
        """Count what was passed over unread as it would have been counted if it had been read."""
        self.conversations.note_cut_off(counts, now)
        if self._backlog is not None:
            self._unkept += sum(counts.values())

    def _note_next_valid_id(self, next_valid_id: int | None, now: float) -> None:
        is_first = self._next_valid_id is None
        self._next_valid_id = next_valid_id
        if next_valid_id is not None:
            if is_first and self.pacing is not None and not self.pacing.by_tws:
                # The handshake is not paced, and this is its last word.
                self.outbox.pace(self.pacing.messages_per_second, now)
            if is_first:
                self._orders.begin(self.connection.client_id or 0, next_valid_id)
            else:
                self._orders.ids.raise_to(next_valid_id)
            # The own ids may be higher than what TWS remembers.
            self.conversations.register.request_ids.begin(self._orders.ids.floor)

    def _publish(self, events: list[Event]) -> None:
        if self._backlog is not None:
            if self._is_asking:
                self._unkept += len(events)
            else:
                self._backlog.extend(events)
        if self.state is not State.READY:
            self._remarks += [event for event in events if isinstance(event, StillWaiting)]
        if self.remarks is not None:
            self.remarks += [event for event in events if isinstance(event, _REMARKS)]
        if not self._listeners:
            return
        closed = self.closed
        for mailbox in self._listeners:
            mailbox.extend(events if closed is None else events[:-1])
            self._news[mailbox] = None
        if closed is not None:
            for mailbox in self._listeners:
                mailbox.finish(last=closed)
            self._listeners = []
        elif any(mailbox.is_closed or mailbox.has_failed for mailbox in self._listeners):
            self._listeners = [box for box in self._listeners if not (box.is_closed or box.has_failed)]
            self.conversations.is_overheard = bool(self._listeners)


def _with_order_id(message: _M, order_id: int) -> _M:
    """Give *message* with this id. By hand: `anytws.messages.base.replace` asks attrs about every field first."""
    cls: Any = type(message)
    copied: _M = object.__new__(cls)
    for name in cls.__slots__:
        object.__setattr__(copied, name, getattr(message, name))
    object.__setattr__(copied, "order_id", order_id)
    return copied


def is_urgent(message: ToTws) -> bool:
    """Tell whether *message* goes in front of what is not: orders, exercises and their cancels."""
    entry = entry_of(message)
    return entry.name == _CANCEL_ALL or (entry.conversation is not None and entry.conversation.key is Key.ORDER_ID)
