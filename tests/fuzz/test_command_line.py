"""A share of what `python3 dev.py fuzz --target command_line` does, the same each time."""

from __future__ import annotations

from tests.fuzz.command_line import CommandLineTarget
from tests.fuzz.engine import attack, told

INPUTS = 600
"""A second or two: `.ci/run` tries more of them after the suite."""


def test_nothing_is_found_on_the_command_line() -> None:
    assert told(attack(CommandLineTarget, "the suite", inputs=INPUTS)) == []
