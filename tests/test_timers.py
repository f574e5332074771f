"""What is to be done later: in its order, when it is due, and swept out where nobody needs it any more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.timers import Timers


class Log:
    """Notes what was done, and when."""

    def __init__(self) -> None:
        self.done: list[tuple[object, float]] = []
        self.over: set[object] = set()
        self.timers = Timers(lambda subject: subject not in self.over)

    def act(self, subject: object, now: float) -> None:
        self.done.append((subject, now))


@given(times=st.lists(st.integers(0, 20), max_size=20), now=st.integers(0, 25))
def test_what_is_due_is_done_in_its_order(times: list[int], now: int) -> None:
    """What is due at the same time in the order in which it was started."""
    log = Log()
    for place, at in enumerate(times):
        log.timers.start(at, log.act, (at, place))
    assert log.timers.wake_at == min(times, default=None)
    log.timers.run(now)
    due = sorted((at, place) for place, at in enumerate(times) if at <= now)
    assert log.done == [(subject, now) for subject in due]
    assert log.timers.wake_at == min((at for at in times if at > now), default=None)


def test_what_is_done_may_start_more() -> None:
    log = Log()

    def again(subject: int, now: float) -> None:
        log.act(subject, now)
        if subject < 5:
            log.timers.start(now, again, subject + 1)

    log.timers.start(1.0, again, 3)
    log.timers.run(2.0)
    assert log.done == [(3, 2.0), (4, 2.0), (5, 2.0)]


def test_what_is_over_is_swept_out_when_it_is_much() -> None:
    log = Log()
    for number in range(10_000):
        log.timers.start(number, log.act, number)
        log.over.add(number)
    assert len(log.timers) <= 1_001


def test_what_is_open_is_kept_however_much_it_is() -> None:
    log = Log()
    for number in range(5_000):
        log.timers.start(number, log.act, number)
    assert len(log.timers) == 5_000
    log.timers.run(5_000)
    assert [subject for subject, _ in log.done] == list(range(5_000))


def test_all_may_be_forgotten() -> None:
    log = Log()
    log.timers.start(1.0, log.act, "a")
    log.timers.clear()
    log.timers.run(2.0)
    assert (log.done, log.timers.wake_at, len(log.timers)) == ([], None, 0)
