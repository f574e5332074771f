"""The session of the official client: ``python official.py HOST PORT``. It imports nothing of ours: see `steps`.

One wrapper notes every callback under its name; a step asks, and waits for callbacks.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.scanner import ScannerSubscription
from ibapi.wrapper import EWrapper
from steps import PATIENCE, told

try:
    from ibapi.order_cancel import OrderCancel
except ImportError:
    # Before server version 192 a cancel has a text, for the time.
    OrderCancel = str

END = "20260102-21:00:00"
TICKS_FROM = "20260102-15:00:00"


class Notes(EWrapper):  # type: ignore[misc]  # the official client has no types
    """Notes every callback with its arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()
        self.calls: list[tuple[Any, ...]] = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or name.endswith("ProtoBuf") or name not in CALLBACKS:
            return found

        def note(*arguments: Any, **named: Any) -> None:
            with self.changed:
                self.calls.append((name, *arguments, *named.values()))
                self.changed.notify_all()

        return note


CALLBACKS = {name for name in vars(EWrapper) if not name.startswith("_") and callable(getattr(EWrapper, name))}


def code_of(row: tuple[Any, ...]) -> int:
    """Give the code of an error: from 10.33 on it has a time in front of it."""
    return row[2] if len(row) == 5 else row[1]


def contract(**fields: Any) -> Any:
    made = Contract()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def order(action: str, kind: str, quantity: int, **fields: Any) -> Any:
    made = Order()
    made.action, made.orderType, made.totalQuantity = action, kind, quantity
    for name, value in fields.items():
        setattr(made, name, value)
    return made


class Session:
    """One client that does all that is asked for, and tells what it saw."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.next_request = 9000
        self.stock = contract(symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
        self.start()

    def start(self) -> None:
        self.notes = Notes()
        self.api: Any = EClient(self.notes)

    def named(self, name: str, *begin: Any) -> list[tuple[Any, ...]]:
        """Give the callbacks *name* that begin with these arguments."""
        return [call[1:] for call in list(self.notes.calls) if call[: len(begin) + 1] == (name, *begin)]

    def until(self, condition: Any, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        with self.notes.changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0 or not self.notes.changed.wait(left):
                    errors = [call for call in self.notes.calls if call[0] == "error"][-3:]
                    raise TimeoutError(f"nothing came; the last errors: {errors}")

    def new(self) -> int:
        self.next_request += 1
        return self.next_request

    def asked(self, end: str, ask: Any) -> int:
        """Ask something under a new id, and wait until *end* came for it."""
        request = self.new()
        ask(request)
        self.until(lambda: self.named(end, request))
        return request

    def connect(self) -> Any:
        self.api.connect(self.host, self.port, 7)
        if not self.api.isConnected():
            raise ConnectionError("connect() returned, and there is no connection")
        threading.Thread(target=self.api.run, daemon=True).start()
        self.until(lambda: self.named("nextValidId") and self.named("managedAccounts"), 2.0)
        self.next_order = self.named("nextValidId")[0][0]
        self.account = self.named("managedAccounts")[0][0].split(",")[0]
        return {"version": self.api.serverVersion(), "accounts": [self.account]}

    def details(self) -> Any:
        request = self.asked("contractDetailsEnd", lambda number: self.api.reqContractDetails(number, self.stock))
        ((_, found),) = self.named("contractDetails", request)
        self.stock = found.contract
        return {
            "contract_id": found.contract.conId,
            "name": found.longName,
            "min_tick": found.minTick,
            "zone": found.timeZoneId,
            "hours": found.tradingHours,
            "primary": found.contract.primaryExchange,
        }

    def unknown_contract(self) -> Any:
        request = self.asked(
            "error",
            lambda number: self.api.reqContractDetails(
                number, contract(symbol="NOSUCH", secType="STK", exchange="SMART", currency="USD")
            ),
        )
        return {"found": 0, "codes": [code_of(each) for each in self.named("error", request)]}

    def chain(self) -> Any:
        request = self.asked(
            "securityDefinitionOptionParameterEnd",
            lambda number: self.api.reqSecDefOptParams(number, "AAPL", "", "STK", self.stock.conId),
        )
        rows = self.named("securityDefinitionOptionParameter", request)
        chain = next(row for row in rows if row[1] == "SMART")
        self.expiry, self.strike = sorted(chain[5])[3], sorted(chain[5 + 1])[len(chain[6]) // 2]
        return {"expirations": sorted(chain[5]), "strikes": sorted(chain[6]), "multiplier": chain[4]}

    def option(self) -> Any:
        wanted = contract(
            symbol="AAPL", secType="OPT", exchange="SMART", currency="USD",
            lastTradeDateOrContractMonth=self.expiry, strike=self.strike, right="C",
        )  # fmt: skip
        request = self.asked("contractDetailsEnd", lambda number: self.api.reqContractDetails(number, wanted))
        found = self.named("contractDetails", request)[0][1].contract
        request = self.new()
        self.api.reqMktData(request, found, "", False, False, [])
        self.until(lambda: [row for row in self.named("tickOptionComputation", request) if row[1] == 13])
        self.api.cancelMktData(request)
        row = next(row for row in self.named("tickOptionComputation", request) if row[1] == 13)
        return {
            "contract_id": found.conId,
            "strike": found.strike,
            "volatility": row[3],
            "delta": row[4],
            "spot": row[10],
        }

    def quotes(self) -> Any:
        request = self.new()
        self.api.reqMktData(request, self.stock, "", False, False, [])

        def prices(kind: int) -> list[float]:
            return [row[2] for row in self.named("tickPrice", request) if row[1] == kind]

        self.until(lambda: len({*prices(1)} | {*prices(2)}) >= 4 and prices(4) and prices(9))
        self.api.cancelMktData(request)
        pairs, bid, ask = [], None, None
        for _, kind, price, *_rest in self.named("tickPrice", request):
            bid, ask = (price, ask) if kind == 1 else (bid, price) if kind == 2 else (bid, ask)
            if bid is not None and ask is not None and bid < ask:
                pairs.append([bid, ask])
        self.bid, self.ask = prices(1)[-1], prices(2)[-1]
        sizes = {row[1]: float(row[2]) for row in self.named("tickSize", request)}
        return {"pairs": pairs, "sizes": [sizes[0], sizes[3]], "last": prices(4)[-1], "close": prices(9)[-1]}

    def bars(self) -> Any:
        request = self.asked(
            "historicalDataEnd",
            lambda number: self.api.reqHistoricalData(
                number, self.stock, END, "1 D", "5 mins", "TRADES", 1, 2, False, []
            ),
        )
        return [
            [
                datetime.fromtimestamp(int(bar.date), UTC),
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                float(bar.volume),
                bar.barCount,
            ]
            for _, bar in self.named("historicalData", request)
        ]

    def updating_bars(self) -> Any:
        request = self.asked(
            "historicalDataUpdate",
            lambda number: self.api.reqHistoricalData(
                number, self.stock, "", "3600 S", "5 mins", "TRADES", 1, 2, True, []
            ),
        )
        self.api.cancelHistoricalData(request)
        bars, updates = self.named("historicalData", request), self.named("historicalDataUpdate", request)
        return {"bars": len(bars), "updates": len(updates)}

    def depth(self) -> Any:
        request = self.new()
        at = contract(symbol="AAPL", secType="STK", exchange="NASDAQ", currency="USD", conId=self.stock.conId)
        self.api.reqMktDepth(request, at, 5, False, [])

        def rows() -> list[tuple[Any, ...]]:
            """Give side, place, price and size: of makers and venues they have a name before."""
            plain = [(row[3], row[1], row[4], float(row[5])) for row in self.named("updateMktDepth", request)]
            named = [(row[4], row[1], row[5], float(row[6])) for row in self.named("updateMktDepthL2", request)]
            return plain + named

        self.until(lambda: len({row[:2] for row in rows()}) >= 10)
        self.api.cancelMktDepth(request, False)
        return {
            "bids": [[*row[2:]] for row in rows() if row[0] == 1][:5],
            "asks": [[*row[2:]] for row in rows() if row[0] == 0][:5],
        }

    def positions(self) -> Any:
        before = len(self.notes.calls)
        self.api.reqPositions()
        self.until(lambda: self.named("positionEnd"))
        self.api.cancelPositions()
        rows = [call[1:] for call in self.notes.calls[before:] if call[0] == "position"]
        return sorted([row[0], row[1].conId, float(row[2]), row[3]] for row in rows)

    def summary(self) -> Any:
        tags = "NetLiquidation,TotalCashValue,BuyingPower"
        request = self.asked("accountSummaryEnd", lambda number: self.api.reqAccountSummary(number, "All", tags))
        self.api.cancelAccountSummary(request)
        return {row[2]: row[3] for row in self.named("accountSummary", request)}

    def portfolio(self) -> Any:
        self.api.reqAccountUpdates(True, self.account)
        self.until(lambda: self.named("accountDownloadEnd"))
        self.api.reqAccountUpdates(False, self.account)
        return sorted([row[7], row[0].conId, float(row[1]), row[4]] for row in self.named("updatePortfolio"))

    def place(self, at: Any, **more: Any) -> int:
        number, self.next_order = self.next_order, self.next_order + 1
        for name, value in more.items():
            setattr(at, name, value)
        self.api.placeOrder(number, self.stock, at)
        return number

    def status(self, number: int) -> str:
        rows = self.named("orderStatus", number)
        return rows[-1][1] if rows else ""

    def what_if(self) -> Any:
        number = self.place(order("BUY", "LMT", 100, lmtPrice=self.bid, whatIf=True))
        self.until(lambda: self.named("openOrder", number))
        state = self.named("openOrder", number)[0][3]
        return {
            "margin": float(state.initMarginChange),
            "commission": getattr(state, "commissionAndFees", None) or state.commission,
        }

    def market_order(self) -> Any:
        number = self.place(order("BUY", "MKT", 10))
        self.until(lambda: self.status(number) == "Filled")
        fills = [row[2] for row in self.named("execDetails") if row[2].orderId == number]

        def fees() -> dict[str, float]:
            newer = {row[0].execId: row[0].commissionAndFees for row in self.named("commissionAndFeesReport")}
            return newer or {row[0].execId: row[0].commission for row in self.named("commissionReport")}

        self.until(lambda: all(fill.execId in fees() for fill in fills))
        last = self.named("orderStatus", number)[-1]
        return {
            "status": last[1],
            "filled": float(sum(fill.shares for fill in fills)),
            "executions": [fill.execId for fill in fills],
            "price": last[4],
            "commission": sum(fees()[fill.execId] for fill in fills),
            "permanent_id": last[5],
        }

    def bracket(self) -> Any:
        parent = self.place(order("BUY", "LMT", 20, lmtPrice=round(self.ask * 1.02, 2), transmit=False))
        profit = self.place(
            order("SELL", "LMT", 20, lmtPrice=round(self.ask * 1.1, 2), transmit=False, parentId=parent)
        )
        loss = self.place(order("SELL", "STP", 20, auxPrice=round(self.ask * 0.9, 2), parentId=parent))
        self.until(lambda: self.status(parent) == "Filled" and self.status(profit) == "Submitted")
        alive = [self.status(each) for each in (parent, profit, loss)]
        before = len(self.notes.calls)
        self.api.reqOpenOrders()
        self.until(lambda: [call for call in self.notes.calls[before:] if call[0] == "openOrderEnd"])
        ids = {call[1] for call in self.notes.calls[before:] if call[0] == "openOrder"}
        self.api.cancelOrder(profit, OrderCancel())
        self.until(lambda: self.status(profit) == self.status(loss) == "Cancelled")
        return {
            "alive": alive,
            "open": {profit, loss} <= ids,
            "after": [self.status(each) for each in (parent, profit, loss)],
        }

    def resting_order(self) -> Any:
        number = self.place(order("BUY", "LMT", 5, lmtPrice=round(self.bid * 0.9, 2), tif="GTC"))
        self.until(lambda: self.status(number) in {"Submitted", "PreSubmitted"})
        return {"permanent_id": self.named("orderStatus", number)[-1][5]}

    def executions(self) -> Any:
        request = self.asked("execDetailsEnd", lambda number: self.api.reqExecutions(number, ExecutionFilter()))
        return sorted([row[2].execId, float(row[2].shares), row[2].price] for row in self.named("execDetails", request))

    def completed(self) -> Any:
        self.api.reqCompletedOrders(False)
        self.until(lambda: self.named("completedOrdersEnd"))
        return sorted([row[1].permId, row[2].status] for row in self.named("completedOrder"))

    def pnl(self) -> Any:
        request = self.asked("pnl", lambda number: self.api.reqPnL(number, self.account, ""))
        self.api.cancelPnL(request)
        request = self.asked(
            "pnlSingle", lambda number: self.api.reqPnLSingle(number, self.account, "", self.stock.conId)
        )
        self.api.cancelPnLSingle(request)
        return {"position": float(self.named("pnlSingle", request)[0][1])}

    def historical_ticks(self) -> Any:
        request = self.asked(
            "historicalTicksLast",
            lambda number: self.api.reqHistoricalTicks(number, self.stock, TICKS_FROM, "", 50, "TRADES", 1, False, []),
        )
        ticks = self.named("historicalTicksLast", request)[0][1]
        return [[datetime.fromtimestamp(tick.time, UTC), tick.price, float(tick.size)] for tick in ticks]

    def head(self) -> Any:
        request = self.asked(
            "headTimestamp", lambda number: self.api.reqHeadTimeStamp(number, self.stock, "TRADES", 0, 2)
        )
        self.api.cancelHeadTimeStamp(request)
        return datetime.fromtimestamp(int(self.named("headTimestamp", request)[0][1]), UTC)

    def tick_by_tick(self) -> Any:
        request = self.new()
        self.api.reqTickByTickData(request, self.stock, "BidAsk", 0, True)
        self.until(lambda: len(self.named("tickByTickBidAsk", request)) >= 3)
        self.api.cancelTickByTickData(request)
        return [
            [datetime.fromtimestamp(row[1], UTC), row[2], row[3]] for row in self.named("tickByTickBidAsk", request)
        ]

    def realtime_bars(self) -> Any:
        request = self.asked(
            "realtimeBar", lambda number: self.api.reqRealTimeBars(number, self.stock, 5, "TRADES", 0, [])
        )
        self.api.cancelRealTimeBars(request)
        return [
            [datetime.fromtimestamp(row[1], UTC), row[2], row[3], row[4], row[5]]
            for row in self.named("realtimeBar", request)
        ]

    def search(self) -> Any:
        request = self.asked("symbolSamples", lambda number: self.api.reqMatchingSymbols(number, "AAPL"))
        return [row.contract.conId for row in self.named("symbolSamples", request)[0][1]]

    def scanner_parameters(self) -> Any:
        self.api.reqScannerParameters()
        self.until(lambda: self.named("scannerParameters"))
        document = self.named("scannerParameters")[0][0]
        return {"begins": document.lstrip()[:5], "length": len(document)}

    def scanner(self) -> Any:
        wanted = ScannerSubscription()
        wanted.instrument, wanted.locationCode, wanted.scanCode = "STK", "STK.US.MAJOR", "TOP_PERC_GAIN"
        wanted.numberOfRows = 5
        request = self.asked("scannerDataEnd", lambda number: self.api.reqScannerSubscription(number, wanted, [], []))
        self.api.cancelScannerSubscription(request)
        return [[row[1], row[2].contract.symbol] for row in self.named("scannerData", request)]

    def news(self) -> Any:
        self.api.reqNewsProviders()
        self.until(lambda: self.named("newsProviders"))
        codes = [each.code for each in self.named("newsProviders")[0][0]]
        request = self.asked(
            "historicalNewsEnd",
            lambda number: self.api.reqHistoricalNews(number, self.stock.conId, "+".join(codes), "", "", 5, []),
        )
        return {"providers": sorted(codes), "headlines": [row[3] for row in self.named("historicalNews", request)]}

    def market_rule(self) -> Any:
        self.api.reqMarketRule(26)
        self.until(lambda: self.named("marketRule", 26))
        return [[step.lowEdge, step.increment] for step in self.named("marketRule", 26)[0][1]]

    def histogram(self) -> Any:
        request = self.asked(
            "histogramData", lambda number: self.api.reqHistogramData(number, self.stock, True, "2 days")
        )
        return {"rows": len(self.named("histogramData", request)[0][1])}

    def schedule(self) -> Any:
        request = self.asked(
            "historicalSchedule",
            lambda number: self.api.reqHistoricalData(
                number, self.stock, END, "3 D", "1 day", "SCHEDULE", 1, 1, False, []
            ),
        )
        sessions = self.named("historicalSchedule", request)[0][4]
        return [[each.startDateTime, each.endDateTime] for each in sessions]

    def restart(self) -> Any:
        """Be there when TWS restarts: the clock is asked, and the answer is the end."""
        self.api.reqCurrentTime()
        self.until(lambda: self.named("connectionClosed"))
        failures: list[str] = []
        codes: set[int] = set()
        deadline = time.monotonic() + PATIENCE
        while True:
            self.start()
            try:
                self.connect()
            except Exception as problem:
                failures.append(type(problem).__name__)
                codes |= {code_of(row) for row in self.named("error")}
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                break
        self.api.reqOpenOrders()
        self.until(lambda: self.named("openOrderEnd"))
        request = self.asked("execDetailsEnd", lambda number: self.api.reqExecutions(number, ExecutionFilter()))
        return {
            "failures": failures,
            "codes": sorted(codes & {326}),
            "positions": sorted([row[1], row[2]] for row in self.positions()),
            "open": sorted({row[2].permId for row in self.named("openOrder")}),
            "executions": len(self.named("execDetails", request)),
        }

    def run(self) -> None:
        steps = {
            "connect": self.connect,
            "contract details": self.details,
            "unknown contract": self.unknown_contract,
            "option chain": self.chain,
            "option": self.option,
            "quotes": self.quotes,
            "bars": self.bars,
            "updating bars": self.updating_bars,
            "depth": self.depth,
            "positions": self.positions,
            "account summary": self.summary,
            "portfolio": self.portfolio,
            "what-if": self.what_if,
            "market order": self.market_order,
            "bracket": self.bracket,
            "resting order": self.resting_order,
            "executions": self.executions,
            "completed orders": self.completed,
            "pnl": self.pnl,
            "historical ticks": self.historical_ticks,
            "head timestamp": self.head,
            "tick by tick": self.tick_by_tick,
            "real-time bars": self.realtime_bars,
            "search": self.search,
            "scanner parameters": self.scanner_parameters,
            "scanner": self.scanner,
            "news": self.news,
            "market rule": self.market_rule,
            "histogram": self.histogram,
            "schedule": self.schedule,
            "nightly restart": self.restart,
        }
        for name, step in steps.items():
            told(name, step)
        self.api.disconnect()


if __name__ == "__main__":
    Session(sys.argv[1], int(sys.argv[2])).run()
