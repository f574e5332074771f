"""Nested records of protobuf, looked up by their bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from anytws.wire.compiled.bet import Read
from anytws.wire.rows import Layout

LONGEST_RECORD: Final = 512
"""Bytes of a record that is remembered."""
RECORD_BYTES: Final = 2**16
"""Bytes of all that are remembered of one kind: some hundreds of orders."""


class RecordMemo(dict[bytes, Any]):
    """Records by their bytes: the same contract stands in thousands of messages, the same order in each of its states.

    Records are immutable, so one may stand in many messages. The peer chooses what is remembered, so there are bounds:
    of the bytes, since the smallest record in a list takes two of them, and some 300 as an object.
    """

    __slots__ = ("_bytes", "_read")

    def __init__(self, read: Read) -> None:
        self._read = read
        self._bytes = 0

    def __missing__(self, raw: bytes) -> Any:
        value = self._read(raw)
        if len(raw) <= LONGEST_RECORD:
            self._bytes += len(raw)
            if self._bytes > RECORD_BYTES:
                self.clear()
                self._bytes = len(raw)
            self[raw] = value
        return value


MemoOfRecords: TypeAlias = Callable[[Layout], RecordMemo]
"""Gives the memo of the records of a layout. Raises `CannotCompile`."""
