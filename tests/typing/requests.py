"""What requests say of their answers, as the type checkers see it. Checked by `python3 dev.py types`, never run."""

from __future__ import annotations

from typing import TypeVar, assert_type

from anytws.messages import (
    AccountDataEnd,
    AccountDataRequest,
    AccountUpdateTime,
    AccountValue,
    Asks,
    BarSize,
    BondContractData,
    CancelMarketData,
    CancelOrderRequest,
    ContractData,
    ContractDataRequest,
    CurrentTime,
    CurrentTimeRequest,
    ExecutionDetails,
    ExecutionRequest,
    FADataType,
    FARequest,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    HistoricalSchedule,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    HistoricalTicksRequest,
    MarketDataAnswer,
    MarketDataRequest,
    MarketOrder,
    OpenOrder,
    OpenOrdersRequest,
    OrderStatus,
    PlaceOrderRequest,
    PnL,
    PnLRequest,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionsRequest,
    ReceiveFA,
    Stock,
    Streams,
    TickByTickData,
    TickByTickRequest,
    TickByTickType,
    ToTws,
)

_A = TypeVar("_A")
_B = TypeVar("_B")


def answer_of(request: Asks[_A]) -> _A:
    """Stand for what waits for an answer."""
    raise NotImplementedError(request)


def item_of(request: Streams[_B]) -> _B:
    """Stand for what reads a stream."""
    raise NotImplementedError(request)


def one_answer() -> None:
    """One message, where one message answers."""
    assert_type(answer_of(CurrentTimeRequest()), CurrentTime)
    assert_type(answer_of(FARequest(FADataType.GROUPS)), ReceiveFA)
    assert_type(answer_of(PlaceOrderRequest(Stock("AAPL"), MarketOrder("BUY", 1))), OpenOrder)


def a_run() -> None:
    """A tuple, where any number may answer."""
    assert_type(answer_of(ContractDataRequest(Stock("AAPL"))), tuple[ContractData | BondContractData, ...])
    assert_type(answer_of(ExecutionRequest()), tuple[ExecutionDetails, ...])
    assert_type(answer_of(OpenOrdersRequest()), tuple[OpenOrder | OrderStatus, ...])
    assert_type(
        answer_of(HistoricalTicksRequest(Stock("AAPL"))),
        tuple[HistoricalTicks | HistoricalTicksBidAsk | HistoricalTicksLast, ...],
    )


def a_stream() -> None:
    """What comes until it is cancelled."""
    request = TickByTickRequest(Stock("AAPL"), TickByTickType.LAST)
    assert_type(item_of(PnLRequest("DU1")), PnL)
    assert_type(item_of(request), HistoricalTicks | HistoricalTicksBidAsk | HistoricalTicksLast | TickByTickData)
    answer_of(request)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] (ticks go on)


def both() -> None:
    """The first run, or all of it with the end of that run."""
    assert_type(answer_of(PositionsRequest()), tuple[Position, ...])
    assert_type(item_of(PositionsRequest()), Position | PositionEnd)
    assert_type(answer_of(AccountDataRequest()), tuple[AccountValue | PortfolioValue | AccountUpdateTime, ...])
    assert_type(item_of(AccountDataRequest()), AccountValue | PortfolioValue | AccountUpdateTime | AccountDataEnd)
    bars = HistoricalDataRequest(Stock("AAPL"), "1 D", BarSize.MINUTE_1)
    assert_type(answer_of(bars), HistoricalData | HistoricalSchedule)
    assert_type(item_of(bars), HistoricalData | HistoricalDataEnd | HistoricalDataUpdate)
    ticks = MarketDataRequest(Stock("AAPL"), snapshot=True)
    assert_type(answer_of(ticks), tuple[MarketDataAnswer, ...])
    assert_type(item_of(ticks), MarketDataAnswer)
    assert_type(ticks.request_id, int | None)
    item_of(CurrentTimeRequest())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] (there is one)


def neither() -> None:
    """What ends or cancels something is only sent."""
    commands: list[ToTws] = [CancelMarketData(1000), CancelOrderRequest(7)]
    assert_type(commands[0], ToTws)
    answer_of(CancelMarketData(1000))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    MarketDataRequest(1000, Stock("AAPL"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
