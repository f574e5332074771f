"""Messages in few words, for a story that people read: what it is about orders first, all else as Python has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from anytws.errors import in_a_sentence
from anytws.messages.base import Message
from anytws.messages.contract import Contract
from anytws.messages.executions import CommissionAndFeesReport, ExecutionDetails
from anytws.messages.order import Order
from anytws.messages.orders import CancelOrderRequest, CompletedOrder, OpenOrder, OrderStatus, PlaceOrderRequest
from anytws.messages.session import ErrorMessage

LONGEST: Final = 118
"""Characters of a line."""


def line(now: float, arrow: str, said: str) -> str:
    """Give one line of a story: the minutes and seconds of the day, an *arrow*, and what was *said*."""
    minutes, seconds = divmod(round(now, 3), 60)
    text = f"{int(minutes):3d}:{seconds:06.3f} {arrow} {said}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def short(message: Message) -> str:
    """Give *message* in a few words."""
    say = _SAYS.get(type(message))
    return in_a_sentence(repr(message) if say is None else say(message), 1000)


def summed_up(run: Sequence[tuple[float, Message]]) -> Iterator[str]:
    """Give the data of a *run* as one line: how many there were of each kind, and until when."""
    if run:
        kinds = Counter(type(message).__name__ for _, message in run)
        said = ", ".join(f"{name} x{count}" for name, count in kinds.items())
        begin, end = run[0][0], run[-1][0]
        until = "" if begin == end else f", until {int(end // 60)}:{end % 60:06.3f}"
        yield line(begin, "<-", f"{said}{until}")


def _plain(number: object) -> str:
    return f"{number.normalize():f}" if isinstance(number, Decimal) else f"{number}"


def _terms(contract: Contract, order: Order) -> str:
    prices = [_plain(price) for price in (order.limit_price, order.aux_price) if price]
    what = contract.local_symbol or contract.symbol or f"contract {contract.contract_id}"
    words: Iterable[object] = (
        _word(order.action),
        _plain(order.total_quantity),
        what,
        _word(order.order_type),
        *prices,
        *([] if order.transmit else ["(held back)"]),
        *([f"ref={order.order_reference}"] if order.order_reference else []),
    )
    return " ".join(map(str, words))


def _word(word: object) -> str:
    return str(getattr(word, "value", word))


def _place(said: PlaceOrderRequest) -> str:
    return f"PlaceOrderRequest {said.order_id}: {_terms(said.contract, said.order)}"


def _cancel(said: CancelOrderRequest) -> str:
    return f"CancelOrderRequest {said.order_id}"


def _open(said: OpenOrder) -> str:
    return f"OpenOrder {said.order_id}: {_terms(said.contract, said.order)}, {_word(said.order_state.status)}"


def _completed(said: CompletedOrder) -> str:
    return f"CompletedOrder: {_terms(said.contract, said.order)}, {said.order_state.completed_status}"


def _status(said: OrderStatus) -> str:
    counts = f"filled {_plain(said.filled)}, remaining {_plain(said.remaining)}"
    return f"OrderStatus {said.order_id}: {_word(said.status)}, {counts}"


def _execution(said: ExecutionDetails) -> str:
    done = said.execution
    what = said.contract.local_symbol or said.contract.symbol
    traded = f"{_word(done.side)} {_plain(done.shares)} {what} at {_plain(done.price)}"
    return f"ExecutionDetails {done.execution_id} of order {done.order_id}: {traded}"


def _commission(said: CommissionAndFeesReport) -> str:
    return f"CommissionAndFeesReport {said.execution_id}: {_plain(said.commission_and_fees)} {said.currency}"


def _error(said: ErrorMessage) -> str:
    about = "" if said.request_id is None else f" for {said.request_id}"
    return f"ErrorMessage {said.error_code}{about}: {said.error_message}"


_SAYS: Final[dict[type[Message], Callable[[Any], str]]] = {
    PlaceOrderRequest: _place,
    CancelOrderRequest: _cancel,
    OpenOrder: _open,
    CompletedOrder: _completed,
    OrderStatus: _status,
    ExecutionDetails: _execution,
    CommissionAndFeesReport: _commission,
    ErrorMessage: _error,
}
