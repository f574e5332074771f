"""Reads what a file says of one instrument."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, get_type_hints

import attrs

from anytws.messages.base import TagValue, replace
from anytws.messages.contract import Contract, Right, SecurityType
from anytws.messages.contract_details import ContractDetails
from anytws.simulator.universe.catalogue import Catalogue, Farm, smallest
from anytws.simulator.universe.futures import expiry_second
from anytws.simulator.universe.hours import Hours
from anytws.simulator.universe.instrument import Instrument, Nature, PriceStep
from anytws.simulator.universe.table import Table

OWN_IDS: Final = 980_000_000
"""The contract ids of instruments of one's own that have none are made of their names; they begin here."""

_OWN_ID_COUNT: Final = 9_999_991
_FIRST_SECOND: Final = 946_886_400
"""Chosen: 3 January 2000."""
_TYPES: Final[Mapping[str, SecurityType]] = MappingProxyType({kind.value: kind for kind in SecurityType})
_RIGHTS: Final[Mapping[str, Right]] = MappingProxyType({"C": Right.CALL, "P": Right.PUT})
_OPTIONS: Final = frozenset({SecurityType.OPTION, SecurityType.FUTURES_OPTION, SecurityType.WARRANT})
_BONDS: Final = frozenset({SecurityType.BOND, SecurityType.BILL})
_NOT_SAID: Final = frozenset({"trading_hours", "liquid_hours", "time_zone_id", "real_expiration_date"})
_DEFAULTS: Final[Mapping[str, object]] = MappingProxyType(
    {name: getattr(ContractDetails(), name) for name in get_type_hints(ContractDetails)}
)
_TEXTS: Final = tuple(name for name, default in _DEFAULTS.items() if default == "" and name not in _NOT_SAID)
_FLAGS: Final = tuple(name for name, default in _DEFAULTS.items() if default is False)
_SIZES: Final = ("min_size", "size_increment", "suggested_size_increment")
# What a price of 1 per cent of a bond is worth, whose unit is 1,000 of its face value.
_PER_CENT_OF_BOND: Final = Decimal(10)
_PRECISION: Final = Decimal("0.000001")


def read_outline(table: Table, catalogue: Catalogue) -> Instrument:
    """Read an instrument. Raises `ValueError` for what is not in order, and for a key that there is not."""
    kind = table.one_of("security_type", _TYPES)
    exchanges = table.names("exchanges", catalogue.exchanges)
    if not exchanges:
        raise table.wrong("exchanges", "a list of texts")
    min_tick = table.decimal("min_tick")
    rules = _rules(table, catalogue, len(exchanges), min_tick)
    hours = table.one_of("hours", catalogue.hours)
    steps = catalogue.rules.get(rules[0], (PriceStep(Decimal(0), min_tick),))
    farm = table.one_of("farm", catalogue.farms, Farm())
    magnifier = table.whole("price_magnifier", 1, least=1)
    contract = _contract(table, kind, exchanges[0])
    details = _details(table, kind, exchanges, rules, catalogue)
    details = replace(details, min_tick=min_tick, price_magnifier=magnifier)
    size_unit = table.decimal("size_unit", Decimal(1))
    worth = contract.multiplier or (_PER_CENT_OF_BOND if kind in _BONDS else Decimal(1))
    instrument = Instrument(
        contract=contract,
        details=details,
        exchanges=exchanges,
        hours=hours,
        tick=smallest(steps),
        steps=steps,
        size_unit=size_unit,
        lot=table.whole("lot", _lot(details, size_unit), least=1),
        nature=_nature(table),
        multiplier=worth / magnifier,
        underlying_id=details.underlying_contract_id or 0,
        first_second=table.whole("first_second", _FIRST_SECOND),
        market_farm=farm.market,
        historical_farm=farm.history,
        reroutes_to=table.whole("reroutes_to", 0),
        request_tick=table.decimal("request_tick") if "request_tick" in table else None,
        bbo_exchange=table.text("bbo_exchange", ""),
        direct_order_types=_direct(table, catalogue),
        direct_hours=_direct_hours(table, catalogue),
        derivatives=tuple(_types(table, "derivatives")),
    )
    return _dated(table, instrument)


def _rules(table: Table, catalogue: Catalogue, count: int, min_tick: Decimal) -> tuple[int, ...]:
    """Give the market rule on each exchange; without one it is that of the smallest step alone."""
    if "market_rule" not in table:
        return (catalogue.rule_for((PriceStep(Decimal(0), min_tick),)),) * count
    wanted = f"the number of a market rule, or a list of {count} of them, one for each exchange"

    def read(value: object) -> tuple[int, ...]:
        listed = value if isinstance(value, list) else [value] * count
        found = tuple(number for number in listed if type(number) is int and number in catalogue.rules)
        if not len(found) == len(listed) == count:
            raise ValueError(value)
        return found

    return table.get("market_rule", wanted, read)


def _direct(table: Table, catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    inside = Table(f"{table.name}, direct_order_types", table.mapping("direct_order_types"))
    return MappingProxyType({name: inside.names(name, catalogue.order_types) for name in inside.items})


def _direct_hours(table: Table, catalogue: Catalogue) -> Mapping[str, Hours]:
    inside = Table(f"{table.name}, direct_hours", table.mapping("direct_hours"))
    return MappingProxyType({name: inside.one_of(name, catalogue.hours) for name in inside.items})


def _contract(table: Table, kind: SecurityType, exchange: str) -> Contract:
    symbol = table.text("symbol")
    currency = table.text("currency")
    if kind is SecurityType.FOREX:
        local, trading_class = f"{symbol}.{currency}", f"{symbol}.{currency}"
    else:
        local, trading_class = symbol, "" if kind is SecurityType.INDEX else symbol
    multiplier = table.decimal("multiplier") if "multiplier" in table else None
    contract = Contract(
        symbol=symbol,
        security_type=kind,
        exchange=exchange,
        currency=currency,
        multiplier=multiplier,
        local_symbol=table.text("local_symbol", local),
        primary_exchange=table.text("primary_exchange", ""),
        trading_class=table.text("trading_class", trading_class),
        issuer_id=table.text("issuer_id", ""),
    )
    return replace(contract, contract_id=table.whole("contract_id", _own_id(contract), least=1))


def _own_id(contract: Contract) -> int:
    """Give a number made of the names of a contract: the same one in every process (FNV-1a)."""
    kind = "" if contract.security_type is None else contract.security_type.value
    names = (contract.symbol, kind, contract.currency, contract.exchange, contract.local_symbol)
    digest = 0xCBF29CE484222325
    for byte in "\n".join(names).encode():
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return OWN_IDS + digest % _OWN_ID_COUNT


def _details(
    table: Table, kind: SecurityType, exchanges: tuple[str, ...], rules: tuple[int, ...], catalogue: Catalogue
) -> ContractDetails:
    texts: dict[str, Any] = {name: table.text(name) for name in _TEXTS if name in table}
    flags: dict[str, Any] = {name: table.flag(name) for name in _FLAGS if name in table}
    sizes: dict[str, Any] = {name: table.decimal(name, Decimal(1)) for name in _SIZES}
    trading_class = table.text("trading_class", table.text("symbol"))
    ids = table.mapping("security_ids")
    if any(not isinstance(value, str) for value in ids.values()):
        raise table.wrong("security_ids", "a table of texts, such as { ISIN = 'US0378331005' }")
    details = ContractDetails(
        order_types=table.names("order_types", catalogue.order_types),
        valid_exchanges=exchanges,
        market_rule_ids=tuple(str(rule) for rule in rules),
        underlying_contract_id=table.whole("underlying_contract_id", 0) or None,
        underlying_security_type=table.one_of("underlying_security_type", _TYPES)
        if "underlying_security_type" in table
        else None,
        security_id_list=tuple(TagValue(tag, value) for tag, value in ids.items()),
        aggregated_group=table.whole("aggregated_group") if "aggregated_group" in table else None,
        coupon=table.number("coupon") if "coupon" in table else None,
        ev_multiplier=0.0,
        min_algo_size=Decimal(0),
        last_price_precision=_PRECISION,
        last_size_precision=_PRECISION,
        **{**texts, **flags, **sizes},
    )
    if not details.market_name and kind not in (SecurityType.INDEX, *_BONDS):
        details = replace(details, market_name=trading_class)
    return details


def _nature(table: Table) -> Nature:
    return Nature(
        price=table.decimal("price"),
        annual_volatility=table.number("annual_volatility", 0.25),
        spread_ticks=table.whole("spread_ticks", 2),
        day_volume=table.whole("day_volume", 0),
        trades_per_minute=table.whole("trades_per_minute", 60),
    )


def _lot(details: ContractDetails, size_unit: Decimal) -> int:
    return max(1, int((details.suggested_size_increment or size_unit) / size_unit))


def _types(table: Table, key: str) -> list[SecurityType]:
    wanted = f"a list of {', '.join(_TYPES)}"
    return table.get(key, wanted, lambda names: [_TYPES[name] for name in names], [])


def _dated(table: Table, instrument: Instrument) -> Instrument:
    """Give *instrument* with its last day, its strike and its right, where it has such."""
    kind, contract, details = instrument.security_type, instrument.contract, instrument.details
    if kind in _OPTIONS and "strike" in table:
        right, strike = table.one_of("right", _RIGHTS), table.decimal("strike")
        contract = replace(contract, right=right, strike=float(strike))
        instrument = attrs.evolve(instrument, strike=strike, is_call=right is Right.CALL)
    last_day: date | None = None
    if kind in _BONDS:
        maturity = table.day("maturity")
        text = f"{maturity:%Y%m%d}"
        details = replace(details, maturity=text, contract_month=text[:6])
        last_day = maturity
    elif "last_trade_date" in table:
        last_day = table.day("last_trade_date")
        text = f"{last_day:%Y%m%d}"
        contract = replace(contract, last_trade_date_or_contract_month=text, last_trade_date=text)
        month = details.contract_month or text[:6]
        details = replace(details, real_expiration_date=text, contract_month=month)
    if last_day is None:
        return attrs.evolve(instrument, contract=contract, details=details)
    instrument = attrs.evolve(instrument, contract=contract, details=details, last_day=last_day)
    return attrs.evolve(instrument, expires_at=_expiry(table, instrument, last_day))


def _expiry(table: Table, instrument: Instrument, last_day: date) -> int:
    if instrument.details.last_trade_time:
        try:
            return expiry_second(instrument, last_day)
        except (ValueError, LookupError) as error:
            raise table.wrong("last_trade_time", "a time such as '16:00:00', in a zone that is known") from error
    sessions = instrument.hours.of_day(last_day, liquid=False)
    return sessions[-1].end if sessions else instrument.hours.midnight_after(last_day)
