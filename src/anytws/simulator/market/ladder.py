"""The book behind a quote: so many rows at each side, the best as the quote has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from anytws.simulator.chance import draw
from anytws.simulator.market.venues import venues_of
from anytws.simulator.market.words import Book, Level, Quote
from anytws.simulator.universe.instrument import Instrument

SMART: Final = "SMART"
"""The venue that stands for all of them."""

MOST_VENUES: Final = 8
"""So many exchanges have something in a book of all of them."""

_BOOK: Final = 31
_LONG: Final = 16
_SIZES: Final = 12
_SIDES: Final = (-1, 1)


def book_of(instrument: Instrument, seed: int, quote: Quote, rows: int, venue: str, step: int, turn: int) -> Book:
    """Give the best *rows* of each side of *venue*; nothing where there is no quote. *step*: of prices, in ticks.

    *turn*: a number that goes up when anything is new; sizes behind the best change with it, each row at another time.
    """
    if quote.bid is None or quote.ask is None or rows < 1:
        return Book((), ())
    sides = []
    for side, best, size in zip(_SIDES, (quote.bid, quote.ask), (quote.bid_size, quote.ask_size), strict=True):
        keys = (seed, instrument.contract_id, _BOOK, side + 1)
        if venue == SMART:
            sides.append(_merged(instrument, keys, turn, side, best, size, rows, step))
        else:
            sides.append(tuple(_single(instrument, keys, turn, side, best, size, rows, step)))
    return Book(*sides)


def _single(
    instrument: Instrument, keys: tuple[int, ...], turn: int, side: int, best: int, size: int, rows: int, step: int
) -> Iterator[Level]:
    """Give the rows of one exchange, one price each."""
    for row in range(rows):
        price = best + side * row * step
        if price < 1 <= best:
            return
        yield Level(price, size if row == 0 else _size(instrument, keys, turn, price, 0), "")


def _merged(
    instrument: Instrument, keys: tuple[int, ...], turn: int, side: int, best: int, size: int, rows: int, step: int
) -> tuple[Level, ...]:
    """Give the rows of all exchanges, by price and then by name. Those at the best price have its size together."""
    venues = sorted(venues_of(instrument)[:MOST_VENUES])
    lots = size // instrument.lot
    levels: list[Level] = []
    row = 0
    while len(levels) < rows:
        price = best + side * row * step
        if price < 1 <= best:
            break
        here = [venue for number, venue in enumerate(venues) if draw(*keys, price, number, 1) % 3] or venues[:1]
        if row == 0:
            here = here[: max(1, lots)]
            shares = [lots * (number + 1) // len(here) - lots * number // len(here) for number in range(len(here))]
            levels += [Level(price, share * instrument.lot, venue) for share, venue in zip(shares, here, strict=True)]
        else:
            levels += [
                Level(price, _size(instrument, keys, turn, price, number + 1), venue)
                for number, venue in enumerate(here)
            ]
        row += 1
    return tuple(levels[:rows])


def _size(instrument: Instrument, keys: tuple[int, ...], turn: int, price: int, number: int) -> int:
    """Give the size of a row: it stays for a while."""
    begin = draw(*keys, price, number) % _LONG
    return instrument.lot * (1 + draw(*keys, price, number, (turn + begin) // _LONG) % _SIZES)
