"""The stretches of time that a market is drawn in: trading days, their parts, blocks of half an hour, minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from anytws.simulator.market.splitting import Node
from anytws.simulator.universe.instrument import Instrument

MINUTE: Final = 60
"""Seconds. Inside the market a minute is named by its number since 1970."""

BLOCK: Final = 30
"""Minutes of a block at the most: blocks begin at whole and half hours."""

RICH: Final = 20
"""With so many trades a minute on the average, each minute of a block has trades at its high and its low."""


class Block:
    """Half an hour, or less, of a part of a trading day."""

    __slots__ = ("begin", "end", "minutes", "node", "part", "seeds")

    def __init__(self, part: Part, begin: int, end: int, node: Node) -> None:
        self.part: Part = part
        self.begin: int = begin
        """The number of its first minute since 1970."""
        self.end: int = end
        self.node: Node = node
        self.minutes: Sequence[Node] = ()
        self.seeds: bytes = b""

    @property
    def is_rich(self) -> bool:
        """Whether each of its minutes is known to have trades at its high and at its low."""
        return self.node[4] >= RICH * (self.end - self.begin)


class Part:
    """A session of a trading day, cut where regular hours begin and end."""

    __slots__ = ("begin", "blocks", "day", "end", "is_liquid", "node", "spread", "step")

    def __init__(self, day: int, begin: int, end: int, is_liquid: bool) -> None:
        self.day: int = day
        """The trading day, as `datetime.date.toordinal` counts."""
        self.begin: int = begin
        self.end: int = end
        self.is_liquid: bool = is_liquid
        self.node: Node = (0, 0, 0, 0, 0, 0)
        self.spread: int = 0
        """In steps; 0: there are no quotes."""
        self.step: int = 1
        """Of its prices, in ticks."""
        self.blocks: Sequence[Block] = ()

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """Where its blocks begin and end."""
        cuts = [self.begin, *range(self.begin // BLOCK * BLOCK + BLOCK, self.end, BLOCK), self.end]
        return list(pairwise(cuts))


def parts_of(instrument: Instrument, day: int) -> list[Part]:
    """Give the parts of trading day *day* of *instrument*, in order: none on a holiday."""
    name = date.fromordinal(day)
    liquid = instrument.hours.of_day(name, liquid=True)
    edges = sorted({edge for session in liquid for edge in (session.begin, session.end)})
    parts: list[Part] = []
    for session in instrument.hours.of_day(name, liquid=False):
        begin, end = session.begin, session.end
        if instrument.expires_at is not None:
            end = min(end, instrument.expires_at)
        if end <= begin or end <= instrument.first_second:
            continue
        cuts = [begin, *(edge for edge in edges if begin < edge < end), end]
        for start, stop in pairwise(cuts):
            is_liquid = any(session.begin <= start < session.end for session in liquid)
            parts.append(Part(day, start // MINUTE, -(-stop // MINUTE), is_liquid))
    return [part for part in parts if part.end > part.begin]
