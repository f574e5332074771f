"""What a message of TWS belongs to: which request it answers, which order it is about."""

from __future__ import annotations

from typing import Final, TypeAlias

import attrs

from anytws.messages.base import ToClient, ToTws
from anytws.messages.executions import CommissionAndFeesReport, ExecutionDetails
from anytws.messages.orders import OpenOrder, OrderStatus
from anytws.messages.session import ErrorMessage
from anytws.wire.catalogue import entry_of
from anytws.wire.conversation import ConversationRow, Key, Shape

Subject: TypeAlias = tuple[str, object]
"""What a message is about: a word and an id."""

_NOBODY: Final[Subject] = ("nothing", None)
_BARE: Final = ConversationRow(shape=Shape.COMMAND)


def subjects_of(message: ToClient) -> tuple[Subject, ...]:
    """Give what *message* is about: an order, an execution, a request; or nothing that has an id."""
    match message:
        case OpenOrder() | OrderStatus():
            return (("order", message.order_id),)
        case ExecutionDetails():
            execution = message.execution
            return (("order", execution.order_id), ("execution", execution.execution_id))
        case CommissionAndFeesReport():
            return (("execution", message.execution_id),)
        case _:
            request_id = getattr(message, "request_id", None)
            return (_NOBODY,) if request_id is None else (("request", request_id),)


def row_of(request: ToTws) -> ConversationRow:
    """Give what is known of the conversation that *request* begins, used as it is."""
    row = entry_of(request).conversation or _BARE
    for variant in row.variants:
        if variant.holds(request):
            return variant.applied_to(row)
    return row


@attrs.frozen(eq=False)
class Mark:
    """By what the messages that belong to one request are known."""

    request: ToTws
    row: ConversationRow
    value: object
    """The value of the row's key."""
    version: int
    """The version of the server."""

    @classmethod
    def of(cls, request: ToTws, version: int) -> Mark:
        """Give the mark of *request*."""
        row = row_of(request)
        value = None if row.key is Key.NOTHING else getattr(request, row.key.value, None)
        return cls(request, row, value, version)

    @property
    def has_id(self) -> bool:
        """Whether what belongs to it can be told from everything else."""
        return self.row.key is not Key.NOTHING

    def owns(self, message: ToClient, *, is_reply: bool) -> bool:
        """Tell whether *message* belongs to it; *is_reply*: it is said while TWS takes the request."""
        if self.row.key is Key.ORDER_ID:
            return self._is_of_order(message)
        if isinstance(message, ErrorMessage):
            if self.row.key is Key.REQUEST_ID:
                return message.request_id == self.value
            return is_reply and message.request_id is None
        if not self.has_id:
            return isinstance(message, self._kinds)
        return getattr(message, self.row.key.value, None) == self.value

    def is_last(self, message: ToClient) -> bool:
        """Tell whether *message*, which belongs to it, ends the (first) answer."""
        row = self.row
        if isinstance(message, ErrorMessage):
            return message.error_code not in row.comments | row.unclear
        if row.end is not None and self.version >= row.end_since:
            return isinstance(message, row.end)
        if row.ends_when is not None:
            return bool(row.ends_when(message))
        return row.shape is Shape.ONE or row.end is not None

    def is_end(self, message: ToClient) -> bool:
        """Tell whether *message* is the one that ends the answer and carries nothing else."""
        return self.row.end is not None and isinstance(message, self.row.end)

    @property
    def is_short(self) -> bool:
        """Whether nothing comes after the last message of the answer."""
        return self.row.shape in (Shape.ONE, Shape.RUN)

    @property
    def has_last(self) -> bool:
        """Whether the answer comes to an end."""
        return self.row.shape in (Shape.ONE, Shape.RUN, Shape.RUN_THEN_STREAM)

    def is_cancelled_by(self, request: ToTws) -> bool:
        """Tell whether *request* cancels it."""
        cancel = self.row.cancel
        if cancel is None or not isinstance(request, cancel.by):
            return False
        if any(getattr(request, name) != wanted for name, wanted in cancel.sets):
            return False
        return not self.has_id or getattr(request, self.row.key.value, None) == self.value

    @property
    def _kinds(self) -> tuple[type[ToClient], ...]:
        return self.row.answers if self.row.end is None else (*self.row.answers, self.row.end)

    def _is_of_order(self, message: ToClient) -> bool:
        if isinstance(message, ErrorMessage):
            return message.request_id == self.value
        if isinstance(message, ExecutionDetails) and message.request_id is not None:
            return False
        return ("order", self.value) in subjects_of(message)
