"""The slow walk over a protobuf body, field by field: `anytws.wire.walk` for the other encoding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.message import DecodeError as ParseError

from anytws.errors import DecodeError, in_a_sentence, shown
from anytws.wire.kinds import INT, STRING, Kind
from anytws.wire.protobuf import fields_beyond, told_unknown
from anytws.wire.protobuf_descriptors import message_class
from anytws.wire.rows import Choice, Entry, Layout, Many, Part, Row, Tags, carried_rows, vendor_name
from anytws.wire.walk import FieldSeen

_MOST_OF_A_TAG: Final = 80
_LONGEST_SEARCHED: Final = 2**20
"""Bytes of a body that is searched for fields that we do not know: an object is made of each of them."""


def walk_protobuf(entry: Entry, body: bytes, *, tolerant: bool = False) -> Iterator[FieldSeen]:
    """Give the fields of a protobuf body one by one, those that we do not know last.

    Raises `DecodeError` at the first one that is not what the table says, and for a body that is no protobuf; a
    *tolerant* walk passes over values that cannot be read.
    """
    parsed = message_class(entry.layout)()
    try:
        parsed.ParseFromString(body)
    except ParseError:
        raise DecodeError(entry.name, None, shown(body), f"a protobuf {entry.layout.name}") from None
    for seen in _record(entry.name, entry.layout, parsed, "", searched=len(body) <= _LONGEST_SEARCHED):
        if seen.is_odd and not tolerant:
            raise DecodeError(entry.name, seen.path, shown(seen.value), seen.kind)
        yield seen
    if len(body) > _LONGEST_SEARCHED:
        told = f"not looked for in a body of {len(body)} bytes"
        yield FieldSeen("fields that we do not know", "not known to us", told, told)


def _record(message: str, layout: Layout, parsed: Any, prefix: str, *, searched: bool) -> Iterator[FieldSeen]:
    for row in carried_rows(layout):
        yield from _row(message, row, parsed, prefix, searched=searched)
    for unknown in fields_beyond(parsed) if searched else ():
        # What it means nobody knows, so its value is what stands there.
        told = told_unknown(unknown.data)
        yield FieldSeen(f"{prefix}field {unknown.field_number}", "not known to us", told, told)


def _row(
    message: str, row: Row | Part | Many | Tags, parsed: Any, prefix: str, *, searched: bool
) -> Iterator[FieldSeen]:
    name, path = vendor_name(row), prefix + row.field
    if isinstance(row, Tags):
        for tag, value in sorted(getattr(parsed, name).items()):
            # Its name is the peer's own.
            yield FieldSeen(f"{path}[{in_a_sentence(tag, _MOST_OF_A_TAG)}]", STRING.name, value, value)
    elif isinstance(row, Many):
        for index, item in enumerate(getattr(parsed, name)):
            yield from _item(message, row.of, item, f"{path}[{index}]", searched=searched)
    elif not parsed.HasField(name):
        return
    elif isinstance(row, Part):
        yield from _record(message, row.layout, getattr(parsed, name), f"{path}.", searched=searched)
    else:
        yield _scalar(row.kind, getattr(parsed, name), path)


def _item(message: str, of: Layout | Kind | Choice, item: Any, path: str, *, searched: bool) -> Iterator[FieldSeen]:
    if isinstance(of, Kind):
        yield _scalar(of, item, path)
    elif isinstance(of, Layout):
        yield from _record(message, of, item, f"{path}.", searched=searched)
    else:
        number = getattr(item, vendor_name(Row(of.tag, INT)))
        yield FieldSeen(f"{path}.{of.tag}", INT.name, str(number), number)
        if number not in of.options:
            wanted = f"one of {', '.join(map(str, of.options))}"
            raise DecodeError(message, f"{path}.{of.tag}", shown(number), wanted)
        yield from _record(message, of.options[number], item, f"{path}.", searched=searched)


def _scalar(kind: Kind, held: Any, path: str) -> FieldSeen:
    text = held if isinstance(held, str) else repr(held)
    try:
        return FieldSeen(path, kind.name, text, held if kind.read_protobuf is None else kind.read_protobuf(held))
    except (ValueError, ArithmeticError):
        return FieldSeen(path, kind.name, text, held, is_odd=True)
