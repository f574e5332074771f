"""What has to be true of a market, said once: bars, quotes, trades, book and reach of a time tell the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from anytws.simulator.market.market import Market
from anytws.simulator.market.words import BEAT, Bar, BidAsk, Halt, Source, Trade
from anytws.simulator.universe.instrument import Instrument

SECOND, MINUTE, DAY = 1000, 60_000, 86_400_000


def bar_of_trades(begin: int, trades: Sequence[Trade]) -> Bar:
    """Give the bar that *trades* make: there are some."""
    prices = [trade.price for trade in trades]
    volume = sum(trade.size for trade in trades)
    value = sum(trade.price * trade.size for trade in trades)
    average = (2000 * value + volume) // (2 * volume) if volume else 0
    return Bar(begin, 2 * prices[0], 2 * max(prices), 2 * min(prices), 2 * prices[-1], volume, average, len(trades))


def bar_of_quotes(begin: int, held: Sequence[BidAsk], source: Source) -> Bar:
    """Give the bar of the quotes *held* in a time, the one in force at its beginning first."""
    prices = [
        {Source.BID: 2 * each.bid, Source.ASK: 2 * each.ask, Source.MIDPOINT: each.bid + each.ask}[source]
        for each in held
    ]
    return Bar(begin, prices[0], max(prices), min(prices), prices[-1], -1, -1, -1)


def held(market: Market, instrument: Instrument, begin: int, end: int) -> list[BidAsk]:
    """Give the quotes in force from *begin* up to *end*, where the market is open all that time."""
    first = market.quote(instrument, begin)
    assert first.bid is not None
    assert first.ask is not None
    start = BidAsk(begin, first.bid, first.bid_size, first.ask, first.ask_size)
    return [start, *market.quotes(instrument, begin, end)]


def check_trade_bars(market: Market, instrument: Instrument, begin: int, end: int, seconds: int, liquid: bool) -> int:
    """Check that bars of trades are what the trades make; gives how many bars there were."""
    trades = market.trades(instrument, begin, end)
    bars = list(market.bars(instrument, begin, end, seconds, Source.TRADES, liquid))
    last = market.quote(instrument, begin - 1).last
    for number, bar in enumerate(bars):
        until = _end(market, instrument, bar.begin, end, seconds, liquid)
        inside = [trade for trade in trades if bar.begin <= trade.at < until]
        if inside:
            assert bar == bar_of_trades(bar.begin, inside)
            last = inside[-1].price
        elif number or last is not None:
            if liquid:
                before = [trade for trade in trades if trade.at < bar.begin]
                last = before[-1].price if before else market.quote(instrument, bar.begin - 1).last
            assert last is not None
            assert bar == Bar(bar.begin, 2 * last, 2 * last, 2 * last, 2 * last, 0, 1000 * last, 0)
    for one, next_one in pairwise(bars):
        assert one.begin < next_one.begin
    if not liquid and (bars or not trades):
        assert sum(bar.volume for bar in bars) == sum(trade.size for trade in trades)
        assert sum(bar.count for bar in bars) == len(trades)
    return len(bars)


def _end(market: Market, instrument: Instrument, begin: int, end: int, seconds: int, liquid: bool) -> int:
    """Give where the bar that begins at *begin* ends: on the grid, or with its session."""
    sessions = instrument.hours.between(begin // 1000, begin // 1000 + 1, liquid=liquid)
    midnight = instrument.hours.midnight_after(instrument.hours.day_of(begin // 1000)) * 1000
    size = seconds * 1000
    before = midnight - _day_length(instrument, begin)
    return min((begin - before) // size * size + size + before, sessions[0].end * 1000, end, midnight)


def _day_length(instrument: Instrument, at: int) -> int:
    day = instrument.hours.day_of(at // 1000)
    return (instrument.hours.midnight_after(day) - instrument.hours.midnight_after(day - timedelta(days=1))) * 1000


def check_quote_bars(market: Market, instrument: Instrument, begin: int, end: int, seconds: int) -> int:
    """Check that bars of quotes are what the quotes make; gives how many bars there were."""
    count = 0
    for source in (Source.BID, Source.ASK, Source.MIDPOINT):
        for bar in market.bars(instrument, begin, end, seconds, source, liquid=False):
            until = _end(market, instrument, bar.begin, end, seconds, liquid=False)
            if any(market.halt_at(instrument, at) is not Halt.NONE for at in (bar.begin, until - 1)):
                continue
            assert bar == bar_of_quotes(bar.begin, held(market, instrument, bar.begin, until), source)
            count += 1
    return count


def check_moment(market: Market, instrument: Instrument, at: int) -> None:
    """Check that the quote at *at* is what trades and quotes up to then make."""
    quote = market.quote(instrument, at)
    beat = at // BEAT * BEAT
    minute = beat // MINUTE * MINUTE
    if quote.bid is not None and quote.ask is not None:
        assert quote.bid < quote.ask
        assert min(quote.bid_size, quote.ask_size) > 0
        assert quote.bid_size % instrument.lot == quote.ask_size % instrument.lot == 0
        newest = market.quotes(instrument, minute, beat + 1)[-1]
        assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (
            newest.bid,
            newest.bid_size,
            newest.ask,
            newest.ask_size,
        )
        book = market.book(instrument, at, 5)
        assert (book.bids[0].price, book.asks[0].price) == (quote.bid, quote.ask)
        best = [level for level in book.bids if level.price == quote.bid]
        assert len(best) == 5 or sum(level.size for level in best) == quote.bid_size
        assert [level.price for level in book.bids] == sorted([level.price for level in book.bids], reverse=True)
        assert [level.price for level in book.asks] == sorted(level.price for level in book.asks)
    trades = market.trades(instrument, minute, beat + 1)
    if trades:
        assert (quote.last, quote.last_size, quote.last_at) == (trades[-1].price, trades[-1].size, trades[-1].at)
    for trade in trades:
        then = market.quote(instrument, trade.at)
        if then.bid is not None and then.ask is not None:
            assert then.bid <= trade.price <= then.ask


def check_day(market: Market, instrument: Instrument, at: int) -> None:
    """Check that the quote's volume, high and low are those of the trading day's trades up to *at*."""
    session = instrument.hours.at(at // 1000, liquid=False)
    assert session is not None
    begin = instrument.hours.of_day(session.day, liquid=False)[0].begin * 1000
    trades = market.trades(instrument, begin, at // BEAT * BEAT + 1)
    quote = market.quote(instrument, at)
    assert quote.volume == sum(trade.size for trade in trades)
    if str(instrument.contract.security_type) in {"CASH", "CMDTY", "CFD"}:
        assert quote.open is None
        quotes = market.quotes(instrument, begin, at // BEAT * BEAT + 1)
        assert (quote.high, quote.low) == (max(one.bid for one in quotes), min(one.bid for one in quotes))
        return
    regular = [
        trade
        for trade in trades
        if str(instrument.contract.security_type) != "STK"
        or instrument.hours.at(trade.at // 1000, liquid=True) is not None
    ]
    if trades and not regular:
        assert (quote.open, quote.high, quote.low) == (None, None, None)
    if not regular:
        return
    prices = [trade.price for trade in regular]
    assert (quote.open, quote.high, quote.low) == (prices[0], max(prices), min(prices))


def check_reach(market: Market, instrument: Instrument, begin: int, end: int) -> None:
    """Check that reach is what quotes and trades of an open time make."""
    reach = market.reach(instrument, begin, end)
    trades = market.trades(instrument, begin, end)
    prices = [trade.price for trade in trades]
    assert (reach.lowest_trade, reach.highest_trade) == ((min(prices), max(prices)) if prices else (None, None))
    if (
        reach.lowest_ask is None
        or market.halts(instrument, begin, end)
        or market.halt_at(instrument, begin) is not Halt.NONE
    ):
        return
    quotes = held(market, instrument, begin, end)
    assert reach.lowest_ask == min(quote.ask for quote in quotes)
    assert reach.highest_bid == max(quote.bid for quote in quotes)


def check_changes(market: Market, instrument: Instrument, begin: int, end: int) -> None:
    """Check that nothing changes but at the beats that are told."""
    at, last = begin // BEAT * BEAT, market.quote(instrument, begin)
    while at < end:
        then = market.next_change(instrument, at)
        assert then > at
        assert then % BEAT == 0
        before = market.quote(instrument, min(then, end) - 1)
        assert _said(before) == _said(last)
        at, last = then, market.quote(instrument, then)


def _said(quote: object) -> tuple[object, ...]:
    return tuple(getattr(quote, name) for name in quote.__slots__ if name not in {"at", "__weakref__"})  # type: ignore[attr-defined]
