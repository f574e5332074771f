"""The settings of TWS itself."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class Config:
    """The settings of TWS itself. It is ``tws.config``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
