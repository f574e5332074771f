"""What has been said in a session that outlives the message that said it. The same on both sides."""

from __future__ import annotations

from typing import Final

import attrs

from anytws.core.codes import CLIENT_ID_IN_USE, PORT_CHANGED, RATE_EXCEEDED, CodeKind, CodeTable
from anytws.core.events import Notice
from anytws.messages.session import ErrorMessage

_REMARKS: Final = frozenset({CodeKind.NOTICE, CodeKind.FARM, CodeKind.LINK})
"""The kinds of code that come as a `Notice` and not as an error."""


FAREWELLS: Final = frozenset({CLIENT_ID_IN_USE, PORT_CHANGED, RATE_EXCEEDED})
"""Errors after which TWS closes: the end of the stream is then what they say."""


@attrs.define
class Session:
    """The facts of one session, as far as they are known."""

    client_id: int | None = None
    accounts: tuple[str, ...] | None = None
    next_valid_id: int | None = None
    ready_at: float | None = None
    """The time of the core at which it became ready."""
    last_error: ErrorMessage | None = None
    farewell: ErrorMessage | None = None
    """The last of those errors after which TWS hangs up."""
    farewell_at: float = 0.0
    """The time of the core at which it came."""

    def raise_next_valid_id(self, order_id: int) -> None:
        """Note an order id: they only go up, whatever a later message says."""
        self.next_valid_id = order_id if self.next_valid_id is None else max(order_id, self.next_valid_id)

    def sort_out(self, message: ErrorMessage, codes: CodeTable, now: float) -> ErrorMessage | Notice:
        """Give *message* back if it is an error, or the `Notice` that it is."""
        kind = codes.kind_of(message.error_code)
        # A code that nobody knows is no error to anybody's order, but it may be TWS's last word before it closes.
        if kind not in _REMARKS or codes.row(message.error_code) is None:
            self.last_error = message
        if message.error_code in FAREWELLS:
            self.farewell, self.farewell_at = message, now
        if kind not in _REMARKS:
            return message
        return Notice(message.error_code, message.error_message, kind, message.request_id, message.error_time, message)
