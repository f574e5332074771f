"""What executions cost: as recorded where it was, in round numbers elsewhere; and pieces cost what the whole costs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.exchange.commissions import (
    ABROAD,
    BOND,
    CRYPTO,
    FOREX,
    MICRO_FUTURE,
    NOTHING,
    US_FUTURE,
    US_OPTION,
    US_STOCK,
    Tariff,
    tariff_of,
)
from anytws.simulator.universe.universe import usual_universe

NONE_BEFORE = (Decimal(0), Decimal(0))
TARIFFS = (US_STOCK, US_OPTION, US_FUTURE, MICRO_FUTURE, FOREX, CRYPTO, BOND, ABROAD, NOTHING)


def cost(tariff: Tariff, shares: str, price: str, *, is_sale: bool = False) -> Decimal:
    """Give what an order costs that is filled at once."""
    value = Decimal(shares) * Decimal(price)
    return tariff.of(before=NONE_BEFORE, shares=Decimal(shares), value=value, is_sale=is_sale)


@pytest.mark.card("orders.commission_us_stock")
@pytest.mark.parametrize(
    "shares, price, is_sale, costs",
    [
        ("1", "309.16", False, "1.000003"),
        ("1", "309.15", True, "1.006566"),
        ("1000", "50", False, "5.003"),
        ("10", "0.5", False, "0.05003"),
    ],
)
def test_a_us_stock(shares: str, price: str, is_sale: bool, costs: str):
    assert cost(US_STOCK, shares, price, is_sale=is_sale) == Decimal(costs)


@pytest.mark.card("orders.commission_others")
@pytest.mark.parametrize(
    "symbol, tariff",
    [
        ("AAPL", US_STOCK),
        ("EUR.USD", FOREX),
        ("ES", US_FUTURE),
        ("MES", MICRO_FUTURE),
        ("BTC", CRYPTO),
        ("BMW", ABROAD),
    ],
)
def test_each_kind_has_its_tariff(symbol: str, tariff: Tariff):
    assert tariff_of(usual_universe().by_symbol(symbol)) is tariff


@pytest.mark.card("orders.commission_others")
def test_options_and_micro_futures_cost_what_was_recorded():
    assert cost(US_OPTION, "1", "250") == Decimal("0.7673")
    assert cost(MICRO_FUTURE, "1", "33000") == Decimal("0.62")
    assert cost(FOREX, "20000", "1.1") == Decimal(2)
    assert cost(NOTHING, "20000", "1.1") == 0


@given(
    st.sampled_from(TARIFFS),
    st.lists(st.tuples(st.integers(1, 1000), st.decimals("0.01", 1000, places=2)), min_size=1, max_size=5),
    st.booleans(),
)
def test_pieces_cost_together_what_the_whole_costs(tariff: Tariff, pieces: list[tuple[int, Decimal]], is_sale: bool):
    shares, value, paid = Decimal(0), Decimal(0), Decimal(0)
    for size, price in pieces:
        paid += tariff.of(before=(shares, value), shares=Decimal(size), value=size * price, is_sale=is_sale)
        shares, value = shares + size, value + size * price
    whole = tariff.of(before=NONE_BEFORE, shares=shares, value=value, is_sale=is_sale)
    assert abs(paid - whole) <= Decimal("0.000001") * len(pieces)
    assert whole >= 0
