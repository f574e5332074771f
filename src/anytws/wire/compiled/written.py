"""Values to what stands for them on the wire: what is usual at once, all else by the strict writer of the kind.

Every expression made here gives what the strict writer gives, or raises. It is chosen by what the kind is made of
(`anytws.wire.kinds`, `anytws.wire.optional_kinds`); a kind that is made of something else is left to its own writer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntFlag
from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.enumerations import Word
from anytws.wire.compiled.bet import GiveUp
from anytws.wire.compiled.memo import LONGEST, REMEMBERED
from anytws.wire.kinds import BOOL, DECIMAL, DECIMAL_AS_DOUBLE, DOUBLE, ESCAPED, INT, LONG, REQUEST_ID, STRING, Kind
from anytws.wire.optional_kinds import DefaultLeftOut, OptionalWriter

Put: TypeAlias = Callable[[Any], str]
"""A value to what stands for it on the wire: the strict way, wrapped in what the encoding puts around it."""

_BELOW: Final = 1e9
"""No sentinel of the vendor is so near to zero, but for those that a kind names itself."""
SHORT: Final = 10
"""Characters of a number of which none is so large as that."""
_INT_END: Final = 2**31 - 1
_LONG_END: Final = 2**63 - 1


class RememberedTexts(dict[str, str]):
    """What stands for a text, by the text. Asked for nothing but a `str`, which a peer may have chosen."""

    __slots__ = ("_put",)

    def __init__(self, put: Put) -> None:
        self._put = put

    def __missing__(self, value: str) -> str:
        written = self._put(value)
        if len(self) >= REMEMBERED:
            self.clear()
        if len(value) <= LONGEST:
            self[value] = written
        return written


class RememberedNumbers(dict[int, str]):
    """What stands for a whole number, by the number. Asked for nothing but an `int`: True is equal to 1."""

    __slots__ = ("_end", "_plain", "_put")

    def __init__(self, put: Put, plain: Put, end: int) -> None:
        self._put = put
        self._plain = plain
        self._end = end

    def __missing__(self, value: int) -> str:
        written = self._plain(value) if 0 < value < self._end else self._put(value)
        if len(self) >= REMEMBERED:
            self.clear()
        self[value] = written
        return written


class RememberedReals(dict[float, str]):
    """The texts of numbers with a fraction, by the number. Asked for nothing but a `float`, and not for zeros.

    A zero with a minus is equal to one without, and is written in another way.
    """

    __slots__ = ("_put", "_zero")

    def __init__(self, put: Put) -> None:
        self._put = put
        try:
            self._zero: str | None = put(0.0)
        except (ValueError, ArithmeticError, GiveUp):
            self._zero = None

    def __missing__(self, value: float) -> str:
        written = repr(value) if 0.0 < value < _BELOW else self._put(value)
        if len(self) >= REMEMBERED:
            self.clear()
        self[value] = written
        return written

    def zero(self, value: float) -> str:
        """Give what stands for *value*, which is a zero."""
        return self._put(value) if self._zero is None or math.copysign(1.0, value) < 0 else self._zero


class RememberedDecimals(dict[str, str]):
    """What stands for an exact number, by its text: 1 and 1.0 are equal, and written in two ways."""

    __slots__ = ("_plain", "_put")

    def __init__(self, put: Put, plain: Put) -> None:
        self._put = put
        self._plain = plain

    def __missing__(self, text: str) -> str:
        # Without an exponent both encodings have the text as it is.
        is_plain = len(text) < SHORT and text.replace(".", "", 1).isdigit()
        written = self._plain(text) if is_plain else self._put(Decimal(text))
        if len(self) >= REMEMBERED:
            self.clear()
        if len(text) <= LONGEST:
            self[text] = written
        return written


class Flags(dict[Any, str]):
    """What stands for a set of flags, by the set. Asked for nothing but flags of the one class."""

    __slots__ = ("_put",)

    def __init__(self, put: Put) -> None:
        self._put = put

    def __missing__(self, value: Any) -> str:
        written = self._put(value)
        if len(self) >= REMEMBERED:
            self.clear()
        self[value] = written
        return written


class Members(dict[Any, str]):
    """What stands for each member of an enumeration that we know; any other value is asked of the strict writer."""

    __slots__ = ("_put",)

    def __init__(self, cls: type[Enum], put: Put) -> None:
        self._put = put
        # A member that is not written is found out by whoever writes it.
        for member in cls:
            try:
                self[member] = put(member)
            except (ValueError, ArithmeticError, GiveUp):
                continue

    def __missing__(self, value: Any) -> str:
        return self._put(value)


# --- what a kind is made of --------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Made:
    """The writer of a kind, taken apart."""

    base: Any
    """What writes in the end."""
    refused: frozenset[Any] = frozenset()
    """Values on the way to it that are refused, or left out."""
    is_open: bool = True
    """Whether those are all."""

    def takes(self, low: float, high: float) -> bool:
        """Tell whether nothing is refused, or left out, from *low* to *high*."""
        numbers = [each for each in self.refused if isinstance(each, (int, float, Decimal))]
        return self.is_open and not any(low <= each <= high for each in numbers)


def made_of(write: Any) -> Made:
    """Take *write* apart."""
    if isinstance(write, OptionalWriter):
        inner = made_of(write.inner)
        is_open = inner.is_open and write.is_refused is None
        return Made(inner.base, inner.refused | write.refused, is_open)
    if isinstance(write, DefaultLeftOut):
        inner = made_of(write.inner)
        return Made(inner.base, inner.refused | {write.default}, inner.is_open)
    return Made(write)


def _writers(kind: Kind) -> set[Any]:
    """Give what writes values of *kind*, in both encodings, with and without its sentinels."""
    inner = kind.with_sentinels or kind
    return {kind.write_text, kind.write_protobuf, inner.write_text, inner.write_protobuf} - {None}


INTS: Final = _writers(INT) | _writers(REQUEST_ID)
LONGS: Final = _writers(LONG)
REALS: Final = _writers(DOUBLE)
EXACTS: Final = _writers(DECIMAL) | {DECIMAL_AS_DOUBLE.write_text, (DECIMAL_AS_DOUBLE.with_sentinels or INT).write_text}
FLAGS: Final = _writers(BOOL)
TEXTS: Final = _writers(STRING) | _writers(ESCAPED)


def end_of_whole(made: Made) -> int | None:
    """Give the number below which those from 1 on are written plainly; None where *made* writes no whole numbers."""
    end = _INT_END if made.base in INTS else _LONG_END if made.base in LONGS else None
    return end if end is not None and made.takes(1, end - 1) else None


def writes_plain_reals(made: Made) -> bool:
    """Tell whether *made* takes all numbers between zero and a thousand million."""
    return made.base in REALS and made.takes(math.ulp(0.0), _BELOW)


def writes_plain_decimals(made: Made) -> bool:
    """Tell whether *made* writes whole numbers of less than ten digits as they are."""
    return made.base in EXACTS and made.takes(0, _BELOW)


def known_of(members: type[Enum], put: Put) -> Flags | Members:
    """Give what stands for the values of the enumeration *members*."""
    return Flags(put) if issubclass(members, IntFlag) else Members(members, put)


def is_word(kind: Kind) -> bool:
    """Tell whether *kind* is an enumeration of words."""
    return kind.members is not None and issubclass(kind.members, Word)
