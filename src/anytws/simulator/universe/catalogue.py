"""What a file of instruments holds, once it is read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import attrs

from anytws.simulator.universe.futures import FutureFamily
from anytws.simulator.universe.hours import Hours
from anytws.simulator.universe.instrument import Instrument, PriceStep
from anytws.simulator.universe.options import OptionClass

_OWN_RULES: Final = 98_000


@attrs.frozen
class Farm:
    """The names in the notices of what tells of an instrument."""

    market: str = "usfarm"
    history: str = "ushmds"


@attrs.frozen(kw_only=True)
class Catalogue:
    """Instruments, and what they are described with: lists, rules and hours by their names."""

    exchanges: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    order_types: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    rules: Mapping[int, tuple[PriceStep, ...]] = MappingProxyType({})
    hours: Mapping[str, Hours] = MappingProxyType({})
    farms: Mapping[str, Farm] = MappingProxyType({})
    kinds: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    """What kinds of instruments have in common, as it stands in the file."""
    instruments: tuple[Instrument, ...] = ()
    families: tuple[FutureFamily, ...] = ()
    option_classes: tuple[OptionClass, ...] = ()

    def rule_for(self, steps: tuple[PriceStep, ...]) -> int:
        """Give the number of the rule that has *steps*, or one that is free: those of files begin at 98000."""
        for number, known in self.rules.items():
            if known == steps:
                return number
        return next(
            number for number in range(_OWN_RULES, _OWN_RULES + len(self.rules) + 1) if number not in self.rules
        )


def smallest(steps: tuple[PriceStep, ...]) -> Decimal:
    """Give the smallest step of a rule."""
    return min(step.increment for step in steps)
