"""A share of what `python3 dev.py fuzz --target decoders` does, the same each time."""

from __future__ import annotations

from tests.fuzz.decoders import DecodersTarget
from tests.fuzz.engine import attack, told

INPUTS = 8_000
"""A second or two: `.ci/run` tries more of them after the suite."""


def test_nothing_is_found_in_the_decoders() -> None:
    assert told(attack(DecodersTarget, "the suite", inputs=INPUTS)) == []
