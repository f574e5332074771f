"""Families of futures: their contract months are made when they are asked for, the same ones in every process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs

from anytws.messages.base import replace
from anytws.simulator.universe.holidays import CALENDARS, nth
from anytws.simulator.universe.hours import second_of, zone_of
from anytws.simulator.universe.instrument import Instrument

FIRST_ID: Final = 990_100_000
"""The contract ids of months whose own is not known begin here: 1,000 for each family."""
MOST_FAMILIES: Final = 100

CODES: Final = "FGHJKMNQUVXZ"
"""The letters of the months."""
_ROOM: Final = 1_000
_FIRST_YEAR: Final = 2000
_YEARS: Final = 80
_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4
_LISTED_FOR: Final = timedelta(days=2 * 365)
# TWS forgets an expired future after two years (documented).
_KEPT_MONTHS: Final = 24

LastTrade: TypeAlias = Callable[[int, int], date]
"""Gives the last trade date of the contract month (year, month)."""


@attrs.frozen
class KnownMonth:
    """A contract month whose contract id or last trade date is known from a real TWS."""

    contract_id: int
    last_day: date


@attrs.frozen(kw_only=True, eq=False)
class FutureFamily:
    """What all months of a future have in common, and by which rules they differ."""

    pattern: Instrument
    """A month without its own id, symbol and date."""
    place: int
    """Which family it is: its number decides about the contract ids."""
    months: tuple[int, ...]
    """The contract months, 1 to 12."""
    listed: int
    """How many of them can be traded at a time."""
    last_trade: LastTrade
    year_digits: int = 1
    """How many digits of the year are in local symbols."""
    known: Mapping[tuple[int, int], KnownMonth] = MappingProxyType({})
    """By year and month."""

    @property
    def symbol(self) -> str:
        """Its symbol."""
        return self.pattern.contract.symbol

    def id_of(self, year: int, month: int) -> int:
        """Give the contract id of a month."""
        known = self.known.get((year, month))
        if known is not None and known.contract_id:
            return known.contract_id
        return FIRST_ID + self.place * _ROOM + (year - _FIRST_YEAR) * 12 + month - 1

    def month_of_id(self, contract_id: int) -> tuple[int, int] | None:
        """Give the month with *contract_id*; None: it is no month of this family."""
        for (year, month), known in self.known.items():
            if known.contract_id == contract_id:
                return year, month
        number = contract_id - FIRST_ID - self.place * _ROOM
        if not 0 <= number < _YEARS * 12:
            return None
        year, month = _FIRST_YEAR + number // 12, number % 12 + 1
        return (year, month) if month in self.months and self.id_of(year, month) == contract_id else None

    def last_day(self, year: int, month: int) -> date:
        """Give the last trade date of a month."""
        known = self.known.get((year, month))
        return self.last_trade(year, month) if known is None else known.last_day

    def front(self, today: date) -> tuple[int, int]:
        """Give the first month that is still traded on *today*."""
        return next(self._from(today))

    def months_listed(self, today: date, *, with_expired: bool = False) -> list[tuple[int, int]]:
        """Give the months that can be traded on *today*; *with_expired*: and those of the two years before."""
        ahead = self._from(today)
        listed = [next(ahead) for _ in range(self.listed)]
        if with_expired:
            year, month = listed[0]
            before = [divmod(year * 12 + month - 1 - back, 12) for back in range(_KEPT_MONTHS, 0, -1)]
            expired = {(y, m + 1) for y, m in before if m + 1 in self.months}
            # What is older than that is known all the same, where a real one is.
            expired |= {each for each in self.known if each < listed[0]}
            listed = [*sorted(expired), *listed]
        return listed

    def _from(self, today: date) -> Iterator[tuple[int, int]]:
        # A month may be traded until after its own end, or end in the month before.
        number = today.year * 12 + today.month - 2
        while True:
            year, month = divmod(number, 12)
            if month + 1 in self.months and self.last_day(year, month + 1) >= today:
                yield year, month + 1
            number += 1

    def local_symbol(self, year: int, month: int) -> str:
        """Give the exchange's symbol of a month, such as ``ESZ6``."""
        return f"{self.pattern.contract.local_symbol}{CODES[month - 1]}{str(year)[-self.year_digits :]}"

    def instrument(self, year: int, month: int) -> Instrument:
        """Make the instrument of a month."""
        pattern = self.pattern
        last_day = self.last_day(year, month)
        expires_at = expiry_second(pattern, last_day)
        return attrs.evolve(
            pattern,
            contract=replace(
                pattern.contract,
                contract_id=self.id_of(year, month),
                local_symbol=self.local_symbol(year, month),
                last_trade_date_or_contract_month=f"{last_day:%Y%m%d}",
                last_trade_date=f"{last_day:%Y%m%d}",
            ),
            details=replace(
                pattern.details, contract_month=f"{year}{month:02}", real_expiration_date=f"{last_day:%Y%m%d}"
            ),
            last_day=last_day,
            expires_at=expires_at,
            first_second=expires_at - int(_LISTED_FOR.total_seconds()),
        )


def expiry_second(pattern: Instrument, last_day: date) -> int:
    """Give the second at which *pattern* is traded last, if it is so on *last_day*: by its time in the details."""
    details = pattern.details
    hour, minute = int(details.last_trade_time[:2]), int(details.last_trade_time[3:5])
    return second_of(last_day, hour * 60 + minute, zone_of(details.last_trade_time_zone or pattern.hours.zone))


# --- last trade dates ---------------------------------------------------------------------------------------------


def _is_business_day(day: date) -> bool:
    # Recorded: a day on which US stocks rest is none, though futures are traded on it; Christmas Eve is one.
    return day.weekday() <= _FRIDAY and not CALENDARS["us_stock"].is_closed(day)


def _back(day: date, count: int) -> date:
    """Give the *count*-th business day before *day*; 0: itself, or the one before if it is none."""
    left = count
    while True:
        if _is_business_day(day):
            if left == 0:
                return day
            left -= 1
        day -= _DAY


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - _DAY


def _third_friday(year: int, month: int) -> date:
    return _back(nth(year, month, _FRIDAY, 3), 0)


def _before_25th(year: int, month: int) -> date:
    """Three business days before the 25th of the month before; if that is none, before the last one before it."""
    before = date(year, month, 1) - _DAY
    return _back(_back(before.replace(day=25), 0), 3)


def _before_month(year: int, month: int) -> date:
    return _back(date(year, month, 1) - _DAY, 2)


def _third_last(year: int, month: int) -> date:
    return _back(_month_end(year, month), 2)


def _eighth_last(year: int, month: int) -> date:
    return _back(_month_end(year, month), 7)


LAST_TRADES: Final[Mapping[str, LastTrade]] = MappingProxyType(
    {
        "third_friday": _third_friday,
        "before_25th": _before_25th,
        "before_month": _before_month,
        "third_last": _third_last,
        "eighth_last": _eighth_last,
    }
)
"""The rules of last trade dates, by the name that they have in a file: by US business days."""
