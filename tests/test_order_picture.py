"""A picture of all orders is the world, after whatever has happened to them; whoever asks."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anytws
from anytws import Tws
from anytws.client.keep_connected import keep_connected_stream
from anytws.messages import Order, Stock
from anytws.simulator import World
from anytws.simulator.serve import serve_memory
from anytws.testing.memory import connect_in_memory
from tests.staying import a_world
from tests.trading import AAPL, limit, market

APPLE = Stock("AAPL")
DEEDS = ("limit", "market", "foreign", "manual", "fill", "part", "cancel", "hand cancel", "cut", "wait")


class BadDay:
    """Does to orders what a day may do: this client, another one, and people."""

    def __init__(self, world: World, tws: Tws, other: Tws) -> None:
        self._exchange = world.exchange
        self._world = world
        self._tws = tws
        self._other = other
        self._number = 0
        self.deeds: Mapping[str, Callable[[int], Awaitable[None]]] = {
            "limit": self._limit,
            "market": self._market,
            "foreign": self._foreign,
            "manual": self._manual,
            "fill": self._fill,
            "part": self._part,
            "cancel": self._cancel,
            "hand cancel": self._hand_cancel,
            "cut": self._cut,
            "wait": anyio.sleep,
        }

    def _held(self, which: int) -> Any:
        orders = [*self._exchange.orders.live]
        return orders[which % len(orders)] if orders else None

    async def _place(self, order: Order) -> None:
        self._number += 1
        await self._tws.orders.place(APPLE, order, ref=f"ref-{self._number}", timeout=3)

    async def _limit(self, _: int) -> None:
        await self._place(limit(10.0, quantity=10))

    async def _market(self, _: int) -> None:
        await self._place(market(quantity=10))

    async def _foreign(self, which: int) -> None:
        await self._other.orders.place(APPLE, limit(11.0, quantity=10), ref=f"ref-{which}")

    async def _manual(self, which: int) -> None:
        self._exchange.hands.enter(AAPL, limit(12.0, quantity=10, order_reference=f"ref-{which}"))

    async def _fill(self, which: int) -> None:
        if (held := self._held(which)) is not None:
            self._exchange.hands.fill(held)

    async def _part(self, which: int) -> None:
        if (held := self._held(which)) is not None:
            self._exchange.hands.fill(held, Decimal(1))

    async def _cancel(self, which: int) -> None:
        held = self._held(which)
        trade = None if held is None else self._tws.orders.trade(held.order.order_reference)
        if trade is not None and trade.state.is_live:
            await trade.cancel(timeout=3)

    async def _hand_cancel(self, which: int) -> None:
        if (held := self._held(which)) is not None:
            self._exchange.hands.cancel(held)

    async def _cut(self, _: int) -> None:
        for link in self._world.links:
            if link.client_id == 1:
                link.die()


@given(
    steps=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 4)), max_size=12),
    version=st.sampled_from([176, 226]),
    keeps=st.booleans(),
)
@settings(max_examples=8)
@pytest.mark.virtual_time
async def test_the_picture_is_the_world(steps: list[tuple[str, int]], version: int, keeps: bool) -> None:
    """Every order is in it once, and as it is: to the client that was there, and to the next one."""
    world = a_world(server_version=version)
    async with serve_memory(world) as memory, connect_in_memory(memory, client_id=2) as other:
        async with keep_connected_stream(memory.connect, client_id=1) as tws:
            day = BadDay(world, tws, other)
            for what, which in steps:
                # What is refused, unknown, or cut off is what the day is about.
                with contextlib.suppress(anytws.OrderError, anytws.NotConnected):
                    await day.deeds[what](which)
            await anyio.sleep(40)
            if keeps:
                await compare(world, tws)
        if not keeps:
            async with connect_in_memory(memory, client_id=1) as tws:
                await compare(world, tws)


async def compare(world: World, tws: Tws) -> None:
    """Compare what *tws* is told of *world* with what is true."""
    picture = await tws.orders.reconcile()
    live = {held.permanent_id: held for held in world.exchange.orders.live}
    ended = {held.permanent_id: held for held in world.exchange.orders.ended}
    assert {trade.permanent_id for trade in picture.open} == set(live)
    assert picture.unknown == ()
    known = [trade.permanent_id for trade in picture.trades if trade.permanent_id]
    assert len(known) == len(set(known))
    assert set(known) == {*live, *ended}
    for trade in picture.trades:
        held = live.get(trade.permanent_id) or ended.get(trade.permanent_id)
        if held is not None:
            assert trade.state.filled == held.filled
            assert sum(fill.execution.shares or 0 for fill in trade.fills) == held.filled
