"""What a byte stream raised, as an input of the session: the system's own word, and whether it means silence."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import Final, cast

import attrs

from anytws.machines.session import ClientSession

_SILENT: Final = (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN)


@attrs.frozen
class StreamFailure:
    """Why a byte stream does not go on."""

    detail: str
    """The system's own word for it."""
    is_silence: bool
    """Whether it means that the peer's machine no longer answers."""

    @classmethod
    def of(cls, problem: BaseException) -> StreamFailure:
        """Make it from what was raised: the system's word is wrapped in what a library said about it."""
        inner = problem.__cause__
        if inner is None and isinstance(problem, BaseExceptionGroup):
            inner = cast("BaseException", problem.exceptions[0])
        if inner is not None:
            return cls.of(inner)
        number = _system_number(problem)
        # Without the address that asyncio and trio put in front, each in its own way: the caller knows it.
        detail = str(problem) or type(problem).__name__ if number is None else os.strerror(number)
        return cls(detail, number in _SILENT or isinstance(problem, TimeoutError))

    def tell(self, session: ClientSession, now: float) -> None:
        """Make it an input of *session* at the time *now*."""
        if self.is_silence:
            session.receive_silence(now, self.detail)
        else:
            session.receive_reset(now, self.detail)


def _system_number(problem: BaseException) -> int | None:
    # TLS and the resolver have numbers of their own, which mean something else to the system.
    if isinstance(problem, OSError) and not isinstance(problem, (ssl.SSLError, socket.gaierror)):
        return problem.errno
    return None
