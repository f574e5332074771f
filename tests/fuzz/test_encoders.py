"""A share of what `python3 dev.py fuzz --target encoders` does, the same each time."""

from __future__ import annotations

from tests.fuzz.encoders import EncodersTarget
from tests.fuzz.engine import attack, told

INPUTS = 2_000
"""A second or two: `.ci/run` tries more of them after the suite."""


def test_nothing_is_found_in_the_encoders() -> None:
    assert told(attack(EncodersTarget, "the suite", inputs=INPUTS)) == []
