"""What waits to be sent: whole messages in their order, one exit for their bytes, and a word for what has left.

The writer asks for bytes when it is idle (`Outbox.data_to_send`) and reports what the system has taken
(`Outbox.sent`). Until it asks, a message can be taken back; half a message never can.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, unique
from typing import Final

MOST_FRAMES: Final = 10_000
MOST_BYTES: Final = 2**20
"""So many messages, and bytes of them, may wait (`SendQueueFull`)."""
AT_ONCE: Final = 65_536
"""Bytes that the writer is given at once, or one message if that is longer."""
UNSENT_SECONDS: Final = 10.0
"""Seconds without a byte leaving, while some wait, after which the connection is over."""


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

    __slots__ = ("data", "place", "some_left")

    def __init__(self, data: bytes) -> None:
        self.data: bytes = data
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


class Outbox:
    """The queue between those who say something and the one who writes."""

    def __init__(self) -> None:
        self._queued: deque[Parcel] = deque()
        self._queued_bytes = 0
        self._given: deque[Parcel] = deque()
        self._given_left = 0
        """How many bytes of the first of those that the writer has have left."""
        self._moved_at: float | None = None
        """When a byte left, or when there began to be some; None while there are none."""
        self._is_over = False

    def __repr__(self) -> str:
        return f"<Outbox: {self.frames} messages, {self.size} bytes>"

    @property
    def frames(self) -> int:
        """How many messages have not left."""
        return len(self._queued) + len(self._given)

    @property
    def size(self) -> int:
        """How many bytes have not left."""
        return self._queued_bytes + sum([len(parcel.data) for parcel in self._given]) - self._given_left

    @property
    def is_full(self) -> bool:
        """Whether no more may wait."""
        return len(self._queued) >= MOST_FRAMES or self._queued_bytes >= MOST_BYTES

    def put(self, data: bytes, now: float) -> Parcel:
        """Queue *data*, a whole message, behind all others."""
        parcel = Parcel(data)
        self._queued.append(parcel)
        self._queued_bytes += len(data)
        if self._moved_at is None:
            self._moved_at = now
        return parcel

    def withdraw(self, parcel: Parcel) -> bool:
        """Take *parcel* back, if the writer has not got it; tell whether it was taken back."""
        if parcel.place is not Place.QUEUED:
            return parcel.place is Place.WITHDRAWN
        self._queued.remove(parcel)
        self._queued_bytes -= len(parcel.data)
        parcel.place = Place.WITHDRAWN
        self._note_move(self._moved_at)
        return True

    def data_to_send(self) -> bytes:
        """Give whole messages, once, in their order; nothing while those given before have not left."""
        if self._given or not self._queued:
            return b""
        size = 0
        while self._queued and (size == 0 or size + len(self._queued[0].data) <= AT_ONCE):
            parcel = self._queued.popleft()
            parcel.place = Place.GIVEN
            size += len(parcel.data)
            self._given.append(parcel)
        self._queued_bytes -= size
        return b"".join([parcel.data for parcel in self._given])

    def sent(self, count: int, now: float) -> None:
        """Note that *count* bytes more of what `data_to_send` gave have left this process."""
        if count <= 0 or self._is_over:
            return
        count += self._given_left
        while self._given and count >= len(self._given[0].data):
            parcel = self._given.popleft()
            count -= len(parcel.data)
            parcel.place, parcel.some_left = Place.LEFT, True
        if self._given:
            self._given[0].some_left = count > 0
        elif count:
            raise ValueError(f"{count} bytes more were reported as sent than data_to_send() had given")
        self._given_left = count
        self._note_move(now)

    def give_up(self) -> None:
        """Forget all that has not left: the connection is over."""
        for parcel in self._given:
            # The writer has had it: how much of it left is not known.
            parcel.some_left = True
        for parcel in (*self._given, *self._queued):
            parcel.place = Place.LOST
        self._given.clear()
        self._queued.clear()
        self._queued_bytes = self._given_left = 0
        self._moved_at = None
        self._is_over = True

    @property
    def stuck_at(self) -> float | None:
        """When it will have been too long that no byte left; None while none waits."""
        return None if self._moved_at is None else self._moved_at + UNSENT_SECONDS

    def _note_move(self, now: float | None) -> None:
        self._moved_at = now if self._queued or self._given else None
