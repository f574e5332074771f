"""How orders come in: what they mean is looked up, what is wrong with them is said, and their family is sent on."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from anytws.messages.base import replace
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.order import Order
from anytws.messages.order_parts import AttachedOrders
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator.exchange.checks import NO_SIZE, NOT_SIMULATED, TOO_MANY, not_meant, problem_of
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.floor import Floor
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.exchange.preview import preview
from anytws.simulator.ground import Listener
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.universe import Match, Trouble


class Entry:
    """Takes orders in, for an exchange. Found as `Exchange.entry`."""

    def __init__(self, desk: Desk, floor: Floor) -> None:
        self._desk = desk
        self._ground = desk.ground
        self._floor = floor

    def place(self, client: Listener, client_id: int, order_id: int, request: PlaceOrderRequest) -> None:
        """Take an order of *client* under an id that it may use, or say why not."""
        match = self._ground.universe.the_one(request.contract, self._ground.utc().date())
        if isinstance(match, Trouble):
            self._desk.refuse(client, order_id, not_meant(match))
            return
        order = request.order
        parent = self._desk.orders.find(client_id, order.parent_id) if order.parent_id else None
        problem = problem_of(self._ground, match.instrument, order, parent)
        if request.attached_orders != AttachedOrders():
            problem = problem or NOT_SIMULATED
        if not self._desk.orders.has_room(order, request.contract):
            problem = TOO_MANY
        if problem is not None:
            self._desk.refuse(client, order_id, problem)
            return
        held = self.held(client_id, order_id, match, order, request.contract, parent)
        if not held.total:
            # Less cash than the smallest part costs, or a hedge of nothing.
            self._desk.refuse(client, order_id, NO_SIZE)
            return
        if order.what_if:
            self._desk.later(self._desk.latency.acknowledge, lambda: preview(self._ground, held, client))
            return
        self._desk.orders.put(held)
        if held.order.transmit:
            self.transmit(held)
        else:
            held.is_transmitted = False
            if self._ground.settings.habits.inactive_when_held_back:
                self._desk.soon(held, self._desk.latency.acknowledge, self._say_held_back)

    def _say_held_back(self, held: HeldOrder) -> None:
        """Tell that *held* is not transmitted, if that is so still."""
        if not held.is_accepted:
            self._desk.speech.pair(held, OrderStatusWord.INACTIVE)

    def held(
        self,
        client_id: int,
        order_id: int,
        match: Match,
        order: Order,
        asked: Contract,
        parent: HeldOrder | None,
    ) -> HeldOrder:
        """Give *order* as TWS is going to hold it, for the contract that was *asked*."""
        instrument, at = match.instrument, self._ground.ms()
        # What only TWS says is not the client's to say.
        account, cash = order.account or self._ground.settings.accounts[0], order.cash_quantity or None
        order = replace(order, account=account, filled_quantity=None, cash_quantity=cash)
        if order.parent_id and parent is not None:
            # Recorded: the members of a bracket are a group, named after the parent.
            group = order.oca_group or str(parent.permanent_id)
            order = replace(order, oca_group=group)
        if not order.total_quantity and order.cash_quantity:
            order = replace(order, total_quantity=self._for_cash(instrument, order))
        if order.hedge_type is not None and not order.total_quantity and parent is not None:
            order = replace(order, total_quantity=parent.total)
        return HeldOrder(
            client_id=client_id,
            order_id=order_id,
            permanent_id=self._desk.orders.next_permanent_id(),
            instrument=instrument,
            contract=told_contract(match, asked),
            order=order,
            account=order.account,
            placed_at=at,
            parent=parent,
            followed_until=at,
            stop=None if order.trail_stop_price is None else Decimal(str(order.trail_stop_price)),
        )

    def _for_cash(self, instrument: Instrument, order: Order) -> Decimal:
        cash = Decimal(str(order.cash_quantity))
        if instrument.contract.security_type is SecurityType.FOREX:
            # Chosen: the cash is of the first currency, as the quantity of a forex order is.
            return cash
        price = instrument.price_of(self._ground.market.mark(instrument, self._ground.ms())) * instrument.multiplier
        return (cash / price / instrument.size_unit).to_integral_value(ROUND_FLOOR) * instrument.size_unit

    def transmit(self, held: HeldOrder) -> None:
        """Send *held* on, and with it the members of its family that were held back."""
        family = [held]
        if held.parent is not None:
            family = [held.parent, *self._desk.orders.children(held.parent)]
        for member in family:
            if member.is_live and not member.is_accepted and (member is held or not member.is_transmitted):
                member.is_transmitted = True
                self._desk.soon(member, self._desk.latency.acknowledge, self._floor.accept)


def told_contract(match: Match, asked: Contract) -> Contract:
    """Give the contract of an order as TWS tells of it: its own words, the exchange and the legs of who asked."""
    contract = match.instrument.contract
    changes: dict[str, object] = {"exchange": asked.exchange or match.exchange, "primary_exchange": ""}
    if asked.combo_legs:
        changes["combo_legs"] = asked.combo_legs
    told: Contract = replace(contract, **changes)
    return told
