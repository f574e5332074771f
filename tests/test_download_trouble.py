"""What is no trouble, what passes, what stays: by the texts of TWS, as they were recorded and told."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import DecodeError, RequestFailed, RequestTimedOut
from anytws.machines.download_trouble import STANDARD_RETRIES, Retries, nothing_there, passing
from anytws.messages import CurrentTimeRequest

SERVICE: Final = "Historical Market Data Service error message:"


def failed(code: int, message: Any, *, link_was_down: bool = False) -> RequestFailed:
    return RequestFailed(code, message, CurrentTimeRequest(), link_was_down)


@pytest.mark.parametrize(
    "text", ["HMDS query returned no data: ESM3@CME Trades", "Starting time must occur before ending time"]
)
def test_what_is_not_there_is_no_trouble(text: str) -> None:
    """With and without what TWS puts in front; under its own code alone."""
    assert text in (nothing_there(failed(162, SERVICE + text)) or "")
    assert passing(failed(162, SERVICE + text)) is None
    assert nothing_there(failed(321, SERVICE + text)) is None


@pytest.mark.parametrize(
    "code, text, is_of_all",
    [
        (162, "Historical data request pacing violation", True),
        (162, "Only 50 simultaneous API historical data requests allowed.", True),
        (162, "HMDS connection attempt failed. Connection will be re-attempted...", True),
        (162, "Query cancelled", True),
        (162, "query CANCELLED", True),
        (1100, "Connectivity between IBKR and Trader Workstation has been lost.", True),
    ],
)
def test_what_passes(code: int, text: str, is_of_all: bool) -> None:
    trouble = passing(failed(code, SERVICE + text if code == 162 else text))
    assert trouble is not None
    assert trouble.is_of_all is is_of_all
    assert trouble.why
    assert nothing_there(failed(code, text)) is None


@pytest.mark.parametrize(
    "code, text",
    [
        (
            162,
            "No market data permissions for NYSE STK. Requested market data requires additional subscription for API.",
        ),
        (162, "No historical market data for PLTR/STK@VALUE Last 0"),
        (162, "Trading TWS session is connected from a different IP address"),
        (162, "API historical data query cancelled: 17"),
        (162, "API scanner subscription cancelled: 17"),
        (162, "invalid step: 1"),
        (162, "Invalid time length"),
        (162, "Time length exceed max."),
        (162, ""),
        (165, "Historical Market Data Service query message:no items retrieved"),
        (200, "No security definition has been found for the request"),
        (366, "No historical data query found for ticker id:17"),
        (420, "Invalid Real-time Query:Historical data request pacing violation"),
        (2188, "Up-to-the-second historical data requires additional subscription for the API."),
        (10314, "End Date/Time: The date, time, or time-zone entered is invalid."),
    ],
)
def test_what_stays(code: int, text: str) -> None:
    error = failed(code, SERVICE + text if code == 162 else text)
    assert passing(error) is None
    assert nothing_there(error) is None


def test_other_errors() -> None:
    """A time-out may pass; what cannot be read will not be read the next time; a doubtful 200 is not believed."""
    request = CurrentTimeRequest()
    late = passing(RequestTimedOut(request, 60.0))
    assert late is not None
    assert not late.is_of_all
    unreadable = DecodeError("HistoricalData", "bars[0].time", "'x'", "a moment")
    assert passing(unreadable) is None
    assert nothing_there(unreadable) is None
    doubtful = passing(failed(200, "No security definition has been found for the request", link_was_down=True))
    assert doubtful is not None
    assert doubtful.is_of_all


@given(st.integers(1, 10**9), st.floats(15, 1e6), st.floats(0, 1e6))
def test_pauses_grow_up_to_the_longest(time: int, pause: float, longest: float) -> None:
    """And are never shorter than the first, which TWS takes the same request after."""
    retries = Retries(pause=pause, longest_pause=longest)
    assert pause <= retries.pause_before(time) <= max(longest, pause)
    assert retries.pause_before(time) <= retries.pause_before(time + 1)


def test_the_standard_outlasts_a_violation() -> None:
    """Sixty in ten minutes: so long may it take until TWS gives something again."""
    pauses = [STANDARD_RETRIES.pause_before(time) for time in range(1, STANDARD_RETRIES.most + 1)]
    assert pauses == [20, 40, 80, 160, 300]
    assert sum(pauses) >= 600


@pytest.mark.parametrize(
    "changes, kind, words",
    [
        ({"most": -1}, ValueError, "most is -1"),
        ({"most": 1.5}, TypeError, "most is 1.5"),
        ({"most_unanswered": -1}, ValueError, "most_unanswered is -1"),
        ({"pause": 14.9}, ValueError, "at least 15 s"),
        ({"pause": "x"}, TypeError, "pause is 'x'"),
        ({"longest_pause": -1}, ValueError, "longest_pause is -1"),
    ],
)
def test_what_is_no_policy_is_refused(changes: dict[str, Any], kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        Retries(**changes)
