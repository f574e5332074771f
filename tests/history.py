"""What the tests of history have in common: a client of a simulated TWS, requests, and what they are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from anytws.core.events import Event, Notice
from anytws.messages import BarSize, Contract, HistoricalData, HistoricalDataRequest, SecurityType, Stock
from anytws.messages.historical import HistoricalDataBar
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from tests.test_world import Client

SERVICE = "Historical Market Data Service error message:"
EUR_USD = Contract(symbol="EUR", security_type=SecurityType.FOREX, exchange="IDEALPRO", currency="USD")
SPX = Contract(symbol="SPX", security_type=SecurityType.INDEX, exchange="CBOE", currency="USD")
BITCOIN = Contract(symbol="BTC", security_type=SecurityType.CRYPTO, exchange="PAXOS", currency="USD")
CONTINUOUS = Contract(symbol="ES", security_type=SecurityType.CONTINUOUS_FUTURE, exchange="CME", currency="USD")


def client_at(version: int = 225, **settings: Any) -> Client:
    """Give a client of a world with *settings*, at the opening bell of the first Monday of 2026."""
    return Client(World(WorldSettings(server_version=version, **settings)))


def new_york(day: str, clock: str) -> datetime:
    """Give the moment at which New York's clock shows *clock*, in UTC: ``new_york("20260105", "09:30:00")``."""
    from zoneinfo import ZoneInfo

    shown = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo("America/New_York"))
    return shown.astimezone(UTC)


def client_in(moment: datetime, version: int = 225, **settings: Any) -> Client:
    """Give a client of a world in which it is *moment* at 0."""
    return client_at(version, epoch_at_zero=moment, **settings)


def bars(duration: str = "3600 S", size: BarSize | str = BarSize.MINUTES_5, **fields: Any) -> HistoricalDataRequest:
    """Give a request for bars of AAPL."""
    fields = {"contract": Stock("AAPL"), "request_id": 7, **fields}
    return HistoricalDataRequest(duration=duration, bar_size_setting=BarSize.verbatim(size), **fields)


def bars_of(told: list[Event]) -> tuple[HistoricalDataBar, ...]:
    """Give the bars of the one answer in *told*."""
    (data,) = [event for event in told if isinstance(event, HistoricalData)]
    return data.bars


def times_of(told: list[Event]) -> list[datetime | date]:
    """Give when the bars of the one answer in *told* begin."""
    return [bar.time for bar in bars_of(told)]


def error_of(told: list[Event]) -> tuple[int | None, int, str]:
    """Give id, code and text of the one error that was *told*, and nothing else."""
    (error,) = told
    if isinstance(error, Notice):
        return error.request_id, error.code, error.text
    assert isinstance(error, ErrorMessage), error
    return error.request_id, error.error_code, error.error_message


def seconds(number: float) -> timedelta:
    """Give *number* seconds."""
    return timedelta(seconds=number)
