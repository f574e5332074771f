"""Every verb of ``tws.orders`` that sends something, cancelled wherever it may be, and at drawn times; and Ctrl-C.

Nothing is left behind, no half of a family works, an order of which bytes have left is found by its reference, and one
of which none has is taken back. (Verbs that only ask are in `tests.test_every_verb`, the block of ``keep_connected`` in
`tests.test_keep_connected`.)
"""

from __future__ import annotations

import random
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias

import anyio
import attrs
import pytest

import anytws
from anytws import Tws
from anytws.client.keep_connected import keep_connected_stream
from anytws.client.order_errors import BracketBroken, OrderUnknown
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages import LimitOrder, MarketOrder
from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import MemoryTws, serve_memory
from anytws.simulator.settings import EPOCH
from tests.cutting import BACKENDS, CutLine, run_jumping
from tests.order_cuts import CLIENT, QUIET
from tests.order_judge import APPLE, DEEDS, Deed, Judge, Wrong
from tests.test_cancellation import MANY, stepwise
from tests.test_every_verb import is_at_rest

SEED: Final = 1917
Do: TypeAlias = Callable[[Tws, str], Coroutine[Any, Any, object]]
Strike: TypeAlias = Callable[[anyio.CancelScope, Coroutine[Any, Any, object]], Awaitable[object]]
PROBLEMS: Final = (anytws.OrderError, anytws.RequestFailed, anytws.RequestTimedOut)


async def _what_if(tws: Tws, ref: str) -> object:
    return await tws.orders.what_if(APPLE, LimitOrder("BUY", 100, 10, order_reference=ref))


async def _cancel_all(tws: Tws, _: str) -> object:
    return await tws.orders.cancel_all()


async def _reconcile(tws: Tws, _: str) -> object:
    return await tws.orders.reconcile()


async def _resolve(tws: Tws, ref: str) -> object:
    """One that works, and one that never was."""
    trade = tws.orders.trade(ref)
    assert trade is not None
    for order_id, name in ((trade.order_id, ref), (10_000, f"{ref}-other")):
        await OrderUnknown(name, order_id, Left.ALL, "a test", client_id=CLIENT).resolve(tws, timeout=4)
    return None


async def _until_over(tws: Tws, ref: str) -> object:
    """A bracket that is watched, and that somebody breaks."""
    bracket = await tws.orders.bracket(APPLE, "BUY", 1, 10, profit_price=20, stop_price=5, ref=ref)
    assert bracket.stop_loss is not None
    await bracket.stop_loss.cancel()
    await bracket.until_over()
    return None


async def _untransmitted(tws: Tws, ref: str) -> object:
    return await tws.orders.place(APPLE, LimitOrder("BUY", 100, 10, transmit=False), ref=ref)


_LIMIT: Final = DEEDS["limit"].do
VERBS: Final = {
    deed.name: deed
    for deed in (
        *(DEEDS[name] for name in ("limit", "filled", "modify", "cancel", "bracket", "group")),
        Deed("untransmitted", _untransmitted),
        Deed("what_if", _what_if, members=()),
        Deed("cancel_all", _cancel_all, _LIMIT),
        Deed("reconcile", _reconcile, _LIMIT),
        Deed("resolve", _resolve, _LIMIT),
        attrs.evolve(DEEDS["bracket"], name="until_over", do=_until_over),
    )
}


@asynccontextmanager
async def connected(served: MemoryTws, *, is_kept: bool, **options: Any) -> AsyncGenerator[Tws]:
    """Connect, in one way or the other, and wait until TWS has said all that it says at first."""
    if is_kept:
        async with keep_connected_stream(served.connect, client_id=CLIENT, **options) as tws:
            await anyio.sleep(QUIET)
            yield tws
    else:
        async with anytws.connect_stream(await served.connect(), client_id=CLIENT, **options) as tws:
            await anyio.sleep(QUIET)
            yield tws


async def check_nothing_left(tws: Tws, judge: Judge, waking: int) -> None:
    """Compare what there is, here and at TWS, after a verb was cancelled. So many were to be woken before."""
    await anyio.sleep(QUIET)
    judge.require(is_at_rest(tws), "a question is open")
    judge.require(not tws.order_bells._waiting, "somebody waits for an order")
    judge.require(not tws.orders.id_block.is_taken, "the next order id is kept")
    judge.require(len(tws._pump._waking) == waking, "somebody is to be woken")
    there = []
    for ref in judge.refs:
        trade, held = tws.orders.trade(ref), judge.held(ref)
        if judge.times_heard(ref):
            judge.require(trade is not None, f"{ref} was sent, and is not found")
        elif trade is not None:
            judge.require(trade.left is Left.NONE, f"{ref} has left, and TWS has not heard of it")
            judge.require(trade.state.status is OrderOutcome.CANCELLED, f"{ref} was not taken back")
        there.append(held is not None and held.is_live)
        is_idle = trade is None or trade.state.is_untransmitted or trade.state.pending.value == "idle"
        judge.require(is_idle, f"{ref} is being changed")
    # Where the program itself has cancelled one of a bracket, and is cancelled, nobody does the rest.
    is_broken_by_hand = judge.deed is VERBS["until_over"]
    judge.require(is_broken_by_hand or len(set(there)) <= 1, f"half a family is there: {there}")
    judge.check_beliefs(tws)


async def struck(served: MemoryTws, tws: Tws, deed: Deed, ref: str, strike: Strike) -> bool:
    """Do *deed*, and have *strike* cancel it somewhere; check, and tell whether it was cancelled."""
    judge = Judge(served.world, deed, ref)
    if deed.before is not None:
        await deed.before(tws, ref)
    waking = len(tws._pump._waking)
    with anyio.CancelScope() as scope:
        try:
            await strike(scope, deed.do(tws, ref))  # type: ignore[arg-type]
        except PROBLEMS as problem:
            assert isinstance(problem, BracketBroken), problem
    await check_nothing_left(tws, judge, waking)
    judge.clear_up()
    await anyio.sleep(QUIET)
    return scope.cancel_called


async def everywhere(deed: Deed, *, is_kept: bool) -> int:
    """Cancel *deed* at its first checkpoint, at its second, and so on; give how many there are."""
    async with serve_memory(World(WorldSettings(starts_at=EPOCH))) as served:
        async with connected(served, is_kept=is_kept) as tws:
            for victim in range(MANY):

                async def strike(scope: anyio.CancelScope, work: Coroutine[Any, Any, object], at: int = victim) -> None:
                    await stepwise(work, lambda number: scope.cancel() if number == at else None)

                if not await struck(served, tws, deed, f"v{victim}x", strike):
                    return victim
    raise AssertionError(f"more than {MANY} checkpoints")


async def at_times(deed: Deed, times: list[float], *, is_kept: bool, pacing: int | None) -> None:
    """Cancel *deed* after so many seconds."""
    async with serve_memory(World(WorldSettings(starts_at=EPOCH))) as served:
        async with connected(served, is_kept=is_kept, pacing=pacing) as tws:
            for number, seconds in enumerate(times):

                async def strike(
                    scope: anyio.CancelScope, work: Coroutine[Any, Any, object], at: float = seconds
                ) -> None:
                    scope.deadline = anyio.current_time() + at
                    await work

                await struck(served, tws, deed, f"t{number}x", strike)


@pytest.mark.parametrize("name", VERBS)
def test_cancelled_wherever_it_may_be(name: str) -> None:
    """At its first checkpoint, at its second, and so on."""
    place, found = list(VERBS).index(name), list[int]()
    for backend, is_kept in zip(BACKENDS, (place % 2 == 0, place % 2 == 1), strict=True):
        # The slow one waits for seconds again and again, and that is the same on both.
        if name == "resolve" and not is_kept:
            continue

        async def main(is_kept: bool = is_kept) -> None:
            found.append(await everywhere(VERBS[name], is_kept=is_kept))

        run_jumping(main, backend)
    assert min(found) > 0, "there was no checkpoint"


@pytest.mark.parametrize("name", VERBS)
def test_cancelled_at_any_time(name: str) -> None:
    """Before and after TWS has said something, and while the rate keeps a part of it back."""
    chance = random.Random(f"{SEED} {name}")
    for backend, pacing in zip(BACKENDS, chance.sample((None, 2), 2), strict=True):
        times = [round(chance.uniform(0, limit), 3) for limit in (0.3, 1.5 if pacing else 0.2)]

        async def main(times: list[float] = times, pacing: int | None = pacing) -> None:
            await at_times(VERBS[name], times, is_kept=chance.random() < 0.5, pacing=pacing)

        run_jumping(main, backend)


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------


class Interrupting(CutLine):
    """A line at whose n-th use somebody presses Ctrl-C."""

    uses: Any
    at: int

    async def send(self, item: bytes) -> None:
        self._use()
        await super().send(item)

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        data = await super().receive(max_bytes)
        self._use()
        return data

    def _use(self) -> None:
        if next(self.uses) == self.at:
            signal.raise_signal(signal.SIGINT)


async def _program(tws: Tws) -> None:
    await tws.orders.place(APPLE, LimitOrder("BUY", 1, 10), ref="i1")
    await tws.orders.bracket(APPLE, "BUY", 1, 10, profit_price=20, stop_price=5, ref="i2")
    trade = await tws.orders.place(APPLE, MarketOrder("BUY", 1), ref="i3")
    await trade.until(lambda state: state.is_done)
    first = tws.orders.trade("i1")
    assert first is not None
    await first.modify(limit_price=9)
    await first.cancel()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("is_kept", [False, True], ids=["plain", "kept"])
def test_ctrl_c_at_any_moment(backend: str, is_kept: bool, tmp_path: Path) -> None:
    """One bare `KeyboardInterrupt`; the journal is let go of, and the next process knows what is there."""
    chance = random.Random(f"{SEED} {backend} {is_kept}")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for at in sorted(chance.sample(range(4, 34), 3)):
            _interrupted(backend, at, tmp_path / f"{at}", is_kept=is_kept)
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted(backend: str, at: int, path: Path, *, is_kept: bool) -> None:
    world = World(WorldSettings(starts_at=EPOCH))
    uses = count()

    async def main() -> None:
        async with serve_memory(world) as served:

            async def opening() -> Interrupting:
                line = Interrupting(await served.connect())
                line.uses, line.at = uses, at
                return line

            journal = anytws.FileJournal(path)
            block = (
                keep_connected_stream(opening, client_id=CLIENT, journal=journal)
                if is_kept
                else anytws.connect_stream(await opening(), client_id=CLIENT, journal=journal)
            )
            async with block as tws:
                await _program(tws)
            # It was over before.
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep(1)

    async def afterwards() -> None:
        async with serve_memory(world) as served:
            journal = anytws.FileJournal(path)
            async with anytws.connect_stream(await served.connect(), client_id=CLIENT, journal=journal) as tws:
                await tws.orders.reconcile()
                await anyio.sleep(QUIET)
                for ref in ("i1", "i3"):
                    Judge(world, VERBS["limit"], ref).check_beliefs(tws)
                judge = Judge(world, VERBS["bracket"], "i2")
                judge.check_beliefs(tws)
                there = {
                    held is not None and held.is_live and held.is_transmitted for held in map(judge.held, judge.refs)
                }
                judge.require(len(there) == 1, f"half a family works: {there}")
                for heard in world.heard:
                    if isinstance(heard.message, PlaceOrderRequest):
                        assert tws.orders.trade(heard.message.order.order_reference) is not None

    with pytest.raises(KeyboardInterrupt):
        run_jumping(main, backend)
    run_jumping(afterwards, backend)


def test_what_is_left_is_seen() -> None:
    """The instrument finds a waiter, an id that is kept, and an order that nobody knows."""

    async def main() -> None:
        async with (
            serve_memory(World(WorldSettings(starts_at=EPOCH))) as served,
            connected(served, is_kept=False) as tws,
        ):
            judge = Judge(served.world, VERBS["limit"], "a")
            trade = await tws.orders.place(APPLE, LimitOrder("BUY", 1, 10), ref="a")
            await check_nothing_left(tws, judge, 0)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(trade.until, lambda state: state.is_done)
                with pytest.raises(Wrong, match="somebody waits"):
                    await check_nothing_left(tws, judge, 0)
                tasks.cancel_scope.cancel()
            with tws.orders.id_block.taken(), pytest.raises(Wrong, match="id is kept"):
                await check_nothing_left(tws, judge, 0)
            tws.known_orders.by_ref.clear()
            with pytest.raises(Wrong, match="is not found"):
                await check_nothing_left(tws, judge, 0)

    run_jumping(main, "trio")
