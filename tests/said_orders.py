"""What TWS says of orders, in few words: for tests of what is believed of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from anytws.machines.known_orders import KnownOrders
from anytws.machines.order import OrderLife
from anytws.machines.outbox import Outbox, Parcel, Place
from anytws.messages import (
    Action,
    CommissionAndFeesReport,
    CompletedOrder,
    Contract,
    ErrorMessage,
    Execution,
    ExecutionDetails,
    ExecutionSide,
    OpenOrder,
    Order,
    OrderStatus,
    OrderStatusWord,
    OrderType,
    PlaceOrderRequest,
    Stock,
)
from anytws.messages.order_state import OrderState

AAPL: Final = Stock("AAPL")
W: Final = OrderStatusWord


def order_of(permanent_id: int = 0, client_id: int = 1, ref: str = "", **fields: Any) -> Order:
    """Give the terms of an order as TWS says them."""
    terms: dict[str, Any] = {
        "action": Action.BUY,
        "order_type": OrderType.LIMIT,
        "total_quantity": Decimal(10),
        "limit_price": 1.0,
    }
    names = {"client_id": client_id, "permanent_id": permanent_id, "order_reference": ref}
    return Order(**terms | names | fields)


def opened(
    order_id: int = 5,
    permanent_id: int = 0,
    client_id: int = 1,
    ref: str = "",
    word: OrderStatusWord = W.SUBMITTED,
    contract: Contract = AAPL,
    **fields: Any,
) -> OpenOrder:
    """Give an open order."""
    order = order_of(permanent_id, client_id, ref, **fields)
    return OpenOrder(order_id, contract, order, OrderState(status=word))


def status(
    order_id: int = 5,
    permanent_id: int = 0,
    client_id: int = 1,
    word: OrderStatusWord = W.SUBMITTED,
    filled: int = 0,
    remaining: int | None = None,
) -> OrderStatus:
    """Give a status."""
    rest = 10 - filled if remaining is None else remaining
    return OrderStatus(order_id, word, Decimal(filled), Decimal(rest), 1.0, permanent_id, 0, 1.0, client_id)


def executed(
    execution_id: str,
    order_id: int | None = 5,
    permanent_id: int = 0,
    client_id: int = 1,
    shares: int = 10,
    ref: str = "",
    cumulative: int | None = None,
    request_id: int | None = None,
) -> ExecutionDetails:
    """Give an execution."""
    so_far = Decimal(shares if cumulative is None else cumulative)
    execution = Execution(
        execution_id,
        ExecutionSide.BOUGHT,
        order_id,
        shares=Decimal(shares),
        price=1.0,
        permanent_id=permanent_id,
        client_id=client_id,
        cumulative_quantity=so_far,
        average_price=1.0,
        order_reference=ref,
    )
    return ExecutionDetails(request_id, AAPL, execution)


def costs(execution_id: str, amount: float = 1.0) -> CommissionAndFeesReport:
    """Give what an execution cost."""
    return CommissionAndFeesReport(execution_id, amount, "USD")


def completed(
    permanent_id: int = 0,
    order_id: int | None = None,
    client_id: int = 0,
    ref: str = "",
    word: OrderStatusWord = W.CANCELLED,
    **fields: Any,
) -> CompletedOrder:
    """Give the row of a completed order: in text without its order id, after a restart under client id 0."""
    order = order_of(permanent_id, client_id, ref, order_id=order_id, **{"total_quantity": Decimal(0)} | fields)
    return CompletedOrder(AAPL, order, OrderState(status=word))


def error(number: int | None, code: int, text: str = "so TWS says") -> ErrorMessage:
    """Give an error, or a remark."""
    return ErrorMessage(number, code, text)


class Book:
    """Known orders, and what is sent of them: bytes leave at once, or when the test says so."""

    def __init__(self, client_id: int = 1, next_valid_id: int = 5) -> None:
        self.known = KnownOrders(lasts=True)
        self.outbox = Outbox()
        self.known.begin(client_id, next_valid_id)

    def place(self, order_id: int | None = None, ref: str = "", *, leaves: bool = True, **fields: Any) -> OrderLife:
        """Place an order, or change one."""
        number = self.known.ids.next if order_id is None else order_id
        order = order_of(ref=ref, **{"client_id": 0} | fields)
        life = self.send(PlaceOrderRequest(AAPL, order, order_id=number), leaves=leaves)
        assert life is not None
        return life

    def send(self, message: Any, *, leaves: bool = True) -> OrderLife | None:
        """Say *message*."""
        number = getattr(message, "order_id", None)
        if number is not None:
            self.known.ids.note_used(number)
        life = self.known.note_sent(message, self.parcel())
        if leaves:
            self.leave()
        return life

    def parcel(self) -> Parcel:
        """Give the bytes of something that waits to be sent."""
        return self.outbox.put(b"x", 0.0, urgent=True)

    def leave(self) -> None:
        """Have all leave that waits."""
        while data := self.outbox.data_to_send(0.0):
            self.outbox.sent(len(data), 0.0)

    def hear(self, *messages: Any) -> None:
        """TWS says *messages*."""
        self.known.hear(messages)

    def places(self, life: OrderLife) -> list[Place]:
        """Tell where the bytes are that were sent for *life*."""
        return [parcel.place for _, parcel in life.sent]
