"""Trading hours as sessions: each form of the text, the nights of the clock, and what is not told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import HoursUnknown
from anytws.machines.sessions import TradingSession, hours_of, liquid_hours, trading_hours
from anytws.messages import ContractData, ContractDataRequest, ContractDetails, Future, Index, Stock
from anytws.messages.contract import Contract
from anytws.simulator import World, WorldSettings
from anytws.simulator.universe.hours import Hours, Plan, Span
from anytws.simulator.universe.hours_text import hours_text
from tests.test_world import Client

EASTERN, CENTRAL = ZoneInfo("US/Eastern"), ZoneInfo("US/Central")
FRIDAY = datetime(2026, 10, 2, 14, tzinfo=UTC)
ES = (
    "20261001:1700-20261002:1600;20261003:CLOSED;20261004:1700-20261005:1600;20261005:1700-20261006:1600;"
    "20261006:1700-20261007:1600;20261007:1700-20261008:1600"
)


def moment(day: int, hour: int, minute: int = 0, zone: ZoneInfo = CENTRAL) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=zone)


def details_of(contract: Contract, version: int, now: datetime = FRIDAY) -> ContractData:
    client = Client(World(WorldSettings(server_version=version, epoch_at_zero=now)))
    row, _ = client.ask(ContractDataRequest(contract, request_id=7))
    assert isinstance(row, ContractData)
    return row


# --- the forms ---------------------------------------------------------------------------------------------------


def test_sessions_over_night() -> None:
    """A session that begins on Sunday night counts for Monday."""
    hours = hours_of(ES, "US/Central")
    assert len(hours.sessions) == 5
    first, second = hours.sessions[:2]
    assert (first.begin, first.end, first.day) == (moment(1, 17), moment(2, 16), date(2026, 10, 2))
    assert (second.begin, second.end, second.day) == (moment(4, 17), moment(5, 16), date(2026, 10, 5))
    assert hours.closed_days == (date(2026, 10, 3),)
    assert hours.sessions_of(date(2026, 10, 5)) == (second,)
    assert hours.sessions_of(date(2026, 10, 3)) == ()
    assert hours.zone is CENTRAL


@pytest.mark.parametrize("version", [176, 225], ids=["text", "protobuf"])
def test_hours_of_the_simulated_tws(version: int) -> None:
    """All hours, and the regular ones, of what a client is told."""
    apple = details_of(Stock("AAPL"), version)
    all_day, regular = trading_hours(apple), liquid_hours(apple.details)
    first, other = all_day.sessions[0], regular.sessions[0]
    assert (first.begin, first.end) == (moment(2, 4, zone=EASTERN), moment(2, 20, zone=EASTERN))
    assert (other.begin, other.end) == (moment(2, 9, 30, EASTERN), moment(2, 16, zone=EASTERN))
    assert [each.day.day for each in all_day.sessions] == [2, 5, 6, 7]
    assert all_day.is_open(moment(2, 9, zone=EASTERN))
    assert not regular.is_open(moment(2, 9, zone=EASTERN))
    future = trading_hours(details_of(Future("ES", "202612", "CME"), version))
    assert future.session_at(FRIDAY) == future.sessions[0]
    index = trading_hours(details_of(Index("VIX", "CBOE"), version))
    assert [each.begin.hour for each in index.sessions_of(date(2026, 10, 5))] == [2, 8]


def test_the_old_form() -> None:
    """TWS 969 and older: several spans of one day with commas; one over night began the evening before (chosen)."""
    hours = hours_of("20090507:0700-1830,1830-2330;20090508:CLOSED", "EST5EDT")
    zone = hours.zone
    assert [(each.begin, each.end) for each in hours.sessions] == [
        (datetime(2009, 5, 7, 7, tzinfo=zone), datetime(2009, 5, 7, 18, 30, tzinfo=zone)),
        (datetime(2009, 5, 7, 18, 30, tzinfo=zone), datetime(2009, 5, 7, 23, 30, tzinfo=zone)),
    ]
    night, day = hours_of("20140214:1700-1515,1530-1600", "US/Central").sessions
    assert (night.begin.day, night.end.day, night.day.day) == (13, 14, 14)
    assert night.end < day.begin


def test_a_first_entry_without_anything() -> None:
    """Recorded once: it says nothing."""
    assert hours_of(f";{ES}", "US/Central") == hours_of(ES, "US/Central")


def test_a_session_that_ends_at_midnight() -> None:
    """Written as midnight of the next day, or as 2400 of its own: it counts for its own."""
    (one,) = hours_of("20261002:0900-20261003:0000", "US/Eastern").sessions
    (other,) = hours_of("20261002:0900-20261002:2400", "US/Eastern").sessions
    assert one == other
    assert one.day == date(2026, 10, 2)


@pytest.mark.parametrize(
    "name, hours_from_utc",
    [
        ("US/Eastern", -4),
        ("EST5EDT", -4),
        ("EST (Eastern Standard Time)", -4),
        ("MET", 2),
        ("MET (Middle Europe Time)", 2),
        ("Japan", 9),
        ("Hongkong", 8),
        ("GB-Eire", 1),
        ("Europe/London", 1),
        ("GB", 1),
        ("GMT", 0),
        ("Israel", 3),
        ("Asia/Calcutta", 5.5),
        ("Australia/NSW", 11),
        ("Africa/Johannesburg", 2),
        ("Europe/Moscow", 3),
        ("Europe/Budapest", 2),
    ],
)
def test_the_zones_of_tws(name: str, hours_from_utc: float) -> None:
    """Each name that TWS has, or had, for the zone of an exchange, on a day in October."""
    (session,) = hours_of("20261005:0900-20261005:1730", name).sessions
    assert session.begin.utcoffset() == timedelta(hours=hours_from_utc)


def test_a_name_that_two_zones_share_is_decided_by_the_exchange() -> None:
    """Until 2022 Chicago and Mexico City had one name; a bare CST may be China too."""
    chicago = ContractDetails(
        time_zone_id="CST (Central Standard Time)",
        trading_hours="20200702:0830-20200702:1515",
        valid_exchanges=("CBOE",),
    )
    (session,) = trading_hours(chicago).sessions
    assert session.begin.utcoffset() == timedelta(hours=-5)
    mexico = attrs.evolve(chicago, valid_exchanges=("MEXI",))  # type: ignore[misc]
    with pytest.raises(HoursUnknown, match=r"give it as zone="):
        trading_hours(mexico)
    there = ZoneInfo("America/Mexico_City")
    assert trading_hours(mexico, zone=there).zone is there
    with pytest.raises(HoursUnknown, match="'CST'"):
        hours_of("20200702:0830-20200702:1515", "CST")


# --- nights in which the clock is changed ------------------------------------------------------------------------


@pytest.mark.parametrize("text, hours", [("20261031:1700-20261101:1600", 24), ("20260307:1700-20260308:1600", 22)])
def test_a_session_over_the_night_of_the_clock(text: str, hours: int) -> None:
    """It is an hour longer in autumn, shorter in spring; subtracting its ends says 23 for both."""
    (session,) = hours_of(text, "US/Central").sessions
    assert session.duration == timedelta(hours=hours)
    assert session.end - session.begin == timedelta(hours=23)


def test_both_of_an_hour_that_comes_twice_are_in_a_session() -> None:
    """Python compares within one zone by the wall clock, and would have the second of them outside."""
    hours = hours_of("20261101:0000-20261101:0145", "US/Eastern")
    second = datetime(2026, 11, 1, 1, 40, fold=1, tzinfo=EASTERN)
    assert hours.is_open(second)
    assert not hours.is_open(second.replace(minute=45))
    (late,) = hours_of("20261101:0130-20261101:0300", "US/Eastern").sessions
    assert late.duration == timedelta(hours=2, minutes=30)


def test_a_time_that_the_clock_never_shows() -> None:
    """02:30 in the night of spring is 03:30, the same for begin and end."""
    begins, ends = hours_of("20260308:0230-20260308:0900;20260307:2000-20260308:0230", "US/Eastern").sessions[::-1]
    assert begins.begin == datetime(2026, 3, 8, 3, 30, tzinfo=EASTERN)
    assert ends.end == begins.begin


# --- what is asked of them ---------------------------------------------------------------------------------------


def test_the_session_of_a_moment_and_the_next_one() -> None:
    """A session has its begin and not its end; any zone does; a naive time is refused."""
    hours = hours_of(ES, "US/Central")
    friday, monday = hours.sessions[:2]
    assert hours.session_at(friday.begin) == friday
    assert hours.session_at(friday.end - timedelta(seconds=1)) == friday
    assert hours.session_at(friday.end) is None
    assert hours.session_at(moment(3, 12).astimezone(UTC)) is None
    assert hours.session_after(friday.begin) == monday
    assert hours.session_after(moment(4, 16)) == monday
    assert hours.session_after(hours.sessions[-1].begin) is None
    assert friday.contains(FRIDAY)
    for ask in (hours.session_at, hours.session_after, hours.is_open, friday.contains):
        with pytest.raises(ValueError, match=r"datetime\.now\(UTC\)"):
            ask(datetime(2026, 10, 2, 12))  # noqa: DTZ001 (that is the mistake)


def test_a_time_that_was_not_told_is_neither_open_nor_closed() -> None:
    """Details that were kept for a week say nothing of today."""
    hours = hours_of(ES, "US/Central")
    assert (hours.known_from, hours.known_until) == (moment(1, 0), moment(8, 16))
    assert hours.session_at(moment(1, 0)) is None
    for when in (moment(1, 0) - timedelta(seconds=1), moment(8, 16), moment(20, 12)):
        with pytest.raises(HoursUnknown, match="ask for the details anew"):
            hours.session_at(when)
    with pytest.raises(HoursUnknown):
        hours.session_after(moment(1, 0) - timedelta(seconds=1))
    assert hours.session_after(moment(20, 12)) is None
    stock = hours_of("20261002:0400-20261002:2000", "US/Eastern")
    assert not stock.is_open(moment(2, 23, 59, EASTERN))
    assert stock.known_until == moment(3, 0, zone=EASTERN)


@pytest.mark.parametrize("text", ["", ";", " ; "])
def test_hours_that_tws_did_not_tell(text: str) -> None:
    """Bonds before server version 188 have none: that is no market that is always closed."""
    with pytest.raises(HoursUnknown, match="did not tell the trading hours"):
        hours_of(text, "US/Eastern")


@pytest.mark.parametrize(
    "entry",
    [
        "20261002", "20261002:", "20261002:OPEN", "20261302:0930-1600", "20261002:0930", "20261002:2500-20261002:2600",
        "20261002:0960-20261002:1600", "20261002:1600-20261002:0930", "20261002:0930-20261002:0930",
        "20261002:20261002:0930-20261002:1600", "99991231:1700-99991231:2400", "20261002:0930-1600,", "garbage",
        "00000000:CLOSED", "20261002:0930-20261002:1600\n", "20261002:09:30-16:00",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_and_not_left_out(entry: str) -> None:
    """One entry that cannot be read, and there are no hours: one less would be a market that is closed."""
    if entry.endswith("\n"):
        assert len(hours_of(f"{ES};{entry}", "US/Central").sessions) == 6  # blanks around an entry are none of it
        return
    with pytest.raises(HoursUnknown, match="cannot be read") as caught:
        hours_of(f"{ES};{entry}", "US/Central")
    assert caught.value.zone == "US/Central"
    assert caught.value.text.endswith(entry)


@pytest.mark.parametrize("name", ["", "Nowhere/At_All", "../../etc/passwd", "x" * 100_000])
def test_a_zone_that_is_not_known(name: str) -> None:
    """It says what to do; the name may be as long as a peer likes."""
    with pytest.raises(HoursUnknown, match=r"zoneinfo\.ZoneInfo") as caught:
        hours_of(ES, name)
    assert len(str(caught.value)) < 1000


def test_a_machine_without_a_tz_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then no zone is known, and the error says what to install."""
    monkeypatch.setattr("anytws.machines.sessions.zone_called", lambda _name: None)
    with pytest.raises(HoursUnknown, match="install the package tzdata"):
        hours_of(ES, "US/Central")


def test_what_has_no_hours() -> None:
    """A contract alone is what people try first."""
    with pytest.raises(TypeError, match=r"tws\.contracts\.resolve"):
        trading_hours(Stock("AAPL"))  # type: ignore[arg-type]


# --- what must hold of any ---------------------------------------------------------------------------------------

_PLANS = {
    "day": Plan(trading=(Span(240, 1200),), liquid=(Span(570, 960),)),
    "night": Plan(trading=(Span(-420, 960),), liquid=(Span(510, 960),)),
    "three": Plan(trading=(Span(-285, 505), Span(510, 915), Span(915, 960)), liquid=(Span(510, 915),)),
}


@given(
    plan=st.sampled_from(sorted(_PLANS)),
    zone=st.sampled_from(["US/Eastern", "US/Central", "MET", "Japan"]),
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    minutes=st.integers(0, 4 * 1440),
)
def test_it_says_what_the_market_does(plan: str, zone: str, day: date, minutes: int) -> None:
    """From the midnight of the day on which the text is asked for, open is what the market's own calendar says."""
    market = Hours(f"{plan} in {zone}", zone, _PLANS[plan])
    hours = hours_of(hours_text(market, day, liquid=False), zone)
    when = datetime.fromtimestamp(market.midnight_after(day - timedelta(days=1)) + 60 * minutes, UTC)
    second = int(when.timestamp())
    if when < hours.known_until:
        assert hours.is_open(when) == bool(market.between(second, second + 1, liquid=False))
    for session in hours.sessions:
        assert isinstance(session, TradingSession)
        begin = int(session.begin.timestamp())
        (real,) = [each for each in market.of_day(session.day, liquid=False) if each.begin == begin]
        assert session.end.timestamp() == real.end
