"""Accounts: what they are worth, what they hold, what they gain and lose."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class Accounts:
    """Accounts: summary, values, positions, portfolio, profit and loss. It is ``tws.accounts``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    @property
    def managed(self) -> tuple[str, ...] | None:
        """The accounts that this login manages; None if TWS has not said them (ADR 0004)."""
        return self._tws.accounts_named
