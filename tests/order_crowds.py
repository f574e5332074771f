"""A hundred orders at once over a line that is cut at every message, before its end, and behind it.

::

    python -m tests.order_crowds                          # both encodings, both event loops, both directions
    python -m tests.order_crowds --versions 226 --backends trio --step 3
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import anyio

import anytws
from anytws import Tws
from anytws.client.order_errors import OrderRejected, OrderUnknown
from anytws.machines.fate import Fate
from anytws.machines.order_state import Left
from anytws.messages import LimitOrder, MarketOrder, Stock, StopOrder, TimeInForce
from anytws.simulator.serve import MemoryTws
from tests.cutting import BACKENDS, Cut, CutLine, End, Way, ends_of, run_jumping
from tests.order_cuts import CLIENT, QUIET, VERSIONS, Count, a_tws, resolved, say, tell
from tests.order_judge import DEEDS, Deed, Judge

CROWD: Final = 100
SYMBOLS: Final = ("AAPL", "MSFT", "SPY", "AMD", "INTC", "TSLA", "NVDA")


def crowd_order(number: int) -> tuple[Any, Any]:
    """Give what the order with that number is: of each ten one is filled, one ends at once, and one is refused."""
    contract = Stock(SYMBOLS[number % len(SYMBOLS)])
    match number % 10:
        case 3:
            return contract, MarketOrder("BUY", 1)
        case 5:
            return contract, LimitOrder("BUY", 1, 10, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        case 7:
            return contract, LimitOrder("BUY", 1, 10.001)
        case _:
            return contract, LimitOrder("BUY", 1, 10) if number % 2 else StopOrder("SELL", 1, 5)


async def crowd_once(served: MemoryTws, cut: Cut | None, asked: int = 10) -> tuple[CutLine, Counter[str]]:
    """Place a hundred orders at once over a line that is cut; find out what came of each, and compare with the world.

    Of those that may have arrived so many are *asked* for one by one, the others all at once.
    """
    line = CutLine(await served.connect())
    judges = [Judge(served.world, Deed(f"{number}", DEEDS["limit"].do), f"c{number}x") for number in range(CROWD)]
    told: dict[str, BaseException | None] = {}
    try:
        async with anytws.connect_stream(line, client_id=CLIENT) as tws:
            await anyio.sleep(QUIET)
            line.arm(cut)
            await _placed(tws, judges, told)
            await anyio.sleep(QUIET)
            return line, Counter(type(problem).__name__ for problem in told.values())
    except anytws.ConnectionClosed:
        # That is what was done to it.
        assert line.is_cut
    counts = Counter(_told(judge, told, line) for judge in judges)
    async with anytws.connect_stream(await served.connect(), client_id=CLIENT) as tws:
        await tws.orders.reconcile()
        # What TWS has taken and not looked at yet is in no list of it.
        await anyio.sleep(QUIET)
        counts += await _found_out(tws, judges, told, asked)
    return line, counts


async def _placed(tws: Tws, judges: Sequence[Judge], told: dict[str, BaseException | None]) -> None:
    async def place(judge: Judge) -> None:
        contract, order = crowd_order(int(judge.deed.name))
        try:
            await tws.orders.place(contract, order, ref=judge.ref)
        except (OrderUnknown, OrderRejected, anytws.ConnectionClosed) as problem:
            told[judge.ref] = problem
        else:
            told[judge.ref] = None

    # The block is cancelled when the line is cut, and all are to be told.
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as tasks:
            for judge in judges:
                tasks.start_soon(place, judge)


def _told(judge: Judge, told: dict[str, BaseException | None], line: CutLine) -> str:
    judge.require(judge.ref in told, "it was neither placed nor refused, and nobody was told")
    problem = told[judge.ref]
    judge.check_told(problem, line, is_alone=False)
    return f"OrderUnknown {problem.left.value}" if isinstance(problem, OrderUnknown) else "known"


async def _found_out(
    tws: Tws, judges: Sequence[Judge], told: dict[str, BaseException | None], asked: int
) -> Counter[str]:
    unknown = {ref: problem for ref, problem in told.items() if isinstance(problem, OrderUnknown)}
    perhaps = [ref for ref, problem in unknown.items() if problem.left is not Left.NONE]
    chosen = {*perhaps[:: max(1, len(perhaps) // asked)], *perhaps[-2:]}
    counts = Counter[str]()
    for judge in judges:
        fates: dict[str, Fate] = {}
        problem = unknown.get(judge.ref)
        if problem is not None and (problem.left is Left.NONE or judge.ref in chosen):
            fates = await resolved(tws, judge, problem, through_pickle=True)
            counts[fates[judge.ref].outcome.value] += 1
        if problem is None or fates or judge.held(judge.ref) is not None:
            judge.check_beliefs(tws, fates)
    return counts


async def crowd_sweep(version: int, way: Way, count: Count, *, begin: int = 0, step: int = 1, asked: int = 10) -> None:
    """Cut at the end of every *step*-th message, and one byte before and behind it in turn."""
    async with a_tws(version) as served:
        line, _ = await crowd_once(served, None)
        ends = ends_of(bytes(line.wanted if way is Way.UP else line.down))
    for number, end in enumerate(ends[begin::step]):
        cut = Cut(
            way, max(0, end + (0, -1, 1)[number % 3]), tuple(End)[number % 3 if way is Way.UP else number % 2 + 1]
        )
        async with a_tws(version) as served:
            try:
                _, words = await crowd_once(served, cut, asked)
            except Exception as problem:
                count.troubles.append(f"crowd/{version}/{{}}/{cut}: {problem!r}")
            else:
                count.words += words
        count.cuts += 1


def crowd_swept(version: int, backend: str, way: Way, *, begin: int = 0, step: int = 1) -> Count:
    """Do a `crowd_sweep` on *backend*, with a clock that jumps."""
    count = Count()

    async def main() -> None:
        await crowd_sweep(version, way, count, begin=begin, step=step)

    run_jumping(main, backend)
    count.troubles = [trouble.format(backend) for trouble in count.troubles]
    return count


def main() -> int:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.order_crowds", description=__doc__.partition("\n")[0])
    parser.add_argument("--versions", default=",".join(map(str, VERSIONS)))
    parser.add_argument("--backends", default=",".join(BACKENDS))
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--from", dest="begin", type=int, default=0)
    chosen = parser.parse_args()
    total, failures = 0, 0
    for version, backend, way in product(map(int, chosen.versions.split(",")), chosen.backends.split(","), Way):
        began = time.monotonic()
        count = crowd_swept(version, backend, way, begin=chosen.begin, step=chosen.step)
        total, failures = total + count.cuts, failures + len(count.troubles)
        tell(f"crowd {version} {backend} {way.value}", count, time.monotonic() - began)
    say(f"{total} cuts of {CROWD} orders, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
