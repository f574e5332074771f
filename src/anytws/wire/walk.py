"""The slow walk over the rows of a message: says field by field what is there, and which field is wrong.

The compiled readers and writers (`anytws.wire.text`, `anytws.wire.protobuf`) are optimistic and only say *that*
something is wrong. This is the same table read by hand, for errors and for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

import attrs

from anytws.errors import INVALID_SYMBOL, DecodeError, LocalProtocolError
from anytws.messages.base import Side
from anytws.wire.characters import is_printable
from anytws.wire.kinds import BOOL, INT, Kind
from anytws.wire.rows import AnyRow, Entry, Filler, Layout, Many, Part, Row, When
from anytws.wire.text import Draft, read_count

_SHOWN: Final = 80


@attrs.frozen
class FieldSeen:
    """One field as it stands on the wire."""

    path: str
    """Such as ``order.tif`` or ``legs[2].ratio``; empty for a constant that means nothing."""
    kind: str
    text: str
    value: Any


def walk_text(entry: Entry, version: int, fields: list[str]) -> Iterator[FieldSeen]:
    """Give the fields of a text body one by one.

    Raises `DecodeError` at the first field that is not what the table says.
    """
    walk = _TextWalk(entry.name, version, fields)
    yield from walk.record(entry.layout, "", Draft(entry.cls))


class _TextWalk:
    def __init__(self, message: str, version: int, fields: list[str]) -> None:
        self._message = message
        self._version = version
        self._fields = iter(fields)

    def record(self, layout: Layout, prefix: str, draft: Draft) -> Iterator[FieldSeen]:
        yield from self._rows(layout.text_rows, prefix, draft)

    def _rows(self, rows: tuple[AnyRow, ...], prefix: str, draft: Draft) -> Iterator[FieldSeen]:
        for row in rows:
            if isinstance(row, When):
                if row.holds(draft):
                    yield from self._rows(row.rows, prefix, draft)
            elif row.on_wire(self._version):
                yield from self._row(row, prefix, draft)

    def _row(self, row: Row | Filler | Part | Many, prefix: str, draft: Draft) -> Iterator[FieldSeen]:
        if isinstance(row, Filler):
            yield FieldSeen("", "FILLER", self._take("layout number", "FILLER"), None)
            return
        *parents, name = row.field.split(".")
        path = prefix + row.field
        if isinstance(row, Row):
            seen = self._read(path, row.kind)
            draft.nested(parents).__dict__[name] = seen.value
            yield seen
        elif isinstance(row, Part):
            yield from self._part(row, path, draft)
        else:
            yield from self._many(row, path)

    def _part(self, row: Part, path: str, draft: Draft) -> Iterator[FieldSeen]:
        if row.optional:
            there = self._read(f"{path} present", BOOL)
            yield there
            if not there.value:
                return
        yield from self.record(row.layout, f"{path}.", draft.nested([*row.field.split(".")]))

    def _many(self, row: Many, path: str) -> Iterator[FieldSeen]:
        counted = self._read(f"number of {path}", _COUNT)
        yield counted
        for index in range(counted.value):
            item = f"{path}[{index}]"
            if isinstance(row.of, Kind):
                yield self._read(item, row.of)
            else:
                yield from self.record(row.of, f"{item}.", Draft(row.of.cls))

    def _read(self, path: str, kind: Kind) -> FieldSeen:
        text = self._take(path, kind.name)
        try:
            return FieldSeen(path, kind.name, text, kind.read(text))
        except (ValueError, ArithmeticError):
            raise DecodeError(self._message, path, shown(text), kind.name) from None

    def _take(self, path: str, kind: str) -> str:
        for text in self._fields:
            return text
        raise DecodeError(self._message, path, "the end of the frame", kind)


_COUNT: Final = Kind("COUNT", read_count, INT.write, "int32")


def shown(value: object) -> str:
    """Give *value* as an error shows it: quoted, and not longer than a line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def blame(entry: Entry, rows: tuple[AnyRow, ...], value: Any, *, text: bool) -> LocalProtocolError:
    """Find the field of *value* that cannot be written, and give the error that names it."""
    fault = _find_fault(rows, value, "", text=text, ascii_only=text and entry.said_by is Side.CLIENT)
    if fault is None:
        return LocalProtocolError(f"{entry.name} cannot be written: {shown(value)}", message=entry.name)
    path, problem, code = fault
    return LocalProtocolError(f"{entry.name}.{path}: {problem}", code=code, message=entry.name, field=path)


def _find_fault(
    rows: tuple[AnyRow, ...], value: Any, prefix: str, *, text: bool, ascii_only: bool
) -> tuple[str, str, int | None] | None:
    for row in rows:
        fault = None
        if isinstance(row, When):
            if not text or row.holds(value):
                fault = _find_fault(row.rows, value, prefix, text=text, ascii_only=ascii_only)
        elif not isinstance(row, Filler):
            held = attrgetter(row.field)(value)
            for path, layout, item in _values(row, prefix + row.field, held):
                if isinstance(layout, Kind):
                    fault = _fault_of(path, layout, item, text=text, ascii_only=ascii_only)
                else:
                    inner = layout.text_rows if text else layout.protobuf_rows
                    fault = _find_fault(inner, item, f"{path}.", text=text, ascii_only=ascii_only)
                if fault:
                    break
        if fault:
            return fault
    return None


def _values(row: Row | Part | Many, path: str, held: Any) -> list[tuple[str, Kind | Layout, Any]]:
    if isinstance(row, Row):
        return [(path, row.kind, held)]
    if isinstance(row, Part):
        return [] if held is None and row.optional else [(path, row.layout, held)]
    return [(f"{path}[{index}]", row.of, item) for index, item in enumerate(held)]


def _fault_of(path: str, kind: Kind, value: Any, *, text: bool, ascii_only: bool) -> tuple[str, str, int | None] | None:
    try:
        written = kind.write(value) if text else (kind.dump or _itself)(value)
    except (ValueError, ArithmeticError, TypeError, AttributeError):
        return path, f"{shown(value)} is not {kind.name}", None
    if not isinstance(written, str):
        return None
    if ascii_only and not is_printable(written):
        return (
            path,
            f"{shown(value)} holds a character outside of printable ASCII: TWS does not take it",
            INVALID_SYMBOL,
        )
    try:
        written.encode()
    except UnicodeEncodeError:
        return path, f"{shown(value)} holds half a character (a lone surrogate)", INVALID_SYMBOL
    return None


def _itself(value: Any) -> Any:
    return value
