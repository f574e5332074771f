"""Trading hours as sessions: when a contract is traded, in moments and not in text.

TWS tells the hours of a contract in the text of its details, ``20261001:1700-20261002:1600;20261003:CLOSED``, on the
wall clock of ``time_zone_id``. It tells those of today and the next five days (some 35 where it is set to "expose
entire trading schedule"), so that a text that was kept for a week says nothing of today. Here that is an error,
`HoursUnknown`, and not a market that is closed::

    hours = trading_hours(apple)  # what tws.contracts.resolve(Stock("AAPL")) gave
    session = hours.session_at(datetime.now(UTC))  # None: closed
    following = hours.session_after(datetime.now(UTC))

The forms are those of `reference_data.md` 2.2, read in recordings of 2019 to 2026, but for the one of TWS 969 and older
(documented). What was chosen where nobody says it is told beside it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, TypeAlias

from anytws.errors import HoursUnknown, shown
from anytws.messages.base import record
from anytws.messages.contract_details import ContractDetails
from anytws.messages.contracts import BondContractData, ContractData
from anytws.wire.connection_time import zone_called

Detailed: TypeAlias = ContractData | BondContractData | ContractDetails
"""What has trading hours: what TWS knows of a contract."""

_DAY: Final = timedelta(days=1)
_CLOSED: Final = "CLOSED"
_CENTRAL: Final = "CST (Central Standard Time)"
_MEXICO: Final = "MEXI"
_MIDNIGHT: Final = 2400
_LONGEST_ZONE: Final = 128
_ENTRY: Final = re.compile(r"([0-9]{8}):(\S+)").fullmatch
_SPAN: Final = re.compile(r"(?:([0-9]{8}):)?([0-9]{4})-(?:([0-9]{8}):)?([0-9]{4})").fullmatch


@record
class TradingSession:
    """One session of a market, from its begin up to its end.

    Both are aware datetimes in the zone of the exchange. Python subtracts and compares two such by the wall clock,
    which is an hour off across a night in which the clock is changed: ``duration`` and ``contains`` go by the moments.
    """

    begin: datetime
    """Its first moment."""
    end: datetime
    """The first moment after it."""
    day: date
    """The trading day: the one on which it ends, so that the session of Sunday night counts for Monday.

    TWS does not say it. It is chosen, as the exchanges with sessions over night count; one that ends at midnight counts
    for the day before that.
    """

    @property
    def duration(self) -> timedelta:
        """How long it really lasts."""
        return self.end.astimezone(UTC) - self.begin.astimezone(UTC)

    def contains(self, when: datetime) -> bool:
        """Tell whether *when*, an aware datetime of any zone, is in it."""
        return _utc(self.begin) <= _moment(when) < _utc(self.end)


@record
class TradingHours:
    """The hours of one contract, as far as TWS told them: from ``known_from`` up to ``known_until``."""

    sessions: tuple[TradingSession, ...]
    """All sessions, the earliest first."""
    closed_days: tuple[date, ...]
    """Days on which none begins, as TWS told them: holidays, weekends. Those behind the last session are not told."""
    zone: tzinfo
    """The zone of the exchange."""
    known_from: datetime
    """The midnight with which the first day begins that is told.

    Of a session over night that began on the day before the text was asked for, this is the midnight of that day, and
    what else was traded on it is not told: ask for times after the details were asked for.
    """
    known_until: datetime
    """The end of what is told: of the last session, or of the day on which that begins, whichever is later."""

    def session_at(self, when: datetime) -> TradingSession | None:
        """Give the session that *when*, an aware datetime of any zone, is in; None: the market is closed then.

        Raises `HoursUnknown` for a time that the text does not tell of: ask for the details anew. Raises `ValueError`
        for a naive datetime.
        """
        moment = _moment(when)
        self._require_known(moment)
        place = bisect_right(self.sessions, moment, key=_begin_of)
        # Two may overlap where a text holds one twice in other words; the later one is asked first.
        found = (each for each in reversed(self.sessions[:place]) if moment < _utc(each.end))
        return next(found, None)

    def session_after(self, when: datetime) -> TradingSession | None:
        """Give the first session that begins after *when*; None: TWS told of none, which is not to say there is none.

        Raises `HoursUnknown` for a time before ``known_from``, and `ValueError` for a naive datetime.
        """
        moment = _moment(when)
        if moment < _utc(self.known_from):
            self._require_known(moment)
        place = bisect_right(self.sessions, moment, key=_begin_of)
        return self.sessions[place] if place < len(self.sessions) else None

    def is_open(self, when: datetime) -> bool:
        """Tell whether the market is open at *when*. Raises as `session_at` does."""
        return self.session_at(when) is not None

    def sessions_of(self, day: date) -> tuple[TradingSession, ...]:
        """Give the sessions of the trading day *day*, the earliest first; none where none is told."""
        return tuple(each for each in self.sessions if each.day == day)

    def _require_known(self, moment: datetime) -> None:
        if _utc(self.known_from) <= moment < _utc(self.known_until):
            return
        told = f"{self.known_from:%Y-%m-%d %H:%M} up to {self.known_until:%Y-%m-%d %H:%M} ({self.zone})"
        raise HoursUnknown(
            f"TWS told the hours of {told}, and not of {moment.astimezone(self.zone):%Y-%m-%d %H:%M}: it tells some "
            "days from when it is asked, so ask for the details anew",
            zone=str(self.zone),
        )


def trading_hours(details: Detailed, *, zone: tzinfo | None = None) -> TradingHours:
    """Give all hours in which a contract is traded, those before and after the regular ones too.

    *details* is what `tws.contracts.resolve` gives. *zone* stands in for a ``time_zone_id`` that names none that is
    known here.

    Raises `HoursUnknown` where TWS told none (bonds before server version 188), for a zone that is unknown or may be
    several (``CST``), and for a text that cannot be read, which is never read in part.
    """
    own = _details_of(details)
    return hours_of(own.trading_hours, own.time_zone_id, zone or _by_exchange(own))


def liquid_hours(details: Detailed, *, zone: tzinfo | None = None) -> TradingHours:
    """Give the regular hours of a contract, as `trading_hours` gives all of them. Raises as that does.

    Of the last day that it tells, TWS repeats the whole session where the regular one is not told any more (recorded
    for futures).
    """
    own = _details_of(details)
    return hours_of(own.liquid_hours, own.time_zone_id, zone or _by_exchange(own))


def hours_of(text: str, zone_name: str, zone: tzinfo | None = None) -> TradingHours:
    """Read the *text* of hours on the wall clock of the zone that TWS calls *zone_name*. Raises `HoursUnknown`."""
    known = zone if zone is not None else _zone_of(text, zone_name)
    sessions: set[TradingSession] = set()
    closed: set[date] = set()
    days: set[date] = set()
    for entry in text.split(";"):
        # An empty one in front was recorded once, and says nothing.
        if not entry.strip():
            continue
        try:
            told = [*_sessions_of(entry.strip(), known)]
        except (ValueError, OverflowError) as trouble:
            raise HoursUnknown(
                f"trading hours of TWS cannot be read: {shown(entry)} ({trouble})", text, zone_name
            ) from trouble
        sessions.update(told)
        day = _day(entry.strip()[:8])
        days.add(day)
        days.update(each.begin.date() for each in told)
        if not told:
            closed.add(day)
    if not days:
        raise HoursUnknown("TWS did not tell the trading hours of this contract", text, zone_name)
    ordered = sorted(sessions, key=lambda each: (_utc(each.begin), _utc(each.end)))
    return TradingHours(tuple(ordered), tuple(sorted(closed)), known, *_told(ordered, days, known))


def _told(sessions: list[TradingSession], days: set[date], zone: tzinfo) -> tuple[datetime, datetime]:
    """Give the first moment that *sessions* and the *days* of their entries tell of, and the first that they do not."""
    until = _wall(max(days) + _DAY, 0, zone)
    return _wall(min(days), 0, zone), max([until, *[each.end for each in sessions]], key=_utc)


def _sessions_of(entry: str, zone: tzinfo) -> Iterator[TradingSession]:
    """Read one entry. Raises `ValueError` for what is none, and `OverflowError` for a day beyond the calendar."""
    match = _ENTRY(entry)
    if match is None:
        raise ValueError("it begins with no day")
    day, rest = _day(match[1]), match[2]
    if rest.upper() == _CLOSED:
        return
    # With an end that has no day of its own it is the form of TWS 969 and older, in which the entry's day is that of
    # all its spans; the first span's own day was taken off above.
    for number, span in enumerate(rest.split(",")):
        yield _session(span, day, zone, is_first=number == 0)


def _session(span: str, day: date, zone: tzinfo, *, is_first: bool) -> TradingSession:
    match = _SPAN(span)
    if match is None or (is_first and match[1] is not None):
        raise ValueError("it has no begin and end of the form 0930-1600 or 0930-20261002:1600")
    begin_day = _day(match[1]) if match[1] else day
    end_day = _day(match[3]) if match[3] else day
    if not match[3] and match[1] is None and int(match[4]) <= int(match[2]):
        # Chosen: in that old form a span over night began the evening before. Its entries name two spans in the order
        # of time, 1700-1515,1530-1600, of which the second one is by day.
        begin_day -= _DAY
    begin, end = _wall(begin_day, int(match[2]), zone), _wall(end_day, int(match[4]), zone, is_end=True)
    if _utc(end) <= _utc(begin):
        raise ValueError("it ends before it has begun")
    return TradingSession(begin, end, (end.replace(tzinfo=None) - timedelta(minutes=1)).date())


def _wall(day: date, clock: int, zone: tzinfo, *, is_end: bool = False) -> datetime:
    """Give the moment at which the wall clock of *zone* shows *clock*, such as 930, on *day*.

    Where it shows that twice, a session begins at the first of the two and ends at the second; where it never does, the
    moment is that of the clock that was not put forward. Both are chosen; no session was seen that begins or ends so.
    """
    hour, minute = divmod(clock, 100)
    if clock == _MIDNIGHT:
        day, hour = day + _DAY, 0
    when = datetime(day.year, day.month, day.day, hour, minute, fold=int(is_end), tzinfo=zone)
    if when.utcoffset() == when.replace(fold=1 - when.fold).utcoffset():
        return when.replace(fold=0)
    there = when.astimezone(UTC).astimezone(zone)
    # Back from UTC it is another time of day: the clock never shows the one that was told.
    return when if there.replace(tzinfo=None) == when.replace(tzinfo=None) else _never_shown(when, zone)


def _never_shown(when: datetime, zone: tzinfo) -> datetime:
    return when.replace(fold=0).astimezone(UTC).astimezone(zone)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _details_of(detailed: object) -> ContractDetails:
    if isinstance(detailed, ContractDetails):
        return detailed
    if isinstance(detailed, (ContractData, BondContractData)):
        return detailed.details
    raise TypeError(
        f"{shown(detailed)} has no trading hours: give what tws.contracts.resolve(contract) gives, a ContractData"
    )


def _by_exchange(details: ContractDetails) -> tzinfo | None:
    # Chicago and Mexico City share the name that TWS had for it until 2022 (recorded for Chicago).
    is_central = details.time_zone_id == _CENTRAL and _MEXICO not in details.valid_exchanges
    return zone_called("America/Chicago") if is_central else None


def _zone_of(text: str, name: str) -> tzinfo:
    # Beside a clock, GMT may be what Java calls London all year. As the id of a zone it is UTC, and London is GB-Eire.
    zone = zone_called("UTC" if name == "GMT" else name) if 0 < len(name) <= _LONGEST_ZONE else None
    if zone is None:
        raise HoursUnknown(
            f"the trading hours are on the clock of {shown(name)}, and which zone that is cannot be told here: give it "
            "as zone=, such as zoneinfo.ZoneInfo('America/Chicago'). Where every name is unknown, this machine has no "
            "tz database: install the package tzdata",
            text,
            name,
        )
    return zone


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC)


def _begin_of(session: TradingSession) -> datetime:
    return _utc(session.begin)


def _moment(when: datetime) -> datetime:
    if when.utcoffset() is None:
        raise ValueError(f"{when!r} has no offset from UTC: give an aware datetime, such as datetime.now(UTC)")
    return when.astimezone(UTC)
