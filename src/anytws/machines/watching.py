"""Many contracts in one loop: a picture for each, and one reader who is told of those that have changed.

Those that have changed stand in a queue, each at most once: whoever changes twice keeps its place. So none waits longer
than all others take, and what waits is bounded by the number of contracts, however slow the reader is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from anytws.core.events import ConnectionClosed
from anytws.machines.conflated import Conflated, Picture
from anytws.machines.mailbox import Desk, Mailbox, MailboxStatistics
from anytws.machines.outages import MOST_OUTAGES, Outage, join_all
from anytws.machines.records import Dropped, Gap, Resumed
from anytws.messages.base import Streams, record, replace

_K = TypeVar("_K", bound=Hashable)
_T = TypeVar("_T")


@record
class Watched(Generic[_K, _T]):
    """Something new about one contract of many."""

    contract: _K | None
    """The contract as it was given: what `watch` or `add` was called with. None for what concerns all of them."""
    item: _T | Exception | Gap | Resumed
    """The newest `Quote`; or, once and last, why there are no more of them: `RequestFailed` with what TWS said,
    `DataLost`, `LimitReached`, `DecodeError`, `LocalProtocolError`. The others go on. To begin anew, `add` it.

    Under `keep_connected` a `Gap` says that from here on no quote comes, and that those before it are old: of any
    contract, where ``contract`` is None. `Resumed` says that it is over, in front of the first new one: they
    are opened one after the other, and of each nothing is known until its own first quote."""

    def __iter__(self) -> Iterator[Any]:
        """Give both, for ``async for contract, item in watch``. A type checker sees more by the names."""
        return iter((self.contract, self.item))


class Line(Conflated[_T], Generic[_K, _T]):
    """One contract of many: its picture, and its place in the queue."""

    __slots__ = ("_is_alone", "_told", "_watching", "contract", "request")

    def __init__(
        self,
        watching: Watching[_K, _T],
        contract: _K,
        request: Streams[Any],
        picture: Picture[_T],
        follow: Callable[[Any], Streams[Any]] | None = None,
    ) -> None:
        super().__init__(picture, follow)
        self._watching = watching
        self.contract: Final = contract
        self.request: Streams[Any] = request
        """What is to be opened for it."""
        self._is_alone = False
        """Whether the gap is its own, and not that of all."""
        self._told: list[Outage] = []
        """What is to be told of gaps that are its own."""

    def extend(self, items: Sequence[Any]) -> None:
        """Take what has come, and stand in the queue if it is news."""
        if not self.is_finished:
            self._received += len(items)
            self.picture.fold(items)
            if self.picture.is_due:
                self._watching.note_due(self)

    def finish(self, end: Exception | None = None, *, last: _T | None = None) -> None:
        """Take no more; that too is news."""
        if self.is_finished:
            return
        super().finish(end, last=last)
        again = self.take_again()
        if again is not None:
            self.request = again
            self._watching.note_wish(self)
        elif isinstance(end, ConnectionClosed):
            self._watching.finish(end)
        else:
            self._watching.note_due(self)

    def end(self) -> Exception | None:
        """Give what it ended with; None if it has not."""
        return self._end

    def lose(self, gap: Gap, *, alone: bool = False) -> None:
        """Forget the quote, and have the reader told of the *gap*: once for all contracts, unless it is its own."""
        if self._gap is not None or self._is_closed:
            return
        self.picture.blank()
        if self.is_finished:
            # Its end is still to be told.
            return
        self._gap, self._is_alone = gap, alone
        if alone:
            self._note(gap)
        else:
            self._watching.lose(gap)
        if not (self._told or self.picture.is_due):
            # What it had is old by now.
            self._watching.forget_due(self)

    def resume(self, resumed: Resumed) -> None:
        """Have the reader told that it goes on, if that was told of a gap."""
        gap, self._gap = self._gap, None
        if gap is None or self.is_finished:
            return
        if self._is_alone:
            self._note(resumed if resumed.gap is gap else replace(resumed, gap=gap))
        else:
            self._watching.resume(resumed)

    def _note(self, outage: Outage) -> None:
        self._told.append(outage)
        if len(self._told) > 2 * MOST_OUTAGES:
            self._told = join_all(self._told)
        self._watching.note_due(self)

    def take_told(self) -> Outage | None:
        """Give, once, the oldest of what is to be told of its own gaps; None if there is nothing."""
        return self._told.pop(0) if self._told else None


class Watching(Desk[Watched[_K, _T]]):
    """What waits for the one reader: the contracts that have changed, each at most once."""

    __slots__ = ("_due", "_is_begun", "_leaving", "_lines", "_told", "_wishes")

    def __init__(self) -> None:
        super().__init__(1, "drop_oldest")
        self._lines: dict[_K, Line[_K, _T]] = {}
        self._due: dict[Line[_K, _T], None] = {}
        """Those that have changed, the one that waits longest first."""
        self._wishes: dict[Line[_K, _T], None] = {}
        """Those whose request is to be opened."""
        self._leaving: list[Line[_K, _T]] = []
        """Those of which nothing is wanted any more."""
        self._is_begun = False
        self._told: list[Outage] = []
        """What is to be told of gaps of all contracts, the oldest first."""

    # --- what the caller does --------------------------------------------------------------------------------------

    @property
    def contracts(self) -> tuple[_K, ...]:
        """What is watched, as it was given; those not, that have failed and were told of."""
        return tuple(self._lines)

    def add(
        self,
        contract: _K,
        request: Streams[Any],
        picture: Picture[_T],
        follow: Callable[[Any], Streams[Any]] | None = None,
    ) -> bool:
        """Watch *contract* too; tell whether it was not watched yet."""
        known = self._lines.get(contract)
        if known is not None and not known.is_finished:
            return False
        if known is not None:
            # It has failed, and is asked for again before that was read.
            self._forget(known)
        line = Line(self, contract, request, picture, follow)
        self._lines[contract] = line
        self._wishes[line] = None
        self._is_begun = True
        return True

    def remove(self, contract: _K) -> bool:
        """Watch *contract* no more, and forget what waits of it; tell whether it was watched."""
        line = self._lines.pop(contract, None)
        if line is None:
            return False
        self._forget(line)
        return True

    def _forget(self, line: Line[_K, _T]) -> None:
        line.close()
        self._due.pop(line, None)
        if self._wishes.pop(line, _NO_WISH) is _NO_WISH:
            self._leaving.append(line)

    def take_wishes(self, most: int | None = None) -> list[tuple[Mailbox[Any], Streams[Any]]]:
        """Give, once, what is to be opened: mailboxes of their own, and requests; *most* of them, None: all."""
        lines = [*islice(self._wishes, most)]
        for line in lines:
            del self._wishes[line]
        return [(line, line.request) for line in lines]

    def take_leaving(self) -> list[Mailbox[Any]]:
        """Give, once, the mailboxes of those conversations that are to be left."""
        leaving: list[Mailbox[Any]] = [*self._leaving]
        self._leaving.clear()
        return leaving

    @property
    def has_wishes(self) -> bool:
        """Whether something is to be opened or left."""
        return bool(self._wishes or self._leaving)

    # --- the half of who hears -------------------------------------------------------------------------------------

    def note_due(self, line: Line[_K, _T]) -> None:
        """Put *line* into the queue, if it is not there."""
        if line not in self._due:
            self._due[line] = None

    def note_wish(self, line: Line[_K, _T]) -> None:
        """Have the request of *line* opened: TWS wants to be asked for another contract."""
        self._wishes[line] = None

    def forget_due(self, line: Line[_K, _T]) -> None:
        """Take *line* out of the queue: it has nothing to tell."""
        self._due.pop(line, None)

    def lose(self, gap: Gap, *, alone: bool = False) -> None:  # noqa: ARG002 (it is that of all)
        """Have the reader told, once, that from here on nothing comes of any contract."""
        if self._gap is None and not self.is_finished:
            self._gap = gap
            self.hand[:] = [watched for watched in self.hand if not _is_old(watched)]
            self._note(gap)

    def resume(self, resumed: Resumed) -> None:
        """Have the reader told, once, that it goes on."""
        gap, self._gap = self._gap, None
        if gap is not None and not self.is_finished:
            self._note(resumed if resumed.gap is gap else replace(resumed, gap=gap))

    def _note(self, outage: Outage) -> None:
        self._told.append(outage)
        if len(self._told) > 2 * MOST_OUTAGES:
            self._told = join_all(self._told)
            newest = self._told[-1]
            if isinstance(newest, Gap):
                self._gap = newest

    @property
    def is_pressed(self) -> bool:
        """Never: no reader is too slow."""
        return False

    # --- the half of the reader ------------------------------------------------------------------------------------

    def refill(self) -> bool:
        """Put the next contract that has changed into the empty ``hand``; tell whether there is one.

        One alone: the others would grow old in the hand. Raises the end of the connection after all.
        """
        if self._told:
            # What waits of the contracts is newer: what was older is gone.
            self.hand.append(Watched(None, self._told.pop(0)))
            return True
        while self._due:
            line = next(iter(self._due))
            del self._due[line]
            watched = self._take_of(line)
            if watched is not None:
                self.hand.append(watched)
                return True
        if self._end is not None:
            raise self._end
        return False

    def top_up(self) -> None:
        """Put all that have changed into the hand, behind what is there: for who reads in batches."""
        # It is read from its end.
        more: list[Watched[_K, _T] | Dropped] = [Watched(None, outage) for outage in self._told]
        self._told.clear()
        for line in [*self._due]:
            self._due.pop(line, None)
            watched = self._take_of(line)
            if watched is not None:
                more.append(watched)
        if more:
            self.hand[:0] = reversed(more)

    def take(self) -> list[Watched[_K, _T] | Dropped]:
        """Give all that have changed; nothing, if none has. Raises the end after it."""
        self.top_up()
        items = [*reversed(self.hand)]
        self.hand.clear()
        if not items and self._end is not None:
            raise self._end
        return items

    def _take_of(self, line: Line[_K, _T]) -> Watched[_K, _T] | None:
        """Give what is new of *line*: first its gaps, then its picture, and once that has been read its end."""
        outage = line.take_told()
        if outage is not None:
            self.note_due(line)
            return Watched(line.contract, outage)
        newest = line.picture.take()
        end = line.end()
        if newest is not None:
            if end is not None and not isinstance(end, ConnectionClosed):
                self.note_due(line)
            return Watched(line.contract, newest)
        if end is None or isinstance(end, ConnectionClosed):
            return None
        if self._lines.get(line.contract) is line:
            del self._lines[line.contract]
        self._forget(line)
        return Watched(line.contract, end)

    @property
    def has_items(self) -> bool:
        """Whether something may wait to be read."""
        return bool(self.hand or self._due or self._told)

    @property
    def has_news(self) -> bool:
        """Whether `take` may give or raise something, or all is over."""
        return self.has_items or self.is_finished

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come: it was closed, the connection is over, or no contract is left."""
        if self._is_closed:
            return True
        is_empty = self._is_begun and not self._lines and not self._wishes
        return (self._is_over or is_empty) and not self.has_items

    def close(self) -> None:
        """Take no more, and forget what waits: nobody reads."""
        super().close()
        for line in self._lines.values():
            line.close()
        self._due.clear()
        self._wishes.clear()
        self._told.clear()

    def statistics(self) -> MailboxStatistics:
        """Tell how it does: how many contracts have changed, of how many, and how many messages came for them."""
        received = sum([line.statistics().received for line in self._lines.values()])
        return MailboxStatistics(len(self.hand) + len(self._due), 0, max(1, len(self._lines)), 0, received, 0)


def _is_old(watched: Any) -> bool:
    """Tell whether *watched* is what nobody may see behind a gap."""
    return not isinstance(watched.item, (Exception, Gap, Resumed))


_NO_WISH: Final = object()
