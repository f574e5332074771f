"""The TWS of these days: a simulated one that remembers all that it was told, and whose orders a test can look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Final

from anytws.core.remembered import Remembered
from anytws.messages.base import ToClient, ToTws
from anytws.messages.orders import CancelOrderRequest, GlobalCancelRequest, PlaceOrderRequest
from anytws.simulator.answers import ANSWERS
from anytws.simulator.answers.answer import Answer, Answers
from anytws.simulator.client import Client
from anytws.simulator.exchange.exchange import Exchange
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.faults import Script
from anytws.simulator.ledger.accounts import Accounts
from anytws.simulator.ledger.booking import Margin
from anytws.simulator.link import Link
from anytws.simulator.market.market import Market
from anytws.simulator.market.models import FLAT
from anytws.simulator.settings import WorldSettings
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.universe import usual_universe
from anytws.simulator.world import World

CHANGES: Final = (PlaceOrderRequest, CancelOrderRequest, GlobalCancelRequest)
"""What changes something at the broker, of what is said on these days."""


@lru_cache(maxsize=1)
def _market() -> Market:
    return Market(usual_universe(), 1, FLAT)


def is_what_if(message: ToTws) -> bool:
    """Tell whether *message* is a question about an order."""
    return isinstance(message, PlaceOrderRequest) and message.order.what_if


class _Nothing(Remembered[Any]):
    """Remembers nothing."""

    def append(self, item: object) -> None:
        """Forget it."""


_NOTHING: Final = _Nothing(1)


def _enough(account: str, at: int, instrument: Instrument, quantity: Decimal, price: Decimal) -> Margin:
    """Give margins that are always enough."""
    del account, at, instrument, quantity, price
    return _ENOUGH


_BOUND, _EQUITY = Decimal(1000), Decimal(9000)
_ENOUGH: Final = Margin(
    initial_before=_BOUND,
    maintenance_before=_BOUND,
    equity_before=_EQUITY,
    initial_after=_BOUND,
    maintenance_after=_BOUND,
    equity_after=_EQUITY,
)


class Wrong(AssertionError):
    """Something that must never be."""


class House(World):
    """A simulated TWS. Orders may be read late there: ``slow`` seconds after they have come."""

    def __init__(self, settings: WorldSettings, script: Script | None) -> None:
        super().__init__(settings, answers=_ANSWERS, script=script)
        self.slow: float = 0.0
        self.held: Final[dict[int, HeldOrder]] = {}
        """Every order that there ever was, by its permanent id."""
        self.heard_changes: Final[dict[Link, list[ToTws]]] = {}
        """What was to change something, on each link, in order."""
        self.said: Final[dict[Link, deque[PlaceOrderRequest]]] = {}
        self.doubles: Final[set[int]] = set()
        """Permanent ids of orders that TWS has made of a change."""
        self.most_filled: Final[dict[int, Decimal]] = {}
        """How much each was ever said to be filled."""

    @cached_property
    def market(self) -> Market:
        """What it costs."""
        market = _market().again()
        market.on_change = self.note_market
        return market

    @cached_property
    def exchange(self) -> Exchange:  # type: ignore[override]
        """Its orders."""
        exchange = Exchange(self)
        orders, put = exchange.orders, exchange.orders.put

        def remember(held: HeldOrder) -> None:
            self.held[held.permanent_id] = held
            put(held)

        orders.put = remember  # type: ignore[method-assign]
        execution = exchange.speech.execution

        def tell(held: HeldOrder, fill: object) -> None:
            self.most_filled[held.permanent_id] = max(held.filled, self.most_filled.get(held.permanent_id, held.filled))
            execution(held, fill)  # type: ignore[arg-type]

        exchange.speech.execution = tell  # type: ignore[method-assign, assignment]
        return exchange

    @cached_property
    def accounts(self) -> Accounts:
        """What belongs to whom. There is always enough of it."""
        accounts = super().accounts
        accounts.margin = _enough  # type: ignore[method-assign]
        return accounts

    def connect(self, address: str, now: float) -> Link:
        """Let a client's byte stream come up. What happens on it is not kept: nobody looks at it there."""
        link = super().connect(address, now)
        link.events = _NOTHING  # type: ignore[misc]
        return link

    @property
    def has_orders(self) -> bool:
        """Whether there was any order yet."""
        return bool(self.held)

    def note_heard(self, link: Link, request: ToTws) -> None:
        """Remember what is to change something."""
        if isinstance(request, CHANGES) and not is_what_if(request):
            self.heard_changes.setdefault(link, []).append(request)

    def later(self, action: Callable[[], None]) -> None:
        """Do *action*, which an order asks for: now, or when orders are read."""
        if self.slow:
            self.do_at(self.ms() + round(self.slow * 1000), action)
        else:
            action()


def _place(client: Client, request: PlaceOrderRequest) -> Iterable[ToClient]:
    house = client.world
    house.later(lambda: house.exchange.place(client, request))  # type: ignore[attr-defined]
    return ()


def _cancel(client: Client, request: CancelOrderRequest) -> Iterable[ToClient]:
    house = client.world
    house.later(lambda: house.exchange.cancel(client, request.order_id))  # type: ignore[attr-defined]
    return ()


def _cancel_all(client: Client, _: GlobalCancelRequest) -> Iterable[ToClient]:
    house = client.world
    house.later(house.exchange.cancel_all)  # type: ignore[attr-defined]
    return ()


_ANSWERS: Final[Answers] = {
    **ANSWERS,
    PlaceOrderRequest: Answer(_place),
    CancelOrderRequest: Answer(_cancel),
    GlobalCancelRequest: Answer(_cancel_all),
}
