"""Reads a protobuf message in which a value is odd, as far as it can be read: `anytws.wire.tolerant`, for protobuf.

Two things can be odd here: what a field holds, and text that is not UTF-8, for which the protobuf runtime refuses the
whole message. So the body is parsed by descriptors of its own in which each text is bytes: on the wire they are the
same.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import attrs
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError as ParseError
from google.protobuf.message import Message as ProtobufMessage

from anytws.messages.base import TagValue
from anytws.wire.kinds import UNSTATED, Kind
from anytws.wire.odd import ABSENT, Odd, OddFields, routes
from anytws.wire.protobuf import check_items
from anytws.wire.protobuf_descriptors import file_described, message_class
from anytws.wire.rows import (
    Choice,
    Entry,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    carried_rows,
    default_of,
    value_when_absent,
    vendor_name,
)

_UNREADABLE: Final = (ValueError, ArithmeticError)
_Field: Final = descriptor_pb2.FieldDescriptorProto


class _Hopeless(Exception):
    """Too much is odd, or what must not be: the message cannot be read."""


class TolerantProtobuf:
    """One reading of one body."""

    def __init__(self, entry: Entry, body: bytes, most_items: int) -> None:
        self._entry = entry
        self._body = body
        self._most_items = most_items
        self._odd = OddFields()
        self.request_id: int | None = None
        """The id of the request, or of the order, that the message belongs to, as far as that could be read."""

    def read(self) -> Odd | None:
        """Give the message; None where it is too odd to be one. Raises `DecodeError` where its lists are too long."""
        parsed: Any = class_with_bytes(self._entry.layout)()
        try:
            parsed.ParseFromString(self._body)
        except ParseError:
            return None
        check_items(self._entry, parsed, len(self._body), self._most_items)
        try:
            message = self._record(self._entry.layout, parsed, "")
        except (_Hopeless, TypeError, *_UNREADABLE):
            return None
        return self._odd.of(message) if self._odd else None

    def _record(self, layout: Layout, parsed: Any, prefix: str) -> Any:
        values = {}
        for row in carried_rows(layout):
            values[row.field] = value = self._field(row, layout, parsed, prefix + row.field)
            if not prefix and row.field in ("request_id", "order_id") and isinstance(value, int):
                self.request_id = value
        made = layout.cls(**values)
        return made if layout.after_reading is None else layout.after_reading(made)

    def _field(self, row: Row | Part | Many | Tags, layout: Layout, parsed: Any, path: str) -> Any:
        name = vendor_name(row)
        match row:
            case Row():
                if not parsed.HasField(name):
                    return self._absent(row, layout, path)
                return self._value(row.kind, getattr(parsed, name), path)
            case Part():
                if not parsed.HasField(name) and (row.optional or self._has_default(row, layout)):
                    return None if row.optional else default_of(layout.cls, row.field)
                return self._record(row.layout, getattr(parsed, name), f"{path}.")
            case Many():
                items = enumerate(getattr(parsed, name))
                return tuple([self._item(row.of, item, f"{path}[{index}]") for index, item in items])
            case Tags():
                return self._tags(getattr(parsed, name), path)

    def _has_default(self, row: Row | Part, layout: Layout) -> bool:
        return value_when_absent(layout.cls, row.field) is not attrs.NOTHING

    def _absent(self, row: Row, layout: Layout, path: str) -> Any:
        if row.kind.absent is not UNSTATED:
            return row.kind.absent
        if row.kind.optional:
            return None
        if self._has_default(row, layout):
            return default_of(layout.cls, row.field)
        return self._none(path, ABSENT, row.kind.name)

    def _none(self, path: str, seen: object, wanted: str) -> None:
        if routes(self._entry, path):
            raise _Hopeless(path)
        self._note(path, seen, wanted)

    def _note(self, path: str, seen: object, wanted: str) -> None:
        if not self._odd.note(path, seen, wanted):
            raise _Hopeless(path)

    def _value(self, kind: Kind, held: Any, path: str) -> Any:
        if isinstance(held, bytes):
            held = self._text(held, path)
        try:
            return held if kind.read_protobuf is None else kind.read_protobuf(held)
        except _UNREADABLE:
            return self._none(path, held, kind.name)

    def _text(self, held: bytes, path: str) -> str:
        try:
            return held.decode()
        except UnicodeDecodeError:
            # Read in one code, as the text encoding does, and told: the bytes are still there.
            self._note(path, held, "UTF-8")
            return held.decode("latin-1")

    def _item(self, of: Layout | Kind | Choice, item: Any, path: str) -> Any:
        if isinstance(of, Kind):
            return self._value(of, item, path)
        if isinstance(of, Layout):
            return self._record(of, item, f"{path}.")
        number = getattr(item, vendor_name(Row(of.tag, _NO_KIND)))
        if number not in of.options:
            raise _Hopeless(path)
        return self._record(of.options[number], item, f"{path}.")

    def _tags(self, pairs: Any, path: str) -> tuple[TagValue, ...]:
        found = {self._text(pair.key, path): self._text(pair.value, path) for pair in pairs}
        return tuple([TagValue(tag, value) for tag, value in sorted(found.items())])


_NO_KIND: Final[Any] = None

# --- descriptors -------------------------------------------------------------------------------------------------

_POOL: Final = descriptor_pool.DescriptorPool()


@cache
def class_with_bytes(layout: Layout) -> type[ProtobufMessage]:
    """Give the protobuf class of *layout* in which each text is bytes."""
    described = message_class(layout).DESCRIPTOR
    _enter(described.file.name)
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(described.full_name))


def _enter(name: str) -> None:
    try:
        _POOL.FindFileByName(name)
    except KeyError:
        copied = file_described(name)
        for needed in copied.dependency:
            _enter(needed)
        for message in copied.message_type:
            _take_bytes(message)
        _POOL.Add(copied)


def _take_bytes(message: descriptor_pb2.DescriptorProto) -> None:
    for nested in message.nested_type:
        # A map is, on the wire, a list of pairs; but its keys cannot be bytes.
        nested.ClearField("options")
        _take_bytes(nested)
    for field in message.field:
        if field.type == _Field.TYPE_STRING:
            field.type = _Field.TYPE_BYTES
