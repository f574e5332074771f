"""A trade: its changes, the wait for a state, its modification and its cancel, and what is left of each."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

import anyio
import pytest

from anytws import (
    CancelFailed,
    Change,
    ConnectionClosed,
    LocalProtocolError,
    ModificationRefused,
    OrderOutcome,
    OrderRejected,
    OrderUnknown,
    Owner,
    ReadOnly,
    StreamInUse,
    Trade,
    TradeTimedOut,
    Tws,
    WrongThread,
)
from anytws.messages import ErrorMessage, ToClient
from anytws.messages.base import replace
from anytws.messages.orders import CancelOrderRequest, PlaceOrderRequest
from tests.order_peer import (
    AAPL,
    LIMIT,
    Desk,
    W,
    cancelled,
    cost,
    executed,
    nothing,
    opened,
    refused,
    submitted,
    told,
    trading,
    turns,
    until,
)
from tests.test_cancellation import MANY, stepwise


async def placed(tws: Tws, ref: str = "a", **fields: Any) -> Trade:
    """Place an order."""
    return await tws.orders.place(AAPL, replace(LIMIT, **fields), ref=ref)


# --- changes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [176, 226])
async def test_every_change(version: int) -> None:
    """It begins with the present state, none is lost, each begins where the one before ended, and it ends."""
    async with trading(version) as (tws, desk):
        trade = await placed(tws)
        changes = trade.changes()
        first = executed(5, 40, 40)
        # All in one piece: what comes and goes within one read is told, too.
        await desk.say(first, told(5, filled=40, rest=60), cost(first), executed(5, 60, 100), told(5, W.FILLED, 100, 0))
        found = [change async for change in changes]
        assert found[0].before == found[0].state
        assert all(one.state == other.before for one, other in pairwise(found))
        assert [change.state.filled for change in found][-1] == 100
        assert {int(change.state.filled) for change in found} == {0, 40, 100}
        assert found[-1].state.is_done
        # After the end there is nothing more, also for one who comes later.
        assert [change.state.status async for change in trade.changes()] == [OrderOutcome.FILLED]
        assert [change async for change in changes] == []


async def test_two_readers_and_one_that_has_gone() -> None:
    """Each has all; who forgets its iterator is forgotten."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        one, other = trade.changes(), trade.changes()
        trade.changes()
        await desk.say(*cancelled(desk, CancelOrderRequest(5)))
        assert [each async for each in one] == [each async for each in other] != []
        assert "changes" in repr(trade.changes).lower()


async def test_a_reader_that_waits() -> None:
    """It is woken; a second one on the same iterator is refused; a cancelled one can go on."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        changes = trade.changes()
        assert isinstance(await anext(changes), Change)
        found: list[Change] = []

        async def read() -> None:
            found.append(await anext(changes))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await turns()
            with pytest.raises(StreamInUse):
                await anext(changes)
            tasks.cancel_scope.cancel()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await turns()
            await desk.say(told(5, W.CANCELLED))
        assert found[0].state.status is OrderOutcome.CANCELLED


async def test_changes_to_the_end_of_the_connection() -> None:
    """What was heard before comes first, then that the state is unsure, then the end."""
    with pytest.raises(ConnectionClosed):
        async with trading() as (tws, desk):
            trade = await placed(tws)
            changes = trade.changes()
            await desk.say(executed(5, 40, 40))
            await desk.peer.hang_up()
            found: list[Change] = []
            try:
                async for change in changes:
                    found.append(change)  # noqa: PERF401 (what raises would take them with it)
            finally:
                assert [change.state.filled for change in found if change.state.filled] != []
                assert found[-1].state.is_unsure
                with pytest.raises(ConnectionClosed):
                    [change async for change in trade.changes()]


# --- until -----------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_until() -> None:
    """At once, when it comes, never, and where what is asked raises."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        assert (await trade.until(lambda state: state.is_live)).status is OrderOutcome.OPEN

        async def fill() -> None:
            await anyio.sleep(5)
            await desk.say(told(5, W.FILLED, 100, 0))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fill)
            assert (await trade.until(lambda state: state.is_done, timeout=6)).filled == 100
        assert anyio.current_time() == pytest.approx(5)
        with pytest.raises(TradeTimedOut, match="filled, 100 filled") as caught:
            await trade.until(lambda state: state.filled > 100, timeout=3)
        assert (caught.value.seconds, caught.value.trade) == (3, trade)
        with pytest.raises(ZeroDivisionError):
            await trade.until(lambda _: 1 / 0)
        with pytest.raises(TypeError):
            await trade.until("done")  # type: ignore[arg-type]


async def test_until_the_connection_ends() -> None:
    with pytest.raises(ConnectionClosed):
        async with trading() as (tws, desk):
            trade = await placed(tws)
            await desk.peer.hang_up()
            await trade.until(lambda state: state.is_done)


# --- modify ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [176, 226])
async def test_a_change_is_accepted(version: int) -> None:
    """The whole order goes out anew, as TWS has said it last."""
    async with trading(version) as (tws, desk):
        trade = await placed(tws)
        # Somebody has changed it by hand.
        await desk.say(opened(5, replace(LIMIT, order_reference="a", total_quantity=Decimal(300))))
        state = await trade.modify(limit_price="10.5")
        sent = desk.heard(PlaceOrderRequest)[-1]
        assert (sent.order_id, sent.order.limit_price, sent.order.total_quantity) == (5, 10.5, 300)
        assert (sent.order.order_reference, sent.contract) == ("a", AAPL)
        assert state.status is OrderOutcome.OPEN
        assert trade.order is not None
        assert trade.order.limit_price == 10.5
        # What is so already need not be said.
        assert await trade.modify(limit_price=10.5) == state
        assert len(desk.heard(PlaceOrderRequest)) == 2


@pytest.mark.virtual_time
async def test_a_change_is_not_accepted_by_an_echo() -> None:
    """The old terms once more, and a status: nobody has said that it is accepted, so it is not known."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says = lambda _, __: [opened(5, replace(LIMIT, order_reference="a")), told(5)]
        with pytest.raises(OrderUnknown, match="new terms") as caught:
            await trade.modify(limit_price=11, timeout=5)
        assert caught.value.state is not None
        assert caught.value.state.status is OrderOutcome.OPEN
        # It was not withdrawn, and may come yet.
        await desk.say(opened(5, replace(LIMIT, order_reference="a", limit_price=11.0)))
        assert trade.order is not None
        assert trade.order.limit_price == 11


async def test_a_change_is_refused() -> None:
    """The order lives on; the same refusal a second time is one, too."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        for code in (110, 110, 105, 462, 2102):
            desk.says = lambda _, request, code=code: [refused(request.order_id, code)]  # type: ignore[misc]
            with pytest.raises(ModificationRefused, match=f"so it says {code}") as caught:
                await trade.modify(limit_price=10.123)
            assert (caught.value.code, caught.value.trade) == (code, trade)
            assert trade.state.status is OrderOutcome.OPEN
            assert not trade.state.is_contested
        desk.says = submitted
        await trade.modify(limit_price=11)


async def test_a_change_is_refused_by_the_vendor() -> None:
    """After 201 it is open whether the order lives on; with `Inactive` it does not."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says = lambda _, request: [refused(request.order_id)]
        with pytest.raises(ModificationRefused):
            await trade.modify(total_quantity=1000)
        assert trade.state.is_contested
        other = await _other(tws, desk)
        desk.says = lambda _, request: [told(request.order_id or 0, W.INACTIVE), refused(request.order_id)]
        with pytest.raises((ModificationRefused, OrderRejected)):
            await other.modify(total_quantity=1000)
        assert other.state.status is OrderOutcome.REJECTED


async def _other(tws: Tws, desk: Desk) -> Trade:
    desk.says = submitted
    return await placed(tws, "b")


async def test_the_order_ends_meanwhile() -> None:
    """Filled or cancelled in the race: that is the state that is given."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says = lambda _, __: [executed(5, 100, 100), told(5, W.FILLED, 100, 0)]
        assert (await trade.modify(limit_price=11)).status is OrderOutcome.FILLED
        with pytest.raises(ModificationRefused, match="come to its end") as caught:
            await trade.modify(limit_price=12)
        assert caught.value.code is None
        assert len(desk.heard(PlaceOrderRequest)) == 2


@pytest.mark.virtual_time
async def test_one_change_at_a_time() -> None:
    """The second waits for the answer to the first, and is made of what TWS says then; or it is not sent at all."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says = nothing

        async def change(**fields: Any) -> None:
            await trade.modify(**fields)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: change(limit_price=11))
            await turns()
            tasks.start_soon(lambda: change(total_quantity=50))
            await turns()
            with pytest.raises(ModificationRefused, match="another change"):
                await trade.modify(limit_price=12, timeout=1)
            assert len(desk.heard(PlaceOrderRequest)) == 2
            desk.says = submitted
            await desk.say(opened(5, replace(LIMIT, order_reference="a", limit_price=11.0)))
        last = desk.heard(PlaceOrderRequest)[-1].order
        assert (last.limit_price, last.total_quantity) == (11, 50)
        assert len(desk.heard(PlaceOrderRequest)) == 3


async def test_a_change_without_a_link() -> None:
    """It was seen to become a second order: not sent, unless that is said."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        await desk.say(ErrorMessage(None, 1100, "lost"))
        with pytest.raises(ModificationRefused, match="no link") as caught:
            await trade.modify(limit_price=11)
        assert caught.value.code is None
        assert len(desk.heard(PlaceOrderRequest)) == 1
        await trade.modify(limit_price=11, without_link=True)
        await desk.say(ErrorMessage(None, 1102, "back"))
        await trade.modify(limit_price=12)
        assert len(desk.heard(PlaceOrderRequest)) == 3


@pytest.mark.virtual_time
async def test_no_change_of_what_may_not_be_there() -> None:
    """TWS would make a new order of it."""
    async with trading() as (tws, desk):
        desk.says = nothing
        with pytest.raises(OrderUnknown):
            await placed(tws)
        trade = tws.orders.trade("a")
        assert trade is not None
        with pytest.raises(ModificationRefused, match="not known whether"):
            await trade.modify(limit_price=11)
        assert len(desk.heard(PlaceOrderRequest)) == 1


async def test_what_no_change_is_made_of() -> None:
    async with trading() as (tws, desk):
        trade = await placed(tws)
        wrong: list[dict[str, Any]] = [
            {}, {"price": 1}, {"account": "DU2"}, {"order_reference": "b"}, {"what_if": True}, {"total_quantity": 1.5},
        ]  # fmt: skip
        for fields in wrong:
            with pytest.raises(TypeError):
                await trade.modify(**fields)
        wrong = [{"total_quantity": 0}, {"limit_price": float("nan")}, {"limit_price": "ten"}]
        for fields in wrong:
            with pytest.raises(ValueError):  # noqa: PT011 (each says its own)
                await trade.modify(**fields)
        assert len(desk.heard(PlaceOrderRequest)) == 1


@pytest.mark.virtual_time
async def test_a_change_that_is_cancelled_before_a_byte_has_left() -> None:
    """It is taken back, and the order lives on."""
    async with trading(pacing=1) as (tws, desk):
        await anyio.sleep(2)
        trade = await placed(tws)
        with anyio.move_on_after(0.1):
            await trade.modify(limit_price=11)
        await anyio.sleep(3)
        assert len(desk.heard(PlaceOrderRequest)) == 1
        assert trade.state.status is OrderOutcome.OPEN
        assert (await trade.modify(limit_price=11)).status is OrderOutcome.OPEN


async def test_the_connection_ends_while_it_is_changed() -> None:
    with pytest.raises(OrderUnknown, match="the change"):
        async with trading() as (tws, desk):
            trade = await placed(tws)
            desk.says = nothing
            failures: list[OrderUnknown] = []

            async def cut() -> None:
                await until(lambda: len(desk.heard(PlaceOrderRequest)) == 2)
                await desk.peer.hang_up()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(cut)
                try:
                    await trade.modify(limit_price=11)
                except OrderUnknown as unknown:
                    failures.append(unknown)
            raise failures[0]


# --- cancel ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [176, 226])
async def test_cancelled(version: int) -> None:
    """The final state; a second time it is there at once, and nothing is sent."""
    async with trading(version) as (tws, desk):
        trade = await placed(tws)
        assert (await trade.cancel()).status is OrderOutcome.CANCELLED
        assert (await trade.cancel()).status is OrderOutcome.CANCELLED
        assert len(desk.heard(CancelOrderRequest)) == 1


def _filled_in_the_race(_: Desk, __: CancelOrderRequest) -> Iterable[ToClient]:
    return [refused(5, 10148), executed(5, 100, 100), told(5, W.FILLED, 100, 0)]


async def test_filled_in_the_race() -> None:
    """Also where TWS says first that it cannot be cancelled."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says_to_cancel = _filled_in_the_race
        assert (await trade.cancel()).status is OrderOutcome.FILLED


@pytest.mark.virtual_time
@pytest.mark.parametrize("code", [161, 10147, 10148, 136])
async def test_a_cancel_that_did_not_take(code: int) -> None:
    """It is told after two seconds without an end: none of these codes ends an order."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says_to_cancel = lambda _, __: [refused(5, code)]
        began = anyio.current_time()
        with pytest.raises(CancelFailed, match=f"so it says {code}") as caught:
            await trade.cancel()
        assert anyio.current_time() - began == pytest.approx(2)
        assert (caught.value.code, caught.value.state.status) == (code, OrderOutcome.OPEN)
        desk.says_to_cancel = cancelled
        assert (await trade.cancel()).status is OrderOutcome.CANCELLED


@pytest.mark.virtual_time
async def test_nobody_says_what_became_of_a_cancel() -> None:
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says_to_cancel = nothing
        with pytest.raises(OrderUnknown, match="the cancel") as caught:
            await trade.cancel(timeout=5)
        assert caught.value.state is not None
        assert caught.value.state.status is OrderOutcome.OPEN


async def test_two_cancel_at_once() -> None:
    """One cancel goes out, and both are told."""
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says_to_cancel = nothing
        found: list[OrderOutcome] = []

        async def cancel() -> None:
            found.append((await trade.cancel()).status)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel)
            tasks.start_soon(cancel)
            await until(lambda: desk.heard(CancelOrderRequest))
            await turns()
            await desk.say(*cancelled(desk, CancelOrderRequest(5)))
        assert found == [OrderOutcome.CANCELLED] * 2
        assert len(desk.heard(CancelOrderRequest)) == 1


@pytest.mark.virtual_time
async def test_cancelled_before_a_byte_has_left() -> None:
    """Both vanish, and whoever waits for the order is told."""
    async with trading(pacing=1) as (tws, desk):
        found: list[Trade] = []

        async def place() -> None:
            found.append(await placed(tws))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(place)
            await turns()
            trade = tws.orders.trade("a")
            assert trade is not None
            assert (await trade.cancel()).status is OrderOutcome.CANCELLED
        assert found == [*tws.orders.trades]
        await anyio.sleep(3)
        assert desk.peer.heard == []


async def test_who_is_cancelled_leaves_the_cancel_where_it_is() -> None:
    async with trading() as (tws, desk):
        trade = await placed(tws)
        desk.says_to_cancel = nothing
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(trade.cancel)
            await until(lambda: desk.heard(CancelOrderRequest))
            tasks.cancel_scope.cancel()
        await desk.say(*cancelled(desk, CancelOrderRequest(5)))
        assert trade.state.status is OrderOutcome.CANCELLED


# --- cancelled -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["modify", "cancel", "until", "changes"])
async def test_cancelled_wherever_it_may_be(verb: str) -> None:
    """At its first checkpoint, at its second, and so on: the order is what TWS has, and the next call is right."""
    async with trading() as (tws, desk):
        for victim in range(MANY):
            desk.says = submitted
            trade = await placed(tws, f"v{victim}")
            number = trade.order_id or 0
            uses: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
                "modify": partial(trade.modify, limit_price=11),
                "cancel": trade.cancel,
                "until": partial(trade.until, lambda state: state.is_done),
                "changes": trade.changes().__anext__,
            }
            if verb == "until":
                await desk.say(*cancelled(desk, CancelOrderRequest(number)))
            with anyio.CancelScope() as scope:

                def strike(count: int, victim: int = victim, scope: anyio.CancelScope = scope) -> None:
                    if count == victim:
                        scope.cancel()

                await stepwise(uses[verb](), strike)
            await turns()
            sent = [each.order.limit_price for each in desk.heard(PlaceOrderRequest) if each.order_id == number]
            assert trade.order is not None
            assert trade.order.limit_price == sent[-1]
            assert trade.state.pending.value == "idle"
            if trade.state.is_live:
                assert (await trade.modify(limit_price=12)).is_live
            assert (await trade.cancel()).status is OrderOutcome.CANCELLED
            if not scope.cancel_called:
                assert victim > 0, "there was no checkpoint"
                return
        raise AssertionError(f"more than {MANY} checkpoints")


# --- of others -------------------------------------------------------------------------------------------------------


async def test_orders_of_others() -> None:
    """Nothing is sent: under the id of another client this one may have an order of its own."""
    async with trading() as (tws, desk):
        own = await placed(tws)
        await desk.say(opened(5, client_id=2, permanent_id=77), told(5, client_id=2, permanent_id=77))
        await desk.say(opened(0, client_id=0, permanent_id=78), opened(-3, client_id=0, permanent_id=79))
        foreign, manual, bound = tws.orders.trades[1:]
        assert [each.owner for each in (own, foreign, manual, bound)] == [
            Owner.OURS, Owner.OTHER_CLIENT, Owner.MANUAL, Owner.BOUND,
        ]  # fmt: skip
        for trade, advice in ((foreign, "client 2"), (manual, "bind_manual"), (bound, "client 0")):
            with pytest.raises(LocalProtocolError, match=advice):
                await trade.cancel()
            with pytest.raises(LocalProtocolError, match=advice):
                await trade.modify(limit_price=1)
        assert len(desk.peer.heard) == 1


async def test_a_bound_order_is_changed_by_client_0() -> None:
    async with trading(client_id=0) as (tws, desk):
        await desk.say(opened(-3, client_id=0, permanent_id=79))
        (trade,) = tws.orders.trades
        desk.says_to_cancel = lambda _, request: [
            told(request.order_id, W.CANCELLED, client_id=0, permanent_id=79),
            ErrorMessage(request.order_id, 202, "Order Canceled - reason:"),
        ]
        assert (await trade.cancel()).status is OrderOutcome.CANCELLED
        assert desk.heard(CancelOrderRequest) == [CancelOrderRequest(-3)]


async def test_read_only_and_another_thread() -> None:
    async with trading(read_only=True) as (tws, desk):
        await desk.say(opened(5))
        (trade,) = tws.orders.trades
        for call in (trade.cancel, lambda: trade.modify(limit_price=1)):
            with pytest.raises(ReadOnly):
                await call()
        with pytest.raises(WrongThread):
            await anyio.to_thread.run_sync(trade.changes)
        assert trade.state.status is OrderOutcome.OPEN
        assert trade.state.pending.value == "idle"
