"""Hypothesis strategies: every message of the catalogue, and what a wire does to bytes.

The messages come from the table: a new one is covered by its arrival, a new kind of value by one line of `VALUES`::

    @given(messages(Side.TWS, version=176))
    def test_my_program_survives(message): ...

What is drawn is what the wire takes at that version, all of it: a field that the version does not carry has its
default, and so has one behind a condition that does not hold. So whatever is drawn comes out of the other end equal.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, IntFlag
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import attrs
from hypothesis import strategies as st

from anytws.messages.base import Message, Side, TagValue
from anytws.messages.enumerations import Word
from anytws.messages.market_data import TickAttribBidAsk, TickAttribLast
from anytws.messages.times import EPOCH_SECONDS, NamedZone
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.connection_time import zone_called as _zone_called
from anytws.wire.guard import MAY_BE_INFINITE
from anytws.wire.kinds import Kind
from anytws.wire.rows import (
    AnyRow,
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
    field_class,
    is_carried,
    leaves,
)
from anytws.wire.times import MOMENT, clear_or_not
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

__all__ = [
    "MOST_ITEMS",
    "VALUES",
    "Encoding",
    "encoding_of",
    "message_of",
    "messages",
    "mutations_of",
    "record_of",
    "server_versions",
    "slices_of",
    "values_of",
]

_M = TypeVar("_M", bound=Message)
_Strategy: TypeAlias = st.SearchStrategy[Any]
_Texts: TypeAlias = st.SearchStrategy[str]

MOST_ITEMS: Final = 3
"""The longest list that is drawn for a field with many values: long enough for an item between two others."""


class Encoding(Enum):
    """The two ways to write a message."""

    TEXT = "text"
    PROTOBUF = "protobuf"


# --- values, by kind ---------------------------------------------------------------------------------------------

_PRINTABLE: Final[_Texts] = st.text([*map(chr, range(32, 127)), "\t", "\r", "\n"])
# Half of the texts look like the escapes that TWS makes of them: that is where they break.
_UNICODE: Final[_Texts] = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.text(
    "\\\\\\uUxXnN'\"7041d8\n\xe9\xff\ufeff\U0001f600"
)

_INT32: Final = (-(2**31), 2**31 - 1)
_INT64: Final = (-(2**63), 2**63 - 1)
_ZONES: Final = st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))])
# The edges of the calendar have no neighbour in another zone; naive, since the zone is drawn as well.
_FIRST: Final = datetime.fromisoformat("0001-01-03")
_LAST: Final = datetime.fromisoformat("9999-12-29")


def _times(step: timedelta) -> _Strategy:
    """Give aware times in whole steps of *step*."""

    def cut(when: datetime) -> datetime:
        return when.replace(microsecond=when.microsecond - when.microsecond % (step // timedelta(microseconds=1)))

    return st.datetimes(_FIRST, _LAST, timezones=_ZONES).map(cut)


def _whole_seconds(when: datetime) -> datetime:
    return when.replace(microsecond=0)


_NAMED_ZONES: Final = [
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Tokyo"),
    NamedZone("CST"),
    NamedZone("GMT+01:00", _zone_called("GMT+01:00")),
]
# Not before 2000: what zones did in the nineteenth century, to the second, no clock of TWS has ever shown. Of a moment
# that a clock shows twice, nothing on the wire says which one it is, and it is in a zone that says so.
_RECENT: Final = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31"))
_INSTANTS: Final[_Strategy] = st.one_of(
    _RECENT,
    st.tuples(_RECENT, st.sampled_from([UTC, EPOCH_SECONDS, timezone(timedelta(hours=-5)), *_NAMED_ZONES])).map(
        lambda drawn: drawn[0].replace(tzinfo=drawn[1])
    ),
).map(lambda when: clear_or_not(_whole_seconds(when)))


def _has_no_form(text: str) -> bool:
    return bool(text) and isinstance(MOMENT.read_text(text), str)


VALUES: Final[Mapping[str, Callable[[_Texts], _Strategy]]] = {
    "INT": lambda _: st.integers(*_INT32),
    "LONG": lambda _: st.integers(*_INT64),
    "QUANTITY": lambda _: st.integers(1, _INT32[1]),
    "DOUBLE": lambda _: st.floats(allow_nan=False),
    "DECIMAL": lambda _: st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**24), max_value=10**24),
    "BOOL": lambda _: st.booleans(),
    "STRING": lambda texts: texts,
    "TEXT": lambda texts: texts,
    "FLAG": lambda _: st.booleans(),
    "TRUE_OR_FALSE": lambda _: st.booleans(),
    "BAR_LIST": lambda _: st.lists(st.integers(*_INT32), max_size=MOST_ITEMS).map(tuple),
    "ESCAPED": lambda texts: texts,
    "ESCAPED_TEXT": lambda texts: texts,
    "DECIMAL_AS_DOUBLE": lambda _: st.decimals(allow_nan=False, min_value=-(10**9), max_value=10**9, places=4),
    "REQUEST_ID": lambda _: st.none() | st.integers(*_INT32),
    "COMMA_LIST": lambda texts: st.lists(
        texts.map(lambda item: item.replace(",", "")).filter(bool), max_size=MOST_ITEMS
    ).map(tuple),
    "SECONDS": lambda _: _times(timedelta(seconds=1)),
    "MILLISECONDS": lambda _: _times(timedelta(milliseconds=1)),
    "INSTANT": lambda _: _INSTANTS,
    "TIME": lambda _: _INSTANTS | st.dates(),
    "DAY": lambda _: st.dates(),
    "MOMENT": lambda texts: _INSTANTS | st.dates() | texts.filter(_has_no_form),
    "WALL_CLOCK": lambda _: st.datetimes().map(_whole_seconds),
    "NEWS_TIME": lambda _: st.datetimes(_FIRST, _LAST, timezones=_ZONES),
    "LAST_MASK": lambda _: st.builds(TickAttribLast, st.booleans(), st.booleans()),
    "BID_ASK_MASK": lambda _: st.builds(TickAttribBidAsk, st.booleans(), st.booleans()),
}
"""How to draw a value of each kind, by the kind's name; the argument draws the texts that the wire takes."""


@cache
def values_of(kind: Kind, *, printable: bool = False, finite: bool = False) -> _Strategy:
    """Give a strategy for what *kind* can write.

    *printable* keeps texts to what a client may say in text, *finite* numbers to what it may say at all.
    """
    texts = _PRINTABLE if printable else _UNICODE
    base = kind.name.partition(" or ")[0]
    drawn = VALUES[base](texts) if kind.members is None else _members_of(kind.members, texts)
    if kind.optional:
        drawn = st.none() | drawn
    # The vendor's sentinels are values to nobody, and which they are is the kind's own knowledge.
    drawn = drawn.filter(lambda value: _takes(kind, value))
    return drawn.filter(lambda value: value not in (math.inf, -math.inf)) if finite else drawn


def _members_of(members: type[Enum], texts: _Texts) -> _Strategy:
    """Give the members of an enumeration, and what a newer TWS may add to them."""
    if issubclass(members, IntFlag):
        return st.integers(0, 255).map(members)
    unknown: _Strategy = st.integers(*_INT32) if issubclass(members, int) else texts.filter(bool)
    # Whoever draws a word means it, also one that looks like a slip of another.
    make = members.verbatim if issubclass(members, Word) else members
    return st.sampled_from(list(members)) | unknown.map(make)


def _takes(kind: Kind, value: object) -> bool:
    try:
        kind.write_text(value)
        if kind.write_protobuf is not None:
            kind.write_protobuf(value)
    except ValueError:
        return False
    return True


# --- messages, by table ------------------------------------------------------------------------------------------


def server_versions() -> st.SearchStrategy[int]:
    """Give a strategy for every server version that we speak, those where something changes more often."""
    edges = {MIN_VERSION, MAX_VERSION}
    for entry in CATALOGUE:
        named = {entry.since, entry.protobuf_since or 0}
        for row in leaves(entry.layout.text_rows):
            named |= {row.since, row.until or 0}
        edges |= {version + side for version in named for side in (-1, 0)}
    return st.sampled_from(sorted(edges & {*range(MIN_VERSION, MAX_VERSION + 1)})) | st.integers(
        MIN_VERSION, MAX_VERSION
    )


def messages(side: Side | None = None, version: int = MAX_VERSION) -> st.SearchStrategy[Message]:
    """Give a strategy for whatever *side* (None: either) can say at server version *version*."""
    return _messages(tuple([entry for entry in CATALOGUE if side in (None, entry.said_by)]), version)


# To put such a strategy together takes longer than to draw from it, and state machines ask at every step.
@cache
def _messages(entries: tuple[Entry, ...], version: int) -> _Strategy:
    return st.one_of([message_of(entry.cls, version) for entry in entries if entry.since <= version])


def message_of(cls: type[_M], version: int = MAX_VERSION, encoding: Encoding | None = None) -> st.SearchStrategy[_M]:
    """Give a strategy for messages of the class *cls*, as server version *version* can carry them.

    *encoding* is the one that the version uses, unless it is given: what is drawn for `Encoding.TEXT` fits both.
    """
    entry = entry_for(cls)
    encoding = encoding or encoding_of(entry, version)
    printable = encoding is Encoding.TEXT and entry.said_by is Side.CLIENT
    drawn = record_of(entry.layout, version, encoding, printable=printable, finite=entry.said_by is Side.CLIENT)
    if entry.said_as is not None:
        drawn = drawn.map(entry.said_as)
    closed = [gate for gate in entry.gates if not gate.is_open(version)]
    if not closed:
        return drawn
    return drawn.filter(lambda message: all(getattr(message, gate.field) != gate.value for gate in closed))


def encoding_of(entry: Entry, version: int) -> Encoding:
    """Tell how the message of *entry* goes out at *version*."""
    as_protobuf = entry.protobuf_since is not None and version >= entry.protobuf_since
    return Encoding.PROTOBUF if as_protobuf else Encoding.TEXT


@cache
def record_of(
    layout: Layout, version: int, encoding: Encoding, *, printable: bool = False, finite: bool = False
) -> _Strategy:
    """Give a strategy for the records that *layout* describes, messages or parts of them; see `values_of`."""
    as_text = encoding is Encoding.TEXT
    rows = layout.text_rows if as_text else layout.protobuf_rows
    carried = [
        (row.field.split("."), row)
        for row in leaves(rows)
        if not isinstance(row, Filler) and is_carried(row, version, text=as_text)
    ]

    columns = {(row.field, row.name): row.kind for _, row in carried if isinstance(row, Column)}

    def value(kind: Kind, path: str) -> _Strategy:
        is_finite = finite and kind.protobuf == "double" and path.rpartition(".")[2] not in MAY_BE_INFINITE
        return values_of(kind, printable=printable, finite=is_finite)

    def field(row: Leaf) -> _Strategy:
        if isinstance(row, Row):
            return value(row.kind, row.field)
        if isinstance(row, Part):
            part = record_of(row.layout, version, encoding, printable=printable, finite=finite)
            return st.none() | part if row.optional else part
        if isinstance(row, Tags):
            return _tags(printable=printable)
        if not isinstance(row, Many):
            raise TypeError(f"{row} is no field of its own")
        return st.lists(item(row), max_size=MOST_ITEMS).map(tuple)

    def item(row: Many) -> _Strategy:
        if isinstance(row.of, Kind):
            return values_of(row.of, printable=printable)
        options = [row.of] if isinstance(row.of, Layout) else [*row.of.options.values()]
        drawn = st.one_of(
            [record_of(option, version, encoding, printable=printable, finite=finite) for option in options]
        )
        beside = {name: value(kind, name) for (path, name), kind in columns.items() if path == row.field}
        if not beside:
            return drawn
        return st.tuples(drawn, st.fixed_dictionaries(beside)).map(lambda pair: attrs.evolve(pair[0], **pair[1]))

    fields = [(path, field(row)) for path, row in carried if not isinstance(row, Column)]
    drawn = _record(layout.cls, fields)
    drawn = drawn.map(lambda record: _as_written(rows, record) if as_text else _one_of_each(rows, record))
    return drawn if layout.after_reading is None else drawn.map(layout.after_reading)


def _tags(*, printable: bool) -> _Strategy:
    """Give pairs that both forms in text and the map in protobuf can keep: sorted, no tag twice, no = or ; in them."""
    plain = (_PRINTABLE if printable else _UNICODE).map(lambda text: text.replace("=", "").replace(";", ""))
    return st.dictionaries(plain, plain, max_size=MOST_ITEMS).map(
        lambda pairs: tuple([TagValue(tag, value) for tag, value in sorted(pairs.items())])
    )


def _record(cls: type[Any], fields: Iterable[tuple[list[str], _Strategy]]) -> _Strategy:
    values: dict[str, _Strategy] = {}
    nested: defaultdict[str, list[tuple[list[str], _Strategy]]] = defaultdict(list)
    for (name, *rest), value in fields:
        if rest:
            nested[name].append((rest, value))
        else:
            values[name] = value
    for name, inner in nested.items():
        values[name] = _record(field_class(cls, name), inner)
    return st.fixed_dictionaries(values).map(lambda drawn: cls(**drawn))


def _as_written(rows: tuple[AnyRow, ...], record: Any) -> Any:  # noqa: ANN401 (of any class)
    """Give *record* without what a condition of the text form leaves out."""
    for row in rows:
        if not isinstance(row, When):
            continue
        if row.holds(record):
            record = _as_written(row.rows, record)
        else:
            for left_out in leaves(row.rows):
                if not isinstance(left_out, Filler):
                    column = left_out.name if isinstance(left_out, Column) else None
                    record = _reset(record, left_out.field.split("."), column)
    return record


def _one_of_each(rows: tuple[AnyRow, ...], record: Any) -> Any:  # noqa: ANN401 (of any class)
    """Give *record* with one member of each protobuf oneof at most."""
    taken: set[str] = set()
    for row in leaves(rows):
        if isinstance(row, Part) and row.oneof and getattr(record, row.field) is not None:
            if row.oneof in taken:
                record = attrs.evolve(record, **{row.field: None})
            taken.add(row.oneof)
    return record


def _reset(record: Any, path: list[str], column: str | None = None) -> Any:  # noqa: ANN401 (of any class)
    name, *rest = path
    if rest:
        return attrs.evolve(record, **{name: _reset(getattr(record, name), rest, column)})
    if column is not None:
        return attrs.evolve(record, **{name: tuple([_reset(each, [column]) for each in getattr(record, name)])})
    return attrs.evolve(record, **{name: default_of(type(record), name)})


# --- what a wire does to bytes -----------------------------------------------------------------------------------


def slices_of(data: bytes, most: int = 12) -> st.SearchStrategy[list[bytes]]:
    """Give a strategy for *data* cut into up to *most* slices, some of them empty; together they are *data*."""

    def cut(places: list[int]) -> list[bytes]:
        ends = [0, *sorted(places), len(data)]
        return [data[start:end] for start, end in pairwise(ends)]

    return st.lists(st.integers(0, len(data)), max_size=most - 1).map(cut)


@st.composite
def _mutated(draw: st.DrawFn, data: bytes, most: int) -> bytes:
    mutated = bytearray(data)
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(mutated)))
        end = min(len(mutated), start + draw(st.integers(0, 8)))
        match draw(st.sampled_from(["replace", "insert", "remove", "repeat", "cut", "flip"])):
            case "replace":
                mutated[start:end] = draw(st.binary(max_size=8))
            case "insert":
                mutated[start:start] = draw(st.binary(min_size=1, max_size=8))
            case "remove":
                del mutated[start:end]
            case "repeat":
                mutated[end:end] = mutated[start:end]
            case "cut":
                del mutated[start:]
            case _:
                if start < len(mutated):
                    mutated[start] ^= 1 << draw(st.integers(0, 7))
    return bytes(mutated)


def mutations_of(data: bytes, most: int = 4) -> st.SearchStrategy[bytes]:
    """Give a strategy for *data* with one to *most* small damages: bytes changed, lost, doubled, or put in between."""
    return _mutated(data, most)


# Once this is imported, ``st.from_type(TickPrice)`` draws what the newest version takes.
for _entry in CATALOGUE:
    st.register_type_strategy(_entry.cls, message_of)
