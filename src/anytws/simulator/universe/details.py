"""The rows of contract details, as a TWS of each age wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from anytws.messages.base import replace
from anytws.messages.contract import SecurityType
from anytws.messages.contract_details import ContractDetails
from anytws.messages.contracts import BondContractData, ContractData
from anytws.simulator.universe.finding import Match
from anytws.simulator.universe.hours import Hours
from anytws.simulator.universe.hours_text import hours_text
from anytws.simulator.universe.instrument import Instrument
from anytws.wire import versions as v

# Server versions from which on a form was met; where it begins between two recordings is chosen.
_NAMED_ZONES: Final = v.FRACTIONAL_SIZE_SUPPORT
_LAST_SECONDS: Final = 200
_OPTION_TIMES: Final = 225

_BONDS: Final = frozenset({SecurityType.BOND, SecurityType.BILL})
_FUTURES: Final = frozenset({SecurityType.FUTURE, SecurityType.CONTINUOUS_FUTURE})
_CUT_SHORT: Final = frozenset({SecurityType.FUTURES_OPTION})
_SINCE_PROTOBUF: Final = ("min_algo_size", "last_price_precision", "last_size_precision")

# As TWS called a zone until 2021, and in last trade dates of that time.
_OLD_ZONES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "US/Eastern": ("EST (Eastern Standard Time)", "EST"),
        "US/Central": ("CST (Central Standard Time)", "CST"),
        "MET": ("MET (Middle Europe Time)", "MET"),
        "Japan": ("JST (Japan Standard Time)", "JST"),
        "GB-Eire": ("GMT (Greenwich Mean Time)", "GMT"),
    }
)


def details_row(request_id: int, match: Match, second: int, version: int) -> ContractData | BondContractData:
    """Give the row of *match* as a TWS of server *version* writes it at *second* since 1970."""
    instrument = match.instrument
    is_bond = instrument.security_type in _BONDS
    contract = replace(match.contract(), strike=0.0 if instrument.strike is None else float(instrument.strike))
    details = _details(instrument, match.exchange, second, version)
    if is_bond:
        # Recorded: neither symbol nor currency, and from protobuf on no day of maturity but in the words of the bond.
        # That the coupon is 0 is chosen: clients in use read a whole number there, and no row is known to have another.
        maturity = "" if version >= v.PROTOBUF_CONTRACT_DATA else details.maturity
        nameless = replace(contract, symbol="", currency="", issuer_id="")
        return BondContractData(request_id, nameless, replace(details, maturity=maturity, coupon=0.0))
    if version < v.LAST_TRADE_DATE:
        contract = replace(contract, last_trade_date="")
    return ContractData(request_id, contract, details)


def _details(instrument: Instrument, exchange: str, second: int, version: int) -> ContractDetails:
    hours = instrument.hours_on(exchange)
    trading, liquid = _texts_of(hours, hours.day_of(second), *_last_session(instrument))
    order_types = instrument.order_types_on(exchange)
    changes: dict[str, Any] = {
        "time_zone_id": _zone_name(hours.zone, version),
        "trading_hours": trading,
        "liquid_hours": liquid,
        "order_types": order_types,
        **_last_trade(instrument, version),
    }
    if version < v.PROTOBUF_CONTRACT_DATA:
        changes |= dict.fromkeys(_SINCE_PROTOBUF)
        changes["settlement_method"] = ""
    if version < v.SIZE_RULES:
        # Chosen: sizes are told as they are, never in lots.
        changes["market_data_size_multiplier"] = 1
        changes |= dict.fromkeys(("min_size", "size_increment", "suggested_size_increment"))
        if version >= v.FRACTIONAL_SIZE_SUPPORT:
            changes["size_min_tick"] = instrument.details.size_increment
    return replace(instrument.details, **changes)


def _last_session(instrument: Instrument) -> tuple[date | None, int | None]:
    """Give the day of the last session, and when it is over, if that is not with the market (recorded: ES options)."""
    if instrument.security_type in _BONDS:
        return None, None
    return instrument.last_day, instrument.expires_at if instrument.security_type in _CUT_SHORT else None


@lru_cache(1024)
def _texts_of(hours: Hours, today: date, last_day: date | None, last_second: int | None) -> tuple[str, str]:
    """Give trading and liquid hours: those of a chain of options are few."""
    return (
        hours_text(hours, today, liquid=False, last_day=last_day, last_second=last_second),
        hours_text(hours, today, liquid=True, last_day=last_day, last_second=last_second),
    )


def _last_trade(instrument: Instrument, version: int) -> Mapping[str, str]:
    """Give the time and the zone of the last trade in the form of *version*; an option of before 225 has none."""
    time, zone = instrument.details.last_trade_time, instrument.details.last_trade_time_zone
    is_future = instrument.security_type in _FUTURES
    if not time or (not is_future and version < _OPTION_TIMES):
        return {"last_trade_time": "", "last_trade_time_zone": ""}
    if version >= _LAST_SECONDS:
        return {}
    short = _OLD_ZONES.get(zone, (zone, zone))[1] if version < _NAMED_ZONES else zone
    return {"last_trade_time": time[:5], "last_trade_time_zone": short}


def _zone_name(zone: str, version: int) -> str:
    """Give the name of a zone as hours had it (recorded: 2020, and since 2022)."""
    return zone if version >= _NAMED_ZONES else _OLD_ZONES.get(zone, (zone, zone))[0]
