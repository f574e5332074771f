"""What a journal of orders keeps: its entries, and the picture that they make together. Without the IO.

An order is written before a byte of it leaves; what is learned of it afterwards (its permanent id, its end) is added.
So the next process knows what may be out there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol, TypeAlias

import attrs

from anytws.machines.order_state import OrderOutcome
from anytws.messages.base import Side, record
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.orders import PlaceOrderRequest
from anytws.wire.codec import shared_codec
from anytws.wire.odd import Odd
from anytws.wire.text import Surplus

KEPT_ENDED: Final = 10_000
"""Ended orders that a journal remembers by default, so that their references are not used again."""
QUARTER: Final = timedelta(minutes=15)
"""Sums are kept for each quarter of an hour: the offset of every time zone is made of such."""
KEPT_SUMS: Final = timedelta(hours=50)
"""For so long: a day in any zone, and one that has 25 hours."""
_HEADER_BYTES: Final = 4

Key: TypeAlias = tuple[int, int]
"""Client id and order id. A journal sees to it that the second is never used twice."""


# --- entries ----------------------------------------------------------------------------------------------------------


@record
class Placed:
    """An order, a change of one, or an exercise is about to leave: the intent, as the bytes that say it."""

    at: datetime
    """When: aware, UTC, by the clock of this machine."""
    client_id: int
    order_id: int
    is_change: bool
    ref: str = ""
    """The caller's own reference."""
    accounts: tuple[str, ...] = ()
    """The account that it is for; where it names none, those of the login. Empty: TWS had not said them."""
    what: str = ""
    """In a few words, for people who look into the journal."""
    version: int = 0
    """The server version that the frame is for."""
    frame: bytes = b""
    """The frame as it was to leave; empty where it is not kept any more."""
    quantity: Decimal | None = None
    """How much more this one asks for, for the caps of a day; None where that is not known."""
    value: Decimal | None = None
    """What that is worth, in ``currency``; None where nobody has computed it."""
    currency: str = ""

    @property
    def key(self) -> Key:
        """Which order."""
        return self.client_id, self.order_id

    def request(self) -> PlaceOrderRequest | ExerciseOptionsRequest | None:
        """Give the request that the frame says; None where it is not kept, or cannot be read by this version."""
        if not self.frame:
            return None
        # Requests are read as a TWS reads them, of the version that they were written for.
        said: object = shared_codec(Side.TWS, self.version).decode(self.frame[_HEADER_BYTES:])
        while isinstance(said, Odd | Surplus):
            said = said.message
        return said if isinstance(said, PlaceOrderRequest | ExerciseOptionsRequest) else None


@record
class Named:
    """The vendor has given a number to an order."""

    at: datetime
    client_id: int
    order_id: int
    permanent_id: int

    @property
    def key(self) -> Key:
        """Which order."""
        return self.client_id, self.order_id


@record
class Ended:
    """An order has come to its end; with ``OPEN``: it turns out to live after all."""

    at: datetime
    client_id: int
    order_id: int
    outcome: OrderOutcome
    filled: Decimal = Decimal(0)
    average_fill_price: float | None = None

    @property
    def key(self) -> Key:
        """Which order."""
        return self.client_id, self.order_id


@record
class Floor:
    """No order id below this one is to be given out again."""

    client_id: int
    order_id: int


@record
class Sums:
    """What was placed in a quarter of an hour, for the caps of a day."""

    client_id: int
    begin: datetime
    """Aware, UTC."""
    orders: int = 0
    quantity: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    currency: str = ""
    """Of the value."""
    unknown_quantities: int = 0
    """Orders of which the quantity is not known."""
    unknown_values: int = 0
    """Orders of which the value is not known, or is in another currency."""

    def with_placed(self, placed: Placed) -> Sums:
        """Give the sums with one more."""
        if placed.is_change and placed.quantity == 0:
            # It asks for no more than before, whatever that is worth.
            return self
        is_valued = placed.value is not None and self.currency in ("", placed.currency)
        return attrs.evolve(  # type: ignore[misc]
            self,
            orders=self.orders + (not placed.is_change),
            quantity=self.quantity + (placed.quantity or 0),
            value=self.value + (placed.value or 0) if is_valued else self.value,
            currency=self.currency or (placed.currency if is_valued else ""),
            unknown_quantities=self.unknown_quantities + (placed.quantity is None),
            unknown_values=self.unknown_values + (not is_valued),
        )

    def plus(self, other: Sums, currency: str) -> Sums:
        """Give the sums of both, their values in *currency*; of values in another one nothing is known."""
        is_valued = other.currency in ("", currency)
        return attrs.evolve(  # type: ignore[misc]
            self,
            orders=self.orders + other.orders,
            quantity=self.quantity + other.quantity,
            value=self.value + (other.value if is_valued else 0),
            currency=currency,
            unknown_quantities=self.unknown_quantities + other.unknown_quantities,
            unknown_values=self.unknown_values + (other.unknown_values if is_valued else max(1, other.orders)),
        )


def quarter_of(at: datetime) -> datetime:
    """Give the begin of the quarter of an hour that *at* is in, in UTC."""
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


Entry: TypeAlias = Placed | Named | Ended | Floor | Sums


# --- the picture ------------------------------------------------------------------------------------------------------


@record
class KeptOrder:
    """One order, as a journal knows it."""

    placed: Placed
    """The last that was sent to place or to change it."""
    permanent_ids: tuple[int, ...] = ()
    ended: Ended | None = None
    """None: it may be out there."""


class Journal(Protocol):
    """Where intents are kept: `anytws.FileJournal`, `anytws.SqliteJournal`, or one of your own.

    What is written has to be there for the next process before `write` returns, also if this one is killed then.
    """

    def open(self) -> None:
        """Take hold of it, alone; each is undone by one `close`. Raises `JournalError`."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

    def read(self) -> Picture:
        """Give what is in it."""
        ...

    def write(self, *entries: Entry) -> None:
        """Add *entries*, all or none. Raises `NotJournaled`."""
        ...


class Picture:
    """What the entries of a journal say together. It grows with open orders alone."""

    def __init__(self, kept_ended: int = KEPT_ENDED) -> None:
        self.kept_ended: int = kept_ended
        self.open: dict[Key, KeptOrder] = {}
        """Orders that may be out there, the oldest first."""
        self.ended: dict[Key, KeptOrder] = {}
        """The last ones that have ended, without their frames, in the order in which they did."""
        self.floors: dict[int, int] = {}
        """By client id: the lowest order id that was never used."""
        self.sums: dict[tuple[int, datetime], Sums] = {}
        """By client id and begin: what was placed of late."""
        self.remarks: list[str] = []
        """What is odd about the journal, in words: that its last line was cut short."""
        self.forgotten: list[Key] = []
        """Ended orders that are not remembered any more, for who keeps them elsewhere and takes them away."""

    def take(self, entry: Entry) -> None:
        """Take one more entry."""
        if isinstance(entry, Placed):
            self._take_placed(entry)
        elif isinstance(entry, Floor):
            self._raise(entry.client_id, entry.order_id)
        elif isinstance(entry, Sums):
            self.sums[entry.client_id, entry.begin] = entry
        else:
            self._take_learned(entry)

    def _take_placed(self, placed: Placed) -> None:
        key = placed.key
        known = self.open.get(key) or self.ended.pop(key, None)
        self.open[key] = KeptOrder(placed, () if known is None else known.permanent_ids)
        self._raise(placed.client_id, placed.order_id + 1)
        self._sum(placed)

    def _take_learned(self, entry: Named | Ended) -> None:
        known = self.open.get(entry.key) or self.ended.get(entry.key)
        if known is None:
            # It is of one that was forgotten.
            return
        if isinstance(entry, Named):
            if entry.permanent_id not in known.permanent_ids:
                where = self.open if entry.key in self.open else self.ended
                where[entry.key] = KeptOrder(known.placed, (*known.permanent_ids, entry.permanent_id), known.ended)
            return
        self.open.pop(entry.key, None)
        self.ended.pop(entry.key, None)
        if not entry.outcome.is_done:
            self.open[entry.key] = KeptOrder(known.placed, known.permanent_ids)
            return
        placed: Placed = attrs.evolve(known.placed, frame=b"")  # type: ignore[misc]
        self.ended[entry.key] = KeptOrder(placed, known.permanent_ids, entry)
        while len(self.ended) > self.kept_ended:
            oldest = next(iter(self.ended))
            del self.ended[oldest]
            self.forgotten.append(oldest)

    def _raise(self, client_id: int, order_id: int) -> None:
        self.floors[client_id] = max(order_id, self.floors.get(client_id, 0))

    def _sum(self, placed: Placed) -> None:
        begin = quarter_of(placed.at)
        key = placed.client_id, begin
        if key not in self.sums:
            for old in [each for each in self.sums if each[1] < begin - KEPT_SUMS]:
                del self.sums[old]
        self.sums[key] = self.sums.get(key, Sums(placed.client_id, begin)).with_placed(placed)

    def sums_at(self, placed: Placed) -> Sums:
        """Give the sums that *placed* is in."""
        return self.sums[placed.client_id, quarter_of(placed.at)]

    def since(self, client_id: int, begin: datetime, currency: str = "") -> Sums:
        """Give what client *client_id* has placed since *begin*, with values in *currency*."""
        total = Sums(client_id, begin, currency=currency)
        for (client, quarter), sums in self.sums.items():
            if client == client_id and quarter >= begin:
                total = total.plus(sums, currency)
        return total

    def entries(self) -> Iterable[Entry]:
        """Give entries that make the same picture: as few as can be."""
        for client_id, order_id in self.floors.items():
            yield Floor(client_id, order_id)
        for kept in [*self.ended.values(), *self.open.values()]:
            yield kept.placed
            for permanent_id in kept.permanent_ids:
                yield Named(kept.placed.at, *kept.placed.key, permanent_id)
            if kept.ended is not None:
                yield kept.ended
        # Last: what is placed adds to them.
        yield from self.sums.values()
