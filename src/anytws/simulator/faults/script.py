"""A script of trouble: what goes wrong, and when. It is a value, and so are all its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs

from anytws.messages.base import ToClient, ToTws
from anytws.simulator.faults.byte_faults import BYTE_FAULTS
from anytws.simulator.faults.market_events import MARKET_EVENTS
from anytws.simulator.faults.outages import OUTAGES
from anytws.simulator.faults.plain import Misplaced
from anytws.simulator.faults.raw import check_rewrite
from anytws.simulator.faults.requests import REQUEST_RULES
from anytws.simulator.faults.sayings import HABITS, SAYING_RULES, Rewrite
from anytws.simulator.faults.triggers import TRIGGERS, At, AtClock, On, Trigger
from anytws.simulator.faults.words import Fault, Refused, RequestRule, SayingRule, are_ids, number, numbers, word_of

FAULTS: Final[tuple[type[Fault], ...]] = (
    *BYTE_FAULTS,
    *REQUEST_RULES,
    *SAYING_RULES,
    *HABITS,
    *OUTAGES,
    *MARKET_EVENTS,
)
"""The whole vocabulary."""

WORDS: Final[dict[str, type[Fault]]] = {word_of(fault): fault for fault in FAULTS}
"""The vocabulary by the words of a file."""


def _is_trigger(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, TRIGGERS):
        raise Refused(field.name, value, f"one of {', '.join(each.__name__ for each in TRIGGERS)}")


def _is_fault(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, FAULTS):
        raise Refused(field.name, value, "a fault of the vocabulary")


@attrs.frozen
class Event:
    """One thing that goes wrong, and when. Raises `ValueError` (`Refused`) for what does not go together."""

    when: Trigger = attrs.field(validator=_is_trigger)
    """When it happens."""
    do: Fault = attrs.field(validator=_is_fault)
    """What happens."""
    clients: tuple[int, ...] = attrs.field(default=(), converter=numbers, validator=are_ids)
    """The ids of the clients that it concerns; none: all. What concerns all of TWS does so in any case."""
    chance: float = attrs.field(default=1.0, validator=number(0.0, 1.0))
    """How likely it happens, each time that it could; drawn by `WorldSettings.seed` and the place in the script."""

    def __attrs_post_init__(self) -> None:
        """Want a rule for one message to have a message, of the right side."""
        if isinstance(self.do, RequestRule):
            self._want_message(ToTws, "a request of a client")
        elif isinstance(self.do, SayingRule):
            self._want_message(ToClient, "a message of TWS")
        if isinstance(self.do, Rewrite) and isinstance(self.when, On) and self.when.message is not ToClient:
            try:
                check_rewrite(self.when.message, self.do.fields, self.do.empty)
            except Misplaced as problem:
                wanted = f"fields of {self.when.on}, with values that they can have ({problem})"
                raise Refused("fields", problem.path, wanted) from problem

    def _want_message(self, side: type[ToTws | ToClient], what: str) -> None:
        if not isinstance(self.when, On) or not issubclass(self.when.message, side):
            wanted = f"at {what} (On), since {type(self.do).__name__} is about one"
            raise Refused("when", self.when, wanted)

    @property
    def may_happen_for_ever(self) -> bool:
        """Whether there is no last time."""
        match self.when:
            case At(every=every, times=times):
                return every is not None and times is None
            case AtClock(times=times):
                return times is None
            case On(nth=nth, every=every, times=times, end=end):
                return times is None and end is None and (nth is None or every > 1)
            case _:
                return False


def _events(value: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(value)


def _are_events(_: object, field: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    for each in value:
        if not isinstance(each, Event):
            raise Refused(field.name, each, "an Event")


@attrs.frozen
class Script:
    """What goes wrong in a world, in the order in which it is written where two things happen at the same moment."""

    events: tuple[Event, ...] = attrs.field(default=(), converter=_events, validator=_are_events)
    """All events."""

    @property
    def has_byte_faults(self) -> bool:
        """Whether the bytes of connections are meddled with."""
        return any(isinstance(event.do, BYTE_FAULTS) for event in self.events)
