"""What an absent protobuf field is read as."""

from __future__ import annotations

from typing import Any, Final

import attrs

from anytws.wire.kinds import UNSTATED
from anytws.wire.rows import Part, Row, value_when_absent

NO_VALUE: Final[Any] = object()
"""What an absent field is where it must not be absent."""


def when_absent(cls: type[Any], row: Row | Part) -> Any:
    """Say what the absent field *row* of *cls* is: None where that is a value, else the class's default."""
    if isinstance(row, Row) and row.kind.absent is not UNSTATED:
        return row.kind.absent
    if row.kind.optional if isinstance(row, Row) else row.optional:
        return None
    default = value_when_absent(cls, row.field)
    return NO_VALUE if default is attrs.NOTHING else default
