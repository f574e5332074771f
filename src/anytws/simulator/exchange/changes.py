"""How working orders are changed."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import replace
from anytws.messages.order import Order
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator.exchange.checks import TOO_MANY, Refused, problem_of
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.endings import Endings
from anytws.simulator.exchange.entry import Entry
from anytws.simulator.exchange.filling import Filling
from anytws.simulator.exchange.floor import Floor
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.ground import Listener
from anytws.simulator.universe.universe import Trouble

_DUPLICATE, _FILLED_ALREADY, _CHANGE_TOO_SOON = 103, 104, 2102


class Changes:
    """Changes the orders of an exchange. Found as `Exchange.changes`."""

    def __init__(self, desk: Desk, entry: Entry, floor: Floor, filling: Filling, endings: Endings) -> None:
        self._desk = desk
        self._ground = desk.ground
        self._entry = entry
        self._floor = floor
        self._filling = filling
        self._endings = endings

    def ask(self, client: Listener, held: HeldOrder, request: PlaceOrderRequest) -> None:
        """Take *request*, which has the id of *held*, as a change of it; or say why not."""
        order_id = held.order_id
        if not held.is_live:
            # Documented; of an order that was refused as well (reported).
            is_filled = held.status is OrderStatusWord.FILLED
            text = "Can't modify a filled order." if is_filled else "Duplicate order id"
            self._desk.refuse(client, order_id, Refused(_FILLED_ALREADY if is_filled else _DUPLICATE, text))
            return
        if held.is_changing:
            text = "Unable to modify this order as it is still being processed."
            self._desk.refuse(client, order_id, Refused(_CHANGE_TOO_SOON, text))
            return
        match = self._ground.universe.the_one(request.contract, self._ground.utc().date())
        parent = self._desk.orders.find(held.client_id, request.order.parent_id) if request.order.parent_id else None
        if isinstance(match, Trouble) or match.instrument is not held.instrument:
            self._desk.refuse(client, order_id, Refused(105, "Order being modified does not match original order."))
            return
        if request.order.parent_id and (parent is None or not parent.is_live):
            # Reported: a change whose parent is gone.
            self._desk.refuse(client, order_id, Refused(135, f"Can't find order with id ={request.order.parent_id}"))
            return
        problem = _not_the_same(held, request.order) if held.is_transmitted else None
        problem = problem or problem_of(self._ground, held.instrument, request.order, held.parent)
        if not self._desk.orders.has_room(request.order, request.contract):
            problem = TOO_MANY
        if problem is not None:
            self._desk.refuse(client, order_id, problem)
            return
        if not held.is_transmitted:
            order = replace(request.order, account=held.account, oca_group=held.order.oca_group)
            self._desk.orders.change(held, order)
            held.is_transmitted = request.order.transmit
            if request.order.transmit:
                self._entry.transmit(held)
            return
        held.is_changing = True
        self._desk.later(self._desk.latency.acknowledge, lambda: self._changed(held, request.order))

    def _changed(self, held: HeldOrder, order: Order) -> None:
        held.is_changing = False
        if not held.is_live:
            text = "Can't modify a filled order." if held.status is OrderStatusWord.FILLED else "Duplicate order id"
            code = _FILLED_ALREADY if held.status is OrderStatusWord.FILLED else _DUPLICATE
            self._desk.speech.complain(held, code, text)
            return
        terms = replace(
            order,
            account=held.account,
            filled_quantity=None,
            cash_quantity=order.cash_quantity or None,
            oca_group=order.oca_group or held.order.oca_group,
            time_in_force=order.time_in_force or held.order.time_in_force,
        )
        self._desk.orders.change(held, terms)
        if not held.remaining:
            # Its whole size was filled meanwhile.
            held.order = replace(held.order, total_quantity=held.filled)
            self._filling.complete(held)
            return
        if order.trail_stop_price is not None:
            held.stop = Decimal(str(order.trail_stop_price))
        self._desk.speech.pair(held, self._floor.word(held, self._ground.ms()))
        self._floor.set_end(held)
        self._floor.look(held, self._desk.latency.fill)


def _not_the_same(held: HeldOrder, order: Order) -> Refused | None:
    """Give why *order* is no change of *held*: another side, type in part filled, or less than is filled."""
    if order.action is not held.order.action:
        return Refused(105, "Order being modified does not match original order.")
    if held.order.cash_quantity:
        return Refused(10241, "Cash quantity order cannot be modified.")
    if order.total_quantity is not None and order.total_quantity < held.filled:
        return Refused(105, "Order being modified does not match original order.")
    return None
