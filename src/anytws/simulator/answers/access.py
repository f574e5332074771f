"""Whether a client may have market data: what it means, what is subscribed, and how many lines are left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from anytws.messages.base import ToTws
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.market_data import MarketDataMode
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.contracts import the_one
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint
from anytws.simulator.universe.universe import Match

if TYPE_CHECKING:
    from anytws.simulator.settings import WorldSettings
    from anytws.simulator.universe.instrument import Instrument

MARKET_DATA: Final = "market data"
"""The kind of streams of ticks in `Client.streams`."""
TICK_BY_TICK: Final = "tick by tick"
"""The kind of tick-by-tick streams."""
DEPTH: Final = "market depth"
"""The kind of streams of a book."""
REALTIME_BARS: Final = "real-time bars"
"""The kind of streams of 5-second bars, each of which takes a line as well."""
NOT_SUBSCRIBED: Final = 354
"""There are no live data, and no others either, or none are wanted."""

_COMPETING: Final = 10197
_TOO_MANY: Final = 101
_NO_DELAYED: Final = 10168
_TAKES_DELAYED: Final = (MarketDataMode.DELAYED, MarketDataMode.DELAYED_FROZEN)
_TAKES_FROZEN: Final = (MarketDataMode.FROZEN, MarketDataMode.DELAYED_FROZEN)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_YEAR_AND_MONTH: Final = 6


def meant(client: Client, request: ToTws, contract: Contract) -> Match | ErrorMessage:
    """Give the one instrument that *contract* means today, or the error that there is none, or are several."""
    return the_one(client, request, contract)


def takes_delayed(mode: MarketDataMode) -> bool:
    """Tell whether a client that asked for *mode* takes delayed data where there are no others."""
    return mode in _TAKES_DELAYED


def takes_frozen(mode: MarketDataMode) -> bool:
    """Tell whether a client that asked for *mode* takes the last quote of a session while the market is closed."""
    return mode in _TAKES_FROZEN


def is_subscribed(settings: WorldSettings, instrument: Instrument, exchange: str = "") -> bool:
    """Tell whether there are live data of *instrument* (on *exchange*): of forex always (recorded)."""
    contract = instrument.contract
    if contract.security_type is SecurityType.FOREX:
        return True
    if not settings.market_data_subscribed:
        return False
    names = settings.market_data_unsubscribed
    if not names:
        return True
    kind = contract.security_type
    own = (instrument.market_farm, "" if kind is None else kind.value, contract.primary_exchange, exchange)
    return not any(name in names for name in own)


def refusal(client: Client, request: ToTws, instrument: Instrument, exchange: str) -> ErrorMessage | None:
    """Give the error that *client* gets instead of ticks, be they live or delayed; None: it gets them."""
    settings = client.world.settings
    if settings.competing_session:
        return no_data(client, request)
    if is_subscribed(settings, instrument, exchange):
        return None
    text = "Requested market data is not subscribed."
    if not takes_delayed(client.market_data_type):
        if settings.delayed_data:
            text += f"Delayed market data is available.{described(instrument)}/TOP/ALL"
        return complaint(client.world, NOT_SUBSCRIBED, text, request)
    if not settings.delayed_data:
        return complaint(client.world, _NO_DELAYED, f"{text} Delayed market data is not enabled", request)
    return None


def no_data(client: Client, request: object) -> ErrorMessage:
    """Give the error that another session of the same user has the market data."""
    return complaint(client.world, _COMPETING, "No market data during competing live session", request)


def no_line(client: Client, request: ToTws) -> ErrorMessage | None:
    """Give the error that no line is left for *request*; None: there is one."""
    if lines_in_use(client) < client.world.settings.lines:
        return None
    return complaint(client.world, _TOO_MANY, "Max number of tickers has been reached", request)


def lines_in_use(client: Client) -> int:
    """Give how many lines all clients of the TWS of *client* use together."""
    return sum(each.count(kind) for each in everyone(client) for kind in (MARKET_DATA, TICK_BY_TICK, REALTIME_BARS))


def everyone(client: Client) -> list[Client]:
    """Give all clients of the TWS of *client*, itself among them: limits are those of a user."""
    others = [each for each in client.world.listeners if isinstance(each, Client) and each is not client]
    return [*others, client]


def described(instrument: Instrument) -> str:
    """Give the tail of an error about a subscription: ``AAPL NASDAQ.NMS``, or ``MES SEP'26 (MESU6) ``."""
    contract = instrument.contract
    if contract.security_type is SecurityType.STOCK:
        return f"{contract.symbol} {contract.primary_exchange}.{contract.trading_class}"
    expiry = contract.last_trade_date_or_contract_month
    if contract.security_type is SecurityType.FUTURE and expiry[:_YEAR_AND_MONTH].isdigit():
        month = _MONTHS[(int(expiry[4:6]) - 1) % len(_MONTHS)]
        return f"{contract.symbol} {month}'{expiry[2:4]} ({contract.local_symbol}) "
    return f"{contract.local_symbol or contract.symbol} {contract.primary_exchange}"


CARDS: Final = (
    Card(
        "market_data.not_subscribed",
        "Without a subscription a request gets error 354, whose text names the instrument and says whether there are "
        "delayed data; a client that has asked for delayed ones gets these. Forex is always subscribed.",
        Evidence.RECORDED,
        "ibkr-go transcripts (MES, AAPL), gateway 10.40 captures; market_data.md section 4",
        note="Stocks were also seen with 10089 in its place. Knobs: market_data_subscribed, market_data_unsubscribed.",
    ),
    Card(
        "market_data.no_delayed_data",
        "Where there are no delayed data either, a client that asked for such gets 10168.",
        Evidence.REPORTED,
        "the gateway's own table of codes; market_data.md section 4",
        note="Knob: delayed_data.",
    ),
    Card(
        "market_data.lines",
        "More streams than lines get error 101 with the id of the request, and running ones are untouched. The lines "
        "are shared by all clients; tick-by-tick streams and real-time bars take one each, snapshots and books none.",
        Evidence.DOCUMENTED,
        "IBKR documentation on market data lines; market_data.md section 13",
        note="That two requests for one instrument take two lines is chosen. Knob: lines.",
    ),
    Card(
        "market_data.competing_session",
        "While another session of the user has the market data, each request gets 10197, and each stream that runs "
        "gets it once; its id is dead then.",
        Evidence.REPORTED,
        "osauer/ibkr, live sessions of 2026; market_data.md section 4",
        note="Others report that the same request revives after minutes. Knob: competing_session.",
    ),
)
