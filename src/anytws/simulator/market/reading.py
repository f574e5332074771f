"""What there is to say of one instrument at one time, and which trades and quotes there were in a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from anytws.simulator.market.adding import Adding
from anytws.simulator.market.beats import Minute
from anytws.simulator.market.kinds import security_type
from anytws.simulator.market.minute import Print
from anytws.simulator.market.skeleton import BEATS
from anytws.simulator.market.so_far import Last, SoFar, is_next, so_far_of
from anytws.simulator.market.stretches import Part
from anytws.simulator.market.sums import Sum
from anytws.simulator.market.tape import MINUTE_MS, Tape
from anytws.simulator.market.words import BEAT, BidAsk, Halt, Quote, Reach, Source

MOST_BACK: Final = 40 * 86_400_000
"""So far back, in milliseconds, the newest trade is looked for."""

_HALF_DAY: Final = 43_200_000


class Reading:
    """Reads the tape of one instrument."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.adding: Adding = Adding(tape)
        self._so_far: SoFar | None = None
        self._last_of: tuple[int, int, Last | None] = (-1, 0, None)
        self._version = 0
        # Open, high and low are of regular hours for stocks (recorded: before the open there are none).
        self._is_regular = security_type(tape.process.instrument) == "STK"

        self._kind = tape.process.kind
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
            for number in _inside(minute.trade_beats, start, begin, end):
                beat = minute.trade_beats[number]
                yield start + beat * BEAT, Print(beat, minute.prices[number], minute.sizes[number]), number

    def quotes(self, begin: int, end: int) -> Iterator[BidAsk]:
        """Give the quotes that began to hold from *begin* up to *end*."""
        process, hand = self.tape.process, self.tape.hand
        if not process.kind.has_quotes:
            return
        lot = process.instrument.lot
        for start, minute in self.minutes(begin, end):
            bids, asks, bid_sizes, ask_sizes = minute.bids, minute.asks, minute.bid_sizes, minute.ask_sizes
            before: tuple[int, ...] = ()
            for number in _inside(minute.beats, start, begin, end):
                if number and not before:
                    before = bids[number - 1], asks[number - 1], bid_sizes[number - 1], ask_sizes[number - 1]
                now, at = (
                    (bids[number], asks[number], bid_sizes[number], ask_sizes[number]),
                    start + minute.beats[number] * BEAT,
                )
                if now != before and hand.halt_at(at) is Halt.NONE:
                    yield BidAsk(at, now[0], now[2] * lot, now[1], now[3] * lot)
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
        if part is not None:
            minute = self.tape.minute(part, number)
            if halt is Halt.NONE and self._is_quoted:
                index = bisect_right(minute.beats, beat) - 1
                lot = self.tape.process.instrument.lot
                bid, ask = minute.bids[index], minute.asks[index]
                bid_size, ask_size = minute.bid_sizes[index] * lot, minute.ask_sizes[index] * lot
            so_far = so_far.after(minute, beat, self._kind, counts=self._counts(part))
        last = so_far.last or self._last(number)
        return Quote(
            at=at,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            last=None if last is None else last.price,
            last_size=0 if last is None else last.size,
            last_at=0 if last is None else last.at,
            volume=so_far.volume,
            open=so_far.open,
            high=so_far.high,
            low=so_far.low,
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
            and is_next(known, number, part)
        ):
            minute = self.tape.minute(part, known.minute)
            later = known.after(minute, BEATS, self._kind, counts=self._counts(part))
            self._so_far = later._replace(minute=number)
            return self._so_far
        self._version = self.tape.version
        self._so_far = self._from_scratch(number, part)
        return self._so_far

    def _last(self, number: int) -> Last | None:
        """Give the newest trade before minute *number*: looked for only if the minute has none yet."""
        if self._last_of[:2] != (number, self.tape.version):
            self._last_of = (number, self.tape.version, self.last_before(number * MINUTE_MS))
        return self._last_of[2]

    def _counts(self, part: Part) -> bool:
        """Whether what happens in *part* counts as open, high and low."""
        return (part.is_liquid or not self._is_regular) and self.tape.process.is_summed

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
        return so_far_of(number, day, whole, regular, self._kind, self.close_before(day))

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
            last = self._close_of(chosen[-1]) if process.kind.has_trades else None
            return self.level_before(chosen[-1].end * MINUTE_MS) if last is None else last
        return None

    def _close_of(self, part: Part) -> int | None:
        """Give the price of the newest trade when *part* is over; None: there was none in 40 days."""
        process, hand, end = self.tape.process, self.tape.hand, part.end * MINUTE_MS
        for block in reversed(process.blocks(part)):
            minutes = process.minutes(block) if block.node[4] else ()
            for number in range(block.begin + len(minutes) - 1, block.begin - 1, -1):
                if minutes[number - block.begin][4] and hand.is_idle(number * MINUTE_MS, end):
                    traded = process.minute_sum(block, number, minutes[number - block.begin])
                    return self.tape.scale(part, hand.offset_at(end - 1)).bid(traded.close)
            if not hand.is_idle(block.begin * MINUTE_MS, end):
                break
        last = self.last_before(end)
        return None if last is None else last.price

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
                        at_beat = number * MINUTE_MS + minute.trade_beats[done - 1] * BEAT
                        return Last(minute.prices[done - 1], minute.sizes[done - 1], at_beat)
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
        opening = session.begin * 1000 if session is not None else at + MOST_BACK
        # A halt may end while the market is closed.
        return self.tape.hand.next_stop(at, opening)

    def reach(self, begin: int, end: int) -> Reach:
        """Give how far prices went from *begin* up to *end*, but for the time of halts."""
        bid, ask, traded = Sum(), Sum(), Sum()
        sides = ((bid, Source.BID), (ask, Source.ASK)) if self._is_quoted else ()
        for first, last in self.tape.hand.unhalted(begin, end):
            for total, source in (*sides, (traded, Source.TRADES)):
                # A quote is in force for all of its beat, a trade happens when it begins.
                start = first if source is Source.TRADES else first - first % BEAT
                total.include(self.adding.sum(start, last, source, is_exact=False))
        return Reach(
            None if ask.is_empty else ask.low // 2,
            None if bid.is_empty else bid.high // 2,
            None if traded.is_empty else traded.low // 2,
            None if traded.is_empty else traded.high // 2,
        )

    def turn_at(self, at: int) -> int:
        """Give a number that goes up whenever anything is new while the market is open."""
        number = at // MINUTE_MS
        part = self.tape.process.part_at(number)
        if part is None:
            return number * BEATS
        return number * BEATS + bisect_right(self.tape.minute(part, number).events, at % MINUTE_MS // BEAT)

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


def _inside(beats: Sequence[int], start: int, begin: int, end: int) -> range:
    """Give which of *beats*, of the minute that begins at *start*, are from *begin* up to *end*."""
    first, last = -((start - begin) // BEAT), -((start - end) // BEAT)
    return range(bisect_left(beats, first), bisect_left(beats, last))
