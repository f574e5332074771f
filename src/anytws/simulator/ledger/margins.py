"""How much of an account's worth its positions bind: named models, simple ones.

They follow the vendor's general rules for a margin account, position by position: no position is set off against
another, and there are no house margins, concentrations or discounts of the day.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from anytws.messages.contract import SecurityType
from anytws.simulator.ledger.kinds import is_option

if TYPE_CHECKING:
    from anytws.simulator.universe.instrument import Instrument


class Requirement(NamedTuple):
    """What is bound, in one currency."""

    initial: Decimal = Decimal(0)
    maintenance: Decimal = Decimal(0)

    def plus(self, other: Requirement) -> Requirement:
        """Give both together."""
        return Requirement(self.initial + other.initial, self.maintenance + other.maintenance)

    def times(self, factor: Decimal) -> Requirement:
        """Give it in another currency."""
        return Requirement(self.initial * factor, self.maintenance * factor)


@attrs.frozen
class Share:
    """Which parts of a value are bound."""

    initial: Decimal
    maintenance: Decimal

    def of(self, value: Decimal) -> Requirement:
        """Give what is bound of *value*."""
        return Requirement(value * self.initial, value * self.maintenance)


def _share(initial: str, maintenance: str) -> Share:
    return Share(Decimal(initial), Decimal(maintenance))


@attrs.frozen(kw_only=True)
class MarginModel:
    """A model of margins: which share of its value each kind of position binds."""

    name: str
    long_stock: Share
    short_stock: Share
    future: Share
    bond: Share
    fund: Share
    forex: Share
    cfd: Share
    other: Share
    """Of what is not named: crypto, metals."""
    short_option: Share
    """Of the value of the underlying, less what the option is out of the money; its premium is owed beside it."""
    least_option: Share
    """Of the value of the underlying, at the least."""
    buying_power: Decimal
    """How many times the available funds can be spent."""


REG_T: Final = MarginModel(
    name="reg-t",
    long_stock=_share("0.5", "0.25"),
    short_stock=_share("0.5", "0.3"),
    future=_share("0.06", "0.05"),
    bond=_share("0.25", "0.2"),
    fund=_share("0.5", "0.25"),
    forex=_share("0.03", "0.03"),
    cfd=_share("0.25", "0.2"),
    other=_share("1", "1"),
    short_option=_share("0.2", "0.2"),
    least_option=_share("0.1", "0.1"),
    buying_power=Decimal(4),
)
"""Regulation T and the exchange's rules of thumb; four times the funds for trades of the day (documented factor)."""

PORTFOLIO: Final = attrs.evolve(
    REG_T,
    name="portfolio",
    long_stock=_share("0.15", "0.15"),
    short_stock=_share("0.15", "0.15"),
    short_option=_share("0.15", "0.15"),
    fund=_share("0.15", "0.15"),
    buying_power=Decimal("6.6666667"),
)
"""Portfolio margin: a move of 15% (documented), and 6.667 times the funds (recorded)."""

CASH_ACCOUNT: Final = attrs.evolve(
    REG_T,
    name="cash",
    long_stock=_share("1", "1"),
    fund=_share("1", "1"),
    bond=_share("1", "1"),
    buying_power=Decimal(1),
)
"""Nothing is lent: what is bought is bound whole."""


@unique
class Margins(Enum):
    """Which model of margins an account has."""

    REG_T = "reg-t"
    PORTFOLIO = "portfolio"
    CASH = "cash"

    @property
    def model(self) -> MarginModel:
        """The model."""
        return _MODELS[self]


_MODELS: Final = {Margins.REG_T: REG_T, Margins.PORTFOLIO: PORTFOLIO, Margins.CASH: CASH_ACCOUNT}


def requirement(
    model: MarginModel, instrument: Instrument, quantity: Decimal, price: Decimal, underlying: Decimal | None
) -> Requirement:
    """Give what *quantity* of *instrument* at *price* binds, in the currency of its prices.

    *underlying* is the price of what an option is derived from; None: it is not known, and the strike stands for it.
    """
    value = quantity * price * instrument.multiplier
    if is_option(instrument):
        return _of_option(model, instrument, quantity, value, underlying)
    size = abs(value)
    match instrument.contract.security_type:
        case SecurityType.STOCK:
            return (model.long_stock if quantity >= 0 else model.short_stock).of(size)
        case SecurityType.FUTURE | SecurityType.CONTINUOUS_FUTURE:
            return model.future.of(size)
        case SecurityType.CFD:
            return model.cfd.of(size)
        case SecurityType.BOND | SecurityType.BILL | SecurityType.FIXED_INCOME:
            return model.bond.of(size)
        case SecurityType.FUND:
            return model.fund.of(size)
        case SecurityType.FOREX:
            return model.forex.of(size)
        case _:
            return model.other.of(size)


def _of_option(
    model: MarginModel, option: Instrument, quantity: Decimal, value: Decimal, underlying: Decimal | None
) -> Requirement:
    if quantity >= 0:
        # Paid in full, and nobody lends on it.
        return Requirement(value, value)
    strike = option.strike or Decimal(0)
    price = strike if underlying is None else underlying
    size = -quantity * option.multiplier
    out = max(Decimal(0), strike - price if option.is_call else price - strike) * size
    whole, least = model.short_option.of(price * size), model.least_option.of(price * size)
    # The premium that came in is the account's, and is owed: the value of the position is negative already.
    return Requirement(max(whole.initial - out, least.initial), max(whole.maintenance - out, least.maintenance))
