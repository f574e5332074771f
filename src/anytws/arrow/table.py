"""The columns of records, to be handed over: what `anytws.columns` gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs

from anytws.arrow.building import DecimalsAs, Nested, Style, columns_of
from anytws.arrow.kinds import Kind, is_record, kind_of
from anytws.arrow.owners import in_their_memory
from anytws.arrow.records import Records
from anytws.errors import shown

if TYPE_CHECKING:
    from anytws.arrow.arrays import Array
    from anytws.arrow.interface import Pinned

_MOST_NAMES: Final = 8
_MOST_PLACES: Final = 38
"""The digits of a decimal of 128 bits."""


def columns(
    records: Iterable[Any],
    *,
    of: type[Any] | tuple[type[Any], ...] | None = None,
    nested: Nested = "dotted",
    decimals: DecimalsAs = "exact",
) -> Columns:
    """Give the columns of *records*, to be handed to pandas, polars, duckdb, pyarrow: without any of them here.

    *records* is any iterable of messages or records, of one class or of several; `Records` need not be wrapped. Each
    public field is a column, in its order: its type is that of the annotation, absent is null, times keep their zone,
    decimals are decimals (see the page "Columns").

    *of* is the class that the columns are of, or several: the columns are there then even without a record, and a
    record of another class is refused. Without it, records of several classes (remarks among data are one) are rows of
    one table all the same, with a column ``type`` for the name of the class: nothing is left out. *nested*: fields of a
    record within a record are columns with its name in front (``contract.symbol``); ``"struct"`` makes one column of
    structures of it. *decimals*: ``"float"`` makes floats of them, which pandas counts with more easily; they are
    rounded to some 16 digits then. A number is how many places all have, so that files which are written one by one
    are of one type: 9 are enough for whatever TWS was seen to write.

    Raises `TypeError` for what are no records, and `ValueError` for records that are not of the classes in *of*, and
    for a decimal that has more places than *decimals*: none is rounded.
    """
    if nested not in get_args(Nested):
        raise ValueError(f"nested is {shown(nested)}, and has to be one of {', '.join(get_args(Nested))}")
    if not (type(decimals) is int and 0 <= decimals <= _MOST_PLACES) and decimals not in ("exact", "float"):
        raise ValueError(
            f"decimals is {shown(decimals)}, and has to be one of exact, float, or a number of places from 0 to "
            f"{_MOST_PLACES}"
        )
    rows = tuple(records)
    classes = of if isinstance(of, tuple) else () if of is None else (of,)
    for cls in classes:
        if not is_record(cls):
            raise TypeError(f"of is {shown(cls)}, and has to be a class of records, such as HistoricalDataBar")
    if classes:
        _check(rows, classes)
    elif isinstance(records, Records):
        classes = records.item
    present = Counter(map(type, rows))
    if rows and not any(kind_of(cls) is Kind.RECORD for cls in present):
        names = ", ".join([cls.__name__ for cls in present][:_MOST_NAMES])
        raise TypeError(f"the rows are {names}: columns are made of messages and records, classes with fields")
    return Columns(rows, classes, Style(nested, decimals))


def _check(rows: tuple[Any, ...], classes: tuple[type[Any], ...]) -> None:
    others = Counter([type(row).__name__ for row in rows if not isinstance(row, classes)])
    if others:
        told = ", ".join([f"{count} {name}" for name, count in others.most_common(_MOST_NAMES)])
        wanted = " or ".join([cls.__name__ for cls in classes])
        raise ValueError(
            f"{others.total()} of {len(rows)} rows are no {wanted}: {told}. Leave them out yourself, "
            f"[row for row in rows if isinstance(row, {classes[0].__name__})], or leave `of` out to have them as rows"
        )


class Columns:
    """Records as columns: a table for whoever takes one by Arrow's PyCapsule protocol, as often as it is wanted.

    ``polars.DataFrame(columns)``, ``pyarrow.table(columns)``, ``pandas.DataFrame.from_arrow(columns)``,
    ``duckdb.sql("SELECT * FROM columns")``. Made when it is first asked for, and kept: what is handed over is shared,
    not copied.
    """

    __slots__ = ("_classes", "_rows", "_style", "_table")

    def __init__(self, rows: tuple[Any, ...], classes: tuple[type[Any], ...], style: Style) -> None:
        self._rows = rows
        self._classes = classes
        self._style = style
        self._table: Pinned | None = None
        if isinstance(style.decimals, int):
            # What does not fit is told here, and not in the middle of what a consumer does.
            self._pinned()

    def __repr__(self) -> str:
        names = self.names
        told = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
        return f"<Columns: {len(names)} of {len(self._rows)} rows: {told}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple([child.name[:-1].decode() for child in self._pinned().children])

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def to_dict(self) -> dict[str, list[Any]]:
        """Give the columns as lists of Python's own values, by name: for csv, for ``pandas.DataFrame`` without pyarrow.

        The values are those of the records: decimals are `Decimal`, times datetimes, records within lists records.
        """
        return {column.name: list(column.items) for column in self._laid_out(self._style)}

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the table in a capsule, as consumers of Arrow take it.

        *requested_schema*, the capsule of a schema, may ask for another unit or zone of times, other places of
        decimals, floats in their stead, long texts: a column gets the type asked for where that loses nothing, else the
        one that it has.
        """
        from anytws.arrow.interface import stream_capsule, types_in  # noqa: PLC0415 (see the package)

        wanted = {} if requested_schema is None else types_in(requested_schema)
        table = self._pinned() if not wanted else self._wanted(wanted)
        return in_their_memory(stream_capsule(table))

    def __arrow_c_schema__(self) -> object:
        """Give the names and types in a capsule."""
        from anytws.arrow.interface import schema_capsule  # noqa: PLC0415 (see the package)

        return schema_capsule(self._pinned())

    def _wanted(self, wanted: dict[str, str]) -> Pinned:
        from anytws.arrow.interface import table_of  # noqa: PLC0415 (see the package)

        return table_of(self._laid_out(attrs.evolve(self._style, wanted=wanted)), len(self._rows))

    def _laid_out(self, style: Style) -> list[Array]:
        return columns_of(self._rows, self._classes, style)

    def _pinned(self) -> Pinned:
        if self._table is None:
            from anytws.arrow.interface import table_of  # noqa: PLC0415 (see the package)

            self._table = table_of(self._laid_out(self._style), len(self._rows))
        return self._table
