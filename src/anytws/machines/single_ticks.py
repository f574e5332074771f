"""What TWS says trade by trade, and bar by bar of five seconds, without the envelope: folds for streams.

What stands between (`anytws.machines.InBand`) stays in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias

from anytws.machines.bars import Bar
from anytws.messages.historical import RealTimeBarTick
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
