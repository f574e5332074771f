"""What the executions of an order cost and earned, in exact sums: they do not depend on the order of the reports."""

from __future__ import annotations

from decimal import Context, Decimal
from math import isfinite
from typing import Final

import attrs

from anytws.messages.executions import CommissionAndFeesReport

NOTHING: Final = Decimal(0)
EXACT: Final = Context(prec=1000, traps=[])
"""For sums. It is our own: that of the application may round to six places."""
SHOWN: Final = Context(prec=15, traps=[])
"""For what is shown as a float: as many places as one surely has."""


def price_of(value: float | None) -> float | None:
    """Give a price or an amount that can be computed with, None for all others."""
    return value if value is not None and isfinite(value) else None


@attrs.define
class _Amounts:
    """Amounts in one currency."""

    fees: Decimal = NOTHING
    fees_told: int = 0
    earned: Decimal = NOTHING
    earned_told: int = 0

    reports: int = 0

    def add(self, report: CommissionAndFeesReport, times: int) -> None:
        self.reports += times
        add = EXACT.add if times > 0 else EXACT.subtract
        fees, earned = price_of(report.commission_and_fees), price_of(report.realized_pnl)
        if fees is not None:
            self.fees, self.fees_told = add(self.fees, Decimal(repr(float(fees)))), self.fees_told + times
        if earned is not None:
            self.earned, self.earned_told = add(self.earned, Decimal(repr(float(earned)))), self.earned_told + times


@attrs.frozen
class Costs:
    """What all executions of an order cost and earned; None where nothing was told, or not in one currency."""

    fees: float | None = None
    currency: str = ""
    earned: float | None = None


class OrderCosts:
    """The costs of all executions of one order."""

    def __init__(self) -> None:
        self._amounts: dict[str, _Amounts] = {}
        """By currency; an empty one where none was said."""
        self._costs: Costs | None = Costs()

    def change(self, before: CommissionAndFeesReport | None, now: CommissionAndFeesReport) -> None:
        """Count *now*, which has taken the place of *before*."""
        if before is not None:
            amounts = self._amounts[before.currency or ""]
            amounts.add(before, -1)
            if not amounts.reports:
                del self._amounts[before.currency or ""]
        self._amounts.setdefault(now.currency or "", _Amounts()).add(now, 1)
        self._costs = None

    @property
    def total(self) -> Costs:
        """What they come to."""
        if self._costs is None:
            self._costs = self._computed()
        return self._costs

    def _computed(self) -> Costs:
        told = {currency: each for currency, each in self._amounts.items() if each.fees_told or each.earned_told}
        named = [currency for currency in told if currency]
        if not told or len(named) > 1:
            return Costs()
        fees = [each.fees for each in told.values() if each.fees_told]
        earned = [each.earned for each in told.values() if each.earned_told]
        return Costs(_sum(fees), named[0] if named else "", _sum(earned))


def _sum(amounts: list[Decimal]) -> float | None:
    if not amounts:
        return None
    total = NOTHING
    for each in amounts:
        total = EXACT.add(total, each)
    return float(SHOWN.plus(total))
