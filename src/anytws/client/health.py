"""How the connection does: read it, wait for it, follow it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio
from anyio.lowlevel import checkpoint

from anytws.core.arguments import check_timeout
from anytws.errors import HealthTimedOut, WrongThread, shown
from anytws.machines.health import Health, HealthChanged, Latest
from anytws.runtime.stream import Reader

if TYPE_CHECKING:
    from typing import Self

LOOK_EVERY: Final = 0.25
"""Seconds after which `HealthTopic.until` looks again though nothing has changed: ages grow by themselves."""


class HealthSource(Protocol):
    """What tells how it does: a pump, or who has one after the other."""

    def require_thread(self, method: str, *, waits: bool) -> None:
        """Raise `WrongThread` unless *method* is called in the connection's own thread."""
        ...

    def raise_if_closed(self) -> None:
        """Raise `ConnectionClosed` if it is over."""
        ...

    def health(self) -> Health:
        """How all is at this moment."""
        ...

    def health_mailbox(self) -> Latest[HealthChanged]:
        """Give a mailbox for `watch_health`."""
        ...

    def watch_health(self, mailbox: Latest[HealthChanged], reader: Reader[Any]) -> None:
        """Wake *reader* whenever a layer has changed."""
        ...

    def unwatch_health(self, mailbox: Latest[HealthChanged]) -> None:
        """Note that nobody reads it any more."""
        ...


class HealthTopic:
    """How the connection does, layer by layer. It is ``tws.health``."""

    def __init__(self, source: HealthSource) -> None:
        self._source = source

    def __repr__(self) -> str:
        return f"<health of {self._source!r}>"

    @property
    def now(self) -> Health:
        """How all is at this moment: socket, link, farms, ages. One value that never changes.

        Raises `WrongThread` in another thread than that of the connection, whose clock tells the ages.
        """
        self._source.require_thread("Tws.health.now", waits=False)
        return self._source.health()

    async def until(self, holds: Callable[[Health], bool], *, timeout: float | None = None) -> Health:
        """Wait until *holds* is true of the health, and give that health; at once, if it is true already.

        ::

            await tws.health.until(lambda health: health.is_well, timeout=60)

        *holds* is asked at each change, and every 0.25 seconds for the sake of the ages. *timeout* is in seconds, None
        waits for ever. What comes and goes within one read of the socket it does not see; `Health.link_losses` does.

        Raises `HealthTimedOut`, `ConnectionClosed` when the connection ends (unless *holds* is true of that health, in
        which ``closed`` says how), and whatever *holds* raises.
        """
        self._source.require_thread("Tws.health.until", waits=True)
        check_timeout(timeout)
        await checkpoint()
        if not callable(holds):
            raise TypeError(f"holds is {shown(holds)}, and has to be something to call with a Health")
        async with self.changes() as changes:
            with anyio.move_on_after(timeout):
                while not holds(health := self.now):
                    self._source.raise_if_closed()
                    with anyio.move_on_after(LOOK_EVERY):
                        await changes.wait()
                return health
        assert timeout is not None, "without one it is left in another way"
        raise HealthTimedOut(timeout, self.now)

    def changes(self) -> HealthChanges:
        """Give a block in which the health comes whenever a layer has changed, beginning with the present.

        ::

            async with tws.health.changes() as changes:
                async for health in changes:
                    print(health)

        It never holds more than one: who reads slowly is told the newest, as it is when it is read. Ages are no change.
        Raises `WrongThread`.
        """
        self._source.require_thread("Tws.health.changes", waits=False)
        return HealthChanges(self._source)


class HealthChanges(Reader[Health], AbstractAsyncContextManager["HealthChanges"]):
    """The health of a connection, whenever it has changed: an async iterator, for the length of its block.

    Its last item is the health after the end, in which ``closed`` says how; then it raises that `ConnectionClosed`. It
    is for one reader at a time (`StreamInUse`), in the thread of its connection (`WrongThread`).
    """

    def __init__(self, source: HealthSource) -> None:
        self._source = source
        self._changed: Latest[HealthChanged] = source.health_mailbox()
        super().__init__(self._changed)
        self._is_entered = False

    def __repr__(self) -> str:
        return f"<HealthChanges of {self._source!r}>"

    async def __aenter__(self) -> Self:
        if get_ident() != self._thread:
            raise WrongThread("HealthChanges.__aenter__", waits=True)
        if self._is_entered:
            raise RuntimeError("a stream is for one block: call tws.health.changes() again for the next")
        self._is_entered = True
        self._source.watch_health(self._changed, self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if get_ident() != self._thread:
            raise WrongThread("HealthChanges.__aexit__", waits=True)
        self._end()
        self._source.unwatch_health(self._changed)

    def __aiter__(self) -> Self:
        self._require_block()
        return self

    async def __anext__(self) -> Health:
        await self.wait()
        return self._source.health()

    async def wait(self) -> None:
        """Wait until something has changed. Raises as reading does."""
        await self._wait()
        self._turn -= 1
        self._hand.clear()

    def _require_block(self) -> None:
        if not self._is_entered:
            raise RuntimeError("a stream is read inside its block: `async with tws.health.changes() as changes:`")
