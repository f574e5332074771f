"""How often the historical farm may be asked: the three rules, each at its edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.historical_pacing import MOST_IN_WINDOW, WINDOW_MS, HistoricalPacing


@pytest.fixture
def pacing() -> HistoricalPacing:
    return HistoricalPacing()


@pytest.mark.card("historical.pacing")
def test_the_very_same_is_not_asked_within_15_seconds(pacing: HistoricalPacing):
    assert pacing.admits(0, ("AAPL",), ("1 D",))
    assert not pacing.admits(14_999, ("AAPL",), ("1 D",))
    assert pacing.admits(14_999, ("AAPL",), ("2 D",)), "it differs"
    assert pacing.admits(15_000, ("AAPL",), ("1 D",)), "what was refused does not count"


@pytest.mark.card("historical.pacing")
def test_six_of_one_kind_in_two_seconds_are_too_many(pacing: HistoricalPacing):
    assert [pacing.admits(number, ("AAPL",), (number,)) for number in range(6)] == [True] * 5 + [False]
    assert pacing.admits(5, ("MSFT",), (5,))
    assert not pacing.admits(1_999, ("AAPL",), (6,))
    assert pacing.admits(2_000, ("AAPL",), (6,)), "the first of them is two seconds ago"


@pytest.mark.card("historical.pacing")
def test_sixty_in_ten_minutes_are_all(pacing: HistoricalPacing):
    assert all(pacing.admits(number, (number,), ()) for number in range(MOST_IN_WINDOW))
    assert not pacing.admits(WINDOW_MS - 1, (99,), ())
    assert pacing.admits(WINDOW_MS, (99,), ())
    assert not pacing.admits(WINDOW_MS, (100,), ())


@pytest.mark.card("historical.pacing")
def test_bid_and_ask_count_for_two(pacing: HistoricalPacing):
    assert all(pacing.admits(number, (number,), (), 2) for number in range(MOST_IN_WINDOW // 2))
    assert not pacing.admits(100, (100,), ())
    pacing.clear()
    assert [pacing.admits(0, ("AAPL",), (number,), 2) for number in range(3)] == [True, True, False]


@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3), st.integers(0, 9), st.integers(1, 2)), max_size=150)
)
def test_no_window_ever_holds_more_than_it_may(asked: list[tuple[int, int, int, int]]):
    pacing, at = HistoricalPacing(), 0
    taken: list[tuple[int, int, int, int]] = []
    for pause, group, details, weight in asked:
        at += pause
        if pacing.admits(at, (group,), (details,), weight):
            taken.append((at, group, details, weight))
    for number, (at, group, details, _) in enumerate(taken):
        before = taken[: number + 1]
        assert sum(weight for then, _, _, weight in before if then > at - WINDOW_MS) <= MOST_IN_WINDOW
        assert sum(weight for then, same, _, weight in before if same == group and then > at - 2_000) < 6
        again = [then for then, same, also, _ in taken[:number] if (same, also) == (group, details)]
        assert all(then <= at - 15_000 for then in again)
