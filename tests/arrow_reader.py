"""A consumer of the Arrow C data interface of our own: it reads capsules back into Python's values.

Written from https://arrow.apache.org/docs/format/CDataInterface.html and CStreamInterface.html, so that what is handed
over is held against the specification also where no library is installed. It moves structures, as consumers may.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo


class Schema(ctypes.Structure):
    """``struct ArrowSchema``."""


Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
    ("private_data", ctypes.c_void_p),
]


class Array(ctypes.Structure):
    """``struct ArrowArray``."""


Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
    ("private_data", ctypes.c_void_p),
]


class Stream(ctypes.Structure):
    """``struct ArrowArrayStream``."""

    _fields_ = (
        ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    )


pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)


def moved(there: Any) -> Any:
    """Take *there*, a structure, over: a copy of it, and the original is marked as released."""
    copy = type(there)()
    ctypes.memmove(ctypes.addressof(copy), ctypes.addressof(there), ctypes.sizeof(there))
    ctypes.memset(ctypes.addressof(there) + type(there).release.offset, 0, ctypes.sizeof(ctypes.c_void_p))
    return copy


def released(there: Any) -> None:
    """Release *there*, and see that it is marked so."""
    assert there.release, "released twice"
    there.release(ctypes.addressof(there))
    assert not there.release, "not marked as released"


def stream_in(capsule: object) -> Stream:
    """Take the stream out of *capsule*."""
    there = Stream.from_address(pointer_of(capsule, b"arrow_array_stream"))
    assert there.release, "taken out twice"
    taken: Stream = moved(there)
    return taken


def schema_of(stream: Stream) -> Schema:
    """Ask *stream* for its schema."""
    schema = Schema()
    assert stream.get_schema(ctypes.addressof(stream), ctypes.addressof(schema)) == 0, stream_error(stream)
    return schema


def stream_error(stream: Stream) -> str:
    """Give what *stream* says went wrong."""
    return (stream.get_last_error(ctypes.addressof(stream)) or b"").decode()


def batches_of(stream: Stream) -> list[Array]:
    """Take all batches."""
    found: list[Array] = []
    while True:
        array = Array()
        assert stream.get_next(ctypes.addressof(stream), ctypes.addressof(array)) == 0, stream_error(stream)
        if not array.release:
            return found
        found.append(array)


def types_of(schema: Schema) -> dict[str, Any]:
    """Give the types of the columns of *schema* by their names; of lists and structures those within."""
    return {child.name.decode(): type_of(child) for child in children_of(schema)}


def type_of(schema: Schema) -> Any:
    """Give the type of one column."""
    letters = schema.format.decode()
    if letters == "+s":
        return types_of(schema)
    return [type_of(child) for child in children_of(schema)] if letters == "+l" else letters


def children_of(there: Any) -> list[Any]:
    """Give the structures within *there*."""
    return [there.children[place].contents for place in range(there.n_children)]


def read(table: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the types and the rows of *table*, anything with ``__arrow_c_stream__``; let go of all of it."""
    stream = stream_in(table.__arrow_c_stream__())
    schema = schema_of(stream)
    batches = batches_of(stream)
    released(stream)
    types = types_of(schema)
    rows = [row for batch in batches for row in column(schema, batch)]
    for there in (schema, *batches):
        released(there)
    return types, rows


def column(schema: Schema, array: Array) -> list[Any]:
    """Give the values of *array*, whose type *schema* tells."""
    assert array.offset == 0
    assert array.n_children == schema.n_children
    values = _READERS.get(schema.format.decode().split(":")[0], _numbers)(schema, array)
    validity = array.buffers[0]
    if validity is None:
        assert array.null_count == 0
        return values
    bits = ctypes.string_at(validity, (array.length + 7) // 8)
    there = [bits[place // 8] >> place % 8 & 1 for place in range(array.length)]
    assert array.null_count == there.count(0)
    return [value if is_there else None for value, is_there in zip(values, there, strict=True)]


_PLAIN: dict[str, Any] = {"l": ctypes.c_int64, "g": ctypes.c_double, "i": ctypes.c_int32}


def _plain(array: Array, kind: Any, length: int, buffer: int = 1) -> list[Any]:
    if length == 0:
        return []
    address = array.buffers[buffer]
    assert address % 64 == 0, "not aligned"
    return list((kind * length).from_address(address))


def _numbers(schema: Schema, array: Array) -> list[Any]:
    return _plain(array, _PLAIN[schema.format.decode()], array.length)


def _bools(_: Schema, array: Array) -> list[Any]:
    bits = ctypes.string_at(array.buffers[1], (array.length + 7) // 8) if array.length else b""
    return [bool(bits[place // 8] >> place % 8 & 1) for place in range(array.length)]


def _pieces(array: Array, kind: Any) -> list[bytes]:
    offsets = _plain(array, kind, array.length + 1)
    data = ctypes.string_at(array.buffers[2], offsets[-1])
    return [data[begin:end] for begin, end in pairwise(offsets)]


def _days(_: Schema, array: Array) -> list[Any]:
    return [date(1970, 1, 1) + timedelta(days) for days in _plain(array, ctypes.c_int32, array.length)]


def _moments(unit: str) -> Callable[[Schema, Array], list[Any]]:
    size = {"s": 1_000_000, "m": 1_000, "u": 1, "n": 1}[unit]

    def read_moments(schema: Schema, array: Array) -> list[Any]:
        zone = schema.format.decode().split(":", 1)[1]
        numbers = [number * size for number in _plain(array, ctypes.c_int64, array.length)]
        numbers = [number // 1_000 for number in numbers] if unit == "n" else numbers
        moments = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number) for number in numbers]
        if not zone:
            return [moment.replace(tzinfo=None) for moment in moments]
        return [moment.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)) for moment in moments]

    return read_moments


def _decimals(schema: Schema, array: Array) -> list[Any]:
    digits, places, *width = [int(number) for number in schema.format.decode()[2:].split(",")]
    size = (width[0] if width else 128) // 8
    data = ctypes.string_at(array.buffers[1], size * array.length) if array.length else b""
    numbers = [int.from_bytes(data[at : at + size], "little", signed=True) for at in range(0, len(data), size)]
    assert all(abs(number) < 10**digits for number in numbers)
    return [Decimal((int(number < 0), tuple(map(int, str(abs(number)))), -places)) for number in numbers]


def _lists(schema: Schema, array: Array) -> list[Any]:
    offsets = _plain(array, ctypes.c_int32, array.length + 1)
    items = column(children_of(schema)[0], children_of(array)[0])
    return [items[begin:end] for begin, end in pairwise(offsets)]


def _structs(schema: Schema, array: Array) -> list[Any]:
    names = [child.name.decode() for child in children_of(schema)]
    columns = [column(*both) for both in zip(children_of(schema), children_of(array), strict=True)]
    assert all(len(each) == array.length for each in columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)] or [{}] * array.length


_READERS: dict[str, Callable[[Schema, Array], list[Any]]] = {
    "b": _bools,
    "u": lambda _, array: [piece.decode() for piece in _pieces(array, ctypes.c_int32)],
    "U": lambda _, array: [piece.decode() for piece in _pieces(array, ctypes.c_int64)],
    "z": lambda _, array: list(_pieces(array, ctypes.c_int32)),
    "d": _decimals,
    "tdD": _days,
    "tDu": lambda _, array: [timedelta(microseconds=each) for each in _plain(array, ctypes.c_int64, array.length)],
    **{f"ts{unit}": _moments(unit) for unit in "smun"},
    "+l": _lists,
    "+s": _structs,
}


def schema_capsule(types: dict[str, str]) -> tuple[object, object]:
    """Give a capsule with the schema of a consumer that wants *types*, and what keeps it alive."""
    children = [Schema(format=letters.encode(), name=name.encode()) for name, letters in types.items()]
    pointers = (ctypes.POINTER(Schema) * len(children))(*map(ctypes.pointer, children))
    top = Schema(format=b"+s", name=b"", n_children=len(children), children=pointers)
    return new_capsule(ctypes.addressof(top), b"arrow_schema", None), (top, pointers, children)
