"""``anytws panic``: what it cancels, when it says that none is open, and what it says where that is not known."""

from __future__ import annotations

import io
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import anytws
from anytws import Tws, cli
from anytws.cli import panic as panic_module
from anytws.cli.connecting import Place
from anytws.cli.mask import Mask
from anytws.cli.panic import Panic, _answer
from anytws.messages import Action, GlobalCancelRequest, LimitOrder, Stock
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import AT_ONCE, Habits
from anytws.simulator.faults import (
    At,
    ConnectionLost,
    CutUnanswered,
    DropRequest,
    Event,
    HoldClientIds,
    ManualOrder,
    NightlyRestart,
    On,
    Script,
)
from anytws.simulator.faults.words import Meanwhile
from anytws.simulator.serve import serve
from anytws.simulator.settings import EPOCH
from tests.test_cli import spoken

AT_ONCE_TOO = "[settings.latency]\nacknowledge = 0.0\nfill = 0.0\n"
BY_HAND = AT_ONCE_TOO + (
    '[[events]]\nat = 0.0\ndo = "manual_order"\nsymbol = "SPY"\naction = "SELL"\nquantity = 5\nlimit_price = 900\n'
)
CANCEL = On("GlobalCancelRequest", nth=1)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """What a person would wait for, a test does not."""
    for name in ("_LOOK_SECONDS", "_PAUSE"):
        monkeypatch.setattr(panic_module, name, 0.05)


def a_world(*events: Event, **settings: Any) -> World:
    return World(WorldSettings(starts_at=EPOCH, latency=AT_ONCE, **settings), script=Script(list(events)))


@asynccontextmanager
async def with_orders(world: World) -> AsyncGenerator[tuple[Tws, int]]:
    """Serve *world*, in which a program has two orders and a person one; give the program and the port."""
    async with serve(world) as served, anytws.connect(port=served.port, client_id=3) as program:
        for number, symbol in enumerate(("AAPL", "SPY")):
            await program.orders.place(Stock(symbol), LimitOrder("BUY", 10, 1), ref=f"bot-{number}")
        yield program, served.port


def cancels(world: World) -> int:
    """Tell how many global cancels TWS has heard."""
    return sum(isinstance(heard.message, GlobalCancelRequest) for heard in world.heard)


async def do(port: int, within: float = 20.0, **options: Any) -> tuple[int, Panic, str]:
    """Do it, and give the exit code, what is known, and what was said."""
    output, text = spoken()
    act = Panic(output, Mask(), Place(**{"client_id": 40, **options}), within)
    code = await act.run("127.0.0.1", port, yes=True, as_json=False)
    return code, act, " ".join(text.getvalue().split())


@pytest.mark.parametrize("version", [176, 226])
async def test_the_orders_of_all_are_cancelled_and_none_is_left(version: int):
    world = a_world(Event(At(0.001), ManualOrder("SPY", Action.SELL, Decimal(5), Decimal(900))), server_version=version)
    async with with_orders(world) as (program, port):
        assert len(await program.orders.open()) == 3
        code, act, text = await do(port)
        assert code == 0
        assert cancels(world) == len(act.sent) == 1
        assert await program.orders.open() == ()
        assert {trade.state.status.value for trade in program.orders.trades if trade.ref} == {"cancelled"}
    assert "No order is open: TWS has said so twice in a row." in text
    assert "2 positions held, which this does not touch: ******567 AAPL 100" in text
    assert "DU1234567" not in text


async def test_a_connection_that_ends_is_made_again_and_the_cancel_is_said_again():
    world = a_world(Event(CANCEL, CutUnanswered()))
    async with serve(world) as served:
        code, act, text = await do(served.port)
    assert (code, len(act.sent), cancels(world)) == (0, 2, 2)
    assert "was sent again" in text


async def test_what_stays_open_is_cancelled_again_and_then_listed(monkeypatch):
    """A program may go on to place orders, and a cancel may be lost."""
    monkeypatch.setattr(panic_module, "_AGAIN_SECONDS", 0.1)
    async with with_orders(a_world(Event(CANCEL, DropRequest()))) as (_, port):
        code, act, _ = await do(port)
        assert (code, len(act.sent)) == (0, 2)
    world = a_world(Event(On("GlobalCancelRequest"), DropRequest()))
    async with with_orders(world) as (_, port):
        code, act, text = await do(port, within=0.8)
        assert code == cli.FAILED
        assert len(act.sent) > 1
    assert "2 orders are still open after 0.8 s: client 3 1 BUY 10 AAPL LMT 1 DAY 0 of 10 Submitted bot-0" in text
    # As TWS has listed it: that the connection has ended since makes nothing unsure.
    assert "unsure" not in text
    assert "2 positions held" in text


@pytest.mark.parametrize("without_id", [True, False])
@pytest.mark.parametrize("version", [176, 226])
async def test_a_tws_that_lets_nobody_cancel_is_told_at_once(version: int, without_id: bool):
    habits = Habits(minus_one_for_read_only=without_id)
    async with serve(a_world(read_only=True, habits=habits, server_version=version)) as served:
        code, act, text = await do(served.port)
    assert code == cli.REFUSED
    assert len(act.sent) == 1
    assert "321" in text
    assert "it lets clients only read. Nothing was cancelled. Cancel them in TWS itself" in text
    assert "No order is open" not in text


async def test_without_a_tws_it_is_said_that_nothing_was_sent():
    async with serve(a_world()) as served:
        port = served.port
    code, act, text = await do(port, within=0.2)
    assert (code, act.sent) == (cli.NOT_CONNECTED, [])
    assert "The cancel was not sent: nothing was cancelled. It is not known what is open" in text
    assert "What is held is not known" in text


async def test_a_tws_that_does_not_come_back_leaves_open_what_is_open():
    world = a_world(Event(CANCEL, NightlyRestart(refused_seconds=600)))
    async with serve(world) as served:
        code, act, text = await do(served.port, within=0.5)
    assert (code, len(act.sent)) == (cli.NOT_CONNECTED, 1)
    assert "sent 1 time: TWS has not said since whether orders are open. It is not known" in text


async def test_a_client_id_in_use_keeps_nobody_from_it():
    async with serve(a_world(Event(At(0.0), HoldClientIds((40, 41))))) as served:
        async with anytws.connect(port=served.port, client_id=1) as tws:
            await tws.current_time()
            code, act, _ = await do(served.port)
    assert (code, act.number) == (0, 2)


async def test_what_tws_says_without_a_link_of_its_own_is_no_proof():
    world = a_world(Event(CANCEL, ConnectionLost(seconds=0.2, requests=Meanwhile.LATE)))
    async with serve(world) as served:
        code, act, text = await do(served.port)
    assert code == 0
    assert "has no link to IB: what it says of orders is old" in text
    assert len(act.sent) == 2


# The command


def day(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return f"--simulate={path}"


def test_programs_read_one_object(tmp_path: Path, capsys):
    simulated = day(tmp_path / "day.toml", BY_HAND + '[[events]]\non = "GlobalCancelRequest"\ndo = "drop_request"\n')
    assert cli.main(["panic", "--yes", "--json", "--within", "0.8", simulated]) == cli.FAILED
    out, error = capsys.readouterr()
    told = json.loads(out)
    assert {*told} == {"exit_code", "is_clean", "cancel_sent_at", "open", "positions", "failure"}
    assert (told["exit_code"], told["is_clean"], len(told["cancel_sent_at"])) == (1, False, 1)
    (order,) = told["open"]
    assert (order["owner"], order["action"], order["contract"]["symbol"]) == ("manual", "SELL", "SPY")
    assert [each["position"] for each in told["positions"]] == ["100", "-20"]
    assert "the cancel of all orders was sent" in error


def test_where_nobody_can_be_asked_nothing_is_done(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert cli.main(["panic", "--simulate"]) == cli.USAGE
    monkeypatch.setattr("sys.stdin", None)
    assert cli.main(["panic", "--simulate"]) == cli.USAGE
    out, error = capsys.readouterr()
    assert out == ""
    assert "say --yes" in error


@pytest.mark.parametrize("answer, code", [("yes\n", 0), ("YES \n", 0), ("y\n", 1), ("\n", 1), ("no\n", 1)])
def test_a_person_is_told_what_it_hits_and_asked(answer: str, code: int, tmp_path: Path, monkeypatch, capsys):
    theirs, ours = os.openpty()
    worlds: list[World] = []
    made = World.__init__

    def remembered(world: World, *args: Any, **options: Any) -> None:
        made(world, *args, **options)
        worlds.append(world)

    monkeypatch.setattr(World, "__init__", remembered)
    with os.fdopen(theirs, "w") as keyboard, os.fdopen(ours) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        keyboard.write(answer)
        keyboard.flush()
        assert cli.main(["panic", day(tmp_path / "day.toml", BY_HAND)]) == code
    text = " ".join(capsys.readouterr().out.split())
    assert "1 open order, 1 by hand" in text
    assert "whoever has placed them: other clients, and people in TWS" in text
    assert ("Nothing was cancelled" in text) is bool(code)
    assert cancels(worlds[0]) == (not code)


def test_without_a_tws_nobody_is_asked(capsys, monkeypatch):
    monkeypatch.setattr(panic_module, "_can_be_asked", lambda: True)
    assert cli.main(["panic", "--port", "1", "--within", "0.1"]) == cli.NOT_CONNECTED
    assert "nothing was cancelled, since there was no connection within 0.1 s" in " ".join(
        capsys.readouterr().err.split()
    )


async def test_where_a_terminal_cannot_be_waited_for_a_thread_reads_it(monkeypatch):
    class Odd(io.StringIO):
        def fileno(self) -> int:
            raise OSError("as on Windows")

    monkeypatch.setattr("sys.stdin", Odd("Yes\n"))
    output, text = spoken()
    assert await _answer(output, "Really? ") == "yes"
    assert text.getvalue() == "Really? "
