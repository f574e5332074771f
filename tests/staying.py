"""A client that stays connected to a TWS in memory, for tests: its world, what it has been through, and how to wait."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from anyio.abc import ByteStream

from anytws import Tws
from anytws.client.keep_connected import keep_connected_stream
from anytws.machines.presence import Presence, PresenceState
from anytws.runtime.hook import Hook
from anytws.simulator import World, WorldSettings
from anytws.simulator.faults import Event, Script
from anytws.simulator.serve import MemoryTws, serve_memory

MORNING: Final = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
"""A Wednesday, with New York open."""


class Diary(Hook):
    """Writes down where one has been."""

    def __init__(self) -> None:
        self.presences: list[Presence] = []

    def presence_changed(self, connection: str, presence: Presence) -> None:
        self.presences.append(presence)

    @property
    def states(self) -> list[PresenceState]:
        """The states, one after the other."""
        return [presence.state for presence in self.presences]


def a_world(*events: Event, **settings: Any) -> World:
    """Give a world in the morning, to which *events* happen."""
    return World(WorldSettings(**{"starts_at": MORNING, **settings}), script=Script(list(events)))


@asynccontextmanager
async def staying(
    world: World,
    *,
    through: Callable[[MemoryTws], Callable[[], Awaitable[ByteStream]]] = lambda served: served.connect,
    **options: Any,
) -> AsyncGenerator[Tws]:
    """Stay connected to *world* in memory, for the length of a block."""
    async with serve_memory(world) as served:
        async with keep_connected_stream(through(served), **{"client_id": 7, **options}) as tws:
            yield tws


async def lose(tws: Tws, world: World) -> Presence:
    """Have the connection cut, and wait until that is noticed."""
    world.links[-1].die()
    return await tws.presence.until(lambda presence: not presence.is_here)


async def present(tws: Tws, gaps: int = 1) -> Presence:
    """Wait until one is back, after so many losses."""
    return await tws.presence.until(
        lambda presence: presence.state is PresenceState.PRESENT and presence.gaps >= gaps, timeout=3600
    )


def kinds(items: Sequence[object]) -> list[str]:
    """Name the types of *items*."""
    return [type(item).__name__ for item in items]
