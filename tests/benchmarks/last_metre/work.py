"""What the clients of `test_last_metre` share: what is asked of them, what they answer, and how it is measured.

A client is a process of its own that reads one `Work` a line from stdin, as JSON, does it in a new event loop and on a
new connection, and writes one `Result` a line to stdout. It ends with its stdin. So everybody imports once, and the
rounds of all can be interleaved.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import attrs

END_PRICE: Final = 0.5
"""The price of the last tick of a feed. All others are `LOWEST_PRICE` or more."""
LOWEST_PRICE: Final = 20
STAMPS_FROM: Final = 1e6
"""Prices from here on are no prices but times: microseconds of `now` when the tick was sent."""
WARM_UP: Final = 4_000
"""Ticks, rows or orders that everybody reads before the clock starts: readers are compiled, and caches are full."""
WARM_UP_REQUESTS: Final = 10
"""Answers of bars that everybody reads before the clock starts: what asks and what reads is compiled by then."""
ITEM_SECONDS: Final = 0.01
"""What a slow reader takes for one item."""
SETTLING_SECONDS: Final = 2.0
"""Seconds after the handshake in which TWS may still lose a request; a client may keep more watch in them."""
STATUS: Final = Path("/proc/self/status")
FORGET_HIGHEST: Final = (Path("/proc/self/clear_refs"), "5")
"""What makes Linux count the highest resident memory from here on."""


@attrs.frozen
class Work:
    """What a client is to do, once."""

    kind: str
    """The name of a measure: flood, paced, rows, orders, round_trips, slow."""
    port: int
    count: int = 0
    """Messages of a feed, or round trips."""
    form: str = "for"
    """How it reads, where there are several ways: for, batches, events."""
    rate: int = 0
    """Ticks a second, for what is paced."""
    seconds: float = 0.0
    subscriptions: int = 1
    spread: bool = False
    """Whether the ticks come on all subscriptions in turn, and not on the last one alone."""
    connections: int = 1
    fields: int = 0
    """Of a message that may have any number of them."""
    requests: int = 1
    """Into so many the messages are shared out, where they are asked for."""


@attrs.define
class Result:
    """What came of it."""

    cpu: float = 0.0
    """Seconds of processor time, of all threads of the client, user and system, between start and stop."""
    wall: float = 0.0
    count: int = 0
    """Messages that the reader has seen."""
    latencies: list[float] = attrs.Factory(list)
    """Microseconds, each."""
    grown: float = 0.0
    """Highest resident memory since the start, less that at the start: MiB. Only true in a process that has not been
    larger before: what it was given, it keeps.
    """
    error: str = ""
    """Why there is nothing, if there is not."""


class Section:
    """The part that is measured."""

    def __init__(self) -> None:
        self.result = Result()
        self._began = (0.0, 0.0, 0)

    def start(self) -> None:
        gc.collect()
        if FORGET_HIGHEST[0].exists():
            FORGET_HIGHEST[0].write_text(FORGET_HIGHEST[1])
        self._began = time.process_time(), time.perf_counter(), memory("VmRSS")

    def stop(self, count: int) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        before = self._began
        self.result.cpu, self.result.wall, self.result.count = cpu - before[0], wall - before[1], count
        self.result.grown = max(0, memory("VmHWM") - before[2]) / 1024


def memory(name: str) -> int:
    """Give a line of what the system says of this process, in KiB; 0 where it does not say it."""
    if not STATUS.exists():
        return 0
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))


def now() -> float:
    """Give the microseconds of a clock that all processes of this machine share."""
    return time.perf_counter_ns() / 1000


def stay_on_processor(which: int) -> None:
    """Have this process run on one processor alone, counted from either end, if there are several.

    Where TWS and client share one, a round trip takes a third of what it takes on two, and the system decides that
    anew for each process.
    """
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[which]})


Do: TypeAlias = Callable[[Work, Section], object]
"""Does a work, and starts and stops the section where it is measured."""


def serve(kinds: dict[str, Do]) -> None:
    """Do what stdin asks for, until it ends."""
    stay_on_processor(0)
    for name in ("ib_async", "ibapi", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for line in sys.stdin:
        work, section = Work(**json.loads(line)), Section()
        try:
            kinds[work.kind](work, section)
        except Exception as problem:
            section.result.error = describe(problem)
        sys.stdout.write(json.dumps(attrs.asdict(section.result)) + "\n")
        sys.stdout.flush()


def describe(problem: BaseException) -> str:
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return f"{type(problem).__name__}: {problem}"
