"""``anytws watch``: the quotes of many contracts, as a table that lives, or as lines."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol, TypeAlias

import anyio
from cyclopts import Parameter

from anytws import Gap, Resumed
from anytws.cli import NOT_CONNECTED, REFUSED, USAGE
from anytws.cli.connecting import Connecting, run_reading
from anytws.cli.mask import Mask
from anytws.cli.numbers import number
from anytws.cli.output import Output, Tone, complain, counted, is_watched, open_console
from anytws.errors import shown

if TYPE_CHECKING:
    from rich.live import Live

    from anytws import Tws
    from anytws.cli.quote_rows import Row
    from anytws.client.watch import Watch, WatchedQuote
    from anytws.machines.quotes import Quote

Freshness: TypeAlias = Literal["live", "frozen", "delayed", "delayed_frozen"]
"""How fresh data may be."""

REFRESH_SECONDS: Final = 0.2
"""From one drawing of the table to the next at the least: nobody reads faster, however many ticks come."""
_LOOK_SECONDS: Final = 1.0
"""After which it is drawn again all the same: a page is turned, or the terminal has another size."""
_MOST_TICKS: Final = 200
_TICKS: Final = re.compile(r"[0-9]{1,6}(?:,[0-9]{1,6})*").fullmatch


def _is_time(_: object, seconds: float | None) -> None:
    if seconds is not None and seconds < 0:
        raise ValueError(f"{seconds:g} is not a time to wait: a number of seconds, 0 or more")


def _is_list(_: object, ticks: str) -> None:
    if ticks and (len(ticks) > _MOST_TICKS or _TICKS(ticks) is None):
        raise ValueError(f"{shown(ticks)} is no list of generic ticks, such as 233,236")


def watch(
    *symbols: str,
    freshness: Annotated[Freshness, Parameter(name="--type")] = "live",
    generic_ticks: Annotated[str, Parameter(validator=_is_list)] = "",
    seconds: Annotated[float | None, Parameter(name="--for", converter=number, validator=_is_time)] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    where: Connecting = Connecting(),  # noqa: B008  # frozen, and shown as defaults
) -> int:
    """Watch the quotes of contracts: a live table on a terminal, lines elsewhere.

    What is refused says so in its place, and the others go on. A TWS that restarts is waited for. The exit code is 0 at
    the end of --for, 5 if something was refused, 4 if there is no connection (any more), 130 after Ctrl-C.

    Parameters
    ----------
    symbols
        What to watch: AAPL, BMW@IBIS/EUR, EUR.USD, SPX:IND@CBOE, ES:FUT:202603@CME, SPY:OPT:20260320:C:600, or a
        contract id, as in '#265598'. Braces stand for several: 'SPY{,X}' is SPY and SPYX.
    freshness
        How fresh data may be. live: live, or refused. frozen: the last values while the market is closed. delayed: some
        15 minutes old where there is no permission for live ones. delayed_frozen: all of that. What each is, is shown.
    generic_ticks
        More than the usual ticks, by the vendor's numbers, as in 233,236. They are shown with --json.
    seconds
        End after so many seconds; without it, at Ctrl-C.
    as_json
        Write JSON, for programs: an object a line.
    """
    from anytws.cli.symbols import read_symbols  # noqa: PLC0415 (the help needs none of it)

    try:
        named = read_symbols(symbols)
    except ValueError as problem:
        complain(str(problem), "anytws watch --help says more")
        return USAGE
    if not named:
        complain("say what to watch, as in: anytws watch AAPL 'SPY{,X}'", "anytws watch --help says more")
        return USAGE
    from anytws.cli.quote_rows import rows_of  # noqa: PLC0415 (see above)

    rows, mask = rows_of(named), Mask()
    view = _view_for(Output(open_console()), rows, mask, as_json=as_json)
    reading = functools.partial(_watch, view, rows, freshness, generic_ticks, seconds)
    return run_reading(reading, where, mask, lasts=seconds is None)


class View(Protocol):
    """How what comes is shown."""

    pause: float
    """Seconds from one showing to the next."""

    def __enter__(self) -> object: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, changed: Sequence[Row]) -> None:
        """Show what is new of *changed*; without any: what time has changed."""
        ...

    def tell(self, troubles: Sequence[str]) -> None:
        """Say what is wrong with the connection from now on; nothing: all is well again."""
        ...

    def note(self, word: str | None, item: Gap | Resumed) -> None:
        """Say that from here on nothing comes of *word*, or that it goes on; None: of all."""
        ...


def _view_for(output: Output, rows: dict[Any, Row], mask: Mask, *, as_json: bool) -> View:
    if as_json:
        return JsonView(output, mask)
    # Colours may be forced into a pipe; a table that moves may not.
    if is_watched(output):
        return TableView(output, [*rows.values()], mask)
    return LineView(output, [*rows.values()], mask)


async def _watch(
    view: View, rows: dict[Any, Row], freshness: Freshness, generic_ticks: str, seconds: float | None, tws: Tws
) -> int:
    from anytws.cli.gaps import troubles_of  # noqa: PLC0415 (see above)
    from anytws.cli.quote_rows import MODES  # noqa: PLC0415 (see above)
    from anytws.messages.market_data import MarketDataMode  # noqa: PLC0415 (see above)

    mode = next(mode for mode, word in MODES.items() if word == freshness)
    if mode is not MarketDataMode.REAL_TIME:
        await tws.market_data.mode(mode)
    with view:
        view.show(())
        with anyio.move_on_after(math.inf if seconds is None else seconds):
            async with tws.market_data.watch(rows, generic_ticks) as watched:
                await _follow(view, rows, watched, functools.partial(troubles_of, tws))
    if any(row.problem is not None for row in rows.values()):
        return REFUSED
    return 0 if tws.presence.now.is_here else NOT_CONNECTED


async def _follow(
    view: View, rows: dict[Any, Row], watched: Watch[Any], troubles_now: Callable[[], tuple[str, ...]]
) -> None:
    """Show all that comes, until nothing is left that could go on."""
    batches = watched.batches()
    troubles: tuple[str, ...] = ()
    while True:
        batch: Sequence[WatchedQuote[Any]] = ()
        with anyio.move_on_after(_LOOK_SECONDS):
            try:
                batch = await anext(batches)
            except StopAsyncIteration:
                return
        now = troubles_now()
        if now != troubles:
            # Quotes do not say that they have become old.
            troubles = now
            view.tell(troubles)
        changed: list[Row] = []
        for each in batch:
            if isinstance(each.item, (Gap, Resumed)):
                # In its place: what is told of a gap divides the quotes before it from those behind it.
                view.show(changed)
                changed = []
                view.note(_lost(rows, each.contract, each.item), each.item)
            else:
                changed.append(_noted(rows[each.contract], each.item))
        view.show(changed)
        await anyio.sleep(view.pause)


def _lost(rows: dict[Any, Row], contract: Any, item: Gap | Resumed) -> str | None:  # noqa: ANN401 (a key)
    """Forget the quotes that are old in a gap, and give the word of the contract; None: it is about all."""
    own = rows.values() if contract is None else [rows[contract]]
    if isinstance(item, Gap):
        for row in own:
            row.quote = None
    return None if contract is None else rows[contract].word


def _noted(row: Row, item: Quote | Exception) -> Row:
    if isinstance(item, Exception):
        row.problem = item
    else:
        row.quote = item
    return row


class JsonView:
    """Writes an object a line, for each contract that has changed."""

    pause: float = 0.0

    def __init__(self, output: Output, mask: Mask) -> None:
        self._output = output
        self._mask = mask

    def __enter__(self) -> object:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be said."""

    def show(self, changed: Sequence[Row]) -> None:
        """Write what is new."""
        for row in changed:
            self._output.raw(row.json_line(self._mask))

    def tell(self, troubles: Sequence[str]) -> None:
        """Write what is wrong, as an object that is of no contract."""
        self._output.raw(json.dumps({"symbol": None, "troubles": [self._mask(each) for each in troubles]}))

    def note(self, word: str | None, item: Gap | Resumed) -> None:
        """Write it as an object."""
        from anytws.cli.gaps import gap_object  # noqa: PLC0415 (see above)

        self._output.raw(json.dumps({"symbol": word, **gap_object(item, self._mask)}))


class LineView:
    """Writes a line for each contract that has changed, under a head that comes once."""

    pause: float = 0.0

    def __init__(self, output: Output, rows: Sequence[Row], mask: Mask) -> None:
        from anytws.cli.quote_rows import remarks_of, time_text  # noqa: PLC0415 (see above)
        from anytws.cli.quote_table import Table, word_width  # noqa: PLC0415 (see above)

        self._output = output
        self._mask = mask
        self._table = Table(mask)
        self._word = word_width(rows)
        self._time_text = time_text
        self._remarks_of = remarks_of

    def __enter__(self) -> object:
        from anytws.cli.quote_table import FULL  # noqa: PLC0415 (see above)

        head = self._table.head(FULL, self._word).plain
        self._output.raw(f"{'time':<14}{head}".rstrip())
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be said."""

    def show(self, changed: Sequence[Row]) -> None:
        """Write what is new."""
        for row in changed:
            time = self._time_text(None if row.quote is None else row.quote.received_at)
            lead = ((f"{time}  ", Tone.QUIET),)
            if row.problem is not None:
                self._output.row(lead, f"{row.word:<{self._word}} {_refused(row, self._mask)}", Tone.BAD, wrap=False)
                continue
            for code, text in [] if row.quote is None else self._remarks_of(row.quote):
                said = text if code is None else f"{code} {text}"
                remark = f"{row.word:<{self._word}} TWS remarks: {self._mask(said)}"
                self._output.row(lead, remark, Tone.WARNING, wrap=False)
            # Printable already, and as wide as it has to be: nothing is left to be done to it.
            self._output.raw(f"{time}  {self._table.line(row, word=self._word).plain}".rstrip())

    def tell(self, troubles: Sequence[str]) -> None:
        """Write what is wrong in a line of its own."""
        lead = ((f"{self._time_text(None)}  ", Tone.QUIET),)
        text = self._mask("; ".join(troubles)) or "the connection of TWS is well again"
        self._output.row(lead, text, Tone.BAD if troubles else Tone.GOOD, wrap=False)

    def note(self, word: str | None, item: Gap | Resumed) -> None:
        """Write it in a line of its own."""
        from anytws.cli.gaps import gap_text  # noqa: PLC0415 (see above)

        lead = ((f"{self._time_text(None)}  ", Tone.QUIET),)
        text = f"{'all contracts' if word is None else word}: {self._mask(gap_text(item))}"
        self._output.row(lead, text, Tone.WARNING if isinstance(item, Gap) else Tone.GOOD, wrap=False)


class TableView:
    """Draws the table on a screen of its own, and at the end once more, whole, where what was said before stands."""

    pause: float = REFRESH_SECONDS

    def __init__(self, output: Output, rows: Sequence[Row], mask: Mask) -> None:
        from anytws.cli.quote_rows import remarks_of  # noqa: PLC0415 (see above)
        from anytws.cli.quote_table import Table  # noqa: PLC0415 (see above)

        self._output = output
        self._console = output.console
        self._rows = rows
        self._mask = mask
        self._table = Table(mask)
        self._remarks_of = remarks_of
        self._stack = ExitStack()
        self._live: Live | None = None

    def __enter__(self) -> object:
        from rich.live import Live  # noqa: PLC0415 (see above)

        live = Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._live = self._stack.enter_context(live)
        return self

    def show(self, changed: Sequence[Row]) -> None:
        """Draw all, as it is now."""
        for row in changed:
            for code, text in [] if row.quote is None or row.problem is not None else self._remarks_of(row.quote):
                self._table.remark = f"{row.word}: {'' if code is None else f'{code} '}{self._mask(text)}"
        if self._live is not None:
            self._live.update(self._page(), refresh=True)

    def tell(self, troubles: Sequence[str]) -> None:
        """Have it stand below the table, for as long as it is so."""
        self._table.trouble = self._mask("; ".join(troubles))

    def note(self, word: str | None, item: Gap | Resumed) -> None:
        """Have it stand below the table, until TWS remarks something else."""
        from anytws.cli.gaps import gap_text  # noqa: PLC0415 (see above)

        text = f"{'all contracts' if word is None else word}: {gap_text(item)}"
        self._table.remark = self._mask(text)

    def _page(self) -> Any:  # noqa: ANN401 (what rich draws)
        from anytws.cli.quote_table import PAGE_SECONDS  # noqa: PLC0415 (see above)

        width, height = self._console.size
        number = int(anyio.current_time() / PAGE_SECONDS)
        return self._table.page(self._rows, width, height, number, "Ctrl-C ends it")

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        for line in self._table.whole(self._rows, self._console.width):
            self._console.print(line, soft_wrap=True)
        refused = [row for row in self._rows if row.problem is not None]
        if refused:
            self._output.title(f"{counted(len(refused), 'contract')} refused", Tone.BAD)
        for row in refused:
            self._output.row(((f"  {row.word}: ", Tone.STATE),), _refused(row, self._mask))


def _refused(row: Row, mask: Mask) -> str:
    """Say in sentences why there is no more of it, and what can be done."""
    from anytws.cli.quote_rows import sentence_of  # noqa: PLC0415 (see above)

    told, advice = mask(sentence_of(row.problem)), row.advice()
    return told if advice is None else f"{told}. {advice}"
