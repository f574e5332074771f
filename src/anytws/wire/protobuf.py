"""The protobuf encoding: readers and writers, all from the table.

The runtime is the vendor-neutral ``protobuf`` package, with the descriptors of `anytws.wire.protobuf_descriptors`. Both
are imported when the first protobuf frame is read or written, which none is below server version 201.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, Final, TypeAlias

import attrs
from google.protobuf.message import DecodeError as ParseError
from google.protobuf.message import Message as ProtobufMessage
from google.protobuf.unknown_fields import UnknownFieldSet

from anytws.errors import DecodeError, shown
from anytws.messages.base import TagValue
from anytws.wire.kinds import INT, STRING, UNSTATED, Kind, as_it_is
from anytws.wire.limits import DEFAULT_LIMITS, told_limit
from anytws.wire.odd import Odd
from anytws.wire.protobuf_descriptors import message_class, numbered_rows
from anytws.wire.rows import (
    AnyRow,
    CarriedRow,
    Choice,
    Entry,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    carried_rows,
    default_of,
    has_lists,
    value_when_absent,
    vendor_name,
)

Reader: TypeAlias = Callable[[Any], Any]
"""A parsed protobuf message to ours. Raises `_BadField`."""
Writer: TypeAlias = Callable[[Any, Any], None]
"""Fill a protobuf message from ours. Raises `ValueError` or `TypeError`."""


class _BadField(Exception):
    """A field that cannot be read. Each record around it puts its own name in front of the path."""

    def __init__(self, path: str, seen: str, wanted: str) -> None:
        super().__init__(path, seen, wanted)
        self.path, self.seen, self.wanted = path, seen, wanted

    def inside(self, path: str) -> _BadField:
        return _BadField(f"{path}.{self.path}", self.seen, self.wanted)


def parse(entry: Entry, body: bytes, most_items: int = DEFAULT_LIMITS.items) -> Any:
    """Read the protobuf form of *entry*, with *most_items* in its lists.

    One in which values are odd comes in an `Odd`. Raises `DecodeError` naming the field where that cannot be.
    """
    parsed: Any = message_class(entry.layout)()
    try:
        parsed.ParseFromString(body)
    except ParseError:
        from anytws.wire.protobuf_fault import fault_of  # noqa: PLC0415 (needed for errors only)

        return _read_odd(entry, body, most_items, fault_of(entry, body))
    check_items(entry, parsed, len(body), most_items)
    try:
        return _reader(entry.layout)(parsed)
    except _BadField as bad:
        problem = DecodeError(entry.name, bad.path, bad.seen, bad.wanted)
    except (ValueError, ArithmeticError):
        # A record that cannot be made of its fields (`Layout.after_reading`): none of them alone is at fault.
        problem = DecodeError(entry.name, None, shown(body), entry.layout.name)
    # The body is parsed again. What was parsed may take thirty times its memory, so it is freed first.
    del parsed
    return _read_odd(entry, body, most_items, problem)


def _read_odd(entry: Entry, body: bytes, most_items: int, problem: DecodeError) -> Odd:
    """Read what the strict reader refuses. Raises *problem* where it is right."""
    from anytws.wire.tolerant_protobuf import TolerantProtobuf  # noqa: PLC0415 (needed for errors only)

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

    Or more fields than a body of that length can need. An empty record is two bytes, and becomes an object of thirty
    fields: 16 MB of them took a minute to read. Messages of TWS have three bytes a field.
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
    for row in numbered_rows(layout):
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
    return 1 + sum(map(_width, numbered_rows(inner))) if isinstance(inner, (Layout, Choice)) else 1


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
"""Fields of one message that are told by what they hold; a newer TWS has a few that we do not know."""
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
def _reader(layout: Layout) -> Reader:
    steps = [_read_step(row, layout) for row in carried_rows(layout)]
    cls, finish = layout.cls, layout.after_reading

    def read(parsed: Any) -> Any:
        value = cls(**{name: take(parsed) for name, take in steps})
        return value if finish is None else finish(value)

    return read


@cache
def carried_fields(layout: Layout) -> dict[int, CarriedRow]:
    """Give the rows of *layout* by their numbers in protobuf."""
    return {row.number: row for row in carried_rows(layout) if row.number is not None}


def _read_step(row: CarriedRow, layout: Layout) -> tuple[str, Callable[[Any], Any]]:
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
    name, read_value = vendor_name(row), row.kind.read_protobuf
    absent = (
        _when_absent(row.field, row.kind.name, row.kind.optional, layout)
        if row.kind.absent is UNSTATED
        else lambda: row.kind.absent
    )

    def take(parsed: Any) -> Any:
        if not parsed.HasField(name):
            return absent()
        value = getattr(parsed, name)
        if read_value is None:
            return value
        try:
            return read_value(value)
        except (ValueError, ArithmeticError):
            raise _BadField(row.field, shown(value), row.kind.name) from None

    return take


def _when_absent(field: str, wanted: str, optional: bool, layout: Layout) -> Callable[[], Any]:
    """Say what an absent field is: None where that is a value, else the class's default, else an error."""
    if optional:
        return lambda: None
    default = value_when_absent(layout.cls, field)
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
        return of.read_protobuf or as_it_is
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


@cache
def _writer(layout: Layout) -> Writer:
    steps = [_write_step(row, layout) for row in carried_rows(layout)]
    prepare = layout.before_writing

    def write(value: Any, filled: Any) -> None:
        if prepare is not None:
            value = prepare(value)
        for step in steps:
            step(value, filled)

    return write


def _write_step(row: CarriedRow, layout: Layout) -> Writer:
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
            pairs[STRING.write_text(each.tag)] = STRING.write_text(each.value)

    return step


def _write_scalar(row: Row) -> Writer:
    name, get, write_value = vendor_name(row), attrgetter(row.field), row.kind.write_protobuf or as_it_is

    def step(value: Any, filled: Any) -> None:
        written = write_value(get(value))
        if written is not None:
            setattr(filled, name, written)

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
        write_value = of.write_protobuf or as_it_is
        return lambda item, repeated: repeated.append(write_value(item))
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
