"""``anytws check``: connects to a TWS, reads, and says in plain words what is there or what to do about it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, TypeAlias

import anyio
from cyclopts import Parameter, validators

from anytws import HandshakeOptions, StillWaiting
from anytws.cli import NOT_CONNECTED, REFUSED, USAGE
from anytws.cli.event_loop import run_interruptible
from anytws.cli.finding import CLIENT_ID, Finding, Outcome, examine
from anytws.cli.numbers import number, whole_number
from anytws.cli.output import Output, complain, open_console
from anytws.cli.places import Place, read_places
from anytws.cli.report import USUAL_PORTS, Report

EXIT_CODES: Final = {Outcome.READY: 0, Outcome.NOT_READY: REFUSED, Outcome.NOTHING_THERE: NOT_CONNECTED}
"""What the shell is told. Of several ports the best counts; the best comes first."""

_A_DAY: Final = 86_400

OnWaiting: TypeAlias = Callable[[StillWaiting], object]
Look: TypeAlias = Callable[[Place, OnWaiting | None], Awaitable[Finding]]
"""Looks at a place, and tells while it waits."""


def _is_client_id(_: object, client_id: int) -> None:
    # Which ones there are, only the handshake knows.
    HandshakeOptions(client_id=client_id)


def check(
    *places: str,
    client_id: Annotated[int, Parameter(converter=whole_number, validator=_is_client_id)] = CLIENT_ID,
    timeout: Annotated[float, Parameter(converter=number, validator=validators.Number(gt=0, lte=_A_DAY))] = 10.0,
    show_accounts: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Connect to TWS or IB Gateway, and say what is there or what to do about it.

    It only reads, and places nothing. The exit code is 0 if a TWS is ready, 5 if something answers that is not, 4 if
    nothing is there, 130 after Ctrl-C.

    Parameters
    ----------
    places
        Where to look: HOST PORT, HOST:PORT, [::1]:PORT, or ports of this machine alone, as in 7496 7497. Of a host
        without a port the usual ones are tried: TWS 7497 paper, 7496 live; IB Gateway 4002 paper, 4001 live.
    client_id
        The client id to connect with. No other program may be using it at that TWS.
    timeout
        Seconds that each step may take. Make it longer where a person has to accept the connection in TWS.
    show_accounts
        Show account ids in full, and not only their last three characters.
    as_json
        Write JSON, for programs.
    """
    try:
        where = read_places(places, USUAL_PORTS)
    except ValueError as problem:
        complain(str(problem), "anytws check --help says more")
        return USAGE
    report = Report(Output(open_console()), show_accounts=show_accounts)
    look = functools.partial(_look, client_id=client_id, patience=timeout)
    run = functools.partial(_check, report, look, where, as_json=as_json)
    return run_interruptible(run)


async def _look(place: Place, on_waiting: OnWaiting | None, *, client_id: int, patience: float) -> Finding:
    return await examine(place.host, place.port, client_id=client_id, patience=patience, on_waiting=on_waiting)


async def _check(report: Report, look: Look, places: Sequence[Place], *, as_json: bool) -> int:
    findings: dict[Place, Finding] = {}
    found = {place: anyio.Event() for place in places}
    is_search = len(places) > 1

    async def look_at(place: Place) -> None:
        findings[place] = await look(place, None if as_json else functools.partial(report.remark, place))
        found[place].set()

    if is_search and not as_json:
        report.announce(places)
    # All at once: a host that does not answer would cost the timeout four times.
    async with anyio.create_task_group() as tasks:
        for place in places:
            tasks.start_soon(look_at, place)
        for place in places:
            await found[place].wait()
            if is_search and not as_json:
                report.list(findings[place], places)
    in_order = [findings[place] for place in places]
    outcomes = {finding.outcome for finding in in_order}
    code = next(code for outcome, code in EXIT_CODES.items() if outcome in outcomes)
    if as_json:
        report.write_json(in_order, code)
    else:
        report.tell(in_order)
    return code
