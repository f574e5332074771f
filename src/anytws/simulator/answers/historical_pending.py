"""Queries of the historical farm that are open: not answered yet, or answered and kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Protocol

from anytws.messages.base import ToClient
from anytws.simulator.client import Client, Key, Stream


class _Numbered(Protocol):
    @property
    def request_id(self) -> int: ...


class _Open(Stream):
    """A query that has been answered and takes a place until it is cancelled."""

    @property
    def wake_at(self) -> float:
        return math.inf

    def wake(self) -> Iterable[ToClient]:
        return ()

    def skip(self, now: float) -> None:
        """Do nothing: there is nothing to pass over."""


class _Pending(Stream):
    """A query whose answer is on its way."""

    def __init__(
        self, client: Client, key: Key, answer: Callable[[], Iterable[ToClient]], wake_at: float, *, stays: bool
    ) -> None:
        self._client = client
        self._key = key
        self._answer = answer
        self._wake_at = wake_at
        self._stays = stays

    @property
    def wake_at(self) -> float:
        return self._wake_at

    def wake(self) -> Iterable[ToClient]:
        if self._stays:
            self._client.streams[self._key] = _Open()
        else:
            del self._client.streams[self._key]
        yield from self._answer()

    def skip(self, now: float) -> None:
        # It is an answer, not a sample: it waits.
        self._wake_at = max(self._wake_at, now + 1.0)


def in_time(
    client: Client, key: Key, answer: Callable[[], Iterable[ToClient]], *, stays: bool = False
) -> Iterable[ToClient]:
    """Give *answer* when `WorldSettings.historical_seconds` have passed. *stays*: its place is taken until a cancel."""
    delay = client.world.settings.historical_seconds
    if delay > 0:
        client.streams[key] = _Pending(client, key, answer, client.world.now + delay, stays=stays)
        return
    if stays:
        client.streams[key] = _Open()
    yield from answer()


def ender(kind: str) -> Callable[[Client, _Numbered], Iterable[ToClient]]:
    """Give what a cancel of queries of *kind* does: it frees the place, without a word, whether it was taken or not."""

    def end(client: Client, request: _Numbered) -> Iterable[ToClient]:
        client.streams.pop((kind, request.request_id), None)
        return ()

    return end
