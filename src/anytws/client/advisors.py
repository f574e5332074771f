"""What a financial advisor has set up: groups and aliases."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class Advisors:
    """What a financial advisor has set up. It is ``tws.advisors``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
