"""Programs for threads that wait, and what presses Ctrl-C at them: run as ``python -m tests.sync_programs NAME``.

Each says on its last line what came of it, as JSON. The TWS is one in memory, in the thread of the connection's loop.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any, Final

import anyio
import anyio.abc
import anyio.lowlevel

import anytws
from anytws import sync
from anytws.client.portal import UNDOING_SECONDS
from anytws.messages import (
    CancelHistoricalData,
    HistoricalDataRequest,
    LimitOrder,
    ManagedAccountsRequest,
    MarketDataRequest,
    PlaceOrderRequest,
    Stock,
)
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.exchange.models import AT_ONCE
from anytws.simulator.serve import serve_memory

MAIN = threading.get_ident()
SECONDS = 60.0 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 0.7
"""How long the program is pestered."""


def open_market(**settings: Any) -> World:
    """Give a world in which there is trading, and much of it."""
    return World(WorldSettings(starts_at=datetime(2024, 1, 31, 15, tzinfo=UTC), tick_seconds=0.002, seed=3, **settings))


@asynccontextmanager
async def simulated(world: World | None = None, **options: Any) -> AsyncGenerator[anytws.Tws]:
    """Connect to *world*, in memory."""
    async with serve_memory(open_market() if world is None else world) as tws:
        async with anytws.connect_stream(await tws.connect(), **options) as client:
            yield client


def connected(world: World | None = None, **options: Any) -> sync.SyncTws:
    """The same, for a thread that waits."""
    return sync.connect_by(lambda: simulated(world, **options))


def press(times: int = 1, seconds: float = 0.05) -> None:
    """Press Ctrl-C in a moment."""
    threading.Timer(seconds, _press, (times, seconds)).start()


def _press(times: int = 1, seconds: float = 0.05) -> None:
    # As a terminal does, but to the main thread for sure: some kernels choose any.
    signal.pthread_kill(MAIN, signal.SIGINT)
    if times > 1:
        press(times - 1, seconds)


def interrupted(work: Callable[[], object], *, is_pressed: bool = False) -> bool:
    """Do *work*, which never ends, and press Ctrl-C unless it does so itself; tell whether that is what ended it."""
    if not is_pressed:
        press()
    try:
        work()
    except KeyboardInterrupt:
        return True
    return False


def in_connect() -> dict[str, Any]:
    """Whoever is there says nothing: nothing is left, neither thread nor stream."""
    closed: list[bool] = []

    class Mute(anyio.abc.ByteStream):
        async def receive(self, max_bytes: int = 65_536) -> bytes:
            _press()
            await anyio.sleep_forever()
            raise AssertionError("it sleeps")

        async def send(self, item: bytes) -> None:
            await anyio.lowlevel.checkpoint()

        async def send_eof(self) -> None:
            return

        async def aclose(self) -> None:
            closed.append(True)

    is_ended = interrupted(lambda: sync.connect_by(lambda: anytws.connect_stream(Mute())), is_pressed=True)
    return {"ended": is_ended, "closed": closed, "threads": threading.active_count()}


def in_verbs() -> dict[str, Any]:
    """In a question, while it waits, in an iteration, in the block of a stream: the connection goes on."""
    told: dict[str, Any] = {}
    cancelled: list[int | None] = []

    def never(_link: object, _request: HistoricalDataRequest) -> tuple[()]:
        _press()
        return ()

    def cancel(_link: object, request: CancelHistoricalData) -> tuple[()]:
        cancelled.append(request.request_id)
        return ()

    answers = {**ANSWERS, HistoricalDataRequest: Answer(never), CancelHistoricalData: Answer(cancel)}
    with connected(World(answers=answers)) as tws:
        told["question"] = interrupted(lambda: tws.historical.bars(Stock("AAPL"), "1 D"), is_pressed=True)
        told["until"] = interrupted(lambda: tws.health.until(lambda health: bool(_press())), is_pressed=True)
        with tws.market_data.quotes(Stock("AAPL")) as quotes:
            told["iteration"] = interrupted(lambda: [*quotes])
            told["goes on"] = tws.contracts.resolve(Stock("AAPL")).contract.contract_id
            told["open inside"] = tws.statistics().open_conversations
        told["open outside"] = tws.statistics().open_conversations
        told["cancelled"] = len(cancelled)
        told["closed"] = interrupted(tws.closed)
        told["state"] = tws.state.value
    return told


class Stalled(anyio.abc.ByteStream):
    """Over which nothing leaves while it is told so."""

    def __init__(self, inner: anyio.abc.ByteStream) -> None:
        self.inner = inner
        self.is_stalled = False
        self.goes_on = anyio.Event()

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        return await self.inner.receive(max_bytes)

    async def send(self, item: bytes) -> None:
        if self.is_stalled:
            await self.goes_on.wait()
        await self.inner.send(item)

    async def send_eof(self) -> None:
        await self.inner.send_eof()

    async def aclose(self) -> None:
        await self.inner.aclose()


def in_place() -> dict[str, Any]:
    """In the middle of an order: what has left stands, and is known by its reference; what has not is taken back."""
    streams: list[Stalled] = []

    def never(_link: object, _request: PlaceOrderRequest) -> tuple[()]:
        _press()
        return ()

    @asynccontextmanager
    async def stalling() -> AsyncGenerator[anytws.Tws]:
        async with serve_memory(World(answers={**ANSWERS, PlaceOrderRequest: Answer(never)})) as tws:
            streams.append(Stalled(await tws.connect()))
            async with anytws.connect_stream(streams[0]) as client:
                yield client

    told: dict[str, Any] = {}
    with sync.connect_by(stalling) as tws:
        place = partial(tws.orders.place, Stock("AAPL"), LimitOrder("BUY", 1, 1))
        told["left"] = interrupted(lambda: place(ref="left"), is_pressed=True)
        streams[0].is_stalled = True
        # The first one is on its way by now, as far as anybody can tell.
        tws.send(ManagedAccountsRequest())
        told["kept"] = interrupted(lambda: place(ref="kept"))
        for ref in ("left", "kept"):
            trade = tws.orders.trade(ref)
            assert trade is not None
            told[f"{ref} is"] = [trade.state.status.value, trade.left.value]
        streams[0].is_stalled = False
        tws._portal.soon(streams[0].goes_on.set)
    return told


def twice() -> dict[str, Any]:
    """The loop itself hangs, in a predicate: the second Ctrl-C ends the waiting for the first."""
    release = threading.Event()
    with connected() as tws:
        press(2, 0.25)
        count = 0
        try:
            tws.health.until(lambda health: release.wait())
        except KeyboardInterrupt as problem:
            count = 1 + isinstance(problem.__context__, KeyboardInterrupt)
        release.set()
        tws.accounts.positions()
    return {"pressed": count, "state": tws.state.value}


def in_the_block() -> dict[str, Any]:
    """Nobody catches it in the block: the connection is closed, its thread ended."""
    is_ended = False
    tws = connected()
    press()
    try:
        with tws, tws.market_data.quotes(Stock("AAPL")) as quotes:
            for _ in quotes:
                continue
    except KeyboardInterrupt:
        is_ended = True
    return {"ended": is_ended, "state": tws.state.value, "threads": threading.active_count()}


kept: list[object] = []


def left_open() -> dict[str, Any]:
    """A connection that nobody closes, and a generator that was begun: the interpreter ends, and closes all."""
    tws = connected()

    def quoted() -> Iterator[anytws.Quote]:
        with tws.market_data.quotes(Stock("AAPL")) as quotes:
            yield from quotes

    generator = quoted()
    next(generator)
    with tws.stream(MarketDataRequest(Stock("MSFT"))) as ticks:
        next(ticks)
    kept.extend([tws, generator])
    return {"state": tws.state.value}


class Pest:
    """Presses Ctrl-C at random times, but only while somebody says that it may be pressed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.is_welcome = False
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.before = signal.signal(signal.SIGINT, self._handle)

    def _handle(self, *_: object) -> None:
        if self.is_welcome:
            self.is_welcome = False
            raise KeyboardInterrupt

    def _run(self) -> None:
        while not self.is_over.wait(self.chance.expovariate(100)):
            signal.pthread_kill(MAIN, signal.SIGINT)

    def stop(self) -> None:
        self.is_over.set()
        self.thread.join()
        signal.signal(signal.SIGINT, self.before)


def actions(tws: sync.SyncTws) -> list[Callable[[], object]]:
    """Give all ways of waiting that there are."""
    apple = Stock("AAPL")

    def read() -> None:
        with tws.market_data.quotes(apple) as quotes:
            next(quotes)
        with tws.stream(MarketDataRequest(apple)) as ticks:
            for _ in zip(range(20), ticks, strict=False):
                continue

    def watch() -> None:
        with tws.market_data.watch([apple]) as watch:
            next(watch)
            watch.add(Stock("MSFT"))

    def listen() -> None:
        with tws.events() as events:
            tws.ask(ManagedAccountsRequest())
            events.next(timeout=5)

    def live() -> None:
        with connected(pacing=None) as other:
            other.ask(ManagedAccountsRequest())

    def wait() -> None:
        tws.health.until(lambda health: health.is_well, timeout=5)

    def trade() -> None:
        placed = tws.orders.place(apple, LimitOrder("BUY", 1, 1), ref=f"pestered-{next(NUMBERS)}")
        next(placed.changes())
        placed.modify(limit_price=2)
        placed.cancel()

    def follow() -> None:
        with tws.orders.follow_open() as news:
            placed = tws.orders.place(apple, LimitOrder("BUY", 1, 1), ref=f"pestered-{next(NUMBERS)}")
            news.next(timeout=5)
            placed.until(lambda state: state.is_live, timeout=5)
            placed.cancel()

    return [lambda: tws.contracts.resolve(apple), read, watch, listen, live, wait, trade, follow]


NUMBERS: Final = count(1)
"""Of references."""


def pestered() -> dict[str, Any]:
    """All that can be waited for, and Ctrl-C in the middle of it, again and again, at any moment."""
    pressed = 0
    slowest = 0.0
    with connected(open_market(latency=AT_ONCE), pacing=None) as tws:
        acts = actions(tws)
        # Once in peace: an import that is interrupted may leave Python's own lock locked.
        for act in acts:
            act()
        pest = Pest(7)
        pest.thread.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            begun = time.monotonic()
            try:
                pest.is_welcome = True
                pest.chance.choice(acts)()
                pest.is_welcome = False
            except KeyboardInterrupt:
                pressed += 1
                # TWS bears 20 of them.
                for trade in tws.orders.open():
                    trade.cancel()
            slowest = max(slowest, time.monotonic() - begun)
        pest.stop()
        gc.collect()
        tws.ask(ManagedAccountsRequest())
        told = {"open": tws.statistics().open_conversations, "state": tws.state.value}
        told["orders"] = _require_known(tws)
    # What an interrupt has kept from being joined ends by itself.
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(10)
    return {**told, "pressed": pressed > 0, "hung": slowest > UNDOING_SECONDS, "threads": threading.active_count()}


def _require_known(tws: sync.SyncTws) -> bool:
    """Fail where an order is open that nobody knows by its reference, or is in doubt; tell whether there were any."""
    picture = tws.orders.reconcile()
    assert picture.unknown == ()
    for trade in picture.open:
        assert tws.orders.trade(trade.ref) is trade
        assert trade.cancel().status is anytws.OrderOutcome.CANCELLED
    assert tws.orders.open() == ()
    ids = [trade.order_id or 0 for trade in picture.trades]
    assert ids == sorted(ids)
    return len(ids) > 0


PROGRAMS = {each.__name__: each for each in (in_connect, in_place, in_verbs, twice, in_the_block, left_open, pestered)}


def main() -> None:
    """Run the programs that are named."""
    sys.stdout.write(json.dumps({name: PROGRAMS[name]() for name in sys.argv[1:]}))


if __name__ == "__main__":
    main()
