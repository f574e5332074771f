"""Staying connected: nights, ends, and the ways out of the block.

What is said and asked inside is tried in ``test_kept_tws.py``; streams in ``test_kept.py``.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import random
import re
import signal
from collections.abc import Callable
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import ByteStream

import anytws
from anytws import CloseReason, ConnectionClosed, HandshakeOptions, RequestTimedOut, Tws
from anytws.client.keep_connected import keep_connected, keep_connected_stream
from anytws.errors import LocalProtocolError
from anytws.machines.presence import Presence, PresenceState
from anytws.machines.reconnection import Reconnection
from anytws.machines.records import Gap, Resumed
from anytws.messages import (
    AllOpenOrdersRequest,
    ContractDataRequest,
    CurrentTimeRequest,
    IdsRequest,
    ManagedAccounts,
    MarketDataRequest,
    PlaceOrderRequest,
    TickByTickRequest,
    TickByTickType,
)
from anytws.messages.session import ErrorMessage
from anytws.runtime.connect_errors import (
    ClientIdInUse,
    ConnectTimedOut,
    NotPaper,
    TcpConnectFailed,
    UnsupportedServerVersion,
)
from anytws.runtime.pump import Pump
from anytws.simulator import ANSWERS, Answer, HangUp, Opening, World, WorldSettings
from anytws.simulator.faults import (
    AcceptAndHangUp,
    At,
    ConnectionLost,
    CutConnection,
    Event,
    HoldClientIds,
    NightlyRestart,
    Timeout,
    Wedged,
)
from anytws.simulator.serve import MemoryTws, serve, serve_memory
from tests.misbehaving_tws import OPENING, PATIENCE, REPLY
from tests.staying import MORNING, Diary, a_world, kinds, lose, present, staying
from tests.test_cancellation import cancelled_everywhere
from tests.trading import AAPL, limit

S = PresenceState
NO_WAIT: Final = Reconnection(first_pause=0.1, longest_pause=0.1)


# Nights


@pytest.mark.virtual_time
async def test_a_nightly_restart_is_lived_through() -> None:
    """Torn, refused for 80 s, 326 for 30 s: the same client id, one gap, and all is told."""
    world, diary = a_world(Event(At(100), NightlyRestart(stale_seconds=30))), Diary()
    async with staying(world, hook=diary) as tws:
        with tws.events() as events:
            assert await tws.current_time() == MORNING
            here = await present(tws)
            assert here.last_end is not None
            assert here.gap is None
            assert tws.client_id == 7
            seconds = (await tws.current_time() - MORNING).total_seconds()
            assert 210 <= seconds <= 220
            told = [event async for event in until(events, Resumed)]
            assert kinds(told).count("Gap") == 1
            gap, resumed = told[-2:]
            assert isinstance(gap, Gap)
            assert isinstance(resumed, Resumed)
            assert resumed.gap == gap
            # Ten seconds before the end came the last byte.
            assert 110 <= (resumed.until - gap.since).total_seconds() <= 130
    assert diary.states[:4] == [S.RETURNING, S.PRESENT, S.WAITING, S.CONNECTING]
    assert diary.states[-4:] == [S.CONNECTING, S.RETURNING, S.PRESENT, S.OVER]
    waits = [presence for presence in diary.presences if presence.state is S.WAITING]
    assert {presence.last_end.reason for presence in waits if presence.last_end} == {
        CloseReason.RESET,
        CloseReason.CONNECT_FAILED,
        CloseReason.CLIENT_ID_IN_USE,
    }
    assert [presence.attempts for presence in waits] == list(range(len(waits)))
    assert {presence.gap for presence in waits} == {gap}
    assert waits == sorted(waits, key=lambda presence: presence.since)


async def until(events: Any, kind: type) -> Any:
    """Give the events until one is of *kind*."""
    async for event in events:
        yield event
        if isinstance(event, kind):
            return


@pytest.mark.virtual_time
async def test_a_wedged_gateway_is_told_as_such() -> None:
    world, diary = a_world(Event(At(5), CutConnection()), Event(At(5), Wedged(seconds=120))), Diary()
    async with staying(world, hook=diary) as tws:
        await present(tws)
    whys = [presence.why for presence in diary.presences if presence.state is S.WAITING]
    assert whys[1] == "it took the connection and did not answer in time"
    assert "wedged like this has to be restarted" in whys[2]


@pytest.mark.virtual_time
async def test_a_forwarder_whose_tws_is_not_up_is_outwaited() -> None:
    world, diary = a_world(Event(At(5), CutConnection()), Event(At(5), AcceptAndHangUp(seconds=100))), Diary()
    async with staying(world, hook=diary) as tws:
        assert (await present(tws)).attempts == 0
    reasons = [presence.last_end.reason for presence in diary.presences if presence.last_end is not None]
    assert CloseReason.REFUSED in reasons


@pytest.mark.virtual_time
async def test_a_link_that_is_dead_is_noticed() -> None:
    """Nothing comes, nothing ends: by three times 30 seconds it is over, and tried again."""
    world = a_world(Event(At(10), Timeout(0, lasts=200)))
    async with staying(world) as tws:
        away = await tws.presence.until(lambda presence: not presence.is_here, timeout=110)
        assert away.last_end is not None
        assert away.last_end.reason is CloseReason.UNRESPONSIVE
        await present(tws)


async def test_a_port_that_has_moved_is_followed() -> None:
    """1300 names the new port, and it is there that it goes on; over real sockets."""
    async with serve(World()) as new, serve(World()) as old:
        async with keep_connected("127.0.0.1", old.port, client_id=7, policy=NO_WAIT) as tws:
            old.world.links[0].say(port_changed(new.port))
            old.world.links[0].die()
            with anyio.fail_after(PATIENCE):
                here = await present(tws)
                assert here.address == f"127.0.0.1:{new.port}"
                await tws.current_time()


def port_changed(port: int) -> ErrorMessage:
    text = f"Socket port has been reset and this connection is being dropped. Please reconnect on the new port - {port}"
    return ErrorMessage(request_id=None, error_code=1300, error_message=text)


async def test_over_real_sockets_a_tws_that_dies_and_comes_back() -> None:
    async with serve(World()) as tcp:
        async with keep_connected("", tcp.port, policy=NO_WAIT) as tws:
            for how in HangUp:
                tcp.world.die(how)
                with anyio.fail_after(PATIENCE):
                    await tws.presence.until(lambda presence: presence.attempts > 1)
                    tcp.world.restart()
                    assert await tws.ask(CurrentTimeRequest())
            assert str(tws.presence.now).startswith("present (127.0.0.1:")


# Entering


@pytest.mark.virtual_time
async def test_it_is_entered_when_tws_comes_up() -> None:
    world, told = a_world(), []
    world.die()
    async with serve_memory(world) as served, anyio.create_task_group() as tasks:

        async def come_up() -> None:
            await anyio.sleep(50)
            world.restart()

        tasks.start_soon(come_up)
        async with keep_connected_stream(served.connect, on_presence=told.append) as tws:
            assert tws.presence.now.state is S.PRESENT
            assert tws.presence.now.gaps == 0
    assert [presence.state for presence in told] == [S.WAITING, S.CONNECTING] * 6
    assert all(isinstance(presence, Presence) for presence in told)
    assert told[-1].attempts == 6


@pytest.mark.virtual_time
async def test_what_cannot_be_entered_in_time_raises_what_was_seen_last() -> None:
    world = a_world()
    world.die()
    began = anyio.current_time()
    with pytest.raises(TcpConnectFailed) as caught:
        async with staying(world, policy=Reconnection(enter_within=60)):
            raise AssertionError("it is not there")
    assert anyio.current_time() - began == pytest.approx(60)
    assert re.fullmatch(r"given up after 8 attempts: .*\(enter_within\)", caught.value.__notes__[0])


@pytest.mark.parametrize(
    "settings, options, kind",
    [
        ({"server_version": 160}, {"options": HandshakeOptions(minimum_version=200)}, UnsupportedServerVersion),
        ({"accounts": ("U1234567",)}, {"paper_only": True}, NotPaper),
    ],
    ids=["version", "paper"],
)
async def test_what_is_hopeless_before_it_begins_raises_at_once(
    settings: dict[str, Any], options: dict[str, Any], kind: type[Exception]
) -> None:
    with anyio.fail_after(PATIENCE), pytest.raises(kind):
        async with staying(a_world(**settings), **options):
            raise AssertionError("it is not there")


@pytest.mark.virtual_time
async def test_a_client_id_that_somebody_has_is_given_up() -> None:
    began = anyio.current_time()
    async with serve_memory(a_world()) as served:
        async with anytws.connect_stream(await served.connect(), client_id=7):
            with pytest.raises(ClientIdInUse, match="326"):
                async with keep_connected_stream(served.connect, client_id=7):
                    raise AssertionError("it is somebody else's")
    assert anyio.current_time() - began == pytest.approx(120)


async def test_what_makes_no_connection_is_told_at_the_call() -> None:
    wrong: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: keep_connected("h:1"), ValueError, "two arguments|has to be a name"),
        (lambda: keep_connected(policy=30), TypeError, "policy is 30, and has to be a Reconnection"),  # type: ignore[arg-type]  # the mistake
        (lambda: keep_connected(on_presence=3), TypeError, "on_presence is 3"),  # type: ignore[arg-type]  # the mistake
        (lambda: keep_connected(liveness="x"), TypeError, "liveness"),  # type: ignore[arg-type]  # the mistake
        (
            lambda: keep_connected(options=HandshakeOptions(start_api_by_hand=True)),
            ValueError,
            "start_api_by_hand, which is for connect",
        ),
        (lambda: keep_connected_stream(None), TypeError, "opening is None"),  # type: ignore[arg-type]  # the mistake
    ]
    for call, kind, problem in wrong:
        with pytest.raises(kind, match=problem):
            call()


async def test_a_call_that_is_no_block_says_so() -> None:
    block = keep_connected(port=1)
    assert repr(block) == "<keep_connected() to 127.0.0.1:1, not entered>"
    with pytest.raises(TypeError, match=r"keep_connected\(\) gives no connection but a block"):
        await block  # type: ignore[misc]  # the mistake


async def test_what_opening_raises_and_is_no_oserror_leaves_the_block() -> None:
    async def opening() -> ByteStream:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with keep_connected_stream(opening):
            raise AssertionError("there is no stream")


@pytest.mark.virtual_time
async def test_an_opening_that_takes_too_long_is_tried_again() -> None:
    tries: list[float] = []
    async with serve_memory(a_world()) as served:

        async def opening() -> ByteStream:
            tries.append(anyio.current_time())
            if len(tries) == 1:
                await anyio.sleep_forever()
            return await served.connect()

        async with keep_connected_stream(opening, connect_timeout=4, client_id=0):
            assert tries[1] - tries[0] == pytest.approx(5)


# Hopeless later


@pytest.mark.virtual_time
async def test_somebody_who_takes_the_client_id_ends_everything() -> None:
    """Waiters, streams and the block get the one end; the reader of events gets it last."""
    world = a_world(Event(At(10), CutConnection()), Event(At(9), HoldClientIds((7,), seconds=1000)))
    got: list[Exception] = []
    events: list[object] = []

    async def ask(tws: Tws) -> None:
        try:
            await tws.ask(CurrentTimeRequest(), timeout=2000)
        except ConnectionClosed as end:
            got.append(end)

    async def read(tws: Tws) -> None:
        events.extend([event async for event in tws.events()])

    with pytest.raises(ConnectionClosed) as caught:
        async with staying(world) as tws:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read, tws)
                await anyio.sleep(20)
                tasks.start_soon(ask, tws)
                await anyio.sleep(1000)
    end = caught.value
    assert end.reason is CloseReason.CLIENT_ID_IN_USE
    assert "not tried again: this client id has been in use" in end.detail
    assert got == [end]
    assert events[-1] == end
    assert kinds(events).count("ConnectionClosed") == 1
    assert kinds(events)[-2:] == ["Gap", "ConnectionClosed"]
    assert tws.presence.now.state is S.OVER
    with pytest.raises(ConnectionClosed):
        await tws.ask(CurrentTimeRequest())
    with pytest.raises(ConnectionClosed):
        tws.send(CurrentTimeRequest())


@pytest.mark.virtual_time
async def test_who_waits_for_the_end_is_told_and_the_block_goes_on() -> None:
    world = a_world(Event(At(10), CutConnection()))
    async with staying(world, policy=Reconnection(give_up_after=60)) as tws:
        await anyio.sleep(5)
        world_down(world)
        end = await tws.closed()
        assert "(give_up_after)" in end.detail
        await anyio.sleep(10)
        with pytest.raises(ConnectionClosed):
            await tws.presence.until(lambda presence: presence.is_here)
        assert await tws.closed() == end


def world_down(world: World) -> None:
    """Have TWS die, and stay so."""
    world.die()


@pytest.mark.virtual_time
async def test_a_live_account_that_comes_up_after_the_restart_is_hopeless() -> None:
    world = a_world()
    with pytest.raises(ConnectionClosed) as caught:
        async with staying(world, paper_only=True) as tws:
            world.links[-1].say(ManagedAccounts(("U7654321",)))
            await tws.presence.until(lambda presence: presence.state is S.PRESENT and presence.gaps > 0)
    assert caught.value.reason is CloseReason.NOT_PAPER


# Out of the block


async def test_what_the_block_raises_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with staying(a_world()):
            raise ZeroDivisionError
    world = a_world()
    with pytest.raises(LocalProtocolError):
        async with staying(world) as tws:
            await lose(tws, world)
            raise LocalProtocolError("mine")


@pytest.mark.virtual_time
async def test_groups_of_the_block_collapse_to_the_one_end() -> None:
    world = a_world()
    with pytest.raises(ConnectionClosed) as caught:
        async with staying(world, policy=Reconnection(give_up_after=1)) as tws:
            world.die()
            async with anyio.create_task_group() as outer:
                outer.start_soon(anyio.sleep_forever)
                async with anyio.create_task_group() as inner:
                    for _ in range(3):
                        inner.start_soon(tws.ask, CurrentTimeRequest())
    assert "(give_up_after)" in caught.value.detail


@pytest.mark.virtual_time
async def test_leaving_takes_at_most_a_second_in_any_state() -> None:
    """Waiting, connecting to a wedged TWS, amid a handshake, on the way back, and present."""
    for events, seconds, state in (
        ([], 0.0, S.PRESENT),
        ([Event(At(5), CutConnection()), Event(At(5), AcceptAndHangUp(seconds=1000))], 100.5, S.WAITING),
        ([Event(At(5), CutConnection()), Event(At(5), Wedged(seconds=1000))], 12.0, S.CONNECTING),
    ):
        async with staying(a_world(*events)) as tws:
            await anyio.sleep(seconds)
            assert tws.presence.now.state is state
            began = anyio.current_time()
        assert anyio.current_time() - began <= 1.01
        assert tws.presence.now.state is S.OVER
        with pytest.raises(ConnectionClosed):
            await tws.ask(CurrentTimeRequest())


class Clogged(ByteStream):
    """A byte stream that takes no more bytes once it is told to."""

    def __init__(self, inner: ByteStream) -> None:
        self.inner = inner
        self.is_clogged = False

    async def send(self, item: bytes) -> None:
        if self.is_clogged:
            await anyio.sleep_forever()
        await self.inner.send(item)

    async def receive(self, max_bytes: int = 65536) -> bytes:
        return await self.inner.receive(max_bytes)

    async def send_eof(self) -> None:
        await self.inner.send_eof()

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.mark.virtual_time
async def test_leaving_while_nothing_can_be_written() -> None:
    """What was said last has a second; that it has not left is told, as under connect."""
    streams: list[Clogged] = []

    def clogging(served: MemoryTws) -> Callable[[], Any]:
        async def opening() -> ByteStream:
            streams.append(Clogged(await served.connect()))
            return streams[-1]

        return opening

    with pytest.raises(ConnectionClosed) as caught:
        async with staying(a_world(), through=clogging) as tws:
            streams[-1].is_clogged = True
            tws.send(IdsRequest())
            began = anyio.current_time()
    assert caught.value.reason is CloseReason.SEND_FAILED
    assert anyio.current_time() - began <= 1.01


@pytest.mark.virtual_time
async def test_leaving_on_the_way_back() -> None:
    """TWS never tells of the orders that it is asked for; nobody waits for that."""
    mute = {AllOpenOrdersRequest: Answer(lambda _link, _request: ())}
    world = World(WorldSettings(starts_at=MORNING), answers={**ANSWERS, **mute})
    async with staying(world) as tws:
        tws.send(PlaceOrderRequest(AAPL, limit(10.0)))
        await anyio.sleep(1)
        with tws.events() as events:
            away = await lose(tws, world)
            assert away.gap is not None
            assert away.gap.reason.startswith("connection closed (eof) while ready: ")
            await tws.presence.until(lambda presence: presence.state is S.RETURNING)
            await anyio.sleep(0.1)
            # To ask is possible already, and lost again one is in the same gap; to who hears all it is another one.
            assert await tws.current_time()
            again = await lose(tws, world)
            assert (again.gaps, again.gap) == (2, away.gap)
            await tws.presence.until(lambda presence: presence.state is S.RETURNING)
            await anyio.sleep(0.1)
            told = [event async for event in until(events, Resumed)] + [event async for event in until(events, Resumed)]
            assert [kind for kind in kinds(told) if kind in ("Gap", "Resumed")] == ["Gap", "Resumed"] * 2
        began = anyio.current_time()
    assert anyio.current_time() - began <= 1.01


@pytest.mark.virtual_time
async def test_a_mistake_amid_a_night_leaves_the_block() -> None:
    """The second stream is asked for in vain, and not because of the network."""
    opened: list[int] = []

    def once(served: MemoryTws) -> Callable[[], Any]:
        async def opening() -> ByteStream:
            opened.append(1)
            if len(opened) > 1:
                raise ZeroDivisionError
            return await served.connect()

        return opening

    world = a_world(Event(At(10), CutConnection()))
    with pytest.raises(ZeroDivisionError):
        async with staying(world, through=once) as tws:
            await tws.presence.until(lambda presence: presence.gaps > 5)
    with pytest.raises(ConnectionClosed):
        await tws.ask(CurrentTimeRequest())


async def test_a_byte_stream_that_raises_what_none_should_raise_ends_everything() -> None:
    class Odd(Clogged):
        async def receive(self, max_bytes: int = 65536) -> bytes:
            if self.is_clogged:
                raise ZeroDivisionError
            return await super().receive(max_bytes)

    streams: list[Odd] = []

    def odd(served: MemoryTws) -> Callable[[], Any]:
        async def opening() -> ByteStream:
            streams.append(Odd(await served.connect()))
            return streams[-1]

        return opening

    with anyio.fail_after(PATIENCE), pytest.raises(ZeroDivisionError):
        async with staying(a_world(), through=odd) as tws:
            streams[-1].is_clogged = True
            await tws.current_time()
            await anyio.sleep_forever()


async def test_a_block_that_is_left_in_another_task_says_so() -> None:
    world = a_world()
    entered, done = anyio.Event(), anyio.Event()
    connected: list[Tws] = []
    async with serve_memory(world) as served:
        block = keep_connected_stream(served.connect)

        async def enter() -> None:
            connected.append(await block.__aenter__())
            entered.set()
            await done.wait()

        # trio has a word of its own about a task whose block nobody can leave any more.
        with contextlib.suppress(RuntimeError, BaseExceptionGroup):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(enter)
                await entered.wait()
                with pytest.raises(anytws.WrongTask, match="entered in one task and left in another"):
                    await block.__aexit__(None, None, None)
                assert connected[0].presence.now.state is S.OVER
                await until_gone(world)
                done.set()


async def until_gone(world: World) -> None:
    with anyio.fail_after(PATIENCE):
        while world.links:
            await anyio.lowlevel.checkpoint()


@pytest.mark.virtual_time
async def test_many_nights_leave_nothing_behind() -> None:
    world = a_world()
    async with staying(world, policy=NO_WAIT) as tws:
        with tws.events(when_full="drop_oldest", capacity=10) as events:
            for count in range(1, 31):
                await lose(tws, world)
                await present(tws, count)
            gc.collect()
            assert sum(isinstance(each, Pump) for each in gc.get_objects()) <= 3
            assert tws.presence.now.gaps == 30
            assert events.statistics().waiting <= 30


@pytest.mark.virtual_time
async def test_a_block_that_is_left_before_it_is_entered() -> None:
    """Cancelled amid the wait for a TWS that is not there."""
    world = a_world()
    world.die()
    began = anyio.current_time()
    with anyio.move_on_after(10):
        async with staying(world):
            raise AssertionError("it is not there")
    assert anyio.current_time() - began == pytest.approx(10)


async def test_cancelled_at_every_checkpoint_of_a_night() -> None:
    """Connecting, losing it, waiting, connecting again, asking, leaving: nothing is left behind."""
    world = a_world()
    async with serve_memory(world) as served:

        async def work() -> None:
            async with keep_connected_stream(served.connect, client_id=7, policy=NO_WAIT) as tws:
                world.links[-1].die()
                await tws.ask(CurrentTimeRequest())
                await present(tws)

        assert await cancelled_everywhere(work, world) >= 6


@pytest.mark.virtual_time
async def test_cancelled_at_every_checkpoint_with_streams_and_orders() -> None:
    """The same, with what has to be brought up to date on the way back."""
    world = a_world()
    async with serve_memory(world) as served:

        async def work() -> None:
            async with keep_connected_stream(served.connect, client_id=7, policy=NO_WAIT) as tws:
                tws.send(PlaceOrderRequest(AAPL, limit(10.0)))
                async with tws.stream(TickByTickRequest(AAPL, TickByTickType.LAST)) as ticks:
                    await tws.current_time()
                    world.links[-1].die()
                    while not isinstance(await anext(ticks), Resumed):
                        pass
                    await present(tws)

        assert await cancelled_everywhere(work, world) >= 6


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("at", [1, 2, 3, 4], ids=["first attempt", "entering", "amid the block", "again"])
def test_ctrl_c_ends_it_wherever_it_waits(backend: str, at: int) -> None:
    """One bare `KeyboardInterrupt`, and nothing is left open: while it is entered, and while it is away."""
    opened: list[Canned] = []
    calls: list[int] = []

    async def opening() -> ByteStream:
        calls.append(1)
        if len(calls) == at:
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep_forever()
        if len(calls) != 2:
            raise ConnectionRefusedError("nothing listens there")
        opened.append(Canned())
        return opened[-1]

    async def main() -> None:
        async with keep_connected_stream(opening, policy=NO_WAIT) as tws:
            opened[-1].pieces.append(b"")
            await tws.ask(CurrentTimeRequest(), timeout=100)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            anyio.run(main, backend=backend)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(calls) == at
    assert all(stream.closed for stream in opened)


class Canned(ByteStream):
    """A TWS that becomes ready, and says no more until it is told to."""

    def __init__(self) -> None:
        self.pieces = [REPLY, OPENING]
        self.closed = False

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        while not self.pieces:
            await anyio.lowlevel.checkpoint()
        return self.pieces.pop(0)

    async def send(self, item: bytes) -> None:
        return

    async def send_eof(self) -> None:
        return

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.virtual_time
async def test_the_log_is_short_and_tells_what_lasts(caplog: pytest.LogCaptureFixture) -> None:
    world = a_world(Event(At(10), NightlyRestart(refused_seconds=3000)))
    with caplog.at_level(logging.INFO, "anytws.connection"):
        async with staying(world) as tws:
            await present(tws)
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    # The connection that was lost, and then at 3, 10, 20, 40 and 80 attempts.
    assert len(warnings) == 6
    assert "while ready" in warnings[0]
    assert all("nothing answers there" in warning for warning in warnings[1:])


async def test_a_half_open_start_is_tried_again() -> None:
    """A Gateway that never says the next id: a time-out, and another attempt."""
    world = a_world(opening=(Opening.MANAGED_ACCOUNTS,))
    policy = Reconnection(enter_within=0.1, first_pause=0.1, longest_pause=0.1)
    with anyio.fail_after(PATIENCE), pytest.raises(ConnectTimedOut):
        async with staying(world, policy=policy, options=HandshakeOptions(client_id=7, start_timeout=0.05)):
            raise AssertionError("it never is ready")


# Ruined hours


def ruined(chance: random.Random) -> list[Event]:
    """Draw what happens in a quarter of an hour."""
    events: list[Event] = []
    now = 5
    while now < 900:
        now += chance.choice([1, 3, 10, 40, 100])
        deed = chance.choice(
            [
                CutConnection(how=chance.choice(list(HangUp))),
                NightlyRestart(refused_seconds=chance.choice([5, 80]), stale_seconds=chance.choice([0, 30])),
                AcceptAndHangUp(seconds=chance.choice([5, 60])),
                Wedged(seconds=chance.choice([5, 60])),
                ConnectionLost(seconds=chance.choice([1, 20]), data_lost=chance.random() < 0.5),
                Timeout(0, lasts=chance.choice([10, 100])),
            ]
        )
        events.append(Event(At(now), deed))
    return events


@pytest.mark.virtual_time
@pytest.mark.parametrize("seed", range(3))
async def test_a_ruined_quarter_of_an_hour(seed: int) -> None:
    """Every gap is told once and closed, no question outlasts its deadline, and when faults stop one is there."""
    chance = random.Random(seed)
    world = a_world(*ruined(chance), tick_seconds=5.0, server_version=chance.choice([176, 226]))
    counts: dict[str, int] = {"answers": 0, "gaps": 0, "items": 0}

    async def ask(tws: Tws) -> None:
        while True:
            seconds, began = chance.choice([5, 60]), anyio.current_time()
            try:
                await tws.ask(ContractDataRequest(AAPL), timeout=seconds)
                counts["answers"] += 1
            except (RequestTimedOut, anytws.RequestFailed):
                pass
            assert anyio.current_time() - began <= seconds + 0.001
            await anyio.sleep(chance.choice([1, 20]))

    async def read(stream: Any) -> None:
        gap: Gap | None = None
        async for item in stream:
            assert not isinstance(item, ConnectionClosed)
            if isinstance(item, Gap):
                assert gap is None
                gap = item
                counts["gaps"] += 1
            elif isinstance(item, Resumed):
                assert item.gap == gap
                gap = None
            else:
                # What TWS says is told in its place: nothing of it within a gap.
                assert gap is None
                counts["items"] += 1

    async def follow(tws: Tws) -> None:
        async with tws.stream(MarketDataRequest(AAPL)) as ticks:
            await read(ticks)

    async with staying(world, policy=Reconnection(id_wait=10_000)) as tws:
        async with anyio.create_task_group() as tasks:
            for work in (ask, follow):
                tasks.start_soon(work, tws)
            tasks.start_soon(read, tws.events())
            await anyio.sleep(1800)
            assert tws.presence.now.state is S.PRESENT
            tasks.cancel_scope.cancel()
        began = anyio.current_time()
    assert anyio.current_time() - began <= 1.01
    assert min(counts.values()) > 5
