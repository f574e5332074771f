"""Generic ticks: which numbers are legal, what each of them brings, and the computations of options."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.events import Event, Notice
from anytws.messages import (
    CalculateImpliedVolatilityRequest,
    CalculateOptionPriceRequest,
    CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice,
    CancelMarketData,
    Contract,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    MarketDataTypeRequest,
    OptionComputationBasis,
    Right,
    SecurityType,
    Stock,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.generic_list import read_list
from anytws.simulator.answers.generic_ticks import AT_EACH_CHANGE, AT_EACH_MINUTE, SILENT
from anytws.simulator.universe.instrument import Instrument
from tests.test_answers import ENCODINGS
from tests.test_answers_market_data import CLOSING, client_at, error_of, of, text_of
from tests.test_world import Client

# The words of a gateway 10.40 of 2026, as recorded.
RECORDED = (
    "Incorrect generic tick list of 9999.  Legal ones for (STK) are: 100(Option Volume),101(Option Open Interest),"
    "105(Average Opt Volume),106(impvolat),165(Misc. Stats),221/220(Creditman Mark Price),225(Auction),"
    "232/221(Pl Price),233(RTVolume),236(inventory),258/47(Fundamentals),292(Wide_news),293(TradeCount),294(TradeRate),"
    "295(VolumeRate),318(LastRTHTrade),375(RTTrdVolume),411(rthistvol),456/59(IBDividends),"
    "460(Bond Factor Multiplier),577(EtfNavLast(navlast)),586(IPOHLMPRC),587(Pl Price Delayed),"
    "588(Futures Open Interest),595(Short-Term Volume X Mins),614(EtfNavMisc(high/low)),"
    "619(Creditman Slow Mark Price),623(EtfFrozenNavLast(fznavlast))"
)
STOCK = {
    100: {29, 30},
    101: {27, 28},
    104: {23},
    105: {87},
    106: {24},
    165: {15, 16, 17, 18, 19, 20, 21},
    220: {37},
    221: {37},
    232: {37},
    233: {48},
    236: {46, 89},
    293: {54},
    294: {55},
    295: {56},
    318: {57},
    375: {77},
    411: {58},
    456: {59},
    595: {63, 64, 65},
    619: {79},
    787: {105, 106, 107, 108, 109, 110},
}

Tick = TickPrice | TickSize | TickString | TickGeneric | TickOptionComputation


def generic(client: Client, symbol: str, numbers: object, request_id: int = 7, now: float = 0.0) -> list[Tick]:
    """Give what comes for generic ticks alone when a stream begins."""
    told = client.ask(of(client, symbol, request_id, generic_tick_list=f"mdoff,{numbers}"), now)
    return [tick for tick in told if isinstance(tick, Tick)]


def types(ticks: list[Any]) -> set[int]:
    return {tick.tick_type.value for tick in ticks}


def an_option(client: Client, *, is_call: bool = True) -> Instrument:
    """Give an option of AAPL near the price of it, that has some weeks to go."""
    world = client.link.world
    right = Right.CALL if is_call else Right.PUT
    asked = Contract(
        symbol="AAPL",
        security_type=SecurityType.OPTION,
        exchange="SMART",
        currency="USD",
        right=right,
        last_trade_date_or_contract_month="20260220",
    )
    apple = world.universe.by_symbol("AAPL")
    spot = float(apple.price_of(world.market.mark(apple, world.ms())))
    found = world.universe.find(asked, world.utc().date())
    return min(
        (match.instrument for match in found), key=lambda option: (abs(float(option.strike or 0) - spot), option.strike)
    )


def contract(option: Instrument) -> Contract:
    return Contract(contract_id=option.contract_id, exchange="SMART")


# The list


@pytest.mark.card("market_data.generic_list")
def test_the_refusal_has_the_words_of_a_gateway() -> None:
    client = client_at()
    told = client.ask(MarketDataRequest(Stock("AAPL"), request_id=7, generic_tick_list="9999"))
    assert error_of(told) == (7, 321)
    assert text_of(told) == f"Error validating request.-'MarketDataRequest' : cause - {RECORDED}"
    assert client.go(60.0) == []


@pytest.mark.card("market_data.generic_list")
@pytest.mark.parametrize(
    "text, kind, legal",
    [
        ("", SecurityType.STOCK, True),
        (" 233 , ,236,", SecurityType.STOCK, True),
        ("mdoff,292:DJ-N+BRFG", SecurityType.STOCK, True),
        ("292:", SecurityType.STOCK, False),
        ("233:x", SecurityType.STOCK, False),
        ("233;236", SecurityType.STOCK, False),
        ("233,9999,236", SecurityType.STOCK, False),
        ("-233", SecurityType.STOCK, False),
        ("RTVolume", SecurityType.STOCK, False),
        ("456", SecurityType.STOCK, True),
        ("456", SecurityType.FOREX, False),
        ("162", SecurityType.INDEX, True),
        ("162", SecurityType.STOCK, False),
        ("595", SecurityType.INDEX, False),
        ("595", SecurityType.FUTURE, True),
        ("104,787", SecurityType.STOCK, True),
    ],
)
def test_one_entry_decides_about_the_whole_list(text: str, kind: SecurityType, legal: bool) -> None:
    assert isinstance(read_list(text, kind), str) is not legal


@given(st.text(alphabet="0123456789,: mdof\0é", max_size=30))
def test_any_list_is_read_or_refused(text: str) -> None:
    read = read_list(text, SecurityType.STOCK)
    assert (text in read) if isinstance(read, str) else all(number > 0 for number in read.numbers)


def test_every_legal_number_is_known() -> None:
    numbers = {int(number) for number in re.findall(r"(\d+)\(", RECORDED)}
    assert numbers | {104, 162, 787, 220, 59} <= {*AT_EACH_CHANGE, *AT_EACH_MINUTE, *SILENT, 292}


# What they bring


@pytest.mark.card("generic_ticks.yields")
@pytest.mark.parametrize("number", STOCK)
def test_each_number_brings_its_types(number: int) -> None:
    symbol = "SPY" if number == 456 else "AAPL"
    client = client_at()
    ticks = generic(client, symbol, number) or generic(client, "MSFT", number, 8)
    assert types(ticks) == STOCK[number]
    assert all(isinstance(tick, TickSize) == (tick.tick_type.value in SIZES) for tick in ticks)


SIZES = {21, 27, 28, 29, 30, 63, 64, 65, 86, 87, 89, 107, 108}


@pytest.mark.card("generic_ticks.yields")
@pytest.mark.parametrize(
    "symbol, number, wanted", [("ESH6", 588, {86}), ("SPX", 162, {31}), ("SPY", 577, {96}), ("SPY", 614, {98, 99})]
)
def test_others_have_numbers_of_their_own(symbol: str, number: int, wanted: set[int]) -> None:
    assert types(generic(client_at(), symbol, number)) == wanted


@pytest.mark.card("generic_ticks.silent")
@pytest.mark.parametrize("number", SILENT)
def test_some_are_accepted_and_bring_nothing(number: int) -> None:
    client = client_at()
    assert generic(client, "AAPL", number) == []
    assert client.go(200.0) == []
    assert client.ask(CancelMarketData(7), 200.0) == []


@pytest.mark.card("generic_ticks.yields")
def test_what_they_say_is_what_the_market_did() -> None:
    client = client_at()
    world = client.link.world
    apple = world.universe.by_symbol("AAPL")
    at = world.ms()
    year = world.market.mark(apple, at)
    ticks = {tick.tick_type.value: tick for tick in generic(client, "AAPL", "165,232,318")}
    low, high = ticks[19], ticks[20]
    assert isinstance(low, TickPrice)
    assert isinstance(high, TickPrice)
    assert low.price <= float(apple.price_of(year)) <= high.price
    assert [ticks[number].price for number in (15, 17, 19)] == sorted(  # type: ignore[union-attr]
        [ticks[number].price for number in (15, 17, 19)],  # type: ignore[union-attr]
        reverse=True,
    )
    assert isinstance(ticks[21], TickSize)
    assert ticks[21].size == apple.nature.day_volume // 100, "in hundreds, as documented"


@pytest.mark.card("generic_ticks.mark_price")
def test_a_mark_price_looks_like_a_short_float() -> None:
    client = client_at()
    world = client.link.world
    apple = world.universe.by_symbol("AAPL")
    (tick,) = generic(client, "AAPL", 232)
    assert isinstance(tick, TickPrice)
    exact = float(apple.price_of(world.market.mark(apple, world.ms())))
    assert tick.price == pytest.approx(exact, rel=1e-6)
    assert tick.size == 0
    later = [event for event in client.go(60.0) if isinstance(event, TickPrice)]
    assert any(event.price != round(event.price, 2) for event in [tick, *later])


@pytest.mark.card("generic_ticks.rt_volume")
@pytest.mark.parametrize("version", ENCODINGS)
def test_the_tape_of_trades_is_a_text_with_six_fields(version: int) -> None:
    client = client_at(version)
    (first,) = generic(client, "AAPL", 233)
    told = [first, *client.go(120.0)]
    assert len(told) > 10
    times, volumes = [], []
    for event in told:
        assert isinstance(event, TickString)
        assert event.tick_type is TickType.RT_VOLUME
        price, size, time, volume, average, single = event.value.split(";")
        assert float(price) == pytest.approx(float(average), rel=0.05)
        assert float(size) > 0
        assert single in ("true", "false")
        times.append(int(time))
        volumes.append(float(volume))
    assert times == sorted({*times})
    assert volumes == sorted(volumes)
    assert client.link.world.ms(0.0) <= times[1] <= times[-1] <= client.link.world.ms(120.0)


@pytest.mark.card("generic_ticks.rt_volume")
def test_there_is_no_tape_of_crypto_nor_in_delayed_mode() -> None:
    assert generic(client_at(), "BTC", 233) == []
    client = client_at(market_data_subscribed=False)
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    ticks = generic(client, "AAPL", "233,236")
    assert types(ticks) == {46, 89}
    assert 48 not in types([event for event in client.go(60.0) if isinstance(event, Tick)])


@pytest.mark.card("generic_ticks.yields")
def test_values_come_again_when_they_are_others() -> None:
    client = client_at()
    generic(client, "AAPL", "293,294,595")
    seen: dict[int, object] = {}
    told = client.go(200.0)
    for event in told:
        assert isinstance(event, TickGeneric | TickSize)
        value = event.value if isinstance(event, TickGeneric) else event.size
        assert seen.get(event.tick_type.value) != value
        seen[event.tick_type.value] = value
    assert {*seen} == {54, 55, 63, 64, 65}


@pytest.mark.card("generic_ticks.yields")
def test_imbalances_come_around_auctions_alone() -> None:
    client = client_at()
    assert generic(client, "AAPL", 225) == []
    # Five minutes before the regular session ends.
    closing = CLOSING - 4 * 3600
    assert types(generic(client_at(), "AAPL", 225, now=closing - 300)) == {34, 35, 36, 61}


# Options


def option_stream(client: Client, option: Instrument, now: float = 0.0, **fields: Any) -> list[Event]:
    return client.ask(MarketDataRequest(contract(option), request_id=7, **fields), now)


@pytest.mark.card("option_ticks.computations", "market_data.by_security_type")
@pytest.mark.parametrize("version", ENCODINGS)
def test_an_option_has_its_computations_unasked(version: int) -> None:
    client = client_at(version)
    option = an_option(client)
    told = option_stream(client, option)
    ticks = [tick for tick in told if isinstance(tick, Tick)]
    numbers = [tick.tick_type.value for tick in ticks]
    assert numbers[-4:] == [10, 11, 12, 13]
    assert {6, 7, 14}.isdisjoint(numbers)
    computed = {tick.tick_type.value: tick for tick in ticks if isinstance(tick, TickOptionComputation)}
    prices = {tick.tick_type.value: tick.price for tick in ticks if isinstance(tick, TickPrice)}
    for number, price in ((10, prices[1]), (11, prices[2])):
        tick = computed[number]
        assert tick.option_price == pytest.approx(price, rel=1e-6)
        assert tick.tick_attribute is OptionComputationBasis.PRICE
        assert tick.implied_volatility is not None
        assert 0.05 < tick.implied_volatility < 2
        assert tick.delta is not None
        assert 0 < tick.delta < 1
        assert tick.theta is not None
        assert tick.theta < 0 < (tick.gamma or 0)
    assert computed[10].implied_volatility < computed[11].implied_volatility  # type: ignore[operator]
    models = [
        event
        for event in client.go(10.0)
        if isinstance(event, TickOptionComputation) and event.tick_type is TickType.MODEL_OPTION
    ]
    assert len(models) == 10, "one a second"


@pytest.mark.card("option_ticks.computations", "market_data.snapshot_end")
def test_delayed_computations_and_snapshots_of_options() -> None:
    client = client_at(market_data_subscribed=False)
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    told = option_stream(client, an_option(client), 1000.0)
    assert types([tick for tick in told if isinstance(tick, TickOptionComputation)]) == {80, 81, 82, 83}
    client = client_at()
    told = option_stream(client, an_option(client), snapshot=True)
    assert told[-1] == TickSnapshotEnd(7)
    assert types([tick for tick in told if isinstance(tick, TickOptionComputation)]) == {10, 11, 12, 13}


@pytest.mark.card("market_data.part_not_subscribed")
def test_without_data_of_the_underlying_there_are_prices_alone() -> None:
    client = client_at(market_data_unsubscribed=frozenset({"STK"}))
    told = option_stream(client, an_option(client))
    assert told[0] == MarketDataType(7, MarketDataMode.REAL_TIME)
    notices = [event for event in told if isinstance(event, Notice | ErrorMessage)]
    assert len(notices) == 1
    assert client.codes[-1] == 10090
    assert not any(isinstance(event, TickOptionComputation) for event in told)
    assert any(isinstance(event, TickPrice) for event in told)


@pytest.mark.card("generic_ticks.other_right")
def test_of_one_option_the_other_right_comes_as_nothing() -> None:
    for is_call in (True, False):
        client = client_at()
        told = option_stream(client, an_option(client, is_call=is_call), generic_tick_list="mdoff,101")
        sizes = {event.tick_type.value: event.size for event in told if isinstance(event, TickSize)}
        assert (bool(sizes[27]), bool(sizes[28])) == (is_call, not is_call)


# A client's own calculations


@pytest.mark.card("calculations.answer")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_price_and_its_volatility_lead_to_each_other(version: int) -> None:
    client = client_at(version)
    option = an_option(client)
    (priced,) = client.ask(CalculateOptionPriceRequest(contract(option), 0.25, 330.0, request_id=1))
    assert isinstance(priced, TickOptionComputation)
    assert (priced.request_id, priced.tick_type) == (1, TickType.CUST_OPTION_COMPUTATION)
    assert priced.tick_attribute is OptionComputationBasis.RETURN
    assert priced.pv_dividend is None
    assert priced.underlying_price == 330.0
    assert priced.option_price is not None
    back = CalculateImpliedVolatilityRequest(contract(option), priced.option_price, 330.0, request_id=2)
    (implied,) = client.ask(back)
    assert isinstance(implied, TickOptionComputation)
    assert implied.implied_volatility == pytest.approx(0.25, rel=1e-6)
    assert implied.delta == pytest.approx(priced.delta, rel=1e-6)
    assert client.ask(CancelCalculateOptionPrice(1)) == []
    assert client.ask(CancelCalculateImpliedVolatility(2)) == []
    assert client.go(60.0) == []


@pytest.mark.card("calculations.no_answer", "option_ticks.not_computed")
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_cannot_be_calculated_is_not_answered_or_late(version: int) -> None:
    client = client_at(version)
    option = contract(an_option(client))
    for price, spot in ((1e6, 330.0), (-1.0, 330.0), (10.0, 0.0), (0.0, 330.0)):
        assert client.ask(CalculateImpliedVolatilityRequest(option, price, spot, request_id=1)) == []
    assert client.ask(CalculateOptionPriceRequest(option, 0.2, 0.0, request_id=2)) == []
    assert client.go(29.9) == []
    (tick,) = client.go(30.0)
    assert tick == TickOptionComputation(2, TickType.CUST_OPTION_COMPUTATION, OptionComputationBasis.RETURN)
    assert client.go(600.0) == []


@pytest.mark.card("calculations.options_only")
def test_only_options_are_calculated() -> None:
    client = client_at()
    assert error_of(client.ask(CalculateOptionPriceRequest(Stock("AAPL"), 0.2, 330.0, request_id=1))) == (1, 321)
    request = CalculateImpliedVolatilityRequest(Stock("AAPL"), 10.0, 330.0, request_id=2)
    assert error_of(client.ask(request)) == (2, 321)
    unknown = CalculateOptionPriceRequest(Stock("XYZ"), 0.2, 330.0, request_id=3)
    assert error_of(client.ask(unknown)) == (3, 200)
