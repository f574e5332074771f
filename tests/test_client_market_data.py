"""`tws.market_data`: every verb against the simulated TWS, as text and as protobuf, and every refusal."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest

from anytws import (
    ConnectionClosed,
    DataLost,
    DecodeError,
    Notice,
    OddValue,
    RequestFailed,
    RequestTimedOut,
    Reset,
    SlowConsumer,
    Tws,
)
from anytws.arrow.records import Records
from anytws.client.market_data import MOST_PAST_TICKS, MarketData
from anytws.machines.bars import Bar
from anytws.machines.book import Book
from anytws.machines.quotes import Quote
from anytws.messages import (
    CancelMarketData,
    CancelMarketDepth,
    Contract,
    ErrorMessage,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    MarketDepth,
    MarketDepthData,
    MarketDepthOperation,
    MarketDepthRequest,
    MarketDepthSide,
    Option,
    RealTimeBarsRequest,
    RealTimeBarTick,
    RealTimeWhatToShow,
    RerouteMarketDataRequest,
    RerouteMarketDepthRequest,
    Right,
    SecurityType,
    Stock,
    TickByTickData,
    TickByTickKind,
    TickByTickRequest,
    TickByTickType,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.settings import EPOCH
from anytws.wire.frames import frame
from tests.in_memory import PATIENCE, Script, connected, next_of
from tests.misbehaving_tws import until

START: Final = EPOCH + timedelta(minutes=20)
VERSIONS: Final = (176, 226)
APPLE: Final = Stock("AAPL")
CFD: Final = Contract(symbol="IBM", security_type=SecurityType.CFD, exchange="SMART", currency="USD")
BID: Final = TickPrice(0, TickType.BID, 10.5, Decimal(3))
MANY: Final = 12_000


def world_at(version: int = 226, **settings: Any) -> World:
    return World(WorldSettings(server_version=version, starts_at=START, tick_seconds=0.002, seed=3, **settings))


async def first(stream: AbstractAsyncContextManager[Any], wanted: Callable[[Any], bool] = lambda _: True) -> Any:
    """Give the first item of *stream* that is *wanted*."""
    async with stream as items:
        while True:
            item = await next_of(items)
            if wanted(item):
                return item


def failing(stream: AbstractAsyncContextManager[Any]) -> Any:
    """Read *stream* until it raises."""
    return first(stream, lambda _: False)


def has_all(quote: Quote) -> bool:
    return None not in (quote.bid, quote.ask, quote.last, quote.close)


# Quotes


@pytest.mark.parametrize("version", VERSIONS)
async def test_quotes(version: int) -> None:
    world = world_at(version)
    async with connected(world) as tws:
        quote = await first(tws.market_data.quotes(APPLE, [233, "236"]), has_all)
        assert isinstance(quote, Quote)
        assert quote.bid is not None
        assert quote.ask is not None
        assert quote.mode is MarketDataMode.REAL_TIME
        assert quote.bid < quote.ask
        assert quote.mid == pytest.approx((quote.bid + quote.ask) / 2)
        assert quote.generic.shortable is not None
        assert quote.parameters is not None
        assert quote.received_at is not None
        await until(lambda: any(isinstance(heard.message, CancelMarketData) for heard in world.heard))
        heard = [heard.message for heard in world.heard if isinstance(heard.message, MarketDataRequest)]
        assert heard[0].generic_tick_list == "233,236"


@pytest.mark.parametrize("version", VERSIONS)
async def test_delayed_quotes_say_that_they_are(version: int) -> None:
    async with connected(world_at(version, market_data_subscribed=False)) as tws:
        await tws.market_data.mode(MarketDataMode.DELAYED)
        remarked: list[int] = []

        def is_whole(quote: Quote) -> bool:
            remarked.extend([notice.code for notice in quote.notices if isinstance(notice, Notice)])
            return has_all(quote)

        quote = await first(tws.market_data.quotes(APPLE), is_whole)
        assert (quote.mode, quote.is_delayed, quote.not_of_mode) == (MarketDataMode.DELAYED, True, ())
        assert remarked == [10167]


async def test_frozen_quotes_say_that_they_are() -> None:
    night = EPOCH + timedelta(hours=12)
    world = World(WorldSettings(starts_at=night, tick_seconds=0.002))
    async with connected(world) as tws:
        await tws.market_data.mode(MarketDataMode.FROZEN)
        quote = await first(tws.market_data.quotes(APPLE), lambda quote: quote.close is not None)
        assert (quote.mode, quote.is_delayed) == (MarketDataMode.FROZEN, False)


@pytest.mark.parametrize("code", [354, 200, 101, 10168, 10186, 10197])
async def test_what_is_refused_raises_at_the_first_item(code: int) -> None:
    script = Script({MarketDataRequest: [ErrorMessage(0, code, "so TWS says")]})
    async with connected(script.world) as tws:
        with pytest.raises(RequestFailed) as caught:
            await failing(tws.market_data.quotes(APPLE))
        assert caught.value.code == code
        with pytest.raises(RequestFailed):
            await tws.market_data.snapshot(APPLE)


@pytest.mark.virtual_time
async def test_10089_is_waited_out_for_delayed_data() -> None:
    refusal = ErrorMessage(0, 10089, "Requested market data requires additional subscription for API.")
    script = Script({MarketDataRequest: [refusal]})
    async with connected(script.world) as tws:
        async with tws.market_data.quotes(APPLE) as quotes:
            assert [notice.code for notice in (await anext(quotes)).notices] == [10089]  # type: ignore[union-attr]
            with pytest.raises(RequestFailed) as caught:
                await anext(quotes)
        assert caught.value.code == 10089
        async with tws.market_data.quotes(APPLE) as quotes:
            await anext(quotes)
            script.say(TickPrice(0, TickType.DELAYED_BID, 10.5, Decimal(3)))
            assert (await anext(quotes)).bid == 10.5
            with anyio.move_on_after(60) as patience:
                await anext(quotes)
            assert patience.cancelled_caught


@pytest.mark.parametrize("code", [10090, 10091, 10167, 2129])
async def test_a_remark_is_in_the_quote_and_no_end(code: int) -> None:
    script = Script({MarketDataRequest: [ErrorMessage(0, code, "so TWS says"), BID]})
    async with connected(script.world) as tws:
        quote = await first(tws.market_data.quotes(APPLE), lambda quote: quote.bid is not None)
        assert [notice.code for notice in quote.notices] == [code]


async def test_what_cannot_be_read_is_told() -> None:
    """A value is told in the quote; a frame of which nobody knows what it is about ends it, and is cancelled."""
    script = Script({MarketDataRequest: [BID]}, server_version=176)
    async with connected(script.world) as tws, tws.market_data.quotes(APPLE) as quotes:
        await next_of(quotes)
        number = getattr(script.asked[0], "request_id", None)
        link = script.world.links[-1]
        link.say_bytes(frame(b"1\x006\x00%d\x001\x00ten\x003\x000\x00" % number))
        quote = await next_of(quotes)
        assert (quote.bid, quote.bid_size) == (None, 3)
        assert [(notice.field, notice.seen) for notice in quote.notices if isinstance(notice, OddValue)] == [
            ("price", "'ten'")
        ]
        link.say_bytes(frame(b"1\x006\x00%d\x00bid\x0010\x003\x000\x00" % number))
        with pytest.raises(DecodeError):
            await next_of(quotes)
        await until(lambda: any(isinstance(heard.message, CancelMarketData) for heard in script.world.heard))


async def test_what_comes_late_twice_or_under_another_id_changes_nothing() -> None:
    script = Script({MarketDataRequest: [BID, BID]})
    async with connected(script.world) as tws:
        async with tws.market_data.quotes(APPLE) as quotes:
            assert (await next_of(quotes)).bid == 10.5
            number: int = getattr(script.asked[0], "request_id", 0)
            link = script.world.links[-1]
            for message in (
                TickPrice(number + 5, TickType.BID, 1, None),
                TickPrice(3, TickType.ASK, 1, None),
                TickSnapshotEnd(number),
            ):
                link.say(message)
            script.say(TickPrice(0, TickType.ASK, 11, Decimal(1)))
            quote = await next_of(quotes)
            while quote.ask is None:
                quote = await next_of(quotes)
            assert (quote.bid, quote.ask) == (10.5, 11)
        script.say(*[TickPrice(0, TickType.BID, 12, Decimal(1))] * 3)
        async with tws.market_data.quotes(APPLE) as quotes:
            assert (await next_of(quotes)).bid == 10.5


async def test_lost_data_ends_the_quotes_after_the_last_word() -> None:
    script = Script({MarketDataRequest: [BID]})
    async with connected(script.world) as tws, tws.market_data.quotes(APPLE) as quotes:
        assert (await next_of(quotes)).bid == 10.5
        script.say(TickPrice(0, TickType.BID, 11, Decimal(3)), ErrorMessage(None, 1101, "restored, data lost"))
        assert (await next_of(quotes)).bid == 11
        with pytest.raises(DataLost):
            await next_of(quotes)


async def test_the_end_of_the_connection_ends_them() -> None:
    script = Script({MarketDataRequest: [BID]})
    with pytest.raises(ConnectionClosed):
        async with connected(script.world) as tws, tws.market_data.quotes(APPLE) as quotes:
            await next_of(quotes)
            script.world.die()
            await next_of(quotes)


async def test_a_slow_reader_gets_the_newest_and_nothing_grows() -> None:
    script = Script({MarketDataRequest: [BID]})
    async with connected(script.world) as tws, tws.market_data.quotes(APPLE) as quotes:
        await next_of(quotes)
        for part in range(10):
            script.say(*[TickPrice(0, TickType.BID, part * MANY + cent, Decimal(3)) for cent in range(MANY // 10)])
            await anyio.lowlevel.checkpoint()
        script.say(TickPrice(0, TickType.BID, 77.0, Decimal(3)))
        await until(lambda: quotes.statistics().received + tws.statistics().overtaken == MANY + 2)
        assert quotes.statistics().waiting == 1
        assert (await next_of(quotes)).bid == 77.0


async def test_a_reader_is_woken_and_can_be_cancelled() -> None:
    script = Script({MarketDataRequest: [BID]})
    async with connected(script.world) as tws, tws.market_data.quotes(APPLE) as quotes:
        await next_of(quotes)
        with anyio.move_on_after(0.01) as patience:
            await anext(quotes)
        assert patience.cancelled_caught
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(next_of, quotes)
            await anyio.wait_all_tasks_blocked()
            script.say(TickPrice(0, TickType.BID, 11, Decimal(3)))
    assert tws.statistics().open_conversations == 0


async def test_batches_of_quotes_hold_one() -> None:
    script = Script({MarketDataRequest: [BID, TickPrice(0, TickType.BID, 12, Decimal(3))]})
    async with connected(script.world) as tws, tws.market_data.quotes(APPLE) as quotes:
        batch = await next_of(quotes.batches())
        assert batch[-1].bid in (10.5, 12)
        assert len(batch) == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_quotes_of_a_cfd_are_those_of_its_underlying(version: int) -> None:
    world = world_at(version)
    share = next(each for each in world.universe.instruments if each.reroutes_to)
    cfd = Contract(contract_id=share.contract_id, exchange="SMART")
    async with connected(world) as tws:
        quote = await first(tws.market_data.quotes(cfd), has_all)
        assert quote.rerouted is not None
        again = await tws.market_data.snapshot(cfd)
        assert has_all(again)
        assert again.rerouted is not None
        assert again.rerouted.contract_id == quote.rerouted.contract_id
        book = await first(tws.market_data.depth(cfd, 2), lambda book: book.bids)
        assert book.rerouted is not None


async def test_who_is_sent_on_twice_comes_to_the_end() -> None:
    script = Script({MarketDataRequest: [RerouteMarketDataRequest(0, 7, "SMART")]})
    async with connected(script.world) as tws:
        async with tws.market_data.quotes(CFD) as quotes:
            with anyio.fail_after(PATIENCE):
                told = [quote async for quote in quotes]
        assert len(script.asked) == 2
        assert all(not quote.has_data for quote in told)


async def test_a_timeout_is_for_the_first_data() -> None:
    script = Script({MarketDataRequest: []})
    async with connected(script.world) as tws:
        with pytest.raises(RequestTimedOut):
            await failing(tws.market_data.quotes(APPLE, timeout=0.01))
        with pytest.raises(RequestTimedOut):
            await tws.market_data.snapshot(APPLE, timeout=0.01)


# Snapshots


@pytest.mark.parametrize("version", VERSIONS)
async def test_snapshots(version: int) -> None:
    async with connected(world_at(version)) as tws:
        quote = await tws.market_data.snapshot(APPLE)
        assert has_all(quote)
        wanted = [APPLE, Stock("NOPE"), Stock("MSFT")]
        found = await tws.market_data.snapshots(wanted, at_once=2)
        assert [each.contract for each in found] == wanted
        assert isinstance(found[1].item, RequestFailed)
        assert found[1].item.code == 200
        assert all(isinstance(found[place].item, Quote) for place in (0, 2))
        assert await tws.market_data.snapshots([]) == ()
        # Whoever hands them to polars gets columns, and not one column of objects.
        assert isinstance(found, Records)


async def test_a_snapshot_of_nothing_says_so() -> None:
    script = Script({MarketDataRequest: [MarketDataType(0, MarketDataMode.REAL_TIME), TickSnapshotEnd(0)]})
    async with connected(script.world) as tws:
        quote = await tws.market_data.snapshot(APPLE)
        assert (quote.has_data, quote.mode) == (False, MarketDataMode.REAL_TIME)


async def test_a_regulatory_snapshot_is_asked_for_by_name() -> None:
    tick = TickString(0, TickType.LAST_REG_TIME, "1767623400000")
    script = Script({MarketDataRequest: [BID, tick, TickSnapshotEnd(0)]})
    async with connected(script.world) as tws:
        quote = await tws.market_data.snapshot(APPLE, pay_for_regulatory=True)
        assert quote.generic.last_regulatory_time == EPOCH
        await tws.market_data.snapshot(APPLE)
        paid = [(request.snapshot, request.regulatory_snapshot) for request in script.asked]  # type: ignore[attr-defined]
        assert paid == [(False, True), (True, False)]


async def test_snapshots_that_are_left_leave_nothing_behind() -> None:
    script = Script({MarketDataRequest: []})
    async with connected(script.world) as tws:
        async with anyio.create_task_group() as tasks:

            async def ask() -> None:
                await tws.market_data.snapshots([APPLE, Stock("MSFT"), Stock("IBM")], at_once=2)

            tasks.start_soon(ask)
            await until(lambda: len(script.asked) == 2)
            tasks.cancel_scope.cancel()
        await until(lambda: tws.statistics().open_conversations == 0)


async def test_the_end_of_the_connection_is_that_of_all_snapshots() -> None:
    script = Script({MarketDataRequest: []})
    with pytest.raises(ConnectionClosed):
        async with connected(script.world) as tws, anyio.create_task_group() as tasks:

            async def die() -> None:
                await until(lambda: len(script.asked) == 2)
                script.world.die()

            tasks.start_soon(die)
            await tws.market_data.snapshots([APPLE, Stock("MSFT")])


# Messages, ticks, bars


@pytest.mark.parametrize("version", VERSIONS)
async def test_raw_messages_ticks_and_bars(version: int) -> None:
    async with connected(world_at(version, tick_by_tick_seconds=0.0)) as tws:
        data = tws.market_data
        assert isinstance(await first(data.raw(APPLE), lambda item: isinstance(item, TickReqParams)), TickReqParams)
        async with data.ticks(APPLE, past=5) as ticks:
            past = [await next_of(ticks) for _ in range(5)]
            assert all(isinstance(tick, HistoricalTickLast) for tick in past)
            assert [tick.time for tick in past] == sorted(tick.time for tick in past)
        quote = await first(data.ticks(Stock("MSFT"), TickByTickType.BID_ASK, ignore_size=True))
        assert isinstance(quote, HistoricalTickBidAsk)


async def test_bars_say_begin_and_end() -> None:
    tick = RealTimeBarTick(0, EPOCH, 1, 3, 0.5, 2, Decimal(7), Decimal("1.5"), 4)
    script = Script({RealTimeBarsRequest: [tick]})
    async with connected(script.world) as tws:
        bar = await first(tws.market_data.bars(APPLE, RealTimeWhatToShow.MIDPOINT, regular_hours=True))
        assert isinstance(bar, Bar)
        assert (bar.begin, bar.end, bar.close) == (EPOCH, EPOCH + timedelta(seconds=5), 2)
        (request,) = script.asked
        assert isinstance(request, RealTimeBarsRequest)
        assert (request.bar_size, request.what_to_show, request.use_rth) == (5, RealTimeWhatToShow.MIDPOINT, True)


@pytest.mark.parametrize(
    "kind, open_, code",
    [
        (TickByTickRequest, lambda data: data.ticks(APPLE), 10189),
        (TickByTickRequest, lambda data: data.ticks(APPLE), 10190),
        (RealTimeBarsRequest, lambda data: data.bars(APPLE), 420),
        (RealTimeBarsRequest, lambda data: data.bars(APPLE), 10225),
        (MarketDepthRequest, lambda data: data.depth(APPLE), 309),
        (MarketDepthRequest, lambda data: data.depth(APPLE), 10092),
        (MarketDepthRequest, lambda data: data.depth(APPLE), 316),
    ],
)  # fmt: skip
async def test_refusals_of_the_others(kind: Any, open_: Callable[[MarketData], Any], code: int) -> None:
    script = Script({kind: [ErrorMessage(0, code, "so TWS says")]})
    async with connected(script.world) as tws:
        with pytest.raises(RequestFailed) as caught:
            await failing(open_(tws.market_data))
        assert caught.value.code == code


async def test_a_slow_reader_of_ticks_is_told_so() -> None:
    tick = TickByTickData(0, TickByTickKind.LAST, last=HistoricalTickLast(EPOCH, 1.0, Decimal(1)))
    script = Script({TickByTickRequest: [tick]})
    async with connected(script.world) as tws, tws.market_data.ticks(APPLE, capacity=50) as ticks:
        await next_of(ticks)
        script.say(*[tick] * 100)
        await until(lambda: ticks.is_finished)
        with pytest.raises(SlowConsumer):
            await next_of(ticks)


# The book


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("smart", [True, False])
async def test_books(version: int, smart: bool) -> None:
    """That they are those of the market at each instant is tried in test_book.py, without a connection."""
    world = world_at(version)
    async with connected(world) as tws:
        async with tws.market_data.depth(APPLE if smart else Stock("AAPL", "IEX"), 4) as books:
            for _ in range(2):
                book = await next_of(books)
                assert isinstance(book, Book)
                assert book.is_consistent
                assert len(book.bids) == len(book.asks) == 4
                assert all(bool(row.market_maker) is smart for row in (*book.bids, *book.asks))
        await until(lambda: any(isinstance(heard.message, CancelMarketDepth) for heard in world.heard))


async def test_a_reset_and_a_slow_reader_of_a_book() -> None:
    def row(place: int, price: float) -> MarketDepth:
        data = MarketDepthData(place, MarketDepthOperation.INSERT, MarketDepthSide.BID, price, Decimal(1))
        return MarketDepth(0, data)

    script = Script({MarketDepthRequest: [row(0, 10), row(1, 9)]})
    async with connected(script.world) as tws, tws.market_data.depth(Stock("AAPL", "IEX"), 5) as books:
        book = await next_of(books)
        script.say(*[row(0, 11 + place) for place in range(100)], ErrorMessage(0, 317, "has been RESET"), row(0, 5))
        await until(lambda: books.statistics().received == 104)
        assert books.statistics().waiting == 1
        book = await next_of(books)
        assert ([each.price for each in book.bids], book.is_consistent) == ([5], True)
        assert [type(notice) for notice in book.notices] == [Reset]


async def test_depth_of_smart_is_smart_unless_said_otherwise() -> None:
    script = Script({MarketDepthRequest: [RerouteMarketDepthRequest(0, 7, "IEX")]})
    async with connected(script.world) as tws:
        for contract, smart, said in ((APPLE, None, True), (Stock("AAPL", "IEX"), None, False), (APPLE, False, False)):
            script.asked.clear()
            async with tws.market_data.depth(contract, smart=smart) as books:
                await next_of(books)
            request = script.asked[0]
            assert isinstance(request, MarketDepthRequest)
            assert request.is_smart_depth is said


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_exchanges_with_a_book(version: int) -> None:
    async with connected(world_at(version)) as tws:
        assert any(row.exchange == "IEX" for row in await tws.market_data.depth_exchanges())


# Computations


@pytest.mark.parametrize("version", VERSIONS)
async def test_computations_of_options(version: int) -> None:
    world = world_at(version)
    option = Option("AAPL", "20260116", 330, Right.CALL)
    async with connected(world) as tws:
        priced = await tws.market_data.option_price(option, 0.3, 333.0)
        assert isinstance(priced, TickOptionComputation)
        assert priced.option_price is not None
        implied = await tws.market_data.implied_volatility(option, priced.option_price, 333.0)
        assert implied.implied_volatility == pytest.approx(0.3, abs=0.01)
        with pytest.raises(RequestFailed):
            await tws.market_data.option_price(APPLE, 0.3, 333.0)


# What is wrong at the call


async def wrong_calls(tws: Tws) -> list[tuple[type[Exception], Callable[[], Any]]]:
    data: Any = tws.market_data
    return [
        (TypeError, lambda: data.quotes("AAPL")), (TypeError, lambda: data.quotes(APPLE, b"233")),
        (TypeError, lambda: data.watch([None])), (ValueError, lambda: data.ticks(APPLE, past=MOST_PAST_TICKS + 1)),
        (ValueError, lambda: data.ticks(APPLE, past=-1)), (TypeError, lambda: data.ticks(APPLE, ignore_size=1)),
        (TypeError, lambda: data.bars(APPLE, regular_hours="no")), (ValueError, lambda: data.depth(APPLE, 0)),
        (TypeError, lambda: data.depth(APPLE, smart=1)), (TypeError, lambda: data.ticks(APPLE, 3)),
        (TypeError, lambda: data.bars(APPLE, None)), (ValueError, lambda: data.quotes(APPLE, timeout=math.nan)),
    ]  # fmt: skip


async def test_what_is_wrong_is_told_at_the_call() -> None:
    async with connected() as tws:
        for kind, call in await wrong_calls(tws):
            with pytest.raises(kind):
                call()
        data: Any = tws.market_data
        for kind, ask in (
            (ValueError, lambda: data.mode(MarketDataMode(9))), (TypeError, lambda: data.mode("delayed")),
            (TypeError, lambda: data.snapshot(APPLE, pay_for_regulatory=1)),
            (ValueError, lambda: data.snapshots([APPLE], at_once=0)), (TypeError, lambda: data.snapshots([None])),
        ):  # fmt: skip
            with pytest.raises(kind):
                await ask()
        with pytest.raises(TypeError, match=r"has to be a MarketDataMode, such as MarketDataMode\.DELAYED"):
            await data.mode(3)


async def test_a_single_contract_is_refused_where_several_are_wanted() -> None:
    """What people write first: it says so, and nothing of how the verb is made."""
    async with connected() as tws:
        data: Any = tws.market_data
        contracts: Any = tws.contracts
        with pytest.raises(TypeError, match=r"contracts is .*, and has to be several of them"):
            data.watch(APPLE)
        for ask in (lambda: data.snapshots(APPLE), lambda: contracts.resolve_all(APPLE), lambda: data.snapshots("IBM")):
            with pytest.raises(TypeError, match=r"contracts is .*, and has to be several of them"):
                await ask()
