"""What habits are made of: each is one rule, or several, for messages of their kinds."""

from __future__ import annotations

from collections.abc import Sequence

from anytws.simulator.faults import sayings
from anytws.simulator.faults.triggers import On
from anytws.simulator.faults.words import Fault, Habit


def rules_of(habit: Habit) -> Sequence[tuple[On, Fault]]:
    """Give the rules of *habit*, each with the messages that it is about. Raises `TypeError` for one that has none."""
    match habit:
        case sayings.ExecutionBeforeStatus():
            return ((On("OrderStatus"), habit),)
        case sayings.StatusBeforeExecution(patience=patience):
            return ((On("ExecutionDetails"), sayings.HoldUntil("OrderStatus", patience)),)
        case sayings.StatusBeforeOpenOrder(patience=patience):
            return ((On("OpenOrder"), sayings.HoldUntil("OrderStatus", patience)),)
        case sayings.CommissionLate(seconds=seconds):
            return ((On("CommissionAndFeesReport"), sayings.Delay(seconds)),)
        case sayings.CommissionNever():
            return ((On("CommissionAndFeesReport"), sayings.LeaveOut()),)
        case sayings.OneClock():
            return ((On("CurrentTimeRequest"), habit), (On("CurrentTimeInMillisRequest"), habit))
        case sayings.OpenOrdersFirst():
            return ((On("ManagedAccounts"), habit),)
        case _:
            raise TypeError(f"{type(habit).__name__} has no rules")
