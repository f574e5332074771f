"""Why a body is no protobuf: where its bytes stop being valid, and which request it belonged to.

The protobuf runtime says only that it cannot parse a message. Here the wire format (tags, varints, lengths) is read by
hand up to the fault, by the rows of the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from anytws.errors import DecodeError
from anytws.wire.protobuf import carried_fields
from anytws.wire.rows import Entry, Layout, Many, Part, Row, Tags

_VARINT, _FIXED64, _BYTES, _START, _END, _FIXED32 = range(6)
_WIDTHS: Final = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT: Final = 10
_MORE: Final = 0x80
_DEEPEST: Final = 20


class _Fault(Exception):
    """What is wrong, and where."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem


@attrs.frozen
class _Seen:
    number: int
    wire_type: int
    value: int
    """Of a varint."""
    data: bytes
    """Of what has a length."""


def fault_of(entry: Entry, body: bytes) -> DecodeError:
    """Give the error for *body*, which the protobuf runtime does not take for a message of *entry*."""
    request_id: int | None = None
    by_number = carried_fields(entry.layout)
    field, problem = None, f"a body of {len(body)} bytes that the protobuf runtime refuses"
    try:
        for seen in _fields(body, ""):
            row = by_number.get(seen.number)
            if isinstance(row, Row) and row.field in ("request_id", "order_id") and seen.wire_type == _VARINT:
                request_id = _signed(seen.value)
            _look_into(row, seen, "", 0)
    except _Fault as fault:
        field, problem = fault.path or None, fault.problem
    return DecodeError(entry.name, field, problem, f"a protobuf {entry.layout.name}", request_id)


def _look_into(row: Row | Part | Many | Tags | None, seen: _Seen, prefix: str, depth: int) -> None:
    if row is None or seen.wire_type != _BYTES or depth > _DEEPEST:
        return
    path = prefix + row.field
    if isinstance(row, Tags):
        for part in _fields(seen.data, path):
            _check_text(part, path)
        return
    inner = row.kind if isinstance(row, Row) else row.layout if isinstance(row, Part) else row.of
    if isinstance(inner, Layout):
        by_number = carried_fields(inner)
        for each in _fields(seen.data, path):
            _look_into(by_number.get(each.number), each, f"{path}.", depth + 1)
    elif isinstance(row, Row) and row.kind.protobuf == "string":
        _check_text(seen, path)


def _check_text(seen: _Seen, path: str) -> None:
    try:
        seen.data.decode()
    except UnicodeDecodeError as problem:
        raise _Fault(path, f"a text of {len(seen.data)} bytes with {seen.data[problem.start :][:8]!r} in it") from None


def _fields(body: bytes, path: str) -> Iterator[_Seen]:
    """Give the fields of *body*. Raises `_Fault` where the bytes are none."""
    at = 0
    where = path or "the body"
    while at < len(body):
        begin = at
        tag, at = _varint(body, at, path)
        number, wire_type = tag >> 3, tag & 7
        if not number or wire_type > _FIXED32:
            raise _Fault(path, f"{where} with {body[begin : begin + 8]!r} at byte {begin}, where a field should begin")
        value, data = 0, b""
        if wire_type == _VARINT:
            value, at = _varint(body, at, path)
        elif wire_type not in (_START, _END):
            length, at = _varint(body, at, path) if wire_type == _BYTES else (_WIDTHS[wire_type], at)
            data = body[at : at + length]
            if len(data) < length:
                raise _Fault(path, f"{where} that ends after {len(data)} of the {length} bytes of field {number}")
            at += length
        yield _Seen(number, wire_type, value, data)


def _varint(body: bytes, at: int, path: str) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(body[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < _MORE:
            return value, at + place + 1
    raise _Fault(path, f"{path or 'the body'} that ends inside a number at byte {at}")


def _signed(value: int) -> int:
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value
