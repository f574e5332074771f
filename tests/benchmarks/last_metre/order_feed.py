"""What TWS says of orders in the benchmarks: whole lives of orders that nobody has heard of before, and one life long.

No two orders have a name in common, and no message says what the one before it has said: repeats are cheap for
everybody, and not what is measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from anytws.messages.base import Message
from anytws.messages.contract import Action, Contract, SecurityType
from anytws.messages.executions import CommissionAndFeesReport, Execution, ExecutionDetails, ExecutionSide
from anytws.messages.order import Order
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord, OrderType, TimeInForce
from anytws.messages.orders import OpenOrder, OrderStatus

FIRST: Final = 100
"""The first order id; permanent ids begin a thousand millions above."""
PERMANENT: Final = 1_000_000_000
TOTAL: Final = 300
LONG: Final = 10_000_000
"""Shares of an order that is filled one by one."""
_WORD: Final = {name: OrderStatusWord(name) for name in ("PreSubmitted", "Submitted", "Filled")}
_STEPS: Final = (("PreSubmitted", 0, 0), ("Submitted", 0, 0), ("Submitted", 100, 100), ("Filled", 300, 200))
"""What each status says: a word, how much is filled, and how much by an execution right before."""
_AT: Final = datetime(2026, 1, 5, 14, 31, tzinfo=UTC)


def contract_of(number: int) -> Contract:
    return Contract(
        contract_id=265_598 + number, symbol=f"SYM{number}", security_type=SecurityType.STOCK, strike=0.0,
        exchange="SMART", currency="USD", local_symbol=f"SYM{number}", trading_class="NMS",
    )  # fmt: skip


def order_of(number: int, price: float, total: int = TOTAL) -> Order:
    return Order(
        action=Action.BUY, total_quantity=Decimal(total), order_type=OrderType.LIMIT, limit_price=price, aux_price=0.0,
        time_in_force=TimeInForce.DAY, account="DU1234567", client_id=1, permanent_id=PERMANENT + number,
        order_reference=f"entry {number}", trail_stop_price=price + 1,
    )  # fmt: skip


def status_of(number: int, word: str, filled: int, price: float, total: int = TOTAL) -> OrderStatus:
    paid, left = price if filled else 0.0, Decimal(total - filled)
    return OrderStatus(
        number, _WORD[word], Decimal(filled), left, paid, PERMANENT + number, 0, paid, 1, market_cap_price=0.0
    )


def pair(number: int, word: str, filled: int, price: float, total: int = TOTAL) -> Iterator[Message]:
    state = OrderState(status=_WORD[word])
    yield OpenOrder(number, contract_of(number), order_of(number, price, total), state)
    yield status_of(number, word, filled, price, total)


def execution(number: int, piece: int, shares: int, filled: int, price: float) -> tuple[Message, Message]:
    name = f"00025b46.{number:08x}.{piece:02}.01"
    said = Execution(
        name, ExecutionSide.BOUGHT, order_id=number, time=_AT, account="DU1234567", exchange="NASDAQ",
        shares=Decimal(shares), price=price, permanent_id=PERMANENT + number, client_id=1,
        cumulative_quantity=Decimal(filled), average_price=price, order_reference=f"entry {number}",
    )  # fmt: skip
    return ExecutionDetails(None, contract_of(number), said), CommissionAndFeesReport(name, 1.0, "USD")


def lives(*, with_executions: bool) -> Iterator[Message]:
    """Give orders from their acceptance until they are filled, one after the other, without end."""
    chance = random.Random(3)
    number = FIRST
    while True:
        price = chance.randrange(2_000, 40_000) / 100
        for word, filled, shares in _STEPS:
            costs: Message | None = None
            if with_executions and shares:
                fill, costs = execution(number, filled // 100, shares, filled, price)
                yield fill
            yield from pair(number, word, filled, price)
            if costs is not None:
                yield costs
        number += 1


def opened(count: int) -> Iterator[Message]:
    """Give *count* orders that work, and stay so."""
    for number in range(FIRST, FIRST + count):
        yield from pair(number, "Submitted", 0, 187.5, LONG)


def statuses(number: int, filled: int, count: int) -> Iterator[Message]:
    """Give *count* statuses of one of them, of which *filled* was filled before: one share more each time."""
    for each in range(filled + 1, filled + count + 1):
        yield status_of(number, "Submitted", each, 187.5, LONG)
