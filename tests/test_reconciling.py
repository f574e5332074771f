"""One picture of all orders, and the fate of one that nobody knew, against the simulated TWS on its bad days."""

from __future__ import annotations

import pickle
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anytws
from anytws import Tws
from anytws.client.keep_connected import keep_connected_stream
from anytws.client.order_errors import OrderUnknown, ReconcileIncomplete
from anytws.client.order_picture import OrderPicture, PartialOrderPicture
from anytws.client.reconciling import RECONCILE_SECONDS, Reconciler
from anytws.machines.fate import SETTLING, Fate, FateOutcome
from anytws.machines.order_state import Left, OrderOutcome, Owner, TradeState
from anytws.messages import Action, Order, PlaceOrderRequest, Stock
from anytws.messages.base import replace
from anytws.messages.orders import AllOpenOrdersRequest, CompletedOrdersRequest
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import Latency
from anytws.simulator.faults import (
    AnswerLate,
    AnswerTwice,
    At,
    ConnectionLost,
    CutUnanswered,
    DropRequest,
    Event,
    LeaveOut,
    LeaveOutEnd,
    LostAcknowledgement,
    ManualOrder,
    NeverAnswer,
    NightlyRestart,
    On,
    OpenOrdersFirst,
    Repeat,
    Script,
)
from anytws.simulator.serve import MemoryTws, serve_memory
from anytws.simulator.settings import EPOCH
from anytws.testing.memory import connect_in_memory
from tests.staying import a_world, present, staying
from tests.trading import limit, market

APPLE = Stock("AAPL")
BOTH = pytest.mark.parametrize("version", [176, 226])
F = FateOutcome
pytestmark = pytest.mark.virtual_time


@asynccontextmanager
async def served(*events: Event, **settings: Any) -> AsyncGenerator[MemoryTws]:
    """Serve a world in which *events* happen."""
    settings = {"starts_at": EPOCH, **settings}
    async with serve_memory(World(WorldSettings(**settings), script=Script(events))) as memory:
        yield memory


def nth(number: int, deed: Any, on: str = "PlaceOrderRequest") -> Event:
    """Have *deed* happen at the message *on* that is the *number*-th of its kind."""
    return Event(On(on, nth=number), deed)


async def place(tws: Tws, order: Order, ref: str = "", **options: Any) -> Any:
    return await tws.orders.place(APPLE, order, ref=ref, **options)


async def place_and_lose(memory: MemoryTws, order: Order, ref: str = "") -> OrderUnknown:
    """Place *order* over a connection that ends before anything is said of it."""
    with pytest.raises(OrderUnknown) as caught:
        async with connect_in_memory(memory, client_id=1) as tws:
            await place(tws, order, ref)
    return caught.value


def again(unknown: OrderUnknown) -> OrderUnknown:
    """Give *unknown* as the next process has it."""
    copy: OrderUnknown = pickle.loads(pickle.dumps(unknown))  # noqa: S301 (it is our own)
    return copy


def is_done(state: TradeState) -> bool:
    return state.is_done


def asked(memory: MemoryTws, kind: type[Any]) -> int:
    return sum(isinstance(heard.message, kind) for heard in memory.world.heard)


def by_hand(memory: MemoryTws) -> Any:
    return memory.world.exchange.hands


# --- the picture --------------------------------------------------------------------------------------------------


@BOTH
async def test_orders_of_an_earlier_run_come_back(version: int) -> None:
    """A process dies with three orders: one is filled meanwhile, one cancelled, one changed by hand and half filled."""
    async with served(server_version=version) as memory:
        async with connect_in_memory(memory, client_id=1) as tws:
            for ref in ("filled", "cancelled", "part"):
                await place(tws, limit(10.0), ref)
        hands = by_hand(memory)
        hands.fill(hands.find(reference="filled"))
        changed = hands.find(reference="part")
        memory.world.exchange.orders.change(changed, replace(changed.order, limit_price=9.5))
        hands.fill(changed, Decimal(40))
        hands.cancel(hands.find(reference="cancelled"))
        await anyio.sleep(5)
        async with connect_in_memory(memory, client_id=1) as tws:
            began = anyio.current_time()
            picture = await tws.orders.reconcile()
            assert anyio.current_time() - began < SETTLING
            states = {ref: tws.orders.trade(ref) for ref in ("filled", "cancelled", "part")}
            assert all(states.values())
            filled, cancelled, part = (trade.state for trade in states.values() if trade is not None)
            assert (filled.status, filled.filled) == (OrderOutcome.FILLED, Decimal(100))
            assert (cancelled.status, cancelled.filled) == (OrderOutcome.CANCELLED, Decimal(0))
            assert (part.status, part.filled, part.remaining) == (OrderOutcome.OPEN, Decimal(40), Decimal(60))
            assert picture.open == (states["part"],)
            assert set(picture.completed) == {states["filled"], states["cancelled"]}
            assert picture.unknown == ()
            assert sum(fill.execution.shares or 0 for fill in picture.executions) == Decimal(140)
            assert all(fill.costs is not None for fill in picture.executions)
            assert [row.position for row in picture.positions if row.contract.symbol == "AAPL"] != []
            trade = states["part"]
            assert trade is not None
            assert trade.order is not None
            assert trade.order.limit_price == 9.5
            await trade.modify(limit_price=9.0)
            assert trade.order.limit_price == 9.0
            assert (await trade.cancel()).status is OrderOutcome.CANCELLED


async def test_of_what_the_connection_knows_verdicts_are_given() -> None:
    async with served(nth(3, DropRequest())) as memory, connect_in_memory(memory, client_id=1) as tws:
        live = await place(tws, limit(10.0), "live")
        done = await place(tws, market(), "done")
        await done.until(is_done, timeout=10)
        with pytest.raises(OrderUnknown):
            await place(tws, limit(10.0), "lost", timeout=2)
        picture = await tws.orders.reconcile()
        lost = tws.orders.trade("lost")
        assert {fate.trade: fate.outcome for fate in picture.verdicts} == {live: F.LIVE, lost: F.STILL_UNKNOWN}
        assert picture.open == (live,)
        assert picture.unknown == (lost,)
        assert isinstance(picture, OrderPicture)


@BOTH
async def test_what_never_arrived_is_said_so_by_the_next_connection(version: int) -> None:
    """Orders written as TWS restarts: it never read them, and gives their ids out again (recorded)."""
    restart = Event(At(4), NightlyRestart(refused_seconds=10))
    async with served(nth(1, DropRequest()), restart, server_version=version) as memory:
        unknown = await place_and_lose(memory, limit(10.0), "lost")
        assert unknown.left is Left.ALL
        await anyio.sleep(20)
        async with connect_in_memory(memory, client_id=1) as tws:
            began = anyio.current_time()
            fate = await again(unknown).resolve(tws)
            assert fate.outcome is F.NEVER_ARRIVED, fate
            assert fate.trade is None
            assert SETTLING <= anyio.current_time() - began < 2 * SETTLING
            assert "gives out 1 next" in " ".join(fate.evidence)


async def test_the_picture_of_another_client_shows_whose_orders_are_whose() -> None:
    manual = Event(At(3), ManualOrder("AAPL", Action.BUY, Decimal(5), Decimal(10)))
    async with served(manual) as memory, connect_in_memory(memory, client_id=1) as first:
        own = await place(first, limit(10.0), "same")
        async with connect_in_memory(memory, client_id=2) as second:
            await place(second, limit(11.0), "same")
            await anyio.sleep(5)
            picture = await second.orders.reconcile()
            owners = {trade.state.owner: trade for trade in picture.open}
            assert set(owners) == {Owner.OURS, Owner.OTHER_CLIENT, Owner.MANUAL}
            assert owners[Owner.OTHER_CLIENT].permanent_id == own.permanent_id
            assert second.orders.trade("same") is owners[Owner.OURS]
            # What becomes of it is not told to another client: the next picture finds it.
            await own.cancel()
            assert owners[Owner.OTHER_CLIENT].state.status is OrderOutcome.OPEN
            again = await second.orders.reconcile()
            assert owners[Owner.OTHER_CLIENT].state.status is OrderOutcome.CANCELLED
            assert again.differences == ()


async def test_a_position_that_moved_without_an_execution_is_shown() -> None:
    """TWS leaves out an execution of another client: the position tells that something is missing."""
    untold = Event(On("ExecutionDetails"), LeaveOut(), clients=frozenset({2}))
    async with served(untold) as memory, connect_in_memory(memory, client_id=1) as first:
        async with connect_in_memory(memory, client_id=2) as second:
            before = await second.orders.reconcile()
            assert before.differences == ()
            trade = await place(first, market(), "a")
            await trade.until(is_done, timeout=10)
            (difference,) = (await second.orders.reconcile()).differences
            assert difference.held - difference.expected == Decimal(100)
            assert difference.contract.symbol == "AAPL"
            # The next picture begins where this one has ended.
            assert (await second.orders.reconcile()).differences == ()
        assert (await first.orders.reconcile()).differences == ()


@BOTH
@pytest.mark.parametrize("deed", [NeverAnswer(), LeaveOutEnd()])
async def test_completed_orders_that_never_answer_make_it_incomplete(version: int, deed: Any) -> None:
    fault = Event(On("CompletedOrdersRequest"), deed)
    async with served(fault, server_version=version) as memory, connect_in_memory(memory, client_id=1) as tws:
        trade = await place(tws, limit(10.0), "a")
        with pytest.raises(ReconcileIncomplete) as caught:
            await tws.orders.reconcile(timeout=20)
        assert anyio.current_time() < 21
        problem = caught.value
        assert [each.what for each in problem.missing] == ["completed orders"]
        assert isinstance(problem.known, PartialOrderPicture)
        assert problem.known.completed is None
        assert problem.known.open == (trade,)
        assert problem.known.executions == ()
        assert problem.known.positions
        assert [fate.outcome for fate in problem.known.verdicts] == [F.LIVE]


@pytest.mark.parametrize(
    "request_name, missing",
    [
        ("AllOpenOrdersRequest", ["open orders", "open orders again"]),
        ("ExecutionRequest", ["executions"]),
        ("PositionsRequest", ["positions"]),
    ],
)
@pytest.mark.parametrize("deed", [NeverAnswer(), LeaveOutEnd()], ids=repr)
async def test_no_part_is_empty_because_a_question_failed(request_name: str, missing: list[str], deed: Any) -> None:
    async with served(Event(On(request_name), deed)) as memory, connect_in_memory(memory, client_id=1) as tws:
        trade = await place(tws, limit(10.0), "a")
        with pytest.raises(ReconcileIncomplete) as caught:
            await tws.orders.reconcile(timeout=30)
        assert [each.what for each in caught.value.missing] == missing
        known = caught.value.known
        assert (known.open is None) is ("open orders again" in missing)
        assert (known.executions is None) is ("executions" in missing)
        assert (known.positions is None) is ("positions" in missing)
        assert known.trades == (trade,)
        assert trade.state.status is OrderOutcome.OPEN
        assert not trade.state.is_unsure


async def test_what_nothing_has_transmitted_is_in_no_list() -> None:
    async with served() as memory:
        async with keep_connected_stream(memory.connect, client_id=1) as tws:
            trade = await place(tws, limit(10.0, transmit=False), "a")
            assert trade.state.is_untransmitted
            await anyio.sleep(1)
            memory.world.links[-1].die()
            await present(tws)
            (fate,) = (await tws.orders.reconcile()).verdicts
            assert fate.outcome is F.STILL_UNKNOWN
            assert any("transmit=False" in line for line in fate.evidence)


@pytest.mark.parametrize(
    "fault",
    [
        Event(On("AllOpenOrdersRequest"), AnswerTwice()),
        Event(On("AllOpenOrdersRequest"), AnswerTwice(seconds=0.01)),
        Event(On("ExecutionRequest"), AnswerTwice()),
        Event(On("CompletedOrdersRequest"), AnswerLate(seconds=3)),
        Event(On("PositionsRequest"), AnswerTwice()),
        Event(At(0), OpenOrdersFirst()),
        Event(On("OrderStatus"), Repeat()),
    ],
    ids=repr,
)
async def test_odd_builds_give_the_same_picture(fault: Event) -> None:
    async with served(fault) as memory:
        async with connect_in_memory(memory, client_id=1) as tws:
            await place(tws, limit(10.0), "open")
            done = await place(tws, market(), "done")
            await done.until(is_done, timeout=10)
        async with connect_in_memory(memory, client_id=1) as tws:
            picture = await tws.orders.reconcile()
            assert [trade.ref for trade in picture.open] == ["open"]
            assert [trade.ref for trade in picture.completed] == ["done"]
            assert sum(fill.execution.shares or 0 for fill in picture.executions) == Decimal(100)
            assert picture.unknown == ()


async def test_a_read_only_tws_gives_no_whole_picture() -> None:
    async with served(read_only=True) as memory, connect_in_memory(memory, client_id=1) as tws:
        with pytest.raises(ReconcileIncomplete) as caught:
            await tws.orders.reconcile()
        assert anyio.current_time() < 5
        missing = {each.what: each.why for each in caught.value.missing}
        assert "321" in missing["completed orders"]
        assert caught.value.known.executions == ()
        assert caught.value.known.completed is None
        assert "321" in str(caught.value)


async def test_without_time_nothing_is_empty() -> None:
    async with served() as memory, connect_in_memory(memory, client_id=1) as tws:
        with pytest.raises(ReconcileIncomplete) as caught:
            await tws.orders.reconcile(timeout=0)
        known = caught.value.known
        assert (known.open, known.completed, known.executions, known.positions) == (None, None, None, None)
        assert [each.why for each in caught.value.missing] == ["not asked: the time was over"] * 5


async def test_while_tws_has_no_link_there_is_no_picture() -> None:
    lost = Event(At(5), ConnectionLost(seconds=30))
    async with served(lost) as memory, connect_in_memory(memory, client_id=1) as tws:
        trade = await place(tws, limit(10.0), "a")
        await anyio.sleep(6)
        assert trade.state.is_unsure
        with pytest.raises(ReconcileIncomplete) as caught:
            await tws.orders.reconcile(timeout=5)
        assert [each.what for each in caught.value.missing] == ["link"]
        picture = await tws.orders.reconcile()
        assert 35 <= anyio.current_time() < 45
        assert picture.open == (trade,)
        assert not trade.state.is_unsure


async def test_a_link_lost_in_the_middle_begins_it_anew() -> None:
    lost = nth(1, ConnectionLost(seconds=10), "ExecutionRequest")
    async with served(lost) as memory, connect_in_memory(memory, client_id=1) as tws:
        trade = await place(tws, limit(10.0), "a")
        picture = await tws.orders.reconcile()
        assert picture.open == (trade,)
        assert not trade.state.is_unsure
        assert asked(memory, CompletedOrdersRequest) >= 1


async def test_who_calls_meanwhile_shares_the_next_one() -> None:
    late = Event(On("CompletedOrdersRequest"), AnswerLate(seconds=1))
    async with served(late) as memory, connect_in_memory(memory, client_id=1) as tws:
        pictures: list[OrderPicture] = []

        async def ask() -> None:
            pictures.append(await tws.orders.reconcile())

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask)
            await anyio.sleep(0.5)
            for _ in range(3):
                # What these want to know may have happened since the first one began.
                tasks.start_soon(ask)
        assert len({id(picture) for picture in pictures[:3]}) == 1
        assert len({id(picture) for picture in pictures[3:]}) == 1
        assert pictures[0] is not pictures[3]
        assert asked(memory, AllOpenOrdersRequest) == 4


async def test_what_is_told_meanwhile_counts() -> None:
    """An order is acknowledged after the lists were given, and one is sent: neither is doubted because of that."""
    late = Event(On("PositionsRequest"), AnswerLate(seconds=20))
    async with served(late, latency=Latency(acknowledge=5)) as memory, connect_in_memory(memory, client_id=1) as tws:
        pictures: list[OrderPicture] = []

        async def ask() -> None:
            await anyio.sleep(0.01)
            pictures.append(await tws.orders.reconcile())

        trades: list[Any] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            trades = [await place(tws, limit(10.0), ref) for ref in ("first", "second")]
            assert not pictures
        (picture,) = pictures
        first, second = trades
        assert [(fate.trade, fate.outcome) for fate in picture.verdicts] == [(first, F.LIVE)]
        assert set(picture.open) == {first, second}
        assert not first.state.is_unsure
        assert not second.state.is_unsure


async def test_to_be_cancelled_leaves_nothing_behind() -> None:
    late = Event(On("CompletedOrdersRequest"), AnswerLate(seconds=3))
    async with served(nth(1, NeverAnswer(), "ExecutionRequest"), late) as memory:
        async with connect_in_memory(memory, client_id=1) as tws:
            with anyio.move_on_after(1) as scope:
                await tws.orders.reconcile()
            assert scope.cancelled_caught
            assert (await tws.orders.reconcile(timeout=20)).trades == ()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(tws.orders.reconcile)
                await anyio.sleep(1)
                with pytest.raises(ReconcileIncomplete, match="another reconciliation"):
                    await tws.orders.reconcile(timeout=1)


async def test_the_end_of_the_connection_is_no_missing_part() -> None:
    async with served(nth(1, CutUnanswered(), "CompletedOrdersRequest")) as memory:
        with pytest.raises(anytws.ConnectionClosed):
            async with connect_in_memory(memory, client_id=1) as tws:
                await tws.orders.reconcile()


@pytest.mark.parametrize("clock, is_near", [(timedelta(hours=23, minutes=50), True), (timedelta(hours=12), False)])
async def test_at_midnight_executions_may_be_missing(clock: timedelta, is_near: bool) -> None:
    start = datetime(2026, 1, 5, tzinfo=EPOCH.tzinfo) + clock
    async with served(nth(1, DropRequest()), starts_at=start, zone="UTC") as memory:
        async with connect_in_memory(memory, client_id=1) as tws:
            with pytest.raises(OrderUnknown):
                await place(tws, limit(10.0), "lost", timeout=1)
            (fate,) = (await tws.orders.reconcile()).verdicts
            assert fate.outcome is F.STILL_UNKNOWN
            assert "since its midnight" in fate.evidence[-1]
            assert ("of the evening" in fate.evidence[-1]) is is_near


# --- one order ----------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "order, expected, status",
    [(limit(10.0), F.LIVE, OrderOutcome.OPEN), (market(), F.DONE, OrderOutcome.FILLED)],
)
async def test_what_was_cut_off_is_found_by_the_next_process(
    version: int, order: Order, expected: FateOutcome, status: OrderOutcome
) -> None:
    async with served(nth(1, CutUnanswered()), server_version=version) as memory:
        unknown = await place_and_lose(memory, order, "a")
        await anyio.sleep(5)
        async with connect_in_memory(memory, client_id=1) as tws:
            fate = await tws.orders.resolve(again(unknown))
            assert fate.outcome is expected, fate
            assert fate.trade is tws.orders.trade("a")
            assert fate.trade.state.status is status
            assert fate.evidence


async def test_what_was_cut_off_is_found_by_another_client() -> None:
    async with served(nth(1, CutUnanswered()), nth(2, DropRequest())) as memory:
        unknown = await place_and_lose(memory, limit(10.0), "a")
        async with connect_in_memory(memory, client_id=7) as tws:
            fate = await unknown.resolve(tws)
            assert fate.outcome is F.LIVE
            assert fate.trade.state.owner is Owner.OTHER_CLIENT
            # Which ids TWS has had of a client only that client is told.
            lost = OrderUnknown("lost", 2, Left.ALL, "a test", client_id=1)
            fate = await lost.resolve(tws, timeout=8)
            assert fate.outcome is F.STILL_UNKNOWN
            assert fate.trade is None


@pytest.mark.parametrize(
    "deed, order, expected",
    [
        (DropRequest(), limit(10.0), F.NEVER_ARRIVED),
        (LostAcknowledgement(seconds=15), limit(10.0), F.LIVE),
        # Nothing of it is said, in any list: it works all the same, so nobody may say that it does not.
        (NeverAnswer(), limit(10.0), F.STILL_UNKNOWN),
        (NeverAnswer(), market(), F.DONE),
    ],
)
async def test_over_the_same_connection(deed: Any, order: Order, expected: FateOutcome) -> None:
    async with served(nth(1, deed)) as memory, connect_in_memory(memory, client_id=1) as tws:
        with pytest.raises(OrderUnknown) as caught:
            await place(tws, order, timeout=3)
        fate = await caught.value.resolve(tws)
        assert fate.outcome is expected, fate
        (trade,) = tws.orders.trades
        assert fate.trade is trade
        assert trade.state.is_done is (expected in (F.DONE, F.NEVER_ARRIVED))
        if expected is F.NEVER_ARRIVED:
            assert trade.state.status is OrderOutcome.REJECTED
            assert trade.state.filled == 0
        # The connection is as good as before, and ids go on.
        assert (await place(tws, limit(10.0), "next")).order_id == 2


async def test_an_id_that_was_given_out_again_is_another_order() -> None:
    """TWS restarts, never had order 1, and gives the id to the next program."""
    restart = Event(At(4), NightlyRestart(refused_seconds=10))
    async with served(nth(1, DropRequest()), restart) as memory:
        unknown = again(await place_and_lose(memory, limit(10.0), "lost"))
        await anyio.sleep(20)
        async with connect_in_memory(memory, client_id=1) as tws:
            assert (await place(tws, limit(11.0), "other")).order_id == 1
        async with connect_in_memory(memory, client_id=1) as tws:
            fate = await unknown.resolve(tws, timeout=20)
            assert fate.outcome is F.STILL_UNKNOWN, "TWS has had the id by now, if of another order"
            assert fate.trade is None


async def test_the_order_of_an_id_that_was_given_out_again_without_references() -> None:
    restart = Event(At(4), NightlyRestart(refused_seconds=10))
    async with served(nth(1, DropRequest()), restart) as memory:
        unknown = again(await place_and_lose(memory, limit(10.0)))
        await anyio.sleep(20)
        async with connect_in_memory(memory, client_id=1) as tws:
            own = await place(tws, limit(10.0))
            assert own.order_id == unknown.order_id
            fate = await unknown.resolve(tws, timeout=20)
            assert fate.outcome is F.STILL_UNKNOWN, "with the same terms nobody can tell"


async def test_what_never_left_never_arrived() -> None:
    unknown = OrderUnknown("a", 5, Left.NONE, "a test", client_id=1)
    async with served() as memory, connect_in_memory(memory, client_id=1) as tws:
        fate = await unknown.resolve(tws)
        assert fate == Fate(F.NEVER_ARRIVED, None, fate.evidence)
        assert asked(memory, AllOpenOrdersRequest) == 0


async def test_a_cancel_that_never_left_says_nothing_of_the_order() -> None:
    async with served() as memory, connect_in_memory(memory, client_id=1) as tws:
        trade = await place(tws, limit(10.0), "a")
        unknown = OrderUnknown(
            "a", trade.order_id, Left.NONE, "its cancel did not leave", client_id=1, state=trade.state
        )
        fate = await again(unknown).resolve(tws)
        assert (fate.outcome, fate.trade) == (F.LIVE, trade)


async def test_a_family_is_resolved_in_one_go() -> None:
    async with served(nth(2, DropRequest()), nth(3, CutUnanswered())) as memory:
        sent: list[Any] = []
        with pytest.raises(anytws.ConnectionClosed):
            async with connect_in_memory(memory, client_id=1) as tws:
                for ref in ("a", "b", "c"):
                    order = attrs.evolve(limit(10.0), order_reference=ref)
                    sent.append(tws.send(PlaceOrderRequest(APPLE, order)).message)
                await anyio.sleep_forever()
        members = tuple(
            OrderUnknown(message.order.order_reference, message.order_id, Left.ALL, "cut", client_id=1)
            for message in sent
        )
        unknown = OrderUnknown("a", 1, Left.ALL, "cut", client_id=1, members=members)
        async with connect_in_memory(memory, client_id=1) as tws:
            fate = await again(unknown).resolve(tws, timeout=15)
            # The second never arrived, but a later id did: so nobody can say that of it.
            assert [each.outcome for each in fate.members] == [F.LIVE, F.STILL_UNKNOWN, F.LIVE]
            assert fate.outcome is F.STILL_UNKNOWN
            assert fate.trade is tws.orders.trade("a")
            assert any(line.startswith("b: ") for line in fate.evidence)


async def test_an_order_that_shows_up_late_is_found() -> None:
    """An order that TWS has, and does not list: it is neither dead nor lost, and is found when it is told."""
    async with served() as memory, connect_in_memory(memory, client_id=1) as tws:
        trade = await place(tws, limit(10.0), "a")
        unknown = OrderUnknown("b", 99, Left.ALL, "a test", client_id=1, next_valid_id=1)
        outcomes: list[Fate] = []

        async def resolve() -> None:
            outcomes.append(await unknown.resolve(tws, timeout=60))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(resolve)
            await anyio.sleep(2)
            tws.send(PlaceOrderRequest(APPLE, attrs.evolve(limit(9.0), order_reference="b"), order_id=99))
        assert outcomes[0].outcome is F.LIVE
        assert outcomes[0].trade is not trade


async def test_the_time_to_resolve_is_kept() -> None:
    faults: Iterable[Event] = [Event(On(name), NeverAnswer()) for name in ("AllOpenOrdersRequest", "ExecutionRequest")]
    async with served(*faults) as memory, connect_in_memory(memory, client_id=1) as tws:
        unknown = OrderUnknown("a", 1, Left.ALL, "a test", client_id=1)
        began = anyio.current_time()
        fate = await unknown.resolve(tws, timeout=12)
        assert anyio.current_time() - began <= 12.1
        assert fate.outcome is F.STILL_UNKNOWN
        assert any("did not answer" in line for line in fate.evidence)
        assert RECONCILE_SECONDS > 0
        assert Reconciler


# --- through a restart --------------------------------------------------------------------------------------------


@BOTH
async def test_an_order_in_flight_as_tws_dies_is_resolved_when_it_is_back(version: int) -> None:
    """The same client, the same trades: one was cut off and works, one never arrived, one was filled meanwhile."""
    faults = (nth(2, DropRequest()), nth(3, CutUnanswered()))
    world = a_world(*faults, server_version=version)
    async with staying(world, client_id=1) as tws:
        filled = await tws.orders.place(APPLE, limit(10.0), ref="filled")
        unknowns: list[OrderUnknown] = []
        lost_request = PlaceOrderRequest(APPLE, attrs.evolve(limit(10.0), order_reference="lost"))
        lost_id = tws.send(lost_request).message.order_id
        with pytest.raises(OrderUnknown) as caught:
            await tws.orders.place(APPLE, limit(10.0), ref="cut")
        unknowns.append(caught.value)
        hands = world.exchange.hands
        hands.fill(hands.find(reference="filled"))
        fate = await unknowns[0].resolve(tws)
        assert fate.outcome is F.LIVE
        await present(tws)
        assert filled.state.status is OrderOutcome.FILLED
        assert not fate.trade.state.is_unsure
        assert fate.trade is tws.orders.trade("cut")
        # A later id has arrived: of the one before it nobody can say that it has not.
        lost = tws.orders.trade("lost")
        assert lost is not None
        assert lost.order_id == lost_id
        assert lost.state.status is OrderOutcome.UNKNOWN
        assert lost.state.is_unsure


async def test_what_tws_never_read_before_its_restart_is_known_afterwards() -> None:
    """As it was recorded: orders written as the planned restart closes the socket, and their ids given out again."""
    drop = Event(On("PlaceOrderRequest", begin=0), DropRequest())
    world = a_world(drop, Event(At(3), NightlyRestart(refused_seconds=30)))
    async with staying(world, client_id=1) as tws:
        with pytest.raises(OrderUnknown) as caught:
            await tws.orders.place(APPLE, limit(10.0), ref="lost")
        fate = await caught.value.resolve(tws, timeout=200)
        assert fate.outcome is F.NEVER_ARRIVED, fate
        trade = tws.orders.trade("lost")
        assert trade is fate.trade
        assert trade is not None
        assert trade.state.status is OrderOutcome.REJECTED
        await present(tws)


DEEDS: list[Any] = [None, DropRequest(), CutUnanswered(), NeverAnswer(), LostAcknowledgement(seconds=20)]


@given(
    deeds=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=3),
    orders=st.lists(st.booleans(), min_size=3, max_size=3),
    restarts=st.booleans(),
    goes_back=st.integers(-2, 0),
    pickled=st.booleans(),
    version=st.sampled_from([176, 226]),
)
@settings(max_examples=15)
async def test_no_fate_is_ever_wrong(
    deeds: list[Any], orders: list[bool], restarts: bool, goes_back: int, pickled: bool, version: int
) -> None:
    """Bad days, of which each ends with a question about every order that was not answered."""
    faults = [nth(number, deed) for number, deed in enumerate(deeds, 1) if deed is not None]
    if restarts:
        faults.append(Event(At(60), NightlyRestart(refused_seconds=30, next_ids_by=goes_back)))
    unknowns: list[OrderUnknown] = []
    async with served(*faults, server_version=version) as memory:
        for number in range(len(deeds)):
            try:
                async with connect_in_memory(memory, client_id=1) as tws:
                    order = market() if orders[number] else limit(10.0)
                    await place(tws, order, f"ref-{number}", timeout=2)
            except OrderUnknown as unknown:
                unknowns.append(again(unknown) if pickled else unknown)
        await anyio.sleep_until(120)
        async with connect_in_memory(memory, client_id=1) as tws:
            for unknown in unknowns:
                fate = await unknown.resolve(tws, timeout=30)
                there = [
                    held
                    for held in (*memory.world.exchange.orders.live, *memory.world.exchange.orders.ended)
                    if held.order.order_reference == unknown.ref
                ]
                if fate.outcome is F.NEVER_ARRIVED:
                    assert not there
                elif fate.outcome in (F.LIVE, F.DONE):
                    (held,) = there
                    assert held.permanent_id == fate.trade.permanent_id
                    assert held.filled == fate.trade.state.filled
                    assert (fate.outcome is F.LIVE) is (held in memory.world.exchange.orders.live)
