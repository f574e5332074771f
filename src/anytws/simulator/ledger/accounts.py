"""All accounts of a simulated TWS: what is booked into them, and what they are worth at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final

from anytws.messages.order_words import FaMethod
from anytws.simulator.advisors import AdvisorGroup, is_advisor
from anytws.simulator.ledger.book import Book, Line, opening
from anytws.simulator.ledger.booking import Booking, Margin
from anytws.simulator.ledger.days import Days
from anytws.simulator.ledger.exercise import exercise, expire
from anytws.simulator.ledger.kinds import is_forex, is_option
from anytws.simulator.ledger.margins import MarginModel, Requirement, requirement
from anytws.simulator.ledger.rates import Rates
from anytws.simulator.ledger.stake import EXACT, NOTHING, Stake
from anytws.simulator.ledger.statement import Statement, state
from anytws.simulator.ledger.valued import Valued
from anytws.simulator.proof import refused

if TYPE_CHECKING:
    from anytws.simulator.market.market import Market
    from anytws.simulator.settings import WorldSettings
    from anytws.simulator.universe.instrument import Instrument
    from anytws.simulator.universe.universe import Universe


def _ignore(_: str, __: int) -> None:
    """Nobody is told."""


class Accounts:
    """What belongs to whom. Times are in milliseconds since 1970, amounts in `Decimal`.

    Each account begins with the cash of the settings, those of advisors with none. The first that is no advisor's has
    the positions of the settings as well.
    Raises `ValueError` for a position in what the universe does not have.
    """

    def __init__(self, settings: WorldSettings, universe: Universe, market: Market) -> None:
        self.base: Final[str] = settings.base_currency
        """The currency that sums are in."""
        self.version: int = 0
        """It is higher after each change of any account."""
        self.on_change: Callable[[str, int], None] = _ignore
        """Called after each change, with the account and the contract id; 0 where it was no position that changed."""
        self.margin_model: MarginModel = settings.margins.model
        """How much positions bind."""
        self._universe = universe
        self._market = market
        self._rates = Rates(universe, market)
        self._days = Days()
        self._is_ready = True
        self._events = 0
        self._begun = 0
        self._begins: dict[int, Decimal] = {}
        self._books = {name: Book(name) for name in settings.accounts}
        for name, book in self._books.items():
            # Chosen: what an advisor has is with his clients.
            book.put_cash(self.base, NOTHING if is_advisor((name,)) else settings.cash)
        self._open(settings)

    def _open(self, settings: WorldSettings) -> None:
        first = next((name for name in self._books if not is_advisor((name,))), None)
        for position in settings.positions if first is not None else ():
            try:
                instrument = self._universe.by_symbol(position.symbol)
                self._check(instrument.currency)
            except LookupError as problem:
                wanted = "a tuple of Holding, each of something that the universe has"
                raise refused("positions", settings.positions, wanted, problem) from problem
            stake = opening(position.quantity, Decimal(repr(float(position.average_cost))))
            self._books[first or ""].put(instrument, stake)

    # Which there are

    @property
    def names(self) -> tuple[str, ...]:
        """The accounts, in the order of the settings."""
        return tuple(self._books)

    @property
    def is_ready(self) -> bool:
        """What ``AccountReady`` says. Off: the broker's servers are being reset, and values may be wrong."""
        return self._is_ready

    @is_ready.setter
    def is_ready(self, value: bool) -> None:
        self._is_ready = value
        for book in self._books.values():
            book.version += 1
        self._tell("", 0)

    def version_of(self, accounts: Iterable[str]) -> int:
        """Give a number that is higher after each change of one of *accounts*."""
        return sum(self._books[name].version for name in accounts)

    # Bookings

    def book(self, booking: Booking) -> Decimal | None:
        """Book an execution; give its realized profit after the commissions of both sides, in its prices' currency.

        None: it closed nothing. The same execution id, up to its last dot, corrects what was booked: that is undone,
        and all that came after it is reckoned again. Raises `LookupError` for an account that there is not and for a
        currency without a rate, `ValueError` for a combo (its legs are booked) and for a correction of another
        instrument.
        """
        instrument = booking.instrument
        if instrument.legs:
            raise ValueError(f"{booking.execution_id} is of a combo: book its legs")
        book = self._book(booking.account)
        self._check(instrument.currency, *((instrument.contract.symbol,) if is_forex(instrument) else ()))
        fees = booking.commission
        if fees and booking.commission_currency != instrument.currency:
            self._check(booking.commission_currency)
            fees *= self._rates.rate(booking.commission_currency, instrument.currency, booking.at)
        realized = book.book(booking, fees, self._days.begin_of(booking.at))
        self._tell(booking.account, instrument.contract_id)
        return realized

    def set_cash(self, account: str, currency: str, amount: Decimal) -> None:
        """Have *amount* of *currency* in *account*, whatever was there. Raises `LookupError` as `book` does."""
        self._check(currency)
        self._book(account).put_cash(currency, amount)
        self._tell(account, 0)

    def set_position(self, account: str, instrument: Instrument, quantity: Decimal, average_cost: Decimal) -> None:
        """Have *quantity* of *instrument*, at a cost of *average_cost* each, whatever was there; cash stays as it is.

        Raises `LookupError` as `book` does.
        """
        self._check(instrument.currency)
        self._book(account).put(instrument, opening(quantity, average_cost))
        self._tell(account, instrument.contract_id)

    def exercise(self, account: str, option: Instrument, contracts: Decimal, at: int) -> tuple[Booking, ...]:
        """Exercise *contracts* of a long position, as many as are held; negative: have a short one assigned.

        Gives what was booked; raises as `anytws.simulator.ledger.exercise.exercise` does.
        """
        held = self.position(account, option.contract_id)
        count = min(contracts, held) if contracts > 0 else max(contracts, held)
        return exercise(self, account, option, count, at, self._number()) if count * contracts > 0 else ()

    def expire(self, account: str, instrument: Instrument, at: int) -> tuple[Booking, ...]:
        """End what *account* holds of *instrument*, which had its last day; give what was booked."""
        return expire(self, account, instrument, at, self._number())

    # What there is

    def position(self, account: str, contract_id: int) -> Decimal:
        """Give how much *account* holds of a contract; negative: sold short."""
        line = self._book(account).lines.get(contract_id)
        return NOTHING if line is None else line.stake.quantity

    def average_cost(self, account: str, contract_id: int) -> Decimal:
        """Give what one unit of it cost, multiplier and commissions included; 0 where nothing is held."""
        line = self._book(account).lines.get(contract_id)
        with localcontext(EXACT):
            return NOTHING if line is None else line.stake.average_cost

    def cash(self, account: str, currency: str, at: int | None = None) -> Decimal:
        """Give the balance of *currency*: with *at*, and what futures and CFDs gained up to the day of it."""
        book = self._book(account)
        with localcontext(EXACT):
            balance = book.cash.get(currency, NOTHING)
            if at is not None:
                balance += sum((each.settled for each in self._valued(book, at) if each.currency == currency), NOTHING)
            return balance

    def positions(self, accounts: Iterable[str], at: int) -> list[tuple[str, Instrument, Stake]]:
        """Give each position of *accounts* with its account, and with 0 what was closed on the day of *at*.

        In the order in which they were first held.
        """
        day = self._days.begin_of(at)
        held = ((name, line.instrument, line.stake.on(day)) for name in accounts for line in self._lines(name))
        return [each for each in held if _is_of_today(each[2])]

    def valued(self, accounts: Iterable[str], at: int) -> list[Valued]:
        """Give what `positions` gives, with what it is worth at *at*."""
        with localcontext(EXACT):
            day = self._days.begin_of(at)
            return [self._value(*each, at, day) for each in self.positions(accounts, at)]

    def valued_one(self, account: str, contract_id: int, at: int) -> Valued | None:
        """Give one position; None: *account* does not hold it, and did not on the day of *at*."""
        day = self._days.begin_of(at)
        line = self._book(account).lines.get(contract_id)
        stake = None if line is None else line.stake.on(day)
        if line is None or stake is None or not _is_of_today(stake):
            return None
        with localcontext(EXACT):
            return self._value(account, line.instrument, stake, at, day)

    def statement(self, accounts: Sequence[str], at: int) -> Statement:
        """Give all values of *accounts* together."""
        return self.picture(accounts, at)[0]

    def picture(self, accounts: Sequence[str], at: int) -> tuple[Statement, list[Valued]]:
        """Give what `statement` gives, and what `valued` gives, for the price of one."""
        with localcontext(EXACT):
            held = [each for name in accounts for each in self._valued(self._book(name), at)]
            return self._state(accounts, held, at), [each for each in held if _is_of_today(each.stake)]

    def rate(self, currency: str, at: int) -> Decimal:
        """Give what one *currency* is in the base currency, in seven decimals."""
        return self._rates.rate(currency, self.base, at)

    def day_begin(self, at: int) -> int:
        """Give when the day of profit and loss began that *at* is in."""
        return self._days.begin_of(at)

    def price(self, instrument: Instrument, at: int) -> Decimal:
        """Give the price by which positions in *instrument* are valued."""
        return instrument.price_of(self._market.mark(instrument, at))

    def underlying(self, instrument: Instrument) -> Instrument | None:
        """Give what *instrument* is derived from; None: from nothing that the universe has."""
        return self._universe.by_id(instrument.underlying_id) if instrument.underlying_id else None

    def next_change(self, accounts: Iterable[str], at: int) -> int:
        """Give when after *at* a value of *accounts* may change next: with a price, or because a day begins."""
        found: dict[int, Instrument] = {}
        for name in accounts:
            book = self._book(name)
            held = [line.instrument for line in book.lines.values() if line.stake.quantity]
            currencies = dict.fromkeys([*book.cash, *(instrument.currency for instrument in held)])
            pairs = (self._rates.pair(currency, self.base) for currency in currencies if currency != self.base)
            for instrument in [*held, *(pair for pair in pairs if pair is not None)]:
                found[instrument.contract_id] = instrument
        return self._next_change(found.values(), at)

    def next_change_of(self, accounts: Iterable[str], contract_id: int, at: int) -> int:
        """Give when after *at* the value of one position may change next."""
        lines = (self._book(name).lines.get(contract_id) for name in accounts)
        held = [line.instrument for line in lines if line is not None and line.stake.quantity]
        return self._next_change(held[:1], at)

    def split(
        self, group: AdvisorGroup, quantity: Decimal, at: int, instrument: Instrument
    ) -> tuple[tuple[str, Decimal], ...]:
        """Give what of an order for *quantity* of *instrument* each account of *group* gets: together all of it.

        In whole units of the instrument, see `AdvisorGroup.shares_of`: by net liquidation or available funds where that
        is the method; a change in per cent goes by what each holds (chosen).
        """
        if group.method is FaMethod.PERCENT_CHANGE:
            held = tuple(abs(self.position(account, instrument.contract_id)) for account in group.accounts)
            group = AdvisorGroup(group.name, group.accounts, FaMethod.RATIO, held) if any(held) else group

        def worth(account: str) -> Decimal:
            statement = self.statement((account,), at)
            is_net = group.method is FaMethod.NET_LIQUIDATION
            return statement.net_liquidation if is_net else statement.available_funds

        return group.shares_of(quantity, instrument.size_unit, worth)

    # Margins

    def margin(self, account: str, at: int, instrument: Instrument, quantity: Decimal, price: Decimal) -> Margin:
        """Give what buying *quantity* (negative: selling) of *instrument* at *price* would do, without commissions.

        Of a combo its legs are looked at. Raises `LookupError` as `book` does.
        """
        with localcontext(EXACT):
            before = self.statement((account,), at)
            change = Requirement()
            legs = [(leg.instrument, Decimal(leg.ratio)) for leg in instrument.legs]
            for leg, count in legs or [(instrument, Decimal(1))]:
                mark = self.price(leg, at)
                held = self.position(account, leg.contract_id)
                old = self._required(leg, held, mark, at)
                change = change.plus(self._required(leg, held + count * quantity, mark, at)).plus(
                    old.times(Decimal(-1))
                )
            gain = quantity * (self.price(instrument, at) - price) * instrument.multiplier
            equity = before.equity_with_loan
            return Margin(
                initial_before=before.initial_margin,
                maintenance_before=before.maintenance_margin,
                equity_before=equity,
                initial_after=before.initial_margin + change.initial,
                maintenance_after=before.maintenance_margin + change.maintenance,
                equity_after=equity + gain * self.rate(instrument.currency, at),
            )

    # Helpers

    def _number(self) -> str:
        """Give an id for what is booked without an order."""
        self._events += 1
        return f"event-{self._events}"

    def _book(self, account: str) -> Book:
        try:
            return self._books[account]
        except KeyError:
            raise LookupError(f"there is no account {account!r}") from None

    def _lines(self, account: str) -> Iterable[Line]:
        return self._book(account).lines.values()

    def _check(self, *currencies: str) -> None:
        for currency in currencies:
            if currency != self.base and not self._rates.knows(currency):
                raise LookupError(f"nothing is known of the rate of {currency!r}")

    def _tell(self, account: str, contract_id: int) -> None:
        self.version += 1
        self.on_change(account, contract_id)

    def _state(self, accounts: Sequence[str], held: Sequence[Valued], at: int) -> Statement:
        cash: dict[str, Decimal] = {self.base: NOTHING}
        for name in accounts:
            for currency, amount in self._book(name).cash.items():
                cash[currency] = cash.get(currency, NOTHING) + amount
        for each in held:
            cash[each.currency] = cash.get(each.currency, NOTHING) + each.settled
        rates = {currency: self._rates.rate(currency, self.base, at) for currency in cash}
        required = Requirement()
        for each in held:
            required = required.plus(self._required(each.instrument, each.quantity, each.price, at))
        return state(cash, rates, held, required, base=self.base)

    def _valued(self, book: Book, at: int) -> list[Valued]:
        """Give all that there is in *book*, what was closed long ago as well: futures left their gains in the cash."""
        day = self._days.begin_of(at)
        lines = book.lines.values()
        return [self._value(book.name, line.instrument, line.stake.on(day), at, day) for line in lines]

    def _value(self, account: str, instrument: Instrument, stake: Stake, at: int, day: int) -> Valued:
        price = self.price(instrument, at) if stake.quantity else NOTHING
        begin = self._price_at_begin(instrument, day) if stake.day_quantity else NOTHING
        return Valued(account, instrument, stake, price, begin)

    def _next_change(self, instruments: Iterable[Instrument], at: int) -> int:
        changes = (self._market.next_change(instrument, at) for instrument in instruments)
        return min((self._days.end_of(at), *changes))

    def _price_at_begin(self, instrument: Instrument, day: int) -> Decimal:
        """Give the price when the day began, as it was when it was first asked for: it is asked for again and again."""
        if day != self._begun:
            self._begun = day
            self._begins.clear()
        price = self._begins.get(instrument.contract_id)
        if price is None:
            price = self._begins[instrument.contract_id] = self.price(instrument, day)
        return price

    def _required(self, instrument: Instrument, quantity: Decimal, price: Decimal, at: int) -> Requirement:
        """Give what a position binds, in the base currency."""
        if not quantity:
            return Requirement()
        underlying = None
        if quantity < 0 and is_option(instrument):
            what = self.underlying(instrument)
            underlying = None if what is None else self.price(what, at)
        found = requirement(self.margin_model, instrument, quantity, price, underlying)
        return found.times(self.rate(instrument.currency, at))


def _is_of_today(stake: Stake) -> bool:
    """Tell whether something is held, or was on the day that *stake* is of."""
    return bool(stake.quantity or stake.day_spent) or stake.day_realized is not None
