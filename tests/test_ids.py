"""Two ranges of ids that never meet, so that an error which names one is never about the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import LocalProtocolError
from anytws.machines.ids import (
    FIRST_REQUEST_ID,
    HIGH_ORDER_ID,
    LOWER_FIRST_REQUEST_ID,
    MOST_ID,
    OrderIds,
    RequestIds,
)


def test_requests_begin_far_above_orders() -> None:
    ids = RequestIds()
    ids.begin(5)
    assert (FIRST_REQUEST_ID, ids.next, ids.take(), ids.next) == (1_000_000_000, 10**9, 10**9, 10**9 + 1)


@pytest.mark.parametrize(
    "next_valid_id, first",
    [
        (HIGH_ORDER_ID - 1, FIRST_REQUEST_ID),
        (HIGH_ORDER_ID, LOWER_FIRST_REQUEST_ID),
        (1_700_000_000, LOWER_FIRST_REQUEST_ID),
        (MOST_ID, LOWER_FIRST_REQUEST_ID),
    ],
)
def test_where_orders_are_up_there_already_requests_begin_lower(next_valid_id: int, first: int) -> None:
    ids = RequestIds()
    ids.begin(next_valid_id)
    assert ids.first == ids.next == first
    assert not ids.is_ours(next_valid_id)
    assert first.bit_length() > 28, "five bytes in protobuf, all of them"


def test_the_range_stays_when_some_were_given() -> None:
    ids = RequestIds()
    ids.begin(5)
    ids.take()
    ids.begin(HIGH_ORDER_ID)
    assert ids.next == FIRST_REQUEST_ID + 1


def test_until_some_were_given_the_last_word_counts() -> None:
    ids = RequestIds()
    ids.begin(HIGH_ORDER_ID)
    ids.begin(5)
    assert ids.next == FIRST_REQUEST_ID


def test_what_was_given_is_known() -> None:
    ids = RequestIds()
    number = ids.take()
    assert [ids.was_taken(number + delta) for delta in (-1, 0, 1)] == [False, True, False]
    assert [ids.is_ours(each) for each in (number - 1, number, MOST_ID, MOST_ID + 1)] == [False, True, True, False]


@given(next_valid_id=st.integers(0, MOST_ID), count=st.integers(1, 50))
def test_the_two_ranges_do_not_meet(next_valid_id: int, count: int) -> None:
    """As long as fewer than two hundred million requests are made."""
    requests, orders = RequestIds(), OrderIds()
    requests.begin(next_valid_id)
    orders.raise_to(next_valid_id)
    taken = [requests.take() for _ in range(count)]
    assert len(set(taken)) == count
    for number in taken:
        assert requests.is_ours(number)
        assert number < next_valid_id or next_valid_id < HIGH_ORDER_ID
    assert orders.next not in taken


def test_orders_begin_at_the_next_valid_id_and_only_go_up() -> None:
    ids = OrderIds()
    ids.raise_to(7)
    assert ids.next == ids.next == 7, "to look at it takes none"
    ids.note_used(7)
    assert ids.next == 8
    ids.raise_to(3)
    ids.note_used(5)
    assert ids.next == 8
    ids.note_used(40)
    assert ids.next == 41
    ids.raise_to(100)
    assert ids.next == 100


def test_the_last_order_id_has_none_behind_it() -> None:
    ids = OrderIds()
    ids.note_used(MOST_ID - 1)
    assert ids.next == MOST_ID
    ids.note_used(MOST_ID)
    with pytest.raises(LocalProtocolError, match="reset the API order id sequence"):
        _ = ids.next
