"""A TWS that tells when something has happened in it, whoever is connected."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Final

from anytws.messages.base import ToTws
from anytws.simulator.faults import Script
from anytws.simulator.link import Link
from anytws.simulator.market.market import Market
from anytws.simulator.market.models import PriceModel
from anytws.simulator.settings import WorldSettings
from anytws.simulator.universe.universe import usual_universe
from anytws.simulator.world import World
from anytws.wire.catalogue import entry_of


@lru_cache(maxsize=8)
def _market(seed: int, model: PriceModel) -> Market:
    """Give a market that nobody moves: what it has worked out holds for all days that begin with it."""
    return Market(usual_universe(), seed, model)


class WatchedWorld(World):
    """A `World` that calls *look* whenever something has happened: a message was taken or said, something was due."""

    def __init__(self, settings: WorldSettings, script: Script, look: Callable[[], None]) -> None:
        super().__init__(settings, script=script)
        self._look: Final = look
        self._failure: Exception | None = None
        self.requests: int = 0
        """How many requests were taken."""
        self.changes: int = 0
        """How many of them were to change something at the broker."""

    @cached_property
    def market(self) -> Market:
        """What it costs."""
        market = _market(self.settings.seed, self.settings.price_model).again()
        market.on_change = self.note_market
        return market

    def connect(self, address: str, now: float) -> Link:
        """Let a client's byte stream come up, as `World.connect` does."""
        link = super().connect(address, now)
        link.watch(self._look)
        self._look()
        return link

    def note_heard(self, link: Link, request: ToTws) -> None:
        """Remember a request that was taken; what came before it has been answered by now."""
        self._look()
        super().note_heard(link, request)
        self.requests += 1
        self.changes += entry_of(request).changes_state

    def note_end(self, link: Link, *, torn: bool) -> None:
        """Free the place of *link*."""
        super().note_end(link, torn=torn)
        self._look()

    def note_time(self, now: float | None) -> float:
        """Take in what time it is, and tell if something was to be done by now."""
        due = self.wake_at()
        try:
            told = super().note_time(now)
        except Exception as failure:
            self._failure = self._failure or failure
            raise
        if due is not None and due <= told:
            self._look()
        return told

    @property
    def failure(self) -> Exception | None:
        """What was raised in TWS itself, at a client or at something that was due; None: nothing was."""
        of_links = (link.failure for link in (*self.ended, *self.links) if link.failure is not None)
        return self._failure or next(of_links, None)

    def state(self) -> tuple[object, ...]:
        """Give what is compared to see whether anything has happened to orders, positions and connections."""
        exchange = self.exchange
        return (
            self.changes,
            exchange.orders.version,
            exchange.speech.version,
            self.accounts.version,
            tuple([id(link) for link in self.links]),
        )
