"""ib_async, as its users use it: ``python -m tests.benchmarks.last_metre.theirs``.

Ticks are read in a handler of ``pendingTickersEvent``, tick by tick; its own limit of requests a second is off, and so
is its log. ``IB.connectAsync`` would download the account, so only its client is connected, which makes it no slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from ib_async import IB, Stock

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


def stock(number: int, symbol: str) -> Stock:
    return Stock(symbol, "SMART", "USD", conId=number)


class Reader:
    """Counts ticks until the last one."""

    # Half of ib_async's methods have no types.
    def __init__(self, ib: Any, latencies: list[float] | None = None) -> None:
        self.count = 0
        self._ib, self._latencies = ib, latencies
        self._ended = asyncio.get_running_loop().create_future()
        ib.pendingTickersEvent += self._hear if latencies is None else self._hear_times

    async def read(self) -> int:
        await self._ended
        self._ib.pendingTickersEvent -= self._hear if self._latencies is None else self._hear_times
        return self.count

    def _hear(self, tickers: Any) -> None:
        for ticker in tickers:
            for tick in ticker.ticks:
                self.count += 1
                if tick.price == END_PRICE:
                    self._ended.set_result(None)

    def _hear_times(self, tickers: Any) -> None:
        assert self._latencies is not None
        for ticker in tickers:
            for tick in ticker.ticks:
                self.count += 1
                if tick.price > STAMPS_FROM:
                    self._latencies.append(now() - tick.price)
                elif tick.price == END_PRICE:
                    self._ended.set_result(None)


async def subscribe(ib: Any, number: int, symbol: str) -> int:
    reader = Reader(ib)
    ib.reqMktData(stock(number, symbol))
    return await reader.read()


Talk: TypeAlias = Callable[[Any, Work, Section], Awaitable[object]]


async def session(talk: Talk, work: Work, section: Section, client_id: int = 1) -> None:
    ib: Any = IB()
    ib.client.MaxRequests = 0
    await ib.client.connectAsync("127.0.0.1", work.port, client_id)
    await talk(ib, work, section)
    ib.client.disconnect()
    await ib.client.conn.disconnected


async def flood(ib: Any, work: Work, section: Section) -> None:
    await subscribe(ib, 1, f"flood:{WARM_UP}")
    for number in range(1, work.subscriptions):
        ib.reqMktData(stock(1 + number, "quiet"))
    section.start()
    symbol = f"spread:{work.count}" if work.spread else f"flood:{work.count}"
    section.stop(await subscribe(ib, 1 + work.subscriptions, symbol))


async def rows(ib: Any, work: Work, section: Section) -> None:
    for number, wanted in enumerate((WARM_UP, work.count)):
        count, ended = 0, asyncio.get_running_loop().create_future()

        def hear(tickers: Any, ended: asyncio.Future[None] = ended) -> None:
            nonlocal count
            for ticker in tickers:
                for row in ticker.domTicks:
                    count += 1
                    if row.price == END_PRICE:
                        ended.set_result(None)

        section.start()
        ib.pendingTickersEvent += hear
        ib.reqMktDepth(stock(1 + number, f"rows:{wanted}"), 10)
        await ended
        ib.pendingTickersEvent -= hear
        section.stop(count)


async def orders(ib: Any, work: Work, section: Section) -> None:
    changes = 0

    def hear(trade: Any) -> None:
        nonlocal changes
        changes += 1

    ib.openOrderEvent += hear
    ib.orderStatusEvent += hear
    await subscribe(ib, 1, f"orders:{WARM_UP}")
    section.start()
    await subscribe(ib, 2, f"orders:{work.count}")
    # A status that says nothing new is no event of its own.
    section.stop(work.count)


async def fields(ib: Any, work: Work, section: Section) -> None:
    await subscribe(ib, 1, f"fields:{work.fields}:{WARM_UP}")
    section.start()
    await subscribe(ib, 2, f"fields:{work.fields}:{work.count}")
    section.stop(work.count)


async def paced(ib: Any, work: Work, section: Section) -> None:
    await subscribe(ib, 1, f"flood:{WARM_UP}")
    reader = Reader(ib, section.result.latencies)
    section.start()
    ib.reqMktData(stock(2, f"paced:{work.rate}:{work.count}"))
    section.stop(await reader.read())


async def round_trips(ib: Any, work: Work, section: Section) -> None:
    await asyncio.sleep(SETTLING_SECONDS)
    wrapper, client = ib.wrapper, ib.client
    # It has no question for the accounts that can be awaited; this one is made as its other questions are.
    wrapper.managedAccounts = lambda accounts: wrapper._endReq("managedAccounts", accounts)

    async def ask() -> Any:
        future = wrapper.startReq("managedAccounts")
        client.reqManagedAccts()
        return await future

    for _ in range(work.count // 10):
        await ask()
    latencies = section.result.latencies
    section.start()
    for _ in range(work.count):
        began = now()
        await ask()
        latencies.append(now() - began)
    section.stop(work.count)


async def slow(ib: Any, work: Work, section: Section) -> None:
    await subscribe(ib, 1, f"flood:{WARM_UP}")
    queue: asyncio.Queue[Any] = asyncio.Queue()

    def hear(tickers: Any) -> None:
        for ticker in tickers:
            for tick in ticker.ticks:
                queue.put_nowait(tick)

    count = 0
    section.start()
    ib.pendingTickersEvent += hear
    ib.reqMktData(stock(2, "flood:0"))
    try:
        async with asyncio.timeout(work.seconds):
            while True:
                await queue.get()
                count += 1
                await asyncio.sleep(ITEM_SECONDS)
    except TimeoutError:
        section.stop(count)


async def connections(work: Work, section: Section) -> None:
    """Read floods on several connections in one loop."""
    ready, waiting, counts = asyncio.Event(), work.connections, []

    async def one(ib: Any, work: Work, section: Section) -> None:
        nonlocal waiting
        await subscribe(ib, 1, f"flood:{WARM_UP}")
        waiting -= 1
        if not waiting:
            section.start()
            ready.set()
        await ready.wait()
        counts.append(await subscribe(ib, 2, f"flood:{work.count // work.connections}"))
        if len(counts) == work.connections:
            section.stop(sum(counts))

    await asyncio.gather(*(session(one, work, section, client_id=number) for number in range(work.connections)))


def doing(talk: Talk) -> Do:
    return lambda work, section: asyncio.run(session(talk, work, section))


def kinds() -> dict[str, Do]:
    talks = {talk.__name__: talk for talk in (flood, rows, orders, fields, paced, round_trips, slow)}
    return {name: doing(talk) for name, talk in talks.items()} | {
        "connections": lambda work, section: asyncio.run(connections(work, section))
    }


if __name__ == "__main__":
    serve(kinds())
