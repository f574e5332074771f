"""Answers find who asked: shared requests, the time just after READY, and the end."""

from __future__ import annotations

from typing import Any

import pytest

from anytws.core import Connection, Requests, Side, State
from anytws.core.requests import SEND_AGAIN, SETTLING
from anytws.errors import LocalProtocolError
from anytws.messages import (
    Asks,
    CurrentTime,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
    ToClient,
)
from anytws.messages.base import message
from anytws.wire.kinds import INT
from anytws.wire.rows import Entry, Layout, Row
from tests.test_rows import in_catalogue

READY_AT = 1000.0
TIME = b"49\x001\x001752606307\0"


def framed(body: bytes) -> bytes:
    """Put a length in front, by hand."""
    return len(body).to_bytes(4, "big") + body


def hear(connection: Connection, requests: Requests, *bodies: bytes) -> None:
    """Have TWS say *bodies*, and the requests hear of it."""
    connection.receive_data(b"".join(map(framed, bodies)))
    requests.hear(connection.events())


@pytest.fixture
def connection() -> Connection:
    """A client at version 176 that has just become ready."""
    connection = Connection(Side.CLIENT)
    connection.opened(READY_AT)
    connection.receive_data(framed(b"176\x0020250323 22:21:01 GMT\0"))
    connection.data_to_send()
    return connection


@pytest.fixture
def requests(connection: Connection) -> Requests:
    """Its requests, which have heard that it is ready."""
    requests = Requests(connection)
    hear(connection, requests, b"15\x001\x00DU1\0", b"9\x001\x005\0")
    assert connection.state is State.READY
    return requests


def test_one_request_goes_out_and_its_answer_comes_back(connection: Connection, requests: Requests) -> None:
    """Once, and to nobody a second time."""
    answers: list[ToClient] = []
    assert requests.ask(CurrentTimeRequest(), answers.append, READY_AT) == framed(b"49\x001\0")
    hear(connection, requests, TIME, TIME)
    assert [type(answer) for answer in answers] == [CurrentTime]
    assert requests.wake_at() is None


def test_two_who_ask_the_same_share_one_request(connection: Connection, requests: Requests) -> None:
    """They cannot be told apart on the wire; both are answered, in the order in which they asked."""
    told: list[tuple[int, ToClient]] = []
    assert requests.ask(CurrentTimeRequest(), lambda answer: told.append((1, answer)), READY_AT)
    assert requests.ask(CurrentTimeRequest(), lambda answer: told.append((2, answer)), READY_AT) == b""
    hear(connection, requests, TIME)
    assert [who for who, _ in told] == [1, 2]
    assert told[0][1] == told[1][1]


def test_who_asks_after_the_answer_asks_anew(connection: Connection, requests: Requests) -> None:
    """An answer is news when it comes, and not later."""
    told: list[ToClient] = []
    requests.ask(CurrentTimeRequest(), told.append, READY_AT)
    hear(connection, requests, TIME)
    assert requests.ask(CurrentTimeRequest(), told.append, READY_AT) != b""


def test_who_asks_again_when_told_gets_a_request_of_its_own(connection: Connection, requests: Requests) -> None:
    """Asking inside the callback is what a polling program does."""
    sent: list[bytes] = []
    requests.ask(
        CurrentTimeRequest(),
        lambda _: sent.append(requests.ask(CurrentTimeRequest(), lambda _: sent.append(b"second"), READY_AT)),
        READY_AT,
    )
    hear(connection, requests, TIME)
    assert sent == [framed(b"49\x001\0")]
    hear(connection, requests, TIME)
    assert sent[1:] == [b"second"]


def test_different_questions_wait_for_different_answers(connection: Connection, requests: Requests) -> None:
    """Each hears its own, whatever else comes in between."""
    told: list[str] = []
    requests.ask(CurrentTimeRequest(), lambda _: told.append("time"), READY_AT)
    requests.ask(ManagedAccountsRequest(), lambda _: told.append("accounts"), READY_AT)
    requests.ask(IdsRequest(), lambda _: told.append("ids"), READY_AT)
    hear(connection, requests, b"4\x002\x00-1\x002104\x00ok:usfarm\0\0", b"9\x001\x009\0")
    assert told == ["ids"]
    hear(connection, requests, b"15\x001\x00DU1\0", TIME)
    assert told == ["ids", "accounts", "time"]


def test_who_forgets_is_not_told(connection: Connection, requests: Requests) -> None:
    """The others who share the request are."""
    told: list[int] = []

    def first(_: ToClient) -> None:
        told.append(1)

    requests.ask(CurrentTimeRequest(), first, READY_AT)
    requests.ask(CurrentTimeRequest(), lambda _: told.append(2), READY_AT)
    requests.forget(first)
    assert requests.ask(CurrentTimeRequest(), lambda _: told.append(3), READY_AT) == b""
    hear(connection, requests, TIME)
    assert told == [2, 3]


def test_when_all_have_forgotten_nothing_is_kept(requests: Requests) -> None:
    """The next who asks sends a request of its own, and no forgotten one is sent again."""
    told: list[ToClient] = []
    requests.ask(CurrentTimeRequest(), told.append, READY_AT)
    for waiter in (print, told.append):
        requests.forget(waiter)
    # A bound method is a new object each time it is looked up, and is the same waiter all the same.
    assert requests.wake_at() is None
    assert requests.ask(CurrentTimeRequest(), print, READY_AT) != b""


@pytest.mark.parametrize("after", [0.0, 0.5 * SEND_AGAIN, SETTLING - 0.5 * SEND_AGAIN])
def test_a_request_that_nobody_answered_while_settling_is_sent_again_once(
    connection: Connection, requests: Requests, after: float
) -> None:
    """Just after nextValidId, TWS may drop requests without a word: what it dropped is sent when it has settled."""
    told: list[ToClient] = []
    asked_at = READY_AT + after
    sent = requests.ask(CurrentTimeRequest(), told.append, asked_at)
    due = max(asked_at + SEND_AGAIN, READY_AT + SETTLING)
    assert requests.wake_at() == due
    assert requests.wake(due - 0.01) == b""
    assert requests.wake(due) == sent
    assert requests.wake_at() is None
    assert requests.wake(due + 100 * SEND_AGAIN) == b""
    hear(connection, requests, TIME, TIME)
    assert len(told) == 1


def test_an_answer_in_time_stops_the_second_sending(connection: Connection, requests: Requests) -> None:
    """There is nothing left to wake for."""
    requests.ask(CurrentTimeRequest(), lambda _: None, READY_AT)
    hear(connection, requests, TIME)
    assert requests.wake_at() is None
    assert requests.wake(READY_AT + SETTLING) == b""


@pytest.mark.parametrize("after, again", [(SETTLING - 0.01, True), (SETTLING, False), (SETTLING + 100, False)])
def test_the_settling_time_has_an_end(requests: Requests, after: float, again: bool) -> None:
    """Later, a request without an answer is a matter of its deadline."""
    requests.ask(CurrentTimeRequest(), lambda _: None, READY_AT + after)
    assert (requests.wake_at() is not None) == again
    assert bool(requests.wake(READY_AT + after + SETTLING)) == again


def test_all_that_are_due_are_sent_in_the_order_in_which_they_were_asked(requests: Requests) -> None:
    """And those that are not due yet are not."""
    late = SETTLING - 0.5 * SEND_AGAIN
    first = requests.ask(CurrentTimeRequest(), lambda _: None, READY_AT)
    second = requests.ask(IdsRequest(), lambda _: None, READY_AT)
    third = requests.ask(ManagedAccountsRequest(), lambda _: None, READY_AT + late)
    assert requests.wake(READY_AT + SETTLING) == first + second
    assert requests.wake_at() == READY_AT + late + SEND_AGAIN
    assert requests.wake(READY_AT + late + SEND_AGAIN) == third


@message
class BuyRequest(Asks[CurrentTime]):
    """A request that must not be made twice."""

    order_id: int


BUY = Entry(Layout(BuyRequest, (Row("order_id", INT, 1),)), id=161, vendor_name="buy", changes_state=True)


def test_what_changes_something_is_never_sent_twice_by_itself(requests: Requests) -> None:
    """Not even while settling: an order placed twice is two orders."""
    with in_catalogue(BUY):
        assert requests.ask(BuyRequest(5), lambda _: None, READY_AT)
        assert requests.wake_at() is None
        assert requests.wake(READY_AT + SETTLING) == b""


def test_the_end_clears_everything(connection: Connection, requests: Requests) -> None:
    """Nothing is sent after it, and nobody is told; whoever waits hears of the end from the connection."""
    told: list[ToClient] = []
    requests.ask(CurrentTimeRequest(), told.append, READY_AT)
    connection.receive_eof()
    requests.hear(connection.events())
    assert requests.wake_at() is None
    assert requests.wake(READY_AT + SETTLING) == b""
    assert told == []
    with pytest.raises(LocalProtocolError):
        requests.ask(CurrentTimeRequest(), told.append, READY_AT)


def test_waking_between_the_end_and_its_news_does_not_raise(connection: Connection, requests: Requests) -> None:
    """The connection has ended, and the event still waits to be read: whose task runs first is chance."""
    requests.ask(CurrentTimeRequest(), lambda _: None, READY_AT)
    connection.receive_eof()
    assert requests.wake(READY_AT + SETTLING) == b""


def test_what_may_not_be_asked_now_changes_nothing(connection: Connection) -> None:
    """Before READY: no bytes, no event, nobody waits."""
    requests = Requests(connection)
    connection.events()
    with pytest.raises(LocalProtocolError):
        requests.ask(CurrentTimeRequest(), lambda _: None, READY_AT)
    with pytest.raises(LocalProtocolError):
        Requests(Connection(Side.CLIENT)).ask(CurrentTimeRequest(), lambda _: None, 0.0)
    assert requests.wake_at() is None
    assert connection.events() == []
    assert connection.data_to_send() == b""
    assert connection.state is State.AWAITING_NEXT_VALID_ID


def test_what_the_version_does_not_have_changes_nothing(connection: Connection, requests: Requests) -> None:
    """503, and the next who asks the same is told the same."""
    for _ in range(2):
        with pytest.raises(LocalProtocolError) as caught:
            requests.ask(CurrentTimeInMillisRequest(), lambda _: None, READY_AT)
        assert caught.value.code == 503
    assert connection.state is State.READY
    assert requests.wake_at() is None


@pytest.mark.parametrize("wrong", [SetServerLogLevelRequest(5), NextValidId(1), ManagedAccounts(()), object(), None])
def test_what_has_no_answer_cannot_be_asked(requests: Requests, wrong: Any) -> None:
    """A `TypeError`: it is to be sent, if anything."""
    with pytest.raises(TypeError):
        requests.ask(wrong, lambda _: None, READY_AT)
    assert requests.wake_at() is None
