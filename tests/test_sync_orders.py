"""Orders and staying connected for threads that wait: the same beliefs and errors, with trades that need no await."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from anyio.from_thread import start_blocking_portal

import anytws
from anytws import (
    AlreadyPlaced,
    BracketBroken,
    CloseReason,
    ConnectionClosed,
    FateOutcome,
    Fill,
    Gap,
    GateRefused,
    ModificationRefused,
    NotConnected,
    OrderOutcome,
    OrderPicture,
    OrderRejected,
    OrderUnknown,
    PresenceState,
    PresenceTimedOut,
    ReconcileIncomplete,
    Reconnection,
    Resumed,
    TradeTimedOut,
    sync,
)
from anytws.client.keep_connected import keep_connected_stream
from anytws.client.proxies import proxy_class
from anytws.client.trade import Trade
from anytws.messages import (
    LimitOrder,
    MarketDataRequest,
    MarketOrder,
    PlaceOrderRequest,
    Stock,
    StopOrder,
)
from anytws.simulator import ANSWERS, World, WorldSettings
from anytws.simulator.exchange.models import AT_ONCE
from anytws.simulator.faults import CutUnanswered, Event, NeverAnswer, On, Script
from anytws.simulator.serve import serve, serve_memory
from anytws.simulator.settings import EPOCH, HangUp
from tests.sync_programs import connected

APPLE = Stock("AAPL")
NEAR, FAR = 1000, 1
"""A price at which it is sold at once, and one at which nobody sells."""
OPEN, FILLED, CANCELLED = OrderOutcome.OPEN, OrderOutcome.FILLED, OrderOutcome.CANCELLED


def a_world(*events: Event, answers: Any = None, **settings: Any) -> World:
    """Give a world that answers at once, to which *events* happen."""
    settings = {"starts_at": EPOCH, "latency": AT_ONCE, **settings}
    return World(WorldSettings(**settings), answers=answers or ANSWERS, script=Script(list(events)))


@pytest.fixture
def tws() -> Any:
    with connected(a_world(), client_id=1) as tws:
        yield tws


def place(tws: sync.SyncTws, price: int = FAR, ref: str = "one", **options: Any) -> sync.SyncTrade:
    return tws.orders.place(APPLE, LimitOrder("BUY", 10, price), ref=ref, **options)


# --- an order ---------------------------------------------------------------------------------------------------------


def test_an_order_from_begin_to_end(tws):
    trade = place(tws, ref="rests")
    assert type(trade).__name__ == "SyncTrade"
    assert repr(trade).startswith("<SyncTrade of <Trade rests")
    assert (trade.state.status, trade.ref, trade.owner, trade.order_id) == (OPEN, "rests", anytws.Owner.OURS, 1)
    assert trade.order.limit_price == FAR
    state = trade.modify(limit_price=2, total_quantity=20)
    assert (state.total_quantity, trade.order.limit_price) == (20, 2)
    with pytest.raises(ModificationRefused) as refused:
        trade.modify(limit_price="2.001")
    assert (refused.value.code, refused.value.trade) == (110, trade)
    assert trade.cancel().status is CANCELLED
    with pytest.raises(TypeError, match="no field"):
        trade.modify(limit=3)


def test_one_is_filled_and_its_changes_are_read(tws):
    with tws.orders.follow_executions() as fills, tws.orders.follow_open() as news:
        trade = place(tws, NEAR, ref="bought")
        assert trade.until(lambda state: state.commission_and_fees is not None, timeout=5).filled == 10
        assert [fill.execution.shares for fill in trade.fills] == [10]
        *_, last = trade.changes()
        assert last.state.status is FILLED
        fill = fills.next(timeout=5)
        assert isinstance(fill, Fill)
        assert fill.execution.order_reference == "bought"
        change = news.next(timeout=5)
        assert change.trade is trade
        assert news.take_batch(timeout=5)[-1].trade is trade
        assert not news.is_finished
        assert not fills.is_finished
    assert [fill.execution.execution_id for fill in tws.orders.executions()] == [fill.execution.execution_id]
    assert trade.state.is_done
    batches = trade.changes().batches()
    assert next(batches)[-1].state == trade.state


def test_there_is_one_trade_of_an_order(tws):
    trade = place(tws)
    assert tws.orders.trade("one") is trade
    assert tws.orders.trades == (trade,)
    assert tws.orders.open() == (trade,)
    assert tws.orders.trade("two") is None
    assert tws.orders.trades[0].state == trade.state
    assert trade.changes().statistics().waiting == 1
    assert tws.orders.completed() == ()


def test_what_is_waited_for_does_not_come(tws):
    trade = place(tws)
    with pytest.raises(TradeTimedOut) as late:
        trade.until(lambda state: state.is_done, timeout=0)
    assert late.value.trade is trade
    changes = trade.changes()
    assert next(changes).state.status is OPEN
    with pytest.raises(TimeoutError):
        changes.next(timeout=0)


def test_a_predicate_is_asked_in_the_thread_of_the_loop(tws):
    """As that of `health.until` is: it may look at what is known, and cannot call the connection."""
    trade, seen = place(tws), []

    def holds(state: anytws.TradeState) -> bool:
        seen.append((threading.current_thread().name, trade.state == state, tws.orders.trades == (trade,)))
        trade.cancel()
        return True

    with pytest.raises(RuntimeError, match="in the thread of the connection's own event loop"):
        trade.until(holds)
    assert seen == [("anytws.sync", True, True)]
    assert trade.state.status is OPEN


def test_a_trade_is_no_value(tws):
    trade = place(tws)
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        for each in (trade, tws, tws.orders):
            with pytest.raises(TypeError, match=r"cannot be copied or pickled"):
                take(each)
    assert pickle.loads(pickle.dumps(trade.state)) == trade.state  # noqa: S301 (it is our own)


def test_what_is_known_outlives_the_connection():
    with connected(a_world()) as tws:
        trade = place(tws)
        orders = tws.orders
    assert trade.state.is_unsure
    assert orders.trades == (trade,)
    assert (trade.ref, trade.fills) == ("one", ())
    for ask in (orders.open, trade.cancel, lambda: trade.until(lambda state: False)):
        with pytest.raises(ConnectionClosed):
            ask()


def test_proxies_have_what_trades_have():
    assert proxy_class(Trade) is sync.SyncTrade
    assert {name for name in dir(sync.SyncTrade) if name[0] != "_"} == {name for name in dir(Trade) if name[0] != "_"}
    assert {*dir(sync)} >= {*sync.__all__}
    with pytest.raises(AttributeError):
        sync.SyncNothing  # noqa: B018


# --- errors -----------------------------------------------------------------------------------------------------------


def test_errors_carry_trades_that_need_no_await(tws):
    trade = place(tws)
    with pytest.raises(AlreadyPlaced) as placed:
        place(tws)
    assert placed.value.trade is trade
    with pytest.raises(OrderRejected) as rejected:
        tws.orders.place(Stock("NOPE"), MarketOrder("BUY", 1), ref="two")
    assert rejected.value.trade is tws.orders.trade("two")
    assert rejected.value.trade.state.status is OrderOutcome.REJECTED
    assert trade.cancel().status is CANCELLED


def test_a_gate_says_no():
    with connected(a_world(), gate=anytws.Gate(max_quantity=5)) as tws:
        with pytest.raises(GateRefused) as refused:
            place(tws)
        assert [reason.rule for reason in refused.value.reasons] == ["max_quantity"]
        assert pickle.loads(pickle.dumps(refused.value)).reasons == refused.value.reasons  # noqa: S301 (our own)
        assert tws.orders.trades == ()


@pytest.mark.parametrize("kind", [anytws.FileJournal, anytws.SqliteJournal])
def test_a_journal_knows_what_an_earlier_run_has_placed(kind, tmp_path):
    """It is opened, written and closed in the thread of the loop; a webhook that comes twice places once."""
    world = a_world()
    with served(world) as connect:
        with connect(journal=kind(tmp_path / "journal")) as tws:
            assert place(tws).state.status is OPEN
        with connect(journal=kind(tmp_path / "journal")) as tws:
            with pytest.raises(AlreadyPlaced) as placed:
                place(tws)
            assert placed.value.trade is tws.orders.trade("one")
            assert placed.value.trade.state.is_unsure
            tws.orders.reconcile()
            assert placed.value.trade.cancel().status is CANCELLED


def test_what_has_not_left_is_taken_back(tws):
    sent = tws.send(PlaceOrderRequest(APPLE, LimitOrder("BUY", 1, FAR)))
    sent.wait(timeout=5)
    assert sent.take_back() is False


def test_one_of_which_nobody_knows_is_resolved_elsewhere():
    """By another connection, after a pickle: what comes of it holds a trade of that one."""
    world = a_world(Event(On("PlaceOrderRequest"), CutUnanswered()))
    with served(world) as connect:
        with pytest.raises(OrderUnknown) as caught, connect() as tws:
            place(tws)
        assert isinstance(caught.value.__cause__, ConnectionClosed)
        again: OrderUnknown = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 (it is our own)
        assert (again.ref, again.left, again.life) == ("one", anytws.Left.ALL, None)
        with connect() as tws:
            for unknown in (caught.value, again):
                fate = unknown.resolve(tws, timeout=10)
                assert fate.outcome is FateOutcome.LIVE
                assert fate.trade is tws.orders.trade("one")
            assert fate.trade.cancel().status is CANCELLED


def served(world: World) -> Any:
    """Give a block with a function that connects to *world*, each time over a stream of its own, in one loop."""

    class Served:
        def __enter__(self) -> Callable[..., sync.SyncTws]:
            self.portal = start_blocking_portal()
            self.server = self.portal.__enter__().wrap_async_context_manager(serve(world))
            there = self.server.__enter__()
            return lambda **options: sync.connect(there.host, there.port, client_id=1, id_wait=5, **options)

        def __exit__(self, *told: object) -> None:
            self.server.__exit__(*told)
            self.portal.__exit__(*told)

    return Served()


# --- families, questions ----------------------------------------------------------------------------------------------


def copied(bracket: sync.SyncBracket) -> sync.SyncBracket:
    return type(bracket)(bracket._portal, bracket._inner)


def test_a_bracket(tws):
    bracket = tws.orders.bracket(APPLE, "BUY", 10, FAR, profit_price=3, stop_price="0.5", ref="b")
    parent, profit, stop = bracket
    assert (bracket.parent, bracket.profit_taker, bracket.stop_loss) == (parent, profit, stop)
    assert bracket.children == (profit, stop)
    assert [trade.ref for trade in bracket] == ["b", "b/profit", "b/stop"]
    assert [type(trade).__name__ for trade in bracket] == ["SyncTrade"] * 3
    assert repr(bracket).startswith("<SyncBracket of Bracket(")
    assert bracket != parent
    assert [bracket].index(copied(bracket)) == 0
    assert len({bracket, copied(bracket)}) == 1
    with pytest.raises(TradeTimedOut) as late:
        bracket.until_over(timeout=0)
    assert late.value.trade is parent
    assert parent.cancel().status is CANCELLED
    bracket.until_over(timeout=5)
    assert {trade.state.status for trade in bracket} == {CANCELLED}
    alone = tws.orders.bracket(APPLE, LimitOrder("BUY", 10, FAR), stop_price="0.5")
    with pytest.raises(LookupError):
        alone.profit_taker  # noqa: B018


def test_a_bracket_that_breaks(tws):
    with pytest.raises(BracketBroken) as broken:
        tws.orders.bracket(APPLE, "BUY", 10, FAR, profit_price=3, stop_price="0.50001", ref="b")
    assert [trade.ref for trade in broken.value.members] == ["b", "b/profit", "b/stop"][: len(broken.value.members)]
    assert all(trade is tws.orders.trade(trade.ref) for trade in broken.value.members)
    assert broken.value.trade in broken.value.members
    assert {trade.state.is_done for trade in broken.value.members} == {True}


def test_a_group_and_a_question(tws):
    trades = tws.orders.one_cancels_all([(APPLE, LimitOrder("BUY", 10, price)) for price in (1, 2)], ref="g")
    assert [trade.ref for trade in trades] == ["g/1", "g/2"]
    assert trades[0].cancel().status is CANCELLED
    assert tws.orders.what_if(APPLE, StopOrder("SELL", 10, 1)).initial.after is not None
    tws.orders.cancel_all()
    assert {trade.state.status for trade in tws.orders.trades} == {CANCELLED}
    with pytest.raises(anytws.LocalProtocolError, match="client 0 alone"):
        tws.orders.bind_manual()


def test_a_picture(tws):
    trade, filled = place(tws), place(tws, NEAR, ref="two")
    picture = tws.orders.reconcile()
    assert isinstance(picture, OrderPicture)
    assert (picture.trades, picture.open, picture.completed) == ((trade, filled), (trade,), (filled,))
    assert [fate.trade for fate in picture.verdicts] == [trade]
    assert sum(each.execution.shares or 0 for each in picture.executions) == 10
    assert len(picture.positions) > 0
    assert sync.SyncOrderPicture is OrderPicture


def test_a_picture_that_is_not_whole():
    world = a_world(Event(On("CompletedOrdersRequest"), NeverAnswer()))
    with connected(world) as tws:
        trade = place(tws)
        with pytest.raises(ReconcileIncomplete) as caught:
            tws.orders.reconcile(timeout=0.3)
    assert caught.value.known.open in ((trade,), None)
    assert caught.value.known.trades == (trade,)
    assert caught.value.known.completed is None


# --- threads ----------------------------------------------------------------------------------------------------------


def test_ten_threads_place_at_once(tws):
    """Ids rise as they leave, each thread has its own order, and one reference is placed once."""
    barrier = threading.Barrier(10)

    def work(number: int) -> tuple[sync.SyncTrade, sync.SyncTrade]:
        barrier.wait()
        trade = place(tws, ref=f"thread-{number}")
        try:
            shared = place(tws, ref="shared")
        except AlreadyPlaced as placed:
            shared = placed.trade
        assert trade.modify(limit_price=2).status is OPEN
        assert trade.state.ref == f"thread-{number}"
        trade.cancel()
        return trade, shared

    with ThreadPoolExecutor(10) as pool:
        done = [*pool.map(work, range(10))]
    assert len({shared for _, shared in done}) == 1
    assert {trade.state.status for trade, _ in done} == {CANCELLED}
    assert sorted(trade.order_id or 0 for trade in tws.orders.trades) == [*range(1, 12)]
    assert [trade.order_id for trade in tws.orders.trades] == [*range(1, 12)]


def test_who_reads_a_state_takes_nothing_from_who_waits_for_it(tws):
    """A belief is made when somebody asks. Made by another thread meanwhile, it would be half of two."""
    is_over = threading.Event()

    def look(trade: sync.SyncTrade) -> int:
        count = 0
        while not is_over.is_set():
            assert trade.state.total_quantity == 10
            count += len(tws.orders.trades)
        return count

    with ThreadPoolExecutor(3) as pool:
        for number in range(15):
            trade = place(tws, ref=f"watched-{number}")
            looking = [pool.submit(look, trade) for _ in range(2)]
            waiting = pool.submit(trade.until, lambda state: state.is_done, timeout=10)
            trade.cancel()
            assert waiting.result().status is CANCELLED
            is_over.set()
            assert sum(each.result() for each in looking) > 0
            is_over.clear()


def test_a_stream_that_another_thread_reads_ends_with_its_block(tws):
    with ThreadPoolExecutor(1) as pool:
        with tws.orders.follow_open() as news:
            waiting = pool.submit(lambda: [*news])
            place(tws)
        assert all(change.trade.ref == "one" for change in waiting.result())
    assert next(iter(tws.orders.trade("one").changes())).state.status is OPEN


# --- staying connected ------------------------------------------------------------------------------------------------


QUICK = Reconnection(first_pause=0.1, longest_pause=0.1)


def kept(world: World, *, comes_back: bool = True, **options: Any) -> sync.SyncTws:
    """Stay connected to *world* in memory, which may be there but once."""

    came: list[bool] = []

    @asynccontextmanager
    async def staying() -> Any:
        async with serve_memory(world) as there:

            async def connect() -> Any:
                if came and not comes_back:
                    raise OSError("nobody is there")
                came.append(True)
                return await there.connect()

            async with keep_connected_stream(connect, **{"client_id": 1, "policy": QUICK, **options}) as tws:
                yield tws

    return sync.connect_by(staying)


def cut(tws: sync.SyncTws, world: World) -> None:
    """Have the connection cut."""

    async def die() -> None:
        world.links[-1].die(HangUp.EOF)

    tws._portal.call(die)


def test_one_stays_connected():
    world = a_world()
    with kept(world) as tws:
        assert tws.presence.now.state is PresenceState.PRESENT
        changes = tws.presence.changes()
        assert next(changes).is_here
        trade = place(tws)
        with tws.orders.follow_open() as news, tws.stream(MarketDataRequest(APPLE)) as ticks:
            assert news.next(timeout=5).trade is trade
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(trade.until, lambda state: state.is_done, timeout=10)
                cut(tws, world)
                assert not next(changes).is_here
                back = tws.presence.until(lambda presence: presence.is_here and presence.gaps, timeout=10)
                assert back.gaps == 1
                assert trade.cancel().status is CANCELLED
                assert waiting.result().status is CANCELLED
            assert tws.orders.trade("one") is trade
            told = []
            while Resumed not in told:
                told.append(type(news.next(timeout=5)))
            assert told.count(Gap) == 1
            assert Gap in [type(tick) for _, tick in zip(range(30), ticks, strict=False)]
        assert tws.send(PlaceOrderRequest(APPLE, LimitOrder("BUY", 1, FAR))).wait(timeout=5) is None
        with pytest.raises(PresenceTimedOut):
            tws.presence.until(lambda presence: False, timeout=0)
        assert repr(tws).endswith("kept connected>")
        assert repr(changes).startswith("<SyncPresenceChanges of <PresenceChanges")


def test_over_tcp_and_while_nobody_is_there():
    """`keep_connected` waits until TWS is there, an order is refused while it is not, and a hopeless end is told."""
    world = a_world()
    options: dict[str, Any] = {"client_id": 1, "policy": attrs.evolve(QUICK, give_up_after=0.4)}
    with start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(serve(world)) as there:
            tws = sync.keep_connected(there.host, there.port, on_presence=print, **options)
            trade = place(tws)
        tws.presence.until(lambda presence: not presence.is_here, timeout=10)
        with pytest.raises(NotConnected) as refused:
            place(tws, ref="two")
        assert refused.value.gap.reason
        assert tws.orders.trade("two") is None
        over = tws.closed(timeout=10)
        with pytest.raises(ConnectionClosed):
            tws.orders.open()
        assert trade.state.is_unsure
        tws.close()
        assert tws.closed() == over


def test_a_hopeless_end_leaves_the_block():
    world = a_world()
    with pytest.raises(ConnectionClosed) as caught:
        with kept(world, policy=attrs.evolve(QUICK, give_up_after=0.1), comes_back=False) as tws:
            trade = place(tws)
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(trade.until, lambda state: state.is_done)
                cut(tws, world)
                with pytest.raises(ConnectionClosed) as told:
                    waiting.result()
    assert caught.value == told.value
    assert caught.value.reason is not CloseReason.LOCAL


def test_one_who_never_comes_is_given_up():
    with pytest.raises(anytws.ConnectError):
        sync.keep_connected("127.0.0.1", 1, policy=attrs.evolve(QUICK, enter_within=0.2))
    with pytest.raises(TypeError, match="unexpected keyword"):
        sync.keep_connected(id_wait=20)
