"""A request for bars, made of what a caller has typed: what TWS would refuse is refused here, before it is asked.

The checks are those that TWS makes of the request alone (texts read in a gateway); what depends on its data about the
contract is left to TWS, whose refusal is raised.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from anytws.core.arguments import check_flag, check_instance, check_text
from anytws.errors import LocalProtocolError, shown
from anytws.machines.bars import is_daily
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.historical import BarSize, FormatDate, HistoricalDataRequest, WhatToShow

_DURATION: Final = re.compile(r"([0-9]{1,6}) ?([SDWMY])").fullmatch
_SHORTEST: Final = 30
_DAY: Final = timedelta(days=1)
_MOST: Final = {
    "S": (86_400, "seconds", "days"),
    "D": (365, "days", "years"),
    "W": (52, "weeks", "years"),
    "M": (12, "months", "years"),
}
_UPDATED: Final = frozenset({WhatToShow.TRADES, WhatToShow.MIDPOINT, WhatToShow.BID, WhatToShow.ASK})
_SHORT_NAMES: Final = {"1W": BarSize.WEEK_1, "1M": BarSize.MONTH_1}
_REQUEST: Final = "HistoricalDataRequest"


def duration_text(duration: str | timedelta) -> str:
    """Give *duration* as TWS writes it: a number, a blank, and ``S``, ``D``, ``W``, ``M`` or ``Y``.

    ``S`` and ``D`` count the time in which there is trading: a ``D`` is a trading day, and the running one is the first
    of them. ``W``, ``M`` and ``Y`` go by the calendar. A `timedelta` of whole days is so many ``D``, any other one is
    ``S``. Raises `ValueError` for what TWS would refuse: fewer than 30 seconds, more than 86,400 of them, 365 days, 52
    weeks or 12 months; and `TypeError` for what is neither text nor timedelta.
    """
    if isinstance(duration, timedelta):
        return _of_timedelta(duration)
    check_text("duration", duration, example="2 D")
    match = _DURATION(duration.strip().upper())
    if match is None:
        raise ValueError(
            f"duration is {shown(duration)}, and has to be a number, a blank and S, D, W, M or Y (seconds, trading "
            "days, weeks, months, years), such as '2 D'"
        )
    count, unit = int(match[1]), match[2]
    least = _SHORTEST if unit == "S" else 1
    if count < least:
        raise ValueError(f"duration is {shown(duration)}, and has to be at least '{least} {unit}'")
    if unit in _MOST and count > _MOST[unit][0]:
        most, many, instead = _MOST[unit]
        raise ValueError(f"duration is {shown(duration)}: TWS takes at most {most} {many}; say it in {instead}")
    return f"{count} {unit}"


def _of_timedelta(duration: timedelta) -> str:
    days, rest = divmod(duration, _DAY)
    if days >= 1 and not rest:
        return duration_text(f"{days} D")
    seconds, rest = divmod(duration, timedelta(seconds=1))
    if rest or seconds < _SHORTEST or days:
        raise ValueError(
            f"duration is {duration!r}, and has to be whole days, or at least {_SHORTEST} whole seconds and at most a "
            "day; for months and years write '6 M', '2 Y'"
        )
    return duration_text(f"{seconds} S")


def bar_size_of(bar_size: BarSize | str) -> BarSize:
    """Give the member for *bar_size*. Raises `ValueError` for what is no size of bars, with the nearest or all."""
    check_text("bar_size", bar_size, example="1 min")
    size = _SHORT_NAMES.get(bar_size) or BarSize(" ".join(bar_size.lower().split()))
    if size.is_known:
        return size
    meant = BarSize.closest(bar_size)
    if meant is not None:
        raise ValueError(f"bar_size is {shown(bar_size)}, which is no size of bars: probably {meant.value!r} is meant")
    sizes = ", ".join(size.value for size in BarSize)
    raise ValueError(f"bar_size is {shown(bar_size)}, and has to be one of {sizes}")


def kind_of(what_to_show: WhatToShow | str) -> WhatToShow:
    """Give the member for *what_to_show*. Whether a word that nobody knows goes to TWS is the encoder's matter."""
    if isinstance(what_to_show, WhatToShow):
        return what_to_show
    check_text("what_to_show", what_to_show, example="TRADES")
    known = WhatToShow(what_to_show.upper())
    return known if known.is_known else WhatToShow(what_to_show)


def moment_asked(name: str, moment: datetime | None) -> datetime | None:
    """Give *moment* in UTC and in whole seconds: the wire has no others.

    Raises `TypeError` for what is no datetime, and `ValueError` for a naive one.
    """
    if moment is None:
        return None
    check_instance(name, moment, datetime)
    if moment.utcoffset() is None:
        raise ValueError(
            f"{name} is {moment!r}, which says no time zone, so it is no moment: give it one, such as "
            "datetime(2026, 1, 30, 16, tzinfo=ZoneInfo('America/New_York')), or datetime.now(UTC)"
        )
    return moment.astimezone(UTC).replace(microsecond=0)


def bars_request(
    contract: Contract,
    duration: str | timedelta,
    bar_size: BarSize | str,
    what_to_show: WhatToShow | str,
    *,
    end: datetime | None = None,
    regular_hours: bool = True,
    keep_up_to_date: bool = False,
) -> HistoricalDataRequest:
    """Make the request. Raises `ValueError`, `TypeError` and `LocalProtocolError` for what TWS would refuse."""
    check_flag("regular_hours", regular_hours)
    request = HistoricalDataRequest(
        contract,
        duration_text(duration),
        bar_size_of(bar_size),
        kind_of(what_to_show),
        moment_asked("end", end),
        use_rth=regular_hours,
        format_date=FormatDate.EPOCH_SECONDS,
        keep_up_to_date=keep_up_to_date,
    )
    problem = _problem(request)
    if problem is not None:
        field, words = problem
        raise LocalProtocolError(f"{_REQUEST}.{field}: {words}", message=_REQUEST, field=field)
    return request


def _problem(request: HistoricalDataRequest) -> tuple[str, str] | None:
    """Give the field for which TWS would refuse *request*, and what is wrong with it."""
    what, ends = request.what_to_show, request.end_date_time is not None
    kind = request.contract.security_type
    if what is WhatToShow.SCHEDULE:
        return "what_to_show", "SCHEDULE has no bars: ask tws.historical.schedule(...)"
    if what is WhatToShow.ADJUSTED_LAST and ends:
        return "end_date_time", "ADJUSTED_LAST goes up to now: leave the end out"
    if what is WhatToShow.ADJUSTED_LAST and is_daily(request.bar_size_setting) and request.bar_size_setting != "1 day":
        return "bar_size_setting", "ADJUSTED_LAST has bars of a day at most (TWS: multi day bar size not supported)"
    if what is WhatToShow.TRADES and kind is SecurityType.CRYPTO:
        return "what_to_show", "crypto has AGGTRADES, and no TRADES (TWS: 10299)"
    if kind is SecurityType.CONTINUOUS_FUTURE and ends:
        return "end_date_time", "of a continuous future TWS has only what goes up to now: leave the end out (10339)"
    return _problem_of_updates(request) if request.keep_up_to_date else None


def _problem_of_updates(request: HistoricalDataRequest) -> tuple[str, str] | None:
    if request.what_to_show.is_known and request.what_to_show not in _UPDATED:
        kinds = ", ".join(sorted(_UPDATED))
        return "what_to_show", f"bars are updated of {kinds} only, and not of {request.what_to_show.value}"
    if request.contract.security_type is SecurityType.COMBO:
        return "contract", "TWS does not update the bars of combos"
    if request.bar_size_setting is BarSize.SECOND_1:
        return "bar_size_setting", "bars that are updated have 5 seconds or more"
    return None
