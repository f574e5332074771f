"""The block in which a download runs: it asks TWS, and gives chunks. What to ask when is for `anytws.machines`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import anyio
import anyio.lowlevel

from anytws.client.contract_like import ContractLike, contract_of
from anytws.client.conversing import Conversing
from anytws.core.arguments import check_flag, check_instance, check_timeout, check_whole_number
from anytws.core.events import ConnectionClosed
from anytws.errors import AnswerTooLarge, DecodeError, RequestFailed, RequestTimedOut, StreamInUse, WrongThread, shown
from anytws.machines.bar_requests import bar_size_of, bars_request
from anytws.machines.bars import LENGTHS, bars_of
from anytws.machines.download import Chunk, Downloading, Part, Progress
from anytws.machines.download_trouble import STANDARD_RETRIES, Retries
from anytws.machines.pacing import WORDS
from anytws.machines.windows import Grid, Plan, moment_of, pairs
from anytws.messages.base import replace
from anytws.messages.historical import BarSize, HistoricalData, WhatToShow
from anytws.messages.session import CurrentTimeRequest

if TYPE_CHECKING:
    from typing import Self

    from anyio.abc import TaskGroup

OnFailure: TypeAlias = Literal["raise", "report"]
"""What becomes of a window that cannot be had."""

CONCURRENCY: Final = 4
"""Windows that are asked at once: TWS has room for 50 queries, and others want some of them."""
_MOST_CONCURRENCY: Final = 50
_EARLIEST: Final = datetime(1978, 1, 1, tzinfo=UTC)
_SMALL: Final = timedelta(seconds=30)
_PLENTY: Final = timedelta(days=1)
_FRESH: Final = 600.0
"""Seconds after which the clock of TWS is asked for again."""
_REASONS: Final = ("small_history", "history", "messages")
"""Why requests for bars may be held back, the longest wait first."""
_PATIENCE: Final = 120.0
_PATIENCE_FOR_SMALL: Final = 720.0
"""Seconds. A deadline runs from the call: of small bars 60 windows leave in ten minutes, whoever asks them; of larger
ones TWS answers the later, the more is asked."""


class TwsClock:
    """What time it is at TWS. It is asked once in ten minutes, for TWS does not take such questions often."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
        self._told: datetime | None = None
        self._told_at = 0.0

    async def now(self) -> datetime:
        """Give the clock of TWS, in UTC; behind it by a second or so, and never ahead. Raises as `Tws.ask` does."""
        if self._told is None or anyio.current_time() - self._told_at > _FRESH:
            told = (await self._tws.ask(CurrentTimeRequest())).time
            # By now it is later there by what the way back took: the wrong side to be on is the other one.
            self._told, self._told_at = told, anyio.current_time()
        return self._told + timedelta(seconds=anyio.current_time() - self._told_at)


class Download(AbstractAsyncContextManager["Download"]):
    """Bars of a long time, window by window, from the moment the block is entered until it is left.

    An async iterator of chunks: `Bars`, `NoData`, and with ``on_failure="report"`` `WindowFailed`. They come in the
    order of their windows, the oldest first or the newest, however TWS answers; in each the bars are the oldest first.
    A bar is in the window that it begins in, so each comes once. One that may still be running by the clock of TWS is
    not asked for: the last window ends in front of it, and the next download, which is given what this one had, begins
    there. A day, a week or a month is over when it is everywhere on Earth, at noon UTC of the next day.

    *begin* and *end* are aware datetimes, or dates: midnight UTC. *have* takes pairs of those, such as the windows of
    an earlier download. The windows lie on one grid for each size of bars (`anytws.machines.windows.WINDOWS`), or of
    the length *window*. *concurrency* windows are asked at once, and at most twice as many are asked or wait for the
    reader: a slow one costs no memory, and TWS no work. What TWS takes in ten minutes is kept to beforehand.

    A window whose trouble may pass is asked again, as *retries* says: after a violation of pacing, which others of the
    same login cause as well; when the farm of history is down; when no answer came in *timeout* seconds (None: 120, and
    720 for bars of 30 seconds or less, with the time that each waits for its turn). While TWS has no link to the vendor
    it waits. The first window that has failed for good is raised in its place; with ``on_failure="report"`` it is a
    chunk, and the rest goes on.

    Entering never waits for TWS; leaving cancels whatever is under way, here and at TWS. It is for one reader at a
    time: a second one is refused with `StreamInUse`. The reader raises `RequestFailed`, `RequestTimedOut`,
    `DecodeError` and `AnswerTooLarge` of a window, `ConnectionClosed`, and what `Tws.ask` raises where TWS does not
    tell its clock.
    """

    def __init__(
        self,
        tws: Conversing,
        contract: ContractLike,
        begin: date,
        end: date,
        bar_size: BarSize | str,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        regular_hours: bool = True,
        newest_first: bool = False,
        have: Iterable[tuple[date, date]] = (),
        concurrency: int = CONCURRENCY,
        on_failure: OnFailure = "raise",
        window: timedelta | None = None,
        retries: Retries = STANDARD_RETRIES,
        timeout: float | None = None,
        clock: TwsClock | None = None,
    ) -> None:
        check_flag("regular_hours", regular_hours)
        check_flag("newest_first", newest_first)
        check_whole_number("concurrency", concurrency, at_least=1, example=CONCURRENCY)
        if concurrency > _MOST_CONCURRENCY:
            raise ValueError(f"concurrency is {concurrency}, and TWS has room for {_MOST_CONCURRENCY} queries in all")
        if on_failure not in get_args(OnFailure):
            raise ValueError(
                f"on_failure is {shown(on_failure)}, and has to be one of {', '.join(get_args(OnFailure))}"
            )
        check_instance("retries", retries, Retries)
        if window is not None:
            check_instance("window", window, timedelta)
        check_timeout(timeout)
        if timeout is not None and timeout <= 0:
            raise ValueError(f"timeout is {timeout:g}, and has to be above zero: no window is answered at once")
        plan = _plan(begin, end, bar_size_of(bar_size), window, have, newest_first=newest_first)
        self._tws = tws
        self._clock = TwsClock(tws) if clock is None else clock
        self._size: Final = plan.grid.bar_size
        self._timeout = _patience_for(self._size) if timeout is None else timeout
        self._work: Final = Downloading(
            plan, concurrency=concurrency, retries=retries, is_reported=on_failure == "report"
        )
        self._concurrency = concurrency
        # As it will be asked, but for its time: what cannot be asked is told at the call.
        self._request: Final = bars_request(
            contract_of(contract), "1 D", self._size, what_to_show, end=plan.begin, regular_hours=regular_hours
        )
        self._tasks: TaskGroup | None = None
        self._news = anyio.Event()
        self._thread = get_ident()
        self._is_awaited = False
        self._is_left = False

    def __repr__(self) -> str:
        state = "left" if self._is_left else "not entered" if self._tasks is None else repr(self._work)
        return f"<Download of {self._request.contract.symbol or self._request.contract.contract_id}, {state}>"

    @property
    def progress(self) -> Progress:
        """How it does: windows done and wanted, bars, their rate, and what it waits for. It may be read at any time."""
        return self._work.progress(anyio.current_time(), self._held())

    async def __aenter__(self) -> Self:
        self._require_thread("__aenter__")
        if self._tasks is not None:
            raise RuntimeError("a download is for one block: call it again for the next")
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._work.enter(anyio.current_time())
        self._tasks.start_soon(self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._tasks is not None, "a block is left after it was entered"
        self._require_thread("__aexit__")
        self._is_left = True
        self._tasks.cancel_scope.cancel()
        # Without the block's own failure, which the group would wrap: nothing here can fail but by cancellation.
        await self._tasks.__aexit__(None, None, None)

    def __aiter__(self) -> Self:
        if self._tasks is None:
            raise RuntimeError("chunks are read inside the block: `async with tws.historical.download(...) as chunks:`")
        return self

    async def __anext__(self) -> Chunk:
        self._require_thread("__anext__")
        if self._is_awaited:
            raise StreamInUse
        self._is_awaited = True
        try:
            # One that is there already must not keep others, or a cancellation, waiting.
            await anyio.lowlevel.checkpoint()
            return await self._next_chunk()
        finally:
            self._is_awaited = False

    def _require_thread(self, method: str) -> None:
        if get_ident() != self._thread:
            raise WrongThread(f"Download.{method}", waits=True)

    async def _next_chunk(self) -> Chunk:
        work = self._work
        while not self._is_left:
            chunk = work.take(anyio.current_time())
            if chunk is not None:
                self._tell()
                return chunk
            if work.failure is not None:
                raise work.failure
            if work.is_over:
                break
            await self._news.wait()
        raise StopAsyncIteration

    # --- what runs beside the reader -------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Find out what time it is at TWS, and begin. What is still being made by then is not asked for."""
        assert self._tasks is not None, "it runs in there"
        try:
            clock = await self._clock.now()
        except Exception as problem:  # noqa: BLE001 (raised where the chunks are read)
            self._work.give_up(problem, anyio.current_time())
        else:
            self._work.begin(clock, anyio.current_time())
            self._tasks.start_soon(self._watch_link)
            for _ in range(self._concurrency):
                self._tasks.start_soon(self._ask_on)
        self._tell()

    async def _watch_link(self) -> None:
        """Tell whether TWS has a link to the vendor, whenever that changes."""
        try:
            async with self._tws.health.changes() as changes:
                async for health in changes:
                    self._work.note_link(anyio.current_time(), is_up=health.is_linked)
                    self._tell()
        except ConnectionClosed as end:
            self._work.give_up(end, anyio.current_time())
            self._tell()

    async def _ask_on(self) -> None:
        """Ask one window after the other, as long as there are any."""
        work = self._work
        while not work.is_over:
            now = anyio.current_time()
            part = work.next(now)
            if part is not None:
                await self._ask(part)
                continue
            at = work.wake_at(now)
            with anyio.move_on_after(None if at is None else at - now):
                await self._news.wait()

    async def _ask(self, part: Part) -> None:
        said = part.saying
        request = replace(self._request, duration=said.duration, end_date_time=said.end)
        try:
            answer = await self._tws.ask(request, timeout=self._timeout)
            assert isinstance(answer, HistoricalData), "a schedule is not asked for here"
            bars = bars_of(answer, self._size)
        except (RequestFailed, RequestTimedOut, DecodeError, AnswerTooLarge) as problem:
            self._work.failed(part, problem, anyio.current_time())
        except Exception as problem:  # noqa: BLE001 (raised where the chunks are read)
            # The connection is over, or this is a mistake of ours: nothing of that is the window's.
            self._work.give_up(problem, anyio.current_time())
        else:
            self._work.answered(part, bars, anyio.current_time())
        self._tell()

    def _tell(self) -> None:
        """Let all look again: the reader, and those who ask."""
        self._news.set()
        self._news = anyio.Event()

    def _held(self) -> str | None:
        """Tell why what was asked has not been sent. Who of the connection's requests is whose is not known here."""
        pacing = self._tws.statistics().pacing
        waiting = {} if pacing is None else pacing.waiting
        return next((_held_words(reason, waiting[reason]) for reason in _REASONS if waiting.get(reason)), None)


def _held_words(reason: str, count: int) -> str:
    return f"{WORDS[reason]}, which {count} requests of this connection wait for"


def _patience_for(bar_size: BarSize) -> float:
    return _PATIENCE_FOR_SMALL if LENGTHS.get(bar_size, _PLENTY) <= _SMALL else _PATIENCE


def _plan(
    begin: date,
    end: date,
    bar_size: BarSize,
    window: timedelta | None,
    have: Iterable[tuple[date, date]],
    *,
    newest_first: bool,
) -> Plan:
    """Give what is wanted. Raises `TypeError` and `ValueError` for what cannot be."""
    first, last = moment_of("begin", begin), moment_of("end", end)
    if first < _EARLIEST:
        raise ValueError(f"begin is {first:%Y-%m-%d}, and TWS takes no time before {_EARLIEST:%Y-%m-%d}")
    if last <= first:
        raise ValueError(f"end is {last}, and has to be later than begin, which is {first}")
    had = tuple(pairs(have))
    return Plan(Grid.of(bar_size, window), first, last, had, newest_first)
