"""``anytws account``: what it asks, how it says it, and that accounts stay masked."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from anytws import cli
from anytws.cli.account import _account
from anytws.cli.holdings import Holding, Statement
from anytws.cli.mask import Mask
from anytws.errors import RequestFailed, RequestTimedOut
from anytws.machines.figures import Figures
from anytws.messages.accounts import (
    AccountSummary,
    AccountSummaryEnd,
    AccountSummaryRequest,
    PnL,
    PnLRequest,
    PortfolioValue,
)
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from anytws.simulator.settings import EPOCH
from tests.in_memory import Script, connected
from tests.test_cli import spoken

HOSTILE = "for DU1234567: \x1b[2J\n\u202e"
NOTHING = Figures(())


@pytest.fixture(autouse=True)
def _uncorrected(monkeypatch):
    """What TWS corrects of profit and loss after a second is not waited for."""
    monkeypatch.setattr("anytws.client.accounts.CORRECTED_WITHIN", 0.01)


def test_people_read_what_there_is(capsys):
    assert cli.main(["account", "--simulate"]) == 0
    out, error = capsys.readouterr()
    assert error == ""
    words = " ".join(out.split())
    for part in (
        "Account ******567",
        "net liquidation 117,989.20 USD",
        "day trades left no limit",
        "holds 2 positions",
    ):
        assert part in words
    assert "DU1234567" not in out
    (apple,) = [line.split() for line in out.splitlines() if line.startswith("  AAPL")]
    assert apple[1:4] == ["100", "333.07", "33,307.00"]
    (spy,) = [line.split() for line in out.splitlines() if line.startswith("  SPY")]
    assert spy[1:3] == ["-20", "765.89"]
    assert max(map(len, out.splitlines())) <= 80


def test_programs_read_the_same(capsys):
    assert cli.main(["account", "--simulate", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (holding,) = told["accounts"]
    assert told["exit_code"] == 0
    assert {*holding} == {"account", "summary", "pnl", "positions", "failures"}
    assert holding["account"] == "******567"
    assert holding["summary"]["NetLiquidation"] == {"value": "117989.20", "currency": "USD"}
    assert holding["summary"]["DayTradesRemaining"] == {"value": "-1", "currency": None}
    assert {*holding["pnl"]} == {"daily_pnl", "unrealized_pnl", "realized_pnl"}
    assert [each["symbol"] for each in holding["positions"]] == ["AAPL", "SPY"]
    assert Decimal(holding["positions"][0]["position"]) == 100
    assert holding["failures"] == {}


def test_several_accounts_and_one_of_them(tmp_path: Path, capsys):
    day = tmp_path / "day.toml"
    day.write_text('[settings]\naccounts = ["DU1111111", "DU2222222"]\n', "utf-8")
    simulated = f"--simulate={day}"
    assert cli.main(["account", simulated]) == 0
    out = capsys.readouterr().out
    assert out.index("******111") < out.index("******222")
    assert "holds             nothing" in out.partition("******222")[2]
    assert cli.main(["account", simulated, "--account", "DU2222222", "--show-accounts"]) == 0
    out = capsys.readouterr().out
    assert "DU2222222" in out
    assert "DU1111111" not in out
    assert cli.main(["account", simulated, "--account", "DU3333333"]) == cli.SETTINGS
    out, error = capsys.readouterr()
    assert out == ""
    assert "******333 is no account of this login: it manages ******111, ******222" in " ".join(error.split())


@pytest.mark.parametrize("version", [176, 226])
async def test_it_only_reads_and_leaves_nothing_open(version: int, monkeypatch, capsys):
    world = World(WorldSettings(server_version=version, starts_at=EPOCH))
    async with connected(world) as tws:
        assert await _account(None, False, Mask(), tws) == 0
        assert tws.statistics().open_conversations == 0
    asked = {type(heard.message).__name__ for heard in world.heard}
    assert asked >= {"AccountSummaryRequest", "AccountDataRequest", "PnLRequest"}
    assert not any("Order" in name for name in asked)


# What goes wrong


async def test_what_is_refused_is_told_in_its_place_and_the_rest_is_there(capsys):
    script = Script({PnLRequest: [ErrorMessage(0, 10183, HOSTILE)]}, starts_at=EPOCH)
    async with connected(script.world) as tws:
        assert await _account(None, False, Mask(), tws) == cli.REFUSED
    out = capsys.readouterr().out
    assert "profit and loss   refused by TWS with 10183: for ******567: \\x1b[2J\\n\\u202e" in " ".join(out.split(" "))
    assert "holds             2 positions" in out
    assert all(line.isprintable() for line in out.splitlines())
    assert "DU1234567" not in out


async def test_without_a_summary_the_rest_is_there(capsys):
    script = Script({AccountSummaryRequest: [ErrorMessage(0, 321, "too many accounts")]}, starts_at=EPOCH)
    async with connected(script.world) as tws:
        assert await _account(None, True, Mask(), tws) == cli.REFUSED
    told = json.loads(capsys.readouterr().out)
    (holding,) = told["accounts"]
    assert told["exit_code"] == cli.REFUSED
    assert holding["summary"] is None
    assert holding["failures"]["summary"]["code"] == 321
    assert len(holding["positions"]) == 2


@pytest.mark.parametrize("is_named", [True, False])
async def test_accounts_that_tws_has_not_said_are_those_of_its_summary(is_named: bool, monkeypatch, capsys):
    rows = [AccountSummary(0, "DU1234567", "NetLiquidation", "5", "USD")] if is_named else []
    script = Script({AccountSummaryRequest: [*rows, AccountSummaryEnd(0)]}, starts_at=EPOCH)
    async with connected(script.world) as tws:
        monkeypatch.setattr(type(tws.accounts), "managed", None)
        assert await _account(None, False, Mask(), tws) == (0 if is_named else cli.REFUSED)
    out, error = capsys.readouterr()
    assert ("net liquidation   5.00 USD" in out) is is_named
    assert ("no account" in error) is not is_named


# How it looks


def told(holding: Holding) -> tuple[str, dict[str, object]]:
    """Give what people read of *holding*, and what programs do."""
    output, text = spoken()
    mask = Mask()
    mask.learn([holding.account])
    Statement(output, mask, [holding]).tell()
    as_json, line = spoken()
    Statement(as_json, mask, [holding]).write_json(0)
    (found,) = json.loads(line.getvalue())["accounts"]
    return text.getvalue(), found


def test_what_is_unknown_is_no_zero():
    held = PortfolioValue(Contract(contract_id=5), None, None, None, None, None, None, "DU1234567")
    text, found = told(Holding("DU1234567", NOTHING, (held,), PnL(1)))
    assert "TWS could not compute it" in text
    assert found["pnl"] == {"daily_pnl": None, "unrealized_pnl": None, "realized_pnl": None}
    assert found["positions"][0]["position"] is None  # type: ignore[index]
    assert "0.00" not in text
    assert "#5" in text


def test_what_tws_says_is_printable_and_masked_everywhere():
    contract = Contract(symbol=HOSTILE, local_symbol=HOSTILE, currency=HOSTILE, security_type=SecurityType(HOSTILE))
    held = PortfolioValue(contract, Decimal("NaN"), float("inf"), float("nan"), 1e300, -1e300, 0.0, "DU1234567")
    for holding in (
        Holding("DU1234567", RequestFailed(321, HOSTILE, "asked"), (held,), RequestTimedOut("asked", 1.0)),
        Holding("DU1234567", NOTHING, RequestFailed(2101, HOSTILE, "asked"), None),
    ):
        text, found = told(holding)
        assert all(line.isprintable() for line in text.splitlines())
        assert "DU1234567" not in text + json.dumps(found)
        assert len(holding.problems()) == len(found["failures"])  # type: ignore[arg-type]
