"""Which errors of TWS mean that there is nothing."""

from __future__ import annotations

from typing import Final

import pytest

from anytws import RequestFailed
from anytws.machines.no_data import NO_DATA_TEXTS, no_data_text

SAYS: Final = "Historical Market Data Service error message:"


def failed(code: int, text: str) -> RequestFailed:
    """What is raised where TWS has said that."""
    return RequestFailed(code, text, None)


@pytest.mark.parametrize(
    "text", ["HMDS query returned no data: EUR.USD@IDEALPRO Ask", "HMDS query returned no data: ESM3@CME Trades"]
)
def test_the_known_words_mean_nothing(text: str) -> None:
    """As recorded, and without the service's name in front."""
    assert no_data_text(failed(162, SAYS + text)) == text
    assert no_data_text(failed(162, text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "No historical market data for PLTR/STK@VALUE Last 0",
        "No market data permissions for ISLAND STK",
        "Historical data request pacing violation",
        "Trading TWS session is connected from a different IP address",
        "API historical data query cancelled: 7",
        "API scanner subscription cancelled: 7",
        "invalid step: 1",
        "Time length exceed max.",
        "Starting time must occur before ending time",
        "Query cancelled",
        "HMDS connection attempt failed. Connection will be re-attempted...",
        "Somebody says that HMDS query returned no data",
        "",
    ],
)
def test_all_other_words_are_failures(text: str) -> None:
    """Whatever the code 162 says of permissions, pacing and cancels, and whatever nobody knows yet."""
    assert no_data_text(failed(162, SAYS + text)) is None


@pytest.mark.parametrize("code", [165, 321, 366, 420, 10187])
def test_under_another_code_they_mean_nothing_of_the_sort(code: int) -> None:
    """The words are those of one code."""
    assert no_data_text(failed(code, SAYS + NO_DATA_TEXTS[0])) is None


def test_a_text_that_could_not_be_read_is_a_failure() -> None:
    """It is None then, whatever its type promises."""
    assert no_data_text(failed(162, None)) is None  # type: ignore[arg-type]
