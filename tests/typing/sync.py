"""What type checkers know of the client for threads that wait. Never run: mypy and pyright read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import assert_type

import anytws
from anytws import sync
from anytws.client.sync import SyncContracts
from anytws.client.sync_blocks import SyncDownload, SyncWatch
from anytws.core.events import Event
from anytws.machines.book import Book
from anytws.machines.download import Chunk, Progress
from anytws.machines.quotes import Quote
from anytws.machines.records import InBand
from anytws.messages import (
    Contract,
    ContractData,
    ContractDataRequest,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketDataRequest,
    NewsBulletin,
    PnL,
    Stock,
    TickByTickType,
)


def questions(tws: sync.SyncTws) -> None:
    assert_type(tws.ask(ManagedAccountsRequest()), ManagedAccounts)
    assert_type(tws.current_time(timeout=3), datetime)
    assert_type(tws.contracts, SyncContracts)
    assert_type(tws.historical.bars(Stock("AAPL"), "1 D", timeout=3), anytws.Records[anytws.Bar])
    assert_type(tws.historical.ticks(Stock("AAPL"), "BID_ASK"), anytws.Records[HistoricalTickBidAsk])
    assert_type(tws.accounts.managed, tuple[str, ...] | None)
    assert_type(tws.accounts.pnl(), PnL)
    assert_type(tws.health.now, anytws.Health)
    assert_type(tws.health.until(lambda health: health.is_well), anytws.Health)
    assert_type(tws.closed(timeout=1), anytws.ConnectionClosed)
    assert_type(tws.state, anytws.State)
    for row in tws.ask(ContractDataRequest(Stock("AAPL"))):
        if isinstance(row, ContractData):
            row.details.market_name.upper()
    sent = tws.send(ManagedAccountsRequest())
    assert_type(sent.message, ManagedAccountsRequest)
    sent.wait(timeout=1)


def streams(tws: sync.SyncTws) -> None:
    apple = Stock("AAPL")
    with tws.market_data.quotes(apple) as quotes:
        assert_type(quotes, sync.SyncFeed[Quote])
        for quote in quotes:
            assert_type(quote, Quote)
        assert_type(quotes.next(timeout=1), Quote)
        assert_type(quotes.batches(), Iterator[anytws.Records[Quote]])
    with tws.market_data.ticks(apple) as ticks, tws.market_data.ticks(apple, TickByTickType.BID_ASK) as both:
        assert_type(next(ticks), HistoricalTickLast | InBand)
        assert_type(next(both), HistoricalTickBidAsk | InBand)
    with tws.market_data.depth(apple) as books:
        assert_type(next(books), Book)
    with tws.news.follow_bulletins() as bulletins:
        assert_type(bulletins, sync.SyncStream[NewsBulletin])
        assert_type(next(bulletins), NewsBulletin | InBand)
    with tws.market_data.watch([apple]) as watch:
        assert_type(watch, SyncWatch[Contract])
        watch.add(Stock("MSFT"))
    with tws.historical.download(apple, date(2024, 1, 1), date(2024, 2, 1)) as chunks:
        assert_type(chunks, SyncDownload)
        assert_type(chunks.progress, Progress)
        assert_type(next(chunks), Chunk)
    with tws.health.changes() as changes:
        assert_type(next(changes), anytws.Health)
    with tws.stream(MarketDataRequest(apple)) as messages:
        messages.statistics()
    with tws.events() as events:
        assert_type(next(events), Event | anytws.Dropped)


def connecting() -> None:
    with anytws.sync.connect("127.0.0.1", 7497, client_id=1, id_wait=20, on_waiting=print) as tws:
        assert_type(tws, sync.SyncTws)
    tws = sync.connect()
    tws.close()
    assert_type(sync.connect_by(anytws.connect), sync.SyncTws)
    # What is no option, and what has to be awaited elsewhere.
    sync.connect(clientid=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    tws.contracts.resolve("AAPL")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
