"""A connect that failed: the kind that fits, and one sentence that says where, why, how far, and what to do."""

from __future__ import annotations

import copy
import pickle

import pytest

import anytws
from anytws import (
    ClientIdInUse,
    CloseReason,
    ConnectError,
    ConnectionClosed,
    ConnectTimedOut,
    NotAHost,
    NotPaper,
    Redirected,
    RefusedByTws,
    Stage,
    State,
    TcpConnectFailed,
    UnsupportedServerVersion,
)
from anytws.core import Connection, Side
from anytws.messages import ErrorMessage
from anytws.runtime.connect_errors import connect_error, is_told

KINDS = {
    CloseReason.CONNECT_FAILED: TcpConnectFailed,
    CloseReason.REFUSED: RefusedByTws,
    CloseReason.UNSUPPORTED_SERVER_VERSION: UnsupportedServerVersion,
    CloseReason.CLIENT_ID_IN_USE: ClientIdInUse,
    CloseReason.HANDSHAKE_TIMEOUT: ConnectTimedOut,
    CloseReason.NOT_PAPER: NotPaper,
    CloseReason.REDIRECTED: Redirected,
}
BUSY = ErrorMessage(None, 326, "Unable to connect as the client id is already in use.")


def closed(reason: CloseReason, detail: str = "seen", **more: object) -> ConnectionClosed:
    return ConnectionClosed(reason, State.HANDSHAKING, detail, "do this", stage=Stage.GREETING, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", CloseReason)
def test_each_reason_has_its_kind(reason: CloseReason) -> None:
    """Where none fits it is the base class, which every handler of connects catches."""
    error = connect_error(Connection(Side.CLIENT), closed(reason), "tws:7497")
    assert type(error) is KINDS.get(reason, ConnectError)
    assert (error.reason, error.stage, error.address, error.accounts) == (reason, Stage.GREETING, "tws:7497", None)


def test_the_sentence_says_all() -> None:
    """Where to, why, how far, who sent us there, what was seen, what TWS said, what to do."""
    error = ConnectError(Stage.START, closed(CloseReason.EOF, code=502, last_error=BUSY), "tws:7497", ("DU1",))
    error.came_from = "gateway:4001"
    assert str(error) == (
        "cannot connect to tws:7497 (eof, code 502, stage start; gateway:4001 redirects there): seen. "
        "TWS said: Unable to connect as the client id is already in use. (326). do this"
    )
    assert (error.code, error.cause, error.hint, error.last_error) == (502, "seen", "do this", BUSY)


def test_what_tws_said_is_not_said_twice() -> None:
    """Its words may be what was seen."""
    seen = f"TWS says: {BUSY.error_message}"
    assert is_told(BUSY, seen)
    assert not is_told(BUSY, "something else")
    error = ConnectError(Stage.START, closed(CloseReason.CLIENT_ID_IN_USE, seen, last_error=BUSY), "tws:7497")
    assert str(error).count(BUSY.error_message) == 1


def test_little_is_said_where_little_is_known() -> None:
    """No empty places in the sentence."""
    end = ConnectionClosed(CloseReason.EOF, State.HANDSHAKING, stage=Stage.GREETING)
    assert str(ConnectError(Stage.GREETING, end, "tws:7497")) == "cannot connect to tws:7497 (eof, stage greeting)"


def test_a_host_that_is_none() -> None:
    """Raised at the call, by whatever handler somebody has: for connects, or for values."""
    with pytest.raises(NotAHost) as caught:
        anytws.connect("tws:7497")
    error = caught.value
    assert isinstance(error, ValueError)
    assert isinstance(error, TcpConnectFailed)
    assert str(error) == error.cause
    assert error.hint.startswith("Say host='tws', port=7497")


@pytest.mark.parametrize("kind", [ConnectError, *KINDS.values()])
def test_it_reaches_another_process_as_it_is(kind: type[ConnectError]) -> None:
    """With all its values."""
    error = kind(Stage.START, closed(CloseReason.EOF, last_error=BUSY), "tws:7497", ("DU1",))
    error.came_from = "gateway:4001"
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 (our own bytes)
        assert type(again) is kind
        assert (str(again), vars(again)) == (str(error), vars(error))
