"""``anytws simulate``: a TWS on a port, to try programs on; every way in which it can misbehave is an option."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import anyio
from cyclopts import Parameter, validators

from anytws.cli import SETTINGS
from anytws.cli.cards import tell_cards
from anytws.cli.case import case_of
from anytws.cli.event_loop import run_interruptible
from anytws.cli.narrator import Narrator, Tell
from anytws.cli.numbers import number, whole_number
from anytws.cli.output import Output, Tone, address, counted, open_console
from anytws.simulator import Personality, WorldSettings
from anytws.simulator.deck import all_cards
from anytws.simulator.serve import serve
from anytws.wire.handshake import HIGHEST_PORT

if TYPE_CHECKING:
    Knobs: TypeAlias = WorldSettings
else:
    from anytws.cli.knobs import Knobs


def _is_time(_: object, seconds: float | None) -> None:
    # Written so that it refuses nan as well: that compares with nothing.
    if seconds is not None and not seconds >= 0:
        raise ValueError(f"{seconds} is not a time to wait: a number of seconds, 0 or more")


def _is_speed(_: object, speed: float) -> None:
    if not 0 < speed < math.inf:
        raise ValueError(f"{speed} is not a speed: a number above 0")


def simulate(
    *,
    host: str = "127.0.0.1",
    port: Annotated[
        int, Parameter(converter=whole_number, validator=validators.Number(gte=0, lte=HIGHEST_PORT))
    ] = 7497,
    seconds: Annotated[float | None, Parameter(name="--for", converter=number, validator=_is_time)] = None,
    script: Path | None = None,
    replay: str | None = None,
    speed: Annotated[float, Parameter(converter=number, validator=_is_speed)] = 1.0,
    cards: Annotated[bool, Parameter(negative=())] = False,
    settings: Annotated[Knobs, Parameter(name="*")] = Knobs(),  # noqa: B008  # frozen, and shown as defaults
) -> int:
    """Be a TWS on a port, and say what clients do, one line each.

    Ctrl-C ends it: that is how it is meant to end, so the exit code is 0. It is 3 if the port cannot be had, and for a
    script or a token that cannot be.

    Parameters
    ----------
    host
        The address to listen at.
    port
        The port to listen at; 0 takes a free one, and the first line says which.
    seconds
        End after so many seconds; without it, at Ctrl-C.
    script
        A file of TOML that says how the day goes: settings, instruments, and what goes wrong when. Options of the
        command line have precedence over its settings.
    replay
        The token of a day that `anytws.testing.days` printed: its settings, and what went wrong.
    speed
        How many seconds pass in the TWS in one second: 60 makes a day last 24 minutes.
    cards
        List what this TWS does, and how each of it is known, instead of being one.
    """
    output = Output(open_console())
    if cards:
        tell_cards(output, all_cards())
        return 0
    try:
        case = case_of(settings, script, replay)
        world = functools.partial(Narrator, case.settings, script=case.script, universe=case.universe)
        # Made once to see that it can be: what a script means has to be there.
        world(_say_nothing)
    except ValueError as problem:
        Output(open_console(stderr=True)).row((("anytws: ", Tone.BAD),), str(problem))
        return SETTINGS
    run = functools.partial(_run, output, world, host, port, seconds, speed)
    return run_interruptible(run, when_interrupted=0)


def _say_nothing(_: int, __: str, ___: bool) -> None:
    """Tell nobody."""


async def _run(
    output: Output,
    world_of: Callable[[Tell], Narrator],
    host: str,
    port: int,
    seconds: float | None,
    speed: float,
) -> int:
    teller = _Teller(output)
    world = world_of(teller.tell)
    async with contextlib.AsyncExitStack() as stack:
        try:
            tws = await stack.enter_async_context(serve(world, host, port, speed=speed))
        except (OSError, UnicodeError) as problem:
            # A name of letters that no domain can have is refused before anybody looks it up.
            cause = getattr(problem, "strerror", None) or str(problem)
            advice = "Is TWS itself running there? Choose another --port, or 0 for a free one."
            complaint = Output(open_console(stderr=True))
            complaint.row((("anytws: ", Tone.BAD),), f"cannot listen on {address(host, port)}: {cause}. {advice}")
            return SETTINGS
        _introduce(output, world.settings, tws.host, tws.port, seconds)
        try:
            with anyio.move_on_after(math.inf if seconds is None else seconds):
                await teller.wait()
        finally:
            if output.is_terminal:
                # The terminal has written ^C.
                output.blank()
            world.die()
            _sum_up(output, world)
    return 0


def _introduce(output: Output, settings: WorldSettings, host: str, port: int, seconds: float | None) -> None:
    name = "IB Gateway" if settings.personality is Personality.GATEWAY else "TWS"
    end = "Ctrl-C ends it" if seconds is None else f"it ends in {seconds:g} s"
    text = f"Simulated {name} on {address(host, port)}, server version {settings.server_version}; {end}."
    # In a pipe one line: scripts read the port from it.
    output.row((), text, Tone.TITLE, wrap=output.is_terminal)
    if settings.localhost_only and not ip_address(host.partition("%")[0]).is_loopback:
        advice = "it refuses other hosts; --no-localhost-only and --trusted-addresses let them in"
        output.row((("  ", Tone.PLAIN),), advice, Tone.WARNING)


class _Teller:
    """Tells what happens, as long as that can be done."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._problem: Exception | None = None
        self._failed = anyio.Event()

    def tell(self, number: int, text: str, bad: bool) -> None:
        """Say *text* of connection *number*. What goes wrong with that is nothing to its client: see `wait`."""
        if self._problem is not None:
            return
        time = datetime.now().astimezone()
        lead = ((f"{time:%H:%M:%S}.{time.microsecond // 1000:03}  ", Tone.QUIET), (f"#{number:<3} ", Tone.STATE))
        try:
            # One line for each thing that happens: whoever counts, searches or copies lines relies on it.
            self._output.row(lead, text, Tone.WARNING if bad else Tone.PLAIN, wrap=False)
        except Exception as problem:  # noqa: BLE001 (raised again where the program waits)
            self._problem = problem
            self._failed.set()

    async def wait(self) -> None:
        """Wait until nothing can be told any more, and raise why: whoever read it is gone, say."""
        await self._failed.wait()
        if self._problem is not None:
            raise self._problem


def _sum_up(output: Output, world: Narrator) -> None:
    output.row((), f"Ended: {counted(world.connected, 'connection')}, {counted(world.asked, 'request')}.", Tone.TITLE)
