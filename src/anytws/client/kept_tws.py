"""What a program holds that stays connected: the same verbs, over whichever connection there is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio

from anytws.client.presence import PresenceTopic
from anytws.client.tws import Tws
from anytws.core.arguments import check_timeout
from anytws.core.codes import LINK_LOST
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.core.options import HandshakeOptions
from anytws.core.read_only import change_by
from anytws.core.remembered import MOST_BYTES
from anytws.errors import AnswerLost, HealthTimedOut, NotConnected, RequestFailed, RequestTimedOut, printable
from anytws.machines.conversation import Asked
from anytws.machines.mailbox import CAPACITY, Desk, Mailbox, WhenFull
from anytws.machines.session import NO_BLOCKING
from anytws.messages.base import Asks, Streams, ToTws
from anytws.runtime.feeds import Feeds
from anytws.runtime.pump import Pump
from anytws.runtime.sending import Sent
from anytws.runtime.stream import EventStream, Feed, Stream

if TYPE_CHECKING:
    from anytws.client.door import Door
    from anytws.client.health import HealthTopic
    from anytws.client.keeper import Keeper

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ToTws)

_AWAY: Final = "there is no connection"
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 8.0
"""Seconds until a question is asked again to which TWS said that its link is lost, where it does not say more."""


class KeptTws(Tws):
    """A `Tws` that outlives its connections. What it tells of itself is of the present one, or of the last."""

    def __init__(self, keeper: Keeper, intake: Door) -> None:
        super().__init__(keeper.pump, intake)
        self._keeper = keeper

    def __repr__(self) -> str:
        return f"<Tws {self._connection.described()}, {printable(self._pump.address)}, kept connected>"

    def attach(self, pump: Pump) -> None:
        """Go on over *pump*."""
        self._pump, self._connection = pump, pump.connection

    @property
    def presence(self) -> PresenceTopic:
        """Whether we are connected, since when not, why, and when it is tried again."""
        if self._presence is None:
            self._presence = PresenceTopic(self._keeper)
        return self._presence

    @property
    def health(self) -> HealthTopic:
        """Health: socket, link, farms, the age of what came; of the present connection, or of the last."""
        if self._health is None:
            from anytws.client.health import HealthTopic  # noqa: PLC0415 (as there)

            self._health = HealthTopic(self._keeper)
        return self._health

    # --- questions -----------------------------------------------------------------------------------------------

    async def ask(self, request: Asks[_T], *, timeout: float | None = None) -> _T:
        """Ask TWS, and give its answer (`anytws.Tws.ask`).

        What changes nothing at TWS waits for a connection, and is asked again if that ends before the answer, or if TWS
        says that its own link is lost (1100), all within *timeout*. What changes something is never asked again: it
        raises `NotConnected` while there is no connection, and `AnswerLost` if it ends before the answer.
        `ConnectionClosed` is the end of everything.
        """
        self._pump.require_thread("Tws.ask", waits=True)
        check_timeout(timeout)
        self._keeper.raise_if_closed()
        # By the last connection's version, if there is none: what may not be asked at all is told at once.
        patience = self._pump.session.conversations.patience(request)
        seconds = math.inf if patience is None else patience
        seconds = seconds if timeout is None else float(timeout)
        if change_by(request, self.client_id) is not None:
            return await self._ask_once(request, seconds)
        return await self._ask_again(request, seconds)

    async def _ask_once(self, request: Asks[_T], seconds: float) -> _T:
        pump = self._connected(type(request).__name__)
        asked = await pump.have_answered(request, seconds)
        if isinstance(asked.failure, ConnectionClosed):
            self._keeper.raise_if_closed()
            raise AnswerLost(asked.request, asked.was_given) from asked.failure
        return asked.hand_over()

    async def _ask_again(self, request: Asks[_T], seconds: float) -> _T:
        """Ask until there is an answer to *request*, for so many *seconds* in all."""
        deadline = anyio.current_time() + seconds
        was_sent, pause = False, _FIRST_PAUSE
        while True:
            with anyio.move_on_after(deadline - anyio.current_time()):
                await self._keeper.until_connected()
            if not self._keeper.is_connected:
                raise RequestTimedOut(request, seconds, was_sent, waiting=_AWAY)
            asked = await self._asked_at_once(request, deadline)
            if asked is None:
                continue
            was_sent = was_sent or asked.was_sent
            failure = asked.failure
            if isinstance(failure, ConnectionClosed):
                self._keeper.raise_if_closed()
            elif isinstance(failure, RequestTimedOut):
                raise RequestTimedOut(failure.request, seconds, was_sent, failure.received, failure.waiting)
            elif isinstance(failure, RequestFailed) and failure.code == LINK_LOST:
                await self._wait_for_link(failure, deadline, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return asked.hand_over()

    async def _asked_at_once(self, request: Asks[_T], deadline: float) -> Asked[_T] | None:
        try:
            return await self._pump.have_answered(request, max(0.0, deadline - anyio.current_time()))
        except ConnectionClosed:
            # It has ended since it was looked at.
            self._keeper.raise_if_closed()
            return None

    async def _wait_for_link(self, failure: RequestFailed, deadline: float, pause: float) -> None:
        """Wait until TWS may have its link again. Raises *failure* if it has not in time."""
        left = deadline - anyio.current_time()
        if left <= pause:
            raise failure
        # TWS may have said it late, when the link was back already; then a pause is all there is to wait for.
        await anyio.sleep(pause)
        try:
            timeout = None if math.isinf(left) else left - pause
            await self.health.until(lambda health: health.closed is not None or health.is_linked, timeout=timeout)
        except HealthTimedOut:
            raise failure from None

    # --- what is not a question ----------------------------------------------------------------------------------

    def _connected(self, what: str) -> Pump:
        """Give the present connection. Raises `NotConnected` where there is none, and the end of everything."""
        self._keeper.raise_if_closed()
        if not self._keeper.is_connected:
            presence = self._keeper.presence
            raise NotConnected(what, presence.gap, presence)
        return self._keeper.pump

    def send(self, message: _M) -> Sent[_M]:
        """Have *message* sent (`anytws.Tws.send`). Raises `NotConnected` while there is no connection.

        ``await`` what this gives, and it raises `AnswerLost` where the connection ended before all bytes had left.

        Settings (the type of market data, the log level of TWS, whether orders that are given by hand are bound) are
        said again on each later connection.
        """
        self._pump.require_thread("Tws.send", waits=False)
        sent = self._connected(type(message).__name__).send(message)
        self._keeper.way_back.note_said(sent.message)
        return sent.kept(self._lost)

    def _lost(self, sent: Sent[Any], closed: ConnectionClosed) -> Exception:
        end = self._keeper.end
        # Beside the loop, which may not have looked yet: to be left is the end of everything.
        is_over = end is not None or closed.reason is CloseReason.LOCAL
        return (end or closed).again() if is_over else AnswerLost(sent.message, sent.may_have_left)

    def require_sayable(self, messages: Iterable[ToTws]) -> None:
        """Raise if one of *messages* may not be said now (`anytws.Tws.require_sayable`), or there is no connection."""
        self._connected("an order")
        super().require_sayable(messages)

    async def fence(self, *, timeout: float | None = None) -> None:
        """Wait until TWS has read what was sent on this connection (`anytws.Tws.fence`); never on another one."""
        self._pump.require_thread("Tws.fence", waits=True)
        await self._connected("a fence").fence(timeout)

    def stream(
        self,
        request: Streams[_T],
        *,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES,
    ) -> Stream[_T]:
        """Give a block in which messages come until it is left (`anytws.Tws.stream`), over all connections.

        Where a connection has ended, or TWS has lost the data (1101), stands a `Gap`, and before what is new `Resumed`.
        """
        self._pump.require_thread("Tws.stream", waits=False)
        check_timeout(timeout)
        mailbox: Mailbox[_T] = Mailbox(capacity, when_full, capacity_bytes)
        if when_full == "block":
            raise ValueError(NO_BLOCKING)
        return Stream(self._keeper.streams, request, timeout, mailbox)

    def feed(self, request: Streams[Any], mailbox: Mailbox[_T], *, timeout: float | None = None) -> Feed[_T]:
        """Give a block like `stream`, whose items are what *mailbox* makes of the messages."""
        self._pump.require_thread("Tws.feed", waits=False)
        check_timeout(timeout)
        if mailbox.when_full == "block":
            raise ValueError(NO_BLOCKING)
        return Feed(self._keeper.streams, request, timeout, mailbox)

    def feeds(self, desk: Desk[_T], *, timeout: float | None = None) -> Feeds[_T]:
        """Give a block like `feed` for many conversations and one reader."""
        self._pump.require_thread("Tws.feeds", waits=False)
        check_timeout(timeout)
        return Feeds(self._keeper.streams, desk, timeout)

    def events(
        self, *, capacity: int = CAPACITY, when_full: WhenFull = "fail", capacity_bytes: int = MOST_BYTES
    ) -> EventStream:
        """Give a stream of all events of all connections (`anytws.Tws.events`).

        Between two connections stand `Gap` and `Resumed`; `ConnectionClosed` is the end of everything, and last.
        """
        self._pump.require_thread("Tws.events", waits=False)
        return self._keeper.listen(capacity, when_full, capacity_bytes)

    def start_api(self) -> None:
        """Raise `LocalProtocolError`: each connection is ready when it is given."""
        self._pump.require_thread("Tws.start_api", waits=False)
        self._connected("StartApiRequest").start_api()

    async def ready(self) -> None:
        """Wait until there is a connection."""
        self._pump.require_thread("Tws.ready", waits=True)
        await self._keeper.until_connected()

    async def closed(self) -> ConnectionClosed:
        """Wait for the end of everything and give it: what makes it hopeless to try again.

        Whoever waits here has asked to be told so: the block is not cancelled, and goes on.
        """
        self._pump.require_thread("Tws.closed", waits=True)
        self._watchers += 1
        try:
            await self._keeper.until_end()
        finally:
            self._watchers -= 1
        self._told = True
        end = self._keeper.end
        assert end is not None, "it was waited for"
        return end


def refuse_by_hand(options: HandshakeOptions) -> None:
    """Raise `ValueError` for a session that is to be opened by hand: nobody would do so after each connection."""
    if options.start_api_by_hand:
        raise ValueError(
            "options has start_api_by_hand, which is for connect(): keep_connected opens each session itself"
        )
