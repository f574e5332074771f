"""Many connections in a row leave nothing behind: no socket, no task, no thread; and how memory goes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
from pathlib import Path
from typing import Final

import anyio
import attrs
import pytest
import trio

import anytws
import anytws.wire.codec
from tests.benchmarks.conftest import Report

CONNECTIONS: Final = 200
WARM_UP: Final = 50
"""Connections after which caches are filled and memory is worth looking at."""
MAX_DESCRIPTORS: Final = 4096
STATM: Final = Path("/proc/self/statm")


@attrs.frozen
class Footprint:
    """What this process holds."""

    descriptors: int
    tasks: int
    threads: int
    objects: int
    """As the garbage collector counts them."""
    resident_kib: int
    """0 where the system does not say."""

    @classmethod
    def now(cls, backend: str) -> Footprint:
        gc.collect()
        tasks = trio.lowlevel.current_statistics().tasks_living if backend == "trio" else len(asyncio.all_tasks())
        return cls(open_descriptors(), tasks, threading.active_count(), len(gc.get_objects()), resident_kib())


def open_descriptors() -> int:
    count = 0
    for descriptor in range(MAX_DESCRIPTORS):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            count += 1
    return count


def resident_kib() -> int:
    if not STATM.exists():
        return 0
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


async def connect_often(port: int, backend: str) -> tuple[Footprint, Footprint]:
    """Connect and ask for the time, often; give the footprints before and after."""
    before = Footprint.now(backend)
    for number in range(WARM_UP + CONNECTIONS):
        if number == WARM_UP:
            before = Footprint.now(backend)
        async with anytws.connect("127.0.0.1", port, client_id=number) as tws:
            await tws.current_time()
    return before, Footprint.now(backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_connecting_often(backend: str, tws_port: int, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is compiled stays, and is no leak: let it be there before the counting begins.
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", 0)
    before, after = anyio.run(connect_often, tws_port, backend, backend=backend)
    report(
        f"{CONNECTIONS} connections in a row on {backend}, after {WARM_UP} others",
        ("", "before", "after", "more"),
        [
            (
                name,
                str(getattr(before, name)),
                str(getattr(after, name)),
                str(getattr(after, name) - getattr(before, name)),
            )
            for name in ("descriptors", "tasks", "threads", "objects", "resident_kib")
        ],
        (),
    )
    assert (after.descriptors, after.tasks, after.threads) == (before.descriptors, before.tasks, before.threads)
