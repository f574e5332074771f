"""Numbers as TWS usually writes them: a sign, digits and a point. Python's own parsers read those as the strict do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Context, InvalidOperation
from typing import Any, Final

import attrs

from anytws.wire.compiled.bet import Read
from anytws.wire.compiled.memo import LONGEST, REMEMBERED, Memo
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, LONG
from anytws.wire.optional_kinds import OptionalReader

# At most nine digits in front of the point, and no exponent that makes more of them: too few for an overflow, and for
# each of the vendor's sentinels. Too few behind it for what a double takes for zero. Of such a text Python's own
# parsers take exactly what the strict ones do.
_is_whole: Final = re.compile(r"-?[0-9]{1,9}").fullmatch
_is_real: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,20})?(?:[eE]-[0-9]{1,2})?").fullmatch
_FEW: Final = 9
"""Characters, of which all but one are digits and one may be a point: most numbers are no longer."""
_BEYOND: Final = 10**_FEW
_PRICE: Final = 14
"""Characters of the longest number that is remembered: prices, sizes and amounts of money have no more."""

PLAIN: Final = b"0123456789.-"
_STRIDE: Final = 150
_MARK: Final = 12
"""Digits that tell a sentinel: longer texts take longer to be looked for."""
_LARGE: Final = 10 ** (2 * _STRIDE)


@attrs.frozen(eq=False)
class PlainNumber:
    """How numbers of one type are read where they are plain."""

    is_plain: Callable[[str], object]
    parse: Callable[[str], Any]
    in_columns: bool = False
    """Whether it pays to read a column of them at once: few whole numbers are new."""
    sentinels: frozenset[Any] = frozenset()
    """Those of this type: what is one of another's is a value here."""
    is_exact: bool = True
    """Whether what is written differently has a different value, but for zeros around it."""


# Python's parser of decimals asks the context of the user, who may want NaN and no exception for what is no number.
# This one has room for all digits of a plain text, and is a little quicker.
_DECIMALS: Final = Context(
    prec=2 * _STRIDE, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, capitals=1, clamp=0, flags=[],
    traps=[InvalidOperation],
)  # fmt: skip
_WHOLE: Final = PlainNumber(_is_whole, int)
_FLOAT: Final = PlainNumber(_is_real, float, in_columns=True, sentinels=DOUBLE.sentinels, is_exact=False)
_EXACT: Final = PlainNumber(_is_real, _DECIMALS.create_decimal, in_columns=True, sentinels=DECIMAL.sentinels)
PLAIN_NUMBERS: Final[dict[Read | None, PlainNumber]] = {
    INT.read_text: _WHOLE,
    LONG.read_text: _WHOLE,
    DOUBLE.read_text: _FLOAT,
    DECIMAL.read_text: _EXACT,
    DECIMAL.read_protobuf: _EXACT,
    # As they stand in optional readers.
    (INT.with_sentinels or INT).read_text: _WHOLE,
    (LONG.with_sentinels or LONG).read_text: _WHOLE,
    (DOUBLE.with_sentinels or DOUBLE).read_text: _FLOAT,
    (DECIMAL.with_sentinels or DECIMAL).read_text: _EXACT,
}
"""By the strict reader of a text."""


class NumberMemo(Memo):
    """A memo of numbers, which are what is new most often: plain ones need no strict parser."""

    __slots__ = ("_few_may_be_unset", "_is_plain", "_is_unset", "_parse", "_unset")

    def __init__(self, read: Read, number: PlainNumber) -> None:
        super().__init__(read)
        _, self._unset, self._is_unset = parts_of(read)
        self._is_plain, self._parse = number.is_plain, number.parse
        self._few_may_be_unset = self._is_unset is not None or any(0 <= value < _BEYOND for value in self._unset)

    def __missing__(self, seen: str) -> Any:
        # The shortest test of a number without a sign; a second point, or none but a point, the parser refuses.
        if len(seen) <= _FEW and seen.isascii() and seen.replace(".", "", 1).isdigit():
            value, may_be_unset = self._parse(seen), self._few_may_be_unset
        elif len(seen) <= LONGEST and self._is_plain(seen):
            value, may_be_unset = self._parse(seen), True
        else:
            return super().__missing__(seen)
        if may_be_unset and (value in self._unset or (self._is_unset is not None and self._is_unset(value))):
            value = None
        # With more digits than a price has it is the result of a computation, and comes once.
        if len(seen) <= _PRICE:
            if len(self) >= REMEMBERED:
                self.clear()
            self[seen] = value
        return value


def parts_of(read: Read) -> tuple[Read, frozenset[Any], Callable[[Any], bool] | None]:
    """Take an optional reader apart: what it reads with, and what of that is None."""
    return (read.inner, read.unset, read.is_unset) if isinstance(read, OptionalReader) else (read, frozenset(), None)


# Columns


def marks_of(special: Iterable[Any], number: PlainNumber) -> tuple[str, ...] | None:
    """Give texts of which one is in each plain text whose value is *special*; None where there are no such texts.

    What needs as many digits as a plain text has not is left out.
    """
    marks: set[str] = set()
    for value in special:
        if value < 0:
            marks.add("-")
        elif value < _LARGE:
            if not number.is_exact or value != int(value):
                return None
            marks.add(str(int(value))[:_MARK])
    return tuple(sorted(marks))


def are_plain(texts: list[str]) -> bool:
    """Tell whether *texts* are plain.

    They have digits, points and minus signs only, and so few that none is too long for a strict reader, too large or
    too small for a double, or the vendor's largest double: Python's own parsers read them as the strict ones do, or
    refuse them.
    """
    joined = "".join(texts)
    return joined.isascii() and not joined.encode().translate(None, PLAIN) and max(map(len, texts), default=0) < LONGEST


def are_plain_but(others: Iterable[list[str]], body: bytes) -> bool:
    """Tell whether all fields of a text *body* are plain but for *others*, which are of it."""
    # The others have all characters that are not plain.
    odd = sum(len("".join(texts).encode().translate(None, PLAIN)) for texts in others)
    if len(body.translate(None, PLAIN + b"\0")) != odd:
        return False
    # A text that is as long as two strides but for one byte has a stride in it without an end.
    return not [start for start in range(0, len(body), _STRIDE) if 0 not in body[start : start + _STRIDE]]
