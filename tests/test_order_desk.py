"""What one connection has to do with orders: nothing is made before it is needed, and the bytes leave first."""

from __future__ import annotations

import pytest

from anytws.client.door import Door
from anytws.core.codes import CODES, LINK_LOST
from anytws.core.events import CloseReason, ConnectionClosed, UndecodableFrame
from anytws.core.state import State
from anytws.machines.heard_orders import HeardOrders
from anytws.machines.order_desk import OrderDesk
from anytws.machines.order_news import NAMES_OF_NEWS, TELLS_OF_ORDERS
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages import CancelOrderRequest, ErrorMessage, OpenOrder, PlaceOrderRequest, TickPrice
from anytws.messages.base import replace
from anytws.messages.session import ManagedAccounts
from anytws.simulator import World
from tests.conversing import Line
from tests.said_orders import AAPL, opened, order_of, status
from tests.staying import staying

REQUEST = PlaceOrderRequest(AAPL, order_of(client_id=0, ref="mine"))


@pytest.fixture
def line() -> Line:
    return Line(225, client_id=1)


def desk_of(line: Line) -> OrderDesk:
    return line.session._orders


def is_made(line: Line) -> bool:
    return desk_of(line)._known is not None


def test_a_connection_without_orders_makes_nothing(line: Line):
    """Nor do accounts, codes under the id of some request, or the news that the link is there."""
    line.say(ManagedAccounts(("DU1",)), ErrorMessage(4711, 200, "no security definition"))
    assert not is_made(line)
    assert (line.session.has_order_news, line.session.take_order_news()) == (False, [])
    assert not desk_of(line).knows(5)
    assert not desk_of(line).is_queued(5)
    line.session.close(line.now)
    assert not is_made(line)


def test_it_is_made_by_the_first_news_of_an_order(line: Line):
    line.say(opened(5, 900), status(5, 900))
    assert is_made(line)
    assert [life.order_id for life in line.session.orders.lives] == [5]
    assert line.session.has_order_news


def test_a_link_that_is_lost_is_known_to_who_asks_later(line: Line):
    line.say(ErrorMessage(None, LINK_LOST, "lost"))
    assert line.session.orders.is_link_down


def test_what_cannot_be_read_of_orders_is_counted():
    desk = OrderDesk(CODES)
    desk.hear([UndecodableFrame(b"", "OpenOrder", "status", "?", "a word")])
    assert desk.known.misunderstood == 1


def test_who_looks_late_sees_what_was_there_all_along(line: Line):
    """The client id, the first order id, and, after the end, the end."""
    orders = line.session.orders
    assert (orders.client_id, orders.next_valid_id, orders.first_order_id, orders.connections) == (1, 5, 5, 1)
    other = Line(225, client_id=1)
    other.session.close(other.now)
    assert not is_made(other)
    assert other.session.orders.over == other.session.closed


def test_a_desk_of_an_earlier_life_is_told_at_once():
    known = OrderDesk(CODES).known
    desk = OrderDesk(CODES, known)
    desk.connect(7)
    desk.begin(7, 40)
    assert (known.client_id, known.next_valid_id, desk.ids) == (7, 40, known.ids)
    closed = ConnectionClosed(CloseReason.LOCAL, State.READY)
    desk.cut(closed)
    assert known.over == closed


def test_the_bytes_leave_before_the_order_is_noted(line: Line):
    """And nobody can look before it is: neither who has queued it, nor who hears of it."""
    session = line.session
    said, parcel = session.queue(REQUEST, line.now)
    assert desk_of(line)._said
    data = session.data_to_send(line.now)
    session.sent(len(data), line.now)
    (life,) = session.orders.lives
    assert (life.order_id, life.left, life.ref) == (said.order_id, Left.ALL, "mine")
    assert (parcel.data, parcel.life) == (b"", None), "what has left is kept without its bytes"
    line.say(opened(5, 900, ref="mine"), status(5, 900))
    assert life.state.status is OrderOutcome.OPEN


def test_what_is_queued_is_known_at_every_input(line: Line):
    line.session.queue(REQUEST, line.now)
    line.say(opened(5, 900, ref="mine"))
    (life,) = line.session.orders.lives
    assert (life.permanent_id, life.sends) == (900, 1)


def test_two_that_are_queued_in_one_turn_have_their_ids_and_one_of_them_vanishes(line: Line):
    session = line.session
    session.queue(REQUEST, line.now)
    session.queue(replace(REQUEST, order=order_of(client_id=0, ref="other")), line.now)
    assert desk_of(line).is_queued(6)
    session.queue(CancelOrderRequest(6), line.now)
    first, second = session.orders.lives
    assert (first.is_withdrawn, second.is_withdrawn, second.order_id) == (False, True, 6)


def test_what_is_queued_is_unknown_when_the_connection_ends(line: Line):
    line.session.queue(REQUEST, line.now)
    line.session.receive_reset(line.now, "reset")
    (life,) = line.session.orders.lives
    assert (life.left, life.state.is_unsure, line.session.orders.over) == (Left.NONE, True, line.session.closed)


def test_a_tick_is_no_news_of_an_order_and_each_that_is_has_its_way():
    assert not TELLS_OF_ORDERS[TickPrice]
    assert TELLS_OF_ORDERS[OpenOrder]
    assert {kind.__name__ for kind in HeardOrders._WAYS} >= NAMES_OF_NEWS


async def test_a_client_without_gate_and_journal_has_an_open_door():
    async with staying(World()) as tws:
        door = tws.intake
        assert (type(door), door.guards, door.recall("x"), repr(door)) == (Door, False, None, "<Door: open>")
        door.check(REQUEST)
        door.note(REQUEST, b"", 225)
        door.hear([])
        door.admit((REQUEST,))
