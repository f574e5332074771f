"""What a TWS knows of one client, for those who answer it: `anytws.simulator.Link` is it, together with the bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from anytws.messages.base import ToClient
from anytws.messages.market_data import MarketDataMode
from anytws.simulator.knowledge import Knowledge


class Stream(ABC):
    """What a client gets as time goes on, because it asked for it, until it is taken out of `Client.streams`."""

    @property
    @abstractmethod
    def wake_at(self) -> float:
        """The time at which there is something to say; infinity: never."""

    @abstractmethod
    def wake(self) -> Iterable[ToClient]:
        """Give what is to be said at `wake_at`, which is later afterwards."""

    @abstractmethod
    def skip(self, now: float) -> None:
        """Pass over what was due by *now* and not said: TWS gives samples, and queues nothing for who does not read."""


class Client(ABC):
    """One client, as the answers of TWS see it."""

    def __init__(self) -> None:
        self.log_level: int | None = None
        """What the client asked the log level of TWS to be."""
        self.market_data_type: MarketDataMode = MarketDataMode.REAL_TIME
        """What the client said of the kind of data that it takes."""
        self.account: str | None = None
        """The account whose data it has subscribed to."""
        self.summaries: set[int] = set()
        """The ids of its account summaries, two at the most."""
        self.streams: dict[tuple[str, int], Stream] = {}
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

    def count(self, kind: str) -> int:
        """Give how many streams of *kind* are open."""
        return sum(1 for other, _ in self.streams if other == kind)

    def next_stream(self) -> Stream | None:
        """Give the stream that has something to say next, of several the one that was opened first; None: none has."""
        return min(self.streams.values(), key=_wake_at, default=None)

    def leave(self) -> None:
        """Forget what it has subscribed to: it is gone."""
        self.streams.clear()
        self.summaries.clear()
        self.account = None


def _wake_at(stream: Stream) -> float:
    return stream.wake_at
