"""``anytws orders``: the orders of a login, of all its clients and those made by hand, and what became of them."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypeVar

from cyclopts import Parameter, validators

from anytws import AnytwsError, ConnectionClosed
from anytws.cli import USAGE
from anytws.cli.connecting import Connecting, exit_code_of, run_reading
from anytws.cli.mask import Mask
from anytws.cli.numbers import number
from anytws.cli.output import Output, Tone, complain, counted, open_console

if TYPE_CHECKING:
    from anytws import Fill, Trade, TradeState, Tws
    from anytws.messages.orders import CompletedOrder

_T = TypeVar("_T")

Which: TypeAlias = Literal["open", "completed", "executions"]
"""What can be listed."""

_A_DAY: Final = 86_400
_LEAST_PAUSE: Final = 0.1
_EVERY: Final = 2.0


def orders(
    *which: Which,
    live: Annotated[bool, Parameter(negative=())] = False,
    seconds: Annotated[
        float | None, Parameter(name="--for", converter=number, validator=validators.Number(gte=0))
    ] = None,
    every: Annotated[
        float | None, Parameter(converter=number, validator=validators.Number(gte=_LEAST_PAUSE, lte=_A_DAY))
    ] = None,
    show_accounts: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    where: Connecting = Connecting(),  # noqa: B008  # frozen, and shown as defaults
) -> int:
    """Show the orders of a login: of all its clients, and those made by hand.

    It only reads. What TWS refuses is told in its place, and then the exit code is 5, or 4 where there was no answer.

    Parameters
    ----------
    which
        open (what is shown if nothing is said), completed, executions, or several of them. TWS tells completed orders
        and executions of today.
    live
        Go on, and tell each change of an order, and with executions each execution, until Ctrl-C. A TWS that restarts
        is waited for, and asked for what was missed.
    seconds
        With --live: end after so many seconds.
    every
        With --live: how often TWS is asked, in seconds, 2 unless said otherwise. It tells nobody by itself what becomes
        of the orders of others.
    show_accounts
        Show account ids in full, and not only their last three characters.
    as_json
        Write JSON, for programs: one object, or with --live an object a line.
    """
    chosen = tuple(dict.fromkeys(which)) or ("open",)
    problem = _problem_of(chosen, live=live, timed=seconds is not None or every is not None)
    if problem:
        complain(problem, "anytws orders --help says more")
        return USAGE
    mask = Mask(shows_accounts=show_accounts)
    output = Output(open_console())
    if live:
        pause = _EVERY if every is None else every
        read = functools.partial(_follow, chosen, output, mask, seconds, pause, as_json)
        return run_reading(read, where, mask, lasts=seconds is None)
    return run_reading(functools.partial(_list, chosen, output, mask, as_json), where, mask)


def _problem_of(which: Sequence[str], *, live: bool, timed: bool) -> str:
    if timed and not live:
        return "--for and --every say how --live goes on: without it, what there is is told once"
    if live and "completed" in which:
        return "completed orders do not change: --live tells of each open order when it comes to its end"
    return ""


async def _follow(
    which: Sequence[str],
    output: Output,
    mask: Mask,
    seconds: float | None,
    every: float,
    as_json: bool,
    tws: Tws,
) -> int:
    from anytws.cli.following import Following, JsonTeller, LineTeller  # noqa: PLC0415 (the help needs none of it)

    teller = JsonTeller(output, mask) if as_json else LineTeller(output, mask)
    if not as_json:
        output.row((), "What is open, and from then on each change of it; Ctrl-C ends it", Tone.QUIET)
    following = Following(tws, teller, every, orders="open" in which, executions="executions" in which)
    return await following.run(seconds)


async def _list(which: Sequence[str], output: Output, mask: Mask, as_json: bool, tws: Tws) -> int:
    asking: dict[str, Callable[[], Awaitable[Sequence[Any]]]] = {
        "open": tws.orders.open,
        "completed": tws.orders.completed,
        "executions": tws.orders.executions,
    }
    # One after the other: TWS does not say which of several questions without an id it refuses.
    found = {name: await _or_error(asking[name]) for name in which}
    failures = {name: answer for name, answer in found.items() if isinstance(answer, AnytwsError)}
    code = max([exit_code_of(problem) for problem in failures.values()], default=0)
    if as_json:
        _write_json(output, mask, found, code)
        return code
    for place, (name, answer) in enumerate(found.items()):
        if place:
            output.blank()
        _tell(output, mask, name, answer)
    return code


async def _or_error(ask: Callable[[], Awaitable[_T]]) -> _T | AnytwsError:
    """Ask, and give the answer, or what went wrong. Raises `ConnectionClosed`."""
    try:
        return await ask()
    except ConnectionClosed:
        raise
    except AnytwsError as problem:
        return problem


def _tell(output: Output, mask: Mask, name: str, answer: Sequence[Any] | AnytwsError) -> None:
    from anytws.cli.quote_rows import sentence_of  # noqa: PLC0415 (see above)

    if isinstance(answer, AnytwsError):
        output.row(((f"{_TITLES[name].capitalize()}s: ", Tone.TITLE),), mask(sentence_of(answer)), Tone.BAD)
        return
    output.row((), f"{counted(len(answer), _TITLES[name])}{_TODAY[name]}", Tone.TITLE)
    if not answer:
        return
    match name:
        case "open":
            tell_trades(output, mask, {trade: trade.state for trade in answer})
        case "completed":
            _tell_completed(output, mask, answer)
        case _:
            _tell_fills(output, mask, answer)


_TITLES: Final = {"open": "open order", "completed": "completed order", "executions": "execution"}
_TODAY: Final = {"open": "", "completed": " today", "executions": " today"}


def tell_trades(output: Output, mask: Mask, trades: Mapping[Trade, TradeState]) -> None:
    """Say orders as a table, with what was believed of each, and what their marks mean."""
    from anytws.cli.order_rows import MARKS, marks_of, tell_rows, tone_of, trade_row  # noqa: PLC0415 (see above)

    states = trades.values()
    tell_rows(
        output, [trade_row(trade, mask, state) for trade, state in trades.items()], [tone_of(each) for each in states]
    )
    marks = {mark for state in states for mark in marks_of(state)}
    for mark, meaning in MARKS.items():
        if mark in marks:
            output.row(((f"  {mark}: ", Tone.WARNING),), meaning, Tone.QUIET)


def _tell_completed(output: Output, mask: Mask, rows: Sequence[CompletedOrder]) -> None:
    from anytws.cli.order_rows import completed_row, tell_rows  # noqa: PLC0415 (see above)

    tell_rows(output, [completed_row(row, mask) for row in rows])


def _tell_fills(output: Output, mask: Mask, fills: Sequence[Fill]) -> None:
    from anytws.cli.order_rows import fill_row, tell_rows  # noqa: PLC0415 (see above)

    tell_rows(output, [fill_row(fill, mask) for fill in fills])


def _write_json(output: Output, mask: Mask, found: dict[str, Sequence[Any] | AnytwsError], code: int) -> None:
    from anytws.cli.order_rows import completed_object, fill_object, trade_object  # noqa: PLC0415 (see above)
    from anytws.cli.quote_rows import error_object  # noqa: PLC0415 (see above)

    made: dict[str, Callable[[Any, Mask], dict[str, Any]]] = {
        "open": trade_object,
        "completed": completed_object,
        "executions": fill_object,
    }
    told: dict[str, Any] = {"exit_code": code}
    for name, answer in found.items():
        told[name] = None if isinstance(answer, AnytwsError) else [made[name](each, mask) for each in answer]
    told["failures"] = {
        name: error_object(answer, mask) for name, answer in found.items() if isinstance(answer, AnytwsError)
    }
    output.raw(json.dumps(told, indent=2))
