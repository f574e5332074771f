"""The book as a client keeps it: `anytws.machines.book`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import Dropped, Notice, OddValue, Reset
from anytws.core.codes import CodeKind
from anytws.machines.book import MOST_ROWS, Book, Booking, BookRow
from anytws.machines.quoting import MOST_NOTICES
from anytws.messages import (
    ErrorMessage,
    MarketDepth,
    MarketDepthData,
    MarketDepthL2,
    MarketDepthOperation,
    MarketDepthRequest,
    MarketDepthSide,
    RerouteMarketDepthRequest,
    Stock,
)
from anytws.simulator.answers import depth
from anytws.simulator.market.words import BEAT
from tests.test_answers import ENCODINGS
from tests.test_answers_market_data import client_at, instrument_of

BID, ASK = MarketDepthSide.BID, MarketDepthSide.ASK
INSERT, UPDATE, DELETE = MarketDepthOperation.INSERT, MarketDepthOperation.UPDATE, MarketDepthOperation.DELETE
RESET: Final = Reset(ErrorMessage(9, 317, "Market depth data has been RESET."))


def said(
    position: Any, operation: Any, price: float | None = 0.0, size: int | None = 0, side: Any = BID, maker: str = ""
) -> MarketDepth | MarketDepthL2:
    row = MarketDepthData(position, operation, side, price, None if size is None else Decimal(size), maker)
    return MarketDepthL2(9, row) if maker else MarketDepth(9, row)


def book_of(*items: Any, rows: int = 5) -> Book:
    booking = Booking(rows)
    booking.fold(items)
    book = booking.take()
    assert book is not None
    return book


def prices(rows: tuple[BookRow, ...]) -> list[float]:
    return [row.price for row in rows]


def test_rows_come_change_and_go() -> None:
    book = book_of(
        said(0, INSERT, 10, 1), said(1, INSERT, 9, 2), said(0, INSERT, 11, 3), said(2, UPDATE, 8.5, 4),
        said(1, DELETE), said(0, INSERT, 12, 5, ASK, "IEX"),
    )  # fmt: skip
    assert book == Book(
        (BookRow(11, Decimal(3)), BookRow(8.5, Decimal(4))), (BookRow(12, Decimal(5), "IEX"),), is_consistent=True
    )
    assert (book.best_bid, book.best_ask) == (book.bids[0], book.asks[0])
    assert Book().best_bid is Book().best_ask is None


def test_a_book_is_given_when_something_has_come() -> None:
    booking = Booking(5, clock=lambda: 1.5)
    assert booking.take() is None
    booking.fold([said(0, INSERT, 10, 1)])
    assert booking.is_due
    book = booking.take()
    assert book is not None
    assert book.received_at is not None
    assert book.received_at.timestamp() == 1.5
    assert booking.take() is None


def test_a_row_beyond_the_end_leaves_unknown_ones() -> None:
    booking = Booking(5)
    booking.fold([said(0, INSERT, 10, 1), said(2, INSERT, 8, 1)])
    book = booking.take()
    assert book is not None
    assert (prices(book.bids), book.is_consistent) == ([10, 8], False)
    booking.fold([said(1, UPDATE, 9, 1)])
    book = booking.take()
    assert book is not None
    assert (prices(book.bids), book.is_consistent) == ([10, 9, 8], True)


def test_an_update_of_the_first_row_that_is_not_there_is_that_row() -> None:
    book = book_of(said(0, UPDATE, 10, 1), said(1, UPDATE, 9, 1))
    assert (prices(book.bids), book.is_consistent) == ([10, 9], True)


def test_what_goes_and_is_not_there_changes_nothing() -> None:
    book = book_of(said(0, INSERT, 10, 1), said(1, DELETE), said(4, DELETE), said(0, DELETE, side=ASK))
    assert (prices(book.bids), book.asks, book.is_consistent) == ([10], (), True)


@pytest.mark.parametrize("is_deleted_first", [False, True])
def test_the_row_that_is_pushed_out_is_gone(is_deleted_first: bool) -> None:
    full = [said(place, INSERT, 10 - place, 1) for place in range(3)]
    change = (
        [said(2, DELETE), said(0, INSERT, 11, 1)] if is_deleted_first else [said(0, INSERT, 11, 1), said(3, DELETE)]
    )
    book = book_of(*full, *change, said(3, INSERT, 7, 1), rows=3)
    assert (prices(book.bids), book.is_consistent) == ([11, 10, 9], True)


@pytest.mark.parametrize("price, size", [(None, 1), (-1.0, 0), (0.0, 0), (0.0, None), (float("nan"), 1), (1e305, 1)])
def test_a_row_without_a_price_is_unknown(price: float | None, size: int | None) -> None:
    book = book_of(said(0, INSERT, 10, 1), said(0, INSERT, price, size))
    assert (prices(book.bids), book.is_consistent) == ([10], False)


def test_prices_may_be_below_zero() -> None:
    book = book_of(said(0, INSERT, -1.0, 5), said(1, INSERT, -2.5, 0))
    assert (prices(book.bids), book.is_consistent) == ([-1.0, -2.5], True)


@pytest.mark.parametrize(
    "odd",
    [
        said(-1, INSERT, 1, 1), said(None, INSERT, 1, 1), said(0, None, 1, 1), said(0, MarketDepthOperation(7), 1, 1),
        said(0, INSERT, 1, 1, MarketDepthSide(7)), said(0, INSERT, 1, 1, None),
    ],
)  # fmt: skip
def test_what_cannot_be_read_makes_it_doubtful_until_it_comes_anew(odd: Any) -> None:
    booking = Booking(5)
    booking.fold([said(0, INSERT, 10, 1), odd, said(1, INSERT, 9, 1)])
    book = booking.take()
    assert book is not None
    assert (prices(book.bids), book.is_consistent) == ([10, 9], False)
    booking.fold([RESET, said(0, INSERT, 8, 1)])
    book = booking.take()
    assert book is not None
    assert (prices(book.bids), book.is_consistent, book.notices) == ([8], True, (RESET,))


def test_in_the_middle_of_a_change_it_says_so() -> None:
    """A new best price is an update of each row, and a reader may look in between."""
    booking = Booking(5)
    booking.fold([said(0, INSERT, 10, 1), said(1, INSERT, 9, 1), said(0, UPDATE, 8, 1)])
    book = booking.take()
    assert book is not None
    assert not book.is_consistent
    booking.fold([said(1, UPDATE, 7, 1)])
    book = booking.take()
    assert book is not None
    assert book.is_consistent


def test_remarks_ride_with_the_book_and_have_a_bound() -> None:
    error = ErrorMessage(9, 2152, "Exchanges - Depth: IEX; Top: BYX; ")
    notice = Notice(2152, error.error_message, CodeKind.NOTICE, 9, None, error)
    odd = OddValue("MarketDepth", "row.price", "x", "a number")
    assert book_of(notice, odd).notices == (notice, odd)
    notices = book_of(*[notice] * (MOST_NOTICES + 5)).notices
    assert (notices[0], len(notices)) == (Dropped(5), MOST_NOTICES + 1)
    assert book_of(RerouteMarketDepthRequest(9, 8314, "SMART")).rerouted is not None


@pytest.mark.parametrize("rows", [0, MOST_ROWS + 1])
def test_how_many_rows_may_be_asked_for(rows: int) -> None:
    with pytest.raises(ValueError, match="rows is"):
        Booking(rows)


# Against the book of the simulated market


@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("exchange", ["IEX", "SMART"])
def test_it_is_the_book_of_the_market_at_each_instant(version: int, exchange: str) -> None:
    client = client_at(version)
    world, apple = client.link.world, instrument_of(client, "AAPL")
    booking = Booking(ROWS)
    booking.fold(client.ask(MarketDepthRequest(Stock("AAPL", exchange), ROWS, exchange == "SMART", request_id=7)))
    instants = changed = 0
    for beat in range(1, 81):
        booking.fold(client.go(beat / 4))
        book = booking.take()
        if beat == 40:
            depth.reset(client.link, 7)
        if book is None:
            continue
        changed += 1
        assert book.is_consistent
        quote = world.market.quote(apple, world.ms())
        if exchange == "SMART":
            assert quote.bid is not None
            assert prices(book.bids)[0] == float(apple.price_of(quote.bid))
            assert all(row.market_maker for row in book.bids)
            continue
        levels = world.market.book(apple, world.ms() - world.ms() % BEAT, ROWS, exchange)
        instants += 1
        for shown, real in ((book.bids, levels.bids), (book.asks, levels.asks)):
            assert prices(shown) == [float(apple.price_of(level.price)) for level in real]
    assert changed > 10
    assert instants == (changed if exchange == "IEX" else 0)


ROWS: Final = 4
changes = st.builds(
    said,
    st.integers(-1, 2 * ROWS),
    st.sampled_from([INSERT, UPDATE, DELETE, MarketDepthOperation(9)]),
    st.sampled_from([None, -1.0, 1.0, 2.0, 3.0]),
    st.sampled_from([None, 0, 5]),
    st.sampled_from([BID, ASK, MarketDepthSide(5)]),
)


@settings(max_examples=80)
@given(st.lists(st.one_of(changes, st.just(RESET)), max_size=30), st.integers(0, 30))
def test_whatever_is_said_it_neither_raises_nor_grows(items: list[Any], cut: int) -> None:
    """In any slices it is the same book."""
    booking = Booking(ROWS)
    booking.fold(items[:cut])
    first = booking.take()
    booking.fold(items[cut:])
    book = booking.take() or first or Book()
    whole = Booking(ROWS)
    whole.fold(items)
    expected = whole.take() or Book()
    assert (book.bids, book.asks, book.is_consistent) == (expected.bids, expected.asks, expected.is_consistent)
    assert max(len(book.bids), len(book.asks)) <= ROWS
    assert all(row.price is not None for row in (*book.bids, *book.asks))


@settings(max_examples=80)
@given(st.data())
def test_it_agrees_with_a_model(data: st.DataObject) -> None:
    """What a TWS says that makes no mistakes gives its own book, and it is whole whenever that is in order."""
    model: dict[MarketDepthSide, list[float]] = {BID: [], ASK: []}
    booking = Booking(ROWS)
    for _ in range(data.draw(st.integers(1, 20))):
        side = data.draw(st.sampled_from([BID, ASK]))
        rows = model[side]
        kinds = [*([INSERT] if len(rows) < ROWS else []), *([UPDATE, DELETE] if rows else [])]
        operation = data.draw(st.sampled_from(kinds))
        place = data.draw(st.integers(0, len(rows) - (operation is not INSERT)))
        price = float(data.draw(st.integers(1, 9)))
        if operation is DELETE:
            del rows[place]
        elif operation is UPDATE:
            rows[place] = price
        else:
            rows.insert(place, price)
        booking.fold([said(place, operation, price, 1, side)])
        if data.draw(st.booleans()):
            book = booking.take()
            assert book is not None
            assert (prices(book.bids), prices(book.asks)) == (model[BID], model[ASK])
            in_order = model[BID] == sorted(model[BID], reverse=True) and model[ASK] == sorted(model[ASK])
            assert book.is_consistent is in_order
