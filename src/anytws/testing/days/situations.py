"""Situations that a day may have been in, by name: a test says which of them its days must reach.

Each looks at a day that is over. A test that never meets what it is about says nothing, and finds no bug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from anytws.messages.base import Message, Side
from anytws.messages.executions import ExecutionDetails
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import CancelOrderRequest, GlobalCancelRequest, OpenOrder, OrderStatus, PlaceOrderRequest
from anytws.messages.session import ErrorMessage
from anytws.testing.days.day import Day
from anytws.testing.days.story import Told

Situation: TypeAlias = Callable[[Day], bool]
"""Tells of a day that is over whether it was in a situation."""

_REFUSED: Final = frozenset({104, 110, 201, 203, 320, 321, 322, 10318})
_CANCEL_REFUSED: Final = frozenset({135, 161, 10147, 10148})
_OVER: Final = frozenset({OrderStatusWord.CANCELLED, OrderStatusWord.API_CANCELLED, OrderStatusWord.FILLED})


def _order_id(message: Message | None) -> int | None:
    """Give the id of the order that *message* of TWS tells of; None: of none."""
    match message:
        case OpenOrder() | OrderStatus():
            return message.order_id
        case ExecutionDetails():
            return message.execution.order_id
        case ErrorMessage():
            return message.request_id
        case _:
            return None


def filled_while_cancelling(day: Day) -> bool:
    """An execution came of an order after its cancel was said, and before TWS called it cancelled."""
    pending: set[int] = set()
    open_: set[int] = set()
    for told in day.story:
        match told.message:
            case PlaceOrderRequest(order_id=int(order_id)):
                open_.add(order_id)
            case CancelOrderRequest(order_id=order_id):
                pending.add(order_id)
            case GlobalCancelRequest():
                pending |= open_
            case ExecutionDetails() if told.message.execution.order_id in pending:
                return True
            case OrderStatus(order_id=order_id, status=status) if status in _OVER:
                pending.discard(order_id)
                open_.discard(order_id)
            case _:
                pass
    return False


def partly_filled(day: Day) -> bool:
    """An order was filled in part: some of it, and not all."""
    return any(
        isinstance(told.message, OrderStatus) and bool(told.message.filled) and bool(told.message.remaining)
        for told in day.story
    )


def rejected(day: Day) -> bool:
    """An order was refused, with an error under its id."""
    placed = {told.message.order_id for told in day.story if isinstance(told.message, PlaceOrderRequest)}
    return any(error.error_code in _REFUSED and error.request_id in placed for error in _errors(day))


def cancel_refused(day: Day) -> bool:
    """A cancel came too late, or was of nothing that TWS knows."""
    return any(error.error_code in _CANCEL_REFUSED for error in _errors(day))


def _errors(day: Day) -> Iterator[ErrorMessage]:
    return (told.message for told in day.story if isinstance(told.message, ErrorMessage))


def _orders_at_ends(day: Day) -> Iterator[tuple[set[int], set[int]]]:
    """Give, for each connection that ended by itself, the ids of orders that nothing was heard of, and of open ones."""
    silent: dict[int, set[int]] = {}
    open_: dict[int, set[int]] = {}
    for told in day.story:
        mute, known = silent.setdefault(told.connection, set()), open_.setdefault(told.connection, set())
        message, order_id = told.message, _order_id(told.message)
        if isinstance(message, PlaceOrderRequest) and message.order_id is not None:
            if message.order_id not in known:
                mute.add(message.order_id)
        elif told.said_by is Side.TWS and order_id is not None:
            if order_id in mute:
                mute.discard(order_id)
                known.add(order_id)
            if isinstance(message, OrderStatus) and message.status in _OVER:
                known.discard(order_id)
        elif told.is_an_end:
            yield mute, known


def cut_off_before_the_acknowledgement(day: Day) -> bool:
    """A connection ended after an order was said on it, and before TWS had said a word about that order."""
    return any(silent for silent, _ in _orders_at_ends(day))


def cut_off_with_an_order_open(day: Day) -> bool:
    """A connection ended while an order was working that had been acknowledged on it."""
    return any(open_ for _, open_ in _orders_at_ends(day))


def _spans(story: Iterable[Told]) -> list[tuple[float, float]]:
    """Give when there was a connection: from the first to the last word of each."""
    spans: dict[int, tuple[float, float]] = {}
    for told in story:
        if told.connection:
            begin, _ = spans.get(told.connection, (told.now, 0.0))
            spans[told.connection] = begin, told.now
    return list(spans.values())


def filled_while_disconnected(day: Day) -> bool:
    """An order was filled at the exchange while the program had no connection."""
    spans, began = _spans(day.story), day.world.utc(0.0)
    times = ((fill.time - began).total_seconds() for fill in day.fills())
    return any(not any(begin <= at <= end for begin, end in spans) for at in times)


def told_of_a_fill_twice(day: Day) -> bool:
    """The same execution was told more than once."""
    ids = [told.message.execution.execution_id for told in day.story if isinstance(told.message, ExecutionDetails)]
    return len(set(ids)) < len(ids)


def executed_before_acknowledged(day: Day) -> bool:
    """The first word of an order was its execution."""
    known: set[int | None] = set()
    for told in day.story:
        if isinstance(told.message, ExecutionDetails) and told.message.execution.order_id not in known:
            return True
        if isinstance(told.message, (OpenOrder, OrderStatus)):
            known.add(told.message.order_id)
    return False


def connection_lost(day: Day) -> bool:
    """A connection ended that the program had not closed."""
    return any(told.is_an_end for told in day.story)


def connected_again(day: Day) -> bool:
    """There was a connection after one that had ended."""
    return day.story.connections > 1


def link_down(day: Day) -> bool:
    """TWS said that it had lost its line to IB (1100)."""
    return any(error.error_code == 1100 for error in _errors(day))


SITUATIONS: Final[Mapping[str, Situation]] = {
    "filled while a cancel was pending": filled_while_cancelling,
    "partly filled": partly_filled,
    "an order was rejected": rejected,
    "a cancel was refused": cancel_refused,
    "cut off before the acknowledgement": cut_off_before_the_acknowledgement,
    "cut off with an order open": cut_off_with_an_order_open,
    "filled while disconnected": filled_while_disconnected,
    "told of a fill twice": told_of_a_fill_twice,
    "executed before it was acknowledged": executed_before_acknowledged,
    "the connection was lost": connection_lost,
    "connected again": connected_again,
    "the link to IB was down": link_down,
}
"""The situations that have names."""


def situations(wanted: Iterable[str] | Mapping[str, Situation]) -> dict[str, Situation]:
    """Give what *wanted* names, or holds by itself. Raises `ValueError` for a name that is none of `SITUATIONS`."""
    if isinstance(wanted, Mapping):
        return dict(wanted)
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for name in names:
        if name not in SITUATIONS:
            known = ", ".join(map(repr, SITUATIONS))
            raise ValueError(f"{name!r} is no situation that has a name; these have: {known}")
    return {name: SITUATIONS[name] for name in names}
