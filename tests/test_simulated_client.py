"""What a TWS knows of one client: which of its streams is next, and that all is forgotten when it is gone."""

from __future__ import annotations

from collections.abc import Iterable

from anytws.messages.base import ToClient
from anytws.simulator import Link, World
from anytws.simulator.client import Stream


class At(Stream):
    """A stream that has something to say at one time."""

    def __init__(self, time: float) -> None:
        self.time = time

    @property
    def wake_at(self) -> float:
        return self.time

    def wake(self) -> Iterable[ToClient]:
        return ()

    def skip(self, now: float) -> None:
        self.time = max(self.time, now)


def link_with(*times: float) -> Link:
    link = World().connect("127.0.0.1", 0.0)
    for number, time in enumerate(times):
        link.streams["test", number] = At(time)
    return link


def test_the_next_stream_is_the_earliest_and_then_the_oldest() -> None:
    link = link_with(3.0, 2.0, 2.0)
    assert link.streams.next_key() == ("test", 1)
    assert link.wake_at() == 2.0
    assert (link.count("test"), link.count("another")) == (3, 0)
    assert link_with().streams.next_key() is None


def test_a_stream_that_never_speaks_wakes_nobody() -> None:
    assert link_with(float("inf")).wake_at() is None


def test_who_leaves_has_nothing_left() -> None:
    link = link_with(1.0)
    link.account = "DU1"
    link.die()
    assert (link.streams, link.account) == ({}, None)
