"""Orders against a TWS of which not all can be read, that repeats itself, and says things late or in another order.

`tests/test_every_verb.py` does so with the questions of all topics; this is what is special to orders. None vanishes
because what was said of it could not be read, none is over because a list lacks it, and no list is short in silence.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import permutations
from typing import Any, Final

import anyio
import pytest

from anytws import (
    AnytwsError,
    CancelFailed,
    DecodeError,
    FateOutcome,
    OrderOutcome,
    OrderRejected,
    OrderUnknown,
    ReconcileIncomplete,
    RequestFailed,
    Tws,
)
from anytws.messages import ToClient
from anytws.messages.accounts import PositionEnd, PositionsRequest
from anytws.messages.base import replace
from anytws.messages.executions import ExecutionDetailsEnd, ExecutionRequest
from anytws.messages.order import Order
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    CancelOrderRequest,
    CompletedOrder,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    GlobalCancelRequest,
    OpenOrder,
    OpenOrdersEnd,
    OpenOrdersRequest,
    PlaceOrderRequest,
)
from anytws.messages.session import ErrorMessage
from tests.order_peer import AAPL, LIMIT, Desk, W, cost, executed, opened, refused, told, trading, turns, until
from tests.scripted_peer import Peer, Said
from tests.test_every_verb import DEEP, unreadable

BOTH = pytest.mark.parametrize("version", [176, 226])
ROWS: Final = (opened(11), told(11), opened(12, client_id=2), opened(0, client_id=0, permanent_id=13))
"""Of this client, of another one, and made by hand."""


def spoiled(peer: Peer, rows: Iterable[ToClient], place: int) -> list[Said]:
    """Give *rows* with the one at *place* so that it cannot be read."""
    said: list[Said] = [*rows]
    row = said[place]
    assert not isinstance(row, bytes)
    body = unreadable(peer, row)
    assert body is not None
    said[place] = body
    return said


def spoil(desk: Desk, kind: type[Any], *places: int) -> None:
    """Have the answers to requests of one *kind* be so, the first at the first of *places*, and all later ones."""
    left = list(places)

    def twist(peer: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
        if type(request) is kind and left:
            return spoiled(peer, said, left.pop(0) if len(left) > 1 else left[0])
        return said

    desk.peer.twist = twist


# --- lists ------------------------------------------------------------------------------------------------------------


@BOTH
async def test_an_order_does_not_vanish_from_the_open_ones(version: int) -> None:
    """Wherever the frame stands that cannot be read: the answer is raised as such, and the next one is whole."""
    async with trading(version) as (tws, desk):
        own = await tws.orders.place(AAPL, LIMIT, ref="own")
        rows = (opened(own.order_id or 0, replace(LIMIT, order_reference="own")), *ROWS)
        desk.peer.answers = {AllOpenOrdersRequest: (*rows, OpenOrdersEnd())}
        for place in range(len(rows)):
            spoil(desk, AllOpenOrdersRequest, place)
            with pytest.raises(DecodeError):
                await tws.orders.open()
            with pytest.raises(DecodeError):
                async with tws.orders.follow_open() as news:
                    async for _ in news:
                        continue
            assert own.state.status is OrderOutcome.OPEN
        desk.peer.twist = lambda _, __, said: said
        assert {trade.permanent_id for trade in await tws.orders.open()} == {own.permanent_id, 9011, 9012, 13}


@BOTH
@pytest.mark.parametrize("row", [opened(0, client_id=0, permanent_id=0), told(0, client_id=0, permanent_id=0)])
async def test_an_open_order_that_nothing_names(version: int, row: Any) -> None:
    """Made by hand, and its one name cannot be read: it is open, and a list without it would say that it is not."""
    async with trading(version, client_id=0) as (tws, desk):
        desk.peer.answers = dict.fromkeys((AllOpenOrdersRequest, OpenOrdersRequest), (*ROWS, row, OpenOrdersEnd()))
        for ask in (tws.orders.open, tws.orders.cancel_all, tws.orders.bind_manual):
            with pytest.raises(DecodeError, match=r"permanent_id.*cannot be told"):
                await ask()
        with pytest.raises(DecodeError):
            async with tws.orders.follow_open() as news:
                async for _ in news:
                    continue
        desk.peer.answers = {AllOpenOrdersRequest: (*ROWS, OpenOrdersEnd())}
        assert len(await tws.orders.open()) == 3


@BOTH
@pytest.mark.virtual_time
async def test_other_lists(version: int) -> None:
    """Completed orders and executions: no row is left out either; and executions without an id are two."""
    completed = [
        CompletedOrder(AAPL, replace(LIMIT, permanent_id=number), ROWS[0].order_state)  # type: ignore[union-attr]
        for number in (7, 8)
    ]
    fills = [executed(5, 40, 40), executed(5, 60, 100)]
    async with trading(version) as (tws, desk):
        await anyio.sleep(10)
        places = desk.peer.answers
        desk.peer.answers = {
            CompletedOrdersRequest: (*completed, CompletedOrdersEnd()),
            ExecutionRequest: lambda request: [
                *(replace(each, request_id=request.request_id) for each in fills),
                *map(cost, fills),
                ExecutionDetailsEnd(request.request_id),
            ],
        }
        for kind, ask in ((CompletedOrdersRequest, tws.orders.completed), (ExecutionRequest, tws.orders.executions)):
            for place in range(2):
                spoil(desk, kind, place)
                with pytest.raises(DecodeError):
                    await ask()
            desk.peer.twist = lambda _, __, said: said
            assert len(await ask()) == 2
        fills = [replace(each, execution=replace(each.execution, execution_id="")) for each in fills]
        desk.peer.answers = {**places, ExecutionRequest: lambda request: [
            *(replace(each, request_id=request.request_id) for each in [*fills, fills[0]]),
            ExecutionDetailsEnd(request.request_id),
        ]}  # fmt: skip
        found = await tws.orders.executions()
        assert [fill.execution.shares for fill in found] == [40, 60]


@BOTH
@pytest.mark.virtual_time
async def test_no_picture_is_made_of_half(version: int) -> None:
    """An order whose row cannot be read is neither over nor unknown to us: the picture is not whole, and says why."""
    async with trading(version) as (tws, desk):
        await anyio.sleep(10)
        own = await tws.orders.place(AAPL, LIMIT, ref="own")
        row = opened(own.order_id or 0, replace(LIMIT, order_reference="own"))
        whole = {
            AllOpenOrdersRequest: (row, *ROWS, OpenOrdersEnd()),
            ExecutionRequest: lambda request: [ExecutionDetailsEnd(request.request_id)],
            CompletedOrdersRequest: (CompletedOrdersEnd(),),
            PositionsRequest: (PositionEnd(),),
        }
        desk.peer.answers = whole
        for place in (0, 3):
            spoil(desk, AllOpenOrdersRequest, place)
            with pytest.raises(ReconcileIncomplete, match="open orders: OpenOrder") as caught:
                await tws.orders.reconcile(timeout=30)
            assert caught.value.known.open is None
            assert own in caught.value.known.trades
            assert {fate.outcome for fate in caught.value.known.verdicts} <= {
                FateOutcome.LIVE, FateOutcome.STILL_UNKNOWN,
            }  # fmt: skip
            assert not own.state.is_done
        desk.peer.twist = lambda _, __, said: said
        desk.peer.answers = {**whole, AllOpenOrdersRequest: (*ROWS, told(0, permanent_id=0), OpenOrdersEnd())}
        with pytest.raises(ReconcileIncomplete, match="read"):
            await tws.orders.reconcile(timeout=30)
        assert not own.state.is_done
        assert own.state.is_contested
        desk.peer.answers = whole
        picture = await tws.orders.reconcile()
        assert not own.state.is_contested
        assert {trade.permanent_id for trade in picture.open} == {own.permanent_id, 9011, 9012, 13}


# --- an order on its way ----------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.virtual_time
async def test_an_answer_to_an_order_that_cannot_be_read(version: int) -> None:
    """What is said beside it counts; alone it settles nothing, and the order is unknown, not refused."""
    async with trading(version) as (tws, desk):
        for place in range(2):
            spoil(desk, PlaceOrderRequest, place)
            trade = await tws.orders.place(AAPL, LIMIT, ref=f"half-{place}", timeout=5)
            assert trade.state.status is OrderOutcome.OPEN
        desk.says = lambda _, request: [told(request.order_id or 0)]
        spoil(desk, PlaceOrderRequest, 0)
        with pytest.raises(OrderUnknown) as unknown:
            await tws.orders.place(AAPL, LIMIT, ref="none", timeout=5)
        assert unknown.value.state is not None
        assert unknown.value.state.status is OrderOutcome.UNKNOWN
        lost = tws.orders.trade("none")
        assert lost is not None
        # What comes later is heard all the same.
        desk.peer.twist = lambda _, __, said: said
        await desk.say(told(lost.order_id or 0))
        assert lost.state.status is OrderOutcome.OPEN


@BOTH
@pytest.mark.virtual_time
async def test_a_cancel_and_a_change_that_cannot_be_read(version: int) -> None:
    """Neither is taken for granted: the 202 beside it says that it is over, and without new terms nothing is new."""
    async with trading(version) as (tws, desk):
        trade = await tws.orders.place(AAPL, LIMIT, ref="one")
        spoil(desk, PlaceOrderRequest, 0)
        desk.says = lambda _, request: [opened(request.order_id or 0, request.order)]
        with pytest.raises(OrderUnknown):
            await trade.modify(limit_price=11, timeout=5)
        assert trade.order is not None
        assert trade.order.limit_price == 10
        assert trade.state.is_live
        spoil(desk, CancelOrderRequest, 0)
        assert (await trade.cancel(timeout=5)).status is OrderOutcome.CANCELLED
        desk.peer.twist, desk.says = (lambda _, __, said: said), submitted_at
        again = await tws.orders.place(AAPL, LIMIT, ref="two")
        spoil(desk, CancelOrderRequest, 0)
        desk.says_to_cancel = lambda _, request: [told(request.order_id, W.CANCELLED)]
        with pytest.raises(OrderUnknown):
            await again.cancel(timeout=5)
        assert again.state.is_live


def submitted_at(_: Desk, request: PlaceOrderRequest) -> Iterable[ToClient]:
    return [opened(request.order_id or 0, request.order), told(request.order_id or 0)]


@BOTH
async def test_a_fill_that_cannot_be_read(version: int) -> None:
    """Whose it is cannot be told, so all that live are in doubt; none is made up, and a list of executions tells."""
    async with trading(version) as (tws, desk):
        one, two = [await tws.orders.place(AAPL, LIMIT, ref=ref) for ref in ("one", "two")]
        fill = executed(one.order_id or 0, 100, 100)
        await desk.peer.say(*spoiled(desk.peer, [fill], 0))
        await until(lambda: one.state.is_contested)
        assert two.state.is_contested
        assert (one.state.filled, one.fills) == (0, ())
        desk.peer.answers = {ExecutionRequest: lambda request: [
            replace(fill, request_id=request.request_id), cost(fill), ExecutionDetailsEnd(request.request_id),
        ]}  # fmt: skip
        (found,) = await tws.orders.executions()
        assert one.fills == (found,)
        assert (one.state.status, two.state.status) == (OrderOutcome.FILLED, OrderOutcome.OPEN)


# --- twice, late, in another order ------------------------------------------------------------------------------------


async def _place_and_hear(tws: Tws, desk: Desk, ref: str, said: Iterable[Any]) -> Any:
    """Place an order, hear what is *said* of it, each a function of its id; give what the verb gives or raises."""
    desk.says = lambda _, request: [each(request.order_id or 0) for each in said]
    try:
        return await tws.orders.place(AAPL, LIMIT, ref=ref, timeout=5)
    except (OrderRejected, OrderUnknown) as problem:
        return problem


def _refusal(number: int) -> ErrorMessage:
    return refused(number, 201)


def _inactive(number: int) -> ToClient:
    return told(number, W.INACTIVE)


@BOTH
async def test_filled_in_any_order_and_with_repeats(version: int) -> None:
    """Status, order, execution and costs in each order, all of them twice: one fill, and one order."""
    ways = [
        lambda number: opened(number, word=W.FILLED),
        lambda number: told(number, W.FILLED, 100, 0),
        lambda number: executed(number, 100, 100),
        lambda number: cost(executed(number, 100, 100)),
    ]
    async with trading(version) as (tws, desk):
        for count, said in enumerate(permutations(ways)):
            trade = await _place_and_hear(tws, desk, f"order-{count}", [*said, *said])
            await turns()
            state = trade.state
            assert (state.status, state.filled, state.commission_and_fees) == (OrderOutcome.FILLED, 100, 1), said
            assert [fill.execution.shares for fill in trade.fills] == [Decimal(100)]
        assert len(tws.orders.trades) == 24


@BOTH
async def test_refused_in_any_order_and_with_repeats(version: int) -> None:
    """201 and ``Inactive``, however they come: refused, once, with the code; the reference is not placed again."""
    async with trading(version) as (tws, desk):
        ways = (_refusal, _inactive, lambda number: opened(number, word=W.INACTIVE))
        for count, said in enumerate(permutations(ways)):
            refusal = await _place_and_hear(tws, desk, f"order-{count}", [*said, *said])
            assert isinstance(refusal, OrderRejected), refusal
            assert (refusal.code, refusal.trade.state.status) == (201, OrderOutcome.REJECTED)
        assert len(desk.heard(PlaceOrderRequest)) == 6


@pytest.mark.virtual_time
@BOTH
async def test_answers_of_another_order_answer_nothing(version: int) -> None:
    """Under ids that are of others, of nobody, or none: the order waits for its own, to the end."""
    async with trading(version) as (tws, desk):
        other = await tws.orders.place(AAPL, LIMIT, ref="other")
        number = other.order_id or 0
        desk.says = lambda _, request: [
            opened((request.order_id or 0) + 50), told((request.order_id or 0) + 50),
            opened(request.order_id or 0, client_id=2, permanent_id=5), told(number), refused(None, 201),
            refused((request.order_id or 0) + 51, 201), executed((request.order_id or 0) + 52, 5, 5),
        ]  # fmt: skip
        with pytest.raises(OrderUnknown):
            await tws.orders.place(AAPL, LIMIT, ref="mine", timeout=5)
        mine = tws.orders.trade("mine")
        assert mine is not None
        assert (mine.state.status, other.state.status) == (OrderOutcome.UNKNOWN, OrderOutcome.OPEN)
        assert len(desk.heard(PlaceOrderRequest)) == 2


@pytest.mark.virtual_time
@BOTH
async def test_late(version: int) -> None:
    """After the deadline of the verb: it is the same order, no second one is sent, and its cancel works."""
    async with trading(version) as (tws, desk):
        desk.says = lambda _, __: []
        with pytest.raises(OrderUnknown):
            await tws.orders.place(AAPL, LIMIT, ref="late", timeout=5)
        trade = tws.orders.trade("late")
        assert trade is not None
        await desk.say(refused(trade.order_id, 399), told(trade.order_id or 0), opened(trade.order_id or 0))
        assert trade.state.status is OrderOutcome.OPEN
        desk.says_to_cancel = lambda _, request: [refused(request.order_id, 10147)]
        with pytest.raises(CancelFailed):
            await trade.cancel(timeout=5)
        assert trade.state.is_live
        await desk.say(told(trade.order_id or 0, W.CANCELLED), refused(trade.order_id, 202))
        assert trade.state.status is OrderOutcome.CANCELLED
        assert len(desk.heard(PlaceOrderRequest)) == 1


@BOTH
async def test_what_if_answers(version: int) -> None:
    """A refusal is raised, an unreadable answer too, a second answer is nobody's; and none of it is an order."""
    async with trading(version) as (tws, desk):

        def answer(_: Desk, request: PlaceOrderRequest) -> Iterable[ToClient]:
            row: OpenOrder = opened(request.order_id or 0, request.order, W.PRE_SUBMITTED)
            return [row, row]

        desk.says = answer
        assert (await tws.orders.what_if(AAPL, LIMIT)).order.what_if
        spoil(desk, PlaceOrderRequest, 0)
        with pytest.raises(DecodeError):
            await tws.orders.what_if(AAPL, LIMIT)
        desk.peer.twist = lambda _, __, said: said
        desk.says = lambda _, request: [refused(request.order_id, 201), *answer(_, request)]
        with pytest.raises(RequestFailed) as caught:
            await tws.orders.what_if(AAPL, LIMIT)
        assert caught.value.code == 201
        assert tws.orders.trades == ()


# --- a crowd, and a TWS that says anything ----------------------------------------------------------------------------


class Babbler:
    """Says anything that may be said of an order, in any order, twice, not at all, or so that it cannot be read."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.chance: Final = random.Random(seed)
        self.desk: Final = desk
        self.placed: list[tuple[int, str]] = []
        """Order id and reference of each order and change that came."""
        self._says: dict[type[Any], Callable[[Any], list[Said]]] = {
            PlaceOrderRequest: self._of_order,
            CancelOrderRequest: lambda request: self._anything(request.order_id),
            GlobalCancelRequest: lambda _: [said for number, _ in self.placed for said in self._anything(number)],
            AllOpenOrdersRequest: self._open,
            ExecutionRequest: self._executions,
            CompletedOrdersRequest: lambda _: self._mostly(CompletedOrdersEnd()),
            PositionsRequest: lambda _: [PositionEnd()],
        }
        desk.peer.answers = dict.fromkeys(self._says, ())
        desk.peer.twist = self._twist

    def _twist(self, _: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
        says = self._says.get(type(request))
        return said if says is None else says(request)

    def _mostly(self, *said: Said) -> list[Said]:
        return [*said] if self.chance.random() < 0.9 else []

    def _of_order(self, request: PlaceOrderRequest) -> list[Said]:
        self.placed.append((request.order_id or 0, request.order.order_reference))
        return self._anything(request.order_id or 0, request.order)

    def _anything(self, number: int, order: Order = LIMIT) -> list[Said]:
        code = self.chance.choice([103, 104, 105, 110, 161, 201, 202, 321, 399, 404, 10147, 10148, 10349])
        link = self.chance.choice([1100, 1101, 1102, 2110])
        words = (W.SUBMITTED, W.INACTIVE, W.PENDING_CANCEL, W.CANCELLED)
        ways: list[ToClient] = [
            opened(number, order), opened(number, order, W.INACTIVE), opened(number, order, W.FILLED),
            *[told(number, word) for word in words], told(number, W.FILLED, 100, 0), refused(number, code),
            executed(number, 40, 40), executed(number, 60, 100), cost(executed(number, 40, 40)), refused(None, link),
        ]  # fmt: skip
        said: list[Said] = []
        for message in self.chance.choices(ways, k=self.chance.choice([0, 1, 1, 2, 3, 5])):
            body = unreadable(self.desk.peer, message) if self.chance.random() < 0.1 else None
            said.append(message if body is None else body)
        return said

    def _open(self, _: Any) -> list[Said]:
        rows: list[Said] = []
        for number, _ in self.placed[:6]:
            rows += self._mostly(opened(number), told(number))
        rows += self.chance.choices([opened(50, client_id=2), opened(0, client_id=0, permanent_id=0)], (9, 1))
        return [*rows, *(self._mostly(OpenOrdersEnd()) if self.chance.random() < 0.9 else [refused(None, 321)])]

    def _executions(self, request: ExecutionRequest) -> list[Said]:
        rows = [executed(number, 40, 40) for number, _ in self.placed[:4] if self.chance.random() < 0.5]
        number = request.request_id
        return [*(replace(row, request_id=number) for row in rows), *self._mostly(ExecutionDetailsEnd(number or 0))]


async def _live_one_intent(tws: Tws, chance: random.Random, name: str) -> None:
    await anyio.sleep(3 * chance.random())
    kind = chance.randrange(6)
    try:
        if kind < 3:
            trade = await tws.orders.place(AAPL, LIMIT, ref=name, timeout=5)
            if chance.random() < 0.6:
                await trade.modify(limit_price=11, timeout=5)
            assert (await trade.cancel(timeout=5)).is_done
        elif kind == 3:
            bracket = await tws.orders.bracket(AAPL, "BUY", 100, 10, stop_price=9, ref=name, timeout=5)
            await bracket.until_over(timeout=5)
        elif kind == 4:
            picture = await tws.orders.reconcile(timeout=30)
            assert not any(trade.state.is_done for trade in picture.open)
        else:
            await tws.orders.cancel_all(timeout=5)
    except OrderUnknown as unknown:
        await unknown.resolve(tws, timeout=10)
    except AnytwsError:
        # Whatever is promised: that it is one of ours is what is looked at.
        return


@BOTH
@pytest.mark.virtual_time
async def test_whatever_is_said(version: int) -> None:
    """Every verb ends, with an error of ours or without; nothing is sent twice, ids rise, and nobody waits at the end.

    (A throw-away copy of this went through 900 seeds.)
    """
    for seed in range(40 if DEEP else 5):
        chance = random.Random(seed)
        async with trading(version) as (tws, desk):
            await anyio.sleep(10)
            babbler = Babbler(desk, seed)
            with anyio.fail_after(3600):
                async with anyio.create_task_group() as tasks:
                    for number in range(6):
                        tasks.start_soon(_live_one_intent, tws, chance, f"intent-{number}")
            assert repr(tws.order_bells) == "<Bells: 0 orders are waited for>"
            ids: dict[str, set[int]] = {}
            for number, ref in babbler.placed:
                ids.setdefault(ref, set()).add(number)
            assert all(len(numbers) == 1 for numbers in ids.values()), (seed, ids)
            firsts = [*dict.fromkeys(number for number, _ in babbler.placed)]
            assert firsts == sorted(firsts), seed
            for trade in tws.orders.trades:
                executed_in_all = sum((fill.execution.shares or Decimal(0) for fill in trade.fills), Decimal(0))
                # No fill twice, none lost, and none made up.
                assert executed_in_all <= trade.state.filled <= 100, (seed, trade.state)
