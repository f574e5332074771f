"""How orders end other than by their fills: cancelled by their client, by IB, or refused."""

from __future__ import annotations

from typing import Final

from anytws.messages.order_words import OrderStatusWord
from anytws.simulator.exchange.checks import Refused
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.models import Refusal
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.ground import Listener

_PRE: Final = OrderStatusWord.PRE_SUBMITTED
_DEAD, _REJECTED, _CANCELLED, _NOT_FOUND, _NOT_CANCELLABLE = 161, 201, 202, 10147, 10148
_CANCEL_TEXT: Final = "Order Canceled - reason:"


class Endings:
    """Ends the orders of an exchange. Found as `Exchange.endings`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ground = desk.ground

    def expire(self, held: HeldOrder) -> None:
        """End *held*, whose time is over. It is told as any cancel is (reported)."""
        self.by_system(held, "")

    def cancel(self, client: Listener, order_id: int) -> None:
        """Cancel an order of *client*, or say why not."""
        held = None if client.client_id is None else self._desk.orders.find(client.client_id, order_id)
        forgets = self._ground.settings.habits.forgets_after
        if held is None or (held.ended_at is not None and forgets and self._age(held) > forgets):
            self._desk.refuse(
                client, order_id, Refused(_NOT_FOUND, f"OrderId {order_id} that needs to be cancelled is not found.")
            )
            return
        if not held.is_live or held.is_cancelling:
            word = OrderStatusWord.PENDING_CANCEL if held.is_live else held.status
            text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: "
            self._desk.refuse(
                client, order_id, Refused(_NOT_CANCELLABLE, f"{text}{'' if word is None else word.value}.")
            )
            return
        self._cancel(held)

    def cancel_all(self) -> None:
        """Cancel all orders of all clients, and those that were made by hand: the newest first."""
        for held in reversed(self._desk.orders.ended):
            if held.is_cancelling and not held.is_swept:
                # Recorded of orders that their client had cancelled before, once.
                held.is_swept = True
                self._say_dead(held)
        for held in reversed(self._desk.orders.live):
            if not held.is_cancelling:
                held.is_swept = True
                self._cancel(held)

    def _cancel(self, held: HeldOrder) -> None:
        held.is_cancelling = True
        if self._ground.settings.habits.says_pending_cancel and held.is_accepted:
            self._desk.speech.pair(held, OrderStatusWord.PENDING_CANCEL)
        self._desk.later(self._desk.latency.acknowledge, lambda: self._cancelled(held))

    def _cancelled(self, held: HeldOrder) -> None:
        if not held.is_live:
            # It lost the race.
            word = "" if held.status is None else held.status.value
            text = f"OrderId {held.order_id} that needs to be cancelled cannot be cancelled, state: {word}."
            self._desk.speech.complain(held, _NOT_CANCELLABLE, text)
            return
        reason = "" if held.is_accepted else "Order was discarded."
        self._end(held, OrderStatusWord.CANCELLED, "Cancelled by Trader")
        self._desk.speech.status(held, OrderStatusWord.CANCELLED)
        self._desk.speech.complain(held, _CANCELLED, f"{_CANCEL_TEXT}{reason}")
        if held.is_swept and not held.is_accepted:
            # Recorded of an order that was discarded by a global cancel.
            self._say_dead(held)
        self._desk.after_end(held)

    def _say_dead(self, held: HeldOrder) -> None:
        text = f"Cancel attempted when order is not in a cancellable state.  Order permId ={held.permanent_id}"
        self._desk.speech.complain(held, _DEAD, text)

    def by_system(self, held: HeldOrder, reason: str, *, quietly: bool = False) -> None:
        """Have IB cancel *held*, for *reason*: it expired, say (no reason is told then).

        Quietly: without the word PendingCancel before, as where another order of its group was filled.
        """
        if not held.is_live:
            return
        if held.is_accepted and not reason and not quietly:
            # Recorded of an IOC order.
            self._desk.speech.pair(held, OrderStatusWord.PENDING_CANCEL, repeats=1)
            if held.ended_at is not None:
                # A script has ended it at that word.
                return
        self._end(held, OrderStatusWord.CANCELLED, f"Cancelled by System:\n{reason}")
        self._desk.speech.status(held, OrderStatusWord.CANCELLED)
        self._desk.speech.complain(held, _CANCELLED, f"{_CANCEL_TEXT}{reason}")
        self._desk.after_end(held)

    def reject(self, held: HeldOrder, code: int = _REJECTED, text: str = "Order rejected - reason:") -> None:
        """Have IB refuse *held* with *code* and *text*, in the order that the habits say."""
        if not held.is_live:
            return
        how = self._ground.settings.habits.refusal
        if how is Refusal.LIVE_CODE_INACTIVE:
            self._desk.speech.pair(held, _PRE, repeats=1)
        if how is Refusal.INACTIVE_CODE_INACTIVE:
            self._desk.speech.pair(held, OrderStatusWord.INACTIVE, repeats=1)
        if held.ended_at is not None:
            # The same.
            return
        self._end(held, OrderStatusWord.INACTIVE, f"Rejected by System:\n{text.partition('reason:')[2]}")
        self._desk.speech.complain(held, code, text)
        if how is not Refusal.CODE_ALONE:
            self._desk.speech.pair(held, OrderStatusWord.INACTIVE, repeats=1)
        self._desk.after_end(held)

    def _end(self, held: HeldOrder, word: OrderStatusWord, completed_status: str) -> None:
        held.ended_at, held.completed_status, held.status = self._ground.ms(), completed_status, word
        held.turn += 1
        self._desk.orders.end(held)

    def _age(self, held: HeldOrder) -> float:
        return 0.0 if held.ended_at is None else (self._ground.ms() - held.ended_at) / 1000
