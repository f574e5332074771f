"""The protobuf encoding: descriptors, readers and writers, all from the table.

The runtime is the vendor-neutral ``protobuf`` package; there are no generated modules. The descriptors live in a
pool of their own, since the official client registers messages of the same names in the default one. Imported only
when the first protobuf frame comes or goes: a session below server version 201 never pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeAlias

import attrs
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError as ParseError
from google.protobuf.message import Message as ProtobufMessage

from anytws.errors import DecodeError
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.kinds import Kind
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, default_of, leaves, vendor_name
from anytws.wire.walk import shown

Reader: TypeAlias = Callable[[Any], Any]
"""A parsed protobuf message to ours. Raises `_BadField`."""
Writer: TypeAlias = Callable[[Any, Any], None]
"""Fill a protobuf message from ours. Raises `ValueError` or `TypeError`."""


class _BadField(Exception):
    """A field that cannot be read; the records around it put their own names in front on its way out."""

    def __init__(self, path: str, seen: str, wanted: str) -> None:
        super().__init__(path, seen, wanted)
        self.path, self.seen, self.wanted = path, seen, wanted

    def inside(self, path: str) -> _BadField:
        return _BadField(f"{path}.{self.path}", self.seen, self.wanted)


_PACKAGE: Final = "protobuf"
_Field: Final = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
}


def parse(entry: Entry, body: bytes) -> Any:
    """Read the protobuf form of *entry*. Raises `DecodeError` naming the field at fault."""
    parsed = message_class(entry.layout)()
    try:
        parsed.ParseFromString(body)
    except ParseError:
        raise DecodeError(entry.name, None, shown(body), f"a protobuf {entry.layout.name}") from None
    try:
        return _reader(entry.layout)(parsed)
    except _BadField as bad:
        raise DecodeError(entry.name, bad.path, bad.seen, bad.wanted) from None


def serialize(entry: Entry, value: Any) -> bytes:
    """Give the protobuf form of *value*. Raises `ValueError`, `TypeError` or `AttributeError` for what it is not."""
    filled = message_class(entry.layout)()
    _writer(entry.layout)(value, filled)
    return filled.SerializeToString(deterministic=True)


@cache
def message_class(layout: Layout) -> type[ProtobufMessage]:
    """Give the protobuf class of *layout*, from our own descriptors."""
    found = _pool().FindMessageTypeByName(f"{_PACKAGE}.{layout.name}")
    return message_factory.GetMessageClass(found)


# --- descriptors -------------------------------------------------------------------------------------------------


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file_descriptor(entry.layout for entry in CATALOGUE))
    return pool


def file_descriptor(layouts: Iterable[Layout]) -> descriptor_pb2.FileDescriptorProto:
    """Describe *layouts*, and those nested in them, as one proto3 file."""
    described: dict[str, Layout] = {}
    for layout in layouts:
        _collect(layout, described)
    file = descriptor_pb2.FileDescriptorProto(name="anytws.proto", package=_PACKAGE, syntax="proto3")
    for name, layout in described.items():
        _describe(layout, file.message_type.add(name=name))
    return file


def _collect(layout: Layout, described: dict[str, Layout]) -> None:
    if layout.name in described:
        if _description(described[layout.name]) != _description(layout):
            raise TypeError(f"two layouts describe the protobuf message {layout.name}, each in its own way")
        return
    described[layout.name] = layout
    for row in leaves(layout.protobuf_rows):
        nested = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        if isinstance(nested, Layout):
            _collect(nested, described)


def _description(layout: Layout) -> descriptor_pb2.DescriptorProto:
    described = descriptor_pb2.DescriptorProto(name=layout.name)
    _describe(layout, described)
    return described


def _describe(layout: Layout, message: descriptor_pb2.DescriptorProto) -> None:
    numbered = [row for row in leaves(layout.protobuf_rows) if not isinstance(row, Filler) and row.number is not None]
    for row in sorted(numbered, key=lambda row: row.number or 0):
        field = message.field.add(name=vendor_name(row), number=row.number, label=_Field.LABEL_OPTIONAL)
        inner = row.kind if isinstance(row, Row) else row.layout if isinstance(row, Part) else row.of
        if isinstance(inner, Kind):
            field.type = _SCALARS[inner.protobuf]
        else:
            field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{inner.name}"
        if isinstance(row, Many):
            field.label = _Field.LABEL_REPEATED
            continue
        # Explicit presence in proto3 is, by definition, a oneof of one member. Every field here has it: absent and
        # zero are different things.
        field.proto3_optional, field.oneof_index = True, len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{field.name}")


# --- readers and writers -----------------------------------------------------------------------------------------


@cache
def _reader(layout: Layout) -> Reader:
    steps = [_read_step(row, layout) for row in leaves(layout.protobuf_rows) if _is_carried(row)]
    cls = layout.cls

    def read(parsed: Any) -> Any:
        return cls(**{name: take(parsed) for name, take in steps})

    return read


def _is_carried(row: Row | Filler | Part | Many) -> bool:
    return not isinstance(row, Filler) and row.number is not None


def _read_step(row: Row | Filler | Part | Many, layout: Layout) -> tuple[str, Callable[[Any], Any]]:
    match row:
        case Row():
            return row.field, _read_scalar(row, layout)
        case Part():
            return row.field, _read_part(row, layout)
        case Many():
            return row.field, _read_many(row)
        case Filler():
            raise AssertionError("a filler has no protobuf form")


def _read_scalar(row: Row, layout: Layout) -> Callable[[Any], Any]:
    name, load = vendor_name(row), row.kind.load
    absent = _when_absent(row.field, row.kind.name, row.kind.optional, layout)

    def take(parsed: Any) -> Any:
        if not parsed.HasField(name):
            return absent()
        value = getattr(parsed, name)
        if load is None:
            return value
        try:
            return load(value)
        except (ValueError, ArithmeticError):
            raise _BadField(row.field, shown(value), row.kind.name) from None

    return take


def _when_absent(field: str, wanted: str, optional: bool, layout: Layout) -> Callable[[], Any]:
    """Say what an absent field is: None where that is a value, else the class's default, else an error."""
    if optional:
        return lambda: None
    default = default_of(layout.cls, field)
    if default is not attrs.NOTHING:
        return lambda: default

    def fail() -> Any:
        raise _BadField(field, "nothing (the field is absent)", wanted)

    return fail


def _read_part(row: Part, layout: Layout) -> Callable[[Any], Any]:
    name, read = vendor_name(row), _reader(row.layout)
    absent = _when_absent(row.field, row.layout.name, row.optional, layout)

    def take(parsed: Any) -> Any:
        if not parsed.HasField(name):
            return absent()
        try:
            return read(getattr(parsed, name))
        except _BadField as bad:
            raise bad.inside(row.field) from None

    return take


def _read_many(row: Many) -> Callable[[Any], Any]:
    name, of = vendor_name(row), row.of
    read = (of.load or _itself) if isinstance(of, Kind) else _reader(of)
    wanted = of.name

    def take(parsed: Any) -> Any:
        items: list[Any] = []
        for index, item in enumerate(getattr(parsed, name)):
            try:
                items.append(read(item))
            except _BadField as bad:
                raise bad.inside(f"{row.field}[{index}]") from None
            except (ValueError, ArithmeticError):
                raise _BadField(f"{row.field}[{index}]", shown(item), wanted) from None
        return tuple(items)

    return take


def _itself(value: Any) -> Any:
    return value


@cache
def _writer(layout: Layout) -> Writer:
    steps = [_write_step(row) for row in leaves(layout.protobuf_rows) if _is_carried(row)]

    def write(value: Any, filled: Any) -> None:
        for step in steps:
            step(value, filled)

    return write


def _write_step(row: Row | Filler | Part | Many) -> Writer:
    match row:
        case Row():
            return _write_scalar(row)
        case Part():
            return _write_part(row)
        case Many():
            return _write_many(row)
        case Filler():
            raise AssertionError("a filler has no protobuf form")


def _write_scalar(row: Row) -> Writer:
    name, get, dump = vendor_name(row), attrgetter(row.field), row.kind.dump or _itself

    def step(value: Any, filled: Any) -> None:
        dumped = dump(get(value))
        if dumped is not None:
            setattr(filled, name, dumped)

    return step


def _write_part(row: Part) -> Writer:
    name, get, write = vendor_name(row), attrgetter(row.field), _writer(row.layout)

    def step(value: Any, filled: Any) -> None:
        part = get(value)
        if part is None and row.optional:
            return
        nested = getattr(filled, name)
        # A sub-message may be present and empty, which is not the same as absent.
        nested.SetInParent()
        write(part, nested)

    return step


def _write_many(row: Many) -> Writer:
    name, get, of = vendor_name(row), attrgetter(row.field), row.of

    def step(value: Any, filled: Any) -> None:
        repeated = getattr(filled, name)
        for item in get(value):
            if isinstance(of, Kind):
                repeated.append((of.dump or _itself)(item))
            else:
                _writer(of)(item, repeated.add())

    return step
