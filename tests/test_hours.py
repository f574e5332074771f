"""When the simulated markets are open: by rule, for every year, and as contract details tell of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.universe.file import usual_catalogue
from anytws.simulator.universe.holidays import CALENDARS, easter, nth
from anytws.simulator.universe.hours import MOST_DAYS, Hours, Plan, Session, Span, zone_of
from anytws.simulator.universe.hours_text import hours_text

HOURS = usual_catalogue().hours
STOCKS, FUTURES, CRYPTO = HOURS["us_stock"], HOURS["cme_equity"], HOURS["paxos"]

DAYS = st.dates(date(1990, 1, 1), date(2060, 1, 1))
SECONDS = st.integers(631_152_000, 2_840_140_800)
MARKETS = st.sampled_from(sorted(HOURS))


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


# --- holidays -----------------------------------------------------------------------------------------------------

PUBLISHED = {
    2026: days(
        *("2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25"),
        *("2026-06-19", "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25"),
    ),
    2027: days(
        *("2027-01-01", "2027-01-18", "2027-02-15", "2027-03-26", "2027-05-31"),
        *("2027-06-18", "2027-07-05", "2027-09-06", "2027-11-25", "2027-12-24"),
    ),
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_us_holidays_by_rule_are_those_that_the_exchange_publishes(year: int) -> None:
    assert sorted(CALENDARS["us_stock"].closed_in(year)) == PUBLISHED[year]


def test_us_half_days_are_those_that_the_exchange_publishes() -> None:
    half = CALENDARS["us_stock"].half_in
    assert sorted(half(2026)) == days("2026-11-27", "2026-12-24")
    assert sorted(half(2027)) == days("2027-11-26")
    assert date(2025, 7, 3) in half(2025)


def test_futures_rest_less_and_close_early_more_often() -> None:
    cme = CALENDARS["cme"]
    assert sorted(cme.closed_in(2027)) == days("2027-01-01", "2027-03-26", "2027-12-24")
    assert sorted(cme.half_in(2026)) == days(
        *("2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03"),
        *("2026-09-07", "2026-11-26", "2026-11-27", "2026-12-24"),
    )


def test_a_new_year_on_a_saturday_closes_no_day() -> None:
    assert CALENDARS["us_stock"].closed_in(2022).isdisjoint(days("2021-12-31", "2022-01-01", "2022-01-03"))
    assert not CALENDARS["us_stock"].is_closed(date(2021, 12, 31))


@pytest.mark.parametrize(
    "calendar, closed",
    [
        ("german", "2026-04-06"),
        ("german", "2026-12-31"),
        ("british", "2026-12-28"),
        ("british", "2027-12-28"),
        ("japanese", "2026-05-06"),
        ("japanese", "2026-09-22"),
        ("japanese", "2026-03-20"),
        ("hong_kong", "2026-10-01"),
        ("us_bond", "2026-10-12"),
        ("forex", "2026-12-25"),
    ],
)
def test_other_countries_have_their_own_days(calendar: str, closed: str) -> None:
    assert CALENDARS[calendar].is_closed(date.fromisoformat(closed))


@pytest.mark.parametrize("day", days("2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25"))
def test_easter(day: date) -> None:
    assert easter(day.year) == day


@given(st.integers(1900, 2100), st.integers(1, 12), st.integers(0, 6), st.sampled_from([1, 2, 3, 4, -1]))
def test_the_nth_weekday_is_such_a_day_of_the_month(year: int, month: int, weekday: int, count: int) -> None:
    day = nth(year, month, weekday, count)
    assert (day.year, day.month, day.weekday()) == (year, month, weekday)
    if count > 0:
        assert (day.day - 1) // 7 + 1 == count
    else:
        assert (day + timedelta(7)).month != month


# --- sessions -----------------------------------------------------------------------------------------------------


def test_a_day_of_us_stocks() -> None:
    day = date(2026, 10, 2)
    assert STOCKS.of_day(day, liquid=True) == (Session(day, second("2026-10-02T13:30"), second("2026-10-02T20:00")),)
    assert STOCKS.of_day(day, liquid=False) == (Session(day, second("2026-10-02T08:00"), second("2026-10-03T00:00")),)


def test_a_half_day_is_over_early() -> None:
    (session,) = STOCKS.of_day(date(2026, 11, 27), liquid=True)
    assert session.end == second("2026-11-27T18:00")


@pytest.mark.parametrize(
    "begin, hours",
    [("2026-03-08", 23), ("2026-11-01", 23), ("2026-10-25", 23)],
    ids=["the clock goes forward", "the clock goes back", "it goes back in Europe"],
)
def test_an_overnight_session_begins_after_the_night_in_which_the_clock_is_changed(begin: str, hours: int) -> None:
    day = date.fromisoformat(begin) + timedelta(1)
    (session,) = FUTURES.of_day(day, liquid=False)
    assert session.end - session.begin == hours * 3600
    assert FUTURES.day_of(session.begin) == day - timedelta(1)


@pytest.mark.parametrize("day, hours", [("2026-03-09", 36), ("2026-11-02", 38), ("2026-06-01", 37)])
def test_a_session_over_such_a_night_is_an_hour_longer_or_shorter(day: str, hours: int) -> None:
    # It begins at one on Sunday, an hour before the clock is changed.
    plan = Plan(trading=(Span(-1440 + 60, 14 * 60),), liquid=(Span(-1440 + 60, 14 * 60),))
    (session,) = Hours("weekend", "US/Eastern", plan).of_day(date.fromisoformat(day), liquid=False)
    assert session.end - session.begin == hours * 3600


def test_coins_rest_from_friday_to_sunday() -> None:
    (monday,) = CRYPTO.of_day(date(2026, 10, 5), liquid=False)
    assert monday.begin == second("2026-10-04T07:00")
    assert CRYPTO.at(second("2026-10-03T12:00"), liquid=False) is None


@given(MARKETS, DAYS, st.booleans())
def test_sessions_are_in_order_and_lie_around_their_day(market: str, day: date, liquid: bool) -> None:
    hours = HOURS[market]
    sessions = hours.of_day(day, liquid=liquid)
    bounds = [bound for session in sessions for bound in (session.begin, session.end)]
    assert bounds == sorted(bounds)
    for session in sessions:
        assert session.day == day
        assert session.begin < session.end <= session.begin + 40 * 3600
        assert hours.day_of(session.end - 1) == day
    if day.weekday() >= 5:
        assert not sessions


@given(MARKETS, SECONDS, st.booleans())
def test_all_ways_to_ask_agree(market: str, at: int, liquid: bool) -> None:
    hours = HOURS[market]
    now = hours.at(at, liquid=liquid)
    around = hours.between(at, at + 1, liquid=liquid)
    assert list(around) == ([] if now is None else [now])
    before, after = hours.last_before(at, liquid=liquid), hours.next_after(at, liquid=liquid)
    assert before is not None
    assert after is not None
    assert before.end <= at < after.begin
    # Between the two there is nothing but the session of now.
    inside = [each for each in hours.between(before.begin, after.end, liquid=liquid) if each not in (before, after)]
    assert inside == list(around)
    assert hours.at(before.end - 1, liquid=liquid) == before
    assert hours.at(after.begin, liquid=liquid) == after


@given(MARKETS, SECONDS)
def test_liquid_hours_are_a_part_of_all(market: str, at: int) -> None:
    hours = HOURS[market]
    if hours.at(at, liquid=True) is not None:
        assert hours.at(at, liquid=False) is not None


def test_nothing_lies_between_a_time_and_an_earlier_one() -> None:
    assert STOCKS.between(second("2026-10-02T15:00"), second("2026-10-02T15:00"), liquid=True) == ()


def test_a_market_that_is_never_open_has_no_session_before_or_after() -> None:
    closed = Hours("closed", "US/Eastern", Plan(trading=(), liquid=()))
    assert closed.last_before(0, liquid=False) is None
    assert closed.next_after(0, liquid=False) is None
    assert hours_text(closed, date(2026, 1, 5), liquid=False) == ""


def test_what_is_remembered_of_days_has_a_bound() -> None:
    hours = Hours("all", "US/Eastern", STOCKS.plan)
    for number in range(-10, MOST_DAYS + 10):
        hours.at(number * 86_400 + 55_000, liquid=True)
        assert len(hours._liquid.by_utc_day) <= MOST_DAYS
        assert len(hours._liquid.by_day) <= MOST_DAYS
    assert hours.at(second("2026-10-02T15:00"), liquid=True) == STOCKS.at(second("2026-10-02T15:00"), liquid=True)


@pytest.mark.parametrize("zone", ["US/Eastern", "US/Central", "MET", "Japan", "Hongkong", "GB-Eire"])
def test_zones_have_the_vendors_names(zone: str) -> None:
    assert datetime(2026, 7, 1, tzinfo=zone_of(zone)).utcoffset() is not None


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(LookupError, match="'Nowhere'"):
        zone_of("Nowhere")


# --- as details tell of them --------------------------------------------------------------------------------------


def text(market: str, day: str, *, liquid: bool = False, **more: object) -> list[str]:
    return hours_text(HOURS[market], date.fromisoformat(day), liquid=liquid, **more).split(";")  # type: ignore[arg-type]


def of(day: str, begin: str, end: str) -> str:
    return f"{day}:{begin}-{day}:{end}"


@pytest.mark.card("contracts.hours_window")
def test_monday_tells_of_five_days_and_friday_of_four_with_a_weekend_between() -> None:
    week = ["20261005", "20261006", "20261007", "20261008", "20261009"]
    assert text("us_stock", "2026-10-05", liquid=True) == [of(day, "0930", "1600") for day in week]
    assert text("us_stock", "2026-10-02") == [
        of("20261002", "0400", "2000"),
        "20261003:CLOSED",
        "20261004:CLOSED",
        *(of(day, "0400", "2000") for day in week[:3]),
    ]


@pytest.mark.card("contracts.hours_window")
def test_a_closed_day_is_told_in_front_and_not_behind() -> None:
    assert text("us_stock", "2026-04-05")[:2] == ["20260405:CLOSED", of("20260406", "0400", "2000")]
    assert text("us_stock", "2026-04-03")[0] == "20260403:CLOSED"
    # Saturday and Sunday are behind the last session.
    assert text("us_stock", "2026-10-06", liquid=True)[-1] == of("20261009", "0930", "1600")


@pytest.mark.card("contracts.hours_overnight")
def test_overnight_sessions_stand_under_the_day_on_which_they_begin() -> None:
    assert text("cme_equity", "2026-10-02") == [
        "20261001:1700-20261002:1600",
        "20261003:CLOSED",
        "20261004:1700-20261005:1600",
        "20261005:1700-20261006:1600",
        "20261006:1700-20261007:1600",
        "20261007:1700-20261008:1600",
    ]


@pytest.mark.card("contracts.hours_last_liquid")
def test_the_whole_session_stands_in_liquid_hours_where_the_regular_one_begins_too_late() -> None:
    told = text("cme_equity", "2026-10-02", liquid=True)
    assert told[:4] == [
        of("20261002", "0830", "1600"),
        "20261003:CLOSED",
        "20261004:CLOSED",
        of("20261005", "0830", "1600"),
    ]
    assert told[-2:] == [of("20261007", "0830", "1600"), "20261007:1700-20261008:1600"]


def test_several_sessions_of_a_day_are_several_entries() -> None:
    assert text("vix", "2026-10-05")[:2] == [of("20261005", "0215", "0815"), of("20261005", "0830", "1515")]


def test_a_half_day_of_futures() -> None:
    assert text("cme_equity", "2026-05-25")[0] == "20260524:1700-20260525:1215"


def test_there_is_no_session_behind_the_last_day() -> None:
    assert text("us_option", "2026-10-02", last_day=date(2026, 10, 5)) == [
        of("20261002", "0930", "1600"),
        "20261003:CLOSED",
        "20261004:CLOSED",
        of("20261005", "0930", "1600"),
    ]
    assert text("us_option", "2026-10-02", last_day=date(2026, 10, 1)) == [""]


def test_the_entire_schedule_is_told_where_it_is_wanted() -> None:
    assert text("us_stock", "2026-10-05", days_ahead=34)[-1] == of("20261106", "0400", "2000")


@given(MARKETS, DAYS, st.booleans())
def test_what_is_told_is_what_there_is(market: str, today: date, liquid: bool) -> None:
    """Every session told is one of the market, and all entries are in order."""
    hours = HOURS[market]
    told = hours_text(hours, today, liquid=liquid).split(";")
    walls = [
        [datetime.strptime(part, "%Y%m%d:%H%M").replace(tzinfo=hours.tzinfo) for part in entry.split("-")]
        for entry in told
        if not entry.endswith("CLOSED")
    ]
    assert walls
    begins = [begin for begin, _ in walls]
    assert begins == sorted(begins)
    sessions = {
        (session.begin, session.end)
        for is_liquid in (liquid, False)
        for session in hours.between(int(begins[0].timestamp()), int(begins[-1].timestamp()) + 1, liquid=is_liquid)
    }
    assert {(begin.timestamp(), end.timestamp()) for begin, end in walls} <= sessions
