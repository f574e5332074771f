"""What everything else of a simulated TWS stands on: its settings, what time it is, which ids are taken, its markets.

It knows of no connection, of no order and of no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol

from anytws.messages.base import ToClient
from anytws.simulator.settings import EPOCH, WorldSettings
from anytws.wire.connection_time import write_connection_time

if TYPE_CHECKING:
    from anytws.simulator.desk import Desk
    from anytws.simulator.historical_pacing import HistoricalPacing
    from anytws.simulator.ledger.accounts import Accounts
    from anytws.simulator.market.market import Market
    from anytws.simulator.universe.instrument import Instrument
    from anytws.simulator.universe.universe import Universe

MOST_IDS: Final = 10_000
"""How many client ids are remembered as stale, and how many with their next order id; the oldest go first."""

_LAST_ORDER_ID: Final = 2**31 - 2
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_HAIR: Final = 1e-6
_FEW: Final = 64


class Listener(Protocol):
    """A client that is connected, as those see it who have something to say to it unasked."""

    @property
    def client_id(self) -> int | None:
        """Its id; None until START_API."""

    @property
    def server_version(self) -> int | None:
        """The version agreed; None until then."""

    def push(self, message: ToClient) -> None:
        """Say *message* to it, if that may be said now."""

    def touch(self, *kinds: str) -> None:
        """Have its streams of *kinds* say what is new; without any, all of them."""

    def fail(self, failure: Exception) -> None:
        """End its connection, and no other, because of *failure*."""


class Ground:
    """What a simulated TWS stands on, whoever is connected. Without IO: time is an argument.

    Settings may be replaced while it runs. What was made of them stays as it is: the markets of a seed, the accounts.
    """

    def __init__(self, settings: WorldSettings | None = None, universe: Universe | None = None) -> None:
        self.settings: WorldSettings = WorldSettings() if settings is None else settings
        self._universe = universe
        self._holders: dict[int, object] = {}
        # UTC, not `now`: a world may be run by one event loop after another, each with a clock of its own.
        self._stale: dict[int, datetime] = {}
        self._next_ids: dict[int | None, int] = {}
        self._epoch = EPOCH
        self._now = 0.0
        self._agenda: list[tuple[int, int, Callable[[], None], Callable[[], bool] | None]] = []
        self._agenda_bound = _FEW
        self._serials = count()
        self._is_acting = False
        self._head: tuple[int, datetime] | None = None
        self._head_at = 0.0

    # What is made when it is asked for: a world that only answers the time needs none of it

    @cached_property
    def universe(self) -> Universe:
        """What can be traded."""
        from anytws.simulator.universe.universe import usual_universe  # noqa: PLC0415

        return self._universe or usual_universe()

    @cached_property
    def pacing(self) -> HistoricalPacing:
        """How often its clients have asked for history lately."""
        from anytws.simulator.historical_pacing import HistoricalPacing  # noqa: PLC0415

        return HistoricalPacing()

    @cached_property
    def market(self) -> Market:
        """What it costs."""
        from anytws.simulator.market.market import Market  # noqa: PLC0415

        market = Market(self.universe, self.settings.seed, self.settings.price_model)
        market.on_change = self.note_market
        return market

    @cached_property
    def accounts(self) -> Accounts:
        """What belongs to whom."""
        from anytws.simulator.ledger.accounts import Accounts  # noqa: PLC0415

        accounts = Accounts(self.settings, self.universe, self.market)
        accounts.on_change = self._note_accounts
        return accounts

    @cached_property
    def desk(self) -> Desk:
        """What is set up around it: windows, bulletins, an advisor's groups."""
        from anytws.simulator.desk import Desk  # noqa: PLC0415

        return Desk(self)

    def note_market(self, instrument: Instrument) -> None:  # noqa: ARG002 (for those who build on this)
        """Have all clients told that the market of *instrument* was moved, halted or resumed by hand."""
        for client in self.listeners:
            client.touch()

    def _note_accounts(self, _: str, __: int) -> None:
        for client in self.listeners:
            client.touch()

    # Clients

    @property
    def listeners(self) -> Sequence[Listener]:
        """The clients that are connected, oldest first."""
        return ()

    def listener(self, client_id: int) -> Listener | None:
        """Give the client with *client_id*; None: it is not connected."""
        return next((client for client in self.listeners if client.client_id == client_id), None)

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

    def do_at(self, ms: int, action: Callable[[], None], is_void: Callable[[], bool] | None = None) -> None:
        """Have *action* done when it is *ms* milliseconds since 1970: things of one time in the order of these calls.

        That is when somebody tells the world the time (`note_time`, `wake_at`); it may be later, but what the action
        finds as the time is *ms*. Once *is_void* says so it does nothing any more, and may be forgotten before.
        """
        heappush(self._agenda, (ms, next(self._serials), action, is_void))
        if len(self._agenda) > self._agenda_bound:
            # Orders may be changed for ever, and their time may end in the year 9999: what is void does not wait.
            self._agenda = [entry for entry in self._agenda if entry[3] is None or not entry[3]()]
            heapify(self._agenda)
            self._agenda_bound = 2 * len(self._agenda) + _FEW

    @property
    def waiting(self) -> int:
        """How many things are to be done at some time."""
        return len(self._agenda)

    def wake_at(self) -> float | None:
        """Give the time at which something is to be done, whoever is connected; None: nothing is."""
        if not self._agenda:
            return None
        # Asked after each piece of every client's bytes.
        head = (self._agenda[0][0], self.settings.epoch_at_zero or self._epoch)
        if head != self._head:
            self._head, self._head_at = head, self.at(head[0])
        return self._head_at

    def _act(self, now: float) -> None:
        """Do what is due by *now*, each thing at its own time."""
        until = self.ms(now)
        self._is_acting = True
        try:
            while self._agenda and self._agenda[0][0] <= until:
                ms, _, action, _ = heappop(self._agenda)
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

    def move_next_ids(self, by: int) -> None:
        """Have the next valid ids of all clients that were here be higher by *by*, or lower; never below the first."""
        first = self.settings.first_order_id
        for client_id, next_id in self._next_ids.items():
            self._next_ids[client_id] = min(max(next_id + by, first), _LAST_ORDER_ID)

    # Client ids

    def hold_id(self, client_id: int, seconds: float) -> None:
        """Have *client_id* be in use for *seconds*, though nobody has it."""
        now = self.utc()
        self._stale.pop(client_id, None)
        self._stale[client_id] = now + timedelta(seconds=seconds)
        while (oldest := next(iter(self._stale))) != client_id and self._stale[oldest] <= now:
            del self._stale[oldest]
        _drop_oldest(self._stale)

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
            self.hold_id(client_id, self.settings.stale_seconds)


def _drop_oldest(ids: dict[Any, Any]) -> None:
    while len(ids) > MOST_IDS:
        del ids[next(iter(ids))]
