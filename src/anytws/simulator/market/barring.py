"""Bars and histograms of one instrument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from anytws.simulator.market.adding import of_source
from anytws.simulator.market.process import Process
from anytws.simulator.market.reading import Reading
from anytws.simulator.market.stretches import Part
from anytws.simulator.market.sums import Sum
from anytws.simulator.market.tape import MINUTE_MS
from anytws.simulator.market.words import Bar, Source

_DAY: Final = timedelta(days=1)


class Barring:
    """Makes bars of what one instrument did."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.process: Process = reading.tape.process

    def bar(self, begin: int, end: int, source: Source, *, liquid: bool) -> Bar | None:
        """Give what happened from *begin* up to *end*; None: the market was closed then, or has no such thing."""
        parts = self.process.parts_between(begin // MINUTE_MS, -(-end // MINUTE_MS))
        if end <= begin or not any(part.is_liquid or not liquid for part in parts):
            return None
        if source is not Source.TRADES and not self.process.kind.has_quotes:
            return None
        if source is Source.BID_ASK:
            bid, ask = (self._sum(begin, end, side, liquid) for side in (Source.BID, Source.ASK))
            return None if bid.is_empty else _of_both(begin, bid, ask)
        total = self._sum(begin, end, source, liquid)
        if not total.is_empty:
            return total.bar(begin, of_trades=source is Source.TRADES)
        if source is not Source.TRADES or not self.process.kind.has_trades:
            return None
        last = self.reading.last_before(begin)
        return None if last is None else _empty(begin, last.price)

    def bars(self, begin: int, end: int, seconds: int, source: Source, *, liquid: bool) -> Iterator[Bar]:
        """Give the bars from *begin* up to *end*: see `Market.bars`."""
        if source is Source.TRADES and not self.process.kind.has_trades:
            return
        if source is not Source.TRADES and not self.process.kind.has_quotes:
            return
        last: int | None = None
        for part in self._joined_parts(begin, end, liquid):
            first, until = max(begin, part[0].begin * MINUTE_MS), min(end, part[-1].end * MINUTE_MS)
            if source is Source.TRADES and last is None:
                before = self.reading.last_before(first)
                last = None if before is None else before.price
            for bar in self._of_session(part, first, until, seconds, source, liquid, last):
                last = bar.close // 2
                yield bar

    def _joined_parts(self, begin: int, end: int, liquid: bool) -> Iterator[list[Part]]:
        """Give the parts of each session that has something from *begin* up to *end*."""
        session: list[Part] = []
        for part in self.process.parts_between(begin // MINUTE_MS, -(-end // MINUTE_MS)):
            if liquid and not part.is_liquid:
                continue
            if session and (session[-1].end != part.begin or session[-1].day != part.day):
                yield session
                session = []
            session.append(part)
        if session:
            yield session

    def _of_session(
        self, parts: list[Part], begin: int, end: int, seconds: int, source: Source, liquid: bool, last: int | None
    ) -> Iterator[Bar]:
        hand = self.reading.tape.hand
        is_plain = hand.is_idle(begin, end) and begin % MINUTE_MS == 0 and end % MINUTE_MS == 0
        if seconds == 60 and is_plain and source is not Source.BID_ASK:
            yield from self._minutes(parts, begin // MINUTE_MS, end // MINUTE_MS, source, last)
            return
        for start, stop in self._grid(begin, end, seconds):
            if source is Source.BID_ASK:
                bid, ask = (self._sum(start, stop, side, liquid) for side in (Source.BID, Source.ASK))
                if not bid.is_empty:
                    yield _of_both(start, bid, ask)
                continue
            total = self._sum(start, stop, source, liquid)
            if not total.is_empty:
                last = total.close // 2
                yield total.bar(start, of_trades=source is Source.TRADES)
            elif source is Source.TRADES and last is not None:
                yield _empty(start, last)

    def _minutes(self, parts: list[Part], begin: int, end: int, source: Source, last: int | None) -> Iterator[Bar]:
        """Give bars of a minute each, in which the hand did nothing: the way that is fast."""
        tape, process = self.reading.tape, self.process
        offset = tape.hand.offset_at(begin * MINUTE_MS)
        for part in parts:
            scale = tape.scale(part, offset)
            for block in process.blocks(part):
                if block.end <= begin or block.begin >= end:
                    continue
                for number, node in enumerate(process.minutes(block), start=block.begin):
                    if not begin <= number < end:
                        continue
                    at = number * MINUTE_MS
                    if source is not Source.TRADES:
                        yield Bar(at, *of_source(node, part.spread, scale, source), -1, -1, -1)
                    elif node[4]:
                        one = scale.traded(process.minute_sum(block, number, node))
                        volume = one.volume
                        average = (2000 * one.value + volume) // (2 * volume) if volume else 0
                        last = one.close
                        yield Bar(at, 2 * one.open, 2 * one.high, 2 * one.low, 2 * last, volume, average, one.trades)
                    elif last is not None:
                        yield _empty(at, last)

    def _grid(self, begin: int, end: int, seconds: int) -> Iterator[tuple[int, int]]:
        """Give where bars begin and end: at multiples of *seconds* since midnight in the zone of the market."""
        hours, size = self.process.instrument.hours, seconds * 1000
        day = hours.day_of(begin // 1000)
        at = begin
        while at < end:
            midnight, next_midnight = (hours.midnight_after(each) * 1000 for each in (day - _DAY, day))
            until = min(end, next_midnight)
            while at < until:
                stop = min(midnight + ((at - midnight) // size + 1) * size, until)
                yield at, stop
                at = stop
            day += _DAY

    def _sum(self, begin: int, end: int, source: Source, liquid: bool) -> Sum:
        return self.reading.adding.sum(begin, end, source, liquid=liquid)

    def histogram(self, begin: int, end: int) -> Sequence[tuple[int, int]]:
        """Give each price that was traded from *begin* up to *end*, and the size traded at it, the lowest first."""
        sizes: Counter[int] = Counter()
        for _, trade, _ in self.reading.prints(begin, end):
            sizes[trade.price] += trade.size
        return sorted(sizes.items())


def _empty(begin: int, last: int) -> Bar:
    return Bar(begin, 2 * last, 2 * last, 2 * last, 2 * last, 0, last * 1000, 0)


def _of_both(begin: int, bid: Sum, ask: Sum) -> Bar:
    """Give the bar of bid and ask: average bid, highest ask, lowest bid, average ask.

    Chosen: an average over time is not known; it is taken as the one of open, high, low and close.
    """
    averages = [(each.open + each.high + each.low + each.close) // 4 for each in (bid, ask)]
    return Bar(begin, averages[0], ask.high, bid.low, averages[1], -1, -1, -1)
