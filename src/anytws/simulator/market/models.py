"""Named models of how prices move."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs


@attrs.frozen
class PriceModel:
    """How the prices of all instruments move; the tester's hand moves them besides."""

    name: str
    is_flat: bool = False
    """Whether they stay where `Nature.price` has them: all trades are there, and the quote is around it."""

    def points_of(self, contract_id: int) -> tuple[PathPoint, ...]:  # noqa: ARG002 (others have some)
        """Give where the prices of an instrument are put, and when."""
        return ()

    def is_flat_for(self, contract_id: int) -> bool:  # noqa: ARG002 (others differ)
        """Whether the instrument moves only where it is put."""
        return self.is_flat


@attrs.frozen
class PathPoint:
    """From ``at`` on (milliseconds since 1970) an instrument is at ``price``."""

    contract_id: int
    at: int
    price: Decimal


@attrs.frozen(init=False)
class Path(PriceModel):
    """Prices that go where one says, step by step; those of other instruments move as ``otherwise`` says."""

    points: tuple[PathPoint, ...] = ()
    otherwise: PriceModel = PriceModel("seeded")

    def __init__(self, *points: PathPoint, otherwise: PriceModel | None = None) -> None:
        """Take the points in any order."""
        self.__attrs_init__("path", is_flat=False, points=tuple(sorted(points, key=_at)), otherwise=otherwise or SEEDED)

    def points_of(self, contract_id: int) -> tuple[PathPoint, ...]:
        """Give where the prices of an instrument are put, and when."""
        return tuple(point for point in self.points if point.contract_id == contract_id)

    def is_flat_for(self, contract_id: int) -> bool:
        """Whether the instrument moves only where it is put."""
        return bool(self.points_of(contract_id)) or self.otherwise.is_flat_for(contract_id)


def _at(point: PathPoint) -> int:
    return point.at


SEEDED: Final = PriceModel("seeded")
"""Each instrument moves as the seed has it."""

FLAT: Final = PriceModel("flat", is_flat=True)
"""Nothing ever moves."""
