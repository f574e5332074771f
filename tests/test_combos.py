"""Combinations: an instrument for legs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from anytws.messages import ComboLeg, Contract, SecurityType
from anytws.messages.contract import Action
from anytws.simulator.universe.combos import combo_id
from anytws.simulator.universe.finding import NO_EXCHANGE, NO_LEGS, NO_SUCH_EXCHANGE, UNKNOWN, Match, Trouble
from anytws.simulator.universe.universe import usual_universe

UNIVERSE = usual_universe()
TODAY = date(2026, 10, 2)
NEAR, FAR = (
    UNIVERSE.catalogue.option_classes[0].id_of((date(2026, 12, 18), Decimal(strike), True)) for strike in (300, 320)
)
SPREAD = (ComboLeg(NEAR, 1, Action.BUY, "SMART"), ComboLeg(FAR, 2, Action.SELL, "SMART"))


def combo(*legs: ComboLeg, exchange: str = "SMART", currency: str = "USD", symbol: str = "AAPL") -> Contract:
    return Contract(
        symbol=symbol, security_type=SecurityType.COMBO, exchange=exchange, currency=currency, combo_legs=legs
    )


@pytest.mark.card("contracts.combo")
def test_a_combination_is_one_instrument_with_the_id_of_all_of_its_currency() -> None:
    match = UNIVERSE.the_one(combo(*SPREAD), TODAY)
    assert isinstance(match, Match)
    bag = match.instrument
    assert bag.contract_id == 28812380
    assert [(leg.instrument.contract_id, leg.ratio, leg.exchange) for leg in bag.legs] == [
        (NEAR, 1, "SMART"),
        (FAR, -2, "SMART"),
    ]
    assert (bag.tick, bag.multiplier, bag.contract.trading_class) == (Decimal("0.01"), Decimal(100), "COMB")
    assert bag.last_day == date(2026, 12, 18)
    assert bag.expires_at == bag.legs[0].instrument.expires_at
    again = UNIVERSE.the_one(combo(*SPREAD), TODAY)
    assert isinstance(again, Match)
    assert again.instrument is bag


def test_it_is_over_with_its_first_leg() -> None:
    assert UNIVERSE.the_one(combo(*SPREAD), date(2026, 12, 19)) == UNKNOWN


def test_futures_keep_their_step() -> None:
    legs = (ComboLeg(515416632, 1, Action.BUY, "CME"), ComboLeg(649180684, 1, Action.SELL, "CME"))
    match = UNIVERSE.the_one(combo(*legs, exchange="CME", symbol=""), TODAY)
    assert isinstance(match, Match)
    assert (match.instrument.tick, match.instrument.contract.symbol) == (Decimal("0.25"), "ES")


@pytest.mark.parametrize(
    "contract, trouble",
    [
        (combo(), NO_LEGS),
        (combo(*SPREAD, exchange=""), NO_EXCHANGE),
        (combo(*SPREAD, exchange="NOWHERE"), NO_SUCH_EXCHANGE),
        (combo(SPREAD[0], ComboLeg(1, 1)), Trouble(321, "The combo details for leg '1' are invalid.")),
        (combo(ComboLeg(NEAR, 0), SPREAD[1]), Trouble(321, "The combo details for leg '0' are invalid.")),
        (combo(ComboLeg(NEAR, 1, Action.BUY, "CME")), Trouble(321, "The combo details for leg '0' are invalid.")),
        (combo(*SPREAD, currency="EUR"), Trouble(321, "The combo details are invalid.")),
        (combo(SPREAD[0], ComboLeg(14094, 1)), Trouble(321, "The combo details are invalid.")),
    ],
)
def test_what_is_no_combination_is_refused(contract: Contract, trouble: Trouble) -> None:
    assert UNIVERSE.the_one(contract, TODAY) == trouble


def test_every_currency_has_its_number() -> None:
    numbers = [combo_id(currency) for currency in ("USD", "EUR", "GBP", "XXX")]
    assert len({*numbers}) == 4
