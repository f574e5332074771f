"""Reads instruments of one's own from a text in TOML: `docs/simulator_instruments.md` shows it.

A file has any of these tables; what the simulator knows by itself may be used in it, and be replaced::

    [exchanges]                      # lists of exchanges, in the order of validExchanges
    acme_venues = ["SMART", "NYSE", "ARCA"]

    [market_rules]                   # [[from this price on, this step], ...]
    98500 = [[0, 0.01], [10, 0.05]]

    [hours.acme]                     # sessions by the wall clock of the zone
    zone = "US/Eastern"
    calendar = "us_stock"            # holidays; left out: none
    trading = ["0800-1800"]          # "-1 1800-1700" begins on the day before
    liquid = ["0930-1600"]           # left out: the same as trading
    half_trading = ["0800-1400"]     # left out: there are no half days
    half_liquid = ["0930-1300"]

    [[instrument]]
    like = "us_stock"                # all that it does not say itself is as there
    symbol = "ACME"
    long_name = "ACME CORP"
    price = 42                       # around which its prices vary; the only other key that must be there
    exchanges = "acme_venues"
    hours = "acme"

    [[option_class]]                 # a chain of options on an instrument
    like = "us_option"
    underlying_contract_id = 123456
    rule = "weekly"                  # busy, weekly, monthly, daily, month_ends, quarterly, fixed
    strikes = [[20, 60, 1]]          # [from, to, step]

Other keys have the names of the fields of `anytws.messages.Contract` and `anytws.messages.ContractDetails`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import attrs

from anytws.simulator.universe.catalogue import Catalogue, Farm
from anytws.simulator.universe.futures import LAST_TRADES, MOST_FAMILIES, FutureFamily, KnownMonth
from anytws.simulator.universe.holidays import CALENDARS, NEVER
from anytws.simulator.universe.hours import Hours, Plan, Span, Spans
from anytws.simulator.universe.instrument import Instrument, PriceStep
from anytws.simulator.universe.options import MOST_CLASSES, MOST_STRIKES, RULES, OptionClass, OptionKey
from anytws.simulator.universe.outline import read_outline
from anytws.simulator.universe.table import Table, day_of, decimal_of

_SPAN: Final = re.compile(r"(-1 )?([0-2][0-9])([0-5][0-9])-([0-2][0-9])([0-5][0-9])").fullmatch
_MONTH: Final = re.compile(r"([0-9]{4})(0[1-9]|1[0-2])").fullmatch
_SPANS: Final = "a list of sessions such as '0930-1600' or '-1 1800-1700'"
_DAY: Final = 1440
_EACH_MONTH: Final = tuple(range(1, 13))
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_LIKE_FUTURES: Final[Mapping[str, Any]] = MappingProxyType(
    {"contract_id": 1, "underlying_security_type": "IND", "last_trade_time": "16:00:00"}
)
_NO_DAYS: Final[tuple[date, ...]] = ()


def read_instruments(text: str) -> list[Instrument]:
    """Read the instruments of a file of one's own, in their order.

    Raises `ValueError` for what is not in order: it names table and key, and says what is there and what was wanted.
    """
    return list(read_catalogue(text, usual_catalogue()).instruments)


@lru_cache(1)
def usual_catalogue() -> Catalogue:
    """Give what the simulator knows by itself."""
    from anytws.simulator.universe.data.instruments import INSTRUMENTS  # noqa: PLC0415 (long texts, read once)
    from anytws.simulator.universe.data.words import WORDS  # noqa: PLC0415

    return read_catalogue(WORDS + INSTRUMENTS, Catalogue())


def read_catalogue(text: str, base: Catalogue) -> Catalogue:
    """Read a file whose words may be those of *base*: it has the instruments of the file alone, and the lists of both.

    Raises `ValueError` as `read_instruments` does.
    """
    import tomllib  # noqa: PLC0415 (for files only)

    try:
        items = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"a file of instruments: this is not TOML: {error}") from error
    table = Table("a file of instruments", items)
    catalogue = Catalogue(
        exchanges=_both(base.exchanges, _lists(table, "exchanges")),
        order_types=_both(base.order_types, _lists(table, "order_types")),
        rules=_both(base.rules, _rules(table)),
        hours=_both(base.hours, {name: _hours(name, row) for name, row in table.tables("hours")}),
        farms=_both(base.farms, {name: _farm(row) for name, row in table.tables("farms")}),
        kinds=_both(base.kinds, {name: row.items for name, row in table.tables("like")}),
    )
    catalogue = attrs.evolve(catalogue, instruments=_instruments(table, catalogue))
    families = _families(table, catalogue, len(base.families))
    catalogue = attrs.evolve(catalogue, families=families)
    classes = _classes(table, catalogue, base)
    table.finish()
    return attrs.evolve(catalogue, option_classes=classes)


def _both(base: Mapping[Any, Any], own: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType({**base, **own})


def _lists(table: Table, key: str) -> Mapping[str, tuple[str, ...]]:
    inside = Table(f"[{key}]", table.mapping(key))
    return {name: inside.names(name, {}) for name in table.mapping(key)}


def _rules(table: Table) -> Mapping[int, tuple[PriceStep, ...]]:
    inside = Table("[market_rules]", table.mapping("market_rules"))
    found: dict[int, tuple[PriceStep, ...]] = {}
    for name in table.mapping("market_rules"):
        if not name.isascii() or not name.isdigit():
            raise inside.wrong(name, "a whole number for a name")
        found[int(name)] = inside.get(name, "a list of [from, step] that goes up from 0, such as [[0, 0.01]]", _steps)
    return found


def _steps(value: list[Any]) -> tuple[PriceStep, ...]:
    steps = tuple(PriceStep(decimal_of(edge), decimal_of(step)) for edge, step in value)
    edges = [step.low_edge for step in steps]
    if edges[0] != 0 or edges != sorted({*edges}) or any(step.increment <= 0 for step in steps):
        raise ValueError(value)
    return steps


def _hours(name: str, table: Table) -> Hours:
    trading = table.get("trading", _SPANS, _spans)
    plan = Plan(
        trading=trading,
        liquid=table.get("liquid", _SPANS, _spans, trading),
        half_trading=_maybe_spans(table, "half_trading"),
        half_liquid=_maybe_spans(table, "half_liquid") or _maybe_spans(table, "half_trading"),
        monday=_maybe_spans(table, "monday"),
        weekdays=table.get("weekdays", "a list of days of the week, Monday is 1", _weekdays, frozenset(range(5))),
    )
    calendar = table.one_of("calendar", CALENDARS, NEVER)
    zone = table.text("zone")
    try:
        hours = Hours(name, zone, plan, calendar)
    except LookupError as error:
        raise table.wrong("zone", "the name of a zone, such as 'US/Eastern'") from error
    table.finish()
    return hours


def _maybe_spans(table: Table, key: str) -> Spans | None:
    return table.get(key, _SPANS, _spans) if key in table else None


def _spans(value: list[str]) -> Spans:
    spans: list[Span] = []
    for text in value:
        match = _SPAN(text)
        if match is None:
            raise ValueError(text)
        before, *digits = match.groups()
        hour, minute, end_hour, end_minute = map(int, digits)
        spans.append(Span(hour * 60 + minute - (_DAY if before else 0), end_hour * 60 + end_minute))
    bounds = [bound for span in spans for bound in (span.begin, span.end)]
    if not spans or bounds != sorted(bounds) or bounds[-1] > _DAY or any(span.begin == span.end for span in spans):
        raise ValueError(value)
    return tuple(spans)


def _weekdays(value: list[int]) -> frozenset[int]:
    days = frozenset(day - 1 for day in value)
    if not days or not days <= frozenset(range(7)):
        raise ValueError(value)
    return days


def _farm(table: Table) -> Farm:
    farm = Farm(table.text("market"), table.text("history"))
    table.finish()
    return farm


def _merged(table: Table, catalogue: Catalogue, defaults: Mapping[str, Any] = _NOTHING) -> Table:
    """Give a table together with what it is like."""
    kind = table.one_of("like", catalogue.kinds, _NOTHING)
    items = {**defaults, **kind, **table.items}
    symbol = items.get("symbol")
    return Table(f"{table.name} ({symbol})" if isinstance(symbol, str) else table.name, items)


def _instruments(table: Table, catalogue: Catalogue) -> tuple[Instrument, ...]:
    found: list[Instrument] = []
    for row in table.rows("instrument"):
        merged = _merged(row, catalogue)
        merged.text("like", "")
        found.append(read_outline(merged, catalogue))
        merged.finish()
    return tuple(found)


def _families(table: Table, catalogue: Catalogue, first: int) -> tuple[FutureFamily, ...]:
    found: list[FutureFamily] = []
    for place, row in enumerate(table.rows("future_family"), first):
        if place >= MOST_FAMILIES:
            raise ValueError(f"{row.name}: there are at most {MOST_FAMILIES} families of futures")
        merged = _merged(row, catalogue, _LIKE_FUTURES)
        merged.text("like", "")
        family = FutureFamily(
            pattern=read_outline(merged, catalogue),
            place=place,
            months=merged.get("months", "a list of months from 1 to 12, ascending", _months, _EACH_MONTH),
            listed=merged.whole("listed", 12, least=1),
            last_trade=merged.one_of("last_trade", LAST_TRADES),
            year_digits=merged.whole("year_digits", 1, least=1),
            known=MappingProxyType(dict(_known_month(known) for known in merged.rows("known"))),
        )
        merged.finish()
        found.append(family)
    return tuple(found)


def _months(value: list[int]) -> tuple[int, ...]:
    months = tuple(value)
    if not months or months != tuple(sorted({*months})) or not {*months} <= {*_EACH_MONTH}:
        raise ValueError(value)
    return months


def _known_month(table: Table) -> tuple[tuple[int, int], KnownMonth]:
    def read(value: str) -> tuple[int, int]:
        match = _MONTH(value)
        if match is None:
            raise ValueError(value)
        return int(match[1]), int(match[2])

    month = table.get("month", "a month such as '202612'", read)
    known = KnownMonth(table.whole("contract_id", least=1), table.day("last_trade_date"))
    table.finish()
    return month, known


def _classes(table: Table, catalogue: Catalogue, base: Catalogue) -> tuple[OptionClass, ...]:
    found: list[OptionClass] = []
    for place, row in enumerate(table.rows("option_class"), len(base.option_classes)):
        if place >= MOST_CLASSES:
            raise ValueError(f"{row.name}: there are at most {MOST_CLASSES} classes of options")
        found.append(_option_class(row, place, catalogue, base))
    return tuple(found)


def _option_class(row: Table, place: int, catalogue: Catalogue, base: Catalogue) -> OptionClass:
    underlying, family = _underlying(row, catalogue, base)
    merged = _merged(row, catalogue, _like_underlying(underlying))
    merged.text("like", "")
    merged.text("family", "")
    fixed = merged.get("expirations", "a list of days such as '20261016'", _days, _NO_DAYS)
    strikes = merged.get("strikes", f"a list of [from, to, step] with at most {MOST_STRIKES} strikes", _strikes)
    option_class = OptionClass(
        pattern=read_outline(merged, catalogue),
        place=place,
        underlying=underlying,
        family=family,
        expirations_of=merged.one_of("rule", RULES, RULES["fixed"]),
        fixed=fixed,
        strikes=strikes,
        known=MappingProxyType(dict(_known_option(known) for known in merged.rows("known"))),
    )
    merged.finish()
    return option_class


def _like_underlying(underlying: Instrument) -> Mapping[str, Any]:
    """Give what the options on *underlying* have from it, where their table does not say it itself."""
    contract, details = underlying.contract, underlying.details
    texts = {name: getattr(details, name) for name in ("long_name", "industry", "category", "subcategory")}
    return {
        **{name: text for name, text in texts.items() if text},
        "symbol": contract.symbol,
        "trading_class": contract.symbol,
        "currency": contract.currency,
        "annual_volatility": Decimal(str(underlying.nature.annual_volatility)),
        "price": underlying.nature.price,
        "contract_id": 1,
        "last_trade_time": "16:00:00",
        "underlying_symbol": contract.symbol,
        "underlying_security_type": underlying.security_type.value,
    }


def _underlying(row: Table, catalogue: Catalogue, base: Catalogue) -> tuple[Instrument, FutureFamily | None]:
    if "family" in row:
        families = {family.symbol: family for family in (*base.families, *catalogue.families)}
        family = row.one_of("family", families)
        return family.pattern, family
    number = row.whole("underlying_contract_id", least=1)
    for instrument in (*catalogue.instruments, *base.instruments):
        if instrument.contract_id == number:
            return instrument, None
    raise row.wrong("underlying_contract_id", "the contract id of an instrument that is known")


def _days(value: list[object]) -> tuple[date, ...]:
    return tuple(day_of(day) for day in value)


def _strikes(value: list[Any]) -> tuple[Decimal, ...]:
    found: set[Decimal] = set()
    for begin, end, step in value:
        first, last, each = decimal_of(begin), decimal_of(end), decimal_of(step)
        if not 0 < first <= last or each <= 0 or (last - first) / each > MOST_STRIKES:
            raise ValueError(value)
        found |= {(first + each * place).normalize() for place in range(int((last - first) / each) + 1)}
    if not 0 < len(found) <= MOST_STRIKES:
        raise ValueError(value)
    return tuple(sorted(found))


def _known_option(table: Table) -> tuple[OptionKey, int]:
    rights: Mapping[str, Sequence[bool]] = {"C": (True,), "P": (False,)}
    key = table.day("expiration"), table.decimal("strike").normalize(), table.one_of("right", rights)[0]
    number = table.whole("contract_id", least=1)
    table.finish()
    return key, number
