"""What a tester's hand, or a script's, did to the market of one instrument: moves and halts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from anytws.simulator.market.words import BEAT, Halt

MOST_MOVES: Final = 10_000
"""So many moves, and so many halts, of one instrument are kept; the oldest are then taken for one."""

_MINUTE_MS: Final = 60_000


class Move(NamedTuple):
    """From ``at`` on all prices are ``offset`` ticks above what they would be."""

    at: int
    offset: int
    price: int
    """At what it is traded then."""


class Stop(NamedTuple):
    """From ``at`` on nothing is traded for the reason ``kind``; ``Halt.NONE``: it goes on."""

    at: int
    kind: Halt


class Segment(NamedTuple):
    """Some minutes in which the hand did nothing; or one minute in which it did."""

    begin: int
    end: int
    offset: int
    halt: Halt
    is_touched: bool


def _at(done: Move | Stop) -> int:
    return done.at


class Hand:
    """The moves and the halts of one instrument, oldest first."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.stops: list[Stop] = []

    def move(self, at: int, ticks: int, price: int) -> None:
        """Move all prices by *ticks* from the beat of *at* on, with a trade at *price*."""
        at = at // BEAT * BEAT
        where = bisect_right(self.moves, at, key=_at)
        before = self.moves[where - 1].offset if where else 0
        later = [Move(move.at, move.offset + ticks, move.price + ticks) for move in self.moves[where:]]
        if where and self.moves[where - 1].at == at:
            where -= 1
        self.moves[where:] = [Move(at, before + ticks, price), *later]
        if len(self.moves) > MOST_MOVES:
            del self.moves[1]

    def stop(self, at: int, kind: Halt) -> None:
        """Halt trading from the beat of *at* on, or have it go on."""
        at = at // BEAT * BEAT
        self.stops = [stop for stop in self.stops if stop.at != at]
        insort(self.stops, Stop(at, kind), key=_at)
        if len(self.stops) > MOST_MOVES:
            del self.stops[1]

    def offset_at(self, at: int) -> int:
        """Give by how many ticks prices are moved at *at*."""
        where = bisect_right(self.moves, at, key=_at)
        return self.moves[where - 1].offset if where else 0

    def halt_at(self, at: int) -> Halt:
        """Give whether it is halted at *at*."""
        where = bisect_right(self.stops, at, key=_at)
        return self.stops[where - 1].kind if where else Halt.NONE

    def halted_since(self, at: int) -> int:
        """Give when the halt that is on at *at* began."""
        where = bisect_right(self.stops, at, key=_at)
        while where > 1 and self.stops[where - 2].kind is not Halt.NONE:
            where -= 1
        return self.stops[where - 1].at if where else at

    def next_stop(self, at: int, latest: int) -> int:
        """Give when the next halt begins or is over after *at*; *latest*: that is not before then."""
        where = bisect_right(self.stops, at, key=_at)
        return min(self.stops[where].at, latest) if where < len(self.stops) else latest

    def halts(self, begin: int, end: int) -> Sequence[Stop]:
        """Give what began or was over from *begin* up to *end*."""
        return [stop for stop in self.stops if begin <= stop.at < end]

    def unhalted(self, begin: int, end: int) -> Sequence[tuple[int, int]]:
        """Give the times from *begin* up to *end* in which no halt is on."""
        if not self.stops:
            return [(begin, end)]
        edges = [begin, *(stop.at for stop in self.stops if begin < stop.at < end), end]
        return [span for span in pairwise(edges) if self.halt_at(span[0]) is Halt.NONE]

    def is_idle(self, begin: int, end: int) -> bool:
        """Whether it did nothing from *begin* up to *end*, and no halt is on."""
        if self.halt_at(begin) is not Halt.NONE:
            return False
        done: Sequence[Move] | Sequence[Stop]
        for done in (self.moves, self.stops):
            if done and bisect_left(done, begin, key=_at) != bisect_left(done, end, key=_at):
                return False
        return True

    def segments(self, begin: int, end: int) -> Sequence[Segment]:
        """Give the minutes from *begin* up to *end*, cut where it did something."""
        done = [*[move.at for move in self.moves], *[stop.at for stop in self.stops]]
        touched = sorted({at // _MINUTE_MS for at in done if begin * _MINUTE_MS <= at < end * _MINUTE_MS})
        segments: list[Segment] = []
        for minute in touched:
            if begin < minute:
                segments.append(self._segment(begin, minute, is_touched=False))
            segments.append(self._segment(minute, minute + 1, is_touched=True))
            begin = minute + 1
        if begin < end:
            segments.append(self._segment(begin, end, is_touched=False))
        return segments

    def _segment(self, begin: int, end: int, *, is_touched: bool) -> Segment:
        at = begin * _MINUTE_MS
        return Segment(begin, end, self.offset_at(at), self.halt_at(at), is_touched)
