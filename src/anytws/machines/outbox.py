"""What waits to be sent: whole messages in their order, one exit for their bytes, and a word for what has left.

The writer asks for bytes when it is idle (`Outbox.data_to_send`) and reports what the system has taken
(`Outbox.sent`). Until it asks, a message can be taken back; half a message never can.

Where it is paced there are two lanes, each first in, first out: orders and cancels, and the rest. The first goes first;
the second never overtakes what is older. So an order is not behind ten thousand questions, and what is asked after an
order is answered after it.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from anytws.machines.message_rate import MessageRate
from anytws.machines.pacing import Tally

if TYPE_CHECKING:
    from anytws.machines.conversation import Question
    from anytws.machines.order import OrderLife

MOST_FRAMES: Final = 10_000
MOST_BYTES: Final = 2**20
"""So many messages, and bytes of them, may wait in a lane (`SendQueueFull`)."""
AT_ONCE: Final = 65_536
"""Bytes that the writer is given at once, or one message if that is longer."""
UNSENT_SECONDS: Final = 10.0
"""Seconds without a byte leaving, while some wait, after which the connection is over."""
MOST_IN_A_ROW: Final = 9
"""So many urgent ones go before an older one of the other lane; then that goes, so that it goes some time."""
_STALE: Final = 1000


@unique
class Place(Enum):
    """Where the bytes of a message are."""

    QUEUED = "queued"
    """Here. They can be taken back."""
    GIVEN = "given"
    """With the writer. How many of them have left is not known."""
    LEFT = "left"
    """With the system: all of them have left this process."""
    WITHDRAWN = "withdrawn"
    """Taken back: they never leave."""
    LOST = "lost"
    """The connection ended before they had left whole."""


class Parcel:
    """The bytes of one message on their way out."""

    __slots__ = ("data", "is_promised", "lane", "life", "number", "place", "put_at", "some_left", "whose")

    def __init__(self, data: bytes, put_at: float, lane: Lane, number: int, whose: Question | None) -> None:
        self.data: bytes = data
        self.put_at: float = put_at
        """When it was queued, in the time of the core."""
        self.lane: Lane = lane
        """Where it is queued."""
        self.number: int = number
        """Which of all that was queued it was."""
        self.whose: Question | None = whose
        """The question that it says, as long as it has not left."""
        self.life: OrderLife | None = None
        """The order that it is about, as long as it has not left."""
        self.is_promised: bool = False
        """Whether somebody may wait for it to leave: then leaving the block does too."""
        self.place: Place = Place.QUEUED
        self.some_left: bool = False
        """Whether some bytes have left, or may have."""

    @property
    def was_given(self) -> bool:
        """Whether TWS may get it, or have got it: the writer has had it, and how much has left may not be known."""
        return self.place in (Place.GIVEN, Place.LEFT) or (self.place is Place.LOST and self.some_left)

    @property
    def is_on_its_way(self) -> bool:
        """Whether it has neither left nor been given up."""
        return self.place is Place.QUEUED or self.place is Place.GIVEN


class Lane:
    """Messages that leave in the order in which they came."""

    __slots__ = ("frames", "held_to", "parcels", "size")

    def __init__(self) -> None:
        self.parcels: deque[Parcel] = deque()
        """With some that were taken back: to look for each of them would take too long."""
        self.frames: int = 0
        self.size: int = 0
        self.held_to: int = 0
        """The number of the last one that had to wait for the rate."""

    @property
    def is_full(self) -> bool:
        """Whether no more may wait."""
        return self.frames >= MOST_FRAMES or self.size >= MOST_BYTES

    def first(self) -> Parcel | None:
        """Give the one that leaves next."""
        parcels = self.parcels
        while parcels and parcels[0].place is not Place.QUEUED:
            parcels.popleft()
        return parcels[0] if parcels else None

    def take(self) -> Parcel:
        """Give the one that leaves next, and let it go."""
        parcel = self.parcels.popleft()
        self._forget(parcel)
        return parcel

    def withdraw(self, parcel: Parcel) -> None:
        """Take *parcel* back."""
        self._forget(parcel)
        if len(self.parcels) > 2 * self.frames + _STALE:
            self.parcels = deque([each for each in self.parcels if each.place is Place.QUEUED and each is not parcel])

    def _forget(self, parcel: Parcel) -> None:
        self.frames -= 1
        self.size -= len(parcel.data)


_NONE: Final = Lane()
"""The lane of what is in none any more."""


class Outbox:
    """The queue between those who say something and the one who writes."""

    def __init__(self) -> None:
        self._bulk = Lane()
        self._urgent = self._bulk
        """The same lane, as long as nothing is paced."""
        self._queued = 0
        """How many wait, in both lanes."""
        self._rate: MessageRate | None = None
        self._given: deque[Parcel] = deque()
        self._given_size = 0
        self._given_left = 0
        """How many bytes of the first of those that the writer has have left."""
        self._moved_at: float | None = None
        """When a byte left, or when there began to be some; None while there are none."""
        self._is_over = False
        self._numbers = 0
        self._in_a_row = 0
        """How many urgent ones have left since one of the others did, while some of these waited."""
        self._left: list[Question] = []
        """Questions that have left, and nobody has taken note of it."""
        self._promised = 0
        """How many of those that are queued somebody may wait for."""
        self.opens_at: float | None = None
        """When the next one may leave, where the rate keeps it back; None: nothing is kept back."""
        self.tally: Final = Tally()
        """What the rate has kept back."""

    def __repr__(self) -> str:
        return f"<Outbox: {self.frames} messages, {self.size} bytes>"

    def pace(self, most: int, now: float) -> None:
        """Let at most *most* messages leave in a second, from *now* on, orders and cancels first."""
        self._rate, self._urgent = MessageRate(most), Lane()
        # The last word of the handshake has left lately, and counts.
        self._rate.note(now)

    @property
    def most_per_second(self) -> int | None:
        """How many messages may leave in a second; None: any number."""
        return None if self._rate is None else self._rate.most

    # --- what waits ----------------------------------------------------------------------------------------------

    @property
    def frames(self) -> int:
        """How many messages have not left."""
        return self._queued + len(self._given)

    @property
    def size(self) -> int:
        """How many bytes have not left."""
        queued = self._bulk.size if self._urgent is self._bulk else self._bulk.size + self._urgent.size
        return queued + self._given_size - self._given_left

    @property
    def kept_back(self) -> int:
        """How many messages the rate keeps back."""
        return 0 if self.opens_at is None else self._queued

    @property
    def is_full(self) -> bool:
        """Whether no more may wait, save what is urgent."""
        # By hand, as all that is done for each message.
        bulk = self._bulk
        return bulk.frames >= MOST_FRAMES or bulk.size >= MOST_BYTES

    @property
    def is_full_of_urgent(self) -> bool:
        """Whether no more may wait that is urgent."""
        return self._urgent.is_full

    @property
    def is_owing(self) -> bool:
        """Whether leaving has to wait for what is queued.

        What the rate keeps back of those who have left already need not be said: the end of the connection says it.
        """
        return bool(self._given) or self._promised > 0 or (self.opens_at is None and self._queued > 0)

    def put(
        self,
        data: bytes,
        now: float,
        *,
        urgent: bool = False,
        promised: bool = False,
        whose: Question | None = None,
    ) -> Parcel:
        """Queue *data*, a whole message, behind all others of its lane."""
        self._numbers = number = self._numbers + 1
        lane = self._urgent if urgent else self._bulk
        parcel = Parcel(data, now, lane, number, whose)
        lane.parcels.append(parcel)
        lane.frames += 1
        lane.size += len(data)
        self._queued += 1
        if promised:
            parcel.is_promised = True
            self._promised += 1
        if self._moved_at is None:
            self._moved_at = now
        return parcel

    def withdraw(self, parcel: Parcel) -> bool:
        """Take *parcel* back, if the writer has not got it; tell whether it was taken back."""
        if parcel.place is not Place.QUEUED:
            return parcel.place is Place.WITHDRAWN
        parcel.place, parcel.whose, parcel.life = Place.WITHDRAWN, None, None
        parcel.lane.withdraw(parcel)
        self._queued -= 1
        self._promised -= parcel.is_promised
        if not self._queued:
            self.opens_at = None
        self._note_move(self._moved_at)
        return True

    # --- what leaves ---------------------------------------------------------------------------------------------

    def may_give(self, now: float) -> bool:
        """Tell whether `data_to_send` would give something."""
        if self._given or not self._queued:
            return False
        rate = self._rate
        if rate is None:
            return True
        room, bulk_room = rate.room(now)
        if (room if self._urgent.frames else bulk_room) > 0:
            return True
        self._keep_back(rate, now)
        return False

    def data_to_send(self, now: float) -> bytes:
        """Give whole messages, once, in their order; nothing while those given before have not left."""
        given = self._given
        if given or not self._queued:
            return b""
        if self._rate is None:
            self._give_all()
        else:
            self._give_some(self._rate, now)
        return given[0].data if len(given) == 1 else b"".join([parcel.data for parcel in given])

    def _give_all(self) -> None:
        lane, given, size = self._bulk, self._given, 0
        parcels = lane.parcels
        while parcels:
            parcel = parcels[0]
            if parcel.place is Place.QUEUED:
                length = len(parcel.data)
                if given and size + length > AT_ONCE:
                    break
                parcel.place = Place.GIVEN
                self._promised -= parcel.is_promised
                given.append(parcel)
                size += length
            parcels.popleft()
        self._queued = lane.frames = lane.frames - len(given)
        lane.size -= size
        self._given_size = size

    def _give_some(self, rate: MessageRate, now: float) -> None:
        """Give to the writer what may leave at *now*."""
        self.opens_at = None
        room, bulk_room = rate.room(now)
        urgent, bulk = self._urgent, self._bulk
        while room > 0:
            lane, first, other = urgent, urgent.first(), bulk.first()
            if first is None or (other is not None and self._is_due(other, first)):
                if other is None or (first is None and bulk_room <= 0):
                    break
                lane, first = bulk, other
            if not self._has_space_for(first):
                return
            self._in_a_row = self._in_a_row + 1 if lane is urgent and other is not None else 0
            if first.number <= lane.held_to:
                self.tally.note("messages", now - first.put_at)
            self._give(lane)
            room, bulk_room = room - 1, bulk_room - 1
        if self._queued:
            self._keep_back(rate, now)

    def _is_due(self, bulk: Parcel, urgent: Parcel) -> bool:
        # What is younger never overtakes an order: its answer would not know of that.
        return self._in_a_row >= MOST_IN_A_ROW and bulk.number < urgent.number

    def _has_space_for(self, parcel: Parcel) -> bool:
        return not self._given or self._given_size + len(parcel.data) <= AT_ONCE

    def _keep_back(self, rate: MessageRate, now: float) -> None:
        urgent, bulk = self._urgent, self._bulk
        for lane in (urgent, bulk):
            if lane.frames:
                lane.held_to = self._numbers
        # What the writer has takes places when it has left, and then it asks again.
        self.opens_at = None if self._given else rate.opens_at(now, urgent=urgent.frames > 0)

    def _give(self, lane: Lane) -> None:
        parcel = lane.take()
        self._queued -= 1
        parcel.place = Place.GIVEN
        self._promised -= parcel.is_promised
        self._given_size += len(parcel.data)
        self._given.append(parcel)

    def sent(self, count: int, now: float) -> None:
        """Note that *count* bytes more of what `data_to_send` gave have left this process."""
        if count <= 0 or self._is_over:
            return
        count += self._given_left
        given = self._given
        while given and count >= (size := len(given[0].data)):
            parcel = given.popleft()
            count -= size
            self._given_size -= size
            parcel.place, parcel.some_left = Place.LEFT, True
            if parcel.life is not None:
                # An order keeps its parcels for good: not their bytes, no way back to itself, and none to the others.
                parcel.data, parcel.life, parcel.lane = b"", None, _NONE
            if parcel.whose is not None:
                self._left.append(parcel.whose)
                # The question has the parcel: nothing is to be left for the garbage collector.
                parcel.whose = None
            if self._rate is not None:
                self._rate.note(now)
        if given:
            given[0].some_left = count > 0
        elif count:
            raise ValueError(f"{count} bytes more were reported as sent than data_to_send() had given")
        self._given_left = count
        self._note_move(now)

    def take_left(self) -> list[Question]:
        """Give, once, the questions that have left."""
        left = self._left
        if left:
            self._left = []
        return left

    def wake(self, now: float) -> None:
        """Note that it is *now*: whoever writes may ask again, perhaps."""
        if self.opens_at is not None and self.opens_at <= now:
            self.opens_at = None

    def give_up(self) -> None:
        """Forget all that has not left: the connection is over."""
        for parcel in self._given:
            # The writer has had it: how much of it left is not known.
            parcel.some_left = True
        for parcel in (*self._given, *self._bulk.parcels, *self._urgent.parcels):
            if parcel.is_on_its_way:
                parcel.place = Place.LOST
            parcel.whose = parcel.life = None
            parcel.lane = _NONE
        self._given.clear()
        self._left = []
        self._bulk = self._urgent = Lane()
        self._queued = self._given_size = self._given_left = self._promised = 0
        self._moved_at = self.opens_at = None
        self._is_over = True

    @property
    def stuck_at(self) -> float | None:
        """When it will have been too long that no byte left; None while none waits.

        The rate alone never makes it so: it lets one leave each second.
        """
        return None if self._moved_at is None else self._moved_at + UNSENT_SECONDS

    def _note_move(self, now: float | None) -> None:
        self._moved_at = now if self._given or self._queued else None
