"""The loop that all fuzzers share: draw a case, check it, and make small what breaks.

A *case* is a tree of dicts, lists, texts, bytes and numbers that says everything about one input, so that it can be
written to a file (`tests.fuzz.cases`), replayed, and made smaller without knowing what it means. What a target draws
depends on its `random.Random` alone, with the same source and the same Hypothesis.

What counts as a problem is any exception that `Target.check` lets out, and processor time or memory beyond what an
input of that size may take. Two problems of one kind at one place in the source are one finding.
"""

from __future__ import annotations

import cProfile
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol, TypeAlias

import attrs

try:
    import resource
except ImportError:  # Windows
    resource = None

import anytws
from anytws.errors import shown

Case: TypeAlias = Any

SOURCE: Final = Path(anytws.__file__).parent

SECONDS: Final = 0.3
SECONDS_PER_BYTE: Final = 40e-6
"""Ten times what the slowest honest path takes: every check reads an input several times over, field by field."""
BYTES: Final = 96 * 2**20
BYTES_PER_BYTE: Final = 4000
"""A field of one byte becomes an object or two of some hundred bytes each, in each of several readings."""
HANGS: Final = 60.0
"""Processor seconds after which an input is stopped, whatever its size."""
_TICK: Final = 0.5
_LETTERS_LIKE_A_BYTE: Final = 10
_TRACED: Final = 20
_MOST_FINDINGS: Final = 40
_TRIES: Final = 4000
_TRYING: Final = 10.0
"""Seconds that are spent on making one case small."""


class Broken(AssertionError):
    """What a target says of a case that it found wrong by itself."""

    def __init__(self, claim: str, detail: str = "") -> None:
        super().__init__(f"{claim}: {detail}" if detail else claim)
        self.claim = claim


class Hangs(BaseException):
    """An input takes too long. No `Exception`: code that falls back on any of those must not swallow it."""


class Target(Protocol):
    """Something that is attacked. Made of a seed; all chance comes from it."""

    name: str
    given: int
    """Letters that the last check has put out: they take time as well, if less than what is read."""

    def draw(self) -> Case:
        """Give the next case."""

    def check(self, case: Case) -> None:
        """Raise if something is wrong. Depends on the case alone."""


@attrs.frozen
class Finding:
    """One problem, with the smallest case that was found for it."""

    target: str
    seed: str
    number: int
    """The how-manieth input of that seed it was; 0 for a case from a file."""
    problem: str
    where: str
    case: Case


@attrs.define
class Report:
    """What came of one run."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    findings: list[Finding] = attrs.field(factory=list)


@attrs.frozen
class Problem:
    """What one case did."""

    kind: str
    """What is the same for all cases of one finding."""
    text: str
    where: str


def attack(
    make: Callable[[Random], Target], seed: str, *, inputs: int = sys.maxsize, seconds: float = float("inf")
) -> Report:
    """Draw and check until there were so many *inputs*, or so many *seconds* have passed."""
    began = time.perf_counter()
    target = make(Random(seed))
    report = Report(target.name)
    known: set[str] = set()
    with _watched() as restart:
        while report.inputs < inputs and time.perf_counter() - began < seconds and len(known) < _MOST_FINDINGS:
            report.inputs += 1
            case = target.draw()
            restart()
            problem = problem_of(target, case)
            if problem is not None and problem.kind not in known:
                known.add(problem.kind)
                small, problem = _made_small(target, case, problem, restart)
                report.findings.append(Finding(target.name, seed, report.inputs, problem.text, problem.where, small))
    report.seconds = time.perf_counter() - began
    return report


def told(report: Report) -> list[str]:
    """Give a line for each finding, with its case."""
    return [f"{each.problem} | {each.where} | {each.case}" for each in report.findings]


def replay(target: Target, case: Case) -> Problem | None:
    """Check one case, watched like all others."""
    with _watched():
        return problem_of(target, case)


# --- one case ----------------------------------------------------------------------------------------------------


def problem_of(target: Target, case: Case) -> Problem | None:
    """Check *case*, and give what is wrong with it."""
    peak, began = peak_bytes(), time.perf_counter()
    try:
        target.check(case)
        grown = peak_bytes() - peak
        if grown > BYTES and grown > BYTES + BYTES_PER_BYTE * size_of(case):
            return Problem("memory", f"{grown // 2**20} MiB for a case of {size_of(case)} bytes", "")
        return _slowness(target, case) if time.perf_counter() - began > SECONDS else None
    except (Exception, Hangs) as error:  # whatever it is, it is what is looked for
        return _told(error)


def _slowness(target: Target, case: Case) -> Problem | None:
    # The first time does not count: it may have read tables and compiled readers, and the machine is not ours alone.
    began = time.process_time()
    target.check(case)
    size = size_of(case) + target.given // _LETTERS_LIKE_A_BYTE
    spent, allowed = time.process_time() - began, SECONDS + SECONDS_PER_BYTE * size
    if sys.gettrace() is not None:
        # Coverage is being measured, or somebody debugs.
        spent /= _TRACED
    if spent <= allowed:
        return None
    where = _slowest_place(target, case)
    return Problem(
        f"time at {where}", f"{spent:.2f} s for a case of {size} bytes, where {allowed:.2f} s are fine", where
    )


def _slowest_place(target: Target, case: Case) -> str:
    # Python's own functions are counted where they are called: a pattern is slow in whoever has written it.
    profile = cProfile.Profile(builtins=False)
    profile.runcall(target.check, case)
    spent = {
        (entry.code.co_filename, entry.code.co_firstlineno, entry.code.co_name): entry.inlinetime
        for entry in profile.getstats()
        if not isinstance(entry.code, str)
    }
    ours = {place: seconds for place, seconds in spent.items() if SOURCE in Path(place[0]).parents} or spent
    file, line, name = max(ours, key=lambda place: ours[place])
    return f"{Path(file).name}:{line} in {name}"


def _told(error: BaseException) -> Problem:
    while isinstance(error, BaseExceptionGroup):
        # Of several tasks that failed, the others did so because of the first.
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if SOURCE in Path(frame.filename).parents]
    last = ours[-1] if ours else frames[-1]
    where = f"{Path(last.filename).name}:{last.lineno} in {last.name}"
    name = type(error).__name__
    if isinstance(error, Broken):
        return Problem(error.claim, str(error), "")
    if isinstance(error, RecursionError):
        # Where exactly the stack ends is chance.
        return Problem(name, f"{name}: {error}", where)
    return Problem(f"{name} at {where}", f"{name}: {shown(str(error), 300)}", where)


def size_of(case: Case) -> int:
    """Give the number of bytes in *case*, numbers and names not counted."""
    if isinstance(case, (bytes, str)):
        return len(case)
    if isinstance(case, dict):
        return sum(map(size_of, case.values()))
    return sum(map(size_of, case)) if isinstance(case, (list, tuple)) else 0


def peak_bytes() -> int:
    """Give the most memory that this process ever had; 0 where the system does not tell."""
    if resource is None:
        return 0
    # Kilobytes, but for the one system that counts bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextmanager
def _watched() -> Generator[Callable[[], None]]:
    """Stop an input that hangs; the function that is given says that the next one begins.

    One timer for all of them: to set one for each input would cost more than most inputs do.
    """
    ticks = 0

    def tick(*_: object) -> None:
        nonlocal ticks
        ticks += 1
        if ticks * _TICK >= HANGS:
            ticks = 0
            raise Hangs(f"more than {HANGS:g} s of processor time")

    def restart() -> None:
        nonlocal ticks
        ticks = 0

    if not hasattr(signal, "setitimer"):
        yield restart
        return
    before = signal.signal(signal.SIGPROF, tick)
    signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)
    try:
        yield restart
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# --- making it small ---------------------------------------------------------------------------------------------


def _made_small(target: Target, case: Case, problem: Problem, restart: Callable[[], None]) -> tuple[Case, Problem]:
    tries, until, last = 0, time.perf_counter() + _TRYING, problem

    def fails(smaller: Case) -> bool:
        nonlocal tries, last
        tries += 1
        if tries > _TRIES or time.perf_counter() > until:
            return False
        restart()
        found = problem_of(target, smaller)
        if found is None or found.kind != problem.kind:
            return False
        last = found
        return True

    # What only happened once, because of what came before it, cannot be made small, but is a finding all the same.
    return (made_small(case, fails), last) if fails(case) else (case, problem)


def made_small(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Leave out of *case* whatever it still fails without, again and again until nothing more can go."""
    smaller = _smaller(case, fails)
    return case if smaller == case else made_small(smaller, fails)


def _smaller(case: Case, fails: Callable[[Case], bool]) -> Case:
    if isinstance(case, (bytes, str, list)):
        case = _shortened(case, fails)
    if isinstance(case, (dict, list)):
        for key in range(len(case)) if isinstance(case, list) else [*case]:

            def fails_with(inner: Case, key: Any = key) -> bool:
                return fails(_with(case, key, inner))  # noqa: B023 (called before the loop goes on)

            case = _with(case, key, _smaller(case[key], fails_with))
    return case


def _with(case: Case, key: Any, inner: Case) -> Case:
    changed = case.copy()
    changed[key] = inner
    return changed


def _shortened(row: Any, fails: Callable[[Case], bool]) -> Any:
    size = len(row) // 2 or len(row)
    while size:
        start = 0
        while start < len(row):
            shorter = row[:start] + row[start + size :]
            if fails(shorter):
                row = shorter
            else:
                start += size
        size //= 2
    return row
