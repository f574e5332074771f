"""A TWS in a box: `World` is pure, `anytws.simulator.serve` puts it on a port or on streams in memory.

``from anytws.simulator import serve`` gives what can be called, as ``from anytws.simulator.serve import serve`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anytws.simulator.answers import ANSWERS, Answer
from anytws.simulator.link import Link
from anytws.simulator.settings import (
    BarTimes,
    Dialog,
    Farm,
    FarmKind,
    HangUp,
    Holding,
    Opening,
    Personality,
    WorldSettings,
)
from anytws.simulator.world import Heard, World

if TYPE_CHECKING:
    from anytws.simulator.serve import serve

__all__ = [
    "ANSWERS",
    "Answer",
    "BarTimes",
    "Dialog",
    "Farm",
    "FarmKind",
    "HangUp",
    "Heard",
    "Holding",
    "Link",
    "Opening",
    "Personality",
    "World",
    "WorldSettings",
    "serve",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 (the module of that name, which can be called)
    # Whoever has a world without a port never pays for AnyIO.
    if name == "serve":
        import anytws.simulator.serve as module  # noqa: PLC0415

        return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
