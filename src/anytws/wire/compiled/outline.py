"""What a protobuf message may have, seen by one who cuts it into pieces."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, TypeAlias

import attrs

from anytws.wire.compiled.absent import when_absent
from anytws.wire.compiled.bet import CannotCompile, GiveUp
from anytws.wire.compiled.latin import FIXED, LENGTH, VARINT
from anytws.wire.compiled.varints import varint
from anytws.wire.rows import CarriedRow, Layout, Part, Row, carried_rows, has_lists

Place: TypeAlias = tuple[int, int]
"""The number of the record that a field is in, or 0 for the message itself, and its own."""
Key: TypeAlias = tuple[Place, ...]
"""What a body has of the fields that are cut out, in their order."""

_NEW: Final = frozenset({"double", "int64"})
"""Types of numbers that are new in most bodies: prices, and times."""
_ID: Final = frozenset({"int32", "int64"})


@attrs.frozen
class Field:
    """A field of a message, or of a record in it that is opened."""

    row: Row | Part
    cls: type[Any]
    """Whose field it is."""
    place: Place
    is_cut: bool = False
    """Whether a run ends in front of it."""
    is_apart: bool = False
    """Whether it is looked up alone, by the length that stands in front of it: a record, or the first of two texts."""
    inner: tuple[Field, ...] = ()
    """What is in a record that is opened: the body ends with it."""

    @property
    def absent(self) -> Any:
        """What it is where it is absent, or `NO_VALUE`."""
        return when_absent(self.cls, self.row)

    @property
    def is_new(self) -> bool:
        """Whether it is a number that is new in most bodies."""
        return _type_of(self.row) in _NEW


Outline: TypeAlias = tuple[Field, ...]
"""The fields of a message in the order of their numbers."""


def outline(layout: Layout) -> Outline:
    """Give the fields of *layout*. Raises `CannotCompile` where it does not pay to cut it into pieces."""
    if layout.after_reading is not None:
        raise CannotCompile(layout)
    fields = _fields(layout, 0)
    if has_records(fields):
        return fields
    rows = [field.row for each in fields for field in (each, *each.inner)]
    numbers = [row for row in rows if _type_of(row) in _NEW]
    texts = [
        row for row in rows if _type_of(row) == "string" and isinstance(row, Row) and row.kind.read_protobuf is None
    ]
    # What is mostly names and sentences is as quickly parsed.
    if not fields or _type_of(fields[0].row) not in _ID or len(texts) > max(1, len(numbers)):
        raise CannotCompile(layout)
    return fields


def has_records(fields: Outline) -> bool:
    """Tell whether there are records in it that are looked up by their bytes."""
    return any(field.is_apart and isinstance(field.row, Part) for field in fields)


def _type_of(row: CarriedRow) -> str:
    return row.kind.protobuf if isinstance(row, Row) else "record"


def _fields(layout: Layout, within: int) -> Outline:
    rows = sorted(carried_rows(layout), key=lambda row: row.number or 0)
    types = [_type_of(row) for row in rows]
    return tuple(map(partial(_field, layout, within), rows, ["opened" if within else "", *types], [*types[1:], ""]))


def _field(layout: Layout, within: int, row: CarriedRow, before: str, behind: str) -> Field:
    """Give the field *row*, between two of the types *before* and *behind*."""
    place, now = (within, row.number or 0), _type_of(row)
    if isinstance(row, Row):
        # Two texts have many more combinations than values; and a text has more values than the ids in front of it.
        is_apart = now == behind == "string"
        is_cut = now in _NEW or is_apart or (now == "string" and before in ("int32", "bool", "opened"))
        return Field(row, layout.cls, place, is_cut, is_apart)
    if not isinstance(row, Part):
        raise CannotCompile(layout)
    # A record is opened if it has new numbers.
    inner = carried_rows(row.layout)
    if (
        within
        or has_lists(layout)
        or row.layout.after_reading is not None
        or not any(_type_of(each) in _NEW for each in inner)
    ):
        return Field(row, layout.cls, place, is_cut=True, is_apart=True)
    return Field(row, layout.cls, place, is_cut=True, inner=_fields(row.layout, place[1]))


def anatomy(fields: Outline, body: bytes) -> tuple[Key, list[int]]:
    """Give what *body* has of the fields that are cut out, and how long the pieces are that it falls into.

    Raises anything for what is no body. What it gives is a guess: a reader made of it has still to read the body.
    """
    key: list[Place] = []
    cuts = [0]
    by_number, at = {field.place[1]: field for field in fields}, 0
    while at < len(body):
        tag, at = varint(body, at)
        field = by_number[tag >> 3]
        start, end = _extent(tag & 7, body, at)
        if field.is_cut:
            key.append(field.place)
        if field.inner:
            by_number, end = {each.place[1]: each for each in field.inner}, start
        elif field.is_cut:
            cuts += [at, end] if field.is_apart or field.is_new else [at]
        at = end
    return tuple(key), [end - start for start, end in zip(cuts, [*cuts[1:], len(body)], strict=True)]


def _extent(wire_type: int, body: bytes, at: int) -> tuple[int, int]:
    """Give where the value at *at* begins, behind its length if it has one, and where it ends."""
    if wire_type == VARINT:
        return at, varint(body, at)[1]
    if wire_type == FIXED:
        return at, at + 8
    if wire_type != LENGTH:
        raise GiveUp
    length, start = varint(body, at)
    return start, start + length
