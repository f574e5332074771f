"""When something happens: at a time, after so many of something, or at a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs

from anytws import messages
from anytws.messages.base import Message, ToClient, ToTws
from anytws.messages.session import StartApiRequest
from anytws.simulator.faults.words import Plain, Refused, Way, are_pairs, number, of_type, pairs, whole

ANY_REQUEST: Final = "request"
"""In place of a message: whatever a client asks for once it has said who it is."""
ANY_SAYING: Final = "saying"
"""In place of a message: whatever TWS says."""

_CLOCK: Final = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_NOTHING: Final = object()


class Trigger:
    """When something happens."""


def _is_clock(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or _CLOCK.fullmatch(value) is None:
        raise Refused(field.name, value, "a time of day such as 23:45, or 23:45:30")


@attrs.frozen
class At(Trigger):
    """Some seconds after the start of the world, once or again and again."""

    at: float = attrs.field(validator=number(unit="seconds"))
    """Seconds after the start."""
    every: float | None = attrs.field(default=None, validator=number(0.001, optional=True, unit="seconds"))
    """Seconds until it happens again; None: once."""
    times: int | None = attrs.field(default=None, validator=whole(1, optional=True))
    """How often in all, with ``every``; None: without end."""


@attrs.frozen
class AtClock(Trigger):
    """Whenever the clock on the wall of TWS shows this time, each day: ``23:45``, or ``23:45:30``."""

    clock: str = attrs.field(validator=_is_clock)
    """Hours, minutes and perhaps seconds, in the zone of the wall (`WorldSettings.utc_offset`)."""
    times: int | None = attrs.field(default=None, validator=whole(1, optional=True))
    """On how many days; None: on all."""

    @property
    def seconds(self) -> int:
        """The seconds since midnight."""
        hours, minutes, seconds = (int(part or 0) for part in _CLOCK.fullmatch(self.clock).groups())  # type: ignore[union-attr]
        return hours * 3600 + minutes * 60 + seconds


@attrs.frozen
class AfterConnections(Trigger):
    """When a client connects for the nth time since the start, whichever it is: at that connection."""

    after_connections: int = attrs.field(validator=whole(1))
    """Which connection: 1 is the first."""
    every: bool = attrs.field(default=False, validator=of_type(bool))
    """Whether at each one from that on."""


@attrs.frozen
class AfterBytes(Trigger):
    """When a connection has carried so many bytes one way: at each connection, once."""

    after_bytes: int = attrs.field(validator=whole(1))
    """How many bytes."""
    counting: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way))
    """Which way they go."""


def _is_heard(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if value not in (ANY_REQUEST, ANY_SAYING) and message_called(value) is None:
        wanted = f"the name of a message, or {ANY_REQUEST} or {ANY_SAYING} for any of a client or of TWS"
        raise Refused(field.name, value, wanted)


@attrs.frozen
class AfterMessages(Trigger):
    """When so many messages of a kind have been said, by all clients or to all of them together: once."""

    after_messages: int = attrs.field(validator=whole(1))
    """How many messages."""
    of: str = attrs.field(default=ANY_SAYING, validator=_is_heard)
    """The name of the message, such as ``TickPrice``; ``request``: any of a client; ``saying``: any of TWS."""


@attrs.frozen
class On(Trigger):
    """At a message with these values in its fields: each that there is, or the nth, or every nth.

    What is done at a request comes before TWS takes it; what is done at a message of TWS comes after it was said.
    """

    on: str = attrs.field(validator=_is_heard)
    """The name of the message, such as ``PlaceOrderRequest``; ``request``: any of a client; ``saying``: any of TWS."""
    where: tuple[tuple[str, Plain], ...] = attrs.field(default=(), converter=pairs, validator=are_pairs)
    """Fields and the values that they have to have, such as ``{"contract.symbol": "AAPL"}``. Numbers are compared as
    numbers, words of enumerations as they stand on the wire."""
    nth: int | None = attrs.field(default=None, validator=whole(1, optional=True))
    """Only at the nth that fits, counted over all connections; None: at each."""
    every: int = attrs.field(default=1, validator=whole(1))
    """Only at every so manieth that fits, and of these not before the ``nth`` if that is given as well."""
    times: int | None = attrs.field(default=None, validator=whole(1, optional=True))
    """At so many at the most; None: at all of them, or, with ``nth`` alone, at one."""
    begin: float = attrs.field(default=0.0, validator=number(unit="seconds"))
    """Seconds after the start before which nothing happens."""
    end: float | None = attrs.field(default=None, validator=number(optional=True, unit="seconds"))
    """Seconds after the start from which nothing happens any more; None: it goes on."""

    @property
    def message(self) -> type[Message]:
        """The class of the messages that it is about."""
        return heard_class(self.on)

    def fits(self, message: Message) -> bool:
        """Tell whether *message* is of the kind, and has the values."""
        if self.on == ANY_REQUEST and isinstance(message, StartApiRequest):
            return False
        return isinstance(message, self.message) and all(_has(message, path, value) for path, value in self.where)

    def counts(self, fitting: int, happened: int) -> bool:
        """Tell whether it happens at one that is the *fitting*-th that fits, having happened *happened* times."""
        first = self.nth or self.every
        most = self.times if self.times is not None else (1 if self.nth is not None and self.every == 1 else None)
        return fitting >= first and (fitting - first) % self.every == 0 and (most is None or happened < most)


AnyTrigger: TypeAlias = At | AtClock | AfterConnections | AfterBytes | AfterMessages | On

TRIGGERS: Final[tuple[type[Trigger], ...]] = (At, AtClock, On, AfterMessages, AfterConnections, AfterBytes)
"""All of them."""


def message_called(name: object) -> type[Message] | None:
    """Give the class of the message called *name*; None: there is none."""
    found = getattr(messages, name) if isinstance(name, str) and name in messages.__all__ else None
    if not isinstance(found, type) or not issubclass(found, (ToTws, ToClient)):
        return None
    # The bases of messages are none.
    return found if "__attrs_attrs__" in vars(found) else None


def heard_class(name: str) -> type[Message]:
    """Give the class that *name*, of a message or of any of one side, stands for. Raises `Refused` if it is none."""
    if name in (ANY_REQUEST, ANY_SAYING):
        return ToTws if name == ANY_REQUEST else ToClient
    found = message_called(name)
    if found is None:
        raise Refused("message", name, "the name of a message")
    return found


def value_at(message: object, path: str) -> object:
    """Give the value of *message* at *path*, such as ``contract.legs.0.ratio``. Raises `LookupError`: there is none."""
    value = message
    for part in path.split("."):
        if isinstance(value, Sequence) and not isinstance(value, str) and part.isdecimal():
            value = value[int(part)]
        else:
            value = getattr(value, part, _NOTHING)
        if value is _NOTHING:
            raise LookupError(f"there is no {path}")
    return value


def _has(message: Message, path: str, wanted: Plain) -> bool:
    try:
        value = value_at(message, path)
    except LookupError:
        return False
    return is_same(value, wanted)


def is_same(value: object, wanted: Plain) -> bool:
    """Tell whether *value*, of a field, is what a file would write as *wanted*."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, (int, float, Decimal)):
        try:
            return Decimal(str(value)) == Decimal(str(wanted))
        except InvalidOperation:
            return False
    return (value if isinstance(value, str) else str(value)) == wanted


def said_messages() -> dict[str, type[Message]]:
    """Give all messages of TWS by their names."""
    found = {name: message_called(name) for name in messages.__all__}
    return {name: cls for name, cls in found.items() if cls is not None and issubclass(cls, ToClient)}
