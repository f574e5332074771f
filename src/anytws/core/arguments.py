"""What a caller gives: each value is what it has to be, or one sentence says what it is and what to give instead.

A value of the wrong type is a `TypeError`, one of the right type that means nothing a `ValueError`. They are found out
at the call, before anything is opened or sent.
"""

from __future__ import annotations

from typing import Any, Final

from anytws.errors import shown

_MOST_BITS: Final = 1000


def check_whole_number(name: str, value: object, *, example: int, at_least: int | None = None) -> None:
    """Raise unless *value* is a whole number, of at least *at_least* where that is given."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is {shown(value)}, and has to be a whole number, such as {example}")
    if at_least is not None and value < at_least:
        raise ValueError(f"{name} is {shown(value)}, and has to be at least {at_least}, such as {example}")


def check_seconds(name: str, value: object, *, example: float, may_be_none: bool = False) -> None:
    """Raise unless *value* is a length of time in seconds; None, where it may be, is one without an end."""
    if value is None and may_be_none:
        return
    endless = "None" if may_be_none else "math.inf"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(
            f"{name} is {shown(value)}, and has to be a number of seconds, such as {example:g}; "
            f"{endless} waits for ever"
        )
    # NaN compares with nothing, and of a whole number that no float holds nobody can make a deadline.
    if not value >= 0 or (isinstance(value, int) and value.bit_length() > _MOST_BITS):
        raise ValueError(
            f"{name} is {shown(value)}, and has to be a number of seconds of at least zero, such as {example:g}; "
            f"{endless} waits for ever"
        )


def check_timeout(timeout: object) -> None:
    """Raise unless *timeout* is a number of seconds, or None, which means what the catalogue says."""
    # NaN, above all, would bring the order of all deadlines into confusion.
    if timeout is not None:
        check_seconds("timeout", timeout, example=10)


def check_factor(name: str, value: object) -> None:
    """Raise unless *value* is a number above zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is {shown(value)}, and has to be a number, such as 2 for twice as much")
    if not value > 0:
        raise ValueError(f"{name} is {shown(value)}, and has to be above zero, such as 2 for twice as much")


def check_flag(name: str, value: object) -> None:
    """Raise unless *value* is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {shown(value)}, and has to be True or False")


def check_text(name: str, value: object, *, example: str) -> None:
    """Raise unless *value* is a text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {shown(value)}, and has to be a text, such as {example!r}")


def check_instance(name: str, value: object, cls: type[Any], *, example: str = "") -> None:
    """Raise unless *value* is of the class *cls*, for which *example* is what one may write."""
    if not isinstance(value, cls):
        such_as = f", such as {example}" if example else ""
        raise TypeError(f"{name} is {shown(value)}, and has to be {_article(cls.__name__)} {cls.__name__}{such_as}")


def _article(name: str) -> str:
    return "an" if name[0] in "AEIOU" else "a"
