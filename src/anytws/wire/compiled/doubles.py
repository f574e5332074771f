"""Doubles of protobuf: no memo, since 0.0 and -0.0 are the same key. Most are looked at by a comparison or two."""

from __future__ import annotations

from typing import Final

from anytws.wire.compiled.plain_numbers import parts_of
from anytws.wire.compiled.source import Source
from anytws.wire.kinds import DOUBLE, Kind, as_it_is

_LARGEST: Final = 1.7976931348623157e308
"""The largest double, which is the vendor's sentinel."""
_READERS: Final = frozenset({DOUBLE.read_protobuf, (DOUBLE.with_sentinels or DOUBLE).read_protobuf})
"""What refuses nothing but the sentinel and NaN, and else gives the double that it was given."""


def read_double(source: Source, kind: Kind, x: str) -> str:
    """Give the expression that reads the double *x* as the strict reader of *kind* does."""
    read = kind.read_protobuf or as_it_is
    asked = f"{source.named(read, 'read')}({x})"
    inner, unset, is_unset = parts_of(read)
    if inner not in _READERS:
        return asked
    # Not so: the sentinel, NaN, and an infinity that is fine all the same.
    usual = [f"{x} < {_LARGEST!r}", *[f"{x} != {float(value)!r}" for value in sorted(unset - {_LARGEST})]]
    if is_unset is not None:
        usual.append(f"not {source.named(is_unset, 'is_unset')}({x})")
    return f"({x} if {' and '.join(usual)} else {asked})"
