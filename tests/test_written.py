"""What is remembered of what was written: by the value, and never taken for another one that is equal to it."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.enumerations import Word
from anytws.messages.market_data import TickAttributes
from anytws.wire.compiled.written import (
    EXACTS,
    INTS,
    REALS,
    TEXTS,
    Flags,
    Members,
    RememberedDecimals,
    RememberedNumbers,
    RememberedReals,
    RememberedTexts,
    end_of_whole,
    made_of,
    writes_plain_decimals,
    writes_plain_reals,
)
from anytws.wire.kinds import DECIMAL, DECIMAL_AS_DOUBLE, DOUBLE, INT, LONG, REQUEST_ID, STRING
from anytws.wire.optional_kinds import left_out_when, maybe, nothing_is


@given(st.lists(st.floats(-1.7e308, 1.7e308) | st.sampled_from([0.0, -0.0, 1e9, 1e-320, math.inf]), max_size=6))
def test_numbers_are_written_as_strictly(values: list[float]) -> None:
    write = maybe(DOUBLE).write_text
    reals = RememberedReals(write)
    for value in [*values, *values]:
        assert (reals[value] if value else reals.zero(value)) == write(value)


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.sampled_from(
    [Decimal(1), Decimal("1.0"), Decimal("1E+3"), Decimal("-0"), Decimal("0E-20"), Decimal("0.10")]
), max_size=6))  # fmt: skip
def test_decimals_are_written_as_strictly(values: list[Decimal]) -> None:
    in_text = RememberedDecimals(DECIMAL.write_text, str)
    in_protobuf = RememberedDecimals(DECIMAL.write_protobuf or str, str)
    for value in [*values, *values]:
        assert in_text[str(value)] == DECIMAL.write_text(value)
        assert DECIMAL.write_protobuf is not None
        assert in_protobuf[str(value)] == DECIMAL.write_protobuf(value)


MEMOS = [
    RememberedNumbers(str, str, 2**31 - 1), RememberedReals(str), Flags(str), RememberedTexts(str),
    RememberedDecimals(str, str),
]  # fmt: skip


@pytest.mark.parametrize("memo", MEMOS, ids=lambda memo: type(memo).__name__)
def test_what_is_remembered_is_bounded(memo: dict[object, str]) -> None:
    for number in range(1, 5_000):
        key = str(number) if isinstance(memo, (RememberedTexts, RememberedDecimals)) else number
        assert memo[key] == str(number)
    assert len(memo) <= 2048


def test_long_texts_are_not_remembered() -> None:
    memo = RememberedTexts(str)
    assert memo["x" * 1000] == "x" * 1000
    assert not memo


def test_what_is_refused_is_not_remembered() -> None:
    memo = RememberedNumbers(INT.write_text, str, 2**31 - 1)
    for _ in range(2):
        with pytest.raises(ValueError, match="2147483647"):
            memo[2**31 - 1]
    assert not memo


class Colour(Word):
    """Words of a test."""

    RED = "RED"
    GREEN = "GREEN"


def test_members_that_nobody_knows_are_asked_for_each_time() -> None:
    asked: list[object] = []

    def put(value: object) -> str:
        asked.append(value)
        return f"<{value}>"

    members = Members(Colour, put)
    assert asked == [Colour.RED, Colour.GREEN]
    unknown = Colour("BLUE")
    assert [members[Colour.RED], members[unknown], members[unknown]] == ["<RED>", "<BLUE>", "<BLUE>"]
    assert asked[2:] == [unknown, unknown]


def test_flags_are_remembered_by_their_bits() -> None:
    flags = Flags(lambda value: str(int(value)))
    assert flags[TickAttributes.CAN_AUTO_EXECUTE] == str(int(TickAttributes.CAN_AUTO_EXECUTE))
    assert flags[TickAttributes(0)] == "0"


def test_a_kind_is_taken_apart() -> None:
    assert made_of(INT.write_text).base in INTS
    assert made_of(maybe(INT).write_protobuf).base in INTS
    assert made_of(REQUEST_ID.write_text).base in INTS
    assert made_of(nothing_is(DOUBLE, "-1").write_text).base in REALS
    assert made_of(maybe(DECIMAL).write_text).base in EXACTS
    assert made_of(DECIMAL_AS_DOUBLE.write_protobuf).base not in EXACTS
    assert made_of(left_out_when(STRING, "").write_protobuf).base in TEXTS


def test_a_number_that_is_refused_is_in_no_plain_range() -> None:
    assert end_of_whole(made_of(INT.write_text)) == 2**31 - 1
    assert end_of_whole(made_of(LONG.write_text)) == 2**63 - 1
    assert end_of_whole(made_of(nothing_is(INT, "5").write_text)) is None
    assert end_of_whole(made_of(left_out_when(INT, 5).write_protobuf)) is None
    assert writes_plain_reals(made_of(nothing_is(DOUBLE, "-1").write_text))
    assert not writes_plain_reals(made_of(nothing_is(DOUBLE, "0.5").write_text))
    assert not writes_plain_reals(made_of(nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0).write_text))
    assert writes_plain_decimals(made_of(nothing_is(DECIMAL, "-1").write_text))
    assert not writes_plain_decimals(made_of(nothing_is(DECIMAL, "0").write_text))
