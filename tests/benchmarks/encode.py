"""Typed objects to bytes, in memory: there is no target, only what it takes.

``python -m tests.benchmarks.encode`` prints the tables alone. First what a client says most of: an order for a stock at
a limit, as anytws, ib_async and the official client write it into a connection that keeps nothing (ib_async with its
throttle off). Then what our TWS side writes, which is what a simulator lives on. Clocks and rounds are those of
`tests.benchmarks.decode`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import ibapi.contract
import ibapi.order
from ib_async import IB, LimitOrder, Stock
from ibapi.client import EClient

from anytws.messages.base import Side
from anytws.messages.contracts import Action, Contract, SecurityType
from anytws.messages.orders import Order, OrderType, PlaceOrderRequest, TimeInForce
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from tests.benchmarks.conftest import Table
from tests.benchmarks.decode import (
    CONTENTS,
    PROTOBUF,
    ROUNDS,
    TEXT,
    Content,
    Contestant,
    Pass,
    SilentWrapper,
    quiet,
    race,
)

PLACED: Final = 200


def placed() -> Content:
    """Orders that differ in their id and their price."""
    contract = Contract(symbol="AAPL", security_type=SecurityType.STOCK, exchange="SMART", currency="USD")
    return Content(
        "placing an order",
        tuple(
            PlaceOrderRequest(
                contract,
                Order(
                    action=Action.BUY,
                    total_quantity=Decimal(100),
                    order_type=OrderType.LIMIT,
                    limit_price=100 + number / 100,
                    time_in_force=TimeInForce.DAY,
                    account="DU1234567",
                ),
                order_id=number,
            )
            for number in range(PLACED)
        ),
    )


class Sink:
    """A connection that takes everything and keeps nothing."""

    def isConnected(self) -> bool:  # noqa: N802 (the official client's name)
        return True

    def sendMsg(self, data: bytes) -> int:  # noqa: N802 (both clients' name)
        return len(data)


def our_encoder(side: Side, version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        encode = Codec(side, version).encode

        def one_pass() -> None:
            for message in content.messages:
                frame(encode(message))

        return lambda: one_pass

    return contestant


def ib_async_orders(content: Content) -> Callable[[], Pass]:
    contract, orders = Stock("AAPL", "SMART", "USD"), []
    for number in range(content.units):
        order = LimitOrder("BUY", 100, 100 + number / 100, tif="DAY", account="DU1234567", orderId=number)
        orders.append((number, contract, order))
    # Half of its methods have no types.
    client: Any = IB().client
    client._serverVersion, client.conn, client.MaxRequests = TEXT, Sink(), 0

    def one_pass() -> None:
        client.connState = client.CONNECTED
        for order in orders:
            client.placeOrder(*order)
        # Left connected, it would say goodbye when it is collected.
        client.connState = client.DISCONNECTED

    return lambda: one_pass


def ibapi_orders(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        contract, orders = ibapi.contract.Contract(), []
        contract.symbol, contract.secType, contract.exchange, contract.currency = "AAPL", "STK", "SMART", "USD"
        for number in range(content.units):
            order = ibapi.order.Order()
            order.action, order.totalQuantity, order.orderType = "BUY", Decimal(100), "LMT"
            order.lmtPrice, order.tif, order.account = 100 + number / 100, "DAY", "DU1234567"
            orders.append((number, contract, order))
        client: Any = EClient(SilentWrapper())
        client.serverVersion_, client.conn = version, Sink()
        client.setConnState(EClient.CONNECTED)

        def one_pass() -> None:
            for order in orders:
                client.placeOrder(*order)

        return lambda: one_pass

    return contestant


def order_table(rounds: int = ROUNDS) -> Table:
    """Give what it takes to write an order."""
    contestants: dict[str, Contestant] = {
        "anytws, text": our_encoder(Side.CLIENT, TEXT),
        "anytws, protobuf": our_encoder(Side.CLIENT, PROTOBUF),
        "ib_async, text": ib_async_orders,
        "ibapi, text": ibapi_orders(TEXT),
        "ibapi, protobuf": ibapi_orders(PROTOBUF),
    }
    with quiet():
        taken = race(placed(), contestants, rounds)
    base = taken["ib_async, text"]
    rows = [(name, f"{micros / base:.2f}", f"{micros:.1f}") for name, micros in taken.items()]
    return Table("encoding: an order", ("", "ib_async", "us"), rows)


def tws_table(rounds: int = ROUNDS) -> Table:
    """Give what our TWS side takes for what it says."""
    contestants = {"text": our_encoder(Side.TWS, TEXT), "protobuf": our_encoder(Side.TWS, PROTOBUF)}
    rows: list[tuple[str, ...]] = []
    for content in (make() for make in CONTENTS):
        with quiet():
            taken = race(content, contestants, rounds)
        rows.append((content.name, *[f"{taken[name]:.1f}" for name in contestants]))
    return Table("encoding: what TWS says, us for a message or a bar", ("", *contestants), rows)


def main() -> None:
    """Print the tables."""
    for result in (order_table(), tws_table()):
        sys.stdout.write("\n".join([result.title, *result.lines(), "", ""]))


if __name__ == "__main__":
    main()
