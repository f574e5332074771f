"""One end as it stands: what can be read of it, what it tells and in which order, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core import CloseReason, Connection, ConnectionClosed, HandshakeOptions, Side, State, StateChanged
from anytws.core.deadline import Step
from anytws.core.endpoint import Endpoint
from anytws.core.state import OPEN_STATES, Signal, target_of
from anytws.errors import BAD_MESSAGE, NOT_CONNECTED, LocalProtocolError, RemoteProtocolError
from anytws.messages import CurrentTime, CurrentTimeRequest
from anytws.wire.limits import DEFAULT_LIMITS
from tests.test_state import STRAIGHT
from tests.test_transcripts import accounts, error, next_id, version_reply

CLIENT, TWS = Side.CLIENT, Side.TWS
READ_ONLY = (
    "side",
    "state",
    "server_version",
    "connection_time",
    "accounts",
    "next_valid_id",
    "client_id",
    "ready_at",
    "last_error",
    "closed",
)


def endpoint(state: State = State.DISCONNECTED, side: Side = CLIENT) -> Endpoint:
    """Give one end that has lived its way into *state*, with all of it told."""
    end = Endpoint(side, HandshakeOptions(client_id=7), DEFAULT_LIMITS)
    for who, signal in STRAIGHT[state]:
        end._fire(who, signal)
    end.events()
    return end


def ready(version: int = 176) -> Connection:
    client = Connection(CLIENT, HandshakeOptions(client_id=7))
    client.opened(1000.0)
    client.wake(1001.0)
    client.receive_data(version_reply(version) + error(version, 200, "no such contract"))
    client.receive_data(accounts(version) + next_id(version))
    return client


def test_at_first_nothing_is_known() -> None:
    for side, client_id in ((CLIENT, 7), (TWS, None)):
        end = endpoint(side=side)
        known = [getattr(end, name) for name in READ_ONLY]
        assert known == [side, State.DISCONNECTED, None, None, None, None, client_id, None, None, None]
        assert (end.events(), end.next_event()) == ([], None)


def test_what_was_said_can_be_read_and_not_written() -> None:
    client = ready()
    assert (client.side, client.state, client.server_version) == (CLIENT, State.READY, 176)
    assert (client.accounts, client.next_valid_id, client.client_id) == (("DU1", "DU2"), 5, 7)
    assert (client.ready_at, client.closed) == (1001.0, None)
    assert client.last_error is not None
    assert client.last_error.error_code == 200
    assert client.connection_time is not None
    for name in READ_ONLY:
        with pytest.raises(AttributeError):
            setattr(client, name, None)


def test_its_repr_says_where_it_is() -> None:
    assert repr(endpoint(side=TWS)) == "<Connection of TWS, disconnected>"
    client = ready()
    assert repr(client) == "<Connection of CLIENT, ready, server version 176, client id 7>"
    client.close()
    assert client.described() == "closed (local), server version 176, client id 7"


EVENTS = st.lists(st.sampled_from(["tell", "next", "all"]), max_size=30)


@given(EVENTS)
def test_events_come_once_and_in_order_however_they_are_taken(steps: list[str]) -> None:
    """`next_event` and `events` empty the same box."""
    end, told, got = endpoint(), 0, list[Any]()
    for step in steps:
        if step == "tell":
            end._events.append(CurrentTime(datetime.fromtimestamp(told, UTC)))
            told += 1
        elif step == "all":
            got += end.events()
            assert end.next_event() is None
        else:
            got += filter(None, [end.next_event()])
    got += end.events()
    assert [event.time.timestamp() for event in got] == [*range(told)]


def test_many_events_one_by_one_cost_no_more_than_their_number() -> None:
    """Taken off the front of a list, half a million would be moved half a million times. No clock here."""
    end, event = endpoint(), CurrentTime(datetime.fromtimestamp(0, UTC))
    end._events += [event] * 500_000
    assert sum(end.next_event() is event for _ in range(500_000)) == 500_000
    assert end.next_event() is None


@pytest.mark.parametrize("state", State)
def test_each_change_of_state_is_told_and_forgets_what_may_pass(state: State) -> None:
    """What the law let pass was asked for the state that was."""
    for side, signal in product(Side, Signal):
        end = endpoint(state)
        end._passing.add(CurrentTime)
        target = target_of(state, side, signal)
        end._fire(side, signal)
        changes = target not in (None, state)
        assert end.state is (target or state)
        assert end.events() == ([StateChanged(state, target)] if changes else [])  # type: ignore[arg-type]
        assert end._passing == (set() if changes else {CurrentTime})


@pytest.mark.parametrize("state", State)
def test_what_the_law_has_no_row_for_is_refused_to_us_and_a_fault_of_the_peer(state: State) -> None:
    for signal in (Signal.MESSAGE, Signal.START_API):
        end = endpoint(state)
        if target_of(state, CLIENT, signal) is None:
            with pytest.raises(LocalProtocolError, match=state.value) as refused:
                end._require(CLIENT, signal, "it")
            assert refused.value.code == NOT_CONNECTED
        else:
            end._require(CLIENT, signal, "it")
        other = endpoint(state, TWS)
        if target_of(state, CLIENT, signal) is None:
            with pytest.raises(RemoteProtocolError, match=f"sent CurrentTimeRequest while {state.value}") as fault:
                other._require_of_peer(signal, CurrentTimeRequest())
            assert fault.value.code == BAD_MESSAGE
        else:
            other._require_of_peer(signal, CurrentTimeRequest())
        assert (end.events(), other.events()) == ([], [])


@pytest.mark.parametrize("state", OPEN_STATES)
def test_an_end_is_told_once_and_last_and_drops_what_waits(state: State) -> None:
    end = endpoint(state)
    end._buffer.feed(b"half a frame")
    end._deadline.start(Step.START, 5.0)
    end._end(TWS, Signal.EOF, CloseReason.EOF, "ended")
    end._end(CLIENT, Signal.CLOSE, CloseReason.LOCAL, "closed")
    *before, closed = end.events()
    assert before == [StateChanged(state, State.CLOSED)]
    assert isinstance(closed, ConnectionClosed)
    assert (closed.reason, closed.state) == (CloseReason.EOF_MID_FRAME, state)
    assert end.closed is closed
    assert len(end._buffer) == 0
    assert end._deadline.wake_at is None


@pytest.mark.parametrize("said", [{"detail": 5}, {"detail": b"x"}, {"detail": "", "hint": 5}])
def test_the_words_of_an_end_are_texts(said: dict[str, Any]) -> None:
    """Found out before anything changes."""
    end = endpoint(State.READY)
    with pytest.raises(TypeError, match="is a text"):
        end._end(TWS, Signal.EOF, CloseReason.EOF, **said)
    assert (end.state, end.closed, end.events()) == (State.READY, None, [])


def test_what_has_not_begun_does_not_end_in_every_way() -> None:
    end = endpoint()
    with pytest.raises(LocalProtocolError, match="eof of TWS"):
        end._end(TWS, Signal.EOF, CloseReason.EOF, "")
    assert end.closed is None


def test_what_was_seen_is_what_is_known() -> None:
    end = endpoint(State.HANDSHAKING)
    end._buffer.feed(b"\0\0\0\x09half")
    end._early.note(b"SSH-2.0")
    seen = end._seen()
    assert (seen.side, seen.state, seen.is_agreed) == (CLIENT, State.HANDSHAKING, False)
    assert (seen.unfinished, seen.unfinished_began) == (8, b"\0\0\0\x09half")
    assert seen.stranger is not None
    seen = ready(201)._seen()
    assert (seen.is_agreed, seen.unfinished, seen.stranger) == (True, 0, None)
