"""The windows of a download: one grid for all, and durations that cover them whatever the contract's calendar is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.bars import LENGTHS, Bar, is_daily
from anytws.machines.windows import (
    ANCHOR,
    WINDOWS,
    Grid,
    Window,
    begin_of,
    complete_until,
    duration_for,
    margin_of,
    missing,
    moment_of,
    pairs,
)
from anytws.messages import BarSize
from anytws.simulator import World, WorldSettings
from anytws.simulator.answers.historical_checks import duration_of
from anytws.simulator.answers.historical_spans import begin_of as begin_of_answer
from anytws.simulator.universe.instrument import Instrument

NOW: Final = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
DAY: Final = timedelta(days=1)
SIZES: Final = tuple(BarSize)
moments: Final = st.integers(0, 36 * 365 * 86_400).map(
    lambda seconds: datetime(1990, 1, 1, tzinfo=UTC) + seconds * SECOND
)


def bar_of(begin: datetime | None = None, first_day: date | None = None) -> Bar:
    return Bar(begin, None, 1.0, 1.0, 1.0, 1.0, day=first_day, first_day=first_day)


# --- the grid -------------------------------------------------------------------------------------------------------


@given(st.sampled_from(SIZES), moments, st.floats(0.001, 5.5), st.booleans())
def test_time_is_cut_without_a_gap_and_at_the_same_edges(
    size: BarSize, begin: datetime, lengths: float, newest_first: bool
) -> None:
    """Whatever is asked for: window after window, and each inner edge lies on the grid of that size."""
    grid = Grid.of(size)
    end = begin + lengths * grid.length
    windows = list(grid.cut(begin, end, newest_first=newest_first))
    assert len(windows) == grid.count(begin, end)
    in_order = windows[::-1] if newest_first else windows
    assert (in_order[0].begin, in_order[-1].end) == (begin, end)
    for earlier, later in pairwise(in_order):
        assert earlier.end == later.begin
        assert not (later.begin - ANCHOR) % grid.length
    assert all(window.begin < window.end <= window.begin + grid.length for window in windows)


def test_a_range_that_ends_on_an_edge_has_no_empty_window() -> None:
    grid = Grid.of(BarSize.MINUTE_1)
    begin = ANCHOR + 100 * grid.length
    assert grid.count(begin, begin + 3 * grid.length) == 3
    assert grid.count(begin - SECOND, begin + 3 * grid.length + SECOND) == 5


hours: Final = st.integers(0, 40)


@given(st.lists(st.tuples(hours, hours), max_size=6), hours, st.integers(1, 40))
def test_what_is_had_is_not_missing(had: list[tuple[int, int]], first: int, length: int) -> None:
    """Hour by hour: each is missed that is in no pair, and no other; and the stretches do not touch."""

    def at(hour: int) -> datetime:
        return ANCHOR + timedelta(hours=hour)

    have = [(at(min(pair)), at(max(pair))) for pair in had]
    found = missing(at(first), at(first + length), pairs(have))
    told = {hour for hour in range(-5, 90) if any(begin <= at(hour) < end for begin, end in found)}
    wanted = {hour for hour in range(first, first + length) if not any(min(pair) <= hour < max(pair) for pair in had)}
    assert told == wanted
    assert all(earlier.end < later.begin for earlier, later in pairwise(found))


# --- durations ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def instruments() -> dict[str, Instrument]:
    """Contracts of unlike calendars: shares here and there, currencies, crypto, a bond."""
    found: dict[str, Instrument] = {}
    for instrument in World(WorldSettings(epoch_at_zero=NOW)).universe.instruments:
        found.setdefault(instrument.contract.symbol, instrument)
    return {symbol: found[symbol] for symbol in ("AAPL", "BMW", "7203", "700", "IQE", "EUR", "BTC", "US-T")}


@pytest.mark.parametrize("size", SIZES)
def test_an_answer_covers_its_window(size: BarSize, instruments: dict[str, Instrument]) -> None:
    """As the simulated TWS counts its durations: in sessions, trading days, and the calendar of the exchange's zone.

    Windows of the weeks in which clocks are changed, of holidays, and of ordinary weeks; whole ones and pieces.
    """
    grid = Grid.of(size)
    for middle in (
        datetime(2025, 3, 9, 12, tzinfo=UTC),
        datetime(2025, 11, 3, tzinfo=UTC),
        datetime(2025, 12, 27, 3, tzinfo=UTC),
    ):
        for window in [
            *grid.cut(middle - grid.length / 2, middle + 1.5 * grid.length, newest_first=False),
            Window(middle, middle + min(grid.length, DAY) / 3),
        ]:
            saying = grid.saying_for(window, datetime(2100, 1, 1, tzinfo=UTC))
            assert saying.end == window.end + margin_of(size)
            duration = duration_of(saying.duration)
            assert duration is not None
            for instrument in instruments.values():
                for liquid in (True, False):
                    begin = begin_of_answer(instrument, int(saying.end.timestamp()), duration, liquid=liquid)
                    assert begin <= max(window.begin.timestamp(), instrument.first_second), (saying, window)


@pytest.mark.parametrize("weeks", [1, 2, 3])
def test_a_week_in_which_a_clock_is_put_forward_is_covered(weeks: int, instruments: dict[str, Instrument]) -> None:
    """It is an hour shorter than others, also where it would otherwise have just been long enough."""
    length = timedelta(weeks=weeks) - LENGTHS[BarSize.MINUTE_1]
    end = datetime(2025, 3, 12, tzinfo=UTC)
    saying = Grid.of(BarSize.MINUTE_1, length).saying_for(Window(end - length, end), datetime(2100, 1, 1, tzinfo=UTC))
    duration = duration_of(saying.duration)
    assert duration is not None
    for symbol in ("AAPL", "EUR", "BTC"):
        begin = begin_of_answer(instruments[symbol], int(saying.end.timestamp()), duration, liquid=False)
        assert begin <= (end - length).timestamp()


@given(st.sampled_from(SIZES), st.integers(1, 2 * 10**9))
def test_durations_are_such_as_tws_takes(size: BarSize, seconds: int) -> None:
    """In the limits of its units, and of bars of a second."""
    duration = duration_for(size, timedelta(seconds=seconds))
    if duration is None:
        return
    count, unit = duration.split()
    most = {"S": 2000 if size is BarSize.SECOND_1 else 86_400, "D": 365, "W": 52, "M": 12, "Y": 68}[unit]
    assert (30 if unit == "S" else 1) <= int(count) <= most
    # The fewest seconds that each of them can have, with an hour that a clock may take away.
    fewest = {"S": 1, "D": 86_400, "W": 7 * 86_400, "M": 30.41 * 86_400, "Y": 365 * 86_400}[unit]
    assert unit == "M" or int(count) * fewest >= seconds


@pytest.mark.parametrize("size", SIZES)
def test_usual_windows_give_answers_of_a_size_that_tws_gives(size: BarSize) -> None:
    """At most ten thousand bars, also of what is traded day and night."""
    grid = Grid.of(size)
    length = LENGTHS.get(size, DAY)
    saying = grid.saying_for(Window(ANCHOR, ANCHOR + grid.length), NOW)
    count, unit = saying.duration.split()
    days = int(count) * {"S": 1 / 86_400, "D": 1, "W": 7, "M": 31, "Y": 366}[unit]
    assert days * DAY / length <= 10_100
    assert WINDOWS[size] == grid.length


@pytest.mark.parametrize(
    "size, window, words",
    [
        (BarSize.SECOND_1, timedelta(hours=1), "no duration"),
        (BarSize.SECONDS_5, timedelta(days=400), "no duration"),
        (BarSize.HOUR_1, timedelta(minutes=30), "need one of at least 1:00:00"),
        (BarSize.DAY_1, timedelta(days=2, hours=1), "whole days"),
        (BarSize.MONTH_1, timedelta(days=40_000), "no duration"),
        (BarSize.MINUTE_1, timedelta(0), "at least"),
        (BarSize.MINUTE_1, -DAY, "at least"),
    ],
)
def test_windows_that_cannot_be_asked_for_are_refused(size: BarSize, window: timedelta, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Grid.of(size, window)


@given(st.sampled_from(SIZES), st.integers(1, 4000))
def test_any_other_window_can_be_asked_for(size: BarSize, days: int) -> None:
    """What `Grid.of` takes it can say, also of a part of it and before its margin is over."""
    try:
        grid = Grid.of(size, timedelta(days=days))
    except ValueError:
        return
    for part in (1.0, 0.3, 0.0001):
        window = Window(ANCHOR, ANCHOR + part * grid.length)
        for now in (NOW, window.end + SECOND / 7):
            assert grid.saying_for(window, now).end <= now + SECOND


# --- what is over ---------------------------------------------------------------------------------------------------


@given(st.sampled_from(SIZES), moments, st.integers(-14, 12))
def test_what_is_over_is_over_everywhere(size: BarSize, now: datetime, offset: int) -> None:
    """No bar that begins before that goes on at *now*, in no zone."""
    until = complete_until(size, now)
    assert until < now
    if not is_daily(size):
        assert until - SECOND + LENGTHS[size] < now
        return
    local = timezone(timedelta(hours=-offset))
    assert until.astimezone(UTC).timetz() == datetime.min.replace(tzinfo=UTC).timetz()
    # The day in front of it has ended where the day ends last, and the bar in front ends with it.
    assert now.astimezone(local).date() >= until.date() - (DAY if offset > 12 else timedelta(0))


@pytest.mark.parametrize(
    "size, now, until",
    [
        (
            BarSize.MINUTE_1,
            datetime(2026, 1, 5, 14, 30, 20, 500, tzinfo=UTC),
            datetime(2026, 1, 5, 14, 29, 20, tzinfo=UTC),
        ),
        (BarSize.HOURS_4, datetime(2026, 1, 5, 14, 30, tzinfo=UTC), datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        (BarSize.DAY_1, datetime(2026, 1, 6, 11, 59, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)),
        (BarSize.DAY_1, datetime(2026, 1, 6, 12, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)),
        (BarSize.WEEK_1, datetime(2026, 1, 12, 11, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)),
        (BarSize.MONTH_1, datetime(2026, 1, 12, 11, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_is_over(size: BarSize, now: datetime, until: datetime) -> None:
    """Of days, weeks and months: up to the one in which, anywhere, it still is."""
    assert complete_until(size, now) == until


def test_a_bar_belongs_where_it_begins() -> None:
    assert begin_of(bar_of(NOW)) == NOW
    assert begin_of(bar_of(first_day=date(2026, 1, 5))) == datetime(2026, 1, 5, tzinfo=UTC)


# --- what a caller gives --------------------------------------------------------------------------------------------


def test_a_moment_is_an_aware_time_or_a_day() -> None:
    zone = ZoneInfo("America/New_York")
    assert moment_of("begin", date(2026, 1, 5)) == datetime(2026, 1, 5, tzinfo=UTC)
    assert moment_of("begin", datetime(2026, 1, 5, 9, 30, tzinfo=zone)) == NOW
    assert moment_of("begin", datetime(2026, 1, 5, 9, 30, tzinfo=zone)).tzinfo is UTC
    with pytest.raises(ValueError, match=r"begin .* names no zone"):
        moment_of("begin", NOW.replace(tzinfo=None))
    with pytest.raises(TypeError, match="end is '2026-01-05'"):
        moment_of("end", "2026-01-05")


def test_what_is_had_comes_in_pairs() -> None:
    assert list(pairs([(date(2026, 1, 5), NOW)])) == [Window(datetime(2026, 1, 5, tzinfo=UTC), NOW)]
    assert list(pairs([Window(NOW, NOW)])) == [(NOW, NOW)]
    for wrong in ([NOW], [(NOW,)], [(NOW, NOW, NOW)]):
        with pytest.raises(TypeError, match="pairs of a begin and an end"):
            list(pairs(wrong))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ends before it begins"):
        list(pairs([(NOW, NOW - DAY)]))
