"""What there is to say of one instrument at one time, and which trades and quotes there were in a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from anytws.simulator.market.adding import Adding
from anytws.simulator.market.beats import Minute
from anytws.simulator.market.kinds import security_type
from anytws.simulator.market.minute import Print
from anytws.simulator.market.stretches import Part
from anytws.simulator.market.sums import Sum
from anytws.simulator.market.tape import MINUTE_MS, Tape
from anytws.simulator.market.words import BEAT, BidAsk, Halt, Quote, Reach, Source

MOST_BACK: Final = 40 * 86_400_000
"""So far back, in milliseconds, the newest trade is looked for."""

_HALF_DAY: Final = 43_200_000


class Last(NamedTuple):
    """A trade, in ticks."""

    price: int
    size: int
    at: int


class SoFar(NamedTuple):
    """What there was of a trading day when a minute began, in ticks."""

    minute: int
    day: int
    volume: int
    open: int | None
    high: int | None
    low: int | None
    close: int | None
    """Of the trading day before."""
    last: Last | None


class Reading:
    """Reads the tape of one instrument."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.adding = Adding(tape)
        self._so_far: SoFar | None = None
        self._version = 0
        # Open, high and low are of regular hours for stocks (recorded: before the open there are none).
        self._is_regular = security_type(tape.process.instrument) == "STK"

        self._is_quoted = tape.process.kind.has_quotes

    # In a time

    def minutes(self, begin: int, end: int) -> Iterator[tuple[int, Minute]]:
        """Give the minutes that have a part in the time from *begin* up to *end*, each with when it begins."""
        for part in self.tape.process.parts_between(begin // MINUTE_MS, -(-end // MINUTE_MS)):
            first = max(begin // MINUTE_MS, part.begin)
            for number in range(first, min(-(-end // MINUTE_MS), part.end)):
                yield number * MINUTE_MS, self.tape.minute(part, number)

    def prints(self, begin: int, end: int) -> Iterator[tuple[int, Print, int]]:
        """Give the trades from *begin* up to *end*, each with its time, and which one it is of its minute."""
        for start, minute in self.minutes(begin, end):
            for number, trade in enumerate(minute.trades):
                at = start + trade.beat * BEAT
                if begin <= at < end:
                    yield at, trade, number

    def quotes(self, begin: int, end: int) -> Iterator[BidAsk]:
        """Give the quotes that began to hold from *begin* up to *end*."""
        process, hand = self.tape.process, self.tape.hand
        if not process.kind.has_quotes:
            return
        lot = process.instrument.lot
        for start, minute in self.minutes(begin, end):
            before: tuple[int, ...] = ()
            for quote in minute.quotes():
                now, at = quote[1:], start + quote.beat * BEAT
                if now != before and begin <= at < end and hand.halt_at(at) is Halt.NONE:
                    yield BidAsk(at, quote.bid, quote.bid_size * lot, quote.ask, quote.ask_size * lot)
                before = now

    # At one time

    def quote(self, at: int) -> Quote:
        """Give all that there is to say at *at*."""
        beat_at = at // BEAT * BEAT
        number, beat = beat_at // MINUTE_MS, beat_at % MINUTE_MS // BEAT
        part = self.tape.process.part_at(number)
        so_far = self.so_far(number, part)
        bid = ask = None
        bid_size = ask_size = 0
        halt = self.tape.hand.halt_at(beat_at)
        volume, open_, high, low, last = so_far.volume, so_far.open, so_far.high, so_far.low, so_far.last
        if part is not None:
            minute = self.tape.minute(part, number)
            if halt is Halt.NONE and self._is_quoted:
                index = bisect_right(minute.beats, beat) - 1
                lot = self.tape.process.instrument.lot
                bid, ask = minute.bids[index], minute.asks[index]
                bid_size, ask_size = minute.bid_sizes[index] * lot, minute.ask_sizes[index] * lot
            done = bisect_right(minute.trade_beats, beat) - 1
            if done >= 0:
                trade = minute.trades[done]
                last = Last(trade.price, trade.size, number * MINUTE_MS + trade.beat * BEAT)
                volume += minute.volumes[done]
                if part.is_liquid or not self._is_regular:
                    open_ = minute.trades[0].price if open_ is None else open_
                    high = minute.highs[done] if high is None else max(high, minute.highs[done])
                    low = minute.lows[done] if low is None else min(low, minute.lows[done])
        return Quote(
            at=at,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            last=None if last is None else last.price,
            last_size=0 if last is None else last.size,
            last_at=0 if last is None else last.at,
            volume=volume,
            open=open_,
            high=high,
            low=low,
            close=so_far.close,
            halt=halt,
            is_open=part is not None,
        )

    def so_far(self, number: int, part: Part | None) -> SoFar:
        """Give what there was of the trading day when minute *number* began."""
        known = self._so_far
        if known is not None and known.minute == number and self._version == self.tape.version:
            return known
        if (
            known is not None
            and self._version == self.tape.version
            and part is not None
            and _is_next(known, number, part)
        ):
            self._so_far = self._next(known, part)
            return self._so_far
        self._version = self.tape.version
        self._so_far = self._from_scratch(number, part)
        return self._so_far

    def _next(self, known: SoFar, part: Part) -> SoFar:
        """Give what there is a minute later."""
        number = known.minute + 1
        minute = self.tape.minute(part, known.minute)
        if not minute.trades:
            if not self.tape.process.kind.has_trades and minute.bids:
                return self._widened(known._replace(minute=number), min(minute.bids), max(minute.bids), minute.bids[0])
            return known._replace(minute=number)
        trade = minute.trades[-1]
        later = known._replace(
            minute=number,
            volume=known.volume + minute.volumes[-1],
            last=Last(trade.price, trade.size, known.minute * MINUTE_MS + trade.beat * BEAT),
        )
        if part.is_liquid or not self._is_regular:
            return self._widened(later, minute.lows[-1], minute.highs[-1], minute.trades[0].price)
        return later

    @staticmethod
    def _widened(known: SoFar, low: int, high: int, first: int) -> SoFar:
        return known._replace(
            open=first if known.open is None else known.open,
            high=high if known.high is None else max(high, known.high),
            low=low if known.low is None else min(low, known.low),
        )

    def _from_scratch(self, number: int, part: Part | None) -> SoFar:
        at = number * MINUTE_MS
        day = part.day if part is not None else self.day_at(at)
        process = self.tape.process
        if not process.is_summed:
            return SoFar(number, day, 0, None, None, None, None, None)
        parts = process.parts(day)
        begin = parts[0].begin * MINUTE_MS if parts else at
        source = Source.TRADES if process.kind.has_trades else Source.BID
        whole = self.adding.sum(begin, at, source, is_exact=False)
        regular = self.adding.sum(begin, at, source, liquid=True, is_exact=False) if self._is_regular else whole
        is_known = not regular.is_empty
        return SoFar(
            minute=number,
            day=day,
            volume=whole.volume,
            open=regular.open // 2 if is_known else None,
            high=regular.high // 2 if is_known else None,
            low=regular.low // 2 if is_known else None,
            close=self.close_before(day),
            last=self.last_before(at),
        )

    def day_at(self, at: int) -> int:
        """Give the trading day that counts at *at*, when the market is closed: the newest that has begun."""
        session = self.tape.process.instrument.hours.last_before(at // 1000, liquid=False)
        return session.day.toordinal() if session is not None else at // 86_400_000 + 719_163

    def close_before(self, day: int) -> int | None:
        """Give the close of the trading day before *day*: of regular hours, if there are any."""
        process = self.tape.process
        for earlier in range(day - 1, day - 12, -1):
            parts = process.parts(earlier)
            chosen = [part for part in parts if part.is_liquid] or parts
            if not chosen:
                continue
            end = chosen[-1].end * MINUTE_MS
            last = self.last_before(end) if process.kind.has_trades else None
            return last.price if last is not None else self.level_before(end)
        return None

    def level_before(self, at: int) -> int | None:
        """Give the bid (of a fund: its value) with which the market was last open before *at*; None: it never was."""
        process = self.tape.process
        for part in reversed(process.parts_between((at - MOST_BACK) // MINUTE_MS, -(-at // MINUTE_MS))):
            number = min(part.end, -(-at // MINUTE_MS)) - 1
            return self.tape.minute(part, number).bids[-1]
        return None

    def last_before(self, at: int) -> Last | None:
        """Give the newest trade before *at*; None: there was none in 40 days."""
        tape, process = self.tape, self.tape.process
        if not process.kind.has_trades:
            return None
        step = _HALF_DAY
        end = at
        while end > at - MOST_BACK:
            begin = end - step
            for part in reversed(process.parts_between(begin // MINUTE_MS, -(-end // MINUTE_MS))):
                last = min(part.end, -(-end // MINUTE_MS))
                for number in range(last - 1, max(part.begin, begin // MINUTE_MS) - 1, -1):
                    if not self._may_trade(part, number):
                        continue
                    minute = tape.minute(part, number)
                    done = minute.trade_count(-(-(at - number * MINUTE_MS) // BEAT) - 1)
                    if done:
                        trade = minute.trades[done - 1]
                        return Last(trade.price, trade.size, number * MINUTE_MS + trade.beat * BEAT)
            end = begin
            step = min(step * 2, 8 * _HALF_DAY)
        return None

    def _may_trade(self, part: Part, number: int) -> bool:
        """Whether there may be trades in a minute, by what is known of its block."""
        process = self.tape.process
        begin = number * MINUTE_MS
        if not self.tape.hand.is_idle(begin, begin + MINUTE_MS):
            return self.tape.hand.halt_at(begin) is Halt.NONE or not self.tape.hand.is_idle(
                begin + 1, begin + MINUTE_MS
            )
        block = process.block_at(part, number)
        return block.node[4] > 0 and process.minutes(block)[number - block.begin][4] > 0

    def next_change(self, at: int) -> int:
        """Give the first beat after *at* at which there may be anything new."""
        beat_at = at // BEAT * BEAT
        part = self.tape.process.part_at(beat_at // MINUTE_MS)
        if part is not None:
            number, beat = beat_at // MINUTE_MS, beat_at % MINUTE_MS // BEAT
            while number < part.end:
                events = self.tape.minute(part, number).events
                where = bisect_right(events, beat)
                if where < len(events):
                    return number * MINUTE_MS + events[where] * BEAT
                number, beat = number + 1, -1
            return part.end * MINUTE_MS
        session = self.tape.process.instrument.hours.next_after(at // 1000, liquid=False)
        return session.begin * 1000 if session is not None else at + MOST_BACK

    def reach(self, begin: int, end: int) -> Reach:
        """Give how far prices went from *begin* up to *end*, but for the time of halts."""
        bid, ask, traded = Sum(), Sum(), Sum()
        sides = ((bid, Source.BID), (ask, Source.ASK)) if self._is_quoted else ()
        for first, last in self.tape.hand.unhalted(begin, end):
            for total, source in (*sides, (traded, Source.TRADES)):
                total.include(self.adding.sum(first, last, source, is_exact=False))
        return Reach(
            None if ask.is_empty else ask.low // 2,
            None if bid.is_empty else bid.high // 2,
            None if traded.is_empty else traded.low // 2,
            None if traded.is_empty else traded.high // 2,
        )

    def step_at(self, at: int) -> int:
        """Give the step of prices at *at*, in ticks."""
        part = self.tape.process.part_at(at // MINUTE_MS)
        return 1 if part is None else part.step

    def twice_the_middle(self, at: int) -> int:
        """Give twice the middle between bid and ask (of what has none: its level) at *at*, or where it was left."""
        part = self.tape.process.part_at(at // MINUTE_MS)
        if part is None:
            level = self.level_before(at)
            return 2 * (self.first_level() if level is None else level)
        minute = self.tape.minute(part, at // MINUTE_MS)
        index = minute.quote_index(at % MINUTE_MS // BEAT)
        return minute.bids[index] + minute.asks[index]

    def levels(self, begin: int, end: int) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
        """Give open, high, low and close of the bid, or the level, of the minutes from *begin* up to *end*."""
        for part in self.tape.process.parts_between(begin, end):
            first, last = max(begin, part.begin), min(end, part.end)
            if self.tape.process.is_summed and self.tape.hand.is_idle(first * MINUTE_MS, last * MINUTE_MS):
                yield from self._plain_levels(part, first, last)
                continue
            for number in range(first, last):
                found = self.adding.sum(number * MINUTE_MS, (number + 1) * MINUTE_MS, Source.BID)
                yield number, (found.open // 2, found.high // 2, found.low // 2, found.close // 2)

    def _plain_levels(self, part: Part, begin: int, end: int) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
        """Give the levels of minutes in which the hand did nothing."""
        process = self.tape.process
        bid = self.tape.scale(part, self.tape.hand.offset_at(begin * MINUTE_MS)).bid
        for block in process.blocks(part):
            if block.begin < end and block.end > begin:
                for number, node in enumerate(process.minutes(block), start=block.begin):
                    if begin <= number < end:
                        yield number, (bid(node[0]), bid(node[1]), bid(node[2]), bid(node[3]))

    def first_level(self) -> int:
        """Give a level for what was never traded."""
        instrument = self.tape.process.instrument
        return max(1, int(instrument.nature.price / instrument.tick))

    def around(self, at: int) -> tuple[int, int]:
        """Give the bid (of what has no quotes: its level) in force at *at*, and the usual spread, in ticks."""
        beat_at = at // BEAT * BEAT
        part = self.tape.process.part_at(beat_at // MINUTE_MS)
        if part is None:
            level = self.level_before(at)
            return (self.first_level() if level is None else level), 0
        minute = self.tape.minute(part, beat_at // MINUTE_MS)
        beat = beat_at % MINUTE_MS // BEAT
        return minute.bids[minute.quote_index(beat)], part.spread * part.step


def _is_next(known: SoFar, number: int, part: Part) -> bool:
    """Whether minute *number* of *part* comes after what is *known*, on the same day, and not after a pause."""
    return known.minute + 1 == number and part.day == known.day and part.begin < number
