"""The slow walk over a protobuf body, field by field: `anytws.wire.walk` for the other encoding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError as ParseError

from anytws.errors import DecodeError, shown
from anytws.wire.kinds import INT, STRING, Kind
from anytws.wire.protobuf import fields_beyond, message_class
from anytws.wire.rows import Choice, Entry, Layout, Many, Part, Row, Tags, leaves, vendor_name
from anytws.wire.walk import FieldSeen


def walk_protobuf(entry: Entry, body: bytes) -> Iterator[FieldSeen]:
    """Give the fields of a protobuf body one by one, those that we do not know last.

    Raises `DecodeError` at the first one that is not what the table says, and for a body that is no protobuf.
    """
    parsed = message_class(entry.layout)()
    try:
        parsed.ParseFromString(body)
    except ParseError:
        raise DecodeError(entry.name, None, shown(body), f"a protobuf {entry.layout.name}") from None
    yield from _record(entry.name, entry.layout, parsed, "")


def _record(message: str, layout: Layout, parsed: Any, prefix: str) -> Iterator[FieldSeen]:
    for row in leaves(layout.protobuf_rows):
        if isinstance(row, (Row, Part, Many, Tags)) and row.number is not None:
            yield from _row(message, row, parsed, prefix)
    for unknown in fields_beyond(parsed):
        yield FieldSeen(f"{prefix}field {unknown.field_number}", "not known to us", repr(unknown.data), None)


def _row(message: str, row: Row | Part | Many | Tags, parsed: Any, prefix: str) -> Iterator[FieldSeen]:
    name, path = vendor_name(row), prefix + row.field
    if isinstance(row, Tags):
        for tag, value in sorted(getattr(parsed, name).items()):
            yield FieldSeen(f"{path}[{tag}]", STRING.name, value, value)
    elif isinstance(row, Many):
        for index, item in enumerate(getattr(parsed, name)):
            yield from _item(message, row.of, item, f"{path}[{index}]")
    elif not parsed.HasField(name):
        return
    elif isinstance(row, Part):
        yield from _record(message, row.layout, getattr(parsed, name), f"{path}.")
    else:
        yield _scalar(message, row.kind, getattr(parsed, name), path)


def _item(message: str, of: Layout | Kind | Choice, item: Any, path: str) -> Iterator[FieldSeen]:
    if isinstance(of, Kind):
        yield _scalar(message, of, item, path)
    elif isinstance(of, Layout):
        yield from _record(message, of, item, f"{path}.")
    else:
        number = getattr(item, vendor_name(Row(of.tag, INT)))
        yield FieldSeen(f"{path}.{of.tag}", INT.name, str(number), number)
        if number not in of.options:
            wanted = f"one of {', '.join(map(str, of.options))}"
            raise DecodeError(message, f"{path}.{of.tag}", shown(number), wanted)
        yield from _record(message, of.options[number], item, f"{path}.")


def _scalar(message: str, kind: Kind, held: Any, path: str) -> FieldSeen:
    try:
        value = held if kind.load is None else kind.load(held)
    except (ValueError, ArithmeticError):
        raise DecodeError(message, path, shown(held), kind.name) from None
    return FieldSeen(path, kind.name, held if isinstance(held, str) else repr(held), value)
