"""What a verb takes for a contract, and what is asked for then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from anytws.client.contract_like import contract_of, contracts_in
from anytws.messages import (
    Contract,
    ContractData,
    ContractDetails,
    Execution,
    ExecutionDetails,
    ExecutionSide,
    LimitOrder,
    OpenOrder,
    OrderState,
    PortfolioValue,
    Position,
    Right,
    SecurityType,
    Stock,
)

HELD = Contract(265598, "AAPL", SecurityType.STOCK, strike=0.0, right=Right.ZERO, exchange="NASDAQ", currency="USD")
ASKED = Contract(265598, "AAPL", SecurityType.STOCK, exchange="SMART", currency="USD")
OPTION = Contract(7, "AAPL", SecurityType.OPTION, "20261218", 250.0, Right.CALL, Decimal(100), currency="USD")


def test_ones_own_contract_is_asked_for_as_it_is():
    assert contract_of(Stock("AAPL", "ARCA")) == Stock("AAPL", "ARCA")
    assert contract_of(Stock("AAPL", "")) == Stock("AAPL", "")


def test_what_was_resolved_is_asked_for_where_it_was_found():
    row = ContractData(1, ASKED, ContractDetails())
    assert contract_of(row) is row.contract


@pytest.mark.parametrize(
    "reported",
    [
        Position("DU1", HELD, Decimal(5), 100.0),
        PortfolioValue(HELD, Decimal(5)),
        OpenOrder(1, HELD, LimitOrder("BUY", 5, 100), OrderState()),
        ExecutionDetails(None, HELD, Execution("0001.1.01", ExecutionSide.BOUGHT)),
    ],
    ids=lambda reported: type(reported).__name__,
)
def test_what_is_held_or_was_traded_is_asked_for_as_it_can_be_traded(reported: Any):
    """A venue, strike 0.0 and the right 0 are how TWS reports it."""
    assert contract_of(reported) == ASKED


def test_an_id_without_an_exchange_is_routed():
    assert contract_of(OPTION).exchange == "SMART"


def test_where_a_future_is_traded_cannot_be_guessed():
    held = Position("DU1", Contract(11, "ES", SecurityType.FUTURE, "20261218"), Decimal(1), 1.0)
    with pytest.raises(ValueError, match="at which exchange 'ES' is traded"):
        contract_of(held)


@pytest.mark.parametrize("word", ["AAPL", None, 265598, LimitOrder("BUY", 5, 100)], ids=repr)
def test_what_names_no_contract_is_refused(word: object):
    with pytest.raises(TypeError, match="names no contract"):
        contract_of(cast("Any", word))


def test_verbs_for_many_take_any_run_of_them():
    assert contracts_in([ASKED, HELD]) == contracts_in(iter((ASKED, HELD))) == [ASKED, HELD]
    assert contracts_in(()) == []


@pytest.mark.parametrize("single", [Stock("AAPL"), "AAPL", 265598, None])
def test_a_single_one_is_refused_by_a_verb_for_many(single: object):
    """``watch(Stock("AAPL"))`` is what people write first."""
    with pytest.raises(
        TypeError, match=r"^contracts is .*, and has to be several of them, such as \[Stock\('AAPL'\)\]$"
    ):
        contracts_in(cast("Any", single))
