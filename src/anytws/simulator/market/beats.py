"""A minute with all its beats: quotes and trades, and what there was up to each of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, TypeAlias

from anytws.simulator.market.kinds import Kind
from anytws.simulator.market.minute import Print, PrintRow, Shape, Traded, joined, prints
from anytws.simulator.market.skeleton import BEATS, Skeleton
from anytws.simulator.market.splitting import Node

# How much wider or narrower than usual the spread is for a moment.
_WIDTHS: Final = (-1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2)
_MOST_LOTS: Final = 12
_SIZES: Final = 9
_LARGE: Final = 240


class Quoted(NamedTuple):
    """A quote within a minute; sizes in lots."""

    beat: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int


QuoteRow: TypeAlias = tuple[int, int, int, int, int]
"""The same without names."""


class Minute:
    """What happens in a minute. What is in force when it begins is said by its first quote, at beat 0."""

    __slots__ = (
        "ask_sizes",
        "asks",
        "beats",
        "bid_sizes",
        "bids",
        "events",
        "highs",
        "lows",
        "prices",
        "sizes",
        "trade_beats",
        "volumes",
    )

    def __init__(self, quotes: Sequence[QuoteRow], trades: Sequence[PrintRow], others: Iterable[int] = ()) -> None:
        quoted: list[tuple[int, ...]] = list(zip(*quotes, strict=True))
        printed: list[tuple[int, ...]] = list(zip(*trades, strict=True)) or [(), (), ()]
        self.beats: tuple[int, ...]
        self.bids: tuple[int, ...]
        self.asks: tuple[int, ...]
        self.bid_sizes: tuple[int, ...]
        self.ask_sizes: tuple[int, ...]
        self.trade_beats: tuple[int, ...]
        self.prices: tuple[int, ...]
        self.sizes: tuple[int, ...]
        self.beats, self.bids, self.asks = quoted[:3]
        """At which there is a quote, in order: the first is 0. Of what has no quotes they are its level."""
        self.bid_sizes, self.ask_sizes = quoted[3:]
        """In lots."""
        self.trade_beats, self.prices, self.sizes = printed
        self.highs: list[int] = list(accumulate(self.prices, max))
        """The highest trade up to each; likewise the lowest, and the volume."""
        self.lows: list[int] = list(accumulate(self.prices, min))
        self.volumes: list[int] = list(accumulate(self.sizes))
        self.events: list[int] = sorted({*self.beats, *self.trade_beats, *others})
        """At which beats anything is new."""

    @property
    def trades(self) -> list[Print]:
        """Its trades, in order."""
        return list(map(Print, self.trade_beats, self.prices, self.sizes))

    def quotes(self) -> Iterator[Quoted]:
        """Give its quotes, in order."""
        return map(Quoted, self.beats, self.bids, self.asks, self.bid_sizes, self.ask_sizes)

    def quote_index(self, beat: int) -> int:
        """Give which quote is in force at *beat*; -1: none."""
        return bisect_right(self.beats, beat) - 1

    def trade_count(self, beat: int) -> int:
        """Give how many trades there are up to *beat*, those at it included."""
        return bisect_right(self.trade_beats, beat)

    def traded(self, begin: int, end: int) -> Traded | None:
        """Give the trades from beat *begin* up to *end* in one; None: there are none."""
        inside = slice(bisect_right(self.trade_beats, begin - 1), bisect_right(self.trade_beats, end - 1))
        return joined(self.prices[inside], self.sizes[inside])

    def quoted(self, begin: int, end: int) -> slice:
        """Give which quotes were in force from beat *begin* up to *end*."""
        return slice(max(0, self.quote_index(begin)), bisect_right(self.beats, end - 1))


def asks_of(path: Skeleton, node: Node, spread: int, widths: bytes) -> list[int]:
    """Give the ask at each beat of *path*: as the bid and the spread are, for the most part.

    It is never beyond the highest bid and spread, nor below the lowest: so what the asks did is known from the bids.
    """
    least, most = node[2] + spread, node[1] + spread
    count = len(path.beats)
    asks = []
    for number, bid in enumerate(path.values):
        ask = bid + spread + _WIDTHS[widths[number] & 15]
        asks.append(min(max(ask, least, bid + 1), most))
    exempt = range(count) if count < 4 else (0, path.top, path.bottom, count - 1)
    for number in exempt:
        asks[number] = path.values[number] + spread
    return asks


def expand(node: Node, shape: Shape, path: Skeleton, kind: Kind, quiet: int, stir: bytes) -> Minute:
    """Give a minute with all its beats, in steps; *quiet*: so many quotes more change in size alone.

    *stir*: three bytes for each beat of a minute.
    """
    spread = shape.spread
    widths, lots, sides = stir[:BEATS], stir[BEATS : 2 * BEATS], stir[2 * BEATS :]
    if shape.level is None and spread:
        asks = asks_of(path, node, spread, widths)
    else:
        asks = [value + spread for value in path.values]
    trades = prints(node, shape, path, asks, sides) if kind.has_trades else ()
    changes: dict[int, tuple[int, int] | None] = dict.fromkeys([byte % BEATS for byte in sides[:quiet]])
    changes[0] = node[0], node[0] + spread
    changes.update(zip(path.beats, zip(path.values, asks, strict=True), strict=True))
    now = node[0], node[0] + spread
    quotes: list[QuoteRow] = []
    for beat in sorted(changes):
        now = changes[beat] or now
        byte = lots[beat]
        bid_size = 1 + byte % _SIZES + (_MOST_LOTS if byte > _LARGE else 0)
        quotes.append((beat, *now, bid_size, 1 + widths[beat] % _SIZES))
    return Minute(quotes, trades)
