"""Times as TWS usually writes them: few days, in few zones, and few times of the day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from anytws.wire.compiled.memo import Memo
from anytws.wire.times import TIME

_LONG: Final = len("20240131 10:30:00")
_is_clock: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}").fullmatch


def _read_midnight(text: str) -> Any:
    midnight = TIME.read_text(f"{text[:9]}00:00:00{text[9:]}")
    if midnight.utcoffset() is None:
        return midnight
    try:
        next_one = midnight + timedelta(days=1)
    except OverflowError:
        raise ValueError(text) from None
    # On a day on which the clock is turned, what it shows says less: one time after the other has to be looked at.
    if len({time.replace(fold=fold).utcoffset() for time in (midnight, next_one) for fold in (0, 1)}) > 1:
        raise ValueError(text)
    return midnight


def _read_clock(text: str) -> timedelta:
    if not _is_clock(text):
        raise ValueError(text)
    midnight, then = TIME.read_text("20000101  00:00:00"), TIME.read_text(f"20000101  {text}")
    return timedelta(seconds=(then - midnight).total_seconds())


SHORT_TIMES: Final = Memo(TIME.read_text)
MIDNIGHTS: Final = Memo(_read_midnight)
CLOCKS: Final = Memo(_read_clock)


def quick_time(text: str) -> Any:
    """Read *text* as `TIME` does."""
    # "20240131 10:30:00 US/Eastern": few days, in few zones, and few times of the day. Adding a timedelta changes the
    # wall-clock time and ignores summer time, which is what the text means.
    if len(text) < _LONG:
        return SHORT_TIMES[text]
    try:
        return MIDNIGHTS[text[:9] + text[17:]] + CLOCKS[text[9:17]]
    except ValueError:
        return TIME.read_text(text)
