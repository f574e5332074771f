"""Ticks and bars without the envelope: `anytws.machines.single_ticks`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from anytws import Dropped
from anytws.machines.bars import Bar
from anytws.machines.single_ticks import barred, unwrapped
from anytws.messages import (
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    RealTimeBarTick,
    TickByTickData,
    TickByTickKind,
)

TIME: Final = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
TRADE: Final = HistoricalTickLast(TIME, 10.5, Decimal(3))
QUOTE: Final = HistoricalTickBidAsk(TIME, 10, 11, Decimal(1), Decimal(2))
MIDPOINT: Final = HistoricalTick(TIME, 10.5)


def test_live_ticks_and_those_of_the_past() -> None:
    items = [
        HistoricalTicksLast(1, (TRADE, TRADE), is_done=False), TickByTickData(1, TickByTickKind.LAST, last=TRADE),
        Dropped(3), HistoricalTicksLast(1, (), is_done=True),
        TickByTickData(1, TickByTickKind.BID_ASK, bid_ask=QUOTE), HistoricalTicksBidAsk(1, (QUOTE,), is_done=True),
        TickByTickData(1, TickByTickKind.MID_POINT, mid_point=MIDPOINT),
        HistoricalTicks(1, (MIDPOINT,), is_done=True),
    ]  # fmt: skip
    assert unwrapped(items) == [TRADE, TRADE, TRADE, Dropped(3), QUOTE, QUOTE, MIDPOINT, MIDPOINT]


def test_a_message_without_a_tick_is_not_lost() -> None:
    empty = TickByTickData(1, TickByTickKind(9))
    assert unwrapped([empty]) == [empty]


def test_bars() -> None:
    tick = RealTimeBarTick(1, TIME, 1, 3, 0.5, 2, Decimal(7), Decimal("1.5"), 4)
    end = TIME + timedelta(seconds=5)
    assert barred([tick, Dropped(1)]) == [
        Bar(TIME, end, 1, 3, 0.5, 2, Decimal(7), Decimal("1.5"), 4, is_over=True), Dropped(1),
    ]  # fmt: skip
    nothing: Any = None
    odd = RealTimeBarTick(1, nothing, 1, 3, 0.5, 2)
    assert barred([odd]) == [odd]
