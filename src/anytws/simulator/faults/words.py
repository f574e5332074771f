"""What a fault is: a word with its values, typed in Python and written in a file by the same names.

There are five sorts, by what they do and when:

* a `Deed` happens once at its moment;
* a `Habit` holds from its moment on, for some seconds or for ever;
* a `RequestRule` changes how one request is treated, the one that its event waits for;
* a `SayingRule` changes one message of TWS, the one that its event waits for;
* a `ByteFault` holds for the bytes of connections, each way by itself. These have the names and the units of toxiproxy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, unique
from math import isnan
from typing import Any, ClassVar, Final, TypeAlias, cast

import attrs

from anytws.errors import in_a_sentence, shown
from anytws.simulator.cards import Evidence

LONGEST: Final = 1e9
"""The most seconds that anything may be set to take: 31 years."""

Plain: TypeAlias = str | int | float | bool
"""A value as it stands in a file, to compare a field with or to put into one."""


@unique
class Way(Enum):
    """Which bytes a fault is about, in the words of toxiproxy."""

    UPSTREAM = "upstream"
    """From the client to TWS."""
    DOWNSTREAM = "downstream"
    """From TWS to the client."""


@unique
class Meanwhile(Enum):
    """What becomes of a request that TWS cannot pass on, since a line of it is down."""

    SILENCE = "silence"
    """Nothing is ever said, and nothing done."""
    LATE = "late"
    """It is done when the line is back."""
    FALSE_200 = "false-200"
    """Error 200 under its id, as if there were no such contract."""
    ERROR_1100 = "error-1100"
    """Error 1100 under its id."""


class Fault:
    """Something that goes wrong, as a value."""

    evidence: ClassVar[Evidence] = Evidence.REPORTED
    """How it is known that a real TWS does this."""
    source: ClassVar[str] = ""
    """Whose report, which document, why chosen."""


class Deed(Fault):
    """A fault that happens once, at its moment."""


class Habit(Fault):
    """A fault that holds from its moment on."""


class RequestRule(Fault):
    """A fault in how one request of a client is treated."""


class SayingRule(Fault):
    """A fault in one message that TWS says."""


class ByteFault(Fault):
    """A fault in how the bytes of connections travel, from its moment on."""

    evidence = Evidence.CHOSEN
    source = "named and measured as in toxiproxy, whose words testers know"

    stream: Way
    """Which way."""
    lasts: float | None
    """Seconds for which it holds; None: for ever."""


_HUMP: Final = re.compile("(?<=[a-z0-9])(?=[A-Z])")


def word_of(fault: type[Fault]) -> str:
    """Give the word by which *fault* is written in a file: its name, ``NightlyRestart`` as ``nightly_restart``."""
    return _HUMP.sub("_", fault.__name__).lower()


# --- validators -------------------------------------------------------------------------------------------------------

Validator: TypeAlias = Callable[[Any, "attrs.Attribute[Any]", Any], None]


class Refused(ValueError):
    """A value that a field of the vocabulary cannot have. Says which field, what was seen and what was wanted."""

    def __init__(self, field: str, seen: object, wanted: str) -> None:
        super().__init__(field, seen, wanted)
        self.field = field
        self.seen = seen
        self.wanted = wanted

    def __str__(self) -> str:
        return f"{self.field} is {in_a_sentence(shown(self.seen, 200))}, and has to be {self.wanted}"


def number(least: float = 0.0, most: float = LONGEST, *, optional: bool = False, unit: str = "") -> Validator:
    """Want a number from *least* to *most*, of *unit*; *optional*: or None."""
    of = f" of {unit}" if unit else ""

    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if optional and value is None:
            return
        # Written so that it refuses nan as well: that compares with nothing.
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise Refused(field.name, value, f"a number{of} from {least:g} to {most:g}")

    return check


def whole(least: int, most: int = 2**53, *, optional: bool = False) -> Validator:
    """Want a whole number from *least* to *most*; *optional*: or None."""

    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if optional and value is None:
            return
        if type(value) is not int or not least <= value <= most:
            raise Refused(field.name, value, f"a whole number from {least} to {most}")

    return check


def of_type(*kinds: type[Any]) -> Validator:
    """Want a value of one of *kinds*."""
    names = " or ".join(kind.__name__ for kind in kinds)

    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, kinds):
            raise Refused(field.name, value, f"of the type {names}")

    return check


def text(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """Want a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Refused(field.name, value, "a text that is not empty")


def pairs(value: Mapping[str, Plain] | Iterable[tuple[str, Plain]]) -> tuple[tuple[str, Plain], ...]:
    """Give fields and their values, a mapping or pairs, as pairs."""
    items = cast("Iterable[tuple[str, Plain]]", value.items() if isinstance(value, Mapping) else value)
    try:
        return tuple((name, held) for name, held in items)
    except (TypeError, ValueError):
        # The validator refuses it.
        return (("", shown(value)),)


def numbers(value: Iterable[int]) -> tuple[int, ...]:
    """Give *value* as a tuple."""
    return tuple(value)


def texts(value: Iterable[str]) -> tuple[str, ...]:
    """Give *value* as a tuple; one text is one."""
    return (value,) if isinstance(value, str) else tuple(value)


def is_nan(value: object) -> bool:
    """Tell whether *value* is a number that is none: it equals nothing, so nobody could compare with it."""
    return isinstance(value, float) and isnan(value)


def are_pairs(_: object, field: attrs.Attribute[Any], value: tuple[tuple[object, object], ...]) -> None:
    """Want fields by their names, each with a value that a file may have."""
    for name, held in value:
        if not isinstance(name, str) or not name or not isinstance(held, (str, int, float)) or is_nan(held):
            raise Refused(field.name, dict(value), "fields by name, each with a text, a number, true or false")


def are_ids(_: object, field: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    """Want ids of clients."""
    for each in value:
        if type(each) is not int:
            raise Refused(field.name, value, "client ids, each a whole number")
