"""Plays all situations with one client, and prints how it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from anytws.testing.acceptance.client import Adapter
from anytws.testing.acceptance.play import Verdict, play
from anytws.testing.acceptance.situation import Situation, situations

OUTCOMES: Final = ("passed", "failed", "not offered")
"""What may come of a situation."""

Note: TypeAlias = Callable[[Verdict], object]
"""Is told of each situation when it is over."""


@attrs.frozen
class Score:
    """How one client did."""

    name: str
    verdicts: tuple[Verdict, ...]

    def count(self, outcome: str) -> int:
        """Tell how many situations came out as *outcome*."""
        return sum(verdict.outcome == outcome for verdict in self.verdicts)


async def run(
    name: str,
    adapter: Adapter,
    *,
    tcp: bool = False,
    speed: float = 1.0,
    server_version: int | None = None,
    among: Iterable[Situation] | None = None,
    note: Note | None = None,
) -> Score:
    """Play the situations *among* (None: all of them), one after the other, with the client *name*: see `play`."""
    verdicts: list[Verdict] = []
    for situation in situations() if among is None else among:
        verdict = await play(situation, adapter, tcp=tcp, speed=speed, server_version=server_version)
        verdicts.append(verdict)
        if note is not None:
            note(verdict)
    return Score(name, tuple(verdicts))


def line_of(verdict: Verdict) -> str:
    """Give *verdict* in one line, and what was wrong or missing in lines below it."""
    why = (*verdict.wrong, *verdict.missing)
    return "\n".join(
        (
            f"{verdict.situation.number}  {verdict.outcome:12}{verdict.situation.title}",
            *(f"      {each}" for each in why),
        )
    )


def scoreboard(scores: Sequence[Score]) -> str:
    """Give a table: the situations, and what came of each with each client."""
    names = [score.name for score in scores]
    rows = [f"{'':64}" + "".join(f"{name:>14}" for name in names)]
    for row in zip(*(score.verdicts for score in scores), strict=True):
        situation = row[0].situation
        rows.append(
            f"{situation.number} {situation.title[:58]:59}" + "".join(f"{verdict.outcome:>14}" for verdict in row)
        )
    rows += [f"{outcome:64}" + "".join(f"{score.count(outcome):>14}" for score in scores) for outcome in OUTCOMES]
    return "\n".join(rows)
