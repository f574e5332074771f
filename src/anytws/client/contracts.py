"""Contracts: what TWS knows of what is traded."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class Contracts:
    """Contracts: what TWS knows of what is traded. It is ``tws.contracts``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
