"""Many days, one after the other: counted, and written down so that another run goes on behind them."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

EVERY: Final = 10.0
"""After so many seconds what was found is written down."""
_MOST_FAILURES: Final = 50


@attrs.define
class Tally:
    """What came of some days."""

    next: int
    """The seed of the next day."""
    days: int = 0
    seconds: float = 0.0
    """Of a processor."""
    situations: Counter[str] = attrs.field(factory=Counter[str])
    """On how many days each occurred."""
    failures: dict[str, str] = attrs.field(factory=dict[str, str])
    """The seed of each that failed, and why."""

    def told(self) -> str:
        """Give it for people."""
        rate = self.days / self.seconds if self.seconds else 0.0
        lines = [f"{self.days} days, the next is {self.next}; {rate:.0f} a second of a processor"]
        lines += [f"{count:9d} {name}" for name, count in sorted(self.situations.items())]
        lines += [f"day {seed} FAILED: {why}" for seed, why in self.failures.items()]
        return "\n".join(lines)


def read(path: Path | None, kind: str, first: int) -> Tally:
    """Give what is written at *path* of days of this *kind*; a fresh tally if nothing is."""
    said = _said(path).get(kind)
    if said is None:
        return Tally(first)
    return Tally(said["next"], said["days"], said["seconds"], Counter(said["situations"]), dict(said["failures"]))


def write(path: Path | None, kind: str, tally: Tally) -> None:
    """Write *tally* to *path*, whole or not at all."""
    if path is None:
        return
    said = {**_said(path), kind: attrs.asdict(tally)}
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(said, indent=1), "utf-8")
    beside.replace(path)


def _said(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    said: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return said


def search(
    live: Callable[[int], Mapping[str, int]],
    tally: Tally,
    *,
    days: int,
    seconds: float,
    note: Callable[[Tally], None],
    failed: Callable[[int, Exception], str],
) -> None:
    """Live through *days* days, or for so many *seconds*, from ``tally.next`` on. *live* gives what occurred on one."""
    began, until = time.process_time(), time.monotonic() + seconds
    before, noted = tally.seconds, time.monotonic()
    for _ in range(days):
        if time.monotonic() >= until or len(tally.failures) >= _MOST_FAILURES:
            break
        try:
            occurred = live(tally.next)
        except Exception as problem:
            tally.failures[str(tally.next)] = failed(tally.next, problem)
            sys.stderr.write(f"day {tally.next} FAILED: {tally.failures[str(tally.next)]}\n")
        else:
            tally.situations.update(dict.fromkeys(occurred, 1))
        tally.next += 1
        tally.days += 1
        tally.seconds = before + time.process_time() - began
        if time.monotonic() - noted >= EVERY:
            noted = time.monotonic()
            note(tally)
    note(tally)
