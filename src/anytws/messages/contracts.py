"""What is said about contracts: what TWS knows of one, chains of options, searches, price steps."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import Asks, ToClient, ToTws, message, record
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.contract_details import ContractDetails


@message
class ContractData(ToClient):
    """One contract that fits a `ContractDataRequest`."""

    request_id: int
    """The request that it answers, by its number."""
    contract: Contract
    """The contract, with its ``contract_id``: good for an order or a subscription as it is."""
    details: ContractDetails
    """What else is known about it."""


@message
class BondContractData(ToClient):
    """One bond that fits a `ContractDataRequest`. Its date is in ``details.maturity`` and not in ``contract``."""

    request_id: int
    """The request that it answers, by its number."""
    contract: Contract
    """The bond. TWS leaves its symbol and its currency empty in most rows."""
    details: ContractDetails
    """What else is known about it."""


@message
class ContractDataEnd(ToClient):
    """There are no more contracts for this `ContractDataRequest`."""

    request_id: int
    """The request that it answers, by its number."""


@message
class ContractDataRequest(Asks[tuple[ContractData | BondContractData, ...]]):
    """Ask for all contracts that fit: one `ContractData` each, then `ContractDataEnd`; an error if there is none."""

    contract: Contract
    """As much as is known: everything that is left out may be anything."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelContractData(ToTws):
    """Stop the answers to `ContractDataRequest`. From server version 215."""

    request_id: int
    """The number of the request that it ends."""


# --- chains of options -------------------------------------------------------------------------------------------


@message
class SecDefOptParameter(ToClient):
    """The options of one exchange and trading class."""

    request_id: int
    """The request that it answers, by its number."""
    exchange: str
    """Where these options are traded."""
    underlying_contract_id: int
    """Zero where TWS does not say it."""
    trading_class: str
    """The exchange's name for the family, such as ``SPXW``."""
    multiplier: Decimal | None
    """How many units of the underlying one option stands for; None where TWS does not say it."""
    expirations: tuple[str, ...] = ()
    """``YYYYMMDD`` each."""
    strikes: tuple[float, ...] = ()
    """The strike prices, in the currency of the options and in no order."""


@message
class SecDefOptParameterEnd(ToClient):
    """There are no more exchanges for this `SecDefOptParamsRequest`."""

    request_id: int
    """The request that it answers, by its number."""


@message
class SecDefOptParamsRequest(Asks[tuple[SecDefOptParameter, ...]]):
    """Ask for the expirations and strikes of options: one `SecDefOptParameter` for each exchange and trading class.

    Far cheaper than `ContractDataRequest` for a chain, but not every pair of an expiration and a strike exists.
    """

    underlying_symbol: str
    """The symbol of the underlying, such as ``AAPL``."""
    underlying_security_type: SecurityType
    """What the underlying is: a stock, an index, a future."""
    underlying_contract_id: int
    """The vendor's number of the underlying."""
    futures_option_exchange: str = ""
    """Where options on a future are traded; empty for all, and for options on anything else."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


# --- search ------------------------------------------------------------------------------------------------------


@record
class ContractDescription:
    """One contract that a search found."""

    contract: Contract = Contract()
    """Id, symbol, type, primary exchange and currency; description and issuer id from server version 176.

    The issuer of bonds has the contract id -1 and an ``issuer_id`` to ask for its bonds with.
    """
    derivative_security_types: tuple[SecurityType, ...] = ()
    """What there is on it: options, warrants..."""


@message
class SymbolSamples(ToClient):
    """What a `MatchingSymbolsRequest` found, at most some 16 contracts."""

    request_id: int
    """The request that it answers, by its number."""
    contract_descriptions: tuple[ContractDescription, ...] = ()
    """What was found, the best first; empty for nothing."""


@message
class MatchingSymbolsRequest(Asks[SymbolSamples]):
    """Search contracts by the beginning of a symbol or by words of a name; answered by one `SymbolSamples`."""

    pattern: str
    """What to look for: the beginning of a symbol, or words of a name."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


# --- price steps -------------------------------------------------------------------------------------------------


@record
class PriceIncrement:
    """The price step from a price on."""

    low_edge: float = 0.0
    """The lowest price to which it applies."""
    increment: float | None = None
    """The step, in the currency of the contract. None where TWS does not say it."""


@message
class MarketRule(ToClient):
    """The price steps of a market."""

    market_rule_id: int
    """The number of the rule, as in the request."""
    price_increments: tuple[PriceIncrement, ...] = ()
    """By ``low_edge``, ascending."""


@message
class MarketRuleRequest(Asks[MarketRule]):
    """Ask for a rule of ``ContractDetails.market_rule_ids``; answered by one `MarketRule` with the same number."""

    market_rule_id: int
    """The number of the rule. There is no request id: the answer repeats this number."""
