"""A "no such contract" is not believed while TWS is cut off: what is waited for, for how long, and what is raised then.

Through `tws.contracts`, which asks by it; the clock is virtual.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import pytest

import anytws
from anytws import ConnectionClosed, NotFound, RequestFailed, RequestTimedOut, Tws
from anytws.client.doubt import LINK_SECONDS, deadline_of, seconds_left
from anytws.messages import Contract, ContractData, ContractDataEnd, ContractDataRequest, ContractDetails, ErrorMessage
from anytws.messages.base import ToClient
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.serve import serve_memory

pytestmark = pytest.mark.virtual_time

APPLE: Final = Contract(contract_id=265598)
LOST, BACK, BACK_WITHOUT_DATA, LOST_BETWEEN = 1100, 1102, 1101, 2110
MARKET_BROKEN, MARKET_OK, DEFINITIONS_BROKEN, DEFINITIONS_OK = 2103, 2104, 2157, 2158
LINK_CODES: Final = (LOST, BACK, BACK_WITHOUT_DATA, LOST_BETWEEN)


class Doubtful:
    """A TWS that says 200 of a contract that there is, some times, and goes away and comes back as a test says."""

    def __init__(self, lies: int = 1, *, is_silent: bool = False) -> None:
        self.lies = lies
        self.is_silent = is_silent
        self.asked_at: list[float] = []
        scripted = {ContractDataRequest: Answer(self._answer)}
        self.world = World(WorldSettings(), answers={**ANSWERS, **scripted})

    def _answer(self, _: object, request: Any) -> Iterable[ToClient]:
        self.asked_at.append(anyio.current_time())
        if len(self.asked_at) <= self.lies:
            return [ErrorMessage(request.request_id, 200, "No security definition has been found for the request")]
        if self.is_silent:
            return ()
        row = ContractData(request.request_id, APPLE, ContractDetails())
        return [row, ContractDataEnd(request.request_id)]

    def say(self, code: int, farm: str = "") -> None:
        """TWS says something of its link, or of a farm."""
        self.world.links[0].say(ErrorMessage(None, code, "of its link" if code in LINK_CODES else f"farm:{farm}"))

    @asynccontextmanager
    async def connected(self, *said: int) -> AsyncGenerator[Tws]:
        """Connect, and have it say codes; what was asked for is counted from then on."""
        async with serve_memory(self.world) as served, anytws.connect_stream(await served.connect()) as tws:
            for code in said:
                self.say(code, "usfarm")
            await anyio.sleep(1)
            yield tws

    async def later(self, seconds: float, code: int, farm: str = "usfarm") -> None:
        """Say *code* after a while."""
        await anyio.sleep(seconds)
        self.say(code, farm)


async def test_without_trouble_it_is_believed_at_once() -> None:
    """200 means that there is none, and nobody asks again."""
    tws_in_doubt = Doubtful()
    async with tws_in_doubt.connected() as tws:
        with pytest.raises(NotFound):
            await tws.contracts.resolve(265598)
    assert len(tws_in_doubt.asked_at) == 1


@pytest.mark.parametrize(
    "lost, back",
    [(LOST, BACK), (LOST, BACK_WITHOUT_DATA), (DEFINITIONS_BROKEN, DEFINITIONS_OK), (MARKET_BROKEN, MARKET_OK)],
)
async def test_the_link_is_waited_for_and_it_is_asked_again(lost: int, back: int) -> None:
    """At the moment at which TWS says that it is back."""
    doubtful = Doubtful()
    async with doubtful.connected(lost) as tws, anyio.create_task_group() as group:
        group.start_soon(doubtful.later, 7, back)
        found = await tws.contracts.resolve(265598)
        assert found.contract == APPLE
    first, second = doubtful.asked_at
    assert second - first == pytest.approx(7)


async def test_a_link_that_is_back_already() -> None:
    """Within half a minute of the loss the answer is in doubt all the same: it is asked again at once."""
    doubtful = Doubtful()
    async with doubtful.connected(LOST, BACK) as tws:
        await tws.contracts.resolve(265598)
    first, second = doubtful.asked_at
    assert second == first


async def test_a_link_that_is_down_for_long() -> None:
    """Behind the half minute as well: as long as TWS has no link its word is not taken."""
    doubtful = Doubtful()
    async with doubtful.connected(LOST) as tws, anyio.create_task_group() as group:
        await anyio.sleep(100)
        group.start_soon(doubtful.later, 50, BACK)
        await tws.contracts.resolve(265598)
    first, second = doubtful.asked_at
    assert second - first == pytest.approx(50)


@pytest.mark.parametrize("given, seconds", [(None, LINK_SECONDS), (20, 20), (200, 200)])
@pytest.mark.parametrize("age", [1, 100])
async def test_a_link_that_does_not_come_back(given: float | None, seconds: float, age: float) -> None:
    """What TWS said is raised as that, in doubt, when the time is over: it is no `NotFound`."""
    doubtful = Doubtful()
    async with doubtful.connected(LOST) as tws:
        await anyio.sleep(age)
        began = anyio.current_time()
        with pytest.raises(RequestFailed, match="it may be wrong") as failed:
            await tws.contracts.details(265598, timeout=given)
        assert anyio.current_time() - began == pytest.approx(seconds)
    assert (failed.value.code, failed.value.link_was_down) == (200, True)
    assert len(doubtful.asked_at) == 1


async def test_a_farm_of_market_data_that_stays_broken() -> None:
    """Nobody may need it, so half a minute is enough for it; for definitions it is all the time that there is."""
    doubtful = Doubtful()
    async with doubtful.connected(MARKET_BROKEN) as tws:
        await tws.contracts.resolve(265598, timeout=100)
    first, second = doubtful.asked_at
    assert second - first == pytest.approx(30)
    doubtful = Doubtful()
    async with doubtful.connected(DEFINITIONS_BROKEN) as tws, anyio.create_task_group() as group:
        group.start_soon(doubtful.later, 80, DEFINITIONS_OK)
        await tws.contracts.resolve(265598, timeout=100)
    first, second = doubtful.asked_at
    assert second - first == pytest.approx(80)


async def test_a_second_answer_that_is_no_better() -> None:
    """Soon after the loss it is in doubt as well, and raised so; later it is believed. Nobody asks a third time."""
    for pause, kind in ((0, RequestFailed), (40, NotFound)):
        doubtful = Doubtful(lies=2)
        async with doubtful.connected(LOST) as tws, anyio.create_task_group() as group:
            group.start_soon(doubtful.later, pause, BACK)
            with pytest.raises((RequestFailed, NotFound)) as failed:
                await tws.contracts.resolve(265598)
            assert type(failed.value) is kind
        assert len(doubtful.asked_at) == 2


async def test_one_time_is_for_all_of_it() -> None:
    """The wait for the link, and the second question: what is left of the caller's own time."""
    doubtful = Doubtful(is_silent=True)
    async with doubtful.connected(LOST) as tws, anyio.create_task_group() as group:
        group.start_soon(doubtful.later, 7, BACK)
        began = anyio.current_time()
        with pytest.raises(RequestTimedOut):
            await tws.contracts.resolve(265598, timeout=10)
        assert anyio.current_time() - began == pytest.approx(10)


async def test_a_caller_who_goes_while_the_link_is_down() -> None:
    """Nothing is left, and nothing is asked again."""
    doubtful = Doubtful()
    async with doubtful.connected(LOST) as tws, anyio.create_task_group() as group:
        with anyio.move_on_after(5) as scope:
            await tws.contracts.resolve(265598)
        assert scope.cancelled_caught
        group.start_soon(doubtful.later, 1, BACK)
        await anyio.sleep(30)
        assert tws.statistics().open_conversations == 0
    assert len(doubtful.asked_at) == 1


async def test_a_connection_that_ends_while_the_link_is_down() -> None:
    """It is the end of the connection that is raised."""
    doubtful = Doubtful()
    with pytest.raises(ConnectionClosed):
        async with doubtful.connected(LOST) as tws, anyio.create_task_group() as group:
            group.start_soon(hang_up_later, doubtful.world)
            await tws.contracts.resolve(265598)


async def hang_up_later(world: World) -> None:
    await anyio.sleep(5)
    world.links[0].die()


async def test_1100_under_the_id_of_a_question_is_raised_as_it_is() -> None:
    """It says of itself that TWS is cut off; whoever wants to asks again when `tws.health` is well."""

    def cut_off(_: object, request: Any) -> Iterable[ToClient]:
        return [ErrorMessage(request.request_id, LOST, "Connectivity between IB and TWS has been lost")]

    world = World(WorldSettings(), answers={**ANSWERS, ContractDataRequest: Answer(cut_off)})
    async with serve_memory(world) as served, anytws.connect_stream(await served.connect()) as tws:
        with pytest.raises(RequestFailed) as failed:
            await tws.contracts.resolve(265598)
        assert failed.value.code == LOST


async def test_deadlines() -> None:
    """None is none; what has passed leaves nothing."""
    assert deadline_of(None) is None
    assert seconds_left(None) is None
    assert seconds_left(deadline_of(3)) == pytest.approx(3)
    assert seconds_left(anyio.current_time() - 1) == 0
