"""What becomes of orders: they are taken or refused, work, are filled, changed, cancelled, and expire.

Each step takes its time (`Latency`), so requests cross what happens meanwhile as they do with a real TWS. What is told
of it is `anytws.simulator.exchange.speech`; when the market reaches an order, `anytws.simulator.exchange.touches`.
"""

from __future__ import annotations

from typing import Final

from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator.exchange.book import OrderBook
from anytws.simulator.exchange.changes import Changes
from anytws.simulator.exchange.checks import Refused
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.endings import Endings
from anytws.simulator.exchange.entry import Entry
from anytws.simulator.exchange.families import Families
from anytws.simulator.exchange.filling import Filling
from anytws.simulator.exchange.floor import Floor
from anytws.simulator.exchange.groups import Groups
from anytws.simulator.exchange.hands import Hands
from anytws.simulator.exchange.speech import Speech
from anytws.simulator.ground import Ground, Listener
from anytws.simulator.universe.instrument import Instrument

_DUPLICATE: Final = 103


class Exchange:
    """The orders of a TWS, and what becomes of them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.desk: Final = Desk(ground)
        """What its parts have in common."""
        groups = Groups(self.desk)
        self.filling: Final = Filling(self.desk)
        """How orders are filled."""
        self.endings: Final = Endings(self.desk)
        """How they end otherwise."""
        self.floor: Final = Floor(self.desk, groups, self.filling, self.endings)
        """Where they work."""
        self.entry: Final = Entry(self.desk, self.floor)
        """How they come in."""
        self.changes: Final = Changes(self.desk, self.entry, self.floor, self.filling, self.endings)
        """How they are changed."""
        self.hands: Final = Hands(self.desk, self.entry, self.floor, self.filling, self.endings)
        """What a test does to them."""
        families = Families(self.desk, groups, self.floor, self.endings)
        self.desk.after_fill, self.desk.after_end = families.note_fill, families.note_end

    @property
    def orders(self) -> OrderBook:
        """All orders."""
        return self.desk.orders

    @property
    def speech(self) -> Speech:
        """What tells the clients."""
        return self.desk.speech

    def place(self, client: Listener, request: PlaceOrderRequest) -> None:
        """Take an order, or a change of one, or say why not."""
        client_id, order_id = client.client_id, request.order_id
        if client_id is None or order_id is None:
            raise ValueError("an order is placed by a client that has an id, under an order id")
        known = self.desk.orders.find(client_id, order_id)
        if known is not None:
            self.changes.ask(client, known, request)
        elif order_id < self._ground.next_valid_id(client_id):
            self.desk.refuse(client, order_id, Refused(_DUPLICATE, "Duplicate order id"))
        else:
            self._ground.use_order_id(client_id, order_id)
            self.entry.place(client, client_id, order_id, request)

    def cancel(self, client: Listener, order_id: int) -> None:
        """Cancel an order of *client*, or say why not."""
        self.endings.cancel(client, order_id)

    def cancel_all(self) -> None:
        """Cancel all orders of all clients, and those that were made by hand: the newest first."""
        self.endings.cancel_all()

    def note_market(self, instrument: Instrument) -> None:
        """Look again at all orders of *instrument* and of what follows it: its market was moved, halted or resumed."""
        self.floor.note_market(instrument)
