"""Runs of protobuf fields, looked up by their bytes as a whole.

The same few fields stand in front of thousands of ticks: an id, and what it is a tick of. Their bytes, the tags
included, are looked up at once. A run that was not seen yet is read field by field, and must be exactly what is
expected: each field once at the most, in ascending order, each number in as few bytes as it needs.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from anytws.wire.compiled.absent import NO_VALUE
from anytws.wire.compiled.columns import memo_of
from anytws.wire.compiled.memo import LONGEST, REMEMBERED
from anytws.wire.compiled.plain_numbers import PLAIN_NUMBERS, PlainNumber, parts_of
from anytws.wire.compiled.source import Source
from anytws.wire.compiled.varints import int32, int64, tag_of, varint
from anytws.wire.kinds import Kind
from anytws.wire.rows import Part, Row

_MOST_IDS: Final = 8192
"""Runs that are remembered of those without a text: a thousand instruments have some eight kinds of tick each."""
_DIGITS: Final = 9
"""Of a whole number that is none of the vendor's sentinels: they have more."""
_FEW_DIGITS: Final = 6
"""Of a number that is likely to come again."""


@attrs.frozen
class Item:
    """A field that may stand in a run."""

    row: Row | Part
    """A record is one that is opened: only the beginning stands in the run, and the body ends with it."""
    absent: Any
    """What it is where it is absent; `NO_VALUE` if it must not be."""


@attrs.frozen
class Run:
    """Fields that are looked up together."""

    start: Row | None
    """A text whose tag stands in the run before."""
    items: tuple[Item, ...]
    end: bytes
    """The tag of what comes behind it."""

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but the tag behind it."""
        return self.start is None and not self.items

    @property
    def texts(self) -> list[Row]:
        """The fields in it that may have any length."""
        rows = [self.start, *[item.row for item in self.items]]
        return [row for row in rows if isinstance(row, Row) and row.kind.protobuf == "string"]

    def memo(self, name: str) -> Any:
        """Compile the memo of it: ``memo[raw]`` is its values, or its only one."""
        return _RunSource(f"{name}, a run in protobuf", self).memo()


class _RunSource:
    """Writes the reader of a run that was not seen yet: ``raw`` are its bytes, and ``at`` is how far it is read."""

    def __init__(self, name: str, run: Run) -> None:
        self._run = run
        self._source = Source(name)
        self._values: list[str] = []

    def memo(self) -> Any:
        source, run = self._source, self._run
        source.add("at = n = 0")
        if run.start is not None:
            self._value(run.start, 0)
        for item in run.items:
            self._item(item)
        source.add(f"if {f'raw[at:] != {run.end!r}' if run.end else 'at != len(raw)'}: raise GiveUp")
        values = self._values[0] if len(self._values) == 1 else f"({', '.join(self._values)})"
        source.add(f"values = {values}")
        with source.inside(f"if {self._is_kept()}:"):
            source.add(f"if len(self) >= {REMEMBERED if run.texts else _MOST_IDS}: self.clear()", "self[raw] = values")
        source.add("return values")
        return type("RunMemo", (dict,), {"__slots__": (), "__missing__": source.function("self, raw")})()

    def _is_kept(self) -> str:
        """Give the condition for a run to be remembered."""
        texts = self._run.texts
        if len(texts) == 1 and _number_of(texts[0].kind) is not None:
            # A number of many digits, such as the volume of a day, seldom comes again, and drives out those that do.
            return f"n <= {_FEW_DIGITS}"
        return f"len(raw) <= {LONGEST}"

    def _item(self, item: Item) -> None:
        source, tag = self._source, tag_of(item.row)
        with source.inside(f"if raw[at:at + {len(tag)}] == {tag!r}:"):
            variable = self._value(item.row, len(tag))
        nothing = f"{variable} = {source.constant(item.absent, 'absent')}"
        source.add(f"else: {'raise GiveUp' if item.absent is NO_VALUE else nothing}")

    def _value(self, row: Row | Part, ahead: int) -> str:
        """Write the reading of a value that begins *ahead* of ``at``; give the variable that has it."""
        source, variable = self._source, self._source.new("v")
        self._values.append(variable)
        if isinstance(row, Part):
            self._varint("n", ahead, varint)
            # How long the body is.
            value = "at + n"
        elif row.kind.protobuf == "string":
            self._varint("n", ahead, varint)
            # If that is beyond the end, what has to stand behind it is not there.
            source.add("x = raw[at:at + n]", "at += n")
            value = self._text(row.kind)
        else:
            self._number(row.kind.protobuf, ahead)
            read = row.kind.read_protobuf
            value = "x" if read is None else f"{source.named(memo_of(read, row.kind.protobuf), 'memo')}[x]"
        source.add(f"{variable} = {value}")
        return variable

    def _varint(self, name: str, ahead: int, read: Any) -> None:
        self._source.add(
            f"{name} = raw[at + {ahead}]",
            f"at += {ahead + 1}",
            f"if {name} > 127: {name}, at = {self._source.named(read, read.__name__)}(raw, at - 1)",
        )

    def _number(self, scalar: str, ahead: int) -> None:
        self._varint("x", ahead, int64 if scalar == "int64" else int32)
        if scalar == "bool":
            self._source.add("if not 0 <= x <= 1: raise GiveUp", "x = x == 1")

    def _text(self, kind: Kind) -> str:
        read, source = kind.read_protobuf, self._source
        if read is None:
            return "x.decode()"
        remembered = f"{source.named(memo_of(read), 'memo')}[x.decode()]"
        (_, unset, is_unset), number = parts_of(read), _number_of(kind)
        if number is None or is_unset is not None or any(0 <= value < 10**_DIGITS for value in unset):
            return remembered
        # Sizes, mostly: whole numbers, too short for a sentinel.
        return f"{source.named(number.parse, 'parse')}(x.decode()) if n <= {_DIGITS} and x.isdigit() else {remembered}"


def _number_of(kind: Kind) -> PlainNumber | None:
    return None if kind.read_protobuf is None else PLAIN_NUMBERS.get(parts_of(kind.read_protobuf)[0])
