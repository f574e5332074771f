"""What a value is to a column, by its class; and what a column will be, by the annotation of its field."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Hashable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, unique
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs

from anytws.arrow.records import Records

_MOST_CLASSES: Final = 1024


@unique
class Kind(Enum):
    """What can stand in one column."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    FLAG = "flag"
    WHOLE = "whole"
    FLOAT = "float"
    EXACT = "exact"
    """A decimal."""
    TEXT = "text"
    BYTES = "bytes"
    DAY = "day"
    MOMENT = "moment"
    """A datetime, with or without a zone."""
    SPAN = "span"
    MEMBER = "member"
    """Of an enumeration that is neither a number nor a word: what it stands for is in the column."""
    RECORD = "record"
    LIST = "list"
    ODD = "odd"
    """Anything else: its text is in the column."""


# In this order: a bool is an int, and a datetime a date, to Python.
_BY_CLASS: Final[tuple[tuple[type[Any] | tuple[type[Any], ...], Kind], ...]] = (
    (bool, Kind.FLAG),
    (int, Kind.WHOLE),
    (float, Kind.FLOAT),
    (Decimal, Kind.EXACT),
    (str, Kind.TEXT),
    (bytes, Kind.BYTES),
    (Enum, Kind.MEMBER),
    (datetime, Kind.MOMENT),
    (date, Kind.DAY),
    (timedelta, Kind.SPAN),
    ((list, tuple, set, frozenset, deque, Records), Kind.LIST),
)


def kind_of(cls: type[Any]) -> Kind:
    """Give the kind of the values of *cls*."""
    return _kind_of(cast("Hashable", cls))


@lru_cache(_MOST_CLASSES)
def _kind_of(cls: Any) -> Kind:  # noqa: ANN401 (a class)
    found = next((kind for classes, kind in _BY_CLASS if issubclass(cls, classes)), Kind.ODD)
    return Kind.RECORD if found is Kind.ODD and attrs.has(cls) else found


def is_record(cls: object) -> bool:
    """Tell whether *cls* is a class of records: one made with attrs, as messages are."""
    return isinstance(cls, type) and kind_of(cls) is Kind.RECORD


@attrs.frozen
class Hint:
    """What an annotation says of a field, None aside."""

    classes: tuple[type[Any], ...] = ()
    """The classes that it names, in its order; none, if it says nothing that helps."""
    inner: Hint | None = None
    """What the items are, of a tuple or another list."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of those classes."""
        return tuple(dict.fromkeys(map(kind_of, self.classes)))

    @property
    def records(self) -> tuple[type[Any], ...]:
        """Those of its classes that are records."""
        return tuple([cls for cls in self.classes if kind_of(cls) is Kind.RECORD])


NO_HINT: Final = Hint()


def merged(hints: Iterable[Hint]) -> Hint:
    """Give what is said by any of *hints*: those of one column that several classes have."""
    several = [*hints]
    if len(several) == 1:
        return several[0]
    inner = [hint.inner for hint in several if hint.inner is not None]
    classes = dict.fromkeys([cls for hint in several for cls in hint.classes])
    return Hint(tuple(classes), merged(inner) if inner else None)


def hint_of(annotation: Any) -> Hint:  # noqa: ANN401 (whatever stands there)
    """Give what *annotation* says."""
    annotation = getattr(annotation, "__supertype__", annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return merged([hint_of(each) for each in arguments if each is not NoneType] or [NO_HINT])
    if origin is Annotated:
        return hint_of(arguments[0])
    if origin is Literal:
        return Hint(tuple(dict.fromkeys([type(each) for each in arguments if each is not None])))
    if not isinstance(origin or annotation, type) or (origin or annotation) in (Any, object, NoneType):
        return NO_HINT
    cls: type[Any] = origin or annotation
    if kind_of(cls) is not Kind.LIST:
        return Hint((cls,))
    items = [hint_of(each) for each in arguments if each is not Ellipsis]
    return Hint((cls,), merged(items) if items else NO_HINT)


def fields_of(cls: type[Any]) -> dict[str, Hint]:
    """Give the public fields of the record *cls*, in their order, and what their annotations say."""
    return _fields_of(cast("Hashable", cls))


@lru_cache(_MOST_CLASSES)
def _fields_of(cls: Any) -> dict[str, Hint]:  # noqa: ANN401 (a class)
    names = [field.name for field in attrs.fields(cls) if not field.name.startswith("_")]
    try:
        said = get_type_hints(cls)
    except Exception:  # noqa: BLE001 (whatever an annotation does when it is looked up: those of others may still help)
        said = {name: _annotation(cls, name) for name in names}
    return {name: hint_of(said.get(name)) for name in names}


def _annotation(cls: type[Any], name: str) -> Any:  # noqa: ANN401 (whatever stands there)
    """Give the annotation of one field; None where it names what only type checkers know: then the values tell."""
    owner = next((base for base in cls.__mro__ if name in vars(base).get("__annotations__", {})), None)
    if owner is None:
        return None
    alone = type(owner.__name__, (), {"__annotations__": {name: owner.__annotations__[name]}})
    try:
        return get_type_hints(alone, globalns=vars(sys.modules[owner.__module__]))[name]
    except Exception:  # noqa: BLE001 (as above)
        return None
