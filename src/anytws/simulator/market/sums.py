"""What happened in a time, added up piece by piece."""

from __future__ import annotations

from anytws.simulator.market.minute import Traded
from anytws.simulator.market.words import Bar


class Sum:
    """Prices in halves of a tick, and for trades volume, count and the sum of price (in ticks) × size."""

    __slots__ = ("close", "count", "high", "is_empty", "low", "open", "value", "volume")

    def __init__(self) -> None:
        self.is_empty: bool = True
        self.open: int = 0
        self.high: int = 0
        self.low: int = 0
        self.close: int = 0
        self.volume: int = 0
        self.value: int = 0
        self.count: int = 0

    def add(self, open_: int, high: int, low: int, close: int) -> None:
        """Add what came next."""
        if self.is_empty:
            self.is_empty = False
            self.open, self.high, self.low = open_, high, low
        else:
            self.high = max(self.high, high)
            self.low = min(self.low, low)
        self.close = close

    def include(self, other: Sum) -> None:
        """Add all that another sum has."""
        if not other.is_empty:
            self.add(other.open, other.high, other.low, other.close)
            self.volume += other.volume
            self.value += other.value
            self.count += other.count

    def add_traded(self, traded: Traded | None) -> None:
        """Add the trades that came next, in ticks; None: there were none."""
        if traded is not None:
            self.add(2 * traded.open, 2 * traded.high, 2 * traded.low, 2 * traded.close)
            self.volume += traded.volume
            self.value += traded.value
            self.count += traded.trades

    def bar(self, begin: int, *, of_trades: bool) -> Bar:
        """Give it as a bar that begins at *begin*; it is not empty."""
        if not of_trades:
            return Bar(begin, self.open, self.high, self.low, self.close, -1, -1, -1)
        average = (2000 * self.value + self.volume) // (2 * self.volume) if self.volume else 0
        return Bar(begin, self.open, self.high, self.low, self.close, self.volume, average, self.count)
