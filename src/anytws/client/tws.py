"""What a program holds while it is connected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from anytws.client.door import Door
from anytws.core.arguments import check_timeout
from anytws.core.events import ConnectionClosed
from anytws.core.remembered import MOST_BYTES
from anytws.core.state import State
from anytws.errors import printable
from anytws.machines.mailbox import CAPACITY, Desk, Mailbox, WhenFull
from anytws.machines.outbox import Parcel
from anytws.machines.session import NO_BLOCKING, SessionStatistics
from anytws.messages.base import Asks, Streams, ToTws
from anytws.messages.connection_time import ConnectionTime
from anytws.messages.session import CurrentTimeRequest
from anytws.runtime.bells import Bells
from anytws.runtime.feeds import Feeds
from anytws.runtime.pump import Pump
from anytws.runtime.sending import Sent
from anytws.runtime.stream import EventStream, Feed, Stream

if TYPE_CHECKING:
    from anytws.client.accounts import Accounts
    from anytws.client.advisors import Advisors
    from anytws.client.config import Config
    from anytws.client.contracts import Contracts
    from anytws.client.display_groups import DisplayGroups
    from anytws.client.health import HealthTopic
    from anytws.client.historical import Historical
    from anytws.client.market_data import MarketData
    from anytws.client.news import News
    from anytws.client.orders import Orders
    from anytws.client.presence import PresenceTopic
    from anytws.client.scanner import Scanner
    from anytws.client.wsh import Wsh
    from anytws.machines.known_orders import KnownOrders

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ToTws)


class Tws:
    """A connection to TWS that is ready, for the length of an ``async with anytws.connect(...)`` block.

    Every method that waits raises `ConnectionClosed` when the connection ends, and can be cancelled. In another thread
    than that of the block, every method raises `WrongThread`; what is a property may be read from anywhere.
    """

    def __init__(self, pump: Pump, intake: Door | None = None) -> None:
        self._pump = pump
        self._intake = Door() if intake is None else intake
        self._connection = pump.connection
        self._watchers = 0
        self._told = False
        self._health: HealthTopic | None = None
        self._presence: PresenceTopic | None = None
        self._orders: Orders | None = None

    def __repr__(self) -> str:
        return f"<Tws {self._connection.described()}, {printable(self._pump.address)}>"

    @property
    def state(self) -> State:
        """The state now."""
        return self._connection.state

    @property
    def server_version(self) -> int:
        """The server version that was agreed."""
        version = self._connection.server_version
        assert version is not None, "the block is entered after the version reply only"
        return version

    @property
    def connection_time(self) -> ConnectionTime:
        """The clock of TWS when it accepted: as it was sent, and as an aware datetime if its zone is known."""
        time = self._connection.connection_time
        assert time is not None, "the block is entered after the version reply only"
        return time

    @property
    def client_id(self) -> int:
        """The client id that this connection has."""
        return self._connection.client_id or 0

    @property
    def accounts_named(self) -> tuple[str, ...] | None:
        """The managed accounts; None if TWS has not said them (ADR 0004). To people it is ``tws.accounts.managed``."""
        return self._connection.accounts

    @property
    def next_valid_id(self) -> int | None:
        """The lowest order id that may be used, as far as TWS has said it; None before that."""
        return self._connection.next_valid_id

    # --- the verbs, by topic -------------------------------------------------------------------------------------
    # A topic is imported when it is first used: to connect needs none of them.

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts: summary, values, positions, portfolio, profit and loss."""
        from anytws.client.accounts import Accounts  # noqa: PLC0415 (see above)

        return Accounts(self)

    @cached_property
    def contracts(self) -> Contracts:
        """Contracts: what TWS knows of what is traded."""
        from anytws.client.contracts import Contracts  # noqa: PLC0415 (see above)

        return Contracts(self)

    @cached_property
    def market_data(self) -> MarketData:
        """Market data as it happens: quotes, ticks, books, bars."""
        from anytws.client.market_data import MarketData  # noqa: PLC0415 (see above)

        return MarketData(self)

    @cached_property
    def historical(self) -> Historical:
        """History: bars, ticks, schedules; downloads."""
        from anytws.client.historical import Historical  # noqa: PLC0415 (see above)

        return Historical(self)

    # As `health`, it is a plain property for the sake of a protocol.
    @property
    def orders(self) -> Orders:
        """Orders: placed, changed, cancelled, found again, and known."""
        if self._orders is None:
            from anytws.client.orders import Orders  # noqa: PLC0415 (see above)

            self._orders = Orders(self)
        return self._orders

    @cached_property
    def news(self) -> News:
        """News: providers, articles, headlines, bulletins."""
        from anytws.client.news import News  # noqa: PLC0415 (see above)

        return News(self)

    @cached_property
    def scanner(self) -> Scanner:
        """Market scanners."""
        from anytws.client.scanner import Scanner  # noqa: PLC0415 (see above)

        return Scanner(self)

    @cached_property
    def advisors(self) -> Advisors:
        """What a financial advisor has set up."""
        from anytws.client.advisors import Advisors  # noqa: PLC0415 (see above)

        return Advisors(self)

    @cached_property
    def display_groups(self) -> DisplayGroups:
        """The groups of windows of TWS that show one contract."""
        from anytws.client.display_groups import DisplayGroups  # noqa: PLC0415 (see above)

        return DisplayGroups(self)

    @cached_property
    def wsh(self) -> Wsh:
        """The calendar of Wall Street Horizon."""
        from anytws.client.wsh import Wsh  # noqa: PLC0415 (see above)

        return Wsh(self)

    # Verbs use it, by a protocol: to pyright only a plain property is one there.
    @property
    def health(self) -> HealthTopic:
        """Health: socket, link, farms, the age of what came."""
        if self._health is None:
            from anytws.client.health import HealthTopic  # noqa: PLC0415 (see above)

            self._health = HealthTopic(self._pump)
        return self._health

    @cached_property
    def config(self) -> Config:
        """The settings of TWS itself."""
        from anytws.client.config import Config  # noqa: PLC0415 (see above)

        return Config(self)

    @property
    def presence(self) -> PresenceTopic:
        """Whether we are connected; under `anytws.keep_connected` since when not, why, and when it is tried again."""
        if self._presence is None:
            from anytws.client.presence import PlainPresence, PresenceTopic  # noqa: PLC0415 (see above)

            self._presence = PresenceTopic(PlainPresence(self._pump))
        return self._presence

    @property
    def timeout_factor(self) -> float:
        """What multiplies the time that each kind of request has by default (``timeout_factor`` of `connect`)."""
        return self._pump.session.conversations.timeout_factor

    @property
    def known_orders(self) -> KnownOrders:
        """What is believed of orders, without the waiting. To people it is ``tws.orders``."""
        return self._pump.session.orders

    @property
    def intake(self) -> Door:
        """What every order passes before it leaves: the gate and the journal, if there are any."""
        return self._intake

    @property
    def order_bells(self) -> Bells:
        """Who waits for news of an order."""
        return self._pump.bells

    # --- conversations, messages ---------------------------------------------------------------------------------

    def events(
        self, *, capacity: int = CAPACITY, when_full: WhenFull = "fail", capacity_bytes: int = MOST_BYTES
    ) -> EventStream:
        """Give a stream of all events, messages included; the last one is `ConnectionClosed`.

        The first stream that is opened begins with what happened while connecting: the last 1,000 events until the
        first question or stream. *capacity* counts events that wait to be read, *capacity_bytes* about how much memory
        they keep; beyond either the stream is full, but one event may always wait, however large. *when_full* says what
        then happens: ``"fail"`` ends the stream at once with `SlowConsumer`, ``"drop_oldest"`` drops events and tells
        how many in their place (`Dropped`), ``"block"`` reads nothing from TWS until there is room
        (`anytws.machines.WhenFull`). A stream that blocks and is full, and from which nobody takes an event for 30
        seconds, ends with `SlowConsumer` too: otherwise it would hide the end of the connection.

        Raises `TypeError` and `ValueError` for what is no capacity, or none of the three words.
        """
        self._pump.require_thread("Tws.events", waits=False)
        return self._pump.listen(Mailbox(capacity, when_full, capacity_bytes))

    async def current_time(self, *, timeout: float | None = None) -> datetime:
        """Ask TWS for its clock: UTC, whole seconds. Callers at the same time share one request.

        TWS ignores a second request within about a second, so two are 1.5 seconds apart. Raises as `ask` does.
        """
        self._pump.require_thread("Tws.current_time", waits=True)
        return (await self.ask(CurrentTimeRequest(), timeout=timeout)).time

    async def ask(self, request: Asks[_T], *, timeout: float | None = None) -> _T:
        """Ask TWS, and give its answer: one message, or the tuple of them that the type of *request* names.

        *request* is written without its id, which is given here. *timeout* is in seconds from the call; None: as its
        row in the catalogue says (a minute for contracts and history), ``math.inf``: for ever. What goes on as a stream
        can be asked too: that gives its first run. Callers who ask the same at once, without an id, share one request.
        Whoever stops to wait, by deadline or cancellation, cancels it at TWS, save for orders.

        Raises `RequestFailed` with what TWS said, `RequestTimedOut` (was it sent, what had come), `DecodeError` for an
        answer that cannot be read, `AnswerTooLarge`, `LocalProtocolError` for what may not be asked now, at this server
        version or with these values, `TypeError` for what has no answer, `ConnectionClosed` when the connection ends.
        """
        self._pump.require_thread("Tws.ask", waits=True)
        return await self._pump.ask(request, timeout)

    def stream(
        self,
        request: Streams[_T],
        *,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES,
    ) -> Stream[_T]:
        """Give a block in which messages come until it is left: ``async with tws.stream(request) as stream:``.

        *request* is written without its id. Entering never waits; leaving cancels. *timeout*, in seconds, is for the
        first message of those that owe one (account data); None: as the catalogue says. *capacity* and
        *capacity_bytes* are for what waits to be read (one read may bring some 3,000 small messages: a bound below that
        can be too little for any reader); *when_full* says what happens beyond them: ``"fail"`` ends the
        stream at once with `SlowConsumer`, ``"drop_oldest"`` tells in their place how many are gone (`Dropped`).

        Raises `TypeError` and `ValueError` here for what is no capacity, and on entering what `ask` raises at the call.
        What ends the stream is raised by its reader, see `Stream`.
        """
        self._pump.require_thread("Tws.stream", waits=False)
        check_timeout(timeout)
        mailbox: Mailbox[_T] = Mailbox(capacity, when_full, capacity_bytes)
        if when_full == "block":
            raise ValueError(NO_BLOCKING)
        return Stream(self._pump, request, timeout, mailbox)

    def feed(self, request: Streams[Any], mailbox: Mailbox[_T], *, timeout: float | None = None) -> Feed[_T]:
        """Give a block like `stream`, whose items are what *mailbox* makes of the messages.

        Verbs are written over it. *mailbox* is for this feed alone, such as an `anytws.machines.mailbox.Folding`.
        Raises as `stream` does.
        """
        self._pump.require_thread("Tws.feed", waits=False)
        check_timeout(timeout)
        if mailbox.when_full == "block":
            raise ValueError(NO_BLOCKING)
        return Feed(self._pump, request, timeout, mailbox)

    def feeds(self, desk: Desk[_T], *, timeout: float | None = None) -> Feeds[_T]:
        """Give a block like `feed` for many conversations and one reader; *desk* says which are to be opened and left.

        Raises as `stream` does.
        """
        self._pump.require_thread("Tws.feeds", waits=False)
        check_timeout(timeout)
        return Feeds(self._pump, desk, timeout)

    def send(self, message: _M) -> Sent[_M]:
        """Have *message* sent: it is written at once if nothing waits, and queued behind what does.

        ``await`` what this gives, and it has left this process. `Sent.message` is what was said: a new order
        (`PlaceOrderRequest` without an id) has its id there. What TWS makes of it comes as events.

        Raises `LocalProtocolError` for what may not be said now or at this server version, or under an id that belongs
        to a conversation; `SendQueueFull` where more than 10,000 messages, or a mebibyte of them, wait because TWS does
        not read; `ConnectionClosed` after the end. An order passes the gate and the journal of the connection first,
        like those of verbs: `GateRefused`, `NotJournaled`. If no byte leaves for 10 seconds, the connection ends as
        `CloseReason.UNRESPONSIVE`.
        """
        self._pump.require_thread("Tws.send", waits=False)
        return self._pump.send(message)

    def require_sayable(self, messages: Iterable[ToTws]) -> None:
        """Raise `LocalProtocolError` if one of *messages* may not be said now, or like this. Nothing is sent."""
        self._pump.require_thread("Tws.require_sayable", waits=False)
        self._connection.send_all(messages)

    async def fence(self, *, timeout: float | None = None) -> None:
        """Wait until TWS has read every order that was sent before: what it refuses on sight it has refused then.

        It asks for the managed accounts, behind the orders, and shares that with nobody; TWS answers in the order in
        which it reads. It belongs to one connection: raises `ConnectionClosed` when that ends, whoever connects again,
        and `RequestTimedOut`.
        """
        self._pump.require_thread("Tws.fence", waits=True)
        await self._pump.fence(timeout)

    def require_thread(self, method: str, *, waits: bool) -> None:
        """Raise `WrongThread` unless *method* is called in the connection's own thread."""
        self._pump.require_thread(method, waits=waits)

    def take_back(self, parcel: Parcel) -> bool:
        """Take back what was to be sent, if no byte of it can have left; tell whether that was done."""
        return self._pump.take_back(parcel)

    def statistics(self) -> SessionStatistics:
        """Tell how the connection does: open conversations, late messages by kind, what has not left."""
        self._pump.require_thread("Tws.statistics", waits=False)
        return self._pump.session.statistics()

    def start_api(self) -> None:
        """Open the session, with `HandshakeOptions.start_api_by_hand`; then wait for `ready`."""
        self._pump.require_thread("Tws.start_api", waits=False)
        self._pump.start_api()

    async def ready(self) -> None:
        """Wait until requests may be made. Needed with `HandshakeOptions.start_api_by_hand` only."""
        self._pump.require_thread("Tws.ready", waits=True)
        await self._pump.until(State.READY)
        self._pump.raise_if_closed()

    async def closed(self) -> ConnectionClosed:
        """Wait for the end of the connection and give it.

        Whoever waits here has asked to be told so: the block is not cancelled, and goes on.
        """
        self._pump.require_thread("Tws.closed", waits=True)
        self._watchers += 1
        try:
            await self._pump.until_closed()
        finally:
            self._watchers -= 1
        self._told = True
        end = self._connection.closed
        assert end is not None, "the event is set by the end only"
        return end

    @property
    def is_watched(self) -> bool:
        """Whether the end has been, or is about to be, told by `closed`."""
        return self._told or self._watchers > 0
