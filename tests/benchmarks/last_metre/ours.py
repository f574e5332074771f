"""anytws, as its users use it: ``python -m tests.benchmarks.last_metre.ours BACKEND VERSION``.

With default settings everywhere, so that a flood also shows whether a reader that does its best hears of a loss. Only
where somebody is slow on purpose does a stream drop.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final, TypeAlias

import anyio

import anytws
from anytws.machines.records import Dropped
from anytws.messages.base import ToClient
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.market_data import MarketDataRequest, MarketDepth, MarketDepthRequest, TickPrice
from anytws.messages.session import ManagedAccountsRequest
from tests.benchmarks.last_metre.work import (
    END_PRICE,
    ITEM_SECONDS,
    SETTLING_SECONDS,
    STAMPS_FROM,
    WARM_UP,
    Do,
    Section,
    Work,
    now,
    serve,
)

UNREAD_CAPACITY: Final = 64
"""Of a stream that nobody reads."""


def ticks_of(symbol: str, request_id: int | None = None) -> MarketDataRequest:
    return MarketDataRequest(contract=contract(symbol), request_id=request_id)


def rows_of(symbol: str) -> MarketDepthRequest:
    return MarketDepthRequest(contract=contract(symbol), number_of_rows=10)


def contract(symbol: str) -> Contract:
    return Contract(symbol=symbol, security_type=SecurityType.STOCK, exchange="SMART", currency="USD")


async def count_singly(ticks: Any) -> int:
    count = 0
    async for tick in ticks:
        count += 1
        if type(tick) is TickPrice and tick.price == END_PRICE:
            break
    return count


async def count_in_batches(ticks: Any) -> int:
    count = 0
    async for batch in ticks.batches():
        for tick in batch:
            count += 1
            if type(tick) is TickPrice and tick.price == END_PRICE:
                return count
    return count


COUNT: Final = {"for": count_singly, "batches": count_in_batches}


async def count_ticks(tws: anytws.Tws, symbol: str, form: str) -> int:
    async with tws.stream(ticks_of(symbol)) as ticks:
        return await COUNT[form](ticks)


async def count_events(tws: anytws.Tws, symbol: str, request_id: int) -> int:
    """Read raw events until the last tick has come; give how many messages they were."""
    count = 0
    with tws.events() as events:
        await tws.send(ticks_of(symbol, request_id))
        async for event in events:
            if isinstance(event, ToClient):
                count += 1
                if type(event) is TickPrice and event.price == END_PRICE:
                    break
    return count


Talk: TypeAlias = Callable[[anytws.Tws, Work, Section], Awaitable[object]]


async def session(talk: Talk, version: int, work: Work, section: Section, client_id: int = 1) -> None:
    options = anytws.HandshakeOptions(maximum_version=version)
    async with anytws.connect("127.0.0.1", work.port, client_id=client_id, options=options, pacing=None) as tws:
        await talk(tws, work, section)


async def settle() -> None:
    """Wait until a subscription without ticks is not asked for again, under another id."""
    await anyio.sleep(SETTLING_SECONDS)


async def flood(tws: anytws.Tws, work: Work, section: Section) -> None:
    if work.form == "events":
        await count_events(tws, f"flood:{WARM_UP}", 1)
        section.start()
        section.stop(await count_events(tws, f"flood:{work.count}", 2))
        return
    await count_ticks(tws, f"flood:{WARM_UP}", work.form)
    if work.subscriptions > 1:
        await settle()
    if work.spread:
        await spread(tws, work, section)
        return
    async with AsyncExitStack() as stack:
        for _ in range(1, work.subscriptions):
            await stack.enter_async_context(tws.stream(ticks_of("quiet")))
        section.start()
        section.stop(await count_ticks(tws, f"flood:{work.count}", work.form))


async def spread(tws: anytws.Tws, work: Work, section: Section) -> None:
    """Read a flood that comes on all subscriptions in turn, in a task for each."""
    count, ended = 0, anyio.Event()

    async def read(ticks: Any) -> None:
        nonlocal count
        async for batch in ticks.batches():
            count += len(batch)
            if count >= work.count:
                ended.set()

    async with anyio.create_task_group() as tasks, AsyncExitStack() as stack:
        for number in range(1, work.subscriptions + 1):
            if number == work.subscriptions:
                section.start()
            symbol = f"spread:{work.count}" if number == work.subscriptions else "quiet"
            ticks = await stack.enter_async_context(tws.stream(ticks_of(symbol)))
            tasks.start_soon(read, ticks)
        await ended.wait()
        section.stop(count)
        tasks.cancel_scope.cancel()


async def unread(tws: anytws.Tws, work: Work, section: Section) -> None:
    """Read one of many subscriptions, in batches; nobody reads the others, which drop."""
    await count_ticks(tws, f"flood:{WARM_UP}", "batches")
    await settle()
    async with AsyncExitStack() as stack:
        for _ in range(1, work.subscriptions):
            stream = tws.stream(ticks_of("quiet"), when_full="drop_oldest", capacity=UNREAD_CAPACITY)
            await stack.enter_async_context(stream)
        section.start()
        await count_ticks(tws, f"spread:{work.count}", "batches")
        section.stop(work.count)


async def rows(tws: anytws.Tws, work: Work, section: Section) -> None:
    for wanted in (WARM_UP, work.count):
        count = 0
        section.start()
        async with tws.stream(rows_of(f"rows:{wanted}")) as book:
            if work.form == "batches":
                async for batch in book.batches():
                    count += len(batch)
                    last = batch[-1]
                    if type(last) is MarketDepth and last.row.price == END_PRICE:
                        break
            else:
                async for row in book:
                    count += 1
                    if type(row) is MarketDepth and row.row.price == END_PRICE:
                        break
        section.stop(count)


async def orders(tws: anytws.Tws, work: Work, section: Section) -> None:
    await count_events(tws, f"orders:{WARM_UP}", 1)
    section.start()
    section.stop(await count_events(tws, f"orders:{work.count}", 2))


async def fields(tws: anytws.Tws, work: Work, section: Section) -> None:
    await count_events(tws, f"fields:{work.fields}:{WARM_UP}", 1)
    section.start()
    section.stop(await count_events(tws, f"fields:{work.fields}:{work.count}", 2))


async def paced(tws: anytws.Tws, work: Work, section: Section) -> None:
    await count_ticks(tws, f"flood:{WARM_UP}", "for")
    latencies, count = section.result.latencies, 0
    section.start()
    async with tws.stream(ticks_of(f"paced:{work.rate}:{work.count}")) as ticks:
        async for tick in ticks:
            count += 1
            if type(tick) is TickPrice:
                if tick.price > STAMPS_FROM:
                    latencies.append(now() - tick.price)
                elif tick.price == END_PRICE:
                    break
        section.stop(count)


async def round_trips(tws: anytws.Tws, work: Work, section: Section) -> None:
    await settle()
    for _ in range(work.count // 10):
        await tws.ask(ManagedAccountsRequest())
    latencies = section.result.latencies
    section.start()
    for _ in range(work.count):
        began = now()
        await tws.ask(ManagedAccountsRequest())
        latencies.append(now() - began)
    section.stop(work.count)


async def slow(tws: anytws.Tws, work: Work, section: Section) -> None:
    await count_ticks(tws, f"flood:{WARM_UP}", "for")
    count = 0
    section.start()
    async with tws.stream(ticks_of("flood:0"), when_full="drop_oldest") as ticks:
        with anyio.move_on_after(work.seconds):
            async for item in ticks:
                if isinstance(item, Dropped):
                    continue
                count += 1
                await anyio.sleep(ITEM_SECONDS)
        section.stop(count)


def connections(backend: str, version: int) -> Do:
    """Read floods on several connections in one loop."""

    async def all_of_them(work: Work, section: Section) -> None:
        ready, waiting, counts = anyio.Event(), work.connections, []

        async def one(tws: anytws.Tws, work: Work, section: Section) -> None:
            nonlocal waiting
            await count_ticks(tws, f"flood:{WARM_UP}", work.form)
            waiting -= 1
            if not waiting:
                section.start()
                ready.set()
            await ready.wait()
            counts.append(await count_ticks(tws, f"flood:{work.count // work.connections}", work.form))
            if len(counts) == work.connections:
                section.stop(sum(counts))

        async with anyio.create_task_group() as tasks:
            for number in range(work.connections):
                tasks.start_soon(session, one, version, work, section, number)

    return lambda work, section: anyio.run(all_of_them, work, section, backend=backend)


def kinds(backend: str, version: int) -> dict[str, Do]:
    def doing(talk: Talk) -> Do:
        return lambda work, section: anyio.run(session, talk, version, work, section, backend=backend)

    talks: tuple[Talk, ...] = (flood, unread, rows, orders, fields, paced, round_trips, slow)
    return {talk.__name__: doing(talk) for talk in talks} | {"connections": connections(backend, version)}


if __name__ == "__main__":
    serve(kinds(sys.argv[1], int(sys.argv[2])))
