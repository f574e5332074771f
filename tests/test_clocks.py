"""Times of long tables are read as `TIME` reads each of them: in every form, on every day, whatever stands between."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone
from anytws.wire.compiled import clocks
from anytws.wire.compiled.clocks import MIDNIGHTS, STEPS, quick_protobuf_second, quick_second, read_times
from anytws.wire.kinds import SECONDS
from anytws.wire.times import TIME, write_time
from tests.number_texts import read, read_strictly

ZONES: Final = ["US/Eastern", "CET", "UTC", "Etc/GMT+5", "GMT+01:00", "Middle Earth", "CST", "Australia/Lord_Howe", "Z"]
ODD: Final = st.sampled_from(
    """
    20240131 10:30:00 US/Eastern|20240131 24:00:00 US/Eastern|20240231 10:30:00 CET|20240131 10:30:00 Middle Earth
    20240310 02:30:00 US/Eastern|20241103 01:30:00 US/Eastern|99991231 23:59:59 UTC|20240131 1:30:00 US/Eastern
    20240131 10:30:00|20240131  10:30:00|20240131|20240131-10:30:00|20240131 10:30:00Z|20240131 10:30:00 Z|1706697000
    20240131-10:30:00 CET|20240131 10:30 US/Eastern|20240131 10:3|20240131 10:30:000|20240131 10:30:00  CET
    20240131  24:00:00|20240131-24:00:00|20240131 23:60:00 CET|20240131 23:59:60 CET|00000101|00000101  00:00:00
    20240131 10:30:00 GMT+01:00|20240131 10:30:00 GMT+02:00|20240131 10:30:00 Etc/GMT+5|20240131  10:30:00 CET
    99991231 23:59:59 US/Eastern|00010101 00:00:00 CET|00010101|99991231|2024-01-31|2024031|2024W051|20240131T103000
    123456789|12345678901|0000000000|9999999999|99999999999|170669700\u0660|2024013\u0661|20240131 10:30:0\u0660 CET
    20240131 10:30:00 T\u00fcrkei|20240131 10:30:00 US/Eastern |20240131 10:30:00 \u0661|20240131 10:30:00 us/eastern
    """.replace("\n    ", "|")
    .strip("|")
    .split("|")
)
# What the clocks of the tables below show.
START: Final = datetime(2023, 1, 1, 0, 30)  # noqa: DTZ001 (a wall clock)
WALLS: Final = st.integers(0, 4 * 366 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))
STEP_SIZES: Final = st.sampled_from([0, 1, 5, 60, 900, 3_600, 86_400, 90_061, -60])


def forms_of(zone: str) -> dict[str, str]:
    return {
        "zone": f"%Y%m%d %H:%M:%S {zone}", "naive": "%Y%m%d  %H:%M:%S", "one blank": "%Y%m%d %H:%M:%S",
        "UTC": "%Y%m%d-%H:%M:%S", "Z": "%Y%m%d-%H:%M:%SZ", "day": "%Y%m%d", "short": f"%Y%m%d %H:%M {zone}",
    }  # fmt: skip


@st.composite
def columns(draw: st.DrawFn) -> list[str]:
    """Give times as a table has them: a step from one to the next, and one form for all."""
    wall, steps = draw(WALLS), draw(st.lists(STEP_SIZES, max_size=5))
    walls = [wall]
    for step in steps:
        walls.append(walls[-1] + timedelta(seconds=step))
    form = draw(st.sampled_from(["epoch", *forms_of("")]))
    if form == "epoch":
        return [str(int(wall.replace(tzinfo=UTC).timestamp())) for wall in walls]
    return [wall.strftime(forms_of(draw(st.sampled_from(ZONES)))[form]) for wall in walls]


@st.composite
def spoilt(draw: st.DrawFn) -> list[str]:
    """Give such times of which one is odd, cut, or has another character."""
    texts = draw(columns())
    place = draw(st.integers(0, len(texts) - 1))
    text = texts[place]
    at = draw(st.integers(0, len(text)))
    character = draw(st.sampled_from("0123456789 :-+Z\0\u0661aT."))
    texts[place] = draw(
        ODD
        | st.sampled_from([text[:at] + text[at + 1 :], text[:at] + character + text[at:], f"{text[:at]}{character}"])
    )
    return texts


@given(columns())
@example(["20240310 01:59:59 US/Eastern", "20240310 02:30:00 US/Eastern", "20240311 02:30:00 US/Eastern"])
@example(["20241103 00:30:00 US/Eastern", "20241103 01:30:00 US/Eastern", "20241104 01:30:00 US/Eastern"])
@example(["20240131 10:30:00 GMT+01:00", "20240131 10:30:00 GMT+02:00"])
@example([])
def test_times_are_read_as_strictly(texts: list[str]) -> None:
    assert read(texts, read_times) == read_strictly(TIME, texts)


@given(spoilt() | st.lists(ODD | st.text("0123456789 :-Z", max_size=19), max_size=3))
@example(["20240131\x0020240131", "20240131"])
@example(["20240131 10:30:00 CET", "20240131 10:30:00 CETx", "0240131 10:30:00 CET"])
@example(["20240131\udc80"])
def test_odd_times_are_read_as_strictly(texts: list[str]) -> None:
    assert read(texts, read_times) == read_strictly(TIME, texts)


@pytest.mark.parametrize("zone", ["US/Eastern", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"])
def test_every_hour_of_two_years_is_read_as_strictly(zone: str) -> None:
    """Those in which a clock is turned, and those next to them, too."""
    hours = [START + timedelta(hours=hour) for hour in range(24 * 731)]
    texts = [f"{hour:%Y%m%d %H:%M:%S} {zone}" for hour in hours]
    assert read(texts, read_times) == read_strictly(TIME, texts)


USUAL: Final[list[Any]] = [
    datetime(2026, 1, 5, 9, 30, tzinfo=EPOCH_SECONDS),
    datetime(2026, 1, 5, 9, 30, tzinfo=ZoneInfo("US/Eastern")),
    datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
    START,
    date(2026, 1, 5),
]


@pytest.mark.parametrize("first", USUAL, ids=write_time)
@pytest.mark.parametrize("step", [timedelta(seconds=1), timedelta(seconds=5), timedelta(minutes=1), timedelta(days=1)])
def test_usual_tables_need_no_strict_parser(first: Any, step: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [first + step * number for number in range(40)]
    asked: list[str] = []

    class Spy:
        def read_text(self, text: str) -> Any:
            asked.append(text)
            return TIME.read_text(text)

    monkeypatch.setattr(clocks, "TIME", Spy())
    texts = list(map(write_time, times))
    assert read(texts, read_times) == repr(times)
    # Of each day in a zone it is asked once whether the clock is turned.
    assert not {*asked} & {*texts}


@pytest.mark.parametrize("day", ["20240310", "20241103"])
def test_of_a_night_in_which_the_clock_is_turned_each_time_is_looked_at(day: str) -> None:
    texts = [f"{day} {hour:02}:30:00 US/Eastern" for hour in range(24)]
    around = ["20240309 01:30:00 US/Eastern", *texts, "20241104 01:30:00 US/Eastern"]
    times: list[Any] = [*read_times(around)]
    assert [type(time.tzinfo) is UnclearZone for time in times].count(True) == 1
    assert times == [TIME.read_text(text) for text in around]


def test_the_zone_of_a_table_is_the_one_that_it_names() -> None:
    (known,) = read_times(["20240131 10:30:00 US/Eastern"])
    assert known.tzinfo is ZoneInfo("US/Eastern")
    (unknown,) = read_times(["20240131 10:30:00 Middle Earth"])
    assert unknown.tzinfo == NamedZone("Middle Earth")
    (epoch,) = read_times(["1706697000"])
    assert epoch.tzinfo is EPOCH_SECONDS
    (utc,) = read_times(["20240131-10:30:00"])
    assert utc.tzinfo is UTC


def test_what_is_remembered_is_bounded() -> None:
    chance = Random(1)
    for _ in range(20):
        counts = [chance.randrange(10**9, 10**10) for _ in range(500)]
        assert read([str(count) for count in counts], read_times) == read_strictly(TIME, list(map(str, counts)))
        assert len(STEPS) <= 2048
    days = [(date(2000, 1, 1) + timedelta(days=number)).strftime("%Y%m%d 10:00:00 CET") for number in range(5_000)]
    assert len([*read_times(days)]) == len(days)
    assert len(MIDNIGHTS) <= 2048


@given(st.from_regex(r"[+-]?[0-9]{1,12}", fullmatch=True) | ODD)
@example("1767605400")
@example("176760540\u0661")
@example("0000000000")
def test_seconds_are_read_as_strictly(text: str) -> None:
    assert read([text], lambda texts: map(quick_second, texts)) == read_strictly(SECONDS, [text])


@pytest.mark.parametrize("count", [0, 1, -1, 1_767_605_400, 10**10 - 1, 10**10, 2**40])
def test_seconds_of_protobuf_are_read_as_strictly(count: int) -> None:
    assert SECONDS.read_protobuf is not None
    try:
        strict = SECONDS.read_protobuf(count)
    except (ValueError, ArithmeticError):
        with pytest.raises((ValueError, ArithmeticError)):
            quick_protobuf_second(count)
    else:
        assert repr(quick_protobuf_second(count)) == repr(strict)
