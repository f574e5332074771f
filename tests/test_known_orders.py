"""Whose each message is, whatever TWS says it under; what concerns all orders; what is forgotten in the end."""

from __future__ import annotations

import gc
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core import State
from anytws.core.code_words import CodeKind
from anytws.core.events import CloseReason, ConnectionClosed, Notice, UndecodableFrame
from anytws.errors import LocalProtocolError
from anytws.machines import Mailbox, heard_orders, kept_orders
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Change, Fill, OrderOutcome, Owner
from anytws.machines.outbox import Place
from anytws.messages import (
    CancelOrderRequest,
    ExerciseAction,
    ExerciseOptionsRequest,
    GlobalCancelRequest,
    OrderBound,
    OrderStatusWord,
    PlaceOrderRequest,
)
from anytws.messages.base import replace
from anytws.messages.order_parts import AttachedOrders
from tests.said_orders import AAPL, Book, completed, costs, error, executed, opened, order_of, status

W = OrderStatusWord
RESTART = ConnectionClosed(CloseReason.RESET, State.READY, "the byte stream was reset")
LINK_LOST, LINK_RESTORED = error(-1, 1100), error(-1, 1102)


def outcomes(book: Book) -> list[OrderOutcome]:
    """Give what each order has come to."""
    return [life.state.status for life in book.known.lives]


def fills(life: OrderLife) -> list[str]:
    """Give the ids of its executions."""
    return sorted(fill.execution.execution_id for fill in life.fills.values())


# --- names -----------------------------------------------------------------------------------------------------------


def test_an_order_is_known_by_each_of_its_names():
    book = Book()
    life = book.place(ref="mine")
    book.hear(opened(5, 900, ref="mine"))
    known = book.known
    assert known.by_order_id(5) is known.by_permanent_id(900) is known.by_ref["mine"] is life
    assert (known.by_order_id(5, 2), known.by_permanent_id(901), list(known.lives)) == (None, None, [life])
    assert (life.owner, life.state.permanent_ids, life.state.status) == (Owner.OURS, (900,), OrderOutcome.OPEN)


def test_orders_made_by_hand_have_one_order_id_and_are_told_apart():
    """Trace unbound_manual_brackets_seen_by_query: several with the order id 0."""
    book = Book()
    for permanent_id in (901, 902, 903):
        book.hear(opened(0, permanent_id, 0), status(0, permanent_id, 0))
    book.hear(executed("a.01", 0, 902, 0, 10), executed("b.01", 2**31 - 1, 903, 0, 4))
    first, second, third = book.known.lives
    assert {life.owner for life in book.known.lives} == {Owner.MANUAL}
    assert (fills(first), fills(second), fills(third)) == ([], ["a.01"], ["b.01"])
    assert [life.state.status for life in (first, second, third)] == [
        OrderOutcome.OPEN,
        OrderOutcome.FILLED,
        OrderOutcome.OPEN,
    ]


def test_orders_of_other_clients_are_theirs_also_with_our_ids_and_references():
    book = Book()
    mine = book.place(ref="x")
    book.hear(opened(5, 801, 2, ref="x"), status(5, 801, 2))
    theirs = book.known.by_permanent_id(801)
    assert theirs is not None
    assert (theirs.owner, theirs is mine, book.known.by_ref["x"]) == (Owner.OTHER_CLIENT, False, mine)
    assert book.known.by_order_id(5) is mine
    book.hear(error(5, 201))
    assert (mine.state.status, theirs.state.status) == (OrderOutcome.REJECTED, OrderOutcome.OPEN)
    assert book.known.names.with_ref("x") == [mine, theirs]


def test_a_bound_order_keeps_its_life_and_gets_a_name():
    book = Book(0)
    book.hear(opened(0, 901, 0), OrderBound(901, 0, -2))
    (life,) = book.known.lives
    assert (life.owner, life.order_id, life.state.order_id, life.state.owner) == (Owner.BOUND, -2, -2, Owner.BOUND)
    book.hear(opened(-2, 901, 0), status(-2, 901, 0), error(-2, 202))
    assert list(book.known.lives) == [life]
    assert life.state.status is OrderOutcome.CANCELLED


def test_an_order_that_was_bound_before_is_known_by_its_negative_id():
    book = Book(0)
    book.hear(OrderBound(901, 0, -3))
    book.hear(opened(-4, 902, 0))
    assert [(life.owner, life.order_id, life.permanent_id) for life in book.known.lives] == [
        (Owner.BOUND, -3, 901),
        (Owner.BOUND, -4, 902),
    ]
    assert book.known.ids.next == 5


def test_the_status_after_a_cancel_may_have_the_id_of_the_client_that_cancelled():
    book = Book(0)
    book.hear(opened(7, 700, 2))
    book.hear(status(7, 700, 0, W.CANCELLED))
    (life,) = book.known.lives
    assert (life.client_id, life.owner, life.state.status) == (2, Owner.OTHER_CLIENT, OrderOutcome.CANCELLED)


def test_whose_it_is_only_a_status_said_is_put_right_by_an_open_order():
    book = Book(0)
    book.hear(status(7, 700, 0), opened(7, 700, 2))
    (life,) = book.known.lives
    assert (life.client_id, life.owner, book.known.by_order_id(7)) == (2, Owner.OTHER_CLIENT, None)


def test_what_was_known_by_its_permanent_id_alone_is_put_together_with_the_order_it_belongs_to():
    book = Book()
    mine = book.place()
    book.hear(executed("a.01", None, 900, 0, 4), costs("a.01", 1.5))
    assert len(book.known.lives) == 2
    book.hear(opened(5, 900))
    assert list(book.known.lives) == [mine]
    assert (mine.permanent_id, mine.state.filled, mine.state.commission_and_fees) == (900, 4, 1.5)
    book.hear(executed("a.01", None, 900, 0, 4), costs("b.01", 2.0), executed("b.01", 5, 900, shares=6, cumulative=10))
    assert (mine.state.status, mine.state.filled, mine.state.commission_and_fees) == (OrderOutcome.FILLED, 10, 3.5)


def test_an_execution_without_a_name_is_the_same_when_it_is_said_again_with_one():
    book = Book()
    book.hear(executed("a.01", None, 0, 0, 4))
    mine = book.place()
    book.hear(opened(5, 900), executed("a.01", 5, 900, shares=4))
    assert list(book.known.lives) == [mine]
    assert (fills(mine), mine.state.filled) == (["a.01"], 4)


def test_a_correction_and_its_costs_are_of_the_same_order():
    book = Book()
    mine = book.place()
    book.hear(opened(5, 900), executed("a.b.01", 5, 900), costs("a.b.02", 2.0), executed("a.b.02", 5, 900, shares=9))
    assert (fills(mine), mine.state.commission_and_fees) == (["a.b.02"], 2.0)


def test_costs_that_come_first_wait_for_their_execution_and_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(heard_orders, "MOST_EARLY", 3)
    book = Book()
    book.hear(*(costs(f"{name}.01", 1.0) for name in "abcd"))
    mine = book.place()
    book.hear(*(executed(f"{name}.01", 5, 900, shares=2) for name in "abcd"))
    assert mine.state.commission_and_fees == 3.0, "the first was forgotten"


def test_costs_of_executions_that_never_come_take_no_more_memory_than_they_may(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(heard_orders, "MOST_BYTES", 2**20)
    book = Book()
    for number in range(100):
        book.hear(*[costs(f"{number}.{'x' * 70_000}.01")] * 2)
    assert 10 < len(book.known._early_costs) < 16
    assert book.known.misunderstood == 100 - len(book.known._early_costs)


# --- the completed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row, is_mine",
    [
        (completed(900, word=W.FILLED), True),
        (completed(900, 5, 1), True),
        (completed(900, 5, 0, "mine"), True),
        (completed(901, None, 0, "mine"), False),
        (completed(901, 5, 2, "mine"), False),
    ],
)
def test_a_completed_order_is_known_by_its_permanent_id(row, is_mine: bool):
    book = Book()
    mine = book.place(ref="mine")
    book.hear(opened(5, 900, ref="mine"))
    book.hear(row)
    assert (mine.state.is_done, len(book.known.lives)) == (is_mine, 1 if is_mine else 2)


@pytest.mark.parametrize(
    "row, is_mine",
    [
        (completed(900, None, 0, "mine"), True),
        (completed(900, 5, 0, "mine"), True),
        (completed(900, 5, 1, "mine"), True),
        (completed(900, 5, 1), True),
        (completed(900, 6, 0, "mine"), False),
        (completed(900, 5, 0), False),
        (completed(900, 5, 2, "mine"), False),
        (completed(900, None, 0, "other"), False),
        (completed(900, None, 0, "mine", action="SELL"), False),
    ],
)
def test_of_an_order_without_one_the_reference_names_it_where_nothing_speaks_against_it(row, is_mine: bool):
    """After a restart TWS lists all under client id 0; in text it never says the order id."""
    book = Book()
    mine = book.place(ref="mine")
    book.known.cut(RESTART)
    book.known.begin(1, 6)
    book.hear(replace(row, order=replace(row.order, action=type(order_of().action)(row.order.action))))
    assert (mine.state.is_done, mine.permanent_id) == ((True, 900) if is_mine else (False, 0))


# --- ids given out again ----------------------------------------------------------------------------------------------


def test_ids_that_tws_gave_out_again_name_other_orders():
    """Trace orders_lost_in_restart_ids_reissued."""
    book = Book(1, 38099)
    first = [book.place(ref=f"first-{number}") for number in range(1, 5)]
    assert [life.order_id for life in first] == [38099, 38100, 38101, 38102]
    book.known.cut(RESTART)
    book.known.begin(1, 38099)
    assert book.known.ids.next == 38103, "ids only go up"
    second = [book.place(38099 + number, ref=f"second-{number}") for number in range(1, 4)]
    for number, life in enumerate(second, 1):
        order_id, permanent_id = 38099 + number, 900138099 + number
        book.hear(opened(order_id, permanent_id, ref=f"second-{number}"), status(order_id, permanent_id))
        assert book.known.by_order_id(order_id) is life
    for life in second:
        book.send(CancelOrderRequest(life.order_id or 0))
        book.hear(status(life.order_id or 0, life.permanent_id, 1, W.CANCELLED), error(life.order_id, 202))
    assert outcomes(book) == [OrderOutcome.UNKNOWN] * 4 + [OrderOutcome.CANCELLED] * 3
    assert all(life.state.is_unsure for life in first)


def test_an_order_of_another_program_under_a_lost_id_is_another():
    book = Book()
    lost = book.place()
    book.known.cut(RESTART)
    book.known.begin(1, 5)
    book.hear(status(5, 900), executed("a.01", 5, 900))
    assert (lost.state.status, lost.state.is_unsure, len(book.known.lives)) == (OrderOutcome.UNKNOWN, True, 2)
    assert book.known.by_order_id(5) is not lost


@pytest.mark.parametrize("ref", ["", "mine"])
def test_what_arrived_before_the_cut_is_found_again_by_what_tws_tells_at_the_start(ref: str):
    """It may tell before it says which id is next, and after (4.1)."""
    for is_early in (True, False):
        book = Book()
        mine = book.place(ref=ref)
        book.known.cut(RESTART)
        book.known.connect(1)
        if is_early:
            book.hear(opened(5, 900, ref=ref), status(5, 900))
        book.known.begin(1, 6)
        if not is_early:
            book.hear(status(5, 900), opened(5, 900, ref=ref))
        assert (list(book.known.lives), mine.state.status, book.known.connections) == ([mine], OrderOutcome.OPEN, 2)


def test_the_reference_names_it_also_where_tws_has_called_its_id_free():
    book = Book()
    mine = book.place(ref="mine")
    book.known.cut(RESTART)
    book.known.begin(1, 5)
    book.hear(opened(5, 900, ref="mine"))
    assert list(book.known.lives) == [mine]


def test_two_orders_that_share_an_id_share_no_fill_and_no_end():
    """A change that was sent while TWS had no link has become a second order (1.3)."""
    book = Book()
    first = book.place(ref="x")
    book.hear(opened(5, 900, ref="x"), status(5, 900), LINK_LOST)
    assert first.state.is_unsure
    book.place(5, ref="x", limit_price=2.0)
    book.hear(LINK_RESTORED, opened(5, 900, ref="x"), opened(5, 901, ref="x", limit_price=2.0), status(5, 901))
    _, second = book.known.lives
    assert (first.permanent_id, second.permanent_id, second.owner) == (900, 901, Owner.OURS)
    assert first.state.permanent_ids == (900, 901)
    assert set(second.state.permanent_ids) == {900, 901}
    assert first.state.is_contested
    assert book.known.by_ref["x"] is first, "the intent; the other one was never meant"
    book.send(CancelOrderRequest(5))
    book.hear(status(5, 900, 1, W.CANCELLED), error(5, 202))
    book.hear(executed("a.01", 5, 901, shares=10), status(5, 901, 1, W.FILLED, 10))
    assert (first.state.status, first.state.filled) == (OrderOutcome.CANCELLED, 0)
    assert (second.state.status, second.state.filled) == (OrderOutcome.FILLED, 10)


def test_a_code_that_may_be_about_either_of_two_orders_ends_neither():
    book = Book()
    first = book.place(ref="x")
    book.hear(opened(5, 900, ref="x"))
    book.place(5, ref="x", limit_price=2.0)
    book.hear(opened(5, 901, ref="x"), error(5, 202))
    second = book.known.by_permanent_id(901)
    assert second is not None
    assert (first.state.status, second.state.status) == (OrderOutcome.OPEN, OrderOutcome.OPEN)
    assert first.state.is_contested
    assert second.state.is_contested


def test_a_second_order_that_a_status_tells_of_first_is_told_apart_as_soon_as_its_reference_shows():
    """Found by a ruined day: the change was of an earlier run, and 202 under the id ended both."""
    book = Book()
    first = book.place(ref="x")
    book.hear(status(5, 900), opened(5, 900, ref="x"))
    book.hear(status(5, 901), opened(5, 901, ref="x", limit_price=2.0))
    second = book.known.by_permanent_id(901)
    assert second is not None
    assert (first.state.permanent_ids, set(second.state.permanent_ids)) == ((900, 901), {900, 901})
    book.hear(status(5, 901, 1, W.CANCELLED), error(5, 202))
    assert (first.state.status, second.state.status) == (OrderOutcome.OPEN, OrderOutcome.CANCELLED)


def test_an_order_that_is_over_and_a_new_one_with_its_id_are_two():
    book = Book()
    old = book.place()
    book.hear(opened(5, 900), status(5, 900, 1, W.CANCELLED), error(5, 202))
    book.known.cut(RESTART)
    book.known.begin(1, 5)
    new = book.place(5)
    book.hear(error(5, 201))
    assert (old is new, old.state.status, new.state.status) == (False, OrderOutcome.CANCELLED, OrderOutcome.REJECTED)


def test_a_change_of_an_order_of_an_earlier_run_is_no_second_order():
    """By its id alone, before TWS has told of it; its reference is another one."""
    book = Book(1, 50)
    life = book.place(7, ref="new")
    book.hear(opened(7, 900, ref="old"), status(7, 900))
    assert list(book.known.lives) == [life]
    assert life.permanent_id == 900


# --- references -------------------------------------------------------------------------------------------------------


def test_of_several_intents_with_one_reference_the_newest_counts():
    book = Book()
    first = book.place(ref="x")
    book.hear(error(5, 201))
    second = book.place(ref="x")
    assert book.known.by_ref["x"] is second
    book.hear(status(5, 0, 1, W.INACTIVE), opened(4, 899, ref="x"))
    assert book.known.by_ref["x"] is second
    assert first.state.status is OrderOutcome.REJECTED


def test_of_orders_that_were_found_the_live_one_counts():
    book = Book()
    book.hear(completed(901, 3, 1, "x"), opened(2, 902, ref="x"), completed(903, 4, 1, "x"))
    assert book.known.by_ref["x"] is book.known.by_permanent_id(902)


def test_what_a_journal_remembers_is_found_again():
    book = Book(next_valid_id=9)
    life = OrderLife(Owner.OURS)
    life.client_id, life.order_id, life.ref = 1, 12, "x"
    book.known.revive(life)
    assert (book.known.by_ref["x"], book.known.by_order_id(12), book.known.ids.next) == (life, life, 13)
    book.hear(opened(12, 900, ref="x"))
    assert list(book.known.lives) == [life]


# --- ids --------------------------------------------------------------------------------------------------------------


def test_ids_go_up_with_all_that_is_heard_of():
    book = Book()
    book.hear(opened(30, 900), status(31, 901), opened(40, 902, 2), opened(-7, 903, 0), status(0, 904, 0))
    assert book.known.ids.next == 41
    book.hear(opened(1_700_000_000, 905, 2), status(2**31 - 1, 906))
    assert book.known.ids.next == 41, "no id of ours is where the requests are"


def test_where_our_orders_are_numbered_by_the_clock_they_go_on_there():
    book = Book(next_valid_id=1_700_000_000)
    book.hear(status(1_700_000_009, 900), status(2**31 - 1, 901))
    assert book.known.ids.next == 1_700_000_010


def test_ids_of_attached_orders_are_used():
    book = Book()
    book.send(PlaceOrderRequest(AAPL, order_of(), AttachedOrders(9, "STP", 8, "LMT"), 5))
    assert book.known.ids.next == 10


def test_a_next_id_that_leaves_none_is_told_where_one_is_wanted():
    known = KnownOrders()
    known.begin(1, 2**31 - 1)
    assert known.first_order_id == 2**31 - 1
    with pytest.raises(LocalProtocolError, match="no order id left"):
        _ = known.ids.next


@given(st.lists(st.tuples(st.sampled_from("pchs"), st.integers(1, 60)), max_size=30))
@settings(max_examples=40)
def test_ids_never_go_down(steps: list[tuple[str, int]]):
    book = Book()
    highest = 4
    for step, number in steps:
        match step:
            case "p":
                life = book.place()
                assert (life.order_id or 0) > highest
                highest = life.order_id or 0
            case "c":
                book.known.cut(RESTART)
                book.known.begin(1, number)
            case "h":
                book.hear(status(number, 1000 + number))
            case _:
                book.known.ids.raise_to(number)
    assert book.known.ids.next > highest


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_what_if_makes_no_order_and_its_refusal_refuses_none():
    book = Book()
    live = book.place()
    book.hear(opened(5, 900))
    book.send(PlaceOrderRequest(AAPL, order_of(what_if=True), order_id=6))
    book.hear(error(6, 201), opened(6, 901, what_if=True))
    book.send(PlaceOrderRequest(AAPL, order_of(what_if=True), order_id=5))
    book.hear(error(5, 201))
    assert (list(book.known.lives), live.state.status, live.state.is_contested) == ([live], OrderOutcome.OPEN, False)
    book.hear(error(5, 110))
    assert live.state.is_contested, "that was about the order, or nobody knows"


def test_the_answer_to_a_what_if_is_one_also_where_it_does_not_say_so():
    book = Book()
    book.send(PlaceOrderRequest(AAPL, order_of(what_if=True), order_id=5))
    book.hear(opened(5, 900))
    assert list(book.known.lives) == []
    book.hear(status(5, 900))
    assert outcomes(book) == [OrderOutcome.OPEN], "what has a status is an order"


def test_a_refusal_that_may_mean_a_what_if_or_a_change_makes_the_order_contested():
    book = Book()
    life = book.place()
    book.hear(opened(5, 900))
    book.place(5, limit_price=3.0)
    book.send(PlaceOrderRequest(AAPL, order_of(what_if=True), order_id=5))
    book.hear(error(5, 201))
    assert (life.state.status, life.state.is_contested) == (OrderOutcome.OPEN, True)


def test_an_exercise_is_an_order():
    book = Book()
    life = book.send(ExerciseOptionsRequest(AAPL, ExerciseAction.EXERCISE, 1, "DU1", order_id=5))
    assert life is not None
    book.hear(error(5, 322))
    assert life.state.status is OrderOutcome.REJECTED


def test_a_global_cancel_is_about_all_that_are_not_over():
    book = Book()
    mine, over = book.place(), book.place()
    book.hear(opened(5, 900), error(6, 201), opened(0, 901, 0))
    book.send(GlobalCancelRequest())
    assert [life.sends for life in book.known.lives] == [2, 1, 1]
    assert (mine.state.is_done, over.state.is_done) == (False, True)


def test_a_cancel_of_what_is_not_known_makes_no_order():
    book = Book()
    assert book.send(CancelOrderRequest(77)) is None
    assert list(book.known.lives) == []


def test_what_is_taken_back_takes_with_it_what_leans_on_it():
    book = Book()
    life = book.place(leaves=False)
    order = life.parcel
    book.place(5, leaves=False, limit_price=2.0)
    change = life.parcel
    other = book.place(leaves=False)
    assert order is not None
    assert change is not None
    assert book.known.take_back(order, book.outbox.withdraw)
    assert (order.place, change.place, life.is_withdrawn) == (Place.WITHDRAWN, Place.WITHDRAWN, True)
    assert (book.places(other), other.is_withdrawn) == ([Place.QUEUED], False)
    again = book.place(5)
    assert again is not life
    book.hear(opened(5, 900))
    assert (again.state.status, life.is_withdrawn) == (OrderOutcome.OPEN, True)


def test_a_change_that_is_taken_back_leaves_the_order_as_it_was():
    book = Book()
    life = book.place()
    book.hear(opened(5, 900))
    book.place(5, leaves=False, limit_price=2.0)
    assert life.parcel is not None
    assert book.known.take_back(life.parcel, book.outbox.withdraw)
    assert (life.is_withdrawn, life.state.status, life.state.pending.value) == (False, OrderOutcome.OPEN, "idle")


def test_what_the_writer_has_is_not_taken_back():
    book = Book()
    life = book.place(leaves=False)
    assert life.parcel is not None
    book.outbox.data_to_send(0.0)
    assert not book.known.take_back(life.parcel, book.outbox.withdraw)
    assert not life.is_withdrawn


def test_a_cancel_and_the_order_that_has_not_left_both_vanish():
    book = Book()
    life = book.place(leaves=False)
    assert book.known.is_queued(5)
    assert book.known.vanishes(5, book.outbox.withdraw)
    assert (life.is_withdrawn, book.outbox.frames) == (True, 0)


def test_of_a_change_that_has_not_left_the_cancel_leaves():
    book = Book()
    life = book.place()
    book.hear(opened(5, 900))
    book.place(5, leaves=False, limit_price=2.0)
    assert not book.known.vanishes(5, book.outbox.withdraw)
    assert (life.is_withdrawn, book.outbox.frames) == (False, 0)


def test_the_cancel_of_one_order_takes_no_global_cancel_back():
    book = Book()
    book.place()
    book.send(GlobalCancelRequest(), leaves=False)
    assert not book.known.is_queued(5)
    assert not book.known.vanishes(5, book.outbox.withdraw)
    assert book.outbox.frames == 1


# --- what concerns all ------------------------------------------------------------------------------------------------


def test_without_a_link_and_without_a_connection_nothing_is_sure():
    book = Book()
    live, done = book.place(), book.place()
    book.hear(opened(5, 900), error(6, 201))
    book.known.take_news()
    book.hear(Notice(1100, "lost", CodeKind.LINK, -1, None, LINK_LOST), LINK_LOST)
    assert (live.state.is_unsure, done.state.is_unsure, book.known.is_link_down) == (True, False, True)
    assert book.known.take_news() == [live]
    placed = book.place()
    assert placed.state.is_unsure
    book.hear(LINK_RESTORED)
    assert (live.state.is_unsure, book.known.is_link_down) == (True, False)
    live.note_sure("asked")
    book.known.cut(RESTART)
    assert live.state.is_unsure
    assert set(book.known.take_news()) == {live, done, placed}, "whoever waits is to look again"
    assert (book.known.ended, book.known.last_end, book.known.over) == (RESTART, RESTART, None)
    book.known.begin(1, 5)
    assert (book.known.ended, book.known.last_end, book.known.first_order_id) == (None, RESTART, 8)


def test_a_link_code_under_an_id_is_about_that():
    book = Book()
    life = book.place()
    book.hear(error(5, 1100))
    assert (book.known.is_link_down, life.state.is_unsure) == (False, False)


def unreadable(name: str, number: int | None) -> UndecodableFrame:
    """Give a frame that cannot be read."""
    return UndecodableFrame(b"?", name, "order_id", "x", "a whole number", request_id=number)


def test_what_cannot_be_read_makes_what_it_is_about_contested():
    book = Book()
    first, second = book.place(), book.place()
    book.hear(opened(5, 900), opened(6, 901))
    book.hear(unreadable("OpenOrder", 5))
    assert (first.state.is_contested, second.state.is_contested, book.known.misunderstood) == (True, False, 0)
    book.hear(unreadable("ErrorMessage", 6))
    assert second.state.is_contested


@pytest.mark.parametrize("frame", [unreadable("ExecutionDetails", 10**9), unreadable("OrderStatus", None)])
def test_where_it_cannot_be_told_which_it_is_about_all_are(frame: UndecodableFrame):
    book = Book()
    first, done = book.place(), book.place()
    book.hear(opened(5, 900), error(6, 201), frame)
    assert (first.state.is_contested, done.state.is_contested, book.known.misunderstood) == (True, False, 1)


def test_costs_and_requests_that_cannot_be_read_end_nothing():
    book = Book()
    life = book.place()
    book.hear(opened(5, 900), unreadable("CommissionAndFeesReport", None), unreadable("ErrorMessage", None))
    assert (life.state.is_contested, book.known.misunderstood) == (False, 1)


def test_what_names_no_order_is_counted_and_makes_none():
    book = Book()
    book.hear(status(0, 0, 0), opened(0, 0, 0), completed(0), costs(""))
    assert (list(book.known.lives), book.known.misunderstood) == ([], 4)


def test_a_fill_whose_fields_are_odd_is_a_fill():
    """What cannot be read is None, whatever its type promises."""
    book = Book()
    life = book.place()
    book.hear(opened(5, 900))
    fill = executed("a.01", 5, 900, shares=4)
    odd = replace(fill.execution, execution_id="b.01", shares=None, price=None, permanent_id=None, client_id=None)
    book.hear(replace(fill, execution=odd))
    nameless = replace(odd, execution_id=None, order_id=None)
    assert fills(life) == ["b.01"]
    book.hear(replace(fill, execution=nameless))
    assert (list(book.known.lives), life.state.is_contested) == ([life], True)


# --- repeats, other orders, connections -------------------------------------------------------------------------------

STORIES = (
    (opened(5, 900), status(5, 900), executed("a.01", 5, 900, shares=4), costs("a.01"), status(5, 900, 1, filled=4)),
    (error(6, 399), opened(6, 901), status(6, 901), status(6, 901, 1, W.CANCELLED), error(6, 202)),
    (error(7, 201), opened(7, 902, word=W.INACTIVE), status(7, 902, 1, W.INACTIVE)),
    (executed("c.01", 8, 903), costs("c.01", 2.0), status(8, 903, 1, W.FILLED, 10)),
    (opened(0, 904, 0), status(0, 904, 0), executed("d.01", 0, 904, 0, 3)),
    (opened(5, 905, 2), status(5, 905, 2), executed("e.01", 5, 905, 2), status(5, 905, 2, W.FILLED, 10)),
)
"""What is said of each of some orders, four of which are our own."""


def lived(stories: tuple[tuple[object, ...], ...]) -> Book:
    """Give a book in which four orders were placed."""
    book = Book()
    for _ in range(4):
        book.place()
    book.hear(*(message for story in stories for message in story))
    return book


@given(st.data())
@settings(max_examples=60)
def test_messages_of_several_orders_mix_as_they_like(data: st.DataObject):
    queues = [list(story) for story in STORIES]
    book = lived(())
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        message = queue.pop(0)
        book.hear(message, *([message] if data.draw(st.booleans()) else []))
    assert {life.state for life in book.known.lives} == {life.state for life in lived(STORIES).known.lives}


@given(st.data())
@settings(max_examples=40)
def test_answers_of_queries_change_nothing_that_is_known(data: st.DataObject):
    """The same messages come once more, on this connection or on the next."""
    book = lived(STORIES)
    before = {life: life.state for life in book.known.lives}
    again = [message for story in STORIES for message in story[:3] if not hasattr(message, "error_code")]
    executions = [message for message in again if hasattr(message, "execution")]
    if data.draw(st.booleans()):
        book.known.cut(RESTART)
        book.known.begin(1, 9)
    for _ in range(data.draw(st.integers(1, 3))):
        book.hear(*data.draw(st.permutations(executions)))
    after = {life: life.state for life in book.known.lives}
    assert list(after) == list(before)
    for life, state in after.items():
        assert (state.status, state.filled, state.permanent_id) == (
            before[life].status,
            before[life].filled,
            before[life].permanent_id,
        )


# --- who is told ------------------------------------------------------------------------------------------------------


def test_whoever_watches_all_orders_is_told_of_each_change_and_each_fill():
    book = Book()
    changes: Watching[tuple[OrderLife, Change]] = Watching()
    filled: Watching[tuple[OrderLife, Fill]] = Watching()
    book.known.watchers.add(changes)
    book.known.fill_watchers.add(filled)
    life = book.place()
    book.hear(opened(5, 900), opened(5, 900), executed("a.01", 5, 900), executed("a.01", 5, 900), costs("a.01"))
    told = changes.take()
    assert {each for each, _ in told} == {life}
    assert all(before.state == after.before for (_, before), (_, after) in pairwise(told))
    assert told[-1][1].state == life.state
    assert [fill.costs is None for _, fill in filled.take()] == [True, False]
    book.known.finish(RESTART)
    with pytest.raises(Exception, match="reset"):
        changes.take()
    assert book.known.over == RESTART


class Watching(Mailbox):
    """A mailbox that a set of weak references can hold."""

    __slots__ = ("__weakref__",)


def test_news_are_given_once():
    book = Book()
    life = book.place()
    assert (book.known.has_news, book.known.take_news(), book.known.has_news) == (True, [life], False)
    book.hear(status(5, 900), status(5, 900))
    assert book.known.take_news() == [life]
    book.hear(status(5, 900))
    assert book.known.take_news() == [], "that was no news"


# --- forgetting -------------------------------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_orders, "MOST_ENDED", 10)
    monkeypatch.setattr(kept_orders, "MOST_FATES", 30)
    monkeypatch.setattr(kept_orders, "_SLACK", 5)


@pytest.mark.usefixtures("few")
def test_what_is_live_is_never_forgotten_and_of_the_ended_the_oldest_first():
    book = Book()
    live = book.place()
    book.hear(opened(5, 900))
    for number in range(100, 200):
        book.hear(
            executed(f"{number}.01", number, number), costs(f"{number}.01"), status(number, number, 1, W.FILLED, 10)
        )
    known = book.known
    assert known.by_order_id(5) is live
    assert len(known.lives) <= 10 + 5 + 1 + 5
    assert known.by_permanent_id(199) is not None
    assert (known.by_permanent_id(100), known.by_order_id(100)) == (None, None)
    assert len(known._by_execution) == len(known.lives) - 1
    assert len(known._fates) <= 30


@pytest.mark.usefixtures("few")
def test_executions_of_what_was_forgotten_make_no_live_order():
    book = Book()
    for number in range(100, 130):
        book.hear(executed(f"{number}.01", number, number), status(number, number, 1, W.FILLED, 10))
    assert book.known.by_permanent_id(102) is None
    gc.collect()
    book.hear(executed("102.01", 102, 102, request_id=7))
    life = book.known.by_permanent_id(102)
    assert life is not None
    assert (life.state.is_done, life.state.filled) == (True, 10)


@pytest.mark.usefixtures("few")
def test_what_somebody_holds_is_the_same_when_it_is_heard_of_again():
    book = Book()
    held = book.place(ref="held")
    book.hear(opened(5, 900, ref="held"), status(5, 900, 1, W.FILLED, 10))
    for number in range(100, 150):
        book.hear(status(number, number, 1, W.CANCELLED))
    assert held not in book.known.lives
    book.hear(executed("late.01", 5, 900))
    assert book.known.by_permanent_id(900) is book.known.by_order_id(5) is book.known.by_ref["held"] is held
    assert fills(held) == ["late.01"]


def test_the_words_are_those_of_the_book():
    book = Book()
    assert repr(book.known) == "<KnownOrders of client 1: 0>"
    assert book.place().state.total_quantity == Decimal(10)


# --- whatever is said -------------------------------------------------------------------------------------------------

ORDER_IDS = st.sampled_from([-2, 0, 4, 5, 6, 2**31 - 1])
PERMANENT_IDS = st.sampled_from([None, 0, 900, 901, 902])
CLIENT_IDS = st.sampled_from([None, 0, 1, 2])
REFS = st.sampled_from(["", "x", "y"])
WORDS = st.sampled_from([None, W.SUBMITTED, W.INACTIVE, W.CANCELLED, W.FILLED])


@st.composite
def said(draw: st.DrawFn) -> object:
    """Give something that TWS says of an order, with values that could not be read among them."""
    order_id, permanent_id, client_id = draw(ORDER_IDS), draw(PERMANENT_IDS), draw(CLIENT_IDS)
    ref, word, name = draw(REFS), draw(WORDS), draw(st.sampled_from([None, "a.01", "a.02", "b.01", "c.01"]))
    shares = draw(st.integers(1, 10))
    return draw(
        st.sampled_from(
            [
                status(order_id, permanent_id, client_id, word, shares),
                opened(order_id, permanent_id, client_id, ref, word),
                opened(order_id, permanent_id, client_id, ref, word, what_if=True),
                executed(name, order_id, permanent_id, client_id, shares, ref),
                completed(permanent_id, draw(st.sampled_from([None, order_id])), client_id, ref, word),
                costs(name or ""),
                error(order_id, draw(st.sampled_from([201, 202, 110, 399, 10147, 1100, 1102]))),
                OrderBound(permanent_id or 1, client_id or 0, order_id),
                unreadable(draw(st.sampled_from(["OpenOrder", "ExecutionDetails"])), draw(st.sampled_from([None, 5]))),
            ]
        )
    )


def have(book: Book, step: object) -> None:
    """Have our side do something, or TWS say something."""
    match step:
        case "place":
            book.place(ref="x")
        case "change":
            book.place(5, ref="x")
        case "cancel":
            book.send(CancelOrderRequest(5))
        case "all":
            book.send(GlobalCancelRequest())
        case "what-if":
            book.send(PlaceOrderRequest(AAPL, order_of(what_if=True), order_id=5))
        case "cut":
            book.known.cut(RESTART)
            book.known.begin(1, 5)
        case _:
            book.hear(step)


def check_names(known: KnownOrders) -> None:
    """Check that each order is known by its names, and by no other, and that no order has two lives."""
    by_permanent_id = [life.permanent_id for life in known.lives if life.permanent_id]
    assert len(by_permanent_id) == len(set(by_permanent_id))
    assert all(known.by_permanent_id(number) in known.lives for number in by_permanent_id)
    lives_by_id = known.names._by_id
    assert all(life in lives_by_id[life.client_id or 0, life.order_id] for life in known.lives if life.order_id)
    assert {life for lives in lives_by_id.values() for life in lives} <= set(known.lives)
    assert set(known.by_ref.values()) <= set(known.lives)
    assert set(known.names._known_on) == set(known.lives)


STEPS = st.one_of(said(), st.sampled_from(["place", "change", "cancel", "all", "cut", "what-if"]))


@given(st.lists(STEPS, max_size=40))
@settings(max_examples=150)
def test_whatever_is_said_no_execution_is_lost_and_no_order_has_two_lives(steps: list[object]):
    book = Book()
    heard: set[str] = set()
    for step in steps:
        have(book, step)
        execution = getattr(step, "execution", None)
        if execution is not None and execution.execution_id:
            heard.add(execution.execution_id.split(".")[0])
    kept = {name for life in book.known.lives for name in life.fills if not name.startswith("?")}
    assert kept == heard
    assert all(life.state.filled >= 0 for life in book.known.lives)
    check_names(book.known)
