"""Messages in which conditions of the text form hold: chance seldom draws an order for a combination."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cache
from itertools import islice
from typing import Any

import attrs

from anytws.messages.base import Message, Side
from anytws.testing.strategies import Encoding, encoding_of, message_of, record_of
from anytws.wire.codec import Codec
from anytws.wire.rows import AnyRow, Entry, Many, Part, Row, Tags, When
from tests.annotations import classes_at, plain_value
from tests.fuzz.bodies import drawn
from tests.odd_records import copied
from tests.wrong_messages import Path, held_at, outcome_of, paths_of

_DRAWN = 4
_TRIES = 12


@cache
def met_conditions(entry: Entry, version: int) -> list[Message]:
    """Give messages that *version* can carry as text, some for each condition of *entry*."""
    conditions = [*_conditions(entry.layout.text_rows)]
    if not conditions or encoding_of(entry, version) is Encoding.PROTOBUF:
        return []
    encode = Codec(entry.said_by, version).encode
    is_client = entry.said_by is Side.CLIENT
    plain = drawn(message_of(entry.cls, version, Encoding.TEXT), 0, most=_DRAWN)
    # Protobuf has no conditions: there is something behind each of them.
    rich = drawn(
        record_of(entry.layout, version, Encoding.PROTOBUF, printable=is_client, finite=is_client), 0, most=_DRAWN
    )
    found: list[Message] = []
    for row in conditions:
        for message, other in zip(plain, rich, strict=False):
            for better in islice(_where_it_holds(row, message), _TRIES):
                full = _with_what_is_behind(row, better, other)
                if row.holds(full) and isinstance(outcome_of(encode, full), bytes):
                    found.append(full)
                    break
    return found


def _with_what_is_behind(row: When, message: Any, other: Any) -> Any:
    for inner in row.rows:
        if isinstance(inner, (Row, Part, Many, Tags)):
            path = inner.field.split(".")
            message = _with(message, path, held_at(other, path))
    return message


def _with(record: Any, path: Path, value: Any) -> Any:
    name, *rest = path
    return copied(record, **{str(name): _with(held_at(record, [name]), rest, value) if rest else value})


def _conditions(rows: tuple[AnyRow, ...]) -> Iterator[When]:
    for row in rows:
        if isinstance(row, When):
            yield row
            yield from _conditions(row.rows)


def _where_it_holds(row: When, message: Any) -> Iterator[Any]:
    """Give *message*, or what becomes of it with another value in one field, if the condition holds then."""
    if row.holds(message):
        yield message
    for path in paths_of(message):
        if path and isinstance(path[-1], str):
            for better in _with_another(message, path):
                if row.holds(better):
                    yield better


def _with_another(record: Any, path: Path) -> Iterator[Any]:
    name, *rest = path
    if not isinstance(name, str):
        return
    if rest:
        for inner in _with_another(getattr(record, name), rest):
            yield copied(record, **{name: inner})
        return
    for cls in classes_at(type(record), name):
        if issubclass(cls, Enum):
            yield from (copied(record, **{name: member}) for member in cls)
        elif not attrs.has(cls) and cls is not type(None):
            yield copied(record, **{name: plain_value({cls})})
