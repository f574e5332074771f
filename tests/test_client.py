"""What a program can do with a connection that is ready."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import anyio
import anyio.lowlevel
import pytest

import anytws
from anytws import (
    CloseReason,
    ConnectionClosed,
    Dropped,
    HandshakeOptions,
    LocalProtocolError,
    Notice,
    RequestFailed,
    RequestTimedOut,
    SlowConsumer,
    State,
    Tws,
)
from anytws.client import block
from anytws.core import Ready, StateChanged, VersionAgreed
from anytws.core.events import Event
from anytws.machines.conversations import DRAIN
from anytws.messages import (
    Contract,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    ContractDetails,
    CurrentTime,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
    StartApiRequest,
    Stock,
    ToClient,
)
from anytws.simulator import ANSWERS, Answer, HangUp, Opening, World, WorldSettings
from anytws.simulator.serve import serve_memory
from tests.misbehaving_tws import CLOCK_SECONDS, PATIENCE, until

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
MUTE: Final = {**ANSWERS, CurrentTimeRequest: Answer(lambda _link, _request: ())}
"""The answers of a TWS that never tells the time."""


@asynccontextmanager
async def connected(world: World, **options: Any) -> AsyncGenerator[Tws]:
    """Connect to *world* in memory."""
    async with serve_memory(world) as tws:
        stream = await tws.connect()
        async with anytws.connect_stream(stream, **options) as client:
            yield client


# What is known


async def test_what_the_handshake_told() -> None:
    """State, version, time, accounts, client id and next valid id are there as soon as the block is."""
    world = World(
        WorldSettings(
            server_version=190, accounts=("DU1", "DU2"), first_order_id=17, connection_time=b"20260302 12:00:00 EST"
        )
    )
    async with connected(world, client_id=5) as tws:
        assert tws.state is State.READY
        assert tws.server_version == 190
        assert tws.accounts_named == ("DU1", "DU2")
        assert tws.client_id == 5
        assert tws.next_valid_id == 17
        assert tws.connection_time.raw == b"20260302 12:00:00 EST"
        assert tws.connection_time.aware == datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert tws.state is State.CLOSED


async def test_the_next_valid_id_follows_tws() -> None:
    """An id that TWS says later counts, and never goes down."""
    world = World()
    async with connected(world) as tws:
        for said, known in ((40, 40), (7, 40), (41, 41)):
            world.links[0].say(NextValidId(said))
            events = tws.events()
            async for event in events:
                if event == NextValidId(said):
                    break
            assert tws.next_valid_id == known
            events.close()


# Requests


async def test_the_time_of_tws() -> None:
    """The first request: UTC, aware, whole seconds."""
    async with connected(World(WorldSettings(epoch_at_zero=NOON))) as tws:
        time = await tws.current_time()
        assert time.tzinfo is UTC
        assert time.microsecond == 0


@pytest.mark.virtual_time
async def test_the_time_of_tws_is_what_it_says() -> None:
    """Two hours later it is two hours later."""
    async with connected(World(WorldSettings(epoch_at_zero=NOON))) as tws:
        began = anyio.current_time()
        await anyio.sleep(7200)
        assert (await tws.current_time() - NOON).total_seconds() == pytest.approx(began + 7200, abs=1)


async def test_callers_at_the_same_time_share_one_request() -> None:
    """However many ask, one request goes out, and all get its answer."""
    world = World()
    times: list[datetime] = []
    async with connected(world) as tws:

        async def ask() -> None:
            times.append(await tws.current_time())

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask)
    assert len(times) == 20
    assert len(set(times)) == 1
    assert [type(heard.message) for heard in world.heard] == [CurrentTimeRequest]


async def test_a_caller_that_leaves_takes_nothing_from_the_others() -> None:
    """Of those who share a request one is cancelled, and one waits too short a time; the last one has its answer."""
    world = World(answers={**ANSWERS, ManagedAccountsRequest: Answer(lambda _client, _request: ())})
    answers: list[object] = []
    async with connected(world) as tws:
        async with anyio.create_task_group() as tasks:

            async def ask() -> None:
                answers.append(await tws.ask(ManagedAccountsRequest()))

            async def ask_in_vain() -> None:
                with pytest.raises(RequestTimedOut):
                    await tws.ask(ManagedAccountsRequest(), timeout=0)

            tasks.start_soon(ask)
            tasks.start_soon(ask_in_vain)
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as others:
                    others.start_soon(ask)
                    await until(lambda: world.heard)
                    scope.cancel()
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            world.links[0].say(ManagedAccounts(("DU9",)))
        assert answers == [ManagedAccounts(("DU9",))]
        assert tws.statistics().open_conversations == 0
    assert len(world.heard) == 1


def number_of(request: ContractDataRequest) -> int:
    assert request.request_id is not None
    return request.request_id


def details(request: ContractDataRequest, symbol: str, offset: int = 0) -> ContractData:
    return ContractData(number_of(request) + offset, Contract(symbol=symbol), ContractDetails())


def end(request: ContractDataRequest, offset: int = 0) -> ContractDataEnd:
    return ContractDataEnd(number_of(request) + offset)


def refusal(request: ContractDataRequest, offset: int = 0) -> ErrorMessage:
    return ErrorMessage(number_of(request) + offset, 200, "No security definition has been found")


Saying: TypeAlias = Callable[[ContractDataRequest], tuple[ToClient, ...]]

ODD_ANSWERS: Final[dict[str, tuple[Saying, tuple[str, ...] | int]]] = {
    "in order": (lambda r: (details(r, "A"), details(r, "B"), end(r)), ("A", "B")),
    "nothing but the end": (lambda r: (end(r),), ()),
    "under another's id, and then": (lambda r: (details(r, "X", 5), end(r, 5), details(r, "A"), end(r)), ("A",)),
    "under an id of the past": (lambda r: (details(r, "X", -1), end(r, -1), details(r, "A"), end(r)), ("A",)),
    "with its end twice": (lambda r: (details(r, "A"), end(r), end(r)), ("A",)),
    "twice": (lambda r: (details(r, "A"), end(r), details(r, "A"), end(r)), ("A",)),
    "and goes on after the end": (lambda r: (details(r, "A"), end(r), details(r, "B")), ("A",)),
    "an error after data": (lambda r: (details(r, "A"), refusal(r)), 200),
    "an error after the end": (lambda r: (details(r, "A"), end(r), refusal(r)), ("A",)),
    "data after an error": (lambda r: (refusal(r), details(r, "A"), end(r)), 200),
    "another's error": (lambda r: (refusal(r, 7), details(r, "A"), end(r)), ("A",)),
    "what the farms are at": (lambda r: (ErrorMessage(None, 2104, "ok"), details(r, "A"), end(r)), ("A",)),
    "an error that is nobody's": (lambda r: (ErrorMessage(None, 321, "x"), details(r, "A"), end(r)), ("A",)),
}
"""What TWS says to a request, and what comes of it: the symbols, or the code of the error."""


@pytest.mark.parametrize("said, expected", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
async def test_everybody_has_what_is_theirs(said: Saying, expected: tuple[str, ...] | int) -> None:
    """Whatever TWS says before, between and after; and the next question is answered as if nothing had been."""
    is_odd = True

    def answer(_client: object, request: ContractDataRequest) -> tuple[ToClient, ...]:
        return said(request) if is_odd else (details(request, "NEXT"), end(request))

    world = World(answers={**ANSWERS, ContractDataRequest: Answer(answer)})
    async with connected(world) as tws:
        if isinstance(expected, int):
            with pytest.raises(RequestFailed) as caught:
                await tws.ask(ContractDataRequest(Stock("A")))
            assert caught.value.code == expected
        else:
            told = await tws.ask(ContractDataRequest(Stock("A")))
            assert tuple(each.contract.symbol for each in told) == expected
        is_odd = False
        (told_next,) = await tws.ask(ContractDataRequest(Stock("A")))
        assert told_next.contract.symbol == "NEXT"
        assert tws.statistics().open_conversations == 0
        assert not tws._pump._waking


async def test_other_requests_without_an_id() -> None:
    """`ask` takes every request that names its answer, and gives that answer."""
    world = World(WorldSettings(accounts=("DU7",), first_order_id=3))
    async with connected(world) as tws:
        assert await tws.ask(ManagedAccountsRequest()) == ManagedAccounts(("DU7",))
        assert await tws.ask(IdsRequest()) == NextValidId(3)
        assert (await tws.ask(CurrentTimeInMillisRequest())).time.tzinfo is UTC


@pytest.mark.virtual_time
async def test_a_request_without_an_answer_times_out() -> None:
    """It does so after exactly the time allowed, says what was asked, and the connection lives."""
    async with connected(World(answers=MUTE)) as tws:
        for seconds, options in ((CLOCK_SECONDS, {}), (2.5, {"timeout": 2.5})):
            began = anyio.current_time()
            with pytest.raises(RequestTimedOut, match=f"CurrentTimeRequest within {seconds:g} s") as caught:
                await tws.current_time(**options)
            assert anyio.current_time() - began == seconds
            assert caught.value.request == CurrentTimeRequest()
            assert (caught.value.seconds, caught.value.sent, caught.value.received) == (seconds, True, ())
            # The answer may still come, and would be taken for the next one's.
            await anyio.sleep(DRAIN)
        assert tws.state is State.READY


@pytest.mark.virtual_time
async def test_a_request_that_had_to_wait_too_long_was_never_sent() -> None:
    """Behind one whose answer may still come; it says so, and never leaves."""
    world = World(answers=MUTE)
    async with connected(world) as tws:
        with anyio.move_on_after(1):
            await tws.current_time()
        with pytest.raises(
            RequestTimedOut, match=r"CurrentTimeRequest was not sent within 2.5 s: .* nobody will be"
        ) as caught:
            await tws.current_time(timeout=2.5)
        assert not caught.value.sent
        await anyio.sleep(3600)
    assert len(world.heard) == 1


@pytest.mark.virtual_time
async def test_a_request_that_tws_dropped_is_asked_once_more() -> None:
    """Just after it became ready TWS drops requests: one that changes nothing is answered all the same."""
    world = World(WorldSettings(settling_seconds=0.5))
    async with connected(world) as tws:
        await tws.current_time()
        assert list(world.links[0].dropped) == [CurrentTimeRequest()]


@pytest.mark.virtual_time
async def test_a_request_is_not_asked_a_third_time() -> None:
    """Once more, and no more."""
    world = World(answers=MUTE)
    async with connected(world) as tws:
        with pytest.raises(RequestTimedOut):
            await tws.current_time(timeout=3600)
    assert len(world.heard) == 2


async def test_a_request_that_this_version_does_not_have() -> None:
    """It is refused before anything is sent, with the vendor's code."""
    world = World(WorldSettings(server_version=176))
    async with connected(world) as tws:
        with pytest.raises(LocalProtocolError) as caught:
            await tws.ask(CurrentTimeInMillisRequest())
        assert caught.value.code == 503
        await tws.current_time()
    assert [type(heard.message) for heard in world.heard] == [CurrentTimeRequest]


async def test_a_message_without_an_answer() -> None:
    """`send` needs no waiting; what was sent last leaves before the block is through."""
    world = World()
    async with connected(world) as tws:
        tws.send(SetServerLogLevelRequest(5))
    assert [heard.message for heard in world.heard] == [SetServerLogLevelRequest(5)]


async def test_what_may_not_be_said_is_refused() -> None:
    """A second START_API is ours to refuse; nothing changes."""
    async with connected(World()) as tws:
        with pytest.raises(LocalProtocolError):
            tws.send(StartApiRequest(0))
        with pytest.raises(LocalProtocolError):
            tws.start_api()
        await tws.current_time()


async def test_after_the_end_everything_says_why() -> None:
    """Every method raises the one `ConnectionClosed`, and the facts stay readable."""
    world = World()
    async with connected(world) as tws:
        world.links[0].die(HangUp.RESET)
        end = await tws.closed()
        for use in (lambda: tws.send(IdsRequest()), tws.start_api):
            with pytest.raises(ConnectionClosed) as caught:
                use()
            assert caught.value == end
        for wait in (tws.current_time, tws.ready):
            with pytest.raises(ConnectionClosed) as caught:
                await wait()
            assert caught.value == end
    assert tws.accounts_named == world.settings.accounts
    assert tws.server_version == world.settings.server_version


# The start by hand


async def test_the_start_by_hand() -> None:
    """The block is entered at the version, and what may be said then is START_API alone."""
    world = World()
    async with connected(world, options=HandshakeOptions(start_api_by_hand=True)) as tws:
        assert tws.state is State.HANDSHAKING
        assert tws.next_valid_id is None
        with pytest.raises(LocalProtocolError):
            await tws.current_time()
        tws.start_api()
        await tws.ready()
        assert tws.state is State.READY
        await tws.current_time()


async def test_the_start_by_hand_that_is_never_made() -> None:
    """The block may be left without it."""
    world = World()
    async with connected(world, options=HandshakeOptions(start_api_by_hand=True)):
        pass
    await until(lambda: not world.links)


@pytest.mark.virtual_time
async def test_the_start_by_hand_that_tws_does_not_answer() -> None:
    """It has the deadline of every start, and whoever waits for READY is told."""
    world = World(WorldSettings(opening=()))
    with pytest.raises(ConnectionClosed) as caught:
        async with connected(world, options=HandshakeOptions(start_api_by_hand=True)) as tws:
            await anyio.sleep(100)
            tws.start_api()
            began = anyio.current_time()
            await tws.ready()
    assert caught.value.reason is CloseReason.HANDSHAKE_TIMEOUT
    assert caught.value.state is State.AWAITING_NEXT_VALID_ID
    assert anyio.current_time() - began == pytest.approx(HandshakeOptions().start_timeout)


# The end, told


async def test_a_block_that_waits_for_the_end_goes_on() -> None:
    """`closed` gives the end, and the block is then neither cancelled nor left with it."""
    world = World()
    async with connected(world) as tws:
        world.links[0].die()
        end = await tws.closed()
        await anyio.lowlevel.checkpoint()
        assert end.reason is CloseReason.EOF
        assert end.state is State.READY
        assert await tws.closed() == end
    assert await tws.closed() == end


async def test_a_task_that_waits_for_the_end_spares_the_block() -> None:
    """It need not be the block's own task."""
    world = World()
    ends: list[ConnectionClosed] = []
    async with connected(world) as tws:

        async def watch() -> None:
            ends.append(await tws.closed())

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(watch)
            await tws.current_time()
            world.links[0].die()
            await until(lambda: len(ends) == 3)
            await anyio.lowlevel.checkpoint()
    assert len(set(ends)) == 1


async def test_who_stopped_waiting_for_the_end_is_not_told() -> None:
    """A wait that was given up spares nobody: the block is cancelled as if there had been none."""
    world = World()
    with pytest.raises(ConnectionClosed):
        async with connected(world) as tws:
            with anyio.move_on_after(0):
                await tws.closed()
            world.links[0].die()
            await anyio.sleep_forever()


async def test_the_end_of_a_block_that_is_left() -> None:
    """After the block, the end is that it was left."""
    async with connected(World()) as tws:
        pass
    end = await tws.closed()
    assert (end.reason, end.state, end.code) == (CloseReason.LOCAL, State.READY, None)


async def test_the_end_is_the_last_event_and_what_everybody_is_told() -> None:
    """Waiters, streams, requests and the block have the same end, each once."""
    world = World(answers=MUTE)
    ends: dict[str, ConnectionClosed] = {}
    with pytest.raises(ConnectionClosed) as caught:
        async with connected(world) as tws:
            async with anyio.create_task_group() as tasks:

                async def request() -> None:
                    with pytest.raises(ConnectionClosed) as refused:
                        await tws.current_time()
                    ends["request"] = refused.value

                async def read(name: str, **options: Any) -> None:
                    events = [event async for event in tws.events(**options)]
                    (ends[name],) = (event for event in events if isinstance(event, ConnectionClosed))
                    assert events[-1] is ends[name]

                tasks.start_soon(request)
                tasks.start_soon(read, "first")
                for when_full in ("fail", "drop_oldest", "block"):
                    tasks.start_soon(read_with(read, when_full), when_full)
                await until(lambda: world.heard)
                world.links[0].die()
    assert set(ends) == {"request", "first", "fail", "drop_oldest", "block"}
    assert {*ends.values()} == {caught.value}
    assert await tws.closed() == caught.value


def read_with(read: Any, when_full: str) -> Any:
    async def run(name: str) -> None:
        await read(name, when_full=when_full)

    return run


# Events


async def heard_by(tws: Tws, last: type[Event]) -> list[Event | Dropped]:
    """Give the events up to the first of class *last*."""
    heard: list[Event | Dropped] = []
    with tws.events() as events:
        async for event in events:
            heard.append(event)
            if isinstance(event, last):
                break
    return heard


async def test_the_first_stream_begins_at_the_beginning() -> None:
    """It holds what happened while connecting, in order."""
    async with connected(World()) as tws:
        heard = await heard_by(tws, Ready)
    assert [type(event) for event in heard] == [
        StateChanged, StateChanged, VersionAgreed, StateChanged, ManagedAccounts, NextValidId, StateChanged, Ready,
    ]  # fmt: skip
    changes = [event.after for event in heard if isinstance(event, StateChanged)]
    assert changes == [State.SOCKET_OPEN, State.HANDSHAKING, State.AWAITING_NEXT_VALID_ID, State.READY]


async def test_a_later_stream_begins_when_it_is_opened() -> None:
    """Only the first has the past; all have the future."""
    world = World()
    async with connected(world) as tws:
        first, second = tws.events(), tws.events()
        await tws.current_time()
        link = world.links[0]
    events = [event async for event in second]
    assert [type(event) for event in events if not isinstance(event, Notice)] == [
        CurrentTime,
        StateChanged,
        ConnectionClosed,
    ]
    assert [event async for event in first][-len(events) :] == events
    assert link.closed is not None


async def test_a_stream_that_is_opened_after_the_end() -> None:
    """The first has it all, and any further one has at least the end: none of them waits for ever."""
    world = World()
    async with connected(world) as tws:
        world.links[0].die()
        end = await tws.closed()
        with anyio.fail_after(PATIENCE):
            assert [event async for event in tws.events()][-1] == end
            assert [event async for event in tws.events()] == [end]


async def test_a_stream_that_is_opened_after_the_block() -> None:
    """The same when the block has been left."""
    async with connected(World()) as tws:
        await heard_by(tws, Ready)
    with anyio.fail_after(PATIENCE):
        (end,) = [event async for event in tws.events()]
    assert end == await tws.closed()


async def test_the_last_event_is_read_before_the_block_is_cancelled() -> None:
    """A loop over events in the block itself sees the end, and code behind its last `await` runs."""
    world = World()
    heard: list[Event | Dropped] = []
    with pytest.raises(ConnectionClosed):
        async with connected(world) as tws:
            world.links[0].die()
            async for event in tws.events():
                heard.append(event)
                if not isinstance(event, ConnectionClosed):
                    await anyio.lowlevel.checkpoint()
            await anyio.sleep_forever()
    assert isinstance(heard[-1], ConnectionClosed)


@pytest.mark.virtual_time
async def test_a_reader_that_stops_at_the_end_does_not_delay_it() -> None:
    """Whoever has taken `ConnectionClosed` has had the last event; the block is told in the same instant."""
    world = World()
    began = math.inf
    with pytest.raises(ConnectionClosed):
        async with connected(world) as tws:
            async for event in tws.events():
                if isinstance(event, Ready):
                    began = anyio.current_time()
                    world.links[0].die()
                if isinstance(event, ConnectionClosed):
                    break
            await anyio.sleep_forever()
    assert anyio.current_time() == began


@pytest.mark.virtual_time
async def test_a_reader_that_left_its_loop_delays_the_end_by_little() -> None:
    """A stream that was left open and is read by nobody holds the end up for a moment at most."""
    world = World()
    with pytest.raises(ConnectionClosed):
        async with connected(world) as tws:
            async for event in tws.events():
                if isinstance(event, Ready):
                    break
            began = anyio.current_time()
            world.links[0].die()
            await anyio.sleep_forever()
    assert anyio.current_time() - began <= block.GOODBYE


@pytest.mark.virtual_time
async def test_a_reader_that_is_slow_delays_the_end_by_little() -> None:
    """One that thinks for an hour about each event does too; it still gets all of them."""
    world = World()
    heard: list[Event | Dropped] = []
    async with anyio.create_task_group() as tasks:
        with pytest.raises(ConnectionClosed):
            async with connected(world) as tws:

                async def read(tws: Tws) -> None:
                    async for event in tws.events():
                        heard.append(event)
                        await anyio.sleep(3600)

                tasks.start_soon(read, tws)
                await anyio.sleep(10)
                began = anyio.current_time()
                world.links[0].die()
                await anyio.sleep_forever()
        assert anyio.current_time() - began <= block.GOODBYE
    assert isinstance(heard[-1], ConnectionClosed)


def say_many(world: World, count: int) -> None:
    for number in range(count):
        world.links[0].say(NextValidId(100 + number))


async def test_a_slow_reader_fails() -> None:
    """The default: a stream that overflows ends with `SlowConsumer`; the connection goes on."""
    world = World()
    async with connected(world) as tws:
        events = tws.events(capacity=3)
        say_many(world, 10)
        await tws.current_time()
        with pytest.raises(SlowConsumer):
            await anext(events)
        assert await tws.ask(ManagedAccountsRequest()) == ManagedAccounts(world.settings.accounts)


async def test_a_slow_reader_fails_by_weight() -> None:
    """A stream may be given its bound in bytes; one that holds nothing is refused."""
    world = World()
    async with connected(world) as tws:
        with pytest.raises(ValueError, match="capacity_bytes"):
            tws.events(capacity_bytes=0)
        events = tws.events(capacity_bytes=1000)
        say_many(world, 10)
        await tws.current_time()
        with pytest.raises(SlowConsumer) as caught:
            await anext(events)
        assert (caught.value.capacity, caught.value.unit) == (1000, "bytes")


async def test_a_slow_reader_loses_the_oldest() -> None:
    """With `drop_oldest` the newest stay, and the number of the others is told."""
    world = World(WorldSettings(opening=(Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID)))
    async with connected(world) as tws:
        await heard_by(tws, Ready)
        events = tws.events(capacity=3, when_full="drop_oldest")
        say_many(world, 10)
        await tws.current_time()
        assert events.statistics().dropped == 8
    heard = [event async for event in events]
    # The two last changes come behind: the answer and one id make room for the change of the state.
    assert isinstance(heard[0], Dropped)
    assert heard[0].count + len(heard) - 1 == 10 + 1 + 2
    assert [type(event) for event in heard[-3:]] == [CurrentTime, StateChanged, ConnectionClosed]


async def test_a_slow_reader_makes_tws_wait() -> None:
    """With `block` nothing is read from TWS until there is room; nothing is lost."""
    world = World(WorldSettings(opening=(Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID)))
    async with connected(world) as tws:
        await heard_by(tws, Ready)
        events = tws.events(capacity=3, when_full="block")
        for batch in range(5):
            for number in range(3):
                world.links[0].say(NextValidId(100 + 3 * batch + number))
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
        assert tws.next_valid_id is not None
        assert tws.next_valid_id < 114
        heard = [await anext(events) for _ in range(15)]
        assert heard == [NextValidId(100 + number) for number in range(15)]
        await tws.current_time()


async def test_a_blocking_stream_does_not_hold_up_the_way_out() -> None:
    """A block with a full stream can be left, and the end is still in it."""
    world = World()
    async with connected(world) as tws:
        events = tws.events(capacity=1, when_full="block")
        say_many(world, 10)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
    heard = [event async for event in events]
    assert isinstance(heard[-1], ConnectionClosed)
    assert heard[-1].reason is CloseReason.LOCAL


async def test_a_timeout_of_zero_and_of_infinity() -> None:
    """Both ends of the range of timeouts do what they say."""
    world = World(answers=MUTE)
    async with connected(world) as tws:
        with pytest.raises(RequestTimedOut):
            await tws.current_time(timeout=0)
        assert await tws.ask(ManagedAccountsRequest(), timeout=math.inf) == ManagedAccounts(world.settings.accounts)
