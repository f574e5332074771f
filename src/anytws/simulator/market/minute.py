"""What is traded and quoted within a minute, and its sum: known without looking at the beats, and equal to theirs.

The average price is the hard one: the sum knows nothing of the path. So it is drawn for the minute, and the sizes at
the high and at the low are such that it comes out: more was traded at the high, or more at the low.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from anytws.simulator.market.skeleton import FULL, Skeleton, visits
from anytws.simulator.market.splitting import Node, shares

# One print between the low and the rest settles the average.
_SETTLING: Final = FULL + 1
_BURST: Final = 8
_BITS: Final = 61
_INSIDE: Final = 32
_PLACE: Final = itemgetter(0)
# Eight bytes are enough for many sizes, if each round turns them into others.
_ROUND: Final = 251
# The twelfth power: of ten trades eight are far below the average (recorded: odd lots).
_RARE: Final = tuple(1 + (byte**12 >> 80) for byte in range(256))
# In 256ths: how much of the volume is not traded at the extremes.
_FILLERS: Final = 96


class Traded(NamedTuple):
    """The trades of a time in one: prices in steps, ``value`` is the sum of price × size."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int
    trades: int


class Print(NamedTuple):
    """A trade within a minute."""

    beat: int
    price: int
    size: int


PrintRow: TypeAlias = tuple[int, int, int]
"""The same without names: a minute may have thousands."""


class Plan(NamedTuple):
    """What is decided of the trades of a minute before its beats are looked at."""

    first: int
    """What the first trade is above the bid: nothing, or the spread."""
    last: int
    fillers: int
    """The volume of the trades that are not at the extremes."""
    value: int
    """The sum of price × size above the low."""


class Shape(NamedTuple):
    """What a minute's trades are made from, besides its path."""

    spread: int
    """In steps; 0: bid and ask are not known apart."""
    has_sizes: bool
    is_led: bool
    """Whether another instrument leads it, and its path has four beats at least, however few its trades are."""
    level: int | None
    """At what price alone it is traded; None: where its path is."""
    seed: bytes
    """Eight bytes of noise of this minute."""

    @property
    def is_high_first(self) -> bool:
        """Whether its high comes before its low."""
        return bool(self.seed[0] & 4)


def plan(node: Node, shape: Shape) -> Plan | None:
    """Give what is decided of the trades; None: they are few or small, and each has its place."""
    _, high, low, _, count, volume = node
    spread, seed = shape.spread, shape.seed
    first = spread if seed[0] & 1 else 0
    last = spread if seed[0] & 2 else 0
    if count < _SETTLING:
        return None
    if not shape.has_sizes:
        return Plan(first, last, 0, 0)
    bursts = max(1, count // _BURST)
    fillers = max(count - 2 * bursts - 1, volume * _FILLERS >> 8)
    width = high + spread - low
    least, most = (fillers + bursts) * width, (volume - fillers - width - bursts) * width
    if least > most or not spread:
        return None
    part = int.from_bytes(seed[1:4], "little")
    return Plan(first, last, fillers, least + ((most - least) * part >> 24))


def traded(node: Node, shape: Shape) -> Traded:
    """Give the trades of a minute, which has some, in one, without a look at its path."""
    open_, high, low, close, count, volume = node
    if shape.level is not None:
        level = shape.level
        return Traded(level, level, level, level, volume, level * volume, count)
    made = plan(node, shape)
    if made is not None:
        value = low * volume + made.value if shape.has_sizes else 0
        return Traded(open_ + made.first, high + shape.spread, low, close + made.last, volume, value, count)
    prices = _few_prices(node, shape)
    sizes = _sizes(volume, count, shape.seed) if shape.has_sizes else (0,) * count
    value = sum([price * size for price, size in zip(prices, sizes, strict=True)])
    return Traded(prices[0], max(prices), min(prices), prices[-1], volume, value, count)


def _few_prices(node: Node, shape: Shape) -> Sequence[int]:
    """Give the prices of trades that are few, or small: see `_few_places` for where they are."""
    open_, high, low, close, count, _ = node
    seed, spread = shape.seed, shape.spread
    first, last = spread if seed[0] & 1 else 0, spread if seed[0] & 2 else 0
    if count < FULL and not shape.is_led:
        return [
            value + (last if number & 1 else first) for number, value in enumerate(visits(node, shape.is_high_first))
        ]
    inner = [high + spread, low, *_more(shape, count, high + spread, low)]
    return [*[open_ + first][: count // 3], *inner[: max(0, count - 2) or count // 2], close + last]


def _more(shape: Shape, count: int, high: int, low: int) -> Sequence[int]:
    """Give those of more than four trades that are neither first nor last: at the extremes, whose prices are known."""
    bits = int.from_bytes(shape.seed, "little") >> 3
    return [high if bits >> number % _BITS & 1 else low for number in range(count - FULL)]


def _sizes(total: int, count: int, seed: bytes) -> Sequence[int]:
    """Give *count* sizes that are *total* together: many small ones, few large ones."""
    few = len(seed)
    weights = [_RARE[seed[number % few] ^ number % _ROUND] for number in range(count)]
    return [1 + share for share in shares(total - count, weights)]


def prints(node: Node, shape: Shape, path: Skeleton, asks: Sequence[int], noise: bytes) -> list[PrintRow]:
    """Give the trades of a minute; *asks*: at each beat of *path*; *noise*: a byte for each trade, or more."""
    count, volume = node[4], node[5]
    if not count:
        return []
    if shape.level is not None:
        sizes = _sizes(volume, count, noise) if shape.has_sizes else (0,) * count
        last = len(path.beats)
        return [(path.beats[number * last // count], shape.level, size) for number, size in enumerate(sizes)]
    made = plan(node, shape)
    if made is None:
        sizes = _sizes(volume, count, shape.seed) if shape.has_sizes else (0,) * count
        few = zip(_few_places(node, shape, path), _few_prices(node, shape), sizes, strict=True)
        return [(path.beats[where], price, size) for where, price, size in sorted(few, key=_PLACE)]
    bursts = max(1, count // _BURST) if shape.has_sizes else 1
    fillers = _fillers(node, shape, path, asks, noise, count - 2 * bursts - shape.has_sizes)
    sizes = _sizes(made.fillers, len(fillers), noise) if shape.has_sizes else [0] * len(fillers)
    filled = [(where, price, size) for (where, price), size in zip(fillers, sizes, strict=True)]
    extremes = _extremes(node, shape, path, made, filled, bursts)
    beats = path.beats
    return [(beats[where], price, size) for where, price, size in sorted(filled + extremes, key=_PLACE)]


def _few_places(node: Node, shape: Shape, path: Skeleton) -> Sequence[int]:
    count, last = node[4], len(path.beats) - 1
    if count < FULL and not shape.is_led:
        return range(count)
    inner = [path.top, path.bottom, *_more(shape, count, path.top, path.bottom)]
    return [*[0][: count // 3], *inner[: max(0, count - 2) or count // 2], last]


def _fillers(
    node: Node, shape: Shape, path: Skeleton, asks: Sequence[int], noise: bytes, count: int
) -> list[tuple[int, int]]:
    """Give the places and prices of the trades that are not at the extremes, the first and the last among them."""
    last = len(path.beats) - 1
    places = [where for where in range(last + 1) if where not in (path.top, path.bottom)]
    per_place = shares(count - 2, [1] * len(places))
    per_place[0] += 1
    per_place[-1] += 1
    fillers: list[tuple[int, int]] = []
    for where, trades in zip(places, per_place, strict=True):
        bid, ask = path.values[where], asks[where]
        # One in eight is inside the spread, if there is room.
        middle = (ask + bid) // 2
        begin = len(fillers) % len(noise)
        drawn = noise[begin : begin + trades]
        drawn += noise[: trades - len(drawn)]
        fillers += [(where, middle if byte < _INSIDE else ask if byte & 1 else bid) for byte in drawn]
    seed, spread = shape.seed, shape.spread
    fillers[0] = (0, node[0] + (spread if seed[0] & 1 else 0))
    fillers[-1] = (last, node[3] + (spread if seed[0] & 2 else 0))
    return fillers


def _extremes(
    node: Node,
    shape: Shape,
    path: Skeleton,
    made: Plan,
    filled: Sequence[tuple[int, int, int]],
    bursts: int,
) -> list[tuple[int, int, int]]:
    """Give the trades at the high and at the low, with the sizes that the average wants."""
    low, top = node[2], node[1] + shape.spread
    if not shape.has_sizes:
        return [(path.top, top, 0), (path.bottom, low, 0)]
    rest = made.value - sum([(price - low) * size for _, price, size in filled])
    at_top, settled = divmod(rest, top - low)
    at_low = node[5] - made.fillers - at_top - (settled or 1)
    settling = (path.bottom, low + 1, settled) if settled else (path.bottom, low, 1)
    return [
        *((path.top, top, size) for size in _sizes(at_top, bursts, shape.seed)),
        settling,
        *((path.bottom, low, size) for size in _sizes(at_low, bursts, shape.seed)),
    ]


def joined(prices: Sequence[int], sizes: Sequence[int]) -> Traded | None:
    """Give trades in one; None: there are none."""
    if not prices:
        return None
    value = sum([price * size for price, size in zip(prices, sizes, strict=True)])
    return Traded(prices[0], max(prices), min(prices), prices[-1], sum(sizes), value, len(prices))
