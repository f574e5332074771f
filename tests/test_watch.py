"""`tws.market_data.watch`: many contracts in one loop, against the simulated TWS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest
from anyio import to_thread

import anytws
from anytws import ConnectionClosed, DataLost, LimitReached, RequestFailed, StreamInUse, WrongThread
from anytws.client.watch import Watch
from anytws.machines.quotes import Quote
from anytws.messages import (
    Contract,
    ErrorMessage,
    MarketDataRequest,
    RerouteMarketDataRequest,
    Stock,
    TickPrice,
    TickType,
)
from anytws.messages.base import ToClient, ToTws, replace
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.serve import serve_memory
from anytws.simulator.settings import EPOCH
from tests.in_memory import PATIENCE, connected, next_of
from tests.misbehaving_tws import until

APPLE, MICROSOFT, IBM, NOPE = Stock("AAPL"), Stock("MSFT"), Stock("IBM"), Stock("NOPE")
START: Final = EPOCH + timedelta(minutes=20)
MANY: Final = 400


class Tws:
    """A TWS that gives each contract one price, and later what a test has it say about one."""

    def __init__(self, refused: Callable[[str], ToClient | None] = lambda _: None) -> None:
        self.numbers: dict[str, int] = {}
        self.cancelled: list[int] = []
        self.refused = refused
        self.world = World(WorldSettings(lines=0), answers={**ANSWERS, MarketDataRequest: Answer(self._answer)})

    def _answer(self, _: Any, request: Any) -> list[ToClient]:
        name = request.contract.symbol or str(request.contract.contract_id)
        self.numbers[name] = request.request_id
        refusal: Any = self.refused(name)
        if refusal is not None:
            return [replace(refusal, request_id=request.request_id)]
        return [bid(request.request_id, 1)]

    def say(self, name: str, *prices: float) -> None:
        for price in prices:
            self.world.links[-1].say(bid(self.numbers[name], price))

    def heard(self, kind: type[ToTws]) -> list[Any]:
        return [each.message for each in self.world.heard if isinstance(each.message, kind)]


def bid(number: int, price: float) -> TickPrice:
    return TickPrice(number, TickType.BID, price, Decimal(1))


async def read(watch: Watch, count: int) -> list[tuple[Any, Any]]:
    """Give the next *count* items: contracts, and prices or codes."""
    told = []
    for _ in range(count):
        watched = await next_of(watch)
        item = watched.item
        told.append((watched.contract, item.bid if isinstance(item, Quote) else getattr(item, "code", type(item))))
    return told


@pytest.mark.parametrize("version", [176, 226])
async def test_many_in_one_loop(version: int) -> None:
    """Each as it was given, a refusal among them, and cancelled when the block is left."""
    world = World(WorldSettings(server_version=version, starts_at=START, tick_seconds=0.002))
    wanted = [APPLE, NOPE, MICROSOFT, Stock("AAPL")]
    seen: dict[Any, Any] = {}
    async with connected(world) as tws:
        async with tws.market_data.watch(wanted, [233]) as watch:
            assert watch.contracts == (APPLE, NOPE, MICROSOFT)
            with anyio.fail_after(PATIENCE):
                async for watched in watch:
                    seen[watched.contract] = watched.item
                    quotes = [item for item in seen.values() if isinstance(item, Quote)]
                    if len(seen) == 3 and all(quote.ask is not None for quote in quotes):
                        break
            assert watch.contracts == (APPLE, MICROSOFT)
            assert isinstance(seen[NOPE], RequestFailed)
            assert seen[NOPE].code == 200
            assert seen[APPLE].ask != seen[MICROSOFT].ask
        await until(lambda: tws.statistics().open_conversations == 0)


async def test_contracts_come_and_go() -> None:
    simulated = Tws()
    async with connected(simulated.world) as tws, tws.market_data.watch([APPLE]) as watch:
        assert await read(watch, 1) == [(APPLE, 1)]
        watch.add(IBM, MICROSOFT)
        assert sorted([each.symbol for each, _ in await read(watch, 2)]) == ["IBM", "MSFT"]
        simulated.say("AAPL", 2, 3)
        watch.remove(APPLE, NOPE)
        simulated.say("IBM", 4)
        assert await read(watch, 1) == [(IBM, 4)]
        assert watch.contracts == (IBM, MICROSOFT)
        watch.add(APPLE)
        assert await read(watch, 1) == [(APPLE, 1)]
        assert tws.statistics().open_conversations == 3
        assert repr(watch) == "<Watch of 3 contracts>"


async def test_a_slow_reader_gets_the_newest_of_each_in_turn() -> None:
    simulated = Tws()
    contracts = [Stock(f"S{number}") for number in range(20)]
    async with connected(simulated.world) as tws, tws.market_data.watch(contracts) as watch:
        assert await read(watch, 20) == [(contract, 1) for contract in contracts]
        for price in range(2, MANY):
            for name in ("S3", "S7", "S5"):
                simulated.say(name, price)
            if price % 100 == 0:
                await anyio.lowlevel.checkpoint()
        said = 20 + 3 * (MANY - 2)
        await until(lambda: watch.statistics().received + tws.statistics().overtaken == said)
        assert watch.statistics().waiting == 3
        assert await read(watch, 3) == [(contracts[place], MANY - 1) for place in (3, 7, 5)]
        simulated.say("S1", 5)
        simulated.say("S2", 6)
        await until(lambda: watch.statistics().waiting == 2)
        batch = await next_of(watch.batches())
        assert [each.contract.symbol for each in batch] == ["S1", "S2"]


async def test_a_failure_comes_behind_the_last_word_and_ends_one_alone() -> None:
    simulated = Tws()
    async with connected(simulated.world) as tws, tws.market_data.watch([APPLE, IBM]) as watch:
        await read(watch, 2)
        simulated.say("AAPL", 2)
        simulated.world.links[-1].say(ErrorMessage(simulated.numbers["AAPL"], 10197, "competing"))
        simulated.say("IBM", 3)
        assert await read(watch, 3) == [(APPLE, 2), (IBM, 3), (APPLE, 10197)]
        assert tws.statistics().open_conversations == 1
        simulated.world.links[-1].say(ErrorMessage(None, 1101, "data lost"))
        assert await read(watch, 1) == [(IBM, DataLost)]
        with anyio.fail_after(PATIENCE):
            assert [watched async for watched in watch] == [], "with the last contract it comes to its end"


async def test_what_finds_no_line_is_told_so_and_the_others_go_on() -> None:
    """TWS says 101; and beyond our own count nothing is sent."""
    simulated = Tws(lambda name: ErrorMessage(0, 101, "Max number of tickers") if name == "IBM" else None)
    async with serve_memory(simulated.world) as served:
        stream = await served.connect()
        async with anytws.connect_stream(stream, pacing=anytws.Pacing(messages_per_second=1000, lines=2)) as tws:
            async with tws.market_data.watch([APPLE, MICROSOFT, NOPE]) as watch:
                told = dict(await read(watch, 3))
                assert told == {APPLE: 1, MICROSOFT: 1, NOPE: LimitReached}
                assert "NOPE" not in simulated.numbers
                watch.remove(MICROSOFT)
                watch.add(IBM)
                assert await read(watch, 1) == [(IBM, 101)]
                simulated.say("AAPL", 2)
                assert await read(watch, 1) == [(APPLE, 2)]


async def test_the_end_of_the_connection_ends_it_after_all_that_came() -> None:
    simulated = Tws()
    told: list[Any] = []
    with pytest.raises(ConnectionClosed):
        async with connected(simulated.world) as tws, tws.market_data.watch([APPLE, IBM]) as watch:
            await read(watch, 2)
            simulated.say("IBM", 3)
            await until(lambda: watch.statistics().waiting == 1)
            simulated.world.die()
            told += await read(watch, 1)
            await read(watch, 1)
    assert told == [(IBM, 3)]


async def test_a_cfd_is_followed_to_its_underlying() -> None:
    simulated = Tws(lambda name: RerouteMarketDataRequest(0, 8314, "SMART") if name == "CFD" else None)
    cfd = Stock("CFD")
    async with connected(simulated.world) as tws, tws.market_data.watch([cfd, IBM]) as watch:
        told: dict[Any, Any] = {}
        while told.get(cfd) != 1:
            told |= dict(await read(watch, 1))
        assert set(told) <= {cfd, IBM}
        assert tws.statistics().open_conversations == 2


async def test_who_leaves_early_leaves_nothing_behind() -> None:
    simulated = Tws()
    async with (
        serve_memory(simulated.world) as served,
        anytws.connect_stream(await served.connect(), pacing=None) as tws,
    ):
        contracts: list[Contract] = [Stock(f"S{number}") for number in range(250)]
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with tws.market_data.watch(contracts):
                raise AssertionError("it was cancelled while it opened them")
        await until(lambda: tws.statistics().open_conversations == 0)
        async with tws.market_data.watch(contracts) as watch:
            assert tws.statistics().open_conversations == 250
            with anyio.move_on_after(0):
                await read(watch, 1)
        await until(lambda: tws.statistics().open_conversations == 0)


async def test_it_is_for_one_block_one_reader_and_one_thread() -> None:
    simulated = Tws()
    async with connected(simulated.world) as tws:
        watch = tws.market_data.watch([APPLE])
        for use in (watch.__aiter__, watch.batches):
            with pytest.raises(RuntimeError, match="inside its block"):
                use()
        async with watch:
            with pytest.raises(RuntimeError, match="one block"):
                await watch.__aenter__()
            await read(watch, 1)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(next_of, watch)
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(StreamInUse):
                    await anext(watch)
                simulated.say("AAPL", 2)
            with pytest.raises(WrongThread):
                await to_thread.run_sync(watch.add, IBM)
            with pytest.raises(TypeError):
                watch.add("IBM")  # type: ignore[arg-type]


async def test_without_a_contract_it_waits_for_one() -> None:
    simulated = Tws()
    async with connected(simulated.world) as tws, tws.market_data.watch([]) as watch:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, watch, 1)
            await anyio.wait_all_tasks_blocked()
            watch.add(APPLE)
