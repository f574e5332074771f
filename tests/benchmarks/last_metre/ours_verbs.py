"""anytws by its verbs: ``python -m tests.benchmarks.last_metre.ours_verbs BACKEND VERSION WAY``.

The same works as `ours`, asked for as a program asks: ``tws.market_data``, ``tws.historical``. *WAY* says how, where
there are several ways, so that several can take turns.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import anyio

import anytws
import anytws.sync
from anytws.machines.bar_requests import bars_request
from anytws.machines.records import Dropped
from anytws.messages.base import replace
from anytws.messages.contract import Contract
from anytws.messages.contracts import MarketRuleRequest
from anytws.messages.market_data import MarketDataRequest
from tests.benchmarks.last_metre.ours import contract, count_in_batches, count_singly, settle
from tests.benchmarks.last_metre.work import (
    END_PRICE,
    ITEM_SECONDS,
    SETTLING_SECONDS,
    WARM_UP,
    WARM_UP_REQUESTS,
    Do,
    Section,
    Work,
    now,
    serve,
)

MINUTE: Final = "1 min"
QUICK: Final = 1_000_000
"""Messages a second: pacing that is there, and holds nothing."""


def numbered(number: int, symbol: str) -> Contract:
    """Give a contract that is no other one: `watch` takes each but once."""
    return replace(contract(symbol), contract_id=number)


Talk: TypeAlias = Callable[[anytws.Tws, Work, Section, str], Awaitable[object]]


async def session(talk: Talk, version: int, way: str, work: Work, section: Section) -> None:
    options = anytws.HandshakeOptions(maximum_version=version)
    pacing = anytws.Pacing(messages_per_second=QUICK, lines=QUICK) if way == "paced" else None
    hook = anytws.Hook() if way == "hook" else None
    if way == "logs":
        logging.getLogger("anytws.requests").setLevel(logging.DEBUG)
    async with anytws.connect("127.0.0.1", work.port, client_id=1, options=options, pacing=pacing, hook=hook) as tws:
        await talk(tws, work, section, way)


async def warm_up(tws: anytws.Tws) -> None:
    async with tws.stream(MarketDataRequest(contract(f"flood:{WARM_UP}"))) as ticks:
        await count_singly(ticks)


# --- quotes ------------------------------------------------------------------------------------------------------


async def quotes(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Read a flood on many contracts, put together: by one loop over all, or by a task for each."""
    await (quotes_each if way == "quotes" else watch)(tws, work, section, way)


async def watch(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    last = numbered(work.subscriptions, f"spread:{WARM_UP * 5}" if work.spread else f"flood:{WARM_UP * 5}")
    others = [numbered(number, "quiet") for number in range(1, work.subscriptions)]
    await warm_up(tws)
    if others:
        await settle()
    async with tws.market_data.watch(others) as watching:
        watching.add(last)
        await until_the_end(watching, last, way)
        watching.remove(last)
        last = numbered(work.subscriptions + 1, f"spread:{work.count}" if work.spread else f"flood:{work.count}")
        section.start()
        watching.add(last)
        await until_the_end(watching, last, way)
        section.stop(work.count)


async def until_the_end(watching: Any, last: Contract, way: str) -> int:
    items = 0
    if way == "batches":
        async for batch in watching.batches():
            for watched in batch:
                items += 1
                if watched.contract is last and watched.item.last == END_PRICE:
                    return items
    else:
        async for watched in watching:
            items += 1
            if watched.contract is last and watched.item.last == END_PRICE:
                return items
    return items


async def quotes_each(tws: anytws.Tws, work: Work, section: Section, _way: str) -> None:
    rounds: list[anyio.Event] = []

    async def read(symbol: str, number: int, opened: anyio.Event, ended: anyio.Event | None) -> None:
        async with tws.market_data.quotes(numbered(number, symbol)) as stream:
            opened.set()
            async for quote in stream:
                if ended is not None and quote.last == END_PRICE:
                    ended.set()
                    return

    await warm_up(tws)
    await settle()
    async with anyio.create_task_group() as tasks:
        for number in range(1, work.subscriptions):
            opened = anyio.Event()
            tasks.start_soon(read, "quiet", number, opened, None)
            await opened.wait()
        for number, count in enumerate((WARM_UP * 5, work.count)):
            rounds.append(anyio.Event())
            section.start()
            tasks.start_soon(read, f"spread:{count}", work.subscriptions + number, anyio.Event(), rounds[-1])
            await rounds[-1].wait()
        section.stop(work.count)
        tasks.cancel_scope.cancel()


async def slow(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Take 10 ms for an item, under a flood without end."""
    count = 0
    await warm_up(tws)
    if way == "watch":
        block: Any = tws.market_data.watch([numbered(n, "quiet") for n in range(1, 100)] + [numbered(100, "spread:0")])
    elif way == "quotes":
        block = tws.market_data.quotes(contract("flood:0"))
    else:
        block = tws.market_data.raw(contract("flood:0"), when_full="drop_oldest")
    section.start()
    async with block as stream:
        with anyio.move_on_after(work.seconds):
            async for item in stream:
                if not isinstance(item, Dropped):
                    count += 1
                    await anyio.sleep(ITEM_SECONDS)
        section.stop(count)


# --- message by message, and the book ----------------------------------------------------------------------------


async def flood(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Read ticks one by one: by `stream`, or by the verb for that."""
    await warm_up(tws)
    section.start()
    asked = contract(f"flood:{work.count}")
    block: Any = tws.stream(MarketDataRequest(asked)) if way.startswith("stream") else tws.market_data.raw(asked)
    async with block as ticks:
        section.stop(await (count_in_batches if work.form == "batches" else count_singly)(ticks))


async def book(tws: anytws.Tws, work: Work, section: Section, _way: str) -> None:
    """Read a book, put together."""
    for count in (WARM_UP, work.count):
        section.start()
        async with tws.market_data.depth(contract(f"rows:{count}"), rows=10) as books:
            async for picture in books:
                if picture.bids and picture.bids[0].price == END_PRICE:
                    break
        section.stop(count)


# --- bars, questions ---------------------------------------------------------------------------------------------


async def bars(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    """Download bars, and keep them all."""
    each = work.count // work.requests
    kept: list[Any] = []
    asked = contract(f"bars:{each}")
    for number in range(WARM_UP_REQUESTS + work.requests):
        if number == WARM_UP_REQUESTS:
            kept.clear()
            section.start()
        if way == "ask":
            answer: Any = await tws.ask(bars_request(asked, "5 D", MINUTE, "TRADES"))
            kept.extend(answer.bars)
        else:
            kept.extend(await tws.historical.bars(asked, "5 D", MINUTE))
    section.stop(len(kept))


async def round_trips(tws: anytws.Tws, work: Work, section: Section, way: str) -> None:
    await settle()
    ask: Callable[[], Awaitable[object]] = (
        (lambda: tws.ask(MarketRuleRequest(26))) if way == "ask" else (lambda: tws.contracts.market_rule(26))
    )
    for _ in range(work.count // 10):
        await ask()
    latencies = section.result.latencies
    section.start()
    for _ in range(work.count):
        began = now()
        await ask()
        latencies.append(now() - began)
    section.stop(work.count)


def round_trips_of_a_script(version: int) -> Do:
    """Ask by the façade, from the main thread."""

    def do(work: Work, section: Section) -> None:
        options = anytws.HandshakeOptions(maximum_version=version)
        with anytws.sync.connect("127.0.0.1", work.port, client_id=1, options=options, pacing=None) as tws:
            time.sleep(SETTLING_SECONDS)
            for _ in range(work.count // 10):
                tws.contracts.market_rule(26)
            section.start()
            for _ in range(work.count):
                began = now()
                tws.contracts.market_rule(26)
                section.result.latencies.append(now() - began)
            section.stop(work.count)

    return do


def kinds(backend: str, version: int, way: str) -> dict[str, Do]:
    def doing(talk: Talk) -> Do:
        return lambda work, section: anyio.run(session, talk, version, way, work, section, backend=backend)

    talks: tuple[Talk, ...] = (quotes, slow, flood, book, bars, round_trips)
    by_name = {talk.__name__: doing(talk) for talk in talks}
    return by_name | ({"round_trips": round_trips_of_a_script(version)} if way == "sync" else {})


if __name__ == "__main__":
    serve(kinds(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
