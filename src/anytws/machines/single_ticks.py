"""What TWS says trade by trade, and bar by bar of five seconds, without the envelope: folds for streams.

What stands between (`anytws.machines.InBand`) stays in its place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from anytws.core.remembered import MOST_BYTES, weigh
from anytws.errors import DecodeError
from anytws.machines.bars import Bar, bars_of
from anytws.machines.mailbox import CAPACITY, Folding, WhenFull
from anytws.machines.records import Gap, InBand, Resumed
from anytws.messages.base import replace
from anytws.messages.historical import (
    BarSize,
    HistoricalData,
    HistoricalDataRequest,
    RealTimeBarsRequest,
    RealTimeBarTick,
    WhatToShow,
)
from anytws.messages.market_data import (
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    TickByTickData,
)

SingleTick: TypeAlias = HistoricalTickLast | HistoricalTickBidAsk | HistoricalTick
"""A trade, a quote, or a midpoint."""

_FIVE_SECONDS: Final = timedelta(seconds=5)
_MORE_SECONDS: Final = 30
"""Seconds that are asked for beyond those of the gap: the clocks of TWS and of this machine differ."""
_FEWEST_SECONDS: Final = 60
_MOST_SECONDS: Final = 86_400
"""TWS gives no more at once. They count while there is trading alone, so that a weekend takes none."""
MOST_HELD: Final = 1000
"""Messages that are kept back while bars are asked for: some ten are to be expected."""
_RUNS: Final = frozenset({HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast})


def unwrapped(items: Sequence[Any]) -> Sequence[Any]:
    """Give the ticks of *items*, those of the past one by one. A message without a tick is given as it is."""
    ticks: list[Any] = []
    for item in items:
        if type(item) is TickByTickData:
            # The one that it has; by what is there, and not by the type, which may be one that has no name.
            ticks.append(item.last or item.bid_ask or item.mid_point or item)
        elif type(item) in _RUNS:
            ticks.extend(item.ticks)
        else:
            ticks.append(item)
    return ticks


def barred(items: Sequence[Any]) -> Sequence[Any]:
    """Give the bars of *items*. Each is over when TWS says it."""
    return [_bar(item) if type(item) is RealTimeBarTick else item for item in items]


def _bar(tick: RealTimeBarTick) -> Bar | RealTimeBarTick:
    begin: Any = tick.time
    if begin is None:
        # It could not be read, and an `OddValue` in front says so.
        return tick
    return Bar(
        begin, begin + _FIVE_SECONDS, tick.open, tick.high, tick.low, tick.close, tick.volume, tick.wap, tick.count,
        is_over=True,
    )  # fmt: skip


class BarsMailbox(Folding[Bar | InBand]):
    """What waits for who reads bars of five seconds. Those that were missed in a gap are asked for (`missing`).

    Bars that come meanwhile are kept back, so that all stand in their order.
    """

    __slots__ = ("_has_fetched", "_held", "_held_bytes", "_newest", "_request", "_resuming")

    def __init__(
        self,
        request: RealTimeBarsRequest,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES,
    ) -> None:
        super().__init__(self._bars_of, capacity, when_full, capacity_bytes)
        self._request: Final = request
        self._newest: datetime | None = None
        """When the newest bar that was told begins."""
        self._has_fetched = False
        """Whether some were asked for: then those that come may be among them."""
        self._resuming: Resumed | None = None
        """What is to be told when those that were missed are there."""
        self._held: list[Any] = []
        """What has come meanwhile."""
        self._held_bytes = 0

    def _bars_of(self, items: Sequence[Any]) -> Sequence[Any]:
        bars = barred(items)
        newest = self._newest
        if self._has_fetched and newest is not None:
            bars = [bar for bar in bars if not (isinstance(bar, Bar) and bar.begin is not None and bar.begin <= newest)]
        for bar in bars:
            if isinstance(bar, Bar):
                self._newest = bar.begin
        return bars

    def extend(self, items: Sequence[Any]) -> None:
        """Take what becomes of *items*."""
        if self._resuming is None:
            super().extend(items)
            return
        self._held += items
        self._held_bytes += sum(map(weigh, items))
        if len(self._held) > MOST_HELD or self._held_bytes > MOST_BYTES:
            self.fetched(None, "more came than can be kept back while they were asked for")

    def finish(self, end: Exception | None = None, *, last: Any = None) -> None:
        """Take no more; what was kept back is told first."""
        if self._held:
            self.fetched(None, "the stream ended before they had come")
        super().finish(end, last=last)

    def lose(self, gap: Gap, *, alone: bool = False) -> None:
        """Tell the reader that from here on nothing comes. What was kept back is asked for with the rest."""
        self._resuming = None
        self._held, self._held_bytes = [], 0
        super().lose(gap, alone=alone)

    def resume(self, resumed: Resumed) -> None:
        """Tell the reader that it goes on, when the bars that were missed are there; at once, if there was none yet."""
        if self._gap is None or self._newest is None or self.is_finished:
            super().resume(resumed)
        else:
            self._resuming = resumed

    @property
    def missing(self) -> HistoricalDataRequest | None:
        """What asks for the bars of the gap that is over."""
        if self._resuming is None or self._newest is None:
            return None
        seconds = math.ceil((self._resuming.until - self._newest).total_seconds()) + _MORE_SECONDS
        request = self._request
        return HistoricalDataRequest(
            request.contract,
            f"{min(max(seconds, _FEWEST_SECONDS), _MOST_SECONDS)} S",
            BarSize.SECONDS_5,
            WhatToShow(request.what_to_show.value),
            use_rth=request.use_rth,
        )

    def fetched(self, answer: HistoricalData | None, why_not: str = "") -> None:
        """Tell what was missed, and what was kept back. The last bar of *answer*, which may go on, comes by itself."""
        resuming, self._resuming = self._resuming, None
        held, self._held, self._held_bytes = self._held, [], 0
        if resuming is None:
            return
        missed: tuple[Bar, ...] = ()
        if answer is not None:
            missed, why_not = self._missed(answer)
        words = "; ".join([words for words in (why_not and f"bars: {why_not}", resuming.not_fetched) if words])
        super().resume(replace(resuming, fetched=missed, not_fetched=words))
        super().extend(held)

    def _missed(self, answer: HistoricalData) -> tuple[tuple[Bar, ...], str]:
        """Give those bars of *answer* that were missed, and what may be missing all the same."""
        try:
            bars = bars_of(answer, BarSize.SECONDS_5)
        except DecodeError as problem:
            return (), str(problem)
        newest = self._newest
        missed = [bar for bar in bars[:-1] if bar.begin is not None and (newest is None or bar.begin > newest)]
        first = bars[0].begin if bars else None
        why_not = ""
        if first is not None and newest is not None and first > newest + _FIVE_SECONDS:
            why_not = f"TWS told those from {first} on, and those between {newest} and that may be missing"
        if missed:
            self._newest, self._has_fetched = missed[-1].begin, True
        return tuple(missed), why_not
