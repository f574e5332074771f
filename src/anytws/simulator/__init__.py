"""A TWS in a box: `World` is pure, `anytws.simulator.serve` puts it on a port or on streams in memory."""

from __future__ import annotations

from anytws.simulator.answers import ANSWERS, Answer
from anytws.simulator.link import Link
from anytws.simulator.settings import Dialog, Farm, FarmKind, HangUp, Opening, Personality, WorldSettings
from anytws.simulator.world import Heard, World

__all__ = [
    "ANSWERS",
    "Answer",
    "Dialog",
    "Farm",
    "FarmKind",
    "HangUp",
    "Heard",
    "Link",
    "Opening",
    "Personality",
    "World",
    "WorldSettings",
]
