"""Times in requests and answers about history: which ends TWS takes, and how it writes the times of bars."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import attrs

from anytws.messages.historical import FormatDate
from anytws.messages.times import EPOCH_SECONDS, Moment, NamedZone
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.ground import Ground
from anytws.simulator.settings import BarTimes
from anytws.wire.connection_time import zone_called
from anytws.wire.times import zone_named

LAST_WITHOUT_ZONE: Final = 170
"""The newest server version that writes the operator's clock without its zone (recorded as "about")."""

HEAD_WITH_DASH: Final = 200
"""The server version from which head timestamps are written with a dash, which says that they are UTC."""

_FIRST_YEAR, _LAST_YEAR = 1978, 3000
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?: (\S.*))?").fullmatch
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_1970_IN_SECONDS: Final = datetime(1970, 1, 1, tzinfo=EPOCH_SECONDS)


def wanted_form(which: str) -> str:
    """Give what TWS says of a date that it cannot read (recorded); *which* is ``Start`` or ``End``."""
    return (
        f"{which} Date/Time: The date, time, or time-zone entered is invalid.\n"
        "The correct format is yyyymmdd hh:mm:ss xx/xxxx\n"
        "where yyyymmdd and xx/xxxx are optional.\n"
        "E.g.: 20031126 15:59:00 US/Eastern\n"
        "\n"
        "Note that there is a space between the date and time,\n"
        "and between the time and time-zone.\n"
        "\n"
        "If no date is specified, current date is assumed.\n"
        "If no time-zone is specified, local time-zone is assumed(deprecated).\n"
        "\n"
        "You can also provide yyyymmddd-hh:mm:ss time is in UTC.\n"
        "Note that there is a dash between the date and time in UTC notation."
    )


def operator_zone(world: Ground) -> tzinfo:
    """Give the zone of the person in front of TWS, under the name that it has there.

    It is the one that `WorldSettings.zone` names where `WorldSettings.utc_offset` is an offset of it, in summer or in
    winter; otherwise that offset all year.
    """
    name, offset = world.settings.zone, world.settings.utc_offset
    zone = zone_called(name) if name else None
    year = world.utc().year
    if zone is not None and offset in [datetime(year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]:
        return zone_named(name)
    return NamedZone(name or "UTC", world.settings.wall_zone)


@attrs.frozen
class ReadMoment:
    """A time that a client gave."""

    second: int
    """In seconds since 1970."""
    is_implied: bool
    """Whether it had no zone, and was taken as the operator's (notice 2174)."""


def read_moment(world: Ground, moment: Moment) -> ReadMoment | None:
    """Read the start or the end of a request; None: TWS cannot (10314)."""
    found = _clock_today(world, moment) if isinstance(moment, str) else moment
    # A day alone is none, nor are seconds since the epoch.
    if not isinstance(found, datetime) or found.tzinfo is EPOCH_SECONDS or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        return None
    is_implied = found.tzinfo is None
    if is_implied or (isinstance(found.tzinfo, NamedZone) and found.tzinfo.name == world.settings.zone):
        found = found.replace(tzinfo=operator_zone(world))
    if found.utcoffset() is None:
        return None
    return ReadMoment((found - _1970) // timedelta(seconds=1), is_implied)


def _clock_today(world: Ground, text: str) -> datetime | None:
    """Read a time without a date: it is of today, in its zone."""
    match = _CLOCK(text)
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3])
    name = match[4]
    if name is None or name == world.settings.zone:
        zone = operator_zone(world)
    else:
        known = zone_called(name)
        if known is None:
            return None
        zone = known
    try:
        clock = time(hour, minute, second)
    except ValueError:
        return None
    today = world.utc().astimezone(zone).date()
    return datetime.combine(today, clock, None if name is None else zone)


@attrs.frozen(kw_only=True)
class TimeForm:
    """How the times of one answer are written."""

    zone: tzinfo
    """Of which the wall clock is shown."""
    is_naive: bool
    """Whether the zone is left out."""
    in_seconds: bool
    """Whether bars have seconds since 1970 instead; the span of the answer never has."""

    def of_bar(self, second: int) -> datetime:
        """Give the time of a bar that begins at *second* since 1970."""
        return _1970_IN_SECONDS + timedelta(0, second) if self.in_seconds else self.of_span(second)

    def of_span(self, second: int) -> datetime:
        """Give *second* since 1970 as it stands in the end of an answer."""
        shown = datetime.fromtimestamp(second, self.zone)
        return shown.replace(tzinfo=None) if self.is_naive else shown

    def before(self, second: int, count: int, unit: str) -> datetime:
        """Give the time that lies *count* units (S, D, W, M or Y) before *second*, by the calendar of its zone."""
        if unit == "S":
            return self.of_span(second - count)
        shown = earlier(datetime.fromtimestamp(second, UTC).astimezone(self.zone), count, unit)
        return shown.replace(tzinfo=None) if self.is_naive else shown


def earlier(moment: datetime, count: int, unit: str) -> datetime:
    """Give what the clock of its zone showed *count* days, weeks, months or years (D, W, M, Y) before *moment*."""
    if unit in ("D", "W"):
        return moment - timedelta(days=count * (7 if unit == "W" else 1))
    months = moment.year * 12 + moment.month - 1 - count * (12 if unit == "Y" else 1)
    year, month = divmod(months, 12)
    # The 31st of a month that has 30 days is its 30th.
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def form_of(client: Client, exchange_zone: str, format_date: FormatDate) -> TimeForm:
    """Give the form of the times for *client*, of an instrument whose exchange is in *exchange_zone*."""
    in_seconds = format_date is FormatDate.EPOCH_SECONDS
    if (client.server_version or 0) <= LAST_WITHOUT_ZONE:
        return TimeForm(zone=operator_zone(client.world), is_naive=True, in_seconds=in_seconds)
    match client.world.settings.bar_times:
        case BarTimes.OPERATOR:
            return TimeForm(zone=operator_zone(client.world), is_naive=False, in_seconds=in_seconds)
        case BarTimes.UTC:
            return TimeForm(zone=UTC, is_naive=False, in_seconds=in_seconds)
        case _:
            return TimeForm(zone=zone_named(exchange_zone), is_naive=False, in_seconds=in_seconds)


CARDS: Final = (
    Card(
        "historical.end_dates",
        "An end is empty (now), yyyymmdd-hh:mm:ss (UTC, a Z may follow) or [yyyymmdd ]hh:mm:ss[ zone] of the years "
        "1978 to 3000. Anything else, a day alone and an unknown zone among it, is error 10314 with its text of many "
        "lines.",
        Evidence.DOCUMENTED,
        "historical.md 1: the text of a Gateway, and the documented forms",
        "Seconds may be left out, which the decoder of this library takes as :00.",
    ),
    Card(
        "historical.implied_zone",
        "An end without a zone is taken as the operator's, with the notice 2174 on the request's id before the answer.",
        Evidence.DOCUMENTED,
        "historical.md 1",
        "The operator's zone is the one that WorldSettings.zone names, if utc_offset is one of its offsets.",
    ),
    Card(
        "historical.bar_times",
        "Times of bars: up to server version 170 the operator's clock after two blanks; then the clock of the "
        "exchange, of the operator, or of UTC. Format 2: seconds since 1970. Bars of a day or more: the day.",
        Evidence.RECORDED,
        "historical.md 2.1, of Gateways and clients of 2020 to 2026",
        "The knob bar_times says which clock. Format 3 (month-day, documented) is written as format 1.",
    ),
)
