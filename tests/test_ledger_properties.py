"""Whatever is booked and corrected: accounts are what the executions say, and their values add up."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.messages import SecurityType
from anytws.simulator.ledger.accounts import Accounts
from anytws.simulator.ledger.booking import Booking
from anytws.simulator.ledger.kinds import is_forex, is_settled_daily
from anytws.simulator.universe.universe import usual_universe
from tests.ledger_prices import DAY, NOON, Prices, accounts_with, execution, instrument

AAPL: Final = instrument("AAPL")
INSTRUMENTS: Final = (
    AAPL,
    instrument("BMW"),
    instrument("EUR", SecurityType.FOREX, currency="USD"),
    instrument("IBM", SecurityType.BOND),
    instrument("BTC", SecurityType.CRYPTO),
    usual_universe().by_symbol("MES"),
    instrument("IQE", currency="GBP"),
)
NAMES: Final = ("DU1", "DU2")
START: Final = Decimal(100_000)
HOUR: Final = 3_600_000
CLOSE_ENOUGH: Final = Fraction(1, 10**9)


class Book(NamedTuple):
    account: int
    what: int
    quantity: Decimal
    price: Decimal
    fee: Decimal


class Correct(NamedTuple):
    which: int
    quantity: Decimal
    price: Decimal
    fee: Decimal


class Move(NamedTuple):
    what: int
    ticks: int


class Wait(NamedTuple):
    hours: int


QUANTITIES = st.integers(-5, 5).map(Decimal)
PRICES = st.integers(1, 400).map(lambda number: Decimal(number) / 4)
FEES = st.sampled_from([Decimal(0), Decimal("1.000003"), Decimal("0.62")])
STEPS = st.one_of(
    st.builds(Book, st.integers(0, 1), st.integers(0, len(INSTRUMENTS) - 1), QUANTITIES, PRICES, FEES),
    st.builds(Correct, st.integers(0, 20), QUANTITIES, PRICES, FEES),
    st.builds(Move, st.integers(0, len(INSTRUMENTS) - 1), st.integers(-300, 300)),
    st.builds(Wait, st.integers(1, 30)),
)


class Story:
    """Steps that were taken, and what the executions are in the end."""

    def __init__(self, steps: list[Any]) -> None:
        self.prices = Prices()
        self.accounts: Accounts = accounts_with(self.prices, accounts=NAMES)
        self.at = NOON
        self.executions: list[Booking] = []
        for number, step in enumerate(steps):
            self.take(number, step)

    def take(self, number: int, step: Any) -> None:
        match step:
            case Book(account, what, quantity, price, fee):
                name = NAMES[account]
                booking = execution(
                    f"e.{number}.01", INSTRUMENTS[what], quantity, price, commission=fee, account=name, at=self.at
                )
                self.executions.append(booking)
                self.accounts.book(booking)
            case Correct(which, quantity, price, fee) if self.executions:
                old = self.executions[which % len(self.executions)]
                stem = old.execution_id.rpartition(".")[0]
                new = execution(
                    f"{stem}.{number + 2}",
                    old.instrument,
                    quantity,
                    price,
                    commission=fee,
                    account=old.account,
                    at=old.at,
                )
                self.executions[which % len(self.executions)] = new
                self.accounts.book(new)
            case Move(what, ticks):
                instrument = INSTRUMENTS[what]
                now = self.prices.mark(instrument, self.at)
                self.prices.put(instrument, instrument.price_of(max(now + ticks, 1)), self.at)
            case Wait(hours):
                self.at += hours * HOUR
            case _:
                pass

    def of(self, account: str, what: int | None = None) -> list[Booking]:
        wanted = None if what is None else INSTRUMENTS[what]
        return [
            each
            for each in self.executions
            if each.account == account and (wanted is None or each.instrument is wanted)
        ]


def notional(booking: Booking) -> Decimal:
    return booking.price * booking.quantity * booking.instrument.multiplier


def day_begin(at: int) -> int:
    """Midnight in New York, in a January: five hours behind UTC."""
    return (at - 5 * HOUR) // DAY * DAY + 5 * HOUR


@given(st.lists(STEPS, max_size=25))
def test_positions_are_the_sum_of_executions(steps: list[Any]) -> None:
    story = Story(steps)
    for name in NAMES:
        for number, what in enumerate(INSTRUMENTS):
            held = sum((each.quantity for each in story.of(name, number)), Decimal(0))
            assert story.accounts.position(name, what.contract_id) == held


@given(st.lists(STEPS, max_size=25))
def test_cash_is_what_executions_left(steps: list[Any]) -> None:
    story = Story(steps)
    today = day_begin(story.at)
    for name in NAMES:
        cash: dict[str, Decimal] = defaultdict(Decimal, {"USD": START})
        for each in story.of(name):
            cash[each.commission_currency] -= each.commission
            if not is_settled_daily(each.instrument):
                cash[each.instrument.currency] -= notional(each)
            if is_forex(each.instrument):
                cash[each.instrument.contract.symbol] += each.quantity
        settled = Decimal(0)
        for number, what in enumerate(INSTRUMENTS):
            if is_settled_daily(what):
                before = [each for each in story.of(name, number) if day_begin(each.at) < today]
                held = sum((each.quantity for each in before), Decimal(0))
                worth = held * story.accounts.price(what, today) * what.multiplier
                settled += worth - sum((notional(each) for each in before), Decimal(0))
        for currency in ("USD", "EUR", "GBP"):
            assert story.accounts.cash(name, currency) == cash[currency]
        assert story.accounts.cash(name, "USD", story.at) == cash["USD"] + settled


@given(st.lists(STEPS, max_size=25))
def test_profits_are_what_values_changed_less_what_it_cost(steps: list[Any]) -> None:
    story = Story(steps)
    for name in NAMES:
        lines = story.accounts._books[name].lines
        for number, what in enumerate(INSTRUMENTS):
            executions = story.of(name, number)
            held = sum((each.quantity for each in executions), Decimal(0))
            value = held * story.accounts.price(what, story.at) * what.multiplier
            spent = sum((notional(each) + each.commission for each in executions), Decimal(0))
            if not executions:
                continue
            stake = lines[what.contract_id].stake
            assert stake.realized + (value - stake.cost) == value - spent
            assert stake.quantity or not stake.cost
            today = [each for each in executions if day_begin(each.at) == day_begin(story.at)]
            one = story.accounts.valued_one(name, what.contract_id, story.at)
            begin = held - sum((each.quantity for each in today), Decimal(0))
            gained = value - begin * story.accounts.price(what, day_begin(story.at)) * what.multiplier
            gained -= sum((notional(each) + each.commission for each in today), Decimal(0))
            assert (Decimal(0) if one is None else one.daily) == gained


@given(st.lists(STEPS, max_size=25))
def test_values_add_up(steps: list[Any]) -> None:
    story = Story(steps)
    accounts, at = story.accounts, story.at
    for names in ((NAMES[0],), NAMES):
        told = accounts.statement(names, at)
        for block in told.blocks:
            assert block.rate == accounts.rate(block.currency, at)
            assert block.net == block.cash + sum(block.values.values()) + block.futures_pnl
        for figure in ("cash", "net", "futures_pnl", "unrealized", "realized", "daily", "gross", "unsettled"):
            blocks = sum((getattr(block, figure) * block.rate for block in told.blocks), Decimal(0))
            assert getattr(told.total, figure) == blocks
        assert told.net_liquidation == told.total.cash + sum(told.total.values.values()) + told.total.futures_pnl
        assert told.available_funds == told.equity_with_loan - told.initial_margin
        assert told.excess_liquidity == told.equity_with_loan - told.maintenance_margin
        # What all is worth is what was there, and what was earned.
        earned = sum(
            (
                Fraction(line.stake.realized - line.stake.cost) * Fraction(accounts.rate(line.instrument.currency, at))
                + Fraction(line.stake.quantity * accounts.price(line.instrument, at) * line.instrument.multiplier)
                * Fraction(accounts.rate(line.instrument.currency, at))
                for name in names
                for line in accounts._books[name].lines.values()
            ),
            Fraction(0),
        )
        assert abs(Fraction(told.net_liquidation) - Fraction(START * len(names)) - earned) < CLOSE_ENOUGH


@given(st.lists(STEPS, max_size=15), st.integers(0, len(INSTRUMENTS) - 1), QUANTITIES, PRICES)
@settings(max_examples=50)
def test_what_if_is_what_happens(steps: list[Any], what: int, quantity: Decimal, price: Decimal) -> None:
    story = Story(steps)
    accounts, at = story.accounts, story.at
    told = accounts.margin("DU1", at, INSTRUMENTS[what], quantity, price)
    accounts.book(execution("if.01", INSTRUMENTS[what], quantity, price, at=at))
    after = accounts.statement(("DU1",), at)
    assert abs(told.initial_after - after.initial_margin) < Decimal("1e-9")
    assert abs(told.maintenance_after - after.maintenance_margin) < Decimal("1e-9")
    assert abs(told.equity_after - after.equity_with_loan) < Decimal("1e-9")
