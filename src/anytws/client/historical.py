"""History: bars, ticks, schedules, and whole downloads of them."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class Historical:
    """History: bars, ticks, schedules; downloads. It is ``tws.historical``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
