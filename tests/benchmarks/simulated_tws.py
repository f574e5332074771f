"""The simulated TWS of the benchmarks, as a process of its own: ``python simulated_tws.py [download]``.

It writes its port to stdout and ends with its stdin. With ``download`` it answers what ib_async's ``IB`` asks for while
it connects (positions, orders, executions, account values) as a TWS that has no positions, and at once. No real TWS is
as quick, so this is ib_async at its best. Without, it takes these requests and stays silent.
"""

from __future__ import annotations

import sys
from typing import Final

import anyio
import anyio.to_thread

from anytws.messages.accounts import AccountDataRequest, AccountUpdatesMultiRequest, PositionsRequest
from anytws.messages.executions import ExecutionRequest
from anytws.messages.orders import CompletedOrdersRequest, OpenOrdersRequest
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.serve import serve

DOWNLOAD: Final = (
    *(AccountDataRequest, AccountUpdatesMultiRequest, PositionsRequest),
    *(ExecutionRequest, OpenOrdersRequest, CompletedOrdersRequest),
)
SILENT: Final = {**ANSWERS, **dict.fromkeys(DOWNLOAD, Answer(lambda _link, _request: ()))}


async def main(answers_download: bool) -> None:
    """Serve until stdin ends."""
    world = World(WorldSettings(positions=()), answers=ANSWERS if answers_download else SILENT)
    async with serve(world) as tws:
        sys.stdout.write(f"{tws.port}\n")
        sys.stdout.flush()
        await anyio.to_thread.run_sync(sys.stdin.read)


if __name__ == "__main__":
    anyio.run(main, "download" in sys.argv[1:])
