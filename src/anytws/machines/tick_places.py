"""Where each tick of TWS belongs in a `Quote`, and how its value is read.

A tick of a type that is not here, or that comes as another message than is usual, belongs into `Quote.others`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs

from anytws.machines.quotes import Dividends, ExchangeForPhysicals, GenericTicks, Greeks, Halt, RealTimeVolume
from anytws.messages.market_data import (
    TickEfp,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickString,
    TickType,
)

_T: Final = TickType
Place: TypeAlias = tuple[bool | None, tuple[int, ...]]
"""Whether a tick is delayed (None: its type does not say), and the numbers of the fields that it is about."""

TOP: Final = (
    "mode", "bid", "bid_size", "ask", "ask_size", "last", "last_size", "open", "high", "low", "close", "volume",
    "last_time", "bid_exchanges", "ask_exchanges", "last_exchange", "bid_attributes", "ask_attributes", "halted",
    "bid_yield", "ask_yield", "last_yield", "parameters", "delta_neutral", "rerouted",
)  # fmt: skip
"""The fields of a `Quote` that hold what TWS said last, in their order."""


def _names(prefix: str, cls: Any) -> tuple[str, ...]:
    return tuple([f"{prefix}.{field.name}" for field in attrs.fields(cls)])


_GREEKS: Final = _names("greeks", Greeks)
_GENERIC: Final = _names("generic", GenericTicks)
FIELDS: Final = (*TOP, *_GREEKS, *_GENERIC, *_names("efp", ExchangeForPhysicals))
"""All of them, by number, as `Quote.changed` names them."""
NUMBERS: Final[Mapping[str, int]] = MappingProxyType({name: number for number, name in enumerate(FIELDS)})
GREEKS: Final = slice(len(TOP), len(TOP) + len(_GREEKS))
GENERIC: Final = slice(GREEKS.stop, GREEKS.stop + len(_GENERIC))
EFP: Final = slice(GENERIC.stop, len(FIELDS))

_BOTH: Final = {
    TickPrice: (
        ("bid", _T.BID, _T.DELAYED_BID), ("ask", _T.ASK, _T.DELAYED_ASK), ("last", _T.LAST, _T.DELAYED_LAST),
        ("high", _T.HIGH, _T.DELAYED_HIGH), ("low", _T.LOW, _T.DELAYED_LOW), ("close", _T.CLOSE, _T.DELAYED_CLOSE),
        ("open", _T.OPEN, _T.DELAYED_OPEN), ("bid_yield", _T.BID_YIELD, _T.DELAYED_YIELD_BID),
        ("ask_yield", _T.ASK_YIELD, _T.DELAYED_YIELD_ASK),
    ),
    TickSize: (
        ("bid_size", _T.BID_SIZE, _T.DELAYED_BID_SIZE), ("ask_size", _T.ASK_SIZE, _T.DELAYED_ASK_SIZE),
        ("last_size", _T.LAST_SIZE, _T.DELAYED_LAST_SIZE), ("volume", _T.VOLUME, _T.DELAYED_VOLUME),
    ),
    TickGeneric: (("halted", _T.HALTED, _T.DELAYED_HALTED),),
    TickString: (("last_time", _T.LAST_TIMESTAMP, _T.DELAYED_LAST_TIMESTAMP),),
    TickOptionComputation: (
        ("greeks.bid", _T.BID_OPTION_COMPUTATION, _T.DELAYED_BID_OPTION),
        ("greeks.ask", _T.ASK_OPTION_COMPUTATION, _T.DELAYED_ASK_OPTION),
        ("greeks.last", _T.LAST_OPTION_COMPUTATION, _T.DELAYED_LAST_OPTION),
        ("greeks.model", _T.MODEL_OPTION, _T.DELAYED_MODEL_OPTION),
    ),
}  # fmt: skip
"""What there is live and delayed."""

_ONCE: Final = {
    TickPrice: {
        "last_yield": _T.LAST_YIELD, "generic.low_13_weeks": _T.LOW_13_WEEK, "generic.high_13_weeks": _T.HIGH_13_WEEK,
        "generic.low_26_weeks": _T.LOW_26_WEEK, "generic.high_26_weeks": _T.HIGH_26_WEEK,
        "generic.low_52_weeks": _T.LOW_52_WEEK, "generic.high_52_weeks": _T.HIGH_52_WEEK,
        "generic.index_future_premium": _T.INDEX_FUTURE_PREMIUM, "generic.auction_price": _T.AUCTION_PRICE,
        "generic.mark_price": _T.MARK_PRICE, "generic.last_regular_trade": _T.LAST_RTH_TRADE,
        "generic.creditman_mark_price": _T.CREDITMAN_MARK_PRICE,
        "generic.creditman_slow_mark_price": _T.CREDITMAN_SLOW_MARK_PRICE,
        "generic.etf_nav_close": _T.ETF_NAV_CLOSE, "generic.etf_nav_prior_close": _T.ETF_NAV_PRIOR_CLOSE,
        "generic.etf_nav_bid": _T.ETF_NAV_BID, "generic.etf_nav_ask": _T.ETF_NAV_ASK,
        "generic.etf_nav_last": _T.ETF_NAV_LAST, "generic.etf_nav_last_frozen": _T.ETF_FROZEN_NAV_LAST,
        "generic.etf_nav_high": _T.ETF_NAV_HIGH, "generic.etf_nav_low": _T.ETF_NAV_LOW,
        "generic.ipo_midpoint": _T.ESTIMATED_IPO_MIDPOINT, "generic.ipo_price": _T.FINAL_IPO_LAST,
        "generic.odd_lot_bid": _T.ODD_LOT_BID, "generic.odd_lot_ask": _T.ODD_LOT_ASK,
    },
    TickSize: {
        "generic.average_volume": _T.AVG_VOLUME, "generic.open_interest": _T.OPEN_INTEREST,
        "generic.call_open_interest": _T.OPTION_CALL_OPEN_INTEREST,
        "generic.put_open_interest": _T.OPTION_PUT_OPEN_INTEREST,
        "generic.call_volume": _T.OPTION_CALL_VOLUME, "generic.put_volume": _T.OPTION_PUT_VOLUME,
        "generic.auction_volume": _T.AUCTION_VOLUME, "generic.auction_imbalance": _T.AUCTION_IMBALANCE,
        "generic.regulatory_imbalance": _T.REGULATORY_IMBALANCE,
        "generic.short_term_volume_3_minutes": _T.SHORT_TERM_VOLUME_3_MIN,
        "generic.short_term_volume_5_minutes": _T.SHORT_TERM_VOLUME_5_MIN,
        "generic.short_term_volume_10_minutes": _T.SHORT_TERM_VOLUME_10_MIN,
        "generic.futures_open_interest": _T.FUTURES_OPEN_INTEREST,
        "generic.average_option_volume": _T.AVG_OPT_VOLUME, "generic.shortable_shares": _T.SHORTABLE_SHARES,
        "generic.odd_lot_bid_size": _T.ODD_LOT_BID_SIZE, "generic.odd_lot_ask_size": _T.ODD_LOT_ASK_SIZE,
    },
    TickGeneric: {
        "generic.historical_volatility": _T.OPTION_HISTORICAL_VOL,
        "generic.implied_volatility": _T.OPTION_IMPLIED_VOL, "generic.shortable": _T.SHORTABLE,
        "generic.trade_count": _T.TRADE_COUNT, "generic.trade_rate": _T.TRADE_RATE,
        "generic.volume_rate": _T.VOLUME_RATE,
        "generic.real_time_historical_volatility": _T.RT_HISTORICAL_VOL,
        "generic.bond_factor": _T.BOND_FACTOR_MULTIPLIER,
    },
    TickString: {
        "bid_exchanges": _T.BID_EXCH, "ask_exchanges": _T.ASK_EXCH, "last_exchange": _T.LAST_EXCH,
        "generic.option_bid_exchanges": _T.OPTION_BID_EXCH, "generic.option_ask_exchanges": _T.OPTION_ASK_EXCH,
        "generic.fundamental_ratios": _T.FUNDAMENTAL_RATIOS, "generic.real_time_volume": _T.RT_VOLUME,
        "generic.real_time_trade_volume": _T.RT_TRD_VOLUME, "generic.dividends": _T.IB_DIVIDENDS,
        "generic.last_regulatory_time": _T.LAST_REG_TIME,
        "generic.odd_lot_bid_exchanges": _T.ODD_LOT_BID_EXCH, "generic.odd_lot_ask_exchanges": _T.ODD_LOT_ASK_EXCH,
    },
    TickEfp: {
        "efp.bid": _T.BID_EFP_COMPUTATION, "efp.ask": _T.ASK_EFP_COMPUTATION, "efp.last": _T.LAST_EFP_COMPUTATION,
        "efp.open": _T.OPEN_EFP_COMPUTATION, "efp.high": _T.HIGH_EFP_COMPUTATION, "efp.low": _T.LOW_EFP_COMPUTATION,
        "efp.close": _T.CLOSE_EFP_COMPUTATION,
    },
    TickOptionComputation: {},
}  # fmt: skip
"""What there is once: its type does not say whether it is delayed."""

_WITH: Final = {"bid": ("bid_size", "bid_attributes"), "ask": ("ask_size", "ask_attributes"), "last": ("last_size",)}
"""What else the message of a price says. All other prices carry a size of 0 that means nothing."""


def _places(kind: type[Any]) -> Mapping[TickType, Place]:
    places: dict[TickType, Place] = {}
    for name, live, delayed in _BOTH.get(kind, ()):
        fields = (name, *(_WITH.get(name, ()) if kind is TickPrice else ()))
        numbers = tuple([NUMBERS[field] for field in fields])
        places[live], places[delayed] = (False, numbers), (True, numbers)
    for name, tick_type in _ONCE[kind].items():
        places[tick_type] = (None, (NUMBERS[name],))
    return MappingProxyType(places)


PLACES: Final[Mapping[type[Any], Mapping[TickType, Place]]] = MappingProxyType({kind: _places(kind) for kind in _ONCE})
"""For each kind of message, and each type of tick, its place."""
TWOFOLD: Final = tuple(
    sorted({number for kind in PLACES for place in PLACES[kind].values() if place[0] for number in place[1]})
)
"""The numbers of the fields that there are live and delayed."""


# --- values ------------------------------------------------------------------------------------------------------

_ENDLESS: Final = 1e300
"""Beyond this it is the largest double, which is how TWS writes that a number is not set, or no number at all."""
_NONE: Final = -1.0
_MOST_OF_A_TEXT: Final = 16_384
_MOST_OF_A_TIME: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS_OF_A_TRADE: Final = 6
_PARTS_OF_DIVIDENDS: Final = 4


def _price(message: Any) -> float | None:
    # There is no such price: -1, or 0, with a size of 0. Where there is a size, it is a price (a spread at par).
    price: float | None = message.price
    if price is None or not -_ENDLESS < price < _ENDLESS:
        return None
    if price <= 0.0 and price in (0.0, _NONE) and not message.size:
        return None
    return price


def _price_above_zero(message: Any) -> float | None:
    price = _price(message)
    return None if price is None or price < 0.0 else price


def _rate(message: Any) -> float | None:
    """Read what may be zero, or below: a yield, a premium."""
    price: float | None = message.price
    return None if price is None or price == _NONE or not -_ENDLESS < price < _ENDLESS else price


def _size(message: Any) -> Decimal | None:
    # Below zero it is a number that has overflowed on its way: seen of volumes.
    size: Decimal | None = message.size
    return None if size is None or not size.is_finite() or size < 0 else size


def _signed(message: Any) -> Decimal | None:
    size: Decimal | None = message.size
    return None if size is None or not size.is_finite() else size


def _attributes(message: Any) -> Any:
    return message.attributes


def _number(message: Any) -> float | None:
    value: float | None = message.value
    return None if value is None or not 0.0 <= value < _ENDLESS else value


def _halt(message: Any) -> Halt | None:
    value: float | None = message.value
    return None if value is None or not 0.0 <= value < _ENDLESS or math.trunc(value) != value else Halt(int(value))


def _text(message: Any) -> str | None:
    text: str | None = message.value
    if text is not None and len(text) > _MOST_OF_A_TEXT:
        raise ValueError(len(text))
    return text or None


def _whole(text: str) -> int:
    if len(text) > _MOST_OF_A_TIME:
        raise ValueError(len(text))
    return int(text)


def _seconds(message: Any) -> datetime | None:
    return _EPOCH + timedelta(seconds=_whole(message.value)) if message.value else None


def _milliseconds(message: Any) -> datetime | None:
    return _EPOCH + timedelta(milliseconds=_whole(message.value)) if message.value else None


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    if len(text) > _MOST_OF_A_TIME * 2:
        raise ValueError(len(text))
    amount = Decimal(text)
    if not amount.is_finite():
        raise ValueError(text)
    return amount


def _trade(message: Any) -> RealTimeVolume | None:
    parts = _text(message)
    if parts is None:
        return None
    price, size, time, volume, average, single = parts.split(";", _PARTS_OF_A_TRADE)
    if single not in ("true", "false"):
        raise ValueError(single)
    cost = _amount(price)
    return RealTimeVolume(
        None if cost is None else float(cost),
        _amount(size),
        _EPOCH + timedelta(milliseconds=_whole(time)),
        _amount(volume),
        _amount(average),
        single == "true",
    )


def _dividends(message: Any) -> Dividends | None:
    parts = _text(message)
    if parts is None:
        return None
    past, expected, day, amount = parts.split(",", _PARTS_OF_DIVIDENDS)
    if day and (len(day) != len("YYYYMMDD") or not day.isascii() or not day.isdigit()):
        raise ValueError(day)
    next_date = date(int(day[:4]), int(day[4:6]), int(day[6:])) if day else None
    return Dividends(_amount(past), _amount(expected), next_date, _amount(amount))


def _itself(message: Any) -> Any:
    return message


Read: TypeAlias = Callable[[Any], Any]
"""Reads the value of one field from the last message about it. Raises `ValueError` or `ArithmeticError` where that is
no value of its kind."""

_READ_BY_KIND: Final[Mapping[type[Any], Read]] = {
    TickPrice: _price, TickSize: _size, TickGeneric: _number, TickString: _text, TickOptionComputation: _itself,
    TickEfp: _itself,
}  # fmt: skip
_READ: Final[Mapping[str, Read]] = {
    "bid_attributes": _attributes, "ask_attributes": _attributes, "halted": _halt, "last_time": _seconds,
    "bid_yield": _rate, "ask_yield": _rate, "last_yield": _rate, "generic.index_future_premium": _rate,
    "generic.auction_imbalance": _signed, "generic.regulatory_imbalance": _signed,
    "generic.real_time_volume": _trade, "generic.real_time_trade_volume": _trade, "generic.dividends": _dividends,
    "generic.last_regulatory_time": _milliseconds, "bid_size": _size, "ask_size": _size, "last_size": _size,
}  # fmt: skip
"""Fields that are read otherwise than others of their kind."""


def _readers(price: Read) -> tuple[Read, ...]:
    readers: list[Read] = [_itself] * len(FIELDS)
    for kind, places in PLACES.items():
        for _, numbers in places.values():
            for number in numbers:
                own = _READ.get(FIELDS[number])
                usual = price if kind is TickPrice else _READ_BY_KIND[kind]
                readers[number] = own or usual
    return tuple(readers)


READERS: Final = _readers(_price)
"""How each field is read, by number."""
READERS_ABOVE_ZERO: Final = _readers(_price_above_zero)
"""The same, for instruments whose prices are never below zero."""
