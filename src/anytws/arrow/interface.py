"""Columns handed over in memory: the Arrow C data interface, in capsules, by ctypes.

Three structures of pointers, laid down in https://arrow.apache.org/docs/format/CDataInterface.html. What a consumer
holds keeps alive what it points to, until the consumer calls ``release``: from any thread, at any time, also while
Python is ending. So that nothing that such a call needs is ever gone, it looks nothing up by name.

What can go wrong has gone wrong before there is a capsule: an exception of a callback would be lost.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from ctypes import (
    CFUNCTYPE,
    PYFUNCTYPE,
    Array,
    Structure,
    addressof,
    byref,
    c_char,
    c_char_p,
    c_int,
    c_int64,
    c_void_p,
    cast,
    memmove,
    py_object,
    pythonapi,
    string_at,
)
from typing import Any, Final

import attrs

from anytws.arrow import arrays

_ALIGNED: Final = 64
"""Bytes. Arrow recommends it, and some consumers want sixteen of decimals."""
_NULLABLE: Final = 2
_SCHEMA: Final = b"arrow_schema"
_STREAM: Final = b"arrow_array_stream"


class _CSchema(Structure):
    _fields_ = (
        ("format", c_void_p),
        ("name", c_void_p),
        ("metadata", c_void_p),
        ("flags", c_int64),
        ("n_children", c_int64),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    )


class _CArray(Structure):
    _fields_ = (
        ("length", c_int64),
        ("null_count", c_int64),
        ("offset", c_int64),
        ("n_buffers", c_int64),
        ("n_children", c_int64),
        ("buffers", c_void_p),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    )


class _CStream(Structure):
    _fields_ = (
        ("get_schema", c_void_p),
        ("get_next", c_void_p),
        ("get_last_error", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    )


# --- columns whose bytes stay where they are --------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Pinned:
    """A column whose bytes have an address, for as long as this is alive."""

    name: bytes
    format: bytes
    length: int
    null_count: int
    addresses: tuple[int | None, ...]
    children: tuple[Pinned, ...]
    block: Array[c_char]
    """All buffers of it, one after the other."""


def pinned(column: arrays.Array) -> Pinned:
    """Give *column* with its bytes in one place."""
    sizes = [0 if each is None else memoryview(each).nbytes for each in column.buffers]
    room = sum([_rounded(size) for size in sizes]) + _ALIGNED
    block = (c_char * room)()
    at = _rounded(addressof(block))
    addresses: list[int | None] = []
    for buffer, size in zip(column.buffers, sizes, strict=True):
        if buffer is None:
            addresses.append(None)
            continue
        memmove(at, buffer if isinstance(buffer, bytes) else buffer.buffer_info()[0], size)
        addresses.append(at)
        at += _rounded(size)
    return Pinned(
        column.name.encode("utf-8", "backslashreplace") + b"\0",
        column.format.encode() + b"\0",
        column.length,
        column.null_count,
        tuple(addresses),
        tuple([pinned(child) for child in column.children]),
        block,
    )


def _rounded(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


def table_of(columns: Sequence[arrays.Array], length: int) -> Pinned:
    """Give *columns* as those of one table, of *length* rows."""
    return pinned(arrays.Array("", "+s", length, 0, (None,), tuple(columns), ()))


# --- what consumers call ----------------------------------------------------------------------------------------------

_increment: Final = PYFUNCTYPE(None, py_object)(("Py_IncRef", pythonapi))
_new_capsule: Final = PYFUNCTYPE(py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", pythonapi))
_set_context: Final = PYFUNCTYPE(c_int, py_object, c_void_p)(("PyCapsule_SetContext", pythonapi))
_pointer_of: Final = PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", pythonapi))
_Release: Final = CFUNCTYPE(None, c_void_p)
_Get: Final = CFUNCTYPE(c_int, c_void_p, c_void_p)
_GetError: Final = CFUNCTYPE(c_void_p, c_void_p)
_Destroy: Final = PYFUNCTYPE(None, c_void_p)


def _for_ever(callback: Any) -> int:  # noqa: ANN401 (there is no name for functions that C may call)
    """Keep *callback*, which C may call at any time, as long as the process lives; give its address."""
    _increment(callback)
    return cast(callback, c_void_p).value or 0


def _whatever_is_raised(work: Callable[[int], None]) -> Callable[[int], None]:
    """Let *work* be done while an exception is under way: a frame is let go of where a line of Python fails, perhaps.

    Python code must not run then, or it fails with that exception, and ``release`` would not be marked as called, for
    which Arrow's own library ends the process. So the exception is set aside, and set again afterwards. What ctypes
    makes of that is out of our hands: it prints the exception, and the line fails with `SystemError` in its stead, or,
    where the same function would have caught it, CPython crashes. `anytws.arrow.owners` is there for that.
    """
    fetch = PYFUNCTYPE(None)(("PyErr_Fetch", pythonapi))
    restore = PYFUNCTYPE(None, c_void_p, c_void_p, c_void_p)(("PyErr_Restore", pythonapi))
    parts = (c_void_p(), c_void_p(), c_void_p())
    # Made before: to make one is to call something, which fails as long as the exception is set.
    into_kind, into_value, into_trace = map(byref, parts)
    kind, value, trace = parts

    def call(address: int) -> None:
        fetch(into_kind, into_value, into_trace)
        raised = (kind.value, value.value, trace.value)
        work(address)
        if raised[0] is not None:
            restore(*raised)

    return call


def _release_of(structure: type[_CSchema | _CArray]) -> int:
    """Make what lets go of one *structure* and of those within it that nobody has taken over."""
    decrement = PYFUNCTYPE(None, c_void_p)(("Py_DecRef", pythonapi))
    pointer = c_void_p

    def release(address: int) -> None:
        there = structure.from_address(address)
        if there.n_children:
            for child in (pointer * there.n_children).from_address(there.children):
                if structure.from_address(child).release:
                    release(child)
        kept = there.private_data
        there.release = None
        # The last thing: it may be the end of the memory that it stands in.
        decrement(kept)

    return _for_ever(_Release(_whatever_is_raised(release)))


def _release_stream() -> int:
    decrement = PYFUNCTYPE(None, c_void_p)(("Py_DecRef", pythonapi))
    structure = _CStream

    def release(address: int) -> None:
        there = structure.from_address(address)
        kept = there.private_data
        there.release = None
        decrement(kept)

    return _for_ever(_Release(_whatever_is_raised(release)))


_RELEASE_SCHEMA: Final = _release_of(_CSchema)
_RELEASE_ARRAY: Final = _release_of(_CArray)
_RELEASE_STREAM: Final = _release_stream()


def _hand_over(there: _CSchema | _CArray | _CStream, kept: object, release: int) -> None:
    """Let *there* keep *kept* alive until it is released."""
    _increment(kept)
    there.private_data, there.release = id(kept), release


def _address_of(data: bytes) -> int | None:
    return cast(c_char_p(data), c_void_p).value


def _write_schema(there: _CSchema, column: Pinned) -> None:
    children = [_CSchema() for _ in column.children]
    for child, inner in zip(children, column.children, strict=True):
        _write_schema(child, inner)
    pointers = (c_void_p * len(children))(*map(addressof, children))
    there.format, there.name = _address_of(column.format), _address_of(column.name)
    there.metadata = there.dictionary = None
    there.flags = _NULLABLE if column.name != b"\0" else 0
    there.n_children = len(children)
    there.children = addressof(pointers) if children else None
    _hand_over(there, (column, children, pointers), _RELEASE_SCHEMA)


def _write_array(there: _CArray, column: Pinned) -> None:
    children = [_CArray() for _ in column.children]
    for child, inner in zip(children, column.children, strict=True):
        _write_array(child, inner)
    pointers = (c_void_p * len(children))(*map(addressof, children))
    buffers = (c_void_p * len(column.addresses))(*column.addresses)
    there.length, there.null_count, there.offset = column.length, column.null_count, 0
    there.n_buffers, there.n_children = len(buffers), len(children)
    there.buffers = addressof(buffers)
    there.children = addressof(pointers) if children else None
    there.dictionary = None
    _hand_over(there, (column, children, pointers, buffers), _RELEASE_ARRAY)


class _Stream:
    """What one stream of Arrow has to give: its schema as often as it is asked for, and its rows once."""

    __slots__ = ("error", "is_read", "table")

    def __init__(self, table: Pinned) -> None:
        self.table: Pinned = table
        self.is_read: bool = False
        self.error: bytes | None = None
        """What went wrong last, for the consumer."""

    def schema(self, address: int) -> None:
        """Write the schema where the consumer wants it."""
        _write_schema(_CSchema.from_address(address), self.table)

    def next(self, address: int) -> None:
        """Write the rows there; the second time, that there are no more."""
        there = _CArray.from_address(address)
        if self.is_read:
            there.release = None
            return
        self.is_read = True
        _write_array(there, self.table)


def _getter(method: Callable[[_Stream, int], None]) -> int:
    structure, object_at, code = _CStream, py_object, errno.EIO

    def get(address: int, out: int) -> int:
        stream: _Stream = cast(structure.from_address(address).private_data, object_at).value
        try:
            method(stream, out)
        except BaseException as problem:  # noqa: BLE001 (to C it can be told by a number and a text alone)
            stream.error = f"{type(problem).__name__}: {problem}".encode("utf-8", "backslashreplace")
            return code
        return 0

    return _for_ever(_Get(get))


def _error_getter() -> int:
    def get(address: int) -> int | None:
        stream: _Stream = cast(_CStream.from_address(address).private_data, py_object).value
        return None if stream.error is None else _address_of(stream.error)

    return _for_ever(_GetError(get))


_GET_SCHEMA: Final = _getter(_Stream.schema)
_GET_NEXT: Final = _getter(_Stream.next)
_GET_LAST_ERROR: Final = _error_getter()


# --- capsules ---------------------------------------------------------------------------------------------------------


def _destroyer(structure: type[_CSchema | _CStream], name: bytes) -> int:
    """Make what ends a capsule: it releases what nobody has taken out of it."""
    decrement = PYFUNCTYPE(None, c_void_p)(("Py_DecRef", pythonapi))
    pointer_of = PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", pythonapi))
    context_of = PYFUNCTYPE(c_void_p, c_void_p)(("PyCapsule_GetContext", pythonapi))
    release_at = _Release

    # By its number, not as an object: it has no references left, and must not get one.
    def destroy(capsule: int) -> None:
        address = pointer_of(capsule, name)
        release = structure.from_address(address).release
        if release:
            release_at(release)(address)
        decrement(context_of(capsule))

    _increment(name)
    return _for_ever(_Destroy(_whatever_is_raised(destroy)))


_DESTROY_SCHEMA: Final = _destroyer(_CSchema, _SCHEMA)
_DESTROY_STREAM: Final = _destroyer(_CStream, _STREAM)


def _capsule(there: _CSchema | _CStream, name: bytes, destroy: int) -> object:
    capsule: object = _new_capsule(addressof(there), name, destroy)
    _increment(there)
    _set_context(capsule, id(there))
    return capsule


def schema_capsule(table: Pinned) -> object:
    """Give names and types of *table* in a capsule."""
    there = _CSchema()
    _write_schema(there, table)
    return _capsule(there, _SCHEMA, _DESTROY_SCHEMA)


def stream_capsule(table: Pinned) -> object:
    """Give *table* in a capsule, as a stream of one batch."""
    there = _CStream()
    there.get_schema, there.get_next, there.get_last_error = _GET_SCHEMA, _GET_NEXT, _GET_LAST_ERROR
    _hand_over(there, _Stream(table), _RELEASE_STREAM)
    return _capsule(there, _STREAM, _DESTROY_STREAM)


def types_in(capsule: object) -> dict[str, str]:
    """Give the types that a consumer wants, by name, from the *capsule* of a schema. Raises `ValueError` for others."""
    there = _CSchema.from_address(_pointer_of(capsule, _SCHEMA))
    if not there.n_children:
        return {}
    children = [_CSchema.from_address(at) for at in (c_void_p * there.n_children).from_address(there.children)]
    return {_read(child.name): _read(child.format) for child in children}


def _read(address: int | None) -> str:
    return "" if address is None else string_at(address).decode("utf-8", "replace")
