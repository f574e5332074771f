"""Classes of options: their expirations roll with the date, and each option is made when it is asked for.

What the contract id of an option is follows from its class, its expiration, its strike and its right alone, and the
other way round: so it is found by its id in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs

from anytws.messages.base import replace
from anytws.messages.contract import Right
from anytws.simulator.universe.futures import CODES, FutureFamily, expiry_second
from anytws.simulator.universe.holidays import nth
from anytws.simulator.universe.hours import Hours
from anytws.simulator.universe.instrument import Instrument

FIRST_ID: Final = 1_000_000_000
"""The contract ids of options whose own is not known begin here."""
ROOM: Final = 33_000_000
"""How many contract ids a class has."""
MOST_CLASSES: Final = (2**31 - 1 - FIRST_ID) // ROOM

_MONDAY, _WEDNESDAY, _FRIDAY, _SATURDAY = 0, 2, 4, 5
_DAY: Final = timedelta(days=1)
_FIRST_MONDAY: Final = date(2010, 1, 4)
_DAYS: Final = 52 * 5 * 40
MOST_STRIKES: Final = ROOM // (2 * _DAYS)
MOST_EXPIRATIONS: Final = 256
"""Of how many expirations a class remembers what their options have in common; then it starts anew."""
_LISTED_FOR: Final = timedelta(days=900)

OptionKey: TypeAlias = tuple[date, Decimal, bool]
"""Expiration, strike, and whether it is a call."""
Expirations: TypeAlias = Callable[[date, Hours], Iterator[date]]
"""Gives the expirations that can be traded on a day, in no order and some of them twice."""


@attrs.frozen(kw_only=True, eq=False)
class OptionClass:
    """A trading class of options on one underlying."""

    pattern: Instrument
    """An option of it without its own id, symbol, date and strike."""
    place: int
    """Which class it is: its number decides about the contract ids."""
    underlying: Instrument
    """What they are options on; of options on futures it is what all months have in common."""
    family: FutureFamily | None = None
    """Of options on futures: whose months they are options on."""
    expirations_of: Expirations
    fixed: tuple[date, ...] = ()
    """The expirations of a class that has no new ones."""
    strikes: tuple[Decimal, ...]
    """Ascending."""
    known: Mapping[OptionKey, int] = MappingProxyType({})
    """Contract ids that are known from a real TWS."""

    @property
    def name(self) -> str:
        """Its trading class."""
        return self.pattern.contract.trading_class

    def expirations(self, today: date) -> tuple[date, ...]:
        """Give the expirations that can be traded on *today*, ascending; that of today is among them."""
        found = {*self.fixed, *self.expirations_of(today, self.pattern.hours)}
        return tuple(sorted(day for day in found if day >= today))

    def has(self, expiration: date, strike: Decimal) -> bool:
        """Whether there is an option with *strike* for *expiration*: short ones have no strikes far from the money."""
        if strike not in self._places:
            return False
        if self.fixed or expiration == _third_friday(expiration.year, expiration.month, self.pattern.hours):
            return True
        level = self.underlying.nature.price
        return level * 6 <= strike * 10 <= level * 15

    def strikes_of(self, expiration: date) -> Sequence[Decimal]:
        """Give the strikes that there are for *expiration*, ascending."""
        return [strike for strike in self.strikes if self.has(expiration, strike)]

    _of_day: dict[date, Instrument] = attrs.field(init=False, factory=dict, repr=False)
    _places: Mapping[Decimal, int] = attrs.field(
        init=False, default=attrs.Factory(lambda self: {s: n for n, s in enumerate(self.strikes)}, takes_self=True)
    )

    def id_of(self, key: OptionKey) -> int:
        """Give the contract id of an option. Raises `KeyError` for a strike that the class does not have."""
        known = self.known.get(key)
        if known is not None:
            return known
        expiration, strike, is_call = key
        weeks, weekday = divmod((expiration - _FIRST_MONDAY).days, 7)
        number = (weeks * 5 + weekday) * len(self.strikes) + self._places[strike]
        return FIRST_ID + self.place * ROOM + number * 2 + (not is_call)

    def key_of_id(self, contract_id: int) -> OptionKey | None:
        """Give what the option with *contract_id* is; None: it is none of this class."""
        for key, known in self.known.items():
            if known == contract_id:
                return key
        number, is_put = divmod(contract_id - FIRST_ID - self.place * ROOM, 2)
        day, place = divmod(number, len(self.strikes))
        if not 0 <= day < _DAYS:
            return None
        weeks, weekday = divmod(day, 5)
        key = _FIRST_MONDAY + timedelta(days=weeks * 7 + weekday), self.strikes[place], not is_put
        return key if self.id_of(key) == contract_id and self.has(*key[:2]) else None

    def underlying_id(self, expiration: date) -> int:
        """Give the contract id of what the options with *expiration* are on: the future that is traded longer."""
        if self.family is None:
            return self.underlying.contract_id
        return self.family.id_of(*self.family.front(expiration))

    def local_symbol(self, key: OptionKey) -> str:
        """Give the exchange's symbol of an option (recorded): ``AAPL  261005C00342500``, ``MS1DU6 C6500``."""
        expiration, strike, is_call = key
        right = "C" if is_call else "P"
        if self.family is None:
            return f"{self.name:<6}{expiration:%y%m%d}{right}{int(strike * 1000):08}"
        return f"{self.name}{CODES[expiration.month - 1]}{expiration.year % 10} {right}{strike.normalize():f}"

    def option(self, key: OptionKey) -> Instrument:
        """Make the option. Raises `KeyError` for a strike that the class does not have."""
        expiration, strike, is_call = key
        pattern = self._of_day.get(expiration)
        if pattern is None:
            if len(self._of_day) >= MOST_EXPIRATIONS:
                self._of_day.clear()
            pattern = self._of_day[expiration] = self._pattern_for(expiration)
        return attrs.evolve(
            pattern,
            contract=replace(
                pattern.contract,
                contract_id=self.id_of(key),
                local_symbol=self.local_symbol(key),
                strike=float(strike),
                right=Right.CALL if is_call else Right.PUT,
            ),
            nature=attrs.evolve(pattern.nature, price=strike),
            strike=strike,
            is_call=is_call,
        )

    def _pattern_for(self, expiration: date) -> Instrument:
        """Give what all options with *expiration* have in common."""
        day = f"{expiration:%Y%m%d}"
        expires_at = expiry_second(self.pattern, expiration)
        details = replace(self.pattern.details, contract_month=day[:6], real_expiration_date=day)
        underlying_id = self.underlying_id(expiration)
        if self.family is not None:
            symbol = self.family.local_symbol(*self.family.front(expiration))
            details = replace(details, underlying_contract_id=underlying_id, underlying_symbol=symbol)
        return attrs.evolve(
            self.pattern,
            contract=replace(self.pattern.contract, last_trade_date_or_contract_month=day, last_trade_date=day),
            details=details,
            underlying_id=underlying_id,
            last_day=expiration,
            expires_at=expires_at,
            first_second=expires_at - int(_LISTED_FOR.total_seconds()),
        )


# --- which expirations there are ----------------------------------------------------------------------------------


def _open_or_before(day: date, hours: Hours) -> date:
    while not hours.of_day(day, liquid=False):
        day -= _DAY
    return day


def _third_friday(year: int, month: int, hours: Hours) -> date:
    return _open_or_before(nth(year, month, _FRIDAY, 3), hours)


def _monthly(today: date, hours: Hours) -> Iterator[date]:
    """Third Fridays of seven months, then of quarters, then of Decembers and Januaries (recorded: AAPL)."""
    for ahead in range(29):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        month += 1
        if ahead <= 7 or (month % 3 == 0 and ahead <= 21) or month in (1, 12):
            yield _third_friday(year, month, hours)


def _weekly(today: date, hours: Hours) -> Iterator[date]:
    """Six Fridays, and what is monthly (recorded)."""
    friday = today + timedelta(days=(_FRIDAY - today.weekday()) % 7)
    for weeks in range(6):
        yield _open_or_before(friday + weeks * 7 * _DAY, hours)
    yield from _monthly(today, hours)


def _busy(today: date, hours: Hours) -> Iterator[date]:
    """Mondays and Wednesdays of two weeks, and what is weekly (recorded: AAPL); none for a holiday (chosen)."""
    for ahead in range(15):
        day = today + ahead * _DAY
        if day.weekday() in (_MONDAY, _WEDNESDAY) and hours.of_day(day, liquid=False):
            yield day
    yield from _weekly(today, hours)


def _daily(today: date, hours: Hours) -> Iterator[date]:
    """Every trading day of five weeks, what is weekly, and the ends of months (reported: SPXW)."""
    for ahead in range(36):
        day = today + ahead * _DAY
        if hours.of_day(day, liquid=False):
            yield day
    yield from _weekly(today, hours)
    yield from _month_ends(today, hours)


def _month_ends(today: date, hours: Hours) -> Iterator[date]:
    for ahead in range(7):
        year, month = divmod(today.year * 12 + today.month + ahead, 12)
        yield _open_or_before(date(year, month + 1, 1) - _DAY, hours)


def _quarterly(today: date, hours: Hours) -> Iterator[date]:
    for ahead in range(16):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        if (month + 1) % 3 == 0:
            yield _third_friday(year, month + 1, hours)


def _none(_: date, __: Hours) -> Iterator[date]:
    return iter(())


RULES: Final[Mapping[str, Expirations]] = MappingProxyType(
    {
        "busy": _busy,
        "weekly": _weekly,
        "monthly": _monthly,
        "daily": _daily,
        "month_ends": _month_ends,
        "quarterly": _quarterly,
        "fixed": _none,
    }
)
"""The rules of expirations, by the name that they have in a file."""
