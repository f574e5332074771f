"""One column as Arrow lays it out: a type in letters, buffers, and columns within it. No ctypes yet.

The letters are those of the Arrow C data interface: ``g`` is a float, ``tsu:UTC`` microseconds since the epoch in UTC.
All are said in `anytws.arrow.building`.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from datetime import date
from itertools import accumulate
from types import NoneType
from typing import Any, Final, TypeAlias

import attrs

Buffer: TypeAlias = "bytes | array[Any]"

_LARGEST_OFFSET: Final = 2**31 - 1
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
LARGEST_EXACT: Final = 2**53
"""Whole numbers up to this are exact as floats."""


@attrs.frozen(eq=False)
class Array:
    """A column, or a column within one."""

    name: str
    format: str
    """Its type, as the Arrow C data interface writes it."""
    length: int
    null_count: int
    buffers: tuple[Buffer | None, ...]
    """The first says where there is something, as bits; None: everywhere."""
    children: tuple[Array, ...]
    items: Sequence[Any]
    """The values, as they were before."""


@attrs.frozen(eq=False)
class Values:
    """The values of one column before they are laid out."""

    name: str
    items: Sequence[Any]
    """One for each row; None where there is none."""
    classes: Collection[type[Any]]
    """Of which classes they are, that of None among them."""

    @property
    def has_nulls(self) -> bool:
        """Whether some are None."""
        return NoneType in self.classes

    def filled(self, nothing: object) -> Sequence[Any]:
        """Give the items, with *nothing* in the place of None."""
        if not self.has_nulls:
            return self.items
        if len(self.classes) == 1:
            return [nothing] * len(self.items)
        return [nothing if item is None else item for item in self.items]

    def array(self, letters: str, *buffers: Buffer, children: tuple[Array, ...] = ()) -> Array:
        """Give the column of the type *letters*, of *buffers* and *children*."""
        length = len(self.items)
        validity: bytes | None = None
        null_count = 0
        if self.has_nulls:
            there = [item is not None for item in self.items]
            validity, null_count = bits(there), there.count(False)
        return Array(self.name, letters, length, null_count, (validity, *buffers), children, self.items)


def bits(flags: Sequence[bool]) -> bytes:
    """Give *flags* as bits, the first one lowest."""
    if not flags:
        return b""
    # One number in base two: to set single bits takes ten times as long.
    digits = bytes([49 if flag else 48 for flag in reversed(flags)])
    return int(digits, 2).to_bytes((len(flags) + 7) // 8, "little")


def flags(values: Values) -> Array:
    """Lay out bools."""
    return values.array("b", bits(values.filled(nothing=False)))


def wholes(values: Values) -> Array:
    """Lay out whole numbers. Raises `OverflowError` for one of more than 64 bits."""
    return values.array("l", array("q", values.filled(0)))


def floats(values: Values) -> Array:
    """Lay out floats, and whole numbers or decimals as such. Raises `OverflowError` for what is too large."""
    return values.array("g", array("d", values.filled(0.0)))


def texts(values: Values, *, large: bool = False) -> Array:
    r"""Lay out texts. What UTF-8 cannot hold (half a surrogate pair) is written as an escape like ``\ud800``."""
    items = values.filled("")
    joined = "".join(items)
    if joined.isascii():
        data, lengths = joined.encode(), list(map(len, items))
    else:
        pieces = [item.encode("utf-8", "backslashreplace") for item in items]
        data, lengths = b"".join(pieces), list(map(len, pieces))
    return _of_lengths(values, "uU", lengths, data, large=large)


def blobs(values: Values) -> Array:
    """Lay out bytes."""
    items = values.filled(b"")
    return _of_lengths(values, "zZ", list(map(len, items)), b"".join(items), large=False)


def _of_lengths(values: Values, letters: str, lengths: list[int], data: bytes, *, large: bool) -> Array:
    if large or len(data) > _LARGEST_OFFSET:
        return values.array(letters[1], offsets("q", lengths), data)
    return values.array(letters[0], offsets("i", lengths), data)


def offsets(typecode: str, lengths: list[int]) -> array[int]:
    """Give where each of items of *lengths* begins, and where the last one ends."""
    return array(typecode, accumulate(lengths, initial=0))


def days(values: Values) -> Array:
    """Lay out dates."""
    nothing = date.fromordinal(_EPOCH_DAY)
    return values.array("tdD", array("i", [item.toordinal() - _EPOCH_DAY for item in values.filled(nothing)]))


def structs(values: Values, children: tuple[Array, ...]) -> Array:
    """Lay out records, whose fields are *children*."""
    return values.array("+s", children=children)


def lists(values: Values, items: Array) -> Array:
    """Lay out lists, all of whose items are *items*."""
    lengths = [0 if item is None else len(item) for item in values.items]
    return values.array("+l", offsets("i", lengths), children=(items,))
