"""When a day of profit and loss begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
# Years 2 and 9998: days in New York that a calendar has.
_FIRST, _LAST = (datetime(2, 1, 1, tzinfo=UTC) - _1970) // _MS, (datetime(9998, 1, 1, tzinfo=UTC) - _1970) // _MS


class Days:
    """Days of profit and loss: chosen to begin at midnight in New York, one of the schedules that TWS offers."""

    def __init__(self) -> None:
        self._begin = 0
        self._end = 0

    def begin_of(self, at: int) -> int:
        """Give when the day of *at* began, both in milliseconds since 1970."""
        self._look(at)
        return self._begin

    def end_of(self, at: int) -> int:
        """Give when the day of *at* is over: when the next begins."""
        self._look(at)
        return self._end

    def _look(self, at: int) -> None:
        if not self._begin <= at < self._end:
            zone = _new_york()
            begin = (
                (_1970 + min(max(at, _FIRST), _LAST) * _MS)
                .astimezone(zone)
                .replace(hour=0, minute=0, second=0, microsecond=0)
            )
            # Days on a wall are not all of 24 hours.
            self._begin = (begin.astimezone(UTC) - _1970) // _MS
            self._end = ((begin + _DAY).astimezone(UTC) - _1970) // _MS


@cache
def _new_york() -> ZoneInfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    return ZoneInfo("America/New_York")
