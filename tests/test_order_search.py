"""The search for one order, where it is interrupted: by an outage, by its caller, by what was known already."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from anytws import FateOutcome, FileJournal, Left, OrderOutcome, OrderUnknown
from anytws.client.keep_connected import keep_connected_stream
from anytws.client.order_search import RESOLVE_SECONDS
from anytws.messages import (
    AllOpenOrdersRequest,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    ExecutionDetailsEnd,
    ExecutionRequest,
    OpenOrdersEnd,
    Stock,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.faults import At, ConnectionLost, CutUnanswered, DropRequest, Event, NightlyRestart, On, Script
from anytws.simulator.serve import serve_memory
from anytws.simulator.settings import EPOCH
from anytws.testing.memory import connect_in_memory
from tests.in_memory import Script as Answering
from tests.in_memory import connected
from tests.order_world import TrueOrder, W
from tests.test_cancellation import cancelled_everywhere
from tests.trading import limit

APPLE = Stock("AAPL")


def a_world(*events: Event) -> World:
    return World(WorldSettings(starts_at=EPOCH), script=Script(list(events)))


def nth(number: int, deed: object) -> Event:
    return Event(On("PlaceOrderRequest", nth=number), deed)  # type: ignore[arg-type]


async def test_on_both_backends() -> None:
    """What needs no pause is done at once: a picture, and the fate of an order that is there."""
    async with serve_memory(a_world()) as served, connect_in_memory(served, client_id=1) as tws:
        trade = await tws.orders.place(APPLE, limit(10.0), ref="a")
        with anyio.fail_after(5):
            picture = await tws.orders.reconcile()
            unknown = OrderUnknown("a", trade.order_id, Left.ALL, "a test", client_id=1)
            fate = await unknown.resolve(tws)
        assert picture.open == (trade,)
        assert (fate.outcome, fate.trade) == (FateOutcome.LIVE, trade)


async def test_cancelled_anywhere_it_leaves_nothing() -> None:
    world = a_world()
    unknown = OrderUnknown("a", 1, Left.ALL, "a test", client_id=1)

    async with serve_memory(world) as served:

        async def work() -> None:
            async with connect_in_memory(served, client_id=1) as tws:
                await tws.orders.reconcile()
                await unknown.resolve(tws, timeout=0.01)

        assert await cancelled_everywhere(work, world) > 10


@pytest.mark.virtual_time
async def test_without_its_link_tws_is_not_believed() -> None:
    lost = Event(At(1), ConnectionLost(seconds=40))
    async with serve_memory(a_world(nth(1, DropRequest()), lost)) as served:
        async with connect_in_memory(served, client_id=1) as tws:
            await anyio.sleep(0.5)
            with pytest.raises(OrderUnknown) as caught:
                await tws.orders.place(APPLE, limit(10.0), ref="a", timeout=2)
            fate = await caught.value.resolve(tws, timeout=20)
            assert fate.outcome is FateOutcome.STILL_UNKNOWN
            assert any("link" in line for line in fate.evidence)
            fate = await caught.value.resolve(tws)
            assert fate.outcome is FateOutcome.NEVER_ARRIVED
            assert RESOLVE_SECONDS >= 60


@pytest.mark.virtual_time
async def test_while_tws_is_away_it_is_waited_for() -> None:
    """Under `keep_connected` a question waits for the link; a picture is of one connection, and not of two halves."""
    world = a_world(Event(At(5), NightlyRestart(refused_seconds=30)))
    async with serve_memory(world) as served, keep_connected_stream(served.connect, client_id=1) as tws:
        trade = await tws.orders.place(APPLE, limit(10.0), ref="a")
        await tws.presence.until(lambda presence: not presence.is_here, timeout=20)
        picture = await tws.orders.reconcile(timeout=200)
        assert anyio.current_time() > 30
        assert picture.open == (trade,)
        unknown = OrderUnknown("a", trade.order_id, Left.ALL, "a test", client_id=1)
        assert (await unknown.resolve(tws)).outcome is FateOutcome.LIVE


@pytest.mark.virtual_time
async def test_asked_again_it_says_the_same() -> None:
    async with serve_memory(a_world(nth(1, DropRequest()))) as served:
        async with connect_in_memory(served, client_id=1) as tws:
            with pytest.raises(OrderUnknown) as caught:
                await tws.orders.place(APPLE, limit(10.0), ref="a", timeout=2)
            first = await caught.value.resolve(tws)
            asked = len(served.world.heard)
            second = await caught.value.resolve(tws)
            assert first.outcome is second.outcome is FateOutcome.NEVER_ARRIVED
            assert len(served.world.heard) == asked


@pytest.mark.virtual_time
async def test_a_journal_knows_what_to_ask_for(tmp_path: Path) -> None:
    """The next process has the intents of the one before: one works, and one never arrived."""
    faults = (nth(1, CutUnanswered()), nth(2, DropRequest()), Event(At(10), NightlyRestart(refused_seconds=5)))
    path = tmp_path / "orders.journal"
    async with serve_memory(a_world(*faults)) as served:
        for ref in ("works", "lost"):
            with pytest.raises(OrderUnknown):
                async with connect_in_memory(served, client_id=1, journal=FileJournal(path)) as tws:
                    await tws.orders.place(APPLE, limit(10.0), ref=ref)
        await anyio.sleep(20)
        async with connect_in_memory(served, client_id=1, journal=FileJournal(path)) as tws:
            works, lost = tws.orders.trade("works"), tws.orders.trade("lost")
            assert works is not None
            assert lost is not None
            assert lost.state.status is OrderOutcome.UNKNOWN
            picture = await tws.orders.reconcile()
            outcomes = {fate.trade: fate.outcome for fate in picture.verdicts}
            assert outcomes == {works: FateOutcome.LIVE, lost: FateOutcome.NEVER_ARRIVED}
            assert works.state.status is OrderOutcome.OPEN
            assert lost.state.status is OrderOutcome.REJECTED
            assert picture.unknown == ()
            assert sum(isinstance(heard.message, CompletedOrdersRequest) for heard in served.world.heard) >= 2


async def test_of_two_orders_of_one_intent_the_live_one_counts() -> None:
    first, twin = TrueOrder(ref="a", word=W.CANCELLED), TrueOrder(ref="a", permanent_id=101)
    rows = [*twin.open_rows(), OpenOrdersEnd()]
    script = Answering(
        {
            AllOpenOrdersRequest: rows,
            ExecutionRequest: [ExecutionDetailsEnd(0)],
            CompletedOrdersRequest: [first.completed_row(), CompletedOrdersEnd()],
        }
    )
    async with connected(script.world) as tws:
        unknown = OrderUnknown("a", 5, Left.ALL, "a test", client_id=1, permanent_id=100)
        fate = await unknown.resolve(tws, timeout=5)
        assert fate.outcome is FateOutcome.LIVE, fate
        assert fate.trade.permanent_id == 101
        assert "another order of the same intent:" in fate.evidence
