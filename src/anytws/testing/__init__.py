"""For those who test a program that talks to TWS, or a client of it: without a TWS, in no time, the same each time.

* `days` and `run_days`: Hypothesis draws days of trading that go wrong, and a test says what has to be true on all of
  them; `replay` is one of them again, and `explore` looks for bad ones on all processors, for an hour;
* `Playbook`: a conversation as a list, for the core without IO;
* `strategies` and `conversation_strategies`: each message of the catalogue, handshakes, runs of answers, broken frames;
* `anytws.testing.acceptance`: numbered situations in which a client has to be right, ours and others;
* `plugin`: fixtures for pytest, `tws_world` and `tws`, which are there by themselves.

It needs ``pip install "anytws[testing]"``. Nothing of it is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from anytws.testing import conversation_strategies, strategies
    from anytws.testing.days.day import Day, DayFill, LiveOrder
    from anytws.testing.days.decorator import NeverReached, days, replay, run_days
    from anytws.testing.days.plan import DAY_SETTINGS, Plan, plan_of
    from anytws.testing.days.running import NeverSettled, SimulatorFailed, WithoutPause
    from anytws.testing.days.situations import SITUATIONS, Situation
    from anytws.testing.days.story import Story, Told
    from anytws.testing.explore import explore
    from anytws.testing.playbook import Playbook, PlaybookMismatch

__all__ = [
    "DAY_SETTINGS",
    "SITUATIONS",
    "Day",
    "DayFill",
    "LiveOrder",
    "NeverReached",
    "NeverSettled",
    "Plan",
    "Playbook",
    "PlaybookMismatch",
    "SimulatorFailed",
    "Situation",
    "Story",
    "Told",
    "WithoutPause",
    "conversation_strategies",
    "days",
    "explore",
    "plan_of",
    "replay",
    "run_days",
    "strategies",
]

_MODULES: Final = ("conversation_strategies", "days", "explore", "strategies")
_PLACES: Final = {
    "days.day": ("Day", "DayFill", "LiveOrder"),
    "days.decorator": ("NeverReached", "replay", "run_days"),
    "days.plan": ("DAY_SETTINGS", "Plan", "plan_of"),
    "days.running": ("NeverSettled", "SimulatorFailed", "WithoutPause"),
    "days.situations": ("SITUATIONS", "Situation"),
    "days.story": ("Story", "Told"),
    "playbook": ("Playbook", "PlaybookMismatch"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes, functions and modules)
    from importlib import import_module  # noqa: PLC0415 (a test that needs none of it pays for none)

    if name in _MODULES:
        # Modules of these names that are functions as well can be called: `testing.days(program=…)`.
        return import_module(f"anytws.testing.{name}")
    for place, names in _PLACES.items():
        if name in names:
            return getattr(import_module(f"anytws.testing.{place}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
