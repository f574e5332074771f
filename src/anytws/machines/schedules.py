"""When an instrument was and will be traded, of what TWS says of its sessions in the past (`HistoricalSchedule`)."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from anytws.errors import HoursUnknown, shown
from anytws.machines.sessions import TradingSession
from anytws.messages.historical import HistoricalSchedule, HistoricalSession
from anytws.wire.connection_time import zone_called
from anytws.wire.times import LONGEST_ZONE


def sessions_of(schedule: HistoricalSchedule, zone: tzinfo | None = None) -> tuple[TradingSession, ...]:
    """Give the sessions of *schedule*, oldest first, in moments; *zone* stands in for a name that is not known here.

    Its wall clocks are those of the zone that it names, and no UTC. In the hour that a clock shows twice a session is
    taken to begin in the first one, and to end in the second. Raises `HoursUnknown` where the name could be several
    zones, or none that this machine knows, and where a session cannot be read.
    """
    if not schedule.sessions:
        return ()
    zone = zone or _zone_of(schedule.time_zone)
    return tuple([_session_of(session, zone) for session in schedule.sessions])


def _session_of(session: HistoricalSession, zone: tzinfo) -> TradingSession:
    # What cannot be read is None, whatever its type promises.
    told: tuple[Any, ...] = session.start_date_time, session.end_date_time, session.ref_date
    if None in told:
        raise HoursUnknown(f"TWS told of a session that cannot be read: {shown(session)}")
    return TradingSession(_at(session.start_date_time, zone), _end_at(session.end_date_time, zone), session.ref_date)


def _zone_of(name: str) -> tzinfo:
    zone = zone_called(name) if 0 < len(name) <= LONGEST_ZONE else None
    if zone is None:
        raise HoursUnknown(
            f"the sessions are on the clock of {shown(name)}, and which zone that is cannot be told here: give it as "
            "zone=, such as zoneinfo.ZoneInfo('America/Chicago')",
            zone=name,
        )
    return zone


def _at(wall: datetime, zone: tzinfo) -> datetime:
    return wall.replace(tzinfo=zone, fold=0)


def _end_at(wall: datetime, zone: tzinfo) -> datetime:
    first = _at(wall, zone)
    second = first.replace(fold=1)
    # Only a clock that shows a time twice is further from the second of the two than from the first.
    return second if second.astimezone(UTC) > first.astimezone(UTC) else first
