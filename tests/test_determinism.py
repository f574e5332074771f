"""A whole session has the same bytes in every process: whatever the hash of a text is there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from anytws.messages.accounts import (
    AccountDataRequest,
    AccountSummaryRequest,
    PnLRequest,
    PnLSingleRequest,
    PositionsRequest,
)
from anytws.messages.base import ToTws, replace
from anytws.messages.contract import Contract, Right, SecurityType
from anytws.messages.contracts import ContractDataRequest, MatchingSymbolsRequest, SecDefOptParamsRequest
from anytws.messages.executions import ExecutionRequest
from anytws.messages.historical import (
    BarSize,
    HistogramDataRequest,
    HistoricalDataRequest,
    HistoricalTicksRequest,
    RealTimeBarsRequest,
    RealTimeWhatToShow,
    TicksWhatToShow,
    WhatToShow,
)
from anytws.messages.market_data import MarketDataRequest, MarketDepthRequest, TickByTickRequest, TickByTickType
from anytws.messages.order_words import TimeInForce
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    CompletedOrdersRequest,
    GlobalCancelRequest,
    PlaceOrderRequest,
)
from anytws.messages.scanner import ScannerInstrument, ScannerSubscription, ScannerSubscriptionRequest
from anytws.messages.session import ErrorMessage
from anytws.simulator.settings import EPOCH
from anytws.wire.catalogue import entry_of
from anytws.wire.versions import MAX_VERSION, PROTOBUF
from tests.trading import AAPL, Floor, Trader, limit, market, stock, stop

ACCOUNT = "DU1234567"
OPTION = Contract(
    symbol="AAPL",
    security_type=SecurityType.OPTION,
    exchange="SMART",
    currency="USD",
    last_trade_date_or_contract_month="20260116",
    strike=200.0,
    right=Right.CALL,
)
EUR = Contract(symbol="EUR", security_type=SecurityType.FOREX, exchange="IDEALPRO", currency="USD")
FUTURE = Contract(
    symbol="ES",
    security_type=SecurityType.FUTURE,
    exchange="CME",
    currency="USD",
    last_trade_date_or_contract_month="202603",
)
NASDAQ = replace(AAPL, exchange="NASDAQ")
SCAN = ScannerSubscription(5, ScannerInstrument.STOCK_US, location_code="STK.US.MAJOR", scan_code="TOP_PERC_GAIN")
STREAMS: tuple[ToTws, ...] = (
    MarketDataRequest(AAPL, "100,101,104,106,165,221,233,236,258,293,294,295,318"),
    MarketDataRequest(OPTION, "100,101,106"),
    MarketDataRequest(EUR),
    MarketDataRequest(FUTURE),
    MarketDepthRequest(NASDAQ, 5),
    MarketDepthRequest(AAPL, 5, is_smart_depth=True),
    TickByTickRequest(AAPL, TickByTickType.ALL_LAST, 10),
    TickByTickRequest(EUR, TickByTickType.BID_ASK),
    RealTimeBarsRequest(AAPL),
    RealTimeBarsRequest(EUR, what_to_show=RealTimeWhatToShow.MIDPOINT),
    HistoricalDataRequest(AAPL, "3600 S", BarSize.SECONDS_5, keep_up_to_date=True),
    AccountSummaryRequest(("NetLiquidation", "BuyingPower")),
    PnLRequest(ACCOUNT),
    PnLSingleRequest(ACCOUNT, 265598),
    ScannerSubscriptionRequest(SCAN),
)
QUESTIONS: tuple[ToTws, ...] = (
    ContractDataRequest(replace(AAPL, exchange="", currency="")),
    ContractDataRequest(replace(OPTION, strike=None, right=None)),
    MatchingSymbolsRequest("A"),
    SecDefOptParamsRequest("AAPL", SecurityType.STOCK, 265598),
    MarketDataRequest(stock("MSFT"), snapshot=True),
    HistoricalDataRequest(AAPL, "2 D", BarSize.MINUTES_5),
    HistoricalDataRequest(EUR, "1 D", BarSize.HOUR_1, WhatToShow.BID_ASK),
    HistoricalDataRequest(AAPL, "1 M", BarSize.DAY_1, WhatToShow.SCHEDULE),
    HistoricalDataRequest(AAPL, "1 W", BarSize.DAY_1, WhatToShow.OPTION_IMPLIED_VOLATILITY),
    HistoricalTicksRequest(AAPL, end_date_time=EPOCH, what_to_show=TicksWhatToShow.BID_ASK, number_of_ticks=50),
    HistogramDataRequest(AAPL, "1 day"),
)


def session(version: int) -> tuple[str, list[int]]:
    """Give a digest of all that two clients heard in a session, and the codes of the errors in it.

    There are details, quotes, books and history, orders that the market fills, accounts and what they earn.
    """
    floor, heard = Floor(server_version=version), sha256()
    traders = [floor.trader(client_id) for client_id in (1, 0)]
    for trader in traders:
        _note_bytes(trader, heard.update)
    trader, master = traders
    wanted = [*STREAMS, *QUESTIONS, PositionsRequest(), AccountDataRequest(account=ACCOUNT)]
    for request_id, request in enumerate((each for each in wanted if entry_of(each).since <= version), 1):
        trader.send(replace(request, request_id=request_id) if hasattr(request, "request_id") else request)
        floor.wait(0.3)
    bid = float(floor.bid())
    day = TimeInForce.DAY
    for order in (
        market(quantity=30, time_in_force=day),
        limit(round(bid - 0.05, 2), quantity=20, time_in_force=day),
        limit(round(bid + 0.30, 2), "SELL", quantity=10, time_in_force=day),
        stop(round(bid - 0.10, 2), quantity=15, time_in_force=day),
        limit(round(bid - 20, 2), quantity=10, time_in_force=day),
    ):
        trader.place(order)
        master.place(replace(order, order_reference="again"), stock("MSFT"))
        floor.wait(1)
    trader.send(PlaceOrderRequest(AAPL, limit(bid, what_if=True), order_id=900))
    floor.wait(60)
    for request in (AllOpenOrdersRequest(), ExecutionRequest(request_id=901), GlobalCancelRequest()):
        master.send(request)
    floor.wait(2)
    master.send(CompletedOrdersRequest(api_only=False))
    floor.wait(1)
    told = [message for each in traders for message in each.heard]
    return heard.hexdigest(), [message.error_code for message in told if isinstance(message, ErrorMessage)]


def _note_bytes(trader: Trader, note: Callable[[bytes], object]) -> None:
    receive = trader.connection.receive_data

    def receive_data(data: bytes) -> None:
        note(data)
        receive(data)

    # What arrives is what was sent: nothing else sees all of it.
    setattr(trader.connection, "receive_data", receive_data)  # noqa: B010 (a type checker would not have it)


def both() -> str:
    """Give what `session` gives in text and in protobuf."""
    return repr([session(version) for version in (PROTOBUF - 1, MAX_VERSION)])


def test_a_session_has_the_same_bytes_in_every_process() -> None:
    # This process has a seed of its own.
    said = {
        subprocess.run(
            [sys.executable, "-c", "from tests.test_determinism import both; print(both())"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("777",)
    }
    assert said == {f"{both()}\n"}


def test_the_session_is_one_of_a_client_that_does_nothing_wrong() -> None:
    assert {*session(MAX_VERSION)[1]} == {202, 2152}
