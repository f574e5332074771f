"""The connection time in the version reply: ``20250323 22:21:01 Greenwich Mean Time``.

Date and time are the wall clock of the machine that TWS runs on. The rest names its zone in free text: whatever Java
calls it in that machine's language. So a name is no zone. It has *readings*, the zones whose machines print it, and
one rule decides everything:

    **The time is known when all readings of the name agree on the offset from UTC, at that wall-clock time.**

What follows from it, and what else was decided:

* **Standard names are printed all year.** "EST" was seen in May, "PST" in April, "EET" in July, "Central European
  Standard Time" in April. So a standard name stands for its zone, summer time included, and not for an offset.
* **Summer names are printed in summer only** ("British Summer Time" was seen), and each stands for one offset. "BST" is
  one of them: Java prints it in Bougainville too, but not in Bangladesh.
* **Ambiguous names** have several readings. "CST" (Chicago, Shanghai), "IST" (India, Israel, Ireland) and "AST"
  (Halifax, Riyadh) never agree: never known. "Greenwich Mean Time" (a server on GMT, or London), "Mountain Standard
  Time" (Denver, or Arizona) and "Central Standard Time" (Chicago, or Mexico City) agree in winter only: known in
  winter, not in summer. The same for the Australian names, which Queensland and the Northern Territory share.
* **A name that nearly always means one zone has one reading.** Java also prints "EST" in Panama, Jamaica and on Cayman,
  "PST" in Manila, "CET" in Algiers and Tunis, "EET" in Cairo and Kaliningrad, "GMT-04:00" in Santiago's summer. With
  these as readings hardly any time would be known; without them ``aware`` is wrong for a machine there. ``local`` and
  ``text`` are what TWS said, in either case.
* **The hour that comes twice in autumn** has two offsets: unknown, unless a summer name says which. **The hour that
  does not exist in spring** has none: unknown.
* **An offset** ("GMT+08:00", Java's name for a zone without one) is itself. **An IANA name** is its zone.
* **What else Windows calls the zones, and CLDR in English**, with the generic names ("Central European Time") and those
  of summer time: `anytws.wire.zone_names`. A name that Windows and Java have for different zones is ambiguous.
* **Two names in one**, as contract details had them for years ("CST (Central Standard Time)"), have the readings that
  both allow.
* **Without tz data** on this machine (Windows, slim containers; the package ``tzdata`` helps) only UTC, offsets and
  summer names are known.

Reading looks a zone up in the tz data, which is a file: the one thing here that is not computing. It is not read before
a name needs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final, TypeAlias

from anytws.messages.connection_time import ConnectionTime

_Reading: TypeAlias = str | timedelta
"""One meaning of a name: the IANA name of a zone, or an offset from UTC."""

_SHAPE: Final = re.compile(rb"([0-9]{4})([0-9]{2})([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(.*)", re.DOTALL)

_HOUR: Final = timedelta(hours=1)

# Standard names: what Java 17 and 25 print (both the CLDR and the older JRE names), what Windows calls the zones, the
# names seen in the wild, and old IANA names that newer tz data leaves out. Zones with the same rules share a line.
_NAMES_OF_ZONES: Final[Mapping[str, tuple[str, ...]]] = {
    "Africa/Johannesburg": ("SAST", "South Africa Standard Time"),
    "America/Anchorage": ("AKST", "Alaska Standard Time", "Alaskan Standard Time", "US/Alaska"),
    "America/Argentina/Buenos_Aires": ("Argentina Standard Time", "Argentine Time"),
    "America/Bogota": ("Colombia Standard Time", "Colombia Time"),
    "America/Chicago": ("US/Central",),
    "America/Denver": ("US/Mountain",),
    "America/Lima": ("Peru Standard Time", "Peru Time"),
    "America/Los_Angeles": ("PST", "Pacific Standard Time", "US/Pacific"),
    "America/Mexico_City": ("Central Standard Time (Mexico)",),
    "America/New_York": (
        "EST",
        "ET",
        "Eastern Standard Time",
        "Eastern Time",
        "US Eastern Standard Time",
        "US/Eastern",
    ),
    "America/Phoenix": ("US Mountain Standard Time", "US/Arizona"),
    "America/Santiago": ("Chile Standard Time", "Chile Time", "Pacific SA Standard Time"),
    "America/Sao_Paulo": ("BRT", "Brasilia Standard Time", "Brasilia Time", "E. South America Standard Time"),
    "America/St_Johns": ("Newfoundland Standard Time",),
    "Asia/Bangkok": ("ICT", "Indochina Time", "SE Asia Standard Time"),
    "Asia/Dhaka": ("Bangladesh Standard Time", "Bangladesh Time"),
    "Asia/Dubai": ("Gulf Standard Time",),
    "Asia/Hong_Kong": ("HKT", "Hong Kong", "Hong Kong Standard Time", "Hong Kong Time", "Hongkong"),
    "Asia/Jakarta": ("WIB", "West Indonesia Time", "Western Indonesia Time"),
    "Asia/Jerusalem": ("Israel Standard Time",),
    "Asia/Karachi": ("PKT", "Pakistan Standard Time", "Pakistan Time"),
    "Asia/Kolkata": ("India Standard Time",),
    "Asia/Kuala_Lumpur": ("MYT", "Malaysia Time"),
    "Asia/Manila": ("Philippine Standard Time", "Philippines Standard Time"),
    "Asia/Riyadh": ("Arab Standard Time", "Arabia Standard Time"),
    "Asia/Seoul": ("KST", "Korea Standard Time", "Korean Standard Time", "ROK"),
    "Asia/Shanghai": ("China Standard Time", "PRC"),
    "Asia/Singapore": ("SGT", "Singapore", "Singapore Standard Time", "Singapore Time"),
    "Asia/Taipei": ("Taipei Standard Time", "Taiwan Standard Time"),
    "Asia/Tokyo": ("JST", "Japan", "Japan Standard Time", "Tokyo Standard Time"),
    "Australia/Adelaide": ("Australian Central Standard Time (South Australia)", "Cen. Australia Standard Time"),
    "Australia/Brisbane": ("Australian Eastern Standard Time (Queensland)", "E. Australia Standard Time"),
    "Australia/Darwin": ("AUS Central Standard Time", "Australian Central Standard Time (Northern Territory)"),
    "Australia/Perth": ("AWST", "Australian Western Standard Time", "W. Australia Standard Time"),
    "Australia/Sydney": ("AUS Eastern Standard Time", "Australian Eastern Standard Time (New South Wales)"),
    "Europe/Athens": (
        "EET",
        "Eastern European Standard Time",
        "Eastern European Time",
        "FLE Standard Time",
        "GTB Standard Time",
    ),
    "Europe/Berlin": (
        "CET",
        "Central Europe Standard Time",
        "Central European Standard Time",
        "Central European Time",
        "MET",
        "MEZ",
        "Middle Europe Time",
        "Romance Standard Time",
        "W. Europe Standard Time",
    ),
    "Europe/Istanbul": ("Istanbul Standard Time", "TRT", "Turkey Standard Time", "Turkey Time"),
    "Europe/Lisbon": ("WET", "Western European Standard Time", "Western European Time"),
    "Europe/London": ("GB", "GB-Eire", "GMT Standard Time"),
    "Europe/Moscow": ("MSK", "Moscow Standard Time", "Russian Standard Time"),
    "Pacific/Auckland": ("NZST", "New Zealand Standard Time"),
    "Pacific/Honolulu": (
        "HST",
        "Hawaii Standard Time",
        "Hawaii-Aleutian Standard Time",
        "Hawaiian Standard Time",
        "US/Hawaii",
    ),
}

# Names for one offset: UTC, and summer time wherever it is kept.
_NAMES_OF_HOURS: Final[Mapping[float, tuple[str, ...]]] = {
    -9: ("Hawaii-Aleutian Daylight Time",),
    -8: ("AKDT", "Alaska Daylight Time"),
    -7: ("PDT", "Pacific Daylight Time"),
    -6: ("MDT", "Mountain Daylight Time"),
    -5: ("CDT", "Central Daylight Time"),
    -4: ("EDT", "Eastern Daylight Time"),
    -3: ("ADT", "Atlantic Daylight Time", "Chile Summer Time"),
    -2.5: ("NDT", "Newfoundland Daylight Time"),
    0: ("Coordinated Universal Time", "Etc/GMT", "Etc/UTC", "UCT", "UTC", "Universal", "Z", "Zulu"),
    1: (
        "BST",
        "British Summer Time",
        "GMT Daylight Time",
        "Irish Standard Time",
        "Irish Summer Time",
        "WEST",
        "Western European Summer Time",
    ),
    2: (
        "CEST",
        "Central Europe Daylight Time",
        "Central European Daylight Time",
        "Central European Summer Time",
        "MESZ",
        "MEST",
        "Middle Europe Summer Time",
        "Romance Daylight Time",
        "W. Europe Daylight Time",
    ),
    3: (
        "EEST",
        "Eastern European Summer Time",
        "FLE Daylight Time",
        "GTB Daylight Time",
        "IDT",
        "Israel Daylight Time",
    ),
    10.5: (
        "ACDT",
        "Australian Central Daylight Time",
        "Australian Central Daylight Time (South Australia)",
        "Cen. Australia Daylight Time",
    ),
    11: (
        "AEDT",
        "AUS Eastern Daylight Time",
        "Australian Eastern Daylight Time",
        "Australian Eastern Daylight Time (New South Wales)",
    ),
    13: ("NZDT", "New Zealand Daylight Time"),
}

# Names that more than a few machines print in more than one zone.
_READINGS_OF_SHARED_NAMES: Final[Mapping[str, tuple[_Reading, ...]]] = {
    "ACST": ("Australia/Adelaide", "Australia/Darwin"),
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AST": ("America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"),
    "AT": ("America/Halifax", "America/Puerto_Rico"),
    # Windows says it of Dubai, Java of Riyadh.
    "Arabian Standard Time": ("Asia/Dubai", "Asia/Riyadh"),
    "Atlantic Standard Time": ("America/Halifax", "America/Puerto_Rico"),
    "Atlantic Time": ("America/Halifax", "America/Puerto_Rico"),
    "Australian Central Standard Time": ("Australia/Adelaide", "Australia/Darwin"),
    "Australian Central Time": ("Australia/Adelaide", "Australia/Darwin"),
    "Australian Eastern Standard Time": ("Australia/Sydney", "Australia/Brisbane"),
    "Australian Eastern Time": ("Australia/Sydney", "Australia/Brisbane"),
    "CST": ("America/Chicago", "America/Mexico_City", "Asia/Shanghai"),
    "CT": ("America/Chicago", "America/Mexico_City"),
    "Central Standard Time": ("America/Chicago", "America/Mexico_City"),
    "Central Time": ("America/Chicago", "America/Mexico_City"),
    # Java falls back to GMT where it cannot tell the zone of the machine, and calls London's time by the same name.
    "GMT": (0 * _HOUR, "Europe/London"),
    "Greenwich Mean Time": (0 * _HOUR, "Europe/London"),
    "HAST": ("Pacific/Honolulu", "America/Adak"),
    "HAT": ("Pacific/Honolulu", "America/Adak"),
    "Hawaii-Aleutian Time": ("Pacific/Honolulu", "America/Adak"),
    "IST": ("Asia/Kolkata", "Asia/Jerusalem", _HOUR),
    "MST": ("America/Denver", "America/Phoenix"),
    "MT": ("America/Denver", "America/Phoenix"),
    "Mountain Standard Time": ("America/Denver", "America/Phoenix"),
    "Mountain Time": ("America/Denver", "America/Phoenix"),
    # Windows says it of Apia, Java for years of Pago Pago, a day away.
    "Samoa Standard Time": ("Pacific/Apia", "Pacific/Pago_Pago"),
}

# A localised TWS writes UTF-8, or the code page of its Windows; a name here is known in both. Java's names, for the
# zone that the language is at home in.
_LOCALISED_NAMES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "gbk": {
        "Asia/Shanghai": ("中国标准时间",),
        "Asia/Hong_Kong": ("香港时间", "香港标准时间"),
        "Asia/Taipei": ("台北标准时间",),
        "Asia/Singapore": ("新加坡时间", "新加坡标准时间"),
    },
    "big5": {
        "Asia/Taipei": ("台北標準時間", "台灣標準時間"),
        "Asia/Hong_Kong": ("香港時間", "香港標準時間"),
        "Asia/Shanghai": ("中國標準時間",),
        "Asia/Singapore": ("新加坡時間", "新加坡標準時間"),
    },
    "cp932": {"Asia/Tokyo": ("日本標準時",)},
    "cp949": {"Asia/Seoul": ("대한민국 표준시", "한국 표준시")},
    "cp1251": {"Europe/Moscow": ("Москва, стандартное время",)},
    "cp1252": {
        "Europe/Berlin": (
            "Mitteleuropäische Normalzeit",
            "Mitteleuropäische Zeit",
            "Heure d'Europe centrale",
            "heure normale d\u2019Europe centrale",
            "Hora de Europa Central",
            "hora estándar de Europa central",
            "Ora dell'Europa centrale",
            "Ora standard dell\u2019Europa centrale",
            "Midden-Europese standaardtijd",
            "Centraleuropeisk tid",
            "centraleuropeisk normaltid",
        ),
        "America/Sao_Paulo": ("Fuso horário de Brasília", "Horário Padrão de Brasília"),
    },
}


@cache
def _standard_readings() -> dict[bytes, tuple[_Reading, ...]]:
    table: dict[bytes, tuple[_Reading, ...]] = {}
    for zone, names in _NAMES_OF_ZONES.items():
        table.update((name.encode(), (zone,)) for name in names)
    for hours, names in _NAMES_OF_HOURS.items():
        table.update((name.encode(), (hours * _HOUR,)) for name in names)
    table.update((name.encode(), readings) for name, readings in _READINGS_OF_SHARED_NAMES.items())
    return table


@cache
def _localised_readings() -> dict[bytes, tuple[_Reading, ...]]:
    # Made when the first such name is read: most programs never read one, and each code page is a module to import.
    table: dict[bytes, tuple[_Reading, ...]] = {}
    for code_page, zones in _LOCALISED_NAMES.items():
        for zone, names in zones.items():
            table.update((name.encode(encoding), (zone,)) for name in names for encoding in ("utf-8", code_page))
    return table


@cache
def _more_readings() -> dict[bytes, tuple[_Reading, ...]]:
    # Loaded when a name is read that the tables above do not have.
    from anytws.wire.zone_names import ENGLISH, SUMMER, WINDOWS  # noqa: PLC0415 (see above)

    table: dict[bytes, tuple[_Reading, ...]] = {}
    named: list[tuple[_Reading, tuple[str, ...]]] = [
        *WINDOWS.items(),
        *ENGLISH.items(),
        *[(hours * _HOUR, names) for hours, names in SUMMER.items()],
    ]
    for reading, names in named:
        for encoding in ("utf-8", "cp1252"):
            table.update((name.encode(encoding), (reading,)) for name in names)
    return table


def _readings(name: bytes) -> tuple[_Reading, ...]:
    """Give what a machine may mean that calls its zone *name*; nothing for what no machine is known to say."""
    pair = _PAIR.fullmatch(name)
    if pair is not None:
        first, second = (_readings_of_one(part) for part in pair.groups())
        return tuple([reading for reading in first if reading in second]) or (
            () if first and second else first or second
        )
    return _readings_of_one(name)


def _readings_of_one(name: bytes) -> tuple[_Reading, ...]:
    return (
        _standard_readings().get(name)
        or _localised_readings().get(name)
        or _more_readings().get(name)
        or _readings_of_form(name)
    )


# "EST (Eastern Standard Time)". In "Central Standard Time (Mexico)" the second one is no name of a zone.
_PAIR: Final = re.compile(rb"([A-Z][A-Za-z]{1,5}) \(([^()]+)\)")
_OFFSET: Final = re.compile(rb"(?:GMT|UTC)([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_IANA_NAME: Final = re.compile(rb"[A-Z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,3}")
# Files of the tz data that load like zones and are none: the zone of *our* machine, and "unknown".
_NO_ZONES: Final = frozenset({"factory", "localtime", "posixrules"})
# Names of which newer tz data has no file any more, or older tz data has not yet, and the same zone's other name.
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "America/Godthab": "America/Nuuk",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Kolkata": "Asia/Calcutta",
    "Asia/Yangon": "Asia/Rangoon",
    "Australia/NSW": "Australia/Sydney",
    "CST6CDT": "America/Chicago",
    "EST5EDT": "America/New_York",
    "Europe/Kiev": "Europe/Kyiv",
    "Europe/Kyiv": "Europe/Kiev",
    "Israel": "Asia/Jerusalem",
    "MST7MDT": "America/Denver",
    "NZ": "Pacific/Auckland",
    "PST8PDT": "America/Los_Angeles",
    "Pacific/Kanton": "Pacific/Enderbury",
}


def read_connection_time(raw: bytes) -> ConnectionTime:
    """Read what TWS sent as its time. Takes any bytes: what cannot be read is None in the answer."""
    text = raw.decode("utf-8", "backslashreplace")
    match = _SHAPE.fullmatch(raw)
    if match is None:
        return ConnectionTime(raw, text, "", None, None)
    *numbers, rest = match.groups()
    name = rest.strip()
    local = _wall_clock(*map(int, numbers))
    aware = None if local is None else _aware(local, name)
    return ConnectionTime(raw, text, name.decode("utf-8", "backslashreplace"), local, aware)


def write_connection_time(when: datetime, zone: str) -> bytes:
    """Give the time that TWS says: the wall clock of *when*, to the second, and *zone* after it.

    The zone is free text, as it is in a real TWS: nothing checks that it fits the offset of *when*, and an empty one is
    left out. Raises `ValueError` for a naive *when*, and for a zone that would end the field (NUL) or is no text.
    """
    if when.utcoffset() is None:
        raise ValueError(f"the connection time {when!r} has no offset from UTC; TWS always knows its own")
    if "\0" in zone:
        raise ValueError(f"the zone {zone!r} holds a NUL, which ends the field")
    # Not strftime: its %Y leaves out the zeros of early years on some systems.
    date = f"{when.year:04}{when.month:02}{when.day:02}"
    return f"{date} {when.hour:02}:{when.minute:02}:{when.second:02} {zone}".rstrip(" ").encode()


def _wall_clock(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime | None:
    try:
        # Naive on purpose: which moment this is depends on the zone.
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None


def _aware(local: datetime, name: bytes) -> datetime | None:
    """Give the moment at which the clock of a machine in the zone called *name* shows *local*, if there is only one."""
    offsets: set[timedelta] = set()
    for reading in _readings(name):
        zone = timezone(reading) if isinstance(reading, timedelta) else _zone(reading)
        if zone is None:
            return None
        offsets |= _offsets(zone, local)
    if len(offsets) != 1:
        return None
    aware = local.replace(tzinfo=timezone(offsets.pop()))
    return aware if _is_moment(aware) else None


def zone_called(name: str) -> tzinfo | None:
    """Give the zone that TWS calls *name*, or None where that could be several, or is unknown to this machine."""
    raw = name.encode("utf-8", "surrogateescape")
    readings = _readings(raw)
    if len(readings) != 1:
        return None
    (reading,) = readings
    if isinstance(reading, timedelta):
        return timezone(reading, name)
    # The zone under the name that was written, where this machine knows it: US/Eastern is told as US/Eastern.
    return (_zone(name) if "/" in name and _IANA_NAME.fullmatch(raw) else None) or _zone(reading)


def _readings_of_form(name: bytes) -> tuple[_Reading, ...]:
    """Give the readings of a *name* that no table holds: an offset, or the IANA name of a zone."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        sign, hours, minutes = offset.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
        # No clock on earth is further from UTC.
        return (-ahead if sign == b"-" else ahead,) if ahead <= 14 * _HOUR else ()
    return (name.decode(),) if _IANA_NAME.fullmatch(name) else ()


def _zone(name: str) -> tzinfo | None:
    """Give the zone with an IANA *name*, or None if this machine's tz data does not have it."""
    zone = _zone_of_file(name)
    if zone is None and name in _OTHER_NAMES:
        zone = _zone_of_file(_OTHER_NAMES[name])
    return zone


def _zone_of_file(name: str) -> tzinfo | None:
    if name.casefold() in _NO_ZONES:
        return None
    # Not at the top: a name that is an offset needs no zone, and the import takes some milliseconds.
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    try:
        return ZoneInfo(name)
    except Exception:  # noqa: BLE001
        # No tz data, no such zone, a folder, a file that is cut short, damaged, forbidden or of an unknown format: each
        # has its own exception, and for none of them a connection should end.
        return None


def _offsets(zone: tzinfo, local: datetime) -> set[timedelta]:
    """Give the offsets of *zone* when its clock shows *local*: none in spring's gap, two in autumn's repeated hour."""
    offsets: set[timedelta] = set()
    for fold in (0, 1):
        shown = local.replace(tzinfo=zone, fold=fold)
        offset = shown.utcoffset()
        # A clock that never shows this time shows another one at the moment that the offset leads to.
        if offset is not None and _is_moment(shown) and _on_clock(shown, zone) == local:
            offsets.add(offset)
    return offsets


def _on_clock(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)


def _is_moment(aware: datetime) -> bool:
    """Tell whether *aware* lies within the years that a datetime can hold, seen from UTC too."""
    try:
        aware.astimezone(UTC)
    except OverflowError:
        return False
    return True
