"""A mailbox that holds a picture instead of a queue: what comes changes it, the reader gets it as it then is.

Its size does not depend on how slow the reader is, so it is never full, and it loses no last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol, TypeVar

from anytws.machines.mailbox import Mailbox, MailboxStatistics
from anytws.machines.records import Dropped, Gap, Resumed
from anytws.messages.base import Streams, replace

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Picture(Protocol[_T_co]):
    """What a conflated mailbox holds: `anytws.machines.quoting.Quoting`, `anytws.machines.book.Booking`."""

    @property
    def is_due(self) -> bool:
        """Whether `take` may give something."""
        ...

    @property
    def rerouted(self) -> Any:
        """What TWS wants to be asked instead; None: nothing."""
        ...

    @property
    def wants_newest(self) -> bool:
        """Whether of ticks that come together the last one of each kind is enough."""
        ...

    def fold(self, items: Iterable[Any]) -> None:
        """Take what has come. Never raises."""
        ...

    def lose(self, gap: Gap) -> None:
        """Forget how things were, and tell of the *gap* at once."""
        ...

    def resume(self, resumed: Resumed) -> None:
        """Tell at once that the gap is over."""
        ...

    def blank(self) -> None:
        """Forget how things were, since somebody else tells of the gap."""
        ...

    def take(self) -> _T_co | None:
        """Give how things are now; None if there is nothing new."""
        ...


class Conflated(Mailbox[_T]):
    """What waits for a reader of quotes, or of a book: one item at the most, the newest."""

    __slots__ = ("_again", "_follow", "picture")

    def __init__(self, picture: Picture[_T], follow: Callable[[Any], Streams[Any]] | None = None) -> None:
        super().__init__(1, "drop_oldest")
        self.picture: Final = picture
        self._follow = follow
        """Makes the request that TWS wants to be asked instead. Once: it might go on for ever."""
        self._again: Streams[Any] | None = None

    def preload(self, items: Sequence[Any]) -> None:
        """Begin with *items* of the past."""
        self.picture.fold([item for item in items if not isinstance(item, Dropped)])

    def extend(self, items: Sequence[Any]) -> None:
        """Take what has come. After the end, or when nobody reads any more, it is forgotten."""
        if not self.is_finished:
            self._received += len(items)
            self.picture.fold(items)

    def finish(self, end: Exception | None = None, *, last: _T | None = None) -> None:
        """Take no more: once the picture has been taken, *end* is raised, or the reader comes to its end.

        Where TWS has named another contract to ask for, the end is none: see `again`.
        """
        if end is None and self._follow is not None and self.picture.rerouted is not None and not self.is_finished:
            self._again, self._follow = self._follow(self.picture.rerouted), None
        else:
            super().finish(end, last=last)

    def lose(self, gap: Gap, *, alone: bool = False) -> None:  # noqa: ARG002 (to one stream it is all the same)
        """Have the picture tell of the *gap*, in place of all that it had and nobody has read."""
        if self._gap is None and not self.is_finished:
            self._gap = gap
            self.picture.lose(gap)
            self.hand.clear()

    def resume(self, resumed: Resumed) -> None:
        """Have the picture tell that it goes on, if it was told of a gap."""
        gap, self._gap = self._gap, None
        if gap is not None and not self.is_finished:
            self.picture.resume(resumed if resumed.gap is gap else replace(resumed, gap=gap))

    @property
    def begins_anew(self) -> bool:
        """Whether behind a gap it needs to be told all from the beginning: TWS says only what changes."""
        return True

    @property
    def again(self) -> Streams[Any] | None:
        """What is to be opened into this mailbox, since the conversation before has ended with that."""
        return self._again

    def take_again(self) -> Streams[Any] | None:
        """Give, once, what is to be opened into this mailbox."""
        again, self._again = self._again, None
        return again

    @property
    def wants_newest(self) -> bool:
        """Whether of ticks that come together the last one of each kind is enough."""
        return self.picture.wants_newest

    @property
    def is_pressed(self) -> bool:
        """Never: no reader is too slow."""
        return False

    def take(self) -> list[_T | Dropped]:
        """Give what is in the hand and the newest picture; nothing, if there is none. Raises the end after it."""
        items = [*reversed(self.hand)]
        self.hand.clear()
        newest = self.picture.take()
        if newest is not None:
            items.append(newest)
        if not items and self._end is not None:
            raise self._end
        return items

    def refill(self) -> bool:
        """Put the newest picture into the empty ``hand``; tell whether there is one. Raises as `take` does."""
        newest = self.picture.take()
        if newest is not None:
            self.hand.append(newest)
            return True
        if self._end is not None:
            raise self._end
        return False

    @property
    def has_items(self) -> bool:
        """Whether something may wait to be read."""
        return bool(self.hand) or self.picture.is_due

    @property
    def has_news(self) -> bool:
        """Whether `take` may give or raise something, or all is over."""
        return self.has_items or self.again is not None or self.is_finished

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come, and nothing waits."""
        return self._is_closed or (self._is_over and not self.has_items)

    def statistics(self) -> MailboxStatistics:
        """Tell how it does: what was put together is not counted as dropped."""
        return MailboxStatistics(int(self.has_items), 0, 1, self._capacity_bytes, self._received, 0)
