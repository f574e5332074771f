"""The verbs of orders over a whole TWS, with an exchange, on good days and on bad ones; in text and in protobuf."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import anyio
import pytest

import anytws
from anytws import (
    ConnectionClosed,
    ModificationRefused,
    OrderOutcome,
    OrderRejected,
    OrderUnknown,
    Owner,
    RequestFailed,
    Tws,
    WrongThread,
)
from anytws.messages import Action, LimitOrder, MarketOrder, Stock
from anytws.messages.orders import CancelOrderRequest, PlaceOrderRequest
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import Pieces
from anytws.simulator.faults import (
    At,
    CutUnanswered,
    DropRequest,
    Event,
    FillOrder,
    LostAcknowledgement,
    ManualOrder,
    NightlyRestart,
    On,
    RejectOrder,
    Script,
)
from anytws.simulator.serve import serve_memory
from anytws.simulator.settings import EPOCH, HangUp
from tests.in_memory import connected, next_of
from tests.staying import a_world, present, staying

APPLE = Stock("AAPL")
VERSIONS = pytest.mark.parametrize("version", [176, 226])
FAR = 1.0
"""A price at which nobody sells."""


def troubled(*events: Event, **settings: Any) -> World:
    """Make a world in which *events* happen."""
    return World(WorldSettings(starts_at=EPOCH, **settings), script=Script(list(events)))


async def ask_price(tws: Tws) -> float:
    """Give a price at which an order trades at once."""
    quote = await tws.market_data.snapshot(APPLE)
    assert quote.ask is not None
    return round(quote.ask * 1.01, 2)


@VERSIONS
@pytest.mark.virtual_time
async def test_a_day_of_orders(version: int) -> None:
    """Placed, filled, changed, cancelled, asked for: all of it fits together."""
    async with connected(troubled(server_version=version)) as tws:
        price = await ask_price(tws)
        bought = await tws.orders.place(APPLE, LimitOrder("BUY", 100, price), ref="bought")
        state = await bought.until(lambda state: state.commission_and_fees is not None, timeout=60)
        assert (state.status, state.filled, state.remaining) == (OrderOutcome.FILLED, 100, 0)
        assert sum(fill.execution.shares or 0 for fill in bought.fills) == 100
        assert (state.ref, state.owner, state.account) == ("bought", Owner.OURS, "DU1234567")

        rests = await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="rests")
        state = await rests.modify(limit_price=1.5, total_quantity=20)
        assert state.total_quantity == 20
        assert rests.order is not None
        assert (rests.order.limit_price, rests.order.order_reference) == (1.5, "rests")
        with pytest.raises(ModificationRefused) as refused:
            await rests.modify(limit_price=1.501)
        assert refused.value.code == 110
        assert (await tws.orders.open()) == (rests,)
        assert (await rests.cancel()).status is OrderOutcome.CANCELLED
        assert await tws.orders.open() == ()

        with pytest.raises(OrderRejected) as rejected:
            await tws.orders.place(Stock("NOSUCH"), MarketOrder("BUY", 1), ref="nothing")
        assert rejected.value.code == 200

        done = await tws.orders.completed()
        assert {row.order.order_reference for row in done} >= {"bought", "rests"}
        fills = await tws.orders.executions()
        assert [fill.execution.order_reference for fill in fills] == ["bought"] * len(fills)
        assert all(fill.costs is not None for fill in fills)
        assert [trade.ref for trade in tws.orders.trades] == ["bought", "rests", "nothing"]


@VERSIONS
@pytest.mark.virtual_time
async def test_pieces(version: int) -> None:
    """Every piece is told, and a bot shrinks its order on the first one."""
    async with connected(troubled(server_version=version, pieces=Pieces.SHOWN)) as tws:
        trade = await tws.orders.place(APPLE, LimitOrder("BUY", 100, await ask_price(tws)), ref="pieces")
        filled = [change.state.filled async for change in trade.changes()]
        assert filled == sorted(filled)
        assert filled[-1] == 100
        assert sum(fill.execution.shares or Decimal(0) for fill in trade.fills) == 100


@pytest.mark.virtual_time
async def test_what_other_clients_and_people_do() -> None:
    """Seen, marked, and not to be changed from here; `cancel_all` hits them all."""
    world = troubled(Event(At(30), ManualOrder("AAPL", Action.BUY, Decimal(5), Decimal("1.0"))))
    async with serve_memory(world) as served:
        async with (
            anytws.connect_stream(await served.connect(), client_id=1) as tws,
            anytws.connect_stream(await served.connect(), client_id=2) as other,
        ):
            own = await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="same")
            foreign = await other.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="same")
            await anyio.sleep(40)
            found = {trade.owner: trade for trade in await tws.orders.open()}
            assert {*found} == {Owner.OURS, Owner.OTHER_CLIENT, Owner.MANUAL}
            assert found[Owner.OURS] is own
            assert found[Owner.OTHER_CLIENT].permanent_id == foreign.permanent_id
            for trade in (found[Owner.OTHER_CLIENT], found[Owner.MANUAL]):
                with pytest.raises(anytws.LocalProtocolError):
                    await trade.cancel()
            await tws.orders.cancel_all()
            assert await other.orders.open() == ()
            assert (await foreign.until(lambda state: state.is_done, timeout=5)).status is OrderOutcome.CANCELLED


# --- bad days --------------------------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.virtual_time
async def test_a_lost_acknowledgement(version: int) -> None:
    """No status and no order for half a minute: its executions say that TWS has it, and fill it."""
    world = troubled(Event(On("PlaceOrderRequest"), LostAcknowledgement(seconds=30)), server_version=version)
    async with connected(world) as tws:
        trade = await tws.orders.place(APPLE, LimitOrder("BUY", 10, await ask_price(tws)), ref="late")
        assert (await trade.until(lambda state: state.is_done, timeout=60)).filled == 10


@pytest.mark.virtual_time
@pytest.mark.parametrize("fault, works", [(LostAcknowledgement(seconds=50), True), (DropRequest(), False)])
async def test_silence(fault: Any, works: bool) -> None:
    """TWS may have it or not, and says nothing: unknown, and a query tells."""
    async with connected(troubled(Event(On("PlaceOrderRequest"), fault))) as tws:
        with pytest.raises(OrderUnknown):
            await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="silent")
        found = await tws.orders.open()
        assert [trade.ref for trade in found] == (["silent"] if works else [])
        trade = tws.orders.trade("silent")
        assert trade is not None
        assert trade.state.status is (OrderOutcome.OPEN if works else OrderOutcome.UNKNOWN)


@VERSIONS
@pytest.mark.virtual_time
@pytest.mark.parametrize("how", [*HangUp])
async def test_cut_before_a_word(version: int, how: HangUp) -> None:
    """`OrderUnknown` leaves the block, and its cause is how the connection ended."""
    world = troubled(Event(On("PlaceOrderRequest"), CutUnanswered(how=how)), server_version=version)
    with pytest.raises(OrderUnknown) as caught:
        async with serve_memory(world) as served, anytws.connect_stream(await served.connect(), client_id=1) as tws:
            await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="cut")
    assert isinstance(caught.value.__cause__, ConnectionClosed)
    assert caught.value.left.value == "all"


@pytest.mark.virtual_time
async def test_rejected_late() -> None:
    """After the acknowledgment: the trade says so."""
    world = troubled(Event(On("OrderStatus", where={"status": "Submitted"}), RejectOrder()))
    async with connected(world) as tws:
        try:
            trade = await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="late")
        except OrderRejected as rejected:
            trade = rejected.trade
        assert (await trade.until(lambda state: state.is_done, timeout=60)).status is OrderOutcome.REJECTED


@pytest.mark.virtual_time
async def test_filled_while_its_cancel_is_on_the_way() -> None:
    async with connected(troubled(Event(On("CancelOrderRequest"), FillOrder()))) as tws:
        trade = await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="race")
        state = await trade.cancel()
        assert (state.status, state.filled) == (OrderOutcome.FILLED, 10)


@pytest.mark.virtual_time
async def test_a_tws_that_lets_clients_only_read() -> None:
    """Nothing is empty because it was refused."""
    async with connected(troubled(read_only=True)) as tws:
        for ask in (tws.orders.open, tws.orders.completed):
            with pytest.raises(RequestFailed) as caught:
                await ask()
            assert caught.value.code == 321
        assert await tws.orders.executions() == ()
        with pytest.raises(OrderRejected):
            await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR))


async def test_another_thread() -> None:
    """Names may be read there, and all when it is over; a belief that is made there might be half of one."""
    async with connected(troubled()) as tws:
        trade = await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="one")

        def elsewhere() -> None:
            assert (trade.ref, trade.fills, repr(trade)) == ("one", (), "<Trade one>")
            for read in (lambda: tws.orders.trades, lambda: tws.orders.trade("one"), lambda: trade.state):
                with pytest.raises(WrongThread):
                    read()
            for call in (tws.orders.open, tws.orders.completed, tws.orders.cancel_all, tws.orders.reconcile):
                with pytest.raises(WrongThread):
                    anyio.run(call)

        await anyio.to_thread.run_sync(elsewhere)
    assert await anyio.to_thread.run_sync(lambda: tws.orders.trades == (trade,) and trade.state.is_unsure)


async def test_the_same_trade() -> None:
    """As long as somebody holds it."""
    async with connected(troubled()) as tws:
        trade = await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="one")
        assert tws.orders.trades == (trade,)
        assert tws.orders.trade("one") is trade
        assert tws.orders.trade("two") is None
        assert "one" in repr(trade)
        for take in (copy.copy, pickle.dumps):
            with pytest.raises(TypeError, match="belongs to its connection"):
                take(trade)
        assert repr(tws.orders).startswith("<orders of")
        raw = tws.send(PlaceOrderRequest(APPLE, LimitOrder("BUY", 1, FAR)))
        assert raw.message.order_id is not None
        await raw
        other = tws.orders.trades[-1]
        # What was said by hand is known as well, and can be cancelled as any.
        assert other.order_id == raw.message.order_id
        with anyio.fail_after(5):
            await other.until(lambda state: state.status is OrderOutcome.OPEN)
            await tws.send(CancelOrderRequest(other.order_id or 0))
            await other.until(lambda state: state.is_done)


# --- over the end of a connection ------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_over_a_restart() -> None:
    """Who waits goes on waiting, what was missed is told once, and what was in flight is unknown until it is found."""
    world = a_world(
        Event(At(100), NightlyRestart(stale_seconds=10)),
        Event(At(120), FillOrder(reference="rests")),
        Event(On("PlaceOrderRequest", where={"order.order_reference": "cut"}), CutUnanswered()),
    )
    async with staying(world) as tws, tws.orders.follow_executions() as fills:
        trade = await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="rests")
        changes = trade.changes()
        state = await trade.until(lambda state: state.is_done, timeout=600)
        assert (state.status, state.filled) == (OrderOutcome.FILLED, 10)
        told = [change.state async for change in changes]
        assert [each.is_unsure for each in told].count(True) >= 1
        assert not told[-1].is_unsure
        assert isinstance(await next_of(fills), anytws.Gap)
        assert (await next_of(fills)).execution.order_reference == "rests"
        assert isinstance(await next_of(fills), anytws.Resumed)
        await present(tws)
        with pytest.raises(OrderUnknown) as caught:
            await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="cut")
        assert isinstance(caught.value.__cause__, ConnectionClosed)
        with pytest.raises(anytws.NotConnected):
            await tws.orders.place(APPLE, LimitOrder("BUY", 10, FAR), ref="away")
        assert tws.orders.trade("away") is None
        fate = await caught.value.resolve(tws, timeout=120)
        assert fate.outcome.value == "live"
        assert fate.trade is tws.orders.trade("cut")
        assert (await fate.trade.cancel()).status is OrderOutcome.CANCELLED
        with anyio.move_on_after(1):
            async for each in fills:
                assert not isinstance(each, anytws.Fill), "it was told twice"
