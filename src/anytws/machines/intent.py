"""What somebody wants of an order, before a byte of it has left: a new one, a change of one, an exercise.

It is what a gate judges and what a journal keeps. A cancel is none: nothing may stand in its way.
"""

from __future__ import annotations

import math
from decimal import Decimal
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, Protocol

from anytws.messages.base import ToTws, record
from anytws.messages.contract import Action, Contract
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.order import Order
from anytws.messages.order_words import OrderType
from anytws.messages.orders import PlaceOrderRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anytws.machines.order import OrderLife

_T = OrderType
WITH_LIMIT: Final = frozenset(
    {_T.LIMIT, _T.STOP_LIMIT, _T.LIMIT_IF_TOUCHED, _T.LIMIT_ON_CLOSE, _T.RELATIVE, _T.MIDPRICE}
)
"""Types of which ``limit_price``, where it is set, is the worst price that they trade at."""
_MEANT: Final = (
    "action",
    "order_type",
    "aux_price",
    "cash_quantity",
    "time_in_force",
    "outside_rth",
    "trailing_percent",
    "good_after_time",
    "good_till_date",
    "algo_strategy",
    "conditions",
)
"""What two orders have in common of which one is only the smaller; the limit price beside it, where it means one."""
_NOTHING: Final = Decimal(0)


@unique
class IntentKind(Enum):
    """What is wanted."""

    NEW = "new"
    """A new order."""
    CHANGE = "change"
    """Other terms for one that is there."""
    EXERCISE = "exercise"
    """To exercise options, or to let them lapse."""


@record
class Intent:
    """What somebody wants of an order."""

    kind: IntentKind
    contract: Contract
    order: Order | None = None
    """The terms that are wanted, whole; None of an exercise."""
    quantity: Decimal | None = None
    """How much in all; None where the terms do not say it (so much money's worth, the quantity of a hedge)."""
    account: str = ""
    """Whose; empty: TWS chooses."""
    ref: str = ""
    """The caller's own reference."""
    order_id: int | None = None
    """Of a change; None of what has no id yet."""
    before: tuple[Order, ...] = ()
    """Of a change: the terms as they were asked for and as TWS last said them, as far as they are known."""
    is_child: bool = False
    """Whether another order has to be filled first, so that it can only give back what that one takes."""

    @property
    def action(self) -> Action | None:
        """Which way it trades; None of an exercise."""
        return None if self.order is None else self.order.action

    @property
    def limit_price(self) -> float | None:
        """The worst price that it trades at; None where it has none."""
        return None if self.order is None else limit_price(self.order)

    @property
    def quantity_before(self) -> Decimal | None:
        """Of a change: how much it was, the least of what is known; None where nothing is."""
        known = [_quantity(order) for order in self.before]
        return min([quantity for quantity in known if quantity is not None], default=None)

    @property
    def increase(self) -> Decimal | None:
        """How much more it is than before: all of it, where nothing was before; None where that is not known."""
        if self.quantity is None:
            return None
        before = self.quantity_before
        return self.quantity if before is None else max(_NOTHING, self.quantity - before)

    @property
    def only_reduces(self) -> bool:
        """Whether it is a change that takes away from the quantity, and leaves all else as it is."""
        order, quantity = self.order, self.quantity
        if self.kind is not IntentKind.CHANGE or order is None or quantity is None:
            return False
        was = self.quantity_before
        return was is not None and quantity <= was and any(_is_else_equal(order, before) for before in self.before)

    def __str__(self) -> str:
        """Give it in a few words, for people: ``BUY 100 AAPL at 180.5``."""
        what = self.contract.local_symbol or self.contract.symbol or f"contract {self.contract.contract_id}"
        much = "" if self.quantity is None else f"{self.quantity.normalize():f} "
        if self.order is None:
            return f"exercise {much}{what}"
        price = self.limit_price
        at = "" if price is None else f" at {price:g}"
        change = "change to " if self.kind is IntentKind.CHANGE else ""
        return f"{change}{self.order.action.value} {much}{what}{at}"


class Guard(Protocol):
    """What stands before orders that leave. `anytws.client.intake.Intake` is one."""

    def check(self, message: ToTws) -> None:
        """Raise if *message* must not be said. It has no order id yet if it is a new order."""
        ...

    def note(self, said: ToTws, data: bytes, version: int) -> None:
        """Keep that *said*, as the frame *data* of server *version*, is about to leave. Raise if it cannot be kept."""
        ...

    def hear(self, lives: Iterable[OrderLife]) -> None:
        """Take note of *lives*, orders of which something is new."""
        ...


def limit_price(order: Order) -> float | None:
    """Give the worst price that *order* trades at; None where it has none."""
    # TWS shows made-up limit prices for stops, and market orders with one have been seen.
    price = order.limit_price if order.order_type in WITH_LIMIT else None
    return price if price is not None and math.isfinite(price) else None


def _quantity(order: Order) -> Decimal | None:
    """Give how much *order* is for in all; None where its terms do not say it."""
    told: object = order.total_quantity
    if order.cash_quantity or order.hedge_type is not None or not isinstance(told, Decimal | int):
        return None
    quantity = Decimal(told)
    return quantity if quantity.is_finite() and quantity > 0 else None


def _is_else_equal(order: Order, before: Order) -> bool:
    """Tell whether *order* says of price and time what *before* does. TWS says zero where nothing was said."""
    if limit_price(order) != limit_price(before) or (order.transmit and not before.transmit):
        return False
    return all((getattr(order, name) or None) == (getattr(before, name) or None) for name in _MEANT)


def is_order(message: ToTws) -> bool:
    """Tell whether *message* makes or changes an order: a question about margins does not, nor does a cancel."""
    if isinstance(message, PlaceOrderRequest):
        return not message.order.what_if
    return isinstance(message, ExerciseOptionsRequest)


def intent_of(
    request: PlaceOrderRequest | ExerciseOptionsRequest, life: OrderLife | None = None, *, is_child: bool = False
) -> Intent:
    """Give what *request* wants; *life* is the order that it changes, if that is known.

    What changes an order that nobody knows counts as a new one, which is the worse of the two.
    """
    if isinstance(request, ExerciseOptionsRequest):
        return Intent(IntentKind.EXERCISE, request.contract, None, Decimal(request.exercise_quantity), request.account)
    order = request.order
    before = [] if life is None or request.order_id is None else _terms(life)
    return Intent(
        IntentKind.NEW if request.order_id is None or life is None else IntentKind.CHANGE,
        request.contract,
        order,
        _quantity(order),
        order.account,
        order.order_reference,
        request.order_id,
        tuple(before),
        is_child or order.parent_id != 0,
    )


def _terms(life: OrderLife) -> list[Order]:
    asked = life.asked.order if isinstance(life.asked, PlaceOrderRequest) else None
    return [order for order in (asked, life.order) if order is not None]


def family_of(requests: Sequence[PlaceOrderRequest]) -> tuple[Intent, ...]:
    """Give the intents of a family: the first of *requests* has to be filled before the others can be."""
    return tuple([intent_of(request, is_child=number > 0) for number, request in enumerate(requests)])
