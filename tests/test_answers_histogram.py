"""What the simulated TWS answers about how much was traded at which price."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from anytws.core.events import Event
from anytws.messages import (
    CancelHistogramData,
    HistogramData,
    HistogramDataRequest,
    HistoricalTicksLast,
    HistoricalTicksRequest,
    MarketDataMode,
    MarketDataTypeRequest,
    Stock,
)
from anytws.simulator.answers.histogram import period_of
from anytws.simulator.answers.historical_spans import Duration
from anytws.simulator.market.words import Halt
from anytws.simulator.world import EPOCH
from tests.history import BITCOIN, EUR_USD, SERVICE, bars, bars_of, client_at, error_of
from tests.test_answers import ENCODINGS
from tests.test_world import Client


def asked(period: str = "3 days", **fields: Any) -> HistogramDataRequest:
    """Give a request for the histogram of AAPL."""
    fields = {"contract": Stock("AAPL"), "time_period": period, "request_id": 7, **fields}
    return HistogramDataRequest(**fields)


def rows_in(client: Client, request: HistogramDataRequest, now: float = 0.0) -> dict[float, Decimal]:
    """Give what *client* is told to *request*, which takes a while."""
    return rows_of([*client.ask(request, now), *client.go(now + 1.0)])


def rows_of(told: list[Event]) -> dict[float, Decimal]:
    """Give sizes by price of the one answer in *told*."""
    (data,) = told
    assert isinstance(data, HistogramData)
    assert data.request_id == 7
    rows = {entry.price: entry.size for entry in data.entries}
    assert len(rows) == len(data.entries)
    return {price: size for price, size in rows.items() if size is not None}


@pytest.mark.card("historical.histogram")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_histogram_has_all_that_was_traded_once(version: int):
    client = client_at(version)
    rows = rows_in(client, asked(use_rth=True))
    found = [bar for bar in bars_of(client.ask(bars("3 D", "1 day", use_rth=True))) if bar.volume]
    assert sum(rows.values()) == sum(bar.volume or 0 for bar in found)
    assert min(rows) == min(bar.low for bar in found)
    assert max(rows) == max(bar.high for bar in found)
    assert list(rows) != sorted(rows)


@pytest.mark.card("historical.histogram", "historical.agreement")
def test_it_is_made_of_the_ticks():
    client = client_at()
    start = EPOCH + timedelta(seconds=2)
    rows = rows_in(client, asked("30 secs"), 31.3)
    (ticks,) = client.ask(HistoricalTicksRequest(Stock("AAPL"), start, number_of_ticks=1000, request_id=8), 31.3)
    assert isinstance(ticks, HistoricalTicksLast)
    assert len(ticks.ticks) < 1000
    counted: dict[float, Decimal] = {}
    for tick in ticks.ticks:
        assert tick.size is not None
        counted[tick.price] = counted.get(tick.price, Decimal(0)) + tick.size
    assert counted == rows


@pytest.mark.card("historical.histogram")
@pytest.mark.parametrize(
    "text, period",
    [
        ("3 days", Duration(3, "D")),
        ("1 day", Duration(1, "D")),
        ("20 mins", Duration(1200, "S")),
        ("1 hour", Duration(3600, "S")),
        ("2 weeks", Duration(2, "W")),
        ("1 month", Duration(1, "M")),
        ("1 year", Duration(1, "Y")),
        ("1 W", Duration(1, "W")),
        ("2 years", None),
        ("0 days", None),
        ("days", None),
        ("", None),
    ],
)
def test_periods(text: str, period: Duration | None):
    assert period_of(text) == period


@pytest.mark.card("historical.histogram_failed")
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_refused(version: int):
    client = client_at(version)
    assert error_of(client.ask(asked("soon"))) == (7, 10188, "Failed to request histogram data")
    assert error_of(client.ask(asked(contract=EUR_USD))) == (7, 10188, "Failed to request histogram data")
    assert error_of(client.ask(asked(contract=Stock("XYZ"))))[:2] == (7, 200)
    assert rows_in(client, asked("1 hour", contract=BITCOIN))


@pytest.mark.card("historical.permission")
def test_without_a_subscription():
    client = client_at(market_data_subscribed=False)
    assert error_of(client.ask(asked()))[1] == 162
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    assert error_of(client.ask(asked()))[1] == 2188


def test_nothing_was_traded():
    client = client_at()
    world = client.link.world
    world.market.halt(world.universe.by_symbol("AAPL"), Halt.GENERAL, world.ms(0.0))
    assert error_of(client.ask(asked("5 secs"), 10.0)) == (
        7,
        162,
        f"{SERVICE}HMDS query returned no data: AAPL@SMART Trades",
    )


@pytest.mark.card("historical.histogram_failed")
def test_an_answer_may_take_its_time():
    client = client_at(historical_seconds=1.0)
    assert client.ask(asked()) == []
    assert error_of(client.ask(asked()))[:2] == (7, 321)
    assert client.ask(CancelHistogramData(7)) == []
    assert client.go(2.0) == []
    assert client.ask(CancelHistogramData(7), 2.0) == []
    assert client.ask(asked("2 hours"), 3.0) == []
    assert client.go(3.99) == []
    ((_, stream),) = client.link.streams.items()
    stream.skip(4.0)
    assert stream.wake_at == pytest.approx(4.01)
    assert rows_of(client.go(4.1))
