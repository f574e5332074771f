"""What people and chance do to orders, in the hands of a test: fills, refusals, orders made by hand, exercise."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from anytws.messages.base import replace
from anytws.messages.contract import Action, Contract
from anytws.messages.order import Order
from anytws.messages.order_words import OrderStatusWord, OrderType, TimeInForce
from anytws.messages.orders import OrderBound
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.endings import Endings
from anytws.simulator.exchange.entry import Entry
from anytws.simulator.exchange.filling import Filling
from anytws.simulator.exchange.floor import Floor
from anytws.simulator.exchange.order import Fill, HeldOrder
from anytws.simulator.ledger.exercise import exercise
from anytws.simulator.universe.universe import Match, Trouble

_FIRST_BOUND: Final = -2
"""The first order id that binding gives (recorded; ids below zero are how TWS is installed)."""


class Hands:
    """Does to orders what a test says. Found as `Exchange.hands`.

    An order is meant by itself, a `HeldOrder`, which `find` gives.
    """

    def __init__(self, desk: Desk, entry: Entry, floor: Floor, filling: Filling, endings: Endings) -> None:
        self._desk = desk
        self._ground = desk.ground
        self._entry = entry
        self._floor = floor
        self._filling = filling
        self._endings = endings
        self._next_bound = _FIRST_BOUND

    def find(
        self, order_id: int | None = None, *, client_id: int | None = None, reference: str | None = None
    ) -> HeldOrder:
        """Give the newest order with these marks, over or not. Raises `LookupError` if there is none."""
        orders = self._desk.orders
        for held in reversed([*orders.ended, *orders.live]):
            if (
                order_id in (None, held.order_id)
                and client_id in (None, held.client_id)
                and reference in (None, held.order.order_reference)
            ):
                return held
        raise LookupError(f"there is no order {order_id} of client {client_id} with reference {reference!r}")

    def accept(self, held: HeldOrder) -> None:
        """Have IB take *held* now, whatever its latency."""
        self._floor.accept_now(held)

    def fill(
        self, held: HeldOrder, shares: Decimal | None = None, price: Decimal | None = None, venue: str = ""
    ) -> Fill:
        """Fill *shares* of *held* (None: all that is left) at *price* (None: its limit, or what the market says).

        Raises `ValueError` for more than is left, and for an order that is over.
        """
        if not held.is_accepted:
            self._floor.accept_now(held)
        if price is None:
            price = held.limit or self._floor.price_now(held)
        return self._filling.fill(held, held.remaining if shares is None else shares, price, venue=venue)

    def fill_late(self, held: HeldOrder, shares: Decimal, price: Decimal | None = None) -> Fill:
        """Fill *shares* of *held* though it is over: the execution was made before the cancel, and is told after it.

        At *price*, or at its limit, or at what the market says. Raises `ValueError` for an order that is not over, and
        for more than is left.
        """
        if price is None:
            price = held.limit or self._floor.price_now(held)
        return self._filling.late(held, shares, price)

    def double(self, held: HeldOrder, order: Order) -> HeldOrder:
        """Have a second order with the terms *order* come of *held*, under the same order id, and give it.

        A change that is sent while TWS has no link to IB may become that (reported): both live then, each with a
        permanent id of its own, and it is the newer one that the order id means.
        """
        match = self._ground.universe.the_one(held.contract, self._ground.utc().date())
        if isinstance(match, Trouble):
            raise LookupError(match.text)  # noqa: TRY004 (it is the contract that is not found)
        second = self._entry.held(held.client_id, held.order_id, match, order, held.contract, held.parent)
        self._desk.orders.put(second)
        self._entry.transmit(second)
        return second

    def correct(
        self, held: HeldOrder, fill: Fill, *, shares: Decimal | None = None, price: Decimal | None = None
    ) -> Fill:
        """Correct *fill* of *held*; what is None stays. The same execution is told again, one number higher."""
        return self._filling.correct(
            held,
            fill,
            shares=abs(fill.shares) if shares is None else shares,
            price=fill.price if price is None else price,
        )

    def reject(self, held: HeldOrder, code: int = 201, reason: str = "Order rejected by the exchange.") -> None:
        """Have *held* refused with *code*; the words before *reason* are those of TWS for 201."""
        self._endings.reject(held, code, f"Order rejected - reason:{reason}" if code == 201 else reason)

    def cancel(self, held: HeldOrder, reason: str = "") -> None:
        """Have IB, or a person, cancel *held*."""
        self._endings.by_system(held, reason)

    def locate(self, held: HeldOrder) -> None:
        """Find the shares that *held*, a short sale, waits for."""
        held.is_located = True
        self._floor.tell_again(held)
        self._floor.look(held)

    def say_again(self, held: HeldOrder) -> None:
        """Tell of *held* once more, word for word."""
        if held.status is not None:
            self._desk.speech.pair(held, held.status)

    # People in front of TWS

    def enter(self, contract: Contract, order: Order) -> HeldOrder:
        """Have a person make *order* in TWS. It has no order id until client 0 binds it.

        An account that there is not is taken for the first: TWS lets a person choose among those that there are.
        Raises `LookupError` for a contract that TWS does not know, or that means several.
        """
        match = self._ground.universe.the_one(contract, self._ground.utc().date())
        if isinstance(match, Trouble):
            raise LookupError(match.text)  # noqa: TRY004 (it is the contract that is not found)
        if order.account not in self._ground.settings.accounts:
            order = replace(order, account="")
        held = self._entry.held(0, 0, match, order, contract, None)
        self._desk.orders.put(held)
        if 0 in self._desk.speech.follows_by_hand:
            self.bind(held)
        self._entry.transmit(held)
        return held

    def bind(self, held: HeldOrder) -> None:
        """Give *held*, which a person made, an order id of client 0, and say so to it (documented)."""
        if held.order_id != 0:
            return
        held.order_id, self._next_bound = self._next_bound, self._next_bound - 1
        self._desk.orders.name(held)
        owner = self._ground.listener(0)
        if owner is not None:
            owner.push(OrderBound(held.permanent_id, 0, held.order_id))

    # Options

    def exercise(
        self, client_id: int, order_id: int, match: Match, contract: Contract, quantity: int, account: str
    ) -> HeldOrder:
        """Take an exercise: an order to buy the option at 0, that is over when the day is (recorded)."""
        order = Order(
            Action.BUY,
            OrderType.LIMIT,
            Decimal(quantity),
            limit_price=0.0,
            time_in_force=TimeInForce.DAY,
            account=account,
        )
        held = self._entry.held(client_id, order_id, match, order, contract, None)
        self._desk.orders.put(held)
        self._desk.later(self._desk.latency.acknowledge, lambda: self._accept_exercise(held))
        return held

    def _accept_exercise(self, held: HeldOrder) -> None:
        self._desk.speech.complain(held, 10349, "Order TIF was set to DAY based on order preset.")
        held.is_accepted, held.is_triggered = True, True
        self._desk.speech.pair(held, OrderStatusWord.PRE_SUBMITTED)
        self._floor.at_end_of_day(held, self._exercise)

    def _exercise(self, held: HeldOrder) -> None:
        """Change the positions overnight: nothing is told of it but the end of the order (reported)."""
        name = self._desk.orders.next_execution_id()
        exercise(self._ground.accounts, held.account, held.instrument, held.total, self._ground.ms(), name)
        self._endings.by_system(held, "", quietly=True)
