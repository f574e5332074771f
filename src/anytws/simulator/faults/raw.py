"""Messages with other values in some of their fields, and with what no encoder would write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args

import attrs

from anytws.messages.base import Message, Side, ToClient
from anytws.simulator.faults.plain import Misplaced, hints_of, read
from anytws.simulator.faults.words import Plain
from anytws.wire.catalogue import entry_of
from anytws.wire.codec import PROTOBUF_OFFSET, shared_codec, text_head
from anytws.wire.frames import frame
from anytws.wire.protobuf_descriptors import message_class
from anytws.wire.rows import CarriedRow, Many, Part, Tags, carried_rows, vendor_name
from anytws.wire.versions import PROTOBUF
from anytws.wire.walk import walk_text

_ID_BYTES: Final = 4
_STAND_IN: Final = "\x01"


# --- values -----------------------------------------------------------------------------------------------------------


def hint_at(cls: type[Any], path: str) -> Any:  # noqa: ANN401 (a type, in any form)
    """Give the type of the field at *path* of *cls*. Raises `LookupError` if there is none."""
    hint: Any = cls
    for part in path.split("."):
        if part.isdecimal():
            hint = _item_of(hint, path)
            continue
        record = _record_in(hint)
        if record is None or part not in hints_of(record):
            raise LookupError(f"there is no field {path} in {cls.__name__}")
        hint = hints_of(record)[part]
    return hint


def _record_in(hint: Any) -> type[Any] | None:  # noqa: ANN401 (see above)
    kinds = [each for each in (hint, *get_args(hint)) if isinstance(each, type) and attrs.has(each)]
    return kinds[0] if kinds else None


def _item_of(hint: Any, path: str) -> Any:  # noqa: ANN401 (see above)
    for each in (hint, *get_args(hint)):
        if get_args(each)[1:] == (...,):
            return get_args(each)[0]
    raise LookupError(f"there is no list at {path}")


def rewritten(message: ToClient, fields: Sequence[tuple[str, Plain]], empty: Sequence[str]) -> ToClient:
    """Give *message* with *fields* and their values, and with nothing in those of *empty*.

    What this message does not have is passed over. Raises `Misplaced` for a value that the field cannot have.
    """
    for path, value in fields:
        message = _with(message, path.split("."), read(value, _hint_or_none(type(message), path), path))
    for path in empty:
        message = _with(message, path.split("."), None)
    return message


def check_rewrite(cls: type[Message], fields: Sequence[tuple[str, Plain]], empty: Sequence[str]) -> None:
    """Raise `Misplaced` if messages of *cls* cannot be rewritten so."""
    for path in (*(path for path, _ in fields), *empty):
        try:
            hint_at(cls, path)
        except LookupError as problem:
            raise Misplaced(path, path, f"the name of a field ({problem})") from problem
    for path, value in fields:
        read(value, hint_at(cls, path), path)


def _hint_or_none(cls: type[Any], path: str) -> Any:  # noqa: ANN401 (see above)
    try:
        return hint_at(cls, path)
    except LookupError:
        return Plain


def _with(record: Any, path: list[str], value: object) -> Any:  # noqa: ANN401 (of any class)
    first, *rest = path
    if isinstance(record, tuple):
        place = int(first)
        if place >= len(record):
            return record
        return (*record[:place], _with(record[place], rest, value) if rest else value, *record[place + 1 :])
    if record is None or not hasattr(record, first):
        return record
    held = _with(getattr(record, first), rest, value) if rest else value
    return attrs.evolve(record, **{first: held})


# --- bytes ------------------------------------------------------------------------------------------------------------


def raw_frame(message: ToClient, version: int, field: str, raw: str, octets: bytes | None = None) -> bytes:
    """Give the frame of *message* with *raw* in the place of *field*; as it is, if the message has no such field.

    Where *octets* are given, they stand there, letter for letter. Raises `LocalProtocolError` if the message itself
    cannot be said.
    """
    body = shared_codec(Side.TWS, version).encode(message)
    if version >= PROTOBUF and int.from_bytes(body[:_ID_BYTES], "big") > PROTOBUF_OFFSET:
        # A text of protobuf is UTF-8 to its own library: one of the same length is put in, and exchanged.
        stand_in = raw if octets is None else _STAND_IN * len(octets)
        said = _raw_protobuf(message, body[_ID_BYTES:], field, stand_in)
        return frame(body[:_ID_BYTES] + (said.replace(stand_in.encode(), octets, 1) if octets else said))
    head = text_head(entry_of(message), version)
    held = raw.encode("utf-8", "surrogateescape") if octets is None else octets
    return frame(head + _raw_text(message, version, body[len(head) :], field, held))


def _raw_text(message: ToClient, version: int, body: bytes, field: str, raw: bytes) -> bytes:
    parts = body.split(b"\0")[:-1]
    fields = [part.decode("utf-8", "surrogateescape") for part in parts]
    for place, seen in enumerate(walk_text(entry_of(message), version, fields, tolerant=True)):
        if seen.path == field:
            parts[place] = raw.replace(b"\0", b"")
    return b"".join(part + b"\0" for part in parts)


def _raw_protobuf(message: ToClient, body: bytes, field: str, raw: str) -> bytes:
    layout = entry_of(message).layout
    parsed: Any = message_class(layout)()
    parsed.ParseFromString(body)
    holder: Any = parsed
    rest = field
    while (row := _row_of(layout, rest)) is not None:
        name = vendor_name(row)
        if isinstance(row, Part):
            holder, layout, rest = getattr(holder, name), row.layout, rest.removeprefix(f"{row.field}.")
            continue
        if not isinstance(row, (Many, Tags)):
            _put(holder, name, raw)
        break
    said: bytes = parsed.SerializeToString(deterministic=True)
    return said


def _row_of(layout: Any, field: str) -> CarriedRow | None:  # noqa: ANN401 (a layout of any record)
    for row in carried_rows(layout):
        if row.field == field or (isinstance(row, Part) and field.startswith(f"{row.field}.")):
            return row
    return None


def _put(holder: Any, name: str, raw: str) -> None:  # noqa: ANN401 (of a class that protobuf makes)
    holder.ClearField(name)
    for value in (raw, _number(int, raw), _number(float, raw)):
        if value is None:
            continue
        try:
            setattr(holder, name, value)
        except (TypeError, ValueError):
            continue
        return


def _number(kind: type[int | float], raw: str) -> float | None:
    try:
        return kind(raw)
    except (ValueError, OverflowError):
        return None
