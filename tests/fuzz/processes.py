"""One run of the fuzzers: as many processes as there are cores, each with a seed of its own, and what came of them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

import attrs

from tests.fuzz.engine import Finding, Report, attack
from tests.fuzz.targets import TARGETS

try:
    import resource
except ImportError:  # Windows
    resource = None

_ADDRESS_SPACE: Final = 4 * 2**30
"""Bytes that a process may have. Beyond them is a `MemoryError`, which is a finding, and not the end of the machine."""


@attrs.frozen
class Run:
    """What one process has to do."""

    seed: str
    targets: Sequence[str]
    seconds: float
    """For each target."""
    inputs: int


def seeds_of(seed: str, processes: int) -> list[str]:
    """Give each process its seed. One with a dot in it is one of these already, and is repeated alone."""
    return [seed] if "." in seed else [f"{seed}.{number}" for number in range(processes)]


def cores() -> int:
    """Give the number of processors that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(runs: Sequence[Run]) -> list[Report]:
    """Do all *runs* at once; give a report for each target of each."""
    # Not forked: each begins from nothing, so that a seed means the same however many there are.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(runs), mp_context=context) as pool:
        return [report for run, reports in _done(pool, runs) for report in reports]


def _done(pool: ProcessPoolExecutor, runs: Sequence[Run]) -> Iterable[tuple[Run, list[Report]]]:
    begun = [(run, pool.submit(_do, run)) for run in runs]
    for run, future in begun:
        try:
            yield run, future.result()
        except BrokenProcessPool:
            problem = "the process died: repeat it, one target after the other"
            dead = [Finding(name, run.seed, 0, problem, "", None) for name in run.targets]
            yield run, [Report(finding.target, findings=[finding]) for finding in dead]


def _do(run: Run) -> list[Report]:
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, resource.RLIM_INFINITY))
    return [attack(TARGETS[name], run.seed, inputs=run.inputs, seconds=run.seconds) for name in run.targets]
