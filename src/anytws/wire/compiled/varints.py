"""Numbers and tags as protobuf writes them, in as few bytes as they need; the runtime would take more."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from anytws.wire.compiled.bet import GiveUp, Read
from anytws.wire.compiled.columns import memo_of
from anytws.wire.compiled.latin import LATIN, LENGTH, WIRE_TYPES, tag
from anytws.wire.compiled.memo import Memo
from anytws.wire.kinds import as_it_is
from anytws.wire.rows import Part, Row

_CONTINUED: Final = 0x80
_BITS: Final = 64
_WHOLE: Final = 2**63
_HALF: Final = 2**31


def varint(raw: bytes, at: int) -> tuple[int, int]:
    """Read the number at *at*; give it, and where it ends. Raises `GiveUp`, and `IndexError` where it does not end."""
    value = shift = 0
    while (byte := raw[at]) >= _CONTINUED:
        value |= (byte - _CONTINUED) << shift
        shift += 7
        at += 1
    value |= byte << shift
    if (shift and not byte) or value >> _BITS:
        raise GiveUp
    return value, at + 1


def int64(raw: bytes, at: int) -> tuple[int, int]:
    """Read a whole number of 64 bits."""
    value, end = varint(raw, at)
    return (value if value < _WHOLE else value - 2 * _WHOLE), end


def int32(raw: bytes, at: int) -> tuple[int, int]:
    """Read a whole number of 32 bits. Of a larger one the runtime cuts something off; here it is none."""
    value, end = int64(raw, at)
    if not -_HALF <= value < _HALF:
        raise GiveUp
    return value, end


@cache
def whole_memo(read: Read | None) -> Memo:
    """Give the memo of values that *read* makes of numbers of 64 bits, by the bytes of one and nothing else."""
    value_of = as_it_is if read is None else memo_of(read, "int64").__getitem__

    def whole(raw: bytes) -> Any:
        number, end = int64(raw, 0)
        if end != len(raw):
            raise GiveUp
        return value_of(number)

    return Memo(whole)


def tag_of(row: Row | Part) -> bytes:
    """Give the bytes in front of a field: its number, and how it is written."""
    wire_type = WIRE_TYPES[row.kind.protobuf] if isinstance(row, Row) else LENGTH
    return tag(row.number or 0, wire_type).encode(LATIN)
