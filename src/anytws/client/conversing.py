"""What the verbs are written over: to ask, to stream, to send. Whatever has these has the verbs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from anytws.client.health import HealthTopic
from anytws.core.remembered import MOST_BYTES
from anytws.machines.mailbox import CAPACITY, Desk, Mailbox, WhenFull
from anytws.machines.outbox import Parcel
from anytws.machines.session import SessionStatistics
from anytws.messages.base import Asks, Streams, ToTws
from anytws.messages.connection_time import ConnectionTime
from anytws.runtime.bells import Bells
from anytws.runtime.feeds import Feeds
from anytws.runtime.sending import Sent
from anytws.runtime.stream import Feed, Stream

if TYPE_CHECKING:
    from anytws.client.door import Door
    from anytws.client.orders import Orders
    from anytws.machines.known_orders import KnownOrders

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ToTws)


class Conversing(Protocol):
    """A connection, as a verb sees it: `anytws.Tws`."""

    @property
    def server_version(self) -> int:
        """The server version that was agreed."""
        ...

    @property
    def connection_time(self) -> ConnectionTime:
        """The clock of TWS when it accepted (`anytws.Tws.connection_time`)."""
        ...

    @property
    def accounts_named(self) -> tuple[str, ...] | None:
        """The managed accounts; None if TWS has not said them."""
        ...

    @property
    def health(self) -> HealthTopic:
        """How the connection does, layer by layer."""
        ...

    @property
    def orders(self) -> Orders:
        """Orders: what of them is known, as trades."""
        ...

    @property
    def timeout_factor(self) -> float:
        """What multiplies the time that each kind of request has by default."""
        ...

    @property
    def known_orders(self) -> KnownOrders:
        """What is believed of orders, without the waiting."""
        ...

    @property
    def intake(self) -> Door:
        """What every order passes before it leaves."""
        ...

    @property
    def order_bells(self) -> Bells:
        """Who waits for news of an order."""
        ...

    async def ask(self, request: Asks[_T], *, timeout: float | None = None) -> _T:
        """Ask TWS, and give its answer (`anytws.Tws.ask`)."""
        ...

    def stream(
        self,
        request: Streams[_T],
        *,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES,
    ) -> Stream[_T]:
        """Give a block in which messages come until it is left (`anytws.Tws.stream`)."""
        ...

    def feed(self, request: Streams[Any], mailbox: Mailbox[_T], *, timeout: float | None = None) -> Feed[_T]:
        """Give a block like `stream`, whose items are what *mailbox* makes of the messages."""
        ...

    def feeds(self, desk: Desk[_T], *, timeout: float | None = None) -> Feeds[_T]:
        """Give a block for many conversations and one reader; *desk* says which are to be opened and left."""
        ...

    def send(self, message: _M) -> Sent[_M]:
        """Have a command sent (`anytws.Tws.send`)."""
        ...

    def require_sayable(self, messages: Iterable[ToTws]) -> None:
        """Raise `LocalProtocolError` if one of *messages* may not be said now, or like this. Nothing is sent."""
        ...

    async def fence(self, *, timeout: float | None = None) -> None:
        """Wait until TWS has read every order that was sent before (`anytws.Tws.fence`)."""
        ...

    def require_thread(self, method: str, *, waits: bool) -> None:
        """Raise `WrongThread` unless *method* is called in the connection's own thread."""
        ...

    def take_back(self, parcel: Parcel) -> bool:
        """Take back what was to be sent, if no byte of it can have left (`anytws.Tws.take_back`)."""
        ...

    def statistics(self) -> SessionStatistics:
        """Tell how the connection does: what waits, and for what (`anytws.Tws.statistics`)."""
        ...
