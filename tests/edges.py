"""The versions at which a message begins to be written, or guarded, in another way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from anytws.wire import versions as v
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.rows import Choice, Entry, Layout, Many, Part, Row, leaves


def edges_of(entry: Entry) -> list[int]:
    """Give a version of each way in which *entry* is written, those of the records in it too."""
    turns = {v.MIN_VERSION, entry.since, entry.protobuf_since or 0, v.PROTOBUF}
    for gate in entry.gates:
        turns |= {gate.since, gate.until or 0}
    for layout in _layouts(entry.layout):
        for row in leaves(layout.text_rows):
            turns |= {row.since, row.until or 0}
        turns |= {row.protobuf_since for row in leaves(layout.protobuf_rows) if isinstance(row, Row)}
    return sorted(turn for turn in turns if max(v.MIN_VERSION, entry.since) <= turn <= v.MAX_VERSION)


def _layouts(of: Layout | Choice) -> Iterator[Layout]:
    if isinstance(of, Choice):
        for option in of.options.values():
            yield from _layouts(option)
        return
    yield of
    for row in (*leaves(of.text_rows), *leaves(of.protobuf_rows)):
        inner = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        if isinstance(inner, (Layout, Choice)):
            yield from _layouts(inner)


EDGES: Final = [(entry, version) for entry in CATALOGUE for version in edges_of(entry)]
"""Every entry with each of its versions."""
