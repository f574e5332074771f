"""One deadline and one remark, on the time that is told: each comes once, and never late."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from anytws.core.deadline import Deadline, Step

SECONDS = st.floats(0, 100)


def begun(seconds: float | None, remark_after: float | None = None, step: Step = Step.VERSION) -> Deadline:
    """Give one that waits for *step* since 1000."""
    deadline = Deadline()
    deadline.advance(1000.0)
    deadline.start(step, seconds, remark_after)
    return deadline


def test_before_anything_is_waited_for_there_is_nothing_to_do() -> None:
    deadline = Deadline()
    assert (deadline.wake_at, deadline.left, deadline.overlong()) == (None, None, None)
    assert deadline.advance(5.0) is None
    assert not any(deadline.waits_for(step) for step in Step)


@given(step=st.sampled_from(Step), seconds=SECONDS)
def test_a_step_is_over_at_its_deadline_and_not_before(step: Step, seconds: float) -> None:
    deadline = begun(seconds, step=step)
    end = 1000.0 + seconds
    assert (deadline.wake_at, deadline.left) == (end, pytest.approx(seconds))
    if (before := math.nextafter(end, 0)) >= 1000.0:
        assert deadline.advance(before) is None
        assert deadline.waits_for(step)
    assert deadline.advance(end) is step
    assert deadline.advance(end + 1) is None
    assert (deadline.wake_at, deadline.left, deadline.waits_for(step)) == (None, None, False)


def test_none_waits_for_ever() -> None:
    deadline = begun(None)
    assert deadline.advance(math.inf) is None
    assert not deadline.waits_for(Step.VERSION)


@given(seconds=st.none() | SECONDS, remark_after=SECONDS)
def test_a_remark_comes_once_and_only_before_the_end(seconds: float | None, remark_after: float) -> None:
    deadline = begun(seconds, remark_after, Step.START)
    if seconds is not None and remark_after >= seconds:
        assert deadline.wake_at == 1000.0 + seconds
        return
    assert deadline.wake_at == 1000.0 + remark_after
    deadline.advance(1000.0 + remark_after)
    # So near that no number lies between, the end comes first, and goes before the remark.
    if deadline.waits_for(Step.START) or seconds is None:
        assert deadline.overlong() is Step.START
    assert deadline.overlong() is None
    assert deadline.began == 1000.0


def test_a_new_step_forgets_the_one_before() -> None:
    deadline = begun(1.0, 0.5)
    deadline.advance(1000.25)
    deadline.start(Step.START, 15.0)
    assert (deadline.began, deadline.wake_at) == (1000.25, 1015.25)
    assert deadline.advance(1001.0) is None
    assert deadline.overlong() is None


@given(first=st.none() | SECONDS, second=SECONDS)
def test_shortened_it_is_never_longer(first: float | None, second: float) -> None:
    deadline = begun(first, 0.0)
    deadline.shorten(Step.START, second)
    assert deadline.left == pytest.approx(second if first is None else min(first, second))
    assert deadline.waits_for(Step.START)
    assert deadline.overlong() is None


class AnyTime(RuleBasedStateMachine):
    """Whatever is started, shortened and stopped, and whatever time is told, backwards too."""

    def __init__(self) -> None:
        super().__init__()
        self.deadline = Deadline()
        self.now = -math.inf
        self.due: float | None = None

    @rule(now=st.floats(0, 1000))
    def tell_the_time(self, now: float) -> None:
        self.now = max(self.now, now)
        step = self.deadline.advance(now)
        assert (step is not None) is (self.due is not None and self.now >= self.due)
        if step is not None:
            self.due = None

    @rule(step=st.sampled_from(Step), seconds=st.none() | SECONDS, remark_after=st.none() | SECONDS)
    def start(self, step: Step, seconds: float | None, remark_after: float | None) -> None:
        self.deadline.start(step, seconds, remark_after)
        self.due = None if seconds is None else self.now + seconds

    @rule(seconds=SECONDS)
    def shorten(self, seconds: float) -> None:
        self.deadline.shorten(Step.VERSION, seconds)
        self.due = min(self.now + seconds, math.inf if self.due is None else self.due)

    @rule()
    def stop(self) -> None:
        self.deadline.stop()
        self.due = None

    @rule()
    def ask_for_a_remark(self) -> None:
        self.deadline.overlong()

    @invariant()
    def time_never_goes_back_and_nobody_sleeps_too_long(self) -> None:
        assert self.deadline.now == self.now
        if self.due is not None:
            assert self.deadline.wake_at is not None
            assert self.deadline.wake_at <= self.due


TestAnyTime = AnyTime.TestCase
TestAnyTime.settings = settings(stateful_step_count=20)
