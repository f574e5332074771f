"""Sums over any time, from the largest stretches that lie in it: a year costs its days, a minute costs no beats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from anytws.simulator.market.minute import Traded
from anytws.simulator.market.stretches import Block, Part
from anytws.simulator.market.sums import Sum
from anytws.simulator.market.tape import MINUTE_MS, Scale, Tape
from anytws.simulator.market.words import BEAT, Halt, Source

_FAR: Final = 2**62


class Adding:
    """Adds up what one instrument did."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def sum(self, begin: int, end: int, source: Source, *, liquid: bool = False, is_exact: bool = True) -> Sum:
        """Give all from *begin* up to *end* (milliseconds); not *is_exact*: no value, no close, which is cheaper."""
        total = Sum()
        if source is Source.TRADES and not self.tape.process.kind.has_trades:
            return total
        for part in self.tape.process.parts_between(begin // MINUTE_MS, -(-end // MINUTE_MS)):
            if liquid and not part.is_liquid:
                continue
            first, last = max(begin, part.begin * MINUTE_MS), min(end, part.end * MINUTE_MS)
            if first < last:
                self._add_part(total, part, first, last, source, is_exact)
        return total

    def _add_part(self, total: Sum, part: Part, begin: int, end: int, source: Source, is_exact: bool) -> None:
        first, last = -(-begin // MINUTE_MS), end // MINUTE_MS
        if first > last:
            self._add_beats(total, part, last, begin, end, source)
            return
        if begin < first * MINUTE_MS:
            self._add_beats(total, part, first - 1, begin, first * MINUTE_MS, source)
        for segment in self.tape.hand.segments(first, last):
            if (
                segment.is_touched
                or not self.tape.process.is_summed
                or (segment.halt is not Halt.NONE and source is not Source.TRADES)
            ):
                for number in range(segment.begin, segment.end):
                    self._add_beats(total, part, number, number * MINUTE_MS, (number + 1) * MINUTE_MS, source)
            elif segment.halt is Halt.NONE:
                scale = self.tape.scale(part, segment.offset)
                self._add_minutes(total, part, segment.begin, segment.end, scale, source, is_exact)
        if end > last * MINUTE_MS:
            self._add_beats(total, part, last, last * MINUTE_MS, end, source)

    def _add_beats(self, total: Sum, part: Part, number: int, begin: int, end: int, source: Source) -> None:
        """Add a part of a minute, from its beats."""
        minute = self.tape.minute(part, number)
        first, last = (-(-(at - number * MINUTE_MS) // BEAT) for at in (begin, end))
        if first >= last:
            return
        if source is Source.TRADES:
            total.add_traded(minute.traded(first, last))
            return
        held = minute.quoted(first, last)
        bids, asks = minute.bids[held], minute.asks[held]
        if not bids:
            return
        if source is Source.MIDPOINT:
            values = [bid + ask for bid, ask in zip(bids, asks, strict=True)]
        else:
            values = [2 * price for price in (bids if source is Source.BID else asks)]
        total.add(values[0], max(values), min(values), values[-1])

    def _add_minutes(
        self, total: Sum, part: Part, begin: int, end: int, scale: Scale, source: Source, is_exact: bool
    ) -> None:
        """Add whole minutes in which the hand did nothing."""
        process = self.tape.process
        if source is not Source.TRADES:
            self._add_quotes(total, part, begin, end, scale, source)
        elif (begin, end) == (part.begin, part.end):
            found = self.part_sum(part)
            if found is not None:
                total.add_traded(scale.traded(found))
        else:
            for block in process.blocks(part):
                first, last = max(begin, block.begin), min(end, block.end)
                if first < last and block.node[4]:
                    if not is_exact and first == block.begin and last == block.end:
                        total.add_traded(scale.traded(self._block_sum(block, is_first=total.is_empty)))
                    else:
                        for one in self._minute_sums(block, first, last):
                            total.add_traded(scale.traded(one))

    def _add_quotes(self, total: Sum, part: Part, begin: int, end: int, scale: Scale, source: Source) -> None:
        process = self.tape.process
        if (begin, end) == (part.begin, part.end):
            total.add(*of_source(part.node, part.spread, scale, source))
            return
        for block in process.blocks(part):
            first, last = max(begin, block.begin), min(end, block.end)
            if first >= last:
                continue
            if first == block.begin and last == block.end:
                total.add(*of_source(block.node, part.spread, scale, source))
            else:
                for node in process.minutes(block)[first - block.begin : last - block.begin]:
                    total.add(*of_source(node, part.spread, scale, source))

    # Trades of whole parts and blocks, in steps

    def part_sum(self, part: Part) -> Traded | None:
        """Give the trades of a whole part in one: its value is about what it is, the rest exactly."""
        active = [block for block in self.tape.process.blocks(part) if block.node[4]]
        if not active:
            return None
        first = next(self._minute_sums(active[0]))
        *_, last = self._minute_sums(active[-1])
        high, low = self._extremes(active, part.spread)
        volume, count = part.node[5], part.node[4]
        value = sum([block.node[5] * (2 * (block.node[1] + block.node[2]) + 2 * part.spread) // 4 for block in active])
        value = min(max(value, low * volume), high * volume)
        return Traded(first.open, high, low, last.close, volume, value, count)

    def _block_sum(self, block: Block, *, is_first: bool) -> Traded:
        """Give the trades of a whole block in one, without their value and close; the open only if it *is_first*."""
        if self.tape.process.is_flat:
            level = block.node[0] + block.part.spread // 2
            return Traded(level, level, level, level, block.node[5], 0, block.node[4])
        if not block.is_rich:
            sums = list(self._minute_sums(block))
            high, low = max([one.high for one in sums]), min([one.low for one in sums])
            return Traded(sums[0].open, high, low, sums[-1].close, block.node[5], 0, block.node[4])
        node, spread = block.node, block.part.spread
        first = next(self._minute_sums(block)).open if is_first else node[2]
        return Traded(first, node[1] + spread, node[2], node[2], node[5], 0, node[4])

    def _extremes(self, blocks: list[Block], spread: int) -> tuple[int, int]:
        """Give the highest and the lowest trade of *blocks*: likely ones are looked at first, others never."""
        if self.tape.process.is_flat:
            one = next(self._minute_sums(blocks[0]))
            return one.high, one.low
        high = self._extreme(sorted(blocks, key=lambda block: -block.node[1]), spread, 1)
        return high, self._extreme(sorted(blocks, key=lambda block: block.node[2]), spread, -1)

    def _extreme(self, blocks: list[Block], spread: int, sign: int) -> int:
        best = self._extreme_of(blocks[0], spread, sign)
        for block in blocks[1:]:
            if best >= _bound(block, spread, sign):
                break
            best = max(best, self._extreme_of(block, spread, sign))
        return sign * best

    def _extreme_of(self, block: Block, spread: int, sign: int) -> int:
        if block.is_rich:
            return _bound(block, spread, sign)
        return max([one.high if sign > 0 else -one.low for one in self._minute_sums(block)])

    def _minute_sums(self, block: Block, begin: int = 0, end: int = _FAR) -> Iterator[Traded]:
        """Give the trades of each minute of *block* that has any, of those from *begin* up to *end*, in steps."""
        process = self.tape.process
        for number, node in enumerate(process.minutes(block), start=block.begin):
            if node[4] and begin <= number < end:
                yield process.minute_sum(block, number, node)


def _bound(block: Block, spread: int, sign: int) -> int:
    """Give what no trade of *block* is beyond."""
    return block.node[1] + spread if sign > 0 else -block.node[2]


def of_source(node: tuple[int, ...], spread: int, scale: Scale, source: Source) -> tuple[int, int, int, int]:
    """Give open, high, low and close of quotes in halves of a tick, from those of the bid in steps."""
    if source is Source.BID:
        return (2 * scale.bid(node[0]), 2 * scale.bid(node[1]), 2 * scale.bid(node[2]), 2 * scale.bid(node[3]))
    asks = [scale.ask(steps + spread) for steps in node[:4]]
    if source is Source.ASK:
        return (2 * asks[0], 2 * asks[1], 2 * asks[2], 2 * asks[3])
    bids = [scale.bid(steps) for steps in node[:4]]
    return (bids[0] + asks[0], bids[1] + asks[1], bids[2] + asks[2], bids[3] + asks[3])
