"""The price steps of a market: which prices an order may have, in exact decimals.

A market rule says the step from a price on: a cent up to 3 dollars, five cents from there. A price between two steps is
refused by TWS (110), so a computed one has to be rounded, and the way to round it is a choice: down for a buyer::

    steps = await tws.contracts.price_steps(option)
    steps.down("2.996")  # Decimal('2.99')
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from typing import Final, TypeAlias

from anytws.errors import shown
from anytws.messages.base import record
from anytws.messages.contracts import MarketRule

PriceLike: TypeAlias = Decimal | int | float | str
"""A price. A float is taken for the shortest decimal that reads back as it, as it prints: 0.1 is 0.1."""

_MOST_MAGNITUDE: Final = 40
_EXACT: Final = Context(prec=8 * _MOST_MAGNITUDE)
_ZERO: Final = Decimal(0)


@record
class PriceStep:
    """The step from a price on, up to the next one's ``low_edge``."""

    low_edge: Decimal
    """The lowest price to which it applies."""
    increment: Decimal
    """Prices are multiples of it."""


@record
class PriceSteps:
    """All steps of a market, the lowest first. Made by `steps_of`, or by `tws.contracts.price_steps`.

    Prices are multiples of the step that holds for them, counted from zero. Below the first edge, which is zero, the
    first step holds too: prices of spreads and of some futures are negative, and TWS does not say what holds there
    (chosen).
    """

    steps: tuple[PriceStep, ...]

    def at(self, price: PriceLike) -> Decimal:
        """Give the step that holds at *price*. Raises `ValueError` for what is no finite number."""
        return self.steps[self._place(_price(price))].increment

    def is_valid(self, price: PriceLike) -> bool:
        """Tell whether *price* is on a step. Raises as `at` does."""
        exact = _price(price)
        return self._down(exact) == exact

    def down(self, price: PriceLike) -> Decimal:
        """Give *price* if it is on a step, else the next valid price below. Raises as `at` does."""
        return self._down(_price(price))

    def up(self, price: PriceLike) -> Decimal:
        """Give *price* if it is on a step, else the next valid price above. Raises as `at` does."""
        return self._up(_price(price))

    def nearest(self, price: PriceLike) -> Decimal:
        """Give the valid price that is nearest to *price*; of two as near, the higher one. Raises as `at` does."""
        exact = _price(price)
        below, above = self._down(exact), self._up(exact)
        return below if _EXACT.subtract(exact, below) < _EXACT.subtract(above, exact) else above

    def above(self, price: PriceLike) -> Decimal:
        """Give the first valid price that is higher than *price*. Raises as `at` does."""
        exact = _price(price)
        up = self._up(exact)
        return up if up > exact else self._up(_EXACT.add(exact, _EXACT.divide(self._least, 2)))

    def below(self, price: PriceLike) -> Decimal:
        """Give the first valid price that is lower than *price*. Raises as `at` does."""
        exact = _price(price)
        down = self._down(exact)
        return down if down < exact else self._down(_EXACT.subtract(exact, _EXACT.divide(self._least, 2)))

    def _place(self, price: Decimal) -> int:
        # A rule has some twenty rows at most.
        return max([place for place, step in enumerate(self.steps) if step.low_edge <= price], default=0)

    def _down(self, price: Decimal) -> Decimal:
        place = self._place(price)
        found = _multiple(price, self.steps[place].increment, ROUND_FLOOR)
        # An edge is no multiple of its own step in every rule: then the price below it is one of the step before.
        while place and found < self.steps[place].low_edge:
            edge = self.steps[place].low_edge
            place -= 1
            found = _below_edge(edge, self.steps[place].increment)
        return found

    def _up(self, price: Decimal) -> Decimal:
        place = self._place(price)
        found = _multiple(price, self.steps[place].increment, ROUND_CEILING)
        while place + 1 < len(self.steps) and found >= self.steps[place + 1].low_edge:
            place += 1
            found = _multiple(max(price, self.steps[place].low_edge), self.steps[place].increment, ROUND_CEILING)
        return found

    @property
    def _least(self) -> Decimal:
        return min(step.increment for step in self.steps)


def steps_of(rule: MarketRule) -> PriceSteps:
    """Give the steps of a market *rule*, as `tws.contracts.market_rule` gives it.

    Raises `ValueError` where the rule has no row, or one without a step above zero.
    """
    return _steps((_price(row.low_edge), row.increment) for row in rule.price_increments)


def even_steps(increment: PriceLike) -> PriceSteps:
    """Give steps of one size at every price, such as ``ContractDetails.min_tick``. Raises `ValueError` for none."""
    return _steps([(_ZERO, increment)])


def _steps(rows: Iterable[tuple[Decimal, PriceLike | None]]) -> PriceSteps:
    found: dict[Decimal, PriceStep] = {}
    for edge, increment in rows:
        step = None if increment is None else _price(increment)
        if step is None or step <= 0:
            raise ValueError(f"a price step is a number above zero, and TWS says {shown(increment)} from {edge} on")
        found[edge] = PriceStep(edge, step)
    if not found:
        raise ValueError("a market rule without any row says nothing of its price steps")
    return PriceSteps(tuple(found[edge] for edge in sorted(found)))


def _multiple(price: Decimal, increment: Decimal, rounding: str) -> Decimal:
    count = _EXACT.divide(price, increment).to_integral_value(rounding)
    return _tidy(_EXACT.multiply(count, increment), increment)


def _below_edge(edge: Decimal, increment: Decimal) -> Decimal:
    found = _multiple(edge, increment, ROUND_FLOOR)
    return found if found < edge else _tidy(_EXACT.subtract(found, increment), increment)


def _tidy(price: Decimal, increment: Decimal) -> Decimal:
    # As many decimals as the step has; and zero without a sign, since no order has a price of -0.00.
    return _EXACT.quantize(price or _ZERO, increment)


def _price(value: PriceLike) -> Decimal:
    """Give *value* exactly. Raises `ValueError` for what is no finite number, or one that nothing costs."""
    try:
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as trouble:
        raise ValueError(f"a price is a number, such as Decimal('180.55'), and not {shown(value)}") from trouble
    if not exact.is_finite() or (exact and abs(exact.adjusted()) > _MOST_MAGNITUDE):
        raise ValueError(f"a price is a finite number, such as Decimal('180.55'), and not {shown(value)}")
    return exact
