"""Frames that cost whoever reads them as much as they can: lists of as many records as fit, as short as they may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from anytws.errors import DecodeError
from anytws.messages.base import Side
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.kinds import Kind
from anytws.wire.rows import Entry, Layout, Many, Part, Row, Tags, leaves
from anytws.wire.versions import PROTOBUF
from anytws.wire.walk import FieldSeen, TextWalk

_CANDIDATES = ("", "0", "1", "a", "o", "20240131", "20240131-10:00:00", "2024-01-31 10:00:00.0", "1:1", "P")
_PROTOBUF_OFFSET = 200


class HostileFrame(NamedTuple):
    """A body, and what it is made of."""

    name: str
    side: Side
    """The side that reads it."""
    version: int
    body: bytes


# --- protobuf ----------------------------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    """Give the protobuf form of a number that is not negative."""
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])


def tag(number: int, wire_type: int) -> bytes:
    """Give what stands in front of the field *number*."""
    return varint(number << 3 | wire_type)


def nested(number: int, content: bytes) -> bytes:
    """Give the field *number* with a text, bytes or a message in it."""
    return tag(number, 2) + varint(len(content)) + content


def _lists(layout: Layout, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Many | Tags]]:
    for row in leaves(layout.protobuf_rows):
        if isinstance(row, (Many, Tags)) and row.number is not None:
            yield path, row
        elif isinstance(row, Part) and row.number is not None:
            yield from _lists(row.layout, (*path, row.number))


def required(layout: Layout) -> bytes:
    """Give every field of *layout* that is not a list, as short as it may be: no reader gives up for want of one."""
    data = b""
    for row in leaves(layout.protobuf_rows):
        if isinstance(row, Row) and row.number is not None:
            data += _shortest(row)
        elif (
            isinstance(row, Part) and row.number is not None and row.oneof is None and row.presence and not row.optional
        ):
            data += nested(row.number, required(row.layout))
    return data


def _shortest(row: Row) -> bytes:
    assert row.number is not None
    kind = row.kind
    if kind.protobuf == "double":
        return tag(row.number, 1) + bytes(8)
    if kind.protobuf != "string":
        return tag(row.number, 0) + b"\1"
    text = next((each for each in _CANDIDATES if is_taken(kind.read_protobuf or str, each)), None)
    return b"" if text is None else nested(row.number, text.encode())


def is_taken(read: Callable[[Any], Any], value: object) -> bool:
    try:
        read(value)
    except (ValueError, ArithmeticError):
        return False
    return True


def _items(row: Many | Tags) -> Iterator[tuple[str, bytes]]:
    assert row.number is not None
    of = row.of if isinstance(row, Many) else None
    if isinstance(of, Kind) and of.protobuf != "string":
        yield "packed", b""
        return
    yield "empty", nested(row.number, b"")
    if isinstance(of, Layout):
        parts = [part for part in leaves(of.protobuf_rows) if isinstance(part, Part) and part.number is not None]
        if parts:
            yield "empty parts", nested(row.number, b"".join([nested(part.number or 0, b"") for part in parts]))


def protobuf_frames(size: int) -> Iterator[HostileFrame]:
    """Give a frame of about *size* bytes for every list that a protobuf message has."""
    for entry in CATALOGUE:
        if entry.protobuf_since is None:
            continue
        wire_id = (entry.id + _PROTOBUF_OFFSET).to_bytes(4, "big")
        for path, row in _lists(entry.layout):
            for what, item in _items(row):
                content = nested(row.number or 0, b"\1" * size) if what == "packed" else item * (size // len(item))
                for number in reversed(path):
                    content = nested(number, content)
                name = f"{entry.name}.{row.field}, {what}"
                for lead, said in ((b"", "nothing else"), (required(entry.layout), "all else")):
                    yield HostileFrame(f"{name}, {said}", entry.said_by.peer, 226, wire_id + lead + content)


# --- text --------------------------------------------------------------------------------------------------------


class _Writer(TextWalk):
    """Walks the rows of a message and writes down what they would like to read."""

    def __init__(self, entry: Entry, version: int, chosen: str | None, count: int) -> None:
        super().__init__(entry.name, version, [], 10**9)
        self.fields: list[str] = []
        self.counts: list[tuple[str, int]] = []
        """Each list: its name, and where its count stands."""
        self._chosen_list = chosen
        self._how_many = count

    def _read(self, path: str, kind: Kind) -> FieldSeen:
        if path.startswith("number of "):
            self.counts.append((path, len(self.fields)))
            text = str(self._how_many) if path == self._chosen_list else "0"
        else:
            text = next((each for each in _CANDIDATES if is_taken(kind.read_text, each)), "7")
        self.fields.append(text)
        return FieldSeen(path, kind.name, text, kind.read_text(text))

    def _take(self, path: str, kind: str) -> str:
        self.fields.append("99")
        return "99"


def written(entry: Entry, version: int, chosen: str | None = None, count: int = 0) -> _Writer | None:
    """Give the fields of a message of *entry*, each as short as it may be, with *count* items in the list *chosen*."""
    from anytws.wire.text import Draft

    writer = _Writer(entry, version, chosen, count)
    try:
        for _ in writer.rows(entry.layout.text_rows, "", Draft(entry.cls)):
            continue
    except (DecodeError, ValueError, ArithmeticError):
        return None
    return writer


def text_frames(size: int, versions: tuple[int, ...] = (157, 200, 226)) -> Iterator[HostileFrame]:
    """Give frames of about *size* bytes for every list that a text message has.

    One is as it should be, one announces more than there is, one has a bad last field, one has a field too many.
    """
    for entry in CATALOGUE:
        for version in versions:
            plain = written(entry, version) if entry.text and version >= entry.since else None
            for name, place in plain.counts if plain is not None else ():
                one, two = written(entry, version, name, 1), written(entry, version, name, 2)
                if one is None or two is None or len(two.fields) == len(one.fields):
                    continue
                width = len(two.fields) - len(one.fields)
                item = "".join([f"{field}\0" for field in two.fields[place + 1 : place + 1 + width]]).encode()
                head = "".join([f"{field}\0" for field in one.fields[:place]]).encode()
                tail = "".join([f"{field}\0" for field in one.fields[place + 1 + width :]]).encode()
                wire_id = entry.id.to_bytes(4, "big") if version >= PROTOBUF else b"%d\0" % entry.id
                times = size // len(item)
                for what, count, end in (
                    ("whole", times, tail),
                    ("more announced", 2147483646, tail),
                    ("one more announced", times + 1, b""),
                    ("a bad end", times, b"\xff" + tail[1:]),
                    ("surplus", times, tail + b"x\0"),
                ):
                    body = wire_id + head + b"%d\0" % count + item * times + end
                    title = f"{entry.name}, {name}, {what} at {version}"
                    yield HostileFrame(title, entry.said_by.peer, version, body)
