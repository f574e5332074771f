"""The orders of a TWS in memory that takes families, and refuses the members that a test says, on sight or later."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import anyio

from anytws import Tws
from anytws.messages import Contract, ErrorMessage, ManagedAccounts, ManagedAccountsRequest, SecurityType, ToClient
from anytws.messages.base import replace
from anytws.messages.executions import Execution, ExecutionDetails, ExecutionSide
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import CancelOrderRequest, OpenOrder, OrderStatus, PlaceOrderRequest
from tests.scripted_peer import ACCOUNT, Peer, talking

AAPL: Final = Contract(265598, "AAPL", SecurityType.STOCK, exchange="SMART", currency="USD")
WORD: Final = OrderStatusWord
_W = OrderStatusWord


class FamilyDesk:
    """What a TWS does with the orders of one client. All that it says it says at once, behind what it has read."""

    def __init__(self, peer: Peer) -> None:
        self.peer: Final = peer
        self.placed: list[PlaceOrderRequest] = []
        self.cancelled: list[int] = []
        self.on_sight: dict[str, int] = {}
        """By reference: the code with which an order is refused when it is read."""
        self.says_nothing_of: set[str] = set()
        """References of orders of which nothing is said once they are transmitted."""
        self.answers_fences = True
        self.discards_silently: bool = False
        """Whether nothing is said of children that were never transmitted, as was recorded."""
        self._dead: set[int] = set()
        self._told: set[int] = set()
        peer.answers = {
            PlaceOrderRequest: self._place,
            CancelOrderRequest: self._cancel,
            ManagedAccountsRequest: lambda _: [ManagedAccounts((ACCOUNT,))] if self.answers_fences else [],
        }

    # --- what it is asked ----------------------------------------------------------------------------------------

    def _place(self, request: PlaceOrderRequest) -> Iterable[ToClient]:
        self.placed.append(request)
        number = self.id_of(request)
        code = self.on_sight.get(request.order.order_reference)
        if code is not None:
            self._dead.add(number)
            return [ErrorMessage(number, code, "refused by the test")]
        if not request.order.transmit:
            return []
        family = [each for each in self.placed if self.is_of_family(each, request)]
        return [said for each in family for said in self.acknowledged(each)]

    def is_of_family(self, each: PlaceOrderRequest, last: PlaceOrderRequest) -> bool:
        """Tell whether *each* is transmitted with *last*."""
        number, parent = self.id_of(each), last.order.parent_id
        is_kin = number == self.id_of(last) or (parent and parent in (number, each.order.parent_id))
        return bool(is_kin) and number not in self._dead and number not in self._told

    def acknowledged(self, request: PlaceOrderRequest) -> list[ToClient]:
        """Give the first pair of an order."""
        if request.order.order_reference in self.says_nothing_of:
            return []
        self._told.add(self.id_of(request))
        return self.pair(request, _W.PRE_SUBMITTED if request.order.parent_id else _W.SUBMITTED)

    def pair(self, request: PlaceOrderRequest, word: OrderStatusWord, filled: int = 0) -> list[ToClient]:
        """Give an OpenOrder and an OrderStatus."""
        number = self.id_of(request)
        order = replace(request.order, order_id=None, client_id=0, permanent_id=9000 + number)
        return [
            OpenOrder(number, request.contract, order, OrderState(status=word)),
            self.status(request, word, filled),
        ]

    def status(self, request: PlaceOrderRequest, word: OrderStatusWord, filled: int = 0) -> OrderStatus:
        """Give an OrderStatus."""
        number, total = self.id_of(request), request.order.total_quantity
        assert total is not None
        price = 10.0 if filled else 0.0
        return OrderStatus(
            number, word, Decimal(filled), total - filled, price, 9000 + number, request.order.parent_id, price, 0
        )

    def fill(self, request: PlaceOrderRequest, shares: int, so_far: int) -> list[ToClient]:
        """Give the execution of *shares*."""
        number, total = self.id_of(request), request.order.total_quantity
        execution = Execution(
            side=ExecutionSide.BOUGHT,
            execution_id=f"0001.{number}.{so_far:02}.01",
            order_id=number,
            client_id=0,
            permanent_id=9000 + number,
            shares=Decimal(shares),
            cumulative_quantity=Decimal(so_far),
            price=10.0,
            average_price=10.0,
            account=ACCOUNT,
            order_reference=request.order.order_reference,
        )
        word = _W.FILLED if so_far == total else _W.SUBMITTED
        return [ExecutionDetails(None, request.contract, execution), *self.pair(request, word, so_far)]

    def _cancel(self, request: CancelOrderRequest) -> Iterable[ToClient]:
        number = request.order_id
        self.cancelled.append(number)
        order = next((each for each in self.placed if self.id_of(each) == number), None)
        if order is None or number in self._dead:
            return [ErrorMessage(number, 10147, f"OrderId {number} that needs to be cancelled is not found.")]
        self._dead.add(number)
        if number not in self._told and order.order.parent_id and self.discards_silently:
            return []
        return [self.status(order, _W.CANCELLED), ErrorMessage(number, 202, "Order Canceled - reason:")]

    # --- what a test says ----------------------------------------------------------------------------------------

    @property
    def working(self) -> set[int]:
        """The ids of the orders that are transmitted and not over."""
        return self._told - self._dead

    def named(self, ref: str) -> PlaceOrderRequest:
        """Give the order with this reference."""
        return next(each for each in self.placed if each.order.order_reference == ref)

    async def say(self, *said: ToClient) -> None:
        """Say something, unasked."""
        await self.peer.say(*said)

    async def refuse(self, ref: str, code: int = 201) -> None:
        """Refuse an order, late."""
        number = self.id_of(self.named(ref))
        self._dead.add(number)
        await self.say(ErrorMessage(number, code, "Order rejected - reason:by the test"))

    async def answer_fence(self) -> None:
        """Answer a fence that was kept back."""
        await self.say(ManagedAccounts((ACCOUNT,)))

    @staticmethod
    def id_of(request: PlaceOrderRequest) -> int:
        """Give the id of an order, which it has by now."""
        assert request.order_id is not None
        return request.order_id

    def heard(self) -> list[str]:
        """Give what was read, in short words."""
        return [_word(message) for message in self.peer.heard]


def _word(message: Any) -> str:
    if isinstance(message, PlaceOrderRequest):
        return f"place {message.order_id}{'' if message.order.transmit else ' back'}"
    if isinstance(message, CancelOrderRequest):
        return f"cancel {message.order_id}"
    return "fence" if isinstance(message, ManagedAccountsRequest) else type(message).__name__


@asynccontextmanager
async def at_desk(version: int = 226, **options: Any) -> AsyncGenerator[tuple[Tws, FamilyDesk]]:
    """Connect to a TWS with a desk for orders."""
    async with talking(version, **options) as (tws, peer):
        yield tws, FamilyDesk(peer)


async def quiet() -> None:
    """Wait until nobody has anything to do."""
    await anyio.wait_all_tasks_blocked()
