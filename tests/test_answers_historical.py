"""What the simulated TWS answers about history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from anytws.core.events import Event, Notice
from anytws.messages import (
    BarSize,
    CancelHeadTimestamp,
    CancelHistoricalData,
    FormatDate,
    HeadTimestamp,
    HeadTimestampRequest,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    MarketDataRequest,
    Stock,
    TickPrice,
    WhatToShow,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from anytws.simulator.answers.historical import MOST_BARS
from anytws.simulator.world import EPOCH
from tests.test_answers import ENCODINGS
from tests.test_world import Client


def client_at(version: int = 225, **settings: Any) -> Client:
    return Client(World(WorldSettings(server_version=version, **settings)))


def bars(duration: str = "3600 S", size: BarSize = BarSize.MINUTES_5, **fields: Any) -> HistoricalDataRequest:
    fields = {"contract": Stock("AAPL"), "request_id": 7, **fields}
    return HistoricalDataRequest(duration=duration, bar_size_setting=size, **fields)


def error_of(told: list[Event]) -> tuple[int | None, int, str]:
    (error,) = told
    if isinstance(error, Notice):
        return error.request_id, error.code, error.text
    assert isinstance(error, ErrorMessage)
    return error.request_id, error.error_code, error.error_message


@pytest.mark.parametrize("version", [178, 195, 196, 200, 225])
@pytest.mark.parametrize("form", [FormatDate.EPOCH_SECONDS, FormatDate.TEXT])
def test_bars_come_in_one_message_with_their_span(version: int, form: FormatDate) -> None:
    data, *end = client_at(version).ask(bars(format_date=form), 17.0)
    assert isinstance(data, HistoricalData)
    now = EPOCH + timedelta(seconds=17)
    span = (now - timedelta(hours=1), now)
    if version >= 196:
        assert (data.start, data.end) == (None, None)
        assert end == [HistoricalDataEnd(7, *span)]
    else:
        assert (data.start, data.end) == span
        assert end == []
    # On the grid of their size, the running one among them.
    assert [bar.time for bar in data.bars] == [EPOCH - timedelta(minutes=55 - 5 * number) for number in range(12)]
    for bar in data.bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.wap is not None
        assert bar.low <= float(bar.wap) <= bar.high


def test_small_bars_make_the_large_ones_and_the_last_close_is_the_last_tick() -> None:
    client = client_at()
    small = client.ask(bars("600 S", BarSize.SECONDS_10), 599.0)[0]
    large = client.ask(bars("600 S", BarSize.MINUTES_10), 600.0)[0]
    assert isinstance(small, HistoricalData)
    assert isinstance(large, HistoricalData)
    (one,), many = large.bars, small.bars[-60:]
    assert (one.open, one.high, one.low) == (
        many[0].open,
        max(bar.high for bar in many),
        min(bar.low for bar in many),
    )
    assert one.volume is not None
    ticks = client.ask(MarketDataRequest(Stock("AAPL"), request_id=8), 599.0)
    assert one.close == next(tick.price for tick in ticks if isinstance(tick, TickPrice) and tick.tick_type.value == 4)


def test_days_are_dates() -> None:
    data = client_at().ask(bars("3 D", BarSize.DAY_1, end_date_time=date(2026, 1, 3)))[0]
    assert isinstance(data, HistoricalData)
    assert [bar.time for bar in data.bars] == [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2)]


@pytest.mark.parametrize(
    "end",
    [datetime(2026, 1, 2, 12, tzinfo=UTC), datetime(2026, 1, 2, 14)],  # noqa: DTZ001
    ids=["with a zone", "by the clock of TWS"],
)
def test_an_end_is_a_moment(end: datetime) -> None:
    client = client_at(utc_offset=timedelta(hours=2))
    _, told = client.ask(bars(end_date_time=end))
    assert isinstance(told, HistoricalDataEnd)
    assert told.end == datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("version", ENCODINGS)
def test_live_bars_follow_every_five_seconds_until_the_cancel(version: int) -> None:
    client = client_at(version)
    told = client.ask(bars("120 S", BarSize.MINUTE_1, keep_up_to_date=True))
    assert isinstance(told[-1], HistoricalDataUpdate)
    assert client.link.wake_at() == 5.0
    assert client.go(4.9) == []
    updates = client.go(62.0)
    assert [update.bar.time for update in updates if isinstance(update, HistoricalDataUpdate)] == (
        [EPOCH] * 11 + [EPOCH + timedelta(minutes=1)]
    )
    assert error_of(client.ask(bars(), 62.0))[:2] == (7, 322), "its id is in use"
    request_id, code, text = error_of(client.ask(CancelHistoricalData(7), 62.0))
    assert (request_id, code) == (7, 162)
    assert text.endswith("API historical data query cancelled: 7")
    assert client.go(100.0) == []
    assert client.link.wake_at() is None


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_cancel_of_what_is_over_is_366(version: int) -> None:
    client = client_at(version)
    client.ask(bars())
    assert error_of(client.ask(CancelHistoricalData(7)))[:2] == (7, 366)


REFUSED = {
    "no duration": (bars(""), 321, "not specified"),
    "no unit of ours": (bars("1 X"), 321, "integer{SPACE}unit (S|D|W|M|Y)"),
    "no number": (bars("D"), 321, "integer{SPACE}unit"),
    "too short": (bars("29 S"), 321, "invalid"),
    "nothing": (bars("0 D"), 321, "invalid"),
    "too many seconds": (bars("86401 S"), 321, "86400"),
    "too many days": (bars("366 D"), 321, "365 days"),
    "too many weeks": (bars("53 W"), 321, "52 weeks"),
    "too many months": (bars("13 M"), 321, "12 months"),
    "too long": (bars("2 M", BarSize.DAY_1), 162, "Time length exceed max."),
    "too many bars": (bars("5 D", BarSize.MINUTE_1), 162, "Time length exceed max."),
    "a bad end": (bars(end_date_time="yesterday"), 10314, "End Date/Time"),
    "live with an end": (bars(keep_up_to_date=True, end_date_time=date(2026, 1, 1)), 321, "End date"),
    "live without a price": (bars(keep_up_to_date=True, what_to_show=WhatToShow.FEE_RATE), 321, "Source price"),
    "no stock": (bars(contract=Stock("XYZ")), 200, "No security definition"),
    "another kind": (
        bars(what_to_show=WhatToShow.MIDPOINT),
        162,
        "No historical market data for AAPL/STK@SMART MIDPOINT",
    ),
    "weeks": (bars("1 W", BarSize.WEEK_1), 162, "No historical market data"),
    "before its time": (bars(end_date_time=date(1970, 6, 1)), 162, "HMDS query returned no data: AAPL@SMART Trades"),
}


@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("request_, code, words", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_once_and_has_no_end(
    request_: HistoricalDataRequest, code: int, words: str, version: int
) -> None:
    client = client_at(version)
    request_id, told_code, text = error_of(client.ask(request_))
    assert (request_id, told_code) == (7, code)
    assert words in text
    assert not client.link.streams


def test_the_most_that_there_is_at_once() -> None:
    data = client_at().ask(bars(f"{MOST_BARS * 5} S", BarSize.SECONDS_5))[0]
    assert isinstance(data, HistoricalData)
    assert len(data.bars) == MOST_BARS


def test_live_bars_are_not_without_end() -> None:
    client = client_at()
    for number in range(1, 51):
        client.ask(bars("60 S", BarSize.MINUTE_1, keep_up_to_date=True, request_id=number))
    assert error_of(client.ask(bars(keep_up_to_date=True, request_id=51)))[:2] == (51, 322)
    assert len(client.ask(bars(request_id=51))) == 2, "what ends takes no place"


def test_live_bars_of_a_client_that_does_not_read_are_passed_over() -> None:
    client = client_at()
    client.ask(bars("60 S", BarSize.MINUTE_1, keep_up_to_date=True))
    (stream,) = client.link.streams.values()
    stream.skip(4.0)
    assert stream.wake_at == 5.0
    stream.skip(5.0)
    assert stream.wake_at == 10.0
    stream.skip(999.0)
    assert stream.wake_at == 1000.0


@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("form", [FormatDate.EPOCH_SECONDS, FormatDate.TEXT])
def test_history_has_a_beginning(version: int, form: FormatDate) -> None:
    client = client_at(version)
    told = client.ask(HeadTimestampRequest(Stock("AAPL"), format_date=form, request_id=7))
    assert told == [HeadTimestamp(7, datetime(1980, 12, 12, 14, 30, tzinfo=UTC))]
    assert client.ask(CancelHeadTimestamp(7)) == []
    assert error_of(client.ask(HeadTimestampRequest(Stock("XYZ"), request_id=7)))[:2] == (7, 200)
