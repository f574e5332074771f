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
from anytws.core.strangers import Stranger, stranger_of
from anytws.errors import CONNECT_FAIL, UNSUPPORTED_VERSION, in_a_sentence, shown

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

_REFUSED = (
    "TWS hangs up like this when socket clients are not enabled (Configure, API, Settings), this address is not "
    "trusted, 32 clients are connected already, or somebody clicked Reject in its dialog. A forwarder (socat, ssh -L, "
    "a docker container) does so when the TWS behind it does not run, or is not logged in yet; and so does a server "
    "that wants TLS"
)
_MUTE = (
    "TWS may be showing a dialog that asks to accept the connection: look at its screen. If there is none, restart TWS "
    "or IB Gateway: after a client that gave up waiting, one was seen to accept connections and answer none. Or "
    "something else owns this port"
)
_RESTART = "TWS restarts once a day and its network may drop: connect again, waiting longer each time"
_NOT_TWS = "Check host and port: what answers there may not be TWS"
_STARTING = "TWS may still be logging in, or this client id was just dropped: wait a while and connect again"
_TOO_OLD = (
    "Update TWS or IB Gateway: it is too old for this library, or for what the program asks for "
    "(HandshakeOptions.minimum_version)"
)
_TOO_NEW = (
    "Update this library: TWS is too new for it, or for what the program asks for (HandshakeOptions.maximum_version)"
)
_REPORT = "Connect again; if it happens again, report it together with the bytes"

_HINTS: Final[dict[tuple[CloseReason, State | None], str]] = {
    (_R.EOF, None): _RESTART,
    (_R.EOF, _S.HANDSHAKING): _STARTING,
    (_R.EOF, _S.AWAITING_NEXT_VALID_ID): _STARTING,
    (_R.EOF_MID_FRAME, None): _RESTART,
    (_R.EOF_MID_FRAME, _S.HANDSHAKING): _NOT_TWS,
    (_R.EOF_MID_FRAME, _S.AWAITING_NEXT_VALID_ID): _STARTING,
    (_R.RESET, None): _RESTART,
    (_R.RESET, _S.HANDSHAKING): _NOT_TWS,
    (_R.RESET, _S.AWAITING_NEXT_VALID_ID): _STARTING,
    (_R.CONNECT_FAILED, None): (
        "Is TWS or IB Gateway running and logged in, and is this its port (TWS 7496 live, 7497 paper; "
        "Gateway 4001 live, 4002 paper)? Inside a container, 127.0.0.1 is the container itself"
    ),
    (_R.REFUSED, None): _REFUSED,
    (_R.HANDSHAKE_TIMEOUT, None): _NOT_TWS,
    (_R.HANDSHAKE_TIMEOUT, _S.AWAITING_NEXT_VALID_ID): (
        "TWS took the client but has not said that it is ready: it may still be logging in, or need a restart"
    ),
    (_R.CLIENT_ID_IN_USE, None): (
        "Use another client id, or wait: TWS frees the id of a connection that was dropped only after a while"
    ),
    (_R.UNSUPPORTED_SERVER_VERSION, None): _TOO_OLD,
    (_R.REDIRECTED, None): (
        "Connect to the address that TWS names; connect(follow_redirects=True) does so by itself, at most twice in a "
        "row"
    ),
    (_R.PORT_CHANGED, None): "Somebody changed the API port in TWS: connect to the new one",
    (_R.PACING_VIOLATION, None): "Send fewer messages a second: TWS allows 50 from all its clients together",
    (_R.PROTOCOL_ERROR, None): _NOT_TWS,
    (_R.PROTOCOL_ERROR, _S.AWAITING_NEXT_VALID_ID): _REPORT,
    (_R.PROTOCOL_ERROR, _S.READY): _REPORT,
    (_R.UNRESPONSIVE, None): "The machine of TWS or the network to it is gone: check both, and connect again",
    (_R.SEND_FAILED, None): (
        "TWS, or what is between, took no more bytes, and how much of what was sent last has arrived is not known: "
        "connect again, and look at open orders and executions before an order is sent again"
    ),
    (_R.SEND_FAILED, _S.HANDSHAKING): _REFUSED,
    (_R.SEND_FAILED, _S.AWAITING_NEXT_VALID_ID): _STARTING,
}


def hint_for(
    reason: CloseReason,
    state: State,
    *,
    code: int | None = None,
    heard: bool = True,
    stranger: Stranger | None = None,
) -> str:
    """Give what a person can do about *reason* (with *code*) in *state*; nothing where we closed it ourselves.

    *heard* is whether the peer has said anything at all, *stranger* who it is if it is known to be no TWS.
    """
    if stranger is not None:
        return stranger.hint
    if reason is CloseReason.HANDSHAKE_TIMEOUT and state is State.HANDSHAKING and not heard:
        # Whoever has said something shows no dialog, and is not wedged.
        return _MUTE
    if reason is CloseReason.UNSUPPORTED_SERVER_VERSION and code == UNSUPPORTED_VERSION:
        return _TOO_NEW
    return _HINTS.get((reason, state)) or _HINTS.get((reason, None), "")


_UNEXPLAINED: Final = frozenset({_R.EOF, _R.EOF_MID_FRAME, _R.RESET, _R.REFUSED, _R.HANDSHAKE_TIMEOUT, _R.SEND_FAILED})
"""Ends without a word of their own: an error just before them may be that word."""

_STRANGE: Final = _UNEXPLAINED | {_R.PROTOCOL_ERROR}
"""Ends that may have come because it was no TWS that answered."""

_MOST_OF_A_BEGINNING: Final = 40

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
    hint: str = "",
    heard: bool = True,
    beginning: bytes = b"",
) -> ConnectionClosed:
    """Put the end of a connection into words: *reason* as it looked, and what TWS said just before.

    *hint* goes before ours, from whoever knows better; *heard* is whether the peer has said anything at all, and
    *beginning* what it said first, as long as it is not known to be TWS.

    The words are a printable line with a bound, whatever the peer said. What it said is ``last_error``, as it came.
    """
    farewell = session.farewell
    if farewell is not None and reason in _UNEXPLAINED and now - session.farewell_at <= _LAST_WORD:
        reason, code = REASON_OF_CODE[farewell.error_code], farewell.error_code
        detail = f"{in_a_sentence(farewell.error_message)} ({detail})"
    stranger = stranger_of(beginning) if reason in _STRANGE else None
    if stranger is not None:
        began = f"what answers began with {shown(beginning, _MOST_OF_A_BEGINNING)}, as {stranger.name} does"
        # Of a length that was never meant as one nobody need read.
        detail = began if reason is CloseReason.PROTOCOL_ERROR else f"{began}; {detail}"
    return ConnectionClosed(
        reason,
        state,
        in_a_sentence(detail, MOST_OF_A_DETAIL),
        hint or hint_for(reason, state, code=code, heard=heard, stranger=stranger),
        CODE_OF_REASON.get(reason) if code is None else code,
        session.last_error,
        port_of(farewell.error_message) if farewell is not None and farewell.error_code == PORT_CHANGED else None,
        redirect,
    )
