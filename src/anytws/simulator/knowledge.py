"""What a TWS knows beyond one connection: its settings, what time it is, which client ids and order ids are taken.

It knows of no connection and of no answer. Those who answer know it (`anytws.simulator.answers`), and a
`anytws.simulator.World` is it, together with the connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from anytws.simulator.settings import EPOCH, WorldSettings
from anytws.wire.connection_time import write_connection_time

if TYPE_CHECKING:
    from anytws.simulator.client import Client

MOST_IDS: Final = 10_000
"""How many client ids are remembered as stale, and how many with their next order id; the oldest go first."""

_LAST_ORDER_ID: Final = 2**31 - 2
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_HAIR: Final = 1e-6


class Knowledge:
    """What a simulated TWS knows, whoever is connected. Without IO: time is an argument."""

    def __init__(self, settings: WorldSettings | None = None) -> None:
        self.settings: WorldSettings = WorldSettings() if settings is None else settings
        self._holders: dict[int, object] = {}
        # UTC, not `now`: a world may be run by one event loop after another, each with a clock of its own.
        self._stale: dict[int, datetime] = {}
        self._next_ids: dict[int | None, int] = {}
        self._epoch = EPOCH
        self._now = 0.0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._serials = count()
        self._is_acting = False

    # Clients

    @property
    def clients(self) -> Sequence[Client]:
        """The clients that are connected, oldest first."""
        return ()

    def client(self, client_id: int) -> Client | None:
        """Give the client with *client_id*; None: it is not connected."""
        return next((client for client in self.clients if client.client_id == client_id), None)

    # Time

    @property
    def now(self) -> float:
        """The last time that it was told."""
        return self._now

    def note_time(self, now: float | None) -> float:
        """Take in what time it is; None: the last time told. Gives the time."""
        if now is not None:
            if self._agenda and not self._is_acting:
                self._act(now)
            self._now = now
        return self._now

    def ms(self, now: float | None = None) -> int:
        """Give the UTC time at *now* in milliseconds since 1970, as the market and the exchange count it."""
        return (self.utc(now) - _1970) // _MS

    def at(self, ms: int) -> float:
        """Give the time at which it is *ms* milliseconds since 1970: `ms` of it is that, or a little later."""
        now = (_1970 + ms * _MS - self.utc(0.0)).total_seconds()
        # A number of seconds has a fraction that is not exact.
        while self.ms(now) < ms:
            now += _HAIR
        return now

    def do_at(self, ms: int, action: Callable[[], None]) -> None:
        """Have *action* done when it is *ms* milliseconds since 1970: things of one time in the order of these calls.

        That is when somebody tells the world the time (`note_time`, `wake_at`); it may be later, but what the action
        finds as the time is *ms*.
        """
        heappush(self._agenda, (ms, next(self._serials), action))

    def wake_at(self) -> float | None:
        """Give the time at which something is to be done, whoever is connected; None: nothing is."""
        return self.at(self._agenda[0][0]) if self._agenda else None

    def _act(self, now: float) -> None:
        """Do what is due by *now*, each thing at its own time."""
        until = self.ms(now)
        self._is_acting = True
        try:
            while self._agenda and self._agenda[0][0] <= until:
                ms, _, action = heappop(self._agenda)
                self._now = max(self._now, self.at(ms))
                action()
        finally:
            self._is_acting = False

    def set_clock(self, utc: datetime, now: float) -> None:
        """Say that it is *utc* at *now*. `WorldSettings.epoch_at_zero` has precedence, where it is given."""
        self._now = now
        self._epoch = utc - timedelta(seconds=now)

    def utc(self, now: float | None = None) -> datetime:
        """Give the UTC time at *now*; None: at the last time that it was told."""
        seconds = self._now if now is None else now
        return (self.settings.epoch_at_zero or self._epoch).astimezone(UTC) + timedelta(seconds=seconds)

    def time(self) -> datetime:
        """Give the UTC time as its messages carry it: in whole milliseconds."""
        time = self.utc()
        return time - timedelta(microseconds=time.microsecond % 1000)

    def connection_time(self) -> bytes:
        """Give the connection time as it stands in the version reply: its wall clock and the name of its zone."""
        if self.settings.connection_time is not None:
            return self.settings.connection_time
        return write_connection_time(self.utc().astimezone(self.settings.wall_zone), self.settings.zone)

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

    # Client ids

    def claim(self, client_id: int, holder: object) -> bool:
        """Take *client_id* for *holder*; False if it is in use."""
        if client_id in self._holders or self.utc() < self._stale.get(client_id, self.utc()):
            return False
        self._stale.pop(client_id, None)
        self._holders[client_id] = holder
        return True

    def release(self, client_id: int | None, holder: object, *, torn: bool) -> None:
        """Free *client_id* if it is *holder* who has it: at once, or later if its connection was *torn*."""
        if client_id is None or self._holders.get(client_id) is not holder:
            return
        del self._holders[client_id]
        if torn and self.settings.stale_seconds:
            self._note_stale(client_id)

    def _note_stale(self, client_id: int) -> None:
        now = self.utc()
        self._stale[client_id] = now + timedelta(seconds=self.settings.stale_seconds)
        while (oldest := next(iter(self._stale))) != client_id and self._stale[oldest] <= now:
            del self._stale[oldest]
        _drop_oldest(self._stale)


def _drop_oldest(ids: dict[Any, Any]) -> None:
    while len(ids) > MOST_IDS:
        del ids[next(iter(ids))]
