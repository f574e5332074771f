"""Enumerations that are open: TWS adds values, and a value that we have no name for is still a value.

An unknown number or word becomes a member of its own, whose name begins with ``UNKNOWN_``::

    >>> from anytws.messages import TickType
    >>> TickType(4)
    <TickType.LAST: 4>
    >>> TickType(4321)
    <TickType.UNKNOWN_4321: 4321>

Members are numbers and words (`int`, `str`) as well: they compare, hash and print as such.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

_LONGEST_NAME: Final = 64


class Number(IntEnum):
    """An enumeration that is a number on the wire."""

    @classmethod
    def _missing_(cls, value: object) -> Number | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        # Not entered into the enumeration: the peer chooses the values, and could fill the memory with them.
        member = int.__new__(cls, value)
        member._name_, member._value_ = f"UNKNOWN_{value}", value
        return member

    @property
    def is_known(self) -> bool:
        """Whether we have a name for it."""
        return self._name_ in type(self).__members__


class Word(StrEnum):
    """An enumeration that is a word on the wire."""

    @classmethod
    def _missing_(cls, value: object) -> Word | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        # Real words are short. Of a long one the name need not be a copy.
        member._name_, member._value_ = f"UNKNOWN_{value[:_LONGEST_NAME]}", value
        return member

    @property
    def is_known(self) -> bool:
        """Whether we have a name for it."""
        return self._name_ in type(self).__members__
