"""Records in the hands of pyarrow, polars, duckdb, pandas and narwhals: as they are, whole, nothing in between."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from anytws import Dropped, Records, columns
from anytws.arrow.records import Records as Runs
from anytws.messages import (
    Action,
    ComboLeg,
    Contract,
    HistoricalDataBar,
    OpenOrder,
    Position,
    TickByTickData,
    TickPrice,
    TickType,
)

NOT_THERE = "the extra frames is not in the oldest environment"
pyarrow = pytest.importorskip("pyarrow", reason=NOT_THERE)
polars = pytest.importorskip("polars", reason=NOT_THERE)
duckdb = pytest.importorskip("duckdb", reason=NOT_THERE)
pandas = pytest.importorskip("pandas", reason=NOT_THERE)
narwhals = pytest.importorskip("narwhals", reason=NOT_THERE)

NEW_YORK = ZoneInfo("US/Eastern")
BARS = Records.of(
    HistoricalDataBar,
    [
        HistoricalDataBar(
            datetime(2026, 7, 6, 9, 30, tzinfo=NEW_YORK), 1.5, 2.0, 1.0, 1.25, Decimal("100.5"), Decimal("1.2345"), 7
        ),
        HistoricalDataBar(datetime(2026, 7, 6, 9, 31, tzinfo=NEW_YORK), 1.25, 1.5, 1.25, 1.5, None, None, 0),
    ],
)
HELD = Records(
    [
        Position("DU1", Contract(contract_id=5, symbol="Ä", combo_legs=(ComboLeg(1, 2, Action.BUY),)), Decimal(5), 1.5),
        Position("DU1", Contract(symbol="B"), Decimal("-0.25"), 2.5),
    ]
)
EMPTY: Records[Any] = Records.of(HistoricalDataBar)


def test_pyarrow() -> None:
    table = pyarrow.table(BARS)
    table.validate(full=True)
    assert table.schema.field("time").type == pyarrow.timestamp("us", tz="US/Eastern")
    assert table.schema.field("volume").type == pyarrow.decimal128(38, 1)
    assert table["time"].to_pylist() == [bar.time for bar in BARS]
    assert table["volume"].to_pylist() == [Decimal("100.5"), None]
    assert table["bar_count"].to_pylist() == [7, 0]
    assert pyarrow.schema(BARS) == table.schema
    assert pyarrow.RecordBatchReader.from_stream(BARS).read_all() == table
    assert pyarrow.table(EMPTY).schema.names == table.schema.names
    assert pyarrow.table(EMPTY).num_rows == 0


def test_pyarrow_asks_for_a_schema() -> None:
    """So batches whose decimals have other places are of one type: a file that is written piece by piece has one."""
    fine = pyarrow.table(BARS).schema
    wanted = fine.set(fine.get_field_index("volume"), pyarrow.field("volume", pyarrow.decimal128(38, 4)))
    wanted = wanted.set(wanted.get_field_index("wap"), pyarrow.field("wap", pyarrow.float64()))
    wanted = wanted.set(wanted.get_field_index("time"), pyarrow.field("time", pyarrow.timestamp("ns", tz="UTC")))
    table = pyarrow.table(BARS, schema=wanted)
    assert table.schema == wanted
    assert table["wap"].to_pylist() == [1.2345, None]
    assert table["time"].to_pylist() == [bar.time for bar in BARS]


def test_pyarrow_of_records_in_records() -> None:
    table = pyarrow.table(HELD)
    table.validate(full=True)
    assert table["contract.symbol"].to_pylist() == ["Ä", "B"]
    assert [legs[0]["ratio"] for legs in table["contract.combo_legs"].to_pylist()[:1]] == [2]
    assert table["contract.combo_legs"].to_pylist()[1] == []
    whole = pyarrow.table(columns(HELD, nested="struct"))
    whole.validate(full=True)
    assert whole["contract"].to_pylist()[0]["symbol"] == "Ä"
    for wide in (OpenOrder, TickByTickData):
        pyarrow.table(columns([], of=wide)).validate(full=True)


def test_polars() -> None:
    frame = polars.DataFrame(BARS)
    assert frame.schema["time"] == polars.Datetime("us", "US/Eastern")
    assert frame["time"].to_list() == [bar.time for bar in BARS]
    assert frame["volume"].to_list() == [Decimal("100.5"), None]
    assert frame["close"].sum() == 2.75
    assert polars.DataFrame(EMPTY).columns == frame.columns
    assert polars.DataFrame(HELD)["contract.symbol"].to_list() == ["Ä", "B"]
    assert polars.DataFrame(HELD[1:])["position"].to_list() == [Decimal("-0.25")]
    legs = polars.DataFrame(HELD)["contract.combo_legs"].to_list()
    assert [len(each) for each in legs] == [1, 0]
    joined = polars.concat([polars.DataFrame(HELD[:1]), polars.DataFrame(HELD[1:])], how="vertical_relaxed")
    assert joined["position"].to_list() == [Decimal(5), Decimal("-0.25")]


def test_duckdb() -> None:
    bars, held, empty = BARS, HELD, EMPTY
    assert duckdb.sql("SELECT close, volume, bar_count FROM bars").fetchall() == [
        (1.25, Decimal("100.5"), 7),
        (1.5, None, 0),
    ]
    assert duckdb.sql("SELECT epoch_us(time) FROM bars").fetchall()[0] == (
        int(bars[0].time.astimezone(UTC).timestamp()) * 1_000_000,
    )
    assert duckdb.sql('SELECT "contract.symbol", len("contract.combo_legs") FROM held').fetchall() == [
        ("Ä", 1),
        ("B", 0),
    ]
    assert duckdb.sql("SELECT count(*) FROM empty").fetchall() == [(0,)]
    assert held
    assert not empty


def test_pandas() -> None:
    frame = pandas.DataFrame.from_arrow(BARS)
    assert str(frame["time"].dtype) == "datetime64[us, US/Eastern]"
    assert [*frame["close"]] == [1.25, 1.5]
    assert [*pandas.DataFrame.from_arrow(columns(BARS, decimals="float"))["volume"].dropna()] == [100.5]
    assert [*pandas.DataFrame.from_arrow(EMPTY).columns] == [*frame.columns]
    without = pandas.DataFrame(columns(HELD).to_dict())
    assert [*without["contract.symbol"]] == ["Ä", "B"]


def test_narwhals() -> None:
    frame = narwhals.from_arrow(BARS, backend="polars")
    assert frame["close"].to_list() == [1.25, 1.5]


def test_a_tuple_of_them_would_not_be_asked() -> None:
    """Why `Records` is no tuple. Should these begin to look for columns first, it could be one."""

    class Table(tuple[Any, ...]):
        """A tuple that has columns too."""

        __slots__ = ()
        __arrow_c_stream__ = Runs.__arrow_c_stream__
        columns = Runs.columns

    made: Any = Table(BARS)
    with pytest.raises(ValueError, match="Must pass names or schema"):
        pyarrow.table(made)
    assert polars.DataFrame(made).columns == ["column_0"]
    with pytest.raises(duckdb.InvalidInputException, match="not suitable for replacement scans"):
        duckdb.sql("SELECT * FROM made")


def test_remarks_among_data() -> None:
    frame = polars.DataFrame(Records([TickPrice(1, TickType.BID, 5.5), Dropped(3)]))
    assert frame["type"].to_list() == ["TickPrice", "Dropped"]
    assert frame["count"].to_list() == [None, 3]


def test_days_are_days() -> None:
    daily = Records([HistoricalDataBar(date(2026, 7, 6), 1.0, 1.0, 1.0, 1.0)])
    assert polars.DataFrame(daily)["time"].to_list() == [date(2026, 7, 6)]
    assert pyarrow.table(daily)["time"].type == pyarrow.date32()


def test_frames_that_live_to_the_end_are_no_harm() -> None:
    code = (
        "import sys, anytws, polars, pyarrow, duckdb, pandas\n"
        "records = anytws.Records([anytws.Dropped(count) for count in range(1000)])\n"
        "frame, table = polars.DataFrame(records), pyarrow.table(records)\n"
        "relation, other = duckdb.sql('SELECT * FROM records'), pandas.DataFrame.from_arrow(records)\n"
        "sys.kept = (frame, table, records.__arrow_c_stream__())\n"
        "print(frame['count'].sum())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "499500\n", "")


@pytest.mark.parametrize("library, make", [("polars", "DataFrame"), ("pyarrow", "table")])
def test_a_line_that_fails_beside_a_frame_fails_with_its_own_exception(library: str, make: str) -> None:
    """With a callback in Python it would be lost, and the process might end: so the library owns the memory."""
    code = (
        f"import anytws, {library}\n"
        "records = anytws.Records([anytws.Dropped(1)])\n"
        "try:\n"
        f"    print({library}.{make}(records), 1 / 0)\n"
        "except ZeroDivisionError:\n"
        "    print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")
