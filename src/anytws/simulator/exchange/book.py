"""All orders that a TWS has: by whose they are, by their ids, and for how long they are remembered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from anytws.simulator.chance import draw
from anytws.simulator.exchange.order import Fill, HeldOrder

MOST_LIVE: Final = 10_000
"""How many orders there may be that are not over; more are refused (chosen, to have a bound)."""
MOST_ENDED: Final = 10_000
"""How many orders are remembered after their end; the oldest go first."""
MOST_FILLS: Final = 100_000
"""How many executions are remembered; the oldest go first."""

_FIRST: Final = 1_000_000_000
_SPREAD: Final = 500_000_000
_STEP: Final = 30


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
        self.version = 0
        """Goes up whenever an order comes or ends."""
        self._permanent_id = _FIRST + draw(seed, 1) % _SPREAD
        self._executions = 0

    @property
    def is_full(self) -> bool:
        """Whether no more orders are taken."""
        return len(self._live) >= MOST_LIVE

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
        self.version += 1
        self.name(held)

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
        while len(self.ended) > MOST_ENDED:
            oldest = self.ended.popleft()
            self._by_client.pop((oldest.client_id, oldest.order_id), None)
