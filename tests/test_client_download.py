"""Downloads end to end: against the simulated TWS, and against ones that fail, lie, and say nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeAlias

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

import anytws
from anytws import (
    ConnectionClosed,
    DecodeError,
    LocalProtocolError,
    RequestFailed,
    RequestTimedOut,
    StreamInUse,
    Tws,
    WrongThread,
)
from anytws.client.download import Download, TwsClock
from anytws.machines.bars import Bar, bars_of
from anytws.machines.download import Bars, Chunk, NoData, WindowFailed
from anytws.machines.download_trouble import Retries
from anytws.machines.windows import Window
from anytws.messages import (
    BarSize,
    CancelHistoricalData,
    Contract,
    CurrentTimeRequest,
    ErrorMessage,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataRequest,
    ManagedAccountsRequest,
    SecurityType,
    Stock,
    ToClient,
    WhatToShow,
)
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.serve import serve_memory
from tests.misbehaving_tws import PATIENCE, until

NOW: Final = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
APPLE: Final = Stock("AAPL")
DAY: Final = timedelta(days=1)
SERVICE: Final = "Historical Market Data Service error message:"
VIOLATION: Final = SERVICE + "Historical data request pacing violation"
Reply: TypeAlias = Callable[[int, Any, Any], Iterable[ToClient]]
"""What TWS says to the how-manieth request for bars."""

truly: Final = ANSWERS[HistoricalDataRequest].reply


@asynccontextmanager
async def connected(world: World) -> AsyncGenerator[Tws]:
    async with serve_memory(world) as tws, anytws.connect_stream(await tws.connect()) as client:
        with anyio.fail_after(86_400):
            yield client


def world_of(**settings: Any) -> World:
    return World(WorldSettings(starts_at=NOW, **settings))


def scripted(reply: Reply, **settings: Any) -> World:
    """Make a TWS that says to requests for bars what *reply* gives."""
    count = iter(range(10**9))

    def answer(link: Any, request: Any) -> Iterable[ToClient]:
        return reply(next(count), link, request)

    answers = {**ANSWERS, HistoricalDataRequest: Answer(answer)}
    return World(WorldSettings(starts_at=NOW, **settings), answers=answers)


def error(request: Any, text: str, code: int = 162) -> tuple[ErrorMessage]:
    return (ErrorMessage(request.request_id, code, text),)


async def all_of(download: Download) -> list[Chunk]:
    async with download as chunks:
        return [chunk async for chunk in chunks]


def bars_in(chunks: Iterable[Chunk]) -> list[Bar]:
    return [bar for chunk in chunks if isinstance(chunk, Bars) for bar in chunk.bars]


def asked(world: World) -> list[HistoricalDataRequest]:
    return [heard.message for heard in world.heard if isinstance(heard.message, HistoricalDataRequest)]


def cancelled(world: World) -> int:
    return sum(isinstance(heard.message, CancelHistoricalData) for heard in world.heard)


async def at_once(tws: Tws, duration: str, end: datetime, size: BarSize, **fields: Any) -> list[Bar]:
    """Ask for all of it in one request."""
    answer = await tws.ask(HistoricalDataRequest(APPLE, duration, size, end_date_time=end, **fields))
    assert isinstance(answer, HistoricalData)
    return list(bars_of(answer, size))


# --- what comes -----------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize("version, regular_hours", [(176, True), (226, False)])
async def test_bars_come_once_and_none_is_missing(version: int, regular_hours: bool) -> None:
    """Over a clock change, a half day, holidays and week-ends: as one request for all of it has them."""
    begin, end = datetime(2025, 10, 31, 15, 7, tzinfo=UTC), datetime(2025, 12, 1, 20, tzinfo=UTC)
    async with connected(world_of(server_version=version)) as tws:
        everything = await at_once(tws, "2 M", end + DAY, BarSize.MINUTES_20, use_rth=regular_hours)
        wanted = [bar for bar in everything if bar.begin is not None and begin <= bar.begin < end]
        options: dict[str, Any] = {"regular_hours": regular_hours, "window": 5 * DAY}
        chunks = await all_of(Download(tws, APPLE, begin, end, "20 mins", **options))
        found = bars_in(chunks)
        assert [bar.begin for bar in found] == [bar.begin for bar in wanted]
        assert found == wanted
        assert all(bar.is_over for bar in found)
        assert [chunk.window for chunk in chunks] == sorted(chunk.window for chunk in chunks)


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "size, first", [("1 day", date(2025, 11, 3)), ("1 week", date(2025, 11, 3)), ("1 month", date(2025, 9, 1))]
)
async def test_bars_of_the_calendar_are_whole(size: str, first: date) -> None:
    """Wherever the windows are cut, and though TWS cuts what is running at the end that it is asked."""
    now = NOW + timedelta(hours=1)
    async with connected(World(WorldSettings(starts_at=now))) as tws:
        everything = await at_once(tws, "5 M", now, BarSize(size), use_rth=True)
        found = bars_in(await all_of(Download(tws, APPLE, first, now, size, window=45 * DAY)))
        wanted = [bar for bar in everything if bar.first_day is not None and bar.first_day >= first]
        # The running one is left out: the month, the week and the day that it is.
        assert found == wanted[:-1]
        assert wanted[-1].is_over is None


@pytest.mark.virtual_time
async def test_what_is_had_is_not_asked_again() -> None:
    """Stop behind each window, give the windows that came, and the rest comes: together it is the whole."""
    begin, end = date(2025, 12, 3), date(2025, 12, 21)
    async with connected(world_of()) as tws:
        options: dict[str, Any] = {"window": 3 * DAY, "concurrency": 2}
        whole = await all_of(Download(tws, APPLE, begin, end, "1 day", **options))
        assert len(whole) == 6
        for stop in range(len(whole)):
            had: list[Chunk] = []
            async with Download(tws, APPLE, begin, end, "1 day", **options) as chunks:
                while len(had) < stop:
                    had.append(await anext(chunks))
            rest = await all_of(
                Download(tws, APPLE, begin, end, "1 day", have=[chunk.window for chunk in had], **options)
            )
            assert had + rest == whole
        # What is had in the middle, a longer time, and the other end first: only what lies around it is asked for.
        more = Download(
            tws,
            APPLE,
            date(2025, 11, 20),
            end,
            "1 day",
            have=[chunk.window for chunk in whole[2:5]],
            newest_first=True,
        )
        windows = [chunk.window for chunk in await all_of(more)]
        assert windows == [whole[5].window, Window(datetime(2025, 11, 20, tzinfo=UTC), whole[2].window.begin)]


@pytest.mark.virtual_time
async def test_what_has_been_had_whole_asks_nothing() -> None:
    world = world_of()
    async with connected(world) as tws:
        download = Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 3), "1 min", have=[(date(2025, 1, 1), NOW)])
        assert await all_of(download) == []
        assert await all_of(Download(tws, APPLE, date(2027, 12, 1), date(2028, 12, 3), "1 min")) == []
        assert asked(world) == []
        assert download.progress.total == 0


@pytest.mark.virtual_time
async def test_before_the_first_data_there_is_nothing() -> None:
    """The caller guessed; TWS says so, window by window."""
    async with connected(world_of()) as tws:
        chunks = await all_of(Download(tws, APPLE, date(1978, 1, 1), date(1981, 1, 1), "1 day", window=91 * DAY))
        kinds = [type(chunk) for chunk in chunks]
        first = kinds.index(Bars)
        assert first > 5
        assert kinds == [NoData] * first + [Bars] * (len(kinds) - first)
        assert isinstance(chunks[0], NoData)
        assert "Starting time must occur before ending time" in chunks[0].text
        assert bars_in(chunks)[0].day == date(1980, 12, 12)


async def test_closed_days_are_windows_without_data() -> None:
    """On both backends; TWS has no word for it but the bars of other days."""
    async with connected(world_of()) as tws:
        chunks = await all_of(Download(tws, APPLE, date(2025, 12, 25), date(2025, 12, 27), "30 mins", window=DAY))
        assert [(type(chunk), chunk.window.begin.day) for chunk in chunks] == [(NoData, 25), (Bars, 26)]


# --- trouble --------------------------------------------------------------------------------------------------------


PASSING: Final = [
    (162, VIOLATION),
    (162, SERVICE + "HMDS connection attempt failed.  Connection will be re-attempted..."),
    (162, SERVICE + "Query cancelled"),
    (162, SERVICE + "Only 50 simultaneous API historical data requests allowed."),
    (1100, "Connectivity between IBKR and Trader Workstation has been lost."),
]
LASTING: Final = [
    (162, SERVICE + "No historical market data for PLTR/STK@VALUE Last 0"),
    (162, SERVICE + "No market data permissions for ISLAND STK"),
    (162, SERVICE + "Trading TWS session is connected from a different IP address"),
    (162, SERVICE + "API historical data query cancelled: 17"),
    (162, SERVICE + "invalid step: 1"),
    (162, SERVICE + "Time length exceed max."),
    (162, SERVICE + "what nobody has seen yet"),
    (200, "No security definition has been found for the request"),
    (321, "Error validating request.-'bM' : cause - Historical data requested duration is invalid."),
    (322, "Error processing request.-'xx' : cause - Duplicate ticker ID for API historical data query"),
    (366, "No historical data query found for ticker id:17"),
    (10299, "Expected what to show is AGGTRADES, please use that instead of TRADES."),
    (10314, "End Date/Time: The date, time, or time-zone entered is invalid."),
    (10339, "Setting end date/time for continuous future security type is not allowed."),
]


@pytest.mark.virtual_time
@pytest.mark.parametrize("code, text", PASSING)
async def test_trouble_that_passes_is_waited_out(code: int, text: str) -> None:
    """Not sooner than 15 seconds later, and under a new id."""
    times: list[float] = []

    def reply(number: int, link: Any, request: Any) -> Iterable[ToClient]:
        times.append(anyio.current_time())
        return error(request, text, code) if number < 2 else truly(link, request)

    world = scripted(reply)
    async with connected(world) as tws:
        chunks = await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour"))
        assert [type(chunk) for chunk in chunks] == [Bars]
        first, second, third = times
        assert second - first == pytest.approx(20, abs=0.5)
        assert third - second == pytest.approx(40, abs=0.5)
        assert len({request.request_id for request in asked(world)}) == 3


@pytest.mark.virtual_time
@pytest.mark.parametrize("on_failure", ["raise", "report"])
async def test_trouble_that_does_not_pass_is_told(on_failure: Any) -> None:
    """After three more tries; then the whole download ends, or this window alone."""

    def reply(_number: int, link: Any, request: Any) -> Iterable[ToClient]:
        is_second = request.end_date_time > datetime(2025, 12, 4, tzinfo=UTC)
        return error(request, VIOLATION) if is_second else truly(link, request)

    world = scripted(reply)
    async with connected(world) as tws:
        download = Download(
            tws, APPLE, date(2025, 12, 1), date(2025, 12, 6), "1 hour", window=3 * DAY, on_failure=on_failure
        )
        seen: list[Chunk] = []
        async with download as chunks:
            if on_failure == "raise":
                with pytest.raises(RequestFailed, match="pacing violation") as caught:
                    async for chunk in chunks:
                        seen.append(chunk)  # noqa: PERF401 (what came before it is told)
                # It stays so: no reader takes the end of its patience for the end of the data.
                with pytest.raises(RequestFailed):
                    await anext(chunks)
                assert caught.value.code == 162
            else:
                seen = [chunk async for chunk in chunks]
                failed = seen.pop()
                assert isinstance(failed, WindowFailed)
                assert isinstance(failed.error, RequestFailed)
        assert {type(chunk) for chunk in seen} == {Bars}
        late = [request for request in asked(world) if request.end_date_time > datetime(2025, 12, 4, tzinfo=UTC)]  # type: ignore[operator]
        assert len({request.end_date_time for request in late}) in (1, 2)


@pytest.mark.virtual_time
async def test_what_stays_as_it_is_is_raised_at_once() -> None:
    """Each error of the facts that another try does not help; what nobody knows is one of them."""
    said = iter(LASTING)
    world = scripted(lambda _number, _link, request: error(request, *reversed(next(said))))  # type: ignore[arg-type]
    async with connected(world) as tws:
        for code, text in LASTING:
            download = Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour")
            with pytest.raises(RequestFailed) as caught:
                await all_of(download)
            assert (caught.value.code, caught.value.message) == (code, text)
        assert len(asked(world)) == len(LASTING)
        assert anyio.current_time() < 30


@pytest.mark.virtual_time
async def test_a_delayed_account_is_told_to_ask_for_what_is_older() -> None:
    """2188 may be followed by bars, or not: by a report they come, in a recording they do not."""

    def reply(number: int, link: Any, request: Any) -> Iterable[ToClient]:
        refusal = error(request, "Up-to-the-second historical data requires additional subscription for the API.", 2188)
        return refusal if number == 0 else (*refusal, *truly(link, request))

    async with connected(scripted(reply)) as tws:
        with pytest.raises(RequestFailed) as caught:
            await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour", retries=Retries(most=0)))
        assert caught.value.code == 2188
        # It may be that bars follow, so they are waited for.
        assert anyio.current_time() == pytest.approx(120, abs=1)
        assert bars_in(await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour")))


@pytest.mark.virtual_time
async def test_a_silent_tws_is_asked_again_and_each_question_is_cancelled() -> None:
    world = scripted(lambda _number, _link, _request: ())
    async with connected(world) as tws:
        # Just after the start whatever is not answered is said twice.
        await anyio.sleep(10)
        download = Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour", timeout=30)
        with pytest.raises(RequestTimedOut):
            await all_of(download)
        assert anyio.current_time() == pytest.approx(10 + 30 + 20 + 30 + 40 + 30, abs=2)
        assert len(asked(world)) == cancelled(world) == 3


@pytest.mark.virtual_time
async def test_a_nightly_reset_is_waited_out() -> None:
    """No window is asked, and none is lost, however long it takes."""
    lost = ErrorMessage(None, 1100, "Connectivity between IBKR and Trader Workstation has been lost.")
    back = ErrorMessage(None, 1102, "Connectivity between IBKR and Trader Workstation has been restored.")
    is_away = False

    def reply(number: int, link: Any, request: Any) -> Iterable[ToClient]:
        nonlocal is_away
        if number == 2:
            is_away = True
            return (lost, *error(request, lost.error_message or "", 1100))
        return () if is_away else truly(link, request)

    world = scripted(reply)
    async with connected(world) as tws:
        await anyio.sleep(10)
        download = Download(
            tws, APPLE, date(2025, 12, 1), date(2025, 12, 13), "1 hour", window=DAY, retries=Retries(most=1)
        )
        async with download as chunks:
            seen = [await anext(chunks)]
            await anyio.sleep(1)
            count = len(asked(world))
            await anyio.sleep(1800)
            assert chunks.progress.waiting == "TWS has no link to the vendor"
            assert len(asked(world)) == count
            is_away = False
            world.links[0].say(back)
            seen += [chunk async for chunk in chunks]
        assert len(seen) == 12
        assert len(bars_in(seen)) == 70


@pytest.mark.virtual_time
async def test_a_two_hundred_after_a_lost_link_is_not_believed() -> None:
    """Within 30 s of 1100 it means nothing."""

    def reply(number: int, link: Any, request: Any) -> Iterable[ToClient]:
        if number:
            return truly(link, request)
        lost = ErrorMessage(None, 1100, "Connectivity between IBKR and Trader Workstation has been lost.")
        return (lost, *error(request, "No security definition has been found for the request", 200))

    async with connected(scripted(reply)) as tws:
        assert bars_in(await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour")))


@pytest.mark.virtual_time
async def test_a_tws_that_says_bars_twice_and_in_any_order() -> None:
    """And more than it was asked for, and the running one."""

    def reply(_number: int, _link: Any, request: Any) -> Iterable[ToClient]:
        times = [datetime(2025, 12, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in (*range(80, -9, -1), 5, 6)]
        bars = [HistoricalDataBar(time, 1.0, 1.0, 1.0, 1.0) for time in times]
        yield HistoricalData(request.request_id, bars=tuple(bars))
        yield HistoricalDataEnd(request.request_id)
        yield HistoricalData(request.request_id, bars=tuple(bars))

    async with connected(scripted(reply)) as tws:
        chunks = await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour", window=DAY))
        begins = [bar.begin for bar in bars_in(chunks)]
        assert begins == [datetime(2025, 12, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(72)]


@pytest.mark.virtual_time
async def test_a_tws_that_takes_its_bars_back_is_asked_again() -> None:
    """Bars, and an error instead of their end: nothing of them counts. Then an answer to nobody; then all."""

    def reply(number: int, link: Any, request: Any) -> Iterable[ToClient]:
        bar = HistoricalDataBar(datetime(2025, 12, 2, tzinfo=UTC), 1.0, 1.0, 1.0, 1.0)
        if number == 0:
            return (HistoricalData(request.request_id, bars=(bar,)), *error(request, SERVICE + "Query cancelled"))
        if number == 1:
            return (HistoricalData(request.request_id + 77, bars=(bar,)), HistoricalDataEnd(request.request_id + 77))
        return truly(link, request)

    world = scripted(reply)
    async with connected(world) as tws:
        await anyio.sleep(10)
        chunks = await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour"))
        assert len(bars_in(chunks)) == 21
        assert len(asked(world)) == 3


@pytest.mark.virtual_time
@pytest.mark.parametrize("on_failure", ["raise", "report"])
async def test_bars_without_a_clear_time_are_a_failure(on_failure: Any) -> None:
    """A day, where a moment was asked for: no bar of that answer is guessed."""

    def reply(_number: int, _link: Any, request: Any) -> Iterable[ToClient]:
        yield HistoricalData(request.request_id, bars=(HistoricalDataBar(date(2025, 12, 2), 1.0, 1.0, 1.0, 1.0),))
        yield HistoricalDataEnd(request.request_id)

    async with connected(scripted(reply)) as tws:
        download = Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour", on_failure=on_failure)
        if on_failure == "raise":
            with pytest.raises(DecodeError, match=r"bars\[0\].time"):
                await all_of(download)
        else:
            (chunk,) = await all_of(download)
            assert isinstance(chunk, WindowFailed)
            assert isinstance(chunk.error, DecodeError)


@pytest.mark.virtual_time
async def test_an_empty_answer_is_no_data() -> None:
    """Reported of some builds, where others say 162."""

    def reply(_number: int, _link: Any, request: Any) -> Iterable[ToClient]:
        return (HistoricalData(request.request_id), HistoricalDataEnd(request.request_id))

    async with connected(scripted(reply)) as tws:
        (chunk,) = await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour"))
        assert isinstance(chunk, NoData)
        assert chunk.text == "TWS gave no bars, and none that begins in this window"


@pytest.mark.virtual_time
async def test_the_clock_of_tws_goes_on_by_itself() -> None:
    """It is asked again after ten minutes; in between it is what it was, and the time since."""
    world = world_of()
    async with connected(world) as tws:
        clock = TwsClock(tws)
        times = []
        for _ in range(4):
            times.append(await clock.now())
            await anyio.sleep(299)
        assert [(time - NOW).total_seconds() for time in times] == pytest.approx([0, 299, 598, 897], abs=1.1)
        assert sum(isinstance(heard.message, CurrentTimeRequest) for heard in world.heard) == 2


@pytest.mark.virtual_time
async def test_a_tws_without_a_clock_is_told_where_the_chunks_are_read() -> None:
    world = World(WorldSettings(starts_at=NOW), answers={**ANSWERS, CurrentTimeRequest: Answer(lambda _l, _r: ())})
    async with connected(world) as tws:
        async with Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour") as chunks:
            assert chunks.progress.waiting == "TWS is asked for its clock"
            with pytest.raises(RequestTimedOut):
                await anext(chunks)


async def test_the_end_of_the_connection_ends_it() -> None:
    """And is told as such, though failures are to be reported: no window has failed."""
    world = scripted(lambda _number, link, _request: link.die() or ())
    with pytest.raises(ConnectionClosed):
        async with connected(world) as tws:
            await all_of(Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour", on_failure="report"))
            raise AssertionError("it must not come to an end by itself")


# --- pacing ---------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_small_bars_are_asked_for_so_that_tws_has_nothing_to_say() -> None:
    """Sixty in ten minutes, fewer than six in two seconds: TWS never says that it was too fast."""
    violations = 0

    def reply(_number: int, link: Any, request: Any) -> Iterable[ToClient]:
        nonlocal violations
        said = list(truly(link, request))
        violations += any(isinstance(one, ErrorMessage) and "pacing" in str(one.error_message) for one in said)
        return said

    world = scripted(reply)
    begin = datetime(2026, 1, 2, 15, tzinfo=UTC)
    async with connected(world) as tws:
        download = Download(
            tws, APPLE, begin, begin + timedelta(minutes=70), "1 secs", window=timedelta(minutes=1), concurrency=10
        )
        async with download as chunks:
            bars = bars_in([await anext(chunks) for _ in range(55)])
            await anyio.sleep(30)
            waiting = chunks.progress.waiting or ""
            assert waiting.startswith("its turn among requests for small bars")
            assert waiting.endswith("of this connection wait for")
            bars += bars_in([chunk async for chunk in chunks])
            assert len(bars) == 70 * 60
            assert chunks.progress.done == 70
    assert violations == 0
    assert len(asked(world)) == 70
    assert anyio.current_time() > 600


# --- leaving, waiting, looking --------------------------------------------------------------------------------------


async def test_leaving_takes_everything_along() -> None:
    """What is under way is cancelled, here and at TWS; on both backends."""
    world = scripted(lambda _number, _link, _request: ())
    async with connected(world) as tws:
        async with Download(tws, APPLE, date(2025, 12, 1), date(2026, 1, 1), "1 hour", window=DAY) as chunks:
            with anyio.fail_after(PATIENCE):
                await until(lambda: len(asked(world)) == 4)
            assert chunks.progress.open == 4
        await tws.ask(ManagedAccountsRequest())
        assert cancelled(world) == 4
        assert tws.statistics().open_conversations == 0
        with pytest.raises(StopAsyncIteration):
            await anext(chunks)


@pytest.mark.virtual_time
async def test_a_cancellation_is_noticed_at_once() -> None:
    """While chunks are waited for, while it waits for a retry, and while there are chunks without end."""
    replies: list[Reply] = [
        lambda _number, _link, _request: (),
        lambda _number, _link, request: error(request, VIOLATION),
        lambda _number, link, request: truly(link, request),
    ]
    for reply in replies:
        world = scripted(reply)
        async with connected(world) as tws:
            began = anyio.current_time()
            with anyio.move_on_after(5) as scope:
                async with Download(
                    tws, APPLE, date(2025, 6, 1), date(2026, 1, 1), "1 hour", window=DAY, concurrency=3
                ) as chunks:
                    async for _ in chunks:
                        await anyio.sleep(1)
            assert scope.cancelled_caught
            assert anyio.current_time() - began == 5
            await tws.ask(ManagedAccountsRequest())
            assert tws.statistics().open_conversations == 0


async def test_it_can_be_left_in_any_way() -> None:
    """By a scope of the caller's, from within and around, on both backends; and again and again."""
    world = scripted(lambda number, link, request: truly(link, request) if number % 5 < 2 else ())
    async with connected(world) as tws:
        clock = TwsClock(tws)
        for way in range(6):
            with anyio.CancelScope() as around:
                async with anyio.create_task_group() as tasks:
                    async with Download(
                        tws, APPLE, date(2025, 12, 1), date(2026, 1, 1), "1 day", window=DAY, concurrency=3, clock=clock
                    ) as chunks:
                        await anext(chunks)
                        if way == 0:
                            around.cancel()
                        elif way == 1:
                            tasks.cancel_scope.cancel()
                        elif way == 2:
                            tasks.start_soon(cancel_later, around)
                        if way < 3:
                            async for _ in chunks:
                                await anyio.lowlevel.checkpoint()
            assert around.cancelled_caught is (way in (0, 2))
            await tws.ask(ManagedAccountsRequest())
            assert tws.statistics().open_conversations == 0


async def cancel_later(scope: anyio.CancelScope) -> None:
    for _ in range(20):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


async def test_it_belongs_to_its_thread() -> None:
    async with connected(world_of()) as tws:
        download = Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 day")

        def elsewhere() -> None:
            for step in (download.__aenter__(), download.__anext__()):
                with pytest.raises(WrongThread):
                    step.send(None)

        await anyio.to_thread.run_sync(elsewhere)
        assert bars_in(await all_of(download))


async def test_what_goes_wrong_in_the_block_is_the_blocks_own() -> None:
    """In no group: an `except` of the caller's catches it."""
    async with connected(world_of()) as tws:
        with pytest.raises(ValueError, match="mine"):
            async with Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour") as chunks:
                await anext(chunks)
                raise ValueError("mine")


@pytest.mark.virtual_time
async def test_a_slow_reader_has_tws_wait() -> None:
    """However long the download is, not more than twice as many windows are asked as may be open."""
    world = world_of()
    async with connected(world) as tws:
        async with Download(
            tws, APPLE, date(2025, 1, 1), date(2026, 1, 1), "1 hour", window=DAY, concurrency=2
        ) as chunks:
            await anyio.sleep(1000)
            assert len(asked(world)) == 4
            assert chunks.progress.waiting == "4 windows wait to be read"
            assert chunks.progress.done == 4
            await anext(chunks)
            await anyio.sleep(1000)
            assert len(asked(world)) == 5


@pytest.mark.virtual_time
async def test_progress_tells_how_it_goes() -> None:
    """At any time: before, within, while it waits, and after the end."""
    world = scripted(lambda number, link, request: error(request, VIOLATION) if number == 2 else truly(link, request))
    async with connected(world) as tws:
        download = Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 6), "1 hour", window=DAY, concurrency=1)
        assert download.progress.total == 0
        async with download as chunks:
            await anext(chunks)
            await anext(chunks)
            await anyio.sleep(10)
            progress = chunks.progress
            assert (progress.done, progress.total, progress.open, progress.bars) == (2, 5, 0, 14)
            assert progress.elapsed >= 10
            assert progress.rate == progress.bars / progress.elapsed
            assert progress.waiting == "TWS said that history was asked too fast: asking again in 10 s"
            rest = [chunk async for chunk in chunks]
            assert len(rest) == 3
        last = download.progress
        await anyio.sleep(100)
        assert download.progress == last
        assert (last.done, last.total, last.bars, last.waiting) == (5, 5, 35, None)
        assert last.remaining == 0


async def test_one_reader_one_block() -> None:
    async with connected(scripted(lambda _number, _link, _request: ())) as tws:
        download = Download(tws, APPLE, date(2025, 12, 1), date(2025, 12, 4), "1 hour")
        assert repr(download) == "<Download of AAPL, not entered>"
        with pytest.raises(RuntimeError, match="inside the block"):
            aiter(download)
        async with download as chunks, anyio.create_task_group() as tasks:
            tasks.start_soon(anext, chunks)
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            with pytest.raises(StreamInUse):
                await anext(chunks)
            with pytest.raises(RuntimeError, match="for one block"):
                await download.__aenter__()
            assert "Downloading" in repr(download)
            tasks.cancel_scope.cancel()
        assert repr(download) == "<Download of AAPL, left>"


# --- what may not be asked ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, kind, words",
    [
        ({"begin": NOW.replace(tzinfo=None)}, ValueError, "begin is .* names no zone"),
        ({"end": "2025-01-01"}, TypeError, "end is '2025-01-01'"),
        ({"end": date(2024, 1, 1)}, ValueError, "end is 2024-01-01 .* later than begin"),
        ({"begin": date(1970, 1, 1)}, ValueError, "no time before 1978-01-01"),
        ({"bar_size": "1 sec"}, ValueError, "bar_size is '1 sec'.*1 secs"),
        ({"concurrency": 0}, ValueError, "concurrency"),
        ({"concurrency": 51}, ValueError, "room for 50"),
        ({"on_failure": "ignore"}, ValueError, "raise, report"),
        ({"window": timedelta(days=70 * 366)}, ValueError, "no duration"),
        ({"window": 7}, TypeError, "window is 7"),
        ({"have": [date(2025, 1, 1)]}, TypeError, "pairs of a begin and an end"),
        ({"retries": 3}, TypeError, "retries is 3"),
        ({"timeout": 0}, ValueError, "timeout is 0"),
        ({"timeout": "1"}, TypeError, "timeout"),
        ({"newest_first": 1}, TypeError, "newest_first"),
        ({"regular_hours": None}, TypeError, "regular_hours"),
        ({"contract": "AAPL"}, TypeError, "names no contract"),
        ({"what_to_show": WhatToShow.ADJUSTED_LAST}, LocalProtocolError, "ADJUSTED_LAST"),
        ({"what_to_show": "SCHEDULE"}, LocalProtocolError, "schedule"),
        (
            {"contract": Contract(symbol="ES", security_type=SecurityType.CONTINUOUS_FUTURE, exchange="CME")},
            LocalProtocolError,
            "continuous future",
        ),
    ],
)
def test_what_cannot_be_asked_is_told_at_the_call(changes: dict[str, Any], kind: Any, words: str) -> None:
    """Before anything is sent, in a sentence that names the argument."""
    arguments: dict[str, Any] = {
        "contract": APPLE,
        "begin": date(2025, 1, 1),
        "end": date(2025, 2, 1),
        "bar_size": "1 min",
        **changes,
    }
    nobody: Any = None
    with pytest.raises(kind, match=words):
        Download(nobody, **arguments)
