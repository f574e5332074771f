"""Headlines as they come, each once, though TWS says those of the last day whenever it is asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from anytws.core.remembered import MOST_BYTES
from anytws.machines.mailbox import CAPACITY, Folding, WhenFull
from anytws.machines.records import InBand, Resumed
from anytws.messages.market_data import TickNews

MOST_KNOWN: Final = 1000
"""Headlines of which it is known that they were told. TWS says some ten of each provider anew."""


class HeadlinesMailbox(Folding[TickNews | InBand]):
    """What waits for who reads headlines. Behind a gap those that were told before it pass unseen."""

    __slots__ = ("_had_gap", "_known")

    def __init__(
        self, capacity: int = CAPACITY, when_full: WhenFull = "fail", capacity_bytes: int = MOST_BYTES
    ) -> None:
        super().__init__(self._headlines_of, capacity, when_full, capacity_bytes)
        self._known: dict[tuple[str, str], None] = {}
        """Those that were told last, the newest behind."""
        self._had_gap = False

    def resume(self, resumed: Resumed) -> None:
        """Tell the reader that it goes on. TWS says anew what it has of the last day."""
        self._had_gap = True
        super().resume(resumed)

    def _headlines_of(self, items: Sequence[Any]) -> Sequence[Any]:
        found: list[Any] = []
        for item in items:
            if isinstance(item, TickNews):
                name = (item.provider_code, item.article_id)
                is_known = name in self._known
                if not (self._had_gap and is_known):
                    found.append(item)
                if is_known:
                    del self._known[name]
                self._known[name] = None
                if len(self._known) > MOST_KNOWN:
                    del self._known[next(iter(self._known))]
            elif isinstance(item, InBand):
                found.append(item)
        return found
