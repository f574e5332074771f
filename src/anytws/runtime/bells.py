"""Who waits for news of orders. It outlives a connection, as orders do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import anyio

from anytws.runtime.stream import Reader

if TYPE_CHECKING:
    from anytws.machines.order import OrderLife


class Bells:
    """Wakes tasks that wait for news of an order.

    Look first, then wait, and look again: what is rung while nobody waits is not kept. Between the look and the wait
    there must be no ``await``; then nothing is missed, since only another task of the same loop can ring.
    """

    def __init__(self) -> None:
        self._waiting: dict[OrderLife, dict[anyio.Event, None]] = {}
        """There only while somebody waits."""
        self.readers: WeakSet[Reader[Any]] = WeakSet()
        """Who reads changes of orders: the end of a connection lets them read what had come."""

    def __repr__(self) -> str:
        return f"<Bells: {len(self._waiting)} orders are waited for>"

    def ring(self, lives: Iterable[OrderLife]) -> None:
        """Wake all who wait for news of *lives*."""
        waiting = self._waiting
        if not waiting:
            return
        for life in lives:
            # Whoever is woken takes its other bells down itself.
            for event in waiting.get(life, ()):
                event.set()

    async def wait(self, life: OrderLife) -> None:
        """Wait until something is new of *life*; what it is has to be looked at. It may turn out to be nothing."""
        await self.wait_any((life,))

    async def wait_any(self, lives: Iterable[OrderLife]) -> None:
        """Wait until something is new of any of *lives*. Of none, it waits until it is cancelled."""
        waited_for = tuple(lives)
        event = anyio.Event()
        for life in waited_for:
            self._waiting.setdefault(life, {})[event] = None
        try:
            await event.wait()
        finally:
            for life in waited_for:
                self._leave(life, event)

    def _leave(self, life: OrderLife, event: anyio.Event) -> None:
        events = self._waiting.get(life)
        if events is not None and events.pop(event, event) is None and not events:
            del self._waiting[life]

    def attend(self, reader: Reader[Any]) -> None:
        """Note that *reader* reads changes of orders: when all is over, it is given the time to read what had come."""
        self.readers.add(reader)
