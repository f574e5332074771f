"""Orders over a whole session: what it sends is believed, and all that TWS says of orders, in both encodings."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws.core import HandshakeOptions, State
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.errors import LocalProtocolError, RequestFailed, SendQueueFull
from anytws.machines import ClientSession
from anytws.machines import outbox as outbox_module
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order_state import Left, OrderOutcome, Owner
from anytws.machines.outbox import Place
from anytws.machines.pacing import Pacing
from anytws.messages import (
    AllOpenOrdersRequest,
    CancelOrderRequest,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    ErrorMessage,
    ExecutionDetailsEnd,
    ExecutionRequest,
    ExerciseAction,
    ExerciseOptionsRequest,
    GlobalCancelRequest,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    OpenOrdersEnd,
    OpenOrdersRequest,
    OrderStatusWord,
    PlaceOrderRequest,
    StartApiRequest,
)
from anytws.messages.base import ToClient, replace
from anytws.messages.order_types import placeable
from tests.conversing import CLOCK, Line
from tests.order_lives import NAMES, Said, client_of, steps_of
from tests.said_orders import AAPL, completed, costs, executed, opened, order_of, status

W = OrderStatusWord
BOTH = (178, 225)
"""All text, all protobuf."""


@pytest.fixture(params=BOTH)
def line(request: pytest.FixtureRequest) -> Line:
    return Line(request.param, client_id=1)


def place(line: Line, order_id: int | None = None, *, moves: bool = True, **fields: object) -> PlaceOrderRequest:
    """Place an order, at level 3; give it as it was said."""
    terms = order_of(**{"client_id": 0, "ref": ""} | fields)  # type: ignore[arg-type]  # of the caller's
    said, _ = line.session.send(PlaceOrderRequest(AAPL, terms, order_id=order_id), line.now)
    if moves:
        line.move()
    return said


def outcomes(line: Line) -> list[OrderOutcome]:
    """Give what each order has come to."""
    return [life.state.status for life in line.session.orders.lives]


# --- what is sent and heard -------------------------------------------------------------------------------------------


def test_a_life_from_its_sending_to_its_costs(line: Line):
    orders = line.session.orders
    place(line, ref="mine", moves=False)
    life = orders.by_ref["mine"]
    assert (life.left, life.order_id, orders.has_news) == (Left.NONE, 5, True)
    line.move()
    assert life.left is Left.ALL
    line.say(opened(5, 900, ref="mine"), status(5, 900))
    assert (life.state.status, life.state.word, life.permanent_id) == (OrderOutcome.OPEN, W.SUBMITTED, 900)
    line.say(executed("0001.a.01", 5, 900, shares=4, ref="mine"), status(5, 900, filled=4), costs("0001.a.01", 1.25))
    state = life.state
    assert (state.filled, state.remaining, state.commission_and_fees) == (4, 6, 1.25)
    line.say(executed("0001.b.01", 5, 900, shares=6, cumulative=10), status(5, 900, 1, W.FILLED, 10))
    assert life.state.status is OrderOutcome.FILLED
    assert list(orders.lives) == [life]


def test_exercises_and_global_cancels_of_level_three_are_believed(line: Line):
    place(line)
    line.session.send(ExerciseOptionsRequest(AAPL, ExerciseAction.EXERCISE, 1, "DU1"), line.now)
    line.move()
    line.fail(6, 322)
    line.session.send(GlobalCancelRequest(), line.now)
    line.move()
    first, second = line.session.orders.lives
    assert (first.order_id, second.order_id, first.sends, second.sends) == (5, 6, 2, 1)
    line.say(status(5, 900, 1, W.CANCELLED))
    assert outcomes(line) == [OrderOutcome.CANCELLED, OrderOutcome.REJECTED]


def test_what_may_not_be_sent_makes_no_order(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outbox_module, "MOST_FRAMES", 1)
    line.is_writing = False
    place(line)
    with pytest.raises(SendQueueFull):
        place(line)
    assert (len(line.session.orders.lives), line.session.orders.ids.next) == (1, 6)


def test_what_is_asked_feeds_what_is_believed(line: Line):
    place(line, ref="a")
    place(line, ref="b")
    place(line, ref="c")
    asked = line.ask(OpenOrdersRequest())
    line.say(opened(5, 900, ref="a"), status(5, 900), OpenOrdersEnd())
    assert len(asked.take()) == 2
    executions = line.ask(ExecutionRequest())
    number = executions.request.request_id
    line.say(executed("x.01", 6, 901, ref="b", request_id=number), costs("x.01"), ExecutionDetailsEnd(number or 0))
    assert len(executions.take()) == 1
    ended = line.ask(CompletedOrdersRequest(api_only=False))
    line.say(completed(902, 7, 1, "c"), CompletedOrdersEnd())
    assert len(ended.take()) == 1
    everybodys = line.ask(AllOpenOrdersRequest())
    line.say(opened(5, 900, ref="a"), status(5, 900), opened(0, 903, 0), opened(9, 904, 2), OpenOrdersEnd())
    assert len(everybodys.take()) == 4
    lives = list(line.session.orders.lives)
    assert outcomes(line) == [
        OrderOutcome.OPEN,
        OrderOutcome.FILLED,
        OrderOutcome.CANCELLED,
        OrderOutcome.OPEN,
        OrderOutcome.OPEN,
    ]
    assert [life.owner for life in lives[3:]] == [Owner.MANUAL, Owner.OTHER_CLIENT]


def test_ids_go_on_above_all_that_was_said(line: Line):
    line.say(status(40, 900))
    assert place(line).order_id == 41
    line.ask(IdsRequest())
    line.say(NextValidId(60))
    assert place(line).order_id == 60
    line.say(NextValidId(7))
    assert place(line).order_id == 61


def test_a_next_id_that_leaves_none_ends_nothing():
    line = Line(next_valid_id=2**31 - 2)
    assert place(line).order_id == 2**31 - 2
    line.say(NextValidId(2**31 - 2), status(2**31 - 2, 900))
    assert line.session.state is State.READY
    with pytest.raises(LocalProtocolError, match="no order id left"):
        place(line)


# --- codes ------------------------------------------------------------------------------------------------------------


def test_a_code_under_an_order_id_is_about_the_order_of_this_client(line: Line):
    place(line)
    line.say(opened(5, 800, 2), status(5, 800, 2))
    line.fail(5, 201)
    line.fail(77, 201)
    mine, theirs = line.session.orders.lives
    assert (mine.state.status, theirs.state.status) == (OrderOutcome.REJECTED, OrderOutcome.OPEN)


def test_a_bound_order_hears_its_codes_and_no_question_does(line: Line):
    line = Line(line.session.connection.server_version or 0, client_id=0)
    line.say(opened(-2, 900, 0))
    asked = line.ask(OpenOrdersRequest())
    line.say(ErrorMessage(-2, 202, "Order Canceled - reason:"))
    assert outcomes(line) == [OrderOutcome.CANCELLED]
    assert not asked.is_over


def test_without_a_link_orders_are_unsure_until_something_is_heard(line: Line):
    place(line)
    line.say(opened(5, 900))
    (life,) = line.session.orders.lives
    line.fail(-1, 1100)
    line.say(executed("a.01", 5, 900, shares=4))
    assert (life.state.is_unsure, life.state.filled) == (True, 4)
    line.fail(-1, 1102)
    assert life.state.is_unsure
    line.say(status(5, 900, filled=4))
    assert not life.state.is_unsure


def test_what_ifs_touch_no_order(line: Line):
    place(line)
    line.say(opened(5, 900), status(5, 900))
    (life,) = line.session.orders.lives
    before = life.state
    refused = line.ask(PlaceOrderRequest(AAPL, order_of(client_id=0, what_if=True)))
    answered = line.ask(PlaceOrderRequest(AAPL, order_of(client_id=0, what_if=True)))
    assert [each.request.order_id for each in (refused, answered)] == [6, 7]
    line.fail(6, 201)
    line.say(opened(7, 901, what_if=True))
    line.fail(7, 201)
    with pytest.raises(RequestFailed):
        refused.take()
    assert answered.take().order.what_if
    assert (list(line.session.orders.lives), life.state) == ([life], before)
    assert place(line).order_id == 8


def test_a_what_if_of_a_change_and_the_order_each_hear_their_own(line: Line):
    place(line)
    line.say(opened(5, 900), status(5, 900))
    (life,) = line.session.orders.lives
    asked = line.ask(PlaceOrderRequest(AAPL, order_of(client_id=0, what_if=True), order_id=5))
    line.fail(5, 202)
    assert (life.state.status, asked.is_over) == (OrderOutcome.CANCELLED, False)
    line.fail(5, 201)
    assert (life.state.status, asked.is_over) == (OrderOutcome.CANCELLED, True)


def test_what_cannot_be_read_of_an_order_is_not_lost_in_silence():
    line = Line(178, client_id=1)
    place(line)
    line.say(opened(5, 900), status(5, 900))
    (life,) = line.session.orders.lives
    line.say_body(b"3\x005\x00")
    assert life.state.is_contested
    life.note_sure("asked")
    line.say_body(b"11\x00-1\x00")
    assert (life.state.is_contested, line.session.orders.misunderstood) == (True, 1)


# --- what is taken back -----------------------------------------------------------------------------------------------


@pytest.fixture(params=[None, Pacing(messages_per_second=10)], ids=["unpaced", "paced"])
def held(request: pytest.FixtureRequest) -> Line:
    """Give a line on which nothing leaves for now."""
    line = Line(client_id=1, pacing=request.param)
    line.is_writing = False
    return line


def test_an_order_and_its_cancel_that_have_not_left_both_vanish(held: Line):
    session = held.session
    said = place(held)
    place(held, 5, limit_price=2.0)
    other = place(held)
    cancel, parcel = session.send(CancelOrderRequest(5), held.now)
    assert (said.order_id, cancel.order_id, parcel.place) == (5, 5, Place.WITHDRAWN)
    first, second = session.orders.lives
    assert (first.is_withdrawn, first.state.is_done, second.is_withdrawn) == (True, True, False)
    held.is_writing = True
    assert [message.order_id for message in held.take()] == [other.order_id] == [6]  # type: ignore[attr-defined]  # orders
    assert place(held).order_id == 7, "its id is a gap"


def test_a_cancel_follows_what_has_left_and_no_change_that_has_not(held: Line):
    place(held)
    held.is_writing = True
    held.take()
    held.is_writing = False
    place(held, 5, limit_price=2.0)
    _, parcel = held.session.send(CancelOrderRequest(5), held.now)
    held.is_writing = True
    assert [type(message) for message in held.take()] == [CancelOrderRequest]
    assert parcel.place is Place.LEFT


def test_what_was_sent_can_be_taken_back_until_it_has_left(held: Line):
    session = held.session
    _, parcel = session.send(PlaceOrderRequest(AAPL, order_of(client_id=0)), held.now)
    assert session.take_back(parcel)
    assert session.take_back(parcel)
    (life,) = session.orders.lives
    assert life.is_withdrawn
    _, question = session.send(ManagedAccountsRequest(), held.now)
    assert session.take_back(question)
    held.is_writing = True
    assert held.take() == []
    _, parcel = session.send(PlaceOrderRequest(AAPL, order_of(client_id=0)), held.now)
    held.move()
    assert not session.take_back(parcel)


def test_orders_and_cancels_keep_their_order_where_they_are_paced():
    line = Line(client_id=1, pacing=Pacing(messages_per_second=2))
    for _ in range(4):
        place(line)
        line.session.send(ManagedAccountsRequest(), line.now)
    line.session.send(CancelOrderRequest(5), line.now)
    place(line, 6, limit_price=2.0)
    line.session.send(CancelOrderRequest(6), line.now)
    line.session.send(GlobalCancelRequest(), line.now)
    line.pass_time(20.0)
    heard = [message for message in line.take() if not isinstance(message, ManagedAccountsRequest)]
    ids = [getattr(message, "order_id", None) for message in heard if isinstance(message, PlaceOrderRequest)]
    assert ids == sorted(ids)
    placed: set[int | None] = set()
    for message in heard:
        if isinstance(message, CancelOrderRequest):
            assert message.order_id in placed
        placed.add(getattr(message, "order_id", None))
    assert isinstance(heard[-1], GlobalCancelRequest)


def test_a_what_if_that_had_to_wait_has_no_lower_id_than_the_order_that_left_before_it(monkeypatch: pytest.MonkeyPatch):
    """TWS takes no id that is lower than one which it has had (103)."""
    line = Line(client_id=1, pacing=Pacing(messages_per_second=4))
    monkeypatch.setattr(outbox_module, "MOST_FRAMES", 1)
    line.is_writing = False
    place(line)
    line.session.send(ManagedAccountsRequest(), line.now)
    asked = line.ask(PlaceOrderRequest(AAPL, order_of(client_id=0, what_if=True)))
    assert asked.request.order_id == 6
    # One of them leaves, and another order takes its place.
    monkeypatch.setattr(outbox_module, "AT_ONCE", 1)
    data = line.session.data_to_send(line.now)
    line.session.sent(len(data), line.now)
    line.tws.receive_data(data)
    assert place(line, moves=False).order_id == 7
    line.is_writing = True
    line.pass_time(5.0)
    ids = [message.order_id for message in line.take() if isinstance(message, PlaceOrderRequest)]
    assert ids == [5, 7, 8]
    assert asked.request.order_id == 8
    line.say(opened(8, 901, what_if=True))
    assert asked.take().order_id == 8
    assert len(line.session.orders.lives) == 2


# --- connections ------------------------------------------------------------------------------------------------------


def greeted(orders: KnownOrders, version: int, *, by_hand: bool = False) -> Line:
    """Give a line on which TWS has said nothing yet but its version."""
    line = Line.__new__(Line)
    options = HandshakeOptions(client_id=1, start_api_by_hand=by_hand)
    line.now, line.is_writing, line.heard, line.heard_at = 0.0, True, [], []
    line.session, line.tws = ClientSession(options, orders=orders), Line(version).tws.__class__(Line(version).tws.side)
    line.tws.opened(0.0)
    line.session.opened(0.0)
    line.move()
    line.tws.accept_version(version, CLOCK)
    line.move()
    return line


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("by_hand", [False, True])
def test_what_tws_tells_before_it_is_ready_is_taken_in(version: int, by_hand: bool):
    """Trace reconnect_same_client_unasked_snapshot."""
    orders = KnownOrders(lasts=True)
    line = greeted(orders, version, by_hand=by_hand)
    if by_hand:
        line.session.start_api(0.0)
        line.move()
    assert orders.client_id == 1
    line.say(opened(8, 900, ref="x"), status(8, 900), OpenOrdersEnd())
    assert line.session.state is State.AWAITING_NEXT_VALID_ID
    (life,) = orders.lives
    assert (life.owner, life.state.status, orders.by_ref["x"]) == (Owner.OURS, OrderOutcome.OPEN, life)
    line.say(ManagedAccounts(("DU1",)), NextValidId(5))
    assert orders.ids.next == 9


@pytest.mark.parametrize("version", BOTH)
def test_what_is_known_outlives_the_connection_and_ids_go_up(version: int):
    orders = KnownOrders(lasts=True)
    first = Line(version, client_id=1, orders=orders)
    place(first, ref="a")
    place(first, ref="b")
    first.say(opened(5, 900, ref="a"))
    orders.take_news()
    first.session.receive_eof(first.now)
    arrived, lost = orders.lives
    assert (arrived.state.is_unsure, lost.state.is_unsure, lost.state.status) == (True, True, OrderOutcome.UNKNOWN)
    assert set(orders.take_news()) == {arrived, lost}
    assert orders.ended is not None
    assert (orders.ended.reason, orders.over) == (CloseReason.EOF, None)
    second = Line(version, client_id=1, next_valid_id=6, orders=orders)
    assert (orders.connections, orders.ended, orders.first_order_id) == (2, None, 7)
    second.say(opened(5, 900, ref="a"), status(5, 900))
    assert (arrived.state.is_unsure, arrived.state.status) == (False, OrderOutcome.OPEN)
    assert place(second).order_id == 7
    second.fail(6, 202)
    assert lost.state.status is OrderOutcome.UNKNOWN, "TWS never saw it: that was another's"


def test_an_attempt_that_fails_is_no_end_of_what_is_known():
    orders = KnownOrders(lasts=True)
    line = Line(client_id=1, orders=orders)
    place(line)
    line.session.close(line.now)
    ended = orders.last_end
    session = ClientSession(HandshakeOptions(client_id=1), orders=orders)
    session.connect_failed(line.now, "refused")
    assert (orders.last_end, orders.over) == (ended, None)


def test_the_end_of_the_only_connection_is_the_end_of_all(line: Line):
    line.session.close(line.now)
    assert line.session.orders.over == line.session.closed


def test_the_client_id_is_that_which_was_said():
    orders = KnownOrders()
    line = greeted(orders, 225, by_hand=True)
    line.session.send(StartApiRequest(44), 0.0)
    line.move()
    line.say(opened(8, 900, 44))
    (life,) = orders.lives
    assert (orders.client_id, life.owner) == (44, Owner.OURS)


def test_live_orders_cost_one_another_nothing():
    """The statuses of one order are as quick beside ten thousand others: nothing looks at them."""
    orders = KnownOrders()
    orders.begin(1, 5)
    orders.hear([opened(number, number) for number in range(5, 2005)])
    orders.take_news()
    orders.hear([status(9, 9, filled=1)])
    assert orders.take_news() == [orders.by_order_id(9)]
    assert all(life._is_stale for life in orders.lives), "no belief was computed that nobody asked for"


def test_what_has_left_keeps_no_bytes(line: Line):
    place(line)
    (life,) = line.session.orders.lives
    assert life.parcel is not None
    assert (life.parcel.data, life.parcel.life, life.state.total_quantity) == (b"", None, Decimal(10))


# --- recorded lives ---------------------------------------------------------------------------------------------------


def lived_over_a_session(name: str, version: int) -> KnownOrders:
    """Have a session live what was recorded, over bytes."""
    client_id, orders = client_of(name).client_id, KnownOrders(lasts=True)
    line = Line(version, client_id=client_id, next_valid_id=1, orders=orders)
    for step in steps_of(name):
        if isinstance(step, ConnectionClosed):
            line.session.receive_eof(line.now)
        elif isinstance(step, Said):
            message = step.message
            if isinstance(message, PlaceOrderRequest):
                # As a client says it: without what only TWS says, and with no empty word.
                order = placeable(message.order)
                message = replace(message, order=replace(order, time_in_force=order.time_in_force or None))
            line.session.send(message, line.now)
            line.move()
        elif isinstance(step, ToClient):
            if line.session.closed is not None:
                line = Line(version, client_id=client_id, next_valid_id=1, orders=orders)
            line.say(step)
    return orders


def believed(orders: KnownOrders) -> list[tuple[object, ...]]:
    """Give the names of each order, and what is believed of it."""
    states = [life.state for life in orders.lives]
    return [
        (state.client_id, state.order_id, state.permanent_id, state.ref, state.status, state.word, state.filled)
        for state in states
    ]


@pytest.mark.parametrize("name", NAMES)
def test_recorded_lives_are_the_same_over_bytes(name: str):
    client = client_of(name)
    for step in steps_of(name):
        client.live(step)
    for version in BOTH:
        assert believed(lived_over_a_session(name, version)) == believed(client.orders)


def test_a_cancel_of_all_that_is_taken_back_is_no_word_of_what_has_left(held: Line):
    """Else it would be said of an order on its way that none of it had left, and so that it never arrived."""
    order = place(held)
    held.is_writing = True
    held.take()
    held.is_writing = False
    _, parcel = held.session.send(GlobalCancelRequest(), held.now)
    (life,) = held.session.orders.lives
    assert (life.order_id, life.left) == (order.order_id, Left.NONE)
    assert held.session.take_back(parcel)
    assert (life.left, life.is_withdrawn) == (Left.ALL, False)
