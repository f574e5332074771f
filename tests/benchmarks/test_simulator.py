"""How much the simulated TWS can do: ticks, history, memory, and days under a clock that jumps.

All of it in one process and by processor time, since the client on the other end would take half of it otherwise: what
TWS says is taken from its link and thrown away, frames and all, as a carrier would send it.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

import anyio
import pytest
import trio.testing

import anytws
from anytws.core.connection import Connection
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.messages import Contract, SecurityType
from anytws.messages.base import Side, ToTws
from anytws.messages.historical import HistoricalDataRequest
from anytws.messages.market_data import MarketDataRequest
from anytws.messages.order_types import LimitOrder, MarketOrder
from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator import World, WorldSettings
from anytws.simulator.link import Link
from anytws.simulator.serve import serve_memory
from anytws.simulator.settings import EPOCH
from tests.benchmarks.conftest import Report

VERSIONS: Final = {"text": 200, "protobuf": 226}
SYMBOLS: Final = ("AAPL", "MSFT", "NVDA", "TSLA", "AMD", "IBM", "SPY", "QQQ")
QUOTES: Final = 100


def stock(symbol: str) -> Contract:
    return Contract(symbol=symbol, security_type=SecurityType.STOCK, exchange="SMART", currency="USD")


def world_at(version: int, **settings: Any) -> World:
    return World(
        WorldSettings(
            server_version=version, epoch_at_zero=EPOCH, historical_pacing=False, **{"lines": 1000} | settings
        )
    )


class Asker:
    """A client that asks, and whose answers are thrown away."""

    def __init__(self, world: World, client_id: int = 1) -> None:
        self.link: Link = world.connect("127.0.0.1", 0.0)
        self._core = Connection(Side.CLIENT, HandshakeOptions(client_id=client_id))
        self._core.opened(0.0)
        while data := self._core.data_to_send():
            self.link.receive_data(data, 0.0)
            self._core.receive_data(self.link.data_to_send())
        assert self._core.state is State.READY

    def ask(self, request: ToTws, now: float = 0.0) -> int:
        """Ask; give how many bytes were answered at once."""
        self.link.receive_data(self._core.send(request), now)
        assert self.link.failure is None
        return len(self.link.data_to_send())


def frames_in(data: bytes) -> int:
    count = place = 0
    while place < len(data):
        place += 4 + int.from_bytes(data[place : place + 4], "big")
        count += 1
    return count


def watch(world: World, clients: int) -> list[Asker]:
    askers = [Asker(world, number) for number in _upto(clients)]
    for asker in askers:
        for number in _upto(QUOTES):
            asker.ask(MarketDataRequest(stock(SYMBOLS[number % len(SYMBOLS)]), request_id=1000 + number))
    return askers


def _upto(count: int) -> Iterator[int]:
    return iter(range(count))


def serve_for(askers: list[Asker], seconds: float) -> tuple[int, float]:
    """Have the market told for *seconds* of the world's time; give the messages, and the processor time."""
    said: list[bytes] = []
    now, until = 0.0, seconds
    before = time.process_time()
    while now < until:
        now = min(asker.link.wake_at() or until for asker in askers)
        for asker in askers:
            asker.link.wake(now)
            said.append(asker.link.data_to_send())
    used = time.process_time() - before
    return sum(frames_in(data) for data in said), used


def test_ticks(report: Report, request: pytest.FixtureRequest) -> None:
    seconds = 60.0 if request.config.getoption("--full") else 15.0
    rows = []
    for name, version in VERSIONS.items():
        for clients, pace in ((1, 0.25), (32, 0.1)):
            world = world_at(version, tick_seconds=pace, memory=100)
            askers = watch(world, clients)
            serve_for(askers, 2.0)
            ticks, used = serve_for(askers, 2.0 + seconds / (8 if clients > 1 else 1))
            rows.append((f"{name}, clients: {clients}, {QUOTES} quotes each", f"{ticks:,}", f"{ticks / used:,.0f}"))
    remarks = ("Asked of one client: 200,000. 32 clients, 100 quotes each, at 10 ticks a second each: 32,000.",)
    report("ticks that one core serves", ("", "ticks", "a second"), rows, remarks)


def test_history(report: Report) -> None:
    rows = []
    for name, version in VERSIONS.items():
        asker = Asker(world_at(version))
        before = time.process_time()
        size = 0
        for number in _upto(500):
            size += asker.ask(bars(stock(SYMBOLS[number % len(SYMBOLS)]), "1 D", "1 min", number))
        used = time.process_time() - before
        rows.append((f"{name}: 500 contracts, 390 bars of a minute each", f"{size / 1e6:.1f} MB", f"{used:.2f}"))
        before = time.process_time()
        size = 0
        # About 98,000 regular minutes a year.
        for number in _upto(6):
            request = bars(stock("MSFT"), "1 Y", "1 min", 1000 + number, years_ago=number)
            size += asker.ask(request)
        used = time.process_time() - before
        rows.append((f"{name}: 580,000 bars of a minute, of six years", f"{size / 1e6:.1f} MB", f"{used:.2f}"))
    report("history, written", ("", "size", "seconds"), rows, ("Asked: 500,000 bars in less than 10 s.",))


def bars(contract: Contract, duration: str, size: str, request_id: int, years_ago: int = 0) -> HistoricalDataRequest:
    end = EPOCH.replace(year=EPOCH.year - years_ago)
    return HistoricalDataRequest(
        contract, end_date_time=end, duration=duration, bar_size_setting=size, use_rth=True, request_id=request_id
    )


def test_memory(report: Report) -> None:
    world = world_at(226, memory=100)
    Asker(world, 999).ask(MarketDataRequest(stock("AAPL"), request_id=1))
    gc.collect()
    tracemalloc.start()
    clients = [Asker(world, number) for number in _upto(20)]
    for_clients = tracemalloc.get_traced_memory()[0] / len(clients)
    before = tracemalloc.get_traced_memory()[0]
    for number, symbol in enumerate(SYMBOLS[1:]):
        clients[0].ask(MarketDataRequest(stock(symbol), request_id=number))
    for_instruments = (tracemalloc.get_traced_memory()[0] - before) / (len(SYMBOLS) - 1)
    tracemalloc.stop()
    rows = [
        ("a client that is ready", f"{for_clients / 1024:.0f} KiB"),
        ("an instrument that is quoted", f"{for_instruments / 1024:.0f} KiB"),
    ]
    report("memory of the simulated TWS", ("", ""), rows)


async def a_day(subscriptions: int, orders: int) -> int:
    """Live a whole trading day with a client; give how many ticks it got."""
    world = World(WorldSettings(epoch_at_zero=EPOCH, tick_seconds=5.0, memory=100))
    ticks = 0
    symbols = [SYMBOLS[number % len(SYMBOLS)] for number in _upto(subscriptions)]
    async with (
        serve_memory(world) as tws,
        await tws.connect() as stream,
        anytws.connect_stream(stream, client_id=1) as client,
        anyio.create_task_group() as tasks,
    ):

        async def follow(symbol: str) -> None:
            nonlocal ticks
            async with client.stream(MarketDataRequest(stock(symbol))) as quotes:
                async for batch in quotes.batches():
                    ticks += len(batch)

        for symbol in symbols:
            tasks.start_soon(follow, symbol)
        for number in _upto(orders):
            await anyio.sleep(6.5 * 3600 / orders)
            order = MarketOrder("BUY", 1) if number % 2 else LimitOrder("SELL", 1, 10_000)
            await client.send(PlaceOrderRequest(stock("AAPL"), order))
        tasks.cancel_scope.cancel()
    return ticks


def test_a_day(report: Report) -> None:
    before = time.perf_counter()
    ticks = trio.run(a_day, 20, 20, clock=trio.testing.MockClock(autojump_threshold=0))
    few = time.perf_counter() - before
    before = time.perf_counter()
    ticks = trio.run(a_day, 20, 100, clock=trio.testing.MockClock(autojump_threshold=0))
    used = time.perf_counter() - before
    rows = [("20 streams, 20 orders", "", f"{few:.1f}"), ("20 streams, 100 orders", f"{ticks:,}", f"{used:.1f}")]
    report(
        "a trading day of 6.5 hours, a quote each 5 s, on trio's jumping clock",
        ("", "ticks", "s"),
        rows,
        ("Asked: 10 s.",),
    )


def test_starting(report: Report) -> None:
    rows = []
    for name, make in STARTS.items():
        took = []
        for _ in _upto(20):
            before = time.perf_counter()
            make()
            took.append(time.perf_counter() - before)
        rows.append((name, f"{min(took) * 1000:.2f}"))
    report("a world from nothing", ("", "ms"), rows)


def _first_order() -> None:
    asker = Asker(world_at(226))
    asker.ask(PlaceOrderRequest(stock("AAPL"), LimitOrder("BUY", Decimal(1), 10), order_id=1))
    asker.link.wake(5.0)


STARTS: Final[dict[str, Callable[[], object]]] = {
    "made": World,
    "and a client ready": lambda: Asker(world_at(226)),
    "and a first quote": lambda: Asker(world_at(226)).ask(MarketDataRequest(stock("AAPL"), request_id=1)),
    "and a first order": _first_order,
}
