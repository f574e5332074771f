"""What the benchmarks have said to everybody: the same messages, from a fixed seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from anytws.messages.base import Message, Side
from anytws.messages.contracts import Action, Contract, SecurityType
from anytws.messages.historical import HistoricalData, HistoricalDataBar
from anytws.messages.market_data import TickAttributes, TickGeneric, TickPrice, TickSize, TickString, TickType
from anytws.messages.orders import OpenOrder, Order, OrderState, OrderStatus, OrderStatusWord, OrderType, TimeInForce
from anytws.wire.codec import Codec
from anytws.wire.frames import frame

BURST: Final = 20
"""Frames that one read brings."""
INSTRUMENTS: Final = 50
TICKS: Final = 4_000
ORDERS: Final = 50
BARS: Final = 5_000


@attrs.frozen
class Content:
    """Messages, and what their time is shared out among."""

    name: str
    messages: tuple[Message, ...]
    unit: str = "message"
    count: int = 0
    """How many units; 0: as many as messages."""

    @property
    def units(self) -> int:
        return self.count or len(self.messages)

    def reads(self, version: int) -> list[bytes]:
        """Give what a socket reads."""
        frames = [frame(body) for body in self.bodies(version)]
        return [b"".join(frames[start : start + BURST]) for start in range(0, len(frames), BURST)]

    def bodies(self, version: int) -> list[bytes]:
        codec = Codec(Side.TWS, version)
        return [codec.encode(message) for message in self.messages]


_SIDES: Final = (
    (TickType.BID, TickType.BID_SIZE),
    (TickType.ASK, TickType.ASK_SIZE),
    (TickType.LAST, TickType.LAST_SIZE),
)


def ticks() -> Content:
    """A feed of stocks: prices in cents that walk, round sizes; half prices, a third sizes, the rest other ticks."""
    chance = random.Random(1)
    prices = [chance.randrange(2_000, 40_000) for _ in range(INSTRUMENTS)]
    said: list[Message] = []
    for number in range(TICKS):
        which = chance.randrange(INSTRUMENTS)
        prices[which] += chance.choice((-2, -1, -1, 0, 1, 1, 2))
        price_type, size_type = chance.choice(_SIDES)
        size = Decimal(chance.randrange(1, 40) * 100)
        match chance.choices(("price", "size", "string", "generic"), (50, 35, 12, 3))[0]:
            case "price":
                attributes = TickAttributes.CAN_AUTO_EXECUTE
                said.append(TickPrice(which + 1, price_type, prices[which] / 100, size, attributes))
            case "size":
                said.append(TickSize(which + 1, size_type, size))
            case "string":
                said.append(TickString(which + 1, TickType.LAST_TIMESTAMP, str(1_767_623_400 + number // 20)))
            case _:
                said.append(TickGeneric(which + 1, TickType.HALTED, 0.0))
    return Content("ticks", tuple(said))


def new_ticks() -> Content:
    """The worst for whoever remembers values: no price and no size comes twice before it is forgotten."""
    chance = random.Random(2)
    prices, sizes = (chance.sample(range(1_000_000, 9_999_999), TICKS // 2) for _ in range(2))
    said: list[Message] = []
    for price, size in zip(prices, sizes, strict=True):
        which, (price_type, size_type) = chance.randrange(INSTRUMENTS), chance.choice(_SIDES)
        said.append(TickPrice(which + 1, price_type, price / 10_000, Decimal(size), TickAttributes.CAN_AUTO_EXECUTE))
        said.append(TickSize(which + 1, size_type, Decimal(size * 10 + 1)))
    return Content("ticks, each value new", tuple(said))


def orders() -> Content:
    """Orders from their acceptance until they are filled: each time the order and its status, as TWS sends them."""
    chance = random.Random(3)
    said: list[Message] = []
    for number in range(ORDERS):
        order_id, permanent_id, price = 100 + number, 2_138_440_000 + number, chance.randrange(2_000, 40_000) / 100
        contract = Contract(
            contract_id=265_598 + number, symbol=f"SYM{number}", security_type=SecurityType.STOCK, strike=0.0,
            exchange="SMART", currency="USD", local_symbol=f"SYM{number}", trading_class="NMS",
        )  # fmt: skip
        order = Order(
            action=chance.choice((Action.BUY, Action.SELL)), total_quantity=Decimal(300), order_type=OrderType.LIMIT,
            limit_price=price, aux_price=0.0, time_in_force=TimeInForce.DAY, account="DU1234567", client_id=1,
            permanent_id=permanent_id, order_reference=f"entry {number}", trail_stop_price=price + 1,
        )  # fmt: skip
        for status, filled in (("PreSubmitted", 0), ("Submitted", 0), ("Submitted", 100), ("Filled", 300)):
            word, paid = OrderStatusWord(status), price if filled else 0.0
            said.append(OpenOrder(order_id, contract, order, OrderState(status=word)))
            done, left = Decimal(filled), Decimal(300 - filled)
            said.append(OrderStatus(order_id, word, done, left, paid, permanent_id, 0, paid, 1, market_cap_price=0.0))
    return Content("orders and their statuses", tuple(said))


def bars() -> Content:
    """One answer of 5,000 bars of a minute."""
    chance = random.Random(4)
    at, cents = datetime(2026, 1, 5, 9, 30, tzinfo=ZoneInfo("US/Eastern")), 18_000
    made = []
    for _ in range(BARS):
        first = cents
        cents += chance.randrange(-20, 21)
        high, low = max(first, cents) + chance.randrange(9), min(first, cents) - chance.randrange(9)
        volume, wap = Decimal(chance.randrange(100, 90_000)), Decimal(chance.randrange(low * 10, high * 10 + 1)) / 1000
        opened, highest, lowest, closed = (value / 100 for value in (first, high, low, cents))
        made.append(HistoricalDataBar(at, opened, highest, lowest, closed, volume, wap, chance.randrange(1, 900)))
        at += timedelta(minutes=1)
    return Content("5,000 bars", (HistoricalData(1, bars=tuple(made)),), "bar", BARS)
