"""What the historical data farm refuses: for want of a subscription, of a place, of patience, or of such data."""

from __future__ import annotations

from typing import Final

from anytws.messages.base import ToTws
from anytws.messages.contract import SecurityType
from anytws.messages.historical import HistoricalDataRequest, WhatToShow
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import is_subscribed, takes_delayed
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint
from anytws.simulator.universe.instrument import Instrument

BARS: Final = "bars"
"""The kind of queries for bars in `Client.streams`, and of the updates that follow."""
HEAD: Final = "head timestamp"
"""The kind of queries for head timestamps: they stay open until they are cancelled."""
TICKS: Final = "historical ticks"
"""The kind of queries for ticks of the past."""
HISTOGRAM: Final = "histogram"
"""The kind of queries for histograms."""

MOST_OPEN: Final = 50
"""How many queries may be open at once."""

SMALL_SECONDS: Final = 30
"""Bars of so many seconds or less are under the pacing rules."""

PACED: Final = "Historical data request pacing violation"

_SERVICE: Final = "Historical Market Data Service error message:"
_NO_DATA: Final = 162
_NO_RECENT: Final = 2188
_DELAY_SECONDS: Final = 900
_HALF_YEAR: Final = 183 * 86_400
_DAY: Final = 86_400
_TWO_YEARS: Final = 730 * 86_400
_LINK: Final = "See link in 'Market Data Connections' dialog for more details."

_TRADED: Final = frozenset(
    (
        *(SecurityType.STOCK, SecurityType.FUTURE, SecurityType.CONTINUOUS_FUTURE, SecurityType.OPTION),
        *(SecurityType.FUTURES_OPTION, SecurityType.INDEX, SecurityType.BOND, SecurityType.BILL, SecurityType.WARRANT),
        *(SecurityType.STRUCTURED_PRODUCT, SecurityType.COMMODITY, SecurityType.EVENT_CONTRACT),
    )
)
_WITHOUT_DAYS: Final = frozenset(
    (SecurityType.OPTION, SecurityType.FUTURES_OPTION, SecurityType.WARRANT, SecurityType.STRUCTURED_PRODUCT)
)
_QUOTES: Final = frozenset((WhatToShow.MIDPOINT, WhatToShow.BID, WhatToShow.ASK, WhatToShow.BID_ASK))
_OF_STOCKS_AND_INDICES: Final = frozenset((SecurityType.STOCK, SecurityType.INDEX))
_PRODUCTS: Final = {
    WhatToShow.TRADES: _TRADED,
    WhatToShow.AGGREGATED_TRADES: frozenset((SecurityType.CRYPTO,)),
    WhatToShow.ADJUSTED_LAST: frozenset((SecurityType.STOCK,)),
    WhatToShow.HISTORICAL_VOLATILITY: _OF_STOCKS_AND_INDICES,
    WhatToShow.OPTION_IMPLIED_VOLATILITY: _OF_STOCKS_AND_INDICES,
    WhatToShow.FEE_RATE: frozenset((SecurityType.STOCK,)),
    **dict.fromkeys(
        (WhatToShow.YIELD_BID, WhatToShow.YIELD_ASK, WhatToShow.YIELD_BID_ASK, WhatToShow.YIELD_LAST),
        frozenset((SecurityType.BOND, SecurityType.BILL)),
    ),
}


def kind_of(instrument: Instrument) -> SecurityType | None:
    """Give what sort of thing *instrument* is."""
    return instrument.contract.security_type


def is_made(instrument: Instrument, what: WhatToShow, bar_seconds: int = 0) -> bool:
    """Tell whether there are data of the kind *what* of *instrument*, in bars of *bar_seconds* (0: not in bars)."""
    kind = kind_of(instrument)
    if kind is SecurityType.COMBO:
        return False
    if what is WhatToShow.SCHEDULE:
        return kind not in (SecurityType.OPTION, SecurityType.FUTURES_OPTION)
    if bar_seconds >= _DAY and kind in _WITHOUT_DAYS:
        return False
    return kind is not SecurityType.INDEX if what in _QUOTES else kind in _PRODUCTS.get(what, ())


def is_kept(instrument: Instrument, end: int, now: int, bar_seconds: int = 0) -> bool:
    """Tell whether the farm still has what happened before *end*: not all is kept for ever. Seconds since 1970."""
    if 0 < bar_seconds <= SMALL_SECONDS and end < now - _HALF_YEAR:
        return False
    expires_at = instrument.expires_at
    if expires_at is None or expires_at > now:
        return True
    return kind_of(instrument) not in _WITHOUT_DAYS and expires_at > now - _TWO_YEARS


def no_permission(client: Client, instrument: Instrument, exchange: str, *, end: int | None) -> str | None:
    """Give the text of why the farm says nothing of *instrument*; None: it may. An empty one: not of the last minutes.

    *end* is up to when is asked, in seconds since 1970; None: for what comes, of which there are no delayed data.
    """
    world = client.world
    if world.settings.competing_session:
        return "Trading TWS session is connected from a different IP address"
    if is_subscribed(world.settings, instrument, exchange):
        return None
    if end is not None and takes_delayed(client.market_data_type) and world.settings.delayed_data:
        return "" if end > world.ms() // 1000 - _DELAY_SECONDS else None
    contract = instrument.contract
    place = contract.primary_exchange or exchange
    return (
        f"No market data permissions for {place} {contract.security_type or ''}. "
        f"Requested market data requires additional subscription for API. {_LINK}"
    )


def refused_by_farm(
    client: Client, request: HistoricalDataRequest, instrument: Instrument, exchange: str, *, end: int
) -> ErrorMessage | None:
    """Give the error that *request* for bars gets for want of a subscription; None: it gets none."""
    text = no_permission(client, instrument, exchange, end=end)
    return None if text is None else withheld(client, request, text)


def withheld(client: Client, request: ToTws, text: str) -> ErrorMessage:
    """Give the error of what `no_permission` said: 162, or 2188 of the last minutes."""
    if text:
        return complaint(client.world, _NO_DATA, _SERVICE + text, request)
    recent = "Up-to-the-second historical data requires additional subscription for the API."
    return complaint(client.world, _NO_RECENT, recent, request)


def too_many(client: Client, request: ToTws) -> ErrorMessage | None:
    """Give the error that no place is left among the open queries of *client*; None: one is."""
    if not client.world.settings.historical_pacing:
        return None
    if sum(client.count(kind) for kind in (BARS, HEAD, TICKS, HISTOGRAM)) < MOST_OPEN:
        return None
    text = f"Only {MOST_OPEN} simultaneous API historical data requests allowed."
    return complaint(client.world, _NO_DATA, _SERVICE + text, request)


def is_paced(
    client: Client, request: ToTws, instrument: Instrument, exchange: str, kind: str, *details: object
) -> bool:
    """Tell whether *request* comes too soon after others, and count it where it does not."""
    world = client.world
    if not world.settings.historical_pacing:
        return False
    weight = 2 if kind == WhatToShow.BID_ASK.value else 1
    group = (instrument.contract_id, exchange, type(request).__name__, kind)
    return not world.pacing.admits(world.ms(), group, (*group, *details), weight)


def paced(client: Client, request: ToTws) -> ErrorMessage:
    """Give the error of a request that comes too soon."""
    return complaint(client.world, _NO_DATA, _SERVICE + PACED, request)


def nothing_found(client: Client, request: ToTws, instrument: Instrument, exchange: str, what: str) -> ErrorMessage:
    """Give the error that nothing is stored of the kind *what* for the time that is asked for."""
    contract = instrument.contract
    name = f"{contract.local_symbol or contract.symbol}@{exchange} {what.title()}"
    return complaint(client.world, _NO_DATA, f"{_SERVICE}HMDS query returned no data: {name}", request)


CARDS: Final = (
    Card(
        "historical.products",
        "Each kind of data is there for some products: trades not of forex, crypto, CFDs and funds; quotes not of "
        "indices; schedules not of options; days not of options; of combos nothing. A wrong pair is 162 No historical "
        "market data for PLTR/STK@VALUE Last 0, with the seconds of the bars at its end.",
        Evidence.DOCUMENTED,
        "historical.md 1.2 and 7; the text is recorded",
        "The name of a kind other than Last is chosen.",
    ),
    Card(
        "historical.not_kept",
        "Bars of 30 s or less are kept for six months, expired futures for two years, expired options not at all: 162 "
        "HMDS query returned no data.",
        Evidence.DOCUMENTED,
        "historical.md 7",
        "The code of each is chosen. Six months are 183 days.",
    ),
    Card(
        "historical.nothing_stored",
        "Where there is nothing to tell, 162 HMDS query returned no data: ESM3@CME Trades comes, and no empty answer.",
        Evidence.RECORDED,
        "historical.md 2 and 7",
    ),
    Card(
        "historical.permission",
        "Without a subscription 162 No market data permissions for NASDAQ STK. A client that takes delayed data gets "
        "2188 where it asks for the last 15 minutes, and nothing else; what is older it gets.",
        Evidence.RECORDED,
        "historical.md 7; that 2188 is the end is recorded at server version 225, one report says otherwise",
        "Knobs: market_data_subscribed, market_data_unsubscribed, delayed_data; competing_session gives 162 as well.",
    ),
    Card(
        "historical.open_queries",
        "50 queries of a client may be open at once: bars that are updated, head timestamps until their cancel, and "
        "what is not answered yet. One more is 162 Only 50 simultaneous API historical data requests allowed.",
        Evidence.DOCUMENTED,
        "historical.md 6; the text is reported",
        "That each client has its own 50 is chosen. The knob historical_pacing turns it off.",
    ),
    Card(
        "historical.pacing",
        "Bars of 30 s or less, ticks, head timestamps and bars of 5 s in real time: 60 in 10 minutes (bid and ask "
        "count for two), fewer than 6 of one contract, exchange and kind in 2 s, the very same not within 15 s; "
        "otherwise 162, or 420, with Historical data request pacing violation. Larger bars are never refused.",
        Evidence.DOCUMENTED,
        "historical.md 6",
        "All clients of a TWS together, and refused requests count for nothing: chosen. That the farm goes after many "
        "violations is left out. The knob historical_pacing turns it off.",
    ),
)
