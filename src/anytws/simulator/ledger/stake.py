"""One position, and what an execution does to it: what was paid, what was earned, in all and on this day.

Everything is exact: what goes into a position comes out of it, to the last digit. A part of it that is closed takes its
share of the cost, cut at `PLACES`; what is left keeps the rest.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, NamedTuple

EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""What is reckoned in: a program that runs a world may have set a context of its own, for sums of its own."""

PLACES: Final = Decimal("1e-24")
"""Where a share of a cost is cut."""

COST: Final = Decimal("1e-12")
"""The smallest step of an average cost."""

NOTHING: Final = Decimal(0)


class Stake(NamedTuple):
    """A position as it is after its last execution. Amounts are in the currency of its prices.

    Bought is positive and sold negative, in quantities and in amounts.
    """

    quantity: Decimal = NOTHING
    cost: Decimal = NOTHING
    """What was paid for what is held, commissions included; negative: received, for what was sold short."""
    realized: Decimal = NOTHING
    """What was earned by closing parts of it, ever, after the commissions of both sides."""
    spent: Decimal = NOTHING
    """Price times size times multiplier of all that was bought less all that was sold, ever, without commissions."""
    day: int = 0
    """When the day of the last execution began, in milliseconds since 1970."""
    day_quantity: Decimal = NOTHING
    """What was held when that day began."""
    day_spent: Decimal = NOTHING
    """As ``spent``, on that day alone."""
    day_fees: Decimal = NOTHING
    """The commissions of that day."""
    day_realized: Decimal | None = None
    """As ``realized``, on that day alone; None: nothing was closed on it."""

    @property
    def average_cost(self) -> Decimal:
        """What one unit cost, multiplier and commissions included, never negative by its side; 0 of nothing."""
        return (self.cost / self.quantity).quantize(COST) if self.quantity else NOTHING

    def plus(self, other: Stake) -> Stake:
        """Give this and *other*, both as they are on one day, as one."""
        closed = [each for each in (self.day_realized, other.day_realized) if each is not None]
        return Stake(
            self.quantity + other.quantity,
            self.cost + other.cost,
            self.realized + other.realized,
            self.spent + other.spent,
            self.day,
            self.day_quantity + other.day_quantity,
            self.day_spent + other.day_spent,
            self.day_fees + other.day_fees,
            sum(closed, NOTHING) if closed else None,
        )

    def on(self, day: int) -> Stake:
        """Give it as it is on the day that began at *day*: on a later one than its last, that has nothing yet."""
        if day <= self.day:
            return self
        return Stake(self.quantity, self.cost, self.realized, self.spent, day, self.quantity)


def begun(quantity: Decimal, average_cost: Decimal) -> Stake:
    """Give a position that was there before anybody looked."""
    cost = quantity * average_cost
    return Stake(quantity, cost, spent=cost)


def booked(old: Stake, quantity: Decimal, notional: Decimal, fees: Decimal, day: int) -> tuple[Stake, Decimal | None]:
    """Give what *old* is after an execution, and what that earned; None: it closed nothing.

    *notional* is price times *quantity* times multiplier, *fees* the commission, both in the currency of the prices;
    *day* is when the day of it began. What is closed costs its average share (chosen: not the oldest or the dearest).
    """
    old = old.on(day)
    if not quantity:
        # A correction to nothing: what it cost was for nothing.
        realized, cost, earned = (None, old.cost, -fees) if fees else (None, old.cost, NOTHING)
    elif not old.quantity or (old.quantity > 0) is (quantity > 0):
        realized, cost, earned = None, old.cost + notional + fees, NOTHING
    else:
        realized, cost = _closed(old, quantity, notional, fees)
        earned = realized
    day_realized = old.day_realized
    if realized is not None or earned:
        day_realized = earned + (day_realized or NOTHING)
    new = Stake(
        old.quantity + quantity,
        cost,
        old.realized + earned,
        old.spent + notional,
        old.day,
        old.day_quantity,
        old.day_spent + notional,
        old.day_fees + fees,
        day_realized,
    )
    return new, realized


def _closed(old: Stake, quantity: Decimal, notional: Decimal, fees: Decimal) -> tuple[Decimal, Decimal]:
    """Give what is earned by an execution against *old*, and the cost of what there is afterwards."""
    held, traded = abs(old.quantity), abs(quantity)
    paid = notional + fees
    if traded > held:
        # It goes through zero: a share of the execution closes all, the rest of it opens.
        closing = (paid * held / traded).quantize(PLACES)
        return -closing - old.cost, paid - closing
    share = old.cost if traded == held else (old.cost * traded / held).quantize(PLACES)
    return -paid - share, old.cost - share
