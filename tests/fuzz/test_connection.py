"""A share of what `python3 dev.py fuzz --target connection` does, the same each time."""

from __future__ import annotations

from tests.fuzz.connection import ConnectionTarget
from tests.fuzz.engine import attack, told

INPUTS = 1_000
"""A second or two: `.ci/run` tries more of them after the suite."""


def test_nothing_is_found_in_the_connection() -> None:
    assert told(attack(ConnectionTarget, "the suite", inputs=INPUTS)) == []
