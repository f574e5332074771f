"""Bars that say what they cover."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import DecodeError
from anytws.machines.bars import LENGTHS, Bar, bars_of, day_of, first_day_of, is_daily, moment_of
from anytws.messages import BarSize, HistoricalData, HistoricalDataBar
from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone

EASTERN: Final = ZoneInfo("US/Eastern")
OPEN: Final = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
DAILY: Final = (BarSize.DAY_1, BarSize.WEEK_1, BarSize.MONTH_1)


def told(*times: date) -> HistoricalData:
    """An answer of TWS with bars that are named by *times*."""
    bars = [HistoricalDataBar(time, 1.0, 2.0, 0.5, 1.5, Decimal(7), Decimal("1.25"), 3) for time in times]
    return HistoricalData(9, bars=tuple(bars))


def in_seconds(moment: datetime) -> datetime:
    """*moment* as TWS writes it where it was asked for seconds."""
    return moment.replace(tzinfo=EPOCH_SECONDS)


def test_every_size_has_a_length_or_goes_by_the_calendar() -> None:
    """A size that is added to the catalogue has to be one of the two."""
    assert {*LENGTHS, *DAILY} == {*BarSize}
    assert [size for size in BarSize if is_daily(size)] == [*DAILY]
    assert LENGTHS[BarSize.SECOND_1] == timedelta(seconds=1)
    assert LENGTHS[BarSize.MINUTES_20] == timedelta(minutes=20)
    assert LENGTHS[BarSize.HOURS_8] == timedelta(hours=8)


def test_a_bar_has_all_that_tws_has_said() -> None:
    """Every value has its place, in UTC and not in the zone that marks how it was written."""
    first, second = bars_of(told(in_seconds(OPEN), in_seconds(OPEN + HOUR)), BarSize.HOUR_1)
    assert first == Bar(OPEN, OPEN + HOUR, 1.0, 2.0, 0.5, 1.5, Decimal(7), Decimal("1.25"), 3, True)
    assert second == Bar(OPEN + HOUR, OPEN + 2 * HOUR, 1.0, 2.0, 0.5, 1.5, Decimal(7), Decimal("1.25"), 3, None)
    assert first.begin is not None
    assert first.begin.tzinfo is UTC
    assert type(first) is Bar
    assert first.time == OPEN
    assert hash(first) != hash(second)
    with pytest.raises(AttributeError):
        first.open = 2.0  # type: ignore[misc]


def test_nothing_is_nothing() -> None:
    """An answer without bars has been reported, too."""
    assert bars_of(told(), BarSize.MINUTE_1) == ()
    assert bars_of(told(), BarSize.DAY_1) == ()


def test_what_is_not_made_of_trades_has_no_volume() -> None:
    """The -1 of the wire are None, whatever sort of bar it is."""
    for size, time in ((BarSize.MINUTE_1, in_seconds(OPEN)), (BarSize.DAY_1, date(2026, 3, 2))):
        (bar,) = bars_of(HistoricalData(9, bars=(HistoricalDataBar(time, 1.0, 1.0, 1.0, 1.0),)), size)
        assert (bar.volume, bar.average, bar.count) == (None, None, None)


def test_the_first_bar_of_a_session_may_be_short() -> None:
    """AAPL by the hour has 09:30, 10:00, ...: the first of them ends where the second begins (recorded)."""
    times = [OPEN, OPEN + HOUR / 2, OPEN + HOUR * 1.5, OPEN + timedelta(days=1)]
    bars = bars_of(told(*map(in_seconds, times)), BarSize.HOUR_1)
    assert [bar.end for bar in bars] == [
        OPEN + HOUR / 2,
        OPEN + HOUR * 1.5,
        OPEN + HOUR * 2.5,
        OPEN + timedelta(days=1) + HOUR,
    ]


@pytest.mark.parametrize(
    "size, day, first",
    [
        (BarSize.DAY_1, date(2026, 3, 4), date(2026, 3, 4)),
        (BarSize.WEEK_1, date(2026, 3, 4), date(2026, 3, 2)),
        (BarSize.WEEK_1, date(2026, 1, 2), date(2025, 12, 29)),
        (BarSize.WEEK_1, date(2026, 3, 8), date(2026, 3, 2)),
        (BarSize.MONTH_1, date(2026, 2, 27), date(2026, 2, 1)),
    ],
)
def test_bars_of_a_day_or_more_have_days(size: BarSize, day: date, first: date) -> None:
    """Weeks and months are named by their last trading day, and begin by the calendar."""
    (bar,) = bars_of(told(day), size)
    assert (bar.begin, bar.end, bar.day, bar.first_day) == (None, None, day, first)
    assert bar.time == day


def test_one_hour_that_comes_twice() -> None:
    """Asked for in seconds, the night in which a clock is turned back has no bar twice, and none is missing."""
    begin = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    moments = [begin + HOUR / 2 * count for count in range(6)]
    bars = bars_of(told(*map(in_seconds, moments)), BarSize.MINUTES_30)
    assert [bar.begin for bar in bars] == moments
    walls = [bar.begin.astimezone(EASTERN).replace(tzinfo=None, fold=0) for bar in bars if bar.begin]
    assert len({*walls}) == 4


def test_times_in_a_zone_are_taken_where_they_are_clear() -> None:
    """A TWS that writes a zone though it was asked for seconds is understood; never by the wall clock."""
    times = [datetime(2026, 3, 8, 1, 0, tzinfo=EASTERN), datetime(2026, 3, 8, 3, 0, tzinfo=EASTERN)]
    first, second = bars_of(told(*times), BarSize.HOUR_1)
    assert first.begin == datetime(2026, 3, 8, 6, 0, tzinfo=UTC)
    assert first.end == second.begin == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "time",
    [
        datetime.fromisoformat("2026-03-02 09:30"),
        datetime(2026, 3, 2, 9, 30, tzinfo=NamedZone("CST")),
        datetime(2026, 11, 1, 1, 30, tzinfo=UnclearZone("US/Eastern", EASTERN)),
        datetime(2026, 3, 8, 2, 30, tzinfo=UnclearZone("US/Eastern", EASTERN)),
        date(2026, 3, 2),
    ],
    ids=["naive", "an unknown zone", "twice", "never", "a day"],
)
def test_a_time_that_is_no_moment_is_an_error(time: date) -> None:
    """It is not guessed at: the error says which bar it is, and what stood there."""
    with pytest.raises(DecodeError, match=r"HistoricalData\.bars\[1\]\.time: .* is not a moment") as caught:
        bars_of(told(in_seconds(OPEN), time), BarSize.MINUTE_1)
    assert caught.value.request_id == 9


def test_a_day_that_is_a_moment_is_an_error() -> None:
    """Which trading day a moment belongs to, only the exchange knows."""
    with pytest.raises(DecodeError, match=r"HistoricalData\.bars\[0\]\.time: .* is not a day"):
        bars_of(told(in_seconds(OPEN)), BarSize.DAY_1)


def test_which_times_are_clear() -> None:
    """A day is no moment, a moment is no day, and what could not be read is neither."""
    assert moment_of(in_seconds(OPEN)) == OPEN
    assert moment_of(date(2026, 3, 2)) is None
    assert day_of(date(2026, 3, 2)) == date(2026, 3, 2)
    assert day_of(OPEN) is None
    assert moment_of(None) is day_of(None) is None


SECONDS = st.integers(10**9, 4 * 10**9)
SIZES = st.sampled_from([*LENGTHS])


@given(seconds=st.sets(SECONDS, min_size=1, max_size=40), size=SIZES)
def test_no_bar_reaches_into_the_next(seconds: set[int], size: BarSize) -> None:
    """Whatever moments TWS names, in whatever zone: bars are in order, none overlap, none is too long or empty."""
    moments = [datetime.fromtimestamp(second, UTC) for second in sorted(seconds)]
    bars = bars_of(told(*map(in_seconds, moments)), size)
    assert [bar.begin for bar in bars] == moments
    assert [bar.is_over for bar in bars] == [True] * (len(bars) - 1) + [None]
    for bar, following in zip(bars, [*moments[1:], None], strict=True):
        assert bar.begin is not None
        assert bar.end is not None
        assert timedelta(0) < bar.end - bar.begin <= LENGTHS[size]
        assert following is None or bar.end <= following
        # It is cut short for a reason only.
        assert bar.end == bar.begin + LENGTHS[size] or bar.end == following
    assert bars_of(told(*[moment.astimezone(EASTERN) for moment in moments]), size) == bars


@given(seconds=st.lists(SECONDS, min_size=2, max_size=8), size=SIZES)
@settings(max_examples=30)
def test_a_list_out_of_order_has_no_bar_that_ends_before_it_begins(seconds: list[int], size: BarSize) -> None:
    """TWS has never been seen to do that; were it to, nothing is made up."""
    bars = bars_of(told(*[in_seconds(datetime.fromtimestamp(second, UTC)) for second in seconds]), size)
    assert all(bar.begin is not None and bar.end is not None and bar.end > bar.begin for bar in bars)


@given(day=st.dates(date(1970, 1, 1), date(2100, 1, 1)), size=st.sampled_from(DAILY))
def test_the_first_day_is_in_the_same_bar(day: date, size: BarSize) -> None:
    """It is no later than the day, of its bar too, and the day before it is not."""
    first = first_day_of(day, size)
    assert first <= day
    assert first_day_of(first, size) == first
    assert first_day_of(first - timedelta(days=1), size) < first
