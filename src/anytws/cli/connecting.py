"""How the verbs that read from a TWS come to one: options, the simulated TWS of ``--simulate``, what an error means."""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import anyio
import attrs
from cyclopts import Parameter, validators

from anytws import (
    AnytwsError,
    ConnectError,
    ConnectionClosed,
    LocalProtocolError,
    NotConnected,
    PresenceState,
    Reconnection,
    RequestTimedOut,
    StillWaiting,
    TcpConnectFailed,
    Tws,
    keep_connected,
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
PATIENCE: Final = 300.0
"""Seconds for which a TWS that has gone is waited for, unless the verb lasts: a nightly restart takes some 80."""
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
class Place:
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


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Connecting(Place):
    """Where a verb finds its TWS, and how long it waits for one that has gone."""

    give_up_after: Annotated[
        float | None, Parameter(converter=number, validator=validators.Number(gte=0, lte=_A_DAY))
    ] = None
    """Seconds for which a TWS that has gone is waited for, as while it restarts; 0: not at all. Without it, what goes
    on until Ctrl-C waits for ever, and all else 300."""


def with_simulate_spelled_out(arguments: Sequence[str]) -> list[str]:
    """Give *arguments* with ``--simulate`` alone as ``--simulate=``: the next word is not its value."""
    before, rest = list(arguments), []
    if "--" in before:
        place = before.index("--")
        before, rest = before[:place], before[place:]
    return [f"{word}=" if word == SIMULATE else word for word in before] + rest


def run_reading(read: Read, chosen: Connecting, mask: Mask, *, lasts: bool = False) -> int:
    """Connect, have *read* do what the verb is for, and give the exit code. What goes wrong is told, through *mask*.

    The connection can change nothing at TWS, and lives through restarts of it. *lasts*: the verb goes on until somebody
    ends it.
    """
    patience = chosen.give_up_after
    if patience is None:
        patience = math.inf if lasts else PATIENCE
    policy = Reconnection(enter_within=0, give_up_after=None if math.isinf(patience) else patience)
    # What lasts shows by itself where it is.
    told = read if lasts else functools.partial(_telling, read, mask)
    return run_over(lambda host, port: _read(told, chosen, mask, policy, host, port), chosen, mask)


def run_over(work: Callable[[str, int], Awaitable[int]], chosen: Place, mask: Mask) -> int:
    """Have *work* done over the host and port of *chosen*, or of the simulated TWS, and give the exit code."""
    try:
        world = None if chosen.simulate is None else _world_of(chosen.simulate)
    except ValueError as problem:
        complain(mask(str(problem)))
        return SETTINGS
    return run_interruptible(functools.partial(_over, work, chosen, world))


async def _over(work: Callable[[str, int], Awaitable[int]], chosen: Place, world: World | None) -> int:
    if world is None:
        return await work(chosen.host, chosen.port)
    # Who talks to a real TWS need not wait for this.
    from anytws.simulator.serve import serve  # noqa: PLC0415 (see above)

    async with serve(world) as served:
        return await work(served.host, served.port)


async def _read(read: Read, chosen: Connecting, mask: Mask, policy: Reconnection, host: str, port: int) -> int:
    code = USAGE
    failures: list[AnytwsError] = []
    kept = keep_connected(
        host,
        port,
        policy=policy,
        options=options_of(chosen),
        connect_timeout=chosen.timeout,
        read_only=True,
        on_waiting=functools.partial(tell_waiting, mask),
    )
    try:
        async with kept as tws:
            mask.learn(tws.accounts_named or ())
            code = await read(tws)
    except* AnytwsError as problems:
        failures += single(problems)
    if failures:
        # The end of the connection has ended all else.
        worst = next((each for each in failures if isinstance(each, ConnectionClosed)), failures[0])
        complain_of(worst, mask)
        return exit_code_of(worst)
    return code


async def _telling(read: Read, mask: Mask, tws: Tws) -> int:
    """Have *read* done, and say on stderr meanwhile that it waits for a TWS that has gone, and that it is back."""
    code = USAGE
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_tell_presence, tws, mask)
        code = await read(tws)
        tasks.cancel_scope.cancel()
    return code


async def _tell_presence(tws: Tws, mask: Mask) -> None:
    from anytws.cli.gaps import away_text  # noqa: PLC0415 (mostly there is nothing to tell)

    told = ""
    try:
        async for presence in tws.presence.changes():
            if presence.state is PresenceState.WAITING:
                text = f"{away_text(presence)}; it is waited for"
                if text != told:
                    complain(mask(text))
                told = text
            elif presence.is_here and told:
                told = ""
                complain("connected again")
    except ConnectionClosed:
        # Whoever reads is told of it, too, and tells it.
        return


def options_of(chosen: Place) -> HandshakeOptions:
    """Give what the handshake of *chosen* goes by."""
    return HandshakeOptions(client_id=chosen.client_id, version_timeout=chosen.timeout, start_timeout=chosen.timeout)


def tell_waiting(mask: Mask, remark: StillWaiting) -> None:
    """Say on stderr that TWS has not answered yet, and what may help."""
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


def single(group: BaseExceptionGroup[AnytwsError]) -> list[AnytwsError]:
    """Give the errors in *group*, at any depth."""
    found: list[AnytwsError] = []
    for problem in group.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            found += single(problem)
        else:
            found.append(problem)
    return found


def complain_of(problem: AnytwsError, mask: Mask) -> None:
    """Say on stderr what has ended the verb."""
    complain(mask(str(problem)))


def exit_code_of(problem: Exception) -> int:
    """Give the exit code for *problem*, which has ended a verb, or a part of what it was to do."""
    match problem:
        case TcpConnectFailed() | ConnectionClosed() | RequestTimedOut() | NotConnected():
            return NOT_CONNECTED
        case LocalProtocolError():
            return SETTINGS
        case ConnectError() | AnytwsError():
            return REFUSED
        case _:
            return SETTINGS
