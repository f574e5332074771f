"""What TWS has told of an order by its words and its numbers: statuses, open orders, completed orders.

All of it is news and no ledger. Statuses of one order come in their order, and so do open orders; between the two
nothing is promised. So the last status counts, and an open order where no status has come since the last barrier.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from anytws.machines.order_costs import NOTHING, price_of
from anytws.machines.order_fills import quantity_of
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import CompletedOrder, OpenOrder, OrderStatus

LIVE: Final = 1
INACTIVE: Final = 2
CANCELLED: Final = 4
FILLED: Final = 8
OVER: Final = CANCELLED | FILLED
_W = OrderStatusWord
_MEANING: Final = {_W.FILLED: FILLED, _W.CANCELLED: CANCELLED, _W.API_CANCELLED: CANCELLED, _W.INACTIVE: INACTIVE}


def meaning_of(word: OrderStatusWord) -> int:
    """Give what *word* means. One that nobody knows is a live one."""
    return _MEANING.get(word, LIVE)


class OrderTold:
    """What TWS has told of one order."""

    def __init__(self) -> None:
        self.epoch: int = 0
        """How many barriers there were."""
        self.meanings: int = 0
        """What its words have meant, all together."""
        self.is_opened: bool = False
        """Whether an `OpenOrder` was heard."""
        self.is_opened_otherwise: bool = False
        """Whether one was heard whose word was not ``Inactive``."""
        self.status: OrderStatus | None = None
        """The last one."""
        self.status_at: int = -1
        """The number of barriers before it."""
        self.opened_at: int = -1
        """The number of barriers before the last `OpenOrder`."""
        self.filled: Decimal = NOTHING
        """The most that was told."""
        self.average: float | None = None
        """The average price that the last status told which said so much."""
        self.ended_text: str = ""
        self._average_of: Decimal = NOTHING
        self._word: OrderStatusWord | None = None
        """The one before the last barrier."""
        self._status_word: OrderStatusWord | None = None
        self._opened_word: OrderStatusWord | None = None
        """Of the last status, and of the last open order, since the last barrier."""
        self._was_over = False
        """Whether the order was over at a barrier."""
        self._status_was_over = False
        """Whether a status has said that it is over."""
        self._was_revived = False
        self._opened_total: Decimal | None = None
        self._opened_total_at = -1
        self._completed_total: Decimal | None = None

    # --- what is heard -------------------------------------------------------------------------------------------

    def bar(self, *, is_over: bool) -> None:
        """Note a barrier: something is sent, or the connection ends. *is_over*: whether the order is, as was heard."""
        self._was_revived = self.is_revived
        self._was_over = self._was_over or is_over
        self._word = self.word
        self._status_word = self._opened_word = None
        self.epoch += 1

    def hear_status(self, message: OrderStatus) -> None:
        """Take a status."""
        self.status, self.status_at = message, self.epoch
        filled = message.filled
        if filled is not None and filled.is_finite():
            self.filled = max(self.filled, filled)
            if filled and filled >= self._average_of:
                self._average_of, self.average = filled, price_of(message.average_fill_price)
        word = message.status
        if word is not None:
            self._status_word = word
            meaning = _MEANING.get(word, LIVE)
            self.meanings |= meaning
            if meaning & OVER:
                self._status_was_over = True

    def hear_open_order(self, message: OpenOrder) -> None:
        """Take an open order."""
        self.is_opened, self.opened_at = True, self.epoch
        word = message.order_state.status
        if word is not _W.INACTIVE:
            self.is_opened_otherwise = True
        if word is not None:
            self._opened_word = word
            self.meanings |= meaning_of(word)
        total = quantity_of(message.order.total_quantity)
        # 0 is said for a moment of a child whose parent is not filled, and of ended orders.
        if total is not None and total > 0:
            self._opened_total, self._opened_total_at = total, self.epoch

    def hear_completed(self, message: CompletedOrder) -> None:
        """Take the row of a completed order."""
        word = message.order_state.status
        if word is not None and meaning_of(word) & OVER:
            # It is asked for, and so the last word, whatever statuses there were before.
            self._opened_word, self._status_word = word, None
            self.meanings |= meaning_of(word)
            self._status_was_over, self._was_revived = True, False
        filled, total = quantity_of(message.order.filled_quantity), quantity_of(message.order.total_quantity)
        if filled is not None and filled > self.filled:
            self.filled = filled
        if total is not None and total > 0:
            self._completed_total = total
        self.ended_text = message.order_state.completed_status or self.ended_text

    def is_repeat(self, message: OpenOrder) -> bool:
        """Tell whether the last open order had the same word, and came after the last barrier."""
        return self.opened_at == self.epoch and message.order_state.status == self._opened_word

    def absorb(self, other: OrderTold) -> None:
        """Take what was told of *other*, which has turned out to be the same order."""
        self.meanings |= other.meanings
        self.is_opened = self.is_opened or other.is_opened
        self.is_opened_otherwise = self.is_opened_otherwise or other.is_opened_otherwise
        self.filled = max(self.filled, other.filled)
        if self.status is None and other.status is not None:
            self.hear_status(other.status)
        self._word = self._word or other.word
        self._opened_total = self._opened_total or other._opened_total
        self._completed_total = self._completed_total or other._completed_total
        self.ended_text = self.ended_text or other.ended_text

    def revive(self) -> None:
        """Note that queries have told that the order lives, whatever was said of its end."""
        self.meanings = (self.meanings & ~OVER) | LIVE
        self._was_over = self._status_was_over = self._was_revived = False

    # --- what it comes to ----------------------------------------------------------------------------------------

    @property
    def word(self) -> OrderStatusWord | None:
        """The last word."""
        status, opened = self._status_word, self._opened_word
        if status is None:
            return opened or self._word
        if opened is not None and meaning_of(opened) & OVER and not meaning_of(status) & OVER:
            # The end may be said by an open order alone, and is not taken back by what came around it.
            return status if self.is_revived else opened
        return status

    @property
    def is_revived(self) -> bool:
        """Whether a live word has come behind the end of the order, which does not happen."""
        if self._status_word is not None:
            return (self._was_over or self._status_was_over) and meaning_of(self._status_word) == LIVE
        if self._opened_word is not None:
            return self._was_over and meaning_of(self._opened_word) == LIVE
        return self._was_revived

    @property
    def is_live_now(self) -> bool:
        """Whether the last word since the last barrier is a live one."""
        word = self._status_word or self._opened_word
        return word is not None and meaning_of(word) == LIVE

    @property
    def is_live_last(self) -> bool:
        """Whether the last status is a live word, and says that something remains."""
        status = self.status
        return status is not None and status.status is not None and meaning_of(status.status) == LIVE and self._remains

    @property
    def _remains(self) -> bool:
        """Whether the last status says that something remains."""
        remaining = None if self.status is None else quantity_of(self.status.remaining)
        return remaining is not None and remaining > 0

    @property
    def status_total(self) -> Decimal | None:
        """The quantity that follows from the last status; None where it does not say it."""
        status = self.status
        if status is None:
            return None
        filled, remaining = quantity_of(status.filled), quantity_of(status.remaining)
        return None if filled is None or remaining is None else (filled + remaining or None)

    def total(self, most: Decimal) -> Decimal | None:
        """Give the quantity of the order, of which *most* is filled, as far as TWS has told it."""
        opened, by_status = self._opened_total, self.status_total
        if opened is None:
            return by_status or self._completed_total
        if by_status is None or by_status == opened:
            return opened
        is_newer = self.status_at > self._opened_total_at
        if not self.is_live_last:
            # What is over keeps what was not filled, and nothing else tells that its quantity was changed before that.
            # Where nothing remains an older TWS may have left it out.
            return by_status if is_newer and self._remains else opened
        status = self.status
        has_all = status is not None and status.filled is not None and status.filled >= most
        # A status that knows of all fills and says that something remains is right about that.
        return by_status if is_newer or (has_all and by_status > opened) else opened
