"""The market as everybody asks it: the hand, halts, models, closed times, dates far away, books, figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from anytws.messages.contract import SecurityType
from anytws.simulator.market import hand as hand_module
from anytws.simulator.market import levels, process
from anytws.simulator.market import market as market_module
from anytws.simulator.market.hand import Hand
from anytws.simulator.market.market import SMART, Market
from anytws.simulator.market.models import FLAT, Path, PathPoint
from anytws.simulator.market.process import ANCHOR
from anytws.simulator.market.words import Halt, Source
from anytws.simulator.settings import EPOCH
from anytws.simulator.universe.instrument import Instrument
from tests.test_market_agrees import DAY, MINUTE, OPEN, SECOND, UNIVERSE, instruments

AAPL, EUR, SPX, BTC = (UNIVERSE.by_symbol(name) for name in ("AAPL", "EUR.USD", "SPX", "BTC"))
HOUR = 60 * MINUTE


def ms(*when: int) -> int:
    """Give a UTC time in milliseconds since 1970."""
    return int(datetime(*when, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[arg-type,misc]


def test_prices_are_those_of_their_nature_at_the_epoch() -> None:
    assert EPOCH.date().toordinal() == ANCHOR
    for instrument in UNIVERSE.instruments:
        if instrument.strike is None and instrument.hours.at(OPEN // 1000, liquid=False) is not None:
            mark = float(instrument.price_of(Market(UNIVERSE, 4).mark(instrument, OPEN)))
            assert mark == pytest.approx(float(instrument.nature.price), rel=0.25), instrument.contract.symbol


@pytest.mark.card("market.hand")
def test_a_price_is_where_it_is_moved_and_goes_on_from_there() -> None:
    market, at = Market(UNIVERSE, 1), OPEN + HOUR + 3100
    told: list[Instrument] = []
    market.on_change = told.append
    before = market.bar(AAPL, OPEN, at - 100, Source.TRADES)
    market.move_to(AAPL, Decimal("200.00"), at)
    assert (told, market.version) == ([AAPL], 1)
    quote = market.quote(AAPL, at)
    assert (quote.last, quote.last_at, quote.last_size) == (20000, at - 100, AAPL.lot)
    assert quote.bid is not None
    assert quote.ask is not None
    assert quote.bid <= 20000 <= quote.ask
    assert market.bar(AAPL, OPEN, at - 100, Source.TRADES) == before
    assert abs(market.mark(AAPL, at + 5 * MINUTE) - 20000) < 400
    assert market.trades(AAPL, at - 100, at + 150)[-1].price == 20000
    assert market.reach(AAPL, at - 100, at + 1).lowest_trade == 20000
    market.shift(AAPL, 500, at + MINUTE)
    assert abs(market.mark(AAPL, at + MINUTE) - 20500) < 400
    # History has it too, the day after.
    day = market.bar(AAPL, OPEN - 6 * HOUR, OPEN + 10 * HOUR, Source.TRADES)
    assert day is not None
    assert day.low <= 2 * 20000


@pytest.mark.card("market.hand")
def test_the_order_in_which_the_hand_moves_does_not_matter() -> None:
    one, other = Market(UNIVERSE, 1), Market(UNIVERSE, 1)
    moves = [(50, OPEN + MINUTE), (-20, OPEN + 2 * MINUTE), (7, OPEN + 3 * MINUTE + 500)]
    for ticks, at in moves:
        one.shift(AAPL, ticks, at)
    for ticks, at in reversed(moves):
        other.shift(AAPL, ticks, at)
    for at in range(OPEN, OPEN + 5 * MINUTE, 17 * SECOND):
        assert one.quote(AAPL, at) == other.quote(AAPL, at)


@pytest.mark.card("market.halt")
def test_nothing_is_traded_in_a_halt() -> None:
    market, begin = Market(UNIVERSE, 1), OPEN + HOUR + 10 * SECOND
    before = market.quote(AAPL, begin - 1)
    market.halt(AAPL, Halt.VOLATILITY, begin)
    market.resume(AAPL, begin + 5 * MINUTE)
    quote = market.quote(AAPL, begin + 2 * MINUTE)
    assert (quote.halt, quote.bid, quote.ask, quote.bid_size) == (Halt.VOLATILITY, None, None, 0)
    assert (quote.last, quote.volume, quote.high) == (before.last, before.volume, before.high)
    assert market.trades(AAPL, begin, begin + 5 * MINUTE) == []
    assert market.quotes(AAPL, begin, begin + 5 * MINUTE) == []
    reach = market.reach(AAPL, begin, begin + 5 * MINUTE)
    assert (reach.lowest_ask, reach.highest_bid, reach.lowest_trade) == (None, None, None)
    assert market.next_change(AAPL, begin - 1) == begin
    bars = list(market.bars(AAPL, begin, begin + 5 * MINUTE, 60, Source.MIDPOINT, liquid=False))
    assert {bar.close for bar in bars} == {(before.bid or 0) + (before.ask or 0)}
    assert market.halts(AAPL, begin, begin + HOUR) == [(begin, Halt.VOLATILITY), (begin + 5 * MINUTE, Halt.NONE)]
    assert market.halt_at(AAPL, begin) is Halt.VOLATILITY
    after = market.quote(AAPL, begin + 5 * MINUTE)
    assert after.halt is Halt.NONE
    assert after.bid is not None
    assert market.halt_at(EUR, begin) is Halt.NONE


@pytest.mark.card("market.models")
def test_a_flat_market_never_moves() -> None:
    market = Market(UNIVERSE, 1, FLAT)
    for instrument in (AAPL, SPX, BTC):
        level = int(instrument.nature.price / instrument.tick)
        trades = market.trades(instrument, OPEN, OPEN + 5 * MINUTE)
        assert {trade.price for trade in trades} == {level}
        bar = market.bar(instrument, OPEN - 3 * DAY, OPEN + HOUR, Source.TRADES)
        assert bar is not None
        assert {bar.open, bar.high, bar.low, bar.close} == {2 * level}
        assert bar.average in {1000 * level, 0}
    assert len({(quote.bid, quote.ask) for quote in market.quotes(AAPL, OPEN, OPEN + HOUR)}) == 1
    market.move_to(AAPL, Decimal(100), OPEN + MINUTE)
    assert market.quote(AAPL, OPEN + 2 * MINUTE).last == 10000


@pytest.mark.card("market.models")
def test_a_price_goes_where_a_path_says() -> None:
    points = [PathPoint(AAPL.contract_id, OPEN + n * MINUTE, Decimal(100 + n)) for n in range(4)]
    market = Market(UNIVERSE, 1, Path(reversed(points)))
    bars = list(market.bars(AAPL, OPEN, OPEN + 5 * MINUTE, 60, Source.TRADES, liquid=True))
    assert [bar.close for bar in bars] == [20000, 20200, 20400, 20600, 20600]
    assert market.quote(SPX, OPEN) == Market(UNIVERSE, 1).quote(SPX, OPEN)
    flat = Market(UNIVERSE, 1, Path(points, otherwise=FLAT))
    assert flat.quote(SPX, OPEN + MINUTE).last == 771500


@pytest.mark.card("market.any_date")
@pytest.mark.parametrize("year", [1981, 2004, 2031, 2075])
def test_there_is_a_price_on_any_date(year: int) -> None:
    market = Market(UNIVERSE, 1)
    begin = ms(year, 3, 2)
    bar = market.bar(AAPL, begin, begin + 14 * DAY, Source.TRADES, liquid=True)
    assert bar is not None
    assert 5000 < bar.low / 2 < bar.high / 2 < 200000
    assert bar.volume > 50_000_000


def test_before_its_history_begins_there_is_nothing() -> None:
    market, at = Market(UNIVERSE, 1), ms(1975, 3, 3, 15)
    quote = market.quote(AAPL, at)
    assert (quote.bid, quote.last, quote.close, quote.is_open) == (None, None, None, False)
    assert market.bar(AAPL, at, at + DAY, Source.TRADES) is None
    assert list(market.bars(AAPL, at, at + DAY, 60, Source.BID, liquid=False)) == []
    assert market.mark(AAPL, at) == 33100


@pytest.mark.card("market.day_values")
def test_the_values_of_a_stock_are_of_regular_hours() -> None:
    market = Market(UNIVERSE, 1)
    early = market.quote(AAPL, OPEN - HOUR)
    assert (early.open, early.high, early.low) == (None, None, None)
    assert early.volume > 0
    regular = market.bar(AAPL, OPEN, OPEN + 390 * MINUTE, Source.TRADES, liquid=True)
    late = market.quote(AAPL, OPEN + 8 * HOUR)
    assert regular is not None
    assert (late.open, late.high, late.low) == (regular.open // 2, regular.high // 2, regular.low // 2)
    assert late.volume > regular.volume
    night = market.quote(AAPL, OPEN + 12 * HOUR)
    assert (night.bid, night.ask, night.is_open) == (None, None, False)
    assert (night.open, night.high) == (late.open, late.high)
    assert market.quote(AAPL, OPEN + DAY).close == regular.close // 2


@pytest.mark.card("market.bell")
@pytest.mark.parametrize("name", ["AAPL", "SPY", "BRK B", "ESH6", "SPX"])
def test_regular_hours_begin_with_a_trade(name: str) -> None:
    market, instrument = Market(UNIVERSE, 1), UNIVERSE.by_symbol(name)
    session = instrument.hours.at(OPEN // 1000, liquid=True)
    assert session is not None
    begin = session.begin * SECOND
    quote = market.quote(instrument, begin)
    assert quote.last_at == begin
    assert None not in (quote.open, quote.high, quote.low)
    if instrument.contract.security_type is SecurityType.STOCK:
        assert quote.open == market.trades(instrument, begin, begin + 1)[0].price


@pytest.mark.card("market.kinds")
def test_each_kind_has_what_it_has() -> None:
    market, at = Market(UNIVERSE, 1), OPEN + 3 * HOUR
    forex, index = market.quote(EUR, at), market.quote(SPX, at)
    assert (forex.last, forex.volume, forex.open) == (None, 0, None)
    assert forex.bid is not None
    assert forex.high is not None
    assert forex.close is not None
    assert (index.bid, index.ask, index.volume, index.last_size) == (None, None, 0, 0)
    assert index.last is not None
    bar = market.bar(SPX, at, at + MINUTE, Source.TRADES)
    assert bar is not None
    assert (bar.volume, bar.average, bar.count > 0) == (0, 0, True)
    assert market.bar(SPX, at, at + MINUTE, Source.MIDPOINT) is None
    assert market.bar(EUR, at, at + MINUTE, Source.TRADES) is None
    fund = UNIVERSE.by_symbol("VTSAX")
    value = market.quote(fund, at)
    assert (value.bid, value.last, value.high) == (None, None, None)
    assert value.close is not None
    assert value.close != market.quote(fund, at + DAY).close


@pytest.mark.card("market.odd_lots")
def test_small_trades_of_us_stocks_are_odd_lots() -> None:
    trades = Market(UNIVERSE, 1).trades(AAPL, OPEN, OPEN + 10 * MINUTE)
    odd = [trade for trade in trades if trade.size < AAPL.lot]
    assert {trade.conditions for trade in odd} == {"   I", " F I"}
    assert all(trade.is_unreported for trade in odd)
    assert not any(trade.is_unreported for trade in trades if trade.size >= AAPL.lot)
    off = sum(trade.exchange == "FINRA" for trade in odd) / len(odd)
    assert off > 0.7
    assert 0.65 * len(trades) < len(odd) < 0.9 * len(trades)
    assert {trade.exchange for trade in trades} <= {"FINRA", *AAPL.exchanges}
    tokyo = UNIVERSE.by_symbol("7203")
    begin = ms(2026, 1, 6, 1)
    assert {trade.conditions for trade in Market(UNIVERSE, 1).trades(tokyo, begin, begin + HOUR)} == {""}


@pytest.mark.card("market.activity")
def test_regular_hours_are_busiest_at_their_ends() -> None:
    market = Market(UNIVERSE, 1)
    half_hours = list(market.bars(AAPL, OPEN - 5 * HOUR, OPEN + 10 * HOUR, 1800, Source.TRADES, liquid=False))
    regular = [bar.volume for bar in half_hours if OPEN <= bar.begin < OPEN + 390 * MINUTE]
    rest = [bar.volume for bar in half_hours if not OPEN <= bar.begin < OPEN + 390 * MINUTE]
    assert regular[0] + regular[-1] > 1.3 * (regular[5] + regular[7])
    assert sum(rest) < 0.15 * sum(regular)
    bond = UNIVERSE.by_symbol("US-T")
    minutes = list(market.bars(bond, OPEN, OPEN + HOUR, 60, Source.TRADES, liquid=False))
    assert any(bar.count == 0 for bar in minutes)


@pytest.mark.card("market.spread")
def test_the_spread_is_as_told_most_of_the_time_and_wider_outside_regular_hours() -> None:
    market = Market(UNIVERSE, 1)
    regular = [quote.ask - quote.bid for quote in market.quotes(AAPL, OPEN + HOUR, OPEN + 80 * MINUTE)]
    early = [quote.ask - quote.bid for quote in market.quotes(AAPL, OPEN - 2 * HOUR, OPEN - HOUR)]
    assert sorted(regular)[len(regular) // 2] == AAPL.nature.spread_ticks
    assert len(set(regular)) > 2
    assert sorted(early)[len(early) // 2] == 2 * AAPL.nature.spread_ticks


@pytest.mark.card("market.smart_book")
def test_a_book_is_sorted_and_has_the_quote_on_top() -> None:
    market, at = Market(UNIVERSE, 1), OPEN + HOUR
    quote, smart = market.quote(AAPL, at), market.book(AAPL, at, 20)
    assert (len(smart.bids), len(smart.asks)) == (20, 20)
    assert [(-level.price, level.venue) for level in smart.bids] == sorted(
        (-one.price, one.venue) for one in smart.bids
    )
    assert [(level.price, level.venue) for level in smart.asks] == sorted((one.price, one.venue) for one in smart.asks)
    assert sum(level.size for level in smart.asks if level.price == quote.ask) == quote.ask_size
    assert SMART not in {level.venue for level in smart.bids}
    single = market.book(AAPL, at, 5, "NASDAQ")
    assert [level.price for level in single.bids] == [(quote.bid or 0) - n for n in range(5)]
    assert {level.venue for level in single.asks} == {""}
    assert market.book(SPX, at, 5) == market.book(AAPL, OPEN + 13 * HOUR, 5) == market.book(AAPL, at, 0)
    assert market.book(AAPL, at, 0).bids == ()
    then = market.next_change(AAPL, at)
    assert market.book(AAPL, then - 250, 20) == market.book(AAPL, at, 20)


@pytest.mark.card("market.bid_ask_bar")
def test_a_bar_of_both_sides_has_their_extremes() -> None:
    market, at = Market(UNIVERSE, 1), OPEN + HOUR
    both, bid, ask = (market.bar(AAPL, at, at + HOUR, each) for each in (Source.BID_ASK, Source.BID, Source.ASK))
    assert both is not None
    assert bid is not None
    assert ask is not None
    assert (both.high, both.low, both.volume) == (ask.high, bid.low, -1)
    assert bid.low <= both.open <= bid.high
    assert ask.low <= both.close <= ask.high


@pytest.mark.card("market.futures")
def test_the_months_of_a_future_move_together() -> None:
    market = Market(UNIVERSE, 1)
    near, far = UNIVERSE.by_symbol("ESH6"), UNIVERSE.by_symbol("ESM6")
    at = OPEN + 2 * HOUR
    for later in range(0, 5 * HOUR, HOUR):
        one, other = (market.mark(each, at + later) for each in (near, far))
        assert abs(one - other) < 0.01 * one
    assert market.trades(near, at, at + MINUTE) != market.trades(far, at, at + MINUTE)


def test_a_histogram_has_what_was_traded() -> None:
    market = Market(UNIVERSE, 1)
    histogram = market.histogram(AAPL, OPEN, OPEN + 10 * MINUTE)
    trades = market.trades(AAPL, OPEN, OPEN + 10 * MINUTE)
    assert [price for price, _ in histogram] == sorted({trade.price for trade in trades})
    assert sum(size for _, size in histogram) == sum(trade.size for trade in trades)


def test_bars_are_inside_sessions_and_on_the_grid_of_the_zone() -> None:
    market = Market(UNIVERSE, 1)
    hours = list(market.bars(AAPL, OPEN - 9 * HOUR, OPEN + 15 * HOUR, 3600, Source.TRADES, liquid=True))
    assert [(bar.begin - OPEN) // MINUTE for bar in hours] == [0, 30, 90, 150, 210, 270, 330]
    # The clock goes forward on 8 March 2026: an hour less from one opening to the next.
    week = list(market.bars(AAPL, ms(2026, 3, 6), ms(2026, 3, 10), 4 * 3600, Source.TRADES, liquid=False))
    assert [datetime.fromtimestamp(bar.begin // 1000, UTC).hour for bar in week] == [0, 9, 13, 17, 21, 8, 12, 16, 20]
    # The day after Thanksgiving is a half day.
    half = list(market.bars(AAPL, ms(2026, 11, 26), ms(2026, 11, 28), 1800, Source.TRADES, liquid=True))
    assert len(half) == 7
    (session,) = AAPL.hours.of_day(date(2026, 11, 27), liquid=True)
    assert half[-1].begin == session.end * SECOND - 30 * MINUTE


def test_prices_are_multiples_of_the_step_that_is_legal_at_the_level() -> None:
    market, stock = Market(UNIVERSE, 1), UNIVERSE.by_symbol("BMW")
    quotes = market.quotes(stock, ms(2026, 1, 6, 10), ms(2026, 1, 6, 10, 20))
    step = stock.step_at(stock.price_of(quotes[0].bid)) / stock.tick
    assert step > 1
    assert all(quote.bid % step == quote.ask % step == 0 for quote in quotes)


def test_what_is_remembered_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was forgotten is drawn again, the same."""
    usual = [Market(UNIVERSE, 3).quote(each, OPEN + HOUR) for each in instruments()]
    monkeypatch.setattr(market_module, "MOST_TAPES", 3)
    monkeypatch.setattr(market_module, "MOST_HANDS", 2)
    monkeypatch.setattr(process, "MOST_DAYS", 1)
    monkeypatch.setattr(process, "MOST_BLOCKS", 1)
    monkeypatch.setattr(levels, "MOST_NODES", 5)
    market = Market(UNIVERSE, 3)
    for instrument in UNIVERSE.instruments[:6]:
        market.shift(instrument, 1, OPEN + 9 * HOUR)
    assert len(market._hands) == 2  # pyright: ignore[reportPrivateUsage]
    assert [market.quote(each, OPEN + HOUR) for each in instruments()] == usual
    assert len(market._readings) <= 5  # pyright: ignore[reportPrivateUsage]


def test_of_too_many_moves_the_oldest_are_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_module, "MOST_MOVES", 3)
    hand = Hand()
    for number in range(6):
        hand.move(number * 1000, 1, 100)
        hand.stop(number * 1000, Halt.GENERAL if number % 2 else Halt.NONE)
    assert (len(hand.moves), len(hand.stops)) == (3, 3)
    assert hand.offset_at(10_000) == 6


def test_a_market_can_be_had_again_as_no_hand_has_touched_it() -> None:
    market = Market(UNIVERSE, 3)
    usual = [market.quote(each, OPEN + HOUR) for each in instruments()]
    market.move_to(AAPL, Decimal(50), OPEN)
    market.halt(EUR, Halt.GENERAL, OPEN)
    other = market.again()
    assert [other.quote(each, OPEN + HOUR) for each in instruments()] == usual
    other.shift(BTC, 100, OPEN)
    assert market.quote(AAPL, OPEN + HOUR).last != usual[0].last
    assert (market.version, other.version) == (2, 1)


def test_bars_can_be_read_while_other_things_are_asked() -> None:
    market, call = Market(UNIVERSE, 3), instruments()[-3]
    begin, end = OPEN + HOUR, OPEN + HOUR + 40 * MINUTE
    for each in (AAPL, call):
        usual = list(market.bars(each, begin, end, 60, Source.TRADES, liquid=True))
        slow = []
        for number, bar in enumerate(market.bars(each, begin, end, 60, Source.TRADES, liquid=True)):
            slow.append(bar)
            market.quote(AAPL, OPEN - number * DAY)
            if number == 20:
                market.shift(BTC, 1, OPEN)
        assert slow == usual
