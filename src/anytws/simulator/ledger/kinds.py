"""How kinds of instruments are booked: what is paid in cash, what is settled each day, and as what it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from anytws.messages.contract import SecurityType

if TYPE_CHECKING:
    from anytws.simulator.universe.instrument import Instrument

SETTLED_DAILY: Final = (SecurityType.FUTURE, SecurityType.CONTINUOUS_FUTURE, SecurityType.CFD)
"""No cash for what they stand for: what they gain or lose in a day is, from its end on, in the cash."""

OPTIONS: Final = (
    SecurityType.OPTION,
    SecurityType.FUTURES_OPTION,
    SecurityType.WARRANT,
    SecurityType.STRUCTURED_PRODUCT,
    SecurityType.EVENT_CONTRACT,
)
"""Premium is paid in cash, and the position has a value."""

_VALUES: Final = {
    SecurityType.OPTION: "OptionMarketValue",
    SecurityType.EVENT_CONTRACT: "OptionMarketValue",
    SecurityType.FUTURES_OPTION: "FutureOptionValue",
    SecurityType.WARRANT: "WarrantValue",
    SecurityType.STRUCTURED_PRODUCT: "IssuerOptionValue",
    SecurityType.BOND: "CorporateBondValue",
    SecurityType.FIXED_INCOME: "CorporateBondValue",
    SecurityType.BILL: "TBillValue",
    SecurityType.FUND: "MutualFundValue",
    SecurityType.CRYPTO: "Cryptocurrency",
}
_TREASURY: Final = "US-T"


def is_settled_daily(instrument: Instrument) -> bool:
    """Tell whether it costs no cash, and what it gains goes into the cash each day: futures and CFDs."""
    return instrument.contract.security_type in SETTLED_DAILY


def is_forex(instrument: Instrument) -> bool:
    """Tell whether trading it moves two balances of cash, and leaves no value beside them."""
    return instrument.contract.security_type is SecurityType.FOREX


def is_option(instrument: Instrument) -> bool:
    """Tell whether it is a right with a value."""
    return instrument.contract.security_type in OPTIONS


def value_key(instrument: Instrument) -> str | None:
    """Give the key under which its value counts in an account; None: under none, for it has none beside the cash.

    Metals count as stocks (chosen: there is no key of theirs).
    """
    if is_settled_daily(instrument) or is_forex(instrument):
        return None
    if instrument.contract.symbol == _TREASURY and instrument.contract.security_type is SecurityType.BOND:
        return "TBondValue"
    return _VALUES.get(instrument.contract.security_type or SecurityType.STOCK, "StockMarketValue")
