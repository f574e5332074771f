"""The lines of a journal that is a file: an entry each, as JSON, with a checksum at its end.

So a line that was cut short, or changed, is told from one that was not.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, Final
from zlib import crc32

import attrs

from anytws.machines.journal import Ended, Entry, Floor, Named, Placed, Sums
from anytws.machines.order_state import OrderOutcome

FORMAT: Final = 1
_CHECKED: Final = b', "crc": '


def _header() -> bytes:
    return _line({"journal": "anytws", "format": FORMAT})


def _line(said: dict[str, Any]) -> bytes:
    body = json.dumps(said).encode()[:-1]
    return b"%s%s%d}\n" % (body, _CHECKED, crc32(body))


HEADER: Final = _header()
"""The first line of a file."""


def line_of(entry: Entry) -> bytes:
    """Give the line that says *entry*, with its end."""
    return _line({"entry": type(entry).__name__.lower(), **dict(_said(entry))})


def _said(entry: Entry) -> Iterable[tuple[str, Any]]:
    cls: Any = type(entry)
    for name, default in _fields(cls):
        value = getattr(entry, name)
        if value != default:
            yield name, _plain(value)


@cache
def _fields(cls: Any) -> tuple[tuple[str, Any], ...]:
    return tuple([(field.name, field.default) for field in attrs.fields(cls)])


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, OrderOutcome):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


_KINDS: Final[dict[str, type[Any]]] = {kind.__name__.lower(): kind for kind in (Placed, Named, Ended, Floor, Sums)}
_READERS: Final[dict[str, Any]] = {
    "frame": partial(b64decode, validate=True),
    "at": datetime.fromisoformat,
    "begin": datetime.fromisoformat,
    "outcome": OrderOutcome,
    "filled": Decimal,
    "quantity": Decimal,
    "value": Decimal,
    "accounts": tuple,
}


class LineError(ValueError):
    """A line is no entry of a journal; the sentence says why, and goes on after the words "line 7"."""


def entry_of_line(line: bytes) -> Entry | None:
    """Give the entry that *line* says, None for the first line of a file. Raises `LineError`."""
    said = _checked(line)
    if "journal" in said:
        if said.get("format") != FORMAT:
            raise LineError("is of a format that this version of anytws does not know")
        return None
    kind = _KINDS.get(said.pop("entry", ""))
    if kind is None:
        raise LineError("is of a kind that this version of anytws does not know")
    try:
        entry: Entry = kind(**{name: _READERS.get(name, _same)(value) for name, value in said.items()})
    except (TypeError, ValueError, ArithmeticError) as problem:
        raise LineError(f"cannot be read: {problem}") from None
    return entry


def _same(value: Any) -> Any:
    return value


def _checked(line: bytes) -> dict[str, Any]:
    body, mark, told = line.rpartition(_CHECKED)
    number = told.removesuffix(b"\n").removesuffix(b"}")
    if not mark or not told.endswith(b"}\n") or not number.isdigit() or int(number) != crc32(body):
        raise LineError("is damaged: its checksum is not that of what it says")
    said = json.loads(body + b"}")
    if not isinstance(said, dict):
        raise LineError("is no object of JSON")
    return said
