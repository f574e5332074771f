"""All targets by name. A new one is a file, a line here, a folder of the corpus and a test for the suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from tests.fuzz.command_line import CommandLineTarget
from tests.fuzz.connection import ConnectionTarget
from tests.fuzz.decoders import DecodersTarget
from tests.fuzz.encoders import EncodersTarget
from tests.fuzz.engine import Target
from tests.fuzz.simulator import SimulatorTarget

TARGETS: Final[Mapping[str, Callable[[Random], Target]]] = {
    target.name: target
    for target in (DecodersTarget, EncodersTarget, ConnectionTarget, SimulatorTarget, CommandLineTarget)
}
