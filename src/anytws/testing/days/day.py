"""What a test sees of a day while it runs: the truth of the simulated TWS, whatever the program believes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import attrs

from anytws.messages.contract import Action
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator.world import World
from anytws.testing.days.plan import Plan
from anytws.testing.days.story import Story

if TYPE_CHECKING:
    from anytws.simulator.exchange.order import Fill, HeldOrder

_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class LiveOrder:
    """An order that TWS has, and that may still be filled."""

    ref: str
    """What the program called it: `Order.order_reference`."""
    symbol: str
    """Of what it trades."""
    action: Action
    """Whether it buys or sells."""
    quantity: Decimal
    """All of it, what is filled included."""
    filled: Decimal
    """What is filled."""
    status: OrderStatusWord | None
    """The last word that TWS has for it; None: none yet."""
    order_id: int
    """The id that the program gave it."""
    permanent_id: int
    """The id that TWS gave it."""

    @property
    def remaining(self) -> Decimal:
        """What is not filled."""
        return self.quantity - self.filled


@attrs.frozen
class DayFill:
    """One execution, as it happened at the exchange, whether or not the program has been told of it."""

    ref: str
    """Of the order that was filled: `Order.order_reference`."""
    symbol: str
    """Of what was traded."""
    shares: Decimal
    """How much; negative: it was sold."""
    price: Decimal
    """At what price."""
    time: datetime
    """When, in UTC."""
    execution_id: str
    """Names the execution."""


class Day:
    """A day of the simulated TWS, as it stands at one moment of it.

    A test is given it after everything that happens, and looks at what is true then. All that it gives is a value of
    that moment; nothing that it is asked changes the day.
    """

    def __init__(self, plan: Plan, world: World, story: Story, clock: Callable[[], float]) -> None:
        self.plan: Final = plan
        """What the day was made of."""
        self.world: Final = world
        """The TWS itself, for what has no name here."""
        self.story: Final = story
        """What was said until now."""
        self.is_at_rest: bool = False
        """Whether all faults are over and nothing happens any more. The test is called once then, last of all."""
        self._clock = clock

    def __repr__(self) -> str:
        return f"<Day at {self.time:%H:%M:%S} UTC, {self.story!r}>"

    @property
    def now(self) -> float:
        """Seconds since the day began."""
        return self._clock()

    @property
    def time(self) -> datetime:
        """The time of TWS, in UTC."""
        return self.world.utc(self._clock())

    @property
    def is_connected(self) -> bool:
        """Whether TWS has a client that is connected."""
        return bool(self.world.listeners)

    def position(self, symbol: str, account: str | None = None) -> Decimal:
        """Give how many of *symbol* the account holds; negative: sold short, 0: none.

        *symbol* means what it most usually does (``AAPL``: the stock). *account* is the first one unless it is said.
        Raises `LookupError` for a symbol that this TWS does not know.
        """
        instrument = self.world.universe.by_symbol(symbol)
        return self.world.accounts.position(account or self.world.settings.accounts[0], instrument.contract_id)

    @property
    def live_orders(self) -> tuple[LiveOrder, ...]:
        """The orders that may still be filled, in the order in which TWS took them."""
        return tuple([_live(order) for order in self.world.exchange.orders.live])

    def fills(self, ref: str | None = None) -> tuple[DayFill, ...]:
        """Give the executions of orders that were called *ref*, of all orders if it is None, in time.

        What an earlier day has left behind, such as the positions at the beginning, has no executions.
        """
        fills = self.world.exchange.orders.fills
        return tuple([_filled(fill, held) for held, fill in fills if ref is None or held.order.order_reference == ref])


def _filled(fill: Fill, held: HeldOrder) -> DayFill:
    return DayFill(
        ref=held.order.order_reference,
        symbol=fill.contract.symbol,
        shares=fill.shares,
        price=fill.price,
        time=_1970 + timedelta(milliseconds=fill.at),
        execution_id=fill.execution_id,
    )


def _live(held: HeldOrder) -> LiveOrder:
    return LiveOrder(
        ref=held.order.order_reference,
        symbol=held.contract.symbol,
        action=held.order.action,
        quantity=held.total,
        filled=held.filled,
        status=held.status,
        order_id=held.order_id,
        permanent_id=held.permanent_id,
    )
