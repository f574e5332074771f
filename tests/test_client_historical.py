"""History, as a program asks for it: `tws.historical`, from the call to the wire and back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from inspect import signature
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import anyio
import pytest

import anytws
from anytws import (
    ConnectionClosed,
    DataLost,
    DecodeError,
    LocalProtocolError,
    Notice,
    OddValue,
    RequestFailed,
    RequestTimedOut,
    SlowConsumer,
    Tws,
)
from anytws.client.download import Download
from anytws.machines.bars import LENGTHS, Bar
from anytws.machines.sessions import TradingSession
from anytws.machines.updating_bars import CaughtUp
from anytws.messages import (
    BarSize,
    CancelHeadTimestamp,
    CancelHistogramData,
    CancelHistoricalData,
    CancelHistoricalTicks,
    Contract,
    Crypto,
    ErrorMessage,
    HeadTimestamp,
    HeadTimestampRequest,
    HistogramDataRequest,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    HistoricalSchedule,
    HistoricalSession,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicksLast,
    HistoricalTicksRequest,
    ManagedAccountsRequest,
    SecurityType,
    Stock,
    TicksWhatToShow,
    ToClient,
    UpdatedBar,
    WhatToShow,
)
from anytws.messages.base import replace
from anytws.messages.times import EPOCH_SECONDS
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.serve import serve_memory
from anytws.simulator.world import EPOCH
from tests.history import EUR_USD, SERVICE
from tests.misbehaving_tws import READY, Hear, Say, misbehaving_in_memory, text, until

AAPL: Final = Stock("AAPL")
VERSIONS: Final = (157, 176, 200, 226)
"""The oldest, text with a version that has no end of the bars, text with one, protobuf."""
BOTH: Final = (200, 226)
"""Text and protobuf."""
OPEN: Final = datetime(2026, 3, 2, 14, 30, tzinfo=EPOCH_SECONDS)
MINUTE: Final = timedelta(minutes=1)
NO_DATA: Final = f"{SERVICE}HMDS query returned no data: AAPL@SMART Trades"


@asynccontextmanager
async def connected(world: World) -> AsyncGenerator[Tws]:
    """Connect to *world* in memory."""
    async with serve_memory(world) as tws:
        stream = await tws.connect()
        # As fast as it goes: what is paced, and how, has tests of its own.
        async with anytws.connect_stream(stream, pacing=None) as client:
            yield client


def world_at(version: int = 226, **settings: Any) -> World:
    """A simulated TWS at the opening bell of the first Monday of 2026, whatever the clock of this machine shows."""
    return World(WorldSettings(server_version=version, starts_at=EPOCH, **settings))


@asynccontextmanager
async def simulated(version: int = 226, **settings: Any) -> AsyncGenerator[Tws]:
    """Connect to a simulated TWS at that time."""
    async with connected(world_at(version, **settings)) as tws:
        yield tws


Answering: TypeAlias = Callable[[Any], Iterable[ToClient]]


@asynccontextmanager
async def scripted(say: Answering, version: int = 226) -> AsyncGenerator[tuple[Tws, World]]:
    """Connect to a TWS that says to any question about history what *say* gives for it."""
    answers = {
        kind: Answer(lambda _client, request: say(request))
        for kind in (HistoricalDataRequest, HeadTimestampRequest, HistogramDataRequest, HistoricalTicksRequest)
    }
    world = World(WorldSettings(server_version=version), answers={**ANSWERS, **answers})
    async with connected(world) as tws:
        yield tws, world


def error(code: int, text: str) -> Answering:
    """A TWS that says this error under the id of the request."""
    return lambda request: [ErrorMessage(request.request_id, code, text)]


def in_turn(*says: Answering) -> Answering:
    """A TWS that says one after the other."""
    waiting = iter(says)
    return lambda request: next(waiting)(request)  # noqa: PLW0108 (the next one each time)


def a_bar(time: date, close: float = 1.5) -> HistoricalDataBar:
    """A bar of TWS."""
    return HistoricalDataBar(time, 1.0, 2.0, 0.5, close)


def heard(world: World, kind: type[Any]) -> int:
    """How many messages of *kind* TWS has heard."""
    return sum(isinstance(each.message, kind) for each in world.heard)


# Bars


SECONDS: Final = {size for size, length in LENGTHS.items() if length < MINUTE}
FEW: Final = (BarSize.MINUTE_1, BarSize.HOUR_1, BarSize.DAY_1, BarSize.WEEK_1)


@pytest.mark.virtual_time
@pytest.mark.parametrize("version, sizes", [(157, FEW), (176, FEW), (200, FEW), (226, tuple(BarSize))])
async def test_bars_of_every_size(version: int, sizes: tuple[BarSize, ...]):
    """Each has its length, or its days; they are in order, and the running one is the last."""
    async with simulated(version) as tws:
        for size in sizes:
            duration = "60 S" if size in SECONDS else "1 D" if size in LENGTHS else "1 M"
            bars = await tws.historical.bars(AAPL, duration, size, regular_hours=False)
            assert len(bars) >= 2
            assert [bar.is_over for bar in bars] == [True] * (len(bars) - 1) + [None]
            if size in LENGTHS:
                spans = [(bar.begin, bar.end) for bar in bars if bar.begin is not None and bar.end is not None]
                assert len(spans) == len(bars)
                assert spans == sorted(spans)
                assert {time.tzinfo for span in spans for time in span} == {UTC}
                assert all(end - begin <= LENGTHS[size] for begin, end in spans)
                assert spans[-1][0] <= EPOCH < spans[-1][1]
            else:
                days = [bar.day for bar in bars if bar.day is not None]
                assert days == sorted(days)
                assert days[-1] == date(2026, 1, 5)
                assert {bar.begin for bar in bars} == {bar.end for bar in bars} == {None}


@pytest.mark.parametrize("version", BOTH)
async def test_weeks_and_months_end_with_their_last_trading_day(version: int):
    """The last Friday of a week without a holiday on it; the last trading day of the month."""
    async with simulated(version) as tws:
        weeks = await tws.historical.bars(AAPL, "1 M", "1 week")
        assert [(bar.first_day, bar.day) for bar in weeks[-3:]] == [
            (date(2025, 12, 22), date(2025, 12, 26)),
            (date(2025, 12, 29), date(2026, 1, 2)),
            (date(2026, 1, 5), date(2026, 1, 5)),
        ]
        months = await tws.historical.bars(AAPL, "2 M", "1 month")
        assert [(bar.first_day, bar.day) for bar in months[-2:]] == [
            (date(2025, 12, 1), date(2025, 12, 31)),
            (date(2026, 1, 1), date(2026, 1, 5)),
        ]


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_open_moves_when_the_clock_is_turned(version: int):
    """New York opens an hour earlier in UTC after that Sunday in March; its first bar is short then as before."""
    async with simulated(version) as tws:
        # The same moment, said by any clock, is the same request.
        end = datetime(2025, 3, 11, tzinfo=ZoneInfo("America/New_York"))
        bars = await tws.historical.bars(AAPL, "2 D", "1 hour", end=end)
        assert bars == await tws.historical.bars(AAPL, "2 D", "1 hour", end=end.astimezone(UTC))
    half = timedelta(minutes=30)
    friday, monday = datetime(2025, 3, 7, 14, 30, tzinfo=UTC), datetime(2025, 3, 10, 13, 30, tzinfo=UTC)
    assert [bars[place].begin for place in (0, 1, 7, 8)] == [friday, friday + half, monday, monday + half]
    assert [bars[place].end for place in (0, 6, 7)] == [friday + half, friday + 13 * half, monday + half]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("night", [datetime(2025, 3, 9, 7, tzinfo=UTC), datetime(2025, 11, 2, 6, tzinfo=UTC)])
async def test_the_night_in_which_the_clock_is_turned(version: int, night: datetime):
    """Over the wire, as seconds: each hour is there once, one after the other, whatever a clock shows."""
    begins = [night + timedelta(hours=hour) for hour in range(-3, 4)]

    def say(request: Any) -> Iterable[ToClient]:
        bars = tuple([a_bar(begin.replace(tzinfo=EPOCH_SECONDS)) for begin in begins])
        if version < 196:
            return [HistoricalData(request.request_id, begins[0], begins[-1], bars)]
        return [HistoricalData(request.request_id, bars=bars), HistoricalDataEnd(request.request_id)]

    async with scripted(say, version) as (tws, _):
        bars = await tws.historical.bars(Crypto("BTC"), "28800 S", "1 hour", "AGGTRADES")
    assert [bar.begin for bar in bars] == begins
    assert [bar.end for bar in bars] == [*begins[1:], begins[-1] + timedelta(hours=1)]


async def test_what_is_asked():
    """The contract of whatever names one, times in seconds, the end in UTC and without its fraction."""
    async with scripted(lambda request: [HistoricalData(request.request_id, bars=(a_bar(OPEN),))], 176) as (tws, world):
        end = datetime(2026, 3, 2, 15, 30, 0, 5, tzinfo=ZoneInfo("Europe/Berlin"))
        (bar,) = await tws.historical.bars(AAPL, timedelta(days=2), "1 min", "MIDPOINT", end=end, regular_hours=False)
        (asked,) = [each.message for each in world.heard if isinstance(each.message, HistoricalDataRequest)]
        assert (asked.duration, asked.bar_size_setting, asked.what_to_show) == ("2 D", "1 min", "MIDPOINT")
        assert (asked.end_date_time, asked.use_rth, asked.format_date, asked.keep_up_to_date) == (OPEN, False, 2, False)
    assert bar.begin == OPEN


async def test_what_is_wrong_is_told_at_the_call():
    """Before anything is sent."""
    async with scripted(error(321, "never")) as (tws, world):
        with pytest.raises(ValueError, match="says no time zone"):
            await tws.historical.bars(AAPL, "1 D", end=datetime.fromisoformat("2026-03-02"))
        with pytest.raises(ValueError, match="at most 365 days"):
            await tws.historical.bars(AAPL, "400 D")
        with pytest.raises(LocalProtocolError, match="ADJUSTED_LAST goes up to now"):
            await tws.historical.bars(AAPL, "1 D", "1 day", "ADJUSTED_LAST", end=OPEN)
        with pytest.raises(LocalProtocolError, match="TRADES"):
            await tws.historical.bars(AAPL, "1 D", "1 day", "TRADEZ")
        with pytest.raises(TypeError, match="names no contract"):
            await tws.historical.bars("AAPL", "1 D")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="timeout is -1"):
            await tws.historical.bars(AAPL, "1 D", timeout=-1)
        assert heard(world, HistoricalDataRequest) == 0


@pytest.mark.parametrize("version", BOTH)
async def test_empty_only_where_tws_says_so(version: int):
    """Known words, or an answer without bars; any other 162 is a failure."""
    said: list[list[ToClient]] = []

    def say(request: Any) -> list[ToClient]:
        said.append([])
        if len(said) == 1:
            return [ErrorMessage(request.request_id, 162, NO_DATA)]
        if len(said) == 2:
            return [HistoricalData(request.request_id), HistoricalDataEnd(request.request_id)]
        return [ErrorMessage(request.request_id, 162, f"{SERVICE}No market data permissions for ISLAND STK")]

    async with scripted(say, version) as (tws, _):
        assert await tws.historical.bars(AAPL, "1 D") == ()
        assert await tws.historical.bars(AAPL, "1 D") == ()
        with pytest.raises(RequestFailed, match="No market data permissions") as caught:
            await tws.historical.bars(AAPL, "1 D")
    assert caught.value.code == 162


REFUSED: Final = [
    (162, f"{SERVICE}Historical data request pacing violation"),
    (162, f"{SERVICE}No historical market data for PLTR/STK@VALUE Last 0"),
    (162, f"{SERVICE}Starting time must occur before ending time"),
    (162, f"{SERVICE}invalid step: 1"),
    (162, f"{SERVICE}Query cancelled"),
    (166, "HMDS Expired Contract Violation."),
    (200, "No security definition has been found for the request"),
    (321, "Error validating request.-'bM' : cause - Historical data requested duration is invalid."),
    (322, "Error processing request.-'xx' : cause - Duplicate ticker ID for API historical data query"),
    (354, "Requested market data is not subscribed."),
    (366, "No historical data query found for ticker id:1"),
    (386, "Duplicate ticker ID for API historical data query"),
    (420, "Invalid Real-time Query:Historical data request pacing violation"),
    (1100, "Connectivity between IBKR and Trader Workstation has been lost."),
    (10225, "Bust event occurred"),
    (10285, "Your API version does not support fractional share size rules."),
    (10295, "Only daily resolution supported for Schedule requests"),
    (10314, "End Date/Time: The date, time, or time-zone entered is invalid."),
    (10339, "Setting end date/time for continuous future security type is not allowed."),
]


@pytest.mark.parametrize("version", BOTH)
async def test_each_refusal_is_raised(version: int):
    """With its code and its words, by each verb, and never an empty answer."""
    says = [error(*pair) for pair in REFUSED for _ in range(5)]
    async with scripted(in_turn(*says), version) as (tws, world):
        history = tws.historical
        for code, words in REFUSED:
            for ask in (
                lambda: history.bars(AAPL, "1 D"),
                lambda: history.schedule(AAPL),
                lambda: history.head_timestamp(AAPL),
                lambda: history.histogram(AAPL),
                lambda: history.ticks(AAPL, end=OPEN),
            ):
                with pytest.raises(RequestFailed) as caught:
                    await ask()  # type: ignore[no-untyped-call]
                assert (caught.value.code, caught.value.message) == (code, words)
        assert heard(world, (CancelHistoricalData, CancelHeadTimestamp, CancelHistogramData)) == 0  # type: ignore[arg-type]


async def test_the_simulator_refuses_what_only_it_can_know():
    """What goes together is its matter where it depends on the contract, or on the size of both."""
    async with simulated() as tws:
        history = tws.historical
        for code, words, contract, what, duration, size, end in (
            (200, "No security definition", Stock("NOSUCH"), "TRADES", "1 D", "1 day", None),
            (162, "No historical market data", EUR_USD, "TRADES", "1 D", "1 day", None),
            (162, "invalid step", AAPL, "TRADES", "1 Y", "1 secs", None),
            (162, "Starting time must occur", AAPL, "TRADES", "1 D", "1 day", datetime(1979, 1, 2, tzinfo=UTC)),
            (
                10299,
                "AGGTRADES",
                Contract(
                    symbol="BTC",
                    exchange="PAXOS",
                    currency="USD",
                    contract_id=0,
                    security_type=SecurityType.verbatim("CRYPTO"),
                ),
                "TRADES",
                "1 D",
                "1 day",
                None,
            ),
        ):
            if code == 10299:
                with pytest.raises(LocalProtocolError, match=words):
                    await history.bars(contract, duration, size, what, end=end)
                continue
            with pytest.raises(RequestFailed, match=words) as caught:
                await history.bars(contract, duration, size, what, end=end)
            assert caught.value.code == code


async def test_a_bar_without_a_clear_time():
    """It is an error that names the bar: no bar is left out, and no moment made up."""
    naive = datetime.fromisoformat("2026-03-02 09:30")
    async with scripted(lambda request: [HistoricalData(request.request_id, None, None, (a_bar(naive),))], 176) as (
        tws,
        _,
    ):
        with pytest.raises(DecodeError, match=r"bars\[0\]\.time"):
            await tws.historical.bars(AAPL, "1 D", "1 min")


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", BOTH)
async def test_no_answer_and_half_an_answer(version: int):
    """After a minute, or what was said; what is wanted no more is cancelled."""
    halves = [HistoricalData(0, bars=(a_bar(OPEN),))]

    def say(request: Any) -> Iterable[ToClient]:
        return [replace(half, request_id=request.request_id) for half in halves]

    async with scripted(say, version) as (tws, world):
        began = anyio.current_time()
        with pytest.raises(RequestTimedOut) as caught:
            await tws.historical.bars(AAPL, "1 D", "1 min")
        assert anyio.current_time() - began == pytest.approx(60, abs=1)
        assert len(caught.value.received) == 1
        halves.clear()
        with pytest.raises(RequestTimedOut) as caught:
            await tws.historical.bars(AAPL, "1 D", "1 min", timeout=5)
        assert caught.value.received == ()
        await tws.ask(ManagedAccountsRequest())
        assert heard(world, CancelHistoricalData) == 2


@pytest.mark.virtual_time
async def test_after_2188_the_bars_or_the_deadline_decide():
    """Bars follow by one report, and none in recordings."""
    follows = [True, False]

    def say(request: Any) -> Iterable[ToClient]:
        yield ErrorMessage(
            request.request_id, 2188, "Up-to-the-second historical data requires additional subscription"
        )
        if follows.pop(0):
            yield HistoricalData(request.request_id, bars=(a_bar(OPEN),))
            yield HistoricalDataEnd(request.request_id)

    async with scripted(say) as (tws, _):
        assert len(await tws.historical.bars(AAPL, "1 D", "1 min")) == 1
        with pytest.raises(RequestFailed) as caught:
            await tws.historical.bars(AAPL, "1 D", "1 min")
        assert caught.value.code == 2188


async def test_late_twice_and_under_another_id():
    """What belongs to nobody is given to nobody, and the next question has its own answer."""
    asked: list[int] = []

    def say(request: Any) -> Iterable[ToClient]:
        number = request.request_id
        asked.append(number)
        bars = (a_bar(OPEN, float(len(asked))),)
        for other in (number + 1000, *asked[:-1], number, number):
            yield HistoricalData(other, bars=bars if other == number else ())
            yield HistoricalDataEnd(other)
        yield ErrorMessage(number, 162, f"{SERVICE}an error after the data")

    async with scripted(say) as (tws, _):
        for count in range(1, 4):
            (bar,) = await tws.historical.bars(AAPL, "1 D", "1 min")
            assert bar.close == count


async def test_a_caller_that_leaves_cancels():
    """Each verb: at once, and nothing of it is left."""
    async with scripted(lambda _request: ()) as (tws, world):
        history = tws.historical
        for ask, cancel in (
            (lambda: history.bars(AAPL, "1 D"), CancelHistoricalData),
            (lambda: history.head_timestamp(AAPL), CancelHeadTimestamp),
            (lambda: history.histogram(AAPL), CancelHistogramData),
            (lambda: history.ticks(AAPL, end=OPEN), CancelHistoricalTicks),
        ):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                before = len(world.heard)
                await until(lambda: len(world.heard) > before)  # noqa: B023 (it waits here)
                tasks.cancel_scope.cancel()
            await tws.ask(ManagedAccountsRequest())
            assert heard(world, cancel) == 1


async def test_the_end_of_the_connection():
    """It is raised where it was waited for."""
    worlds: list[World] = []

    def say(_request: Any) -> Iterable[ToClient]:
        worlds[0].die()
        return ()

    with pytest.raises(ConnectionClosed):
        async with scripted(say) as (tws, world):
            worlds.append(world)
            with pytest.raises(ConnectionClosed) as caught:
                await tws.historical.bars(AAPL, "1 D")
            assert caught.value.reason is anytws.CloseReason.EOF


# Bars that go on


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", VERSIONS)
async def test_bars_go_on(version: int):
    """The past, the mark, then every five seconds the running bar; each one that is over comes once as that."""
    async with simulated(version) as tws:
        async with tws.historical.updating_bars(AAPL, "600 S", "1 min", regular_hours=False) as bars:
            items: list[Any] = []
            async for item in bars:
                items.append(item)
                if isinstance(item, Bar) and item.begin == EPOCH + 3 * MINUTE:
                    break
        assert sum(isinstance(item, CaughtUp) for item in items) == 1
        mark = next(place for place, item in enumerate(items) if isinstance(item, CaughtUp))
        before, after = items[:mark], items[mark + 1 :]
        assert items[mark].count == len(before)
        assert [bar.is_over for bar in before] == [True] * (len(before) - 1) + [False]
        over = [bar.begin for bar in items if isinstance(bar, Bar) and bar.is_over]
        assert over == [before[0].begin + MINUTE * number for number in range(len(over))]
        assert over[-1] == EPOCH + 2 * MINUTE
        assert len(after) > 30
        asked = await tws.historical.bars(AAPL, "900 S", "1 min", regular_hours=False)
        final = {bar.begin: bar for bar in asked}
        # Of what is over, all is told but what was traded after its last update.
        for bar in after:
            if bar.is_over:
                whole = final[bar.begin]
                assert (bar.open, bar.end) == (whole.open, whole.end)
                assert bar.volume <= whole.volume


@pytest.mark.parametrize("version", BOTH)
async def test_a_refused_stream_raises_at_its_first_item(version: int):
    """No data too: there is nothing to go on from."""
    for code, words in ((162, NO_DATA), (10299, "Expected what to show is AGGTRADES"), (200, "No such security")):
        async with (
            scripted(error(code, words), version) as (tws, _),
            tws.historical.updating_bars(AAPL, "1 D", "1 min") as bars,
        ):
            with pytest.raises(RequestFailed) as caught:
                await anext(aiter(bars))
            assert (caught.value.code, caught.value.message) == (code, words)


@pytest.mark.parametrize("code", [10182, 10180, 10225])
@pytest.mark.parametrize("version", BOTH)
async def test_updates_end_after_all_that_came_before(code: int, version: int):
    """Remarks and odd times stand in their place, and what ends it comes last."""

    def say(request: Any) -> Iterable[ToClient]:
        number = request.request_id
        yield ErrorMessage(number, 2174, "You submitted request with date-time attributes without explicit time zone")
        yield HistoricalData(number, bars=(a_bar(OPEN),))
        yield HistoricalDataEnd(number)
        yield HistoricalDataUpdate(number, UpdatedBar(OPEN, 1.0, 2.0, 0.5, 1.75))
        yield HistoricalDataUpdate(number, UpdatedBar(datetime.fromisoformat("2026-03-02 09:31"), 1.0, 2.0, 0.5, 1.0))
        yield HistoricalDataUpdate(number, UpdatedBar(OPEN + MINUTE, 1.0, 2.0, 0.5, 1.0))
        yield ErrorMessage(number, code, "Failed to request live updates (disconnected).")

    async with (
        scripted(say, version) as (tws, world),
        tws.historical.updating_bars(AAPL, "1 D", "1 min") as bars,
    ):
        items: list[Any] = []
        with pytest.raises(RequestFailed) as caught:
            async for item in bars:
                items.append(item)  # noqa: PERF401 (what came before the error is wanted)
    assert caught.value.code == code
    assert [type(item) for item in items] == [Notice, Bar, CaughtUp, Bar, OddValue, Bar, Bar]
    assert [(item.close, item.is_over) for item in items if isinstance(item, Bar)] == [
        (1.5, False),
        (1.75, False),
        (1.75, True),
        (1.0, False),
    ]
    assert heard(world, CancelHistoricalData) == 0


async def test_a_stream_of_bars_ends_with_the_link():
    """After 1101 nothing comes under its id any more."""

    def say(request: Any) -> Iterable[ToClient]:
        yield HistoricalData(request.request_id, bars=(a_bar(OPEN),))
        yield HistoricalDataEnd(request.request_id)
        yield ErrorMessage(None, 1101, "Connectivity restored, data lost")

    async with scripted(say) as (tws, _), tws.historical.updating_bars(AAPL, "1 D", "1 min") as bars:
        with pytest.raises(DataLost):
            async for _item in bars:
                continue


async def test_leaving_cancels_and_the_next_one_is_another():
    """Its 162 is a receipt and no failure."""
    async with simulated() as tws:
        for _ in range(2):
            async with tws.historical.updating_bars(AAPL, "600 S", "1 min") as bars:
                assert isinstance(await anext(aiter(bars)), Bar)
        await tws.ask(ManagedAccountsRequest())
        assert tws.statistics().open_conversations == 0


async def test_a_slow_reader_of_bars():
    """The past counts against no bound; what comes then does."""
    asked: list[int] = []

    def say(request: Any) -> Iterable[ToClient]:
        asked.append(request.request_id)
        yield HistoricalData(request.request_id, bars=tuple([a_bar(OPEN + MINUTE * number) for number in range(50)]))
        yield HistoricalDataEnd(request.request_id)

    async with (
        scripted(say) as (tws, world),
        tws.historical.updating_bars(AAPL, "1 D", "1 min", capacity=5) as bars,
    ):
        await tws.ask(ManagedAccountsRequest())
        assert bars.statistics().waiting == 51
        for number in range(50, 60):
            world.links[0].say(HistoricalDataUpdate(asked[0], UpdatedBar(OPEN + MINUTE * number, 1.0, 2.0, 0.5, 1.0)))
        await tws.ask(ManagedAccountsRequest())
        with pytest.raises(SlowConsumer):
            await anext(aiter(bars))


# Ticks


@pytest.mark.parametrize("version", VERSIONS)
async def test_ticks(version: int):
    """At least as many as asked for, oldest first, with the last second whole: two requests join without a gap."""
    begin = EPOCH - timedelta(days=3) + timedelta(hours=1)
    async with simulated(version) as tws:
        ticks = await tws.historical.ticks(AAPL, start=begin, count=20)
        assert len(ticks) >= 20
        assert {type(tick) for tick in ticks} == {HistoricalTickLast}
        times = [tick.time for tick in ticks]
        assert times == sorted(times)
        assert begin <= times[0]
        following = await tws.historical.ticks(AAPL, "trades", start=times[-1] + timedelta(seconds=1), count=20)
        both = await tws.historical.ticks(AAPL, TicksWhatToShow.TRADES, start=begin, count=len(ticks) + 20)
        assert both == (*ticks, *following)
        back = await tws.historical.ticks(AAPL, start=None, end=times[-1] + timedelta(seconds=1), count=len(ticks))
        assert back == ticks
        quotes = await tws.historical.ticks(AAPL, "BID_ASK", end=begin, count=5)
        assert {type(tick) for tick in quotes} == {HistoricalTickBidAsk}
        midpoints = await tws.historical.ticks(AAPL, "MIDPOINT", start=begin, count=5)
        assert {type(tick) for tick in midpoints} == {HistoricalTick}
        assert midpoints[0].time < begin
        assert {type(tick) for tick in await tws.historical.ticks(EUR_USD, end=begin, count=5)} == {HistoricalTick}


async def test_ticks_that_are_none():
    """Known words, and an empty list; ticks in several messages, of which the last one says so."""

    def say(request: Any) -> Iterable[ToClient]:
        number, count = request.request_id, request.number_of_ticks
        if count == 1:
            return [ErrorMessage(number, 162, NO_DATA)]
        if count == 2:
            return [HistoricalTicksLast(number, (), True)]
        tick = HistoricalTickLast(OPEN, 1.0, None)
        return [HistoricalTicksLast(number, (tick, tick), False), HistoricalTicksLast(number, (tick,), True)]

    async with scripted(say) as (tws, _):
        assert await tws.historical.ticks(AAPL, end=OPEN, count=1) == ()
        assert await tws.historical.ticks(AAPL, end=OPEN, count=2) == ()
        assert len(await tws.historical.ticks(AAPL, end=OPEN, count=3)) == 3


async def test_ticks_that_cannot_be_asked():
    """One of start and end, aware, 1 to 1,000 of them, of a known kind."""
    async with scripted(error(321, "never")) as (tws, world):
        ask = tws.historical.ticks
        with pytest.raises(ValueError, match="one of the two"):
            await ask(AAPL)
        with pytest.raises(ValueError, match="one of the two"):
            await ask(AAPL, start=OPEN, end=OPEN)
        with pytest.raises(ValueError, match=r"start is .* no time zone"):
            await ask(AAPL, start=datetime.fromisoformat("2026-03-02"))
        with pytest.raises(ValueError, match="count is 0"):
            await ask(AAPL, end=OPEN, count=0)
        with pytest.raises(ValueError, match="at most 1000"):
            await ask(AAPL, end=OPEN, count=1001)
        with pytest.raises(LocalProtocolError, match="TRADES"):
            await ask(AAPL, "TRADEZ", end=OPEN)
        with pytest.raises(TypeError, match="kind is 7"):
            await ask(AAPL, 7, end=OPEN)  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="ignore_size"):
            await ask(AAPL, end=OPEN, ignore_size=1)  # type: ignore[call-overload]
        assert heard(world, HistoricalTicksRequest) == 0


async def test_ticks_of_crypto():
    """TWS says which kind they have, and then sends them; asked for by their name it says nothing."""
    async with simulated() as tws:
        end = EPOCH - timedelta(hours=1)
        by_name = await tws.historical.ticks(Crypto("BTC"), "AGGTRADES", end=end, count=5)
        assert len(by_name) >= 5
        assert await tws.historical.ticks(Crypto("BTC"), end=end, count=5) == by_name


# Where history begins, histogram, schedule


@pytest.mark.parametrize("version", VERSIONS)
async def test_where_history_begins(version: int):
    """In UTC; the query is cancelled behind the answer, for it would count as open."""
    world = world_at(version)
    async with connected(world) as tws:
        trades = await tws.historical.head_timestamp(AAPL)
        assert trades is not None
        assert trades == datetime(1980, 12, 12, 14, 30, tzinfo=UTC)
        assert trades.tzinfo is UTC
        quotes = await tws.historical.head_timestamp(AAPL, "BID", regular_hours=False)
        assert quotes is not None
        assert quotes > trades
        await tws.ask(ManagedAccountsRequest())
        assert heard(world, CancelHeadTimestamp) == 2
        with pytest.raises(RequestFailed, match="162"):
            await tws.historical.head_timestamp(EUR_USD, WhatToShow.TRADES)
        with pytest.raises(LocalProtocolError, match="SCHEDULE has no head timestamp"):
            await tws.historical.head_timestamp(AAPL, "SCHEDULE")


async def test_a_head_timestamp_that_says_nothing():
    """No time is None; one without a zone, where seconds were asked for, is an error."""
    told: list[datetime | None] = [None, datetime.fromisoformat("1980-12-12 14:30")]
    async with scripted(lambda request: [HeadTimestamp(request.request_id, told.pop(0))]) as (tws, _):
        assert await tws.historical.head_timestamp(AAPL) is None
        with pytest.raises(DecodeError, match=r"HeadTimestamp\.head_timestamp"):
            await tws.historical.head_timestamp(AAPL)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_histogram_goes_by_price(version: int):
    """TWS tells it in no order."""
    async with simulated(version) as tws:
        entries = await tws.historical.histogram(AAPL, "1 day", regular_hours=False)
        prices = [entry.price for entry in entries]
        assert len(prices) > 2
        assert prices == sorted({*prices})
        assert all(entry.size is not None for entry in entries)


async def test_a_histogram_that_cannot_be():
    """A period of another form is told at the call, a refusal is raised, and so is what cannot be read."""
    async with scripted(error(10188, "Failed to request histogram data")) as (tws, world):
        for period in ("3 D", "days", "0 days", "three days"):
            with pytest.raises(ValueError, match="such as '3 days'"):
                await tws.historical.histogram(AAPL, period)
        with pytest.raises(TypeError, match="period is 3"):
            await tws.historical.histogram(AAPL, 3)  # type: ignore[arg-type]
        assert heard(world, HistogramDataRequest) == 0
        with pytest.raises(RequestFailed, match="10188"):
            await tws.historical.histogram(AAPL)
    said = text(89, 1_000_000_000, 3, "2.5", "1", "x", "1", "1.5", "1")
    async with misbehaving_in_memory([*READY, Hear(), Say(said)]) as (_, stream):
        async with anytws.connect_stream(stream, client_id=1) as tws:
            with pytest.raises(DecodeError, match=r"entries\[1\]\.price"):
                await tws.historical.histogram(AAPL)


@pytest.mark.parametrize("version", [176, 200, 226])
async def test_a_schedule(version: int):
    """Sessions in moments, without holidays, half days with their early end."""
    async with simulated(version) as tws:
        sessions = await tws.historical.schedule(AAPL, "1 M")
        eastern = ZoneInfo("US/Eastern")
        assert sessions[0].begin.astimezone(eastern).strftime("%H:%M") == "09:30"
        by_day = {session.day: session for session in sessions}
        assert date(2025, 12, 25) not in by_day
        christmas_eve = by_day[date(2025, 12, 24)]
        assert christmas_eve.end == datetime(2025, 12, 24, 18, 0, tzinfo=UTC)
        whole = await tws.historical.schedule(AAPL, "1 D", end=EPOCH, regular_hours=False)
        assert whole[-1].contains(EPOCH - timedelta(hours=1))


async def test_a_schedule_that_cannot_be():
    """Nothing for that time, an old server, a zone that nobody knows."""
    session = HistoricalSession(
        datetime.fromisoformat("2026-03-02 09:30"), datetime.fromisoformat("2026-03-02 16:00"), date(2026, 3, 2)
    )

    def say(request: Any) -> Iterable[ToClient]:
        span = (session.start_date_time, session.end_date_time)
        return [HistoricalSchedule(request.request_id, *span, "CST", (session,))]

    async with scripted(in_turn(error(162, NO_DATA), say, say)) as (tws, _):
        assert await tws.historical.schedule(AAPL) == ()
        with pytest.raises(anytws.HoursUnknown, match="CST"):
            await tws.historical.schedule(AAPL)
        (found,) = await tws.historical.schedule(AAPL, zone=ZoneInfo("America/Chicago"))
        assert found == TradingSession(
            datetime(2026, 3, 2, 9, 30, tzinfo=ZoneInfo("America/Chicago")),
            datetime(2026, 3, 2, 16, 0, tzinfo=ZoneInfo("America/Chicago")),
            date(2026, 3, 2),
        )
    async with simulated(164) as tws:
        with pytest.raises(LocalProtocolError, match="165"):
            await tws.historical.schedule(AAPL)


NOT_PASSED: Final = ("self", "tws", "clock")


async def test_a_download_is_built_here():
    """What it takes goes on as it is."""
    async with simulated() as tws:
        here, there = (
            {name: each.default for name, each in signature(called).parameters.items() if name not in NOT_PASSED}
            for called in (tws.historical.download, Download)
        )
        assert here == there | {"bar_size": BarSize.DAY_1, "retries": None}
        download = tws.historical.download(AAPL, date(2025, 12, 1), date(2025, 12, 31), "1 day")
        assert "AAPL" in repr(download)
        with pytest.raises(ValueError, match="concurrency"):
            tws.historical.download(AAPL, date(2025, 12, 1), date(2025, 12, 31), concurrency=0)
