"""From what people have of a contract to the question for it, and from the rows of the answer to the one that is meant.

TWS answers a question for details with a row for each contract *and exchange*: 35 rows for AMD without an exchange. The
rows of one contract id are one contract here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

from anytws.errors import Ambiguous, AnytwsError, NotFound, RequestFailed, shown
from anytws.messages.base import record
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.contracts import BondContractData, ContractData

_N = TypeVar("_N")

ContractRow: TypeAlias = ContractData | BondContractData
"""What TWS knows of one contract; of a bond it is the second."""

SMART: Final = "SMART"
NO_DEFINITION: Final = 200
"""The code by which TWS says that no contract fits."""
_SEVERAL_FIT: Final = "ambiguous"
_TELLING: Final = (
    "security_type",
    "symbol",
    "currency",
    "primary_exchange",
    "exchange",
    "last_trade_date_or_contract_month",
    "strike",
    "right",
    "multiplier",
    "trading_class",
)
"""Fields by which contracts are told apart, in the order in which a person says them."""


@record
class Resolution(Generic[_N]):
    """What `tws.contracts.resolve_all` found for one contract: ``found``, or the ``error`` why not."""

    asked: _N
    """What was to be resolved, as it was given."""
    found: ContractRow | None
    """The one contract; None where there is an error."""
    error: AnytwsError | None
    """`NotFound`, `Ambiguous`, `RequestFailed`, `RequestTimedOut` and the like; None where it was found."""


def one_per_contract(rows: Iterable[ContractRow]) -> tuple[ContractRow, ...]:
    """Give one of *rows* for each contract, in the order in which the contracts came.

    Of several exchanges it is SMART, where that is one of them, then the primary one, then the first of
    ``valid_exchanges``: the order of the rows says nothing.
    """
    found: dict[object, list[ContractRow]] = {}
    for row in rows:
        found.setdefault(_identity_of(row.contract), []).append(row)
    return tuple(min(alike, key=_preference) for alike in found.values())


def the_one(asked: Contract, rows: Iterable[ContractRow]) -> ContractRow:
    """Give the one contract that *rows*, the answer to a question for *asked*, tell of.

    Raises `NotFound` where they tell of none, and `Ambiguous` for several, and for one that has another id than the one
    that was asked for.
    """
    contracts = [*one_per_contract(rows)]
    if asked.contract_id > 0:
        contracts = [row for row in contracts if row.contract.contract_id == asked.contract_id] or contracts
    if not contracts:
        raise NotFound(asked)
    if len(contracts) > 1:
        ordered = tuple(sorted(contracts, key=_place))
        raise Ambiguous(asked, ordered, tuple(name_of(row) for row in ordered), _differences(ordered))
    if asked.contract_id > 0 and contracts[0].contract.contract_id != asked.contract_id:
        raise Ambiguous(asked, (contracts[0],), (name_of(contracts[0]),), ("contract_id",))
    return contracts[0]


def unknown_or(failure: RequestFailed, asked: Contract) -> AnytwsError:
    """Give what *failure*, with which TWS ended a question for *asked*, means: that there is none, or itself."""
    if failure.code != NO_DEFINITION or failure.link_was_down:
        return failure
    # Of a question for details TWS was not seen to say so, of all others it does: then there are several, not none.
    if _SEVERAL_FIT in failure.message.lower():
        return Ambiguous(asked, ())
    return NotFound(asked, failure)


def by_id(contract: Contract, exchange: str = "") -> Contract:
    """Give the question for a *contract* that TWS has told of: by its id, or as it is where it has none.

    Nothing else is said: a holding has a strike of zero, an execution the venue of the fill, and TWS compares all that
    it is told. The *exchange* is left to TWS, unless it is given. The type is said where one id has two: that of a
    continuous future is the one of its front month.
    """
    if not _has_id(contract):
        return contract
    is_continuous = contract.security_type is SecurityType.CONTINUOUS_FUTURE
    kind = contract.security_type if is_continuous else None
    return Contract(contract_id=contract.contract_id, security_type=kind, exchange=exchange)


def name_of(row: ContractRow) -> str:
    """Say in a few words which contract *row* tells of."""
    contract, details = row.contract, row.details
    kind = contract.security_type.value if contract.security_type is not None else ""
    name = contract.local_symbol or contract.symbol
    bond = details.description_append
    words = [kind, bond or name, contract.currency, contract.primary_exchange or contract.exchange]
    return " ".join([*[word for word in words if word], f"({contract.contract_id})"])


def rule_at(row: ContractRow, exchange: str) -> str:
    """Give the number of the market rule of *row* at *exchange*, as text; empty where TWS has told none for it.

    Raises `ValueError` for an exchange at which the contract is not traded.
    """
    details = row.details
    if exchange not in details.valid_exchanges:
        raise ValueError(
            f"{name_of(row)} is not traded at {shown(exchange)}, but at {', '.join(details.valid_exchanges[:40])}"
        )
    # The two lists are parallel (documented).
    place = details.valid_exchanges.index(exchange)
    return details.market_rule_ids[place] if place < len(details.market_rule_ids) else ""


def option_exchange(underlying: Contract) -> str:
    """Give where the options on *underlying* are traded unless somebody says otherwise: SMART, save those on futures.

    Empty for a future whose exchange is not known.
    """
    if underlying.security_type is not SecurityType.FUTURE:
        return SMART
    return underlying.exchange if underlying.exchange != SMART else ""


def is_complete_underlying(contract: Contract) -> bool:
    """Tell whether *contract* says all that a question for its options needs."""
    known = _has_id(contract) and contract.symbol and contract.security_type and contract.currency
    return bool(known and option_exchange(contract))


def _identity_of(contract: Contract) -> object:
    # FUT+CONTFUT gives the front month twice, under one id and two types.
    return (contract.contract_id, contract.security_type) if _has_id(contract) else contract


def _has_id(contract: Contract) -> bool:
    # One that cannot be read is None, whatever its type promises.
    return (contract.contract_id or 0) > 0


def _preference(row: ContractRow) -> tuple[int, str]:
    exchange, valid = row.contract.exchange, row.details.valid_exchanges
    if exchange == SMART:
        return -2, ""
    if exchange == row.contract.primary_exchange:
        return -1, ""
    return (valid.index(exchange), "") if exchange in valid else (len(valid), exchange)


def _place(row: ContractRow) -> tuple[str, float, int]:
    contract = row.contract
    return contract.last_trade_date_or_contract_month or "", contract.strike or 0.0, contract.contract_id or 0


def _differences(rows: Sequence[ContractRow]) -> tuple[str, ...]:
    differ = tuple(field for field in _TELLING if len({getattr(row.contract, field) for row in rows}) > 1)
    # The bonds of an issuer have none of these in their rows.
    return differ or ("local_symbol", "contract_id")
