"""Sessions of the past, of the words of TWS."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import HoursUnknown
from anytws.machines.schedules import sessions_of
from anytws.messages import HistoricalSchedule, HistoricalSession
from anytws.messages.base import replace

EASTERN: Final = ZoneInfo("US/Eastern")


def wall(text: str) -> datetime:
    """What a clock shows."""
    return datetime.fromisoformat(text)


def told(zone: str, *sessions: tuple[datetime, datetime]) -> HistoricalSchedule:
    """What TWS says of *sessions*, on the wall clock of *zone*."""
    named = [HistoricalSession(begin, end, end.date()) for begin, end in sessions]
    return HistoricalSchedule(9, named[0].start_date_time, named[-1].end_date_time, zone, tuple(named))


def test_the_wall_clock_is_that_of_the_zone() -> None:
    """The form looks like UTC, and is not."""
    (session,) = sessions_of(told("US/Eastern", (wall("2026-03-06 09:30"), wall("2026-03-06 16:00"))))
    assert session.begin == datetime(2026, 3, 6, 14, 30, tzinfo=UTC)
    assert session.end == datetime(2026, 3, 6, 21, 0, tzinfo=UTC)
    assert session.begin.tzinfo == EASTERN
    assert session.day == date(2026, 3, 6)
    assert session.end.fold == 0


def test_a_session_through_the_night_in_which_the_clock_is_turned_back() -> None:
    """One that begins or ends in the hour that comes twice has all of it."""
    one, two = wall("2026-11-01 00:30"), wall("2026-11-01 01:30")
    before, after = sessions_of(told("US/Eastern", (one, two), (two, wall("2026-11-01 03:00"))))
    assert before.duration == timedelta(hours=2)
    assert after.begin.astimezone(UTC) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_no_sessions() -> None:
    """Without any, the zone matters to nobody."""
    empty = HistoricalSchedule(9, wall("2026-03-06"), wall("2026-03-07"), "no zone at all")
    assert sessions_of(empty) == ()


@pytest.mark.parametrize("zone", ["CST", "Nowhere/At/All", "", "x" * 200])
def test_a_zone_that_is_not_known(zone: str) -> None:
    """It is not guessed at: the caller names it, or is told."""
    schedule = told(zone, (wall("2026-03-06 09:30"), wall("2026-03-06 16:00")))
    with pytest.raises(HoursUnknown, match="give it as zone=") as caught:
        sessions_of(schedule)
    assert caught.value.zone == zone
    (session,) = sessions_of(schedule, ZoneInfo("Asia/Shanghai"))
    assert session.begin == datetime(2026, 3, 6, 1, 30, tzinfo=UTC)


@given(
    begin=st.datetimes(wall("1990-01-01"), wall("2030-01-01")),
    length=st.timedeltas(timedelta(minutes=1), timedelta(days=2)),
)
def test_no_session_ends_before_it_begins(begin: datetime, length: timedelta) -> None:
    """In no night of the year: it lasts as long as the clock says, give or take the hour by which that is turned."""
    (session,) = sessions_of(told("US/Eastern", (begin, begin + length)))
    assert abs(session.duration - length) <= timedelta(hours=1)


def test_a_session_that_cannot_be_read_is_no_session() -> None:
    """A field that nobody can read is None; of a session that is told, and not passed over."""
    whole = told("US/Eastern", (wall("2026-03-06 09:30"), wall("2026-03-06 16:00")))
    for field in ("start_date_time", "end_date_time", "ref_date"):
        odd = replace(whole, sessions=(replace(whole.sessions[0], **{field: None}),))
        with pytest.raises(HoursUnknown, match="cannot be read"):
            sessions_of(odd)
