"""Readers of protobuf bodies that are cut into pieces: written and compiled for the fields that they have."""

from __future__ import annotations

from itertools import groupby
from struct import Struct
from typing import Any

import attrs

from anytws.wire.compiled.absent import NO_VALUE
from anytws.wire.compiled.bet import CannotCompile, Decoder
from anytws.wire.compiled.doubles import read_double
from anytws.wire.compiled.outline import Field, Key, Outline, has_records
from anytws.wire.compiled.records import MemoOfRecords
from anytws.wire.compiled.runs import Item, Run
from anytws.wire.compiled.source import Source
from anytws.wire.compiled.twins import twin_of
from anytws.wire.compiled.varints import tag_of, varint, whole_memo
from anytws.wire.rows import Part, Row, default_of


@attrs.frozen
class _Piece:
    """A piece of a body: a run, the value of one number, or what is looked up alone, its length included."""

    of: Run | Row | Part
    targets: tuple[str, ...]
    """What its values are assigned to."""
    is_apart: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is only the tag of the next."""
        return isinstance(self.of, Run) and self.of.is_plain

    @property
    def is_double(self) -> bool:
        """Whether it is eight bytes, whatever is in them."""
        return isinstance(self.of, Row) and self.of.kind.protobuf == "double"

    @property
    def end(self) -> bytes:
        """The tag of the next, of a run."""
        return self.of.end if isinstance(self.of, Run) else b""

    @property
    def texts(self) -> int:
        """How many fields in it may have any length."""
        return len(self.of.texts) if isinstance(self.of, Run) else -1

    def format(self, length: int) -> str:
        """Give what unpacks it."""
        return "d" if self.is_double else f"{length}s"


class Memos:
    """What the pieces of one message are looked up in."""

    def __init__(self, name: str, records: MemoOfRecords) -> None:
        self._name = name
        self._records = records
        self._memos: dict[Run, Any] = {}

    def of(self, piece: Run | Row | Part) -> Any:
        """Give the memo of *piece*. Raises `CannotCompile`."""
        if isinstance(piece, Part):
            return self._records(piece.layout)
        if isinstance(piece, Row):
            return whole_memo(piece.kind.read_protobuf)
        if piece not in self._memos:
            self._memos[piece] = piece.memo(self._name)
        return self._memos[piece]


@attrs.frozen(eq=False)
class Shape:
    """The form of some bodies."""

    read: Decoder
    """Reads them, and gives up on all others."""
    front: int
    """Bytes of the run that they begin with; 0 if it may have any length."""


class Plan:
    """How bodies are read that have the fields *key*: compiled once, and given the lengths of the pieces later.

    One run may have any length, since what stands in front of it is counted from the beginning of the body, and what
    stands behind it from the end. Of the pieces in front of it, some may say themselves how long they are.
    """

    def __init__(self, name: str, fields: Outline, key: Key, memos: Memos, longest: int) -> None:
        self._key = key
        self._memos = memos
        self._pieces: list[_Piece] = []
        self._start: Row | None = None
        self._items: list[Item] = []
        self._targets: list[str] = []
        self._finish: list[str] = []
        self._is_over = False
        """Whether the record that the body ends with is behind us."""
        self._source = source = Source(f"{name}, protobuf by shape")
        with source.inside("def read(body):"):
            if has_records(fields):
                source.add(f"if len(body) > {longest}: raise GiveUp")
            self._record("made", fields)
            self._cut(b"")
            self._choose()
            self._read()
            source.add(*self._finish, "return made")
        source.add("return read")
        self._bind = source.function("front, start, stop, back")

    def shape(self, lengths: list[int]) -> Shape:
        """Give the shape of bodies whose pieces have *lengths*, but for those that may have any."""
        lengths = lengths[: len(self._pieces)]
        formats = [piece.format(length) for piece, length in zip(self._pieces, lengths, strict=True)]
        front, back = Struct("<" + "".join(formats[: self._fixed])), Struct("<" + "".join(formats[self._any + 1 :]))
        read = self._bind(front.unpack_from, front.size, -back.size, back.unpack_from)
        return Shape(read, lengths[0] if self._fixed else 0)

    # What there is

    def _record(self, made: str, fields: Outline) -> None:
        """Write the making of a record, and find the pieces that it is read from."""
        source, cls = self._source, fields[0].cls
        source.add(f"{made} = {source.named(twin_of(cls), 'Twin')}()")
        self._finish.append(f"{made}.__class__ = {source.named(cls, cls.__name__)}")
        carried = {field.row.field for field in fields}
        for each in attrs.fields(cls):
            if each.name not in carried:
                self._fill(f"{made}.{each.name}", default_of(cls, each.name))
        for field in fields:
            self._field(f"{made}.{field.row.field}", field)

    def _fill(self, target: str, value: Any) -> None:
        if value is attrs.NOTHING or value is NO_VALUE:
            raise CannotCompile(target)
        self._source.add(f"{target} = {self._source.constant(value, 'default')}")

    def _field(self, target: str, field: Field) -> None:
        if self._is_over or (field.is_cut and field.place not in self._key):
            self._fill(target, field.absent)
        elif field.inner:
            if self._pieces:
                # Where the body has to end is counted from the beginning of the run.
                raise CannotCompile(target)
            self._item("whole", Item(field.row, NO_VALUE))
            self._record("inner", field.inner)
            self._source.add(f"{target} = inner")
            self._is_over = True
        elif field.is_cut:
            self._cut(tag_of(field.row))
            self._piece(target, field)
        else:
            self._item(target, Item(field.row, field.absent))

    def _piece(self, target: str, field: Field) -> None:
        row = field.row
        if isinstance(row, Part) or field.is_new:
            self._pieces.append(_Piece(row, (target,), field.is_apart))
        elif field.is_apart:
            self._pieces.append(_Piece(Run(row, (), b""), (target,), field.is_apart))
        else:
            self._start, self._targets = row, [target]

    def _item(self, target: str, item: Item) -> None:
        self._items.append(item)
        self._targets.append(target)

    def _cut(self, end: bytes) -> None:
        """End the run, with the tag of what comes behind it."""
        self._pieces.append(_Piece(Run(self._start, tuple(self._items), end), tuple(self._targets)))
        self._start, self._items, self._targets = None, [], []

    def _choose(self) -> None:
        """Choose the run that may have any length: the first behind the pieces that say how long they are.

        If there are none, it is that with most texts, and the last of those.
        """
        pieces = self._pieces
        apart = [place for place, piece in enumerate(pieces) if piece.is_apart]
        texts = max(range(len(pieces)), key=lambda place: (pieces[place].texts, place))
        self._any = apart[-1] + 1 if apart else texts
        self._fixed = apart[0] if apart else texts
        """The first piece that is not always at the same place."""
        if self._any < len(pieces) - 1 and pieces[-1].is_plain:
            # The pieces in front of it go to the end of the body.
            pieces.pop()

    # How it is read

    def _read(self) -> None:
        source, pieces, fixed, chosen = self._source, self._pieces, self._fixed, self._any
        names, is_last = [source.new("x") for _ in pieces], chosen == len(pieces) - 1
        if fixed == 1 and isinstance(pieces[0].of, Run):
            names[0] = "body[:start]"
        elif fixed:
            source.add(f"{', '.join(names[:fixed])}, = front(body)")
        if not is_last:
            source.add(f"{', '.join(names[chosen + 1 :])}, = back(body, stop)")
        self._values(pieces[:fixed], names[:fixed])
        at = "start"
        if fixed < chosen:
            source.add("at = start")
            for is_apart, group in groupby(pieces[fixed:chosen], key=lambda piece: piece.is_apart):
                if is_apart:
                    self._apart(*group)
                else:
                    self._between([*group])
            at = "at"
        if is_last and pieces[chosen].is_plain:
            source.add(f"if len(body) != {at}: raise GiveUp")
        else:
            self._value(pieces[chosen], f"body[{at}:{'' if is_last else 'stop'}]")
        self._values(pieces[chosen + 1 :], names[chosen + 1 :])
        if self._is_over:
            source.add("if len(body) != whole: raise GiveUp")

    def _apart(self, piece: _Piece) -> None:
        """Write the reading of a piece that says how long it is."""
        source = self._source
        if isinstance(piece.of, Part):
            source.add("n = body[at]", "at += 1", f"if n > 127: n, at = {source.named(varint, 'varint')}(body, at - 1)")
            self._value(piece, "body[at:at + n]")
            # Behind a record that is longer than the body there is nothing, and a run may be nothing.
            source.add("at += n", "if at > len(body): raise GiveUp")
        else:
            # A text that is longer than the body, or than a length of one byte can say, is not taken by its run.
            source.add("end = at + body[at] + 1")
            self._value(piece, "body[at:end]")
            source.add("at = end")

    def _between(self, pieces: list[_Piece]) -> None:
        """Write the reading of tags and doubles behind a piece that said how long it is."""
        source = self._source
        if not all(piece.is_double or piece.is_plain for piece in pieces):
            raise CannotCompile(pieces)
        lengths = [8 if piece.is_double else len(piece.end) for piece in pieces]
        if len(pieces) == 1:
            self._value(pieces[0], f"body[at:at + {lengths[0]}]")
        else:
            struct, names = (
                Struct("<" + "".join(map(_Piece.format, pieces, lengths))),
                [source.new("x") for _ in pieces],
            )
            source.add(f"{', '.join(names)} = {source.named(struct.unpack_from, 'between')}(body, at)")
            self._values(pieces, names)
        source.add(f"at += {sum(lengths)}")

    def _values(self, pieces: list[_Piece], names: list[str]) -> None:
        for piece, name in zip(pieces, names, strict=True):
            self._value(piece, name)

    def _value(self, piece: _Piece, x: str) -> None:
        source, targets = self._source, ", ".join(piece.targets)
        if piece.is_double and isinstance(piece.of, Row):
            source.add(f"{targets} = {read_double(source, piece.of.kind, x)}")
        elif piece.is_plain:
            source.add(f"if {x} != {piece.end!r}: raise GiveUp")
        else:
            source.add(f"{targets} = {source.named(self._memos.of(piece.of), 'seen')}[{x}]")
