"""Single ticks of the past: trades, quotes or midpoints, from a time on or up to one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.historical import HistoricalTicksRequest, TicksWhatToShow, WhatToShow
from anytws.messages.market_data import (
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    TickAttribLast,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import meant
from anytws.simulator.answers.answer import id_of
from anytws.simulator.answers.figures import Figures, Units
from anytws.simulator.answers.historical_checks import (
    BAD_DATE,
    IMPLIED_ZONE,
    NO_ZONE,
    OTHER_KIND,
    of_kind,
    other_kind,
)
from anytws.simulator.answers.historical_farm import (
    TICKS,
    is_made,
    is_paced,
    kind_of,
    no_permission,
    paced,
    too_many,
    withheld,
)
from anytws.simulator.answers.historical_pending import in_time
from anytws.simulator.answers.historical_times import read_moment, wanted_form
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import BidAsk, Halt, Trade
from anytws.simulator.universe.hours import Session
from anytws.simulator.universe.instrument import Instrument

MOST_TICKS: Final = 1000
"""How many may be asked for: of more there are so many."""

_FAILED: Final = 10187
_AGGREGATED: Final = "AGGTRADES"
_FIRST_SLICE: Final = 10_000
_LONGEST_SLICE: Final = 3_600_000

Raw: TypeAlias = Trade | BidAsk
"""What the market has."""
_Look: TypeAlias = Callable[[int, int], Sequence[Any]]


def tell_ticks(client: Client, request: HistoricalTicksRequest) -> Iterable[ToClient]:
    """Give one message of ticks, or the error of the first check that fails."""
    key = (TICKS, id_of(request))
    if key in client.streams:
        yield not_done(client.world, request, "Duplicate ticker ID for API historical data query")
        return
    checked = _checked(client, request)
    if isinstance(checked, ErrorMessage):
        yield checked
        return
    yield from checked.notices
    yield from in_time(client, key, lambda: _answer(client, checked))


@attrs.frozen(kw_only=True)
class _Asked:
    request: HistoricalTicksRequest
    instrument: Instrument
    kind: TicksWhatToShow
    start: int | None
    """In seconds since 1970; None: they go back from the end."""
    end_ms: int
    """In milliseconds since 1970: what happened before it is told."""
    notices: tuple[ErrorMessage, ...]


@attrs.frozen
class _Times:
    start: int | None
    end: int | None
    notices: list[ErrorMessage]


def _times(client: Client, request: HistoricalTicksRequest) -> _Times | ErrorMessage:
    """Read start and end, in seconds since 1970."""
    world = client.world
    seconds: list[int | None] = []
    notices: list[ErrorMessage] = []
    for name, moment in (("Start", request.start_date_time), ("End", request.end_date_time)):
        read = None if moment is None else read_moment(world, moment)
        if read is None and moment is not None:
            return complaint(world, BAD_DATE, wanted_form(name), request)
        seconds.append(None if read is None else read.second)
        if read is not None and read.is_implied:
            notices.append(complaint(world, NO_ZONE, IMPLIED_ZONE, request))
    start, end = seconds
    return _Times(start, end, notices)


def _checked(client: Client, request: HistoricalTicksRequest) -> _Asked | ErrorMessage:
    world, times = client.world, _times(client, request)
    if isinstance(times, ErrorMessage):
        return times
    if request.number_of_ticks < 1:
        return not_valid(world, request, "Number of ticks must be > 0")
    what = request.what_to_show
    if not what.is_known and str(what) != _AGGREGATED:
        return not_valid(world, request, "Invalid source price")
    match = meant(client, request, request.contract)
    if isinstance(match, ErrorMessage):
        return match
    if times.start is None and times.end is None:
        text = "2 out of startTime/endTime/timeLength parameters have to be specified"
        return _failed(client, request, text)
    end_ms = world.ms() + 1
    if times.start is None and times.end is not None:
        end_ms = min(times.end * 1000, end_ms)
    error = _refused(client, request, match.instrument, match.exchange, end_ms // 1000)
    if error is not None:
        return error
    kind = _kind(client, request, match.instrument, times.notices)
    return _Asked(
        request=request,
        instrument=match.instrument,
        kind=kind,
        start=times.start,
        end_ms=end_ms,
        notices=tuple(times.notices),
    )


def _kind(
    client: Client, request: HistoricalTicksRequest, instrument: Instrument, notices: list[ErrorMessage]
) -> TicksWhatToShow:
    """Give which ticks are sent: not always those that were asked for."""
    what = request.what_to_show
    if what in (TicksWhatToShow.MIDPOINT, TicksWhatToShow.BID_ASK):
        return what
    wanted = _AGGREGATED if kind_of(instrument) is SecurityType.CRYPTO else TicksWhatToShow.TRADES.value
    if what.value != wanted:
        # The data follow all the same.
        notices.append(complaint(client.world, OTHER_KIND, other_kind(wanted, what.value), request))
    has_trades = is_made(instrument, WhatToShow.TRADES) or is_made(instrument, WhatToShow.AGGREGATED_TRADES)
    return TicksWhatToShow.TRADES if has_trades else TicksWhatToShow.MIDPOINT


def _refused(
    client: Client, request: HistoricalTicksRequest, instrument: Instrument, exchange: str, end: int
) -> ErrorMessage | None:
    text = no_permission(client, instrument, exchange, end=end)
    if text == "":
        return withheld(client, request, text)
    if text is not None:
        return _failed(client, request, text)
    what = request.what_to_show
    is_of_quotes = what in (TicksWhatToShow.MIDPOINT, TicksWhatToShow.BID_ASK)
    if kind_of(instrument) is SecurityType.COMBO or (is_of_quotes and kind_of(instrument) is SecurityType.INDEX):
        named = of_kind(instrument, exchange, WhatToShow(what.value))
        return _failed(client, request, f"No historical market data for {named} 0")
    error = too_many(client, request)
    if error is not None:
        return error
    details = (
        *(request.start_date_time, request.end_date_time, request.number_of_ticks, request.use_rth),
        request.ignore_size,
    )
    return paced(client, request) if is_paced(client, request, instrument, exchange, what.value, *details) else None


def _failed(client: Client, request: HistoricalTicksRequest, text: str) -> ErrorMessage:
    return complaint(client.world, _FAILED, f"Failed to request historical ticks:{text}", request)


def _answer(client: Client, asked: _Asked) -> Iterable[ToClient]:
    request_id, market, instrument = id_of(asked.request), client.world.market, asked.instrument
    figures = Figures(instrument, Units.of_history(client.world.settings, client.server_version))
    found = ticks_of(market, instrument, asked.kind, asked.request, asked.start, asked.end_ms)
    match asked.kind:
        case TicksWhatToShow.TRADES:
            yield HistoricalTicksLast(request_id, tuple(_last(figures, tick) for tick in found), True)
        case TicksWhatToShow.BID_ASK:
            yield HistoricalTicksBidAsk(request_id, tuple(_bid_ask(figures, tick) for tick in found), True)
        case _:
            yield HistoricalTicks(request_id, tuple(_midpoint(figures, tick) for tick in found), True)


def ticks_of(
    market: Market,
    instrument: Instrument,
    kind: TicksWhatToShow,
    request: HistoricalTicksRequest,
    start: int | None,
    end_ms: int,
) -> list[Any]:
    """Give the market's ticks that answer *request*, oldest first: of one session, whole seconds, enough of them.

    They begin at second *start*, or end before *end_ms* where that is None.
    """
    liquid, wanted = request.use_rth, min(request.number_of_ticks, MOST_TICKS)
    session = _session(instrument, start, -(-end_ms // 1000), liquid=liquid)
    if session is None:
        return []
    look = _look(market, instrument, kind, request)
    last = min(session.end * 1000, end_ms)
    if start is None:
        return _backward(look, max(session.begin, instrument.first_second) * 1000, last, wanted)
    first = max(session.begin, start, instrument.first_second) * 1000
    found = _forward(look, first, last, wanted)
    if kind is TicksWhatToShow.MIDPOINT and found and (before := _in_force(market, instrument, first)) is not None:
        found.insert(0, before)
    return found


def _session(instrument: Instrument, start: int | None, end: int, *, liquid: bool) -> Session | None:
    """Give the one session whose ticks are told."""
    hours = instrument.hours
    if start is None:
        return hours.at(end - 1, liquid=liquid) or hours.last_before(end, liquid=liquid)
    return hours.at(start, liquid=liquid) or hours.next_after(start, liquid=liquid)


def _look(market: Market, instrument: Instrument, kind: TicksWhatToShow, request: HistoricalTicksRequest) -> _Look:
    if kind is TicksWhatToShow.TRADES:
        return lambda begin, end: _with_halts(market, instrument, begin, end)
    if kind is TicksWhatToShow.MIDPOINT or request.ignore_size:
        whole = kind is not TicksWhatToShow.MIDPOINT
        return lambda begin, end: list(_moved(market, instrument, begin, end, whole=whole))
    return lambda begin, end: market.quotes(instrument, begin, end)


def _with_halts(market: Market, instrument: Instrument, begin: int, end: int) -> Sequence[Trade]:
    """Give trades, and one of price and size 0 where a halt begins or ends."""
    trades = market.trades(instrument, begin, end)
    halts = market.halts(instrument, begin, end)
    if not halts:
        return trades
    marks = [Trade(at, 0, 0, "", "", halt is not Halt.NONE) for at, halt in halts]
    return sorted((*trades, *marks), key=lambda trade: trade.at)


def _moved(market: Market, instrument: Instrument, begin: int, end: int, *, whole: bool) -> Iterator[BidAsk]:
    """Give the quotes whose prices differ from those before: *whole* both of them, otherwise their middle."""
    quotes = market.quotes(instrument, begin, end)
    before = _in_force(market, instrument, begin) if quotes else None
    for quote in quotes:
        if before is None or _prices(quote, whole=whole) != _prices(before, whole=whole):
            yield quote
        before = quote


def _prices(quote: BidAsk, *, whole: bool) -> tuple[int, ...]:
    return (quote.bid, quote.ask) if whole else (quote.bid + quote.ask,)


def _in_force(market: Market, instrument: Instrument, at: int) -> BidAsk | None:
    """Give the quote that held just before *at*, as if it had come in the second before."""
    quote = market.quote(instrument, at - 1)
    if quote.bid is None or quote.ask is None:
        return None
    return BidAsk(at - 1000, quote.bid, quote.bid_size, quote.ask, quote.ask_size)


def _forward(look: _Look, first: int, last: int, wanted: int) -> list[Any]:
    found: list[Any] = []
    length = _FIRST_SLICE
    while first < last and len(found) < wanted:
        until = min(first + length, last)
        found += look(first, until)
        first, length = until, min(2 * length, _LONGEST_SLICE)
    if len(found) <= wanted:
        return found
    second = found[wanted - 1].at // 1000
    return [tick for tick in found if tick.at // 1000 <= second]


def _backward(look: _Look, first: int, last: int, wanted: int) -> list[Any]:
    slices: list[Sequence[Any]] = []
    count, length = 0, _FIRST_SLICE
    while first < last and count < wanted:
        since = max(last - length, first)
        slices.append(look(since, last))
        count += len(slices[-1])
        last, length = since, min(2 * length, _LONGEST_SLICE)
    found = [tick for piece in reversed(slices) for tick in piece]
    if len(found) <= wanted:
        return found
    second = found[-wanted].at // 1000
    return [tick for tick in found if tick.at // 1000 >= second]


def _time(tick: Raw) -> datetime:
    return datetime.fromtimestamp(tick.at // 1000, UTC)


def _last(figures: Figures, trade: Trade) -> HistoricalTickLast:
    is_halt = not trade.price and not trade.size
    flags = TickAttribLast(past_limit=is_halt and trade.is_unreported, unreported=not is_halt and trade.is_unreported)
    size = figures.size(trade.size)
    price = figures.price(trade.price)
    return HistoricalTickLast(_time(trade), price, size, trade.exchange, trade.conditions, flags)


def _bid_ask(figures: Figures, quote: BidAsk) -> HistoricalTickBidAsk:
    bid_size, ask_size = figures.size(quote.bid_size), figures.size(quote.ask_size)
    if kind_of(figures.instrument) is SecurityType.OPTION:
        # Options report whether there is a size, and not which.
        bid_size, ask_size = Decimal(bool(bid_size)), Decimal(bool(ask_size))
    return HistoricalTickBidAsk(_time(quote), figures.price(quote.bid), figures.price(quote.ask), bid_size, ask_size)


def _midpoint(figures: Figures, quote: BidAsk) -> HistoricalTick:
    return HistoricalTick(_time(quote), figures.half(quote.bid + quote.ask), Decimal(0))


CARDS: Final = (
    Card(
        "historical_ticks.at_least",
        "Ticks come in one message whose done is true, oldest first, at least as many as asked for: the last second "
        "(or, going back from an end, the first one) is whole. More than 1000 are 1000.",
        Evidence.RECORDED,
        "historical.md 5, a Gateway: 100 asked, 117 told",
        "That more than 1000 is cut and not refused is chosen.",
    ),
    Card(
        "historical_ticks.midpoint",
        "Midpoints from a start on begin with the one in force before it, a second earlier; they come when the middle "
        "moves, and their size is 0.",
        Evidence.RECORDED,
        "historical.md 5, a Gateway",
    ),
    Card(
        "historical_ticks.one_session",
        "A request gets ticks of one session, that in which its time lies, or the next one from a start on, or the one "
        "before an end. There may be fewer than asked for, and none.",
        Evidence.DOCUMENTED,
        "historical.md 5",
    ),
    Card(
        "historical_ticks.start_or_end",
        "With neither start nor end 10187 Failed to request historical ticks:2 out of startTime/endTime/timeLength "
        "parameters have to be specified; with both it goes from the start.",
        Evidence.RECORDED,
        "historical.md 5, a Gateway",
    ),
    Card(
        "historical_ticks.checks",
        "An unreadable time is 10314, no ticks 321 Number of ticks must be > 0, another kind 321 Invalid source price, "
        "in this order (chosen).",
        Evidence.RECORDED,
        "historical.md 5, a Gateway",
    ),
    Card(
        "historical_ticks.other_kind",
        "AGGTRADES of a stock gets 10299 and then the ticks; TRADES of crypto likewise (chosen). TRADES of forex are "
        "midpoints.",
        Evidence.RECORDED,
        "historical.md 5, a Gateway",
    ),
    Card(
        "historical_ticks.halt",
        "Where a halt begins there is a trade of price 0 and size 0, past the limit; where it ends one without that "
        "flag.",
        Evidence.DOCUMENTED,
        "historical.md 5, market_data.md 11",
    ),
    Card(
        "historical_ticks.options",
        "Quotes of options have sizes of 1 or 0.",
        Evidence.DOCUMENTED,
        "historical.md 5",
    ),
    Card(
        "historical_ticks.permission",
        "Without a subscription 10187 Failed to request historical ticks:No market data permissions for NASDAQ STK.",
        Evidence.RECORDED,
        "historical.md 5",
        "A cancel is silent (inferred).",
    ),
)
