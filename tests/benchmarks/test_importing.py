"""What ``import anytws`` takes, beside ``import trio`` and the others that a program imports anyway."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from typing import Final

from tests.benchmarks.conftest import Report

ROUNDS: Final = 15
MODULES: Final = ("trio", "anyio", "anytws", "ib_async", "ibapi.client")


def import_time(module: str) -> float:
    """Give the cumulated import time of *module* in a new interpreter, in milliseconds."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"], capture_output=True, text=True, check=True
    )
    top = module.partition(".")[0]
    # Imports that are nested are indented; a submodule stands beside its package.
    lines = re.findall(r"^import time: +\d+ \| +(\d+) \| (\S+)$", done.stderr, re.MULTILINE)
    return sum(int(cumulated) for cumulated, name in lines if name.partition(".")[0] == top) / 1000


def test_importing(report: Report) -> None:
    times: dict[str, list[float]] = {module: [] for module in MODULES}
    for _ in range(ROUNDS):
        for module in MODULES:
            times[module].append(import_time(module))
    medians = {module: statistics.median(measured) for module, measured in times.items()}
    report(
        f"import, median of {ROUNDS} new interpreters",
        ("", "ratio to trio", "milliseconds"),
        [(module, f"{median / medians['trio']:.2f}", f"{median:.1f}") for module, median in medians.items()],
        ("'anytws' includes anyio and attrs, not trio: AnyIO imports a backend when one is used.",),
    )
