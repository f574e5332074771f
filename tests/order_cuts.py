"""Orders over a line that is cut at every byte: each ends acknowledged, refused or unknown; what is unknown is found.

::

    python -m tests.order_cuts                            # every deed, every byte, both encodings, both event loops
    python -m tests.order_cuts --deeds limit,bracket --versions 226 --backends trio --step 7 --from 3
    python -m tests.order_cuts --at limit/226/trio/plain/up:117:reset        # one cut again

A *deed* is what a program does with orders. It is done over a fresh line that is cut *at* a byte, one byte later the
next time, and so on until it is not cut any more; first in what the client says, then in what TWS says. What comes of
it is compared with the world, which alone knows the truth (`tests.order_judge`).
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Final

import anyio
import attrs

import anytws
from anytws import Tws
from anytws.client.keep_connected import keep_connected_stream
from anytws.client.order_errors import OrderRejected, OrderUnknown
from anytws.machines.fate import Fate
from anytws.machines.presence import PresenceState
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import MemoryTws, serve_memory
from anytws.simulator.settings import EPOCH
from tests.cutting import BACKENDS, Cut, CutLine, End, Way, run_jumping
from tests.order_judge import DEEDS, LONG, Deed, Judge

CLIENT: Final = 1
VERSIONS: Final = (176, 226)
"""Text and protobuf."""
MODES: Final = ("plain", "kept")
"""With another connection to ask over, and under ``keep_connected``."""
ORDERS_A_WORLD: Final = 20
"""So many cuts are made in one world: its lists get longer with each."""
QUIET: Final = 2.0
"""Seconds after which a simulated TWS has said all that it has to say."""


# --- one cut ---------------------------------------------------------------------------------------------------------


@attrs.define
class Outcome:
    """What came of one cut."""

    was_cut: bool
    word: str
    """In a word: what the caller was told, and what was found out."""


async def cut_once(served: MemoryTws, deed: Deed, ref: str, cut: Cut, mode: str) -> Outcome:
    """Do *deed* as *ref* over a line that is cut, find out what came of it, and compare that with the world."""
    judge = Judge(served.world, deed, ref)
    try:
        word, line = await (_plain if mode == "plain" else _kept)(served, judge, cut)
    finally:
        judge.clear_up()
    return Outcome(line.is_cut, word)


async def _done(tws: Tws, line: CutLine, judge: Judge, cut: Cut) -> BaseException | None:
    """Do what is to be done; give what it raised."""
    deed, ref = judge.deed, judge.ref
    if deed.before is not None:
        await deed.before(tws, ref)
    await anyio.sleep(QUIET)
    line.arm(cut)
    problem: BaseException | None = None
    try:
        await deed.do(tws, ref)
    except (OrderUnknown, OrderRejected, anytws.ModificationRefused, anytws.CancelFailed, anytws.BracketBroken) as told:
        problem = told
    except (anytws.ConnectionClosed, anytws.NotConnected) as told:
        problem = told
    judge.check_told(problem, line)
    return problem


async def _plain(served: MemoryTws, judge: Judge, cut: Cut) -> tuple[str, CutLine]:
    line = CutLine(await served.connect())
    problem: BaseException | None = None
    try:
        async with anytws.connect_stream(line, client_id=CLIENT) as tws:
            problem = await _done(tws, line, judge, cut)
            if not line.is_cut:
                await anyio.sleep(QUIET)
                judge.check_beliefs(tws)
    except anytws.ConnectionClosed as closed:
        problem = problem or closed
    word = type(problem).__name__
    if not line.is_cut:
        return word, line
    async with anytws.connect_stream(await served.connect(), client_id=CLIENT) as tws:
        fates = await resolved(tws, judge, problem, through_pickle=bool(cut.at % 2))
        if not fates or not cut.at % 3:
            await tws.orders.reconcile()
        await anyio.sleep(QUIET)
        judge.check_beliefs(tws, fates)
        await judge.check_again(tws, fates)
    return " ".join([word, *[fate.outcome.value for fate in fates.values()]]), line


async def _kept(served: MemoryTws, judge: Judge, cut: Cut) -> tuple[str, CutLine]:
    lines: list[CutLine] = []

    async def opening() -> CutLine:
        lines.append(CutLine(await served.connect()))
        return lines[-1]

    async with keep_connected_stream(opening, client_id=CLIENT) as tws:
        line = lines[0]
        problem = await _done(tws, line, judge, cut)
        fates = await resolved(tws, judge, problem, through_pickle=bool(cut.at % 2))
        await tws.presence.until(lambda presence: presence.state is PresenceState.PRESENT, timeout=LONG)
        await anyio.sleep(QUIET)
        await tws.presence.until(lambda presence: presence.state is PresenceState.PRESENT, timeout=LONG)
        judge.check_beliefs(tws, fates)
        await judge.check_again(tws, fates)
    words = [type(problem).__name__, *[fate.outcome.value for fate in fates.values()]]
    return " ".join(words), line


async def resolved(tws: Tws, judge: Judge, problem: BaseException | None, *, through_pickle: bool) -> dict[str, Fate]:
    """Find out, and compare, what became of the orders of which *problem* says that nobody knows; by reference."""
    if not isinstance(problem, OrderUnknown):
        return {}
    unknown = pickle.loads(pickle.dumps(problem)) if through_pickle else problem  # noqa: S301 (it is our own)
    began = judge.now
    fate = await unknown.resolve(tws)
    fates = fate.members or (fate,)
    refs = [member.ref for member in (problem.members or (problem,))]
    found = dict(zip(refs, fates, strict=True))
    for ref, each in found.items():
        judge.check_fate(ref, each, began)
    return found


# --- all cuts --------------------------------------------------------------------------------------------------------


@attrs.define
class Count:
    """What was tried, and what came of it."""

    cuts: int = 0
    words: Counter[str] = attrs.field(factory=Counter[str])
    troubles: list[str] = attrs.field(factory=list[str])

    def note(self, deed: str, outcome: Outcome) -> None:
        """Count one."""
        self.cuts += 1
        self.words[f"{deed}: {outcome.word}"] += 1


def cuts_of(way: Way, begin: int, step: int) -> Iterator[Cut]:
    """Give cuts at every *step*-th byte, from *begin* on, each with another end than its neighbours."""
    ends = tuple(End) if way is Way.UP else (End.RESET, End.EOF)
    at = begin
    while True:
        yield Cut(way, at, ends[(at // step + at) % len(ends)])
        at += step


@asynccontextmanager
async def a_tws(version: int) -> AsyncGenerator[MemoryTws]:
    """Serve a world for some cuts."""
    async with serve_memory(World(WorldSettings(starts_at=EPOCH, server_version=version))) as served:
        yield served


async def sweep(deed: Deed, version: int, mode: str, way: Way, count: Count, *, begin: int = 0, step: int = 1) -> None:
    """Cut at every *step*-th byte from *begin* on, until there is nothing to cut any more."""
    cuts = cuts_of(way, begin, step)
    goes_on = True
    while goes_on:
        async with a_tws(version) as served:
            for number in range(ORDERS_A_WORLD):
                cut = next(cuts)
                try:
                    outcome = await cut_once(served, deed, f"r{number}x", cut, mode)
                except Exception as problem:
                    count.cuts += 1
                    count.troubles.append(f"{deed.name}/{version}/{{}}/{mode}/{cut}: {problem!r}")
                    if len(count.troubles) > 20:
                        return
                    continue
                if not outcome.was_cut:
                    goes_on = False
                    break
                count.note(deed.name, outcome)


def swept(deed: Deed, version: int, backend: str, mode: str, way: Way, *, begin: int = 0, step: int = 1) -> Count:
    """Do a `sweep` on *backend*, with a clock that jumps."""
    count = Count()

    async def main() -> None:
        await sweep(deed, version, mode, way, count, begin=begin, step=step)

    run_jumping(main, backend)
    count.troubles = [trouble.format(backend) for trouble in count.troubles]
    return count


def once(token: str) -> Outcome:
    """Make the one cut that *token* names."""
    name, version, backend, mode, told = token.split("/")
    way, at, end = told.split(":")
    outcomes: list[Outcome] = []

    async def main() -> None:
        async with a_tws(int(version)) as served:
            cut = Cut(Way(way), int(at), End(end))
            outcomes.append(await cut_once(served, DEEDS[name], "r0x", cut, mode))

    run_jumping(main, backend)
    return outcomes[0]


def main() -> int:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.order_cuts", description=__doc__.partition("\n")[0])
    parser.add_argument("--deeds", default=",".join(DEEDS))
    parser.add_argument("--versions", default=",".join(map(str, VERSIONS)))
    parser.add_argument("--backends", default=",".join(BACKENDS))
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--from", dest="begin", type=int, default=0)
    parser.add_argument("--at", help="one cut again, by the token that was printed")
    chosen = parser.parse_args()
    if chosen.at:
        say(once(chosen.at))
        return 0
    total, failures = 0, 0
    combinations = product(
        chosen.modes.split(","),
        chosen.deeds.split(","),
        map(int, chosen.versions.split(",")),
        chosen.backends.split(","),
    )
    for mode, name, version, backend in combinations:
        for way in Way:
            began = time.monotonic()
            count = swept(DEEDS[name], version, backend, mode, way, begin=chosen.begin, step=chosen.step)
            total, failures = total + count.cuts, failures + len(count.troubles)
            tell(f"{mode} {version} {backend} {way.value}", count, time.monotonic() - began)
    say(f"{total} cuts, {failures} failures")
    return 1 if failures else 0


def tell(what: str, count: Count, seconds: float) -> None:
    """Tell what was tried, and what was wrong."""
    words = ", ".join(f"{word} {times}" for word, times in sorted(count.words.items()))
    say(f"{what} {count.cuts} cuts, {seconds:.0f} s: {words}")
    for trouble in count.troubles:
        say(f"  WRONG {trouble}")


def say(line: object) -> None:
    """Print *line* at once: somebody may look on for an hour."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
