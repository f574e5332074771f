"""The client for threads that wait: every verb as a person calls it, its ends and its errors, from any thread.

Most is done over a TWS in memory, in the thread of the connection's own loop: what is tested here is the way there.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

import anytws
from anytws import (
    AnytwsError,
    CloseReason,
    ConnectionClosed,
    LimitReached,
    NotFound,
    Notice,
    Pacing,
    Records,
    RequestFailed,
    State,
    StreamInUse,
    sync,
)
from anytws.client import connect as connecting
from anytws.client.contracts import Contracts
from anytws.client.historical import Historical
from anytws.client.keep_connected import keep_connected
from anytws.client.proxies import proxy_class
from anytws.client.sync_names import LASTING, OBJECTS, connect_words, keep_words, sync_type, sync_words
from anytws.client.tws import Tws
from anytws.messages import (
    ConnectionTime,
    IdsRequest,
    ManagedAccountsRequest,
    MarketDataMode,
    MarketDataRequest,
    Stock,
    TickPrice,
)
from anytws.simulator import HangUp, World
from anytws.simulator.serve import serve
from tests.sync_programs import connected

_shared: list[threading.Thread] = []


def threads() -> list[threading.Thread]:
    """Give the threads of connections, but for the one that all share."""
    return [thread for thread in threading.enumerate() if thread.name == "anytws.sync" and thread not in _shared]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    gc.collect()
    for thread in threads():
        thread.join(5)
    assert threads() == []


@pytest.fixture
def fresh() -> Iterator[sync.SyncTws]:
    """One of its own, whose open conversations are counted."""
    with connected() as tws:
        yield tws


@pytest.fixture(scope="module")
def tws() -> Iterator[sync.SyncTws]:
    """One connection for all that leaves it as it was."""
    with connected(pacing=None) as tws:
        _shared.extend(threads())
        yield tws
        _shared.clear()


# --- verbs ----------------------------------------------------------------------------------------------------------


def test_what_is_known_of_the_connection_is_read_at_once(tws):
    assert tws.state is State.READY
    assert tws.server_version == 226
    assert isinstance(tws.connection_time, ConnectionTime)
    assert tws.accounts.managed == ("DU1234567",)
    assert tws.client_id == 0
    assert tws.next_valid_id == 1
    assert repr(tws).startswith("<SyncTws ready, server version 226")
    assert repr(tws.contracts).startswith("<SyncContracts of ")


def test_questions_of_every_topic(tws):
    row = tws.contracts.resolve(Stock("AAPL"))
    assert row.contract.contract_id == 265598
    assert tws.contracts.search("AAPL")[0].contract.symbol == "AAPL"
    assert tws.contracts.trading_hours(row).sessions
    assert tws.historical.bars(row, "2 D", "1 hour")
    assert tws.market_data.depth_exchanges()
    assert tws.accounts.positions() == tws.accounts.positions(timeout=5)
    assert tws.news.providers()
    assert tws.scanner.parameters().startswith("<")
    assert tws.display_groups.groups()
    assert tws.current_time().tzinfo is not None
    assert tws.ask(ManagedAccountsRequest()).accounts == ("DU1234567",)
    assert tws.market_data.mode(MarketDataMode.REAL_TIME) is None
    with pytest.raises(RequestFailed):
        tws.advisors.groups()
    with pytest.raises(AnytwsError):
        tws.wsh.metadata()
    assert tws.config.read()


def test_a_message_that_is_sent_may_be_waited_for(tws):
    sent = tws.send(IdsRequest())
    assert sent.wait() is None
    assert (sent.has_left, sent.may_have_left, sent.message) == (True, True, IdsRequest())
    assert sent.wait(timeout=1) is None
    assert repr(sent) == "<SyncSent of <Sent IdsRequest, left>>"


def test_health_is_read_and_waited_for(tws):
    assert tws.health.now.is_well
    assert tws.health.until(lambda health: health.is_well, timeout=5).is_well
    with pytest.raises(anytws.HealthTimedOut):
        tws.health.until(lambda health: False, timeout=0)
    with tws.health.changes() as changes:
        assert next(changes).is_well
        with pytest.raises(TimeoutError):
            changes.next(timeout=0)


# --- streams --------------------------------------------------------------------------------------------------------


def test_a_stream_is_a_block_and_a_loop(fresh):
    with fresh.stream(MarketDataRequest(Stock("AAPL"))) as ticks:
        for tick in ticks:
            if isinstance(tick, TickPrice):
                break
        assert fresh.statistics().open_conversations == 1
        assert ticks.request.request_id is not None
        assert ticks.statistics().dropped == 0
        assert not ticks.is_finished
    assert ticks.is_finished
    assert fresh.statistics().open_conversations == 0
    with pytest.raises(StopIteration):
        while True:
            next(ticks)


def test_quotes_one_at_a_time_and_a_wait_with_a_limit(tws):
    with tws.market_data.quotes(Stock("AAPL")) as quotes:
        while quotes.next(timeout=5).bid is None:
            continue
        with pytest.raises(TimeoutError, match=r"nothing came within 0 s"):
            while True:
                quotes.next(timeout=0)
        assert repr(quotes).startswith("<SyncFeed of <Feed of MarketDataRequest")


def test_batches_are_tables(tws):
    with tws.market_data.ticks(Stock("AAPL"), past=100) as ticks:
        batch = ticks.take_batch(timeout=5)
        assert isinstance(batch, Records)
        # Of one that was begun one by one, the batch is what is left of it.
        with pytest.raises(TimeoutError):
            ticks.take_batch(timeout=0)
    with tws.market_data.ticks(Stock("MSFT"), past=100) as ticks:
        first = next(ticks)
        rest = next(ticks.batches())
        assert not any(each is first for each in rest)
        assert len(rest) >= 99
        assert iter(ticks.batches())


def test_many_contracts_in_one_loop(tws):
    apple, nothing = Stock("AAPL"), Stock("NOPE")
    with tws.market_data.watch([apple, nothing]) as watch:
        seen = {each.contract: each.item for _, each in zip(range(2), watch, strict=False)}
        assert isinstance(seen[nothing], RequestFailed)
        assert watch.contracts == (apple,)
        watch.add(Stock("MSFT"))
        assert Stock("MSFT") in {each.contract for _, each in zip(range(20), watch, strict=False)}
        watch.remove(apple, Stock("MSFT"))
        assert watch.contracts == ()
        assert [*watch] == []
        with pytest.raises(TypeError):
            watch.add("AAPL")


def test_a_download_with_its_progress(tws):
    with tws.historical.download(Stock("AAPL"), date(2024, 1, 29), date(2024, 1, 30), "1 hour") as chunks:
        (chunk,) = chunks
        assert chunks.progress.done == chunks.progress.total == 1
    assert chunk.bars
    with pytest.raises(ValueError, match="has to be later than begin"):
        tws.historical.download(Stock("AAPL"), date(2024, 1, 29), date(2024, 1, 29), "1 hour")


def test_a_group_of_windows(tws):
    with tws.display_groups.follow(1) as group:
        next(group)
        assert group.request.request_id is not None
        group.update(Stock("AAPL", contract_id=265598)).wait()
        assert group.batches()


def test_events_are_a_loop_without_a_block():
    world = World()
    tws = connected(world)
    events = tws.events()
    tws.ask(ManagedAccountsRequest())
    hang_up(world, tws)
    last = [*events][-1]
    assert isinstance(last, ConnectionClosed)
    assert events.is_finished
    assert [*events.batches()] == []
    with pytest.raises(ConnectionClosed):
        tws.close()


def test_events_that_are_forgotten_are_closed(tws):
    inner = tws.events()._inner
    tws.ask(ManagedAccountsRequest())
    assert inner.is_closed
    with tws.events() as events:
        tws.ask(ManagedAccountsRequest())
        assert events.next(timeout=1)
    tws.ask(ManagedAccountsRequest())
    assert events.is_closed


def test_a_stream_is_read_inside_its_one_block(tws):
    stream = tws.stream(MarketDataRequest(Stock("AAPL")))
    for read in (lambda: next(stream), lambda: iter(stream), stream.batches, stream.take_batch):
        with pytest.raises(RuntimeError, match=r"`with tws\.stream"):
            read()
    with stream:
        with pytest.raises(RuntimeError, match="for one block"):
            stream.__enter__()
        # The refusal has left the block as it was.
        assert next(stream)


def test_what_cannot_be_opened_is_told_where_the_block_is_entered():
    with connected(pacing=Pacing(tick_by_tick=1)) as tws:
        with tws.market_data.ticks(Stock("AAPL")):
            second = tws.market_data.ticks(Stock("MSFT"))
            with pytest.raises(LimitReached):
                second.__enter__()
            assert tws.statistics().open_conversations == 1


def test_an_error_ends_a_stream_and_is_said_again(tws):
    with tws.stream(MarketDataRequest(Stock("NOPE"))) as stream:
        for _ in range(3):
            with pytest.raises(RequestFailed) as caught:
                while isinstance(next(stream), Notice):
                    continue
            assert caught.value.code == 200
            assert caught.value.__context__ is None
            assert len(traceback.extract_tb(caught.value.__traceback__)) <= 4


def test_one_reader_at_a_time(tws):
    """The second is refused while the first waits, who comes to the end when the block is left, by any thread."""
    with ThreadPoolExecutor(1) as pool:
        with tws.news.follow_bulletins() as bulletins:
            waiting = pool.submit(next, bulletins, "the end")
            while not (refused := is_refused(bulletins)):
                continue
        assert waiting.result() == "the end"
        assert refused


def is_refused(stream: sync.SyncStream[object]) -> bool:
    try:
        stream.next(timeout=0)
    except TimeoutError:
        return False
    except StreamInUse:
        return True
    raise AssertionError("nothing comes")


def test_a_generator_that_is_dropped_leaves_its_stream(fresh):
    def quoted():
        with fresh.market_data.quotes(Stock("AAPL")) as quotes:
            yield from quotes

    generator = quoted()
    next(generator)
    assert fresh.statistics().open_conversations == 1
    del generator
    assert fresh.statistics().open_conversations == 0


def test_a_stream_that_nobody_left_is_left_when_it_is_forgotten(fresh):
    feed = fresh.market_data.quotes(Stock("AAPL"))
    feed.__enter__()
    assert fresh.statistics().open_conversations == 1
    del feed
    assert fresh.statistics().open_conversations == 0


# --- errors ---------------------------------------------------------------------------------------------------------


def test_an_error_shows_the_line_of_the_caller_and_little_else(tws):
    with pytest.raises(NotFound) as caught:
        tws.contracts.resolve(Stock("NOPE"))  # here
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert (frames[0].line or "").endswith("# here")
    assert len(frames) == 3
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__traceback__ is None


def test_an_error_of_what_was_handed_in_shows_its_own_lines(tws):
    def holds(health):
        raise ZeroDivisionError("mine")  # there

    with pytest.raises(ZeroDivisionError) as caught:
        tws.health.until(holds)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert (frames[-1].line or "").endswith("# there")
    assert not [frame for frame in frames if "anyio" in frame.filename]


def test_what_would_end_a_loop_is_the_callers(tws):
    def holds(health):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        tws.health.until(holds)
    assert tws.ask(ManagedAccountsRequest())


def test_mistakes_in_arguments_are_told_as_ever(tws):
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'contract'"):
        tws.contracts.resolve()
    with pytest.raises(TypeError, match="may be the symbol of a stock"):
        tws.contracts.resolve("AAPL")
    with pytest.raises(ValueError, match="timeout"):
        tws.stream(MarketDataRequest(Stock("AAPL")), timeout=-1)
    with pytest.raises(AttributeError):
        tws.contracts.resolv  # noqa: B018


# --- the end --------------------------------------------------------------------------------------------------------


def test_the_end_is_raised_by_every_call_and_by_the_block():
    world = World()
    with pytest.raises(ConnectionClosed) as left:
        with connected(world) as tws:
            with tws.stream(MarketDataRequest(Stock("AAPL"))) as stream:
                next(stream)
                hang_up(world, tws)
                with pytest.raises(ConnectionClosed) as first:
                    for _ in stream:
                        continue
                with pytest.raises(ConnectionClosed):
                    next(stream)
            for use in (tws.current_time, tws.accounts.positions, lambda: tws.send(IdsRequest())):
                with pytest.raises(ConnectionClosed) as caught:
                    use()
                assert caught.value == first.value
            assert tws.state is State.CLOSED
            assert tws.health.now.closed == first.value
    assert left.value == first.value
    assert len(traceback.extract_tb(left.value.__traceback__)) == 2
    tws.close()
    with pytest.raises(ConnectionClosed):
        tws.ask(ManagedAccountsRequest())
    assert tws.closed() == left.value


def hang_up(world: World, tws: sync.SyncTws) -> None:
    async def close() -> None:
        world.links[0].die(HangUp.EOF)

    tws._portal.call(close)


def test_who_waits_for_the_end_has_been_told():
    world = World()
    with connected(world) as tws, ThreadPoolExecutor(1) as pool:
        with pytest.raises(TimeoutError):
            tws.closed(timeout=0)
        waiting = pool.submit(tws.closed, timeout=10)
        hang_up(world, tws)
        assert waiting.result().reason is CloseReason.EOF
        assert tws.closed().reason is CloseReason.EOF


def test_what_goes_wrong_in_the_block_leaves_it_as_it_is():
    world = World()
    with pytest.raises(ValueError, match="mine") as caught:
        with connected(world) as tws:
            hang_up(world, tws)
            raise ValueError("mine")
    assert caught.value.__traceback__ is not None
    assert tws.state is State.CLOSED


def test_to_close_is_the_end_of_what_others_wait_for():
    tws = connected()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tws.health.until, lambda health: False)
        tws.ask(ManagedAccountsRequest())
        tws.close()
        with pytest.raises(ConnectionClosed) as caught:
            waiting.result()
    assert caught.value.reason is CloseReason.LOCAL
    tws.close()
    assert threads() == []


def test_a_connection_that_is_forgotten_is_closed():
    tws = connected()
    inner = tws._inner
    topic = tws.contracts
    del tws
    # A topic is as good as the whole.
    assert topic.resolve(Stock("AAPL"))
    del topic
    gc.collect()
    for thread in threads():
        thread.join(5)
    assert inner.state is State.CLOSED


def test_over_tcp_and_a_client_id_that_is_waited_for(monkeypatch):
    monkeypatch.setattr("anytws.client.id_wait.FIRST_PAUSE", 0.01)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serve(World())) as server:
        connect = partial(sync.connect, server.host, server.port, client_id=7)
        with ThreadPoolExecutor(1) as pool:
            with connect() as first:
                assert first.client_id == 7
                with pytest.raises(anytws.ClientIdInUse):
                    connect()
                second = pool.submit(connect, id_wait=20)
            with second.result() as tws:
                assert tws.accounts.managed


def test_what_cannot_be_connected_leaves_nothing():
    with pytest.raises(anytws.TcpConnectFailed):
        sync.connect("127.0.0.1", 1)
    with pytest.raises(ValueError, match="port"):
        sync.connect("127.0.0.1:7497")
    with pytest.raises(TypeError, match="unexpected keyword"):
        sync.connect(clientid=1)


# --- threads and loops ----------------------------------------------------------------------------------------------


def test_many_threads_use_one_connection(tws):
    def work(number: int) -> int:
        return tws.contracts.resolve(Stock(("AAPL", "MSFT")[number % 2])).contract.contract_id

    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(work, range(32))]
    assert {*found[::2]} == {265598}
    assert len({*found}) == 2


@pytest.mark.parametrize("run", [asyncio.run, anyio.run, lambda main: anyio.run(main, backend="trio")])
def test_inside_of_a_running_loop_it_works(run):
    """As in a notebook, whose own loop waits meanwhile."""

    async def main() -> None:
        with connected() as tws:
            assert tws.current_time()
            with tws.market_data.quotes(Stock("AAPL")) as quotes:
                next(quotes)

    run(main) if run is not asyncio.run else run(main())


# --- what stands where ----------------------------------------------------------------------------------------------


def test_help_knows_the_verbs():
    resolve = sync.SyncTws.contracts.fget
    assert resolve is not None
    from anytws.client.sync import SyncContracts, SyncHistorical

    assert str(inspect.signature(SyncContracts.resolve)) == str(inspect.signature(Contracts.resolve))
    assert inspect.signature(SyncHistorical.download).return_annotation == "SyncDownload"
    assert "await" not in (SyncHistorical.download.__doc__ or "")
    assert not inspect.iscoroutinefunction(SyncContracts.resolve)
    assert SyncContracts.resolve.__qualname__ == "SyncContracts.resolve"
    assert {name for name in dir(SyncHistorical) if name[0] != "_"} == {
        name for name in dir(Historical) if name[0] != "_"
    }
    assert inspect.signature(sync.connect).parameters == inspect.signature(connecting.connect).parameters
    assert "id_wait" in (sync.connect.__doc__ or "")


def test_every_public_thing_of_the_async_side_is_there():
    here = {name for name in dir(sync.SyncTws) if name[0] != "_"}
    there = {name for name in dir(Tws) if name[0] != "_"}
    # Verbs are written over these.
    assert there - here == {
        "fence", "intake", "is_watched", "known_orders", "order_bells", "require_sayable", "require_thread",
        "take_back", "timeout_factor",
    }  # fmt: skip
    assert here - there == {"close"}
    import anytws.client.sync as made

    for name in (*OBJECTS, *LASTING, "Bracket"):
        assert getattr(made, f"Sync{name}").__name__ == f"Sync{name}"
    with pytest.raises(AttributeError):
        made.SyncNothing  # noqa: B018
    with pytest.raises(AttributeError):
        made.Nothing  # noqa: B018


PASSED_OVER = {"take_some", "wait", "wait_for_move", "wake", "settle", "has_room", "give_up", "is_being_read", "kept"}
"""What the pump, or a verb, wants of a stream."""


@pytest.mark.parametrize("name", LASTING)
def test_every_public_thing_of_a_stream_is_there(name):
    import anytws.client.sync as made
    from anytws.client import display_groups, download, health, order_streams, presence, watch
    from anytws.runtime import feeds, sending, stream

    owners = (stream, feeds, sending, display_groups, download, health, order_streams, presence, watch)
    there = next(getattr(owner, name) for owner in owners if hasattr(owner, name))
    missing = {each for each in dir(there) if each[0] != "_"} - {*dir(getattr(made, f"Sync{name}"))} - PASSED_OVER
    if name == "HealthChanges":
        missing -= {"is_finished", "statistics", "take_batch"}
    assert missing == set()


@pytest.mark.parametrize(
    "text,told",
    [
        ("``async with tws.x() as y``: ``async for z in y``", "``with tws.x() as y``: ``for z in y``"),
        ("``await tws.x()``", "``tws.x()``"),
        ("an async iterator. An async iterator", "an iterator. An iterator"),
        ("``await`` what this gives, and", "``wait()`` for what this gives, and"),
        ("One.\n\n    Raises `WrongThread` in another thread.", "One."),
    ],
)
def test_words(text, told):
    assert sync_words(text) == told


def test_types():
    assert sync_type("Feed[TickNews | InBand]") == "SyncFeed[TickNews | InBand]"
    assert sync_type("Feeds[Feedback] | Stream[PnL]") == "SyncFeeds[Feedback] | SyncStream[PnL]"


def test_words_of_keep_connected():
    told = keep_words(keep_connected.__doc__ or "")
    assert told.startswith("Connect to TWS or IB Gateway over TCP, and stay connected, with the same verbs")
    assert "This returns when TWS is ready the first time" in told
    # All that is said of the block is told in another way.
    assert told.count("block") == 2
    assert "on_presence=print" in told


def test_words_of_connect():
    told = connect_words(
        "Connect; the block is entered.\n\n    Words.\n\n    Raises `ConnectError` and cancels the block."
    )
    assert told.startswith("Connect, and wait until requests may be made.\n\n    Words.\n")
    assert "cancels" not in told


class Inner:
    """Something with a topic that is made, and imported, when it is first asked for."""

    asked: list[int]

    @property
    def contracts(self) -> Contracts:
        self.asked.append(threading.get_ident())
        return Contracts(self)  # type: ignore[arg-type]

    @property
    def plain(self) -> int:
        return threading.get_ident()


def test_a_topic_is_made_in_the_thread_of_the_loop_and_once(tws):
    """An import in the main thread that Ctrl-C interrupts can leave Python's lock for imports locked for all."""
    inner = Inner()
    inner.asked = []
    proxy = proxy_class(Inner)(tws._portal, inner)
    assert type(proxy.contracts).__name__ == "SyncContracts"
    assert proxy.contracts is proxy.contracts
    assert inner.asked == [tws._portal._thread.ident]
    assert proxy.plain == threading.get_ident()
