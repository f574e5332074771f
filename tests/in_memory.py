"""A client of a TWS in memory, for tests of the verbs; and a TWS that answers some requests by a script."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio

import anytws
from anytws import Tws
from anytws.messages.base import ToClient, ToTws, replace
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.serve import serve_memory

PATIENCE: Final = 10.0
"""Seconds after which a test fails instead of hanging. Nothing waits for them."""


@asynccontextmanager
async def connected(world: World | None = None, **settings: Any) -> AsyncGenerator[Tws]:
    """Connect to *world*, or to one with *settings*, in memory."""
    async with serve_memory(World(WorldSettings(**settings)) if world is None else world) as served:
        async with anytws.connect_stream(await served.connect()) as tws:
            yield tws


class Script:
    """A world in which requests of some kinds get what a test says; what was asked of them is kept.

    A test may change its lists of what is said as it goes on.
    """

    def __init__(self, answers: Mapping[type[Any], Iterable[ToClient]], **settings: Any) -> None:
        self.asked: list[ToTws] = []
        self.world = World(
            WorldSettings(**settings),
            answers={**ANSWERS, **{kind: Answer(self._answering(said)) for kind, said in answers.items()}},
        )

    def _answering(self, said: Iterable[ToClient]) -> Callable[[Any, Any], Iterable[ToClient]]:
        def answer(_: Any, request: Any) -> Iterable[ToClient]:
            self.asked.append(request)
            return [_numbered(message, getattr(request, "request_id", None)) for message in said]

        return answer

    def say(self, *messages: ToClient) -> None:
        """Have TWS say *messages* under the id of the last request."""
        for message in messages:
            self.world.links[-1].say(_numbered(message, getattr(self.asked[-1], "request_id", None)))


def _numbered(message: ToClient, number: int | None) -> ToClient:
    is_of_request = number is not None and getattr(message, "request_id", None) == 0
    return replace(message, request_id=number) if is_of_request else message


async def next_of(stream: Any) -> Any:
    """Give the next item of *stream*; a test fails instead of hanging."""
    with anyio.fail_after(PATIENCE):
        return await anext(stream)
