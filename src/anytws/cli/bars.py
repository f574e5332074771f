"""``anytws bars``: history of contracts, as curves for people, as lines for programs, into files."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from anytws import LocalProtocolError
from anytws.cli import SETTINGS, USAGE
from anytws.cli.connecting import Connecting, run_reading
from anytws.cli.mask import Mask
from anytws.cli.output import Output, complain, is_watched, open_console
from anytws.errors import printable

if TYPE_CHECKING:
    from anytws import Tws
    from anytws.cli.downloading import Sink, Wanted
    from anytws.cli.symbols import Named


def bars(
    *symbols: str,
    duration: str | None = None,
    begin: str | None = None,
    end: str | None = None,
    bar_size: str = "1 day",
    what_to_show: str = "TRADES",
    outside_hours: Annotated[bool, Parameter(negative=())] = False,
    out: Path | None = None,
    resume: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    where: Connecting = Connecting(),  # noqa: B008  # frozen, and shown as defaults
) -> int:
    """Download bars of contracts: curves on a terminal, lines of CSV or JSON elsewhere, or a file.

    It keeps to what TWS takes in ten minutes, and says so while it waits. What is refused is told, and the others go
    on; then the exit code is 5, or 4 where there was no answer.

    Parameters
    ----------
    symbols
        Of what: AAPL, BMW@IBIS/EUR, EUR.USD, ES:FUT:202603@CME, SPY:OPT:20260320:C:600, or a contract id, as in
        '#265598'. Braces stand for several: 'SPY{,X}' is SPY and SPYX.
    duration
        How far back from --end: a number and S, D, W, M or Y, as in '5 D', 1M, '5 Y', by the calendar. Without it and
        without --begin, 1 M.
    begin
        From when on, instead of --duration: 2026-01-05 (midnight UTC), or 2026-01-05T09:30-05:00.
    end
        Up to when; without it, up to now. A bar that may still be running is left out.
    bar_size
        1 secs to 30 secs, 1 min to 30 mins, 1 hour to 8 hours, 1 day, 1 week, 1 month.
    what_to_show
        TRADES, MIDPOINT, BID, ASK, BID_ASK, HISTORICAL_VOLATILITY and others; of crypto AGGTRADES, of currencies
        MIDPOINT.
    outside_hours
        Also what was traded outside of regular hours.
    out
        Write them into a file, whose name ends with .csv, .json or .parquet (that needs the extra parquet). While they
        come they are gathered in FILE.part.
    resume
        Go on with the FILE.part of the same command, if there is one.
    as_json
        Write JSON, for programs: an object a line.
    """
    from anytws.cli.downloading import wanted_of  # noqa: PLC0415 (the help needs none of it)

    try:
        named = _named(symbols)
        _check_file(out, resume=resume)
        wanted = wanted_of(named, duration, begin, end, bar_size, what_to_show, outside_hours=outside_hours)
    except ValueError as problem:
        complain(str(problem), "anytws bars --help says more")
        return USAGE
    except LocalProtocolError as problem:
        complain(str(problem))
        return SETTINGS
    mask = Mask()
    return run_reading(functools.partial(_bars, wanted, out, resume, as_json, mask), where, mask)


def _named(symbols: Sequence[str]) -> tuple[Named, ...]:
    from anytws.cli.symbols import read_symbols  # noqa: PLC0415 (see above)

    named = read_symbols(symbols)
    if not named:
        raise ValueError("say of what, as in: anytws bars AAPL --duration '1 Y'")
    return named


def _check_file(path: Path | None, *, resume: bool) -> None:
    """Raise `ValueError` where *path* is no name of a file that could be written."""
    if path is None:
        if resume:
            raise ValueError("--resume goes on with a file: say which, by --out")
        return
    from anytws.cli.bar_files import WRITERS  # noqa: PLC0415 (see above)

    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise ValueError(f"--out {printable(str(path))}: its name has to end with {', '.join(WRITERS)}")
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise ValueError('a file of Parquet needs pyarrow: pip install "anytws[cli,parquet]"; .csv and .json do not')


async def _bars(wanted: Wanted, out: Path | None, resume: bool, as_json: bool, mask: Mask, tws: Tws) -> int:
    from anytws.cli.downloading import Downloads  # noqa: PLC0415 (see above)

    try:
        begin, end = wanted.span(await _now(tws))
        sink = _sink(wanted, begin, end, out, resume=resume, as_json=as_json)
    except (ValueError, OSError) as problem:
        complain(f"{getattr(problem, 'strerror', None) or problem}{_of_file(problem)}")
        return USAGE if _is_typed(problem) else SETTINGS
    output = Output(open_console(stderr=True))
    return await Downloads(tws, wanted, sink, output, mask, is_seen=is_watched(output)).run()


def _is_typed(problem: Exception) -> bool:
    from anytws.cli.bar_part import PartError  # noqa: PLC0415 (see above)

    return isinstance(problem, ValueError) and not isinstance(problem, PartError)


def _of_file(problem: Exception) -> str:
    name = getattr(problem, "filename", None)
    return "" if name is None else f": {printable(os.fsdecode(name))}"


async def _now(tws: Tws) -> datetime:
    """Give the time that it is at TWS."""
    # It has said so when it accepted; in a zone that nobody knows, it can be asked.
    return tws.connection_time.aware or await tws.current_time()


def _sink(wanted: Wanted, begin: datetime, end: datetime, out: Path | None, *, resume: bool, as_json: bool) -> Sink:
    """Give where the bars go. Raises `OSError` and `PartError` for a file that cannot be had."""
    from anytws.cli import bar_sinks  # noqa: PLC0415 (see above)

    output = Output(open_console())
    if out is not None:
        return bar_sinks.FileSink.at(out, wanted, begin, end, resume=resume)
    if as_json:
        return bar_sinks.JsonSink(output, wanted, begin, end)
    if is_watched(output):
        return bar_sinks.CurveSink(output, wanted, begin, end)
    return bar_sinks.CsvSink(output, wanted, begin, end)
