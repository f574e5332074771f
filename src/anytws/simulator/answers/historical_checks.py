"""What TWS checks in a request for bars, in its order: the first check that fails is the answer, and nothing else."""

from __future__ import annotations

import re
from typing import Final

import attrs

from anytws.messages.base import ToTws
from anytws.messages.contract import SecurityType
from anytws.messages.historical import BarSize, HistoricalDataRequest, WhatToShow
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import meant
from anytws.simulator.answers.historical_farm import is_made, kind_of, refused_by_farm
from anytws.simulator.answers.historical_spans import DAY, Duration, Length, Period, begin_of
from anytws.simulator.answers.historical_times import TimeForm, form_of, read_moment, wanted_form
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.universe.instrument import Instrument
from anytws.wire.versions import HISTORICAL_SCHEDULE

NO_DATA: Final = 162
BAD_DATE: Final = 10314
NO_ZONE: Final = 2174
OTHER_KIND: Final = 10299
_CONTINUOUS_END: Final = 10339
_EXPIRED: Final = 10180

IMPLIED_ZONE: Final = (
    "Warning: You submitted request with date-time attributes without explicit time zone. Please switch to use "
    "yyyymmdd-hh:mm:ss in UTC or use instrument timezone, like US/Eastern. Implied timezone functionality will be "
    "removed in the next API release"
)
FIRST_FORMAT, LAST_FORMAT = 1, 3
LIVE_SOURCES: Final = frozenset((WhatToShow.TRADES, WhatToShow.MIDPOINT, WhatToShow.BID, WhatToShow.ASK))
"""What bars that are kept up to date are made of."""

_DURATION: Final = re.compile(r"([0-9]{1,9})(?: ([SDWMY]))?", re.IGNORECASE).fullmatch
_SHORTEST: Final = 30
_LONGEST: Final = {
    "S": (86_400, "greater than 86400 seconds rejected."),
    "D": (365, "durations longer than 365 days must be made in years."),
    "W": (52, "durations longer than 52 weeks must be made in years."),
    "M": (12, "durations longer than 12 months must be made in years."),
}
_MOST_YEARS: Final = 68
_LENGTHS: Final = {
    **{f"{seconds} secs": Length(seconds) for seconds in (1, 5, 10, 15, 30)},
    "1 min": Length(60),
    **{f"{minutes} mins": Length(minutes * 60) for minutes in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": Length(3600),
    **{f"{hours} hours": Length(hours * 3600) for hours in (2, 3, 4, 8)},
    "1 day": Length(DAY, Period.DAY),
    **dict.fromkeys(("1w", "1 w", "1 week"), Length(7 * DAY, Period.WEEK)),
    **dict.fromkeys(("1m", "1 m", "1 month"), Length(30 * DAY, Period.MONTH)),
    "3 months": Length(91 * DAY, Period.QUARTER),
    "1 year": Length(365 * DAY, Period.YEAR),
}
_LEGAL: Final = ", ".join({BarSize.WEEK_1: "1W", BarSize.MONTH_1: "1M"}.get(size, size.value) for size in BarSize)
_LEAST_SECONDS: Final = {"S": 1, "D": 5, "W": 10, "M": 30, "Y": 60}
_MOST_SINGLE_SECONDS: Final = 2000


@attrs.frozen(kw_only=True)
class Asked:
    """What a request for bars asks for, once it has passed all checks."""

    request: HistoricalDataRequest
    instrument: Instrument
    exchange: str
    length: Length
    duration: Duration
    begin: int
    """In seconds since 1970; bars begin at it or, on their grid, a little before."""
    end_ms: int
    """In milliseconds since 1970: what happened before it is told."""
    end: int
    """In seconds since 1970, as TWS writes it."""
    form: TimeForm


@attrs.frozen
class Found:
    """What the checks came to, with the notice that TWS gives before it goes on."""

    outcome: Asked | ErrorMessage
    notice: ErrorMessage | None = None


def length_of(text: str) -> Length | None:
    """Give the length of bars that are asked for as *text*, in any case of letters; None: there are no such bars."""
    return _LENGTHS.get(text.lower())


def duration_of(text: str) -> Duration | None:
    """Read how far back to go: an integer, a blank and a unit, or seconds alone; None: it has another form."""
    match = _DURATION(text)
    return None if match is None else Duration(int(match[1]), (match[2] or "S").upper())


def check(client: Client, request: HistoricalDataRequest) -> Found:
    """Give what *request* asks for, or the error of the first check that fails."""
    world, now_ms = client.world, client.world.ms()
    end_ms, notice = now_ms + 1, None
    if request.end_date_time is not None:
        read = read_moment(world, request.end_date_time)
        if read is None:
            return Found(complaint(world, BAD_DATE, wanted_form("End"), request))
        if read.is_implied:
            notice = complaint(world, NO_ZONE, IMPLIED_ZONE, request)
        end_ms = min(read.second * 1000, end_ms)
    cause = _first_cause(request, client.server_version or HISTORICAL_SCHEDULE)
    if cause is not None:
        return Found(not_valid(world, request, cause), notice)
    return Found(_with_contract(client, request, end_ms), notice)


def duplicate(client: Client, request: HistoricalDataRequest) -> ErrorMessage:
    """Give the error that the id of *request* is in use."""
    return not_done(client.world, request, "Duplicate ticker ID for API historical data query")


def _first_cause(request: HistoricalDataRequest, version: int) -> str | None:
    """Give what TWS finds wrong with the words and numbers of *request*: checks 2 to 17."""
    length = length_of(request.bar_size_setting)
    is_adjusted = request.what_to_show is WhatToShow.ADJUSTED_LAST
    cause = _wrong_duration(request.duration)
    if cause is not None:
        return cause
    if is_adjusted and request.end_date_time is not None:
        return "End date not supported with adjusted last"
    if length is None:
        return f"Historical data bar size setting is invalid. Legal ones are: {_LEGAL}"
    if is_adjusted and length.seconds > DAY:
        return "Multi day bar size not supported with adjusted last"
    is_too_new = request.what_to_show is WhatToShow.SCHEDULE and version < HISTORICAL_SCHEDULE
    if is_too_new or not request.what_to_show.is_known:
        return f"What to show value of {request.what_to_show} rejected."
    if not FIRST_FORMAT <= request.format_date <= LAST_FORMAT:
        return f"Date formatting selection of {int(request.format_date)} rejected."
    if request.what_to_show is WhatToShow.SCHEDULE and length.period is not Period.DAY:
        return "Only daily resolution supported for Schedule requests"
    return _wrong_for_updates(request) if request.keep_up_to_date else None


def _wrong_duration(text: str) -> str | None:
    if not text.strip():
        return "Historical data request duration not specified."
    duration = duration_of(text)
    if duration is None:
        return "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."
    if duration.count < (_SHORTEST if duration.unit == "S" else 1):
        return "Historical data requested duration is invalid."
    most, words = _LONGEST.get(duration.unit, (duration.count, ""))
    return f"Historical data request for {words}" if duration.count > most else None


def _wrong_for_updates(request: HistoricalDataRequest) -> str | None:
    if request.end_date_time is not None:
        return "End date not supported with live updates"
    if request.what_to_show not in LIVE_SOURCES:
        return "Source price not supported with live updates"
    if request.contract.security_type is SecurityType.COMBO:
        return "Live updates for combos are not supported"
    return None


def _with_contract(client: Client, request: HistoricalDataRequest, end_ms: int) -> Asked | ErrorMessage:
    world = client.world
    match = meant(client, request, request.contract)
    if isinstance(match, ErrorMessage):
        return match
    instrument = match.instrument
    kind = kind_of(instrument)
    if kind is SecurityType.CRYPTO and request.what_to_show is WhatToShow.TRADES:
        return complaint(world, OTHER_KIND, other_kind("AGGTRADES", "TRADES"), request)
    if SecurityType.CONTINUOUS_FUTURE in (kind, request.contract.security_type) and request.end_date_time is not None:
        text = "Setting end date/time for continuous future security type is not allowed."
        return complaint(world, _CONTINUOUS_END, text, request)
    if request.keep_up_to_date and is_expired(instrument, end_ms):
        return complaint(world, _EXPIRED, "Failed to request live updates (expired).", request)
    return _at_farm(client, request, instrument, match.exchange, end_ms)


def other_kind(wanted: str, said: str) -> str:
    """Give the text of 10299: that *wanted* is what is to be shown, and not *said*."""
    return f"Expected what to show is {wanted}, please use that instead of {said}."


def is_expired(instrument: Instrument, ms: int) -> bool:
    """Tell whether *instrument* is traded no more at *ms*."""
    return instrument.expires_at is not None and instrument.expires_at * 1000 <= ms


def _at_farm(
    client: Client, request: HistoricalDataRequest, instrument: Instrument, exchange: str, end_ms: int
) -> Asked | ErrorMessage:
    """Give what is asked for, or what the data farm says instead: check 21."""
    # These were looked at before: they have a form.
    length = _LENGTHS[request.bar_size_setting.lower()]
    duration = duration_of(request.duration) or Duration(1, "D")
    end = end_ms // 1000
    error = refused_by_farm(client, request, instrument, exchange, end=end)
    if error is not None:
        return error
    step = _wrong_step(length, duration)
    if step is None and not is_made(instrument, request.what_to_show, length.seconds):
        seconds = length.seconds if length.period is None else 0
        step = f"No historical market data for {of_kind(instrument, exchange, request.what_to_show)} {seconds}"
    if step is None and end <= instrument.first_second:
        step = "Starting time must occur before ending time"
    if step is not None:
        return from_service(client, request, step)
    form = form_of(client, instrument.hours.zone, request.format_date)
    if instrument.expires_at is not None:
        # Of sessions after its last one it knows nothing.
        end_ms = min(end_ms, instrument.expires_at * 1000)
    # A span that ends between two sessions has those before it; the running second belongs to the end.
    begin = begin_of(instrument, -(-end_ms // 1000), duration, liquid=request.use_rth)
    return Asked(
        request=request,
        instrument=instrument,
        exchange=exchange,
        length=length,
        duration=duration,
        begin=begin,
        end_ms=end_ms,
        end=end,
        form=form,
    )


def _wrong_step(length: Length, duration: Duration) -> str | None:
    if length.seconds < _LEAST_SECONDS[duration.unit]:
        return f"invalid step: {length.seconds}"
    is_single = length.seconds == 1 and duration.count > _MOST_SINGLE_SECONDS
    return "Time length exceed max." if is_single or (duration.unit == "Y" and duration.count > _MOST_YEARS) else None


def of_kind(instrument: Instrument, exchange: str, what: WhatToShow) -> str:
    """Name *instrument* and the kind of data as TWS does of a listing without such: ``PLTR/STK@VALUE Last``."""
    contract = instrument.contract
    kind = "Last" if what is WhatToShow.TRADES else what.value.title()
    return f"{contract.symbol}/{contract.security_type or ''}@{exchange} {kind}"


def from_service(client: Client, request: ToTws, text: str) -> ErrorMessage:
    """Give error 162 with *text*."""
    return complaint(client.world, NO_DATA, f"Historical Market Data Service error message:{text}", request)


CARDS: Final = (
    Card(
        "historical.checks",
        "A request for bars is checked in a fixed order (date, duration, bar size, kind, format, schedule, updates, "
        "contract, kind of the product, data farm); the first check that fails is the answer, and no end follows.",
        Evidence.REPORTED,
        "historical.md 1: texts read in a gateway, some of them recorded",
        "The letters of the handler in the text are the name of the request here.",
    ),
    Card(
        "historical.duration_against_size",
        "Bars too small for the unit of the duration (seconds 1, days 5, weeks 10, months 30, years 60) get 162 "
        "invalid step; 1 secs for more than 2000 s, and more than 68 years, 162 Time length exceed max. All else is "
        "served.",
        Evidence.CHOSEN,
        "historical.md 1.1: a documented table, of which captures show that it is not kept to",
    ),
    Card(
        "historical.before_all_data",
        "An end before the first data is 162 Starting time must occur before ending time.",
        Evidence.REPORTED,
        "historical.md 7",
    ),
    Card(
        "historical.duplicate_id",
        "An id that is in use is 322 Duplicate ticker ID for API historical data query; the first one goes on.",
        Evidence.RECORDED,
        "historical.md 1",
    ),
)
