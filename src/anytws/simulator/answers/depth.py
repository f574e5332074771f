"""Answers about the book: of one exchange with or without names, or of all of them together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.market_data import (
    CancelMarketDepth,
    MarketDepth,
    MarketDepthData,
    MarketDepthL2,
    MarketDepthOperation,
    MarketDepthRequest,
    MarketDepthSide,
    RerouteMarketDepthRequest,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import DEPTH, NOT_SUBSCRIBED, described, everyone, is_subscribed, meant, no_data
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.beats import Beats
from anytws.simulator.answers.depth_exchanges import has_book, has_names
from anytws.simulator.answers.figures import Figures, Units
from anytws.simulator.answers.top_ticks import kinds_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.market.words import BEAT, Level
from anytws.simulator.settings import FarmKind
from anytws.simulator.universe.instrument import Instrument

MOST_ROWS: Final = 200
"""How many rows of a side are given at the most; more may be asked for."""

MOST_OF_ONE: Final = 10
"""How many requests there may be for each book that is allowed: several for one instrument count once."""

SMART: Final = "SMART"
_RESET: Final = 317
_TOO_MANY: Final = 309
_NOT_FOUND: Final = 310
_NOT_OFFERED: Final = 10092
_OTHERS: Final = 2152
_OTHERS_AFTER: Final = 3000
_SECOND: Final = 1000
_DAY: Final = 86_400_000
_FEW_LINES: Final = 399
_HUNDRED: Final = 100
_LEAST, _MOST = 3, 60
_SPARE: Final = 3
_Row: TypeAlias = tuple[int, int, str]
_GONE: Final = (0, 0, "")
_O: Final = MarketDepthOperation


def allowance(lines: int) -> int:
    """Give how many instruments' books there may be: 3 up to 399 lines, then one for 100 lines, at most 60."""
    if not lines:
        return 0
    return _LEAST if lines <= _FEW_LINES else min(max(lines // _HUNDRED, _LEAST), _MOST)


class DepthStream(Stream):
    """The book of one instrument: all of it at first, then what is other at each beat, position by position."""

    def __init__(self, client: Client, request: MarketDepthRequest, instrument: Instrument, exchange: str) -> None:
        world = client.world
        self._client = client
        self._world = world
        self._request = request
        self._id = id_of(request)
        self.instrument: Final = instrument
        """Whose book it is."""
        self.is_smart: Final = request.is_smart_depth
        """Whether it is put together of several exchanges."""
        self._exchange = exchange
        security_type = instrument.contract.security_type
        self._has_names = has_names(exchange, security_type, smart=self.is_smart)
        self._figures = Figures(instrument, Units.of(world.settings, client.server_version))
        self._count = min(max(request.number_of_rows, 1), MOST_ROWS)
        self._beats = Beats(world)
        self._beat = self._due = self._beats.upto(world.now)
        self._at = world.ms()
        self._version = world.market.version
        self._others_at = self._at + _OTHERS_AFTER if self.is_smart else None
        self._sides: dict[MarketDepthSide, Sequence[_Row]] = {MarketDepthSide.BID: (), MarketDepthSide.ASK: ()}

    def rows(self) -> Iterator[ToClient]:
        """Give what of the book is other than what was told before: all bids, then all asks."""
        at = self._at - self._at % BEAT
        # Of many exchanges there are best rows alone: what is left out makes room for others.
        count, venue = (self._count * _SPARE, SMART) if self.is_smart else (self._count, self._exchange)
        book = self._world.market.book(self.instrument, at, count, venue)
        for side, levels in ((MarketDepthSide.BID, book.bids), (MarketDepthSide.ASK, book.asks)):
            now = self._permitted(levels)
            before, self._sides[side] = self._sides[side], now
            yield from self._changes(side, before, now)

    def start_anew(self) -> Iterator[ToClient]:
        """Give the error that the book was reset, and then the book from its start."""
        text = "Market depth data has been RESET. Please empty deep book contents before applying any new entries."
        yield complaint(self._world, _RESET, text, self._request)
        self._sides = dict.fromkeys(self._sides, ())
        self._at = max(self._at, self._world.ms())
        yield from self.rows()

    @property
    def wake_at(self) -> float:
        """The time of the next beat at which the book may have changed."""
        if not self._beats.seconds:
            return math.inf
        market = self._world.market
        if self._version != market.version or self._world.settings.competing_session:
            self._due = max(self._beat, self._beats.upto(self._world.now)) + 1
        else:
            wait = min(market.next_change(self.instrument, self._at) - self._at, _DAY)
            if self._others_at is not None:
                wait = min(wait, self._others_at - self._at)
            self._due = self._beat + self._beats.steps_to(wait)
        return self._beats.time(self._due)

    def wake(self) -> Iterable[ToClient]:
        """Give what changed at the beat that is due."""
        if self._world.settings.competing_session:
            self._client.streams.pop((DEPTH, self._id), None)
            return [no_data(self._client, self._request)]
        self._beat = self._due
        self._version = self._world.market.version
        self._at = self._beats.ms(self._beat)
        told = [*self.rows()]
        if self._others_at is not None and self._at >= self._others_at:
            self._others_at = None
            told.append(complaint(self._world, _OTHERS, self._exchanges(), self._request))
        return told

    def skip(self, now: float) -> None:
        """Pass over the beats up to *now*. What they changed is told with the next."""
        self._beat = max(self._beat, self._beats.upto(now))
        self._at = max(self._at, self._beats.ms(self._beat))

    def _permitted(self, levels: Iterable[Level]) -> list[_Row]:
        """Leave of an exchange without a book, or without permission for it, the best row alone."""
        if not self.is_smart:
            return [
                (level.price, level.size, (level.venue or self._exchange) if self._has_names else "")
                for level in levels
            ]
        rows, seen = [], set[str]()
        for level in levels:
            if level.venue not in seen or self._is_deep(level.venue):
                rows.append((level.price, level.size, level.venue))
                seen.add(level.venue)
        return rows[: self._count]

    def _is_deep(self, venue: str) -> bool:
        return venue not in self._world.settings.depth_unsubscribed and self._has_book(venue)

    def _has_book(self, venue: str) -> bool:
        contract = self.instrument.contract
        return has_book(venue, contract.security_type, contract.currency)

    def _changes(self, side: MarketDepthSide, before: Sequence[_Row], now: Sequence[_Row]) -> Iterator[ToClient]:
        for position, row in enumerate(now):
            if position >= len(before):
                yield self._said(position, _O.INSERT, side, row)
            elif row != before[position]:
                yield self._said(position, _O.UPDATE, side, row)
        # From the last one up: each is the end of the book when it goes.
        for position in range(len(before) - 1, len(now) - 1, -1):
            yield self._said(position, _O.DELETE, side, _GONE)

    def _said(self, position: int, operation: MarketDepthOperation, side: MarketDepthSide, row: _Row) -> ToClient:
        price, size = self._figures.price(row[0]), self._figures.size(row[1])
        if self._has_names:
            data = MarketDepthData(position, operation, side, price, size, row[2], self.is_smart)
            return MarketDepthL2(self._id, data)
        return MarketDepth(self._id, MarketDepthData(position, operation, side, price, size))

    def _exchanges(self) -> str:
        venues = [venue for venue in self.instrument.exchanges if venue != SMART]
        denied = self._world.settings.depth_unsubscribed
        deep = [venue for venue in venues if self._has_book(venue)]
        top = [venue for venue in venues if not self._has_book(venue)]
        text = f"Exchanges - Depth: {_listed(venue for venue in deep if venue not in denied)}Top: {_listed(top)}"
        missing = _listed(venue for venue in deep if venue in denied)
        return f"{text}Need additional market data permissions - Depth: {missing}" if missing else text


def _listed(venues: Iterable[str]) -> str:
    return "".join(f"{venue}; " for venue in venues)


def reset(client: Client, request_id: int) -> None:
    """Have TWS reset the book that *client* reads under *request_id*: error 317, then all of it from the start.

    Raises `LookupError` where there is none.
    """
    stream = client.streams.get((DEPTH, request_id))
    if isinstance(stream, DepthStream):
        for message in stream.start_anew():
            client.push(message)
        return
    raise LookupError(f"client {client.client_id} reads no book under the id {request_id}")


def open_depth(client: Client, request: MarketDepthRequest) -> Iterable[ToClient]:
    """Begin a stream of a book with all of it; an error takes the place of both."""
    world, request_id = client.world, id_of(request)
    if (DEPTH, request_id) in client.streams:
        return [not_done(world, request, "Duplicate ticker id")]
    if request.number_of_rows < 1:
        return [not_valid(world, request, f"Invalid number of rows:{request.number_of_rows}")]
    found = meant(client, request, request.contract)
    if isinstance(found, ErrorMessage):
        return [found]
    instrument, exchange = found.instrument, request.contract.exchange or found.exchange
    if instrument.reroutes_to:
        return [RerouteMarketDepthRequest(request_id, instrument.reroutes_to, SMART)]
    problem = _problem_of(client, request, instrument, exchange)
    if problem is not None:
        return [problem]
    stream = DepthStream(client, request, instrument, exchange)
    client.streams[DEPTH, request_id] = stream
    return stream.rows()


def _problem_of(
    client: Client, request: MarketDepthRequest, instrument: Instrument, exchange: str
) -> ErrorMessage | None:
    world, settings = client.world, client.world.settings
    if settings.competing_session:
        return no_data(client, request)
    if not _is_offered(instrument, exchange, smart=request.is_smart_depth):
        text = "Deep market data is not supported for this combination of security type/exchange"
        return complaint(world, _NOT_OFFERED, text, request)
    denied = not request.is_smart_depth and exchange in settings.depth_unsubscribed
    if denied or not is_subscribed(settings, instrument, exchange):
        text = f"Requested market data is not subscribed.{described(instrument)}/DEEP/ALL"
        return complaint(world, NOT_SUBSCRIBED, text, request)
    most = allowance(settings.lines)
    streams = _streams(client)
    books = {stream.instrument for stream in streams}
    if (instrument not in books and len(books) >= most) or len(streams) >= most * MOST_OF_ONE:
        text = f"Max number ({most}) of market depth requests has been reached"
        return complaint(world, _TOO_MANY, text, request)
    return None


def _is_offered(instrument: Instrument, exchange: str, *, smart: bool) -> bool:
    security_type = instrument.contract.security_type
    if security_type is SecurityType.COMBO or not kinds_of(security_type).has_quotes:
        return False
    if security_type in (SecurityType.OPTION, SecurityType.FUTURES_OPTION) and exchange == SMART:
        return False
    return smart or exchange != SMART


def _streams(client: Client) -> list[DepthStream]:
    """Give the books that any client reads."""
    streams = (stream for each in everyone(client) for stream in each.streams.values())
    return [stream for stream in streams if isinstance(stream, DepthStream)]


def close_depth(client: Client, request: CancelMarketDepth) -> Iterable[ToClient]:
    """End a stream without a word; 310 where none of that sort is open under the id."""
    key = (DEPTH, request.request_id)
    stream = client.streams.get(key)
    if not isinstance(stream, DepthStream) or stream.is_smart != request.is_smart_depth:
        text = f"Can't find the subscribed market depth with tickerId:{request.request_id}"
        return [complaint(client.world, _NOT_FOUND, text, request)]
    del client.streams[key]
    return ()


ANSWERS: Final[Answers] = {
    MarketDepthRequest: Answer(open_depth, farm=FarmKind.MARKET_DATA),
    CancelMarketDepth: Answer(close_depth),
}

CARDS: Final = (
    Card(
        "depth.first_rows",
        "A book begins with all bids from position 0, then all asks, each an insert, up to the rows asked for; more "
        "rows than there are do no harm.",
        Evidence.RECORDED,
        "gateway 10.40 captures; market_data.md section 8.2",
    ),
    Card(
        "depth.changes",
        "A change is told by position: each row that is another is an update, also when a better price has come; rows "
        "are inserted and deleted at the end alone. A delete has the price 0 and the size 0.",
        Evidence.RECORDED,
        "gateway 10.40 captures of a paper session; market_data.md section 8.2",
        note="Live sessions are said to send inserts and deletes at their position.",
    ),
    Card(
        "depth.messages",
        "SMART books and those of exchanges with names come as MarketDepthL2, with the exchange (SMART) or the market "
        "maker in each row; IEX, futures and IDEALPRO as MarketDepth.",
        Evidence.RECORDED,
        "gateway 10.40 captures; market_data.md section 8.1",
    ),
    Card(
        "depth.smart",
        "A SMART book has the rows of all exchanges by price, then by name; an exchange without a book, or without "
        "permission for it, has its best row there.",
        Evidence.RECORDED,
        "gateway 10.40 captures; market_data.md section 8.2",
        note="Knob: depth_unsubscribed.",
    ),
    Card(
        "depth.permissions_notice",
        "Three seconds after its first rows a SMART book gets 2152 once, which lists the exchanges with a book, those "
        "with their best row, and those that need a permission.",
        Evidence.RECORDED,
        "gateway 10.40 captures and others; market_data.md section 8.2",
        note="Three is chosen; recorded are some seconds. The last part is left out where nothing needs a permission.",
    ),
    Card(
        "depth.reset",
        "317 says to empty the book; then it comes anew from its start.",
        Evidence.DOCUMENTED,
        "IBKR's table of messages; market_data.md section 8.2",
        note="It happens when a test or a script says so: anytws.simulator.answers.depth.reset.",
    ),
    Card(
        "depth.limit",
        "Books of more instruments than allowed get 309: 3 up to 399 lines, then one for 100 lines, at most 60.",
        Evidence.DOCUMENTED,
        "IBKR's table of lines; market_data.md section 8.3",
        note="That several requests for one instrument count once is from an older page; ten times as many requests as "
        "instruments are the most, which is chosen. Knob: lines.",
    ),
    Card(
        "depth.not_offered",
        "10092 ends a request for what has no book: SMART without isSmartDepth, options on SMART, combinations, "
        "indices, funds. Without permission it is 354, whose text ends in /DEEP/ALL.",
        Evidence.REPORTED,
        "public captures of 10092; market_data.md section 8.3",
    ),
    Card(
        "depth.cancel",
        "A cancel is not acknowledged; 310 is said of an unknown id, and where isSmartDepth is not as in the request.",
        Evidence.DOCUMENTED,
        "IBKR; rust-ibapi met the second; market_data.md section 8.3",
    ),
    Card(
        "depth.reroute",
        "The book of a share CFD is that of its stock: RerouteMarketDepthRequest says so, and nothing further comes.",
        Evidence.DOCUMENTED,
        "IBKR on rerouting; market_data.md section 9",
    ),
)
