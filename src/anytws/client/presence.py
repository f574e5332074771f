"""Whether we are there: read it, wait for it, follow it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import get_ident
from typing import TYPE_CHECKING, Protocol

import anyio
from anyio.lowlevel import checkpoint

from anytws.core.arguments import check_timeout
from anytws.core.events import ConnectionClosed
from anytws.errors import PresenceTimedOut, WrongThread, shown
from anytws.machines.presence import Presence, PresenceState
from anytws.runtime.pump import Pump

if TYPE_CHECKING:
    from typing import Self


class PresenceSource(Protocol):
    """What knows where we are."""

    @property
    def presence(self) -> Presence:
        """Where we are."""
        ...

    @property
    def end(self) -> ConnectionClosed | None:
        """How all has ended; None while it has not."""
        ...

    async def presence_changed(self) -> None:
        """Wait until it is another one than now."""
        ...


def wall_offset() -> float:
    """Give what has to be added to the clock of the event loop to have seconds since 1970."""
    return time.time() - anyio.current_time()  # noqa: TID251 (for people: nothing is measured by it)


class PlainPresence:
    """That of one connection: present, until it is over."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._offset = wall_offset()
        self._began = datetime.fromtimestamp(self._offset + anyio.current_time(), UTC)
        self._over_since: datetime | None = None

    def __repr__(self) -> str:
        return repr(self._pump.connection)

    @property
    def end(self) -> ConnectionClosed | None:
        """How it has ended; None while it has not."""
        return self._pump.connection.closed

    @property
    def presence(self) -> Presence:
        """Where we are."""
        end = self.end
        if end is None:
            return Presence(PresenceState.PRESENT, self._began, self._pump.address)
        if self._over_since is None:
            self._over_since = datetime.fromtimestamp(self._offset + anyio.current_time(), UTC)
        return Presence(PresenceState.OVER, self._over_since, self._pump.address, last_end=end, why=end.hint)

    async def presence_changed(self) -> None:
        """Wait for the end."""
        await self._pump.until_closed()


class PresenceTopic:
    """Whether we are there. It is ``tws.presence``.

    Under `anytws.connect` that is nearly nothing: present, and over when the connection ends. `Tws.health` is about the
    layers behind the connection; this is about the connection alone.
    """

    def __init__(self, source: PresenceSource) -> None:
        self._source = source
        self._thread = get_ident()

    def __repr__(self) -> str:
        return f"<presence of {self._source!r}>"

    @property
    def now(self) -> Presence:
        """Where we are at this moment. One value that never changes. Raises `WrongThread`."""
        self._require_thread("Tws.presence.now", waits=False)
        return self._source.presence

    async def until(self, holds: Callable[[Presence], bool], *, timeout: float | None = None) -> Presence:
        """Wait until *holds* is true of the presence, and give that presence; at once, if it is true already.

        ::

            await tws.presence.until(lambda presence: presence.is_here, timeout=600)

        *holds* is asked at each change. *timeout* is in seconds, None waits for ever. Raises `PresenceTimedOut`,
        `ConnectionClosed` when all has ended (unless *holds* is true of that presence), and whatever *holds* raises.
        """
        self._require_thread("Tws.presence.until", waits=True)
        check_timeout(timeout)
        await checkpoint()
        if not callable(holds):
            raise TypeError(f"holds is {shown(holds)}, and has to be something to call with a Presence")
        with anyio.move_on_after(timeout):
            while not holds(presence := self._source.presence):
                end = self._source.end
                if end is not None:
                    raise end.again()
                await self._source.presence_changed()
            return presence
        assert timeout is not None, "without one it is left in another way"
        raise PresenceTimedOut(timeout, self._source.presence)

    def changes(self) -> PresenceChanges:
        """Give an async iterator over the presence, from now on; its first item is the present.

        ::

            async for presence in tws.presence.changes():
                print(presence)

        Who reads slowly is told the newest; `Presence.gaps` tells of what is over already. Raises `WrongThread`.
        """
        self._require_thread("Tws.presence.changes", waits=False)
        return PresenceChanges(self._source)

    def _require_thread(self, method: str, *, waits: bool) -> None:
        if get_ident() != self._thread:
            raise WrongThread(method, waits)


class PresenceChanges:
    """The presence whenever it has changed. The last item is how it is over; then it raises that `ConnectionClosed`."""

    def __init__(self, source: PresenceSource) -> None:
        self._source = source
        self._thread = get_ident()
        self._told: Presence | None = None

    def __repr__(self) -> str:
        return f"<PresenceChanges of {self._source!r}>"

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Presence:
        if get_ident() != self._thread:
            raise WrongThread("PresenceChanges.__anext__", waits=True)
        await checkpoint()
        while (presence := self._source.presence) == self._told:
            end = self._source.end
            if end is not None:
                raise end.again()
            await self._source.presence_changed()
        self._told = presence
        return presence
