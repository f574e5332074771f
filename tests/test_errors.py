"""Errors hold values, the sentence is made from them, and the tree says whose fault it was."""

from __future__ import annotations

import copy
import inspect
import pickle
from unittest.mock import Mock

import pytest

from anytws import errors
from anytws.errors import (
    Ambiguous,
    AnswerTooLarge,
    AnytwsError,
    DataLost,
    DecodeError,
    HoursUnknown,
    LimitReached,
    LocalProtocolError,
    NotFound,
    ProtocolError,
    RemoteProtocolError,
    RequestFailed,
    RequestTimedOut,
    SendQueueFull,
    SlowConsumer,
    shown,
)
from anytws.messages import CurrentTimeRequest
from anytws.messages.base import Side
from anytws.wire.codec import Codec


def test_nobody_raises_a_protocol_error_without_saying_whose() -> None:
    """The base class is for catching only."""
    with pytest.raises(TypeError, match="LocalProtocolError or RemoteProtocolError"):
        ProtocolError("something")


def test_one_except_clause_catches_everything() -> None:
    """All that the library raises on purpose is an `AnytwsError`, and the two faults are never mistaken."""
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass)]
    assert all(issubclass(cls, AnytwsError) for cls in classes)
    assert issubclass(DecodeError, RemoteProtocolError)
    assert not issubclass(LocalProtocolError, RemoteProtocolError)
    assert not issubclass(RemoteProtocolError, LocalProtocolError)


def test_too_old_names_message_field_both_versions_and_the_code() -> None:
    """Whoever reads only the text knows what to do; whoever reads the values needs no text."""
    whole = LocalProtocolError.too_old("PlaceOrderRequest", since=203, version=176)
    part = LocalProtocolError.too_old("PlaceOrderRequest", since=203, version=176, field="deactivate")
    assert (whole.code, whole.message, whole.field) == (errors.UPDATE_TWS, "PlaceOrderRequest", None)
    assert (part.code, part.message, part.field) == (errors.UPDATE_TWS, "PlaceOrderRequest", "deactivate")
    assert "PlaceOrderRequest.deactivate needs server version 203" in str(part)
    assert "176" in str(part)


def test_not_now_names_what_the_state_and_the_way_out() -> None:
    """504 is the vendor's number for every request while not connected."""
    error = LocalProtocolError.not_now("CurrentTimeRequest", "closed", "make a new connection")
    assert error.code == errors.NOT_CONNECTED
    assert str(error) == "CurrentTimeRequest may not be sent while the connection is closed: make a new connection"


@pytest.mark.parametrize(
    "message, field, text",
    [
        ("OrderStatus", "filled", "OrderStatus.filled: 'abc' is not DECIMAL"),
        ("OrderStatus", None, "OrderStatus: 'abc' is not DECIMAL"),
        (None, None, "frame: 'abc' is not DECIMAL"),
    ],
)
def test_a_decode_error_says_who_which_field_what_was_seen_and_what_was_wanted(
    message: str | None, field: str | None, text: str
) -> None:
    """The sentence leaves out what is not known, and nothing else."""
    error = DecodeError(message, field, "'abc'", "DECIMAL")
    assert str(error) == text
    assert (error.message, error.field, error.seen, error.wanted) == (message, field, "'abc'", "DECIMAL")
    assert error.code == errors.BAD_MESSAGE


def test_a_decode_error_of_a_real_frame_carries_the_same_values() -> None:
    """The values come from the table, not from the one who calls."""
    with pytest.raises(DecodeError) as caught:
        Codec(Side.CLIENT, 176).decode(b"9\x001\x00seven\x00")
    error = caught.value
    assert (error.message, error.field, error.seen, error.wanted) == ("NextValidId", "order_id", "'seven'", "INT")


def test_a_request_that_timed_out_is_there_to_be_made_again() -> None:
    """The request itself, and the seconds, are values."""
    error = RequestTimedOut(CurrentTimeRequest(), 2.5)
    assert (error.request, error.seconds) == (CurrentTimeRequest(), 2.5)
    assert "CurrentTimeRequest within 2.5 s" in str(error)


def test_a_request_that_timed_out_says_how_far_it_came() -> None:
    """Three things are told apart: nobody was asked, nobody answered, and not all of the answer came."""
    unsent = RequestTimedOut(CurrentTimeRequest(), 2.5, sent=False)
    unfinished = RequestTimedOut(CurrentTimeRequest(), 2.5, received=(1, 2))
    assert "was not sent within 2.5 s" in str(unsent)
    assert "did not answer" not in str(unsent)
    assert "2 messages came, and no end" in str(unfinished)
    assert unfinished.received == (1, 2)


def test_a_request_that_failed_says_what_tws_said() -> None:
    """Code and text are values; a refusal just after TWS had lost a link is marked as doubtful."""
    error = RequestFailed(200, "No security definition", CurrentTimeRequest())
    assert (error.code, error.message, error.request, error.link_was_down) == (
        200, "No security definition", CurrentTimeRequest(), False,
    )  # fmt: skip
    assert str(error) == "TWS ended CurrentTimeRequest with 200: No security definition"
    assert "may be wrong" in str(RequestFailed(200, "", CurrentTimeRequest(), link_was_down=True))


def test_the_errors_of_streams_and_queues_say_what_to_do() -> None:
    """Each names what there was of it, and the way out."""
    assert "open the stream again" in str(DataLost(CurrentTimeRequest()))
    assert "1000001 messages had come" in str(AnswerTooLarge(CurrentTimeRequest(), 1_000_001))
    full = SendQueueFull(10_000, 90_000)
    assert (full.frames, full.size) == (10_000, 90_000)
    assert "10000 messages of 90000 bytes wait to be sent" in str(full)
    assert "Nothing was sent; `await tws.send(...)`" in str(full)


def test_a_slow_consumer_learns_its_bound() -> None:
    """The bound, and what is lost, are values; the sentence says what can be done."""
    error = SlowConsumer(7, lost=8)
    assert (error.capacity, error.unit, error.lost, error.unread_seconds) == (7, "items", 8, None)
    assert "more than 7 items were waiting to be read, and 8 are lost" in str(error)
    assert "raise the capacity, or choose when_full='drop_oldest'" in str(error)
    heavy = SlowConsumer(70, "bytes", 3)
    assert "items of more than 70 bytes" in str(heavy)
    assert "raise the capacity_bytes" in str(heavy)
    blocked = SlowConsumer(7, "items", 7, 30.0)
    assert "nobody read it for 30 s, so 7 items are lost" in str(blocked)


@pytest.mark.parametrize(
    "error",
    [
        LocalProtocolError.too_old("PlaceOrderRequest", since=203, version=176, field="deactivate"),
        RemoteProtocolError("no greeting", code=errors.BAD_MESSAGE),
        DecodeError("NextValidId", "order_id", "'x'", "INT"),
        RequestTimedOut(7, 2.5),
        RequestTimedOut(7, 2.5, sent=False),
        RequestTimedOut(7, 2.5, False, (), "it waits for a market data line"),
        LimitReached("lines", 7, 100, 100),
        LimitReached("small_history", 7, seconds=300.0),
        RequestTimedOut(7, 2.5, received=(CurrentTimeRequest(),)),
        RequestFailed(200, "No security definition", CurrentTimeRequest(), link_was_down=True),
        NotFound("a contract"),
        Ambiguous("a contract", (1, 2), ("one", "two"), ("currency",)),
        Ambiguous("a contract", (1,), ("one",), (), "chain of options"),
        HoursUnknown("the hours are not told", "20261002:CLOSED", "US/Eastern"),
        DataLost(CurrentTimeRequest()),
        AnswerTooLarge(CurrentTimeRequest(), 1_000_001),
        SendQueueFull(10_000, 90_000),
        SlowConsumer(7),
        SlowConsumer(7, "bytes", 3, 30.0),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_reach_another_process_as_they_are(error: AnytwsError) -> None:
    """Process pools pickle what is raised; an error that cannot be pickled hangs or hides itself there."""
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 (our own bytes)
        assert type(again) is type(error)
        assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_refusal_goes_along_with_what_was_not_found() -> None:
    """An exception is equal to itself alone, so its values are compared."""
    error = NotFound("a contract", RequestFailed(200, "No security", CurrentTimeRequest()), "chain of options")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    assert (str(again), again.asked, again.what) == (str(error), error.asked, error.what)
    assert vars(again.failure) == vars(error.failure)
    assert str(error) == "TWS knows no chain of options that fits 'a contract': No security"


def test_contracts_of_which_several_fit_are_named() -> None:
    """Some of them, in a bounded sentence; all are in the candidates."""
    names = tuple(f"number {number} {'x' * 1000}" for number in range(100))
    error = Ambiguous("AAPL", tuple(range(100)), names, ("currency", "exchange"))
    assert "more than one contract fits 'AAPL': number 0 xxx" in str(error)
    assert "; and 94 more. They differ in currency, exchange: say which one is meant" in str(error)
    assert len(str(error)) < 1000
    assert len(error.candidates) == 100
    assert str(Ambiguous("KWEB", ())) == "more than one contract fits 'KWEB'"


@pytest.mark.parametrize("kind", [int, str, bytes, list, tuple])
def test_a_double_of_a_test_is_shown_like_anything_else(kind: type[object]) -> None:
    """It says of itself that it is a number or a text, and has none of it."""
    assert "Mock" in shown(Mock(spec=kind))
