"""The number of a contract, for the verbs that know contracts by nothing else."""

from __future__ import annotations

from anytws.client.contract_like import ContractLike
from anytws.errors import shown
from anytws.messages.contract import Contract


def contract_id_of(subject: ContractLike) -> int:
    """Give the vendor's number of the contract that is meant.

    Raises `TypeError` for what names no contract, and `ValueError` where the number is not known:
    ``await tws.contracts.resolve(contract)`` finds it.
    """
    contract = subject if isinstance(subject, Contract) else getattr(subject, "contract", None)
    if not isinstance(contract, Contract):
        raise TypeError(
            f"{shown(subject)} names no contract: give a Contract with its id, or what TWS has reported with one, such "
            "as a ContractData or a Position"
        )
    if not contract.contract_id:
        raise ValueError(
            f"{shown(contract)} has no contract id, by which alone TWS knows it here: "
            "give what `await tws.contracts.resolve(contract)` gives"
        )
    return contract.contract_id
