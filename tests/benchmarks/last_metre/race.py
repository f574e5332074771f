"""Several clients at the same works, each in a process of its own, in turn: A B C, B C A, ...

Whatever else the machine does hits all of them alike, and so a ratio is made within each round, and the median of the
rounds is what is shown, with the lowest and the highest beside it.
"""

from __future__ import annotations

import importlib.util
import json
import select
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final, TypeAlias

import attrs

from anytws.wire.versions import MAX_VERSION
from tests.benchmarks.last_metre.work import Result, Work

ROOT: Final = Path(__file__).parents[3]
TEXT: Final = 178
"""The newest that ib_async speaks, and so what everybody speaks here in text."""
PROTOBUF: Final = MAX_VERSION
PATIENCE: Final = 100.0
"""Seconds that one work may take before its client is taken for hung."""
PERCENT: Final = 100


@attrs.frozen
class Contestant:
    """A client: a module beside this one, and its arguments."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    needs: str = ""
    """The package without which it cannot run."""

    @property
    def is_there(self) -> bool:
        return not self.needs or importlib.util.find_spec(self.needs) is not None


IB_ASYNC: Final = Contestant("ib_async", "theirs", needs="ib_async")
IBAPI_TEXT: Final = Contestant("ibapi, text", "official", (str(TEXT),), needs="ibapi")
IBAPI_PROTOBUF: Final = Contestant("ibapi, protobuf", "official", (str(PROTOBUF),), needs="ibapi")
BARE: Final = {backend: Contestant(f"bare AnyIO, {backend}", "bare", (backend,)) for backend in ("asyncio", "trio")}
OURS: Final = {
    (backend, encoding): Contestant(f"anytws, {backend}, {encoding}", "ours", (backend, str(version)))
    for backend in ("asyncio", "trio")
    for encoding, version in (("text", TEXT), ("protobuf", PROTOBUF))
}
EVERYBODY: Final = (IB_ASYNC, IBAPI_TEXT, IBAPI_PROTOBUF, *BARE.values(), *OURS.values())


@contextmanager
def running(module: str, *arguments: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """Run a module beside this one, and give its stdin and its stdout. It ends with its stdin, or is killed."""
    command = [sys.executable, "-m", f"tests.benchmarks.last_metre.{module}", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdin, process.stdout
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def line_of(stdout: IO[str]) -> str:
    """Give the next line, or none at all if there comes none in time, or no more."""
    return stdout.readline() if select.select([stdout], [], [], PATIENCE)[0] else ""


def do(pipes: tuple[IO[str], IO[str]], work: Work) -> Result:
    """Have a client do *work*."""
    stdin, stdout = pipes
    try:
        stdin.write(json.dumps(attrs.asdict(work)) + "\n")
        stdin.flush()
        line = line_of(stdout)
    except BrokenPipeError:
        line = ""
    return Result(**json.loads(line)) if line else Result(error="the process has ended, or hangs")


Figure: TypeAlias = Callable[[Result], float]
"""What is compared: the smaller, the better."""


def processor(result: Result) -> float:
    """Give microseconds of processor time for one message."""
    return result.cpu / result.count * 1e6


def grown(result: Result) -> float:
    return result.grown


def latency(percent: int) -> Figure:
    """Give the figure below which so many percent of the latencies are, in microseconds."""
    return lambda result: statistics.quantiles(result.latencies, n=PERCENT)[percent - 1]


@attrs.define
class Results:
    """What came of one work, by contestant and round."""

    rounds: dict[str, list[Result]]

    def failure(self, name: str) -> str:
        """Give the first error, or nothing."""
        return next((result.error for result in self.rounds[name] if result.error), "")

    def has(self, name: str) -> bool:
        return bool(self.rounds.get(name)) and not self.failure(name)

    def median(self, name: str, figure: Figure) -> float:
        return statistics.median(figure(result) for result in self.rounds[name])

    def ratios(self, name: str, other: str, figure: Figure) -> list[float]:
        """Give *name*'s figure by *other*'s, round by round."""
        pairs = zip(self.rounds[name], self.rounds[other], strict=True)
        return [figure(one) / max(figure(two), 1e-9) for one, two in pairs]


def compete(contestants: Sequence[Contestant], work: Work, rounds: int, *, afresh: bool = False) -> Results:
    """Have all of them do *work*, in turn.

    *afresh*: each time in a new process, where what a process has kept would falsify the figure.
    """
    here = [contestant for contestant in contestants if contestant.is_there]
    results = Results({contestant.name: [] for contestant in here})
    with ExitStack() as stack:
        tws = stack.enter_context(running("tws"))
        port = int(line_of(tws[1]))
        work = attrs.evolve(work, port=port)
        kept = (
            {} if afresh else {each.name: stack.enter_context(running(each.module, *each.arguments)) for each in here}
        )
        for number in range(rounds):
            start = number % len(here)
            for each in here[start:] + here[:start]:
                if results.failure(each.name):
                    continue
                if afresh:
                    with running(each.module, *each.arguments) as pipes:
                        result = do(pipes, work)
                else:
                    result = do(kept[each.name], work)
                results.rounds[each.name].append(result)
    return results


Row: TypeAlias = tuple[str, ...]


def shown(ratios: list[float]) -> str:
    """Give the median of *ratios*, and how far they go."""
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"


def compared(
    contestants: Sequence[Contestant], results: Results, figure: Figure, others: Sequence[Contestant], *, more: bool
) -> list[Row]:
    """Give the rows of a table: against each of *others*, then the figure itself.

    *more*: how many times as much is done for the same, instead of what the same costs.
    """
    rows = []
    for contestant in contestants:
        name = contestant.name
        cells = []
        if not contestant.is_there:
            cells = [f"{contestant.needs} is not installed", *[""] * len(others)]
        elif not results.has(name):
            cells = [results.failure(name)[:60], *[""] * len(others)]
        else:
            for other in others:
                if not results.has(other.name):
                    cells.append("-")
                elif more:
                    cells.append(shown(results.ratios(other.name, name, figure)))
                else:
                    cells.append(shown(results.ratios(name, other.name, figure)))
            cells.append(f"{results.median(name, figure):.2f}")
        rows.append((name, *cells))
    return rows
