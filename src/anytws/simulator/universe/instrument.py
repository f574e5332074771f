"""One thing that can be traded: what TWS says of it in contract details, and what its market is made of."""

from __future__ import annotations

from decimal import Decimal

import attrs

from anytws.messages.contract import Contract
from anytws.messages.contract_details import ContractDetails
from anytws.simulator.universe.hours import Hours


@attrs.frozen
class PriceStep:
    """From which price on prices are multiples of what."""

    low_edge: Decimal
    increment: Decimal


@attrs.frozen(kw_only=True)
class Nature:
    """What the price process of an instrument is made of. Invented, unless its source says otherwise."""

    price: Decimal
    """The level that it has at `anytws.simulator.settings.EPOCH`, in its currency (or its minor unit)."""
    annual_volatility: float
    spread_ticks: int
    day_volume: int
    """In units of the instrument; 0: it has no volume, as forex and indices."""
    trades_per_minute: int


@attrs.frozen(kw_only=True, eq=False)
class Instrument:
    """One thing that can be traded. Two of them are equal only if they are the same object."""

    contract: Contract
    """As details name it, on its first exchange (``SMART`` where there is one); with ``contract_id``."""
    details: ContractDetails
    """What details say of it on its first exchange, save for hours and what depends on the day: see `Universe`."""
    exchanges: tuple[str, ...]
    """Where it is traded: the valid exchanges, the first of them as in ``contract``."""
    hours: Hours
    tick: Decimal
    """The smallest step of its prices. Inside the market prices are whole numbers of it."""
    steps: tuple[PriceStep, ...]
    """Its market rule: from which price on which step is legal for orders."""
    size_unit: Decimal
    """The smallest step of sizes. Inside the market sizes are whole numbers of it: 1 for shares, 0.00000001 for coins."""
    lot: int
    """The round lot in units of ``size_unit``: sizes of quotes are multiples of it."""
    nature: Nature
    multiplier: Decimal = Decimal(1)
    """What a price of 1 is worth: 100 for a usual option, 50 for ES; 0.01 for what is quoted in pence."""
    underlying_id: int = 0
    """The contract id of what it is derived from; 0: of nothing."""
    strike: Decimal | None = None
    """Of an option."""
    is_call: bool = False
    """Of an option: a call, otherwise a put."""
    expires_at: int | None = None
    """When it is traded last, in seconds since 1970; None: it has no end."""
    first_second: int = 0
    """Where its history begins, in seconds since 1970."""
    market_farm: str = "usfarm"
    historical_farm: str = "ushmds"
    reroutes_to: int = 0
    """Market data are those of this contract id: TWS sends a client there (share CFDs). 0: it has its own."""

    @property
    def contract_id(self) -> int:
        """The vendor's number of it."""
        return self.contract.contract_id

    @property
    def currency(self) -> str:
        """The currency of its prices."""
        return self.contract.currency

    def price_of(self, ticks: int) -> Decimal:
        """Give *ticks* as a price."""
        return self.tick * ticks

    def size_of(self, units: int) -> Decimal:
        """Give *units* as a size."""
        return self.size_unit * units
