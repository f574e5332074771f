"""Faults in one message of TWS, the one that an event waits for with `On`, and habits made of such."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.base import ToClient
from anytws.simulator.cards import Evidence
from anytws.simulator.faults.triggers import message_called
from anytws.simulator.faults.words import (
    Habit,
    Plain,
    Refused,
    SayingRule,
    are_pairs,
    number,
    of_type,
    pairs,
    text,
    texts,
    whole,
)


@attrs.frozen
class LeaveOut(SayingRule):
    """The message is not said."""

    evidence = Evidence.REPORTED
    source = "conversations.md 10, orders.md 3.21: what is not promised"


@attrs.frozen
class Delay(SayingRule):
    """The message is said later; what comes after it overtakes it."""

    seconds: float = attrs.field(validator=number(unit="seconds"))
    """How much later."""

    evidence = Evidence.REPORTED
    source = "conversations.md 5: answers come in the order in which they are ready"


@attrs.frozen
class Repeat(SayingRule):
    """The message is said again, word for word."""

    again: int = attrs.field(default=1, validator=whole(1, 1000))
    """How often again."""
    seconds: float = attrs.field(default=0.0, validator=number(unit="seconds"))
    """How long after the time before; 0: at once."""

    evidence = Evidence.RECORDED
    source = "orders.md 3: pairs of OpenOrder and OrderStatus are said one to four times"


def _is_said(_: object, field: attrs.Attribute[Any], value: object) -> None:
    cls = message_called(value)
    if cls is None or not issubclass(cls, ToClient):
        raise Refused(field.name, value, "the name of a message of TWS")


@attrs.frozen
class HoldUntil(SayingRule):
    """The message waits for one of another kind about the same order, request or execution, and is said after it."""

    until: str = attrs.field(validator=_is_said)
    """The name of the message that it waits for."""
    patience: float = attrs.field(default=2.0, validator=number(unit="seconds"))
    """Seconds after which it is said all the same: nothing gets lost."""

    evidence = Evidence.RECORDED
    source = "trace futures_limit_filled_status_before_open_order; conversations.md 5: no order is promised"


def _are_paths(_: object, field: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    if not all(isinstance(path, str) and path for path in value):
        raise Refused(field.name, value, "the names of fields")


@attrs.frozen
class Rewrite(SayingRule):
    """The message is said with other values in some of its fields: all else in it is good."""

    fields: tuple[tuple[str, Plain], ...] = attrs.field(default=(), converter=pairs, validator=are_pairs)
    """Fields and their values, such as ``{"contract.strike": 0.0}``."""
    empty: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=_are_paths)
    """Fields that have no value: on the wire they are empty or unset."""

    evidence = Evidence.REPORTED
    source = "public_reports.py: empty prices, strike 0, times in other forms"


@attrs.frozen
class RewriteRaw(SayingRule):
    """The message is said with a text in place of one field that TWS would never write, whatever it is.

    In text the field has it letter by letter. In protobuf a field that is a number has that number, ``nan`` and
    ``inf`` among them; a text that is no number leaves such a field out.
    """

    field: str = attrs.field(validator=text)
    """The field, such as ``execution.time``."""
    raw: str = attrs.field(default="", validator=of_type(str))
    """What stands there; empty for nothing."""
    octets: bytes | None = attrs.field(default=None, validator=attrs.validators.optional(of_type(bytes)))
    """The bytes that stand there instead, such as a name in the code page of a Chinese Windows; in a file as
    hexadecimal digits. None: those of ``raw``, in UTF-8."""

    evidence = Evidence.REPORTED
    source = "public_reports.py c01, c04, c21, c34: what real frames had in fields of numbers and times"


@attrs.frozen
class OpenOrdersBefore(SayingRule):
    """Before the message TWS tells the open orders of the client and their end, though nobody asked."""

    evidence = Evidence.RECORDED
    source = "trace reconnect_same_client_unasked_snapshot, Gateways since July 2026"


# --- habits -----------------------------------------------------------------------------------------------------------


def _lasts() -> float | None:
    lasts: float | None = attrs.field(default=None, validator=number(optional=True, unit="seconds"))
    return lasts


def _patience() -> float:
    patience: float = attrs.field(default=1.0, validator=number(unit="seconds"))
    return patience


@attrs.frozen
class ExecutionBeforeStatus(Habit):
    """A status that tells of more filled than the executions so far waits for the execution."""

    patience: float = _patience()
    """Seconds for which it waits."""
    lasts: float | None = _lasts()
    """Seconds for which TWS is so; None: for ever."""

    evidence = Evidence.RECORDED
    source = "orders.md 3.2: the execution in front of its status"


@attrs.frozen
class StatusBeforeExecution(Habit):
    """An execution that was just made waits for a status of its order."""

    patience: float = _patience()
    """Seconds for which it waits."""
    lasts: float | None = _lasts()
    """Seconds for which TWS is so; None: for ever."""

    evidence = Evidence.REPORTED
    source = "orders.md 8, contradiction 8"


@attrs.frozen
class StatusBeforeOpenOrder(Habit):
    """An OpenOrder waits for the OrderStatus that follows it, and comes after it."""

    patience: float = _patience()
    """Seconds for which it waits."""
    lasts: float | None = _lasts()
    """Seconds for which TWS is so; None: for ever."""

    evidence = Evidence.RECORDED
    source = "trace futures_limit_filled_status_before_open_order"


@attrs.frozen
class CommissionLate(Habit):
    """The report of commissions comes some time after its execution."""

    seconds: float = attrs.field(validator=number(unit="seconds"))
    """How much later than it would."""
    lasts: float | None = _lasts()
    """Seconds for which TWS is so; None: for ever."""

    evidence = Evidence.RECORDED
    source = "orders.md 3.13: at once or later, other frames in between"


@attrs.frozen
class CommissionNever(Habit):
    """There is no report of commissions."""

    lasts: float | None = _lasts()
    """Seconds for which TWS is so; None: for ever."""

    evidence = Evidence.REPORTED
    source = "orders.md 3.13: it may be missing after a crash"


@attrs.frozen
class OneClock(Habit):
    """Of two requests for the clock in a short time the second is ignored, of either kind."""

    seconds: float = attrs.field(default=1.0, validator=number(unit="seconds"))
    """How long after one that was answered."""
    lasts: float | None = _lasts()
    """Seconds for which TWS is so; None: for ever."""

    evidence = Evidence.REPORTED
    source = "conversations.md 10: a second CurrentTime within a second"


@attrs.frozen
class OpenOrdersFirst(Habit):
    """Each session begins with the client's open orders and their end, before the accounts, though nobody asked."""

    lasts: float | None = _lasts()
    """Seconds for which TWS is so; None: for ever."""

    evidence = Evidence.RECORDED
    source = "trace reconnect_same_client_unasked_snapshot, Gateways since July 2026"


AnySayingRule: TypeAlias = LeaveOut | Delay | Repeat | HoldUntil | Rewrite | RewriteRaw | OpenOrdersBefore

SAYING_RULES: Final[tuple[type[SayingRule], ...]] = (
    LeaveOut,
    Delay,
    Repeat,
    HoldUntil,
    Rewrite,
    RewriteRaw,
    OpenOrdersBefore,
)
"""All rules for one message."""

AnyHabit: TypeAlias = (
    ExecutionBeforeStatus
    | StatusBeforeExecution
    | StatusBeforeOpenOrder
    | CommissionLate
    | CommissionNever
    | OneClock
    | OpenOrdersFirst
)

HABITS: Final[tuple[type[Habit], ...]] = (
    ExecutionBeforeStatus,
    StatusBeforeExecution,
    StatusBeforeOpenOrder,
    CommissionLate,
    CommissionNever,
    OneClock,
    OpenOrdersFirst,
)
"""All habits."""
