"""Trading hours in the text of contract details, with the oddities that real ones have (recorded)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from anytws.simulator.universe.hours import Hours, Session

_DAY: Final = timedelta(days=1)


def hours_text(
    hours: Hours,
    today: date,
    *,
    liquid: bool,
    last_day: date | None = None,
    last_second: int | None = None,
    days_ahead: int = 5,
) -> str:
    """Give the sessions of *hours* from *today* on, each by the day on which it begins; a day without is ``CLOSED``.

    A session is told if it ends today or later and begins in the next *days_ahead* days at most (TWS has some 34 where
    it is set to "expose entire trading schedule"), and counts for *last_day* at the latest; none ends after
    *last_second*. Closed days are told in
    front of the last session and not behind it. The regular hours are told for the same trading days; where those of
    the last one begin too late, its whole session stands there (recorded).
    """
    window = today + days_ahead * _DAY
    shown = _shown(hours, today, window, last_day)
    if not shown:
        return ""
    entries: dict[date, list[str]] = {}
    for day, sessions in shown:
        mine = hours.of_day(day, liquid=True) if liquid else sessions
        if any(_wall(hours, session.begin).date() > window for session in mine):
            mine = sessions
        for session in mine:
            begin = _wall(hours, session.begin)
            end = session.end if last_second is None else min(session.end, last_second)
            entries.setdefault(begin.date(), []).append(_entry(begin, _wall(hours, end)))
    return ";".join(_lines(entries, {day for day, _ in shown}, today))


def _shown(hours: Hours, today: date, window: date, last_day: date | None) -> Sequence[tuple[date, Sequence[Session]]]:
    """Give the trading days that are told, and their sessions that are."""
    shown: list[tuple[date, Sequence[Session]]] = []
    # One day more, for sessions that begin on the day before the one that they count for.
    for ahead in range((window - today).days + 2):
        day = today + ahead * _DAY
        if last_day is not None and day > last_day:
            break
        sessions = [each for each in hours.of_day(day, liquid=False) if _wall(hours, each.begin).date() <= window]
        if sessions:
            shown.append((day, sessions))
    return shown


def _lines(entries: dict[date, list[str]], trading_days: set[date], today: date) -> Iterator[str]:
    day = min(today, *entries)
    while day <= max(entries):
        found = entries.get(day)
        if found is None:
            if day not in trading_days:
                yield f"{day:%Y%m%d}:CLOSED"
        else:
            yield from found
        day += _DAY


def _entry(begin: datetime, end: datetime) -> str:
    return f"{begin:%Y%m%d}:{begin:%H%M}-{end:%Y%m%d}:{end:%H%M}"


def _wall(hours: Hours, second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC).astimezone(hours.tzinfo)
