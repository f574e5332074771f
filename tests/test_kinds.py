"""How one value is written: what the wire may hold is taken, everything else is refused, and sentinels end here."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anytws.testing.strategies import values_of
from anytws.wire import kinds
from anytws.wire.kinds import (
    BOOL,
    COMMA_LIST,
    DECIMAL,
    DOUBLE,
    ESCAPED,
    INT,
    LONG,
    MILLISECONDS,
    REQUEST_ID,
    SECONDS,
    STRING,
    TEXT,
    Kind,
    escape,
    maybe,
    unescape,
)

PLAIN = [kind for kind in vars(kinds).values() if isinstance(kind, Kind)]
OPTIONAL = [maybe(kind) for kind in PLAIN if not kind.optional]
ALL = PLAIN + OPTIONAL
REFUSED = (ValueError, ArithmeticError, TypeError, AttributeError)
"""What the codec takes for "this is no such value"."""


def name_of(kind: object) -> str | None:
    """Name a kind in a test's id."""
    return kind.name if isinstance(kind, Kind) else None


def both_ways(kind: Kind, value: Any) -> tuple[Any, Any]:
    """Send *value* through text and through protobuf."""
    dumped = value if kind.dump is None else kind.dump(value)
    # What is left out of protobuf is the default of its field: "" where the kind is TEXT.
    absent = "" if kind is TEXT else None
    loaded = absent if dumped is None else dumped if kind.load is None else kind.load(dumped)
    return kind.read(kind.write(value)), loaded


@pytest.mark.parametrize("kind", ALL, ids=name_of)
@given(data=st.data())
def test_every_value_comes_back_equal_in_both_encodings(kind: Kind, data: st.DataObject) -> None:
    """Whatever a kind can write, it reads; its type included."""
    value = data.draw(values_of(kind))
    for got in both_ways(kind, value):
        assert got == value
        assert type(got) is type(value) or isinstance(value, datetime)


@pytest.mark.parametrize("kind", ALL, ids=name_of)
@given(text=st.text() | st.text("+-.0123456789eE_ \nINFinityaNu١"))
def test_any_text_is_a_value_or_refused(kind: Kind, text: str) -> None:
    """Only `ValueError` and `ArithmeticError` leave a reader, and nothing that it takes is NaN."""
    try:
        value = kind.read(text)
    except (ValueError, ArithmeticError):
        return
    assert value == value  # noqa: PLR0124 (NaN)


NOT_INT = ["1.0", "1e3", "1_000", "１２", " 1", "1 ", "+", "-", "--1", "0x10", "one", "1\n", "٣", "9" * 5000]
NOT_REAL = ["NaN", "nan", "sNaN", "inf", "infinity", "+Infinity", "1e", "e5", ".", "1_0.5", " 1.5", "1,5", "0x1p3", "١"]


@pytest.mark.parametrize(
    "kind, text",
    [(kind, text) for kind in (INT, LONG, BOOL, REQUEST_ID, SECONDS, MILLISECONDS) for text in NOT_INT]
    + [(kind, text) for kind in (DOUBLE, DECIMAL) for text in NOT_REAL]
    + [(BOOL, "true"), (BOOL, "True"), (DECIMAL, "Infinity"), (DECIMAL, "-Infinity")],
)
def test_what_only_python_takes_for_a_number_is_refused(kind: Kind, text: str) -> None:
    """``int("1_000")``, ``float(" 1 ")``, ``Decimal("NaN")``: Python's parsers are more generous than the wire."""
    for reader in (kind, maybe(kind)) if not kind.optional else (kind,):
        with pytest.raises((ValueError, ArithmeticError)):
            reader.read(text)


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
        (SECONDS, "9" * 15),
        (MILLISECONDS, "-" + "9" * 18),
    ],
)
def test_a_number_that_does_not_fit_is_refused(kind: Kind, text: str) -> None:
    """A value that protobuf could not hold, and that we could not write ourselves, is none; 1e999 is no infinity."""
    with pytest.raises((ValueError, ArithmeticError)):
        kind.read(text)


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
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else repr(value)[:30],
)
def test_texts_of_the_wire(kind: Kind, text: str, value: object) -> None:
    """Every form that the facts name; absent is None, zero is zero, and no sentinel comes out."""
    assert kind.read(text) == value
    assert type(kind.read(text)) is type(value)


@pytest.mark.parametrize(
    "kind, value",
    [
        (maybe(INT), 2147483647),
        (maybe(LONG), 9223372036854775807),
        (maybe(DOUBLE), 1.7976931348623157e308),
        (maybe(DECIMAL), str(2**127 - 1)),
        (REQUEST_ID, -1),
        (REQUEST_ID, 2147483647),
    ],
    ids=name_of,
)
def test_a_sentinel_in_protobuf_is_none_too(kind: Kind, value: object) -> None:
    """The vendor leaves unset fields out, mostly."""
    assert kind.load is not None
    assert kind.load(value) is None


NAIVE = datetime.fromisoformat("2026-01-02T03:04:05")
AWARE = NAIVE.replace(tzinfo=UTC)
WRONG: dict[str, list[object]] = {
    "INT": [None, True, "1", 1.0, 2**31, -(2**31) - 1, Decimal(1), b"1"],
    "LONG": [None, False, "1", 1.0, 2**63, -(2**63) - 1],
    "DOUBLE": [None, True, "1.5", math.nan, Decimal("1.5"), 10**400, 1j],
    "DECIMAL": [None, 1, 1.5, "1.5", Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"), True],
    "BOOL": [None, 0, 1, "1", "true", 1.0],
    "STRING": [None, 5, b"x", "a\0b", ["x"]],
    "TEXT": [None, 5, b"x", "a\0b", ["x"]],
    "ESCAPED": [None, 5, b"x", "\ud800", "\udc00", "\ud83d\ude00", ["x"]],
    "REQUEST_ID": [-1, 2147483647, True, "1", 1.0, 2**31],
    "COMMA_LIST": [None, "DU1", ["DU1"], ("DU1", ""), ("DU1,DU2",), (1,), ("\ud800",)],
    "SECONDS": [None, 0, NAIVE, AWARE.replace(microsecond=1), AWARE.date(), timedelta(0), "2026"],
    "MILLISECONDS": [None, 0, NAIVE, AWARE.replace(microsecond=1), AWARE.replace(microsecond=999)],
}
SENTINELS: dict[str, list[object]] = {
    "INT": [2147483647],
    "LONG": [9223372036854775807],
    "DOUBLE": [1.7976931348623157e308],
    "DECIMAL": [Decimal(2147483647), Decimal(2**127 - 1), Decimal("1.7976931348623157E308")],
    "STRING": [""],
    "TEXT": [""],
    "ESCAPED": [""],
    "COMMA_LIST": [()],
}


WRONG_CASES: list[tuple[Kind, object]] = [
    *((kind, value) for kind in PLAIN for value in WRONG[kind.name]),
    *(
        (maybe(kind), value)
        for kind in PLAIN
        if not kind.optional
        for value in [*WRONG[kind.name], *SENTINELS.get(kind.name, [])]
        if value is not None
    ),
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
        kind.write(value)


@pytest.mark.parametrize(
    "kind, value",
    # Half characters protobuf itself refuses, after the kind.
    [(kind, value) for kind, value in WRONG_CASES if is_text(value)],
    ids=lambda part: getattr(part, "name", f"{part!r:.20}"),
)
def test_what_is_no_value_is_refused_in_protobuf(kind: Kind, value: object) -> None:
    """The same values, so that what may be said does not depend on the server version."""
    assert kind.dump is not None
    with pytest.raises(REFUSED):
        kind.dump(value)


def test_protobuf_s_nan_is_refused_like_the_text_s() -> None:
    """NaN equals nothing, itself included: a message that holds it is not even equal to its copy."""
    for kind in (DOUBLE, maybe(DOUBLE)):
        load = kind.load or (lambda value: value)
        with pytest.raises((ValueError, ArithmeticError)):
            load(math.nan)


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
        ("中\udce9\\u4e2d", "中é中"),
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


def test_bytes_that_are_no_utf_8_show_as_the_official_client_shows_them() -> None:
    r"""As ``\xNN`` in an ordinary text."""
    assert STRING.read("Zürich \udcfc") == "Zürich \\xfc"
