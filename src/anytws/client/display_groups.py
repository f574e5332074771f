"""The groups of windows of TWS that show one contract."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class DisplayGroups:
    """The groups of windows of TWS that show one contract. It is ``tws.display_groups``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
