"""The session of ib_insync and of ib_async, which offer the same: ``python insync.py MODULE HOST PORT``.

It imports the client by name, and nothing of ours: see `steps`.
"""

from __future__ import annotations

import asyncio
import importlib
import math
import sys
from datetime import UTC, datetime
from typing import Any

from steps import PATIENCE, NotOfferedError, told_async

END = "20260102-21:00:00"
"""A Friday's close in New York: the day before the session."""
TICKS_FROM = "20260102-15:00:00"


class Session:
    """One client that does all that is asked for, and tells what it saw."""

    def __init__(self, module: str, host: str, port: int) -> None:
        self.m: Any = importlib.import_module(module)
        self.host, self.port = host, port
        self.ib = self.m.IB()
        self.errors: list[tuple[int, int, str]] = []
        self.ib.errorEvent += lambda request, code, text, _: self.errors.append((request, code, text))
        self.is_gone = asyncio.Event()
        self.ib.disconnectedEvent += self.is_gone.set
        self.stock = self.m.Stock("AAPL", "SMART", "USD")

    async def until(self, condition: Any) -> None:
        """Wait until *condition* holds, asked each time that anything has come."""
        while not condition():  # noqa: ASYNC110 (its own events are many)
            await asyncio.sleep(0.005)

    async def connect(self) -> Any:
        await self.ib.connectAsync(self.host, self.port, 7, PATIENCE)
        return {"version": self.ib.client.serverVersion(), "accounts": self.ib.managedAccounts()}

    async def details(self) -> Any:
        (found,) = await self.ib.reqContractDetailsAsync(self.stock)
        self.stock = found.contract
        return {
            "contract_id": found.contract.conId,
            "name": found.longName,
            "min_tick": found.minTick,
            "zone": found.timeZoneId,
            "hours": found.tradingHours,
            "primary": found.contract.primaryExchange,
        }

    async def unknown_contract(self) -> Any:
        found = await self.ib.reqContractDetailsAsync(self.m.Stock("NOSUCH", "SMART", "USD"))
        return {"found": len(found), "codes": [code for _, code, _ in self.errors if code == 200]}

    async def chain(self) -> Any:
        chains = await self.ib.reqSecDefOptParamsAsync("AAPL", "", "STK", self.stock.conId)
        chain = next(each for each in chains if each.exchange == "SMART")
        self.expiry, self.strike = sorted(chain.expirations)[3], sorted(chain.strikes)[len(chain.strikes) // 2]
        return {
            "expirations": sorted(chain.expirations),
            "strikes": sorted(chain.strikes),
            "multiplier": chain.multiplier,
        }

    async def option(self) -> Any:
        option = self.m.Option("AAPL", self.expiry, self.strike, "C", "SMART", currency="USD")
        (found,) = await self.ib.reqContractDetailsAsync(option)
        ticker = self.ib.reqMktData(found.contract)
        await self.until(lambda: ticker.modelGreeks is not None and ticker.modelGreeks.delta is not None)
        self.ib.cancelMktData(found.contract)
        greeks = ticker.modelGreeks
        return {
            "contract_id": found.contract.conId,
            "strike": found.contract.strike,
            "delta": greeks.delta,
            "volatility": greeks.impliedVol,
            "spot": greeks.undPrice,
        }

    async def quotes(self) -> Any:
        ticker = self.ib.reqMktData(self.stock)
        changes: list[tuple[float, float]] = []
        ticker.updateEvent += lambda ticker: changes.append((ticker.bid, ticker.ask))
        await self.until(lambda: len({pair for pair in changes if not any(map(math.isnan, pair))}) >= 3)
        self.ib.cancelMktData(self.stock)
        self.bid, self.ask = ticker.bid, ticker.ask
        return {
            "pairs": [pair for pair in changes if not any(map(math.isnan, pair))],
            "sizes": [ticker.bidSize, ticker.askSize],
            "last": ticker.last,
            "close": ticker.close,
        }

    async def bars(self) -> Any:
        bars = await self.ib.reqHistoricalDataAsync(self.stock, END, "1 D", "5 mins", "TRADES", True, 2)
        return [
            [bar.date.astimezone(UTC), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.barCount] for bar in bars
        ]

    async def updating_bars(self) -> Any:
        bars = await self.ib.reqHistoricalDataAsync(self.stock, "", "3600 S", "5 mins", "TRADES", True, 2, True)
        updates: list[bool] = []
        bars.updateEvent += lambda _, is_new: updates.append(is_new)
        await self.until(lambda: updates)
        self.ib.cancelHistoricalData(bars)
        return {"bars": len(bars), "updates": len(updates)}

    async def depth(self) -> Any:
        contract = self.m.Contract(
            conId=self.stock.conId, symbol="AAPL", secType="STK", exchange="NASDAQ", currency="USD"
        )
        ticker = self.ib.reqMktDepth(contract, 5)
        await self.until(lambda: len(ticker.domBids) >= 5 and len(ticker.domAsks) >= 5)
        seen = {
            "bids": [[level.price, level.size] for level in ticker.domBids],
            "asks": [[level.price, level.size] for level in ticker.domAsks],
        }
        self.ib.cancelMktDepth(contract)
        return seen

    async def positions(self) -> Any:
        rows = await self.ib.reqPositionsAsync()
        return sorted([row.account, row.contract.conId, row.position, row.avgCost] for row in rows)

    async def summary(self) -> Any:
        rows = await self.ib.accountSummaryAsync()
        return {row.tag: row.value for row in rows if row.tag in {"NetLiquidation", "TotalCashValue", "BuyingPower"}}

    async def portfolio(self) -> Any:
        # Everything that is said at the beginning has come with the connection.
        return sorted(
            [item.account, item.contract.conId, item.position, item.averageCost] for item in self.ib.portfolio()
        )

    async def what_if(self) -> Any:
        state = await self.ib.whatIfOrderAsync(self.stock, self.m.LimitOrder("BUY", 100, round(self.bid, 2)))
        return {"margin": float(state.initMarginChange), "commission": getattr(state, "commission", None)}

    async def market_order(self) -> Any:
        trade = self.ib.placeOrder(self.stock, self.m.MarketOrder("BUY", 10))
        await self.until(trade.isDone)
        await self.until(lambda: all(fill.commissionReport.execId for fill in trade.fills))
        return {
            "status": trade.orderStatus.status,
            "filled": sum(fill.execution.shares for fill in trade.fills),
            "executions": [fill.execution.execId for fill in trade.fills],
            "price": trade.orderStatus.avgFillPrice,
            "commission": sum(fill.commissionReport.commission for fill in trade.fills),
            "permanent_id": trade.order.permId or trade.orderStatus.permId,
        }

    async def bracket(self) -> Any:
        orders = self.ib.bracketOrder(
            "BUY", 20, round(self.ask * 1.02, 2), round(self.ask * 1.1, 2), round(self.ask * 0.9, 2)
        )
        parent, profit, loss = (self.ib.placeOrder(self.stock, order) for order in orders)
        await self.until(lambda: parent.isDone() and profit.orderStatus.status == "Submitted")
        alive = [parent.orderStatus.status, profit.orderStatus.status, loss.orderStatus.status]
        open_orders = await self.ib.reqOpenOrdersAsync()
        ids = {trade.order.orderId for trade in open_orders}
        self.ib.cancelOrder(profit.order)
        await self.until(lambda: profit.isDone() and loss.isDone())
        return {
            "alive": alive,
            "open": sorted({profit.order.orderId, loss.order.orderId} & ids)
            == sorted([profit.order.orderId, loss.order.orderId]),
            "after": [parent.orderStatus.status, profit.orderStatus.status, loss.orderStatus.status],
        }

    async def resting_order(self) -> Any:
        """Place one that stays: it is there after the restart."""
        order = self.m.LimitOrder("BUY", 5, round(self.bid * 0.9, 2), tif="GTC")
        trade = self.ib.placeOrder(self.stock, order)
        await self.until(lambda: trade.orderStatus.status in {"Submitted", "PreSubmitted"})
        self.resting = trade.order.permId
        return {"permanent_id": self.resting}

    async def executions(self) -> Any:
        fills = await self.ib.reqExecutionsAsync()
        return sorted([fill.execution.execId, fill.execution.shares, fill.execution.price] for fill in fills)

    async def completed(self) -> Any:
        trades = await self.ib.reqCompletedOrdersAsync(False)
        return sorted([trade.order.permId, trade.orderStatus.status] for trade in trades)

    async def pnl(self) -> Any:
        account = self.ib.managedAccounts()[0]
        pnl = self.ib.reqPnL(account)
        await self.until(lambda: not math.isnan(pnl.dailyPnL))
        self.ib.cancelPnL(account)
        single = self.ib.reqPnLSingle(account, "", self.stock.conId)
        await self.until(lambda: not math.isnan(single.value))
        self.ib.cancelPnLSingle(account, "", self.stock.conId)
        return {"position": single.position}

    async def historical_ticks(self) -> Any:
        ticks = await self.ib.reqHistoricalTicksAsync(self.stock, TICKS_FROM, "", 50, "TRADES", False)
        return [[tick.time.astimezone(UTC), tick.price, tick.size] for tick in ticks]

    async def head(self) -> Any:
        found = await self.ib.reqHeadTimeStampAsync(self.stock, "TRADES", False, 2)
        return found.astimezone(UTC) if isinstance(found, datetime) else found

    async def tick_by_tick(self) -> Any:
        ticker = self.ib.reqTickByTickData(self.stock, "BidAsk")
        seen: list[Any] = []
        ticker.updateEvent += lambda ticker: seen.extend(ticker.tickByTicks)
        await self.until(lambda: len(seen) >= 3)
        self.ib.cancelTickByTickData(self.stock, "BidAsk")
        return [[tick.time.astimezone(UTC), tick.bidPrice, tick.askPrice] for tick in seen]

    async def realtime_bars(self) -> Any:
        bars = self.ib.reqRealTimeBars(self.stock, 5, "TRADES", False)
        await self.until(lambda: len(bars) >= 1)
        self.ib.cancelRealTimeBars(bars)
        return [[bar.time.astimezone(UTC), bar.open_, bar.high, bar.low, bar.close] for bar in bars]

    async def search(self) -> Any:
        found = await self.ib.reqMatchingSymbolsAsync("AAPL")
        return [each.contract.conId for each in found]

    async def scanner_parameters(self) -> Any:
        document = await self.ib.reqScannerParametersAsync()
        return {"begins": document.lstrip()[:5], "length": len(document)}

    async def scanner(self) -> Any:
        wanted = self.m.ScannerSubscription(
            instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN", numberOfRows=5
        )
        rows = await self.ib.reqScannerDataAsync(wanted)
        return [[row.rank, row.contractDetails.contract.symbol] for row in rows]

    async def news(self) -> Any:
        providers = await self.ib.reqNewsProvidersAsync()
        codes = "+".join(each.code for each in providers)
        found = await self.ib.reqHistoricalNewsAsync(self.stock.conId, codes, "", "", 5)
        found = found if isinstance(found, list) else [found] if found else []
        return {"providers": sorted(each.code for each in providers), "headlines": [each.articleId for each in found]}

    async def market_rule(self) -> Any:
        return [[step.lowEdge, step.increment] for step in await self.ib.reqMarketRuleAsync(26)]

    async def histogram(self) -> Any:
        rows = await self.ib.reqHistogramDataAsync(self.stock, True, "2 days")
        return {"rows": len(rows)}

    async def schedule(self) -> Any:
        found = await self.ib.reqHistoricalScheduleAsync(self.stock, 3, END, True)
        return [[each.startDateTime, each.endDateTime] for each in found.sessions]

    async def depth_exchanges(self) -> Any:
        if not hasattr(self.ib, "reqMktDepthExchangesAsync"):
            raise NotOfferedError("no way to wait for them")
        return {"count": len(await self.ib.reqMktDepthExchangesAsync())}

    async def restart(self) -> Any:
        """Be there when TWS restarts: the clock is asked, and the answer is the end."""
        self.is_gone.clear()
        self.ib.client.reqCurrentTime()
        await self.is_gone.wait()
        failures: list[str] = []
        while True:
            try:
                await self.ib.connectAsync(self.host, self.port, 7, 2)
            except Exception as problem:
                failures.append(type(problem).__name__)
                await asyncio.sleep(0.05)
            else:
                break
        return {
            "failures": failures,
            "codes": sorted({code for _, code, _ in self.errors if code == 326}),
            "positions": sorted([row.contract.conId, row.position] for row in self.ib.positions()),
            "open": [trade.order.permId for trade in self.ib.openTrades()],
            "executions": len(self.ib.fills()),
        }

    async def run(self) -> None:
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
            await told_async(name, step)
        self.ib.disconnect()


def main(module: str, host: str, port: str) -> None:
    async def run() -> None:
        await Session(module, host, int(port)).run()

    asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])
