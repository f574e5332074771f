"""Siblings that fail: verbs in the task groups of trio, of asyncio and of AnyIO, of which one raises.

The others are cancelled, here and at TWS; what leaves is what went wrong: a group has it, and a block gives it bare.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import anyio
import anyio.lowlevel
import pytest
import sniffio
import trio

from anytws import ConnectionClosed, RequestFailed, State, Tws
from anytws import messages as m
from anytws.messages import ErrorMessage, ToClient
from tests.every_verb import VERBS, Verb
from tests.scripted_peer import Peer, plainly, talking
from tests.test_every_verb import require_nothing_left, until, use

Start: TypeAlias = Callable[..., object]
"""Starts a function in a task of the group."""

ALL: Final = [verb for verb in VERBS if not verb.takes_time]


@asynccontextmanager
async def native_group() -> AsyncGenerator[Start]:
    """Open the event loop's own task group."""
    if sniffio.current_async_library() == "trio":
        async with trio.open_nursery() as nursery:
            yield nursery.start_soon
        return
    tasks: set[Any] = set()
    async with asyncio.TaskGroup() as group:

        def start(work: Callable[..., Awaitable[Any]], *args: Any) -> None:
            tasks.add(group.create_task(work(*args)))  # type: ignore[arg-type]  # they are coroutines

        yield start


@asynccontextmanager
async def anyio_group() -> AsyncGenerator[Start]:
    """Open the one of AnyIO."""
    async with anyio.create_task_group() as tasks:
        yield tasks.start_soon


GROUPS: Final = pytest.mark.parametrize("group", [native_group, anyio_group])


def withheld(_: Peer, __: Any, ___: list[ToClient]) -> list[ToClient]:
    """Say nothing."""
    return []


async def start_all(start: Start, tws: Tws, peer: Peer, *, more: int = 0) -> None:
    """Have every verb wait for what TWS does not say."""
    peer.twist = withheld
    for verb in ALL:
        if verb.since > peer.version:
            continue
        peer.answers = verb.answers
        start(_wait, tws, verb, more)
        for _ in range(8):
            await anyio.lowlevel.checkpoint()


async def _wait(tws: Tws, verb: Verb, more: int) -> None:
    await use(tws, verb, **({"more": more} if verb.is_stream else {}))


async def require_alive(tws: Tws, peer: Peer) -> None:
    """Fail unless the connection goes on, and nothing is left of the siblings."""
    assert tws.state is State.READY
    # What has no id drains by its answer.
    peer.twist = plainly
    await until(lambda: not peer.open)
    verb = next(verb for verb in ALL if verb.name == "contracts.resolve")
    peer.answers = verb.answers
    assert verb.gives(await use(tws, verb))
    await require_nothing_left(tws, peer)


@GROUPS
@pytest.mark.parametrize("version", [178, 226])
async def test_one_fails_and_the_others_are_cancelled(group: Callable[[], Any], version: int) -> None:
    """Every verb beside one that TWS refuses: the group has that refusal and nothing else."""
    async with talking(version) as (tws, peer):
        with pytest.raises(ExceptionGroup) as caught:
            async with group() as start:
                await start_all(start, tws, peer)
                peer.answers = {m.UserInfoRequest: ()}
                peer.twist = lambda _, request, __: [ErrorMessage(request.request_id, 321, "no")]
                start(tws.accounts.white_branding_id)
                await anyio.sleep_forever()
        (failure,) = caught.value.exceptions
        assert isinstance(failure, RequestFailed)
        assert failure.code == 321
        await require_alive(tws, peer)


@GROUPS
async def test_a_sibling_of_the_callers_own_fails(group: Callable[[], Any]) -> None:
    """What has nothing to do with TWS comes out as it is."""

    async def fail() -> None:
        await anyio.lowlevel.checkpoint()
        raise ValueError("mine")

    async with talking(226) as (tws, peer):
        with pytest.raises(ExceptionGroup) as caught:
            async with group() as start:
                await start_all(start, tws, peer)
                start(fail)
                await anyio.sleep_forever()
        assert [str(each) for each in caught.value.exceptions] == ["mine"]
        await require_alive(tws, peer)


@GROUPS
async def test_the_connection_ends_for_all_of_them(group: Callable[[], Any]) -> None:
    """One `ConnectionClosed` leaves the block, bare, out of whatever groups the waiters were in."""
    with pytest.raises(ConnectionClosed) as caught:
        async with talking(226) as (tws, peer):
            async with group() as start, anyio_group() as start_deeper:
                await start_all(start, tws, peer)
                start_deeper(tws.accounts.family_codes)
                await peer.hang_up()
                await anyio.sleep_forever()
    assert caught.value.__context__ is None or not isinstance(caught.value.__context__, RequestFailed)


@GROUPS
async def test_a_failure_beside_the_end_stays_beside_it(group: Callable[[], Any]) -> None:
    """A sibling that makes something else of the end is not lost."""

    async def fail(tws: Tws) -> None:
        try:
            await tws.market_data.snapshots([m.Stock("AAPL")])
        except ConnectionClosed as end:
            # It has a moment to put things in order.
            await anyio.lowlevel.checkpoint()
            raise ValueError("mine") from end

    with pytest.raises(ExceptionGroup) as caught:
        async with talking(226) as (tws, peer), group() as start:
            start(fail, tws)
            await until(lambda: peer.heard)
            await peer.hang_up()
            await anyio.sleep_forever()
    assert caught.group_contains(ValueError, match="mine")


BLOCKS: Final = [verb for verb in ALL if verb.is_stream]


@pytest.mark.parametrize("version", [178, 226])
async def test_a_block_gives_what_is_raised_in_it_as_it_is(version: int) -> None:
    """Also one that has tasks of its own, as a download: no group around it."""
    async with talking(version) as (tws, peer):
        for verb in BLOCKS:
            peer.answers = verb.answers
            problem = ValueError(verb.name)
            caught: BaseException | None = None
            try:
                async with verb.call(tws) as stream:
                    await anext(stream)
                    raise problem
            except BaseException as raised:
                caught = raised
            assert caught is problem, (verb.name, caught)
            await require_nothing_left(tws, peer)


@pytest.mark.parametrize("version", [178, 226])
async def test_a_group_inside_a_block(version: int) -> None:
    """A sibling that reads is cancelled with the others, and the block is left all the same."""
    async with talking(version) as (tws, peer):
        for verb in BLOCKS:
            peer.answers = verb.answers

            async def read(stream: Any) -> None:
                async for _ in stream:
                    continue
                await anyio.sleep_forever()

            async def fail() -> None:
                for _ in range(10):
                    await anyio.lowlevel.checkpoint()
                raise ValueError("mine")

            with pytest.raises(ExceptionGroup) as caught:
                async with verb.call(tws) as stream, anyio.create_task_group() as tasks:
                    tasks.start_soon(read, stream)
                    tasks.start_soon(fail)
            assert [str(each) for each in caught.value.exceptions] == ["mine"], verb.name
            await require_nothing_left(tws, peer)


async def test_two_fail_at_once() -> None:
    """Refused in one breath, both are told."""
    async with talking(226) as (tws, peer):
        held: list[Any] = []

        def hold(_: Peer, request: Any, __: list[ToClient]) -> list[ToClient]:
            held.append(request)
            return []

        peer.answers, peer.twist = {m.UserInfoRequest: ()}, hold
        codes = []
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(tws.accounts.white_branding_id)
                tasks.start_soon(tws.accounts.white_branding_id)
                await until(lambda: len(held) == 2)
                await peer.say(*[ErrorMessage(each.request_id, 321, "no") for each in held])
        except* RequestFailed as failures:
            codes = [failure.code for failure in failures.exceptions if isinstance(failure, RequestFailed)]
        assert codes == [321, 321]
        assert tws.state is State.READY
