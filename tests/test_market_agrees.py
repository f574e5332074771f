"""Whatever is asked of a market, and in whatever order: bars, trades, quotes, book and reach tell the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anytws.messages.contract import Action, ComboLeg, Contract, Right, SecurityType
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import Halt, Source
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.universe import Match, Universe, usual_universe
from tests.market_checks import (
    DAY,
    MINUTE,
    SECOND,
    check_changes,
    check_day,
    check_moment,
    check_quote_bars,
    check_reach,
    check_trade_bars,
)

OPEN = 1_767_623_400_000
"""5 January 2026, 9:30 in New York."""

UNIVERSE = usual_universe()


def option(strike: float, right: Right, universe: Universe = UNIVERSE) -> Instrument:
    """Give an option on AAPL of February 2026."""
    (match,) = universe.find(
        Contract(
            symbol="AAPL",
            security_type=SecurityType.OPTION,
            exchange="SMART",
            currency="USD",
            last_trade_date_or_contract_month="20260220",
            strike=strike,
            right=right,
        )
    )
    return match.instrument


def combo(universe: Universe = UNIVERSE) -> Instrument:
    """Give a spread of calls."""
    bought, sold = option(330.0, Right.CALL, universe), option(340.0, Right.CALL, universe)
    legs = (ComboLeg(bought.contract_id, 1, Action.BUY, "SMART"), ComboLeg(sold.contract_id, 1, Action.SELL, "SMART"))
    contract = Contract(
        symbol="AAPL", security_type=SecurityType.COMBO, exchange="SMART", currency="USD", combo_legs=legs
    )
    match = universe.the_one(contract)
    assert isinstance(match, Match)
    return match.instrument


@cache
def instruments() -> tuple[Instrument, ...]:
    """Give some of each kind."""
    names = ("AAPL", "BMW", "700", "EUR.USD", "SPX", "BTC", "US-T", "XAUUSD", "VTSAX", "ESH6")
    found = [UNIVERSE.by_symbol(name) for name in names]
    cfds = [each for each in UNIVERSE.instruments if each.security_type is SecurityType.CFD]
    return (*found, *cfds, option(330.0, Right.CALL), option(330.0, Right.PUT), combo())


@st.composite
def situations(draw: st.DrawFn) -> tuple[Market, Instrument, int]:
    """Draw a market, one of its instruments and a time at which that is open, near it perhaps a hand at work."""
    instrument = draw(st.sampled_from(instruments()))
    market = Market(UNIVERSE, draw(st.integers(0, 3)))
    day = OPEN // 1000 + draw(st.integers(-60, 20)) * 86_400
    sessions = instrument.hours.between(day, day + 4 * 86_400, liquid=False)
    session = draw(st.sampled_from(sessions))
    second = draw(st.integers(session.begin, session.end - 1) | st.integers(session.end - 60, session.end - 1))
    at = second * SECOND + draw(st.sampled_from((0, 0, 250, 999)))
    for _ in range(draw(st.integers(0, 3))):
        when = at + draw(st.integers(-400, 400)) * SECOND
        match draw(st.integers(0, 2)):
            case 0:
                market.shift(instrument, draw(st.integers(-40, 40)), when)
            case 1:
                ticks = max(1, market.mark(instrument, when) + draw(st.integers(-40, 40)))
                market.move_to(instrument, instrument.price_of(ticks), when)
            case _:
                market.halt(instrument, Halt.VOLATILITY, when)
                market.resume(instrument, when + draw(st.integers(1, 300)) * SECOND)
    return market, instrument, at


few = settings(max_examples=25, deadline=None, suppress_health_check=(HealthCheck.too_slow,))


@pytest.mark.card("market.one_process", "market.bar_volume", "market.halt", "market.hand")
@few
@given(situations(), st.sampled_from((5, 30, 60, 300, 1800, 3600)), st.sampled_from((10, 120, 1800)), st.booleans())
def test_bars_of_trades_are_what_the_trades_make(
    situation: tuple[Market, Instrument, int], size: int, seconds: int, liquid: bool
) -> None:
    market, instrument, at = situation
    begin = at // SECOND * SECOND
    check_trade_bars(market, instrument, begin, begin + seconds * SECOND, size, liquid)


@pytest.mark.card("market.one_process", "market.spread", "market.halt", "market.hand")
@few
@given(situations(), st.sampled_from((5, 60, 300)))
def test_bars_of_quotes_are_what_the_quotes_make(situation: tuple[Market, Instrument, int], size: int) -> None:
    market, instrument, at = situation
    begin = at // MINUTE * MINUTE
    check_quote_bars(market, instrument, begin, begin + 5 * MINUTE, size)


@pytest.mark.card("market.one_process", "market.spread", "market.smart_book", "market.hand")
@few
@given(situations())
def test_a_quote_is_what_was_told_up_to_it(situation: tuple[Market, Instrument, int]) -> None:
    check_moment(*situation)


@pytest.mark.card("market.beat")
@few
@given(situations())
def test_nothing_changes_but_when_it_is_told(situation: tuple[Market, Instrument, int]) -> None:
    market, instrument, at = situation
    check_changes(market, instrument, at, at + 75 * SECOND)


@pytest.mark.card("market.one_process", "market.halt")
@few
@given(situations(), st.sampled_from((1, 60, 600)))
def test_the_reach_is_how_far_quotes_and_trades_went(situation: tuple[Market, Instrument, int], seconds: int) -> None:
    market, instrument, at = situation
    session = instrument.hours.at(at // SECOND, liquid=False)
    assert session is not None
    check_reach(market, instrument, at, min(at + seconds * SECOND, session.end * SECOND))


@pytest.mark.card("market.day_values", "market.kinds")
@settings(few, max_examples=4)
@given(situations())
def test_the_values_of_a_day_are_those_of_its_trades(situation: tuple[Market, Instrument, int]) -> None:
    check_day(*situation)


@pytest.mark.card("market.one_process", "market.day_average")
@pytest.mark.parametrize("name", ["AAPL", "BMW", "ESH6"])
def test_a_day_is_what_its_minutes_are(name: str) -> None:
    market, instrument = Market(UNIVERSE, 5), UNIVERSE.by_symbol(name)
    (session, *_) = instrument.hours.between(OPEN // 1000, OPEN // 1000 + 3600, liquid=False)
    begin, end = session.begin * SECOND, session.end * SECOND
    for source in (Source.TRADES, Source.BID, Source.ASK, Source.MIDPOINT):
        day = market.bar(instrument, begin, end, source)
        minutes = list(market.bars(instrument, begin, end, 60, source, liquid=False))
        assert day is not None
        assert len(minutes) == (end - begin) // MINUTE
        traded = [bar for bar in minutes if bar.count]
        assert (day.open, day.close) == (traded[0].open, traded[-1].close)
        assert (day.high, day.low) == (max(bar.high for bar in traded), min(bar.low for bar in traded))
        if source is Source.TRADES:
            assert day.volume == sum(bar.volume for bar in traded)
            assert day.count == sum(bar.count for bar in traded)
            assert abs(day.average - sum(bar.average * bar.volume for bar in traded) / day.volume) < 0.005 * day.average


def answers_to(market: Market, some: Sequence[Instrument] = ()) -> Iterator[object]:
    """Ask all sorts of things."""
    for instrument in some or instruments():
        at = OPEN + 2 * 3_600_000 + 17_250
        yield market.quote(instrument, at)
        yield market.bar(instrument, at - 3 * DAY, at, Source.TRADES)
        yield market.quotes(instrument, at - 5 * SECOND, at)
        yield market.trades(instrument, at - 5 * SECOND, at)
        yield market.reach(instrument, at, at + 2 * MINUTE)
        yield market.mark(instrument, at)


@pytest.mark.card("market.one_process")
def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    forward = list(answers_to(Market(UNIVERSE, 9)))
    other = Market(UNIVERSE, 9)
    for instrument in reversed(instruments()):
        list(other.bars(instrument, OPEN - 3_600_000, OPEN + 3_600_000, 300, Source.TRADES, liquid=False))
        other.quote(instrument, OPEN + 5 * 3_600_000)
    assert list(answers_to(other)) == forward


SCRIPT = "from tests.test_market_agrees import *; print(list(answers_to(Market(UNIVERSE, 9), instruments()[::3])))"


def test_answers_are_the_same_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("4711",)
    }
    assert outputs == {f"{list(answers_to(Market(UNIVERSE, 9), instruments()[::3]))}\n"}
