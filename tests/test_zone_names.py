"""The names of zones are those of CLDR: all that Windows and English have, each for the zones that it is used in."""

from __future__ import annotations

import json
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.wire import connection_time
from anytws.wire.connection_time import _standard_readings
from anytws.wire.zone_names import CLDR_VERSION, ENGLISH, SUMMER, WINDOWS

CLDR = json.loads(Path(__file__).with_name("data").joinpath("cldr_zone_names.json").read_text("utf-8"))
"""What CLDR says: the zone that each name of Windows stands for, and the zones that each English name is used in."""

OF_SEVERAL = frozenset({
    "Arabian Standard Time",
    "Atlantic Standard Time",
    "Central Standard Time",
    "Mountain Standard Time",
    "Samoa Standard Time",
})  # fmt: skip
"""Names of Windows that Java prints for other zones too."""

SEEN_ON_MACHINES_OF = {
    "Eastern",
    "Central European",
    "Eastern European",
    "Western European",
    "Chile",
}
"""Names that few machines elsewhere print: they stand for the zones of the many. See the module's own words."""


DAYS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(2 * 365)]


@cache
def rules_of(zone):
    """Give the offsets of *zone* on all days of two years."""
    return tuple(day.astimezone(zone).utcoffset() for day in DAYS)


def test_all_names_of_windows_are_known():
    assert len(CLDR["windows"]) == 142
    for name, zone in CLDR["windows"].items():
        found = connection_time.zone_called(name)
        if name in OF_SEVERAL:
            assert found is None
            assert any(
                isinstance(reading, str) and rules_of(zoneinfo.ZoneInfo(reading)) == rules_of(zoneinfo.ZoneInfo(zone))
                for reading in connection_time._readings(name.encode())
            )
        else:
            assert found is not None, name
            assert rules_of(found) == rules_of(zoneinfo.ZoneInfo(zone)), name


def test_all_english_names_are_of_all_the_zones_that_have_them():
    """A name of the year is known where all its zones keep the same time, a name of summer where they agree on it."""
    for name, told in CLDR["english"].items():
        zones = [zoneinfo.ZoneInfo(zone) for zone in told["zones"]]
        rules = {rules_of(zone) for zone in zones}
        found = connection_time.zone_called(name)
        if told["kinds"] == ["daylight"]:
            summers = {max(each) for each in rules if len(set(each)) > 1}
            # Nobody prints a summer time that nobody keeps.
            assert found is None or not summers or {found.utcoffset(None)} == summers, name
            assert found is not None or not summers, name
        elif found is None:
            assert len(connection_time._readings(name.encode())) > 1, name
        elif not name.startswith("Hawaii-Aleutian"):
            assert rules_of(found) in rules, name
            assert len(rules) == 1 or any(name.startswith(seen) for seen in SEEN_ON_MACHINES_OF) or len(name) <= 4, name


def test_a_summer_name_of_windows_is_its_offset():
    for name, hours in {
        "Romance Daylight Time": 2,
        "E. Europe Daylight Time": 3,
        "GTB Daylight Time": 3,
        "Tasmania Daylight Time": 11,
        "Chatham Islands Daylight Time": 13.75,
        "US Eastern Daylight Time": -4,
    }.items():
        zone = connection_time.zone_called(name)
        assert zone is not None
        assert zone.utcoffset(None) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "name, zone",
    [
        ("MET", "Europe/Berlin"),
        ("EET", "Europe/Athens"),
        ("WET", "Europe/Lisbon"),
        ("CET", "Europe/Berlin"),
        ("EST5EDT", "America/New_York"),
        ("CST6CDT", "America/Chicago"),
        ("Central European Time", "Europe/Berlin"),
        ("Pacific Time", "America/Los_Angeles"),
        ("Korean Time", "Asia/Seoul"),
        ("Moscow Time", "Europe/Moscow"),
        ("MET (Middle Europe Time)", "Europe/Berlin"),
        ("EST (Eastern Standard Time)", "America/New_York"),
        ("CEST (Central European Summer Time)", None),
        ("CST (China Standard Time)", "Asia/Shanghai"),
        ("CST (Singapore Standard Time)", None),
        ("Türkiye Time", "Europe/Istanbul"),
        ("Israel", "Asia/Jerusalem"),
        ("Hongkong", "Asia/Hong_Kong"),
        ("GB-Eire", "Europe/London"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Australia/NSW", "Australia/Sydney"),
    ],
)
def test_the_names_that_contract_details_and_machines_have(name, zone):
    found = connection_time.zone_called(name)
    if zone is None:
        assert found is None or len(set(rules_of(found))) == 1
    else:
        assert found is not None
        assert rules_of(found) == rules_of(zoneinfo.ZoneInfo(zone))


def test_a_zone_is_known_by_its_other_name_where_its_file_is_missing(monkeypatch):
    """Debian has put the old names into a package of their own; an older system lacks the new ones."""
    real = connection_time._zone_of_file
    monkeypatch.setattr(
        connection_time, "_zone_of_file", lambda name: None if name in connection_time._OTHER_NAMES else real(name)
    )
    for name in connection_time._OTHER_NAMES:
        if connection_time._OTHER_NAMES[name] not in connection_time._OTHER_NAMES:
            found = connection_time._zone(name)
            assert found is not None
            assert rules_of(found) == rules_of(zoneinfo.ZoneInfo(name))


# --- the tables themselves ----------------------------------------------------------------------------------------


def test_the_data_is_of_the_version_that_is_named():
    assert CLDR["version"] == CLDR_VERSION if "version" in CLDR else CLDR_VERSION.isdecimal()


def test_no_name_stands_in_two_places():
    """A name that is in the tables of `connection_time` too would have two meanings, of which one is never used."""
    seen: dict[str, str] = {}
    for table in (WINDOWS, ENGLISH, SUMMER):
        for place, names in table.items():
            for name in names:
                assert name.encode() not in _standard_readings(), name
                # Windows and English may have a name in common, for the same clocks.
                if name in seen and isinstance(place, str):
                    assert rules_of(zoneinfo.ZoneInfo(place)) == rules_of(zoneinfo.ZoneInfo(seen[name])), name
                seen[name] = str(place)


def test_each_zone_is_one_of_the_tz_data():
    for zone in {*WINDOWS, *ENGLISH}:
        assert connection_time.zone_called(zone) is not None, zone
    assert all(-12 <= hours <= 14 and float(hours * 4).is_integer() for hours in SUMMER)


NAMES = sorted({name for table in (WINDOWS, ENGLISH) for names in table.values() for name in names})


@given(
    name=st.sampled_from(NAMES),
    at=st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2030-01-01")),
)
def test_a_time_under_any_of_the_names_is_that_of_its_zone(name, at):
    """Or unknown, where the clock is turned; never another one."""
    told = connection_time.read_connection_time(f"{at:%Y%m%d %H:%M:%S} {name}".encode())
    zone = connection_time.zone_called(name)
    assert told.text.endswith(name)
    if told.aware is not None and zone is not None:
        assert told.aware.astimezone(zone).replace(tzinfo=None) == told.local
