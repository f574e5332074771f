"""What a caller types, made a request for bars: what TWS would refuse is refused here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import LocalProtocolError
from anytws.machines.bar_requests import bar_size_of, bars_request, duration_text, kind_of, moment_asked
from anytws.messages import (
    BarSize,
    Contract,
    Crypto,
    FormatDate,
    HistoricalDataRequest,
    SecurityType,
    Stock,
    WhatToShow,
)

AAPL: Final = Stock("AAPL")
NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "duration, text",
    [
        ("2 D", "2 D"),
        (" 2 d ", "2 D"),
        ("30 S", "30 S"),
        ("86400 S", "86400 S"),
        ("365 D", "365 D"),
        ("52 W", "52 W"),
        ("12M", "12 M"),
        ("5 Y", "5 Y"),
        (timedelta(days=1), "1 D"),
        (timedelta(days=365), "365 D"),
        (timedelta(weeks=1), "7 D"),
        (timedelta(hours=2), "7200 S"),
        (timedelta(seconds=30), "30 S"),
    ],
)
def test_durations_that_tws_takes(duration: str | timedelta, text: str) -> None:
    """In TWS's own form, or as a length of time."""
    assert duration_text(duration) == text


@pytest.mark.parametrize(
    "duration, says",
    [
        ("", "a number, a blank and S, D, W, M or Y"),
        ("two days", "a number, a blank and S, D, W, M or Y"),
        ("2", "a number, a blank and S, D, W, M or Y"),
        ("2 H", "a number, a blank and S, D, W, M or Y"),
        ("-2 D", "a number, a blank and S, D, W, M or Y"),
        ("\u0662 D", "a number, a blank and S, D, W, M or Y"),
        ("0 D", "at least '1 D'"),
        ("29 S", "at least '30 S'"),
        ("86401 S", "at most 86400 seconds; say it in days"),
        ("366 D", "at most 365 days; say it in years"),
        ("53 W", "at most 52 weeks; say it in years"),
        ("13 M", "at most 12 months; say it in years"),
        (timedelta(0), "whole days, or at least 30 whole seconds"),
        (timedelta(seconds=29), "whole days, or at least 30 whole seconds"),
        (timedelta(seconds=30.5), "whole days, or at least 30 whole seconds"),
        (timedelta(days=1, hours=1), "for months and years write '6 M', '2 Y'"),
        (timedelta(days=-1), "whole days, or at least 30 whole seconds"),
        (timedelta(days=366), "at most 365 days; say it in years"),
    ],
)
def test_durations_that_tws_refuses(duration: str | timedelta, says: str) -> None:
    """The sentence says what to write instead."""
    with pytest.raises(ValueError, match=r"^duration is ") as caught:
        duration_text(duration)
    assert says in str(caught.value)


def test_a_duration_is_no_number() -> None:
    """Of a bare number nobody knows what it counts."""
    with pytest.raises(TypeError, match="duration is 2, and has to be a text, such as '2 D'"):
        duration_text(2)  # type: ignore[arg-type]


@given(count=st.integers(0, 10**6 - 1), unit=st.sampled_from("SDWMY"))
def test_every_count_is_taken_or_refused_as_tws_does(count: int, unit: str) -> None:
    """The limits of each unit, and none besides."""
    least, most = {"S": (30, 86_400), "D": (1, 365), "W": (1, 52), "M": (1, 12), "Y": (1, 10**6)}[unit]
    if least <= count <= most:
        assert duration_text(f"{count} {unit}") == f"{count} {unit}"
    else:
        with pytest.raises(ValueError, match="duration is"):
            duration_text(f"{count} {unit}")


def test_sizes_of_bars() -> None:
    """The word of TWS in any case, the member, and the two short names that TWS lists."""
    for size in BarSize:
        assert bar_size_of(size) is bar_size_of(size.value) is bar_size_of(size.value.upper()) is size
    assert bar_size_of("1W") is BarSize.WEEK_1
    assert bar_size_of("1M") is BarSize.MONTH_1
    assert bar_size_of(" 1  min ") is BarSize.MINUTE_1


@pytest.mark.parametrize(
    "size, says",
    [
        ("1 sec", "no size of bars: probably '1 secs' is meant"),
        ("1 mins", "no size of bars: probably '1 min' is meant"),
        ("1 hours", "no size of bars: probably '1 hour' is meant"),
        ("1m", "one of"),
    ],
)
def test_sizes_that_are_none(size: str, says: str) -> None:
    """TWS refuses these, and so do we, with what was meant; ``1m`` could be a minute or a month."""
    with pytest.raises(ValueError, match=r"^bar_size is ") as caught:
        bar_size_of(size)
    assert says in str(caught.value)


def test_what_to_show() -> None:
    """A word in any case, or the member; one that nobody knows is the encoder's matter."""
    assert kind_of("midpoint") is kind_of(WhatToShow.MIDPOINT) is WhatToShow.MIDPOINT
    assert kind_of("aggtrades") is WhatToShow.AGGREGATED_TRADES
    assert kind_of("Something") == "Something"
    with pytest.raises(TypeError, match="what_to_show is None"):
        kind_of(None)  # type: ignore[arg-type]


def test_moments() -> None:
    """Aware, to the second, in UTC; whatever else it is, the sentence says what to give."""
    assert moment_asked("end", None) is None
    there = datetime(2026, 3, 2, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert moment_asked("end", there) == NOON
    with pytest.raises(ValueError, match=r"end is .*, which says no time zone, so it is no moment: give it one"):
        moment_asked("end", datetime.fromisoformat("2026-03-02"))
    with pytest.raises(TypeError, match=r"start is .*, and has to be a datetime"):
        moment_asked("start", date(2026, 3, 2))  # type: ignore[arg-type]


FIRST: Final = datetime.fromisoformat("1980-01-01")


@given(when=st.datetimes(FIRST, timezones=st.just(ZoneInfo("US/Eastern"))))
def test_a_moment_is_the_same_one_in_utc(when: datetime) -> None:
    """The nights in which clocks are turned, too: both of the hours that come twice are told apart."""
    asked = moment_asked("end", when)
    assert asked is not None
    assert timedelta(0) <= when.astimezone(UTC) - asked < timedelta(seconds=1)


def test_the_request() -> None:
    """Everything has its place, and times are asked for in seconds."""
    asked = bars_request(AAPL, "1 M", "1 hour", "BID", end=NOON, regular_hours=False)
    assert asked == HistoricalDataRequest(
        AAPL, "1 M", BarSize.HOUR_1, WhatToShow.BID, NOON, use_rth=False, format_date=FormatDate.EPOCH_SECONDS
    )
    assert bars_request(AAPL, "1 D", "1 min", "TRADES", keep_up_to_date=True).keep_up_to_date


COMBO: Final = Contract(symbol="SPREAD", security_type=SecurityType.COMBO, exchange="SMART", currency="USD")
CONTINUOUS: Final = Contract(symbol="ES", security_type=SecurityType.CONTINUOUS_FUTURE, exchange="CME")


@pytest.mark.parametrize(
    "contract, size, what, options, field",
    [
        (AAPL, "1 day", "SCHEDULE", {}, "what_to_show"),
        (AAPL, "1 day", "ADJUSTED_LAST", {"end": NOON}, "end_date_time"),
        (AAPL, "1 week", "ADJUSTED_LAST", {}, "bar_size_setting"),
        (Crypto("BTC"), "1 day", "TRADES", {}, "what_to_show"),
        (CONTINUOUS, "1 day", "TRADES", {"end": NOON}, "end_date_time"),
        (AAPL, "1 min", "BID_ASK", {"keep_up_to_date": True}, "what_to_show"),
        (AAPL, "1 min", "ADJUSTED_LAST", {"keep_up_to_date": True}, "what_to_show"),
        (COMBO, "1 min", "TRADES", {"keep_up_to_date": True}, "contract"),
        (AAPL, "1 secs", "TRADES", {"keep_up_to_date": True}, "bar_size_setting"),
    ],
)
def test_what_does_not_go_together(
    contract: Contract, size: str, what: str, options: dict[str, Any], field: str
) -> None:
    """TWS would refuse it, and the field that does not fit is named."""
    with pytest.raises(LocalProtocolError) as caught:
        bars_request(contract, "1 D", size, what, **options)
    assert (caught.value.message, caught.value.field) == ("HistoricalDataRequest", field)


def test_what_does_go_together() -> None:
    """Nothing is refused that TWS takes."""
    bars_request(AAPL, "1 Y", "1 day", "ADJUSTED_LAST")
    bars_request(Crypto("BTC"), "1 D", "1 min", "AGGTRADES", end=NOON)
    bars_request(CONTINUOUS, "1 D", "1 min", "TRADES", keep_up_to_date=True)
    bars_request(COMBO, "1 D", "1 min", "MIDPOINT", end=NOON)


def test_a_flag_is_a_flag() -> None:
    """A word that is true by being there could be ``"no"``."""
    with pytest.raises(TypeError, match="regular_hours is 'no', and has to be True or False"):
        bars_request(AAPL, "1 D", "1 min", "TRADES", regular_hours="no")  # type: ignore[arg-type]
