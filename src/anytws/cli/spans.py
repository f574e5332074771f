"""Lengths of time, as people type them: ``5 D``, ``1 M``, or from when to when in ISO 8601."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from anytws.errors import shown

_LENGTH: Final = re.compile(r"([0-9]{1,6}) ?([SDWMY])").fullmatch
_DATE: Final = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}").fullmatch
_UNITS: Final = {"S": timedelta(seconds=1), "D": timedelta(days=1), "W": timedelta(weeks=1)}
_MONTHS: Final = {"M": 1, "Y": 12}
_MONTHS_OF_A_YEAR: Final = 12
_EARLIEST: Final = datetime(1978, 1, 1, tzinfo=UTC)
"""TWS takes no time before."""


def read_length(text: str) -> tuple[int, str]:
    """Read ``5 D``: how many, and of what. Raises `ValueError`."""
    match = _LENGTH(text.strip().upper())
    if match is None or int(match[1]) == 0:
        raise ValueError(
            f"{shown(text)} is no length of time: a number and S, D, W, M or Y (seconds, days, weeks, months, years), "
            "such as '5 D'"
        )
    return int(match[1]), match[2]


def read_moment(text: str) -> datetime:
    """Read a day, which is its midnight in UTC, or a time of one with its offset, of ISO 8601. Raises `ValueError`."""
    problem = f"{shown(text)} is no time, such as 2026-01-05 (midnight UTC) or 2026-01-05T09:30-05:00"
    try:
        if _DATE(text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(problem) from None
    if moment.utcoffset() is None:
        raise ValueError(f"{shown(text)} is a time of an unknown zone: say its offset, such as {text}Z for UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(problem) from None


def begin_before(end: datetime, length: tuple[int, str]) -> datetime:
    """Give the moment that lies *length* before *end*, by the calendar in UTC; none before all data of TWS."""
    count, unit = length
    try:
        if unit in _UNITS:
            begin = end - count * _UNITS[unit]
        else:
            months = end.year * _MONTHS_OF_A_YEAR + end.month - 1 - count * _MONTHS[unit]
            year, month = divmod(months, _MONTHS_OF_A_YEAR)
            day = min(end.day, monthrange(year, month + 1)[1])
            begin = end.replace(year=year, month=month + 1, day=day)
    except (OverflowError, ValueError):
        return _EARLIEST
    return max(begin, _EARLIEST)
