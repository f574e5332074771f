"""Families of futures: their months, their last trade dates, their numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.universe.file import usual_catalogue
from anytws.simulator.universe.futures import FIRST_ID, LAST_TRADES

FAMILIES = {family.symbol: family for family in usual_catalogue().families}
ES, CL, NG = FAMILIES["ES"], FAMILIES["CL"], FAMILIES["NG"]


@pytest.mark.parametrize("symbol", FAMILIES)
def test_the_rule_gives_the_dates_that_are_known(symbol: str) -> None:
    family = FAMILIES[symbol]
    assert {month: family.last_trade(*month) for month in family.known} == {
        month: known.last_day for month, known in family.known.items()
    }


def test_a_month_is_named_by_its_letter_and_its_year() -> None:
    assert [ES.local_symbol(2026, 12), ES.local_symbol(2030, 3), NG.local_symbol(2027, 9)] == ["ESZ6", "ESH0", "NGU27"]


@pytest.mark.card("contracts.futures")
def test_a_month_has_its_own_words() -> None:
    future = ES.instrument(2026, 12)
    assert future.contract.contract_id == 515416632
    assert future.contract.last_trade_date_or_contract_month == "20261218"
    assert (future.details.contract_month, future.details.real_expiration_date) == ("202612", "20261218")
    assert future.underlying_id == 11004968
    assert future.multiplier == 50
    assert future.expires_at is not None
    assert future.expires_at == datetime(2026, 12, 18, 14, 30, tzinfo=UTC).timestamp()
    assert future.is_over(future.expires_at)
    assert not future.is_over(future.expires_at - 1)


def test_the_last_day_of_crude_oil_is_in_the_month_before() -> None:
    # Recorded: Christmas Eve is a business day, and Christmas none.
    assert CL.last_day(2027, 1) == date(2026, 12, 21)
    assert CL.front(date(2026, 12, 22)) == (2027, 2)


@given(st.sampled_from(sorted(FAMILIES)), st.integers(2000, 2079), st.integers(1, 12))
def test_a_number_means_one_month(symbol: str, year: int, month: int) -> None:
    family = FAMILIES[symbol]
    number = family.id_of(year, month)
    expected = (year, month) if month in family.months else None
    assert family.month_of_id(number) == expected
    assert all(other.month_of_id(number) is None for other in FAMILIES.values() if other is not family)


def test_what_is_no_number_of_a_month_is_none() -> None:
    assert ES.month_of_id(265598) is None
    # December 2026 has a number of its own.
    assert ES.month_of_id(FIRST_ID + 26 * 12 + 11) is None


@given(st.sampled_from(sorted(FAMILIES)), st.dates(date(2005, 1, 1), date(2060, 12, 31)))
def test_listed_months_are_those_that_are_not_over(symbol: str, today: date) -> None:
    family = FAMILIES[symbol]
    months = family.months_listed(today)
    assert len(months) == family.listed
    assert months == sorted(months)
    assert months[0] == family.front(today)
    assert all(family.last_day(*month) >= today for month in months)
    with_expired = family.months_listed(today, with_expired=True)
    assert with_expired == sorted(with_expired)
    assert with_expired[-len(months) :] == months
    assert family.last_day(*with_expired[-len(months) - 1]) < today


@given(st.sampled_from(sorted(LAST_TRADES)), st.integers(1990, 2080), st.integers(1, 12))
def test_a_last_day_is_a_weekday_around_its_month(rule: str, year: int, month: int) -> None:
    day = LAST_TRADES[rule](year, month)
    assert day.weekday() < 5
    assert abs((day - date(year, month, 15)).days) < 40
