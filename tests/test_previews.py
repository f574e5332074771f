"""What-ifs and exercises, from end to end: margins or a reason, and an order that changes positions overnight."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import anyio
import pytest

from anytws import ConnectionClosed, OrderRejected, OrderUnknown, RequestFailed, RequestTimedOut
from anytws.machines.margins import Moved
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages import (
    Contract,
    ErrorMessage,
    ExerciseAction,
    ExerciseOptionsRequest,
    ManagedAccountsRequest,
    OrderStatusWord,
    PlaceOrderRequest,
    Position,
    Right,
    SecurityType,
    Stock,
    TimeInForce,
)
from anytws.messages.base import replace
from anytws.messages.order_state import OrderState
from anytws.messages.order_types import LimitOrder, MarketOrder
from anytws.messages.orders import OpenOrder, OrderStatus
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import AT_ONCE, Progress
from anytws.simulator.settings import EPOCH
from tests.in_memory import connected
from tests.scripted_peer import talking

virtual = pytest.mark.virtual_time

AAPL = Contract(265598, "AAPL", SecurityType.STOCK, exchange="SMART", currency="USD")
CALL = Contract(909449068, "AAPL", SecurityType.OPTION, exchange="SMART", currency="USD")
PRE = OrderStatusWord.PRE_SUBMITTED


# --- what-if -----------------------------------------------------------------------------------------------------


@virtual
@pytest.mark.parametrize("version", [176, 200, 226])
async def test_a_what_if_is_answered_and_no_order_is_there(version: int) -> None:
    world = World(WorldSettings(server_version=version, starts_at=EPOCH))
    async with connected(world) as tws:
        # It is computed also where the order itself is to be kept back: TWS refuses that as 413.
        margins = await tws.orders.what_if(Stock("AAPL"), MarketOrder("BUY", 100, transmit=False))
        assert margins.initial.before is not None
        assert margins.initial.change is not None
        assert margins.initial.after == margins.initial.before + margins.initial.change
        assert margins.initial.change > 0
        assert (margins.commission_and_fees, margins.commission_currency) == (1.0003, "USD")
        assert margins.min_commission_and_fees is None
        assert margins.equity_with_loan.after is not None
        assert tws.orders.trades == ()
        assert not world.exchange.orders.live
        first = tws.known_orders.ids.next
        with pytest.raises(RequestFailed) as caught:
            await tws.orders.what_if(Stock("ZZZZNONE"), MarketOrder("BUY", 1))
        assert caught.value.code == 200
        # Answered or refused, each has used up an order id, and the next order has a higher one.
        trade = await tws.orders.place(AAPL, LimitOrder("BUY", 1, 1))
        assert trade.order_id == first + 1
        assert tws.orders.trades == (trade,)


@pytest.mark.parametrize("version", [176, 226])
@pytest.mark.parametrize("code", [201, 321, 10255])
async def test_what_would_be_refused_says_why(version: int, code: int) -> None:
    async with talking(version) as (tws, peer):
        peer.answers = {PlaceOrderRequest: lambda asked: [ErrorMessage(asked.order_id, code, "no margin")]}
        with pytest.raises(RequestFailed, match="no margin") as caught:
            await tws.orders.what_if(AAPL, MarketOrder("BUY", 1))
        assert caught.value.code == code
        assert tws.orders.trades == ()


@pytest.mark.parametrize("version", [176, 226])
async def test_two_answers_are_one_and_what_is_unset_is_none(version: int) -> None:
    async with talking(version) as (tws, peer):

        def answer(asked: PlaceOrderRequest) -> list[Any]:
            assert asked.order_id is not None
            assert asked.order.what_if
            state = OrderState(status=PRE, initial_margin_change=Decimal(5), warning_text="beware")
            return [OpenOrder(asked.order_id, asked.contract, asked.order, state)] * 2

        peer.answers = {PlaceOrderRequest: answer}
        margins = await tws.orders.what_if(AAPL, MarketOrder("BUY", 1))
        assert margins.initial == Moved(None, Decimal(5), None)
        assert margins.maintenance == Moved()
        assert margins.commission_and_fees is None
        assert margins.warning == "beware"
        await tws.ask(ManagedAccountsRequest())
        assert tws.orders.trades == ()


@virtual
async def test_what_needs_an_order_id_waits_while_it_is_meant_for_a_family() -> None:
    async with talking(226) as (tws, _):
        with tws.orders.id_block.taken():
            began = anyio.current_time()
            with pytest.raises(RequestTimedOut):
                await tws.orders.what_if(AAPL, MarketOrder("BUY", 1), timeout=3)
            # The deadline is that of the call.
            assert anyio.current_time() - began == pytest.approx(3)


@virtual
async def test_a_what_if_that_is_not_answered_is_given_up_and_nothing_is_cancelled() -> None:
    async with talking(226) as (tws, peer):
        with pytest.raises(RequestTimedOut):
            await tws.orders.what_if(AAPL, MarketOrder("BUY", 1), timeout=3)
        with anyio.move_on_after(1) as scope:
            await tws.orders.what_if(AAPL, MarketOrder("BUY", 1))
        assert scope.cancelled_caught
        await tws.ask(ManagedAccountsRequest())
        assert [type(each) for each in peer.heard] == [PlaceOrderRequest] * 2 + [ManagedAccountsRequest]
        assert tws.orders.trades == ()


# --- exercise ----------------------------------------------------------------------------------------------------


def option_in(world: World) -> Contract:
    """Give a call on Apple that there is."""
    found = world.universe.find(
        Contract(
            symbol="AAPL",
            security_type=SecurityType.OPTION,
            exchange="SMART",
            currency="USD",
            strike=330.0,
            right=Right.CALL,
            last_trade_date_or_contract_month="20260116",
        )
    )
    return found[0].instrument.contract


@pytest.mark.parametrize("version", [176, 226])
async def test_an_exercise_as_it_was_recorded(version: int) -> None:
    async with talking(version) as (tws, peer):

        def answer(asked: ExerciseOptionsRequest) -> list[Any]:
            number = asked.order_id
            assert number is not None
            order = replace(LimitOrder("BUY", 1, 0, account="DU1"), permanent_id=9000008)
            return [
                ErrorMessage(number, 10349, "Order TIF was set to DAY based on order preset."),
                OpenOrder(number, asked.contract, order, OrderState(status=PRE)),
                OrderStatus(number, PRE, Decimal(0), Decimal(1), 0.0, 9000008, 0, 0.0, tws.client_id),
            ]

        peer.answers = {ExerciseOptionsRequest: answer}
        trade = await tws.orders.exercise(Position("DU1", CALL, Decimal(1), 7.4), 1)
        (asked,) = peer.heard
        assert isinstance(asked, ExerciseOptionsRequest)
        # It takes its id from the lane of orders, and its account from the position.
        assert (asked.order_id, asked.account, asked.exercise_action) == (5, "DU1", ExerciseAction.EXERCISE)
        assert trade.state.status is OrderOutcome.OPEN
        assert (trade.order_id, trade.permanent_id) == (5, 9000008)
        assert trade.state.last_error is not None
        assert trade.state.last_error.error_code == 10349
        assert tws.known_orders.ids.next == 6


@pytest.mark.parametrize("action", ExerciseAction)
@pytest.mark.parametrize("code", [322, 201])
async def test_an_exercise_that_is_refused(action: ExerciseAction, code: int) -> None:
    async with talking(226) as (tws, peer):
        peer.answers = {ExerciseOptionsRequest: lambda asked: [ErrorMessage(asked.order_id, code, "in clearing")]}
        with pytest.raises(OrderRejected, match="in clearing") as caught:
            await tws.orders.exercise(CALL, 1, action=action, account="DU1", override=True)
        assert caught.value.code == code
        assert caught.value.trade.state.status is OrderOutcome.REJECTED
        (asked,) = [each for each in peer.heard if isinstance(each, ExerciseOptionsRequest)]
        assert (asked.override, asked.exercise_action) == (True, action)


@virtual
async def test_a_lapse_is_taken_when_tws_has_read_it_and_has_not_refused_it() -> None:
    async with talking(226) as (tws, peer):
        trade = await tws.orders.exercise(CALL, 1, action=ExerciseAction.LAPSE)
        assert [type(each) for each in peer.heard] == [ExerciseOptionsRequest, ManagedAccountsRequest]
        # Nobody has said what became of it.
        assert trade.state.status is OrderOutcome.UNKNOWN
        peer.answers = {ManagedAccountsRequest: ()}
        with pytest.raises(OrderUnknown, match="did not say that it has read it"):
            await tws.orders.exercise(CALL, 1, action=ExerciseAction.LAPSE, timeout=3)


@pytest.mark.parametrize("action", ExerciseAction)
async def test_an_exercise_that_is_cut_off_is_unknown(action: ExerciseAction) -> None:
    unknown: list[OrderUnknown] = []
    async with anyio.create_task_group() as tasks:
        with suppress(ConnectionClosed):
            async with talking(226) as (tws, peer):

                def cut(_: Any, __: Any, ___: Any) -> list[Any]:
                    tasks.start_soon(peer.hang_up)
                    return []

                peer.twist = cut
                peer.answers = {ManagedAccountsRequest: ()}
                with pytest.raises(OrderUnknown) as caught:
                    await tws.orders.exercise(CALL, 1, action=action)
                unknown.append(caught.value)
    assert unknown[0].left is Left.ALL
    assert unknown[0].order_id == 5
    assert isinstance(unknown[0].__cause__, ConnectionClosed)


@virtual
async def test_an_exercise_at_the_simulated_tws() -> None:
    world = World(WorldSettings(progress=Progress.BY_HAND, latency=AT_ONCE, positions=(), starts_at=EPOCH))
    async with connected(world) as tws:
        call = option_in(world)
        bought = await tws.orders.place(call, LimitOrder("BUY", 1, 5, time_in_force=TimeInForce.DAY))
        hands = world.exchange.hands
        hands.fill(hands.find(bought.order_id or 0, client_id=tws.client_id))
        with anyio.fail_after(5):
            await bought.until(lambda state: state.is_done)
        trade = await tws.orders.exercise(call, 1)
        assert trade.state.word is PRE
        with pytest.raises(OrderRejected) as caught:
            await tws.orders.exercise(call, 5)
        assert caught.value.code == 322
