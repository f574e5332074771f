"""The writers of records: functions that give the text of one, written for a layout and compiled.

Most fields of most records have their default. So fields that stand together are asked together whether they have it,
by identity, and then what stands for all of them is one constant. A long record is written in parts, each a function of
its own: a compiler holds everybody up as long as it compiles, and what is short holds them up shortly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from itertools import groupby
from typing import Any, Final, TypeAlias

import attrs

from anytws.wire.compiled.bet import CannotCompile, Encoder, GiveUp, Steps, result_of
from anytws.wire.compiled.latin import LATIN
from anytws.wire.compiled.source import Source
from anytws.wire.compiled.words import Words
from anytws.wire.guard import NO_COLUMNS, default_at, told_beside, uncarried_paths
from anytws.wire.rows import Column, Entry, Gate, Layout, Many, Part, When

Writer: TypeAlias = Callable[[Any], str]
"""A record to the text that stands for it."""

_Line: TypeAlias = Callable[[], None]

TOGETHER: Final = 10
"""Fields that are asked together; the more there are, the likelier one of them has another value than its default."""
A_PART: Final = 30
"""Rows of one function; to compile it takes a millisecond or two."""


@attrs.frozen
class Field:
    """A field with a value, as it is written."""

    seen: str
    """The expression that reads it."""
    written: Callable[[str], str]
    """Gives the expression that writes a variable."""
    end: str
    """What stands behind it."""
    default: Any
    constant: str | None
    """What stands for its default; None where that is not known by identity, or not written."""


class RecordWriter(ABC):
    """Writes the functions for one record."""

    is_text: bool
    encoding: str

    @classmethod
    @abstractmethod
    def top(cls, entry: Entry, version: int) -> RecordWriter:
        """Give what writes the writer of *entry*."""

    def __init__(self, words: Words, layout: Layout, version: int, beside: Mapping[str, Column] = NO_COLUMNS) -> None:
        self._words = words
        self.layout = layout
        self._version = version
        self._beside = beside

    def steps(self, source: Source, head: str = "", closed: Sequence[Gate] = ()) -> Steps[str]:
        """Write into *source* what a record ``v`` needs; give the expression of its text, with *head* in front.

        Of a long record that is the last part; those before it, and the records in it, are functions of their own, and
        control goes back after each. Raises `CannotCompile`.
        """
        if self._words.is_guarded and self.layout.before_writing is not None:
            raise CannotCompile(self.layout)
        lines: list[_Line] = [*(self._guarding(closed) if self._words.is_guarded else ())]
        for row in self._rows():
            for layout in nested_in(row):
                yield from self._prepare(layout)
            lines.append(partial(self._row, row))
        parts = [lines[start : start + A_PART] for start in range(0, len(lines), A_PART)] or [[]]
        calls = [literal(head)]
        for number, part in enumerate(parts[:-1]):
            function = self._function(Source(f"{self.layout.name}, written, part {number}"), part)
            calls.append(f"{{{source.named(function, 'part')}(v)}}")
            yield
        return self._expression(source, parts[-1], calls)

    def _prepare(self, layout: Layout) -> Steps[None]:
        writer = self._nested_writer(layout)
        if writer.key not in _RECORDS:
            _RECORDS[writer.key] = yield from record_steps(writer)
            yield

    def _record(self, layout: Layout) -> Writer:
        """Give what writes the nested record of *layout*."""
        return record_writer(self._nested_writer(layout))

    @abstractmethod
    def _nested_writer(self, layout: Layout) -> RecordWriter:
        """Give what writes the writer of a nested record."""

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """What its function depends on: two that have it in common are the same."""

    def _function(self, source: Source, part: list[_Line]) -> Writer:
        source.add(f"return {self._expression(source, part, [])}")
        writer: Writer = source.function("v", "write")
        return writer

    def _expression(self, source: Source, part: list[_Line], before: list[str]) -> str:
        self._source = source
        self._pieces = before
        """The inside of the f-string that is given in the end."""
        self._together: list[Field] = []
        self._owners: dict[str, str] = {"": "v"}
        for write in part:
            write()
        return self._taken()

    @abstractmethod
    def _rows(self) -> list[Any]:
        """Give the rows in the order in which they are written."""

    @abstractmethod
    def _row(self, row: Any) -> None:
        """Write one row."""

    # One function

    def _taken(self) -> str:
        """Give the f-string of the pieces so far, and begin anew."""
        self._flush()
        taken, self._pieces = "".join(self._pieces), []
        return f'f"{taken}"'

    def _seen(self, path: str) -> str:
        """Give the expression that reads the field at *path*."""
        owner, _, name = path.rpartition(".")
        if owner not in self._owners:
            variable = self._source.new("o")
            self._source.add(f"{variable} = {self._seen(owner)}")
            self._owners[owner] = variable
        return f"{self._owners[owner]}.{name}"

    # Fields and their defaults

    def _field(self, field: Field) -> None:
        self._together.append(field)
        if len(self._together) >= TOGETHER:
            self._flush()

    def _value(self, path: str, written: Callable[[str], str], put: Callable[[Any], str], end: str = "") -> None:
        """Write the value at *path*, and *end* behind it."""
        default, constant = default_at(self.layout.cls, path), None
        if has_identity(default):
            try:
                constant = put(default)
            except (ValueError, ArithmeticError, TypeError, AttributeError, GiveUp):
                constant = None
        self._field(Field(self._seen(path), written, end, default, constant))

    def _flush(self) -> None:
        """Write the fields that stand together."""
        fields, self._together = self._together, []
        for is_known, group in groupby(fields, key=lambda field: field.constant is not None):
            some = [*group]
            if is_known and len(some) > 1:
                self._pieces.append(self._asked_together(some))
            else:
                self._pieces += map(self._single, some)

    def _asked_together(self, fields: list[Field]) -> str:
        """Give the piece of *fields* that probably all have their default."""
        source, piece = self._source, self._source.new("w")
        have_it = " and ".join([f"{field.seen} is {self._constant(field.default)}" for field in fields])
        constant = "".join([f"{field.constant}{field.end}" for field in fields])
        source.add(f"if {have_it}: {piece} = {constant!r}")
        source.add(f'else: {piece} = f"{"".join(map(self._single, fields))}"')
        return f"{{{piece}}}"

    def _single(self, field: Field) -> str:
        """Give the piece of one field."""
        x, end = self._source.new("x"), literal(field.end)
        if field.constant is None:
            self._source.add(f"{x} = {field.seen}")
            return f"{{{field.written(x)}}}{end}"
        constant, default = self._source.named(field.constant, "constant"), self._constant(field.default)
        return f"{{{constant} if ({x} := {field.seen}) is {default} else {field.written(x)}}}{end}"

    def _constant(self, value: Any) -> str:
        # To be compared by identity, which a literal of a number or a text is not for Python.
        return repr(value) if value is None or isinstance(value, bool) else self._source.named(value, "default")

    # Tuples

    def _tuple(self, path: str) -> str:
        """Write the reading of the tuple at *path*; give its variable."""
        items = self._source.new("g")
        self._source.add(f"{items} = {self._seen(path)}", f"if type({items}) is not tuple: raise GiveUp")
        return items

    def _check_class(self, items: str, layout: Layout) -> None:
        """Write that the guard, which goes by the class of a record, would find one in each of *items*."""
        if self._words.is_guarded:
            cls = self._source.named(layout.cls, layout.cls.__name__)
            self._source.add(f"if not all([type(x) is {cls} for x in {items}]): raise GiveUp")

    # What a client must not lose

    def _guarding(self, closed: Sequence[Gate]) -> Iterator[_Line]:
        for gate in closed:
            yield partial(self._must_not_be, gate)
        for path in uncarried_paths(self.layout, self._version, text=self.is_text, beside=self._beside):
            yield partial(self._must_be_default, path, told_beside(self.layout, path))

    def _must_not_be(self, gate: Gate) -> None:
        self._source.add(f"if {self._seen(gate.field)} == {self._source.named(gate.value, 'closed')}: raise GiveUp")

    def _must_be_default(self, path: str, is_told: Callable[[Any], bool] | None = None) -> None:
        default, seen = default_at(self.layout.cls, path), self._seen(path)
        named = self._constant(default)
        wrong = [f"{seen} is not {named}"]
        if not has_identity(default) or is_told is not None:
            wrong.append(f"not {seen} == {named}")
        if is_told is not None:
            wrong.append(f"not {self._source.named(is_told, 'is_told')}(v)")
        self._source.add(f"if {' and '.join(wrong)}: raise GiveUp")


def has_identity(default: Any) -> bool:
    """Tell whether each *default* is the same object, so that most that are equal to it are it."""
    return default is None or default == () or isinstance(default, (bool, int, float, str, Enum))


def literal(text: str) -> str:
    """Give *text* as it stands in an f-string."""
    return text.encode("unicode_escape").decode().replace('"', '\\"').replace("{", "{{").replace("}", "}}")


_RECORDS: Final[dict[Hashable, Writer]] = {}
"""The writers of records that have been compiled: one record stands in many messages."""


def nested_in(row: Any) -> Iterator[Layout]:
    """Give the layouts of the records in *row* that have a function of their own."""
    if isinstance(row, When):
        for inner in row.rows:
            yield from nested_in(inner)
    elif isinstance(row, Part):
        yield row.layout
    elif isinstance(row, Many) and isinstance(row.of, Layout):
        yield row.of


def record_steps(writer: RecordWriter) -> Steps[Writer]:
    """Compile *writer*; give the function that writes a whole record."""
    source, prepare = Source(f"{writer.layout.name}, written"), writer.layout.before_writing
    if prepare is not None:
        source.add(f"v = {source.named(prepare, 'prepare')}(v)")
    expression = yield from writer.steps(source)
    source.add(f"return {expression}")
    whole: Writer = source.function("v", "write")
    return whole


def record_writer(writer: RecordWriter) -> Writer:
    """Do so at once, if it has not been done."""
    if writer.key not in _RECORDS:
        _RECORDS[writer.key] = result_of(record_steps(writer))
    return _RECORDS[writer.key]


def encoder_steps(
    entry: Entry, version: int, head: bytes, record: type[RecordWriter], strict: Encoder
) -> Steps[Encoder]:
    """Compile what writes a whole body of *entry*, with *head* in front, and falls back to *strict*."""
    writer = record.top(entry, version)
    source, prepared = Source(f"{entry.name}, written at {version}"), "message"
    closed = [gate for gate in entry.gates if not gate.is_open(version)]
    try:
        with source.inside("try:"):
            for step in (entry.said_as, entry.layout.before_writing):
                if step is not None:
                    prepared = f"{source.named(step, 'step')}({prepared})"
            source.add(f"v = {prepared}")
            expression = yield from writer.steps(source, head.decode(LATIN), closed)
            source.add(f'return {expression}.encode("{writer.encoding}")')
    except CannotCompile:
        return strict
    with source.inside("except Exception:"):
        source.add(f"return {source.named(strict, 'strict')}(message)")
    encoder: Encoder = source.function("message", "encode")
    return encoder
