"""What one currency is worth in another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws.messages import SecurityType
from anytws.simulator.ledger.rates import INVENTED, Rates
from anytws.simulator.universe.universe import usual_universe
from tests.ledger_prices import NOON, Prices, accounts_with, instrument

EUR = instrument("EUR", SecurityType.FOREX, currency="USD")
YEN = instrument("USD", SecurityType.FOREX, currency="JPY")


@pytest.fixture
def prices() -> Prices:
    return Prices()


@pytest.fixture
def rates(prices: Prices) -> Rates:
    return Rates(usual_universe(), prices)  # type: ignore[arg-type]


@pytest.mark.card("accounts.rates")
def test_rates_are_those_of_the_forex_market(prices: Prices, rates: Rates) -> None:
    prices.put(EUR, "1.125")
    prices.put(YEN, "160")
    assert rates.rate("USD", "USD", NOON) == 1
    assert rates.rate("EUR", "USD", NOON) == Decimal("1.125")
    assert rates.rate("USD", "EUR", NOON) == Decimal("0.8888889")
    assert rates.rate("JPY", "USD", NOON) == Decimal("0.00625")
    # By way of the dollar.
    assert rates.rate("EUR", "JPY", NOON) == 180
    assert rates.pair("EUR", "USD") is rates.pair("USD", "EUR") is EUR
    assert rates.pair("EUR", "JPY") is None


def test_without_an_instrument_they_are_invented(rates: Rates) -> None:
    assert rates.rate("HKD", "USD", NOON) == INVENTED["HKD"]
    assert rates.rate("USD", "HKD", NOON) == Decimal("7.8125")


def test_what_nobody_knows_is_an_error(rates: Rates) -> None:
    assert not rates.knows("XXX")
    assert rates.knows("USD")
    assert rates.knows("HKD")
    with pytest.raises(LookupError, match="XXX"):
        rates.rate("XXX", "USD", NOON)


def test_an_account_may_be_kept_in_any_of_them(prices: Prices) -> None:
    for base in ("EUR", "JPY", "HKD"):
        accounts = accounts_with(prices, base_currency=base)
        accounts.set_cash("DU1", "GBP", Decimal(100))
        told = accounts.statement(("DU1",), NOON)
        assert {block.currency: block.rate for block in told.blocks}[base] == 1
        assert told.net_liquidation == 100_000 + 100 * accounts.rate("GBP", NOON)
