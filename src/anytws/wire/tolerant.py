"""Reads a text message in which a value is odd, as far as it can be read.

TWS leaves numbers empty and writes times in forms that nobody listed, and the vendor's client reads zero, or keeps the
text, and goes on. So one value must not cost the message: it becomes None and is told. What must not be guessed is
where the message goes (`anytws.wire.odd.ROUTES`) and how its fields lie: counts, the numbers that choose a layout,
and whatever a condition looks at. And a frame that has too few fields, or too many, is not an odd value: its fields
may all stand in the place of others.

The slow way, gone only after the strict reader has refused. The rows are read by hand, as in `anytws.wire.walk`, and
what costs the message is told as precisely as there.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from anytws.errors import DecodeError, shown
from anytws.messages.base import TagValue
from anytws.wire.kinds import BOOL, INT, STRING, Kind
from anytws.wire.limits import told_limit
from anytws.wire.odd import Odd, OddFields, routes
from anytws.wire.rows import AnyRow, Choice, Column, Entry, Filler, Layout, Leaf, Many, Part, Row, Tags, When
from anytws.wire.tags import split_tags
from anytws.wire.text import Draft, FieldPlan, Fields, check_layout_number, flat_plan, least_width, read_count

_UNREADABLE: Final = (ValueError, ArithmeticError)
_BAD_VALUE: Final = (ValueError, ArithmeticError, TypeError, AttributeError, LookupError)
_SHORT_LIST: Final = 1000


class TolerantText:
    """One reading of one frame."""

    def __init__(self, entry: Entry, version: int, fields: list[str], most_items: int) -> None:
        self._entry = entry
        self._version = version
        self._fields = Fields(fields, most_items)
        self._most_items = most_items
        self._odd = OddFields()
        self._unread: set[tuple[int, str]] = set()
        """Fields that are None because they could not be read, by the identity of their draft."""
        self._draft = Draft(entry.cls)

    def read(self) -> Odd:
        """Give the message. Raises `DecodeError` where it is too odd to be one, with all that is known of it."""
        try:
            self._rows(self._entry.layout.text_rows, "", self._draft)
            if not self._fields.left and self._odd:
                return self._odd.of(self._finish(self._entry.layout, self._draft, ""))
            fault = self._odd_fault()
        except DecodeError as problem:
            fault = problem
        fault.request_id = self._request_id
        raise fault

    @property
    def _request_id(self) -> int | None:
        values = self._draft.__dict__
        found = values.get("request_id", values.get("order_id"))
        return found if isinstance(found, int) else None

    def _odd_fault(self) -> DecodeError:
        """Give the error of a frame that is of another length, or that is odd as a whole."""
        for first in self._odd.told:
            return DecodeError(self._entry.name, first.path, first.seen, first.wanted)
        return DecodeError(
            self._entry.name, None, f"a frame of {self._fields.count} fields", f"one at server version {self._version}"
        )

    def _fault(self, path: str, seen: str, wanted: str) -> DecodeError:
        return DecodeError(self._entry.name, path, seen, wanted)

    def _finish(self, layout: Layout, draft: Draft, path: str) -> Any:
        try:
            value = draft.finish()
            return value if layout.loaded is None else layout.loaded(value)
        except _BAD_VALUE as problem:
            raise self._fault(path, shown(str(problem)), layout.cls.__name__) from None

    def _rows(self, rows: tuple[AnyRow, ...], prefix: str, draft: Draft) -> None:
        for row in rows:
            if isinstance(row, When):
                if self._holds(row, prefix, draft):
                    self._rows(row.rows, prefix, draft)
            elif row.on_wire(self._version):
                self._row(row, prefix, draft)

    def _holds(self, row: When, prefix: str, draft: Draft) -> bool:
        try:
            return row.holds(_Watched(draft, self._unread))
        except _Unread as problem:
            raise self._fault(
                f"{prefix}{problem}", "a value that cannot be read", "one that says what follows"
            ) from None
        except _BAD_VALUE as problem:
            raise self._fault(prefix.rstrip("."), f"what came before ({problem})", "enough") from None

    def _row(self, row: Leaf, prefix: str, draft: Draft) -> None:
        if isinstance(row, Filler):
            self._filler(row, f"{prefix}layout number")
            return
        *parents, name = row.field.split(".")
        path, owner = prefix + row.field, draft.nested(parents)
        match row:
            case Row():
                self._value(row.kind, path, owner, name)
            case Part():
                there = not row.optional or self._read(BOOL, f"{path} present")
                owner.__dict__[name] = self._record(row.layout, f"{path}.") if there else None
            case Many():
                owner.__dict__[name] = self._many(row, path)
            case Tags():
                owner.__dict__[name] = self._tags(row, path)
            case Column():
                self._column(row, path, owner, name)

    def _take(self, path: str, wanted: str) -> str:
        try:
            return self._fields.take()
        except StopIteration:
            raise self._fault(path, "the end of the frame", wanted) from None

    def _read(self, kind: Kind, path: str) -> Any:
        """Read what must be readable: how the fields lie hangs on it."""
        text = self._take(path, kind.name)
        try:
            return kind.read(text)
        except _UNREADABLE:
            raise self._fault(path, shown(text), kind.name) from None

    def _filler(self, row: Filler, path: str) -> None:
        text = self._take(path, "FILLER")
        try:
            if row.least is not None:
                check_layout_number(text, row.least)
        except _UNREADABLE:
            raise self._fault(path, shown(text), f"{row.least} or more") from None

    def _value(self, kind: Kind, path: str, owner: Draft, name: str) -> None:
        text = self._take(path, kind.name)
        try:
            value = kind.read(text)
        except _UNREADABLE:
            if routes(self._entry, path):
                raise self._fault(path, shown(text), kind.name) from None
            self._note(path, text, kind.name)
            self._unread.add((id(owner), name))
            value = None
        owner.__dict__[name] = value

    def _note(self, path: str, text: str, wanted: str) -> None:
        if not self._odd.note(path, text, wanted):
            raise self._odd_fault() from None

    def _record(self, layout: Layout, prefix: str) -> Any:
        draft = Draft(layout.cls)
        self._rows(layout.text_rows, prefix, draft)
        # A draft that is gone must not lend its identity to the next one.
        self._unread -= {(id(draft), name) for name in draft.__dict__}
        return self._finish(layout, draft, prefix.rstrip("."))

    def _count(self, path: str, width: int = 1) -> int:
        text = self._take(path, "COUNT")
        try:
            count = read_count(text)
        except _UNREADABLE:
            raise self._fault(path, shown(text), "COUNT") from None
        left = self._fields.left
        if not self._fields.spend(count):
            wanted = f"the count of a list in {told_limit(self._most_items)}"
            raise self._fault(path, shown(text), wanted)
        # A short list that the frame cuts off is told by the field at which it ends.
        if count > _SHORT_LIST and count * width > left:
            raise self._fault(path, shown(text), f"one that {left} fields are enough for")
        return count

    def _many(self, row: Many, path: str) -> tuple[Any, ...]:
        of = row.of
        count = self._count(f"number of {path}", least_width(of, self._version))
        if isinstance(of, Kind):
            return tuple([self._item(of, f"{path}[{index}]") for index in range(count)])
        plan = flat_plan(of, self._version) if isinstance(of, Layout) else None
        items: list[Any] = []
        for index in range(count):
            item = self._whole(of.cls, *plan) if plan is not None else None
            if item is None:
                layout = of if isinstance(of, Layout) else self._chosen(of, f"{path}[{index}].{of.tag}")
                item = self._record(layout, f"{path}[{index}].")
            items.append(item)
        return tuple(items)

    def _whole(self, cls: type[Any], plan: FieldPlan, count: int) -> Any:
        """Give the next record if nothing is odd in it; otherwise take none of its fields."""
        taken = self._fields.ahead(count)
        try:
            item = cls(*[parse(taken[place]) for parse, place in plan])
        except (*_UNREADABLE, IndexError):
            return None
        self._fields.take_many(count)
        return item

    def _item(self, kind: Kind, path: str) -> Any:
        text = self._take(path, kind.name)
        try:
            return kind.read(text)
        except _UNREADABLE:
            self._note(path, text, kind.name)
            return None

    def _chosen(self, choice: Choice, path: str) -> Layout:
        number = self._read(INT, path)
        if number not in choice.options:
            raise self._fault(path, shown(str(number)), f"one of {', '.join(map(str, choice.options))}")
        return choice.options[number]

    def _tags(self, row: Tags, path: str) -> tuple[TagValue, ...] | None:
        if row.joined:
            text = self._take(path, "TAGS")
            try:
                return split_tags(text)
            except _UNREADABLE:
                self._note(path, text, "TAGS")
                return None
        count = self._count(f"number of {path}", 2)
        return tuple(
            [
                TagValue(self._read(STRING, f"{path}[{index}].tag"), self._read(STRING, f"{path}[{index}].value"))
                for index in range(count)
            ]
        )

    def _column(self, row: Column, path: str, owner: Draft, name: str) -> None:
        title = f"number of {path}[].{row.name}"
        count = self._count(title)
        records = getattr(owner, name) if count else ()
        if count > len(records):
            raise self._fault(title, shown(str(count)), f"at most {len(records)}")
        filled = [
            attrs.evolve(record, **{row.name: self._item(row.kind, f"{path}[{index}].{row.name}")})
            for index, record in enumerate(records[:count])
        ]
        if filled:
            owner.__dict__[name] = (*filled, *records[count:])


class _Unread(Exception):
    """A condition looks at a value that could not be read."""


class _Watched:
    """A draft as a condition sees it: to look at a value that could not be read is the end."""

    __slots__ = ("_draft", "_unread")

    def __init__(self, draft: Draft, unread: set[tuple[int, str]]) -> None:
        self._draft = draft
        self._unread = unread

    def __getattr__(self, name: str) -> Any:
        if (id(self._draft), name) in self._unread:
            raise _Unread(name)
        value = getattr(self._draft, name)
        return _Watched(value, self._unread) if isinstance(value, Draft) else value
