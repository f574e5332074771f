"""The writers of protobuf bodies.

What is written is what the protobuf runtime writes of the same message: the fields in the order of their numbers, each
with its tag, and maps in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import attrs

from anytws.messages.base import Side
from anytws.wire.codec import protobuf_head
from anytws.wire.compiled.bet import CannotCompile, Encoder, Steps
from anytws.wire.compiled.latin import LATIN, LENGTH, LENGTHS, WIRE_TYPES, tag, varint
from anytws.wire.compiled.record_writers import A_PART, RecordWriter, Writer, encoder_steps, literal, record_writer
from anytws.wire.compiled.words import ProtobufWords
from anytws.wire.kinds import STRING, Kind
from anytws.wire.rows import CarriedRow, Choice, Entry, Layout, Many, Part, Row, Tags, carried_rows, default_of


def protobuf_encoder_steps(entry: Entry, version: int, strict: Encoder) -> Steps[Encoder]:
    """Compile the writer of protobuf bodies of *entry* at *version*, which falls back to *strict*."""
    return encoder_steps(entry, version, protobuf_head(entry), ProtobufRecord, strict)


@attrs.frozen
class Which:
    """The field of a message of several records that tells which of them it is."""

    number: int
    value: int


class ProtobufRecord(RecordWriter):
    """Writes the functions for one record in protobuf."""

    is_text = False
    encoding = LATIN
    _words: ProtobufWords

    def __init__(self, words: ProtobufWords, layout: Layout, version: int, which: Which | None = None) -> None:
        super().__init__(words, layout, version)
        self._which = which
        self._members: list[tuple[str, str]] = []
        """The oneofs that members have been written of, each with the member's variable."""

    @classmethod
    def top(cls, entry: Entry, version: int) -> ProtobufRecord:
        """Give what writes the writer of *entry*."""
        return cls(ProtobufWords(is_guarded=entry.said_by is Side.CLIENT), entry.layout, version)

    @property
    def key(self) -> Hashable:
        """What a client may say depends on the version, and nothing else does."""
        guarded = self._words.is_guarded
        return self.is_text, self.layout, self._version if guarded else 0, guarded, self._which

    def _nested_writer(self, layout: Layout) -> ProtobufRecord:
        return ProtobufRecord(self._words, layout, self._version)

    def _rows(self) -> list[CarriedRow | Which]:
        rows: list[CarriedRow | Which] = [*carried_rows(self.layout)]
        if self._which is not None:
            rows.append(self._which)
        numbers = [row.number or 0 for row in rows]
        # Two rows of one field are too seldom to have words for them.
        if len({*numbers}) != len(numbers):
            raise CannotCompile(self.layout)
        return sorted(rows, key=lambda row: row.number or 0)

    def _row(self, row: CarriedRow | Which) -> None:
        match row:
            case Row():
                self._scalar(row)
            case Which():
                self._flush()
                self._pieces.append(literal(tag(row.number, WIRE_TYPES["int32"]) + varint(row.value)))
            case Part():
                self._part(row)
            case Many():
                self._many(row)
            case Tags():
                self._tags(row)

    def _scalar(self, row: Row) -> None:
        kind, number = row.kind, row.number
        self._value(
            row.field, lambda x: self._words.value(self._source, kind, number, x), self._words.put(kind, number)
        )

    def _nested(self, number: int | None, text: str) -> str:
        """Give the expression of a field *number* that holds the record *text*."""
        head, lengths = literal(tag(number or 0, LENGTH)), self._source.named(LENGTHS, "lengths")
        return f'f"{head}{{{lengths}[len({text})]}}{{{text}}}"'

    def _part(self, row: Part) -> None:
        self._flush()
        source, x, piece = self._source, self._source.new("x"), self._source.new("w")
        source.add(f"{x} = {self._seen(row.field)}")
        absent = []
        if row.optional:
            absent.append(f"{x} is None")
        if row.omitted and (default := default_of(self.layout.cls, row.field)) is not None:
            named = source.named(default, "default")
            absent.append(f"{x} is {named} or {x} == {named}")
        if absent:
            source.add(f'if {" or ".join(absent)}: {piece} = ""')
        r = source.new("r")
        write = f"{r} = {source.named(self._record(row.layout), 'part')}({x})"
        source.add(f"{'else: ' if absent else ''}{write}; {piece} = {self._nested(row.number, r)}")
        if row.oneof is not None:
            self._only_one(row.oneof, piece)
        self._pieces.append(f"{{{piece}}}")

    def _only_one(self, oneof: str, piece: str) -> None:
        """Write that of the members of *oneof* at most one may be there."""
        before = [each for name, each in self._members if name == oneof]
        if before:
            self._source.add(f"if {piece} and ({' or '.join(before)}): raise GiveUp")
        elif len(self._rows()) > A_PART:
            # Another one may be written by another function.
            raise CannotCompile(self.layout)
        self._members.append((oneof, piece))

    def _many(self, row: Many) -> None:
        self._flush()
        items, piece, source, of = self._tuple(row.field), self._source.new("w"), self._source, row.of
        with source.inside(f"if {items}:"):
            if isinstance(of, Kind):
                self._values(row, of, items, piece)
            else:
                if isinstance(of, Choice):
                    each = f"{source.named(self._options(of), 'options')}[type(x)](x)"
                else:
                    self._check_class(items, of)
                    each = f"{source.named(self._record(of), 'item')}(x)"
                source.add(f'{piece} = "".join([{self._nested(row.number, "r")} for x in {items} for r in [{each}]])')
        source.add(f'else: {piece} = ""')
        self._pieces.append(f"{{{piece}}}")

    def _values(self, row: Many, kind: Kind, items: str, piece: str) -> None:
        source, is_packed = self._source, WIRE_TYPES[kind.protobuf] != LENGTH
        each = self._words.item(source, kind, None if is_packed else row.number, "x")
        source.add(f'{piece} = "".join([{each} for x in {items}])')
        if is_packed:
            source.add(f"{piece} = {self._nested(row.number, piece)}")

    def _options(self, choice: Choice) -> dict[type[Any], Writer]:
        made = {}
        for number, layout in choice.options.items():
            record = ProtobufRecord(self._words, layout, self._version, Which(choice.number, number))
            made[layout.cls] = record_writer(record)
        return made

    def _tags(self, row: Tags) -> None:
        self._flush()
        tags, piece, source = self._tuple(row.field), self._source.new("w"), self._source
        name, value = (self._words.item(source, STRING, number, x) for number, x in ((1, "k"), (2, "m[k]")))
        with source.inside(f"if {tags}:"):
            source.add(f"m = {{x.tag: x.value for x in {tags}}}", f"if len(m) != len({tags}): raise GiveUp")
            # Implementations of protobuf do not agree on the order of keys of which one begins with the other.
            source.add("ks = sorted(m)", "if any(map(str.startswith, ks[1:], ks)): raise GiveUp")
            each = self._nested(row.number, "r")
            source.add(f'{piece} = "".join([{each} for k in ks for r in [{name} + {value}]])')
        source.add(f'else: {piece} = ""')
        self._pieces.append(f"{{{piece}}}")
