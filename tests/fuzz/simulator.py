"""The simulated TWS: any bytes from any client, several at once, while an honest one asks for the time.

* It lives: nothing that a client does raises, or is the failure of a link.
* The honest client is answered, every time, whatever the others do.
* When all are gone nothing is left of them, and their client ids are free.
* What `anytws simulate` tells of them is a line each.

Most cases are played with the pure `World`; some over streams, with an event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Final

import anyio
import attrs
from anyio.lowlevel import checkpoint

from anytws.cli.narrator import Narrator
from anytws.core import Connection, HandshakeOptions, State
from anytws.core.remembered import weigh
from anytws.errors import shown
from anytws.messages.base import Side
from anytws.messages.session import CurrentTime, CurrentTimeRequest
from anytws.simulator import Link, Personality, World, WorldSettings
from anytws.simulator.serve import MemoryStream, MemoryTws, serve_memory
from tests.fuzz.conversations import SOME_VERSIONS, Conversations
from tests.fuzz.engine import Broken, Case

HONEST_ID: Final = 2**31 - 2
HERE: Final = "127.0.0.1"
DEAF: Final = 2
"""The client that never reads."""

_LONGEST_LINE: Final = 1000
_PATIENCE: Final = 20.0
"""Seconds for an answer that comes within a millisecond, if it comes at all: only a bug is waited for."""
_ROUND: Final = 5
"""So many turns are enough for TWS to read what was sent, and to answer."""
_TURNS: Final = 1000
"""So often everybody may have a turn before all that is over has to be gone."""


class SimulatorTarget:
    """The target."""

    name = "simulator"
    given = 0

    over_streams = 0.01
    """Share of the cases that are played with an event loop. It takes a hundred times longer."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._conversations = Conversations(random)

    # --- drawing -------------------------------------------------------------------------------------------------

    def draw(self) -> Case:
        """Give settings, and the steps of some clients."""
        random = self._random
        settings = {
            "server_version": random.choice(SOME_VERSIONS),
            "personality": random.choice((*Personality,)).value,
            "read_only": random.random() < 0.3,
            "stale_seconds": random.choice((0.0, 0.0, 5.0)),
            "max_clients": random.choice((32, 32, 32, 32, 32, 2)),
        }
        talks = [self._client(number, settings["server_version"]) for number in range(random.randrange(1, 4))]
        steps: list[Any] = []
        while any(talks):
            # Each keeps its order; who comes next is chance.
            steps.append(random.choice([talk for talk in talks if talk]).pop(0))
            if random.random() < 0.1:
                steps.append(random.choice((["ask"], ["ask"], ["wait", random.choice((0.0, 0.5, 10.0, 1e6))])))
        over_streams = random.random() < self.over_streams
        return {"settings": settings, "steps": steps, "over_streams": over_streams, "told": random.random() < 0.3}

    def _client(self, number: int, version: int) -> list[Any]:
        random, talk = self._random, self._conversations
        address = HERE if random.random() < 0.9 else random.choice(("::1", "192.0.2.7", "::ffff:127.0.0.1", "", "x%y"))
        steps: list[Any] = [["connect", number, address]]
        if random.random() < 0.9:
            steps += self._said(number, talk.greeting())
        if random.random() < 0.95:
            # In one piece with the greeting it would come before the version, and be the end.
            steps += self._said(
                number, talk.start(version, random.choice((number, number, number, number, 1, HONEST_ID, -5)))
            )
        for _ in range(random.randrange(8)):
            side = Side.CLIENT if random.random() < 0.9 else Side.TWS
            steps += self._said(number, talk.frames(side, version))
        if random.random() < 0.6:
            steps.append([random.choice(("eof", "reset")), number])
        return steps

    def _said(self, number: int, data: bytes) -> list[Any]:
        return [["receive", number, part] for part in self._conversations.sliced(data)]

    # --- checking ------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """Play it."""
        self.given = 0
        settings = {**case["settings"]}
        settings["personality"] = Personality(settings.get("personality", "tws"))
        world = Narrator(WorldSettings(**settings), _tell) if case.get("told") else World(WorldSettings(**settings))
        if case.get("over_streams"):
            anyio.run(_play_over_streams, world, case["steps"], backend="asyncio")
            return
        play = Play(world)
        play.all(case["steps"])
        # What it says takes time: of a stream that nobody has woken for a week there is much to catch up with.
        self.given = sum(link.bytes_said for link in play.all_links)


def _tell(_: int, text: str, bad: bool) -> None:
    # What `anytws simulate` prints of its clients.
    if not text.isprintable() or len(text) > _LONGEST_LINE:
        raise Broken("what is told of a client is no line", shown(text))


# --- without an event loop ---------------------------------------------------------------------------------------


class Play:
    """One world, an honest client, and others."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = 0.0
        self.links: dict[int, Link] = {}
        self.all_links: list[Link] = []
        self.honest = Connection(Side.CLIENT, HandshakeOptions(client_id=HONEST_ID))
        self.honest_link = world.connect(HERE, self.now)
        self.honest.opened(self.now)
        while data := self.honest.data_to_send():
            self._honestly(data)
        if self.honest.state is not State.READY:
            raise Broken("an honest client is not let in", shown(self.honest.events()))

    def all(self, steps: list[Any]) -> None:
        """Play all *steps*, and then the end."""
        for name, *arguments in steps:
            self.step(name, arguments)
        self.ask()
        self.end()

    def step(self, name: str, arguments: list[Any]) -> None:
        """Let one client do something."""
        if name == "ask":
            self.ask()
        elif name == "wait":
            self._wait(*arguments)
        elif name == "connect":
            number, address = arguments
            if number not in self.links:
                self.links[number] = self.world.connect(address, self.now)
                self.all_links.append(self.links[number])
        elif name not in _INPUTS:
            raise Broken("no such step", repr(name))
        else:
            number, *rest = arguments
            link = self.links.get(number)
            if link is not None:
                getattr(link, f"receive_{_INPUTS[name]}")(*rest, self.now)
                if number != DEAF:
                    link.data_to_send()
        self._look_after_the_links()

    def ask(self) -> None:
        """Have the honest client ask for the time, and be answered."""
        self.honest.events()
        self._honestly(self.honest.send(CurrentTimeRequest()))
        if not any(isinstance(event, CurrentTime) for event in self.honest.events()):
            raise Broken("the honest client is not answered", shown(self.honest.closed))

    def _wait(self, seconds: float) -> None:
        self.now += seconds
        self.honest.wake(self.now)
        for link in self.world.links:
            link.wake(self.now)

    def _honestly(self, data: bytes) -> None:
        self.honest_link.receive_data(data, self.now)
        self.honest.receive_data(self.honest_link.data_to_send())

    def _look_after_the_links(self) -> None:
        for link in self.all_links:
            _is_well(link)

    def end(self) -> None:
        """Let everybody go, the honest client last."""
        for number, link in self.links.items():
            if number % 2:
                link.receive_eof(self.now)
            else:
                link.receive_reset(self.now)
            weigh([*link.events])
        self._look_after_the_links()
        self.ask()
        self.honest_link.receive_eof(self.now)
        _is_empty(self.world)


_INPUTS: Final = {"receive": "data", "eof": "eof", "reset": "reset"}


def _is_well(link: Link) -> None:
    failure: Exception | None = getattr(link, "failure", None)
    if failure is not None:
        raise failure
    if link.hang_up is not None and (link.closed is None or link.wake_at() is not None):
        raise Broken("a link hangs up and does not end", repr(link))
    repr(link)


def _is_empty(world: World) -> None:
    if world.links:
        raise Broken("a link is left", shown(world.links))
    if world._holders:
        raise Broken("a client id is left", shown(world._holders))


# --- over streams ------------------------------------------------------------------------------------------------


@attrs.define
class _Honest:
    """The honest client, on a stream."""

    stream: MemoryStream
    core: Connection

    async def ask(self) -> None:
        await self.stream.send(self.core.send(CurrentTimeRequest()))
        await self._until(lambda: any(isinstance(event, CurrentTime) for event in self.core.events()))

    async def start(self) -> None:
        self.core.opened()
        await self._until(lambda: self.core.state is State.READY)

    async def _until(self, condition: Callable[[], bool]) -> None:
        with anyio.move_on_after(_PATIENCE):
            while True:
                if data := self.core.data_to_send():
                    await self.stream.send(data)
                if condition():
                    return
                self.core.receive_data(await self.stream.receive())
        raise Broken("the honest client is not answered", "over a stream")


async def _play_over_streams(world: World, steps: list[Any]) -> None:
    async with serve_memory(world, linger_seconds=0.0) as tws:
        honest = _Honest(await tws.connect(), Connection(Side.CLIENT, HandshakeOptions(client_id=HONEST_ID)))
        links = [*world.links]
        await honest.start()
        steps = [step for step in steps if step[0] == "connect" or step[0] in _INPUTS]
        numbers = sorted({number for _, number, *_ in steps})
        async with anyio.create_task_group() as tasks:
            for number in numbers:
                tasks.start_soon(_play_one, tws, number, [step for step in steps if step[1] == number])
            for _ in range(3):
                await honest.ask()
                links += [link for link in world.links if link not in links]
                await _turns(_ROUND * 10)
            tasks.cancel_scope.cancel()
        await honest.ask()
        await honest.stream.aclose()
        for _ in range(_TURNS):
            if not world.links:
                break
            await checkpoint()
        for link in (*links, *world.ended):
            _is_well(link)
        _is_empty(world)


async def _play_one(tws: MemoryTws, number: int, steps: list[Any]) -> None:
    """Play one client."""
    stream: MemoryStream | None = None
    async with anyio.create_task_group() as tasks:
        try:
            for name, _, *arguments in steps:
                if name == "connect":
                    if stream is None:
                        stream = await tws.connect(*arguments)
                        if number != DEAF:
                            tasks.start_soon(_read, stream)
                elif stream is not None:
                    await _STREAM_INPUTS[name](stream, *arguments)
                await _turns(_ROUND)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # TWS has hung up on it.
            pass
        finally:
            tasks.cancel_scope.cancel()
            if stream is not None:
                with anyio.CancelScope(shield=True):
                    await stream.aclose()


async def _turns(count: int) -> None:
    for _ in range(count):
        await checkpoint()


async def _read(stream: MemoryStream) -> None:
    try:
        while True:
            await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


async def _reset(stream: MemoryStream) -> None:
    stream.reset()
    await checkpoint()


_STREAM_INPUTS: Final[dict[str, Callable[..., Awaitable[None]]]] = {
    "receive": MemoryStream.send,
    "eof": MemoryStream.send_eof,
    "reset": _reset,
}
