"""A change of an order, from its sending to its answer. Nothing says that it is accepted: new terms are the sign."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import attrs

from anytws.machines.order_state import Remark
from anytws.messages.order import Order
from anytws.messages.order_words import OcaType
from anytws.messages.orders import OpenOrder, PlaceOrderRequest

_NOT_TERMS: Final = frozenset(
    {
        "order_id", "client_id", "permanent_id", "parent_permanent_id", "submitter", "shares_allocation",
        "auto_cancel_date", "transmit", "what_if", "filled_quantity",
    }
)  # fmt: skip
"""Fields that TWS fills in, or that say how and not what."""
_MAIN: Final = ("total_quantity", "limit_price", "aux_price", "order_type")
"""Terms that TWS takes all at once or not at all, and always repeats."""
_NAMES: Final = tuple(each.name for each in attrs.fields(Order) if each.name not in _NOT_TERMS)  # type: ignore[arg-type]
_EMPTY: Final = (None, "", (), OcaType.NONE)
"""What leaves a term to TWS, which says then what it has made of it."""


class OrderChange:
    """One change that was sent, and what TWS has said to it."""

    __slots__ = ("_before", "is_accepted", "refusal", "request")

    def __init__(self, request: PlaceOrderRequest, before: Order | None) -> None:
        self.request: PlaceOrderRequest = request
        self.is_accepted: bool = False
        """Whether the terms are as they were asked for."""
        self.refusal: Remark | None = None
        """The code that refuses it."""
        self._before: dict[str, Any] = {} if before is None else _changed(before, request.order)
        """The terms that are to be changed, as they were."""

    @property
    def is_answered(self) -> bool:
        """Whether TWS has said yes or no."""
        return self.is_accepted or self.refusal is not None

    def hear_terms(self, message: OpenOrder) -> None:
        """Take the terms that TWS says. An echo of the old ones, which was on its way, is no answer."""
        before, now = self._before, message.order
        if not before:
            self.is_accepted = True
            return
        moved = {name for name, old in before.items() if getattr(now, name) != old}
        # TWS may round a price; and of the lesser terms it does not repeat each as it was asked.
        self.is_accepted = bool(moved) and all(name in moved for name in _MAIN if name in before)

    def hear_total(self, total: Decimal) -> None:
        """Take the quantity that follows from a status: filled and remaining."""
        if "total_quantity" in self._before and total == self.request.order.total_quantity:
            self.is_accepted = True

    @property
    def total(self) -> Decimal | None:
        """The quantity that was asked for; None: none."""
        return self.request.order.total_quantity


def _changed(before: Order, asked: Order) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name in _NAMES:
        now, old = getattr(asked, name), getattr(before, name)
        if now != old and now not in _EMPTY:
            changed[name] = old
    return changed
