"""A share of what `python3 dev.py days programs` does, the same each time: one batch of days for each program."""

from __future__ import annotations

import pytest

from tests.order_days import programs
from tests.order_days.bots import PROGRAMS


@pytest.mark.parametrize("number", range(len(PROGRAMS)), ids=[program.name for program in PROGRAMS])
def test_the_days_of_a_program(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "DAYS", 2)
    with programs.quiet():
        occurred = programs.live(number)
    assert occurred[PROGRAMS[number].name]
