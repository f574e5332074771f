"""What a byte stream raised becomes one input of the session: the system's own word, and whether it means silence."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import anyio
import pytest

from anytws import CloseReason, HandshakeOptions
from anytws.machines import ClientSession
from anytws.runtime.failure import StreamFailure
from tests.misbehaving_tws import OPENING, REPLY


def caused(outer: BaseException, inner: BaseException) -> BaseException:
    outer.__cause__ = inner
    return outer


SAID = {
    "number": (OSError(errno.ECONNRESET, "what a library says"), os.strerror(errno.ECONNRESET), False),
    "an address": (OSError(errno.ECONNREFUSED, "failed ('::1', 1)"), os.strerror(errno.ECONNREFUSED), False),
    "broken pipe": (BrokenPipeError(errno.EPIPE, "x"), os.strerror(errno.EPIPE), False),
    "timed out": (OSError(errno.ETIMEDOUT, "x"), os.strerror(errno.ETIMEDOUT), True),
    "no route": (OSError(errno.EHOSTUNREACH, "x"), os.strerror(errno.EHOSTUNREACH), True),
    "no network": (OSError(errno.ENETUNREACH, "x"), os.strerror(errno.ENETUNREACH), True),
    "network down": (OSError(errno.ENETDOWN, "x"), os.strerror(errno.ENETDOWN), True),
    "timeout without a number": (TimeoutError("took too long"), "took too long", True),
    "timeout without a word": (TimeoutError(), "TimeoutError", True),
    "without a number": (OSError("odd"), "odd", False),
    # These numbers are others than the system's: 110 is "timed out" there.
    "TLS": (ssl.SSLError(errno.ETIMEDOUT, "bad record mac"), "bad record mac", False),
    "resolver": (socket.gaierror(errno.ETIMEDOUT, "no such name"), "no such name", False),
    "no word at all": (anyio.ClosedResourceError(), "ClosedResourceError", False),
    "wrapped": (caused(anyio.BrokenResourceError(), OSError(errno.ETIMEDOUT, "x")), os.strerror(errno.ETIMEDOUT), True),
    "wrapped twice": (
        caused(anyio.BrokenResourceError(), caused(RuntimeError("x"), OSError(errno.ECONNRESET, "x"))),
        os.strerror(errno.ECONNRESET),
        False,
    ),
    "a group": (
        ExceptionGroup("all", [OSError(errno.EHOSTUNREACH, "x"), OSError(errno.ECONNREFUSED, "y")]),
        os.strerror(errno.EHOSTUNREACH),
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("problem, word, is_silence", SAID.values(), ids=SAID)
def test_the_systems_own_word(problem: BaseException, word: str, is_silence: bool) -> None:
    """Whatever a library has wrapped it in, and whatever it put in front of it."""
    failure = StreamFailure.of(problem)
    assert word in failure.detail
    assert "what a library says" not in failure.detail
    assert "::1" not in failure.detail
    assert failure.is_silence == is_silence


@pytest.mark.parametrize(
    "failure, reason",
    [
        (StreamFailure("gone", is_silence=True), CloseReason.UNRESPONSIVE),
        (StreamFailure("torn", is_silence=False), CloseReason.RESET),
    ],
)
def test_it_is_told_the_session(failure: StreamFailure, reason: CloseReason) -> None:
    """Silence has a reason of its own: whoever is silent may still think that all is well."""
    session = ClientSession(HandshakeOptions())
    session.opened(0.0)
    session.receive_data(REPLY + OPENING, 0.1)
    failure.tell(session, 0.2)
    assert session.closed is not None
    assert session.closed.reason is reason
    assert failure.detail in session.closed.detail
