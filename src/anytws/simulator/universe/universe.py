"""All that can be traded, and how it is found."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Final
from weakref import WeakValueDictionary

import attrs

from anytws.messages.contract import Contract, SecurityType
from anytws.simulator.universe.catalogue import Catalogue
from anytws.simulator.universe.combos import combo_of
from anytws.simulator.universe.file import read_catalogue, usual_catalogue
from anytws.simulator.universe.finding import (
    NO_EXCHANGE,
    NO_LEGS,
    NO_SUCH_EXCHANGE,
    NO_TYPE,
    NOT_ENOUGH,
    UNKNOWN,
    Match,
    Trouble,
    ambiguous,
    fits,
    names_something,
    right_of,
    rows,
)
from anytws.simulator.universe.futures import FutureFamily
from anytws.simulator.universe.instrument import Instrument, PriceStep
from anytws.simulator.universe.options import OptionClass, OptionKey
from anytws.simulator.universe.searching import search

__all__ = ["Match", "Trouble", "Universe", "usual_universe"]

USUAL_DAY: Final = date(2026, 1, 5)
"""The day on which a simulated world begins, unless it is told otherwise (`anytws.simulator.settings.EPOCH`)."""
MOST_MADE: Final = 4_096
"""How many options, futures and combinations are remembered that nobody else holds; the oldest go first."""

_DATED: Final = frozenset({SecurityType.FUTURE, SecurityType.OPTION, SecurityType.FUTURES_OPTION})
_CONTINUOUS: Final = (SecurityType.CONTINUOUS_FUTURE, SecurityType.FUTURE_OR_CONTINUOUS)
_OPTIONS: Final = frozenset({SecurityType.OPTION, SecurityType.FUTURES_OPTION})


class Universe:
    """All that can be traded.

    Options, months of futures and combinations are made when they are asked for. As long as anybody holds one of them,
    it is the same object that is given again.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        """Take what a file holds. Raises `ValueError` for two instruments with one contract id."""
        self.catalogue: Final = catalogue
        self.instruments: Final[tuple[Instrument, ...]] = catalogue.instruments
        """Everything in a fixed order, save for what is made when it is asked for."""
        self._by_id: Final = _by_id(catalogue.instruments)
        self._exchanges: Final = frozenset(chain.from_iterable(_exchange_lists(catalogue)))
        # What is held elsewhere is found in the first; what is not is kept by the second for a while.
        self._made: Final[WeakValueDictionary[object, Instrument]] = WeakValueDictionary()
        self._kept: Final[OrderedDict[object, Instrument]] = OrderedDict()

    # --- one's own ------------------------------------------------------------------------------------------------

    def with_instruments(self, more: Iterable[Instrument]) -> Universe:
        """Give a universe that has *more* as well, behind its own. Raises `ValueError` for an id that is taken."""
        return Universe(attrs.evolve(self.catalogue, instruments=(*self.instruments, *more)))

    def with_file(self, text: str) -> Universe:
        """Give a universe that has what a file holds as well, see `anytws.simulator.universe.file`.

        Raises `ValueError` for a file that is not in order, and for an id that is taken.
        """
        own = read_catalogue(text, self.catalogue)
        whole = attrs.evolve(
            own,
            instruments=(*self.instruments, *own.instruments),
            families=(*self.catalogue.families, *own.families),
            option_classes=(*self.catalogue.option_classes, *own.option_classes),
        )
        return Universe(whole)

    # --- one of them ----------------------------------------------------------------------------------------------

    def by_id(self, contract_id: int) -> Instrument | None:
        """Give the instrument with *contract_id*, expired or not; None: there is none. Combinations are not found."""
        found = self._by_id.get(contract_id) or self._made.get(contract_id)
        if found is not None:
            return found
        for family in self.catalogue.families:
            month = family.month_of_id(contract_id)
            if month is not None:
                return self._future(family, *month)
        for option_class in self.catalogue.option_classes:
            key = option_class.key_of_id(contract_id)
            if key is not None:
                return self._keep(contract_id, option_class.option(key))
        return None

    def by_symbol(self, symbol: str) -> Instrument:
        """Give what *symbol* usually means: ``AMD`` the stock in dollars, ``EUR.USD``, ``ESZ6``, ``ES`` in front.

        Raises `LookupError` for what is not known here. For tests and scripts: a client has to say more.
        """
        for instrument in self.instruments:
            if symbol in (instrument.contract.symbol, instrument.contract.local_symbol):
                return instrument
        today = USUAL_DAY
        for family in self.catalogue.families:
            if family.symbol == symbol:
                return self._future(family, *family.front(today))
            for month in family.months_listed(today, with_expired=True):
                if family.local_symbol(*month) == symbol:
                    return self._future(family, *month)
        raise LookupError(f"the simulated TWS does not know {symbol!r}")

    def find(self, contract: Contract, today: date | None = None, *, is_any_day: bool = False) -> list[Match]:
        """Give all rows that fit *contract* on the day *today*, in TWS's order; empty: nothing does.

        *today* left out: `USUAL_DAY`. *is_any_day*: what has expired fits as well.
        """
        return list(self.rows(contract, today, is_any_day=is_any_day))

    def rows(self, contract: Contract, today: date | None = None, *, is_any_day: bool = False) -> Iterator[Match]:
        """Give the rows of `find` one by one: there may be a hundred thousand."""
        day = USUAL_DAY if today is None else today
        with_expired = contract.include_expired or is_any_day
        if contract.contract_id:
            instrument = self.by_id(contract.contract_id)
            if instrument is not None and (with_expired or _is_live(instrument, day)):
                is_continuous = contract.security_type is SecurityType.CONTINUOUS_FUTURE
                yield from rows(contract, [instrument], is_continuous=is_continuous)
            return
        if not names_something(contract):
            return
        kind = contract.security_type
        if kind in _CONTINUOUS:
            yield from rows(contract, self._fronts(contract, day), is_continuous=True)
        if kind not in (None, SecurityType.CONTINUOUS_FUTURE):
            yield from rows(contract, self._found(contract, day, with_expired))

    def the_one(self, contract: Contract, today: date | None = None) -> Match | Trouble:
        """Give the one row that *contract* means where one is needed, or what TWS says to it; *today*: see `find`."""
        if contract.security_type is SecurityType.COMBO:
            return self._combo(contract, today)
        if not contract.contract_id:
            trouble = _missing(contract)
            if trouble is not None:
                return trouble
        if contract.exchange and contract.exchange not in self._exchanges:
            return NO_SUCH_EXCHANGE
        if not contract.exchange:
            return UNKNOWN if next(self.rows(contract, today), None) is None else NO_EXCHANGE
        found = self.find(contract, today)
        if not found:
            return UNKNOWN
        if len(found) > 1:
            return ambiguous(contract, [match.instrument for match in found])
        return found[0]

    def knows_exchange(self, name: str) -> bool:
        """Whether anything could be traded on the exchange *name*."""
        return name in self._exchanges

    # --- what belongs to several ----------------------------------------------------------------------------------

    def search(self, text: str) -> list[Instrument]:
        """Give what a search for *text* finds, the best first: stocks, indices, and a bond of each issuer."""
        return search(self.instruments, text)

    def chain(self, underlying_id: int) -> list[OptionClass]:
        """Give the classes of options on the instrument with *underlying_id*."""
        return [
            each
            for each in self.catalogue.option_classes
            if (
                each.underlying.contract_id == underlying_id
                if each.family is None
                else each.family.month_of_id(underlying_id) is not None
            )
        ]

    def market_rule(self, number: int) -> tuple[PriceStep, ...] | None:
        """Give the steps of a market rule; None: there is no such."""
        return self.catalogue.rules.get(number)

    def bbo_key(self, instrument: Instrument) -> str:
        """Give the key of the letters of its exchanges in `TickReqParams`; empty: it has none."""
        return instrument.bbo_exchange

    # --- made when asked for --------------------------------------------------------------------------------------

    def _found(self, asked: Contract, today: date, with_expired: bool) -> list[Instrument]:
        kind = asked.security_type
        if kind is SecurityType.FUTURE_OR_CONTINUOUS:
            kind = SecurityType.FUTURE
        found = [
            each
            for each in self.instruments
            if each.security_type is kind and fits(asked, each) and (with_expired or _is_live(each, today))
        ]
        if kind is SecurityType.FUTURE:
            found += self._futures(asked, today, with_expired)
        elif kind is not None and kind in _OPTIONS:
            found += self._options(asked, today, kind)
        return sorted(found, key=_contract_id) if kind in _DATED or kind is SecurityType.BOND else found

    def _futures(self, asked: Contract, today: date, with_expired: bool) -> Iterator[Instrument]:
        for family in self.catalogue.families:
            pattern = family.pattern.contract
            if asked.symbol not in ("", pattern.symbol) or asked.trading_class not in ("", pattern.trading_class):
                continue
            if not asked.local_symbol.startswith(pattern.local_symbol) and asked.local_symbol:
                continue
            for month in family.months_listed(today, with_expired=with_expired):
                instrument = self._future(family, *month)
                if fits(asked, instrument):
                    yield instrument

    def _fronts(self, asked: Contract, today: date) -> list[Instrument]:
        fronts = [self._future(family, *family.front(today)) for family in self.catalogue.families]
        return [each for each in fronts if fits(asked, each)]

    def _options(self, asked: Contract, today: date, kind: SecurityType) -> Iterator[Instrument]:
        for option_class in self.catalogue.option_classes:
            pattern = option_class.pattern
            if pattern.security_type is kind and _may_fit(asked, option_class):
                yield from self._options_of(asked, option_class, today)

    def _options_of(self, asked: Contract, option_class: OptionClass, today: date) -> Iterator[Instrument]:
        for key in _keys(asked, option_class, today):
            instrument = self.by_id(option_class.id_of(key))
            if instrument is not None and fits(asked, instrument):
                yield instrument

    def _future(self, family: FutureFamily, year: int, month: int) -> Instrument:
        number = family.id_of(year, month)
        return self._made.get(number) or self._keep(number, family.instrument(year, month))

    def _combo(self, contract: Contract, today: date | None) -> Match | Trouble:
        if not contract.combo_legs:
            return NO_LEGS
        if contract.exchange and contract.exchange not in self._exchanges:
            return NO_SUCH_EXCHANGE
        if not contract.exchange:
            return NO_EXCHANGE
        key = contract.symbol, contract.currency, contract.exchange, contract.combo_legs
        combo = self._made.get(key)
        if combo is None:
            made = combo_of(contract, self.by_id)
            if isinstance(made, Trouble):
                return made
            combo = self._keep(key, made)
        day = USUAL_DAY if today is None else today
        return Match(combo, contract.exchange) if _is_live(combo, day) else UNKNOWN

    def _keep(self, key: object, instrument: Instrument) -> Instrument:
        self._made[key] = instrument
        self._kept[key] = instrument
        if len(self._kept) > MOST_MADE:
            # One step: worlds in several threads share what is built in.
            self._kept.popitem(last=False)
        return instrument


@lru_cache(1)
def usual_universe() -> Universe:
    """Give what the simulator knows by itself: one object, made at the first call."""
    return Universe(usual_catalogue())


def _by_id(instruments: Iterable[Instrument]) -> Mapping[int, Instrument]:
    found: dict[int, Instrument] = {}
    for instrument in instruments:
        other = found.get(instrument.contract_id)
        if other is not None:
            names = f"{other.contract.local_symbol!r} and {instrument.contract.local_symbol!r}"
            raise ValueError(f"two instruments have the contract id {instrument.contract_id}: {names}")
        found[instrument.contract_id] = instrument
    return found


def _exchange_lists(catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    yield from catalogue.exchanges.values()
    yield from (each.exchanges for each in catalogue.instruments)


def _contract_id(instrument: Instrument) -> int:
    return instrument.contract_id


def _is_live(instrument: Instrument, today: date) -> bool:
    return instrument.last_day is None or instrument.last_day >= today


def _may_fit(asked: Contract, option_class: OptionClass) -> bool:
    own = option_class.pattern.contract
    names = ((asked.symbol, own.symbol), (asked.trading_class, own.trading_class), (asked.currency, own.currency))
    is_named = not asked.local_symbol or asked.local_symbol.startswith(own.trading_class)
    return is_named and all(word in ("", name) for word, name in names)


def _keys(asked: Contract, option_class: OptionClass, today: date) -> Iterator[OptionKey]:
    """Give the options of a class that may be what *asked* describes, before any of them is made."""
    text, right = asked.last_trade_date_or_contract_month[:8], right_of(asked)
    for expiration in option_class.expirations(today):
        if not f"{expiration:%Y%m%d}".startswith(text):
            continue
        # All but those on futures have their day in their symbol: the many others need not be looked at.
        if asked.local_symbol and option_class.family is None and f"{expiration:%y%m%d}" not in asked.local_symbol:
            continue
        for strike in option_class.strikes:
            if (asked.strike and float(strike) != asked.strike) or not option_class.has(expiration, strike):
                continue
            for is_call in (True, False):
                key = expiration, strike, is_call
                if right in (None, is_call) and asked.local_symbol in ("", option_class.local_symbol(key)):
                    yield key


def _missing(contract: Contract) -> Trouble | None:
    """Give what a contract without id has to say as well, before anything is looked for."""
    if contract.security_type is None:
        return NO_TYPE
    is_dated = contract.last_trade_date_or_contract_month or contract.local_symbol or contract.security_id
    return NOT_ENOUGH if contract.security_type in _DATED and not is_dated else None
