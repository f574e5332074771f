"""The reader's end of what comes: what a reader gets, what a slow one gets, and that others have their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest
from anyio import to_thread

import anytws
from anytws import (
    CloseReason,
    ConnectionClosed,
    Dropped,
    EventStream,
    RequestFailed,
    SlowConsumer,
    State,
    Stream,
    StreamInUse,
    Tws,
    WrongThread,
)
from anytws.core.events import Event, Notice, UnknownMessage
from anytws.core.remembered import MOST_BYTES
from anytws.machines import Mailbox, WhenFull
from anytws.messages import (
    CancelMarketData,
    CancelPositions,
    ContractDataRequest,
    ErrorMessage,
    MarketDataRequest,
    NextValidId,
    OrderStatus,
    OrderStatusWord,
    Position,
    PositionEnd,
    PositionsRequest,
    Stock,
    TickPrice,
    TickType,
    ToClient,
)
from anytws.messages.market_data import TickAttributes
from anytws.runtime import stream as stream_module
from anytws.runtime.stream import TURN
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.serve import connect_memory
from tests.misbehaving_tws import PATIENCE, until

END: Final = ConnectionClosed(CloseReason.EOF, State.READY)
POLICIES: Final = ("fail", "drop_oldest", "block")


def numbers(first: int, last: int) -> list[Event]:
    return [NextValidId(number) for number in range(first, last + 1)]


def large(number: int, size: int = 1000) -> Event:
    """An event of a little more than *size* bytes."""
    return UnknownMessage(number, bytes(size))


def opened(
    capacity: int,
    when_full: WhenFull,
    *events: Event,
    past: Sequence[Event | Dropped] = (),
    capacity_bytes: int = MOST_BYTES,
) -> EventStream:
    """Give a stream with *events* in it, behind what was *past* when it was opened."""
    mailbox: Mailbox[Event] = Mailbox(capacity, when_full, capacity_bytes)
    mailbox.preload(past)
    stream = EventStream(mailbox, lambda _: None)
    put(stream, *events)
    return stream


def put(stream: EventStream, *events: Event) -> None:
    """Do what the session and the pump do with what comes."""
    for event in events:
        if isinstance(event, ConnectionClosed):
            stream._mailbox.finish(last=event)
        else:
            stream._mailbox.extend([event])
    stream.wake()


async def all_of(stream: EventStream) -> list[Event | Dropped]:
    with anyio.fail_after(5):
        return [event async for event in stream]


async def some_turns() -> None:
    for _ in range(3):
        await anyio.lowlevel.checkpoint()


# What a reader gets


@pytest.mark.parametrize("when_full", POLICIES)
async def test_everything_comes_in_order_and_the_end_comes_last(when_full: WhenFull) -> None:
    """As long as it is read fast enough, no policy matters, and the loop ends after the end."""
    stream = opened(4, when_full, *numbers(1, 3), END)
    assert await all_of(stream) == [*numbers(1, 3), END]
    assert stream.is_closed
    assert await all_of(stream) == []


async def test_a_reader_that_is_faster_waits() -> None:
    """A reader gets an event that comes while it waits."""
    stream = opened(4, "fail")
    heard: list[Event | Dropped] = []

    async def read() -> None:
        heard.extend([event async for event in stream])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for event in (*numbers(1, 2), END):
            await some_turns()
            put(stream, event)
    assert heard == [*numbers(1, 2), END]


async def test_batches_hold_all_that_has_come() -> None:
    """Each is what came since the last one, in order; the end is in the last."""
    stream = opened(10, "fail", *numbers(1, 3))
    batches: list[tuple[Event | Dropped, ...]] = []
    async for batch in stream.batches():
        batches.append(batch)
        if len(batches) == 1:
            put(stream, *numbers(4, 4))
            put(stream, *numbers(5, 6), END)
    assert batches == [tuple(numbers(1, 3)), (*numbers(4, 6), END)]


async def test_one_by_one_and_in_batches_may_be_mixed() -> None:
    """What the loop has left is in the next batch, and the other way round; nothing is lost or comes twice."""
    stream = opened(10, "fail", *numbers(1, 3))
    assert await anext(stream) == NextValidId(1)
    put(stream, *numbers(4, 4))
    assert await anext(stream.batches()) == tuple(numbers(2, 3))
    assert await anext(stream) == NextValidId(4)
    put(stream, END)
    assert await anext(stream.batches()) == (END,)
    with pytest.raises(StopAsyncIteration):
        await anext(stream.batches())


async def test_closing_forgets_and_ends() -> None:
    """A closed stream gives nothing more and takes nothing more."""
    with opened(4, "fail", *numbers(1, 3)) as stream:
        assert await anext(stream) == NextValidId(1)
    put(stream, NextValidId(4))
    assert stream.statistics().waiting == 0
    assert await all_of(stream) == []


async def test_closing_ends_a_reader_that_waits() -> None:
    """Another task may close the stream; the loop of its reader then ends."""
    stream = opened(4, "fail")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(all_of, stream)
        await some_turns()
        stream.close()


async def test_leaving_the_loop_keeps_the_rest() -> None:
    """A loop that is left early can be taken up again."""
    stream = opened(4, "fail", *numbers(1, 3), END)
    async for _ in stream:
        break
    assert await all_of(stream) == [*numbers(2, 3), END]


async def test_a_cancelled_reader_loses_nothing() -> None:
    """What a cancelled reader did not get is there for the next, wherever the cancellation met it."""
    stream = opened(100, "fail")
    with anyio.move_on_after(0):
        await anext(stream)
    put(stream, *numbers(1, 80))
    heard: list[Event | Dropped] = []
    while stream.statistics().waiting:
        with anyio.CancelScope() as scope:
            scope.cancel()
            # What waits in the hand is given all the same.
            heard.append(await anext(stream))
        with anyio.CancelScope() as scope:
            scope.cancel()
            heard.extend(await anext(stream.batches()))
        assert scope.cancelled_caught
        if stream.statistics().waiting:
            heard.append(await anext(stream))
    assert heard == numbers(1, 80)


async def test_who_reads_is_being_read_until_the_end_was_taken() -> None:
    """A reader that has taken `ConnectionClosed` is through, whether or not it comes back for more."""
    stream = opened(4, "fail", *numbers(1, 1), END)
    told = [stream.is_being_read]
    for _ in range(2):
        await anext(stream)
        told.append(stream.is_being_read)
    assert told == [False, True, False]


@pytest.mark.parametrize("in_batches", [False, True])
async def test_a_second_reader_is_refused_and_the_first_goes_on(in_batches: bool) -> None:
    """Two readers would each get some of the events, and neither would know. The second one is told."""
    stream = opened(4, "fail")
    second: Callable[[], object] = stream.batches().__anext__ if in_batches else stream.__anext__
    heard: list[Event | Dropped] = []

    async def read() -> None:
        heard.extend([event async for event in stream])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await some_turns()
        with pytest.raises(StreamInUse, match="another task"):
            await second()  # type: ignore[misc]
        put(stream, NextValidId(1))
        # It is the first one's, though that has not had its turn yet.
        with pytest.raises(StreamInUse):
            await second()  # type: ignore[misc]
        put(stream, END)
    assert heard == [NextValidId(1), END]


async def test_a_second_reader_is_refused_while_the_first_gives_way() -> None:
    """Events wait, and the first reader lets others have their turn: what waits is still the first one's."""
    stream = opened(10 * TURN, "fail", *numbers(1, 5 * TURN))
    refused = 0

    async def read_too() -> None:
        nonlocal refused
        for _ in range(3):
            with pytest.raises(StreamInUse):
                await anext(stream)
            refused += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        heard = [await anext(stream) for _ in range(TURN)]
        tasks.start_soon(read_too)
        heard += [await anext(stream) for _ in range(4 * TURN)]
    assert heard == numbers(1, 5 * TURN)
    assert refused == 3


async def test_a_reader_that_was_cancelled_leaves_its_place() -> None:
    """Whoever waited and was cancelled reads no more; the next one may."""
    stream = opened(4, "fail")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(all_of, stream)
        await some_turns()
        tasks.cancel_scope.cancel()
    put(stream, END)
    assert await anext(stream) == END


# What a slow reader gets


async def test_fail_is_told_at_once() -> None:
    """Before what waits, which nobody wants any more: the bound and what is lost; then the loop is over."""
    stream = opened(2, "fail", *numbers(1, 3), END)
    with pytest.raises(SlowConsumer, match="more than 2 items were waiting to be read, and 3 are lost") as caught:
        await anext(stream)
    assert (caught.value.capacity, caught.value.unit, caught.value.lost) == (2, "items", 3)
    assert stream.is_closed
    assert await all_of(stream) == []


async def test_fail_stays_failed_when_it_is_read_late() -> None:
    """Nothing that comes after the overflow hides it, or is kept; what was in the hand is gone too."""
    stream = opened(3, "fail", *numbers(1, 3))
    assert await anext(stream) == NextValidId(1)
    put(stream, *numbers(4, 9))
    assert stream.statistics().waiting == 0
    with pytest.raises(SlowConsumer) as caught:
        await anext(stream)
    # 4 fitted, since 1 was taken; 5 was too much.
    assert caught.value.lost == 4


async def test_fail_wakes_a_reader_that_waits() -> None:
    """One read may bring more than the stream may hold, to a reader that waits."""
    stream = opened(2, "fail")
    async with anyio.create_task_group() as tasks:

        async def read() -> None:
            with pytest.raises(SlowConsumer):
                await anext(stream)

        tasks.start_soon(read)
        await some_turns()
        put(stream, *numbers(1, 3))


async def test_drop_oldest_says_how_many_where_they_were() -> None:
    """The newest survive; in the place of the others stands how many they were, once."""
    stream = opened(2, "drop_oldest", *numbers(1, 5))
    assert stream.statistics().dropped == 3
    assert await anext(stream) == Dropped(3)
    put(stream, END)
    assert await all_of(stream) == [*numbers(4, 5), END]


async def test_drop_oldest_counts_each_gap_by_itself() -> None:
    """What is dropped after a report is the next report's."""
    stream = opened(1, "drop_oldest", *numbers(1, 2))
    assert await anext(stream) == Dropped(1)
    put(stream, NextValidId(3))
    assert await anext(stream) == Dropped(1)
    assert await anext(stream) == NextValidId(3)
    assert stream.statistics().dropped == 2


@pytest.mark.parametrize("when_full", ["drop_oldest", "block"])
async def test_the_end_arrives_in_a_full_stream(when_full: WhenFull) -> None:
    """The last event drops nothing and is not dropped."""
    assert await all_of(opened(2, when_full, *numbers(1, 2), END)) == [*numbers(1, 2), END]


async def test_block_has_no_room_when_it_is_full() -> None:
    """A full stream makes TWS wait, and one read is room for one event."""
    stream = opened(2, "block", *numbers(1, 2))
    assert not stream.has_room
    await anext(stream)
    assert stream.has_room


@pytest.mark.parametrize("when_full", ["fail", "drop_oldest"])
async def test_only_block_ever_lacks_room(when_full: WhenFull) -> None:
    """The other policies never hold TWS up."""
    assert opened(1, when_full, *numbers(1, 2)).has_room


async def test_whoever_waits_for_room_sees_each_event_go() -> None:
    """All of them, not only the last of a batch; and there may be two who wait."""
    stream = opened(10, "block", *numbers(1, 10))
    await anext(stream)
    seen: list[int] = []

    async def wait() -> None:
        await stream.wait_for_move()
        seen.append(stream.statistics().waiting)

    for left in (8, 7, 6):
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                tasks.start_soon(wait)
                await some_turns()
                await anext(stream)
        assert seen == [left, left]
        seen.clear()


async def test_a_blocking_stream_that_is_closed_holds_nobody_up() -> None:
    """Closing makes room, and tells whoever waits for some."""
    stream = opened(1, "block", *numbers(1, 1))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stream.wait_for_move)
        await some_turns()
        stream.close()
    assert stream.has_room


async def test_a_stream_that_is_given_up_fails_at_once() -> None:
    """It ends as with `fail`, holds TWS up no longer, and says for how long nobody read."""
    stream = opened(2, "block", *numbers(1, 2))
    stream.give_up(30.0)
    assert stream.has_room
    put(stream, *numbers(3, 4))
    with pytest.raises(SlowConsumer, match="2 items, and nobody read it for 30 s") as caught:
        await anext(stream)
    assert (caught.value.capacity, caught.value.unit, caught.value.unread_seconds) == (2, "items", 30.0)
    assert await all_of(stream) == []


async def test_what_happened_before_is_nobodys_slowness() -> None:
    """Events of the past may be more than the capacity; that many new ones still fit behind them."""
    stream = opened(2, "fail", *numbers(11, 12), END, past=numbers(1, 10))
    assert await all_of(stream) == [*numbers(1, 12), END]


async def test_the_past_does_not_make_a_stream_larger() -> None:
    """Once the past has been read, the capacity is what it says."""
    stream = opened(2, "drop_oldest", *numbers(11, 30), END, past=numbers(1, 10))
    waiting = [event for event in await all_of(stream) if isinstance(event, NextValidId)]
    assert [event.order_id for event in waiting if event.order_id > 10] == [29, 30]


# The bound in bytes


async def test_fail_by_weight_says_which_bound_it_was() -> None:
    """A few large events are too much where thousands of small ones would not be; the error says so."""
    stream = opened(100, "fail", *map(large, range(3)), capacity_bytes=3000)
    with pytest.raises(SlowConsumer, match=r"more than 3000 bytes.*raise the capacity_bytes") as caught:
        await anext(stream)
    assert (caught.value.capacity, caught.value.unit, caught.value.unread_seconds) == (3000, "bytes", None)


async def test_drop_oldest_by_weight_counts() -> None:
    """The newest that fit stay."""
    stream = opened(100, "drop_oldest", *map(large, range(5)), capacity_bytes=3000)
    assert await anext(stream) == Dropped(3)
    assert [await anext(stream), await anext(stream)] == [large(3), large(4)]


async def test_block_has_no_room_beyond_its_weight() -> None:
    """TWS waits for the bytes too, and what was taken makes room."""
    stream = opened(100, "block", *map(large, range(3)), capacity_bytes=3000)
    assert not stream.has_room
    await anext(stream)
    assert stream.has_room


@pytest.mark.parametrize("when_full", POLICIES)
async def test_one_event_may_always_wait(when_full: WhenFull) -> None:
    """One frame may be large; a bound that it does not fit into must not hide it."""
    stream = opened(100, when_full, large(1), capacity_bytes=10)
    assert await anext(stream) == large(1)
    put(stream, large(2), END)
    assert await all_of(stream) == [large(2), END]


@pytest.mark.parametrize("when_full", ["fail", "drop_oldest"])
async def test_a_large_end_arrives_in_a_full_stream(when_full: WhenFull) -> None:
    """The last event is never too much."""
    stream = opened(100, when_full, large(1), END, capacity_bytes=1100)
    assert await all_of(stream) == [large(1), END]


async def test_the_past_has_no_weight() -> None:
    """What happened before the stream was opened is bounded where it was kept."""
    stream = opened(100, "fail", large(10), END, past=[*map(large, range(10))], capacity_bytes=1500)
    assert await all_of(stream) == [*map(large, range(11)), END]


# Others have their turn


class Others:
    """Another task: counts its turns, and may cancel the reader at one of them."""

    def __init__(self, scope: anyio.CancelScope, cancel_at: int | None = None) -> None:
        self.items = 0
        """Items that the reader has had since this task's last turn; the handler counts them."""
        self.most = 0
        self.turns = 0
        self._scope, self._cancel_at = scope, cancel_at

    async def run(self) -> None:
        while True:
            self.most, self.items = max(self.most, self.items), 0
            if self.turns == self._cancel_at:
                self._scope.cancel()
            self.turns += 1
            await anyio.lowlevel.checkpoint()


async def test_others_have_their_turn_while_events_wait() -> None:
    """With a handler of a millisecond, ten thousand events would hold all others up for ten seconds."""
    stream = opened(10_000, "fail", *numbers(1, 9_999), END)
    async with anyio.create_task_group() as tasks:
        others = Others(tasks.cancel_scope)
        tasks.start_soon(others.run)
        async for _ in stream:
            others.items += 1
        tasks.cancel_scope.cancel()
    # Trio lets the tasks of one turn run in any order, so there may be two turns of the reader between two of another.
    assert 0 < others.most <= 2 * TURN
    assert others.turns >= 10_000 // TURN


async def test_the_turns_of_a_slow_handler_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a handler that takes a millisecond, no more items than fit into four of them; of a quick one, all."""
    seconds = [0.0]
    monkeypatch.setattr(stream_module, "perf_counter", lambda: seconds[0])
    for pause, shortest, longest in ((0.001, 1, 4), (0.1, 1, 1), (1e-6, TURN, TURN)):
        stream = opened(10_000, "fail", *numbers(1, 3_000), END)
        turns: list[int] = []
        monkeypatch.setattr(stream_module, "checkpoint", turn_counter(turns))
        async for _ in stream:
            seconds[0] += pause
            if turns:
                turns[-1] += 1
        # By the first turns it is found out, and the last one has what is left.
        assert all(shortest <= items <= longest for items in turns[3:-1]), (pause, turns)


def turn_counter(turns: list[int]) -> Callable[[], Any]:
    """Give a checkpoint that begins a new count."""

    async def checkpoint() -> None:
        turns.append(0)
        await anyio.lowlevel.checkpoint()

    return checkpoint


async def test_a_cancellation_arrives_while_events_wait() -> None:
    """As soon as any other task has its turn."""
    stream = opened(10_000, "fail", *numbers(1, 9_999))
    heard = 0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Others(tasks.cancel_scope, cancel_at=2).run)
        async for _ in stream:
            heard += 1
    assert 0 < heard <= 5 * TURN
    assert stream.statistics().waiting == 9_999 - heard


async def test_a_cancellation_arrives_while_batches_wait() -> None:
    """A batch is a turn, however many of them there would be."""
    stream = opened(10, "fail", *numbers(1, 5))
    heard = 0
    async with anyio.create_task_group() as tasks:
        others = Others(tasks.cancel_scope, cancel_at=3)
        tasks.start_soon(others.run)
        async for batch in stream.batches():
            assert len(batch) == 5
            heard += 1
            others.items += 1
            put(stream, *numbers(1, 5))
    assert heard <= 6
    assert others.most <= 2


@pytest.mark.parametrize("in_batches", [False, True])
async def test_a_cancellation_arrives_though_each_event_is_waited_for(in_batches: bool) -> None:
    """A flood of one event at a time, each there before the reader has begun to wait for long."""
    stream = opened(10, "fail")
    heard = 0
    async with anyio.create_task_group() as tasks:

        async def flood() -> None:
            while True:
                put(stream, NextValidId(1))
                await anyio.lowlevel.checkpoint()
                assert heard <= 10 * TURN, "the cancellation does not arrive"

        with anyio.CancelScope() as scope:
            tasks.start_soon(flood)
            tasks.start_soon(Others(scope, cancel_at=5).run)
            async for _ in stream.batches() if in_batches else stream:
                heard += 1
        assert scope.cancelled_caught
        tasks.cancel_scope.cancel()


# A stream of a conversation


def number_of(stream: Stream[Any]) -> int:
    """Give the id of an open stream."""
    number: int = stream.request.request_id  # type: ignore[attr-defined]
    return number


def ticks(stream: Stream[Any], count: int) -> list[TickPrice]:
    """Give *count* ticks for *stream*."""
    number = number_of(stream)
    return [TickPrice(number, TickType.BID, float(price), None, TickAttributes(0)) for price in range(count)]


QUIET: Final = {**ANSWERS, MarketDataRequest: Answer(lambda _client, _request: ())}
"""Answers of a TWS that takes a request for market data, and says nothing."""
AAPL: Final = MarketDataRequest(Stock("AAPL"))


def said(world: World) -> list[type[object]]:
    """Give the classes of what TWS was told."""
    return [type(heard.message) for heard in world.heard]


def say(world: World, messages: Sequence[ToClient]) -> None:
    for message in messages:
        world.links[0].say(message)


@contextmanager
def nothing_left(tws: Tws) -> Iterator[None]:
    """See that no conversation is left open."""
    yield
    assert tws.statistics().open_conversations == 0
    assert not tws._pump._waking


@pytest.mark.parametrize("server_version", [176, 226])
async def test_details_ticks_and_positions_of_the_simulated_tws(server_version: int) -> None:
    """A question, its refusal, a stream, and what is both, in text and in protobuf."""
    world = World(WorldSettings(server_version=server_version))
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        (details,) = await tws.ask(ContractDataRequest(Stock("AAPL")))
        assert details.contract.symbol == "AAPL"
        with pytest.raises(RequestFailed, match="TWS ended ContractDataRequest with 200") as caught:
            await tws.ask(ContractDataRequest(Stock("NOSUCH")))
        assert (caught.value.code, caught.value.link_was_down) == (200, False)
        async with tws.stream(MarketDataRequest(details.contract)) as quotes:
            async for item in quotes:
                if isinstance(item, TickPrice) and item.tick_type is TickType.BID:
                    break
        held = await tws.ask(PositionsRequest())
        async with tws.stream(PositionsRequest()) as positions:
            told = [await anext(positions) for _ in range(len(held) + 1)]
        assert told == [*held, PositionEnd()]
        assert all(isinstance(position, Position) for position in held)
        await until(lambda: said(world)[-1] is CancelPositions)
    assert said(world).count(CancelMarketData) == 1


async def test_entering_never_waits_and_leaving_cancels() -> None:
    """Nothing of TWS is needed to enter; leaving says the cancel and forgets what waits."""
    world = World(answers=QUIET)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        with nothing_left(tws):
            stream = tws.stream(AAPL)
            assert stream.request == AAPL
            entering = stream.__aenter__()
            with pytest.raises(StopIteration):
                entering.send(None)
            number = number_of(stream)
            await until(lambda: said(world) == [MarketDataRequest])
            say(world, ticks(stream, 3))
            await until(lambda: stream.statistics().waiting == 3)
            await stream.__aexit__(None, None, None)
            assert stream.statistics().waiting == 0
            await until(lambda: world.heard[-1].message == CancelMarketData(number))
        assert [item async for item in stream] == []
    assert said(world) == [MarketDataRequest, CancelMarketData]


@pytest.mark.parametrize("how", ["exception", "cancellation", "before it left"])
async def test_leaving_cancels_however_it_is_left(how: str) -> None:
    """By what the block raises, and by a cancellation while its reader waits; what never left needs no cancel."""
    world = World(answers=QUIET)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        with nothing_left(tws):
            with anyio.CancelScope() as scope:
                try:
                    async with tws.stream(AAPL) as stream:
                        if how != "before it left":
                            await until(lambda: said(world) == [MarketDataRequest])
                        if how == "cancellation":
                            scope.cancel()
                            await anext(stream)
                        raise LookupError("mine")
                except LookupError:
                    pass
            assert scope.cancelled_caught == (how == "cancellation")
        await tws.current_time()
    cancelled = [] if how == "before it left" else [MarketDataRequest, CancelMarketData]
    assert said(world)[:-1] == cancelled


async def test_a_stream_is_for_one_block_and_read_inside_of_it() -> None:
    """Outside there is nothing to read, and it says so."""
    world = World(answers=QUIET)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        stream = tws.stream(AAPL)
        for use in (stream.__aiter__, stream.batches):
            with pytest.raises(RuntimeError, match="a stream is read inside its block: `async with` the call"):
                use()
        with anyio.fail_after(PATIENCE), pytest.raises(RuntimeError, match="a stream is read inside its block"):
            await anext(stream)
        async with stream:
            with pytest.raises(RuntimeError, match="for one block"):
                await stream.__aenter__()
        with pytest.raises(RuntimeError, match="for one block"):
            await stream.__aenter__()
    assert len(world.heard) <= 2


async def test_a_stream_in_another_thread_is_refused() -> None:
    """Wherever it is used; the stream is unharmed."""
    world = World(answers=QUIET)

    def begun(name: str) -> None:
        arguments = (None, None, None) if name == "__aexit__" else ()
        work = getattr(stream, name)(*arguments)
        try:
            work.send(None)
        finally:
            work.close()

    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        stream = tws.stream(AAPL)
        with pytest.raises(WrongThread, match=r"Stream\.__aenter__"):
            await to_thread.run_sync(begun, "__aenter__")
        async with stream:
            say(world, ticks(stream, 3))
            await anext(stream)
            for name in ("__anext__", "__aexit__"):
                with pytest.raises(WrongThread, match=f"Stream.{name}"):
                    await to_thread.run_sync(begun, name)
            with pytest.raises(WrongThread, match=r"Stream\.statistics.*from_thread\.run_sync,"):
                await to_thread.run_sync(stream.statistics)
            assert await anext(stream) == ticks(stream, 3)[1]


async def test_a_second_reader_of_a_conversation_is_refused() -> None:
    """As of every stream."""
    world = World(answers=QUIET)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws, tws.stream(AAPL) as stream:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.__anext__)
            await some_turns()
            with pytest.raises(StreamInUse):
                await anext(stream.batches())
            say(world, ticks(stream, 1))


@pytest.mark.parametrize("in_batches", [False, True])
async def test_the_end_of_the_connection_comes_after_all_that_came(in_batches: bool) -> None:
    """The block is cancelled only then; and the stream raises it, once."""
    world = World(answers=QUIET)
    heard: list[object] = []
    async with connect_memory(world) as raw:
        with pytest.raises(ConnectionClosed) as caught, anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(raw) as tws, tws.stream(AAPL) as stream:
                say(world, expected := ticks(stream, 100))
                world.links[0].die()
                if in_batches:
                    async for batch in stream.batches():
                        heard += batch
                else:
                    async for tick in stream:
                        heard.append(tick)
    assert heard == expected
    assert caught.value.reason is CloseReason.EOF
    assert [item async for item in stream] == []


async def test_a_refusal_comes_at_the_first_item_and_remarks_in_their_place() -> None:
    """Entering cannot tell; a remark under the stream's id is no failure."""
    world = World(answers=QUIET)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        with nothing_left(tws):
            async with tws.stream(AAPL) as stream:
                number = number_of(stream)
                (tick,) = ticks(stream, 1)
                say(world, [ErrorMessage(number, 10167, "Displaying delayed data"), tick])
                remark = await anext(stream)
                assert isinstance(remark, Notice)
                assert remark.code == 10167
                assert await anext(stream) == tick
                say(world, [tick, ErrorMessage(number, 354, "Not subscribed")])
                await until(lambda: tws.statistics().open_conversations == 0)
                assert await anext(stream) == tick
                with pytest.raises(RequestFailed) as caught:
                    await anext(stream)
                assert caught.value.code == 354
                assert caught.value.request == stream.request
                with pytest.raises(StopAsyncIteration):
                    await anext(stream)
        await tws.current_time()
    assert CancelMarketData not in said(world)


# Slow readers of a conversation


async def test_a_slow_reader_hears_of_its_loss_first_and_the_stream_is_cancelled() -> None:
    """At the overflow: what waits is given up, the cancel goes out, and what still comes is counted, not kept."""
    world = World(answers=QUIET)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        with nothing_left(tws):
            async with tws.stream(AAPL, capacity=5) as stream:
                say(world, ticks(stream, 6))
                await until(lambda: CancelMarketData in said(world))
                say(world, ticks(stream, 7))
                await until(lambda: tws.statistics().late.get("TickPrice") == 7)
                assert (stream.statistics().waiting, stream.statistics().waiting_bytes) == (0, 0)
                with pytest.raises(SlowConsumer) as caught:
                    await anext(stream)
                assert (caught.value.capacity, caught.value.lost) == (5, 6)
    assert said(world) == [MarketDataRequest, CancelMarketData]


async def test_a_slow_reader_that_wants_the_newest_has_them() -> None:
    """With `drop_oldest` the stream goes on, and says in its place what is gone."""
    world = World(answers=QUIET)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        async with tws.stream(AAPL, capacity=5, when_full="drop_oldest") as stream:
            say(world, ticks(stream, 12))
            await until(lambda: stream.statistics().received == 12)
            assert stream.statistics().dropped == 7
            assert await anext(stream.batches()) == (Dropped(7), *ticks(stream, 12)[7:])


async def test_a_conversation_cannot_make_tws_wait() -> None:
    """To stop reading would stop the news of orders: that is refused at the call."""
    async with connect_memory(World()) as raw, anytws.connect_stream(raw) as tws:
        with pytest.raises(ValueError, match="for raw events alone"):
            tws.stream(AAPL, when_full="block")


@pytest.mark.virtual_time
async def test_a_stuck_reader_stops_no_news_of_orders() -> None:
    """TWS is read on, though slowly, while a stream is about to be too full; the others hear within milliseconds."""
    world = World(answers=QUIET)
    status = OrderStatus(7, OrderStatusWord.FILLED, None, None, 1.0, 1, 0, 1.0, 0)
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        async with tws.stream(AAPL, capacity=100) as stuck:
            events = tws.events()
            await anyio.sleep(60)
            for count in (51, 40):
                say(world, [*ticks(stuck, count), status])
                began = anyio.current_time()
                async for event in events:
                    if isinstance(event, OrderStatus):
                        break
                assert anyio.current_time() - began < 0.05
            assert stuck.statistics().waiting == 91
            events.close()


# Questions that are shared


async def test_callers_in_several_tasks_share_a_stream() -> None:
    """One request on the wire; a later one begins with what is known; the last who leaves cancels."""
    world = World()
    async with connect_memory(world) as raw, anytws.connect_stream(raw) as tws:
        with nothing_left(tws):
            async with tws.stream(PositionsRequest()) as first:
                run = [await anext(first) for _ in range(3)]
                assert run[-1] == PositionEnd()
                async with tws.stream(PositionsRequest()) as second:
                    assert [await anext(second) for _ in range(3)] == run
                    assert await tws.ask(PositionsRequest()) == tuple(run[:-1])
                await tws.current_time()
                assert CancelPositions not in said(world)
                (link,) = world.links
                moved = run[0]
                assert isinstance(moved, Position)
                link.say(moved)
                assert await anext(first) == moved
            await until(lambda: CancelPositions in said(world))
            # Its end is known only when TWS has heard of it: a fence, or its time.
            assert tws.statistics().open_conversations <= 1
            await tws.ask(PositionsRequest())
            await until(lambda: tws.statistics().open_conversations == 1)
            async with tws.stream(PositionsRequest()) as third:
                await anext(third)
            # Nobody waits for the end of the third, so no fence is asked for: it drains for its time.
            tws._pump.session.conversations.wake(anyio.current_time() + 100)
    assert said(world).count(PositionsRequest) == 3
