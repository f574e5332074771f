"""Groups of windows, from end to end: what they show, and having them show something else."""

from __future__ import annotations

import anyio
import pytest

from anytws import RequestFailed, StreamInUse
from anytws.machines.shown_contracts import Shown
from anytws.messages import Contract, Stock, SubscribeToGroupEventsRequest, UnsubscribeFromGroupEventsRequest
from anytws.simulator import World, WorldSettings
from tests.in_memory import Script, connected, next_of

AAPL = Contract(contract_id=265598, exchange="SMART")


@pytest.mark.parametrize("version", [178, 226])
async def test_a_group_is_followed_and_changed(version: int) -> None:
    world = World(WorldSettings(server_version=version))
    async with connected(world) as tws:
        groups = await tws.display_groups.groups()
        assert groups
        async with tws.display_groups.follow(groups[0]) as group:
            assert await next_of(group) == Shown("none")
            await group.update(AAPL)
            assert await next_of(group) == Shown("265598@SMART", AAPL)
            assert world.desk.shown(groups[0]) == "265598@SMART"
            await group.update(None)
            async for shown in group:
                assert isinstance(shown, Shown)
                assert shown.is_nothing
                break
            world.desk.show(groups[0], "756733@ARCA")
            async for batch in group.batches():
                assert batch == (Shown("756733@ARCA", Contract(contract_id=756733, exchange="ARCA")),)
                break
            assert group.statistics().received == 4
            assert "ShownGroup" in repr(group)
        await tws.current_time()
        assert UnsubscribeFromGroupEventsRequest(group.request.request_id) in [each.message for each in world.heard]  # type: ignore[attr-defined]  # it has one


async def test_a_group_is_changed_inside_its_block_and_by_a_contract_that_is_known() -> None:
    async with connected() as tws:
        group = tws.display_groups.follow(1)
        with pytest.raises(RuntimeError, match="inside its block"):
            group.update(AAPL)
        async with group:
            with pytest.raises(ValueError, match="resolve"):
                group.update(Stock("AAPL"))
            # An id without an exchange means SMART where that can be known.
            with pytest.raises(ValueError, match="exchange"):
                group.update(Contract(contract_id=1, security_type="FUT"))  # type: ignore[arg-type]  # a word of the vendor


async def test_a_group_that_there_is_not_is_an_error() -> None:
    async with connected() as tws, tws.display_groups.follow(99) as group:
        with pytest.raises(RequestFailed) as caught:
            await next_of(group)
        assert caught.value.code == 321


async def test_a_group_has_one_reader() -> None:
    script = Script({SubscribeToGroupEventsRequest: []})
    async with (
        connected(script.world) as tws,
        tws.display_groups.follow(1) as group,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(group.__anext__)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(StreamInUse):
            await anext(group)
        tasks.cancel_scope.cancel()
