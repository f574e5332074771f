"""Protobuf as a text of Latin-1: each byte is one character, until the body is whole.

So both encodings are written by the same f-strings, which are quicker than joining bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from anytws.wire.compiled.bet import GiveUp

LATIN: Final = "latin-1"
DOUBLE_BYTES: Final = Struct("<d").pack
VARINT: Final = 0
FIXED: Final = 1
LENGTH: Final = 2
WIRE_TYPES: Final = {"int32": VARINT, "int64": VARINT, "bool": VARINT, "double": FIXED, "string": LENGTH}
"""How a value of a scalar type is written: seven bits a byte, in eight bytes, or behind its length."""
_INT32: Final = (-(2**31), 2**31)
_INT64: Final = (-(2**63), 2**63)
_LAST: Final = [chr(bits) for bits in range(128)]
_MORE: Final = [chr(bits | 128) for bits in range(128)]


def varint(number: int) -> str:
    """Give *number*, of at most 64 bits, as it is in protobuf: seven bits a byte, the lowest first."""
    if 0 <= number < 1 << 14:
        return _LAST[number] if number < 1 << 7 else _MORE[number & 127] + _LAST[number >> 7]
    left = number & (2**64 - 1)
    written = _MORE[left & 127] + _MORE[left >> 7 & 127]
    left >>= 14
    while left > 127:
        written += _MORE[left & 127]
        left >>= 7
    return written + _LAST[left]


def tag(number: int, wire_type: int) -> str:
    """Give what stands before the field *number*."""
    return varint(number << 3 | wire_type)


def _whole(bounds: tuple[int, int]) -> Callable[[Any], str]:
    least, end = bounds

    def encoded(value: Any) -> str:
        if type(value) is not int or not least <= value < end:
            raise GiveUp
        return varint(value)

    return encoded


def _flag(value: Any) -> str:
    if type(value) is not bool:
        raise GiveUp
    return chr(value)


def _real(value: Any) -> str:
    if type(value) is not float:
        raise GiveUp
    return DOUBLE_BYTES(value).decode(LATIN)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise GiveUp
    written = value.encode().decode(LATIN)
    return varint(len(written)) + written


ENCODED: Final[dict[str, Callable[[Any], str]]] = {
    "int32": _whole(_INT32),
    "int64": _whole(_INT64),
    "bool": _flag,
    "double": _real,
    "string": _text,
}


class Lengths(dict[int, str]):
    """Lengths of nested records, as they are in front of them."""

    __slots__ = ()

    def __missing__(self, length: int) -> str:
        return varint(length)


LENGTHS: Final = Lengths({length: varint(length) for length in range(2048)})
