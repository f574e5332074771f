"""The slow walk over the rows of a message: says field by field what is there, and which field is wrong.

The compiled writers (`anytws.wire.text`, `anytws.wire.protobuf`) are optimistic and only say *that* something is wrong.
Here the same table is read row by row, for the errors of what we say, and for people who look at what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from operator import attrgetter
from typing import Any, Final

import attrs

from anytws.errors import INVALID_SYMBOL, DecodeError, LocalProtocolError, shown
from anytws.messages.base import Asks, Side, Streams, TagValue
from anytws.wire.characters import is_printable
from anytws.wire.kinds import BOOL, INT, STRING, Kind
from anytws.wire.limits import DEFAULT_LIMITS
from anytws.wire.rows import (
    AnyRow,
    Choice,
    Column,
    Entry,
    Filler,
    Layout,
    Leaf,
    Many,
    Part,
    Row,
    Tags,
    When,
    default_of,
)
from anytws.wire.tags import join_tags, split_tags
from anytws.wire.text import Draft, Fields, check_layout_number, least_width, read_count

_COUNT: Final = Kind("COUNT", read_count, INT.write_text, "int32")
_TAGS: Final = Kind("TAGS", split_tags, join_tags, "string")
_BAD_VALUE: Final = (ValueError, ArithmeticError, TypeError, AttributeError, LookupError)


@attrs.frozen
class FieldSeen:
    """One field as it stands on the wire."""

    path: str
    """Such as ``order.tif`` or ``legs[2].ratio``; empty for a constant that means nothing."""
    kind: str
    text: str
    value: Any
    """What the text means; of a constant, what it should be. What stands there, where that is no value."""
    is_odd: bool = False
    """Whether it is not what ``kind`` says, and was passed over."""


# --- reading -----------------------------------------------------------------------------------------------------


def walk_text(
    entry: Entry,
    version: int,
    fields: list[str],
    most_items: int = DEFAULT_LIMITS.items,
    *,
    tolerant: bool = False,
) -> Iterator[FieldSeen]:
    """Give the fields of a text body one by one.

    Raises `DecodeError` at the first field that is not what the table says; a *tolerant* walk only at one that decides
    where the fields behind it are.
    """
    walk = TextWalk(entry.name, version, fields, most_items)
    for seen in walk.rows(entry.layout.text_rows, "", Draft(entry.cls)):
        if seen.is_odd and not tolerant:
            raise walk.fault_at(seen)
        yield seen


class TextWalk:
    """One walk over one frame.

    A value that cannot be read is None and passed over, if *tolerates* says so of its field (it does unless told
    otherwise); never a count, or whatever else decides where the fields are.
    """

    def __init__(
        self,
        message: str,
        version: int,
        fields: list[str],
        most_items: int,
        tolerates: Callable[[FieldSeen], bool] | None = None,
    ) -> None:
        self._message = message
        self._version = version
        self._fields = Fields(fields, most_items)
        self._most_items = most_items
        self._tolerates = tolerates
        self._unread: set[tuple[int, str]] = set()
        """Fields that are None because they could not be read, by the identity of their draft."""

    def rows(self, rows: tuple[AnyRow, ...], prefix: str, draft: Draft) -> Iterator[FieldSeen]:
        """Give the fields of *rows*, whose paths begin with *prefix*, and fill *draft* on the way."""
        for row in rows:
            if isinstance(row, When):
                if self._holds(row, prefix, draft):
                    yield from self.rows(row.rows, prefix, draft)
            elif row.on_wire(self._version):
                yield from self._row(row, prefix, draft)

    def fault_at(self, seen: FieldSeen) -> DecodeError:
        """Give the error of a field that is odd."""
        return DecodeError(self._message, seen.path, shown(seen.text), seen.kind)

    def _holds(self, row: When, prefix: str, draft: Draft) -> bool:
        try:
            return row.holds(_Watched(draft, self._unread) if self._unread else draft)
        except _Unread as problem:
            wanted, seen = "one that says what follows", "a value that cannot be read"
            raise DecodeError(self._message, f"{prefix}{problem}", seen, wanted) from None
        except _BAD_VALUE as problem:
            raise DecodeError(self._message, prefix.rstrip("."), f"what came before ({problem})", "enough") from None

    def _row(self, row: Leaf, prefix: str, draft: Draft) -> Iterator[FieldSeen]:
        if isinstance(row, Filler):
            yield self._filler(row, prefix)
            return
        *parents, name = row.field.split(".")
        path, owner = prefix + row.field, draft.nested(parents)
        values = owner.__dict__
        if isinstance(row, Row):
            seen = self._value(path, row.kind)
            values[name] = _value_of(seen)
            if seen.is_odd:
                self._unread.add((id(owner), name))
            yield seen
        elif isinstance(row, Many):
            values[name] = yield from self._many(row, path)
        elif isinstance(row, Tags):
            values[name] = yield from self._tags(row, path)
        elif isinstance(row, Column):
            yield from self._column(row, path, owner)
        elif row.optional and not (yield from self._is_there(path)):
            values[name] = None
        else:
            values[name] = yield from self._record(row.layout, path)

    def _record(self, layout: Layout, path: str) -> Generator[FieldSeen, None, Any]:
        draft = Draft(layout.cls)
        yield from self.rows(layout.text_rows, f"{path}.", draft)
        return draft

    def _filler(self, row: Filler, prefix: str) -> FieldSeen:
        text = self._take("layout number", "FILLER")
        try:
            if row.minimum is not None:
                check_layout_number(text, row.minimum)
        except (ValueError, ArithmeticError):
            wanted = f"{row.minimum} or more"
            raise DecodeError(self._message, f"{prefix}layout number", shown(text), wanted) from None
        return FieldSeen("", "FILLER", text, row.constant)

    def _tags(self, row: Tags, path: str) -> Generator[FieldSeen, None, tuple[Any, ...] | None]:
        if row.joined:
            seen = self._value(path, _TAGS)
            yield seen
            return None if seen.is_odd else tuple(seen.value)
        count = yield from self._count(f"number of {path}", 2)
        return (yield from self._pairs(path, count))

    def _pairs(self, path: str, count: int) -> Generator[FieldSeen, None, tuple[TagValue, ...]]:
        pairs: list[TagValue] = []
        for index in range(count):
            tag, value = (self._read(f"{path}[{index}].{part}", STRING) for part in ("tag", "value"))
            yield tag
            yield value
            pairs.append(TagValue(tag.value, value.value))
        return tuple(pairs)

    def _column(self, row: Column, path: str, owner: Draft) -> Iterator[FieldSeen]:
        title = f"number of {path}[].{row.name}"
        count = yield from self._count(title)
        records = [*getattr(owner, row.field.rpartition(".")[2])] if count else []
        if count > len(records):
            raise DecodeError(self._message, title, shown(str(count)), f"at most {len(records)}")
        for index in range(count):
            seen = self._value(f"{path}[{index}].{row.name}", row.kind)
            records[index] = self._with(records[index], row.name, _value_of(seen))
            yield seen
        if records:
            owner.__dict__[row.field.rpartition(".")[2]] = tuple(records)

    def _with(self, record: Any, name: str, value: Any) -> Any:
        record.__dict__[name] = value
        return record

    def _is_there(self, path: str) -> Generator[FieldSeen, None, bool]:
        seen = self._must(f"{path} present", BOOL)
        yield seen
        return seen.value is True

    def _many(self, row: Many, path: str) -> Generator[FieldSeen, None, tuple[Any, ...]]:
        count = yield from self._count(f"number of {path}", least_width(row.of, self._version))
        items: list[Any] = []
        for index in range(count):
            items.append((yield from self._item(row.of, f"{path}[{index}]")))  # noqa: PERF401 (that cannot yield)
        return tuple(items)

    def _item(self, of: Layout | Kind | Choice, path: str) -> Generator[FieldSeen, None, Any]:
        if isinstance(of, Kind):
            seen = self._value(path, of)
            yield seen
            return _value_of(seen)
        layout = of if isinstance(of, Layout) else (yield from self._chosen(of, path))
        return (yield from self._record(layout, path))

    def _count(self, path: str, width: int = 1) -> Generator[FieldSeen, None, int]:  # noqa: ARG002 (see `Builder`)
        seen = self._must(path, _COUNT)
        yield seen
        count = int(seen.value)
        if not self._fields.spend(count):
            wanted = f"the count of a list in a frame of at most {self._most_items} items (Limits.items)"
            raise DecodeError(self._message, path, shown(seen.text), wanted)
        return count

    def _chosen(self, choice: Choice, item: str) -> Generator[FieldSeen, None, Layout]:
        seen = self._must(f"{item}.{choice.tag}", INT)
        yield seen
        if seen.value not in choice.options:
            wanted = f"one of {', '.join(map(str, choice.options))}"
            raise DecodeError(self._message, seen.path, shown(seen.text), wanted)
        return choice.options[seen.value]

    def _must(self, path: str, kind: Kind) -> FieldSeen:
        """Read what decides where the fields are."""
        seen = self._read(path, kind)
        if seen.is_odd:
            raise self.fault_at(seen)
        return seen

    def _value(self, path: str, kind: Kind) -> FieldSeen:
        seen = self._read(path, kind)
        if seen.is_odd and self._tolerates is not None and not self._tolerates(seen):
            raise self.fault_at(seen)
        return seen

    def _read(self, path: str, kind: Kind) -> FieldSeen:
        text = self._take(path, kind.name)
        try:
            return FieldSeen(path, kind.name, text, kind.read_text(text))
        except (ValueError, ArithmeticError):
            return FieldSeen(path, kind.name, text, text, is_odd=True)

    def _take(self, path: str, kind: str) -> str:
        try:
            return self._fields.take()
        except StopIteration:
            raise DecodeError(self._message, path, "the end of the frame", kind) from None


def _value_of(seen: FieldSeen) -> Any:
    return None if seen.is_odd else seen.value


class _Unread(Exception):
    """A condition looks at a value that could not be read."""


class _Watched:
    """A draft as a condition sees it: raises `_Unread`, with the field's path, for a value that could not be read."""

    __slots__ = ("_draft", "_prefix", "_unread")

    def __init__(self, draft: Draft, unread: set[tuple[int, str]], prefix: str = "") -> None:
        self._draft = draft
        self._unread = unread
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        if (id(self._draft), name) in self._unread:
            raise _Unread(self._prefix + name)
        value = getattr(self._draft, name)
        return _Watched(value, self._unread, f"{self._prefix}{name}.") if isinstance(value, Draft) else value


# --- writing -----------------------------------------------------------------------------------------------------


@attrs.frozen
class _Fault:
    path: str
    problem: str
    code: int | None = None


def blame(entry: Entry, value: Any, *, text: bool) -> LocalProtocolError:
    """Find the field of *value* that cannot be written, and give the error that names it."""
    search = _FaultSearch(text, ascii_only=text and entry.said_by is Side.CLIENT)
    for fault in search.record(entry.layout, value, ""):
        return LocalProtocolError(
            f"{entry.name}.{fault.path}: {fault.problem}", code=fault.code, message=entry.name, field=fault.path
        )
    return LocalProtocolError(f"{entry.name} cannot be written: {shown(value)}", message=entry.name)


_WORDS: Final = {
    "INT": "a whole number of 32 bits",
    "LONG": "a whole number of 64 bits",
    "QUANTITY": "a whole number of 32 bits that is at least 1",
    "DOUBLE": "a number",
    "DECIMAL": "a Decimal",
    "DECIMAL_AS_DOUBLE": "a Decimal of up to 15 digits",
    "BOOL": "True or False",
    "FLAG": "True or False",
    "STRING": "a text",
    "TEXT": "a text",
    "ESCAPED": "a text",
    "ESCAPED_TEXT": "a text",
    "REQUEST_ID": "the id of a request, or None",
    "MOMENT": "a datetime of whole seconds, a date or a text",
    "INSTANT": "a datetime of whole seconds",
    "TIME": "a datetime of whole seconds or a date",
    "DAY": "a date",
    "NEWS_TIME": "an aware datetime",
    "SECONDS": "an aware datetime of whole seconds",
    "MILLISECONDS": "an aware datetime of whole milliseconds",
}
"""What a field takes, for whoever has set it to something else; `FieldSeen.kind` has the names of the table."""


def _words_for(kind: Kind) -> str:
    base = kind.name.partition(" or ")[0]
    wanted = _WORDS.get(base, base) if kind.members is None else f"a member of {kind.members.__name__}"
    return f"{wanted}, or None" if kind.optional and not wanted.endswith("None") else wanted


def _is_given_later(row: Row, value: Any) -> bool:
    """Tell whether *row* is the id of a request, which is None until its conversation gives it one."""
    if row.kind.optional or row.field not in attrs.fields_dict(type(value)):
        return False
    return default_of(type(value), row.field) is None


def _ways_to_give(field: str, request: Any) -> str:
    ways = [way for cls, way in ((Asks, "Tws.ask"), (Streams, "Tws.stream")) if isinstance(request, cls)]
    return f"ask it with {' or '.join(ways)}, or give {field}" if ways else f"give {field}"


class _FaultSearch:
    def __init__(self, text: bool, *, ascii_only: bool) -> None:
        self._text = text
        self._ascii_only = ascii_only

    def record(self, layout: Layout, value: Any, prefix: str) -> Iterator[_Fault]:
        if not isinstance(value, layout.cls):
            yield _Fault(prefix.rstrip("."), f"{shown(value)} is not a {layout.cls.__name__}")
            return
        yield from self._rows(layout.text_rows if self._text else layout.protobuf_rows, value, prefix)

    def _rows(self, rows: tuple[AnyRow, ...], value: Any, prefix: str) -> Iterator[_Fault]:
        for row in rows:
            if isinstance(row, When):
                if self._holds(row, value):
                    yield from self._rows(row.rows, value, prefix)
            elif not isinstance(row, Filler):
                yield from self._row(row, value, prefix)

    def _holds(self, row: When, value: Any) -> bool:
        try:
            return not self._text or row.holds(value)
        except _BAD_VALUE:
            # The value with which the condition fails has a row of its own, and the error is about that row.
            return True

    def _row(self, row: Row | Part | Many | Tags | Column, value: Any, prefix: str) -> Iterator[_Fault]:
        path = prefix + row.field
        try:
            held = attrgetter(row.field)(value)
        except AttributeError:
            yield self._broken_path(row.field, value, prefix)
            return
        if isinstance(row, Row):
            if held is None and _is_given_later(row, value):
                yield _Fault(path, f"there is none yet: {_ways_to_give(row.field, value)}")
            else:
                yield from self._leaf(path, row.kind, held)
        elif isinstance(row, Part):
            if held is not None or not row.optional:
                yield from self.record(row.layout, held, f"{path}.")
        elif not isinstance(held, (tuple, list)):
            yield _Fault(path, f"{shown(held)} is not a tuple")
        elif isinstance(row, Tags):
            yield from self._tags(row, path, held)
        else:
            for index, item in enumerate(held):
                yield from self._item(row, f"{path}[{index}]", item)

    def _item(self, row: Many | Column, path: str, item: Any) -> Iterator[_Fault]:
        if isinstance(row, Column):
            yield from self._leaf(f"{path}.{row.name}", row.kind, getattr(item, row.name, None))
        elif isinstance(row.of, Kind):
            yield from self._leaf(path, row.of, item)
        elif isinstance(row.of, Layout):
            yield from self.record(row.of, item, f"{path}.")
        else:
            chosen = next((layout for layout in row.of.options.values() if type(item) is layout.cls), None)
            if chosen is None:
                yield _Fault(path, f"{shown(item)} is none of the records that may stand there")
            else:
                yield from self.record(chosen, item, f"{path}.")

    def _tags(self, row: Tags, path: str, held: Any) -> Iterator[_Fault]:
        seen: set[str] = set()
        for index, each in enumerate(held):
            if not isinstance(each, TagValue):
                yield _Fault(f"{path}[{index}]", f"{shown(each)} is not a TagValue")
                continue
            yield from self._leaf(f"{path}[{index}].tag", STRING, each.tag)
            yield from self._leaf(f"{path}[{index}].value", STRING, each.value)
            if not self._text and each.tag in seen:
                yield _Fault(
                    f"{path}[{index}].tag", f"{shown(each.tag)} is there twice, and protobuf keeps one of them"
                )
            if self._text and row.joined and (set("=;") & set(each.tag) or ";" in each.value):
                yield _Fault(f"{path}[{index}]", f"{shown(each)} holds a = or ; that would end it")
            seen.add(each.tag)

    def _broken_path(self, field: str, value: Any, prefix: str) -> _Fault:
        name, _, rest = field.partition(".")
        if hasattr(value, name):
            return self._broken_path(rest, getattr(value, name), f"{prefix}{name}.")
        return _Fault(prefix.rstrip("."), f"{shown(value)} has no {name}")

    def _leaf(self, path: str, kind: Kind, value: Any) -> Iterator[_Fault]:
        if self._ascii_only and isinstance(value, str) and not is_printable(value):
            problem = f"{shown(value)} holds a character outside of printable ASCII: TWS does not take it"
            yield _Fault(path, problem, INVALID_SYMBOL)
            return
        try:
            written = (
                kind.write_text(value) if self._text else kind.write_protobuf(value) if kind.write_protobuf else value
            )
            if isinstance(written, str):
                written.encode()
        except UnicodeEncodeError:
            yield _Fault(path, f"{shown(value)} holds half a character (a lone surrogate)", INVALID_SYMBOL)
        except _BAD_VALUE:
            yield _Fault(path, f"{shown(value)} is not {_words_for(kind)}")
        else:
            if self._ascii_only and not is_printable(written):
                problem = f"{shown(value)} holds a character outside of printable ASCII: TWS does not take it"
                yield _Fault(path, problem, INVALID_SYMBOL)
