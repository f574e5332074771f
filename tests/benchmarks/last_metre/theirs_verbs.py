"""ib_async at the works of `ours_verbs`: ``python -m tests.benchmarks.last_metre.theirs_verbs [FORMAT_DATE]``.

Its tickers are what it puts together: they are read in a handler of ``pendingTickersEvent``. Bars it asks for with
times as a clock shows them, unless it is told otherwise (2: seconds).
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from tests.benchmarks.last_metre.theirs import doing, stock
from tests.benchmarks.last_metre.work import (
    END_PRICE,
    SETTLING_SECONDS,
    WARM_UP,
    WARM_UP_REQUESTS,
    Section,
    Work,
    now,
    serve,
)

FORMAT_DATE = int(sys.argv[1]) if len(sys.argv) > 1 else 1


async def quotes(ib: Any, work: Work, section: Section) -> None:
    ended: Any = None
    bids: dict[int, float] = {}

    def hear(tickers: Any) -> None:
        for ticker in tickers:
            bids[ticker.contract.conId] = ticker.bid
            if ticker.last == END_PRICE and ticker.contract.conId == last and not ended.done():
                ended.set_result(None)

    ib.pendingTickersEvent += hear
    for number in range(1, work.subscriptions):
        ib.reqMktData(stock(number, "quiet"))
    name = "spread" if work.spread else "flood"
    for number, count in enumerate((WARM_UP * 5, work.count)):
        ended = asyncio.get_running_loop().create_future()
        last = work.subscriptions + number
        section.start()
        ib.reqMktData(stock(last, f"{name}:{count}"))
        await ended
    section.stop(work.count)


async def book(ib: Any, work: Work, section: Section) -> None:
    for number, wanted in enumerate((WARM_UP, work.count)):
        ended = asyncio.get_running_loop().create_future()

        def hear(tickers: Any, ended: asyncio.Future[None] = ended) -> None:
            for ticker in tickers:
                if ticker.domBids and ticker.domBids[0].price == END_PRICE and not ended.done():
                    ended.set_result(None)

        section.start()
        ib.pendingTickersEvent += hear
        ib.reqMktDepth(stock(1 + number, f"rows:{wanted}"), 10)
        await ended
        ib.pendingTickersEvent -= hear
        section.stop(wanted)


async def bars(ib: Any, work: Work, section: Section) -> None:
    each = work.count // work.requests
    kept: list[Any] = []
    for number in range(WARM_UP_REQUESTS + work.requests):
        if number == WARM_UP_REQUESTS:
            kept.clear()
            section.start()
        asked = stock(1, f"bars:{each}")
        kept.extend(await ib.reqHistoricalDataAsync(asked, "", "5 D", "1 min", "TRADES", True, FORMAT_DATE))
    section.stop(len(kept))


async def round_trips(ib: Any, work: Work, section: Section) -> None:
    await asyncio.sleep(SETTLING_SECONDS)
    for _ in range(work.count // 10):
        await ib.reqMarketRuleAsync(26)
    latencies = section.result.latencies
    section.start()
    for _ in range(work.count):
        began = now()
        await ib.reqMarketRuleAsync(26)
        latencies.append(now() - began)
    section.stop(work.count)


if __name__ == "__main__":
    serve({talk.__name__: doing(talk) for talk in (quotes, book, bars, round_trips)})
