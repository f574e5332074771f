"""What is asked, said and followed over many connections."""

from __future__ import annotations

import pickle
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from anytws import (
    AlreadyPlaced,
    ConnectionClosed,
    FileJournal,
    Gate,
    GateRefused,
    RequestFailed,
    RequestTimedOut,
    State,
    Tws,
)
from anytws.client.kept_tws import KeptTws
from anytws.errors import AnswerLost, LocalProtocolError, NotConnected, SlowConsumer
from anytws.machines.health import FarmState
from anytws.machines.link import LinkState
from anytws.machines.order_state import OrderOutcome
from anytws.machines.presence import PresenceState
from anytws.machines.reconnection import Reconnection
from anytws.machines.records import Gap, Resumed
from anytws.messages import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    ContractDataRequest,
    CurrentTimeRequest,
    GlobalCancelRequest,
    IdsRequest,
    ManagedAccountsRequest,
    MarketDataMode,
    MarketDataRequest,
    MarketDataTypeRequest,
    OpenOrdersRequest,
    PlaceOrderRequest,
    PositionsRequest,
    SetServerLogLevelRequest,
)
from anytws.messages.base import ToTws
from anytws.runtime.pump import Pump
from anytws.simulator import ANSWERS, Answer, HangUp, World, WorldSettings
from anytws.simulator.faults import At, ConnectionLost, CutConnection, Event, Meanwhile, NightlyRestart, Script, Wedged
from tests.staying import MORNING, a_world, kinds, lose, present, staying
from tests.trading import AAPL, limit, stock

RESTART = NightlyRestart()


def heard_by(world: World) -> list[ToTws]:
    """Give a list that gets all that *world* hears."""
    heard: list[ToTws] = []
    note = world.note_heard

    def noting(link: Any, request: ToTws) -> None:
        heard.append(request)
        note(link, request)

    world.note_heard = noting  # type: ignore[method-assign]  # to look on
    return heard


def silent_about(*kinds_of: type, **settings: Any) -> World:
    """Give a world that never answers some kinds of request."""
    mute = {kind: Answer(lambda _link, _request: ()) for kind in kinds_of}
    return World(WorldSettings(**{"starts_at": MORNING, **settings}), answers={**ANSWERS, **mute}, script=Script([]))


# Questions


@pytest.mark.virtual_time
async def test_a_question_waits_for_the_connection() -> None:
    world = a_world(Event(At(10), RESTART))
    async with staying(world) as tws:
        await tws.presence.until(lambda presence: not presence.is_here)
        (details,) = await tws.ask(ContractDataRequest(AAPL), timeout=300)
        assert details.contract.symbol == "AAPL"
        assert tws.presence.now.is_here


@pytest.mark.virtual_time
async def test_a_question_that_was_cut_off_is_asked_again() -> None:
    """Within the one deadline, which runs from the call."""
    world = silent_about(CurrentTimeRequest)
    heard = heard_by(world)
    async with staying(world, liveness=None) as tws:
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:

            async def cut() -> None:
                for _ in range(2):
                    await anyio.sleep(5)
                    world.links[-1].die(HangUp.RESET)

            tasks.start_soon(cut)
            with pytest.raises(RequestTimedOut, match=r"did not answer CurrentTimeRequest within 30 s") as caught:
                await tws.ask(CurrentTimeRequest(), timeout=30)
        assert anyio.current_time() - began == pytest.approx(30)
        assert caught.value.sent
        # On each of the three connections, and once more while it settles.
        assert heard.count(CurrentTimeRequest()) == 6


@pytest.mark.virtual_time
async def test_a_question_that_never_was_sent_says_so() -> None:
    world = a_world()
    async with staying(world) as tws:
        world.die()
        await tws.presence.until(lambda presence: not presence.is_here)
        began = anyio.current_time()
        with pytest.raises(RequestTimedOut, match="was not sent within 7 s: there is no connection") as caught:
            await tws.ask(CurrentTimeRequest(), timeout=7)
        assert not caught.value.sent
        assert anyio.current_time() - began == pytest.approx(7)
        # As its row says, if nothing else is said.
        with pytest.raises(RequestTimedOut, match="within 60 s"):
            await tws.ask(ContractDataRequest(AAPL))


async def test_what_cannot_be_asked_is_told_at_once_even_while_there_is_nobody() -> None:
    world = a_world()
    async with staying(world) as tws:
        world.die()
        await tws.presence.until(lambda presence: not presence.is_here)
        with pytest.raises(TypeError, match="has no answer to wait for"):
            await tws.ask(GlobalCancelRequest())  # type: ignore[arg-type]  # the mistake
        with pytest.raises(LocalProtocolError, match="leave it out"):
            await tws.ask(ContractDataRequest(AAPL, request_id=3))


@pytest.mark.virtual_time
async def test_what_tws_refuses_is_raised_as_ever() -> None:
    async with staying(a_world()) as tws:
        with pytest.raises(RequestFailed, match="200"):
            await tws.ask(ContractDataRequest(stock("NOSUCH")))


@pytest.mark.virtual_time
async def test_1100_under_the_id_of_a_question_is_waited_out() -> None:
    world = a_world(Event(At(10), ConnectionLost(seconds=40, requests=Meanwhile.ERROR_1100)))
    async with staying(world) as tws:
        await anyio.sleep(15)
        assert tws.health.now.link is LinkState.DOWN
        (details,) = await tws.ask(ContractDataRequest(AAPL))
        assert details.contract.symbol == "AAPL"
        assert tws.health.now.link is LinkState.UP
    world = a_world(Event(At(10), ConnectionLost(seconds=400, requests=Meanwhile.ERROR_1100)))
    async with staying(world) as tws:
        await anyio.sleep(15)
        began = anyio.current_time()
        with pytest.raises(RequestFailed) as caught:
            await tws.ask(ContractDataRequest(AAPL))
        assert caught.value.code == 1100
        assert 30 <= anyio.current_time() - began <= 61


# What changes something


def an_order(what_if: bool = False) -> PlaceOrderRequest:
    return PlaceOrderRequest(AAPL, limit(10.0, what_if=what_if))


@pytest.mark.virtual_time
async def test_what_changes_something_is_never_said_while_there_is_nobody() -> None:
    world = a_world()
    heard = heard_by(world)
    async with staying(world, client_id=0) as tws:
        await lose(tws, world)
        for call in (lambda: tws.send(an_order()), lambda: tws.send(IdsRequest())):
            with pytest.raises(NotConnected, match="was not sent: waiting") as caught:
                call()
        assert isinstance(caught.value.gap, Gap)
        assert caught.value.presence == tws.presence.now
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
        assert (again.gap, again.presence) == (caught.value.gap, caught.value.presence)
        with pytest.raises(NotConnected, match="a fence was not sent"):
            await tws.fence()
        await present(tws)
        assert not [request for request in heard if isinstance(request, PlaceOrderRequest | IdsRequest)]


@pytest.mark.virtual_time
async def test_an_answer_that_is_lost_is_never_asked_for_again() -> None:
    """As client 0, to ask for open orders takes over those that were entered by hand."""
    world = silent_about(OpenOrdersRequest)
    heard = heard_by(world)
    async with staying(world, client_id=0) as tws:
        async with anyio.create_task_group() as tasks:

            async def cut() -> None:
                await anyio.sleep(1)
                world.links[-1].die()

            tasks.start_soon(cut)
            with pytest.raises(AnswerLost, match="TWS may have done what it says") as caught:
                await tws.ask(OpenOrdersRequest())
        assert caught.value.may_have_arrived
        assert isinstance(caught.value.__cause__, ConnectionClosed)
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
        assert str(again) == str(caught.value)
        for call in (lambda: tws.ask(OpenOrdersRequest()), tws.fence):
            with pytest.raises(NotConnected):
                await call()
        with pytest.raises(NotConnected):
            tws.require_sayable([])
        await present(tws)
        assert heard.count(OpenOrdersRequest()) == 1


@pytest.mark.virtual_time
async def test_what_was_sent_and_has_not_left_is_told_as_lost() -> None:
    """Held back by pacing when the connection ended: no byte of it is out."""
    world = a_world()
    with pytest.raises(ConnectionClosed, match="what was sent last could not be sent within 1 s"):
        await say_too_much(world)


async def say_too_much(world: World) -> None:
    async with staying(world, pacing=1) as tws:
        sent = [tws.send(SetServerLogLevelRequest(5)) for _ in range(4)]
        await sent[0]
        world.links[-1].die()
        with pytest.raises(AnswerLost, match="no byte of it had left, so nothing has changed") as caught:
            await sent[-1]
        assert isinstance(caught.value.__cause__, ConnectionClosed)
        await present(tws)
        for _ in range(4):
            tws.send(SetServerLogLevelRequest(5))


@pytest.mark.virtual_time
async def test_what_changes_something_is_answered_as_ever() -> None:
    async with staying(a_world(), client_id=0) as tws:
        assert await tws.ask(OpenOrdersRequest()) == ()
        await tws.fence()
        tws.require_sayable([SetServerLogLevelRequest(5)])


@pytest.mark.virtual_time
async def test_order_ids_never_go_down() -> None:
    world = a_world(Event(At(10), NightlyRestart(next_ids_by=-50)), first_order_id=100)
    async with staying(world) as tws:
        first = tws.send(an_order()).message.order_id
        await present(tws)
        assert tws.next_valid_id is not None
        second = tws.send(an_order()).message.order_id
        assert first is not None
        assert second is not None
        assert second > first


@pytest.mark.virtual_time
@pytest.mark.parametrize("server_version", [176, 226])
async def test_an_order_around_a_restart(server_version: int) -> None:
    """Not placed while there is nobody; unknown where it was cut off, and known again on the way back."""
    world = a_world(server_version=server_version)
    async with staying(world) as tws:
        trade = await tws.orders.place(AAPL, limit(10.0), ref="first")
        assert trade.state.status is OrderOutcome.OPEN
        await lose(tws, world)
        assert trade.state.is_unsure
        with pytest.raises(NotConnected, match="was not sent"):
            await tws.orders.place(AAPL, limit(10.0), ref="second")
        await present(tws)
        assert not trade.state.is_unsure
        assert trade.state.status is OrderOutcome.OPEN
        again = await tws.orders.place(AAPL, limit(10.0), ref="second")
        assert again.state.order_id > trade.state.order_id


# Settings, and the order of things


@pytest.mark.virtual_time
async def test_settings_are_said_again_then_orders_are_asked_for_then_streams_are_opened() -> None:
    world = a_world(Event(At(20), RESTART))
    heard = heard_by(world)
    async with staying(world, client_id=0) as tws:
        tws.send(SetServerLogLevelRequest(5))
        tws.send(MarketDataTypeRequest(MarketDataMode.FROZEN))
        tws.send(MarketDataTypeRequest(MarketDataMode.DELAYED))
        tws.send(AutoOpenOrdersRequest(True))
        tws.send(AutoOpenOrdersRequest(False))
        tws.send(an_order())
        async with tws.stream(MarketDataRequest(AAPL)):
            await anyio.sleep(5)
            heard.clear()
            await present(tws)
            await anyio.sleep(10)
            assert [kind for kind in kinds(heard) if "Market" in kind or "Log" in kind or "Auto" in kind] == [
                "SetServerLogLevelRequest",
                "MarketDataTypeRequest",
                "MarketDataRequest",
            ]
            assert MarketDataTypeRequest(MarketDataMode.DELAYED) in heard
            of_orders = [place for place, kind in enumerate(kinds(heard)) if kind == "AllOpenOrdersRequest"]
            assert of_orders
            assert max(of_orders) < kinds(heard).index("MarketDataRequest")


@pytest.mark.virtual_time
async def test_who_has_no_orders_asks_for_none() -> None:
    world = a_world(Event(At(20), RESTART))
    heard = heard_by(world)
    async with staying(world) as tws:
        await present(tws)
    assert "AllOpenOrdersRequest" not in kinds(heard)


@pytest.mark.virtual_time
async def test_orders_that_cannot_be_asked_for_do_not_stop_the_way_back() -> None:
    world = silent_about(AllOpenOrdersRequest)
    heard = heard_by(world)
    async with staying(world, policy=Reconnection(reconcile_within=20)) as tws:
        tws.send(an_order())
        await anyio.sleep(1)
        async with tws.stream(MarketDataRequest(AAPL)) as ticks:
            await anyio.sleep(1)
            await lose(tws, world)
            began = anyio.current_time()
            await present(tws)
            assert anyio.current_time() - began <= 25
            items = []
            async for item in ticks:
                items.append(item)
                if isinstance(item, Resumed):
                    break
            assert kinds(items)[-2:] == ["Gap", "Resumed"]
            asked = kinds(heard).count("AllOpenOrdersRequest")
            await anyio.sleep(60)
            assert kinds(heard).count("AllOpenOrdersRequest") > asked


@pytest.mark.virtual_time
async def test_a_setting_that_is_not_taken_any_more_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """By a TWS that was updated overnight, say: the others are said all the same."""
    world = a_world()
    heard = heard_by(world)
    async with staying(world) as tws:
        tws.send(SetServerLogLevelRequest(5))
        tws.send(MarketDataTypeRequest(MarketDataMode.DELAYED))
        assert isinstance(tws, KeptTws)
        send = Pump.send

        def refusing(pump: Pump, message: Any) -> Any:
            if isinstance(message, SetServerLogLevelRequest):
                raise LocalProtocolError("not in this version")
            return send(pump, message)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Pump, "send", refusing)
            await lose(tws, world)
            heard.clear()
            await present(tws)
            await anyio.sleep(1)
    assert MarketDataTypeRequest(MarketDataMode.DELAYED) in heard
    assert "a setting was not said again: not in this version" in caplog.text


@pytest.mark.virtual_time
async def test_a_journal_and_a_gate_stay_the_same_over_all_connections(tmp_path: Path) -> None:
    world = a_world()
    journal = FileJournal(tmp_path / "orders.journal")
    async with staying(world, journal=journal, gate=Gate(max_quantity=100)) as tws:
        await tws.orders.place(AAPL, limit(10.0), ref="first")
        await lose(tws, world)
        await present(tws)
        with pytest.raises(AlreadyPlaced):
            await tws.orders.place(AAPL, limit(10.0), ref="first")
        with pytest.raises(GateRefused):
            await tws.orders.place(AAPL, limit(10.0, quantity=101), ref="second")
    # It is let go of: the next one may have it.
    async with staying(world, journal=FileJournal(tmp_path / "orders.journal")) as tws:
        assert tws.orders.trade("first") is not None
    with pytest.raises(ValueError, match="needs a journal"):
        async with staying(world, gate=Gate(max_orders_per_day=3)):
            raise AssertionError("it cannot be enforced")


# Streams and events


@pytest.mark.virtual_time
async def test_a_stream_says_its_gap_in_its_place() -> None:
    world = a_world(Event(At(20), RESTART))
    async with staying(world) as tws:
        async with tws.stream(MarketDataRequest(AAPL)) as ticks:
            await present(tws)
            await anyio.sleep(5)
            gap = resumed = None
            async for item in ticks:
                if isinstance(item, Gap):
                    gap = item
                elif isinstance(item, Resumed):
                    resumed = item
                elif resumed is not None:
                    break
            assert resumed is not None
            assert resumed.gap == gap
            assert gap is not None
            assert tws.presence.now.gaps == 1


@pytest.mark.virtual_time
async def test_a_stream_that_is_opened_while_there_is_nobody_begins_with_the_gap() -> None:
    world = a_world()
    async with staying(world) as tws:
        await lose(tws, world)
        async with tws.stream(MarketDataRequest(AAPL)) as ticks:
            assert await anext(ticks) == tws.presence.now.gap
            assert isinstance(await anext(ticks), Resumed)
        with tws.events() as events:
            await present(tws)
            assert events.statistics().dropped == 0
        await lose(tws, world)
        with tws.events() as events:
            assert isinstance(await anext(events), Gap)
            assert isinstance(await anext(events), Resumed)


@pytest.mark.virtual_time
@pytest.mark.parametrize("data_lost", [True, False], ids=["1101", "1102"])
async def test_tws_loses_its_own_link(data_lost: bool) -> None:
    """1101: streams are opened anew; 1102: they go on. Orders are asked for either way."""
    world = a_world(Event(At(20), ConnectionLost(seconds=30, data_lost=data_lost)))
    heard = heard_by(world)
    async with staying(world) as tws:
        tws.send(an_order())
        async with tws.stream(MarketDataRequest(AAPL)) as ticks:
            await anyio.sleep(19)
            heard.clear()
            await anyio.sleep(60)
            assert ("MarketDataRequest" in kinds(heard)) is data_lost
            assert "AllOpenOrdersRequest" in kinds(heard)
            items = []
            async for item in ticks:
                items.append(item)
                if isinstance(item, Resumed):
                    break
            assert kinds(items).count("Gap") == 1
        assert tws.presence.now.state is PresenceState.PRESENT
        assert tws.presence.now.gaps == 0


@pytest.mark.virtual_time
async def test_events_that_nobody_reads_fail_as_they_do_anywhere() -> None:
    world = a_world()
    async with staying(world) as tws:
        events = tws.events(capacity=3)
        for _ in range(3):
            await lose(tws, world)
            await present(tws)
        with pytest.raises(SlowConsumer):
            while True:
                await anext(events)


@pytest.mark.virtual_time
async def test_quotes_and_watches_go_on() -> None:
    """A gap is in a quote, and beside the contracts of a watch."""
    world = a_world(Event(At(20), RESTART))
    async with staying(world) as tws:
        async with tws.market_data.quotes(AAPL) as quotes, tws.market_data.watch([AAPL]) as watched:
            first = await anext(quotes)
            gone = [quote async for quote in taken(quotes, lambda quote: quote.gap is not None)][-1]
            assert (gone.bid, gone.gap) == (None, tws.presence.now.gap)
            assert first.gap is None
            back = [quote async for quote in taken(quotes, lambda quote: quote.gap is None)][-1]
            assert back.resumed is not None
            assert [item.contract async for item in taken(watched, lambda item: isinstance(item.item, Gap))][-1] is None
            async for _ in taken(watched, lambda item: isinstance(item.item, Resumed)):
                pass


async def taken(stream: Any, is_last: Callable[[Any], bool]) -> AsyncGenerator[Any]:
    """Give the items until one *is_last*."""
    async for item in stream:
        yield item
        if is_last(item):
            return


@pytest.mark.virtual_time
async def test_who_follows_orders_is_told_of_the_gap() -> None:
    """Also one who has none of his own: what was missed is asked for before it is over."""
    world = a_world()
    heard = heard_by(world)
    async with staying(world) as tws:
        async with tws.orders.follow_executions() as fills:
            await anyio.sleep(1)
            heard.clear()
            await lose(tws, world)
            assert isinstance(await anext(fills), Gap)
            await present(tws)
            assert isinstance(await anext(fills), Resumed)
            assert "ExecutionRequest" in kinds(heard)


# What is told of it


@pytest.mark.virtual_time
async def test_health_and_the_rest_are_of_the_present_connection() -> None:
    world = a_world(Event(At(10), RESTART))
    async with staying(world) as tws:
        assert repr(tws).endswith("kept connected>")
        healths = []
        async with tws.health.changes() as changes:

            async def follow() -> None:
                async for health in changes:
                    healths.append(health)  # noqa: PERF401 (what has come so far is wanted)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(follow)
                await tws.health.until(lambda health: health.closed is not None)
                assert tws.state is State.CLOSED
                assert tws.connection_time is not None
                await tws.ready()
                assert tws.state is State.READY
                await tws.health.until(lambda health: health.is_well and health.farm("usfarm") is FarmState.OK)
                await anyio.sleep(1)
                tasks.cancel_scope.cancel()
        assert [health.state for health in healths][-1] is State.READY
        assert State.CLOSED in [health.state for health in healths]
        assert tws.statistics().unsent_messages == 0
        assert tws.accounts_named is not None
        with pytest.raises(LocalProtocolError):
            tws.start_api()
        await lose(tws, world)
        async with tws.health.changes() as changes:
            assert (await anext(changes)).state is State.CLOSED


@pytest.mark.virtual_time
async def test_the_health_ends_with_everything() -> None:
    world = a_world(Event(At(10), CutConnection()), Event(At(10), Wedged(seconds=1000)))

    async def follow(tws: Tws, healths: list[object]) -> None:
        async with tws.health.changes() as changes:
            async for health in changes:
                healths.append(health)  # noqa: PERF401 (what has come before the end is wanted)

    healths: list[object] = []
    with pytest.raises(ConnectionClosed, match="give_up_after"):
        async with staying(world, policy=Reconnection(give_up_after=100)) as tws:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(follow, tws, healths)
    assert len(healths) >= 2
    with pytest.raises(ConnectionClosed):
        async with tws.health.changes() as changes:
            await anext(changes)
            await anext(changes)
    with pytest.raises(ConnectionClosed):
        async with tws.stream(MarketDataRequest(AAPL)) as ticks:
            await anext(ticks)
    assert [event async for event in tws.events()] == [await tws.closed()]


async def test_it_takes_the_same_mistakes_as_any_connection() -> None:
    async with staying(a_world()) as tws:
        with pytest.raises(ValueError, match="for raw events alone"):
            tws.stream(MarketDataRequest(AAPL), when_full="block")
        with pytest.raises(ValueError, match="timeout is -1"):
            await tws.ask(ManagedAccountsRequest(), timeout=-1)


@pytest.mark.virtual_time
async def test_a_stream_whose_first_data_do_not_come_in_time_is_over_while_there_is_nobody_too() -> None:
    world = a_world()
    async with staying(world) as tws:
        world.die()
        await tws.presence.until(lambda presence: not presence.is_here)
        began = anyio.current_time()
        with pytest.raises(RequestTimedOut):
            async with tws.stream(PositionsRequest(), timeout=5) as positions:
                async for item in positions:
                    assert isinstance(item, Gap)
        assert anyio.current_time() - began == pytest.approx(5)
