"""The bot of docs/order_families.md that brackets and shrinks its stop, where something happens in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

import anytws
from anytws import ConnectionClosed, OrderUnknown, Tws
from anytws.messages import Stock
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import Habits, Progress
from anytws.simulator.faults import CutUnanswered, Event, FillOrder, On, Script
from anytws.simulator.faults.words import Deed, RequestRule
from anytws.simulator.settings import EPOCH
from tests.in_memory import connected

pytestmark = pytest.mark.virtual_time

PAGE = Path(__file__).parent.parent / "docs" / "order_families.md"
Bot = Callable[[Tws, Any, str], Awaitable[Decimal]]


def the_bot() -> Bot:
    """Give the bot as it stands on the page."""
    (block,) = [each for each in PAGE.read_text("utf-8").split("```python\n") if "def take_the_first_fill" in each]
    names: dict[str, Any] = {"anytws": anytws}
    exec(block.partition("```")[0], names)  # noqa: S102 (it is our page)
    bot: Bot = names["take_the_first_fill"]
    return bot


def quantities(world: World) -> dict[str, tuple[Decimal, Decimal]]:
    """Give, of each order that TWS holds or held, how much there is to fill and how much is filled."""
    orders = world.exchange.orders
    return {held.order.order_reference: (held.total, held.filled) for held in (*orders.ended, *orders.live)}


async def fill_first(world: World, tws: Tws, shares: int) -> None:
    """Fill a part of the entry, as soon as TWS has said a word of it."""
    while not (entry := tws.orders.trade("x")) or entry.state.word is None:  # noqa: ASYNC110 (nobody tells it)
        await anyio.sleep(0.01)
    hands = world.exchange.hands
    hands.fill(hands.find(entry.order_id or 0, client_id=tws.client_id), Decimal(shares))


def world_with(*events: Event, **settings: Any) -> World:
    return World(WorldSettings(progress=Progress.BY_HAND, starts_at=EPOCH, **settings), script=Script([*events]))


@pytest.mark.parametrize("version", [200, 226])
@pytest.mark.parametrize(
    "first, event, protected",
    [
        (40, None, 40),
        (100, None, 100),
        # More is filled while the cancel of the entry is on its way: a part, and all that there is.
        (40, Event(On("CancelOrderRequest", nth=1), FillOrder(shares=Decimal(20))), 60),
        (40, Event(On("CancelOrderRequest", nth=1), FillOrder()), 100),
    ],
)
async def test_the_stop_is_as_large_as_what_has_filled(
    first: int, event: Event | None, protected: int, version: int
) -> None:
    world = world_with(*([] if event is None else [event]), server_version=version, habits=Habits(repeats=2))
    async with connected(world) as tws, anyio.create_task_group() as tasks:
        tasks.start_soon(fill_first, world, tws, first)
        with anyio.fail_after(60):
            assert await the_bot()(tws, Stock("AAPL"), "x") == protected
        for child in ("x/profit", "x/stop"):
            trade = tws.orders.trade(child)
            assert trade is not None
            assert trade.state.total_quantity == protected
            assert not trade.state.is_done
    held = quantities(world)
    assert held["x"][1] == held["x/stop"][0] == held["x/profit"][0] == protected


@pytest.mark.parametrize(
    "on",
    [
        On("PlaceOrderRequest", nth=2),
        On("PlaceOrderRequest", nth=3),
        On("CancelOrderRequest", nth=1),
        # The change of the first child, and of the second.
        On("PlaceOrderRequest", nth=4),
        On("PlaceOrderRequest", nth=5),
    ],
)
async def test_wherever_it_is_cut_off_what_has_filled_has_its_stop(on: On) -> None:
    fault: Deed | RequestRule = CutUnanswered()
    world = world_with(Event(on, fault))
    ends: list[BaseException] = []
    with suppress(ConnectionClosed):
        async with connected(world) as tws, anyio.create_task_group() as tasks:
            tasks.start_soon(fill_first, world, tws, 40)
            try:
                await the_bot()(tws, Stock("AAPL"), "x")
            except (OrderUnknown, ConnectionClosed) as end:
                ends.append(end)
            tasks.cancel_scope.cancel()
    assert ends
    filled = quantities(world).get("x", (0, 0))[1]
    stops = [held for held in world.exchange.orders.live if held.order.order_reference == "x/stop"]
    assert not filled or stops[0].total >= filled
