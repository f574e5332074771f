"""The clock of TWS: read what can be read, guess nothing, and never fail."""

from __future__ import annotations

import json
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anytws.messages.connection_time import ConnectionTime, SessionOffset, session_offset
from anytws.wire import connection_time
from anytws.wire.connection_time import read_connection_time, write_connection_time

SEEN = [
    json.loads(line)
    for line in Path(__file__).with_name("data").joinpath("connection_times.jsonl").read_text("utf-8").splitlines()
]
"""What TWS was seen to send, with its source; local and utc worked out by hand."""

# Names with a capital are zones; the rest of the tz data's files are copies of them with other rules.
ZONES = sorted(zone for zone in zoneinfo.available_timezones() if zone[0].isupper() and zone != "Factory")
# Before, zones kept local mean time, to the second; after, the tz data of 32 bits ends.
FIRST_DAY, LAST_DAY = datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2037-01-01")
IN_TABLE = frozenset(name.decode() for name in connection_time._standard_readings() if name.isascii())


def utc(raw: bytes | str) -> str | None:
    """Give the moment that *raw* tells, in UTC, or None."""
    aware = read_connection_time(raw if isinstance(raw, bytes) else raw.encode()).aware
    return None if aware is None else f"{aware.astimezone(UTC):%Y%m%d %H:%M:%S}"


@pytest.fixture
def no_tz_data(monkeypatch):
    """A machine without tz data: a Windows, or a slim container."""
    for module in [name for name in sys.modules if name.startswith("tzdata.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=())
    # A class of its own has a cache of its own. Emptied, the shared one would give other tests a second object for the
    # zone that they hold, and zones are compared by identity.
    monkeypatch.setattr(zoneinfo, "ZoneInfo", type("ZoneInfo", (zoneinfo.ZoneInfo,), {}))
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.parametrize("seen", SEEN, ids=lambda seen: seen["text"])
def test_what_was_seen_in_the_wild(seen):
    raw = bytes.fromhex(seen["raw_hex"])
    moment = seen["utc"] and datetime.fromisoformat(seen["utc"]).replace(tzinfo=UTC)
    local = datetime.fromisoformat(seen["local"])
    assert read_connection_time(raw) == ConnectionTime(raw, seen["text"], seen["zone"], local, moment)


def test_what_was_seen_says_where():
    assert all(seen["source"] and seen["confidence"] for seen in SEEN)
    assert len([seen for seen in SEEN if seen["confidence"] == "real"]) == 9


@given(raw=st.one_of(st.binary(), st.binary().map(lambda rest: b"20250323 22:21:01 " + rest)))
def test_any_bytes_can_be_read(raw):
    read = read_connection_time(raw)
    assert read.raw == raw
    assert read.aware is None or (read.local is not None and read.aware.replace(tzinfo=None) == read.local)
    assert read.zone in read.text
    hash(read)


@given(when=st.datetimes(), zone=st.one_of(st.sampled_from(ZONES), st.sampled_from(sorted(IN_TABLE)), st.text()))
def test_any_time_in_any_zone_can_be_read(when, zone):
    """The first and the last days of the calendar too, of which UTC may not have all."""
    assume("\0" not in zone)
    read = read_connection_time(write_connection_time(when.replace(tzinfo=UTC), zone))
    assert read.local == when.replace(microsecond=0, fold=0)
    if read.aware is not None:
        assert read.aware.astimezone(UTC).astimezone(read.aware.tzinfo) == read.aware


@given(when=st.datetimes(timezones=st.just(UTC)))
def test_utc_is_read_as_it_was_written(when):
    assert read_connection_time(write_connection_time(when, "UTC")).aware == when.replace(microsecond=0)


@given(moment=st.datetimes(FIRST_DAY, LAST_DAY, timezones=st.just(UTC)), zone=st.sampled_from(ZONES))
def test_an_iana_zone_is_read_as_it_was_written(moment, zone):
    """Except in the hour that comes twice: its name cannot tell which one it is."""
    assume(zone not in IN_TABLE)
    when = moment.replace(microsecond=0).astimezone(zoneinfo.ZoneInfo(zone))
    comes_twice = when.replace(fold=1 - when.fold).utcoffset() != when.utcoffset()
    read = read_connection_time(write_connection_time(when, zone))
    assert (read.zone, read.local) == (zone, when.replace(tzinfo=None, fold=0))
    assert read.aware is None if comes_twice else read.aware == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "20250323",
        "20250323 22:21",
        "20250323T22:21:01 UTC",
        " 20250323 22:21:01 UTC",
        "2025-03-23 22:21:01 UTC",
        "20250323 2:21:01 UTC",
        "20250323  22:21:01 UTC",
        "2025032a 22:21:01 UTC",
        "+2250323 22:21:01 UTC",
        "2_250323 22:21:01 UTC",
        # Digits, but not of ASCII: full width, and Arabic.
        "\uff12\uff10\uff12\uff150323 22:21:01 UTC",
        "20250323 22:21:\u0660\u0661 UTC",
    ],
)
def test_what_is_no_time_has_no_time_and_no_zone(raw):
    assert read_connection_time(raw.encode()) == ConnectionTime(raw.encode(), raw, "", None, None)


@pytest.mark.parametrize(
    "raw",
    [
        "20250230 22:21:01 UTC",
        "20250001 22:21:01 UTC",
        "20251301 22:21:01 UTC",
        "00000101 22:21:01 UTC",
        "20250323 24:00:00 UTC",
        "20250323 22:60:01 UTC",
        "20250323 22:21:60 UTC",
    ],
)
def test_an_impossible_time_is_none(raw):
    assert read_connection_time(raw.encode()) == ConnectionTime(raw.encode(), raw, "UTC", None, None)


@pytest.mark.parametrize("raw", [b"20250323 22:21:01", b"20250323 22:21:01 ", b"20250323 22:21:01\n"])
def test_without_a_zone_only_the_wall_clock_is_known(raw):
    assert read_connection_time(raw) == ConnectionTime(
        raw, raw.decode(), "", datetime.fromisoformat("2025-03-23T22:21:01"), None
    )


def test_the_offset_stays_with_the_moment():
    aware = read_connection_time(b"20250716 09:15:09 EST").aware
    assert aware == datetime(2025, 7, 16, 13, 15, 9, tzinfo=UTC)
    assert aware.tzinfo == timezone(-timedelta(hours=4))


@pytest.mark.parametrize("name", ["UTC", "Z", "Zulu", "Etc/UTC", "Etc/GMT", "Coordinated Universal Time", "GMT+00:00"])
@pytest.mark.usefixtures("no_tz_data")
def test_utc_needs_no_tz_data(name):
    assert utc(f"20250716 09:15:09 {name}") == "20250716 09:15:09"


@pytest.mark.parametrize(
    "zone,moment",
    [
        ("EST", None),
        ("America/New_York", None),
        ("China Standard Time", None),
        ("GMT", None),
        ("British Summer Time", "20250716 08:15:09"),
        ("GMT+08:00", "20250716 01:15:09"),
    ],
)
@pytest.mark.usefixtures("no_tz_data")
def test_without_tz_data_only_offsets_are_known(zone, moment):
    assert utc(f"20250716 09:15:09 {zone}") == moment


@pytest.mark.parametrize(
    "name,winter,summer",
    [
        # Never the same time.
        ("CST", None, None),
        ("IST", None, None),
        ("AST", None, None),
        ("Arabian Standard Time", None, None),
        # The same time in winter.
        ("GMT", "20250116 12:00:00", None),
        ("Greenwich Mean Time", "20250116 12:00:00", None),
        ("MST", "20250116 19:00:00", None),
        ("Mountain Standard Time", "20250116 19:00:00", None),
        ("Central Standard Time", "20250116 18:00:00", None),
        ("Atlantic Standard Time", "20250116 16:00:00", None),
        # Half a world away, where July is winter.
        ("AEST", None, "20250716 02:00:00"),
        ("Australian Central Standard Time", None, "20250716 02:30:00"),
        # Standard names, printed all year.
        ("EST", "20250116 17:00:00", "20250716 16:00:00"),
        ("Eastern Standard Time", "20250116 17:00:00", "20250716 16:00:00"),
        ("Pacific Standard Time", "20250116 20:00:00", "20250716 19:00:00"),
        ("CET", "20250116 11:00:00", "20250716 10:00:00"),
        ("W. Europe Standard Time", "20250116 11:00:00", "20250716 10:00:00"),
        ("GMT Standard Time", "20250116 12:00:00", "20250716 11:00:00"),
        ("Japan Standard Time", "20250116 03:00:00", "20250716 03:00:00"),
        ("Hong Kong", "20250116 04:00:00", "20250716 04:00:00"),
        ("Singapore Standard Time", "20250116 04:00:00", "20250716 04:00:00"),
        ("India Standard Time", "20250116 06:30:00", "20250716 06:30:00"),
        # Offsets.
        ("GMT+08:00", "20250116 04:00:00", "20250716 04:00:00"),
        ("UTC-3", "20250116 15:00:00", "20250716 15:00:00"),
        ("GMT+0530", "20250116 06:30:00", "20250716 06:30:00"),
        ("GMT+15:00", None, None),
        ("GMT+\uff18", None, None),
        ("+08:00", None, None),
        # Zones by their IANA names, some of which newer tz data leaves out.
        ("Europe/Zurich", "20250116 11:00:00", "20250716 10:00:00"),
        ("America/Argentina/Ushuaia", "20250116 15:00:00", "20250716 15:00:00"),
        ("Etc/GMT+5", "20250116 17:00:00", "20250716 17:00:00"),
        ("EST5EDT", "20250116 17:00:00", "20250716 16:00:00"),
        ("US/Eastern", "20250116 17:00:00", "20250716 16:00:00"),
        ("Hongkong", "20250116 04:00:00", "20250716 04:00:00"),
        # Unknown, though the tz data has files of some of these names.
        ("Mars Standard Time", None, None),
        ("europe/zurich", None, None),
        ("Europe/Atlantis", None, None),
        ("Europe", None, None),
        ("Factory", None, None),
        ("localtime", None, None),
        ("posixrules", None, None),
        ("right/UTC", None, None),
        ("tzdata.zi", None, None),
        ("../../etc/passwd", None, None),
        ("Europe/../Europe/Zurich", None, None),
        ("/usr/share/zoneinfo/UTC", None, None),
        ("Europe/" + "A" * 100_000, None, None),
    ],
)
def test_what_a_name_says_in_january_and_in_july(name, winter, summer):
    assert [utc(f"20250116 12:00:00 {name}"), utc(f"20250716 12:00:00 {name}")] == [winter, summer]


@pytest.mark.parametrize(
    "raw,moment",
    [
        # New York, 2 November 2025: from 01:00 to 02:00 twice. The standard name is printed in both hours.
        ("20251102 00:59:59 EST", "20251102 04:59:59"),
        ("20251102 01:30:00 EST", None),
        ("20251102 01:30:00 America/New_York", None),
        ("20251102 01:30:00 EDT", "20251102 05:30:00"),
        ("20251102 01:30:00 Eastern Daylight Time", "20251102 05:30:00"),
        ("20251102 02:00:00 EST", "20251102 07:00:00"),
        # London, 26 October 2025.
        ("20251026 01:30:00 GMT Standard Time", None),
        ("20251026 01:30:00 Greenwich Mean Time", None),
        ("20251026 01:30:00 British Summer Time", "20251026 00:30:00"),
        ("20251026 01:30:00 BST", "20251026 00:30:00"),
        ("20251026 02:00:00 Greenwich Mean Time", "20251026 02:00:00"),
        # New York, 9 March 2025: no 02:00 to 03:00.
        ("20250309 01:59:59 EST", "20250309 06:59:59"),
        ("20250309 02:30:00 EST", None),
        ("20250309 02:30:00 America/New_York", None),
        ("20250309 03:00:00 EST", "20250309 07:00:00"),
        # A clock that shows what London's cannot is not London's.
        ("20250330 01:30:00 Greenwich Mean Time", "20250330 01:30:00"),
    ],
)
def test_hours_that_come_twice_or_never(raw, moment):
    assert utc(raw) == moment


@pytest.mark.parametrize(
    "raw",
    [
        b"00010101 00:00:00 GMT+08:00",
        b"00010101 00:00:00 Asia/Shanghai",
        b"99991231 23:59:59 GMT-08:00",
        b"99991231 23:59:59 America/New_York",
    ],
)
def test_a_moment_beyond_the_calendar_of_python_is_unknown(raw):
    """As a datetime it would raise when it is turned into UTC."""
    read = read_connection_time(raw)
    assert (read.local is None, read.aware) == (False, None)


@pytest.mark.parametrize(
    "name,code_page,moment",
    [
        ("中国标准时间", "gbk", "20250716 04:00:00"),
        ("台北標準時間", "big5", "20250716 04:00:00"),
        ("日本標準時", "cp932", "20250716 03:00:00"),
        ("대한민국 표준시", "cp949", "20250716 03:00:00"),
        ("Москва, стандартное время", "cp1251", "20250716 09:00:00"),
        ("Mitteleuropäische Zeit", "cp1252", "20250716 10:00:00"),
    ],
)
def test_localised_names_in_utf_8_and_in_the_code_page_of_windows(name, code_page, moment):
    time = b"20250716 12:00:00 "
    assert utc(time + name.encode()) == utc(time + name.encode(code_page)) == moment
    read = read_connection_time(time + name.encode(code_page))
    assert read.text == (time + name.encode(code_page)).decode("utf-8", "backslashreplace")
    assert read.text.endswith(read.zone)


def test_every_name_of_the_table_has_zones_that_exist():
    """A reading that is misspelt would be silent: the time would just be unknown."""
    readings = {reading for readings in connection_time._standard_readings().values() for reading in readings}
    assert {reading for reading in readings if isinstance(reading, str)} <= zoneinfo.available_timezones()


def test_no_name_is_in_the_table_twice():
    ascii_names = [
        *(name for names in connection_time._NAMES_OF_ZONES.values() for name in names),
        *(name for names in connection_time._NAMES_OF_HOURS.values() for name in names),
        *connection_time._READINGS_OF_SHARED_NAMES,
    ]
    assert len(ascii_names) == len(set(ascii_names))


@pytest.mark.parametrize("problem", [ValueError("damaged"), PermissionError(), KeyError("no such zone"), MemoryError()])
def test_trouble_with_the_tz_data_costs_the_zone_and_nothing_else(monkeypatch, problem):
    def fail(key):
        raise problem

    monkeypatch.setattr(zoneinfo, "ZoneInfo", fail)
    read = read_connection_time(b"20250716 12:00:00 Europe/Zurich")
    assert (read.zone, read.local, read.aware) == ("Europe/Zurich", datetime.fromisoformat("2025-07-16T12:00"), None)


def test_no_zone_is_loaded_before_a_name_needs_one():
    program = """
import sys
from anytws.wire.connection_time import read_connection_time
read_connection_time(b"20250716 12:00:00 UTC")
assert "zoneinfo" not in sys.modules
read_connection_time(b"20250716 12:00:00 CET")
assert "zoneinfo" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "when,zone,raw",
    [
        (
            datetime(2025, 3, 23, 22, 21, 1, 999_999, UTC),
            "Greenwich Mean Time",
            b"20250323 22:21:01 Greenwich Mean Time",
        ),
        (datetime(987, 1, 2, 3, 4, 5, tzinfo=UTC), "", b"09870102 03:04:05"),
        (datetime(2023, 4, 5, 22, 20, 39, tzinfo=UTC), "中国标准时间", "20230405 22:20:39 中国标准时间".encode()),
    ],
)
def test_writing_says_the_wall_clock_and_any_name(when, zone, raw):
    assert write_connection_time(when, zone) == raw


@pytest.mark.parametrize(
    "when,zone,problem",
    [
        (datetime.fromisoformat("2025-03-23"), "UTC", "no offset from UTC"),
        (datetime(2025, 3, 23, tzinfo=UTC), "UT\0C", "NUL"),
        (datetime(2025, 3, 23, tzinfo=UTC), "\ud800", "surrogates"),
    ],
)
def test_writing_refuses_what_no_tws_can_say(when, zone, problem):
    with pytest.raises(ValueError, match=problem):
        write_connection_time(when, zone)


# --- the offset of a session --------------------------------------------------------------------------------------


def told_at(local, zone="Central Standard Time"):
    return read_connection_time(f"{local:%Y%m%d %H:%M:%S} {zone}".encode())


@given(
    utc=st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31")),
    quarters=st.integers(-14 * 4, 14 * 4),
    late=st.floats(-150, 150),
    elapsed=st.floats(0, 86400),
)
def test_the_offset_is_found_from_the_first_current_time(utc, quarters, late, elapsed):
    utc, offset = utc.replace(microsecond=0, tzinfo=UTC), timedelta(minutes=15) * quarters
    local = (utc + offset - timedelta(seconds=elapsed + late)).replace(tzinfo=None, microsecond=0)
    found = session_offset(told_at(local), utc, timedelta(seconds=elapsed))
    assert found is not None
    assert found.offset == offset
    assert found.doubt is not None
    assert abs(found.doubt - timedelta(seconds=abs(late))) <= timedelta(seconds=1)


def test_a_shared_name_is_told_apart_by_the_clock():
    """Chicago in summer, and Mexico City: both machines say Central Standard Time."""
    told = told_at(datetime.fromisoformat("2026-07-06 10:00:00"))
    assert told.aware is None
    for hours in (5, 6):
        found = session_offset(told, datetime(2026, 7, 6, 10 + hours, 0, 3, tzinfo=UTC))
        assert found == SessionOffset(timedelta(hours=-hours), timedelta(seconds=3))


def test_a_difference_that_fits_no_offset_leaves_it_to_the_name():
    far = datetime(2026, 7, 6, 14, 7, 0, tzinfo=UTC)
    assert session_offset(told_at(datetime.fromisoformat("2026-07-06 10:00:00")), far) is None
    assert session_offset(told_at(datetime.fromisoformat("2026-07-06 10:00:00"), "US/Eastern"), far) == SessionOffset(
        timedelta(hours=-4), None
    )
    # More than any zone is from UTC: the two are not of one day.
    assert session_offset(told_at(datetime.fromisoformat("2026-07-05 10:00:00")), far.replace(minute=0)) is None
    assert session_offset(read_connection_time(b"nonsense"), far) is None
    with pytest.raises(ValueError, match="has no offset from UTC"):
        session_offset(told_at(datetime.fromisoformat("2026-07-06 10:00:00")), datetime.fromisoformat("2026-07-06"))


def test_a_clock_in_another_zone_is_no_matter():
    told = told_at(datetime.fromisoformat("2026-07-06 10:00:00"))
    tokyo = datetime(2026, 7, 7, 0, 0, 0, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))
    assert session_offset(told, tokyo) == SessionOffset(timedelta(hours=-5), timedelta(0))
