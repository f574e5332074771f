"""What every message is: who says it, and what it asks for."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, Flag, unique
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar, dataclass_transform

import attrs

from anytws.errors import shown


@unique
class Side(Enum):
    """The two ends of a connection. Never "server": that word belongs to the server version."""

    # Members are singletons: hash by identity. `Enum.__hash__` is Python code, and runs at every look-up.
    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    CLIENT = "client"
    TWS = "tws"

    @property
    def peer(self) -> Side:
        """The other end."""
        return Side.TWS if self is Side.CLIENT else Side.CLIENT


class Message:
    """Anything that one side can say to the other. A plain, frozen value without behaviour."""

    __slots__ = ()


class ToClient(Message):
    """Said by TWS."""

    __slots__ = ()


class ToTws(Message):
    """Said by the client."""

    __slots__ = ()


_Answer_co = TypeVar("_Answer_co", covariant=True)
_Item_co = TypeVar("_Item_co", covariant=True)


class Asks(ToTws, Generic[_Answer_co]):
    """Said by the client, and answered by TWS with what is named in the brackets: a message, or a tuple of them."""

    __slots__ = ()


class Streams(ToTws, Generic[_Item_co]):
    """Said by the client, and followed by messages of TWS, of those named in the brackets, until it is cancelled.

    A request may be both: what it asks for then comes once, or goes on, as its fields say or as the caller wants.
    """

    __slots__ = ()


_C = TypeVar("_C", bound=type)
_R = TypeVar("_R")

_MOST_ITEMS: Final = 10
_MOST_OF_A_VALUE: Final = 200
_MOST_OF_A_RECORD: Final = 4000


def described(self: Any) -> str:  # noqa: ANN401 (of any class that attrs has made)
    """Give the ``repr`` of messages and records: what they say beyond their defaults, as one would write it.

    Whatever a peer has put into it, it is printable, and 4,000 characters long at the most.
    """
    said: list[str] = []
    # A record that is still being made may lack fields.
    for field in attrs.fields(type(self)):
        value = getattr(self, field.name, attrs.NOTHING)
        if not _is_default(value, field.default):
            said.append(f"{field.alias}={_value_described(value)}")
    text = f"{type(self).__name__}({', '.join(said)})"
    return text if len(text) <= _MOST_OF_A_RECORD else f"{text[: _MOST_OF_A_RECORD - 30]}... ({len(text)} characters)"


def _is_default(value: object, default: object) -> bool:
    # By class as well: to Python, False is zero, and the first members of two enumerations are equal.
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return False
    return value is default or (type(value) is type(default) and value == default)


def _value_described(value: object) -> str:
    if isinstance(value, Enum):
        return _member_described(value)
    if type(value) is tuple:
        items = [_value_described(item) for item in value[:_MOST_ITEMS]]
        if len(value) > _MOST_ITEMS:
            items.append(f"... {len(value)} items")
        return f"({', '.join(items)}{',' if len(value) == 1 else ''})"
    return repr(value) if attrs.has(type(value)) else shown(value, _MOST_OF_A_VALUE)


def _member_described(member: Enum) -> str:
    """Give a member of an enumeration by its name, and by its value where it has none."""
    cls = type(member)
    if isinstance(member, Flag):
        named = [f"{cls.__name__}.{bit.name}" for bit in member]
        return " | ".join(named) if named and cls(sum(bit.value for bit in member)) == member else _by_value(member)
    return f"{cls.__name__}.{member.name}" if member.name in cls.__members__ else _by_value(member)


def _by_value(member: Enum) -> str:
    return f"{type(member).__name__}({shown(member.value, _MOST_OF_A_VALUE)})"


def _made(cls: _C) -> _C:
    # attrs' own would write all 150 fields of an order, and 16 MB of a peer's text.
    if "__repr__" not in vars(cls):
        cls.__repr__ = described  # type: ignore[method-assign,assignment]
    # No weak references: they are values, and the slot would cost 8 bytes in every tick.
    return attrs.frozen(cls, weakref_slot=False)


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def record(cls: _C) -> _C:
    """Make *cls* a part of messages: frozen, slotted, compared by value."""
    return _made(cls)


@record
class TagValue:
    """A name and its value: a parameter of an algorithm, an option of a request, another id of a security."""

    tag: str
    """The name."""
    value: str
    """The value, as text; its form depends on the name."""


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def message(cls: _C) -> _C:
    """Make *cls* a message: frozen, slotted, compared by value."""
    return _made(cls)


def replace(record: _R, /, **changes: Any) -> _R:  # noqa: ANN401 (as many types as fields)
    """Give a copy of *record* with other values in the fields named. Raises `TypeError` for a field that it has not.

    This is `attrs.evolve`, whose types do not know classes like ours, and which takes 40 µs for the 150 fields of an
    order: a field that nothing converts or checks is copied as it is.
    """
    cls: Any = type(record)
    way = _way_to_copy(cls)
    if way is None or not way.names >= changes.keys():
        copied: _R = attrs.evolve(record, **changes)  # type: ignore[misc]
        return copied
    copied = object.__new__(cls)
    for put, value in zip(way.put, way.read(record), strict=True):
        put(copied, value)
    for name, value in changes.items():
        object.__setattr__(copied, name, value)
    return copied


class _Way(NamedTuple):
    """How objects of one class are copied, field by field."""

    names: frozenset[str]
    """The names of its fields."""
    read: Callable[[Any], tuple[Any, ...]]
    """Gives the values of all of them."""
    put: tuple[Callable[[Any, Any], None], ...]
    """Each sets one of them, in the same order."""


@lru_cache(maxsize=1024)
def _way_to_copy(cls: type[Any]) -> _Way | None:
    """Give how objects of *cls* are copied field by field; None: they are not, as making one does more than that."""
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    does_more = any(field.validator or field.converter or not field.init for field in fields)
    names = [field.name for field in fields]
    if does_more or hasattr(cls, "__attrs_post_init__") or len(names) < 2 or "__dict__" in dir(cls):
        return None
    return _Way(frozenset(names), attrgetter(*names), tuple([getattr(cls, name).__set__ for name in names]))
