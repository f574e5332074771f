"""From what people have of a contract to what TWS is asked."""

from __future__ import annotations

from typing import Final, TypeAlias

from anytws.client.contract_like import ContractLike, contract_of
from anytws.errors import shown
from anytws.machines.resolving import by_id
from anytws.messages.accounts import PortfolioValue, Position, PositionMulti
from anytws.messages.contract import Contract, SecurityType, askable
from anytws.messages.contracts import BondContractData, ContractData, ContractDescription
from anytws.messages.executions import ExecutionDetails
from anytws.messages.orders import CompletedOrder, OpenOrder

Named: TypeAlias = ContractLike | ContractDescription | int
"""What names a contract well enough to ask TWS for it: what every verb takes, what a search has found, or a con id."""

_TOLD: Final = (
    Position, PositionMulti, PortfolioValue, OpenOrder, CompletedOrder, ExecutionDetails, ContractDescription,
)  # fmt: skip
"""Messages of TWS that name a contract with another exchange than the one to ask at, or with none."""


def question_of(named: Named) -> Contract:
    """Give the contract to ask TWS for.

    A `Contract` is asked for as it is. What TWS has told of is asked for by its id alone, since its other fields are in
    a form in which TWS does not take them back; a `ContractData` at its exchange, all else at the one that TWS chooses.

    Raises `TypeError` for what names no contract, and `ValueError` for a combination.
    """
    if isinstance(named, int) and not isinstance(named, bool):
        if named <= 0:
            raise ValueError(f"a contract id is a number above zero, such as 265598, and not {shown(named)}")
        return Contract(contract_id=named)
    contract = _asked_for(named)
    if contract.security_type is SecurityType.COMBO:
        raise ValueError(
            "a combination has no details of its own: all smart ones of a currency share one contract id. Resolve its "
            "legs: [leg.contract_id for leg in contract.combo_legs]"
        )
    return contract


def known_underlying(named: Named) -> Contract | None:
    """Give the contract that *named* has, in the form in which it is asked for; None where it has to be found out."""
    if isinstance(named, (int, str, ContractDescription)):
        return None
    try:
        return askable(contract_of(named))
    except ValueError:
        # Of a future that an account holds nobody has said the exchange: the details have it.
        return None


def _asked_for(named: object) -> Contract:
    if isinstance(named, Contract):
        return named
    if isinstance(named, (ContractData, BondContractData)):
        return askable(by_id(named.contract, named.contract.exchange))
    if isinstance(named, _TOLD):
        return askable(_of_type(named.contract))
    if isinstance(named, str):
        raise TypeError(
            f"{shown(named)} may be the symbol of a stock, of an index, of a future: say which, such as "
            f"anytws.messages.Stock({shown(named)}), or look for it: tws.contracts.search({shown(named)})"
        )
    raise TypeError(
        f"{shown(named)} names no contract: give a Contract (anytws.messages.Stock('AAPL')), a contract id, or what "
        "TWS has reported with one, such as a ContractData or a Position"
    )


def _of_type(contract: Contract) -> Contract:
    # The id of a combination is no id of it: it has to be seen what it is.
    return contract if contract.security_type is SecurityType.COMBO else by_id(contract)
