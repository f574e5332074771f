"""Health as programs have it: read at once, waited for, followed; on both backends, and before a TWS of few words."""

from __future__ import annotations

import pickle
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import pytest
from anyio.abc import ByteStream

import anytws
from anytws import (
    CloseReason,
    ConnectionClosed,
    FarmState,
    Health,
    HealthTimedOut,
    LinkState,
    State,
    StreamInUse,
    Tws,
    WrongThread,
)
from anytws.client.health import LOOK_EVERY, HealthTopic
from anytws.machines.liveness import CLOCK_DISTANCE
from anytws.messages import (
    CurrentTimeRequest,
    ErrorMessage,
    ManagedAccountsRequest,
    MarketDataRequest,
    Stock,
    TickPrice,
    ToClient,
)
from anytws.simulator import ANSWERS, Answer, FarmKind, HangUp, World, WorldSettings
from anytws.simulator.faults import At, ConnectionLost, Event, FarmDown, Script, Wedged
from anytws.simulator.serve import serve_memory

OUTAGE: Final = ErrorMessage(None, 1100, "Connectivity between IB and Trader Workstation has been lost.")
BACK: Final = ErrorMessage(None, 1102, "Connectivity between IB and Trader Workstation has been restored.")
BROKEN: Final = ErrorMessage(None, 2103, "Market data farm connection is broken:usfarm")
MUTE: Final = {**ANSWERS, CurrentTimeRequest: Answer(lambda _link, _request: ())}


@asynccontextmanager
async def connected(world: World | None = None, **options: Any) -> AsyncGenerator[tuple[Tws, World]]:
    """Connect to *world* in memory; it has said what it says of its farms."""
    world = World() if world is None else world
    async with serve_memory(world) as tws:
        async with anytws.connect_stream(await tws.connect(), **options) as client:
            await client.ask(ManagedAccountsRequest())
            yield client, world


def say(world: World, *messages: ToClient) -> None:
    """Have TWS say *messages*."""
    for message in messages:
        world.links[0].say(message)


async def test_it_is_read_at_once() -> None:
    """A healthy TWS says of its farms what it has, and of its link nothing."""
    async with connected() as (tws, _):
        health = tws.health.now
        assert isinstance(health, Health)
        assert (health.state, health.link, health.is_well) == (State.READY, LinkState.UNTOLD, True)
        assert health.farm("usfarm") is FarmState.OK
        assert health.data_age is None
        assert health.word_age is not None
        assert tws.health is tws.health
        assert repr(tws.health).startswith("<health of <Pump of <Connection of CLIENT, ready")
        assert str(health).startswith("ready, link untold, ")


async def test_ages_grow_and_data_make_them_small() -> None:
    async with connected() as (tws, _), tws.stream(MarketDataRequest(Stock("AAPL"))) as ticks:
        async for tick in ticks:
            if isinstance(tick, TickPrice):
                break
        first = tws.health.now
        assert first.data_age is not None
        await anyio.sleep(0.01)
        second = tws.health.now
        assert second.data_age is not None
        assert second.word_age is not None


async def test_until_is_there_at_once_where_it_holds_already() -> None:
    """Also without any time to wait; and it lets others run, and can be cancelled, like every wait."""
    async with connected() as (tws, _):
        health = await tws.health.until(lambda health: health.is_linked, timeout=0)
        assert health.is_linked
        with anyio.CancelScope() as scope:
            scope.cancel()
            await tws.health.until(lambda health: True)
        assert scope.cancelled_caught


async def test_until_waits_for_a_change() -> None:
    async with connected() as (tws, world), anyio.create_task_group() as tasks:
        seen: list[Health] = []

        async def wait(link: LinkState) -> None:
            seen.append(await tws.health.until(lambda health: health.link is link, timeout=10))

        tasks.start_soon(wait, LinkState.DOWN)
        tasks.start_soon(wait, LinkState.DOWN)
        await anyio.wait_all_tasks_blocked()
        say(world, OUTAGE)
        await wait(LinkState.DOWN)
        say(world, BACK)
        await wait(LinkState.UP)
        assert [(health.link, health.link_code) for health in seen] == [(LinkState.DOWN, 1100)] * 3 + [
            (LinkState.UP, 1102)
        ]


@pytest.mark.virtual_time
async def test_until_looks_again_for_the_sake_of_the_ages() -> None:
    """A silence of five seconds is noticed within a quarter of a second, though nothing happens."""
    async with connected() as (tws, _):
        began = anyio.current_time()
        health = await tws.health.until(lambda health: (health.word_age or 0) >= 5, timeout=60)
        assert 5 <= anyio.current_time() - began <= 5 + LOOK_EVERY
        assert health.word_age == pytest.approx(5, abs=LOOK_EVERY)


@pytest.mark.virtual_time
async def test_until_says_how_it_was_when_the_time_was_over() -> None:
    async with connected() as (tws, world):
        say(world, BROKEN)
        began = anyio.current_time()
        with pytest.raises(HealthTimedOut, match=r"within 3 s: ready, link untold, .*usfarm broken") as problem:
            await tws.health.until(lambda health: health.link is LinkState.DOWN, timeout=3)
        assert anyio.current_time() - began == 3
        assert problem.value.seconds == 3
        assert isinstance(problem.value.health, Health)
        assert pickle.loads(pickle.dumps(problem.value)).health == problem.value.health  # noqa: S301


async def test_until_raises_the_end_unless_that_is_what_is_waited_for() -> None:
    world = World()
    outcomes: list[object] = []
    with pytest.raises(ConnectionClosed) as end:
        async with connected(world) as (tws, _):

            async def wait(closed: bool) -> None:
                try:
                    outcomes.append(
                        await tws.health.until(lambda health: (health.closed is not None) is closed and closed)
                    )
                except ConnectionClosed as problem:
                    outcomes.append(problem)
                    raise

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait, True)
                tasks.start_soon(wait, False)
                await anyio.wait_all_tasks_blocked()
                world.links[0].die(HangUp.EOF)
    assert len(outcomes) == 2
    (health,) = [outcome for outcome in outcomes if isinstance(outcome, Health)]
    assert health.closed == end.value
    assert end.value in outcomes


async def test_what_the_predicate_raises_is_raised() -> None:
    async with connected() as (tws, _):

        def holds(health: Health) -> bool:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await tws.health.until(holds)
        with pytest.raises(TypeError, match="holds is True"):
            await tws.health.until(True)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="timeout"):
            await tws.health.until(holds, timeout=-1)


async def test_changes_begin_with_the_present_and_tell_each_change() -> None:
    async with connected() as (tws, world), tws.health.changes() as changes:
        first = await anext(changes)
        assert first.link is LinkState.UNTOLD
        for message, link in ((OUTAGE, LinkState.DOWN), (BACK, LinkState.UP)):
            say(world, message, message)
            assert (await anext(changes)).link is link
        with anyio.move_on_after(0.01):
            pytest.fail(f"nothing has changed, and {await anext(changes)} came")


async def test_who_reads_slowly_is_told_the_newest() -> None:
    """However many changes there were; that there were some it can see."""
    async with connected() as (tws, world), tws.health.changes() as changes:
        await anext(changes)
        for _ in range(500):
            say(world, OUTAGE, BROKEN, BACK)
        await tws.ask(ManagedAccountsRequest())
        assert changes.statistics().waiting == 1
        health = await anext(changes)
        assert (health.link, health.link_losses) == (LinkState.UP, 500)
        assert not changes.statistics().waiting


async def test_changes_end_with_the_connection() -> None:
    """The last item says how it ended; then that is raised, as by every stream."""
    world = World()
    seen: list[Health] = []
    with pytest.raises(ConnectionClosed) as end:
        async with connected(world) as (tws, _), tws.health.changes() as changes:
            async for health in changes:
                seen.append(health)
                if len(seen) == 1:
                    world.links[0].die(HangUp.EOF)
    assert end.value.reason is CloseReason.EOF
    assert [health.state for health in seen] == [State.READY, State.CLOSED]
    assert seen[-1].closed == end.value


async def test_changes_are_a_stream_like_the_others() -> None:
    """One block, one reader, one thread; whoever leaves is forgotten."""
    async with connected() as (tws, _):
        changes = tws.health.changes()
        assert repr(changes).startswith("<HealthChanges of <Pump of <Connection")
        with pytest.raises(RuntimeError, match="inside its block"):
            aiter(changes)
        async with changes:
            await anext(changes)
            with pytest.raises(RuntimeError, match="one block"):
                await changes.__aenter__()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(anext, changes)
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(StreamInUse):
                    await anext(changes)
                tasks.cancel_scope.cancel()
        with pytest.raises(StopAsyncIteration):
            await anext(changes)
        with pytest.raises(WrongThread, match=r"Tws\.health\.now"):
            await anyio.to_thread.run_sync(lambda: tws.health.now)
        with pytest.raises(WrongThread, match=r"Tws\.health\.changes"):
            await anyio.to_thread.run_sync(tws.health.changes)
        assert isinstance(tws.health, HealthTopic)
        assert tws._pump._waking == {}


@pytest.mark.virtual_time
async def test_a_tws_that_falls_silent_is_noticed() -> None:
    """Three times as long as was said, and the block ends."""
    async with serve_memory(World(answers=MUTE)) as simulated:
        stream: ByteStream = await simulated.connect()
        began = 0.0
        with pytest.raises(ConnectionClosed, match="liveness") as end:
            async with anytws.connect_stream(stream, liveness=20) as tws:
                began = anyio.current_time()
                await tws.health.until(lambda health: health.link is LinkState.DOWN)
        assert end.value.reason is CloseReason.UNRESPONSIVE
        assert 60 <= anyio.current_time() - began <= 61


@pytest.mark.virtual_time
async def test_a_tws_that_answers_lives_for_ever() -> None:
    """A day without a word but the answers to probes; and whoever asks for the time gets it."""
    async with serve_memory(World()) as simulated:
        async with anytws.connect_stream(await simulated.connect(), liveness=600) as tws:
            await anyio.sleep(24 * 3600)
            assert tws.state is State.READY
            assert (tws.health.now.word_age or 0) <= 600
            for _ in range(3):
                await tws.current_time()
        assert tws.health.now.state is State.CLOSED


@pytest.mark.virtual_time
async def test_a_stream_that_makes_tws_wait_is_no_silence_of_tws() -> None:
    """Nothing is read for half a minute; then that stream fails, and TWS, which has answered all along, lives."""
    async with connected(liveness=2) as (tws, world):
        with tws.events(capacity=1, when_full="block") as events:
            await anext(events)
            say(world, OUTAGE, BACK, OUTAGE)
            await anyio.sleep(29)
            assert tws.state is State.READY
            assert (tws.health.now.word_age or 0) > 20
            await anyio.sleep(30)
            assert tws.state is State.READY
            assert (tws.health.now.word_age or 0) <= CLOCK_DISTANCE


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [176, 200, 226])
async def test_outages_of_the_simulated_tws(version: int) -> None:
    """Link, farm and link again, with what the vendor says: each change in its place, and at the end all is well."""
    script = Script(
        (
            Event(At(10), FarmDown(FarmKind.HISTORICAL, seconds=5)),
            Event(At(20), ConnectionLost(seconds=5)),
            Event(At(30), ConnectionLost(seconds=5, data_lost=True)),
        )
    )
    seen: list[tuple[float, str]] = []
    world = World(WorldSettings(server_version=version), script=script)
    async with connected(world) as (tws, _), tws.health.changes() as changes:
        with anyio.move_on_after(40):
            while True:
                health = await anext(changes)
                seen.append((round(anyio.current_time()), f"{health.link_code} {health.farm('ushmds')}"))
        final = tws.health.now
    assert seen[1:] == [
        (10, "None FarmState.BROKEN"),
        (15, "None FarmState.OK"),
        (20, "1100 FarmState.OK"),
        (25, "1102 FarmState.OK"),
        (30, "1100 FarmState.OK"),
        (35, "1101 FarmState.OK"),
    ]
    assert (final.is_well, final.link_losses, final.data_losses) == (True, 2, 1)


@pytest.mark.virtual_time
async def test_a_wedged_tws_is_noticed_and_one_that_goes_on_in_time_is_not() -> None:
    """It takes what is sent, and says nothing; the second time it would come back just after the end."""
    for seconds, lives in ((54, True), (56, False)):
        world = World(script=Script((Event(At(5), Wedged(seconds=seconds)),)))
        reason = None
        try:
            async with connected(world, liveness=20) as (tws, _):
                await anyio.sleep(200)
                assert tws.state is State.READY
        except ConnectionClosed as end:
            reason = end.reason
        assert reason is (None if lives else CloseReason.UNRESPONSIVE)
