"""The presence of one plain connection. That of a program that stays connected: ``test_keep_connected.py``."""

from __future__ import annotations

import pickle
from datetime import UTC

import anyio
import pytest

from anytws import ConnectionClosed
from anytws.client.presence import PresenceTopic
from anytws.errors import PresenceTimedOut
from anytws.machines.presence import PresenceState
from anytws.simulator import World
from tests.in_memory import PATIENCE, connected


async def test_under_connect_one_is_present_and_then_it_is_over() -> None:
    world = World()
    async with connected(world) as tws:
        assert isinstance(tws.presence, PresenceTopic)
        here = tws.presence.now
        assert here.state is PresenceState.PRESENT
        assert here.since.tzinfo is UTC
        assert await tws.presence.until(lambda presence: presence.is_here) == here
        changes = tws.presence.changes()
        assert await anext(changes) == here
        world.links[-1].die()
        with anyio.fail_after(PATIENCE):
            end = await tws.closed()
            over = await anext(changes)
            assert over.state is PresenceState.OVER
            assert over.last_end == end
            assert tws.presence.now == over
            assert await tws.presence.until(lambda presence: not presence.is_here) == over
            with pytest.raises(ConnectionClosed):
                await anext(changes)
            with pytest.raises(ConnectionClosed):
                await tws.presence.until(lambda presence: presence.is_here)


@pytest.mark.virtual_time
async def test_what_is_waited_for_in_vain_is_told_with_the_present() -> None:
    async with connected() as tws:
        with pytest.raises(PresenceTimedOut, match=r"within 3 s: present \(") as caught:
            await tws.presence.until(lambda presence: not presence.is_here, timeout=3)
        assert caught.value.presence == tws.presence.now
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
        assert (again.seconds, again.presence) == (3, tws.presence.now)
        with pytest.raises(TypeError, match="something to call"):
            await tws.presence.until(None)  # type: ignore[arg-type]  # the mistake
        assert repr(tws.presence).startswith("<presence of <Connection")
        assert repr(tws.presence.changes()).startswith("<PresenceChanges of <Connection")
