"""Market scanners: which contracts are at the top of a list."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class Scanner:
    """Market scanners. It is ``tws.scanner``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
