"""Pictures: what a stream says of many things, as one value of them all that is whole at each moment.

A picture takes the place of the one before it, so a reader who is slow misses none: it finds the newest, which says all
that changed meanwhile. So nothing here is ever too slow, and what waits has the size of one picture.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, Generic, TypeVar

from anytws.arrow import Records
from anytws.core.events import Notice, OddValue
from anytws.core.remembered import MOST_BYTES, weigh
from anytws.errors import AnswerTooLarge
from anytws.machines.mailbox import Mailbox, MailboxStatistics
from anytws.machines.outages import Told
from anytws.machines.records import Dropped, Gap, InBand, Reset, Resumed
from anytws.messages.base import ToTws, replace

_Row = TypeVar("_Row")
_Picture = TypeVar("_Picture")

MOST_ROWS: Final = 100_000
"""Things of which one picture keeps the last word; `MOST_BYTES` is its bound in bytes."""
MOST_NOTICES: Final = 100
"""Remarks that one picture brings: the newest, behind a `Dropped` for those before them."""
MOST_NOTICE_BYTES: Final = 2**20
"""About how much memory they take together. One alone may be as large as it likes."""


class Rows(Generic[_Row]):
    """The last word about each thing, and what of it has come since somebody looked.

    A word that is put waits until it is `settle`d: what TWS says together is believed together.
    """

    __slots__ = ("_before", "_changed", "_is_gone", "_item", "_pending", "_rows", "_unread", "_weight")

    def __init__(self, item: type[_Row], is_gone: Callable[[_Row], bool] | None = None) -> None:
        self._item = item
        """What they are of, even where there are none."""
        self._is_gone = is_gone
        """Tells of a word whether it says that the thing is no more."""
        self._rows: dict[Hashable, _Row] = {}
        self._changed: dict[Hashable, _Row] = {}
        self._pending: dict[Hashable, _Row] = {}
        self._before: dict[Hashable, _Row] | None = None
        """While all is said anew: what was known before; None: nothing is."""
        self._unread: dict[Hashable, _Row] = {}
        """While all is said anew: of that, what had changed and nobody had looked at."""
        self._weight = 0

    def put(self, subject: Hashable, row: _Row) -> None:
        """Take the newest word about *subject*."""
        before = self._pending.pop(subject, None)
        self._weight += weigh(row) - (0 if before is None else weigh(before))
        self._pending[subject] = row

    def settle(self) -> None:
        """Believe what was put. Of what changed twice since somebody looked, the last word stands, at its place."""
        for subject, row in self._pending.items():
            self._replace(self._changed.pop(subject, None))
            self._changed[subject] = row
            if self._is_gone is not None and self._is_gone(row):
                self._replace(self._rows.pop(subject, None))
            else:
                self._replace(self._rows.get(subject))
                self._rows[subject] = row
                self._weight += weigh(row)
        self._pending.clear()

    def _replace(self, before: _Row | None) -> None:
        if before is not None:
            self._weight -= weigh(before)

    def forget_changes(self) -> None:
        """Note that somebody has looked."""
        self._weight -= sum(map(weigh, self._changed.values()))
        self._changed.clear()

    def begin_again(self) -> None:
        """Forget all: TWS says it anew. What comes as it was is no change then (`note_all_said`)."""
        if self._before is None:
            self._before, self._unread = self._rows, self._changed
        self._rows, self._changed = {}, {}
        self._pending.clear()
        self._weight = sum(map(weigh, [*self._before.values(), *self._unread.values()]))

    def note_all_said(self, *, is_read: bool) -> None:
        """Note that all was said anew; *is_read*: somebody has looked at what was known before.

        What is not among it is no more, as what was closed meanwhile.
        """
        before, unread, self._before, self._unread = self._before, self._unread, None, {}
        if before is None:
            return
        self._weight -= sum(map(weigh, [*before.values(), *unread.values()]))
        for subject, row in [*self._changed.items()]:
            if before.get(subject) == row and (is_read or subject not in unread):
                self._replace(self._changed.pop(subject))

    @property
    def rows(self) -> tuple[_Row, ...]:
        """The last word about all that there is, in the order in which it came first."""
        return Records.of(self._item, self._rows.values())

    @property
    def changed(self) -> tuple[_Row, ...]:
        """The last word about all that changed since somebody looked, the newest last."""
        return Records.of(self._item, self._changed.values())

    @property
    def is_too_large(self) -> bool:
        """Whether it keeps more than it may."""
        most = max(len(self._rows), len(self._changed), len(self._pending))
        return most > MOST_ROWS or self._weight > MOST_BYTES

    def __len__(self) -> int:
        return len(self._rows) + len(self._pending)

    @property
    def weight(self) -> int:
        """About how many bytes it keeps."""
        return self._weight


class Painter(Generic[_Row, _Picture]):
    """Makes pictures of what TWS says."""

    def __init__(self, rows: Rows[_Row]) -> None:
        self.rows: Final = rows
        self.is_whole: bool = False
        """Whether all there is has been said once: before that there is no picture."""

    @abstractmethod
    def hear(self, message: Any) -> None:
        """Take a message of TWS."""

    def end_read(self) -> None:
        """Note that what one read brought has been heard. What has no other bracket is settled by it."""

    def begin_again(self) -> None:
        """Note that TWS says all anew. What was believed is believed no more when it has (`is_whole`)."""
        self.is_whole = False
        self.rows.begin_again()

    @abstractmethod
    def paint(self, notices: tuple[InBand, ...] = ()) -> _Picture:
        """Give the picture of what is settled."""

    def finished(self, messages: Sequence[Any]) -> _Picture:
        """Give the picture of an answer that is all there: *messages*, its end not among them."""
        for message in messages:
            self.hear(message)
        self.rows.settle()
        return self.paint()


class Pictures(Mailbox[_Picture]):
    """A mailbox that holds one picture: the newest."""

    __slots__ = (
        "_dropped_notices", "_is_painted", "_notice_bytes", "_notices", "_outages", "_painter", "_request", "_resuming",
    )  # fmt: skip

    def __init__(self, painter: Painter[Any, _Picture], request: ToTws) -> None:
        super().__init__()
        self._painter = painter
        self._request = request
        self._notices: list[InBand] = []
        self._notice_bytes = 0
        self._dropped_notices = 0
        self._outages: Final = Told()
        self._resuming: Resumed | None = None
        """What is to be told as soon as TWS has said all anew: until then the reader is in the gap."""
        self._is_painted = False
        """Whether there has been a first picture; after a gap, the first of all that was said anew."""

    def preload(self, items: Sequence[Any]) -> None:
        """Begin with what is known of the past."""
        self.extend(items)

    def extend(self, items: Sequence[Any]) -> None:
        """Take what one read has brought."""
        if self.is_finished:
            return
        self._received += len(items)
        painter = self._painter
        if self._is_painted and not self._waiting:
            # The picture before this has been taken.
            self._look_away()
        for item in items:
            if isinstance(item, (Notice, OddValue, Dropped, Reset)):
                self._note(item)
            else:
                painter.hear(item)
        painter.end_read()
        if painter.rows.is_too_large:
            self._waiting.clear()
            self.finish(AnswerTooLarge(self._request, len(painter.rows)))
        elif painter.is_whole and (not self._is_painted or painter.rows.changed or self._notices):
            self._paint()

    def _paint(self) -> None:
        """Let the picture as it is now be the one that waits."""
        if self._resuming is not None:
            self._painter.rows.note_all_said(is_read=not self._waiting)
            self._outages.resume(self._resuming)
            self._resuming = self._gap = None
        self._show()
        self._is_painted = True

    def _show(self) -> None:
        picture: Any = self._painter.paint(self._remarks())
        gap, resumed = self._outages.gap, self._outages.look()
        if gap is not None or resumed is not None:
            picture = replace(picture, gap=gap, resumed=resumed)
        self._waiting.clear()
        self._waiting.append(picture)

    def lose(self, gap: Gap, *, alone: bool = False) -> None:  # noqa: ARG002 (to one stream it is all the same)
        """Have the picture tell that it is old. Who has seen none is shown none: it would look like an empty one."""
        self._resuming = None
        if self._gap is not None or self.is_finished:
            return
        self._gap = gap
        self._outages.lose(gap)
        if self._is_painted:
            if not self._waiting:
                self._look_away()
            self._show()

    def resume(self, resumed: Resumed) -> None:
        """Believe nothing of what was said before the gap, and tell that it is over once all has been said anew."""
        if self._gap is not None and not self.is_finished:
            self._painter.begin_again()
            self._is_painted = False
            self._resuming = replace(resumed, gap=self._gap)

    @property
    def begins_anew(self) -> bool:
        """Whether behind a gap it needs to be told all from the beginning: what is no more nobody says."""
        return True

    def _look_away(self) -> None:
        self._painter.rows.forget_changes()
        self._outages.take()
        self._notices.clear()
        self._notice_bytes = self._dropped_notices = 0

    def _note(self, remark: InBand) -> None:
        self._notices.append(remark)
        self._notice_bytes += weigh(remark)
        while len(self._notices) > 1 and (len(self._notices) > MOST_NOTICES or self._notice_bytes > MOST_NOTICE_BYTES):
            self._notice_bytes -= weigh(self._notices.pop(0))
            self._dropped_notices += 1

    def _remarks(self) -> tuple[InBand, ...]:
        before = (Dropped(self._dropped_notices),) if self._dropped_notices else ()
        return (*before, *self._notices)

    def statistics(self) -> MailboxStatistics:
        """Tell how it does. Its bounds are those of what one picture keeps."""
        waiting = len(self.hand) + len(self._waiting)
        weight = self._painter.rows.weight + self._notice_bytes
        return MailboxStatistics(waiting, weight, MOST_ROWS, MOST_BYTES, self._received, self._dropped)
