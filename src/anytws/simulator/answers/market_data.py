"""Answers about market data: the opening of a stream in TWS's order, then ticks at a steady pace; and snapshots."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.market_data import (
    CancelMarketData,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    MarketDataTypeRequest,
    TickAttributes,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.contracts import the_one
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.old_listings import MIN_TICK, Listing
from anytws.simulator.old_market import Quote, money, quote
from anytws.simulator.settings import FarmKind
from anytws.wire.versions import (
    MARKET_DATA_IN_SHARES,
    MARKET_DATA_VOLUMES_IN_SHARES,
    USE_PRECISION_FROM_SEC_DEF,
)

MARKET_DATA: Final = "market data"
"""The kind of these streams in `Client.streams`."""

_TOO_MANY: Final = 101
_NOT_FOUND: Final = 300
_NOT_SUBSCRIBED: Final = 354
_DELAYED: Final = 10167
_DELAY: Final = 15 * 60
_SNAPSHOT_PERMISSIONS: Final = 3
_PRECISION: Final = Decimal("0.000001")
_EXCHANGES: Final = ("KPTVZU", "KPTU")
"""Recorded: letters of the exchanges at the bid and at the ask."""
_OFF: Final = "mdoff"
_TAKES_DELAYED: Final = (MarketDataMode.DELAYED, MarketDataMode.DELAYED_FROZEN)
_AS_DELAYED: Final = {
    TickType.BID: TickType.DELAYED_BID,
    TickType.ASK: TickType.DELAYED_ASK,
    TickType.LAST: TickType.DELAYED_LAST,
    TickType.BID_SIZE: TickType.DELAYED_BID_SIZE,
    TickType.ASK_SIZE: TickType.DELAYED_ASK_SIZE,
    TickType.LAST_SIZE: TickType.DELAYED_LAST_SIZE,
    TickType.HIGH: TickType.DELAYED_HIGH,
    TickType.LOW: TickType.DELAYED_LOW,
    TickType.VOLUME: TickType.DELAYED_VOLUME,
    TickType.CLOSE: TickType.DELAYED_CLOSE,
    TickType.OPEN: TickType.DELAYED_OPEN,
    TickType.LAST_TIMESTAMP: TickType.DELAYED_LAST_TIMESTAMP,
}


_BY_ITSELF: Final = (
    *("last_size", "volume", "high", "low", "close", "open"),
    *("bid", "ask", "bid_size", "ask_size"),
)
"""What of a quote is told when it has changed, in this order: by the names of `Quote` and of `_Ticks`."""

_NO_ATTRIBUTES: Final = TickAttributes(0)


class _Ticks:
    """Writes what there is of one stock for one request, in the units of the server version that was agreed."""

    def __init__(self, request_id: int, listing: Listing, server_version: int, *, delayed: bool) -> None:
        self._request_id = request_id
        self._delayed = delayed
        # Round lots where TWS counts in these (recorded up to 219, the rest by the names of the versions).
        self._unit = 1 if server_version >= MARKET_DATA_IN_SHARES else listing.lot
        self._volume_unit = 1 if server_version >= MARKET_DATA_VOLUMES_IN_SHARES else listing.lot

    def bid(self, now: Quote) -> TickPrice:
        return self._price(TickType.BID, now.bid, now.bid_size, TickAttributes.CAN_AUTO_EXECUTE)

    def ask(self, now: Quote) -> TickPrice:
        return self._price(TickType.ASK, now.ask, now.ask_size, TickAttributes.CAN_AUTO_EXECUTE)

    def last(self, now: Quote) -> TickPrice:
        return self._price(TickType.LAST, now.last, now.last_size)

    def bid_size(self, now: Quote) -> TickSize:
        return self._size(TickType.BID_SIZE, now.bid_size // self._unit)

    def ask_size(self, now: Quote) -> TickSize:
        return self._size(TickType.ASK_SIZE, now.ask_size // self._unit)

    def last_size(self, now: Quote) -> TickSize:
        return self._size(TickType.LAST_SIZE, now.last_size // self._unit)

    def volume(self, now: Quote) -> TickSize:
        return self._size(TickType.VOLUME, now.volume // self._volume_unit)

    def time(self, now: Quote) -> TickString:
        return TickString(self._request_id, self._type(TickType.LAST_TIMESTAMP), str(now.second))

    def high(self, now: Quote) -> TickPrice:
        return self._price(TickType.HIGH, now.high)

    def low(self, now: Quote) -> TickPrice:
        return self._price(TickType.LOW, now.low)

    def close(self, now: Quote) -> TickPrice:
        return self._price(TickType.CLOSE, now.close)

    def open(self, now: Quote) -> TickPrice:
        return self._price(TickType.OPEN, now.open)

    def exchanges(self) -> Iterator[TickString]:
        """Give the letters of the exchanges, which there are with live data alone."""
        if not self._delayed:
            for tick_type, letters in zip((TickType.BID_EXCH, TickType.ASK_EXCH), _EXCHANGES, strict=True):
                yield TickString(self._request_id, tick_type, letters)

    def opening(self, now: Quote) -> Iterator[ToClient]:
        """Give the opening burst of a stream, in the order recorded."""
        if self._delayed:
            yield from (self.bid(now), self.ask(now), self.last(now), self.time(now))
            yield from (self.high(now), self.low(now), self.volume(now), self.close(now), self.open(now))
            return
        yield from (self.time(now), self.last(now), self.last_size(now), self.volume(now))
        yield from (self.high(now), self.low(now), self.close(now), self.open(now))
        yield from (self.bid(now), self.ask(now), self.bid_size(now), self.ask_size(now))
        yield from self.exchanges()

    def snapshot(self, now: Quote) -> Iterator[ToClient]:
        """Give all that there is once, in the order recorded of delayed ones, and reported of live ones."""
        if self._delayed:
            yield from (self.last(now), self.time(now), self.high(now), self.low(now), self.volume(now))
            yield from (self.close(now), self.open(now), self.bid(now), self.ask(now))
            return
        yield from (self.bid(now), self.ask(now), self.last(now), self.volume(now))
        yield from (self.high(now), self.low(now), self.close(now), self.open(now))
        yield from self.exchanges()
        yield self.time(now)

    def changes(self, before: Quote, now: Quote) -> Iterator[ToClient]:
        """Give what changed: the trade, then the quote; a size alone where its price stayed (recorded)."""
        if now.second != before.second:
            yield from (self.time(now), self.last(now))
        # The close and the open of another day are told when it has begun.
        for name in _BY_ITSELF:
            if getattr(now, name) != getattr(before, name):
                yield getattr(self, name)(now)

    def _type(self, tick_type: TickType) -> TickType:
        return _AS_DELAYED[tick_type] if self._delayed else tick_type

    def _price(
        self, tick_type: TickType, hundredths: int, size: int = 0, attributes: TickAttributes = _NO_ATTRIBUTES
    ) -> TickPrice:
        # Recorded: prices without a size of their own carry zero, and delayed ones no attributes.
        said = _NO_ATTRIBUTES if self._delayed else attributes
        return TickPrice(self._request_id, self._type(tick_type), money(hundredths), Decimal(size // self._unit), said)

    def _size(self, tick_type: TickType, size: int) -> TickSize:
        return TickSize(self._request_id, self._type(tick_type), Decimal(size))


class MarketDataStream(Stream):
    """The ticks of one stock, one batch of changes each `WorldSettings.tick_seconds`.

    All streams keep the same beat, so two of one stock say the same (recorded of a real TWS: a grid of 250 ms).
    """

    def __init__(self, client: Client, listing: Listing, ticks: _Ticks, *, delay: int, is_silent: bool) -> None:
        self._client = client
        self._listing = listing
        self._ticks = ticks
        self._delay = delay
        self._seconds = 0.0 if is_silent else client.world.settings.tick_seconds
        self._is_silent = is_silent
        self._beat = 0
        now = client.world.now
        self.skip(now)
        self._told = self._quote(now)

    @property
    def wake_at(self) -> float:
        """The time of the next beat."""
        return (self._beat + 1) * self._seconds if self._seconds else math.inf

    def opening(self) -> Iterator[ToClient]:
        """Give what there is when it begins."""
        return iter(()) if self._is_silent else self._ticks.opening(self._told)

    def wake(self) -> Iterable[ToClient]:
        """Give what has changed at the next beat."""
        now = self.wake_at
        self._beat += 1
        before, self._told = self._told, self._quote(now)
        return self._ticks.changes(before, self._told)

    def skip(self, now: float) -> None:
        """Pass over the beats up to *now*. What they changed is told with the next."""
        if self._seconds:
            self._beat = max(self._beat, math.floor(now / self._seconds))
            # Numbers with a fraction are not exact: at the time of a beat it is over.
            while self.wake_at <= now:
                self._beat += 1

    def _quote(self, now: float) -> Quote:
        return _quote(self._client, self._listing, now, self._beat, self._delay)


def open_market_data(client: Client, request: MarketDataRequest) -> Iterable[ToClient]:
    """Begin a stream, or give a snapshot and its end; an error takes the place of both.

    MarketDataType and TickReqParams, then the ticks (recorded); all of it at once (chosen). Generic ticks are accepted
    and bring nothing (recorded of delayed data), save that ``mdoff`` leaves out all others (documented). Every
    regulatory snapshot is refused (chosen): a real one costs money.
    """
    world, request_id = client.world, id_of(request)
    if (MARKET_DATA, request_id) in client.streams:
        # Recorded. The stream that has the id goes on.
        yield not_done(world, request, "Duplicate ticker id")
        return
    if request.regulatory_snapshot:
        yield not_done(world, request, "The simulator sells no regulatory snapshots.")
        return
    if request.snapshot and request.generic_tick_list:
        # Reported.
        cause = "Snapshot market data subscription is not applicable to generic ticks"
        yield not_valid(world, request, cause)
        return
    meant = the_one(client, request, request.contract)
    if not isinstance(meant, tuple):
        yield meant
        return
    if not request.snapshot and client.count(MARKET_DATA) >= world.settings.lines:
        # Documented. Streams that run are not touched.
        yield complaint(world, _TOO_MANY, "Max number of tickers has been reached", request)
        return
    delayed = not world.settings.market_data_subscribed
    if delayed and client.market_data_type not in _TAKES_DELAYED:
        # Recorded.
        yield complaint(world, _NOT_SUBSCRIBED, "Requested market data is not subscribed.", request)
        return
    yield from _begin(client, request, meant[0], delayed=delayed)


def _begin(client: Client, request: MarketDataRequest, listing: Listing, *, delayed: bool) -> Iterator[ToClient]:
    request_id, version = id_of(request), client.server_version or 0
    yield MarketDataType(request_id, MarketDataMode.DELAYED if delayed else MarketDataMode.REAL_TIME)
    precision = _PRECISION if version >= USE_PRECISION_FROM_SEC_DEF else None
    yield TickReqParams(request_id, MIN_TICK, listing.bbo_exchange, _SNAPSHOT_PERMISSIONS, precision, precision)
    ticks = _Ticks(request_id, listing, version, delayed=delayed)
    delay = _DELAY if delayed else 0
    if request.snapshot:
        # Recorded: without the notice of delayed data, and the end as soon as all is there.
        yield from ticks.snapshot(_quote(client, listing, client.world.now, 0, delay))
        yield TickSnapshotEnd(request_id)
        return
    if delayed:
        # Recorded.
        text = "Requested market data is not subscribed. Displaying delayed market data."
        yield complaint(client.world, _DELAYED, text, request)
    is_off = _OFF in request.generic_tick_list.split(",")
    stream = MarketDataStream(client, listing, ticks, delay=delay, is_silent=is_off)
    client.streams[MARKET_DATA, request_id] = stream
    yield from stream.opening()


def close_market_data(client: Client, request: CancelMarketData) -> Iterable[ToClient]:
    """End a stream without a word (recorded); 300 where none is open under the id (reported)."""
    if client.streams.pop((MARKET_DATA, request.request_id), None) is None:
        yield complaint(client.world, _NOT_FOUND, f"Can't find EId with tickerId:{request.request_id}", request)


def choose_data(client: Client, request: MarketDataTypeRequest) -> Iterable[ToClient]:
    """Note what kind of data is taken from now on (documented). It is not answered (recorded)."""
    client.market_data_type = request.market_data_type
    return ()


def _quote(client: Client, listing: Listing, now: float, beat: int, delay: int) -> Quote:
    second = math.floor(client.world.utc(now).timestamp()) - delay
    return quote(client.world.settings.seed, listing, second, beat)


ANSWERS: Final[Answers] = {
    MarketDataRequest: Answer(open_market_data, farm=FarmKind.MARKET_DATA),
    CancelMarketData: Answer(close_market_data),
    MarketDataTypeRequest: Answer(choose_data),
}
