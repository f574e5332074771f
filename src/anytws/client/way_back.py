"""What is brought up to date when there is a connection again, or TWS has its own link again.

In this order: the settings of the program, its orders, its streams.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import anyio

from anytws.client.health import HealthChanges
from anytws.core.events import ConnectionClosed
from anytws.errors import AnytwsError, in_a_sentence
from anytws.machines.health import Health
from anytws.machines.link import LinkState
from anytws.machines.order_state import Owner
from anytws.machines.records import Gap, Resumed
from anytws.messages.base import ToTws
from anytws.messages.market_data import MarketDataTypeRequest
from anytws.messages.orders import AutoOpenOrdersRequest
from anytws.messages.session import SetServerLogLevelRequest
from anytws.runtime.kept import KeptStreams
from anytws.runtime.logs import CONNECTION
from anytws.runtime.pump import Pump

if TYPE_CHECKING:
    from anytws.client.tws import Tws

SETTINGS: Final = (MarketDataTypeRequest, SetServerLogLevelRequest, AutoOpenOrdersRequest)
"""What a program says once for all that comes after it on one connection, and what is said again on the next one."""
_FIRST_AGAIN: Final = 5.0
_LONGEST_AGAIN: Final = 60.0
"""Seconds until the orders are asked for again, if that has failed; twice as many each time."""


class WayBack:
    """Brings the settings, orders and streams of *tws* up to date. *seconds* are for the orders."""

    def __init__(self, tws: Tws, streams: KeptStreams, seconds: float, utc: Callable[[], datetime]) -> None:
        self._tws = tws
        self._streams = streams
        self._seconds = seconds
        self._utc = utc
        self._settings: dict[type[ToTws], ToTws] = {}
        """What the program has set on the connection, by kind: the last of each."""
        self._reconciling = anyio.Lock()
        self._has_lost_data = False
        """Whether TWS has forgotten the streams of this connection, and they have not all been opened since."""

    def __repr__(self) -> str:
        return f"<WayBack of {self._tws!r}>"

    def note_said(self, message: ToTws) -> None:
        """Note what the program has said; a setting is said again on each later connection."""
        if isinstance(message, SETTINGS):
            self._settings.pop(type(message), None)
            if not (isinstance(message, AutoOpenOrdersRequest) and not message.auto_bind):
                self._settings[type(message)] = message

    async def be_there(self, pump: Pump, gap: Gap | None, returned: Callable[[], None]) -> None:
        """Bring all up to date on *pump* after *gap*, and tell *returned* that it is; then look after the streams.

        None: there is nothing behind us.
        """
        self._has_lost_data, missing = False, ""
        if gap is not None:
            self._say_settings(pump)
            missing = await self._ask_for_orders(gap)
            await self._streams.reopen(pump, self._utc(), missing)
            if pump.connection.closed is None:
                returned()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._streams.tend, pump)
            if missing:
                tasks.start_soon(self._ask_for_orders_later)

    def _say_settings(self, pump: Pump) -> None:
        for message in self._settings.values():
            try:
                pump.send(message)
            except ConnectionClosed:
                # Over already: it is said on the next one.
                return
            except AnytwsError as problem:
                # A TWS of another version, as after an update overnight, may not take it.
                CONNECTION.warning("%s: a setting was not said again: %s", pump.address, in_a_sentence(str(problem)))

    async def _ask_for_orders(self, gap: Gap | None = None) -> str:
        """Ask TWS for all orders; give why they could not all be had, in words. Who follows orders is told after *gap*.

        Not where there are none of ours, and nobody follows those of others.
        """
        orders = self._tws.known_orders
        is_followed = bool(orders.watchers or orders.fill_watchers)
        has_some = any(life.owner is Owner.OURS for life in orders.lives)
        missing = await self._reconcile() if is_followed or has_some else ""
        if gap is not None:
            orders.tell_all(Resumed(gap, self._utc(), not_fetched=missing))
        return missing

    async def _reconcile(self) -> str:
        try:
            # Two outages may overlap; to ask twice at once would tell neither of them more.
            async with self._reconciling:
                await self._tws.orders.reconcile(timeout=self._seconds)
        except AnytwsError as problem:
            why = f"orders could not all be asked for: {in_a_sentence(str(problem))}"
        else:
            return ""
        CONNECTION.warning("%s; it is tried again", why)
        return why

    async def _ask_for_orders_later(self) -> None:
        pause, missing = _FIRST_AGAIN, "not yet"
        while missing:
            await anyio.sleep(pause)
            missing, pause = await self._reconcile(), min(2 * pause, _LONGEST_AGAIN)

    async def watch_link(self, pump: Pump) -> None:
        """See TWS lose its own link, and have it back: with the streams (1102), or without them (1101)."""
        before, scope = pump.health(), anyio.CancelScope()
        broken: dict[str | None, datetime] = {farm.name: self._utc() for farm in before.broken()}
        gap = Gap(self._utc(), "TWS had no link to the vendor")
        async with anyio.create_task_group() as tasks:
            try:
                async with HealthChanges(pump) as changes:
                    async for health in changes:
                        is_lost = health.link_losses > before.link_losses
                        has_lost_data = health.data_losses > before.data_losses
                        self._has_lost_data = self._has_lost_data or has_lost_data
                        if is_lost:
                            # What was asked since the last time may never be answered.
                            scope.cancel()
                            why = f"TWS has lost its link to the vendor ({health.link_code})"
                            gap = Gap(self._utc(), why)
                            self._streams.lose_link(gap)
                            self._tws.known_orders.tell_all(gap)
                        # Of an outage that was there before the connection TWS tells the end alone.
                        is_back = before.link is not LinkState.UP or is_lost or has_lost_data
                        if is_back and health.link is LinkState.UP:
                            scope.cancel()
                            scope = anyio.CancelScope()
                            tasks.start_soon(self._have_link_again, pump, gap, scope)
                        self._look_at_farms(health, broken)
                        before = health
            except ConnectionClosed:
                tasks.cancel_scope.cancel()

    def _look_at_farms(self, health: Health, broken: dict[str | None, datetime]) -> None:
        """See farms that are back; *broken* are those that were not, and since when."""
        now = {farm.name for farm in health.broken()}
        for farm in health.farms:
            if farm.name in now:
                broken.setdefault(farm.name, self._utc())
            elif farm.name in broken:
                self._streams.farm_is_back(farm.kind, broken.pop(farm.name))

    async def _have_link_again(self, pump: Pump, gap: Gap, scope: anyio.CancelScope) -> None:
        """Bring all up to date after an outage of the link between TWS and the vendor."""
        with scope:
            missing = await self._ask_for_orders(gap)
            if self._has_lost_data:
                await self._streams.reopen(pump, self._utc(), missing)
                self._has_lost_data = False
            else:
                self._streams.resume_link(self._utc())
            if missing:
                await self._ask_for_orders_later()
