"""The streams of ticks: one instrument, one request, from the opening burst to the cancel; and snapshots."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.market_data import MarketDataMode, MarketDataType, TickSnapshotEnd, TickType
from anytws.simulator.answers.access import MARKET_DATA, no_data
from anytws.simulator.answers.beats import Beats, shared_of
from anytws.simulator.answers.figures import Figures, Units
from anytws.simulator.answers.generic_list import Asked
from anytws.simulator.answers.generic_ticks import AT_EACH_CHANGE, AT_EACH_MINUTE, Maker, View
from anytws.simulator.answers.news import backlog, headlines, next_headline_at, tick_news
from anytws.simulator.answers.option_ticks import OptionTicks
from anytws.simulator.answers.top_ticks import AS_DELAYED, Row
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.market.words import BEAT, Quote
from anytws.simulator.universe.instrument import Instrument

SNAPSHOT: Final = "market data snapshot"
"""The kind of snapshots that wait for a value, in `Client.streams`."""
DELAY: Final = 15 * 60 * 1000
"""How old delayed data are, in milliseconds."""

_SECOND: Final = 1000
_MINUTE: Final = 60_000
_DAY: Final = 86_400_000
_PATIENCE: Final = 11_000
_T: Final = TickType
_WAITED_OPEN: Final = (SecurityType.STOCK, SecurityType.FUTURE, SecurityType.CRYPTO)


@attrs.frozen
class Source:
    """What a request for ticks gets its values from."""

    client: Client
    request_id: int
    instrument: Instrument
    is_delayed: bool
    is_frozen: bool
    """Whether the last quote of a session stays while the market is closed."""
    asked: Asked

    def mode(self, quote: Quote) -> MarketDataMode:
        """Give the kind of the data that *quote* is of."""
        if self.is_frozen and not quote.is_open:
            return MarketDataMode.DELAYED_FROZEN if self.is_delayed else MarketDataMode.FROZEN
        return MarketDataMode.DELAYED if self.is_delayed else MarketDataMode.REAL_TIME

    def ms(self, ms: int) -> int:
        """Give the beat of the market that is shown at *ms*."""
        at = ms - DELAY if self.is_delayed else ms
        return at - at % BEAT


class Ticks:
    """What there is to say of one source: its quotes, and what they make."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._market = source.client.world.market
        self._shared = shared_of(self._market)
        self._units = Units.of(source.client.world.settings, source.client.server_version)
        self.tops: Final = self._shared.tops(source.instrument, self._units, delayed=source.is_delayed)
        """The makers of the ticks of the top of the book."""
        self._figures = Figures(source.instrument, self._units)
        self._frozen: tuple[int, Quote] | None = None
        self._said: dict[TickType, Row] = {}
        numbers = source.asked.numbers
        self._quick = _makers(AT_EACH_CHANGE, numbers, delayed=source.is_delayed)
        self._slow = _makers(AT_EACH_MINUTE, numbers, delayed=False)
        self.options: Final = OptionTicks.of(source.client, source.instrument, delayed=source.is_delayed)
        """The computations of an option; None: it is none."""

    @property
    def is_slow(self) -> bool:
        """Whether something is looked at each minute."""
        return bool(self._slow)

    @property
    def is_quick(self) -> bool:
        """Whether something beside the top of the book is looked at with each change."""
        return bool(self._quick)

    def ms(self, now: float) -> int:
        """Give the time *now* in milliseconds since 1970."""
        return self._shared.ms(self._source.client.world, now)

    def next_change(self, at: int) -> int:
        """Give the first beat after *at* at which there may be anything new."""
        return self._shared.next_change(self._market, self._source.instrument, at)

    def quote(self, at: int, wobble: int = 0) -> Quote:
        """Give the quote at *at*, or the one that is frozen then."""
        source = self._source
        quote = self._shared.quote(self._market, source.instrument, at, wobble, delayed=source.is_delayed)
        if quote.is_open or not source.is_frozen:
            return quote
        session = source.instrument.hours.last_before(at // _SECOND + 1, liquid=False)
        if session is None:
            return quote
        end = session.end * _SECOND - BEAT
        if self._frozen is None or self._frozen[0] != end:
            self._frozen = end, attrs.evolve(self._market.quote(source.instrument, end), is_open=False)
        return self._frozen[1]

    def generic(self, quote: Quote, at: int, since: int, *, slow: bool) -> Iterator[Row]:
        """Give what the generic ticks are now, as far as that was not said before."""
        makers = (*self._slow, *self._quick) if slow else self._quick
        if not makers:
            return
        view = View(self._market, self._figures, quote, at, since)
        for make in makers:
            for row in make(view):
                tick_type = row[1][0]
                if self._said.get(tick_type) != row:
                    self._said[tick_type] = row
                    yield row


def _makers(table: dict[int, Maker], numbers: Sequence[int], *, delayed: bool) -> tuple[Maker, ...]:
    # Recorded: RT volume is silent in delayed mode.
    silent = (233, 375) if delayed else ()
    return tuple(table[number] for number in numbers if number in table and number not in silent)


class MarketDataStream(Stream):
    """The ticks of one instrument, what has changed at each beat; nothing where nothing has."""

    def __init__(self, source: Source, now: float | None = None) -> None:
        world = source.client.world
        now = world.now if now is None else now
        self._source = source
        self._client = source.client
        self._world = world
        self._id = source.request_id
        self._ticks = Ticks(source)
        self._beats = Beats(world)
        self._beat = self._due = self._beats.upto(now)
        self._now = world.ms(now)
        self._at = source.ms(self._now)
        self._version = world.market.version
        self._quote = self._ticks.quote(self._at, self._wobble(self._beat))
        self._minute = self._at // _MINUTE
        self._computed = self._at // _SECOND
        self._codes: Sequence[str] = ()
        self._news_to = self._news_at = self._now

    def _wobble(self, beat: int) -> int:
        return beat if self._beats.wobbles else 0

    @property
    def mode(self) -> MarketDataMode:
        """The kind of its data now."""
        return self._source.mode(self._quote)

    def opening(self) -> Iterator[ToClient]:
        """Give what there is when it begins, and note it as said."""
        source, ticks = self._source, self._ticks
        generic = [*ticks.generic(self._quote, self._at, 0, slow=True)]
        top = [] if not source.asked.top else [*ticks.tops.opening(self._quote), *ticks.tops.letters(self._quote)]
        # Recorded of a delayed stream: the generic ones are the first of all.
        rows = [*generic, *top] if source.is_delayed else [*top, *generic]
        if source.asked.top and ticks.options is not None:
            rows += ticks.options.rows(self._quote, self._at)
        yield from [make(self._id, *args) for make, args in rows]

    def open_news(self, codes: Sequence[str]) -> Iterator[ToClient]:
        """Give the headlines of the last day from the sources *codes*, and have new ones follow."""
        self._codes = codes
        for headline in backlog(self._world, self._source.instrument, codes):
            yield tick_news(headline, self._id)
        self._news_at = next_headline_at(self._world, self._source.instrument, self._news_to, codes)

    @property
    def wake_at(self) -> float:
        """The time of the next beat at which something may have changed."""
        if not self._beats.seconds:
            return math.inf
        if self._version != self._world.market.version or self._world.settings.competing_session:
            # Somebody's hand was in it.
            self._due = max(self._beat, self._beats.upto(self._world.now)) + 1
        else:
            wait = self._wait()
            if wait is None:
                return math.inf
            self._due = self._beat + self._beats.steps_to(wait)
        return self._beats.time(self._due)

    def _wait(self) -> int | None:
        """Give in how many milliseconds after the last beat something may be new; None: never."""
        source, ticks = self._source, self._ticks
        waits: list[int] = []
        if source.asked.top or ticks.is_quick:
            if self._beats.wobbles and self._quote.is_open:
                return 0
            waits.append(min(ticks.next_change(self._at) - self._at, _DAY))
        if ticks.is_slow:
            waits.append(_MINUTE - self._at % _MINUTE)
        if ticks.options is not None and source.asked.top and self._quote.is_open:
            waits.append(_SECOND - self._at % _SECOND)
        if self._codes:
            waits.append(self._news_at - self._now)
        return min(waits) if waits else None

    def wake(self) -> Iterable[ToClient]:
        """Give what has changed at the beat that is due."""
        if self._world.settings.competing_session:
            self._client.streams.pop((MARKET_DATA, self._id), None)
            return [no_data(self._client, self._source)]
        self._beat = self._due
        self._version = self._world.market.version
        self._now = self._ticks.ms(self._beats.time(self._beat))
        at = self._source.ms(self._now)
        before, quote = self._quote, self._ticks.quote(at, self._wobble(self._beat))
        since, self._at, self._quote = self._at, at, quote
        told: list[ToClient] = []
        request_id = self._id
        if self._source.is_frozen and before.is_open is not quote.is_open:
            told.append(MarketDataType(request_id, self.mode))
        if self._source.asked.top:
            told += [make(request_id, *args) for make, args in self._ticks.tops.changes(before, quote)]
        if self._ticks.is_quick or self._ticks.is_slow:
            told += self._generic(since)
        if self._ticks.options is not None and self._source.asked.top:
            told += self._computations(before)
        if self._codes and self._now >= self._news_at:
            told += self._headlines()
        return told

    def _generic(self, since: int) -> list[ToClient]:
        minute, self._minute = self._minute, self._at // _MINUTE
        rows = self._ticks.generic(self._quote, self._at, since, slow=minute != self._minute)
        return [make(self._id, *args) for make, args in rows]

    def _computations(self, before: Quote) -> list[ToClient]:
        options = self._ticks.options
        second, self._computed = self._computed, self._at // _SECOND
        if options is None or not self._quote.is_open:
            return []
        rows = options.changes(before, self._quote, self._at, model=second != self._computed)
        return [make(self._id, *args) for make, args in rows]

    def _headlines(self) -> list[ToClient]:
        begin, self._news_to = self._news_to, self._now
        found = headlines(self._world, self._source.instrument, begin, self._now, self._codes)
        self._news_at = next_headline_at(self._world, self._source.instrument, self._now, self._codes)
        return [tick_news(headline, self._id) for headline in found]

    def skip(self, now: float) -> None:
        """Pass over the beats up to *now*. What they changed is told with the next."""
        self._beat = max(self._beat, self._beats.upto(now))
        self._now = self._beats.ms(self._beat)


class SnapshotStream(Stream):
    """A snapshot that still waits for a value, or for its time to be over: 11 seconds."""

    def __init__(self, source: Source) -> None:
        world = source.client.world
        self._source = source
        self._ticks = Ticks(source)
        self._beats = Beats(world, of_market=True)
        self._end = world.at(world.ms() + _PATIENCE)
        self._beat = self._beats.upto(world.now)
        self._said: set[TickType] = set()

    @property
    def key(self) -> tuple[str, int]:
        """Where it stands in `Client.streams`."""
        return SNAPSHOT, self._source.request_id

    @property
    def is_whole(self) -> bool:
        """Whether all that is waited for has been said."""
        return all(tick_type in self._said for tick_type in self._awaited())

    def mode_at(self, ms: int) -> MarketDataMode:
        """Give the kind of its data at *ms*."""
        return self._source.mode(self._ticks.quote(self._source.ms(ms)))

    def ticks(self, ms: int) -> list[ToClient]:
        """Give what has a value at *ms* and was not said before, each type once."""
        at = self._source.ms(ms)
        quote = self._ticks.quote(at)
        rows = self._ticks.tops.snapshot(quote)
        if self._ticks.options is not None:
            rows += self._ticks.options.rows(quote, at)
        fresh = [row for row in rows if row[1][0] not in self._said]
        self._said.update(args[0] for _, args in fresh)
        return [make(self._source.request_id, *args) for make, args in fresh]

    @property
    def wake_at(self) -> float:
        """The next beat, or the end of its patience."""
        return min(self._beats.time(self._beat + 1), self._end) if self._beats.seconds else self._end

    def wake(self) -> Iterable[ToClient]:
        """Give what has come to have a value, and the end where nothing is missing, or it is time."""
        now = self.wake_at
        world = self._source.client.world
        self._beat = max(self._beat, self._beats.upto(now))
        told = self.ticks(world.ms(now))
        if self.is_whole or now >= self._end:
            self._source.client.streams.pop(self.key, None)
            told.append(TickSnapshotEnd(self._source.request_id))
        return told

    def skip(self, now: float) -> None:
        """Pass over the beats up to *now*, but not its end."""
        self._beat = max(self._beat, self._beats.upto(min(now, self._end)))

    def _awaited(self) -> Iterator[TickType]:
        kinds, security_type = self._ticks.tops.kinds, self._source.instrument.contract.security_type
        wanted = [_T.CLOSE]
        if kinds.has_quotes:
            wanted += [_T.BID, _T.ASK]
        if kinds.has_last:
            wanted.append(_T.LAST)
        if security_type in _WAITED_OPEN:
            wanted.append(_T.OPEN)
        if self._ticks.options is not None:
            wanted += [
                _T.BID_OPTION_COMPUTATION,
                _T.ASK_OPTION_COMPUTATION,
                _T.LAST_OPTION_COMPUTATION,
                _T.MODEL_OPTION,
            ]
        for tick_type in wanted:
            yield AS_DELAYED[tick_type] if self._source.is_delayed else tick_type
        if self._source.is_delayed and kinds.has_last:
            yield _T.DELAYED_LAST_TIMESTAMP


CARDS: Final = (
    Card(
        "market_data.frozen",
        "Who has asked for frozen data keeps the last quote of the session while the market is closed, and is told so "
        "by MarketDataType 2 (delayed: 4); 1 (3) comes at the next opening.",
        Evidence.DOCUMENTED,
        "IBKR on market data types; market_data.md sections 3 and 4",
    ),
    Card(
        "market_data.delayed",
        "Delayed data are those of 15 minutes before, of the same market.",
        Evidence.DOCUMENTED,
        "IBKR: 15 to 20 minutes; market_data.md section 4",
    ),
    Card(
        "market_data.snapshot_end",
        "A snapshot ends when bid, ask, last, open and close have been said, as far as the security type has them "
        "(delayed: the time of the last trade too; options: the four computations too), at the latest after 11 s.",
        Evidence.REPORTED,
        "ibx, rules of the gateway; the 11 s documented, early ends recorded; market_data.md section 5",
    ),
    Card(
        "market_data.news_seam",
        "With 292 a stream begins with the headlines of the last day, and brings each new one.",
        Evidence.RECORDED,
        "gateway 10.40 captures of mdoff,292; market_data.md section 10",
    ),
)
