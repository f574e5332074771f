"""Where a program is that stays connected: the machine, and what it tells.

That the law and the chart are the same machine is a matter of ``test_charts.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anytws import CloseReason, ConnectionClosed, State
from anytws.machines.presence import Presence, PresenceMachine, PresenceSignal, PresenceState
from anytws.machines.records import Gap

NOW = datetime(2026, 3, 4, 23, 45, tzinfo=UTC)
RESET = ConnectionClosed(CloseReason.RESET, State.READY, "the connection was reset")
REFUSED = ConnectionClosed(CloseReason.CONNECT_FAILED, State.DISCONNECTED, "refused")
GAP = Gap(NOW, "the connection was reset")


def a_machine() -> PresenceMachine:
    return PresenceMachine(NOW, "127.0.0.1:7497")


def a_present_one() -> PresenceMachine:
    machine = a_machine()
    assert machine.fire(PresenceSignal.READY, NOW)
    assert machine.fire(PresenceSignal.RETURNED, NOW)
    return machine


def test_a_night_is_one_gap() -> None:
    """What fails while we are away belongs to the gap that has begun; it is over when all is up to date."""
    machine, later = a_present_one(), NOW + timedelta(seconds=30)
    machine.fire(PresenceSignal.LOST, NOW, end=RESET, why="it broke", next_attempt_at=later, gap=GAP)
    machine.fire(PresenceSignal.TRIED, NOW)
    machine.fire(PresenceSignal.FAILED, NOW, end=REFUSED, why="nothing answers", next_attempt_at=later)
    away = machine.now
    assert away == Presence(
        PresenceState.WAITING,
        NOW,
        "127.0.0.1:7497",
        attempts=1,
        next_attempt_at=later,
        last_end=REFUSED,
        gap=GAP,
        gaps=1,
        why="nothing answers",
    )
    assert not away.is_here
    machine.fire(PresenceSignal.TRIED, NOW)
    machine.fire(PresenceSignal.READY, later, address="127.0.0.1:7500")
    assert machine.now.is_here
    assert machine.now.gap is GAP
    assert machine.now.attempts == 0
    # Lost again before it was up to date: still the same gap, and two losses.
    machine.fire(PresenceSignal.LOST, later, end=RESET, gap=Gap(later, "again"))
    assert machine.now.gap is GAP
    assert machine.now.gaps == 2
    machine.fire(PresenceSignal.TRIED, later)
    machine.fire(PresenceSignal.READY, later)
    machine.fire(PresenceSignal.RETURNED, later)
    assert machine.now == Presence(
        PresenceState.PRESENT, later, "127.0.0.1:7500", last_end=RESET, gap=None, gaps=2, why=""
    )


def test_what_has_no_row_changes_nothing() -> None:
    machine = a_present_one()
    before = machine.now
    assert not machine.fire(PresenceSignal.FAILED, NOW, end=REFUSED, why="what?")
    assert machine.now is before
    machine.fire(PresenceSignal.LEFT, NOW)
    for signal in PresenceSignal:
        assert not machine.fire(signal, NOW)
    assert machine.state is PresenceState.OVER
    assert repr(machine).startswith("<PresenceMachine over (127.0.0.1:7497)")


@pytest.mark.parametrize(
    "presence, line",
    [
        (Presence(PresenceState.PRESENT, NOW, "a:1"), "present (a:1) since 2026-03-04 23:45:00.000Z"),
        (
            Presence(PresenceState.WAITING, NOW, "a:1", 1, NOW, RESET, GAP, 1, "it\nbroke"),
            (
                "waiting (a:1) since 2026-03-04 23:45:00.000Z, away since 2026-03-04 23:45:00.000Z, 1 failed attempt, "
                "next at 2026-03-04 23:45:00.000Z: it\\nbroke"
            ),
        ),
        (
            Presence(PresenceState.OVER, NOW, "a:1", 12),
            "over (a:1) since 2026-03-04 23:45:00.000Z, 12 failed attempts",
        ),
    ],
)
def test_it_is_told_in_one_line(presence: Presence, line: str) -> None:
    assert str(presence) == line
