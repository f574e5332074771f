"""Why a connection ended: what it looked like, and what TWS said just before."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from anytws.cli import report
from anytws.core import (
    CloseReason,
    Connection,
    ConnectionClosed,
    FrameDiscarded,
    Side,
    State,
    UndecodableFrame,
    UnknownMessage,
    closing,
    strangers,
)
from anytws.core.codes import CLIENT_ID_IN_USE, CODES, PORT_CHANGED, RATE_EXCEEDED
from anytws.core.oddities import Oddities
from anytws.core.remembered import weigh
from anytws.core.session import Session
from anytws.errors import AnytwsError, in_a_sentence
from anytws.messages import ErrorMessage
from anytws.runtime import tcp
from anytws.wire.frames import frame

UNEXPLAINED = [
    CloseReason.EOF,
    CloseReason.EOF_MID_FRAME,
    CloseReason.RESET,
    CloseReason.REFUSED,
    CloseReason.HANDSHAKE_TIMEOUT,
    CloseReason.SEND_FAILED,
]
EXPLANATIONS = {
    CLIENT_ID_IN_USE: CloseReason.CLIENT_ID_IN_USE,
    PORT_CHANGED: CloseReason.PORT_CHANGED,
    RATE_EXCEEDED: CloseReason.PACING_VIOLATION,
}


def session_with(*errors: tuple[int, str], at: float = 100.0) -> Session:
    """Give a session in which TWS has said these errors, at time *at*."""
    session = Session()
    for code, text in errors:
        session.sort_out(ErrorMessage(None, code, text), CODES, at)
    return session


def describe(reason: CloseReason, session: Session, now: float = 100.0, **more: Any) -> ConnectionClosed:
    """End a connection that was ready."""
    return closing.describe(reason, State.READY, "seen", session, now, **more)


@pytest.mark.parametrize("reason", CloseReason)
@pytest.mark.parametrize("state", State)
def test_every_end_has_a_hint_that_a_person_can_act_on(reason: CloseReason, state: State) -> None:
    """Only who closed by himself needs none."""
    closed = closing.describe(reason, state, "seen", Session(), 0.0)
    assert (closed.reason, closed.state, closed.detail) == (reason, state, "seen")
    assert bool(closed.hint) == (reason is not CloseReason.LOCAL)
    assert reason.value in str(closed)
    assert state.value in str(closed)
    assert closed.hint in str(closed)


def every_hint() -> Iterator[str]:
    """Give each hint that there is, in whatever module."""
    for reason, state, code, heard in product(CloseReason, State, (503, 506), (False, True)):
        yield closing.hint_for(reason, state, code=code, heard=heard)
    yield from (report._GOES_IN_CIRCLES, report._NOTHING)
    yield from (stranger.hint for _, stranger in strangers._STRANGERS)
    yield from tcp.EVERY_HINT


def test_every_hint_is_a_sentence() -> None:
    """They stand behind a full stop, are one line each, and are shown whole."""
    hints = {hint for hint in every_hint() if hint}
    assert len(hints) > 35
    for hint in hints:
        assert hint[0].isupper(), hint
        assert hint[-1] not in ":; ", hint
        assert in_a_sentence(hint) == hint
        assert ".  " not in hint
        for sentence in hint.split(". "):
            assert sentence[0].isupper(), hint


@pytest.mark.parametrize("state", State)
def test_bytes_that_did_not_leave_are_not_blamed_on_the_daily_restart(state: State) -> None:
    """What matters is what became of an order."""
    hint = closing.hint_for(CloseReason.SEND_FAILED, state)
    assert "restart" not in hint
    assert (state is not State.READY) or "open orders and executions" in hint


def test_a_refusal_names_what_people_have_met() -> None:
    """A setting, a click, and what stands between."""
    hint = closing.hint_for(CloseReason.REFUSED, State.HANDSHAKING)
    for word in ("enabled", "trusted", "32 clients", "Reject", "socat", "ssh", "docker", "container", "forwarder"):
        assert word in hint


@pytest.mark.parametrize("code", EXPLANATIONS)
@pytest.mark.parametrize("reason", UNEXPLAINED)
def test_an_error_just_before_explains_an_end_without_a_word(reason: CloseReason, code: int) -> None:
    """The hanging up is only the form; its words stay in the detail."""
    closed = describe(reason, session_with((code, "text of TWS")))
    assert (closed.reason, closed.code) == (EXPLANATIONS[code], code)
    assert closed.last_error == ErrorMessage(None, code, "text of TWS")
    assert "text of TWS" in closed.detail
    assert "seen" in closed.detail


@pytest.mark.parametrize("reason", [reason for reason in CloseReason if reason not in UNEXPLAINED])
def test_an_end_with_a_word_of_its_own_keeps_it(reason: CloseReason) -> None:
    """Who closes after 326 has closed; the error is there beside it."""
    closed = describe(reason, session_with((CLIENT_ID_IN_USE, "in use")))
    assert closed.reason is reason
    assert closed.last_error is not None


@pytest.mark.parametrize("age, explains", [(0.0, True), (10.0, True), (10.5, False), (3600.0, False)])
def test_an_old_error_explains_nothing(age: float, explains: bool) -> None:
    """A pacing error of an hour ago is not why TWS restarts now."""
    closed = describe(CloseReason.EOF, session_with((RATE_EXCEEDED, "too fast")), now=100.0 + age)
    assert (closed.reason is CloseReason.PACING_VIOLATION) == explains


def test_another_error_explains_nothing_but_is_told() -> None:
    """A failed request is no reason to hang up."""
    closed = describe(CloseReason.EOF, session_with((200, "no security definition")))
    assert (closed.reason, closed.code) == (CloseReason.EOF, None)
    assert closed.last_error == ErrorMessage(None, 200, "no security definition")


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_an_error_between_the_reason_and_the_end_does_not_hide_it(code: int) -> None:
    """TWS may fail the open requests after it has said why it goes: the reason was said all the same."""
    closed = describe(CloseReason.EOF, session_with((code, "7498"), (200, "no security definition")))
    assert closed.reason is EXPLANATIONS[code]


@pytest.mark.parametrize(
    "text, port",
    [("API port changed, reconnect on 7498", 7498), ("the port was changed", None), ("neuer Port: 4002.", 4002)],
)
def test_the_new_port_is_read_from_the_text(text: str, port: int | None) -> None:
    """And is None where the text names none: nobody is sent to a guess."""
    assert describe(CloseReason.EOF, session_with((PORT_CHANGED, text))).new_port == port


def test_a_port_in_another_error_is_none() -> None:
    """Only 1300 moves the API."""
    assert describe(CloseReason.EOF, session_with((200, "port 7498"))).new_port is None


def test_a_notice_is_not_the_last_error() -> None:
    """Farms come and go all day."""
    assert describe(CloseReason.EOF, session_with((2104, "ok:usfarm"))).last_error is None


@pytest.mark.parametrize(
    "reason, code",
    [
        (CloseReason.CONNECT_FAILED, 502),
        (CloseReason.REFUSED, 502),
        (CloseReason.RESET, 509),
        (CloseReason.SEND_FAILED, 509),
        (CloseReason.EOF, None),
        (CloseReason.LOCAL, None),
    ],
)
def test_the_vendor_s_code_of_a_reason(reason: CloseReason, code: int | None) -> None:
    """And one that was given goes before it."""
    assert describe(reason, Session()).code == code
    assert describe(reason, Session(), code=507).code == 507


def test_what_is_raised_is_an_equal_copy() -> None:
    """Both an event and an exception; each raising has its own traceback."""
    closed = describe(CloseReason.REDIRECTED, session_with((200, "x")), redirect=("gw", 4001))
    again = closed.again()
    assert again is not closed
    assert (again, hash(again)) == (closed, hash(closed))
    assert closed != describe(CloseReason.EOF, Session())
    assert closed != "closed"
    with pytest.raises(AnytwsError) as caught:
        raise again
    assert caught.value.__traceback__ is not None
    assert closed.__traceback__ is None
    assert copy.copy(closed) == closed


def test_what_came_instead_is_shown() -> None:
    """A reply that is none, and an error in the wrong encoding, are what a person has to see."""
    client = Connection(Side.CLIENT)
    client.opened()
    client.receive_data(frame(b"+176\x0020260405 23:49:26 UTC\0"))
    client.wake(1000.0)
    assert client.closed is not None
    assert "1 other frame came, the last b'+176" in client.closed.detail

    client = Connection(Side.CLIENT)
    client.opened()
    client.receive_data(frame(b"226\x0020260405 23:49:26 UTC\0") + frame(b"4\x002\x00-1\x00326\x00in use\0"))
    client.receive_eof()
    assert client.closed is not None
    assert "326" in client.closed.detail


def test_of_what_came_instead_the_words_are_kept_and_not_the_frames() -> None:
    """Three frames of 16 MB would wait there for an end that may come tomorrow."""
    oddities = Oddities()
    large = bytes(16 * 2**20)
    for event in (
        FrameDiscarded(large),
        UnknownMessage(777, large),
        UndecodableFrame(large, "A" * 10**6, None, "", ""),
    ):
        oddities.note(event)
    assert weigh(oddities) < 5000
    told = oddities.told()
    assert "1 other frame came" in told
    assert "16777216 bytes" in told
    assert len(told) < 1000


def test_a_refusal_that_was_taken_back_explains_nothing() -> None:
    """326, then a start all the same: the end that follows is an end, and no client id in use."""
    client = Connection(Side.CLIENT)
    client.opened()
    client.receive_data(frame(b"176\x0020260405 23:49:26 UTC\0"))
    client.receive_data(frame(b"4\x002\x00-1\x00326\x00in use\0\0"))
    client.receive_data(frame(b"15\x001\x00DU1\0") + frame(b"9\x001\x005\0"))
    assert client.state is State.READY
    client.receive_eof()
    assert client.closed is not None
    assert client.closed.reason is CloseReason.EOF
