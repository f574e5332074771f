"""Verbs in crowds: ten thousand at once, a thousand of them cancelled, and readers who are too slow."""

from __future__ import annotations

import gc
import inspect
import math
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest

from anytws import Dropped, SlowConsumer, Tws
from anytws import messages as m
from anytws.messages import ToClient
from anytws.messages.base import replace
from tests.every_verb import APPLE, VERBS, Verb, topic_class
from tests.scripted_peer import Peer, talking
from tests.test_every_verb import is_at_rest, require_nothing_left, require_right, until

MANY: Final = 10_000
CANCELLED: Final = 1000
ROOM: Final = 50
"""The capacity of streams that are too slow."""
FLOOD: Final = 600
"""Messages that come while nobody reads."""
MOST_BYTES: Final = 100_000
"""What one stream may keep, of whatever comes."""


def _echo(request: Any) -> Iterable[ToClient]:
    return (m.NewsArticle(0, m.NewsArticleType.TEXT, f"text of {request.article_id}"),)


async def _ask_many(tws: Tws, count: int, seconds: float | None = None) -> dict[str, str]:
    found: dict[str, str] = {}

    async def ask(number: str) -> None:
        found[number] = (await tws.news.article_by_id("DJ-N", number, timeout=seconds)).article_text

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(ask, str(number))
    return found


def _are_right(found: dict[str, str], count: int) -> bool:
    return len(found) == count and all(text == f"text of {number}" for number, text in found.items())


@pytest.mark.parametrize("version", [178, 226])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_ten_thousand_at_once(version: int, anyio_backend: object) -> None:
    """Each has its own answer, and it takes ten times as long as a thousand, not a hundred times. On trio: below."""
    async with talking(version) as (tws, peer):
        peer.answers = {m.NewsArticleRequest: _echo}
        seconds = []
        for count in (MANY // 10, MANY) if version == 226 else (MANY // 10,):
            gc.collect()
            began = time.process_time()
            found = await _ask_many(tws, count)
            seconds.append((time.process_time() - began) / count)
            assert _are_right(found, count)
            await require_nothing_left(tws, peer)
        assert max(seconds) <= 3 * seconds[0]


@pytest.mark.virtual_time
async def test_ten_thousand_at_once_at_the_pace_that_tws_allows() -> None:
    """Nobody is lost on the way: 45 of 50 places are for questions, each for 1.1 seconds, which makes four minutes."""
    async with talking(226, pacing=50) as (tws, peer):
        peer.answers = {m.NewsArticleRequest: _echo}
        await anyio.sleep(10)
        began = anyio.current_time()
        assert _are_right(await _ask_many(tws, MANY, math.inf), MANY)
        assert anyio.current_time() - began == pytest.approx(MANY / 45 * 1.1, abs=2)
        pacing = tws.statistics().pacing
        assert pacing is not None
        assert sum(pacing.waiting.values()) == 0
        await require_nothing_left(tws, peer)


@pytest.mark.virtual_time
async def test_a_thousand_of_them_cancelled() -> None:
    """Each that is cancelled is cancelled at TWS, and no other is."""
    async with talking(226) as (tws, peer):
        held: list[tuple[Any, list[ToClient]]] = []

        def hold(_: Peer, request: Any, said: list[ToClient]) -> list[ToClient]:
            held.append((request, said))
            return []

        peer.answers = {m.ContractDataRequest: lambda request: (
            m.ContractData(0, replace(APPLE, contract_id=request.contract.contract_id), m.ContractDetails()),
            m.ContractDataEnd(0),
        )}  # fmt: skip
        peer.twist = hold
        count = MANY // 4
        found: dict[int, int] = {}
        scopes = [anyio.CancelScope() for _ in range(count)]

        async def ask(number: int) -> None:
            with scopes[number - 1]:
                found[number] = (await tws.contracts.resolve(number)).contract.contract_id

        async with anyio.create_task_group() as tasks:
            for number in range(1, count + 1):
                tasks.start_soon(ask, number)
            await until(lambda: len(held) == count)
            for scope in scopes[:CANCELLED]:
                scope.cancel()
            await until(lambda: sum(isinstance(each, m.CancelContractData) for each in peer.heard) == CANCELLED)
            for _, said in held:
                await peer.say(*said)
        assert found == {number: number for number in range(CANCELLED + 1, count + 1)}
        assert sum(isinstance(each, m.CancelContractData) for each in peer.heard) == CANCELLED
        await until(lambda: not peer.open and is_at_rest(tws))


# --- readers who are too slow ----------------------------------------------------------------------------------------


def _takes(verb: Verb, name: str) -> bool:
    topic, _, method = verb.verb.partition(".")
    return name in inspect.signature(getattr(topic_class(topic), method)).parameters


STREAMS: Final = [verb for verb in VERBS if verb.is_stream and not callable(verb.answers[verb.asks])]
BOUNDED: Final = [verb for verb in STREAMS if _takes(verb, "when_full")]
CONFLATED: Final = [verb for verb in STREAMS if not _takes(verb, "when_full") and "pnl" not in verb.name]


async def _open_and_flood(tws: Tws, peer: Peer, verb: Verb, read: Callable[[Any], Any], **options: Any) -> None:
    """Open a stream, have the last of its answers come again and again unread, and then *read*."""
    peer.answers = verb.answers
    async with verb.call(tws, **options) as stream:
        items: list[Any] = []
        async for item in stream:
            items.append(item)
            if verb.gives(items):
                break
        await flood(tws, peer, verb, FLOOD)
        await read(stream)
    await require_nothing_left(tws, peer)


async def flood(tws: Tws, peer: Peer, verb: Verb, count: int = FLOOD) -> None:
    """Say more than anybody reads, and wait until all of it has come."""
    answers = verb.answers[verb.asks]
    assert not callable(answers)
    rows = [each for each in answers if not type(each).__name__.endswith("End")][-2:]
    asked = [each for each in peer.heard if type(each) is verb.asks][-1]
    number = getattr(asked, "request_id", None)
    said = [replace(row, request_id=number) if hasattr(row, "request_id") else row for row in rows]
    await peer.say(*(said * (count // len(said))))
    await tws.ask(m.ManagedAccountsRequest())


@pytest.mark.parametrize("version", [178, 226])
async def test_a_slow_reader_fails(version: int) -> None:
    """It is told at once, and with how much is lost; the cancel has gone out by then, and nothing is kept."""

    async def read(stream: Any) -> None:
        assert stream.statistics().waiting == 0
        assert not peer.open
        with pytest.raises(SlowConsumer):
            await anext(stream)

    async with talking(version) as (tws, peer):
        for verb in BOUNDED:
            await _open_and_flood(tws, peer, verb, read, capacity=ROOM)
            await require_right(tws, peer, verb)


@pytest.mark.parametrize("version", [178, 226])
async def test_a_slow_reader_loses_the_oldest(version: int) -> None:
    """What is gone is told in its place, and all adds up."""

    async def read(stream: Any) -> None:
        before = stream.statistics()
        assert before.waiting <= ROOM
        first = await anext(stream)
        assert isinstance(first, Dropped)
        assert first.count == before.dropped
        rest = [await anext(stream) for _ in range(before.waiting)]
        assert not any(isinstance(each, Dropped) for each in rest)
        assert stream.statistics().waiting == 0

    async with talking(version) as (tws, peer):
        for verb in BOUNDED:
            await _open_and_flood(tws, peer, verb, read, capacity=ROOM, when_full="drop_oldest")
            await require_right(tws, peer, verb)


@pytest.mark.parametrize("version", [178, 226])
async def test_a_slow_reader_of_what_is_conflated_finds_the_newest(version: int) -> None:
    """One item waits, whatever has come, and it is the newest."""

    async def read(stream: Any) -> None:
        assert stream.statistics().waiting <= 1

    async with talking(version) as (tws, peer):
        for verb in CONFLATED:
            await _open_and_flood(tws, peer, verb, read)
            await require_right(tws, peer, verb)


ONE_OF_EACH: Final = (
    "market_data.raw", "market_data.ticks", "market_data.quotes", "market_data.watch", "market_data.depth",
    "historical.updating_bars", "accounts.follow_values", "accounts.follow_summary",
)  # fmt: skip
"""One for each way in which what waits is kept."""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_a_slow_reader_keeps_is_bounded(anyio_backend: object) -> None:
    """Measured: three floods more come to the same."""

    async def read(stream: Any) -> None:
        kept = []
        for times in (0, 3):
            for _ in range(times):
                await flood(tws, peer, verb, FLOOD // 3)
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
        assert kept[1] - kept[0] < MOST_BYTES, (verb.name, kept)

    async with talking(226) as (tws, peer):
        tracemalloc.start()
        try:
            for verb in STREAMS:
                options = {"capacity": ROOM, "when_full": "drop_oldest"} if verb in BOUNDED else {}
                if verb.name in ONE_OF_EACH:
                    await _open_and_flood(tws, peer, verb, read, **options)
        finally:
            tracemalloc.stop()
