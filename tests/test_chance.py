"""Chance has no memory, and is the same to the bit everywhere: figures are compared with what the C library says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.chance import (
    below,
    draw,
    exp,
    key_of,
    ln,
    noise,
    normal,
    normal_below,
    normal_density,
    root,
    unit,
)

KEYS = st.lists(st.integers(-(2**70), 2**70), max_size=6)


def test_equal_keys_give_equal_numbers_on_every_machine() -> None:
    """Numbers that were written down: they must not change, or every seed means something else."""
    assert draw(1, 265598, 20260105) == 6686207068022358854
    assert draw() == draw()
    assert noise(4, 7).hex() == noise(100, 7)[:4].hex()
    assert key_of("AAPL") == 0x89106B8B9F086CCB


@given(KEYS, st.integers(1, 1000))
def test_numbers_are_within_what_was_asked_for(keys: list[int], most: int) -> None:
    assert 0 <= draw(*keys) < 2**64
    assert 0 <= below(most, *keys) < most
    assert 0.0 <= unit(*keys) < 1.0
    assert abs(normal(*keys)) < 3.47


@given(KEYS, KEYS)
def test_other_keys_give_other_numbers(keys: list[int], others: list[int]) -> None:
    assert (draw(*keys) == draw(*others)) == (keys == others)


@given(st.integers(0, 400), KEYS)
def test_noise_has_the_length_that_was_asked_for_and_is_not_repeated(length: int, keys: list[int]) -> None:
    made = noise(length, *keys)
    assert len(made) == length
    blocks = [made[at : at + 64] for at in range(0, length, 64) if at + 64 <= length]
    assert len(set(blocks)) == len(blocks)


def test_many_numbers_are_spread_as_they_should_be() -> None:
    count = 4000
    units, normals = [unit(1, n) for n in range(count)], [normal(2, n) for n in range(count)]
    assert sum(units) / count == pytest.approx(0.5, abs=0.02)
    assert sum(normals) / count == pytest.approx(0.0, abs=0.05)
    assert sum(number * number for number in normals) / count == pytest.approx(1.0, abs=0.06)
    assert len(set(noise(count, 3))) == 256


def test_there_is_no_number_below_nothing() -> None:
    with pytest.raises(ValueError, match="below 0 was asked for"):
        below(0, 1)


@given(st.floats(-680, 680))
def test_exp_is_what_the_c_library_says(x: float) -> None:
    assert exp(x) == pytest.approx(math.exp(x), rel=1e-12)


@given(st.floats(1e-300, 1e300))
def test_ln_is_what_the_c_library_says(x: float) -> None:
    assert ln(x) == pytest.approx(math.log(x), rel=1e-14, abs=1e-15)


@given(st.floats(-36, 36))
def test_the_normal_distribution_is_what_the_c_library_says(x: float) -> None:
    assert normal_below(x) == pytest.approx(0.5 * math.erfc(-x / math.sqrt(2)), rel=1e-10)
    assert normal_density(x) == pytest.approx(math.exp(-x * x / 2) / math.sqrt(2 * math.pi), rel=1e-11)


def test_what_lies_far_out_has_an_end() -> None:
    assert exp(-1e9) == 0.0
    assert exp(1e9) == exp(690.0)
    assert (normal_below(-1e9), normal_below(1e9)) == (0.0, 1.0)
    assert root(2.25) == 1.5


@pytest.mark.parametrize("x", [0.0, -1.0, math.inf, math.nan])
def test_what_has_no_logarithm_is_refused(x: float) -> None:
    with pytest.raises(ValueError, match="no logarithm"):
        ln(x)
