"""Whether an instrument is what a contract describes: what is left out may be anything (documented)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import attrs

from anytws.messages.base import replace
from anytws.messages.contract import Contract, Right, SecurityIdType, SecurityType
from anytws.simulator.universe.instrument import Instrument

NO_DEFINITION: Final = 200
NOT_VALID: Final = 321

_MONTH: Final = 6
_DAY: Final = 8


@attrs.frozen
class Match:
    """One row of contract details: an instrument, and an exchange on which it is traded."""

    instrument: Instrument
    exchange: str
    is_continuous: bool = False
    """Whether it was found as a continuous future: the instrument is the month in front."""

    def contract(self) -> Contract:
        """Give the contract as TWS names it in details on this exchange."""
        contract = replace(self.instrument.contract, exchange=self.exchange)
        if self.is_continuous:
            contract = replace(contract, security_type=SecurityType.CONTINUOUS_FUTURE)
        return contract


@attrs.frozen
class Trouble:
    """Why a contract does not mean one instrument."""

    code: int
    """200, or 321: then ``text`` is the cause that stands behind ``Error validating request.-'..' : cause - ``."""
    text: str


UNKNOWN: Final = Trouble(NO_DEFINITION, "No security definition has been found for the request")
"""Nothing fits (recorded)."""
NO_SUCH_EXCHANGE: Final = Trouble(NO_DEFINITION, "Invalid destination or exchange selected.")
"""The exchange is none (documented)."""
NO_TYPE: Final = Trouble(NOT_VALID, "Please enter a valid security type")
"""Recorded."""
NOT_ENOUGH: Final = Trouble(NOT_VALID, "Please enter a local symbol or an expiry")
"""Reported."""
NO_EXCHANGE: Final = Trouble(NOT_VALID, "Please enter exchange")
"""Reported."""
NO_LEGS: Final = Trouble(NOT_VALID, "Security type 'BAG' requires combo leg details.")
"""Documented, as 314."""


def ambiguous(contract: Contract, found: list[Instrument]) -> Trouble:
    """Give the trouble that *contract* may be any of *found* (recorded; which further word is wanted: documented)."""
    text = f"The contract description specified for {contract.symbol or contract.local_symbol} is ambiguous"
    wanted = ""
    if contract.security_type is SecurityType.FOREX:
        wanted = "currency"
    elif contract.security_type in (SecurityType.FUTURE, SecurityType.CONTINUOUS_FUTURE):
        wanted = _missing_of_future(found)
    return Trouble(NO_DEFINITION, f"{text}; you must specify the {wanted}." if wanted else f"{text}.")


def _missing_of_future(found: list[Instrument]) -> str:
    first = found[0]
    if any((each.contract.trading_class, each.multiplier) != _class_of(first) for each in found):
        return "multiplier or trading class"
    if any(each.exchanges[0] != first.exchanges[0] for each in found):
        return "exchange"
    return "currency" if any(each.currency != first.currency for each in found) else ""


def _class_of(instrument: Instrument) -> tuple[str, Decimal]:
    return instrument.contract.trading_class, instrument.multiplier


def names_something(asked: Contract) -> bool:
    """Whether *asked* has any name by which an instrument could be found."""
    return bool(asked.symbol or asked.local_symbol or asked.trading_class or asked.security_id or asked.issuer_id)


def fits(asked: Contract, instrument: Instrument) -> bool:
    """Whether *instrument* is what *asked* describes, exchange and expiry aside."""
    return (
        _fits_names(asked, instrument)
        and _fits_date(asked.last_trade_date_or_contract_month, instrument)
        and _fits_option(asked, instrument)
    )


def _fits_names(asked: Contract, instrument: Instrument) -> bool:
    own = instrument.contract
    return (
        (not asked.symbol or asked.symbol == own.symbol)
        and (not asked.currency or asked.currency == own.currency)
        and (not asked.local_symbol or asked.local_symbol == own.local_symbol)
        and (not asked.trading_class or asked.trading_class == own.trading_class)
        and (not asked.issuer_id or asked.issuer_id == own.issuer_id)
        and (not asked.multiplier or asked.multiplier == own.multiplier)
        and (not asked.primary_exchange or asked.primary_exchange == (own.primary_exchange or instrument.exchanges[0]))
        and (not asked.security_id or _fits_id(asked, instrument))
    )


def _fits_id(asked: Contract, instrument: Instrument) -> bool:
    # The CUSIP of a US bond stands in its ISIN; TWS does not find a bare one all the same (reported).
    if asked.security_id_type is SecurityIdType.CUSIP:
        return False
    ids = instrument.details.security_id_list
    return any((each.tag, each.value) == (asked.security_id_type, asked.security_id) for each in ids)


def _fits_date(text: str, instrument: Instrument) -> bool:
    if not text:
        return True
    if len(text) == _MONTH:
        return instrument.details.contract_month == text
    return instrument.last_day is not None and text[:_DAY] == f"{instrument.last_day:%Y%m%d}"


def _fits_option(asked: Contract, instrument: Instrument) -> bool:
    if asked.strike and (instrument.strike is None or float(instrument.strike) != asked.strike):
        return False
    right = right_of(asked)
    return right is None or (instrument.strike is not None and instrument.is_call is right)


def right_of(asked: Contract) -> bool | None:
    """Whether *asked* is for a call; None: it does not say."""
    if not asked.right or asked.right in (Right.NONE, Right.ZERO):
        return None
    return str(asked.right).upper().startswith("C")


def rows(asked: Contract, found: list[Instrument], *, is_continuous: bool = False) -> Iterator[Match]:
    """Give the rows for *found*: on the exchange that was asked for; else on their first ones, then on all others."""
    if asked.exchange:
        yield from (Match(each, asked.exchange, is_continuous) for each in found if asked.exchange in each.exchanges)
        return
    yield from (Match(each, each.exchanges[0], is_continuous) for each in found)
    if not asked.contract_id:
        yield from (Match(each, name, is_continuous) for each in found for name in each.exchanges[1:])
