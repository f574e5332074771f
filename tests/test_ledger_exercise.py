"""What becomes of options that are exercised or assigned, and of what has its last day."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws.messages import Contract, Right, SecurityType
from anytws.simulator.ledger.exercise import exercise, in_the_money
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.universe import usual_universe
from tests.ledger_prices import NOON, Prices, accounts_with, execution, instrument

AAPL, SPX = instrument("AAPL"), instrument("SPX", SecurityType.INDEX)
START = Decimal(100_000)


def option(symbol: str, right: Right) -> Instrument:
    """Give some option of *symbol*. With its strike said: to look through all of them takes two seconds."""
    underlying = AAPL if symbol == "AAPL" else SPX
    strike = float(usual_universe().chain(underlying.contract_id)[0].strikes[0])
    asked = Contract(0, symbol, SecurityType.OPTION, strike=strike, right=right, exchange="SMART", currency="USD")
    return usual_universe().find(asked)[0].instrument


CALL, PUT, CASH_PUT = option("AAPL", Right.CALL), option("AAPL", Right.PUT), option("SPX", Right.PUT)


@pytest.fixture
def prices() -> Prices:
    return Prices()


@pytest.mark.card("accounts.exercise")
@pytest.mark.parametrize("what, sign", [(CALL, 1), (PUT, -1)], ids=["call", "put"])
@pytest.mark.parametrize("held", [3, -3], ids=["exercised", "assigned"])
def test_stock_comes_or_goes_at_the_strike(prices: Prices, what: Instrument, sign: int, held: int) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", what, held, "2.5", commission="2"))
    way = 1 if held > 0 else -1
    booked = accounts.exercise("DU1", what, Decimal(2 * way), NOON)
    assert len(booked) == 2
    assert accounts.position("DU1", what.contract_id) == way
    shares = 200 * way * sign
    assert accounts.position("DU1", AAPL.contract_id) == shares
    assert accounts.average_cost("DU1", AAPL.contract_id) == what.strike
    assert accounts.cash("DU1", "USD") == START - 250 * held - 2 - shares * (what.strike or 0)


def test_an_index_is_settled_in_cash(prices: Prices) -> None:
    accounts = accounts_with(prices)
    strike = CASH_PUT.strike or Decimal(0)
    prices.put(SPX, strike - 10)
    accounts.set_position("DU1", CASH_PUT, Decimal(1), Decimal(0))
    accounts.exercise("DU1", CASH_PUT, Decimal(1), NOON)
    assert accounts.position("DU1", CASH_PUT.contract_id) == 0
    assert accounts.cash("DU1", "USD") == START + 1000


def test_no_more_is_exercised_than_is_held(prices: Prices) -> None:
    accounts = accounts_with(prices)
    assert accounts.exercise("DU1", CALL, Decimal(1), NOON) == ()
    accounts.set_position("DU1", CALL, Decimal(1), Decimal(0))
    for contracts in (Decimal(2), Decimal(-1), Decimal(0)):
        with pytest.raises(ValueError, match="and not"):
            exercise(accounts, "DU1", CALL, contracts, NOON, "x")
    accounts.exercise("DU1", CALL, Decimal(2), NOON)
    assert accounts.position("DU1", AAPL.contract_id) == 100
    with pytest.raises(ValueError, match="no option"):
        exercise(accounts, "DU1", AAPL, Decimal(1), NOON, "x")


def test_on_the_last_day_what_is_in_the_money_is_exercised_and_the_rest_is_worth_nothing(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.set_position("DU1", CALL, Decimal(1), Decimal(200))
    accounts.set_position("DU1", PUT, Decimal(-1), Decimal(200))
    prices.put(AAPL, max(CALL.strike or 0, PUT.strike or 0) + 1)
    for what in (CALL, PUT, AAPL, CALL):
        accounts.expire("DU1", what, NOON) if what is not AAPL else None
    assert accounts.position("DU1", CALL.contract_id) == accounts.position("DU1", PUT.contract_id) == 0
    assert accounts.position("DU1", AAPL.contract_id) == 100
    put = accounts.valued_one("DU1", PUT.contract_id, NOON)
    assert put is not None
    assert put.realized == 200


def test_a_future_ends_at_its_price(prices: Prices) -> None:
    accounts = accounts_with(prices)
    future = usual_universe().by_symbol("MES")
    accounts.book(execution("a.01", future, 2, "7000"))
    prices.put(future, "7005")
    accounts.expire("DU1", future, NOON)
    assert accounts.position("DU1", future.contract_id) == 0
    assert accounts.statement(("DU1",), NOON).net_liquidation == START + 50


def test_how_far_it_is_in_the_money() -> None:
    assert CALL.strike is not None
    assert in_the_money(CALL, CALL.strike + 5) == 5
    assert in_the_money(CALL, CALL.strike - 5) == 0
    assert PUT.strike is not None
    assert in_the_money(PUT, PUT.strike - 5) == 5


def test_a_short_option_binds_a_part_of_its_underlying(prices: Prices) -> None:
    accounts = accounts_with(prices)
    prices.put(AAPL, CALL.strike or 0)
    prices.put(CALL, "3")
    told = accounts.margin("DU1", NOON, CALL, Decimal(-1), Decimal(3))
    assert told.initial_after == 20 * (CALL.strike or 0)
    prices.put(AAPL, (CALL.strike or 0) / 2)
    # Far out of the money: a tenth of what it is worth is the least.
    assert accounts.margin("DU1", NOON, CALL, Decimal(-1), Decimal(3)).initial_after == 5 * (CALL.strike or 0)
    # What is paid in full binds what it is worth.
    assert accounts.margin("DU1", NOON, CALL, Decimal(2), Decimal(3)).initial_after == 600
