"""Times in requests for history, and in what the simulated TWS answers: its clocks, zones, sessions and grids."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import (
    BarSize,
    FormatDate,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalSchedule,
    Stock,
    WhatToShow,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.answers.historical_spans import DAY, Duration, begin_of, newest_first, on_grid
from anytws.simulator.answers.historical_times import earlier, read_moment
from anytws.simulator.settings import BarTimes
from anytws.simulator.universe.universe import usual_universe
from tests.history import BITCOIN, EUR_USD, bars, bars_of, client_at, client_in, error_of, new_york, times_of

END = datetime(2026, 1, 2, 20, 0, tzinfo=UTC)
"""15:00 in New York, 21:00 in Amsterdam, on a Friday."""


def shown(zone: str | None, *fields: int) -> datetime:
    """Give a time as a client reads it."""
    from zoneinfo import ZoneInfo

    return datetime(*fields, tzinfo=None if zone is None else ZoneInfo(zone))  # type: ignore[arg-type]


# How they are written

CLOCKS: dict[str, tuple[int, dict[str, Any], datetime]] = {
    "old": (170, {"utc_offset": timedelta(hours=1)}, shown(None, 2026, 1, 2, 20, 30)),
    "exchange": (171, {}, shown("US/Eastern", 2026, 1, 2, 14, 30)),
    "operator": (
        225,
        {"bar_times": BarTimes.OPERATOR, "zone": "Europe/Amsterdam", "utc_offset": timedelta(hours=1)},
        shown("Europe/Amsterdam", 2026, 1, 2, 20, 30),
    ),
    "utc": (225, {"bar_times": BarTimes.UTC}, datetime(2026, 1, 2, 19, 30, tzinfo=UTC)),
}


@pytest.mark.card("historical.bar_times", "historical.span")
@pytest.mark.parametrize("version, settings, first", CLOCKS.values(), ids=CLOCKS)
def test_times_are_those_of_a_clock(version: int, settings: dict[str, Any], first: datetime):
    told = client_at(version, **settings).ask(bars("1800 S", end_date_time=END, format_date=FormatDate.TEXT))
    time = times_of(told)[0]
    assert isinstance(time, datetime)
    assert (time, str(time.tzinfo)) == (first, str(first.tzinfo))
    data, end = told[0], told[-1]
    assert isinstance(data, HistoricalData)
    ends = end.end if isinstance(end, HistoricalDataEnd) else data.end
    assert ends == first + timedelta(minutes=30)


@pytest.mark.card("historical.bar_times", "historical.span")
@pytest.mark.parametrize("form", [FormatDate.TEXT, FormatDate.EPOCH_SECONDS, FormatDate(3)])
def test_days_are_days_in_every_format_and_the_span_is_a_clock(form: FormatDate):
    told = client_at().ask(bars("2 D", BarSize.DAY_1, end_date_time=END, format_date=form))
    assert times_of(told) == [date(2025, 12, 31), date(2026, 1, 2)]
    assert told[1:] == [
        HistoricalDataEnd(7, shown("US/Eastern", 2025, 12, 31, 15), shown("US/Eastern", 2026, 1, 2, 15))
    ]


@pytest.mark.card("historical.span")
@pytest.mark.parametrize(
    "duration, start",
    [
        ("3600 S", (2026, 3, 31, 14, 0)),
        ("1 D", (2026, 3, 30, 15, 0)),
        ("2 W", (2026, 3, 17, 15, 0)),
        ("1 M", (2026, 2, 28, 15, 0)),
        ("1 Y", (2025, 3, 31, 15, 0)),
    ],
)
def test_the_span_goes_back_by_the_calendar(duration: str, start: tuple[int, ...]):
    client = client_in(new_york("20260331", "15:00:00"))
    size = BarSize.WEEK_1 if duration == "1 Y" else BarSize.HOURS_8
    told = client.ask(bars(duration, size, use_rth=True))
    assert told[-1] == HistoricalDataEnd(7, shown("US/Eastern", *start), shown("US/Eastern", 2026, 3, 31, 15))


# Which ends are taken

ENDS: dict[str, tuple[object, datetime]] = {
    "UTC": (END, END),
    "exchange": (shown("US/Eastern", 2026, 1, 2, 15), END),
    "operator": (datetime(2026, 1, 2, 21), END),  # noqa: DTZ001 (the operator's)
    "time of today": ("09:15:00 US/Eastern", datetime(2026, 1, 5, 14, 15, tzinfo=UTC)),
    "time of the operator": ("15:15:00", datetime(2026, 1, 5, 14, 15, tzinfo=UTC)),
    "to come": (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
}


@pytest.mark.card("historical.end_dates", "historical.implied_zone", "historical.running_bar")
@pytest.mark.parametrize("end, meant", ENDS.values(), ids=ENDS)
def test_an_end_is_a_moment(end: Any, meant: datetime):
    client = client_at(zone="Europe/Amsterdam", utc_offset=timedelta(hours=1))
    *notice, _, last = client.ask(bars(end_date_time=end))
    assert isinstance(last, HistoricalDataEnd)
    assert last.end == meant
    is_implied = end == "15:15:00" or (isinstance(end, datetime) and end.tzinfo is None)
    assert [error_of([each])[:2] for each in notice] == ([(7, 2174)] if is_implied else [])


@pytest.mark.card("historical.end_dates")
@pytest.mark.parametrize(
    "end",
    [
        *(
            "yesterday",
            "20260105",
            "1767623400",
            "2026-01-05 09:30:00",
            "25:00:00",
            "09:30:00 Nowhere/Land",
            "20261301",
        ),
        *("20260105 09:30:00 XYZ", "19770105-09:30:00", "30010105-09:30:00", "20260231 09:30:00 US/Eastern"),
    ],
)
@pytest.mark.parametrize("version", [178, 225])
def test_other_ends_are_refused(end: str, version: int):
    request_id, code, text = error_of(client_at(version).ask(bars(end_date_time=end)))
    assert (request_id, code) == (7, 10314)
    first, *_, last = text.split("\n")
    assert first == "End Date/Time: The date, time, or time-zone entered is invalid."
    assert last == "Note that there is a dash between the date and time in UTC notation."
    assert text.count("\n") == 12


def test_the_operators_zone_may_be_one_that_nobody_else_knows():
    world = World(WorldSettings(zone="Somewhere", utc_offset=timedelta(hours=3)))
    read = read_moment(world, "15:00:00 Somewhere")
    assert read is not None
    assert not read.is_implied
    assert datetime.fromtimestamp(read.second, UTC) == datetime(2026, 1, 5, 12, tzinfo=UTC)


# Durations


@pytest.mark.card("historical.session_time")
def test_seconds_are_seconds_of_sessions():
    # Recorded: 19:56 to 19:59 of the day before, and 04:00 to 04:56.
    client = client_in(new_york("20260106", "04:56:20"))
    times = times_of(client.ask(bars("3600 S", BarSize.MINUTE_1)))
    before = [new_york("20260105", f"19:{minute}:00") for minute in range(56, 60)]
    assert times == before + [new_york("20260106", f"04:{minute:02}:00") for minute in range(57)]


@pytest.mark.card("historical.session_time")
@pytest.mark.parametrize(
    "duration, use_rth, clock, first",
    [
        ("1 D", False, "04:56:00", new_york("20260106", "04:00:00")),
        ("2 D", False, "04:56:00", new_york("20260105", "04:00:00")),
        ("1 D", True, "04:56:00", new_york("20260105", "09:30:00")),
        ("1 D", True, "09:30:00", new_york("20260106", "09:30:00")),
        ("1 D", True, "18:00:00", new_york("20260106", "09:30:00")),
        ("3 D", True, "10:00:00", new_york("20260102", "09:30:00")),
    ],
)
def test_days_are_trading_days_the_running_one_among_them(duration: str, use_rth: bool, clock: str, first: datetime):
    client = client_in(new_york("20260106", clock))
    assert times_of(client.ask(bars(duration, BarSize.MINUTES_30, use_rth=use_rth)))[0] == first


@pytest.mark.card("historical.calendar_time")
def test_months_are_months_of_the_calendar():
    # Recorded on 2 October: from 2 September to 1 October.
    client = client_in(new_york("20261002", "04:57:41"))
    days = times_of(client.ask(bars("1 M", BarSize.DAY_1, use_rth=True)))
    assert (days[0], days[-1], len(days)) == (date(2026, 9, 2), date(2026, 10, 1), 21)


@pytest.mark.card("historical.weeks_and_months")
def test_weeks_and_months_have_their_last_day_so_far():
    client = client_in(new_york("20260106", "12:00:00"))
    assert times_of(client.ask(bars("3 W", BarSize.WEEK_1, use_rth=True))) == [
        *(date(2025, 12, 19), date(2025, 12, 26), date(2026, 1, 2), date(2026, 1, 6)),
    ]
    assert times_of(client.ask(bars("2 M", "1M", use_rth=True))) == [
        *(date(2025, 11, 28), date(2025, 12, 31), date(2026, 1, 6)),
    ]
    told = [*client.ask(bars("1 Y", "3 months", use_rth=True)), *client.go(1.0)]
    assert times_of(told)[-2:] == [date(2025, 12, 31), date(2026, 1, 6)]
    told = [*client.ask(bars("200 D", "1 year", use_rth=True)), *client.go(2.0), *client.go(3.0), *client.go(4.0)]
    assert times_of(told) == [date(2025, 12, 31), date(2026, 1, 6)]


# The grid


@pytest.mark.card("historical.grid")
def test_bars_begin_with_the_session_and_lie_on_the_grid_of_the_day():
    client = client_in(new_york("20260106", "17:00:00"))
    # Recorded of AAPL: seven bars, the first of half an hour.
    hours = [new_york("20260106", clock) for clock in ("09:30:00", *(f"{hour}:00:00" for hour in range(10, 16)))]
    assert times_of(client.ask(bars("1 D", BarSize.HOUR_1, use_rth=True))) == hours
    twice = [new_york("20260106", f"{hour:02}:00:00") for hour in range(4, 18, 2)]
    assert times_of(client.ask(bars("1 D", BarSize.HOURS_2))) == twice


@pytest.mark.card("historical.grid")
def test_there_are_no_bars_on_holidays_and_after_an_early_end():
    client = client_in(new_york("20261130", "08:00:00"))
    times = times_of(client.ask(bars("3 D", BarSize.HOUR_1, use_rth=True)))
    assert {time.astimezone(UTC).date() for time in times if isinstance(time, datetime)} == {
        *(date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 27)),
    }
    assert times[-1] == new_york("20261127", "12:00:00"), "the day after Thanksgiving ends at 13:00"


@pytest.mark.card("historical.grid")
@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
@pytest.mark.parametrize(
    "size", [BarSize.MINUTES_30, BarSize.HOUR_1, BarSize.HOURS_2, BarSize.HOURS_4, BarSize.HOURS_8]
)
def test_in_nights_of_a_clock_change_bars_follow_the_wall(day: date, size: BarSize):
    """Sunday's bars of crypto: none is missing, none is there twice, and each is on the clock's grid."""
    from zoneinfo import ZoneInfo

    client = client_in(new_york(f"{day + timedelta(days=1):%Y%m%d}", "12:00:00"))
    request = bars("3 D", size, contract=BITCOIN, what_to_show=WhatToShow.AGGREGATED_TRADES)
    times = [time for time in times_of(client.ask(request)) if isinstance(time, datetime)]
    assert times == sorted(set(times))
    instrument = client.link.world.universe.by_symbol("BTC")
    for time, after in zip(times, [*times[1:], client.link.world.utc()], strict=True):
        second = int(time.timestamp())
        found = on_grid(instrument, second, {"30 mins": 1800}.get(size, int(size[0]) * 3600), liquid=False)
        assert found is not None
        assert found[0] == second
        assert found[1] <= after.timestamp() or after is not times[-1]
        wall = time.astimezone(ZoneInfo("America/New_York"))
        session = instrument.hours.at(second, liquid=False)
        assert session is not None
        assert session.begin == second or (wall.hour * 60 + wall.minute) % (found[1] - found[0] and 30) == 0


SECONDS = st.integers(1_760_000_000, 1_800_000_000)
SIZES = st.sampled_from([5, 30, 60, 180, 900, 1800, 3600, 7200, 10_800, 14_400, 28_800])
SYMBOLS = st.sampled_from(["AAPL", "EUR", "ES", "BTC", "SPX"])


@given(SYMBOLS, SECONDS, SIZES, st.booleans())
def test_the_grid_has_no_gaps_and_no_overlaps(symbol: str, second: int, size: int, liquid: bool):
    instrument = usual_universe().by_symbol(symbol)
    found = on_grid(instrument, second, size, liquid=liquid)
    session = instrument.hours.at(second, liquid=liquid)
    if session is None:
        assert found is None
        return
    assert found is not None
    begin, end = found
    assert session.begin <= begin <= second < end <= session.end
    assert end - begin <= size + 3600, "an hour comes twice once a year"
    for edge in {begin, end - 1}:
        assert on_grid(instrument, edge, size, liquid=liquid) == found


@given(SYMBOLS, SECONDS, st.integers(30, 86_400), st.booleans())
def test_seconds_of_sessions_add_up(symbol: str, end: int, seconds: int, liquid: bool):
    instrument = usual_universe().by_symbol(symbol)
    begin = begin_of(instrument, end, Duration(seconds, "S"), liquid=liquid)
    inside = instrument.hours.between(begin, end, liquid=liquid)
    assert sum(min(session.end, end) - max(session.begin, begin) for session in inside) == seconds


@given(SYMBOLS, SECONDS, st.integers(1, 30), st.booleans())
def test_days_of_sessions_add_up(symbol: str, end: int, days: int, liquid: bool):
    instrument = usual_universe().by_symbol(symbol)
    begin = begin_of(instrument, end, Duration(days, "D"), liquid=liquid)
    assert len({session.day for session in instrument.hours.between(begin, end, liquid=liquid)}) == days


@given(SYMBOLS, SECONDS, st.integers(1, 900), st.booleans())
def test_sessions_are_given_newest_first_each_once(symbol: str, end: int, days: int, liquid: bool):
    hours, first = usual_universe().by_symbol(symbol).hours, end - days * DAY
    found = list(newest_first(hours, end, first, liquid=liquid))
    assert found == list(reversed(hours.between(first, end, liquid=liquid)))


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 (a wall clock)
    st.integers(0, 70),
    st.sampled_from("DWMY"),
)
def test_the_calendar_goes_back_whole_units(moment: datetime, count: int, unit: str):
    before = earlier(moment, count, unit)
    assert before.time() == moment.time()
    if unit in "DW":
        assert moment - before == timedelta(days=count * (7 if unit == "W" else 1))
    else:
        months = (moment.year - before.year) * 12 + moment.month - before.month
        assert months == count * (12 if unit == "Y" else 1)
        assert before.day == moment.day or (before + timedelta(days=1)).month != before.month


# The schedule


@pytest.mark.card("historical.schedule")
@pytest.mark.parametrize("version", [178, 225])
def test_a_schedule_has_the_sessions_of_the_exchange(version: int):
    client = client_in(new_york("20261201", "12:00:00"), version)
    request = bars("1 M", BarSize.DAY_1, what_to_show=WhatToShow.SCHEDULE, use_rth=True, contract=Stock("AAPL"))
    (schedule,) = client.ask(request)
    assert isinstance(schedule, HistoricalSchedule)
    assert schedule.time_zone == "US/Eastern"
    assert (schedule.start_date_time, schedule.end_date_time) == (
        datetime(2026, 11, 2, 9, 30),  # noqa: DTZ001 (a wall clock)
        datetime(2026, 12, 1, 16),  # noqa: DTZ001
    )
    by_day = {session.ref_date: session for session in schedule.sessions}
    assert len(by_day) == 21
    assert date(2026, 11, 26) not in by_day
    assert by_day[date(2026, 11, 27)].end_date_time == datetime(2026, 11, 27, 13)  # noqa: DTZ001


@pytest.mark.card("historical.schedule")
def test_sessions_of_the_night_count_for_the_next_day():
    client = client_in(new_york("20260106", "12:00:00"))
    (schedule,) = client.ask(bars("2 D", BarSize.DAY_1, what_to_show=WhatToShow.SCHEDULE, contract=EUR_USD))
    assert isinstance(schedule, HistoricalSchedule)
    assert [session.ref_date for session in schedule.sessions] == [date(2026, 1, 5), date(2026, 1, 6)]
    assert schedule.sessions[0].start_date_time == datetime(2026, 1, 4, 17, 15)  # noqa: DTZ001


def test_bars_of_a_schedule_are_those_of_the_history():
    client = client_in(new_york("20260106", "12:00:00"))
    (schedule,) = client.ask(bars("9 D", BarSize.DAY_1, what_to_show=WhatToShow.SCHEDULE, use_rth=True))
    assert isinstance(schedule, HistoricalSchedule)
    days = [bar.time for bar in bars_of(client.ask(bars("9 D", BarSize.DAY_1, use_rth=True)))]
    assert days == [session.ref_date for session in schedule.sessions]
