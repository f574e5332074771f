"""Why a connection ended: what it looked like, and what TWS said just before."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import product
from typing import Any

import attrs
import pytest

from anytws.cli import report
from anytws.core import (
    CloseReason,
    Connection,
    ConnectionClosed,
    FrameDiscarded,
    HandshakeOptions,
    Side,
    Stage,
    State,
    StillWaiting,
    UndecodableFrame,
    UnknownMessage,
    closing,
    strangers,
)
from anytws.core.before_version import BeforeVersion
from anytws.core.codes import CLIENT_ID_IN_USE, CODES, PORT_CHANGED, RATE_EXCEEDED
from anytws.core.deadline import Deadline, Step
from anytws.core.passed_over import PassedOver
from anytws.core.remembered import weigh
from anytws.core.session_facts import CODES_BEFORE_CLOSE, SessionFacts
from anytws.errors import AnytwsError, in_a_sentence
from anytws.messages import ErrorMessage
from anytws.runtime import tcp
from anytws.wire.frames import frame
from anytws.wire.handshake import VersionReply, write_version_reply

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


def session_with(*errors: tuple[int, str], at: float = 100.0) -> SessionFacts:
    """Give a session in which TWS has said these errors, at time *at*."""
    facts = SessionFacts()
    for code, text in errors:
        facts.classify(ErrorMessage(None, code, text), CODES, at)
    return facts


def seen(
    state: State = State.READY,
    facts: SessionFacts | None = None,
    *,
    now: float = 100.0,
    side: Side = Side.CLIENT,
    said: bytes = b"",
    is_agreed: bool = True,
    unfinished: bytes = b"",
) -> closing.Seen:
    """Give what one end has seen: *said* came before the version, *unfinished* of the last frame."""
    early = BeforeVersion(side)
    early.note(said)
    facts = SessionFacts() if facts is None else facts
    options = HandshakeOptions()
    return closing.Seen(state, now, options, facts, early, PassedOver(), is_agreed, len(unfinished), unfinished)


def describe(reason: CloseReason, facts: SessionFacts, now: float = 100.0, **more: Any) -> ConnectionClosed:
    """End a connection that was ready."""
    return closing.describe(seen(facts=facts, now=now), reason, "seen", **more)


@pytest.mark.parametrize("reason", CloseReason)
@pytest.mark.parametrize("state", State)
def test_every_end_has_a_hint_that_a_person_can_act_on(reason: CloseReason, state: State) -> None:
    """Only who closed by himself needs none."""
    closed = closing.describe(seen(state), reason, "seen")
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
    assert describe(reason, SessionFacts()).code == code
    assert describe(reason, SessionFacts(), code=507).code == 507


def test_what_is_raised_is_an_equal_copy() -> None:
    """Both an event and an exception; each raising has its own traceback."""
    closed = describe(CloseReason.REDIRECTED, session_with((200, "x")), redirect=("gw", 4001))
    again = closed.again()
    assert again is not closed
    assert (again, hash(again)) == (closed, hash(closed))
    assert closed != describe(CloseReason.EOF, SessionFacts())
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
    passed_over = PassedOver()
    large = bytes(16 * 2**20)
    for event in (
        FrameDiscarded(large),
        UnknownMessage(777, large),
        UndecodableFrame(large, "A" * 10**6, None, "", ""),
    ):
        passed_over.note(event)
    assert weigh(passed_over) < 5000
    told = passed_over.in_words()
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


# --- what the looks of an end become ---------------------------------------------------------------------------------


@pytest.mark.parametrize("reason, detail", [(CloseReason.EOF, "ended"), (CloseReason.RESET, "broken")])
def test_an_end_before_the_version_is_a_refusal(reason: CloseReason, detail: str) -> None:
    """Who hangs up with our greeting unread sends an end or a reset, as chance has it."""
    closed = closing.describe(seen(State.HANDSHAKING, is_agreed=False), reason, detail)
    assert (closed.reason, closed.code, closed.stage) == (CloseReason.REFUSED, 502, Stage.GREETING)
    assert ("broken" in closed.detail) is (reason is CloseReason.RESET)


@pytest.mark.parametrize(
    "reason, side, state, is_agreed, unfinished, told",
    [
        # Once the version was named, it is no refusal.
        (CloseReason.EOF, Side.CLIENT, State.HANDSHAKING, True, b"", CloseReason.EOF),
        (CloseReason.RESET, Side.CLIENT, State.HANDSHAKING, True, b"", CloseReason.RESET),
        # Half a frame was said, whatever it would have been.
        (CloseReason.EOF, Side.CLIENT, State.HANDSHAKING, False, b"\0\0", CloseReason.EOF_MID_FRAME),
        (CloseReason.EOF, Side.CLIENT, State.READY, True, b"\0\0", CloseReason.EOF_MID_FRAME),
        (CloseReason.RESET, Side.CLIENT, State.HANDSHAKING, False, b"\0\0", CloseReason.RESET),
        (CloseReason.RESET, Side.CLIENT, State.READY, True, b"", CloseReason.RESET),
        # A client does not refuse.
        (CloseReason.EOF, Side.TWS, State.HANDSHAKING, False, b"", CloseReason.EOF),
        (CloseReason.RESET, Side.TWS, State.HANDSHAKING, False, b"", CloseReason.RESET),
        # What looks like anything else is what it looks like.
        (CloseReason.HANDSHAKE_TIMEOUT, Side.CLIENT, State.HANDSHAKING, False, b"", CloseReason.HANDSHAKE_TIMEOUT),
    ],
)
def test_an_end_is_a_refusal_only_where_it_can_be_one(
    reason: CloseReason, side: Side, state: State, is_agreed: bool, unfinished: bytes, told: CloseReason
) -> None:
    all_seen = seen(state, side=side, is_agreed=is_agreed, unfinished=unfinished)
    closed = closing.describe(all_seen, reason, "seen")
    assert closed.reason is told
    assert closed.detail.startswith("seen")
    assert ("2 bytes had come" in closed.detail) is (told is CloseReason.EOF_MID_FRAME)


@pytest.mark.parametrize(
    "state, is_agreed, reason, code, facts, stage",
    [
        (State.DISCONNECTED, False, CloseReason.CONNECT_FAILED, None, SessionFacts(), Stage.TCP),
        (State.SOCKET_OPEN, False, CloseReason.EOF, None, SessionFacts(), Stage.GREETING),
        (State.HANDSHAKING, False, CloseReason.HANDSHAKE_TIMEOUT, None, SessionFacts(), Stage.GREETING),
        (State.HANDSHAKING, False, CloseReason.PROTOCOL_ERROR, 507, SessionFacts(), Stage.GREETING),
        (State.HANDSHAKING, False, CloseReason.PROTOCOL_ERROR, 508, SessionFacts(), Stage.VERSION),
        (State.HANDSHAKING, False, CloseReason.UNSUPPORTED_SERVER_VERSION, 503, SessionFacts(), Stage.VERSION),
        (State.HANDSHAKING, False, CloseReason.REDIRECTED, None, SessionFacts(), Stage.VERSION),
        (State.HANDSHAKING, True, CloseReason.LOCAL, None, SessionFacts(), Stage.VERSION),
        (State.AWAITING_NEXT_VALID_ID, True, CloseReason.EOF, None, SessionFacts(client_id=1), Stage.START),
        (State.AWAITING_NEXT_VALID_ID, True, CloseReason.EOF, None, SessionFacts(accounts=()), Stage.HALF_STARTED),
        (State.AWAITING_NEXT_VALID_ID, True, CloseReason.EOF, None, SessionFacts(next_valid_id=1), Stage.HALF_STARTED),
        (State.READY, True, CloseReason.EOF, None, SessionFacts(), None),
    ],
)
def test_an_end_says_how_far_it_had_come(
    state: State, is_agreed: bool, reason: CloseReason, code: int | None, facts: SessionFacts, stage: Stage | None
) -> None:
    """What was ready has no stage: nothing had kept it from being ready."""
    assert closing.describe(seen(state, facts, is_agreed=is_agreed), reason, "seen", code=code).stage is stage


@pytest.mark.parametrize("reason", [CloseReason.EOF, CloseReason.RESET, CloseReason.PROTOCOL_ERROR])
def test_who_answers_and_is_no_tws_is_named(reason: CloseReason) -> None:
    """And a length that was never meant as one is not spoken of."""
    closed = closing.describe(seen(State.HANDSHAKING, said=b"HTTP/1.1 400 Bad", is_agreed=False), reason, "the length")
    assert "as an HTTP server does" in closed.detail
    assert closed.hint.startswith("An HTTP server answers")
    assert ("the length" in closed.detail) is (reason is CloseReason.RESET)


def test_who_agreed_on_a_version_is_tws_however_it_began() -> None:
    closed = closing.describe(seen(State.READY, said=b"HTTP/1.1 400 Bad"), CloseReason.EOF, "ended")
    assert "HTTP" not in closed.detail + closed.hint


def test_each_code_before_a_close_has_its_reason_in_one_list() -> None:
    assert CODES_BEFORE_CLOSE == EXPLANATIONS


# --- what did not come in time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "side, step, waited",
    [
        (Side.CLIENT, Step.VERSION, "no version reply came within 15 s"),
        (Side.TWS, Step.VERSION, "no greeting came within 15 s"),
        (Side.CLIENT, Step.START, "no nextValidId came within 15 s"),
        (Side.TWS, Step.START, "no START_API came within 15 s"),
    ],
)
def test_what_did_not_come_is_named(side: Side, step: Step, waited: str) -> None:
    assert closing.overdue(seen(side=side), step) == waited
    assert closing.overdue(seen(side=side), step, 0.5) == waited.replace("15", "0.5")


def test_what_came_instead_is_named_with_it() -> None:
    facts = SessionFacts(accounts=("DU1",))
    all_seen = seen(State.AWAITING_NEXT_VALID_ID, facts, unfinished=b"\0\0\0")
    all_seen.passed_over.note(FrameDiscarded(b"news"))
    said = closing.overdue(all_seen, Step.START)
    assert said.startswith("no nextValidId came within 15 s, though managedAccounts did; 1 other frame came")
    assert said.endswith("3 bytes of an unfinished frame came: b'\\x00\\x00\\x00'")


def test_a_step_without_a_deadline_is_waited_for_without_a_number() -> None:
    options = HandshakeOptions(version_timeout=None)
    assert closing.overdue(attrs.evolve(seen(), options=options), Step.VERSION) == "no version reply came"


def test_a_remark_says_how_long_it_took_and_what_to_do() -> None:
    deadline = Deadline()
    deadline.advance(1000.0)
    deadline.start(Step.VERSION, 15.0, 4.0)
    deadline.advance(1004.04)
    told = closing.remark(seen(State.HANDSHAKING, is_agreed=False), Step.VERSION, deadline)
    assert told == StillWaiting(
        State.HANDSHAKING,
        4.0,
        pytest.approx(10.96),
        "no version reply came within 4 s",
        closing.hint_for(CloseReason.HANDSHAKE_TIMEOUT, State.HANDSHAKING, heard=False),
    )
    web = closing.remark(seen(State.HANDSHAKING, said=b"HTTP/1.1", is_agreed=False), Step.VERSION, deadline)
    assert web.hint.startswith("An HTTP server answers")


@pytest.mark.parametrize("code", [100, 326, 1300])
def test_a_last_word_without_a_text_is_one_all_the_same(code: int) -> None:
    """Protobuf can leave it out. It is None then, and no input of a connection ever raises."""
    connection = Connection(Side.CLIENT, HandshakeOptions())
    connection.opened(0.0)
    connection.receive_data(write_version_reply(VersionReply(226, b"")))
    varint = bytes([code & 0x7F | 0x80, code >> 7])
    connection.receive_data(frame((204).to_bytes(4, "big") + b"\x08\x07\x18" + varint))
    connection.receive_eof()
    assert connection.closed is not None
    assert connection.closed.code == code
    assert "no text that can be read" in str(connection.closed)
