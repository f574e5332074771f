"""What all parts of an exchange have in common: the orders, the speech, the clock, and who is told of what happened."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from anytws.simulator.exchange.book import OrderBook
from anytws.simulator.exchange.checks import Refused
from anytws.simulator.exchange.models import Latency
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.exchange.speech import Speech
from anytws.simulator.ground import Ground, Listener


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


class Desk:
    """The middle of an exchange."""

    def __init__(self, ground: Ground) -> None:
        self.ground: Final = ground
        """What it stands on."""
        self.orders: Final = OrderBook(ground.settings.seed)
        """All orders."""
        self.speech: Final = Speech(ground)
        """What tells the clients."""
        self.after_fill: Callable[[HeldOrder, Decimal], None] = _ignore
        """Is told of each fill of an order, with the shares, when all has been said of it."""
        self.after_end: Callable[[HeldOrder], None] = _ignore
        """Is told of each order that has ended other than by its fills."""

    @property
    def latency(self) -> Latency:
        """How long things take."""
        return self.ground.settings.latency

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* after *seconds*; at once if that is no time at all."""
        if seconds <= 0:
            action()
        else:
            self.ground.do_at(self.ground.ms() + max(round(seconds * 1000), 1), action)

    def soon(self, held: HeldOrder, seconds: float, step: Callable[[HeldOrder], None]) -> None:
        """Do *step* with *held* after *seconds*, unless something else has happened to it by then."""
        if seconds <= 0:
            if held.is_live:
                step(held)
        else:
            self.at(held, self.ground.ms() + max(round(seconds * 1000), 1), step)

    def at(self, held: HeldOrder, ms: int, step: Callable[[HeldOrder], None]) -> None:
        """Do *step* with *held* at *ms*, unless something else has happened to it by then."""
        turn = held.turn

        def is_void() -> bool:
            return held.turn != turn or not held.is_live

        self.ground.do_at(ms, lambda: None if is_void() else self.do(held, step), is_void)

    def do(self, held: HeldOrder, step: Callable[[HeldOrder], None]) -> None:
        """Do *step* with *held*. What fails is the end of its client's connection, not of whoever told the time."""
        try:
            step(held)
        except Exception as failure:
            owner = self.ground.listener(held.client_id)
            if owner is None:
                raise
            owner.fail(failure)

    def refuse(self, client: Listener, order_id: int, problem: Refused) -> None:
        """Say to *client* that what it asked for under *order_id* is not done."""
        self.speech.refuse(client, order_id, problem.code, problem.text)
