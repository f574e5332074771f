"""What TWS is asked about orders, and what is made of its answers. A failed query raises, and is never empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from anytws.arrow.records import Records
from anytws.errors import DecodeError, RequestTimedOut
from anytws.machines.order import OrderLife
from anytws.machines.order_fills import correction_of, name_of
from anytws.machines.order_state import Fill, Owner
from anytws.messages.executions import ExecutionDetails, ExecutionFilter, ExecutionRequest
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    CompletedOrder,
    CompletedOrdersRequest,
    OpenOrder,
    OpenOrdersRequest,
    OrderStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from anytws.client.conversing import Conversing
    from anytws.client.trade import Trade

COSTS_SECONDS: Final = 1.0
"""Seconds that the costs of executions have to follow the end of an answer: older builds say them behind it. Those of
executions of other clients may never come."""
LOOK_AGAIN_SECONDS: Final = 0.5
"""Seconds between two looks at the open orders while all are being cancelled."""


async def listed(tws: Conversing, timeout: float | None) -> tuple[Trade, ...]:
    """Ask for the open orders of all clients, and give their trades, without those that have ended meanwhile."""
    rows = await tws.ask(AllOpenOrdersRequest(), timeout=timeout)
    return _trades(tws, rows)


def require_named(rows: Iterable[OpenOrder | OrderStatus]) -> None:
    """Raise `DecodeError` where one of *rows* names no order: nobody could tell which, and it would be missing."""
    for row in rows:
        is_named = row.order.permanent_id if isinstance(row, OpenOrder) else row.permanent_id
        if not is_named and not row.order_id:
            field = "order.permanent_id" if isinstance(row, OpenOrder) else "permanent_id"
            wanted = "the name of an order that has no order id: which one is open cannot be told"
            raise DecodeError(type(row).__name__, field, "what came", wanted, row.order_id)


def _trades(tws: Conversing, rows: Iterable[OpenOrder | OrderStatus]) -> tuple[Trade, ...]:
    rows = list(rows)
    require_named(rows)
    lives: dict[OrderLife, None] = {}
    for row in rows:
        life = _life_of(tws, row)
        # Changes of this client's own orders fall in between, and may tell of an end.
        if life is not None and not life.state.is_done:
            lives[life] = None
    return tuple([tws.orders.trade_of(life) for life in lives])


def _life_of(tws: Conversing, row: OpenOrder | OrderStatus) -> OrderLife | None:
    if isinstance(row, OrderStatus):
        return _named(tws, row.permanent_id, row.client_id, row.order_id)
    order = row.order
    return None if order.what_if else _named(tws, order.permanent_id, order.client_id, row.order_id)


def _named(tws: Conversing, permanent_id: int | None, client_id: int | None, order_id: int | None) -> OrderLife | None:
    book = tws.known_orders
    life = book.by_permanent_id(permanent_id) if permanent_id else None
    return book.by_order_id(order_id, client_id) if life is None and order_id else life


async def of_completed(tws: Conversing, *, api_only: bool, timeout: float | None) -> Records[CompletedOrder]:
    """Ask for the orders that came to their end, and give each once, as it was said last."""
    rows = await tws.ask(CompletedOrdersRequest(api_only), timeout=timeout)
    newest: dict[object, CompletedOrder] = {}
    for number, row in enumerate(rows):
        newest[row.order.permanent_id or (number,)] = row
    return Records.of(CompletedOrder, newest.values())


async def executed(
    tws: Conversing, chosen: ExecutionFilter, since: datetime | None, timeout: float | None
) -> Records[Fill]:
    """Ask for executions, and give each once, as corrected last, with its costs if TWS says them."""
    rows = await tws.ask(ExecutionRequest(chosen), timeout=timeout)
    found: dict[str, ExecutionDetails] = {}
    for row in rows:
        base, number = correction_of(name_of(row.execution))
        known = found.get(base)
        if known is None or correction_of(name_of(known.execution))[1] <= number:
            found[base] = row
    if since is not None:
        found = {base: row for base, row in found.items() if _is_not_before(row, since)}
    await _costs_of(tws, found)
    return Records.of(Fill, [_fill_of(tws, base, row) for base, row in found.items()])


def _is_not_before(row: ExecutionDetails, since: datetime) -> bool:
    time = row.execution.time
    # Without a zone it cannot be told, and is not to be lost.
    return time is None or time.tzinfo is None or time >= since


async def _costs_of(tws: Conversing, found: dict[str, ExecutionDetails]) -> None:
    """Wait for a moment for costs that are not there yet."""
    with anyio.move_on_after(COSTS_SECONDS * tws.timeout_factor):
        for base, row in found.items():
            while (life := _life_of_fill(tws, base, row)) is not None and life.fills[base].costs is None:
                await tws.order_bells.wait(life)


def _life_of_fill(tws: Conversing, base: str, row: ExecutionDetails) -> OrderLife | None:
    execution = row.execution
    life = _named(tws, execution.permanent_id, execution.client_id, execution.order_id)
    return life if life is not None and base in life.fills else None


def _fill_of(tws: Conversing, base: str, row: ExecutionDetails) -> Fill:
    life = _life_of_fill(tws, base, row)
    return Fill(row.execution, row.contract) if life is None else life.fills[base]


async def none_twice(tws: Conversing, seconds: float) -> tuple[Trade, ...]:
    """Look until TWS says twice in a row that no order is open; give those that are, when the *seconds* are over."""
    until = anyio.current_time() + seconds
    rest: tuple[Trade, ...] | None = None
    times = 0
    while True:
        try:
            found = await listed(tws, max(0.0, until - anyio.current_time()))
        except RequestTimedOut:
            if rest is None:
                raise
            # Nobody has said since that they are gone.
            return rest or _believed(tws)
        times = 0 if found else times + 1
        if times > 1:
            return ()
        rest = found
        if anyio.current_time() + LOOK_AGAIN_SECONDS > until and found:
            return found
        await anyio.sleep(LOOK_AGAIN_SECONDS)


def _believed(tws: Conversing) -> tuple[Trade, ...]:
    return tuple([trade for trade in tws.orders.trades if trade.state.is_live])


async def binding(tws: Conversing, timeout: float | None) -> tuple[Trade, ...]:
    """Have orders that are made by hand bound to this client, which is 0; give those that are there."""
    rows = await tws.ask(OpenOrdersRequest(), timeout=timeout)
    await tws.send(AutoOpenOrdersRequest(auto_bind=True))
    return tuple([trade for trade in _trades(tws, rows) if trade.owner is Owner.BOUND])
