"""What a program may look on with: one object that is told what happens on its connections, for metrics and traces."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from anytws.core.events import (
    ConnectionClosed,
    Notice,
    OddValue,
    StillWaiting,
    SurplusFields,
    UndecodableFrame,
    UnknownMessage,
)
from anytws.core.state import State
from anytws.errors import DataLost, RequestTimedOut
from anytws.machines.conversation import Asked, Conversation, Streamed
from anytws.machines.presence import Presence
from anytws.messages.base import ToTws

Remark: TypeAlias = Notice | OddValue | SurplusFields | UndecodableFrame | UnknownMessage | StillWaiting
"""What TWS says besides answers and data, and what of its words could not be read."""


@unique
class Outcome(Enum):
    """How a question or a stream ended."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    ANSWERED = "answered"
    """There is an answer; of a stream: it came to its own end."""
    FAILED = "failed"
    """TWS refused it or ended it with an error, or its answer could not be read or kept."""
    TIMED_OUT = "timed_out"
    """Nothing came in time."""
    DATA_LOST = "data_lost"
    """TWS lost its link, and with it the data of the stream."""
    LEFT = "left"
    """Nobody wanted it any more: the block was left, the task was cancelled."""
    CLOSED = "closed"
    """The connection ended."""


@attrs.frozen(eq=False)
class SeenRequest:
    """One question or one stream, from its beginning to its end: the same object in both calls, so it can be a key."""

    connection: str
    """Where it is asked, such as ``127.0.0.1:7497, client 7``."""
    number: int
    """Which one of its connection it is, from 1 on."""
    began_at: float
    """In seconds of the event loop's clock."""
    _conversation: Conversation[Any]

    @property
    def request(self) -> ToTws:
        """The message, with its id as soon as it has one."""
        return self._conversation.request

    @property
    def name(self) -> str:
        """The name of the message, such as ``ContractDataRequest``."""
        return type(self._conversation.request).__name__

    @property
    def is_stream(self) -> bool:
        """Whether it goes on."""
        return isinstance(self._conversation, Streamed)

    @property
    def received(self) -> int:
        """Items of a stream that have come so far; 0 for a question."""
        conversation = self._conversation
        return conversation.statistics().received if isinstance(conversation, Streamed) else 0

    def outcome(self) -> tuple[Outcome, Exception | None]:
        """Give how it ended, and with which error. Before its end: as if it was left now."""
        conversation = self._conversation
        if isinstance(conversation, Asked):
            is_over, failure = conversation.is_over, conversation.failure
        else:
            assert isinstance(conversation, Streamed), "there are two kinds"
            is_over, failure = conversation.mailbox.has_ended, conversation.mailbox.failure
        if failure is None:
            return (Outcome.ANSWERED if is_over else Outcome.LEFT), None
        return _outcome_of(failure), failure


def _outcome_of(failure: Exception) -> Outcome:
    if isinstance(failure, RequestTimedOut):
        return Outcome.TIMED_OUT
    if isinstance(failure, ConnectionClosed):
        return Outcome.CLOSED
    return Outcome.DATA_LOST if isinstance(failure, DataLost) else Outcome.FAILED


class Hook:
    """Is told what happens on the connections that it was given to: ``anytws.connect(…, hook=MyHook())``.

    Derive a class from it and write the methods that you want. They are called in the thread and, for questions, in the
    task of the connection, and have to be quick: nothing else runs meanwhile. What one raises is logged with its
    traceback (logger ``anytws.hook``; the standard library prints it where no logging is set up), the first time for
    each method; the connection goes on, and so do the calls.

    *connection* is a text that says which connection it is, such as ``127.0.0.1:7497, client 7``.
    """

    def state_changed(self, connection: str, before: State | None, after: State) -> None:
        """Note that the connection is in the state *after*. What it passes through in one go is told by its last."""

    def closed(self, connection: str, end: ConnectionClosed) -> None:
        """Note that the connection has ended, or could not be made, as *end* says."""

    def presence_changed(self, connection: str, presence: Presence) -> None:
        """Note where we are in staying connected (`anytws.keep_connected` alone tells of it)."""

    def request_began(self, request: SeenRequest) -> None:
        """Note that a question is asked. Called in the task that asks."""

    def request_ended(self, request: SeenRequest, outcome: Outcome, seconds: float, error: Exception | None) -> None:
        """Note how it ended, *seconds* after it began; waiting for pacing is part of that."""

    def stream_opened(self, stream: SeenRequest) -> None:
        """Note that a stream is opened."""

    def stream_ended(self, stream: SeenRequest, outcome: Outcome, seconds: float, error: Exception | None) -> None:
        """Note that its block was left, and how it had ended. `SeenRequest.received` says how much had come."""

    def received(self, connection: str, count: int) -> None:
        """Note that *count* bytes were read."""

    def sent(self, connection: str, count: int) -> None:
        """Note that *count* bytes were taken by the system."""

    def noticed(self, connection: str, remark: Remark) -> None:
        """Note what TWS says besides: the state of a farm, a warning; and what of its words could not be read."""
