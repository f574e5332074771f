"""What a position is worth at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from anytws.simulator.ledger.kinds import is_settled_daily
from anytws.simulator.ledger.stake import NOTHING, Stake

if TYPE_CHECKING:
    from anytws.simulator.universe.instrument import Instrument


class Valued:
    """A position with its price. Amounts are in the currency of its prices; they are exact."""

    def __init__(self, account: str, instrument: Instrument, stake: Stake, price: Decimal, begin: Decimal) -> None:
        """*price* is now, *begin* when the day began; each may be 0 where there was nothing to value."""
        self.account: Final = account
        self.instrument: Final = instrument
        self.stake: Final = stake
        """As it is on this day."""
        self.price: Final = price
        self.begin: Final = begin
        self.value: Final = stake.quantity * price * instrument.multiplier
        """Size times price times multiplier."""
        self.value_at_begin: Final = stake.day_quantity * begin * instrument.multiplier
        """What was held when the day began was worth then."""
        self.unrealized: Final = self.value - stake.cost
        """What closing it now would earn, before the commission of that."""
        self.gain: Final = self.value - self.value_at_begin - stake.day_spent
        """What it gained on this day, commissions aside."""
        self.daily: Final = self.gain - stake.day_fees
        """What it gained on this day, after commissions."""
        is_daily = is_settled_daily(instrument)
        self.futures_gain: Final = self.gain if is_daily else NOTHING
        """Of what is settled daily, what will be in the cash when the day is over; of other things 0."""
        self.settled: Final = self.value_at_begin - (stake.spent - stake.day_spent) if is_daily else NOTHING
        """Of what is settled daily, what is in the cash for the days before; of other things 0."""

    def plus(self, other: Valued) -> Valued:
        """Give this position and *other*, in the same instrument, as one."""
        price, begin = self.price or other.price, self.begin or other.begin
        return Valued(self.account, self.instrument, self.stake.plus(other.stake), price, begin)

    @property
    def currency(self) -> str:
        """The currency of its prices."""
        return self.instrument.currency

    @property
    def quantity(self) -> Decimal:
        """How much is held; negative: sold short; 0: it was closed on this day."""
        return self.stake.quantity

    @property
    def realized(self) -> Decimal | None:
        """What closing parts of it earned on this day; None: nothing was closed."""
        return self.stake.day_realized
