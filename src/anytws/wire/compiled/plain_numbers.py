"""Numbers as TWS usually writes them: a sign, digits and a point. Python's own parsers read those as the strict do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs

from anytws.wire.compiled.bet import Read
from anytws.wire.compiled.memo import LONGEST, REMEMBERED, Memo
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, LONG
from anytws.wire.optional_kinds import OptionalReader

# At most nine digits in front of the point: too few for an overflow, and for each of the vendor's sentinels. Of such a
# text Python's own parsers take exactly what the strict ones do.
_is_whole: Final = re.compile(r"-?[0-9]{1,9}").fullmatch
_is_real: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,15})?").fullmatch
PLAIN: Final = b"0123456789.-"
# The sentinels of a decimal as they look without an exponent, whatever zeros stand around them; but for that which is
# the largest double, and has 309 digits then.
_SENTINELS: Final = (
    "2147483647",
    "9223372036854775807",
    "9223372036854775808",
    "170141183460469231731687303715884105727",
)
_SAFE: Final = 1e300


AreUsual: TypeAlias = Callable[[list[str], list[Any]], bool]


@attrs.frozen(eq=False)
class PlainNumber:
    """How numbers of one type are read where they are plain."""

    is_plain: Callable[[str], object]
    parse: Callable[[str], Any]
    are_usual: AreUsual | None = None
    """Whether of many, plain texts and their values, none is too large for the strict reader, and none a sentinel."""
    sentinels: frozenset[Any] = frozenset()
    """Those of this type: what is one of another's is a value here."""


def _are_usual_floats(texts: list[str], values: list[Any]) -> bool:
    # hypot(values) is at least each |value|, so one comparison checks them all. The sentinel is the largest double.
    # What is too small for a double has more zeros than a short text.
    return math.hypot(*values) < _SAFE and max(map(len, texts), default=0) < LONGEST


def _are_usual_decimals(texts: list[str], _: list[Any]) -> bool:
    joined = "".join(texts)
    return max(map(len, texts), default=0) < LONGEST and not any(mark in joined for mark in _SENTINELS)


_WHOLE: Final = PlainNumber(_is_whole, int)
_FLOAT: Final = PlainNumber(_is_real, float, _are_usual_floats, DOUBLE.sentinels)
_EXACT: Final = PlainNumber(_is_real, Decimal, _are_usual_decimals, DECIMAL.sentinels)
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

    __slots__ = ("_is_plain", "_is_unset", "_parse", "_unset")

    def __init__(self, read: Read, number: PlainNumber) -> None:
        super().__init__(read)
        _, self._unset, self._is_unset = parts_of(read)
        self._is_plain, self._parse = number.is_plain, number.parse

    def __missing__(self, seen: str) -> Any:
        if not self._is_plain(seen):
            return super().__missing__(seen)
        value = self._parse(seen)
        if value in self._unset or (self._is_unset is not None and self._is_unset(value)):
            value = None
        if len(self) >= REMEMBERED:
            self.clear()
        self[seen] = value
        return value


def parts_of(read: Read) -> tuple[Read, frozenset[Any], Callable[[Any], bool] | None]:
    """Take an optional reader apart: what it reads with, and what of that is None."""
    return (read.inner, read.unset, read.is_unset) if isinstance(read, OptionalReader) else (read, frozenset(), None)
