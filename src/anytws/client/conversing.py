"""What the verbs are written over: to ask, to stream, to send. Whatever has these has the verbs."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from anytws.client.health import HealthTopic
from anytws.core.remembered import MOST_BYTES
from anytws.machines.mailbox import CAPACITY, Desk, Mailbox, WhenFull
from anytws.machines.session import SessionStatistics
from anytws.messages.base import Asks, Streams, ToTws
from anytws.runtime.feeds import Feeds
from anytws.runtime.sending import Sent
from anytws.runtime.stream import Feed, Stream

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ToTws)


class Conversing(Protocol):
    """A connection, as a verb sees it: `anytws.Tws`."""

    @property
    def server_version(self) -> int:
        """The server version that was agreed."""
        ...

    @property
    def accounts_named(self) -> tuple[str, ...] | None:
        """The managed accounts; None if TWS has not said them."""
        ...

    @property
    def health(self) -> HealthTopic:
        """How the connection does, layer by layer."""
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

    def statistics(self) -> SessionStatistics:
        """Tell how the connection does: what waits, and for what (`anytws.Tws.statistics`)."""
        ...
