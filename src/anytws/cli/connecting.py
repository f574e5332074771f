"""How the verbs that read from a TWS come to one: options, the simulated TWS of ``--simulate``, what an error means."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import attrs
from cyclopts import Parameter, validators

from anytws import (
    AnytwsError,
    ConnectError,
    ConnectionClosed,
    LocalProtocolError,
    RequestTimedOut,
    StillWaiting,
    TcpConnectFailed,
    Tws,
    connect,
)
from anytws.cli import NOT_CONNECTED, REFUSED, SETTINGS, USAGE
from anytws.cli.event_loop import run_interruptible
from anytws.cli.mask import Mask
from anytws.cli.numbers import number, whole_number
from anytws.cli.output import complain
from anytws.cli.places import read_places
from anytws.core.options import HandshakeOptions
from anytws.wire.handshake import HIGHEST_PORT

if TYPE_CHECKING:
    from anytws.simulator import World

CLIENT_ID: Final = 9123
"""One that hardly anybody else uses: a program that is being written has 0, 1 or the like."""
SIMULATE: Final = "--simulate"
OWN_WORLD: Final = ""
"""What ``--simulate`` alone stands for: a world of which nothing is said."""
_A_DAY: Final = 86_400

Read: TypeAlias = Callable[[Tws], Awaitable[int]]
"""What a verb does with a connection; it gives the exit code."""


def _is_client_id(_: object, client_id: int) -> None:
    # Which ones there are, only the handshake knows.
    HandshakeOptions(client_id=client_id)


def _is_host(_: object, host: str) -> None:
    places = read_places([host], [1])
    # A port in it, or two hosts: what is meant has its own option.
    if places != ((host, 1),):
        raise ValueError("it is one host, without its port: that has an option of its own, --port")


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Connecting:
    """Where a verb finds its TWS."""

    host: Annotated[str, Parameter(validator=_is_host)] = "127.0.0.1"
    """The machine that TWS or IB Gateway runs on."""
    port: Annotated[int, Parameter(converter=whole_number, validator=validators.Number(gte=1, lte=HIGHEST_PORT))] = 7497
    """Its port: TWS 7497 paper, 7496 live; IB Gateway 4002 paper, 4001 live."""
    client_id: Annotated[int, Parameter(converter=whole_number, validator=_is_client_id)] = CLIENT_ID
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
    return [f"{word}=" if word == SIMULATE else word for word in before] + rest


def run_reading(read: Read, chosen: Connecting, mask: Mask) -> int:
    """Connect, have *read* do what the verb is for, and give the exit code. What goes wrong is told, through *mask*."""
    try:
        world = None if chosen.simulate is None else _world_of(chosen.simulate)
    except ValueError as problem:
        complain(mask(str(problem)))
        return SETTINGS
    return run_interruptible(functools.partial(_read, read, chosen, mask, world))


async def _read(read: Read, chosen: Connecting, mask: Mask, world: World | None) -> int:
    code = USAGE
    failures: list[AnytwsError] = []
    try:
        async with _connected(chosen, mask, world) as tws:
            mask.learn(tws.accounts_named or ())
            code = await read(tws)
    except* AnytwsError as problems:
        failures += _single(problems)
    if failures:
        # The end of the connection has ended all else.
        worst = next((each for each in failures if isinstance(each, ConnectionClosed)), failures[0])
        complain_of(worst, mask)
        return exit_code_of(worst)
    return code


@asynccontextmanager
async def _connected(chosen: Connecting, mask: Mask, world: World | None) -> AsyncGenerator[Tws]:
    """Give a connection that can change nothing at TWS."""
    options = HandshakeOptions(client_id=chosen.client_id, version_timeout=chosen.timeout, start_timeout=chosen.timeout)
    async with contextlib.AsyncExitStack() as stack:
        host, port = chosen.host, chosen.port
        if world is not None:
            # Who talks to a real TWS need not wait for this.
            from anytws.simulator.serve import serve  # noqa: PLC0415 (see above)

            served = await stack.enter_async_context(serve(world))
            host, port = served.host, served.port
        told = functools.partial(_tell_waiting, mask)
        block = connect(host, port, options=options, connect_timeout=chosen.timeout, read_only=True, on_waiting=told)
        yield await stack.enter_async_context(block)


def _tell_waiting(mask: Mask, remark: StillWaiting) -> None:
    left = "" if remark.seconds_left is None else f"; it has {max(1, round(remark.seconds_left))} s more"
    complain(mask(f"still waiting: {remark.detail}{left}"), mask(remark.hint))


def _world_of(file: str) -> World:
    """Give the simulated TWS. Raises `ValueError`, which says what of the file cannot be."""
    from anytws.cli.case import case_of  # noqa: PLC0415 (see above)
    from anytws.simulator import World, WorldSettings  # noqa: PLC0415 (see above)
    from anytws.simulator.settings import EPOCH  # noqa: PLC0415 (see above)

    case = case_of(WorldSettings(), None if file == OWN_WORLD else Path(file), None)
    # What a file does not say begins with an open market, whatever the time is here.
    settings = attrs.evolve(case.settings, starts_at=case.settings.starts_at or EPOCH)
    return World(settings, script=case.script, universe=case.universe)


def _single(group: BaseExceptionGroup[AnytwsError]) -> list[AnytwsError]:
    """Give the errors in *group*, at any depth."""
    found: list[AnytwsError] = []
    for problem in group.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            found += _single(problem)
        else:
            found.append(problem)
    return found


def complain_of(problem: AnytwsError, mask: Mask) -> None:
    """Say on stderr what has ended the verb."""
    complain(mask(str(problem)))


def exit_code_of(problem: Exception) -> int:
    """Give the exit code for *problem*, which has ended a verb, or a part of what it was to do."""
    match problem:
        case TcpConnectFailed() | ConnectionClosed() | RequestTimedOut():
            return NOT_CONNECTED
        case LocalProtocolError():
            return SETTINGS
        case ConnectError() | AnytwsError():
            return REFUSED
        case _:
            return SETTINGS
