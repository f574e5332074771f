"""Generic ticks: what each number of the list yields, made of the same market as all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

import attrs

from anytws.messages.contract import SecurityType
from anytws.messages.historical import WhatToShow
from anytws.messages.market_data import TickGeneric, TickPrice, TickSize, TickString, TickType
from anytws.simulator.answers.beats import Day, shared_of
from anytws.simulator.answers.figures import Figures, is_us_stock, single
from anytws.simulator.answers.historical_rates import value_at
from anytws.simulator.answers.top_ticks import Row
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.chance import draw
from anytws.simulator.market.kinds import is_option
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import Bar, Quote, Source, Trade
from anytws.simulator.universe.instrument import Instrument

_T: Final = TickType
_S: Final = SecurityType
_SECOND: Final = 1000
_MINUTE: Final = 60_000
_DAY: Final = 86_400_000
_WEEKS: Final = (
    (13, _T.LOW_13_WEEK, _T.HIGH_13_WEEK),
    (26, _T.LOW_26_WEEK, _T.HIGH_26_WEEK),
    (52, _T.LOW_52_WEEK, _T.HIGH_52_WEEK),
)
_AUCTION: Final = 600
_HUNDRED: Final = 100
_THOUSAND: Final = 1000
_EASY: Final = 3.0
_OF_CHAIN: Final = (_S.STOCK, _S.INDEX)
_OPTIONS: Final = (_S.OPTION, _S.FUTURES_OPTION)


@attrs.frozen
class View:
    """What the makers of generic ticks look at."""

    market: Market
    figures: Figures
    quote: Quote
    at: int
    """The time in milliseconds since 1970, of the data: of delayed ones it lies back."""
    since: int
    """Up to when was told before: later than this is new."""

    @property
    def instrument(self) -> Instrument:
        """What they are of."""
        return self.figures.instrument

    def drawn(self, key: int, *, most: int) -> int:
        """Give a number below *most* that holds for the UTC day."""
        return draw(self.market.seed, self.instrument.contract_id, self.at // _DAY, key) % most

    def grown(self, total: int) -> int:
        """Give how much of a day's *total* there is by now, if it grows with the trading day."""
        begin, end = self.day()
        return total * min(max(self.at - begin, 0), end - begin) // max(end - begin, 1)

    def day(self) -> tuple[int, int]:
        """Give the begin and the end of the trading day, in milliseconds since 1970."""
        hours, second = self.instrument.hours, self.at // _SECOND
        session = hours.at(second, liquid=False) or hours.last_before(second + 1, liquid=False)
        sessions = () if session is None else hours.of_day(session.day, liquid=False)
        if not sessions:
            return self.at, self.at + 1
        return sessions[0].begin * _SECOND, sessions[-1].end * _SECOND

    def minutes(self, count: int) -> Bar | None:
        """Give what was traded in the last *count* whole minutes."""
        end = self.at - self.at % _MINUTE
        return self.market.bar(self.instrument, end - count * _MINUTE, end, Source.TRADES)

    def today(self) -> Day | None:
        """Give what was traded in this trading day so far; None: it has no trades."""
        begin, _ = self.day()
        return shared_of(self.market).day(self.market, self.instrument, begin, self.at)


Maker: TypeAlias = Callable[[View], Iterator[Row]]


def _price(tick_type: TickType, price: float) -> Row:
    return TickPrice, (tick_type, price, Decimal(0))


def _size(tick_type: TickType, size: Decimal | int) -> Row:
    return TickSize, (tick_type, Decimal(size))


def _option_volume(view: View) -> Iterator[Row]:
    if view.instrument.security_type in _OF_CHAIN:
        scale = view.instrument.nature.day_volume // 50 + 1000
        yield _size(_T.OPTION_CALL_VOLUME, view.grown(scale + view.drawn(11, most=scale)))
        yield _size(_T.OPTION_PUT_VOLUME, view.grown(scale // 2 + view.drawn(12, most=scale)))
    elif view.instrument.security_type in _OPTIONS:
        own = view.figures.volume(view.quote.volume)
        yield _size(_T.OPTION_CALL_VOLUME, own if view.instrument.is_call else 0)
        yield _size(_T.OPTION_PUT_VOLUME, 0 if view.instrument.is_call else own)


def _open_interest(view: View) -> Iterator[Row]:
    scale = view.instrument.nature.day_volume // 10 + 500
    if view.instrument.security_type in _OF_CHAIN:
        yield _size(_T.OPTION_CALL_OPEN_INTEREST, scale + view.drawn(13, most=scale // 8))
        yield _size(_T.OPTION_PUT_OPEN_INTEREST, scale // 2 + view.drawn(14, most=scale // 8))
    elif view.instrument.security_type in _OPTIONS:
        own = scale + view.drawn(13, most=scale // 8)
        yield _size(_T.OPTION_CALL_OPEN_INTEREST, own if view.instrument.is_call else 0)
        yield _size(_T.OPTION_PUT_OPEN_INTEREST, 0 if view.instrument.is_call else own)


def _volatility(tick_type: TickType, what: WhatToShow) -> Maker:
    def make(view: View) -> Iterator[Row]:
        if view.instrument.security_type in _OF_CHAIN:
            minute = view.at - view.at % _MINUTE
            yield TickGeneric, (tick_type, value_at(view.market, view.instrument, what, minute))

    return make


def _average_option_volume(view: View) -> Iterator[Row]:
    if view.instrument.security_type in _OF_CHAIN:
        yield _size(_T.AVG_OPT_VOLUME, view.instrument.nature.day_volume * 3 // 100 + 1500)


def _premium(view: View) -> Iterator[Row]:
    level = view.figures.price(view.market.mark(view.instrument, view.at))
    yield _price(_T.INDEX_FUTURE_PREMIUM, round(level * (view.drawn(15, most=41) - 10) / 10_000, 2))


def _statistics(view: View) -> Iterator[Row]:
    if is_option(view.instrument):
        return
    quote = view.quote
    for weeks, low_type, high_type in _WEEKS:
        past = shared_of(view.market).extremes(view.market, view.instrument, weeks, view.at // _DAY)
        lows = [2 * ticks for ticks in (quote.low,) if ticks is not None] + [*past[:1]]
        highs = [2 * ticks for ticks in (quote.high,) if ticks is not None] + [*past[1:]]
        if lows and highs:
            yield _price(low_type, view.figures.half(min(lows)))
            yield _price(high_type, view.figures.half(max(highs)))
    average = view.instrument.nature.day_volume
    if average:
        # Documented: of US stocks it has to be multiplied by 100.
        lots = average // _HUNDRED if is_us_stock(view.instrument) else view.figures.volume(average)
        yield _size(_T.AVG_VOLUME, lots)


def _mark(tick_type: TickType, pace: int) -> Maker:
    def make(view: View) -> Iterator[Row]:
        at = view.at - view.at % pace
        yield _price(tick_type, single(view.figures.price(view.market.mark(view.instrument, at))))

    return make


def _auction(view: View) -> Iterator[Row]:
    hours, second = view.instrument.hours, view.at // _SECOND
    if view.instrument.security_type is not _S.STOCK:
        return
    session, coming = hours.at(second, liquid=True), hours.next_after(second, liquid=True)
    ends = session is not None and session.end - second <= _AUCTION
    begins = session is None and coming is not None and coming.begin - second <= _AUCTION
    if not (ends or begins):
        return
    scale = view.instrument.nature.day_volume // 200 // view.instrument.lot * view.instrument.lot + view.instrument.lot
    yield _size(_T.AUCTION_VOLUME, view.figures.size(scale))
    yield _price(_T.AUCTION_PRICE, view.figures.price(view.market.mark(view.instrument, view.at)))
    imbalance = view.figures.size(view.drawn(16, most=10) * view.instrument.lot)
    yield _size(_T.AUCTION_IMBALANCE, imbalance)
    yield _size(_T.REGULATORY_IMBALANCE, imbalance)


def _tape(tick_type: TickType, *, reported: bool) -> Maker:
    def make(view: View) -> Iterator[Row]:
        quote = view.quote
        if view.instrument.security_type is _S.CRYPTO or quote.last is None:
            return
        since = view.since or quote.last_at - 1
        every = shared_of(view.market).trades(view.market, view.instrument, since, view.at)
        trades = [trade for trade in every if not (reported and trade.is_unreported)]
        day = view.today()
        if trades and day is not None:
            yield TickString, (tick_type, _rt_volume(view, trades[-1], day, single_trade=len(trades) == 1))

    return make


def _rt_volume(view: View, trade: Trade, day: Day, *, single_trade: bool) -> str:
    figures = view.figures
    average = figures.price(day.value) / day.volume / _THOUSAND if day.volume else figures.price(trade.price)
    size, volume = figures.size(trade.size), figures.volume(view.quote.volume)
    price = f"{figures.price(trade.price):.8f}".rstrip("0").rstrip(".")
    return f"{price};{size};{trade.at};{volume};{average:.8f};{'true' if single_trade else 'false'}"


def _shortable(view: View) -> Iterator[Row]:
    if view.instrument.security_type is _S.STOCK:
        yield TickGeneric, (_T.SHORTABLE, _EASY)
        yield _size(_T.SHORTABLE_SHARES, view.instrument.nature.day_volume * 2 + view.drawn(17, most=1_000_000))


def _trade_count(view: View) -> Iterator[Row]:
    day = view.today()
    if day is not None:
        yield TickGeneric, (_T.TRADE_COUNT, float(day.count))


def _trade_rate(view: View) -> Iterator[Row]:
    bar = view.minutes(1)
    if bar is not None and bar.count >= 0:
        yield TickGeneric, (_T.TRADE_RATE, float(bar.count))


def _volume_rate(view: View) -> Iterator[Row]:
    bar = view.minutes(1)
    if bar is not None and bar.volume >= 0:
        yield TickGeneric, (_T.VOLUME_RATE, float(view.figures.volume(bar.volume)))


def _last_regular(view: View) -> Iterator[Row]:
    hours, second = view.instrument.hours, view.at // _SECOND
    session = hours.at(second, liquid=True) or hours.last_before(second + 1, liquid=True)
    if session is None or view.quote.last is None:
        return
    end = min(session.end * _SECOND, view.at + 1)
    bar = view.market.bar(view.instrument, session.begin * _SECOND, end, Source.TRADES, liquid=True)
    if bar is not None:
        yield _price(_T.LAST_RTH_TRADE, view.figures.half(bar.close))


def _dividends(view: View) -> Iterator[Row]:
    instrument = view.instrument
    if instrument.security_type is not _S.STOCK or not draw(instrument.contract_id, 18) % 4:
        return
    quarter = max(int(instrument.nature.price) // 4, 5)
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=view.at)
    first = 1 + draw(instrument.contract_id, 19) % 28
    month = (now.month - 1) // 3 * 3 + 3
    day = now.replace(month=month, day=first).date()
    if day <= now.date():
        day = day.replace(year=day.year + month // 12, month=month % 12 + 3)
    text = f"{4 * quarter / 100:.2f},{4 * (quarter + 1) / 100:.2f},{day:%Y%m%d},{(quarter + 1) / 100:.2f}"
    yield TickString, (_T.IB_DIVIDENDS, text)


def _bond_factor(view: View) -> Iterator[Row]:
    if view.instrument.security_type in (_S.BOND, _S.BILL):
        yield TickGeneric, (_T.BOND_FACTOR_MULTIPLIER, 1.0)


def _nav(*tick_types: TickType) -> Maker:
    def make(view: View) -> Iterator[Row]:
        quote = view.quote
        if view.instrument.details.stock_type != "ETF":
            return
        middle = view.market.mark(view.instrument, view.at - view.at % (15 * _SECOND))
        values: dict[TickType, int | None] = {
            _T.ETF_NAV_CLOSE: quote.close,
            _T.ETF_NAV_PRIOR_CLOSE: quote.close,
            _T.ETF_NAV_BID: middle - 1,
            _T.ETF_NAV_ASK: middle + 1,
            _T.ETF_NAV_LAST: middle,
            _T.ETF_FROZEN_NAV_LAST: quote.close,
            _T.ETF_NAV_HIGH: quote.high,
            _T.ETF_NAV_LOW: quote.low,
        }
        for tick_type in tick_types:
            ticks = values[tick_type]
            if ticks is not None:
                yield _price(tick_type, view.figures.price(ticks))

    return make


def _futures_interest(view: View) -> Iterator[Row]:
    if view.instrument.security_type is _S.FUTURE:
        scale = view.instrument.nature.day_volume * 2 + 1000
        yield _size(_T.FUTURES_OPEN_INTEREST, scale + view.drawn(20, most=scale // 20))


def _short_volume(view: View) -> Iterator[Row]:
    minutes = (
        (3, _T.SHORT_TERM_VOLUME_3_MIN),
        (5, _T.SHORT_TERM_VOLUME_5_MIN),
        (10, _T.SHORT_TERM_VOLUME_10_MIN),
    )
    for count, tick_type in minutes:
        bar = view.minutes(count)
        if bar is not None and bar.volume >= 0:
            yield _size(tick_type, view.figures.volume(bar.volume))


def _odd_lots(view: View) -> Iterator[Row]:
    quote, figures = view.quote, view.figures
    if not is_us_stock(view.instrument) or quote.bid is None or quote.ask is None:
        return
    inside = quote.ask - quote.bid > 2
    odd = max(view.instrument.lot // 4, 1)
    yield _price(_T.ODD_LOT_BID, figures.price(quote.bid + inside))
    yield _price(_T.ODD_LOT_ASK, figures.price(quote.ask - inside))
    yield _size(_T.ODD_LOT_BID_SIZE, odd)
    yield _size(_T.ODD_LOT_ASK_SIZE, odd + 1)
    yield TickString, (_T.ODD_LOT_BID_EXCH, "P")
    yield TickString, (_T.ODD_LOT_ASK_EXCH, "Q")


AT_EACH_CHANGE: Final[dict[int, Maker]] = {
    220: _mark(_T.MARK_PRICE, 1),
    221: _mark(_T.MARK_PRICE, 1),
    232: _mark(_T.MARK_PRICE, 1),
    225: _auction,
    233: _tape(_T.RT_VOLUME, reported=False),
    293: _trade_count,
    318: _last_regular,
    375: _tape(_T.RT_TRD_VOLUME, reported=True),
    787: _odd_lots,
}
"""What is looked at whenever the market has changed."""

AT_EACH_MINUTE: Final[dict[int, Maker]] = {
    100: _option_volume,
    101: _open_interest,
    104: _volatility(_T.OPTION_HISTORICAL_VOL, WhatToShow.HISTORICAL_VOLATILITY),
    105: _average_option_volume,
    106: _volatility(_T.OPTION_IMPLIED_VOL, WhatToShow.OPTION_IMPLIED_VOLATILITY),
    162: _premium,
    165: _statistics,
    236: _shortable,
    294: _trade_rate,
    295: _volume_rate,
    411: _volatility(_T.RT_HISTORICAL_VOL, WhatToShow.HISTORICAL_VOLATILITY),
    456: _dividends,
    59: _dividends,
    460: _bond_factor,
    576: _nav(_T.ETF_NAV_BID, _T.ETF_NAV_ASK),
    577: _nav(_T.ETF_NAV_LAST),
    578: _nav(_T.ETF_NAV_CLOSE, _T.ETF_NAV_PRIOR_CLOSE),
    588: _futures_interest,
    595: _short_volume,
    614: _nav(_T.ETF_NAV_HIGH, _T.ETF_NAV_LOW),
    619: _mark(_T.CREDITMAN_SLOW_MARK_PRICE, _MINUTE),
    623: _nav(_T.ETF_FROZEN_NAV_LAST),
}
"""What is looked at once a minute."""

SILENT: Final = (47, 258, 586, 587)
"""Accepted, and nothing comes: the service is gone, or nothing is known of it."""

CARDS: Final = (
    Card(
        "generic_ticks.yields",
        "Each number of the list brings the tick types that the vendor's table names, after the opening burst, and "
        "again when their value is another: prices and volumes at each change, the rest once a minute.",
        Evidence.DOCUMENTED,
        "IBKR's table of generic ticks; market_data.md section 3.2",
        note="The paces are chosen, and that options have no highs and lows of weeks. Open interest, option volume, "
        "shares to short, dividends and imbalances are drawn.",
    ),
    Card(
        "generic_ticks.silent",
        "258 (fundamental ratios), 586 (IPO prices) and 587 are accepted and bring nothing.",
        Evidence.CHOSEN,
        "the first is gone from the vendor's list, and of the others no data are known",
    ),
    Card(
        "generic_ticks.rt_volume",
        "48 and 77 are price;size;time in ms;volume;VWAP;single, once for each change of the market, not for each "
        "trade: single says whether it was one. There are none of crypto, and none in delayed mode.",
        Evidence.DOCUMENTED,
        "IBKR on RT volume; silence in delayed mode recorded; market_data.md sections 3.2 and 3.3",
    ),
    Card(
        "generic_ticks.mark_price",
        "37 looks like a float of 32 bits and has the size 0: 118.51000214.",
        Evidence.RECORDED,
        "public recordings; market_data.md section 3.2",
    ),
    Card(
        "generic_ticks.other_right",
        "Of one option, 101 and 100 bring the number of the other right too, as 0.",
        Evidence.REPORTED,
        "osauer/ibkr, live sessions of 2026; market_data.md section 3.2",
    ),
)
