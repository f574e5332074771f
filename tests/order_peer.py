"""What a scripted TWS says of orders, in short: `tests/scripted_peer.py` with words for orders."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import anyio.lowlevel

from anytws import Tws
from anytws.messages import Contract, ErrorMessage, LimitOrder, SecurityType, ToClient
from anytws.messages.base import replace
from anytws.messages.executions import CommissionAndFeesReport, Execution, ExecutionDetails, ExecutionSide
from anytws.messages.order import Order
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import CancelOrderRequest, OpenOrder, OrderStatus, PlaceOrderRequest
from tests.scripted_peer import ACCOUNT, Peer, talking

AAPL: Final = Contract(265598, "AAPL", SecurityType.STOCK, exchange="SMART", currency="USD")
LIMIT: Final = LimitOrder("BUY", 100, 10)
W = OrderStatusWord
CLIENT: Final = 1
TURNS: Final = 2000


class Desk:
    """A TWS that takes orders, and says of each what the test has it say."""

    def __init__(self, peer: Peer) -> None:
        self.peer: Final = peer
        self.says: Callable[[Desk, PlaceOrderRequest], Iterable[ToClient]] = submitted
        self.says_to_cancel: Callable[[Desk, CancelOrderRequest], Iterable[ToClient]] = cancelled
        self.orders: dict[int, PlaceOrderRequest] = {}
        peer.answers = {PlaceOrderRequest: self._place, CancelOrderRequest: self._cancel}

    def _place(self, request: PlaceOrderRequest) -> list[ToClient]:
        assert request.order_id is not None
        said = [*self.says(self, request)]
        self.orders[request.order_id] = request
        return said

    def _cancel(self, request: CancelOrderRequest) -> list[ToClient]:
        return [*self.says_to_cancel(self, request)]

    def heard(self, kind: type[Any]) -> list[Any]:
        """Give all requests of one kind."""
        return [each for each in self.peer.heard if isinstance(each, kind)]

    async def say(self, *said: ToClient) -> None:
        """Say something, and have it heard."""
        await self.peer.say(*said)
        await turns()


async def turns(count: int = 20) -> None:
    """Let others have their turns."""
    for _ in range(count):
        await anyio.lowlevel.checkpoint()


async def until(condition: Callable[[], object]) -> None:
    """Let others have their turns until *condition* holds."""
    for _ in range(TURNS):
        if condition():
            return
        await anyio.lowlevel.checkpoint()
    raise AssertionError("what was waited for did not happen")


# --- what TWS says ---------------------------------------------------------------------------------------------------


def opened(number: int, order: Order = LIMIT, word: OrderStatusWord = W.SUBMITTED, **changes: Any) -> OpenOrder:
    """Say an order as TWS has it."""
    said = {"client_id": CLIENT, "permanent_id": 9000 + number, "account": ACCOUNT, **changes}
    return OpenOrder(number, AAPL, replace(order, **said), OrderState(status=word))


def told(
    number: int, word: OrderStatusWord = W.SUBMITTED, filled: int = 0, rest: int = 100, **more: Any
) -> OrderStatus:
    """Say the status of an order."""
    said: dict[str, Any] = {"client_id": CLIENT, "permanent_id": 9000 + number, **more}
    price = 10.0 if filled else 0.0
    return OrderStatus(
        number, word, Decimal(filled), Decimal(rest), price, said["permanent_id"], 0, price, said["client_id"],
        said.get("why_held", ""),
    )  # fmt: skip


def executed(number: int, shares: int, so_far: int, name: str = "", ref: str = "") -> ExecutionDetails:
    """Say an execution."""
    execution = Execution(
        name or f"0000e0d5.{number:08x}.{so_far:02}.01",
        ExecutionSide.BOUGHT,
        number,
        account=ACCOUNT,
        shares=Decimal(shares),
        price=10.0,
        permanent_id=9000 + number,
        client_id=CLIENT,
        cumulative_quantity=Decimal(so_far),
        average_price=10.0,
        order_reference=ref,
    )
    return ExecutionDetails(None, AAPL, execution)


def cost(of: ExecutionDetails, amount: float = 1.0) -> CommissionAndFeesReport:
    """Say what an execution cost."""
    return CommissionAndFeesReport(of.execution.execution_id, amount, "USD")


def refused(number: int | None, code: int = 201) -> ErrorMessage:
    """Say a code of an order."""
    return ErrorMessage(number, code, f"so it says {code}")


# --- what a desk does ------------------------------------------------------------------------------------------------


def submitted(_: Desk, request: PlaceOrderRequest) -> Iterable[ToClient]:
    """Take the order, or the change."""
    number = request.order_id or 0
    if not request.order.transmit:
        return []
    total = request.order.total_quantity or Decimal(0)
    return [opened(number, request.order), told(number, rest=int(total))]


def nothing(_: Desk, __: Any) -> Iterable[ToClient]:
    """Say nothing."""
    return []


def cancelled(_: Desk, request: CancelOrderRequest) -> Iterable[ToClient]:
    """Cancel the order."""
    number = request.order_id
    return [told(number, W.CANCELLED), ErrorMessage(number, 202, "Order Canceled - reason:")]


@asynccontextmanager
async def trading(version: int = 226, **options: Any) -> AsyncGenerator[tuple[Tws, Desk]]:
    """Connect to such a TWS, as client 1."""
    async with talking(version, **{"client_id": CLIENT, **options}) as (tws, peer):
        yield tws, Desk(peer)
