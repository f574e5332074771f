"""The downloads of `anytws bars`: several contracts at once, and how far they are, for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

import anyio
import attrs

from anytws.cli.connecting import exit_code_of
from anytws.cli.mask import Mask
from anytws.cli.output import Output, Tone, counted
from anytws.cli.quote_rows import advice_for, sentence_of
from anytws.cli.spans import begin_before, read_length, read_moment
from anytws.cli.symbols import Named
from anytws.core.events import ConnectionClosed
from anytws.errors import AnytwsError, printable
from anytws.machines.bar_requests import bar_size_of, bars_request, kind_of
from anytws.machines.bars import Bar, is_daily
from anytws.machines.download import Bars, NoData, WindowFailed
from anytws.machines.windows import Window, begin_of, margin_of
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.historical import BarSize, WhatToShow

if TYPE_CHECKING:
    from rich.live import Live

    from anytws import Tws
    from anytws.client.download import Download

AT_ONCE: Final = 4
"""Contracts that are downloaded at the same time: each asks for four windows, and TWS has room for 50."""
REFRESH_SECONDS: Final = 0.2
_USUAL: Final = (1, "M")
_MOST_NAMES: Final = 4
_MOST_DAYS: Final = 365


@attrs.frozen
class Wanted:
    """What was asked for."""

    named: tuple[Named, ...]
    length: tuple[int, str]
    begin: datetime | None
    end: datetime | None
    bar_size: BarSize
    what_to_show: WhatToShow
    outside_hours: bool

    @property
    def is_daily(self) -> bool:
        """Whether its bars go by the calendar."""
        return is_daily(self.bar_size)

    def is_in_one_piece(self, contract: Contract) -> bool:
        """Whether TWS gives bars of *contract* up to now alone, so that they are no matter of windows."""
        is_continuous = contract.security_type is SecurityType.CONTINUOUS_FUTURE
        return is_continuous or self.what_to_show is WhatToShow.ADJUSTED_LAST

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """Give from when to when, as it is *now* at TWS. Raises `ValueError`."""
        end = now if self.end is None else self.end
        begin = begin_before(end, self.length) if self.begin is None else self.begin
        if self.is_daily:
            # The first day is meant too, and not only from this time of it on.
            begin = datetime.combine(begin.date(), time(), UTC)
        if begin >= end:
            raise ValueError(f"{begin:%Y-%m-%d %H:%M} UTC is no beginning of what ends at {end:%Y-%m-%d %H:%M} UTC")
        return begin, end

    def asked(self) -> dict[str, Any]:
        """Give what makes it another question, were it otherwise."""
        return {
            "symbols": sorted(each.word for each in self.named),
            "duration": None if self.begin is not None else list(self.length),
            "begin": None if self.begin is None else self.begin.isoformat(),
            "end": None if self.end is None else self.end.isoformat(),
            "bar_size": self.bar_size.value,
            "what_to_show": self.what_to_show.value,
            "outside_hours": self.outside_hours,
        }


def wanted_of(
    named: tuple[Named, ...],
    duration: str | None,
    begin: str | None,
    end: str | None,
    bar_size: str,
    what_to_show: str,
    *,
    outside_hours: bool,
) -> Wanted:
    """Read what was typed. Raises `ValueError`, and `LocalProtocolError` for what TWS has no bars of."""
    if duration is not None and begin is not None:
        raise ValueError("--duration and --begin: one of them says where it begins")
    wanted = Wanted(
        named,
        _USUAL if duration is None else read_length(duration),
        None if begin is None else read_moment(begin),
        None if end is None else read_moment(end),
        bar_size_of(bar_size),
        kind_of(what_to_show),
        outside_hours,
    )
    for _, contract in named:
        # As each window will be asked for, but for its time.
        ends = wanted.end if wanted.is_in_one_piece(contract) else datetime.now(UTC)
        bars_request(contract, "1 D", wanted.bar_size, wanted.what_to_show, end=ends)
    return wanted


def duration_between(begin: datetime, end: datetime) -> str:
    """Give, as TWS writes it, a duration that reaches from *end* back to *begin*, or a bit further."""
    # TWS counts trading days: so many of them reach further than as many days.
    days = (end - begin).days + 1
    return f"{days} D" if days <= _MOST_DAYS else f"{-(-days // _MOST_DAYS)} Y"


class Sink:
    """Where bars go; this one forgets them. *begin* and *end* are the time that is wanted."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin: Final = begin
        self.end: Final = end

    def had(self, word: str) -> list[tuple[datetime, datetime]]:  # noqa: ARG002 (most had none)
        """Give what of *word* need not be asked."""
        return []

    def take(self, word: str, chunk: Bars | NoData) -> None:
        """Take one window of *word*. Those of one contract come in the order of time."""

    async def finish(self, whole: Sequence[str], cut: Sequence[str]) -> None:
        """Note that it is over: *whole* are there with all their windows, those that were *cut* are not."""

    def keep(self) -> None:
        """Note that it is broken off."""


def bars_in(chunk: Bars | NoData) -> Sequence[Bar]:
    """Give the bars of a window."""
    return chunk.bars if isinstance(chunk, Bars) else ()


class Downloads:
    """Several downloads, and how they do."""

    def __init__(
        self, tws: Tws, wanted: Wanted, sink: Sink, output: Output, mask: Mask, *, is_seen: bool = False
    ) -> None:
        self._tws = tws
        self._wanted = wanted
        self._sink = sink
        self._output = output
        self._mask = mask
        self._is_seen = is_seen
        self._running: dict[str, Download] = {}
        self._bars = 0
        self._done = 0
        self._empty: list[str] = []
        self._problems: dict[str, AnytwsError] = {}
        self._closed: ConnectionClosed | None = None

    async def run(self) -> int:
        """Download all, and give the exit code. Raises `ConnectionClosed`."""
        words = [each.word for each in self._wanted.named]
        is_over = False
        try:
            await self._run()
            await self._sink.finish([word for word in words if word not in self._problems], [*self._problems])
            is_over = True
        finally:
            if not is_over:
                # Broken off: by Ctrl-C, the end of the connection, or a disk that is full.
                self._sink.keep()
            self._tell()
        return max([exit_code_of(problem) for problem in self._problems.values()], default=0)

    async def _run(self) -> None:
        async with anyio.create_task_group() as tasks:
            if self._is_seen:
                tasks.start_soon(self._show)
            places = iter(self._wanted.named)
            async with anyio.create_task_group() as workers:
                for _ in range(min(AT_ONCE, len(self._wanted.named))):
                    workers.start_soon(self._work, places, workers.cancel_scope)
            tasks.cancel_scope.cancel()
        if self._closed is not None:
            raise self._closed

    async def _work(self, named: Any, scope: anyio.CancelScope) -> None:  # noqa: ANN401 (an iterator that all share)
        for word, contract in named:
            try:
                await self._download(word, contract)
            except ConnectionClosed as end:
                self._closed = end
                scope.cancel()
            except AnytwsError as problem:
                self._problems[word] = problem
            finally:
                self._running.pop(word, None)
            self._done += 1

    async def _ask(self, word: str, contract: Contract) -> None:
        """Download all of it by one question, which TWS takes for what goes up to now."""
        wanted, sink = self._wanted, self._sink
        if sink.had(word):
            return
        bars = await self._tws.historical.bars(
            contract,
            duration_between(sink.begin, sink.end),
            wanted.bar_size,
            wanted.what_to_show,
            regular_hours=not wanted.outside_hours,
        )
        # As of windows: what may still be running is left out, and so is what is older than was asked for.
        margin = margin_of(wanted.bar_size)
        own = tuple([bar for bar in bars if sink.begin <= begin_of(bar) <= sink.end - margin])
        window = Window(sink.begin, sink.end)
        sink.take(word, Bars(window, own) if own else NoData(window, "there are no bars in that time"))
        self._bars += len(own)
        if not own:
            self._empty.append(word)

    async def _download(self, word: str, contract: Contract) -> None:
        wanted, sink = self._wanted, self._sink
        if wanted.is_in_one_piece(contract):
            await self._ask(word, contract)
            return
        had = sink.had(word)
        count = 0
        async with self._tws.historical.download(
            contract,
            sink.begin,
            sink.end,
            wanted.bar_size,
            wanted.what_to_show,
            regular_hours=not wanted.outside_hours,
            have=had,
        ) as chunks:
            self._running[word] = chunks
            async for chunk in chunks:
                if isinstance(chunk, WindowFailed):
                    raise chunk.error
                sink.take(word, chunk)
                count += len(bars_in(chunk))
                self._bars += len(bars_in(chunk))
        if not count and not had:
            self._empty.append(word)

    def _tell(self) -> None:
        """Say what did not go as it should."""
        for word in self._empty:
            self._output.row(((f"{printable(word)}: ", Tone.STATE),), "TWS has no data for that time", Tone.WARNING)
        for word, problem in self._problems.items():
            told, advice = self._mask(sentence_of(problem)), advice_for(problem)
            text = told if advice is None else f"{told}. {advice}"
            self._output.row(((f"{printable(word)}: ", Tone.STATE),), text, Tone.BAD)

    # --- for people --------------------------------------------------------------------------------------------------

    async def _show(self) -> None:
        """Draw how far it is, again and again."""
        from rich.live import Live  # noqa: PLC0415 (who is not looked at need not wait for it)

        console = self._output.console
        live: Live
        with Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        ) as live:
            began = anyio.current_time()
            while True:
                live.update(self.drawn(anyio.current_time() - began), refresh=True)
                await anyio.sleep(REFRESH_SECONDS)

    def drawn(self, elapsed: float) -> Any:  # noqa: ANN401 (what rich draws)
        """Give two lines: how far it is, and what it waits for."""
        from rich.progress_bar import ProgressBar  # noqa: PLC0415 (see above)
        from rich.table import Table  # noqa: PLC0415 (see above)
        from rich.text import Text  # noqa: PLC0415 (see above)

        total = len(self._wanted.named)
        states = {word: download.progress for word, download in self._running.items()}
        parts = sum([state.done / state.total for state in states.values() if state.total])
        fraction = (self._done + parts) / total
        rate = self._bars / elapsed if elapsed > 0 else 0.0
        left = f", {_length(elapsed / fraction - elapsed)} left" if 0.02 < fraction < 1 else ""
        line = Table.grid(padding=(0, 1))
        counts = f"{fraction * 100:3.0f}%  {counted(self._bars, 'bar')}, {rate:,.0f}/s{left}"
        line.add_row(
            f"{self._done} of {counted(total, 'contract')}",
            ProgressBar(total=1.0, completed=fraction, width=20),
            counts,
        )
        names = ", ".join([printable(word) for word in [*states][:_MOST_NAMES]])
        more = f" and {len(states) - _MOST_NAMES} more" if len(states) > _MOST_NAMES else ""
        waits = next((state.waiting for state in states.values() if state.waiting), None)
        text = f"{names}{more}" if waits is None else f"waiting: {waits}"
        grid = Table.grid()
        grid.add_row(line)
        grid.add_row(Text(printable(text)[: self._output.width], style=Tone.QUIET.value, no_wrap=True))
        return grid


def _length(seconds: float) -> str:
    """Give a length of time in words that fit beside a bar."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
