"""One input, one exit, and everybody's own news: the session as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from anytws.core import (
    CloseReason,
    ConnectionClosed,
    HandshakeOptions,
    Notice,
    Ready,
    State,
    StateChanged,
    StillWaiting,
)
from anytws.core.events import Event
from anytws.errors import LocalProtocolError, SendQueueFull, SlowConsumer
from anytws.machines import ClientSession, Dropped, Mailbox
from anytws.machines.outbox import MOST_FRAMES, UNSENT_SECONDS, Place
from anytws.machines.session import BACKLOG
from anytws.messages import (
    Action,
    CancelMarketData,
    CurrentTimeRequest,
    ErrorMessage,
    ExerciseAction,
    ExerciseOptionsRequest,
    IdsRequest,
    ManagedAccounts,
    MarketDataRequest,
    MarketOrder,
    MatchingSymbolsRequest,
    NextValidId,
    PlaceOrderRequest,
    Stock,
    SymbolSamples,
    UpdateDisplayGroupRequest,
)
from tests.conversing import CLOCK, Line, failure_of, items_of, number_of

STOCK = Stock("AAPL")
BUY = PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1))


@pytest.fixture
def line() -> Line:
    return Line()


def order_id_of(line: Line, request: PlaceOrderRequest = BUY) -> int | None:
    """Send *request*; give the id that it leaves with."""
    said, _ = line.session.send(request, line.now)
    (heard,) = line.take()
    assert said == heard
    assert isinstance(heard, PlaceOrderRequest)
    return heard.order_id


# --- what goes out -----------------------------------------------------------------------------------------------


def test_a_greeting_leaves_as_soon_as_the_stream_is_up() -> None:
    session = ClientSession(HandshakeOptions(client_id=7))
    assert session.data_to_send(0.0) == b""
    session.opened(0.0)
    assert session.data_to_send(0.0).startswith(b"API\0")
    assert repr(session).startswith("<ClientSession ")


def test_what_is_said_leaves_in_its_order(line: Line) -> None:
    line.is_writing = False
    asked = line.ask(MatchingSymbolsRequest("a"))
    line.session.send(BUY, line.now)
    line.ask(IdsRequest())
    line.is_writing = True
    assert [type(message).__name__ for message in line.take()] == [
        "MatchingSymbolsRequest", "PlaceOrderRequest", "IdsRequest"
    ]  # fmt: skip
    assert asked.was_sent


def test_new_orders_are_numbered_in_one_lane(line: Line) -> None:
    assert [order_id_of(line), order_id_of(line)] == [5, 6]
    exercise = ExerciseOptionsRequest(STOCK, ExerciseAction.EXERCISE, 1)
    said, _ = line.session.send(exercise, line.now)
    assert said.order_id == 7  # type: ignore[attr-defined]
    line.take()
    assert order_id_of(line, PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1), order_id=5)) == 5, "a change"
    assert order_id_of(line) == 8
    assert order_id_of(line, PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1), order_id=40)) == 40
    assert order_id_of(line) == 41


def test_an_order_that_is_refused_uses_no_id_up(line: Line) -> None:
    with pytest.raises(LocalProtocolError):
        line.session.send(PlaceOrderRequest(Stock("A\0B"), MarketOrder(Action.BUY, 1)), line.now)
    assert order_id_of(line) == 5


def test_a_next_valid_id_only_raises(line: Line) -> None:
    line.say(NextValidId(90))
    assert order_id_of(line) == 90
    line.say(NextValidId(10))
    assert order_id_of(line) == 91


@pytest.mark.parametrize("next_valid_id, first", [(5, 1_000_000_000), (1_700_000_000, 268_435_456)])
def test_requests_are_numbered_where_no_order_is(next_valid_id: int, first: int) -> None:
    line = Line(next_valid_id=next_valid_id)
    assert number_of(line.ask(MatchingSymbolsRequest("a"))) == first
    line.take()
    assert order_id_of(line) == next_valid_id
    for message in (CancelMarketData(first), CancelMarketData(first + 1000), MatchingSymbolsRequest("a", first)):
        with pytest.raises(LocalProtocolError, match="given by conversations") as caught:
            line.session.send(message, line.now)
        assert caught.value.field == "request_id"
    with pytest.raises(LocalProtocolError, match="are for requests") as caught:
        line.session.send(PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1), order_id=first), line.now)
    assert caught.value.field == "order_id"
    with pytest.raises(LocalProtocolError, match="are for requests"):
        line.ask(PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1, what_if=True), order_id=first + 7))
    assert line.take() == []
    assert order_id_of(line) == next_valid_id + 1


def test_an_id_below_is_the_programs_own(line: Line) -> None:
    line.session.send(MarketDataRequest(STOCK, request_id=7), line.now)
    line.session.send(CancelMarketData(7), line.now)
    assert line.heard_ids() == [7, 7]
    line.fail(7, 200)
    assert line.session.statistics().late == {}


def test_a_command_may_speak_of_a_stream(line: Line) -> None:
    line.session.send(UpdateDisplayGroupRequest("8314", 1_000_000_000), line.now)
    assert line.heard_ids() == [1_000_000_000]


def test_a_request_without_an_id_cannot_be_sent(line: Line) -> None:
    with pytest.raises(LocalProtocolError):
        line.session.send(MarketDataRequest(STOCK), line.now)
    assert line.take() == []


def test_what_tws_does_not_read_is_refused_in_the_end_and_nothing_is_taken() -> None:
    line = Line()
    line.is_writing = False
    for _ in range(MOST_FRAMES):
        line.session.send(CurrentTimeRequest(), line.now)
    with pytest.raises(SendQueueFull) as caught:
        line.session.send(BUY, line.now)
    assert caught.value.frames == MOST_FRAMES
    line.session.ask(IdsRequest(), line.now)
    line.session.data_to_send(line.now)
    with pytest.raises(SendQueueFull):
        # There is room, but somebody waits for it already.
        line.session.send(BUY, line.now)
    line.session.sent(1, line.now)
    said, _ = line.session.send(BUY, line.now)
    assert said.order_id == 5, "what was not taken has used no id up"  # type: ignore[attr-defined]


def test_a_message_says_where_its_bytes_are(line: Line) -> None:
    line.is_writing = False
    _, parcel = line.session.send(CurrentTimeRequest(), line.now)
    seen = [parcel.place]
    data = line.session.data_to_send(line.now)
    seen.append(parcel.place)
    line.session.sent(len(data), line.now)
    assert [*seen, parcel.place] == [Place.QUEUED, Place.GIVEN, Place.LEFT]
    _, lost = line.session.send(CurrentTimeRequest(), line.now)
    line.session.close(line.now)
    assert (lost.place, lost.was_given) == (Place.LOST, False)


@pytest.mark.parametrize("given", [False, True])
def test_a_tws_that_takes_no_byte_is_unresponsive(line: Line, given: bool) -> None:
    line.is_writing = False
    line.session.send(CurrentTimeRequest(), line.now)
    if given:
        line.session.data_to_send(line.now)
    assert line.session.wake_at() == line.now + UNSENT_SECONDS
    line.session.wake(line.now + UNSENT_SECONDS - 0.1)
    assert line.session.closed is None
    line.session.wake(line.now + UNSENT_SECONDS)
    closed: ConnectionClosed | None = line.session.closed
    assert closed is not None
    assert closed.reason is CloseReason.UNRESPONSIVE
    assert "no byte for 10 s" in closed.detail
    assert line.session.wake_at() is None


def test_half_a_frame_is_the_end() -> None:
    line = Line()
    line.is_writing = False
    asked = line.ask(IdsRequest())
    line.session.data_to_send(line.now)
    line.session.send_failed(line.now, "the cable")
    failure = failure_of(asked.take)
    assert isinstance(failure, ConnectionClosed)
    assert failure.reason is CloseReason.SEND_FAILED
    assert line.session.data_to_send(line.now) == b""


def test_a_session_may_be_started_by_hand() -> None:
    session = ClientSession(HandshakeOptions(client_id=7, start_api_by_hand=True))
    session.opened(0.0)
    with pytest.raises(LocalProtocolError):
        session.start_api(0.0)
    session.sent(len(session.data_to_send(0.0)), 0.0)
    session.receive_data(b"\0\0\0\x1a176\x0020260105 09:30:00 UTC\0"[:4] + b"", 0.0)
    session.close(1.0)
    with pytest.raises(ConnectionClosed):
        session.start_api(1.0)


# --- how it ends -------------------------------------------------------------------------------------------------


def end(session: ClientSession, how: str, now: float) -> None:
    if how == "connect_failed":
        session.connect_failed(now, "refused")
    else:
        getattr(session, how)(now)


@pytest.mark.parametrize("how", ["receive_eof", "receive_reset", "receive_silence", "close", "send_failed"])
def test_whatever_ends_it_ends_it_once(line: Line, how: str) -> None:
    events = line.session.listen()
    stream = line.stream(MarketDataRequest(STOCK))
    events.take()
    for _ in range(2):
        end(line.session, how, line.now)
    assert [type(event) for event in events.take()] == [StateChanged, ConnectionClosed]
    assert events.is_over
    assert isinstance(failure_of(stream.take), ConnectionClosed)
    line.session.receive_data(b"\0\0\0\0", line.now)
    line.session.wake(line.now + 100)
    line.session.sent(3, line.now)
    for call in (line.session.raise_if_closed, lambda: line.session.send(CurrentTimeRequest(), line.now)):
        with pytest.raises(ConnectionClosed):
            call()
    assert line.session.statistics().unsent_messages == 0


def test_a_stream_that_never_was_ends_it_too() -> None:
    session = ClientSession()
    session.connect_failed(0.0, "refused", "look")
    closed = session.closed
    assert closed is not None
    assert closed.reason is CloseReason.CONNECT_FAILED
    assert items_of([item for item in session.listen().take() if not isinstance(item, Dropped)], ConnectionClosed) == [
        closed
    ]


# --- news --------------------------------------------------------------------------------------------------------


def test_each_holder_is_named_once_for_all_that_one_read_brought(line: Line) -> None:
    events = line.session.listen()
    asked, stream = line.ask(MatchingSymbolsRequest("a")), line.stream(MarketDataRequest(STOCK))
    line.news()
    line.say(
        ErrorMessage(number_of(stream), 10167, "delayed"),
        ErrorMessage(number_of(stream), 10167, "delayed"),
        SymbolSamples(number_of(asked)),
        ErrorMessage(None, 2104, "ok"),
    )
    news = line.news()
    assert sorted(map(id, news)) == sorted(map(id, [events, asked, stream]))
    assert line.news() == []


def test_the_first_who_listens_hears_all_from_the_beginning() -> None:
    line = Line()
    first, second = line.session.listen(), line.session.listen()
    told = first.take()
    assert isinstance(told[0], StateChanged)
    assert items_of([item for item in told if not isinstance(item, Dropped)], Ready) != []
    assert second.take() == []
    line.say(ManagedAccounts(("DU1",)))
    assert first.take() == second.take() == [ManagedAccounts(("DU1",))]


def test_what_has_happened_is_kept_up_to_a_bound() -> None:
    line = Line()
    line.say(*[ErrorMessage(None, 2104, "ok")] * (BACKLOG + 5))
    first, *rest = line.session.listen(Mailbox(1)).take()
    assert isinstance(first, Dropped)
    assert len(rest) == BACKLOG


def test_a_program_that_asks_keeps_no_events_it_does_not_read(line: Line) -> None:
    line.ask(IdsRequest())
    line.say(*[ErrorMessage(None, 2104, "ok")] * 7)
    told = line.session.listen().take()
    assert told[-1] == Dropped(7)


def test_who_listens_after_the_end_hears_of_it_whatever_was_kept(line: Line) -> None:
    line.ask(IdsRequest())
    line.say(ErrorMessage(None, 2104, "ok"))
    line.session.close(line.now)
    for _ in range(2):
        late = line.session.listen()
        told = late.take()
        assert told[-1] == line.session.closed
        assert sum(isinstance(item, ConnectionClosed) for item in told) == 1
        assert late.is_over


def test_a_listener_that_is_too_slow_or_gone_is_forgotten(line: Line) -> None:
    slow: Mailbox[Event] = Mailbox(2)
    gone, good = line.session.listen(), line.session.listen()
    line.session.listen(slow)
    gone.close()
    assert line.session.listeners == [good, slow]
    line.say(*[ErrorMessage(None, 2104, "ok")] * 3)
    assert line.session.listeners == [good]
    assert isinstance(failure_of(slow.take), SlowConsumer)
    line.session.close(line.now)
    assert isinstance(good.take()[-1], ConnectionClosed)


def test_it_is_pressed_when_a_listener_or_a_stream_is(line: Line) -> None:
    line.session.listen(Mailbox(4))
    line.say(*[ErrorMessage(None, 2104, "ok")] * 2)
    seen = [line.session.is_pressed]
    line.say(ErrorMessage(None, 2104, "ok"))
    assert [*seen, line.session.is_pressed] == [False, True]
    other = Line()
    stream = other.stream(MarketDataRequest(STOCK), mailbox=Mailbox(4))
    other.say(*[ErrorMessage(number_of(stream), 10167, "so")] * 3)
    assert other.session.is_pressed


def test_a_stream_of_events_may_make_tws_wait(line: Line) -> None:
    mailbox = line.session.listen(Mailbox(1, "block"))
    mailbox.take()
    line.say(ErrorMessage(None, 2104, "ok"))
    assert not mailbox.has_room
    assert [type(event) for event in mailbox.take()] == [Notice]


def test_what_lets_one_wait_is_said_once() -> None:
    session = ClientSession(HandshakeOptions(client_id=7))
    session.opened(0.0)
    session.sent(len(session.data_to_send(0.0)), 0.0)
    assert session.wake_at() == 4.0
    session.wake(4.0)
    assert [type(remark) for remark in session.take_remarks()] == [StillWaiting]
    assert session.take_remarks() == []
    assert session.state is State.HANDSHAKING


def test_it_says_how_it_does(line: Line) -> None:
    line.is_writing = False
    line.ask(IdsRequest())
    line.stream(MarketDataRequest(STOCK))
    statistics = line.session.statistics()
    assert (statistics.open_conversations, statistics.unsent_messages) == (2, 2)
    assert statistics.unsent_bytes == line.session.outbox.size
    assert statistics.late == {}


def test_deadlines_may_be_scaled_all_at_once() -> None:
    usual = Line().ask(IdsRequest())
    assert usual.seconds is not None
    scaled = Line(timeout_factor=2.0)
    by_row, own = scaled.ask(IdsRequest()), scaled.ask(MatchingSymbolsRequest("a"), timeout=3.0)
    scaled.pass_time(3.0)
    assert scaled.news() == [own]
    scaled.pass_time(2 * usual.seconds - 3.1)
    assert scaled.news() == []
    scaled.pass_time(0.2)
    assert scaled.news() == [by_row]


def test_no_input_raises_for_what_a_peer_did(line: Line) -> None:
    """Frames of nothing, of garbage, and too long ones."""
    for data in (b"\0\0\0\0", b"\0\0\0\2\xff\xff", b"\0\0\0\x04abcd", b"\0\0\0\x05150\0\0", b"\xff\xff\xff\xff"):
        line.session.receive_data(data, line.now)
    closed: Any = line.session.closed
    assert closed.reason is CloseReason.PROTOCOL_ERROR
    assert CLOCK
