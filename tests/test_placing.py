"""Orders are placed: what is an answer, what is none, and what is left where it is cancelled, cut, or refused here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from anytws import (
    AlreadyPlaced,
    ConnectionClosed,
    Left,
    LocalProtocolError,
    OrderOutcome,
    OrderRejected,
    OrderUnknown,
    ReadOnly,
    SendQueueFull,
    Trade,
    Tws,
)
from anytws.client.placing import ANSWER_SECONDS, MOST_OF_A_REF, Patience, answered, check, submit, unknown, withdraw
from anytws.core.code_words import Outstanding
from anytws.machines.known_orders import KnownOrders
from anytws.messages import LimitOrder, ToClient
from anytws.messages.base import replace
from anytws.messages.orders import PlaceOrderRequest
from tests.order_deck import ORDER_ID, STOCK, Told, order
from tests.order_peer import AAPL, LIMIT, Desk, W, executed, nothing, opened, refused, told, trading, turns, until
from tests.test_cancellation import MANY, stepwise

Says = Callable[[int], Iterable[ToClient]]


def saying(says: Says) -> Callable[[Desk, PlaceOrderRequest], Iterable[ToClient]]:
    """Have something said to each order."""
    return lambda _, request: says(request.order_id or 0)


ACKNOWLEDGED: dict[str, Says] = {
    "a status": lambda n: [told(n, W.PRE_SUBMITTED)],
    "an open order": lambda n: [opened(n)],
    "an execution": lambda n: [executed(n, 40, 40)],
    "filled at once": lambda n: [told(n, W.FILLED, 100, 0)],
    "cancelled at once, as IOC is": lambda n: [told(n, W.CANCELLED)],
    "a remark first": lambda n: [refused(n, 399), refused(n, 10349), opened(n, word=W.PRE_SUBMITTED)],
}


@pytest.mark.parametrize("version", [176, 226])
async def test_what_is_an_acknowledgment(version: int) -> None:
    """The first live word, an execution, or its end; each on its own."""
    async with trading(version) as (tws, desk):
        for name, says in ACKNOWLEDGED.items():
            desk.says = saying(says)
            with anyio.fail_after(5):
                trade = await tws.orders.place(AAPL, LIMIT, ref=name)
            assert trade is tws.orders.trade(name)
            assert not trade.state.is_held
        assert len(tws.orders.trades) == len(desk.orders) == len(ACKNOWLEDGED)


@pytest.mark.virtual_time
async def test_remarks_alone_are_none() -> None:
    """399 and 404 are no answer: the order is unknown when the deadline passes, and never refused."""
    async with trading() as (tws, desk):
        desk.says = saying(lambda n: [refused(n, 399), refused(n, 404)])
        with pytest.raises(OrderUnknown, match="its bytes had left") as caught:
            await tws.orders.place(AAPL, LIMIT, ref="a")
        assert (caught.value.ref, caught.value.left, caught.value.order_id) == ("a", Left.ALL, 5)
        assert caught.value.life is not None
        assert anyio.current_time() == pytest.approx(ANSWER_SECONDS)
        # It works, says TWS at last: nothing was lost.
        await desk.say(opened(5))
        trade = tws.orders.trade("a")
        assert trade is not None
        assert trade.state.status is OrderOutcome.OPEN


@pytest.mark.virtual_time
async def test_inactive_waits_for_a_code() -> None:
    """With one it is refused, without one it is held."""
    async with trading() as (tws, desk):
        desk.says = saying(lambda n: [opened(n, word=W.INACTIVE), told(n, W.INACTIVE)])
        trade = await tws.orders.place(AAPL, LIMIT, ref="held")
        assert trade.state.is_held
        assert anyio.current_time() == pytest.approx(2.0)

        async def refuse() -> None:
            await until(lambda: len(desk.orders) == 2)
            await anyio.sleep(1)
            await desk.say(refused(6, 201))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(refuse)
            with pytest.raises(OrderRejected):
                await tws.orders.place(AAPL, LIMIT, ref="refused")
        assert anyio.current_time() == pytest.approx(3.0)


async def test_refused() -> None:
    """With code, text and trade; its reference may be used again if that is said."""
    async with trading() as (tws, desk):
        for code in (201, 110, 10255, 321):
            desk.says = saying(lambda n, code=code: [refused(n, code)])  # type: ignore[misc]
            with pytest.raises(OrderRejected, match=f"so it says {code}") as caught:
                await tws.orders.place(AAPL, LIMIT, ref=f"r{code}")
            assert (caught.value.code, caught.value.message) == (code, f"so it says {code}")
            assert caught.value.trade.state.status is OrderOutcome.REJECTED
        with pytest.raises(AlreadyPlaced) as placed:
            await tws.orders.place(AAPL, LIMIT, ref="r201")
        assert placed.value.trade.order_id == 5
        desk.says = saying(lambda n: [opened(n)])
        again = await tws.orders.place(AAPL, LIMIT, ref="r201", again=True)
        assert tws.orders.trade("r201") is again
        with pytest.raises(AlreadyPlaced):
            await tws.orders.place(AAPL, LIMIT, ref="r201", again=True)


async def test_the_same_reference_at_once() -> None:
    """A webhook that fires ten times: one order, also while it is in flight."""
    async with trading() as (tws, desk):
        desk.says = nothing
        found: list[Trade] = []

        async def fire() -> None:
            try:
                found.append(await tws.orders.place(AAPL, LIMIT, ref="hook"))
            except AlreadyPlaced as placed:
                found.append(placed.trade)

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(fire)
            await until(lambda: len(found) == 9 and desk.orders)
            await desk.say(opened(5))
        assert len({id(trade) for trade in found}) == 1
        assert len(desk.orders) == 1


@pytest.mark.virtual_time
async def test_deadlines() -> None:
    """One's own, or a minute times the factor of the connection."""
    async with trading(timeout_factor=2.0) as (tws, desk):
        desk.says = nothing
        for ref, timeout, seconds in (("a", None, 2 * ANSWER_SECONDS), ("b", 3, 3.0), ("c", 0, 0.0)):
            began = anyio.current_time()
            with pytest.raises(OrderUnknown) as caught:
                await tws.orders.place(AAPL, LIMIT, ref=ref, timeout=timeout)
            assert anyio.current_time() - began == pytest.approx(seconds)
            assert caught.value.__cause__ is None
            # In no time at all it may have left or not; if not, it is taken back.
            assert not seconds or caught.value.left is Left.ALL
        # Bad deadlines send nothing.
        with pytest.raises((TypeError, ValueError)):
            await tws.orders.place(AAPL, LIMIT, ref="d", timeout=-1)
        await turns()
        assert "d" not in {each.order.order_reference for each in desk.orders.values()}


async def test_the_connection_ends() -> None:
    """`OrderUnknown` leaves the block, with how it ended as its cause; what catches it may look first."""
    seen: list[tuple[Trade | None, OrderUnknown]] = []

    async def cut(desk: Desk) -> None:
        await until(lambda: desk.orders)
        await desk.peer.hang_up()

    async with anyio.create_task_group() as tasks:
        with pytest.raises(OrderUnknown, match="the connection ended"):
            async with trading() as (tws, desk):
                desk.says = nothing
                tasks.start_soon(cut, desk)
                try:
                    await tws.orders.place(AAPL, LIMIT, ref="cut")
                except OrderUnknown as unknown:
                    # The peer's own group takes the cause away.
                    assert isinstance(unknown.__cause__, ConnectionClosed)
                    seen.append((tws.orders.trade("cut"), unknown))
                    raise
    (trade, failure) = seen[0]
    assert (failure.left, failure.client_id, failure.next_valid_id) == (Left.ALL, 1, 5)
    assert trade is not None
    assert (trade.state.status, trade.state.is_unsure) == (OrderOutcome.UNKNOWN, True)


@pytest.mark.virtual_time
@pytest.mark.parametrize("transmit", [True, False])
async def test_the_connection_ends_before_a_byte_has_left(transmit: bool) -> None:
    """TWS cannot have heard of it: that is said, and there never was such an order."""
    states: list[OrderOutcome] = []

    async def cut(desk: Desk) -> None:
        await turns()
        await desk.peer.hang_up()

    async with anyio.create_task_group() as tasks:
        with pytest.raises(OrderUnknown, match="none of its bytes had left"):
            async with trading(pacing=1) as (tws, desk):
                tasks.start_soon(cut, desk)
                try:
                    await tws.orders.place(AAPL, replace(LIMIT, transmit=transmit), ref="cut")
                except OrderUnknown as unknown:
                    assert unknown.left is Left.NONE
                    states.extend([trade.state.status for trade in tws.orders.trades])
                    raise
    assert states in ([], [OrderOutcome.CANCELLED])


@pytest.mark.virtual_time
@pytest.mark.parametrize("transmit", [True, False])
async def test_cancelled_before_a_byte_has_left(transmit: bool) -> None:
    """It is taken back, its reference is free, and its id is a gap."""
    async with trading(pacing=1) as (tws, desk):
        order = replace(LIMIT, transmit=transmit)
        with anyio.move_on_after(0.1) as scope:
            await tws.orders.place(AAPL, order, ref="gone")
        assert scope.cancelled_caught
        trade = tws.orders.trade("gone")
        assert trade is None or trade.state.status is OrderOutcome.CANCELLED
        await anyio.sleep(5)
        assert desk.orders == {}
        placed = await tws.orders.place(AAPL, LIMIT, ref="gone")
        assert placed.order_id == 6
        assert [*desk.orders] == [6]


@pytest.mark.virtual_time
async def test_a_deadline_before_a_byte_has_left() -> None:
    """Known to have left nothing: it is taken back, so that it cannot leave later."""
    async with trading(pacing=1) as (tws, desk):
        for order in (LIMIT, replace(LIMIT, transmit=False)):
            with pytest.raises(OrderUnknown, match="none of its bytes had left") as caught:
                await tws.orders.place(AAPL, order, ref="late", timeout=0.1)
            assert caught.value.left is Left.NONE
        await anyio.sleep(5)
        assert desk.orders == {}


async def test_cancelled_after_its_bytes_have_left() -> None:
    """It stands, and is found by its reference."""
    async with trading() as (tws, desk):
        desk.says = nothing
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: tws.orders.place(AAPL, LIMIT, ref="left"))
            await until(lambda: desk.orders)
            tasks.cancel_scope.cancel()
        trade = tws.orders.trade("left")
        assert trade is not None
        assert (trade.state.status, trade.left) == (OrderOutcome.UNKNOWN, Left.ALL)
        await desk.say(opened(5))
        assert trade.state.status is OrderOutcome.OPEN


async def test_who_is_cancelled_already_sends_nothing() -> None:
    async with trading() as (tws, desk):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await tws.orders.place(AAPL, LIMIT, ref="never")
        await turns()
        assert desk.peer.heard == []
        assert tws.orders.trades == ()


REFUSED_HERE: dict[str, Callable[[Tws], object]] = {
    "a reference with a blank at its end": lambda tws: tws.orders.place(AAPL, LIMIT, ref="a "),
    "one that is too long": lambda tws: tws.orders.place(AAPL, LIMIT, ref="a" * (MOST_OF_A_REF + 1)),
    "one that is not ASCII": lambda tws: tws.orders.place(AAPL, LIMIT, ref="Grün"),
    "one with a line end": lambda tws: tws.orders.place(AAPL, LIMIT, ref="a\nb"),
    "two references": lambda tws: tws.orders.place(AAPL, replace(LIMIT, order_reference="x"), ref="y"),
    "a what-if": lambda tws: tws.orders.place(AAPL, replace(LIMIT, what_if=True)),
    "a value that cannot be written": lambda tws: tws.orders.place(AAPL, replace(LIMIT, account="é\0"), ref="b"),
}


@pytest.mark.parametrize("name", REFUSED_HERE)
async def test_refused_here(name: str) -> None:
    """It leaves nothing behind: no order, no id, no reference."""
    async with trading() as (tws, desk):
        with pytest.raises(LocalProtocolError):
            await REFUSED_HERE[name](tws)  # type: ignore[misc]
        assert tws.orders.trades == ()
        assert tws.known_orders.ids.next == 5
        own = await tws.orders.place(AAPL, replace(LIMIT, order_reference="own"))
        assert (own.ref, own.order_id) == ("own", 5)
        assert [*desk.orders] == [5]


async def test_read_only() -> None:
    """Before anything is awaited or sent."""
    async with trading(read_only=True) as (tws, desk):
        with pytest.raises(ReadOnly):
            await tws.orders.place(AAPL, LIMIT, ref="a")
        with pytest.raises(ReadOnly):
            await tws.orders.cancel_all()
        await turns()
        assert desk.peer.heard == []
        assert tws.orders.trades == ()


@pytest.mark.virtual_time
async def test_a_full_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """`SendQueueFull` leaves no order and takes no id."""
    monkeypatch.setattr("anytws.machines.outbox.MOST_FRAMES", 20)
    async with trading(pacing=1) as (tws, _):
        await anyio.sleep(2)
        with pytest.raises(SendQueueFull):
            for _ in range(100):
                submit(tws, PlaceOrderRequest(AAPL, LIMIT))
        count, next_id = len(tws.orders.trades), tws.known_orders.ids.next
        with pytest.raises(SendQueueFull):
            await tws.orders.place(AAPL, LIMIT, ref="full")
        assert (len(tws.orders.trades), tws.known_orders.ids.next) == (count, next_id)
        assert tws.orders.trade("full") is None
        for life in tws.known_orders.lives:
            withdraw(tws, life)


async def test_what_is_no_contract_and_no_order() -> None:
    async with trading() as (tws, desk):
        with pytest.raises(TypeError, match="names no contract"):
            await tws.orders.place("AAPL", LIMIT)  # type: ignore[arg-type]
        # What TWS has reported names one.
        trade = await tws.orders.place(opened(3), LIMIT)
        assert trade.contract == AAPL
        assert len(desk.orders) == 1


@pytest.mark.parametrize("version", [176, 226])
async def test_an_order_that_tws_has_reported(version: int) -> None:
    """It is placed anew, without the names of the old one."""
    async with trading(version) as (tws, desk):
        trade = await tws.orders.place(AAPL, LIMIT)
        await desk.say(opened(5, LIMIT, order_id=5))
        assert trade.order is not None
        assert trade.order.permanent_id == 9005
        other = await tws.orders.place(AAPL, trade.order, ref="again")
        assert (other.order_id, desk.orders[6].order.permanent_id, desk.orders[6].order.order_id) == (6, 0, None)


async def test_cancelled_wherever_it_may_be() -> None:
    """At its first checkpoint, at its second, and so on: it was never sent, or it is there and is known."""
    async with trading() as (tws, desk):
        for victim in range(MANY):
            ref = f"v{victim}"
            with anyio.CancelScope() as scope:

                def strike(count: int, victim: int = victim, scope: anyio.CancelScope = scope) -> None:
                    if count == victim:
                        scope.cancel()

                await stepwise(tws.orders.place(AAPL, LIMIT, ref=ref), strike)
            await turns()
            sent = [order for order in desk.orders.values() if order.order.order_reference == ref]
            trade = tws.orders.trade(ref)
            if sent:
                assert trade is not None
                assert (await trade.until(lambda state: state.status is OrderOutcome.OPEN, timeout=5)).ref == ref
            else:
                assert trade is None or trade.state.status is OrderOutcome.CANCELLED
                again = await tws.orders.place(AAPL, LIMIT, ref=ref)
                assert again.state.status is OrderOutcome.OPEN
            if not scope.cancel_called:
                assert victim > 0, "there was no checkpoint"
                return
        raise AssertionError(f"more than {MANY} checkpoints")


async def test_untransmitted() -> None:
    """TWS says nothing of it: the trade is there as soon as its bytes have left."""
    async with trading() as (tws, desk):
        trade = await tws.orders.place(AAPL, replace(LIMIT, transmit=False), ref="kept")
        assert trade.state.is_untransmitted
        assert trade.left is Left.ALL
        await until(lambda: desk.orders)
        state = await trade.modify(transmit=True)
        assert state.status is OrderOutcome.OPEN
        assert not state.is_untransmitted


async def test_checked_together() -> None:
    """Two of a family under one reference are refused."""
    async with trading() as (tws, _):
        request = PlaceOrderRequest(AAPL, replace(LIMIT, order_reference="twice"))
        with pytest.raises(LocalProtocolError, match="two of these orders"):
            check(tws, [request, request])
        check(tws, [PlaceOrderRequest(AAPL, LIMIT)] * 2)


async def test_waiting_for_more_than_one() -> None:
    """Whoever waits for the same order is answered, too."""
    async with trading() as (tws, desk):
        desk.says = nothing
        submitted = submit(tws, PlaceOrderRequest(AAPL, LimitOrder("BUY", 1, 1)))
        done: list[int] = []

        async def wait(number: int) -> None:
            await answered(tws, submitted.life)
            done.append(number)

        async with anyio.create_task_group() as tasks:
            for number in range(3):
                tasks.start_soon(wait, number)
            await until(lambda: desk.orders)
            await desk.say(opened(5))
        assert sorted(done) == [0, 1, 2]


@pytest.mark.virtual_time
async def test_patience() -> None:
    """So many seconds of what is left, and no more."""
    async with trading() as (tws, desk):
        desk.says = nothing
        life = submit(tws, PlaceOrderRequest(AAPL, LIMIT)).life
        patience = Patience(tws, 5.0)
        assert not await patience.wait(life, lambda: False, 2.0)
        assert anyio.current_time() == pytest.approx(2)
        assert not await patience.wait(life, lambda: False)
        assert anyio.current_time() == pytest.approx(5)
        assert await patience.wait(life, lambda: True)


@pytest.mark.parametrize("is_of_earlier_run", [False, True])
def test_a_cancel_that_never_left_says_nothing_of_whether_the_order_did(is_of_earlier_run: bool) -> None:
    """Found by a ruined day: the order was said never to have arrived, and it lived."""
    deck = Told()
    if is_of_earlier_run:
        deck.life.note_remembered(PlaceOrderRequest(STOCK, order(), order_id=ORDER_ID), "the journal has it")
    else:
        deck.place(order())
    deck.cancel(leaves=False)
    tws: Any = SimpleNamespace(take_back=deck.life.note_taken_back, known_orders=KnownOrders())
    problem = unknown(tws, deck.life, "the connection ended")
    assert problem.left is (Left.SOME if is_of_earlier_run else Left.ALL)
    assert deck.life.state.pending is not Outstanding.CANCEL
