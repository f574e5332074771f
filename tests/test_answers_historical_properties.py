"""Properties of history: bars of each size are made of smaller ones and of ticks; each request has one outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core.events import Event
from anytws.core.state import State
from anytws.messages import (
    BarSize,
    CancelHistoricalData,
    Contract,
    FormatDate,
    HeadTimestamp,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    HistoricalSchedule,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    HistoricalTicksRequest,
    SecurityType,
    Stock,
    TicksWhatToShow,
    WhatToShow,
)
from anytws.messages.historical import HistoricalDataBar
from anytws.messages.session import ErrorMessage
from tests.history import BITCOIN, CONTINUOUS, EUR_USD, SPX, bars, bars_of, client_at, error_of, new_york
from tests.test_world import Client

FRIDAY = new_york("20260102", "04:00:00")
PIECES = {
    BarSize.SECONDS_5: BarSize.SECOND_1,
    BarSize.SECONDS_30: BarSize.SECONDS_10,
    BarSize.MINUTE_1: BarSize.SECONDS_15,
    BarSize.MINUTES_3: BarSize.MINUTE_1,
    BarSize.MINUTES_10: BarSize.MINUTES_5,
    BarSize.MINUTES_15: BarSize.MINUTES_3,
    BarSize.HOUR_1: BarSize.MINUTES_20,
    BarSize.HOURS_2: BarSize.MINUTES_30,
    BarSize.HOURS_8: BarSize.HOURS_4,
    BarSize.DAY_1: BarSize.HOUR_1,
}
CONTRACTS = [(Stock("AAPL"), WhatToShow.TRADES), (CONTINUOUS, WhatToShow.TRADES), (EUR_USD, WhatToShow.MIDPOINT)]
CONTRACTS += [(BITCOIN, WhatToShow.AGGREGATED_TRADES), (Stock("AAPL"), WhatToShow.BID), (Stock("SPY"), WhatToShow.ASK)]


def fresh() -> Client:
    """Give a client that may ask as often as it likes."""
    return client_at(historical_pacing=False, memory=10)


CLIENT = fresh()


def joined(pieces: Sequence[HistoricalDataBar]) -> tuple[Any, ...]:
    """Give what one bar of *pieces* has to be, save for its average; those without trades repeat the price before."""
    pieces = [piece for piece in pieces if piece.bar_count != 0] or pieces
    volumes, counts = [piece.volume for piece in pieces], [piece.bar_count for piece in pieces]
    return (
        *(pieces[0].open, max(piece.high for piece in pieces), min(piece.low for piece in pieces), pieces[-1].close),
        None if None in volumes else sum(volumes),  # type: ignore[arg-type]
        None if None in counts else sum(counts),  # type: ignore[arg-type]
    )


def parts(bar: HistoricalDataBar) -> tuple[Any, ...]:
    """Give a bar without its time and its average."""
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.bar_count


@pytest.mark.card("historical.agreement", "historical.grid")
@settings(deadline=None, max_examples=25)
@given(st.sampled_from(list(PIECES)), st.sampled_from(CONTRACTS), st.integers(600, 57_600), st.booleans())
def test_bars_are_made_of_smaller_ones(size: BarSize, asked: tuple[Contract, WhatToShow], second: int, rth: bool):
    contract, what = asked
    end = FRIDAY + timedelta(seconds=second)
    fields: dict[str, Any] = {"contract": contract, "what_to_show": what, "use_rth": rth}
    if contract is not CONTINUOUS:
        fields["end_date_time"] = end
    seconds = 30 if size[-4:] == "secs" else 120
    large = bars_of(CLIENT.ask(bars(f"{seconds} S", size, **fields)))
    reach = 86_400 if size in (BarSize.DAY_1, BarSize.HOURS_8) else 28_800 if "hour" in size else 2000
    small = bars_of(CLIENT.ask(bars(f"{reach} S", PIECES[size], **fields)))
    # The last one has an end that both have.
    last = large[-1]
    if size is BarSize.DAY_1:
        begin = instrument_of(contract).hours.of_day(last.time, liquid=rth)[0].begin  # type: ignore[arg-type]
        first = datetime.fromtimestamp(begin, UTC)
    else:
        assert isinstance(last.time, datetime)
        first = last.time
    pieces = [bar for bar in small if isinstance(bar.time, datetime) and bar.time >= first]
    if small[0].time > first:  # type: ignore[operator]
        return
    assert parts(last) == joined(pieces)
    if last.volume:
        assert last.wap is not None
        weighted = sum((bar.wap or 0) * (bar.volume or 0) for bar in pieces) / last.volume
        # Of a whole day it is near, and not exact: see the card of the market.
        allowed = last.wap * Decimal("0.005") if size is BarSize.DAY_1 else Decimal("0.0011")
        assert abs(weighted - last.wap) <= allowed


def instrument_of(contract: Contract) -> Any:
    """Give what the simulated TWS knows of *contract*."""
    world = CLIENT.link.world
    match: Any = world.universe.the_one(contract, world.utc().date())
    return match.instrument


@pytest.mark.card("historical.agreement")
@settings(deadline=None, max_examples=20)
@given(st.integers(0, 57_000), st.sampled_from([5, 10, 30, 60]), st.sampled_from(["AAPL", "MSFT", "SPY"]))
def test_bars_are_made_of_ticks(second: int, size: int, symbol: str):
    begin = FRIDAY + timedelta(seconds=second - second % size)
    end = begin + timedelta(seconds=size)
    word = "1 min" if size == 60 else f"{size} secs"
    (*_, bar) = bars_of(CLIENT.ask(bars("60 S", word, contract=Stock(symbol), end_date_time=end)))
    assert bar.time == begin
    request = HistoricalTicksRequest(Stock(symbol), begin, number_of_ticks=1000, request_id=8)
    (told,) = CLIENT.ask(request)
    assert isinstance(told, HistoricalTicksLast)
    ticks = [tick for tick in told.ticks if tick.time < end]
    if len(ticks) == len(told.ticks):
        return
    if not ticks:
        assert (bar.volume, bar.bar_count) == (0, 0)
        return
    prices = [tick.price for tick in ticks]
    assert parts(bar) == (
        *(prices[0], max(prices), min(prices), prices[-1]),
        *(sum(tick.size or 0 for tick in ticks), len(ticks)),
    )


@pytest.mark.card("historical.agreement")
@settings(deadline=None, max_examples=15)
@given(st.integers(0, 57_000))
def test_bars_of_quotes_are_made_of_quotes(second: int):
    begin = FRIDAY + timedelta(seconds=second - second % 30)
    end = begin + timedelta(seconds=30)
    (told,) = CLIENT.ask(
        HistoricalTicksRequest(Stock("AAPL"), begin, None, 1000, TicksWhatToShow.BID_ASK, request_id=8)
    )
    assert isinstance(told, HistoricalTicksBidAsk)
    quotes = [tick for tick in told.ticks if tick.time < end]
    found = {}
    for what in (WhatToShow.BID, WhatToShow.ASK):
        request = bars("30 S", BarSize.SECONDS_30, what_to_show=what, end_date_time=end)
        found[what] = bars_of(CLIENT.ask(request))[-1]
    if quotes:
        # The one in force at the begin is part of the bar as well.
        assert found[WhatToShow.BID].close == quotes[-1].price_bid
        assert found[WhatToShow.ASK].close == quotes[-1].price_ask
        assert found[WhatToShow.BID].high >= max(quote.price_bid for quote in quotes)
        assert found[WhatToShow.ASK].low <= min(quote.price_ask for quote in quotes)
    assert found[WhatToShow.BID].high < found[WhatToShow.ASK].high


SAMPLES = ("AAPL", "7203", "EUR", "SPX", "BTC", "IBUS500", "XAUUSD", "ES", "922908728", "ACWA01", "IBCID401820131")


@pytest.mark.card("historical.products", "historical.rates")
@pytest.mark.parametrize("symbol", SAMPLES)
def test_each_product_has_each_kind_or_a_refusal(symbol: str):
    contract = CLIENT.link.world.universe.by_symbol(symbol).contract
    kinds = set[WhatToShow]()
    for what in WhatToShow:
        told = CLIENT.ask(bars("2 D", BarSize.HOUR_1, contract=contract, what_to_show=what))
        if isinstance(told[0], HistoricalData):
            kinds.add(what)
            assert all(bar.low <= bar.high for bar in told[0].bars)
        else:
            assert error_of(told)[1] in (162, 321, 10299)
    security_type = contract.security_type
    has_yields = WhatToShow.YIELD_LAST in kinds
    assert has_yields == (security_type is SecurityType.BOND)
    assert (WhatToShow.AGGREGATED_TRADES in kinds) == (security_type is SecurityType.CRYPTO)
    assert (
        (WhatToShow.FEE_RATE in kinds) == (WhatToShow.ADJUSTED_LAST in kinds) == (security_type is SecurityType.STOCK)
    )
    assert (WhatToShow.BID in kinds) == (security_type not in (SecurityType.INDEX, SecurityType.FUND))


@pytest.mark.card("historical.rates")
def test_a_high_price_is_a_low_yield():
    contract = CLIENT.link.world.universe.by_symbol("IBCID401820131").contract
    prices, yields = [
        bars_of(CLIENT.ask(bars("2 D", BarSize.HOUR_1, contract=contract, what_to_show=what, use_rth=True)))
        for what in (WhatToShow.TRADES, WhatToShow.YIELD_LAST)
    ]
    for price, income in zip(prices, yields, strict=True):
        assert income.low <= min(income.open, income.close) <= max(income.open, income.close) <= income.high
        assert (price.high > price.low) == (income.high > income.low)
        assert (price.close > price.open) == (income.close < income.open)


DURATIONS = st.sampled_from(["60 S", "900 S", "1 D", "2 D", "1 W", "1 M", "", "3", "0 D", "1 X", "90000 S", "400 D"])
ENDS = st.sampled_from(
    [None, None, FRIDAY, datetime(2026, 1, 2, 15, tzinfo=UTC), datetime(1971, 1, 1, tzinfo=UTC), "x"]
)


@st.composite
def requests(draw: st.DrawFn) -> HistoricalDataRequest:
    """Draw a request for bars, in order or not."""
    contract = draw(st.sampled_from([Stock("AAPL"), Stock("XYZ"), EUR_USD, SPX, BITCOIN, CONTINUOUS]))
    return bars(
        draw(DURATIONS),
        draw(st.sampled_from([size.value for size in BarSize if size is not BarSize.SECOND_1] + ["4 mins"])),
        contract=contract,
        what_to_show=draw(st.sampled_from(WhatToShow)),
        end_date_time=draw(ENDS),
        use_rth=draw(st.booleans()),
        format_date=FormatDate(draw(st.integers(1, 4))),
        keep_up_to_date=draw(st.booleans()),
        request_id=draw(st.integers(1, 3)),
    )


def outcome_of(told: list[Event]) -> str:
    """Give the one outcome that *told* has."""
    kinds = []
    for event in told:
        if isinstance(event, HistoricalData):
            assert event.bars, "never an empty answer"
            kinds.append("answer")
        elif isinstance(event, HistoricalSchedule):
            kinds.append("answer")
        elif isinstance(event, ErrorMessage):
            kinds.append("error")
        else:
            assert isinstance(event, HistoricalDataEnd | HistoricalDataUpdate | HeadTimestamp), event
    (kind,) = kinds
    return kind


@pytest.mark.card("historical.checks", "historical.cancel")
@pytest.mark.parametrize("version", [178, 225])
@settings(deadline=None, max_examples=60)
@given(st.lists(requests(), min_size=1, max_size=3), st.sampled_from([0.0, 0.4]))
def test_each_request_has_one_outcome_and_each_cancel_its_receipt(
    version: int, asked: list[HistoricalDataRequest], delay: float
):
    client = client_at(version, historical_seconds=delay)
    now, live = 0.0, set[int]()
    for request in asked:
        assert request.request_id is not None
        told = client.ask(request, now)
        now += 1.0
        told += client.go(now)
        own = [event for event in told if getattr(event, "request_id", None) == request.request_id]
        first = [event for event in own if not isinstance(event, HistoricalDataUpdate)]
        kind = outcome_of(first)
        if kind == "answer" and request.keep_up_to_date:
            live.add(request.request_id)
            assert isinstance(own[-1], HistoricalDataUpdate)
    for request_id in (1, 2, 3):
        assert error_of(client.ask(CancelHistoricalData(request_id), now))[1] == (162 if request_id in live else 366)
    assert not client.link.streams
    assert client.state is State.READY


@settings(deadline=None, max_examples=15)
@given(st.lists(st.floats(0.1, 30.0), min_size=1, max_size=6), st.sampled_from([BarSize.SECONDS_10, BarSize.MINUTE_1]))
def test_updates_do_not_depend_on_when_one_looks(pauses: list[float], size: BarSize):
    """The same updates, byte for byte, whether the carrier came by often or once."""
    often, once = client_at(), client_at()
    for client in (often, once):
        client.ask(bars("60 S", size, keep_up_to_date=True), 0.25)
    now = 0.25
    seen: list[Event] = []
    for pause in pauses:
        now += pause
        seen += often.go(now)
    assert seen == once.go(now)
