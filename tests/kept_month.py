"""A month of a program that stays connected: restarts, logouts, farms and links that come and go, a hundred streams.

::

    python -m tests.kept_month              # thirty days, some minutes
    python -m tests.kept_month --days 3 --seed 7

A world in memory and a mock clock. Quotes and ticks are numbers that say when they were said (`Numbered`), so of a
stream that lacks one is known whether it has told of a gap at that time: nothing is lost in silence, nor told twice.
`tests/test_kept_month.py` does two days of it.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any, Final, TypeAlias
from unittest import mock

import anyio
import attrs
import trio
from anyio.abc import ByteStream
from trio.testing import MockClock, wait_all_tasks_blocked

import anytws
from anytws import (
    AnytwsError,
    Dropped,
    Gap,
    NotConnected,
    Notice,
    OrderRejected,
    OrderUnknown,
    Pacing,
    Reconnection,
    Resumed,
    Tws,
)
from anytws import messages as m
from anytws.machines.presence import PresenceState
from anytws.messages.base import ToClient, replace
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.answers import market_data
from anytws.simulator.answers.access import MARKET_DATA, REALTIME_BARS, TICK_BY_TICK
from anytws.simulator.client import Client, Stream
from anytws.simulator.faults import (
    AcceptAndHangUp,
    At,
    CompetingSession,
    ConnectionLost,
    CutConnection,
    Event,
    FarmDown,
    Meanwhile,
    NightlyRestart,
    Script,
    Wedged,
)
from anytws.simulator.market.models import FLAT
from anytws.simulator.settings import FarmKind, HangUp
from anytws.simulator.universe.universe import Universe, usual_universe
from tests.every_verb import NOON, RANKING, SUBSCRIPTION, bars_at
from tests.staying import staying
from tests.trading import limit, market, stock

DAY: Final = 86_400.0
HOUR: Final = 3_600.0
BEGIN: Final = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
"""A Monday, midnight in New York."""
SYMBOLS: Final = [f"T{number:03}" for number in range(100)]
LINES: Final = 800
_INSTRUMENT: Final = """
[[instrument]]
like = "us_stock"
contract_id = {id}
symbol = "{symbol}"
long_name = "A stock that is traded now and then"
price = {price}
annual_volatility = 0.3
day_volume = 60000
trades_per_minute = 1
"""


def quiet_stocks() -> Universe:
    """Give a world of stocks that are traded now and then."""
    rows = [
        _INSTRUMENT.format(id=992_000_000 + number, symbol=symbol, price=20 + number)
        for number, symbol in enumerate(SYMBOLS)
    ]
    return usual_universe().with_file("".join(rows))


def utc(seconds: float) -> datetime:
    """Give the time of the world after so many *seconds*."""
    return BEGIN + timedelta(seconds=seconds)


# --- what happens ----------------------------------------------------------------------------------------------------


def month(days: int, seed: int) -> list[Event]:
    """Give what happens in so many *days*."""
    chance = random.Random(seed)
    events: list[Event] = []

    def happens(day: int, hour: float, deed: Any) -> None:
        events.append(Event(At(day * DAY + hour * HOUR), deed))

    for day in range(days):
        # The night: torn, refused, 326 for a while, and lower ids.
        refused = chance.choice([20.0, 80.0, 200.0])
        ids = chance.choice([0, -5, 5])
        happens(day, 23.75, NightlyRestart(refused_seconds=refused, stale_seconds=30, next_ids_by=ids))
        for _ in range(3):
            kind = chance.choice([FarmKind.MARKET_DATA, FarmKind.MARKET_DATA, FarmKind.HISTORICAL])
            farm = FarmDown(farm=kind, seconds=chance.uniform(1, 40), streams_die=chance.random() < 0.3)
            happens(day, chance.uniform(0, 23), farm)
        lost = ConnectionLost(
            seconds=chance.choice([5.0, 40.0, 600.0]),
            data_lost=chance.random() < 0.5,
            requests=chance.choice(list(Meanwhile)),
            told_afterwards=chance.random() < 0.5,
        )
        happens(day, chance.uniform(0, 22), lost)
        happens(day, chance.uniform(0, 23), CutConnection(how=chance.choice(list(HangUp))))
        at = chance.uniform(0, 22)
        # A cut in the middle of an outage of the link: the new connection is told nothing of it.
        happens(day, at, ConnectionLost(seconds=90, data_lost=chance.random() < 0.5))
        happens(day, at + 0.01, CutConnection())
        if day % 7 == 3:
            happens(day, 12.5, AcceptAndHangUp(seconds=300))
            happens(day, 12.501, CutConnection())
            happens(day, 16.2, CompetingSession(seconds=60))
        if day % 7 == 6:
            happens(day, 3, NightlyRestart(refused_seconds=4 * HOUR, stale_seconds=30))
        if day == min(days - 1, 9):
            happens(day, 9.3, Wedged(seconds=1200))
    return events


# --- what TWS says ---------------------------------------------------------------------------------------------------


class Numbered(Stream):
    """Says a number every quarter of an hour: the number says when, so what is missing is known."""

    def __init__(self, client: Client, say: Callable[[int], ToClient], symbol: str) -> None:
        self._client, self._say, self._symbol = client, say, symbol
        self._next = number_at(symbol, client.world.now) + 1

    @property
    def wake_at(self) -> float:
        """The time of the next number."""
        return time_of(self._symbol, self._next)

    def wake(self) -> Iterable[ToClient]:
        """Say it."""
        self._next += 1
        return [self._say(self._next - 1)]

    def skip(self, now: float) -> None:
        """Pass over those that are past."""
        self._next = max(self._next, number_at(self._symbol, now) + 1)


PERIOD: Final = 900.0


def time_of(symbol: str, number: int) -> float:
    """Give when *number* is said."""
    return number * PERIOD + 7.3 * int(symbol[1:])


def number_at(symbol: str, now: float) -> int:
    """Give the last number by *now*."""
    return math.floor((now - time_of(symbol, 0)) / PERIOD)


def _quotes(client: Client, request: m.MarketDataRequest) -> Iterable[ToClient]:
    symbol, number = request.contract.symbol, request.request_id
    if not symbol.startswith("T"):
        return market_data.open_market_data(client, request)

    def say(value: int) -> ToClient:
        return m.TickPrice(number, m.TickType.BID, 1.0 + value, Decimal(1))

    client.streams[MARKET_DATA, number] = Numbered(client, say, symbol)
    first = number_at(symbol, client.world.now)
    return [m.MarketDataType(number, m.MarketDataMode.REAL_TIME), *([say(first)] if first >= 0 else [])]


def _ticks(client: Client, request: m.TickByTickRequest) -> Iterable[ToClient]:
    number = request.request_id

    def say(value: int) -> ToClient:
        last = m.HistoricalTickLast(BEGIN, 1.0 + value, Decimal(1), "NASDAQ")
        return m.TickByTickData(number, m.TickByTickKind.ALL_LAST, last=last)

    client.streams[TICK_BY_TICK, number] = Numbered(client, say, request.contract.symbol)
    return ()


def _bars(client: Client, request: m.RealTimeBarsRequest) -> Iterable[ToClient]:
    """Say a bar of five seconds every quarter of an hour."""
    number, symbol = request.request_id, request.contract.symbol

    def say(value: int) -> ToClient:
        begin = utc(time_of(symbol, value)).replace(microsecond=0)
        return m.RealTimeBarTick(number, begin, 1.0, 1.0, 1.0, 1.0, Decimal(1), Decimal(1), 1)

    client.streams[REALTIME_BARS, number] = Numbered(client, say, symbol)
    return ()


def _history(_: Client, request: m.HistoricalDataRequest) -> Iterable[ToClient]:
    """Say the same few bars, whatever is asked."""
    return [replace(each, request_id=request.request_id) for each in bars_at(NOON, NOON + timedelta(hours=1))]


def _scan(_: Client, request: m.ScannerSubscriptionRequest) -> Iterable[ToClient]:
    """Say one ranking, and no more: to rank a hundred stocks every half a minute takes a market too long."""
    return [replace(row, request_id=request.request_id) for row in RANKING]


def _closing(kind: str) -> Callable[[Client, Any], Iterable[ToClient]]:
    def close(client: Client, request: Any) -> Iterable[ToClient]:
        client.streams.pop((kind, request.request_id), None)
        return ()

    return close


NUMBERED: Final = {
    **ANSWERS,
    m.MarketDataRequest: Answer(_quotes, farm=FarmKind.MARKET_DATA),
    m.CancelMarketData: Answer(_closing(MARKET_DATA)),
    m.TickByTickRequest: Answer(_ticks, farm=FarmKind.MARKET_DATA),
    m.CancelTickByTick: Answer(_closing(TICK_BY_TICK)),
    m.RealTimeBarsRequest: Answer(_bars, farm=FarmKind.HISTORICAL),
    m.CancelRealTimeBars: Answer(_closing(REALTIME_BARS)),
    m.HistoricalDataRequest: Answer(_history, farm=FarmKind.HISTORICAL),
    m.CancelHistoricalData: Answer(_closing("history")),
    m.ScannerSubscriptionRequest: Answer(_scan),
    m.CancelScannerSubscription: Answer(_closing("scans")),
}


# --- when something came ---------------------------------------------------------------------------------------------


class Tapped(ByteStream):
    """A byte stream, of which is known when the last byte came."""

    def __init__(self, inner: ByteStream) -> None:
        self._inner = inner
        self.last_byte_at: float | None = None
        self.is_over = False

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        data = await self._inner.receive(max_bytes)
        self.last_byte_at = anyio.current_time()
        return data

    async def send(self, item: bytes) -> None:
        await self._inner.send(item)

    async def send_eof(self) -> None:
        await self._inner.send_eof()

    async def aclose(self) -> None:
        self.is_over = True
        await self._inner.aclose()


class Tap:
    """All connections, as the bytes of them tell."""

    def __init__(self) -> None:
        self.last: Tapped | None = None
        self.connections = 0

    def through(self, served: Any) -> Callable[[], Any]:
        """Give what opens a stream, through which we look."""

        async def connect() -> ByteStream:
            stream = await served.connect()
            self.last = Tapped(stream)
            self.connections += 1
            return self.last

        return connect


# --- who reads -------------------------------------------------------------------------------------------------------


Span: TypeAlias = tuple[datetime, datetime]


@attrs.define
class Told:
    """What one stream was told. (What is believed of orders changes in a gap too: when they are asked for.)"""

    name: str
    items: Counter[str] = attrs.Factory(Counter)
    gap: Gap | None = None
    gaps: int = 0
    reasons: Counter[str] = attrs.Factory(Counter)
    until: datetime = BEGIN
    end: str = ""
    number: int | None = None
    """The last number that came."""
    blind: list[tuple[datetime, datetime]] = attrs.Factory(list)
    """The gaps since then."""
    missing: int = 0
    """How many numbers never came, all of them in gaps."""

    def hear(self, item: Any) -> None:
        """Note what comes, and see that it may come now."""
        for mark in marks_of(item):
            if isinstance(mark, Resumed):
                self._note_resumed(mark)
            elif mark != self.gap:
                assert self.gap is None, f"{self.name}: two gaps in one: {self.gap}, {mark}"
                self.gap = mark
                self.gaps += 1
                self.reasons[mark.reason[:60]] += 1
        if not isinstance(item, (Gap, Resumed)):
            is_word = isinstance(item, (Notice, Dropped)) or self.name in ("open", "fills")
            if not is_word and not getattr(item, "gap", None):
                assert self.gap is None, f"{self.name}: told in a gap: {item}"
            self.items[type(item).__name__] += 1

    def _note_resumed(self, mark: Resumed) -> None:
        gap = self.gap
        assert gap is None or mark.gap.since <= gap.since, (self.name, mark, gap)
        assert mark.until >= mark.gap.since >= self.until - timedelta(milliseconds=1), (self.name, mark, self.until)
        assert mark.until <= utc(anyio.current_time()) + timedelta(milliseconds=1), (self.name, mark)
        self.gaps += gap is None
        self.blind.append((mark.gap.since, mark.until))
        self.gap, self.until = None, mark.until

    def count(self, number: int, away: Iterable[Span], blind: Iterable[Span] = ()) -> None:
        """Note that *number* came; each before it that did not is of a time of which we were told."""
        if self.number is not None and number == self.number and not self.name.startswith("ticks"):
            return  # TWS says the newest when it is asked again.
        assert self.number is None or number > self.number, f"{self.name}: {number} after {self.number}"
        spans = [*self.blind, *blind]
        for missed in range(number if self.number is None else self.number + 1, number):
            when = utc(time_of(self.name.split()[1], missed))
            assert any(since <= when <= until for since, until in [*spans, *away]), (
                f"{self.name}: {missed} of {when} was lost in silence; blind {spans}, away {list(away)}"
            )
            self.missing += 1
        self.number = number
        self.blind.clear()


def marks_of(item: Any) -> list[Gap | Resumed]:
    """Give what *item* tells of outages, in its order."""
    if isinstance(item, (Gap, Resumed)):
        return [item]
    return [mark for mark in (getattr(item, "resumed", None), getattr(item, "gap", None)) if mark is not None]


class Program:
    """A program with a hundred streams, and some orders that live for days."""

    def __init__(self, tws: Tws, tap: Tap, world: World, chance: random.Random, watched: int, raw: int) -> None:
        self.tws: Final = tws
        self.tap: Final = tap
        self.world: Final = world
        self.told: dict[str, Told] = {}
        self.placed: Counter[str] = Counter()
        self.away: list[tuple[datetime, datetime]] = []
        """When farms were away."""
        self.seen: dict[str, datetime] = {}
        """When each of those that are watched was seen last."""
        self.highest = 0
        self._chance = chance
        self._watched, self._raw = watched, raw

    def streams(self) -> Iterator[tuple[str, Any]]:
        """Give every stream but the watch, with its name."""
        tws, data = self.tws, self.tws.market_data
        for symbol in SYMBOLS[: self._raw]:
            yield f"raw {symbol}", data.raw(stock(symbol), "233")
        for symbol, kind in zip(SYMBOLS[50:55], ("AllLast", "Last", "AllLast", "AllLast", "Last"), strict=True):
            yield f"ticks {symbol}", data.ticks(stock(symbol), kind)
        for symbol in SYMBOLS[60:63]:
            yield f"depth {symbol}", data.depth(stock(symbol))
        for symbol in SYMBOLS[70:73]:
            yield f"bars {symbol}", data.bars(stock(symbol))
        for symbol in SYMBOLS[73:76]:
            yield f"updating {symbol}", tws.historical.updating_bars(stock(symbol), "1 D", "1 hour")
        accounts = tws.accounts
        yield "positions", accounts.follow_positions()
        yield "summary", accounts.follow_summary()
        yield "values", accounts.follow_values()
        yield "pnl", accounts.follow_pnl()
        yield "scan", tws.scanner.follow_scan(SUBSCRIPTION)
        yield "bulletins", tws.news.follow_bulletins()
        yield "group", tws.display_groups.follow(1)
        yield "open", tws.orders.follow_open()
        yield "fills", tws.orders.follow_executions()
        yield "headlines", tws.news.follow_headlines(stock(SYMBOLS[80]))
        yield "quotes", tws.market_data.quotes(stock(SYMBOLS[81]))

    async def read(self, name: str, block: Any) -> None:
        """Read a stream for as long as it lasts."""
        told = self.told[name] = Told(name)
        try:
            async with block as stream:
                async for item in stream:
                    told.hear(item)
                    if isinstance(item, (m.TickPrice, m.HistoricalTickLast)):
                        told.count(round(item.price) - 1, self.away)
        except AnytwsError as problem:
            told.end = f"{utc(anyio.current_time())}: {problem}"

    async def watch(self) -> None:
        """Read the quotes of many."""
        everything = self.told["watch"] = Told("watch")
        each = {symbol: Told(f"watch {symbol}") for symbol in SYMBOLS[: self._watched]}
        self.told.update({f"watch {symbol}": told for symbol, told in each.items()})
        async with self.tws.market_data.watch([stock(symbol) for symbol in each]) as watch:
            async for contract, item in watch:
                if contract is None:
                    everything.hear(item)
                    continue
                assert everything.gap is None, f"a quote in the gap of all: {contract} {item}"
                told = each[contract.symbol]
                told.hear(item)
                if isinstance(item, anytws.Quote) and item.bid is not None:
                    # Each is seen again with its own first quote.
                    now = utc(anyio.current_time())
                    before = self.seen.get(contract.symbol, BEGIN)
                    blind = [(since, now) for since, until in everything.blind if until > before]
                    told.count(round(item.bid) - 1, self.away, blind)
                    self.seen[contract.symbol] = now

    async def follow_health(self) -> None:
        """Note when farms are away: nobody says so in a stream."""
        since: datetime | None = None
        async with self.tws.health.changes() as changes:
            async for health in changes:
                is_away = bool(health.broken()) and health.closed is None
                now = utc(anyio.current_time())
                if is_away and since is None:
                    since = now
                elif not is_away and since is not None:
                    self.away.append((since, now))
                    del self.away[:-20]
                    since = None

    async def trade(self) -> None:
        """Place an order now and then: some are filled, some are cancelled, some stay for good."""
        number = 0
        while True:
            number += 1
            kind = ("market", "stays", "cancelled")[number % 3]
            order = market(quantity=1) if kind == "market" else limit(1.0, quantity=1, time_in_force=m.TimeInForce.GTC)
            try:
                trade = await self.tws.orders.place(stock(SYMBOLS[0]), order, ref=f"{kind}-{number}", timeout=60)
                if trade.order_id is not None:
                    assert trade.order_id > self.highest, "an id that was used before"
                    self.highest = trade.order_id
                self.placed[kind] += 1
                if kind == "cancelled":
                    await trade.cancel()
            except (NotConnected, OrderUnknown, OrderRejected) as problem:
                self.placed[type(problem).__name__] += 1
            await anyio.sleep(self._chance.uniform(2, 6) * HOUR)

    async def look(self) -> None:
        """See, at odd moments, that we are where we say we are, and that no price is an old one."""
        while True:
            await anyio.sleep(self._chance.uniform(100, 1500))
            await wait_all_tasks_blocked()
            presence, now = self.tws.presence.now, utc(anyio.current_time())
            last = self.tap.last
            assert last is not None, "it was connected once"
            if presence.is_here:
                assert not last.is_over, presence
            elif presence.state is PresenceState.WAITING:
                assert last.is_over, f"it waits, and a stream is open: {presence}"
            if presence.next_attempt_at is not None:
                assert presence.next_attempt_at >= now - timedelta(milliseconds=1), presence
            assert (presence.gap is None) == (presence.state is PresenceState.PRESENT), presence
            if not presence.is_here:
                self._look_while_away(presence.gap)

    def _look_while_away(self, gap: Gap | None) -> None:
        assert gap is not None, "we are away"
        for told in self.told.values():
            # Pictures that were never whole, and the quotes of a watch, which have one gap together, tell it otherwise.
            is_told = told.gap is not None or not told.items or told.name.startswith("watch ")
            assert is_told or told.end, told


# --- how much is kept ------------------------------------------------------------------------------------------------


def objects() -> Counter[str]:
    """Count what there is of the client's own, by type. (Messages and cores the simulated TWS has as well.)"""
    gc.collect()
    kinds = [type(each) for each in gc.get_objects()]
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in kinds]
    ours = ("anytws.client.", "anytws.machines.", "anytws.runtime.")
    return Counter([name for name in names if name.startswith(ours)])


def memory() -> int:
    """Give the bytes that were allocated by the client's own files, and are still there."""
    if not tracemalloc.is_tracing():
        return 0
    gc.collect()
    ours = tracemalloc.Filter(True, "*/src/anytws/*")
    theirs = tracemalloc.Filter(False, "*/src/anytws/simulator/*")
    shot = tracemalloc.take_snapshot().filter_traces((ours, theirs))
    return sum(each.size for each in shot.statistics("filename"))


@attrs.frozen
class Sample:
    """How much is kept at one moment."""

    day: int
    objects: Counter[str]
    bytes: int


@attrs.define
class Month:
    """What came of it."""

    days: int
    seconds: float = 0.0
    told: dict[str, Told] = attrs.Factory(dict)
    samples: list[Sample] = attrs.Factory(list)
    placed: Counter[str] = attrs.Factory(Counter)
    gaps: int = 0
    missing: int = 0
    connections: int = 0
    differences: list[str] = attrs.Factory(list)
    left_after: float = 0.0
    live: int = 0

    def lines(self) -> list[str]:
        """Tell it, for people."""
        first, last = self.samples[0], self.samples[-1]
        grown = {
            name: (first.objects[name], count)
            for name, count in last.objects.items()
            if count > first.objects[name] + 20
        }
        items = sum([told.items.total() for told in self.told.values()])
        reasons = sum([told.reasons for told in self.told.values()], Counter[str]())
        told = sum([told.gaps for told in self.told.values()])
        return [
            f"{self.days} days in {self.seconds:.0f} s: {len(self.told)} streams, {self.connections} attempts",
            f"the connection was lost {self.gaps} times",
            f"{items} items were given, {self.missing} numbers never came, all of them in gaps",
            f"{len(self.differences)} differences",
            f"gaps told: {told}, by reason {dict(reasons.most_common())}",
            f"orders: {dict(self.placed)}, {self.live} live at the end",
            f"objects of the client at day {first.day}: {first.objects.total()}, at {last.day}: {last.objects.total()}",
            f"bytes of the client at day {first.day}: {first.bytes}, at day {last.day}: {last.bytes}",
            f"types of which there are 20 more than then: {grown}",
            f"left within {self.left_after:.3f} s",
        ]


async def live_through(
    days: int,
    seed: int,
    *,
    watched: int = 50,
    raw: int = 20,
    looks: Iterable[int] = (),
    liveness: float = 30.0,
    without: Collection[str] = (),
) -> Month:
    """Live through so many *days*, *without* some of the streams. Raises what is wrong."""
    chance = random.Random(seed)
    version = (176, 226)[seed % 2]
    settings = WorldSettings(
        starts_at=BEGIN, lines=LINES, tick_seconds=600.0, server_version=version, memory=20, price_model=FLAT
    )
    world = World(settings, answers=NUMBERED, universe=quiet_stocks(), script=Script(month(days, seed)))
    tap, result = Tap(), Month(days)
    began = perf_counter()
    policy = Reconnection(id_wait=1e9)
    pacing = Pacing(lines=LINES)
    async with staying(world, through=tap.through, policy=policy, pacing=pacing, liveness=liveness) as tws:
        program = Program(tws, tap, world, chance, watched, raw)
        async with anyio.create_task_group() as tasks:
            for name, block in program.streams():
                if name.split()[0] not in without:
                    tasks.start_soon(program.read, name, block)
            for work in (program.watch, program.follow_health, program.trade, program.look):
                tasks.start_soon(work)
            for day in sorted({*looks, days}):
                await anyio.sleep(day * DAY + 1800 - anyio.current_time())
                result.samples.append(Sample(day, objects(), memory()))
            await tws.presence.until(lambda presence: presence.state is PresenceState.PRESENT, timeout=HOUR)
            await anyio.sleep(300)
            tasks.cancel_scope.cancel()
        picture = await tws.orders.reconcile()
        check(program, world, result)
        result.live = len(picture.open)
        result.gaps = tws.presence.now.gaps
        left_at = anyio.current_time()
    result.left_after = anyio.current_time() - left_at
    result.seconds = perf_counter() - began
    return result


def check(program: Program, world: World, result: Month) -> None:
    """Hold what each stream was told against what came over the wire."""
    result.told, result.placed, result.connections = program.told, program.placed, program.tap.connections
    result.missing = sum([told.missing for told in program.told.values()])
    for told in program.told.values():
        if told.end or told.gap is not None:
            result.differences.append(f"{told.name} is over or in a gap: {told.end} {told.gap}")
        if told.name.split()[0] in ("raw", "ticks") or told.name.startswith("watch "):
            newest = number_at(told.name.split()[1], anyio.current_time())
            if told.number != newest:
                result.differences.append(f"{told.name}: the last is {told.number}, and should be {newest}")


def run(days: int, seed: int, **options: Any) -> Month:
    """Live through a month with a mock clock, on a machine whose clock is that of the world."""
    with same_clock():
        return trio.run(lambda: live_through(days, seed, **options), clock=MockClock(autojump_threshold=0))


@contextmanager
def same_clock() -> Iterator[None]:
    """Let the program's machine have the time of the world."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("anytws.client.keeper.wall_offset", BEGIN.timestamp))
        yield


def main() -> None:
    """Run it, and tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="count bytes too: three times as slow")
    options = parser.parse_args()
    if options.trace:
        tracemalloc.start()
    result = run(options.days, options.seed, looks=[min(3, options.days)])
    sys.stdout.write("\n".join([*result.lines(), *result.differences]) + "\n")


if __name__ == "__main__":
    main()
