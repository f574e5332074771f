"""The writers of text bodies."""

from __future__ import annotations

from collections.abc import Hashable

from anytws.messages.base import Side
from anytws.wire.codec import text_head
from anytws.wire.compiled.bet import CannotCompile, Encoder, Steps
from anytws.wire.compiled.record_writers import (
    RecordWriter,
    Writer,
    encoder_steps,
    literal,
    record_writer,
)
from anytws.wire.compiled.words import TextWords
from anytws.wire.kinds import STRING, Kind
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
    leaves,
)
from anytws.wire.tags import join_tags


def text_encoder_steps(entry: Entry, version: int, strict: Encoder) -> Steps[Encoder]:
    """Compile the writer of text bodies of *entry* at *version*, which falls back to *strict*."""
    return encoder_steps(entry, version, text_head(entry, version), TextRecord, strict)


class TextRecord(RecordWriter):
    """Writes the functions for one record in text."""

    is_text = True
    encoding = "utf-8"
    _words: TextWords

    @classmethod
    def top(cls, entry: Entry, version: int) -> TextRecord:
        """Give what writes the writer of *entry*."""
        return cls(TextWords(is_guarded=entry.said_by is Side.CLIENT), entry.layout, version)

    @property
    def key(self) -> Hashable:
        """The version decides which rows there are, and whether a client says it what is refused."""
        return self.is_text, self.layout, self._version, self._words.is_guarded, (*self._beside.values(),)

    def _nested_writer(self, layout: Layout) -> TextRecord:
        return TextRecord(self._words, layout, self._version)

    def _rows(self) -> list[AnyRow]:
        return [row for row in self.layout.text_rows if isinstance(row, When) or row.on_wire(self._version)]

    def _row(self, row: AnyRow) -> None:
        match row:
            case Row():
                self._scalar(row)
            case Filler():
                self._piece(literal(f"{row.constant}\0"))
            case Part():
                self._part(row)
            case Many():
                self._many(row)
            case Tags():
                self._tags(row)
            case Column():
                self._column(row)
            case When():
                self._when(row)

    def _piece(self, piece: str) -> None:
        self._flush()
        self._pieces.append(piece)

    def _scalar(self, row: Row) -> None:
        kind = row.kind
        self._value(
            row.field, lambda x: self._words.value(self._source, kind, None, x), self._words.put(kind, None), "\0"
        )

    def _part(self, row: Part) -> None:
        write = self._source.named(self._record(row.layout), "part")
        if not row.optional:
            self._piece(f"{{{write}({self._seen(row.field)})}}")
            return
        self._flush()
        x, piece = self._source.new("x"), self._source.new("w")
        self._source.add(
            f"{x} = {self._seen(row.field)}",
            f'{piece} = "0\\0" if {x} is None else "1\\0" + {write}({x})',
        )
        self._pieces.append(f"{{{piece}}}")

    def _many(self, row: Many) -> None:
        self._flush()
        items, piece, source, of = self._tuple(row.field), self._source.new("w"), self._source, row.of
        with source.inside(f"if {items}:"):
            if isinstance(of, Choice):
                options = source.named(
                    {each.cls: self._option(number, each) for number, each in of.options.items()}, "options"
                )
                each = f"{options}[type(x)](x)"
            elif isinstance(of, Kind):
                each = f'f"{{{self._words.value(source, of, None, "x")}}}\\0"'
            else:
                self._check_class(items, of)
                each = f"{source.named(self._item(row, of), 'item')}(x)"
            source.add(f'{piece} = f"{{len({items})}}\\0" + "".join([{each} for x in {items}])')
        source.add(f'else: {piece} = "0\\0"')
        self._pieces.append(f"{{{piece}}}")

    def _option(self, number: int, layout: Layout) -> Writer:
        write = self._record(layout)
        return lambda value: f"{number}\0{write(value)}"

    def _item(self, row: Many, of: Layout) -> Writer:
        columns = {
            each.name: each
            for each in leaves(self.layout.text_rows)
            if isinstance(each, Column) and each.field == row.field
        }
        if not columns or not self._words.is_guarded:
            return self._record(of)
        return record_writer(TextRecord(self._words, of, self._version, columns))

    def _tags(self, row: Tags) -> None:
        if row.joined:
            put = self._words.checked(join_tags)
            self._value(row.field, lambda x: f"{self._source.named(put, 'tags')}({x})", put, "\0")
            return
        self._flush()
        tags, piece, source = self._tuple(row.field), self._source.new("w"), self._source
        name, value = (self._words.value(source, STRING, None, x) for x in ("x.tag", "x.value"))
        each = f'f"{{{name}}}\\0{{{value}}}\\0"'
        source.add(
            f'{piece} = f"{{len({tags})}}\\0" + "".join([{each} for x in {tags}]) if {tags} else "0\\0"',
        )
        self._pieces.append(f"{{{piece}}}")

    def _column(self, row: Column) -> None:
        self._flush()
        items, piece, held, source = self._tuple(row.field), self._source.new("w"), self._source.new("g"), self._source
        each = f'f"{{{self._words.value(source, row.kind, None, "x")}}}\\0"'
        source.add(f"{held} = [x.{row.name} for x in {items}]")
        with source.inside(f"if all([x is None for x in {held}]):"):
            source.add(f'{piece} = "0\\0"')
        source.add(f'else: {piece} = f"{{len({held})}}\\0" + "".join([{each} for x in {held}])')
        self._pieces.append(f"{{{piece}}}")

    def _when(self, row: When) -> None:
        self._flush()
        source, piece, before, owners = self._source, self._source.new("w"), self._pieces, {**self._owners}
        with source.inside(f"if {source.named(row.holds, 'holds')}(v):"):
            self._pieces = []
            for each in row.rows:
                if isinstance(each, When) or each.on_wire(self._version):
                    self._row(each)
            source.add(f"{piece} = {self._taken()}")
        self._pieces, self._owners = before, {**owners}
        with source.inside("else:"):
            source.add(f'{piece} = ""')
            if self._words.is_guarded:
                self._behind(row)
        self._owners = owners
        self._pieces.append(f"{{{piece}}}")

    def _behind(self, row: When) -> None:
        """Write that what stands behind a condition that does not hold has to be the default."""
        inner = [each for each in leaves(row.rows) if not isinstance(each, Filler)]
        paths = [each.field for each in inner if not isinstance(each, Column)]
        for path in paths:
            self._must_be_default(path)
        if any(isinstance(each, Column) and each.field not in paths for each in inner):
            raise CannotCompile(row)
