"""Those who listen over all connections: to all events, and to the health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anytws.core.events import ConnectionClosed
from anytws.machines.health import HealthChanged, Latest
from anytws.machines.mailbox import Mailbox
from anytws.machines.records import Dropped, Gap, Resumed
from anytws.runtime.pump import Pump
from anytws.runtime.stream import EventStream, Reader


class Lasting(Mailbox[Any]):
    """A mailbox for the events of one connection after the other: only the end of all ends it."""

    __slots__ = ()

    def preload(self, items: Sequence[Any]) -> None:
        """Take what has happened on a connection before it was listened to."""
        kept = [item for item in items if not isinstance(item, ConnectionClosed)]
        # What of the past comes later is no past of this mailbox: it stands behind what waits.
        super().extend(kept) if self.has_items or self.statistics().received else super().preload(kept)

    def finish(self, end: Exception | None = None, *, last: object = None) -> None:
        """Do nothing: a connection has ended, and there will be another one."""

    def end(self, closed: ConnectionClosed) -> None:
        """Take the end of everything, and no more after it."""
        super().finish(last=closed)


class LastingLatest(Latest[HealthChanged]):
    """The same for the health."""

    __slots__ = ()

    def preload(self, items: Sequence[HealthChanged | Dropped]) -> None:
        """Note that there is something new. It is no past: one connection has come after the other."""
        self.extend([item for item in items if isinstance(item, HealthChanged)])

    def finish(self, end: Exception | None = None, *, last: HealthChanged | None = None) -> None:
        """Do nothing: a connection has ended, and there will be another one."""

    def end(self, closed: ConnectionClosed) -> None:
        """Take the end of everything, and no more after it."""
        super().finish(closed)


class Listeners:
    """The streams of events and of health of a program that stays connected."""

    def __init__(self) -> None:
        self._events: dict[Lasting, EventStream] = {}
        self._watchers: dict[LastingLatest, Reader[Any]] = {}

    def __repr__(self) -> str:
        return f"<Listeners: {len(self._events)} to events, {len(self._watchers)} to the health>"

    @property
    def readers(self) -> list[Reader[Any]]:
        """All of them."""
        return [*self._events.values(), *self._watchers.values()]

    async def drained(self) -> None:
        """Wait until everybody who reads has come to the end."""
        for reader in self.readers:
            while reader.is_being_read:
                await reader.wait_for_move()

    def attach(self, pump: Pump, resumed: Resumed | None) -> None:
        """Have all go on over *pump*, behind a gap if there was one."""
        self._forget_finished()
        for mailbox, stream in self._events.items():
            if resumed is not None:
                mailbox.resume(resumed)
            if pump.connection.closed is None:
                pump.listen_on(mailbox, stream)
        for watcher, reader in self._watchers.items():
            if pump.connection.closed is None:
                pump.watch_health(watcher, reader)
        self._wake_all()

    def lose(self, gap: Gap) -> None:
        """Tell all who hear events that there is a gap."""
        self._forget_finished()
        for mailbox in self._events:
            mailbox.lose(gap)
        self._wake_all()

    def end(self, closed: ConnectionClosed) -> None:
        """Tell all of the end of everything."""
        for mailbox in self._events:
            mailbox.end(closed)
        for watcher in self._watchers:
            watcher.extend([HealthChanged()])
            watcher.end(closed.again())
        self._wake_all()

    def add(self, mailbox: Lasting, stream: EventStream) -> None:
        """Have *stream* hear all that comes from now on."""
        self._forget_finished()
        self._events[mailbox] = stream

    def watch(self, mailbox: LastingLatest, reader: Reader[Any]) -> None:
        """Have *reader* hear of the health."""
        self._watchers[mailbox] = reader

    def forget(self, mailbox: Mailbox[Any]) -> None:
        """Note that nobody reads *mailbox* any more."""
        if isinstance(mailbox, Lasting):
            self._events.pop(mailbox, None)
        elif isinstance(mailbox, LastingLatest):
            self._watchers.pop(mailbox, None)

    def _forget_finished(self) -> None:
        # Those that were too slow, perhaps, and nobody came back to hear of it.
        for mailbox in [mailbox for mailbox, stream in self._events.items() if stream.is_finished]:
            self._events.pop(mailbox).wake()

    def _wake_all(self) -> None:
        for reader in self.readers:
            reader.wake()
