"""Every change of every order, and every execution, as streams that miss nothing."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from anytws import (
    ConnectionClosed,
    Fill,
    Gap,
    OrderOutcome,
    Owner,
    RequestFailed,
    Resumed,
    SlowConsumer,
    TradeChange,
    Tws,
    WrongThread,
)
from anytws.messages import ErrorMessage, OpenOrdersEnd
from anytws.messages.base import replace
from anytws.messages.orders import AllOpenOrdersRequest
from tests.in_memory import next_of
from tests.order_peer import AAPL, LIMIT, Desk, W, cost, executed, opened, refused, told, trading, turns, until

OTHERS = (
    opened(7, client_id=2, permanent_id=77), told(7, client_id=2, permanent_id=77),
    opened(0, client_id=0, permanent_id=78), OpenOrdersEnd(),
)  # fmt: skip


@pytest.mark.parametrize("version", [176, 226])
async def test_every_change_of_every_order(version: int) -> None:
    """It begins with what is open, asks for the orders of others, and goes on with whatever is heard."""
    async with trading(version) as (tws, desk):
        own = await tws.orders.place(AAPL, LIMIT, ref="own")
        done = await tws.orders.place(AAPL, LIMIT, ref="done")
        await desk.say(told(6, W.FILLED, 100, 0))
        desk.peer.answers = {**desk.peer.answers, AllOpenOrdersRequest: OTHERS}
        async with tws.orders.follow_open() as news:
            first = await next_of(news)
            assert isinstance(first, TradeChange)
            assert (first.trade, first.before) == (own, first.state)
            found = [await next_of(news) for _ in range(2)]
            assert {each.trade.owner for each in found} == {Owner.OTHER_CLIENT, Owner.MANUAL}
            other = await tws.orders.place(AAPL, LIMIT, ref="other")
            execution = executed(5, 40, 40)
            await desk.say(execution, told(5, filled=40, rest=60), told(5, W.CANCELLED, 40, 60), executed(6, 1, 101))
            later: list[TradeChange] = []
            while not (later and later[-1].trade is done):
                later.append(await next_of(news))
            assert [each.state.filled for each in later if each.trade is own][-1] == 40
            assert [each.state.status for each in later if each.trade is own][-1] is OrderOutcome.CANCELLED
            assert [each.state.status for each in later if each.trade is other][-1] is OrderOutcome.OPEN
            assert len(desk.heard(AllOpenOrdersRequest)) == 1
        assert not [*tws.known_orders.watchers]


async def test_it_is_refused() -> None:
    """Where TWS lets clients only read; entering does not wait for it."""
    async with trading() as (tws, desk):
        desk.peer.answers = {AllOpenOrdersRequest: (refused(None, 321),)}
        async with tws.orders.follow_open() as news:
            with pytest.raises(RequestFailed):
                await next_of(news)
            assert [each async for each in news] == []
        assert not [*tws.known_orders.watchers]


async def test_its_reader_is_cancelled() -> None:
    """While TWS is asked: whoever reads next asks again."""
    async with trading() as (tws, desk):
        async with tws.orders.follow_open() as news:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(news.__anext__)
                await until(lambda: desk.heard(AllOpenOrdersRequest))
                tasks.cancel_scope.cancel()
            desk.peer.answers = {**desk.peer.answers, AllOpenOrdersRequest: OTHERS}
            await desk.say(OpenOrdersEnd())
            assert (await next_of(news)).trade.owner is not Owner.OURS


@pytest.mark.parametrize("version", [176, 226])
async def test_every_execution_once(version: int) -> None:
    """Repeats and costs are no executions; a correction is one; what is known before does not come."""
    async with trading(version) as (tws, desk):
        await tws.orders.place(AAPL, LIMIT)
        before = executed(5, 10, 10)
        await desk.say(before)
        async with tws.orders.follow_executions() as fills:
            first, second = executed(5, 30, 40), executed(5, 60, 100, name="0000e0d5.abc.01.01")
            corrected = executed(5, 50, 90, name="0000e0d5.abc.01.02")
            await desk.say(before, first, cost(before), first, second, cost(first), second, corrected, cost(corrected))
            found = [await next_of(fills) for _ in range(3)]
            assert [each.execution.shares for each in found] == [30, 60, 50]
            assert all(isinstance(each, Fill) for each in found)
            with anyio.move_on_after(0.01):
                await next_of(fills)
                raise AssertionError("there is no more")
            batch = await _batch_of(tws, desk)
            assert len(batch) == 2
        assert not [*tws.known_orders.fill_watchers]
        trade = tws.orders.trades[0]
        assert {fill.costs is not None for fill in trade.fills} == {True}


async def _batch_of(tws: Tws, desk: Desk) -> list[object]:
    """Give what comes in one batch."""
    async with tws.orders.follow_executions() as fills:
        await desk.say(executed(8, 1, 1), executed(9, 1, 1))
        async for batch in fills.batches():
            return [*batch]
    raise AssertionError("nothing came")


async def test_both_end_with_the_connection() -> None:
    """After all that had come before."""
    with pytest.raises(ConnectionClosed):
        async with trading() as (tws, desk):
            await tws.orders.place(AAPL, LIMIT)
            async with tws.orders.follow_executions() as fills, tws.orders.follow_open() as news:
                desk.peer.answers = {**desk.peer.answers, AllOpenOrdersRequest: OTHERS}
                await next_of(news)
                await desk.say(executed(5, 40, 40))
                await desk.peer.hang_up()
                assert (await next_of(fills)).execution.shares == 40
                with pytest.raises(ConnectionClosed):
                    await next_of(fills)
                rest: list[Any] = []
                with pytest.raises(ConnectionClosed):
                    async for each in news:
                        rest.append(each)  # noqa: PERF401 (what raises would take them with it)
                assert rest[-1].state.is_unsure
            async with tws.orders.follow_executions() as fills:
                await next_of(fills)


async def test_a_reader_that_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Order streams fail, and never drop; what is believed is right all the same."""
    monkeypatch.setattr("anytws.client.order_streams.CAPACITY", 50)
    async with trading() as (tws, desk):
        trade = await tws.orders.place(AAPL, LIMIT)
        async with tws.orders.follow_executions() as fills:
            await desk.say(*[executed(5, 1, number) for number in range(60)])
            with pytest.raises(SlowConsumer):
                await next_of(fills)
        assert len(trade.fills) == 60


async def test_how_it_is_used() -> None:
    async with trading() as (tws, desk):
        stream = tws.orders.follow_executions()
        with pytest.raises(RuntimeError, match="inside its block"):
            await anext(stream)
        async with stream:
            with pytest.raises(RuntimeError, match="one block"):
                await stream.__aenter__()
        with pytest.raises(WrongThread):
            await anyio.to_thread.run_sync(tws.orders.follow_open)
        # Who forgets a stream is forgotten.
        trade = await tws.orders.place(AAPL, replace(LIMIT, order_reference="a"))
        trade.changes()
        gc.collect()
        await desk.say(ErrorMessage(5, 399, "remark"))
        life = tws.known_orders.by_order_id(5)
        assert life is not None
        assert not [*life.watchers]
        await turns()


async def test_the_memory_of_executions_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen longest ago is forgotten first."""
    monkeypatch.setattr("anytws.client.order_streams.MOST_SEEN", 5)
    async with trading() as (tws, desk):
        await tws.orders.place(AAPL, LIMIT)
        async with tws.orders.follow_executions() as fills:
            await desk.say(*[executed(5, 1, number) for number in range(1, 20)])
            for _ in range(19):
                await next_of(fills)
            assert len(fills._seen) == 5  # pyright: ignore[reportPrivateUsage]


async def test_gaps_are_told_in_their_place() -> None:
    """What lies between a gap and its end is what was missed; two outages in a row are one gap."""
    noon = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
    first, second = Gap(noon, "cut"), Gap(noon, "again")
    async with trading() as (tws, desk):
        await tws.orders.place(AAPL, LIMIT)
        desk.peer.answers = {**desk.peer.answers, AllOpenOrdersRequest: (OpenOrdersEnd(),)}
        async with tws.orders.follow_executions() as fills, tws.orders.follow_open() as news:
            await next_of(news)
            book = tws.known_orders
            book.tell_all(Resumed(first, noon))
            book.tell_all(first)
            book.tell_all(second)
            await desk.say(executed(5, 40, 40))
            book.tell_all(Resumed(second, noon, not_fetched="all of it"))
            await desk.say(executed(5, 60, 100))
            found = [await next_of(fills) for _ in range(4)]
            assert found[0] == first
            assert found[2] == Resumed(first, noon, not_fetched="all of it")
            assert [each.execution.shares for each in found[1::2]] == [40, 60]
            assert [type(await next_of(news)) for _ in range(4)] == [Gap, TradeChange, Resumed, TradeChange]
