"""The official client, with a wrapper that counts: ``python -m tests.benchmarks.last_metre.official VERSION``.

It reads in a thread of its own, decodes in another one, and the program waits in a third.
"""

# ruff: noqa: N802, N803 (the names are the official client's)

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import ibapi.client
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.wrapper import EWrapper

from tests.benchmarks.last_metre.work import (
    END_PRICE,
    ITEM_SECONDS,
    SETTLING_SECONDS,
    STAMPS_FROM,
    WARM_UP,
    WARM_UP_REQUESTS,
    Do,
    Section,
    Work,
    now,
    serve,
)


def nothing(*_: object) -> None:
    """Do nothing."""


class SilentWrapper(EWrapper):
    """A wrapper whose methods do nothing: those that it inherits write a log."""


for _name in [name for name in dir(EWrapper) if not name.startswith("_")]:
    setattr(SilentWrapper, _name, nothing)


class App(SilentWrapper, EClient):
    """What its examples call an app."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.ready = threading.Event()
        self.ended = threading.Event()
        self.answered = threading.Event()
        self.count = 0
        self.latencies: list[float] = []
        self.values: dict[tuple[int, int], float] = {}
        """What was said last about each thing, where quotes are put together."""
        self.bars: list[Any] = []
        self.queue: queue.SimpleQueue[object] | None = None

    def nextValidId(self, orderId: int) -> None:
        self.ready.set()

    def managedAccounts(self, accountsList: str) -> None:
        self.answered.set()

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        self.count += 1
        if price > STAMPS_FROM:
            self.latencies.append(now() - price)
        elif price == END_PRICE:
            self.ended.set()
        if self.queue is not None:
            self.queue.put(price)

    def tickSize(self, reqId: int, tickType: int, size: Any) -> None:
        # Also after each price that has one, and then it is no message of its own.
        if self.queue is not None:
            self.queue.put(size)

    def historicalData(self, reqId: int, bar: Any) -> None:
        self.bars.append(bar)

    def historicalDataEnd(self, reqId: int, start: str, end: str) -> None:
        self.answered.set()

    def updateMktDepth(self, reqId: int, position: int, operation: int, side: int, price: float, size: Any) -> None:
        self.count += 1
        if price == END_PRICE:
            self.ended.set()

    def openOrder(self, *order: Any) -> None:
        self.count += 1

    def orderStatus(self, *status: Any) -> None:
        self.count += 1

    def subscribe(self, number: int, symbol: str, *, rows: bool = False) -> None:
        """Ask, and wait for the last of what comes."""
        self.count = 0
        self.ended.clear()
        if rows:
            self.reqMktDepth(number, contract(symbol), 10, False, [])
        else:
            self.reqMktData(number, contract(symbol), "", False, False, [])
        self.ended.wait()


def contract(symbol: str) -> Contract:
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = symbol, "STK", "SMART", "USD"
    return made


Talk: TypeAlias = Callable[[App, Work, Section], object]


def run(app: App) -> None:
    """Run its loop. Told to disconnect from another thread, it may ask for a server version that is gone."""
    with contextlib.suppress(TypeError):
        app.run()


def session(talk: Talk, work: Work, section: Section) -> None:
    app = Quotes() if talk is quotes else App()
    app.connect("127.0.0.1", work.port, 1)
    loop = threading.Thread(target=run, args=(app,), daemon=True)
    loop.start()
    app.ready.wait()
    talk(app, work, section)
    app.disconnect()
    loop.join()


def flood(app: App, work: Work, section: Section) -> None:
    app.subscribe(1, f"flood:{WARM_UP}")
    section.start()
    app.subscribe(2, f"flood:{work.count}")
    section.stop(work.count)


class Quotes(App):
    """Puts quotes together, as far as a wrapper does that: the last value of each kind."""

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        self.values[reqId, tickType] = price
        if price == END_PRICE:
            self.ended.set()

    def tickSize(self, reqId: int, tickType: int, size: Any) -> None:
        self.values[reqId, tickType] = size


def quotes(app: App, work: Work, section: Section) -> None:
    for number in range(1, work.subscriptions):
        app.reqMktData(number, contract("quiet"), "", False, False, [])
    for number, count in enumerate((WARM_UP * 5, work.count)):
        section.start()
        app.subscribe(work.subscriptions + number, f"spread:{count}")
    section.stop(work.count)


def bars(app: App, work: Work, section: Section) -> None:
    each = work.count // work.requests
    for number in range(WARM_UP_REQUESTS + work.requests):
        if number == WARM_UP_REQUESTS:
            app.bars.clear()
            section.start()
        app.answered.clear()
        app.reqHistoricalData(number, contract(f"bars:{each}"), "", "5 D", "1 min", "TRADES", 1, 1, False, [])
        app.answered.wait()
    section.stop(len(app.bars))


def rows(app: App, work: Work, section: Section) -> None:
    app.subscribe(1, f"rows:{WARM_UP}", rows=True)
    section.start()
    app.subscribe(2, f"rows:{work.count}", rows=True)
    section.stop(work.count)


def orders(app: App, work: Work, section: Section) -> None:
    app.subscribe(1, f"orders:{WARM_UP}")
    section.start()
    app.subscribe(2, f"orders:{work.count}")
    section.stop(work.count)


def fields(app: App, work: Work, section: Section) -> None:
    app.subscribe(1, f"fields:{work.fields}:{WARM_UP}")
    section.start()
    app.subscribe(2, f"fields:{work.fields}:{work.count}")
    section.stop(work.count)


def paced(app: App, work: Work, section: Section) -> None:
    app.subscribe(1, f"flood:{WARM_UP}")
    section.start()
    app.subscribe(2, f"paced:{work.rate}:{work.count}")
    section.stop(work.count)
    section.result.latencies = app.latencies


def round_trips(app: App, work: Work, section: Section) -> None:
    time.sleep(SETTLING_SECONDS)

    def ask() -> None:
        app.answered.clear()
        app.reqManagedAccts()
        app.answered.wait()

    for _ in range(work.count // 10):
        ask()
    section.start()
    for _ in range(work.count):
        began = now()
        ask()
        section.result.latencies.append(now() - began)
    section.stop(work.count)


def slow(app: App, work: Work, section: Section) -> None:
    app.subscribe(1, f"flood:{WARM_UP}")
    app.queue = queue.SimpleQueue()
    section.start()
    app.reqMktData(2, contract("flood:0"), "", False, False, [])
    count, until = 0, time.monotonic() + work.seconds
    while time.monotonic() < until:
        app.queue.get()
        count += 1
        time.sleep(ITEM_SECONDS)
    section.stop(count)
    app.conn.disconnect()


def doing(talk: Talk) -> Do:
    return lambda work, section: session(talk, work, section)


if __name__ == "__main__":
    # It takes the newest that both know, and has no setting for less.
    ibapi.client.MAX_CLIENT_VER = int(sys.argv[1])
    serve(
        {talk.__name__: doing(talk) for talk in (flood, quotes, bars, rows, orders, fields, paced, round_trips, slow)}
    )
