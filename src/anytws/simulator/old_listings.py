"""The handful of stocks that the simulated TWS knows, and how it finds them.

Numbers, names, venues and order types are those of real TWSs, read in recordings; what is invented is said to be.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from anytws.messages.base import replace
from anytws.messages.contract import Contract, SecurityIdType, SecurityType

SMART: Final = "SMART"
MARKET_RULE: Final = 26
"""The rule of price steps of all of them: a hundredth. It is that of US stocks as recorded until the middle of 2026."""
MIN_TICK: Final = Decimal("0.01")

_US_VENUES: Final = (
    *("AMEX", "NYSE", "CBOE", "PHLX", "ISE", "CHX", "ARCA", "NASDAQ", "DRCTEDGE", "BEX", "BATS", "EDGEA", "BYX", "IEX"),
    *("EDGX", "FOXRIVER", "PEARL", "NYSENAT", "LTSE", "MEMX", "IBEOS", "OVERNIGHT", "TPLUS0", "PSX", "T24X"),
)
_GERMAN_VENUES: Final = (
    *("FWB", "IBIS", "VSE", "SWB", "CHIXDE", "TRQXDE", "BATEDE", "TGATE", "GETTEX", "DXEDE", "TGHEDE", "EUIBSI"),
    "AQEUDE",
)
_COMPUTERS: Final = ("Technology", "Computers", "Computers")


@attrs.frozen(kw_only=True, eq=False)
class Listing:
    """A stock, where its home is and in which currency it is traded."""

    contract_id: int
    symbol: str
    long_name: str
    primary_exchange: str
    trading_class: str
    price: int
    """Invented: what its prices vary around, in hundredths of ``currency``."""
    day_volume: int
    """Invented: shares that are traded in a day."""
    isin: str
    currency: str = "USD"
    venues: tuple[str, ...] = _US_VENUES
    """Where it is traded beside SMART."""
    stock_type: str = "COMMON"
    industry: tuple[str, str, str] = ("", "", "")
    bbo_exchange: str = "a60001"
    """The key of its venues' letters in `TickReqParams`."""
    lot: int = 100
    """The round lot: sizes of quotes are multiples of it."""
    spread: int = 2
    """Invented: the distance of bid and ask, in hundredths of ``currency``."""
    first_day: int
    """Where its history begins, in seconds since 1970."""

    def contract(self, exchange: str) -> Contract:
        """Give it as TWS names it in details, traded on *exchange*."""
        return replace(self.brief(exchange), primary_exchange=self.primary_exchange)

    def brief(self, exchange: str) -> Contract:
        """Give it as TWS names it in a position, with *exchange* as it stands there."""
        return Contract(
            contract_id=self.contract_id,
            symbol=self.symbol,
            security_type=SecurityType.STOCK,
            exchange=exchange,
            currency=self.currency,
            local_symbol=self.symbol,
            trading_class=self.trading_class,
        )


LISTINGS: Final = (
    Listing(
        contract_id=265598,
        symbol="AAPL",
        long_name="APPLE INC",
        primary_exchange="NASDAQ",
        trading_class="NMS",
        industry=_COMPUTERS,
        isin="US0378331005",
        bbo_exchange="9c0001",
        price=33_100,
        day_volume=22_000_000,
        # Recorded: 12 December 1980, 14:30 UTC.
        first_day=345_479_400,
    ),
    Listing(
        contract_id=272093,
        symbol="MSFT",
        long_name="MICROSOFT CORP",
        primary_exchange="NASDAQ",
        trading_class="NMS",
        industry=("Technology", "Software", "Applications Software"),
        isin="US5949181045",
        bbo_exchange="9c0001",
        price=51_800,
        day_volume=18_000_000,
        spread=3,
        # Invented from here on: the day on which it was first traded, or the oldest data that are usual.
        first_day=511_108_200,
    ),
    Listing(
        contract_id=8314,
        symbol="IBM",
        long_name="INTL BUSINESS MACHINES CORP",
        primary_exchange="NYSE",
        trading_class="IBM",
        industry=("Technology", "Computers", "Computer Services"),
        isin="US4592001014",
        price=29_000,
        day_volume=4_000_000,
        spread=3,
        first_day=315_930_600,
    ),
    Listing(
        contract_id=756733,
        symbol="SPY",
        long_name="SS SPDR S&P 500 ETF TRUST-US",
        primary_exchange="ARCA",
        trading_class="SPY",
        stock_type="ETF",
        isin="US78462F1030",
        price=77_200,
        day_volume=60_000_000,
        spread=1,
        first_day=728_317_800,
    ),
    Listing(
        contract_id=4391,
        symbol="AMD",
        long_name="ADVANCED MICRO DEVICES",
        primary_exchange="NASDAQ",
        trading_class="NMS",
        industry=("Technology", "Semiconductors", "Electronic Compo-Semicon"),
        isin="US0079031078",
        bbo_exchange="9c0001",
        price=45_600,
        day_volume=35_000_000,
        spread=4,
        first_day=322_151_400,
    ),
    # A real one as well, whose number was not found: without a currency AMD is two stocks.
    Listing(
        contract_id=990_000_001,
        symbol="AMD",
        long_name="ADVANCED MICRO DEVICES",
        primary_exchange="IBIS",
        trading_class="XETRA",
        industry=("Technology", "Semiconductors", "Electronic Compo-Semicon"),
        isin="US0079031078",
        currency="EUR",
        venues=_GERMAN_VENUES,
        bbo_exchange="250001",
        price=39_100,
        day_volume=100_000,
        spread=20,
        lot=1,
        first_day=946_886_400,
    ),
)
"""Every stock that there is here."""

_BY_SYMBOL: Final = {listing.symbol: listing for listing in reversed(LISTINGS)}


def listing_of(symbol: str) -> Listing:
    """Give the stock with *symbol*, of several the one in dollars. Raises `LookupError` for what is not known here."""
    try:
        return _BY_SYMBOL[symbol]
    except KeyError:
        raise LookupError(f"the simulated TWS knows {', '.join(sorted(_BY_SYMBOL))}, and no {symbol!r}") from None


def found(contract: Contract) -> list[tuple[Listing, str]]:
    """Give each stock that *contract* fits, with the exchange on which it is meant; empty fields of it fit all.

    Without an exchange these are first all on SMART, then all venues of each, as recorded.
    """
    fitting = [listing for listing in LISTINGS if _fits(listing, contract)]
    if contract.exchange == SMART:
        return [(listing, SMART) for listing in fitting]
    if contract.exchange:
        return [(listing, contract.exchange) for listing in fitting if contract.exchange in listing.venues]
    venues = [(listing, venue) for listing in fitting for venue in listing.venues]
    return [*[(listing, SMART) for listing in fitting], *venues]


def _fits(listing: Listing, asked: Contract) -> bool:
    if asked.contract_id:
        return asked.contract_id == listing.contract_id
    pairs: list[tuple[str, str | None]] = [
        (asked.symbol, listing.symbol),
        (asked.primary_exchange, listing.primary_exchange),
        (asked.currency, listing.currency),
        (asked.local_symbol, listing.symbol),
        (asked.trading_class, listing.trading_class),
    ]
    if asked.security_id:
        pairs.append((asked.security_id, listing.isin if asked.security_id_type is SecurityIdType.ISIN else None))
    is_named = bool(asked.symbol or asked.local_symbol or asked.security_id)
    is_stock = asked.security_type in (None, SecurityType.STOCK)
    return is_named and is_stock and all(word in ("", value) for word, value in pairs)
