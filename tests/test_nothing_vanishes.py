"""What a request says is on the wire, or is refused: every field of every request, at every version band.

The few exceptions are remarks that TWS makes about a contract, and that requests hand back unread; they are named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest

from anytws.errors import LocalProtocolError
from anytws.messages import ExerciseOptionsRequest, TagValue
from anytws.messages.base import Side
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.kinds import Kind
from anytws.wire.rows import Entry, Layout, Part, Row, Tags, field_class, leaves
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF
from tests.hostile_frames import required, written

REMARKS = {"description", "combo_legs_description", "last_trade_date"}
"""Fields of a contract that only TWS says."""
MEANINGLESS = {("strike", 0.0), ("right", "0"), ("multiplier", Decimal(0)), ("contract_id", -1)}
"""Values with which TWS says that a contract has none (ADR 16): left out of what a client says."""

_TEXTS = ("5", "1", "0", "1.5", "x", "o", "BUY", "20240131", "20240131-10:00:00", "20240131 10:00:00", "a,b")


def bands(entry: Entry) -> list[int]:
    """Give a version of each band in which *entry* looks the same."""
    edges = {MIN_VERSION, entry.since, entry.protobuf_since or MIN_VERSION, PROTOBUF, MAX_VERSION}
    for row in leaves(entry.layout.text_rows):
        edges |= {row.since, row.until or MIN_VERSION}
    for row in leaves(entry.layout.protobuf_rows):
        edges |= {row.protobuf_since} if isinstance(row, Row) else set()
    return sorted(edge for edge in edges if max(MIN_VERSION, entry.since) <= edge <= MAX_VERSION)


def paths(layout: Layout, prefix: str = "") -> Iterator[tuple[str, Kind | None]]:
    """Give every field of *layout* with its kind, those of the records in it too; of pairs no kind."""
    for row in (*leaves(layout.text_rows), *leaves(layout.protobuf_rows)):
        if isinstance(row, (Row, Tags)):
            yield prefix + row.field, row.kind if isinstance(row, Row) else None
        elif isinstance(row, Part):
            yield from paths(row.layout, f"{prefix}{row.field}.")


def other_values(kind: Kind | None, held: object) -> Iterator[object]:
    """Give values of *kind* that are not *held*."""
    if kind is None:
        yield (TagValue("a", "b"),)
        return
    for text in _TEXTS:
        try:
            value = kind.read_text(text)
            kind.write_text(value)
        except (ValueError, ArithmeticError, TypeError, AttributeError):
            continue
        if value is not None and value != held:
            yield value


def with_value(record: Any, path: str, value: object) -> Any:
    """Give *record* with *value* at *path*, records on the way made where they are None."""
    name, _, rest = path.partition(".")
    if not rest:
        return attrs.evolve(record, **{name: value})
    inner = getattr(record, name)
    if inner is None:
        inner = field_class(type(record), name)()
    return attrs.evolve(record, **{name: with_value(inner, rest, value)})


def plain(entry: Entry, version: int) -> Any:
    """Give a message of *entry* that says as little as *version* lets it say."""
    if not entry.text:
        return Codec(Side.TWS, version).decode((entry.id + 200).to_bytes(4, "big") + required(entry.layout))
    # Text says everything that its version has; protobuf can say all of that, too.
    version = min(version, (entry.protobuf_since or MAX_VERSION + 1) - 1)
    writer = written(entry, version)
    assert writer is not None
    wire_id = b"%d\0" % entry.id if version < PROTOBUF else entry.id.to_bytes(4, "big")
    message = Codec(Side.TWS, version).decode(wire_id + "".join([f"{field}\0" for field in writer.fields]).encode())
    # Nobody exercises no option.
    return attrs.evolve(message, exercise_quantity=1) if isinstance(message, ExerciseOptionsRequest) else message


REQUESTS = [entry for entry in CATALOGUE if entry.said_by is Side.CLIENT]


def lost(entry: Entry) -> set[str]:
    """Give the fields of *entry* that can be set without any effect."""
    found: set[str] = set()
    for version in bands(entry):
        codec = Codec(Side.CLIENT, version)
        message = plain(entry, version)
        try:
            before = codec.encode(message)
        except LocalProtocolError as problem:
            pytest.fail(f"{entry.name} at {version}: {problem}")
        for path, kind in dict(paths(entry.layout)).items():
            held = held_at(message, path)
            for value in other_values(kind, held):
                if (path.rpartition(".")[2], value) in MEANINGLESS:
                    continue
                try:
                    after = codec.encode(with_value(message, path, value))
                except (LocalProtocolError, TypeError):
                    continue
                if after == before:
                    found.add(path)
    return found


def held_at(message: Any, path: str) -> object:
    """Give what *message* has at *path*; None where a record on the way is not there."""
    for name in path.split("."):
        if message is None:
            return None
        message = getattr(message, name)
    return message


@pytest.mark.parametrize("entry", REQUESTS, ids=lambda entry: entry.name)
def test_every_field_is_written_or_refused(entry: Entry) -> None:
    assert {path.rpartition(".")[2] for path in lost(entry)} <= REMARKS


def test_what_is_lost_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the guard, requests do lose what their version cannot carry."""
    monkeypatch.setattr("anytws.wire.codec._guard", lambda *_args, **_more: None)
    assert any(lost(entry) - REMARKS for entry in REQUESTS)
