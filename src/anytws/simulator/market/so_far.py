"""What there was of a trading day up to a moment: volume, open, high, low, the newest trade."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from anytws.simulator.market.beats import Minute
from anytws.simulator.market.kinds import Kind
from anytws.simulator.market.stretches import Part
from anytws.simulator.market.sums import Sum
from anytws.simulator.market.tape import MINUTE_MS
from anytws.simulator.market.words import BEAT


class Last(NamedTuple):
    """A trade, in ticks."""

    price: int
    size: int
    at: int


class SoFar(NamedTuple):
    """What there was of a trading day, in ticks."""

    minute: int
    """When this minute began."""
    day: int
    volume: int
    open: int | None
    high: int | None
    low: int | None
    close: int | None
    """Of the trading day before."""
    last: Last | None
    """None: there was none, or it is not known (see `Reading.quote`)."""

    def after(self, minute: Minute, beat: int, kind: Kind, *, counts: bool) -> SoFar:
        """Give what there is when *beat* of *minute*, the one that begins, is over; *counts*: as open, high and low.

        Of what has no trades high and low are those of its bid, and there is no open.
        """
        if not kind.has_trades:
            if kind.is_daily or not counts:
                return self
            bids = minute.bids[: bisect_right(minute.beats, beat)]
            return self._widened(self.volume, self.last, None, max(bids), min(bids))
        done = bisect_right(minute.trade_beats, beat) - 1
        if done < 0:
            return self
        last = Last(minute.prices[done], minute.sizes[done], self.minute * MINUTE_MS + minute.trade_beats[done] * BEAT)
        volume = self.volume + minute.volumes[done]
        if not counts:
            return SoFar(self.minute, self.day, volume, self.open, self.high, self.low, self.close, last)
        return self._widened(volume, last, minute.prices[0], minute.highs[done], minute.lows[done])

    def _widened(self, volume: int, last: Last | None, first: int | None, high: int, low: int) -> SoFar:
        return SoFar(
            self.minute,
            self.day,
            volume,
            first if self.open is None else self.open,
            high if self.high is None or high > self.high else self.high,
            low if self.low is None or low < self.low else self.low,
            self.close,
            last,
        )


def so_far_of(minute: int, day: int, whole: Sum, regular: Sum, kind: Kind, close: int | None) -> SoFar:
    """Give what there was when *minute* began, from sums of the *whole* day until then and of its *regular* hours."""
    if regular.is_empty or kind.is_daily:
        return SoFar(minute, day, whole.volume, None, None, None, close, None)
    first = regular.open // 2 if kind.has_trades else None
    return SoFar(minute, day, whole.volume, first, regular.high // 2, regular.low // 2, close, None)


def is_next(known: SoFar, number: int, part: Part) -> bool:
    """Whether minute *number* of *part* comes after what is *known*, on the same day, and not after a pause."""
    return known.minute + 1 == number and part.day == known.day and part.begin < number
