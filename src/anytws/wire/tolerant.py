"""Reads a text message in which a value is odd, as far as it can be read.

TWS leaves numbers empty and writes times in forms that nobody listed, and the vendor's client reads zero, or keeps the
text, and goes on. So one value must not make the message unreadable: it becomes None and is told. What must not be
guessed is where the message goes (`anytws.wire.odd.ROUTES`) and where its fields are: counts, the numbers that choose a
layout, and whatever a condition looks at. And a frame that has too few fields, or too many, is not an odd value: its
fields may all be those of others.

It is slow, and used only after the strict reader has refused.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import attrs

from anytws.errors import DecodeError, shown
from anytws.messages.base import TagValue
from anytws.wire.kinds import STRING, Kind
from anytws.wire.odd import Odd, OddFields, routes
from anytws.wire.rows import Choice, Entry, Layout
from anytws.wire.text import Draft, flat_plan
from anytws.wire.walk import FieldSeen, TextWalk

_UNREADABLE: Final = (ValueError, ArithmeticError)
_NO_RECORD: Final = (ValueError, ArithmeticError, TypeError, AttributeError, LookupError)
_SHORT_LIST: Final = 1000


def read_tolerantly(entry: Entry, version: int, fields: list[str], most_items: int) -> Odd:
    """Read what the strict reader refuses. Raises `DecodeError` where it is right, with all that is known of it."""
    odd = OddFields()

    def tolerates(seen: FieldSeen) -> bool:
        return not routes(entry, seen.path) and odd.note(seen.path, seen.text, seen.kind)

    builder, draft = _Builder(entry.name, version, fields, most_items, tolerates), Draft(entry.cls)
    try:
        for _ in builder.rows(entry.layout.text_rows, "", draft):
            continue
        if odd and not builder.left:
            return odd.of(builder.finish(entry.layout, draft, ""))
        fault = _fault_of_all(entry, version, odd, len(fields))
    except DecodeError as problem:
        fault = problem
    values = draft.__dict__
    found = values.get("request_id", values.get("order_id"))
    fault.request_id = found if isinstance(found, int) else None
    raise fault


def _fault_of_all(entry: Entry, version: int, odd: OddFields, count: int) -> DecodeError:
    """Give the error of a frame that is of another length than its odd values would let it be."""
    for first in odd.told:
        return DecodeError(entry.name, first.path, first.seen, first.wanted)
    return DecodeError(entry.name, None, f"a frame of {count} fields", f"one at server version {version}")


class _Builder(TextWalk):
    """A walk that makes the records, and passes quickly over those in which nothing is odd."""

    @property
    def left(self) -> int:
        """How many fields nobody has taken."""
        return self._fields.left

    def finish(self, layout: Layout, draft: Draft, path: str) -> Any:
        """Make the record of which *draft* has the fields."""
        if self._unread:
            # Python may give the `id` of a deleted draft to the next one.
            self._unread -= {(id(draft), name) for name in draft.__dict__}
        try:
            value = draft.finish()
            return value if layout.after_reading is None else layout.after_reading(value)
        except _NO_RECORD as problem:
            raise DecodeError(self._message, path or None, shown(str(problem)), layout.cls.__name__) from None

    def _record(self, layout: Layout, path: str) -> Generator[FieldSeen, None, Any]:
        draft = yield from super()._record(layout, path)
        return self.finish(layout, draft, path)

    def _item(self, of: Layout | Kind | Choice, path: str) -> Generator[FieldSeen, None, Any]:
        whole = self._whole(of) if isinstance(of, Layout) else None
        return (yield from super()._item(of, path)) if whole is None else whole

    def _whole(self, layout: Layout) -> Any:
        """Give the next record if nothing is odd in it; otherwise take none of its fields."""
        found = flat_plan(layout, self._version)
        if found is None:
            return None
        plan, count = found
        taken = self._fields.ahead(count)
        try:
            item = layout.cls(*[parse(taken[place]) for parse, place in plan])
        except (*_UNREADABLE, IndexError):
            return None
        self._fields.take_many(count)
        return item

    def _pairs(self, path: str, count: int) -> Generator[FieldSeen, None, tuple[TagValue, ...]]:
        if 2 * count > self._fields.left:
            return (yield from super()._pairs(path, count))
        # A text is never odd.
        texts = [*map(STRING.read_text, self._fields.take_many(2 * count))]
        return tuple(map(TagValue, texts[::2], texts[1::2]))

    def _with(self, record: Any, name: str, value: Any) -> Any:
        return attrs.evolve(record, **{name: value})

    def _count(self, path: str, width: int = 1) -> Generator[FieldSeen, None, int]:
        count = yield from super()._count(path, width)
        left = self._fields.left
        # A short list that the frame cuts off is told by the field at which it ends.
        if count > _SHORT_LIST and count * width > left:
            raise DecodeError(self._message, path, shown(str(count)), f"one that {left} fields are enough for")
        return count
