"""What a verb takes for a contract: one's own, one that TWS has resolved, or what an account holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, TypeVar

from anytws.errors import shown
from anytws.messages.accounts import PortfolioValue, Position, PositionMulti
from anytws.messages.contract import Contract
from anytws.messages.contracts import BondContractData, ContractData
from anytws.messages.executions import ExecutionDetails
from anytws.messages.instruments import routed
from anytws.messages.orders import CompletedOrder, OpenOrder

_T = TypeVar("_T")

ContractLike: TypeAlias = (
    Contract
    | ContractData
    | BondContractData
    | Position
    | PositionMulti
    | PortfolioValue
    | OpenOrder
    | CompletedOrder
    | ExecutionDetails
)
"""A contract, or a message of TWS that names one."""

_REPORTED = (Position, PositionMulti, PortfolioValue, OpenOrder, CompletedOrder, ExecutionDetails)
"""Messages whose contract is named as it is listed or was traded, and not as it is asked for."""


def contract_of(subject: ContractLike) -> Contract:
    """Give the contract that is meant, in the form in which a client asks for it.

    A holding, an order or an execution is reported with where it is listed or was filled, or with no exchange at all;
    then the exchange is the one that `anytws.messages.instruments.routed` chooses. So it is for a `Contract` with an id
    and no exchange. All else is as it is.

    Raises `TypeError` for what names no contract, and `ValueError` where the exchange cannot be known (a future that an
    account holds): ``await tws.contracts.resolve(position)`` finds it.
    """
    if isinstance(subject, Contract):
        return _routed_by_id(subject)
    if isinstance(subject, (ContractData, BondContractData)):
        return subject.contract
    if isinstance(subject, _REPORTED):  # pyright: ignore[reportUnnecessaryIsInstance]  # what else somebody gives
        return routed(subject.contract)
    raise TypeError(
        f"{shown(subject)} names no contract: give a Contract (anytws.messages.Stock('AAPL')), or what TWS has "
        "reported with one, such as a ContractData or a Position"
    )


def contracts_in(contracts: Iterable[_T]) -> list[_T]:
    """Give *contracts* as a list. Raises `TypeError` for a single one, which is no list, and for a text."""
    if isinstance(contracts, str) or not isinstance(contracts, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"contracts is {shown(contracts)}, and has to be several of them, such as [Stock('AAPL')]")
    return [*contracts]


def _routed_by_id(contract: Contract) -> Contract:
    # The id says all but where to ask; TWS refuses nearly everything without that.
    return contract if contract.exchange or not contract.contract_id else routed(contract)
