"""Descriptors of the protobuf messages, made of the table: there are no generated modules.

They live in a pool of their own, since the official client registers messages of the same names in the default one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message as ProtobufMessage

from anytws.wire.kinds import INT, Kind
from anytws.wire.rows import CarriedRow, Choice, Layout, Many, Part, Row, Tags, carried_rows, vendor_name

_PACKAGE: Final = "protobuf"
_Field: Final = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
}


_POOL: Final = descriptor_pool.DescriptorPool()
_IN_POOL: Final[dict[str, Layout | Choice]] = {}


@cache
def message_class(layout: Layout) -> type[ProtobufMessage]:
    """Give the protobuf class of *layout*, from our own descriptors."""
    _enter(layout)
    found = _POOL.FindMessageTypeByName(f"{_PACKAGE}.{layout.name}")
    return message_factory.GetMessageClass(found)


def _enter(layout: Layout | Choice) -> None:
    """Enter the message of *layout* into the pool, those nested in it before it; each is a file of its own.

    To describe all two hundred takes some 30 ms, and most programs need a few of them. Two threads may do it at once:
    each goes on only when the message is in the pool, and the pool takes the same description twice.
    """
    known = _IN_POOL.setdefault(layout.name, layout)
    if known is not layout:
        _check_same(known, layout)
    try:
        _POOL.FindFileByName(_file_name(layout))
    except KeyError:
        file = descriptor_pb2.FileDescriptorProto(name=_file_name(layout), package=_PACKAGE, syntax="proto3")
        for nested in _nested(layout):
            _enter(nested)
            file.dependency.append(_file_name(nested))
        _describe(layout, file.message_type.add(name=layout.name))
        _POOL.Add(file)


def file_described(name: str) -> descriptor_pb2.FileDescriptorProto:
    """Give a copy of the description of the file *name* in our pool."""
    described = descriptor_pb2.FileDescriptorProto()
    _POOL.FindFileByName(name).CopyToProto(described)
    return described


def _file_name(layout: Layout | Choice) -> str:
    return f"{layout.name}.proto"


def _nested(layout: Layout | Choice) -> list[Layout | Choice]:
    """Give what is nested in *layout*, each message once."""
    inner = [
        row.layout if isinstance(row, Part) else row.of
        for row in numbered_rows(layout)
        if isinstance(row, (Part, Many))
    ]
    return [*{each.name: each for each in inner if isinstance(each, (Layout, Choice))}.values()]


def _check_same(known: Layout | Choice, layout: Layout | Choice) -> None:
    if _description(known) != _description(layout):
        raise TypeError(f"two layouts describe the protobuf message {layout.name}, each in its own way")


def file_descriptor(layouts: Iterable[Layout]) -> descriptor_pb2.FileDescriptorProto:
    """Describe *layouts*, and those nested in them, as one proto3 file."""
    described: dict[str, Layout | Choice] = {}
    for layout in layouts:
        _collect(layout, described)
    file = descriptor_pb2.FileDescriptorProto(name="anytws.proto", package=_PACKAGE, syntax="proto3")
    for name, described_layout in described.items():
        _describe(described_layout, file.message_type.add(name=name))
    return file


def _collect(layout: Layout | Choice, described: dict[str, Layout | Choice]) -> None:
    if layout.name in described:
        _check_same(described[layout.name], layout)
        return
    described[layout.name] = layout
    for nested in _nested(layout):
        _collect(nested, described)


def _description(layout: Layout | Choice) -> descriptor_pb2.DescriptorProto:
    described = descriptor_pb2.DescriptorProto(name=layout.name)
    _describe(layout, described)
    return described


def numbered_rows(layout: Layout | Choice) -> list[CarriedRow]:
    """Give the rows that are fields in protobuf, in the order of their numbers, each field once."""
    if isinstance(layout, Layout):
        rows = [*carried_rows(layout)]
    else:
        rows = [Row(layout.tag, INT, layout.number)]
        rows += [row for option in layout.options.values() for row in numbered_rows(option)]
    by_name = {vendor_name(row): row for row in rows}
    if any(by_name[vendor_name(row)].number != row.number for row in rows):
        raise TypeError(f"the table of {layout.name} gives one protobuf field two numbers")
    return sorted(by_name.values(), key=lambda row: row.number or 0)


def _describe(layout: Layout | Choice, message: descriptor_pb2.DescriptorProto) -> None:
    oneofs: dict[str, int] = {}
    for row in numbered_rows(layout):
        field = message.field.add(name=vendor_name(row), number=row.number, label=_Field.LABEL_OPTIONAL)
        if isinstance(row, Tags):
            _describe_map(layout.name, field, message)
            continue
        inner = row.kind if isinstance(row, Row) else row.layout if isinstance(row, Part) else row.of
        if isinstance(inner, Kind):
            field.type = _SCALARS[inner.protobuf]
        else:
            field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{inner.name}"
        if isinstance(row, Many):
            field.label = _Field.LABEL_REPEATED
        elif isinstance(row, Part) and row.oneof is not None:
            if row.oneof not in oneofs:
                oneofs[row.oneof] = len(message.oneof_decl)
                message.oneof_decl.add(name=row.oneof)
            field.oneof_index = oneofs[row.oneof]
        elif not isinstance(row, Part) or row.presence:
            field.proto3_optional = True
    # Explicit presence in proto3 is, by definition, a oneof of one member, and those come after the real ones. Nearly
    # every field has it: absent and zero are different things.
    for field in message.field:
        if field.proto3_optional:
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")


def _describe_map(
    name: str, field: descriptor_pb2.FieldDescriptorProto, message: descriptor_pb2.DescriptorProto
) -> None:
    entry = f"{field.name[0].upper()}{field.name[1:]}Entry"
    field.label, field.type = _Field.LABEL_REPEATED, _Field.TYPE_MESSAGE
    field.type_name = f".{_PACKAGE}.{name}.{entry}"
    nested = message.nested_type.add(name=entry)
    nested.options.map_entry = True
    for number, part in enumerate(("key", "value"), 1):
        nested.field.add(name=part, number=number, label=_Field.LABEL_OPTIONAL, type=_Field.TYPE_STRING)
