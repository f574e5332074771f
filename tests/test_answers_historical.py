"""What the simulated TWS answers about history: bars, the running one kept up to date, and where history begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from anytws.core.events import Event
from anytws.messages import (
    BarSize,
    CancelHeadTimestamp,
    CancelHistoricalData,
    FormatDate,
    HeadTimestamp,
    HeadTimestampRequest,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataUpdate,
    HistoricalSchedule,
    MarketDataRequest,
    Stock,
    TickPrice,
    WhatToShow,
)
from anytws.messages.base import replace
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.historical import MINUTES_AT_ONCE, MOST_BARS
from anytws.simulator.answers.updating_bars import lose_updates
from anytws.simulator.market.words import Source
from anytws.simulator.settings import Personality
from anytws.simulator.world import EPOCH
from tests.history import (
    BITCOIN,
    CONTINUOUS,
    EUR_USD,
    SERVICE,
    SPX,
    bars,
    bars_of,
    client_at,
    client_in,
    error_of,
    new_york,
    times_of,
)
from tests.test_answers import ENCODINGS


def updates_of(told: list[Event]) -> list[HistoricalDataUpdate]:
    """Give the updates in *told*."""
    return [event for event in told if isinstance(event, HistoricalDataUpdate)]


@pytest.mark.card("historical.bars", "historical.span", "historical.running_bar")
@pytest.mark.parametrize("version", [178, 195, 196, 200, 225])
@pytest.mark.parametrize("form", [FormatDate.EPOCH_SECONDS, FormatDate.TEXT])
def test_bars_come_in_one_message_with_their_span(version: int, form: FormatDate):
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
    # On the grid of their size: that in which the span begins, and the running one among them.
    assert [bar.time for bar in data.bars] == [EPOCH - timedelta(minutes=60 - 5 * number) for number in range(13)]
    for bar in data.bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.wap is not None
        assert bar.low <= float(bar.wap) <= bar.high


KINDS = {
    "midpoint": (EUR_USD, WhatToShow.MIDPOINT),
    "bid": (Stock("AAPL"), WhatToShow.BID),
    "ask": (Stock("AAPL"), WhatToShow.ASK),
    "bid and ask": (Stock("AAPL"), WhatToShow.BID_ASK),
    "adjusted": (Stock("AAPL"), WhatToShow.ADJUSTED_LAST),
    "crypto": (BITCOIN, WhatToShow.AGGREGATED_TRADES),
    "future": (CONTINUOUS, WhatToShow.TRADES),
    "volatility": (Stock("AAPL"), WhatToShow.HISTORICAL_VOLATILITY),
    "implied volatility": (SPX, WhatToShow.OPTION_IMPLIED_VOLATILITY),
    "fee": (Stock("AAPL"), WhatToShow.FEE_RATE),
}
OF_TRADES = ("adjusted", "crypto", "future")


@pytest.mark.card("historical.values", "historical.rates", "historical.agreement")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize(
    "kind, size",
    [
        (kind, size)
        for kind in KINDS
        for size in (BarSize.MINUTE_1, BarSize.HOURS_2, BarSize.DAY_1, BarSize.WEEK_1)
        # Refused: see the checks.
        if (kind, size) != ("adjusted", BarSize.WEEK_1)
    ],
)
def test_each_kind_has_bars(kind: str, size: BarSize, version: int):
    contract, what = KINDS[kind]
    found = bars_of(client_at(version).ask(bars("2 D", size, contract=contract, what_to_show=what)))
    assert found
    for bar in found:
        if what is not WhatToShow.BID_ASK:
            assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        is_of_trades = kind in OF_TRADES
        assert ((bar.volume, bar.wap, bar.bar_count) == (None, None, None)) is not is_of_trades
    assert list(found) == sorted(found, key=lambda bar: bar.time)  # type: ignore[arg-type,return-value]


@pytest.mark.card("historical.bid_ask")
def test_bars_of_bid_and_ask_lie_between_those_of_bid_and_those_of_ask():
    client = client_at(historical_pacing=False)

    def ask(what: WhatToShow) -> list[tuple[float, float, float, float]]:
        told = bars_of(client.ask(bars(what_to_show=what, end_date_time=EPOCH)))
        return [(bar.open, bar.high, bar.low, bar.close) for bar in told]

    for both, bid, asked in zip(ask(WhatToShow.BID_ASK), ask(WhatToShow.BID), ask(WhatToShow.ASK), strict=True):
        assert (both[1], both[2]) == (asked[1], bid[2])
        assert bid[2] <= both[0] <= bid[1]
        assert asked[2] <= both[3] <= asked[1]


@pytest.mark.card("historical.values")
def test_an_index_has_trades_and_no_volume():
    for bar in bars_of(client_at().ask(bars("1 D", contract=SPX, use_rth=True))):
        assert (bar.volume, bar.wap) == (0, 0)
        assert bar.bar_count is not None


def test_volume_is_in_lots_for_old_versions_and_for_who_wants_it():
    end = datetime(2026, 1, 2, 20, 0, tzinfo=UTC)
    request = bars("1 D", BarSize.HOUR_1, end_date_time=end, use_rth=True)
    new, old = bars_of(client_at(175).ask(request)), bars_of(client_at(174).ask(request))
    boxed = bars_of(client_at(225, us_stocks_in_lots=True).ask(request))
    lot = client_at().link.world.universe.by_symbol("AAPL").lot
    for shares, lots, chosen in zip(new, old, boxed, strict=True):
        assert shares.volume is not None
        assert lots.volume is not None
        assert abs(lots.volume * lot - shares.volume) < lot
        assert lots.volume == chosen.volume


@pytest.mark.card("historical.agreement")
def test_the_last_close_is_the_last_tick():
    client = client_at()
    (*_, bar) = bars_of(client.ask(bars(), 60.0))
    ticks = client.ask(MarketDataRequest(Stock("AAPL"), request_id=8), 60.0)
    assert bar.close == next(tick.price for tick in ticks if isinstance(tick, TickPrice) and tick.tick_type.value == 4)


def test_what_is_moved_by_hand_is_in_history_from_then_on():
    client = client_at()
    world = client.link.world
    before = bars_of(client.ask(bars(), 60.0))
    world.market.move_to(world.universe.by_symbol("AAPL"), Decimal("100.00"), world.ms(60.0))
    after = bars_of(client.ask(bars(), 120.0))
    assert after[:12] == before[:12]
    assert 99 < after[-1].low < 101
    assert after[-1].high > 200


# Updates


@pytest.mark.card("historical.updates", "historical.new_bar")
@pytest.mark.parametrize("version", ENCODINGS)
def test_live_bars_follow_every_five_seconds_until_the_cancel(version: int):
    client = client_at(version)
    *_, last = bars_of(told := client.ask(bars("120 S", BarSize.MINUTE_1, keep_up_to_date=True), 2.0))
    (first,) = updates_of(told)
    assert told[-1] == first
    assert first.bar.close == last.close
    assert (first.bar.volume, first.bar.bar_count) == (last.volume, last.bar_count)
    assert client.link.wake_at() == 5.0
    assert client.go(4.9) == []
    updates = updates_of(client.go(62.0))
    assert [update.bar.time for update in updates] == [EPOCH] * 11 + [EPOCH + timedelta(minutes=1)]
    volumes = [update.bar.volume for update in updates[:11]]
    assert volumes == sorted(volumes, key=lambda volume: volume or 0)
    new, old = updates[-1].bar, updates[-2].bar
    assert new.open == new.high == new.low == new.close
    assert (new.volume, new.bar_count) == (0, 0)
    assert new.wap == Decimal(str(new.close))
    assert old.volume != 0
    request_id, code, text = error_of(client.ask(CancelHistoricalData(7), 62.0))
    assert (request_id, code, text) == (7, 162, f"{SERVICE}API historical data query cancelled: 7")
    assert client.go(100.0) == []
    assert client.link.wake_at() is None


@pytest.mark.card("historical.updates")
def test_all_live_bars_are_told_in_one_go():
    client = client_at()
    client.ask(bars(keep_up_to_date=True), 1.3)
    client.ask(bars(size=BarSize.HOUR_1, keep_up_to_date=True, what_to_show=WhatToShow.BID, request_id=8), 3.9)
    client.ask(bars("1 D", BarSize.DAY_1, keep_up_to_date=True, request_id=9), 4.0)
    assert [update.request_id for update in updates_of(client.go(5.0))] == [7, 8, 9]
    _, quotes, day = [update.bar for update in updates_of(client.go(10.0))]
    assert (quotes.volume, quotes.wap, quotes.bar_count) == (None, None, None)
    assert day.time == EPOCH.date()


@pytest.mark.parametrize("size", [BarSize.SECONDS_5, BarSize.MINUTE_1, BarSize.MINUTES_30])
@pytest.mark.parametrize("what", [WhatToShow.TRADES, WhatToShow.MIDPOINT, WhatToShow.BID, WhatToShow.ASK])
def test_updates_and_history_agree(size: BarSize, what: WhatToShow):
    client = client_at()
    client.ask(bars("60 S", size, keep_up_to_date=True, what_to_show=what), 3.0)
    *_, update = updates_of(client.go(1234.5))
    history = client.ask(
        bars("600 S", size, what_to_show=what, request_id=8, end_date_time=EPOCH + timedelta(seconds=1230)), 1234.5
    )
    if update.bar.time == EPOCH + timedelta(seconds=1230):
        # It had just begun.
        assert update.bar.high == update.bar.low
        return
    bar = bars_of(history)[-1]
    assert (bar.time, bar.open, bar.high, bar.low, bar.close) == (
        *(update.bar.time, update.bar.open, update.bar.high),
        *(update.bar.low, update.bar.close),
    )
    assert (bar.volume, bar.wap, bar.bar_count) == (update.bar.volume, update.bar.wap, update.bar.bar_count)


@pytest.mark.card("historical.updates_outside_hours")
def test_while_the_market_is_closed_the_last_bar_is_repeated():
    client = client_in(new_york("20260105", "15:59:58"))
    client.ask(bars("60 S", BarSize.MINUTE_1, keep_up_to_date=True, use_rth=True))
    updates = updates_of(client.go(32.0))
    assert [update.bar.time for update in updates] == [new_york("20260105", "15:59:00")] * 7
    assert len({update.bar.volume for update in updates}) == 1


@pytest.mark.card("historical.cancel")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_cancel_of_what_is_over_is_366(version: int):
    client = client_at(version)
    client.ask(bars())
    assert error_of(client.ask(CancelHistoricalData(7))) == (
        *(7, 366),
        "No historical data query found for ticker id:7",
    )


def test_live_bars_of_a_client_that_does_not_read_are_passed_over():
    client = client_at()
    client.ask(bars("60 S", BarSize.MINUTE_1, keep_up_to_date=True))
    (stream,) = client.link.streams.values()
    stream.skip(4.0)
    assert stream.wake_at == 5.0
    stream.skip(5.0)
    assert stream.wake_at == 10.0
    stream.skip(999.0)
    assert stream.wake_at == 1000.0


@pytest.mark.card("historical.updates_lost")
def test_updates_can_be_lost():
    client = client_at()
    client.ask(bars(keep_up_to_date=True))
    client.ask(HeadTimestampRequest(Stock("AAPL"), request_id=8))
    (error,) = lose_updates(client.link)
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (7, 10182)
    assert error.error_message == "Failed to request live updates (disconnected)."
    assert client.go(60.0) == []
    assert client.link.count("head timestamp") == 1


@pytest.mark.card("historical.updates_lost")
def test_updates_end_with_the_contract():
    client = client_at()
    universe = client.link.world.universe
    future = universe.by_symbol("ES")
    assert future.expires_at is not None
    client = client_in(datetime.fromtimestamp(future.expires_at - 7, UTC))
    request = bars("1 D", contract=future.contract, keep_up_to_date=True)
    client.ask(request)
    *_, error = client.go(30.0)
    assert error_of([error])[:2] == (7, 10180)
    assert not client.link.streams
    assert error_of(client.ask(request, 40.0))[1] in (200, 10180)


def test_what_has_expired_has_the_bars_of_its_last_days():
    client = client_at()
    future = client.link.world.universe.by_symbol("ES")
    assert future.expires_at is not None
    client = client_in(datetime.fromtimestamp(future.expires_at, UTC) + timedelta(days=30))
    contract = replace(future.contract, include_expired=True)
    days = times_of(client.ask(bars("3 D", BarSize.DAY_1, contract=contract)))
    last = client.link.world.universe.by_symbol("ES").hours.last_before(future.expires_at + 86_400, liquid=False)
    assert last is not None
    assert len(days) == 3
    assert days[-1] <= last.day  # type: ignore[operator]
    client = client_in(datetime.fromtimestamp(future.expires_at, UTC) + timedelta(days=800))
    assert error_of(client.ask(bars("3 D", BarSize.DAY_1, contract=contract)))[1:] == (
        *(162, f"{SERVICE}HMDS query returned no data: {contract.local_symbol}@CME Trades"),
    )


# Time that answers take


@pytest.mark.card("historical.size_of_answers", "historical.cancel")
def test_answers_take_their_time():
    client = client_at(historical_seconds=1.5)
    assert client.ask(bars(keep_up_to_date=True)) == []
    assert client.go(1.49) == []
    told = client.go(1.6)
    assert [type(event) for event in told] == [HistoricalData, HistoricalDataEnd, HistoricalDataUpdate]
    assert client.ask(bars(request_id=8), 2.0) == []
    assert error_of(client.ask(bars(request_id=8), 2.1))[1] == 322
    assert error_of(client.ask(CancelHistoricalData(8), 2.2))[1] == 162
    assert client.ask(bars("3 D", BarSize.DAY_1, what_to_show=WhatToShow.SCHEDULE, request_id=9), 3.0) == []
    assert client.go(3.9) == []
    assert [type(event) for event in client.go(4.51)] == [HistoricalSchedule]


@pytest.mark.card("historical.size_of_answers")
def test_a_large_answer_is_read_in_pieces_and_told_in_one():
    client = client_at()
    request = bars("33 D", BarSize.MINUTE_1)
    assert client.ask(request) == []
    assert client.link.wake_at() == 0.05
    assert error_of(client.ask(CancelHistoricalData(7), 0.01))[2].endswith("cancelled: 7")
    assert client.ask(request, 0.1) == []
    (stream,) = client.link.streams.values()
    stream.skip(0.2)
    client.link.streams.touch(("bars", 7))
    assert client.go(0.24) == []
    found = bars_of(client.go(0.3))
    assert len(found) > MINUTES_AT_ONCE
    assert len({bar.time for bar in found}) == len(found)


@pytest.mark.card("historical.size_of_answers")
def test_large_answers_are_read_one_after_the_other():
    client = client_at()
    for number in (1, 2):
        assert client.ask(bars("33 D", BarSize.MINUTE_1, request_id=number)) == []
    assert client.ask(bars(request_id=3)) == []
    # Each is larger than what may wait to be delivered.
    told = [event for now in (1.0, 2.0, 3.0, 4.0, 5.0) for event in client.go(now)]
    assert [event.request_id for event in told if isinstance(event, HistoricalData)] == [1, 2, 3]


@pytest.mark.card("historical.size_of_answers")
def test_there_is_a_most(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anytws.simulator.answers.historical.MOST_BARS", 70)
    client = client_at()
    assert MOST_BARS > 98_000, "a year of minutes"
    assert len(bars_of(client.ask(bars("3600 S", BarSize.MINUTE_1)))) == 61
    assert error_of(client.ask(bars("9000 S", BarSize.MINUTE_1))) == (7, 162, f"{SERVICE}Time length exceed max.")


def test_a_gateway_says_first_that_the_farm_is_there():
    client = client_at(personality=Personality.GATEWAY)
    notice, *_ = client.ask(bars())
    assert error_of([notice])[1] == 2106
    assert len(client.ask(bars())) == 2


# Where history begins


@pytest.mark.card("historical.head_timestamp")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("form", [FormatDate.EPOCH_SECONDS, FormatDate.TEXT])
def test_history_has_a_beginning(version: int, form: FormatDate):
    client = client_at(version)
    told = client.ask(HeadTimestampRequest(Stock("AAPL"), format_date=form, request_id=7))
    first = datetime(1980, 12, 12, 14, 30, tzinfo=UTC)
    if version < 200 and form is FormatDate.TEXT:
        first = first.replace(tzinfo=None)
    assert told == [HeadTimestamp(7, first)]
    code, text = error_of(client.ask(HeadTimestampRequest(Stock("AAPL"), request_id=7)))[1:]
    assert (code, text.partition(" : ")[0]) == (321, "Error validating request.-'HeadTimestampRequest'")
    assert client.ask(CancelHeadTimestamp(7)) == []
    assert error_of(client.ask(HeadTimestampRequest(Stock("XYZ"), request_id=7)))[:2] == (7, 200)
    assert not client.link.streams


@pytest.mark.card("historical.head_timestamp")
def test_quotes_begin_later_than_trades_and_some_have_none():
    client = client_at()
    (head,) = client.ask(HeadTimestampRequest(Stock("AAPL"), WhatToShow.BID, request_id=7))
    assert head == HeadTimestamp(7, datetime(2004, 1, 2, 14, 30, tzinfo=UTC))
    for contract, what in ((SPX, WhatToShow.BID), (EUR_USD, WhatToShow.TRADES)):
        told = client.ask(HeadTimestampRequest(contract, what, request_id=8))
        assert error_of(told) == (8, 162, f"{SERVICE}No head time stamp")
    assert error_of(client.ask(HeadTimestampRequest(BITCOIN, request_id=8)))[1] == 10299
    assert error_of(client.ask(HeadTimestampRequest(Stock("AAPL"), WhatToShow.SCHEDULE, request_id=8)))[1] == 321
    told = client.ask(HeadTimestampRequest(Stock("AAPL"), format_date=FormatDate(5), request_id=8))
    assert "Date formatting selection of 5 rejected." in error_of(told)[2]


def test_the_first_bar_is_where_history_begins():
    client = client_at()
    end = datetime(1981, 2, 2, tzinfo=UTC)
    assert times_of(client.ask(bars("60 Y", BarSize.MONTH_1, use_rth=True, end_date_time=end))) == [
        *(date(1980, 12, 31), date(1981, 1, 30)),
    ]
    assert times_of(client.ask(bars("1 Y", BarSize.HOUR_1, use_rth=True, end_date_time=end)))[0] == (
        datetime(1980, 12, 12, 14, 30, tzinfo=UTC)
    )


@pytest.mark.card("historical.head_timestamp")
def test_a_head_timestamp_that_takes_its_time_can_be_given_up():
    client = client_at(historical_seconds=1.0)
    assert client.ask(HeadTimestampRequest(Stock("AAPL"), request_id=7)) == []
    assert client.ask(HeadTimestampRequest(Stock("MSFT"), request_id=8)) == []
    assert client.ask(CancelHeadTimestamp(7), 0.5) == []
    (stream,) = client.link.streams.values()
    assert [event.request_id for event in client.go(1.1) if isinstance(event, HeadTimestamp)] == [8]
    assert client.link.count("head timestamp") == 1
    stream.skip(3.0)
    assert client.ask(CancelHeadTimestamp(8), 2.0) == []
    assert not client.link.streams


def test_the_bars_are_the_markets():
    client = client_at()
    world = client.link.world
    instrument = world.universe.by_symbol("AAPL")
    (*_, bar, _) = bars_of(client.ask(bars(), 17.0))
    begin = world.ms(0.0) - 300_000
    found = world.market.bar(instrument, begin, begin + 300_000, Source.TRADES)
    assert found is not None
    assert (bar.open, bar.close) == (found.open / 200, found.close / 200)
    assert (bar.volume, bar.bar_count) == (found.volume, found.count)
