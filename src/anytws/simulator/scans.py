"""What a scanner can look for: instruments, places, measures and filters, and the document that lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias
from xml.etree import ElementTree as ET

import attrs

from anytws.messages.contract import Contract, SecurityType
from anytws.messages.scanner import ScannerInstrument
from anytws.simulator.market.words import Halt, Quote

if TYPE_CHECKING:
    from anytws.simulator.universe.instrument import Instrument
    from anytws.simulator.universe.universe import Universe

ETF: Final = "ETF"
"""The stock type of exchange-traded funds."""


@attrs.frozen
class Sort:
    """A sort of instruments that can be looked through."""

    code: ScannerInstrument
    name: str
    kind: SecurityType
    currencies: frozenset[str]
    """Empty: all."""
    is_etf: bool = False
    """Whether it is exchange-traded funds alone."""

    def has(self, instrument: Instrument) -> bool:
        """Tell whether *instrument* is of this sort."""
        contract = instrument.contract
        of_currency = not self.currencies or contract.currency in self.currencies
        of_type = not self.is_etf or instrument.details.stock_type == ETF
        return contract.security_type is self.kind and of_currency and of_type


@attrs.frozen
class Place:
    """A place that can be looked through; those whose codes begin with its own, and a dot, are within it."""

    code: str
    name: str
    sorts: tuple[ScannerInstrument, ...]
    exchanges: frozenset[str] = frozenset()
    """Where what is there has its home; empty: anywhere."""
    trading_class: str = ""
    """Of what is there; empty: any."""
    within: str = ""
    """The code of the place that it is in."""

    def has(self, instrument: Instrument) -> bool:
        """Tell whether *instrument* is there."""
        contract = instrument.contract
        home = contract.primary_exchange or contract.exchange
        is_home = not self.exchanges or home in self.exchanges
        return is_home and self.trading_class in ("", contract.trading_class)


Measure: TypeAlias = Callable[["Instrument", Quote], float | None]
"""Gives the number that a scan ranks by; None: it has none, and is left out."""


@attrs.frozen
class Scan:
    """A measure to rank by, the highest first."""

    code: str
    name: str
    measure: Measure


def candidates(universe: Universe, sort: Sort, today: date) -> Iterator[Instrument]:
    """Give what may be of *sort*: all instruments, and of each future the month in front on *today*."""
    yield from universe.instruments
    if sort.kind is SecurityType.FUTURE:
        for family in universe.catalogue.families:
            asked = Contract(
                symbol=family.symbol, security_type=SecurityType.FUTURE, exchange=family.pattern.exchanges[0]
            )
            # Its months are in the order of their ids, which is none of time.
            months = [match.instrument for match in universe.find(asked, today)]
            yield from sorted(months, key=lambda month: month.last_day or date.max)[:1]


# --- measures ----------------------------------------------------------------------------------------------------


def _since(before: int | None, now: int | None) -> float | None:
    return (now - before) / before if before and now is not None else None


def _gain(_: Instrument, quote: Quote) -> float | None:
    return _since(quote.close, quote.last)


def _loss(_: Instrument, quote: Quote) -> float | None:
    gain = _since(quote.close, quote.last)
    return None if gain is None else -gain


def _gain_since_open(_: Instrument, quote: Quote) -> float | None:
    return _since(quote.open, quote.last)


def _loss_since_open(_: Instrument, quote: Quote) -> float | None:
    gain = _since(quote.open, quote.last)
    return None if gain is None else -gain


def _volume(_: Instrument, quote: Quote) -> float | None:
    return float(quote.volume) if quote.volume > 0 else None


def _turnover(instrument: Instrument, quote: Quote) -> float | None:
    if quote.volume <= 0 or quote.last is None:
        return None
    return float(instrument.price_of(quote.last) * instrument.size_of(quote.volume) * instrument.multiplier)


def _volume_of_usual(instrument: Instrument, quote: Quote) -> float | None:
    usual = instrument.nature.day_volume
    return float(instrument.size_of(quote.volume)) / usual if usual and quote.volume > 0 else None


def _move_of_usual(instrument: Instrument, quote: Quote) -> float | None:
    gain, usual = _since(quote.close, quote.last), instrument.nature.annual_volatility
    return abs(gain) / usual if gain is not None and usual else None


def _range(_: Instrument, quote: Quote) -> float | None:
    return (quote.high - quote.low) / quote.low if quote.high is not None and quote.low else None


def _volatility(instrument: Instrument, _: Quote) -> float | None:
    return instrument.nature.annual_volatility or None


def _calm(instrument: Instrument, _: Quote) -> float | None:
    return -instrument.nature.annual_volatility if instrument.nature.annual_volatility else None


def _is_halted(_: Instrument, quote: Quote) -> float | None:
    return None if quote.halt is Halt.NONE else 1.0


SCANS: Final = {
    scan.code: scan
    for scan in (
        Scan("TOP_PERC_GAIN", "Top % Gainers", _gain),
        Scan("TOP_PERC_LOSE", "Top % Losers", _loss),
        Scan("MOST_ACTIVE", "Most Active", _volume),
        Scan("MOST_ACTIVE_USD", "Most Active ($)", _turnover),
        Scan("HOT_BY_VOLUME", "Hot Contracts by Volume", _volume_of_usual),
        Scan("HOT_BY_PRICE", "Hot Contracts by Price", _move_of_usual),
        Scan("HOT_BY_PRICE_RANGE", "Hot Contracts by Price Range", _range),
        Scan("TOP_OPEN_PERC_GAIN", "Top % Gainers Since Open", _gain_since_open),
        Scan("TOP_OPEN_PERC_LOSE", "Top % Losers Since Open", _loss_since_open),
        Scan("HIGH_OPT_IMP_VOLAT", "Highest Option Imp Vol", _volatility),
        Scan("LOW_OPT_IMP_VOLAT", "Lowest Option Imp Vol", _calm),
        Scan("HALTED", "Halted", _is_halted),
    )
}
"""The scans, by their codes."""

_US = frozenset({"USD"})
_EUROPE = frozenset({"EUR", "GBP", "CHF", "SEK", "NOK", "DKK"})
_ASIA = frozenset({"JPY", "HKD", "SGD", "AUD", "KRW", "CNH"})
_STK, _FUT, _IND = ScannerInstrument.STOCK_US, ScannerInstrument.FUTURE_US, ScannerInstrument.INDEX_US

SORTS: Final = {
    sort.code: sort
    for sort in (
        Sort(_STK, "US Stocks", SecurityType.STOCK, _US),
        Sort(ScannerInstrument.ETF_EQUITY_US, "US Equity ETFs", SecurityType.STOCK, _US, is_etf=True),
        Sort(_FUT, "US Futures", SecurityType.FUTURE, _US),
        Sort(_IND, "US Indexes", SecurityType.INDEX, _US),
        Sort(ScannerInstrument.BOND, "Corporate Bonds", SecurityType.BOND, _US),
        Sort(ScannerInstrument.FUND, "Mutual Funds", SecurityType.FUND, frozenset()),
        Sort(ScannerInstrument.STOCK_NORTH_AMERICA, "America Non-US Stocks", SecurityType.STOCK, frozenset({"CAD"})),
        Sort(ScannerInstrument.STOCK_EUROPE, "European Stocks", SecurityType.STOCK, _EUROPE),
        Sort(ScannerInstrument.STOCK_ASIA, "Asian Stocks", SecurityType.STOCK, _ASIA),
        Sort(ScannerInstrument.FUTURE_EUROPE, "European Futures", SecurityType.FUTURE, _EUROPE),
        Sort(ScannerInstrument.FUTURE_ASIA, "Asian Futures", SecurityType.FUTURE, _ASIA),
        Sort(ScannerInstrument.INDEX_EUROPE, "European Indexes", SecurityType.INDEX, _EUROPE),
        Sort(ScannerInstrument.INDEX_ASIA, "Asian Indexes", SecurityType.INDEX, _ASIA),
    )
}
"""The sorts of instruments, by their codes."""

_MAJOR = frozenset({"NYSE", "NASDAQ", "AMEX", "ARCA", "BATS"})

PLACES: Final = {
    place.code: place
    for place in (
        Place("STK.US", "US Stocks", (_STK,)),
        Place("STK.US.MAJOR", "Listed/NASDAQ", (_STK,), _MAJOR, within="STK.US"),
        Place("STK.NYSE", "NYSE", (_STK,), frozenset({"NYSE"}), within="STK.US.MAJOR"),
        Place("STK.AMEX", "AMEX", (_STK,), frozenset({"AMEX"}), within="STK.US.MAJOR"),
        Place("STK.ARCA", "ARCA", (_STK,), frozenset({"ARCA"}), within="STK.US.MAJOR"),
        Place("STK.BATS", "BATS", (_STK,), frozenset({"BATS"}), within="STK.US.MAJOR"),
        Place("STK.NASDAQ", "NASDAQ", (_STK,), frozenset({"NASDAQ"}), within="STK.US.MAJOR"),
        Place("STK.NASDAQ.NMS", "NASDAQ NMS", (_STK,), frozenset({"NASDAQ"}), "NMS", "STK.NASDAQ"),
        Place("STK.NASDAQ.SCM", "NASDAQ SCM", (_STK,), frozenset({"NASDAQ"}), "SCM", "STK.NASDAQ"),
        Place("STK.US.MINOR", "OTC Markets", (_STK,), frozenset({"PINK", "OTCLNKECN"}), within="STK.US"),
        Place("ETF.EQ.US", "US Equity ETFs", (ScannerInstrument.ETF_EQUITY_US,)),
        Place("ETF.EQ.US.MAJOR", "Listed/NASDAQ", (ScannerInstrument.ETF_EQUITY_US,), _MAJOR, within="ETF.EQ.US"),
        Place("FUT.US", "US Futures", (_FUT,)),
        Place("FUT.CME", "CME", (_FUT,), frozenset({"CME"}), within="FUT.US"),
        Place("FUT.CBOT", "CBOT", (_FUT,), frozenset({"CBOT"}), within="FUT.US"),
        Place("FUT.NYMEX", "NYMEX", (_FUT,), frozenset({"NYMEX"}), within="FUT.US"),
        Place("FUT.COMEX", "COMEX", (_FUT,), frozenset({"COMEX"}), within="FUT.US"),
        Place("IND.US", "US Indexes", (_IND,)),
        Place("BOND.US", "US Corporate Bonds", (ScannerInstrument.BOND,)),
        Place("FUND.ALL", "Mutual Funds", (ScannerInstrument.FUND,)),
        Place("STK.NA", "America Non-US Stocks", (ScannerInstrument.STOCK_NORTH_AMERICA,)),
        Place("STK.EU", "European Stocks", (ScannerInstrument.STOCK_EUROPE,)),
        Place("STK.EU.IBIS", "XETRA", (ScannerInstrument.STOCK_EUROPE,), frozenset({"IBIS"}), within="STK.EU"),
        Place("STK.EU.LSE", "LSE", (ScannerInstrument.STOCK_EUROPE,), frozenset({"LSE"}), within="STK.EU"),
        Place("STK.HK", "Asian Stocks", (ScannerInstrument.STOCK_ASIA,)),
        Place("STK.HK.SEHK", "Hong Kong", (ScannerInstrument.STOCK_ASIA,), frozenset({"SEHK"}), within="STK.HK"),
        Place("STK.HK.TSE_JPN", "Tokyo", (ScannerInstrument.STOCK_ASIA,), frozenset({"TSEJ"}), within="STK.HK"),
        Place("FUT.EU", "European Futures", (ScannerInstrument.FUTURE_EUROPE,)),
        Place("FUT.HK", "Asian Futures", (ScannerInstrument.FUTURE_ASIA,)),
        Place("IND.EU", "European Indexes", (ScannerInstrument.INDEX_EUROPE,)),
        Place("IND.HK", "Asian Indexes", (ScannerInstrument.INDEX_ASIA,)),
    )
}
"""The places, by their codes."""

FILTERS: Final = {
    # Of the filter: its category and what it is called, and its two codes.
    "PRICE": ("Price", "Price", "priceAbove", "priceBelow"),
    "VOLUME": ("Volume", "Volume", "volumeAbove", "volumeBelow"),
    "CHANGEPERC": ("Price", "Change %", "changePercAbove", "changePercBelow"),
}
"""The filters that are understood, by their ids."""


# --- the document ------------------------------------------------------------------------------------------------


@cache
def parameters_document() -> str:
    """Give the document that lists what there is, in the outline that was recorded, and much shorter."""
    root = ET.Element("ScanParameterResponse")
    sorts = ET.SubElement(root, "InstrumentList", varName="instrumentList")
    for sort in SORTS.values():
        node = _node(sorts, "Instrument", name=sort.name, type=sort.code.value)
        _add(node, filters=",".join(FILTERS), group=sort.code.value, shortName=sort.name)
    _add_places(root, "")
    scans = ET.SubElement(root, "ScanTypeList", varName="scanTypeList")
    for scan in SCANS.values():
        node = _node(scans, "ScanType", displayName=scan.name, scanCode=scan.code)
        _add(node, instruments=",".join(sort.value for sort in SORTS), absoluteColumns="false")
        _add(node, supportsSorting="true", respSizeLimit="2147483647", vendor="SCANNER")
    ET.SubElement(root, "SettingList", varName="settingList")
    filters = ET.SubElement(root, "FilterList", varName="filterList")
    for code, (category, name, above, below) in FILTERS.items():
        node = _node(filters, "RangeFilter", id=code, category=category)
        fields = ET.SubElement(node, "AbstractFieldList")
        for each, suffix in ((above, "Above"), (below, "Below")):
            field = _node(fields, "AbstractField", code=each, displayName=f"{name} {suffix}", varName=each)
            _add(field, dontAllowClearAll="false")
    ET.SubElement(root, "ScannerLayoutList", varName="scannerLayoutList")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _add_places(parent: ET.Element, within: str) -> None:
    places = [place for place in PLACES.values() if place.within == within]
    if not places:
        return
    tree = ET.SubElement(parent, "LocationTree", varName="locationTree")
    for place in places:
        node = _node(tree, "Location", displayName=place.name, locationCode=place.code)
        route = next(iter(place.exchanges)) if len(place.exchanges) == 1 else ""
        _add(node, instruments=",".join(sort.value for sort in place.sorts), routeExchange=route)
        _add_places(node, place.code)


def _node(parent: ET.Element, tag: str, **children: str) -> ET.Element:
    node = ET.SubElement(parent, tag)
    _add(node, **children)
    return node


def _add(node: ET.Element, **children: str) -> None:
    for tag, text in children.items():
        ET.SubElement(node, tag).text = text
