"""How verbs come to a TWS: the options that they share, `--simulate`, and what the shell is told when that fails."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from anytws import (
    AnytwsError,
    CloseReason,
    ConnectionClosed,
    DataLost,
    LocalProtocolError,
    ReadOnly,
    RequestFailed,
    RequestTimedOut,
    State,
    Tws,
    cli,
)
from anytws.cli.connecting import CLIENT_ID, Connecting, exit_code_of, run_reading, with_simulate_spelled_out
from anytws.cli.mask import Mask
from anytws.messages import LimitOrder, PlaceOrderRequest, Stock
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import TcpTws, serve
from anytws.simulator.settings import EPOCH
from tests.test_check import free_port

READING = ("watch", "bars", "account", "orders")
VERBS = {
    "watch": ["watch", "AAPL", "--for", "0.8"],
    "bars": ["bars", "AAPL"],
    "account": ["account"],
    "orders": ["orders"],
}
OWN = Connecting(simulate="")


@pytest.fixture(autouse=True)
def _uncorrected(monkeypatch):
    """What TWS corrects of profit and loss after a second is not waited for."""
    monkeypatch.setattr("anytws.client.accounts.CORRECTED_WITHIN", 0.01)


@contextmanager
def running(settings: WorldSettings | None = None) -> Iterator[TcpTws]:
    """Run a simulated TWS beside the test, with an open market: the command has an event loop of its own."""
    world = World(settings or WorldSettings(starts_at=EPOCH))
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(serve(world)) as tws:
        yield tws


# What is typed


@pytest.mark.parametrize(
    "typed, given",
    [
        (["watch", "--simulate", "AAPL"], ["watch", "--simulate=", "AAPL"]),
        (["watch", "AAPL", "--simulate"], ["watch", "AAPL", "--simulate="]),
        (["watch", "--simulate=day.toml", "AAPL"], ["watch", "--simulate=day.toml", "AAPL"]),
        (["watch", "--", "--simulate"], ["watch", "--", "--simulate"]),
        (["watch", "--simulate", "--", "--simulate"], ["watch", "--simulate=", "--", "--simulate"]),
        ([], []),
    ],
)
def test_the_word_behind_simulate_is_not_its_value(typed: list[str], given: list[str]):
    assert with_simulate_spelled_out(typed) == given


@pytest.mark.parametrize("verb", READING)
@pytest.mark.parametrize(
    "options",
    [
        ["--port", "0"],
        ["--port", "65536"],
        ["--client-id", "-1"],
        ["--timeout", "0"],
        ["--timeout", "nan"],
        ["--host", ""],
        ["--host", "a:1"],
        ["--host", "a,b"],
        ["--host", "a b"],
        ["--host", "7497"],
        ["--host", "\x1b[2J"],
    ],
    ids=" ".join,
)
def test_options_that_cannot_be_are_refused_alike(verb: str, options: list[str], capsys):
    assert cli.main([*VERBS[verb], *options]) == cli.USAGE
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("anytws: ")
    assert f"anytws {verb} --help" in error
    assert all(line.isprintable() for line in error.splitlines())


def test_hosts_that_can_be():
    for host in ("localhost", "::1", "192.0.2.1", "tws.lan"):
        assert Connecting(host=host).host == host


# --simulate


@pytest.mark.parametrize("verb", READING)
def test_each_works_at_once_against_a_simulated_tws(verb: str, capsys):
    assert cli.main([*VERBS[verb], "--simulate"]) == 0
    out, error = capsys.readouterr()
    assert error == ""
    assert ("AAPL" in out) or verb in ("account", "orders")


def test_its_clock_is_at_its_epoch_and_its_client_id_is_ours(capsys):
    seen: list[object] = []

    async def read(tws: Tws) -> int:
        seen.extend([tws.connection_time.aware, tws.client_id])
        return 0

    assert run_reading(read, OWN, Mask()) == 0
    assert seen == [EPOCH, CLIENT_ID]


def test_the_day_of_a_file(tmp_path: Path, capsys):
    day = tmp_path / "day.toml"
    day.write_text('[settings]\naccounts = ["DU7654321"]\nstarts_at = 2026-01-06T15:00:00Z\n', "utf-8")
    assert cli.main(["account", f"--simulate={day}", "--show-accounts"]) == 0
    assert "DU7654321" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", [None, "[settings]\nnothing = 1\n", "[", "\xff"], ids=["none", "unknown", "torn", "odd"]
)
@pytest.mark.parametrize("verb", READING)
def test_a_day_that_cannot_be_is_told(verb: str, text: str | None, tmp_path: Path, capsys):
    day = tmp_path / "day.toml"
    if text is not None:
        day.write_bytes(text.encode("latin-1"))
    assert cli.main([*VERBS[verb], f"--simulate={day}"]) == cli.SETTINGS
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("anytws: ")


# What it may do, and how it ends


def test_nothing_can_be_changed_at_tws(capsys):
    async def read(tws: Tws) -> int:
        with pytest.raises(ReadOnly):
            tws.send(PlaceOrderRequest(Stock("AAPL"), LimitOrder("BUY", 1, 1)))
        return 0

    assert run_reading(read, OWN, Mask()) == 0


@pytest.mark.parametrize("verb", READING)
def test_where_nothing_is_there_the_exit_code_is_4(verb: str, capsys):
    assert cli.main([*VERBS[verb], "--port", str(free_port())]) == cli.NOT_CONNECTED
    out, error = capsys.readouterr()
    assert out == ""
    assert "Is TWS or IB Gateway running" in " ".join(error.split())


def test_what_says_no_to_the_connection_is_5(capsys):
    with running(WorldSettings(api_enabled=False)) as tws:
        assert cli.main(["account", "--port", str(tws.port), "--timeout", "5"]) == cli.REFUSED
    assert capsys.readouterr().err.startswith("anytws: ")


@pytest.mark.parametrize(
    "verb, request_",
    [
        ("watch", "MarketDataRequest"),
        ("bars", "HistoricalDataRequest"),
        ("account", "PnLRequest"),
        ("orders", "AllOpenOrdersRequest"),
    ],
)
def test_a_connection_that_ends_is_4(verb: str, request_: str, tmp_path: Path, capsys):
    """In the middle of what the verb is for."""
    day = tmp_path / "day.toml"
    day.write_text(f'[[events]]\non = "{request_}"\ndo = "cut_connection"\n', "utf-8")
    assert cli.main([*VERBS[verb], f"--simulate={day}", "--give-up-after", "0"]) == cli.NOT_CONNECTED
    error = capsys.readouterr().err
    assert "anytws: connection closed (eof)" in error
    assert "not tried again" in " ".join(error.split())


def test_a_connection_that_ends_is_made_again_and_that_is_told(tmp_path: Path, capsys):
    """And the answer is what it would have been."""
    day = tmp_path / "day.toml"
    day.write_text('[[events]]\non = "AllOpenOrdersRequest"\nnth = 1\ndo = "cut_unanswered"\n', "utf-8")
    assert cli.main(["orders", f"--simulate={day}"]) == 0
    out, error = capsys.readouterr()
    assert out == "0 open orders\n"
    words = " ".join(error.split())
    assert "no connection since" in words
    assert words.endswith("anytws: connected again")


class Problem(AnytwsError):
    """One that nobody has heard of."""


@pytest.mark.parametrize(
    "problem, code",
    [
        (ConnectionClosed(CloseReason.EOF, State.READY, "gone"), cli.NOT_CONNECTED),
        (RequestTimedOut("asked", 1.0), cli.NOT_CONNECTED),
        (RequestFailed(200, "no", "asked"), cli.REFUSED),
        (DataLost("asked"), cli.REFUSED),
        (LocalProtocolError("not so"), cli.SETTINGS),
        (Problem("odd"), cli.REFUSED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_have_their_exit_codes(problem: AnytwsError, code: int, capsys):
    assert exit_code_of(problem) == code

    async def read(_: Tws) -> int:
        raise problem

    assert run_reading(read, OWN, Mask()) == code
    out, error = capsys.readouterr()
    assert (out, error.startswith("anytws: ")) == ("", True)


def test_of_many_errors_the_end_of_the_connection_is_told(capsys):
    end = ConnectionClosed(CloseReason.EOF, State.READY, "gone")

    async def read(_: Tws) -> int:
        raise ExceptionGroup("all", [RequestFailed(200, "no", "asked"), ExceptionGroup("more", [end])])

    assert run_reading(read, OWN, Mask()) == cli.NOT_CONNECTED
    assert "gone" in capsys.readouterr().err


def test_accounts_in_what_went_wrong_are_masked(capsys):
    async def read(tws: Tws) -> int:
        raise RequestFailed(321, f"not for {(tws.accounts_named or ('',))[0]} \x1b[2J", "asked")

    assert run_reading(read, OWN, Mask()) == cli.REFUSED
    error = capsys.readouterr().err
    assert "******567" in error
    assert "\x1b" not in error


def test_ctrl_c_is_an_orderly_end():
    process = subprocess.Popen(
        [sys.executable, "-m", "anytws", "watch", "AAPL", "--json", "--simulate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        while "AAPL" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == cli.INTERRUPTED
        assert process.stderr.read() == ""


def test_nobody_reads_any_more():
    process = subprocess.Popen(
        [sys.executable, "-m", "anytws", "watch", "AAPL", "--simulate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == cli.FAILED
