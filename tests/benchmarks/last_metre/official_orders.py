"""The official client at the works of `ours_orders`: ``python -m tests.benchmarks.last_metre.official_orders VERSION``.

It keeps nothing of orders: what they have come to is left to the program. So it is measured with a wrapper that keeps
the last status of each, and with nothing else.
"""

# ruff: noqa: N802, N803 (the names are the official client's)

from __future__ import annotations

from tests.benchmarks.last_metre import order_clock  # isort: skip (before anything that takes send from the class)

import sys
import threading
from decimal import Decimal
from time import perf_counter_ns
from typing import Any

import ibapi.client
from ibapi.order import Order

from tests.benchmarks.last_metre.official import App, contract, run
from tests.benchmarks.last_metre.work import WARM_UP, Do, Section, Work, serve


class Orders(App):
    """Keeps the last word about each order."""

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[int, tuple[Any, ...]] = {}
        self.orders: dict[int, tuple[Any, ...]] = {}

    def openOrder(self, orderId: int, *order: Any) -> None:
        self.orders[orderId] = order

    def orderStatus(self, orderId: int, *status: Any) -> None:
        self.states[orderId] = status
        self.answered.set()


def limit(number: int) -> Order:
    order = Order()
    order.action, order.orderType, order.totalQuantity = "BUY", "LMT", Decimal(100 + number % 7)
    order.lmtPrice = (18_000 + number % 100) / 100
    # What it would send otherwise TWS refuses (10268).
    order.eTradeOnly = order.firmQuoteOnly = False
    return order


def session(talk: Any, work: Work, section: Section) -> None:
    app = Orders()
    app.connect("127.0.0.1", work.port, 1)
    loop = threading.Thread(target=run, args=(app,), daemon=True)
    loop.start()
    app.ready.wait()
    talk(app, work, section)
    app.disconnect()
    loop.join()


def place(app: Orders, work: Work, section: Section) -> None:
    apple, latencies = contract("AAPL"), section.result.latencies
    for number in range(work.count + work.count // 10):
        if number == work.count // 10:
            section.start()
            latencies.clear()
        order = limit(number)
        if work.form == "spaced":
            threading.Event().wait(0.001)
        app.answered.clear()
        began = perf_counter_ns()
        app.placeOrder(number + 1, apple, order)
        if work.form != "answer":
            latencies.append(order_clock.since(began))
        app.answered.wait()
        if work.form == "answer":
            latencies.append((perf_counter_ns() - began) / 1000)
    section.stop(work.count)


def lives(app: Orders, work: Work, section: Section) -> None:
    name = "executions" if work.form == "executions" else "lives"
    app.subscribe(1, f"{name}:{WARM_UP}")
    section.start()
    app.subscribe(2, f"{name}:{work.count}")
    section.stop(work.count)


def statuses(app: Orders, work: Work, section: Section) -> None:
    app.subscribe(1, f"opened:{work.subscriptions}")
    app.subscribe(2, f"statuses:{WARM_UP}")
    section.start()
    app.subscribe(3, f"statuses:{work.count}")
    section.stop(work.count)


def kept(app: Orders, work: Work, section: Section) -> None:
    app.subscribe(1, "opened:100")
    section.start()
    app.subscribe(2, f"opened:{work.count}")
    section.stop(work.count)


def doing(talk: Any) -> Do:
    return lambda work, section: session(talk, work, section)


if __name__ == "__main__":
    ibapi.client.MAX_CLIENT_VER = int(sys.argv[1])
    serve({talk.__name__: doing(talk) for talk in (place, lives, statuses, kept)})
