"""The time that market data take: from a request to its opening burst, and from a cancel to the last tick.

Both streams here are there only while `WorldSettings.market_data_seconds` says that there is such a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from anytws.messages.base import ToClient
from anytws.simulator.answers.access import MARKET_DATA
from anytws.simulator.answers.quote_stream import MarketDataStream, Source
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.chance import draw
from anytws.simulator.client import Client, Stream

LATE: Final = "market data that was cancelled"
"""The kind of streams of which ticks still come, in `Client.streams`."""

MOST_LATE: Final = 100
"""Of how many cancelled streams of a client ticks still come."""

_FIRST: Final = 0.4
"""Which part of the time it takes until MarketDataType and TickReqParams."""
_SWAPPED: Final = 5


class OpeningStream(Stream):
    """A stream that has not opened yet: what comes before its ticks, then these, and the stream itself in its place."""

    def __init__(
        self, source: Source, first: Sequence[ToClient], begin: Callable[[MarketDataStream], Iterable[ToClient]]
    ) -> None:
        world = source.client.world
        self._source = source
        self._begin = begin
        self._waiting = _shuffled(source, first)
        now, seconds = world.now, world.settings.market_data_seconds
        self._times = [now + _FIRST * seconds, now + seconds]

    @property
    def wake_at(self) -> float:
        """When the next part of the opening comes."""
        return self._times[0]

    def wake(self) -> Iterable[ToClient]:
        """Give that part."""
        now = self._times.pop(0)
        if self._times:
            return self._waiting
        source = self._source
        stream = MarketDataStream(source, now)
        source.client.streams[MARKET_DATA, source.request_id] = stream
        return self._begin(stream)

    def skip(self, now: float) -> None:
        """Wait on: an opening is not passed over."""
        self._times = [max(time, math.nextafter(now, math.inf)) for time in self._times]


class LateStream(Stream):
    """A stream that was cancelled, and whose ticks still come for a while."""

    def __init__(self, client: Client, request_id: int, stream: MarketDataStream) -> None:
        self._client = client
        self._id = request_id
        self._stream = stream
        self._end = client.world.now + client.world.settings.market_data_seconds

    @property
    def wake_at(self) -> float:
        """The next beat, or the end."""
        return min(self._stream.wake_at, self._end)

    def wake(self) -> Iterable[ToClient]:
        """Give the ticks of the beat."""
        if self.wake_at >= self._end or self._client.world.settings.competing_session:
            self._client.streams.pop((LATE, self._id), None)
            return ()
        return self._stream.wake()

    def skip(self, now: float) -> None:
        """Pass over the beats up to *now*."""
        self._stream.skip(now)
        self._end = max(self._end, math.nextafter(now, math.inf))


def linger(client: Client, request_id: int, stream: Stream) -> None:
    """Have ticks of *stream*, which was cancelled, still come for a while, where the settings say so."""
    if not isinstance(stream, MarketDataStream):
        return
    if client.world.settings.market_data_seconds and client.count(LATE) < MOST_LATE:
        client.streams[LATE, request_id] = LateStream(client, request_id, stream)


def _shuffled(source: Source, first: Sequence[ToClient]) -> Sequence[ToClient]:
    """Give what comes *first* in its order, or one time in five with the first two the other way round."""
    world = source.client.world
    if draw(world.settings.seed, source.request_id, world.ms()) % _SWAPPED:
        return first
    return [*first[1::-1], *first[2:]]


CARDS: Final = (
    Card(
        "market_data.lag",
        "Where a time is set for it, MarketDataType and TickReqParams come at two fifths of that time, in a fifth of "
        "the openings the other way round, and the burst when it is over; after a cancel ticks still come as long.",
        Evidence.RECORDED,
        "gateway 10.40 and ibkr-go captures: about 0.1 and 0.3 s, both orders, ticks for up to 0.5 s after a cancel; "
        "market_data.md sections 1 and 1.3",
        note="Knob: market_data_seconds. By default all comes at once, so that no test waits; snapshots always do.",
    ),
)
