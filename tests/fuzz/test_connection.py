"""A share of what `python3 dev.py fuzz --target connection` does, the same each time."""

from __future__ import annotations

from tests.fuzz.connection import ConnectionTarget
from tests.fuzz.engine import attack, told

INPUTS = 4_000
"""Some five seconds."""


def test_nothing_is_found_in_the_connection() -> None:
    assert told(attack(ConnectionTarget, "the suite", inputs=INPUTS)) == []
