"""The calendar of Wall Street Horizon: corporate events."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class Wsh:
    """The calendar of Wall Street Horizon. It is ``tws.wsh``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
