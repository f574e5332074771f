"""The part of `anytws demo` about the market: quotes, bars and a book, each compared with the simulated market."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

import anyio
import attrs

from anytws import Tws
from anytws.cli.output import Output, counted
from anytws.cli.quote_rows import MODES, amount_text, price_text
from anytws.machines.bars import Bar
from anytws.machines.book import Book
from anytws.machines.quotes import Quote
from anytws.messages.instruments import Stock
from anytws.simulator import World
from anytws.simulator.market.words import BidAsk, Source
from anytws.simulator.market.words import Quote as MarketQuote
from anytws.simulator.universe.instrument import Instrument

SYMBOL: Final = "AAPL"
_QUOTES: Final = 5
_ROWS: Final = 3
_MOST_BOOKS: Final = 50
"""Books that may be looked at until one is that of one instant: TWS sends a change of it row by row."""
_BARS_SHOWN: Final = 3
_HOUR: Final = 3600
_PATIENCE: Final = 20.0
_MILLISECOND: Final = timedelta(milliseconds=1)

TellFact: TypeAlias = Callable[[str, str], Awaitable[None]]
Expect: TypeAlias = Callable[[bool, str], None]


@attrs.frozen
class MarketShow:
    """Three chapters. *expect* is told what should have been and was not."""

    output: Output
    world: World
    tell_fact: TellFact
    expect: Expect

    async def perform(self, tws: Tws) -> None:
        """Show them."""
        instrument = self.world.universe.by_symbol(SYMBOL)
        with anyio.move_on_after(_PATIENCE) as scope:
            await self._tell_quotes(tws, instrument)
            await self._tell_bars(tws, instrument)
            await self._tell_book(tws, instrument)
        self.expect(not scope.cancelled_caught, f"market data did not come within {_PATIENCE:g} s")

    async def _tell_quotes(self, tws: Tws, instrument: Instrument) -> None:
        self.output.title(f"Quotes of {SYMBOL}")
        begin = self.world.ms()
        shown = 0
        async with tws.market_data.quotes(Stock(SYMBOL)) as quotes:
            async for quote in quotes:
                if quote.bid is None or quote.ask is None:
                    continue
                mode = "" if quote.mode is None else f", {MODES[quote.mode]}"
                sides = f"{_size(quote.bid_size)} at {price_text(quote.bid)} to {price_text(quote.ask)}"
                last = f", last {price_text(quote.last)}"
                await self.tell_fact("quote" if not shown else "", f"{sides} for {_size(quote.ask_size)}{last}{mode}")
                self.expect(self._is_of_market(quote, instrument, begin), "a quote is not one of the market's")
                shown += 1
                if shown == _QUOTES:
                    break

    def _is_of_market(self, quote: Quote, instrument: Instrument, begin: int) -> bool:
        """Tell whether bid and ask stood there together, from *begin* until now."""
        market = self.world.market
        there: list[MarketQuote | BidAsk] = [
            market.quote(instrument, begin),
            *market.quotes(instrument, begin, self.world.ms() + 1),
        ]
        return any(
            _price(instrument, each.bid) == quote.bid and _price(instrument, each.ask) == quote.ask for each in there
        )

    async def _tell_bars(self, tws: Tws, instrument: Instrument) -> None:
        bars = await tws.historical.bars(Stock(SYMBOL), "2 D", "1 hour")
        over = [bar for bar in bars if bar.is_over]
        self.output.title(f"Bars of an hour of {SYMBOL}, with times in UTC")
        for number, bar in enumerate(over[-_BARS_SHOWN:]):
            prices = f"{price_text(bar.open)} to {price_text(bar.close)}, {price_text(bar.low)}..{price_text(bar.high)}"
            text = f"{bar.begin:%m-%d %H:%M}  {prices}, vol {amount_text(bar.volume)}"
            await self.tell_fact(f"the last of {len(over)}" if not number else "", text)
        self.expect(bool(over), "there are no bars")
        self.expect(
            over == [] or _facts(over) == self._bars_of_market(over, instrument), "the bars are not the market's"
        )

    def _bars_of_market(self, over: list[Bar], instrument: Instrument) -> list[object]:
        first, last = over[0].begin, over[-1].end
        if first is None or last is None:
            return []
        span = self._ms(first), self._ms(last)
        return [
            (
                bar.begin,
                *[float(instrument.price_of(1) * half / 2) for half in (bar.open, bar.high, bar.low, bar.close)],
            )
            for bar in self.world.market.bars(instrument, *span, _HOUR, Source.TRADES, True)
        ]

    def _ms(self, moment: datetime) -> int:
        return (moment - _EPOCH) // _MILLISECOND

    async def _tell_book(self, tws: Tws, instrument: Instrument) -> None:
        self.output.title(f"The book of {SYMBOL}, of all exchanges together")
        begin = self.world.ms()
        seen: Book | None = None
        async with tws.market_data.depth(Stock(SYMBOL), _ROWS) as books:
            for _ in range(_MOST_BOOKS):
                book = await anext(books)
                if len(book.bids) == len(book.asks) == _ROWS and self._is_book_of_market(book, instrument, begin):
                    seen = book
                    break
        self.expect(seen is not None, "no book is one of the market's")
        if seen is None:
            return
        for bid, ask in zip(seen.bids, seen.asks, strict=True):
            left = f"{bid.market_maker:>8} {_size(bid.size):>6} at {price_text(bid.price):<8}"
            await self.tell_fact("", f"{left}  {price_text(ask.price):<8} for {_size(ask.size):>6} {ask.market_maker}")
        self.output.fact("", counted(2 * _ROWS, "row") + ", as they are in the market")

    def _is_book_of_market(self, book: Book, instrument: Instrument, begin: int) -> bool:
        market, end = self.world.market, self.world.ms()
        at = begin
        while at <= end:
            there = market.book(instrument, at, _ROWS)
            sides = zip((there.bids, there.asks), (book.bids, book.asks), strict=True)
            if all(
                [_price(instrument, level.price) for level in levels] == [row.price for row in rows]
                for levels, rows in sides
            ):
                return True
            at = market.next_change(instrument, at)
        return False


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _facts(bars: Iterable[Bar]) -> list[object]:
    return [((bar.begin - _EPOCH) // _MILLISECOND, bar.open, bar.high, bar.low, bar.close) for bar in bars if bar.begin]


def _price(instrument: Instrument, ticks: int | None) -> float | None:
    return None if ticks is None else float(instrument.price_of(ticks))


def _size(size: Decimal | None) -> str:
    return amount_text(size) or "?"
