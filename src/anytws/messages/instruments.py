"""Contracts by what they are: one function for each kind of instrument, that fills in what the kind needs.

They give a plain `Contract`. What they have no argument for is added with `attrs.evolve`::

    >>> import attrs
    >>> from anytws.messages import SecurityIdType
    >>> attrs.evolve(Stock("AAPL"), security_id_type=SecurityIdType.ISIN, security_id="US0378331005").security_id
    'US0378331005'

A contract in which something is left out is good for asking what there is (`ContractDataRequest`); an order or a
subscription needs enough of it to mean one contract only. The vendor's ``contract_id``, which `ContractData` tells,
means one; with it, the symbol may be left out, and so is the currency unless it is given::

    >>> Stock(contract_id=265598)
    Contract(contract_id=265598, security_type=SecurityType.STOCK, exchange='SMART')
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

import attrs

from anytws.errors import shown
from anytws.messages.contract import Action, ComboLeg, Contract, Right, SecurityType, askable

__all__ = [
    "CFD",
    "Bond",
    "Combo",
    "Commodity",
    "ContinuousFuture",
    "Crypto",
    "Forex",
    "Fund",
    "Future",
    "FuturesOption",
    "Index",
    "Leg",
    "Option",
    "Stock",
    "routed",
]

Expiry: TypeAlias = date | str
"""A day, ``"20261218"``, or a month, ``"202612"``."""
Strike: TypeAlias = float | Decimal
"""The price at which an option may be exercised."""
Multiplier: TypeAlias = int | str | Decimal
"""How many units of the underlying one contract stands for."""

_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})").fullmatch
_MONTH: Final = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])").fullmatch
_PAIR: Final = re.compile(r"[A-Z]{6}").fullmatch
_RIGHTS: Final = {"C": Right.CALL, "CALL": Right.CALL, "P": Right.PUT, "PUT": Right.PUT}


# --- what the arguments may be -----------------------------------------------------------------------------------


def _name(value: object, what: str) -> str:
    if not isinstance(value, str) or not value or value != value.strip():
        raise ValueError(f"{what} is a text that is not empty and has no blanks around it, and not {value!r}")
    return value


def _expiry(value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"{value.year:04}{value.month:02}{value.day:02}"
    if isinstance(value, str) and (not value or _MONTH(value) or _is_day(value)):
        return value
    raise ValueError(f"an expiry is a date, or a text such as '20261218' or '202612', and not {value!r}")


def _is_day(text: str) -> bool:
    match = _DAY(text)
    if match is None:
        return False
    try:
        date(*map(int, match.groups()))
    except ValueError:
        return False
    return True


def _strike(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (int, float, Decimal)) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"a strike is a finite number, and not {value!r}")
    return float(value)


def _right(value: object) -> Right | None:
    if value is None:
        return None
    right = _RIGHTS.get(value.upper()) if isinstance(value, str) else None
    if right is None:
        raise ValueError(f"a right is Right.CALL or Right.PUT, or 'C', 'CALL', 'P' or 'PUT', and not {value!r}")
    return right


def _multiplier(value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(value) if isinstance(value, (int, str, Decimal)) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number <= 0:
        raise ValueError(f"a multiplier is a number above zero, such as 100 or '0.5', and not {value!r}")
    return number


def _pair(value: object) -> str:
    if not isinstance(value, str) or not _PAIR(value):
        raise ValueError(f"a pair is two currencies of three capital letters each, such as 'EURUSD', and not {value!r}")
    return value


def _symbol(value: object, contract_id: object, what: str = "a symbol") -> str:
    """Give the symbol of a contract, which may be left out where the contract has an id."""
    return "" if value == "" and contract_id else _name(value, what)


def _id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"a contract id is a whole number above zero (0: not known), and not {shown(value)}")
    return value


def _currency(value: str | None, name: str) -> str:
    """Give the currency of a contract, by default dollars; of one that has an id and no *name*, none but its own."""
    return value if value is not None else "USD" if name else ""


def _contract_id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"a leg needs a contract id, and not {value!r}: ask for the contract's details, which have it")
    return value


def _action(value: object) -> Action:
    if not isinstance(value, str) or value.upper() not in set(Action):
        raise ValueError(f"an action is one of {', '.join(Action)}, and not {value!r}")
    return Action(value.upper())


def _ratio(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"a ratio is a whole number of at least 1, and not {value!r}")
    return value


def _legs(values: object) -> tuple[ComboLeg, ...]:
    held = tuple(values) if isinstance(values, Iterable) else ()
    legs = tuple([leg for leg in held if isinstance(leg, ComboLeg)])
    if not legs or len(legs) != len(held):
        other = next((leg for leg in held if not isinstance(leg, ComboLeg)), values)
        raise ValueError(f"a combination has a list of one or more legs, made by Leg, and not {shown(other)}")
    return legs


# --- securities --------------------------------------------------------------------------------------------------


def Stock(  # noqa: N802 (reads as the thing that it makes)
    symbol: str = "",
    exchange: str = "SMART",
    currency: str | None = None,
    *,
    primary_exchange: str = "",
    contract_id: int = 0,
) -> Contract:
    """Give a stock or an ETF.

    Where the same symbol and currency are listed twice, *primary_exchange* tells which one is meant.

    >>> Stock("AAPL").exchange
    'SMART'
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.STOCK,
        exchange=exchange,
        primary_exchange=primary_exchange,
        currency=_currency(currency, symbol),
    )


def Index(  # noqa: N802 (reads as what it makes)
    symbol: str = "", exchange: str = "", currency: str | None = None, *, contract_id: int = 0
) -> Contract:
    """Give an index. It cannot be traded, and SMART does not know it: *exchange* is the one that computes it.

    >>> Index("SPX", "CBOE").security_type
    <SecurityType.INDEX: 'IND'>
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.INDEX,
        exchange=_name(exchange, "the exchange of an index"),
        currency=_currency(currency, symbol),
    )


def CFD(  # noqa: N802 (an abbreviation)
    symbol: str = "", exchange: str = "SMART", currency: str | None = None, *, contract_id: int = 0
) -> Contract:
    """Give a contract for difference on a stock, an index or a currency.

    >>> CFD("IBDE30", currency="EUR").symbol
    'IBDE30'
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.CFD,
        exchange=exchange,
        currency=_currency(currency, symbol),
    )


def Forex(  # noqa: N802 (reads as what it makes)
    pair: str = "", exchange: str = "IDEALPRO", *, contract_id: int = 0
) -> Contract:
    """Give a pair of currencies: the first is bought or sold, the second is what its price is in.

    >>> Forex("EURUSD").symbol, Forex("EURUSD").currency
    ('EUR', 'USD')
    """
    checked = "" if pair == "" and contract_id else _pair(pair)
    return Contract(
        contract_id=_id(contract_id),
        symbol=checked[:3],
        security_type=SecurityType.FOREX,
        exchange=exchange,
        currency=checked[3:],
    )


def Crypto(  # noqa: N802 (as what it makes)
    symbol: str = "", exchange: str = "PAXOS", currency: str | None = None, *, contract_id: int = 0
) -> Contract:
    """Give a crypto currency.

    >>> Crypto("BTC").currency
    'USD'
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.CRYPTO,
        exchange=exchange,
        currency=_currency(currency, symbol),
    )


def Commodity(  # noqa: N802 (as what it makes)
    symbol: str = "", exchange: str = "SMART", currency: str | None = None, *, contract_id: int = 0
) -> Contract:
    """Give a commodity that is traded as such.

    >>> Commodity("XAUUSD").security_type
    <SecurityType.COMMODITY: 'CMDTY'>
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.COMMODITY,
        exchange=exchange,
        currency=_currency(currency, symbol),
    )


def Fund(  # noqa: N802 (as what it makes)
    symbol: str = "", exchange: str = "FUNDSERV", currency: str | None = None, *, contract_id: int = 0
) -> Contract:
    """Give a mutual fund. (An ETF is a `Stock`.)

    >>> Fund("VINIX").exchange
    'FUNDSERV'
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.FUND,
        exchange=exchange,
        currency=_currency(currency, symbol),
    )


def Bond(  # noqa: N802 (reads as what it makes)
    symbol: str = "", exchange: str = "SMART", currency: str | None = None, *, contract_id: int = 0, issuer_id: str = ""
) -> Contract:
    """Give a bond, by its CUSIP (where TWS expects a *symbol*), by its *contract_id*, or all bonds of an issuer.

    The *issuer_id* is what `SymbolSamples` tells of an issuer, from server version 176.

    >>> Bond("912828C57").symbol
    '912828C57'
    >>> Bond(issuer_id="e1432232").issuer_id
    'e1432232'
    """
    if not (symbol or contract_id or issuer_id):
        raise ValueError("a bond needs a CUSIP, a contract id, or an issuer id")
    return Contract(
        contract_id=_id(contract_id),
        symbol=_name(symbol, "a CUSIP") if symbol else "",
        security_type=SecurityType.BOND,
        exchange=exchange,
        currency=_currency(currency, symbol or issuer_id),
        issuer_id=issuer_id,
    )


# --- derivatives -------------------------------------------------------------------------------------------------


def Option(  # noqa: N802 (reads as what it makes)
    symbol: str = "",
    expiry: Expiry = "",
    strike: Strike | None = None,
    right: Right | str | None = None,
    exchange: str = "SMART",
    currency: str | None = None,
    *,
    multiplier: Multiplier | None = None,
    trading_class: str = "",
    contract_id: int = 0,
) -> Contract:
    """Give an option on a stock or an index; with some of *expiry*, *strike* and *right* left out, a part of a chain.

    *trading_class* tells apart what expires on the same day, such as ``SPX`` and ``SPXW``.

    >>> option = Option("AAPL", "20261218", 250, "call")
    >>> option.strike, option.right
    (250.0, <Right.CALL: 'C'>)
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.OPTION,
        last_trade_date_or_contract_month=_expiry(expiry),
        strike=_strike(strike),
        right=_right(right),
        multiplier=_multiplier(multiplier),
        exchange=exchange,
        currency=_currency(currency, symbol),
        trading_class=trading_class,
    )


def Future(  # noqa: N802 (reads as what it makes)
    symbol: str = "",
    expiry: Expiry = "",
    exchange: str = "",
    currency: str | None = None,
    *,
    local_symbol: str = "",
    multiplier: Multiplier | None = None,
    trading_class: str = "",
    include_expired: bool = False,
    contract_id: int = 0,
) -> Contract:
    """Give a future, by *symbol* and *expiry* or by the exchange's own *local_symbol*; without both, all its months.

    SMART does not know futures: *exchange* is where they are traded.

    >>> from datetime import date
    >>> Future("ES", date(2026, 12, 18), "CME").last_trade_date_or_contract_month
    '20261218'
    >>> Future(local_symbol="ESZ6", exchange="CME").local_symbol
    'ESZ6'
    """
    if not (symbol or local_symbol or contract_id):
        raise ValueError("a future needs a symbol, such as 'ES', a local symbol, such as 'ESZ6', or a contract id")
    return Contract(
        contract_id=_id(contract_id),
        symbol=_name(symbol, "a symbol") if symbol else "",
        security_type=SecurityType.FUTURE,
        last_trade_date_or_contract_month=_expiry(expiry),
        multiplier=_multiplier(multiplier),
        exchange=_name(exchange, "the exchange of a future"),
        currency=_currency(currency, symbol or local_symbol),
        local_symbol=local_symbol,
        trading_class=trading_class,
        include_expired=include_expired,
    )


def ContinuousFuture(  # noqa: N802 (reads as what it makes)
    symbol: str = "",
    exchange: str = "",
    currency: str | None = None,
    *,
    multiplier: Multiplier | None = None,
    trading_class: str = "",
    contract_id: int = 0,
) -> Contract:
    """Give the lead months of a future, one after the other: for historical data, and not to be traded.

    >>> ContinuousFuture("ES", "CME").security_type
    <SecurityType.CONTINUOUS_FUTURE: 'CONTFUT'>
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.CONTINUOUS_FUTURE,
        multiplier=_multiplier(multiplier),
        exchange=_name(exchange, "the exchange of a future"),
        currency=_currency(currency, symbol),
        trading_class=trading_class,
    )


def FuturesOption(  # noqa: N802 (reads as what it makes)
    symbol: str = "",
    expiry: Expiry = "",
    strike: Strike | None = None,
    right: Right | str | None = None,
    exchange: str = "",
    currency: str | None = None,
    *,
    multiplier: Multiplier | None = None,
    trading_class: str = "",
    contract_id: int = 0,
) -> Contract:
    """Give an option on a future; with some of *expiry*, *strike* and *right* left out, a part of a chain.

    SMART does not know them: *exchange* is where they are traded.

    >>> FuturesOption("ES", "202612", 6000, Right.PUT, "CME", multiplier=50).multiplier
    Decimal('50')
    """
    return Contract(
        contract_id=_id(contract_id),
        symbol=_symbol(symbol, contract_id),
        security_type=SecurityType.FUTURES_OPTION,
        last_trade_date_or_contract_month=_expiry(expiry),
        strike=_strike(strike),
        right=_right(right),
        multiplier=_multiplier(multiplier),
        exchange=_name(exchange, "the exchange of a futures option"),
        currency=_currency(currency, symbol),
        trading_class=trading_class,
    )


# --- combinations ------------------------------------------------------------------------------------------------


def Leg(  # noqa: N802 (reads as what it makes)
    contract: Contract | int, action: Action | str, ratio: int = 1, exchange: str = ""
) -> ComboLeg:
    """Give a leg of a `Combo`: *ratio* of *contract* are bought, or sold, with each unit of the combination.

    *contract* is a contract that has its ``contract_id`` (as `ContractData` gives it), or that id alone. *exchange* is
    the contract's own if it is left out, SMART if that has none.

    >>> Leg(265598, "buy").exchange
    'SMART'
    """
    known, own = (contract.contract_id, contract.exchange) if isinstance(contract, Contract) else (contract, "")
    return ComboLeg(
        contract_id=_contract_id(known),
        ratio=_ratio(ratio),
        action=_action(action),
        exchange=exchange or own or "SMART",
    )


def Combo(  # noqa: N802 (reads as what it makes)
    legs: Iterable[ComboLeg], symbol: str, exchange: str = "SMART", currency: str = "USD"
) -> Contract:
    """Give a combination (``BAG``) of *legs*, which are traded together at one price.

    *symbol* is that of the underlying; for legs of two underlyings both, with a comma between them.

    >>> spread = Combo([Leg(265598, "BUY"), Leg(272093, "SELL")], "AAPL,MSFT")
    >>> [leg.action.value for leg in spread.combo_legs]
    ['BUY', 'SELL']
    """
    return Contract(
        symbol=_name(symbol, "a symbol"),
        security_type=SecurityType.COMBO,
        exchange=exchange,
        currency=currency,
        combo_legs=_legs(legs),
    )


# --- said back ---------------------------------------------------------------------------------------------------

_ROUTES: Final = {
    SecurityType.STOCK: "SMART",
    SecurityType.OPTION: "SMART",
    SecurityType.WARRANT: "SMART",
    SecurityType.STRUCTURED_PRODUCT: "SMART",
    SecurityType.BOND: "SMART",
    SecurityType.BILL: "SMART",
    SecurityType.CFD: "SMART",
    SecurityType.COMMODITY: "SMART",
    SecurityType.COMBO: "SMART",
    SecurityType.FOREX: "IDEALPRO",
    SecurityType.FUND: "FUNDSERV",
}


def routed(contract: Contract, exchange: str = "") -> Contract:
    """Give a contract that TWS has reported as one that can be traded and asked about: with the exchange for that.

    A position is reported with where it is listed, or with no exchange at all, and an execution with the venue of the
    fill. An order or a request that said this back would go to that venue alone, or be refused. *exchange* says where
    it shall go. Left out, that is SMART for what SMART knows, IDEALPRO for currencies, FUNDSERV for funds, and for all
    else (futures and options on them, indices, crypto currencies) the exchange that was reported.

    The rest is as in `anytws.messages.contract.askable`. Raises `ValueError` where no exchange was reported: then the
    contract's details, asked for by its ``contract_id``, have it.

    >>> routed(Contract(265598, "AAPL", SecurityType.STOCK, strike=0.0, exchange="NASDAQ")).exchange
    'SMART'
    >>> routed(Contract(637533641, "ES", SecurityType.FUTURE, "20261218"), "CME").exchange
    'CME'
    """
    kind = contract.security_type
    route = exchange or (_ROUTES.get(kind) if kind else None) or contract.exchange or contract.primary_exchange
    if not route:
        raise ValueError(
            f"TWS did not say at which exchange {contract.local_symbol or contract.symbol!r} is traded: say it, or ask"
            f" for the contract's details by its contract id, {contract.contract_id}"
        )
    return attrs.evolve(askable(contract), exchange=_name(route, "an exchange"))  # type: ignore[misc]
