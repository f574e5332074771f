"""What an instrument is: its steps, its units, what may be ordered."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import Contract, SecurityType
from anytws.simulator.universe.instrument import PriceStep
from anytws.simulator.universe.universe import usual_universe

UNIVERSE = usual_universe()
BMW, APPLE, PENCE = (UNIVERSE.by_symbol(symbol) for symbol in ("BMW", "AAPL", "IQE"))


@pytest.mark.parametrize(
    "price, step",
    [("0", "0.0001"), ("0.4999", "0.0001"), ("0.5", "0.0002"), ("55.7", "0.02"), ("-55.7", "0.02"), ("60000", "20")],
)
def test_the_step_depends_on_the_price(price: str, step: str) -> None:
    assert BMW.step_at(Decimal(price)) == Decimal(step)


@pytest.mark.card("contracts.legal_price")
@pytest.mark.parametrize(
    "price, is_legal", [("55.70", True), ("55.71", False), ("-55.70", True), ("0.4999", True), ("0.5001", False)]
)
def test_an_order_has_a_price_on_a_step(price: str, is_legal: bool) -> None:
    assert BMW.is_legal_price(Decimal(price)) is is_legal


@given(st.integers(1, 10**6), st.sampled_from(UNIVERSE.instruments))
def test_a_number_of_steps_is_a_legal_price(count: int, instrument: object) -> None:
    assert isinstance(instrument, type(BMW))
    price = (
        instrument.nature.price
        // instrument.step_at(instrument.nature.price)
        * instrument.step_at(instrument.nature.price)
    )
    assert instrument.is_legal_price(price)
    assert instrument.price_of(count) == instrument.tick * count
    assert instrument.size_of(count) == instrument.size_unit * count


def test_pence_are_hundredths_of_a_pound() -> None:
    assert (PENCE.details.price_magnifier, PENCE.multiplier, PENCE.currency) == (100, Decimal("0.01"), "GBP")


def test_a_round_lot_is_what_tws_proposes() -> None:
    assert [UNIVERSE.by_symbol(symbol).lot for symbol in ("AAPL", "NVDA", "7203", "BTC")] == [40, 100, 100, 100000]


def test_on_a_direct_exchange_less_may_be_ordered() -> None:
    smart, nasdaq, arca = (APPLE.order_types_on(name) for name in ("SMART", "NASDAQ", "ARCA"))
    assert "SWEEP" in smart
    assert "SWEEP" not in {*nasdaq, *arca}
    assert "REL" in arca
    assert "REL" not in nasdaq
    assert BMW.order_types_on("IBIS") == BMW.details.order_types


def test_some_exchanges_have_hours_of_their_own() -> None:
    assert APPLE.hours_on("SMART") is APPLE.hours_on("ARCA") is APPLE.hours
    assert [APPLE.hours_on(name).name for name in ("AMEX", "OVERNIGHT")] == ["us_stock_amex", "us_stock_overnight"]


def test_what_has_no_end_is_never_over() -> None:
    assert not APPLE.is_over(2**40)


def test_two_instruments_are_never_equal() -> None:
    assert attrs.evolve(APPLE) != APPLE
    assert APPLE.contract_id == 265598
    assert APPLE.security_type is SecurityType.STOCK


def test_an_instrument_without_a_type_is_none() -> None:
    with pytest.raises(ValueError, match="security type"):
        assert attrs.evolve(APPLE, contract=Contract(symbol="X")).security_type


def test_one_step_is_for_all_prices() -> None:
    assert APPLE.steps == (PriceStep(Decimal(0), Decimal("0.01")),)
