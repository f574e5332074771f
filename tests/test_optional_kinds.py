"""Kinds that know nothing: each way to write "no value" is None, and None is written in a way that is read as None."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.testing.strategies import values_of
from anytws.wire import optional_kinds
from anytws.wire.kinds import (
    BOOL,
    COMMA_LIST,
    DECIMAL,
    DECIMAL_AS_DOUBLE,
    DOUBLE,
    ESCAPED,
    INT,
    LONG,
    SECONDS,
    STRING,
    UNSTATED,
    Kind,
)
from anytws.wire.optional_kinds import (
    ESCAPED_TEXT,
    FLAG,
    TEXT,
    OptionalReader,
    empty_means,
    left_out_when,
    maybe,
    nothing_is,
)
from tests.test_kinds import (
    COLOUR,
    FRUIT,
    IN_CATALOGUE,
    IN_PROTOBUF,
    NOT_INT,
    NOT_REAL,
    PLAIN,
    REFUSED,
    SENTINELS,
    SWITCH,
    TEXTS,
    TIMES,
    UNSET_DOUBLE,
    WRONG,
    Colour,
    check_comes_back,
    check_protobuf,
    check_text,
    fewer,
    is_text,
    knows_nothing,
    name_of,
    read_back,
)

BASES = [kind for kind in [*PLAIN, *TIMES, COLOUR, FRUIT, SWITCH] if not kind.optional and kind is not COMMA_LIST]
"""Kinds that are made optional. A list has a nothing of its own, the empty one, and never is."""
OWN = [kind for kind in vars(optional_kinds).values() if isinstance(kind, Kind) and knows_nothing(kind)]
MADE = [
    empty_means(INT, 0),
    left_out_when(INT, 0),
    nothing_is(INT, "2147483647"),
    nothing_is(DOUBLE, UNSET_DOUBLE),
    nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0),
    nothing_is(DECIMAL, "-1"),
    nothing_is(COLOUR, "-1"),
    nothing_is(STRING, "none"),
]
ALL = [*OWN, *MADE, *map(maybe, [*BASES, *OWN])]
_NAMED = {kind.name for kind in ALL}
EVERY = [*ALL, *(kind for name, kind in IN_CATALOGUE.items() if name not in _NAMED and knows_nothing(kind))]
"""Those of our own, and those that the catalogue makes for its messages."""


def test_there_are_three_kinds_of_its_own() -> None:
    """They are found by what they are: were there none, the tests below would hold nothing."""
    assert {*OWN} == {TEXT, ESCAPED_TEXT, FLAG}


# --- what holds for all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
@fewer
@given(data=st.data())
def test_every_value_comes_back_equal_in_both_encodings(kind: Kind, data: st.DataObject) -> None:
    """None is one of them, where the kind is optional."""
    check_comes_back(kind, data.draw(values_of(kind)))
    if kind.optional:
        check_comes_back(kind, None)


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
@fewer
@given(text=TEXTS)
def test_any_text_is_a_value_or_refused(kind: Kind, text: str) -> None:
    check_text(kind, text)


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
@fewer
@given(data=st.data())
def test_any_value_of_protobuf_is_a_value_or_refused(kind: Kind, data: st.DataObject) -> None:
    check_protobuf(kind, data.draw(IN_PROTOBUF[kind.protobuf]))


@pytest.mark.parametrize("kind", BASES, ids=name_of)
@fewer
@given(data=st.data())
def test_an_optional_kind_reads_and_writes_a_value_as_its_base_does(kind: Kind, data: st.DataObject) -> None:
    """What is added is None, and nothing else: empty in text, absent in protobuf."""
    value, optional = data.draw(values_of(kind)), maybe(kind)
    for other in (optional, empty_means(kind, value), left_out_when(kind, object())):
        text = kind.write_text(value)
        if text:
            assert other.write_text(value) == text
            assert other.read_text(text) == kind.read_text(text)
    assert (optional.read_text(""), optional.write_text(None)) == (None, "")
    assert optional.write_protobuf is not None
    assert optional.write_protobuf(None) is None
    assert empty_means(kind, value).read_text("") is value


@pytest.mark.parametrize("kind", BASES, ids=name_of)
@fewer
@given(data=st.data())
def test_what_is_left_out_is_what_absent_means(kind: Kind, data: st.DataObject) -> None:
    """And only that: any other value is written, as it was before."""
    default, value = data.draw(values_of(kind)), data.draw(values_of(kind))
    optional = left_out_when(kind, default)
    assert optional.write_protobuf is not None
    assert optional.write_protobuf(default) is None
    assert optional.absent == default
    if value != default:
        assert optional.write_protobuf(value) == (kind.write_protobuf(value) if kind.write_protobuf else value)


@given(number=st.integers(-(2**31), 2**31 - 2))
def test_a_marker_is_written_for_none_and_read_as_none(number: int) -> None:
    """Whatever the marker is; so are an empty text and a sentinel, whatever the marker is."""
    kind = nothing_is(INT, str(number))
    assert kind.write_text(None) == str(number)
    assert kind.read_text(str(number)) is kind.read_text("") is kind.read_text("2147483647") is None
    assert kind.read_text(str(number + 1)) == (None if number + 1 == 2147483647 else number + 1)
    with pytest.raises(ValueError, match=str(number)):
        kind.write_text(number)


@given(value=st.integers() | st.floats() | st.decimals(allow_nan=False), mark=st.sampled_from([0, -1, 2147483647]))
def test_a_reader_gives_what_it_is_made_of_and_none_where_that_says_so(value: Any, mark: int) -> None:
    """In this order: empty, one of the values, not a number, what the function says."""
    asked: list[Any] = []

    def is_unset(seen: Any) -> bool:
        asked.append(seen)
        return bool(seen < 0)

    read = OptionalReader(lambda seen: seen, frozenset({mark}), is_unset)
    found = read(value)
    if value == mark or value != value:  # noqa: PLR0124 (NaN)
        assert (found, asked) == (None, [])
    else:
        assert (found, asked) == (None if value < 0 else value, [value])
    assert read("") is None


# --- by hand -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, text, value",
    [
        (maybe(INT), "", None),
        (maybe(INT), "2147483647", None),
        (maybe(INT), "0", 0),
        (maybe(LONG), "9223372036854775807", None),
        (maybe(LONG), "2147483647", 2147483647),
        (maybe(DOUBLE), "1.7976931348623157E308", None),
        (maybe(DOUBLE), "Infinity", math.inf),
        (maybe(DOUBLE), "0.0", 0.0),
        (maybe(DECIMAL), "2147483647", None),
        (maybe(DECIMAL), "9223372036854775807", None),
        (maybe(DECIMAL), "-9223372036854775808", None),
        (maybe(DECIMAL), "1.7976931348623157E308", None),
        (maybe(DECIMAL), str(2**127 - 1), None),
        (maybe(DECIMAL), "0", Decimal(0)),
        (maybe(STRING), "", None),
        (maybe(ESCAPED), "", None),
        (FLAG, "", False),
        (FLAG, "0", False),
        (FLAG, "1", True),
        (FLAG, "2", True),
        (ESCAPED_TEXT, "", ""),
        (ESCAPED_TEXT, r"\u00e9", "é"),
        (empty_means(INT, 0), "", 0),
        (empty_means(INT, 7), "", 7),
        (empty_means(INT, 0), "5", 5),
        (empty_means(INT, 0), "2147483647", 0),
        (empty_means(DOUBLE, 0.0), "1.7976931348623157E308", 0.0),
        (maybe(SECONDS), "9223372036854775807", None),
        (empty_means(DOUBLE, 0.0), "", 0.0),
        (maybe(empty_means(INT, 0)), "", None),
        (nothing_is(INT, "2147483647"), "2147483647", None),
        (nothing_is(INT, "2147483647"), "", None),
        (nothing_is(INT, "2147483647"), "0", 0),
        (nothing_is(DOUBLE, UNSET_DOUBLE), "1.7976931348623157E308", None),
        (nothing_is(DOUBLE, UNSET_DOUBLE), "1.7976931348623157e+308", None),
        (nothing_is(DOUBLE, UNSET_DOUBLE), "Infinity", math.inf),
        (nothing_is(DOUBLE, "-1"), "-1.0", None),
        (nothing_is(DOUBLE, "-1"), "-2", -2.0),
        (nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0), "-2", None),
        (nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0), "1.7976931348623157E308", None),
        (nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0), "0", 0.0),
        (nothing_is(DECIMAL, "-1"), "-1.00", None),
        (nothing_is(STRING, "none"), "none", None),
        (maybe(COLOUR), "", None),
        (maybe(COLOUR), "0", Colour.NONE),
        (maybe(COLOUR), "2147483647", None),
        (nothing_is(COLOUR, "2147483647"), "2147483647", None),
        (nothing_is(COLOUR, "-1"), "-1", None),
        (maybe(FRUIT), "", None),
        (maybe(SWITCH), "", None),
        (maybe(SWITCH), "2147483647", None),
        (maybe(DECIMAL_AS_DOUBLE), "", None),
        (maybe(DECIMAL_AS_DOUBLE), "1.7976931348623157E308", None),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else repr(value)[:30],
)
def test_texts_of_the_wire(kind: Kind, text: str, value: object) -> None:
    """Every form that the facts name; absent is None, zero is zero, and no sentinel comes out."""
    assert kind.read_text(text) == value
    assert type(kind.read_text(text)) is type(value)


@pytest.mark.parametrize(
    "kind, value",
    [
        (maybe(INT), 2147483647),
        (maybe(LONG), 9223372036854775807),
        (maybe(DOUBLE), 1.7976931348623157e308),
        (maybe(DECIMAL), str(2**127 - 1)),
        (maybe(DECIMAL_AS_DOUBLE), 1.7976931348623157e308),
        (maybe(COLOUR), 2147483647),
        (maybe(SWITCH), 2147483647),
        (maybe(FRUIT), ""),
        (nothing_is(INT, "2147483647"), 2147483647),
        (nothing_is(DOUBLE, UNSET_DOUBLE), 1.7976931348623157e308),
        (nothing_is(DOUBLE, "-1"), 1.7976931348623157e308),
        (nothing_is(DOUBLE, "-1"), -1.0),
        (nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0), -2.0),
    ],
    ids=lambda part: getattr(part, "name", f"{part!r:.30}"),
)
def test_a_sentinel_in_protobuf_is_none_too(kind: Kind, value: object) -> None:
    """The vendor leaves unset fields out, mostly."""
    assert kind.read_protobuf is not None
    assert kind.read_protobuf(value) is None


@pytest.mark.parametrize(
    "kind, value, text, written",
    [
        (FLAG, False, "0", None),
        (FLAG, True, "1", True),
        (TEXT, "", "", None),
        (ESCAPED_TEXT, "", "", None),
        (ESCAPED_TEXT, "é", r"\u00e9", "é"),
        (left_out_when(INT, 0), 0, "0", None),
        (left_out_when(INT, 0), 1, "1", 1),
        (empty_means(INT, 0), 0, "0", 0),
        (maybe(BOOL), False, "0", False),
        (maybe(FLAG), False, "0", False),
        (maybe(FLAG), None, "", None),
        (maybe(INT), 0, "0", 0),
        (nothing_is(INT, "2147483647"), None, "2147483647", None),
        (nothing_is(DOUBLE, UNSET_DOUBLE), None, UNSET_DOUBLE, None),
        (nothing_is(DOUBLE, "-1"), None, "-1", None),
        (nothing_is(DOUBLE, "-1"), 0.5, "0.5", 0.5),
    ],
    ids=lambda part: getattr(part, "name", f"{part!r:.20}"),
)
def test_values_on_the_wire(kind: Kind, value: object, text: str, written: object) -> None:
    """As text, and in protobuf, where None leaves the field out."""
    assert kind.write_text(value) == text
    assert kind.write_protobuf is not None
    got = kind.write_protobuf(value)
    assert got == written
    assert type(got) is type(written)


def test_an_absent_field_is_what_the_kind_says() -> None:
    """None for an optional kind; the value that is left out otherwise, and then not for one made optional of it."""
    assert [kind.absent for kind in (TEXT, ESCAPED_TEXT, FLAG)] == ["", "", False]
    assert maybe(TEXT).absent is UNSTATED
    assert read_back(maybe(TEXT), None) is None
    assert read_back(TEXT, None) == ""


def test_what_a_marker_stands_for_cannot_be_said_otherwise() -> None:
    """-1 as a price would be read as None by whoever hears it."""
    kind = nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0)
    assert kind.write_protobuf is not None
    for value in (-1.0, -0.5, -1):
        for write in (kind.write_text, kind.write_protobuf):
            with pytest.raises(ValueError, match=str(value)):
                write(value)
    assert nothing_is(DOUBLE, "-1").write_text(-0.5) == "-0.5"


WRONG_OF_ITS_OWN: dict[str, list[object]] = {
    "TEXT": [None, 5, b"x", "a\0b", ["x"]],
    "FLAG": [None, 0, 1, "1", "", "true", 1.0],
    "ESCAPED_TEXT": [None, 5, b"x", "\ud800", "\udc00", "\ud83d\ude00", ["x"]],
}
_TEXTS = {TEXT, ESCAPED_TEXT, STRING, ESCAPED}
WRONG_CASES: list[tuple[Kind, object]] = [
    *((kind, value) for kind in OWN for value in WRONG_OF_ITS_OWN[kind.name]),
    *(
        (maybe(kind), value)
        for kind in [*PLAIN, *OWN, COLOUR, FRUIT, SWITCH]
        if not kind.optional
        for value in [*(WRONG | WRONG_OF_ITS_OWN)[kind.name], *SENTINELS.get(kind.name, []), *[""] * (kind in _TEXTS)]
        if value is not None
    ),
]
"""Every kind with what is no value of it."""


@pytest.mark.parametrize("kind, value", WRONG_CASES, ids=lambda part: getattr(part, "name", f"{part!r:.20}"))
def test_what_is_no_value_is_refused(kind: Kind, value: object) -> None:
    """In both encodings, so that what may be said does not depend on the server version."""
    with pytest.raises(REFUSED):
        kind.write_text(value)
    # Half characters protobuf itself refuses, after the kind.
    if is_text(value):
        assert kind.write_protobuf is not None
        with pytest.raises(REFUSED):
            kind.write_protobuf(value)


@pytest.mark.parametrize(
    "kind, text",
    [(kind, text) for kind in (INT, LONG, BOOL) for text in NOT_INT]
    + [(kind, text) for kind in (DOUBLE, DECIMAL) for text in NOT_REAL],
)
def test_what_only_python_takes_for_a_number_is_refused_and_not_none(kind: Kind, text: str) -> None:
    """Optional is no other word for lenient."""
    with pytest.raises((ValueError, ArithmeticError)):
        maybe(kind).read_text(text)


@pytest.mark.parametrize("kind", [DOUBLE, DECIMAL, DECIMAL_AS_DOUBLE], ids=name_of)
def test_nan_is_nothing(kind: Kind) -> None:
    """It equals nothing, itself included: a message that holds it is not even equal to its copy."""
    held = "NaN" if kind.protobuf == "string" else math.nan
    for optional in (maybe(kind), nothing_is(kind, "-1")):
        assert optional.read_text("NaN") is None
        assert read_back(optional, held) is None
    assert empty_means(kind, kind.read_text("0")).read_text("NaN") == 0


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_a_double_that_is_no_decimal_is_refused(value: float) -> None:
    """Protobuf's double can say more than a decimal can hold."""
    with pytest.raises((ValueError, ArithmeticError)):
        read_back(maybe(DECIMAL_AS_DOUBLE), value)


def test_a_kind_is_made_optional_once() -> None:
    """`anytws.wire.compiled` keeps values by the reader that has read them."""
    assert maybe(INT) is maybe(INT)
    assert maybe(INT) is not maybe(LONG)
