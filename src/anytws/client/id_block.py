"""Keeps the ids of a family of orders together: who places another order meanwhile waits for a moment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import anyio

LONGEST_HOLD: Final = 1.0
"""Seconds after which whoever waits goes ahead. Ids in one block are for the eyes of people: TWS allows gaps, and no
order is to be late because a TWS that hangs does not answer the fence of another one."""


class IdBlock:
    """Whether a family of orders is on its way out, so that the next id should be that of its next member."""

    def __init__(self) -> None:
        self._families = 0
        self._freed: anyio.Event | None = None

    @property
    def is_taken(self) -> bool:
        """Whether a family is on its way out."""
        return self._families > 0

    async def until_free(self) -> None:
        """Wait until none is, for `LONGEST_HOLD` seconds at most; not at all if none is."""
        with anyio.move_on_after(LONGEST_HOLD):
            while self._families:
                if self._freed is None:
                    self._freed = anyio.Event()
                await self._freed.wait()

    @contextmanager
    def taken(self) -> Generator[None]:
        """Have it taken for the length of a block."""
        self._families += 1
        try:
            yield
        finally:
            self._families -= 1
            if not self._families and self._freed is not None:
                self._freed.set()
                self._freed = None
