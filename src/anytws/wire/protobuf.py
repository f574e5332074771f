"""The protobuf encoding: descriptors, readers and writers, all from the table.

The runtime is the vendor-neutral ``protobuf`` package; there are no generated modules. The descriptors live in a
pool of their own, since the official client registers messages of the same names in the default one. Imported only
when the first protobuf frame comes or goes: a session below server version 201 never pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, Final, TypeAlias, TypeGuard

import attrs
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError as ParseError
from google.protobuf.message import Message as ProtobufMessage
from google.protobuf.unknown_fields import UnknownFieldSet

from anytws.errors import DecodeError, shown
from anytws.messages.base import TagValue
from anytws.wire.kinds import INT, STRING, UNSTATED, Kind
from anytws.wire.limits import DEFAULT_LIMITS, told_limit
from anytws.wire.odd import Odd
from anytws.wire.rows import (
    AnyRow,
    Choice,
    Entry,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    default_of,
    has_lists,
    leaves,
    vendor_name,
)

Reader: TypeAlias = Callable[[Any], Any]
"""A parsed protobuf message to ours. Raises `_BadField`."""
Writer: TypeAlias = Callable[[Any, Any], None]
"""Fill a protobuf message from ours. Raises `ValueError` or `TypeError`."""
_Carried: TypeAlias = Row | Part | Many | Tags
"""A row that is a field in protobuf."""


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


def parse(entry: Entry, body: bytes, most_items: int = DEFAULT_LIMITS.items) -> Any:
    """Read the protobuf form of *entry*, with *most_items* in its lists.

    One in which values are odd comes in an `Odd`. Raises `DecodeError` naming the field where that cannot be.
    """
    parsed: Any = message_class(entry.layout)()
    try:
        parsed.ParseFromString(body)
    except ParseError:
        from anytws.wire.protobuf_fault import fault_of  # noqa: PLC0415 (errors cost nothing until they happen)

        return _read_odd(entry, body, most_items, fault_of(entry, body))
    check_items(entry, parsed, len(body), most_items)
    try:
        return _reader(entry.layout)(parsed)
    except _BadField as bad:
        problem = DecodeError(entry.name, bad.path, bad.seen, bad.wanted)
    except (ValueError, ArithmeticError):
        # A record that cannot be made of its fields (`Layout.loaded`): none of them alone is at fault.
        problem = DecodeError(entry.name, None, shown(body), entry.layout.name)
    # What was parsed may take thirty times the memory of the body, and is parsed again.
    del parsed
    return _read_odd(entry, body, most_items, problem)


def _read_odd(entry: Entry, body: bytes, most_items: int, problem: DecodeError) -> Odd:
    """Read what the strict reader refuses. Raises *problem* where it is right."""
    from anytws.wire.tolerant_protobuf import TolerantProtobuf  # noqa: PLC0415 (errors cost nothing until they happen)

    reading = TolerantProtobuf(entry, body, most_items)
    odd = reading.read()
    if odd is not None:
        return odd
    if problem.request_id is None:
        problem.request_id = reading.request_id
    raise problem


def check_items(entry: Entry, parsed: Any, length: int, most_items: int) -> None:
    """Raise `DecodeError` where the lists of *parsed*, of a body of *length* bytes, hold too much: see `is_bloated`."""
    if length > min(most_items, SHORT) and is_bloated(entry.layout, parsed, length, most_items):
        raise DecodeError(entry.name, None, f"a frame of {length} bytes with more in it", told_limit(most_items))


SHORT: Final = 1024
"""Bytes of a body that is read without counting first, if it cannot have more items than bytes."""
_FIELDS_A_BYTE: Final = 2
_FREE_FIELDS: Final = 5_000


def is_bloated(layout: Layout, parsed: Any, length: int, most_items: int) -> bool:
    """Tell whether the lists of *parsed*, of a body of *length* bytes, have more than *most_items* together.

    Or more fields than such a body can pay for: two bytes are an empty record, which becomes an object of thirty
    fields, and 16 MB of them kept the reader busy for a minute. What TWS says has three bytes a field.
    """
    items, fields = _count_items(layout, parsed, most_items)
    return items > most_items or fields > _FREE_FIELDS + _FIELDS_A_BYTE * length


def _count_items(layout: Layout | Choice, parsed: Any, most: int) -> tuple[int, int]:
    """Count the items in the lists of *parsed*, those in items too, up to *most* or somewhat more; and their fields."""
    items = fields = 0
    for row, name, within in _counted(layout):
        if isinstance(row, Part):
            inner = [getattr(parsed, name)] if parsed.HasField(name) else []
        else:
            inner = getattr(parsed, name)
            items += len(inner)
            fields += len(inner) * _width(row)
        if within is not None and items <= most:
            for each in inner:
                more_items, more_fields = _count_items(within, each, most)
                items, fields = items + more_items, fields + more_fields
    return items, fields


@cache
def _counted(layout: Layout | Choice) -> list[tuple[Part | Many | Tags, str, Layout | Choice | None]]:
    """Give the lists of *layout*, and what has lists in it: each with its name and with what may have more of them."""
    found: list[tuple[Part | Many | Tags, str, Layout | Choice | None]] = []
    for row in _numbered(layout):
        if isinstance(row, Row):
            continue
        inner = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        within = inner if isinstance(inner, (Layout, Choice)) and has_lists(inner) else None
        if within is not None or not isinstance(row, Part):
            found.append((row, vendor_name(row), within))
    return found


@cache
def _width(row: AnyRow) -> int:
    """Give how many fields an object of *row* has, those of the records in it too."""
    inner = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
    return 1 + sum(map(_width, _numbered(inner))) if isinstance(inner, (Layout, Choice)) else 1


def serialize(entry: Entry, value: Any) -> bytes:
    """Give the protobuf form of *value*. Raises `ValueError`, `TypeError` or `AttributeError` for what it is not."""
    filled = message_class(entry.layout)()
    _writer(entry.layout)(value, filled)
    return filled.SerializeToString(deterministic=True)


def unknown_fields(entry: Entry, body: bytes) -> tuple[str, ...]:
    """Give the fields of the protobuf form of *entry* that we do not know, under the vendor's names where they nest.

    Of a list the first record is looked at: what a new TWS says of one bar, it says of all five thousand. A body of
    more than a megabyte is not looked through: the runtime makes an object of each field that we do not know.
    """
    found: dict[str, Any] = {}
    if len(body) > _LONGEST_SEARCHED:
        return ()
    for path, data in _unknown(message_class(entry.layout).FromString(body), ""):
        found.setdefault(path, data)
    told = [f"{path} = {told_unknown(data)}" for path, data in islice(found.items(), _MOST_TOLD)]
    return (*told, f"and {len(found) - _MOST_TOLD} more") if len(found) > _MOST_TOLD else tuple(told)


_LONGEST_SEARCHED: Final = 2**20
_MOST_TOLD: Final = 100
"""Fields of one message that are told by what they hold; a newer TWS has a handful more than we know."""
_MOST_OF_A_GROUP: Final = 10
_DEEPEST_TOLD: Final = 4


def told_unknown(data: Any, depth: int = 0) -> str:
    """Give what a field that we do not know holds, in about a line; a group (an old form of nesting) field by field."""
    if isinstance(data, (int, bytes)):
        return shown(data)
    fields = [*islice(iter(data), _MOST_OF_A_GROUP)] if depth < _DEEPEST_TOLD else []
    told = [f"field {field.field_number} = {told_unknown(field.data, depth + 1)}" for field in fields]
    more = len(data) - len(fields)
    return f"{{{', '.join([*told, f'and {more} more'] if more else told)}}}"


def fields_beyond(parsed: Any) -> Iterator[Any]:
    """Give the fields of the message *parsed* that its descriptor has not: each has a ``field_number`` and ``data``."""
    # The stubs of the set know neither its length nor its items.
    found: Any = UnknownFieldSet(parsed)
    return iter(found)


def _unknown(parsed: Any, path: str) -> Iterator[tuple[str, Any]]:
    for field in fields_beyond(parsed):
        yield f"{path}field {field.field_number}", field.data
    for field, value in parsed.ListFields():
        nested = field.message_type
        if nested is None or nested.GetOptions().map_entry:
            continue
        for item in (value,) if isinstance(value, ProtobufMessage) else value[:1]:
            yield from _unknown(item, f"{path}{field.name}.")


@cache
def message_class(layout: Layout) -> type[ProtobufMessage]:
    """Give the protobuf class of *layout*, from our own descriptors."""
    _enter(layout)
    found = _POOL.FindMessageTypeByName(f"{_PACKAGE}.{layout.name}")
    return message_factory.GetMessageClass(found)


# --- descriptors -------------------------------------------------------------------------------------------------


_POOL: Final = descriptor_pool.DescriptorPool()
_IN_POOL: Final[dict[str, Layout | Choice]] = {}


def _enter(layout: Layout | Choice) -> None:
    """Enter the message of *layout* into the pool, those nested in it before it; each is a file of its own.

    All two hundred at once take some 30 ms, and most programs meet a handful.
    """
    known = _IN_POOL.setdefault(layout.name, layout)
    if known is not layout:
        _check_same(known, layout)
        return
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
        row.layout if isinstance(row, Part) else row.of for row in _numbered(layout) if isinstance(row, (Part, Many))
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


def _numbered(layout: Layout | Choice) -> list[_Carried]:
    """Give the rows that are fields in protobuf, in the order of their numbers, each field once."""
    if isinstance(layout, Layout):
        rows = [row for row in leaves(layout.protobuf_rows) if _is_carried(row)]
    else:
        rows = [Row(layout.tag, INT, layout.number)]
        rows += [row for option in layout.options.values() for row in _numbered(option)]
    by_name = {vendor_name(row): row for row in rows}
    if any(by_name[vendor_name(row)].number != row.number for row in rows):
        raise TypeError(f"the table of {layout.name} gives one protobuf field two numbers")
    return sorted(by_name.values(), key=lambda row: row.number or 0)


def _describe(layout: Layout | Choice, message: descriptor_pb2.DescriptorProto) -> None:
    oneofs: dict[str, int] = {}
    for row in _numbered(layout):
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
            if row.oneof:
                if row.oneof not in oneofs:
                    oneofs[row.oneof] = len(message.oneof_decl)
                    message.oneof_decl.add(name=row.oneof)
                field.oneof_index = oneofs[row.oneof]
        else:
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


# --- readers and writers -----------------------------------------------------------------------------------------


@cache
def _reader(layout: Layout) -> Reader:
    steps = [_read_step(row, layout) for row in carried_rows(layout)]
    cls, loaded = layout.cls, layout.loaded

    def read(parsed: Any) -> Any:
        value = cls(**{name: take(parsed) for name, take in steps})
        return value if loaded is None else loaded(value)

    return read


def carried_rows(layout: Layout) -> list[_Carried]:
    """Give the rows of *layout* that are fields in protobuf, in the order of the table."""
    return [row for row in leaves(layout.protobuf_rows) if _is_carried(row)]


@cache
def carried_fields(layout: Layout) -> dict[int, _Carried]:
    """Give the rows of *layout* by their numbers in protobuf."""
    return {row.number: row for row in carried_rows(layout) if row.number is not None}


def _is_carried(row: AnyRow) -> TypeGuard[_Carried]:
    return isinstance(row, (Row, Part, Many, Tags)) and row.number is not None


def _read_step(row: _Carried, layout: Layout) -> tuple[str, Callable[[Any], Any]]:
    match row:
        case Row():
            return row.field, _read_scalar(row, layout)
        case Part():
            return row.field, _read_part(row, layout)
        case Many():
            return row.field, _read_many(row)
        case Tags():
            return row.field, _read_tags(row)


def _read_tags(row: Tags) -> Callable[[Any], Any]:
    name = vendor_name(row)
    return lambda parsed: tuple([TagValue(tag, value) for tag, value in sorted(getattr(parsed, name).items())])


def _read_scalar(row: Row, layout: Layout) -> Callable[[Any], Any]:
    name, load = vendor_name(row), row.kind.load
    absent = (
        _when_absent(row.field, row.kind.name, row.kind.optional, layout)
        if row.kind.absent is UNSTATED
        else lambda: row.kind.absent
    )

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
    read = _item_reader(of)
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


def _item_reader(of: Layout | Kind | Choice) -> Callable[[Any], Any]:
    if isinstance(of, Kind):
        return of.load or _itself
    if isinstance(of, Layout):
        return _reader(of)
    options = {number: _reader(option) for number, option in of.options.items()}
    tag, tag_name = of.tag, vendor_name(Row(of.tag, INT))

    def read(item: Any) -> Any:
        number = getattr(item, tag_name) if item.HasField(tag_name) else None
        if number not in options:
            raise _BadField(tag, shown(number), f"one of {', '.join(map(str, options))}")
        return options[number](item)

    return read


def _itself(value: Any) -> Any:
    return value


@cache
def _writer(layout: Layout) -> Writer:
    steps = [_write_step(row, layout) for row in carried_rows(layout)]
    dumped = layout.dumped

    def write(value: Any, filled: Any) -> None:
        if dumped is not None:
            value = dumped(value)
        for step in steps:
            step(value, filled)

    return write


def _write_step(row: _Carried, layout: Layout) -> Writer:
    match row:
        case Row():
            return _write_scalar(row)
        case Part():
            return _write_part(row, layout)
        case Many():
            return _write_many(row)
        case Tags():
            return _write_tags(row)


def _write_tags(row: Tags) -> Writer:
    name, get = vendor_name(row), attrgetter(row.field)

    def step(value: Any, filled: Any) -> None:
        pairs = getattr(filled, name)
        for each in get(value):
            if each.tag in pairs:
                raise ValueError(each)
            # Protobuf itself takes bytes for a text, and a NUL that the text form could not say.
            pairs[STRING.write(each.tag)] = STRING.write(each.value)

    return step


def _write_scalar(row: Row) -> Writer:
    name, get, dump = vendor_name(row), attrgetter(row.field), row.kind.dump or _itself

    def step(value: Any, filled: Any) -> None:
        dumped = dump(get(value))
        if dumped is not None:
            setattr(filled, name, dumped)

    return step


def _write_part(row: Part, layout: Layout) -> Writer:
    name, get, write = vendor_name(row), attrgetter(row.field), _writer(row.layout)
    left_out = default_of(layout.cls, row.field) if row.omitted else UNSTATED

    def step(value: Any, filled: Any) -> None:
        part = get(value)
        if (part is None and row.optional) or part == left_out:
            return
        # The second member of a oneof would silently take the place of the first.
        if row.oneof and filled.WhichOneof(row.oneof) is not None:
            raise ValueError(part)
        nested = getattr(filled, name)
        # A sub-message may be present and empty, which is not the same as absent.
        nested.SetInParent()
        write(part, nested)

    return step


def _write_many(row: Many) -> Writer:
    name, get, add = vendor_name(row), attrgetter(row.field), _item_writer(row.of)

    def step(value: Any, filled: Any) -> None:
        repeated = getattr(filled, name)
        for item in get(value):
            add(item, repeated)

    return step


def _item_writer(of: Layout | Kind | Choice) -> Writer:
    if isinstance(of, Kind):
        dump = of.dump or _itself
        return lambda item, repeated: repeated.append(dump(item))
    if isinstance(of, Layout):
        write = _writer(of)
        return lambda item, repeated: write(item, repeated.add())
    options = {number: _writer(option) for number, option in of.options.items()}
    tag_name = vendor_name(Row(of.tag, INT))

    def add(item: Any, repeated: Any) -> None:
        number = of.number_of(item)
        added = repeated.add()
        setattr(added, tag_name, number)
        options[number](item, added)

    return add
