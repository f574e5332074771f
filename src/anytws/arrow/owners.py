"""Columns copied into the memory of a library that is loaded already, so that no callback in Python is left in a frame.

What is handed over by ctypes is let go of by a callback in Python. If that happens while an exception is under way (a
frame without a name, in a line that fails behind it), the exception is lost, and CPython itself may crash. A library of
frames lets go of its own memory without any Python. So where one is loaded, the columns go through it once.
"""

from __future__ import annotations

import io
import sys
from typing import Any


class _Handed:
    """A capsule, as those take it who ask for it."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._capsule


def in_their_memory(capsule: object) -> object:
    """Give the stream in *capsule* as one that a library owns; as it is where none is loaded."""
    pyarrow: Any = sys.modules.get("pyarrow")
    if pyarrow is not None and hasattr(pyarrow, "RecordBatchReader"):
        return _of_pyarrow(pyarrow, _Handed(capsule)).__arrow_c_stream__()
    polars: Any = sys.modules.get("polars")
    if polars is not None and hasattr(polars, "read_ipc_stream"):
        return _of_polars(polars, _Handed(capsule)).__arrow_c_stream__()
    return capsule


def _of_pyarrow(pyarrow: Any, handed: _Handed) -> Any:  # noqa: ANN401 (of a library that need not be there)
    table = pyarrow.RecordBatchReader.from_stream(handed).read_all()
    sink = pyarrow.BufferOutputStream()
    with pyarrow.RecordBatchStreamWriter(sink, table.schema) as writer:
        writer.write_table(table)
    return pyarrow.RecordBatchStreamReader(sink.getvalue()).read_all()


def _of_polars(polars: Any, handed: _Handed) -> Any:  # noqa: ANN401 (of a library that need not be there)
    file = io.BytesIO()
    polars.DataFrame(handed).write_ipc_stream(file)
    file.seek(0)
    return polars.read_ipc_stream(file)
