"""anytws takes part: its block is held open by a task, and orders are believed by its events (`belief`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anyio

from anytws.client.connect import connect, connect_stream
from anytws.client.tws import Tws
from anytws.core.events import ConnectionClosed, Notice
from anytws.errors import AnytwsError, RequestFailed, RequestTimedOut
from anytws.messages.accounts import PositionsRequest
from anytws.messages.base import Streams, replace
from anytws.messages.contract import Action, Contract, SecurityType
from anytws.messages.contracts import ContractDataRequest, MatchingSymbolsRequest
from anytws.messages.executions import ExecutionDetails, ExecutionRequest
from anytws.messages.historical import BarSize, HistoricalData, HistoricalDataRequest, WhatToShow
from anytws.messages.market_data import MarketDataRequest, MarketDepthRequest
from anytws.messages.order import Order
from anytws.messages.order_parts import OrderCancel
from anytws.messages.order_words import OrderType
from anytws.messages.orders import (
    CancelOrderRequest,
    GlobalCancelRequest,
    OpenOrder,
    OpenOrdersRequest,
    OrderStatus,
    PlaceOrderRequest,
)
from anytws.messages.session import CurrentTimeRequest, ErrorMessage
from anytws.testing.acceptance.belief import Belief
from anytws.testing.acceptance.client import Answer, Believed, NotOffered, Peer, Wanted, Watched


def stock(symbol: str) -> Contract:
    """Give a US stock as people name it."""
    return Contract(symbol=symbol, security_type=SecurityType.STOCK, exchange="SMART", currency="USD")


class AnytwsClient:
    """anytws, as a program uses it."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._tws: Tws | None = None
        self._leave = anyio.Event()
        self._left = anyio.Event()
        self._beliefs: dict[int, Belief] = {}
        self._placed: dict[str, PlaceOrderRequest] = {}
        self._watched: dict[str, Watched] = {}
        self._highest = 0

    # The connection

    async def connect(self) -> None:
        """Connect."""
        self._leave, self._left = anyio.Event(), anyio.Event()
        failures: list[Exception] = []
        ready = anyio.Event()
        self._peer.tasks.start_soon(self._live, ready, failures)
        await ready.wait()
        if failures:
            raise failures[0]

    async def _live(self, ready: anyio.Event, failures: list[Exception]) -> None:
        try:
            block = (
                connect("127.0.0.1", self._peer.port, client_id=1)
                if self._peer.port
                else connect_stream(await self._peer.stream(), client_id=1)
            )
            async with block as tws, anyio.create_task_group() as tasks:
                self._tws = tws
                tasks.start_soon(self._read, tws)
                ready.set()
                await self._leave.wait()
                tasks.cancel_scope.cancel()
        except* (AnytwsError, ConnectionRefusedError) as group:
            failures += group.exceptions
        finally:
            self._note_end()
            ready.set()
            self._left.set()

    async def _read(self, tws: Tws) -> None:
        with tws.events() as events:
            async for event in events:
                self._note(event)

    def _note(self, event: object) -> None:
        match event:
            case OrderStatus(order_id=order_id) | OpenOrder(order_id=order_id):
                self._tell(order_id, event)
            case ExecutionDetails(execution=execution):
                self._tell(execution.order_id, event)
            case Notice(message=message):
                self._tell(message.request_id, message)
            case ErrorMessage(request_id=order_id):
                self._tell(order_id, event)
            case _:
                pass

    def _tell(self, order_id: int | None, message: Any) -> None:  # noqa: ANN401 (one of those that a belief takes)
        if order_id in self._beliefs:
            self._beliefs[order_id].hear(message)

    def _note_end(self) -> None:
        self._tws = None
        for belief in self._beliefs.values():
            belief.note_end()

    async def disconnect(self) -> None:
        """Leave the block."""
        self._leave.set()
        await self._left.wait()

    async def close(self) -> None:
        """Leave the block, if it is open."""
        self._leave.set()

    def is_connected(self) -> bool:
        """Tell whether the block is open."""
        return self._tws is not None

    @property
    def _open(self) -> Tws:
        if self._tws is None:
            raise NotOffered("there is no block to ask in")
        return self._tws

    # Questions

    async def ask(self, what: str, symbol: str) -> Answer:
        """Ask."""
        try:
            return Answer("answered", await self._rows(self._open, what, symbol))
        except RequestFailed as problem:
            return Answer("refused", code=problem.code)
        except RequestTimedOut:
            return Answer("timed-out")
        except ConnectionClosed:
            return Answer("closed")

    async def _rows(self, tws: Tws, what: str, symbol: str) -> tuple[str, ...]:
        match what:
            case "details":
                found = await tws.ask(ContractDataRequest(stock(symbol)))
                return tuple(str(each.contract.contract_id) for each in found)
            case "positions":
                held = await tws.ask(PositionsRequest())
                return tuple(f"{each.contract.symbol} {each.position:f}" for each in held)
            case "time":
                return ((await tws.ask(CurrentTimeRequest())).time.isoformat(),)
            case "bars":
                request = HistoricalDataRequest(stock(symbol), "1 D", BarSize.HOUR_1, what_to_show=WhatToShow.TRADES)
                bars = await tws.ask(request)
                return tuple(str(bar.time) for bar in bars.bars) if isinstance(bars, HistoricalData) else ()
            case "executions":
                told = await tws.ask(ExecutionRequest())
                return tuple(f"{each.execution.shares:f}@{each.execution.price:g}" for each in told)
            case "open-orders":
                orders = await tws.ask(OpenOrdersRequest())
                return tuple(each.order.order_reference for each in orders if isinstance(each, OpenOrder))
            case "search":
                found_symbols = (await tws.ask(MatchingSymbolsRequest(symbol))).contract_descriptions
                return tuple(str(each.contract.contract_id) for each in found_symbols)
            case _:
                raise NotOffered(what)

    # Streams

    async def watch(self, what: str, symbol: str) -> None:
        """Open a stream, in a task."""
        self._watched[what] = Watched(0)
        self._peer.tasks.start_soon(self._follow, what, symbol)

    async def _follow(self, what: str, symbol: str) -> None:
        book = MarketDepthRequest(replace(stock(symbol), exchange="NASDAQ"), 5)
        request: Streams[Any] = MarketDataRequest(stock(symbol)) if what == "quotes" else book
        try:
            async with self._open.stream(request) as stream:
                async for _ in stream:
                    self._watched[what] = Watched(self._watched[what].count + 1)
        except RequestFailed as problem:
            self._end(what, str(problem.code))
        except ConnectionClosed:
            self._end(what, "closed")
        except AnytwsError as problem:
            self._end(what, "lost" if type(problem).__name__ == "DataLost" else type(problem).__name__)

    def _end(self, what: str, why: str) -> None:
        self._watched[what] = Watched(self._watched[what].count, why)

    def watched(self, what: str) -> Watched:
        """Tell what became of a stream."""
        return self._watched[what]

    # Orders

    async def place(self, order: Wanted) -> None:
        """Send the order."""
        parent = self._placed[order.parent].order_id or 0 if order.parent else 0
        made = Order(
            Action(order.action),
            OrderType(order.kind),
            Decimal(order.quantity),
            limit_price=order.price if order.kind == "LMT" else None,
            aux_price=order.price if order.kind == "STP" else None,
            transmit=order.transmit,
            order_reference=order.reference,
            parent_id=parent,
        )
        sent = self._open.send(PlaceOrderRequest(stock(order.symbol), made))
        if sent.message.order_id is not None:
            self._placed[order.reference] = sent.message
            self._beliefs[sent.message.order_id] = Belief(order.quantity)
        await sent

    async def change(self, reference: str, price: float) -> None:
        """Send it again with another limit."""
        request = self._placed[reference]
        changed = replace(request, order=replace(request.order, limit_price=price, transmit=True))
        self._beliefs[request.order_id or 0].note_request()
        await self._open.send(changed)

    async def cancel(self, reference: str) -> None:
        """Send a cancel."""
        order_id = self._placed[reference].order_id or 0
        self._beliefs[order_id].note_request()
        await self._open.send(CancelOrderRequest(order_id, OrderCancel()))

    async def cancel_all(self) -> None:
        """Send a global cancel."""
        for belief in self._beliefs.values():
            belief.note_request()
        await self._open.send(GlobalCancelRequest(OrderCancel()))

    def order(self, reference: str) -> Believed:
        """Tell what is believed of the order."""
        return self._beliefs[self._placed[reference].order_id or 0].believed
