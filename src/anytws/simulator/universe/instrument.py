"""One thing that can be traded: what TWS says of it in contract details, and what its market is made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import attrs

from anytws.messages.contract import Contract, SecurityType
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
    """The level that it has at `anytws.simulator.settings.EPOCH`, in its currency (or its minor unit).

    Of an option it is its strike: what an option is worth follows from its underlying.
    """
    annual_volatility: float
    spread_ticks: int
    """The usual distance of bid and ask, in steps of the price rule at that price: see `Instrument.step_at`."""
    day_volume: int
    """In units of the instrument; 0: it has no volume, as forex and indices."""
    trades_per_minute: int


@attrs.frozen
class Leg:
    """One leg of a combination, as it is when the combination is bought."""

    instrument: Instrument
    ratio: int
    """How many of it one unit of the combination has; negative: they are sold."""
    exchange: str


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
    """Its market rule on its first exchange: from which price on which step is legal for orders."""
    size_unit: Decimal
    """The smallest step of sizes. Sizes in the market are whole numbers of it: 1 for shares, 0.00000001 for coins."""
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
    last_day: date | None = None
    """The last trade date of an option or a future, the day on which a bond is paid back; None: it has no end."""
    expires_at: int | None = None
    """When it is traded last, in seconds since 1970; None: it has no end."""
    first_second: int = 0
    """Where its history begins, in seconds since 1970."""
    market_farm: str = "usfarm"
    historical_farm: str = "ushmds"
    reroutes_to: int = 0
    """Market data are those of this contract id: TWS sends a client there (share CFDs). 0: it has its own."""
    request_tick: Decimal | None = None
    """The smallest step as `TickReqParams` has it, where that is another one than in details; None: it is the same."""
    bbo_exchange: str = ""
    """The key of the letters of its exchanges in `TickReqParams`, to ask for the smart components with."""
    direct_order_types: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The order types of its other exchanges, where they differ: by exchange, ``*`` is all others."""
    direct_hours: Mapping[str, Hours] = MappingProxyType({})
    """The hours of its other exchanges, where they differ, by exchange."""
    derivatives: tuple[SecurityType, ...] = ()
    """What there is on it, as a search says."""
    legs: tuple[Leg, ...] = ()
    """Of a combination: its price is the sum of theirs. All combinations of a currency share one contract id."""

    @property
    def contract_id(self) -> int:
        """The vendor's number of it."""
        return self.contract.contract_id

    @property
    def currency(self) -> str:
        """The currency of its prices."""
        return self.contract.currency

    @property
    def security_type(self) -> SecurityType:
        """What sort of instrument it is."""
        kind = self.contract.security_type
        if kind is None:
            raise ValueError(f"an instrument has a security type, and this one has none: {self.contract}")
        return kind

    def order_types_on(self, exchange: str) -> tuple[str, ...]:
        """Give what may be ordered on *exchange*, in the words of details."""
        if not self.direct_order_types or exchange == self.exchanges[0]:
            return self.details.order_types
        others = self.direct_order_types.get("*", self.details.order_types)
        return self.direct_order_types.get(exchange, others)

    def hours_on(self, exchange: str) -> Hours:
        """Give the hours of *exchange*: mostly those of the instrument."""
        return self.direct_hours.get(exchange, self.hours)

    def price_of(self, ticks: int) -> Decimal:
        """Give *ticks* as a price."""
        return self.tick * ticks

    def size_of(self, units: int) -> Decimal:
        """Give *units* as a size."""
        return self.size_unit * units

    def step_at(self, price: Decimal) -> Decimal:
        """Give the step of prices at *price*; the sign of a price does not matter."""
        size = abs(price)
        found = self.steps[0]
        for step in self.steps:
            if step.low_edge > size:
                break
            found = step
        return found.increment

    def is_legal_price(self, price: Decimal) -> bool:
        """Whether an order may have *price*: a multiple of the step there. TWS refuses others (110)."""
        return price % self.step_at(price) == 0

    def is_over(self, second: int) -> bool:
        """Whether it is traded no more at *second*."""
        return self.expires_at is not None and second >= self.expires_at
