"""What the market says: quotes, trades, bars and books, in whole numbers.

Times are in milliseconds since 1970, prices in `Instrument.tick`, sizes in `Instrument.size_unit`. The market moves in
beats of 250 ms (recorded: the grid on which a real TWS tells of changes); within a beat nothing changes.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

import attrs

BEAT: Final = 250
"""Milliseconds from one beat to the next."""


@unique
class Halt(Enum):
    """Why nothing is traded: the value of tick 49."""

    NONE = 0
    GENERAL = 1
    VOLATILITY = 2


@unique
class Source(Enum):
    """What bars are made of."""

    TRADES = "TRADES"
    BID = "BID"
    ASK = "ASK"
    MIDPOINT = "MIDPOINT"
    BID_ASK = "BID_ASK"


@attrs.frozen(kw_only=True)
class Quote:
    """All that there is to say of an instrument at one time; None: there is no such thing now."""

    at: int
    bid: int | None
    """None while the market is closed or halted, and of what has no quotes."""
    bid_size: int
    ask: int | None
    ask_size: int
    last: int | None
    """The newest trade of all, be it of an earlier session."""
    last_size: int
    last_at: int
    """When that was."""
    volume: int
    """Traded in this trading day so far."""
    open: int | None
    """Of this trading day so far; of stocks of its regular hours. Of what has no trades high and low are of the bid."""
    high: int | None
    low: int | None
    close: int | None
    """Of the trading day before, of its regular hours."""
    halt: Halt
    is_open: bool
    """Whether a session is on."""


@attrs.frozen
class Trade:
    """One trade."""

    at: int
    price: int
    size: int
    exchange: str
    conditions: str
    """Four characters, or none: see historical ticks."""
    is_unreported: bool
    """An odd lot, say."""


@attrs.frozen
class BidAsk:
    """A quote that holds from ``at`` on until the next."""

    at: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


@attrs.frozen
class Bar:
    """What happened in a time. Prices are in *halves* of a tick, for a midpoint may lie between two."""

    begin: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    """-1 where there is none (quotes)."""
    average: int
    """The volume-weighted average price in thousandths of a tick; -1 where there is none."""
    count: int
    """How many trades; -1 where there are none."""


@attrs.frozen
class Reach:
    """How far prices went in a time, in ticks; None: there was no such price."""

    lowest_ask: int | None
    highest_bid: int | None
    lowest_trade: int | None
    highest_trade: int | None


@attrs.frozen
class Level:
    """One row of a book."""

    price: int
    size: int
    venue: str
    """The exchange, or the market maker; empty where the book does not say."""


@attrs.frozen
class Book:
    """Both sides, the best first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
