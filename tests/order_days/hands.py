"""What others do on these days: the market, IB, people in front of TWS, other clients, and TWS itself."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Final

from anytws.messages.base import ToClient, replace
from anytws.messages.contract import Action, Contract, SecurityType
from anytws.messages.order import Order
from anytws.messages.order_words import OrderStatusWord, OrderType, TimeInForce
from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator.exchange.order import HeldOrder
from tests.order_days.house import House

OTHER_CLIENT: Final = 2
_COMPLETED_SAY_WHOSE: Final = 226
STOCKS: Final = tuple(
    Contract(symbol=symbol, security_type=SecurityType.STOCK, exchange="SMART", currency="USD")
    for symbol in ("AAPL", "MSFT")
)


class _Elsewhere:
    """Another client, as TWS sees it. It hears nothing, and says what it is told to say."""

    client_id: int | None = OTHER_CLIENT
    server_version: int | None = 226

    def push(self, message: ToClient) -> None:
        """Nobody listens."""

    def touch(self, *kinds: str) -> None:
        """It has no streams."""

    def fail(self, failure: Exception) -> None:
        """Have the day fail."""
        raise failure


class Hands:
    """Does to orders what happens to them. Each method gives in a word what it did; empty: nothing."""

    def __init__(self, house: House, random: Random) -> None:
        self._house = house
        self._random = random
        self._other_id = 0
        self._elsewhere = _Elsewhere()

    def _live(self, *, ours: bool = False) -> list[HeldOrder]:
        if not self._house.has_orders:
            return []
        live = [held for held in self._house.exchange.orders.live if held.is_transmitted]
        return [held for held in live if held.client_id == 1 and held.order_id > 0] if ours else live

    def fill(self) -> str:
        """Have the market fill a part of an order, or all that is left."""
        live = [held for held in self._live() if not held.is_child_waiting and held.is_accepted]
        if not live:
            return ""
        held, random = self._random.choice(live), self._random
        whole = held.remaining < 2 or random.random() < 0.4
        shares = held.remaining if whole else Decimal(random.randrange(1, int(held.remaining)))
        is_cancelling = held.is_cancelling
        was_changing = held.is_changing
        self._house.exchange.hands.fill(held, shares)
        if is_cancelling:
            return "filled while its cancel was under way"
        if was_changing:
            return "filled while a change was under way"
        return "filled" if whole else "filled in part"

    def fill_late(self) -> str:
        """Tell of an execution of an order that is cancelled."""
        ended = [
            held
            for held in (self._house.exchange.orders.ended if self._house.has_orders else ())
            if held.status is OrderStatusWord.CANCELLED and held.remaining and held.is_accepted
        ]
        if not ended:
            return ""
        held = self._random.choice(ended)
        whole = held.remaining < 2 or self._random.random() < 0.3
        self._house.exchange.hands.fill_late(held, held.remaining if whole else Decimal(1))
        return "filled after it was cancelled"

    def correct(self) -> str:
        """Correct an execution."""
        done = [held for held in self._house.held.values() if held.fills]
        if not done:
            return ""
        held = self._random.choice(done)
        fill = held.fills[-1]
        shares = abs(fill.shares)
        less = shares - 1 if shares > 1 and self._random.random() < 0.4 and held.ended_at is not None else shares
        self._house.exchange.hands.correct(held, fill, shares=less, price=fill.price + Decimal("0.01"))
        return "an execution corrected"

    def cancel(self) -> str:
        """Have IB, or a person, cancel an order."""
        live = self._live()
        if not live:
            return ""
        self._house.exchange.hands.cancel(
            self._random.choice(live), self._random.choice(("", "Order was too aggressive."))
        )
        return "cancelled from outside"

    def reject(self) -> str:
        """Have IB refuse an order, early or late."""
        live = [held for held in self._live() if not held.filled and not held.is_changing]
        if not live:
            return ""
        held = self._random.choice(live)
        was_live = held.is_accepted
        self._house.exchange.hands.reject(held)
        return "rejected after a live word" if was_live else "rejected before any word"

    def say_again(self) -> str:
        """Say of an order what was said already."""
        live = self._live(ours=True)
        if not live:
            return ""
        self._house.exchange.hands.say_again(self._random.choice(live))
        return "said again"

    def by_hand(self) -> str:
        """Have a person make an order in TWS."""
        self._house.exchange.hands.enter(self._random.choice(STOCKS), self._order(""))
        return "an order made by hand"

    def elsewhere(self) -> str:
        """Have another client place an order; its reference may be one of ours."""
        house = self._house
        self._other_id = max(self._other_id + 1, house.next_valid_id(OTHER_CLIENT))
        # In text a completed order does not say whose it is: with one of our references it might be ours.
        refs = ("", "theirs", "i1") if house.settings.server_version >= _COMPLETED_SAY_WHOSE else ("", "theirs")
        order = self._order(self._random.choice(refs))
        contract = self._random.choice(STOCKS)
        house.exchange.place(self._elsewhere, PlaceOrderRequest(contract, order, order_id=self._other_id))
        return "an order of another client"

    def double(self) -> str:
        """Have a change that was sent without a link become a second order."""
        live = [held for held in self._live(ours=True) if held.is_accepted and held.parent is None and held.remaining]
        live = [held for held in live if self._was_changed(held) and not self._house.exchange.orders.children(held)]
        if not live or len(self._house.doubles) > 1:
            return ""
        held = self._random.choice(live)
        terms = replace(held.order, limit_price=(held.order.limit_price or 10.0) + 1)
        self._house.doubles.add(self._house.exchange.hands.double(held, terms).permanent_id)
        return "a change became a second order"

    def _was_changed(self, held: HeldOrder) -> bool:
        """Tell whether the program has asked for a change of *held*."""
        said = [request for heard in self._house.heard_changes.values() for request in heard]
        return sum(getattr(request, "order_id", None) == held.order_id for request in said) > 1

    def _order(self, ref: str) -> Order:
        random = self._random
        return Order(
            random.choice((Action.BUY, Action.SELL)),
            OrderType.LIMIT,
            Decimal(random.randrange(1, 6)),
            limit_price=float(random.randrange(10, 20)),
            time_in_force=TimeInForce.GOOD_TILL_CANCELLED,
            order_reference=ref,
        )
