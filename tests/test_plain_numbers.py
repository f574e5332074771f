"""Numbers as TWS usually writes them, read by Python's own parsers: as the strict readers do, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anytws.wire.compiled.columns import memo_of
from anytws.wire.compiled.memo import LONGEST
from anytws.wire.compiled.plain_numbers import (
    PLAIN_NUMBERS,
    are_plain,
    are_plain_but,
    marks_of,
    parts_of,
)
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, Kind
from anytws.wire.optional_kinds import maybe, nothing_is
from tests.number_texts import KINDS, NUMBERS, ODD_NUMBERS, USUAL_NUMBERS, read, read_strictly


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(max_examples=30)
@given(texts=st.lists(NUMBERS | USUAL_NUMBERS, max_size=4))
@example(texts=["1", "2147483647"])
@example(texts=["1", "9223372036854775807"])
def test_numbers_are_read_as_strictly(kind: Kind, texts: list[str]) -> None:
    memo, strict = memo_of(kind.read_text), read_strictly(kind, texts)

    def read_quickly(texts: list[str]) -> list[object]:
        return [memo[text] for text in texts]

    # Twice: what was refused must not have been remembered, what was read must be remembered as it was.
    assert read(texts, read_quickly) == read(texts, read_quickly) == strict


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_odd_numbers_are_read_as_strictly(kind: Kind) -> None:
    memo = memo_of(kind.read_text)
    for text in ODD_NUMBERS:
        memo.clear()
        assert read([text], lambda texts: [memo[text] for text in texts]) == read_strictly(kind, [text])


@pytest.mark.parametrize("text", ["1", "181.25", "0.5", "123456.78", "90000", "-5", "-0.25", "181.123456"])
@pytest.mark.parametrize(
    "kind", [DOUBLE, DECIMAL, maybe(DOUBLE), nothing_is(DECIMAL, "-1")], ids=lambda kind: kind.name
)
def test_usual_numbers_need_no_strict_parser(kind: Kind, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    memo = memo_of(kind.read_text)
    memo.clear()
    monkeypatch.setattr(memo, "_read", None)
    assert memo[text] == kind.read_text(text)


def test_a_reader_is_taken_apart() -> None:
    inner, unset, is_unset = parts_of(nothing_is(DOUBLE, "-1").read_text)
    assert inner in PLAIN_NUMBERS
    assert -1.0 in unset
    assert is_unset is None
    assert parts_of(INT.read_text) == (INT.read_text, frozenset(), None)


# Columns

PLAIN_TEXTS: Final = st.text("0123456789.-", max_size=LONGEST + 1)


@given(st.lists(PLAIN_TEXTS | NUMBERS, max_size=4))
def test_plain_texts_have_no_other_characters_and_are_short(texts: list[str]) -> None:
    assert are_plain(texts) == all(len(text) < LONGEST and set(text) <= set("0123456789.-") for text in texts)


@given(st.lists(st.tuples(st.booleans(), PLAIN_TEXTS | NUMBERS | st.text(max_size=9).filter(lambda x: "\0" not in x))))
@example([(True, "1"), (False, "x"), (True, "2")])
@example([(True, "1"), (False, "x"), (True, "x")])
@example([(False, "\u0661"), (True, "5")])
@example([(False, "5"), (True, "\u0661")])
def test_the_numbers_of_a_body_are_plain_if_the_others_have_all_that_is_not(fields: list[tuple[bool, str]]) -> None:
    body = "".join(f"{text}\0" for _, text in fields).encode()
    numbers = [text for is_number, text in fields if is_number]
    others = [text for is_number, text in fields if not is_number]
    all_plain = all(set(text) <= set("0123456789.-") for text in numbers)
    if max(map(len, [*numbers, *others]), default=0) < 150:
        assert are_plain_but([others[::2], others[1::2]], body) == all_plain
    elif not all_plain:
        assert not are_plain_but([others[::2], others[1::2]], body)


@pytest.mark.parametrize("before", range(0, 320, 7))
def test_a_long_number_is_seen_wherever_it_stands(before: int) -> None:
    fields = ["1"] * (before // 2)
    for length, plain in ((149, True), (299, False), (400, False)):
        body = "".join(f"{text}\0" for text in [*fields, "1" * length, "5"]).encode()
        assert are_plain_but([], body) is plain


def test_what_is_no_field_has_to_be_plain_too() -> None:
    assert are_plain_but([], b"1\0")
    assert not are_plain_but([], b"1\x00x")


def test_marks_are_in_each_text_of_a_special_value() -> None:
    exact, rounded = PLAIN_NUMBERS[DECIMAL.read_text], PLAIN_NUMBERS[DOUBLE.read_text]
    assert marks_of({Decimal(-1), Decimal(2147483647), Decimal("1e308")}, exact) == ("-", "2147483647")
    assert marks_of({-1.0, 1.7976931348623157e308}, rounded) == ("-",)
    # There are no such texts: of 0.5 (".50" has none of "0.5"), and of a double, which rounds.
    assert marks_of({Decimal("0.5")}, exact) is None
    assert marks_of({2147483647.0}, rounded) is None
