"""A chain of options: which expirations and strikes there are, at one exchange, of one class.

TWS answers a question for chains with a row for each exchange and trading class: 41 rows for Apple. Here the rows of
one exchange and class are an `OptionChain`, with days for expirations, sorted strikes, and the contracts made of them::

    chain = await tws.contracts.option_chain(apple)
    options = chain.contracts(chain.expirations[0], chain.strikes_near(331, 10))

Not every pair of an expiration and a strike exists: TWS tells them as two sets. What there is of one expiration,
`tws.contracts.details` says, slowly: ``details(chain.contract(expiry))``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from anytws.errors import Ambiguous, NotFound, shown
from anytws.messages.base import record
from anytws.messages.contract import Contract, Right, SecurityType
from anytws.messages.contracts import SecDefOptParameter
from anytws.messages.instruments import FuturesOption, Option

_BOTH: Final = (Right.CALL, Right.PUT)
_DAY: Final = 8
_OPTIONS: Final = "chain of options"


@record
class OptionChain:
    """The options on one underlying at one exchange, of one trading class."""

    underlying: Contract
    """What they are options on, as it was given, or as TWS has resolved it."""
    exchange: str
    """Where they are traded: ``SMART``, or the exchange of a future."""
    trading_class: str
    """The exchange's name for the family: ``AAPL``; ``SPX``, or ``SPXW`` of those that are settled at the close."""
    multiplier: Decimal | None
    """How many units of the underlying one option stands for; None where TWS does not say it."""
    expirations: tuple[date, ...]
    """The last trading days, the earliest first. That of today is there until it is over."""
    strikes: tuple[float, ...]
    """The strike prices, the lowest first, in the currency of the underlying."""
    odd: tuple[str, ...] = ()
    """What TWS told as an expiration or a strike and is none, as text; empty as a rule."""

    def contract(
        self, expiry: date | str, strike: float | Decimal | None = None, right: Right | str | None = None
    ) -> Contract:
        """Give one option; without *strike* or *right*, what asks for all of them (`tws.contracts.details`).

        Raises `ValueError` for an expiry or a strike that the chain does not have. That it has both is no promise that
        there is an option with both: `tws.contracts.resolve` tells.
        """
        price = None if strike is None else self._known_strikes([strike])[0]
        return self._made(self._day(expiry), price, right)

    def contracts(
        self,
        expirations: date | str | Iterable[date | str] | None = None,
        strikes: Iterable[float | Decimal] | None = None,
        rights: Right | str | Iterable[Right | str] = _BOTH,
    ) -> tuple[Contract, ...]:
        """Give the options of all *expirations* (None: all), *strikes* (None: all) and *rights*, in that order.

        Raises `ValueError` as `contract` does. TWS has no limit of contracts, but of market-data lines: choose before
        asking for quotes. `strikes_near` helps.
        """
        prices = self.strikes if strikes is None else self._known_strikes(strikes)
        sides: list[Right | str] = [rights] if isinstance(rights, str) else [*rights]
        days = self._known_days(expirations)
        return tuple(self._made(day, price, side) for day in days for price in prices for side in sides)

    def strikes_near(self, price: float | Decimal, count: int) -> tuple[float, ...]:
        """Give the *count* strikes that are nearest to *price*, the lowest first; all where there are fewer.

        Raises `ValueError` for a price that is no finite number, and a negative count.
        """
        middle = float(price)
        if not math.isfinite(middle) or count < 0:
            raise ValueError(
                f"the strikes near a price need a finite price and a count of at least 0, and not {shown(price)} and "
                f"{shown(count)}"
            )
        near = sorted(self.strikes, key=lambda strike: (abs(strike - middle), strike))[:count]
        return tuple(sorted(near))

    def _made(self, day: date, strike: float | None, right: Right | str | None) -> Contract:
        make = FuturesOption if self.underlying.security_type is SecurityType.FUTURE else Option
        return make(
            self.underlying.symbol,
            day,
            strike,
            right,
            self.exchange,
            self.underlying.currency or None,
            multiplier=self.multiplier,
            trading_class=self.trading_class,
        )

    def _known_days(self, expirations: date | str | Iterable[date | str] | None) -> Sequence[date]:
        if expirations is None:
            return self.expirations
        asked = [expirations] if isinstance(expirations, (date, str)) else [*expirations]
        return [self._day(each) for each in asked]

    def _day(self, expiry: date | str) -> date:
        day = day_of(expiry) if isinstance(expiry, str) else expiry
        if day is None or day not in self.expirations:
            told = self._listed(self.expirations)
            raise ValueError(f"{self._named} has no expiration {shown(expiry)}: there are {told}")
        return day

    def _known_strikes(self, strikes: Iterable[float | Decimal]) -> Sequence[float]:
        asked, known = [float(strike) for strike in strikes], frozenset(self.strikes)
        for strike in asked:
            if strike not in known:
                raise ValueError(f"{self._named} has no strike {shown(strike)}: there are {self._listed(self.strikes)}")
        return asked

    @property
    def _named(self) -> str:
        return f"the chain {self.trading_class} at {self.exchange}"

    @staticmethod
    def _listed(values: Sequence[object]) -> str:
        ends = (values[0], values[-1]) if values else ()
        return f"{len(values)}, from {ends[0]} to {ends[1]}" if ends else "none"


def chains_of(underlying: Contract, rows: Iterable[SecDefOptParameter]) -> tuple[OptionChain, ...]:
    """Give the chains that *rows* tell of, by exchange, class and multiplier.

    Rows of one and the same chain, which TWS was not seen to send, are put together.
    """
    found: dict[tuple[str, str, Decimal | None], _Sets] = {}
    for row in rows:
        found.setdefault((row.exchange, row.trading_class, row.multiplier), _Sets()).take(row)
    ordered = sorted(found.items(), key=lambda item: (item[0][:2], item[0][2] or Decimal(0)))
    return tuple(sets.chain(underlying, *key) for key, sets in ordered)


class _Sets:
    """What has been told of one chain."""

    def __init__(self) -> None:
        self._days: set[date] = set()
        self._strikes: set[float] = set()
        self._odd: set[str] = set()

    def take(self, row: SecDefOptParameter) -> None:
        for text in row.expirations:
            day = day_of(text)
            if day is None:
                self._odd.add(text)
            else:
                self._days.add(day)
        self._strikes.update(strike for strike in row.strikes if _is_number(strike))
        self._odd.update(str(strike) for strike in row.strikes if not _is_number(strike))

    def chain(self, underlying: Contract, exchange: str, trading_class: str, multiplier: Decimal | None) -> OptionChain:
        days, strikes, odd = sorted(self._days), sorted(self._strikes), sorted(self._odd)
        return OptionChain(underlying, exchange, trading_class, multiplier, tuple(days), tuple(strikes), tuple(odd))


def the_chain(
    underlying: Contract, chains: Iterable[OptionChain], exchange: str, trading_class: str = ""
) -> OptionChain:
    """Give the one of *chains* at *exchange*, of *trading_class*; without that, the one that is not an adjusted class.

    After a split or a merger the old options go on under a name with a digit in front: ``2AAPL`` beside ``AAPL``
    (recorded). Such a class is left out where the other one is there, and nobody has asked for it.

    Raises `NotFound` where there is none, and `Ambiguous` where there are several, such as ``SPX`` and ``SPXW``.
    """
    here = [each for each in chains if each.exchange == exchange]
    if trading_class:
        fitting = [each for each in here if each.trading_class == trading_class]
    else:
        names = {each.trading_class for each in here}
        fitting = [each for each in here if not _is_adjusted(each.trading_class, names)]
    if not fitting:
        asked = f"{trading_class} at {exchange}" if trading_class else f"at {exchange}"
        raise NotFound(underlying, what=f"{_OPTIONS} {asked}")
    if len(fitting) > 1:
        differ = tuple(
            field for field in ("trading_class", "multiplier") if len({getattr(each, field) for each in fitting}) > 1
        )
        raise Ambiguous(underlying, tuple(fitting), tuple(_name_of(each) for each in fitting), differ, _OPTIONS)
    return fitting[0]


def _is_number(strike: float | None) -> bool:
    # One that cannot be read is None, whatever its type promises.
    return strike is not None and math.isfinite(strike)


def _is_adjusted(name: str, names: set[str]) -> bool:
    return name[:1].isdigit() and name[1:] in names


def _name_of(chain: OptionChain) -> str:
    size = "" if chain.multiplier is None else f" x {chain.multiplier}"
    return f"{chain.trading_class}{size} at {chain.exchange}, {len(chain.expirations)} expirations"


def day_of(text: str) -> date | None:
    """Read ``20261218``; None for what is no day."""
    if len(text) != _DAY or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
