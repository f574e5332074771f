"""What every order passes before it leaves, over a connection: the gate, the journal, and what a restart knows."""

from __future__ import annotations

import errno
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import pytest

import anytws
from anytws import (
    AlreadyPlaced,
    FileJournal,
    Gate,
    GateRefused,
    JournalInUse,
    NotJournaled,
    OrderOutcome,
    Quote,
    SqliteJournal,
)
from anytws.client import intake as intake_module
from anytws.client.intake import Intake
from anytws.machines.journal import Ended, Placed
from anytws.machines.order_state import Left
from anytws.messages import Contract, LimitOrder, MarketOrder, Order, Stock, StopOrder
from anytws.messages.base import Side, replace
from anytws.messages.orders import CancelOrderRequest, PlaceOrderRequest
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import MemoryTws, serve_memory
from anytws.simulator.settings import EPOCH
from anytws.wire.codec import shared_codec
from anytws.wire.frames import frame
from tests.staying import lose, staying

APPLE = Stock("AAPL")
FAR = "1.5"
"""A price at which nobody sells."""


def a_world(**settings: Any) -> World:
    return World(WorldSettings(**{"starts_at": EPOCH, **settings}))


def connected(served: MemoryTws, stream: Any, **options: Any) -> Any:
    return anytws.connect_stream(stream, **{"client_id": 3, **options})


def small(ref: str = "", quantity: int = 1) -> Order:
    return LimitOrder("BUY", quantity, FAR, order_reference=ref)


def orders_in(world: World) -> list[str]:
    return [held.order.order_reference for held in world.exchange.orders.live]


@pytest.mark.parametrize("kind, version", [(FileJournal, 176), (SqliteJournal, 226)])
async def test_a_restart_knows_what_may_be_out_there(tmp_path, kind, version):
    path = tmp_path / "orders"
    async with serve_memory(a_world(server_version=version)) as served:
        async with connected(served, await served.connect(), journal=kind(path)) as tws:
            filled = await tws.orders.place(APPLE, MarketOrder("BUY", 100), ref="filled")
            await filled.until(lambda state: state.is_done)
            await tws.orders.place(APPLE, small(), ref="open")
            cancelled = await tws.orders.place(APPLE, small(), ref="cancelled")
            await cancelled.cancel()
            next_id = tws.known_orders.ids.next
            ids = {trade.ref: (trade.order_id, trade.permanent_id) for trade in tws.orders.trades}
        async with connected(served, await served.connect(), journal=kind(path)) as tws:
            known = {trade.ref: trade for trade in tws.orders.trades}
            assert {ref: (each.order_id, each.permanent_id) for ref, each in known.items()} == ids
            assert {ref: each.state.status for ref, each in known.items() if ref != "open"} == {
                "filled": OrderOutcome.FILLED,
                "cancelled": OrderOutcome.CANCELLED,
            }
            assert known["filled"].state.filled == 100
            assert known["open"].state.is_live
            assert tws.known_orders.ids.next >= next_id
            for ref, trade in known.items():
                with pytest.raises(AlreadyPlaced) as told:
                    await tws.orders.place(APPLE, small(), ref=ref)
                assert told.value.trade is trade


async def test_an_order_of_which_nothing_was_heard_is_unsure(tmp_path):
    path = tmp_path / "orders"
    journal = FileJournal(path)
    journal.open()
    request = PlaceOrderRequest(APPLE, small("lost"), order_id=40)
    said = frame(shared_codec(Side.CLIENT, 226).encode(request))
    journal.write(
        Placed(datetime(2026, 7, 6, tzinfo=UTC), 3, 40, False, "lost", ("DU1234567",), version=226, frame=said)
    )
    journal.write(Placed(datetime(2026, 7, 6, tzinfo=UTC), 3, 41, False, "of another login", ("U7654321",)))
    journal.write(Placed(datetime(2026, 7, 6, tzinfo=UTC), 5, 90, False, "of another client", ("DU1234567",)))
    journal.close()
    async with serve_memory(a_world()) as served:
        async with connected(served, await served.connect(), journal=FileJournal(path)) as tws:
            (trade,) = tws.orders.trades
            assert trade.state.status is OrderOutcome.UNKNOWN
            assert trade.state.is_unsure
            assert trade.left is Left.SOME
            assert trade.state.remaining == 1
            # No id is used twice, whosever it was.
            assert tws.next_valid_id == 1
            assert tws.known_orders.ids.next == 42
            with pytest.raises(AlreadyPlaced):
                await tws.orders.place(APPLE, small(), ref="lost")
            placed = await tws.orders.place(APPLE, small(), ref="of another login")
            assert placed.order_id == 42


async def test_what_ended_long_ago_is_known_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(intake_module, "_REVIVED_ENDED", 2)
    path = tmp_path / "orders"
    journal = FileJournal(path)
    journal.open()
    at = datetime(2026, 7, 6, tzinfo=UTC)
    for number in range(1, 9):
        journal.write(Placed(at, 3, number, False, f"n{number}", ("DU1234567",)))
        journal.write(Ended(at, 3, number, OrderOutcome.FILLED, Decimal(number), 1.5))
    journal.close()
    async with serve_memory(a_world()) as served:
        async with connected(served, await served.connect(), journal=FileJournal(path)) as tws:
            assert [trade.ref for trade in tws.orders.trades] == ["n7", "n8"]
            with pytest.raises(AlreadyPlaced) as told:
                await tws.orders.place(APPLE, small(), ref="n3")
            assert told.value.trade.state.filled == 3
            trade = tws.orders.trade("n1")
            assert trade is not None
            assert trade.state.status is OrderOutcome.FILLED
            assert trade.order_id == 1
            assert tws.orders.trade("n1") is trade
            assert tws.orders.trade("n9") is None


@pytest.mark.parametrize("count", [10])
async def test_a_webhook_that_fires_ten_times_places_once(tmp_path, count):
    world = a_world()
    refused = 0
    async with serve_memory(world) as served:
        for _ in range(2):
            async with connected(served, await served.connect(), journal=FileJournal(tmp_path / "orders")) as tws:

                async def fire(tws: anytws.Tws = tws) -> None:
                    nonlocal refused
                    try:
                        await tws.orders.place(APPLE, small(), ref="signal-7")
                    except AlreadyPlaced:
                        refused += 1

                async with anyio.create_task_group() as tasks:
                    for _ in range(count):
                        tasks.start_soon(fire)
    assert refused == 2 * count - 1
    assert orders_in(world) == ["signal-7"]


async def test_raw_orders_and_changes_pass_too(tmp_path):
    world, path = a_world(), tmp_path / "orders"
    async with serve_memory(world) as served:
        gate = Gate(max_quantity=10)
        async with connected(served, await served.connect(), journal=FileJournal(path), gate=gate) as tws:
            with pytest.raises(GateRefused, match="max_quantity"):
                tws.send(PlaceOrderRequest(APPLE, small(quantity=11)))
            assert tws.known_orders.ids.next == 1
            trade = await tws.orders.place(APPLE, small(quantity=10), ref="a")
            with pytest.raises(GateRefused, match="11"):
                tws.send(PlaceOrderRequest(APPLE, small("a", 11), order_id=trade.order_id))
            await trade.modify(total_quantity=Decimal(5))
            journal = tws.intake.journal
            assert journal is not None
            (kept,) = journal.read().open.values()
            assert kept.placed.is_change
            assert kept.placed.quantity == 0
            request = kept.placed.request()
            assert isinstance(request, PlaceOrderRequest)
            assert request.order.total_quantity == 5
            # A question about margins is no order.
            await tws.ask(PlaceOrderRequest(APPLE, what_if()))
            assert len(journal.read().open) == 1


def what_if() -> Order:
    return replace(small(quantity=500), what_if=True)


async def test_a_family_is_looked_at_as_a_whole():
    intake = Intake(gate=Gate(max_open_orders=2))
    family = [PlaceOrderRequest(APPLE, small()), PlaceOrderRequest(APPLE, StopOrder("SELL", 1, 1))]
    intake.admit(family, is_bracket=True)
    with pytest.raises(GateRefused, match="max_open_orders"):
        intake.admit([*family, *family], is_bracket=True)


async def test_a_kill_switch_stops_orders_and_no_cancel(tmp_path):
    stop, event = tmp_path / "stop", anyio.Event()
    async with serve_memory(a_world()) as served:
        gate = Gate(kill_file=stop, kill_switch=event)
        async with connected(served, await served.connect(), gate=gate) as tws:
            trade = await tws.orders.place(APPLE, small(quantity=5), ref="a")
            stop.touch()
            with pytest.raises(GateRefused, match="exists") as told:
                await tws.orders.place(APPLE, small(), ref="b")
            assert [reason.rule for reason in told.value.reasons] == ["kill_switch"]
            # Who wants less is not stopped.
            await trade.modify(total_quantity=Decimal(3))
            state = await trade.cancel()
            assert state.status is OrderOutcome.CANCELLED
            stop.unlink()
            await tws.orders.place(APPLE, small(), ref="b")
            event.set()
            with pytest.raises(GateRefused, match="kill_switch"):
                await tws.orders.place(APPLE, small(), ref="c")
            assert tws.orders.trade("c") is None


async def test_a_day_is_remembered_over_a_restart(tmp_path):
    path = tmp_path / "orders"
    async with serve_memory(a_world()) as served:
        for left in (2, 0):
            gate = Gate(max_orders_per_day=2)
            async with connected(served, await served.connect(), journal=FileJournal(path), gate=gate) as tws:
                for number in range(left):
                    await tws.orders.place(APPLE, small(), ref=f"{number}")
                with pytest.raises(GateRefused, match="max_orders_per_day"):
                    await tws.orders.place(APPLE, small(), ref="x")


async def test_open_orders_and_positions_are_counted_at_their_worst():
    position = Decimal(0)

    def positions(account: str, contract: Contract) -> Decimal | None:
        return position if contract.symbol == "AAPL" else None

    async with serve_memory(a_world()) as served:
        gate = Gate(max_position=10, positions=positions, max_open_orders=3)
        async with connected(served, await served.connect(), gate=gate) as tws:
            first = await tws.orders.place(APPLE, small(quantity=6))
            with pytest.raises(GateRefused, match="max_position"):
                await tws.orders.place(APPLE, small(quantity=5))
            with pytest.raises(GateRefused, match="cannot be told"):
                await tws.orders.place(Stock("MSFT"), small())
            await tws.orders.place(APPLE, small(quantity=4))
            await tws.orders.place(APPLE, LimitOrder("SELL", 10, 9000))
            position = Decimal(10)
            with pytest.raises(GateRefused) as told:
                await tws.orders.place(APPLE, small())
            assert {reason.rule for reason in told.value.reasons} == {"max_position", "max_open_orders"}
            await first.cancel()
            await tws.orders.place(APPLE, LimitOrder("SELL", 10, 9000))


@pytest.mark.virtual_time
async def test_it_outlives_a_connection(tmp_path):
    world, journal = a_world(), FileJournal(tmp_path / "orders")
    async with staying(world, journal=journal, gate=Gate(max_quantity=10)) as tws:
        first = await tws.orders.place(APPLE, small(), ref="first")
        await lose(tws, world)
        await tws.presence.until(lambda presence: presence.is_here)
        assert tws.orders.trades == (first,)
        with pytest.raises(AlreadyPlaced):
            await tws.orders.place(APPLE, small(), ref="first")
        with pytest.raises(GateRefused):
            await tws.orders.place(APPLE, small(quantity=11), ref="second")
        second = await tws.orders.place(APPLE, small(), ref="second")
        await first.cancel()
        picture = journal.read()
        assert [key[1] for key in picture.ended] == [first.order_id]
        assert [key[1] for key in picture.open] == [second.order_id]
        with pytest.raises(JournalInUse):
            FileJournal(journal.path).open()
    again = FileJournal(journal.path)
    again.open()
    again.close()


async def test_an_exit_counts_by_itself_once_its_parent_is_over():
    async with serve_memory(a_world()) as served:
        gate = Gate(max_position=5, positions=lambda *_: Decimal(0))
        async with connected(served, await served.connect(), gate=gate) as tws:
            parent = await tws.orders.place(APPLE, small(quantity=5))
            child = replace(StopOrder("SELL", 6, 1), parent_id=parent.order_id)
            exit_ = await tws.orders.place(APPLE, child)
            await parent.cancel()
            await exit_.until(lambda state: state.is_done)
            with pytest.raises(GateRefused, match="max_position"):
                await tws.orders.place(APPLE, child)


async def test_quotes_are_asked_for_when_an_order_is_wanted():
    now = datetime.fromtimestamp(1_800_000_000, UTC)
    quote: Quote | None = None
    intake = Intake(gate=Gate(max_quote_age=5, quotes=lambda _: quote), clock=lambda: now)
    request = PlaceOrderRequest(APPLE, small())
    with pytest.raises(GateRefused, match="no quote"):
        intake.check(request)
    quote = Quote(bid=1.0, ask=2.0, received_at=now)
    intake.check(request)
    now += timedelta(seconds=6)
    with pytest.raises(GateRefused, match="old"):
        intake.check(request)


async def test_what_cannot_be_enforced_refuses_to_start(tmp_path):
    async with serve_memory(a_world()) as served:
        for options, problem in [
            ({"gate": Gate(max_orders_per_day=5)}, "needs a journal"),
            ({"gate": Gate(kill_file=tmp_path / "nowhere" / "stop")}, "folder"),
        ]:
            with pytest.raises(ValueError, match=problem):
                async with connected(served, await served.connect(), **options):
                    pass
        for options in ({"gate": 7}, {"journal": 7}):
            with pytest.raises(TypeError):
                async with connected(served, await served.connect(), **options):
                    pass


async def test_one_journal_is_for_one_connection_at_a_time(tmp_path):
    path = tmp_path / "orders"
    async with serve_memory(a_world()) as served:
        async with connected(served, await served.connect(), journal=FileJournal(path)):
            with pytest.raises(JournalInUse):
                async with connected(served, await served.connect(), client_id=9, journal=FileJournal(path)):
                    pass
        # It is let go of, also where nothing came of connecting.
        with pytest.raises(anytws.ConnectError):
            stream = await served.connect()
            await stream.aclose()
            async with connected(served, stream, journal=FileJournal(path)):
                pass
        async with connected(served, await served.connect(), journal=FileJournal(path)):
            pass


class Broken(FileJournal):
    """A journal on a disk that is full now and then."""

    is_full = False

    def write(self, *entries: Any) -> None:
        if self.is_full:
            raise NotJournaled(self.path, f"cannot be written to: {errno.ENOSPC}")
        super().write(*entries)


async def test_what_cannot_be_written_down_is_not_sent(tmp_path):
    world, journal = a_world(), Broken(tmp_path / "orders")
    async with serve_memory(world) as served:
        async with connected(served, await served.connect(), journal=journal) as tws:
            first = await tws.orders.place(APPLE, small(), ref="first")
            journal.is_full = True
            with pytest.raises(NotJournaled):
                await tws.orders.place(APPLE, small(), ref="second")
            assert tws.orders.trade("second") is None
            # What is learned meanwhile is written down later. A cancel goes out all the same.
            await first.cancel()
            assert len(journal.read().ended) == 0
            journal.is_full = False
            third = await tws.orders.place(APPLE, small(), ref="third")
            assert [key[1] for key in journal.read().ended] == [first.order_id]
            assert [key[1] for key in journal.read().open] == [third.order_id]
    assert orders_in(world) == ["third"]


async def test_one_that_is_taken_back_is_written_down_as_over(tmp_path):
    journal = FileJournal(tmp_path / "orders")
    async with serve_memory(a_world()) as served:
        async with connected(served, await served.connect(), journal=journal, pacing=2) as tws:
            # The first one, and the last word of the handshake, take the places of this second.
            tws.send(PlaceOrderRequest(APPLE, small("a")))
            sent = tws.send(PlaceOrderRequest(APPLE, small("b")))
            tws.send(CancelOrderRequest(sent.message.order_id or 0))
            (kept,) = journal.read().ended.values()
            # It never was: the next run may place it, as what never arrived.
            assert kept.ended is not None
            assert (kept.placed.ref, kept.ended.outcome) == ("b", OrderOutcome.REJECTED)
