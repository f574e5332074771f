"""The documented usage, as the type checkers see it. It is checked by `python3 dev.py types` and never run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import assert_type

import anytws
from anytws.client.display_groups import ShownGroup
from anytws.client.watch import Watch
from anytws.core import CloseReason, Connection, ConnectionClosed, Event, Notice, OddValue, Side, State
from anytws.machines import MailboxStatistics, SessionStatistics
from anytws.machines.accounts import Holdings
from anytws.machines.bars import Bar
from anytws.machines.download import Bars, NoData, Progress, WindowFailed
from anytws.machines.figures import Figure, Figures
from anytws.machines.gate_belief import Reason
from anytws.machines.sessions import TradingSession
from anytws.machines.shown_contracts import Shown
from anytws.machines.windows import Window
from anytws.messages import (
    AccountSummaryTag,
    Action,
    BondContractData,
    CompletedOrder,
    ConnectionTime,
    Contract,
    ContractData,
    ContractDataRequest,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    HistogramDataEntry,
    HistoricalNews,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    IdsRequest,
    LimitOrder,
    NewsArticle,
    NewsBulletinsRequest,
    NextValidId,
    Order,
    OrderType,
    PnL,
    PnLSingle,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionsRequest,
    Right,
    ScannerDataElement,
    ScannerSubscription,
    SecurityType,
    Stock,
    TickOptionComputation,
    TimeInForce,
    TrailingStopOrder,
)
from anytws.simulator import World, serve
from anytws.simulator.serve import TcpTws


async def connected() -> None:
    """What a program holds in its block."""
    async with anytws.connect("127.0.0.1", 7497, client_id=1) as tws:
        assert_type(tws, anytws.Tws)
        assert_type(tws.state, State)
        assert_type(tws.server_version, int)
        assert_type(tws.connection_time, ConnectionTime)
        assert_type(tws.accounts.managed, tuple[str, ...] | None)
        assert_type(tws.next_valid_id, int | None)
        assert_type(await tws.current_time(), datetime)
        assert_type(await tws.ask(CurrentTimeInMillisRequest()), CurrentTimeInMillis)
        assert_type(await tws.closed(), ConnectionClosed)
        assert_type(tws.statistics(), SessionStatistics)
        assert_type(tws.health.now, anytws.Health)
        assert_type(tws.health.now.link, anytws.LinkState)
        assert_type(tws.health.now.farm("usfarm"), anytws.FarmState | None)
        assert_type(await tws.health.until(lambda health: health.is_well, timeout=5), anytws.Health)
        async with tws.health.changes() as changes:
            async for health in changes:
                assert_type(health, anytws.Health)
        tws.send(IdsRequest())
        tws.send(NextValidId(1))  # type: ignore[type-var]  # pyright: ignore[reportArgumentType] (TWS says it)
        tws.send("reqIds")  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
        assert_type(tws.send(CurrentTimeRequest()), anytws.Sent[CurrentTimeRequest])
        assert_type(await tws.send(CurrentTimeRequest()), None)
        assert_type(await tws.ask(ContractDataRequest(Stock("AAPL"))), tuple[ContractData | BondContractData, ...])
        await tws.ask(NewsBulletinsRequest(True))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        tws.stream(CurrentTimeRequest())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        async with tws.stream(PositionsRequest(), capacity=5, when_full="drop_oldest") as positions:
            assert_type(positions, anytws.Stream[Position | PositionEnd])
            async for item in positions:
                assert_type(
                    item,
                    Position
                    | PositionEnd
                    | Notice
                    | OddValue
                    | anytws.Dropped
                    | anytws.Reset
                    | anytws.Gap
                    | anytws.Resumed,
                )
            async for batch in positions.batches():
                assert_type(
                    batch,
                    anytws.Records[
                        Position
                        | PositionEnd
                        | Notice
                        | OddValue
                        | anytws.Dropped
                        | anytws.Reset
                        | anytws.Gap
                        | anytws.Resumed
                    ],
                )
            assert_type(positions.statistics(), MailboxStatistics)
        with tws.events() as events:
            async for event in events:
                assert_type(event, Event | anytws.Dropped | anytws.Gap | anytws.Resumed)


async def through_the_night() -> None:
    """A block that lives through restarts gives the same, and tells where it is."""
    policy = anytws.Reconnection(longest_pause=60, enter_within=None)
    async with anytws.keep_connected("127.0.0.1", 7497, client_id=1, policy=policy, on_presence=print) as tws:
        assert_type(tws, anytws.Tws)
        assert_type(tws.presence.now, anytws.Presence)
        assert_type(tws.presence.now.state, anytws.PresenceState)
        assert_type(await tws.presence.until(lambda presence: presence.is_here), anytws.Presence)
        async for presence in tws.presence.changes():
            assert_type(presence.gap, anytws.Gap | None)
        assert_type(await tws.closed(), anytws.ConnectionClosed)


async def contracts(tws: anytws.Tws, held: Position) -> None:
    """What the verbs about contracts give."""
    assert_type(await tws.contracts.resolve(Stock("AAPL")), ContractData | BondContractData)
    assert_type(await tws.contracts.resolve(held, timeout=5), ContractData | BondContractData)
    await tws.contracts.resolve("AAPL")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    (each,) = await tws.contracts.resolve_all([265598])
    assert_type(each.found, ContractData | BondContractData | None)
    assert_type(each.error, anytws.AnytwsError | None)
    chain = await tws.contracts.option_chain(Stock("AAPL"), trading_class="AAPL")
    assert_type(chain.expirations, tuple[date, ...])
    assert_type(chain.contracts(chain.expirations[0], chain.strikes_near(100, 3), "C"), tuple[Contract, ...])
    hours = await tws.contracts.trading_hours(Stock("AAPL"))
    assert_type(hours.session_at(datetime.now(UTC)), TradingSession | None)
    steps = await tws.contracts.price_steps(Stock("AAPL"))
    assert_type(steps.down(180.557), Decimal)


async def accounts(tws: anytws.Tws, held: Position) -> None:
    """What the verbs about accounts give."""
    figures = await tws.accounts.values()
    assert_type(figures, Figures)
    assert_type(figures.amount("NetLiquidation"), Decimal | None)
    assert_type(figures.one("CashBalance", "EUR"), Figure)
    assert_type(await tws.accounts.summary([AccountSummaryTag.NET_LIQUIDATION, "$LEDGER:ALL"]), Figures)
    assert_type(await tws.accounts.positions(), anytws.Records[Position])
    assert_type(await tws.accounts.portfolio(), anytws.Records[PortfolioValue])
    assert_type(await tws.accounts.pnl_of(held), PnLSingle)
    async with tws.accounts.follow_portfolio() as portfolio:
        assert_type(portfolio, anytws.Feed[Holdings[PortfolioValue]])
        async for holdings in portfolio:
            assert_type(holdings.held, tuple[PortfolioValue, ...])
            assert_type([row.market_value for row in holdings], list[float | None])
    async with tws.accounts.follow_pnl("DU1") as profits:
        assert_type(profits, anytws.Stream[PnL])


async def other_topics(tws: anytws.Tws, apple: ContractData) -> None:
    """What the verbs of the smaller topics give."""
    found = await tws.news.headlines(apple, ["BRFG"], start=datetime.now(UTC))
    assert_type((found.headlines, found.has_more), tuple[tuple[HistoricalNews, ...], bool])
    assert_type(await tws.news.article(found.headlines[0]), NewsArticle)
    assert_type(await tws.scanner.scan(ScannerSubscription()), anytws.Records[ScannerDataElement])
    async with tws.display_groups.follow(1) as group:
        assert_type(group, ShownGroup)
        assert_type(await group.update(apple), None)
        async for shown in group:
            assert_type(shown, Shown | Notice | OddValue | anytws.Dropped | anytws.Reset | anytws.Gap | anytws.Resumed)
    await tws.config.update("everything")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]


async def downloads(tws: anytws.Tws) -> None:
    """A chunk is one of three, and its window is what an earlier download had."""
    begin, end = date(2021, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
    async with tws.historical.download(Stock("AAPL"), begin, end, "1 min") as chunks:
        assert_type(chunks.progress, Progress)
        async for chunk in chunks:
            assert_type(chunk, Bars | NoData | WindowFailed)
            assert_type(chunk.window, Window)
            if isinstance(chunk, Bars):
                assert_type(chunk.bars, tuple[Bar, ...])
            tws.historical.download(Stock("AAPL"), begin, end, "1 min", have=[chunk.window, (begin, end)])


def failed(problem: anytws.ConnectError) -> None:
    """What a failure to connect tells."""
    assert_type(problem.stage, anytws.Stage)
    assert_type(problem.reason, CloseReason)
    assert_type(problem.closed, ConnectionClosed)
    assert_type(problem.code, int | None)


async def history(tws: anytws.Tws) -> None:
    """What the verbs about history give."""
    bars = await tws.historical.bars(Stock("AAPL"), "1 D", "1 hour", end=datetime(2026, 3, 2, tzinfo=UTC))
    assert_type(bars, anytws.Records[Bar])
    assert_type(bars[0].begin, datetime | None)
    assert_type(bars[0].day, date | None)
    async with tws.historical.updating_bars(Stock("AAPL"), "1 D", "1 min") as updating:
        async for item in updating:
            assert_type(
                item,
                Bar | anytws.CaughtUp | Notice | OddValue | anytws.Dropped | anytws.Reset | anytws.Gap | anytws.Resumed,
            )
    quotes = await tws.historical.ticks(Stock("AAPL"), "BID_ASK", end=datetime(2026, 3, 2, tzinfo=UTC))
    assert_type(quotes[0].price_bid, float)
    assert_type(await tws.historical.head_timestamp(Stock("AAPL")), datetime | None)
    assert_type(await tws.historical.histogram(Stock("AAPL"), "3 days"), anytws.Records[HistogramDataEntry])
    assert_type(await tws.historical.schedule(Stock("AAPL")), anytws.Records[TradingSession])


async def orders(tws: anytws.Tws, apple: ContractData) -> None:
    """What the verbs about orders give."""
    trade = await tws.orders.place(apple, LimitOrder("BUY", 100, "180.50"), ref="rebalance-17", timeout=5)
    assert_type(trade, anytws.Trade)
    assert_type(trade.state, anytws.TradeState)
    assert_type(trade.fills, tuple[anytws.Fill, ...])
    assert_type(await trade.until(lambda state: state.is_done), anytws.TradeState)
    assert_type(await trade.modify(limit_price=181, total_quantity=50, outside_rth=True), anytws.TradeState)
    assert_type(await trade.cancel(), anytws.TradeState)
    await trade.modify(price=181)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await trade.modify(account="DU2", limit_price=[1])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async for change in trade.changes():
        assert_type(change, anytws.Change)
    assert_type(tws.orders.trades, tuple[anytws.Trade, ...])
    assert_type(tws.orders.trade("rebalance-17"), anytws.Trade | None)
    assert_type(await tws.orders.open(), tuple[anytws.Trade, ...])
    assert_type(await tws.orders.completed(api_only=True), anytws.Records[CompletedOrder])
    assert_type(await tws.orders.executions(datetime.now(UTC)), anytws.Records[anytws.Fill])
    async with tws.orders.follow_open() as news:
        async for each in news:
            assert_type(each, anytws.TradeChange | anytws.Gap | anytws.Resumed)
    async with tws.orders.follow_executions() as fills:
        assert_type(await anext(fills), anytws.Fill | anytws.Gap | anytws.Resumed)
    assert_type(await tws.orders.cancel_all(), None)
    assert_type(await tws.orders.bind_manual(), tuple[anytws.Trade, ...])
    try:
        await tws.orders.place(apple, LimitOrder("BUY", 100, "180.50"), ref="rebalance-18", again=True)
    except anytws.GateRefused as refused:
        assert_type(refused.reasons, tuple[Reason, ...])
    except anytws.NotJournaled as problem:
        assert_type(problem.path, str)
    picture = await tws.orders.reconcile(timeout=30)
    assert_type(picture, anytws.OrderPicture)
    assert_type(picture.open, tuple[anytws.Trade, ...])
    assert_type(picture.executions, anytws.Records[anytws.Fill])
    assert_type(picture.positions, anytws.Records[Position])
    assert_type(picture.verdicts[0].outcome, anytws.FateOutcome)
    assert_type(anytws.OrderUnknown("a", 1, anytws.Left.ALL, "cut").members, tuple[anytws.OrderUnknown, ...])
    assert_type(await tws.orders.resolve(anytws.OrderUnknown("a", 1, anytws.Left.ALL, "cut")), anytws.Fate)


async def journals_and_gates(positions: dict[str, Decimal], quotes: dict[str, anytws.Quote]) -> None:
    gate = anytws.Gate(
        max_quantity=100,
        max_value=Decimal(50_000),
        max_orders_per_day=20,
        symbols={"AAPL"},
        security_types=[SecurityType.STOCK],
        max_quote_age=2.5,
        max_position=200,
        kill_file="/run/stop-trading",
        kill_switch=lambda: False,
        quotes=lambda contract: quotes.get(contract.symbol),
        positions=lambda _, contract: positions.get(contract.symbol),
    )
    async with anytws.connect(client_id=1, journal=anytws.FileJournal("a", durable=True), gate=gate):
        pass
    async with anytws.connect(client_id=2, journal=anytws.SqliteJournal("b")):
        pass


async def market_data(tws: anytws.Tws) -> None:
    """What the verbs about market data give."""
    data = tws.market_data
    async with data.quotes(Stock("AAPL"), [233]) as quotes:
        async for quote in quotes:
            assert_type(quote, anytws.Quote)
            assert_type(quote.bid, float | None)
            assert_type(quote.greeks.model, TickOptionComputation | None)
    async with data.watch([Stock("AAPL")]) as watch:
        assert_type(watch, Watch[Contract])
        async for watched in watch:
            assert_type(watched.item, anytws.Quote | Exception | anytws.Gap | anytws.Resumed)
            watch.add(Stock("MSFT"))
        async for batch in watch.batches():
            assert_type(batch[0].contract, Contract | None)
    assert_type(await data.snapshot(Stock("AAPL")), anytws.Quote)
    async with data.ticks(Stock("AAPL")) as trades:
        assert_type(
            await anext(trades),
            HistoricalTickLast | Notice | OddValue | anytws.Dropped | anytws.Reset | anytws.Gap | anytws.Resumed,
        )
    async with data.ticks(Stock("AAPL"), "BidAsk", past=5) as ticks:
        assert_type(
            await anext(ticks),
            HistoricalTickBidAsk | Notice | OddValue | anytws.Dropped | anytws.Reset | anytws.Gap | anytws.Resumed,
        )
    async with data.bars(Stock("AAPL"), "MIDPOINT") as bars:
        assert_type(
            await anext(bars), Bar | Notice | OddValue | anytws.Dropped | anytws.Reset | anytws.Gap | anytws.Resumed
        )
    async with data.depth(Stock("AAPL")) as books:
        assert_type(await anext(books), anytws.Book)
    assert_type(await data.implied_volatility(Stock("AAPL"), 1.0, 2.0), TickOptionComputation)


async def families(tws: anytws.Tws) -> None:
    """What families of orders are, and what is asked about an order."""
    orders = tws.orders
    bracket = await orders.bracket(Stock("AAPL"), "BUY", 100, "180.5", profit_price=190, stop_price=175, account="DU1")
    assert_type(bracket, anytws.Bracket)
    assert_type(bracket.stop_loss, anytws.Trade)
    for trade in bracket:
        assert_type(trade, anytws.Trade)
    entry = LimitOrder("BUY", 100, 180)
    await orders.bracket(Stock("AAPL"), entry, stop_loss=TrailingStopOrder("SELL", 100, trailing_percent=5), ref="x")
    await orders.bracket(Stock("AAPL"), entry, 100, stop_price=5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await orders.bracket(Stock("AAPL"), "BUY", 1, stop_price=5, parent_id=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    assert_type(await orders.one_cancels_all([(Stock("AAPL"), entry)] * 2), tuple[anytws.Trade, ...])
    assert_type((await orders.what_if(Stock("AAPL"), entry)).initial.change, Decimal | None)
    assert_type(await orders.exercise(Stock("AAPL"), Decimal(1)), anytws.Trade)


def sans_io(connection: Connection, message: NextValidId) -> None:
    """What the core takes and gives."""
    assert_type(connection.side, Side)
    assert_type(connection.next_event(), Event | None)
    assert_type(connection.send(message), bytes)
    assert_type(connection.wake_at(), float | None)
    message.order_id = 2  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue] (messages are frozen)


def words() -> None:
    """Traders' names are the members that they stand for."""
    by_name: list[TimeInForce] = [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.GTD, TimeInForce.FOK, TimeInForce.DAY]
    kinds: list[SecurityType] = [SecurityType.STK, SecurityType.OPT, SecurityType.FUT, SecurityType.CASH]
    rest: list[OrderType | Action | Right] = [OrderType.LMT, Action.SSHORT, Right.C]
    order = LimitOrder("BUY", 100, "10.05", time_in_force=TimeInForce.GTC)
    assert_type(order, Order)
    assert_type(TimeInForce.verbatim("GTT"), TimeInForce)
    assert_type(TimeInForce.closest("gtc"), TimeInForce | None)
    assert_type(by_name[0].is_meant and kinds[0].is_meant and rest[0].is_meant, bool)
    assert_type(Stock(contract_id=265598), Contract)


def without_await(unknown: anytws.OrderUnknown, elsewhere: anytws.Tws) -> None:
    """Threads that wait have trades of their own, which need no ``await``."""
    with anytws.sync.keep_connected(client_id=1, on_presence=print) as tws:
        assert_type(tws, anytws.sync.SyncTws)
        trade = tws.orders.place(Stock("AAPL"), LimitOrder("BUY", 1, 100), ref="one")
        assert_type(trade, anytws.sync.SyncTrade)
        assert_type(trade.state, anytws.TradeState)
        assert_type(trade.modify(limit_price=101), anytws.TradeState)
        assert_type(trade.until(lambda state: state.is_done), anytws.TradeState)
        assert_type(trade.cancel(), anytws.TradeState)
        for change in trade.changes():
            assert_type(change, anytws.Change)
        bracket = tws.orders.bracket(Stock("AAPL"), "BUY", 1, 100, profit_price=110, stop_price=90)
        assert_type(bracket, anytws.sync.SyncBracket)
        assert_type(bracket.parent, anytws.sync.SyncTrade)
        for each_trade in bracket:
            assert_type(each_trade, anytws.sync.SyncTrade)
        bracket.until_over(timeout=1)
        with tws.orders.follow_open() as news:
            for each in news:
                assert_type(each, anytws.sync.SyncTradeChange | anytws.Gap | anytws.Resumed)
        with tws.orders.follow_executions() as fills:
            for fill in fills:
                assert_type(fill, anytws.Fill | anytws.Gap | anytws.Resumed)
        picture = tws.orders.reconcile()
        assert_type(picture, anytws.sync.SyncOrderPicture)
        assert_type(picture.open, tuple[anytws.sync.SyncTrade, ...])
        assert_type(tws.orders.trade("one"), anytws.sync.SyncTrade | None)
        assert_type(tws.orders.what_if(Stock("AAPL"), LimitOrder("BUY", 1, 100)), anytws.Margins)
        assert_type(unknown.resolve(tws), anytws.Fate)
        assert_type(tws.presence.until(lambda presence: presence.is_here), anytws.Presence)
        for presence in tws.presence.changes():
            assert_type(presence, anytws.Presence)
    # The other one is awaited.
    unknown.resolve(elsewhere).close()


async def simulated() -> None:
    """The simulated TWS, by the short way."""
    async with serve(World()) as tws:
        assert_type(tws, TcpTws)
