"""How many messages may leave now: never more in any second than TWS takes, and some always for what is urgent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.message_rate import WINDOW, MessageRate


def test_a_place_is_taken_for_a_window() -> None:
    rate = MessageRate(20)
    for _ in range(18):
        assert rate.room(0.0)[1] > 0
        rate.note(0.0)
    assert rate.room(0.0) == (2, 0)
    assert (rate.opens_at(0.0, urgent=True), rate.opens_at(0.0, urgent=False)) == (0.0, WINDOW)
    rate.note(0.5)
    rate.note(0.6)
    assert rate.room(0.7) == (0, -2)
    assert (rate.opens_at(0.7, urgent=True), rate.opens_at(0.7, urgent=False)) == (WINDOW, WINDOW)
    assert rate.room(WINDOW) == (18, 16)


def test_what_is_urgent_has_places_of_its_own_where_there_are_two() -> None:
    assert [MessageRate(most).room(0.0) for most in (1, 2, 9, 10, 50, 300)] == [
        (1, 1), (2, 1), (9, 8), (10, 9), (50, 45), (300, 270),
    ]  # fmt: skip


@given(st.integers(1, 12), st.lists(st.tuples(st.floats(0, 1.5), st.booleans()), max_size=60))
def test_never_more_than_so_many_in_any_window(most: int, steps: list[tuple[float, bool]]) -> None:
    """And whoever comes when it says that it opens is let through, and no earlier."""
    rate, now, left = MessageRate(most), 0.0, list[float]()
    for pause, is_urgent in steps:
        now += pause
        opens_at = rate.opens_at(now, urgent=is_urgent)
        assert (rate.room(now)[not is_urgent] > 0) == (opens_at <= now)
        now = max(now, opens_at)
        assert rate.room(now)[not is_urgent] > 0
        rate.note(now)
        left.append(now)
        assert sum(at + WINDOW > now for at in left) <= most
