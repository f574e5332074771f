"""The bars of an answer: from the market's whole numbers to what stands in a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from math import gcd
from typing import Final

import attrs

from anytws.messages.contract import SecurityType
from anytws.messages.historical import HistoricalDataBar, WhatToShow
from anytws.simulator.answers.figures import Figures, Units, is_us_stock
from anytws.simulator.answers.historical_farm import kind_of
from anytws.simulator.answers.historical_rates import RATES, value_at, yield_of, yields_of
from anytws.simulator.answers.historical_spans import (
    Length,
    Period,
    begin_of_period,
    on_grid,
    trading_days,
)
from anytws.simulator.answers.historical_times import TimeForm
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import BEAT, Bar, Source
from anytws.simulator.universe.hours import Session
from anytws.simulator.universe.instrument import Instrument

_SOURCES: Final = {
    WhatToShow.TRADES: Source.TRADES,
    WhatToShow.AGGREGATED_TRADES: Source.TRADES,
    WhatToShow.ADJUSTED_LAST: Source.TRADES,
    WhatToShow.BID: Source.BID,
    WhatToShow.ASK: Source.ASK,
    WhatToShow.MIDPOINT: Source.MIDPOINT,
    WhatToShow.BID_ASK: Source.BID_ASK,
}
_THREE: Final = 3
_NOTHING: Final = Decimal(0)
_HOUR: Final = 3600
_DAY_MS: Final = 86_400_000


def source_of(what: WhatToShow) -> Source:
    """Give which prices of the market bars of *what* are made of. Raises `KeyError` where these are no prices."""
    found = yields_of(what)
    return _SOURCES[what] if found is None else found


@attrs.frozen(kw_only=True)
class Series:
    """Bars of one instrument, of one kind and one length, as one client gets them."""

    market: Market
    instrument: Instrument
    what: WhatToShow
    length: Length
    is_liquid: bool
    """Whether of regular hours alone."""
    figures: Figures
    form: TimeForm

    @classmethod
    def of(
        cls,
        market: Market,
        instrument: Instrument,
        what: WhatToShow,
        length: Length,
        *,
        is_liquid: bool,
        units: Units,
        form: TimeForm,
    ) -> Series:
        """Give the bars of *instrument* in the units and the form of one client."""
        return cls(
            market=market,
            instrument=instrument,
            what=what,
            length=length,
            is_liquid=is_liquid,
            figures=Figures(instrument, units),
            form=form,
        )

    # Many

    def between(self, begin: int, end_ms: int) -> Iterator[HistoricalDataBar]:
        """Give the bars that have a part between *begin*, in seconds, and *end_ms*: the last so far."""
        if self.length.period is not None:
            yield from self._long(begin, end_ms, self.length.period)
            return
        size = self.length.seconds
        found = on_grid(self.instrument, begin, size, liquid=self.is_liquid)
        first = begin if found is None else max(found[0], self.instrument.first_second)
        of_bar, write = self.form.of_bar, self.writer()
        if self.what in RATES and yields_of(self.what) is None:
            for start, end in self._spans(first, end_ms):
                yield self._rate(start, end, of_bar(start // 1000))
            return
        source = source_of(self.what)
        if size > _HOUR:
            # Of these it matters what the wall clock shows in the night in which it is changed.
            for start, end in self._spans(first, end_ms):
                one = self.market.bar(self.instrument, start, end, source, liquid=self.is_liquid)
                if one is not None:
                    yield write(one, of_bar(start // 1000))
            return
        for bar in self.market.bars(self.instrument, first * 1000, end_ms, size, source, self.is_liquid):
            yield write(bar, of_bar(bar.begin // 1000))

    def _spans(self, begin: int, end_ms: int) -> Iterator[tuple[int, int]]:
        """Give begin and end of each bar of less than a day, in milliseconds."""
        for session in self.instrument.hours.between(begin, -(-end_ms // 1000), liquid=self.is_liquid):
            second = max(session.begin, begin)
            while second < session.end and second * 1000 < end_ms:
                found = on_grid(self.instrument, second, self.length.seconds, liquid=self.is_liquid)
                end = session.end if found is None else found[1]
                yield second * 1000, min(end * 1000, end_ms)
                second = end

    def _long(self, begin: int, end_ms: int, period: Period) -> Iterator[HistoricalDataBar]:
        first = begin_of_period(self.instrument, begin, period, liquid=self.is_liquid)
        days = trading_days(self.instrument, first, -(-end_ms // 1000), liquid=self.is_liquid)
        for _, group in groupby(days, lambda day: period.first_day(day[0].day)):
            bar = self._of_days(list(group), end_ms)
            if bar is not None:
                yield bar

    def _of_days(self, days: list[list[Session]], end_ms: int) -> HistoricalDataBar | None:
        day: date = days[-1][0].day
        if self.what in RATES and yields_of(self.what) is None:
            return self._rate(days[0][0].begin * 1000, min(days[-1][-1].end * 1000, end_ms), day)
        bars = [bar for sessions in days if (bar := self._of_day(sessions, end_ms)) is not None]
        return self.write(joined(bars, source_of(self.what)), day) if bars else None

    def _of_day(self, sessions: list[Session], end_ms: int) -> Bar | None:
        begin = max(sessions[0].begin, self.instrument.first_second) * 1000
        end = min(sessions[-1].end * 1000, end_ms)
        if begin >= end:
            return None
        return self.market.bar(self.instrument, begin, end, source_of(self.what), liquid=self.is_liquid)

    # One

    def running(self, at_ms: int) -> HistoricalDataBar | None:
        """Give the bar that is being made at *at_ms*, of what happened before that; while closed the last of all."""
        second, hours = at_ms // 1000, self.instrument.hours
        session = hours.at(second, liquid=self.is_liquid) or hours.last_before(second, liquid=self.is_liquid)
        if session is None:
            return None
        inside = min(second, session.end - 1)
        if self.length.period is not None:
            *_, last = self._long(inside, at_ms, self.length.period) if at_ms > session.begin * 1000 else (None,)
            return last
        found = on_grid(self.instrument, inside, self.length.seconds, liquid=self.is_liquid)
        begin, end = (session.begin, session.end) if found is None else found
        until = min(end * 1000, at_ms)
        if until > begin * 1000:
            bar = self.market.bar(self.instrument, begin * 1000, until, source_of(self.what), liquid=self.is_liquid)
        else:
            bar = self._not_begun(begin * 1000)
        return None if bar is None else self.write(bar, self.form.of_bar(begin))

    def exactly(self, begin_ms: int, end_ms: int) -> Bar | None:
        """Give what happened from *begin_ms* up to *end_ms*."""
        return self.market.bar(self.instrument, begin_ms, end_ms, source_of(self.what), liquid=self.is_liquid)

    def _not_begun(self, begin_ms: int) -> Bar | None:
        """Give the bar that begins this instant: the last price four times, and nothing traded."""
        source = source_of(self.what)
        quote = self.market.quote(self.instrument, begin_ms - BEAT)
        if source is Source.TRADES:
            price = self.market.mark(self.instrument, begin_ms - BEAT) if quote.last is None else quote.last
            return Bar(begin_ms, 2 * price, 2 * price, 2 * price, 2 * price, 0, 1000 * price, 0)
        # A quote holds from its beat on.
        return self.market.bar(self.instrument, begin_ms, begin_ms + BEAT, source, liquid=self.is_liquid)

    # Writing

    def write(self, bar: Bar, time: date) -> HistoricalDataBar:
        """Give *bar* with *time*, as it stands in a message."""
        return self.writer()(bar, time)

    def writer(self) -> Callable[[Bar, date], HistoricalDataBar]:
        """Give what writes bars: for many of them it is worth it to look at the instrument once."""
        numerator, denominator = self.instrument.tick.as_integer_ratio()
        denominator *= 2
        if yields_of(self.what) is not None:
            return self._yields(numerator, denominator)
        is_index = kind_of(self.instrument) is SecurityType.INDEX
        average = averages_of(self.instrument)
        in_lots = self.figures.units.volumes_in_lots and is_us_stock(self.instrument)
        # The same, for what is in plain units, without a detour.
        is_plain = self.instrument.size_unit == 1 and not in_lots
        volume: Callable[[int], Decimal] = Decimal if is_plain else self.figures.volume

        def write(bar: Bar, time: date) -> HistoricalDataBar:
            # An integer divided by another is the nearest float: the price as its decimals are read.
            first, high = bar.open * numerator / denominator, bar.high * numerator / denominator
            low, last = bar.low * numerator / denominator, bar.close * numerator / denominator
            if bar.volume < 0:
                return HistoricalDataBar(time, first, high, low, last)
            if is_index:
                return HistoricalDataBar(time, first, high, low, last, _NOTHING, _NOTHING, bar.count)
            return HistoricalDataBar(time, first, high, low, last, volume(bar.volume), average(bar.average), bar.count)

        return write

    @staticmethod
    def _yields(numerator: int, denominator: int) -> Callable[[Bar, date], HistoricalDataBar]:
        def write(bar: Bar, time: date) -> HistoricalDataBar:
            first, high, low, last = (
                yield_of(price * numerator / denominator) for price in (bar.open, bar.high, bar.low, bar.close)
            )
            # A high price is a low yield.
            return HistoricalDataBar(time, first, low, high, last)

        return write

    def _rate(self, begin_ms: int, end_ms: int, time: date) -> HistoricalDataBar:
        last_ms = max(end_ms - 1, begin_ms)
        # At midnight the line may bend: the value there is the highest or the lowest.
        moments = [begin_ms, *range(-(-begin_ms // _DAY_MS) * _DAY_MS, last_ms, _DAY_MS), last_ms]
        values = [value_at(self.market, self.instrument, self.what, moment) for moment in moments]
        return HistoricalDataBar(time, values[0], max(values), min(values), values[-1])


def averages_of(instrument: Instrument) -> Callable[[int], Decimal]:
    """Give what makes prices of averages, in thousandths of a tick: of three decimals, or of one more than prices."""
    numerator, denominator = instrument.tick.as_integer_ratio()
    decimals = max(_THREE, 1 - int(instrument.tick.as_tuple().exponent))
    scale = int(10**decimals)
    factor, divisor = numerator * scale, 1000 * denominator
    common = gcd(factor, divisor)
    factor, divisor = 2 * factor // common, 2 * divisor // common
    half = divisor // 2

    def average(value: int) -> Decimal:
        return Decimal((value * factor + half) // divisor) / scale

    return average


def joined(bars: list[Bar], source: Source) -> Bar:
    """Give one bar of *bars*, of which there is one at least, that follow each other."""
    first, last = bars[0], bars[-1]
    if len(bars) == 1:
        return first
    opened, closed = first.open, last.close
    if source is Source.BID_ASK:
        # Averages of the bid, and of the ask.
        opened = (2 * sum([bar.open for bar in bars]) + len(bars)) // (2 * len(bars))
        closed = (2 * sum([bar.close for bar in bars]) + len(bars)) // (2 * len(bars))
    high, low = max([bar.high for bar in bars]), min([bar.low for bar in bars])
    if first.volume < 0:
        return Bar(first.begin, opened, high, low, closed, -1, -1, -1)
    volume = sum([bar.volume for bar in bars])
    weighted = sum([bar.average * bar.volume for bar in bars])
    average = (2 * weighted + volume) // (2 * volume) if volume else last.average
    return Bar(first.begin, opened, high, low, closed, volume, average, sum([bar.count for bar in bars]))


CARDS: Final = (
    Card(
        "historical.values",
        "Bars of quotes have a volume, an average and a count of -1; those of an index a volume and an average of 0. "
        "The average price has three decimals, or one more than the prices.",
        Evidence.RECORDED,
        "historical.md 2.3, Gateways; more than three decimals are chosen",
    ),
    Card(
        "historical.bid_ask",
        "Bars of BID_ASK: open is the average bid, high the highest ask, low the lowest bid, close the average ask.",
        Evidence.DOCUMENTED,
        "historical.md 1.2",
        "In bars of weeks and more the averages of its days count the same.",
    ),
    Card(
        "historical.agreement",
        "Bars, ticks, histogram and the live stream are of one market and agree to the tick.",
        Evidence.CHOSEN,
        "in a real TWS the volume of bars is filtered, and lower than that of tick 8",
        "ADJUSTED_LAST is TRADES: there are no splits and no dividends.",
    ),
    Card(
        "historical.running_bar",
        "With no end, or one that is to come, the last bar is the running one, with all that happened so far; with an "
        "end the last bar has what happened before it.",
        Evidence.RECORDED,
        "historical.md 2.2; that an end cuts the last bar is chosen",
    ),
)
