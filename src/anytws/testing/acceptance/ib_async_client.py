"""ib_async takes part, over TCP and on asyncio. It is run as its users run it, with its errors raised where it can."""

from __future__ import annotations

import logging
from functools import partial
from importlib import import_module
from typing import Any, Final

from anytws.testing.acceptance.client import Answer, Believed, NotOffered, Peer, Wanted, Watched

_NO_ERROR: Final = frozenset({317, *range(2100, 2200)})
"""Codes that end no stream: ib_async calls them warnings, or empties the book (317) and goes on."""


class IbAsyncClient:
    """ib_async. Needs ``pip install ib_async``; ``ib_insync`` has the same methods, and can be named instead."""

    def __init__(self, peer: Peer, module: str = "ib_async") -> None:
        self._peer = peer
        # It writes each error of TWS into the log.
        logging.getLogger(module).setLevel(logging.CRITICAL + 1)
        self._module: Any = import_module(module)
        self._ib: Any = self._module.IB()
        self._ib.RaiseRequestErrors = True
        self._trades: dict[str, Any] = {}
        self._watched: dict[str, Watched] = {}
        self._ids: dict[str, int] = {}
        self._ib.errorEvent += self._note_error
        self._ib.disconnectedEvent += self._note_end

    async def connect(self) -> None:
        """Connect, and download what it downloads."""
        await self._ib.connectAsync(self._peer.host, self._peer.port, 1)

    async def disconnect(self) -> None:
        """Hang up."""
        self._ib.disconnect()

    async def close(self) -> None:
        """Hang up, if it is connected."""
        self._ib.disconnect()

    def is_connected(self) -> bool:
        """Tell what it says."""
        return bool(self._ib.isConnected())

    def _note_error(self, request_id: int, code: int, _text: str, contract: Any) -> None:  # noqa: ANN401 (of ib_async)
        del request_id
        for what, contract_id in self._ids.items():
            if code not in _NO_ERROR and contract is not None and contract.conId == contract_id:
                self._end(what, str(code))

    def _note_end(self) -> None:
        for what in self._watched:
            self._end(what, "closed")

    def _end(self, what: str, why: str) -> None:
        if not self._watched[what].ended:
            self._watched[what] = Watched(self._watched[what].count, why)

    # Questions

    def _stock(self, symbol: str, exchange: str = "SMART") -> Any:  # noqa: ANN401 (of ib_async)
        return self._module.Stock(symbol, exchange, "USD")

    async def ask(self, what: str, symbol: str) -> Answer:
        """Ask."""
        try:
            return Answer("answered", tuple(await self._rows(what, symbol)))
        except ConnectionError:
            return Answer("closed")
        except TimeoutError:
            return Answer("timed-out")
        except Exception as problem:
            if type(problem).__name__ != "RequestError":
                raise
            return Answer("refused", code=getattr(problem, "code", None))

    async def _rows(self, what: str, symbol: str) -> list[str]:
        ib = self._ib
        match what:
            case "details":
                return [str(each.contract.conId) for each in await ib.reqContractDetailsAsync(self._stock(symbol))]
            case "positions":
                return [f"{each.contract.symbol} {each.position:g}" for each in await ib.reqPositionsAsync()]
            case "time":
                return [(await ib.reqCurrentTimeAsync()).isoformat()]
            case "bars":
                bars = await ib.reqHistoricalDataAsync(self._stock(symbol), "", "1 D", "1 hour", "TRADES", False, 2)
                return [str(each.date) for each in bars]
            case "executions":
                fills = await ib.reqExecutionsAsync()
                return [f"{each.execution.shares:g}@{each.execution.price:g}" for each in fills]
            case "open-orders":
                return [each.order.orderRef for each in await ib.reqOpenOrdersAsync()]
            case "search":
                return [str(each.contract.conId) for each in await ib.reqMatchingSymbolsAsync(symbol)]
            case _:
                raise NotOffered(what)

    # Streams

    async def watch(self, what: str, symbol: str) -> None:
        """Open a stream."""
        self._watched[what] = Watched(0)
        answer = await self.ask("details", symbol)
        if answer.outcome != "answered" or not answer.rows:
            self._end(what, str(answer.code or answer.outcome))
            return
        contract = self._stock(symbol, "SMART" if what == "quotes" else "NASDAQ")
        contract.conId = self._ids[what] = int(answer.rows[0])
        ticker = self._ib.reqMktData(contract) if what == "quotes" else self._ib.reqMktDepth(contract, 5)
        ticker.updateEvent += partial(self._count, what)

    def _count(self, what: str, _ticker: object) -> None:
        self._watched[what] = Watched(self._watched[what].count + 1, self._watched[what].ended)

    def watched(self, what: str) -> Watched:
        """Tell what became of a stream: its errors come by `errorEvent`, with the contract."""
        return self._watched[what]

    # Orders

    async def place(self, order: Wanted) -> None:
        """Place it."""
        made = self._module.Order(
            action=order.action,
            totalQuantity=order.quantity,
            orderType=order.kind,
            transmit=order.transmit,
            # Without, TWS remarks 10349, which ib_async takes for the end of the order (A431).
            tif="DAY",
            orderRef=order.reference,
        )
        if order.price is not None:
            setattr(made, "lmtPrice" if order.kind == "LMT" else "auxPrice", order.price)
        if order.parent:
            made.parentId = self._trades[order.parent].order.orderId
        self._trades[order.reference] = self._ib.placeOrder(self._stock(order.symbol), made)

    async def change(self, reference: str, price: float) -> None:
        """Place it again with another limit."""
        trade = self._trades[reference]
        trade.order.lmtPrice, trade.order.transmit = price, True
        self._ib.placeOrder(trade.contract, trade.order)

    async def cancel(self, reference: str) -> None:
        """Cancel it."""
        self._ib.cancelOrder(self._trades[reference].order)

    async def cancel_all(self) -> None:
        """Cancel all."""
        self._ib.reqGlobalCancel()

    def order(self, reference: str) -> Believed:
        """Tell what its `Trade` says. It has no word for an order of which nothing is known."""
        trade = self._trades[reference]
        status, filled = trade.orderStatus.status, int(trade.filled())
        codes = {entry.errorCode for entry in trade.log if entry.errorCode} - {202}
        if status == "Filled":
            outcome = "filled"
        elif status in {"Cancelled", "ApiCancelled", "Inactive"}:
            outcome = "rejected" if codes or status == "Inactive" else "cancelled"
        else:
            outcome = "open"
        return Believed(outcome, filled)
