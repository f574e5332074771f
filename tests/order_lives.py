"""Recorded lives of orders (``tests/data/traces``) as messages, and everything that they allow to be changed."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from anytws import messages
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.core.state import State
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order import OrderLife
from anytws.machines.outbox import Outbox, Parcel
from anytws.messages import (
    CommissionAndFeesReport,
    CompletedOrder,
    ErrorMessage,
    ExecutionDetails,
    NextValidId,
    OpenOrder,
    OrderStatus,
)
from anytws.messages.base import Message
from anytws.messages.enumerations import Number, Word

TRACES: Final = Path(__file__).parent / "data" / "traces"
NAMES: Final = sorted(path.stem for path in TRACES.glob("*.jsonl"))

Line: TypeAlias = dict[str, Any]


@cache
def lines_of(name: str) -> tuple[Line, ...]:
    """Give the lines of a trace."""
    text = (TRACES / f"{name}.jsonl").read_text("utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


# --- messages --------------------------------------------------------------------------------------------------------


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def built(cls: type[Any], fields: Line) -> Any:
    """Give a message, or a part of one, of the fields that a trace says."""
    hints = _hints(cls)
    known = {each.name: each for each in attrs.fields(cls)}
    values = {name: converted(hints[name], value) for name, value in fields.items() if name in known}
    for name, each in known.items():
        if name not in values and each.default is attrs.NOTHING:
            values[name] = missing(hints[name])
    return cls(**values)


def converted(hint: Any, value: Any) -> Any:
    """Give the *value* of a trace as a field of type *hint* has it."""
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        return converted(next(each for each in get_args(hint) if each is not type(None)), value)
    if get_origin(hint) is tuple:
        return tuple(converted(get_args(hint)[0], each) for each in value) if isinstance(value, list) else ()
    if isinstance(hint, type) and attrs.has(hint):
        return built(hint, value)
    if hint is datetime:
        return _time(value)
    if isinstance(hint, type) and issubclass(hint, Word | Number | Decimal | float):
        return hint(value)
    return value


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def missing(hint: Any) -> Any:
    """Give what a field of type *hint* has where a trace leaves it out."""
    if get_origin(hint) in (Union, types.UnionType):
        return None
    if hint in (int, str, bool, float, Decimal):
        return hint()
    return built(hint, {}) if attrs.has(hint) else next(iter(hint))


@cache
def message_of(name: str, at: int) -> Message:
    """Give the message in a line of a trace."""
    line, client_id = lines_of(name)[at], lines_of(name)[0].get("client_id")
    message: Message = built(getattr(messages, line["message"]), _owned(line["message"], line["fields"], client_id))
    return message


def _owned(kind: str, fields: Line, client_id: int | None) -> Line:
    """Fill in whose order it is, where that was not published: of 0, which is the default, nothing may be read."""
    part = {"OpenOrder": "order", "ExecutionDetails": "execution"}.get(kind)
    inner = fields if part is None else fields[part]
    is_own = kind == "OrderStatus" or part is not None
    if not is_own or not client_id or "client_id" in inner or not (inner.get("order_id") or fields.get("order_id")):
        return fields
    owned = {**inner, "client_id": client_id}
    return owned if part is None else {**fields, part: owned}


# --- a client that lives it ------------------------------------------------------------------------------------------


class Client:
    """Who hears what a trace says, and sends what it sends."""

    def __init__(self, client_id: int) -> None:
        self.client_id = client_id
        self.orders = KnownOrders(lasts=True)
        self.orders.connect(client_id)
        self.outbox = Outbox()
        self.sent: dict[OrderLife, int] = {}
        """How many times something was sent for each order."""

    def parcel(self) -> Parcel:
        """Give the bytes of a message that has left."""
        parcel = self.outbox.put(b"bytes", 0.0)
        self.outbox.sent(len(self.outbox.data_to_send(0.0)), 0.0)
        return parcel

    def live(self, step: Step) -> None:
        """Live one line."""
        if isinstance(step, ConnectionClosed):
            self.orders.cut(step)
        elif step is CONNECTED:
            self.orders.connect(self.client_id)
        elif isinstance(step, Said):
            self.orders.note_sent(step.message, self.parcel())
        elif isinstance(step, NextValidId):
            self.orders.begin(self.client_id, step.order_id)
        elif isinstance(step, Message):
            self.orders.hear([step])
        self.orders.take_news()


@attrs.frozen(eq=False)
class Said:
    """What the client says."""

    message: Any
    about: int | None
    """The order that it is about; None: it may be about all."""


CONNECTED: Final = "connected"
Step: TypeAlias = "Message | Said | ConnectionClosed | str"
CUT: Final = ConnectionClosed(CloseReason.EOF, State.READY)


def steps_of(name: str, *, inferred: bool = True) -> list[Step]:
    """Give what happens in a trace, in its order; with or without what must have happened and was not recorded."""
    return list(_steps(name, inferred=inferred))


def _steps(name: str, *, inferred: bool) -> Iterator[Step]:
    for at, line in enumerate(lines_of(name)):
        if line.get("inferred") and not inferred:
            continue
        if line.get("event") == "disconnect":
            yield CUT
        elif line.get("event") == "connect":
            yield CONNECTED
        elif line.get("dir") == "in":
            yield message_of(name, at)
        elif line.get("dir") == "out":
            message = message_of(name, at)
            yield Said(message, getattr(message, "order_id", None))


def client_of(name: str) -> Client:
    """Give the client that recorded a trace."""
    return Client(lines_of(name)[0].get("client_id") or 0)


# --- what may be changed ---------------------------------------------------------------------------------------------


def about(message: object, executions: dict[str, Any]) -> Any:
    """Give what names the order that *message* is about."""
    if isinstance(message, OpenOrder):
        return message.order_id or f"p{message.order.permanent_id}"
    if isinstance(message, OrderStatus):
        return message.order_id or f"p{message.permanent_id}"
    if isinstance(message, ExecutionDetails):
        return message.execution.order_id or f"p{message.execution.permanent_id}"
    if isinstance(message, CompletedOrder):
        return message.order.order_id or f"p{message.order.permanent_id}"
    if isinstance(message, CommissionAndFeesReport):
        return executions.get(message.execution_id)
    return message.request_id if isinstance(message, ErrorMessage) else None


class Changer:
    """Changes a trace in all the ways that the README of the traces permits."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = list(steps)
        self.executions: dict[str, Any] = {}
        for step in steps:
            if isinstance(step, ExecutionDetails):
                self.executions[step.execution.execution_id] = about(step, {})

    def about(self, step: Step) -> Any:
        return about(step, self.executions)

    def is_barrier(self, step: Step, order: Any) -> bool:
        """Tell whether nothing about *order* may move over *step*."""
        if isinstance(step, Said):
            return step.about is None or step.about == order
        return isinstance(step, ConnectionClosed | str | NextValidId)

    def may_swap(self, at: int) -> bool:
        """Tell whether the step at *at* and the next one may change places."""
        first, second = self.steps[at], self.steps[at + 1]
        one, other = self.about(first), self.about(second)
        if one is None or other is None:
            return False
        if one != other:
            return True
        if type(first) is type(second):
            return first == second
        if isinstance(second, CommissionAndFeesReport) and isinstance(first, ExecutionDetails):
            # Directly before it is as far as it goes.
            return first.execution.execution_id == second.execution_id
        return True

    def swap(self, at: int) -> None:
        if self.may_swap(at):
            self.steps[at], self.steps[at + 1] = self.steps[at + 1], self.steps[at]

    def repeat(self, at: int, later: int) -> None:
        """Say a message again, up to *later* steps later."""
        step = self.steps[at]
        order = self.about(step)
        if order is None:
            return
        put_at = at + 1
        for each in self.steps[at + 1 : at + 1 + later]:
            if self.is_barrier(each, order):
                break
            says_else = isinstance(step, OpenOrder | OrderStatus) and type(each) is type(step) and each != step
            if says_else and self.about(each) == order:
                break
            put_at += 1
        self.steps.insert(put_at, step)

    def leave_out(self, at: int) -> None:
        """Leave out a status that is not the last of its order, or an `OpenOrder` that another bears out."""
        step = self.steps[at]
        order = self.about(step)
        if isinstance(step, OrderStatus):
            if self._until_barrier(at + 1, order, OrderStatus):
                del self.steps[at]
        elif isinstance(step, OpenOrder) and not step.order.what_if and self._is_borne_out(at, step, order):
            del self.steps[at]

    def _is_borne_out(self, at: int, step: OpenOrder, order: Any) -> bool:
        told = [each for each in self.steps[:at] if self._tells_terms(each, order)]
        if not told or (isinstance(told[-1], Said) and len(told) > 1):
            # Nothing was said of its terms, or a change was asked for since then.
            return bool(self._until_barrier(at + 1, order, OpenOrder))
        before = told[-1].message if isinstance(told[-1], Said) else told[-1]
        same = all(
            getattr(before.order, name) == getattr(step.order, name) for name in ("total_quantity", "limit_price")
        )
        has_status = any(isinstance(each, OrderStatus) and self.about(each) == order for each in self.steps)
        return bool(self._until_barrier(at + 1, order, OpenOrder)) or (same and has_status)

    def _tells_terms(self, step: Step, order: Any) -> bool:
        if isinstance(step, Said):
            return step.about == order and hasattr(step.message, "order")
        return isinstance(step, OpenOrder) and self.about(step) == order

    def _until_barrier(self, start: int, order: Any, kind: type) -> list[Step]:
        found: list[Step] = []
        for each in self.steps[start:]:
            if self.is_barrier(each, order):
                break
            if isinstance(each, kind) and self.about(each) == order:
                found.append(each)
        return found


@st.composite
def changed(draw: st.DrawFn, steps: Sequence[Step], most: int = 12) -> list[Step]:
    """Draw a trace that is changed in ways that are permitted."""
    changer = Changer(steps)
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, max(0, len(changer.steps) - 2)))
        match draw(st.sampled_from(("swap", "swap far", "repeat", "leave out"))):
            case "swap":
                changer.swap(at)
            case "swap far":
                for each in range(at, min(at + 6, len(changer.steps) - 1)):
                    changer.swap(each)
            case "repeat":
                changer.repeat(at, draw(st.integers(0, 5)))
            case _:
                changer.leave_out(at)
    return changer.steps
