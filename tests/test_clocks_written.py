"""Times are written as the strict writers write them, and what those refuse is refused."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anytws.messages.times import EPOCH_SECONDS, NamedZone
from anytws.wire.compiled.clocks_written import quick_count, quick_time
from anytws.wire.kinds import MILLISECONDS, SECONDS, Kind
from anytws.wire.times import DAY, INSTANT, MOMENT, TIME, WALL_CLOCK, read_time

EASTERN: Final = ZoneInfo("US/Eastern")
ZONES: Final = [
    None, UTC, EPOCH_SECONDS, EASTERN, ZoneInfo("Europe/London"), ZoneInfo("UTC"), NamedZone("CST"),
    NamedZone("Central European Standard Time", ZoneInfo("Europe/Berlin")), timezone(timedelta(hours=2)), UTC,
    read_time("20241103 01:30:00 US/Eastern").tzinfo,  # type: ignore[union-attr]
]  # fmt: skip
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TIMES: Final = (
    st.builds(
        lambda when, zone, fold: when.replace(tzinfo=zone, fold=fold),
        st.datetimes() | st.integers(0, 3 * 10**9).map(lambda seconds: EPOCH + timedelta(seconds=seconds)),
        st.sampled_from(ZONES),
        st.integers(0, 1),
    )
    | st.dates()
    | st.sampled_from(["20240131", "soon", "", 5, None, datetime])
)
WHOLE: Final = TIMES.map(lambda time: time.replace(microsecond=0) if isinstance(time, datetime) else time)
TEXTS: Final = [TIME, INSTANT, MOMENT, DAY]


def outcome(write: Callable[[Any], Any], value: object) -> object:
    try:
        return write(value)
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        return "refused"


@pytest.mark.parametrize("kind", TEXTS, ids=lambda kind: kind.name)
@given(time=WHOLE | TIMES)
@example(time=datetime(2024, 1, 31, 10, 30, tzinfo=EASTERN))
@example(time=datetime(1973, 3, 3, 9, 46, 40, tzinfo=EPOCH_SECONDS))
@example(time=datetime(1973, 3, 3, 9, 46, 39, tzinfo=EPOCH_SECONDS))
@example(time=datetime(5138, 11, 16, 9, 46, 40, tzinfo=EPOCH_SECONDS))
def test_times_are_written_as_strictly(kind: Kind, time: object) -> None:
    quick = quick_time(kind.write_text, kind.write_text, None)
    within = quick_time(kind.write_text, lambda value: f"<{kind.write_text(value)}>", "<{}>".format)
    assert quick is not None
    assert within is not None
    strict = outcome(kind.write_text, time)
    # Twice: what was refused must not have been remembered.
    assert outcome(quick, time) == outcome(quick, time) == strict
    assert outcome(within, time) == ("refused" if strict == "refused" else f"<{strict}>")


@pytest.mark.parametrize("kind", [SECONDS, MILLISECONDS], ids=lambda kind: kind.name)
@given(time=WHOLE | TIMES)
def test_counts_are_written_as_strictly(kind: Kind, time: object) -> None:
    for write in (kind.write_text, kind.write_protobuf):
        assert write is not None
        quick = quick_count(write, write, str if write is kind.write_text else int)
        assert quick is not None
        assert outcome(quick, time) == outcome(write, time)


def test_a_zone_without_a_name_is_written_as_utc() -> None:
    """London's offset is zero at the moment at which a zone is looked at first, and not all year."""
    (folder, *_) = [*map(str, zoneinfo.TZPATH), str(importlib.resources.files("tzdata") / "zoneinfo")]
    for name in ("America/New_York", "Europe/London"):
        with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123 (a folder of the system, or of a package)
            zone = ZoneInfo.from_file(file)
        quick = quick_time(TIME.write_text, TIME.write_text, None)
        assert quick is not None
        for month in (1, 7):
            time = datetime(2024, month, 31, 10, 30, tzinfo=zone)
            assert quick(time) == TIME.write_text(time)


def test_zones_that_are_remembered_are_bounded() -> None:
    quick = quick_time(TIME.write_text, TIME.write_text, None)
    assert quick is not None
    for _ in range(200):
        time = datetime(2024, 1, 31, 10, 30, tzinfo=ZoneInfo.no_cache("US/Eastern"))
        assert quick(time) == "20240131 10:30:00 US/Eastern"


def test_other_kinds_have_no_quick_way() -> None:
    assert quick_time(WALL_CLOCK.write_text, WALL_CLOCK.write_text, None) is None
    assert quick_count(TIME.write_text, TIME.write_text, str) is None


def test_a_day_that_is_a_time_is_no_day() -> None:
    quick = quick_time(DAY.write_text, DAY.write_text, None)
    assert quick is not None
    assert quick(date(2024, 1, 31)) == "20240131"
    with pytest.raises(ValueError, match="2024"):
        quick(datetime(2024, 1, 31, tzinfo=UTC))
