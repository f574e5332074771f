"""Kept streams driven by hand: one connection after the other to a TWS in memory that says what a test has it say."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from anytws import Feed, Gap, Stream, Tws
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.machines.pacing import Pacing
from anytws.machines.session import ClientSession
from anytws.runtime.feeds import Feeds
from anytws.runtime.kept import KeptStreams
from anytws.runtime.pump import Pump
from anytws.simulator.serve import memory_pair
from tests.scripted_peer import Answers, Peer

PATIENCE: Final = 10.0
SINCE: Final = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
UNTIL: Final = SINCE + timedelta(minutes=5)
GAP: Final = Gap(SINCE, "the connection was cut")


class KeptTws(Tws):
    """A program's hold of all connections: its streams are kept."""

    def __init__(self, pump: Pump, streams: KeptStreams) -> None:
        super().__init__(pump)
        self.streams: Final = streams

    def change(self, pump: Pump) -> None:
        """Go on with another connection."""
        self._pump, self._connection = pump, pump.connection

    def stream(self, request: Any, *, timeout: float | None = None, **options: Any) -> Stream[Any]:
        """Give a stream that is kept."""
        return Stream(self.streams, request, timeout, super().stream(request, **options)._mailbox)

    def feed(self, request: Any, mailbox: Any, *, timeout: float | None = None) -> Feed[Any]:
        """Give a feed that is kept."""
        return Feed(self.streams, request, timeout, mailbox)

    def feeds(self, desk: Any, *, timeout: float | None = None) -> Feeds[Any]:
        """Give feeds that are kept."""
        return Feeds(self.streams, desk, timeout)


class Night:
    """What happens to the connections of one program."""

    def __init__(self, tasks: TaskGroup, answers: Answers, version: int, pacing: Pacing | None) -> None:
        self.answers: Answers = answers
        self.version: Final = version
        self.now: datetime = SINCE
        self.streams: Final = KeptStreams(utc=lambda: self.now)
        self.peers: Final[list[Peer]] = []
        self._pacing = pacing
        self._tasks = tasks
        self._scopes: list[anyio.CancelScope] = []
        self._pump: Pump | None = None
        self.tws: KeptTws = None  # type: ignore[assignment]  # `begin` makes it

    @property
    def peer(self) -> Peer:
        """TWS, as it is now."""
        return self.peers[-1]

    @property
    def pump(self) -> Pump:
        """The connection of now."""
        assert self._pump is not None
        return self._pump

    async def connect(self) -> Pump:
        """Connect, and no more."""
        ours, theirs = memory_pair()
        peer = Peer(theirs, self.version)
        peer.answers = self.answers
        self.peers.append(peer)
        self._tasks.start_soon(peer.run)
        session = ClientSession(HandshakeOptions(client_id=1), pacing=self._pacing)
        session.opened(anyio.current_time())
        pump = Pump(ours, session)
        await pump.handshake(lambda: session.state is State.READY)
        pump.start(self._tasks)
        self._pump = pump
        return pump

    async def begin(self) -> KeptTws:
        """Connect the first time."""
        pump = await self.connect()
        self.tws = KeptTws(pump, self.streams)
        self.streams.attach(pump)
        self._tasks.start_soon(self.streams.tend, pump)
        self._tasks.start_soon(self.streams.keep_time)
        return self.tws

    async def cut(self, gap: Gap = GAP) -> None:
        """Have TWS hang up, and say so to the streams."""
        await self.peer.hang_up()
        await self.pump.until_closed()
        self.streams.lose(gap)

    async def come_back(self, until: datetime = UNTIL, not_fetched: str = "") -> None:
        """Connect again, and have the streams opened."""
        pump = await self.connect()
        self.tws.change(pump)
        await self.streams.reopen(pump, until, not_fetched)
        self._tasks.start_soon(self.streams.tend, pump)


@asynccontextmanager
async def nights(
    answers: Answers | None = None, version: int = 203, *, pacing: Pacing | None = None
) -> AsyncGenerator[Night]:
    """Give a program that is connected; clean up behind it."""
    try:
        async with anyio.create_task_group() as tasks:
            night = Night(tasks, {} if answers is None else answers, version, pacing)
            await night.begin()
            try:
                yield night
            finally:
                tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # What is wrong, and not that a task group stood around it.
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


async def items_until(stream: Any, holds: Callable[[list[Any]], object]) -> list[Any]:
    """Give what *stream* gives until *holds* of it. A test fails instead of hanging."""
    items: list[Any] = []
    with anyio.fail_after(PATIENCE):
        while not (items and holds(items)):
            items.append(await anext(stream))
    return items


async def settled(rounds: int = 20) -> None:
    """Let all others run that can."""
    for _ in range(rounds):
        await anyio.lowlevel.checkpoint()


Step = Callable[[], Awaitable[None]]
