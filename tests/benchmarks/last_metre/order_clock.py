"""When bytes were given to the kernel: the same clock for all clients, since all of them call ``send`` of a socket.

To be imported before anything that talks: trio takes ``send`` from the class as it is imported.
"""

from __future__ import annotations

import socket
from time import perf_counter_ns
from typing import Any, Final

_SEND: Final = socket.socket.send
times: list[int] = [0]
"""When each call of ``send`` returned, in nanoseconds."""


def _send(self: socket.socket, *arguments: Any) -> int:
    sent = _SEND(self, *arguments)
    times.append(perf_counter_ns())
    return sent


socket.socket.send = _send  # type: ignore[method-assign, assignment]


def since(began: int) -> float:
    """Give the microseconds from *began* until the last bytes were with the kernel."""
    return (times[-1] - began) / 1000
