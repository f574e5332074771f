"""A TWS in a box, without the box: no IO, no clock, no chance. Time is an argument.

A `World` is what a TWS knows (`anytws.simulator.knowledge`) together with its connections. It outlives these, and may
outlive its own death (`die`, `restart`). What happens on one connection is `anytws.simulator.link`; what is answered is
`anytws.simulator.answers`; the bytes are carried by `anytws.simulator.serve`, or by whoever likes::

    world = World(WorldSettings(server_version=176))
    link = world.connect("127.0.0.1", now=0.0)
    link.receive_data(client.data_to_send(), now=0.0)
    client.receive_data(link.data_to_send())
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from anytws.core.remembered import Remembered
from anytws.messages.base import ToTws
from anytws.simulator.answers import ANSWERS, Answers
from anytws.simulator.knowledge import MOST_IDS
from anytws.simulator.link import Host, Link
from anytws.simulator.memory import Heard, Memory
from anytws.simulator.settings import EPOCH, HangUp, WorldSettings
from anytws.simulator.watchers import Watchers

if TYPE_CHECKING:
    from anytws.simulator.faults.director import Director
    from anytws.simulator.faults.meddler import Meddler
    from anytws.simulator.faults.script import Script
    from anytws.simulator.universe.universe import Universe

__all__ = ["EPOCH", "MOST_IDS", "Heard", "World"]


class World(Host):
    """The simulated TWS.

    ``settings`` may be replaced while it runs, as a person would change them in TWS; what was done stays done.
    ``answers`` is the table of requests that it answers, ``universe`` what can be traded (None: `usual_universe`).
    ``script`` is the trouble that it meets
    (`anytws.simulator.faults`); what is in the script and not there, a symbol for example, raises `ValueError`.

    What it keeps in memory has a bound, whatever clients do. It remembers `WorldSettings.memory_bytes`, 64 MiB. Each
    open link, of which there are `WorldSettings.max_clients`, has beside that a frame that is not whole yet (16 MB,
    `WorldSettings.limits`) and what waits to be delivered (1 MiB, `anytws.simulator.link.OUTBOX`).
    """

    def __init__(
        self,
        settings: WorldSettings | None = None,
        *,
        answers: Answers = ANSWERS,
        universe: Universe | None = None,
        script: Script | None = None,
    ) -> None:
        super().__init__(settings, answers=answers, universe=universe)
        self._memory = Memory(self.settings)
        self.heard: Final[Remembered[Heard]] = self._memory.heard
        """Every request that was taken, on all links, in order."""
        self.ended: Final[Remembered[Link]] = self._memory.ended
        """Links that are over, in the order of their ends."""
        self._links: list[Link] = []
        self._running = True
        self._watchers = Watchers()
        self.director: Final[Director | None] = self._director_of(script)
        """What has its script played; None: there is none."""

    def _director_of(self, script: Script | None) -> Director | None:
        if script is None or not script.events:
            return None
        # Whoever has no script does not pay for what plays one.
        from anytws.simulator.faults.director import Director  # noqa: PLC0415

        return Director(self, script)

    def __repr__(self) -> str:
        state = "running" if self._running else "not running"
        return f"<World {state}, server version {self.settings.server_version}, open links: {len(self._links)}>"

    # What can be seen

    @property
    def links(self) -> tuple[Link, ...]:
        """The connections that are open, oldest first."""
        return tuple(self._links)

    @property
    def listeners(self) -> tuple[Link, ...]:
        """The connections that have said their client id, oldest first."""
        return tuple(link for link in self._links if link.client_id is not None)

    @property
    def is_running(self) -> bool:
        """Whether there is somebody to connect to."""
        return self._running

    @property
    def is_listening(self) -> bool:
        """Whether somebody accepts connections: it, or a forwarder in front of it, by its script."""
        return self._running or (self.director is not None and self.director.forwarders > 0)

    # What can be done

    def connect(self, address: str, now: float) -> Link:
        """Let a client's byte stream come up, from *address*.

        Raises `ConnectionRefusedError` while it is not running. A client that is not wanted gets its link all the
        same, with `Link.hang_up` set: TWS accepts first and looks then.
        """
        self.note_time(now)
        if not self.is_listening:
            raise ConnectionRefusedError("this TWS is not running")
        if self.director is not None:
            self.director.begin()
        refusal = self._refusal_of(address)
        link = Link(self, address, now)
        self._links.append(link)
        link.begin(refusal, now)
        if self.director is not None:
            self.director.note_connection(link)
        return link

    def die(self, how: HangUp = HangUp.EOF, now: float | None = None) -> None:
        """End the whole TWS: every connection, and the port. What was said before is still delivered."""
        self.note_time(now)
        self._running = False
        for link in self.links:
            link.die(how, now)
        self._watchers.call()

    def restart(self, now: float | None = None) -> None:
        """Take connections again. Order ids are remembered, as a real TWS does."""
        self.note_time(now)
        self._running = True
        self._watchers.call()

    def set_clock(self, utc: datetime, now: float) -> None:
        """Say that it is *utc* at *now*, which is when a script starts that has not. `Ground.set_clock` has more."""
        super().set_clock(utc, now)
        if self.director is not None:
            self.director.begin()

    def do_at(self, ms: int, action: Callable[[], None], is_void: Callable[[], bool] | None = None) -> None:
        """Have *action* done at *ms* milliseconds since 1970: see `Ground.do_at`."""
        is_first = not self._agenda or ms < self._agenda[0][0]
        super().do_at(ms, action, is_void)
        if is_first and not self._is_acting:
            self._watchers.call()

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have *callback* called after `die` and `restart`, and when `wake_at` gets earlier.

        It must not call back into the world. Gives the function that ends this.
        """
        return self._watchers.add(callback)

    def note_door(self) -> None:
        """Take notice that somebody, or nobody, accepts connections now."""
        self._watchers.call()

    # What links tell

    def meddler_for(self, link: Link) -> Meddler | None:
        """Give what meddles with the messages of *link*, which is new: by the script, if there is one."""
        return None if self.director is None else self.director.welcome(link)

    def note_heard(self, link: Link, request: ToTws) -> None:
        """Remember a request that was taken."""
        self.heard.append(Heard(link, request, self.now))

    def note_end(self, link: Link, *, torn: bool) -> None:
        """Free the place of *link*, and its client id: at once, or later if the link was *torn*."""
        if link not in self._links:
            return
        self._links.remove(link)
        self.release(link.client_id, link, torn=torn)
        self._memory.note_end(link)
        if self.director is not None:
            self.director.note_end(link)

    def _refusal_of(self, address: str) -> str | None:
        """Say why a client from *address* is refused without asking anybody; None if it is not."""
        settings = self.settings
        if self.director is not None and self.director.forwarders:
            return "there is a forwarder, and no TWS behind it"
        if not settings.api_enabled:
            return "the API is switched off"
        if len(self._links) >= settings.max_clients:
            return f"{settings.max_clients} clients are connected already"
        if settings.localhost_only and not _is_local(address):
            return f"{address} is not of this host, and only this host may connect"
        return None


def _is_local(address: str) -> bool:
    """Tell whether *address* is of this host: a loopback address, in either version of IP."""
    try:
        # An IPv6 address may carry the name of its interface.
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback
