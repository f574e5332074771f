"""The ticks of the top of the book: which an instrument has, in which order they open, and what of them changed.

They are made without the id of a request, as rows: so those of one instrument are made once for all who read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.market_data import TickAttributes, TickGeneric, TickPrice, TickSize, TickString, TickType
from anytws.simulator.answers.figures import Figures, is_us_stock
from anytws.simulator.answers.historical_rates import yield_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.chance import draw
from anytws.simulator.market.words import Halt, Quote

Row: TypeAlias = tuple[Callable[..., ToClient], tuple[Any, ...]]
"""The class of a tick, and its fields from the tick type on."""

_NOTHING: Final = Decimal(0)
_NO_PRICE: Final = -1.0
_PLAIN: Final = TickAttributes(0)
_EXECUTABLE: Final = TickAttributes.CAN_AUTO_EXECUTE
_LETTERS: Final = "KPTVZU"
"""Recorded: letters of the exchanges at a bid; those at an ask were a part of them."""
_SECOND: Final = 1000
_T: Final = TickType
_YIELDS: Final = {_T.BID: _T.BID_YIELD, _T.ASK: _T.ASK_YIELD, _T.LAST: _T.LAST_YIELD}

AS_DELAYED: Final = {
    _T.BID: _T.DELAYED_BID,
    _T.ASK: _T.DELAYED_ASK,
    _T.LAST: _T.DELAYED_LAST,
    _T.BID_SIZE: _T.DELAYED_BID_SIZE,
    _T.ASK_SIZE: _T.DELAYED_ASK_SIZE,
    _T.LAST_SIZE: _T.DELAYED_LAST_SIZE,
    _T.HIGH: _T.DELAYED_HIGH,
    _T.LOW: _T.DELAYED_LOW,
    _T.VOLUME: _T.DELAYED_VOLUME,
    _T.CLOSE: _T.DELAYED_CLOSE,
    _T.OPEN: _T.DELAYED_OPEN,
    _T.LAST_TIMESTAMP: _T.DELAYED_LAST_TIMESTAMP,
    _T.HALTED: _T.DELAYED_HALTED,
    _T.BID_YIELD: _T.DELAYED_YIELD_BID,
    _T.ASK_YIELD: _T.DELAYED_YIELD_ASK,
    _T.BID_OPTION_COMPUTATION: _T.DELAYED_BID_OPTION,
    _T.ASK_OPTION_COMPUTATION: _T.DELAYED_ASK_OPTION,
    _T.LAST_OPTION_COMPUTATION: _T.DELAYED_LAST_OPTION,
    _T.MODEL_OPTION: _T.DELAYED_MODEL_OPTION,
}
"""Which type stands for which while data are delayed."""


@attrs.frozen
class Kinds:
    """Which ticks there are of a security type."""

    has_quotes: bool = True
    has_last: bool = True
    has_volume: bool = True
    has_range: bool = True
    """High and low of the day."""
    has_open: bool = True
    has_sizes: bool = True
    """Whether a trade has a size and a time: not that of an index."""
    has_yields: bool = False
    """Whether bid, ask and last have a yield: those of bonds."""
    has_empty_last: bool = False
    """The last price and the volume come once, with a size of 0: forex (recorded)."""


_USUAL: Final = Kinds()
_METAL: Final = Kinds(has_last=False, has_volume=False, has_open=False)
_OPTION: Final = Kinds(has_range=False, has_open=False)
_BOND: Final = Kinds(has_volume=False, has_range=False, has_open=False)
_KINDS: Final[dict[SecurityType | None, Kinds]] = {
    SecurityType.FOREX: attrs.evolve(_METAL, has_empty_last=True),
    SecurityType.COMMODITY: _METAL,
    SecurityType.CFD: _METAL,
    SecurityType.INDEX: Kinds(has_quotes=False, has_volume=False, has_sizes=False),
    SecurityType.BOND: attrs.evolve(_BOND, has_yields=True),
    SecurityType.BILL: attrs.evolve(_BOND, has_yields=True),
    SecurityType.FUND: attrs.evolve(_METAL, has_quotes=False, has_range=False),
    SecurityType.COMBO: _BOND,
    SecurityType.OPTION: _OPTION,
    SecurityType.FUTURES_OPTION: _OPTION,
}


def kinds_of(security_type: SecurityType | None) -> Kinds:
    """Give which ticks there are of *security_type*."""
    return _KINDS.get(security_type, _USUAL)


class TopTicks:
    """Makes the rows of one instrument, in one kind of units, live or delayed."""

    __slots__ = ("_before", "_delayed", "_figures", "_kinds", "_letters", "_now", "_rows")

    def __init__(self, figures: Figures, *, delayed: bool) -> None:
        self._figures = figures
        self._delayed = delayed
        self._kinds = kinds_of(figures.instrument.contract.security_type)
        self._letters = is_us_stock(figures.instrument) and not delayed
        self._before: Quote | None = None
        self._now: Quote | None = None
        self._rows: Sequence[Row] = ()

    @property
    def kinds(self) -> Kinds:
        """Which ticks the instrument has."""
        return self._kinds

    def opening(self, now: Quote) -> list[Row]:
        """Give the opening burst of a stream, in the order recorded; letters of exchanges follow in `letters`."""
        sided = [*self._bid(now), *self._ask(now)]
        if self._delayed:
            return [
                *(*sided, *self._last(now), *self._time(now), *self._range(now), *self._volume(now)),
                *(*self._close(now), *self._open(now), *self._halted(now)),
            ]
        sizes: list[Row] = []
        if now.bid is not None and now.ask is not None and sided:
            sizes = [self._size(_T.BID_SIZE, now.bid_size), self._size(_T.ASK_SIZE, now.ask_size)]
        last = self._last(now)
        if last and self._kinds.has_sizes:
            last.append(self._size(_T.LAST_SIZE, 0 if self._kinds.has_empty_last else now.last_size))
        return [
            *(*self._time(now), *last, *self._volume(now), *self._range(now), *self._close(now), *self._open(now)),
            *(*sided, *sizes, *self._halted(now)),
        ]

    def snapshot(self, now: Quote) -> list[Row]:
        """Give all that has a value once, in the order recorded of delayed ones, and reported of live ones."""
        sided: list[Row] = []
        if now.bid is not None:
            sided += self._bid(now)
        if now.ask is not None:
            sided += self._ask(now)
        if self._delayed:
            return [
                *(*self._last(now), *self._time(now), *self._range(now), *self._volume(now), *self._close(now)),
                *(*self._open(now), *sided, *self._halted(now)),
            ]
        return [
            *(*sided, *self._last(now), *self._volume(now), *self._range(now), *self._close(now), *self._open(now)),
            *(*(self.letters(now) if sided else ()), *self._time(now), *self._halted(now)),
        ]

    def changes(self, before: Quote, now: Quote) -> Sequence[Row]:
        """Give what is other *now* than it was *before*: the trade part, then the quote part."""
        # Streams of one instrument ask the same on one beat.
        if before is not self._before or now is not self._now:
            self._before, self._now = before, now
            self._rows = [*self._trade_changes(before, now), *self._quote_changes(before, now)]
        return self._rows

    def letters(self, now: Quote) -> list[Row]:
        """Give the letters of the exchanges at the best bid and ask: there are some of US stocks alone, and live."""
        if not self._letters or now.bid is None or now.ask is None:
            return []
        return [
            (TickString, (_T.BID_EXCH, self._letters_at(now.bid, 0))),
            (TickString, (_T.ASK_EXCH, self._letters_at(now.ask, 1))),
        ]

    # What changed

    def _trade_changes(self, before: Quote, now: Quote) -> Iterator[Row]:
        kinds = self._kinds
        if kinds.has_last and now.last is not None:
            price_changed = now.last != before.last
            size_changed = now.last_size != before.last_size
            if (price_changed or size_changed) and now.last_at // _SECOND != before.last_at // _SECOND:
                yield from self._time(now)
            if price_changed:
                yield from self._last(now)
            if size_changed and not (self._delayed and price_changed):
                yield self._size(_T.LAST_SIZE, now.last_size)
        if kinds.has_volume and now.volume != before.volume:
            yield from self._volume(now)
        yield from self._day_changes(before, now)

    def _day_changes(self, before: Quote, now: Quote) -> Iterator[Row]:
        if self._kinds.has_range:
            if now.high != before.high and now.high is not None:
                yield self._price(_T.HIGH, now.high)
            if now.low != before.low and now.low is not None:
                yield self._price(_T.LOW, now.low)
        if now.close != before.close:
            yield from self._close(now)
        if now.open != before.open:
            yield from self._open(now)
        if now.halt is not before.halt:
            yield self._halt(now)

    def _quote_changes(self, before: Quote, now: Quote) -> Iterator[Row]:
        if not self._kinds.has_quotes:
            return
        bid_changed, ask_changed = now.bid != before.bid, now.ask != before.ask
        if bid_changed:
            yield from self._bid(now)
        if ask_changed:
            yield from self._ask(now)
        # Of a delayed stream, sizes come on their own only where the price stayed (recorded).
        if now.bid is not None and now.bid_size != before.bid_size and not (self._delayed and bid_changed):
            yield self._size(_T.BID_SIZE, now.bid_size)
        if now.ask is not None and now.ask_size != before.ask_size and not (self._delayed and ask_changed):
            yield self._size(_T.ASK_SIZE, now.ask_size)
        if bid_changed or ask_changed:
            told = self.letters(before)
            yield from (row for row in self.letters(now) if row not in told)

    # Single ticks

    def _bid(self, now: Quote) -> list[Row]:
        return self._side(_T.BID, now.bid, now.bid_size)

    def _ask(self, now: Quote) -> list[Row]:
        return self._side(_T.ASK, now.ask, now.ask_size)

    def _side(self, tick_type: TickType, ticks: int | None, size: int) -> list[Row]:
        if not self._kinds.has_quotes:
            return []
        if ticks is None:
            said = AS_DELAYED[tick_type] if self._delayed else tick_type
            return [(TickPrice, (said, _NO_PRICE, _NOTHING, _PLAIN))]
        return [self._price(tick_type, ticks, size, _EXECUTABLE), *self._yield(tick_type, ticks)]

    def _last(self, now: Quote) -> list[Row]:
        if self._kinds.has_empty_last:
            ticks = _between(now)
            return [] if ticks is None else [self._price(_T.LAST, ticks)]
        if now.last is None or not self._kinds.has_last:
            return []
        return [self._price(_T.LAST, now.last, now.last_size), *self._yield(_T.LAST, now.last)]

    def _time(self, now: Quote) -> list[Row]:
        if self._kinds.has_empty_last:
            at = None if _between(now) is None else now.at
        else:
            has_time = self._kinds.has_last and self._kinds.has_sizes and now.last is not None
            at = now.last_at if has_time else None
        if at is None:
            return []
        said = _T.DELAYED_LAST_TIMESTAMP if self._delayed else _T.LAST_TIMESTAMP
        return [(TickString, (said, str(at // _SECOND)))]

    def _volume(self, now: Quote) -> list[Row]:
        if self._kinds.has_empty_last:
            return [] if _between(now) is None else [(TickSize, (_T.VOLUME, _NOTHING))]
        if not self._kinds.has_volume:
            return []
        said = _T.DELAYED_VOLUME if self._delayed else _T.VOLUME
        return [(TickSize, (said, self._figures.volume(now.volume)))]

    def _range(self, now: Quote) -> list[Row]:
        if not self._kinds.has_range:
            return []
        both = ((_T.HIGH, now.high), (_T.LOW, now.low))
        return [self._price(tick_type, ticks) for tick_type, ticks in both if ticks is not None]

    def _close(self, now: Quote) -> list[Row]:
        return [] if now.close is None else [self._price(_T.CLOSE, now.close)]

    def _open(self, now: Quote) -> list[Row]:
        return [] if now.open is None or not self._kinds.has_open else [self._price(_T.OPEN, now.open)]

    def _halted(self, now: Quote) -> list[Row]:
        return [] if now.halt is Halt.NONE else [self._halt(now)]

    def _halt(self, now: Quote) -> Row:
        said = _T.DELAYED_HALTED if self._delayed else _T.HALTED
        return TickGeneric, (said, float(now.halt.value))

    def _price(self, tick_type: TickType, ticks: int, size: int = 0, attributes: TickAttributes = _PLAIN) -> Row:
        # Recorded: prices without a size of their own carry zero, and delayed ones no attributes.
        price = self._figures.price(ticks)
        quantity = self._figures.size(size) if size else _NOTHING
        if self._delayed:
            return TickPrice, (AS_DELAYED[tick_type], price, quantity, _PLAIN)
        return TickPrice, (tick_type, price, quantity, attributes)

    def _yield(self, tick_type: TickType, ticks: int) -> list[Row]:
        if not self._kinds.has_yields or (self._delayed and tick_type is _T.LAST):
            return []
        said = AS_DELAYED[_YIELDS[tick_type]] if self._delayed else _YIELDS[tick_type]
        return [(TickPrice, (said, yield_of(self._figures.price(ticks)), _NOTHING, _PLAIN))]

    def _size(self, tick_type: TickType, size: int) -> Row:
        return TickSize, (AS_DELAYED[tick_type] if self._delayed else tick_type, self._figures.size(size))

    def _letters_at(self, ticks: int, side: int) -> str:
        drawn = draw(self._figures.instrument.contract_id, ticks, side)
        return "".join(letter for bit, letter in enumerate(_LETTERS) if drawn >> bit & 1) or _LETTERS[0]


def _between(now: Quote) -> int | None:
    """Give the price of a last trade that there was not: between bid and ask, else the close."""
    return now.close if now.bid is None or now.ask is None else (now.bid + now.ask) // 2


CARDS: Final = (
    Card(
        "market_data.opening_order",
        "The opening burst of a live stream is 45, 4, 5, 8, 6, 7, 9, 14, 1, 2, 0, 3, then the letters 32 and 33; of a "
        "delayed one 66, 67, 68, 88, 72, 73, 74, 75, 76. What has no value is left out.",
        Evidence.RECORDED,
        "gateway 10.40 captures of SPY, BMW, AAPL; Tokyo 7203 delayed; market_data.md section 1.1",
    ),
    Card(
        "market_data.size_in_price",
        "Bid, ask and last carry their size; all other prices carry 0. Bit 0 of the attributes stands on live bids and "
        "asks alone.",
        Evidence.RECORDED,
        "gateway 10.40 and ibkr-go captures; market_data.md section 1.2",
    ),
    Card(
        "market_data.changes",
        "A change comes as the trade part, then the quote part: a price with its size, and the size once more where it "
        "is another; a size alone where the price stayed; the time 45 before a trade of another second.",
        Evidence.RECORDED,
        "gateway 10.40 captures, nautilus_trader's 14,027 ticks; market_data.md section 3",
    ),
    Card(
        "market_data.no_quote",
        "Where there is neither bid nor ask, as outside of sessions, both are -1 with size 0.",
        Evidence.RECORDED,
        "recordings of 2020, overnight; ib_insync#471; market_data.md sections 1.2 and 3",
    ),
    Card(
        "market_data.by_security_type",
        "An index has no bid, ask, volume, size or time; forex has one empty last price and volume, no open; metals "
        "and index CFDs have bid, ask, high, low and close; bonds and combos bid, ask, last and close, bonds with "
        "yields (50 to 52); options no high, low or open; a fund its close, which is its net asset value.",
        Evidence.RECORDED,
        "ibkr-go (EUR.USD), ib_insync notebooks (SPX); the rest documented; market_data.md section 7",
    ),
    Card(
        "market_data.letters",
        "The letters of the exchanges at the bid and the ask come of US stocks alone, live, and again only when the "
        "price and they have changed. Their order is that of the bits of the map.",
        Evidence.RECORDED,
        "gateway 10.40 captures: KPTU, KPTVZU; market_data.md section 3",
        note="Which exchanges are at a price is drawn.",
    ),
    Card(
        "market_data.halted",
        "49 (delayed: 90) is not said at the start; 1 or 2 comes when trading is halted, 0 when it goes on, and who "
        "joins in a halt is told.",
        Evidence.REPORTED,
        "gateway 10.40 captures never have it for a stock that is traded; market_data.md section 3.1",
    ),
)
