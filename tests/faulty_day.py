"""A day full of faults, played in memory under a virtual clock: ``python -m tests.faulty_day`` prints what was heard.

It is run in processes of its own, with different seeds of Python's hash: each has to print the same.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from hashlib import blake2b
from importlib import import_module

import anyio
import trio
from trio.testing import MockClock

from anytws.core.connection import Connection
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.messages import (
    ContractDataRequest,
    CurrentTimeRequest,
    LimitOrder,
    ManagedAccountsRequest,
    MarketDataRequest,
    MarketOrder,
    PlaceOrderRequest,
    PositionsRequest,
    Stock,
)
from anytws.messages.base import Side
from anytws.simulator import HangUp, World, WorldSettings
from anytws.simulator.faults import (
    AnswerLate,
    At,
    CommissionLate,
    ConnectionLost,
    CutConnection,
    DropRequest,
    Event,
    FarmDown,
    Latency,
    NightlyRestart,
    On,
    Repeat,
    Script,
    ShiftMarket,
    Slicer,
    StatusBeforeOpenOrder,
    Way,
    Wedged,
)
from anytws.simulator.serve import MemoryTws, serve_memory

SCRIPT = Script(
    (
        Event(At(0), Latency(latency=40, jitter=30)),
        Event(At(0), Slicer(average_size=40, size_variation=30, delay=100, stream=Way.UPSTREAM)),
        Event(At(0), CommissionLate(3.0)),
        Event(At(0), StatusBeforeOpenOrder()),
        Event(On("OrderStatus"), Repeat(), chance=0.5),
        Event(On("ContractDataRequest"), AnswerLate(2.5), chance=0.5),
        Event(On("CurrentTimeRequest"), DropRequest(), chance=0.3),
        Event(At(5, every=7), ShiftMarket("AAPL", -20), chance=0.7),
        Event(At(12), ConnectionLost(5.0)),
        Event(At(20), FarmDown(seconds=4.0)),
        Event(At(27), Wedged(3.0)),
        Event(At(34), CutConnection(HangUp.RESET), clients=(2,)),
        Event(At(42), NightlyRestart(refused_seconds=8.0, stale_seconds=5.0)),
    )
)
SECONDS = 62


async def client(tws: MemoryTws, client_id: int, heard: list[str]) -> None:
    """Connect again and again, and ask for things; note each piece that comes, and when."""
    order_id = 0
    while True:
        try:
            stream = await tws.connect()
        except ConnectionRefusedError:
            heard.append(f"{client_id} refused")
            await trio.sleep(3)
            continue
        core = Connection(Side.CLIENT, HandshakeOptions(client_id=client_id, version_timeout=None, start_timeout=None))
        core.opened()
        async with stream, trio.open_nursery() as nursery:
            nursery.start_soon(ask, core, stream, client_id, order_id)
            try:
                while True:
                    if data := core.data_to_send():
                        await stream.send(data)
                    piece = await stream.receive()
                    heard.append(f"{client_id} {trio.current_time():.6f} {piece.hex()}")
                    core.receive_data(piece)
            except (anyio.EndOfStream, anyio.BrokenResourceError) as problem:
                heard.append(f"{client_id} {trio.current_time():.6f} {type(problem).__name__}")
            nursery.cancel_scope.cancel()
        order_id += 1000
        await trio.sleep(3)


async def ask(core: Connection, stream: anyio.abc.ByteStream, client_id: int, order_id: int) -> None:
    """Ask for things, every second one."""
    apple = Stock("AAPL")
    while core.state is not State.READY:  # noqa: ASYNC110 (the core tells nobody)
        await trio.sleep(0.1)
    for number in range(10_000):
        requests = (
            MarketDataRequest(apple, request_id=number) if number < 6 else ManagedAccountsRequest(),
            CurrentTimeRequest(),
            PlaceOrderRequest(apple, MarketOrder("BUY", 1 + client_id), order_id=order_id + number + 1),
            ContractDataRequest(apple, request_id=number),
            PlaceOrderRequest(apple, LimitOrder("SELL", 1, 9999.0), order_id=order_id + number + 1),
            PositionsRequest(),
        )
        try:
            await stream.send(core.send(requests[number % len(requests)]))
        except anyio.BrokenResourceError:
            return
        await trio.sleep(1)


async def play(seed: int) -> list[str]:
    """Play the day; give what the clients heard, and what TWS did."""
    settings = WorldSettings(seed=seed, tick_seconds=1.0, epoch_at_zero=datetime(2026, 1, 5, 15, tzinfo=UTC))
    world = World(settings, script=SCRIPT)
    heard: list[str] = []
    async with serve_memory(world) as tws, trio.open_nursery() as nursery:
        for client_id in (1, 2, 3):
            nursery.start_soon(client, tws, client_id, heard)
        await trio.sleep(SECONDS)
        nursery.cancel_scope.cancel()
    heard += [f"{told.ms} {told.event} {told.text}" for told in world.director.told]
    heard += [f"{each.now:.6f} {type(each.message).__name__}" for each in world.heard]
    return heard


def digest(seed: int = 1) -> str:
    """Give, in short, all that was heard in the day, and how much it was."""
    # trio shuffles the tasks that are ready at the same time, unless it is told not to. It has no public name for that.
    scheduler = import_module("trio._core._run")
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True
    scheduler._r.seed(seed)
    heard = trio.run(play, seed, clock=MockClock(autojump_threshold=0))
    return f"{len(heard)} {blake2b(chr(10).join(heard).encode(), digest_size=16).hexdigest()}"


if __name__ == "__main__":
    print(digest(int(sys.argv[1]) if len(sys.argv) > 1 else 1))  # noqa: T201 (it is what the process is for)
