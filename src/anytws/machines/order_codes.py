"""What the codes that came under the id of an order say about it.

A code means one thing for a new order, another for a change of it, a third for its cancel: what had been sent before it
came decides with it. Kept are facts, of constant number: a peer may say a million different codes.
"""

from __future__ import annotations

from typing import Final

from anytws.core.code_words import CodeKind, Effect, Outstanding
from anytws.core.codes import CodeTable
from anytws.machines.order_state import Remark
from anytws.messages.session import ErrorMessage

MOST_REMARKS: Final = 100
"""Codes that are kept to be shown; of more, the first half of them stays, and the newest."""
MOST_CHARACTERS: Final = 65_536
"""Of the texts of them; of more, fewer codes are kept."""
_FIRST: Final = MOST_REMARKS // 2
_REFUSED_BY_IB: Final = 201
"""The only refusal that was seen after a live word."""
_REFUSING_KINDS: Final = frozenset({CodeKind.ORDER_REJECTED, CodeKind.REQUEST_FAILED})


class OrderCodes:
    """All codes about one order."""

    def __init__(self, codes: CodeTable) -> None:
        self._codes = codes
        self.remarks: Final[list[Remark]] = []
        """In the order in which they came; repeats between two sends are one."""
        self.last: ErrorMessage | None = None
        """The newest, remarks included."""
        self.is_cancelled: bool = False
        """Whether one has said that the order is cancelled (202)."""
        self.contested_at: int | None = None
        """Between which sends came the newest that refuses something, and does not settle what became of the order."""
        self._heard: dict[tuple[int, str | None], None] = {}
        """Those since the last send, as far as they are kept."""
        self._size = 0
        self._refused_by_ib: Remark | None = None
        """201, before any change or cancel was sent."""
        self._refused_or_not_cancelled: Remark | None = None
        """201, before any change was sent, but after a cancel."""
        self._refused_while_new: Remark | None = None
        """Any other refusal of a new order, before any change or cancel was sent."""
        self._any_201: Remark | None = None

    def begin(self) -> None:
        """Note that something is sent: what comes from now on comes after it."""
        self._heard.clear()

    def hear(self, message: ErrorMessage, last_sent: Outstanding, after: int, *, changed: bool, epoch: int) -> Remark:
        """Take a code, and give it as a remark."""
        code, text = message.error_code, message.error_message
        remark = Remark(code, text, last_sent, message, after)
        self.last = message
        self._keep(remark)
        effect = self._codes.effect_on_order(code, last_sent)
        if self._is_cancel(code, effect):
            self.is_cancelled = True
            return remark
        if effect in (Effect.ASK, Effect.DEAD):
            self.contested_at = epoch
        was_cancelled = last_sent is Outstanding.CANCEL
        if code == _REFUSED_BY_IB and self._codes.effect_on_order(code, Outstanding.NEW) is Effect.DEAD:
            self._any_201 = self._any_201 or remark
            if not changed and not was_cancelled:
                self._refused_by_ib = self._refused_by_ib or remark
            elif not changed:
                self._refused_or_not_cancelled = self._refused_or_not_cancelled or remark
        elif not changed and not was_cancelled and self._refuses_new(code):
            self._refused_while_new = self._refused_while_new or remark
        return remark

    def is_known(self, message: ErrorMessage) -> bool:
        """Tell whether it was said before, since the last send."""
        return (message.error_code, message.error_message) in self._heard

    def _keep(self, remark: Remark) -> None:
        remarks = self.remarks
        self._heard[remark.code, remark.text] = None
        remarks.append(remark)
        self._size += len(remark.text or "")
        while len(remarks) > 1 and (len(remarks) > MOST_REMARKS or self._size > MOST_CHARACTERS):
            gone = remarks.pop(min(_FIRST, len(remarks) - 2))
            self._size -= len(gone.text or "")
            self._heard.pop((gone.code, gone.text), None)

    def _is_cancel(self, code: int, effect: Effect) -> bool:
        return effect is Effect.DONE or (effect is Effect.DEAD and self._codes.kind_of(code) is CodeKind.CANCELLED)

    def _refuses_new(self, code: int) -> bool:
        return self._codes.effect_on_order(code, Outstanding.NEW) is Effect.DEAD

    # --- what it comes to ----------------------------------------------------------------------------------------

    def refusal(self, *, was_live: bool, is_inactive: bool) -> Remark | None:
        """Give the code that has refused the order itself; None: none did.

        *was_live*: whether a live word of it was ever heard; *is_inactive*: whether its last word is ``Inactive``.
        """
        if self._refused_by_ib is not None:
            return self._refused_by_ib
        if not was_live and self._refused_while_new is not None:
            return self._refused_while_new
        if not was_live and self._refused_or_not_cancelled is not None:
            return self._refused_or_not_cancelled
        return self._any_201 if is_inactive else None

    def refuses_change(self, remark: Remark) -> bool:
        """Tell whether *remark* refuses the change that was sent last."""
        effect = self._codes.effect_on_order(remark.code, Outstanding.MODIFY)
        if remark.outstanding is Outstanding.CANCEL:
            # It may speak of the change before the cancel, unless it is one that cancels get.
            return effect is Effect.LIVES and not self.fails_cancel(remark)
        if remark.outstanding is not Outstanding.MODIFY:
            return False
        return effect is Effect.LIVES or (effect is Effect.ASK and self._codes.kind_of(remark.code) in _REFUSING_KINDS)

    def fails_cancel(self, remark: Remark) -> bool:
        """Tell whether *remark* says that the cancel that was sent last did nothing."""
        if remark.outstanding is not Outstanding.CANCEL:
            return False
        return self._codes.effect_on_order(remark.code, Outstanding.CANCEL) is Effect.FAILED

    def answers_new(self, remark: Remark) -> bool:
        """Tell whether *remark* answers a new order."""
        return self._refuses_new(remark.code)

    def settle(self) -> None:
        """Note that queries have told what became of the order in spite of the codes."""
        self.contested_at = None

    def absorb(self, other: OrderCodes) -> None:
        """Take the codes of *other*."""
        for remark in other.remarks:
            self._keep(remark)
        self.last = self.last or other.last
        self.is_cancelled = self.is_cancelled or other.is_cancelled
        self._refused_by_ib = self._refused_by_ib or other._refused_by_ib
        self._refused_or_not_cancelled = self._refused_or_not_cancelled or other._refused_or_not_cancelled
        self._refused_while_new = self._refused_while_new or other._refused_while_new
        self._any_201 = self._any_201 or other._any_201

    def forget_end(self) -> None:
        """Note that queries have told that the order lives, whatever the codes say."""
        self.is_cancelled = False
        self.contested_at = self._any_201 = None
        self._refused_by_ib = self._refused_or_not_cancelled = self._refused_while_new = None
