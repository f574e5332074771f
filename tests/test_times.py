"""Times in text: each form is read as what it says, and written in the form that it came in."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.base import Side
from anytws.messages.historical import HistoricalData, HistoricalDataBar
from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone, moments_of
from anytws.testing.strategies import values_of
from anytws.wire.codec import Codec
from anytws.wire.kinds import Kind
from anytws.wire.times import (
    DAY,
    INSTANT,
    MOMENT,
    NEWS_TIME,
    TIME,
    WALL_CLOCK,
    decided,
    read_day,
    read_time,
    write_time,
)
from anytws.wire.versions import MAX_VERSION

NOON = datetime.fromisoformat("2024-01-31T12:30:00")
"""Naive: the wall clock of TWS."""
EASTERN = ZoneInfo("US/Eastern")
KINDS = (DAY, INSTANT, MOMENT, NEWS_TIME, TIME, WALL_CLOCK)


def zone_of(text: str) -> Any:
    """Give the zone of a time that was read."""
    value = read_time(text)
    assert isinstance(value, datetime)
    return value.tzinfo


# --- reading and writing, form by form ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, value",
    [
        ("20240131", date(2024, 1, 31)),
        ("00010101", date.min),
        ("99991231", date.max),
        ("20240131  12:30:00", NOON),
        ("20240131-12:30:00", NOON.replace(tzinfo=UTC)),
        ("20240131 12:30:00 US/Eastern", NOON.replace(tzinfo=EASTERN)),
        ("20240131 12:30:00 America/New_York", NOON.replace(tzinfo=ZoneInfo("America/New_York"))),
        ("20240131 12:30:00 CST", NOON.replace(tzinfo=NamedZone("CST"))),
        ("20240131 12:30:00 EST", NOON.replace(tzinfo=NamedZone("EST", ZoneInfo("America/New_York")))),
        ("20240131 12:30:00 GMT+08:00", NOON.replace(tzinfo=NamedZone("GMT+08:00", timezone(timedelta(hours=8))))),
        ("20240131 12:30:00 Nowhere at all", NOON.replace(tzinfo=NamedZone("Nowhere at all"))),
        ("1706697000", datetime.fromtimestamp(1706697000, EPOCH_SECONDS)),
        ("100000000", datetime.fromtimestamp(10**8, EPOCH_SECONDS)),
        ("99999999999", datetime.fromtimestamp(10**11 - 1, EPOCH_SECONDS)),
    ],
)
def test_each_form_is_read_and_written_again(text: str, value: datetime | date) -> None:
    """Type, wall clock, zone and the zone's name: all of them come back."""
    got = read_time(text)
    assert (type(got), got) == (type(value), value)
    if isinstance(got, datetime) and isinstance(value, datetime):
        assert got.replace(tzinfo=None) == value.replace(tzinfo=None)
        # By name: a zone that was loaded twice is not equal to itself.
        assert type(got.tzinfo) is type(value.tzinfo)
        assert got.tzname() == value.tzname()
        assert got.utcoffset() == value.utcoffset()
    assert write_time(got) == write_time(value) == text


@pytest.mark.parametrize(
    "text, canonical",
    [
        ("20240131 12:30:00", "20240131  12:30:00"),
        ("20240131 12:30", "20240131  12:30:00"),
        ("20240131-12:30", "20240131-12:30:00"),
        ("20240131-12:30:00Z", "20240131-12:30:00"),
        ("20240131 12:30:00Z", "20240131-12:30:00"),
        ("20240131  12:30:00 US/Eastern", "20240131 12:30:00 US/Eastern"),
        ("20240131 12:30 US/Eastern", "20240131 12:30:00 US/Eastern"),
        ("20240131-12:30:00 US/Eastern", "20240131 12:30:00 US/Eastern"),
    ],
)
def test_what_tws_may_also_write_is_read(text: str, canonical: str) -> None:
    """And written in the one form that means the same."""
    assert write_time(read_time(text)) == canonical
    assert read_time(canonical) == read_time(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "2024013", "202401311", "20240230", "20241301", "00000101", "2024-01-31", "20240131 ",
     "20240131 24:00:00", "20240131 12:60:00", "20240131 12:30:60", "20240131T12:30:00", "20240131 12:30:00.5",
     "20240131 12", "-1706697000",
     "20240131-12:30:00  US/Eastern", "20240131 12:30:00Z US/Eastern", "20240131 12:30:00  US/Eastern", "12:30:00",
     "170669700000", "1706697000.5", "２０２４0131", "20240131 12:30:00 a\nb", "finished", "20240131   12:30:00"],
)  # fmt: skip
def test_what_has_no_form_is_refused(text: str) -> None:
    """With a `ValueError`, whatever it is; only `MOMENT` keeps it as a text."""
    for read in (
        read_time,
        INSTANT.read_text,
        TIME.read_text,
        DAY.read_text,
        WALL_CLOCK.read_text,
        NEWS_TIME.read_text,
    ):
        if not (
            read is NEWS_TIME.read_text
            or (text == "202401311" and read in (read_time, INSTANT.read_text, TIME.read_text))
        ):
            with pytest.raises(ValueError, match=r".*"):
                read(text)
    if text != "202401311":
        assert MOMENT.read_text(text) == text


@pytest.mark.parametrize(
    "value, text",
    [
        (NOON.replace(tzinfo=timezone(timedelta(hours=-5))), "20240131-17:30:00"),
        (NOON.replace(tzinfo=timezone(timedelta(0), "other")), "20240131-12:30:00"),
        (NOON.replace(tzinfo=ZoneInfo("UTC")), "20240131 12:30:00 UTC"),
        (NOON.replace(year=24), "00240131  12:30:00"),
    ],
)
def test_a_zone_without_a_name_is_written_as_utc(value: datetime, text: str) -> None:
    """A fixed offset, say: no form has a place for it, and the moment is the same."""
    assert write_time(value) == text
    got = read_time(text)
    assert isinstance(got, datetime)
    assert value.tzinfo is None or got.astimezone(UTC) == value.astimezone(UTC)


@pytest.mark.parametrize(
    "value",
    [
        NOON.replace(microsecond=1),
        NOON.replace(microsecond=1, tzinfo=UTC),
        NOON.replace(microsecond=1, tzinfo=EPOCH_SECONDS),
        datetime.fromtimestamp(10**8 - 1, EPOCH_SECONDS),
        datetime.fromtimestamp(10**11, EPOCH_SECONDS),
        NOON.replace(tzinfo=NamedZone("")),
        NOON.replace(tzinfo=NamedZone(" x")),
        NOON.replace(tzinfo=NamedZone("a\nb")),
        NOON.replace(tzinfo=NamedZone("a\0b")),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
    ],
    ids=repr,
)
def test_what_would_not_be_read_as_itself_is_not_written(value: datetime) -> None:
    """A fraction is not cut off, and a name that no form can hold, or that would end the field, is refused."""
    for kind in (TIME, INSTANT, MOMENT):
        with pytest.raises((ValueError, ArithmeticError)):
            kind.write_text(value)


def test_bytes_that_are_no_utf_8_in_a_zone_s_name_can_be_printed() -> None:
    """As Latin-1, like any text. Java writes the names of a localised Windows; those that are known have a zone."""
    raw = "20240131 12:30:00 " + "中国标准时间".encode("gbk").decode("utf-8", "surrogateescape")
    value = INSTANT.read_text(raw)
    assert value.utcoffset() == timedelta(hours=8)
    INSTANT.write_text(value).encode()
    unknown = INSTANT.read_text("20240131 12:30:00 \udcfc")
    assert unknown.tzinfo == NamedZone("ü")
    assert unknown.utcoffset() is None


# --- the kinds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(data=st.data())
def test_every_time_comes_back_with_its_zone_and_form(kind: Kind, data: st.DataObject) -> None:
    """Equal is not enough: two datetimes of unknown zones are equal whatever the zones are called."""
    value = data.draw(values_of(kind))
    text = kind.write_text(value)
    got = kind.read_text(text)
    assert got == value
    assert kind.write_text(got) == text
    if isinstance(value, datetime):
        assert (value.tzinfo is None) == (got.tzinfo is None)
        if isinstance(value.tzinfo, (NamedZone, ZoneInfo)) and kind is not NEWS_TIME:
            assert got.tzinfo == value.tzinfo
            assert got.replace(tzinfo=None) == value.replace(tzinfo=None)


def test_a_kind_takes_its_own_forms_alone() -> None:
    """A day is no instant, an instant no day, and a wall clock has no zone."""
    aware = NOON.replace(tzinfo=UTC)
    taken: dict[str, list[object]] = {
        "DAY": [NOON.date()],
        "INSTANT": [NOON, aware],
        "TIME": [NOON.date(), NOON, aware],
        "MOMENT": [NOON.date(), NOON, aware, "", "now"],
        "WALL_CLOCK": [NOON],
        "NEWS_TIME": [aware],
    }
    for kind in KINDS:
        for value in (NOON.date(), NOON, aware, "", "now", None, 5, b"20240131", 1.5, timedelta(1)):
            if value in taken[kind.name]:
                assert kind.read_text(kind.write_text(value)) == value
            else:
                with pytest.raises(ValueError, match=r".*"):
                    kind.write_text(value)


@pytest.mark.parametrize(
    "kind, text",
    [
        (INSTANT, "20240131"),
        (DAY, "20240131 12:30:00"),
        (DAY, "1706697000"),
        (WALL_CLOCK, "20240131"),
        (WALL_CLOCK, "20240131-12:30:00Z"),
        (WALL_CLOCK, "20240131 12:30:00 US/Eastern"),
        (WALL_CLOCK, "1706697000"),
        (NEWS_TIME, "20240131-12:30:00"),
        (NEWS_TIME, "2024-01-31"),
        (NEWS_TIME, "2024-01-31 12:30"),
        (NEWS_TIME, "2024-01-31 12:30:00."),
        (NEWS_TIME, "2024-01-31 12:30:00.1234567"),
        (NEWS_TIME, "2024-02-30 12:30:00.0"),
    ],
    ids=lambda part: getattr(part, "name", part),
)
def test_another_form_is_refused(kind: Kind, text: str) -> None:
    """What a field is said to hold, it holds."""
    with pytest.raises(ValueError, match=r".*"):
        kind.read_text(text)


@pytest.mark.parametrize(
    "text, fraction, canonical",
    [
        ("2024-01-31 12:30:00.0", 0, "2024-01-31 12:30:00.0"),
        ("2024-01-31 12:30:00", 0, "2024-01-31 12:30:00.0"),
        ("2024-01-31 12:30:00.5", 500_000, "2024-01-31 12:30:00.5"),
        ("2024-01-31 12:30:00.000001", 1, "2024-01-31 12:30:00.000001"),
        ("2024-01-31 12:30:00.120", 120_000, "2024-01-31 12:30:00.12"),
    ],
)
def test_times_of_news_are_utc_with_a_fraction(text: str, fraction: int, canonical: str) -> None:
    """The one form with a fraction, written as short as it goes."""
    value = NEWS_TIME.read_text(text)
    assert value == NOON.replace(microsecond=fraction, tzinfo=UTC)
    assert NEWS_TIME.write_text(value) == canonical
    assert NEWS_TIME.write_text(value.astimezone(timezone(timedelta(hours=-5)))) == canonical
    for wrong in (NOON, NOON.replace(tzinfo=NamedZone("CST"))):
        with pytest.raises(ValueError, match="2024"):
            NEWS_TIME.write_text(wrong)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_moment_keeps_what_people_typed(text: str) -> None:
    """Whatever has no form comes back as the text that it is; an order must not change on its way."""
    value = MOMENT.read_text(text)
    assert isinstance(value, str) is not isinstance(value, date)
    if isinstance(value, str):
        assert value == text
        assert MOMENT.write_text(value) == text


def test_a_moment_may_be_a_text_that_has_a_form() -> None:
    """People need not make a datetime first; it is one when it is read."""
    assert MOMENT.write_text("20240131 12:30:00 US/Eastern") == "20240131 12:30:00 US/Eastern"
    assert MOMENT.read_text("20240131 12:30:00 US/Eastern") == NOON.replace(tzinfo=EASTERN)
    assert MOMENT.read_text("\udcfc") == "ü"
    for wrong in ("a\0b", None, 5):
        with pytest.raises(ValueError, match=r".*"):
            MOMENT.write_text(wrong)


@given(day=st.dates())
def test_every_day_of_the_calendar_comes_back(day: date) -> None:
    """The years before 1000 too."""
    assert read_day(DAY.write_text(day)) == day == DAY.read_text(DAY.write_text(day))


# --- zones -------------------------------------------------------------------------------------------------------


def test_a_zone_that_is_not_known_makes_a_datetime_naive() -> None:
    """The wall clock is known, the moment is not: no arithmetic pretends that it is."""
    value = NOON.replace(tzinfo=NamedZone("CST"))
    assert (value.utcoffset(), value.dst(), value.tzname()) == (None, None, "CST")
    with pytest.raises(TypeError):
        _ = value - NOON.replace(tzinfo=UTC)
    with pytest.raises(ValueError, match="CST"):
        NOON.replace(tzinfo=UTC).astimezone(NamedZone("CST"))


@given(when=st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31")))
def test_a_named_zone_is_the_zone_that_it_names(when: datetime) -> None:
    """Summer time and the hour that comes twice included; only the name is TWS's own."""
    named = NamedZone("Eastern Standard Time", EASTERN)
    moment = when.replace(tzinfo=UTC)
    here, there = moment.astimezone(named), moment.astimezone(EASTERN)
    assert here == there == moment
    assert (here.replace(tzinfo=None), here.fold) == (there.replace(tzinfo=None), there.fold)
    assert (here.utcoffset(), here.dst(), here.tzname()) == (there.utcoffset(), there.dst(), "Eastern Standard Time")


@pytest.mark.parametrize("zone", [NamedZone("CST"), NamedZone("GMT+01:00", timezone(timedelta(hours=1)))], ids=repr)
def test_a_named_zone_is_a_value(zone: NamedZone) -> None:
    """Compared, hashed, copied and pickled as one: messages hold it."""
    same = NamedZone(zone.name, zone.zone)
    for other in (same, copy.copy(zone), copy.deepcopy(zone), pickle.loads(pickle.dumps(zone))):  # noqa: S301 (ours)
        assert other == zone
        assert hash(other) == hash(zone)
    assert zone not in (NamedZone("other", zone.zone), NamedZone(zone.name, EASTERN), zone.name, zone.zone)
    assert repr(zone.name) in repr(zone)
    assert zone.utcoffset(None) == (None if zone.zone is None else timedelta(hours=1))
    assert zone.dst(None) is None


def test_seconds_of_the_epoch_are_utc() -> None:
    """The zone that remembers the form is UTC in every other way."""
    value = read_time("1706697000")
    assert isinstance(value, datetime)
    assert value == datetime.fromisoformat("2024-01-31T10:30:00+00:00")
    assert (value.utcoffset(), value.tzname()) == (timedelta(0), "UTC")
    assert zone_of("1706697000") is EPOCH_SECONDS
    assert zone_of("20240131-10:30:00") is UTC
    for copied in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 (our own)
        assert write_time(copied) == "1706697000"
    assert value.astimezone(EPOCH_SECONDS) == value
    assert write_time(value.replace(tzinfo=UTC)) == "20240131-10:30:00"


def test_a_name_of_a_zone_is_no_longer_than_names_are() -> None:
    """It is kept for the life of the process, and the peer has chosen it."""
    assert read_time("20240131 12:30:00 " + "Z" * 128).tzname() == "Z" * 128
    with pytest.raises(ValueError, match="20240131"):
        read_time("20240131 12:30:00 " + "Z" * 129)
    with pytest.raises(ValueError, match="2024"):
        write_time(datetime.fromisoformat("2024-01-31").replace(tzinfo=NamedZone("Z" * 129)))


# --- times of day that come twice, or never ----------------------------------------------------------------------

TWICE = "20251102 01:30:00 US/Eastern"
NEVER = "20260308 02:30:00 US/Eastern"


@pytest.mark.parametrize("name", ["US/Eastern", "EST", "Eastern Standard Time"])
def test_a_time_that_comes_twice_says_so(name: str) -> None:
    """Its zone does; as a moment it is the first, as Python has it, and equal to no other."""
    text = f"20251102 01:30:00 {name}"
    value = INSTANT.read_text(text)
    assert isinstance(value.tzinfo, UnclearZone)
    assert moments_of(value) == tuple(datetime(2025, 11, 2, hour, 30, tzinfo=UTC) for hour in (5, 6))
    assert value.astimezone(UTC) == moments_of(value)[0]
    assert value not in moments_of(value)
    assert (value.tzname(), value.replace(tzinfo=None)) == (name, datetime.fromisoformat("2025-11-02T01:30:00"))
    assert INSTANT.write_text(value) == text
    assert value == INSTANT.read_text(text)
    for copied in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 (ours)
        assert copied == value
        assert copied.tzinfo is value.tzinfo
    assert value.tzinfo != NamedZone(name, value.tzinfo.zone)
    assert "UnclearZone" in repr(value)


def test_a_time_that_never_comes_says_so() -> None:
    """No moment is that time, and none is made up."""
    value = INSTANT.read_text(NEVER)
    assert isinstance(value.tzinfo, UnclearZone)
    assert moments_of(value) == ()
    assert INSTANT.write_text(value) == NEVER


@pytest.mark.parametrize(
    "text",
    [
        "20251102 00:59:59 US/Eastern",
        "20251102 02:00:00 US/Eastern",
        "20260308 01:59:59 US/Eastern",
        "20260308 03:00:00 US/Eastern",
        "20251102 01:30:00 EDT",
        "20251102-01:30:00",
        "1762065000",
        "20251102 01:30:00 GMT-05:00",
    ],
)
def test_a_time_beside_that_is_clear(text: str) -> None:
    """The seconds around the hour, summer names, offsets, UTC."""
    value = INSTANT.read_text(text)
    assert not isinstance(value.tzinfo, UnclearZone)
    assert moments_of(value) == (value.astimezone(UTC),)


def test_what_has_no_known_zone_has_no_moment() -> None:
    """Nor what has none at all."""
    assert moments_of(INSTANT.read_text("20251102 01:30:00 CST")) == ()
    assert moments_of(INSTANT.read_text("20251102  01:30:00")) == ()


def walls(texts: str, zone: str = "US/Eastern") -> list[datetime | date]:
    """Give times of that night, as they are read."""
    return [
        read_time(f"{'20251102 ' if len(text) < 9 else ''}{text.replace('_', ' ')}:00 {zone}") for text in texts.split()
    ]


def hours(times: list[datetime | date]) -> list[str]:
    """Give for each time its moment, in UTC, or a question mark."""
    found = [moments_of(time) for time in times if isinstance(time, datetime)]
    return [f"{each[0]:%H:%M}" if len(each) == 1 else "?" for each in found]


@pytest.mark.parametrize(
    "texts, moments",
    [
        ("00:30 01:00 01:30 01:00 01:30 02:00", "04:30 05:00 05:30 06:00 06:30 07:00"),
        ("01:00 01:30 01:00", "05:00 05:30 06:00"),
        ("01:00 01:00", "05:00 06:00"),
        ("01:30 01:00", "05:30 06:00"),
        # Nothing says which hour this is: bars without a trade are left out.
        ("00:30 01:00 01:30 02:00", "04:30 ? ? 07:00"),
        ("01:30", "?"),
        # Turned back twice: that is no such list.
        ("01:30 01:00 01:30 01:00", "? ? ? ?"),
        ("20241103_01:30 01:15 01:00", "? 05:15 06:00"),
        # One that never comes decides nothing.
        ("20260308_02:30 20260308_02:00", "? ?"),
        ("", ""),
    ],
)
def test_the_order_decides_which_hour_it_is(texts: str, moments: str) -> None:
    """Where a list goes back, the clock was turned."""
    times = decided(walls(texts))
    assert hours(times) == moments.split()
    assert [str(time.tzinfo) for time in times if isinstance(time, datetime)].count("US/Eastern") == len(
        [moment for moment in moments.split() if moment != "?"]
    )
    assert decided(times) == times


def test_the_order_of_days_and_wall_clocks_decides_nothing() -> None:
    """They are no moments, and stay as they are."""
    times = [date(2025, 11, 2), date(2025, 11, 1), NOON, NOON, NOON.replace(tzinfo=UTC)]
    assert decided(times) == times
    assert [time.tzinfo for time in decided(walls("01:00 01:00", "EST")) if isinstance(time, datetime)] == [
        NamedZone("EST", ZoneInfo("America/New_York"))
    ] * 2


@pytest.mark.parametrize("version", [200, MAX_VERSION])
@pytest.mark.parametrize("most", [6, 700], ids=["closures", "compiled"])
def test_the_bars_of_the_night_are_in_order(version: int, most: int) -> None:
    """In both encodings, by both readers; the same bytes go out again."""
    clocks = [f"20251102 {hour:02}:{minute:02}:00 US/Eastern" for hour in (0, 1) for minute in (0, 20, 40)]
    clocks += clocks[3:6]
    clocks += [f"20251102 {2 + minute // 60:02}:{minute % 60:02}:00 US/Eastern" for minute in range(most)]
    bars = tuple(
        HistoricalDataBar(read_time(clock), 1.5, 2.5, 0.5, 1.5, Decimal(10), Decimal(1), 3) for clock in clocks
    )
    body = Codec(Side.TWS, version).encode(HistoricalData(7, bars=bars))
    codec = Codec(Side.CLIENT, version)
    # From the second one on, a long one is read by a compiled reader.
    for _ in range(3):
        heard = codec.decode(body)
        assert isinstance(heard, HistoricalData)
        moments = [moment for bar in heard.bars for moment in moments_of(bar.time)]
        assert len(moments) == len(bars)
        assert moments[:9] == [datetime(2025, 11, 2, 4, tzinfo=UTC) + timedelta(minutes=20 * step) for step in range(9)]
        assert moments == sorted(moments)
        assert Codec(Side.TWS, version).encode(heard) == body
        assert [bar.time for bar in heard.bars] == decided([bar.time for bar in bars])


def test_bars_of_half_a_year_are_in_order() -> None:
    """Where both ends of a list are in winter, or both in summer, the night between them is found all the same."""
    ends = ["20250930 12:00:00", "20251102 01:00:00", "20251102 01:00:00", "20260401 12:00:00"]
    bars = tuple(
        HistoricalDataBar(read_time(f"{clock} US/Eastern"), 1.5, 2.5, 0.5, 1.5, Decimal(10), Decimal(1), 3)
        for clock in ends
    )
    heard = Codec(Side.CLIENT, 200).decode(Codec(Side.TWS, 200).encode(HistoricalData(7, bars=bars)))
    assert isinstance(heard, HistoricalData)
    assert [len(moments_of(bar.time)) for bar in heard.bars] == [1, 1, 1, 1]
    single = Codec(Side.CLIENT, 200).decode(Codec(Side.TWS, 200).encode(HistoricalData(7, bars=bars[1:2])))
    assert isinstance(single, HistoricalData)
    assert len(moments_of(single.bars[0].time)) == 2


OF_ALL_SORTS = [
    "US/Eastern",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Tehran",
]


@given(
    when=st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2030-01-01")),
    zone=st.sampled_from(OF_ALL_SORTS),
)
def test_a_time_is_all_the_moments_at_which_the_clock_shows_it(when: datetime, zone: str) -> None:
    """Found by trying: whatever moment is converted to the zone, is among those of what the clock shows then."""
    moment = when.replace(microsecond=0, tzinfo=UTC)
    shown = moment.astimezone(ZoneInfo(zone))
    value = read_time(f"{shown:%Y%m%d %H:%M:%S} {zone}")
    assert isinstance(value, datetime)
    assert moment in moments_of(value)
    for each in moments_of(value):
        assert each.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == shown.replace(tzinfo=None, fold=0)
