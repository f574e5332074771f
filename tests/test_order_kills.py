"""A share of `tests.order_kills`: bots that are killed with signal 9, a world that goes on, and their next process.

Also the webhook that fires ten times, at once and over restarts: one order.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

import anytws
from anytws.client.order_errors import AlreadyPlaced, OrderRejected, OrderUnknown
from anytws.machines import reconcile
from anytws.machines.fate import FateOutcome
from anytws.machines.journal import Ended
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages import LimitOrder, Stock
from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator import World, WorldSettings, serve
from anytws.simulator.faults import CutUnanswered, DropRequest, Event, On, Script
from anytws.simulator.serve import serve_memory
from anytws.simulator.settings import EPOCH
from anytws.testing.memory import connect_in_memory
from tests import killed_bot, order_kills
from tests.cutting import Cut, CutLine, Way
from tests.killed_bot import CALM, CLIENT, journal_at, signal
from tests.order_kills import KINDS, Count, Wrong, a_bot, a_world, change_by_hand, check, live_and_die, mine, until_said

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="there is no signal 9")
APPLE = Stock("AAPL")


@pytest.fixture
def hastened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two looks be near each other: this is one machine."""
    monkeypatch.setattr(reconcile, "SETTLING", 0.3)


# --- kill -9 ---------------------------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_three_orders_one_filled_one_changed_by_hand_one_cancelled_meanwhile(
    tmp_path: Path, anyio_backend: str
) -> None:
    """The bot is killed with three orders out; its next process, another one, knows what became of each."""
    async with anyio.create_task_group() as tasks:
        for kind in KINDS:
            tasks.start_soon(_three_orders, tmp_path / f"{kind}.journal", kind)


async def _three_orders(path: Path, kind: str) -> None:
    world = a_world(KINDS.index(kind) * 2)
    async with serve(world) as served:
        async with a_bot(served.port, kind, path, 0, 3, CALM) as (process, lines):
            await until_said(lines, "done")
            process.kill()
            await process.wait()
        filled, changed, cancelled = mine(world)
        hands = world.exchange.hands
        hands.fill(filled)
        change_by_hand(world, changed, 1.25)
        hands.fill(changed, Decimal(1))
        hands.cancel(cancelled)
        async with a_bot(served.port, kind, path, 1, 0) as (process, lines):
            told = {
                row["ref"]: row for row in json.loads((await until_said(lines, "ready\n")) or await lines.receive())
            }
    refs = [held.order.order_reference for held in (filled, changed, cancelled)]
    assert {*told} == {*refs}
    one, two, three = (told[ref] for ref in refs)
    assert (one["status"], one["filled"]) == ("filled", str(filled.total))
    assert (two["status"], two["filled"], two["remaining"]) == ("open", "1", str(changed.total - 1))
    assert two["limit_price"] == 1.25
    assert (three["status"], three["filled"]) == ("cancelled", "0")
    assert not any(row["is_unsure"] for row in told.values())
    assert [row["permanent_id"] for row in (one, two, three)] == [
        held.permanent_id for held in (filled, changed, cancelled)
    ]


@POSIX
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_killed_at_random_moments_its_next_process_knows_the_truth(
    tmp_path: Path, anyio_backend: str, hastened: None
) -> None:
    """Two lives at the same time, one with each kind of journal. More of them: ``python -m tests.order_kills``."""
    async with anyio.create_task_group() as tasks:
        for seed in (42, 43):
            tasks.start_soon(lambda seed=seed: live_and_die(seed, tmp_path, generations=1))  # type: ignore[misc]


# --- what is concluded is written down -------------------------------------------------------------------------------


def a_memory_world(*events: Event, **settings: Any) -> World:
    return World(WorldSettings(**{"starts_at": EPOCH, **settings}), script=Script(events))


@pytest.mark.virtual_time
@pytest.mark.parametrize("kind", KINDS)
async def test_that_an_order_never_arrived_is_written_down(tmp_path: Path, kind: str) -> None:
    """The next process has it in its journal as over: TWS has had later ids by then, and could not tell any more."""
    path = str(tmp_path / "orders")
    async with serve_memory(a_memory_world(Event(On("PlaceOrderRequest", nth=1), DropRequest()))) as served:
        async with connect_in_memory(served, client_id=1, journal=journal_at(kind, path)) as tws:
            with pytest.raises(OrderUnknown):
                await tws.orders.place(APPLE, LimitOrder("BUY", 1, "1.5"), ref="a", timeout=1)
        async with connect_in_memory(served, client_id=1, journal=journal_at(kind, path)) as tws:
            (fate,) = (await tws.orders.reconcile()).verdicts
            assert fate.outcome is FateOutcome.NEVER_ARRIVED
            again = await tws.orders.place(APPLE, LimitOrder("BUY", 1, "1.5"), ref="a", again=True)
        journal = journal_at(kind, path)
        journal.open()
        ended = [kept.ended for kept in journal.read().ended.values()]
        assert [each.outcome for each in ended if isinstance(each, Ended)] == [OrderOutcome.REJECTED]
        assert [key[1] for key in journal.read().open] == [again.order_id]
        journal.close()
        async with connect_in_memory(served, client_id=1, journal=journal_at(kind, path)) as tws:
            picture = await tws.orders.reconcile()
            assert picture.unknown == ()
            found = tws.orders.trade("a")
            assert found is not None
            assert found.order_id == again.order_id


@pytest.mark.virtual_time
async def test_that_nothing_of_an_order_has_left_is_written_down(tmp_path: Path) -> None:
    """It waits for its place in the second, and the connection ends: its next process need not ask for it."""
    path = str(tmp_path / "orders")
    world = a_memory_world(Event(On("PlaceOrderRequest", nth=1), CutUnanswered()))
    async with serve_memory(world) as served:
        told: list[OrderUnknown] = []
        with pytest.raises(anytws.ConnectionClosed):
            async with connect_in_memory(served, client_id=1, journal=journal_at("file", path), pacing=2) as tws:

                async def place(ref: str) -> None:
                    try:
                        await tws.orders.place(APPLE, LimitOrder("BUY", 1, "1.5"), ref=ref)
                    except OrderUnknown as unknown:
                        told.append(unknown)

                with anyio.CancelScope(shield=True):
                    async with anyio.create_task_group() as tasks:
                        for ref in ("a", "b", "c"):
                            tasks.start_soon(place, ref)
                await anyio.sleep_forever()
        left = {unknown.ref: unknown.left for unknown in told}
        assert Left.NONE in left.values()
        assert Left.NONE is not left[min(told, key=lambda unknown: unknown.order_id or 0).ref]
        journal = journal_at("file", path)
        journal.open()
        assert {kept.placed.ref for kept in journal.read().ended.values()} == {
            ref for ref in left if left[ref] is Left.NONE
        }
        journal.close()


# --- the webhook -----------------------------------------------------------------------------------------------------


async def fire(tws: anytws.Tws, times: int) -> list[str]:
    """Deliver one signal so many times at once; give what each delivery came to."""
    told: list[str] = []

    async def deliver() -> None:
        try:
            await tws.orders.place(APPLE, LimitOrder("BUY", 1, "1.5"), ref="signal-7")
        except (AlreadyPlaced, OrderUnknown, OrderRejected, anytws.NotConnected, anytws.ConnectionClosed) as problem:
            told.append(type(problem).__name__)
        else:
            told.append("placed")

    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as tasks:
            for _ in range(times):
                tasks.start_soon(deliver)
    return told


@pytest.mark.virtual_time
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [None, 0, 100, 2_000])
async def test_a_webhook_that_fires_ten_times_places_one_order(tmp_path: Path, kind: str, at: int | None) -> None:
    """At once, and over restarts of the program; the line may be cut amid the first delivery."""
    path = str(tmp_path / "orders")
    world = a_memory_world(server_version=176)
    async with serve_memory(world) as served:
        line = CutLine(await served.connect())
        try:
            async with anytws.connect_stream(line, client_id=1, journal=journal_at(kind, path)) as tws:
                await anyio.sleep(1)
                # At the last byte of what TWS gets it has the order, and its answer is lost.
                line.arm(None if at is None else Cut(Way.UP, at) if at < 1_000 else Cut(Way.DOWN, 0))
                told = await fire(tws, 10)
                assert sorted(told) == sorted(["placed" if at is None else "OrderUnknown", *["AlreadyPlaced"] * 9])
                assert at is None or set(await fire(tws, 10)) == {"AlreadyPlaced"}
        except anytws.ConnectionClosed:
            assert at is not None
        for _ in range(2):
            async with anytws.connect_stream(
                await served.connect(), client_id=1, journal=journal_at(kind, path)
            ) as tws:
                assert set(await fire(tws, 10)) == {"AlreadyPlaced"}
                await tws.orders.reconcile()
                assert set(await fire(tws, 10)) == {"AlreadyPlaced"}
                trade = tws.orders.trade("signal-7")
                assert trade is not None
                arrived = [heard.message for heard in world.heard if isinstance(heard.message, PlaceOrderRequest)]
                assert len(arrived) == (0 if at in (0, 100) else 1)
                assert trade.state.status is (OrderOutcome.OPEN if arrived else OrderOutcome.REJECTED)


# --- the instrument --------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_the_check_sees_what_is_not_so(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(0)
    async with serve_memory(world) as served:
        async with connect_in_memory(served, client_id=CLIENT) as tws:
            for number in range(3):
                contract, order = signal(number)
                await tws.orders.place(contract, order, ref=f"n{number}")
            await anyio.sleep(1)
            check(0, world, tws)
            first, second, _ = mine(world)
            first.filled += 1
            with pytest.raises(Wrong, match="is believed"):
                check(0, world, tws)
            first.filled -= 1
            second.order = first.order
            with pytest.raises(Wrong, match="placed twice"):
                check(0, world, tws)


def test_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def many(begin: int, kills: int, at_once: int) -> Count:
        return Count(kills, 1, troubles=["seed 3"] if begin == 3 else [])

    monkeypatch.setattr(order_kills, "many", many)
    monkeypatch.setattr(sys, "argv", ["order_kills", "--kills", "9"])
    assert order_kills.main() == 0
    assert capsys.readouterr().out == "9 kills in 1 lives, 0 failures, {}\n"
    monkeypatch.setattr(sys, "argv", ["order_kills", "--seed", "3"])
    assert order_kills.main() == 1


def test_signals_are_what_they_were() -> None:
    """The list of a bot is the same in each of its processes."""
    assert signal(3) == signal(3)
    assert {signal(number)[1].action for number in range(2)} == {*map(type(signal(0)[1].action), ("BUY", "SELL"))}
    assert killed_bot.MOMENTS
