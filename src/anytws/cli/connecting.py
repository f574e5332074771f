"""How the verbs that read from a TWS come to one: options, the simulated TWS of ``--simulate``, what an error means."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import attrs
from cyclopts import Parameter, validators

from anytws import (
    AnytwsError,
    ConnectError,
    ConnectionClosed,
    LocalProtocolError,
    RequestFailed,
    RequestTimedOut,
    TcpConnectFailed,
    Tws,
    connect,
)
from anytws.cli import NOT_CONNECTED, REFUSED, SETTINGS
from anytws.cli.case import case_of
from anytws.cli.numbers import number, whole_number
from anytws.core.options import HandshakeOptions
from anytws.simulator.settings import EPOCH, WorldSettings
from anytws.wire.handshake import HIGHEST_PORT

OWN_WORLD: Final = ""
"""What ``--simulate`` alone stands for: a world of which nothing is said."""
_A_DAY: Final = 86_400


def _is_client_id(_: object, client_id: int) -> None:
    HandshakeOptions(client_id=client_id)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Connecting:
    """Where a verb finds its TWS."""

    host: str = "127.0.0.1"
    """The machine that TWS or IB Gateway runs on."""
    port: Annotated[int, Parameter(converter=whole_number, validator=validators.Number(gte=1, lte=HIGHEST_PORT))] = 7497
    """Its port: TWS 7497 paper, 7496 live; IB Gateway 4002 paper, 4001 live."""
    client_id: Annotated[int, Parameter(converter=whole_number, validator=_is_client_id)] = 9123
    """The client id to connect with. No other program may be using it at that TWS."""
    timeout: Annotated[float, Parameter(converter=number, validator=validators.Number(gt=0, lte=_A_DAY))] = 10.0
    """Seconds that each step of connecting may take."""
    simulate: Annotated[str | None, Parameter(negative=())] = None
    """Take a simulated TWS instead, in this process: `--simulate` alone an ordinary open market, `--simulate=FILE` the
    day of a file (TOML)."""


def with_simulate_spelled_out(arguments: Sequence[str]) -> list[str]:
    """Give *arguments* with ``--simulate`` alone as ``--simulate=``: the next word is not its value."""
    before, rest = list(arguments), []
    if "--" in before:
        place = before.index("--")
        before, rest = before[:place], before[place:]
    return [f"{word}=" if word == "--simulate" else word for word in before] + rest


@asynccontextmanager
async def connected(chosen: Connecting) -> AsyncIterator[Tws]:
    """Give a connection that can change nothing at TWS.

    Raises `ConnectError`, `ConnectionClosed` where it ends, and `ValueError` for a day that cannot be.
    """
    options = HandshakeOptions(client_id=chosen.client_id, version_timeout=chosen.timeout, start_timeout=chosen.timeout)
    async with contextlib.AsyncExitStack() as stack:
        host, port = chosen.host, chosen.port
        if chosen.simulate is not None:
            host, port = await stack.enter_async_context(_simulated(chosen.simulate))
        yield await stack.enter_async_context(
            connect(host, port, options=options, connect_timeout=chosen.timeout, read_only=True)
        )


@asynccontextmanager
async def _simulated(file: str) -> AsyncIterator[tuple[str, int]]:
    # Who talks to a real TWS need not wait for this.
    from anytws.simulator.serve import serve  # noqa: PLC0415 (see above)
    from anytws.simulator.world import World  # noqa: PLC0415 (see above)

    case = case_of(WorldSettings(), None if file == OWN_WORLD else Path(file), None)
    # What a file does not say begins with an open market, whatever the time is here.
    begins = case.settings.starts_at or EPOCH
    settings = attrs.evolve(case.settings, starts_at=begins)
    world = World(settings, script=case.script, universe=case.universe)
    async with serve(world) as tws:
        yield tws.host, tws.port


def exit_code_of(problem: AnytwsError) -> int:
    """Give the exit code for *problem*, which has ended a verb."""
    match problem:
        case TcpConnectFailed() | ConnectionClosed() | RequestTimedOut():
            return NOT_CONNECTED
        case LocalProtocolError():
            return SETTINGS
        case ConnectError() | RequestFailed():
            return REFUSED
        case _:
            return REFUSED
