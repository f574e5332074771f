"""Looks for days that fail, on all processors and for as long as one likes; what it found is tried first the next time.

::

    $ python -m anytws.testing.explore tests/test_my_bot.py::test_never_over_hedged --minutes 60

Each processor has a process of its own, which draws days from seeds that no other has. The token of a day that failed
is kept in a folder (``.anytws/days``, a file for each test), each failure once: two days fail alike if the same line
raises the same kind of error. Before it looks for new ones it tries those; one that does not fail any more is told, and
its token stays until somebody takes it out of the file.

`explore` is the same from Python. This module has its name, and can be called as that.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryFile
from threading import Thread
from types import ModuleType
from typing import Any, Final

import attrs

FOLDER: Final = Path(".anytws") / "days"
"""Where tokens of days that failed are kept."""
MINUTES: Final = 60.0
"""How long is looked, unless it is said."""
DAYS_AT_ONCE: Final = 50
"""How many days are drawn from one seed."""
_STRANGE: Final = re.compile("[^A-Za-z0-9_.-]")
"""What the name of a file had better not have."""
_SEEDS_APART: Final = 1_000_000
_SWEPT: Final = 1000
_FOUND: Final = "failed: "
_FINE: Final = "fine now: "
_COUNT: Final = "days: "


@attrs.frozen
class Failure:
    """A day that failed."""

    alike: str
    """Where it was raised, and what: days with the same are taken for one failure."""
    token: str
    """The day."""


@attrs.define
class Outcome:
    """What came of looking."""

    days: int = 0
    """How many days were lived through."""
    found: list[Failure] = attrs.field(factory=list[Failure])
    """The failures, each once, those of earlier times included that still fail."""
    fine: list[str] = attrs.field(factory=list[str])
    """Tokens of earlier failures that do not fail any more."""


def explore(
    test: str,
    *,
    minutes: float = MINUTES,
    processes: int | None = None,
    folder: Path = FOLDER,
    seed: int = 0,
    tell: Callable[[str], object] = len,
) -> Outcome:
    """Run the days of *test*, ``path/of/test_file.py::test_name``, for *minutes* on as many *processes*.

    None: one for each processor. *folder* is where tokens are kept, *tell* is called with a line for each failure. The
    same *seed* begins with the same days. Raises `ValueError` for what names no test of days, and `OSError` where the
    folder cannot be written.
    """
    path, name = _parts(test)
    place = folder / (_STRANGE.sub("-", f"{Path(path).name}-{name}") + ".txt")
    kept = [line for line in _lines(place) if line]
    outcome = Outcome()
    workers = [
        _start(path, name, minutes, seed + number * _SEEDS_APART, kept, is_first=number == 0)
        for number in range(processes or os.cpu_count() or 1)
    ]
    known: set[str] = set()
    try:
        for line in _said(workers):
            _take(line, outcome, known, kept, place, tell)
        _require_good(workers, outcome, tell)
    finally:
        for worker in workers:
            worker.end()
    return outcome


def _parts(test: str) -> tuple[str, str]:
    path, separator, name = test.partition("::")
    if not separator or not name or not Path(path).is_file():
        raise ValueError(f"{test!r} names no test of days: say path/of/test_file.py::test_name")
    return path, name


def _lines(place: Path) -> list[str]:
    return place.read_text("utf-8").split() if place.is_file() else []


class _Worker:
    """A process that lives through days, and writes a line for each that fails."""

    def __init__(self, arguments: Sequence[str]) -> None:
        command = [sys.executable, "-m", "anytws.testing.explore", "--worker", *arguments]
        # A file, which is never full: nobody reads it before the end.
        self._trouble = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed by `end`)
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._trouble, text=True)  # noqa: S603

    def lines(self) -> Iterator[str]:
        """Give the lines that it writes, as they come."""
        for line in self._process.stdout or ():
            yield line.rstrip("\n")

    def end(self) -> None:
        """End it, wherever it is."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._trouble.close()

    @property
    def trouble(self) -> str | None:
        """What it died of, in one line; None: it did what it had to."""
        if self._process.wait() == 0:
            return None
        self._trouble.seek(0)
        return self._trouble.read().strip().rpartition("\n")[2] or f"exit code {self._process.returncode}"


def _start(path: str, name: str, minutes: float, seed: int, tokens: Sequence[str], *, is_first: bool) -> _Worker:
    options = [f"{path}::{name}", "--minutes", str(minutes), "--seed", str(seed)]
    # One of them is enough for what is known.
    return _Worker([*options, "--sweep", *[f"--token={token}" for token in tokens]] if is_first else options)


def _said(workers: Sequence[_Worker]) -> Iterator[str]:
    """Give the lines that *workers* write, as they come."""
    lines: SimpleQueue[str | None] = SimpleQueue()

    def read(worker: _Worker) -> None:
        for line in worker.lines():
            lines.put(line)
        lines.put(None)

    threads = [Thread(target=read, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    running = len(workers)
    while running:
        line = lines.get()
        if line is None:
            running -= 1
        else:
            yield line
    for thread in threads:
        thread.join()


def _take(
    line: str, outcome: Outcome, known: set[str], kept: list[str], place: Path, tell: Callable[[str], object]
) -> None:
    """Take in what a worker says."""
    if line.startswith(_COUNT):
        outcome.days += int(line.removeprefix(_COUNT))
    elif line.startswith(_FINE):
        outcome.fine.append(line.removeprefix(_FINE))
        tell(line)
    elif line.startswith(_FOUND):
        token, _, alike = line.removeprefix(_FOUND).partition(" ")
        if alike in known:
            return
        known.add(alike)
        outcome.found.append(Failure(alike, token))
        tell(line)
        if token not in kept:
            kept.append(token)
            place.parent.mkdir(parents=True, exist_ok=True)
            # Each at once: whoever stops it in the middle has what was found until then.
            place.write_text("".join(f"{each}\n" for each in kept), "utf-8")


def _require_good(workers: Sequence[_Worker], outcome: Outcome, tell: Callable[[str], object]) -> None:
    """Tell of workers that died; raise `ValueError` if none could even begin."""
    troubles = [trouble for worker in workers if (trouble := worker.trouble) is not None]
    if troubles and not outcome.days:
        raise ValueError(f"the test could not be run: {troubles[0]}")
    for trouble in troubles:
        tell(f"a process has ended too soon: {trouble}")


# --- a worker ---------------------------------------------------------------------------------------------------------


def _work(test: str, minutes: float, seed: int, tokens: Sequence[str], *, sweeps: bool) -> None:
    """Live through the days of *tokens*, then through days of one seed after another, and print what fails.

    One worker of all *sweeps*: it begins with the days that have one fault each.
    """
    from anytws.testing.days.decorator import days_of  # noqa: PLC0415
    from anytws.testing.days.plan import plan_of  # noqa: PLC0415

    path, name = _parts(test)
    found = getattr(_module(Path(path)), name, None)
    if found is None:
        raise ValueError(f"{path} has no {name}")
    about = days_of(found)
    check = about.check
    for token in tokens:
        failure = _failure_of(partial(about.live, plan_of(token), check))
        _print(f"{_FINE}{token}" if failure is None else f"{_FOUND}{token} {alike(failure)}", f"{_COUNT}1")
    until = time.monotonic() + minutes * 60
    for plan in about.sweep(_SWEPT) if sweeps else ():
        failure = _failure_of(partial(about.live, plan, check))
        _print(f"{_COUNT}1", *([] if failure is None else [f"{_FOUND}{plan.token} {alike(failure)}"]))
    while time.monotonic() < until:
        about.count = 0
        failure = _failure_of(partial(about.look, check, days=DAYS_AT_ONCE, seed=seed))
        _print(f"{_COUNT}{about.count}")
        if failure is not None and about.failed is not None:
            _print(f"{_FOUND}{about.failed.token} {alike(failure)}")
        seed += 1


def _print(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201


def _failure_of(run: Callable[[], object]) -> BaseException | None:
    try:
        run()
    except Exception as failure:  # noqa: BLE001 (what fails is what is looked for)
        return failure
    return None


def alike(failure: BaseException) -> str:
    """Give where *failure* was raised, and what: ``AssertionError at test_bot.py:12``."""
    frames = traceback.extract_tb(failure.__traceback__)
    own = [frame for frame in frames if f"{os.sep}hypothesis{os.sep}" not in frame.filename]
    place = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"{type(failure).__name__}{place}"


def _module(path: Path) -> ModuleType:
    """Import the file at *path*, as pytest would import it: what is beside it can be imported too."""
    sys.path.insert(0, str(path.resolve().parent))
    sys.path.insert(0, str(Path.cwd()))
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no file of Python")
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: Sequence[str] | None = None) -> int:
    """Explore from a command line; give its exit code, 1 where something fails."""
    parser = argparse.ArgumentParser("python -m anytws.testing.explore", description="Look for days that fail.")
    parser.add_argument("test", help="a test of days: path/of/test_file.py::test_name")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long to look")
    parser.add_argument("--processes", type=int, help="how many at once; by default one for each processor")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where tokens of days that failed are kept")
    parser.add_argument("--seed", type=int, default=0, help="where to begin")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sweep", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--token", action="append", default=[], help=argparse.SUPPRESS)
    said = parser.parse_args(arguments)
    try:
        if said.worker:
            _work(said.test, said.minutes, said.seed, said.token, sweeps=said.sweep)
            return 0
        outcome = explore(
            said.test, minutes=said.minutes, processes=said.processes, folder=said.folder, seed=said.seed, tell=print
        )
    except ValueError as problem:
        print(problem, file=sys.stderr)  # noqa: T201
        return 2
    print(f"{outcome.days} days, {len(outcome.found)} failures, {len(outcome.fine)} that are fine now")  # noqa: T201
    return 1 if outcome.found else 0


class _Callable(ModuleType):
    """This module, which has the name of its main function: called, it is that function."""

    def __call__(self, *arguments: Any, **options: Any) -> Outcome:  # noqa: ANN401 (those of `explore`)
        return explore(*arguments, **options)


sys.modules[__name__].__class__ = _Callable

if __name__ == "__main__":
    sys.exit(main())
