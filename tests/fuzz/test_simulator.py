"""A share of what `python3 dev.py fuzz --target simulator` does, the same each time."""

from __future__ import annotations

from tests.fuzz.engine import attack, told
from tests.fuzz.simulator import SimulatorTarget

INPUTS = 600
"""A second or two: `.ci/run` tries more of them after the suite."""


def test_nothing_is_found_in_the_simulator() -> None:
    assert told(attack(SimulatorTarget, "the suite", inputs=INPUTS)) == []
