"""What the simulated TWS answers to tick-by-tick requests: kinds, the past, limits, halts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from anytws.core.events import Event
from anytws.messages import (
    CancelTickByTick,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    MarketDataRequest,
    Stock,
    TickAttribLast,
    TickByTickData,
    TickByTickKind,
    TickByTickRequest,
    TickByTickType,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.tick_by_tick import allowance
from anytws.simulator.market.words import Halt
from tests.test_answers import ENCODINGS
from tests.test_answers_market_data import CLOSING, client_at, contract_of, error_of, instrument_of, text_of

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = list(TickByTickType)


def tape(kind: TickByTickType, request_id: int = 7, symbol: str = "AAPL", **fields: Any) -> TickByTickRequest:
    return TickByTickRequest(Stock(symbol), kind, request_id=request_id, **fields)


def ticks_of(told: list[Event]) -> list[HistoricalTickLast | HistoricalTickBidAsk | HistoricalTick]:
    """Give the ticks in *told*: nothing else may be there, and of each the one that its kind says."""
    found: list[HistoricalTickLast | HistoricalTickBidAsk | HistoricalTick] = []
    for event in told:
        assert isinstance(event, TickByTickData)
        filled = [tick for tick in (event.last, event.bid_ask, event.mid_point) if tick is not None]
        by_kind = {3: HistoricalTickBidAsk, 4: HistoricalTick}
        assert [type(tick) for tick in filled] == [by_kind.get(event.tick_type.value, HistoricalTickLast)]
        found += filled
    return found


@pytest.mark.card("tick_by_tick.kinds", "tick_by_tick.cancel")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_brings_the_ticks_of_the_market_and_nothing_else(version: int, kind: TickByTickType) -> None:
    client = client_at(version)
    world, apple = client.link.world, instrument_of(client, "AAPL")
    assert client.ask(tape(kind)) == []
    told = client.go(60.0)
    assert {event.tick_type for event in told if isinstance(event, TickByTickData)} == {
        TickByTickKind(KINDS.index(kind) + 1)
    }
    ticks = ticks_of(told)
    begin, end = world.ms(0.0) + 1, world.ms(60.0) + 1
    if kind in (TickByTickType.LAST, TickByTickType.ALL_LAST):
        trades = world.market.trades(apple, begin, end)
        wanted = [trade for trade in trades if kind is TickByTickType.ALL_LAST or not trade.is_unreported]
        assert [tick.price for tick in ticks if isinstance(tick, HistoricalTickLast)] == [
            float(apple.price_of(trade.price)) for trade in wanted
        ]
        assert [tick.time for tick in ticks] == [_1970 + timedelta(seconds=trade.at // 1000) for trade in wanted]
    else:
        assert 0 < len(ticks) <= len(world.market.quotes(apple, begin, end))
    assert client.ask(CancelTickByTick(7), 60.0) == []
    assert client.go(120.0) == []
    told = client.ask(CancelTickByTick(7), 120.0)
    assert error_of(told) == (7, 300)
    assert text_of(told) == "Can't find EId with tickerId:7"


@pytest.mark.card("tick_by_tick.kinds")
def test_the_kinds_agree_with_each_other() -> None:
    client = client_at(tick_by_tick_seconds=0.0, lines=1000)
    for number, kind in enumerate(KINDS):
        client.ask(tape(kind, number))
    told = client.go(120.0)
    last, all_last, quotes, middles = (
        ticks_of([event for event in told if getattr(event, "request_id", None) == number]) for number in range(4)
    )
    assert last == [
        tick for tick in all_last if isinstance(tick, HistoricalTickLast) and not tick.attributes.unreported
    ]
    assert quotes
    prices = [(tick.price_bid + tick.price_ask) / 2 for tick in quotes if isinstance(tick, HistoricalTickBidAsk)]
    changes = [price for price, before in zip(prices, [None, *prices], strict=False) if price != before]
    assert [tick.price for tick in middles if isinstance(tick, HistoricalTick)] == pytest.approx(changes)


@pytest.mark.card("tick_by_tick.ignore_size")
def test_quotes_whose_size_alone_has_changed_can_be_left_out() -> None:
    client = client_at(tick_by_tick_seconds=0.0)
    client.ask(tape(TickByTickType.BID_ASK, 1))
    client.ask(tape(TickByTickType.BID_ASK, 2, ignore_size=True))
    told = client.go(120.0)
    every, some = (
        [
            (tick.price_bid, tick.price_ask)
            for tick in ticks_of([event for event in told if getattr(event, "request_id", None) == number])
            if isinstance(tick, HistoricalTickBidAsk)
        ]
        for number in (1, 2)
    )
    assert some == [price for price, before in zip(every, [None, *every], strict=False) if price != before]
    assert len(some) < len(every)


@pytest.mark.card("tick_by_tick.past")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_past_comes_first_in_one_message(version: int, kind: TickByTickType) -> None:
    client = client_at(version)
    (past,) = client.ask(tape(kind, number_of_ticks=40), 3600.0)
    wanted = {TickByTickType.BID_ASK: HistoricalTicksBidAsk, TickByTickType.MID_POINT: HistoricalTicks}
    assert isinstance(past, wanted.get(kind, HistoricalTicksLast))
    assert isinstance(past, HistoricalTicks | HistoricalTicksBidAsk | HistoricalTicksLast)
    assert (past.request_id, past.is_done, len(past.ticks)) == (7, True, 40)
    times = [tick.time for tick in past.ticks]
    assert times == sorted(times)
    assert times[-1] <= client.link.world.utc(3600.0)
    assert ticks_of(client.go(3660.0))[0].time >= times[-1]


@pytest.mark.card("tick_by_tick.past")
def test_the_past_of_a_closed_market_is_that_of_its_last_session() -> None:
    client = client_at()
    night = 12 * 3600.0
    (past,) = client.ask(tape(TickByTickType.ALL_LAST, number_of_ticks=5), night)
    assert isinstance(past, HistoricalTicksLast)
    assert len(past.ticks) == 5
    assert past.ticks[-1].time < client.link.world.utc(CLOSING)
    assert client.go(night + 60) == []


@pytest.mark.card("tick_by_tick.halt")
def test_a_halt_is_a_trade_of_nothing() -> None:
    client = client_at()
    world, apple = client.link.world, instrument_of(client, "AAPL")
    client.ask(tape(TickByTickType.LAST))
    client.go(1.0)
    world.market.halt(apple, Halt.VOLATILITY, world.ms(1.0))
    halted = ticks_of(client.go(1.5))[-1]
    time = world.utc(1.0)
    assert attrs.evolve(halted, time=time) == HistoricalTickLast(
        time, 0.0, Decimal(0), "", "", TickAttribLast(past_limit=True)
    )
    assert client.go(30.0) == []
    world.market.resume(apple, world.ms(30.0))
    resumed = [tick for tick in ticks_of(client.go(31.0)) if isinstance(tick, HistoricalTickLast) and tick.size == 0]
    assert [tick.attributes for tick in resumed] == [TickAttribLast()]


@pytest.mark.card("tick_by_tick.limits")
def test_streams_and_instruments_have_a_limit() -> None:
    assert [allowance(lines) for lines in (0, 1, 100, 1000)] == [0, 3, 5, 50]
    client = client_at(lines=60)
    symbols = ("AAPL", "SPY", "MSFT", "IBM")
    for number, symbol in enumerate(symbols[:3]):
        assert client.ask(tape(TickByTickType.LAST, number, symbol)) == []
    told = client.ask(tape(TickByTickType.LAST, 3, symbols[3]))
    assert error_of(told) == (3, 10190)
    assert text_of(told) == "Max number of tick-by-tick requests has been reached"
    client.ask(CancelTickByTick(0))
    assert error_of(client.ask(tape(TickByTickType.LAST, 0, "AAPL"), 14.0)[-1:]) == (0, 10190), "too soon"
    client.ask(CancelTickByTick(1), 15.0)
    client.ask(CancelTickByTick(2), 15.0)
    assert client.ask(tape(TickByTickType.LAST, 0, "AAPL"), 15.0) == []


@pytest.mark.card("tick_by_tick.limits", "market_data.lines")
def test_a_stream_takes_a_line() -> None:
    client = client_at(lines=1)
    client.ask(tape(TickByTickType.LAST))
    assert error_of(client.ask(MarketDataRequest(Stock("SPY"), request_id=8))) == (8, 101)


@pytest.mark.card("tick_by_tick.not_offered")
def test_what_is_not_offered_or_not_subscribed_is_refused() -> None:
    client = client_at(market_data_subscribed=False)
    told = client.ask(tape(TickByTickType.LAST))
    assert error_of(told) == (7, 10189)
    assert text_of(told).startswith("Failed to request tick-by-tick data.No market data permissions for SMART STK. ")
    client = client_at()
    index = contract_of(client, "SPX")
    assert error_of(client.ask(TickByTickRequest(index, TickByTickType.LAST, request_id=7))) == (7, 10189)
    assert error_of(client.ask(tape(TickByTickType("Everything")))) == (7, 321)
    assert error_of(client.ask(tape(TickByTickType.LAST, number_of_ticks=1001))) == (7, 321)
    assert error_of(client.ask(tape(TickByTickType.LAST, symbol="XYZ"))) == (7, 200)
    client.ask(tape(TickByTickType.LAST))
    assert error_of(client.ask(tape(TickByTickType.LAST, symbol="SPY"))) == (7, 322)


@pytest.mark.card("market_data.competing_session")
def test_a_competing_session_ends_the_stream() -> None:
    client = client_at()
    client.ask(tape(TickByTickType.LAST))
    world = client.link.world
    world.settings = attrs.evolve(world.settings, competing_session=True)
    client.link.touch()
    (error,) = client.go(0.25)
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (7, 10197)
    assert client.go(60.0) == []
    assert error_of(client.ask(tape(TickByTickType.LAST), 60.0)) == (7, 10197)


def test_who_does_not_read_misses_ticks_and_no_more() -> None:
    client = client_at()
    client.ask(tape(TickByTickType.ALL_LAST))
    stream = client.link.streams["tick by tick", 7]
    stream.skip(30.0)
    client.link.streams.touch(("tick by tick", 7))
    ticks = ticks_of(client.go(60.0))
    assert ticks
    assert ticks[0].time >= client.link.world.utc(30.0)


def test_without_a_pace_there_are_no_ticks() -> None:
    client = client_at(tick_seconds=0)
    client.ask(tape(TickByTickType.LAST))
    assert client.link.wake_at() is None
