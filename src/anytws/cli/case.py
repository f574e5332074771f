"""The day that ``anytws simulate`` is to be: what a file or a token says, and what the command line says besides."""

from __future__ import annotations

from pathlib import Path

import attrs

from anytws.simulator.files import Case, CaseError, read_world
from anytws.simulator.settings import WorldSettings

MOST_BYTES = 2**24
"""The largest file of a day: far more than anybody writes."""


def case_of(settings: WorldSettings, script: Path | None, replay: str | None) -> Case:
    """Give the case of the file *script*, or of the token *replay*, or of neither, with *settings* on top.

    What has its default in *settings* was not said on the command line. Raises `ValueError`, which says what is wrong.
    """
    if script is not None and replay is not None:
        raise CaseError("--script and --replay: a day has one script, so give one of them")
    if script is not None:
        case = read_world(_text_of(script), script.name)
    elif replay is not None:
        case = _replayed(replay)
    else:
        case = Case()
    return attrs.evolve(case, settings=_served(_with(case.settings, settings)))


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise CaseError(f"{path}: {problem.strerror or problem}") from problem
    if len(data) > MOST_BYTES:
        raise CaseError(f"{path}: it has more than {MOST_BYTES} bytes; a day has some thousands")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise CaseError(f"{path}: it is no text in UTF-8: {problem}") from problem


def _replayed(token: str) -> Case:
    from anytws.testing.days.plan import plan_of  # noqa: PLC0415 (who simulates need not have what tests need)

    plan = plan_of(token)
    return Case(plan.settings, plan.script)


def _served(settings: WorldSettings) -> WorldSettings:
    """Have a clock that was meant for a loop of its own, whose time 0 is the beginning, begin with the serving."""
    if settings.epoch_at_zero is None:
        return settings
    return attrs.evolve(settings, epoch_at_zero=None, starts_at=settings.epoch_at_zero)


def _with(base: WorldSettings, said: WorldSettings) -> WorldSettings:
    changed = {
        field.name: value
        for field in attrs.fields(WorldSettings)
        if (value := getattr(said, field.name)) != field.default
    }
    return attrs.evolve(base, **changed)
