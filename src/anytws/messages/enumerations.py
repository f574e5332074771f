"""Enumerations that are open: TWS adds values, and a value that we have no name for is still a value.

An unknown number or word becomes a member of its own, whose name begins with ``UNKNOWN_``::

    >>> from anytws.messages import TickType
    >>> TickType(4)
    <TickType.LAST: 4>
    >>> TickType(4321)
    <TickType.UNKNOWN_4321: 4321>

Members are numbers and words (`int`, `str`) as well: they compare, hash and print as such.

Where traders have a name of their own for a member, it has that one too::

    >>> from anytws.messages import TimeInForce
    >>> TimeInForce.GTC
    <TimeInForce.GOOD_TILL_CANCELLED: 'GTC'>

A word that nobody knows goes to TWS as it is, unless it looks like a slip: ``"Buuy"``, or ``"Stock"``, which TWS calls
``STK``. Such a one is refused where it is to be sent, with the word that was probably meant; `Word.verbatim` is for who
means it all the same. What TWS itself has said is never questioned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Any, Final, Self

from anytws.errors import printable, shown

_LONGEST_NAME: Final = 64
_LONGEST_SLIP: Final = 40
"""Characters of a word that is looked at: no real one is longer."""
_SHORTEST_SLIP: Final = 3
"""Letters that have to be right: of a shorter word, every other one is one letter away."""
_SHORTEST_CHANGED: Final = 5
"""Letters of a word in which one may be another one: ``GTT`` is no ``GTC``, and ``MOO`` no ``MOC``."""
_NO_LETTER: Final = re.compile("[^0-9a-z]+")
_DIGITS: Final = re.compile("[0-9]+")


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

    def __repr__(self) -> str:
        # An unknown one is the peer's text.
        return f"<{type(self).__name__}.{printable(self._name_)}: {shown(self._value_)}>"

    def __reduce_ex__(self, proto: object) -> tuple[Callable[..., Any], tuple[str]]:
        # A copy in another process is as much meant as this one.
        return (type(self).verbatim if self.is_meant else type(self)), (self._value_,)

    @property
    def is_known(self) -> bool:
        """Whether we have a name for it."""
        return self._name_ in type(self).__members__

    @property
    def is_meant(self) -> bool:
        """Whether it goes to TWS even if it looks like a slip: a known one, one that TWS has said, a `verbatim` one."""
        return self.is_known or "_verbatim" in vars(self)

    @classmethod
    def verbatim(cls, word: str) -> Self:
        """Give the member for *word* that is meant exactly so, however much it looks like another word."""
        member = cls(word)
        if not member.is_known:
            vars(member)["_verbatim"] = True
        return member

    @classmethod
    def closest(cls, word: str) -> Self | None:
        """Give the known member that was obviously meant by the unknown *word*, None if there is none.

        That is one of which the word, or a name, differs from *word* in capitals, blanks and signs only; or in one
        slip: a letter too many, one missing, two swapped, or another letter in a word of five letters or more.
        """
        said = _letters(word[:_LONGEST_SLIP])
        names = [(_letters(name), member) for name, member in cls.__members__.items()]
        names += [(_letters(member.value), member) for member in cls]
        same = [member for name, member in names if name == said != ""]
        near = same or [member for name, member in names if _is_one_slip(said, name)]
        return near[0] if near else None


def _letters(word: str) -> str:
    return _NO_LETTER.sub("", word.casefold())


def _is_one_slip(said: str, meant: str) -> bool:
    """Tell whether one slip makes *said* of *meant*. Figures are no letters: 4 mins are not 5 mins."""
    shorter, longer = sorted((len(said), len(meant)))
    if shorter < _SHORTEST_SLIP or longer - shorter > 1 or _DIGITS.findall(said) != _DIGITS.findall(meant):
        return False
    begin = 0
    while begin < shorter and said[begin] == meant[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and said[-1 - end] == meant[-1 - end]:
        end += 1
    here, there = said[begin : len(said) - end], meant[begin : len(meant) - end]
    if len(here) != len(there):
        return len(here + there) == 1
    if len(here) == 1:
        return longer >= _SHORTEST_CHANGED
    return len(here) == 2 and here == there[::-1]
