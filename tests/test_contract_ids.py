"""The number of a contract, of whatever names one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws.client.contract_ids import contract_id_of
from anytws.client.contract_like import ContractLike
from anytws.messages import Contract, ContractData, ContractDetails, Position, Stock

KNOWN = Contract(contract_id=5, symbol="X")


@pytest.mark.parametrize(
    "subject", [KNOWN, ContractData(1, KNOWN, ContractDetails()), Position("DU1", KNOWN, Decimal(1))]
)
def test_whatever_names_a_contract_has_its_number(subject: ContractLike) -> None:
    assert contract_id_of(subject) == 5


def test_what_has_none_is_refused_with_the_way_to_it() -> None:
    with pytest.raises(ValueError, match=r"contracts\.resolve"):
        contract_id_of(Stock("AAPL"))
    with pytest.raises(TypeError, match="names no contract"):
        contract_id_of("AAPL")  # type: ignore[arg-type]  # as people do
