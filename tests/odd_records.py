"""Records that are made in ways in which records are not made."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any, Final

import attrs

from anytws.wire.compiled.twins import twin_of

NEVER_SET: Final[Any] = object()
"""A field that has never been set."""


def copied(record: Any, **changes: Any) -> Any:
    """Give a copy of *record* with other values in some fields, made without asking its class."""
    return _filled(object.__new__(type(record)), record, **changes)


def of_subclass(record: Any) -> Any:
    """Give *record* as an object of a class that is derived from its own."""
    return _filled(object.__new__(_subclass(type(record))), record)


def with_more(record: Any) -> Any:
    """Give *record* as an object of a derived class that can hold anything, and holds something."""
    more = _filled(object.__new__(_open_subclass(type(record))), record)
    object.__setattr__(more, "more", 1)
    return more


def as_twin(record: Any) -> Any:
    """Give *record* as compiled readers make it."""
    twin = _filled(twin_of(type(record))(), record)
    twin.__class__ = type(record)
    return twin


def unfinished_twin(record: Any) -> Any:
    """Give *record* as it is before the last step of that."""
    return _filled(twin_of(type(record))(), record)


def looking_like(record: Any) -> Any:
    """Give something of no class in particular with the fields of *record*."""
    return SimpleNamespace(**{field.name: getattr(record, field.name) for field in attrs.fields(type(record))})


def without_fields(record: Any) -> Any:
    """Give an object of the class of *record* of which no field was ever set."""
    return object.__new__(type(record))


def without_first(record: Any) -> Any:
    """Give *record* without its first field."""
    return copied(record, **{attrs.fields(type(record))[0].name: NEVER_SET})


def as_default(record: Any) -> Any:
    """Give *record* with every field that has a default at that."""
    fields = [field for field in attrs.fields(type(record)) if field.default is not attrs.NOTHING]
    return attrs.evolve(record, **{field.name: default_of(type(record), field.name) for field in fields})


def default_of(cls: type[Any], name: str) -> Any:
    """Give the default of the field *name* of *cls*, None where it has none."""
    default = getattr(attrs.fields(cls), name).default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return default.factory()
    return None if default is attrs.NOTHING else default


@cache
def _subclass(cls: type[Any]) -> type[Any]:
    return type(f"My{cls.__name__}", (cls,), {"__slots__": ()})


@cache
def _open_subclass(cls: type[Any]) -> type[Any]:
    return type(f"Open{cls.__name__}", (cls,), {})


def _filled(empty: Any, record: Any, **changes: Any) -> Any:
    for field in attrs.fields(type(record)):
        value = changes.get(field.name, getattr(record, field.name, NEVER_SET))
        if value is not NEVER_SET:
            object.__setattr__(empty, field.name, value)
    return empty
