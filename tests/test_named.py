"""What TWS is asked for, of what people have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import attrs
import pytest

from anytws.client.named import known_underlying, question_of
from anytws.messages import (
    BondContractData,
    CompletedOrder,
    Contract,
    ContractData,
    ContractDescription,
    ContractDetails,
    Execution,
    ExecutionDetails,
    ExecutionSide,
    Future,
    LimitOrder,
    OpenOrder,
    OrderState,
    PortfolioValue,
    Position,
    PositionMulti,
    Right,
    SecurityType,
    Stock,
)

HELD: Final = Contract(
    265598,
    "AAPL",
    SecurityType.STOCK,
    strike=0.0,
    right=Right.ZERO,
    exchange="ISLAND",
    currency="USD",
    local_symbol="AAPL",
)
ORDER: Final = LimitOrder("BUY", 1, 180)
REPORTED: Final = (
    Position("DU1", HELD, Decimal(1), 1.0),
    PositionMulti(1, "DU1", HELD, Decimal(1), 1.0),
    PortfolioValue(HELD, Decimal(1), 1.0, 1.0, 1.0, 0.0, 0.0, "DU1"),
    OpenOrder(1, HELD, ORDER, OrderState()),
    CompletedOrder(HELD, ORDER, OrderState()),
    ExecutionDetails(None, HELD, Execution("1", ExecutionSide.BOUGHT)),
    ContractDescription(HELD),
)


@pytest.mark.parametrize("told", REPORTED, ids=lambda told: type(told).__name__)
def test_what_tws_has_reported_is_asked_for_by_its_id(told: Any) -> None:
    """No strike of zero, no venue of a fill; without an id what is said of it, in the form that TWS takes."""
    assert question_of(told) == Contract(contract_id=265598)
    without = attrs.evolve(told, contract=attrs.evolve(HELD, contract_id=0))  # type: ignore[misc]
    assert question_of(without) == attrs.evolve(HELD, contract_id=0, strike=None, right=None)  # type: ignore[misc]


def test_a_contract_is_asked_for_as_it_is_and_what_was_resolved_at_its_exchange() -> None:
    for contract in (HELD, Stock("AAPL"), Future("ES", "202612", "CME")):
        assert question_of(contract) is contract
    assert question_of(265598) == Contract(contract_id=265598)
    for kind in (ContractData, BondContractData):
        resolved = kind(1, HELD, ContractDetails())
        assert question_of(resolved) == Contract(contract_id=265598, exchange="ISLAND")
    continuous = attrs.evolve(HELD, security_type=SecurityType.CONTINUOUS_FUTURE, exchange="CME")  # type: ignore[misc]
    assert question_of(ContractData(1, continuous, ContractDetails())) == Contract(
        265598, security_type=SecurityType.CONTINUOUS_FUTURE, exchange="CME"
    )


def test_a_combination_is_refused_whoever_tells_of_it() -> None:
    combo = attrs.evolve(HELD, contract_id=28812380, security_type=SecurityType.COMBO)  # type: ignore[misc]
    for told in (
        combo,
        OpenOrder(1, combo, ORDER, OrderState()),
        ExecutionDetails(None, combo, Execution("1", ExecutionSide.BOUGHT)),
    ):
        with pytest.raises(ValueError, match="Resolve its legs"):
            question_of(told)


def test_an_underlying_that_is_known() -> None:
    """It needs no question: as the holding says it, at the exchange to ask at."""
    asked = attrs.evolve(HELD, strike=None, right=None, exchange="SMART")  # type: ignore[misc]
    for told in REPORTED[:-1]:
        assert known_underlying(told) == asked  # type: ignore[arg-type]
    future = attrs.evolve(HELD, security_type=SecurityType.FUTURE, exchange="")  # type: ignore[misc]
    for unknown in (265598, "AAPL", REPORTED[-1], Position("DU1", future, Decimal(1), 1.0)):
        assert known_underlying(unknown) is None  # type: ignore[arg-type]
