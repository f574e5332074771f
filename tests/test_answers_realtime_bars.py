"""What the simulated TWS gives to those who want a bar every five seconds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from anytws.core.events import Event
from anytws.messages import (
    BarSize,
    CancelRealTimeBars,
    MarketDataMode,
    MarketDataRequest,
    MarketDataTypeRequest,
    RealTimeBarsRequest,
    RealTimeBarTick,
    RealTimeWhatToShow,
    Stock,
    WhatToShow,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.realtime_bars import bust
from anytws.simulator.world import EPOCH
from tests.history import BITCOIN, EUR_USD, bars, bars_of, client_at, client_in, error_of, new_york
from tests.test_answers import ENCODINGS

REFUSED = "Invalid Real-time Query:"


def asked(request_id: int = 7, **fields: Any) -> RealTimeBarsRequest:
    """Give a request for bars of AAPL."""
    fields = {"contract": Stock("AAPL"), "request_id": request_id, **fields}
    return RealTimeBarsRequest(**fields)


def bars_in(told: list[Event]) -> list[RealTimeBarTick]:
    """Give the bars in *told*."""
    return [event for event in told if isinstance(event, RealTimeBarTick)]


@pytest.mark.card("realtime_bars.rhythm", "historical.agreement")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_bar_comes_every_five_seconds_with_its_start(version: int):
    client = client_at(version)
    assert client.ask(asked(), 3.0) == []
    assert client.link.wake_at() == 5.0
    found = bars_in(client.go(62.0))
    assert [bar.time for bar in found] == [EPOCH + timedelta(seconds=5 * number) for number in range(12)]
    history = bars_of(client.ask(bars("60 S", BarSize.SECONDS_5, end_date_time=EPOCH + timedelta(seconds=60)), 62.0))
    assert [(bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count) for bar in found] == [
        (bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.bar_count) for bar in history
    ]


@pytest.mark.card("realtime_bars.values")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("what", [RealTimeWhatToShow.MIDPOINT, RealTimeWhatToShow.BID, RealTimeWhatToShow.ASK])
def test_bars_of_quotes_have_no_volume(what: RealTimeWhatToShow, version: int):
    client = client_at(version)
    client.ask(asked(contract=EUR_USD, what_to_show=what))
    (bar,) = bars_in(client.go(5.0))
    assert (bar.volume, bar.wap, bar.count) == (None, None, None)


@pytest.mark.card("realtime_bars.rhythm")
def test_there_are_none_outside_of_the_hours_asked_for():
    client = client_in(new_york("20260105", "15:59:50"))
    client.ask(asked(use_rth=True))
    client.ask(asked(8))
    found = bars_in(client.go(20.0))
    assert [bar.request_id for bar in found] == [7, 8, 7, 8, 8, 8]
    close = (new_york("20260105", "20:00:00") - new_york("20260105", "15:59:50")).total_seconds()
    bars_in(client.go(close))
    morning = client.link.wake_at()
    assert morning is not None
    assert EPOCH.replace(tzinfo=None) is not None
    assert client.link.world.utc(morning) == new_york("20260106", "04:00:05")
    assert len(bars_in(client.go(morning))) == 1


@pytest.mark.card("realtime_bars.cancel")
def test_a_cancel_is_silent_once():
    client = client_at()
    client.ask(asked())
    assert error_of(client.ask(asked()))[:2] == (7, 322)
    assert client.ask(CancelRealTimeBars(7)) == []
    assert client.go(60.0) == []
    assert error_of(client.ask(CancelRealTimeBars(7), 60.0)) == (7, 300, "Can't find EId with tickerId:7")


@pytest.mark.card("realtime_bars.values", "realtime_bars.refused")
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_refused(version: int):
    client = client_at(version)
    refused: list[tuple[RealTimeBarsRequest, int, str]] = [
        (
            *(asked(what_to_show=RealTimeWhatToShow.verbatim("BID_ASK")), 321),
            "Error validating request.-'RealTimeBarsRequest' : cause - What to show value of BID_ASK rejected.",
        ),
        (asked(contract=Stock("XYZ")), 200, "No security definition has been found for the request"),
        (asked(contract=BITCOIN), 10299, "Expected what to show is AGGTRADES, please use that instead of TRADES."),
        (asked(contract=EUR_USD), 420, f"{REFUSED}No historical market data for EUR/CASH@IDEALPRO Last 5"),
    ]
    for request, code, text in refused:
        assert error_of(client.ask(request)) == (7, code, text)
    assert not client.link.streams
    client.ask(asked(contract=BITCOIN, what_to_show=RealTimeWhatToShow.verbatim("AGGTRADES")))
    assert bars_in(client.go(5.0))


@pytest.mark.card("realtime_bars.refused")
def test_there_are_no_delayed_ones():
    client = client_at(market_data_subscribed=False)
    for mode in (MarketDataMode.REAL_TIME, MarketDataMode.DELAYED):
        client.ask(MarketDataTypeRequest(mode))
        _, code, text = error_of(client.ask(asked()))
        assert code == 420
        assert text.startswith(f"{REFUSED}No market data permissions for NASDAQ STK. Requested market data requires ")


@pytest.mark.card("realtime_bars.refused", "historical.pacing")
def test_they_take_a_line_and_are_paced():
    client = client_at(lines=2)
    client.ask(asked(1))
    client.ask(MarketDataRequest(Stock("AAPL"), request_id=2))
    assert error_of(client.ask(asked(3, contract=Stock("MSFT"))))[:2] == (3, 101)
    client.ask(CancelRealTimeBars(1))
    assert error_of(client.ask(asked(1))) == (1, 420, f"{REFUSED}Historical data request pacing violation")
    assert client.ask(asked(1, contract=Stock("MSFT"))) == []


@pytest.mark.card("realtime_bars.bust")
def test_trades_that_are_cancelled_end_them():
    client = client_at()
    client.ask(asked())
    client.ask(asked(8, contract=Stock("MSFT")))
    (error,) = bust(client.link, 265598)
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (7, 10225)
    assert {bar.request_id for bar in bars_in(client.go(10.0))} == {8}


def test_bars_of_a_client_that_does_not_read_are_passed_over():
    client = client_at()
    client.ask(asked())
    (stream,) = client.link.streams.values()
    stream.skip(4.0)
    assert stream.wake_at == 5.0
    stream.skip(5.0)
    assert stream.wake_at == 10.0
    stream.skip(999.0)
    assert stream.wake_at == 1000.0


def test_small_bars_are_the_same_by_either_way():
    client = client_at()
    client.ask(asked(what_to_show=RealTimeWhatToShow.MIDPOINT))
    live = bars_in(client.go(30.0))
    end = EPOCH + timedelta(seconds=30)
    request = bars("30 S", BarSize.SECONDS_5, what_to_show=WhatToShow.MIDPOINT, end_date_time=end, request_id=9)
    assert [bar.close for bar in live] == [bar.close for bar in bars_of(client.ask(request, 30.0))]
