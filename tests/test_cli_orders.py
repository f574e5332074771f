"""``anytws orders``: whose each order is, what became of it, what is doubtful, and how it goes on."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

import anytws
from anytws import Gap, OrderOutcome, Owner, Resumed, Trade, TradeState, Tws, cli
from anytws.cli import following as following_module
from anytws.cli.following import Following, JsonTeller, LineTeller
from anytws.cli.gaps import away_text, gap_text, length_text
from anytws.cli.mask import Mask
from anytws.cli.order_rows import marks_of, order_row, tell_rows, terms_text
from anytws.cli.orders import _list, tell_trades
from anytws.machines.presence import Presence, PresenceState
from anytws.messages import Action, Contract, LimitOrder, MarketOrder, Order, OrderType, Stock, StopOrder
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import AT_ONCE
from anytws.simulator.faults import At, Event, FillOrder, ManualOrder, NightlyRestart, Script
from anytws.simulator.serve import MemoryTws, serve_memory
from anytws.simulator.settings import EPOCH
from tests.test_cli import spoken

HOSTILE = "DU1234567 \x1b[2J\n\u202e"
APPLE, SPY = Stock("AAPL"), Stock("SPY")
BY_HAND = ManualOrder("SPY", Action.SELL, Decimal(5), Decimal(900))


def a_world(*events: Event, **settings: Any) -> World:
    return World(WorldSettings(starts_at=EPOCH, latency=AT_ONCE, **settings), script=Script(list(events)))


@asynccontextmanager
async def three_parties(world: World) -> AsyncGenerator[tuple[Tws, Tws, MemoryTws]]:
    """Serve *world* to a program that trades, and to one that looks on; give both, and the server."""
    async with (
        serve_memory(world) as served,
        anytws.connect_stream(await served.connect(), client_id=3) as program,
        anytws.connect_stream(await served.connect(), client_id=9, read_only=True) as looker,
    ):
        yield program, looker, served


async def listed(tws: Tws, *which: str, as_json: bool = False) -> tuple[int, str]:
    """Give the exit code, and what is written."""
    output, text = spoken()
    code = await _list(which, output, Mask(), as_json, tws)
    return code, text.getvalue()


@pytest.mark.parametrize("version", [176, 226])
async def test_orders_of_all_are_told_with_their_owners_and_references(version: int):
    world = a_world(Event(At(0.0), BY_HAND), server_version=version)
    async with three_parties(world) as (program, looker, _):
        await program.orders.place(APPLE, LimitOrder("BUY", 100, 100), ref="rebalance-17")
        await program.orders.place(SPY, StopOrder("SELL", 10, 700), ref="protect")
        bought = await program.orders.place(SPY, MarketOrder("BUY", 10), ref="now")
        await bought.until(lambda state: state.commission_and_fees is not None)
        code, text = await listed(looker, "open", "completed", "executions")
        _, as_json = await listed(looker, "open", "completed", "executions", as_json=True)
    assert code == 0
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "3 open orders"
    assert "by hand SELL 5 SPY LMT 900 DAY 0 of 5 Submitted" in lines
    assert "client 3 1 BUY 100 AAPL LMT 100 DAY 0 of 100 Submitted rebalance-17" in lines
    assert "client 3 2 SELL 10 SPY STP at 700 DAY 0 of 10 PreSubmitted (trigger) protect" in lines
    assert "1 completed order today" in lines
    assert any(line.endswith("BUY 10 SPY MKT DAY 10 filled Filled Size: 10 now") for line in lines)
    assert any("client 3 3 bought 10 SPY at 765.89" in line and line.endswith("1.00 USD now") for line in lines)
    told = json.loads(as_json)
    assert {*told} == {"exit_code", "open", "completed", "executions", "failures"}
    (apple,) = [each for each in told["open"] if each["ref"] == "rebalance-17"]
    assert (apple["owner"], apple["client_id"], apple["order_id"], apple["status"]) == ("other_client", 3, 1, "open")
    assert (apple["total_quantity"], apple["limit_price"], apple["account"]) == ("100", 100.0, "******567")
    (fill,) = told["executions"]
    assert (fill["shares"], fill["ref"], int(fill["commission_and_fees"])) == ("10", "now", 1)
    (done,) = told["completed"]
    assert (done["filled"], done["completed_status"]) == ("10", "Filled Size: 10")


async def test_it_only_reads():
    world = a_world()
    async with three_parties(world) as (_, looker, _):
        await listed(looker, "open", "completed", "executions")
        assert looker.statistics().open_conversations == 0
    asked = {type(heard.message).__name__ for heard in world.heard}
    assert asked >= {"AllOpenOrdersRequest", "CompletedOrdersRequest", "ExecutionRequest"}
    assert not asked & {"OpenOrdersRequest", "AutoOpenOrdersRequest", "GlobalCancelRequest", "IdsRequest"}


async def test_what_is_refused_is_told_in_its_place_and_the_rest_is_there():
    """As of a TWS that lets clients only read: it tells executions alone."""
    async with three_parties(a_world(read_only=True)) as (_, looker, _):
        code, text = await listed(looker, "open", "completed", "executions")
        _, as_json = await listed(looker, "completed", "executions", as_json=True)
    assert code == cli.REFUSED
    assert "Completed orders: refused by TWS with 321" in text
    assert "0 executions today" in text
    told = json.loads(as_json)
    assert (told["exit_code"], told["completed"], told["executions"]) == (cli.REFUSED, None, [])
    assert told["failures"]["completed"]["code"] == 321


# How it goes on


class Heard:
    """A teller that keeps what it is told, in words."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._news = anyio.Event()

    def _note(self, text: str) -> None:
        self.told.append(text)
        self._news.set()
        self._news = anyio.Event()

    def order(self, trade: Trade, state: TradeState, code: tuple[int, str] | None) -> None:
        said = f" {code[0]}" if code else ""
        self._note(f"{trade.ref or trade.owner.value} {state.status.value} {state.filled:f}{said}")

    def fill(self, fill: Any) -> None:
        self._note(f"fill {fill.execution.order_reference} {fill.execution.shares:f}")

    def gap(self, item: Gap | Resumed) -> None:
        self._note(type(item).__name__)

    def trouble(self, text: str, *, is_over: bool = False) -> None:
        self._note("well" if is_over else f"trouble: {text}")

    def lost(self, trade: Trade) -> None:
        self._note(f"lost {trade.ref}")

    async def until(self, *texts: str) -> None:
        """Wait until all *texts* were told."""
        with anyio.move_on_after(60):
            while not {*texts} <= {*self.told}:
                await self._news.wait()
        assert {*texts} <= {*self.told}


@asynccontextmanager
async def followed(tws: Tws, heard: Any, **parts: bool) -> AsyncGenerator[None]:
    """Follow beside a block."""
    wanted = {"orders": True, "executions": True, **parts}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Following(tws, heard, 0.5, **wanted).run, None)
        yield
        tasks.cancel_scope.cancel()


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [176, 226])
async def test_what_becomes_of_orders_of_others_is_learned_by_asking(version: int):
    world = a_world(Event(At(20), FillOrder(reference="b", shares=Decimal(4))), server_version=version)
    heard = Heard()
    async with three_parties(world) as (program, looker, _), followed(looker, heard):
        first = await program.orders.place(APPLE, LimitOrder("BUY", 100, 100), ref="a")
        await program.orders.place(SPY, LimitOrder("BUY", 10, 100), ref="b")
        await heard.until("a open 0", "b open 0")
        await first.cancel()
        await heard.until("a cancelled 0")
        # Placed and over between two questions.
        await program.orders.place(SPY, MarketOrder("BUY", 1), ref="c")
        await heard.until("c filled 1", "fill c 1")
        await heard.until("b open 4", "fill b 4")
        await program.orders.cancel_all()
        await heard.until("b cancelled 4")
    assert len(heard.told) == len({*heard.told}), "nothing is told twice"
    assert not any(text.startswith(("lost", "trouble")) for text in heard.told)


@pytest.mark.virtual_time
async def test_a_restart_is_told_and_what_was_missed_is_learned(monkeypatch):
    world = a_world(
        Event(At(10), NightlyRestart(refused_seconds=30)), Event(At(20), FillOrder(reference="a", shares=Decimal(100)))
    )
    monkeypatch.setattr(following_module, "_LOOK_SECONDS", 0.05)
    heard = Heard()
    async with serve_memory(world) as served:
        with pytest.raises(anytws.ConnectionClosed):
            async with anytws.connect_stream(await served.connect(), client_id=3) as program:
                await program.orders.place(APPLE, LimitOrder("BUY", 100, 100), ref="a")
                await anyio.sleep_forever()
        world.restart()
        kept = anytws.keep_connected_stream(served.connect, client_id=9, read_only=True)
        async with kept as looker, followed(looker, heard):
            await heard.until("a open 0")
            world.links[-1].die()
            await heard.until("Gap")
            await heard.until("Resumed", "a filled 100")
            assert looker.presence.now.gaps == 1
    away = [text for text in heard.told if text.startswith("trouble: no connection since")]
    assert away
    assert heard.told.index("Gap") < heard.told.index("Resumed")


@pytest.mark.virtual_time
async def test_an_order_that_is_listed_no_more_and_not_told_is_said_to_be_lost(monkeypatch):
    """Where TWS refuses the question for completed orders, say, or has forgotten."""
    heard = Heard()
    async with three_parties(a_world()) as (program, looker, _):
        order = await program.orders.place(APPLE, LimitOrder("BUY", 100, 100), ref="a")

        async def nothing(**_: object) -> tuple[()]:
            return ()

        monkeypatch.setattr(looker.orders, "completed", nothing)
        async with followed(looker, heard):
            await heard.until("a open 0")
            await order.cancel()
            await heard.until("lost a")
            await anyio.sleep(5)
    assert heard.told.count("lost a") == 1


@pytest.mark.virtual_time
async def test_a_question_that_fails_is_told_once_and_so_is_its_end(monkeypatch):
    heard = Heard()
    async with three_parties(a_world()) as (program, looker, _):
        await program.orders.place(APPLE, LimitOrder("BUY", 100, 100), ref="a")
        async with followed(looker, heard, executions=False):
            await heard.until("a open 0")
            asked = looker.orders.open

            async def refused(**_: object) -> tuple[Trade, ...]:
                raise anytws.RequestFailed(321, "Read-Only mode", "asked")

            monkeypatch.setattr(looker.orders, "open", refused)
            await anyio.sleep(3)
            monkeypatch.setattr(looker.orders, "open", asked)
            await heard.until("well")
    assert sum("321" in text for text in heard.told) == 1


@pytest.mark.virtual_time
async def test_what_is_refused_from_the_beginning_ends_it(monkeypatch):
    async with three_parties(a_world()) as (_, looker, _):

        async def refused(*_: object, **__: object) -> None:
            raise anytws.RequestFailed(321, "Read-Only mode", "asked")

        monkeypatch.setattr(looker, "ask", refused)
        with pytest.raises(anytws.RequestFailed):
            await Following(looker, Heard(), 0.5, orders=True, executions=False).run(None)


@pytest.mark.virtual_time
async def test_lines_and_objects_say_the_same():
    for make in (LineTeller, JsonTeller):
        output, text = spoken(width=300)
        async with three_parties(a_world()) as (program, looker, _), followed(looker, make(output, Mask())):
            order = await program.orders.place(APPLE, LimitOrder("BUY", 100, 100), ref="a")
            await program.orders.place(SPY, MarketOrder("BUY", 1), ref="c")
            await anyio.sleep(3)
            await order.cancel()
            await anyio.sleep(3)
        lines = text.getvalue().splitlines()
        if make is LineTeller:
            assert any("executed  client 3  2  bought 1 SPY at" in line and line.endswith("c") for line in lines)
            words = [" ".join(line.split()[1:]) for line in lines]
            assert "client 3 1 BUY 100 AAPL LMT 100 DAY 0 of 100 cancelled a" in words
        else:
            told = [json.loads(line) for line in lines]
            assert [each["execution"]["ref"] for each in told if "execution" in each] == ["c"]
            states = [each["order"]["status"] for each in told if each.get("order", {}).get("ref") == "a"]
            assert states == ["open", "cancelled"]


# The command


def test_a_day_in_a_file(tmp_path: Path, capsys):
    day = tmp_path / "day.toml"
    day.write_text(
        "[settings.latency]\nacknowledge = 0.0\n[[events]]\nat = 0.0\n"
        'do = "manual_order"\nsymbol = "SPY"\naction = "SELL"\nquantity = 5\nlimit_price = 900\n',
        "utf-8",
    )
    assert cli.main(["orders", f"--simulate={day}"]) == 0
    assert "by hand  SELL 5 SPY LMT 900 DAY  0 of 5  Submitted" in capsys.readouterr().out
    assert cli.main(["orders", f"--simulate={day}", "--live", "--for", "0.5", "--every", "0.1", "--json"]) == 0
    (told,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told["order"]["owner"] == "manual"
    assert cli.main(["orders", "--simulate", "--live", "--for", "0"]) == 0
    assert "Ctrl-C ends it" in capsys.readouterr().out


def test_without_a_tws_it_says_so_at_once(capsys):
    assert cli.main(["orders", "--port", "1", "--live"]) == cli.NOT_CONNECTED
    assert "cannot connect" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["closed"], ["--for", "1"], ["--every", "1"], ["completed", "--live"], ["--live", "--every", "0"], ["--for", "x"]],
    ids=" ".join,
)
def test_what_cannot_be_is_told_before_anything_is_connected(arguments: list[str], capsys):
    assert cli.main(["orders", *arguments]) == cli.USAGE
    assert "anytws orders --help" in capsys.readouterr().err


# How it looks


def row_of(state: TradeState, order: Order | None = None, contract: Contract | None = None) -> list[str]:
    return [*order_row(state, order, contract, Mask())]


@pytest.mark.parametrize(
    "state, told",
    [
        (TradeState(OrderOutcome.OPEN, OrderStatusWord.SUBMITTED, is_unsure=True), "Submitted, unsure"),
        (TradeState(OrderOutcome.OPEN, OrderStatusWord.INACTIVE, is_held=True), "Inactive, held?"),
        (TradeState(OrderOutcome.FILLED, filled=Decimal(3), average_fill_price=1.5), "filled at 1.5"),
        (TradeState(OrderOutcome.UNKNOWN, is_unsure=True, is_contested=True), "unknown, unsure, contested"),
        (TradeState(OrderOutcome.OPEN, is_untransmitted=True), "open, untransmitted"),
    ],
)
def test_doubt_is_told_in_a_word_and_explained(state: TradeState, told: str):
    assert row_of(state)[4] == told
    output, text = spoken()

    class One:
        order, contract, fills = None, None, ()

    one: Any = One()
    tell_trades(output, Mask(), {one: state})
    for mark in marks_of(state):
        assert f"  {mark}: " in text.getvalue()


@pytest.mark.parametrize(
    "owner, told", [(Owner.MANUAL, "by hand"), (Owner.BOUND, "by hand, bound"), (Owner.OTHER_CLIENT, "client 5")]
)
def test_whose_it_is(owner: Owner, told: str):
    assert row_of(TradeState(owner=owner, client_id=5))[0] == told
    assert row_of(TradeState(owner=Owner.OTHER_CLIENT))[0] == "client ?"


def test_terms_are_what_the_order_is_about():
    """Of orders of other types TWS says limits that are none."""
    stop = Order(Action.SELL, OrderType.STOP, Decimal(1), limit_price=13.16, aux_price=9.5)
    assert terms_text(stop, APPLE, Mask()) == "SELL 1 AAPL STP at 9.5"
    both = Order(Action.SELL, OrderType.STOP_LIMIT, Decimal("0.5"), limit_price=9.0, aux_price=9.5)
    assert terms_text(both, APPLE, Mask()) == "SELL 0.5 AAPL STP LMT 9 at 9.5"
    assert terms_text(None, None, Mask()) == "?, terms not known"


def test_what_tws_says_is_printable_and_masked():
    state = TradeState(OrderOutcome.OPEN, OrderStatusWord(HOSTILE), ref=HOSTILE, why_held=HOSTILE)
    cells = row_of(state, Order(Action(HOSTILE), OrderType(HOSTILE), Decimal("NaN")), Contract(symbol=HOSTILE))
    output, text = spoken()
    tell_rows(output, [tuple(cells)])
    assert all(line.isprintable() for line in text.getvalue().splitlines())
    assert "DU1234567" not in text.getvalue()


def test_gaps_in_words():
    gap = Gap(EPOCH, "it restarts")
    assert gap_text(gap).endswith(": it restarts")
    resumed = Resumed(gap, EPOCH.replace(second=9), not_fetched="orders")
    assert gap_text(resumed) == "goes on after 9.0 s without a word; not all of what was missed could be had: orders"
    assert [length_text(seconds) for seconds in (0.04, 12, 90, 7200)] == ["0.0 s", "12 s", "2 min", "2 h 0 min"]
    presence = Presence(PresenceState.WAITING, EPOCH, "x", why="nothing answers")
    assert away_text(presence) == "no connection: nothing answers"
    assert away_text(Presence(PresenceState.WAITING, EPOCH, "x")) == "no connection"
