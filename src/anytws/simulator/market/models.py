"""Named models of how prices move."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import attrs


@attrs.frozen
class PathPoint:
    """From ``at`` on (milliseconds since 1970) an instrument is at ``price``."""

    contract_id: int
    at: int
    price: Decimal


class PriceModel(ABC):
    """How the prices of instruments move; the tester's hand moves them besides. Options follow their underlying."""

    @abstractmethod
    def is_flat_for(self, contract_id: int) -> bool:
        """Whether an instrument moves only where it is put: all trades are at one level, and the quote is around it."""

    def points_of(self, contract_id: int) -> tuple[PathPoint, ...]:  # noqa: ARG002 (of a path it matters)
        """Give where the prices of an instrument are put, and when: the first one first."""
        return ()


@attrs.frozen
class Uniform(PriceModel):
    """All instruments alike."""

    name: str
    is_flat: bool

    def is_flat_for(self, contract_id: int) -> bool:  # noqa: ARG002 (all are alike)
        """Whether an instrument moves only where it is put."""
        return self.is_flat


SEEDED: Final[PriceModel] = Uniform("seeded", is_flat=False)
"""Each instrument moves as the seed has it."""

FLAT: Final[PriceModel] = Uniform("flat", is_flat=True)
"""Nothing ever moves: prices are those of `Nature.price`."""


def _in_order(points: Iterable[PathPoint]) -> tuple[PathPoint, ...]:
    return tuple(sorted(points, key=_at))


def _at(point: PathPoint) -> int:
    return point.at


@attrs.frozen
class Path(PriceModel):
    """Prices that go where one says, from one point to the next at once."""

    points: tuple[PathPoint, ...] = attrs.field(converter=_in_order)
    otherwise: PriceModel = SEEDED
    """How instruments move for which there are no points."""

    def is_flat_for(self, contract_id: int) -> bool:
        """Whether an instrument moves only where it is put: so it is, if there are points for it."""
        return bool(self.points_of(contract_id)) or self.otherwise.is_flat_for(contract_id)

    def points_of(self, contract_id: int) -> tuple[PathPoint, ...]:
        """Give where the prices of an instrument are put, and when: the first one first."""
        return tuple(point for point in self.points if point.contract_id == contract_id)
