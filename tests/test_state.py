"""The law, by itself: every state × side × signal, and what can be said of the machine without reading its rows."""

from __future__ import annotations

from itertools import product

import pytest

from anytws.core.state import ENDINGS, OPEN_STATES, TRANSITIONS, Signal, State, StateMachine, target_of
from anytws.messages.base import Side

CLIENT, TWS = Side.CLIENT, Side.TWS

# The one straight way through life, by hand.
STRAIGHT = {
    State.DISCONNECTED: (),
    State.SOCKET_OPEN: ((CLIENT, Signal.OPENED),),
    State.HANDSHAKING: ((CLIENT, Signal.OPENED), (CLIENT, Signal.GREETING)),
    State.AWAITING_NEXT_VALID_ID: (
        (CLIENT, Signal.OPENED),
        (CLIENT, Signal.GREETING),
        (TWS, Signal.VERSION_ACCEPTED),
        (CLIENT, Signal.START_API),
    ),
    State.READY: (
        (CLIENT, Signal.OPENED),
        (CLIENT, Signal.GREETING),
        (TWS, Signal.VERSION_ACCEPTED),
        (CLIENT, Signal.START_API),
        (TWS, Signal.START_COMPLETED),
    ),
    State.CLOSED: ((CLIENT, Signal.OPENED), (TWS, Signal.EOF)),
}


def machine_in(state: State) -> StateMachine:
    """Give a machine that has lived its way into *state*."""
    machine = StateMachine()
    for side, signal in STRAIGHT[state]:
        assert machine.fire(side, signal)
    assert machine.state is state
    return machine


def expected(state: State, side: Side, signal: Signal) -> State | None:  # noqa: C901
    """Say what ought to happen, told by what is *said* where the law tells it by the state one is in."""
    match signal:
        case _ if state is State.CLOSED:
            return None
        case Signal.CLOSE:
            # Whoever has not begun can change his mind as well.
            return State.CLOSED
        case Signal.EOF | Signal.RESET | Signal.FAULT | Signal.TIMEOUT:
            # Without a byte stream there are no bytes to be wrong, late or at an end.
            return None if state is State.DISCONNECTED else State.CLOSED
        case Signal.OPENED | Signal.CONNECT_FAILED if (state, side) == (State.DISCONNECTED, CLIENT):
            return State.SOCKET_OPEN if signal is Signal.OPENED else State.CLOSED
        case Signal.GREETING if (state, side) == (State.SOCKET_OPEN, CLIENT):
            return State.HANDSHAKING
        case Signal.START_API if (state, side) == (State.HANDSHAKING, CLIENT):
            return State.AWAITING_NEXT_VALID_ID
        case Signal.VERSION_ACCEPTED if (state, side) == (State.HANDSHAKING, TWS):
            return State.HANDSHAKING
        case Signal.VERSION_REFUSED | Signal.REDIRECT if (state, side) == (State.HANDSHAKING, TWS):
            return State.CLOSED
        case Signal.START_COMPLETED if (state, side) == (State.AWAITING_NEXT_VALID_ID, TWS):
            return State.READY
        case Signal.MESSAGE:
            # TWS may talk as soon as it has been greeted, the client only when TWS is ready for it.
            may_talk = {State.READY} if side is CLIENT else set(OPEN_STATES) - {State.SOCKET_OPEN}
            return state if state in may_talk else None
        case _:
            return None


@pytest.mark.parametrize("signal", Signal, ids=lambda signal: signal.value)
@pytest.mark.parametrize("side", Side, ids=lambda side: side.value)
@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_every_signal_of_either_side_in_every_state(state: State, side: Side, signal: Signal) -> None:
    """`may`, `fire` and `target_of` agree with what ought to happen; without a row, nothing does."""
    wanted = expected(state, side, signal)
    machine = machine_in(state)
    assert target_of(state, side, signal) is wanted
    assert machine.may(side, signal) is (wanted is not None)
    assert machine.fire(side, signal) is (wanted is not None)
    assert machine.state is (state if wanted is None else wanted)


def test_no_row_is_there_twice_and_none_is_beside_the_product() -> None:
    """Two rows for one signal would hide one another in the table that is looked up."""
    keys = [(row.state, row.side, row.signal) for row in TRANSITIONS]
    assert len(set(keys)) == len(keys)
    assert len(keys) == sum(expected(*case) is not None for case in product(State, Side, Signal))


def test_the_open_states_are_those_between_the_first_and_the_last() -> None:
    assert tuple(State)[1:-1] == OPEN_STATES


def test_before_ready_the_client_says_nothing_but_the_handshake() -> None:
    """TWS closes the connection on whoever asks too early, so there is no way to write such a request."""
    said = {
        state: [s for s in Signal if s not in ENDINGS and machine_in(state).may(CLIENT, s)] for state in OPEN_STATES
    }
    assert said == {
        State.SOCKET_OPEN: [Signal.GREETING],
        State.HANDSHAKING: [Signal.START_API],
        State.AWAITING_NEXT_VALID_ID: [],
        State.READY: [Signal.MESSAGE],
    }


def test_ready_has_one_door() -> None:
    """Only TWS can say that it is ready, and only to a client that has started."""
    doors = [row[:3] for row in TRANSITIONS if row.target is State.READY and row.state is not State.READY]
    assert doors == [(State.AWAITING_NEXT_VALID_ID, TWS, Signal.START_COMPLETED)]


def test_life_goes_one_way() -> None:
    """No state is entered again once it was left: a reconnection is a new connection."""
    order = list(State)
    assert [row for row in TRANSITIONS if order.index(row.target) < order.index(row.state)] == []


def test_every_state_is_reached_and_every_signal_used() -> None:
    reached = {StateMachine().state}
    while more := {row.target for row in TRANSITIONS if row.state in reached} - reached:
        reached |= more
    assert reached == set(State)
    assert {row.signal for row in TRANSITIONS} == set(Signal)


@pytest.mark.parametrize("state", State)
def test_a_machine_shows_its_state(state: State) -> None:
    assert repr(machine_in(state)) == f"<StateMachine {state.value}>"


def test_nobody_assigns_a_state() -> None:
    machine = StateMachine()
    for name in ("state", "another"):
        with pytest.raises(AttributeError):
            setattr(machine, name, State.READY)
    assert machine.state is State.DISCONNECTED
