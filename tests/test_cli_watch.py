"""``anytws watch``: what stands in its table, its lines and its JSON, and how it ends."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from anytws import DataLost, LimitReached, Notice, RequestFailed, cli
from anytws.cli import watch as watch_module
from anytws.cli.mask import Mask
from anytws.cli.output import Output
from anytws.cli.quote_rows import MODES, Row, amount_text, as_json, price_text, rows_of, sentence_of
from anytws.cli.quote_table import Table, fit
from anytws.cli.symbols import read_symbols
from anytws.cli.watch import JsonView, LineView, TableView, View, _watch
from anytws.core.codes import CodeKind
from anytws.machines.quotes import GenericTicks, Greeks, Halt, Quote
from anytws.messages.market_data import (
    MarketDataMode,
    MarketDataTypeRequest,
    OptionComputationBasis,
    TickOptionComputation,
    TickReqParams,
    TickType,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from anytws.simulator.settings import EPOCH
from tests.in_memory import connected
from tests.test_cli import ESCAPE, spoken

QUICK = "[settings]\ntick_seconds = 0.01\n"
NOW = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
QUOTE = Quote(
    mode=MarketDataMode.REAL_TIME, bid=333.05, bid_size=Decimal(240), ask=333.07, ask_size=Decimal("160.50"),
    last=333.07, close=326.49, volume=Decimal(882964), received_at=NOW,
    parameters=TickReqParams(1, Decimal("0.01")),
)  # fmt: skip


@pytest.fixture
def day(tmp_path: Path) -> str:
    """A day in which prices change a hundred times a second."""
    path = tmp_path / "day.toml"
    path.write_text(QUICK, "utf-8")
    return f"--simulate={path}"


def refusal(code: int, text: str = "It says so") -> RequestFailed:
    return RequestFailed(code, text, "asked")


def rows(count: int) -> list[Row]:
    return [Row(f"S{number}", QUOTE) for number in range(count)]


# The whole


def test_lines_in_a_pipe(day: str, capsys):
    assert cli.main(["watch", day, "AAPL", "SPY{,X}", "EUR.USD", "--for", "0.8"]) == cli.REFUSED
    out, error = capsys.readouterr()
    lines = out.splitlines()
    assert error == ""
    assert lines[0].split() == ["time", "size", "bid", "ask", "size", "last", "change", "volume", "data"]
    assert ESCAPE not in out
    assert len({len(line) for line in lines if line.endswith("live")}) == 1
    for word in ("AAPL", "SPY", "EUR.USD"):
        own = [line for line in lines if re.search(rf"^\S+  {re.escape(word)} ", line)]
        assert len(own) > 1
        assert all(line.endswith("live") for line in own)
    (refused,) = [line for line in lines if "SPYX" in line]
    assert "refused by TWS with 200: No security definition has been found" in refused


def test_json_is_an_object_a_line_with_stable_names(day: str, capsys):
    assert cli.main(["watch", day, "AAPL", "NOPE", "--json", "--for", "0.2"]) == cli.REFUSED
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (failed,) = [each for each in told if each["symbol"] == "NOPE"]
    assert {name: failed["error"][name] for name in ("kind", "code")} == {"kind": "RequestFailed", "code": 200}
    own = [each for each in told if each["symbol"] == "AAPL"]
    assert len(own) > 1
    assert {*own[-1]} == {
        "symbol", "received_at", "mode", "bid", "bid_size", "ask", "ask_size", "last", "last_size", "last_time",
        "open", "high", "low", "close", "volume", "halted", "changed", "notices",
    }  # fmt: skip
    assert own[-1]["mode"] == "live"
    assert own[-1]["bid"] < own[-1]["ask"]
    assert Decimal(own[-1]["volume"]) > 0
    assert datetime.fromisoformat(own[-1]["received_at"]).utcoffset() is not None


def test_it_ends_by_itself_where_nothing_is_left(day: str, capsys):
    assert cli.main(["watch", day, "NOPE"]) == cli.REFUSED
    assert "NOPE" in capsys.readouterr().out


def test_generic_ticks_are_in_the_json(day: str, capsys):
    assert cli.main(["watch", day, "AAPL", "--json", "--generic-ticks", "233,236", "--for", "0.2"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any("real_time_volume" in each.get("generic", {}) for each in told)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["A{B"],
        ["AAPL:NOTHING"],
        [f"A{'{a,b}' * 12}"],
        ["AAPL", "--type", "stale"],
        ["AAPL", "--generic-ticks", "233,x"],
        ["AAPL", "--for", "-1"],
        ["AAPL", "--for", "nan"],
        ["#0"],
    ],
    ids=ascii,
)
def test_what_cannot_be_watched_is_told_before_anything_is_connected(arguments: list[str], capsys):
    assert cli.main(["watch", *arguments]) == cli.USAGE
    assert "anytws watch --help" in capsys.readouterr().err


def test_a_restart_is_lived_through_and_told(tmp_path: Path, monkeypatch, capsys):
    """No quote of before it is shown as one of after it; and the exit code says whether TWS was there in the end."""
    monkeypatch.setattr(watch_module, "_LOOK_SECONDS", 0.02)
    day = tmp_path / "day.toml"
    for refused, code in ((0.2, 0), (60, cli.NOT_CONNECTED)):
        restart = f'[[events]]\nat = 0.3\ndo = "nightly_restart"\nrefused_seconds = {refused}\n'
        day.write_text(QUICK + restart, "utf-8")
        assert cli.main(["watch", f"--simulate={day}", "AAPL", "--for", "2.2" if not code else "0.8", "--json"]) == code
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        (gap,) = [number for number, each in enumerate(told) if "gap" in each]
        back = [number for number, each in enumerate(told) if "resumed" in each]
        assert len(back) == (not code)
        assert "bid" in told[gap - 1] or "bid" in told[gap - 2]
        assert any("no connection since" in trouble for each in told for trouble in each.get("troubles", []))
        if back:
            assert not any("bid" in each for each in told[gap : back[0]])
            assert told[-1]["mode"] == "live"
    assert cli.main(["watch", f"--simulate={day}", "AAPL", "--give-up-after", "0"]) == cli.NOT_CONNECTED
    assert "not tried again" in capsys.readouterr().err


def test_a_link_that_is_lost_is_told_and_lost_data_are_asked_for_again(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(watch_module, "_LOOK_SECONDS", 0.02)
    day = tmp_path / "day.toml"
    lost = '[[events]]\nat = 0.3\ndo = "connection_lost"\nseconds = 0.1\ndata_lost = true\n'
    day.write_text(QUICK + lost, "utf-8")
    for options in ([], ["--json"]):
        assert cli.main(["watch", f"--simulate={day}", "AAPL", "--for", "1.2", *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        places = [number for number, line in enumerate(lines) if "no link to the vendor" in line]
        again = [number for number, line in enumerate(lines) if "well again" in line or '"troubles": []' in line]
        gone = [number for number, line in enumerate(lines) if "nothing comes since" in line or '"gap": {' in line]
        back = [number for number, line in enumerate(lines) if "goes on after" in line or '"resumed": {' in line]
        assert places[0] < again[0]
        assert len(gone) == len(back) == 1
        assert gone[0] < back[0] < len(lines) - 1
        assert "live" in lines[-1]


# Freshness


@pytest.mark.parametrize(
    "kind, code, words",
    [
        ("live", cli.REFUSED, "354: Requested market data is not subscribed"),
        ("frozen", cli.REFUSED, "354"),
        ("delayed", 0, "TWS remarks: 10167"),
        ("delayed_frozen", 0, "TWS remarks: 10167"),
    ],
)
def test_without_permission_it_is_said_plainly(kind: str, code: int, words: str, tmp_path: Path, capsys):
    day = tmp_path / "day.toml"
    day.write_text(f"{QUICK}market_data_subscribed = false\n", "utf-8")
    assert cli.main(["watch", f"--simulate={day}", "AAPL", "--type", kind, "--for", "0.3"]) == code
    out = capsys.readouterr().out
    assert words in out
    assert ("--type delayed shows it" in out) is bool(code)
    assert any(line.endswith("delayed") for line in out.splitlines()) is not bool(code)


@pytest.mark.parametrize("mode", MODES)
async def test_the_mode_is_asked_for_once(mode: MarketDataMode):
    world = World(WorldSettings(starts_at=EPOCH))
    seen = await watched(world, JsonView(*quiet()), ["NOPE"], MODES[mode])
    assert seen == cli.REFUSED
    modes = [
        heard.message.market_data_type for heard in world.heard if isinstance(heard.message, MarketDataTypeRequest)
    ]
    assert modes == ([] if mode is MarketDataMode.REAL_TIME else [mode])


def quiet() -> tuple[Output, Mask]:
    return spoken()[0], Mask()


async def watched(world: World, view: View, words: Iterable[str], freshness: Any = "live", seconds: float = 0.3) -> int:
    async with connected(world) as tws:
        return await _watch(view, rows_of(read_symbols(words)), freshness, "", seconds, tws)


# The table


def screen(width: int = 80, height: int = 24) -> tuple[Output, io.StringIO]:
    text = io.StringIO()
    console = Console(
        file=text, width=width, height=height, force_terminal=True, force_interactive=True, highlight=False
    )
    return Output(console), text


@pytest.mark.parametrize("version", [176, 226])
async def test_the_table_lives_on_a_screen_of_its_own_and_stays_behind(version: int):
    output, text = screen()
    named = read_symbols(["AAPL", "MSFT", "NOPE"])
    listed = rows_of(named)
    view = TableView(output, [*listed.values()], Mask())
    world = World(WorldSettings(starts_at=EPOCH, server_version=version, tick_seconds=0.005))
    async with connected(world) as tws:
        assert await _watch(view, listed, "live", "", 0.5, tws) == cli.REFUSED
    told = text.getvalue()
    live, _, after = told.rpartition(f"{ESCAPE}[?1049l")
    # However many ticks came.
    assert 2 <= live.count(f"{ESCAPE}[H") <= 6
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", after)
    assert re.search(r"^AAPL +\d+ +\d+\.\d\d +\d+\.\d\d +\d+ .*live$", plain, re.MULTILINE)
    assert "NOPE 200 no such contract" in plain
    assert "1 contract refused" in plain
    assert "Say more of it" in " ".join(plain.split())


def test_a_hundred_contracts_fit_or_take_turns():
    table = Table(Mask())
    for width, height in [(80, 24), (200, 50), (40, 10), (20, 3), (1, 1)]:
        listed = rows(100)
        pages = fit(listed, width, height).pages
        seen: set[str] = set()
        for number in range(pages):
            page = table.page(listed, width, height, number, "foot").plain.splitlines()
            assert len(page) <= max(height, 4)
            assert all(len(line) <= width for line in page)
            seen |= {*re.findall(r"S\d+", "\n".join(page))}
        if width >= 40:
            assert len(seen) == 100
            assert pages == {(80, 24): 3, (200, 50): 1, (40, 10): 15}[width, height]


def test_with_room_all_columns_are_there():
    assert len(fit(rows(10), 80, 24).columns) == 9
    assert fit(rows(60), 170, 50).blocks == 2
    assert len(fit(rows(10), 50, 24).columns) < 9


@given(st.integers(0, 300), st.integers(1, 300), st.integers(1, 100))
def test_any_screen_has_a_layout(count: int, width: int, height: int):
    chosen = fit(rows(count), width, height)
    assert chosen.pages * chosen.room >= count
    assert chosen.pages == 1 or (chosen.pages - 1) * chosen.room < count


def test_a_page_follows_the_other():
    table = Table(Mask())
    listed = rows(30)
    first, second, third = (table.page(listed, 40, 18, number, "").plain for number in range(3))
    assert "S0 " in first
    assert "S20" in second
    assert third == first
    assert "page 2 of 2" in second


def test_what_is_not_live_is_marked():
    for mode, word in [
        (MarketDataMode.FROZEN, "frozen"),
        (MarketDataMode.DELAYED, "delayed"),
        (MarketDataMode.DELAYED_FROZEN, "delfroz"),
    ]:
        line = Table(Mask()).line(Row("A", Quote(mode=mode, bid=1.0)))
        assert line.plain.rstrip().endswith(word)
        assert any(span.style == "yellow" for span in line.spans)
    halted = Row("A", Quote(mode=MarketDataMode.REAL_TIME, halted=Halt.GENERAL))
    assert Table(Mask()).line(halted).plain.endswith("HALTED")


def test_a_number_that_does_not_fit_is_not_taken_for_a_smaller_one():
    line = Table(Mask()).line(Row("A", Quote(volume=Decimal(12_345_678_901)))).plain
    assert "12345678~" in line


# Cells and values


@pytest.mark.parametrize(
    "price, step, text",
    [
        (333.1, Decimal("0.01"), "333.10"),
        (1.1, Decimal("0.00005"), "1.10000"),
        (333.1, None, "333.1"),
        (333.1, Decimal(1), "333.1"),
        (None, None, ""),
        (float("inf"), Decimal("0.01"), "inf"),
        (1e300, Decimal("0.01"), "1e+300"),
        (1.0, Decimal("1E-400"), "1"),
        (0.1 + 0.2, Decimal("NaN"), "0.3"),
    ],
)
def test_prices(price: float | None, step: Decimal | None, text: str):
    assert price_text(price, step) == text


@pytest.mark.parametrize(
    "amount, text",
    [
        (None, ""),
        (Decimal("100.00"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.25"), "0.25"),
        (Decimal("1E+300"), "1.00000e+300"),
        (Decimal("1E-300"), "1e-300"),
        (Decimal("NaN"), "NaN"),
        (0.1, "0.1"),
    ],
)
def test_amounts(amount: Decimal | float | None, text: str):
    assert amount_text(amount) in {text, text.replace("1.00000e", "1e")}


def test_values_in_json_lose_nothing():
    assert as_json(Decimal("0.10")) == "0.10"
    assert as_json(NOW) == "2026-01-05T14:30:00+00:00"
    assert as_json(NOW.date()) == "2026-01-05"
    assert as_json(float("nan")) == "nan"
    assert as_json(Halt.VOLATILITY) == "volatility"
    assert [as_json(each) for each in (None, True, 3, 1.5, "a", [])] == [None, True, 3, 1.5, "a", "[]"]


def test_greeks_and_ticks_of_the_vendor_are_in_the_json():
    model = TickOptionComputation(
        1, TickType.MODEL_OPTION, OptionComputationBasis.RETURN, delta=0.5, implied_volatility=0.2
    )
    quote = Quote(
        greeks=Greeks(model=model), generic=GenericTicks(shortable_shares=Decimal(5), fundamental_ratios="\x1bX")
    )
    told = json.loads(Row("A", quote).json_line(Mask()))
    assert told["greeks"]["model"]["delta"] == 0.5
    assert told["generic"] == {"shortable_shares": "5", "fundamental_ratios": "\\x1bX"}


HOSTILE = "DU1234567 \x1b[2J\nnot \u202e so"


@pytest.mark.parametrize(
    "problem",
    [
        refusal(354),
        refusal(200),
        refusal(10089),
        refusal(9999, HOSTILE),
        DataLost("asked"),
        LimitReached("lines", "asked", 100, 100),
    ],
    ids=str,
)
def test_why_there_is_no_more_is_printable_and_short_where_it_has_to_be(problem: Exception):
    row = Row("A", problem=problem)
    line = Table(Mask()).line(row).plain
    assert line.isprintable()
    assert "DU1234567" not in line + row.json_line(Mask())
    for view, text in [_lines([row]), _json(row)]:
        view.show([row])
        assert all(line.isprintable() for line in text.getvalue().splitlines())
        assert "DU1234567" not in text.getvalue()


def _lines(listed: list[Row]) -> tuple[View, io.StringIO]:
    output, text = spoken()
    return LineView(output, listed, Mask()), text


def _json(_: Row) -> tuple[View, io.StringIO]:
    output, text = spoken()
    return JsonView(output, Mask()), text


async def test_remarks_of_tws_are_printable_everywhere():
    message = ErrorMessage(1, 10167, HOSTILE)
    notice = Notice(10167, HOSTILE, CodeKind.NOTICE, 1, None, message)
    row = Row("A", Quote(bid=1.0, notices=(notice,)))
    for view, text in [_lines([row]), _json(row)]:
        view.show([row])
        told = text.getvalue()
        assert "10167" in told
        assert "DU1234567" not in told
        assert all(line.isprintable() for line in told.splitlines())
    output, text = screen()
    with TableView(output, [row], Mask()) as table:
        table.show([row])
        table.tell([HOSTILE])
        table.show([])
    assert text.getvalue().count("******567 ") >= 2
    assert "10167 *****" in text.getvalue()
    assert f"{ESCAPE}[2J" not in text.getvalue()


def test_a_text_that_nobody_could_read_is_no_trouble():
    problem = RequestFailed(354, None, "asked")  # type: ignore[arg-type]
    assert sentence_of(problem) == "refused by TWS with 354: "
    assert Row("A", problem=problem).refusal(Mask()) == "354 no permission for live data"
    assert Row("A", problem=RequestFailed(9999, None, "asked")).refusal(Mask()) == "9999"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "is_json, is_watched, kind", [(True, True, JsonView), (False, True, TableView), (False, False, LineView)]
)
def test_who_looks_decides_how_it_is_shown(is_json: bool, is_watched: bool, kind: type[object], monkeypatch):
    monkeypatch.setattr(watch_module, "is_watched", lambda _: is_watched)
    view = watch_module._view_for(spoken()[0], {}, Mask(), as_json=is_json)
    assert type(view) is kind
