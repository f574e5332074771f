"""What a session does about the limits of TWS: who waits and for what, who is refused, and what is given back."""

from __future__ import annotations

from typing import Any

import pytest

from anytws.errors import LimitReached, RequestFailed, RequestTimedOut
from anytws.machines import Asked, Pacing, Streamed, Waiting
from anytws.machines.pacer import BURST_SECONDS, LINGER, MOST_IN_BURST, SAME_SECONDS
from anytws.messages import (
    AccountSummaryRequest,
    BarSize,
    CancelMarketData,
    HeadTimestampRequest,
    HistogramDataRequest,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalTicksRequest,
    MarketDataRequest,
    MarketDepthRequest,
    MatchingSymbolsRequest,
    RealTimeBarsRequest,
    RealTimeWhatToShow,
    ScannerSubscription,
    ScannerSubscriptionRequest,
    Stock,
    TickByTickRequest,
    TickByTickType,
    TicksWhatToShow,
    WhatToShow,
)
from tests.conversing import Line, failure_of, number_of

PACING = Pacing(messages_per_second=1000)


def bars(symbol: str = "AAPL", *, small: bool = False, what: WhatToShow = WhatToShow.TRADES, number: int = 0) -> Any:
    size = BarSize.SECONDS_5 if small else BarSize.MINUTE_1
    return HistoricalDataRequest(Stock(symbol), f"{1800 + number} S", size, what)


def bars_of(symbol: str) -> RealTimeBarsRequest:
    return RealTimeBarsRequest(Stock(symbol), what_to_show=RealTimeWhatToShow.TRADES)


def line_with(**knobs: Any) -> Line:
    return Line(pacing=Pacing(**{"messages_per_second": 1000, **knobs}))


def waiting(held: Asked[Any] | Streamed[Any]) -> str | None:
    return None if held.waiting is None else held.waiting.reason


def open_now(line: Line, reason: str) -> tuple[int, int]:
    statistics = line.session.statistics().pacing
    assert statistics is not None
    limit = statistics.limits[reason]
    return limit.open, limit.most


def answer_bars(line: Line, asked: Asked[Any]) -> None:
    line.say(HistoricalData(number_of(asked)), HistoricalDataEnd(number_of(asked)))


# Streams are refused where there is no place


@pytest.mark.parametrize(
    "limit, most, make",
    [
        ("lines", 4, lambda number: MarketDataRequest(Stock(f"S{number}"))),
        ("lines", 4, lambda number: bars_of(f"S{number}")),
        ("tick_by_tick", 3, lambda number: TickByTickRequest(Stock(f"S{number}"), TickByTickType.LAST)),
        ("depth", 3, lambda number: MarketDepthRequest(Stock(f"S{number}"), 5)),
        ("scanners", 10, lambda number: ScannerSubscriptionRequest(ScannerSubscription(scan_code=f"S{number}"))),
        ("account_summaries", 2, lambda number: AccountSummaryRequest(("NetLiquidation",), f"G{number}")),
    ],
)
def test_a_stream_too_many_is_refused_before_it_is_asked_for(limit: str, most: int, make: Any) -> None:
    line = line_with(lines=4, tick_by_tick=3)
    streams = [line.stream(make(number)) for number in range(most)]
    assert all(stream.waiting is None for stream in streams)
    assert len(line.take()) == most
    with pytest.raises(LimitReached, match=f"{most} .* are open, and TWS takes {most} at once") as caught:
        line.stream(make(99))
    assert (caught.value.limit, caught.value.open, caught.value.most) == (limit, most, most)
    assert caught.value.request == make(99)
    assert (line.take(), line.open) == ([], most)
    statistics = line.session.statistics().pacing
    assert statistics is not None
    assert statistics.refused == {limit: 1}
    # Its cancel is read before the next one.
    line.leave(streams[0])
    again = line.stream(make(99))
    assert [type(message) for message in line.take()][1:] == [type(make(99))]
    assert again.waiting is None


def test_what_ends_by_itself_gives_its_place_back() -> None:
    line = line_with(lines=2)
    streams = [line.stream(MarketDataRequest(Stock(symbol))) for symbol in "AB"]
    line.fail(number_of(streams[0]), 200)
    assert isinstance(failure_of(streams[0].take), RequestFailed)
    assert open_now(line, "lines") == (1, 2)
    line.stream(MarketDataRequest(Stock("C")))


def test_bars_in_real_time_and_ticks_take_a_line_too() -> None:
    line = line_with(lines=3, tick_by_tick=3)
    line.stream(bars_of("A"))
    line.stream(TickByTickRequest(Stock("A"), TickByTickType.LAST))
    line.stream(MarketDataRequest(Stock("A")))
    assert open_now(line, "lines") == (3, 3)
    with pytest.raises(LimitReached):
        line.stream(TickByTickRequest(Stock("B"), TickByTickType.LAST))
    assert open_now(line, "tick_by_tick") == (1, 3), "what is refused takes nothing"


def test_one_instrument_has_one_book() -> None:
    line = line_with(depth=1)
    line.stream(MarketDepthRequest(Stock("A"), 5))
    line.stream(MarketDepthRequest(Stock("A"), 10))
    with pytest.raises(LimitReached):
        line.stream(MarketDepthRequest(Stock("B"), 5))


def test_tws_says_101_and_the_limit_is_what_was_open() -> None:
    line = line_with(lines=100)
    streams = [line.stream(MarketDataRequest(Stock(f"S{number}"))) for number in range(30)]
    for stream in streams[-2:]:
        line.fail(number_of(stream), 101, "Max number of tickers has been reached")
        assert failure_of(stream.take).args
    assert open_now(line, "lines") == (28, 28)
    with pytest.raises(LimitReached, match="28 market data lines are open, and TWS takes 28 at once"):
        line.stream(MarketDataRequest(Stock("X")))
    line.pass_time(60.0)
    line.stream(MarketDataRequest(Stock("X")))


# Questions wait


def test_a_snapshot_waits_for_a_line_within_its_deadline() -> None:
    line = line_with(lines=1)
    stream = line.stream(MarketDataRequest(Stock("A")))
    asked, late = (line.ask(MarketDataRequest(Stock("B"), snapshot=True), timeout) for timeout in (30.0, 5.0))
    assert (waiting(asked), waiting(late), len(line.take())) == ("lines", "lines", 1)
    line.pass_time(6.0)
    failure = failure_of(late.take)
    assert isinstance(failure, RequestTimedOut)
    assert (failure.sent, failure.waiting) == (False, "it waits for a market data line")
    assert "not sent within 5 s: it waits for a market data line" in str(failure)
    line.leave(stream)
    assert asked.waiting is None
    assert [type(message) for message in line.take()] == [CancelMarketData, MarketDataRequest]
    statistics = line.session.statistics().pacing
    assert statistics is not None
    assert (statistics.held, statistics.seconds, statistics.longest) == ({"lines": 2}, {"lines": 11.0}, 6.0)


def test_fifty_historical_requests_are_open_at_once() -> None:
    line = line_with(open_history=3)
    asked = [line.ask(bars(number=number)) for number in range(5)]
    assert [waiting(each) for each in asked] == [None, None, None, "history", "history"]
    assert len(line.take()) == 3
    answer_bars(line, asked[1])
    line.leave(asked[0])
    assert [waiting(each) for each in asked[3:]] == [None, None]
    assert open_now(line, "history") == (3, 3)


def test_what_waits_and_is_left_leaves_nothing() -> None:
    line = line_with(open_history=1)
    first, second, third = (line.ask(bars(number=number)) for number in range(3))
    line.take()
    line.leave(second)
    assert line.take() == []
    line.leave(third)
    answer_bars(line, first)
    assert line.is_empty()
    assert open_now(line, "history") == (0, 1)
    statistics = line.session.statistics().pacing
    assert statistics is not None
    assert statistics.waiting == {}


def test_what_cannot_be_cancelled_keeps_its_place_for_a_minute() -> None:
    """Ticks of the past have no cancel before server version 215."""
    line = Line(203, pacing=Pacing(open_history=1))
    asked = line.ask(HistoricalTicksRequest(Stock("A"), number_of_ticks=10, what_to_show=TicksWhatToShow.TRADES))
    line.leave(asked)
    other = line.ask(bars(), 100.0)
    assert waiting(other) == "history"
    line.pass_time(LINGER - 1)
    assert waiting(other) == "history"
    line.pass_time(1.0)
    assert other.waiting is None


def test_a_head_timestamp_gives_its_place_back_when_it_is_cancelled() -> None:
    line = line_with(open_history=1)
    asked = line.ask(HeadTimestampRequest(Stock("A"), WhatToShow.TRADES))
    other = line.ask(HistogramDataRequest(Stock("A"), "3 days"))
    assert waiting(other) == "history"
    line.fail(number_of(asked), 162)
    assert other.waiting is None


def test_the_end_of_the_connection_is_the_end_of_waiting() -> None:
    line = line_with(open_history=1)
    asked = [line.ask(bars(number=number)) for number in range(3)]
    asked += [line.ask(bars(small=True)) for _ in range(3)]
    line.take()
    line.session.close(line.now)
    assert all(each.is_over and each.waiting is None for each in asked)
    assert line.is_empty()


# What the historical farm counts


def test_small_bars_of_one_contract_are_fewer_than_six_in_two_seconds() -> None:
    """Others pass meanwhile: at most one may be on its way in front of them."""
    line = line_with()
    mine = [line.ask(bars(small=True, number=number)) for number in range(7)]
    other = line.ask(bars("MSFT", small=True))
    large = line.ask(bars())
    assert [waiting(each) for each in mine] == [None] * MOST_IN_BURST + ["small_history"] * 2
    assert (other.waiting, large.waiting) == (None, None)
    until = line.now + BURST_SECONDS + 0.1
    assert mine[-1].waiting == Waiting("small_history", line.now, until)
    assert "small bars" in str(mine[-1].waiting)
    line.pass_time(BURST_SECONDS + 0.1)
    assert mine[-1].waiting is None


def test_bid_and_ask_count_for_two() -> None:
    line = line_with()
    asked = [line.ask(bars(small=True, number=number, what=WhatToShow.BID_ASK)) for number in range(3)]
    assert [waiting(each) for each in asked] == [None, None, "small_history"]


def test_the_very_same_waits_for_fifteen_seconds() -> None:
    line = line_with()
    first, second, other = line.ask(bars(small=True)), line.ask(bars(small=True)), line.ask(bars(small=True, number=1))
    assert [waiting(each) for each in (first, second, other)] == [None, "small_history", None]
    line.pass_time(SAME_SECONDS)
    assert waiting(second) == "small_history"
    line.pass_time(0.1)
    assert second.waiting is None
    assert [line.ask(bars()).waiting for _ in range(9)] == [None] * 9, "bars of a minute are not counted"


def test_sixty_in_ten_minutes() -> None:
    line = line_with(open_history=100)
    asked = [line.ask(bars(f"S{number}", small=True), 900.0) for number in range(60)]
    late = line.ask(bars("LATE", small=True), 900.0)
    gone = line.ask(bars("GONE", small=True), 900.0)
    assert [waiting(each) for each in asked] == [None] * 60
    assert (waiting(late), waiting(gone)) == ("small_history", "small_history")
    line.leave(gone)
    # Only time helps.
    for each in asked[:30]:
        answer_bars(line, each)
    line.pass_time(600.0)
    assert waiting(late) == "small_history"
    line.pass_time(0.1)
    assert late.waiting is None


def test_a_stream_does_not_wait_for_minutes() -> None:
    line = line_with()
    for number in range(60):
        line.stream(bars_of(f"S{number}"))
    line.pass_time(10.0)
    with pytest.raises(LimitReached, match="may be asked for for 590 s") as caught:
        line.stream(bars_of("X"))
    assert caught.value.seconds == pytest.approx(590.1)
    line.pass_time(580.0)
    waits = line.stream(bars_of("X"))
    assert waiting(waits) == "small_history"
    line.pass_time(10.1)
    assert waits.waiting is None


def test_tick_by_tick_of_one_instrument_waits_for_fifteen_seconds() -> None:
    line = line_with()
    line.stream(TickByTickRequest(Stock("A"), TickByTickType.LAST))
    again = line.stream(TickByTickRequest(Stock("A"), TickByTickType.BID_ASK))
    assert waiting(again) == "tick_by_tick"
    line.pass_time(15.1)
    assert again.waiting is None


def test_symbols_and_regulatory_snapshots_are_a_second_apart() -> None:
    line = line_with()
    symbols = [line.ask(MatchingSymbolsRequest(text)) for text in ("a", "b")]
    snapshots = [
        line.ask(MarketDataRequest(Stock(symbol), snapshot=True, regulatory_snapshot=True)) for symbol in ("A", "B")
    ]
    assert [waiting(each) for each in (*symbols, *snapshots)] == [None, "symbols", None, "regulatory_snapshots"]
    line.pass_time(1.1)
    assert [each.waiting for each in (*symbols, *snapshots)] == [None] * 4


def test_without_pacing_nothing_is_counted() -> None:
    line = Line()
    for number in range(150):
        line.stream(MarketDataRequest(Stock(f"S{number}")))
    assert len(line.take()) == 150
    assert line.session.statistics().pacing is None


def test_a_thousand_contracts_leave_no_gates_behind() -> None:
    """What one instrument's requests have in common is kept as long as it counts."""
    line = line_with(open_history=100)
    for number in range(1000):
        asked = line.ask(HeadTimestampRequest(Stock(f"S{number}"), WhatToShow.TRADES), 10.0)
        line.pass_time(20.0)
        assert asked.is_over
    pacer = line.session.conversations.pacer
    assert pacer is not None
    assert len(pacer._keyed) <= 520
    assert line.is_empty()
