"""``anytws bars``: curves, lines and files; what is kept when it is broken off, and how it is gone on with."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from anytws import cli
from anytws.cli import bars as bars_module
from anytws.cli import downloading
from anytws.cli.bar_files import WRITERS, Kind, put_into_place
from anytws.cli.bar_part import Part, PartError
from anytws.cli.bar_plot import Curve, draw
from anytws.cli.bar_rows import columns_of, places_in, plain
from anytws.cli.bar_sinks import CsvSink, CurveSink, FileSink
from anytws.cli.downloading import Downloads, Sink, Wanted, wanted_of
from anytws.cli.mask import Mask
from anytws.cli.output import Output
from anytws.cli.spans import begin_before, read_length, read_moment
from anytws.cli.symbols import read_symbols
from anytws.machines.bars import Bar
from anytws.machines.download import Bars, NoData
from anytws.machines.windows import Window
from anytws.messages.historical import HistoricalDataRequest
from anytws.simulator import World, WorldSettings
from anytws.simulator.settings import EPOCH
from tests.in_memory import connected
from tests.test_cli import spoken

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
WINDOW = Window(NOON, NOON + timedelta(hours=1))
BAR = Bar(NOON, NOON + timedelta(minutes=1), 1.5, 2.0, 1.0, 1.75, Decimal(100), Decimal("1.625"), 7, True)
DAY_BAR = Bar(None, None, 1.5, 2.0, 1.0, 1.75, None, None, None, True, date(2026, 1, 5), date(2026, 1, 5))
QUESTION = HistoricalDataRequest.__name__


def wanted(*words: str, duration: str = "5 D", bar_size: str = "1 hour", **more: str) -> Wanted:
    typed = {"begin": None, "end": None, "what_to_show": "TRADES", **more}
    return wanted_of(
        read_symbols(words or ["AAPL"]), duration if typed["begin"] is None else None, typed["begin"], typed["end"],
        bar_size, typed["what_to_show"], outside_hours=False,
    )  # fmt: skip


def day_with(path: Path, *events: str) -> str:
    """Write a day in which these things happen, and give the option for it."""
    path.write_text("".join(f"[[events]]\n{event}\n" for event in events), "utf-8")
    return f"--simulate={path}"


# Lengths and moments


@pytest.mark.parametrize(
    "text, length", [("5 D", (5, "D")), ("1M", (1, "M")), (" 5 y ", (5, "Y")), ("30 s", (30, "S")), ("2 W", (2, "W"))]
)
def test_lengths(text: str, length: tuple[int, str]):
    assert read_length(text) == length


@pytest.mark.parametrize("text", ["", "D", "0 D", "5", "5 X", "-1 D", "1.5 D", "5  D", "9999999 D"])
def test_no_lengths(text: str):
    with pytest.raises(ValueError, match="no length of time"):
        read_length(text)


@pytest.mark.parametrize(
    "end, length, begin",
    [
        ("2026-03-31", (1, "M"), "2026-02-28"),
        ("2024-02-29", (1, "Y"), "2023-02-28"),
        ("2026-01-05", (5, "D"), "2025-12-31"),
        ("2026-01-05", (2, "W"), "2025-12-22"),
        ("2026-01-05", (14, "M"), "2024-11-05"),
        ("2026-01-05", (999999, "Y"), "1978-01-01"),
        ("2026-01-05", (999999, "W"), "1978-01-01"),
    ],
)
def test_back_by_the_calendar(end: str, length: tuple[int, str], begin: str):
    assert begin_before(read_moment(end), length) == read_moment(begin)


@given(st.integers(3652, 47_482), st.integers(1, 999_999), st.sampled_from("SDWMY"))
def test_back_is_always_earlier_and_never_before_all_data(days: int, count: int, unit: str):
    end = NOON + timedelta(days=days - 20_458)
    assert datetime(1978, 1, 1, tzinfo=UTC) <= begin_before(end, (count, unit)) < end


def test_moments():
    assert read_moment("2026-01-05") == datetime(2026, 1, 5, tzinfo=UTC)
    assert read_moment("2026-01-05T09:30-05:00") == datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    assert read_moment("2026-01-05T09:30Z") == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    for text, words in [
        ("2026-01-05T09:30", "unknown zone"),
        ("soon", "no time"),
        ("2026-13-01", "no time"),
        ("", "no time"),
    ]:
        with pytest.raises(ValueError, match=words):
            read_moment(text)


def test_days_are_whole():
    begin, _ = wanted(duration="5 D", bar_size="1 day").span(NOON)
    assert begin == datetime(2025, 12, 31, tzinfo=UTC)
    begin, end = wanted(duration="5 D", bar_size="1 hour").span(NOON)
    assert (begin, end) == (NOON - timedelta(days=5), NOON)


# What is typed


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["AAPL", "--duration", "soon"],
        ["AAPL", "--duration", "5 D", "--begin", "2026-01-01"],
        ["AAPL", "--begin", "2026-01-05T09:30"],
        ["AAPL", "--bar-size", "7 mins"],
        ["AAPL", "--out", "x.txt"],
        ["AAPL", "--out", "parquet"],
        ["AAPL", "--resume"],
        ["AAPL", "--simulate", "--begin", "2030-01-01"],
        ["AAPL", "--simulate", "--begin", "2026-01-02", "--end", "2026-01-02"],
        ["A}"],
    ],
    ids=ascii,
)
def test_what_cannot_be_downloaded_is_told(arguments: list[str], capsys):
    assert cli.main(["bars", *arguments]) == cli.USAGE
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("anytws: ")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["AAPL", "--what-to-show", "SCHEDULE"], "SCHEDULE has no bars"),
        (["AAPL", "--what-to-show", "ADJUSTED_LAST", "--end", "2026-01-01"], "ADJUSTED_LAST goes up to now"),
        (["ES:CONTFUT@CME", "--end", "2026-01-01"], "only what goes up to now"),
        (["BTC:CRYPTO"], "AGGTRADES"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_tws_has_no_bars_of_is_told(arguments: list[str], words: str, capsys):
    assert cli.main(["bars", *arguments]) == cli.SETTINGS
    assert words in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("duration, size", [("13 M", "1 day"), ("1 W", "1 hour")])
def test_what_goes_up_to_now_alone_is_asked_for_in_one_piece(duration: str, size: str, tmp_path: Path, capsys):
    """The bars are those of a download, where the prices need not be adjusted."""
    arguments = ["AAPL", "--simulate", "--duration", duration, "--bar-size", size]
    assert cli.main(["bars", *arguments, "--what-to-show", "ADJUSTED_LAST"]) == 0
    adjusted = [*csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert cli.main(["bars", *arguments]) == 0
    plain_ones = [*csv.DictReader(io.StringIO(capsys.readouterr().out))]
    name = "day" if size == "1 day" else "begin"
    assert [row[name] for row in adjusted] == [row[name] for row in plain_ones]


def test_a_continuous_future(tmp_path: Path, capsys):
    path = tmp_path / "x.csv"
    assert cli.main(["bars", "ES:CONTFUT@CME", "--simulate", "--duration", "1 M", "--out", str(path), "--resume"]) == 0
    assert path.read_text("utf-8").count("ES:CONTFUT@CME") > 10


@pytest.mark.parametrize("days, text", [(0, "1 D"), (5, "6 D"), (364, "365 D"), (365, "2 Y"), (730, "3 Y")])
def test_durations_reach_back_far_enough(days: int, text: str):
    assert downloading.duration_between(NOON - timedelta(days=days), NOON) == text


def test_without_pyarrow_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(bars_module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(cli, "_EXTRA", ())
    assert cli.main(["bars", "AAPL", "--simulate", "--out", str(tmp_path / "x.parquet")]) == cli.USAGE
    assert "pip install" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


# Lines


def test_csv_in_a_pipe(capsys):
    assert cli.main(["bars", "AAPL", "NOPE", "MSFT", "--simulate", "--duration", "5 D"]) == cli.REFUSED
    out, error = capsys.readouterr()
    rows = [*csv.DictReader(io.StringIO(out))]
    assert {row["symbol"] for row in rows} == {"AAPL", "MSFT"}
    assert all(float(row["low"]) <= float(row["close"]) <= float(row["high"]) for row in rows)
    assert [row["day"] for row in rows if row["symbol"] == "AAPL"] == ["2025-12-31", "2026-01-02"]
    assert "NOPE: refused by TWS with 200" in error


def test_json_lines(capsys):
    assert cli.main(["bars", "AAPL", "--simulate", "--duration", "5 D", "--bar-size", "8 hours", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all({*each} == {*columns_of(is_daily=False)} for each in told)
    assert told[0]["begin"].endswith("Z")
    assert told[0]["volume"] == str(Decimal(told[0]["volume"]))


def test_nothing_there_is_told_and_no_failure(capsys):
    arguments = ["AAPL", "--simulate", "--bar-size", "1 hour", "--begin", "2026-01-03", "--end", "2026-01-04"]
    assert cli.main(["bars", *arguments]) == 0
    out, error = capsys.readouterr()
    assert out.strip() == ",".join(columns_of(is_daily=False))
    assert "TWS has no data for that time" in error


def test_what_tws_says_is_printable(tmp_path: Path, capsys):
    text = '"DU1234567 \\u001b[2J\\u202e"'
    day = day_with(tmp_path / "day.toml", f'on = "{QUESTION}"\ndo = "error_instead"\ncode = 10314\ntext = {text}')
    assert cli.main(["bars", "AAPL", day]) == cli.REFUSED
    error = capsys.readouterr().err
    assert "refused by TWS with 10314: ******567 \\x1b[2J\\u202e" in error
    assert all(line.isprintable() for line in error.splitlines())


# Files


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_file_holds_what_the_lines_say(suffix: str, tmp_path: Path, capsys):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="the extra frames is not in the oldest environment")
    asked = ["bars", "AAPL", "MSFT", "--simulate", "--duration", "1 W", "--bar-size", "8 hours"]
    path = tmp_path / f"x{suffix}"
    assert cli.main([*asked, "--out", str(path)]) == 0
    out, error = capsys.readouterr()
    assert out == ""
    assert "8 bars of 2 contracts" in " ".join(error.split())
    assert [*tmp_path.iterdir()] == [path]
    assert cli.main([*asked, "--json"]) == 0
    lines = sorted(
        [json.loads(line) for line in capsys.readouterr().out.splitlines()],
        key=lambda row: (row["symbol"], row["begin"]),
    )
    assert _read(path) == lines


def _read(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".json":
        found = json.loads(path.read_text("utf-8"))
        assert isinstance(found, list)
        return found
    if path.suffix == ".csv":
        numbers = {"open": float, "high": float, "low": float, "close": float, "count": int}
        with path.open(newline="") as file:
            return [{name: numbers.get(name, str)(text) for name, text in row.items()} for row in csv.DictReader(file)]
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(path).to_pylist()
    for row in rows:
        for name in ("begin", "end"):
            row[name] = row[name].strftime("%Y-%m-%dT%H:%M:%SZ")
        for name in ("volume", "average"):
            assert row[name].as_tuple().exponent == -9
            row[name] = str(row[name]).rstrip("0").rstrip(".")
    return rows


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("is_daily", [True, False])
def test_what_is_unknown_is_empty_in_a_file(suffix: str, is_daily: bool, tmp_path: Path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="the extra frames is not in the oldest environment")
    bar = DAY_BAR if is_daily else BAR
    path = tmp_path / f"x{suffix}"
    rows = (
        [[["A,B", *plain(bar, is_daily=is_daily)]], []]
        if suffix != ".parquet"
        else [[["A,B", *plain(bar, is_daily=is_daily)]]]
    )
    for _ in WRITERS[suffix](path, rows, Kind(is_daily, 0, 3)):
        assert path.exists()
    if suffix == ".json":
        (row,) = json.loads(path.read_text("utf-8"))
    elif suffix == ".csv":
        (row,) = csv.DictReader(io.StringIO(path.read_text("utf-8")))
    else:
        import pyarrow.parquet

        (row,) = pyarrow.parquet.read_table(path).to_pylist()
    assert row["symbol"] == "A,B"
    if bar.volume is None:
        assert row["volume"] in (None, "")
    else:
        assert Decimal(row["volume"]) == bar.volume


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path):
    path, link = tmp_path / "x", tmp_path / "link"
    path.write_text("old", "utf-8")
    link.symlink_to(path)
    with pytest.raises(KeyError), put_into_place(link) as draft:
        draft.write_text("half", "utf-8")
        raise KeyError
    assert {each.name: each.read_text("utf-8") for each in tmp_path.iterdir()} == {"x": "old", "link": "old"}
    with put_into_place(link) as draft:
        draft.write_text("new", "utf-8")
    assert (path.read_text("utf-8"), link.is_symlink()) == ("new", True)


@pytest.mark.parametrize("kind", ["directory", "no folder", "cut short"])
def test_a_file_that_cannot_be_had_is_told(kind: str, tmp_path: Path, capsys):
    path = tmp_path / "x.csv"
    if kind == "directory":
        path.mkdir()
    elif kind == "no folder":
        path = tmp_path / "none" / "x.csv"
    else:
        path.with_name("x.csv.part").write_text("another's", "utf-8")
    assert cli.main(["bars", "AAPL", "--simulate", "--out", str(path)]) == cli.SETTINGS
    assert capsys.readouterr().err.startswith("anytws: ")


def test_where_all_is_refused_there_is_no_file(tmp_path: Path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("old", "utf-8")
    assert cli.main(["bars", "NOPE", "--simulate", "--out", str(path)]) == cli.REFUSED
    assert [each.read_text("utf-8") for each in tmp_path.iterdir()] == ["old"]


# Broken off, and gone on with


LONG = ["--duration", "6 W", "--bar-size", "2 mins"]


def test_what_had_come_is_kept_and_gone_on_with(tmp_path: Path, monkeypatch, capsys):
    """The connection ends in the middle; what is asked the second time is what was missing."""
    monkeypatch.setattr(downloading, "AT_ONCE", 1)
    path, part = tmp_path / "x.csv", tmp_path / "x.csv.part"
    day = day_with(tmp_path / "day.toml", f'on = "{QUESTION}"\nnth = 7\ndo = "cut_connection"')
    once = ["--give-up-after", "0"]
    assert cli.main(["bars", "AAPL", "SPY", *LONG, day, "--out", str(path), *once]) == cli.NOT_CONNECTED
    error = " ".join(capsys.readouterr().err.split())
    assert "are kept in" in error
    assert "--resume goes on" in error
    assert not path.exists()
    had = part.read_bytes().count(b"\n") - 1
    assert had > 0
    # Without being told to, it does not throw that away; another question is another file's.
    assert cli.main(["bars", "AAPL", "SPY", *LONG, "--simulate", "--out", str(path)]) == cli.SETTINGS
    assert cli.main(["bars", "AAPL", *LONG, "--simulate", "--out", str(path), "--resume"]) == cli.SETTINGS
    # The power failed in the middle of a line.
    part.write_bytes(part.read_bytes()[:-5])
    assert cli.main(["bars", "SPY", "AAPL", *LONG, "--simulate", "--out", str(path), "--resume"]) == 0
    resumed = path.read_bytes()
    assert not part.exists()
    assert cli.main(["bars", "SPY", "AAPL", *LONG, "--simulate", "--out", str(path), "--resume"]) == 0
    assert path.read_bytes() == resumed


def test_a_contract_that_fails_in_the_middle_leaves_nothing_half(tmp_path: Path, capsys):
    path = tmp_path / "x.csv"
    day = day_with(
        tmp_path / "day.toml", f'on = "{QUESTION}"\nnth = 4\ndo = "error_instead"\ncode = 10314\ntext = "no"'
    )
    assert cli.main(["bars", "AAPL", *LONG, day, "--out", str(path)]) == cli.REFUSED
    assert not path.exists()
    assert path.with_name("x.csv.part").exists()
    assert "--resume" in capsys.readouterr().err


def test_ctrl_c_keeps_what_had_come(tmp_path: Path, monkeypatch, capsys):
    take = FileSink.take

    def take_one(sink: FileSink, word: str, chunk: Bars | NoData) -> None:
        take(sink, word, chunk)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FileSink, "take", take_one)
    asked = ["bars", "AAPL", *LONG, "--simulate", "--out", str(tmp_path / "x.json")]
    assert cli.main(asked) == cli.INTERRUPTED
    # A long path is broken where the line ends.
    error = "".join(capsys.readouterr().err.split())
    assert re.search(r"Itisnotwhole\.\d+barsin\dwindows?arekeptin.*x\.json\.part:thesame", error)
    assert [each.name for each in tmp_path.iterdir()] == ["x.json.part"]


@pytest.fixture
def part(tmp_path: Path) -> Part:
    return Part.begun(tmp_path / "x.part", {"asked": 1}, NOON, NOON + timedelta(days=1), is_daily=False)


def again(part: Part) -> Part:
    part.close()
    return Part.resumed(part.path, {"asked": 1}, is_daily=False)


def test_a_part_gives_back_what_it_took_in_the_order_of_time(part: Part):
    later = Window(WINDOW.end, WINDOW.end + timedelta(hours=1))
    part.take("B", later, [BAR])
    part.take("A", WINDOW, [])
    part.take("B", WINDOW, [BAR, BAR])
    for each in (part, again(part)):
        assert (each.begin, each.end) == (NOON, NOON + timedelta(days=1))
        assert each.windows("B") == [(later.begin, later.end), (WINDOW.begin, WINDOW.end)]
        assert each.windows("C") == []
        assert (each.bars, each.count(), each.volume_places, each.average_places) == (3, 3, 0, 3)
    assert [len(some) for some in each.rows(["A", "B"])] == [2, 1]
    each.remove()
    assert not part.path.exists()


@pytest.mark.parametrize(
    "torn",
    [b"{", b'{"symbol": "A"}\n', b"\n", b"\xff\n", b"[]\n", b'{"symbol": "A", "begin": 1, "end": 2, "bars": []}\n'],
)
def test_a_line_that_was_cut_off_is_dropped(part: Part, torn: bytes):
    part.take("A", WINDOW, [BAR])
    part.close()
    whole = part.path.read_bytes()
    part.path.write_bytes(whole + torn)
    resumed = Part.resumed(part.path, {"asked": 1}, is_daily=False)
    resumed.take("A", Window(WINDOW.end, NOON + timedelta(hours=2)), [BAR])
    whole_again = again(resumed)
    whole_again.close()
    assert len(whole_again.windows("A")) == 2
    assert part.path.read_bytes().startswith(whole + b'{"symbol"')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x\n",
        "{}\n",
        '{"file": "anytws bars 1", "asked": {"asked": 2}}\n',
        '{"file": "anytws bars 1", "asked": {"asked": 1}}\n',
    ],
)
def test_what_is_no_part_is_refused_and_left_alone(text: str, tmp_path: Path):
    path = tmp_path / "x"
    path.write_text(text, "utf-8")
    with pytest.raises(PartError):
        Part.resumed(path, {"asked": 1}, is_daily=False)
    assert path.read_text("utf-8") == text


def test_places():
    assert places_in(["1", None, "1.25", "1E+3", "NaN"]) == 2
    assert places_in([]) == 0


# Many at once


class Kept(Sink):
    """Keeps what it was given."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        super().__init__(begin, end)
        self.taken: list[tuple[str, Window]] = []
        self.ended: tuple[Sequence[str], Sequence[str]] | None = None
        self.is_kept = False

    def take(self, word: str, chunk: Bars | NoData) -> None:
        self.taken.append((word, chunk.window))

    async def finish(self, whole: Sequence[str], cut: Sequence[str]) -> None:
        self.ended = (whole, cut)

    def keep(self) -> None:
        self.is_kept = True


@pytest.mark.parametrize("version", [176, 226])
async def test_several_contracts_at_once_and_no_more(version: int, monkeypatch):
    monkeypatch.setattr(downloading, "AT_ONCE", 2)
    asked = wanted("AAPL", "NOPE", "MSFT", "SPY", duration="2 W")
    sink = Kept(*asked.span(EPOCH))
    output, text = spoken()
    async with connected(World(WorldSettings(server_version=version, starts_at=EPOCH))) as tws:
        assert await Downloads(tws, asked, sink, output, Mask()).run() == cli.REFUSED
    assert sink.ended == (["AAPL", "MSFT", "SPY"], ["NOPE"])
    assert {word for word, _ in sink.taken} == {"AAPL", "MSFT", "SPY"}
    assert "NOPE: refused" in text.getvalue()


async def test_leaving_it_keeps_what_had_come():
    asked = wanted()
    sink = Kept(*asked.span(EPOCH))
    async with connected(World(WorldSettings(starts_at=EPOCH, historical_seconds=60.0))) as tws:
        with anyio.move_on_after(0.02) as scope:
            await Downloads(tws, asked, sink, spoken()[0], Mask()).run()
    assert scope.cancelled_caught
    assert (sink.is_kept, sink.ended) == (True, None)


async def test_people_see_how_far_it_is(monkeypatch):
    monkeypatch.setattr(downloading, "REFRESH_SECONDS", 0.0)
    text = io.StringIO()
    output = Output(Console(file=text, width=100, force_terminal=True, force_interactive=True))
    asked = wanted("AAPL", "MSFT", duration="2 W", bar_size="1 min")
    async with connected(World(WorldSettings(starts_at=EPOCH))) as tws:
        downloads = Downloads(tws, asked, Sink(*asked.span(EPOCH)), output, Mask(), is_seen=True)
        assert await downloads.run() == 0
    told = text.getvalue()
    assert "0 of 2 contracts" in told
    assert "/s" in told
    assert "waiting: " in told
    assert "AAPL, MSFT" in told


# Curves


def drawn(curve: Curve, **options: object) -> str:
    output, text = spoken(**options)
    draw(output, curve, "of 1 day, TRADES", has_curve=True, is_daily=True)
    return text.getvalue()


def curve_of(*closes: float) -> Curve:
    curve = Curve("AAPL")
    for number, close in enumerate(closes):
        day = date(2026, 1, 5) + timedelta(days=number)
        curve.take([Bar(None, None, close, close + 1, close - 1, close, day=day, first_day=day)])
    return curve


def test_a_curve_fits_into_the_terminal():
    text = drawn(curve_of(100.0, 110.0, 99.5), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert any(0x2800 < ord(letter) < 0x2900 for letter in text)
    assert "AAPL: 3 bars of 1 day, TRADES" in text
    assert "100, 99.5, -0.50 %" in text
    assert "98.5, 111" in text
    assert "2026-01-05, 2026-01-07" in text


@pytest.mark.parametrize(
    "closes", [(), (1.0,), (1.0, 1.0), (float("inf"), float("nan")), (0.0, 0.0, 5.0), (1e300, -1e300)], ids=str
)
def test_any_bars_have_a_curve_or_none(closes: tuple[float, ...]):
    text = drawn(curve_of(*closes), width=80)
    assert f"{len(closes)} bar" in text
    assert ("no data" in text) is (not closes)


def test_a_person_sees_curves(monkeypatch, capsys):
    monkeypatch.setattr(bars_module, "is_watched", lambda output: not output.console.stderr)
    assert cli.main(["bars", "AAPL", "NOPE", "--simulate", "--duration", "1 M"]) == cli.REFUSED
    out, error = capsys.readouterr()
    assert "AAPL: 19 bars of 1 day, TRADES" in out
    assert "NOPE" not in out
    assert "NOPE" in error


async def test_of_many_contracts_there_are_no_curves_but_their_numbers():
    output, text = spoken()
    asked = wanted(*(f"S{number}" for number in range(7)), bar_size="1 day")
    sink = CurveSink(output, asked, NOON, NOON)
    for word, _ in asked.named:
        sink.take(word, Bars(WINDOW, (DAY_BAR, DAY_BAR)))
        sink.take(word, NoData(WINDOW, "none"))
    await sink.finish([word for word, _ in asked.named], [])
    assert text.getvalue().count("low, high") == 7
    assert not any(0x2800 < ord(letter) < 0x2900 for letter in text.getvalue())


async def test_the_head_comes_once_whatever_comes():
    output, text = spoken()
    sink = CsvSink(output, wanted(), NOON, NOON)
    sink.take("A", NoData(WINDOW, "none"))
    sink.take("A", Bars(WINDOW, (BAR,)))
    await sink.finish(["A"], [])
    assert text.getvalue().splitlines() == [
        "symbol,begin,end,open,high,low,close,volume,average,count",
        "A,2026-01-05T12:00:00Z,2026-01-05T12:01:00Z,1.5,2.0,1.0,1.75,100,1.625,7",
    ]


async def test_a_disk_that_is_full_leaves_the_part(tmp_path: Path, monkeypatch):
    asked = wanted()
    path = tmp_path / "x.csv"
    sink = FileSink.at(path, asked, *asked.span(EPOCH), resume=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(WRITERS, ".csv", full)
    async with connected(World(WorldSettings(starts_at=EPOCH))) as tws:
        with pytest.raises(OSError, match="No space"):
            await Downloads(tws, asked, sink, spoken()[0], Mask()).run()
    assert (path.exists(), path.with_name("x.csv.part").exists()) == (False, True)
