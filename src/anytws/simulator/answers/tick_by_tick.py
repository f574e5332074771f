"""Answers about the tape, tick by tick: trades, quotes and midpoints, none left out, and those of the past before."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from anytws.messages.base import ToClient, ToTws
from anytws.messages.contract import SecurityType
from anytws.messages.market_data import (
    CancelTickByTick,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    TickAttribBidAsk,
    TickAttribLast,
    TickByTickData,
    TickByTickKind,
    TickByTickRequest,
    TickByTickType,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import TICK_BY_TICK, everyone, is_subscribed, meant, no_data, no_line
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.beats import Beats
from anytws.simulator.answers.figures import Figures, Units
from anytws.simulator.answers.recent import Recent
from anytws.simulator.answers.top_ticks import kinds_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.market.kinds import kind_of
from anytws.simulator.market.words import BidAsk, Halt, Trade
from anytws.simulator.settings import FarmKind
from anytws.simulator.universe.instrument import Instrument

MOST_PAST: Final = 1000
"""How many ticks of the past may be asked for (documented)."""

_Tick: TypeAlias = HistoricalTickLast | HistoricalTickBidAsk | HistoricalTick
_NOT_FOUND: Final = 300
_NO_PERMISSION: Final = 10189
_TOO_MANY: Final = 10190
_SHARE: Final = 20
_RECENT: Final = "tick-by-tick requests of late"
_SECOND: Final = 1000
_MOST_LATE: Final = 60.0
"""Seconds by which a stream may be late and still give all of its ticks."""
_DAY: Final = 86_400_000
_MINUTE: Final = 60_000
_SESSIONS: Final = 5
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_T: Final = TickByTickType
_NUMBERS: Final = {
    _T.LAST: TickByTickKind.LAST,
    _T.ALL_LAST: TickByTickKind.ALL_LAST,
    _T.BID_ASK: TickByTickKind.BID_ASK,
    _T.MID_POINT: TickByTickKind.MID_POINT,
}
_TRADES: Final = (_T.LAST, _T.ALL_LAST)
_INDEX_EXCHANGES: Final = ("CME", "GLOBEX")
_NONE: Final = (
    SecurityType.COMBO,
    SecurityType.OPTION,
    SecurityType.FUTURES_OPTION,
    SecurityType.WARRANT,
)


def allowance(lines: int) -> int:
    """Give how many tick-by-tick streams there may be: 5 % of the lines, 3 at the least."""
    return max(lines // _SHARE, 3) if lines else 0


class Tape:
    """The ticks of one instrument as a kind of tick-by-tick data has them."""

    def __init__(self, client: Client, instrument: Instrument, kind: TickByTickType, *, ignore_size: bool) -> None:
        self._market = client.world.market
        self._instrument = instrument
        self._figures = Figures(instrument, Units.of(client.world.settings, client.server_version))
        self._kind = kind
        self._ignores_size = ignore_size
        self._told: tuple[int, ...] = ()
        """What a quote has to differ from."""

    def ticks(self, begin: int, end: int) -> Iterator[tuple[int, _Tick]]:
        """Give the ticks from *begin* up to *end* with their times, oldest first. To be called for ever later times."""
        if self._kind in _TRADES:
            for trade in self._market.trades(self._instrument, begin, end):
                if self._kind is _T.ALL_LAST or not trade.is_unreported:
                    yield trade.at, self._trade(trade)
            return
        for quote in self._market.quotes(self._instrument, begin, end):
            told = self._essence(quote)
            if told != self._told:
                self._told = told
                yield quote.at, self._quote(quote)

    def past(self, end: int, count: int) -> list[_Tick]:
        """Give the last *count* ticks before *end*, oldest first; fewer where the last sessions have no more."""
        found: list[_Tick] = []
        if self._kind in _TRADES and not kind_of(self._instrument).has_trades:
            return found
        for begin, stop in self._spans(end):
            self._told = ()
            found = [*(tick for _, tick in self.ticks(begin, stop)), *found]
            if len(found) >= count:
                break
        return found[-count:]

    def _spans(self, end: int) -> Iterator[tuple[int, int]]:
        """Give times to look at for ticks before *end*, from there back: of each session ever longer parts."""
        hours = self._instrument.hours
        for _ in range(_SESSIONS):
            second = (end - 1) // _SECOND
            session = hours.at(second, liquid=False) or hours.last_before(second + 1, liquid=False)
            if session is None:
                return
            stop, length = min(end, session.end * _SECOND), _MINUTE
            while stop > session.begin * _SECOND:
                begin = max(stop - length, session.begin * _SECOND)
                yield begin, stop
                stop, length = begin, 2 * length
            end = session.begin * _SECOND

    def halt(self, at: int, halt: Halt) -> HistoricalTickLast | None:
        """Give the tick that says of a halt, or of its end; None: quotes have none."""
        if self._kind not in _TRADES:
            return None
        nothing = self._figures.size(0)
        return HistoricalTickLast(_time(at), 0.0, nothing, "", "", TickAttribLast(past_limit=halt is not Halt.NONE))

    def _essence(self, quote: BidAsk) -> tuple[int, ...]:
        if self._kind is _T.MID_POINT:
            return (quote.bid + quote.ask,)
        if self._ignores_size:
            return (quote.bid, quote.ask)
        return (quote.bid, quote.ask, quote.bid_size, quote.ask_size)

    def _trade(self, trade: Trade) -> HistoricalTickLast:
        figures = self._figures
        return HistoricalTickLast(
            _time(trade.at),
            figures.price(trade.price),
            figures.size(trade.size),
            trade.exchange,
            trade.conditions,
            TickAttribLast(unreported=trade.is_unreported),
        )

    def _quote(self, quote: BidAsk) -> _Tick:
        figures = self._figures
        if self._kind is _T.MID_POINT:
            return HistoricalTick(_time(quote.at), figures.half(quote.bid + quote.ask))
        day = self._market.quote(self._instrument, quote.at)
        past = TickAttribBidAsk(
            bid_past_low=day.low is not None and quote.bid < day.low,
            ask_past_high=day.high is not None and quote.ask > day.high,
        )
        bid_size, ask_size = figures.size(quote.bid_size), figures.size(quote.ask_size)
        return HistoricalTickBidAsk(
            _time(quote.at), figures.price(quote.bid), figures.price(quote.ask), bid_size, ask_size, past
        )


def _time(ms: int) -> datetime:
    return _1970 + timedelta(seconds=ms // _SECOND)


class TickByTickStream(Stream):
    """The ticks of one instrument since the last beat, all of them, at each beat."""

    def __init__(self, client: Client, request: TickByTickRequest, instrument: Instrument, tape: Tape) -> None:
        world = client.world
        self._client = client
        self._world = world
        self._request = request
        self._id = id_of(request)
        self._number = _NUMBERS[request.tick_type]
        self._instrument = instrument
        self._tape = tape
        self._beats = Beats(world, of_market=True)
        self._beat = self._due = self._beats.upto(world.now)
        self._at = world.ms()
        self._version = world.market.version
        self._halt = world.market.quote(instrument, self._at).halt

    @property
    def wake_at(self) -> float:
        """The time of the next beat at which there may be a tick."""
        if not self._beats.seconds:
            return math.inf
        market = self._world.market
        if self._version != market.version or self._world.settings.competing_session:
            self._due = max(self._beat, self._beats.upto(self._world.now)) + 1
        else:
            wait = min(market.next_change(self._instrument, self._at) - self._at, _DAY)
            self._due = self._beat + self._beats.steps_to(wait)
        return self._beats.time(self._due)

    def wake(self) -> Iterable[ToClient]:
        """Give the ticks since the last beat."""
        if self._world.settings.competing_session:
            self._client.streams.pop((TICK_BY_TICK, self._id), None)
            return [no_data(self._client, self._request)]
        late = self._beats.upto(self._world.now - _MOST_LATE)
        if self._due < late:
            # Nobody told the time for longer: what is older than that is passed over.
            self.skip(self._world.now - _MOST_LATE)
        self._beat = max(self._due, self._beat)
        self._version = self._world.market.version
        begin, self._at = self._at, self._beats.ms(self._beat)
        # What happens on this beat belongs to it.
        ticks: list[_Tick] = [tick for _, tick in self._tape.ticks(begin + 1, self._at + 1)]
        before, self._halt = self._halt, self._world.market.quote(self._instrument, self._at).halt
        if self._halt is not before:
            tick = self._tape.halt(self._at, self._halt)
            if tick is not None:
                ticks.append(tick)
        return [self._said(tick) for tick in ticks]

    def _said(self, tick: _Tick) -> TickByTickData:
        if isinstance(tick, HistoricalTickLast):
            return TickByTickData(self._id, self._number, last=tick)
        if isinstance(tick, HistoricalTickBidAsk):
            return TickByTickData(self._id, self._number, bid_ask=tick)
        return TickByTickData(self._id, self._number, mid_point=tick)

    def skip(self, now: float) -> None:
        """Pass over the beats up to *now*, and their ticks."""
        self._beat = max(self._beat, self._beats.upto(now))
        self._at = max(self._at, self._beats.ms(self._beat))


def open_tick_by_tick(client: Client, request: TickByTickRequest) -> Iterable[ToClient]:
    """Begin a stream of ticks, those of the past that were asked for first; an error takes the place of both."""
    world, request_id = client.world, id_of(request)
    if (TICK_BY_TICK, request_id) in client.streams:
        return [not_done(world, request, "Duplicate ticker id")]
    if request.tick_type not in _NUMBERS:
        return [not_valid(world, request, f"Invalid tick type:{request.tick_type.value}")]
    if not 0 <= request.number_of_ticks <= MOST_PAST:
        return [not_valid(world, request, f"Number of ticks:{request.number_of_ticks} is not from 0 to {MOST_PAST}")]
    found = meant(client, request, request.contract)
    if isinstance(found, ErrorMessage):
        return [found]
    instrument = found.instrument
    problem = _problem_of(client, request, instrument, found.exchange)
    if problem is not None:
        return [problem]
    tape = Tape(client, instrument, request.tick_type, ignore_size=request.ignore_size)
    told: list[ToClient] = []
    if request.number_of_ticks:
        told.append(_of_the_past(request_id, request.tick_type, tape.past(world.ms() + 1, request.number_of_ticks)))
    client.streams[TICK_BY_TICK, request_id] = TickByTickStream(client, request, instrument, tape)
    return told


def _of_the_past(request_id: int, kind: TickByTickType, ticks: Sequence[_Tick]) -> ToClient:
    if kind in _TRADES:
        trades = tuple(tick for tick in ticks if isinstance(tick, HistoricalTickLast))
        return HistoricalTicksLast(request_id, trades, is_done=True)
    if kind is _T.BID_ASK:
        quotes = tuple(tick for tick in ticks if isinstance(tick, HistoricalTickBidAsk))
        return HistoricalTicksBidAsk(request_id, quotes, is_done=True)
    return HistoricalTicks(request_id, tuple(tick for tick in ticks if isinstance(tick, HistoricalTick)), is_done=True)


def _problem_of(client: Client, request: ToTws, instrument: Instrument, exchange: str) -> ErrorMessage | None:
    world, settings = client.world, client.world.settings
    kind = instrument.contract.security_type
    if settings.competing_session:
        return no_data(client, request)
    if not is_subscribed(settings, instrument, exchange) or not _is_offered(instrument, exchange):
        reason = (
            f"No market data permissions for {exchange} {'' if kind is None else kind.value}. Requested market data "
            "requires additional subscription for API. See link in 'Market Data Connections' dialog for more details."
        )
        return complaint(world, _NO_PERMISSION, f"Failed to request tick-by-tick data.{reason}", request)
    if sum(each.count(TICK_BY_TICK) for each in everyone(client)) >= allowance(settings.lines):
        return _too_many(client, request)
    problem = no_line(client, request)
    if problem is None:
        recent = Recent.of(client, _RECENT)
        seconds = settings.tick_by_tick_seconds
        if recent.is_full(world.now, most=1, seconds=seconds, what=instrument.contract_id):
            return _too_many(client, request)
    return problem


def _too_many(client: Client, request: ToTws) -> ErrorMessage:
    return complaint(client.world, _TOO_MANY, "Max number of tick-by-tick requests has been reached", request)


def _is_offered(instrument: Instrument, exchange: str) -> bool:
    kind = instrument.contract.security_type
    if kind in _NONE or not (kinds_of(kind).has_quotes or kinds_of(kind).has_last):
        return False
    return kind is not SecurityType.INDEX or exchange in _INDEX_EXCHANGES


def close_tick_by_tick(client: Client, request: CancelTickByTick) -> Iterable[ToClient]:
    """End a stream without a word; 300 where none is open under the id."""
    if client.streams.pop((TICK_BY_TICK, request.request_id), None) is None:
        text = f"Can't find EId with tickerId:{request.request_id}"
        return [complaint(client.world, _NOT_FOUND, text, request)]
    return ()


ANSWERS: Final[Answers] = {
    TickByTickRequest: Answer(open_tick_by_tick, farm=FarmKind.MARKET_DATA),
    CancelTickByTick: Answer(close_tick_by_tick),
}

CARDS: Final = (
    Card(
        "tick_by_tick.kinds",
        "Last, AllLast, BidAsk and MidPoint come as the numbers 1 to 4, without an opening; times are whole seconds, "
        "and the order is that of the exchange. Last leaves out what is not reported; a midpoint may be half a tick.",
        Evidence.RECORDED,
        "public recordings of 1, 3 and 4; market_data.md section 11",
    ),
    Card(
        "tick_by_tick.past",
        "With a number of ticks the stream begins with one message of historical ticks, of the kind asked for.",
        Evidence.DOCUMENTED,
        "IBKR on tick-by-tick data; market_data.md section 11",
    ),
    Card(
        "tick_by_tick.ignore_size",
        "ignoreSize leaves out quotes in which only a size has changed.",
        Evidence.DOCUMENTED,
        "IBKR on tick-by-tick data; market_data.md section 11",
    ),
    Card(
        "tick_by_tick.halt",
        "A halt is a trade of price 0 and size 0 with the flag past limit; the next one without the flag ends it.",
        Evidence.DOCUMENTED,
        "IBKR on tick-by-tick data; market_data.md section 11",
    ),
    Card(
        "tick_by_tick.limits",
        "More streams than 5 % of the lines get 10190, and so does the same instrument within 15 seconds of a "
        "client's last request for it.",
        Evidence.DOCUMENTED,
        "IBKR's table of lines; market_data.md section 11",
        note="That the second rule answers with 10190 is chosen. At least 3 as the table says. "
        "Knobs: lines, tick_by_tick_seconds.",
    ),
    Card(
        "tick_by_tick.not_offered",
        "Without a subscription, and for combinations, options and indices that are not of CME, 10189 ends the "
        "request; there are no delayed ticks.",
        Evidence.RECORDED,
        "public recordings of 10189; what is not offered is documented; market_data.md section 11",
        note="That what is not offered has the same words is chosen.",
    ),
    Card(
        "tick_by_tick.cancel",
        "A cancel is not acknowledged; one of an id that is not active gets 300.",
        Evidence.REPORTED,
        "rust-ibapi; conversations.yaml",
    ),
)
