"""anytws with orders: ``python -m tests.benchmarks.last_metre.ours_orders BACKEND VERSION WAY``.

*WAY* says how, where there are several ways, so that several can take turns.
"""

from __future__ import annotations

from tests.benchmarks.last_metre import order_clock  # isort: skip (before anything that takes send from the class)

import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Final, TypeAlias

import anyio
import anyio.lowlevel

import anytws
from anytws.messages.instruments import Stock
from anytws.messages.order import Order
from anytws.messages.order_types import LimitOrder
from anytws.messages.orders import PlaceOrderRequest
from tests.benchmarks.last_metre.ours import count_singly, settle, ticks_of
from tests.benchmarks.last_metre.work import END_PRICE, ITEM_SECONDS, WARM_UP, Do, Section, Work, serve

BURST: Final = 50
"""Orders that are placed at once."""
MANY: Final = 10_000_000
"""A cap that no order reaches."""


@contextmanager
def guards(way: str) -> Iterator[dict[str, Any]]:
    """Give what stands before orders, as *way* has it."""
    options: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if "journal" in way:
            journal = anytws.SqliteJournal if "sqlite" in way else anytws.FileJournal
            options["journal"] = journal(Path(folder) / "journal")
        if "gate" in way:
            options["gate"] = anytws.Gate(max_quantity=MANY, max_value=MANY)
        yield options


Talk: TypeAlias = Callable[[anytws.Tws, Work, Section, str], Awaitable[object]]


async def session(talk: Talk, version: int, way: str, work: Work, section: Section) -> None:
    options = anytws.HandshakeOptions(maximum_version=version)
    with guards(way) as guarded:
        connecting = anytws.connect("127.0.0.1", work.port, client_id=1, options=options, pacing=None, **guarded)
        async with connecting as tws:
            await talk(tws, work, section, way)


async def place(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Place orders, one after the other has been acknowledged: until the bytes are with the kernel, or until then."""
    apple, latencies = Stock("AAPL"), section.result.latencies
    for number in range(work.count + work.count // 10):
        if number == work.count // 10:
            section.start()
            latencies.clear()
        order = LimitOrder("BUY", 100 + number % 7, Decimal(18_000 + number % 100) / 100)
        if work.form == "spaced":
            await anyio.sleep(0.001)
        began = perf_counter_ns()
        if "send" in way:
            await tws.send(PlaceOrderRequest(apple, order))
            latencies.append(order_clock.since(began))
            continue
        await tws.orders.place(apple, order, ref=f"entry {number}" if "ref" in way else "")
        latencies.append((perf_counter_ns() - began) / 1000 if work.form == "answer" else order_clock.since(began))
    section.stop(work.count)


async def burst(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Place orders all at once, by a task each: how long each call takes until its bytes are with the kernel."""
    del way
    apple, latencies = Stock("AAPL"), section.result.latencies
    began: list[int] = []

    async def one(order: Order) -> None:
        began.append(perf_counter_ns())
        await tws.orders.place(apple, order)

    for number in range(2 * work.count // BURST):
        if number == work.count // BURST:
            section.start()
            latencies.clear()
        orders = [LimitOrder("BUY", 100 + each % 7, Decimal(18_000 + each % 100) / 100) for each in range(BURST)]
        began.clear()
        order_clock.times.clear()
        async with anyio.create_task_group() as tasks:
            for order in orders:
                tasks.start_soon(one, order)
        # Each had sent before the next one began.
        latencies += [(sent - at) / 1000 for at, sent in zip(began, order_clock.times, strict=True)]
    section.stop(work.count)


async def until_the_tick(tws: anytws.Tws, symbol: str) -> None:
    """Have TWS tell what *symbol* says, and wait until it has."""
    async with tws.stream(ticks_of(symbol)) as ticks:
        await count_singly(ticks)


async def read(tws: anytws.Tws, symbol: str, way: str, section: Section | None = None) -> int:
    """Have TWS tell what *symbol* says of orders, and read what is believed of them, by *way*; give how much it was."""
    if way == "state":
        if section is not None:
            section.start()
        await until_the_tick(tws, symbol)
        return sum([trade.state.filled > 0 for trade in tws.orders.trades])
    count = 0
    async with tws.orders.follow_open() as changes, anyio.create_task_group() as tasks:
        reading = changes.__aiter__() if way == "changes" else changes.batches()

        async def follow() -> None:
            nonlocal count
            async for each in reading:
                count += 1 if way == "changes" else len(each)

        tasks.start_soon(follow)
        # It begins with what is there, and by asking.
        await anyio.sleep(ITEM_SECONDS)
        if section is not None:
            section.start()
        await until_the_tick(tws, symbol)
        # What came before the tick has been given to its reader; who runs once more has read it.
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    return count


async def lives(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    name = "executions" if work.form == "executions" else "lives"
    await read(tws, f"{name}:{WARM_UP}", way)
    await read(tws, f"{name}:{work.count}", way, section)
    section.stop(work.count)


async def statuses(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Have many orders work, and hear of one."""
    await settle()
    await until_the_tick(tws, f"opened:{work.subscriptions}")
    await read(tws, f"statuses:{WARM_UP}", way)
    trade = tws.orders.trades[-1]
    before = trade.state.filled
    if way == "one":
        await follow_one(tws, work, section, trade)
    else:
        section.start()
        await until_the_tick(tws, f"statuses:{work.count}")
        assert trade.state.filled == before + work.count
        section.stop(work.count)


async def follow_one(tws: anytws.Tws, work: Work, section: Section, trade: anytws.Trade) -> None:
    """Read every change of one order."""
    section.start()
    changes, wanted = trade.changes(), trade.state.filled + work.count
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(until_the_tick, tws, f"statuses:{work.count}")
        async for change in changes:
            if change.state.filled == wanted:
                break
    section.stop(work.count)


async def kept(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Have many orders work: what they take."""
    del way
    await settle()
    await until_the_tick(tws, "opened:100")
    section.start()
    await until_the_tick(tws, f"opened:{work.count}")
    assert sum([trade.state.is_live for trade in tws.orders.trades]) == work.count
    section.stop(work.count)


async def back(version: int, work: Work, section: Section) -> None:
    """Lose TWS, which is there again at once, with many subscriptions: seconds until the last of them has a tick."""
    options, since, came = anytws.HandshakeOptions(maximum_version=version), 0.0, section.result.latencies
    async with anytws.keep_connected("127.0.0.1", work.port, client_id=1, options=options) as tws:
        async with AsyncExitStack() as stack, anyio.create_task_group() as tasks:
            left = work.subscriptions
            all_here = anyio.Event()

            async def read(ticks: Any) -> None:
                nonlocal left
                is_back = False
                async for item in ticks:
                    is_back = is_back or isinstance(item, anytws.Resumed)
                    is_first = not isinstance(item, anytws.Gap | anytws.Resumed) and (is_back or not since)
                    if is_first and item.price == END_PRICE:
                        left -= 1
                        came.append((perf_counter_ns() - since) / 1000)
                        if left == 0:
                            all_here.set()

            for _ in range(work.subscriptions):
                tasks.start_soon(read, await stack.enter_async_context(tws.stream(ticks_of("flood:1"))))
            await all_here.wait()
            came.clear()
            left, all_here = work.subscriptions, anyio.Event()
            section.start()
            since = perf_counter_ns()
            tws.send(ticks_of("restart", 1))
            await all_here.wait()
            section.stop(work.subscriptions)
            tasks.cancel_scope.cancel()


def kinds(backend: str, version: int, way: str) -> dict[str, Do]:
    def doing(talk: Talk) -> Do:
        return lambda work, section: anyio.run(session, talk, version, way, work, section, backend=backend)

    talks: tuple[Talk, ...] = (place, burst, lives, statuses, kept)
    coming_back: Do = lambda work, section: anyio.run(back, version, work, section, backend=backend)  # noqa: E731
    return {talk.__name__: doing(talk) for talk in talks} | {"back": coming_back}


if __name__ == "__main__":
    serve(kinds(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
