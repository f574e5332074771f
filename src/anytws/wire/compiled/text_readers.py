"""The readers of text bodies."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

import attrs

from anytws.messages.base import TagValue
from anytws.wire.compiled.bet import CannotCompile, Decoder, Read, Steps, result_of
from anytws.wire.compiled.columns import NumberColumn, ReadColumn, column_of, memo_of
from anytws.wire.compiled.plain_numbers import are_plain_but
from anytws.wire.compiled.source import NO_NAME, Source
from anytws.wire.compiled.twins import twin_of
from anytws.wire.kinds import BOOL, INT, STRING, Kind
from anytws.wire.limits import DEFAULT_LIMITS
from anytws.wire.rows import (
    AnyRow,
    Choice,
    Column,
    Entry,
    Filler,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    When,
    default_of,
    field_class,
    has_lists,
)
from anytws.wire.tags import split_tags
from anytws.wire.text import Surplus, read_count

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


_LONG: Final = 32
"""So many records are a long table: it pays to look once at all of its numbers."""


def text_decoder(entry: Entry, version: int, strict: Decoder, most_items: int = DEFAULT_LIMITS.items) -> Decoder:
    """Compile the reader of text bodies of *entry* at *version*, which falls back to *strict*."""
    return result_of(text_decoder_steps(entry, version, strict, most_items))


def text_decoder_steps(entry: Entry, version: int, strict: Decoder, most_items: int) -> Steps[Decoder]:
    """Do the same in steps: of an order, the source takes as long to be written as to be compiled."""
    source = Source(f"{entry.name}, text, {version}")
    try:
        with source.inside("try:"):
            _TextBody(source, version).message(entry.layout, most_items)
    except CannotCompile:
        return strict
    with source.inside("except Exception:"):
        source.add(f"return {source.named(strict, 'strict')}(body)")
    yield
    decoder: Decoder = source.function("body")
    return decoder


class _Owner:
    """A record that is being filled: its variable, its class, and the records in it that rows reach into by a path."""

    def __init__(self, variable: str, cls: type[Any]) -> None:
        self.variable = variable
        self.cls = cls
        self.inner: dict[str, _Owner] = {}
        self.required: list[str] = []
        """Fields that are read behind a condition only, and have no default."""

    def at(self, path: list[str]) -> _Owner:
        """Give the one at *path*."""
        return self.inner[path[0]].at(path[1:]) if path else self


_Place: TypeAlias = tuple[list[str], bool]
"""The path of a field that is read, and whether it is read whatever the conditions say."""


class _TextBody:
    """Writes the reader of a text body.

    ``f`` are the fields. The place of the next one is known when the source is written (``offset``), until a count or a
    condition comes. From then on it is ``i`` plus the offset, and ``i`` is set at run time. Fields in a row are taken
    in one unpacking, and what is done with them is written behind it (``later``).
    """

    def __init__(self, source: Source, version: int) -> None:
        self._source = source
        self._version = version
        self._split = False
        self._moved = False
        self._offset = 0
        self._taken: list[str] = []
        self._later: list[str] = []
        self._items: set[str] = set()
        self._loops = 0

    def message(self, layout: Layout, most_items: int) -> None:
        """Write all of it."""
        source = self._source
        if has_lists(layout):
            source.add(f"left = {most_items}")
        made = self._record(layout)
        if self._split:
            self._flush()
            # A newer TWS says more than we know, in every message: its messages are read as quickly as any.
            here, surplus = self._here(), source.named(Surplus, "Surplus")
            source.add(f"if len(f) > {here}: return {surplus}({made}, tuple(f[{here}:]))")
        else:
            # A plain run of fields. What stands behind the last NUL is none.
            source.add(
                f"{''.join(f'{name}, ' for name in self._taken)}_, = body.decode().split('\\0')",
                *self._later,
            )
        source.add(f"return {made}")

    # Where we are

    def _here(self, ahead: int = 0) -> str:
        offset = self._offset + ahead
        if not self._moved:
            return str(offset)
        return f"i + {offset}" if offset else "i"

    def _take(self) -> str:
        """Take the next field; give its variable, which has a value behind the next `_flush`."""
        name = self._source.new("v")
        self._taken.append(name)
        return name

    def _do(self, line: str) -> None:
        self._later.append(line)

    def _flush(self) -> None:
        """Write the unpacking of what was taken, and what is done with it."""
        if not self._split:
            self._source.add("f = body.decode().split('\\0')", "f.pop()")
            self._split = True
        if self._taken:
            count = len(self._taken)
            # A block that is too short cannot be unpacked into its names, and the reader gives up.
            block = f", = f[{self._here()}:{self._here(count)}]" if count > 1 else f" = f[{self._here()}]"
            self._source.add(", ".join(self._taken) + block)
            self._offset += count
        self._source.add(*self._later)
        self._taken, self._later = [], []

    def _settle(self) -> None:
        """Put the place into ``i``: what comes now is known at run time only."""
        self._flush()
        if not self._moved or self._offset:
            self._source.add(f"i += {self._offset}" if self._moved else f"i = {self._offset}")
        self._moved, self._offset = True, 0

    # Records

    def _record(self, layout: Layout) -> str:
        """Write the reading of a record; give the variable that has it."""
        owner = self._make(layout.cls, list(self._places(layout.text_rows, certain=True)))
        self._rows(layout.text_rows, owner)
        self._finish(owner)
        if layout.after_reading is not None:
            self._do(
                f"{owner.variable} = {self._source.named(layout.after_reading, 'after_reading')}({owner.variable})"
            )
        return owner.variable

    def _places(self, rows: tuple[AnyRow, ...], *, certain: bool) -> Iterator[_Place]:
        for row in rows:
            if isinstance(row, When):
                yield from self._places(row.rows, certain=False)
            elif row.on_wire(self._version) and not isinstance(row, (Filler, Column)):
                yield row.field.split("."), certain

    def _make(self, cls: type[Any], places: list[_Place]) -> _Owner:
        """Write the making of a twin, in which all is filled that the wire may not bring."""
        owner = _Owner(self._source.new("t"), cls)
        self._do(f"{owner.variable} = {self._source.named(twin_of(cls), 'Twin')}()")
        by_name: dict[str, list[_Place]] = {}
        for path, certain in places:
            by_name.setdefault(path[0], []).append((path[1:], certain))
        for name in [field.name for field in attrs.fields(cls)]:
            through = by_name.get(name, [])
            if any(path for path, _ in through):
                if not all(path for path, _ in through) or not any(certain for _, certain in through):
                    raise CannotCompile(name)
                owner.inner[name] = self._make(field_class(cls, name), through)
                self._do(f"{owner.variable}.{name} = {owner.inner[name].variable}")
            elif not any(certain for _, certain in through):
                default = default_of(cls, name)
                if default is not attrs.NOTHING:
                    self._do(f"{owner.variable}.{name} = {self._source.constant(default, 'default')}")
                elif through:
                    owner.required.append(name)
                else:
                    raise CannotCompile(name)
        return owner

    def _finish(self, owner: _Owner) -> None:
        for inner in owner.inner.values():
            self._finish(inner)
        for name in owner.required:
            self._do(f"{owner.variable}.{name}")
        self._do(f"{owner.variable}.__class__ = {self._source.named(owner.cls, owner.cls.__name__)}")

    # Rows

    def _rows(self, rows: tuple[AnyRow, ...], owner: _Owner) -> None:
        for row in rows:
            if isinstance(row, When):
                self._when(row, owner)
            elif row.on_wire(self._version):
                self._row(row, owner)

    def _row(self, row: Row | Filler | Part | Many | Tags | Column, owner: _Owner) -> None:
        if isinstance(row, Filler):
            self._filler(row)
            return
        *path, name = row.field.split(".")
        target = f"{owner.at(path).variable}.{name}"
        match row:
            case Row():
                self._do(f"{target} = {self._value(row.kind, self._take())}")
            case Part():
                self._part(row, target)
            case Many():
                self._many(row, target)
            case Tags():
                self._tags(row, target)
            case Column():
                self._column(row, target)
            case _:
                assert_never(row)

    def _value(self, kind: Kind, variable: str) -> str:
        # Strictly decoded UTF-8 has none of the raw bytes that the strict reader would show as \\xNN.
        return variable if kind.read_text is STRING.read_text else self._remembered(kind.read_text, kind.name, variable)

    def _remembered(self, read: Read, name: str, variable: str) -> str:
        stem = NO_NAME.sub("_", name)
        return f"{self._source.named(memo_of(read), f'{stem}_')}[{variable}]"

    def _filler(self, row: Filler) -> None:
        variable = self._take()
        if row.minimum is not None:
            self._do(f"if {self._value(INT, variable)} < {row.minimum}: raise GiveUp")

    def _when(self, row: When, owner: _Owner) -> None:
        self._settle()
        with self._source.inside(f"if {self._source.named(row.holds, 'holds')}({owner.variable}):"):
            self._rows(row.rows, owner)
            self._settle()

    def _part(self, row: Part, target: str) -> None:
        if not row.optional:
            self._do(f"{target} = {self._record(row.layout)}")
            return
        there = self._value(BOOL, self._take())
        self._settle()
        with self._source.inside(f"if {there}:"):
            self._do(f"{target} = {self._record(row.layout)}")
            self._settle()
        self._source.add(f"else: {target} = None")

    def _count(self) -> str:
        """Write the reading of a count; give its variable."""
        count = self._source.new("n")
        self._do(f"{count} = {self._remembered(read_count, 'count', self._take())}")
        self._settle()
        self._source.add(f"left -= {count}", "if left < 0: raise GiveUp")
        return count

    def _block(self, count: str, each: int) -> str:
        """Write the taking of *count* times *each* fields; give the variable that has them."""
        block, length = self._source.new("g"), f"{each} * {count}" if each != 1 else count
        self._source.add(f"{block} = f[i:i + {length}]", f"if len({block}) != {length}: raise GiveUp", f"i += {length}")
        return block

    def _tags(self, row: Tags, target: str) -> None:
        if row.joined:
            self._do(f"{target} = {self._remembered(split_tags, 'tags', self._take())}")
            return
        with self._if_any(target) as count:
            block, tag = self._block(count, 2), self._source.named(TagValue, "TagValue")
            self._source.add(f"{target} = tuple([{tag}(*pair) for pair in zip({block}[::2], {block}[1::2])])")

    @contextmanager
    def _if_any(self, target: str) -> Generator[str]:
        """Write the reading of a count, and what comes meanwhile for the case that it is not zero."""
        count = self._count()
        with self._source.inside(f"if {count}:"):
            yield count
        self._source.add(f"else: {target} = ()")

    def _many(self, row: Many, target: str) -> None:
        of, source = row.of, self._source
        with self._if_any(target) as count:
            if isinstance(of, Kind):
                block = self._block(count, 1)
                source.add(f"{target} = tuple([{self._value(of, 'v')} for v in {block}])")
                return
            items = source.new("items")
            source.add(f"{items} = []")
            if isinstance(of, Choice):
                self._chosen(of, count, items)
            elif self._is_flat(of) and not self._loops:
                self._flat(of, count, items)
            else:
                with self._loop(count):
                    self._item(of, items)
            source.add(f"{target} = tuple({items})")
        if isinstance(of, Layout):
            self._items.add(target)

    @contextmanager
    def _loop(self, count: str) -> Generator[None]:
        """Write the reading of *count* records, of which one comes meanwhile."""
        # To look at the whole body, or to cut its list of fields, would take too long for each of many records.
        self._loops += 1
        with self._source.inside(f"for _ in range({count}):"):
            yield
        self._loops -= 1

    def _item(self, layout: Layout, items: str) -> None:
        if not any(not isinstance(row, When) and row.on_wire(self._version) for row in layout.text_rows):
            raise CannotCompile(layout)
        self._do(f"{items}.append({self._record(layout)})")
        self._settle()

    def _chosen(self, choice: Choice, count: str, items: str) -> None:
        with self._loop(count):
            number = self._source.new("n")
            self._do(f"{number} = {self._value(INT, self._take())}")
            self._settle()
            for each, layout in choice.options.items():
                with self._source.inside(f"if {number} == {each}:"):
                    self._do(f"{items}.append({self._record(layout)})")
                    self._settle()
                    self._source.add("continue")
            self._source.add("raise GiveUp")

    def _is_flat(self, layout: Layout) -> bool:
        rows = layout.text_rows
        return layout.after_reading is None and all(
            (isinstance(row, Row) and "." not in row.field) or (isinstance(row, Filler) and row.minimum is None)
            for row in rows
        )

    def _flat(self, layout: Layout, count: str, items: str) -> None:
        """Write the reading of records that are plain runs of fields: each column by itself, where that pays."""
        every = [row for row in layout.text_rows if not isinstance(row, When) and row.on_wire(self._version)]
        rows = {place: row for place, row in enumerate(every) if isinstance(row, Row)}
        if not rows:
            raise CannotCompile(layout)
        source, end, width = self._source, self._source.new("e"), len(every)
        source.add(f"{end} = i + {width} * {count}", f"if len(f) < {end}: raise GiveUp")
        owner = self._make(layout.cls, list(self._places(layout.text_rows, certain=True)))
        texts = {place: f"f[i + {place}:{end}:{width}]" for place in rows}
        wholes = {place: column_of(row.kind.read_text) for place, row in rows.items()}
        plain = self._look_at_numbers(rows, wholes, texts, count, end)
        columns: dict[str, str] = {}
        for place, row in rows.items():
            variable, whole = source.new("v"), wholes[place]
            column, value = texts[place], variable
            if isinstance(whole, NumberColumn):
                column = f"{source.named(whole, 'numbers')}({column}, {plain})"
            elif whole is not None:
                column = f"{source.named(whole, 'column')}({column})"
            else:
                value = self._value(row.kind, variable)
            columns[variable] = source.new("c")
            source.add(f"{columns[variable]} = {column}")
            self._do(f"{owner.variable}.{row.field} = {value}")
        self._finish(owner)
        # They are taken, and what stands behind them moves up to ``i``. So their memory is free, and the garbage
        # collector has not to go through it, while the records are made.
        source.add(f"del f[i:{end}]")
        with source.inside(f"for {''.join(f'{name}, ' for name in columns)}in zip({', '.join(columns.values())}):"):
            self._do(f"{items}.append({owner.variable})")
            self._flush()

    def _look_at_numbers(
        self, rows: dict[int, Row], wholes: dict[int, ReadColumn | None], texts: dict[int, str], count: str, end: str
    ) -> str:
        """Write one look at all numbers of a long table; give the variable that says whether they are plain."""
        if not any(isinstance(whole, NumberColumn) for whole in wholes.values()):
            return "False"
        words = [
            texts[place]
            for place, row in rows.items()
            if row.kind.protobuf == "string" and not isinstance(wholes[place], NumberColumn)
        ]
        plain, look = self._source.new("plain"), self._source.named(are_plain_but, "are_plain_but")
        others = ", ".join(["f[:i]", *words, f"f[{end}:]"])
        self._source.add(f"{plain} = {count} >= {_LONG} and {look}([{others}], body)")
        return plain

    def _column(self, row: Column, target: str) -> None:
        if target not in self._items:
            raise CannotCompile(row)
        count, source = self._count(), self._source
        with source.inside(f"if {count}:"):
            block = self._block(count, 1)
            source.add(f"if {count} > len({target}): raise GiveUp")
            # The records are frozen, but they were made a moment ago, and nobody else has them.
            put = source.named(object.__setattr__, "put")
            source.add(
                f"for item, v in zip({target}, {block}): {put}(item, '{row.name}', {self._value(row.kind, 'v')})"
            )
