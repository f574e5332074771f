"""ib_async at the works of `ours_orders`: ``python -m tests.benchmarks.last_metre.theirs_orders``.

Its trades are what it puts together, and its events are what a program hears of them.
"""

from __future__ import annotations

from tests.benchmarks.last_metre import order_clock  # isort: skip (before anything that takes send from the class)

import asyncio
from time import perf_counter_ns
from typing import Any

from ib_async import LimitOrder, Stock

from tests.benchmarks.last_metre import theirs
from tests.benchmarks.last_metre.theirs import Talk, subscribe
from tests.benchmarks.last_metre.work import WARM_UP, Do, Section, Work, serve

BURST = 50
"""Orders that are placed at once."""


async def place(ib: Any, work: Work, section: Section) -> None:
    apple, latencies = Stock("AAPL", "SMART", "USD"), section.result.latencies
    for number in range(work.count + work.count // 10):
        if number == work.count // 10:
            section.start()
            latencies.clear()
        order = LimitOrder("BUY", 100 + number % 7, (18_000 + number % 100) / 100)
        if work.form == "spaced":
            await asyncio.sleep(0.001)
        began = perf_counter_ns()
        trade = ib.placeOrder(apple, order)
        if work.form != "answer":
            latencies.append(order_clock.since(began))
        # It has no word for it: the first status that TWS has said.
        await trade.statusEvent
        if work.form == "answer":
            latencies.append((perf_counter_ns() - began) / 1000)
    section.stop(work.count)


async def burst(ib: Any, work: Work, section: Section) -> None:
    apple, latencies = Stock("AAPL", "SMART", "USD"), section.result.latencies
    for number in range(2 * work.count // BURST):
        if number == work.count // BURST:
            section.start()
            latencies.clear()
        orders = [LimitOrder("BUY", 100 + each % 7, (18_000 + each % 100) / 100) for each in range(BURST)]
        for order in orders:
            began = perf_counter_ns()
            trade = ib.placeOrder(apple, order)
            latencies.append(order_clock.since(began))
        await trade.statusEvent
    section.stop(work.count)


def listen(ib: Any) -> list[int]:
    """Hear of all that happens to orders; give how often it was."""
    count = [0]

    def hear(*_: Any) -> None:
        count[0] += 1

    for event in (ib.openOrderEvent, ib.orderStatusEvent, ib.execDetailsEvent, ib.commissionReportEvent):
        event.connect(hear)
    return count


async def lives(ib: Any, work: Work, section: Section) -> None:
    name = "executions" if work.form == "executions" else "lives"
    listen(ib)
    await subscribe(ib, 1, f"{name}:{WARM_UP}")
    section.start()
    await subscribe(ib, 2, f"{name}:{work.count}")
    section.stop(work.count)


async def statuses(ib: Any, work: Work, section: Section) -> None:
    await subscribe(ib, 1, f"opened:{work.subscriptions}")
    listen(ib)
    await subscribe(ib, 2, f"statuses:{WARM_UP}")
    section.start()
    await subscribe(ib, 3, f"statuses:{work.count}")
    section.stop(work.count)


async def kept(ib: Any, work: Work, section: Section) -> None:
    await subscribe(ib, 1, "opened:100")
    section.start()
    await subscribe(ib, 2, f"opened:{work.count}")
    section.stop(work.count)


def doing(talk: Talk) -> Do:
    async def as_client_1(ib: Any, work: Work, section: Section) -> None:
        # Its own connect call tells this to the wrapper; without it no message finds the trade that was placed.
        ib.wrapper.clientId = 1
        await talk(ib, work, section)

    return theirs.doing(as_client_1)


if __name__ == "__main__":
    serve({talk.__name__: doing(talk) for talk in (place, burst, lives, statuses, kept)})
