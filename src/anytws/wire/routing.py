"""Whose a body is, by how it begins: the message and the id of its request, before anything is decoded.

Ids of requests are given out from 2**28 on (`anytws.machines.ids`). As a protobuf number each of them has five bytes,
and where the id is the first field, nothing in front of it changes: so all bodies of one message under one id begin
with the same few bytes, and no others do. In text that is so as well: what stands in front of the id are constants.

`prefix_of` gives those bytes, by the rows of the message, for whoever looks for them: ``body[:length] in wanted`` takes
a tenth of a microsecond. `Router` goes the other way, from a body to the message, the id, and what follows it.

A body is taken at its word here. Protobuf would let a later field 1 replace the first one; no TWS writes that, and it
is the only way in which a body can belong to another request than it says in front.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from anytws.messages.base import Message, Side
from anytws.wire import versions
from anytws.wire.catalogue import entry_said
from anytws.wire.codec import PROTOBUF_OFFSET, protobuf_head, text_head
from anytws.wire.compiled.memo import Memo
from anytws.wire.kinds import INT
from anytws.wire.rows import Entry, Filler, Row, carried_rows

LOWEST_ID: Final = 2**28
"""The lowest id that has five bytes as a protobuf number."""
HIGHEST_ID: Final = 2**31 - 2
"""The highest number that an id can be; the one after it means "none" to TWS."""

Routed: TypeAlias = tuple[type[Message], int, int]
"""What a body is: its class, the id of its request, and where in the body that id ends."""
_Route: TypeAlias = Callable[[bytes], Routed | None]

_WIRE_ID: Final = 4
_VARINT: Final = 5
_FIRST_FIELD: Final = b"\x08"
"""The tag of field 1 where it is a number."""
_MOST_DIGITS: Final = 10
_SHORTEST_NARROW_ID: Final = 3
"""Bytes of a text body that tell its message at versions below 201: no id has more than three digits."""


class Front(NamedTuple):
    """What all bodies of one message begin with, in one encoding: constants, and then the id of the request."""

    cls: type[Message]
    constant: bytes
    is_text: bool

    def with_id(self, request_id: int) -> bytes | None:
        """Give the bytes for *request_id*; None for one that has no constant length (`forms_of_id`)."""
        forms = forms_of_id(request_id)
        return None if forms is None else self.constant + forms[self.is_text]


def forms_of_id(request_id: int) -> tuple[bytes, bytes] | None:
    """Give *request_id* as it stands behind the constant of a `Front`: in protobuf, and in text.

    None for one that is not of `LOWEST_ID` to `HIGHEST_ID`, and has another length than the ids that we give.
    """
    if not LOWEST_ID <= request_id <= HIGHEST_ID:
        return None
    return _varint(request_id), b"%d\0" % request_id


@cache
def front_of(entry: Entry, version: int, *, text: bool) -> Front | None:
    """Give what bodies of *entry* begin with at *version*, as text or in protobuf.

    None where there is no such form, or where the id of a request is not what stands first in it, or may be missing.
    """
    if text:
        return _text_front(entry, version) if entry.text else None
    return _protobuf_front(entry) if version >= versions.PROTOBUF and entry.protobuf_since is not None else None


def _text_front(entry: Entry, version: int) -> Front | None:
    constant = text_head(entry, version)
    for row in entry.layout.text_rows:
        if isinstance(row, Filler):
            if row.on_wire(version):
                constant += row.constant.encode() + b"\0"
        else:
            # A number of any other kind may be left out, or be written as something else.
            is_id = isinstance(row, Row) and row.field == "request_id" and row.kind is INT and row.on_wire(version)
            return Front(entry.cls, constant, is_text=True) if is_id else None
    return None


def _protobuf_front(entry: Entry) -> Front | None:
    # They are written in the order of their numbers.
    first = min(carried_rows(entry.layout), key=lambda row: row.number or 0, default=None)
    if not isinstance(first, Row) or first.field != "request_id" or first.kind is not INT or first.number != 1:
        return None
    return Front(entry.cls, protobuf_head(entry) + _FIRST_FIELD, is_text=False)


@cache
def fronts_of(entry: Entry, version: int) -> tuple[Front, ...]:
    """Give what bodies of *entry* may begin with at *version*: from 201 on both forms are understood."""
    fronts = [front_of(entry, version, text=text) for text in (True, False)]
    return tuple([front for front in fronts if front is not None])


def prefix_of(entry: Entry, version: int, request_id: int, *, text: bool) -> bytes | None:
    """Give the bytes with which every body of *entry* under *request_id* begins, and no other body.

    None where there are none: see `front_of` and `Front.with_id`.
    """
    front = front_of(entry, version, text=text)
    return None if front is None else front.with_id(request_id)


# --- ids ---------------------------------------------------------------------------------------------------------


def _varint(number: int) -> bytes:
    low = number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14 & 0x7F | 0x80, number >> 21 & 0x7F | 0x80
    return bytes((*low, number >> 28))


def _read_varint(seen: bytes) -> int:
    number = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(seen))
    if not LOWEST_ID <= number <= HIGHEST_ID or _varint(number) != seen:
        raise ValueError(seen)
    return number


def _read_digits(seen: bytes) -> int:
    # Without signs, blanks and leading zeros, which `int` would take.
    if not seen.isdigit() or not LOWEST_ID <= (number := int(seen)) <= HIGHEST_ID or b"%d" % number != seen:
        raise ValueError(seen)
    return number


_VARINTS: Final = Memo(_read_varint)
_DIGITS: Final = Memo(_read_digits)


# --- from a body to whose it is ------------------------------------------------------------------------------------


class Router:
    """Tells whose bodies are that one side says at one version. Holds nothing but what it has worked out."""

    __slots__ = ("_key_length", "_routes", "said_by", "version")

    def __init__(self, said_by: Side, version: int) -> None:
        self.said_by: Side = said_by
        self.version: int = version
        self._key_length = _WIRE_ID if version >= versions.PROTOBUF else _SHORTEST_NARROW_ID
        self._routes: dict[bytes, _Route] = {}

    def route(self, body: bytes) -> Routed | None:
        """Give the class of the message in *body*, the id of its request, and where in *body* the id ends.

        None where that cannot be told without decoding: other messages, ids that others have given, and what no TWS
        writes. Nothing behind the id is looked at: whether the body can be read is another question.
        """
        route = self._routes.get(body[: self._key_length])
        return self._learn(body) if route is None else route(body)

    def _learn(self, body: bytes) -> Routed | None:
        found = self._entry_of(body)
        if found is None:
            # What is unknown is not kept: a peer could say any number of it.
            return None
        entry, text = found
        # A TWS does not know a request that its version has not.
        is_known = self.said_by is Side.TWS or self.version >= entry.since
        front = front_of(entry, self.version, text=text) if is_known else None
        route = self._routes[body[: self._key_length]] = _no_route if front is None else _route(front)
        return route(body)

    def _entry_of(self, body: bytes) -> tuple[Entry, bool] | None:
        """Give the entry of *body*, and whether that is in text."""
        if self.version >= versions.PROTOBUF:
            number = int.from_bytes(body[:_WIRE_ID], "big") if len(body) >= _WIRE_ID else 0
        else:
            wire_id, nul, _ = body[: _SHORTEST_NARROW_ID + 1].partition(b"\0")
            number = int(wire_id) if nul and wire_id.isdigit() and not wire_id.startswith(b"0") else 0
        text = self.version < versions.PROTOBUF or number <= PROTOBUF_OFFSET
        entry = entry_said(self.said_by, number if text else number - PROTOBUF_OFFSET)
        return None if entry is None else (entry, text)


@cache
def router(said_by: Side, version: int) -> Router:
    """Give the router that all share for what *said_by* says at *version*."""
    return Router(said_by, version)


def _no_route(_body: bytes) -> None:
    return None


def _route(front: Front) -> _Route:
    return _text_route(front) if front.is_text else _protobuf_route(front)


def _protobuf_route(front: Front) -> _Route:
    cls, start = front.cls, len(front.constant)
    end = start + _VARINT
    tag_at, tag = start - 1, _FIRST_FIELD[0]
    numbers = _VARINTS

    def route(body: bytes) -> Routed | None:
        try:
            # The wire id was looked up; only the tag is left of the constant.
            return (cls, numbers[body[start:end]], end) if body[tag_at] == tag else None
        except (ValueError, IndexError):
            return None

    return route


def _text_route(front: Front) -> _Route:
    cls, constant, start = front.cls, front.constant, len(front.constant)
    last = start + _MOST_DIGITS + 1
    numbers = _DIGITS

    def route(body: bytes) -> Routed | None:
        end = body.find(b"\0", start, last)
        if end < 0 or not body.startswith(constant):
            return None
        try:
            return cls, numbers[body[start:end]], end + 1
        except ValueError:
            return None

    return route
