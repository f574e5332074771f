"""Work in steps: what a compiler does between messages, whichever thread brings them."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

from anytws.wire.compiled.bet import InSteps, Steps, result_of


def counted(done: list[int], steps: int = 3) -> Steps[str]:
    for number in range(steps):
        done.append(number)
        yield
    return "made"


def test_all_steps_at_once() -> None:
    done: list[int] = []
    assert result_of(counted(done)) == "made"
    assert done == [0, 1, 2]


def test_a_step_a_call_and_then_the_result() -> None:
    done: list[int] = []
    work = InSteps(lambda: counted(done))
    assert done == []
    assert [work.step() for _ in range(5)] == [None, None, None, "made", "made"]
    assert done == [0, 1, 2]


def test_work_without_a_step_is_done_in_one() -> None:
    assert InSteps(lambda: counted([], 0)).step() == "made"


def test_to_the_end_in_the_middle() -> None:
    done: list[int] = []
    work = InSteps(lambda: counted(done))
    work.step()
    assert work.step(to_the_end=True) == "made"
    assert work.step() == "made"


def test_a_thread_does_not_wait_for_a_step_of_another_one() -> None:
    begun, may_go_on = Event(), Event()

    def slowly() -> Steps[str]:
        begun.set()
        may_go_on.wait(30)
        yield
        return "made"

    work = InSteps(slowly)
    seen: list[Any] = []
    other = Thread(target=lambda: seen.append(work.step()))
    other.start()
    assert begun.wait(30)
    assert work.step() is None
    assert work.step(to_the_end=False) is None
    may_go_on.set()
    other.join(30)
    assert seen == [None]
    assert work.step() == "made"
