"""Brackets and groups, from end to end: their ids, the fence, and what is left when anything goes wrong in between."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anytws import (
    AlreadyPlaced,
    BracketBroken,
    ConnectionClosed,
    LocalProtocolError,
    NotConnected,
    OrderUnknown,
    Pacing,
    Trade,
    TradeTimedOut,
    Tws,
)
from anytws.client.families import Bracket
from anytws.client.id_block import LONGEST_HOLD, IdBlock
from anytws.client.order_errors import GateRefused
from anytws.client.placing_families import CANCEL_SECONDS
from anytws.machines.fate import FateOutcome
from anytws.machines.order_gate import Gate
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages import (
    CancelOrderRequest,
    ManagedAccountsRequest,
    MarketRuleRequest,
    OcaType,
    PlaceOrderRequest,
    TimeInForce,
)
from anytws.messages.order_types import (
    LimitOrder,
    MarketOrder,
    StopLimitOrder,
    TrailingStopOrder,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import Habits, Progress
from anytws.simulator.faults import CutUnanswered, DropRequest, ErrorInstead, Event, NeverAnswer, On, Script
from anytws.simulator.settings import EPOCH
from tests.family_desk import AAPL, WORD, at_desk, quiet
from tests.in_memory import PATIENCE, connected
from tests.staying import a_world, present, staying

virtual = pytest.mark.virtual_time

REFS = ("x", "x/profit", "x/stop")
FILLED, OPEN = OrderOutcome.FILLED, OrderOutcome.OPEN
CANCELLED, REJECTED, UNKNOWN = OrderOutcome.CANCELLED, OrderOutcome.REJECTED, OrderOutcome.UNKNOWN


async def bracket(tws: Tws, ref: str = "x", **more: Any) -> Bracket:
    """Place the bracket that most tests are about."""
    return await tws.orders.bracket(AAPL, "BUY", 100, limit_price=10, profit_price=11, stop_price=9, ref=ref, **more)


async def group(tws: Tws, ref: str = "x", **more: Any) -> tuple[Trade, ...]:
    """Place the group that most tests are about."""
    orders = [(AAPL, LimitOrder("BUY", 100, price)) for price in (10, 9, 8)]
    return await tws.orders.one_cancels_all(orders, ref=ref, **more)


def outcomes(trades: Iterable[Trade]) -> list[OrderOutcome]:
    return [trade.state.status for trade in trades]


# --- how it goes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [176, 200, 226])
async def test_a_bracket_is_one_block_of_ids_with_a_fence_before_its_last_member(version: int) -> None:
    async with at_desk(version) as (tws, desk):
        family = await bracket(tws, time_in_force=TimeInForce.GOOD_TILL_CANCELLED)
        assert desk.heard() == ["place 5 back", "place 6 back", "fence", "place 7"]
        assert [each.order.parent_id for each in desk.placed] == [0, 5, 5]
        assert [each.order.order_reference for each in desk.placed] == [*REFS]
        assert {each.order.time_in_force for each in desk.placed} == {TimeInForce.GOOD_TILL_CANCELLED}
        assert [each.order.action for each in desk.placed] == ["BUY", "SELL", "SELL"]
        assert [each.order.limit_price for each in desk.placed[:2]] == [10, 11]
        assert desk.placed[2].order.aux_price == 9
        parent, profit, stop = family
        assert (parent, profit, stop) == (family.parent, family.profit_taker, family.stop_loss)
        assert [trade.ref for trade in family] == [*REFS]
        assert [trade.order_id for trade in family] == [5, 6, 7]
        assert outcomes(family) == [OPEN] * 3
        assert not any(trade.state.is_untransmitted for trade in family)


async def test_the_last_member_waits_for_the_fence_and_others_wait_with_it() -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.answers_fences = False
        tasks.start_soon(bracket, tws)
        await quiet()
        assert desk.heard() == ["place 5 back", "place 6 back", "fence"]
        # Orders of others, a second family too, do not come in between.
        tasks.start_soon(tws.orders.place, AAPL, MarketOrder("BUY", 1))
        tasks.start_soon(bracket, tws, "y")
        await quiet()
        assert len(desk.placed) == 2
        desk.answers_fences = True
        await desk.answer_fence()
        await quiet()
        ids = {each.order.order_reference: each.order_id for each in desk.placed}
        assert [ids[ref] for ref in REFS] == [5, 6, 7]
        first = ids["y"]
        assert first is not None
        assert [ids[f"y{role}"] for role in ("", "/profit", "/stop")] == [first, first + 1, first + 2]
        assert sorted(number for number in ids.values() if number is not None) == [5, 6, 7, 8, 9, 10, 11]


@virtual
async def test_what_hangs_at_a_fence_holds_nobody_up_for_long() -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.answers_fences = False
        tasks.start_soon(bracket, tws)
        await quiet()
        began = anyio.current_time()
        await tws.orders.place(AAPL, MarketOrder("BUY", 1))
        assert anyio.current_time() - began == pytest.approx(LONGEST_HOLD)
        await desk.answer_fence()
        await quiet()
        assert desk.heard()[-1] == "place 8"


async def test_a_fence_shares_no_answer_that_was_on_its_way_before() -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.answers_fences = False
        tasks.start_soon(tws.ask, ManagedAccountsRequest())
        await quiet()
        tasks.start_soon(bracket, tws)
        await quiet()
        await desk.answer_fence()
        await quiet()
        assert desk.heard() == ["fence", "place 5 back", "place 6 back", "fence"]
        await desk.answer_fence()
        await quiet()
        assert desk.heard()[-1] == "place 7"


async def test_a_bracket_of_orders_that_the_caller_has_built() -> None:
    async with at_desk() as (tws, desk):
        entry = MarketOrder("SELL", 100, account="DU1", time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        family = await tws.orders.bracket(
            AAPL, entry, profit_price=9, stop_loss=StopLimitOrder("BUY", 100, 12, 11), ref="x"
        )
        profit, stop = desk.placed[1].order, desk.placed[2].order
        assert (profit.action, profit.total_quantity, profit.limit_price, profit.account) == ("BUY", 100, 9, "DU1")
        # A child outlives an entry that is for a moment alone.
        assert profit.time_in_force is TimeInForce.DAY
        assert (stop.limit_price, stop.aux_price, stop.order_reference) == (12, 11, "x/stop")
        alone = await tws.orders.bracket(
            AAPL, LimitOrder("BUY", 1, 10), stop_loss=TrailingStopOrder("SELL", 1, trailing_percent=5)
        )
        assert [each.order.transmit for each in desk.placed[3:]] == [False, True]
        assert [trade.ref for trade in alone] == ["", ""]
        assert alone.stop_loss is alone.children[0]
        with pytest.raises(LookupError, match="without a profit taker"):
            _ = alone.profit_taker
        taker = await tws.orders.bracket(AAPL, "BUY", 1, profit_price=11)
        assert taker.profit_taker is taker.children[0]
        assert desk.placed[5].order.order_type == MarketOrder("BUY", 1).order_type
        with pytest.raises(LookupError, match="without a stop loss"):
            _ = taker.stop_loss
    assert family.parent.ref == "x"


@pytest.mark.parametrize(
    "arguments, more, wrong",
    [
        (("BUY", 100), {}, "a profit taker, a stop loss, or both"),
        (("BUY", 100, 10), {"profit_price": 9.5}, "trades at once"),
        (("SELL", 100, 10), {"profit_price": 9, "stop_price": 8}, "trades at once"),
        (("BUY", 100, 10), {"stop_loss": LimitOrder("BUY", 1, 1)}, "has to SELL"),
        (("BUY", 100, 10), {"stop_price": 9, "stop_loss": LimitOrder("SELL", 1, 1)}, "not by both"),
        (("BUY", 100, 10), {"stop_price": 9, "what_if": True}, "what_if"),
        (("BUY", 100), {"stop_loss": MarketOrder("SELL", 1, transmit=False)}, "as a whole"),
        ((MarketOrder("BUY", 1), 5), {"stop_price": 9}, "in itself"),
        ((MarketOrder("BUY", None, cash_quantity=5.0),), {"stop_price": 9}, "needs a quantity"),
        ((MarketOrder("BUY", 1, parent_id=3),), {"stop_price": 9}, "by itself"),
    ],
)
async def test_what_is_no_bracket_is_refused_before_anything_is_sent(
    arguments: tuple[Any, ...], more: dict[str, Any], wrong: str
) -> None:
    async with at_desk() as (tws, desk):
        with pytest.raises(ValueError, match=wrong):
            await tws.orders.bracket(AAPL, *arguments, **more)
        assert desk.heard() == []


async def test_a_member_that_the_wire_cannot_carry_is_refused_before_the_first_leaves() -> None:
    async with at_desk(200) as (tws, desk):
        stop = StopLimitOrder("SELL", 100, 8, 9, post_only=True)
        with pytest.raises(LocalProtocolError, match="post_only"):
            await tws.orders.bracket(AAPL, "BUY", 100, 10, profit_price=11, stop_loss=stop, ref="x")
        assert desk.heard() == []
        assert tws.orders.trades == ()
        assert tws.known_orders.ids.next == 5


async def test_a_known_reference_of_any_member_refuses_the_whole() -> None:
    async with at_desk() as (tws, desk):
        placed = await tws.orders.place(AAPL, MarketOrder("BUY", 1), ref="x/stop")
        with pytest.raises(AlreadyPlaced) as caught:
            await bracket(tws)
        assert caught.value.trade is placed
        assert desk.heard() == ["place 5"]
        await group(tws, "y")
        with pytest.raises(AlreadyPlaced):
            await group(tws, "y")
        with pytest.raises(LocalProtocolError, match="two of these orders"):
            await tws.orders.one_cancels_all([(AAPL, MarketOrder("BUY", 1, order_reference="z"))] * 2)


# --- refused -----------------------------------------------------------------------------------------------------


@virtual
@pytest.mark.parametrize("silently", [True, False])
@pytest.mark.parametrize("place", [0, 1])
async def test_a_member_that_is_refused_before_the_fence_stops_the_family(place: int, silently: bool) -> None:
    async with at_desk() as (tws, desk):
        desk.on_sight, desk.discards_silently = {REFS[place]: 110}, silently
        with pytest.raises(BracketBroken, match="was refused") as caught:
            await bracket(tws)
        broken = caught.value
        assert (broken.code, broken.message) == (110, "refused by the test")
        assert broken.trade is broken.members[place]
        assert [trade.ref for trade in broken.members] == [*REFS[:2]]
        # Nothing more goes out, and what was not transmitted is cancelled.
        assert desk.heard() == ["place 5 back", "place 6 back", "fence", f"cancel {6 - place}"]
        wanted = [CANCELLED, CANCELLED]
        wanted[place] = REJECTED
        assert outcomes(broken.members) == wanted
        assert "filled" not in str(broken)


@virtual
@pytest.mark.parametrize("version", [200, 226])
async def test_a_last_member_that_is_refused_on_sight_leaves_nothing_that_works(version: int) -> None:
    async with at_desk(version) as (tws, desk):
        desk.on_sight, desk.discards_silently = {"x/stop": 328}, True
        with pytest.raises(BracketBroken) as caught:
            await bracket(tws)
        assert caught.value.code == 328
        assert desk.cancelled == [5, 6]
        # Of the profit taker nothing was said: its parent was discarded, and never transmitted.
        assert outcomes(caught.value.members) == [CANCELLED, CANCELLED, REJECTED]


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_member_that_is_refused_later_has_the_others_cancelled(place: int) -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.says_nothing_of = {REFS[place]}
        caught: list[BracketBroken] = []

        async def trade() -> None:
            with pytest.raises(BracketBroken) as info:
                await bracket(tws)
            caught.append(info.value)

        tasks.start_soon(trade)
        await quiet()
        assert len(desk.placed) == 3
        await desk.refuse(REFS[place])
        await quiet()
        wanted = [CANCELLED] * 3
        wanted[place] = REJECTED
        assert outcomes(caught[0].members) == wanted
        assert caught[0].code == 201
        assert desk.cancelled == [number for number in (5, 6, 7) if number != 5 + place]


async def test_a_refusal_is_acted_on_while_tws_says_nothing_of_the_parent() -> None:
    async with at_desk() as (tws, desk):
        desk.says_nothing_of = {"x"}
        desk.on_sight = {"x/stop": 110}
        with pytest.raises(BracketBroken):
            await bracket(tws)
        assert 5 in desk.cancelled


@pytest.mark.parametrize("filled", [40, 100])
@virtual
async def test_what_was_filled_before_the_cancel_is_told(filled: int) -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.says_nothing_of = {"x", "x/stop"}
        caught: list[BracketBroken] = []

        async def trade() -> None:
            with pytest.raises(BracketBroken) as info:
                await bracket(tws)
            caught.append(info.value)

        tasks.start_soon(trade)
        await quiet()
        await desk.say(*desk.fill(desk.named("x"), filled, filled))
        await desk.refuse("x/stop")
        await quiet()
        await anyio.sleep(6)
        (broken,) = caught
        parent = broken.members[0]
        assert parent.state.filled == filled
        assert (parent.state.status is FILLED) is (filled == 100)
        assert f"with {filled} filled" in str(broken)
        # What has filled whole is not cancelled any more; all else is.
        assert desk.cancelled == ([5, 6] if filled == 40 else [6])


async def test_a_child_that_is_cancelled_by_somebody_breaks_the_bracket() -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.says_nothing_of = {"x"}

        async def trade() -> None:
            with pytest.raises(BracketBroken, match="was cancelled"):
                await bracket(tws)

        tasks.start_soon(trade)
        await quiet()
        await desk.say(desk.status(desk.named("x/stop"), WORD.CANCELLED))


async def test_an_entry_that_ends_unfilled_takes_its_children_along_in_order() -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.says_nothing_of = {*REFS}
        families: list[Bracket] = []

        async def trade() -> None:
            families.append(await bracket(tws, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL))

        tasks.start_soon(trade)
        await quiet()
        await desk.say(*(desk.status(desk.named(ref), WORD.CANCELLED) for ref in REFS))
        await quiet()
        assert outcomes(families[0]) == [CANCELLED] * 3
        assert desk.cancelled == []


async def test_an_entry_that_fills_while_its_children_are_read_is_in_order() -> None:
    async with at_desk() as (tws, desk):

        def fill(_: Any, message: Any, said: list[Any]) -> list[Any]:
            is_last = isinstance(message, PlaceOrderRequest) and message.order.transmit
            return (
                [*desk.fill(desk.named("x"), 40, 40), *said, *desk.fill(desk.named("x"), 60, 100)] if is_last else said
            )

        desk.peer.twist = fill
        family = await bracket(tws)
        assert outcomes(family)[1:] == [OPEN, OPEN]
        assert family.parent.state.filled >= 40
        with anyio.fail_after(PATIENCE):
            await family.parent.until(lambda state: state.status is FILLED)
        assert [fill.execution.shares for fill in family.parent.fills] == [40, 60]


async def test_the_gate_looks_at_all_of_them_first_and_at_each_as_it_leaves(tmp_path: Path) -> None:
    stop_file = tmp_path / "stop"
    async with at_desk(gate=Gate(max_quantity=100, kill_file=stop_file)) as (tws, desk):
        with pytest.raises(GateRefused):
            await tws.orders.bracket(
                AAPL, "BUY", 100, profit_price=11, stop_loss=TrailingStopOrder("SELL", 101, trailing_percent=5)
            )
        assert desk.heard() == []
        desk.answers_fences = False
        async with anyio.create_task_group() as tasks:

            async def trade() -> None:
                with pytest.raises(BracketBroken) as caught:
                    await bracket(tws)
                assert isinstance(caught.value.__cause__, GateRefused)
                assert outcomes(caught.value.members) == [CANCELLED] * 2

            tasks.start_soon(trade)
            await quiet()
            stop_file.touch()
            await desk.answer_fence()
        assert desk.heard() == ["place 5 back", "place 6 back", "fence", "cancel 5", "cancel 6"]


# --- looked after ---


@virtual
async def test_a_child_that_is_refused_when_all_seemed_well_has_the_others_cancelled() -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        family = await bracket(tws)
        broken: list[BracketBroken] = []

        async def look_after() -> None:
            with pytest.raises(BracketBroken) as caught:
                await family.until_over()
            broken.append(caught.value)

        tasks.start_soon(look_after)
        await desk.say(*desk.fill(desk.named("x"), 40, 40))
        await quiet()
        await desk.say(*desk.pair(desk.named("x/stop"), WORD.INACTIVE))
        await desk.refuse("x/stop")
        await quiet()
        assert desk.cancelled == [5, 6]
        assert outcomes(broken[0].members) == [CANCELLED, CANCELLED, REJECTED]
        assert family.parent.state.filled == 40


@virtual
@pytest.mark.parametrize("fill_first", [True, False])
async def test_a_bracket_that_ends_in_order_is_over(fill_first: bool) -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        family = await bracket(tws)
        with pytest.raises(TradeTimedOut):
            await family.until_over(timeout=1)
        over: list[bool] = []

        async def look_after() -> None:
            await family.until_over()
            over.append(True)

        tasks.start_soon(look_after)
        await desk.say(*desk.fill(desk.named("x"), 100, 100))
        # The news of the fill may come behind what it has done to the sibling.
        fill, gone = desk.fill(desk.named("x/profit"), 100, 100), [desk.status(desk.named("x/stop"), WORD.CANCELLED)]
        await desk.say(*(fill if fill_first else gone))
        await quiet()
        assert not over
        await desk.say(*(gone if fill_first else fill))
        await quiet()
        assert over
        assert desk.cancelled == []
        assert outcomes(family) == [FILLED, FILLED, CANCELLED]
        await family.until_over()


@virtual
async def test_a_child_that_goes_while_it_is_needed_has_the_others_cancelled() -> None:
    async with at_desk() as (tws, desk):
        family = await bracket(tws)
        await desk.say(desk.status(desk.named("x/stop"), WORD.CANCELLED))
        with pytest.raises(BracketBroken, match="'x/stop' was cancelled"):
            await family.until_over()
        assert desk.cancelled == [5, 6]
        assert outcomes(family) == [CANCELLED] * 3


# --- unknown -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_cut_raises_one_error_with_all_members_in_it(count: int) -> None:
    """The link is cut when TWS has read so many of the orders, and has said nothing."""
    unknown: list[OrderUnknown] = []
    async with anyio.create_task_group() as tasks:
        # The block ends with its connection, whatever is caught inside.
        with suppress(ConnectionClosed):
            async with at_desk() as (tws, desk):

                def cut(_: Any, message: Any, said: list[Any]) -> list[Any]:
                    if len(desk.placed) < count:
                        return said
                    if isinstance(message, PlaceOrderRequest):
                        tasks.start_soon(desk.peer.hang_up)
                    return []

                desk.peer.twist = cut
                with pytest.raises(OrderUnknown) as caught:
                    await bracket(tws)
                unknown.append(caught.value)
    (problem,) = unknown
    assert isinstance(problem.__cause__, ConnectionClosed)
    assert [member.ref for member in problem.members] == [*REFS]
    assert problem.ref == "x"
    lefts = [member.left for member in problem.members]
    assert lefts[-1] is (Left.ALL if count == 3 else Left.NONE)
    assert (problem.members[-1].order_id is None) is (count < 3)
    assert problem.left is (Left.ALL if count == 3 else Left.SOME)
    again = pickle.loads(pickle.dumps(problem))  # noqa: S301 (our own)
    assert [member.ref for member in again.members] == [*REFS]


@virtual
async def test_a_fence_that_is_not_answered_in_time_leaves_nothing_that_works() -> None:
    async with at_desk() as (tws, desk):
        desk.answers_fences = False
        with pytest.raises(OrderUnknown, match="last was not sent") as caught:
            await bracket(tws, timeout=3)
        assert [member.order_id for member in caught.value.members] == [5, 6, None]
        await quiet()
        assert desk.heard()[2:] == ["fence", "cancel 5", "cancel 6"]


@virtual
@pytest.mark.parametrize("silent", ["x", "x/stop"])
async def test_a_deadline_is_no_refusal_and_the_family_stands(silent: str) -> None:
    async with at_desk() as (tws, desk):
        desk.says_nothing_of = {silent}
        with pytest.raises(OrderUnknown, match="within 3 s") as caught:
            await bracket(tws, timeout=3)
        states = {member.ref: member.state for member in caught.value.members}
        assert {ref for ref, state in states.items() if state is not None and state.status is UNKNOWN} == {silent}
        assert desk.cancelled == []
        assert [trade.ref for trade in tws.orders.trades] == [*REFS]


@virtual
async def test_a_word_that_holds_is_waited_out() -> None:
    async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
        desk.says_nothing_of = {"x/stop"}
        families: list[Bracket] = []

        async def trade() -> None:
            families.append(await bracket(tws))

        tasks.start_soon(trade)
        await quiet()
        await desk.say(desk.status(desk.named("x/stop"), WORD.INACTIVE))
        await quiet()
        assert not families
        await anyio.sleep(2.1)
        assert families[0].stop_loss.state.is_held


# --- who is cancelled --------------------------------------------------------------------------------------------


@virtual
async def test_who_is_cancelled_at_the_fence_leaves_nothing_that_works() -> None:
    async with at_desk() as (tws, desk):
        desk.answers_fences = False
        with anyio.move_on_after(1) as scope:
            await bracket(tws)
        assert scope.cancelled_caught
        await quiet()
        assert desk.heard() == ["place 5 back", "place 6 back", "fence", "cancel 5", "cancel 6"]
        assert outcomes(tws.orders.trades) == [CANCELLED] * 2
        assert not tws.orders.id_block.is_taken
        await tws.orders.place(AAPL, MarketOrder("BUY", 1))


@virtual
async def test_who_is_cancelled_when_the_last_member_has_left_leaves_the_family_whole() -> None:
    async with at_desk() as (tws, desk):
        desk.says_nothing_of = {"x"}
        with anyio.move_on_after(1):
            await bracket(tws)
        await quiet()
        assert desk.heard() == ["place 5 back", "place 6 back", "fence", "place 7"]
        assert [trade.ref for trade in tws.orders.trades] == [*REFS]
        with pytest.raises(AlreadyPlaced):
            await bracket(tws)


@pytest.mark.parametrize("verb", [bracket, group])
async def test_a_cancellation_at_any_moment_leaves_all_or_nothing(verb: Callable[..., Any]) -> None:
    """The call is cancelled at each turn of the loop in turn, until it is through."""
    left: set[int] = set()
    for turns in range(200):
        scope = anyio.CancelScope()
        async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
            with scope:

                async def cancel(scope: anyio.CancelScope = scope, turns: int = turns) -> None:
                    for _ in range(turns):
                        await checkpoint()
                    scope.cancel()

                tasks.start_soon(cancel)
                await verb(tws)
            await tws.fence()
            placed = {desk.id_of(each) for each in desk.placed}
            assert placed == {*desk.cancelled} or (len(placed) == 3 and not desk.cancelled)
            left.add(len(placed) - len(desk.cancelled))
            assert {trade.state.status for trade in tws.orders.trades if trade.order_id not in placed} <= {CANCELLED}
            assert not tws.orders.id_block.is_taken
        if not scope.cancelled_caught:
            break
    assert left == {0, 3}


@virtual
async def test_a_fence_waits_behind_orders_alone() -> None:
    async with at_desk(pacing=Pacing()) as (tws, desk), anyio.create_task_group() as tasks:
        for number in range(300):
            tasks.start_soon(tws.ask, MarketRuleRequest(number))
        await quiet()
        began = anyio.current_time()
        await bracket(tws)
        assert anyio.current_time() - began < 2
        assert len(desk.peer.heard) < 200
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("refused", ["x", "x/profit", "x/stop"])
async def test_a_cancellation_at_any_moment_of_a_broken_bracket_leaves_nothing(refused: str) -> None:
    turns = 0
    for turns in range(200):
        scope = anyio.CancelScope()
        async with at_desk() as (tws, desk), anyio.create_task_group() as tasks:
            desk.on_sight = {refused: 110}
            with scope, suppress(BracketBroken):

                async def cancel(scope: anyio.CancelScope = scope, turns: int = turns) -> None:
                    for _ in range(turns):
                        await checkpoint()
                    scope.cancel()

                tasks.start_soon(cancel)
                await bracket(tws)
            await tws.fence()
            # What is kept back may stay so, where the call was left between the last member and its refusal.
            assert not desk.working
            dead = {desk.id_of(each) for each in desk.placed if each.order.order_reference == refused}
            assert len(desk.placed) == 3 or {desk.id_of(each) for each in desk.placed} == {*desk.cancelled} | dead
        if not scope.cancelled_caught:
            break
    assert turns > 2


@virtual
async def test_who_is_cancelled_while_cancels_are_on_their_way_has_sent_them() -> None:
    async with at_desk() as (tws, desk):
        desk.on_sight = {"x/stop": 110}
        desk.peer.twist = lambda _, message, said: [] if isinstance(message, CancelOrderRequest) else said
        began = anyio.current_time()
        with anyio.move_on_after(1) as scope:
            await bracket(tws)
        assert scope.cancelled_caught
        assert desk.cancelled == [5, 6]
        # Without that, it waits for so long that they are confirmed, and says what is believed.
        with pytest.raises(BracketBroken) as caught:
            desk.on_sight = {"y/stop": 110}
            await bracket(tws, "y", timeout=1)
        assert outcomes(caught.value.members) == [UNKNOWN, UNKNOWN, REJECTED]
        assert anyio.current_time() - began == pytest.approx(1 + CANCEL_SECONDS)


# --- groups ------------------------------------------------------------------------------------------------------


async def test_a_group_is_one_block_of_ids_and_has_a_name_of_its_own() -> None:
    async with at_desk() as (tws, desk):
        first, second, third = await group(tws)
        assert desk.heard() == ["place 5", "place 6", "fence", "place 7"]
        assert {each.order.oca_group for each in desk.placed} == {f"x-{tws.client_id}-5"}
        assert {each.order.oca_type for each in desk.placed} == {OcaType.CANCEL_WITH_BLOCK}
        assert [trade.ref for trade in (first, second, third)] == ["x/1", "x/2", "x/3"]
        await group(tws, "", group="mine", oca_type=OcaType.REDUCE_WITHOUT_BLOCK)
        assert {(each.order.oca_group, each.order.oca_type) for each in desk.placed[3:]} == {
            ("mine", OcaType.REDUCE_WITHOUT_BLOCK)
        }
        await group(tws, "")
        assert desk.placed[-1].order.oca_group == f"oca-{tws.client_id}-11"


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_refused_member_of_a_group_has_the_others_cancelled(place: int) -> None:
    async with at_desk() as (tws, desk):
        desk.on_sight = {f"x/{place + 1}": 201}
        with pytest.raises(BracketBroken) as caught:
            await group(tws)
        sent = 3 if place == 2 else 2
        assert len(desk.placed) == len(caught.value.members) == sent
        wanted = [CANCELLED] * sent
        wanted[place] = REJECTED
        assert outcomes(caught.value.members) == wanted


async def test_who_comes_too_late_to_a_group_that_has_filled_is_told_as_rejected() -> None:
    async with at_desk() as (tws, desk):

        def fill(_: Any, message: Any, said: list[Any]) -> list[Any]:
            if isinstance(message, PlaceOrderRequest) and message.order.order_reference == "x/1":
                return [*said, *desk.fill(message, 100, 100)]
            return said

        desk.peer.twist = fill
        desk.on_sight = {"x/3": 201}
        trades = await group(tws)
        assert outcomes(trades) == [FILLED, OPEN, REJECTED]
        assert desk.cancelled == []


@pytest.mark.parametrize(
    "orders, more, wrong",
    [
        ([(AAPL, MarketOrder("BUY", 1))], {}, "at least two"),
        ([(AAPL, MarketOrder("BUY", 1))] * 2, {"oca_type": OcaType.NONE}, "what a fill does"),
        ([(AAPL, MarketOrder("BUY", 1, transmit=False))] * 2, {}, "is transmitted"),
        ([(AAPL, MarketOrder("BUY", 1, oca_group="old"))] * 2, {}, "no group of its own"),
    ],
)
async def test_what_is_no_group_is_refused_before_anything_is_sent(
    orders: Any, more: dict[str, Any], wrong: str
) -> None:
    async with at_desk() as (tws, desk):
        with pytest.raises(ValueError, match=wrong):
            await tws.orders.one_cancels_all(orders, **more)
        assert desk.heard() == []


@virtual
async def test_who_is_cancelled_amid_a_group_has_its_members_cancelled() -> None:
    async with at_desk() as (tws, desk):
        desk.answers_fences = False
        with anyio.move_on_after(1):
            await group(tws)
        await quiet()
        assert desk.heard() == ["place 5", "place 6", "fence", "cancel 5", "cancel 6"]
        assert outcomes(tws.orders.trades) == [CANCELLED] * 2


# --- at the simulated TWS ----------------------------------------------------------------------------------------


@virtual
@pytest.mark.parametrize("version", [200, 226])
async def test_a_bracket_at_the_market_fills_and_one_child_cancels_the_other(version: int) -> None:
    world = World(WorldSettings(server_version=version, starts_at=EPOCH))
    async with connected(world) as tws:
        price = float(world.market.mark(world.universe.by_symbol("AAPL"), world.ms())) / 100
        family = await tws.orders.bracket(
            AAPL, "BUY", 10, profit_price=round(price * 1.5, 2), stop_price=round(price * 0.5, 2), ref="x"
        )
        with anyio.fail_after(60):
            await family.parent.until(lambda state: state.status is FILLED)
            hands = world.exchange.hands
            hands.fill(hands.find(family.profit_taker.order_id or 0, client_id=tws.client_id))
            await family.profit_taker.until(lambda state: state.status is FILLED)
            await family.stop_loss.until(lambda state: state.is_done)
        assert outcomes(family) == [FILLED, FILLED, CANCELLED]


@virtual
async def test_a_group_at_the_market_is_filled_once() -> None:
    world = World(WorldSettings(progress=Progress.BY_HAND, starts_at=EPOCH))
    async with connected(world) as tws:
        trades = await group(tws)
        hands = world.exchange.hands
        hands.fill(hands.find(trades[1].order_id or 0, client_id=tws.client_id))
        with anyio.fail_after(60):
            for trade in trades:
                await trade.until(lambda state: state.is_done)
        assert outcomes(trades) == [CANCELLED, FILLED, CANCELLED]
        assert sum(trade.state.filled for trade in trades) == Decimal(100)


@virtual
async def test_two_of_a_group_can_fill_before_the_vendor_cancels_and_both_are_told() -> None:
    world = World(WorldSettings(progress=Progress.BY_HAND, starts_at=EPOCH))
    async with connected(world) as tws:
        trades = await group(tws, oca_type=OcaType.REDUCE_WITHOUT_BLOCK)
        hands = world.exchange.hands
        for trade in trades[:2]:
            hands.fill(hands.find(trade.order_id or 0, client_id=tws.client_id))
        with anyio.fail_after(60):
            for trade in trades:
                await trade.until(lambda state: state.is_done)
        assert outcomes(trades) == [FILLED, FILLED, CANCELLED]
        assert sum(trade.state.filled for trade in trades) == Decimal(200)


@virtual
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("fault", [CutUnanswered(), DropRequest(), ErrorInstead(110), NeverAnswer()])
async def test_whatever_happens_to_a_member_the_entry_never_works_without_its_stop(fault: Any, nth: int) -> None:
    settings = WorldSettings(progress=Progress.BY_HAND, starts_at=EPOCH)
    world = World(settings, script=Script([Event(On("PlaceOrderRequest", nth=nth), fault)]))
    ends: list[BracketBroken | OrderUnknown] = []
    with suppress(ConnectionClosed):
        async with connected(world) as tws:
            try:
                await bracket(tws, timeout=5)
            except (BracketBroken, OrderUnknown) as end:
                ends.append(end)
                await anyio.sleep(5)
    (end,) = ends
    orders = world.exchange.orders
    working = {held.order.order_reference for held in orders.live if held.is_transmitted}
    assert "x" not in working or "x/stop" in working
    if isinstance(end, BracketBroken):
        assert not orders.live
    else:
        assert [member.ref for member in end.members] == [*REFS]


@virtual
@pytest.mark.parametrize("nth", [1, 3])
async def test_a_family_that_was_cut_off_is_resolved_on_the_next_connection(nth: int) -> None:
    settings = WorldSettings(progress=Progress.BY_HAND, starts_at=EPOCH)
    world = World(settings, script=Script([Event(On("PlaceOrderRequest", nth=nth), CutUnanswered())]))
    unknown: list[OrderUnknown] = []
    with suppress(ConnectionClosed):
        async with connected(world) as tws:
            with pytest.raises(OrderUnknown) as caught:
                await bracket(tws)
            unknown.append(caught.value)
    async with connected(world) as tws:
        fate = await unknown[0].resolve(tws, timeout=20)
    wanted = [FateOutcome.LIVE] * 3
    if nth == 1:
        # Kept back, and in no answer of TWS: nobody can tell. But the last one was not sent.
        wanted = [FateOutcome.STILL_UNKNOWN, FateOutcome.STILL_UNKNOWN, FateOutcome.NEVER_ARRIVED]
    assert [member.outcome for member in fate.members] == wanted


@virtual
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_who_stays_connected_is_told_at_once_and_no_fence_is_asked_again(nth: int) -> None:
    world = a_world(Event(On("PlaceOrderRequest", nth=nth), CutUnanswered()), progress=Progress.BY_HAND)
    async with staying(world) as tws:
        with pytest.raises(OrderUnknown) as caught:
            await bracket(tws)
        assert not tws.presence.now.is_here
        with pytest.raises(NotConnected):
            await bracket(tws, "y")
        await present(tws)
        # Nothing of it is sent again, and nothing goes on where it had stopped.
        orders = world.exchange.orders
        assert len(orders.live) == (3 if nth == 3 else 2)
        assert all(held.is_transmitted == (nth == 3) for held in orders.live)
        fate = await caught.value.resolve(tws, timeout=20)
        last = FateOutcome.LIVE if nth == 3 else FateOutcome.NEVER_ARRIVED
        assert fate.members[-1].outcome is last
        await bracket(tws, "y")


@virtual
@pytest.mark.parametrize("refused", [False, True])
async def test_older_builds_that_say_inactive_of_what_is_kept_back(refused: bool) -> None:
    habits = Habits(inactive_when_held_back=True)
    world = World(WorldSettings(progress=Progress.BY_HAND, starts_at=EPOCH, habits=habits, server_version=176))
    async with connected(world) as tws:
        stop = TrailingStopOrder("SELL", 1, trailing_percent=5)
        entry = MarketOrder("BUY", 1) if refused else LimitOrder("BUY", 1, 10)
        if refused:
            # A trailing stop cannot be attached to a market order: 328.
            with pytest.raises(BracketBroken) as caught:
                await tws.orders.bracket(AAPL, entry, profit_price=900, stop_loss=stop)
            assert caught.value.code == 328
            assert not world.exchange.orders.live
        else:
            family = await tws.orders.bracket(AAPL, entry, profit_price=900, stop_loss=stop)
            assert outcomes(family) == [OPEN] * 3
            assert not any(trade.state.is_held for trade in family)


# --- ids in one block --------------------------------------------------------------------------------------------


@virtual
async def test_ids_are_free_again_when_the_last_family_is_out() -> None:
    block = IdBlock()
    assert not block.is_taken
    await block.until_free()
    with block.taken(), block.taken():
        began = anyio.current_time()
        await block.until_free()
        assert anyio.current_time() - began == pytest.approx(LONGEST_HOLD)
    assert not block.is_taken
    async with anyio.create_task_group() as tasks:
        with block.taken():
            tasks.start_soon(block.until_free)
            await quiet()
