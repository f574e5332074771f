"""What is remembered of values is bounded, whatever the peer chooses to say."""

from __future__ import annotations

import pytest

from anytws.wire.compiled.columns import memo_of
from anytws.wire.compiled.memo import LONGEST, REMEMBERED, Memo
from anytws.wire.kinds import BOOL, INT, STRING


def test_what_is_remembered_is_bounded() -> None:
    memo = Memo(str.upper)
    for number in range(10_000):
        assert memo[f"x{number}"] == f"X{number}"
    assert len(memo) <= REMEMBERED
    long = "y" * 1000
    assert memo[long] == long.upper()
    assert long not in memo


def test_numbers_are_remembered_up_to_the_same_bound() -> None:
    memo = memo_of(INT.read_text)
    for number in range(-5_000, 5_000):
        assert memo[str(number)] == number
        assert len(memo) <= REMEMBERED


def test_the_strict_parser_is_asked_once() -> None:
    asked: list[str] = []
    memo = Memo(lambda text: asked.append(text) or text.upper())
    assert [memo["a"], memo["a"], memo["b"]] == ["A", "A", "B"]
    assert asked == ["a", "b"]


def test_what_is_refused_is_not_remembered() -> None:
    memo = Memo(int)
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            _ = memo["x"]
    assert memo == {}


def test_the_longest_that_is_remembered() -> None:
    memo = Memo(STRING.read_text)
    assert [memo["x" * length] for length in (LONGEST, LONGEST + 1)] == ["x" * LONGEST, "x" * (LONGEST + 1)]
    assert list(memo) == ["x" * LONGEST]


def test_each_reader_has_one_for_each_scalar_type() -> None:
    """1 and True are the same key, and not the same value."""
    assert memo_of(BOOL.read_text) is memo_of(BOOL.read_text)
    assert memo_of(BOOL.read_text) is not memo_of(BOOL.read_text, "int32")
