"""The process of one instrument: its trading days, parts, blocks and minutes, each drawn when somebody looks.

Prices here are in steps: the step that is legal at the price with which the day began. What costs least is drawn
first: a day without its parts, a part without its blocks, a block without its minutes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from anytws.simulator.chance import draw, exp, noise, normal
from anytws.simulator.market.beats import Minute, expand
from anytws.simulator.market.kinds import Kind, kind_of, step_at
from anytws.simulator.market.levels import Levels
from anytws.simulator.market.minute import Shape, Traded, traded
from anytws.simulator.market.skeleton import BEATS, FULL, Skeleton, skeleton
from anytws.simulator.market.splitting import Node, divide, possible, shares
from anytws.simulator.market.stretches import Block, Part, parts_of
from anytws.simulator.universe.instrument import Instrument

ANCHOR: Final = 739_621
"""The day on which prices are those of `Nature.price`: 5 January 2026, as `datetime.date.toordinal` counts."""

MOST_DAYS: Final = 12
"""So many trading days of one instrument are remembered, the oldest goes first."""

MOST_MINUTES: Final = 3
"""So many minutes of one instrument are remembered with all their beats."""

MOST_BLOCKS: Final = 4
"""So many blocks of one instrument are remembered with their minutes."""

# What is drawn, so that no two draws have the same keys.
_OPEN, _RANGE, _ACTIVITY, _PARTS, _BLOCKS, _MINUTES, _PATH, _BEATS = range(2, 10)
_QUIET: Final = 20
_GAP: Final = 0.35
_WIDE: Final = 9 * 60
_SEED_BYTES: Final = 8
_MOST_QUIET: Final = 24
# Of a market that does not move few trades tell all; in thousandths of a minute's.
_MOST_FLAT: Final = 4000


class Process:
    """What one instrument does, by itself."""

    is_led = False
    """Whether another instrument's process leads it."""
    is_summed = True
    """Whether its parts, blocks and minutes are known without their beats."""

    def __init__(self, seed: int, instrument: Instrument, *, is_flat: bool = False) -> None:
        self.instrument: Final = instrument
        self.kind: Final[Kind] = kind_of(instrument)
        self.is_flat: Final = is_flat
        """Whether it never moves."""
        # The months of one future go with each other: they have one key.
        is_future = str(instrument.contract.security_type) in {"FUT", "CONTFUT"}
        self.key: Final = (instrument.underlying_id if is_future else 0) or instrument.contract_id
        self.seed: Final = seed
        self.price: Final = float(instrument.nature.price)
        # So many quotes a minute change in size alone.
        self._quiet = 0 if is_flat else min(_MOST_QUIET, int(instrument.nature.trades_per_minute) // 4 + 1)
        self._levels = Levels(seed, self.key, float(instrument.nature.annual_volatility), ANCHOR)
        self._plain: OrderedDict[int, Minute] = OrderedDict()
        self._newest: Part | None = None
        self._days: OrderedDict[int, list[Part]] = OrderedDict()
        self._opened: OrderedDict[int, Block] = OrderedDict()

    @property
    def can_not_be_negative(self) -> bool:
        """Whether no price is below a tick: so it is, but for combinations."""
        return True

    def forget(self) -> None:
        """Forget what follows from another instrument, for that one has changed: nothing, where none leads."""

    # Looking up

    def parts(self, day: int) -> Sequence[Part]:
        """Give the parts of trading day *day*."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = parts_of(self.instrument, day)
            if found:
                self._draw_day(day, found)
            while len(self._days) > MOST_DAYS:
                self._days.popitem(last=False)
        return found

    def part_at(self, minute: int) -> Part | None:
        """Give the part in which *minute* lies; None: the market is closed then."""
        newest = self._newest
        if newest is not None and newest.begin <= minute < newest.end:
            return newest
        session = self.instrument.hours.at(minute * 60, liquid=False)
        if session is None:
            return None
        for part in self.parts(session.day.toordinal()):
            if part.begin <= minute < part.end:
                self._newest = part
                return part
        return None

    def parts_between(self, begin: int, end: int) -> list[Part]:
        """Give the parts that have something in the minutes from *begin* up to *end*, oldest first."""
        days = {s.day.toordinal(): None for s in self.instrument.hours.between(begin * 60, end * 60, liquid=False)}
        return [part for day in days for part in self.parts(day) if part.begin < end and part.end > begin]

    def blocks(self, part: Part) -> Sequence[Block]:
        """Give the blocks of *part*."""
        if not part.blocks:
            part.blocks = self._draw_blocks(part)
        return part.blocks

    def block_at(self, part: Part, minute: int) -> Block:
        """Give the block of *part* in which *minute* lies."""
        return self.blocks(part)[minute // 30 - part.begin // 30]

    def minutes(self, block: Block) -> Sequence[Node]:
        """Give the minutes of *block*."""
        if not block.minutes:
            self._draw_minutes(block)
            self._opened[block.begin] = block
            while len(self._opened) > MOST_BLOCKS:
                _, oldest = self._opened.popitem(last=False)
                oldest.minutes, oldest.seeds = (), b""
        return block.minutes

    def node_of(self, part: Part, number: int) -> Node:
        """Give minute *number* of *part*."""
        block = self.block_at(part, number)
        return self.minutes(block)[number - block.begin]

    def shape(self, block: Block, minute: int) -> Shape:
        """Give what the trades of *minute* in *block* are made from."""
        if not block.seeds:
            # Forgotten since somebody began to read the block.
            self.minutes(block)
        number = minute - block.begin
        part = block.part
        level = block.node[0] + part.spread // 2 if self.is_flat else None
        seed = block.seeds[number * _SEED_BYTES : (number + 1) * _SEED_BYTES]
        return Shape(part.spread, self.kind.has_sizes, self.is_led, level, seed)

    def minute_sum(self, block: Block, number: int, node: Node) -> Traded:
        """Give the trades of minute *number* of *block*, whose *node* has some, in one."""
        return traded(node, self.shape(block, number))

    def plain(self, part: Part, number: int) -> Minute:
        """Give minute *number* of *part* with all its beats."""
        found = self._plain.get(number)
        if found is None:
            while len(self._plain) >= MOST_MINUTES:
                self._plain.popitem(last=False)
            found = self._plain[number] = self._expanded(part, number)
        return found

    def _expanded(self, part: Part, number: int) -> Minute:
        block = self.block_at(part, number)
        node = self.node_of(part, number)
        shape = self.shape(block, number)
        path = self.path(node, shape, number)
        if number == part.begin and part.is_liquid and len(path.beats) >= FULL:
            # The bell: regular hours begin with a trade.
            path = path._replace(beats=(0, *path.beats[1:]))
        quiet = self._quiet if part.is_liquid else self._quiet // 4
        stir = noise(3 * BEATS, self.seed, self.instrument.contract_id, _BEATS, number)
        return expand(node, shape, path, self.kind, quiet, stir)

    def path(self, node: Node, shape: Shape, minute: int) -> Skeleton:
        """Give the path of a minute."""
        return skeleton(node, shape.is_high_first, noise(2 * BEATS, self.seed, self.key, _PATH, minute))

    # Drawing

    def _draw_day(self, day: int, parts: list[Part]) -> None:
        """Fill *parts* with what happens on *day*."""
        instrument = self.instrument
        events, volumes = self._activity(day, parts)
        first = self._opening(day, parts)
        step = step_at(instrument, first)
        for part, count, volume in zip(parts, events, volumes, strict=True):
            part.step = step
            part.spread = self._spread(part)
            part.node = (0, 0, 0, 0, count, volume)
        self._draw_prices(day, parts, first)

    def _draw_prices(self, day: int, parts: list[Part], first: float) -> None:
        """Give *parts*, whose events and volumes are known, their prices."""
        unit = float(self.instrument.tick) * parts[0].step
        half = parts[0].spread // 2
        events, volumes = [part.node[4] for part in parts], [part.node[5] for part in parts]
        node = self._day_node(day, max(1, int(first / unit + 0.5) - half), unit, half, sum(events))
        # Outside regular hours prices move little.
        weights = [part.end - part.begin if part.is_liquid else 1 + (part.end - part.begin) // _QUIET for part in parts]
        stir = noise(2 * len(parts), self.seed, self.key, _PARTS, day)
        for part, child in zip(parts, divide(node, events, volumes, weights, stir), strict=True):
            part.node = child

    def _spread(self, part: Part) -> int:
        if not self.kind.has_quotes:
            return 0
        usual = max(1, int(self.instrument.nature.spread_ticks))
        return usual if part.is_liquid or self.is_flat else 2 * usual

    def _opening(self, day: int, parts: Sequence[Part]) -> float:  # noqa: ARG002 (for those that are led)
        """Give the price with which *day* begins."""
        if self.is_flat:
            return self.price
        gap = self._levels.volatility * _GAP * normal(self.seed, self.key, day, _OPEN) if day != ANCHOR else 0.0
        return self.price * exp(self._levels.at(day) + gap)

    def _day_node(self, day: int, open_: int, unit: float, half: int, events: int) -> Node:
        if self.is_flat or self.kind.is_daily:
            return (open_, open_, open_, open_, events, 0)
        close = max(1, int(self.price * exp(self._levels.at(day + 1)) / unit + 0.5) - half)
        reach = self._levels.volatility * open_ * 0.6
        up, down = (abs(normal(self.seed, self.key, day, _RANGE, side)) for side in (0, 1))
        high = max(open_, close) + int(reach * up)
        low = max(1, min(open_, close) - int(reach * down))
        return possible((open_, high, low, close, events, 0))

    def _activity(self, day: int, parts: Sequence[Part]) -> tuple[list[int], list[int]]:
        """Give the events and the volume of each part."""
        nature = self.instrument.nature
        drawn = draw(self.seed, self.instrument.contract_id, day, _ACTIVITY)
        # Between 0.6 and 1.6 of a usual day.
        factor = 600 + drawn % 1001
        rate = int(float(nature.trades_per_minute) * 1000)
        if self.kind.is_daily:
            rate = 0
        if self.is_flat:
            rate = min(rate, _MOST_FLAT)
        minutes = [(part.end - part.begin) * (_QUIET if part.is_liquid else 1) for part in parts]
        events = [rate * count * factor // (_QUIET * 1_000_000) for count in minutes]
        if not self.kind.has_sizes:
            return events, [0] * len(parts)
        total = sum(events)
        usual = int(nature.day_volume / self.instrument.size_unit) or total * self.instrument.lot * 4
        extra = max(0, usual * (600 + (drawn >> 20) % 1001) // 1000 - 2 * total)
        return events, [2 * count + more for count, more in zip(events, shares(extra, events), strict=True)]

    def _draw_blocks(self, part: Part) -> Sequence[Block]:
        spans = part.spans
        count = len(spans)
        drawn = noise(4 * count, self.seed, self.key, _BLOCKS, part.begin)
        weights = [
            (end - begin) * (_rush(part, begin + end) * (192 + (byte >> 1)))
            for (begin, end), byte in zip(spans, drawn, strict=False)
        ]
        events, volumes = self._shared(part.node, weights, drawn[count:])
        nodes = self._block_nodes(part, events, volumes, drawn[2 * count :])
        return [Block(part, begin, end, node) for (begin, end), node in zip(spans, nodes, strict=True)]

    def _block_nodes(self, part: Part, events: list[int], volumes: list[int], drawn: bytes) -> Sequence[Node]:
        return divide(part.node, events, volumes, [end - begin for begin, end in part.spans], drawn)

    def _draw_minutes(self, block: Block) -> None:
        count = block.end - block.begin
        drawn = noise((4 + _SEED_BYTES) * count, self.seed, self.key, _MINUTES, block.begin)
        block.seeds = drawn[4 * count :]
        events, volumes = self._shared(block.node, [100 + byte for byte in drawn[:count]], drawn[count:])
        block.minutes = self._minute_nodes(block, events, volumes, drawn[2 * count : 4 * count])

    def _minute_nodes(self, block: Block, events: list[int], volumes: list[int], drawn: bytes) -> Sequence[Node]:
        return divide(block.node, events, volumes, [1] * len(events), drawn)

    def _shared(self, node: Node, weights: Sequence[int], drawn: bytes) -> tuple[list[int], list[int]]:
        """Share the events and the volume of *node*: a trade has two units of volume at the least."""
        events = shares(node[4], weights)
        if not self.kind.has_sizes:
            return events, [0] * len(events)
        large = [count * (96 + byte) for count, byte in zip(events, drawn, strict=False)]
        more = shares(node[5] - 2 * node[4], large)
        return events, [2 * count + extra for count, extra in zip(events, more, strict=True)]


def _rush(part: Part, twice: int) -> int:
    """Give how busy a market is at half of *twice*: most when it opens and when it closes."""
    if not part.is_liquid or part.end - part.begin > _WIDE:
        return 100
    distance = 1000 * abs(twice - part.begin - part.end) // (part.end - part.begin)
    return 100 + 150 * distance * distance // 1_000_000
