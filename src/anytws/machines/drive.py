"""A blocking socket drives a session: all that a script without an event loop needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from anytws.machines.session import ClientSession

CHUNK: Final = 65_536
"""Bytes asked for in one read."""


class BlockingSocket(Protocol):
    """What is needed of a socket. ``socket.socket`` has it, and so has one with TLS."""

    def recv(self, size: int, /) -> bytes:
        """Wait for bytes, at most *size*; none are the end. Raises `TimeoutError` and `OSError`."""
        ...

    def send(self, data: bytes, /) -> int:
        """Send some of *data*, and tell how many bytes. Raises `TimeoutError` and `OSError`."""
        ...

    def settimeout(self, seconds: float | None, /) -> None:
        """Have the next calls wait so long and no longer; None: for ever."""
        ...


def drive(
    session: ClientSession,
    sock: BlockingSocket,
    *,
    until: Callable[[], object],
    clock: Callable[[], float],
    deadline: float | None = None,
) -> None:
    """Send and receive until *until* says so, the connection has ended, or the *clock* has come to *deadline*.

    *clock* gives seconds that only go up: ``time.monotonic``. It returns when the connection has ended, and raises
    nothing of its own: ``session.closed`` says how, and whatever was asked raises it.

        asked = session.ask(CurrentTimeRequest(), time.monotonic())
        drive(session, sock, until=lambda: asked.is_over, clock=time.monotonic)
        print(asked.take())
    """
    while True:
        _send(session, sock, clock)
        if session.closed is not None or until() or (deadline is not None and clock() >= deadline):
            return
        _receive(session, sock, clock, deadline)


def _send(session: ClientSession, sock: BlockingSocket, clock: Callable[[], float]) -> None:
    while data := session.data_to_send(clock()):
        while data and session.closed is None:
            sock.settimeout(_patience(session, clock))
            try:
                count = sock.send(data)
            except TimeoutError:
                # Some other deadline, perhaps. The session knows when TWS has taken nothing for too long.
                session.wake(clock())
            except OSError as problem:
                # How much has left is not known, and half a frame cannot be taken back.
                session.send_failed(clock(), str(problem))
            else:
                session.sent(count, clock())
                data = data[count:]


def _receive(session: ClientSession, sock: BlockingSocket, clock: Callable[[], float], deadline: float | None) -> None:
    sock.settimeout(_patience(session, clock, deadline))
    try:
        data = sock.recv(CHUNK)
    except TimeoutError:
        session.wake(clock())
    except OSError as problem:
        session.receive_reset(clock(), str(problem))
    else:
        if data:
            session.receive_data(data, clock())
        else:
            session.receive_eof(clock())


def _patience(session: ClientSession, clock: Callable[[], float], deadline: float | None = None) -> float | None:
    wake_at = session.wake_at()
    if deadline is not None and (wake_at is None or deadline < wake_at):
        wake_at = deadline
    # Zero would make the socket non-blocking.
    return None if wake_at is None else max(0.001, wake_at - clock())
