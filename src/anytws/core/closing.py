"""From what was seen to why a connection ended: the reason, how far it had come, the vendor's code, and the hint.

Three things make a reason of what was seen. What had come by then: an end before the version is a refusal, one inside a
frame is cut short. What TWS said just before (`anytws.core.session_facts.CODES_BEFORE_CLOSE`). And who it is that
answers, if it is no TWS. `_HINTS` is what a person can do, by reason and, where it matters, by the state in which it
happened.
"""

from __future__ import annotations

from typing import Final

import attrs

from anytws.core.before_version import BeforeVersion
from anytws.core.codes import PORT_CHANGED, port_of
from anytws.core.deadline import Deadline, Step
from anytws.core.events import MOST_OF_A_DETAIL, CloseReason, ConnectionClosed, Stage, StillWaiting
from anytws.core.options import HandshakeOptions
from anytws.core.passed_over import PassedOver
from anytws.core.session_facts import CODES_BEFORE_CLOSE, SessionFacts
from anytws.core.state import State
from anytws.core.strangers import Stranger
from anytws.errors import BAD_MESSAGE, CONNECT_FAIL, UNSUPPORTED_VERSION, in_a_sentence, shown
from anytws.messages.base import Side

_R, _S = CloseReason, State

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
_RESTART = (
    "TWS restarts once a day and its network may drop: connect again, waiting longer each time, as "
    "anytws.keep_connected does"
)
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
    (_R.UNRESPONSIVE, None): "TWS hangs, or its machine or the network to it is gone: look at each, and connect again",
    (_R.NOT_PAPER, None): (
        "This may be real money, so nothing but the handshake was said: log in to the paper account (its usual ports "
        "are 7497 for TWS, 4002 for Gateway), or leave out paper_only if the live account is meant"
    ),
    (_R.NOT_PAPER, _S.READY): (
        "An account that may be real money has come up, so the connection was closed at once: look at the orders that "
        "were sent on it, and at what TWS is logged in to"
    ),
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

_HUNG_UP: Final = "the TWS side ended the byte stream before it named its version"

ADVICE: Final = {
    _S.DISCONNECTED: "call opened() when the byte stream is up",
    _S.SOCKET_OPEN: "the handshake comes first",
    _S.HANDSHAKING: "wait for READY: TWS cuts a client that asks earlier",
    _S.AWAITING_NEXT_VALID_ID: "wait for READY: TWS cuts a client that asks earlier",
    _S.READY: "the handshake is over",
    _S.CLOSED: "it is over; make a new connection",
}
"""What to do in each state instead of what may not be done there."""


@attrs.frozen
class Seen:
    """What one end knows of a connection at a moment: all that an end, or a remark, can tell of."""

    state: State
    now: float
    options: HandshakeOptions
    facts: SessionFacts
    early: BeforeVersion
    """What came before the version."""
    passed_over: PassedOver
    is_agreed: bool
    """Whether the server version is agreed."""
    unfinished: int
    """Bytes of a frame of which the rest has not come."""
    unfinished_began: bytes
    """The first of them."""

    @property
    def side(self) -> Side:
        """The side that this end is."""
        return self.early.side

    @property
    def stranger(self) -> Stranger | None:
        """Who answers, if it is known to be no TWS."""
        return None if self.is_agreed else self.early.stranger


def describe(
    seen: Seen,
    reason: CloseReason,
    detail: str,
    *,
    code: int | None = None,
    redirect: tuple[str, int | None] | None = None,
    hint: str = "",
) -> ConnectionClosed:
    """Put the end of a connection into words: *reason* as it looked, and all that was *seen* until then.

    *hint* goes before ours, from whoever knows better.

    The words are a printable line with a bound, whatever the peer said. What it said is ``last_error``, as it came.
    """
    reason, detail = _as_it_was(seen, reason, detail)
    said = seen.facts.error_before_close
    if said is not None and reason in _UNEXPLAINED and seen.now - seen.facts.error_before_close_at <= _LAST_WORD:
        reason, code = CODES_BEFORE_CLOSE[said.error_code], said.error_code
        detail = f"{in_a_sentence(said.error_message)} ({detail})"
    stranger = seen.stranger if reason in _STRANGE else None
    if stranger is not None:
        began = f"what answers began with {shown(seen.early.beginning, _MOST_OF_A_BEGINNING)}, as {stranger.name} does"
        # Of a length that was never meant as one nobody need read.
        detail = began if reason is CloseReason.PROTOCOL_ERROR else f"{began}; {detail}"
    return ConnectionClosed(
        reason,
        seen.state,
        in_a_sentence(detail, MOST_OF_A_DETAIL),
        hint or hint_for(reason, seen.state, code=code, heard=seen.early.count > 0, stranger=stranger),
        CODE_OF_REASON.get(reason) if code is None else code,
        seen.facts.last_error,
        port_of(said.error_message) if said is not None and said.error_code == PORT_CHANGED else None,
        redirect,
        _stage(seen, reason, code),
    )


def _as_it_was(seen: Seen, reason: CloseReason, detail: str) -> tuple[CloseReason, str]:
    """Tell a refusal, and an end inside a frame, from what looks like any end or break of the byte stream."""
    # Who hangs up with our greeting unread sends a reset or an end, as chance has it: it is the same refusal.
    is_refusal = seen.side is Side.CLIENT and seen.state is State.HANDSHAKING and not seen.is_agreed
    if reason is CloseReason.RESET and is_refusal and not seen.unfinished:
        return CloseReason.REFUSED, f"{_HUNG_UP} ({detail}){seen.passed_over.in_words()}"
    if reason is not CloseReason.EOF:
        return reason, detail
    if seen.unfinished:
        reason = CloseReason.EOF_MID_FRAME
        detail += f" inside a frame, of which {seen.unfinished} bytes had come: {seen.unfinished_began!r}"
    elif is_refusal:
        reason, detail = CloseReason.REFUSED, _HUNG_UP
    return reason, detail if seen.state is State.READY else detail + seen.passed_over.in_words()


def _stage(seen: Seen, reason: CloseReason, code: int | None) -> Stage | None:
    match seen.state:
        case State.DISCONNECTED:
            return Stage.TCP
        case State.AWAITING_NEXT_VALID_ID:
            heard = seen.facts.accounts is not None or seen.facts.next_valid_id is not None
            return Stage.HALF_STARTED if heard else Stage.START
        case State.SOCKET_OPEN | State.HANDSHAKING:
            # 508 is a reply that is neither a version nor a place to go to.
            replied = reason in (CloseReason.UNSUPPORTED_SERVER_VERSION, CloseReason.REDIRECTED) or code == BAD_MESSAGE
            return Stage.VERSION if replied or seen.is_agreed else Stage.GREETING
        case _:
            return None


def overdue(seen: Seen, step: Step, seconds: float | None = None) -> str:
    """Say what *step* waited for and did not get within *seconds*, by default the time that it had; and what came."""
    if step is Step.VERSION:
        waited = f"no {'version reply' if seen.side is Side.CLIENT else 'greeting'} came"
        seconds = seen.options.version_timeout if seconds is None else seconds
    else:
        waited = "no nextValidId came" if seen.side is Side.CLIENT else "no START_API came"
        seconds = seen.options.start_timeout if seconds is None else seconds
    text = f"{waited} within {seconds:g} s" if seconds is not None else waited
    if seen.facts.accounts is not None:
        text += ", though managedAccounts did"
    text += seen.passed_over.in_words()
    if seen.unfinished:
        text += f"; {seen.unfinished} bytes of an unfinished frame came: {seen.unfinished_began!r}"
    return text


def remark(seen: Seen, step: Step, deadline: Deadline) -> StillWaiting:
    """Say that *step* takes long, while a person can still do something about it."""
    seconds = round(deadline.now - deadline.began, 1)
    reason = CloseReason.HANDSHAKE_TIMEOUT
    hint = hint_for(reason, seen.state, heard=seen.early.count > 0, stranger=seen.stranger)
    return StillWaiting(seen.state, seconds, deadline.left, overdue(seen, step, seconds), hint)
