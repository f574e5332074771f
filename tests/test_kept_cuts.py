"""Every stream verb under `keep_connected`, against a TWS that hangs up in the worst places.

In the middle of the first run, right behind it, before the first word, right behind an error, twice in a row; while the
reader is too slow; while the stream is left, or opened, with nobody there; and a TWS that refuses at the reopening. The
whole client runs, loop and all, over memory streams; a mock clock makes the pauses between attempts short.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import anyio
import pytest
from anyio.abc import TaskGroup

from anytws import (
    Dropped,
    Gap,
    NotConnected,
    Notice,
    OrderRejected,
    OrderUnknown,
    Reconnection,
    RequestFailed,
    Resumed,
    SlowConsumer,
    Tws,
    keep_connected_stream,
)
from anytws import messages as m
from anytws.core.options import HandshakeOptions
from anytws.machines.accounts import Holdings
from anytws.machines.figures import Figures
from anytws.machines.kept import is_lost_with_link
from anytws.machines.presence import PresenceState
from anytws.machines.watching import Watched
from anytws.messages.base import replace
from anytws.messages.market_data import TickByTickRequest, TickByTickType
from anytws.simulator import HangUp
from anytws.simulator.faults import (
    AcceptAndHangUp,
    At,
    ConnectionLost,
    CutConnection,
    Event,
    FarmDown,
    NightlyRestart,
    Wedged,
)
from anytws.simulator.serve import ResettableStream, memory_pair
from tests.every_verb import APPLE, NOON, TICK, Verb, bars_at
from tests.scripted_peer import Peer, Said
from tests.staying import a_world, staying
from tests.test_kept import STREAMS, link
from tests.trading import AAPL, limit

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
HOUR: Final = 3600.0
TICKER: Final = TickByTickRequest(AAPL, TickByTickType.LAST)
TOLD_ONCE: Final = ("(past)", "(quotes)", "news.follow_headlines", "news.follow_provider")
"""Streams that say nothing of what was, when they are opened again."""
VERSIONS: Final = pytest.mark.parametrize("version", [176, 226])


class Cutting(Peer):
    """A TWS that hangs up at a certain place, when it is asked for a certain thing."""

    def __init__(self, stream: ResettableStream, version: int, place: str, asks: type[Any]) -> None:
        super().__init__(stream, version)
        self.place = place
        self._asks = asks

    async def say(self, *said: Said) -> None:
        """Say it, to whoever may have gone just then."""
        with suppress(anyio.BrokenResourceError):
            await super().say(*said)

    async def _hear(self, message: Any) -> None:
        is_it = isinstance(message, self._asks) and getattr(message, "subscribe", True)
        if not is_it or self.place == "well":
            await super()._hear(message)
            return
        if self.place in ("before", "refuses"):
            self.answers = {**self.answers, self._asks: ()}
        elif self.place == "amid":
            self.twist = lambda _, __, said: said[: len(said) // 2]
        await super()._hear(message)
        number = getattr(message, "request_id", None)
        if self.place == "refuses":
            await self.say(m.ErrorMessage(number, 354, "Not subscribed"))
        elif self.place == "error":
            await self.say(m.ErrorMessage(number, 10197, "No market data during competing live session"))
        if self.place != "refuses":
            await self.hang_up()


class Line:
    """What a program connects to: one TWS after the other, each with the place at which it hangs up."""

    def __init__(self, tasks: TaskGroup, verb: Verb, version: int, places: Sequence[str]) -> None:
        self._tasks, self._verb, self._version = tasks, verb, version
        self.places = list(places)
        self.peers: Final[list[Cutting]] = []
        self.is_up = True
        self.answers = dict(verb.answers)
        if verb.verb == "market_data.bars":
            self.answers[m.HistoricalDataRequest] = bars_at(NOON, NOON + timedelta(seconds=5))

    async def connect(self) -> ResettableStream:
        """Give the stream of a new connection."""
        if not self.is_up:
            raise ConnectionRefusedError("nobody is there")
        ours, theirs = memory_pair()
        place = self.places.pop(0) if self.places else "well"
        peer = Cutting(theirs, self._version, place, self._verb.asks)
        peer.answers = self.answers
        self.peers.append(peer)
        self._tasks.start_soon(peer.run)
        return ours

    @property
    def peer(self) -> Cutting:
        """TWS as it is now."""
        return self.peers[-1]


@asynccontextmanager
async def line_of(verb: Verb, version: int, *places: str) -> AsyncGenerator[tuple[Line, Tws]]:
    """Stay connected to one TWS after the other; what is left open at the last is told."""
    async with anyio.create_task_group() as tasks:
        line = Line(tasks, verb, version, places)
        options = HandshakeOptions(client_id=1)
        async with keep_connected_stream(line.connect, options=options, pacing=None, liveness=None) as tws:
            yield line, tws
        tasks.cancel_scope.cancel()


def marks_of(item: Any) -> list[Gap | Resumed]:
    """Give what *item* tells of outages, in its order."""
    item = item.item if isinstance(item, Watched) else item
    if isinstance(item, (Gap, Resumed)):
        return [item]
    return [mark for mark in (getattr(item, "resumed", None), getattr(item, "gap", None)) if mark is not None]


def is_whole_value(item: Any) -> bool:
    """Tell whether it is the picture of an account."""
    return isinstance(item, (Figures, Holdings))


def check_marks(items: Sequence[Any], name: str) -> int:
    """See that gaps and their ends take turns; give how many gaps were told."""
    told: list[Gap | Resumed] = []
    for mark in [mark for item in items for mark in marks_of(item)]:
        before = told[-1] if told else None
        if isinstance(mark, Gap):
            # A value that has changed in a gap tells of that again.
            assert before is None or isinstance(before, Resumed) or before is mark, f"{name}: two gaps in one"
        else:
            # A picture that was never whole is not shown in a gap, and its first one tells what is over.
            assert isinstance(before, Gap) or (before is None and is_whole_value(items[0])), f"{name}: goes on"
            assert before in (None, mark.gap), name
            assert mark.until >= mark.gap.since, name
        if mark is not before:
            told.append(mark)
    return sum(isinstance(mark, Resumed) for mark in told) + isinstance(told[-1], Gap) if told else 0


def is_data(item: Any) -> bool:
    """Tell whether *item* is more than a word about the stream."""
    return not isinstance(item, (Gap, Resumed, Notice, Dropped)) and not isinstance(
        getattr(item, "item", None), (Gap, Resumed)
    )


def is_whole(verb: Verb, items: Sequence[Any]) -> bool:
    """Tell whether *items* are all that is told once there is somebody again."""
    ends = [place for place, item in enumerate(items) if any(isinstance(mark, Resumed) for mark in marks_of(item))]
    since = max(ends, default=-1)
    data = [item for item in items[max(since, 0) :] if is_data(item) and not getattr(item, "gap", None)]
    if any(word in verb.name for word in TOLD_ONCE) or verb.verb == "historical.updating_bars":
        return since >= 0
    return bool(data) and bool(verb.gives(data))


async def read_until(stream: Any, holds: Callable[[list[Any]], object]) -> list[Any]:
    """Give what comes until *holds* of it."""
    items: list[Any] = []
    with anyio.move_on_after(HOUR):
        while not (items and holds(items)):
            items.append(await anext(stream))
        return items
    raise AssertionError(f"nothing more came, after {items[-5:]}")


PLACES: Final = {
    "amid the run": ("amid",),
    "between the run and the stream": ("after",),
    "before the first word": ("before",),
    "again and again": ("after", "before", "amid"),
    "right after an error, twice": ("error", "error"),
}


@VERSIONS
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
async def test_hung_up_on_in_the_worst_places(places: Sequence[str], version: int) -> None:
    for verb in [verb for verb in STREAMS if verb.since <= version]:
        # What TWS ends for a while says so by itself: it is opened again later.
        ends_alone = "error" in places
        async with line_of(verb, version, *places) as (line, tws):
            async with verb.call(tws) as stream:
                items = await read_until(
                    stream, lambda items, line=line, verb=verb: len(line.peers) > len(places) and is_whole(verb, items)
                )
                count = check_marks(items, verb.name)
                assert 1 <= count <= len(places) * (2 if ends_alone else 1), (verb.name, count)
                await anyio.sleep(1)
                assert len(line.peer.open) == 1, (verb.name, line.peer.open)
            await anyio.sleep(1)
            assert line.peer.open == {}, verb.name
            assert tws.presence.now.gaps == len(places)


async def ended(tws: Tws, line: Line) -> None:
    """Have TWS hang up, and wait until that is noticed."""
    line.is_up = False
    await line.peer.hang_up()
    await tws.presence.until(lambda presence: not presence.is_here)


async def back(tws: Tws, line: Line) -> None:
    """Have TWS come up again, and wait until everything is in order."""
    line.is_up = True
    await tws.presence.until(lambda presence: presence.state is PresenceState.PRESENT, timeout=HOUR)
    await anyio.sleep(1)


async def test_left_while_there_is_nobody() -> None:
    for verb in STREAMS:
        async with line_of(verb, 226) as (line, tws):
            async with verb.call(tws) as stream:
                await read_until(stream, bool)
                await ended(tws, line)
            await back(tws, line)
            asked = [message for message in line.peer.heard if isinstance(message, verb.asks)]
            assert (asked, line.peer.open) == ([], {}), f"{verb.name}: nobody reads it any more"


async def test_opened_while_there_is_nobody() -> None:
    for verb in STREAMS:
        async with line_of(verb, 226) as (line, tws):
            await ended(tws, line)
            async with verb.call(tws) as stream:
                first: list[Any] = []
                with anyio.move_on_after(1):
                    first.append(await anext(stream))
                await back(tws, line)
                items = first + await read_until(stream, lambda items, verb=verb: is_whole(verb, items))
                assert check_marks(items, verb.name) == 1
                if not is_whole_value(items[0]):
                    assert isinstance(marks_of(first[0])[0], Gap), f"{verb.name}: it begins with the gap"
            await anyio.sleep(1)
            assert line.peer.open == {}, verb.name


async def test_refused_at_the_reopening() -> None:
    """TWS gives no data any more: the stream ends with that, behind the gap, and others are as they were."""
    for verb in STREAMS:
        async with line_of(verb, 226, "well", "refuses") as (line, tws):
            async with verb.call(tws) as stream:
                await read_until(stream, bool)
                await ended(tws, line)
                line.is_up = True
                asked, *_ = [message for message in line.peers[0].heard if isinstance(message, verb.asks)]
                if getattr(asked, "request_id", None) is None:
                    # An error without an id is of nobody.
                    continue
                items: list[Any] = []
                with anyio.fail_after(HOUR), pytest.raises(RequestFailed) as caught:
                    while True:
                        item = await anext(stream)
                        items.append(item)
                        if isinstance(item, Watched) and isinstance(item.item, RequestFailed):
                            raise item.item
                assert caught.value.code == 354, verb.name
                check_marks(items, verb.name)
            await anyio.sleep(1)
            assert line.peer.open == {}, verb.name


async def test_a_reader_that_is_too_slow_in_an_outage() -> None:
    """Nothing that tells of the outage is dropped, and `fail` fails as ever."""
    verb = next(verb for verb in STREAMS if verb.name == "market_data.ticks")
    for when_full in ("fail", "drop_oldest"):
        async with line_of(verb, 226) as (line, tws):
            capacity = 20 if when_full == "fail" else 10
            ticks = tws.market_data.ticks(APPLE, capacity=capacity, when_full=when_full)
            async with ticks as stream:
                await anyio.sleep(1)
                for _ in range(3):
                    number = stream.request.request_id
                    await line.peer.say(*[replace(TICK, request_id=number)] * (3 if when_full == "fail" else 8))
                    await anyio.sleep(1)
                    await ended(tws, line)
                    await back(tws, line)
                if when_full == "fail":
                    await line.peer.say(*[replace(TICK, request_id=stream.request.request_id)] * 12)
                    await anyio.sleep(1)
                    with pytest.raises(SlowConsumer):
                        await anext(stream)
                    await ended(tws, line)
                    await back(tws, line)
                    assert line.peer.open == {}, "it is over"
                    continue
                items: list[Any] = []
                with anyio.move_on_after(1):
                    while True:
                        items.append(await anext(stream))
                assert check_marks(items, "ticks") == 3
                dropped = sum([item.count for item in items if isinstance(item, Dropped)])
                assert dropped + sum(map(is_data, items)) == 3 * (8 + 1) + 1


# --- the link of TWS, and its farms ----------------------------------------------------------------------------------


def asked_of(verb: Verb, line: Line) -> list[m.ToTws]:
    """Give what TWS was asked for *verb*, on the connection of now."""
    return [message for message in line.peer.heard if isinstance(message, verb.asks)]


async def opened(verb: Verb, line: Line, stream: Any) -> tuple[m.ToTws, int]:
    """Wait for the first items of *stream*; give what was asked for it, and how often until then."""
    await read_until(stream, bool)
    await anyio.sleep(1)
    asked = asked_of(verb, line)
    return asked[0], len(asked)


async def what_comes(stream: Any, seconds: float) -> list[Any]:
    """Give what comes in so many *seconds*."""
    items: list[Any] = []
    with anyio.move_on_after(seconds):
        while True:
            items.append(await anext(stream))
    return items


async def test_data_are_lost_without_a_word_before() -> None:
    """1101 without 1100: the gap began when there were data for the last time, and all is opened anew."""
    for verb in STREAMS:
        async with line_of(verb, 226) as (line, tws), verb.call(tws) as stream:
            asked, first = await opened(verb, line, stream)
            await what_comes(stream, 100)
            await line.peer.say(link(1101))
            items = await what_comes(stream, 100)
            again = asked_of(verb, line)[first:]
            if not is_lost_with_link(asked):
                assert (check_marks(items, verb.name), len(again)) == (0, 0), verb.name
                continue
            assert (check_marks(items, verb.name), len(again)) == (1, 1), verb.name
            assert is_whole(verb, items), verb.name
            (gap,) = {mark.gap for item in items for mark in marks_of(item) if isinstance(mark, Resumed)}
            (resumed,) = {mark for item in items for mark in marks_of(item) if isinstance(mark, Resumed)}
            assert timedelta(seconds=99) < resumed.until - gap.since < timedelta(seconds=150), verb.name


async def test_the_link_comes_back_and_nothing_is_said() -> None:
    """1100, 1102 and silence: what ought to speak is opened anew once, and the whole time is told as missing."""
    for verb in STREAMS:
        async with line_of(verb, 226) as (line, tws), verb.call(tws) as stream:
            asked, first = await opened(verb, line, stream)
            await line.peer.say(link(1100))
            await anyio.sleep(60)
            await line.peer.say(link(1102))
            items = await what_comes(stream, 300)
            again = asked_of(verb, line)[first:]
            if not is_lost_with_link(asked):
                assert (check_marks(items, verb.name), len(again)) == (0, 0), verb.name
                continue
            count = check_marks(items, verb.name)
            assert len(again) == 1, verb.name
            resumed = [mark for item in items for mark in marks_of(item) if isinstance(mark, Resumed)]
            assert count == len(resumed), f"{verb.name}: it goes on"
            for before, after in pairwise(resumed):
                assert after.gap.since <= before.until, f"{verb.name}: silent in between, and not told"


async def test_the_link_never_comes_back() -> None:
    for verb in STREAMS:
        async with line_of(verb, 226) as (line, tws), verb.call(tws) as stream:
            asked, first = await opened(verb, line, stream)
            await line.peer.say(link(1100))
            await anyio.sleep(1)
            items = await what_comes(stream, 300)
            again = asked_of(verb, line)[first:]
            assert len(again) == 0, verb.name
            assert check_marks(items, verb.name) == is_lost_with_link(asked), verb.name
            if isinstance(asked, TickByTickRequest):
                # Who comes later is told of it first, and of nothing else.
                async with tws.stream(replace(TICKER, number_of_ticks=0)) as late:
                    assert isinstance((await what_comes(late, 100))[0], Gap)


@pytest.mark.parametrize("streams_die", [False, True])
async def test_a_farm_that_is_away_for_a_while(streams_die: bool) -> None:
    """Streams that go on are left alone; what stays silent, though its farm is back, is opened anew."""
    world = a_world(Event(At(100), FarmDown(seconds=20, streams_die=streams_die)))
    async with staying(world) as tws, tws.market_data.ticks(AAPL) as ticks:
        items = await what_comes(ticks, 400)
        assert check_marks(items, "ticks") == streams_die
        assert len(await what_comes(ticks, 10)) > 0
        for gap in [item for item in items if isinstance(item, Gap)]:
            assert abs((gap.since - tws.presence.now.since).total_seconds() - 100) < 1, "since the farm was broken"


RUIN: Final = (
    Event(At(5), CutConnection(how=HangUp.RESET)),
    Event(At(12), NightlyRestart(refused_seconds=10, stale_seconds=10)),
    Event(At(60), AcceptAndHangUp(seconds=20)),
    Event(At(61), CutConnection()),
    Event(At(100), ConnectionLost(seconds=20, data_lost=True)),
    Event(At(105), CutConnection()),
    Event(At(150), Wedged(seconds=200)),
    Event(At(400), ConnectionLost(seconds=20)),
)


async def test_who_is_asked_to_leave_is_gone_within_a_second() -> None:
    """Whatever is wrong just then: in an outage, amid a handshake, on the way back, with an order on its way."""
    for moment in (5.5, 13.0, 24.0, 62.0, 106.0, 200.0, 255.0, 401.0):
        world = a_world(*RUIN, tick_seconds=60.0)
        async with staying(world, policy=Reconnection(id_wait=1e9)) as tws:

            async def follow(tws: Tws = tws) -> None:
                async with tws.market_data.watch([AAPL]) as watch, tws.accounts.follow_positions():
                    async for _ in watch:
                        pass

            async def trade(tws: Tws = tws) -> None:
                while True:
                    with suppress(NotConnected, OrderUnknown, OrderRejected):
                        await tws.orders.place(AAPL, limit(1.0))
                    await anyio.sleep(10)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(follow)
                tasks.start_soon(trade)
                await anyio.sleep(moment)
                left_at = anyio.current_time()
                tasks.cancel_scope.cancel()
        assert anyio.current_time() - left_at <= 1.0, moment
