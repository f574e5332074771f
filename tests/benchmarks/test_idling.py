"""A connection that is ready, and to which nothing happens, costs nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import anyio
from ib_async import IB

import anytws
from tests.benchmarks.conftest import Report

SECONDS: Final = 2.0


async def our_idling(port: int, client_id: int) -> float:
    async with anytws.connect("127.0.0.1", port, client_id=client_id) as tws:
        # What comes just after READY is not idling.
        await tws.current_time()
        before = time.process_time()
        await anyio.sleep(SECONDS)
        return time.process_time() - before


async def their_idling(port: int, client_id: int) -> float:
    # Half of its methods have no types.
    ib: Any = IB()
    await ib.client.connectAsync("127.0.0.1", port, client_id)
    await ib.reqCurrentTimeAsync()
    before = time.process_time()
    await asyncio.sleep(SECONDS)
    used = time.process_time() - before
    ib.client.disconnect()
    await ib.client.conn.disconnected
    return used


async def nothing(_port: int, _client_id: int) -> float:
    before = time.process_time()
    await anyio.sleep(SECONDS)
    return time.process_time() - before


def test_idling(tws_port: int, report: Report) -> None:
    used = {
        "a loop and nothing else, asyncio": anyio.run(nothing, tws_port, 1),
        "anytws, asyncio": anyio.run(our_idling, tws_port, 2),
        "a loop and nothing else, trio": anyio.run(nothing, tws_port, 3, backend="trio"),
        "anytws, trio": anyio.run(our_idling, tws_port, 4, backend="trio"),
        "ib_async": asyncio.run(their_idling(tws_port, 5)),
    }
    report(
        f"processor time of {SECONDS:g} idle seconds",
        ("", "milliseconds", "of one core"),
        [(name, f"{seconds * 1000:.2f}", f"{seconds / SECONDS:.3%}") for name, seconds in used.items()],
        (),
    )
