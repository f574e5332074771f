"""Which answer belongs to which request. Sans-IO, beside `Connection`: events and time go in, bytes come out.

This file knows requests without an id that have one answer (the time, the accounts, the next id). They cannot be
told apart on the wire, so they are shared: however many ask the same at once, one request goes out and its answer
goes to all of them.

Just after nextValidId TWS was seen to drop requests without a word. A request that changes nothing and got no answer
in the settling time is therefore sent once more; one that changes something never is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import attrs

from anytws.core.connection import Connection
from anytws.core.events import ConnectionClosed, Event, OddValue, UndecodableFrame
from anytws.core.state import State
from anytws.messages.base import Asks, ToClient
from anytws.wire.catalogue import entry_of

SETTLING: Final = 2.0
"""Seconds after READY in which TWS may drop a request."""
SEND_AGAIN: Final = 1.0
"""Seconds that a request made while settling has at least to be answered, before it is sent again."""

Answer: TypeAlias = ToClient | OddValue | UndecodableFrame
"""What comes of a request: its answer, or what of the answer could not be read."""
Waiter: TypeAlias = Callable[[Answer], None]
"""Told the answer, once."""


@attrs.define(eq=False)
class _Question:
    """One request on the wire, and all who wait for its answer."""

    request: Asks[Any]
    answer: type[ToClient]
    waiters: list[Waiter]
    send_again_at: float | None


class Requests:
    """The open requests of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._questions: list[_Question] = []

    def ask(self, request: Asks[Any], waiter: Waiter, now: float) -> bytes:
        """Have *waiter* told the answer to *request*; give the bytes to send, none if the same is asked already.

        Raises `LocalProtocolError`, and changes nothing, if it may not be asked now; `TypeError` if it has no answer.
        """
        entry = entry_of(request)
        if entry.answer is None:
            raise TypeError(f"{entry.name} has no answer to wait for: send it instead")
        for question in self._questions:
            if question.request == request:
                question.waiters.append(waiter)
                return b""
        data = self._connection.send(request)
        settled_at = (self._connection.ready_at or 0.0) + SETTLING
        may_be_dropped = now < settled_at and not entry.changes_state
        send_again_at = max(now + SEND_AGAIN, settled_at) if may_be_dropped else None
        self._questions.append(_Question(request, entry.answer, [waiter], send_again_at))
        return data

    def forget(self, waiter: Waiter) -> None:
        """Stop waiting. A request that nobody waits for is asked anew by the next who wants to know."""
        for question in self._questions:
            question.waiters = [other for other in question.waiters if other != waiter]
        self._questions = [question for question in self._questions if question.waiters]

    def hear(self, events: Iterable[Event]) -> None:
        """Take events of the connection; an answer goes to all who wait for it."""
        if not self._questions:
            return
        for event in events:
            if isinstance(event, ConnectionClosed):
                self._questions.clear()
            elif isinstance(event, (OddValue, UndecodableFrame)):
                # These answers have one value each, and without it they are none. An odd one has its message behind
                # it, for which nobody waits by then.
                self._answer(event, event.message)
            elif isinstance(event, ToClient):
                self._answer(event, type(event).__name__)

    def _answer(self, answer: Answer, name: str | None) -> None:
        answered = [question for question in self._questions if question.answer.__name__ == name]
        if not answered:
            return
        self._questions = [question for question in self._questions if question not in answered]
        for question in answered:
            for waiter in question.waiters:
                waiter(answer)

    def wake_at(self) -> float | None:
        """Give the time at which `wake` has something to do; None if it has not."""
        return min((q.send_again_at for q in self._questions if q.send_again_at is not None), default=None)

    def wake(self, now: float) -> bytes:
        """Give the bytes of the requests that are to be sent once more."""
        data = b""
        if self._connection.state is not State.READY:
            return data
        for question in self._questions:
            if question.send_again_at is not None and question.send_again_at <= now:
                question.send_again_at = None
                data += self._connection.send(question.request)
        return data
