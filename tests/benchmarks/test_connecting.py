"""From the call of ``connect`` until a request may be made: anytws on asyncio and on trio, ib_async, a bare socket.

All against the same TWS in another process, over loopback: once a simulated one (`simulated_tws`), once one that hardly
takes any time itself (`canned_tws`). One round has each of them connect once, in an
order that changes, so that whatever else the machine does hits all of them alike. Each connection has an event loop of
its own, made before the clock starts, and a client id of its own. The clocks:

* anytws: from the call until the first line of the ``async with`` block. The block is entered in READY.
* ib_async, ready: from the call of ``Client.connectAsync`` until its event ``apiStart``, which it emits when accounts
  and next valid id are in: the same condition.
* ib_async, connected: until ``IB.connectAsync`` has returned. It goes on to download the account, and the simulated TWS
  answers that at once (`simulated_tws`): "bare" with ``readonly=True`` and no fields to fetch, where it asks for
  positions only; "default" with its default arguments.
* bare socket: blocking, with the bytes ready made, and nothing read. What it takes is TWS and the kernel; nobody can be
  faster.

ib_async speaks server versions up to 178, in text; anytws is measured at 178 and at the newest, where START_API and all
answers are protobuf.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import itertools
import logging
import random
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import anyio
import attrs
import pytest
from ib_async import IB
from ib_async.client import Client
from ib_async.ib import StartupFetchNONE

import anytws
from anytws.wire.frames import frame
from anytws.wire.handshake import Greeting, write_greeting
from anytws.wire.versions import MAX_VERSION, MIN_VERSION
from tests.benchmarks.conftest import Report

ROUNDS: Final = 200
WARM_UP: Final = 10
PAUSE: Final = 0.002
"""Seconds between two connections, in which TWS may clear up after the first."""
OLDER: Final = Client.MaxClientVersion

READY_TARGET: Final = 0.9
CONNECTED_TARGET: Final = 0.5

READY: Final = "ib_async, ready"
CONNECTED: Final = ("ib_async, connected (bare)", "ib_async, connected (default)")


@attrs.define
class Clock:
    """Times of one contestant, in seconds: on the wall, and of this process's processor."""

    wall: list[float] = attrs.Factory(list)
    processor: list[float] = attrs.Factory(list)
    _began: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        wall, processor = time.perf_counter(), time.process_time()
        self.wall.append(wall - self._began[0])
        self.processor.append(processor - self._began[1])

    @property
    def median(self) -> float:
        return statistics.median(self.wall)

    @property
    def quick(self) -> float:
        """What a quarter of the times are below: what other programs do to them shows here the least."""
        return statistics.quantiles(self.wall, n=4)[0]


Contestant = Callable[[Clock, int], None]
"""Connects once, with a client id."""


def bare_socket(port: int, clock: Clock, client_id: int) -> None:
    greeting = write_greeting(Greeting(MIN_VERSION, OLDER))
    start_api = frame(b"71\0" + b"2\0" + b"%d\0\0" % client_id)
    clock.start()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(greeting)
        connection.recv(4096)
        connection.sendall(start_api)
        heard = b""
        while b"9\x001\x00" not in heard:
            heard += connection.recv(4096)
        clock.stop()


def our_client(port: int, backend: str, version: int, clock: Clock, client_id: int) -> None:
    options = anytws.HandshakeOptions(maximum_version=version)

    async def connect() -> None:
        clock.start()
        async with anytws.connect("127.0.0.1", port, client_id=client_id, options=options) as tws:
            clock.stop()
            assert tws.state is anytws.State.READY

    anyio.run(connect, backend=backend)


def their_client(port: int, clock: Clock, client_id: int) -> None:
    async def connect() -> None:
        # Half of its methods have no types.
        client: Any = IB().client
        client.apiStart += clock.stop
        clock.start()
        await client.connectAsync("127.0.0.1", port, client_id)
        client.disconnect()
        await client.conn.disconnected

    asyncio.run(connect())


def their_whole_connect(port: int, arguments: dict[str, Any], clock: Clock, client_id: int) -> None:
    async def connect() -> None:
        ib = IB()
        clock.start()
        await ib.connectAsync("127.0.0.1", port, client_id, **arguments)
        clock.stop()
        ib.disconnect()
        await ib.client.conn.disconnected

    asyncio.run(connect())


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No log lines are made for nobody, and the garbage collector passes over what pytest has piled up."""
    logger = logging.getLogger("ib_async")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    logger.setLevel(level)


def ours(port: int) -> dict[str, Contestant]:
    return {
        f"anytws, {backend}, {version}": functools.partial(our_client, port, backend, version)
        for backend in ("asyncio", "trio")
        for version in (OLDER, MAX_VERSION)
    }


def test_connecting_to_a_simulated_tws(downloading_tws_port: int, report: Report) -> None:
    port = downloading_tws_port
    bare = {"readonly": True, "fetchFields": StartupFetchNONE}
    others: dict[str, Contestant] = {
        "bare socket": functools.partial(bare_socket, port),
        READY: functools.partial(their_client, port),
        CONNECTED[0]: functools.partial(their_whole_connect, port, bare),
        CONNECTED[1]: functools.partial(their_whole_connect, port, {}),
    }
    clocks = run_rounds(others | ours(port))
    targets = ((READY, READY_TARGET), *((name, CONNECTED_TARGET) for name in CONNECTED))
    report_clocks(report, "connect until ready, simulated TWS", clocks, targets)


def test_connecting_to_a_canned_tws(canned_tws_port: int, report: Report) -> None:
    port = canned_tws_port
    others: dict[str, Contestant] = {
        "bare socket": functools.partial(bare_socket, port),
        READY: functools.partial(their_client, port),
    }
    clocks = run_rounds(others | ours(port))
    targets = ((READY, READY_TARGET),)
    report_clocks(report, "connect until ready, canned TWS", clocks, targets)


def report_clocks(report: Report, title: str, clocks: dict[str, Clock], targets: Sequence[tuple[str, float]]) -> None:
    rows = [
        (
            name,
            *(f"{clock.median / clocks[other].median:.2f}" for other, _ in targets),
            f"{clock.quick / clocks[READY].quick:.2f}",
            *(f"{seconds * 1000:.2f}" for seconds in (clock.median, clock.quick, statistics.median(clock.processor))),
        )
        for name, clock in clocks.items()
    ]
    against = [f"to {name.removeprefix('ib_async, ')}" for name, _ in targets]
    report(
        f"{title}: {ROUNDS} rounds",
        ("", *against, "25 %", "ms", "25 %", "processor"),
        [*rows, ("target for anytws", *(f"{target}" for _, target in targets), f"{READY_TARGET}", "", "", "")],
        (
            "to ...: ratio of the median to that of ib_async; 25 %: the same of the quickest quarter, to ready;",
            "ms: median and quickest quarter; processor: median of the processor time of this process",
        ),
    )


def run_rounds(contestants: dict[str, Contestant]) -> dict[str, Clock]:
    clocks = {name: Clock() for name in contestants}
    order = [*contestants]
    shuffle = random.Random(0).shuffle
    client_ids = itertools.count(1)
    for number in range(WARM_UP + ROUNDS):
        if number == WARM_UP:
            clocks.update({name: Clock() for name in clocks})
        shuffle(order)
        for name in order:
            contestants[name](clocks[name], next(client_ids))
            time.sleep(PAUSE)
    return clocks


def test_what_ib_async_does_where_nobody_answers_its_download(tws_port: int, report: Report) -> None:
    """The plain simulator knows no positions and no orders, so its ``connect`` waits out its own deadlines."""
    clock = Clock()
    their_whole_connect(tws_port, {"timeout": 1.0}, clock, 1)
    report(
        "ib_async's connect at a TWS that does not answer its download",
        ("", "seconds"),
        [("timeout=1 (its default is 4)", f"{clock.median:.2f}")],
        ("The deadline passes twice: for the download, then for the executions.",),
    )
