"""A connect in memory is like one over TCP: the same block, the same errors."""

from __future__ import annotations

import pytest

import anytws
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import serve_memory
from anytws.testing.memory import connect_in_memory


async def test_it_connects():
    world = World(WorldSettings(server_version=176))
    async with serve_memory(world) as served:
        async with connect_in_memory(served, client_id=3, connect_timeout=1.0, follow_redirects=True) as tws:
            assert (tws.client_id, tws.server_version) == (3, 176)
            assert "127.0.0.1:7497" in repr(tws)
            assert [link.client_id for link in world.links] == [3]


async def test_its_stream_may_be_watched():
    seen = []

    def through(stream):
        seen.append(stream)
        return stream

    async with serve_memory(World()) as served, connect_in_memory(served, client_id=3, through=through):
        assert len(seen) == 1


async def test_where_nobody_listens_it_is_the_error_of_a_connect():
    world = World()
    world.die()
    async with serve_memory(world) as served:
        with pytest.raises(anytws.TcpConnectFailed) as caught:
            async with connect_in_memory(served, host="gate", port=4001, client_id=3):
                raise AssertionError
    assert caught.value.address == "gate:4001"
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


async def test_an_end_leaves_the_block():
    world = World()
    async with serve_memory(world) as served:
        with pytest.raises(anytws.ConnectionClosed):
            async with connect_in_memory(served, client_id=3) as tws:
                world.die()
                await tws.current_time()
