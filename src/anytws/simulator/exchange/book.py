"""All orders that a TWS has: by whose they are, by their ids, and for how long they are remembered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from anytws.core.remembered import weigh
from anytws.messages.contract import Action, Contract
from anytws.messages.order import Order
from anytws.messages.order_words import OrderType
from anytws.simulator.chance import draw
from anytws.simulator.exchange.order import Fill, HeldOrder

MOST_LIVE: Final = 10_000
"""How many orders there may be that are not over; more are refused (chosen, to have a bound)."""
MOST_ENDED: Final = 10_000
"""How many orders are remembered after their end; the oldest go first."""
MOST_FILLS: Final = 100_000
"""How many executions are remembered; the oldest go first."""
MOST_BYTES: Final = 128 * 2**20
"""About how many bytes all of these may keep together: half of it those that are not over. An order is some 4 KiB."""

_FIRST: Final = 1_000_000_000
_SPREAD: Final = 500_000_000
_STEP: Final = 30
_USUAL_BYTES: Final = 4096
"""What an order keeps that has no long text in it, without its fills."""
_FILL_BYTES: Final = 600
_MOST_LOST: Final = 1000


class OrderBook:
    """The orders of all clients and of the person in front of TWS."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._live: dict[int, HeldOrder] = {}
        self._by_client: dict[tuple[int, int], HeldOrder] = {}
        self.ended: Final[deque[HeldOrder]] = deque()
        """Those that are over, in the order of their ends."""
        self.fills: Final[deque[tuple[HeldOrder, Fill]]] = deque(maxlen=MOST_FILLS)
        """What was executed, in that order."""
        self.version: int = 0
        """Goes up whenever an order comes or ends."""
        self._lost: set[str] = set()
        """The names of fills of orders that are forgotten, until these are forgotten as well."""
        self._live_bytes = self._ended_bytes = self._lost_bytes = 0
        self._permanent_id = _FIRST + draw(seed, 1) % _SPREAD
        self._executions = 0

    @property
    def held_bytes(self) -> int:
        """About how many bytes all orders keep."""
        return self._live_bytes + self._ended_bytes + self._lost_bytes

    def has_room(self, order: Order, contract: Contract) -> bool:
        """Tell whether one more *order* of *contract* is taken, or a change to it."""
        return len(self._live) < MOST_LIVE and self._live_bytes + _weight_of(order, contract) <= MOST_BYTES // 2

    @property
    def live(self) -> list[HeldOrder]:
        """The orders that are not over, in the order in which they came."""
        return list(self._live.values())

    def next_permanent_id(self) -> int:
        """Give a permanent id that no order has. They rise by a little each time (recorded)."""
        self._permanent_id += 1 + draw(self._seed, 2, self._permanent_id) % _STEP
        return self._permanent_id

    def next_execution_id(self) -> str:
        """Give the name of a new execution, in the form of those of US stocks (recorded)."""
        self._executions += 1
        drawn = draw(self._seed, 3, self._executions)
        return f"{self._executions:08x}.{drawn & 0xFFFFFFFF:08x}.01.01"

    def find(self, client_id: int, order_id: int) -> HeldOrder | None:
        """Give the order of *client_id* with *order_id*, over or not; None: there is none that is remembered."""
        return self._by_client.get((client_id, order_id))

    def by_permanent_id(self, permanent_id: int) -> HeldOrder | None:
        """Give the order with *permanent_id* that is not over."""
        return self._live.get(permanent_id)

    def of_client(self, client_id: int) -> list[HeldOrder]:
        """Give the orders of *client_id* that are not over, bound ones of client 0 included."""
        return [held for held in self._live.values() if held.client_id == client_id and held.order_id != 0]

    def by_hand(self) -> list[HeldOrder]:
        """Give the orders that a person made and nobody has bound, and that are not over."""
        return [held for held in self._live.values() if held.order_id == 0]

    def group(self, name: str) -> Iterator[HeldOrder]:
        """Give the orders of the group *name* that are not over."""
        return (held for held in self.live if held.order.oca_group == name)

    def children(self, parent: HeldOrder) -> list[HeldOrder]:
        """Give the children of *parent* that are not over."""
        return [held for held in self._live.values() if held.parent is parent]

    def working(self, held: HeldOrder) -> int:
        """Give how many orders IB has for the contract, side and account of *held*, without it."""
        return sum(
            1
            for other in self._live.values()
            if other is not held
            and other.is_accepted
            and other.instrument is held.instrument
            and other.signed == held.signed
            and other.account == held.account
        )

    def put(self, held: HeldOrder) -> None:
        """Take *held* in."""
        self._live[held.permanent_id] = held
        held.weight = _weight_of(held.order, held.contract)
        self._live_bytes += held.weight
        self.version += 1
        self.name(held)

    def change(self, held: HeldOrder, order: Order) -> None:
        """Have *held*, which is not over, be *order* from now on."""
        self._live_bytes -= held.weight
        held.order, held.weight = order, _weight_of(order, held.contract)
        self._live_bytes += held.weight

    def name(self, held: HeldOrder) -> None:
        """Have *held* found by the ids that it has now."""
        if held.order_id != 0:
            self._by_client[held.client_id, held.order_id] = held

    def end(self, held: HeldOrder) -> None:
        """Note that *held* is over."""
        if self._live.pop(held.permanent_id, None) is None:
            return
        self.version += 1
        self.ended.append(held)
        self._live_bytes -= held.weight
        held.weight += _FILL_BYTES * len(held.fills)
        self._ended_bytes += held.weight
        if len(self.ended) > MOST_ENDED or self._ended_bytes > MOST_BYTES // 2:
            self._forget()

    def _forget(self) -> None:
        """Forget the orders that were over first. Their fills are looked for among all, so many at a time."""
        while len(self.ended) > MOST_ENDED or self._ended_bytes > MOST_BYTES // 2:
            oldest = self.ended.popleft()
            self._ended_bytes -= oldest.weight
            # A child of a child, and so on, would keep all of them.
            oldest.parent = None
            if oldest.fills:
                self._lost_bytes += oldest.weight
                self._lost.update(fill.execution_id for fill in oldest.fills)
            if self._by_client.get((oldest.client_id, oldest.order_id)) is oldest:
                del self._by_client[oldest.client_id, oldest.order_id]
        if len(self._lost) > _MOST_LOST or self._lost_bytes > MOST_BYTES // 8:
            left = [pair for pair in self.fills if pair[1].execution_id not in self._lost]
            self.fills.clear()
            self.fills.extend(left)
            self._lost.clear()
            self._lost_bytes = 0


def _weight_of(order: Order, contract: Contract) -> int:
    return _USUAL_BYTES + weigh(order) + weigh(contract) - _EMPTY


_EMPTY: Final = weigh(Order(Action.BUY, OrderType.MARKET)) + weigh(Contract())
