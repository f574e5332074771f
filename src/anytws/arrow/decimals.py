"""Decimals: exact, with as many places as the finest of a column has, or none at all where they do not fit."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DecimalException, Inexact, InvalidOperation
from types import NoneType
from typing import Final

from anytws.arrow.arrays import Array, Values

_ZERO: Final = Decimal(0)
_EXACT: Final = Context(prec=80, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])


def decimals(values: Values, wanted: str | None = None) -> Array | None:
    """Lay out decimals and whole numbers, with *wanted* places if they have no more; None where that loses a digit.

    That is: one is no finite number, or all together need more than 76 digits.
    """
    items = values.filled(_ZERO)
    if {*values.classes} - {Decimal, NoneType}:
        items = [Decimal(item) for item in items]
    scale = _places(items)
    if scale is None:
        return None
    asked = _wanted(wanted)
    for places, digits in ([asked] if asked is not None and asked[0] >= scale else []) + [(scale, 38), (scale, 76)]:
        laid = _laid_out(values, items, places, digits)
        if laid is not None:
            return laid
    return None


def _places(items: Sequence[Decimal]) -> int | None:
    exponents = {item.as_tuple().exponent for item in items}
    numbers = [each for each in exponents if isinstance(each, int)]
    # What is no finite number has a letter there.
    return None if len(numbers) < len(exponents) else max(0, -min(numbers, default=0))


def _wanted(letters: str | None) -> tuple[int, int] | None:
    """Give the places and the digits of a type such as ``d:38,4``; None for any other."""
    if letters is None or not letters.startswith("d:"):
        return None
    said = letters[2:].split(",")
    if not 2 <= len(said) <= 3 or not all(number.isdecimal() for number in said):
        return None
    digits, places = int(said[0]), int(said[1])
    width = int(said[2]) if len(said) == 3 else 128
    return (places, digits) if width == (128 if digits <= 38 else 256) and 1 <= digits <= 76 else None


def _laid_out(values: Values, items: Sequence[Decimal], places: int, digits: int) -> Array | None:
    if places > digits:
        return None
    try:
        numbers = [int(_EXACT.scaleb(item, places)) for item in items]
    except DecimalException:
        return None
    if max(map(abs, numbers), default=0) >= 10**digits:
        return None
    width = 16 if digits <= 38 else 32
    letters = f"d:{digits},{places}" if width == 16 else f"d:{digits},{places},256"
    return values.array(letters, _bytes_of(numbers, width))


def _bytes_of(numbers: list[int], width: int) -> bytes | array[int]:
    if width == 16 and sys.byteorder == "little" and max(map(abs, numbers), default=0) < 2**63:
        # Two words each, the lower one first: a third of the time of the line below.
        words = array("q", bytes(16 * len(numbers)))
        words[0::2] = array("q", numbers)
        words[1::2] = array("q", [-1 if number < 0 else 0 for number in numbers])
        return words
    return b"".join([number.to_bytes(width, sys.byteorder, signed=True) for number in numbers])
