"""The official client takes part, over TCP. It has callbacks and no answers: this adapter waits for them as they do.

It says nothing of what is to be believed of an order, and has no deadline of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, TypeAlias

import anyio
import anyio.to_thread

from anytws.testing.acceptance.client import Answer, Believed, NotOffered, Peer, Wanted, Watched

_PAUSE: Final = 0.005
_NO_REQUEST: Final = -1
_CALLBACKS: Final = (
    "connectionClosed",
    "contractDetails",
    "contractDetailsEnd",
    "currentTime",
    "error",
    "execDetails",
    "execDetailsEnd",
    "historicalData",
    "historicalDataEnd",
    "managedAccounts",
    "nextValidId",
    "openOrder",
    "openOrderEnd",
    "position",
    "positionEnd",
    "symbolSamples",
    "tickPrice",
    "tickSize",
    "updateMktDepth",
    "updateMktDepthL2",
)


_Call: TypeAlias = tuple[Any, ...]


def _in(calls: Sequence[_Call], name: str) -> list[_Call]:
    """Give the arguments of the callbacks *name* among *calls*."""
    return [call[1:] for call in calls if call[0] == name]


class IbapiClient:
    """The official client in Python. Needs ``pip install ibapi-latest``."""

    def __init__(self, peer: Peer) -> None:
        logging.getLogger("ibapi").setLevel(logging.CRITICAL + 1)
        self._peer = peer
        self._calls: list[_Call] = []
        self._api: Any = None
        self._next_request = 9000
        self._next_order = 1
        self._orders: dict[str, tuple[int, Any, Any]] = {}
        self._streams: dict[str, int] = {}

    def _named(self, name: str, since: int = 0) -> list[_Call]:
        return _in(self._calls[since:], name)

    async def _until(self, condition: Callable[[], object]) -> None:
        # Callbacks come in a thread of its own.
        while not condition():  # noqa: ASYNC110 (an event would have to be set from there)
            await anyio.sleep(_PAUSE)

    def _start(self) -> None:
        wrapper_class: Any = import_module("ibapi.wrapper").EWrapper
        wrapper: Any = wrapper_class()
        for name in _CALLBACKS:
            setattr(wrapper, name, self._noting(name))
        self._api = import_module("ibapi.client").EClient(wrapper)

    def _noting(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self._calls.append((name, *arguments))

    async def connect(self) -> None:
        """Connect, and wait for the next valid id, as its users do."""
        self._calls.clear()
        self._start()
        api = self._api
        await anyio.to_thread.run_sync(lambda: api.connect(self._peer.host, self._peer.port, 1), abandon_on_cancel=True)
        if not api.isConnected():
            raise ConnectionError("connect() has returned, and isConnected() says no")
        threading.Thread(target=api.run, daemon=True).start()
        await self._until(lambda: self._named("nextValidId") or self._named("connectionClosed"))
        if not self._named("nextValidId"):
            raise ConnectionError("connectionClosed() before nextValidId()")
        self._next_order = max(self._next_order, self._named("nextValidId")[-1][0])

    async def disconnect(self) -> None:
        """Hang up."""
        await anyio.to_thread.run_sync(self._api.disconnect)

    async def close(self) -> None:
        """Hang up, if it is connected."""
        if self._api is not None and self._api.conn is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._api.disconnect)

    def is_connected(self) -> bool:
        """Tell what it says."""
        return self._api is not None and bool(self._api.isConnected()) and not self._named("connectionClosed")

    # Questions

    def _stock(self, symbol: str, exchange: str = "SMART") -> Any:  # noqa: ANN401 (of ibapi)
        contract: Any = import_module("ibapi.contract").Contract()
        contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, "STK", exchange, "USD"
        return contract

    async def ask(self, what: str, symbol: str) -> Answer:
        """Ask, and wait for the callback that ends the answer, for an error with its id, or for connectionClosed."""
        since = len(self._calls)
        self._next_request += 1
        number = self._next_request
        end, begin, rows = self._ask(what, symbol, number)

        def errors() -> list[_Call]:
            # A warning is no error to whoever has read its list of codes.
            return [call for call in self._named("error", since) if call[0] == number and not 2100 <= call[2] < 2200]

        def ends() -> list[_Call]:
            return [call for call in self._named(end, since) if begin == () or call[0] == number]

        await self._until(lambda: ends() or errors() or self._named("connectionClosed", since))
        if errors():
            return Answer("refused", code=errors()[0][2])
        if not ends():
            return Answer("closed")
        # What comes after the end is of somebody else's answer.
        until = self._calls.index((end, *ends()[0]), since)
        return Answer("answered", tuple(rows(self._calls[since : until + 1])))

    def _ask(
        self, what: str, symbol: str, number: int
    ) -> tuple[str, tuple[int, ...], Callable[[Sequence[_Call]], list[str]]]:
        """Ask; give the callback that ends the answer, whether it has the request's id, and what makes the rows."""
        api = self._api
        match what:
            case "details":
                api.reqContractDetails(number, self._stock(symbol))
                return (
                    "contractDetailsEnd",
                    (number,),
                    lambda calls: [
                        str(row[1].contract.conId) for row in _in(calls, "contractDetails") if row[0] == number
                    ],
                )
            case "positions":
                api.reqPositions()
                return (
                    "positionEnd",
                    (),
                    lambda calls: [f"{row[1].symbol} {row[2]:f}" for row in _in(calls, "position")],
                )
            case "time":
                api.reqCurrentTime()
                return "currentTime", (), lambda calls: [str(row[0]) for row in _in(calls, "currentTime")[:1]]
            case "bars":
                api.reqHistoricalData(number, self._stock(symbol), "", "1 D", "1 hour", "TRADES", 0, 2, False, [])
                return (
                    "historicalDataEnd",
                    (number,),
                    lambda calls: [row[1].date for row in _in(calls, "historicalData") if row[0] == number],
                )
            case "executions":
                api.reqExecutions(number, import_module("ibapi.execution").ExecutionFilter())
                return (
                    "execDetailsEnd",
                    (number,),
                    lambda calls: [
                        f"{row[2].shares:f}@{row[2].price:g}" for row in _in(calls, "execDetails") if row[0] == number
                    ],
                )
            case "open-orders":
                api.reqOpenOrders()
                return "openOrderEnd", (), lambda calls: [row[2].orderRef for row in _in(calls, "openOrder")]
            case "search":
                api.reqMatchingSymbols(number, symbol)
                return (
                    "symbolSamples",
                    (number,),
                    lambda calls: [str(each.contract.conId) for row in _in(calls, "symbolSamples") for each in row[1]],
                )
            case _:
                raise NotOffered(what)

    # Streams

    async def watch(self, what: str, symbol: str) -> None:
        """Open a stream."""
        self._next_request += 1
        self._streams[what] = self._next_request
        if what == "quotes":
            self._api.reqMktData(self._next_request, self._stock(symbol), "", False, False, [])
        else:
            self._api.reqMktDepth(self._next_request, self._stock(symbol, "NASDAQ"), 5, False, [])

    def watched(self, what: str) -> Watched:
        """Tell what became of a stream, by its callbacks."""
        number = self._streams[what]
        kinds = ("tickPrice", "tickSize") if what == "quotes" else ("updateMktDepth", "updateMktDepthL2")
        count = sum(row[0] == number for kind in kinds for row in self._named(kind))
        codes = [str(row[2]) for row in self._named("error") if row[0] == number and row[2] != 317]
        closed = ["closed"] if self._named("connectionClosed") else []
        return Watched(count, ([*codes, *closed] or [""])[0])

    # Orders

    async def place(self, order: Wanted) -> None:
        """Place it."""
        made: Any = import_module("ibapi.order").Order()
        made.action, made.orderType, made.totalQuantity = order.action, order.kind, order.quantity
        made.transmit, made.orderRef = order.transmit, order.reference
        if order.price is not None:
            setattr(made, "lmtPrice" if order.kind == "LMT" else "auxPrice", order.price)
        if order.parent:
            made.parentId = self._orders[order.parent][0]
        number, self._next_order = self._next_order, self._next_order + 1
        self._orders[order.reference] = (number, self._stock(order.symbol), made)
        self._api.placeOrder(*self._orders[order.reference])

    async def change(self, reference: str, price: float) -> None:
        """Place it again with another limit."""
        number, contract, made = self._orders[reference]
        made.lmtPrice, made.transmit = price, True
        self._api.placeOrder(number, contract, made)

    async def cancel(self, reference: str) -> None:
        """Cancel it."""
        self._api.cancelOrder(self._orders[reference][0], import_module("ibapi.order_cancel").OrderCancel())

    async def cancel_all(self) -> None:
        """Cancel all."""
        self._api.reqGlobalCancel(import_module("ibapi.order_cancel").OrderCancel())

    def order(self, reference: str) -> Believed:
        """Never: it hands over what TWS says of an order, and believes nothing."""
        raise NotOffered(f"it believes nothing of an order such as {reference}")
