"""A session, a TWS at the other end of its bytes, and a clock: what the tests of `anytws.machines` talk with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from anytws.core import CODES, CodeTable, Connection, Event, HandshakeOptions, Side, State
from anytws.machines import Asked, ClientSession, Holder, Mailbox, Streamed
from anytws.messages import ErrorMessage, ManagedAccounts, NextValidId, StartApiRequest, ToTws
from anytws.messages.base import Asks, Streams, ToClient
from anytws.wire.frames import frame
from anytws.wire.versions import MAX_VERSION

_T = TypeVar("_T")

CLOCK: Final = b"20260105 09:30:00 UTC"
READY_AT: Final = 1000.0
VERSIONS: Final = (178, 203, 225)
"""All text, some of both, all protobuf."""
NEVER_SENT: Final = frozenset({StartApiRequest})


class Line:
    """A client session that talks to a TWS which says what a test has it say."""

    def __init__(
        self,
        version: int = MAX_VERSION,
        *,
        client_id: int = 7,
        codes: CodeTable = CODES,
        next_valid_id: int = 5,
        is_settled: bool = True,
        timeout_factor: float = 1.0,
        **options: Any,
    ) -> None:
        self.now = READY_AT
        self.session = ClientSession(
            HandshakeOptions(client_id=client_id), codes=codes, timeout_factor=timeout_factor, **options
        )
        self.tws = Connection(Side.TWS, codes=codes)
        self.is_writing = True
        """Whether what is to be sent leaves at once."""
        self.heard: list[ToTws] = []
        """What TWS has heard, and no test has taken."""
        self.heard_at: list[float] = []
        """When it has heard each message, these and those that were taken."""
        self.tws.opened(self.now)
        self.session.opened(self.now)
        self.move()
        self.tws.accept_version(version, CLOCK)
        self.move()
        self.say(ManagedAccounts(("DU1",)), NextValidId(next_valid_id))
        assert self.session.state is State.READY
        self.session.news()
        if is_settled:
            self.pass_time(10.0)

    def move(self) -> None:
        """Have bytes of both sides arrive, until there are none."""
        while True:
            said = self.tws.data_to_send()
            if said:
                self.session.receive_data(said, self.now)
            data = self.session.data_to_send(self.now) if self.is_writing else b""
            if data:
                self.session.sent(len(data), self.now)
                self.tws.receive_data(data)
                heard = [
                    event for event in self.tws.events() if isinstance(event, ToTws) and type(event) not in NEVER_SENT
                ]
                self.heard += heard
                self.heard_at += [self.now] * len(heard)
            if not said and not data:
                return

    def take(self) -> list[ToTws]:
        """Give, once, what TWS has heard."""
        self.move()
        heard, self.heard = self.heard, []
        return heard

    def heard_ids(self) -> list[int]:
        """Give, once, the request ids of what TWS has heard."""
        return [message.request_id for message in self.take()]  # type: ignore[attr-defined]

    def say(self, *messages: ToClient) -> None:
        """TWS says *messages*, all in one read."""
        self.session.receive_data(b"".join([self.tws.send(message) for message in messages]), self.now)
        self.move()

    def bytes_of(self, message: ToClient) -> bytes:
        """Give the bytes by which TWS says *message*."""
        return self.tws.send(message)

    def say_bytes(self, data: bytes) -> None:
        """TWS says what stands in *data*, whatever that is."""
        self.session.receive_data(data, self.now)
        self.move()

    def say_body(self, body: bytes) -> None:
        """TWS says one frame with *body* in it."""
        self.say_bytes(frame(body))

    def fail(self, number: int | None, code: int, text: str = "so TWS says") -> None:
        """TWS says an error; under -1 it is about no request."""
        self.say(ErrorMessage(None if number == -1 else number, code, text))

    def pass_time(self, seconds: float) -> None:
        """Let *seconds* pass; the session is woken exactly when it wants to be."""
        until = self.now + seconds
        while (at := self.session.wake_at()) is not None and at <= until:
            self.now = max(self.now, at)
            self.session.wake(self.now)
            self.move()
            assert self.session.wake_at() != at, "it would be woken for nothing again and again"
        self.now = until
        self.session.wake(self.now)
        self.move()

    def ask(self, request: Asks[_T], timeout: float | None = None) -> Asked[_T]:
        """Ask *request*; it leaves."""
        asked = self.session.ask(request, self.now, timeout)
        self.move()
        return asked

    def stream(
        self, request: Streams[_T], timeout: float | None = None, mailbox: Mailbox[Any] | None = None
    ) -> Streamed[_T]:
        """Open a stream; its request leaves."""
        streamed = self.session.stream(request, self.now, timeout, mailbox)
        self.move()
        return streamed

    def leave(self, conversation: Asked[Any] | Streamed[Any]) -> None:
        """Its caller goes."""
        self.session.leave(conversation, self.now)
        self.move()

    def news(self) -> list[Holder]:
        """Give those who have news, once."""
        return self.session.news()

    @property
    def open(self) -> int:
        """How many questions are not over."""
        return self.session.conversations.open

    def is_empty(self) -> bool:
        """Tell whether nothing is left of any conversation, but deadlines that will find nothing to do."""
        conversations = self.session.conversations
        register, sayings = conversations.register, conversations._sayings
        slots = register.slots.values()
        return not (
            register.questions
            or register.by_id
            or register._by_order
            or any(register._by_kind.values())
            or any(slot.current is not None or slot.waiting for slot in slots)
            or conversations._fences
            or conversations._passed
            or conversations._touched
            or sayings._roomless
        )


def number_of(conversation: Asked[Any] | Streamed[Any]) -> int:
    """Give the id under which it was said last."""
    number = conversation.request.request_id  # type: ignore[attr-defined]
    assert isinstance(number, int)
    return number


def failure_of(take: Callable[[], object]) -> Exception:
    """Give what *take* raises."""
    try:
        given = take()
    except Exception as failure:
        return failure
    raise AssertionError(f"it gave {given!r}")


def items_of(events: list[Event], kind: type[_T]) -> list[_T]:
    """Give those of *events* that are of *kind*."""
    return [event for event in events if isinstance(event, kind)]
