"""A blocking socket drives a session: real sockets of this machine, and one that does what a test says."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anytws.core import CloseReason, Connection, HandshakeOptions, Side, State
from anytws.core.events import ConnectionClosed
from anytws.errors import RequestTimedOut
from anytws.machines import ClientSession, drive
from anytws.machines.outbox import UNSENT_SECONDS
from anytws.messages import CurrentTime, CurrentTimeRequest, IdsRequest, ManagedAccounts, NextValidId
from tests.conversing import CLOCK, failure_of
from tests.test_conversations import TIME


class Tws:
    """A socket with a TWS at its other end, and a clock that goes on while one waits for bytes."""

    def __init__(self) -> None:
        self.now = 100.0
        self.tws = Connection(Side.TWS)
        self.tws.opened(self.now)
        self.to_client = b""
        self.patience: float | None = None
        self.takes = 10**6
        """Bytes that it takes at once; 0: it lets one wait."""
        self.answers = True
        self.problem: OSError | None = None
        self.is_over = False

    def clock(self) -> float:
        return self.now

    def settimeout(self, seconds: float | None, /) -> None:
        assert seconds is None or seconds > 0, "zero would make it non-blocking"
        self.patience = seconds

    def wait(self) -> None:
        assert self.patience is not None, "it would wait for ever"
        self.now += self.patience
        raise TimeoutError("timed out")

    def send(self, data: bytes, /) -> int:
        if self.problem is not None:
            raise self.problem
        if not self.takes:
            self.wait()
        taken = data[: self.takes]
        self.tws.receive_data(taken)
        for event in self.tws.events():
            if isinstance(event, CurrentTimeRequest) and self.answers:
                self.to_client += self.tws.send(CurrentTime(TIME))
        if self.tws.state is State.HANDSHAKING and self.tws.server_version is None:
            self.tws.accept_version(225, CLOCK)
            self.to_client += self.tws.data_to_send()
        elif self.tws.state is State.AWAITING_NEXT_VALID_ID:
            self.to_client += self.tws.send(ManagedAccounts(("DU1",))) + self.tws.send(NextValidId(1))
        return len(taken)

    def recv(self, size: int, /) -> bytes:
        if self.problem is not None:
            raise self.problem
        if self.is_over:
            return b""
        if not self.to_client:
            self.wait()
        # In small pieces.
        part, self.to_client = self.to_client[: min(size, 7)], self.to_client[min(size, 7) :]
        return part


@pytest.fixture
def tws() -> Tws:
    return Tws()


def ready(tws: Tws) -> ClientSession:
    session = ClientSession(HandshakeOptions(client_id=7))
    session.opened(tws.now)
    drive(session, tws, until=lambda: session.state is State.READY, clock=tws.clock)
    assert session.state is State.READY
    return session


def test_a_question_is_asked_and_answered(tws: Tws) -> None:
    session = ready(tws)
    asked = session.ask(CurrentTimeRequest(), tws.now)
    drive(session, tws, until=lambda: asked.is_over, clock=tws.clock)
    assert asked.take() == CurrentTime(TIME)
    assert asked.was_sent


def test_it_does_nothing_more_than_send_where_all_is_there(tws: Tws) -> None:
    session = ready(tws)
    drive(session, tws, until=lambda: True, clock=tws.clock)
    assert session.closed is None


def test_deadlines_are_kept_while_nothing_comes(tws: Tws) -> None:
    session = ready(tws)
    tws.answers = False
    asked = session.ask(CurrentTimeRequest(), tws.now, 8.0)
    began = tws.now
    drive(session, tws, until=lambda: asked.is_over, clock=tws.clock)
    assert isinstance(failure_of(asked.take), RequestTimedOut)
    assert 8.0 <= tws.now - began < 8.1


def test_bytes_that_leave_one_by_one_leave_all_the_same(tws: Tws) -> None:
    tws.takes = 1
    session = ready(tws)
    asked = session.ask(CurrentTimeRequest(), tws.now)
    drive(session, tws, until=lambda: asked.is_over, clock=tws.clock)
    assert asked.take() == CurrentTime(TIME)


def test_a_deadline_that_passes_while_tws_takes_nothing_is_no_end(tws: Tws) -> None:
    """It is some question's, not the writer's; the writer has ten seconds for a byte."""
    session = ready(tws)
    short, long = session.ask(IdsRequest(), tws.now, 0.5), session.ask(CurrentTimeRequest(), tws.now, 60.0)
    tws.takes = 0
    wait = tws.wait

    def wait_once() -> None:
        tws.takes = 10**6
        wait()

    tws.wait = wait_once  # type: ignore[method-assign]
    drive(session, tws, until=lambda: long.is_over, clock=tws.clock)
    assert session.closed is None
    assert isinstance(failure_of(short.take), RequestTimedOut)
    assert long.take() == CurrentTime(TIME)


def test_a_tws_that_takes_nothing_is_unresponsive(tws: Tws) -> None:
    session = ready(tws)
    tws.takes = 0
    began = tws.now
    asked = session.ask(CurrentTimeRequest(), tws.now)
    drive(session, tws, until=lambda: asked.is_over, clock=tws.clock)
    assert session.closed is not None
    assert session.closed.reason is CloseReason.UNRESPONSIVE
    assert UNSENT_SECONDS <= tws.now - began < UNSENT_SECONDS + 0.1
    assert isinstance(failure_of(asked.take), ConnectionClosed)


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda tws: setattr(tws, "is_over", True), CloseReason.EOF),
        (lambda tws: setattr(tws, "problem", ConnectionResetError("reset")), CloseReason.SEND_FAILED),
        (lambda tws: setattr(tws, "to_client", b"\xff\xff\xff\xff"), CloseReason.PROTOCOL_ERROR),
    ],
    ids=["end", "broken", "garbage"],
)
def test_whatever_ends_it_returns_and_tells_who_waits(
    tws: Tws, spoil: Callable[[Tws], Any], reason: CloseReason
) -> None:
    session = ready(tws)
    tws.answers = False
    asked = session.ask(CurrentTimeRequest(), tws.now)
    spoil(tws)
    drive(session, tws, until=lambda: False, clock=tws.clock)
    assert session.closed is not None
    assert session.closed.reason is reason
    assert isinstance(failure_of(asked.take), ConnectionClosed)
    drive(session, tws, until=lambda: False, clock=tws.clock)


def test_a_stream_that_breaks_while_one_waits_is_a_reset(tws: Tws) -> None:
    session = ready(tws)
    tws.problem = ConnectionResetError("reset by peer")
    drive(session, tws, until=lambda: False, clock=tws.clock)
    assert session.closed is not None
    assert (session.closed.reason, session.closed.detail) == (CloseReason.RESET, "reset by peer")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_a_real_socket_will_do(pair: tuple[socket.socket, socket.socket], tws: Tws) -> None:
    """What the system gives is what is asked for: bytes, no bytes at the end, and the number that it took."""
    here, there = pair
    session = ClientSession(HandshakeOptions(client_id=7))
    session.opened(0.0)
    there.sendall(b"\0\0\0\x1b225\x0020260105 09:30:00 UTC\0\0"[:4] + b"225\x0020260105 09:30:00 UTC\0\0"[:27])
    there.shutdown(socket.SHUT_WR)
    drive(session, here, until=lambda: False, clock=lambda: 0.0)
    assert there.recv(100).startswith(b"API\0")
    assert session.closed is not None
    assert session.closed.reason in (CloseReason.EOF, CloseReason.REFUSED, CloseReason.EOF_MID_FRAME)


def test_it_returns_at_its_deadline_whatever_the_session_waits_for(tws: Tws) -> None:
    session = ready(tws)
    tws.answers = False
    asked = session.ask(CurrentTimeRequest(), tws.now, 30.0)
    at = tws.now + 3.0
    drive(session, tws, until=lambda: asked.is_over, clock=tws.clock, deadline=at)
    assert (tws.now, asked.is_over, session.closed) == (at, False, None)
    drive(session, tws, until=lambda: asked.is_over, clock=tws.clock, deadline=at + 1000.0)
    assert asked.is_over
