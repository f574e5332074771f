"""Instruments whose prices follow those of another: options their underlying, share CFDs their share.

What an option is worth within half an hour follows from the price of its underlying alone, and rises with it, or falls
with it. So its highest price of a minute is that at the underlying's highest (or lowest), and bars cost no beats here
either. Trades and sizes are its own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Final

from anytws.simulator.chance import noise
from anytws.simulator.market import options
from anytws.simulator.market.minute import Shape
from anytws.simulator.market.process import Process
from anytws.simulator.market.reading import Reading
from anytws.simulator.market.skeleton import BEATS, FULL, Skeleton, skeleton
from anytws.simulator.market.splitting import Node
from anytws.simulator.market.stretches import BLOCK, Block, Part
from anytws.simulator.market.tape import MINUTE_MS
from anytws.simulator.market.words import Source
from anytws.simulator.universe.instrument import Instrument

MOST_LEVELS: Final = 4096
"""For so many levels of the leader it is remembered what they make; then all is forgotten."""

_LED_PATH: Final = 51


class LedProcess(Process):
    """What an instrument does whose price follows another's."""

    is_led = True
    is_falling = False
    """Whether its price falls when the leader's rises."""

    def __init__(self, seed: int, instrument: Instrument, leader: Reading) -> None:
        super().__init__(seed, instrument)
        self.leader: Final = leader
        self._made: dict[tuple[int, int], int] = {}

    @abstractmethod
    def _worth(self, level: int, block: int) -> float:
        """Give the price in its currency, if the leader's bid is at *level* (ticks) in the block of this number."""

    def forget(self) -> None:
        """Forget all: the leader has changed."""
        self._newest = None
        self._plain.clear()
        self._days.clear()
        self._opened.clear()

    def _steps(self, part: Part, level: int, minute: int) -> int:
        """Give the bid in steps, if the leader's is at *level*."""
        key = (level, minute // BLOCK)
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= MOST_LEVELS:
                self._made.clear()
            unit = float(self.instrument.tick) * part.step
            worth = self._worth(level, minute // BLOCK)
            found = self._made[key] = max(1, int((worth / unit - part.spread / 2.0) + 0.5 + 1e-9))
        return found

    def _opening(self, day: int, parts: Sequence[Part]) -> float:  # noqa: ARG002
        begin = parts[0].begin
        level = self._levels_of(begin, begin + 1)[0][0]
        self._made.clear()
        return self._worth(level, begin // BLOCK)

    def _draw_prices(self, day: int, parts: list[Part], first: float) -> None:  # noqa: ARG002
        for part in parts:
            part.blocks = self._draw_blocks(part)
            nodes = [block.node for block in part.blocks]
            highest, lowest = max([node[1] for node in nodes]), min([node[2] for node in nodes])
            part.node = (nodes[0][0], highest, lowest, nodes[-1][3], *part.node[4:])

    def _block_nodes(self, part: Part, events: list[int], volumes: list[int], drawn: bytes) -> Sequence[Node]:  # noqa: ARG002
        nodes = []
        for (begin, end), count, volume in zip(part.spans, events, volumes, strict=True):
            nodes.append((*self._mapped(part, self._level_of(begin, end), begin), count, volume))
        return nodes

    def _minute_nodes(self, block: Block, events: list[int], volumes: list[int], drawn: bytes) -> Sequence[Node]:  # noqa: ARG002
        levels = self._levels_of(block.begin, block.end)
        return [
            (*self._mapped(block.part, level, block.begin), count, volume)
            for level, count, volume in zip(levels, events, volumes, strict=True)
        ]

    def _mapped(self, part: Part, level: Sequence[int], minute: int) -> tuple[int, int, int, int]:
        open_, high, low, close = (self._steps(part, each, minute) for each in level)
        return (open_, low, high, close) if self.is_falling else (open_, high, low, close)

    # The leader

    def _level_of(self, begin: int, end: int) -> tuple[int, int, int, int]:
        """Give open, high, low and close of the leader's bid in the minutes from *begin* up to *end*."""
        part = self.leader.tape.process.part_at(begin)
        if part is not None and end <= part.end:
            found = self.leader.adding.sum(begin * MINUTE_MS, end * MINUTE_MS, Source.BID)
            return (found.open // 2, found.high // 2, found.low // 2, found.close // 2)
        levels = self._levels_of(begin, end)
        return (levels[0][0], max([one[1] for one in levels]), min([one[2] for one in levels]), levels[-1][3])

    def _levels_of(self, begin: int, end: int) -> list[tuple[int, int, int, int]]:
        """Give open, high, low and close of the leader's bid in each minute; it stays where it is left at its close."""
        found = dict(self.leader.levels(begin, end))
        last: int | None = None
        levels = []
        for minute in range(begin, end):
            level = found.get(minute)
            if level is None:
                if last is None:
                    before = self.leader.level_before(begin * MINUTE_MS)
                    last = self.leader.first_level() if before is None else before
                level = (last, last, last, last)
            last = level[3]
            levels.append(level)
        return levels

    def path(self, node: Node, shape: Shape, minute: int) -> Skeleton:
        """Give the path of a minute: the leader's, if that has enough beats."""
        leader = self.leader.tape
        there = leader.process.part_at(minute)
        here = self.part_at(minute)
        if there is not None and here is not None:
            led = leader.minute(there, minute)
            beats = tuple(led.beats[1:])
            values = tuple([self._steps(here, level, minute) for level in led.bids[1:]])
            found = _complete(node, beats, values)
            if found is not None and led.beats[0] == 0:
                return found
        drawn = noise(2 * BEATS, self.seed, self.key, _LED_PATH, minute)
        return skeleton((*node[:4], max(FULL, node[4]), 0), shape.is_high_first, drawn)


def _complete(node: Node, beats: tuple[int, ...], values: tuple[int, ...]) -> Skeleton | None:
    """Give the path with its extremes; None: it does not begin and end as *node* does, or has no inner extremes."""
    if len(beats) < FULL or values[0] != node[0] or values[-1] != node[3]:
        return None
    inner = values[1:-1]
    if max(inner) != node[1] or min(inner) != node[2]:
        return None
    top = 1 + inner.index(node[1])
    bottom = next((at for at in range(1, len(values) - 1) if values[at] == node[2] and at != top), None)
    return None if bottom is None else Skeleton(beats, values, top, bottom)


class OptionProcess(LedProcess):
    """What an option does."""

    def __init__(self, seed: int, instrument: Instrument, leader: Reading) -> None:
        super().__init__(seed, instrument, leader)
        self.is_falling: bool = not instrument.is_call
        underlying = leader.tape.process.instrument
        self._underlying = underlying
        tick = float(underlying.tick)
        self._tick = tick
        half = underlying.nature.spread_ticks * float(underlying.step_at(underlying.nature.price)) / 2.0
        self._half = half if leader.tape.process.kind.has_quotes else 0.0
        self._of_block = (-1, 0.0)

    def _worth(self, level: int, block: int) -> float:
        at = block * BLOCK * MINUTE_MS
        if self._of_block[0] != block:
            self._of_block = (block, options.volatility(self.seed, self.instrument, self._underlying, at))
        return options.price(self.instrument, self._of_block[1], level * self._tick + self._half, at)


class CfdProcess(LedProcess):
    """What a CFD on a share does: its middle is the share's."""

    def __init__(self, seed: int, instrument: Instrument, leader: Reading) -> None:
        super().__init__(seed, instrument, leader)
        underlying = leader.tape.process.instrument
        self._tick = float(underlying.tick)
        self._half = underlying.nature.spread_ticks * float(underlying.step_at(underlying.nature.price)) / 2.0

    def _worth(self, level: int, block: int) -> float:  # noqa: ARG002
        return level * self._tick + self._half
