"""Bars as rows: their columns, and what stands in them, in CSV, in JSON and in a file that is being written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from anytws.machines.bars import Bar

_MOMENTS: Final = ("begin", "end")
_DAYS: Final = ("day", "first_day")
_VALUES: Final = ("open", "high", "low", "close", "volume", "average", "count")


def columns_of(*, is_daily: bool) -> tuple[str, ...]:
    """Give the columns of bars, by the names of their fields."""
    return ("symbol", *(_DAYS if is_daily else _MOMENTS), *_VALUES)


def plain(bar: Bar, *, is_daily: bool) -> list[Any]:
    """Give what stands in all columns but the first: times in ISO 8601, amounts as text to the last digit."""
    times = (bar.day, bar.first_day) if is_daily else (bar.begin, bar.end)
    return [
        *[None if time is None else _iso(time) for time in times],
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        None if bar.volume is None else str(bar.volume),
        None if bar.average is None else str(bar.average),
        bar.count,
    ]


def _iso(time: date) -> str:
    if isinstance(time, datetime):
        return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return time.isoformat()


def places_in(amounts: Sequence[str | None]) -> int:
    """Give how many places behind the point the finest of *amounts* has."""
    most = 0
    for amount in amounts:
        exponent = 0 if amount is None else Decimal(amount).as_tuple().exponent
        most = max(most, -exponent if isinstance(exponent, int) else 0)
    return most
