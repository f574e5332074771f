"""What a TWS knows of one client, for those who answer it: `anytws.simulator.Link` is it, together with the bytes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, MutableMapping
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, TypeAlias

from anytws.messages.base import ToClient
from anytws.messages.market_data import MarketDataMode
from anytws.simulator.knowledge import Knowledge

Key: TypeAlias = tuple[str, int]
"""What a stream is, and the id of the request for it."""

_FEW: Final = 64


class Stream(ABC):
    """What a client gets as time goes on, because it asked for it, until it is taken out of `Client.streams`."""

    @property
    @abstractmethod
    def wake_at(self) -> float:
        """The time at which there is something to say; infinity: never, until `Streams.touch`."""

    @abstractmethod
    def wake(self) -> Iterable[ToClient]:
        """Give what is to be said at `wake_at`, which is later afterwards."""

    @abstractmethod
    def skip(self, now: float) -> None:
        """Pass over what was due by *now* and not said: TWS gives samples, and queues nothing for who does not read."""


class Streams(MutableMapping[Key, Stream]):
    """The streams of a client by kind and request id, and which of them has something to say next.

    It asks a stream for its time when it is put in, and after it was woken. Whoever changes that time in between has
    to `touch` it.
    """

    def __init__(self) -> None:
        self._streams: dict[Key, Stream] = {}
        self._serials: dict[Key, int] = {}
        self._kinds: Counter[str] = Counter()
        self._heap: list[tuple[float, int, int, Key]] = []
        self._entries: dict[Key, int] = {}
        self._count = count()

    def __getitem__(self, key: Key) -> Stream:
        return self._streams[key]

    def __setitem__(self, key: Key, stream: Stream) -> None:
        self.pop(key, None)
        self._streams[key] = stream
        self._serials[key] = next(self._count)
        self._kinds[key[0]] += 1
        self.touch(key)

    def __delitem__(self, key: Key) -> None:
        del self._streams[key]
        del self._serials[key]
        self._entries.pop(key, None)
        self._kinds[key[0]] -= 1

    def __iter__(self) -> Iterator[Key]:
        return iter(self._streams)

    def __len__(self) -> int:
        return len(self._streams)

    def count(self, kind: str) -> int:
        """Give how many streams of *kind* are open."""
        return self._kinds[kind]

    def touch(self, key: Key) -> None:
        """Ask the stream at *key* again when it has something to say."""
        wake_at = self._streams[key].wake_at
        if wake_at == math.inf:
            self._entries.pop(key, None)
            return
        self._entries[key] = entry = next(self._count)
        heappush(self._heap, (wake_at, self._serials[key], entry, key))
        if len(self._heap) > 2 * len(self._streams) + _FEW:
            # Entries of which there is a newer one, or no stream any more.
            self._heap = [item for item in self._heap if self._entries.get(item[3]) == item[2]]
            heapify(self._heap)

    def touch_all(self, *kinds: str) -> None:
        """Ask all streams of *kinds* again when they have something to say; without any, all of them."""
        for key in [key for key in self._streams if not kinds or key[0] in kinds]:
            self.touch(key)

    def next_key(self) -> Key | None:
        """Give the key of the stream that has something to say next; None: none has.

        Of several at one time it is the one that was opened first.
        """
        heap = self._heap
        while heap:
            _, _, entry, key = heap[0]
            if self._entries.get(key) == entry:
                return key
            heappop(heap)
        return None

    @property
    def wake_at(self) -> float:
        """When the next one has something to say; infinity: none has."""
        return math.inf if self.next_key() is None else self._heap[0][0]


class Client(ABC):
    """One client, as the answers of TWS see it."""

    def __init__(self) -> None:
        self.log_level: int | None = None
        """What the client asked the log level of TWS to be."""
        self.market_data_type: MarketDataMode = MarketDataMode.REAL_TIME
        """What the client said of the kind of data that it takes."""
        self.account: str | None = None
        """The account whose data it has subscribed to."""
        self.knows_calendar: bool = False
        """Whether it was told the meta data of Wall Street Horizon in this session: before that there are no events."""
        self.streams: Final[Streams] = Streams()
        """What it gets as time goes on, by kind and request id."""

    @property
    @abstractmethod
    def world(self) -> Knowledge:
        """The TWS that it is a client of."""

    @property
    @abstractmethod
    def client_id(self) -> int | None:
        """Its id; None until START_API."""

    @property
    @abstractmethod
    def server_version(self) -> int | None:
        """The version agreed; None until then."""

    @abstractmethod
    def push(self, message: ToClient) -> None:
        """Say *message* unasked, or because of what another client did. Nothing happens if it may not be said now."""

    @abstractmethod
    def fail(self, failure: Exception) -> None:
        """End its connection, and no other, because of *failure*."""

    def touch(self, *kinds: str) -> None:
        """Have its streams of *kinds* say what is new; without any, all of them."""
        self.streams.touch_all(*kinds)

    def count(self, kind: str) -> int:
        """Give how many streams of *kind* are open."""
        return self.streams.count(kind)

    def leave(self) -> None:
        """Forget what it has subscribed to: it is gone."""
        self.streams.clear()
        self.account = None
