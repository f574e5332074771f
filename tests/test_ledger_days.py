"""When a day of profit and loss begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from anytws.simulator.ledger.days import Days


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "at, begin, end",
    [
        (ms(2026, 1, 5, 14, 30), ms(2026, 1, 5, 5), ms(2026, 1, 6, 5)),
        (ms(2026, 1, 5, 4, 59, 59), ms(2026, 1, 4, 5), ms(2026, 1, 5, 5)),
        (ms(2026, 1, 5, 5), ms(2026, 1, 5, 5), ms(2026, 1, 6, 5)),
        # Clocks are changed: 23 hours, and 25.
        (ms(2026, 3, 8, 12), ms(2026, 3, 8, 5), ms(2026, 3, 9, 4)),
        (ms(2026, 11, 1, 12), ms(2026, 11, 1, 4), ms(2026, 11, 2, 5)),
    ],
)
def test_a_day_is_from_midnight_to_midnight_in_new_york(at: int, begin: int, end: int) -> None:
    days = Days()
    for _ in range(2):
        assert (days.begin_of(at), days.end_of(at)) == (begin, end)
    assert days.begin_of(end) == end


def test_the_ends_of_the_calendar_are_no_errors() -> None:
    days = Days()
    assert days.begin_of(-(10**17)) < days.begin_of(10**17)
