"""What options are worth: the model by itself, and the prices that the market makes of it."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.contract import Right
from anytws.simulator.market import options
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import Source
from anytws.simulator.universe.instrument import Instrument
from tests.test_market_agrees import OPEN, UNIVERSE, combo, option

CALL, PUT = option(330.0, Right.CALL), option(330.0, Right.PUT)
AT = OPEN + 3_600_000
SPOTS, VOLATILITIES = st.floats(200, 500), st.floats(0.1, 1.5)
HOUR = 3_600_000


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


@given(SPOTS, VOLATILITIES)
def test_a_price_is_that_of_black_and_scholes(spot: float, volatility: float) -> None:
    wide = volatility * math.sqrt(options.years(CALL, AT))
    first = math.log(spot / 330.0) / wide + wide / 2
    call = spot * _normal(first) - 330.0 * _normal(first - wide)
    assert options.price(CALL, volatility, spot, AT) == pytest.approx(call, abs=1e-9)
    # What a call is worth more than a put is what a future is worth.
    put = options.price(PUT, volatility, spot, AT)
    assert options.price(CALL, volatility, spot, AT) - put == pytest.approx(spot - 330.0, abs=1e-9)


@given(SPOTS, VOLATILITIES, st.sampled_from((CALL, PUT)))
def test_greeks_are_how_the_price_answers(spot: float, volatility: float, each: Instrument) -> None:
    greeks = options.greeks(each, volatility, spot, AT)

    def worth(spot: float, volatility: float) -> float:
        return options.price(each, volatility, spot, AT)

    step = 1e-3 * spot
    up, down = worth(spot + step, volatility), worth(spot - step, volatility)
    assert greeks.delta == pytest.approx((up - down) / (2 * step), abs=1e-3)
    assert greeks.gamma == pytest.approx((up + down - 2 * worth(spot, volatility)) / step**2, abs=2e-3)
    assert greeks.vega == pytest.approx(worth(spot, volatility + 0.005) - worth(spot, volatility - 0.005), abs=1e-3)
    later = options.price(each, volatility, spot, AT + 24 * HOUR)
    assert greeks.theta == pytest.approx(later - worth(spot, volatility), rel=0.03, abs=1e-3)


@given(st.floats(290, 370), VOLATILITIES, st.sampled_from((CALL, PUT)))
def test_the_volatility_of_a_price_is_found_again(spot: float, volatility: float, each: Instrument) -> None:
    price = options.price(each, volatility, spot, AT)
    found = options.implied_volatility(each, price, spot, AT)
    assert found is not None
    assert options.price(each, found, spot, AT) == pytest.approx(price, abs=1e-7)


@pytest.mark.parametrize("price, spot", [(5.0, 340.0), (0.0, 330.0), (-1.0, 330.0), (341.0, 340.0), (5.0, 0.0)])
def test_no_volatility_explains_an_impossible_price(price: float, spot: float) -> None:
    assert options.implied_volatility(CALL, price, spot, AT) is None


def test_what_is_over_is_worth_its_exercise() -> None:
    assert CALL.expires_at is not None
    over = CALL.expires_at * 1000
    assert options.price(CALL, 0.3, 340.0, over) == 10.0
    assert options.price(PUT, 0.3, 340.0, over) == 0.0
    assert options.price(PUT, 0.3, 0.0, AT) == 330.0
    with pytest.raises(ValueError, match="above 0"):
        options.greeks(CALL, 0.0, 340.0, AT)
    with pytest.raises(ValueError, match="does not say when"):
        options.years(UNIVERSE.by_symbol("AAPL"), AT)


@pytest.mark.card("market.options")
def test_the_market_quotes_the_model_around_its_underlying() -> None:
    market, stock = Market(UNIVERSE, 1), UNIVERSE.by_symbol("AAPL")
    for each in (CALL, PUT, option(360.0, Right.CALL), option(300.0, Right.PUT)):
        for minute in range(0, 300, 37):
            at = OPEN + minute * 60_000 + 20_000
            below, quote = market.quote(stock, at), market.quote(each, at)
            assert below.bid is not None
            assert quote.bid is not None
            assert quote.ask is not None
            spot = (below.bid + 1) / 100
            model = options.price(each, options.volatility(1, each, stock, at), spot, at) * 100
            assert quote.bid - 1 <= model <= quote.ask + 1


@pytest.mark.card("market.options", "market.hand")
def test_options_follow_when_their_underlying_is_moved() -> None:
    market, stock = Market(UNIVERSE, 1), UNIVERSE.by_symbol("AAPL")
    before = [market.mark(each, AT) for each in (CALL, PUT)]
    market.move_to(stock, Decimal(400), AT - 10 * 60_000)
    call, put = (market.mark(each, AT) for each in (CALL, PUT))
    assert call > before[0] + 4000
    assert put < before[1] / 2
    bar = market.bar(CALL, AT - HOUR, AT, Source.MIDPOINT)
    assert bar is not None
    assert bar.high > 2 * before[0] + 8000


@pytest.mark.card("market.combinations")
def test_a_combination_is_the_sum_of_its_legs_and_may_be_negative() -> None:
    market, spread = Market(UNIVERSE, 1), combo()
    at = OPEN + 65_000
    legs = [market.quote(leg.instrument, at) for leg in spread.legs]
    middles = [(leg.bid or 0) + (leg.ask or 0) for leg in legs]
    quote = market.quote(spread, at)
    assert quote.bid is not None
    assert quote.ask is not None
    assert abs((quote.bid + quote.ask) - (middles[0] - middles[1])) <= 2
    assert (quote.last, quote.volume, quote.high) == (None, 0, None)
    market.move_to(spread, Decimal("-2.50"), at)
    moved = market.quote(spread, at)
    assert moved.bid is not None
    assert moved.ask is not None
    assert moved.bid <= -250 <= moved.ask
    assert market.trades(spread, OPEN, OPEN + 60_000) == []


def test_deep_options_have_a_price_above_nothing() -> None:
    market, far = Market(UNIVERSE, 2), option(600.0, Right.CALL)
    quote = market.quote(far, AT)
    assert quote.bid is not None
    assert quote.ask is not None
    assert 1 <= quote.bid < quote.ask
