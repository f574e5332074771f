"""A TWS in a box, without the box: no IO, no clock, no chance. Time is an argument.

A `World` is what a TWS knows beyond one connection: its settings, who is connected, which client ids are taken, which
order ids were used. It outlives connections, and may outlive its own death (`die`, `restart`). What happens on one
connection is `anytws.simulator.link`; what is answered is `anytws.simulator.answers`; the bytes are carried by
`anytws.simulator.serve`, or by whoever likes::

    world = World(WorldSettings(server_version=176))
    link = world.connect("127.0.0.1", now=0.0)
    link.receive_data(client.data_to_send(), now=0.0)
    client.receive_data(link.data_to_send())
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from anytws.core.events import Event
from anytws.core.remembered import Remembered
from anytws.messages.base import ToTws
from anytws.simulator.answers import ANSWERS, Answers
from anytws.simulator.link import Link
from anytws.simulator.memory import Heard, Memory
from anytws.simulator.settings import EPOCH, HangUp, WorldSettings
from anytws.wire.connection_time import write_connection_time

__all__ = ["EPOCH", "MOST_IDS", "Heard", "World"]

MOST_IDS: Final = 10_000
"""How many client ids are remembered as stale, and how many with their next order id; the oldest go first."""

_LAST_ORDER_ID: Final = 2**31 - 2


class World:
    """The simulated TWS.

    ``settings`` may be replaced while it runs, as a person would change them in TWS; what was done stays done.
    ``answers`` is the table of requests that it answers.

    What it keeps in memory has a bound, whatever clients do. It remembers `WorldSettings.memory_bytes`, 64 MiB. Each
    open link, of which there are `WorldSettings.max_clients`, has beside that a frame that is not whole yet (16 MB,
    `WorldSettings.limits`) and what waits to be delivered (1 MiB, `anytws.simulator.link.OUTBOX`).
    """

    def __init__(self, settings: WorldSettings | None = None, *, answers: Answers = ANSWERS) -> None:
        self.settings: WorldSettings = WorldSettings() if settings is None else settings
        self.answers = answers
        self._memory = Memory(self.settings)
        self.heard: Final[Remembered[Heard]] = self._memory.heard
        """Every request that was taken, on all links, in order."""
        self.ended: Final[Remembered[Link]] = self._memory.ended
        """Links that are over, in the order of their ends."""
        self._links: list[Link] = []
        self._holders: dict[int, Link] = {}
        # UTC, not `now`: a world may be run by one event loop after another, each with a clock of its own.
        self._stale: dict[int, datetime] = {}
        self._next_ids: dict[int | None, int] = {}
        self._epoch = EPOCH
        self._now = 0.0
        self._running = True
        self._watchers: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        state = "running" if self._running else "not running"
        return f"<World {state}, server version {self.settings.server_version}, open links: {len(self._links)}>"

    # What can be seen

    @property
    def links(self) -> tuple[Link, ...]:
        """The connections that are open, oldest first."""
        return tuple(self._links)

    @property
    def is_running(self) -> bool:
        """Whether there is somebody to connect to."""
        return self._running

    @property
    def now(self) -> float:
        """The last time that it was told."""
        return self._now

    def utc(self) -> datetime:
        """Give the UTC time at `now`."""
        return (self.settings.epoch_at_zero or self._epoch).astimezone(UTC) + timedelta(seconds=self._now)

    def connection_time(self) -> bytes:
        """Give the connection time as it stands in the version reply: its wall clock and the name of its zone."""
        if self.settings.connection_time is not None:
            return self.settings.connection_time
        return write_connection_time(self.utc().astimezone(self.settings.wall_zone), self.settings.zone)

    # What can be done

    def connect(self, address: str, now: float) -> Link:
        """Let a client's byte stream come up, from *address*.

        Raises `ConnectionRefusedError` while it is not running. A client that is not wanted gets its link all the
        same, with `Link.hang_up` set: TWS accepts first and looks then.
        """
        if not self._running:
            raise ConnectionRefusedError("this TWS is not running")
        self.note_time(now)
        refusal = self._refusal_of(address)
        link = Link(self, address, now)
        self._links.append(link)
        link.begin(refusal, now)
        return link

    def die(self, how: HangUp = HangUp.EOF, now: float | None = None) -> None:
        """End the whole TWS: every connection, and the port. What was said before is still delivered."""
        self.note_time(now)
        self._running = False
        for link in self.links:
            link.die(how, now)
        self._tell_watchers()

    def restart(self, now: float | None = None) -> None:
        """Take connections again. Order ids are remembered, as a real TWS does."""
        self.note_time(now)
        self._running = True
        self._tell_watchers()

    def set_clock(self, utc: datetime, now: float) -> None:
        """Say that it is *utc* at *now*. `WorldSettings.epoch_at_zero` has precedence, where it is given."""
        self._now = now
        self._epoch = utc - timedelta(seconds=now)

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have *callback* called after `die` and `restart`; gives the function that ends this."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    # Order ids

    def next_valid_id(self, client_id: int | None) -> int:
        """Give the lowest order id that *client_id* may use next; None: a client that has not said its id."""
        return self._next_ids.get(client_id, self.settings.first_order_id)

    def use_order_id(self, client_id: int, order_id: int) -> None:
        """Note that *client_id* used *order_id*. The next valid id only goes up, across connections and restarts.

        It stays at 2147483646, the highest that there is: the vendor's number after it means that there is none.
        """
        next_id = min(max(self.next_valid_id(client_id), order_id + 1), _LAST_ORDER_ID)
        # Taken out first: at the end of a dict are those that were used last.
        self._next_ids.pop(client_id, None)
        self._next_ids[client_id] = next_id
        _drop_oldest(self._next_ids)

    # What links ask and tell

    def note_time(self, now: float | None) -> float:
        """Take in what time it is; None: the last time told. Gives the time."""
        if now is not None:
            self._now = now
        return self._now

    def claim(self, client_id: int, link: Link) -> bool:
        """Take *client_id* for *link*; False if it is in use."""
        if client_id in self._holders or self.utc() < self._stale.get(client_id, self.utc()):
            return False
        self._stale.pop(client_id, None)
        self._holders[client_id] = link
        return True

    def note_event(self, link: Link, event: Event) -> None:
        """Take notice of what happened on *link*, before TWS acts on it. Nothing here: it is for those who tell."""

    def note_dropped(self, link: Link, request: ToTws) -> None:
        """Take notice of a request that came too soon, and was dropped. Nothing here: it is for those who tell."""

    def note_heard(self, link: Link, request: ToTws) -> None:
        """Remember a request that was taken."""
        self.heard.append(Heard(link, request, self._now))

    def note_end(self, link: Link, *, torn: bool) -> None:
        """Free the place of *link*, and its client id: at once, or later if the link was *torn*."""
        if link not in self._links:
            return
        self._links.remove(link)
        client_id = link.client_id
        if client_id is not None and self._holders.get(client_id) is link:
            del self._holders[client_id]
            if torn and self.settings.stale_seconds:
                self._note_stale(client_id)
        self._memory.note_end(link)

    def _note_stale(self, client_id: int) -> None:
        now = self.utc()
        self._stale[client_id] = now + timedelta(seconds=self.settings.stale_seconds)
        while (oldest := next(iter(self._stale))) != client_id and self._stale[oldest] <= now:
            del self._stale[oldest]
        _drop_oldest(self._stale)

    def _refusal_of(self, address: str) -> str | None:
        """Say why a client from *address* is refused without asking anybody; None if it is not."""
        settings = self.settings
        if not settings.api_enabled:
            return "the API is switched off"
        if len(self._links) >= settings.max_clients:
            return f"{settings.max_clients} clients are connected already"
        if settings.localhost_only and not _is_local(address):
            return f"{address} is not of this host, and only this host may connect"
        return None

    def _tell_watchers(self) -> None:
        for callback in tuple(self._watchers):
            callback()


def _drop_oldest(ids: dict[Any, Any]) -> None:
    while len(ids) > MOST_IDS:
        del ids[next(iter(ids))]


def _is_local(address: str) -> bool:
    """Tell whether *address* is of this host: a loopback address, in either version of IP."""
    try:
        # An IPv6 address may carry the name of its interface.
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback
