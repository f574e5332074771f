"""The level of an instrument on any date, without what was before: noise at scales of a day, two days, four …

A sum of such noise moves from day to day as a random walk does, and stays within reach of where it is at the epoch,
however far the date: so a price of 1980 costs what one of today costs, and is a price that one can believe.
"""

from __future__ import annotations

from typing import Final

from anytws.simulator.chance import normal, root

MOST_NODES: Final = 2048
"""Of the noise of one instrument so much is remembered; then all is forgotten, and drawn again."""

TRADING_DAYS: Final = 252.0
"""A year has so many, and a day the root of that part of a year's volatility."""

_SCALES: Final = 10
_ROOTS: Final = tuple(root(float(1 << scale)) / 2 for scale in range(_SCALES))


class Levels:
    """The logarithm of the price on each day, relative to that of one day."""

    def __init__(self, seed: int, key: int, annual_volatility: float, anchor: int) -> None:
        self.volatility: float = annual_volatility / root(TRADING_DAYS)
        """Of a day."""
        self._keys = (seed, key, 1)
        self._nodes: dict[tuple[int, int], float] = {}
        self._anchor = 0.0
        self._anchor = self.at(anchor)

    def at(self, day: int) -> float:
        """Give the logarithm at the beginning of *day*, a number such as `datetime.date.toordinal` gives."""
        total = 0.0
        for scale in range(_SCALES):
            number, part = day >> scale, (day & (1 << scale) - 1) / float(1 << scale)
            here = self._node(scale, number)
            total += _ROOTS[scale] * (here + part * (self._node(scale, number + 1) - here) if part else here)
        return self.volatility * total - self._anchor

    def _node(self, scale: int, number: int) -> float:
        key = (scale, number)
        found = self._nodes.get(key)
        if found is None:
            if len(self._nodes) >= MOST_NODES:
                self._nodes.clear()
            found = self._nodes[key] = normal(*self._keys, scale, number)
        return found
