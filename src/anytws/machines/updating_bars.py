"""Bars that go on: what TWS says of one `HistoricalDataRequest` with ``keep_up_to_date``, folded into bars.

TWS does not mark a bar that is over. The first word about a later one says so, and then the bar before is told once
more, as over, in front of the new one: no bar is lost, however many come in one read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from anytws.core.events import OddValue
from anytws.core.remembered import MOST_BYTES
from anytws.errors import DecodeError, shown
from anytws.machines.bars import A_DAY, A_MOMENT, LENGTHS, Bar, bars_of, day_of, first_day_of, is_daily, moment_of
from anytws.machines.mailbox import CAPACITY, Folding, Mailbox, WhenFull
from anytws.machines.records import Gap, InBand, Resumed
from anytws.messages.base import record, replace
from anytws.messages.historical import (
    BarSize,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataUpdate,
    UpdatedBar,
)


@record
class CaughtUp:
    """Between the bars of the past and those that are made from now on."""

    count: int
    """How many bars of the past there were, the running one among them."""
    start: datetime | None = None
    """From when on they were asked for, as TWS says it: in UTC if it says the zone, else naive. None if it says none.
    It is the end minus the duration by the calendar, and no bar need begin there."""
    end: datetime | None = None
    """When they were asked for, by the clock of TWS: like ``start``."""


UpdatingItem: TypeAlias = Bar | CaughtUp | InBand
"""What comes out of bars that go on: a bar, the mark between the past and what is new, or what TWS says besides."""


class UpdatingBars:
    """Makes bars of the messages of one request (`fold`). It keeps one bar: the running one."""

    def __init__(self, bar_size: BarSize, *, has_end: bool) -> None:
        self._bar_size: Final = bar_size
        self._has_end: Final = has_end
        """Whether TWS says when the bars of the past are all there; below server version 196 they are one message."""
        self._running: Bar | None = None
        self._newest: Any = None
        """The place of the newest bar that was told."""
        self._count = 0
        self._has_begun = False
        self._has_caught_up = False

    @property
    def has_begun(self) -> bool:
        """Whether the bars of the past have come."""
        return self._has_begun

    def fold(self, items: Sequence[Any]) -> list[UpdatingItem]:
        """Give what becomes of *items*, in their order. What is no bar stays in its place."""
        found: list[UpdatingItem] = []
        for item in items:
            if isinstance(item, HistoricalDataUpdate):
                self._update(item, found)
            elif isinstance(item, HistoricalData):
                self._begin(item, found)
            elif isinstance(item, HistoricalDataEnd):
                self._end(item, found)
            elif isinstance(item, InBand):
                found.append(item)
        return found

    def _begin(self, answer: HistoricalData, found: list[UpdatingItem]) -> None:
        try:
            bars = bars_of(answer, self._bar_size)
        except DecodeError as problem:
            # It is told in its place: a fold raises nothing.
            found.append(OddValue("HistoricalData", problem.field or "bars", problem.seen, problem.wanted))
            bars = ()
        self._has_begun = True
        self._count += len(bars)
        if bars and self._running is None:
            # As it nearly always is: all but the last are over, and said to be so.
            found += bars[:-1]
            bars = bars[-1:]
        for bar in bars:
            self._take(bar, found)
        if not self._has_end:
            self._end(answer, found)

    def _end(self, message: HistoricalData | HistoricalDataEnd, found: list[UpdatingItem]) -> None:
        """Tell that the bars of the past are all there: once, however often the request is said."""
        if not self._has_caught_up:
            self._has_caught_up = True
            found.append(CaughtUp(self._count, message.start, message.end))

    def catch_up(self, answer: HistoricalData) -> tuple[tuple[Bar, ...], str, list[UpdatingItem]]:
        """Take the bars of the past that come anew behind a gap.

        Give those that were missed and are over, what may be missing all the same, in words, and what is new: the
        running one. The bar that ran when the gap began is among those that were missed, whole now.
        """
        found: list[UpdatingItem] = []
        try:
            bars = bars_of(answer, self._bar_size)
        except DecodeError as problem:
            found.append(OddValue("HistoricalData", problem.field or "bars", problem.seen, problem.wanted))
            return (), "the bars that TWS told anew could not be read", found
        before, running = self._newest, self._running
        missed = [
            bar
            for bar in bars
            if before is None or _place(bar) > before or (running is not None and _place(bar) == before)
        ]
        if not missed:
            return (), "" if bars else "TWS told no bars anew", found
        words = ""
        if before is not None and _place(bars[0]) > before:
            words = (
                f"the duration that was asked for reaches back to {bars[0].time}, and the newest bar before the gap is "
                f"that of {before}: bars in between may be missing (tws.historical.bars tells them)"
            )
        *over, newest = missed
        self._running = None
        self._take(newest, found)
        if not self._has_end:
            self._end(answer, found)
        return tuple(over), words, found

    def _update(self, update: HistoricalDataUpdate, found: list[UpdatingItem]) -> None:
        bar = update.bar
        named = day_of(bar.time) if is_daily(self._bar_size) else moment_of(bar.time)
        if named is not None:
            made = self._made(named, bar)
            if made is None:
                self._finish(named, found)
            else:
                self._take(made, found)
        else:
            found += self._odd(bar.time)

    def _odd(self, time: object) -> list[OddValue]:
        if time is None:
            # It could not be read at all, whatever its type promises, and that stands in front of it already.
            return []
        wanted = A_DAY if is_daily(self._bar_size) else A_MOMENT
        return [OddValue("HistoricalDataUpdate", "bar.time", shown(time), wanted)]

    def _made(self, named: datetime | date, bar: UpdatedBar) -> Bar | None:
        """Give *bar* as a running one; None as long as TWS says no prices in it (seen of old versions)."""
        first, high, low, last = bar.open, bar.high, bar.low, bar.close
        if first is None or high is None or low is None or last is None:
            return None
        values = (first, high, low, last, bar.volume, bar.wap, bar.bar_count, False)
        if isinstance(named, datetime):
            return Bar(named, named + LENGTHS[self._bar_size], *values)
        return Bar(None, None, *values, named, first_day_of(named, self._bar_size))

    def _take(self, bar: Bar, found: list[UpdatingItem]) -> None:
        """Let *bar* be the running one; the one before it is over. A late word about an older one is told as that."""
        running = self._running
        if running is not None and _place(bar) < _place(running):
            found.append(replace(bar, is_over=True))
            return
        self._finish(bar.time, found)
        self._running = bar if bar.is_over is False else replace(bar, is_over=False)
        self._newest = _place(bar)
        found.append(self._running)

    def _finish(self, named: datetime | date, found: list[UpdatingItem]) -> None:
        """Tell the running bar as over, if the one that is *named* so is a later one."""
        running = self._running
        if running is None:
            return
        if isinstance(named, datetime):
            if running.begin is not None and named > running.begin:
                end = named if running.end is None else min(running.end, named)
                found.append(replace(running, end=end, is_over=True))
                self._running = None
        elif first_day_of(named, self._bar_size) > _place(running):
            found.append(replace(running, is_over=True))
            self._running = None


def _place(bar: Bar) -> Any:
    """Give what tells *bar* from others of its size: the days of a week or a month are one bar."""
    return bar.first_day if bar.begin is None else bar.begin


class UpdatingMailbox(Folding[UpdatingItem]):
    """What waits for who reads bars that go on. Those of the past, which come all at once, count against no bound."""

    __slots__ = ("_bars", "_resuming")

    def __init__(
        self,
        bars: UpdatingBars,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES,
    ) -> None:
        super().__init__(bars.fold, capacity, when_full, capacity_bytes)
        self._bars: Final = bars
        self._resuming: Resumed | None = None
        """What is to be told when the bars that were missed are there: until then the reader is in the gap."""

    def lose(self, gap: Gap, *, alone: bool = False) -> None:
        """Tell the reader that from here on nothing comes, and wait for the bars of the past anew."""
        self._resuming = None
        super().lose(gap, alone=alone)

    def resume(self, resumed: Resumed) -> None:
        """Tell the reader that it goes on: with the bars that were missed, as soon as TWS has told them."""
        if self._gap is None or not self._bars.has_begun:
            super().resume(resumed)
        elif not self.is_finished:
            self._resuming = resumed

    @property
    def begins_anew(self) -> bool:
        """Whether behind a gap it needs to be told all from the beginning: among that is what was missed."""
        return True

    def extend(self, items: Sequence[Any]) -> None:
        """Take what becomes of *items*."""
        if self._resuming is not None:
            items = self._catch_up(items, self._resuming)
        is_past = not self._bars.has_begun and any(type(item) is HistoricalData for item in items)
        if not is_past or self.is_finished:
            super().extend(items)
            return
        # A reader who has not had the time to read a line cannot be too slow for it; a frame bounds how much it is.
        folded = self._fold(items)
        self._received += len(folded)
        self._past += [*self._waiting, *folded]
        self._waiting.clear()
        self._waiting_bytes = self._marks = 0

    def _catch_up(self, items: Sequence[Any], resuming: Resumed) -> Sequence[Any]:
        """Take *items* up to the bars of the past, if those are there; give the rest."""
        place = next((place for place, item in enumerate(items) if type(item) is HistoricalData), None)
        if place is None:
            return items
        super().extend(items[:place])
        missed, words, found = self._bars.catch_up(items[place])
        self._resuming = None
        told = "; ".join([each for each in (words, resuming.not_fetched) if each])
        super().resume(replace(resuming, fetched=missed, not_fetched=told))
        Mailbox.extend(self, found)
        return items[place + 1 :]
