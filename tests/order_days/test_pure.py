"""A share of what `python3 dev.py days pure` does, the same each time; and that it finds what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from anytws.machines import reconcile
from anytws.machines.fate import FateOutcome, Judgement
from anytws.machines.ids import OrderIds
from anytws.machines.order import OrderLife
from anytws.machines.order_fills import OrderFills
from anytws.machines.order_state import OrderOutcome
from anytws.machines.outbox import Outbox
from anytws.machines.session import ClientSession
from tests.order_days.day import Day
from tests.order_days.house import Wrong
from tests.order_days.loopless import without_a_loop
from tests.order_days.situations import OF_PURE_DAYS, missed

DAYS = 100
"""A second or two: `.ci/run` tries more of them after the suite."""


def live(seeds: range) -> Counter[str]:
    """Live through the days of *seeds*, and give what occurred."""
    occurred: Counter[str] = Counter()
    with without_a_loop():
        for seed in seeds:
            day = Day(seed)
            try:
                day.live()
            except Exception as problem:
                problem.add_note(f"python3 dev.py days pure --day {seed}")
                raise
            occurred += day.situations
    return occurred


def test_what_is_believed_is_what_is_true() -> None:
    occurred = live(range(DAYS))
    # In so few days not all of it occurs.
    assert len(missed(OF_PURE_DAYS, occurred)) < len(OF_PURE_DAYS) // 2


def test_a_day_is_the_same_each_time() -> None:
    stories = []
    for _ in range(2):
        with without_a_loop():
            day = Day(7)
            day.is_told = True
            day.live()
        stories.append(day.story)
    assert stories[0] == stories[1]
    assert len(stories[0]) > 5


# --- that it finds what is wrong --------------------------------------------------------------------------------------


def _10147_is_an_end(real: Callable[..., bool]) -> Callable[..., bool]:
    def hear_error(life: OrderLife, message: Any) -> bool:
        if message.error_code in (10147, 10148, 161):
            life.conclude(OrderOutcome.CANCELLED, "broken on purpose")
        return real(life, message)

    return hear_error


def _absent_is_dead(*_: Any) -> Judgement:
    return Judgement(FateOutcome.NEVER_ARRIVED, ("broken on purpose",))


def _sent_again(real: Callable[..., Any]) -> Callable[..., Any]:
    def send(session: ClientSession, message: Any, now: float) -> Any:
        said = real(session, message, now)
        session.outbox.put(said[1].data, now, urgent=True)
        return said

    return send


BUGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "ids begin anew with each connection": lambda patch: patch.setattr(
        OrderIds, "raise_to", lambda ids, number: setattr(ids, "_floor", number)
    ),
    "what is not found to be cancelled is cancelled": lambda patch: patch.setattr(
        OrderLife, "hear_error", _10147_is_an_end(OrderLife.hear_error)
    ),
    "what is in no list never arrived": lambda patch: patch.setattr(
        reconcile, "judge", lambda sought, survey, asking: _absent_is_dead()
    ),
    "what is sent is sent twice": lambda patch: patch.setattr(ClientSession, "send", _sent_again(ClientSession.send)),
    "a fill is forgotten": lambda patch: patch.setattr(OrderFills, "add", lambda fills, message: False),
    "what is taken back leaves all the same": lambda patch: patch.setattr(Outbox, "withdraw", lambda *_: False),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[bug](monkeypatch)
    with pytest.raises((Wrong, AssertionError, ValueError, IndexError)):
        live(range(200))
