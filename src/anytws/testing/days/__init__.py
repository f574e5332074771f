"""Days of trading that Hypothesis draws, and a program that lives through them: see `days`.

::

    from anytws import testing

    @testing.days(program=my_bot)
    def test_never_over_hedged(day):
        assert abs(day.position("AAPL") + day.position("MSFT")) <= 100

This package has the name of its main function, and can be called as that.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from anytws.testing.days.day import Day, DayFill, LiveOrder
    from anytws.testing.days.decorator import NeverReached, days, replay, run_days
    from anytws.testing.days.drawn import KINDS, USUAL
    from anytws.testing.days.plan import DAY_SETTINGS, Plan, plan_of
    from anytws.testing.days.program import Connect, KeepConnected, Program
    from anytws.testing.days.running import NeverSettled, SimulatorFailed, WithoutPause, live
    from anytws.testing.days.situations import SITUATIONS, Situation
    from anytws.testing.days.story import Story, Told

__all__ = [
    "DAY_SETTINGS",
    "KINDS",
    "SITUATIONS",
    "USUAL",
    "Connect",
    "Day",
    "DayFill",
    "KeepConnected",
    "LiveOrder",
    "NeverReached",
    "NeverSettled",
    "Plan",
    "Program",
    "SimulatorFailed",
    "Situation",
    "Story",
    "Told",
    "WithoutPause",
    "days",
    "live",
    "plan_of",
    "replay",
    "run_days",
]

_PLACES: Final = {
    "day": ("Day", "DayFill", "LiveOrder"),
    "decorator": ("NeverReached", "days", "replay", "run_days"),
    "drawn": ("KINDS", "USUAL"),
    "plan": ("DAY_SETTINGS", "Plan", "plan_of"),
    "program": ("Connect", "KeepConnected", "Program"),
    "running": ("NeverSettled", "SimulatorFailed", "WithoutPause", "live"),
    "situations": ("SITUATIONS", "Situation"),
    "story": ("Story", "Told"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes and functions)
    # Whoever reads a token needs neither Hypothesis nor trio.
    from importlib import import_module  # noqa: PLC0415

    for place, names in _PLACES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{place}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Callable(ModuleType):
    """This package, called as its main function."""

    def __call__(self, **options: Any) -> Any:  # noqa: ANN401 (those of `days`)
        from anytws.testing.days.decorator import days  # noqa: PLC0415

        return days(**options)


sys.modules[__name__].__class__ = _Callable
