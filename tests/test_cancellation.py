"""Cancelled wherever it may be, a connection leaves nothing: no socket, no task, no link of TWS, no waiter.

The instrument is `stepwise`: it drives the connecting task by hand and counts its checkpoints, so that a scope can be
cancelled at the first, at the second, and so on until the work is done without having been cancelled.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest
import trio

import anytws
from anytws import CloseReason, ConnectionClosed, HandshakeOptions, State, Tws
from anytws.machines.conversations import DRAIN
from anytws.messages import CurrentTimeRequest, IdsRequest
from anytws.simulator import ANSWERS, Answer, HangUp, Opening, World, WorldSettings
from anytws.simulator.serve import serve, serve_memory
from tests.misbehaving_tws import PATIENCE, open_files, until

MANY: Final = 500
"""More checkpoints than anything here has."""

Connecting = Callable[[], AbstractAsyncContextManager[Tws]]
"""Gives a fresh connection to the world of a test."""

Way = Callable[..., AbstractAsyncContextManager[Connecting]]
"""Serves a world in one way or the other."""

MUTE: Final = {**ANSWERS, CurrentTimeRequest: Answer(lambda _link, _request: ())}
"""The answers of a TWS that never tells the time."""


@types.coroutine
def stepwise(work: Coroutine[Any, Any, object], at_checkpoint: Callable[[int], None]) -> Generator[Any, Any, None]:
    """Do *work*, and call *at_checkpoint* each time before its task waits, with how often it has."""
    resume: Callable[[], Any] = lambda: work.send(None)  # noqa: E731
    for count in range(MANY):
        try:
            request = resume()
        except StopIteration:
            return
        at_checkpoint(count)
        try:
            answer = yield request
        except BaseException as problem:
            resume = _throwing(work, problem)
        else:
            resume = _sending(work, answer)
    raise AssertionError(f"more than {MANY} checkpoints")


def _throwing(work: Coroutine[Any, Any, object], problem: BaseException) -> Callable[[], Any]:
    return lambda: work.throw(problem)


def _sending(work: Coroutine[Any, Any, object], answer: object) -> Callable[[], Any]:
    return lambda: work.send(answer)


async def cancelled_everywhere(work: Callable[[], Coroutine[Any, Any, object]], world: World) -> int:
    """Cancel *work* at each of its checkpoints in turn; give how many there were.

    After each, nothing may be left.
    """
    for victim in range(MANY):
        files, tasks = open_files(), living_tasks()
        with anyio.fail_after(PATIENCE), anyio.CancelScope() as scope:

            def strike(count: int, victim: int = victim, scope: anyio.CancelScope = scope) -> None:
                if count == victim:
                    scope.cancel()

            await stepwise(work(), strike)
        await until(lambda: not world.links)
        await until(lambda: open_files() == files)  # noqa: B023 (it is called at once)
        await until(lambda: living_tasks() == tasks)  # noqa: B023 (it is called at once)
        if not scope.cancel_called:
            return victim
    raise AssertionError(f"more than {MANY} checkpoints")


def living_tasks() -> int:
    """How many tasks there are."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return trio.lowlevel.current_statistics().tasks_living


@pytest.fixture(params=["tcp", "memory"])
def way(request: pytest.FixtureRequest) -> Way:
    """Serve a world in either way; gives what to connect with."""
    ways: dict[str, Way] = {"tcp": over_tcp, "memory": over_memory}
    return ways[request.param]


@asynccontextmanager
async def over_tcp(world: World, **options: Any) -> AsyncGenerator[Connecting]:
    async with serve(world) as tws:
        yield lambda: anytws.connect(tws.host, tws.port, **options)


@asynccontextmanager
async def over_memory(world: World, **options: Any) -> AsyncGenerator[Connecting]:
    async with serve_memory(world) as tws:

        @asynccontextmanager
        async def connect() -> AsyncGenerator[Tws]:
            async with anytws.connect_stream(await tws.connect(), **options) as client:
                yield client

        yield connect


# At every checkpoint


async def test_connecting_and_leaving(way: Way) -> None:
    """The TCP connection, the handshake, and the way out."""
    world = World()
    async with way(world) as connect:

        async def work() -> None:
            async with connect():
                pass

        assert await cancelled_everywhere(work, world) >= 3


async def test_a_request(way: Way) -> None:
    """A request that waits for its answer, and the flush of the last one."""
    world = World()
    async with way(world) as connect:

        async def work() -> None:
            async with connect() as tws:
                await tws.current_time()
                tws.send(IdsRequest())

        assert await cancelled_everywhere(work, world) >= 4


async def test_failing_to_connect(way: Way) -> None:
    """A client that TWS refuses."""
    world = World(WorldSettings(api_enabled=False))
    async with way(world) as connect:

        async def work() -> None:
            with pytest.raises(anytws.ConnectError):
                async with connect():
                    raise AssertionError("the block was entered")

        await cancelled_everywhere(work, world)


async def test_the_end_by_tws(way: Way) -> None:
    """A connection that ends in the block."""
    world = World()
    async with way(world) as connect:

        async def work() -> None:
            with pytest.raises(ConnectionClosed):
                async with connect():
                    world.links[0].die()
                    await anyio.sleep_forever()

        await cancelled_everywhere(work, world)


async def test_waiting_for_the_end(way: Way) -> None:
    """A task that waits in `closed`, and a reader of events."""
    world = World()
    async with way(world) as connect:

        async def work() -> None:
            async with connect() as tws, anyio.create_task_group() as tasks:

                async def read() -> None:
                    async for _ in tws.events():
                        continue

                tasks.start_soon(read)
                tasks.start_soon(tws.closed)
                await tws.current_time()
                world.links[0].die()
                await tws.closed()

        await cancelled_everywhere(work, world)


async def test_two_connections_in_each_other(way: Way) -> None:
    """A connection inside the block of another: both go."""
    world = World()
    async with way(world) as connect:

        async def work() -> None:
            async with connect():
                async with connect_as(2):
                    await anyio.lowlevel.checkpoint()

        async with way(world, client_id=2) as connect_as_two:

            def connect_as(_: int) -> AbstractAsyncContextManager[Tws]:
                return connect_as_two()

            await cancelled_everywhere(work, world)


async def test_after_every_number_of_turns(way: Way) -> None:
    """The same from outside: another task cancels after so many turns of the event loop, whoever runs then."""
    world = World()
    async with way(world) as connect:
        for turns in range(60):
            files = open_files()
            with anyio.fail_after(PATIENCE):
                async with anyio.create_task_group() as tasks:

                    async def work() -> None:
                        async with connect() as tws:
                            await tws.current_time()

                    tasks.start_soon(work)
                    for _ in range(turns):
                        await anyio.lowlevel.checkpoint()
                    tasks.cancel_scope.cancel()
            await until(lambda: not world.links)
            await until(lambda: open_files() == files)  # noqa: B023 (it is called at once)


# While something takes long


SLOW: Final = {
    "the version reply": WorldSettings(trusted_addresses=frozenset(), dialog_seconds=3600.0),
    "the start": WorldSettings(opening=()),
    "the accounts": WorldSettings(opening=(Opening.NEXT_VALID_ID,)),
}


@pytest.mark.virtual_time
@pytest.mark.parametrize("settings", SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.9])
async def test_a_deadline_of_the_callers_own(settings: WorldSettings, seconds: float) -> None:
    """The caller's deadline holds exactly, whatever is waited for, and is the caller's own `TimeoutError`."""
    world = World(settings)
    async with over_memory(world) as connect:
        began = anyio.current_time()
        with pytest.raises(TimeoutError):
            with anyio.fail_after(seconds):
                async with connect():
                    raise AssertionError("the block was entered")
        assert anyio.current_time() - began == pytest.approx(seconds)
        await until(lambda: not world.links)


@pytest.mark.virtual_time
async def test_a_request_that_is_given_up() -> None:
    """A request obeys the scope around it; the connection goes on, and the next request is asked anew."""
    world = World(answers=MUTE)
    async with over_memory(world) as connect, connect() as tws:
        with anyio.move_on_after(0.5) as scope:
            await tws.current_time()
        assert scope.cancelled_caught
        world.answers = ANSWERS
        # TWS may still answer the one that was given up, so the next has to wait until that is out of the question.
        await tws.current_time(timeout=2 * DRAIN)
        assert anyio.current_time() == pytest.approx(0.5 + DRAIN)
        assert tws.state is State.READY
    assert [type(heard.message) for heard in world.heard] == [CurrentTimeRequest] * 2


# What comes out


class Stop(BaseException):
    """Such as `KeyboardInterrupt` and `SystemExit` are."""


@pytest.mark.parametrize(
    "problem",
    [
        ValueError("mine"),
        ExceptionGroup("mine", [ValueError("one"), KeyError("two")]),
        anytws.ConnectionClosed(CloseReason.EOF, State.READY, "of another connection"),
        TimeoutError("mine"),
        Stop("mine"),
        KeyboardInterrupt("mine"),
        SystemExit(3),
    ],
    ids=lambda problem: type(problem).__name__,
)
async def test_an_exception_of_the_block_is_its_own(way: Way, problem: BaseException) -> None:
    """What is raised in the block leaves it as it is: no group around it, and no other in its place."""
    world = World()
    async with way(world) as connect:
        caught: BaseException | None = None
        try:
            async with connect():
                raise problem
        except BaseException as left:
            caught = left
        assert caught is problem
        await until(lambda: not world.links)


async def test_an_exception_of_the_block_goes_before_the_end(way: Way) -> None:
    """A block that fails of its own accord after the connection ended is not told about the end instead."""
    world = World()
    async with way(world) as connect:
        with pytest.raises(ValueError, match="mine"):
            async with connect() as tws:
                world.links[0].die()
                with anyio.CancelScope(shield=True):
                    await until(lambda: tws.state is State.CLOSED)
                    raise ValueError("mine")


async def test_an_exception_of_a_cancelled_block_is_not_lost(way: Way) -> None:
    """An exception raised while the block is being cancelled goes before the cancellation, as everywhere."""
    world = World()
    async with way(world) as connect:
        with pytest.raises(ValueError, match="mine"):
            with anyio.CancelScope() as scope:
                async with connect():
                    scope.cancel()
                    raise ValueError("mine")
        await until(lambda: not world.links)


async def test_the_end_comes_bare(way: Way) -> None:
    """When the connection ends, `ConnectionClosed` leaves the block, and no group around it."""
    world = World()
    async with way(world) as connect:
        with pytest.raises(ConnectionClosed) as caught:
            async with connect() as tws:
                world.links[0].die()
                await anyio.sleep_forever()
        assert caught.value.reason is CloseReason.EOF
        assert tws.state is State.CLOSED


async def test_the_end_comes_bare_through_a_task_group(way: Way) -> None:
    """So it does where the block has a task group, of which some tasks wait for TWS and some for something else.

    Which of them notices first is a matter of scheduling, and the caller's `except` cannot depend on that.
    """
    world = World(answers=MUTE)
    async with way(world) as connect:
        with pytest.raises(ConnectionClosed) as caught:
            async with connect() as tws, anyio.create_task_group() as tasks:
                tasks.start_soon(tws.current_time)
                tasks.start_soon(tws.current_time)
                tasks.start_soon(anyio.sleep_forever)
                await until(lambda: world.heard)
                world.links[0].die()
                await anyio.sleep_forever()
        assert caught.value.reason is CloseReason.EOF


async def test_the_end_beside_another_problem_is_not_lost(way: Way) -> None:
    """Where a task of the block failed of its own accord as well, the group comes out as it is, with both."""
    world = World(answers=MUTE)
    async with way(world) as connect:

        async def fail(tws: Tws) -> None:
            with pytest.raises(ConnectionClosed):
                await tws.current_time()
            raise ValueError("mine")

        with pytest.raises(ExceptionGroup) as caught:
            async with connect() as tws, anyio.create_task_group() as tasks:
                tasks.start_soon(fail, tws)
                await until(lambda: world.heard)
                world.links[0].die()
                await anyio.sleep_forever()
        assert caught.group_contains(ValueError, match="mine")


async def test_a_failing_task_of_the_caller(way: Way) -> None:
    """A task group around the block behaves as ever: its failed task cancels the block, and comes out alone."""
    world = World()
    async with way(world) as connect:

        async def fail() -> None:
            await until(lambda: world.links and world.links[0].state is State.READY)
            raise ValueError("mine")

        with pytest.raises(ExceptionGroup) as caught:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(fail)
                async with connect():
                    await anyio.sleep_forever()
        (problem,) = caught.value.exceptions
        assert isinstance(problem, ValueError)
        await until(lambda: not world.links)


async def test_connections_in_a_task_group(way: Way) -> None:
    """Connections live in tasks beside each other, and end on their own."""
    world = World()
    ended: list[int] = []
    async with way(world) as connect:
        async with anyio.create_task_group() as tasks:

            async def live(client_id: int) -> None:
                async with way_as(client_id) as connect_as, connect_as() as tws:
                    assert tws.client_id == client_id
                    await tws.current_time()
                ended.append(client_id)

            def way_as(client_id: int) -> AbstractAsyncContextManager[Connecting]:
                return way(world, client_id=client_id)

            for client_id in range(5):
                tasks.start_soon(live, client_id)
    assert sorted(ended) == [0, 1, 2, 3, 4]
    assert connect is not None


async def test_the_outer_connection_ends_first(way: Way) -> None:
    """The end of an outer connection cancels the block of an inner one, and comes out as what it is."""
    world = World()
    async with way(world) as connect, way(world, client_id=2) as connect_inner:
        with pytest.raises(ConnectionClosed) as caught:
            async with connect() as outer:
                async with connect_inner() as inner:
                    outer_link, _ = world.links
                    outer_link.die(HangUp.RESET)
                    await anyio.sleep_forever()
        assert caught.value.reason is CloseReason.RESET
        assert (outer.state, inner.state) == (State.CLOSED, State.CLOSED)
        await until(lambda: not world.links)


async def test_the_inner_connection_ends_first(way: Way) -> None:
    """The end of an inner connection is an exception like any other to the block of the outer one, which lives on."""
    world = World()
    async with way(world) as connect, way(world, client_id=2) as connect_inner, connect() as outer:
        with pytest.raises(ConnectionClosed):
            async with connect_inner():
                world.links[1].die()
                await anyio.sleep_forever()
        await outer.current_time()


async def test_a_scope_in_the_block_is_the_callers(way: Way) -> None:
    """A scope of the caller's in the block catches what it cancelled, and only that."""
    world = World()
    async with way(world) as connect, connect() as tws:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        await tws.current_time()


# Who else waits


Waiter = Callable[[Tws], Awaitable[ConnectionClosed]]


async def wait_in_closed(tws: Tws) -> ConnectionClosed:
    return await tws.closed()


async def read_events(tws: Tws) -> ConnectionClosed:
    events = [event async for event in tws.events()]
    assert isinstance(events[-1], ConnectionClosed)
    return events[-1]


async def wait_for_an_answer(tws: Tws) -> ConnectionClosed:
    with pytest.raises(ConnectionClosed) as caught:
        await tws.current_time(timeout=PATIENCE * 2)
    return caught.value


@pytest.mark.parametrize("wait", [wait_in_closed, read_events, wait_for_an_answer])
@pytest.mark.parametrize("leave", ["in order", "by an exception", "cancelled", "by an interrupt"])
async def test_who_waits_outside_of_the_block_is_told(way: Way, wait: Waiter, leave: str) -> None:
    """However the block is left, everybody who still waits on its connection hears the end, and nobody hangs."""
    world = World(answers=MUTE)
    told: list[ConnectionClosed] = []
    async with way(world) as connect:
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as outside:

                async def learn(tws: Tws) -> None:
                    told.append(await wait(tws))

                try:
                    with anyio.CancelScope() as scope:
                        async with connect() as tws:
                            outside.start_soon(learn, tws)
                            for _ in range(5):
                                await anyio.lowlevel.checkpoint()
                            if leave == "by an exception":
                                raise ValueError
                            if leave == "by an interrupt":
                                raise Stop
                            if leave == "cancelled":
                                scope.cancel()
                                await anyio.lowlevel.checkpoint()
                except* (ValueError, Stop):
                    pass
    (end,) = told
    assert end.reason is CloseReason.LOCAL
    assert end.state is State.READY


async def test_a_connection_that_was_cancelled_is_closed(way: Way) -> None:
    """After a cancelled block its connection says that it is closed, and refuses to be used."""
    world = World()
    async with way(world) as connect:
        with anyio.CancelScope() as scope:
            async with connect() as tws:
                scope.cancel()
                await anyio.sleep_forever()
        assert tws.state is State.CLOSED
        with pytest.raises(ConnectionClosed):
            await tws.current_time()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_cancelled_the_asyncio_way(anyio_backend: str) -> None:
    """Plain `Task.cancel` works as an asyncio user expects: `CancelledError`, bare, and nothing is left."""
    world = World()
    async with over_tcp(world) as connect:

        async def work() -> None:
            async with connect():
                await asyncio.sleep(3600)

        for turns in range(40):
            files = open_files()
            task = asyncio.create_task(work())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: not world.links)
            await until(lambda: open_files() == files)  # noqa: B023 (it is called at once)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_timeout_of_asyncio(anyio_backend: str) -> None:
    """`asyncio.timeout` around a connect gives its own `TimeoutError`."""
    world = World(WorldSettings(opening=()))
    async with over_tcp(world, options=HandshakeOptions(start_timeout=None)) as connect:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                async with connect():
                    raise AssertionError("the block was entered")
        await until(lambda: not world.links)


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_a_nursery_of_trio(anyio_backend: str) -> None:
    """A trio nursery in the block, cancelled by the end of the connection, lets `ConnectionClosed` out bare."""
    world = World()
    async with over_tcp(world) as connect:
        with pytest.raises(ConnectionClosed):
            async with connect(), trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                world.links[0].die()
