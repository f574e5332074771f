"""Hypothesis strategies: every message of the catalogue, and what a wire does to bytes.

The messages come from the table. A new message is covered by its arrival, and a new kind of value by one line of
`VALUES`::

    @given(messages(Side.TWS, version=176))
    def test_my_program_survives(message): ...

What is drawn is what the wire takes at that version, all of it: a field that the version does not carry has its
default, and so has one behind a condition that does not hold. So whatever is drawn comes out of the other end equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeAlias, TypeVar

import attrs
from hypothesis import strategies as st

from anytws.messages.base import Message, Side
from anytws.wire.catalogue import BY_CLASS, CATALOGUE
from anytws.wire.kinds import Kind
from anytws.wire.rows import AnyRow, Entry, Filler, Layout, Many, Part, Row, When, default_of, field_class, leaves
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


VALUES: Final[Mapping[str, Callable[[_Texts], _Strategy]]] = {
    "INT": lambda _: st.integers(*_INT32),
    "LONG": lambda _: st.integers(*_INT64),
    "DOUBLE": lambda _: st.floats(allow_nan=False),
    "DECIMAL": lambda _: st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**24), max_value=10**24),
    "BOOL": lambda _: st.booleans(),
    "STRING": lambda texts: texts,
    "TEXT": lambda texts: texts,
    "ESCAPED": lambda texts: texts,
    "REQUEST_ID": lambda _: st.none() | st.integers(*_INT32),
    "COMMA_LIST": lambda texts: st.lists(
        texts.map(lambda item: item.replace(",", "")).filter(bool), max_size=MOST_ITEMS
    ).map(tuple),
    "SECONDS": lambda _: _times(timedelta(seconds=1)),
    "MILLISECONDS": lambda _: _times(timedelta(milliseconds=1)),
}
"""How to draw a value of each kind, by the kind's name; the argument draws the texts that the wire takes."""

_MAYBE: Final = " or empty"


@cache
def values_of(kind: Kind, *, printable: bool = False) -> _Strategy:
    """Give a strategy for what *kind* can write; *printable* keeps texts to what a client may say in text."""
    base = kind.name.removesuffix(_MAYBE)
    drawn = VALUES[base](_PRINTABLE if printable else _UNICODE)
    if base != kind.name:
        drawn = st.none() | drawn
    # The vendor's sentinels are values to nobody, and which they are is the kind's own knowledge.
    return drawn.filter(lambda value: _takes(kind, value))


def _takes(kind: Kind, value: object) -> bool:
    try:
        kind.write(value)
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
    return st.one_of(
        [
            message_of(entry.cls, version)
            for entry in CATALOGUE
            if side in (None, entry.said_by) and entry.since <= version
        ]
    )


def message_of(cls: type[_M], version: int = MAX_VERSION, encoding: Encoding | None = None) -> st.SearchStrategy[_M]:
    """Give a strategy for messages of the class *cls*, as server version *version* can carry them.

    *encoding* is the one that the version uses, unless it is given: what is drawn for `Encoding.TEXT` fits both.
    """
    entry = BY_CLASS[cls]
    encoding = encoding or encoding_of(entry, version)
    printable = encoding is Encoding.TEXT and entry.said_by is Side.CLIENT
    return record_of(entry.layout, version, encoding, printable=printable)


def encoding_of(entry: Entry, version: int) -> Encoding:
    """Tell how the message of *entry* goes out at *version*."""
    as_protobuf = entry.protobuf_since is not None and version >= entry.protobuf_since
    return Encoding.PROTOBUF if as_protobuf else Encoding.TEXT


@cache
def record_of(layout: Layout, version: int, encoding: Encoding, *, printable: bool = False) -> _Strategy:
    """Give a strategy for the records that *layout* describes, messages or parts of them."""
    as_text = encoding is Encoding.TEXT
    rows = layout.text_rows if as_text else layout.protobuf_rows
    carried = [
        (row.field.split("."), row)
        for row in leaves(rows)
        if not isinstance(row, Filler) and (row.on_wire(version) if as_text else row.number is not None)
    ]

    def field(row: Row | Part | Many) -> _Strategy:
        if isinstance(row, Row):
            return values_of(row.kind, printable=printable)
        if isinstance(row, Part):
            part = record_of(row.layout, version, encoding, printable=printable)
            return st.none() | part if row.optional else part
        item = (
            values_of(row.of, printable=printable)
            if isinstance(row.of, Kind)
            else record_of(row.of, version, encoding, printable=printable)
        )
        return st.lists(item, max_size=MOST_ITEMS).map(tuple)

    drawn = _record(layout.cls, [(path, field(row)) for path, row in carried])
    return drawn.map(lambda record: _as_written(rows, record)) if as_text else drawn


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
                    record = _reset(record, left_out.field.split("."))
    return record


def _reset(record: Any, path: list[str]) -> Any:  # noqa: ANN401 (of any class)
    name, *rest = path
    if rest:
        return attrs.evolve(record, **{name: _reset(getattr(record, name), rest)})
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
