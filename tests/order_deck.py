"""Lives of orders, a step a line, for tables of scenarios: ``os Submitted 40/60``, ``ex a.01 40@10``, ``err 202``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from anytws.core.events import CloseReason, ConnectionClosed
from anytws.core.state import State
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Owner, TradeState
from anytws.machines.outbox import Outbox, Parcel
from anytws.messages import (
    Action,
    CancelOrderRequest,
    CommissionAndFeesReport,
    CompletedOrder,
    Contract,
    ErrorMessage,
    Execution,
    ExecutionDetails,
    ExecutionSide,
    OpenOrder,
    Order,
    OrderState,
    OrderStatus,
    OrderStatusWord,
    OrderType,
    PlaceOrderRequest,
    SecurityType,
)
from anytws.messages.base import Message
from anytws.messages.contract import ComboLeg

ORDER_ID: Final = 7
PERMANENT_ID: Final = 9000000007
STOCK: Final = Contract(contract_id=265598, symbol="AAPL", security_type=SecurityType.STOCK, exchange="SMART")
COMBO: Final = Contract(
    contract_id=28812380,
    symbol="SPX",
    security_type=SecurityType.COMBO,
    combo_legs=(ComboLeg(contract_id=11, ratio=1), ComboLeg(contract_id=12, ratio=2)),
)
CUT: Final = ConnectionClosed(CloseReason.EOF, State.READY)


def order(quantity: str = "100", price: float = 10.0, *, transmit: bool = True) -> Order:
    """Give a limit order."""
    return Order(Action.BUY, OrderType.LIMIT, Decimal(quantity), price, transmit=transmit, order_reference="mine")


def open_order(word: str | None, quantity: str = "100", price: float = 10.0) -> OpenOrder:
    """Give an `OpenOrder`; *word* ``-`` is none."""
    said = None if word in (None, "-") else OrderStatusWord(word)
    told = Order(
        Action.BUY,
        OrderType.LIMIT,
        Decimal(quantity),
        price,
        client_id=1,
        permanent_id=PERMANENT_ID,
        account="DU1",
        order_reference="mine",
    )
    return OpenOrder(ORDER_ID, STOCK, told, OrderState(status=said))


def status(word: str, filled: str = "0", remaining: str = "100", average: float = 0.0, why: str = "") -> OrderStatus:
    """Give an `OrderStatus`."""
    return OrderStatus(
        ORDER_ID, OrderStatusWord(word), Decimal(filled), Decimal(remaining), average, PERMANENT_ID, 0, average, 1, why
    )


def execution(
    name: str,
    shares: str | None,
    price: float | None = 10.0,
    cumulative: str | None = None,
    *,
    contract: Contract = STOCK,
    account: str = "DU1",
) -> ExecutionDetails:
    """Give an execution that has just happened."""
    return ExecutionDetails(
        None,
        contract,
        Execution(
            name,
            ExecutionSide.BOUGHT,
            ORDER_ID,
            None,
            account,
            shares=None if shares is None else Decimal(shares),
            price=price,
            permanent_id=PERMANENT_ID,
            client_id=1,
            cumulative_quantity=None if cumulative is None else Decimal(cumulative),
        ),
    )


def error(code: int, text: str = "text") -> ErrorMessage:
    """Give a code under the id of the order."""
    return ErrorMessage(ORDER_ID, code, text)


def completed(word: str, filled: str | None = None, text: str = "", quantity: str = "0") -> CompletedOrder:
    """Give the row of a completed order."""
    told = Order(
        Action.BUY,
        OrderType.LIMIT,
        Decimal(quantity),
        10.0,
        permanent_id=PERMANENT_ID,
        filled_quantity=None if filled is None else Decimal(filled),
    )
    return CompletedOrder(STOCK, told, OrderState(status=OrderStatusWord(word), completed_status=text))


class Told:
    """An order, and who tells of it."""

    def __init__(self, owner: Owner = Owner.OURS) -> None:
        self.life: OrderLife = OrderLife(owner)
        self.outbox: Outbox = Outbox()

    @property
    def state(self) -> TradeState:
        return self.life.state

    def parcel(self, *, leaves: bool = True) -> Parcel:
        """Give the bytes of something that is sent."""
        parcel = self.outbox.put(b"bytes", 0.0)
        if leaves:
            self.outbox.sent(len(self.outbox.data_to_send(0.0)), 0.0)
        return parcel

    def place(self, asked: Order, *, leaves: bool = True) -> Parcel:
        """Send the order, or a change of it."""
        parcel = self.parcel(leaves=leaves)
        self.life.note_placed(PlaceOrderRequest(STOCK, asked, order_id=ORDER_ID), parcel)
        return parcel

    def cancel(self, *, leaves: bool = True) -> Parcel:
        """Send a cancel."""
        parcel = self.parcel(leaves=leaves)
        self.life.note_cancelled(CancelOrderRequest(ORDER_ID), parcel)
        return parcel

    def hear(self, message: Message) -> bool:
        """Hear something; tell whether it was new."""
        hearing: dict[type, Callable[..., bool]] = {
            OpenOrder: self.life.hear_open_order,
            OrderStatus: self.life.hear_status,
            ExecutionDetails: self.life.hear_execution,
            CommissionAndFeesReport: self.life.hear_costs,
            CompletedOrder: self.life.hear_completed,
            ErrorMessage: self.life.hear_error,
        }
        return hearing[type(message)](message)

    def tell(self, step: str) -> None:
        """Do one step of a table."""
        what, *rest = step.split()
        match what:
            case "new" | "change" | "keep":
                quantity, _, price = (rest[0] if rest else "100").partition("@")
                self.place(order(quantity, float(price or 10), transmit=what != "keep"))
            case "cancel":
                self.cancel()
            case "cut":
                self.life.note_unsure(CUT)
            case "down":
                self.life.note_unsure("TWS has lost its link (1100)")
            case "up":
                self.life.note_link_back()
            case "sure":
                self.life.note_sure("TWS was asked")
            case _:
                self.hear(message_of(step))


def message_of(step: str) -> Message:
    """Give the message that a step of a table is."""
    what, *rest = step.split()
    match what:
        case "oo":
            quantity, _, price = (rest[1] if len(rest) > 1 else "100").partition("@")
            return open_order(rest[0], quantity, float(price or 10))
        case "os":
            filled, _, remaining = (rest[1] if len(rest) > 1 else "0/100").partition("/")
            return status(rest[0], filled, remaining, 10.0 if filled != "0" else 0.0, *rest[2:])
        case "ex":
            shares, _, price = rest[1].partition("@")
            cumulative = rest[2] if len(rest) > 2 else None
            return execution(rest[0], shares if shares != "-" else None, float(price or 10), cumulative)
        case "cr":
            return CommissionAndFeesReport(rest[0], float(rest[1]), "USD")
        case "err":
            return error(int(rest[0]), " ".join(rest[1:]) or "text")
        case "done":
            return completed(rest[0], rest[1] if len(rest) > 1 else None, " ".join(rest[2:]))
    raise ValueError(step)


def brief(state: TradeState) -> str:
    """Give what a state says in a few words: outcome, filled and remaining, and what is out of the ordinary."""
    marks = [name for name in ("held", "untransmitted", "contested", "unsure") if getattr(state, f"is_{name}")]
    if state.pending.value != "idle":
        marks.append(f"pending-{state.pending.value}")
    left = "?" if state.remaining is None else str(state.remaining)
    return " ".join([f"{state.status.value} {state.filled}/{left}", *marks])


def new() -> Told:
    """Give an order that was sent, and of which nothing was heard."""
    told = Told()
    told.place(order())
    return told


def working() -> Told:
    """Give one that works."""
    told = new()
    told.tell("oo Submitted")
    told.tell("os Submitted 0/100")
    return told
