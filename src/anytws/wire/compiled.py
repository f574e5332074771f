"""Readers as source, written for one message and compiled: several times faster than the closures.

The closures of `anytws.wire.text` and `anytws.wire.protobuf` say what a message means. A reader made here is a bet on
top of them: it takes what TWS usually says, and gives up on everything else, by whatever exception comes first. Then
the closures read the same bytes, and theirs is the answer, be it a message, a `Surplus` or an error. So nothing here
has to explain an error, or to be complete; what it must never do is to read what the closures refuse, or to read it
differently. ``tests/test_compiled.py`` holds the two against each other for the whole catalogue.

Where the time goes, and what is done about it:

* A frozen object takes four times as long to make as a plain one. So a *twin* of the class, without the guard, is
  filled, and then told that it is of the real class.
* Strict parsers cost half a microsecond a value, and most values come again and again: ids, enumerations, sizes,
  prices, the same sentinel forty times in one order. A `Memo` asks the strict parser once.
* Long tables, such as bars, have columns of values that are new each time: a column is checked as a whole.
"""

from __future__ import annotations

import linecache
import math
import re
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

import attrs

from anytws.messages.base import TagValue
from anytws.wire.kinds import BOOL, DECIMAL, DOUBLE, INT, LONG, STRING, UNSTATED, Kind, as_it_is
from anytws.wire.limits import DEFAULT_LIMITS
from anytws.wire.optional_kinds import OptionalReader
from anytws.wire.rows import (
    AnyRow,
    CarriedRow,
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
    carried_rows,
    default_of,
    field_class,
    has_lists,
    value_when_absent,
    vendor_name,
)
from anytws.wire.tags import split_tags
from anytws.wire.text import Surplus, read_count
from anytws.wire.times import TIME

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Decoder: TypeAlias = Callable[[bytes], Any]
"""What stands behind the message id of a body to a message."""
Read: TypeAlias = Callable[[Any], Any]


class CannotCompile(Exception):
    """A layout has something that the generator has no words for: it stays with the closures."""


class GiveUp(Exception):
    """A generated reader gives up."""


# --- values ------------------------------------------------------------------------------------------------------

_REMEMBERED: Final = 2048
"""Values of one kind; of all kinds together the values that a process really sees are some thousands."""
_LONGEST: Final = 64
"""Characters."""


class Memo(dict[Any, Any]):
    """Values by what was read on the wire; what is new is asked of the strict parser, and kept if it is small.

    Values are immutable, so one may stand in many messages. The peer chooses what is remembered, so there are bounds.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Read) -> None:
        self._read = read

    def __missing__(self, seen: Any) -> Any:
        value = self._read(seen)
        if len(self) >= _REMEMBERED:
            self.clear()
        if not isinstance(seen, str) or len(seen) <= _LONGEST:
            self[seen] = value
        return value


@cache
def memo_of(read: Read, scalar: str = "string") -> Memo:
    """Give the one memo of the strict parser *read*, for values of one *scalar* type: 1 and True are the same key."""
    number = _NUMBERS.get(_parts(read)[0]) if scalar == "string" else None
    if number is not None:
        return _NumberMemo(read, number)
    return Memo(_quick_time if read is TIME.read_text else read)


# --- plain numbers -----------------------------------------------------------------------------------------------

# At most nine digits in front of the point: too few for an overflow, and for each of the vendor's sentinels. Of such a
# text Python's own parsers take exactly what the strict ones do.
_is_whole: Final = re.compile(r"-?[0-9]{1,9}").fullmatch
_is_real: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,15})?").fullmatch
_PLAIN: Final = b"0123456789.-"
# The sentinels of a decimal as they look without an exponent, whatever zeros stand around them; but for that which is
# the largest double, and has 309 digits then.
_SENTINELS: Final = (
    "2147483647",
    "9223372036854775807",
    "9223372036854775808",
    "170141183460469231731687303715884105727",
)
_SAFE: Final = 1e300


_AreUsual: TypeAlias = Callable[[list[str], list[Any]], bool]


@attrs.frozen(eq=False)
class _Number:
    """How numbers of one type are read where they are plain."""

    is_plain: Callable[[str], object]
    parse: Callable[[str], Any]
    are_usual: _AreUsual | None = None
    """Whether of many, plain texts and their values, none is too large for the strict reader, and none a sentinel."""
    sentinels: frozenset[Any] = frozenset()
    """Those of this type: what is one of another's is a value here."""


def _are_usual_floats(texts: list[str], values: list[Any]) -> bool:
    # hypot(values) is at least each |value|, so one comparison checks them all. The sentinel is the largest double.
    # What is too small for a double has more zeros than a short text.
    return math.hypot(*values) < _SAFE and max(map(len, texts), default=0) < _LONGEST


def _are_usual_decimals(texts: list[str], _: list[Any]) -> bool:
    joined = "".join(texts)
    return max(map(len, texts), default=0) < _LONGEST and not any(mark in joined for mark in _SENTINELS)


_WHOLE: Final = _Number(_is_whole, int)
_FLOAT: Final = _Number(_is_real, float, _are_usual_floats, DOUBLE.sentinels)
_EXACT: Final = _Number(_is_real, Decimal, _are_usual_decimals, DECIMAL.sentinels)
_NUMBERS: Final[dict[Read | None, _Number]] = {
    INT.read_text: _WHOLE,
    LONG.read_text: _WHOLE,
    DOUBLE.read_text: _FLOAT,
    DECIMAL.read_text: _EXACT,
    DECIMAL.read_protobuf: _EXACT,
    # As they stand in optional readers.
    (INT.with_sentinels or INT).read_text: _WHOLE,
    (LONG.with_sentinels or LONG).read_text: _WHOLE,
    (DOUBLE.with_sentinels or DOUBLE).read_text: _FLOAT,
    (DECIMAL.with_sentinels or DECIMAL).read_text: _EXACT,
}
"""By the strict reader of a text."""


class _NumberMemo(Memo):
    """A memo of numbers, which are what is new most often: plain ones need no strict parser."""

    __slots__ = ("_is_plain", "_is_unset", "_parse", "_unset")

    def __init__(self, read: Read, number: _Number) -> None:
        super().__init__(read)
        _, self._unset, self._is_unset = _parts(read)
        self._is_plain, self._parse = number.is_plain, number.parse

    def __missing__(self, seen: str) -> Any:
        if not self._is_plain(seen):
            return super().__missing__(seen)
        value = self._parse(seen)
        if value in self._unset or (self._is_unset is not None and self._is_unset(value)):
            value = None
        if len(self) >= _REMEMBERED:
            self.clear()
        self[seen] = value
        return value


def _parts(read: Read) -> tuple[Read, frozenset[Any], Callable[[Any], bool] | None]:
    """Take an optional reader apart: what it reads with, and what of that is None."""
    return (read.inner, read.unset, read.is_unset) if isinstance(read, OptionalReader) else (read, frozenset(), None)


# --- times -------------------------------------------------------------------------------------------------------

_LONG: Final = len("20240131 10:30:00")
_is_clock: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}").fullmatch


def _read_midnight(text: str) -> Any:
    midnight = TIME.read_text(f"{text[:9]}00:00:00{text[9:]}")
    if midnight.utcoffset() is None:
        return midnight
    try:
        next_one = midnight + timedelta(days=1)
    except OverflowError:
        raise ValueError(text) from None
    # On a day on which the clock is turned, what it shows says less: one time after the other has to be looked at.
    if len({time.replace(fold=fold).utcoffset() for time in (midnight, next_one) for fold in (0, 1)}) > 1:
        raise ValueError(text)
    return midnight


def _read_clock(text: str) -> timedelta:
    if not _is_clock(text):
        raise ValueError(text)
    midnight, then = TIME.read_text("20000101  00:00:00"), TIME.read_text(f"20000101  {text}")
    return timedelta(seconds=(then - midnight).total_seconds())


_SHORT_TIMES: Final = Memo(TIME.read_text)
_MIDNIGHTS: Final = Memo(_read_midnight)
_CLOCKS: Final = Memo(_read_clock)


def _quick_time(text: str) -> Any:
    # "20240131 10:30:00 US/Eastern": few days, in few zones, and few times of the day. Adding a timedelta changes the
    # wall-clock time and ignores summer time, which is what the text means.
    if len(text) < _LONG:
        return _SHORT_TIMES[text]
    try:
        return _MIDNIGHTS[text[:9] + text[17:]] + _CLOCKS[text[9:17]]
    except ValueError:
        return TIME.read_text(text)


# --- columns of values -------------------------------------------------------------------------------------------

Values: TypeAlias = Iterable[Any]
ReadColumn: TypeAlias = Callable[[list[str]], Values]


def column_of(read: Read) -> ReadColumn | None:
    """Give what reads a whole column of texts as the strict *read* does; None where a memo is as good."""
    if read is TIME.read_text:
        return _times
    number = _NUMBERS.get(_parts(read)[0])
    return None if number is None or number.are_usual is None else _number_column(read, number, number.are_usual)


def _times(texts: list[str]) -> Values:
    values: list[Any] = []
    day, zone, midnight = "", "", None
    try:
        for text in texts:
            # Most are of the day of the one before.
            if text[:9] != day or text[17:] != zone:
                day, zone = text[:9], text[17:]
                midnight = _MIDNIGHTS[day + zone]
            values.append(midnight + _CLOCKS[text[9:17]])
    except ValueError:  # Days, or seconds since the epoch.
        return map(_quick_time, texts)
    return values


def _number_column(read: Read, number: _Number, are_usual: _AreUsual) -> ReadColumn:
    _, unset, is_unset = _parts(read)
    parse = number.parse
    remembered = memo_of(read).__getitem__
    none_is_negative = is_unset is None and all(value < 0 for value in unset - number.sentinels)

    def column(texts: list[str]) -> Values:
        joined = "".join(texts)
        # Digits, points and minus signs only: Python's own parsers read that as the strict ones do, or refuse it.
        if not joined.isascii() or joined.encode().translate(None, _PLAIN):
            return map(remembered, texts)
        try:
            values = [*map(parse, texts)]
        except (ValueError, ArithmeticError):  # An empty one, say.
            return map(remembered, texts)
        if not are_usual(texts, values):
            return map(remembered, texts)
        if none_is_negative and "-" not in joined:
            return values
        return [None if value in unset or (is_unset is not None and is_unset(value)) else value for value in values]

    return column


# --- twins -------------------------------------------------------------------------------------------------------


_TWINS: Final[dict[type[Any], type[Any]]] = {}


def twin_of(cls: type[Any]) -> type[Any]:
    """Give the subclass of *cls* whose objects begin empty and can be filled, and then become ones of *cls*.

    A field that has not been filled raises `AttributeError`, and any exception makes the reader give up.
    """
    if cls not in _TWINS:
        _TWINS[cls] = _make_twin(cls)
    return _TWINS[cls]


def _make_twin(cls: type[Any]) -> type[Any]:
    has_more = any(field.validator or field.converter or not field.init for field in attrs.fields(cls))
    if has_more or hasattr(cls, "__attrs_post_init__"):
        raise CannotCompile(cls)
    # If any of these three differs from `object`'s, Python takes the slow path.
    plain = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    twin: type[Any] = type(f"{cls.__name__}Twin", (cls,), {"__slots__": (), **plain})
    try:
        twin().__class__ = cls
    except TypeError:  # The two do not have the same layout.
        raise CannotCompile(cls) from None
    return twin


# --- source ------------------------------------------------------------------------------------------------------


_NO_NAME: Final = re.compile(r"\W")


class _Source:
    """A function that is being written: its lines, and the objects that they name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lines: list[str] = []
        self._depth = 1
        self._names: dict[str, Any] = {"GiveUp": GiveUp}
        self._by_id: dict[int, str] = {}
        self._count = 0

    def constant(self, value: Any, stem: str) -> str:
        """Give what stands for *value* in the source: itself, or a name."""
        return repr(value) if value in (None, ()) or type(value) in (bool, int, str) else self.named(value, stem)

    def add(self, *lines: str) -> None:
        """Add *lines* at the present depth."""
        self._lines += ["    " * self._depth + line for line in lines]

    @contextmanager
    def inside(self, line: str) -> Generator[None]:
        """Add *line*, and what comes meanwhile below it."""
        self.add(line)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.add("pass")
        self._depth -= 1

    def new(self, stem: str) -> str:
        """Give a name that nothing has yet."""
        self._count += 1
        return f"{stem}{self._count}"

    def named(self, value: Any, stem: str) -> str:
        """Give the name of *value* in the source."""
        name = self._by_id.get(id(value))
        if name is None:
            name = self._by_id[id(value)] = self.new(stem)
            self._names[name] = value
        return name

    def function(self, parameter: str) -> Any:
        """Compile it."""
        head = f"def read({parameter}):"
        text = "\n".join([head, *self._lines, ""])
        filename = f"<anytws {self.name}>"
        # A traceback, and a debugger, can show it.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), self._names)  # noqa: S102 (made of the catalogue; nothing of the peer's)
        return self._names["read"]


# --- text --------------------------------------------------------------------------------------------------------


def text_decoder(entry: Entry, version: int, strict: Decoder, most_items: int = DEFAULT_LIMITS.items) -> Decoder:
    """Compile the reader of text bodies of *entry* at *version*, which falls back to *strict*."""
    source = _Source(f"{entry.name}, text, {version}")
    try:
        with source.inside("try:"):
            _TextBody(source, version).message(entry.layout, most_items)
    except CannotCompile:
        return strict
    with source.inside("except Exception:"):
        source.add(f"return {source.named(strict, 'strict')}(body)")
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

    def __init__(self, source: _Source, version: int) -> None:
        self._source = source
        self._version = version
        self._split = False
        self._moved = False
        self._offset = 0
        self._taken: list[str] = []
        self._later: list[str] = []
        self._items: set[str] = set()

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
            source.add(f"{''.join(f'{name}, ' for name in self._taken)}_, = body.decode().split('\\0')", *self._later)
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
        for name in [field.name for field in attrs.fields(cls)]:
            through = [(path[1:], certain) for path, certain in places if path[0] == name]
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
        stem = _NO_NAME.sub("_", name)
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
            elif self._is_flat(of):
                self._flat(of, count, items)
            else:
                with source.inside(f"for _ in range({count}):"):
                    self._item(of, items)
            source.add(f"{target} = tuple({items})")
        if isinstance(of, Layout):
            self._items.add(target)

    def _item(self, layout: Layout, items: str) -> None:
        if not any(not isinstance(row, When) and row.on_wire(self._version) for row in layout.text_rows):
            raise CannotCompile(layout)
        self._do(f"{items}.append({self._record(layout)})")
        self._settle()

    def _chosen(self, choice: Choice, count: str, items: str) -> None:
        with self._source.inside(f"for _ in range({count}):"):
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
        rows = [row for row in layout.text_rows if not isinstance(row, When) and row.on_wire(self._version)]
        if not rows:
            raise CannotCompile(layout)
        block, width = self._block(count, len(rows)), len(rows)
        owner = self._make(layout.cls, list(self._places(layout.text_rows, certain=True)))
        columns: list[tuple[str, str]] = []
        for place, row in enumerate(rows):
            if not isinstance(row, Row):
                continue
            variable, column = self._source.new("v"), f"{block}[{place}::{width}]"
            whole = column_of(row.kind.read_text)
            if whole is None:
                columns.append((variable, column))
                value = self._value(row.kind, variable)
            else:
                columns.append((variable, f"{self._source.named(whole, 'column')}({column})"))
                value = variable
            self._do(f"{owner.variable}.{row.field} = {value}")
        self._finish(owner)
        variables = "".join(f"{variable}, " for variable, _ in columns)
        with self._source.inside(f"for {variables}in zip({', '.join(column for _, column in columns)}):"):
            self._do(f"{items}.append({owner.variable})")
            self._flush()

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


# --- protobuf ----------------------------------------------------------------------------------------------------


def protobuf_decoder(entry: Entry, strict: Decoder, most_items: int = DEFAULT_LIMITS.items) -> Decoder:
    """Compile the reader of protobuf bodies of *entry*, which falls back to *strict*."""
    from anytws.wire.protobuf import (  # noqa: PLC0415 (not needed below server version 201)
        SHORT,
        is_bloated,
    )
    from anytws.wire.protobuf_descriptors import message_class  # noqa: PLC0415 (see above)

    source = _Source(f"{entry.name}, protobuf")
    try:
        with source.inside("try:"):
            source.add(f"p = {source.named(message_class(entry.layout).FromString, 'parse')}(body)")
            if has_lists(entry.layout):
                bloated, layout = source.named(is_bloated, "is_bloated"), source.named(entry.layout, "layout")
                source.add(
                    f"if len(body) > {min(most_items, SHORT)} and {bloated}({layout}, p, len(body), {most_items}):"
                    " raise GiveUp"
                )
            _ProtobufRecord(source, entry.layout).message()
    except CannotCompile:
        return strict
    with source.inside("except Exception:"):
        # The body is parsed again. What was parsed may take thirty times its memory, so it is freed first.
        source.add("p = None", f"return {source.named(strict, 'strict')}(body)")
    decoder: Decoder = source.function("body")
    return decoder


@cache
def _record_reader(layout: Layout) -> Read:
    """Compile the reader of a parsed protobuf message. Raises `CannotCompile`."""
    source = _Source(f"{layout.name}, nested in protobuf")
    _ProtobufRecord(source, layout).message()
    read: Read = source.function("p")
    return read


@cache
def _records_reader(layout: Layout) -> Read:
    """Compile the reader of repeated ones. Raises `CannotCompile`."""
    source = _Source(f"{layout.name}, repeated in protobuf")
    _ProtobufRecord(source, layout).items()
    read: Read = source.function("ps")
    return read


_ZEROS: Final = {"int32": 0, "int64": 0, "double": 0.0, "bool": False, "string": ""}
_MANY: Final = 8
"""So many fields that may be absent, and would have to be asked for, make a record one of many fields."""
_LARGEST: Final = 1.7976931348623157e308
"""The largest double, which is the vendor's sentinel."""
_DOUBLE_READERS: Final = frozenset({DOUBLE.read_protobuf, (DOUBLE.with_sentinels or DOUBLE).read_protobuf})
_WHOLE_READERS: Final = {INT.read_protobuf: 2**31 - 1, LONG.read_protobuf: 2**63 - 1}
"""What refuses nothing but the sentinel, and the sentinel."""
_NO_VALUE: Final[Any] = object()
"""What an absent field is where it must not be absent."""


class _ProtobufRecord:
    """Writes the reader of a parsed protobuf message ``p``.

    To ask whether a field is there costs more than to look at it, and a value that is not zero is there. Records of
    many fields, of which most are absent, are asked once what they have.
    """

    def __init__(self, source: _Source, layout: Layout) -> None:
        self._source = source
        self._layout = layout
        self._rows: dict[str, CarriedRow] = {row.field: row for row in carried_rows(layout)}
        self._is_sparse = sum(map(self._has_to_be_asked_for, self._rows.values())) > _MANY

    def message(self) -> None:
        """Write the reading of one, ``p``."""
        self._source.add(f"return {self._record({})}")

    def items(self) -> None:
        """Write the reading of many, ``ps``: each column by itself, where that pays."""
        source, columns = self._source, {}
        source.add("ps = list(ps)", "made = []")
        for name, row in self._rows.items():
            if isinstance(row, Row) and (whole := self._column(row)) is not None:
                column = source.new("x")
                source.add(f"{column} = {source.named(whole, 'column')}([p.{vendor_name(row)} for p in ps])")
                columns[name] = column
        variables = ", ".join(["p", *[f"{column}_" for column in columns.values()]])
        with source.inside(f"for {variables}, in zip({', '.join(['ps', *columns.values()])}):"):
            source.add(f"made.append({self._record({name: f'{column}_' for name, column in columns.items()})})")
        source.add("return tuple(made)")

    def _column(self, row: Row) -> ReadColumn | None:
        if row.kind.read_protobuf is None or row.kind.protobuf != "string" or self._is_sparse:
            return None
        absent, zero = self._when_absent(row), self._zero(row.kind)
        # A column does not see that a field is absent, only that it is empty.
        return column_of(row.kind.read_protobuf) if zero is _NO_VALUE or (absent is None and zero is None) else None

    def _record(self, columns: dict[str, str]) -> str:
        """Write the reading of ``p``; give what has it."""
        source, cls = self._source, self._layout.cls
        made = self._made = source.new("t")
        source.add(f"{made} = {source.named(twin_of(cls), 'Twin')}()")
        for field in attrs.fields(cls):
            if field.name not in self._rows:
                self._fill(field.name, default_of(cls, field.name))
        if self._is_sparse:
            self._sparse()
        else:
            for name, row in self._rows.items():
                if name in columns:
                    source.add(f"{made}.{name} = {columns[name]}")
                else:
                    self._field(f"{made}.{name}", row)
        source.add(f"{made}.__class__ = {source.named(cls, cls.__name__)}")
        return (
            made
            if self._layout.after_reading is None
            else f"{source.named(self._layout.after_reading, 'after_reading')}({made})"
        )

    def _fill(self, name: str, value: Any) -> None:
        if value is attrs.NOTHING:
            raise CannotCompile(name)
        self._source.add(f"{self._made}.{name} = {self._source.constant(value, 'default')}")

    # Few fields

    def _field(self, target: str, row: CarriedRow) -> None:
        match row:
            case Row():
                self._scalar(target, row)
            case Part():
                self._part(target, row)
            case Many():
                read = self._source.named(_items_reader(row), "items")
                self._source.add(f"{target} = {read}(p.{vendor_name(row)})")
            case Tags():
                self._source.add(f"{target} = {self._source.named(_read_tags, 'tags')}(p.{vendor_name(row)})")
            case _:
                assert_never(row)

    def _part(self, target: str, row: Part) -> None:
        name, source = vendor_name(row), self._source
        read = source.named(_record_reader(row.layout), "part")
        source.add(f"if p.HasField('{name}'): {target} = {read}(p.{name})", f"else: {self._absent(target, row)}")

    def _absent(self, target: str, row: Row | Part) -> str:
        absent = self._when_absent(row)
        return "raise GiveUp" if absent is _NO_VALUE else f"{target} = {self._source.constant(absent, 'absent')}"

    def _when_absent(self, row: Row | Part) -> Any:
        if isinstance(row, Row) and row.kind.absent is not UNSTATED:
            return row.kind.absent
        if row.kind.optional if isinstance(row, Row) else row.optional:
            return None
        default = value_when_absent(self._layout.cls, row.field)
        return _NO_VALUE if default is attrs.NOTHING else default

    def _scalar(self, target: str, row: Row) -> None:
        name, kind, source = vendor_name(row), row.kind, self._source
        zero = self._zero(kind)
        if self._is_absent_zero(row):
            source.add(f"x = p.{name}", f"{target} = {self._value(kind, 'x')}")
            return
        source.add(f"x = p.{name}", f"if x: {target} = {self._value(kind, 'x')}")
        present = f"{target} = {self._value(kind, 'x')}"
        if zero is _NO_VALUE:
            present = "raise GiveUp"
        source.add(f"elif p.HasField('{name}'): {present}", f"else: {self._absent(target, row)}")

    def _is_absent_zero(self, row: Row) -> bool:
        absent, zero = self._when_absent(row), self._zero(row.kind)
        return type(absent) is type(zero) and bool(absent == zero) and row.kind.protobuf != "double"

    def _has_to_be_asked_for(self, row: CarriedRow) -> bool:
        if isinstance(row, Row):
            return self._when_absent(row) is not _NO_VALUE and not self._is_absent_zero(row)
        return isinstance(row, Part)

    def _zero(self, kind: Kind) -> Any:
        """Give what the zero of protobuf means, if it is there."""
        zero = _ZEROS[kind.protobuf]
        try:
            return zero if kind.read_protobuf is None else kind.read_protobuf(zero)
        except (ValueError, ArithmeticError):
            return _NO_VALUE

    def _value(self, kind: Kind, x: str) -> str:
        read, source = kind.read_protobuf, self._source
        if read is None:
            return x
        asked = f"{source.named(read, 'read')}({x})"
        inner, unset, is_unset = _parts(read)
        if read in _WHOLE_READERS:
            return f"({x} if {x} != {_WHOLE_READERS[read]} else {asked})"
        if inner is as_it_is and kind.protobuf.startswith("int") and is_unset is None:
            return f"(None if {x} in {source.named(unset, 'unset')} else {x})"
        if kind.protobuf != "double":
            return f"{source.named(memo_of(read, kind.protobuf), 'memo')}[{x}]"
        # No memo: 0.0 and -0.0 are the same key.
        if inner not in _DOUBLE_READERS or unset - {_LARGEST} or is_unset is not None:
            return asked
        # Not so: the sentinel, NaN, and an infinity that is fine all the same.
        return f"({x} if {x} < {_LARGEST!r} else {asked})"

    # Many fields

    def _sparse(self) -> None:
        source, plan = self._source, {}
        from anytws.wire.protobuf_descriptors import message_class  # noqa: PLC0415 (see above)

        try:
            described = message_class(self._layout).DESCRIPTOR.fields_by_name
        except KeyError:  # One of several records that share a protobuf message.
            raise CannotCompile(self._layout) from None
        required = []
        for name, row in self._rows.items():
            absent = () if isinstance(row, (Many, Tags)) else self._when_absent(row)
            if absent is _NO_VALUE:
                required.append(name)
            else:
                self._fill(name, absent)
            plan[described[vendor_name(row)]] = name, _value_reader(row)
        with source.inside("for described, x in p.ListFields():"):
            source.add(
                f"name, read = {source.named(plan, 'plan')}[described]",
                f"setattr({self._made}, name, x if read is None else read(x))",
            )
        source.add(*[f"{self._made}.{name}" for name in required])


def _value_reader(row: CarriedRow) -> Read | None:
    """Give what is done to the value of a protobuf field; None for nothing."""
    match row:
        case Row():
            if row.kind.read_protobuf is None or row.kind.protobuf == "double":
                return row.kind.read_protobuf
            return memo_of(row.kind.read_protobuf, row.kind.protobuf).__getitem__
        case Part():
            return _record_reader(row.layout)
        case Many():
            return _items_reader(row)
        case Tags():
            return _read_tags


def _read_tags(pairs: Any) -> tuple[TagValue, ...]:
    return tuple([TagValue(tag, value) for tag, value in sorted(pairs.items())]) if pairs else ()


def _items_reader(row: Many) -> Read:
    of = row.of
    if isinstance(of, Choice):
        read = _choice_reader(of)
    elif isinstance(of, Layout):
        return _records_reader(of)
    elif of.read_protobuf is None:
        return tuple
    else:
        read = of.read_protobuf
    return lambda items: tuple(map(read, items))


def _choice_reader(choice: Choice) -> Read:
    options = {number: _record_reader(layout) for number, layout in choice.options.items()}
    tag = vendor_name(Row(choice.tag, INT))

    def read(item: Any) -> Any:
        if not item.HasField(tag):
            raise GiveUp
        return options[getattr(item, tag)](item)

    return read
