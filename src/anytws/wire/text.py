"""The text encoding, compiled: rows in, two closures out, with no version test left in them.

A text body is a run of fields, each ended by a NUL; what follows the last NUL is no field. `text_reader` and
`text_writer` take the *flat* way when a message is a plain run of fields (positional construction, no branches), and
the *general* way otherwise: a draft that rows fill in order, so that conditions can look back. Both are optimistic:
they raise whatever goes wrong, and `anytws.wire.walk` goes over the same rows again, slowly, to say which field it
was. So only a message with a fault takes the time for the words of its error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from operator import attrgetter, length_hint
from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.base import TagValue
from anytws.wire.kinds import BOOL, INT, STRING, Kind
from anytws.wire.limits import DEFAULT_LIMITS
from anytws.wire.rows import (
    AnyRow,
    Choice,
    Column,
    Filler,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    When,
    default_of,
    field_class,
)
from anytws.wire.tags import join_tags, split_tags

Reader: TypeAlias = Callable[[list[str]], Any]
"""The fields of a body to a message. Raises one of `BAD_FIELDS` for bad ones."""
Writer: TypeAlias = Callable[[Any], list[str]]
"""A message to its fields. Raises `ValueError` or `AttributeError` for what is not that message."""

_ReadStep: TypeAlias = Callable[["Fields", "Draft"], None]
_WriteStep: TypeAlias = Callable[[Any, list[str]], None]

FieldPlan: TypeAlias = list[tuple[Callable[[str], Any], int]]
"""For each field of a class, in order, what reads it and where it stands in the record."""


@attrs.frozen
class Surplus:
    """A message, and the fields behind those that the table knows: TWS is newer than we are."""

    message: Any
    fields: tuple[str, ...]


BAD_FIELDS: Final = (ValueError, ArithmeticError, StopIteration)
"""What a reader raises for bad fields; the last one is the end of them."""


def split_fields(body: bytes) -> list[str]:
    """Cut a text body into its fields."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("utf-8", "surrogateescape")
    fields = text.split("\0")
    fields.pop()
    return fields


def text_reader(layout: Layout, version: int, most_items: int = DEFAULT_LIMITS.items) -> Reader:
    """Compile *layout* for reading at *version*. A message with more than *most_items* in its lists is a bad one."""
    return _flat_reader(layout, version) or _general_reader(layout, version, most_items)


def text_writer(layout: Layout, version: int) -> Writer:
    """Compile *layout* for writing at *version*."""
    steps = _write_steps(layout.text_rows, version)
    prepare = layout.before_writing

    def write(value: Any) -> list[str]:
        fields: list[str] = []
        if prepare is not None:
            value = prepare(value)
        for step in steps:
            step(value, fields)
        return fields

    return write


def read_count(text: str) -> int:
    """Read the count of a repetition: zero, negative and empty all mean none."""
    return max(0, INT.read_text(text)) if text else 0


class Fields:
    """The fields of a body, taken one after the other, and how many items there may still be in its lists.

    `take` gives the next field and raises `StopIteration` behind the last one.
    """

    __slots__ = ("_fields", "_items_left", "_left", "take")

    def __init__(self, fields: list[str], most_items: int) -> None:
        self._fields = fields
        self._left = iter(fields)
        self._items_left = most_items
        self.take: Final = self._left.__next__

    def take_many(self, count: int) -> list[str]:
        """Give the next *count* fields. Raises `ValueError` where there are not so many."""
        taken = [*islice(self._left, count)]
        if len(taken) != count:
            raise ValueError(taken)
        return taken

    def ahead(self, count: int) -> list[str]:
        """Give the next *count* fields, or as many as there are, without taking them."""
        at = len(self._fields) - self.left
        return self._fields[at : at + count]

    def take_count(self, width: int = 1) -> int:
        """Give the next field as the count of a list whose items have *width* fields at the least.

        Raises `ValueError` for one that is too large: a frame of ten bytes that announces two thousand million items
        would be read for hours.
        """
        count = read_count(self.take())
        if count * width > self.left or not self.spend(count):
            raise ValueError(count)
        return count

    @property
    def left(self) -> int:
        """How many fields there still are."""
        return length_hint(self._left)

    def rest(self) -> list[str]:
        """Give all fields that are left."""
        return [*self._left]

    def spend(self, count: int) -> bool:
        """Note that a list of *count* items comes, and tell whether there may be so many."""
        self._items_left -= count
        return self._items_left >= 0


# --- the flat way ------------------------------------------------------------------------------------------------


@cache
def flat_plan(layout: Layout, version: int) -> tuple[FieldPlan, int] | None:
    """Say how to read *layout* in one go, and how many fields it has on the wire.

    None where it is more than a run of fields in a leading run of the class.
    """
    places: dict[str, tuple[Callable[[str], Any], int]] = {}
    index = 0
    for row in layout.text_rows:
        if not isinstance(row, (Row, Filler)) or (isinstance(row, Row) and "." in row.field):
            return None
        if layout.after_reading is not None or (isinstance(row, Filler) and row.minimum is not None):
            return None
        if not row.on_wire(version):
            continue
        if isinstance(row, Row):
            places[row.field] = (row.kind.read_text, index)
        index += 1
    names = [field.name for field in attrs.fields(layout.cls)][: len(places)]
    if set(names) != set(places):
        return None
    return [places[name] for name in names], index


def _flat_reader(layout: Layout, version: int) -> Reader | None:
    """Give the short reader, or None where there is no plan for one."""
    found = flat_plan(layout, version)
    if found is None:
        return None
    plan, count = found
    cls = layout.cls

    def read(fields: list[str]) -> Any:
        if len(fields) < count:
            raise ValueError(fields)
        message = cls(*[parse(fields[place]) for parse, place in plan])
        return message if len(fields) == count else Surplus(message, tuple(fields[count:]))

    return read


# --- the general way: reading ------------------------------------------------------------------------------------


class Draft:
    """A message while its fields arrive: the same attributes, as far as they have been read."""

    # `_cls` is a slot, so that `__dict__` has the fields and nothing else.
    __slots__ = ("__dict__", "_cls")

    def __init__(self, cls: type[Any]) -> None:
        self._cls = cls

    def __getattr__(self, name: str) -> Any:
        """Give the class's default of a field that this version does not carry: a condition may ask for it."""
        default = default_of(self._cls, name) if name in attrs.fields_dict(self._cls) else attrs.NOTHING
        if default is attrs.NOTHING:
            raise AttributeError(name)
        return default

    def nested(self, path: Sequence[str]) -> Draft:
        """Give the draft at *path*; those on the way to it that are missing are made."""
        draft = self
        for name in path:
            if name not in draft.__dict__:
                draft.__dict__[name] = Draft(field_class(draft._cls, name))
            draft = draft.__dict__[name]
        return draft

    def finish(self) -> Any:
        """Make the value. Raises `ValueError` when a field that must be there was not on the wire."""
        values = {name: value.finish() if type(value) is Draft else value for name, value in self.__dict__.items()}
        try:
            return self._cls(**values)
        except TypeError as problem:
            raise ValueError(str(problem)) from problem


def _general_reader(layout: Layout, version: int, most_items: int) -> Reader:
    record = _record_reader(layout, version)

    def read(fields: list[str]) -> Any:
        left = Fields(fields, most_items)
        message = record(left)
        surplus = tuple(left.rest())
        return Surplus(message, surplus) if surplus else message

    return read


def _read_steps(rows: tuple[AnyRow, ...], version: int) -> list[_ReadStep]:
    return [_read_step(row, version) for row in rows if isinstance(row, When) or row.on_wire(version)]


def _read_step(row: AnyRow, version: int) -> _ReadStep:
    match row:
        case Row():
            return _read_row(row)
        case Filler():
            return _read_filler(row)
        case Part():
            return _read_part(row, version)
        case Many():
            return _read_many(row, version)
        case Tags():
            return _read_tags(row)
        case Column():
            return _read_column(row)
        case When():
            return _read_when(row, version)


def _read_filler(row: Filler) -> _ReadStep:
    minimum = row.minimum

    def step(fields: Fields, _draft: Draft) -> None:
        text = fields.take()
        if minimum is not None:
            check_layout_number(text, minimum)

    return step


def check_layout_number(text: str, minimum: int) -> None:
    """Raise `ValueError` for the number of a layout that is older than the one in the table."""
    if INT.read_text(text) < minimum:
        raise ValueError(text)


def _read_row(row: Row) -> _ReadStep:
    *path, name = row.field.split(".")
    parse = row.kind.read_text

    def step(fields: Fields, draft: Draft) -> None:
        draft.__dict__[name] = parse(fields.take())

    def step_down(fields: Fields, draft: Draft) -> None:
        draft.nested(path).__dict__[name] = parse(fields.take())

    return step_down if path else step


def _read_part(row: Part, version: int) -> _ReadStep:
    *path, name = row.field.split(".")
    record = _record_reader(row.layout, version)

    def step(fields: Fields, draft: Draft) -> None:
        there = not row.optional or BOOL.read_text(fields.take())
        draft.nested(path).__dict__[name] = record(fields) if there else None

    return step


def _record_reader(layout: Layout, version: int) -> Callable[[Fields], Any]:
    steps = _read_steps(layout.text_rows, version)
    cls, finish = layout.cls, layout.after_reading

    def read(fields: Fields) -> Any:
        draft = Draft(cls)
        for step in steps:
            step(fields, draft)
        value = draft.finish()
        return value if finish is None else finish(value)

    return read


def _read_many(row: Many, version: int) -> _ReadStep:
    *path, name = row.field.split(".")
    read_item, width = _item_reader(row.of, version), least_width(row.of, version)

    def step(fields: Fields, draft: Draft) -> None:
        items = tuple([read_item(fields) for _ in range(fields.take_count(width))])
        draft.nested(path).__dict__[name] = items

    return step


def _read_tags(row: Tags) -> _ReadStep:
    *path, name = row.field.split(".")

    def step(fields: Fields, draft: Draft) -> None:
        draft.nested(path).__dict__[name] = (
            split_tags(fields.take()) if row.joined else tuple([_read_tag(fields) for _ in range(fields.take_count(2))])
        )

    return step


def _read_tag(fields: Fields) -> TagValue:
    return TagValue(STRING.read_text(fields.take()), STRING.read_text(fields.take()))


def _read_column(row: Column) -> _ReadStep:
    *path, name = row.field.split(".")
    parse = row.kind.read_text

    def step(fields: Fields, draft: Draft) -> None:
        count = fields.take_count()
        if not count:
            return
        values = draft.nested(path).__dict__
        records = getattr(draft.nested(path), name)
        if count > len(records):
            raise ValueError(count)
        filled = [attrs.evolve(record, **{row.name: parse(fields.take())}) for record in records[:count]]
        values[name] = (*filled, *records[count:])

    return step


def _choice_reader(choice: Choice, version: int) -> Callable[[Fields], Any]:
    options = {number: _record_reader(layout, version) for number, layout in choice.options.items()}

    def read(fields: Fields) -> Any:
        option = options.get(INT.read_text(fields.take()))
        if option is None:
            raise ValueError("a record of a kind that is not known")
        return option(fields)

    return read


@cache
def least_width(of: Layout | Kind | Choice, version: int) -> int:
    """Give how many fields an item has at the least at *version*; 1 for one that has none, so that it counts."""
    if isinstance(of, Kind):
        return 1
    if isinstance(of, Choice):
        return 1 + min(least_width(option, version) for option in of.options.values())
    return max(1, sum(_least_fields(row, version) for row in of.text_rows))


def _least_fields(row: AnyRow, version: int) -> int:
    if isinstance(row, When) or not row.on_wire(version):
        return 0
    if isinstance(row, Part) and not row.optional:
        return sum(_least_fields(inner, version) for inner in row.layout.text_rows)
    return 1


def _item_reader(of: Layout | Kind | Choice, version: int) -> Callable[[Fields], Any]:
    if isinstance(of, Kind):
        parse = of.read_text
        return lambda fields: parse(fields.take())
    if isinstance(of, Choice):
        return _choice_reader(of, version)
    if not any(isinstance(row, When) or row.on_wire(version) for row in of.text_rows):
        # A record without fields takes no bytes: a count in a frame of ten bytes could keep us busy for hours.
        return _no_record
    found = flat_plan(of, version)
    return _record_reader(of, version) if found is None else _flat_item_reader(of.cls, *found)


def _flat_item_reader(cls: type[Any], plan: FieldPlan, count: int) -> Callable[[Fields], Any]:
    def read(fields: Fields) -> Any:
        taken = fields.take_many(count)
        return cls(*[parse(taken[place]) for parse, place in plan])

    return read


def _no_record(_fields: Fields) -> Any:
    raise ValueError("records that have no field at this version")


def _read_when(row: When, version: int) -> _ReadStep:
    steps = _read_steps(row.rows, version)
    holds = row.holds

    def step(fields: Fields, draft: Draft) -> None:
        try:
            goes_on = holds(draft)
        except (TypeError, AttributeError, LookupError) as problem:
            # The condition does not expect an absent value. The peer sent it, so the frame is wrong.
            raise ValueError(str(problem)) from None
        if goes_on:
            for inner in steps:
                inner(fields, draft)

    return step


# --- the general way: writing ------------------------------------------------------------------------------------


def _write_steps(rows: tuple[AnyRow, ...], version: int) -> list[_WriteStep]:
    return [_write_step(row, version) for row in rows if isinstance(row, When) or row.on_wire(version)]


def _write_step(row: AnyRow, version: int) -> _WriteStep:
    match row:
        case Row():
            get, put = attrgetter(row.field), row.kind.write_text
            return lambda value, fields: fields.append(put(get(value)))
        case Filler():
            constant = row.constant
            return lambda _value, fields: fields.append(constant)
        case Part():
            return _write_part(row, version)
        case Many():
            return _write_many(row, version)
        case Tags():
            return _write_tags(row)
        case Column():
            return _write_column(row)
        case When():
            return _write_when(row, version)


def _write_part(row: Part, version: int) -> _WriteStep:
    get, write = attrgetter(row.field), text_writer(row.layout, version)

    def step(value: Any, fields: list[str]) -> None:
        part = get(value)
        if row.optional:
            fields.append("0" if part is None else "1")
        if part is not None or not row.optional:
            fields.extend(write(part))

    return step


def _write_many(row: Many, version: int) -> _WriteStep:
    get = attrgetter(row.field)
    put = _item_writer(row.of, version)

    def step(value: Any, fields: list[str]) -> None:
        items = get(value)
        fields.append(str(len(items)))
        for item in items:
            fields.extend(put(item))

    return step


def _item_writer(of: Layout | Kind | Choice, version: int) -> Writer:
    if isinstance(of, Kind):
        put = of.write_text
        return lambda item: [put(item)]
    if isinstance(of, Choice):
        options = {layout.cls: (str(number), text_writer(layout, version)) for number, layout in of.options.items()}

        def write(item: Any) -> list[str]:
            if type(item) not in options:
                raise ValueError(item)
            number, option = options[type(item)]
            return [number, *option(item)]

        return write
    return text_writer(of, version)


def _write_tags(row: Tags) -> _WriteStep:
    get = attrgetter(row.field)

    def step(value: Any, fields: list[str]) -> None:
        tags = get(value)
        if row.joined:
            fields.append(join_tags(tags))
            return
        fields.append(str(len(tags)))
        for each in tags:
            fields += (STRING.write_text(each.tag), STRING.write_text(each.value))

    return step


def _write_column(row: Column) -> _WriteStep:
    get, put = attrgetter(row.field), row.kind.write_text

    def step(value: Any, fields: list[str]) -> None:
        held = [getattr(record, row.name) for record in get(value)]
        if all(each is None for each in held):
            fields.append("0")
            return
        fields.append(str(len(held)))
        fields.extend(map(put, held))

    return step


def _write_when(row: When, version: int) -> _WriteStep:
    steps = _write_steps(row.rows, version)
    holds = row.holds

    def step(value: Any, fields: list[str]) -> None:
        if holds(value):
            for inner in steps:
                inner(value, fields)

    return step
