"""From what was seen to why a connection ended: the reason, the vendor's code, and the hint.

Two tables. `REASON_OF_CODE`: an error that TWS sends before it hangs up is the reason, and the hanging up only its
form. `_HINTS`: what a person can do, by reason and, where it matters, by the state in which it happened.
"""

from __future__ import annotations

from typing import Final

from anytws.core.codes import CLIENT_ID_IN_USE, PORT_CHANGED, RATE_EXCEEDED, port_of
from anytws.core.events import MOST_OF_A_DETAIL, CloseReason, ConnectionClosed
from anytws.core.session import Session
from anytws.core.state import State
from anytws.errors import CONNECT_FAIL, in_a_sentence

_R, _S = CloseReason, State

REASON_OF_CODE: Final = {
    CLIENT_ID_IN_USE: _R.CLIENT_ID_IN_USE,
    PORT_CHANGED: _R.PORT_CHANGED,
    RATE_EXCEEDED: _R.PACING_VIOLATION,
}
"""What the farewells of TWS (`anytws.core.session.FAREWELLS`) make of the end that follows."""

SOCKET_FAILURE: Final = 509
"""The vendor's code for a failure of the socket in use."""

CODE_OF_REASON: Final = {
    _R.CONNECT_FAILED: CONNECT_FAIL,
    _R.REFUSED: CONNECT_FAIL,
    _R.RESET: SOCKET_FAILURE,
    _R.SEND_FAILED: SOCKET_FAILURE,
}
"""The vendor's code where the reason alone decides it."""

_API_OFF = (
    "check in TWS under Configure, API, Settings that socket clients are enabled, that this address is trusted, and "
    "that fewer than 32 clients are connected"
)
_DIALOG = "TWS is perhaps showing a dialog that asks to accept the connection, or something else owns this port"
_RESTART = "TWS restarts once a day and its network may drop: connect again, waiting longer each time"
_NOT_TWS = "check host and port: what answers there may not be TWS"
_STARTING = "TWS may still be logging in, or this client id was just dropped: wait a while and connect again"

_HINTS: Final[dict[tuple[CloseReason, State | None], str]] = {
    (_R.EOF, None): _RESTART,
    (_R.EOF, _S.AWAITING_NEXT_VALID_ID): _STARTING,
    (_R.EOF_MID_FRAME, None): _RESTART,
    (_R.EOF_MID_FRAME, _S.HANDSHAKING): _NOT_TWS,
    (_R.EOF_MID_FRAME, _S.AWAITING_NEXT_VALID_ID): _STARTING,
    (_R.RESET, None): _RESTART,
    (_R.RESET, _S.HANDSHAKING): _API_OFF,
    (_R.RESET, _S.AWAITING_NEXT_VALID_ID): _STARTING,
    (_R.CONNECT_FAILED, None): (
        "is TWS or IB Gateway running and logged in, and is this its port (TWS 7496 live, 7497 paper; "
        "Gateway 4001 live, 4002 paper)?"
    ),
    (_R.REFUSED, None): f"TWS refused before the handshake: {_API_OFF}",
    (_R.HANDSHAKE_TIMEOUT, None): _DIALOG,
    (_R.HANDSHAKE_TIMEOUT, _S.AWAITING_NEXT_VALID_ID): (
        "TWS took the client but never said it was ready: it may still be logging in, or need a restart"
    ),
    (_R.CLIENT_ID_IN_USE, None): (
        "use another client id, or wait: TWS frees the id of a connection that was dropped only after a while"
    ),
    (_R.UNSUPPORTED_SERVER_VERSION, None): "update TWS or IB Gateway, or this library",
    (_R.REDIRECTED, None): "connect to the address that TWS names, or allow redirects",
    (_R.PORT_CHANGED, None): "somebody changed the API port in TWS: connect to the new one",
    (_R.PACING_VIOLATION, None): "send fewer messages a second: TWS allows 50 from all its clients together",
    (_R.PROTOCOL_ERROR, None): _NOT_TWS,
    (_R.PROTOCOL_ERROR, _S.READY): "connect again; if it happens again, report it together with the bytes",
    (_R.UNRESPONSIVE, None): "the machine of TWS or the network to it is gone: check both, and connect again",
    (_R.SEND_FAILED, None): _RESTART,
}


_UNEXPLAINED: Final = frozenset({_R.EOF, _R.EOF_MID_FRAME, _R.RESET, _R.HANDSHAKE_TIMEOUT, _R.SEND_FAILED})
"""Ends without a word of their own: an error just before them may be that word."""

_LAST_WORD: Final = 10.0
"""Seconds for which an error counts as TWS's word for the end that follows; an older one explains nothing."""


def describe(
    reason: CloseReason,
    state: State,
    detail: str,
    session: Session,
    now: float,
    *,
    code: int | None = None,
    redirect: tuple[str, int | None] | None = None,
) -> ConnectionClosed:
    """Put the end of a connection into words: *reason* as it looked, and what TWS said just before.

    The words are a printable line with a bound, whatever the peer said. What it said is ``last_error``, as it came.
    """
    farewell = session.farewell
    if farewell is not None and reason in _UNEXPLAINED and now - session.farewell_at <= _LAST_WORD:
        reason, code = REASON_OF_CODE[farewell.error_code], farewell.error_code
        detail = f"{in_a_sentence(farewell.error_message)} ({detail})"
    return ConnectionClosed(
        reason,
        state,
        in_a_sentence(detail, MOST_OF_A_DETAIL),
        _HINTS.get((reason, state)) or _HINTS.get((reason, None), ""),
        CODE_OF_REASON.get(reason) if code is None else code,
        session.last_error,
        port_of(farewell.error_message) if farewell is not None and farewell.error_code == PORT_CHANGED else None,
        redirect,
    )
