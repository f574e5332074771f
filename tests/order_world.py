"""A true world of orders, and what TWS would answer to questions about it: for tests of what is concluded from them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from anytws.machines.reconcile import Query
from anytws.machines.sightings import Sought
from anytws.messages import Action, Contract, Order, OrderType, SecurityType
from anytws.messages.executions import Execution, ExecutionDetails, ExecutionSide
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import CompletedOrder, OpenOrder, OrderStatus

APPLE = Contract(contract_id=265598, symbol="AAPL", security_type=SecurityType.STOCK, exchange="SMART", currency="USD")
W = OrderStatusWord


@attrs.define(eq=False)
class TrueOrder:
    """One order as it truly is."""

    client_id: int = 1
    order_id: int = 5
    ref: str = ""
    permanent_id: int = 100
    total: Decimal = Decimal(100)
    filled: Decimal = Decimal(0)
    word: OrderStatusWord = W.SUBMITTED
    contract: Contract = APPLE
    action: Action = Action.BUY
    is_lost: bool = False
    """Whether it never arrived."""
    pieces: list[Decimal] = attrs.field(factory=list[Decimal])

    @property
    def is_open(self) -> bool:
        return self.word in (W.SUBMITTED, W.PRE_SUBMITTED)

    def fill(self, shares: Decimal) -> None:
        shares = min(shares, self.total - self.filled)
        if self.is_open and shares:
            self.filled += shares
            self.pieces.append(shares)
            if self.filled == self.total:
                self.word = W.FILLED

    def cancel(self) -> None:
        if self.is_open:
            self.word = W.CANCELLED

    # --- as TWS says it ------------------------------------------------------------------------------------------

    @property
    def terms(self) -> Order:
        return Order(
            self.action,
            OrderType.LIMIT,
            self.total,
            limit_price=10.0,
            order_id=self.order_id,
            client_id=self.client_id,
            permanent_id=self.permanent_id,
            order_reference=self.ref,
        )

    def open_rows(self, *, with_status: bool = True) -> list[OpenOrder | OrderStatus]:
        rows: list[OpenOrder | OrderStatus] = [
            OpenOrder(self.order_id, self.contract, self.terms, OrderState(status=self.word))
        ]
        if with_status:
            rows.append(
                OrderStatus(
                    order_id=self.order_id,
                    status=self.word,
                    filled=self.filled,
                    remaining=self.total - self.filled,
                    average_fill_price=10.0,
                    last_fill_price=10.0,
                    parent_id=0,
                    permanent_id=self.permanent_id,
                    client_id=self.client_id,
                )
            )
        return rows

    def execution_rows(self) -> list[ExecutionDetails]:
        rows: list[ExecutionDetails] = []
        sum_ = Decimal(0)
        for number, shares in enumerate(self.pieces):
            sum_ += shares
            execution = Execution(
                execution_id=f"00025b46.{self.permanent_id}.{number}.01",
                side=ExecutionSide.BOUGHT if self.action is Action.BUY else ExecutionSide.SOLD,
                order_id=self.order_id,
                client_id=self.client_id,
                permanent_id=self.permanent_id,
                shares=shares,
                cumulative_quantity=sum_,
                order_reference=self.ref,
                account="DU1",
            )
            rows.append(ExecutionDetails(7, self.contract, execution))
        return rows

    def completed_row(self, *, is_old: bool = False) -> CompletedOrder:
        """Give the row of it; *is_old*: as a Gateway lists it that was started again since."""
        is_filled = self.word is W.FILLED
        order = attrs.evolve(
            self.terms,
            order_id=None,
            client_id=0 if is_old else self.client_id,
            total_quantity=Decimal(0) if is_filled else self.total,
            filled_quantity=self.filled,
        )
        return CompletedOrder(self.contract, order, OrderState(status=self.word))

    @property
    def sought(self) -> Sought:
        """Give what a client knows of it that has sent it, and has heard nothing."""
        order = attrs.evolve(self.terms, permanent_id=0)
        return Sought(self.ref, self.client_id, self.order_id, (), self.contract, order)


@attrs.define
class TrueWorld:
    """All orders, and TWS."""

    orders: list[TrueOrder] = attrs.field(factory=list[TrueOrder])
    is_old: bool = False

    def answer(self, query: Query) -> list[Any]:
        there = [order for order in self.orders if not order.is_lost]
        if query in (Query.OPEN_ORDERS, Query.OPEN_ORDERS_AGAIN):
            return [row for order in there if order.is_open for row in order.open_rows()]
        if query is Query.EXECUTIONS:
            return [row for order in there for row in order.execution_rows()]
        if query is Query.COMPLETED_ORDERS:
            return [order.completed_row(is_old=self.is_old) for order in there if not order.is_open]
        return []
