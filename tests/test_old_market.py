"""Made-up prices: the same for the same seed, stock and time, on any machine, and bars that agree with ticks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.old_listings import LISTINGS, listing_of
from anytws.simulator.old_market import DAY, Range, draw, minutes, price, quote, seconds, span, traded

SECONDS = st.integers(-(10**9), 4 * 10**9)
STOCKS = st.sampled_from(LISTINGS)
AAPL = listing_of("AAPL")


def test_these_are_the_prices_of_the_first_seed() -> None:
    """Recorded here: a run that is replayed elsewhere, or after an update, has to be the same."""
    assert [draw(1), draw(1, 2), draw(2, 1)] == DRAWN
    assert [price(1, AAPL, 1_767_623_400 + second) for second in (0, 15, 45, 60, 86_400)] == PRICES


DRAWN = [12731220062641027255, 2251802574243483523, 6668289879637446282]
PRICES = [33022, 33028, 33016, 33060, 32602]


@given(STOCKS, SECONDS, st.integers(1, 500))
def test_a_range_is_that_of_its_prices(listing, begin, length):
    expected = seconds(3, listing, begin, begin + length)
    prices = [price(3, listing, begin + second) for second in range(length)]
    assert expected == Range(prices[0], max(prices), min(prices), prices[-1])
    assert span(3, listing, begin, begin + length) == expected


@given(STOCKS, SECONDS, st.integers(1, 5))
def test_whole_minutes_are_looked_up_without_their_seconds(listing, begin, length):
    begin = begin // 60 * 60
    assert minutes(3, listing, begin, begin + 60 * length) == seconds(3, listing, begin, begin + 60 * length)


@given(STOCKS, SECONDS, st.integers(0, 10**9))
def test_a_quote_is_in_order(listing, second, beat):
    now = quote(5, listing, second, beat)
    assert now.bid <= now.last <= now.ask == now.bid + listing.spread
    assert now.low <= now.last <= now.high
    assert now.low <= now.open <= now.high
    assert now.low > 0
    for size in (now.bid_size, now.ask_size, now.last_size):
        assert size > 0
        assert size % listing.lot == 0
    assert quote(5, listing, second, beat + 1).bid_size != now.bid_size
    assert now.close == price(5, listing, second // DAY * DAY - 1)


@given(STOCKS, SECONDS, st.integers(0, DAY), st.integers(0, DAY))
def test_volume_only_grows_and_adds_up(listing, begin, first, second):
    middle, end = begin + first, begin + first + second
    assert traded(listing, begin, middle) >= 0
    assert traded(listing, begin, middle) + traded(listing, middle, end) == traded(listing, begin, end)
