"""Which exchanges have a book, and of what sort: the rows of MarketDepthExchanges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.market_data import DepthMarketDataDescription, MarketDepthExchanges, MarketDepthExchangesRequest
from anytws.simulator.answers.answer import Answer, Answers
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client

_S: Final = SecurityType
_FOREX: Final = 4
_NAMED: Final = "Deep2"
_UNNAMED: Final = "Deep"

US_BOOKS: Final = ("IEX", "NASDAQ", "ISLAND", "BATS", "ARCA", "BEX", "NYSE")
"""Exchanges of US stocks that have a book; the others have their best row (recorded)."""
_NAMED_IN_US: Final = ("NASDAQ", "ISLAND", "BATS", "ARCA", "BEX", "NYSE")
_US_LISTINGS: Final = ("NYSE", "AMEX", "ARCA", "NASDAQ", "BATS", "PINK")

_OF_TYPE: Final[tuple[tuple[SecurityType, str, tuple[str, ...]], ...]] = (
    (_S.STOCK, _UNNAMED, ("IBIS", "IBIS2", "FWB", "SWB", "GETTEX", "TGATE", "SBF", "AEB", "EBS", "VSE", "BVME", "BM")),
    (
        _S.STOCK,
        _UNNAMED,
        ("LSE", "LSEETF", "CHIXUK", "CHIXDE", "TRQXDE", "BATEDE", "DXEDE", "SFB", "CPH", "HEX", "OSE"),
    ),
    (_S.STOCK, _UNNAMED, ("TSEJ", "SEHK", "ASX", "SGX", "NSE", "TSE", "VENTURE", "CHIXJ", "KSE", "MEXI", "WSE", "PRA")),
    (_S.STOCK, _UNNAMED, ("ENEXT.BE", "BVL", "ISED", "TASE", "BUX", "SEHKNTL", "SEHKSZSE", "BURSAMY", "TWSE")),
    (
        _S.FUTURE,
        _UNNAMED,
        ("CME", "CBOT", "NYMEX", "COMEX", "CFE", "EUREX", "ICEEU", "ICEEUSOFT", "NYBOT", "IPE", "MONEP"),
    ),
    (
        _S.FUTURE,
        _UNNAMED,
        ("SGX", "HKFE", "OSE.JPN", "SNFE", "CDE", "NSE", "IDEM", "MEFFRV", "OMS", "KSE", "FTA", "MATIF"),
    ),
    (_S.FUTURES_OPTION, _UNNAMED, ("CME", "CBOT", "NYMEX", "COMEX", "EUREX", "ICEEU", "HKFE", "SNFE")),
    (
        _S.OPTION,
        _UNNAMED,
        ("EUREX", "ICEEU", "NASDAQOM", "HKFE", "OSE.JPN", "SNFE", "ASX", "CDE", "MONEP", "IDEM", "NSE"),
    ),
    (_S.OPTION, _UNNAMED, ("NASDAQBX", "PHLX", "ISE", "GEMINI", "MERCURY", "BOX", "MIAX", "PEARL", "EMERALD", "CBOE2")),
    (_S.WARRANT, _UNNAMED, ("IBIS", "FWB", "SWB", "EBS", "SBF", "AEB", "BVME", "VSE", "SEHK", "TSE")),
    (_S.CFD, _UNNAMED, ("SMART",)),
    (_S.COMMODITY, _UNNAMED, ("IBMETAL", "IBCMDTY")),
    (_S.CRYPTO, _UNNAMED, ("PAXOS", "ZEROHASH")),
    (_S.BOND, _UNNAMED, ("EUIBOND", "CSFBALGO")),
)


def has_names(exchange: str, security_type: SecurityType | None, *, smart: bool) -> bool:
    """Tell whether each row of a book says who stands behind it, and so comes as MarketDepthL2."""
    return smart or (security_type is SecurityType.STOCK and exchange in _NAMED_IN_US)


def has_book(exchange: str, security_type: SecurityType | None, currency: str) -> bool:
    """Tell whether *exchange* has more than a best row: outside of US stocks all have."""
    return security_type is not SecurityType.STOCK or currency != "USD" or exchange in US_BOOKS


def _rows() -> Iterator[DepthMarketDataDescription]:
    for exchange in US_BOOKS:
        service = _NAMED if exchange in _NAMED_IN_US else _UNNAMED
        for listing in _US_LISTINGS:
            yield DepthMarketDataDescription(exchange, _S.STOCK, listing, service)
    yield DepthMarketDataDescription("IDEALPRO", _S.FOREX, "", _UNNAMED, _FOREX)
    for security_type, service, exchanges in _OF_TYPE:
        for exchange in exchanges:
            yield DepthMarketDataDescription(exchange, security_type, "", service)


EXCHANGES: Final = MarketDepthExchanges(tuple(_rows()))
"""The answer: it is the same for everybody."""


def tell_exchanges(_: Client, __: MarketDepthExchangesRequest) -> Iterable[ToClient]:
    """Give the exchanges that have a book, all in one message."""
    return (EXCHANGES,)


ANSWERS: Final[Answers] = {MarketDepthExchangesRequest: Answer(tell_exchanges)}

CARDS: Final = (
    Card(
        "depth.exchanges",
        "MarketDepthExchanges is one message with a row for each exchange, security type and listing exchange, and the "
        "service Deep or Deep2 (rows with names); the aggregate group 4 is IDEALPRO, others have none.",
        Evidence.RECORDED,
        "recordings of 246 (2021) to 306 (2026) rows; market_data.md section 8.3",
        note="Which rows there are is ours, and fewer.",
    ),
)
