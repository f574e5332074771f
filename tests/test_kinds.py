"""How one value is written: what the wire may hold is taken, everything else is refused, and sentinels end here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum, IntFlag
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anytws.messages.enumerations import Number, Word
from anytws.testing.strategies import values_of
from anytws.wire import kinds, times
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.kinds import (
    BOOL,
    COMMA_LIST,
    DECIMAL,
    DECIMAL_AS_DOUBLE,
    DOUBLE,
    ESCAPED,
    INT,
    LONG,
    MILLISECONDS,
    REQUEST_ID,
    SECONDS,
    STRING,
    UNSTATED,
    Kind,
    escape,
    flags_of,
    number_of,
    unescape,
    word_of,
)
from anytws.wire.rows import Choice, Column, Layout, Leaf, Many, Part, Row, leaves


class Colour(Number):
    """An enumeration that is a number."""

    NONE = 0
    RED = 1
    GREEN = 2


class Fruit(Word):
    """An enumeration that is a word."""

    APPLE = "APL"
    PEAR = "PER"


class Switch(IntFlag):
    """A bit mask."""

    LIGHT = 1
    HEAT = 4


COLOUR, FRUIT, SWITCH = number_of(Colour), word_of(Fruit), flags_of(Switch)
UNSET_DOUBLE = "1.7976931348623157e308"

PLAIN = [kind for kind in vars(kinds).values() if isinstance(kind, Kind)]
TIMES = [kind for kind in vars(times).values() if isinstance(kind, Kind)]
MADE = [
    COLOUR,
    number_of(Colour, LONG),
    FRUIT,
    SWITCH,
]
ALL = [*PLAIN, *TIMES, *MADE]
fewer = settings(max_examples=max(1, settings().max_examples // 3))
"""Many kinds, each of them simple: a third of the profile's examples."""
REFUSED = (ValueError, ArithmeticError, TypeError, AttributeError)
"""What the codec takes for "this is no such value"."""


def rows_in(layout: Layout) -> Iterator[Leaf]:
    """Give all rows of *layout* and of the records in it, in either encoding."""
    for row in [*leaves(layout.text_rows), *leaves(layout.protobuf_rows)]:
        yield row
        inner: list[object] = [row.layout] if isinstance(row, Part) else [row.of] if isinstance(row, Many) else []
        for nested in inner:
            for each in [*nested.options.values()] if isinstance(nested, Choice) else [nested]:
                if isinstance(each, Layout):
                    yield from rows_in(each)


def kinds_in(*layouts: Layout) -> dict[str, Kind]:
    """Give the kinds of all rows of *layouts* and of the records in them, by name."""
    found: dict[str, Kind] = {}
    for layout in layouts:
        for row in rows_in(layout):
            kind = row.kind if isinstance(row, (Row, Column)) else row.of if isinstance(row, Many) else None
            if isinstance(kind, Kind):
                found.setdefault(kind.name, kind)
    return found


_NAMED = {kind.name for kind in ALL}
IN_CATALOGUE = kinds_in(*(entry.layout for entry in CATALOGUE))


def knows_nothing(kind: Kind) -> bool:
    """Tell whether None is a value of *kind*, or an absent field one: those are in ``test_optional_kinds.py``."""
    return kind.optional or kind.absent is not UNSTATED


EVERY = [*ALL, *(kind for name, kind in IN_CATALOGUE.items() if name not in _NAMED and not knows_nothing(kind))]
"""Those of our own, and those that the catalogue makes for its messages."""


def name_of(kind: object) -> str | None:
    """Name a kind in a test's id."""
    return kind.name if isinstance(kind, Kind) else None


def read_back(kind: Kind, written: Any) -> Any:
    """Give what is read from protobuf, *written* None where the field is absent."""
    if written is None:
        return None if kind.absent is UNSTATED else kind.absent
    return written if kind.read_protobuf is None else kind.read_protobuf(written)


def both_ways(kind: Kind, value: Any) -> tuple[Any, Any]:
    """Send *value* through text and through protobuf."""
    return kind.read_text(kind.write_text(value)), read_back(
        kind, value if kind.write_protobuf is None else kind.write_protobuf(value)
    )


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
@fewer
@given(data=st.data())
def test_every_value_comes_back_equal_in_both_encodings(kind: Kind, data: st.DataObject) -> None:
    """Whatever a kind can write, it reads; its type included. And what was read is written the same again."""
    check_comes_back(kind, data.draw(values_of(kind)))


def check_comes_back(kind: Kind, value: Any) -> None:
    """Fail unless *value* comes back equal."""
    for got in both_ways(kind, value):
        assert got == value
        assert type(got) is type(value) or isinstance(value, datetime)
    assert kind.write_text(kind.read_text(kind.write_text(value))) == kind.write_text(value)


SCRAPS = st.lists(
    st.sampled_from([
        "0", "1", "-", "+", ".", "e", "E", "20240131", "19691231", "00000000", " ", "  ", "10:30:00", "10:30",
        "25:61:00", "Z", "UTC", "US/Eastern", "CST", "GMT+01:00", "../..", "2024-01-31", "10:30:00.5", "true", "|",
        ",", ";", "=",
        "\\ud800", "\udcfc", "١", "2147483647", "-1", "1.7976931348623157E308", "9223372036854775807", "1706697000",
    ])
).map("".join)  # fmt: skip
"""Texts made of what the forms of the wire are made of."""
_NO_NUL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TEXTS = _NO_NUL | SCRAPS | st.text("+-.0123456789eE_ \nINFinityaNu١\udc80\udcff")


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
@fewer
@given(text=TEXTS)
def test_any_text_is_a_value_or_refused(kind: Kind, text: str) -> None:
    """Only `ValueError` and `ArithmeticError` leave a reader; what it takes it writes and reads again: no NaN."""
    check_text(kind, text)


def check_text(kind: Kind, text: str) -> None:
    """Fail unless *text* is a value of *kind*, or refused."""
    try:
        value = kind.read_text(text)
    except (ValueError, ArithmeticError):
        return
    written = kind.write_text(value)
    written.encode()
    assert kind.read_text(written) == value
    assert kind.write_text(kind.read_text(written)) == written


IN_PROTOBUF: dict[str, st.SearchStrategy[Any]] = {
    "int32": st.integers(-(2**31), 2**31 - 1) | st.sampled_from([-1, 0, 2**31 - 1]),
    "int64": st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-1, 0, 2**31 - 1, 2**63 - 1]),
    "double": st.floats() | st.sampled_from([-1.0, 0.0, float(UNSET_DOUBLE)]),
    "bool": st.booleans(),
    "string": _NO_NUL | SCRAPS.map(lambda text: text.replace("\udcfc", "")),
}


@pytest.mark.parametrize("kind", EVERY, ids=name_of)
@fewer
@given(data=st.data())
def test_any_value_of_protobuf_is_a_value_or_refused(kind: Kind, data: st.DataObject) -> None:
    """The same of whatever a protobuf field of the kind's type can hold."""
    check_protobuf(kind, data.draw(IN_PROTOBUF[kind.protobuf]))


def check_protobuf(kind: Kind, held: Any) -> None:
    """Fail unless *held* is a value of *kind*, or refused."""
    try:
        value = read_back(kind, held)
    except (ValueError, ArithmeticError):
        return
    again = read_back(kind, value if kind.write_protobuf is None else kind.write_protobuf(value))
    assert again == value


NOT_INT = ["1.0", "1e3", "1_000", "１２", " 1", "1 ", "+", "-", "--1", "0x10", "one", "1\n", "٣", "9" * 5000]
NOT_REAL = ["nan", "sNaN", "inf", "infinity", "+Infinity", "1e", "e5", ".", "1_0.5", " 1.5", "1,5", "0x1p3", "١"]


@pytest.mark.parametrize(
    "kind, text",
    [(kind, text) for kind in (INT, LONG, BOOL, REQUEST_ID, SECONDS, MILLISECONDS) for text in NOT_INT]
    + [(kind, text) for kind in (DOUBLE, DECIMAL) for text in NOT_REAL]
    + [(BOOL, "true"), (BOOL, "True"), (DECIMAL, "Infinity"), (DECIMAL, "-Infinity")],
)
def test_what_only_python_takes_for_a_number_is_refused(kind: Kind, text: str) -> None:
    """``int("1_000")``, ``float(" 1 ")``, ``Decimal("sNaN")``: Python's parsers are more generous than the wire."""
    with pytest.raises((ValueError, ArithmeticError)):
        kind.read_text(text)


@pytest.mark.parametrize(
    "kind, text",
    [
        (INT, "2147483648"),
        (INT, "-2147483649"),
        (LONG, "9223372036854775808"),
        (LONG, "-9223372036854775809"),
        (REQUEST_ID, "2147483648"),
        (DOUBLE, "1e999"),
        (DOUBLE, "-" + "9" * 400),
        (DOUBLE, "1e-400"),
        (DOUBLE, "-0." + "0" * 400 + "1"),
        (INT, "0" * 401),
        (DECIMAL, "1" * 401),
        (DECIMAL_AS_DOUBLE, "1" * 401),
        (DOUBLE, "0" * 401),
        (SECONDS, "9" * 15),
        (MILLISECONDS, "-" + "9" * 18),
    ],
)
def test_a_number_that_does_not_fit_is_refused(kind: Kind, text: str) -> None:
    """A value that protobuf could not hold, and that we could not write ourselves, is none.

    1e999 is no infinity, and 1e-400 no zero. Nor is a number as long as a page, whatever its value.
    """
    with pytest.raises((ValueError, ArithmeticError)):
        kind.read_text(text)


@pytest.mark.parametrize(
    "kind, text, value",
    [
        (INT, "007", 7),
        (INT, "+7", 7),
        (INT, "-2147483648", -(2**31)),
        (LONG, "9223372036854775806", 2**63 - 2),
        (DOUBLE, "1e-5", 1e-05),
        (DOUBLE, "5.", 5.0),
        (DOUBLE, ".5", 0.5),
        (DOUBLE, "0e-400", 0.0),
        (DOUBLE, "-0.00", -0.0),
        (DOUBLE, "5e-324", 5e-324),
        (DOUBLE, "1" + "0" * 300, 1e300),
        (DECIMAL, "1" * 400, Decimal("1" * 400)),
        (DECIMAL, "1E-6001", Decimal("1E-6001")),
        (DOUBLE, "Infinity", math.inf),
        (DOUBLE, "-Infinity", -math.inf),
        (DECIMAL, "1E+3", Decimal(1000)),
        (DECIMAL, "100.10", Decimal("100.1")),
        (BOOL, "0", False),
        (BOOL, "1", True),
        (BOOL, "-1", True),
        (BOOL, "2", True),
        (REQUEST_ID, "-1", None),
        (REQUEST_ID, "2147483647", None),
        (REQUEST_ID, "0", 0),
        (COMMA_LIST, "", ()),
        (COMMA_LIST, "DU1", ("DU1",)),
        (COMMA_LIST, "DU1,DU2,", ("DU1", "DU2")),
        (SECONDS, "1752606307", datetime.fromisoformat("2025-07-15T19:05:07+00:00")),
        (MILLISECONDS, "1783641780497", datetime.fromisoformat("2026-07-10T00:03:00.497+00:00")),
        (COLOUR, "2", Colour.GREEN),
        (COLOUR, "77", Colour(77)),
        (COLOUR, "-1", Colour(-1)),
        (number_of(Colour, LONG), "4294967296", Colour(2**32)),
        (FRUIT, "APL", Fruit.APPLE),
        (FRUIT, "FIG", Fruit("FIG")),
        (FRUIT, "\udcfc", Fruit("ü")),
        (SWITCH, "5", Switch.LIGHT | Switch.HEAT),
        (SWITCH, "0", Switch(0)),
        (SWITCH, "10", Switch(10)),
        (DECIMAL_AS_DOUBLE, "100", Decimal(100)),
        (DECIMAL_AS_DOUBLE, "0.1", Decimal("0.1")),
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
        (REQUEST_ID, -1),
        (REQUEST_ID, 2147483647),
    ],
    ids=lambda part: getattr(part, "name", f"{part!r:.30}"),
)
def test_a_sentinel_in_protobuf_is_none_too(kind: Kind, value: object) -> None:
    """The vendor leaves unset fields out, mostly."""
    assert kind.read_protobuf is not None
    assert kind.read_protobuf(value) is None


@pytest.mark.parametrize(
    "kind, text",
    [
        (INT, "2147483647"),
        (INT, "+2147483647"),
        (LONG, "9223372036854775807"),
        (DOUBLE, "1.7976931348623157E308"),
        (DOUBLE, "1.7976931348623157e+308"),
        *((DECIMAL, text) for text in ("2147483647", "9223372036854775807", str(2**127 - 1), "1.7976931348623157E308")),
        (DECIMAL_AS_DOUBLE, "1.7976931348623157E308"),
        (COLOUR, "2147483647"),
        (SWITCH, "2147483647"),
        *((kind, "") for kind in (INT, LONG, DOUBLE, DECIMAL, DECIMAL_AS_DOUBLE, BOOL, COLOUR, FRUIT, SWITCH)),
    ],
)
def test_what_means_no_value_is_refused_where_one_has_to_be(kind: Kind, text: str) -> None:
    """A price of 1.8e308 or an order number of two billion would pass for a value: the frame is bad, and told."""
    with pytest.raises((ValueError, ArithmeticError)):
        kind.read_text(text)
    if text and kind.protobuf != "string":
        with pytest.raises((ValueError, ArithmeticError)):
            read_back(kind, float(text) if kind.protobuf == "double" else int(text))


@pytest.mark.parametrize(
    "kind, value, text, written",
    [
        (BOOL, False, "0", False),
        (STRING, "", "", ""),
        (COLOUR, Colour.GREEN, "2", 2),
        (COLOUR, 2, "2", 2),
        (COLOUR, Colour(99), "99", 99),
        (FRUIT, Fruit.PEAR, "PER", "PER"),
        (FRUIT, "FIG", "FIG", "FIG"),
        (SWITCH, Switch.LIGHT | Switch.HEAT, "5", 5),
        (SWITCH, Switch(0), "0", 0),
        (SWITCH, 12, "12", 12),
        (DECIMAL_AS_DOUBLE, Decimal("0.1"), "0.1", 0.1),
        (DECIMAL_AS_DOUBLE, Decimal("1E+3"), "1E+3", 1000.0),
        (DECIMAL, Decimal("1E+3"), "1E+3", "1000"),
    ],
    ids=lambda part: getattr(part, "name", f"{part!r:.20}"),
)
def test_values_on_the_wire(kind: Kind, value: object, text: str, written: object) -> None:
    """As text, and in protobuf, where None leaves the field out."""
    assert kind.write_text(value) == text
    assert kind.write_protobuf is not None
    got = kind.write_protobuf(value)
    assert got == written
    # Protobuf takes no members of enumerations for numbers and words, and would write True for 1.
    assert type(got) is type(written)


def test_a_decimal_that_a_double_cannot_hold_is_refused_in_protobuf_alone() -> None:
    """It would come out as another number; text has all of it."""
    exact = Decimal("0.12345678901234567890")
    assert DECIMAL_AS_DOUBLE.read_text(DECIMAL_AS_DOUBLE.write_text(exact)) == exact
    assert DECIMAL_AS_DOUBLE.write_protobuf is not None
    for value in (exact, Decimal("1E+400"), Decimal("1E-400")):
        with pytest.raises((ValueError, ArithmeticError)):
            DECIMAL_AS_DOUBLE.write_protobuf(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_a_double_that_is_no_decimal_is_refused(value: float) -> None:
    """Protobuf's double can say more than a decimal can hold."""
    with pytest.raises((ValueError, ArithmeticError)):
        read_back(DECIMAL_AS_DOUBLE, value)


def test_a_mask_has_no_sign() -> None:
    """A negative number has infinitely many bits."""
    for bad in ("-1", "x", ""):
        with pytest.raises((ValueError, ArithmeticError)):
            SWITCH.read_text(bad)
    with pytest.raises((ValueError, ArithmeticError)):
        read_back(SWITCH, -1)


NAIVE = datetime.fromisoformat("2026-01-02T03:04:05")
AWARE = NAIVE.replace(tzinfo=UTC)
WRONG: dict[str, list[object]] = {
    "INT": [None, True, "1", 1.0, 2**31, -(2**31) - 1, Decimal(1), b"1"],
    "LONG": [None, False, "1", 1.0, 2**63, -(2**63) - 1],
    "DOUBLE": [None, True, "1.5", math.nan, Decimal("1.5"), 10**400, 1j],
    "DECIMAL": [None, 1, 1.5, "1.5", Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"), True],
    "BOOL": [None, 0, 1, "1", "true", 1.0],
    "STRING": [None, 5, b"x", "a\0b", ["x"]],
    "ESCAPED": [None, 5, b"x", "\ud800", "\udc00", "\ud83d\ude00", ["x"]],
    "DECIMAL_AS_DOUBLE": [None, 1, 1.5, "1.5", Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), True],
    "Colour": [None, "1", True, 1.0, 2**31, -(2**31) - 1, 2147483647, Colour(2147483647), Fruit.APPLE],
    "Fruit": [None, 5, "", b"APL", "a\0b", ["APL"], Fruit(""), Colour.RED],
    "Switch": [None, "1", True, 1.0, 2**31, ["x"]],
    "REQUEST_ID": [-1, 2147483647, True, "1", 1.0, 2**31],
    "COMMA_LIST": [None, "DU1", ["DU1"], ("DU1", ""), ("DU1,DU2",), (1,), ("\ud800",)],
    "SECONDS": [None, 0, NAIVE, AWARE.replace(microsecond=1), AWARE.date(), timedelta(0), "2026"],
    "MILLISECONDS": [None, 0, NAIVE, AWARE.replace(microsecond=1), AWARE.replace(microsecond=999)],
}
NUMBERS = {"INT", "LONG", "DOUBLE", "DECIMAL", "DECIMAL_AS_DOUBLE", "Switch"}
"""Kinds that refuse what means "no value" to the vendor, even where they are not optional."""
SENTINELS: dict[str, list[object]] = {
    "INT": [2147483647],
    "LONG": [9223372036854775807],
    "DOUBLE": [1.7976931348623157e308],
    "DECIMAL": [Decimal(2147483647), Decimal(2**127 - 1), Decimal("1.7976931348623157E308")],
    "STRING": [""],
    "ESCAPED": [""],
    "DECIMAL_AS_DOUBLE": [Decimal("1.7976931348623157E308")],
    "Switch": [Switch(2147483647)],
    "COMMA_LIST": [()],
}
_CHECKED = [*PLAIN, COLOUR, FRUIT, SWITCH]

WRONG_CASES: list[tuple[Kind, object]] = [
    *((kind, value) for kind in _CHECKED for value in WRONG[kind.name]),
    *((kind, value) for kind in _CHECKED if kind.name in NUMBERS for value in SENTINELS.get(kind.name, [])),
]
"""Every kind with what is no value of it."""


def is_text(value: object) -> bool:
    """Tell what UTF-8 can hold from half a character, alone or in a list."""
    try:
        "".join(map(str, value if isinstance(value, tuple) else (value,))).encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("kind, value", WRONG_CASES, ids=lambda part: getattr(part, "name", f"{part!r:.20}"))
def test_what_is_no_value_is_refused_in_text(kind: Kind, value: object) -> None:
    """Wrong types, numbers that do not fit, NaN, a bool for a number, a naive time, half a character, a sentinel."""
    with pytest.raises(REFUSED):
        kind.write_text(value)


@pytest.mark.parametrize(
    "kind, value",
    # Half characters protobuf itself refuses, after the kind.
    [(kind, value) for kind, value in WRONG_CASES if is_text(value)],
    ids=lambda part: getattr(part, "name", f"{part!r:.20}"),
)
def test_what_is_no_value_is_refused_in_protobuf(kind: Kind, value: object) -> None:
    """The same values, so that what may be said does not depend on the server version."""
    assert kind.write_protobuf is not None
    with pytest.raises(REFUSED):
        kind.write_protobuf(value)


@pytest.mark.parametrize("kind", [DOUBLE, DECIMAL, DECIMAL_AS_DOUBLE], ids=name_of)
def test_nan_is_refused(kind: Kind) -> None:
    """It equals nothing, itself included: a message that holds it is not even equal to its copy."""
    held = "NaN" if kind.protobuf == "string" else math.nan
    for bad in (partial(kind.read_text, "NaN"), partial(read_back, kind, held)):
        with pytest.raises((ValueError, ArithmeticError)):
            bad()


# --- escapes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "escaped, plain",
    [
        (r"a\u00e9b", "aéb"),
        (r"\U0001f600", "\U0001f600"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\xe9", "é"),
        (r"\351", "é"),
        (r"\0", "\0"),
        (r"\n\r\t\a\b\f\v", "\n\r\t\a\b\f\v"),
        (r"\\\'\"", "\\'\""),
        (r"\\u00e9", r"\u00e9"),
        (r"\q\u12\x1\U00110000", r"\q\u12\x1\U00110000"),
        ("a\\", "a\\"),
        (r"\ufeffx", "\ufeffx"),
        ("é", "é"),
        ("\udce9", "é"),
        ("中\udce9\\u4e2d", "ä¸\xadé中"),
    ],
)
def test_escapes_as_the_facts_list_them(escaped: str, plain: str) -> None:
    """A malformed escape stays as written, a raw byte is Latin-1, two surrogate escapes are one character."""
    assert unescape(escaped) == plain


@given(text=st.text())
def test_escaping_gives_ascii_without_nul_and_is_undone(text: str) -> None:
    """`st.text` has no half characters; they have a test of their own."""
    escaped = escape(text)
    assert escaped.isascii()
    assert "\0" not in escaped
    assert unescape(escaped) == text


@given(text=st.text() | st.text("\\uUxX0123456789abcdefDd8nN\udc80\udcff"))
@example(text=r"\ud800")
@example(text=r"\udc00\ud800")
def test_what_comes_out_of_an_escaped_text_can_be_printed(text: str) -> None:
    r"""``\ud800`` alone is no character: who prints or stores the error text would fail, far from here."""
    raw = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    unescape(raw).encode()


@pytest.mark.parametrize("kind", [STRING, ESCAPED], ids=lambda kind: kind.name)
@pytest.mark.parametrize("code", ["gbk", "cp1252", "shift-jis", "cp1250"])
def test_text_that_is_not_utf_8_is_read_in_one_code(kind: Kind, code: str) -> None:
    """A Chinese TWS on Windows writes GBK, of which some bytes happen to be UTF-8: all of them are there to be had."""
    name = {"gbk": "苹果公司", "shift-jis": "ソニー", "cp1252": "Zürich Ä", "cp1250": "Střední"}[code]
    wire = name.encode(code).decode("utf-8", "surrogateescape")
    assert kind.read_text(wire).encode("latin-1").decode(code) == name


@pytest.mark.parametrize("kind", [DECIMAL, DECIMAL_AS_DOUBLE])
def test_a_decimal_as_long_as_a_page_is_not_written(kind: Kind) -> None:
    """Nobody would read it: what is written can be read."""
    long = Decimal("1" * 401)
    for write in (kind.write_text, kind.write_protobuf):
        assert write is not None
        with pytest.raises(ValueError, match=r"1|Infinity"):
            write(long)


@pytest.mark.parametrize("value", [Decimal("1E+300"), Decimal("1E-300"), Decimal("9" * 400)])
def test_what_is_written_of_a_decimal_is_read(value: Decimal) -> None:
    assert DECIMAL.read_text(DECIMAL.write_text(value)) == value
    assert DECIMAL.read_protobuf is not None
    assert DECIMAL.write_protobuf is not None
    assert DECIMAL.read_protobuf(DECIMAL.write_protobuf(value)) == value


class _Ids(IntEnum):
    QUOTES = 7
    TOO_LARGE = 2**31
    HUGE = 2**63


@pytest.mark.parametrize("kind", [INT, LONG, REQUEST_ID])
def test_a_member_of_an_enumeration_is_a_number(kind: Kind) -> None:
    """At once: to look for it in a range would take a minute, or for ever."""
    assert kind.write_text(_Ids.QUOTES) == "7"
    assert kind.write_protobuf is not None
    assert kind.write_protobuf(_Ids.QUOTES) == 7
    with pytest.raises(ValueError, match=str(2**63)):
        kind.write_text(_Ids.HUGE)


def test_a_list_in_one_text_is_not_endless() -> None:
    with pytest.raises(ValueError, match="a,a"):
        COMMA_LIST.read_text("a," * 100_001)
    assert len(COMMA_LIST.read_text("a," * 100_000)) == 100_000
