"""Texts of numbers, usual and odd, and the kinds that read them: for what must read them as the strict readers do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from hypothesis import strategies as st

from anytws.wire.kinds import DECIMAL, DOUBLE, INT, LONG, Kind
from anytws.wire.optional_kinds import maybe, nothing_is

DIGITS: Final = st.text("0123456789", min_size=1, max_size=11)
SIGNS: Final = st.sampled_from(["", "-", "+", "00"])
POINTS: Final = st.sampled_from(["", ".", ".0"])
ODD_NUMBERS: Final = [
    *("-1", "-1.0", "-0", "-0.0", "nan", "NaN", "inf", "Infinity", "-Infinity", "1_0", "1e5", "1e999", "+1", "007"),
    *("-", ".", "-.", "1-", "1.2.3", "", " 1", "1 ", "1.", ".5", "0", "0.0", "-0.99999999999999999999"),
    *("\u0661", "\uff11.5", "\u00b2", "1\u0661", "12345678\u0661", "1\x1f", "\u20031", "1e-999", "1e-9"),
    *("2147483647", "02147483647", "2147483647.0", "2147483648", "-2147483648", "2147483646.99999999999999999"),
    *("999999999", "1000000000", "99999999.", ".99999999", "123456789.5", "00000000001"),
    *("9223372036854775807", "-9223372036854775808", "9223372036854775808", "9223372036854775807.00"),
    *("1.7976931348623157E308", "1.7976931348623157e+308", f"{17976931348623157 * 10**292}"),
    *("170141183460469231731687303715884105727", "9" * 400, f"0.{'0' * 400}1", f"1{'0' * 7000}", f"0.{'0' * 7000}1"),
    *("1" * 298, "1" * 299, "1" * 301, f"0.{'0' * 320}1", f"{'0' * 395}1.25", f"{'0' * 396}1.25", f"1.{'0' * 399}"),
]
NUMBERS: Final = (
    st.text("0123456789.-+eE_ \u0661\uff11", max_size=12)
    | st.builds("{}{}{}{}".format, SIGNS, DIGITS, POINTS, DIGITS)
    | st.sampled_from(ODD_NUMBERS)
)
USUAL_NUMBERS: Final = st.from_regex(r"-?[0-9]{1,7}(\.[0-9]{1,4})?", fullmatch=True)
KINDS: Final = [
    *(INT, LONG, DOUBLE, DECIMAL),
    *map(maybe, (INT, LONG, DOUBLE, DECIMAL)),
    nothing_is(INT, "2147483647"),
    nothing_is(INT, "-1"),
    nothing_is(INT, "7"),
    nothing_is(DOUBLE, "1.7976931348623157E308"),
    nothing_is(DOUBLE, "-1"),
    nothing_is(DOUBLE, "0"),
    nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0),
    nothing_is(DOUBLE, "-1", is_unset=lambda value: value > 100),
    nothing_is(DECIMAL, "-1"),
    nothing_is(DECIMAL, "0"),
    nothing_is(DECIMAL, "0.5"),
    # A marker that is the sentinel of another type.
    nothing_is(DOUBLE, "2147483647"),
]


def read(texts: list[str], read_all: Callable[[list[str]], Iterable[Any]]) -> str:
    """Give what *read_all* makes of *texts*: -0.0 is told from 0.0, and 1.0 from 1."""
    try:
        return repr([*read_all(texts)])
    except (ValueError, ArithmeticError):
        return "refused"


def read_strictly(kind: Kind, texts: list[str]) -> str:
    """Give what the strict reader of *kind* makes of *texts*."""
    return read(texts, lambda texts: map(kind.read_text, texts))
