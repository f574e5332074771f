"""What TWS is asked about orders: a failed query is never empty, and nothing is told twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import pytest

from anytws import (
    LocalProtocolError,
    OrderOutcome,
    OrdersStillOpen,
    Owner,
    ReadOnly,
    RequestFailed,
    RequestTimedOut,
)
from anytws.client.order_queries import COSTS_SECONDS
from anytws.messages import OpenOrdersEnd
from anytws.messages.base import replace
from anytws.messages.executions import ExecutionDetailsEnd, ExecutionRequest
from anytws.messages.order_state import OrderState
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    CompletedOrder,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    GlobalCancelRequest,
    OpenOrdersRequest,
)
from tests.order_peer import AAPL, LIMIT, W, cost, executed, opened, refused, told, trading, until

NOON = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("version", [176, 226])
async def test_open(version: int) -> None:
    """Of all clients and made by hand, each once; what has ended meanwhile is left out."""
    async with trading(version) as (tws, desk):
        own = await tws.orders.place(AAPL, LIMIT, ref="own")
        desk.peer.answers = {
            AllOpenOrdersRequest: (
                opened(5, replace(LIMIT, order_reference="own")), told(5), told(5),
                opened(5, client_id=2, permanent_id=77), told(5, client_id=2, permanent_id=77),
                opened(0, client_id=0, permanent_id=78), opened(0, client_id=0, permanent_id=79),
                opened(-2, client_id=0, permanent_id=80),
                opened(9), told(9, W.FILLED, 100, 0),
                opened(11, what_if=True), OpenOrdersEnd(),
            )
        }  # fmt: skip
        found = await tws.orders.open()
        assert found[0] is own
        assert [each.owner for each in found] == [
            Owner.OURS, Owner.OTHER_CLIENT, Owner.MANUAL, Owner.MANUAL, Owner.BOUND,
        ]  # fmt: skip
        assert len({each.permanent_id for each in found}) == 5
        assert {each.state.status for each in found} == {OrderOutcome.OPEN}
        desk.peer.answers = {AllOpenOrdersRequest: (OpenOrdersEnd(),)}
        assert await tws.orders.open() == ()


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [176, 226])
async def test_failed_queries_are_never_empty(version: int) -> None:
    """A TWS that lets clients only read says 321 without an id; others never say the end."""
    async with trading(version) as (tws, desk):
        await anyio.sleep(10)
        kinds = (AllOpenOrdersRequest, CompletedOrdersRequest)
        desk.peer.answers = dict.fromkeys(kinds, (refused(None, 321),))
        for ask in (tws.orders.open, tws.orders.completed):
            with pytest.raises(RequestFailed) as caught:
                await ask()
            assert caught.value.code == 321
        desk.peer.answers = {}
        for ask in (tws.orders.open, tws.orders.completed, tws.orders.executions):
            with pytest.raises(RequestTimedOut):
                await ask(timeout=3)
            await anyio.sleep(30)


def completed(permanent_id: int, word: Any = W.CANCELLED, filled: int = 0) -> CompletedOrder:
    """Say an order that came to its end."""
    order = replace(LIMIT, permanent_id=permanent_id, filled_quantity=Decimal(filled), total_quantity=Decimal(0))
    return CompletedOrder(AAPL, order, OrderState(status=word, completed_status="Cancelled by Trader"))


async def test_completed() -> None:
    """Each once, as it was said last; and it is known then."""
    async with trading() as (tws, desk):
        rows = (completed(7), completed(8, W.FILLED, 100), completed(7, filled=40), CompletedOrdersEnd())
        desk.peer.answers = {CompletedOrdersRequest: rows}
        found = await tws.orders.completed(api_only=True)
        assert [(row.order.permanent_id, row.order.filled_quantity) for row in found] == [(7, 40), (8, 100)]
        assert desk.heard(CompletedOrdersRequest)[0].api_only
        assert {trade.state.status for trade in tws.orders.trades} == {OrderOutcome.FILLED, OrderOutcome.CANCELLED}


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [176, 226])
async def test_executions(version: int) -> None:
    """Each once, corrected, with costs; those of others without."""
    async with trading(version) as (tws, desk):
        first = executed(5, 40, 40)
        wrong, right = (executed(5, shares, 100, name=f"0000e0d5.77.01.0{n}") for n, shares in ((1, 60), (2, 50)))
        foreign = executed(6, 7, 7)
        rows = [first, cost(first), right, wrong, cost(wrong), cost(right, 2.0), foreign]
        desk.peer.answers = {ExecutionRequest: lambda request: _answering(request, rows)}
        began = anyio.current_time()
        found = await tws.orders.executions()
        assert [(fill.execution.shares, fill.costs and fill.costs.commission_and_fees) for fill in found] == [
            (40, 1.0), (50, 2.0), (7, None),
        ]  # fmt: skip
        # Costs of others may never come, and are not waited for longer than that.
        assert anyio.current_time() - began == pytest.approx(COSTS_SECONDS)
        rows = [first, cost(first)]
        await tws.orders.executions(NOON, symbol="AAPL")
        asked = desk.heard(ExecutionRequest)[-1].execution_filter
        assert (asked.symbol, asked.time is not None) == ("AAPL", True)
        with pytest.raises(ValueError, match="aware"):
            await tws.orders.executions(datetime(2026, 1, 5))  # noqa: DTZ001 (that is what it is about)


def _answering(request: Any, rows: list[Any]) -> list[Any]:
    number = request.request_id
    said = [replace(each, request_id=number) if hasattr(each, "execution") else each for each in rows]
    return [*said, ExecutionDetailsEnd(number)]


async def test_executions_before_a_time_are_left_out() -> None:
    """Those without a zone are not lost."""
    async with trading() as (tws, desk):
        rows = []
        for hours, name in ((-1, "a.01"), (0, "b.01"), (1, "c.01")):
            each = executed(5, 1, 1, name=f"0000.{name}")
            time = NOON + timedelta(hours=hours)
            rows += [replace(each, execution=replace(each.execution, time=time)), cost(each)]
        naive = executed(5, 1, 1, name="0000.d.01")
        rows += [replace(naive, execution=replace(naive.execution, time=datetime(2020, 1, 1))), cost(naive)]  # noqa: DTZ001
        desk.peer.answers = {ExecutionRequest: lambda request: _answering(request, rows)}
        found = await tws.orders.executions(NOON)
        assert [fill.execution.execution_id[5] for fill in found] == ["b", "c", "d"]


# --- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_cancel_all() -> None:
    """It comes back when TWS has said twice in a row that no order is open; the cancel goes out once."""
    async with trading() as (tws, desk):
        await anyio.sleep(10)
        await tws.orders.place(AAPL, LIMIT)
        foreign = (opened(7, client_id=2, permanent_id=77), OpenOrdersEnd())
        looks = iter([foreign, (OpenOrdersEnd(),), foreign, (OpenOrdersEnd(),), (OpenOrdersEnd(),)])
        desk.peer.answers = {AllOpenOrdersRequest: lambda _: next(looks)}
        await tws.orders.cancel_all()
        assert len(desk.heard(GlobalCancelRequest)) == 1
        assert len(desk.heard(AllOpenOrdersRequest)) == 5


@pytest.mark.virtual_time
async def test_cancel_all_leaves_some() -> None:
    """They are told when the time is over; and that TWS does not say is told, too."""
    async with trading() as (tws, desk):
        await anyio.sleep(10)
        places = desk.peer.answers
        foreign = (opened(7, client_id=2, permanent_id=77), OpenOrdersEnd())
        desk.peer.answers = {AllOpenOrdersRequest: foreign}
        began = anyio.current_time()
        with pytest.raises(OrdersStillOpen, match="still open") as caught:
            await tws.orders.cancel_all(timeout=5)
        assert [trade.permanent_id for trade in caught.value.trades] == [77]
        assert anyio.current_time() - began <= 5
        desk.peer.answers = {}
        with pytest.raises(RequestTimedOut):
            await tws.orders.cancel_all(timeout=5)
        desk.peer.answers = {**places, AllOpenOrdersRequest: (refused(None, 321),)}
        with pytest.raises(RequestFailed):
            await tws.orders.cancel_all(timeout=20)
        # It said once that there is none, and then nothing: whatever is not known to be over may be open.
        trade = await tws.orders.place(AAPL, LIMIT)
        looks = iter([(OpenOrdersEnd(),), ()])
        desk.peer.answers = {**places, AllOpenOrdersRequest: lambda _: next(looks, ())}
        with pytest.raises(OrdersStillOpen) as caught:
            await tws.orders.cancel_all(timeout=5)
        assert trade in caught.value.trades


async def test_bind_manual() -> None:
    """Client 0 alone: all others are refused here."""
    async with trading() as (tws, desk):
        with pytest.raises(LocalProtocolError, match="client 1"):
            await tws.orders.bind_manual()
        assert desk.peer.heard == []
    async with trading(client_id=0) as (tws, desk):
        desk.peer.answers = {OpenOrdersRequest: (opened(-2, client_id=0, permanent_id=80), OpenOrdersEnd())}
        (trade,) = await tws.orders.bind_manual()
        assert trade.owner is Owner.BOUND
        await until(lambda: desk.heard(AutoOpenOrdersRequest))
        assert desk.heard(AutoOpenOrdersRequest) == [AutoOpenOrdersRequest(auto_bind=True)]
    async with trading(client_id=0, read_only=True) as (tws, desk):
        with pytest.raises(ReadOnly):
            await tws.orders.bind_manual()
        assert desk.peer.heard == []
