"""Streams of events by themselves: what a reader gets, and what a slow one gets."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from anytws import CloseReason, ConnectionClosed, EventsDropped, SlowConsumer, State, StreamInUse
from anytws.core.events import Event, UnknownMessage
from anytws.core.remembered import MOST_BYTES, weigh
from anytws.messages import NextValidId
from anytws.runtime.event_stream import EventStream, WhenFull

END = ConnectionClosed(CloseReason.EOF, State.READY)


def numbers(first: int, last: int) -> list[Event]:
    return [NextValidId(number) for number in range(first, last + 1)]


def large(number: int, size: int = 1000) -> Event:
    """An event of a little more than *size* bytes."""
    return UnknownMessage(number, bytes(size))


def filled(capacity: int, when_full: WhenFull, *events: Event, capacity_bytes: int = MOST_BYTES) -> EventStream:
    stream = EventStream(capacity, when_full, capacity_bytes)
    for event in events:
        stream.put(event, weigh(event))
    return stream


async def all_of(stream: EventStream) -> list[Event | EventsDropped]:
    with anyio.fail_after(5):
        return [event async for event in stream]


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_stream_that_can_hold_nothing_is_refused(capacity: int) -> None:
    """A capacity below one is a mistake of the caller's, and is named."""
    with pytest.raises(ValueError, match=f"capacity is {capacity}, and has to be at least 1"):
        EventStream(capacity, "fail")


def test_a_stream_that_can_hold_no_byte_is_refused() -> None:
    """The same for its bound in bytes."""
    with pytest.raises(ValueError, match="capacity_bytes"):
        EventStream(1, "fail", 0)


@pytest.mark.parametrize("when_full", ["fail", "drop_oldest", "block"])
async def test_everything_comes_in_order_and_the_end_comes_last(when_full: WhenFull) -> None:
    """As long as it is read fast enough, no policy matters, and the loop ends after the end."""
    stream = filled(4, when_full, *numbers(1, 3), END)
    assert await all_of(stream) == [*numbers(1, 3), END]
    assert stream.is_closed
    assert await all_of(stream) == []


async def test_a_reader_that_is_faster_waits() -> None:
    """A reader gets an event that is put while it waits."""
    stream = EventStream(4, "fail")
    heard: list[Event | EventsDropped] = []

    async def read() -> None:
        heard.extend([event async for event in stream])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for event in (*numbers(1, 2), END):
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            stream.put(event, weigh(event))
    assert heard == [*numbers(1, 2), END]


async def test_fail_delivers_what_it_holds_and_then_fails() -> None:
    """Nothing is missing without a word: what fitted comes first, then `SlowConsumer` with the bound."""
    stream = filled(2, "fail", *numbers(1, 3), END)
    assert await anext(stream) == NextValidId(1)
    assert await anext(stream) == NextValidId(2)
    with pytest.raises(SlowConsumer, match="more than 2 events") as caught:
        await anext(stream)
    assert caught.value.capacity == 2
    assert stream.is_closed
    assert await all_of(stream) == []


async def test_fail_stays_failed_when_it_is_read_late() -> None:
    """Room that is made after the overflow does not hide it."""
    stream = filled(1, "fail", *numbers(1, 2))
    assert await anext(stream) == NextValidId(1)
    stream.put(NextValidId(3), weigh(NextValidId(3)))
    with pytest.raises(SlowConsumer):
        await anext(stream)


async def test_drop_oldest_says_how_many_where_they_were() -> None:
    """The newest survive; in the place of the others stands how many they were, once."""
    stream = filled(2, "drop_oldest", *numbers(1, 5))
    assert stream.dropped == 3
    assert await anext(stream) == EventsDropped(3)
    assert stream.dropped == 0
    stream.put(END, weigh(END))
    assert await all_of(stream) == [*numbers(4, 5), END]


async def test_drop_oldest_counts_each_gap_by_itself() -> None:
    """What is dropped after a report is the next report's."""
    stream = filled(1, "drop_oldest", *numbers(1, 2))
    assert await anext(stream) == EventsDropped(1)
    stream.put(NextValidId(3), weigh(NextValidId(3)))
    assert await anext(stream) == EventsDropped(1)
    assert await anext(stream) == NextValidId(3)


@pytest.mark.parametrize("when_full", ["drop_oldest", "block"])
async def test_the_end_arrives_in_a_full_stream(when_full: WhenFull) -> None:
    """The last event drops nothing and is not dropped."""
    assert await all_of(filled(2, when_full, *numbers(1, 2), END)) == [*numbers(1, 2), END]


async def test_block_has_no_room_when_it_is_full() -> None:
    """A full stream makes TWS wait, and one read is room for one event."""
    stream = filled(2, "block", *numbers(1, 2))
    assert not stream.has_room
    await anext(stream)
    assert stream.has_room


@pytest.mark.parametrize("when_full", ["fail", "drop_oldest"])
async def test_only_block_ever_lacks_room(when_full: WhenFull) -> None:
    """The other policies never hold TWS up."""
    assert filled(1, when_full, *numbers(1, 2)).has_room


async def test_a_blocking_stream_that_is_closed_holds_nobody_up() -> None:
    """Closing makes room, and tells whoever waits for some."""
    stream = filled(1, "block", *numbers(1, 1))
    moved = False

    async def wait() -> None:
        nonlocal moved
        await stream.moved()
        moved = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        stream.close()
    assert moved
    assert stream.has_room


async def test_what_happened_before_is_nobodys_slowness() -> None:
    """Events of the past may be more than the capacity; that many new ones still fit behind them."""
    stream = EventStream(2, "fail")
    stream.preload(numbers(1, 10), 0)
    for event in numbers(11, 12):
        stream.put(event, weigh(event))
    stream.put(END, weigh(END))
    assert await all_of(stream) == [*numbers(1, 12), END]


async def test_the_past_does_not_make_a_stream_larger() -> None:
    """Once the past has been read, the capacity is what it says."""
    stream = EventStream(2, "drop_oldest")
    stream.preload(numbers(1, 10), 0)
    for event in numbers(11, 30):
        stream.put(event, weigh(event))
    waiting = [event for event in await all_of(filled_again(stream)) if isinstance(event, NextValidId)]
    assert [event.order_id for event in waiting if event.order_id > 10] == [29, 30]


def filled_again(stream: EventStream) -> EventStream:
    stream.put(END, weigh(END))
    return stream


async def test_a_past_that_is_partly_forgotten_says_so() -> None:
    """A stream whose backlog had lost its beginning begins with how much was lost."""
    stream = EventStream(2, "fail")
    stream.preload(numbers(8, 9), 7)
    stream.put(END, weigh(END))
    assert await all_of(stream) == [EventsDropped(7), *numbers(8, 9), END]


async def test_closing_forgets_and_ends() -> None:
    """A closed stream gives nothing more and takes nothing more."""
    with filled(4, "fail", *numbers(1, 3)) as stream:
        assert await anext(stream) == NextValidId(1)
    stream.put(NextValidId(4), weigh(NextValidId(4)))
    assert await all_of(stream) == []


async def test_closing_ends_a_reader_that_waits() -> None:
    """Another task may close the stream; the loop of its reader then ends."""
    stream = EventStream(4, "fail")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(all_of, stream)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        stream.close()


async def test_leaving_the_loop_keeps_the_rest() -> None:
    """A loop that is left early can be taken up again."""
    stream = filled(4, "fail", *numbers(1, 3), END)
    async for _ in stream:
        break
    assert await all_of(stream) == [*numbers(2, 3), END]


async def test_a_cancelled_reader_loses_nothing() -> None:
    """An event that a cancelled reader did not get is there for the next."""
    stream = EventStream(4, "fail")
    with anyio.move_on_after(0):
        await anext(stream)
    stream.put(NextValidId(1), weigh(NextValidId(1)))
    with anyio.CancelScope() as scope:
        scope.cancel()
        await anext(stream)
    assert await anext(stream) == NextValidId(1)


async def test_who_reads_is_being_read_until_the_end_was_taken() -> None:
    """A reader that has taken `ConnectionClosed` is through, whether or not it comes back for more."""
    stream = filled(4, "fail", *numbers(1, 1), END)
    assert not stream.is_being_read
    await anext(stream)
    assert stream.is_being_read
    assert await anext(stream) == END
    assert not stream.is_being_read


async def test_a_way_to_be_full_that_is_none_is_refused() -> None:
    """A typing error must not turn into another policy."""
    with pytest.raises(ValueError, match="drop_newest"):
        EventStream(10, "drop_newest")  # type: ignore[arg-type]


# The bound in bytes


async def test_fail_by_weight_says_which_bound_it_was() -> None:
    """A few large events are too much where thousands of small ones would not be; the error says so."""
    stream = filled(100, "fail", *map(large, range(3)), capacity_bytes=3000)
    assert await anext(stream) == large(0)
    assert await anext(stream) == large(1)
    with pytest.raises(SlowConsumer, match=r"more than 3000 bytes.*raise the capacity_bytes") as caught:
        await anext(stream)
    assert (caught.value.capacity, caught.value.unit, caught.value.unread_seconds) == (3000, "bytes", None)


async def test_drop_oldest_by_weight_counts() -> None:
    """The newest that fit stay."""
    stream = filled(100, "drop_oldest", *map(large, range(5)), capacity_bytes=3000)
    assert await anext(stream) == EventsDropped(3)
    assert [await anext(stream), await anext(stream)] == [large(3), large(4)]


async def test_block_has_no_room_beyond_its_weight() -> None:
    """TWS waits for the bytes too, and what was taken makes room."""
    stream = filled(100, "block", *map(large, range(3)), capacity_bytes=3000)
    assert not stream.has_room
    await anext(stream)
    assert stream.has_room


@pytest.mark.parametrize("when_full", ["fail", "drop_oldest", "block"])
async def test_one_event_may_always_wait(when_full: WhenFull) -> None:
    """One frame may be large; a bound that it does not fit into must not hide it."""
    stream = filled(100, when_full, large(1), capacity_bytes=10)
    assert await anext(stream) == large(1)
    put(stream, large(2), END)
    assert await all_of(stream) == [large(2), END]


@pytest.mark.parametrize("when_full", ["fail", "drop_oldest"])
async def test_a_large_end_arrives_in_a_full_stream(when_full: WhenFull) -> None:
    """The last event is never too much."""
    stream = filled(100, when_full, large(1), END, capacity_bytes=1100)
    assert await all_of(stream) == [large(1), END]


async def test_the_past_has_no_weight() -> None:
    """What happened before the stream was opened is bounded where it was kept."""
    stream = EventStream(100, "fail", 1500)
    stream.preload(map(large, range(10)), 0)
    put(stream, large(10), END)
    assert await all_of(stream) == [*map(large, range(11)), END]


def put(stream: EventStream, *events: Event) -> None:
    for event in events:
        stream.put(event, weigh(event))


# Nobody reads, and too many


async def test_a_stream_that_is_given_up_fails_after_what_waits() -> None:
    """It ends as with `fail`, holds TWS up no longer, and says for how long nobody read."""
    stream = filled(2, "block", *numbers(1, 2))
    stream.give_up(30.0)
    assert stream.has_room
    put(stream, *numbers(3, 4))
    assert [await anext(stream), await anext(stream)] == numbers(1, 2)
    with pytest.raises(SlowConsumer, match="2 events, and nobody read it for 30 s") as caught:
        await anext(stream)
    assert (caught.value.capacity, caught.value.unit, caught.value.unread_seconds) == (2, "events", 30.0)
    assert await all_of(stream) == []


async def test_a_second_reader_is_refused_and_the_first_goes_on() -> None:
    """Two readers would each get some of the events, and neither would know. The second one is told."""
    stream = EventStream(4, "fail")
    heard: list[Event | EventsDropped] = []

    async def read() -> None:
        heard.extend([event async for event in stream])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        with pytest.raises(StreamInUse, match="another task"):
            await anext(stream)
        put(stream, NextValidId(1))
        # It is the first one's, though that has not had its turn yet.
        with pytest.raises(StreamInUse):
            await anext(stream)
        put(stream, END)
    assert heard == [NextValidId(1), END]


async def test_a_reader_that_was_cancelled_leaves_its_place() -> None:
    """Whoever waited and was cancelled reads no more; the next one may."""
    stream = EventStream(4, "fail")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(all_of, stream)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    put(stream, END)
    assert await anext(stream) == END
