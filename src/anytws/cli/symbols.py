"""Contracts, as people type them: ``AAPL``, ``EUR.USD``, ``ES:FUT:202603@CME``, ``SPY:OPT:20260320:C:600``.

A word is ``SYMBOL[:TYPE[:DETAIL…]][@EXCHANGE][/CURRENCY]``, or the contract id: ``#265598``. Without a type it is a
stock, or currencies where it is two of three letters with a dot between. An id is asked for where TWS chooses, unless
it says where: of a future, ``#495512557@CME``. Braces make several words of one, as in a shell: ``SPY{,X}`` is SPY and
SPYX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from anytws.errors import shown
from anytws.messages.base import replace
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.instruments import (
    CFD,
    Bond,
    Commodity,
    ContinuousFuture,
    Crypto,
    Forex,
    Fund,
    Future,
    FuturesOption,
    Index,
    Option,
    Stock,
)

MOST_WORDS: Final = 1000
"""Contracts that one command may name."""
_LONGEST: Final = 200
_PAIR: Final = re.compile(r"[A-Z]{3}\.[A-Z]{3}").fullmatch
_ID: Final = re.compile(r"#?([1-9][0-9]{0,9})|#([1-9][0-9]{0,9})@([A-Za-z0-9._]{1,32})").fullmatch
_WORD: Final = re.compile(r"([^:@/]+)((?::[^:@/]+){0,5})(?:@([A-Za-z0-9._]+))?(?:/([A-Za-z]{2,5}))?").fullmatch
_EXPIRY: Final = re.compile(r"[0-9]{6}(?:[0-9]{2})?").fullmatch
_STRIKE: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?").fullmatch
_RIGHTS: Final = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
_FORM: Final = "SYMBOL[:TYPE[:DETAIL]][@EXCHANGE][/CURRENCY], such as AAPL, BMW@IBIS/EUR or SPY:OPT:20260320:C:600"


class Named(NamedTuple):
    """A contract, and the word that named it."""

    word: str
    contract: Contract


def read_symbols(words: Iterable[str]) -> tuple[Named, ...]:
    """Give the contracts that *words* name, each once, in their order. Raises `ValueError` for what names none."""
    named: dict[str, Named] = {}
    for word in words:
        for each in spelled_out(word):
            named.setdefault(each, Named(each, contract_in(each)))
            if len(named) > MOST_WORDS:
                raise ValueError(f"more than {MOST_WORDS} contracts are too many for one command")
    return tuple(named.values())


def spelled_out(word: str) -> tuple[str, ...]:
    """Give the words that *word* stands for: one, unless it has braces. Raises `ValueError`."""
    if len(word) > _LONGEST:
        raise ValueError(f"{shown(word)} names no contract: it has more than {_LONGEST} characters")
    done: list[str] = []
    waiting = [word]
    while waiting:
        text = waiting.pop()
        begin, end = _innermost(text)
        if begin is None or end is None:
            done.append(text)
        else:
            inner = text[begin + 1 : end].split(",")
            waiting += [text[:begin] + choice + text[end + 1 :] for choice in reversed(inner)]
        if len(done) + len(waiting) > MOST_WORDS:
            raise ValueError(f"{shown(word)} stands for more than {MOST_WORDS} contracts")
    return tuple(dict.fromkeys(done))


def _innermost(text: str) -> tuple[int | None, int | None]:
    """Give where the first pair of braces without another one in it begins and ends."""
    end = text.find("}")
    begin = text.rfind("{", 0, end if end >= 0 else len(text))
    if end < 0 and begin < 0:
        return None, None
    if end < 0 or begin < 0:
        raise ValueError(f"{shown(text)} has a brace without its other half")
    return begin, end


def contract_in(word: str) -> Contract:
    """Give the contract that *word* names, as far as it says it. Raises `ValueError`."""
    numbered = _ID(word)
    if numbered is not None:
        return Contract(contract_id=int(numbered[1] or numbered[2]), exchange=numbered[3] or "SMART")
    parts = None if word.startswith("#") else _WORD(word)
    if parts is None or not word.isprintable():
        raise ValueError(f"{shown(word)} names no contract: it is written {_FORM}")
    symbol, details, exchange, currency = parts.groups()
    kind, *rest = details[1:].split(":") if details else [""]
    typed = _type_in(kind, symbol, word)
    try:
        return _made(typed, symbol.upper(), _details(rest, word), exchange or "", currency and currency.upper())
    except ValueError as problem:
        raise ValueError(f"{shown(word)} names no contract: {problem}") from None


def _type_in(kind: str, symbol: str, word: str) -> SecurityType:
    if not kind:
        return SecurityType.FOREX if _PAIR(symbol.upper()) else SecurityType.STOCK
    typed = SecurityType(kind.upper()) if kind.upper() in _TYPES else None
    if typed is None:
        raise ValueError(f"{shown(word)}: {shown(kind)} is none of the types {', '.join(_TYPES)}")
    return typed


class _Details(NamedTuple):
    expiry: str = ""
    strike: str | None = None
    right: str | None = None


def _details(rest: Iterable[str], word: str) -> _Details:
    """Read expiry, strike and right, in any order: none looks like another one."""
    found: dict[str, str] = {}
    for part in rest:
        name, value = _detail(part, has_expiry="expiry" in found)
        if name is None or name in found:
            raise ValueError(f"{shown(word)}: {shown(part)} is no expiry (202603, 20260320), no strike and no C or P")
        found[name] = value
    return _Details(**found)


def _detail(part: str, *, has_expiry: bool) -> tuple[str | None, str]:
    if part.upper() in _RIGHTS:
        return "right", _RIGHTS[part.upper()]
    if _EXPIRY(part) and not has_expiry:
        return "expiry", part
    return ("strike", part) if _STRIKE(part) else (None, part)


def _made(kind: SecurityType, symbol: str, details: _Details, exchange: str, currency: str | None) -> Contract:
    where = exchange or _USUAL.get(kind, "")
    if not where:
        raise ValueError("say where it is traded, such as @CME")
    contract = _of_type(kind, symbol, details, where)
    return contract if currency is None else replace(contract, currency=currency)


def _of_type(kind: SecurityType, symbol: str, details: _Details, exchange: str) -> Contract:
    strike = None if details.strike is None else Decimal(details.strike)
    match kind:
        case SecurityType.OPTION:
            return Option(symbol, details.expiry, strike, details.right, exchange)
        case SecurityType.FUTURES_OPTION:
            return FuturesOption(symbol, details.expiry, strike, details.right, exchange)
        case SecurityType.FUTURE:
            return Future(symbol, details.expiry, exchange)
        case _:
            return _without_details(kind, symbol, details, exchange)


def _without_details(kind: SecurityType, symbol: str, details: _Details, exchange: str) -> Contract:
    if details != _Details():
        raise ValueError("only options and futures have an expiry, a strike or a right")
    if kind is SecurityType.FOREX:
        return Forex(symbol.replace(".", ""), exchange)
    return _PLAIN[kind](symbol, exchange)


_PLAIN: Final = {
    SecurityType.STOCK: Stock,
    SecurityType.INDEX: Index,
    SecurityType.CFD: CFD,
    SecurityType.CRYPTO: Crypto,
    SecurityType.COMMODITY: Commodity,
    SecurityType.FUND: Fund,
    SecurityType.BOND: Bond,
    SecurityType.CONTINUOUS_FUTURE: ContinuousFuture,
}
_USUAL: Final = {
    SecurityType.STOCK: "SMART",
    SecurityType.OPTION: "SMART",
    SecurityType.CFD: "SMART",
    SecurityType.COMMODITY: "SMART",
    SecurityType.BOND: "SMART",
    SecurityType.CRYPTO: "PAXOS",
    SecurityType.FOREX: "IDEALPRO",
    SecurityType.FUND: "FUNDSERV",
}
"""Where it is traded, if nobody says it."""
_TYPES: Final = tuple(
    kind.value
    for kind in (*_PLAIN, SecurityType.FUTURE, SecurityType.OPTION, SecurityType.FUTURES_OPTION, SecurityType.FOREX)
)
