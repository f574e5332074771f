"""What may be believed of one order by what was heard of it, in any order and with repeats.

This is what a program has to do today that places orders with anytws and reads its events. The rules are those of the
facts about orders: executions are the ledger, a status is news, and silence is no end.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from anytws.messages.executions import ExecutionDetails
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import OpenOrder, OrderStatus
from anytws.messages.session import ErrorMessage
from anytws.testing.acceptance.client import Believed

_LIVE: Final = frozenset(
    {OrderStatusWord.PRE_SUBMITTED, OrderStatusWord.SUBMITTED, OrderStatusWord.PENDING_CANCEL, "PendingSubmit"}
)
_CANCELLED: Final = frozenset({OrderStatusWord.CANCELLED, OrderStatusWord.API_CANCELLED})
_REFUSES: Final = frozenset(
    {103, 105, 107, 109, 110, 135, 200, 203, 320, 321, 328, 329, 382, 383, 387, 388, 10006, 10052, 10255}
)
"""Codes that refuse a new order of which no live word was heard (201 has a rule of its own)."""


class Belief:
    """What is believed of one order. It only grows: what was heard is not forgotten."""

    def __init__(self, quantity: int) -> None:
        self._quantity = Decimal(quantity)
        self._executions: dict[str, Decimal] = {}
        self._told = Decimal(0)
        self._words: list[str] = []
        self._codes: set[int] = set()
        self._has_asked_more = False
        self._is_uncertain = False

    def note_request(self) -> None:
        """Take note of a change or a cancel that goes out: what is refused from now on may be that."""
        self._has_asked_more = True

    def note_end(self) -> None:
        """Take note that the connection has ended: what becomes of a live order is not heard any more."""
        self._is_uncertain = True

    def hear(self, message: OrderStatus | OpenOrder | ExecutionDetails | ErrorMessage) -> None:
        """Take in a message about the order."""
        match message:
            case OrderStatus():
                self._note_word(message.status)
                self._told = max(self._told, message.filled or Decimal(0))
            case OpenOrder():
                self._note_word(message.order_state.status)
            case ExecutionDetails():
                execution = message.execution
                # A correction has another number behind the last dot, and comes in the place of what it corrects.
                self._executions[execution.execution_id.rpartition(".")[0]] = execution.shares or Decimal(0)
                self._told = max(self._told, execution.cumulative_quantity or Decimal(0))
            case _:
                self._note_code(message.error_code)

    def _note_word(self, word: str | None) -> None:
        if word:
            self._words.append(str(word))
            self._is_uncertain = False

    def _note_code(self, code: int) -> None:
        if not self._has_asked_more or code in (201, 202):
            self._codes.add(code)

    @property
    def believed(self) -> Believed:
        """What is believed now."""
        filled = max(sum(self._executions.values(), Decimal(0)), self._told)
        return Believed(self._outcome(filled), int(filled))

    def _outcome(self, filled: Decimal) -> str:
        words = {*self._words}
        if filled >= self._quantity or OrderStatusWord.FILLED in words:
            return "filled"
        if words & _CANCELLED or 202 in self._codes:
            return "cancelled"
        if 201 in self._codes or (self._codes & _REFUSES and not words & _LIVE):
            return "rejected"
        return "open" if words and not self._is_uncertain else "unknown"
