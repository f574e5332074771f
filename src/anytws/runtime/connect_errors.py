"""Why a connection never became ready.

As exceptions that a program can tell apart::

    ConnectError
    ├── TcpConnectFailed           nothing listens there, or nothing answers
    │   └── NotAHost               the host has a port in it; a `ValueError` too
    ├── RefusedByTws               TWS hung up before it named its version
    ├── UnsupportedServerVersion   TWS is older, or newer, than was offered
    ├── ClientIdInUse              TWS said 326
    ├── ConnectTimedOut            a step took too long
    ├── NotPaper                   an account of TWS may be live, and paper_only was asked for
    └── Redirected                 TWS named another address

Where none of these fits (TWS hung up in the middle, or broke the protocol), it is `ConnectError` itself.
"""

from __future__ import annotations

from typing import Final

from anytws.core.connection import Connection
from anytws.core.events import MOST_OF_A_DETAIL, CloseReason, ConnectionClosed, Stage
from anytws.core.state import State
from anytws.errors import AnytwsError, in_a_sentence, shown
from anytws.messages.session import ErrorMessage


class ConnectError(AnytwsError):
    """The connection never became ready, and is over."""

    def __init__(
        self, stage: Stage, closed: ConnectionClosed, address: str, accounts: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(stage, closed, address, accounts)
        self.stage = stage
        """How far it had come."""
        self.closed = closed
        """How it ended."""
        self.address = address
        """Where it was to go: ``host:port``, or what the caller's stream is."""
        self.accounts = accounts
        """The managed accounts, as far as TWS had come to say them; None if it had not."""
        self.came_from: str | None = None
        """The address that had named this one instead of itself; None if it is the one that was asked for."""

    @property
    def reason(self) -> CloseReason:
        """Why it ended."""
        return self.closed.reason

    @property
    def code(self) -> int | None:
        """The vendor's code for it, if there is one."""
        return self.closed.code

    @property
    def cause(self) -> str:
        """What was seen, in words."""
        return self.closed.detail

    @property
    def last_error(self) -> ErrorMessage | None:
        """The last error that TWS sent, if it sent one."""
        return self.closed.last_error

    @property
    def hint(self) -> str:
        """What a person can do about it."""
        return self.closed.hint

    def __str__(self) -> str:
        code = "" if self.code is None else f", code {self.code}"
        where = in_a_sentence(self.address, 200)
        came = "" if self.came_from is None else f"; {in_a_sentence(self.came_from, 200)} redirects there"
        text = f"cannot connect to {where} ({self.reason.value}{code}, stage {self.stage.value}{came})"
        if self.cause:
            text += f": {in_a_sentence(self.cause, MOST_OF_A_DETAIL)}"
        error = self.last_error
        if error is not None and not is_told(error, self.cause):
            text += f". TWS said: {in_a_sentence(error.error_message)} ({error.error_code})"
        return f"{text}. {in_a_sentence(self.hint)}" if self.hint else text


def is_told(error: ErrorMessage, detail: str) -> bool:
    """Tell whether *detail*, what was seen at an end, has the words of *error* in it already."""
    return in_a_sentence(error.error_message) in detail


class TcpConnectFailed(ConnectError):
    """Nothing listens there, the name has no address, or nothing answered in time."""


class NotAHost(TcpConnectFailed, ValueError):
    """The host has a port in it, or brackets: nothing was looked up. A `ValueError` as well, raised at the call."""

    @classmethod
    def of(cls, host: str, instead: str) -> NotAHost:
        """Make the error for *host*, for which the caller has to say *instead*."""
        told = f"host is {shown(host)}, and has to be a name or an address alone"
        hint = f"Say {instead}: the host and the port are two arguments"
        detail, stage = f"{told}: say {instead}", Stage.TCP
        closed = ConnectionClosed(CloseReason.CONNECT_FAILED, State.DISCONNECTED, detail, hint, stage=stage)
        return cls(stage, closed, host)

    def __str__(self) -> str:
        return in_a_sentence(self.cause)


class RefusedByTws(ConnectError):
    """TWS took the byte stream and hung up before it named its version."""


class UnsupportedServerVersion(ConnectError):
    """TWS named a version that was not offered."""


class ClientIdInUse(ConnectError):
    """Another connection has this client id. TWS frees the id of a dropped one only after a while."""


class ConnectTimedOut(ConnectError):
    """A step of the handshake took longer than it may."""


class NotPaper(ConnectError):
    """An account of TWS is not known to be a paper account, and ``paper_only`` was asked for.

    ``accounts`` are those that TWS has named, None if it named none. Nothing but the handshake was said.
    """


class Redirected(ConnectError):
    """TWS named another address, and redirects are not allowed or were followed too often."""


_CLASS_OF_REASON: Final[dict[CloseReason, type[ConnectError]]] = {
    CloseReason.CONNECT_FAILED: TcpConnectFailed,
    CloseReason.REFUSED: RefusedByTws,
    CloseReason.UNSUPPORTED_SERVER_VERSION: UnsupportedServerVersion,
    CloseReason.CLIENT_ID_IN_USE: ClientIdInUse,
    CloseReason.HANDSHAKE_TIMEOUT: ConnectTimedOut,
    CloseReason.NOT_PAPER: NotPaper,
    CloseReason.REDIRECTED: Redirected,
}


def connect_error(connection: Connection, closed: ConnectionClosed, address: str) -> ConnectError:
    """Give the error for a *connection* that ended with *closed* before it was ready."""
    assert closed.stage is not None, "what was ready did not fail to connect"
    kind = _CLASS_OF_REASON.get(closed.reason, ConnectError)
    return kind(closed.stage, closed, address, connection.accounts)
