"""Outages in band: how what tells of them stands in a mailbox (`Gap`, `Resumed`), and how several become one.

Both take no place among the items, and are never dropped. So that a reader who never comes back does not keep one pair
for each night, those that stand side by side are told as one when there are more than `MOST_OUTAGES` of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from anytws.machines.records import Dropped, Gap, Resumed
from anytws.messages.base import replace

Outage: TypeAlias = Gap | Resumed
"""What tells of an outage: that it begins, or that it is over."""
OUTAGES: Final = frozenset({Gap, Resumed})
MOST_OUTAGES: Final = 1000
"""Outages that wait for a reader, each told by itself. Of more, those with nothing in between are told as one."""
_SEVERAL: Final = " (the last of several with nothing in between, since nobody has read of them)"


def joined(first: Gap, second: Gap) -> Gap:
    """Give the gap that is both of them, between which nothing came that anybody will read."""
    return Gap(first.since, second.reason if second.reason.endswith(_SEVERAL) else f"{second.reason}{_SEVERAL}")


def join_all(items: Iterable[Any]) -> list[Any]:
    """Give *items*, the oldest first, with all outages as one between which nothing stands but what is gone."""
    found: list[Any] = []
    for item in items:
        if type(item) is Gap:
            found.append(_joined_to(found, item))
        elif type(item) is Resumed and found and type(found[-1]) is Gap:
            found.append(replace(item, gap=found[-1]))
        else:
            found.append(item)
    return found


def _joined_to(before: list[Any], gap: Gap) -> Gap:
    """Take from the end of *before* the outage that *gap* follows at once; give the gap that is both."""
    gone = before.pop() if before and type(before[-1]) is Dropped else None
    first = before[-2] if len(before) > 1 else None
    if isinstance(first, Gap) and type(before[-1]) is Resumed and not before[-1].fetched:
        del before[-2:]
        gap = joined(first, gap)
    if gone is not None:
        before.append(gone)
    return gap


def without_fetched(mark: Outage) -> tuple[Outage, int]:
    """Give *mark* without what was fetched, and how many items those were: they are as old as what is dropped."""
    if not isinstance(mark, Resumed) or not mark.fetched:
        return mark, 0
    count = len(mark.fetched)
    told = f"{count} items were fetched, and dropped since the stream was full"
    words = "; ".join([words for words in (mark.not_fetched, told) if words])
    return replace(mark, fetched=(), not_fetched=words), count


class Told:
    """The outages of what is told as a whole value, the newest alone (a quote, a book, the figures of an account)."""

    __slots__ = ("_resumed", "gap", "is_news")

    def __init__(self) -> None:
        self.gap: Gap | None = None
        """The one in which it is."""
        self._resumed: Resumed | None = None
        """The one that is over, and of which nobody has read."""
        self.is_news: bool = False
        """Whether something of it is to be told."""

    def lose(self, gap: Gap) -> None:
        """Note that it is in a *gap*."""
        self.gap, self.is_news = gap, True

    def resume(self, resumed: Resumed) -> None:
        """Note that the gap is over."""
        before = self._resumed
        if before is not None:
            resumed = replace(resumed, gap=joined(before.gap, resumed.gap))
        self.gap, self._resumed, self.is_news = None, resumed, True

    def take(self) -> Resumed | None:
        """Give, once, what is over."""
        resumed, self._resumed, self.is_news = self._resumed, None, False
        return resumed

    def look(self) -> Resumed | None:
        """Give what is over, and go on telling it until it is `take`n."""
        return self._resumed
