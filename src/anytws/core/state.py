"""The law: which state a connection is in, and what may change it.

Two rules, taken from h11, make this file readable alone:

1. Every change of state happens here. Nothing outside assigns a state.
2. This file does not know which side we are. The side that *acts* is a column.

The machine is a set of flat rows ``(state, side, signal) -> state``. **No row, no change**: a signal without a row
is a breach of the protocol by the side that acted. On our own side that is a `LocalProtocolError` and nothing
changes; on the peer's side the connection ends with `CloseReason.PROTOCOL_ERROR`. That the TWS side hangs up on a
client that asks before it may is therefore not a rule of its own: the row is missing.

A condition never hides in code: where the outcome depends on what was said, there are two signals
(`VERSION_ACCEPTED` and `VERSION_REFUSED`), and the caller says which. ``statecharts/connection.scxml`` is the same
machine for people and for other tools; a test compares the two both ways.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from anytws.messages.base import Side


@unique
class State(Enum):
    """Where a connection is. Flat, and the same for both sides."""

    # Members are singletons: hash by identity. `Enum.__hash__` is Python code and runs at every look-up.
    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    DISCONNECTED = "disconnected"
    """No byte stream yet."""
    SOCKET_OPEN = "socket_open"
    """The byte stream is up; nothing has been said."""
    HANDSHAKING = "handshaking"
    """The client has greeted. Until START_API goes out, nothing else may."""
    AWAITING_NEXT_VALID_ID = "awaiting_next_valid_id"
    """START_API is out. TWS drops or cuts whoever asks for anything now."""
    READY = "ready"
    """TWS has said nextValidId (and managedAccounts, see ADR 0004). Requests may go out."""
    CLOSED = "closed"
    """Over. The one `ConnectionClosed` says why."""


@unique
class Signal(Enum):
    """What one side can do to the connection."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    OPENED = "opened"
    """The client's byte stream to TWS is up."""
    CONNECT_FAILED = "connect_failed"
    """The byte stream could not be had."""
    GREETING = "greeting"
    """``API\\0`` and the range of versions."""
    VERSION_ACCEPTED = "version_accepted"
    """TWS has named a version inside the range that was offered."""
    VERSION_REFUSED = "version_refused"
    """TWS has named a version outside of it."""
    REDIRECT = "redirect"
    """TWS has named another address instead of a version."""
    START_API = "start_api"
    """The client has given its id."""
    MESSAGE = "message"
    """Any other frame. One signal, not two hundred: what a message means is the catalogue's business."""
    START_COMPLETED = "start_completed"
    """All that makes a session ready has been said."""
    EOF = "eof"
    """The side that acts will send no more bytes."""
    RESET = "reset"
    """The side that acts has torn the byte stream."""
    CLOSE = "close"
    """The side that acts has decided to hang up."""
    FAULT = "fault"
    """The side that acts broke the protocol."""
    TIMEOUT = "timeout"
    """The side that acts kept the other waiting beyond a deadline."""


class Transition(NamedTuple):
    """One row of the law."""

    state: State
    side: Side
    signal: Signal
    target: State


_S, _G = State, Signal
_CLIENT, _TWS = Side.CLIENT, Side.TWS

_PROGRESS: Final = (
    Transition(_S.DISCONNECTED, _CLIENT, _G.OPENED, _S.SOCKET_OPEN),
    Transition(_S.DISCONNECTED, _CLIENT, _G.CONNECT_FAILED, _S.CLOSED),
    Transition(_S.DISCONNECTED, _CLIENT, _G.CLOSE, _S.CLOSED),
    Transition(_S.DISCONNECTED, _TWS, _G.CLOSE, _S.CLOSED),
    Transition(_S.SOCKET_OPEN, _CLIENT, _G.GREETING, _S.HANDSHAKING),
    # Before its version TWS was seen to send frames of other kinds (news); they are reported and change nothing.
    Transition(_S.HANDSHAKING, _TWS, _G.MESSAGE, _S.HANDSHAKING),
    Transition(_S.HANDSHAKING, _TWS, _G.VERSION_ACCEPTED, _S.HANDSHAKING),
    Transition(_S.HANDSHAKING, _TWS, _G.VERSION_REFUSED, _S.CLOSED),
    Transition(_S.HANDSHAKING, _TWS, _G.REDIRECT, _S.CLOSED),
    Transition(_S.HANDSHAKING, _CLIENT, _G.START_API, _S.AWAITING_NEXT_VALID_ID),
    # No row for a MESSAGE of the client before READY: TWS closes the connection on it.
    Transition(_S.AWAITING_NEXT_VALID_ID, _TWS, _G.MESSAGE, _S.AWAITING_NEXT_VALID_ID),
    Transition(_S.AWAITING_NEXT_VALID_ID, _TWS, _G.START_COMPLETED, _S.READY),
    Transition(_S.READY, _TWS, _G.MESSAGE, _S.READY),
    Transition(_S.READY, _CLIENT, _G.MESSAGE, _S.READY),
)

OPEN_STATES: Final = (_S.SOCKET_OPEN, _S.HANDSHAKING, _S.AWAITING_NEXT_VALID_ID, _S.READY)
"""The states in which there is a byte stream; the chart's parent state ``open``."""

ENDINGS: Final = (_G.EOF, _G.RESET, _G.CLOSE, _G.FAULT, _G.TIMEOUT)
"""Either side can end an open connection, in any state, in these ways; which one it was becomes the `CloseReason`."""

TRANSITIONS: Final[tuple[Transition, ...]] = _PROGRESS + tuple(
    Transition(state, side, signal, _S.CLOSED) for state in OPEN_STATES for side in Side for signal in ENDINGS
)
"""Every row. What is not here does not happen."""

_TABLE: Final = {(row.state, row.side, row.signal): row.target for row in TRANSITIONS}


def target_of(state: State, side: Side, signal: Signal) -> State | None:
    """Give the state that *signal* of *side* leads to, or `None` where the law has no row."""
    return _TABLE.get((state, side, signal))


class StateMachine:
    """The one holder of a state. `fire` is the only way to change it."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = State.DISCONNECTED

    def __repr__(self) -> str:
        return f"<StateMachine {self._state.value}>"

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    def may(self, side: Side, signal: Signal) -> bool:
        """Tell whether the law has a row for *signal* of *side* now."""
        return (self._state, side, signal) in _TABLE

    def fire(self, side: Side, signal: Signal) -> bool:
        """Follow the row for *signal* of *side*; without one nothing changes and the answer is False."""
        target = target_of(self._state, side, signal)
        if target is None:
            return False
        self._state = target
        return True
