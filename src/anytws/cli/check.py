"""``anytws check``: connects to a TWS, reads, and says in plain words what is there or what to do about it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, TypeAlias

import anyio
from cyclopts import Parameter, validators

from anytws import HandshakeOptions
from anytws.cli import USAGE
from anytws.cli.event_loop import run_interruptible
from anytws.cli.finding import Finding, Outcome, examine
from anytws.cli.output import Output, complain, open_console
from anytws.cli.report import USUAL_PORTS, Report
from anytws.errors import shown

CLIENT_ID: Final = 269897
"""The client id of a check: ``anytws`` on the keys of a telephone.

Fixed, because TWS remembers the next order id of every client id that it has ever met, and a new one each time would
leave a trail; and far from the small numbers that programs use.
"""

EXIT_CODES: Final = {Outcome.READY: 0, Outcome.NOT_READY: 1, Outcome.NOTHING_THERE: 2}
"""What the shell is told. Of several ports the best counts."""

_HIGHEST_PORT: Final = 65535
_LONGEST_HOST: Final = 253
"""Characters of a host: the bound of the domain name system."""
_A_DAY: Final = 86_400


Look: TypeAlias = Callable[[str, int], Awaitable[Finding]]
"""Looks at a host and a port."""


def _is_host(_: object, host: str) -> None:
    if not host or len(host) > _LONGEST_HOST or not host.isprintable() or " " in host or host.startswith("-"):
        raise ValueError(f"{shown(host)} is not the name or the address of a host")


def _is_client_id(_: object, client_id: int) -> None:
    # Which ones there are, only the handshake knows.
    HandshakeOptions(client_id=client_id)


def check(
    host: Annotated[str, Parameter(validator=_is_host)] = "127.0.0.1",
    port: Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=_HIGHEST_PORT))] = None,
    *,
    client_id: Annotated[int, Parameter(validator=(validators.Number(gte=0), _is_client_id))] = CLIENT_ID,
    timeout: Annotated[float, Parameter(validator=validators.Number(gt=0, lte=_A_DAY))] = 10.0,
    show_accounts: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Connect to TWS or IB Gateway, and say what is there or what to do about it.

    Without a port, the four usual ones are tried. It only reads, and places nothing. The exit code is 0 if a TWS is
    ready, 1 if something answers that is not, 2 if nothing is there, 130 after Ctrl-C.

    Parameters
    ----------
    host
        Where TWS runs. A number alone is a port of this machine.
    port
        The port of its API. The usual ones: TWS 7497 paper, 7496 live; IB Gateway 4002 paper, 4001 live.
    client_id
        The client id to connect with. No other program may be using it at that TWS.
    timeout
        Seconds that each step may take. Make it longer where a person has to accept the connection in TWS.
    show_accounts
        Show account ids in full, and not only their last three characters.
    as_json
        Write JSON, for programs.
    """
    if port is None and host.isdecimal():
        # An address of the one number 7497 exists as well (0.0.29.73), and is never what somebody meant.
        port = _port_in(host)
        if port is None:
            complain(f"{host} is no port: 1 to {_HIGHEST_PORT}")
            return USAGE
        host = "127.0.0.1"
    ports = tuple(USUAL_PORTS) if port is None else (port,)
    report = Report(Output(open_console()), show_accounts=show_accounts)
    look = functools.partial(examine, client_id=client_id, patience=timeout)
    run = functools.partial(_check, report, look, host, ports, as_json=as_json)
    return run_interruptible(run)


def _port_in(digits: str) -> int | None:
    # More digits than a port has are not even counted: of thousands Python makes no number.
    port = int(digits) if len(digits) <= len(str(_HIGHEST_PORT)) else 0
    return port if 1 <= port <= _HIGHEST_PORT else None


async def _check(report: Report, look: Look, host: str, ports: Sequence[int], *, as_json: bool) -> int:
    findings: dict[int, Finding] = {}
    found = {port: anyio.Event() for port in ports}
    is_search = len(ports) > 1

    async def look_at(port: int) -> None:
        findings[port] = await look(host, port)
        found[port].set()

    if is_search and not as_json:
        report.announce(host)
    # All at once: a host that does not answer would cost the timeout four times.
    async with anyio.create_task_group() as tasks:
        for port in ports:
            tasks.start_soon(look_at, port)
        for port in ports:
            await found[port].wait()
            if is_search and not as_json:
                report.list(findings[port])
    in_order = [findings[port] for port in ports]
    code = min(EXIT_CODES[finding.outcome] for finding in in_order)
    if as_json:
        report.write_json(in_order, code)
    else:
        report.tell(in_order)
    return code
