"""The beats at which streams look at the market, and what they share there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import attrs

from anytws.simulator.answers.figures import Figures, Units
from anytws.simulator.answers.top_ticks import TopTicks
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.chance import draw
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import BEAT, Quote, Source, Trade
from anytws.simulator.universe.instrument import Instrument

MOST_SHARED: Final = 4096
"""How many quotes and makers of ticks a market keeps for the streams that share them; the oldest go first."""

_MS: Final = 1000
_DAY: Final = 86_400_000
_NEAR: Final = 60_000
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Beats:
    """The grid of `WorldSettings.tick_seconds`: all streams keep it, so two of one instrument say the same at a time.

    It begins on a beat of the market. A quicker grid than the market's finds nothing new in between but sizes.
    """

    __slots__ = ("_step", "_world", "_zero", "seconds", "wobbles")

    def __init__(self, world: Knowledge, *, of_market: bool = False) -> None:
        """Make the grid of the settings, or that *of_market*, 250 ms, on which nothing is left out."""
        self._world = world
        seconds = world.settings.tick_seconds
        self.seconds: Final = BEAT / _MS if of_market and seconds else seconds
        """The time between two; 0: there are none."""
        self.wobbles: Final = 0 < self.seconds < BEAT / _MS
        self._step = self.seconds * _MS
        self._zero = -(world.ms(0.0) % BEAT) / _MS

    def time(self, beat: int) -> float:
        """Give the time of a beat, as the world is told it."""
        return self._zero + beat * self.seconds

    def ms(self, beat: int) -> int:
        """Give the time of a beat in milliseconds since 1970."""
        return self._world.ms(self._zero + beat * self.seconds)

    def upto(self, now: float) -> int:
        """Give the last beat that is over at *now*, or just then."""
        if not self.seconds:
            return 0
        beat = math.floor((now - self._zero) / self.seconds)
        # Numbers with a fraction are not exact: at the time of a beat it is over.
        while self.time(beat + 1) <= now:
            beat += 1
        return beat

    def steps_to(self, wait: int) -> int:
        """Give how many beats it is, at least one, until *wait* milliseconds are over."""
        return max(math.ceil(wait / self._step), 1)


@attrs.frozen
class Day:
    """What was traded in a trading day so far."""

    begin: int
    upto: int
    version: int
    """Of the market."""
    value: int
    """Prices times sizes, in thousandths of a tick."""
    volume: int
    count: int
    """How many trades."""


class Shared:
    """What the streams of one market share: the last quote of each instrument, and the makers of its ticks."""

    __slots__ = ("__weakref__", "_changes", "_days", "_extremes", "_ms", "_quotes", "_tops", "_trades")

    def __init__(self) -> None:
        self._quotes: dict[tuple[Instrument, bool], tuple[tuple[int, int, int], Quote]] = {}
        self._tops: dict[tuple[Instrument, Units, bool], TopTicks] = {}
        self._extremes: dict[tuple[Instrument, int], tuple[int, tuple[int, ...]]] = {}
        self._changes: dict[Instrument, tuple[int, int, int]] = {}
        self._days: dict[Instrument, Day] = {}
        self._trades: dict[Instrument, tuple[tuple[int, int, int], Sequence[Trade]]] = {}
        self._ms = (-1.0, 0)

    def ms(self, world: Knowledge, now: float) -> int:
        """Give the time *now* in milliseconds since 1970, worked out once for all streams that wake then."""
        if self._ms[0] != now:
            self._ms = now, world.ms(now)
        return self._ms[1]

    def next_change(self, market: Market, instrument: Instrument, at: int) -> int:
        """Give the first beat after *at* at which there may be anything new."""
        known = self._changes.get(instrument)
        if known is not None and known[0] == at and known[1] == market.version:
            return known[2]
        found = market.next_change(instrument, at)
        self._changes[instrument] = at, market.version, found
        _drop_oldest(self._changes)
        return found

    def quote(
        self, market: Market, instrument: Instrument, at: int, wobble: int = 0, *, delayed: bool = False
    ) -> Quote:
        """Give the quote at *at*, the same object as long as nobody asks for another time.

        *wobble* numbers the beats of a grid that is quicker than the market's: sizes differ with it.
        """
        key = (instrument, delayed)
        asked = (at, wobble, market.version)
        known = self._quotes.get(key)
        if known is not None and known[0] == asked:
            return known[1]
        quote = market.quote(instrument, at)
        if wobble and quote.is_open and quote.bid is not None and quote.ask is not None:
            lot, drawn = instrument.lot, draw(instrument.contract_id, wobble)
            # Odd and even by turns: there is something new at each beat.
            bid_size = quote.bid_size + lot * (2 * (drawn % 4) + wobble % 2)
            quote = attrs.evolve(quote, bid_size=bid_size, ask_size=quote.ask_size + lot * (drawn >> 8 & 7))
        self._quotes[key] = (asked, quote)
        _drop_oldest(self._quotes)
        return quote

    def tops(self, instrument: Instrument, units: Units, *, delayed: bool) -> TopTicks:
        """Give what makes the ticks of *instrument*."""
        key = (instrument, units, delayed)
        found = self._tops.get(key)
        if found is None:
            found = self._tops[key] = TopTicks(Figures(instrument, units), delayed=delayed)
            _drop_oldest(self._tops)
        return found

    def trades(self, market: Market, instrument: Instrument, since: int, at: int) -> Sequence[Trade]:
        """Give the trades after *since* up to *at*, that one included."""
        asked = (since, at, market.version)
        known = self._trades.get(instrument)
        if known is not None and known[0] == asked:
            return known[1]
        found = market.trades(instrument, since + 1, at + 1)
        self._trades[instrument] = asked, found
        _drop_oldest(self._trades)
        return found

    def day(self, market: Market, instrument: Instrument, begin: int, at: int) -> Day | None:
        """Give what was traded in the trading day that began at *begin*, up to *at*; None: nothing could be.

        From one beat to the next it goes on from what it was: a bar of the whole day is a long way.
        """
        known = self._days.get(instrument)
        is_of_use = known is not None and (known.begin, known.version) == (begin, market.version)
        if known is None or not is_of_use or not known.upto <= at <= known.upto + _NEAR:
            bar = market.bar(instrument, begin, at + 1, Source.TRADES) if begin <= at else None
            if bar is None or bar.count < 0:
                return None
            known = Day(begin, at, market.version, bar.average * bar.volume, bar.volume, bar.count)
        elif known.upto < at:
            trades = self.trades(market, instrument, known.upto, at)
            value = known.value + sum(_MS * trade.price * trade.size for trade in trades)
            volume = known.volume + sum(trade.size for trade in trades)
            known = Day(begin, at, market.version, value, volume, known.count + len(trades))
        self._days[instrument] = known
        _drop_oldest(self._days)
        return known

    def extremes(self, market: Market, instrument: Instrument, weeks: int, day: int) -> tuple[int, ...]:
        """Give lowest and highest price, in halves of a tick, of the *weeks* before UTC *day*; nothing: of no trades.

        It is worked out once a day: the days of a year are a long way.
        """
        key = (instrument, weeks)
        known = self._extremes.get(key)
        if known is not None and known[0] == day:
            return known[1]
        begin = max((day - 7 * weeks) * _DAY, instrument.first_second * _MS)
        bar = market.bar(instrument, begin, day * _DAY, Source.TRADES) if begin < day * _DAY else None
        found = () if bar is None else (bar.low, bar.high)
        self._extremes[key] = day, found
        _drop_oldest(self._extremes)
        return found


_SHARED: Final[WeakKeyDictionary[Market, Shared]] = WeakKeyDictionary()


def shared_of(market: Market) -> Shared:
    """Give what the streams of *market* share."""
    found = _SHARED.get(market)
    if found is None:
        found = _SHARED[market] = Shared()
    return found


def _drop_oldest(items: dict[_Key, _Value]) -> None:
    if len(items) > MOST_SHARED:
        del items[next(iter(items))]


CARDS: Final = (
    Card(
        "market_data.grid",
        "Changes come on a grid of 250 ms, all streams of an instrument in one go, and nothing where nothing changed.",
        Evidence.RECORDED,
        "nautilus_trader's arrival times of a Hong Kong stock; market_data.md section 3",
        note="Documented for stocks, futures and the hubs of Europe and Asia; options of the US and forex are quicker "
        "in a real TWS. On a grid quicker than 250 ms (knob: tick_seconds) sizes differ from beat to beat: chosen, so "
        "that there is something to read.",
    ),
)
