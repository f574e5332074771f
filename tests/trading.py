"""A client of the simulated TWS that places orders, without IO and with the clock in the test's hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from anytws.core.connection import Connection
from anytws.core.events import Notice, Ready
from anytws.core.options import HandshakeOptions
from anytws.messages import Action, Contract, Order, OrderType, SecurityType
from anytws.messages.base import Message, Side, ToClient, ToTws
from anytws.messages.executions import CommissionAndFeesReport, ExecutionDetails
from anytws.messages.orders import CancelOrderRequest, OpenOrder, OrderStatus, PlaceOrderRequest
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.link import Link
from anytws.simulator.settings import EPOCH
from anytws.simulator.universe.instrument import Instrument

AAPL = Contract(symbol="AAPL", security_type=SecurityType.STOCK, exchange="SMART", currency="USD")


def stock(symbol: str) -> Contract:
    """Give a US stock as people name it."""
    return Contract(symbol=symbol, security_type=SecurityType.STOCK, exchange="SMART", currency="USD")


def market(action: str = "BUY", quantity: object = 100, **more: Any) -> Order:
    """Give a market order."""
    return Order(Action(action), OrderType.MARKET, Decimal(str(quantity)), **more)


def limit(price: float, action: str = "BUY", quantity: object = 100, **more: Any) -> Order:
    """Give a limit order."""
    return Order(Action(action), OrderType.LIMIT, Decimal(str(quantity)), limit_price=price, **more)


def stop(price: float, action: str = "SELL", quantity: object = 100, **more: Any) -> Order:
    """Give a stop order."""
    return Order(Action(action), OrderType.STOP, Decimal(str(quantity)), aux_price=price, **more)


def plain(number: Decimal | None) -> str:
    """Give *number* without zeros that say nothing."""
    return "" if number is None else f"{number.normalize():f}"


class Floor:
    """A world whose clock a test moves, and its clients."""

    def __init__(self, start: datetime = EPOCH, **settings: Any) -> None:
        self.now = 0.0
        self.world = World(WorldSettings(**{"epoch_at_zero": start, **settings}))
        self.traders: list[Trader] = []

    def trader(self, client_id: int = 1) -> Trader:
        """Connect a client, until it is ready."""
        trader = Trader(self, client_id)
        self.traders.append(trader)
        return trader

    def wait(self, seconds: float = 0.0) -> None:
        """Let time pass, waking everybody when they want to be woken."""
        until = self.now + seconds
        while True:
            times = [at for trader in self.traders if (at := trader.link.wake_at()) is not None]
            if (at := self.world.wake_at()) is not None:
                times.append(at)
            soonest = min(times, default=until)
            self.now = max(self.now, min(soonest, until))
            self.world.note_time(self.now)
            for trader in self.traders:
                trader.carry()
            if soonest >= until:
                return

    def instrument(self, symbol: str = "AAPL") -> Instrument:
        """Give what is traded as *symbol*."""
        return self.world.universe.by_symbol(symbol)

    def move(self, price: float, symbol: str = "AAPL") -> None:
        """Have *symbol* cost *price* from now on."""
        self.world.market.move_to(self.instrument(symbol), Decimal(str(price)), self.world.ms())

    def bid(self, symbol: str = "AAPL") -> Decimal:
        """Give what is bid for *symbol* now."""
        instrument = self.instrument(symbol)
        bid = self.world.market.quote(instrument, self.world.ms()).bid
        assert bid is not None
        return instrument.price_of(bid)

    def until(self, when: datetime) -> None:
        """Let time pass until *when*."""
        self.wait((when - self.world.utc(self.now)) / timedelta(seconds=1))


class Trader:
    """One client, and all that it was told."""

    def __init__(self, floor: Floor, client_id: int) -> None:
        self.floor = floor
        self.client_id = client_id
        self.heard: list[Message] = []
        self.next_id = 0
        self.connection = Connection(Side.CLIENT, HandshakeOptions(client_id=client_id))
        self.connection.opened(floor.now)
        self.link: Link = floor.world.connect("127.0.0.1", floor.now)
        self.carry()
        assert self.next_id

    def carry(self) -> None:
        """Carry bytes until there are none."""
        while True:
            data = self.connection.data_to_send()
            self.link.receive_data(data, self.floor.now)
            answer = self.link.data_to_send()
            self.connection.receive_data(answer)
            for event in self.connection.events():
                if isinstance(event, Ready):
                    self.next_id = self.connection.next_valid_id or 0
                if isinstance(event, Notice):
                    if event.request_id is not None:
                        self.heard.append(event.message)
                elif isinstance(event, ToClient):
                    self.heard.append(event)
            if self.link.failure is not None:
                raise self.link.failure
            if not data and not answer:
                return

    def send(self, request: ToTws) -> None:
        """Send *request* now."""
        self.link.receive_data(self.connection.send(request), self.floor.now)
        self.carry()

    def place(self, order: Order, contract: Contract = AAPL, *, order_id: int | None = None) -> int:
        """Place *order*; give its id."""
        if order_id is None:
            order_id, self.next_id = self.next_id, self.next_id + 1
        self.send(PlaceOrderRequest(contract, order, order_id=order_id))
        return order_id

    def cancel(self, order_id: int) -> None:
        """Cancel an order."""
        self.send(CancelOrderRequest(order_id))

    def held(self, order_id: int) -> HeldOrder:
        """Give what TWS holds under *order_id*."""
        return self.floor.world.exchange.hands.find(order_id, client_id=self.client_id)

    def story(self, order_id: int) -> list[str]:
        """Give what was heard of an order, in short words, and forget nothing."""
        return [word for message in self.heard if (word := self._word(message, order_id))]

    def take(self) -> list[Message]:
        """Give what was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard

    def _word(self, message: Message, order_id: int) -> str:
        match message:
            case OpenOrder() if message.order_id == order_id:
                status = message.order_state.status
                return f"OO({'' if status is None else status.value})"
            case OrderStatus() if message.order_id == order_id:
                status = message.status
                filled, remaining = (plain(number) for number in (message.filled, message.remaining))
                return f"OS({'' if status is None else status.value} {filled}/{remaining})"
            case ExecutionDetails() if message.execution.order_id == order_id:
                return f"EX({plain(message.execution.shares)})"
            case CommissionAndFeesReport():
                owner = self._owner(message.execution_id)
                return "CR" if owner == order_id else ""
            case ErrorMessage() if message.request_id == order_id:
                return f"ERR({message.error_code})"
        return ""

    def _owner(self, execution_id: str) -> int | None:
        for held, fill in self.floor.world.exchange.orders.fills:
            if fill.execution_id == execution_id:
                return held.order_id
        return None
