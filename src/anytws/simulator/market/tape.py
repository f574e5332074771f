"""What one instrument did, in ticks: its process, and what a tester's hand did to it."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from typing import Final

import attrs

from anytws.simulator.market.beats import Minute, Quoted
from anytws.simulator.market.hand import Hand
from anytws.simulator.market.minute import Print, Traded
from anytws.simulator.market.process import MOST_MINUTES, Process
from anytws.simulator.market.stretches import Part
from anytws.simulator.market.words import BEAT, Halt

MINUTE_MS: Final = 60_000


@attrs.frozen
class Scale:
    """From steps to ticks. A price is never below a tick, nor an ask below two, however far a hand moved the market."""

    step: int
    offset: int
    floor: int
    """The lowest bid; for what may cost less than nothing that is far below 0."""

    def bid(self, steps: int) -> int:
        """Give a bid, or a trade, in ticks."""
        return max(self.step * steps + self.offset, self.floor)

    def ask(self, steps: int) -> int:
        """Give an ask in ticks."""
        return max(self.step * steps + self.offset, self.floor + 1)

    def traded(self, sums: Traded) -> Traded:
        """Give trades in ticks."""
        if self.step == 1 and not self.offset and sums.low >= self.floor:
            return sums
        high, low, volume = self.bid(sums.high), self.bid(sums.low), sums.volume
        value = self.step * sums.value + self.offset * volume
        value = min(max(value, low * volume), high * volume)
        return Traded(self.bid(sums.open), high, low, self.bid(sums.close), volume, value, sums.trades)


class Tape:
    """All that one instrument did, minute by minute."""

    def __init__(self, process: Process, hand: Hand) -> None:
        self.process: Final = process
        self.hand: Final = hand
        self.version: int = 0
        self._minutes: OrderedDict[int, Minute] = OrderedDict()
        self._floor = 1 if process.can_not_be_negative else -(2**62)

    def forget(self) -> None:
        """Forget what was remembered: the hand did something."""
        self.version += 1
        self._minutes.clear()
        self.process.forget()

    def scale(self, part: Part, offset: int) -> Scale:
        """Give how prices of *part* become ticks."""
        return Scale(part.step, offset, self._floor)

    # Minutes

    def minute(self, part: Part, number: int) -> Minute:
        """Give minute *number* of *part* with all its beats, in ticks."""
        found = self._minutes.get(number)
        if found is None:
            found = self._minutes[number] = self._made(part, number)
            while len(self._minutes) > MOST_MINUTES:
                self._minutes.popitem(last=False)
        return found

    def _made(self, part: Part, number: int) -> Minute:
        begin = number * MINUTE_MS
        hand = self.hand
        halt = hand.halt_at(begin)
        if hand.is_idle(begin + 1, begin + MINUTE_MS) and not any(done.at == begin for done in hand.moves):
            if halt is not Halt.NONE:
                return self._frozen(part, number)
            return self._scaled(self.process.plain(part, number), self.scale(part, hand.offset_at(begin)))
        return self._touched(part, number)

    def _scaled(self, plain: Minute, scale: Scale) -> Minute:
        if scale.step == 1 and not scale.offset and min(plain.bids) >= scale.floor:
            return plain
        quotes = [self._quoted(quote, scale) for quote in plain.quotes()]
        prices = map(scale.bid, plain.prices)
        return Minute(quotes, list(zip(plain.trade_beats, prices, plain.sizes, strict=True)))

    def _quoted(self, quote: Quoted, scale: Scale) -> Quoted:
        beat, bid, ask, bid_size, ask_size = quote
        high = scale.ask(ask) if self.process.kind.has_quotes else scale.bid(ask)
        return Quoted(beat, scale.bid(bid), high, bid_size, ask_size)

    def _frozen(self, part: Part, number: int) -> Minute:
        """Give a minute in which all is halted: the quote is the one in force when the halt began."""
        since = self.hand.halted_since(number * MINUTE_MS) // MINUTE_MS
        if since >= number or since < part.begin:
            plain = self._scaled(
                self.process.plain(part, number), self.scale(part, self.hand.offset_at(number * MINUTE_MS))
            )
            return Minute(list(plain.quotes())[:1], ())
        last = list(self.minute(part, since).quotes())[-1:]
        return Minute([quote._replace(beat=0) for quote in last], ())

    def _touched(self, part: Part, number: int) -> Minute:
        """Give a minute in which the hand moved or halted the market."""
        begin, plain, hand = number * MINUTE_MS, self.process.plain(part, number), self.hand
        moves = {(move.at - begin) // BEAT: move for move in hand.moves if begin <= move.at < begin + MINUTE_MS}
        stops = {(stop.at - begin) // BEAT for stop in hand.stops if begin <= stop.at < begin + MINUTE_MS}
        news = {0, *plain.beats, *plain.trade_beats, *moves, *stops}
        raw = list(plain.quotes())
        quotes: list[Quoted] = []
        trades: list[Print] = []
        if hand.halt_at(begin) is not Halt.NONE:
            quotes = list(self._frozen(part, number).quotes())
        for beat in sorted(news):
            at = begin + beat * BEAT
            if hand.halt_at(at) is not Halt.NONE:
                continue
            scale = self.scale(part, hand.offset_at(at))
            now = raw[plain.quote_index(beat)]
            quotes = [quote for quote in quotes if quote.beat != beat]
            quotes.append(self._quoted(now._replace(beat=beat), scale))
            first, last = bisect_right(plain.trade_beats, beat - 1), plain.trade_count(beat)
            trades += [
                Print(beat, scale.bid(price), size)
                for price, size in zip(plain.prices[first:last], plain.sizes[first:last], strict=True)
            ]
            if beat in moves and self.process.kind.has_trades:
                trades.append(self._hand_trade(beat, moves[beat].price, quotes[-1]))
        return Minute(quotes, trades, stops)

    def _hand_trade(self, beat: int, price: int, quote: Quoted) -> Print:
        """Give the trade with which the market goes where it is moved."""
        size = self.process.instrument.lot if self.process.kind.has_sizes else 0
        return Print(beat, min(max(price, quote.bid), quote.ask), size)
