"""How often the vendor's historical farm may be asked: small bars, ticks, head timestamps and bars of five seconds.

The three rules are documented. What is refused counts for none of them (chosen: only what reaches the farm does).
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple, TypeAlias

WINDOW_MS: Final = 600_000
"""Milliseconds in which `MOST_IN_WINDOW` may be asked."""
MOST_IN_WINDOW: Final = 60
"""How many may be asked in `WINDOW_MS`. Bars of bid and ask count for two."""
BURST_MS: Final = 2_000
"""Milliseconds in which fewer than `LEAST_BURST` may be asked of one contract, exchange and kind."""
LEAST_BURST: Final = 6
"""How many of one contract, exchange and kind are too many in `BURST_MS`."""
AGAIN_MS: Final = 15_000
"""Milliseconds before the very same may be asked again."""

Asked: TypeAlias = tuple[object, ...]
"""What was asked, as values that can be compared."""


class _Query(NamedTuple):
    at: int
    group: Asked
    details: Asked
    weight: int


class HistoricalPacing:
    """What was asked of the farm lately, by all clients of one TWS: at most `MOST_IN_WINDOW` queries are remembered."""

    def __init__(self) -> None:
        self._queries: deque[_Query] = deque()

    def admits(self, at: int, group: Asked, details: Asked, weight: int = 1) -> bool:
        """Tell whether one more may be asked at *at*, in milliseconds since 1970, and count it if so.

        *group* is the contract, the exchange and the kind; *details* all the rest of what is asked for.
        """
        queries = self._queries
        while queries and queries[0].at <= at - WINDOW_MS:
            queries.popleft()
        if sum([query.weight for query in queries]) + weight > MOST_IN_WINDOW:
            return False
        burst = weight
        for query in reversed(queries):
            if query.at <= at - AGAIN_MS:
                break
            if query.group == group:
                if query.details == details:
                    return False
                burst += query.weight if query.at > at - BURST_MS else 0
        if burst >= LEAST_BURST:
            return False
        queries.append(_Query(at, group, details, weight))
        return True

    def clear(self) -> None:
        """Forget all that was asked."""
        self._queries.clear()
