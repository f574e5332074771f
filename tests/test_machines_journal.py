"""What a journal keeps: entries and their lines, what they say together, the sums of a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.machines.journal import Ended, Floor, Named, Picture, Placed, Sums, quarter_of
from anytws.machines.journal_lines import HEADER, LineError, entry_of_line, line_of
from anytws.machines.order_state import OrderOutcome
from anytws.messages import ExerciseAction, Option, Stock
from anytws.messages.base import Side
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.order_types import LimitOrder
from anytws.messages.orders import PlaceOrderRequest
from anytws.wire.codec import shared_codec
from anytws.wire.frames import frame

AT = datetime(2026, 7, 6, 14, 37, 12, 5, tzinfo=UTC)

few = st.integers(1, 4)
moments = st.integers(0, 8 * 86_400_000).map(lambda ms: AT - timedelta(milliseconds=ms))
exact = st.decimals(0, 10**6, places=3)
placed = st.builds(
    Placed,
    moments,
    few,
    few,
    st.booleans(),
    st.text(max_size=3),
    st.lists(st.sampled_from(["DU1", "U2"]), max_size=2).map(tuple),
    st.text(max_size=5),
    st.sampled_from([176, 226]),
    st.binary(max_size=9),
    st.none() | exact,
    st.none() | exact,
    st.sampled_from(["USD", "EUR", ""]),
)
named = st.builds(Named, moments, few, few, st.integers(1, 2**62))
ended = st.builds(Ended, moments, few, few, st.sampled_from(OrderOutcome), exact, st.none() | st.floats(0, 9))
sums = st.builds(Sums, few, moments.map(quarter_of), few, exact, exact, st.sampled_from(["USD", "EUR"]), few, few)
entries = placed | named | ended | st.builds(Floor, few, few) | sums


@given(entries)
def test_a_line_says_what_was_written(entry):
    line = line_of(entry)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert entry_of_line(line) == entry


@given(entries, st.data())
def test_no_line_that_was_changed_is_read(entry, data):
    line = line_of(entry)
    at = data.draw(st.integers(0, len(line) - 2))
    with pytest.raises(ValueError, match=r"is|cannot"):
        entry_of_line(line[:at] + bytes([line[at] ^ 1 << data.draw(st.integers(0, 6))]) + line[at + 1 :])
    with pytest.raises(LineError):
        entry_of_line(line[:at] + b"\n")


def test_the_first_line_is_no_entry():
    assert entry_of_line(HEADER) is None


def seen(picture: Picture) -> object:
    return picture.open, picture.ended, picture.floors, picture.sums


@settings(max_examples=40)
@given(st.lists(entries, max_size=25), st.integers(1, 3))
def test_the_fewest_entries_make_the_same_picture(written, kept):
    picture, again = Picture(kept), Picture(kept)
    for entry in written:
        picture.take(entry)
    for entry in picture.entries():
        again.take(entry)
    # What was placed again makes sums of old quarters, which say nothing that is asked for.
    assert (again.open, again.ended, again.floors) == (picture.open, picture.ended, picture.floors)
    assert picture.sums.items() <= again.sums.items()
    assert len(picture.ended) <= kept


@given(st.lists(placed, max_size=9), moments)
def test_the_sums_of_a_day_are_those_of_its_orders(written, now):
    written.sort(key=lambda each: each.at)
    now = max([now, *[each.at for each in written]])
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    picture = Picture()
    for each in written:
        picture.take(each)
    # A change that asks for no more adds nothing.
    mine = [each for each in written if each.client_id == 1 and each.at >= day]
    mine = [each for each in mine if not (each.is_change and each.quantity == 0)]
    total = picture.since(1, day, "USD")
    assert total.orders == sum(not each.is_change for each in mine)
    assert total.quantity == sum(each.quantity for each in mine if each.quantity is not None)
    assert total.unknown_quantities == sum(each.quantity is None for each in mine)
    if all(each.value is not None and each.currency == "USD" for each in mine):
        assert total.value == sum(each.value or 0 for each in mine)
        assert not total.unknown_values
    elif any(each.value is None for each in mine):
        assert total.unknown_values


def test_old_sums_are_forgotten():
    picture = Picture()
    for hour in range(24 * 30):
        picture.take(Placed(AT + timedelta(hours=hour), 1, hour, False))
        picture.take(Ended(AT, 1, hour, OrderOutcome.FILLED))
    assert len(picture.sums) <= 51


def test_what_is_learned_of_one_that_was_forgotten_is_nothing():
    picture = Picture()
    picture.take(Named(AT, 1, 5, 7))
    picture.take(Ended(AT, 1, 5, OrderOutcome.FILLED))
    assert seen(picture) == ({}, {}, {}, {})


def test_one_that_lives_after_all_is_open_again():
    picture = Picture()
    picture.take(Placed(AT, 1, 5, False, "a"))
    picture.take(Ended(AT, 1, 5, OrderOutcome.REJECTED))
    assert [*picture.ended] == [(1, 5)]
    picture.take(Ended(AT, 1, 5, OrderOutcome.OPEN))
    assert [*picture.open] == [(1, 5)]
    assert not picture.ended


@pytest.mark.parametrize("version", [176, 200, 226])
def test_the_frame_says_the_request(version):
    encode = shared_codec(Side.CLIENT, version).encode
    order = LimitOrder("BUY", 100, 180.5, order_reference="x", outside_rth=True)
    option = Option("AAPL", "20260918", 100, "C", contract_id=5)
    for request in (
        PlaceOrderRequest(Stock("AAPL"), order, order_id=7),
        ExerciseOptionsRequest(option, ExerciseAction.EXERCISE, 2, order_id=8),
    ):
        kept = Placed(AT, 1, 7, False, version=version, frame=frame(encode(request)))
        said = kept.request()
        assert said is not None
        assert said.order_id == request.order_id
        assert said.contract.symbol == "AAPL"
        # It says the same again.
        assert frame(encode(said)) == kept.frame
    assert Placed(AT, 1, 7, False).request() is None
