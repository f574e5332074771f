"""Who waits for news of an order is woken, whoever else goes; nothing of a wait stays."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

import anytws
from anytws import ConnectionClosed
from anytws.machines.mailbox import Mailbox
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Owner
from anytws.messages import PlaceOrderRequest
from anytws.runtime.bells import Bells
from anytws.runtime.stream import Reader
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import serve_memory
from tests.said_orders import AAPL, order_of


def lives(count: int) -> list[OrderLife]:
    """Give some orders."""
    return [OrderLife(Owner.OURS) for _ in range(count)]


async def test_all_who_wait_for_an_order_are_woken_and_nobody_else():
    bells, (first, second) = Bells(), lives(2)
    woken: list[str] = []

    async def wait(name: str, *waited_for: OrderLife) -> None:
        await (bells.wait(waited_for[0]) if len(waited_for) == 1 else bells.wait_any(waited_for))
        woken.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait, "one", first)
        tasks.start_soon(wait, "another", first)
        tasks.start_soon(wait, "any", second, first)
        tasks.start_soon(wait, "other", second)
        await anyio.wait_all_tasks_blocked()
        bells.ring([first])
        await anyio.wait_all_tasks_blocked()
        assert sorted(woken) == ["another", "any", "one"]
        bells.ring([second, first])
    assert woken[-1] == "other"
    assert repr(bells) == "<Bells: 0 orders are waited for>"


async def test_who_is_cancelled_takes_nobody_elses_bell_down():
    bells, (life,) = Bells(), lives(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bells.wait, life)
        with anyio.move_on_after(0):
            await bells.wait(life)
        await anyio.wait_all_tasks_blocked()
        assert repr(bells) == "<Bells: 1 orders are waited for>"
        bells.ring([life])
    assert not bells._waiting


async def test_a_ring_between_the_ring_and_the_waking_is_not_lost():
    """The one who looks again sees both; the one who begins to wait after a ring is woken by the next."""
    bells, (life,) = Bells(), lives(1)
    seen: list[int] = []
    news = 0

    async def look() -> None:
        while not seen or seen[-1] < 3:
            if not seen or seen[-1] < news:
                seen.append(news)
            else:
                await bells.wait(life)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await anyio.wait_all_tasks_blocked()
        news = 1
        bells.ring([life])
        news = 2
        bells.ring([life])
        await anyio.wait_all_tasks_blocked()
        news = 3
        bells.ring([life])
    assert seen == [0, 2, 3]


async def test_to_ring_for_nobody_keeps_nothing():
    bells, several = Bells(), lives(3)
    bells.ring(several)
    assert not bells._waiting


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_readers_are_known_as_long_as_somebody_has_them():
    bells = Bells()
    reader: Reader[int] = Reader(Mailbox())
    bells.attend(reader)
    assert list(bells.readers) == [reader]
    del reader
    assert list(bells.readers) == []


async def test_who_waits_when_the_connection_ends_has_a_word_before_the_block_is_cancelled():
    """Decision 42: whoever is woken may raise what is to leave the block, or await for a moment."""
    world = World(WorldSettings())
    words: list[str] = []
    async with serve_memory(world) as served:
        with pytest.raises(ConnectionClosed):
            async with anytws.connect_stream(await served.connect()) as tws:
                sent = tws.send(PlaceOrderRequest(AAPL, order_of(client_id=0)))
                life = tws.known_orders.by_order_id(sent.message.order_id or 0)
                assert life is not None

                async def wait() -> None:
                    while tws.known_orders.over is None:
                        await tws.order_bells.wait(life)
                    words.append("woken")
                    await checkpoint()
                    words.append("awaited")

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(wait)
                    tasks.start_soon(wait)
                    await anyio.wait_all_tasks_blocked()
                    world.links[0].die()
                    await anyio.sleep_forever()
        assert words.count("awaited") == words.count("woken") == 2
        assert not tws.order_bells._waiting
        assert life.state.is_unsure or life.state.is_done
