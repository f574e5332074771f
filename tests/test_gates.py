"""The limits of TWS, each by itself: places that are taken and given back, and what may be said in a span of time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.gates import ADVISED, FOR_EVER, MARGIN, Claim, Frequency, Places, Step, Turnstile


def taken(gate: Turnstile, *, weight: int = 1, key: object = None, left_at: float = FOR_EVER) -> Claim:
    step = Step(gate, weight, key)
    claim = Claim((step,))
    gate.take(claim, step)
    claim.passed, claim.left_at = 1, left_at
    return claim


def opens_at(gate: Turnstile, now: float, *, weight: int = 1, key: object = None) -> float:
    return gate.opens_at(Step(gate, weight, key), now)


def give_back(claim: Claim) -> None:
    claim.steps[0].gate.give_back(claim, claim.steps[0])


def test_places_are_taken_and_given_back() -> None:
    gate = Places("lines", 2)
    first, _ = taken(gate), taken(gate)
    assert (opens_at(gate, 0.0), gate.limit(0.0).open) == (FOR_EVER, 2)
    give_back(first)
    assert opens_at(gate, 0.0) == 0.0


def test_what_has_the_same_key_shares_a_place() -> None:
    gate = Places("depth", 1)
    first, second = taken(gate, key="AAPL"), taken(gate, key="AAPL")
    assert (gate.open, opens_at(gate, 0.0, key="AAPL"), opens_at(gate, 0.0, key="MSFT")) == (1, 0.0, FOR_EVER)
    give_back(first)
    assert opens_at(gate, 0.0, key="MSFT") == FOR_EVER
    give_back(second)
    assert opens_at(gate, 0.0, key="MSFT") == 0.0


def test_what_could_not_be_cancelled_keeps_its_place_for_a_while() -> None:
    gate = Places("history", 1)
    give_back(taken(gate))
    gate.linger(60.0)
    assert (opens_at(gate, 1.0), opens_at(gate, 60.0)) == (60.0, 60.0)
    assert gate.open == 0


def test_a_refusal_lowers_the_limit_to_what_was_open_for_a_while() -> None:
    gate = Places("lines", 100)
    claims = [taken(gate) for _ in range(30)]
    for claim in claims[-2:]:
        gate.lower(10.0)
        give_back(claim)
    assert (gate.limit(10.0).open, gate.limit(10.0).most) == (28, 28)
    assert opens_at(gate, 11.0) == 10.0 + ADVISED
    assert (opens_at(gate, 10.0 + ADVISED), gate.limit(10.0 + ADVISED).most) == (10.0 + ADVISED, 100)


def test_one_is_tried_where_others_have_all() -> None:
    gate = Places("lines", 100)
    claim = taken(gate)
    gate.lower(0.0)
    give_back(claim)
    assert (gate.limit(0.0).most, opens_at(gate, 0.0)) == (1, 0.0)


def test_time_counts_from_when_it_has_left() -> None:
    gate = Frequency("small_history", 2, 10.0)
    first = taken(gate)
    taken(gate, left_at=5.0)
    assert opens_at(gate, 7.0) == FOR_EVER
    first.left_at = 7.0
    assert opens_at(gate, 7.0) == 17.0 + MARGIN
    assert opens_at(gate, 7.0, weight=2) == 17.0 + MARGIN
    assert opens_at(gate, 17.0 + MARGIN, weight=2) == 17.0 + MARGIN


def test_what_was_never_said_does_not_count_and_what_was_does() -> None:
    gate = Frequency("small_history", 1, 10.0)
    give_back(taken(gate))
    assert opens_at(gate, 0.0) == 0.0
    give_back(taken(gate, left_at=0.0))
    assert opens_at(gate, 0.0) == 10.0 + MARGIN
    assert not gate.is_forgotten(1.0)
    assert gate.is_forgotten(10.0 + MARGIN)


def test_a_gate_is_one_of_its_kinds() -> None:
    gate, claim = Turnstile("x"), Claim(())
    with pytest.raises(NotImplementedError):
        opens_at(gate, 0.0)
    with pytest.raises(NotImplementedError):
        gate.take(claim, Step(gate))
    with pytest.raises(NotImplementedError):
        gate.give_back(claim, Step(gate))


@given(
    st.integers(2, 6),
    st.lists(st.tuples(st.floats(0, 3.0), st.integers(1, 2), st.sampled_from(("leave", "wait", "void"))), max_size=40),
)
def test_never_more_in_any_span_than_it_lets_through(most: int, steps: list[tuple[float, int, str]]) -> None:
    """Whatever leaves late, in another order, or never: of what has left, no span holds more than so much."""
    gate, now = Frequency("small_history", most, 5.0), 0.0
    waiting: list[tuple[Claim, int]] = []
    left: list[tuple[float, int]] = []
    for pause, weight, fate in steps:
        now += pause
        at = opens_at(gate, now, weight=weight)
        if at > now:
            if at == FOR_EVER:
                # It opens when those have left, the last one first.
                for claim, its in reversed(waiting):
                    claim.left_at = now
                    left.append((now, its))
                waiting.clear()
                at = opens_at(gate, now, weight=weight)
            now = max(now, at)
        assert opens_at(gate, now, weight=weight) <= now
        claim = taken(gate, weight=weight)
        if fate == "leave":
            claim.left_at = now
            left.append((now, weight))
        elif fate == "wait":
            waiting.append((claim, weight))
        else:
            give_back(claim)
        assert sum(its for at, its in left if at + 5.0 > now) <= most
