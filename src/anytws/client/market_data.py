"""Market data as it happens: quotes, ticks, books, bars of five seconds."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class MarketData:
    """Market data as it happens: quotes, ticks, books, bars. It is ``tws.market_data``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
