"""Prices and sizes that are made up: what each is follows from the seed, the stock and the time alone.

They mean nothing: no trend, no news, nobody else's orders, and the market never closes. A day's level is drawn, then
the hours' around it, then the minutes' around these; within a minute the price goes up and down once. So bars and
ticks agree, and what a time costs to look up does not depend on what was looked up before.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from itertools import accumulate
from typing import Final

import attrs

from anytws.simulator.old_listings import Listing

MINUTE: Final = 60
DAY: Final = 86_400

_MASK: Final = 2**64 - 1
_ODD: Final = 0x9E3779B97F4A7C15
_HOUR: Final = 3600
# In parts of the price: how far levels lie from the one above them, at the most.
_DAY_SWING, _HOUR_SWING, _MINUTE_SWING, _SECOND_SWING = 50, 300, 1500, 5000
_QUARTER: Final = 15
# Where a price is in each second of a minute: up for a quarter of it, down for two, and up again.
_PATH: Final = (
    *range(_QUARTER + 1),
    *range(_QUARTER - 1, -_QUARTER - 1, -1),
    *range(1 - _QUARTER, 0),
)
_HIGHEST: Final = tuple(accumulate(_PATH, max))
_LOWEST: Final = tuple(accumulate(_PATH, min))


def draw(*keys: int) -> int:
    """Give a number of 64 bits that looks random, and is always the same for the same *keys*."""
    state = _ODD
    for key in keys:
        state = (state ^ (key & _MASK)) * _ODD & _MASK
        state ^= state >> 29
        state = state * _ODD & _MASK
        state ^= state >> 32
    return state


@attrs.frozen
class Range:
    """What prices did from one time to another, in hundredths."""

    open: int
    high: int
    low: int
    close: int


@attrs.frozen(kw_only=True)
class Quote:
    """All that there is to say of a stock at one time. Prices are in hundredths, sizes in shares."""

    second: int
    """When it was last traded, in seconds since 1970."""
    last: int
    last_size: int
    volume: int
    high: int
    low: int
    close: int
    open: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


def price(seed: int, listing: Listing, second: int) -> int:
    """Give the price of *listing* at *second* since 1970, in hundredths."""
    return _level(seed, listing, second // MINUTE) + _moved(listing, _PATH[second % MINUTE])


def minutes(seed: int, listing: Listing, begin: int, end: int) -> Range:
    """Give what prices did in the whole minutes from *begin* up to *end*, in seconds since 1970."""
    levels = [_level(seed, listing, minute) for minute in range(begin // MINUTE, end // MINUTE)]
    swing = _swing(listing)
    return Range(price(seed, listing, begin), max(levels) + swing, min(levels) - swing, price(seed, listing, end - 1))


def seconds(seed: int, listing: Listing, begin: int, end: int) -> Range:
    """Give what prices did from *begin* up to *end*, in seconds since 1970 that lie close to each other."""
    prices = [price(seed, listing, second) for second in range(begin, end)]
    return Range(prices[0], max(prices), min(prices), prices[-1])


def span(seed: int, listing: Listing, begin: int, end: int) -> Range:
    """Give what prices did from *begin* up to *end*, in seconds since 1970. Cheap where *begin* is a whole minute."""
    whole = end // MINUTE * MINUTE
    if begin % MINUTE or whole <= begin:
        return seconds(seed, listing, begin, end)
    past = minutes(seed, listing, begin, whole)
    return past if whole == end else _joined(past, seconds(seed, listing, whole, end))


def traded(listing: Listing, begin: int, end: int) -> int:
    """Give how many shares were traded from *begin* up to *end*, in seconds since 1970."""
    return _traded_by(listing, end) - _traded_by(listing, begin)


def quote(seed: int, listing: Listing, second: int, beat: int) -> Quote:
    """Give what there is to say at *second* since 1970; what changes within it does so with *beat*."""
    number, lot = listing.contract_id, listing.lot
    last = price(seed, listing, second)
    bid = last - draw(seed, number, second, 1) % (listing.spread + 1)
    today = second // DAY * DAY
    day = _day_so_far(seed, listing, second)
    return Quote(
        second=second,
        last=last,
        last_size=lot * (1 + draw(seed, number, second, 2) % 8),
        volume=_traded_by(listing, second + 1) - _traded_by(listing, today),
        high=day.high,
        low=day.low,
        close=price(seed, listing, today - 1),
        open=day.open,
        bid=bid,
        # Odd and even by turns: there is something new at each beat.
        bid_size=lot * (1 + 2 * (draw(seed, number, beat, 3) % 10) + beat % 2),
        ask=bid + listing.spread,
        ask_size=lot * (1 + draw(seed, number, beat // 2, 4) % 20),
    )


def money(hundredths: int) -> float:
    """Give *hundredths* as a price."""
    return hundredths / 100


def amount(hundredths: Decimal) -> str:
    """Give *hundredths* as an account's values are written: two decimals."""
    return f"{hundredths / 100:.2f}"


def _swing(listing: Listing) -> int:
    return max(listing.price // _SECOND_SWING, 1)


def _moved(listing: Listing, distance: int) -> int:
    return _swing(listing) * distance // _QUARTER


@functools.lru_cache(maxsize=256)
def _hour_level(seed: int, listing: Listing, hour: int) -> int:
    number, price_ = listing.contract_id, listing.price
    of_day = _within(price_ // _DAY_SWING, draw(seed, number, hour * _HOUR // DAY, 5))
    return price_ + of_day + _within(price_ // _HOUR_SWING, draw(seed, number, hour, 6))


def _level(seed: int, listing: Listing, minute: int) -> int:
    drawn = draw(seed, listing.contract_id, minute, 7)
    return _hour_level(seed, listing, minute * MINUTE // _HOUR) + _within(listing.price // _MINUTE_SWING, drawn)


def _within(most: int, drawn: int) -> int:
    return drawn % (2 * most + 1) - most


def _traded_by(listing: Listing, second: int) -> int:
    # In whole lots, and never fewer than a moment before.
    return second * listing.day_volume // DAY // listing.lot * listing.lot


@functools.lru_cache(maxsize=64)
def _whole_minutes(seed: int, listing: Listing, begin: int, end: int) -> Range:
    return minutes(seed, listing, begin, end)


def _day_so_far(seed: int, listing: Listing, second: int) -> Range:
    today, minute, step = second // DAY * DAY, second // MINUTE * MINUTE, second % MINUTE
    level = _level(seed, listing, second // MINUTE)
    path = (0, _HIGHEST[step], _LOWEST[step], _PATH[step])
    now = Range(*[level + _moved(listing, distance) for distance in path])
    if minute == today:
        return now
    return _joined(_whole_minutes(seed, listing, today, minute), now)


def _joined(first: Range, then: Range) -> Range:
    return Range(first.open, max(first.high, then.high), min(first.low, then.low), then.close)
