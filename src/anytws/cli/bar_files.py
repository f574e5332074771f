"""Writes bars into files: CSV, JSON, Parquet. A file is there whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs

from anytws.cli.bar_rows import columns_of

Rows: TypeAlias = Iterable[list[list[Any]]]
"""Rows, as many at a time as may be in memory together."""

_MOST_DIGITS: Final = 38
_PLACES: Final = 9
_MOST_PLACES: Final = 18


@attrs.frozen
class Kind:
    """What is in the columns, where a file wants to know it beforehand."""

    is_daily: bool
    volume_places: int
    average_places: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""
        return columns_of(is_daily=self.is_daily)


Write: TypeAlias = Callable[[Path, Rows, Kind], Generator[None]]
"""Writes a file, some rows for each step that it is asked for: others have their turn meanwhile. Raises `OSError`."""


def write_csv(path: Path, rows: Rows, kind: Kind) -> Generator[None]:
    """Write a line for each bar, below the names of the columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(kind.columns)
        for some in rows:
            writer.writerows(some)
            yield
        _settle(file)


def write_json(path: Path, rows: Rows, kind: Kind) -> Generator[None]:
    """Write a list of objects, a line each."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        lead = "\n"
        for some in rows:
            for row in some:
                file.write(lead + json.dumps(dict(zip(kind.columns, row, strict=True))))
                lead = ",\n"
            yield
        file.write("\n]\n")
        _settle(file)


def write_parquet(path: Path, rows: Rows, kind: Kind) -> Generator[None]:
    """Write a table: times with their zone, amounts as decimals.

    They have the same places in every file, unless one needs more: who reads a folder of files wants one type.
    """
    # An extra, which has no types.
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

    time = pa.date32() if kind.is_daily else pa.timestamp("s", "UTC")
    finest = (kind.volume_places, kind.average_places)
    volume, average = (min(max(places, _PLACES), _MOST_PLACES) for places in finest)
    types = [
        *(pa.string(), time, time, *[pa.float64()] * 4),
        *(pa.decimal128(_MOST_DIGITS, volume), pa.decimal128(_MOST_DIGITS, average), pa.int64()),
    ]
    schema = pa.schema(list(zip(kind.columns, types, strict=True)))
    moment = date.fromisoformat if kind.is_daily else _moment
    with path.open("wb") as file:
        with pq.ParquetWriter(file, schema) as writer:
            for some in rows:
                columns = [list(column) for column in zip(*some, strict=True)]
                columns[1:3] = [[_made(moment, each) for each in column] for column in columns[1:3]]
                columns[7] = [_amount(each, volume) for each in columns[7]]
                columns[8] = [_amount(each, average) for each in columns[8]]
                arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                yield
        _settle(file)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _made(make: Callable[[str], Any], text: str | None) -> Any:  # noqa: ANN401 (a date or a datetime)
    return None if text is None else make(text)


def _amount(text: str | None, places: int) -> Decimal | None:
    return None if text is None else round(Decimal(text), places)


def _settle(file: Any) -> None:  # noqa: ANN401 (a file of any kind)
    """Have it be on the disk before its name is."""
    file.flush()
    os.fsync(file.fileno())


WRITERS: Final[dict[str, Write]] = {".csv": write_csv, ".json": write_json, ".parquet": write_parquet}
"""What writes a file, by how its name ends."""


@contextmanager
def put_into_place(path: Path) -> Generator[Path]:
    """Give the name under which the file *path* is to be written; then it gets that name, at once.

    Where that fails, or is interrupted, nothing has changed at *path*. Raises `OSError`.
    """
    # Where a link leads, so that the link stays.
    target = Path(os.path.realpath(path))
    draft = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        yield draft
        draft.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
