"""What has been said in a session that outlives the message that said it. The same on both sides."""

from __future__ import annotations

from typing import Final

import attrs

from anytws.core.codes import CLIENT_ID_IN_USE, PORT_CHANGED, RATE_EXCEEDED, CodeKind, CodeTable
from anytws.core.events import CloseReason, Notice
from anytws.messages.base import Message
from anytws.messages.session import ErrorMessage, ManagedAccounts, NextValidId, StartApiRequest

_REMARKS: Final = frozenset({CodeKind.NOTICE, CodeKind.FARM, CodeKind.LINK})
"""The kinds of code that come as a `Notice` and not as an error."""
_NO_ERRORS: Final = _REMARKS | {CodeKind.CANCELLED}
"""The kinds of code that say nothing bad: an order that is cancelled has mostly been asked to be."""

CODES_BEFORE_CLOSE: Final = {
    CLIENT_ID_IN_USE: CloseReason.CLIENT_ID_IN_USE,
    PORT_CHANGED: CloseReason.PORT_CHANGED,
    RATE_EXCEEDED: CloseReason.PACING_VIOLATION,
}
"""Errors after which TWS closes, and the reason that each is: the closing itself is only its form."""


@attrs.define
class SessionFacts:
    """The facts of one session, as far as they are known."""

    client_id: int | None = None
    accounts: tuple[str, ...] | None = None
    next_valid_id: int | None = None
    ready_at: float | None = None
    """The time of the core at which it became ready."""
    last_error: ErrorMessage | None = None
    error_before_close: ErrorMessage | None = None
    """The last error with one of the `CODES_BEFORE_CLOSE`."""
    error_before_close_at: float = 0.0
    """The time of the core at which it came."""

    def note(self, message: Message) -> None:
        """Keep what *message*, of either side, says about the session, if it says something."""
        match message:
            case StartApiRequest():
                self.client_id = message.client_id
            case NextValidId():
                self.keep_highest_order_id(message.order_id)
            case ManagedAccounts():
                self.accounts = message.accounts
            case _:
                pass

    def keep_highest_order_id(self, order_id: int) -> None:
        """Note an order id: they only go up, whatever a later message says."""
        self.next_valid_id = order_id if self.next_valid_id is None else max(order_id, self.next_valid_id)

    def note_ready(self, now: float) -> None:
        """Note that the session is ready, *now*."""
        self.ready_at = now
        refusal = self.error_before_close
        if refusal is not None and refusal.error_code == CLIENT_ID_IN_USE:
            # TWS has taken this client after all: its refusal explains nothing that comes now.
            self.error_before_close = None

    def classify(self, message: ErrorMessage, codes: CodeTable, now: float) -> ErrorMessage | Notice:
        """Give *message* back if it is an error, or the `Notice` that it is."""
        kind = codes.kind_of(message.error_code)
        # A code that nobody knows is no error to anybody's order, but it may be TWS's last word before it closes.
        if kind not in _NO_ERRORS or codes.row(message.error_code) is None:
            self.last_error = message
        if message.error_code in CODES_BEFORE_CLOSE:
            self.error_before_close, self.error_before_close_at = message, now
        if kind not in _REMARKS:
            return message
        return Notice(message.error_code, message.error_message, kind, message.request_id, message.error_time, message)
