"""The simulated TWS of the benchmarks, as a process of its own: ``python simulated_tws.py [download]``.

It writes its port to stdout and ends with its stdin. With ``download`` it also answers what ib_async's ``IB`` asks for
while it connects (positions, orders, executions, account values), as a TWS would that has none of them: at once, with
the end and nothing before it. No real TWS is as quick, so this is ib_async at its best.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import anyio
import anyio.to_thread

import anytws.simulator.world
from anytws.core.events import Event, UnknownMessage
from anytws.simulator import Link, World
from anytws.simulator.serve import serve
from anytws.wire.frames import frame

DOWNLOAD_ENDS: Final[dict[int, Callable[[list[str]], tuple[str, ...]]]] = {
    5: lambda _: ("53", "1"),
    6: lambda fields: ("54", "1", fields[3]),
    7: lambda fields: ("55", "1", fields[2]),
    61: lambda _: ("62", "1"),
    76: lambda fields: ("74", "1", fields[2]),
    99: lambda _: ("102",),
}
"""By the id of a request, the fields of the message that ends its answer."""


class DownloadLink(Link):
    """A link that knows the requests of the download. They are in no table yet, so they come as unknown ones."""

    def _take(self, event: Event, now: float) -> None:
        if isinstance(event, UnknownMessage) and event.message_id in DOWNLOAD_ENDS:
            fields = event.frame.decode().split("\0")
            end = DOWNLOAD_ENDS[event.message_id](fields)
            self._put(frame("".join(f"{field}\0" for field in end).encode()))
        else:
            super()._take(event, now)


async def main() -> None:
    """Serve until stdin ends."""
    async with serve(World()) as tws:
        sys.stdout.write(f"{tws.port}\n")
        sys.stdout.flush()
        await anyio.to_thread.run_sync(sys.stdin.read)


if __name__ == "__main__":
    if "download" in sys.argv[1:]:
        # The world makes links of the class that it has by this name.
        setattr(anytws.simulator.world, "Link", DownloadLink)  # noqa: B010 (mypy would call it private)
    anyio.run(main)
