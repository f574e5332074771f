"""``anytws demo``: what it shows, and that its exit code notices when something is not as it should be."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from decimal import Decimal

import attrs
import pytest

from anytws import State
from anytws.cli import INTERRUPTED, demo_market, demo_orders, main
from anytws.cli import demo as demo_module
from anytws.cli.demo import Show
from anytws.messages.session import ManagedAccounts
from anytws.simulator import HangUp, Opening, World, WorldSettings
from anytws.simulator.faults import CutUnanswered, DropRequest, Event, On, Script
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF, PROTOBUF_REST_MESSAGES_3
from tests.test_cli import ESCAPE, anytws, spoken

PATIENCE = 60.0


def position(text: str, *words: str) -> list[int]:
    """Tell where each of *words* stands in *text*; it must be there."""
    return [text.index(word) for word in words]


@pytest.mark.parametrize(
    "backend, personality, version",
    [
        ("trio", "tws", MIN_VERSION),
        ("asyncio", "gateway", PROTOBUF - 1),
        ("trio", "gateway", PROTOBUF),
        ("asyncio", "tws", PROTOBUF_REST_MESSAGES_3),
        ("trio", "tws", MAX_VERSION),
        ("asyncio", "gateway", MAX_VERSION),
    ],
)
def test_everything_is_shown_in_its_order(backend: str, personality: str, version: int, capsys):
    options = ["--backend", backend, "--personality", personality, "--server-version", str(version)]
    assert main(["demo", *options, "--round-trips", "3"]) == 0
    text = capsys.readouterr().out
    story = (
        f"on {backend}",
        State.DISCONNECTED.name,
        State.SOCKET_OPEN.name,
        State.HANDSHAKING.name,
        f"sent API v{MIN_VERSION}..{MAX_VERSION}",
        f"received server version {version}",
        State.AWAITING_NEXT_VALID_ID.name,
        "sent START_API, client id 7",
        "received managedAccounts DU1234567",
        "received nextValidId 1",
        State.READY.name,
        "What TWS said",
        "Asking for the time",
        "3 round trips",
        "Quotes of AAPL",
        "live",
        "Bars of an hour of AAPL",
        "The book of AAPL",
        "as they are in the market",
        "An order",
        "with the reference 'demo-1'",
        "unknown, 0 of 100",
        "open, 0 of 100",
        "filled, 100 of 100 at 333.0",
        "costs             1.00 USD",
        "TWS dies, with an order in flight",
        "with the reference 'demo-2'",
        "OrderUnknown",
        "bytes that have left: all",
        "ConnectionClosed  EOF, while READY",
        "a gap since",
        "NotConnected: nothing was sent",
        "It comes back",
        "present",
        "go on after",
        "What became of 'demo-2'",
        "done: filled, 50 of 50 at 333.0",
        "evidence",
        "AlreadyPlaced: nothing was sent",
        "150 bought in all, once each",
        "Shown: every state",
        "nothing real",
    )
    places = position(text, *story)
    assert places == sorted(places)
    assert ("2104 Market data farm" in text) is (personality == "tws")


def test_the_times_only_go_up(capsys):
    assert main(["demo"]) == 0
    opening = capsys.readouterr().out.partition("What TWS said")[0]
    times = [float(time) for time in re.findall(r"^ *([0-9.]+) ms", opening, re.MULTILINE)]
    assert len(times) >= 10
    assert times == sorted(times)


def test_in_a_pipe_it_is_plain_and_fits_into_80_columns():
    done = anytws("demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert ESCAPE not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert set(filter(lambda letter: not letter.isascii(), done.stdout)) == {"µ"}
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())


def test_on_a_terminal_it_is_coloured(monkeypatch, capsys):
    monkeypatch.setattr(demo_module, "_STEP", 0)
    monkeypatch.setattr(demo_orders, "_AWAY", 0.1)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert main(["demo", "--round-trips", "1"]) == 0
    assert f"{ESCAPE}[1;36mREADY" in capsys.readouterr().out


def test_a_pipe_without_any_letters_but_ascii():
    done = anytws("demo", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_ctrl_c_ends_it_without_a_traceback():
    process = subprocess.Popen(
        [sys.executable, "-m", "anytws", "demo", "--round-trips", str(10**9)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        while "this machine" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == INTERRUPTED
        assert process.stderr.read() == ""


# When something is not as it should be


async def perform(settings: WorldSettings, backend: str = "trio") -> tuple[int, str]:
    output, text = spoken()
    code = await Show(output, settings, 2).run(backend)
    return code, " ".join(text.getvalue().split())


async def test_the_exit_code_is_that_of_a_good_performance(anyio_backend_name):
    code, text = await perform(WorldSettings(accounts=("DU1", "DU2"), first_order_id=70), anyio_backend_name)
    assert code == 0
    assert f"on {anyio_backend_name}" in text
    assert "managedAccounts DU1, DU2" in text
    assert "next valid id 70" in text


@pytest.mark.parametrize(
    "settings, mistake",
    [
        (WorldSettings(api_enabled=False), "it broke off"),
        (WorldSettings(die_after_bytes=40), "it broke off"),
        (WorldSettings(die_after_bytes=100), "it broke off"),
        (WorldSettings(opening=(Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID)), "0 notices of farms came, not 3"),
        (
            WorldSettings(opening=(ManagedAccounts(("DU9",)), Opening.NEXT_VALID_ID, Opening.FARMS)),
            "the accounts are not those of the simulator",
        ),
    ],
    ids=["API off", "dies early", "dies a little later", "no farms", "other accounts"],
)
async def test_what_is_wrong_at_the_start_is_named(settings: WorldSettings, mistake: str, monkeypatch):
    monkeypatch.setattr(demo_module, "_PATIENCE", 1.0)
    code, text = await perform(settings)
    assert code == 1
    assert "Not as it should be" in text
    assert mistake in text
    assert "Shown: every state" not in text


async def test_another_end_than_the_expected_one_is_named(monkeypatch):
    monkeypatch.setattr(demo_orders, "TROUBLE", cut_by(HangUp.RESET))
    code, text = await perform(WorldSettings())
    assert code == 1
    assert "the end has the reason RESET, not EOF" in text


def cut_by(how: HangUp) -> Script:
    """Give the trouble of the show, with another end of the connection."""
    (event,) = demo_orders.TROUBLE.events
    return Script([attrs.evolve(event, do=CutUnanswered(how))])


async def test_an_order_that_is_known_all_the_time_is_not_what_is_to_be_shown(monkeypatch):
    monkeypatch.setattr(demo_orders, "TROUBLE", Script([Event(On("ConfigRequest"), DropRequest())]))
    code, text = await perform(WorldSettings())
    assert code == 1
    assert "and should not be known" in text


async def test_a_tws_that_does_not_come_back_is_named(monkeypatch):
    monkeypatch.setattr(World, "restart", lambda world: None)
    monkeypatch.setattr(demo_module, "_PATIENCE", 0.2)
    code, text = await perform(WorldSettings())
    assert code == 1
    assert "it broke off" in text


async def test_what_takes_too_long_is_named(monkeypatch):
    monkeypatch.setattr(World, "restart", lambda world: None)
    monkeypatch.setattr(demo_orders, "_PATIENCE", 0.4)
    monkeypatch.setattr(demo_module, "_REST_SECONDS", 0.05)
    code, text = await perform(WorldSettings())
    assert code == 1
    assert "orders took longer than 0.4 s" in text


async def test_an_order_that_was_lost_or_doubled_is_named(monkeypatch):
    monkeypatch.setattr(demo_orders.OrderShow, "_held", lambda show: Decimal(0))
    code, text = await perform(WorldSettings())
    assert code == 1
    assert "0 were bought, and not 150" in text


async def test_the_same_seed_tells_the_same_story():
    """But for times, and for prices that depend on them."""
    told = []
    for seed in (7, 7, 8):
        _, text = await perform(WorldSettings(seed=seed))
        bars = text.partition("the last of")[2].partition("The book of")[0]
        told.append((bars, re.sub(r"[0-9.,]+", "#", text.partition("An order")[2].partition("It comes back")[0])))
    assert told[0] == told[1]
    assert told[0][0] != told[2][0]
    assert told[0][1] == told[2][1]


async def test_quotes_and_books_that_are_not_the_markets_are_named(monkeypatch):
    monkeypatch.setattr(demo_market, "_price", lambda instrument, ticks: 1.0)
    monkeypatch.setattr(demo_market, "_MOST_BOOKS", 3)
    code, text = await perform(WorldSettings())
    assert code == 1
    assert "a quote is not one of the market's" in text
    assert "no book is one of the market's" in text


async def test_bars_that_are_not_the_markets_are_named(monkeypatch):
    facts = demo_market._facts
    monkeypatch.setattr(demo_market, "_facts", lambda bars: facts(bars)[1:])
    code, text = await perform(WorldSettings())
    assert code == 1
    assert "the bars are not the market's" in text


async def test_without_market_data_it_breaks_off():
    code, text = await perform(WorldSettings(market_data_subscribed=False))
    assert code == 1
    assert "it broke off" in text
