"""The book of one account: its cash, its positions, and the executions that it can still correct."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final

import attrs

from anytws.simulator.ledger.booking import Booking
from anytws.simulator.ledger.kinds import is_forex, is_settled_daily
from anytws.simulator.ledger.stake import EXACT, NOTHING, Stake, begun, booked
from anytws.simulator.universe.instrument import Instrument

MOST_EXECUTIONS: Final = 10_000
"""How many executions of an account can still be corrected; of older ones only what they did is known."""

MOST_POSITIONS: Final = 1_000
"""How many positions an account remembers before it forgets those that were closed on earlier days."""


@attrs.frozen
class Entry:
    """An execution that is booked."""

    booking: Booking
    fees: Decimal
    """Its commission, in the currency of the prices."""
    day: int
    """When its day of profit and loss began, in milliseconds since 1970."""
    before: Stake
    """The position as it was before."""

    @property
    def notional(self) -> Decimal:
        """Price times size times multiplier."""
        return self.booking.price * self.booking.quantity * self.booking.instrument.multiplier


@attrs.define(eq=False)
class Line:
    """One instrument in the book of an account."""

    instrument: Instrument
    stake: Stake
    entries: list[Entry] = attrs.field(factory=list)
    """What can still be corrected, oldest first."""


class Book:
    """What one account has. It knows no prices."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.version: int = 0
        """It is higher after each change."""
        self.cash: Final[dict[str, Decimal]] = {}
        """Balances by currency, without what futures have gained: see `Accounts.cash`."""
        self.lines: Final[dict[int, Line]] = {}
        """By contract id, in the order in which they were first held."""
        self._where: dict[str, int] = {}

    def book(self, booking: Booking, fees: Decimal, day: int) -> Decimal | None:
        """Book an execution, or correct it; give what it earned, or None if it closed nothing.

        *fees* is its commission in the currency of its prices, *day* when its day began. Raises `ValueError` for a
        correction that is of another instrument.
        """
        stem = booking.execution_id.rpartition(".")[0] or booking.execution_id
        with localcontext(EXACT):
            contract_id = booking.instrument.contract_id
            known = self._where.get(stem, contract_id)
            if known != contract_id:
                raise ValueError(f"execution {stem} is one of contract {known}, and cannot become one of {contract_id}")
            self.version += 1
            if stem in self._where:
                return self._correct(stem, booking, fees, day)
            self._make_room(day)
            self._where[stem] = contract_id
            line = self.lines.get(contract_id)
            if line is None:
                line = self.lines[contract_id] = Line(booking.instrument, Stake())
            self._move_cash(booking, 1)
            return _append(line, booking, fees, day)

    def put(self, instrument: Instrument, stake: Stake) -> None:
        """Have *stake* of *instrument*, whatever was there; cash stays, and nothing before can be corrected."""
        self.version += 1
        line = self.lines.get(instrument.contract_id)
        if line is None:
            self.lines[instrument.contract_id] = Line(instrument, stake)
        else:
            line.stake = stake
            line.entries.clear()
            self._where = {stem: each for stem, each in self._where.items() if each != instrument.contract_id}

    def put_cash(self, currency: str, amount: Decimal) -> None:
        """Have *amount* of *currency*, whatever was there."""
        self.version += 1
        self.cash[currency] = amount

    def _correct(self, stem: str, booking: Booking, fees: Decimal, day: int) -> Decimal | None:
        """Put *booking* in the place of the one with its id, and all that came after it after it again."""
        line = self.lines[self._where[stem]]
        place = len(line.entries) - 1
        while not _is_of(line.entries[place].booking, stem):
            place -= 1
        later = line.entries[place + 1 :]
        wrong = line.entries[place]
        del line.entries[place:]
        line.stake = wrong.before
        self._move_cash(wrong.booking, -1)
        self._move_cash(booking, 1)
        # Of the day on which it happened: a correction, or a commission that comes late, does not move it.
        realized = _append(line, booking, fees, min(day, wrong.day))
        for entry in later:
            _append(line, entry.booking, entry.fees, entry.day)
        return realized

    def _move_cash(self, booking: Booking, sign: int) -> None:
        instrument = booking.instrument
        if not is_settled_daily(instrument):
            self._add(instrument.currency, -sign * booking.price * booking.quantity * instrument.multiplier)
        if is_forex(instrument):
            self._add(instrument.contract.symbol, sign * booking.quantity * instrument.multiplier)
        if booking.commission:
            self._add(booking.commission_currency, -sign * booking.commission)

    def _add(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, NOTHING) + amount

    def _make_room(self, day: int) -> None:
        """Forget executions that are too many to correct, and what was closed on other days than *day*."""
        while len(self._where) >= MOST_EXECUTIONS:
            stem = next(iter(self._where))
            # It is the oldest of all, so it is the oldest of its position.
            del self.lines[self._where.pop(stem)].entries[0]
        if len(self.lines) >= MOST_POSITIONS:
            for contract_id, line in list(self.lines.items()):
                if not line.stake.quantity and line.stake.day < day:
                    self._forget(contract_id, line)

    def _forget(self, contract_id: int, line: Line) -> None:
        if is_settled_daily(line.instrument):
            # What it gained stays in the cash.
            self._add(line.instrument.currency, -line.stake.spent)
        del self.lines[contract_id]
        self._where = {stem: each for stem, each in self._where.items() if each != contract_id}


def opening(quantity: Decimal, average_cost: Decimal) -> Stake:
    """Give a position that was there before: *quantity* of something that cost *average_cost* each."""
    with localcontext(EXACT):
        return begun(quantity, average_cost)


def _is_of(booking: Booking, stem: str) -> bool:
    return (booking.execution_id.rpartition(".")[0] or booking.execution_id) == stem


def _append(line: Line, booking: Booking, fees: Decimal, day: int) -> Decimal | None:
    entry = Entry(booking, fees, day, line.stake)
    line.stake, realized = booked(line.stake, booking.quantity, entry.notional, fees, day)
    line.entries.append(entry)
    return realized
