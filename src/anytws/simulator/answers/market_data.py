"""Answers about ticks: streams with their opening burst, snapshots, refusals, and which kind of data is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.market_data import (
    CancelMarketData,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    MarketDataTypeRequest,
    RerouteMarketDataRequest,
    TickReqParams,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import (
    MARKET_DATA,
    described,
    is_subscribed,
    meant,
    no_line,
    refusal,
    takes_delayed,
    takes_frozen,
)
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.figures import is_us_stock
from anytws.simulator.answers.generic_list import read_list
from anytws.simulator.answers.lag import OpeningStream, linger
from anytws.simulator.answers.news import UNKNOWN_SOURCE, sources
from anytws.simulator.answers.quote_stream import SNAPSHOT, MarketDataStream, SnapshotStream, Source, Ticks
from anytws.simulator.answers.recent import Recent
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.settings import FarmKind
from anytws.simulator.universe.instrument import Instrument
from anytws.wire.versions import USE_PRECISION_FROM_SEC_DEF

_NOT_FOUND: Final = 300
_DELAYED: Final = 10167
_PART_NOT_SUBSCRIBED: Final = 10090
_SNAPSHOTS: Final = "snapshots in a second"
_REGULATORY: Final = "regulatory snapshots in a second"
_MOST_SNAPSHOTS: Final = 100
_MOST_REGULATORY: Final = 1
_SNAPSHOT_PERMISSIONS: Final = 3
_PRECISION: Final = Decimal("0.000001")
_OPTIONS: Final = (SecurityType.OPTION, SecurityType.FUTURES_OPTION)


def open_market_data(client: Client, request: MarketDataRequest) -> Iterable[ToClient]:
    """Begin a stream, or give a snapshot; an error takes the place of both."""
    world, request_id = client.world, id_of(request)
    if (MARKET_DATA, request_id) in client.streams or (SNAPSHOT, request_id) in client.streams:
        # The stream that has the id goes on.
        return [not_done(world, request, "Duplicate ticker id")]
    problem = _problem_of(client, request)
    if problem is not None:
        return [problem]
    found = meant(client, request, request.contract)
    if isinstance(found, ErrorMessage):
        return [found]
    instrument = found.instrument
    asked = read_list(request.generic_tick_list, instrument.contract.security_type)
    if isinstance(asked, str):
        return [not_valid(world, request, asked)]
    if instrument.reroutes_to:
        return [RerouteMarketDataRequest(request_id, instrument.reroutes_to, "SMART")]
    is_single = request.snapshot or request.regulatory_snapshot
    problem = refusal(client, request, instrument, found.exchange) or (None if is_single else no_line(client, request))
    if problem is not None:
        return [problem]
    codes = None if asked.news is None else sources(world, asked.news)
    if isinstance(codes, str):
        return [complaint(world, UNKNOWN_SOURCE, codes, request)]
    source = Source(
        client,
        request_id,
        instrument,
        not is_subscribed(world.settings, instrument, found.exchange),
        takes_frozen(client.market_data_type),
        asked,
    )
    if request.regulatory_snapshot:
        return _regulatory(request, source)
    return _snapshot(source) if request.snapshot else _stream(request, source, codes)


def _problem_of(client: Client, request: MarketDataRequest) -> ErrorMessage | None:
    """Give what is wrong with *request* whatever it is of."""
    world = client.world
    if request.snapshot and request.generic_tick_list:
        cause = "Snapshot market data subscription is not applicable to generic ticks"
        return not_valid(world, request, cause)
    kinds = (
        (request.regulatory_snapshot, _REGULATORY, _MOST_REGULATORY),
        (request.snapshot, _SNAPSHOTS, _MOST_SNAPSHOTS),
    )
    for is_asked, kind, most in kinds:
        # TWS counts what is asked, whatever becomes of it.
        if is_asked and Recent.of(client, kind).is_full(world.now, most=most, seconds=1.0):
            return not_valid(world, request, f"Snapshot requests limitation exceeded:{most} per 1 second(s)")
    return None


def _beginning(source: Source, mode: MarketDataMode) -> Iterator[ToClient]:
    """Give what comes before the ticks of a stream or a snapshot."""
    instrument, version = source.instrument, source.client.server_version or 0
    yield MarketDataType(source.request_id, mode)
    precision = _PRECISION if version >= USE_PRECISION_FROM_SEC_DEF else None
    permissions = _SNAPSHOT_PERMISSIONS if is_us_stock(instrument) else 0
    yield TickReqParams(
        source.request_id, _least_step(instrument), instrument.bbo_exchange, permissions, precision, precision
    )


def _least_step(instrument: Instrument) -> Decimal:
    """Give the smallest step of the market rule, which may be below that of the details (recorded)."""
    return instrument.request_tick or min((step.increment for step in instrument.steps), default=instrument.tick)


def _stream(request: MarketDataRequest, source: Source, codes: tuple[str, ...] | None) -> Iterable[ToClient]:
    client, key = source.client, (MARKET_DATA, source.request_id)
    stream = MarketDataStream(source)
    first = [*_beginning(source, stream.mode)]
    if source.is_delayed:
        text = "Requested market data is not subscribed. Displaying delayed market data."
        first.append(complaint(client.world, _DELAYED, text, request))
    notice = _part_of_it(source, request)
    if notice is not None:
        first.append(notice)

    def begin(opened: MarketDataStream) -> Iterator[ToClient]:
        yield from opened.opening()
        if codes is not None:
            yield from opened.open_news(codes)

    if client.world.settings.market_data_seconds:
        client.streams[key] = OpeningStream(source, first, begin)
        return ()
    told = [*first, *begin(stream)]
    client.streams[key] = stream
    return told


def _part_of_it(source: Source, request: MarketDataRequest) -> ErrorMessage | None:
    """Give the notice that an option's computations do not come, for want of data of the underlying."""
    world, instrument = source.client.world, source.instrument
    if instrument.contract.security_type not in _OPTIONS or source.is_delayed:
        return None
    underlying = world.universe.by_id(instrument.underlying_id)
    if underlying is None or is_subscribed(world.settings, underlying):
        return None
    text = "Part of requested market data is not subscribed. Subscription-independent ticks are still active."
    return complaint(world, _PART_NOT_SUBSCRIBED, f"{text}{described(underlying)}/TOP/ALL", request)


def _snapshot(source: Source) -> Iterator[ToClient]:
    client, ms = source.client, source.client.world.ms()
    stream = SnapshotStream(source)
    yield from _beginning(source, stream.mode_at(ms))
    yield from stream.ticks(ms)
    if stream.is_whole:
        yield TickSnapshotEnd(source.request_id)
    else:
        client.streams[stream.key] = stream


def _regulatory(request: MarketDataRequest, source: Source) -> Iterator[ToClient]:
    instrument, world = source.instrument, source.client.world
    kind = instrument.contract.security_type
    if not is_us_stock(instrument) and not (kind is SecurityType.OPTION and instrument.currency == "USD"):
        yield not_valid(world, request, "Regulatory snapshots are for stocks and options of the US only")
        return
    ticks, at = Ticks(source), source.ms(world.ms())
    quote = ticks.quote(at)
    for make, args in ticks.tops.snapshot(quote):
        yield make(source.request_id, *args)
    yield TickString(source.request_id, TickType.LAST_REG_TIME, str(quote.at))
    yield TickSnapshotEnd(source.request_id)


def close_market_data(client: Client, request: CancelMarketData) -> Iterable[ToClient]:
    """End a stream without a word; 300 where none is open under the id."""
    streams, request_id = client.streams, request.request_id
    stream = streams.pop((MARKET_DATA, request_id), None)
    if stream is not None:
        linger(client, request_id, stream)
        return ()
    if streams.pop((SNAPSHOT, request_id), None):
        return ()
    text = f"Can't find EId with tickerId:{request_id}"
    return [complaint(client.world, _NOT_FOUND, text, request)]


def choose_data(client: Client, request: MarketDataTypeRequest) -> Iterable[ToClient]:
    """Note what kind of data later requests may have; streams that run stay as they are."""
    mode, before = request.market_data_type, client.market_data_type
    if not mode.is_known:
        return [not_valid(client.world, request, f"Invalid market data type:{mode.value}")]
    if (mode is MarketDataMode.FROZEN and takes_delayed(before)) or (
        mode is MarketDataMode.DELAYED and takes_frozen(before)
    ):
        mode = MarketDataMode.DELAYED_FROZEN
    client.market_data_type = mode
    return ()


ANSWERS: Final[Answers] = {
    MarketDataRequest: Answer(open_market_data, farm=FarmKind.MARKET_DATA),
    CancelMarketData: Answer(close_market_data),
    MarketDataTypeRequest: Answer(choose_data),
}

CARDS: Final = (
    Card(
        "market_data.opening",
        "A request is answered by MarketDataType, also for live data, TickReqParams, for delayed streams 10167, and "
        "the opening burst; nothing marks its end.",
        Evidence.RECORDED,
        "gateway 10.40 and ibkr-go captures; market_data.md section 1",
        note="All of it comes at once, unless market_data_seconds is set.",
    ),
    Card(
        "market_data.parameters",
        "TickReqParams has the smallest step of the market rule, the key of the letters of the exchanges, 3 for US "
        "stocks and 0 for others, and from server version 224 precisions.",
        Evidence.RECORDED,
        "gateway 10.40 and ibkr-go captures; market_data.md section 1.2",
    ),
    Card(
        "market_data.duplicate_id",
        "The id of a stream that runs is refused with 322, Duplicate ticker id, and the stream goes on.",
        Evidence.RECORDED,
        "gateway of 2026; older builds said a plain 102; market_data.md section 1.3",
    ),
    Card(
        "market_data.cancel",
        "A cancel is not acknowledged; one of an id that is not active gets 300.",
        Evidence.RECORDED,
        "ibkr-go transcripts; market_data.md section 1.3",
        note="Ticks that were queued still arrive if market_data_seconds is set.",
    ),
    Card(
        "market_data.modes",
        "The kind of data holds for later requests of the connection and is never answered: 1 switches all off, 2 "
        "frozen ones on, 3 delayed ones, 4 both; another value gets 321 without an id. Where there is a subscription, "
        "data are live.",
        Evidence.REPORTED,
        "ibx, rules of the gateway; the rest recorded; market_data.md section 4",
    ),
    Card(
        "market_data.snapshot",
        "A snapshot has each tick once and no sizes of their own; with a generic tick list it is refused with 321, and "
        "so is the 101st in a second. Order: 1, 2, 4, 8, 6, 7, 9, 14, 32, 33, 45; delayed 68, 88, 72 to 76, 66, 67.",
        Evidence.REPORTED,
        "ibx, rules of the gateway; the delayed order recorded; market_data.md section 5",
    ),
    Card(
        "market_data.regulatory_snapshot",
        "A regulatory snapshot, of US stocks and options, is one batch with the time of the quote (85) and its end; "
        "neither MarketDataType nor TickReqParams. One a second.",
        Evidence.DOCUMENTED,
        "IBKR on regulatory snapshots; market_data.md section 5",
        note="The refusal of other instruments, and the words for the second one in a second, are chosen.",
    ),
    Card(
        "market_data.reroute",
        "A share CFD has no data of its own: TWS says to ask for its stock, and nothing further comes.",
        Evidence.RECORDED,
        "ibkr-go (IBM CFD, 8314); market_data.md section 9",
        note="The notice 2127 that may follow is left out: its words are not known.",
    ),
    Card(
        "market_data.part_not_subscribed",
        "Without data of the underlying a stream of an option gets 10090, and prices without computations.",
        Evidence.DOCUMENTED,
        "IBKR on option greeks; market_data.md section 6",
    ),
)
