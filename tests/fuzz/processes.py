"""One run of the fuzzers: as many processes as there are cores, each with a seed of its own, and what came of them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
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
    """What there is to do."""

    seeds: Sequence[str]
    """One for each process."""
    targets: Sequence[str]
    seconds: float
    """For each target."""
    inputs: int
    """The same."""


def seeds_of(seed: str, processes: int) -> list[str]:
    """Give each process its seed. One with a dot in it is one of these already, and is repeated alone."""
    return [seed] if "." in seed else [f"{seed}.{number}" for number in range(processes)]


def cores() -> int:
    """Give the number of processors that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(run: Run) -> list[Report]:
    """Attack one target after the other, with all seeds at once."""
    return [report for name in run.targets for report in _attacked(run, name)]


def _attacked(run: Run, name: str) -> Iterator[Report]:
    # Each in a process that begins from nothing, neither forked nor used before: what is found is found again by the
    # same seed alone, though it may have to do with what is remembered from input to input.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(run.seeds), mp_context=context) as pool:
        begun = [(seed, pool.submit(_attack, name, seed, run.inputs, run.seconds)) for seed in run.seeds]
        for seed, future in begun:
            try:
                yield future.result()
            except BrokenProcessPool:
                yield Report(name, findings=[Finding(name, seed, 0, "the process died, or one beside it", "", None)])


def _attack(name: str, seed: str, inputs: int, seconds: float) -> Report:
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, resource.RLIM_INFINITY))
    return attack(TARGETS[name], seed, inputs=inputs, seconds=seconds)
