"""What waits for one reader: bounded in number and in bytes, with a word for everything that is gone.

Who hears (`anytws.machines.session`) puts in what one read has brought, all at once; the reader takes all that waits.
A reader that is too slow has chosen what happens then (`WhenFull`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, get_args

import attrs

from anytws.core.arguments import check_whole_number
from anytws.core.remembered import MOST_BYTES, weigh
from anytws.errors import SlowConsumer, shown
from anytws.machines.outages import MOST_OUTAGES, OUTAGES, Outage, join_all, without_fetched
from anytws.machines.records import Dropped, Gap, Reset, Resumed
from anytws.messages.base import Asks, Streams, replace

_T = TypeVar("_T")

WhenFull: TypeAlias = Literal["fail", "drop_oldest", "block"]
"""What a full stream does: end with `SlowConsumer` at once, drop the oldest items and say how many, or make TWS wait.

To make TWS wait (``block``) is for raw events alone (`Tws.events`): while it waits nothing is read from it, so no other
stream and no request hears anything, and a time-out elsewhere may be due to this stream. So that the end of the
connection arrives all the same, a full stream from which nobody takes an item for
`anytws.runtime.pump.UNREAD_SECONDS` fails as with ``fail``.
"""

CAPACITY: Final = 10_000
"""Items that wait for a reader unless somebody says otherwise."""
_AT_THE_FRONT: Final = frozenset({Dropped, Reset, *OUTAGES})
"""What may stand at the oldest end and is no item that may be dropped: only there is a `Dropped`."""


@attrs.frozen
class MailboxStatistics:
    """How a stream does."""

    waiting: int
    """Items that wait for the reader."""
    waiting_bytes: int
    """About how much memory they keep."""
    capacity: int
    capacity_bytes: int
    received: int
    """Items that have come since it was opened, those that were dropped too."""
    dropped: int
    """Items that nobody will see."""


class Mailbox(Generic[_T]):
    """A queue of items for one reader. What it does when it is full is its own business, and told in band.

    It has two lists. ``hand`` is what the reader has begun to read, the next item last, so that to take one is a
    `list.pop`; what has come since waits behind it. Both together have the bounds.

    What tells of an outage (`lose`, `resume`) stands in its place and takes none: it is never dropped, fails nobody.
    """

    __slots__ = (
        "_capacity", "_capacity_bytes", "_dropped", "_end", "_failure", "_gap", "_hand_bytes", "_hand_is_past",
        "_hand_length", "_hand_marks", "_is_closed", "_is_over", "_marks", "_past", "_received", "_waiting",
        "_waiting_bytes", "hand", "when_full",
    )  # fmt: skip

    def __init__(
        self, capacity: int = CAPACITY, when_full: WhenFull = "fail", capacity_bytes: int = MOST_BYTES
    ) -> None:
        check_whole_number("capacity", capacity, at_least=1, example=CAPACITY)
        check_whole_number("capacity_bytes", capacity_bytes, at_least=1, example=MOST_BYTES)
        if when_full not in get_args(WhenFull):
            raise ValueError(f"when_full is {shown(when_full)}, and has to be one of {', '.join(get_args(WhenFull))}")
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self.when_full: Final[WhenFull] = when_full
        self.hand: Final[list[_T | Dropped]] = []
        self._waiting: deque[_T | Dropped] = deque()
        self._past: list[_T | Dropped] = []
        """What was there before it was opened. That is nobody's slowness: it counts against no bound."""
        self._hand_is_past = False
        # About: what has been taken out of the hand counts until the hand is empty, or until somebody looks closely.
        self._hand_bytes = 0
        self._hand_length = 0
        """How many were in the hand when it was weighed."""
        self._waiting_bytes = 0
        self._gap: Gap | None = None
        """The outage in which it is."""
        self._marks = self._hand_marks = 0
        """Of what waits, and of what is in the hand at most, how many tell of outages."""
        self._received = 0
        self._dropped = 0
        self._failure: SlowConsumer | None = None
        self._end: Exception | None = None
        self._is_over = False
        self._is_closed = False

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "failed" if self._failure else "over" if self._is_over else "open"
        full = f"when_full={self.when_full!r}, capacity={self._capacity}"
        return f"<Mailbox {state}, waiting: {self.statistics().waiting}, dropped: {self._dropped}, {full}>"

    # --- the half of who hears -----------------------------------------------------------------------------------

    def preload(self, items: Sequence[_T | Dropped]) -> None:
        """Begin with *items* of the past. They count against no bound."""
        self._past.extend(items)

    def note_left(self) -> None:
        """Note that what asks for it has left this process: from here on TWS may answer."""

    def extend(self, items: Sequence[_T]) -> None:
        """Take what has come. After the end, a failure, or when nobody reads any more it is forgotten."""
        if self._is_closed or self._is_over or self._failure is not None:
            return
        self._received += len(items)
        self._waiting += items
        self._waiting_bytes += sum(map(weigh, items))
        if self._may_be_overfull and self.when_full != "block" and self._is_overfull():
            if self.when_full == "fail":
                self.fail()
            else:
                self._drop()

    def finish(self, end: Exception | None = None, *, last: _T | None = None) -> None:
        """Take no more but the *last* item, for which there is always room.

        When all that waits has been taken, *end* is raised; None: the reader just comes to its end.
        """
        if self._is_over:
            return
        self._is_over, self._end = True, end
        if last is not None and not self._is_closed and self._failure is None:
            self._waiting.append(last)
            self._received += 1

    def fail(self, unread_seconds: float | None = None) -> None:
        """Give up all that waits, since the reader is too slow: it hears of that at once, and of nothing else."""
        if self._is_closed or self._failure is not None:
            return
        is_count = self._count() >= self._capacity
        capacity = self._capacity if is_count else self._capacity_bytes
        lost = self.statistics().waiting
        self._failure = SlowConsumer(capacity, "items" if is_count else "bytes", lost, unread_seconds)
        self._dropped += lost
        self._empty()

    @property
    def gap(self) -> Gap | None:
        """The outage of which the reader was told, and not yet that it is over; None: there is none."""
        return self._gap

    def lose(self, gap: Gap, *, alone: bool = False) -> None:  # noqa: ARG002 (to one stream it is all the same)
        """Tell the reader that from here on nothing comes; who is in a gap already stays in that one.

        *alone*: the gap is of this stream alone, and not of all that there are.
        """
        if self._gap is None and not self.is_finished:
            self._gap = gap
            self._tell(gap)

    def resume(self, resumed: Resumed) -> None:
        """Tell the reader that it goes on, if it was told of a gap: that one is over."""
        gap, self._gap = self._gap, None
        if gap is not None and not self.is_finished:
            self._tell(resumed if resumed.gap is gap else replace(resumed, gap=gap))

    @property
    def begins_anew(self) -> bool:
        """Whether behind a gap it needs to be told all from the beginning: of the rest alone it makes nothing whole."""
        return False

    @property
    def missing(self) -> Asks[Any] | None:
        """What asks for what was missed in the gap that is over: until it is `fetched`, the reader stays in that."""
        return None

    def fetched(self, answer: Any, why_not: str = "") -> None:
        """Take the *answer* to what was `missing`; None: there is none, for the reason in *why_not*."""

    def _tell(self, outage: Outage) -> None:
        self._waiting.append(outage)  # type: ignore[arg-type]  # who reads what is kept is told of them
        self._marks += 1
        if self._marks > 2 * MOST_OUTAGES:
            self._waiting = deque(join_all(self._waiting))
            self._marks = sum([type(item) in OUTAGES for item in self._waiting])
            newest: object = self._waiting[-1]
            if isinstance(newest, Gap):
                self._gap = newest

    @property
    def has_room(self) -> bool:
        """Whether the next items may come. Only where it makes TWS wait has it ever none."""
        if self.when_full != "block" or self._failure is not None or self._is_closed:
            return True
        self._weigh_hand()
        return self._count() < self._capacity and self._hand_bytes + self._waiting_bytes < self._capacity_bytes

    @property
    def is_pressed(self) -> bool:
        """Whether it is half full, and fails when it is full."""
        if self.when_full != "fail":
            return False
        count = len(self.hand) + len(self._waiting)
        return 2 * count > self._capacity or 2 * (self._hand_bytes + self._waiting_bytes) > self._capacity_bytes

    # --- the half of the reader ----------------------------------------------------------------------------------

    def take(self) -> list[_T | Dropped]:
        """Give all that waits; nothing, if nothing does.

        Raises `SlowConsumer` once it has failed, and what `finish` was told once all has been taken.
        """
        if self._failure is not None:
            raise self._failure
        items = [*reversed(self.hand), *self._past, *self._waiting]
        self._empty()
        if not items and self._end is not None:
            raise self._end
        return items

    def refill(self) -> bool:
        """Put what waits into the empty ``hand``; tell whether there is something. Raises as `take` does."""
        if self._failure is not None:
            raise self._failure
        self._hand_is_past = bool(self._past)
        if self._past:
            self.hand.extend(reversed(self._past))
            self._past = []
            self._hand_bytes, self._hand_length, self._hand_marks = 0, len(self.hand), 0
        elif self._waiting:
            self.hand.extend(reversed(self._waiting))
            self._waiting.clear()
            self._hand_bytes, self._waiting_bytes = self._waiting_bytes, 0
            self._hand_marks, self._marks = self._marks, 0
            self._hand_length = len(self.hand)
        elif self._end is not None:
            raise self._end
        return bool(self.hand)

    @property
    def wants_newest(self) -> bool:
        """Whether of ticks that come together the last one of each kind is enough."""
        return False

    def top_up(self) -> None:
        """Put into the ``hand`` what `refill` has left out, if anything: for who reads in batches."""

    @property
    def again(self) -> Streams[Any] | None:
        """What is to be opened into this mailbox next; None: nothing."""
        return None

    def take_again(self) -> Streams[Any] | None:
        """Give, once, what is to be opened into this mailbox next."""
        return None

    @property
    def has_items(self) -> bool:
        """Whether something waits to be read."""
        return bool(self.hand or self._past or self._waiting)

    @property
    def has_news(self) -> bool:
        """Whether `take` gives or raises something, or all is over."""
        waits = self.hand or self._past or self._waiting
        return bool(waits) or self._failure is not None or self._is_over or self._is_closed

    @property
    def has_failed(self) -> bool:
        """Whether the reader was too slow."""
        return self._failure is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come, and nothing waits."""
        if self._is_closed or self._failure is not None:
            return True
        return self._is_over and not (self.hand or self._past or self._waiting)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come. What has come may still wait."""
        return self._is_over or self._is_closed or self._failure is not None

    @property
    def failure(self) -> Exception | None:
        """Why nothing more will come; None where something may, or it just came to its end."""
        return self._end if self._failure is None else self._failure

    @property
    def has_ended(self) -> bool:
        """Whether it came to an end by itself, before anybody closed it or after."""
        return self._is_over or self._failure is not None

    @property
    def is_closed(self) -> bool:
        """Whether nobody reads it any more."""
        return self._is_closed

    def close(self) -> None:
        """Take no more, and forget what waits: nobody reads."""
        self._is_closed = True
        self._empty()

    def statistics(self) -> MailboxStatistics:
        """Tell how it does."""
        self._weigh_hand()
        waiting = [item for items in (self.hand, self._past, self._waiting) for item in items]
        return MailboxStatistics(
            sum(type(item) is not Dropped and type(item) not in OUTAGES for item in waiting),
            self._hand_bytes + self._waiting_bytes,
            self._capacity,
            self._capacity_bytes,
            self._received,
            self._dropped,
        )

    # --- within --------------------------------------------------------------------------------------------------

    @property
    def _may_be_overfull(self) -> bool:
        # Quick, and never too little: what takes no place is counted too.
        if len(self.hand) + len(self._waiting) > self._capacity:
            return True
        return self._hand_bytes + self._waiting_bytes > self._capacity_bytes

    def _is_overfull(self) -> bool:
        """Tell whether more waits than may. One item alone may be as heavy as it likes."""
        count = self._count()
        return count > self._capacity or (count > 1 and self._heavy > 0)

    def _count(self) -> int:
        """Count the items that take a place. What tells of gaps takes none, nor what was there before it was opened."""
        if self.hand and not self._hand_is_past:
            if self._hand_marks:
                # The reader has taken some of them, perhaps.
                self._hand_marks = sum([type(item) in OUTAGES for item in self.hand])
            count = len(self._waiting) + len(self.hand) - self._hand_marks
            return count - self._marks - _count_dropped(reversed(self.hand))
        return len(self._waiting) - self._marks - _count_dropped(self._waiting)

    @property
    def _heavy(self) -> int:
        """How many bytes there are too many; of too few it does not say how many."""
        if self._hand_bytes + self._waiting_bytes <= self._capacity_bytes:
            return 0
        self._weigh_hand()
        return self._hand_bytes + self._waiting_bytes - self._capacity_bytes

    def _weigh_hand(self) -> None:
        if len(self.hand) != self._hand_length:
            self._hand_bytes = 0 if self._hand_is_past else sum(map(_weigh, self.hand))
            self._hand_length = len(self.hand)

    def _empty(self) -> None:
        self.hand.clear()
        self._waiting.clear()
        self._past = []
        self._hand_bytes = self._waiting_bytes = self._hand_length = 0
        self._marks = self._hand_marks = 0

    def _drop(self) -> None:
        """Drop the oldest until the rest may wait, the newest in any case; a `Dropped` stands where they stood.

        What was there before it was opened takes no place, so that to drop it would make none.
        """
        excess, heavy = self._count() - self._capacity, self._heavy
        marks: list[Any] = []
        gone = 0
        while (excess > 0 or heavy > 0) and self._count() > 1:
            item: Any = self._take_oldest()
            kind = type(item)
            if kind is Dropped:
                gone += item.count
            elif kind in OUTAGES:
                mark, fetched = without_fetched(item)
                self._dropped += fetched
                _put_dropped(marks, gone)
                marks.append(mark)
                gone = 0
            else:
                if kind is Reset:
                    # It stays: those after it mean something else without. Of several, the last one says it all.
                    item = _put_reset(marks, item, gone)
                    gone = 0
                    if item is None:
                        continue
                else:
                    gone += 1
                self._dropped += 1
                excess, heavy = excess - 1, heavy - _weigh(item)
        _put_dropped(marks, gone)
        for mark in reversed(marks):
            self._put_back(mark)

    def _take_oldest(self) -> _T | Dropped:
        if self.hand and not self._hand_is_past:
            item = self.hand.pop()
            self._hand_bytes -= _weigh(item)
            # Where the reader has taken some since it was weighed, it is to be weighed all the same.
            self._hand_length -= 1
        else:
            item = self._waiting.popleft()
            self._waiting_bytes -= _weigh(item)
            self._marks -= type(item) in OUTAGES
        return item

    def _put_back(self, item: _T | Dropped) -> None:
        if self.hand and not self._hand_is_past:
            self.hand.append(item)
            self._hand_bytes += _weigh(item)
            self._hand_length += 1
            self._hand_marks += type(item) in OUTAGES
        else:
            self._waiting.appendleft(item)
            self._waiting_bytes += _weigh(item)
            self._marks += type(item) in OUTAGES


class Folding(Mailbox[_T]):
    """A mailbox in which what is heard becomes something else before it waits: bars, rows, books.

    It is done on arrival, so that the bounds are those of what waits, and what nobody wants is never kept.
    """

    __slots__ = ("_fold",)

    def __init__(
        self,
        fold: Callable[[Sequence[Any]], Sequence[_T]],
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES,
    ) -> None:
        super().__init__(capacity, when_full, capacity_bytes)
        self._fold: Final = fold
        """What makes items of the messages of one read. It is called in their order, once for each, and never raises:
        what TWS says must not end the connection of everybody."""

    def preload(self, items: Sequence[Any]) -> None:
        """Begin with what becomes of *items* of the past. They count against no bound."""
        super().preload(self._fold([item for item in items if not isinstance(item, Dropped)]))

    def extend(self, items: Sequence[Any]) -> None:
        """Take what becomes of *items*."""
        if not self.is_finished:
            super().extend(self._fold(items))


class Desk(Mailbox[_T]):
    """A mailbox into which many conversations have theirs, and which says which those are."""

    __slots__ = ()

    @property
    def has_wishes(self) -> bool:
        """Whether something is to be opened or left."""
        raise NotImplementedError

    def take_wishes(self, most: int | None = None) -> list[tuple[Mailbox[Any], Streams[Any]]]:
        """Give, once, what is to be opened: mailboxes of their own, and requests; *most* of them, None: all."""
        raise NotImplementedError

    def take_leaving(self) -> list[Mailbox[Any]]:
        """Give, once, the mailboxes of those conversations that are to be left."""
        raise NotImplementedError


def _is_at_the_front(item: object) -> bool:
    return type(item) in _AT_THE_FRONT


def _count_dropped(oldest: Iterable[object]) -> int:
    """Count each `Dropped`, of which there is none behind the first item."""
    return sum([type(item) is Dropped for item in takewhile(_is_at_the_front, oldest)])


def _put_dropped(marks: list[Any], count: int) -> None:
    """Put behind *marks* that so many are gone."""
    if count and marks and type(marks[-1]) is Dropped:
        marks[-1] = Dropped(marks[-1].count + count)
    elif count:
        marks.append(Dropped(count))


def _put_reset(marks: list[Any], reset: Reset, gone: int) -> Reset | None:
    """Put behind *marks*, and so many that are *gone*, a *reset*; give the one that is gone for it."""
    place = next((place for place, mark in enumerate(marks) if type(mark) is Reset), None)
    before: Reset | None = None
    if place is not None:
        before, *rest = marks[place:]
        del marks[place:]
        for mark in [Dropped(1), *rest]:
            if type(mark) is Dropped:
                _put_dropped(marks, mark.count)
            else:
                marks.append(mark)
    _put_dropped(marks, gone)
    marks.append(reset)
    return before


def _weigh(item: object) -> int:
    """Give about how much memory *item* keeps. What takes no place counts for nothing."""
    return 0 if type(item) is Dropped or type(item) in OUTAGES else weigh(item)
