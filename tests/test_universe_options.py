"""Classes of options: expirations that roll, strikes, numbers, and each option's own words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import Right
from anytws.simulator.universe.file import usual_catalogue
from anytws.simulator.universe.options import FIRST_ID, MOST_EXPIRATIONS, MOST_STRIKES, RULES

CLASSES = {each.name: each for each in usual_catalogue().option_classes}
AAPL, SPX, SPXW, ES, EW = (CLASSES[name] for name in ("AAPL", "SPX", "SPXW", "ES", "EW"))

RECORDED = [
    "20260928",
    "20260930",
    "20261002",
    "20261005",
    "20261007",
    "20261009",
    "20261012",
    "20261016",
    "20261023",
    "20261030",
    "20261106",
    "20261120",
    "20261218",
    "20270115",
    "20270219",
    "20270319",
    "20270416",
    "20270617",
    "20270917",
    "20271217",
    "20280121",
    "20280317",
    "20280616",
    "20281215",
    "20290119",
]


@pytest.mark.card("contracts.chain_rolls")
def test_the_rule_gives_the_chain_that_was_recorded() -> None:
    assert [f"{day:%Y%m%d}" for day in AAPL.expirations(date(2026, 9, 28))] == RECORDED
    assert len(AAPL.strikes) == 127
    assert (AAPL.strikes[0], AAPL.strikes[-1]) == (Decimal(5), Decimal(670))


def test_an_expiration_is_there_until_its_day_is_over() -> None:
    assert date(2026, 9, 30) in AAPL.expirations(date(2026, 9, 30))
    assert date(2026, 9, 30) not in AAPL.expirations(date(2026, 10, 1))


def test_a_class_that_an_action_left_has_no_new_ones() -> None:
    left = CLASSES["2AAPL"]
    assert left.expirations(date(2026, 10, 1)) == (date(2026, 10, 16),)
    assert left.expirations(date(2026, 10, 17)) == ()
    assert len(left.pattern.exchanges) == 20


def test_the_classes_of_an_index() -> None:
    today = date(2026, 10, 1)
    assert all(day.weekday() in (3, 4) and 14 <= day.day <= 21 for day in SPX.expirations(today))
    assert {date(2026, 10, day) for day in (1, 2, 5, 6, 7, 30)} <= {*SPXW.expirations(today)}


@pytest.mark.card("contracts.option")
def test_an_option_has_its_own_words() -> None:
    option = AAPL.option((date(2026, 10, 5), Decimal("342.5"), True))
    contract = option.contract
    assert (contract.contract_id, contract.local_symbol) == (926735346, "AAPL  261005C00342500")
    assert (contract.strike, contract.right, contract.multiplier) == (342.5, Right.CALL, Decimal(100))
    assert contract.last_trade_date_or_contract_month == "20261005"
    assert option.details.underlying_contract_id == option.underlying_id == 265598
    assert option.expires_at == datetime(2026, 10, 5, 20, tzinfo=UTC).timestamp()
    assert option.details.industry == "Technology"
    assert len(option.details.market_rule_ids) == 21
    assert (option.strike, option.is_call, option.nature.price) == (Decimal("342.5"), True, Decimal("342.5"))


def test_an_option_on_a_future_is_on_the_month_that_lives_longer() -> None:
    option = EW.option((date(2026, 11, 30), Decimal(6500), False))
    assert option.contract.local_symbol == "EWX6 P6500"
    assert (option.underlying_id, option.details.underlying_symbol) == (515416632, "ESZ6")
    assert ES.option((date(2027, 3, 19), Decimal(6500), True)).underlying_id == 649180684


def test_far_strikes_are_of_long_options_alone() -> None:
    assert AAPL.has(date(2026, 12, 18), Decimal(670))
    assert not AAPL.has(date(2026, 10, 23), Decimal(670))
    assert not AAPL.has(date(2026, 12, 18), Decimal(671))
    assert len(AAPL.strikes_of(date(2026, 10, 23))) < len(AAPL.strikes_of(date(2026, 12, 18))) == 127


def test_what_options_of_a_day_have_in_common_is_remembered_up_to_a_bound() -> None:
    for day in range(1, MOST_EXPIRATIONS + 20):
        AAPL.option((date.fromordinal(date(2026, 1, 1).toordinal() + day), Decimal(300), True))
        assert len(AAPL._of_day) <= MOST_EXPIRATIONS


@given(st.data())
def test_a_number_means_one_option(data: st.DataObject) -> None:
    option_class = CLASSES[data.draw(st.sampled_from(sorted(CLASSES)))]
    expiration = data.draw(st.dates(date(2010, 1, 4), date(2049, 1, 1)).filter(lambda day: day.weekday() < 5))
    strike = data.draw(st.sampled_from(option_class.strikes))
    key = expiration, strike, data.draw(st.booleans())
    number = option_class.id_of(key)
    assert number < 2**31
    assert option_class.key_of_id(number) == (key if option_class.has(expiration, strike) else None)
    assert all(other.key_of_id(number) is None for other in CLASSES.values() if other is not option_class)


def test_what_is_no_number_of_an_option_is_none() -> None:
    assert AAPL.key_of_id(FIRST_ID - 1) is None
    assert AAPL.key_of_id(265598) is None


@given(st.sampled_from(sorted(CLASSES)), st.dates(date(2010, 1, 4), date(2045, 1, 1)))
def test_expirations_are_days_on_which_options_are_traded(name: str, today: date) -> None:
    option_class = CLASSES[name]
    expirations = option_class.expirations(today)
    assert list(expirations) == sorted({*expirations})
    assert len(option_class.strikes) <= MOST_STRIKES
    if not option_class.fixed:
        assert expirations
        hours = option_class.pattern.hours
        assert all(day >= today and hours.of_day(day, liquid=False) for day in expirations)


def test_a_rule_without_new_expirations_gives_none() -> None:
    assert list(RULES["fixed"](date(2026, 1, 5), AAPL.pattern.hours)) == []
