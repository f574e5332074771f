"""What every message is: who says it, and what it asks for."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Generic, TypeVar, dataclass_transform

import attrs


@unique
class Side(Enum):
    """The two ends of a connection. Never "server": that word belongs to the server version."""

    # There is one object a member, so its identity will do; Enum's own hash is the name's, in Python, at every look-up.
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


_Answer_co = TypeVar("_Answer_co", bound=ToClient, covariant=True)


class Asks(ToTws, Generic[_Answer_co]):
    """Said by the client, and answered by TWS with the message named in the brackets."""

    __slots__ = ()


_C = TypeVar("_C", bound=type)
_R = TypeVar("_R")


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def record(cls: _C) -> _C:
    """Make *cls* a part of messages: frozen, slotted, compared by value."""
    return attrs.frozen(cls, weakref_slot=False)


@record
class TagValue:
    """A name and its value: a parameter of an algorithm, an option of a request, another id of a security."""

    tag: str
    value: str


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def message(cls: _C) -> _C:
    """Make *cls* a message: frozen, slotted, compared by value."""
    # No weak references: a message is a value, and the slot would cost 8 bytes in every tick.
    return attrs.frozen(cls, weakref_slot=False)


def replace(record: _R, /, **changes: Any) -> _R:  # noqa: ANN401 (as many types as fields)
    """Give a copy of *record* with other values in the fields named. Raises `TypeError` for a field that it has not.

    This is `attrs.evolve`, whose types do not know classes like ours.
    """
    copied: _R = attrs.evolve(record, **changes)  # type: ignore[misc]
    return copied
