"""What an account is told when something was executed for it."""

from __future__ import annotations

from decimal import Decimal

import attrs

from anytws.simulator.universe.instrument import Instrument


@attrs.frozen(kw_only=True)
class Booking:
    """One execution, as an account books it. The same ``execution_id`` booked again corrects what was booked."""

    execution_id: str
    """Up to the last dot it names the execution; behind it is the number of the correction."""
    account: str
    instrument: Instrument
    at: int
    """Milliseconds since 1970."""
    quantity: Decimal
    """Bought; negative: sold."""
    price: Decimal
    """In the currency of the instrument (or its minor unit: `Instrument.multiplier` is beside it)."""
    commission: Decimal
    """What it cost; 0 until it is known."""
    commission_currency: str


@attrs.frozen(kw_only=True)
class Margin:
    """What an order would do to an account, in its base currency."""

    initial_before: Decimal
    maintenance_before: Decimal
    equity_before: Decimal
    initial_after: Decimal
    maintenance_after: Decimal
    equity_after: Decimal

    @property
    def is_enough(self) -> bool:
        """Whether the account can carry it: it covers what is bound, or no more is bound than before."""
        return self.equity_after >= self.initial_after or self.initial_after <= self.initial_before
