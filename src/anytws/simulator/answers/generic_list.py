"""The list of generic ticks of a market data request: which numbers are legal, and the words in which it is refused."""

from __future__ import annotations

import re
from typing import Final

import attrs

from anytws.messages.contract import SecurityType
from anytws.simulator.cards import Card, Evidence

MOST_ENTRIES: Final = 200
"""How many entries of a list are looked at; a longer one is malformed."""

NEWS: Final = 292
_OFF: Final = "mdoff"
_ENTRY: Final = re.compile(r"([0-9]{1,4})(?::(.*))?", re.DOTALL)
_S: Final = SecurityType
_DIVIDENDS: Final = frozenset({_S.STOCK, _S.CFD, _S.OPTION, _S.FUTURES_OPTION, _S.FUTURE, _S.INDEX})
_SHORT_TERM_VOLUME: Final = 595
_IB_DIVIDENDS: Final = (456, 59)
_PREMIUM: Final = 162

_LISTED: Final = (
    ("100(Option Volume)", 100),
    ("101(Option Open Interest)", 101),
    ("105(Average Opt Volume)", 105),
    ("106(impvolat)", 106),
    ("162(Index Future Premium)", 162),
    ("165(Misc. Stats)", 165),
    ("221/220(Creditman Mark Price)", 221),
    ("225(Auction)", 225),
    ("232/221(Pl Price)", 232),
    ("233(RTVolume)", 233),
    ("236(inventory)", 236),
    ("258/47(Fundamentals)", 258),
    ("292(Wide_news)", 292),
    ("293(TradeCount)", 293),
    ("294(TradeRate)", 294),
    ("295(VolumeRate)", 295),
    ("318(LastRTHTrade)", 318),
    ("375(RTTrdVolume)", 375),
    ("411(rthistvol)", 411),
    ("456/59(IBDividends)", 456),
    ("460(Bond Factor Multiplier)", 460),
    ("577(EtfNavLast(navlast))", 577),
    ("586(IPOHLMPRC)", 586),
    ("587(Pl Price Delayed)", 587),
    ("588(Futures Open Interest)", 588),
    ("595(Short-Term Volume X Mins)", 595),
    ("614(EtfNavMisc(high/low))", 614),
    ("619(Creditman Slow Mark Price)", 619),
    ("623(EtfFrozenNavLast(fznavlast))", 623),
)
"""As a gateway names the legal ones for a stock (recorded); the words for 162 are ours."""

_UNLISTED: Final = (47, 59, 104, 220, 576, 578, 787)
_LEGAL: Final = frozenset((*(number for _, number in _LISTED), *_UNLISTED))


@attrs.frozen
class Asked:
    """What a list asks for."""

    numbers: tuple[int, ...]
    """The generic ticks, in the order of the list, each once."""
    top: bool
    """Whether the ticks of the top of the book come as well: not with ``mdoff``."""
    news: str | None
    """The sources of news that 292 names, with + between them; empty: all. None: no news is asked for."""


def read_list(text: str, security_type: SecurityType | None) -> Asked | str:
    """Read the list *text*; give the cause of the refusal as a text, where there is one."""
    numbers: dict[int, None] = {}
    top, news = True, None
    entries = text.split(",", MOST_ENTRIES)
    for entry in (part.strip() for part in entries):
        if entry == _OFF:
            top = False
        elif entry:
            match = _ENTRY.fullmatch(entry)
            number = int(match[1]) if match else 0
            names = None if match is None else match[2]
            if not _is_legal(number, security_type) or (names is not None and (number != NEWS or not names)):
                return _refused(text, security_type)
            if number == NEWS:
                news = names or ""
            numbers[number] = None
    return Asked(tuple(numbers), top, news)


def _is_legal(number: int, security_type: SecurityType | None) -> bool:
    if number in _IB_DIVIDENDS:
        return security_type in _DIVIDENDS
    if number == _PREMIUM:
        return security_type is _S.INDEX
    if number == _SHORT_TERM_VOLUME:
        return security_type not in (_S.FOREX, _S.INDEX)
    return number in _LEGAL


def _refused(text: str, security_type: SecurityType | None) -> str:
    kind = "" if security_type is None else security_type.value
    legal = ",".join(name for name, number in _LISTED if _is_legal(number, security_type))
    return f"Incorrect generic tick list of {text}.  Legal ones for ({kind}) are: {legal}"


CARDS: Final = (
    Card(
        "market_data.generic_list",
        "One entry of the generic tick list that is unknown, illegal for the security type or malformed refuses the "
        "whole request with 321, which names the legal ones. Blanks and empty entries are let pass; 292: needs a name.",
        Evidence.RECORDED,
        "gateway 10.40 capture of the text for STK; market_data.md section 3.2",
        note="Which are legal for other types is reported. 576, 578 and 787 are accepted though the text has them not.",
    ),
    Card(
        "market_data.mdoff",
        "mdoff in the list leaves out the ticks of the top of the book; MarketDataType and TickReqParams still come.",
        Evidence.RECORDED,
        "gateway 10.40 captures of mdoff,292; market_data.md section 3.2",
    ),
)
