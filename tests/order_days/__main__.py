"""``python3 dev.py days``: ruined days of orders, of the pure machine and of whole programs; says how to repeat one.

``pure`` is the machine alone, some hundred days a second; ``programs`` are bots that are written as users write them.
``--state FILE`` goes on behind what was tried before. Exits with 1 if a day failed, or a situation never occurred.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.order_days import programs
from tests.order_days.day import Day
from tests.order_days.loopless import without_a_loop
from tests.order_days.search import Tally, read, search, write
from tests.order_days.situations import OF_PROGRAMS, OF_PURE_DAYS, missed

_ENOUGH: Final = {"pure": 20_000, "programs": 2_000}
"""So many days have to have been in each situation."""
_SHOWN: Final = 300


def live_pure(seed: int) -> Mapping[str, int]:
    """Live through the pure day *seed*, and give what occurred."""
    day = Day(seed)
    day.live()
    return day.situations


KINDS: Final[Mapping[str, tuple[Callable[[int], Mapping[str, int]], tuple[str, ...]]]] = {
    "pure": (live_pure, OF_PURE_DAYS),
    "programs": (programs.live, OF_PROGRAMS),
}


def main(arguments: Sequence[str]) -> int:
    """Do what *arguments* say; give the exit code."""
    options = _options(arguments)
    live, wanted = KINDS[options.kind]
    if options.day is not None:
        return _once(options.kind, options.day)
    tally = read(options.state, options.kind, options.first)
    _say(f"{options.kind} days from {tally.next} on")
    with without_a_loop() if options.kind == "pure" else programs.quiet():
        search(
            live,
            tally,
            days=options.days,
            seconds=options.seconds,
            note=lambda now: write(options.state, options.kind, now),
            failed=_why,
        )
    return _verdict(tally, wanted, _ENOUGH[options.kind])


def _verdict(tally: Tally, wanted: tuple[str, ...], enough: int) -> int:
    _say(tally.told())
    never = missed(wanted, tally.situations) if tally.days >= enough else []
    for name in never:
        _say(f"never occurred: {name}")
    return 1 if tally.failures or never else 0


def _why(_: int, problem: Exception) -> str:
    return f"{type(problem).__name__}: {' '.join(str(problem).split())[:_SHOWN]}"


def _once(kind: str, seed: int) -> int:
    """Live through one day again, and tell its story."""
    if kind == "programs":
        with programs.quiet():
            _say(repr(programs.live(seed)))
        return 0
    with without_a_loop():
        day = Day(seed)
        day.is_told = True
        try:
            day.live()
        finally:
            _say("\n".join(day.story))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 dev.py days", description=__doc__)
    parser.add_argument("kind", choices=[*KINDS])
    parser.add_argument("--from", dest="first", type=int, default=0, help="the seed of the first day (default: 0)")
    parser.add_argument("--days", type=int, default=sys.maxsize, help="so many days")
    parser.add_argument("--seconds", type=float, default=math.inf, help="for so long")
    parser.add_argument("--state", type=Path, help="a file in which is kept what was tried")
    parser.add_argument("--day", type=int, help="this day alone, and its story")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
