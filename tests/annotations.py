"""What the fields of messages are annotated with: classes, and plain values of them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Final, get_args, get_type_hints

import attrs

from anytws.wire.catalogue import CATALOGUE


@cache
def classes_at(cls: type[Any], name: str) -> frozenset[type[Any]]:
    """Give the classes that the annotation of the field *name* of *cls* names."""
    found: set[type[Any]] = set()
    waiting = [_hints_of(cls)[name]]
    while waiting:
        hint = waiting.pop()
        waiting += [each for each in get_args(hint) if each is not Ellipsis]
        origin = getattr(hint, "__origin__", hint)
        if isinstance(origin, type):
            found.add(origin)
    return frozenset(found)


@cache
def _hints_of(cls: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(cls)


def _named() -> list[type[Any]]:
    found: set[type[Any]] = set()
    waiting: list[type[Any]] = [entry.cls for entry in CATALOGUE]
    while waiting:
        cls = waiting.pop()
        inner = {each for field in attrs.fields(cls) for each in classes_at(cls, field.name)} - found
        found |= inner
        waiting += filter(attrs.has, inner)
    return sorted(found, key=lambda each: each.__name__)


ENUMERATIONS: Final[list[type[Enum]]] = [each for each in _named() if issubclass(each, Enum)]
"""Those of which there is a field in a message, or in a record of one."""
RECORDS: Final = [each for each in _named() if attrs.has(each)]
"""The same of records."""

_PLAIN: Final[Mapping[type[Any], Any]] = {
    bool: True,
    int: 1,
    float: 1.5,
    Decimal: Decimal(1),
    str: "a",
    datetime: datetime(2024, 1, 31, 10, 30, tzinfo=UTC),
    date: date(2024, 1, 31),
    tuple: (),
}


def plain(cls: type[Any]) -> Any:
    """Give a record of *cls* with a plain value in each field that must have one."""
    must = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    return cls(**{name: plain_value(classes_at(cls, name)) for name in must})


def plain_value(classes: AbstractSet[type[Any]]) -> Any:
    """Give a plain value of one of *classes*."""
    for each in classes:
        if attrs.has(each):
            return plain(each)
        if issubclass(each, Enum):
            return next(iter(each))
    return next(value for cls, value in _PLAIN.items() if cls in classes)
